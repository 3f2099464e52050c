//! Sizes: of lines, functions and files, and where tests lie.

use super::source::words;
use super::tree::{File, Finding};

const COLUMNS_MAX: usize = 100;
const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_SOFT: usize = 500;
const FILE_LINES_MAX: usize = 800;

/// Lines of code and scripts; documents and tables break theirs as they like.
pub fn lines(files: &[File]) -> Vec<Finding> {
    let measured = |file: &&File| {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let is_code = [".rs", ".toml", ".yml"].iter().any(|end| name.ends_with(end));
        (is_code || file.path.starts_with(".ci/"))
            && ![".clippy.toml", "Cargo.toml"].contains(&name)
    };
    let mut found = Vec::new();
    for file in files.iter().filter(measured) {
        for (index, line) in file.text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > COLUMNS_MAX && !line.contains("https://") {
                found.push(file.finding(index + 1, format!("{columns} columns")));
            }
        }
    }
    found
}

/// Functions with a body, from the line of `fn` to the one of the closing brace.
pub fn functions(files: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        for (name, first, last) in function_spans(&file.code) {
            let count = last - first + 1;
            if count > FUNCTION_LINES_MAX {
                found.push(file.finding(first, format!("`{name}` has {count} lines")));
            }
        }
    }
    found
}

/// Name, first and last line of every function that has a body.
fn function_spans(code: &str) -> Vec<(String, usize, usize)> {
    let mut spans = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let starts_word = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let rest = &code[at + 3..];
        let name = words(rest).next().unwrap_or_default();
        if !starts_word || !rest.trim_start().starts_with(name) || name.is_empty() {
            continue;
        }
        if let Some(length) = body_end(rest) {
            let first = code[..at].matches('\n').count() + 1;
            spans.push((name.to_owned(), first, first + rest[..length].matches('\n').count()));
        }
    }
    spans
}

/// Where the body that follows a signature ends; `None` for one without a body.
fn body_end(rest: &str) -> Option<usize> {
    let (mut round, mut curly) = (0i32, 0i32);
    for (at, letter) in rest.char_indices() {
        match letter {
            '(' | '[' => round += 1,
            ')' | ']' => round -= 1,
            ';' if round == 0 && curly == 0 => return None,
            '{' => curly += 1,
            '}' => {
                curly -= 1;
                if curly == 0 && round == 0 {
                    return Some(at);
                }
                if curly < 0 {
                    return None;
                }
            }
            _ => {}
        }
    }
    None
}

/// Files past the hard limit.
pub fn files(files: &[File]) -> Vec<Finding> {
    counts(files)
        .filter(|(_, count)| *count > FILE_LINES_MAX)
        .map(|(file, count)| file.finding(0, format!("{count} lines")))
        .collect()
}

/// Files that should be parted at the next occasion, with their lines.
pub fn over_soft_limit(files: &[File]) -> Vec<(&str, usize)> {
    counts(files)
        .filter(|(_, count)| *count > FILE_LINES_SOFT)
        .map(|(file, count)| (file.path.as_str(), count))
        .collect()
}

fn counts(files: &[File]) -> impl Iterator<Item = (&File, usize)> {
    files.iter().filter(|file| file.is_rust()).map(|file| (file, file.text.lines().count()))
}

/// Test modules with their tests inside the engine's or the harness's files.
pub fn inline_tests(files: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() && !file.is_test()) {
        let mut after_cfg = false;
        for (index, line) in file.code.lines().enumerate() {
            let line = line.trim();
            if after_cfg && line.starts_with("mod ") && line.ends_with('{') {
                found.push(file.finding(index + 1, "tests inside the module's file"));
            }
            after_cfg = line.starts_with("#[cfg(") && words(line).any(|word| word == "test");
        }
    }
    found
}

#[test]
fn a_long_line_is_found() {
    let long = format!("let x = 1;\n// {}\n", "ä".repeat(98));
    let files = [File::new("src/a.rs", &long), File::new("a.md", &long)];
    assert_eq!(lines(&files), [files[0].finding(2, "101 columns")]);
}

#[test]
fn a_long_function_is_found() {
    let body = "    let s = \"}\"; // }\n".repeat(69);
    let text =
        format!("trait T {{\n    fn short();\n}}\npub async fn long() -> [u8; 2] {{\n{body}}}\n");
    let files = [File::new("src/a.rs", &text)];
    assert_eq!(functions(&files), [files[0].finding(4, "`long` has 71 lines")]);
    let less = text.replacen("    let s = \"}\"; // }\n", "", 1);
    assert_eq!(functions(&[File::new("src/a.rs", &less)]), []);
}

#[test]
fn a_long_file_is_found() {
    let files =
        [File::new("src/a.rs", &"\n".repeat(801)), File::new("src/b.rs", &"\n".repeat(501))];
    assert_eq!(self::files(&files), [files[0].finding(0, "801 lines")]);
    assert_eq!(over_soft_limit(&files), [("src/a.rs", 801), ("src/b.rs", 501)]);
}

#[test]
fn a_test_inside_the_module_is_found() {
    let inline = File::new("src/a.rs", "fn f() {}\n#[cfg(test)]\nmod tests {\n}\n");
    let beside = File::new("src/b.rs", "#[cfg(all(test, unix))]\nmod tests;\n");
    let found = [inline.finding(3, "tests inside the module's file")];
    assert_eq!(inline_tests(&[inline, beside]), found);
}
