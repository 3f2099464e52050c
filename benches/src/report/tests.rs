use super::{BEGIN, Cell, END, markdown, replaced, row};
use crate::cell::{Contender, Unit, interleave};

fn cells(unit: Unit, engine: f64, other: f64) -> Vec<Cell> {
    let contenders = vec![
        Contender::new("engine", move || Ok(vec![engine])),
        Contender::new("raw file", move || Ok(vec![other])),
    ];
    interleave("next", &[("read", unit)], 1, contenders).unwrap()
}

#[test]
fn a_row_tells_medians_spreads_and_ratios_and_leaves_out_who_was_not_measured() {
    let cell = &cells(Unit::MessagesPerSecond, 3_000_000.0, 1_500.0)[0];
    let row = row(cell, &["plain RocksDB", "raw file"]);
    let engine = "3.00 M (3.00 M–3.00 M)";
    let ratio = "2000.00 (2000.00–2000.00)";
    let expected = ["next: read", "messages/s", engine, "", "", "1.5 k (1.5 k–1.5 k)", ratio];
    assert_eq!(row, expected);
}

#[test]
fn columns_stand_below_each_other() {
    let rows = vec![vec!["a".to_owned(), "ä".to_owned()], vec!["long".to_owned(), "1".to_owned()]];
    assert_eq!(markdown(rows), "| a    | ä |\n|------|---|\n| long | 1 |\n");
}

#[test]
fn figures_take_the_place_of_those_before_and_leave_the_rest() {
    let text = format!("# A\n{BEGIN}\nold\n{END}\nB\n");
    let once = replaced(&text, "new\n").unwrap();
    assert_eq!(once, format!("# A\n{BEGIN}\n\nnew\n\n{END}\nB\n"));
    assert_eq!(replaced(&once, "new\n").unwrap(), once);
    assert_eq!(replaced("# A\n", "new\n"), None);
}
