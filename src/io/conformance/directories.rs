//! Directories.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::check::{Checked, content_at, equal, fails, holds, put, same_bytes};
use crate::io::World;

pub(super) async fn create_directories_makes_all<W: World>(world: W, at: PathBuf) -> Checked {
    world.create_directories(&at.join("a/b/c")).await?;
    put(&world, &at.join("a/b/c/file"), b"x").await?;
    let found = world.list(&at.join("a")).await?;
    equal("entries above", found.iter().map(|entry| entry.name.as_str()).collect(), vec!["b"])
}

pub(super) async fn create_directories_twice<W: World>(world: W, at: PathBuf) -> Checked {
    let path = at.join("a/b");
    world.create_directories(&path).await?;
    put(&world, &path.join("file"), b"x").await?;
    world.create_directories(&path).await?;
    same_bytes("what is in it", &content_at(&world, &path.join("file")).await?, b"x")?;
    let made = world.create_directories(&path.join("file")).await;
    holds(made.is_err(), || "a directory was made where a file is".to_owned())
}

pub(super) async fn list_is_sorted<W: World>(world: W, at: PathBuf) -> Checked {
    equal("an empty directory", world.list(&at).await?.len(), 0)?;
    let names = ["b", "a10", "a2", "B", "zz", "0", "a"];
    for name in names {
        put(&world, &at.join(name), b"").await?;
    }
    let found: Vec<_> = world.list(&at).await?.into_iter().map(|entry| entry.name).collect();
    let mut wanted = names.map(str::to_owned).to_vec();
    wanted.sort();
    equal("names", found, wanted)
}

pub(super) async fn list_tells_directories<W: World>(world: W, at: PathBuf) -> Checked {
    put(&world, &at.join("file"), b"").await?;
    world.create_directories(&at.join("directory/below")).await?;
    let found = world.list(&at).await?;
    let found: Vec<_> =
        found.iter().map(|entry| (entry.name.as_str(), entry.is_directory)).collect();
    equal("entries", found, vec![("directory", true), ("file", false)])
}

pub(super) async fn missing_is_not_found<W: World>(world: W, at: PathBuf) -> Checked {
    let (missing, other) = (at.join("missing"), at.join("other"));
    fails("list", world.list(&missing).await, ErrorKind::NotFound)?;
    fails("canonical", world.canonical(&missing).await, ErrorKind::NotFound)?;
    fails("remove_file", world.remove_file(&missing).await, ErrorKind::NotFound)?;
    fails("remove_directory", world.remove_directory(&missing).await, ErrorKind::NotFound)?;
    fails("rename", world.rename(&missing, &other).await, ErrorKind::NotFound)?;
    fails("hard_link", world.hard_link(&missing, &other).await, ErrorKind::NotFound)?;
    equal("entries made", world.list(&at).await?.len(), 0)
}

pub(super) async fn remove_directory_removes_all<W: World>(world: W, at: PathBuf) -> Checked {
    let path = at.join("a");
    world.create_directories(&path.join("b")).await?;
    put(&world, &path.join("b/file"), b"x").await?;
    put(&world, &at.join("beside"), b"y").await?;
    world.remove_directory(&path).await?;
    equal("it is there", world.exists(&path).await?, false)?;
    equal("its file is there", world.exists(&path.join("b/file")).await?, false)?;
    world.create_directories(&path).await?;
    equal("entries of one made again", world.list(&path).await?.len(), 0)?;
    same_bytes("beside it", &content_at(&world, &at.join("beside")).await?, b"y")
}

pub(super) async fn sync_directory_wants_one<W: World>(world: W, at: PathBuf) -> Checked {
    put(&world, &at.join("file"), b"x").await?;
    world.sync_directory(&at).await?;
    let missing = world.sync_directory(&at.join("missing")).await;
    fails("where none is", missing, ErrorKind::NotFound)
}

pub(super) async fn canonical_is_one_name<W: World>(world: W, at: PathBuf) -> Checked {
    world.create_directories(&at.join("a")).await?;
    world.create_directories(&at.join("b")).await?;
    let name = world.canonical(&at.join("a")).await?;
    holds(name.is_absolute(), || format!("{name:?} is not absolute"))?;
    equal("of itself", world.canonical(&name).await?, name.clone())?;
    equal("by way of another", world.canonical(&at.join("b/../a/.")).await?, name.clone())?;
    let other = world.canonical(&at.join("b")).await?;
    holds(other != name, || format!("two directories are {name:?}"))
}
