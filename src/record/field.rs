//! Little-endian fields of a byte string.

macro_rules! field {
    ($read:ident, $write:ident, $type:ty) => {
        #[inline]
        pub(crate) fn $read(bytes: &[u8], at: usize) -> $type {
            let mut field = [0; size_of::<$type>()];
            field.copy_from_slice(&bytes[at..at + size_of::<$type>()]);
            <$type>::from_le_bytes(field)
        }

        #[inline]
        pub(crate) fn $write(bytes: &mut [u8], at: usize, value: $type) {
            bytes[at..at + size_of::<$type>()].copy_from_slice(&value.to_le_bytes());
        }
    };
}

field!(read_u16, write_u16, u16);
field!(read_u32, write_u32, u32);
field!(read_u64, write_u64, u64);
field!(read_i64, write_i64, i64);
