//! Mistakes that make runs differ, made on purpose: each must be caught by the check.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "what is forbidden everywhere else is what must be caught here"
)]

use std::collections::HashMap;
use std::path::PathBuf;
use std::task::Poll;
use std::time::SystemTime;

use duolog::io::{OpenMode, World};

use super::{SimError, Simulation};

/// The time of the machine gets into what a task does.
///
/// # Errors
/// Where the run fails.
pub fn real_time(simulation: &Simulation) -> Result<(), SimError> {
    let control = simulation.control();
    simulation.run_until(async move {
        control.host().sleep(10).await;
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        control.note("seen", since.unwrap_or_default().as_nanos() as u64);
    })
}

/// A task takes the order of its calls from a map with a hasher of its own.
///
/// # Errors
/// Where the run fails.
pub fn hash_map_order(simulation: &Simulation) -> Result<(), SimError> {
    let world = simulation.host().clone();
    let paths: HashMap<u32, PathBuf> =
        (0..64).map(|number| (number, PathBuf::from(format!("/sim/{number}")))).collect();
    simulation.run_until(async move {
        for path in paths.values() {
            let opened = world.open(path, OpenMode::Create).await;
            opened.expect("the simulated disk makes files");
        }
    })
}

/// Where something lies in memory gets into what a task does.
///
/// # Errors
/// Where the run fails.
pub fn address(simulation: &Simulation) -> Result<(), SimError> {
    // Leaked, so that the second run cannot be given the same place.
    let place: &'static u64 = Box::leak(Box::new(0));
    let control = simulation.control();
    simulation.run_until(async move { control.note("seen", std::ptr::from_ref(place) as u64) })
}

/// A thread of a library wakes a task.
///
/// # Errors
/// [`SimError::ForeignThread`].
pub fn foreign_thread(simulation: &Simulation) -> Result<(), SimError> {
    let mut is_first = true;
    simulation.run_until(std::future::poll_fn(|task| {
        if !std::mem::take(&mut is_first) {
            return Poll::Ready(());
        }
        let waker = task.waker().clone();
        let woken = std::thread::spawn(move || waker.wake()).join();
        woken.expect("waking a task does not panic");
        Poll::Pending
    }))
}
