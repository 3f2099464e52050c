//! What the process exits with. Codes are only ever added.

use std::process::ExitCode;

use crate::judge::Verdict;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Exit {
    /// All was checked, and all passed.
    Pass,
    /// The engine is wrong: an invariant was broken.
    Violation,
    /// The command line is not right.
    Usage,
    /// The engine is slower than the limit or the baseline allows.
    Slower,
    /// Nothing ran: no seed was selected, or no operation was done.
    Nothing,
    /// It cannot be told: an invariant was never at risk, or a replay did not show what it had to.
    Inconclusive,
    /// A setting or the machine is not right: a directory that cannot be written, for example.
    Environment,
    /// A file has a format that this build does not read.
    Format,
    /// The harness itself is wrong.
    Harness,
}

impl Exit {
    /// All of them, in the order above.
    pub const ALL: [Exit; 9] = [
        Exit::Pass,
        Exit::Violation,
        Exit::Usage,
        Exit::Slower,
        Exit::Nothing,
        Exit::Inconclusive,
        Exit::Environment,
        Exit::Format,
        Exit::Harness,
    ];

    /// The code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Violation => 1,
            Self::Usage => 2,
            Self::Slower => 3,
            Self::Nothing => 4,
            Self::Inconclusive => 5,
            Self::Environment => 6,
            Self::Format => 7,
            Self::Harness => 70,
        }
    }

    /// What it means.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Pass => "all was checked, and all passed",
            Self::Violation => "the engine is wrong: an invariant was broken",
            Self::Usage => "the command line is not right",
            Self::Slower => "the engine is slower than allowed",
            Self::Nothing => "nothing ran: no seed, or no operation",
            Self::Inconclusive => {
                "it cannot be told: an invariant was never at risk, or a replay differed"
            }
            Self::Environment => "a setting or the machine is not right",
            Self::Format => "a file has a format that this build does not read",
            Self::Harness => "the harness itself is wrong",
        }
    }

    /// The result of a run of so many operations.
    pub const fn of(verdict: Verdict, operation_count: u64) -> Self {
        match verdict {
            Verdict::Violation => Self::Violation,
            _ if operation_count == 0 => Self::Nothing,
            Verdict::Inconclusive => Self::Inconclusive,
            Verdict::Pass => Self::Pass,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}
