use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use duolog::io::World;

use super::super::{SimError, SimOptions, Simulation};
use super::{run, simulation};

#[test]
fn time_goes_on_only_when_nothing_is_ready() {
    let (simulation, process) = simulation(1);
    let log = Arc::new(Mutex::new(Vec::new()));
    for wait_us in [30, 10, 20] {
        let (world, log) = (process.clone(), Arc::clone(&log));
        simulation.spawn(&process, "sleeper", async move {
            world.sleep(wait_us).await;
            log.lock().unwrap().push((wait_us, world.monotonic_us()));
        });
    }
    let world = process.clone();
    simulation.block_on(&process, async move { world.sleep(1_000_000).await }).unwrap();
    assert_eq!(*log.lock().unwrap(), [(10, 10), (20, 20), (30, 30)]);
    assert_eq!(simulation.now_us(), 1_000_000);
}

#[test]
fn seeds_choose_the_order_of_ready_tasks() {
    let order = |seed| {
        let (simulation, process) = simulation(seed);
        let log = Arc::new(Mutex::new(Vec::new()));
        for number in 0..8 {
            let log = Arc::clone(&log);
            simulation.spawn(&process, "task", async move { log.lock().unwrap().push(number) });
        }
        let world = process.clone();
        simulation.block_on(&process, async move { world.sleep(1).await }).unwrap();
        Arc::try_unwrap(log).unwrap().into_inner().unwrap()
    };
    assert_eq!(order(5), order(5));
    assert_ne!(order(5), order(6));
}

#[test]
fn what_nothing_can_wake_is_a_deadlock_with_names() {
    let (simulation, process) = simulation(1);
    simulation.spawn(&process, "stuck", std::future::pending());
    let result = simulation.block_on(&process, std::future::pending::<()>());
    let Err(SimError::Deadlock { pending, .. }) = result else { panic!("{result:?}") };
    assert_eq!(pending, ["writer/stuck#0", "writer/root#1"]);
}

#[test]
fn what_never_rests_is_a_livelock_with_names() {
    let options = SimOptions { poll_budget: 1000, ..SimOptions::default() };
    let simulation = Simulation::new(1, options);
    let process = simulation.process("writer");
    simulation.spawn(
        &process,
        "spinner",
        std::future::poll_fn(|task| {
            task.waker().wake_by_ref();
            Poll::Pending
        }),
    );
    let result = simulation.block_on(&process, std::future::pending::<()>());
    let ready = vec!["writer/spinner#0".to_owned()];
    assert_eq!(result, Err(SimError::Livelock { polls: 1000, ready }));
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the thread is what must be found")]
fn wake_from_another_thread_fails_the_run() {
    let (simulation, process) = simulation(1);
    let mut is_first = true;
    let wait = std::future::poll_fn(|task| {
        if !std::mem::take(&mut is_first) {
            return Poll::Ready(());
        }
        let waker: Waker = task.waker().clone();
        std::thread::spawn(move || waker.wake()).join().unwrap();
        Poll::Pending
    });
    let result = simulation.block_on(&process, wait);
    let Err(SimError::ForeignThread { what }) = result else { panic!("{result:?}") };
    assert_eq!(what, "root was woken from it");
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the thread is what must be found")]
fn call_from_another_thread_fails_the_run() {
    let (simulation, process) = simulation(1);
    let result = simulation.block_on(&process, async {
        let world = process.clone();
        std::thread::spawn(move || world.entropy()).join().unwrap()
    });
    let Err(SimError::ForeignThread { what }) = result else { panic!("{result:?}") };
    assert_eq!(what, "it drew a number");
}

#[test]
fn simulation_may_move_between_threads_between_runs() {
    let (simulation, process) = simulation(1);
    simulation.block_on(&process, process.sleep(1)).unwrap();
    #[allow(clippy::disallowed_methods, reason = "to move the simulation")]
    let moved = std::thread::spawn(move || simulation.block_on(&process, process.sleep(1)));
    assert_eq!(moved.join().unwrap(), Ok(()));
}

#[test]
fn dropped_sleep_sets_no_timer() {
    let now_us = run(1, |world| async move {
        let mut long = Box::pin(world.sleep(1_000_000));
        let mut short = Box::pin(world.sleep(10));
        std::future::poll_fn(|task| {
            assert!(long.as_mut().poll(task).is_pending());
            short.as_mut().poll(task)
        })
        .await;
        drop(long);
        world.sleep(10).await;
        world.monotonic_us()
    });
    assert_eq!(now_us, 20);
}

#[test]
fn tasks_go_on_with_the_next_run() {
    let (simulation, process) = simulation(1);
    let done = Arc::new(Mutex::new(false));
    let (world, flag) = (process.clone(), Arc::clone(&done));
    simulation.spawn(&process, "slow", async move {
        world.sleep(100).await;
        *flag.lock().unwrap() = true;
    });
    simulation.block_on(&process, process.sleep(10)).unwrap();
    assert!(!*done.lock().unwrap());
    simulation.block_on(&process, process.sleep(200)).unwrap();
    assert!(*done.lock().unwrap());
}

#[test]
fn tasks_drop_with_the_simulation() {
    let (simulation, process) = simulation(1);
    let held = Arc::new(());
    let (world, task_held) = (process.clone(), Arc::clone(&held));
    simulation.spawn(&process, "holder", async move {
        world.sleep(u64::MAX).await;
        drop(task_held);
    });
    simulation.block_on(&process, process.sleep(10)).unwrap();
    drop(simulation);
    assert_eq!(Arc::strong_count(&held), 1);
}
