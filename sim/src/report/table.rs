//! Tables of a report.

use comfy_table::{CellAlignment, Table, TableStyle};

use crate::judge::{Judgement, Verdict};

/// A result in a table.
fn result(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Violation => "VIOLATION",
        Verdict::Inconclusive => "INCONCLUSIVE",
    }
}

/// 1234567 as 1,234,567.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The table of invariants: what was checked, what was at risk, the result.
pub fn invariant_table(judgements: &[Judgement]) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new());
    table.set_header(["INVARIANT", "", "CHECKED", "AT RISK*", "RESULT", ""]);
    for judgement in judgements {
        let counts: Vec<String> = judgement
            .counts
            .iter()
            .map(|(name, count)| format!("{} {name}", grouped(*count)))
            .collect();
        table.add_row([
            judgement.invariant.code().to_owned(),
            judgement.invariant.name().to_owned(),
            grouped(judgement.checked),
            grouped(judgement.at_risk),
            result(judgement.verdict()).to_owned(),
            counts.join(", "),
        ]);
    }
    for column in [2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| format!(" {}", line.trim_end())).collect();
    format!(
        "{}\n   * checks that a fault or a race could have made fail; with none, an invariant is \
         not a pass\n",
        lines.join("\n")
    )
}
