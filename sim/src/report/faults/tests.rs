use super::*;

#[test]
fn a_class_that_nobody_ever_met_is_complained_of() {
    let count = |injected, observed| {
        FaultCount { class: FaultClass::SyncKeepsPages, injected, observed }.complaint()
    };
    assert!(count(10, 0).is_some_and(|words| words.starts_with("sync-keeps-pages: injected 10")));
    assert_eq!((count(9, 0), count(10, 1)), (None, None));
}
