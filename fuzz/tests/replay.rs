//! Replays the corpus, and mutants of it, without libFuzzer.
#![allow(clippy::disallowed_methods, reason = "the corpus lies on the real disk")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::path::{Path, PathBuf};

use duolog_fuzz::mutate::Mutator;
use duolog_fuzz::{TARGETS, Target};

/// Mutants of each input; of the slow target, which runs a whole engine, fewer.
const MUTANTS: usize = 300;
const MUTANTS_OF_RECOVERY: usize = 4;

fn directory(target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name)
}

/// Names and inputs, in order of their names.
fn corpus(target: &Target) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(directory(target)).expect("each target has a corpus");
    let mut inputs: Vec<_> = entries
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect();
    inputs.sort();
    inputs
}

#[test]
fn the_corpus_holds_the_seeds() {
    for target in &TARGETS {
        let corpus = corpus(target);
        for (number, seed) in (target.seeds)().iter().enumerate() {
            let is_there = corpus.iter().any(|(_, input)| input == seed);
            let how = "cargo run -p duolog-fuzz --no-default-features --example seeds";
            assert!(is_there, "{} lacks seed {number}: run `{how}`", target.name);
        }
    }
}

#[test]
fn the_corpus_and_mutants_of_it_do_no_harm() {
    for target in &TARGETS {
        let mutants = if target.name == "recovery" { MUTANTS_OF_RECOVERY } else { MUTANTS };
        let corpus = corpus(target);
        assert!(!corpus.is_empty(), "the corpus of {} is empty", target.name);
        for (number, (name, input)) in corpus.iter().enumerate() {
            println!("{} {name}", target.name);
            (target.run)(input);
            let mut mutator = Mutator::new(number as u64);
            for _ in 0..mutants {
                let mutant = mutator.mutant(input);
                println!("{} mutant of {name}: {mutant:02x?}", target.name);
                (target.run)(&mutant);
            }
        }
    }
}
