#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn keys_sort_as_their_numbers_and_are_read_back() {
    let keys: Vec<Key> = Key::small().chain([Key(Key::INSERTED), Key(70_000)]).collect();
    let bytes: Vec<Vec<u8>> = keys.iter().map(|key| key.bytes()).collect();
    assert!(bytes.is_sorted());
    let parsed: Vec<Option<Key>> = bytes.iter().map(|bytes| Key::parse(bytes)).collect();
    assert_eq!(parsed, keys.iter().copied().map(Some).collect::<Vec<_>>());
    assert_eq!(Key::parse(b"a"), None);
    assert_eq!(Key::parse(b"zzzzz"), None);
}

#[test]
fn a_value_tells_its_writes_and_a_damaged_one_that_it_is() {
    let value = [piece(3, 5), piece(4, 0), piece(3, 1)].concat();
    assert_eq!(pieces(&value), [3, 4, 3]);
    assert_eq!(pieces(&value[..value.len() - 1]), [3, 4, MALFORMED]);
    let mut flipped = value.clone();
    flipped[9] ^= 1;
    assert_eq!(pieces(&flipped), [MALFORMED]);
    assert!(pieces(&[]).is_empty());
}
