//! Lost connections, told calmly: once when it happens, at growing distances while it lasts, once when it is over.

use crate::console::board::{Frame, HOLD, clock};
use crate::style::{Line, Role};
use crate::words::{duration, plural};
use std::collections::HashMap;
use std::time::Duration;
use windlass_model::clock::Timestamp;
use windlass_model::{DisconnectKind, EventBody, HostName, StepOutcome};

/// So many hosts may be gone at once before the others are counted.
const NAMED: usize = 8;

/// Silent servers are dialled this often for this long, then more rarely.
const OFTEN_FOR: Duration = Duration::from_secs(600);

/// An outage shorter than this needs no account of what was caught up.
const LONG: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
struct Gone {
    since: Timestamp,
    /// How long it had been gone when that was last told.
    told: Duration,
    runs: bool,
    /// Counted instead of named.
    counted: bool,
}

#[derive(Clone, Debug)]
struct Caught {
    back: Timestamp,
    lost: Timestamp,
    lines: usize,
}

/// The connections that are gone.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    gone: HashMap<HostName, Gone>,
    caught: HashMap<HostName, Caught>,
    lost_uncounted: Option<(Timestamp, usize)>,
    back_uncounted: Option<(Timestamp, usize, Duration)>,
}

/// A command that ended on a host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending<'a> {
    pub(crate) host: &'a HostName,
    pub(crate) began: Timestamp,
    pub(crate) took: Duration,
    pub(crate) outcome: &'a StepOutcome,
}

impl Connections {
    /// The line of an event, where it has one. `runs` says whether a command is under way on a host.
    pub(crate) fn event(
        &mut self,
        body: &EventBody,
        at: Timestamp,
        runs: &dyn Fn(&HostName) -> bool,
    ) -> Option<(HostName, Line)> {
        let (host, line) = match body {
            EventBody::ConnectionLost { host, kind, pid } => {
                (host, self.lost(host, *kind, *pid, at)?)
            }
            EventBody::ConnectionSilent { host, silent } => {
                (host, silent_line(*silent, runs(host)))
            }
            EventBody::ConnectionBack { host, gone } => (host, self.back(host, *gone, at)?),
            _ => return None,
        };
        Some((host.clone(), line))
    }

    fn lost(
        &mut self,
        host: &HostName,
        kind: DisconnectKind,
        pid: Option<u32>,
        at: Timestamp,
    ) -> Option<Line> {
        let named = self.gone.values().filter(|gone| !gone.counted).count();
        let counted = named >= NAMED;
        self.caught.remove(host);
        self.gone.insert(
            host.clone(),
            Gone {
                since: at,
                told: Duration::ZERO,
                runs: pid.is_some(),
                counted,
            },
        );
        if counted {
            self.lost_uncounted.get_or_insert((at, 0)).1 += 1;
            return None;
        }
        let goes_on = pid
            .map(|pid| format!(" · the command goes on there (pid {pid})"))
            .unwrap_or_default();
        Some(
            Line::of(Role::Warn, "connection lost")
                .text(format!(" ({kind}){goes_on} · reconnecting")),
        )
    }

    /// Tells of a long outage where it has lasted half as long again since it was last told.
    pub(crate) fn still(&mut self, outage: Outage<'_>, frame: Frame) -> Option<Line> {
        let gone = self
            .gone
            .entry(outage.host.clone())
            .or_insert_with(|| Gone {
                since: Timestamp(outage.at.0.saturating_sub(millis(outage.gone))),
                told: Duration::ZERO,
                runs: false,
                counted: false,
            });
        if gone.counted || outage.gone < gone.told + gone.told / 2 {
            return None;
        }
        gone.told = outage.gone;
        let give_up = Timestamp(gone.since.0.saturating_add(millis(outage.give_up_after)));
        let give_up = duration::clock(give_up.since(frame.start));
        let detach = if outage.interactive {
            ", or Ctrl-C to detach"
        } else {
            ""
        };
        let (answer, pace) = (reason(outage.kind), pace(outage.kind, outage.gone));
        Some(Line::plain(format!(
            "{answer} · {pace} · give up at {give_up}{detach}"
        )))
    }

    fn back(&mut self, host: &HostName, gone: Duration, at: Timestamp) -> Option<Line> {
        let was = self.gone.remove(host);
        if let Some(was) = was.as_ref().filter(|was| was.runs && gone >= LONG) {
            let caught = Caught {
                back: at,
                lost: was.since,
                lines: 0,
            };
            self.caught.insert(host.clone(), caught);
        }
        if was.as_ref().is_some_and(|was| was.counted) {
            let (_, count, longest) = self.back_uncounted.get_or_insert((at, 0, gone));
            *count += 1;
            *longest = gone.max(*longest);
            return None;
        }
        let kept = if was.is_some_and(|was| was.runs) {
            " · nothing lost, nothing started again"
        } else {
            ""
        };
        Some(Line::of(Role::Good, "back").text(format!(" after {}{kept}", duration::prose(gone))))
    }

    /// A line of output came from this host.
    pub(crate) fn wrote(&mut self, host: &HostName) {
        if let Some(caught) = self.caught.get_mut(host) {
            caught.lines += 1;
        }
    }

    /// What a command did while its host could not be heard, where it ended in that time.
    pub(crate) fn ended(&mut self, ending: Ending<'_>, frame: Frame) -> Option<Line> {
        let caught = self.caught.remove(ending.host)?;
        let ended = Timestamp(ending.began.0.saturating_add(millis(ending.took)));
        let meanwhile = ending.began < caught.lost && ended > caught.lost && ended < caught.back;
        let StepOutcome::Succeeded = ending.outcome else {
            return None;
        };
        meanwhile.then(|| {
            let when = duration::clock(ended.since(frame.start));
            let lines = match caught.lines {
                0 => String::new(),
                lines => format!(" · {} of output caught up", plural::count(lines, "line")),
            };
            Line::plain(format!(
                "the command had ended at {when} with status 0{lines}"
            ))
        })
    }

    /// Lines about hosts that are counted instead of named.
    pub(crate) fn due(&mut self, now: Timestamp, all: bool, frame: Frame) -> Vec<Line> {
        let due = |since: Timestamp| all || now.since(since) >= HOLD / 3;
        let mut lines = Vec::new();
        if let Some((since, count)) = self.lost_uncounted.take_if(|(since, _)| due(*since)) {
            let hosts = plural::count(count, "more host");
            lines.push(
                clock(since, frame.start)
                    .text(hosts)
                    .text("  ")
                    .and(Role::Warn, "connections lost")
                    .text(" · reconnecting"),
            );
        }
        if let Some((since, count, longest)) =
            self.back_uncounted.take_if(|(since, ..)| due(*since))
        {
            let hosts = plural::count(count, "more host");
            let after = format!(" after at most {}", duration::prose(longest));
            lines.push(
                clock(since, frame.start)
                    .text(hosts)
                    .text("  ")
                    .and(Role::Good, "back")
                    .text(after),
            );
        }
        lines
    }

    /// The hosts that are gone, since when; for the live area.
    pub(crate) fn since(&self) -> HashMap<HostName, Timestamp> {
        self.gone
            .iter()
            .map(|(host, gone)| (host.clone(), gone.since))
            .collect()
    }
}

/// A connection that has been gone for some time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outage<'a> {
    pub(crate) host: &'a HostName,
    pub(crate) at: Timestamp,
    pub(crate) gone: Duration,
    pub(crate) kind: DisconnectKind,
    pub(crate) give_up_after: Duration,
    pub(crate) interactive: bool,
}

fn silent_line(silent: Duration, runs: bool) -> Line {
    let command = if runs {
        " · the command should go on there"
    } else {
        ""
    };
    let silent = duration::prose(silent);
    Line::of(Role::Warn, format!("nothing heard for {silent}"))
        .text(format!(" · dialling a second connection{command}"))
}

fn reason(kind: DisconnectKind) -> String {
    match kind {
        DisconnectKind::ConnectTimeout | DisconnectKind::Silence => "still no answer".to_owned(),
        _ if is_answer(kind) => format!("still no connection ({kind})"),
        _ => format!("still no answer ({kind})"),
    }
}

fn pace(kind: DisconnectKind, gone: Duration) -> &'static str {
    if is_answer(kind) {
        "trying with pauses of up to 10 s"
    } else if gone < OFTEN_FOR {
        "trying every second"
    } else {
        "trying every 10 s"
    }
}

/// Whether a server answered and then went away.
fn is_answer(kind: DisconnectKind) -> bool {
    matches!(
        kind,
        DisconnectKind::Closed
            | DisconnectKind::Reset
            | DisconnectKind::ClosedBeforeAuthentication
            | DisconnectKind::HostKey
            | DisconnectKind::Authentication
            | DisconnectKind::Protocol
            | DisconnectKind::ChannelClosed
            | DisconnectKind::ChannelRefused
    )
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
