use std::cell::RefCell;

use super::{Contender, NONE, Spread, Unit, interleave};

#[test]
fn the_median_is_the_middle_or_between_the_two_middle_ones() {
    let spread = |samples: &[f64]| {
        let spread = Spread::of(samples);
        (spread.min, spread.median, spread.max)
    };
    assert_eq!(spread(&[3.0, 1.0, 9.0]), (1.0, 3.0, 9.0));
    assert_eq!(spread(&[4.0, 1.0, 9.0, 2.0]), (1.0, 3.0, 9.0));
    assert_eq!(spread(&[5.0]), (5.0, 5.0, 5.0));
}

#[test]
fn contenders_take_turns_and_ratios_are_those_of_one_round() {
    let order = RefCell::new(String::new());
    let mut engine_speed = [10.0, 40.0].into_iter();
    let contenders = vec![
        Contender::new("engine", || {
            order.borrow_mut().push('e');
            Ok(vec![engine_speed.next().unwrap()])
        }),
        Contender::new("raw", || {
            order.borrow_mut().push('r');
            Ok(vec![20.0])
        }),
    ];
    let cells = interleave("append", &[("speed", Unit::MessagesPerSecond)], 2, contenders).unwrap();
    assert_eq!(*order.borrow(), "erre");
    assert_eq!(cells[0].name, "append: speed");
    assert_eq!(cells[0].columns[0].engine_ratio, None);
    let ratio = cells[0].columns[1].engine_ratio.unwrap();
    assert_eq!((ratio.min, ratio.median, ratio.max), (0.5, 1.25, 2.0));
}

#[test]
fn who_failed_is_told() {
    let contenders = vec![Contender::new("engine", || Err("no disk".into()))];
    let error = interleave("append", &[("speed", Unit::Microseconds)], 1, contenders);
    assert_eq!(error.unwrap_err().to_string(), "append, engine: no disk");
}

#[test]
fn what_a_contender_has_not_is_no_column_and_no_part_of_a_spread() {
    let mut filled = [NONE, 50.0].into_iter();
    let contenders = vec![
        Contender::new("engine", || Ok(vec![4.0, filled.next().unwrap()])),
        Contender::new("raw", || Ok(vec![2.0, NONE])),
    ];
    let metrics = [("speed", Unit::MessagesPerSecond), ("filled", Unit::Percent)];
    let cells = interleave("append", &metrics, 2, contenders).unwrap();
    assert_eq!(cells[0].columns.len(), 2);
    assert_eq!(cells[1].columns.len(), 1);
    assert_eq!(cells[1].columns[0].spread.median, 50.0);
}
