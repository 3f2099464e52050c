//! Histories as files: one JSON object a line, the header first.

use std::io::{self, BufRead, BufReader, Write};

use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::{Event, HISTORY_VERSION, Header, History};

/// Why a history could not be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Reading failed.
    #[error("reading the history: {0}")]
    Io(#[from] io::Error),
    /// A line is not what it should be.
    #[error("line {line} of the history: {what}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// It is of another version.
    #[error("the history has version {0}, this build reads {HISTORY_VERSION}: use a newer duolog")]
    Version(u32),
}

/// Writes a history.
pub fn write(history: &History, mut to: impl Write) -> io::Result<()> {
    let mut line = serde_json::to_vec(&history.header)?;
    line.push(b'\n');
    to.write_all(&line)?;
    for event in &history.events {
        line.clear();
        serde_json::to_writer(&mut line, event)?;
        line.push(b'\n');
        to.write_all(&line)?;
    }
    to.flush()
}

/// The name of a history in the directory of a run.
pub const FILE_NAME: &str = "history.jsonl.gz";

/// The first bytes of a gzip file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Writes a history, compressed with gzip: `zcat` shows it.
pub fn write_compressed(history: &History, to: impl Write) -> io::Result<()> {
    // The fastest level makes a tenth of it already.
    let mut encoder = io::BufWriter::new(GzEncoder::new(to, Compression::fast()));
    write(history, &mut encoder)?;
    encoder.into_inner().map_err(io::IntoInnerError::into_error)?.finish()?.flush()
}

/// Reads a history, compressed or not.
pub fn read(mut from: impl BufRead) -> Result<History, HistoryError> {
    if from.fill_buf()?.starts_with(&GZIP_MAGIC) {
        return read_plain(BufReader::new(MultiGzDecoder::new(from)));
    }
    read_plain(from)
}

fn read_plain(from: impl BufRead) -> Result<History, HistoryError> {
    let mut lines = from.lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let header: Header = parse(&first, 1)?;
    if header.version != HISTORY_VERSION {
        return Err(HistoryError::Version(header.version));
    }
    let mut events: Vec<Event> = Vec::new();
    for (index, line) in lines.enumerate() {
        let line = line?;
        if !line.is_empty() {
            events.push(parse(&line, index + 2)?);
        }
    }
    events.sort_unstable_by_key(|event| event.invoked);
    Ok(History { header, events })
}

fn parse<'a, T: serde::Deserialize<'a>>(text: &'a str, line: usize) -> Result<T, HistoryError> {
    serde_json::from_str(text).map_err(|e| HistoryError::Line { line, what: e.to_string() })
}
