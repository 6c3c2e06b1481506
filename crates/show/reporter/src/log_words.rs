//! Events in the words of the log.

use crate::console::outcome;
use crate::numbers::Numbers;
use crate::words::{duration, plural, size};
use windlass_model::event::{DeploySummary, EndSummary};
use windlass_model::{DeployKind, EventBody, HostName, Pulse, StepId, StepOutcome};

/// An event as a line of the log.
pub(crate) struct Entry<'a> {
    pub(crate) host: Option<&'a HostName>,
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

/// The entry of an event; none for output, which has lines of its own.
pub(crate) fn words<'a>(body: &'a EventBody, numbers: &Numbers) -> Option<Entry<'a>> {
    let mut entry = [deploy, step, between, undo, connection]
        .into_iter()
        .find_map(|kind| kind(body))?;
    let task = match body {
        EventBody::TaskStarted { task, .. }
        | EventBody::StepStarted { task, .. }
        | EventBody::StepEnded { task, .. } => task.as_str(),
        _ => "",
    };
    // Those entries begin with the task's name.
    entry.text.insert_str(0, numbers.before(task));
    Some(entry)
}

fn entry(kind: &'static str, text: String) -> Entry<'static> {
    let host = None;
    Entry { host, kind, text }
}

fn of<'a>(host: &'a HostName, kind: &'static str, text: String) -> Entry<'a> {
    let host = Some(host);
    Entry { host, kind, text }
}

fn deploy(body: &EventBody) -> Option<Entry<'_>> {
    let entry = match body {
        EventBody::DeployStarted { summary, resumed } => {
            entry("deploy", started(summary, *resumed))
        }
        EventBody::DeployEnded { summary } => entry("deploy", ended(summary)),
        EventBody::UnwindStarted { reason } => entry("unwind", reason.clone()),
        EventBody::TaskStarted { task, show } => entry("task", format!("{task}: {show}")),
        EventBody::Warning {
            host,
            message,
            hint,
        } => Entry {
            host: host.as_ref(),
            kind: "warning",
            text: format!("{message}{}", behind(hint.as_deref())),
        },
        _ => return None,
    };
    Some(entry)
}

fn step(body: &EventBody) -> Option<Entry<'_>> {
    let entry = match body {
        EventBody::StepStarted {
            task,
            host,
            attempt,
            show,
            ..
        } => of(
            host,
            "step",
            format!("{task} begins (attempt {attempt}): {show}"),
        ),
        EventBody::StepEnded {
            task,
            host,
            outcome,
            duration,
            note,
            advisory,
            ..
        } => {
            let how = outcome::sentence(outcome, *duration);
            let only = only(*advisory, outcome);
            of(
                host,
                "step",
                format!("{task} {how}{only}{}", behind(note.as_deref())),
            )
        }
        _ => return None,
    };
    Some(entry)
}

fn undo(body: &EventBody) -> Option<Entry<'_>> {
    let entry = match body {
        EventBody::UndoStarted { step, host, show } => {
            of(host, "undo", format!("{step} begins: {show}"))
        }
        EventBody::UndoEnded {
            step,
            host,
            outcome,
            duration,
        } => of(
            host,
            "undo",
            format!("{step} {}", outcome::sentence(outcome, *duration)),
        ),
        _ => return None,
    };
    Some(entry)
}

fn between(body: &EventBody) -> Option<Entry<'_>> {
    match body {
        EventBody::StepRetried {
            step,
            host,
            attempt,
        } => {
            let text = format!("{step} is tried again (attempt {attempt})");
            Some(of(host, "step", text))
        }
        EventBody::StepPulse { step, host, pulse } => Some(of(host, "pulse", signs(step, pulse))),
        _ => None,
    }
}

fn connection(body: &EventBody) -> Option<Entry<'_>> {
    let (host, text) = match body {
        EventBody::ConnectionLost { host, kind, pid } => {
            let pid = pid
                .map(|pid| format!(", pid {pid} goes on"))
                .unwrap_or_default();
            (host, format!("lost ({kind}){pid}"))
        }
        EventBody::ConnectionSilent { host, silent } => {
            let silent = duration::prose(*silent);
            (host, format!("silent for {silent}, dialling a second one"))
        }
        EventBody::StillReconnecting {
            host, gone, kind, ..
        } => (
            host,
            format!("gone for {} ({kind})", duration::prose(*gone)),
        ),
        EventBody::ConnectionBack { host, gone } => {
            (host, format!("back after {}", duration::prose(*gone)))
        }
        _ => return None,
    };
    Some(of(host, "connection", text))
}

fn signs(step: &StepId, pulse: &Pulse) -> String {
    format!(
        "{step} works: pid {}, age {}, cpu {}, memory {}, silent for {}",
        pulse.pid,
        duration::prose(pulse.age),
        duration::prose(pulse.cpu),
        size::size(pulse.memory),
        duration::prose(pulse.silent)
    )
}

fn only(advisory: bool, outcome: &StepOutcome) -> &'static str {
    if advisory && !outcome.is_fine() {
        " (only a warning)"
    } else {
        ""
    }
}

/// A few more words behind a sentence.
fn behind(words: Option<&str>) -> String {
    words.map(|words| format!(" · {words}")).unwrap_or_default()
}

fn started(summary: &DeploySummary, resumed: bool) -> String {
    let begins = if resumed { "goes on:" } else { "begins:" };
    let kind = match summary.kind {
        DeployKind::Deploy => "deploy",
        DeployKind::Rollback => "rollback",
    };
    let revision = summary.revision.as_ref();
    format!(
        "{begins} {kind} of {} to {} as {}, revision {}, plan {}, {} on {}",
        summary.application,
        summary.stage,
        summary.release,
        revision.map_or("unknown", |revision| revision.as_str()),
        summary.digest,
        plural::count(summary.steps, "step"),
        plural::count(summary.hosts.len(), "host"),
    )
}

fn ended(summary: &EndSummary) -> String {
    let (how, after) = (
        outcome::end_word(summary.end),
        duration::prose(summary.duration),
    );
    let mut parts = vec![format!("{how} after {after}")];
    for (host, live) in &summary.live {
        parts.push(format!(
            "{host} live {}",
            live.as_deref().unwrap_or("unknown")
        ));
    }
    for (host, doubt) in &summary.in_doubt {
        parts.push(format!("{host} in doubt: {doubt}"));
    }
    parts.join(" · ")
}
