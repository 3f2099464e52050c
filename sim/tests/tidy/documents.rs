//! Documents that point at files which moved.

use super::tree::{File, Finding};

/// Rooms of the tree; a path in a document begins with one.
const TOP: [&str; 6] = ["src/", "sim/", "fuzz/", "benches/", "reports/", ".ci/"];

/// Links of a document, and paths that it quotes, that lead to nothing in the tree.
pub fn links(files: &[File]) -> Vec<Finding> {
    let exists = |path: &str| {
        let path = path.trim_end_matches('/');
        let inside = format!("{path}/");
        files.iter().any(|file| file.path == path || file.path.starts_with(&inside))
    };
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        let directory = file.path.rsplit_once('/').map_or("", |(directory, _)| directory);
        let mut in_code = false;
        for (index, line) in file.text.lines().enumerate() {
            in_code ^= line.starts_with("```");
            if in_code {
                continue;
            }
            let linked = targets(line).map(|target| join(directory, target));
            // A path in backticks counts from the root, or from the document's own member.
            let quoted = quotes(line).map(|quote| match join(directory, quote) {
                near if exists(&near) => near,
                _ => quote.to_owned(),
            });
            for path in linked.chain(quoted).filter(|path| !exists(path)) {
                found.push(file.finding(index + 1, format!("`{path}` does not exist")));
            }
        }
    }
    found
}

/// Targets of `[text](target)` within the tree, without their anchors.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("](").filter_map(|(at, _)| {
        let target = line[at + 2..].split([')', '#', ' ']).next()?;
        (!target.is_empty() && !target.contains("://")).then_some(target)
    })
}

/// Paths in backticks.
fn quotes(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2).filter(|quote| {
        let plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
        TOP.iter().any(|top| quote.starts_with(top)) && quote.chars().all(plain)
    })
}

/// `target` seen from `directory`, `..` resolved.
fn join(directory: &str, target: &str) -> String {
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn a_link_to_nothing_is_found() {
    let document = "[a](../README.md#x) [b](gone.md) `src/lib.rs` `sim/gone.rs`\n\
                    `src/{a,b}` [c](https://example.com) `sim/` `src/main.rs` [d](#here)\n```\n[e](gone.md)\n```\n";
    let files = [
        File::new("README.md", ""),
        File::new("sim/README.md", document),
        File::new("sim/src/main.rs", ""),
        File::new("src/lib.rs", ""),
    ];
    let found = [
        files[1].finding(1, "`sim/gone.md` does not exist"),
        files[1].finding(1, "`sim/gone.rs` does not exist"),
    ];
    assert_eq!(links(&files), found);
}
