#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::liar::Liar;
use super::lie::Lie;
use super::{Case, cases, suite};
use crate::io::real::Real;

#[tokio::test]
async fn every_lie_is_noticed_by_its_case() {
    let mut wrong = Vec::new();
    for (lie, case) in Lie::ALL {
        let root = tempfile::tempdir().unwrap();
        let noticed = suite(Liar::new(Real::new(), *lie), root.path().to_owned()).await.err();
        if noticed.as_ref().map(|failure| failure.case) != Some(case) {
            wrong.push((lie, noticed));
        }
    }
    assert!(wrong.is_empty(), "not noticed, or by another case: {wrong:#?}");
}

#[test]
fn every_case_was_seen_to_fail() {
    let names: Vec<_> = cases::<Real>().iter().map(|case: &Case<Real>| case.name).collect();
    let noticed: Vec<_> = Lie::ALL.iter().map(|(_, case)| *case).collect();
    assert_eq!(names, noticed);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "names are unique");
}
