use super::*;

#[test]
fn calls_are_quick_once_some_were_and_not_after_one_that_took_long() {
    let pace = Pace::default();
    assert!(!pace.is_quick(), "nothing is known yet");
    pace.note(200);
    assert!(pace.is_quick());
    pace.note(50_000);
    assert!(!pace.is_quick());
    (0..64).for_each(|_| pace.note(200));
    assert!(pace.is_quick(), "it is forgotten");
    pace.note(u64::MAX);
    assert!(!pace.is_quick());
}
