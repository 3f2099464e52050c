//! Small fixed-size files of checksummed fields: how every file beside the segments is encoded.

use crate::types::Sequence;

/// Writes little-endian fields into a block of `LENGTH` bytes whose last four are the CRC-32C of
/// the others.
pub(crate) struct BlockWriter<const LENGTH: usize> {
    bytes: [u8; LENGTH],
    at: usize,
}

impl<const LENGTH: usize> BlockWriter<LENGTH> {
    /// A block that begins with `magic`.
    pub(crate) fn new(magic: [u8; 4]) -> Self {
        let mut writer = Self { bytes: [0; LENGTH], at: 0 };
        writer.put(&magic);
        writer
    }

    pub(crate) fn put(&mut self, field: &[u8]) {
        let end = self.at + field.len();
        assert!(end <= LENGTH - 4, "a block's fields leave room for its checksum");
        self.bytes[self.at..end].copy_from_slice(field);
        self.at = end;
    }

    pub(crate) fn put_u32(&mut self, value: u32) {
        self.put(&value.to_le_bytes());
    }

    pub(crate) fn put_u64(&mut self, value: u64) {
        self.put(&value.to_le_bytes());
    }

    pub(crate) fn put_u128(&mut self, value: u128) {
        self.put(&value.to_le_bytes());
    }

    /// The block with its checksum.
    pub(crate) fn finish(mut self) -> [u8; LENGTH] {
        let checksum = crc32c::crc32c(&self.bytes[..LENGTH - 4]);
        self.bytes[LENGTH - 4..].copy_from_slice(&checksum.to_le_bytes());
        self.bytes
    }
}

/// Reads what [`BlockWriter`] wrote.
pub(crate) struct BlockReader<'a> {
    fields: &'a [u8],
}

impl<'a> BlockReader<'a> {
    /// `None` where `bytes` is not a whole block of that magic and length with a right checksum.
    pub(crate) fn new(bytes: &'a [u8], magic: [u8; 4], length_bytes: usize) -> Option<Self> {
        let (fields, checksum) = bytes.get(..length_bytes)?.split_at(length_bytes - 4);
        if crc32c::crc32c(fields).to_le_bytes() != checksum || fields[..4] != magic {
            return None;
        }
        Some(Self { fields: &fields[4..] })
    }

    fn take<const COUNT: usize>(&mut self) -> [u8; COUNT] {
        let (field, rest) = self.fields.split_at(COUNT);
        self.fields = rest;
        field.try_into().expect("split_at gives that many")
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    pub(crate) fn u128(&mut self) -> u128 {
        u128::from_le_bytes(self.take())
    }

    pub(crate) fn sequence(&mut self) -> Sequence {
        self.u64()
    }
}

/// Where a block that a file holds twice has its copy, in another sector: one of the two may be
/// damaged.
pub(crate) const COPY_OFFSET_BYTES: usize = 2048;

/// `block` and its copy, zeros between, to be written at once.
pub(crate) fn with_copy(block: &[u8]) -> Vec<u8> {
    let mut pair = vec![0; COPY_OFFSET_BYTES + block.len()];
    pair[..block.len()].copy_from_slice(block);
    pair[COPY_OFFSET_BYTES..].copy_from_slice(block);
    pair
}

/// The block that `pair` begins with and its copy, as far as they are valid to `decode`.
pub(crate) fn copies<T>(
    pair: &[u8],
    decode: impl Fn(&[u8]) -> Option<T>,
) -> impl Iterator<Item = T> {
    [0, COPY_OFFSET_BYTES].into_iter().filter_map(move |at| pair.get(at..).and_then(&decode))
}
