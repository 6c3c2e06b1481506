//! What a minute of dead link costs a deploy whose build runs for a minute and a half: two deploys at once, one of them
//! with the link gone from the tenth second of its build to the seventieth.

use super::child;
use super::sample::{difference, seconds};
use super::stage::{Hosts, Source, Stage};
use super::{Bench, Row};
use crate::error::Error;
use std::thread;
use std::time::{Duration, Instant};

const BUILD: &str = "[[tasks]]\nname = \"build\"\nafter = \"updated\"\nrun = \"sleep 90\"\n";
const BEFORE: Duration = Duration::from_secs(10);
const DEAD: Duration = Duration::from_secs(60);
/// The deploy ends when the build does; what is left is noise.
const TO_MEET: f64 = 1.0;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    let calm = Stage::new(1, BUILD)?;
    let hit = Stage::new(1, BUILD)?;
    let deploy = |stage: &Stage| {
        let begin = Instant::now();
        child::run(&mut stage.windlass(bench, Source::Push, Hosts::Proxied))?;
        Ok::<_, Error>(begin.elapsed())
    };
    let (calm, hit) = thread::scope(|scope| {
        let calm = scope.spawn(|| deploy(&calm));
        scope.spawn(|| {
            thread::sleep(BEFORE);
            hit.proxy.black_hole();
            thread::sleep(DEAD);
            hit.proxy.heal();
        });
        let hit = deploy(&hit);
        (calm.join(), hit)
    });
    let calm = calm.map_err(|_| Error::measuring("deploying")("a thread panicked"))??;
    let cost = difference(hit?, calm);
    Ok(vec![
        Row::new(
            "60 s of dead link while a command runs 90 s",
            format!("{cost:.2} s"),
        )
        .beside(format!("the same undisturbed: {}", seconds(calm)))
        .promise("0 s (≤ 1 s)", cost <= TO_MEET),
    ])
}
