use super::*;

fn hashes(range: std::ops::Range<u32>) -> Vec<u64> {
    range.map(|number| hash(format!("id-{number}").as_bytes())).collect()
}

fn filter(bytes_max: usize, held: &[u64]) -> IdFilter {
    let mut filter = IdFilter::new(bytes_max);
    held.iter().for_each(|hash| filter.add(*hash));
    filter
}

fn false_count(filter: &IdFilter, others: &[u64]) -> usize {
    filter.may_hold(others).into_iter().filter(|maybe| *maybe).count()
}

#[test]
fn what_was_added_is_never_denied() {
    for bytes_max in [0, 1, 64, 1 << 10, 1 << 20] {
        for count in [0, 1, 2, 3000, 200_000] {
            let held = hashes(0..count);
            let filter = filter(bytes_max, &held);
            assert!(filter.may_hold(&held).into_iter().all(|maybe| maybe), "{bytes_max} {count}");
        }
    }
}

#[test]
fn what_was_not_added_is_seldom_taken_for_it() {
    let others = hashes(1_000_000..1_100_000);
    for count in [0, 1000, 65_536, 300_000] {
        let filter = filter(1 << 20, &hashes(0..count));
        let wrong = false_count(&filter, &others);
        assert!(wrong < others.len() / 25, "{wrong} of {} with {count}", others.len());
    }
}

/// What is noted at once and passes from layer to layer is spread over each of them evenly.
#[test]
fn notes_are_told_what_was_noted_before_and_hardly_anything_else() {
    let mut filter = IdFilter::new(1 << 24);
    let all = hashes(0..600_000);
    for chunk in all.chunks(100_000) {
        let wrong = filter.note(chunk).into_iter().filter(|maybe| *maybe).count();
        assert!(wrong < chunk.len() / 1000, "{wrong} of {} new ones", chunk.len());
    }
    assert!(filter.layers.len() > 2, "several layers");
    assert!(filter.note(&all).into_iter().all(|maybe| maybe), "denied");
    assert!(filter.may_hold(&all).into_iter().all(|maybe| maybe), "denied");
    let [first, second] = [1_000_000, 1_000_001].map(|number| hash(&i32::to_le_bytes(number)));
    assert_eq!(filter.note(&[first, second, first]), [false, false, true]);
}

/// What is taken for one that was added costs a lookup each.
#[test]
fn with_room_less_than_one_in_a_thousand_is_taken_for_one_that_was_added() {
    let others = hashes(1_000_000..1_100_000);
    for count in [24_000, 200_000, 300_000] {
        let wrong = false_count(&filter(1 << 24, &hashes(0..count)), &others);
        assert!(wrong < others.len() / 1000, "{wrong} of {} with {count}", others.len());
    }
}

#[test]
fn memory_is_a_few_bytes_an_id_and_has_a_bound() {
    assert_eq!(filter(1 << 20, &[]).bytes(), 0);
    for count in [1u32, 60_000, 200_000] {
        let bytes = filter(1 << 24, &hashes(0..count)).bytes();
        assert!(bytes <= LAYER_FIRST_BYTES + 24 * count as usize, "{bytes} for {count}");
    }
    let others = hashes(1_000_000..1_010_000);
    for bytes_max in [64, 100_000, 1 << 18] {
        let filter = filter(bytes_max, &hashes(0..1_000_000));
        assert!(filter.bytes() <= bytes_max);
        assert!(false_count(&filter, &others) > others.len() / 4, "it is overfull");
    }
}

/// The mistake that the first test would find: a layer that is left behind.
#[test]
#[should_panic(expected = "denied")]
fn a_filter_that_forgets_a_layer_is_found_out() {
    let held = hashes(0..200_000);
    let mut filter = filter(1 << 20, &held);
    filter.layers.remove(0);
    assert!(filter.may_hold(&held).into_iter().all(|maybe| maybe), "denied");
}
