//! A file as lines, read as they are asked for.

// This is the outside: the file that the messages are taken from.
#![allow(clippy::disallowed_methods)]

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use duolog::types::MESSAGE_BYTES_MAX;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// Room that a message needs beside its payload: id, key, header, padding.
const MESSAGE_ROOM_BYTES: u64 = 4 << 10;

/// Longest line, inclusive.
const LINE_BYTES_MAX: u64 = MESSAGE_BYTES_MAX as u64 - MESSAGE_ROOM_BYTES;

/// A block ends with the first line that reaches this.
const BLOCK_BYTES: u64 = 64 << 10;

/// Bytes of the blocks that are kept in memory, unless one block alone has more.
const KEPT_BYTES: usize = 16 << 20;

/// Bytes read at a time while the file is gone through.
const READ_BYTES: usize = 1 << 20;

/// Why a file cannot be taken as lines.
#[derive(Debug, thiserror::Error)]
pub enum LinesError {
    /// It cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// It is a directory, a pipe, or the like.
    #[error("{path} is no regular file: it is read more than once, so save it as a file first")]
    NoFile {
        /// The path.
        path: String,
    },
    /// Its path cannot be written into a plan.
    #[error("{path} is not UTF-8, as a path in a plan must be: rename the file, or link to it")]
    Path {
        /// The path, as far as it can be told.
        path: String,
    },
    /// It has no line.
    #[error("{path} is empty: there is no message in it")]
    Empty {
        /// The file.
        path: String,
    },
    /// A line is longer than a message may be.
    #[error(
        "{path}, line {line}: it has {bytes} bytes, a message has room for {LINE_BYTES_MAX}: \
         cut it first, with `fold -b -w {LINE_BYTES_MAX}` for example"
    )]
    Long {
        /// The file.
        path: String,
        /// The line, from 1.
        line: u64,
        /// Its bytes, without the line end.
        bytes: u64,
    },
    /// It is not the file that a plan was made with.
    #[error("{path} has changed since the plan was made: put the file back, or make a new plan")]
    Changed {
        /// The file.
        path: String,
    },
}

/// Whole lines that are read together.
#[derive(Clone, Copy, Debug)]
struct Block {
    first_line: u64,
    offset: u64,
    digest: u64,
}

/// A block in memory.
struct Loaded {
    block: usize,
    bytes: Bytes,
    /// Where each line begins, and behind them where one more would.
    starts: Vec<u32>,
}

/// A file as lines. A line is what stands between two line feeds, carriage returns and all; the
/// last one may lack its line feed. Held in memory are a few blocks and one entry of 24 bytes for
/// each block of 64 KiB or more.
pub struct LineFile {
    path: String,
    file: File,
    size_bytes: u64,
    line_count: u64,
    longest_bytes: u64,
    digest: u64,
    blocks: Vec<Block>,
    kept: Mutex<VecDeque<Arc<Loaded>>>,
    trouble: OnceLock<String>,
}

impl LineFile {
    /// Goes through the file once.
    ///
    /// # Errors
    /// Where it cannot be read, is no file, is empty, or has a line that no message can hold.
    pub fn open(path: &Path) -> Result<Self, LinesError> {
        let told = path.display().to_string();
        let io = |source| LinesError::Io { path: told.clone(), source };
        let path = path.canonicalize().map_err(io)?;
        let path = path.into_os_string().into_string();
        let path = path.map_err(|_| LinesError::Path { path: told.clone() })?;
        let mut file = File::open(&path).map_err(io)?;
        if !file.metadata().map_err(io)?.is_file() {
            return Err(LinesError::NoFile { path });
        }
        let mut survey = Survey::default();
        let mut buffer = vec![0; READ_BYTES];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => survey.take(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(io(error)),
            }
        }
        survey.end();
        if survey.line_count == 0 {
            return Err(LinesError::Empty { path });
        }
        let (longest_bytes, line) = survey.longest;
        if longest_bytes > LINE_BYTES_MAX {
            return Err(LinesError::Long { path, line: line + 1, bytes: longest_bytes });
        }
        Ok(Self {
            path,
            file,
            size_bytes: survey.size_bytes,
            line_count: survey.line_count,
            longest_bytes,
            digest: survey.digest.digest(),
            blocks: survey.blocks,
            kept: Mutex::default(),
            trouble: OnceLock::new(),
        })
    }

    /// Its path, from the root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its bytes.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// How many lines, from 1.
    pub fn line_count(&self) -> u64 {
        self.line_count
    }

    /// Bytes of the longest line, without its line end.
    pub fn longest_bytes(&self) -> u64 {
        self.longest_bytes
    }

    /// The XXH3 of all bytes.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Why what was read since cannot be relied on, where it cannot.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.get().cloned()
    }

    /// The bytes of a line, from 0, which must be below [`LineFile::line_count`]. They share
    /// memory with the block that they were read in.
    pub fn line(&self, line: u64) -> Bytes {
        let (from, to, block) = self.find(line);
        block.bytes.slice(from..to)
    }

    /// How many bytes a line has.
    pub fn line_bytes(&self, line: u64) -> u64 {
        let (from, to, _) = self.find(line);
        (to - from) as u64
    }

    fn find(&self, line: u64) -> (usize, usize, Arc<Loaded>) {
        let after = self.blocks.partition_point(|block| block.first_line <= line);
        let block = self.block(after - 1);
        let within = usize::try_from(line - self.blocks[after - 1].first_line);
        let within = within.expect("a block fits into memory");
        match block.starts.get(within..within + 2) {
            Some(&[from, next]) => (from as usize, next as usize - 1, block),
            // The file was changed: that is noted, and what the line holds is of no account.
            _ => (0, 0, block),
        }
    }

    fn block(&self, index: usize) -> Arc<Loaded> {
        if let Some(known) = self.take_up(index) {
            return known;
        }
        let loaded = Arc::new(self.load(index));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(loaded.clone());
        while kept.len() > 1 && kept.iter().map(|one| one.bytes.len()).sum::<usize>() > KEPT_BYTES {
            kept.pop_front();
        }
        loaded
    }

    /// The block where it is kept; it was used last then.
    fn take_up(&self, index: usize) -> Option<Arc<Loaded>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().rposition(|one| one.block == index)?;
        let found = kept.remove(place)?;
        kept.push_back(found.clone());
        Some(found)
    }

    fn load(&self, index: usize) -> Loaded {
        let block = self.blocks[index];
        let end = self.blocks.get(index + 1).map_or(self.size_bytes, |next| next.offset);
        let length = usize::try_from(end - block.offset).expect("a block fits into memory");
        let mut bytes = vec![0; length];
        let read = self.file.read_exact_at(&mut bytes, block.offset);
        let trouble = match read {
            Err(error) => Some(format!("{}: {error}", self.path)),
            Ok(()) if xxh3_64(&bytes) != block.digest => {
                Some(format!("{} was changed while it was read", self.path))
            }
            Ok(()) => None,
        };
        if let Some(trouble) = trouble {
            // The first one is told.
            let _ = self.trouble.set(trouble);
        }
        let narrow = |at: usize| u32::try_from(at).expect("a block is shorter than 4 GiB");
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', &bytes).map(|at| narrow(at + 1)));
        if bytes.last() != Some(&b'\n') {
            // The last line of the file, without its line end.
            starts.push(narrow(length + 1));
        }
        Loaded { block: index, bytes: Bytes::from(bytes), starts }
    }
}

/// What is learnt by going through a file once.
#[derive(Default)]
struct Survey {
    size_bytes: u64,
    line_count: u64,
    /// Bytes and number of the longest line.
    longest: (u64, u64),
    digest: Xxh3,
    blocks: Vec<Block>,
    /// Where the line begins that is being read, and the block.
    line_start: u64,
    block_start: u64,
    block_first_line: u64,
    block_digest: Xxh3,
}

impl Survey {
    fn take(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        let mut hashed = 0;
        for at in memchr::memchr_iter(b'\n', bytes) {
            let end = self.size_bytes + at as u64;
            self.line(end);
            self.line_start = end + 1;
            if end + 1 - self.block_start >= BLOCK_BYTES {
                self.block_digest.update(&bytes[hashed..=at]);
                hashed = at + 1;
                self.close_block();
            }
        }
        self.block_digest.update(&bytes[hashed..]);
        self.size_bytes += bytes.len() as u64;
    }

    fn line(&mut self, end: u64) {
        let bytes = end - self.line_start;
        if bytes > self.longest.0 {
            self.longest = (bytes, self.line_count);
        }
        self.line_count += 1;
    }

    fn close_block(&mut self) {
        self.blocks.push(Block {
            first_line: self.block_first_line,
            offset: self.block_start,
            digest: self.block_digest.digest(),
        });
        self.block_digest.reset();
        self.block_start = self.line_start;
        self.block_first_line = self.line_count;
    }

    fn end(&mut self) {
        if self.size_bytes > self.line_start {
            self.line(self.size_bytes);
            self.line_start = self.size_bytes;
        }
        if self.line_count > self.block_first_line {
            self.close_block();
        }
    }
}
