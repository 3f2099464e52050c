use super::*;

#[test]
fn the_free_column_is_read() {
    let text = "Filesystem 1024-blocks Used Available Capacity Mounted on\n\
                /dev/a 264212084 15464276 79821612 17% /\n";
    assert_eq!(parse(text), Some(79_821_612 * 1024));
    let spaced = "Filesystem 1024-blocks Used Available Capacity Mounted on\n\
                  my disk 100 50 50 50% /a b\n";
    assert_eq!(parse(spaced), Some(50 * 1024));
    assert_eq!(parse("df: no such file\n"), None);
}

#[test]
fn bytes_are_told_in_gibibytes() {
    assert_eq!(gibibytes(3 << 29), "1.5 GiB");
    assert_eq!(gibibytes(0), "0.0 GiB");
}
