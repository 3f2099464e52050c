//! Names of files: existing, removing, renaming, linking.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::check::{Checked, content, content_at, equal, fails, put, same_bytes};
use crate::io::{File, OpenMode, World};

pub(super) async fn exists_tells<W: World>(world: W, at: PathBuf) -> Checked {
    let path = at.join("file");
    equal("before", world.exists(&path).await?, false)?;
    put(&world, &path, b"x").await?;
    equal("a file", world.exists(&path).await?, true)?;
    equal("a directory", world.exists(&at).await?, true)
}

pub(super) async fn remove_frees_the_name<W: World>(world: W, at: PathBuf) -> Checked {
    let path = at.join("file");
    put(&world, &path, b"old").await?;
    world.remove_file(&path).await?;
    equal("it is there", world.exists(&path).await?, false)?;
    let opened = world.open(&path, OpenMode::Read).await;
    fails("open", opened, ErrorKind::NotFound)?;
    let file = world.open(&path, OpenMode::CreateNew).await?;
    equal("length of a new one", file.len().await?, 0)
}

pub(super) async fn removed_file_stays_readable<W: World>(world: W, at: PathBuf) -> Checked {
    let path = at.join("file");
    let file = put(&world, &path, b"old").await?;
    world.remove_file(&path).await?;
    put(&world, &path, b"new one").await?;
    same_bytes("through the handle", &content(&file).await?, b"old")?;
    file.write_at(0, b"OLD").await?;
    same_bytes("by name", &content_at(&world, &path).await?, b"new one")
}

pub(super) async fn rename_moves<W: World>(world: W, at: PathBuf) -> Checked {
    let (from, to) = (at.join("from"), at.join("to"));
    let file = put(&world, &from, b"abc").await?;
    world.rename(&from, &to).await?;
    equal("the old name is there", world.exists(&from).await?, false)?;
    file.write_at(0, b"x").await?;
    same_bytes("by the new name", &content_at(&world, &to).await?, b"xbc")
}

pub(super) async fn rename_replaces<W: World>(world: W, at: PathBuf) -> Checked {
    let (from, to) = (at.join("from"), at.join("to"));
    put(&world, &from, b"new").await?;
    let replaced = put(&world, &to, b"replaced").await?;
    world.rename(&from, &to).await?;
    equal("the old name is there", world.exists(&from).await?, false)?;
    same_bytes("by name", &content_at(&world, &to).await?, b"new")?;
    same_bytes("through a handle of the old", &content(&replaced).await?, b"replaced")
}

pub(super) async fn rename_moves_directories<W: World>(world: W, at: PathBuf) -> Checked {
    world.create_directories(&at.join("from/below")).await?;
    put(&world, &at.join("from/below/file"), b"abc").await?;
    put(&world, &at.join("from-beside"), b"x").await?;
    world.rename(&at.join("from"), &at.join("to")).await?;
    let found: Vec<_> = world.list(&at).await?.into_iter().map(|entry| entry.name).collect();
    equal("entries", found, vec!["from-beside".to_owned(), "to".to_owned()])?;
    same_bytes("what is in it", &content_at(&world, &at.join("to/below/file")).await?, b"abc")
}

pub(super) async fn hard_link_shares_the_file<W: World>(world: W, at: PathBuf) -> Checked {
    let (from, to) = (at.join("from"), at.join("to"));
    let file = put(&world, &from, b"abc").await?;
    world.hard_link(&from, &to).await?;
    file.write_at(0, b"x").await?;
    same_bytes("by the second name", &content_at(&world, &to).await?, b"xbc")?;
    world.remove_file(&from).await?;
    same_bytes("without the first", &content_at(&world, &to).await?, b"xbc")
}

pub(super) async fn hard_link_wants_a_free_name<W: World>(world: W, at: PathBuf) -> Checked {
    let (from, to) = (at.join("from"), at.join("to"));
    put(&world, &from, b"from").await?;
    put(&world, &to, b"to").await?;
    fails("over a file", world.hard_link(&from, &to).await, ErrorKind::AlreadyExists)?;
    same_bytes("what was there", &content_at(&world, &to).await?, b"to")
}
