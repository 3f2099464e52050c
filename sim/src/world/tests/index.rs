use std::path::Path;

use duolog::io::{
    Family, IndexBackend, IndexOptions, IndexPrimary, IndexRead, IndexSecondary, SortedRun,
    SortedRuns, World,
};

use super::simulation;

fn runs(key: &[u8]) -> SortedRuns {
    std::array::from_fn(|_| {
        let mut run = SortedRun::default();
        run.push(key, b"value");
        run
    })
}

#[test]
fn backend_keeps_the_contract() {
    let (simulation, process) = simulation(1);
    let root = Path::new("/sim/index").to_owned();
    let suite = async {
        process.create_directories(&root).await.unwrap();
        duolog::index::backend_conformance::suite(process.index().clone(), root.clone()).await
    };
    simulation.block_on(&process, suite).unwrap().unwrap();
}

#[test]
fn what_is_settled_outlives_the_process_and_its_primary_does_not() {
    let (simulation, first) = simulation(1);
    let second = simulation.process("second");
    let directory = Path::new("/sim/index/0");
    simulation
        .run_until(async {
            let options = IndexOptions::default;
            let primary = first.index().open_primary(directory, options()).await.unwrap();
            primary.settle(runs(b"key")).await.unwrap();
            assert!(second.index().open_primary(directory, options()).await.is_err());
            simulation.kill(&first);
            let reopened = second.index().open_primary(directory, options()).await.unwrap();
            let value = reopened.get(Family::ById, b"key").await.unwrap();
            assert_eq!(value.as_deref(), Some(&b"value"[..]));
            drop(primary);
            assert!(second.index().open_primary(directory, options()).await.is_err());
        })
        .unwrap();
}

#[test]
fn secondary_follows_and_takes_its_directory_along() {
    let (simulation, process) = simulation(1);
    let (directory, private) = (Path::new("/sim/index/0"), Path::new("/sim/private/1"));
    simulation
        .block_on(&process, async {
            let index = process.index();
            assert!(index.open_secondary(directory, private).await.is_err());
            let primary = index.open_primary(directory, IndexOptions::default()).await.unwrap();
            let secondary = index.open_secondary(directory, private).await.unwrap();
            primary.settle(runs(b"key")).await.unwrap();
            assert_eq!(secondary.get(Family::ById, b"key").await.unwrap(), None);
            secondary.catch_up().await.unwrap();
            assert!(secondary.get(Family::ById, b"key").await.unwrap().is_some());
            assert!(process.exists(private).await.unwrap());
            drop(secondary);
            assert!(!process.exists(private).await.unwrap());
        })
        .unwrap();
}

#[test]
fn removed_directory_takes_the_database_along() {
    let (simulation, process) = simulation(1);
    let directory = Path::new("/sim/topic/index/0");
    simulation
        .block_on(&process, async {
            let index = process.index();
            let primary = index.open_primary(directory, IndexOptions::default()).await.unwrap();
            primary.settle(runs(b"key")).await.unwrap();
            drop(primary);
            process.remove_directory(Path::new("/sim/topic")).await.unwrap();
            let primary = index.open_primary(directory, IndexOptions::default()).await.unwrap();
            assert_eq!(primary.get(Family::ById, b"key").await.unwrap(), None);
        })
        .unwrap();
}
