#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn numbers_come_back(value in any::<u64>(), shift in 0u32..64, signed in any::<i64>()) {
        let value = value >> shift;
        let signed = signed >> shift;
        let mut out = Vec::new();
        put(&mut out, value);
        put_signed(&mut out, signed);
        let mut input = Input(&out);
        prop_assert_eq!(input.number(), Some(value));
        prop_assert_eq!(input.signed(), Some(signed));
        prop_assert!(input.finish().is_some());
    }

    #[test]
    fn any_bytes_give_a_number_in_its_one_form_or_none(
        bytes in prop::collection::vec(any::<u8>(), 0..12),
    ) {
        let mut input = Input(&bytes);
        if let Some(value) = input.number() {
            let mut again = Vec::new();
            put(&mut again, value);
            prop_assert_eq!(&again[..], &bytes[..bytes.len() - input.0.len()]);
        }
    }
}

#[test]
fn too_long_forms_are_refused() {
    for bytes in [&[0x80, 0x00][..], &[0x80], &[0xff; 10], &[0xff; 11]] {
        assert_eq!(Input(bytes).number(), None, "{bytes:?}");
    }
    let mut greatest = vec![0xff; 9];
    greatest.push(1);
    assert_eq!(Input(&greatest).number(), Some(u64::MAX));
}
