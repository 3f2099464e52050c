//! Which operations a plan has, and in which shares.

use crate::seed::Stream;

/// Which classes of operations this plan has, and how often.
pub(super) struct Mix {
    /// Weights of the acknowledgement levels; zero: never.
    pub(super) acks: [u64; 3],
    /// Whether anybody has anything forced to disk.
    pub(super) forces: bool,
    pub(super) dropped_futures: bool,
    pub(super) bad_commits: bool,
    /// Of four turns of a committer, those in which it only reads.
    pub(super) commit_reads_in_4: u64,
    /// Of four good commits, those that are forced to disk.
    pub(super) commit_forces_in_4: u64,
    pub(super) duplicates: bool,
    pub(super) trims: bool,
    pub(super) settles: bool,
    pub(super) reopens: bool,
    pub(super) restarts: bool,
    pub(super) silences: bool,
    /// How far back lookups go: in the last few, or anywhere.
    pub(super) back_count: u64,
    pub(super) batch_count: u64,
}

impl Mix {
    /// All of it, in shares that stay the same.
    pub(super) const fn main() -> Self {
        Self {
            acks: [1, 16, 1],
            forces: true,
            dropped_futures: true,
            bad_commits: true,
            commit_reads_in_4: 2,
            commit_forces_in_4: 0,
            duplicates: true,
            trims: false,
            // There are actors of their own for that.
            settles: false,
            reopens: true,
            restarts: true,
            silences: false,
            back_count: 1 << 40,
            batch_count: 1 << 20,
        }
    }

    /// The same without anybody who forces the log, and with more commits to be lost.
    pub(super) const fn losing_commits(self) -> Self {
        let acks = [self.acks[0], self.acks[1], 0];
        Self { acks, forces: false, commit_reads_in_4: 1, commit_forces_in_4: 2, ..self }
    }

    pub(super) fn draw(stream: &mut Stream) -> Self {
        let mut weight = |most: u64| stream.below(most + 1);
        let mut acks = [weight(3), 1 + weight(8), weight(3)];
        // Else hardly anything would be left for a power loss to take.
        let forces = stream.chance(2, 3);
        acks[2] *= u64::from(forces);
        Self {
            acks,
            forces,
            dropped_futures: stream.chance(1, 2),
            bad_commits: stream.chance(4, 5),
            commit_reads_in_4: 2,
            commit_forces_in_4: stream.below(2),
            duplicates: stream.chance(2, 3),
            trims: stream.chance(1, 4),
            settles: stream.chance(2, 3),
            reopens: stream.chance(2, 3),
            restarts: stream.chance(3, 4),
            silences: stream.chance(1, 2),
            back_count: *stream.pick(&[4, 64, 1 << 40]),
            batch_count: *stream.pick(&[1, 4, 1 << 20]),
        }
    }
}
