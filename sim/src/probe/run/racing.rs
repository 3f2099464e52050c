//! Runs a plan on threads: one does the plan's operations over and over, each reader catches a
//! secondary of its own up and reads it. What was seen is judged when all have ended.

// The threads race on purpose.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rocksdb::{DB, FlushOptions, SstFileWriter, WriteOptions};

use super::super::key::{Key, piece};
use super::super::model::{Keeper, Surely};
use super::super::observation::{FamilySeen, Instance, Moment, Observation};
use super::super::operation::{Effect, Families, Operation, ReadKind, Role, Write};
use super::super::options;
use super::super::plan::{ProbePlan, Race};
use super::super::rocks::{batch, handle, read, said};
use super::super::rule::errors::{self, Beside, Doing};
use super::super::rule::{Rule, backwards, cut, interval, sequence};
use super::super::store::{Answer, Numbered};
use super::super::violation::Violation;
use super::ProbeRun;
use super::state::State;

/// A write waits where so many keys were written since the slowest reader caught up: what piles
/// up would only make catch-ups long.
const AHEAD_MAX: u32 = 1_000;
/// In each round of this number merges are puts: values that only grow make every read long.
const ROUNDS_OF_MERGES: u32 = 8;

struct Racing<'a> {
    plan: &'a ProbePlan,
    race: Race,
    root: &'a Path,
    state: Mutex<State>,
    catch_ups: AtomicU32,
    is_over: AtomicBool,
    /// The place of the next batch when a reader last caught up.
    followed: AtomicU32,
}

/// What one reader saw.
#[derive(Default)]
struct Seen {
    observations: Vec<Observation>,
    violations: Vec<Violation>,
    value_count: u64,
}

/// A secondary with what is asked of it.
struct Reader {
    db: DB,
    number: u8,
    families: Families,
    /// What it surely has.
    has: Surely,
    /// Keys that are written once are looked at from the one of this batch on.
    floor: u32,
    /// Keys that are written once, and that were missing when it was last looked at.
    missing: BTreeSet<Key>,
    /// The newest sequence number.
    sequence: u64,
    seen: Seen,
}

/// Runs a racing plan with its files below `root`, which is empty.
pub fn run(plan: &ProbePlan, root: &Path) -> ProbeRun {
    let race = plan.race.unwrap_or_default();
    let racing = Racing {
        plan,
        race,
        root,
        state: Mutex::default(),
        catch_ups: AtomicU32::new(0),
        is_over: AtomicBool::new(false),
        followed: AtomicU32::new(0),
    };
    let mut run = ProbeRun::default();
    let families = Families::first(plan.settings.families);
    let primary = match racing.open(families) {
        Ok(primary) => primary,
        Err(error) => {
            let (instance, beside) = (Instance::Primary, Beside::Nothing);
            run.violations.extend(errors::judge(0, instance, Doing::Primary, beside, Err(&error)));
            return run;
        }
    };
    let (written, seen) = std::thread::scope(|scope| {
        let (racing, primary) = (&racing, &primary);
        let readers: Vec<_> = (0..race.readers)
            .map(|number| scope.spawn(move || racing.read(number, families, primary)))
            .collect();
        let writer = scope.spawn(move || racing.write(primary));
        let readers: Vec<_> = readers.into_iter().map(|it| joined(it.join())).collect();
        racing.is_over.store(true, Ordering::SeqCst);
        let written = joined(writer.join());
        (written, readers.into_iter().map(|it| racing.silence(it, primary)).collect::<Vec<_>>())
    });
    run.counts.extend(written.counts);
    run.violations.extend(written.violations);
    let state = racing.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    // What a log has shows before older writes that it has not, until those are flushed.
    let moment = if state.has_memory_writes { Moment::Keeper } else { Moment::Whole };
    for seen in seen {
        run.value_count += seen.value_count;
        *run.counts.entry("catch up").or_default() += seen.observations.len() as u64;
        *run.counts.entry("observe").or_default() += seen.observations.len() as u64;
        run.violations.extend(seen.violations);
        judge(&state, &seen.observations, moment, &mut run);
    }
    run
}

fn joined<T>(ended: std::thread::Result<T>) -> T {
    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Holds what one reader saw against the rules; each violation is told once, and whether a later
/// catch-up healed it.
fn judge(state: &State, observations: &[Observation], moment: Moment, run: &mut ProbeRun) {
    let mut floors = backwards::Floors::default();
    let mut lasting: Vec<Violation> = Vec::new();
    for seen in observations {
        let seen = &Observation { moment, replayed: replayed(state, seen), ..seen.clone() };
        let mut found = interval::judge(&state.log, seen);
        found.extend(cut::judge(&state.log, seen));
        found.extend(backwards::judge(&state.log, &mut floors, seen));
        let is_in = |all: &[Violation], one: &Violation| all.iter().any(|it| is_again(it, one));
        let healed = lasting.extract_if(.., |one| !is_in(&found, one));
        run.violations.extend(healed.map(|mut one| {
            one.signature.is_healed = true;
            one
        }));
        found.retain(|one| !is_in(&lasting, one));
        lasting.extend(found);
    }
    run.violations.extend(lasting);
}

/// Whether `one` breaks the same rule as `before`, of the same key where it is of one.
fn is_again(one: &Violation, before: &Violation) -> bool {
    // Words of the interval rule begin with the key, then what it is.
    let [key, key_before] = [one, before].map(|it| it.words.split_once(" is ").map(|it| it.0));
    let is_of_key = before.signature.rule == Rule::Interval;
    one.signature.rule == before.signature.rule && (!is_of_key || key == key_before)
}

/// All that may have come from a write-ahead log: nobody knows what was in files when.
fn replayed(state: &State, seen: &Observation) -> BTreeSet<(super::super::model::Life, u32)> {
    let lives = seen.families.iter().map(|family| (family.life, family.upper));
    lives
        .flat_map(|(life, upper)| {
            let keys = Key::small().flat_map(move |key| state.log.of(life, key));
            let of_wal = keys.filter(move |it| it.keeper == Keeper::Wal && it.at < upper);
            of_wal.map(move |entry| (life, entry.at))
        })
        .collect()
}

impl Racing<'_> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, families: Families) -> Answer<DB> {
        let settings = &self.plan.settings;
        let mut options = options::primary(settings);
        options.create_missing_column_families(true);
        let descriptors = options::descriptors(settings, families.iter());
        let directory = self.root.join("primary");
        let primary = DB::open_cf_descriptors(&options, directory, descriptors).map_err(said)?;
        families.iter().for_each(|family| self.state().create(family));
        Ok(primary)
    }

    /// Does the plan's operations until the readers have seen enough.
    fn write(&self, db: &DB) -> ProbeRun {
        let mut run = ProbeRun::default();
        let flush = Operation::Flush { families: Families::first(Families::MAX) };
        for round in 1.. {
            let by_hand = self.race.flush_every > 0 && round % self.race.flush_every == 0;
            let more = by_hand.then_some(&flush);
            for operation in self.plan.operations.iter().chain(more) {
                while !self.is_over.load(Ordering::SeqCst) && self.is_ahead() {
                    std::thread::yield_now();
                }
                if self.is_over.load(Ordering::SeqCst) {
                    return run;
                }
                match self.operation(db, operation, round % ROUNDS_OF_MERGES == 0) {
                    Ok(true) => run.count(operation.name()),
                    Ok(false) => {}
                    Err(error) => {
                        let (who, beside) = (Instance::Primary, Beside::Work);
                        let found = errors::judge(0, who, Doing::Primary, beside, Err(&error));
                        run.violations.extend(found);
                        return run;
                    }
                }
            }
            if self.plan.operations.is_empty() && more.is_none() {
                return run;
            }
        }
        run
    }

    fn is_ahead(&self) -> bool {
        self.state().log.next() > self.followed.load(Ordering::SeqCst) + AHEAD_MAX
    }

    /// Whether there was something to do. Where `puts`, merges are puts.
    fn operation(&self, db: &DB, operation: &Operation, puts: bool) -> Answer<bool> {
        match operation {
            Operation::Write { wal: true, .. } if self.race.inserts => {
                let key = Key(Key::INSERTED + self.state().log.next());
                let families = Families::first(self.plan.settings.families);
                let put = |family| Write { family, key, effect: Effect::Put };
                self.batch(db, &families.iter().map(put).collect::<Vec<_>>(), true)?;
            }
            Operation::Write { writes, wal } if !self.race.inserts => {
                let put = |write: &Write| match write.effect {
                    Effect::Merge if puts => Write { effect: Effect::Put, ..*write },
                    _ => *write,
                };
                self.batch(db, &writes.iter().map(put).collect::<Vec<_>>(), *wal)?;
            }
            Operation::Ingest { family, keys } if !self.race.inserts => {
                self.ingest(db, *family, keys)?;
            }
            Operation::Flush { families } => self.flush(db, *families)?,
            Operation::FlushWal => {
                db.flush_wal(false).map_err(said)?;
                self.state().wal_flushed();
            }
            Operation::Compact { family } => {
                db.compact_range_cf::<&[u8], &[u8]>(handle(db, *family)?, None, None);
            }
            Operation::SwitchWal => {
                db.put(b"beat", b"").and_then(|()| db.flush()).map_err(said)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn flush(&self, db: &DB, families: Families) -> Answer<()> {
        let mine = families.and(Families::first(self.plan.settings.families));
        let handles: Answer<Vec<_>> = mine.iter().map(|one| handle(db, one)).collect();
        let to = self.state().log.next();
        db.flush_cfs_opt(&handles?, &FlushOptions::default()).map_err(said)?;
        let mut state = self.state();
        let lives = mine.iter().filter_map(|family| state.families.get(&family).copied());
        let flushed: Vec<_> = lives.map(|life| (life, to)).collect();
        state.published.flushed.extend(flushed);
        Ok(())
    }

    /// The only writer: what it has not announced is not there.
    fn batch(&self, db: &DB, writes: &[Write], wal: bool) -> Answer<()> {
        let keeper = if wal { Keeper::Wal } else { Keeper::Memory };
        let Some(numbered) = self.announced(writes, keeper) else { return Ok(()) };
        let batch = batch(db, &numbered, self.plan.settings.filler_bytes);
        let mut how = WriteOptions::default();
        how.disable_wal(!wal);
        db.write_opt(batch, &how).map_err(said)?;
        if !self.plan.settings.manual_wal_flush {
            self.state().wal_flushed();
        }
        Ok(())
    }

    fn ingest(&self, db: &DB, family: u8, keys: &[Key]) -> Answer<()> {
        let puts = keys.iter().map(|key| Write { family, key: *key, effect: Effect::Put });
        let puts: Vec<Write> = puts.collect();
        let Some(numbered) = self.announced(&puts, Keeper::File) else { return Ok(()) };
        let path = self.root.join(format!("{}.sst", numbered[0].id));
        let options = options::family(&self.plan.settings);
        let mut file = SstFileWriter::create(&options);
        file.open(&path).map_err(said)?;
        for Numbered { id, write } in &numbered {
            let value = piece(*id, self.plan.settings.filler_bytes);
            file.put(write.key.bytes(), value).map_err(said)?;
        }
        file.finish().map_err(said)?;
        db.ingest_external_file_cf(handle(db, family)?, vec![path]).map_err(said)?;
        let mut state = self.state();
        state.published.file = state.log.next();
        Ok(())
    }

    fn announced(&self, writes: &[Write], keeper: Keeper) -> Option<Vec<Numbered>> {
        let mut state = self.state();
        let numbered = state.numbered(writes);
        if numbered.is_empty() {
            return None;
        }
        state.written(&numbered, keeper);
        Some(numbered)
    }

    /// Catches a secondary up and reads it until there were enough catch-ups.
    fn read(&self, number: u8, families: Families, primary: &DB) -> Result<Reader, Seen> {
        let has = self.state().published.clone();
        let db = self.open_secondary(number, families).map_err(|error| {
            let (who, doing) = (Instance::Reader(number, Role::Secondary), Doing::OpenReader);
            let found = errors::judge(0, who, doing, Beside::Work, Err(&error));
            Seen { violations: found.into_iter().collect(), ..Seen::default() }
        })?;
        let (missing, seen) = (BTreeSet::new(), Seen::default());
        let mut reader = Reader { db, number, families, has, floor: 0, missing, sequence: 0, seen };
        while self.catch_ups.fetch_add(1, Ordering::SeqCst) < self.race.catch_ups {
            self.look(&mut reader, primary);
        }
        Ok(reader)
    }

    /// Nobody writes any more: two more catch-ups, the second of which is to heal all.
    fn silence(&self, reader: Result<Reader, Seen>, primary: &DB) -> Seen {
        let mut reader = match reader {
            Ok(reader) => reader,
            Err(seen) => return seen,
        };
        (0..2).for_each(|_| self.look(&mut reader, primary));
        reader.seen
    }

    /// A catch-up, and all reads.
    fn look(&self, reader: &mut Reader, primary: &DB) {
        let Reader { db, has, seen, .. } = reader;
        let who = Instance::Reader(reader.number, Role::Secondary);
        let published = self.state().published.clone();
        let answer = db.try_catch_up_with_primary().map_err(said);
        let said = answer.as_ref().map(|_| ());
        seen.violations.extend(errors::judge(0, who, Doing::CatchUp, Beside::Work, said));
        if answer.is_ok() {
            *has = published;
        }
        let now = db.latest_sequence_number();
        let newest = primary.latest_sequence_number();
        seen.violations.extend(sequence::judge(0, who, reader.sequence, now, Some(newest)));
        reader.sequence = now;
        let keys = self.keys(&mut reader.floor, has, &reader.missing);
        let observed = self.observe(db, who, reader.families, &keys, seen);
        self.followed.store(has.wal.max(has.file), Ordering::SeqCst);
        if self.race.inserts {
            let missing = observed.shown().filter(|(.., shown)| shown.is_none());
            reader.missing = missing.map(|(_, _, key, _)| key).collect();
        }
        seen.observations.push(Observation { surely: has.clone(), ..observed });
    }

    fn open_secondary(&self, number: u8, families: Families) -> Answer<DB> {
        let settings = &self.plan.settings;
        let own = self.root.join(format!("reader-{number}"));
        let (options, directory) = (options::reader(settings), self.root.join("primary"));
        let descriptors = options::descriptors(settings, families.iter());
        DB::open_cf_descriptors_as_secondary(&options, &directory, &own, descriptors).map_err(said)
    }

    /// The keys to look at. Of those that are written once: all that were published since the
    /// catch-up before the last one, so that each of them is looked at twice, and those that were
    /// missing.
    fn keys(&self, floor: &mut u32, has: &Surely, missing: &BTreeSet<Key>) -> Vec<Key> {
        if !self.race.inserts {
            return Key::small().collect();
        }
        let older = missing.range(..Key(Key::INSERTED + *floor)).copied();
        let new = (*floor..has.wal).map(|at| Key(Key::INSERTED + at));
        let keys = older.chain(new).collect();
        let followed = self.followed.load(Ordering::SeqCst);
        *floor = followed.min(has.wal).max(*floor);
        keys
    }

    fn observe(
        &self,
        db: &DB,
        instance: Instance,
        families: Families,
        keys: &[Key],
        seen: &mut Seen,
    ) -> Observation {
        let kinds: &[ReadKind] = match self.race.inserts {
            true => &[ReadKind::BatchedGet, ReadKind::Forward],
            false => &ReadKind::ALL,
        };
        let mut observed = Vec::new();
        for family in families.iter() {
            let mut reads = Vec::new();
            for kind in kinds {
                match read(db, family, *kind, keys) {
                    Ok(read) => {
                        seen.value_count += read.len() as u64;
                        reads.push((*kind, read));
                    }
                    Err(error) => {
                        let (doing, beside) = (Doing::Read, Beside::Work);
                        let found = errors::judge(0, instance, doing, beside, Err(&error));
                        seen.violations.extend(found);
                    }
                }
            }
            let state = self.state();
            if let Some(life) = state.families.get(&family).copied() {
                observed.push(FamilySeen { family, life, upper: state.log.next(), reads });
            }
        }
        // All families may show what the last of them may show.
        let upper = observed.iter().map(|family| family.upper).max().unwrap_or(0);
        observed.iter_mut().for_each(|family| family.upper = upper);
        Observation {
            at: 0,
            instance,
            surely: Surely::default(),
            families: observed,
            moment: Moment::Whole,
            replayed: BTreeSet::new(),
        }
    }
}
