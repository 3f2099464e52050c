use super::{BEGIN, END, duration, renewed, table};
use crate::chart::Panel;

#[test]
fn a_table_has_a_row_a_step_and_leaves_out_what_was_not_measured() {
    let mut panel = Panel::new("one catch-up", "keys");
    panel.note("one", 0, 31.44);
    panel.note("one", 100, 2_500.0);
    panel.note("other", 100, 3_100_000.0);
    let expected = "| keys | one | other |\n|---:|---:|---:|\n\
                    | 0 | 31 us |  |\n| 100 | 2.5 ms | 3.1 s |\n";
    assert_eq!(table(&panel), expected);
    assert_eq!(duration(9.96), "10.0 us");
}

#[test]
fn figures_take_the_place_of_those_of_the_run_before() {
    let text = format!("head\n{BEGIN}old\n{END}tail\n");
    let expected = format!("head\n{BEGIN}new\n{END}tail\n");
    assert_eq!(renewed(&text, "new\n").unwrap(), expected);
    assert!(renewed("head\ntail\n", "new\n").is_err());
}
