//! The seeds of the fuzzer, without a fuzzer.

use std::fs;

use sayso_tests::fuzz::TARGETS;

#[test]
fn every_seed_passes_its_target() {
    for target in TARGETS {
        let seeds: Vec<_> = fs::read_dir(target.seeds()).unwrap().map(|seed| seed.unwrap().path()).collect();
        assert!(!seeds.is_empty(), "{} has seeds", target.name);
        for seed in seeds {
            (target.run)(&fs::read(&seed).unwrap());
        }
    }
}
