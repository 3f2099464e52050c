//! Records events while they happen.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::event::{Call, Event, Failure, Kind, Outcome, Reply};

type Sink = Arc<Mutex<Vec<Event>>>;

/// Collects the events of a run. All processes of the run share one.
#[derive(Default)]
pub struct Recorder {
    stamps: AtomicU64,
    sinks: Mutex<Vec<Sink>>,
}

impl Recorder {
    fn stamp(&self) -> u64 {
        // One counter for all, in one order that every actor agrees on.
        self.stamps.fetch_add(1, Ordering::SeqCst)
    }

    /// A journal for an actor of a process.
    pub fn journal(self: &Arc<Self>, process: u32, actor: u32) -> Journal {
        let sink = Sink::default();
        self.sinks.lock().unwrap_or_else(PoisonError::into_inner).push(sink.clone());
        Journal { recorder: self.clone(), sink, process, actor }
    }

    /// All events so far that ended or were given up.
    pub fn take(&self) -> Vec<Event> {
        let sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        let mut events = Vec::new();
        for sink in sinks.iter() {
            events.append(&mut sink.lock().unwrap_or_else(PoisonError::into_inner));
        }
        events
    }

    /// How many stamps were drawn: two for each operation that returned.
    pub fn progress(&self) -> u64 {
        self.stamps.load(Ordering::Relaxed)
    }
}

/// Where one actor's events go.
#[derive(Clone)]
pub struct Journal {
    recorder: Arc<Recorder>,
    sink: Sink,
    process: u32,
    actor: u32,
}

impl Journal {
    /// Notes that a call begins. Where the result is dropped without a word about how the call
    /// ended, its outcome is unknown: this is what a kill leaves behind.
    pub fn begin(&self, session: u32, lane: u32, call: Call, now_us: u64) -> Pending {
        Pending {
            journal: self.clone(),
            event: Some(Event {
                process: self.process,
                actor: self.actor,
                session,
                lane,
                invoked: self.recorder.stamp(),
                returned: None,
                invoked_us: now_us,
                intended_us: None,
                returned_us: now_us,
                call,
                outcome: unknown(Kind::Died, ""),
            }),
        }
    }

    /// The process of this journal.
    pub fn process(&self) -> u32 {
        self.process
    }

    fn keep(&self, event: Event) {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}

fn unknown(kind: Kind, text: &str) -> Outcome {
    Outcome::Unknown(Failure { kind, text: text.into() })
}

/// A call under way.
pub struct Pending {
    journal: Journal,
    event: Option<Event>,
}

impl Pending {
    /// It returned.
    pub fn end(mut self, outcome: Outcome, now_us: u64) {
        if let Some(mut event) = self.event.take() {
            if event.returned.is_none() {
                event.returned = Some(self.journal.recorder.stamp());
                event.returned_us = now_us;
            }
            event.outcome = outcome;
            self.journal.keep(event);
        }
    }

    /// It returned; what it answered follows, once it was looked at.
    pub fn returned(mut self, now_us: u64) -> Self {
        if let Some(event) = &mut self.event {
            event.returned = Some(self.journal.recorder.stamp());
            event.returned_us = now_us;
        }
        self
    }

    /// Notes when it was to begin, where that is said.
    pub fn intended(mut self, intended_us: Option<u64>) -> Self {
        if let Some(event) = &mut self.event {
            event.intended_us = intended_us;
        }
        self
    }

    /// It is not worth keeping: a try that is made again.
    pub fn forget(mut self) {
        self.event = None;
    }

    /// It returned with success.
    pub fn ok(self, reply: Reply, now_us: u64) {
        self.end(Outcome::Ok(reply), now_us);
    }

    /// The caller dropped it: it never returned.
    pub fn dropped(mut self, now_us: u64) {
        if let Some(mut event) = self.event.take() {
            event.returned_us = now_us;
            event.outcome = unknown(Kind::Dropped, "");
            self.journal.keep(event);
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(event) = self.event.take() {
            self.journal.keep(event);
        }
    }
}
