//! Every fuzz target over its corpus and over mutants of it, the same ones in every run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use tests::fuzz::{Mutator, TARGETS, Target};

/// Mutants a target.
const MUTANTS: u64 = 30_000;

/// The corpus of a target, in the order of the files' names.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn run(name: &str, target: Target, octets: &[u8], which: &str) {
    if catch_unwind(AssertUnwindSafe(|| target(octets))).is_err() {
        let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        panic!("target {name} fails on {which}, octets {hex}");
    }
}

#[test]
fn no_target_fails_on_its_corpus_or_on_mutants_of_it() {
    for (name, target) in TARGETS {
        let seeds = corpus(name);
        assert!(!seeds.is_empty(), "target {name} has no corpus");
        for (number, seed) in seeds.iter().enumerate() {
            run(name, target, seed, &format!("seed {number}"));
        }
        let mut mutator = Mutator::new(1);
        for number in 0..MUTANTS {
            run(name, target, &mutator.mutant(&seeds), &format!("mutant {number}"));
        }
    }
}

#[test]
fn every_target_has_a_folder_and_every_folder_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut folders: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let mut names: Vec<String> = TARGETS.iter().map(|(name, _)| (*name).to_string()).collect();
    names.sort();
    assert_eq!(folders, names);
}
