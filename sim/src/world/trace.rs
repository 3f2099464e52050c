//! What a run did, event by event: the proof that a seed gives one run and no other.

use std::fmt::Write as _;
use std::path::Path;

use xxhash_rust::xxh3::Xxh3;

/// One thing that happened. Its fields may hold numbers of the run only: no address, thread,
/// process id, environment or time of the machine.
pub(super) struct Event<'a> {
    /// What kind of thing.
    pub(super) kind: Kind,
    /// The name of the task, call or note; empty where there is none.
    pub(super) name: &'a str,
    /// What it was done to.
    pub(super) path: Option<&'a Path>,
    /// Numbers and what they mean.
    pub(super) fields: &'a [(&'static str, u64)],
}

/// Kinds of events. The numbers are part of the hash.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum Kind {
    /// A task was added.
    Spawn = 1,
    /// A task is polled.
    Poll = 2,
    /// A task became ready.
    Wake = 3,
    /// A task ended.
    End = 4,
    /// A number was drawn from a stream.
    Draw = 5,
    /// Time went on to the next timer.
    Jump = 6,
    /// A call of the world begins.
    Call = 7,
    /// A call of the world took effect.
    Effect = 8,
    /// A call of the world answers.
    Answer = 9,
    /// A step of the engine.
    Step = 10,
    /// A process began.
    Start = 11,
    /// A process was killed.
    Kill = 12,
    /// What the harness wants to be part of the trace.
    Note = 13,
    /// The power was cut.
    Power = 14,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Kind::Spawn => "spawn",
            Kind::Poll => "poll",
            Kind::Wake => "wake",
            Kind::End => "end",
            Kind::Draw => "draw",
            Kind::Jump => "jump",
            Kind::Call => "call",
            Kind::Effect => "effect",
            Kind::Answer => "answer",
            Kind::Step => "step",
            Kind::Start => "start",
            Kind::Kill => "kill",
            Kind::Note => "note",
            Kind::Power => "power",
        }
    }
}

/// The events of a run as a running hash, and as lines where they are wanted.
pub(super) struct Trace {
    hasher: Box<Xxh3>,
    count: u64,
    lines: Option<Vec<String>>,
}

/// What the trace of a run comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceSummary {
    /// Hash over all events, the same whether lines are kept or not.
    pub hash: u128,
    /// How many events there were.
    pub count: u64,
    /// A line an event; empty where they were not kept.
    pub lines: Vec<String>,
}

impl Trace {
    /// Hash and count only.
    pub(super) fn hash_only() -> Self {
        Self { hasher: Box::default(), count: 0, lines: None }
    }

    /// Hash, count and a line an event.
    pub(super) fn keep() -> Self {
        Self { lines: Some(Vec::new()), ..Self::hash_only() }
    }

    /// What there is so far.
    pub(super) fn summary(&self) -> TraceSummary {
        let lines = self.lines.clone().unwrap_or_default();
        TraceSummary { hash: self.hasher.digest128(), count: self.count, lines }
    }

    /// Adds an event at `now_us`.
    pub(super) fn add(&mut self, now_us: u64, event: &Event<'_>) {
        self.count += 1;
        let path = event.path.map_or(&[][..], |path| path.as_os_str().as_encoded_bytes());
        let lengths = (event.kind as u64)
            | (event.fields.len() as u64) << 8
            | (event.name.len() as u64) << 16
            | (path.len() as u64) << 40;
        let mut words = [0u8; 80];
        words[..8].copy_from_slice(&lengths.to_le_bytes());
        words[8..16].copy_from_slice(&now_us.to_le_bytes());
        let mut used = 16;
        for (_, value) in event.fields {
            words[used..used + 8].copy_from_slice(&value.to_le_bytes());
            used += 8;
        }
        self.hasher.update(&words[..used]);
        if !event.name.is_empty() {
            self.hasher.update(event.name.as_bytes());
        }
        if !path.is_empty() {
            self.hasher.update(path);
        }
        if let Some(lines) = &mut self.lines {
            lines.push(line(now_us, event));
        }
    }
}

fn line(now_us: u64, event: &Event<'_>) -> String {
    let mut line = format!("{now_us} {}", event.kind.word());
    let written = (|| {
        if !event.name.is_empty() {
            write!(line, " {}", event.name)?;
        }
        if let Some(path) = event.path {
            write!(line, " {}", path.display())?;
        }
        event.fields.iter().try_for_each(|(name, value)| write!(line, " {name}={value}"))
    })();
    written.expect("writing to a string cannot fail");
    line
}
