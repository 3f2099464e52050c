//! Many sessions that ask at the same time for what a secondary does not hold yet.

use duolog::io::World;

use crate::history::{Call, Place};
use crate::plan::{Content, Mark};

use super::actor::Player;
use super::state::KnownMessage;
use super::subject::{Query, SubjectLog, SubjectWriter};
use super::waiting::All;

impl<W: World, L: SubjectLog> Player<W, L> {
    /// Settles, then looks up `count` messages that this settled, all at the same time.
    pub(super) async fn lookup_settled(&mut self, lane: u32, count: u32) {
        let Some(writer) = self.stage.writer(lane).await else { return };
        self.gather(count).await;
        // Before the settling: behind it there is no time to lose.
        let marks = writer.marks();
        let unsettled = marks.settled..marks.high_watermark;
        let known = self.stage.state.known_within(lane, &unsettled, count as usize);
        self.settle(lane).await;
        let lookups = self.crowd.iter_mut().zip(known).enumerate();
        All::new(lookups.map(|(nth, (one, known))| one.look_up_known(lane, nth, known))).await;
    }

    /// Has `count` sessions open. One of them is closed and opened again each time.
    async fn gather(&mut self, count: u32) {
        while self.crowd.len() < count as usize {
            self.crowd.push(Player::new(self.stage.clone(), self.actor));
        }
        if let Some(oldest) = self.crowd.iter_mut().min_by_key(|one| one.session_number()) {
            oldest.session = None;
        }
        for one in &mut self.crowd {
            one.open_session().await;
        }
    }

    fn session_number(&self) -> u32 {
        self.session.as_ref().map_or(0, |session| session.number)
    }

    async fn look_up_known(&mut self, lane: u32, nth: usize, known: KnownMessage) {
        let KnownMessage { sequence, producer, counter, offset } = known;
        let expected = self.stage.content().expected(Mark { lane, producer, counter });
        let (call, query) = match nth % 3 {
            0 => {
                let text = Content::id_text(expected.id);
                (Call::LookupId { id: Some(expected.id), all: false }, Query::Id(text))
            }
            1 => {
                let (place, sequence) = (Place::from(offset), Some(sequence));
                (Call::LookupPosition { place, sequence }, Query::Place(offset))
            }
            _ => {
                let (from_us, to_us, limit) =
                    (expected.timestamp_us, expected.timestamp_us + 1, 10);
                (Call::LookupTime { from_us, to_us, limit }, Query::Time { from_us, to_us, limit })
            }
        };
        self.lookup(lane, call, query).await;
    }
}
