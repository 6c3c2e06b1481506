//! Durations (`1m30s`) and sizes (`256MiB`) as people write them.
//!
//! Reading and showing are each other's inverse for every value that can be read.

use std::time::Duration;

/// No setting needs more; it keeps every sum far from overflow.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

const TIME_UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

const SIZE_UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1000),
    ("B", 1),
];

/// Reads a duration: whole numbers with `ms`, `s`, `m`, `h` or `d`, one after another.
pub fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() || text.is_empty() {
        let (number, after) = leading_number(rest)?;
        let length = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(length);
        let factor = factor(&TIME_UNITS, unit)?;
        total = total.checked_add(number.checked_mul(factor)?)?;
        rest = after;
    }
    Some(Duration::from_millis(total)).filter(|duration| *duration <= LONGEST)
}

/// Reads a size: a whole number with `B`, `KiB`, `MiB`, `GiB`, `TiB` or the decimal `KB`, `MB`, `GB`, `TB`.
pub fn size(text: &str) -> Option<u64> {
    let (number, unit) = leading_number(text)?;
    number.checked_mul(factor(&SIZE_UNITS, unit.trim_start())?)
}

/// A duration as it would be written: `1m30s`, `500ms`, `0s`.
pub fn show_duration(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut parts = Vec::new();
    for (unit, factor) in TIME_UNITS {
        if rest >= factor {
            parts.push(format!("{}{unit}", rest / factor));
            rest %= factor;
        }
    }
    parts.concat()
}

/// A size in the greatest unit that shows it exactly.
pub fn show_size(bytes: u64) -> String {
    let exact = |(_, factor): &(&str, u64)| bytes > 0 && bytes.is_multiple_of(*factor);
    match SIZE_UNITS.into_iter().find(exact) {
        Some((unit, factor)) => format!("{}{unit}", bytes / factor),
        None => "0B".to_owned(),
    }
}

fn leading_number(text: &str) -> Option<(u64, &str)> {
    let length = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(length);
    Some((digits.parse().ok()?, rest))
}

fn factor(units: &[(&str, u64)], name: &str) -> Option<u64> {
    units
        .iter()
        .find(|(unit, _)| *unit == name)
        .map(|(_, factor)| *factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_read_as_written() {
        assert_eq!(duration("15s"), Some(Duration::from_secs(15)));
        assert_eq!(duration("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("0s"), Some(Duration::ZERO));
        for wrong in [
            "",
            "s",
            "15",
            "1.5s",
            "-1s",
            "1 s",
            "15S",
            "99999999999999999999s",
            "400d",
            "1m 3s",
        ] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_are_read_as_written() {
        assert_eq!(size("256MiB"), Some(256 << 20));
        assert_eq!(size("1 GB"), Some(1_000_000_000));
        assert_eq!(size("0B"), Some(0));
        for wrong in ["", "MiB", "256", "1.5MiB", "20000000TiB", "1mib"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
        assert_eq!(show_size(256 << 20), "256MiB");
        assert_eq!(show_size(0), "0B");
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_read_again(millis in 0u64..31_622_400_000, bytes: u64) {
            let length = Duration::from_millis(millis);
            prop_assert_eq!(duration(&show_duration(length)), Some(length));
            prop_assert_eq!(size(&show_size(bytes)), Some(bytes));
        }
    }
}
