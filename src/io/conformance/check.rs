//! What cases are made of.

use std::fmt::Debug;
use std::io;
use std::path::Path;

use crate::io::{File, OpenMode, World};

/// Result of a case.
pub(super) type Checked = Result<(), Broken>;

/// What a world did wrong.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) what: String,
}

/// A call that must succeed did not.
impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self { what: format!("unexpected error: {error} ({:?})", error.kind()) }
    }
}

/// `found` is `wanted`.
pub(super) fn equal<T: PartialEq + Debug>(what: &str, found: T, wanted: T) -> Checked {
    holds(found == wanted, || format!("{what}: found {found:?}, wanted {wanted:?}"))
}

/// `condition` is true.
pub(super) fn holds(condition: bool, what: impl FnOnce() -> String) -> Checked {
    if condition { Ok(()) } else { Err(Broken { what: what() }) }
}

/// `result` is an error of `kind`.
pub(super) fn fails<T>(what: &str, result: io::Result<T>, kind: io::ErrorKind) -> Checked {
    match result {
        Ok(_) => Err(Broken { what: format!("{what}: succeeded, wanted {kind:?}") }),
        Err(error) => equal(what, error.kind(), kind),
    }
}

/// `found` are the bytes `wanted`; says where they part.
pub(super) fn same_bytes(what: &str, found: &[u8], wanted: &[u8]) -> Checked {
    equal(&format!("{what}, length"), found.len(), wanted.len())?;
    let parting = found.iter().zip(wanted).position(|(found, wanted)| found != wanted);
    holds(parting.is_none(), || format!("{what}: differs from byte {parting:?}"))
}

/// Makes a file that holds `bytes`, replacing what was in one.
pub(super) async fn put<W: World>(world: &W, path: &Path, bytes: &[u8]) -> io::Result<W::File> {
    let file = world.open(path, OpenMode::Create).await?;
    file.set_len(0).await?;
    file.write_at(0, bytes).await?;
    Ok(file)
}

/// All bytes of an open file.
pub(super) async fn content<F: File>(file: &F) -> io::Result<Vec<u8>> {
    let length_bytes = file.len().await?;
    file.read_at(0, usize::try_from(length_bytes).expect("cases make small files")).await
}

/// All bytes of the file at `path`.
pub(super) async fn content_at<W: World>(world: &W, path: &Path) -> io::Result<Vec<u8>> {
    content(&world.open(path, OpenMode::Read).await?).await
}

/// Bytes that repeat late and hold no zero.
pub(super) fn pattern(length_bytes: usize) -> Vec<u8> {
    (0..length_bytes).map(|at| (at % 251) as u8 + 1).collect()
}
