//! `duolog log append`.

use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use duolog::io::real::Real;
use duolog::types::{MESSAGE_BYTES_MAX, Message};
use duolog::{DiskConfig, Log, Writer};
use serde_json::json;

use crate::cli::{Ended, Exit, Failure, print};

use super::directory::{DataDirectory, failed};
use super::{Format, Place};

#[derive(Args, Clone)]
pub(super) struct AppendArgs {
    #[command(flatten)]
    place: Place,
    /// The file whose lines are appended [default: standard input]
    file: Option<PathBuf>,
    /// Makes directory and topic where they are not there
    #[arg(long)]
    create: bool,
    /// Partitions of a topic that is made
    #[arg(long, default_value_t = 1, value_name = "COUNT", requires = "create")]
    partitions: u32,
    /// What each line waits for
    #[arg(long, default_value = "flushed")]
    ack: Ack,
    /// What ids begin with; the message's sequence follows
    #[arg(long, default_value = "line-", value_name = "TEXT")]
    id_prefix: String,
    /// How the result is told
    #[arg(long, default_value = "human")]
    message_format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Ack {
    /// Nothing: it is written soon
    Buffered,
    /// That readers see it, and it survives the death of the process
    Flushed,
    /// That it survives a loss of power
    Synced,
}

impl From<Ack> for duolog::Ack {
    fn from(ack: Ack) -> Self {
        match ack {
            Ack::Buffered => Self::Buffered,
            Ack::Flushed => Self::Flushed,
            Ack::Synced => Self::Synced,
        }
    }
}

/// Bytes read at a time: what is there is appended as one batch.
const READ_BYTES: usize = 256 << 10;

/// Longest line: room for id and record is left.
const LINE_BYTES_MAX: usize = MESSAGE_BYTES_MAX as usize - (4 << 10);

pub(super) async fn append(world: Real, args: AppendArgs) -> Ended {
    let input = open_input(&args)?;
    let (log, writer) = open(world, &args).await?;
    let first = writer.marks().log_end;
    let appended = lines(&args, &writer, BufReader::with_capacity(READ_BYTES, input)).await;
    // What was appended before a failure is kept, and closed in order.
    let closed = writer.close().await;
    drop(log);
    let count = appended?;
    closed.map_err(failed)?;
    let Place { topic, partition, .. } = &args.place;
    print(&match args.message_format {
        Format::Human => format!(
            "{count} messages appended to partition {partition} of {topic}: \
             sequences {first} up to {}\n",
            first + count
        ),
        Format::Json => format!(
            "{}\n",
            json!({
                "type": "appended",
                "topic": topic,
                "partition": partition,
                "first_sequence": first.to_string(),
                "next_sequence": (first + count).to_string(),
                "count": count,
            })
        ),
    });
    Ok(if count == 0 { Exit::Nothing } else { Exit::Pass })
}

fn open_input(args: &AppendArgs) -> Result<Box<dyn Read + Send>, Failure> {
    Ok(match &args.file {
        None => Box::new(io::stdin()),
        Some(path) => Box::new(std::fs::File::open(path).map_err(|error| {
            Failure::new(Exit::Environment, format!("{}: {error}", path.display()))
        })?),
    })
}

/// The partition's writer; the topic is made where that is wanted.
async fn open(world: Real, args: &AppendArgs) -> Result<(Log, Writer), Failure> {
    let Place { directory, topic, partition } = &args.place;
    let opened = if args.create {
        DataDirectory::open_or_make(world, directory).await?
    } else {
        DataDirectory::open(world, directory).await?
    };
    if args.create {
        let made = opened.catalog.create_topic(topic, args.partitions).await;
        match made {
            Ok(_) | Err(duolog::StorageError::Exists(_)) => {}
            Err(error) => return Err(failed(error)),
        }
    }
    let info = opened.topic(topic).await?;
    opened.partition(&info, *partition).await?;
    let config = DiskConfig {
        message_max_bytes: MESSAGE_BYTES_MAX,
        staged_max_bytes: 2 * MESSAGE_BYTES_MAX as usize,
        ..opened.config(info.shard_count)
    };
    // A world has one entry a partition: this one must be made with these settings.
    let log = Log::open(opened.world.clone(), config).await.map_err(failed)?;
    let writer = log.writer(topic, *partition).await.map_err(failed)?;
    Ok((log, writer))
}

/// Appends every line; how many there were.
async fn lines(
    args: &AppendArgs,
    writer: &Writer,
    mut input: BufReader<Box<dyn Read + Send>>,
) -> Result<u64, Failure> {
    let first = writer.marks().log_end;
    let mut count = 0;
    let mut unfinished = Vec::new();
    loop {
        let block = match input.fill_buf() {
            Ok(block) => block,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::new(Exit::Environment, format!("input: {error}"))),
        };
        let is_end = block.is_empty();
        let mut batch = Vec::new();
        let mut from = 0;
        let mut line = |bytes: Vec<u8>| -> Result<(), Failure> {
            let number = count + batch.len() as u64;
            if bytes.len() > LINE_BYTES_MAX {
                let (line, length) = (number + 1, bytes.len());
                let text = format!(
                    "line {line} has {length} bytes, a message has room for {LINE_BYTES_MAX}: cut \
                     it first; {count} lines before it were appended"
                );
                return Err(Failure::new(Exit::Environment, text));
            }
            let id = format!("{}{}", args.id_prefix, first + number);
            batch.push(Message::new(id, bytes));
            Ok(())
        };
        for end in memchr::memchr_iter(b'\n', block) {
            unfinished.extend_from_slice(&block[from..end]);
            from = end + 1;
            line(std::mem::take(&mut unfinished))?;
        }
        unfinished.extend_from_slice(&block[from..]);
        if is_end && !unfinished.is_empty() {
            line(std::mem::take(&mut unfinished))?;
        }
        let read = block.len();
        input.consume(read);
        if !batch.is_empty() {
            count += batch.len() as u64;
            writer.append(batch, args.ack.into()).await.map_err(failed)?;
        }
        if is_end {
            return Ok(count);
        }
    }
}
