use super::SwitchQueue;
use crate::sync::modelling::model;
use crate::sync::shim::{Arc, Mistake};

fn two_producers_and_a_consumer(mistake: Option<Mistake>) {
    model(mistake, 4, || {
        let queue = Arc::new(SwitchQueue::new());
        let producers: Vec<_> = [[1, 2], [11, 12]]
            .into_iter()
            .map(|items| {
                let queue = queue.clone();
                loom::thread::spawn(move || items.into_iter().for_each(|item| queue.push(item)))
            })
            .collect();
        let mut out = Vec::new();
        queue.swap_into(&mut out);
        for producer in producers {
            producer.join().expect("it does not panic");
        }
        queue.swap_into(&mut out);
        let of = |low: i32| out.iter().copied().filter(move |item| item / 10 == low);
        assert!(of(0).eq([1, 2]), "first producer: {out:?}");
        assert!(of(1).eq([11, 12]), "second producer: {out:?}");
    });
}

#[test]
fn loses_and_reorders_nothing() {
    two_producers_and_a_consumer(None);
}

#[test]
#[should_panic(expected = "producer")]
fn finds_a_swap_in_two_halves() {
    two_producers_and_a_consumer(Some(Mistake::QueueSwapsInTwoHalves));
}
