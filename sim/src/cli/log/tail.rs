//! `duolog log tail`.

use std::collections::VecDeque;
use std::path::Path;

use clap::Args;
use duolog::io::World;
use duolog::io::real::Real;
use duolog::log::MarkFile;
use duolog::record::Frame;
use duolog::types::{ReadMessage, Sequence};

use crate::cli::{Ended, Exit, Failure};

use super::directory::DataDirectory;
use super::scan::{FrameScan, segments};
use super::{Format, Place, failed, message, put};

#[derive(Args, Clone)]
pub(super) struct TailArgs {
    #[command(flatten)]
    place: Place,
    /// Where to begin: earliest, latest, or a sequence [default: the last 10 messages]
    #[arg(long, value_parser = parse_from)]
    from: Option<From>,
    /// How many messages: the first of those from --from on, or the last ones
    #[arg(short = 'n', long, value_name = "COUNT")]
    count: Option<u64>,
    /// Waits for messages to come
    #[arg(long, short)]
    follow: bool,
    /// Prints sequence, position, time and id before each payload
    #[arg(long)]
    meta: bool,
    /// How messages are printed
    #[arg(long, default_value = "human")]
    message_format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    Earliest,
    Latest,
    Sequence(Sequence),
}

/// A place to begin.
pub(super) fn parse_from(text: &str) -> Result<From, String> {
    match text {
        "earliest" => Ok(From::Earliest),
        "latest" => Ok(From::Latest),
        text => text.parse().map(From::Sequence).map_err(|_| {
            format!("{text:?} is no place to begin: give earliest, latest, or a sequence")
        }),
    }
}

/// Messages that are printed where nothing is said.
const LAST_COUNT: u64 = 10;

/// How long to wait between two looks for messages to come.
const LOOK_EVERY_US: u64 = 200_000;

pub(super) async fn tail(world: Real, args: TailArgs) -> Ended {
    let data = DataDirectory::open(world, &args.place.directory).await?;
    let topic = data.topic(&args.place.topic).await?;
    let directory = data.partition(&topic, args.place.partition).await?;
    let published = Published { world: data.world.clone(), directory: directory.clone() };
    let (start, last) = begin(&args, &published, &directory).await?;
    let mut output = Output { args: &args, left: args.count.unwrap_or(u64::MAX), last };
    if last.is_some() {
        output.left = u64::MAX;
    }
    let mut scan = FrameScan::new(&data.world, &directory, start).await?;
    let mut next = start;
    let mut held: VecDeque<ReadMessage> = VecDeque::new();
    let mut waiting: Option<Frame> = None;
    loop {
        let end = published.end().await?;
        let frame = match waiting.take() {
            Some(frame) => Some(frame),
            None => scan.next().await?.and_then(Result::ok),
        };
        match frame {
            Some(frame) if frame.header().next_sequence() <= end => {
                let first = frame.header().first_sequence;
                if first > next {
                    let text = format!("sequences {next} up to {first} are missing: duolog check");
                    return Err(Failure::new(Exit::Violation, text));
                }
                for message in messages(&frame, next)? {
                    next = message.sequence + 1;
                    if !output.take(message, &mut held) {
                        return Ok(Exit::Pass);
                    }
                }
                continue;
            }
            // Written, but not published yet.
            Some(frame) => waiting = Some(frame),
            None => {}
        }
        // The end for now.
        if !output.give_last(&mut held) || !args.follow {
            return Ok(Exit::Pass);
        }
        data.world.sleep(LOOK_EVERY_US).await;
    }
}

/// The sequence to begin with, and how many of the last messages are wanted where that is what
/// was asked for.
async fn begin(
    args: &TailArgs,
    published: &Published,
    directory: &Path,
) -> Result<(Sequence, Option<u64>), Failure> {
    let all = segments(&published.world, directory).await?;
    let first = all.first().map_or(0, |segment| segment.base).max(published.start().await?);
    let end = published.end().await?;
    match args.from {
        Some(From::Earliest) => Ok((first, None)),
        Some(From::Latest) if end < Sequence::MAX => Ok((end, None)),
        Some(From::Latest) => Ok((first, Some(0))),
        Some(From::Sequence(sequence)) if sequence < first => {
            let text = format!("sequence {sequence} was trimmed: the log begins at {first}");
            Err(Failure::new(Exit::Usage, text))
        }
        Some(From::Sequence(sequence)) => Ok((sequence, None)),
        None => {
            let count = args.count.unwrap_or(LAST_COUNT);
            let start = if end < Sequence::MAX { end.saturating_sub(count) } else { first };
            Ok((start.max(first), Some(count)))
        }
    }
}

/// What the partition's writer says of it.
struct Published {
    world: Real,
    directory: std::path::PathBuf,
}

impl Published {
    async fn mark(&self) -> Result<Option<duolog::log::Mark>, Failure> {
        let directory = &self.directory;
        MarkFile::<<Real as World>::File>::read(&self.world, directory).await.map_err(failed)
    }

    /// The first sequence that is kept.
    async fn start(&self) -> Result<Sequence, Failure> {
        let directory = &self.directory;
        let noted = MarkFile::<<Real as World>::File>::log_start(&self.world, directory).await;
        Ok(noted.map_err(failed)?.unwrap_or(0))
    }

    /// Below it messages are visible; without a writer's word, all that lie there.
    async fn end(&self) -> Result<Sequence, Failure> {
        Ok(self.mark().await?.map_or(Sequence::MAX, |mark| mark.marks.high_watermark))
    }
}

/// The messages of a frame from `next` on.
fn messages(frame: &Frame, next: Sequence) -> Result<Vec<ReadMessage>, Failure> {
    let records = frame.records().filter(|record| record.sequence() >= next);
    let message = |record: duolog::record::RecordView<'_>| {
        record.to_message().map_err(|error| {
            let text = format!("the message at {} cannot be read: {error}", record.offset());
            Failure::new(Exit::Violation, text)
        })
    };
    records.map(message).collect()
}

/// Prints messages: at once, or only the last ones once the end is met.
struct Output<'a> {
    args: &'a TailArgs,
    left: u64,
    /// How many of the last messages are wanted, until they were printed.
    last: Option<u64>,
}

impl Output<'_> {
    /// Takes the next message; whether more are wanted.
    fn take(&mut self, message: ReadMessage, held: &mut VecDeque<ReadMessage>) -> bool {
        match self.last {
            Some(count) => {
                held.push_back(message);
                if held.len() as u64 > count {
                    held.pop_front();
                }
                true
            }
            None if self.left == 0 => false,
            None => {
                self.left -= 1;
                self.print(&message) && self.left > 0
            }
        }
    }

    /// The end was met; whether anybody still reads what is printed.
    fn give_last(&mut self, held: &mut VecDeque<ReadMessage>) -> bool {
        self.last = None;
        held.drain(..).all(|message| self.print(&message))
    }

    fn print(&self, message: &ReadMessage) -> bool {
        put(&message::line(message, self.args.message_format, self.args.meta))
    }
}
