//! Thousands of deploys under bad luck, each from a seed that tells it again.
//!
//! `cargo xtask soak simulate` runs 100,000: `SOAK_SHARD` (`K/N`, from 1) says which part, and in the file `SOAK_PROGRESS` stands
//! how far it came. One seed alone:
//! `SEED=4711 cargo test -p windlass-harness --test simulate one_seed -- --ignored`.

#![expect(
    clippy::disallowed_methods,
    reason = "which part of a soak, and which seed, is told by the environment"
)]

use std::fs;
use std::path::PathBuf;
use windlass_harness::{Story, simulate};
use windlass_model::event::DeployEnd;

/// What all seeds of a run came to.
#[derive(Debug, Default)]
struct Tally {
    deployed: usize,
    undone: usize,
    killed: usize,
    taken_over: usize,
    fenced: usize,
    rebooted: usize,
}

impl Tally {
    fn add(&mut self, story: &Story) {
        match story.end {
            Some(DeployEnd::Deployed) => self.deployed += 1,
            _ => self.undone += 1,
        }
        self.killed += story.killed;
        self.taken_over += story.taken_over;
        self.fenced += story.fenced;
        self.rebooted += story.rebooted;
    }
}

/// Each seed in a world and a time of its own.
fn tell(seed: u64) -> Result<Story, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(simulate(seed))
}

fn all(seeds: impl Iterator<Item = u64>) -> Tally {
    let (mut tally, mut failed) = (Tally::default(), Vec::new());
    for seed in seeds {
        match tell(seed) {
            Ok(story) => tally.add(&story),
            Err(why) => failed.push(format!("SEED={seed}: {why}")),
        }
    }
    assert!(
        failed.is_empty(),
        "{} failed\n{}",
        failed.len(),
        failed.join("\n")
    );
    tally
}

#[test]
fn no_bad_luck_leaves_a_mixed_fleet() {
    let tally = all(0..2000);
    // It saw everything that it is about.
    let seen = [
        tally.deployed,
        tally.undone,
        tally.killed,
        tally.taken_over,
        tally.fenced,
        tally.rebooted,
    ];
    assert!(seen.iter().all(|count| *count > 100), "{tally:?}");
}

#[test]
fn a_seed_tells_the_same_story_again() {
    for seed in [7, 77, 777] {
        assert_eq!(tell(seed), tell(seed));
    }
}

#[test]
#[ignore = "takes long: cargo xtask soak simulate"]
fn a_hundred_thousand() {
    let shard = std::env::var("SOAK_SHARD").unwrap_or_else(|_| "1/1".to_owned());
    let (number, of) = shard.split_once('/').expect("SOAK_SHARD is K/N");
    let number: u64 = number.parse().expect("SOAK_SHARD is K/N");
    let of: u64 = of.parse().expect("SOAK_SHARD is K/N");
    let progress = std::env::var_os("SOAK_PROGRESS").map(PathBuf::from);
    let read = progress
        .as_ref()
        .and_then(|file| fs::read_to_string(file).ok());
    let mut next = read.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    while next < 100_000 {
        let part = next..next + 1000;
        println!(
            "{part:?}: {:?}",
            all(part.clone().filter(|seed| seed % of == number - 1))
        );
        next = part.end;
        if let Some(file) = &progress {
            fs::write(file, next.to_string()).expect("written");
        }
    }
}

#[test]
#[ignore = "tells one seed again: SEED=4711"]
fn one_seed() {
    let seed = std::env::var("SEED").expect("SEED is set");
    let story = tell(seed.parse().expect("a number"));
    println!("{story:?}");
    assert!(story.is_ok(), "{story:?}");
}
