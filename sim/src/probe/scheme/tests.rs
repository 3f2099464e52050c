#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn the_engines_way_holds_under_racing_catch_ups() {
    for scheme in Scheme::ALL.into_iter().filter(|scheme| scheme.must_hold()) {
        let directory = tempfile::tempdir().unwrap();
        let run = run(scheme, 300, directory.path());
        assert!(run.holds(), "{scheme:?}: {run:#?}");
        assert!(run.catch_ups > 0 && run.chunks > 0);
    }
}

#[test]
fn a_check_that_was_broken_is_told() {
    let mut run = SchemeRun::default();
    assert!(!run.holds(), "nothing was looked at");
    run.lookups.check(true, String::new);
    assert!(run.holds());
    run.visibility.check(false, || "first".to_owned());
    run.visibility.check(false, || "second".to_owned());
    assert!(!run.holds());
    assert_eq!((run.visibility.broken, &*run.visibility.words), (2, "first"));
}
