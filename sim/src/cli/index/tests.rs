use super::only_simulated;
use crate::plan::IndexKind;

#[cfg(not(feature = "rocks"))]
#[test]
fn a_build_without_rocksdb_says_what_helps() {
    use super::check;
    assert!(check(IndexKind::Model).is_ok());
    let error = check(IndexKind::Rocks).map_err(|error| error.to_string());
    assert!(error.is_err_and(|error| error.contains("cargo setup")));
}

#[test]
fn threads_have_no_index_to_choose() {
    assert!(only_simulated(None).is_ok());
    assert!(only_simulated(Some(IndexKind::Model)).is_err());
}
