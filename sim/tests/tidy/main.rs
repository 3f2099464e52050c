//! The house rules that neither the compiler nor clippy knows, held against every file of the
//! tree. Each rule is a function from files to findings and is shown a small bad input of its own.
#![allow(unreachable_pub, reason = "a test has no outside")]

mod directions;
mod documents;
mod markers;
mod shape;
mod source;
mod tree;
mod words;

use tree::{File, Finding};

/// A rule of the house: what it says, and how a tree is held against it.
struct Rule {
    says: &'static str,
    judge: fn(&[File]) -> Vec<Finding>,
}

const RULES: [Rule; 13] = [
    Rule { says: "a line has at most 100 columns", judge: shape::lines },
    Rule { says: "a function has at most 70 lines", judge: shape::functions },
    Rule { says: "a file has at most 800 lines", judge: shape::files },
    Rule {
        says: "tests lie beside the module, in a file of their own",
        judge: shape::inline_tests,
    },
    Rule { says: "a lower room never names an upper one", judge: directions::rooms },
    Rule { says: "a foreign crate is named only where it belongs", judge: directions::crates },
    Rule { says: "what a document points at exists", judge: documents::links },
    Rule { says: "a planted mistake is asked for in exactly one place", judge: markers::planted },
    Rule { says: "an ignored test says why", judge: markers::ignored },
    Rule { says: "an allowed lint says why", judge: markers::allowed },
    Rule { says: "nothing is left to do and no machine is named", judge: words::forbidden },
    Rule { says: "a file is named by its noun, not by a number", judge: words::file_names },
    Rule { says: "nothing prints an address or draws a name by chance", judge: words::leaks },
];

#[test]
fn the_tree_keeps_the_rules() {
    let files = tree::read();
    assert!(files.iter().any(|file| file.path == "src/lib.rs"), "the walk misses the engine");
    let mut said = String::new();
    for rule in RULES {
        for finding in (rule.judge)(&files) {
            said.push_str(&format!("{finding}  [{}]\n", rule.says));
        }
    }
    for (path, count) in shape::over_soft_limit(&files) {
        println!("{path}: {count} lines, past the soft limit of 500");
    }
    for line in markers::planted_uses(&files) {
        println!("planted: {line}");
    }
    assert!(said.is_empty(), "\n{said}");
}
