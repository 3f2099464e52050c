use std::task::Poll;

use super::{Marks, MarksView};
use crate::sync::testing::Wakes;

const VIEW: MarksView =
    MarksView { log_start: 1, settled: 2, durable: 4, high_watermark: 5, log_end: 6 };

#[test]
fn moves_forward_only() {
    let marks = Marks::new(VIEW);
    assert_eq!(marks.view(), VIEW);
    assert!(marks.advance_log_end(10));
    assert!(!marks.advance_log_end(10));
    assert!(!marks.advance_log_end(7));
    assert!(marks.advance_durable(9));
    assert!(!marks.advance_durable(3));
    assert!(marks.advance_high_watermark(8));
    assert!(marks.advance_settled(8));
    assert!(!marks.advance_settled(8));
    assert!(marks.advance_log_start(8));
    let all = MarksView { log_start: 8, settled: 8, durable: 9, high_watermark: 8, log_end: 10 };
    assert_eq!(marks.view(), all);
}

#[test]
fn names_the_marks_that_are_out_of_order() {
    assert_eq!(VIEW.check(false), Ok(()));
    let errors: Vec<_> = [
        MarksView { log_start: 3, ..VIEW },
        MarksView { settled: 5, ..VIEW },
        MarksView { durable: 7, ..VIEW },
        MarksView { high_watermark: 7, ..VIEW },
    ]
    .map(|view| view.check(false).unwrap_err())
    .to_vec();
    assert_eq!(
        errors,
        [
            "log_start 3 is above settled 2",
            "settled 5 is above durable 4",
            "durable 7 is above log_end 6",
            "high_watermark 7 is above log_end 6",
        ]
    );
    assert_eq!(VIEW.check(true).unwrap_err(), "high_watermark 5 is above durable 4");
}

#[test]
#[should_panic(expected = "settled cannot advance to 5: durable is at 4")]
fn settles_nothing_that_is_not_durable() {
    Marks::new(VIEW).advance_settled(5);
}

#[test]
#[should_panic(expected = "settled cannot advance to 5: high_watermark is at 4")]
fn settles_nothing_that_is_not_visible() {
    Marks::new(MarksView { high_watermark: 4, durable: 6, ..VIEW }).advance_settled(5);
}

#[test]
#[should_panic(expected = "log_start cannot advance to 3: settled is at 2")]
fn trims_nothing_that_is_not_settled() {
    Marks::new(VIEW).advance_log_start(3);
}

#[test]
#[should_panic(expected = "durable cannot advance to 7: log_end is at 6")]
fn forces_nothing_that_does_not_exist() {
    Marks::new(VIEW).advance_durable(7);
}

#[test]
#[should_panic(expected = "high_watermark cannot advance to 7: log_end is at 6")]
fn shows_nothing_that_does_not_exist() {
    Marks::new(VIEW).advance_high_watermark(7);
}

#[test]
#[should_panic(expected = "marks begin out of order: settled 5 is above durable 4")]
fn begins_in_order() {
    Marks::new(MarksView { settled: 5, ..VIEW });
}

#[test]
fn waits_for_a_mark() {
    let (marks, wakes) = (Marks::new(VIEW), Wakes::default());
    let mut shown = Box::pin(marks.wait_high_watermark(7));
    let mut forced = Box::pin(marks.wait_durable(6));
    assert!(wakes.poll(1, &mut shown).is_pending());
    assert!(wakes.poll(2, &mut forced).is_pending());
    marks.advance_log_end(9);
    assert_eq!(wakes.take(), []);
    marks.advance_high_watermark(6);
    assert_eq!(wakes.take(), [1]);
    assert!(wakes.poll(1, &mut shown).is_pending());
    marks.advance_high_watermark(8);
    marks.advance_durable(6);
    marks.advance_durable(6);
    assert_eq!(wakes.take(), [1, 2]);
    assert_eq!(wakes.poll(1, &mut shown), Poll::Ready(8));
    assert_eq!(wakes.poll(2, &mut forced), Poll::Ready(6));
    assert_eq!(marks.on_high_watermark().count() + marks.on_durable().count(), 0);
}
