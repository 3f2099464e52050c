//! Bytes that are not what was written: rot, and writes that landed elsewhere. What was written
//! lies beneath, until somebody writes there again or the damage is repaired.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::content::Content;
use super::power::SECTOR_BYTES;
use super::{Body, Disk, NodeId};

/// How far from the end of what was written a file rots: what is older is read less often.
const ROT_WITHIN_BYTES: usize = 8 << 10;

/// What one fault did to a file.
#[derive(Clone, Debug)]
struct Damage {
    /// The fault's number in its plan.
    number: u32,
    /// When it is repaired.
    until_us: u64,
    /// What readers see instead, by offset.
    bytes: BTreeMap<usize, u8>,
}

/// All damage of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Damages(Vec<Damage>);

/// A fault that damages a file.
#[derive(Clone, Copy, Debug)]
pub(in crate::world) struct Harm {
    /// Its number in its plan.
    pub(in crate::world) number: u32,
    /// Decides where.
    pub(in crate::world) pick: u64,
    /// When it is repaired.
    pub(in crate::world) until_us: u64,
}

impl Harm {
    /// A number below `bound`, which is above 0.
    fn below(&self, bound: usize) -> usize {
        let drawn = xxh3_64(&self.pick.to_le_bytes()) % bound as u64;
        usize::try_from(drawn).unwrap_or(0)
    }
}

impl Damages {
    /// Shows readers of `offset..` what they see; answers which faults they met.
    pub(super) fn show(&self, offset: usize, seen: &mut [u8], now_us: u64) -> Vec<u32> {
        let end = offset + seen.len();
        let mut met = Vec::new();
        for damage in self.0.iter().filter(|damage| now_us < damage.until_us) {
            for (at, byte) in damage.bytes.range(offset..end) {
                seen[at - offset] = *byte;
            }
            met.extend(damage.bytes.range(offset..end).next().map(|_| damage.number));
        }
        met
    }

    /// Forgets what was damaged there: it was written again, or is not part of the file any more.
    pub(super) fn write(&mut self, from: usize, to: usize) {
        for damage in &mut self.0 {
            damage.bytes.retain(|at, _| !(from..to).contains(at));
        }
    }

    fn add(&mut self, harm: &Harm, bytes: BTreeMap<usize, u8>) {
        self.0.push(Damage { number: harm.number, until_us: harm.until_us, bytes });
    }

    /// Repairs everything.
    pub(super) fn repair(&mut self) {
        self.0.clear();
    }
}

impl Disk {
    /// Flips a bit of a file, among the last that were written; which byte that is in, where there
    /// was one.
    pub(in crate::world) fn rot(&mut self, id: NodeId, harm: &Harm) -> Option<Range<u64>> {
        let content = self.content_mut(id);
        let all = content.read(0, usize::MAX);
        let last = all.iter().rposition(|byte| *byte != 0)?;
        let at = last - harm.below((last + 1).min(ROT_WITHIN_BYTES));
        let rotten = all[at] ^ (1 << (harm.pick % 8));
        content.damages.add(harm, BTreeMap::from([(at, rotten)]));
        Some(at as u64..at as u64 + 1)
    }

    /// Writes, and has readers see what was there before; what was written they see at another
    /// place of `other`, or of the same file. Answers where it landed.
    pub(in crate::world) fn misdirect(
        &mut self,
        (id, offset): (NodeId, u64),
        bytes: &[u8],
        other: Option<NodeId>,
        harm: &Harm,
    ) -> std::io::Result<Option<Range<u64>>> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let mut before = self.content(id).read(offset, bytes.len()).to_vec();
        before.resize(bytes.len(), 0);
        self.write(id, offset, bytes)?;
        let unwritten = (start..).zip(before).collect();
        self.content_mut(id).damages.add(harm, unwritten);
        let target = other.unwrap_or(id);
        let room = if target == id { start } else { self.content(target).len() };
        if room == 0 {
            return Ok(None);
        }
        let at = harm.below(room) / SECTOR_BYTES * SECTOR_BYTES;
        let landed = (at..room).zip(bytes.iter().copied()).collect();
        self.content_mut(target).damages.add(harm, landed);
        Ok(Some(at as u64..room.min(at + bytes.len()) as u64))
    }

    /// Repairs all damage.
    pub(in crate::world) fn repair(&mut self) {
        for node in self.nodes.iter_mut().flatten() {
            if let Body::File(Content { damages, .. }) = &mut node.body {
                damages.repair();
            }
        }
    }

    /// All files below `top` whose name `is_wanted`, in order of their paths.
    pub(in crate::world) fn files(
        &self,
        top: &Path,
        is_wanted: impl Fn(&Path) -> bool,
    ) -> Vec<(PathBuf, NodeId)> {
        let (mut open, mut files) = (vec![top.to_owned()], Vec::new());
        while let Some(path) = open.pop() {
            let Ok(id) = self.find(&path) else { continue };
            match &self.node(id).body {
                Body::Directory(directory) => {
                    open.extend(directory.iter().map(|(name, _)| path.join(name)));
                }
                Body::File(_) if is_wanted(&path) => files.push((path, id)),
                Body::File(_) => {}
            }
        }
        files.sort_unstable();
        files
    }
}
