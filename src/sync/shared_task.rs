//! One endless future that whoever waits for its work drives.

mod signal;

#[cfg(all(test, feature = "loom"))]
mod model;
#[cfg(all(test, not(feature = "loom")))]
mod tests;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use super::shim::{Arc, AtomicBool, Mutex, Ordering, StdArc, lock};
use signal::{After, Outcome, Running, Signal};

/// Called when a task is left under way with nobody to drive it; must see to it that somebody
/// does, for example by spawning [`SharedTask::drive_to_idle`]. No lock is held meanwhile.
pub type OnOrphan = StdArc<dyn Fn() + Send + Sync>;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How often one poll of a driver polls the task in a row, because others asked for it meanwhile.
const ROUNDS_MAX: u32 = 16;

/// Whether a task has begun something that must not be left half done. The task holds a clone,
/// and says so itself; a new one is idle.
#[derive(Clone, Debug)]
pub struct Idle {
    busy: Arc<AtomicBool>,
}

impl Idle {
    /// Idle.
    pub fn new() -> Self {
        Self { busy: Arc::new(AtomicBool::new(false)) }
    }

    /// From here on the task must be driven further, even where nobody waits for it.
    pub fn set_busy(&self) {
        self.busy.store(true, Ordering::Release);
    }

    /// The task may rest where it is.
    pub fn set_idle(&self) {
        self.busy.store(false, Ordering::Release);
    }

    /// Whether the task may rest where it is.
    pub fn is_idle(&self) -> bool {
        !self.busy.load(Ordering::Acquire)
    }
}

impl Default for Idle {
    fn default() -> Self {
        Self::new()
    }
}

/// One boxed future, a *task*, that never ends of its own accord, such as a pump that takes work
/// from a queue. It has no executor: whoever waits for its work *drives* it. One driver polls it
/// at a time; the others sleep until it is woken or one of their waits is over. So work that can
/// be done at once is done on the thread that asked for it, with no hand-over, while a driver that
/// is dropped leaves the task whole: another goes on where it stopped.
///
/// It guarantees:
/// - The task is polled after each [`SharedTask::kick`], after the first poll of each drive, and
///   after each wake of its waker, as long as somebody drives; also where another driver was
///   polling it at that moment. One poll may answer several of these.
///   A drive that ends with its answer before the poll that it asked for takes its wish back; one
///   that is dropped leaves it to the others.
/// - Drivers are woken in the order in which they came.
/// - Whoever drives last and leaves the task busy, or with a poll asked for, calls `on_orphan`.
/// - No lock is held while the task is polled, a waker called, `done` asked or `on_orphan` called.
///
/// A task that wakes itself while it is polled is polled again by the next poll of a driver, not
/// in the same one: such a wake lets others run first.
///
/// The task must not own what owns the `SharedTask`, or neither is ever dropped. Dropping the
/// `SharedTask` drops the task where it is.
pub struct SharedTask {
    signal: StdArc<Signal>,
    /// The task; out while it is polled, and gone when it has ended.
    slot: Mutex<Option<Task>>,
    /// The waker of the task, which is the signal.
    waker: Waker,
    idle: Idle,
    on_orphan: OnOrphan,
}

impl SharedTask {
    /// Owns `task`, which says through a clone of `idle` when it may rest.
    pub fn new(
        task: impl Future<Output = ()> + Send + 'static,
        idle: Idle,
        on_orphan: OnOrphan,
    ) -> Self {
        let signal = StdArc::new(Signal::default());
        Self {
            waker: Waker::from(signal.clone()),
            signal,
            slot: Mutex::new(Some(Box::pin(task))),
            idle,
            on_orphan,
        }
    }

    /// Drives the task until `done` answers, and returns the answer. `done` is asked first, and
    /// after each poll of the task by anybody; it must be quick.
    ///
    /// # Panics
    /// Where the task panicked, in this drive or in another. A task that has *ended* is not an
    /// error: then the drive waits until `done` answers, asked when it is next woken.
    pub async fn drive<R>(&self, mut done: impl FnMut() -> Option<R>) -> R {
        let mut seat = Seat { task: self, place: None };
        poll_fn(|context| {
            seat.poll(context, true, &mut |_| done().map_or(Poll::Pending, Poll::Ready))
        })
        .await
    }

    /// Drives the task until `work` is ready, and returns its output. As [`SharedTask::drive`],
    /// but cheaper with many drivers: `work` registers its own wake, such as a
    /// [`Ticket`](super::Ticket) that the task completes, and is not asked after every poll of
    /// another driver.
    ///
    /// # Panics
    /// As [`SharedTask::drive`].
    pub async fn drive_with<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work);
        let mut seat = Seat { task: self, place: None };
        poll_fn(|context| seat.poll(context, false, &mut |context| work.as_mut().poll(context)))
            .await
    }

    /// Drives the task until it is idle and nobody asked for a further poll, or until it has
    /// ended. This is what [`OnOrphan`] spawns, and what a caller does that must not leave work.
    ///
    /// # Panics
    /// As [`SharedTask::drive`].
    pub async fn drive_to_idle(&self) {
        let rests = || self.signal.rests() && (self.signal.ended() || self.idle.is_idle());
        self.drive(|| rests().then_some(())).await;
    }

    /// Asks for a poll: there is new work. A drive that begins asks for one itself; call this
    /// where work is left for others, and see [`SharedTask::abandoned`].
    pub fn kick(&self) {
        self.signal.kick();
    }

    /// Whether the task is busy, or a poll was asked for, and nobody drives it. Whoever left
    /// work without driving asks this afterwards, and has somebody drive it to idle.
    pub fn abandoned(&self) -> bool {
        self.signal.abandoned(&self.idle)
    }

    /// Number of drives that were polled, and neither ended nor dropped since.
    pub fn drivers(&self) -> usize {
        self.signal.drivers()
    }

    /// Whether the task has ended, by itself or by a panic. It is dropped by then.
    pub fn ended(&self) -> bool {
        self.signal.ended()
    }

    /// Polls the task once, for the driver that claimed it.
    fn poll_task(&self, mut running: Running<'_>) {
        let task = lock(&self.slot).take();
        let mut task = task.expect("whoever claimed the task is the only one to take it");
        match task.as_mut().poll(&mut Context::from_waker(&self.waker)) {
            Poll::Pending => {
                *lock(&self.slot) = Some(task);
                running.set(Outcome::Pending);
            }
            Poll::Ready(()) => {
                drop(task);
                running.set(Outcome::Ended);
            }
        }
    }
}

impl fmt::Debug for SharedTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedTask")
            .field("drivers", &self.drivers())
            .field("idle", &self.idle.is_idle())
            .field("ended", &self.ended())
            .finish_non_exhaustive()
    }
}

/// The registration of one drive; dropping it leaves.
struct Seat<'a> {
    task: &'a SharedTask,
    place: Option<u64>,
}

type Done<'a, R> = &'a mut dyn FnMut(&mut Context<'_>) -> Poll<R>;

impl Seat<'_> {
    fn poll<R>(
        &mut self,
        context: &mut Context<'_>,
        each_round: bool,
        done: Done<'_, R>,
    ) -> Poll<R> {
        let signal = &self.task.signal;
        if let Poll::Ready(answer) = done(context) {
            self.leave(true);
            return Poll::Ready(answer);
        }
        for round in 0..ROUNDS_MAX {
            let claim = signal.claim(&mut self.place, context.waker(), each_round, round > 0);
            let claimed = claim.is_some();
            if let Some(running) = claim {
                self.task.poll_task(running);
            }
            // Also where it was not claimed: it may have come true before this driver was
            // registered to hear of it.
            if let Poll::Ready(answer) = done(context) {
                self.leave(true);
                return Poll::Ready(answer);
            }
            if !claimed {
                return Poll::Pending;
            }
        }
        // Others go on asking: let them poll, and other tasks of this executor run.
        signal.wake_drivers();
        Poll::Pending
    }

    fn leave(&mut self, done: bool) {
        let Some(place) = self.place.take() else { return };
        match self.task.signal.leave(place, done, &self.task.idle) {
            After::Nothing => {}
            After::Orphan => (self.task.on_orphan)(),
        }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.leave(false);
    }
}
