//! A call fails only where that is documented, and refuses what it must.

use super::super::observation::Instance;
use super::super::operation::{Hold, Role};
use super::super::store::{Fault, StoreError};
use super::super::violation::Violation;
use super::Rule;

/// What was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Anything of the primary.
    Primary,
    /// An opening of an instance that reads.
    OpenReader,
    /// A catch-up.
    CatchUp,
    /// A read.
    Read,
    /// A write through an instance that reads.
    WriteToReader,
    /// A read through what was held.
    Held(Hold),
}

/// Whether something else went on at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Nothing.
    Nothing,
    /// A primary that was at work.
    Work,
}

/// Holds what a call answered against what is documented.
pub fn judge(
    at: usize,
    instance: Instance,
    doing: Doing,
    beside: Beside,
    answer: Result<(), &StoreError>,
) -> Option<Violation> {
    let must_refuse = match doing {
        Doing::WriteToReader => true,
        Doing::CatchUp => matches!(instance, Instance::Reader(_, Role::Frozen)),
        _ => false,
    };
    let fault = match answer {
        Ok(()) if must_refuse => {
            let words = format!("{doing:?} was not refused");
            return Some(Violation::new(Rule::Errors, "not-refused", instance, at, words));
        }
        Ok(()) => return None,
        Err(error) => error.fault,
    };
    let is_documented = match (doing, fault) {
        _ if must_refuse => fault == Fault::NotSupported,
        // The MANIFEST was replaced meanwhile.
        (Doing::OpenReader | Doing::CatchUp, Fault::TryAgain) => beside == Beside::Work,
        // Files that the MANIFEST named are gone by the time they are opened.
        (Doing::OpenReader, Fault::Io | Fault::Corruption) => beside == Beside::Work,
        (Doing::CatchUp | Doing::Read, Fault::Io) => beside == Beside::Work,
        (Doing::Held(_), Fault::NotSupported) => true,
        _ => false,
    };
    let words = || format!("{doing:?} failed: {}", answer.err().map_or("", |error| &error.text));
    let anomaly = match fault {
        Fault::Corruption => "corruption",
        Fault::NotSupported => "not-supported",
        Fault::Io => "io-error",
        Fault::TryAgain => "try-again",
        Fault::Other => "other-error",
    };
    (!is_documented).then(|| Violation::new(Rule::Errors, anomaly, instance, at, words()))
}
