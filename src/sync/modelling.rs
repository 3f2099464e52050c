//! Threads and executors for the models: a wake that is lost ends the model with an assertion.
//!
//! With `loom::future::block_on` alone a lost wake is a deadlock, which loom reports by a panic
//! that mostly aborts the process, so that a test could not expect it.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use super::shim::{Mistake, plant};

/// Models take turns: what they plant, and their crew, is of the whole process.
static TURN: Mutex<()> = Mutex::new(());

/// Checks `body` with `mistake` planted, in all interleavings with up to `preemptions` forced
/// switches of threads.
pub(super) fn model(
    mistake: Option<Mistake>,
    preemptions: usize,
    body: impl Fn() + Send + Sync + 'static,
) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    plant(mistake);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(body);
}

/// The crew of the execution under way. Loom runs the threads of a model as coroutines of one
/// thread and switches only inside of its own primitives: so no two are in here at a time, and
/// this is not part of what is modelled.
static CREW: Mutex<Option<Crew>> = Mutex::new(None);

fn crew<R>(use_it: impl FnOnce(&mut Crew) -> R) -> R {
    let mut crew = CREW.lock().unwrap_or_else(PoisonError::into_inner);
    use_it(crew.get_or_insert_default())
}

#[derive(Default)]
struct Crew {
    /// Threads that neither sleep nor are over.
    awake: usize,
    next: u64,
    /// Loom's wakers of those that sleep.
    asleep: BTreeMap<u64, Waker>,
    /// Those that were woken while they were polled.
    woken: BTreeSet<u64>,
    lost: bool,
}

impl Crew {
    /// Takes `waker` and puts `id` to sleep, unless it was woken meanwhile.
    fn sleep(&mut self, id: u64, waker: &mut Option<Waker>) -> Vec<Waker> {
        if self.woken.remove(&id) {
            return Vec::new();
        }
        self.asleep.extend(waker.take().map(|waker| (id, waker)));
        self.one_less()
    }

    /// Takes the waker of `id` where it sleeps. Loom's wakers are dropped outside of `CREW`.
    #[must_use]
    fn rouse(&mut self, id: u64) -> Option<Waker> {
        let asleep = self.asleep.remove(&id);
        self.awake += usize::from(asleep.is_some());
        asleep
    }

    /// One goes to sleep or is over. Where nobody is left to wake those that sleep, they are
    /// told so, and end.
    fn one_less(&mut self) -> Vec<Waker> {
        self.awake -= 1;
        if self.awake > 0 || self.asleep.is_empty() {
            return Vec::new();
        }
        self.lost = true;
        self.awake = self.asleep.len();
        std::mem::take(&mut self.asleep).into_values().collect()
    }
}

fn one_less() {
    let told = crew(Crew::one_less);
    told.into_iter().for_each(Waker::wake);
}

/// The threads of one execution of a model.
pub(super) struct Race {
    threads: Vec<loom::thread::JoinHandle<()>>,
}

impl Race {
    /// No thread yet but the caller's, which must not sleep itself.
    pub(super) fn new() -> Self {
        let fresh = Crew { awake: 1, ..Crew::default() };
        // An execution that failed may leave wakers behind, which loom cannot drop outside of it.
        std::mem::forget(crew(|crew| std::mem::replace(crew, fresh)));
        Self { threads: Vec::new() }
    }

    /// Starts a thread.
    pub(super) fn thread(&mut self, body: impl FnOnce() + Send + 'static) {
        crew(|crew| crew.awake += 1);
        self.threads.push(loom::thread::spawn(move || {
            body();
            one_less();
        }));
    }

    /// Waits for all threads.
    ///
    /// # Panics
    /// With "a wake was lost" where some slept for ever.
    pub(super) fn finish(self) {
        one_less();
        for thread in self.threads {
            thread.join().expect("loom ends the model where a thread panics");
        }
        assert!(!crew(|crew| crew.lost), "a wake was lost");
    }
}

struct Sleeper {
    id: u64,
    inner: Waker,
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        let asleep = crew(|crew| {
            let asleep = crew.rouse(self.id);
            if asleep.is_none() {
                crew.woken.insert(self.id);
            }
            asleep
        });
        drop(asleep);
        self.inner.wake_by_ref();
    }
}

/// Runs `future` to its end on a thread of a [`Race`]; `None` where a wake was lost.
pub(super) fn block_on<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let id = crew(|crew| {
        crew.next += 1;
        crew.next
    });
    loom::future::block_on(poll_fn(|context| {
        let (asleep, lost) = crew(|crew| {
            crew.woken.remove(&id);
            // Still asleep where loom lets a thread go on for no reason.
            (crew.rouse(id), crew.lost)
        });
        drop(asleep);
        if lost {
            return Poll::Ready(None);
        }
        let inner = context.waker().clone();
        let waker = Waker::from(Arc::new(Sleeper { id, inner: inner.clone() }));
        let mut inner = Some(inner);
        let poll = future.as_mut().poll(&mut Context::from_waker(&waker));
        if let Poll::Ready(output) = poll {
            return Poll::Ready(Some(output));
        }
        let told = crew(|crew| crew.sleep(id, &mut inner));
        told.into_iter().for_each(Waker::wake);
        drop(inner);
        Poll::Pending
    }))
}
