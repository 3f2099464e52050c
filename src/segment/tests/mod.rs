//! Segment files against what disks and crashes do to them.
#![allow(clippy::unwrap_used)]

mod filling;
mod heading;
mod reading;
mod real_files;
mod samples;
mod scanning;
mod searching;
mod writing;
