//! Primitives that tasks of one process share: on locks, atomics and wakers of the standard
//! library, with no async runtime and no thread of their own. They depend on no other room.
//!
//! | primitive | use | guarantees |
//! |---|---|---|
//! | [`SwitchQueue`] | staging of appends | all comes out once, in the order of pushes |
//! | [`Waiters`] | sleep until a condition holds | no wake is lost; woken as registered |
//! | [`Marks`] | the five marks of a partition | forward only; in order in every view |
//! | [`ticket()`] | one answer to one caller | the value, or the news that none comes |
//! | [`SharedTask`] | a pump run by who waits for it | polled when asked; never left half done |
//! | [`SingleFlight`] | costly work wanted by several | one run at a time; handed on if dropped |
//! | [`Budget`] | bounded memory, back-pressure | strict order; bounded, but for one too large |
//! | [`StageTimes`] | where time goes, sampled | nothing noted is lost |
//! | [`both()`] | two futures in one task | each goes on while the other waits |
//!
//! The mistakes that the models plant, and find:
//!
//! | primitive | planted mistake |
//! |---|---|
//! | [`SwitchQueue`] | a swap in two halves loses the push between them |
//! | [`Waiters`] | a wait checks before it registers, and not afterwards |
//! | [`Marks`] | a view reads the larger mark before the smaller |
//! | [`ticket()`] | the completer wakes before it stores the value |
//! | [`SharedTask`] | a request is forgotten while another driver polls |
//! | | a driver leaves without handing on what is asked |
//! | | a busy task loses its last driver and nobody is told |
//! | [`SingleFlight`] | a leader is dropped without waking its followers |
//! | [`Budget`] | a dropped request keeps the wake that it got |
//!
//! # Rules of this room
//! - Where a wait is dropped, it has taken and changed nothing, and holds up nobody.
//! - The order of wakes depends on the order of registration only, never on an address or a hash,
//!   so that a simulation repeats exactly.
//! - No lock is held while a waker is called, cloned or dropped, or a caller's code runs: each
//!   may end in the same primitive again.
//! - Nothing here knows time. Whoever waits with a time limit races the wait against a sleep of
//!   its world, and drops it.
//!
//! # Models
//! `shim` is the only file that names locks and atomics. With the feature `loom` it takes them
//! from loom, which then runs these very files in all interleavings up to a bound of forced
//! switches: `cargo test --no-default-features --features loom --lib sync::`. Beside each
//! primitive lies its `model`: it passes as the primitive is, and fails as expected with each
//! mistake of the table planted, which shows that it would notice.

mod both;
mod budget;
#[cfg(not(feature = "loom"))]
mod lock;
mod marks;
#[cfg(all(test, feature = "loom"))]
mod modelling;
mod queue;
mod shared_task;
mod shim;
mod single_flight;
mod stages;
#[cfg(all(test, not(feature = "loom")))]
mod testing;
mod ticket;
mod waiters;
mod wakers;

pub use both::both;
pub use budget::{Budget, Permit};
#[cfg(not(feature = "loom"))]
pub(crate) use lock::lock;
pub use marks::{Marks, MarksView};
pub use queue::SwitchQueue;
pub use shared_task::{Idle, OnOrphan, SharedTask};
pub use single_flight::SingleFlight;
pub use stages::{StageTime, StageTimes, Stopwatch};
pub use ticket::{Completer, Ticket, ticket};
pub use waiters::Waiters;
