//! Futures that are polled once and dropped.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::check::{Broken, Checked, content, content_at, equal, holds, put, same_bytes};
use super::wait::polled_once;
use crate::io::{File, OpenMode, World};

pub(super) async fn dropped_write_is_whole_or_not<W: World>(world: W, at: PathBuf) -> Checked {
    let (old, new) = ([b'o'; 20_000], [b'n'; 20_000]);
    let file = put(&world, &at.join("file"), &old).await?;
    let is_ready = polled_once(file.write_at(0, &new)).await;
    let found = content(&file).await?;
    let is_old = !is_ready && found == old;
    holds(is_old || found == new, || "a dropped write is there in part".to_owned())?;
    file.write_at(0, &new).await?;
    same_bytes("a later write", &content(&file).await?, &new)
}

pub(super) async fn dropped_rename_is_whole_or_not<W: World>(world: W, at: PathBuf) -> Checked {
    let (from, to) = (at.join("from"), at.join("to"));
    put(&world, &from, b"from").await?;
    polled_once(world.rename(&from, &to)).await;
    // It may take effect between any two of these calls.
    let found = match content_at(&world, &from).await {
        Err(error) if error.kind() == ErrorKind::NotFound => content_at(&world, &to).await?,
        found => found?,
    };
    same_bytes("by one of its names", &found, b"from")
}

pub(super) async fn dropped_calls_leave_the_world_usable<W: World>(
    world: W,
    at: PathBuf,
) -> Checked {
    let file = put(&world, &at.join("file"), b"abc").await?;
    polled_once(file.sync_data()).await;
    polled_once(file.read_at(0, 3)).await;
    polled_once(file.fill_zero(3, 9)).await;
    polled_once(world.sync_directory(&at)).await;
    polled_once(world.list(&at)).await;
    polled_once(world.sleep(1_000_000)).await;
    polled_once(world.open(&at.join("opened"), OpenMode::CreateNew)).await;
    polled_once(world.create_directories(&at.join("made/below"))).await;
    polled_once(world.hard_link(&at.join("file"), &at.join("linked"))).await;
    file.sync_data().await?;
    same_bytes("the file", &file.read_at(0, 3).await?, b"abc")?;
    world.sync_directory(&at).await?;
    world.open(&at.join("opened"), OpenMode::Create).await?;
    world.create_directories(&at.join("made/below")).await?;
    match world.hard_link(&at.join("file"), &at.join("linked")).await {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
        _ => {}
    }
    same_bytes("linked", &content_at(&world, &at.join("linked")).await?[..3], b"abc")?;
    world.remove_directory(&at.join("made")).await?;
    equal("the directory is there", world.exists(&at.join("made")).await?, false)
}

pub(super) async fn dropped_lock_is_freed<W: World>(world: W, at: PathBuf) -> Checked {
    let path = at.join("LOCK");
    polled_once(world.lock(&path)).await;
    // The dropped call may still be under way, and hold the lock for a moment.
    for _ in 0..300 {
        if world.lock(&path).await?.is_some() {
            return Ok(());
        }
        world.sleep(1_000).await;
    }
    Err(Broken { what: "a dropped call holds the lock for ever".to_owned() })
}
