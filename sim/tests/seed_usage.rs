//! The long names, used as their author wrote them: path in, sessions out, written messages read
//! and found at once. Many times over, with everything going on in one directory; many times more
//! with ids that come again and are dropped, a small buffer, and another writer beside it. What
//! must not hold without freshness is in `planted`.
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods)] // The writer beside it is on a thread of its own.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use duolog::io::World;
use duolog::io::real::{Real, RealIndexOptions};
use duolog::types::{Message, ReadPosition, SegmentOffset, Sequence};
use duolog::{
    DiskConfig, DiskStorageReaderSession, Flusher, PartitionBufferSet,
    ReadWritePartitionIndexManager, StorageError, WriterPositionPtr,
};

const ROUNDS: u64 = 1000;
const TOPIC: &str = "orders";
const GROUP_ID: u32 = 7;

/// Writer and reader of partition 0, as they are made from a directory.
struct Usage<W: World> {
    partition_buffer_set: PartitionBufferSet<W>,
    reader_session: DiskStorageReaderSession<W>,
    write_ptr: Arc<WriterPositionPtr>,
}

impl Usage<Real> {
    async fn of_author(config: DiskConfig) -> Self {
        let storage_root = config.storage_dir.clone();
        let partition_index_num_per_topic = config.partition_index_num_per_topic;
        let write_ptr = Arc::new(WriterPositionPtr::new());
        let partition_buffer_set = PartitionBufferSet::new(
            storage_root.join(TOPIC).join("0"),
            Arc::new(config),
            write_ptr.clone(),
            Arc::new(Flusher::default()),
        )
        .await
        .unwrap();
        let reader_session = DiskStorageReaderSession::new(
            storage_root,
            GROUP_ID,
            partition_index_num_per_topic,
            vec![(TOPIC.to_owned(), ReadPosition::Latest)],
        );
        Self { partition_buffer_set, reader_session, write_ptr }
    }
}

impl<W: World> Usage<W> {
    fn of_world(world: &W, config: DiskConfig) -> Self {
        let read_positions = vec![(TOPIC.to_owned(), ReadPosition::Latest)];
        let reader_session = DiskStorageReaderSession::with_world(
            world.clone(),
            config.storage_dir.clone(),
            GROUP_ID,
            config.partition_index_num_per_topic,
            read_positions,
        );
        let (partition_buffer_set, write_ptr) = writer_of(world, config, 0);
        Self { partition_buffer_set, reader_session, write_ptr }
    }

    /// The reader begins behind the first message.
    async fn begin(&self) {
        let first = vec![Message::new("first", "")];
        self.partition_buffer_set.write_batch(first, true).await.unwrap();
        let one = NonZero::new(1).unwrap();
        let none = self.reader_session.next_within(TOPIC, 0, one, 0).await.unwrap();
        assert!(none.is_empty());
    }

    /// Moves into the index what was written, however slow the disk is: what is looked up next
    /// is in no tail.
    async fn flush(&self) {
        self.partition_buffer_set.flush(true, true).await.unwrap();
        self.partition_buffer_set.writer().await.unwrap().settle().await.unwrap();
    }

    /// Reads what was written last and commits it: `messages`, all of it and nothing else.
    async fn read(&self, written: &[Message]) -> Result<(), String> {
        let n = NonZero::new(10).unwrap();
        let messages = self.reader_session.next(TOPIC, 0, n).await.unwrap();
        let read: Vec<&str> = messages.iter().map(|message| message.id()).collect();
        let written: Vec<&str> = written.iter().map(|message| message.id.as_str()).collect();
        if read != written {
            return Err(format!("{read:?} is read after {written:?} was written"));
        }
        let last = messages.last().unwrap().offset();
        self.reader_session.commit(TOPIC, 0, last).await.map_err(|error| error.to_string())?;
        assert_eq!(self.write_ptr.get().unwrap().0, last);
        Ok(())
    }

    /// Two messages a round, one with an id that comes again; read, found, committed.
    async fn rounds(&self) -> Result<(), String> {
        self.begin().await;
        let writer_index_manager = self.partition_buffer_set.get_read_write_index_manager();
        let reader_index_manager = self.reader_session.get_read_write_index_manager();
        for round in 0..ROUNDS {
            let (id, again) = (format!("msg_{round}"), format!("again_{}", round % 5));
            let messages = vec![
                Message::new(&id, format!("payload {round}")),
                Message::new(&again, vec![0; (round % 300) as usize]),
            ];
            let appended =
                self.partition_buffer_set.write_batch(messages.clone(), true).await.unwrap();
            if round % 50 == 0 {
                self.flush().await;
            }
            for manager in [&writer_index_manager, &reader_index_manager] {
                found(manager, &id, Some(appended.offsets[0])).await?;
                found(manager, &again, Some(appended.offsets[1])).await?;
            }
            self.read(&messages).await?;
        }
        let settled = self.partition_buffer_set.writer().await.unwrap().marks().settled;
        assert!(settled > ROUNDS, "most lookups went past the tail: {settled}");
        Ok(())
    }

    /// A few ids that come again, are dropped with their segments and come anew, among flushes
    /// and silence; after each, every id is looked up.
    async fn changing_rounds(&self) -> Result<(), String> {
        self.begin().await;
        let index_manager = self.reader_session.get_read_write_index_manager();
        let ids = ["id_0", "id_1", "id_2", "id_3"];
        let mut latest = BTreeMap::<&str, (Sequence, SegmentOffset)>::new();
        let (mut draw, mut dropped) = (11_u64, 0);
        for round in 0..ROUNDS {
            draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (what, id) = ((draw >> 33) % 10, ids[(draw >> 43) as usize % ids.len()]);
            match what {
                0..6 => {
                    let messages = vec![Message::new(id, format!("payload {round}"))];
                    let appended =
                        self.partition_buffer_set.write_batch(messages.clone(), true).await;
                    let appended = appended.unwrap();
                    latest.insert(id, (appended.first_sequence, appended.offsets[0]));
                    self.read(&messages).await?;
                }
                6..8 => self.flush().await,
                8 => {
                    let writer = self.partition_buffer_set.writer().await.unwrap();
                    writer.roll().await.unwrap();
                    writer.settle().await.unwrap();
                    writer.trim_to(writer.marks().settled).await.unwrap();
                    let before = latest.len();
                    latest.retain(|_, (sequence, _)| *sequence >= writer.marks().log_start);
                    dropped += before - latest.len();
                }
                _ => {}
            }
            for id in ids {
                let expected = latest.get(id).map(|(_, offset)| *offset);
                let result = found(&index_manager, id, expected).await;
                result.map_err(|what| format!("round {round}: {what}"))?;
            }
        }
        assert!(dropped > 20, "{dropped} ids were dropped only");
        Ok(())
    }
}

/// Whether the latest message of `id` is found at `expected`, and its id by that place.
async fn found<W: World>(
    manager: &ReadWritePartitionIndexManager<W>,
    id: &str,
    expected: Option<SegmentOffset>,
) -> Result<(), String> {
    let offset = match manager.get_by_msg_id(TOPIC, 0, id).await {
        Err(StorageError::NotFound { .. }) => None,
        offset => Some(offset.map_err(|error| error.to_string())?),
    };
    if offset != expected {
        return Err(format!("{id:?} is found at {offset:?}, and was written at {expected:?}"));
    }
    let Some(offset) = offset else { return Ok(()) };
    match manager.get_msg_id_by_segment_offset(TOPIC, 0, &offset).await {
        Ok(there) if there == id => Ok(()),
        other => Err(format!("{other:?} is found where {id:?} was written, at {offset:?}")),
    }
}

fn writer_of<W: World>(
    world: &W,
    config: DiskConfig,
    partition: u32,
) -> (PartitionBufferSet<W>, Arc<WriterPositionPtr>) {
    let directory = config.storage_dir.join(TOPIC).join(partition.to_string());
    let (write_ptr, flusher) = (Arc::new(WriterPositionPtr::new()), Arc::new(Flusher::default()));
    let set = PartitionBufferSet::with_world(
        world.clone(),
        directory,
        Arc::new(config),
        write_ptr.clone(),
        flusher,
    );
    (set.unwrap(), write_ptr)
}

fn config_of(storage_root: &Path) -> DiskConfig {
    DiskConfig {
        segment_max_bytes: 16 << 10,
        settle_chunk_entries: 64,
        ..DiskConfig::new(storage_root)
    }
}

/// With 64 KiB for what is not settled, where 256 MiB are usual.
fn small_config_of(storage_root: &Path) -> DiskConfig {
    DiskConfig { tail_max_bytes: 64 << 10, ..config_of(storage_root) }
}

/// A world whose index writes 64 KiB of entries to a file.
fn small_world() -> Real {
    #[cfg(feature = "rocks")]
    let options = RealIndexOptions { write_buffer_bytes: 64 << 10, ..RealIndexOptions::default() };
    #[cfg(not(feature = "rocks"))]
    let options = RealIndexOptions::default();
    Real::with_index(options)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Told when it drops, so also where an assertion fails.
struct Stopped<'a>(&'a AtomicBool);

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// [`Usage::changing_rounds`] beside a writer of another partition, whose entries go into the
/// same database.
fn changing_rounds_beside_a_writer<W: World>(world: &W) -> Result<(), String> {
    let storage_root = tempfile::tempdir().unwrap();
    let config = small_config_of(storage_root.path());
    let usage = Usage::of_world(world, config.clone());
    let (other, _) = writer_of(world, config, 1);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let beside = scope.spawn(|| {
            block_on(async {
                let mut written = 0;
                while !stop.load(Ordering::SeqCst) {
                    let message = Message::new(format!("id_{}", written % 50), vec![7; 200]);
                    other.write_batch(vec![message], true).await.unwrap();
                    written += 1;
                }
                let settled = other.writer().await.unwrap().marks().settled;
                other.close().await.unwrap();
                settled
            })
        });
        let stopped = Stopped(&stop);
        let result = block_on(usage.changing_rounds());
        drop(stopped);
        let settled = beside.join().unwrap();
        assert!(settled > 0 || result.is_err(), "nothing was settled beside it");
        block_on(usage.partition_buffer_set.close()).unwrap();
        result
    })
}

#[test]
fn what_a_writer_wrote_its_readers_see_at_once() {
    let storage_root = tempfile::tempdir().unwrap();
    block_on(async {
        let usage = Usage::of_author(config_of(storage_root.path())).await;
        usage.rounds().await.unwrap();
        usage.partition_buffer_set.close().await.unwrap();
    });
}

#[test]
fn ids_that_come_again_and_go_are_seen_at_once() {
    changing_rounds_beside_a_writer(&small_world()).unwrap();
}

/// The same, where a lookup takes a catch-up for done that was not made.
#[cfg(feature = "planted")]
mod planted {
    use duolog::io::Planted;
    use duolog::io::decorate::Observed;

    use super::{Usage, block_on, changing_rounds_beside_a_writer, config_of, small_world};

    fn stale() -> Observed<duolog::io::real::Real> {
        let world = Observed::new(small_world());
        world.plant(Planted::CatchUpSkipped);
        world
    }

    #[test]
    fn without_freshness_it_is_not_seen() {
        let storage_root = tempfile::tempdir().unwrap();
        let usage = Usage::of_world(&stale(), config_of(storage_root.path()));
        let what = block_on(usage.rounds()).unwrap_err();
        assert!(what.contains("is found"), "{what}");
    }

    #[test]
    fn without_freshness_what_changes_is_not_seen() {
        let what = changing_rounds_beside_a_writer(&stale()).unwrap_err();
        assert!(what.contains("is found"), "{what}");
    }
}
