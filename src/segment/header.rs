//! The header of a segment file.

use crate::types::{SegmentId, Sequence};

/// The newest version of the log's files that this build reads, and the one it writes.
pub const SEGMENT_VERSION: u32 = 1;

/// The bytes of a segment header.
pub const SEGMENT_HEADER_BYTES: usize = 64;

/// Where the first frame of a segment begins.
pub const FIRST_FRAME_OFFSET: u64 = SEGMENT_HEADER_BYTES as u64;

const MAGIC: [u8; 8] = *b"DUOLOGSG";

// Magic, checksum and version stay where they are in every version, and the checksum covers
// what follows it up to the end of the 64 bytes, so that an old build knows a newer file.
const AT_CHECKSUM: usize = 8;
const AT_VERSION: usize = 12;
const AT_SEGMENT_ID: usize = 16;
const AT_BASE_SEQUENCE: usize = 24;
const AT_TOPIC_ID: usize = 32;
const AT_PARTITION: usize = 48;
const AT_FLAGS: usize = 52;
const AT_CREATED: usize = 56;

/// What a segment file says of itself in its first bytes, forced before its first frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    /// The segment; its file is named after it.
    pub segment_id: SegmentId,
    /// The sequence of the first record that goes into it.
    pub base_sequence: Sequence,
    /// The topic that the partition belongs to, so that no file of a deleted topic of the same
    /// name is taken for one of this.
    pub topic_id: u128,
    /// The partition.
    pub partition: u32,
    /// When the file was made by the engine's clock, microseconds since 1970.
    pub created_us: i64,
}

/// Why bytes are no header of a segment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SegmentHeaderError {
    /// The file is shorter than a header: its making did not end.
    #[error("the file has {0} bytes, fewer than a segment header")]
    Truncated(usize),
    /// The header is all zeros: its making did not end, or it was lost.
    #[error("the segment header is all zeros")]
    AllZero,
    /// The first bytes are not those of a segment.
    #[error("the file is no segment: it does not begin with DUOLOGSG")]
    BadMagic,
    /// The header is not what was written.
    #[error("the segment header's checksum is {stored:#010x}, its bytes give {computed:#010x}")]
    Checksum {
        /// The checksum in the header.
        stored: u32,
        /// The checksum of the header's bytes.
        computed: u32,
    },
    /// A newer build wrote the file.
    #[error("the segment has format {0}, this build reads up to {SEGMENT_VERSION}")]
    NewerFormat(u32),
    /// The header is whole and has flags that this build does not know.
    #[error("the segment has unknown flags {0:#x}: a newer duolog wrote it")]
    UnknownFlags(u32),
    /// The header is whole and of another segment than the file's name.
    #[error("the segment header is of {found}, the file is named after {expected}")]
    OtherSegment {
        /// The segment in the header.
        found: SegmentId,
        /// The segment in the file's name.
        expected: SegmentId,
    },
}

impl SegmentHeader {
    /// Reads the header of the segment that the file is named after; `bytes` are the first of
    /// the file and may be more than the header.
    ///
    /// # Errors
    /// [`SegmentHeaderError`]. [`SegmentHeaderError::Truncated`] and
    /// [`SegmentHeaderError::AllZero`] are what a crash while the file was made leaves behind;
    /// so may a wrong checksum be, where the medium tears 64 bytes.
    pub fn decode(bytes: &[u8], segment_id: SegmentId) -> Result<Self, SegmentHeaderError> {
        let Some(bytes) = bytes.first_chunk::<SEGMENT_HEADER_BYTES>() else {
            return Err(SegmentHeaderError::Truncated(bytes.len()));
        };
        if bytes.iter().all(|byte| *byte == 0) {
            return Err(SegmentHeaderError::AllZero);
        }
        if !bytes.starts_with(&MAGIC) {
            return Err(SegmentHeaderError::BadMagic);
        }
        let (stored, computed) = (u32::from_le_bytes(field(bytes, AT_CHECKSUM)), checksum(bytes));
        if stored != computed {
            return Err(SegmentHeaderError::Checksum { stored, computed });
        }
        match u32::from_le_bytes(field(bytes, AT_VERSION)) {
            SEGMENT_VERSION => {}
            version => return Err(SegmentHeaderError::NewerFormat(version)),
        }
        match u32::from_le_bytes(field(bytes, AT_FLAGS)) {
            0 => {}
            flags => return Err(SegmentHeaderError::UnknownFlags(flags)),
        }
        let found = SegmentId(u64::from_le_bytes(field(bytes, AT_SEGMENT_ID)));
        if found != segment_id {
            return Err(SegmentHeaderError::OtherSegment { found, expected: segment_id });
        }
        Ok(Self {
            segment_id,
            base_sequence: u64::from_le_bytes(field(bytes, AT_BASE_SEQUENCE)),
            topic_id: u128::from_le_bytes(field(bytes, AT_TOPIC_ID)),
            partition: u32::from_le_bytes(field(bytes, AT_PARTITION)),
            created_us: i64::from_le_bytes(field(bytes, AT_CREATED)),
        })
    }

    /// The header's bytes.
    pub fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0, &MAGIC);
        put(AT_VERSION, &SEGMENT_VERSION.to_le_bytes());
        put(AT_SEGMENT_ID, &self.segment_id.0.to_le_bytes());
        put(AT_BASE_SEQUENCE, &self.base_sequence.to_le_bytes());
        put(AT_TOPIC_ID, &self.topic_id.to_le_bytes());
        put(AT_PARTITION, &self.partition.to_le_bytes());
        put(AT_CREATED, &self.created_us.to_le_bytes());
        let crc32c = checksum(&bytes);
        bytes[AT_CHECKSUM..AT_VERSION].copy_from_slice(&crc32c.to_le_bytes());
        bytes
    }
}

fn field<const BYTES: usize>(bytes: &[u8; SEGMENT_HEADER_BYTES], at: usize) -> [u8; BYTES] {
    let mut field = [0; BYTES];
    field.copy_from_slice(&bytes[at..at + BYTES]);
    field
}

fn checksum(bytes: &[u8; SEGMENT_HEADER_BYTES]) -> u32 {
    crc32c::crc32c(&bytes[AT_VERSION..])
}
