//! The engine on a disk of which single calls fail: what is acknowledged afterwards is kept.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use duolog::types::Message;
use duolog::{Ack, DiskConfig, ErrorKind, Log, Writer};
use duolog_sim::plan::{Fault, FaultClass, Zone};
use duolog_sim::world::{DiskNotice, Sim, SimOptions, Simulation};

async fn open(world: &Sim) -> Writer<Sim> {
    let log = Log::open(world.clone(), DiskConfig::new("/sim/log")).await.unwrap();
    if log.describe_topic("t").await.is_err() {
        log.create_topic("t", 1).await.unwrap();
    }
    log.writer("t", 0).await.unwrap()
}

fn message(number: u32) -> Vec<Message> {
    vec![Message::new(format!("id-{number}"), "x")]
}

/// Has this go wrong with a process of a simulation from now on.
fn fail(simulation: &Simulation, world: &Sim, class: FaultClass, zone: Zone) {
    let fault = Fault { process: 0, class, zone, nth: 1, us: 0 };
    let told = Arc::new(|_: DiskNotice<'_>| ());
    simulation.plan_faults(world, [(0, fault)].into_iter(), told);
}

/// A resumed writer goes on in another segment, and its syncs are of that one.
#[test]
fn messages_from_before_a_failed_write_are_synced_with_those_behind_it() {
    let mut taken_count = 0;
    for seed in 0..32 {
        let simulation = Simulation::new(seed, SimOptions::default());
        let world = simulation.process("writes");
        let writer = simulation.block_on(&world, open(&world)).unwrap();
        let append = |number, ack| simulation.block_on(&world, writer.append(message(number), ack));
        append(0, Ack::Flushed).unwrap().unwrap();
        fail(&simulation, &world, FaultClass::WriteFails, Zone::Publication);
        append(1, Ack::Flushed).unwrap().unwrap_err();
        simulation.block_on(&world, writer.resume()).unwrap().unwrap();
        append(2, Ack::Synced).unwrap().unwrap();
        append(3, Ack::Flushed).unwrap().unwrap();
        simulation.cut_power();
        let world = simulation.process("reads");
        let writer = simulation.block_on(&world, open(&world)).unwrap();
        let end = writer.marks().log_end;
        assert!(end >= 3, "seed {seed}: {end} messages are left of three that were synced");
        taken_count += u32::from(end < 4);
    }
    assert!(taken_count > 0, "the power took nothing along");
}

/// A position that could not be looked at is not called a bad one.
#[test]
fn a_commit_whose_record_cannot_be_read_may_work_later() {
    let simulation = Simulation::new(1, SimOptions::default());
    let world = simulation.process("commits");
    let run = async {
        let writer = open(&world).await;
        let appended = writer.append(message(0), Ack::Flushed).await.unwrap();
        let log = Log::open(world.clone(), DiskConfig::new("/sim/log")).await.unwrap();
        let reader = log.reader(1);
        fail(&simulation, &world, FaultClass::ReadFails, Zone::Segment);
        let failed = reader.commit("t", 0, appended.offsets[0]).await.unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::Retry, "{failed}");
        reader.commit("t", 0, appended.offsets[0]).await.unwrap();
    };
    simulation.block_on(&world, run).unwrap();
}

/// The caller does not know whether it is there; whatever is told afterwards stays so.
#[test]
fn a_first_commit_that_is_written_in_part_is_there_or_not() {
    let simulation = Simulation::new(1, SimOptions::default());
    let world = simulation.process("commits");
    let run = async {
        let writer = open(&world).await;
        let appended = writer.append(message(0), Ack::Flushed).await.unwrap();
        let log = Log::open(world.clone(), DiskConfig::new("/sim/log")).await.unwrap();
        fail(&simulation, &world, FaultClass::ShortWrite, Zone::Commit);
        let failed = log.reader(1).commit("t", 0, appended.offsets[0]).await.unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::Retry, "{failed}");
        let committed = async || {
            let position = log.reader(1).committed("t", 0).await.unwrap();
            position.map(|position| position.sequence)
        };
        let told = committed().await;
        assert!(matches!(told, None | Some(1)), "{told:?}");
        assert_eq!(committed().await, told);
        log.reader(1).commit("t", 0, appended.offsets[0]).await.unwrap();
        assert_eq!(committed().await, Some(1));
    };
    simulation.block_on(&world, run).unwrap();
}
