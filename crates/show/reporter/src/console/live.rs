//! The lines of the live area: at most eight commands under way, the rest counted.

use crate::console::running::{Beat, Running, RunningSteps};
use crate::output::Earlier;
use crate::style::{Line, Role};
use crate::visible;
use crate::words::{duration, plural, size};
use std::collections::HashMap;
use unicode_width::UnicodeWidthStr as _;
use windlass_model::clock::Timestamp;
use windlass_model::{HostName, StepId, TaskName};

/// So many commands are shown.
pub(crate) const SHOWN: usize = 8;

/// The longest a command's own words may be beside its state.
const SHOW_WIDTH: usize = 32;

/// What the live area is drawn from.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) steps: &'a RunningSteps,
    /// Hosts without a connection, since when.
    pub(crate) gone: &'a HashMap<HostName, Timestamp>,
    pub(crate) earlier: &'a Earlier,
    pub(crate) now: Timestamp,
    pub(crate) width: usize,
}

/// The lines at this moment.
pub(crate) fn lines(scene: Scene<'_>) -> Vec<Line> {
    let steps = scene.steps.oldest_first();
    let shown: Vec<&Running> = steps
        .iter()
        .take(SHOWN)
        .map(|(_, running)| *running)
        .collect();
    let host_width = shown
        .iter()
        .map(|running| running.host.as_str().width())
        .max()
        .unwrap_or(0);
    let command_width = shown
        .iter()
        .map(|running| running.show.width().min(SHOW_WIDTH))
        .max()
        .unwrap_or(0);
    let mut lines: Vec<Line> = shown
        .iter()
        .map(|running| line(running, scene, (host_width, command_width)))
        .collect();
    let left = steps.len() - shown.len();
    if left > 0 {
        lines.push(Line::of(
            Role::Dim,
            format!("  and {} more under way", plural::grouped(left)),
        ));
    }
    lines
}

fn line(running: &Running, scene: Scene<'_>, (host_width, command_width): (usize, usize)) -> Line {
    let head = Line::plain("  ")
        .and(Role::Dim, running.host.as_str())
        .pad_to(2 + host_width)
        .text("  ")
        .append(Line::plain(&running.show).cut(SHOW_WIDTH))
        .pad_to(4 + host_width + command_width)
        .text("   ");
    state(running, scene)
        .into_iter()
        .fold(head, |line, state| line.append(state).text(" · "))
        .append(age(running, scene))
        // The last column stays free: a terminal may wrap when it is written.
        .cut(scene.width.saturating_sub(1))
}

/// What the command is doing, as far as that is known.
fn state(running: &Running, scene: Scene<'_>) -> Vec<Line> {
    if let Some(since) = scene.gone.get(&running.host) {
        let gone = duration::prose(whole_seconds(scene.now, *since));
        return vec![Line::of(Role::Warn, format!("reconnecting for {gone}"))];
    }
    match (&running.beat, running.tail.last()) {
        (Some(beat), _) => vec![silence(beat, scene.now), work(beat)],
        (None, Some(last)) => vec![Line::of(Role::Dim, visible::screen(last, false))],
        (None, None) => Vec::new(),
    }
}

fn silence(beat: &Beat, now: Timestamp) -> Line {
    let silent = beat.pulse.silent + now.since(beat.at);
    let silent = std::time::Duration::from_secs(silent.as_secs());
    Line::plain(format!("silent for {}", duration::prose(silent)))
}

fn work(beat: &Beat) -> Line {
    let word = if beat.percent > 0 { "works" } else { "waits" };
    let memory = size::size(beat.pulse.memory);
    Line::plain(format!("{word} (cpu {} %, {memory})", beat.percent))
}

fn age(running: &Running, scene: Scene<'_>) -> Line {
    let age = duration::prose(whole_seconds(scene.now, running.began));
    let step = StepId::of(&TaskName::new(running.task.clone()), &running.host);
    match scene.earlier.get(&step) {
        Some(earlier) => Line::plain(format!("{age}, last time {}", duration::prose(*earlier))),
        None => Line::plain(age),
    }
}

/// The area is drawn about once a second: tenths would only flicker.
fn whole_seconds(now: Timestamp, since: Timestamp) -> std::time::Duration {
    std::time::Duration::from_secs(now.since(since).as_secs())
}
