#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::{Arc, Mutex};

use duolog::io::{File, OpenMode, World};

use super::super::{DiskNotice, Notice, Sim, Simulation};
use super::simulation;
use crate::plan::{Fault, FaultClass, Zone};

const FILE: &str = "/sim/1.seg";
const LASTS_US: i64 = 1_000;

type Notices = Arc<Mutex<Vec<Notice>>>;

/// A world in which the second write of a segment meets this.
fn damaged(class: FaultClass) -> (Simulation, Sim, Notices) {
    let (simulation, world) = simulation(7);
    let fault = Fault { process: 0, class, zone: Zone::Segment, nth: 2, us: LASTS_US };
    let notices = Notices::default();
    let noted = notices.clone();
    let note = move |notice: DiskNotice<'_>| noted.lock().unwrap().push(notice.notice);
    simulation.plan_faults(&world, [(5, fault)].into_iter(), Arc::new(note));
    (simulation, world, notices)
}

/// Writes a sector of ones and one of twos behind it.
async fn written(world: &Sim) -> <Sim as World>::File {
    let file = world.open(Path::new(FILE), OpenMode::Create).await.unwrap();
    file.write_at(0, &[1; 512]).await.unwrap();
    file.write_at(512, &[2; 512]).await.unwrap();
    file
}

fn whole() -> Vec<u8> {
    [[1; 512], [2; 512]].concat()
}

#[test]
fn rot_flips_one_bit_until_it_is_written_again_or_repaired() {
    for is_rewritten in [true, false] {
        let (simulation, world, notices) = damaged(FaultClass::BitRot);
        let read = simulation.block_on(&world, async {
            let file = written(&world).await;
            let rotten = file.read_at(0, 1024).await.unwrap();
            if is_rewritten {
                file.write_at(0, &whole()).await.unwrap();
            } else {
                world.sleep(LASTS_US.unsigned_abs()).await;
            }
            (rotten, file.read_at(0, 1024).await.unwrap())
        });
        let (rotten, after) = read.unwrap();
        let flipped: u32 =
            rotten.iter().zip(whole()).map(|(seen, wrote)| (seen ^ wrote).count_ones()).sum();
        assert_eq!((flipped, after == whole()), (1, true));
        assert_eq!(*notices.lock().unwrap(), [Notice::Happened, Notice::Met]);
    }
}

#[test]
fn a_misdirected_write_is_missing_where_it_should_be_and_lies_where_it_should_not() {
    let (simulation, world, notices) = damaged(FaultClass::MisdirectedWrite);
    let read = simulation.block_on(&world, async {
        let file = written(&world).await;
        let seen = file.read_at(0, 1024).await.unwrap();
        world.sleep(LASTS_US.unsigned_abs()).await;
        (seen, file.read_at(0, 1024).await.unwrap())
    });
    let (seen, after) = read.unwrap();
    assert_eq!(seen[512..], [0; 512], "nothing was there before");
    assert!(seen[..512].iter().all(|byte| [1, 2].contains(byte)) && seen.contains(&2), "{seen:?}");
    assert_eq!(after, whole());
    assert!(notices.lock().unwrap().contains(&Notice::Met));
}

#[test]
fn rot_at_rest_outlives_a_death_and_a_power_loss() {
    let (simulation, world) = simulation(7);
    simulation
        .block_on(&world, async {
            written(&world).await.sync_data().await.unwrap();
            world.sync_directory(Path::new("/sim")).await.unwrap();
        })
        .unwrap();
    simulation.cut_power();
    let (path, rotten) = simulation.rot_at_rest(Zone::Segment, 5, 3, 1_000_000).unwrap();
    assert_eq!(path, Path::new(FILE));
    let after = simulation.process("after");
    let read = || {
        let read = simulation.block_on(&after, async {
            let file = after.open(Path::new(FILE), OpenMode::Read).await.unwrap();
            file.read_at(0, 1024).await.unwrap()
        });
        read.unwrap()
    };
    let (seen, wrote) = (read(), whole());
    let differing: Vec<u64> = (0..)
        .zip(seen.iter().zip(&wrote))
        .filter(|(_, (seen, wrote))| seen != wrote)
        .map(|(at, _)| at)
        .collect();
    assert_eq!(differing, rotten.collect::<Vec<_>>());
    simulation.spare(&after);
    assert_eq!(read(), whole());
}
