use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use duolog::io::{File, OpenMode, World};

use super::super::{PowerLoss, Simulation, Survivor, SyncFailure};
use super::simulation;

const SEEDS: u64 = 400;
const FILE: &str = "/sim/file";

/// Three pages forced, then all of them written again and one added, and a second file, of which
/// nothing is forced; then the power is cut. What is left of both.
fn cut(seed: u64) -> (Simulation, PowerLoss, Vec<u8>, bool) {
    let (simulation, world) = simulation(seed);
    let wrote = simulation.block_on(&world, async {
        let file = world.open(Path::new(FILE), OpenMode::Create).await.unwrap();
        world.sync_directory(Path::new("/sim")).await.unwrap();
        file.write_at(0, &[1; 3 * 4096]).await.unwrap();
        file.sync_data().await.unwrap();
        file.write_at(0, &[2; 3 * 4096]).await.unwrap();
        file.write_at(4096, &[3; 3 * 4096]).await.unwrap();
        world.open(Path::new("/sim/other"), OpenMode::Create).await.unwrap();
    });
    wrote.unwrap();
    let loss = simulation.cut_power();
    assert!(!world.is_alive());
    let after = simulation.process("after");
    let left = simulation.block_on(&after, async {
        let file = after.open(Path::new(FILE), OpenMode::Read).await.unwrap();
        let bytes = file.read_at(0, 1 << 20).await.unwrap();
        (bytes.to_vec(), after.exists(Path::new("/sim/other")).await.unwrap())
    });
    let (bytes, has_other) = left.unwrap();
    (simulation, loss, bytes, has_other)
}

#[test]
fn power_loss_leaves_each_page_at_one_of_its_versions_and_reaches_every_kind_of_loss() {
    let mut total = PowerLoss::default();
    let (mut whole, mut nothing) = (0, 0);
    for seed in 0..SEEDS {
        let (_, loss, bytes, has_other) = cut(seed);
        assert!([3 * 4096, 4 * 4096].contains(&bytes.len()), "{}", bytes.len());
        for (at, byte) in bytes.iter().enumerate() {
            let allowed: &[u8] = match at / 4096 {
                0 => &[1, 2],
                1 | 2 => &[1, 2, 3],
                _ => &[0, 3],
            };
            assert!(allowed.contains(byte), "seed {seed}: {byte} at {at}");
        }
        for sector in bytes.chunks(512) {
            assert!(sector.iter().all(|byte| *byte == sector[0]), "seed {seed}: a torn sector");
        }
        assert_eq!(has_other, loss.lost_entry_count == 0, "seed {seed}");
        whole += u32::from(loss == PowerLoss::default());
        nothing += u32::from(bytes == [1; 3 * 4096]);
        total.lost_page_count += loss.lost_page_count;
        total.torn_page_count += loss.torn_page_count;
        total.lost_length_count += loss.lost_length_count;
        total.lost_entry_count += loss.lost_entry_count;
    }
    println!("{total:?}, {whole} times nothing was lost, {nothing} times everything");
    assert!(whole > 0 && nothing > 0);
    assert!(total.lost_page_count > 0 && total.torn_page_count > 0);
    assert!(total.lost_length_count > 0 && total.lost_entry_count > 0);
}

#[test]
fn power_loss_is_decided_by_the_seed_and_begins_another_boot() {
    let (first, loss, bytes, _) = cut(7);
    let (second, again, bytes_again, _) = cut(7);
    assert_eq!((loss, bytes), (again, bytes_again));
    assert_eq!(first.trace().hash, second.trace().hash);
    let (simulation, world) = simulation(1);
    let before = world.boot_id();
    simulation.cut_power();
    assert_ne!(simulation.process("after").boot_id(), before);
}

#[test]
fn what_was_forced_survives_any_number_of_power_losses() {
    for seed in 0..SEEDS / 4 {
        let (simulation, _) = simulation(seed);
        for round in 0..4_u8 {
            let world = simulation.process("writer");
            let wrote = simulation.block_on(&world, async {
                let path = format!("/sim/directory-{round}/file");
                let directory = Path::new(&path).parent().unwrap().to_owned();
                world.create_directories(&directory).await.unwrap();
                world.sync_directory(Path::new("/sim")).await.unwrap();
                let temporary = directory.join("temporary");
                let file = world.open(&temporary, OpenMode::Create).await.unwrap();
                file.write_at(0, &[round; 5000]).await.unwrap();
                file.sync_data().await.unwrap();
                world.rename(&temporary, Path::new(&path)).await.unwrap();
                world.sync_directory(&directory).await.unwrap();
                file.write_at(5000, &[9; 5000]).await.unwrap();
                for earlier in 0..=round {
                    let path = format!("/sim/directory-{earlier}/file");
                    let file = world.open(Path::new(&path), OpenMode::Read).await.unwrap();
                    assert_eq!(file.read_at(0, 5000).await.unwrap(), vec![earlier; 5000]);
                }
            });
            wrote.unwrap();
            simulation.cut_power();
        }
    }
}

#[test]
fn what_could_not_be_left_is_not_allowed() {
    let (simulation, world) = simulation(1);
    let wrote = simulation.block_on(&world, async {
        let file = world.open(Path::new(FILE), OpenMode::Create).await.unwrap();
        file.write_at(0, &[1; 5000]).await.unwrap();
        file.sync_data().await.unwrap();
        world.sync_directory(Path::new("/sim")).await.unwrap();
        file.write_at(4096, &[2; 9000]).await.unwrap();
        world.open(Path::new("/sim/other"), OpenMode::Create).await.unwrap();
    });
    wrote.unwrap();
    let allows = |files: &[(&str, Vec<u8>)]| {
        let found: BTreeMap<PathBuf, Survivor> = files
            .iter()
            .map(|(name, bytes)| (PathBuf::from(name), Survivor::File(bytes.clone())))
            .collect();
        simulation.allows(Path::new("/sim"), &found).is_ok()
    };
    let forced = vec![1; 5000];
    let all = [vec![1; 4096], vec![2; 9000]].concat();
    let some_pages = [vec![1; 4096], vec![2; 4096]].concat();
    let torn = [vec![1; 4096], vec![2; 512], vec![1; 392]].concat();
    for left in [&forced, &all, &some_pages, &torn] {
        assert!(allows(&[("file", left.clone())]));
        assert!(allows(&[("file", left.clone()), ("other", Vec::new())]));
    }
    assert!(!allows(&[]), "a forced name is gone");
    assert!(!allows(&[("file", vec![1; 4999])]), "a length that never was");
    assert!(!allows(&[("file", vec![3; 5000])]), "bytes that never were");
    assert!(!allows(&[("file", vec![2; 5000])]), "a page that was not written");
    assert!(!allows(&[("file", forced.clone()), ("third", Vec::new())]), "a name from nowhere");
    let odd = [vec![1; 4096], vec![2; 100], vec![1; 804]].concat();
    assert!(!allows(&[("file", odd)]), "half a sector");
}

/// Writes a page, has its sync fail, then syncs again with success; with `again`, the page is
/// written once more in between. What readers see before the power is cut, and after it.
fn after_failed_sync(failure: SyncFailure, again: bool) -> (u8, u8) {
    let (simulation, world) = simulation(3);
    simulation.fail_sync(&world, 2, failure);
    let seen = simulation.block_on(&world, async {
        let file = world.open(Path::new(FILE), OpenMode::Create).await.unwrap();
        world.sync_directory(Path::new("/sim")).await.unwrap();
        file.write_at(0, &[1; 4096]).await.unwrap();
        file.sync_data().await.unwrap();
        file.write_at(0, &[2; 4096]).await.unwrap();
        file.sync_data().await.unwrap_err();
        let seen = file.read_at(0, 1).await.unwrap()[0];
        if again {
            file.write_at(0, &[2; 4096]).await.unwrap();
        }
        file.sync_data().await.unwrap();
        seen
    });
    simulation.cut_power();
    (seen.unwrap(), simulation.durable_bytes(Path::new(FILE)).unwrap()[0])
}

#[test]
fn a_failed_sync_leaves_what_file_systems_are_known_to_leave() {
    assert_eq!(after_failed_sync(SyncFailure::KeepsPages, false), (2, 2));
    assert_eq!(after_failed_sync(SyncFailure::ForgetsPages, false), (2, 1));
    assert_eq!(after_failed_sync(SyncFailure::DropsPages, false), (1, 1));
    for failure in SyncFailure::ALL {
        assert_eq!(after_failed_sync(failure, true).1, 2, "{failure:?}: written again");
    }
}
