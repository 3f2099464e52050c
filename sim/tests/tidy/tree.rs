//! The files that the rules look at.
#![allow(clippy::disallowed_methods, reason = "the tree under judgement is on the real disk")]

use std::fmt;
use std::fs;
use std::path::Path;

use super::source;

/// A text file of the tree.
pub struct File {
    /// From the root of the tree, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
    /// The same where comments and literals are blank, line for line; empty unless it is Rust.
    pub code: String,
}

impl File {
    pub fn new(path: &str, text: &str) -> File {
        let code = if path.ends_with(".rs") { source::blank(text) } else { String::new() };
        File { path: path.to_owned(), text: text.to_owned(), code }
    }

    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether it is compiled for tests only.
    pub fn is_test(&self) -> bool {
        ["tests.rs", "testing.rs"].iter().any(|end| self.path.ends_with(end))
            || self.path.contains("/tests/")
    }

    pub fn finding(&self, line: usize, text: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line, text: text.into() }
    }
}

/// A place where a rule is broken. Lines count from 1; 0 is the file as a whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    pub path: String,
    pub line: usize,
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.text)
    }
}

/// What is built, run, fetched or written by set-up: nobody's text.
const SKIPPED: [&str; 7] =
    ["target", ".git", "runs", "corpus", "artifacts", "node_modules", "rocksdb.toml"];

/// Every text file of the checkout, in order of their paths.
pub fn read() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    walk(&root, "", &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn walk(directory: &Path, prefix: &str, files: &mut Vec<File>) {
    for entry in fs::read_dir(directory).expect("the tree can be listed") {
        let entry = entry.expect("the tree can be listed");
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = format!("{prefix}{name}");
        if SKIPPED.contains(&name.as_str()) {
            continue;
        }
        if entry.path().is_dir() {
            walk(&entry.path(), &format!("{path}/"), files);
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            files.push(File::new(&path, &text));
        }
    }
}
