//! The typed checks of `[[health]]`.
//!
//! What an entry does not say is what the table of keys says; a test holds the two together.

use super::View;
use std::time::Duration;
use windlass_model::health::{AskedFrom, HealthCheck, Pace, Question, StatusRange, UrlQuestion};

/// `within`, where nothing is said.
pub(crate) const WITHIN: Duration = Duration::from_secs(60);
/// `stays`, where nothing is said.
pub(crate) const STAYS: Duration = Duration::from_secs(5);
const INTERVAL: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_secs(5);

pub(super) fn check(view: View<'_>) -> HealthCheck {
    HealthCheck {
        name: view.word("name").to_owned(),
        question: question(view),
        roles: view.texts("roles"),
        pace: Pace {
            start_delay: view.duration("start_delay").unwrap_or_default(),
            interval: view.duration("interval").unwrap_or(INTERVAL),
            within: view.duration("within").unwrap_or(WITHIN),
            timeout: view.duration("timeout").unwrap_or(TIMEOUT),
        },
    }
}

fn question(view: View<'_>) -> Question {
    if let Some(url) = view.text("url") {
        let codes = view.texts("status");
        let codes = codes.iter().filter_map(|text| StatusRange::parse(text));
        let status: Vec<StatusRange> = codes.collect();
        return Question::Url(UrlQuestion {
            url,
            from: match view.word("from") {
                "controller" => AskedFrom::Controller,
                _ => AskedFrom::Host,
            },
            headers: view.variables("headers"),
            insecure: view.truth("insecure"),
            status: if status.is_empty() {
                vec![StatusRange::SUCCESS]
            } else {
                status
            },
            body: view.text("body"),
        });
    }
    if let Some(script) = view.text("command") {
        return Question::Command(script);
    }
    Question::Unit {
        unit: view.text("unit").unwrap_or_default(),
        system: view.truth("system"),
        stays: view.duration("stays").unwrap_or(STAYS),
    }
}
