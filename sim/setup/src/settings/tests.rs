use super::*;

#[test]
fn the_file_names_the_directory_as_it_is() {
    let text = text(Path::new("/a b/\"c\"")).expect("a path that TOML can hold");
    assert!(text.ends_with("[env]\nROCKSDB_LIB_DIR = '/a b/\"c\"'\nROCKSDB_STATIC = '1'\n"));
}

#[test]
fn a_path_that_would_break_the_file_is_refused() {
    let refused = Settings::new(Path::new("."), Path::new("/it's"));
    assert_eq!(refused.err().map(|failure| failure.code), Some(6));
}
