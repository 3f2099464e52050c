//! `duolog log inspect`.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use duolog::group::CommitFile;
use duolog::io::World;
use duolog::io::real::Real;
use duolog::log::{EpochHistory, Mark, MarkFile, TopicInfo};
use duolog::record::Frame;
use serde_json::{Value, json};

use crate::cli::{Ended, Exit, Failure};

use super::directory::{DataDirectory, failed};
use super::scan::{End, FrameScan, Segment, segments};
use super::{Format, put};

#[derive(Args, Clone)]
pub(super) struct InspectArgs {
    /// The storage directory
    directory: PathBuf,
    /// Only this topic
    topic: Option<String>,
    /// Only this partition
    #[arg(long, short, requires = "topic")]
    partition: Option<u32>,
    /// Tells of every frame and record too
    #[arg(long)]
    records: bool,
    /// How facts are printed
    #[arg(long, default_value = "human")]
    message_format: Format,
}

/// A fact: in words, and as an object.
struct Fact {
    words: String,
    object: Value,
}

impl Fact {
    fn put(&self, format: Format) -> bool {
        match format {
            Format::Human => put(self.words.as_bytes()),
            Format::Json => put(format!("{}\n", self.object).as_bytes()),
        }
    }
}

pub(super) async fn inspect(world: Real, args: InspectArgs) -> Ended {
    let data = DataDirectory::open(world, &args.directory).await?;
    let topics = match &args.topic {
        Some(name) => vec![data.topic(name).await?],
        None => data.topics().await?,
    };
    let mut is_empty = true;
    for topic in &topics {
        if !topic_fact(topic).put(args.message_format) {
            return Ok(Exit::Pass);
        }
        let all = 0..topic.partition_count;
        let wanted = args.partition.map_or(all, |number| number..number.saturating_add(1));
        for number in wanted {
            is_empty = false;
            let directory = data.partition(topic, number).await?;
            let partition = Partition { world: &data.world, topic, number, directory: &directory };
            for fact in partition.facts().await? {
                if !fact.put(args.message_format) {
                    return Ok(Exit::Pass);
                }
            }
            if args.records && !partition.frames(args.message_format).await? {
                return Ok(Exit::Pass);
            }
        }
    }
    Ok(if is_empty { Exit::Nothing } else { Exit::Pass })
}

fn topic_fact(topic: &TopicInfo) -> Fact {
    let TopicInfo { name, topic_id, partition_count, shard_count, created_us } = topic;
    Fact {
        words: format!(
            "topic {name}: {partition_count} partitions, {shard_count} index databases, \
             id {topic_id:032x}\n"
        ),
        object: json!({
            "type": "topic",
            "topic": name.as_str(),
            "topic_id": format!("{topic_id:032x}"),
            "partition_count": partition_count,
            "shard_count": shard_count,
            "created_us": created_us.to_string(),
        }),
    }
}

struct Partition<'a> {
    world: &'a Real,
    topic: &'a TopicInfo,
    number: u32,
    directory: &'a Path,
}

impl Partition<'_> {
    async fn facts(&self) -> Result<Vec<Fact>, Failure> {
        let Self { world, directory, .. } = *self;
        let mut facts = Vec::new();
        let there = world.exists(directory).await;
        if !there.map_err(|e| failed(duolog::StorageError::io("look for", directory, e)))? {
            facts.push(self.fact(" never written\n", json!({"type": "partition"})));
            return Ok(facts);
        }
        let mark = MarkFile::<<Real as World>::File>::read(world, directory).await;
        facts.push(self.mark_fact(mark.map_err(failed)?));
        for start in EpochHistory::read(world, directory).await.map_err(failed)?.starts() {
            let (epoch, first) = (start.epoch, start.first_sequence);
            let object = json!({
                "type": "epoch", "epoch": epoch, "first_sequence": first.to_string(),
            });
            facts.push(self.fact(&format!("  epoch {epoch}: from sequence {first}\n"), object));
        }
        for segment in segments(world, directory).await? {
            facts.push(self.segment_fact(&segment));
        }
        facts.append(&mut self.group_facts().await?);
        Ok(facts)
    }

    /// A fact with the names of topic and partition.
    fn fact(&self, words: &str, mut object: Value) -> Fact {
        object["topic"] = json!(self.topic.name.as_str());
        object["partition"] = json!(self.number);
        let words = match words.strip_prefix("  ") {
            Some(_) => words.to_owned(),
            None => format!(" partition {}:{words}", self.number),
        };
        Fact { words, object }
    }

    fn mark_fact(&self, mark: Option<Mark>) -> Fact {
        let Some(Mark { boot_id, epoch, clean, marks }) = mark else {
            return self.fact(" no mark of a writer\n", json!({"type": "partition"}));
        };
        let words = format!(
            " log start {}, settled {}, durable {}, high watermark {}, log end {}; epoch {epoch}, \
             {}\n",
            marks.log_start,
            marks.settled,
            marks.durable,
            marks.high_watermark,
            marks.log_end,
            if clean { "closed in order" } else { "open, or not closed in order" }
        );
        let object = json!({
            "type": "partition",
            "epoch": epoch,
            "boot_id": format!("{boot_id:032x}"),
            "clean": clean,
            "log_start": marks.log_start.to_string(),
            "settled": marks.settled.to_string(),
            "durable": marks.durable.to_string(),
            "high_watermark": marks.high_watermark.to_string(),
            "log_end": marks.log_end.to_string(),
        });
        self.fact(&words, object)
    }

    fn segment_fact(&self, segment: &Segment) -> Fact {
        let Segment { id, base, file_bytes, created_us } = segment;
        let object = json!({
            "type": "segment",
            "segment": id.to_string(),
            "base_sequence": base.to_string(),
            "file_bytes": file_bytes,
            "created_us": created_us.to_string(),
        });
        let words = format!("  segment {id}: from sequence {base}, {file_bytes} bytes\n");
        self.fact(&words, object)
    }

    async fn group_facts(&self) -> Result<Vec<Fact>, Failure> {
        let Self { world, directory, .. } = *self;
        let groups = CommitFile::<Real>::directory(directory);
        let io = |error| failed(duolog::StorageError::io("list", &groups, error));
        let mut facts = Vec::new();
        if !world.exists(&groups).await.map_err(io)? {
            return Ok(facts);
        }
        for entry in world.list(&groups).await.map_err(io)? {
            let group = entry.name.strip_suffix(".commit").and_then(|name| name.parse().ok());
            let Some(group) = group else { continue };
            let committed = CommitFile::peek(world, directory, group).await.map_err(failed)?;
            let Some(committed) = committed else { continue };
            let next = committed.position;
            let object = json!({
                "type": "group",
                "group": group,
                "epoch": next.epoch,
                "next_sequence": next.sequence.to_string(),
            });
            let words = format!("  group {group}: next is sequence {}\n", next.sequence);
            facts.push(self.fact(&words, object));
        }
        Ok(facts)
    }

    /// Tells of every frame and record; whether anybody still reads.
    async fn frames(&self, format: Format) -> Result<bool, Failure> {
        let mut scan = FrameScan::new(self.world, self.directory, 0).await?;
        while let Some(next) = scan.next().await? {
            let facts = match next {
                Ok(frame) => self.frame_facts(&frame),
                Err(end) => return Ok(self.end_fact(&end).put(format)),
            };
            if !facts.iter().all(|fact| fact.put(format)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn frame_facts(&self, frame: &Frame) -> Vec<Fact> {
        let header = frame.header();
        let at = frame.place().record_at(0);
        let bytes = header.frame_length_bytes();
        let object = json!({
            "type": "frame",
            "position": at.to_string(),
            "frame_bytes": bytes,
            "record_count": header.record_count,
            "first_sequence": header.first_sequence.to_string(),
            "durable": header.durable.to_string(),
            "append_time_us": header.append_time_us.to_string(),
            "seals": header.flags.is_seal(),
        });
        let kind = match header.record_count {
            0 if header.flags.is_seal() => "the seal".to_owned(),
            0 => "a mark".to_owned(),
            count => format!("{count} records"),
        };
        let (first, durable) = (header.first_sequence, header.durable);
        let words = format!(
            "  frame {at}: {bytes} bytes, {kind}, from sequence {first}, durable {durable}\n"
        );
        let mut facts = vec![self.fact(&words, object)];
        for record in frame.records() {
            let mut words = String::new();
            let (sequence, at, id) = (record.sequence(), record.offset(), record.id());
            let (bytes, time) = (record.length_bytes(), record.timestamp_us());
            let _ = writeln!(words, "    {sequence} at {at}: {bytes} bytes, {time} us, id {id:?}");
            let object = json!({
                "type": "record",
                "sequence": sequence.to_string(),
                "position": at.to_string(),
                "record_bytes": bytes,
                "timestamp_us": time.to_string(),
                "id": id,
                "crc32c": format!("{:08x}", record.crc32c()),
            });
            facts.push(self.fact(&words, object));
        }
        facts
    }

    fn end_fact(&self, end: &End) -> Fact {
        let End { segment, offset, what } = end;
        let object = json!({
            "type": "end",
            "position": format!("{segment}@{offset}"),
            "what": what,
        });
        self.fact(&format!("  end at {segment}@{offset}: {what}\n"), object)
    }
}
