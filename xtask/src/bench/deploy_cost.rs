//! What a whole deploy to 1 and to 50 hosts costs this machine, beside Fabric doing the same steps.
//!
//! All hosts are addresses of one sshd on this machine, each with its own deploy root; their work is in the wall time,
//! not in the processor time.

use super::child::{self, Cost};
use super::sample::{megabytes, milliseconds, ratio, seconds};
use super::stage::{Hosts, Source, Stage};
use super::{Bench, Row};
use crate::error::Error;

const MANY: u8 = 50;
const WALL_OF_ONE: f64 = 0.7;
const CPU_OF_MANY: f64 = 0.5;

/// The medians of one number of hosts.
struct Costs {
    push: Cost,
    git: Cost,
    fabric: Option<Cost>,
}

impl Costs {
    fn of(&self, source: Source) -> Cost {
        match source {
            Source::Push => self.push,
            Source::Git => self.git,
        }
    }
}

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    let mut stage = Stage::new(MANY, "")?;
    let one = costs(bench, &mut stage, Hosts::One, bench.of(11))?;
    let many = costs(bench, &mut stage, Hosts::All, bench.of(7))?;
    let mut rows = Vec::new();
    for source in [Source::Git, Source::Push] {
        // Only Fabric's own way, a fetch on the host, is compared by the promises.
        let promises = source == Source::Git;
        let wall = promises.then_some(WALL_OF_ONE);
        let cpu = promises.then_some(CPU_OF_MANY);
        rows.extend(walls_and_cpus("1 host", source, &one, (wall, None)));
        rows.extend(walls_and_cpus("50 hosts", source, &many, (None, cpu)));
        rows.push(memory(source, &one, &many));
    }
    Ok(rows)
}

/// Each in turn, after one of each that does not count.
fn costs(bench: &Bench, stage: &mut Stage, hosts: Hosts, runs: usize) -> Result<Costs, Error> {
    let (mut push, mut git, mut fabric) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..=runs {
        stage.commit()?;
        git.push(child::run(&mut stage.windlass(bench, Source::Git, hosts))?);
        if let Ok(tool) = &bench.fabric {
            fabric.push(child::run(&mut stage.fabric(tool, hosts))?);
        }
        push.push(child::run(&mut stage.windlass(bench, Source::Push, hosts))?);
    }
    let settled = |costs: &[Cost]| costs.get(1..).map(Cost::median).unwrap_or_default();
    Ok(Costs {
        push: settled(&push),
        git: settled(&git),
        fabric: (!fabric.is_empty()).then(|| settled(&fabric)),
    })
}

/// Wall and processor time beside Fabric's, with what they must not exceed of it.
fn walls_and_cpus(
    hosts: &str,
    source: Source,
    all: &Costs,
    (wall_limit, cpu_limit): (Option<f64>, Option<f64>),
) -> Vec<Row> {
    let ours = all.of(source);
    let name = |what: &str| format!("{what} of a deploy to {hosts}, source `{}`", source.name());
    let wall = Row::new(name("wall"), seconds(ours.wall));
    let cpu = Row::new(name("processor time"), milliseconds(ours.cpu));
    let Some(fabric) = all.fabric else {
        return vec![wall, cpu];
    };
    let wall = wall.beside(format!("Fabric: {}", seconds(fabric.wall)));
    let cpu = cpu.beside(format!("Fabric: {}", milliseconds(fabric.cpu)));
    vec![
        limited(wall, ratio(ours.wall, fabric.wall), wall_limit),
        limited(cpu, ratio(ours.cpu, fabric.cpu), cpu_limit),
    ]
}

fn limited(row: Row, ratio: f64, limit: Option<f64>) -> Row {
    let row = row.ratio(ratio);
    match limit {
        Some(limit) => row.promise(format!("≤ {limit} ×"), ratio <= limit),
        None => row,
    }
}

/// Peak memory: with one host, and what each further one adds.
fn memory(source: Source, one: &Costs, many: &Costs) -> Row {
    let text = |one: Cost, many: Cost| {
        let added = many.peak.saturating_sub(one.peak) / u64::from(MANY - 1);
        format!("{} + {} a host", megabytes(one.peak), megabytes(added))
    };
    let name = format!(
        "peak memory of a deploy to 1 host + each further of {MANY}, source `{}`",
        source.name()
    );
    let row = Row::new(name, text(one.of(source), many.of(source)));
    match one.fabric.zip(many.fabric) {
        Some((one, many)) => row.beside(format!("Fabric: {}", text(one, many))),
        None => row,
    }
}
