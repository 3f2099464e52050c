//! The engine's way of settling under racing catch-ups: chunks go to the index without a
//! write-ahead log, and the end of an unbroken chain of markers says what a secondary holds. Also
//! with a mistake planted, which must be seen: a write-ahead log under it, or the newest key
//! taken for coverage.

// The threads race on purpose, and RocksDB keeps real files.
#![allow(clippy::disallowed_methods)]

mod primary;
mod reader;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use duolog::index::rocks::{RocksBackend, RocksOptions, SettleMethod};
use serde::{Deserialize, Serialize};

use self::primary::Primary;

/// How chunks reach the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The engine's for short runs: a batch without a write-ahead log, then an atomic flush.
    Batch,
    /// The engine's for long runs: a file a family, taken in one after the other.
    Ingest,
    /// A mistake: a batch with a write-ahead log, flushed by RocksDB when it likes.
    Logged,
}

/// What is taken for coverage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// The engine's: the end of the chain of markers that all families share.
    Chain,
    /// A mistake: the newest key by position.
    LastKey,
}

/// A way of settling and of knowing what was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Scheme {
    /// How chunks reach the index.
    pub method: Method,
    /// What is taken for coverage.
    pub proof: Proof,
}

impl Scheme {
    /// Those that must hold, then those that must be seen not to.
    pub const ALL: [Self; 5] = [
        Self { method: Method::Batch, proof: Proof::Chain },
        Self { method: Method::Ingest, proof: Proof::Chain },
        Self { method: Method::Logged, proof: Proof::Chain },
        Self { method: Method::Logged, proof: Proof::LastKey },
        Self { method: Method::Ingest, proof: Proof::LastKey },
    ];

    /// Whether it must hold.
    pub fn must_hold(self) -> bool {
        self.method != Method::Logged && self.proof == Proof::Chain
    }
}

/// How often an invariant was looked at, how often it was broken, and how that showed first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    /// Looked at.
    pub checked: u64,
    /// Broken.
    pub broken: u64,
    /// How that showed first, in words.
    pub words: String,
}

impl Checks {
    /// Counts a check.
    fn check(&mut self, holds: bool, words: impl FnOnce() -> String) {
        self.checked += 1;
        self.broken += u64::from(!holds);
        if !holds && self.words.is_empty() {
            self.words = words();
        }
    }

    fn add(&mut self, other: Self) {
        self.checked += other.checked;
        self.broken += other.broken;
        if self.words.is_empty() {
            self.words = other.words;
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemeRun {
    /// Catch-ups that succeeded.
    pub catch_ups: u64,
    /// Those of them that brought something new.
    pub fresh: u64,
    /// Chunks that were settled.
    pub chunks: u64,
    /// I1: one catch-up covers all that was settled before it began.
    pub visibility: Checks,
    /// I5: coverage never goes back.
    pub monotonic: Checks,
    /// I8: an entry leads to its message.
    pub entries: Checks,
    /// I9: a message that is covered is found by id, by position and by time.
    pub lookups: Checks,
    /// Calls that failed.
    pub errors: Checks,
}

impl SchemeRun {
    /// Whether nothing was broken, with everything looked at.
    pub fn holds(&self) -> bool {
        self.checks().iter().all(|(_, checks)| checks.broken == 0) && self.lookups.checked > 0
    }

    /// The checks by the names of what they hold.
    pub fn checks(&self) -> [(&'static str, &Checks); 5] {
        [
            ("I1", &self.visibility),
            ("I5", &self.monotonic),
            ("I8", &self.entries),
            ("I9", &self.lookups),
            ("errors", &self.errors),
        ]
    }

    /// Adds another run.
    pub fn add(&mut self, other: Self) {
        self.catch_ups += other.catch_ups;
        self.fresh += other.fresh;
        self.chunks += other.chunks;
        self.visibility.add(other.visibility);
        self.monotonic.add(other.monotonic);
        self.entries.add(other.entries);
        self.lookups.add(other.lookups);
        self.errors.add(other.errors);
    }
}

/// Readers beside the one that settles.
const READERS: u32 = 2;

/// What the threads share.
struct Shared {
    backend: RocksBackend,
    scheme: Scheme,
    /// All sequences below it are settled.
    settled: AtomicU64,
    catch_ups: AtomicU32,
    catch_ups_max: u32,
    is_over: AtomicBool,
}

/// Settles and catches up so often, on a new database below `directory`.
pub fn run(scheme: Scheme, catch_ups_max: u32, directory: &Path) -> SchemeRun {
    let settle = match scheme.method {
        Method::Ingest => SettleMethod::Ingest,
        _ => SettleMethod::Batch,
    };
    let options = RocksOptions { settle, ..RocksOptions::default() };
    let shared = &Shared {
        backend: RocksBackend::new(options, Arc::new(|job| job())),
        scheme,
        settled: AtomicU64::new(0),
        catch_ups: AtomicU32::new(0),
        catch_ups_max,
        is_over: AtomicBool::new(false),
    };
    let mut sum = SchemeRun::default();
    let database = directory.join("index");
    let primary = match Primary::open(shared, &database) {
        Ok(primary) => primary,
        Err(error) => {
            sum.errors.check(false, || error);
            return sum;
        }
    };
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| primary.settle(shared));
        let readers: Vec<_> = (0..READERS)
            .map(|number| {
                let own = directory.join(format!("reader-{number}"));
                let database = &database;
                scope.spawn(move || reader::follow(shared, database, &own))
            })
            .collect();
        let joined = readers.into_iter().map(|reader| reader.join());
        let joined: Vec<_> = joined.collect();
        shared.is_over.store(true, Ordering::SeqCst);
        for one in joined.into_iter().chain([writer.join()]) {
            sum.add(one.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    });
    sum
}

/// The answer of a future that only waits for threads, which go on by themselves.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => std::thread::yield_now(),
        }
    }
}
