//! Runs a plan on one thread, one operation after the other.

use super::super::key::Key;
use super::super::model::Keeper;
use super::super::observation::{Instance, Moment, of_life};
use super::super::operation::{Effect, Families, Hold, Operation, ReadKind, Role, Write};
use super::super::plan::ProbePlan;
use super::super::rule::errors::Doing;
use super::super::rule::held::{self, Held};
use super::super::rule::{bytes, silence};
use super::super::settings::Settings;
use super::super::store::{Answer, Store};
use super::ProbeRun;
use super::judge::{answered, answered_by, count, judge, observe};
use super::state::State;

/// Runs a plan against `store`, which is empty.
pub fn run<S: Store>(plan: &ProbePlan, store: &mut S) -> ProbeRun {
    let mut runner = Runner::new(&plan.settings);
    let opened = store.open_primary();
    runner.primary(0, &opened);
    runner.state.is_open = opened.is_ok();
    for family in Families::first(plan.settings.families).iter() {
        let made = store.create_family(family);
        runner.primary(0, &made);
        if made.is_ok() {
            runner.state.create(family);
        }
    }
    runner.operations(0, &plan.operations, store);
    runner.run
}

struct Runner<'a> {
    settings: &'a Settings,
    state: State,
    run: ProbeRun,
}

impl<'a> Runner<'a> {
    fn new(settings: &'a Settings) -> Self {
        Self { settings, state: State::default(), run: ProbeRun::default() }
    }

    fn operations<S: Store>(&mut self, first: usize, operations: &[Operation], store: &mut S) {
        let mut at = 0;
        while let Some(operation) = operations.get(at) {
            let span = match operation {
                Operation::Hold { span, .. } => usize::from(*span).min(operations.len() - at - 1),
                _ => 0,
            };
            let within = &operations[at + 1..=at + span];
            if self.operation(first + at, operation, within, store) {
                self.run.count(operation.name());
            }
            at += 1 + span;
        }
    }

    /// Whether there was something to do.
    fn operation<S: Store>(
        &mut self,
        at: usize,
        operation: &Operation,
        within: &[Operation],
        store: &mut S,
    ) -> bool {
        match operation {
            Operation::OpenReader { reader, role, families } => {
                self.open_reader(at, store, *reader, *role, *families)
            }
            Operation::CloseReader { reader } => {
                let watched = self.watch(store);
                let Some(instance) = self.state.instance(Some(*reader)) else { return false };
                store.close_reader(*reader);
                self.state.readers.remove(reader);
                self.watched(at, store, instance, watched);
                true
            }
            Operation::CatchUp { reader } => self.catch_up(at, store, *reader),
            Operation::Observe { reader } => self.observe(at, store, *reader, None, &ReadKind::ALL),
            Operation::Read { reader, family, kind } => {
                self.observe(at, store, *reader, Some(*family), &[*kind])
            }
            Operation::Hold { reader, hold, .. } => self.hold(at, store, *reader, *hold, within),
            Operation::WriteToReader { reader } => {
                if !self.state.readers.contains_key(reader) {
                    return false;
                }
                let answer = store.write_to_reader(*reader);
                let doing = Doing::WriteToReader;
                answered(at, &mut self.run, &self.state, Some(*reader), doing, &answer);
                true
            }
            Operation::Silence => self.silence(at, store),
            Operation::Open if !self.state.is_open => {
                let opened = store.open_primary();
                self.primary(at, &opened);
                if opened.is_ok() {
                    self.state.is_open = true;
                    self.state.recovered();
                }
                true
            }
            _ if !self.state.is_open => false,
            _ => self.changes(at, operation, store),
        }
    }

    /// What only an open primary can do.
    fn changes<S: Store>(&mut self, at: usize, operation: &Operation, store: &mut S) -> bool {
        match operation {
            Operation::Write { writes, wal } => self.write(at, store, writes, *wal),
            Operation::Ingest { family, keys } => self.ingest(at, store, *family, keys),
            Operation::Flush { families } => {
                let there = families.iter().filter(|one| self.state.families.contains_key(one));
                let there = Families(there.fold(0, |set, family| set | 1 << family));
                let answer = store.flush(there);
                if self.primary(at, &answer) {
                    self.state.flushed(there);
                }
                there.0 != 0
            }
            Operation::FlushWal => {
                let answer = store.flush_wal();
                if self.primary(at, &answer) {
                    self.state.wal_flushed();
                }
                true
            }
            Operation::Compact { family } => {
                let is_there = self.state.families.contains_key(family);
                if is_there {
                    let answer = store.compact(*family);
                    self.primary(at, &answer);
                    self.state.has_partial_flushes = true;
                }
                is_there
            }
            Operation::SwitchWal => {
                let answer = store.switch_wal();
                self.primary(at, &answer)
            }
            Operation::Create { family } => {
                let is_there = self.state.families.contains_key(family);
                if !is_there {
                    let answer = store.create_family(*family);
                    if self.primary(at, &answer) {
                        self.state.create(*family);
                    }
                }
                !is_there
            }
            Operation::Drop { family } => {
                let is_there = self.state.families.contains_key(family);
                if is_there {
                    let answer = store.drop_family(*family);
                    if self.primary(at, &answer) {
                        self.state.drop_family(*family);
                    }
                }
                is_there
            }
            Operation::Close => {
                store.close_primary();
                self.state.is_open = false;
                self.state.closed();
                true
            }
            _ => false,
        }
    }

    fn write<S: Store>(&mut self, at: usize, store: &mut S, writes: &[Write], wal: bool) -> bool {
        let numbered = self.state.numbered(writes);
        if numbered.is_empty() {
            return false;
        }
        let answer = store.write(&numbered, wal);
        if self.primary(at, &answer) {
            self.state.written(&numbered, if wal { Keeper::Wal } else { Keeper::Memory });
            if !self.settings.manual_wal_flush {
                self.state.wal_flushed();
            }
        }
        true
    }

    fn ingest<S: Store>(&mut self, at: usize, store: &mut S, family: u8, keys: &[Key]) -> bool {
        let puts = keys.iter().map(|key| Write { family, key: *key, effect: Effect::Put });
        let numbered = self.state.numbered(&puts.collect::<Vec<_>>());
        if numbered.is_empty() {
            return false;
        }
        let answer = store.ingest(family, &numbered);
        // Keys that memory has too are flushed first.
        self.state.has_partial_flushes = true;
        if self.primary(at, &answer) {
            self.state.written(&numbered, Keeper::File);
            self.state.published.file = self.state.log.next();
        }
        true
    }

    fn open_reader<S: Store>(
        &mut self,
        at: usize,
        store: &mut S,
        number: u8,
        role: Role,
        families: Families,
    ) -> bool {
        if self.state.readers.contains_key(&number) {
            return false;
        }
        let there = families.iter().filter(|one| self.state.families.contains_key(one));
        let there = Families(there.fold(0, |set, family| set | 1 << family));
        let watched = self.watch(store);
        let answer = store.open_reader(number, role, there);
        let instance = Instance::Reader(number, role);
        let doing = Doing::OpenReader;
        let said = answer.as_ref().map(|_| ());
        answered_by(at, &mut self.run, &self.state, instance, doing, said);
        if answer.is_ok() {
            self.state.opened(number, role, there);
            count(at, store, &mut self.state, &mut self.run, number);
        }
        self.watched(at, store, instance, watched);
        true
    }

    fn catch_up<S: Store>(&mut self, at: usize, store: &mut S, number: u8) -> bool {
        let Some(instance) = self.state.instance(Some(number)) else { return false };
        let watched = self.watch(store);
        let answer = store.catch_up(number);
        answered(at, &mut self.run, &self.state, Some(number), Doing::CatchUp, &answer);
        if answer.is_ok() && instance.is_secondary() {
            self.state.caught_up(number);
        }
        count(at, store, &mut self.state, &mut self.run, number);
        self.watched(at, store, instance, watched);
        true
    }

    fn observe<S: Store>(
        &mut self,
        at: usize,
        store: &S,
        number: Option<u8>,
        family: Option<u8>,
        kinds: &[ReadKind],
    ) -> bool {
        let seen = observe(at, store, &self.state, &mut self.run, number, family, kinds);
        let Some(seen) = seen else { return false };
        let moment = self.moment();
        judge(&mut self.state, &mut self.run, &seen, moment);
        true
    }

    fn moment(&self) -> Moment {
        let is_partial = self.settings.flushes_by_itself() || self.state.has_partial_flushes;
        match self.state.has_memory_writes {
            true if self.settings.manual_wal_flush => Moment::Keeper,
            true if is_partial => Moment::Family,
            _ => Moment::Whole,
        }
    }

    fn hold<S: Store>(
        &mut self,
        at: usize,
        store: &mut S,
        number: u8,
        hold: Hold,
        within: &[Operation],
    ) -> bool {
        let Some(instance) = self.state.instance(Some(number)) else {
            self.operations(at + 1, within, store);
            return false;
        };
        let reader = &self.state.readers[&number];
        let (lives, replayed) = (reader.families.clone(), reader.replayed.clone());
        let families = Families(lives.keys().fold(0, |set, family| set | 1 << family));
        let kind = match hold {
            Hold::Iterator => ReadKind::Forward,
            Hold::Snapshot => ReadKind::Get,
        };
        let before: Vec<_> =
            families.iter().map(|family| store.read(Some(number), family, kind)).collect();
        let mut then = |store: &mut S| self.operations(at + 1, within, store);
        let after = store.held(number, hold, families, &mut then);
        for (before, (family, after)) in before.iter().zip(&after) {
            let said = after.as_ref().map(|_| ());
            let doing = Doing::Held(hold);
            answered_by(at, &mut self.run, &self.state, instance, doing, said);
            if let (Ok(before), Ok(after)) = (before, after) {
                let (family, life) = (*family, lives[family]);
                let replayed = of_life(&replayed, life);
                let held = Held { at, instance, hold, family, life, replayed, before, after };
                self.run.violations.extend(held::judge(&self.state.log, &held));
            }
        }
        true
    }

    fn silence<S: Store>(&mut self, at: usize, store: &mut S) -> bool {
        if !self.state.is_open {
            return false;
        }
        let answer = store.flush_wal();
        if self.primary(at, &answer) {
            self.state.wal_flushed();
        }
        let kinds = &ReadKind::ALL;
        let (state, run) = (&self.state, &mut self.run);
        let Some(primary) = observe(at, store, state, run, None, None, kinds) else { return false };
        let secondaries = self.state.readers.iter().filter(|(_, it)| it.role == Role::Secondary);
        let secondaries: Vec<u8> = secondaries.map(|(number, _)| *number).collect();
        for number in secondaries {
            self.catch_up(at, store, number);
            self.catch_up(at, store, number);
            let (state, run) = (&self.state, &mut self.run);
            let seen = observe(at, store, state, run, Some(number), None, kinds);
            if let Some(seen) = seen {
                self.run.violations.extend(silence::judge(&self.state.log, &primary, &seen));
            }
        }
        true
    }

    /// Whether a call of the primary succeeded; none may fail.
    fn primary<T>(&mut self, at: usize, answer: &Answer<T>) -> bool {
        let doing = Doing::Primary;
        let said = answer.as_ref().map(|_| ());
        answered_by(at, &mut self.run, &self.state, Instance::Primary, doing, said);
        answer.is_ok()
    }

    fn watch<S: Store>(&self, store: &S) -> Option<u128> {
        self.settings.watches_bytes.then(|| store.digest())
    }

    fn watched<S: Store>(&mut self, at: usize, store: &S, who: Instance, before: Option<u128>) {
        let after = before.map(|before| (before, store.digest()));
        let found = after.and_then(|(before, after)| bytes::judge(at, who, before, after));
        self.run.violations.extend(found);
    }
}
