use super::{Usage, disk_bytes, resident_bytes, wait_until_quiet};

#[test]
fn what_is_written_counts_and_rest_begins_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let before = Usage::now();
    std::fs::write(directory.path().join("file"), vec![1; 1 << 20]).unwrap();
    std::fs::hard_link(directory.path().join("file"), directory.path().join("again")).unwrap();
    let written = Usage::now();
    assert!(written.written_bytes >= before.written_bytes + (1 << 20));
    assert!(wait_until_quiet().at >= written.at);
    let bytes = disk_bytes(directory.path());
    assert!((1 << 20..2 << 20).contains(&bytes), "{bytes} bytes, each file once");
    assert!(resident_bytes() > 0);
}
