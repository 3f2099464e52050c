//! One checksum over the checksums of a frame's records.

const PENDING_BYTES: usize = 256;

/// CRC-32C over the checksums of a frame's records, in order. The header holds it, which binds
/// the records to *this* header: where two writes of different frames to one place are mixed by
/// a crash, each record may be whole, yet not of one frame.
pub(crate) struct RecordsDigest {
    crc32c: u32,
    pending: [u8; PENDING_BYTES],
    pending_bytes: usize,
}

impl RecordsDigest {
    pub(crate) fn new() -> Self {
        Self { crc32c: 0, pending: [0; PENDING_BYTES], pending_bytes: 0 }
    }

    #[inline]
    pub(crate) fn add(&mut self, record_crc32c: u32) {
        let end = self.pending_bytes + size_of::<u32>();
        self.pending[self.pending_bytes..end].copy_from_slice(&record_crc32c.to_le_bytes());
        self.pending_bytes = end;
        if end == PENDING_BYTES {
            self.flush();
        }
    }

    pub(crate) fn finish(mut self) -> u32 {
        self.flush();
        self.crc32c
    }

    fn flush(&mut self) {
        let pending = &self.pending[..self.pending_bytes];
        self.crc32c = crc32c::crc32c_append(self.crc32c, pending);
        self.pending_bytes = 0;
    }
}

const _: () = assert!(PENDING_BYTES.is_multiple_of(size_of::<u32>()));
