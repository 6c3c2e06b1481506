//! Repeated measurements, their middle, and how they are written.

use crate::error::Error;
use std::time::{Duration, Instant};

/// The middle of several measurements: the mean of the two in the middle where their number is even.
pub(super) fn median(mut values: Vec<Duration>) -> Duration {
    values.sort_unstable();
    let upper = values.len() / 2;
    let lower = values.len().saturating_sub(1) / 2;
    let at = |index: usize| values.get(index).copied().unwrap_or_default();
    (at(lower) + at(upper)) / 2
}

/// The least measurement that so many percent do not exceed.
pub(super) fn percentile(mut values: Vec<Duration>, percent: usize) -> Duration {
    values.sort_unstable();
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied().unwrap_or_default()
}

/// The median wall time of `runs` runs, after one that warms the caches and does not count.
pub(super) fn wall<T>(
    runs: usize,
    mut act: impl FnMut() -> Result<T, Error>,
) -> Result<Duration, Error> {
    act()?;
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        let begin = Instant::now();
        act()?;
        times.push(begin.elapsed());
    }
    Ok(median(times))
}

/// Milliseconds with two decimals.
pub(super) fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// Seconds with two decimals.
pub(super) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// Megabytes with two decimals.
#[expect(
    clippy::cast_precision_loss,
    reason = "no process has 2^53 bytes of memory"
)]
pub(super) fn megabytes(bytes: u64) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}

/// How often `baseline` goes into `ours`.
pub(super) fn ratio(ours: Duration, baseline: Duration) -> f64 {
    ours.as_secs_f64() / baseline.as_secs_f64()
}

/// `a` - `b`, in seconds; below zero where `a` is the shorter.
pub(super) fn difference(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() - b.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[u64]) -> Vec<Duration> {
        let values = values.iter().copied();
        values.map(Duration::from_millis).collect()
    }

    #[test]
    fn the_median_is_not_moved_by_outliers() {
        assert_eq!(median(of(&[3, 1, 900])).as_millis(), 3);
        assert_eq!(median(of(&[4, 2])).as_millis(), 3);
        assert_eq!(median(of(&[7])).as_millis(), 7);
    }

    #[test]
    fn percentiles_are_measurements() {
        let values: Vec<u64> = (1..=30).rev().collect();
        assert_eq!(percentile(of(&values), 50).as_millis(), 15);
        assert_eq!(percentile(of(&values), 99).as_millis(), 30);
        assert_eq!(percentile(of(&[5]), 1).as_millis(), 5);
    }

    #[test]
    fn the_first_run_does_not_count() {
        let mut runs = 0;
        wall(5, || {
            runs += 1;
            Ok(())
        })
        .unwrap();
        assert_eq!(runs, 6);
    }
}
