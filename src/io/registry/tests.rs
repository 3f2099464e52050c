#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;

use super::Registry;

#[test]
fn finds_what_is_held() {
    let (registry, at) = (Registry::default(), Path::new("/a"));
    let first = registry.get_or_insert("number", at, || 1_u32);
    let second = registry.get_or_insert("number", at, || unreachable!());
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!(registry.get("number", at), Some(first));
}

#[test]
fn forgets_what_is_not() {
    let (registry, at) = (Registry::default(), Path::new("/a"));
    drop(registry.get_or_insert("number", at, || 1_u32));
    assert_eq!(registry.get::<u32>("number", at), None);
    assert_eq!(registry.list::<u32>("number"), []);
    assert_eq!(*registry.get_or_insert("number", at, || 2_u32), 2);
}

#[test]
fn tells_kinds_and_paths_apart() {
    let registry = Registry::default();
    let (a, b) = (Path::new("/a"), Path::new("/b"));
    let held = [
        registry.get_or_insert("number", b, || 2_u32),
        registry.get_or_insert("number", a, || 1_u32),
    ];
    let word = registry.get_or_insert("word", a, || "x");
    let wanted = vec![(a.to_owned(), held[1].clone()), (b.to_owned(), held[0].clone())];
    assert_eq!(registry.list::<u32>("number"), wanted);
    assert_eq!(registry.get("word", a), Some(word));
}

#[test]
#[should_panic(expected = "a registry kind holds two types")]
fn refuses_two_types_of_one_kind() {
    let (registry, at) = (Registry::default(), Path::new("/a"));
    let _held = registry.get_or_insert("number", at, || 1_u32);
    registry.get::<u64>("number", at);
}
