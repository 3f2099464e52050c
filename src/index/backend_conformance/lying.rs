//! A backend that breaks the contract in one way at a time.

// One lie is about what is left on the disk.
#![allow(clippy::disallowed_methods)]

use std::ops::Range;
use std::path::Path;

use crate::index::model::{ModelBackend, ModelPrimary, ModelSecondary};
use crate::io::{
    Family, IndexBackend, IndexError, IndexOptions, IndexPrimary, IndexRead, IndexSecondary,
    SortedRun, SortedRuns,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lie {
    None,
    EndInclusive,
    LimitIgnored,
    LastIsFirst,
    KeysEndAtZero,
    MultiGetSorted,
    GetForgets,
    MissingIsMade,
    SecondPrimary,
    ReopenLoses,
    SecondaryRunsAhead,
    CatchUpMovesNothing,
    FrozenMoves,
    LastFamilyForgotten,
    PrivateStays,
    OlderValueStays,
    CompactionLoses,
    CheckpointEmpty,
    CheckpointOverwrites,
    NoFiles,
}

#[derive(Clone)]
pub(super) struct Liar {
    pub(super) honest: ModelBackend,
    pub(super) lie: Lie,
}

/// An instance, told to catch up before each read where it lies about standing still.
#[derive(Clone)]
pub(super) struct Lying<I> {
    inner: I,
    restless: Option<ModelSecondary>,
    liar: Liar,
}

impl Liar {
    fn instance<I>(&self, inner: I) -> Lying<I> {
        Lying { inner, restless: None, liar: self.clone() }
    }

    fn tells(&self, lie: Lie) -> bool {
        self.lie == lie
    }

    async fn following(
        &self,
        directory: &Path,
        restless: Lie,
    ) -> Result<Lying<ModelSecondary>, IndexError> {
        if self.tells(Lie::MissingIsMade) {
            let _ = self.honest.open_primary(directory, IndexOptions::default()).await;
        }
        let inner = self.honest.open_secondary(directory, directory).await?;
        let restless = self.tells(restless).then(|| inner.clone());
        Ok(Lying { restless, ..self.instance(inner) })
    }
}

impl IndexBackend for Liar {
    type Primary = Lying<ModelPrimary>;
    type Secondary = Lying<ModelSecondary>;
    type Frozen = Lying<ModelSecondary>;

    async fn open_primary(
        &self,
        directory: &Path,
        options: IndexOptions,
    ) -> Result<Self::Primary, IndexError> {
        let mut options = options;
        if self.tells(Lie::CompactionLoses) && options.trimmed.is_some() {
            options.trimmed = Some(std::sync::Arc::new(|_, _, _| true));
        }
        let opened = self.honest.open_primary(directory, options.clone()).await;
        let inner = match opened {
            Err(_) if self.tells(Lie::SecondPrimary) => {
                ModelBackend::default().open_primary(directory, options).await?
            }
            Ok(_) if self.tells(Lie::ReopenLoses) => {
                self.honest.remove(directory);
                self.honest.open_primary(directory, options).await?
            }
            opened => opened?,
        };
        Ok(self.instance(inner))
    }

    async fn open_secondary(
        &self,
        directory: &Path,
        private: &Path,
    ) -> Result<Self::Secondary, IndexError> {
        let opened = self.following(directory, Lie::SecondaryRunsAhead).await?;
        if self.tells(Lie::PrivateStays) {
            std::fs::create_dir_all(private).expect("the test's directory is writable");
        }
        Ok(opened)
    }

    async fn open_frozen(&self, directory: &Path) -> Result<Self::Frozen, IndexError> {
        self.following(directory, Lie::FrozenMoves).await
    }

    async fn file_count(&self, directory: &Path) -> Result<u64, IndexError> {
        let count = self.honest.file_count(directory).await?;
        Ok(if self.tells(Lie::NoFiles) { 0 } else { count })
    }
}

impl<I> Lying<I> {
    async fn move_on(&self) {
        if let Some(restless) = &self.restless {
            restless.catch_up().await.expect("the model has no fault to show");
        }
    }
}

impl<I: IndexRead> IndexRead for Lying<I> {
    async fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        self.move_on().await;
        match self.liar.lie {
            Lie::GetForgets if key.starts_with(b"\xfe") => Ok(None),
            _ => self.inner.get(family, key).await,
        }
    }

    async fn multi_get(
        &self,
        family: Family,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Option<Vec<u8>>>, IndexError> {
        self.move_on().await;
        let mut keys = keys.to_vec();
        if self.liar.tells(Lie::MultiGetSorted) {
            keys.sort();
        }
        self.inner.multi_get(family, &keys).await
    }

    async fn last_in(
        &self,
        family: Family,
        range: Range<&[u8]>,
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>, IndexError> {
        self.move_on().await;
        match self.liar.lie {
            Lie::LastIsFirst => Ok(self.inner.scan(family, range, 1).await?.pop()),
            _ => self.inner.last_in(family, range).await,
        }
    }

    async fn scan(
        &self,
        family: Family,
        range: Range<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, IndexError> {
        self.move_on().await;
        let limit = if self.liar.tells(Lie::LimitIgnored) { usize::MAX } else { limit };
        let mut end = range.end.to_vec();
        if self.liar.tells(Lie::EndInclusive) {
            end.push(0);
        }
        self.inner.scan(family, range.start..&end, limit).await
    }
}

impl IndexPrimary for Lying<ModelPrimary> {
    async fn settle(&self, mut runs: SortedRuns) -> Result<(), IndexError> {
        match self.liar.lie {
            Lie::LastFamilyForgotten if runs[0].is_empty() && runs[3].len() == 1 => {
                runs[3] = SortedRun::default()
            }
            Lie::KeysEndAtZero => {
                for run in &mut runs {
                    *run = ending_at_zero(run);
                }
            }
            Lie::OlderValueStays => {
                for (family, run) in Family::ALL.into_iter().zip(&mut runs) {
                    *run = self.without_those_held(family, run).await?;
                }
            }
            _ => {}
        }
        self.inner.settle(runs).await
    }

    async fn expect_more(&self, is_more: bool) -> Result<(), IndexError> {
        self.inner.expect_more(is_more).await
    }

    async fn compact(&self) -> Result<(), IndexError> {
        self.inner.compact().await
    }

    async fn checkpoint(&self, target: &Path) -> Result<(), IndexError> {
        let honest = &self.liar.honest;
        match self.liar.lie {
            Lie::CheckpointEmpty => {
                honest.open_primary(target, IndexOptions::default()).await.map(drop)
            }
            Lie::CheckpointOverwrites => {
                honest.remove(target);
                self.inner.checkpoint(target).await
            }
            _ => self.inner.checkpoint(target).await,
        }
    }
}

impl IndexSecondary for Lying<ModelSecondary> {
    async fn catch_up(&self) -> Result<(), IndexError> {
        match self.liar.lie {
            Lie::CatchUpMovesNothing => Ok(()),
            _ => self.inner.catch_up().await,
        }
    }
}

impl Lying<ModelPrimary> {
    async fn without_those_held(
        &self,
        family: Family,
        run: &SortedRun,
    ) -> Result<SortedRun, IndexError> {
        let mut fresh = SortedRun::default();
        for (key, value) in run.iter() {
            if self.inner.get(family, key).await?.is_none() {
                fresh.push(key, value);
            }
        }
        Ok(fresh)
    }
}

fn ending_at_zero(run: &SortedRun) -> SortedRun {
    let mut cut = SortedRun::default();
    let mut last = Vec::new();
    for (key, value) in run.iter() {
        let length = key.iter().position(|byte| *byte == 0).unwrap_or(key.len());
        if length > 0 && key[..length] > last[..] {
            last = key[..length].to_vec();
            cut.push(&last, value);
        }
    }
    cut
}
