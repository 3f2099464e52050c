use super::{Marks, MarksView};
use crate::sync::modelling::{Race, block_on, model};
use crate::sync::shim::{Arc, Mistake};

/// A writer with synced visibility that takes all marks one step further, and a settler behind it.
fn a_writer_a_settler_and_a_viewer(mistake: Option<Mistake>) {
    model(mistake, 4, || {
        let marks = Arc::new(Marks::new(MarksView::default()));
        let (writer, settler) = (marks.clone(), marks.clone());
        let threads = [
            loom::thread::spawn(move || {
                writer.advance_log_end(1);
                writer.advance_durable(1);
                writer.advance_high_watermark(1);
            }),
            loom::thread::spawn(move || {
                if settler.high_watermark() == 1 {
                    settler.advance_settled(1);
                }
            }),
        ];
        assert_eq!(marks.view().check(true), Ok(()));
        for thread in threads {
            thread.join().expect("it does not panic");
        }
    });
}

#[test]
fn every_view_is_in_order() {
    a_writer_a_settler_and_a_viewer(None);
}

#[test]
fn a_wait_ends() {
    model(None, 3, || {
        let marks = Arc::new(Marks::new(MarksView { log_end: 2, ..MarksView::default() }));
        let reader = marks.clone();
        let mut race = Race::new();
        race.thread(move || {
            block_on(reader.wait_high_watermark(2));
        });
        marks.advance_high_watermark(1);
        marks.advance_high_watermark(2);
        race.finish();
    });
}

#[test]
#[should_panic(expected = "is above log_end 0")]
fn finds_a_view_that_reads_the_larger_first() {
    a_writer_a_settler_and_a_viewer(Some(Mistake::MarksReadLargerFirst));
}
