//! What a lookup asks of the tail and of the settled part, and what it makes of both answers.

use std::future::Future;
use std::ops::Range;

use super::query::Query;
use super::settled::Settled;
use super::tail::TailView;
use super::value::RecordValue;
use crate::io::{IndexError, IndexRead};
use crate::types::{MessageMeta, Sequence};

/// A question about one partition.
pub(super) trait Question: Sync {
    /// What is found.
    type Found: Send;

    /// The answer of the tail, for the sequences of `within`.
    fn of_tail(&self, view: &TailView, within: &Range<Sequence>) -> Self::Found;

    /// Whether nothing that is settled could add to what the tail answers: its messages are later
    /// than all that is settled.
    fn is_answered(&self, from_tail: &Self::Found) -> bool;

    /// The answer of the settled part, for the sequences of `within`.
    fn of_settled<R: IndexRead>(
        &self,
        settled: &Settled<'_, R>,
        within: &Range<Sequence>,
    ) -> impl Future<Output = Result<Self::Found, IndexError>> + Send;

    /// One answer of both; where nothing is known to be settled, of the tail's alone.
    fn merge(&self, from_tail: Self::Found, from_settled: Option<Self::Found>) -> Self::Found;
}

impl Question for Query {
    type Found = Vec<MessageMeta>;

    fn of_tail(&self, view: &TailView, within: &Range<Sequence>) -> Vec<MessageMeta> {
        let below = within.end;
        let mut found: Vec<_> = match self {
            Query::Id(id) => view.by_id(id, below).into_iter().collect(),
            Query::AllOfId(id) => view.all_by_id(id, below),
            Query::Position(at) => view.by_position(*at, below).into_iter().collect(),
            Query::Time { from_us, to_us, limit } => view.by_time(*from_us..*to_us, within, *limit),
            Query::Since(from_us) => view.since(*from_us, within).into_iter().collect(),
            Query::Sequence(sequence) => view.by_sequence(*sequence, below).into_iter().collect(),
        };
        // What was settled a moment ago may be trimmed before the tail lets it go.
        found.retain(|meta| within.contains(&meta.sequence));
        found
    }

    fn is_answered(&self, from_tail: &Vec<MessageMeta>) -> bool {
        match self {
            Query::Id(_) | Query::Position(_) | Query::Sequence(_) => !from_tail.is_empty(),
            Query::AllOfId(_) | Query::Time { .. } | Query::Since(_) => false,
        }
    }

    async fn of_settled<R: IndexRead>(
        &self,
        settled: &Settled<'_, R>,
        within: &Range<Sequence>,
    ) -> Result<Vec<MessageMeta>, IndexError> {
        match self {
            Query::Id(id) => Ok(settled.by_id(id, within).await?.into_iter().collect()),
            Query::AllOfId(id) => settled.all_by_id(id, within).await,
            Query::Position(at) => {
                Ok(settled.by_position(*at, within).await?.into_iter().collect())
            }
            Query::Time { from_us, to_us, limit } => {
                settled.by_time(*from_us..*to_us, within, *limit).await
            }
            Query::Since(from_us) => {
                Ok(settled.since(*from_us, within).await?.into_iter().collect())
            }
            Query::Sequence(sequence) => {
                Ok(settled.by_sequence(*sequence, within).await?.into_iter().collect())
            }
        }
    }

    fn merge(
        &self,
        from_tail: Vec<MessageMeta>,
        from_settled: Option<Vec<MessageMeta>>,
    ) -> Vec<MessageMeta> {
        let (mut found, from_settled) = (from_tail, from_settled.unwrap_or_default());
        if found.is_empty() {
            return from_settled;
        }
        found.extend(from_settled);
        match self {
            Query::Id(_) | Query::Position(_) | Query::Sequence(_) => found.truncate(1),
            Query::AllOfId(_) => {}
            Query::Since(_) => {
                found.sort_by_key(|meta| meta.sequence);
                found.truncate(1);
            }
            Query::Time { limit, .. } => {
                found.sort_by_key(|meta| (meta.timestamp_us, meta.sequence));
                found.truncate(*limit);
            }
        }
        found
    }
}

/// Where the latest record of an id is: [`Query::Id`] without a copy of the id.
pub(super) struct LatestOf<'a>(pub(super) &'a str);

impl Question for LatestOf<'_> {
    type Found = Option<RecordValue>;

    fn of_tail(&self, view: &TailView, within: &Range<Sequence>) -> Option<RecordValue> {
        let found = view.by_id(self.0, within.end)?;
        within.contains(&found.sequence).then(|| RecordValue::from(&found))
    }

    fn is_answered(&self, from_tail: &Option<RecordValue>) -> bool {
        from_tail.is_some()
    }

    async fn of_settled<R: IndexRead>(
        &self,
        settled: &Settled<'_, R>,
        within: &Range<Sequence>,
    ) -> Result<Option<RecordValue>, IndexError> {
        settled.latest(self.0, within).await
    }

    fn merge(
        &self,
        from_tail: Option<RecordValue>,
        from_settled: Option<Option<RecordValue>>,
    ) -> Option<RecordValue> {
        from_tail.or(from_settled.flatten())
    }
}
