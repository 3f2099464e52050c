//! Events in words, for people who look at a violation.

use std::fmt;

use super::event::{Call, Damage, Event, Outcome, Reply};

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ended = self.returned.map_or("-".to_owned(), |stamp| stamp.to_string());
        write!(f, "[{}..{ended}] {:>9} us  process {}, ", self.invoked, self.invoked_us, {
            self.process
        })?;
        match self.actor {
            Event::DRIVER => write!(f, "the run")?,
            actor => write!(f, "actor {actor}")?,
        }
        if self.session > 0 {
            write!(f, ", session {}", self.session)?;
        }
        write!(f, ", partition {}: {} -> {}", self.lane, self.call, self.outcome)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Append { first, count, ack } => {
                write!(f, "append its messages {first}..{} ({ack:?})", first + u64::from(*count))
            }
            Self::Flush { fsync } => write!(f, "flush{}", if *fsync { ", forced" } else { "" }),
            Self::Next { count, wait_us } => write!(f, "next {count}, waiting {wait_us} us"),
            Self::SeekEarliest => write!(f, "seek earliest"),
            Self::SeekTime { from_us } => write!(f, "seek time {from_us}"),
            Self::Commit { group, which, place, sequence } => {
                write!(f, "group {group} commits {:x}@{} ({which:?}", place.0, place.1)?;
                sequence.map_or(Ok(()), |sequence| write!(f, ", sequence {sequence}"))?;
                write!(f, ")")
            }
            Self::Committed { group } => write!(f, "committed position of group {group}"),
            Self::LookupId { id, all } => {
                write!(f, "look up {}", if *all { "all of " } else { "" })?;
                match id {
                    Some(id) => write!(f, "id m{id:x}"),
                    None => write!(f, "an id that nobody used"),
                }
            }
            Self::LookupPosition { place, sequence } => {
                write!(f, "look up position {:x}@{}", place.0, place.1)?;
                sequence.map_or(Ok(()), |sequence| write!(f, " (sequence {sequence})"))
            }
            Self::LookupTime { from_us, to_us, limit } => {
                write!(f, "look up times {from_us}..{to_us}, at most {limit}")
            }
            Self::Marks => write!(f, "marks"),
            Self::Settle => write!(f, "settle"),
            Self::Trim { to } => write!(f, "trim to {to}"),
            Self::OpenSession { group, .. } => write!(f, "open a session of group {group}"),
            Self::OpenWriter => write!(f, "open the writer"),
            Self::CloseWriter => write!(f, "close the writer"),
            Self::Instances => write!(f, "count index instances"),
            Self::Arrive { guest } => write!(f, "guest {guest} opens a log and looks up"),
            Self::Leave { guest } => write!(f, "guest {guest} drops all that it has"),
            Self::CountHandles => write!(f, "count what is open"),
            Self::Kill => write!(f, "the process dies"),
            Self::Resume => write!(f, "resume the writer"),
            Self::Fault { number, class, zone, damage } => {
                let (class, zone) = (class.name(), zone.name());
                write!(f, "the disk fails: {class} ({zone}), fault #{number}")?;
                let Some(Damage { file, bytes }) = damage else { return Ok(()) };
                write!(f, ", bytes {}..{} of {file}", bytes.start, bytes.end)
            }
            Self::FaultMet { number } => write!(f, "something is done about fault #{number}"),
            Self::PowerLoss => write!(f, "the power goes"),
            Self::Silence => write!(f, "a silence"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok(reply) => write!(f, "{reply}"),
            Self::Fail(failure) => write!(f, "refused ({:?}) {}", failure.kind, failure.text),
            Self::Unknown(failure) => write!(f, "unknown ({:?}) {}", failure.kind, failure.text),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => write!(f, "done"),
            Self::Appended { epoch, sequence, .. } => {
                write!(f, "sequence {sequence}, epoch {epoch}")
            }
            Self::Messages(runs) if runs.is_empty() => write!(f, "nothing"),
            Self::Messages(runs) => {
                for (index, run) in runs.iter().enumerate() {
                    let gap = if index == 0 { "" } else { ", " };
                    write!(f, "{gap}{}..{}", run.sequence, run.end())?;
                }
                Ok(())
            }
            Self::Committed(None) => write!(f, "none"),
            Self::Committed(Some((epoch, next))) => write!(f, "{epoch}/{next}"),
            Self::Found(found, report) => {
                let sequences: Vec<u64> = found.iter().take(8).map(|one| one.sequence).collect();
                let more = if found.len() > 8 { ".." } else { "" };
                write!(
                    f,
                    "found {sequences:?}{more} (visible {}, tail from {}, secondary up to {})",
                    report.visible, report.tail_start, report.coverage
                )
            }
            Self::Closed(seen) => {
                write!(f, "done, after {} rolls and {} settlings", seen.rolls, seen.settles)
            }
            Self::Instances(open) => {
                write!(f, "{} primaries, {} secondaries", open.primaries, open.secondaries)
            }
            Self::Handles(open) => write!(
                f,
                "{} files, {} index instances, {} entries of the registry",
                open.files, open.instances, open.entries
            ),
            Self::Marks(marks) => write!(
                f,
                "start {}, settled {}, durable {}, high watermark {}, end {}",
                marks.log_start, marks.settled, marks.durable, marks.high_watermark, marks.log_end
            ),
        }
    }
}
