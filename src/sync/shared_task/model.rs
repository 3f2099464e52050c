use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use super::{Idle, SharedTask};
use crate::sync::modelling::{Race, block_on, model};
use crate::sync::shim::{Arc, AtomicU64, Mistake, Ordering, StdArc};
use crate::sync::{Completer, SwitchQueue, Ticket, ticket};

/// A task that answers all that was asked by the time it is polled, and the two counters.
struct Pump {
    task: SharedTask,
    asked: Arc<AtomicU64>,
    answered: Arc<AtomicU64>,
}

fn pump() -> Arc<Pump> {
    let (asked, answered) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (inbox, outbox) = (asked.clone(), answered.clone());
    let pump = poll_fn(move |_| {
        outbox.store(inbox.load(Ordering::Acquire), Ordering::Release);
        Poll::<()>::Pending
    });
    let task = SharedTask::new(pump, Idle::new(), StdArc::new(|| panic!("it is never busy")));
    Arc::new(Pump { task, asked, answered })
}

fn ask_and_drive(pump: &Pump) {
    let mine = pump.asked.fetch_add(1, Ordering::AcqRel) + 1;
    block_on(pump.task.drive(|| (pump.answered.load(Ordering::Acquire) >= mine).then_some(())));
}

/// The race of the last poller: one asks while the other is about to stop polling.
fn two_drivers(mistake: Option<Mistake>) {
    model(mistake, 4, || {
        let pump = pump();
        let mut race = Race::new();
        for _ in 0..2 {
            let pump = pump.clone();
            race.thread(move || ask_and_drive(&pump));
        }
        race.finish();
        assert_eq!((pump.task.drivers(), pump.task.abandoned()), (0, false));
    });
}

#[test]
fn answers_whoever_asks_while_another_polls() {
    two_drivers(None);
}

#[test]
#[should_panic(expected = "a wake was lost")]
fn finds_a_request_forgotten_while_another_polls() {
    two_drivers(Some(Mistake::TaskForgetsKick));
}

/// Work with a ticket each, as the engine does it: drivers that hear of nothing but their own
/// ticket, and of the task where they have to poll it.
fn two_with_tickets(mistake: Option<Mistake>) {
    model(mistake, 4, || {
        let queue = Arc::new(SwitchQueue::<Completer<()>>::new());
        let work = queue.clone();
        let pump = poll_fn(move |_| {
            let mut taken = Vec::new();
            work.swap_into(&mut taken);
            taken.into_iter().for_each(|completer| completer.complete(()));
            Poll::<()>::Pending
        });
        let task = SharedTask::new(pump, Idle::new(), StdArc::new(|| ()));
        let shared = Arc::new((task, queue));
        let mut race = Race::new();
        for _ in 0..2 {
            let shared = shared.clone();
            race.thread(move || {
                let (completer, ticket) = ticket();
                shared.1.push(completer);
                block_on(shared.0.drive_with(ticket));
            });
        }
        race.finish();
        assert_eq!((shared.0.drivers(), shared.0.abandoned()), (0, false));
    });
}

#[test]
fn completes_every_ticket() {
    two_with_tickets(None);
}

#[test]
#[should_panic(expected = "a wake was lost")]
fn finds_a_driver_that_leaves_a_request_behind() {
    two_with_tickets(Some(Mistake::TaskLeavesSilently));
}

/// A task that is busy until `opened`, and counts its orphanings.
fn busy_task(mut opened: Ticket<()>, orphanings: &Arc<AtomicU64>) -> SharedTask {
    let (idle, orphanings) = (Idle::new(), StdArc::new(orphanings.clone()));
    let says = idle.clone();
    let task = poll_fn(move |context| {
        says.set_busy();
        if Pin::new(&mut opened).poll(context).is_ready() {
            says.set_idle();
        }
        Poll::<()>::Pending
    });
    let on_orphan = move || {
        orphanings.fetch_add(1, Ordering::Relaxed);
    };
    SharedTask::new(task, idle, StdArc::new(on_orphan))
}

/// Polls a drive once, and drops it.
fn drive_and_drop(task: &SharedTask) {
    let mut context = Context::from_waker(Waker::noop());
    assert!(pin!(task.drive(|| None::<()>)).poll(&mut context).is_pending());
}

fn two_that_leave(mistake: Option<Mistake>) {
    model(mistake, 4, || {
        let (_completer, opened) = ticket();
        let orphanings = Arc::new(AtomicU64::new(0));
        let task = Arc::new(busy_task(opened, &orphanings));
        let mut race = Race::new();
        for _ in 0..2 {
            let task = task.clone();
            race.thread(move || drive_and_drop(&task));
        }
        race.finish();
        assert!(task.abandoned());
        assert!(orphanings.load(Ordering::Relaxed) > 0, "nobody was told of the orphan");
    });
}

#[test]
fn tells_of_a_busy_task_that_nobody_drives() {
    two_that_leave(None);
}

#[test]
#[should_panic(expected = "nobody was told")]
fn finds_a_hidden_orphan() {
    two_that_leave(Some(Mistake::TaskHidesOrphan));
}

/// One driver leaves at some moment; the other hears of the wake of the task all the same.
#[test]
fn a_wake_reaches_whoever_stays() {
    model(None, 3, || {
        let (completer, opened) = ticket();
        let orphanings = Arc::new(AtomicU64::new(0));
        let task = Arc::new(busy_task(opened, &orphanings));
        let (goes, stays) = (task.clone(), task.clone());
        let mut race = Race::new();
        race.thread(move || drive_and_drop(&goes));
        race.thread(move || {
            block_on(stays.drive_to_idle());
        });
        completer.complete(());
        race.finish();
        let told = orphanings.load(Ordering::Relaxed) > 0;
        assert!(told || !task.abandoned(), "nobody was told of the orphan");
    });
}
