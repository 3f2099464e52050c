//! The long names, used as their author wrote them: path in, sessions out, written messages read
//! and found at once. Many times over, with everything going on in one directory.
#![allow(clippy::unwrap_used)]

use std::num::NonZero;
use std::sync::Arc;

use duolog::types::{Message, ReadPosition};
use duolog::{
    DiskConfig, DiskStorageReaderSession, Flusher, PartitionBufferSet, WriterPositionPtr,
};

const ROUNDS: u64 = 1000;

#[test]
fn what_a_writer_wrote_its_readers_see_at_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(write_and_read());
}

async fn write_and_read() {
    let storage_root = tempfile::tempdir().unwrap();
    let config = DiskConfig {
        segment_max_bytes: 16 << 10,
        settle_chunk_entries: 64,
        ..DiskConfig::new(storage_root.path())
    };
    let (topic, partition_id, group_id) = ("orders", 0, 7);
    let partition_index_num_per_topic = config.partition_index_num_per_topic;
    let write_ptr = Arc::new(WriterPositionPtr::new());
    let partition_dir = storage_root.path().join(topic).join(partition_id.to_string());
    let partition_buffer_set = PartitionBufferSet::new(
        partition_dir,
        Arc::new(config),
        write_ptr.clone(),
        Arc::new(Flusher::default()),
    )
    .await
    .unwrap();
    partition_buffer_set.write_batch(vec![Message::new("first", "")], true).await.unwrap();
    let reader_session = DiskStorageReaderSession::new(
        storage_root.path().to_owned(),
        group_id,
        partition_index_num_per_topic,
        vec![(topic.to_owned(), ReadPosition::Latest)],
    );
    let none = reader_session.next_within(topic, partition_id, NonZero::new(1).unwrap(), 0);
    assert!(none.await.unwrap().is_empty());
    for round in 0..ROUNDS {
        let id = format!("msg_{round}");
        let messages = vec![
            Message::new(&id, format!("payload {round}")),
            Message::new(format!("again_{}", round % 5), vec![0; (round % 300) as usize]),
        ];
        partition_buffer_set.write_batch(messages, true).await.unwrap();
        if round % 50 == 0 {
            partition_buffer_set.flush(true, true).await.unwrap();
            // However slow the disk is: what is looked up next is in no tail.
            partition_buffer_set.writer().await.unwrap().settle().await.unwrap();
        }
        let messages =
            reader_session.next(topic, partition_id, NonZero::new(10).unwrap()).await.unwrap();
        assert_eq!(messages.len(), 2, "round {round}");
        assert_eq!(messages[0].id, id);
        let writer_index_manager = partition_buffer_set.get_read_write_index_manager();
        let offset = writer_index_manager.get_by_msg_id(topic, partition_id, &id).await.unwrap();
        let reader_index_manager = reader_session.get_read_write_index_manager();
        let msg_id = reader_index_manager
            .get_msg_id_by_segment_offset(topic, partition_id, &offset)
            .await
            .unwrap();
        assert_eq!(msg_id, id);
        let again = format!("again_{}", round % 5);
        let latest = reader_index_manager.get_by_msg_id(topic, partition_id, &again).await.unwrap();
        assert_eq!(latest, messages[1].offset, "the latest of a repeated id");
        reader_session.commit(topic, partition_id, messages[1].offset).await.unwrap();
        assert_eq!(write_ptr.get().unwrap().0, messages[1].offset);
    }
    let settled = partition_buffer_set.writer().await.unwrap().marks().settled;
    assert!(settled > ROUNDS, "most lookups went past the tail: {settled}");
    partition_buffer_set.close().await.unwrap();
}
