//! What one read returns.

use bytes::Bytes;

use super::error::RecordError;
use super::frame::{Frame, FrameCursor, Records};
use super::message_view::MessageView;
use crate::types::ReadMessage;

/// Messages in sequence order, verified, inside the blocks that they were read in.
///
/// By reference they are [`MessageView`]s: nothing is copied, allocated or counted for a message.
/// By value, or by [`ReadMessages::into_vec`], each becomes a [`ReadMessage`] of its own, which may
/// outlive the others. Either way what is kept of a block keeps all of it in memory.
///
/// ```
/// # use duolog::ReadMessages;
/// fn bytes_of(messages: &ReadMessages) -> usize {
///     messages.iter().map(|message| message.payload().len()).sum()
/// }
/// # assert_eq!(bytes_of(&ReadMessages::default()), 0);
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReadMessages {
    parts: Vec<Part>,
    len: usize,
}

/// Messages of one frame that follow each other; at least one.
#[derive(Clone, Debug)]
struct Part {
    frame: Frame,
    /// In front of the first of them; as many remain as there are.
    cursor: FrameCursor,
    /// The contents of those that were stored compressed, in order.
    unpacked: Vec<Bytes>,
}

impl ReadMessages {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first one.
    pub fn first(&self) -> Option<MessageView<'_>> {
        self.parts.first()?.views().next()
    }

    /// The last one: what to commit when all were processed. Passes over the others of its frame.
    pub fn last(&self) -> Option<MessageView<'_>> {
        self.parts.last()?.views().last()
    }

    /// All of them, in order, without a copy.
    #[inline]
    pub fn iter(&self) -> Iter<'_> {
        Iter { parts: self.parts.iter(), views: None, len: self.len }
    }

    /// All of them, in order, each on its own.
    pub fn into_vec(self) -> Vec<ReadMessage> {
        let mut messages = Vec::with_capacity(self.len);
        self.parts.iter().for_each(|part| part.add_to(&mut messages));
        messages
    }

    /// Adds the next `count` messages of `frame` from `cursor` on, or all that are left, at least
    /// one. Answers with the frame and where to go on in it, where some are left.
    ///
    /// # Errors
    /// [`RecordError::Payload`] where one does not decompress; what was added is of no use then.
    pub(crate) fn add(
        &mut self,
        frame: Frame,
        cursor: FrameCursor,
        count: usize,
    ) -> Result<Option<(Frame, FrameCursor)>, RecordError> {
        let (taken, rest) = frame.split_at(cursor, count);
        let mut unpacked = Vec::new();
        if !frame.is_plain() {
            for record in frame.records_from(taken).filter(|record| record.is_compressed()) {
                unpacked.push(record.payload()?);
            }
        }
        self.len += taken.remaining();
        let left = (rest.remaining() > 0).then(|| (frame.clone(), rest));
        self.parts.push(Part { frame, cursor: taken, unpacked });
        Ok(left)
    }
}

impl Part {
    #[inline]
    fn views(&self) -> Views<'_> {
        let unpacked = self.unpacked.iter();
        Views { records: self.frame.records_from(self.cursor), unpacked }
    }

    fn add_to(&self, messages: &mut Vec<ReadMessage>) {
        if self.frame.is_plain() {
            return self.frame.plain_messages(self.cursor, messages);
        }
        messages.extend(self.views().map(|view| view.to_message()));
    }
}

/// The messages of a part.
#[derive(Clone, Debug)]
struct Views<'a> {
    records: Records<'a>,
    unpacked: std::slice::Iter<'a, Bytes>,
}

impl<'a> Iterator for Views<'a> {
    type Item = MessageView<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let record = self.records.next()?;
        let unpacked = if record.is_compressed() { self.unpacked.next() } else { None };
        Some(MessageView::new(record, unpacked))
    }
}

/// Messages, in order, without a copy; see [`ReadMessages::iter`].
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    parts: std::slice::Iter<'a, Part>,
    views: Option<Views<'a>>,
    len: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = MessageView<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(view) = self.views.as_mut().and_then(Iterator::next) {
                self.len -= 1;
                return Some(view);
            }
            self.views = Some(self.parts.next()?.views());
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len, Some(self.len))
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a ReadMessages {
    type Item = MessageView<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl IntoIterator for ReadMessages {
    type Item = ReadMessage;
    type IntoIter = std::vec::IntoIter<ReadMessage>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_vec().into_iter()
    }
}
