//! After a simulated plan: nothing is broken any more, nobody does anything for a while, and then
//! everything acknowledged must be visible, to sessions that were open before it and to new ones.

use std::sync::Arc;

use duolog::io::World;

use crate::history::{Call, Event, Reply};
use crate::plan::Target;

use super::actor::Player;
use super::driver::{DRAIN_BYTES, DRAIN_COUNT};
use super::stage::Stage;
use super::subject::{Seek, SubjectLog};

/// How long nothing happens: longer than anything in the engine waits by itself, but for waits
/// that grow each time something fails.
const SILENCE_US: u64 = 1_000_000;

/// How many reads of one session may fail.
const FAILED_READS_MAX: u32 = 3;

/// Has `players`, with the sessions that they have open, and a new one look at everything after a
/// silence.
pub(super) async fn heal<W: World, L: SubjectLog>(
    stage: &Arc<Stage<W, L>>,
    mut players: Vec<Player<W, L>>,
) {
    let mut newcomer = Player::new(stage.clone(), Event::DRIVER);
    for lane in 0..stage.state.plan.lane_count() {
        newcomer.restore(lane).await;
    }
    for lane in (0..stage.state.plan.lane_count()).step_by(2) {
        // What leaves the tail now no secondary holds. The other partitions keep theirs.
        newcomer.settle(lane).await;
    }
    let silence = newcomer.begin(0, Call::Silence);
    stage.world.sleep(SILENCE_US).await;
    silence.ok(Reply::Done, stage.now_us());
    for player in players.iter_mut().filter(|player| player.session.is_some()) {
        player.look_around(false).await;
    }
    newcomer.start_session(u32::MAX, false).await;
    newcomer.look_around(true).await;
}

impl<W: World, L: SubjectLog> Player<W, L> {
    /// Looks up what was acknowledged last and something before it, and reads on to the end: from
    /// where the session is, in partitions that it reads, or from the start of all of them.
    async fn look_around(&mut self, from_start: bool) {
        for lane in 0..self.stage.state.plan.lane_count() {
            self.lookup_id(lane, Target::Latest, false).await;
            self.lookup_position(lane, Target::Latest).await;
            let half = self.stage.state.acknowledged_count(lane) / 2;
            self.lookup_position(lane, Target::Back(half)).await;
            if from_start {
                self.seek(lane, Seek::Earliest).await;
            }
            if from_start || self.session.as_ref().is_some_and(|session| session.reads(lane)) {
                self.read_to_end(lane).await;
            }
        }
    }

    async fn read_to_end(&mut self, lane: u32) {
        let count = self.stage.content().read_count(DRAIN_COUNT, DRAIN_BYTES);
        let mut failed = 0;
        while failed < FAILED_READS_MAX {
            match self.read(lane, count, 0).await {
                Some(0) => return,
                Some(_) => {}
                None => failed += 1,
            }
        }
    }
}
