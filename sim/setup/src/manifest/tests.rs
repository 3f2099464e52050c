use super::*;

const LOCK: &str = "[[package]]\nname = \"librocksdb-sys\"\nversion = \"0.19.0+11.8.1\"\n";

#[test]
fn the_dependency_and_its_lock_are_read() {
    let line = "rocksdb = { version = \"=0.25.0\", default-features = false, \
                features = [\"lz4\", \"bindgen-runtime\"] }";
    let manifest = format!(
        "[dependencies]\nrocksdb.workspace = true\n\n[workspace.dependencies]\n\
                            bytes = \"1\"\n{line}\n\n[lints]\n"
    );
    let wanted = parse(&manifest, LOCK).expect("both are there");
    assert_eq!(wanted.version, "0.19.0+11.8.1");
    assert_eq!(wanted.features, ["bindgen-runtime", "lz4"]);
    assert_eq!(wanted.dependency, line);
}

#[test]
fn features_may_be_absent() {
    assert!(features("rocksdb = \"0.25\"").is_empty());
    assert!(features("rocksdb = { version = \"1\", default-features = false }").is_empty());
}

#[test]
fn what_is_missing_is_named() {
    let said = parse("[workspace.dependencies]\n[lints]\nrocksdb = \"1\"\n", LOCK);
    assert!(said.expect_err("no dependency").contains("Cargo.toml"));
    let said = parse("[workspace.dependencies]\nrocksdb = \"1\"\n", "");
    assert!(said.expect_err("no lock").contains("Cargo.lock"));
}

#[test]
fn the_workspace_itself_is_understood() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let wanted = wanted(&root).expect("the workspace depends on RocksDB");
    assert!(wanted.version.contains('+'), "{}", wanted.version);
    assert!(wanted.dependency.contains("rocksdb"));
}
