//! Hard limits, each with its reason.

/// Longest message id in bytes, inclusive: it is a RocksDB key, and keys are held in memory.
pub const ID_BYTES_MAX: usize = 1024;

/// Longest message key in bytes, inclusive: its length is stored in 16 bits.
pub const KEY_BYTES_MAX: usize = u16::MAX as usize;

/// Most headers of a message, inclusive.
pub const HEADERS_COUNT_MAX: usize = 256;

/// Largest encoded message in bytes, inclusive: a frame holding one must stay addressable by
/// 32-bit lengths, with room to spare.
pub const MESSAGE_BYTES_MAX: u32 = 64 << 20;

/// Most partitions of a topic, inclusive: a partition costs a directory and an open file while
/// in use.
pub const PARTITION_COUNT_MAX: u32 = 65_536;

const _: () = assert!(ID_BYTES_MAX <= u16::MAX as usize);
const _: () = assert!(MESSAGE_BYTES_MAX < u32::MAX / 4);
