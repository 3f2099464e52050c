use std::io::ErrorKind;
use std::path::Path;
use std::task::{Context, Poll, Waker};

use duolog::io::{File, OpenMode, World};

use super::super::{SimOptions, Simulation};
use super::{run, simulation};

fn path(text: &str) -> &Path {
    Path::new(text)
}

#[test]
fn written_bytes_are_read_and_durable_once_forced() {
    let (simulation, process) = simulation(1);
    let world = process.clone();
    let durable = || simulation.durable_bytes(path("/sim/file")).unwrap();
    simulation
        .block_on(&process, async {
            let file = world.open(path("/sim/file"), OpenMode::CreateNew).await.unwrap();
            file.write_at(0, b"hello").await.unwrap();
            assert_eq!(file.read_at(1, 10).await.unwrap(), b"ello");
            assert_eq!(durable(), b"");
            file.sync_data().await.unwrap();
            file.write_at(3, b"p!").await.unwrap();
            file.set_len(8).await.unwrap();
            assert_eq!(durable(), b"hello");
            assert_eq!(file.read_at(0, 9).await.unwrap(), b"help!\0\0\0");
            file.sync_data().await.unwrap();
            file.set_len(2).await.unwrap();
            assert_eq!(durable(), b"help!\0\0\0");
            assert_eq!(file.len().await.unwrap(), 2);
        })
        .unwrap();
}

#[test]
fn sync_forces_what_was_written_before_it_began() {
    let (simulation, process) = simulation(1);
    simulation
        .block_on(&process, async {
            let file = process.open(path("/sim/file"), OpenMode::Create).await.unwrap();
            file.write_at(0, b"before").await.unwrap();
            let mut sync = Box::pin(file.sync_data());
            let mut task = Context::from_waker(Waker::noop());
            assert!(sync.as_mut().poll(&mut task).is_pending());
            file.write_at(6, b" after").await.unwrap();
            sync.await.unwrap();
            assert_eq!(simulation.durable_bytes(path("/sim/file")).unwrap(), b"before");
        })
        .unwrap();
}

#[test]
fn dropped_sync_goes_on_to_its_end() {
    let (simulation, process) = simulation(1);
    simulation
        .block_on(&process, async {
            let file = process.open(path("/sim/file"), OpenMode::Create).await.unwrap();
            file.write_at(0, b"kept").await.unwrap();
            let mut sync = Box::pin(file.sync_data());
            assert!(sync.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            drop(sync);
            assert_eq!(simulation.durable_bytes(path("/sim/file")).unwrap(), b"kept");
        })
        .unwrap();
}

#[test]
fn every_call_suspends() {
    let options = SimOptions { latencies: super::no_latencies(), ..SimOptions::default() };
    let simulation = Simulation::new(1, options);
    let process = simulation.process("writer");
    let mut open = Box::pin(process.open(path("/sim/file"), OpenMode::Create));
    let mut is_first = true;
    let opened = std::future::poll_fn(|task| match open.as_mut().poll(task) {
        Poll::Ready(_) if is_first => panic!("the call did not suspend"),
        poll => {
            is_first = false;
            poll
        }
    });
    simulation.block_on(&process, opened).unwrap().unwrap();
    assert_eq!(simulation.now_us(), 0);
}

#[test]
fn full_disk_takes_what_fits_and_says_so() {
    let options = SimOptions { capacity_bytes: 10, ..SimOptions::default() };
    let simulation = Simulation::new(1, options);
    let world = simulation.process("writer");
    simulation
        .block_on(&world, async {
            let file = world.open(path("/sim/file"), OpenMode::Create).await.unwrap();
            let full = file.write_at(4, b"01234567").await.unwrap_err();
            assert_eq!(full.kind(), ErrorKind::StorageFull);
            assert_eq!(file.read_at(0, 20).await.unwrap(), b"\x00\x00\x00\x00012345");
            assert_eq!(file.set_len(11).await.unwrap_err().kind(), ErrorKind::StorageFull);
            let other = world.open(path("/sim/other"), OpenMode::Create).await.unwrap();
            other.write_at(0, b"x").await.unwrap_err();
            drop(file);
            world.remove_file(path("/sim/file")).await.unwrap();
            other.write_at(0, b"0123456789").await.unwrap();
        })
        .unwrap();
}

#[test]
fn names_behave_as_those_of_a_file_system() {
    run(1, |world| async move {
        let kind = |error: std::io::Error| error.kind();
        world.create_directories(path("/sim/a/b")).await.unwrap();
        world.create_directories(path("/sim/a/b")).await.unwrap();
        let missing = world.open(path("/sim/a/x"), OpenMode::Write).await.map(|_| ());
        assert_eq!(missing.map_err(kind), Err(ErrorKind::NotFound));
        let file = world.open(path("/sim/a/x"), OpenMode::Create).await.unwrap();
        file.write_at(0, b"x").await.unwrap();
        let again = world.open(path("/sim/a/x"), OpenMode::CreateNew).await.map(|_| ());
        assert_eq!(again.map_err(kind), Err(ErrorKind::AlreadyExists));
        world.hard_link(path("/sim/a/x"), path("/sim/a/b/y")).await.unwrap();
        world.rename(path("/sim/a/x"), path("/sim/a/z")).await.unwrap();
        let names: Vec<_> = world.list(path("/sim/a")).await.unwrap();
        let names: Vec<_> = names.iter().map(|entry| (&*entry.name, entry.is_directory)).collect();
        assert_eq!(names, [("b", true), ("z", false)]);
        assert_eq!(world.canonical(path("/sim/a/b/../.")).await.unwrap(), path("/sim/a"));
        world.rename(path("/sim/a"), path("/sim/c")).await.unwrap();
        let inside = world.rename(path("/sim/c"), path("/sim/c/b/d")).await;
        assert_eq!(inside.map_err(kind), Err(ErrorKind::InvalidInput));
        let linked = world.open(path("/sim/c/b/y"), OpenMode::Read).await.unwrap();
        assert_eq!(linked.read_at(0, 5).await.unwrap(), b"x");
        assert!(linked.write_at(0, b"y").await.is_err());
        world.remove_directory(path("/sim/c")).await.unwrap();
        assert!(!world.exists(path("/sim/c")).await.unwrap());
        let gone = world.list(path("/sim/c")).await;
        assert_eq!(gone.map_err(kind), Err(ErrorKind::NotFound));
        assert_eq!(file.read_at(0, 5).await.unwrap(), b"x");
    });
}

#[test]
fn names_are_durable_once_their_directory_is_forced() {
    let (simulation, process) = simulation(1);
    let names = |directory| simulation.durable_names(path(directory)).unwrap();
    simulation
        .block_on(&process, async {
            process.create_directories(path("/sim/d")).await.unwrap();
            process.open(path("/sim/d/one"), OpenMode::Create).await.unwrap();
            assert!(names("/sim/d").is_empty());
            process.sync_directory(path("/sim/d")).await.unwrap();
            process.rename(path("/sim/d/one"), path("/sim/d/two")).await.unwrap();
            assert_eq!(names("/sim/d"), ["one"]);
            process.sync_directory(path("/sim/d")).await.unwrap();
            assert_eq!(names("/sim/d"), ["two"]);
        })
        .unwrap();
}

#[test]
fn what_stays_unforced_is_bounded() {
    let options = SimOptions { write_back_bytes: 1_000, ..SimOptions::default() };
    let simulation = Simulation::new(1, options);
    let world = simulation.host();
    simulation
        .run_until(async {
            let file = world.open(path("/sim/file"), OpenMode::Create).await.unwrap();
            file.write_at(0, &[1; 100]).await.unwrap();
            for _ in 0..100 {
                file.write_at(0, &[2; 100]).await.unwrap();
            }
            assert_eq!(simulation.durable_bytes(path("/sim/file")).unwrap(), [2; 100]);
            file.write_at(0, &[3; 100]).await.unwrap();
            assert_eq!(simulation.durable_bytes(path("/sim/file")).unwrap(), [2; 100]);
        })
        .unwrap();
}

#[test]
fn syncs_at_the_same_time_never_take_back_what_is_durable() {
    for seed in 0..20 {
        let (simulation, world) = simulation(seed);
        simulation
            .block_on(&world, async {
                let file = world.open(path("/sim/file"), OpenMode::Create).await.unwrap();
                file.write_at(0, b"one").await.unwrap();
                let mut early = Box::pin(file.sync_data());
                assert!(early.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
                file.write_at(0, b"two").await.unwrap();
                file.sync_data().await.unwrap();
                early.await.unwrap();
                assert_eq!(simulation.durable_bytes(path("/sim/file")).unwrap(), b"two");
            })
            .unwrap();
    }
}
