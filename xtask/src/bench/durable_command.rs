//! What it costs that a command outlives its connection: a job of `true` against a plain exec of `true`, on one open
//! session, in turn; once without latency and once with 100 ms a round trip.

use super::sample::{difference, median, milliseconds, ratio};
use super::tie::{self, Tie};
use super::{Bench, Row};
use crate::error::Error;
use std::time::{Duration, Instant};
use windlass_model::CommandEnd;
use windlass_transport::{ChannelMessage, Connection, ExecOptions};

const EACH_WAY: Duration = Duration::from_millis(50);
const TO_MEET: f64 = 2.0;
/// Half a round trip more would be one that is sometimes needed.
const EXTRA_ROUND_TRIPS: f64 = 0.5;

/// The medians of one latency.
struct Pair {
    durable: Duration,
    plain: Duration,
}

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    let sshd = tie::daemon()?;
    tie::block_on(async {
        let tie = Tie::quiet(&sshd).await?;
        let near = pair(&tie, "near", bench.of(200)).await?;
        tie.proxy.latency(EACH_WAY);
        let far = pair(&tie, "far", bench.of(11)).await?;
        tie.session.close().await;
        Ok(rows(&near, &far))
    })
}

fn rows(near: &Pair, far: &Pair) -> Vec<Row> {
    let added = difference(near.durable, near.plain) * 1e3;
    let round_trip = (2 * EACH_WAY).as_secs_f64();
    let trips = difference(far.durable, far.plain) / round_trip;
    let plain_trips = far.plain.as_secs_f64() / round_trip;
    vec![
        Row::new(
            "added latency of a durable command",
            format!("{added:.2} ms"),
        )
        .beside(format!(
            "{} against a plain exec: {}",
            milliseconds(near.durable),
            milliseconds(near.plain)
        ))
        .ratio(ratio(near.durable, near.plain))
        .promise(format!("≤ {TO_MEET} ms"), added <= TO_MEET),
        Row::new(
            "added round trips of a durable command",
            format!("{trips:.1}"),
        )
        .beside(format!("a plain exec has {plain_trips:.1}"))
        .promise("≤ 0", trips <= EXTRA_ROUND_TRIPS),
    ]
}

/// So many of each, in turn, after one that does not count.
async fn pair(tie: &Tie, name: &str, times: usize) -> Result<Pair, Error> {
    let connection = tie.session.connection().await;
    let connection = connection.map_err(Error::measuring("connecting"))?;
    let (mut durable, mut plain) = (Vec::new(), Vec::new());
    for number in 0..=times {
        let job = tie::job(&format!("{name}{number}"), "true");
        let begin = Instant::now();
        let report = tie.host.run(&job, &[], &mut |_| ()).await;
        let took = begin.elapsed();
        let report = report.map_err(Error::measuring("running a job"))?;
        if !matches!(report.end, CommandEnd::Exited(status) if status.0 == 0) {
            return Err(Error::measuring("running `true`")(format!(
                "{:?}",
                report.end
            )));
        }
        let begin = Instant::now();
        exec(&connection).await?;
        if number > 0 {
            durable.push(took);
            plain.push(begin.elapsed());
        }
    }
    Ok(Pair {
        durable: median(durable),
        plain: median(plain),
    })
}

/// `true` without anything of ours around it, until its status is there.
async fn exec(connection: &Connection) -> Result<(), Error> {
    let failed = || Error::measuring("running a plain command");
    let channel = connection.exec(b"true", ExecOptions::default()).await;
    let mut channel = channel.map_err(|kind| failed()(format!("{kind:?}")))?;
    loop {
        match channel.next().await {
            ChannelMessage::ExitStatus(0) => return Ok(()),
            ChannelMessage::Closed(kind) => return Err(failed()(format!("{kind:?}"))),
            _ => {}
        }
    }
}
