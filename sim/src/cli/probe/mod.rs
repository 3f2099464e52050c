//! `duolog probe`.

mod args;
#[cfg(feature = "rocks")]
mod campaign;
#[cfg(feature = "rocks")]
mod claim;
#[cfg(feature = "rocks")]
mod known;
#[cfg(feature = "rocks")]
mod one;
#[cfg(feature = "rocks")]
mod scheme;
#[cfg(feature = "rocks")]
mod told;
#[cfg(feature = "rocks")]
mod worker;

pub(super) use args::ProbeArgs;

#[cfg(feature = "rocks")]
use super::exit::Exit;

use super::Ended;

/// Says that this build has no RocksDB.
#[cfg(not(feature = "rocks"))]
pub(super) fn probe(_: &ProbeArgs) -> Ended {
    let text = "this build has no RocksDB to probe: run cargo setup, and build without \
                --no-default-features";
    Err(super::Failure::new(super::exit::Exit::Environment, text))
}

#[cfg(feature = "rocks")]
pub(super) fn probe(args: &ProbeArgs) -> Ended {
    if args.worker {
        return worker::work(args);
    }
    if let Some(path) = &args.plan {
        return one::file(args, path);
    }
    if let Some(name) = &args.known {
        return one::known(args, name);
    }
    if args.print.is_some() {
        return one::of_seeds(args);
    }
    if args.claim {
        return claim::claim();
    }
    if let Some(catch_ups) = args.scheme {
        return scheme::scheme(args, catch_ups);
    }
    if args.seeds.is_some() || args.tier.is_some() || args.r#for.is_some() {
        let results = campaign::campaign(args)?;
        let told = told::Report { seeds: Some(results), ..told::Report::default() };
        return told.end(args);
    }
    check(args)
}

/// What continuous integration runs: the known findings, seeds, and the engine's scheme.
#[cfg(feature = "rocks")]
fn check(args: &ProbeArgs) -> Ended {
    let known = known::known()?;
    let seeds = campaign::usual(args)?;
    let schemes = scheme::usual()?;
    let told = told::Report { known, seeds: Some(seeds), schemes };
    let exit = told.end(args)?;
    debug_assert!(exit != Exit::Nothing, "the known findings were looked at");
    Ok(exit)
}
