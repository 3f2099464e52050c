//! What an instance should show: plain maps, and entries drawn for them.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Verdict, ensure};
use crate::io::{Family, IndexRead, SortedRuns};

/// Bytes that keys are made of: both ends of the alphabet, what C strings and increments of a
/// last byte get wrong.
const KEY_BYTES: [u8; 6] = [0x00, 0x01, b'a', b'b', 0xfe, 0xff];

/// Random numbers from a fixed start (SplitMix64): a failure comes back at every run.
pub(super) struct Draw(u64);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Less than `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    pub(super) fn key(&mut self) -> Vec<u8> {
        let length = 1 + self.below(5);
        (0..length).map(|_| KEY_BYTES[self.below(KEY_BYTES.len())]).collect()
    }
}

/// What has been settled.
#[derive(Clone, Default)]
pub(super) struct Reference {
    families: [BTreeMap<Vec<u8>, Vec<u8>>; 4],
}

impl Reference {
    /// Draws about `count` new entries a family, takes them in and returns them to be settled.
    pub(super) fn grow(&mut self, draw: &mut Draw, count: usize) -> SortedRuns {
        let mut runs = SortedRuns::default();
        for (map, run) in self.families.iter_mut().zip(&mut runs) {
            let mut fresh = BTreeMap::new();
            for _ in 0..count {
                let (key, length) = (draw.key(), draw.below(40));
                if !map.contains_key(&key) {
                    let value = (0..length).map(|_| draw.below(256) as u8).collect();
                    fresh.insert(key, value);
                }
            }
            fresh.iter().for_each(|(key, value): (&Vec<u8>, &Vec<u8>)| run.push(key, value));
            map.extend(fresh);
        }
        runs
    }

    /// Takes in `runs`.
    pub(super) fn add(&mut self, runs: &SortedRuns) {
        for (map, run) in self.families.iter_mut().zip(runs) {
            map.extend(run.iter().map(|(key, value)| (key.to_vec(), value.to_vec())));
        }
    }

    /// `instance` shows exactly this, asked in every way.
    pub(super) async fn matches(&self, instance: &impl IndexRead, who: &str) -> Verdict {
        let mut draw = Draw::new(self.families[0].len() as u64);
        for family in Family::ALL {
            self.whole(instance, family, who).await?;
            self.points(instance, family, who, &mut draw).await?;
            for _ in 0..30 {
                let (start, end) = (draw.key(), draw.key());
                let limit = [0, 1, 2, 7, usize::MAX][draw.below(5)];
                self.range(instance, family, who, &start..&end, limit).await?;
            }
        }
        Ok(())
    }

    async fn whole(&self, instance: &impl IndexRead, family: Family, who: &str) -> Verdict {
        let above_all = [0xff; 8];
        let found = instance.scan(family, &[]..&above_all, usize::MAX).await?;
        let expected: Vec<_> = self.families[family as usize].clone().into_iter().collect();
        ensure(found == expected, || {
            let missing = expected.iter().find(|entry| !found.contains(entry));
            let extra = found.iter().find(|entry| !expected.contains(entry));
            format!(
                "{who}: a scan of all of {} finds {} entries of {}; first missing: {missing:02x?}, \
                 first not settled: {extra:02x?}",
                family.name(),
                found.len(),
                expected.len(),
            )
        })
    }

    async fn points(
        &self,
        instance: &impl IndexRead,
        family: Family,
        who: &str,
        draw: &mut Draw,
    ) -> Verdict {
        let map = &self.families[family as usize];
        let mut keys: Vec<Vec<u8>> = (0..30).map(|_| draw.key()).collect();
        keys.extend(map.keys().step_by(1 + map.len() / 30).cloned());
        keys.extend(keys.first().cloned());
        for key in &keys {
            let found = instance.get(family, key).await?;
            let expected = map.get(key);
            ensure(found.as_ref() == expected, || {
                format!("{who}: get of {key:02x?} finds {found:02x?}, settled is {expected:02x?}")
            })?;
        }
        let found = instance.multi_get(family, &keys).await?;
        let expected: Vec<_> = keys.iter().map(|key| map.get(key).cloned()).collect();
        ensure(found == expected, || {
            let at = found.iter().zip(&expected).position(|(found, expected)| found != expected);
            format!("{who}: multi_get of {} keys differs from get, first at {at:?}", keys.len())
        })
    }

    async fn range(
        &self,
        instance: &impl IndexRead,
        family: Family,
        who: &str,
        range: Range<&Vec<u8>>,
        limit: usize,
    ) -> Verdict {
        let map = &self.families[family as usize];
        // A map refuses a range that ends before it begins; an instance finds nothing in it.
        let end = range.end.max(range.start);
        let expected: Vec<_> = map
            .range::<Vec<u8>, _>(range.start..end)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let last = instance.last_in(family, range.start..range.end).await?;
        ensure(last.as_ref() == expected.last(), || {
            let expected = expected.last();
            format!("{who}: last of {range:02x?} is {last:02x?}, settled is {expected:02x?}")
        })?;
        let found = instance.scan(family, range.start..range.end, limit).await?;
        let expected = &expected[..limit.min(expected.len())];
        ensure(found == expected, || {
            format!("{who}: {limit} of {range:02x?} are {found:02x?}, settled is {expected:02x?}")
        })
    }
}
