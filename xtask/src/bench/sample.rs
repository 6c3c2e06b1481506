//! Repeated measurements and their middle.

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

/// The median wall time of `runs` runs, after one that warms the caches and does not count.
pub(super) fn wall(
    runs: usize,
    mut act: impl FnMut() -> Result<(), Error>,
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

/// How often `baseline` goes into `ours`.
pub(super) fn ratio(ours: Duration, baseline: Duration) -> String {
    format!("{:.2} ×", ours.as_secs_f64() / baseline.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_not_moved_by_outliers() {
        let of = |values: &[u64]| {
            let values = values.iter().map(|value| Duration::from_millis(*value));
            median(values.collect()).as_millis()
        };
        assert_eq!(of(&[3, 1, 900]), 3);
        assert_eq!(of(&[4, 2]), 3);
        assert_eq!(of(&[7]), 7);
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
