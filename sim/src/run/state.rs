//! What a run knows across its processes.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use duolog::types::SegmentOffset;

use crate::history::{Call, Damage, Event, Recorder, Reply};
use crate::plan::{Fault, Plan, Target, Work};

/// A message that somebody got acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KnownMessage {
    pub sequence: u64,
    pub producer: u32,
    pub counter: u64,
    pub offset: SegmentOffset,
}

struct Batch {
    /// How many messages are in the batches before.
    before: u64,
    sequence: u64,
    producer: u32,
    first: u64,
    offsets: Vec<SegmentOffset>,
}

impl Batch {
    fn len(&self) -> u64 {
        self.offsets.len() as u64
    }

    fn message(&self, nth: u64) -> Option<KnownMessage> {
        Some(KnownMessage {
            sequence: self.sequence + nth,
            producer: self.producer,
            counter: self.first + nth,
            offset: *self.offsets.get(usize::try_from(nth).ok()?)?,
        })
    }
}

/// How many batches are looked at for messages that were acknowledged lately.
const BATCHES_LOOKED_AT: usize = 1_000;

/// The acknowledged batches of a partition, in order of acknowledgement.
#[derive(Default)]
struct Acknowledged {
    batches: Vec<Batch>,
}

impl Acknowledged {
    fn count(&self) -> u64 {
        self.batches.last().map_or(0, |last| last.before + last.len())
    }

    fn nth(&self, nth: u64) -> Option<KnownMessage> {
        let after = self.batches.partition_point(|batch| batch.before <= nth);
        let batch = self.batches.get(after.checked_sub(1)?)?;
        batch.message(nth - batch.before)
    }
}

type Collapse = Arc<dyn Fn() + Send + Sync>;

/// What a run knows across its processes: how far each actor got, and what was acknowledged.
pub struct RunState {
    pub(super) plan: Arc<Plan>,
    pub(super) recorder: Arc<Recorder>,
    cursors: Vec<AtomicUsize>,
    sessions: AtomicU32,
    /// How many processes there were, up to the last one in which every writer was opened.
    opened: AtomicU32,
    /// By process and partition: the last fault that may have taken messages back.
    taken_back: Mutex<BTreeMap<(u32, u32), u32>>,
    collapse: Mutex<Option<Collapse>>,
    counters: Mutex<BTreeMap<(u32, u32), u64>>,
    acknowledged: Vec<Mutex<Acknowledged>>,
    /// By partition: producer and counter of the last message that an append began with.
    begun: Vec<Mutex<Option<(u32, u64)>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RunState {
    /// Nothing has happened yet.
    pub fn new(plan: &Plan) -> Self {
        let mut acknowledged = Vec::new();
        acknowledged.resize_with(plan.lane_count() as usize, Mutex::default);
        let mut begun = Vec::new();
        begun.resize_with(plan.lane_count() as usize, Mutex::default);
        Self {
            begun,
            cursors: plan.actors.iter().map(|_| AtomicUsize::new(0)).collect(),
            plan: Arc::new(plan.clone()),
            recorder: Arc::default(),
            sessions: AtomicU32::new(1),
            opened: AtomicU32::new(0),
            taken_back: Mutex::default(),
            collapse: Mutex::default(),
            counters: Mutex::default(),
            acknowledged,
        }
    }

    /// What was begun so far, over all actors.
    pub fn begun(&self) -> Work {
        self.plan.work(|index| self.cursors[index].load(Ordering::Relaxed))
    }

    /// The index of the actor's next operation; counts it as begun.
    pub(super) fn advance(&self, actor: u32) -> usize {
        self.cursors[actor as usize].fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn is_done(&self, actor: u32) -> bool {
        let at = self.cursors[actor as usize].load(Ordering::Relaxed);
        at >= self.plan.actors[actor as usize].operations.len()
    }

    pub(super) fn session(&self) -> u32 {
        self.sessions.fetch_add(1, Ordering::Relaxed)
    }

    /// Notes that a process has opened every writer.
    pub(super) fn note_opened(&self, process: u32) {
        self.opened.store(process + 1, Ordering::Relaxed);
    }

    /// Whether a process, the last one so far, has opened every writer.
    pub(super) fn has_opened(&self, process: u32) -> bool {
        self.opened.load(Ordering::Relaxed) > process
    }

    /// Whether the disk fails in this plan.
    pub(super) fn has_faults(&self) -> bool {
        !self.plan.faults.is_empty()
    }

    /// Notes that a fault of the plan happened to a file, which of its bytes it damaged where it
    /// damages any, and from when until when it lasts.
    pub(super) fn note_fault(
        &self,
        number: u32,
        path: &Path,
        bytes: Range<u64>,
        lasts_us: Range<u64>,
    ) {
        let Some(fault) = self.plan.faults.get(number as usize) else { return };
        let lanes = 0..self.plan.lane_count();
        let lies_in = |lane: &u32| {
            let (topic, partition) = self.plan.config.place(*lane);
            path.to_string_lossy().contains(&format!("/{topic}/{partition}/"))
        };
        let lane = lanes.into_iter().find(lies_in).unwrap_or(0);
        if fault.class.takes_back() {
            lock(&self.taken_back).insert((fault.process, lane), number);
        }
        let journal = self.recorder.journal(fault.process, Event::DRIVER);
        let file = || path.to_string_lossy().into();
        let damage = fault.class.is_damage().then(|| Damage { file: file(), bytes });
        let call = Call::Fault { number, class: fault.class, zone: fault.zone, damage };
        journal.begin(0, lane, call, lasts_us.start).ok(Reply::Done, lasts_us.end);
    }

    /// Notes that the engine did something about a fault of the plan.
    pub(super) fn note_fault_met(&self, number: u32, now_us: u64) {
        let Some(fault) = self.plan.faults.get(number as usize) else { return };
        let journal = self.recorder.journal(fault.process, Event::DRIVER);
        journal.begin(0, 0, Call::FaultMet { number }, now_us).ok(Reply::Done, now_us);
    }

    /// The fault in this process that may have taken messages of a partition back.
    pub(super) fn taken_back(&self, process: u32, lane: u32) -> Option<Fault> {
        let number = lock(&self.taken_back).get(&(process, lane)).copied()?;
        self.plan.faults.get(number as usize).copied()
    }

    /// What ends the process that lives now, as a user does who begins anew.
    pub(super) fn set_collapse(&self, collapse: impl Fn() + Send + Sync + 'static) {
        *lock(&self.collapse) = Some(Arc::new(collapse));
    }

    /// Ends the process that lives now, where that can be done: its tasks go no further.
    pub(super) async fn collapse(&self) {
        let collapse = lock(&self.collapse).take();
        if let Some(collapse) = collapse {
            collapse();
            std::future::pending::<()>().await;
        }
    }

    /// Notes that a process is dead: none of its calls ends any more.
    pub(super) fn note_death(&self, process: u32, now_us: u64) {
        let journal = self.recorder.journal(process, Event::DRIVER);
        journal.begin(0, 0, Call::Kill, now_us).ok(Reply::Done, now_us);
    }

    /// Notes that the power went with a process.
    pub(super) fn note_power_loss(&self, process: u32, now_us: u64) {
        let journal = self.recorder.journal(process, Event::DRIVER);
        journal.begin(0, 0, Call::PowerLoss, now_us).ok(Reply::Done, now_us);
    }

    /// The producer's next `count` counters in a partition.
    pub(super) fn take_counters(&self, producer: u32, lane: u32, count: u32) -> u64 {
        let mut counters = lock(&self.counters);
        let next = counters.entry((producer, lane)).or_default();
        let first = *next;
        *next += u64::from(count);
        *lock(&self.begun[lane as usize]) = Some((producer, *next - 1));
        first
    }

    /// Notes a batch that is acknowledged and visible.
    pub(super) fn acknowledge(
        &self,
        lane: u32,
        (producer, first): (u32, u64),
        sequence: u64,
        offsets: Vec<SegmentOffset>,
    ) {
        let mut acknowledged = lock(&self.acknowledged[lane as usize]);
        let before = acknowledged.count();
        acknowledged.batches.push(Batch { before, sequence, producer, first, offsets });
    }

    /// Forgets what was acknowledged beyond `end`, where a partition that was opened again ends: a
    /// power loss took it back, and others may take its places.
    pub(super) fn forget_beyond(&self, lane: u32, end: u64) {
        let mut acknowledged = lock(&self.acknowledged[lane as usize]);
        let batches = std::mem::take(&mut acknowledged.batches);
        for batch in batches.into_iter().filter(|batch| batch.sequence + batch.len() <= end) {
            let before = acknowledged.count();
            acknowledged.batches.push(Batch { before, ..batch });
        }
    }

    /// How many messages of a partition were acknowledged.
    pub(super) fn acknowledged_count(&self, lane: u32) -> u64 {
        lock(&self.acknowledged[lane as usize]).count()
    }

    /// Producer and counter of the message that a target means, where there is one.
    pub(super) fn message(&self, lane: u32, target: Target) -> Option<(u32, u64)> {
        if target == Target::Begun {
            return *lock(&self.begun[lane as usize]);
        }
        self.resolve(lane, target).map(|known| (known.producer, known.counter))
    }

    /// Up to `count` acknowledged messages with sequences in `range`, from all over it.
    pub(super) fn known_within(
        &self,
        lane: u32,
        range: &Range<u64>,
        count: usize,
    ) -> Vec<KnownMessage> {
        let acknowledged = lock(&self.acknowledged[lane as usize]);
        let within = |batch: &&Batch| {
            range.contains(&batch.sequence) && batch.sequence + batch.len() <= range.end
        };
        let recent = acknowledged.batches.iter().rev().take(BATCHES_LOOKED_AT);
        let batches: Vec<&Batch> = recent.filter(within).collect();
        let all: u64 = batches.iter().map(|batch| batch.len()).sum();
        let step = (all / (count as u64).max(1)).max(1);
        let messages = batches.iter().flat_map(|batch| (0..batch.len()).map(|nth| (*batch, nth)));
        let picked = messages.step_by(usize::try_from(step).unwrap_or(usize::MAX)).take(count);
        picked.filter_map(|(batch, nth)| batch.message(nth)).collect()
    }

    /// The message that a target means, where there is one.
    pub(super) fn resolve(&self, lane: u32, target: Target) -> Option<KnownMessage> {
        let acknowledged = lock(&self.acknowledged[lane as usize]);
        let count = acknowledged.count();
        let back = match target {
            Target::Latest | Target::Begun => 0,
            Target::Back(back) => back.checked_rem(count)?,
            Target::Missing => return None,
        };
        acknowledged.nth(count.checked_sub(back + 1)?)
    }
}
