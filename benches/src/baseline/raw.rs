//! A file of checksummed records and nothing else: the limit of any log.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use duolog::types::Message;
use tempfile::TempDir;

use crate::Outcome;
use crate::workload::Durability;

/// As many bytes as the engine's record and frame headers have, so that both write the same.
const RECORD_HEADER_BYTES: usize = 40;
const FRAME_HEADER_BYTES: usize = 64;
const ALIGNMENT_BYTES: usize = 8;
/// Where buffered bytes are written: the engine's default.
const BUFFERED_BYTES: usize = 256 << 10;
const READ_BYTES: usize = 256 << 10;
const FILL_BYTES: usize = 1 << 20;

const AT_LENGTH: usize = 4;
const AT_SEQUENCE: usize = 8;
const AT_ID_LENGTH: usize = 16;
const AT_BODY_LENGTH: usize = 4;
const AT_COUNT: usize = 8;

/// One file, written by position: a frame a batch, with a CRC-32C for each record.
pub(crate) struct RawLog {
    file: File,
    offset: u64,
    sequence: u64,
    buffer: Vec<u8>,
    _directory: TempDir,
}

impl RawLog {
    /// An empty file below `parent`.
    pub(crate) fn create(parent: &Path) -> Outcome<Self> {
        let directory = TempDir::new_in(parent)?;
        let path = directory.path().join("raw");
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        Ok(Self { file, offset: 0, sequence: 0, buffer: Vec::new(), _directory: directory })
    }

    /// A file below `parent` of so many zeros, forced to disk: what is written over them has its
    /// place on disk already.
    pub(crate) fn create_filled(parent: &Path, bytes: u64) -> Outcome<Self> {
        let raw = Self::create(parent)?;
        let zeros = vec![0; FILL_BYTES];
        for offset in (0..bytes).step_by(FILL_BYTES) {
            raw.file.write_all_at(&zeros, offset)?;
        }
        raw.file.sync_all()?;
        Ok(raw)
    }

    /// Writes one batch.
    pub(crate) fn append(&mut self, batch: &[Message], ack: Durability) -> Outcome<()> {
        self.encode(batch);
        if ack != Durability::Buffered || self.buffer.len() >= BUFFERED_BYTES {
            self.flush()?;
        }
        if ack == Durability::Synced {
            self.file.sync_data()?;
        }
        Ok(())
    }

    /// Writes what is buffered, and forces all to disk.
    pub(crate) fn settle(&mut self) -> Outcome<()> {
        self.flush()?;
        Ok(self.file.sync_data()?)
    }

    /// The bytes written.
    #[cfg(test)]
    pub(crate) fn length_bytes(&self) -> u64 {
        self.offset
    }

    fn flush(&mut self) -> Outcome<()> {
        self.file.write_all_at(&self.buffer, self.offset)?;
        self.offset += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn encode(&mut self, batch: &[Message]) {
        let frame = self.buffer.len();
        self.buffer.resize(frame + FRAME_HEADER_BYTES, 0);
        for message in batch {
            let start = self.buffer.len();
            self.buffer.resize(start + RECORD_HEADER_BYTES, 0);
            self.buffer.extend_from_slice(message.id.as_bytes());
            self.buffer.extend_from_slice(&message.payload);
            let record = &mut self.buffer[start..];
            let length = record.len() as u32;
            put(record, AT_LENGTH, &length.to_le_bytes());
            put(record, AT_SEQUENCE, &self.sequence.to_le_bytes());
            put(record, AT_ID_LENGTH, &(message.id.len() as u16).to_le_bytes());
            let checksum = crc32c::crc32c(&record[AT_LENGTH..]);
            put(record, 0, &checksum.to_le_bytes());
            self.sequence += 1;
        }
        let body_bytes = self.buffer.len() - frame - FRAME_HEADER_BYTES;
        let padded = self.buffer.len().next_multiple_of(ALIGNMENT_BYTES);
        self.buffer.resize(padded, 0);
        let header = &mut self.buffer[frame..frame + FRAME_HEADER_BYTES];
        put(header, AT_BODY_LENGTH, &(body_bytes as u32).to_le_bytes());
        put(header, AT_COUNT, &(batch.len() as u32).to_le_bytes());
        let checksum = crc32c::crc32c(&header[AT_BODY_LENGTH..]);
        put(header, 0, &checksum.to_le_bytes());
    }

    /// Reads the file from its begin to its end, checks every record, and counts them.
    ///
    /// # Errors
    /// Where a checksum does not hold or the file ends inside of a frame.
    pub(crate) fn read_all(&self) -> Outcome<usize> {
        let (mut held, mut at, mut count) = (Vec::with_capacity(2 * READ_BYTES), 0, 0);
        loop {
            let (frames_bytes, records) = parse(&held)?;
            count += records;
            held.drain(..frames_bytes);
            let kept = held.len();
            held.resize(kept + READ_BYTES, 0);
            let read = self.file.read_at(&mut held[kept..], at)?;
            held.truncate(kept + read);
            at += read as u64;
            if read == 0 {
                return if kept == 0 { Ok(count) } else { Err("the file ends in a frame".into()) };
            }
        }
    }
}

/// Checks the whole frames that `bytes` begin with: their length and how many records they hold.
fn parse(bytes: &[u8]) -> Outcome<(usize, usize)> {
    let (mut at, mut count) = (0, 0);
    while let Some(header) = bytes.get(at..at + FRAME_HEADER_BYTES) {
        if number(header, 0) != crc32c::crc32c(&header[AT_BODY_LENGTH..]) {
            return Err("the checksum of a frame does not hold".into());
        }
        let body_bytes = number(header, AT_BODY_LENGTH) as usize;
        let frame_bytes = (FRAME_HEADER_BYTES + body_bytes).next_multiple_of(ALIGNMENT_BYTES);
        if at + frame_bytes > bytes.len() {
            break;
        }
        let mut body = &bytes[at + FRAME_HEADER_BYTES..][..body_bytes];
        while !body.is_empty() {
            let length = body.get(..RECORD_HEADER_BYTES).map_or(0, |it| number(it, AT_LENGTH));
            let record = body.split_at_checked(length as usize);
            let (record, rest) = record
                .filter(|(record, _)| record.len() >= RECORD_HEADER_BYTES)
                .ok_or("the length of a record cannot be")?;
            if number(record, 0) != crc32c::crc32c(&record[AT_LENGTH..]) {
                return Err("the checksum of a record does not hold".into());
            }
            count += 1;
            body = rest;
        }
        at += frame_bytes;
    }
    Ok((at, count))
}

fn put(bytes: &mut [u8], at: usize, field: &[u8]) {
    bytes[at..at + field.len()].copy_from_slice(field);
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("a slice of four"))
}

#[cfg(test)]
mod tests;
