//! How far a partition is: its five marks.

use super::shim::{AtomicU64, Mistake, Ordering, mistake};
use super::waiters::Waiters;

#[cfg(all(test, feature = "loom"))]
mod model;
#[cfg(all(test, not(feature = "loom")))]
mod tests;

/// The marks of a partition at one moment. All are sequences and exclusive bounds: the mark is
/// the first sequence for which its statement does *not* hold (of `log_start`, the first that
/// does).
///
/// ```text
/// log_start <= settled <= min(durable, high_watermark)
/// high_watermark <= log_end      durable <= log_end
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MarksView {
    /// First sequence that retention kept.
    pub log_start: u64,
    /// Below it, index entries are in the settled part of the index.
    pub settled: u64,
    /// Below it, records are proven to be on disk.
    pub durable: u64,
    /// Below it, records are visible to readers.
    pub high_watermark: u64,
    /// Below it, sequences are given out.
    pub log_end: u64,
}

impl MarksView {
    /// Whether the marks are in order; the text names the first pair that is not. With
    /// `synced_visibility` what is visible must be durable as well.
    pub fn check(&self, synced_visibility: bool) -> Result<(), String> {
        let log_start = ("log_start", self.log_start);
        let settled = ("settled", self.settled);
        let durable = ("durable", self.durable);
        let high_watermark = ("high_watermark", self.high_watermark);
        let log_end = ("log_end", self.log_end);
        let always = [
            (log_start, settled),
            (settled, durable),
            (settled, high_watermark),
            (durable, log_end),
            (high_watermark, log_end),
        ];
        let synced = synced_visibility.then_some((high_watermark, durable));
        for ((name, value), (bound_name, bound)) in always.into_iter().chain(synced) {
            if value > bound {
                return Err(format!("{name} {value} is above {bound_name} {bound}"));
            }
        }
        Ok(())
    }
}

/// The marks of a partition in memory, shared by its writer and the readers of its process.
///
/// Marks only move forward, and never past the mark that bounds them: an advance that would break
/// the order of [`MarksView`] panics, since going on would publish what does not exist. Every
/// [`Marks::view`] is in order too, whoever advances meanwhile. What a thread wrote before it
/// advanced a mark is seen by whoever reads that value of the mark.
#[derive(Debug)]
pub struct Marks {
    log_start: AtomicU64,
    settled: AtomicU64,
    durable: AtomicU64,
    high_watermark: AtomicU64,
    log_end: AtomicU64,
    on_durable: Waiters,
    on_high_watermark: Waiters,
}

impl Marks {
    /// Marks that begin where `view` is.
    ///
    /// # Panics
    /// Where `view` is out of order. Values that come from a disk are checked before.
    pub fn new(view: MarksView) -> Self {
        if let Err(disorder) = view.check(false) {
            panic!("marks begin out of order: {disorder}");
        }
        Self {
            log_start: AtomicU64::new(view.log_start),
            settled: AtomicU64::new(view.settled),
            durable: AtomicU64::new(view.durable),
            high_watermark: AtomicU64::new(view.high_watermark),
            log_end: AtomicU64::new(view.log_end),
            on_durable: Waiters::new(),
            on_high_watermark: Waiters::new(),
        }
    }

    /// All marks, in order though others advance them meanwhile: the smaller is read first, and
    /// its bound has only grown when it is read after. `high_watermark` is read before `durable`,
    /// so that views are in order with synced visibility as well.
    pub fn view(&self) -> MarksView {
        if mistake(Mistake::MarksReadLargerFirst) {
            let log_end = self.log_end();
            return MarksView { log_end, ..self.view_ascending() };
        }
        self.view_ascending()
    }

    fn view_ascending(&self) -> MarksView {
        let log_start = self.log_start();
        let settled = self.settled();
        let high_watermark = self.high_watermark();
        let durable = self.durable();
        let log_end = self.log_end();
        MarksView { log_start, settled, durable, high_watermark, log_end }
    }

    /// First sequence that retention kept.
    pub fn log_start(&self) -> u64 {
        self.log_start.load(Ordering::Acquire)
    }

    /// See [`MarksView::settled`].
    pub fn settled(&self) -> u64 {
        self.settled.load(Ordering::Acquire)
    }

    /// See [`MarksView::durable`].
    pub fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// See [`MarksView::high_watermark`].
    pub fn high_watermark(&self) -> u64 {
        self.high_watermark.load(Ordering::Acquire)
    }

    /// See [`MarksView::log_end`].
    pub fn log_end(&self) -> u64 {
        self.log_end.load(Ordering::Acquire)
    }

    /// Retention dropped all below `to`. Returns whether the mark moved; a lower `to` leaves it.
    ///
    /// # Panics
    /// Where `to` is above `settled`: an unsettled record is not trimmed.
    pub fn advance_log_start(&self, to: u64) -> bool {
        below("log_start", to, "settled", self.settled());
        advance(&self.log_start, to)
    }

    /// All below `to` is in the settled part of the index. Returns whether the mark moved.
    ///
    /// # Panics
    /// Where `to` is above `durable` or `high_watermark`.
    pub fn advance_settled(&self, to: u64) -> bool {
        below("settled", to, "durable", self.durable());
        below("settled", to, "high_watermark", self.high_watermark());
        advance(&self.settled, to)
    }

    /// All below `to` is on disk. Returns whether the mark moved; if so, wakes who waits for it.
    ///
    /// # Panics
    /// Where `to` is above `log_end`.
    pub fn advance_durable(&self, to: u64) -> bool {
        below("durable", to, "log_end", self.log_end());
        let moved = advance(&self.durable, to);
        if moved {
            self.on_durable.wake_all();
        }
        moved
    }

    /// All below `to` is visible. Returns whether the mark moved; if so, wakes who waits for it.
    ///
    /// # Panics
    /// Where `to` is above `log_end`.
    pub fn advance_high_watermark(&self, to: u64) -> bool {
        below("high_watermark", to, "log_end", self.log_end());
        let moved = advance(&self.high_watermark, to);
        if moved {
            self.on_high_watermark.wake_all();
        }
        moved
    }

    /// All sequences below `to` are given out. Returns whether the mark moved.
    pub fn advance_log_end(&self, to: u64) -> bool {
        advance(&self.log_end, to)
    }

    /// Waits until all below `at_least` is visible; returns the mark, which may be higher.
    pub async fn wait_high_watermark(&self, at_least: u64) -> u64 {
        self.on_high_watermark.wait_until(|| reached(self.high_watermark(), at_least)).await
    }

    /// Waits until all below `at_least` is on disk; returns the mark, which may be higher.
    pub async fn wait_durable(&self, at_least: u64) -> u64 {
        self.on_durable.wait_until(|| reached(self.durable(), at_least)).await
    }

    /// Who waits for the high watermark: for waits that end for another reason as well, such as
    /// a partition that closes. Whoever gives that reason wakes them.
    pub fn on_high_watermark(&self) -> &Waiters {
        &self.on_high_watermark
    }

    /// Who waits for the durable mark, as [`Marks::on_high_watermark`].
    pub fn on_durable(&self) -> &Waiters {
        &self.on_durable
    }
}

/// Moves `mark` forward to `to`. Whoever advances has read the bound with acquire, and releases
/// here: a reader that sees the new value sees a bound at least as high.
fn advance(mark: &AtomicU64, to: u64) -> bool {
    mark.fetch_max(to, Ordering::AcqRel) < to
}

fn reached(mark: u64, at_least: u64) -> Option<u64> {
    (mark >= at_least).then_some(mark)
}

fn below(name: &str, to: u64, bound_name: &str, bound: u64) {
    assert!(to <= bound, "{name} cannot advance to {to}: {bound_name} is at {bound}");
}
