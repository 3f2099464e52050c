//! A small run as a timeline: one column for each actor, time downwards, in words.

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, ContentLineStyle, LineStyle, Table,
    TableStyle, Width,
};

use crate::history::{Call, Event, History, Outcome};
use crate::plan::Role;

/// How wide a column may be, and all of them together where there are not too many.
const COLUMN_MIN: u16 = 28;
const COLUMN_MAX: u16 = 48;
const WIDTH: u16 = 120;

/// Lines that a timeline has at most; what lies in the middle is left out.
const ROWS_MAX: usize = 60;

/// One line: in a column or, for what is done to a process, in the last one.
struct Row {
    at_us: u64,
    column: usize,
    is_marked: bool,
    text: String,
}

/// The columns, and who has which.
struct Columns {
    names: Vec<String>,
    of: BTreeMap<u32, usize>,
}

impl Columns {
    fn new(events: &[Event], role: impl Fn(u32) -> Option<Role>) -> Self {
        let actors: BTreeSet<u32> = events.iter().map(|event| event.actor).collect();
        let name = |actor: &u32| match role(*actor) {
            Some(role) => format!("{} {actor}", role.name()),
            None => "the run".to_owned(),
        };
        let of = actors.iter().enumerate().map(|(column, actor)| (*actor, column)).collect();
        Self { names: actors.iter().map(name).collect(), of }
    }

    fn of(&self, actor: u32) -> usize {
        self.of.get(&actor).copied().unwrap_or(0)
    }
}

/// The run as a timeline. `role` tells what an actor is; events with an index in `marked` are the
/// ones that contradict each other. What the run itself does alike many times in a row, as when
/// it reads everything at the end, is one line.
pub fn timeline(
    history: &History,
    role: impl Fn(u32) -> Option<Role>,
    marked: &BTreeSet<usize>,
) -> String {
    // What comes after the last event that is wrong explains nothing.
    let end = marked.last().map_or(history.events.len(), |last| last + 1);
    let events = &history.events[..end];
    let columns = Columns::new(events, role);
    let mut rows = rows(events, &columns, marked);
    let left_out = rows.len().saturating_sub(ROWS_MAX);
    if left_out > 0 {
        // The end shows the violation: keep twice as much of it as of the beginning.
        let tail = rows.split_off(ROWS_MAX / 3 + left_out);
        let rest: Vec<Row> = rows.split_off(ROWS_MAX / 3);
        let at_us = rest.first().map_or(0, |row| row.at_us);
        rows.extend(rest.into_iter().filter(|row| row.is_marked));
        let column = columns.names.len() - 1;
        let text = format!("... {left_out} lines ...");
        rows.push(Row { at_us, column, is_marked: false, text });
        rows.extend(tail);
    }
    drawn(&rows, &columns)
}

fn rows(events: &[Event], columns: &Columns, marked: &BTreeSet<usize>) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut alike: Vec<usize> = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let is_same = |other: &usize| is_alike(&events[*other], event);
        if !alike.last().is_some_and(is_same) || marked.contains(&index) {
            told(events, &alike, columns, marked, &mut rows);
            alike.clear();
        }
        alike.push(index);
        if marked.contains(&index) {
            told(events, &alike, columns, marked, &mut rows);
            alike.clear();
        }
    }
    told(events, &alike, columns, marked, &mut rows);
    rows.sort_by_key(|(stamp, _)| *stamp);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Whether the run itself looked at something twice, and nothing came of it but an answer.
fn is_alike(one: &Event, other: &Event) -> bool {
    one.process == other.process && is_look(one) && is_look(other)
}

/// Whether the run itself looks at something.
fn is_look(event: &Event) -> bool {
    let changes =
        matches!(event.call, Call::OpenWriter | Call::CloseWriter | Call::Settle | Call::Silence);
    let well = matches!(event.outcome, Outcome::Ok(_));
    event.actor == Event::DRIVER && well && !changes && !event.call.is_fault()
}

/// Adds the lines of events that are alike: one, or two where something else happened between a
/// call and its return.
fn told(
    events: &[Event],
    alike: &[usize],
    columns: &Columns,
    marked: &BTreeSet<usize>,
    rows: &mut Vec<(u64, Row)>,
) {
    let (Some(first), Some(last)) = (alike.first(), alike.last()) else { return };
    let event = &events[*first];
    let (is_marked, column) = (marked.contains(first), columns.of(event.actor));
    let mut add = |stamp, at_us, text| {
        rows.push((stamp, Row { at_us, column, is_marked, text }));
    };
    let place = if event.lane > 0 { format!(" (partition {})", event.lane) } else { String::new() };
    let call = format!("{}{place}", event.call);
    if alike.len() > 1 {
        let kinds: BTreeSet<String> = alike.iter().map(|one| kind(&events[*one].call)).collect();
        let kinds: Vec<String> = kinds.into_iter().collect();
        let text = format!("{} looks: {}", alike.len(), kinds.join(", "));
        return add(event.invoked, event.invoked_us, text);
    }
    match &event.call {
        Call::Kill => {
            let text = format!("PROCESS {} DIES", event.process);
            return add(event.invoked, event.invoked_us, text);
        }
        Call::PowerLoss => {
            return add(event.invoked, event.invoked_us, "THE POWER GOES".to_owned());
        }
        _ => {}
    }
    let is_between = |other: &Event| {
        let within = |stamp: u64| {
            stamp > event.invoked && event.returned.is_some_and(|returned| stamp < returned)
        };
        within(other.invoked) || other.returned.is_some_and(within)
    };
    let after = events[*last..]
        .iter()
        .skip(1)
        .take_while(|other| event.returned.is_some_and(|returned| other.invoked < returned));
    let before = events[..*first].iter();
    let overlaps = after.chain(before).any(is_between);
    if overlaps && let Some(returned) = event.returned {
        add(event.invoked, event.invoked_us, format!("{call} ..."));
        add(returned, event.returned_us, format!("... {} -> {}", kind(&event.call), event.outcome));
    } else {
        add(event.invoked, event.invoked_us, format!("{call} -> {}", event.outcome));
    }
}

/// What kind of call it is, in words.
fn kind(call: &Call) -> String {
    super::kind_name(call).replace('-', " ")
}

fn drawn(rows: &[Row], columns: &Columns) -> String {
    let line = ContentLineStyle::new(' ', '|', ' ');
    let rule = LineStyle::new(' ', '-', '+', ' ');
    let style = TableStyle::new().header_lines(line).content_lines(line).header_separator(rule);
    let mut table = Table::new();
    table.load_style(style).set_content_arrangement(ContentArrangement::Dynamic);
    let count = u16::try_from(columns.names.len()).unwrap_or(u16::MAX).max(1);
    let width = (WIDTH / count).clamp(COLUMN_MIN, COLUMN_MAX);
    table.set_width((width + 3).saturating_mul(count).saturating_add(20));
    let names = columns.names.iter().map(String::as_str);
    table.set_header(["us"].into_iter().chain(names));
    for row in rows {
        let mark = if row.is_marked { "!! " } else { "" };
        let mut cells = vec![String::new(); columns.names.len() + 1];
        cells[0] = format!("{mark}{}", super::table::grouped(row.at_us));
        cells[row.column + 1] = row.text.clone();
        table.add_row(cells);
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        if index == 0 {
            column.set_cell_alignment(CellAlignment::Right);
        } else {
            column.set_constraint(ColumnConstraint::UpperBoundary(Width::Fixed(width)));
        }
    }
    table.lines().map(|line| format!("  {}\n", line.trim_end())).collect()
}
