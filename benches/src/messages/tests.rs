use std::collections::BTreeMap;

use super::Source;

#[test]
fn a_message_is_the_same_whenever_it_is_asked_for() {
    let source = Source::new(7, 25, 100);
    let all = source.batch(0..1_000);
    let again: Vec<_> = Source::new(7, 25, 100).batches(1_000, 300).flatten().collect();
    assert_eq!(all, again);
    assert!(all.iter().all(|it| it.id.len() == 25 && it.payload.len() == 100));
    assert_ne!(all, Source::new(8, 25, 100).batch(0..1_000));
}

#[test]
fn as_many_ids_repeat_as_were_asked_for() {
    for percent in [0, 5] {
        let source = Source::new(1, 25, 0).with_duplicates(percent);
        let mut seen = BTreeMap::new();
        for number in 0..20_000 {
            *seen.entry(source.id(number)).or_insert(0) += 1;
        }
        let repeated = 20_000 - seen.len() as u64;
        assert!(repeated.abs_diff(200 * percent) < 40 * percent.max(1), "{repeated} ids repeat");
        assert_eq!(repeated == 0, percent == 0);
    }
}
