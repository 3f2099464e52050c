//! Draws plans. Whole kinds of operations are off in some plans, so that what one of them breaks
//! does not hide what the others do.

use crate::seed::{Stream, salt};

use super::key::Key;
use super::operation::{Effect, Families, Hold, Operation, ReadKind, Role, Write};
use super::plan::{FORMAT, ProbePlan, Race, Tier};
use super::settings::{Memtable, Settings};

/// How many operations a plan has.
const LENGTHS: std::ops::Range<u64> = 60..180;
/// Readers that a plan knows.
const READERS: u64 = 3;

/// The plan of a seed.
pub fn draw(seed: u64, tier: Tier) -> ProbePlan {
    let mut options = Stream::new(seed, salt::PROBE_SETTINGS);
    let mut settings = Settings::draw(&mut options);
    let mut steps = Stream::new(seed, salt::PROBE_STEPS);
    let race = (tier == Tier::Racing).then(|| race(&mut steps));
    if race.is_some() {
        settings.watches_bytes = false;
        // The operations come again and again: files would pile up, and every read be slow.
        settings.merges_by_itself = true;
        // Each read sorts a copy of all that a secondary ever replayed.
        if settings.memtable == Memtable::Vector {
            settings.memtable = Memtable::SkipList;
        }
    }
    let weights = Weights::draw(&mut steps, tier);
    let has_ranges = steps.chance(1, 4);
    let mut draw = Draw { weights, settings: &settings, steps, has_ranges };
    let length = match race {
        Some(_) => draw.steps.range(4..40),
        None => draw.steps.range(LENGTHS),
    };
    let mut operations = Vec::new();
    if race.is_none() {
        operations.push(draw.open_reader(0));
    }
    while operations.len() < usize::try_from(length).unwrap_or(0) {
        let kind = draw.weights.pick(&mut draw.steps);
        draw.operation(kind, &mut operations);
    }
    if race.is_none() {
        operations.push(Operation::Silence);
    }
    ProbePlan { format: FORMAT, seed, settings, race, operations }
}

fn race(steps: &mut Stream) -> Race {
    Race {
        readers: u8::try_from(steps.range(1..3)).unwrap_or(1),
        catch_ups: 150,
        inserts: steps.chance(1, 2),
        flush_every: *steps.pick(&[0, 1, 2, 5, 20]),
    }
}

/// A kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Write,
    Batch,
    NoWal,
    Ingest,
    Flush,
    FlushWal,
    Compact,
    SwitchWal,
    Family,
    Reopen,
    OpenReader,
    CloseReader,
    CatchUp,
    Observe,
    Read,
    Hold,
    Refused,
    Silence,
}

/// How often kinds come about. Those that a plan has not got weigh nothing.
struct Weights(Vec<(Kind, u64)>);

/// The kind, its weight, in how many of eight plans it is on, and whether it is for racing plans.
const WEIGHTS: [(Kind, u64, u64, bool); 18] = [
    (Kind::Write, 22, 8, true),
    (Kind::Batch, 8, 5, true),
    (Kind::NoWal, 8, 2, true),
    (Kind::Ingest, 3, 3, true),
    (Kind::Flush, 6, 6, true),
    (Kind::FlushWal, 4, 8, true),
    (Kind::Compact, 2, 4, true),
    (Kind::SwitchWal, 3, 3, true),
    (Kind::Family, 1, 2, false),
    (Kind::Reopen, 1, 3, false),
    (Kind::OpenReader, 2, 6, false),
    (Kind::CloseReader, 1, 5, false),
    (Kind::CatchUp, 16, 8, false),
    (Kind::Observe, 14, 8, false),
    (Kind::Read, 10, 5, false),
    (Kind::Hold, 2, 4, false),
    (Kind::Refused, 1, 2, false),
    (Kind::Silence, 1, 4, false),
];

impl Weights {
    fn draw(steps: &mut Stream, tier: Tier) -> Self {
        let mut weights = Vec::new();
        for (kind, weight, plans, races) in WEIGHTS {
            // Each weight takes the same draws, whether it is used or not.
            let (is_on, often) = (steps.chance(plans, 8), steps.range(1..4));
            if is_on && (races || tier == Tier::Deterministic) {
                weights.push((kind, weight * often));
            }
        }
        Self(weights)
    }

    fn pick(&self, steps: &mut Stream) -> Kind {
        let sum = self.0.iter().map(|(_, weight)| weight).sum();
        let mut at = steps.below(sum);
        for (kind, weight) in &self.0 {
            match at.checked_sub(*weight) {
                Some(rest) => at = rest,
                None => return *kind,
            }
        }
        Kind::Write
    }
}

struct Draw<'a> {
    steps: Stream,
    weights: Weights,
    settings: &'a Settings,
    /// Whether ranges are deleted: what that is known to break ends the process.
    has_ranges: bool,
}

impl Draw<'_> {
    fn operation(&mut self, kind: Kind, operations: &mut Vec<Operation>) {
        match kind {
            Kind::Write => operations.push(self.write(1, true)),
            Kind::Batch => {
                let count = self.steps.range(2..7);
                operations.push(self.write(count, true));
            }
            Kind::NoWal => {
                let count = self.steps.range(1..4);
                operations.push(self.write(count, false));
            }
            Kind::Ingest => operations.push(self.ingest()),
            Kind::Flush => {
                let all = Families(Families::first(Families::MAX).0);
                let one = Families(1 << self.family());
                let families = if self.steps.chance(1, 3) { all } else { one };
                operations.push(Operation::Flush { families });
            }
            Kind::FlushWal if self.settings.manual_wal_flush => {
                operations.push(Operation::FlushWal);
            }
            Kind::FlushWal => {}
            Kind::Compact => {
                let family = self.family();
                operations.push(Operation::Compact { family });
            }
            Kind::SwitchWal => operations.push(Operation::SwitchWal),
            Kind::Family => {
                let family = self.any_family();
                let makes = self.steps.chance(1, 2);
                operations.push(match makes {
                    true => Operation::Create { family },
                    false => Operation::Drop { family },
                });
            }
            Kind::Reopen => operations.extend([Operation::Close, Operation::Open]),
            Kind::OpenReader => {
                let reader = self.reader();
                let open = self.open_reader(reader);
                operations.push(open);
            }
            Kind::CloseReader => {
                let reader = self.reader();
                operations.push(Operation::CloseReader { reader });
            }
            Kind::CatchUp => operations.push(Operation::CatchUp { reader: self.reader() }),
            Kind::Observe => operations.push(Operation::Observe { reader: self.instance() }),
            Kind::Read => {
                let (reader, family) = (self.instance(), self.family());
                let kind = *self.steps.pick(&ReadKind::ALL);
                operations.push(Operation::Read { reader, family, kind });
            }
            Kind::Hold => {
                let reader = self.reader();
                let hold = *self.steps.pick(&[Hold::Iterator, Hold::Iterator, Hold::Snapshot]);
                let span = u8::try_from(self.steps.range(1..12)).unwrap_or(1);
                operations.push(Operation::Hold { reader, hold, span });
            }
            Kind::Refused => operations.push(Operation::WriteToReader { reader: self.reader() }),
            Kind::Silence => operations.push(Operation::Silence),
        }
    }

    fn open_reader(&mut self, reader: u8) -> Operation {
        let role = if self.steps.chance(3, 4) { Role::Secondary } else { Role::Frozen };
        let some = u8::try_from(self.steps.range(1..16)).unwrap_or(1);
        let all = self.steps.chance(2, 3);
        let families = if all { Families::first(Families::MAX) } else { Families(some) };
        // The first one always follows: it is what most rules are about.
        let role = if reader == 0 { Role::Secondary } else { role };
        Operation::OpenReader { reader, role, families }
    }

    fn reader(&mut self) -> u8 {
        // Mostly the first.
        let below = if self.steps.chance(1, 2) { 1 } else { READERS };
        u8::try_from(self.steps.below(below)).unwrap_or(0)
    }

    fn instance(&mut self) -> Option<u8> {
        let is_reader = self.steps.chance(7, 8);
        let reader = self.reader();
        is_reader.then_some(reader)
    }

    fn family(&mut self) -> u8 {
        u8::try_from(self.steps.below(self.settings.families.into())).unwrap_or(0)
    }

    fn any_family(&mut self) -> u8 {
        u8::try_from(self.steps.below(Families::MAX.into())).unwrap_or(0)
    }

    fn write(&mut self, count: u64, wal: bool) -> Operation {
        let writes = (0..count).map(|_| self.one_write()).collect();
        Operation::Write { writes, wal }
    }

    fn one_write(&mut self) -> Write {
        let family = if self.steps.chance(1, 16) { self.any_family() } else { self.family() };
        let is_single = self.steps.chance(1, 8);
        let (plain, single) = (self.plain(), self.steps.range(Key::PLAIN.into()..8));
        let effect = self.steps.below(16);
        let span = u32::try_from(self.steps.range(1..4)).unwrap_or(1);
        if is_single {
            let effect = if effect < 8 { Effect::Put } else { Effect::SingleDelete };
            return Write { family, key: Key(u32::try_from(single).unwrap_or(6)), effect };
        }
        let effect = match effect {
            0..8 => Effect::Put,
            8..11 => Effect::Merge,
            11..14 => Effect::Delete,
            _ if !self.has_ranges => Effect::Put,
            _ => Effect::DeleteRange((plain + span).min(Key::PLAIN)),
        };
        Write { family, key: Key(plain), effect }
    }

    fn ingest(&mut self) -> Operation {
        let family = self.family();
        let chosen = self.steps.range(1..1 << Key::PLAIN);
        let keys = (0..Key::PLAIN).filter(|key| chosen & (1 << key) != 0).map(Key).collect();
        Operation::Ingest { family, keys }
    }

    fn plain(&mut self) -> u32 {
        u32::try_from(self.steps.below(Key::PLAIN.into())).unwrap_or(0)
    }
}
