#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "storage directories are files")]

use std::path::{Path, PathBuf};

use crate::cli::Exit;
use crate::cli::tests::duolog;

use super::directory::DataDirectory;
use super::scan::FrameScan;
use super::tail::{From, parse_from};
use super::*;

/// Appends this to a topic of a fresh directory, in order; the directory.
fn appended(inputs: &[&[u8]]) -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let (data, file) = (root.path().join("data"), root.path().join("input"));
    for input in inputs {
        std::fs::write(&file, input).unwrap();
        let (data, file) = (data.to_str().unwrap(), file.to_str().unwrap());
        let words = ["log", "append", data, "orders", file, "--create", "--partitions", "2"];
        assert_eq!(duolog(&words), Ok(Exit::Pass));
    }
    (root, data)
}

fn payloads(data: &Path, from: u64) -> Vec<Vec<u8>> {
    let data = data.to_owned();
    wait(|world| async move {
        let data = DataDirectory::open(world, &data).await?;
        let topic = data.topic("orders").await?;
        let directory = data.partition(&topic, 0).await?;
        let mut scan = FrameScan::new(&data.world, &directory, from).await?;
        let mut found = Vec::new();
        while let Some(Ok(frame)) = scan.next().await? {
            let records = frame.records().filter(|record| record.sequence() >= from);
            found.extend(records.map(|record| record.payload().unwrap().to_vec()));
        }
        Ok(found)
    })
    .map_err(|failure| failure.text)
    .unwrap()
}

#[test]
fn lines_come_back_byte_for_byte_across_segments_and_writers() {
    let (_root, data) = appended(&[b"one\n\ntwo\r\n", b"\xff\xfe\nlast", b"after\n"]);
    let all: [&[u8]; 6] = [b"one", b"", b"two\r", b"\xff\xfe", b"last", b"after"];
    assert_eq!(payloads(&data, 0), all);
    assert_eq!(payloads(&data, 4), all[4..]);
    let path = data.to_str().unwrap();
    for words in [
        &["log", "tail", path, "orders"][..],
        &["log", "tail", path, "orders", "--from", "earliest", "-n", "2", "--meta"],
        &["log", "tail", path, "orders", "--from", "latest", "--message-format", "json"],
        &["log", "tail", path, "orders", "-n", "3", "--follow", "--from", "3"],
        &["log", "inspect", path],
        &["log", "inspect", path, "orders", "-p", "0", "--records", "--message-format", "json"],
    ] {
        assert_eq!(duolog(words), Ok(Exit::Pass), "{words:?}");
    }
}

#[test]
fn what_is_not_there_is_named_with_a_remedy() {
    let (root, data) = appended(&[b"one\n"]);
    let nowhere = root.path().join("nowhere");
    let (path, nowhere) = (data.to_str().unwrap(), nowhere.to_str().unwrap());
    for (words, named) in [
        (&["log", "tail", nowhere, "orders"][..], "--create"),
        (&["log", "inspect", nowhere], "no storage directory"),
        (&["log", "append", nowhere, "orders"], "--create"),
        (&["log", "tail", path, "others"], "there is orders"),
        (&["log", "tail", path, "orders", "-p", "2"], "it has 2"),
        (&["log", "inspect", path, "orders", "-p", "9"], "it has 2"),
    ] {
        let (exit, text) = duolog(words).unwrap_err();
        assert_eq!(exit, Exit::Environment, "{text}");
        assert!(text.contains(named), "{named:?} is not in: {text}");
    }
    assert!(!Path::new(nowhere).exists(), "looking makes nothing");
    let bad = duolog(&["log", "append", path, "Bad/Name", "--create", "no-such-file"]);
    assert_eq!(bad.unwrap_err().0, Exit::Environment);
    assert!(parse_from("yesterday").unwrap_err().contains("earliest"));
    assert_eq!(parse_from("17"), Ok(From::Sequence(17)));
}

#[test]
fn a_message_is_printed_whole_or_as_an_object() {
    let message = duolog::types::ReadMessage {
        sequence: 7,
        epoch: 2,
        offset: duolog::types::SegmentOffset::default(),
        id: "line-7".into(),
        timestamp_us: -5,
        key: Some(bytes::Bytes::from_static(b"key")),
        headers: Vec::new(),
        payload: bytes::Bytes::from_static(b"\xff\n"),
        attributes: 0,
    };
    assert_eq!(message::line(&message, Format::Human, false), b"\xff\n\n");
    assert_eq!(message::line(&message, Format::Human, true), b"7\t0.0@0\t-5\tline-7\t\xff\n\n");
    let line = message::line(&message, Format::Json, false);
    let object: serde_json::Value = serde_json::from_slice(&line).unwrap();
    assert_eq!(object["payload_base64"], "/wo=");
    assert_eq!((&object["key"], &object["sequence"]), (&"key".into(), &"7".into()));
}

#[test]
fn a_storage_directory_is_checked_and_damage_is_found() {
    let (_root, data) = appended(&[b"one\ntwo\nthree\n"]);
    let path = data.to_str().unwrap();
    let whole = if cfg!(feature = "rocks") { Exit::Pass } else { Exit::Inconclusive };
    assert_eq!(duolog(&["check", path]), Ok(whole));
    assert_eq!(duolog(&["check", path, "--message-format", "json"]), Ok(whole));
    let partition = data.join("orders/0");
    let mut files = std::fs::read_dir(&partition).unwrap().map(|entry| entry.unwrap().path());
    let is_segment = |path: &PathBuf| path.extension().is_some_and(|end| end == "seg");
    let segment = files.find(is_segment).unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    let at = bytes.windows(3).position(|window| window == b"two").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    assert_eq!(duolog(&["check", path]), Ok(Exit::Violation));
    std::fs::write(data.join("FORMAT"), "duolog\nformat 9\nreader_min 9\nwriter_min 9\n").unwrap();
    for command in [&["check", path][..], &["log", "inspect", path]] {
        assert_eq!(duolog(command).unwrap_err().0, Exit::Format);
    }
}
