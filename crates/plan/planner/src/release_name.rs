//! The name of the next release.

use windlass_facts::HostFacts;
use windlass_model::ReleaseName;
use windlass_model::clock::Timestamp;

const FORM: &str = "%Y%m%d%H%M%S";

/// The controller's time in UTC, or one second past the newest name on any host where that is later: names only grow,
/// also where a clock went back.
pub fn next_release<'a>(
    now: Timestamp,
    facts: impl IntoIterator<Item = &'a HostFacts>,
) -> ReleaseName {
    let newest = facts
        .into_iter()
        .flat_map(|facts| {
            facts
                .releases
                .iter()
                .map(|release| &release.name)
                .chain(&facts.failed)
        })
        .max();
    let ours = name_at(i64::try_from(now.seconds()).unwrap_or(i64::MAX));
    match newest {
        Some(newest) if newest.as_str() >= ours.as_str() => after(newest),
        _ => ReleaseName::new(ours),
    }
}

fn name_at(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .unwrap_or(jiff::Timestamp::MAX)
        .strftime(FORM)
        .to_string()
}

/// One second after a name; where the name is no time (month 13), one more as a number.
fn after(name: &ReleaseName) -> ReleaseName {
    let time = jiff::civil::DateTime::strptime(FORM, name.as_str())
        .and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC))
        .map(|time| name_at(time.timestamp().as_second().saturating_add(1)));
    let next = time.unwrap_or_else(|_| {
        let number: u64 = name.as_str().parse().unwrap_or(0);
        format!("{:014}", number.saturating_add(1))
    });
    ReleaseName::new(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use windlass_facts::ReleaseFacts;

    fn host(names: &[&str]) -> HostFacts {
        let releases = names.iter().map(|name| ReleaseFacts {
            name: ReleaseName::new(*name),
            revision: None,
            revision_time: None,
            record: None,
        });
        HostFacts {
            releases: releases.collect(),
            ..HostFacts::default()
        }
    }

    #[test]
    fn a_name_is_the_time_or_a_second_past_the_newest() {
        let now = Timestamp(1_795_507_200_000);
        let name = |names: &[&str]| next_release(now, &[host(names)]).to_string();
        assert_eq!(name(&[]), "20261124080000");
        assert_eq!(name(&["20261123000000"]), "20261124080000");
        assert_eq!(name(&["20261124080000"]), "20261124080001");
        assert_eq!(name(&["20271231235959"]), "20280101000000");
        assert_eq!(name(&["20271399000000"]), "20271399000001");
    }
}
