use bytes::Bytes;
use duolog::record::Frame;

use super::{PLACE, check, encoded, messages, run};

/// A frame with padding behind its record.
fn padded() -> Vec<u8> {
    let frame = encoded(&messages()[..1], PLACE, 5);
    assert_eq!(frame.last(), Some(&0), "a frame without padding shows nothing");
    [&[0][..], &frame].concat()
}

#[test]
#[should_panic(expected = "the frame is not what lies there")]
fn a_decoder_that_does_not_look_at_the_padding_is_noticed() {
    let mut input = padded();
    *input.last_mut().unwrap() = 1;
    run(&input);
    check(&input, |bytes, place| {
        let mut bytes = bytes.to_vec();
        *bytes.last_mut().unwrap() = 0;
        Frame::decode(Bytes::from(bytes), place)
    });
}

#[test]
#[should_panic(expected = "truncated at")]
fn a_decoder_that_asks_for_what_it_has_is_noticed() {
    let input = padded();
    check(&input, |bytes, place| {
        let need_bytes = bytes.len() as u64;
        let _ = Frame::decode(bytes, place);
        Err(duolog::record::FrameError::Truncated { need_bytes, have_bytes: need_bytes })
    });
}
