//! `duolog explain`.

use clap::Args;
use duolog::io::Planted;

use crate::judge::Invariant;
use crate::probe::catalogue::{self, KNOWN, VERSION};
use crate::probe::rule::Rule;

use super::exit::Exit;
use super::selftest::caught_by;
use super::subject::planted_name;
use super::{Ended, Failure, print};

#[derive(Args)]
pub(super) struct ExplainArgs {
    /// An invariant, an anomaly, a planted mistake, a finding or rule of the probe, or an exit
    /// code; without, all names
    name: Option<String>,
}

pub(super) fn explain(args: &ExplainArgs) -> Ended {
    let text = match args.name.as_deref() {
        None => names(),
        Some(name) => one(name).ok_or_else(|| {
            Failure::new(Exit::Usage, format!("nothing is called {name:?}: see duolog explain"))
        })?,
    };
    print(&text);
    Ok(Exit::Pass)
}

fn names() -> String {
    let mut text = "Invariants\n".to_owned();
    for invariant in Invariant::ALL {
        let (code, name) = (invariant.code(), invariant.name());
        text += &format!("  {code:<4} {name:<17} {}\n", invariant.promise());
    }
    text += "Planted mistakes (in builds with the feature planted)\n";
    for mistake in Planted::ALL {
        text += &format!("  {:<22} {}\n", planted_name(mistake), caught_by(mistake).name());
    }
    text += "What an instance of RocksDB is held to (duolog probe)\n";
    for rule in Rule::ALL {
        text += &format!("  {:<11} {}\n", rule.name(), rule.promise());
    }
    text += &format!("What is known of RocksDB {VERSION}\n");
    for known in &KNOWN {
        text += &format!("  {:<30} {}\n", known.name, known.class.words());
    }
    text += "Exit codes\n";
    for exit in Exit::ALL {
        text += &format!("  {:<3} {}\n", exit.code(), exit.meaning());
    }
    text
}

fn one(name: &str) -> Option<String> {
    let by_anomaly =
        || Invariant::ALL.into_iter().find(|invariant| invariant.anomalies().contains(&name));
    if let Some(invariant) = Invariant::named(name).or_else(by_anomaly) {
        return Some(format!(
            "{} {}\n  {}\n  At risk: {}.\n  Anomalies: {}\n",
            invariant.code(),
            invariant.name(),
            invariant.promise(),
            invariant.risk(),
            invariant.anomalies().join(", ")
        ));
    }
    if let Some(mistake) = Planted::ALL.into_iter().find(|one| planted_name(*one) == name) {
        let invariant = caught_by(mistake);
        return Some(format!(
            "{name}\n  A mistake to plant in the engine; {} {} must notice it.\n",
            invariant.code(),
            invariant.name()
        ));
    }
    if let Some(known) = catalogue::named(name) {
        return Some(format!(
            "{name}\n  RocksDB {VERSION}: {}.\n  What it is: {}.\n  Upstream: {}.\n  \
             To the engine: {}.\n  Why it does not matter: {}.\n  \
             To see it: duolog probe --known {name} [--print plan|reproducer]\n",
            known.what,
            known.class.words(),
            known.upstream,
            known.effect,
            known.defence
        ));
    }
    if let Some(rule) = Rule::ALL.into_iter().find(|rule| rule.name() == name) {
        return Some(format!("{name}\n  A rule of duolog probe: {}.\n", rule.promise()));
    }
    let exit = Exit::ALL.into_iter().find(|exit| exit.code().to_string() == name)?;
    Some(format!("exit {name}: {}\n", exit.meaning()))
}
