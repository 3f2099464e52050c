//! Records of one frame and one bucket: the value in `by_time`.

use super::{FrameValue, Malformed, SPAN, SpanValue};
use crate::types::Sequence;

/// Read in place.
#[derive(Clone, Debug)]
pub enum TimeValue<'a> {
    /// The records themselves.
    Records(FrameValue<'a>),
    /// Where they are.
    Span(SpanValue),
}

impl<'a> TimeValue<'a> {
    /// Reads the head of records, or all of a span.
    pub fn decode(value: &'a [u8]) -> Result<Self, Malformed> {
        match value.get(1) {
            Some(&SPAN) => SpanValue::decode(value).map(Self::Span),
            _ => FrameValue::decode(value).map(Self::Records),
        }
    }

    /// The sequence of the last record.
    pub fn last_sequence(&self) -> Result<Sequence, Malformed> {
        match self {
            Self::Records(frame) => Ok(frame.records().last().ok_or(Malformed)??.sequence),
            Self::Span(span) => Ok(span.sequences.end - 1),
        }
    }
}
