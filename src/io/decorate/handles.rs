//! What of a world is open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many handles of a world are held. Clones of a handle are one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenHandles {
    /// Files.
    pub files: usize,
    /// Index instances that write.
    pub primaries: usize,
    /// Index instances that follow.
    pub secondaries: usize,
    /// Index instances that stand still.
    pub frozen: usize,
}

#[derive(Clone, Copy)]
pub(super) enum HandleKind {
    File,
    Primary,
    Secondary,
    Frozen,
}

/// The counts, by kind.
#[derive(Default)]
pub(super) struct Handles([AtomicUsize; 4]);

impl Handles {
    /// Something was opened; closed when the last clone of this drops.
    pub(super) fn opened(self: &Arc<Self>, kind: HandleKind) -> Arc<Held> {
        self.0[kind as usize].fetch_add(1, Ordering::SeqCst);
        Arc::new(Held { handles: self.clone(), kind })
    }

    pub(super) fn count(&self) -> OpenHandles {
        let count = |kind: HandleKind| self.0[kind as usize].load(Ordering::SeqCst);
        OpenHandles {
            files: count(HandleKind::File),
            primaries: count(HandleKind::Primary),
            secondaries: count(HandleKind::Secondary),
            frozen: count(HandleKind::Frozen),
        }
    }
}

/// Counts as open until it drops.
pub(super) struct Held {
    handles: Arc<Handles>,
    kind: HandleKind,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.handles.0[self.kind as usize].fetch_sub(1, Ordering::SeqCst);
    }
}
