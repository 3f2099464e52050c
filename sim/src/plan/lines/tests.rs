#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "lines are those of a file")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::*;
use crate::plan::{Operation, Plan, Shape};

fn file(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("messages");
    std::fs::write(&path, bytes).unwrap();
    (directory, path)
}

/// Empty lines, carriage returns, bytes that are no UTF-8, lines over the bounds of blocks and
/// of reads, and a last line without its end.
fn odd() -> Vec<u8> {
    let mut bytes = b"first\n\n\r\ncarriage\r\n\xff\xfe\x00\n\n".to_vec();
    for length in [1, 65_535, 65_536, 65_537, 1 << 20, (1 << 20) + 1, 3 << 20] {
        bytes.extend(std::iter::repeat_n(b'x', length));
        bytes.extend(b"\nshort\n");
    }
    for number in 0..20_000 {
        bytes.extend(format!("line {number}\n").bytes());
    }
    bytes.extend(b"last\r");
    bytes
}

#[test]
fn lines_are_those_between_line_feeds_byte_for_byte() {
    let odd = odd();
    let with_end = [&odd[..], b"\n"].concat();
    for bytes in [odd, with_end, b"one".to_vec(), b"\n".to_vec(), b"\n\n".to_vec()] {
        let mut expected: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        if bytes.ends_with(b"\n") {
            expected.pop();
        }
        let (_directory, path) = file(&bytes);
        let lines = LineFile::open(&path).unwrap();
        assert_eq!(lines.line_count(), expected.len() as u64);
        assert_eq!(lines.size_bytes(), bytes.len() as u64);
        let longest = expected.iter().map(|line| line.len() as u64).max();
        assert_eq!(Some(lines.longest_bytes()), longest);
        for (number, line) in (0..).zip(&expected) {
            assert_eq!(lines.line(number), *line, "line {number}");
            assert_eq!(lines.line_bytes(number), line.len() as u64);
        }
        assert_eq!(lines.trouble(), None);
    }
}

#[test]
fn what_is_no_file_of_lines_is_refused_with_a_remedy() {
    let (directory, empty) = file(b"");
    let said = |path: &std::path::Path| LineFile::open(path).err().unwrap().to_string();
    assert!(said(&empty).contains("empty"));
    assert!(said(directory.path()).contains("no regular file"));
    assert!(said(&directory.path().join("none")).contains("none"));
    let long = [&b"short\n"[..], &vec![b'x'; 64 << 20], b"\n"].concat();
    let (_directory, path) = file(&long);
    let said = said(&path);
    for word in ["line 2", "67108864", "fold"] {
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn a_file_that_changes_is_noticed() {
    let (_directory, path) = file(&odd());
    let lines = LineFile::open(&path).unwrap();
    let mut changed = odd();
    changed[0] = b'F';
    std::fs::write(&path, &changed).unwrap();
    lines.line(0);
    assert!(lines.trouble().unwrap().contains("changed"));

    let plan = Plan::draw(1, &Shape::simulated()).with_lines(Arc::new(lines));
    let text = plan.to_text(crate::plan::PlanFormat::Json);
    let mut again = Plan::from_text(&text).unwrap();
    assert_eq!(again, plan);
    assert!(matches!(again.open_lines(), Err(LinesError::Changed { .. })));
    std::fs::write(&path, odd()).unwrap();
    again.open_lines().unwrap();
}

fn appended(plan: &Plan) -> BTreeSet<u64> {
    let lines = plan.config.content.lines.as_ref().unwrap();
    let mut appended = BTreeSet::new();
    for (producer, actor) in (0..).zip(&plan.actors) {
        let mut counters = vec![0u64; lines.lane_count as usize];
        for operation in &actor.operations {
            if let Operation::Append { lane, count, drop_after_polls, .. } = *operation {
                let counter = &mut counters[lane as usize];
                let marks = *counter..*counter + u64::from(count);
                *counter = marks.end;
                if drop_after_polls.is_none() {
                    let line = |counter| lines.line_of(Mark { lane, producer, counter });
                    appended.extend(marks.map(line));
                }
            }
        }
    }
    appended
}

#[test]
fn a_whole_file_is_appended_and_no_batch_is_too_large() {
    let mut bytes = odd();
    bytes.extend(odd());
    for bytes in [&bytes[..], b"one", b"one\ntwo\nthree"] {
        let (_directory, path) = file(bytes);
        let lines = Arc::new(LineFile::open(&path).unwrap());
        for seed in 0..4 {
            let plan = Plan::draw(seed, &Shape::simulated()).with_all_lines(lines.clone());
            assert_eq!(appended(&plan).len() as u64, lines.line_count(), "seed {seed}");
            let law = plan.config.content.lines.clone().unwrap();
            for actor in &plan.actors {
                for operation in &actor.operations {
                    assert!(u64::from(operation.message_count()) <= 4_096);
                }
            }
            assert!(u64::from(plan.config.message_max_bytes) > law.longest_bytes);
        }
    }
}

#[test]
fn a_run_of_a_whole_file_does_all_that_the_main_run_does() {
    let (_directory, path) = file(&odd());
    let lines = Arc::new(LineFile::open(&path).unwrap());
    let main = Plan::draw(3, &Shape::main());
    let whole = main.clone().with_all_lines(lines).work(|_| usize::MAX);
    let main = main.work(|_| usize::MAX);
    assert!(whole.operations >= main.operations);
    assert!(whole.appends >= main.appends.max(20_000), "{} appends", whole.appends);
    assert_eq!(whole.lookups, main.lookups);
    assert!(whole.lookups >= 100_000, "{} lookups", whole.lookups);
}

#[test]
fn a_message_holds_its_line() {
    let (_directory, path) = file(&odd());
    let lines = Arc::new(LineFile::open(&path).unwrap());
    let plan = Plan::draw(3, &Shape::simulated()).with_lines(lines.clone());
    let content = &plan.config.content;
    let law = content.lines.as_ref().unwrap();
    let mark = Mark { lane: 0, producer: 1, counter: 77 };
    assert_eq!(content.message(mark).payload, lines.line(law.line_of(mark)));
    let foreign = Mark { lane: u32::MAX, producer: u32::MAX, counter: u64::MAX };
    assert!(law.line_of(foreign) < law.line_count, "a mark may hold any number");
}
