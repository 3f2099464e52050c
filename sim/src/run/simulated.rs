//! A run in the simulated world: exact replay, kills, virtual time.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use duolog::io::decorate::Observed;
use duolog::io::{Step, World};

use crate::history::History;
use crate::plan::{Fault, FaultClass, Plan};
use crate::world::{
    DiskNotice, IndexFault, IndexLoss, Notice, Sim, SimError, SimOptions, Simulation, TraceSummary,
};

use super::crash::Crash;
use super::driver::{drain, play_and_heal};
use super::state::RunState;
use super::subject::{Answer, Refusal, Subject};
use super::visiting::visit;

/// What came of a simulated run.
pub struct Simulated {
    /// What happened.
    pub history: History,
    /// The trace: equal for equal seeds.
    pub trace: TraceSummary,
    /// The processes that died, in order.
    pub crashes: Vec<Crash>,
    /// How often its processes passed each step, over all of them.
    pub steps: BTreeMap<Step, u64>,
    /// How many processes lived, the last reader of everything included.
    pub process_count: u32,
    /// How long it took, in virtual time.
    pub virtual_us: u64,
    /// Why the run ended early, where it did.
    pub broken: Option<String>,
    /// What power losses did to databases of RocksDB.
    pub index_loss: IndexLoss,
}

/// Runs `plan` against `subject`.
pub fn simulate<S>(plan: &Plan, subject: &S, options: SimOptions) -> Simulated
where
    S: Subject<Sim> + Subject<Observed<Sim>>,
{
    let simulation = Simulation::new(plan.seed, options);
    let state = Arc::new(RunState::new(plan));
    let mut crashes = Vec::new();
    let mut process = 0;
    let broken = loop {
        let world = start(&simulation, plan, process);
        plan_faults(&simulation, &world, &state, process);
        let (control, living) = (simulation.control(), world.clone());
        let spare = move || control.spare(&living);
        let played = play_and_heal(world.clone(), subject.clone(), state.clone(), process, spare);
        let ended = match caught(|| simulation.block_on(&world, played)) {
            Ok(ended) => ended,
            Err(panic) => break Some(panic),
        };
        process += 1;
        match ended {
            Ok(Ok(())) => {
                // The end: where kills were planned, the last process dies too.
                if !plan.kills.is_empty() {
                    crash(&simulation, &world, &state, process - 1, &mut crashes);
                }
                break None;
            }
            Ok(Err(refusal)) => break Some(told(&refusal)),
            Err(SimError::Killed { .. }) => {
                crash(&simulation, &world, &state, process - 1, &mut crashes);
            }
            Err(error) => break Some(error.to_string()),
        }
    };
    let broken = broken.or_else(|| {
        let world = simulation.process(&format!("process-{process}"));
        let drained = drain(world.clone(), subject.clone(), state.clone(), process);
        ended(caught(|| simulation.block_on(&world, drained)))
    });
    process += 1;
    let broken = broken.or_else(|| {
        let world = simulation.process(&format!("process-{process}"));
        let visited = visit(world.clone(), subject.clone(), state.clone(), process);
        ended(caught(|| simulation.block_on(&world, visited)))
    });
    let (trace, virtual_us) = (simulation.trace(), simulation.now_us());
    let (steps, index_loss) = (simulation.step_counts(), simulation.index_loss());
    // Tasks that are still there note what became of their calls when they drop.
    drop(simulation);
    let mut history = History::new(plan, state.recorder.take());
    (history.header.loses_power, history.header.falls_silent) = (true, true);
    let process_count = process + 1;
    Simulated { history, trace, crashes, steps, process_count, virtual_us, broken, index_loss }
}

/// Has happen to a process what the plan says, and a user end it where that took too much.
fn plan_faults(simulation: &Simulation, world: &Sim, state: &Arc<RunState>, process: u32) {
    let numbered = (0..).zip(state.plan.faults.iter().copied());
    let own = numbered.filter(|(_, fault)| fault.process == process);
    let noted = Arc::downgrade(state);
    let note = move |notice: DiskNotice<'_>| {
        let Some(state) = noted.upgrade() else { return };
        match notice.notice {
            Notice::Happened => {
                let lasts_us = notice.now_us..notice.until_us;
                state.note_fault(notice.number, notice.path, notice.damaged, lasts_us);
            }
            Notice::Met => state.note_fault_met(notice.number, notice.now_us),
        }
    };
    let (of_index, of_disk): (Vec<_>, Vec<_>) =
        own.partition(|(_, fault)| fault.class.is_of_index());
    simulation.plan_faults(world, of_disk.into_iter(), Arc::new(note));
    for (number, fault) in of_index {
        plan_index_fault(simulation, world, state, number, &fault);
    }
    let (control, living) = (simulation.control(), world.clone());
    state.set_collapse(move || control.kill(&living));
}

fn plan_index_fault(
    simulation: &Simulation,
    world: &Sim,
    state: &Arc<RunState>,
    number: u32,
    fault: &Fault,
) {
    let Some(planned) = IndexFault::of(fault) else { return };
    let noted = Arc::downgrade(state);
    let note = move |notice, path: &Path, now_us| {
        let Some(state) = noted.upgrade() else { return };
        match notice {
            Notice::Happened => state.note_fault(number, path, 0..0, now_us..now_us),
            Notice::Met => state.note_fault_met(number, now_us),
        }
    };
    simulation.fail_index(world, fault.nth, planned, Fault::tag(number), Arc::new(note));
}

fn start(simulation: &Simulation, plan: &Plan, process: u32) -> Sim {
    let world = simulation.process(&format!("process-{process}"));
    if let Some(kill) = plan.kills.get(process as usize)
        && let Some(step) = kill.step()
    {
        simulation.kill_at_step(&world, step, kill.nth);
        if let Some(within) = kill.within_steps {
            simulation.kill_within(&world, within);
        }
    }
    world
}

/// Why the run ended early, where it did.
fn ended(ended: Result<Result<Answer<()>, SimError>, String>) -> Option<String> {
    match ended {
        Ok(Ok(Ok(()))) => None,
        Ok(Ok(Err(refusal))) => Some(told(&refusal)),
        Ok(Err(error)) => Some(error.to_string()),
        Err(panic) => Some(panic),
    }
}

/// What `run` gives, or what it panicked with: an assertion of the engine ends the run, and what
/// was under way then never returns.
fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        format!("a task panicked: {}", text.unwrap_or("without a word"))
    })
}

fn told(refusal: &Refusal) -> String {
    format!("the log could not be opened: {}", refusal.failure.text)
}

/// Kills a process, or buries one that is dead; cuts the power where its death takes it along.
fn crash(
    simulation: &Simulation,
    world: &Sim,
    state: &RunState,
    process: u32,
    crashes: &mut Vec<Crash>,
) {
    simulation.kill(world);
    let now_us = || simulation.host().monotonic_us();
    state.note_death(process, now_us());
    let takes_power = state.plan.kills.get(process as usize).is_some_and(|kill| kill.power);
    let power = takes_power.then(|| {
        let loss = simulation.cut_power();
        state.note_power_loss(process, now_us());
        loss
    });
    rot_at_rest(simulation, state, process);
    let recovering = !state.has_opened(process);
    let (step, lost) = (simulation.died_at(world), simulation.lost_run_count(world));
    crashes.push(Crash::new(step, recovering, crashes.last(), power, lost));
}

/// Has files rot behind the death of a process, where the plan says so and another one follows
/// that does more than look at what was left.
fn rot_at_rest(simulation: &Simulation, state: &RunState, process: u32) {
    if process as usize >= state.plan.kills.len() {
        return;
    }
    for (number, fault) in (0..).zip(&state.plan.faults) {
        if fault.process != process || fault.class != FaultClass::RotAtRest {
            continue;
        }
        let now_us = simulation.host().monotonic_us();
        let us = u64::try_from(fault.us).unwrap_or(0);
        let rotten = simulation.rot_at_rest(fault.zone, number, fault.pick(), us);
        if let Some((path, rotten)) = rotten {
            state.note_fault(number, &path, rotten, now_us..now_us.saturating_add(us));
        }
    }
}
