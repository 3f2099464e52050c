use super::*;

#[test]
fn family_and_version_are_told() {
    assert_eq!(name("c++ (Debian 12.2.0-14) 12.2.0\nCopyright", "12.2.0\n"), "gcc-12.2.0");
    assert_eq!(name("Debian clang version 14.0.6\n", "14.0.6\n"), "clang-14.0.6");
    assert_eq!(name("", ""), "gcc-unknown");
}
