//! The processes of a large run that are killed.

use duolog::io::Step;

use super::{KillAt, Shape};
use crate::seed::Stream;

/// How many actors append in processes that die.
pub(super) const MORTALS_COUNT: u64 = 8;

/// How many operations each of them has for each process.
pub(super) const MORTAL_OPERATIONS_COUNT: u64 = 24;

/// How many operations of a producer there are for each process that dies.
const OPERATIONS_A_DEATH: u64 = 56;

/// The steps at which they die: those of an append.
const MORTAL_STEPS: [Step; 6] = [
    Step::Staged,
    Step::Encoded,
    Step::FrameWritten,
    Step::TailAdded,
    Step::Published,
    Step::AckedFlushed,
];

/// How many processes are killed.
pub(super) fn deaths_count(shape: &Shape) -> u64 {
    shape.operations_count / OPERATIONS_A_DEATH
}

/// Where each of them is.
pub(super) fn deaths(stream: &mut Stream, shape: &Shape) -> Vec<KillAt> {
    let wanted = if shape.kills { deaths_count(shape) } else { 0 };
    let mut kill = || {
        let step = stream.pick(&MORTAL_STEPS);
        let (step, nth) = (format!("{step:?}"), 24 + stream.below(24));
        KillAt { step, nth, within_steps: None, power: false }
    };
    (0..wanted).map(|_| kill()).collect()
}
