//! Durations: `0.4s` beside other marks, `0.4 s` in a sentence; from a minute on `1m12s`, `2h03m`, `3d04h` in both.

use std::time::Duration;

/// For marks and tables: `0.4s`, `1m12s`.
pub fn short(duration: Duration) -> String {
    match coarse(duration) {
        Some(text) => text,
        None => format!("{}s", tenths(duration)),
    }
}

/// For sentences: `9 ms`, `0.4 s`, `21 s`, `1m12s`.
pub fn prose(duration: Duration) -> String {
    if let Some(text) = coarse(duration) {
        return text;
    }
    if !duration.is_zero() && duration < Duration::from_millis(95) {
        return format!("{} ms", duration.as_millis());
    }
    let seconds = tenths(duration);
    format!("{} s", seconds.strip_suffix(".0").unwrap_or(&seconds))
}

/// Minutes and seconds since the start: `02:14`. From 100 minutes on the minutes grow to three digits.
pub fn clock(since_start: Duration) -> String {
    let seconds = since_start.as_secs();
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

/// Seconds with one decimal, rounded.
fn tenths(duration: Duration) -> String {
    let tenths = (duration.as_millis() + 50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// The form from a minute on. What rounds to 60.0 s counts as a minute.
fn coarse(duration: Duration) -> Option<String> {
    if duration < Duration::from_millis(59_950) {
        return None;
    }
    let seconds = (duration.as_millis() + 500) / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    Some(if days > 0 {
        format!("{days}d{:02}h", hours % 24)
    } else if hours > 0 {
        format!("{hours}h{:02}m", minutes % 60)
    } else {
        format!("{minutes}m{:02}s", seconds % 60)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_one_form_for_its_length() {
        let forms: Vec<String> = [
            0, 9, 94, 95, 412, 1_000, 1_249, 21_000, 59_949, 59_950, 72_000, 3_599_499,
        ]
        .into_iter()
        .map(Duration::from_millis)
        .map(|d| format!("{} | {}", short(d), prose(d)))
        .collect();
        assert_eq!(
            forms,
            [
                "0.0s | 0 s",
                "0.0s | 9 ms",
                "0.1s | 94 ms",
                "0.1s | 0.1 s",
                "0.4s | 0.4 s",
                "1.0s | 1 s",
                "1.2s | 1.2 s",
                "21.0s | 21 s",
                "59.9s | 59.9 s",
                "1m00s | 1m00s",
                "1m12s | 1m12s",
                "59m59s | 59m59s",
            ]
        );
        assert_eq!(short(Duration::from_secs(7_380)), "2h03m");
        assert_eq!(short(Duration::from_secs(273_600)), "3d04h");
    }

    #[test]
    fn the_clock_counts_minutes_past_an_hour() {
        assert_eq!(clock(Duration::from_secs(134)), "02:14");
        assert_eq!(clock(Duration::from_secs(62 * 60 + 14)), "62:14");
        assert_eq!(clock(Duration::from_secs(125 * 60)), "125:00");
    }
}
