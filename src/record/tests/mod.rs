//! The bytes of the log against their oracle, hostile bytes, and the snapshots.
#![allow(clippy::unwrap_used)]

mod hostile;
mod refuse;
mod round_trip;
mod samples;
mod snapshots;
mod validation;

pub(crate) use snapshots::hex;
