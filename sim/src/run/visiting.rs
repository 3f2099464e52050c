//! Guests that come and go: each opens the log for itself, looks something up, and drops all.

use std::sync::Arc;

use duolog::io::World;
use duolog::io::decorate::Observed;

use crate::history::{Call, Event, HandlesSeen, Journal, Reply};
use crate::plan::Target;

use super::actor::Player;
use super::stage::Stage;
use super::state::RunState;
use super::subject::{Answer, Subject};
use super::waiting::Gate;

/// How long nobody is there before what is open is counted. Jobs that close what is idle hold it
/// for the moment in which they look whether it is.
const QUIET_US: u64 = 2_000;

/// What every guest of a process knows.
#[derive(Clone)]
struct House<W: World, S> {
    world: Observed<W>,
    subject: S,
    state: Arc<RunState>,
    process: u32,
}

/// Lets the plan's guests come and go in a process of `world` in which nobody else is.
pub(super) async fn visit<W: World, S: Subject<Observed<W>>>(
    world: W,
    subject: S,
    state: Arc<RunState>,
    process: u32,
) -> Answer<()> {
    let visits = state.plan.visits;
    let house = House { world: Observed::new(world), subject, state, process };
    for round in 0..visits.rounds {
        let gate = Gate::default();
        for guest in 0..visits.guests {
            let (house, pass) = (house.clone(), gate.pass());
            house.world.clone().spawn("guest", async move {
                for time in 0..visits.times {
                    house.receive(round + guest + time).await;
                }
                drop(pass);
            });
        }
        gate.wait().await;
        house.world.sleep(QUIET_US).await;
        house.count();
    }
    Ok(())
}

impl<W: World, S: Subject<Observed<W>>> House<W, S> {
    fn journal(&self) -> Journal {
        self.state.recorder.journal(self.process, Event::DRIVER)
    }

    /// One guest comes and goes; where it goes is a matter of `pick`.
    async fn receive(&self, pick: u32) {
        let lane = pick % self.state.plan.lane_count();
        let (guest, journal) = (self.state.session(), self.journal());
        let now_us = || self.world.monotonic_us();
        let arrival = journal.begin(0, lane, Call::Arrive { guest }, now_us());
        let (world, state) = (self.world.clone(), self.state.clone());
        let stage = match Stage::enter(world, &self.subject, state, self.process).await {
            Ok(stage) => Arc::new(stage),
            Err(_) => return arrival.forget(),
        };
        let mut player = Player::new(stage.clone(), Event::DRIVER);
        player.start_session(u32::MAX, false).await;
        player.lookup_id(lane, Target::Back(u64::from(pick) * 977), false).await;
        arrival.ok(Reply::Done, now_us());
        player.lookup_position(lane, Target::Back(u64::from(pick) * 613)).await;
        let leave = journal.begin(0, lane, Call::Leave { guest }, now_us());
        drop((player, stage));
        leave.ok(Reply::Done, now_us());
    }

    fn count(&self) {
        let journal = self.journal();
        let pending = journal.begin(0, 0, Call::CountHandles, self.world.monotonic_us());
        let open = self.world.open_handles();
        let seen = HandlesSeen {
            files: open.files as u64,
            instances: (open.primaries + open.secondaries + open.frozen) as u64,
            entries: self.world.registry().held_count() as u64,
        };
        pending.ok(Reply::Handles(seen), self.world.monotonic_us());
    }
}
