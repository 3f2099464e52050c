//! Operations in words, for people who read a plan.

use std::fmt;

use super::{CommitChoice, KillAt, Operation, Target};

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Append { count, ack, drop_after_polls, .. } => {
                let messages = if *count == 1 { "message" } else { "messages" };
                write!(f, "append {count} {messages} ({ack:?})")?;
                if let Some(polls) = drop_after_polls {
                    write!(f, ", dropped after {polls} polls")?;
                }
            }
            Self::Flush { fsync: true, .. } => write!(f, "flush, forced")?,
            Self::Flush { .. } => write!(f, "flush")?,
            Self::Next { count, wait_us: 0, .. } => write!(f, "read {count}")?,
            Self::Next { count, wait_us, .. } => write!(f, "read {count}, waiting {wait_us} us")?,
            Self::Follow { count, .. } => write!(f, "read on until there are {count}")?,
            Self::SeekEarliest { .. } => write!(f, "go back to the earliest message")?,
            Self::SeekTime { target, after_us, .. } => {
                write!(f, "go to the first message since {after_us} us after {target}")?;
            }
            Self::Commit { which, .. } => write!(f, "commit {}", chosen(*which))?,
            Self::LookupId { target, all: false, .. } => write!(f, "look up the id of {target}")?,
            Self::LookupId { target, .. } => write!(f, "look up all of the id of {target}")?,
            Self::LookupPosition { target, .. } => write!(f, "look up the position of {target}")?,
            Self::LookupTime { target, span_us, limit, .. } => {
                write!(f, "look up {span_us} us around {target}, at most {limit}")?;
            }
            Self::LookupSettled { count, .. } => {
                write!(f, "settle, and look up {count} settled messages at once")?;
            }
            Self::Marks { .. } => write!(f, "ask for the marks")?,
            Self::Settle { .. } => write!(f, "settle")?,
            Self::Trim { keep, .. } => write!(f, "trim all but {keep}")?,
            Self::Reopen => write!(f, "open the session again")?,
            Self::RestartWriter { .. } => write!(f, "close the writer and open it again")?,
            Self::Silence { us } => write!(f, "do nothing for {us} us")?,
            Self::At { us } => write!(f, "wait until {us} us after the start")?,
            Self::Await { count, .. } => write!(f, "wait until there are {count}")?,
        }
        match self.lane() {
            Some(lane) if lane > 0 => write!(f, ", partition {lane}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => write!(f, "the latest message"),
            Self::Back(back) => write!(f, "message {back} from the end"),
            Self::Begun => write!(f, "the message begun last"),
            Self::Missing => write!(f, "no message"),
        }
    }
}

impl fmt::Display for KillAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dies at step {}, time {}", self.step, self.nth)?;
        if let Some(within) = self.within_steps {
            write!(f, ", or after {within} steps")?;
        }
        if self.power { write!(f, ", and the power goes") } else { Ok(()) }
    }
}

fn chosen(which: CommitChoice) -> &'static str {
    match which {
        CommitChoice::Processed => "the last message read",
        CommitChoice::Forced => "the last message read, forced to disk",
        CommitChoice::Inside => "a byte inside a record",
        CommitChoice::PastEnd => "a place past the end",
        CommitChoice::NoSegment => "a segment that never was",
        CommitChoice::Older => "a message before the committed one",
    }
}
