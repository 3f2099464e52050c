//! Words that must not stand in the tree.

use super::tree::{File, Finding};

/// Left-overs and places of one machine, each written so that this file does not hold it.
const FORBIDDEN: [(&str, &str); 10] = [
    (concat!("TO", "DO"), "do it, or write it down where it is read"),
    (concat!("FIX", "ME"), "fix it"),
    (concat!("XX", "X"), "say what it is"),
    (concat!("to", "do!("), "write it, or leave it out"),
    (concat!("unimple", "mented!("), "return an error"),
    (concat!("db", "g!("), "use tracing"),
    (concat!("/ro", "ot/"), "a path of one machine"),
    (concat!("/ho", "me/"), "a path of one machine"),
    (concat!("/wo", "rk/"), "a path of one machine"),
    (concat!("/tm", "p/"), "a path of one machine"),
];

/// What differs from run to run and clippy cannot see, in engine and simulator.
const LEAKS: [(&str, &str); 4] = [
    ("tempfile::", "a name drawn by chance"),
    ("uuid::", "a name drawn by chance"),
    (":p}", "prints an address"),
    (".as_ptr() as usize", "an address as a number"),
];

/// Where the outside is meant.
const OUTSIDE: [&str; 4] = ["src/io/real", "sim/setup/", "sim/src/main.rs", "benches/"];

/// Names whose number is no version.
const NUMBERED: [&str; 3] = ["lz4", "xxh3", "crc32"];

/// Left-overs and machine paths, in comments and literals too.
pub fn forbidden(files: &[File]) -> Vec<Finding> {
    let written = |file: &&File| !file.path.starts_with("LICENSE") && file.path != "Cargo.lock";
    let mut found = Vec::new();
    for file in files.iter().filter(written) {
        for (index, line) in file.text.lines().enumerate() {
            for (word, remedy) in FORBIDDEN {
                if line.contains(word) {
                    found.push(file.finding(index + 1, format!("`{word}`: {remedy}")));
                }
            }
        }
    }
    found
}

/// Sources that are told apart by a number.
pub fn file_names(files: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let name = file.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
        let is_numbered = name.ends_with(|c: char| c.is_ascii_digit());
        if is_numbered && !NUMBERED.iter().any(|word| name.ends_with(word)) {
            found.push(file.finding(0, "name it by what it does"));
        }
    }
    found
}

/// Chance and addresses in engine and simulator.
pub fn leaks(files: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() && !file.is_test()) {
        if OUTSIDE.iter().any(|place| file.path.starts_with(place)) {
            continue;
        }
        for (index, line) in file.text.lines().enumerate() {
            let said = LEAKS.iter().find(|(word, _)| line.contains(word));
            if let Some((word, why)) = said {
                found.push(file.finding(index + 1, format!("`{word}`: {why}")));
            }
        }
    }
    found
}

#[test]
fn a_left_over_and_a_machine_path_are_found() {
    for (word, remedy) in FORBIDDEN {
        let files = [File::new("src/a.rs", &format!("fn f() {{}}\n// {word}\n"))];
        assert_eq!(forbidden(&files), [files[0].finding(2, format!("`{word}`: {remedy}"))]);
    }
    assert_eq!(forbidden(&[File::new("Cargo.lock", FORBIDDEN[0].0)]), []);
}

#[test]
fn a_numbered_name_is_found() {
    let judged = |path| file_names(&[File::new(path, "")]).len();
    assert_eq!((judged("src/reader2.rs"), judged("src/model_1.rs")), (1, 1));
    assert_eq!((judged("src/reader.rs"), judged("src/lz4.rs")), (0, 0));
}

#[test]
fn an_address_and_a_name_by_chance_are_found() {
    let judged = |path, text| leaks(&[File::new(path, text)]).len();
    assert_eq!(judged("src/log/mod.rs", "let d = tempfile::tempdir();"), 1);
    assert_eq!(judged("sim/src/world.rs", "write!(f, \"{:p}\", x)"), 1);
    assert_eq!(judged("src/io/real/mod.rs", "let d = tempfile::tempdir();"), 0);
    assert_eq!(judged("sim/tests/kill.rs", "let d = tempfile::tempdir();"), 0);
}
