//! One process from its start to its end, and the reading of everything at the end of a run.

use std::sync::{Arc, Mutex, PoisonError};

use duolog::io::World;

use crate::history::{Call, Event};
use crate::plan::{Role, Target};

use super::actor::Player;
use super::healing::heal;
use super::stage::Stage;
use super::state::RunState;
use super::subject::{Answer, Query, Seek, Subject, SubjectLog};
use super::waiting::Gate;

/// Which actors a process has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cast {
    /// All of them.
    All,
    /// Those that live on.
    Lasting,
    /// Those that die with their process.
    Mortal,
}

impl Cast {
    fn has(self, role: Role) -> bool {
        match self {
            Self::All => true,
            Self::Lasting => role != Role::Mortal,
            Self::Mortal => role == Role::Mortal,
        }
    }
}

/// Opens the log and lets every actor of `cast` do what is left of its operations. At the end the
/// process closes every writer, where it is not to be killed.
pub(super) async fn play<W: World, S: Subject<W>>(
    world: W,
    subject: S,
    state: Arc<RunState>,
    process: u32,
    cast: Cast,
) -> Answer<()> {
    let stage = Arc::new(Stage::open(world.clone(), &subject, state.clone(), process).await?);
    act(&stage, cast, drop).await;
    if state.plan.kills.is_empty() || cast == Cast::Lasting {
        shut_down(&stage).await;
    }
    Ok(())
}

/// As [`play`] for a process that may die, with all actors. They keep their sessions; when all are
/// done, `spare` is to see that nothing goes wrong any more; then a silence is looked behind.
pub(super) async fn play_and_heal<W: World, S: Subject<W>>(
    world: W,
    subject: S,
    state: Arc<RunState>,
    process: u32,
    spare: impl FnOnce(),
) -> Answer<()> {
    let stage = Arc::new(Stage::open(world, &subject, state.clone(), process).await?);
    state.note_opened(process);
    let players: Arc<Mutex<Vec<_>>> = Arc::default();
    let kept = players.clone();
    let keep = move |player| kept.lock().unwrap_or_else(PoisonError::into_inner).push(player);
    act(&stage, Cast::All, keep).await;
    let mut players = std::mem::take(&mut *players.lock().unwrap_or_else(PoisonError::into_inner));
    players.sort_by_key(|player: &Player<W, S::Log>| player.actor);
    spare();
    heal(&stage, players).await;
    if state.plan.kills.is_empty() {
        shut_down(&stage).await;
    }
    Ok(())
}

/// Lets every actor of `cast` do what is left of its operations; what becomes of one that is done
/// is a matter of `end`.
async fn act<W: World, L: SubjectLog>(
    stage: &Arc<Stage<W, L>>,
    cast: Cast,
    end: impl Fn(Player<W, L>) + Clone + Send + 'static,
) {
    let gate = Gate::default();
    for (index, actor) in stage.state.plan.actors.iter().enumerate() {
        let number = u32::try_from(index).expect("few actors");
        if stage.state.is_done(number) || !cast.has(actor.role) {
            continue;
        }
        let mut player = Player::new(stage.clone(), number);
        let (pass, end) = (gate.pass(), end.clone());
        stage.world.spawn(actor.role.name(), async move {
            player.play().await;
            end(player);
            drop(pass);
        });
    }
    gate.wait().await;
}

/// Closes every writer, as a process does that is not killed.
async fn shut_down<W: World, L: SubjectLog>(stage: &Arc<Stage<W, L>>) {
    let player = Player::new(stage.clone(), Event::DRIVER);
    player.count_instances().await;
    for lane in 0..stage.state.plan.lane_count() {
        player.close_writer(lane).await;
    }
}

/// How many messages one read of the last reading asks for, and for how many bytes about.
pub(super) const DRAIN_COUNT: u32 = 256;
pub(super) const DRAIN_BYTES: u64 = 128 << 20;

/// How many messages of a partition are looked up at the end.
const PROBES_COUNT: u64 = 24;

/// How many messages of a partition are asked for by time at the end: all of them, or fewer where
/// there are more than that, since all that is found is kept in memory.
const PROBE_LIMIT: u32 = 1 << 18;
const PROBE_LIMIT_FEWER: u32 = 1 << 14;

/// Reads everything with fresh sessions, looks some of it up in every way, and asks for all
/// committed positions: what a run left behind.
pub(super) async fn drain<W: World, S: Subject<W>>(
    world: W,
    subject: S,
    state: Arc<RunState>,
    process: u32,
) -> Answer<()> {
    let stage = Arc::new(Stage::open(world, &subject, state.clone(), process).await?);
    let mut player = Player::new(stage.clone(), Event::DRIVER);
    player.start_session(u32::MAX, true).await;
    let count = state.plan.config.content.read_count(DRAIN_COUNT, DRAIN_BYTES);
    for lane in 0..state.plan.lane_count() {
        player.marks(lane).await;
        player.seek(lane, Seek::Earliest).await;
        while player.read(lane, count, 0).await.is_some_and(|count| count > 0) {}
        probe(&mut player, &state, lane).await;
    }
    for (index, actor) in state.plan.actors.iter().enumerate() {
        if actor.role != Role::Committer {
            continue;
        }
        let group = u32::try_from(index).expect("few actors") + 1;
        player.session = None;
        player.start_session(group, false).await;
        for lane in 0..state.plan.lane_count() {
            player.committed(lane).await;
        }
    }
    Ok(())
}

async fn probe<W: World, L: SubjectLog>(player: &mut Player<W, L>, state: &RunState, lane: u32) {
    let count = state.acknowledged_count(lane);
    let step = (count / PROBES_COUNT).max(1);
    for nth in 0..PROBES_COUNT.min(count) {
        player.lookup_id(lane, Target::Back(nth * step), false).await;
        player.lookup_position(lane, Target::Back(nth * step)).await;
    }
    let fits = count < u64::from(PROBE_LIMIT);
    let limit = if fits { PROBE_LIMIT } else { PROBE_LIMIT_FEWER };
    let (from_us, to_us) = (i64::MIN / 2, i64::MAX / 2);
    let query = Query::Time { from_us, to_us, limit };
    player.lookup(lane, Call::LookupTime { from_us, to_us, limit }, query).await;
}
