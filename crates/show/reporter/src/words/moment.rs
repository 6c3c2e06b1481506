//! Moments: UTC in records, local time or the distance to now on the screen.

use super::duration;
use jiff::tz::TimeZone;
use std::time::Duration;
use windlass_model::clock::Timestamp;

/// The reader's time zone.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// The machine's.
    pub fn system() -> Self {
        Self(TimeZone::system())
    }

    /// UTC, for machines and tests.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Hours ahead of UTC, for tests.
    #[cfg(test)]
    pub(crate) fn fixed(hours: i8) -> Self {
        Self(jiff::tz::offset(hours).to_time_zone())
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::system()
    }
}

/// `2026-11-24T08:15:02.123Z`, for records.
pub fn utc(at: Timestamp) -> String {
    format(at, &Zone::utc(), "%Y-%m-%dT%H:%M:%S.%3fZ")
}

/// `2026-11-24 09:15`, for people.
pub fn local(at: Timestamp, zone: &Zone) -> String {
    format(at, zone, "%Y-%m-%d %H:%M")
}

/// `08:21:40`, for something within the day.
pub fn local_time(at: Timestamp, zone: &Zone) -> String {
    format(at, zone, "%H:%M:%S")
}

/// How long ago, in one unit: `just now`, `2 min ago`, `3 h ago`, `5 days ago`.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let gone = now.since(at).as_secs();
    match gone {
        0..60 => "just now".to_owned(),
        60..3_600 => format!("{} min ago", gone / 60),
        3_600..86_400 => format!("{} h ago", gone / 3_600),
        86_400..172_800 => "1 day ago".to_owned(),
        _ => format!("{} days ago", gone / 86_400),
    }
}

/// How long until then: `in 1m32s`, or `now`.
pub fn until(at: Timestamp, now: Timestamp) -> String {
    match at.since(now) {
        Duration::ZERO => "now".to_owned(),
        left => format!("in {}", duration::prose(left)),
    }
}

fn format(at: Timestamp, zone: &Zone, form: &str) -> String {
    // A moment that no calendar holds is still shown, as its number.
    let millis = i64::try_from(at.0).ok();
    let moment = millis.and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    moment.map_or_else(
        || format!("{} ms", at.0),
        |moment| moment.to_zoned(zone.0.clone()).strftime(form).to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp(1_795_508_102_123);

    #[test]
    fn records_are_utc_and_screens_local() {
        assert_eq!(utc(AT), "2026-11-24T08:15:02.123Z");
        assert_eq!(local(AT, &Zone::fixed(1)), "2026-11-24 09:15");
        assert_eq!(local_time(AT, &Zone::fixed(-3)), "05:15:02");
        assert_eq!(utc(Timestamp(u64::MAX)), "18446744073709551615 ms");
    }

    #[test]
    fn distances_have_one_unit() {
        let after = |seconds: u64| ago(AT, Timestamp(AT.0 + seconds * 1000));
        assert_eq!(after(0), "just now");
        assert_eq!(after(125), "2 min ago");
        assert_eq!(after(3 * 3_600), "3 h ago");
        assert_eq!(after(86_400), "1 day ago");
        assert_eq!(after(5 * 86_400), "5 days ago");
        assert_eq!(until(Timestamp(AT.0 + 92_000), AT), "in 1m32s");
        assert_eq!(until(AT, AT), "now");
    }
}
