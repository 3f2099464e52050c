//! Time, the boot's name and randomness.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::check::{Checked, equal, holds};
use crate::io::World;

pub(super) async fn monotonic_never_goes_back<W: World>(world: W, _at: PathBuf) -> Checked {
    let mut last_us = world.monotonic_us();
    for turn in 0..1_000 {
        if turn % 100 == 0 {
            world.sleep(1).await;
        }
        let now_us = world.clone().monotonic_us();
        holds(now_us >= last_us, || format!("{now_us} us came after {last_us} us"))?;
        last_us = now_us;
    }
    Ok(())
}

pub(super) async fn sleep_lasts<W: World>(world: W, _at: PathBuf) -> Checked {
    for duration_us in [0, 1, 999, 1_000, 2_500, 10_000] {
        let start_us = world.monotonic_us();
        world.sleep(duration_us).await;
        let passed_us = world.monotonic_us() - start_us;
        holds(passed_us >= duration_us, || {
            format!("a sleep of {duration_us} us ended after {passed_us} us")
        })?;
    }
    Ok(())
}

pub(super) async fn boot_has_one_name<W: World>(world: W, _at: PathBuf) -> Checked {
    let name = world.boot_id();
    for _ in 0..3 {
        equal("its name", world.clone().boot_id(), name)?;
    }
    Ok(())
}

pub(super) async fn entropy_differs<W: World>(world: W, _at: PathBuf) -> Checked {
    // Of 64 numbers two are equal once in 10^16 runs.
    let drawn: BTreeSet<u64> = (0..64).map(|_| world.entropy()).collect();
    equal("different numbers of 64", drawn.len(), 64)
}
