//! What a whole deploy waits for the network: through a proxy that adds 100 ms to every round trip, and that adds none.
//!
//! The difference of the medians, in units of 100 ms, and one more: TCP's own handshake is answered by the proxy at
//! once, and each tool here makes one connection.

use super::child::{self, Cost};
use super::sample::difference;
use super::stage::{Hosts, Source, Stage};
use super::{Bench, Row};
use crate::error::Error;
use std::process::Command;
use std::time::Duration;

const EACH_WAY: Duration = Duration::from_millis(50);
const HANDSHAKE_OF_TCP: f64 = 1.0;
const TO_MEET: f64 = 10.0;

/// One tool's walls, without and with latency.
struct Tool<'a> {
    name: &'static str,
    command: Box<dyn Fn(&Stage) -> Command + 'a>,
    near: Vec<Cost>,
    far: Vec<Cost>,
}

impl Tool<'_> {
    fn round_trips(&self) -> f64 {
        let far = Cost::median(&self.far).wall;
        let waited = difference(far, Cost::median(&self.near).wall);
        HANDSHAKE_OF_TCP + waited / (2 * EACH_WAY).as_secs_f64()
    }
}

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    let mut stage = Stage::new(1, "")?;
    let mut tools = tools(bench);
    let runs = bench.of(7);
    for run in 0..=runs {
        for latency in [Duration::ZERO, EACH_WAY] {
            stage.commit()?;
            stage.proxy.latency(latency);
            for tool in &mut tools {
                let cost = child::run(&mut (tool.command)(&stage))?;
                // The first deploy makes what the later ones find.
                if run > 0 {
                    let costs = if latency.is_zero() {
                        &mut tool.near
                    } else {
                        &mut tool.far
                    };
                    costs.push(cost);
                }
            }
        }
    }
    Ok(rows(&tools))
}

fn tools(bench: &Bench) -> Vec<Tool<'_>> {
    let mut tools = vec![
        tool("push", |stage| {
            stage.windlass(bench, Source::Push, Hosts::Proxied)
        }),
        tool("git", |stage| {
            stage.windlass(bench, Source::Git, Hosts::Proxied)
        }),
        tool("one `ssh host script`", |stage| {
            stage.script(Hosts::Proxied)
        }),
    ];
    if let Ok(fabric) = &bench.fabric {
        tools.push(tool("Fabric", move |stage| {
            stage.fabric(fabric, Hosts::Proxied)
        }));
    }
    tools
}

fn tool<'a>(name: &'static str, command: impl Fn(&Stage) -> Command + 'a) -> Tool<'a> {
    Tool {
        name,
        command: Box::new(command),
        near: Vec::new(),
        far: Vec::new(),
    }
}

fn rows(tools: &[Tool<'_>]) -> Vec<Row> {
    let (ours, baselines) = tools.split_at(2);
    let beside = baselines
        .iter()
        .map(|tool| format!("{}: {:.1}", tool.name, tool.round_trips()));
    let beside = beside.collect::<Vec<_>>().join("; ");
    let fabric = baselines.iter().find(|tool| tool.name == "Fabric");
    ours.iter()
        .map(|tool| {
            let trips = tool.round_trips();
            let name = format!("round trips of a whole deploy, source `{}`", tool.name);
            let row = Row::new(name, format!("{trips:.1}"))
                .beside(&beside)
                .promise(format!("≤ {TO_MEET:.0}"), trips <= TO_MEET);
            match fabric {
                Some(fabric) => row.ratio(trips / fabric.round_trips()),
                None => row,
            }
        })
        .collect()
}
