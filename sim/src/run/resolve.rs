//! From messages and entries to what a history says of them.

use duolog::types::{Message, MessageMeta, ReadMessage};

use crate::history::{Found, Kind, Place, Run};
use crate::plan::{Content, Mark};

use super::subject::{Answer, SubjectReader};

/// Which message of `lane` this is, and whether it is damaged.
fn identify(content: &Content, lane: u32, message: &ReadMessage) -> (u32, u64, bool) {
    let same = |expected: &Message| {
        expected.id == message.id
            && expected.timestamp_us == Some(message.timestamp_us)
            && expected.key == message.key
            && expected.headers == message.headers
            && expected.payload == message.payload
            && expected.attributes == message.attributes
    };
    match content.check(message.key.as_deref(), same) {
        Some((Mark { lane: marked, producer, counter }, whole)) if marked == lane => {
            (producer, counter, !whole)
        }
        _ => (Run::FOREIGN, 0, true),
    }
}

/// The runs that these messages make.
pub(super) fn runs(content: &Content, lane: u32, messages: &[ReadMessage]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for message in messages {
        let (producer, first, damaged) = identify(content, lane, message);
        let place = Place::from(message.offset);
        let run = Run { sequence: message.sequence, count: 1, producer, first, place, damaged };
        if !runs.last_mut().is_some_and(|last| last.extend(&run)) {
            runs.push(run);
        }
    }
    runs
}

/// How many entries of one answer are compared with their records.
const RECORDS_MAX: usize = 4;

/// What an answer says; looks at the records of the first few entries.
pub(super) async fn found<R: SubjectReader>(
    reader: &R,
    content: &Content,
    lane: u32,
    entries: &[MessageMeta],
) -> Vec<Found> {
    let mut found = Vec::with_capacity(entries.len());
    for (nth, entry) in entries.iter().enumerate() {
        let mut one = Found {
            sequence: entry.sequence,
            place: Place::from(entry.offset),
            timestamp_us: entry.timestamp_us,
            record: None,
            differs: false,
            unreadable: false,
        };
        if nth < RECORDS_MAX {
            let record = reader.read_at(lane, entry.offset).await;
            compare(content, lane, entry, record, &mut one);
        }
        found.push(one);
    }
    found
}

fn compare(
    content: &Content,
    lane: u32,
    entry: &MessageMeta,
    record: Answer<ReadMessage>,
    one: &mut Found,
) {
    match record {
        Ok(record) => {
            let (producer, counter, damaged) = identify(content, lane, &record);
            one.record = Some((producer, counter));
            one.differs = damaged
                || record.id != entry.msg_id
                || record.sequence != entry.sequence
                || record.timestamp_us != entry.timestamp_us;
        }
        // Retention may have taken the record in between; a handle may have been closed.
        Err(refusal) if matches!(refusal.failure.kind, Kind::Trimmed | Kind::Closed) => {}
        // The disk failed: what lies there nobody knows.
        Err(refusal) if refusal.failure.names_fault() => {}
        Err(refusal) if refusal.failure.kind == Kind::Corrupt => one.unreadable = true,
        Err(_) => {
            one.record = Some((Run::FOREIGN, 0));
            one.differs = true;
        }
    }
}
