use super::*;

#[test]
fn a_place_that_enough_seeds_never_came_to_is_told() {
    let mut tally = MarkTally::default();
    tally.add(&[], &BTreeMap::from([(Step::Staged, 3), (Step::Closed, 1)]));
    tally.add(&[], &BTreeMap::from([(Step::Staged, 2)]));
    let marks = tally.report();
    let of = |name: &str| marks.iter().find(|mark| mark.name == name).unwrap();
    assert_eq!((of("Staged").count, of("Staged").seeds), (5, 2));
    assert_eq!((of("Closed").count, of("Closed").seeds), (1, 1));
    assert_eq!(of("Staged").complaint(SEEDS_ENOUGH), None);
    assert_eq!(of("Encoded").complaint(SEEDS_ENOUGH - 1), None);
    assert!(of("Encoded").complaint(SEEDS_ENOUGH).is_some());
    assert!(marks.iter().all(|mark| mark.name != "CommitForced"));
    assert!(mark_words(&marks).contains("rarest is Closed"), "{}", mark_words(&marks));
}
