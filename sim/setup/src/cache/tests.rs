use super::*;

fn wanted(features: &[&str]) -> Wanted {
    Wanted {
        version: "0.19.0+11.8.1".to_owned(),
        features: features.iter().map(|&feature| feature.to_owned()).collect(),
        dependency: String::new(),
    }
}

fn compiler(name: &str) -> Compiler {
    Compiler { command: "c++".to_owned(), name: name.to_owned() }
}

/// A directory of this test's own, gone when it drops.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let name = format!("duolog-setup-{}-{name}", std::process::id());
        let place = Place(env::temp_dir().join(name));
        fs::create_dir_all(&place.0).expect("a directory can be made");
        place
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn whatever_changes_the_library_changes_its_key() {
    let key_of = |features: &[&str], name| key(&wanted(features), &compiler(name));
    let plain = key_of(&["bindgen-runtime"], "gcc-12.2.0");
    assert!(plain.starts_with("rocksdb-0.19.0-11.8.1-bindgen-runtime-gcc-12.2.0-"), "{plain}");
    assert_ne!(plain, key_of(&["bindgen-runtime", "lz4"], "gcc-12.2.0"));
    assert_ne!(plain, key_of(&["bindgen-runtime"], "gcc-13.1.0"));
    assert!(!key_of(&["../x y"], "gcc-1").contains(['/', ' ']));
}

#[test]
fn a_slot_is_filled_whole_and_again() {
    let place = Place::new("fill");
    let slot = Slot::below(&place.0.join("cache"), "rocksdb-0.19.0-gcc-12.2.0");
    let built = place.0.join("built.a");
    assert!(!slot.is_filled());
    let lock = slot.lock().expect("nobody else fills it");
    for round in ["one", "two"] {
        let archive = format!("!<arch>\n{round} rocksdb_try_catch_up_with_primary");
        fs::write(&built, &archive).expect("a file can be written");
        slot.fill(&built).expect("the library is good");
        let kept = fs::read_to_string(slot.directory.join(LIBRARY)).expect("it is there");
        assert_eq!(kept, archive);
    }
    assert!(slot.is_filled());
    drop(lock);
}

#[test]
fn what_is_no_library_is_refused() {
    let place = Place::new("refuse");
    let slot = Slot::below(&place.0, "rocksdb-x");
    let given = place.0.join("given.a");
    for (text, why) in [("text", "not an archive"), ("!<arch>\nother", "not RocksDB")] {
        fs::write(&given, text).expect("a file can be written");
        let failure = slot.fill(&given).expect_err("must be refused");
        assert_eq!(failure.code, 6);
        assert!(failure.text.contains(why), "{}", failure.text);
    }
    assert!(slot.fill(&place.0.join("absent.a")).is_err());
    assert!(!slot.is_filled());
}
