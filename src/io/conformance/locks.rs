//! Exclusive locks.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::check::{Checked, equal, fails};
use crate::io::World;

pub(super) async fn second_lock_is_refused<W: World>(world: W, at: PathBuf) -> Checked {
    let path = at.join("LOCK");
    let held = world.lock(&path).await?;
    equal("the first is granted", held.is_some(), true)?;
    equal("the second is granted", world.lock(&path).await?.is_some(), false)?;
    let other = world.clone();
    equal("a clone's is granted", other.lock(&path).await?.is_some(), false)?;
    drop(held);
    Ok(())
}

pub(super) async fn lock_is_freed_by_drop<W: World>(world: W, at: PathBuf) -> Checked {
    let path = at.join("LOCK");
    for turn in 0..3 {
        let held = world.lock(&path).await?;
        equal(&format!("granted in turn {turn}"), held.is_some(), true)?;
        equal("refused meanwhile", world.lock(&path).await?.is_none(), true)?;
        drop(held);
    }
    Ok(())
}

pub(super) async fn locks_are_apart<W: World>(world: W, at: PathBuf) -> Checked {
    let first = world.lock(&at.join("first")).await?;
    let second = world.lock(&at.join("second")).await?;
    equal("both are granted", (first.is_some(), second.is_some()), (true, true))?;
    drop(first);
    equal("the other is still held", world.lock(&at.join("second")).await?.is_none(), true)
}

pub(super) async fn lock_makes_its_file<W: World>(world: W, at: PathBuf) -> Checked {
    let path = at.join("LOCK");
    let held = world.lock(&path).await?;
    equal("granted", held.is_some(), true)?;
    equal("its file is there", world.exists(&path).await?, true)
}

pub(super) async fn lock_wants_a_directory<W: World>(world: W, at: PathBuf) -> Checked {
    let taken = world.lock(&at.join("missing/LOCK")).await;
    fails("in no directory", taken, ErrorKind::NotFound)
}
