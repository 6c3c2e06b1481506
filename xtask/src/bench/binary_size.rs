//! The size of the binary as it is shipped: one file, stripped, SQLite and SSH within.

use super::{Bench, Row};
use crate::error::Error;
use std::fs;

const MEGABYTE: u64 = 1_000_000;
const TO_MEET: u64 = 15 * MEGABYTE;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    let file = fs::metadata(&bench.binary).map_err(Error::file("read", &bench.binary))?;
    let bytes = file.len();
    let tenths = bytes.div_ceil(MEGABYTE / 10);
    Ok(vec![
        Row::new(
            "release binary",
            format!("{}.{} MB", tenths / 10, tenths % 10),
        )
        .promise(format!("≤ {} MB", TO_MEET / MEGABYTE), bytes <= TO_MEET),
    ])
}
