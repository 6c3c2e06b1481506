//! `windlass --version`, beside a program that does nothing: the cost of starting any process here.

use super::sample::{milliseconds, ratio, wall};
use super::{Bench, Row, quietly};
use crate::error::Error;
use std::path::Path;
use std::time::Duration;

const TO_MEET: Duration = Duration::from_millis(5);

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    let ours = wall(bench.runs, || quietly(&bench.binary, &["--version"]))?;
    let nothing = wall(bench.runs, || quietly(Path::new("true"), &[]))?;
    Ok(vec![
        Row::new("`windlass --version`", milliseconds(ours))
            .beside(format!("`true`: {}", milliseconds(nothing)))
            .ratio(ratio(ours, nothing))
            .promise(format!("≤ {} ms", TO_MEET.as_millis()), ours <= TO_MEET),
    ])
}
