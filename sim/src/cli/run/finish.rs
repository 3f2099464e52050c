//! The end of a run: what is told, and the report.

use serde_json::json;

use crate::cli::merge::write_junit;
use crate::cli::seeds::Part;
use crate::cli::{Ended, Exit, Failure};
use crate::judge::Verdict;
use crate::report::{
    Demand, Environment, FailureGroup, FaultCount, IndexReport, LinesReport, REPORT_VERSION,
    Report, Swarm, demand_table, fault_table, group_words, invariant_table, latency_table,
    memory_peak_bytes,
};

use super::simulated::thread_count;
use super::{Job, Mode, Results};

/// Tells the results and writes the report.
pub(super) fn finish(job: &Job<'_>, results: Results) -> Ended {
    let Job { args, chosen, directory, .. } = job;
    let Results { tally, swarm, faults, latencies, activity, lines, end_seed, .. } = results;
    let (mut failures, index_loss) = (results.failures, results.index_loss);
    failures.sort_by_key(|failure| failure.seed);
    // A scenario makes a run of its own, of which nothing is asked.
    let main = activity.as_ref().filter(|_| args.scenario.is_none());
    let demands = main.map(|seen| Demand::of_main(seen, &tally.judgements));
    let demands = demands.unwrap_or_default();
    let faults = if chosen.mode == Mode::Sim { faults.report() } else { Vec::new() };
    let elapsed_us = u64::try_from(job.start.elapsed().as_micros()).unwrap_or(u64::MAX);
    let threads = thread_count(job);
    let swarm = swarm.map(|swarm| swarm.report(tally.virtual_us, elapsed_us, threads));
    let unmet = unmet(&demands, &faults, swarm.as_ref());
    let verdict = verdict(chosen.mode, tally.verdict(), lines.as_ref(), &unmet);
    let exit = Exit::of(verdict, tally.operation_count);
    let report = Report {
        schema: "duolog.report".to_owned(),
        schema_version: REPORT_VERSION,
        mode: chosen.mode.name().to_owned(),
        verdict,
        exit_code: exit.code(),
        index: chosen.index.map(|name| IndexReport {
            name,
            seed_count: tally.seed_count,
            losses: index_loss,
        }),
        seed_count: tally.seed_count,
        first_seed: chosen.seeds.from,
        end_seed,
        partition: (chosen.part != Part::WHOLE).then(|| chosen.part.to_string()),
        part_count: 1,
        notes: Vec::new(),
        operation_count: tally.operation_count,
        kill_count: tally.kill_count,
        power_loss_count: tally.power_loss_count,
        elapsed_us,
        virtual_us: tally.virtual_us,
        operations: tally.operations.clone(),
        latencies,
        messages: lines,
        activity,
        swarm,
        faults,
        demands,
        memory_peak_bytes: memory_peak_bytes(),
        invariants: tally.invariants(),
        groups: FailureGroup::of(&failures),
        failures,
        environment: Environment::here(),
    };
    args.tell(&group_words(&report.groups));
    args.tell(&invariant_table(&tally.judgements));
    if !report.latencies.is_empty() {
        args.tell(&latency_table(&report.latencies));
    }
    args.tell(&told(job, &report));
    let written = directory.finish(&report);
    written.map_err(|error| Failure::new(Exit::Environment, format!("report: {error}")))?;
    if let Some(file) = &args.junit {
        write_junit(file, &report)?;
    }
    args.emit(&json!({"type": "report", "report": report}));
    Ok(exit)
}

/// What the run as a whole says: where a whole file was to be appended, it is no pass without
/// that, nor where too little happened.
fn verdict(mode: Mode, judged: Verdict, lines: Option<&LinesReport>, unmet: &[String]) -> Verdict {
    let incomplete = lines.is_some_and(|lines| !lines.is_complete());
    match judged {
        Verdict::Pass if mode == Mode::Threads && incomplete => Verdict::Inconclusive,
        Verdict::Pass if !unmet.is_empty() => Verdict::Inconclusive,
        judged => judged,
    }
}

/// What did not happen though it had to, in words.
fn unmet(demands: &[Demand], faults: &[FaultCount], swarm: Option<&Swarm>) -> Vec<String> {
    let faults = faults.iter().filter_map(FaultCount::complaint);
    let places = swarm.map(Swarm::complaints).unwrap_or_default();
    demands.iter().filter_map(Demand::complaint).chain(faults).chain(places).collect()
}

fn told(job: &Job<'_>, report: &Report) -> String {
    let mut text = demand_table(&report.demands);
    text += &report.swarm.as_ref().map(Swarm::words).unwrap_or_default();
    text += &fault_table(&report.faults);
    for complaint in unmet(&report.demands, &report.faults, report.swarm.as_ref()) {
        text += &format!(" TOO LITTLE  {complaint}\n");
    }
    if let Some(lines) = &report.messages {
        let of = match job.chosen.mode {
            Mode::Sim => "at most, by one seed",
            Mode::Threads => "each appended once or more",
        };
        text += &format!(
            " {} of {} lines of {} read back whole, {of}\n",
            lines.read_back_count, lines.line_count, lines.path
        );
    }
    if let (Some(time), true) = (job.args.r#for, job.is_over()) {
        text += &format!(
            " {} s are over: {} seeds were run, those of {:#x}..{:#x}{}\n",
            time.as_secs(),
            report.seed_count,
            report.first_seed,
            report.end_seed,
            report.partition.as_ref().map_or(String::new(), |part| format!(", part {part}")),
        );
    }
    text += &report.index.map_or_else(String::new, |index| index.words());
    text += &format!(
        " {}  {} seeds, {} operations, {}, {} failed seeds; {:.1} s{}        exit {}\n \
         report  {}\n",
        match report.verdict {
            Verdict::Pass => "PASS",
            Verdict::Violation => "FAIL",
            Verdict::Inconclusive => "INCONCLUSIVE",
        },
        report.seed_count,
        report.operation_count,
        kills(report),
        report.failures.len(),
        report.elapsed_us as f64 / 1e6,
        match job.chosen.mode {
            Mode::Sim => format!(" for {:.1} s of virtual time", report.virtual_us as f64 / 1e6),
            Mode::Threads => format!(", {} MiB", report.memory_peak_bytes >> 20),
        },
        report.exit_code,
        job.directory.path().join("report.json").display(),
    );
    text
}

/// What was done to processes, in words.
fn kills(report: &Report) -> String {
    match report.power_loss_count {
        0 => format!("{} kills", report.kill_count),
        losses => format!("{} kills, {losses} with the power", report.kill_count),
    }
}
