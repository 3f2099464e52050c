//! Hostile bytes for every decoder of duolog, and for its recovery.
//!
//! A target is a function from bytes to nothing that panics where the engine does, and where what
//! the engine made of the bytes cannot be. libFuzzer drives the targets (`fuzz_targets`), and a
//! plain test replays the corpus and mutants of it. Checksums refuse almost all bytes that were
//! not made for them, so most targets can be told to make them right first: what lies behind a
//! checksum is tried as well.

pub mod frame;
mod input;
pub mod memory;
pub mod mutate;
pub mod recovery;
pub mod seal;
pub mod segment;
pub mod small_file;
pub mod value;

pub use input::Input;

/// A target: its name, what runs one input, and inputs to begin with.
pub struct Target {
    /// The name of its directory in the corpus, and of its program.
    pub name: &'static str,
    /// Tries one input.
    pub run: fn(&[u8]),
    /// Inputs that reach deep.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: [Target; 5] = [
    Target { name: "frame", run: frame::run, seeds: frame::seeds },
    Target { name: "segment", run: segment::run, seeds: segment::seeds },
    Target { name: "value", run: value::run, seeds: value::seeds },
    Target { name: "small_file", run: small_file::run, seeds: small_file::seeds },
    Target { name: "recovery", run: recovery::run, seeds: recovery::seeds },
];
