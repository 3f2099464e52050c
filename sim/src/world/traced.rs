//! What stands for the result of a call in the trace.

use std::io;
use std::path::PathBuf;

use duolog::io::{DirectoryEntry, IndexError};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// What can stand for a result in the trace.
pub(super) trait Traced {
    /// A number that differs where the results differ.
    fn digest(&self) -> u64;
    /// What went wrong; empty where nothing did.
    fn failure(&self) -> String {
        String::new()
    }
}

impl<T: Traced, E: Traced> Traced for Result<T, E> {
    fn digest(&self) -> u64 {
        self.as_ref().map_or_else(Traced::digest, Traced::digest)
    }

    fn failure(&self) -> String {
        self.as_ref().err().map_or_else(String::new, Traced::failure)
    }
}

impl<T: Traced> Traced for &T {
    fn digest(&self) -> u64 {
        (**self).digest()
    }

    fn failure(&self) -> String {
        (**self).failure()
    }
}

impl Traced for io::Error {
    fn digest(&self) -> u64 {
        1
    }

    fn failure(&self) -> String {
        format!("{:?}", self.kind())
    }
}

impl Traced for () {
    fn digest(&self) -> u64 {
        0
    }
}

impl Traced for bool {
    fn digest(&self) -> u64 {
        u64::from(*self)
    }
}

impl Traced for u64 {
    fn digest(&self) -> u64 {
        *self
    }
}

impl Traced for Vec<u8> {
    fn digest(&self) -> u64 {
        xxh3_64(self)
    }
}

impl Traced for PathBuf {
    fn digest(&self) -> u64 {
        xxh3_64(self.as_os_str().as_encoded_bytes())
    }
}

impl Traced for DirectoryEntry {
    fn digest(&self) -> u64 {
        xxh3_64(self.name.as_bytes()) ^ u64::from(self.is_directory)
    }
}

impl Traced for IndexError {
    fn digest(&self) -> u64 {
        1 + u64::from(self.sticky)
    }

    fn failure(&self) -> String {
        self.what.clone()
    }
}

impl Traced for (Vec<u8>, Vec<u8>) {
    fn digest(&self) -> u64 {
        xxh3_64(&self.0) ^ xxh3_64(&self.1).rotate_left(1)
    }
}

impl<T: Traced> Traced for Option<T> {
    fn digest(&self) -> u64 {
        self.as_ref().map_or(0, |value| 1 ^ value.digest().rotate_left(1))
    }
}

impl<T: Traced> Traced for [T] {
    fn digest(&self) -> u64 {
        let mut hasher = Xxh3::new();
        for value in self {
            hasher.update(&value.digest().to_le_bytes());
        }
        hasher.digest()
    }
}

impl<T: Traced> Traced for Vec<T> {
    fn digest(&self) -> u64 {
        self.as_slice().digest()
    }
}
