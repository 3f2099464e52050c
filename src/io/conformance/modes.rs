//! How files open.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::check::{Checked, content, content_at, equal, fails, holds, put, same_bytes};
use crate::io::{File, OpenMode, World};

pub(super) async fn read_wants_a_file<W: World>(world: W, at: PathBuf) -> Checked {
    let path = at.join("file");
    fails("where none is", world.open(&path, OpenMode::Read).await, ErrorKind::NotFound)?;
    equal("it made one", world.exists(&path).await?, false)
}

pub(super) async fn read_refuses_writes<W: World>(world: W, at: PathBuf) -> Checked {
    let path = at.join("file");
    put(&world, &path, b"abc").await?;
    let file = world.open(&path, OpenMode::Read).await?;
    let written = file.write_at(0, b"xyz").await;
    holds(written.is_err(), || "a file open to read took a write".to_owned())?;
    let cut = file.set_len(1).await;
    holds(cut.is_err(), || "a file open to read was cut".to_owned())?;
    same_bytes("the whole", &content(&file).await?, b"abc")
}

pub(super) async fn write_wants_a_file<W: World>(world: W, at: PathBuf) -> Checked {
    let path = at.join("file");
    fails("where none is", world.open(&path, OpenMode::Write).await, ErrorKind::NotFound)?;
    equal("it made one", world.exists(&path).await?, false)?;
    put(&world, &path, b"abc").await?;
    let file = world.open(&path, OpenMode::Write).await?;
    same_bytes("kept", &content(&file).await?, b"abc")?;
    file.write_at(1, b"x").await?;
    same_bytes("changed", &content_at(&world, &path).await?, b"axc")
}

pub(super) async fn create_keeps_what_is_there<W: World>(world: W, at: PathBuf) -> Checked {
    let path = at.join("file");
    let file = world.open(&path, OpenMode::Create).await?;
    equal("a new file's length", file.len().await?, 0)?;
    file.write_at(0, b"abc").await?;
    let again = world.open(&path, OpenMode::Create).await?;
    same_bytes("kept", &content(&again).await?, b"abc")?;
    again.write_at(1, b"x").await?;
    same_bytes("seen through the other", &content(&file).await?, b"axc")
}

pub(super) async fn create_new_wants_none<W: World>(world: W, at: PathBuf) -> Checked {
    let path = at.join("file");
    let file = world.open(&path, OpenMode::CreateNew).await?;
    file.write_at(0, b"abc").await?;
    let again = world.open(&path, OpenMode::CreateNew).await;
    fails("where one is", again, ErrorKind::AlreadyExists)?;
    same_bytes("kept", &content_at(&world, &path).await?, b"abc")
}

pub(super) async fn create_wants_a_directory<W: World>(world: W, at: PathBuf) -> Checked {
    let path = at.join("missing").join("file");
    for mode in [OpenMode::Create, OpenMode::CreateNew] {
        let opened = world.open(&path, mode).await;
        fails(&format!("{mode:?} in no directory"), opened, ErrorKind::NotFound)?;
    }
    equal("it made a directory", world.exists(&at.join("missing")).await?, false)
}
