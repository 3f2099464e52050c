//! Marks in the code that must be few, single or explained.

use std::collections::BTreeMap;

use super::tree::{File, Finding};

/// Mistakes that no place in the engine asks for yet.
const UNPLANTED: [&str; 0] = [];

const DEFINITION: &str = "src/io/planted.rs";

/// Every variant of `Planted` is asked for once in the engine, unless `UNPLANTED` lists it.
pub fn planted(files: &[File]) -> Vec<Finding> {
    planted_but(files, &UNPLANTED)
}

fn planted_but(files: &[File], unplanted: &[&str]) -> Vec<Finding> {
    let Some(definition) = files.iter().find(|file| file.path == DEFINITION) else {
        return Vec::new();
    };
    let uses = uses(files);
    let mut found = Vec::new();
    for variant in variants(&definition.code) {
        let listed = unplanted.contains(&variant);
        match uses.get(variant).map_or(0, Vec::len) {
            0 if !listed => {
                found.push(definition.finding(0, format!("`{variant}` is planted nowhere")))
            }
            1 if listed => {
                found.push(definition.finding(0, format!("take `{variant}` off the list of tidy")));
            }
            0 | 1 => {}
            count => {
                found.push(definition.finding(0, format!("`{variant}` is planted {count} times")))
            }
        }
    }
    found
}

/// One line a use: the mistake and its place.
pub fn planted_uses(files: &[File]) -> Vec<String> {
    let list = |(name, places): (String, Vec<String>)| format!("{name} at {}", places.join(", "));
    uses(files).into_iter().map(list).collect()
}

/// Places of `planted!(world, Name)` in the engine, by name.
fn uses(files: &[File]) -> BTreeMap<String, Vec<String>> {
    let mut uses: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.path.starts_with("src/") && !file.is_test()) {
        if file.path == DEFINITION {
            continue;
        }
        for (at, mark) in file.code.match_indices("planted!(") {
            let line = file.code[..at].matches('\n').count() + 1;
            let arguments = file.code[at + mark.len()..].split(')').next().unwrap_or_default();
            let name = arguments.rsplit(',').map(str::trim).find(|part| !part.is_empty());
            let place = format!("{}:{line}", file.path);
            uses.entry(name.unwrap_or_default().to_owned()).or_default().push(place);
        }
    }
    uses
}

/// The names between the braces of `enum Planted`.
fn variants(code: &str) -> Vec<&str> {
    let body = code.split("enum Planted {").nth(1).and_then(|rest| rest.split('}').next());
    body.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// `#[ignore]` without a text.
pub fn ignored(files: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        for (index, line) in file.code.lines().enumerate() {
            if line.trim_start().starts_with("#[ignore]") {
                found.push(file.finding(index + 1, "ignored without a reason"));
            }
        }
    }
    found
}

/// `allow` and `expect` without `reason = ` or a comment beside them. Test files may unwrap.
pub fn allowed(files: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let (code, text): (Vec<_>, Vec<_>) =
            (file.code.lines().collect(), file.text.lines().collect());
        for (index, line) in code.iter().enumerate() {
            let line = line.trim_start();
            let attributes = ["#[allow(", "#![allow(", "#[expect(", "#![expect("];
            if !attributes.iter().any(|attribute| line.starts_with(attribute)) {
                continue;
            }
            let end = (index..code.len()).find(|&at| code[at].contains(")]")).unwrap_or(index);
            let explained = text[index..=end].iter().any(|line| line.contains("reason = "))
                || text[end].contains("//")
                || (index > 0 && text[index - 1].trim_start().starts_with("// "));
            let unwraps = file.is_test() && line.starts_with("#![allow(clippy::unwrap_used)]");
            if !explained && !unwraps {
                found.push(file.finding(index + 1, "allowed without a reason"));
            }
        }
    }
    found
}

#[test]
fn a_mistake_planted_twice_or_never_is_found() {
    let engine = "fn f() { planted!(&w, Twice); planted!(\n  &self.world,\n  Twice,\n); \
                  planted!(w, Once) }";
    let files = [
        File::new(
            DEFINITION,
            "pub enum Planted {\n  /// A, b.\n  Twice,\n  Once,\n  Never,\n  Later,\n}",
        ),
        File::new("src/log/mod.rs", engine),
        File::new("src/log/tests.rs", "planted!(w, Once)"),
    ];
    let said = |unplanted: &[&str]| {
        planted_but(&files, unplanted).into_iter().map(|finding| finding.text).collect::<Vec<_>>()
    };
    assert_eq!(said(&["Later"]), ["`Twice` is planted 2 times", "`Never` is planted nowhere"]);
    assert!(
        said(&["Once", "Never", "Later"]).contains(&"take `Once` off the list of tidy".to_owned())
    );
    assert_eq!(planted_uses(&files)[1], "Twice at src/log/mod.rs:1, src/log/mod.rs:1");
}

#[test]
fn a_mark_without_a_reason_is_found() {
    let text = "#[ignore]\n#[ignore = \"slow\"]\n#[allow(dead_code)]\n#[allow(dead_code)] // why\n\
                // why\n#[expect(x)]\n\n\
                #[allow(\n    x,\n    reason = \"why\"\n)]\n// #[allow(x)]\n";
    let files = [File::new("src/a.rs", text)];
    assert_eq!(ignored(&files), [files[0].finding(1, "ignored without a reason")]);
    assert_eq!(allowed(&files), [files[0].finding(3, "allowed without a reason")]);
    let unwraps = |path| allowed(&[File::new(path, "#![allow(clippy::unwrap_used)]\n")]).len();
    assert_eq!((unwraps("src/a.rs"), unwraps("src/a/tests.rs")), (1, 0));
}
