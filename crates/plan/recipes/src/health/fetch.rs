//! What asks a URL on a host, and what it cannot do.

use windlass_facts::HostFacts;
use windlass_model::health::{HealthCheck, Question, StatusRange, UrlQuestion};
use windlass_planner::Lack;

/// What asks a URL on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fetch {
    Curl,
    /// GNU's.
    Wget,
    /// That of busybox and its like.
    PlainWget,
}

impl Fetch {
    pub(super) fn of(facts: &HostFacts) -> Option<Self> {
        if facts.tool("curl").is_some() {
            return Some(Self::Curl);
        }
        let wget = facts.tool("wget")?;
        let is_gnu = wget
            .version
            .as_ref()
            .is_some_and(|version| version.starts_with("1."));
        Some(if is_gnu { Self::Wget } else { Self::PlainWget })
    }

    pub(super) fn script(self) -> &'static str {
        match self {
            Self::Curl => include_str!("../sh/health_curl.sh"),
            Self::Wget => include_str!("../sh/health_wget.sh"),
            Self::PlainWget => include_str!("../sh/health_plain_wget.sh"),
        }
    }
}

/// What a check needs on its host and does not find there.
pub(super) fn lacking(check: &HealthCheck, facts: &HostFacts) -> Vec<Lack> {
    if check.is_asked_here() {
        return Vec::new();
    }
    let missing = |tool: &str| Lack {
        what: format!(
            "{tool} is not installed, which health check `{}` needs",
            check.name
        ),
        hint: format!(
            "install it, or name its directory in `path` (now {})",
            facts.path
        ),
    };
    let mut lacks = Vec::new();
    if facts.tool("timeout").is_none() {
        lacks.push(missing("timeout"));
    }
    match &check.question {
        Question::Url(asked) => lacks.extend(cannot_ask(check, asked, facts)),
        Question::Unit { .. } if facts.tool("systemctl").is_none() => {
            lacks.push(missing("systemctl"));
        }
        Question::Command(_) | Question::Unit { .. } => {}
    }
    lacks
}

fn cannot_ask(check: &HealthCheck, asked: &UrlQuestion, facts: &HostFacts) -> Option<Lack> {
    let name = &check.name;
    let lack = |what: String, hint: &str| {
        let hint = hint.to_owned();
        Some(Lack { what, hint })
    };
    let is_success = |range: &StatusRange| {
        StatusRange::SUCCESS.holds(range.first) && StatusRange::SUCCESS.holds(range.last)
    };
    match Fetch::of(facts) {
        None => lack(
            format!("neither curl nor wget is installed, one of which health check `{name}` needs"),
            "install one of them, or let this machine ask: from = \"controller\"",
        ),
        Some(Fetch::PlainWget) if asked.url.starts_with("https:") && !asked.insecure => lack(
            format!("its wget may not verify certificates, as health check `{name}` wants"),
            "install curl or GNU wget, let this machine ask (from = \"controller\"), or do without: insecure = true",
        ),
        Some(Fetch::PlainWget) if asked.body.is_some() && !asked.status.iter().all(is_success) => {
            lack(
                format!(
                    "its wget shows no body beside a status outside of 200-299, as health check `{name}` wants"
                ),
                "install curl or GNU wget, or let this machine ask: from = \"controller\"",
            )
        }
        Some(_) => None,
    }
}
