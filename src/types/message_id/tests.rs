use std::hash::{Hash, Hasher};

use bytes::Bytes;
use proptest::prelude::*;
use xxhash_rust::xxh3::Xxh3Default;

use super::{INLINE_BYTES_MAX, MessageId};

fn hash_of(value: impl Hash) -> u64 {
    let mut hasher = Xxh3Default::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn assert_is(id: &MessageId, text: &str) {
    assert_eq!(id, text);
    assert_eq!(*text, *id);
    assert_eq!(id.as_str(), text);
    assert_eq!((id.to_string(), format!("{id:?}")), (text.to_owned(), format!("{text:?}")));
    assert_eq!(hash_of(id), hash_of(text));
}

proptest! {
    #[test]
    fn an_id_is_what_lies_at_its_place_of_the_block(
        before in ".{0,40}",
        text in ".{0,60}",
        after in ".{0,60}",
    ) {
        let block = Bytes::from(format!("{before}{text}{after}"));
        let id = MessageId::within(&block, before.len(), before.len() + text.len());
        assert_is(&id, &text);
        assert_is(&id.clone(), &text);
        prop_assert_eq!(&id, &MessageId::from(text.as_str()));
        let behind = &block[before.len()..];
        if text.len() <= INLINE_BYTES_MAX && behind.len() >= INLINE_BYTES_MAX {
            assert_is(&MessageId::short(behind, text.len()), &text);
        }
    }

    #[test]
    fn ids_compare_as_strings(one in "[ab]{0,40}", other in "[ab]{0,40}") {
        let ids = (MessageId::from(one.as_str()), MessageId::from(other.as_str()));
        prop_assert_eq!(ids.0.cmp(&ids.1), one.cmp(&other));
        prop_assert_eq!(ids.0 == ids.1, one == other);
    }
}

#[test]
fn what_follows_an_id_in_its_block_is_no_part_of_it() {
    let (one, other) = (Bytes::from("id-1 x".repeat(20)), Bytes::from("id-1 y".repeat(20)));
    let ids = [one, other].map(|block| MessageId::within(&block, 0, 4));
    assert_eq!(ids[0], ids[1]);
    assert_eq!(hash_of(&ids[0]), hash_of(&ids[1]));
}

#[test]
fn a_long_id_shares_the_memory_of_its_block() {
    let block = Bytes::from("i".repeat(INLINE_BYTES_MAX + 1));
    let id = MessageId::within(&block, 0, block.len());
    assert_eq!(id.as_str().as_ptr(), block.as_ptr());
}

#[test]
fn an_id_takes_no_more_room_than_a_reference_and_a_short_one() {
    assert_eq!(size_of::<MessageId>(), 40);
}
