//! How the release goes out: the batches, the pauses, and what a failure does. All hosts at once with everything undone is
//! what people expect, and not said.

use super::Page;
use crate::console::facts;
use crate::style::Line;
use crate::words::{duration, plural};
use windlass_model::HostName;
use windlass_model::overview::Rollout;
use windlass_model::rollout::OnFailure;

/// So many batches are shown.
const SHOWN: usize = 8;

pub(super) fn lines(page: &Page, rollout: &Rollout) -> Vec<Line> {
    let mut texts = Vec::new();
    if rollout.batches.len() > 1 {
        let batches = rollout.batches.iter().enumerate();
        let batches: Vec<String> = batches
            .map(|(index, hosts)| match index {
                1.. if !rollout.pause.is_zero() => {
                    let pause = duration::prose(rollout.pause);
                    format!("after {pause}: {}", named(hosts))
                }
                _ => named(hosts),
            })
            .collect();
        let count = batches.len();
        texts = page.cut(batches, SHOWN, count);
    }
    let mut lines = page.fact("batches", &texts);
    lines.extend(page.fact("on failure", &on_failure(rollout)));
    lines
}

fn named(hosts: &[HostName]) -> String {
    let hosts: Vec<&HostName> = hosts.iter().collect();
    facts::hosts(&hosts, usize::MAX)
}

fn on_failure(rollout: &Rollout) -> Vec<String> {
    let batches = rollout.batches.len() > 1;
    let most = usize::try_from(rollout.max_failures).unwrap_or(usize::MAX);
    let may_fail = (most > 0).then(|| {
        let hosts = plural::count(most, "host");
        format!("up to {hosts} may fail: put back when the others are through; more than that:")
    });
    let text = match rollout.on_failure {
        OnFailure::UndoAll if !batches && may_fail.is_none() => return Vec::new(),
        OnFailure::UndoAll if batches => "everything is undone, finished batches too",
        OnFailure::UndoAll => "everything is undone",
        OnFailure::Stop => "finished batches keep the release, the others are undone",
        OnFailure::Pause => {
            "nothing is undone: windlass resume --retry tries again, windlass cancel undoes"
        }
    };
    may_fail.into_iter().chain([text.to_owned()]).collect()
}
