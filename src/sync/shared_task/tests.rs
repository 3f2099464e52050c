#![allow(clippy::unwrap_used)]

use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use super::{Idle, OnOrphan, SharedTask};
use crate::sync::testing::Wakes;
use crate::sync::ticket;

fn no_orphan() -> OnOrphan {
    Arc::new(|| panic!("no orphan is expected here"))
}

/// A task that counts its polls, and the waker it was last polled with.
#[derive(Clone, Default)]
struct Counted {
    polls: Arc<AtomicU32>,
    waker: Arc<Mutex<Option<Waker>>>,
}

impl Counted {
    fn task(&self, idle: Idle, on_orphan: OnOrphan) -> SharedTask {
        let this = self.clone();
        let future = poll_fn(move |context| {
            this.polls.fetch_add(1, Ordering::Relaxed);
            *this.waker.lock().unwrap() = Some(context.waker().clone());
            Poll::Pending
        });
        SharedTask::new(future, idle, on_orphan)
    }

    fn polls(&self) -> u32 {
        self.polls.load(Ordering::Relaxed)
    }

    fn reaches(&self, least: u32) -> impl FnMut() -> Option<u32> {
        let this = self.clone();
        move || (this.polls() >= least).then(|| this.polls())
    }

    fn wake(&self) {
        self.waker.lock().unwrap().as_ref().unwrap().wake_by_ref();
    }
}

#[test]
fn works_on_the_thread_that_asks() {
    let (counted, wakes) = (Counted::default(), Wakes::default());
    let task = counted.task(Idle::new(), no_orphan());
    assert_eq!(wakes.poll(1, &mut Box::pin(task.drive(|| Some(7)))), Poll::Ready(7));
    assert_eq!(counted.polls(), 0);
    let mut drive = Box::pin(task.drive(counted.reaches(1)));
    assert_eq!(wakes.poll(1, &mut drive), Poll::Ready(1));
    assert_eq!((wakes.take(), task.drivers()), (vec![], 0));
}

#[test]
fn polls_once_for_each_reason() {
    let (counted, wakes) = (Counted::default(), Wakes::default());
    let task = counted.task(Idle::new(), no_orphan());
    let mut drive = Box::pin(task.drive(counted.reaches(4)));
    assert!(wakes.poll(1, &mut drive).is_pending());
    assert!(wakes.poll(1, &mut drive).is_pending());
    assert_eq!(counted.polls(), 1);
    counted.wake();
    assert_eq!(wakes.take(), [1]);
    assert!(wakes.poll(1, &mut drive).is_pending());
    assert_eq!(counted.polls(), 2);
    task.kick();
    task.kick();
    assert_eq!(wakes.take(), [1]);
    assert!(wakes.poll(1, &mut drive).is_pending());
    assert_eq!(counted.polls(), 3);
    let mut another = Box::pin(task.drive(counted.reaches(4)));
    assert_eq!(wakes.poll(2, &mut another), Poll::Ready(4));
    assert_eq!(wakes.take(), [1]);
    assert_eq!(wakes.poll(1, &mut drive), Poll::Ready(4));
}

#[test]
fn wakes_drivers_in_the_order_in_which_they_came() {
    let (counted, wakes) = (Counted::default(), Wakes::default());
    let task = counted.task(Idle::new(), Arc::new(|| ()));
    let mut drives: Vec<_> = (0..3).map(|_| Box::pin(task.drive(counted.reaches(9)))).collect();
    for name in [2, 0, 1] {
        assert!(wakes.poll(name, &mut drives[name as usize]).is_pending());
    }
    // Whoever came earlier heard of the polls of those who came later.
    assert_eq!(wakes.take(), [2, 0]);
    for name in [0, 1, 2] {
        assert!(wakes.poll(name, &mut drives[name as usize]).is_pending());
    }
    assert_eq!(counted.polls(), 3);
    counted.wake();
    assert_eq!(wakes.take(), [2, 0, 1]);
}

#[test]
fn a_wait_of_its_own_is_not_asked_after_every_poll() {
    let (counted, wakes) = (Counted::default(), Wakes::default());
    let task = counted.task(Idle::new(), no_orphan());
    let (completer, ticket) = ticket();
    let mut waits = Box::pin(task.drive_with(ticket));
    assert!(wakes.poll(1, &mut waits).is_pending());
    let mut drive = Box::pin(task.drive(counted.reaches(2)));
    assert!(wakes.poll(2, &mut drive).is_ready());
    assert_eq!(wakes.take(), []);
    counted.wake();
    assert_eq!(wakes.take(), [1]);
    assert!(wakes.poll(1, &mut waits).is_pending());
    completer.complete(5);
    assert_eq!(wakes.take(), [1]);
    assert_eq!(wakes.poll(1, &mut waits), Poll::Ready(Some(5)));
}

#[test]
fn a_driver_that_goes_hands_on_what_is_asked() {
    let (counted, wakes) = (Counted::default(), Wakes::default());
    let task = counted.task(Idle::new(), no_orphan());
    let mut goes = Box::pin(task.drive(counted.reaches(9)));
    let mut stays = Box::pin(task.drive(counted.reaches(9)));
    assert!(wakes.poll(1, &mut goes).is_pending());
    assert!(wakes.poll(2, &mut stays).is_pending());
    counted.wake();
    assert_eq!(wakes.take(), [1, 2]);
    // Asked meanwhile for another reason, before the first driver came to it.
    drop(goes);
    assert!(wakes.poll(2, &mut stays).is_pending());
    assert_eq!(counted.polls(), 3);
}

#[test]
fn a_request_is_void_once_the_work_is_done() {
    // The second driver comes while the first polls, and finds its work done by that poll.
    let (wakes, answered) = (Wakes::default(), Arc::new(AtomicU32::new(0)));
    let shared: Arc<Mutex<Option<Arc<SharedTask>>>> = Arc::default();
    let (during, answers) = (shared.clone(), answered.clone());
    let polled = poll_fn(move |_| {
        let task = during.lock().unwrap().take().unwrap();
        let mut late =
            Box::pin(task.drive(|| (answers.load(Ordering::Relaxed) == 1).then_some(())));
        assert!(Wakes::default().poll(2, &mut late).is_pending());
        answers.store(1, Ordering::Relaxed);
        assert!(Wakes::default().poll(2, &mut late).is_ready());
        Poll::Pending
    });
    let task = Arc::new(SharedTask::new(polled, Idle::new(), no_orphan()));
    *shared.lock().unwrap() = Some(task.clone());
    let done = || (answered.load(Ordering::Relaxed) == 1).then_some(());
    assert!(wakes.poll(1, &mut Box::pin(task.drive(done))).is_ready());
    assert!(!task.abandoned());
}

#[test]
fn a_busy_task_is_never_left_alone() {
    let (wakes, orphans) = (Wakes::default(), Arc::new(AtomicU32::new(0)));
    let idle = Idle::default();
    let (completer, ticket) = ticket();
    let (says, told) = (idle.clone(), orphans.clone());
    let pump = async move {
        says.set_busy();
        assert_eq!(ticket.await, Some(()));
        says.set_idle();
        pending().await
    };
    let on_orphan = Arc::new(move || {
        told.fetch_add(1, Ordering::Relaxed);
    });
    let task = SharedTask::new(pump, idle, on_orphan);
    assert!(!task.abandoned());
    let mut first = Box::pin(task.drive(|| None::<()>));
    let mut second = Box::pin(task.drive(|| None::<()>));
    assert!(wakes.poll(1, &mut first).is_pending());
    assert!(wakes.poll(2, &mut second).is_pending());
    drop(first);
    assert_eq!((orphans.load(Ordering::Relaxed), task.abandoned()), (0, false));
    drop(second);
    assert_eq!((orphans.load(Ordering::Relaxed), task.abandoned()), (1, true));
    // What the orphan hook spawns.
    let mut spawned = Box::pin(task.drive_to_idle());
    assert!(wakes.poll(3, &mut spawned).is_pending());
    assert!(!task.abandoned());
    completer.complete(());
    assert!(wakes.take().ends_with(&[3]));
    assert!(wakes.poll(3, &mut spawned).is_ready());
    assert_eq!((orphans.load(Ordering::Relaxed), task.abandoned()), (1, false));
    assert!(wakes.poll(4, &mut Box::pin(task.drive_to_idle())).is_ready());
}

#[test]
fn a_request_without_a_driver_is_an_orphan_too() {
    let (counted, wakes) = (Counted::default(), Wakes::default());
    let task = counted.task(Idle::new(), no_orphan());
    task.kick();
    assert!(task.abandoned());
    assert!(wakes.poll(1, &mut Box::pin(task.drive_to_idle())).is_ready());
    assert_eq!((counted.polls(), task.abandoned()), (1, false));
}

#[test]
fn a_task_that_wakes_itself_lets_others_run_first() {
    let (wakes, polls) = (Wakes::default(), Arc::new(AtomicU32::new(0)));
    let counts = polls.clone();
    let yields = poll_fn(move |context| {
        counts.fetch_add(1, Ordering::Relaxed);
        context.waker().wake_by_ref();
        Poll::Pending
    });
    let task = SharedTask::new(yields, Idle::new(), Arc::new(|| ()));
    let mut drive = Box::pin(task.drive(|| None::<()>));
    for round in 1..4 {
        assert!(wakes.poll(1, &mut drive).is_pending());
        assert_eq!((polls.load(Ordering::Relaxed), wakes.take()), (round, vec![1]));
    }
}

#[test]
fn a_task_that_asks_for_itself_is_polled_a_bounded_number_of_times() {
    let (wakes, polls) = (Wakes::default(), Arc::new(AtomicU32::new(0)));
    let shared: Arc<Mutex<Option<Arc<SharedTask>>>> = Arc::default();
    let (kicks, counts) = (shared.clone(), polls.clone());
    let kicking = poll_fn(move |_| {
        counts.fetch_add(1, Ordering::Relaxed);
        kicks.lock().unwrap().as_ref().unwrap().kick();
        Poll::Pending
    });
    let task = Arc::new(SharedTask::new(kicking, Idle::new(), Arc::new(|| ())));
    *shared.lock().unwrap() = Some(task.clone());
    let mut drive = Box::pin(task.drive(|| None::<()>));
    assert!(wakes.poll(1, &mut drive).is_pending());
    assert_eq!((polls.load(Ordering::Relaxed), wakes.take()), (super::ROUNDS_MAX, vec![1]));
    drop(drive);
    shared.lock().unwrap().take();
}

#[test]
fn a_task_that_ends_is_dropped_and_wakes_all() {
    let (wakes, (completer, ticket)) = (Wakes::default(), ticket::<u32>());
    let (gate, opened) = crate::sync::ticket();
    let ends = async move {
        let _held = completer;
        opened.await.unwrap()
    };
    let task = SharedTask::new(ends, Idle::new(), no_orphan());
    let mut waits = Box::pin(task.drive_with(ticket));
    let mut rests = Box::pin(task.drive_to_idle());
    assert!(wakes.poll(1, &mut waits).is_pending());
    assert!(wakes.poll(2, &mut rests).is_ready());
    gate.complete(());
    assert_eq!(wakes.take(), [1]);
    assert_eq!(wakes.poll(1, &mut waits), Poll::Ready(None));
    assert!(task.ended());
    assert!(wakes.poll(2, &mut Box::pin(task.drive_to_idle())).is_ready());
}

#[test]
fn a_panic_reaches_every_drive() {
    let wakes = Wakes::default();
    let (gate, opened) = ticket::<()>();
    let panics = async move {
        opened.await;
        panic!("on purpose");
    };
    let task = SharedTask::new(panics, Idle::new(), no_orphan());
    let mut first = Box::pin(task.drive(|| None::<()>));
    let mut second = Box::pin(task.drive(|| None::<()>));
    assert!(wakes.poll(1, &mut first).is_pending());
    assert!(wakes.poll(2, &mut second).is_pending());
    drop(gate);
    wakes.take();
    let first = AssertUnwindSafe(|| wakes.poll(1, &mut first));
    assert!(catch_unwind(first).is_err());
    let second = AssertUnwindSafe(|| wakes.poll(2, &mut second));
    assert!(catch_unwind(second).is_err());
    assert!(task.ended());
}
