//! Who may name whom: rooms of the engine, and foreign crates.

use std::collections::BTreeMap;

use super::source::words;
use super::tree::{File, Finding};

/// The rooms of `src`, lowest first. Rooms of one step may name each other.
const ORDER: [&[&str]; 13] = [
    &["types", "error", "config"],
    &["sync"],
    &["io"],
    &["record"],
    &["segment"],
    &["log"],
    &["index"],
    &["group"],
    &["partition"],
    &["catalog"],
    &["manager"],
    &["writer", "reader", "recovery", "verify", "checkpoint"],
    &["buffer_set", "store"],
];

/// The room of the macro that stands at the root of the crate.
const MACRO: (&str, &str) = ("planted", "io");

/// Leaves: chosen where a world is made, so they may be named from below. (from, to)
const LEAVES: [(&str, &str); 2] =
    [("src/io/real", "crate::index::model"), ("src/io/real", "crate::index::rocks")];

/// Foreign crates and the only places in `src` that may name them.
const FOREIGN: [(&str, &[&str]); 4] = [
    ("rocksdb", &["src/index/rocks"]),
    ("tokio", &["src/io/real"]),
    ("rustix", &["src/io/real", "src/index/rocks"]),
    ("loom", &["src/sync"]),
];

/// Rooms of `src` that name a higher one, and rooms without a place in the order.
pub fn rooms(files: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    let shorts = reexported(files);
    for file in engine(files) {
        let Some(room) = room_of(&file.path) else { continue };
        let Some(step) = step_of(room) else {
            found.push(file.finding(0, format!("room `{room}` has no place in the order")));
            continue;
        };
        for (line, path) in named_paths(file) {
            let Some(target) = target_of(&path, &shorts) else { continue };
            if LEAVES.iter().any(|(from, to)| file.path.starts_with(from) && path.starts_with(to)) {
                continue;
            }
            match step_of(target) {
                None => found.push(file.finding(line, format!("`{path}`: name the room"))),
                Some(upper) if upper > step => {
                    found.push(file.finding(line, format!("`{room}` names `{path}`, above it")));
                }
                Some(_) => {}
            }
        }
    }
    found
}

/// Foreign crates outside the places that are theirs.
pub fn crates(files: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in engine(files) {
        for (name, places) in FOREIGN {
            if places.iter().any(|place| file.path.starts_with(place)) {
                continue;
            }
            let path = format!("{name}::");
            for (index, line) in file.code.lines().enumerate() {
                let mut at_root = line.match_indices(&path).filter(|(at, _)| {
                    !line[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                });
                if at_root.next().is_some() {
                    found.push(file.finding(index + 1, format!("`{name}` is not for this room")));
                }
            }
        }
    }
    found
}

fn engine(files: &[File]) -> impl Iterator<Item = &File> {
    files.iter().filter(|file| file.path.starts_with("src/") && file.is_rust() && !file.is_test())
}

/// The room of a file; `None` for the crate's root.
fn room_of(path: &str) -> Option<&str> {
    let room = path.strip_prefix("src/")?.split(['/', '.']).next()?;
    (room != "lib").then_some(room)
}

fn step_of(room: &str) -> Option<usize> {
    ORDER.iter().position(|step| step.contains(&room))
}

/// The room that a path from the root of the crate leads to.
fn target_of<'a>(path: &'a str, shorts: &'a BTreeMap<String, String>) -> Option<&'a str> {
    let name = path.strip_prefix("crate::")?.split("::").next()?;
    Some(shorts.get(name).map_or(name, String::as_str))
}

/// Names that the root of the crate takes out of the rooms, with their rooms.
fn reexported(files: &[File]) -> BTreeMap<String, String> {
    let mut shorts = BTreeMap::from([(MACRO.0.to_owned(), MACRO.1.to_owned())]);
    let root = files.iter().find(|file| file.path == "src/lib.rs");
    for line in root.map_or("", |file| &file.code).split("pub use ").skip(1) {
        let mut names = words(line.split(';').next().unwrap_or_default());
        let room = names.next().unwrap_or_default();
        shorts.extend(names.map(|name| (name.to_owned(), room.to_owned())));
    }
    shorts
}

/// Every path of the crate that a file names, from the root, with its line: `crate::a::b`, each
/// branch of `crate::{a::b, c}`, and `super::` as far as it leaves the room.
fn named_paths(file: &File) -> Vec<(usize, String)> {
    let depth = depth_of(&file.path);
    let mut paths = Vec::new();
    for (at, _) in file.code.match_indices("::") {
        let before = &file.code[..at];
        let head = before.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next();
        let is_start = !before.trim_end_matches(head.unwrap_or_default()).ends_with("::");
        let line = before.matches('\n').count() + 1;
        let rest = &file.code[at + 2..];
        let branches = match head {
            Some("crate") if is_start => branches(rest),
            Some("super") if is_start => {
                let supers = 1 + rest.split("::").take_while(|part| part.trim() == "super").count();
                if supers < depth {
                    continue;
                }
                branches(&rest[(supers - 1) * "super::".len()..])
            }
            _ => continue,
        };
        paths.extend(branches.into_iter().map(|branch| (line, format!("crate::{branch}"))));
    }
    paths
}

/// How many `super` lead from a file's module to the root of the crate.
fn depth_of(path: &str) -> usize {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs");
    inside.trim_end_matches("/mod").split('/').count()
}

/// The paths that follow `crate::`: one, or those of a group in braces.
fn branches(rest: &str) -> Vec<String> {
    let rest = rest.trim_start();
    let Some(group) = rest.strip_prefix('{') else {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        return vec![rest[..end.unwrap_or(rest.len())].trim_end_matches(':').to_owned()];
    };
    let (mut depth, mut starts, mut found) = (0i32, true, Vec::new());
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => starts = true,
            _ if starts && !letter.is_whitespace() => {
                starts = false;
                found.extend(branches(&group[at..]));
            }
            _ => {}
        }
    }
    found.retain(|branch| words(branch).next().is_some());
    found
}

#[test]
fn a_room_that_looks_up_is_found() {
    let root = "pub use error::{ErrorKind, StorageError};\npub use store::Log;\n";
    let lines = |text| {
        let files = [File::new("src/lib.rs", root), File::new("src/segment/scan.rs", text)];
        let found = rooms(&files);
        found.into_iter().map(|finding| finding.line).collect::<Vec<_>>()
    };
    assert_eq!(lines("use crate::types::Epoch;\nuse crate::log::Marks;\n"), [2]);
    assert_eq!(lines("use crate::{\n    io::World,\n    index::{Tail, Query},\n};\n"), [1]);
    assert_eq!(lines("fn f() { crate::group::x() }\n"), [1]);
    assert_eq!(lines("use super::super::log::Marks;\nuse super::name::Name;\n"), [1]);
    assert_eq!(lines("use crate::StorageError;\ncrate::planted!(w, X);\n"), []);
    assert_eq!(lines("// crate::log is above\n"), []);
    assert_eq!(lines("use crate::Log;\nuse crate::Unheard;\n"), [1, 2]);
}

#[test]
fn leaves_and_tests_may_look_up_and_new_rooms_need_a_place() {
    let judged = |path, text| rooms(&[File::new(path, text)]).len();
    assert_eq!(judged("src/io/real/mod.rs", "use crate::index::rocks::Rocks;\n"), 0);
    assert_eq!(judged("src/io/real/mod.rs", "use crate::index::tail::Tail;\n"), 1);
    assert_eq!(judged("src/io/tests.rs", "use crate::index::tail::Tail;\n"), 0);
    assert_eq!(judged("src/io/mod.rs", "use super::log::Marks;\n"), 1);
    assert_eq!(judged("src/shed/mod.rs", ""), 1);
}

#[test]
fn a_crate_in_a_strange_room_is_found() {
    let judged = |path, text| crates(&[File::new(path, text)]).len();
    assert_eq!(judged("src/log/mod.rs", "use rocksdb::DB;\n"), 1);
    assert_eq!(judged("src/log/mod.rs", "let x = tokio::runtime::f();\n"), 1);
    assert_eq!(judged("src/index/rocks/mod.rs", "use rocksdb::DB;\n"), 0);
    assert_eq!(judged("src/log/mod.rs", "use crate::index::rocksdb::x; // rocksdb::DB\n"), 0);
}
