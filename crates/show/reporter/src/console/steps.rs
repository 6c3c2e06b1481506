//! The beginnings and ends of steps and of their undos, as the console takes them.

use super::board;
use super::connection::Ending;
use super::failure::{self, Failure};
use super::fold::Speaker;
use super::marks::{Mark, MarkKind};
use super::running::Running;
use super::{Console, Shown, outcome, tail};
use crate::numbers::UNDO;
use crate::output::Mode;
use crate::style::Line;
use std::time::Duration;
use windlass_model::clock::Timestamp;
use windlass_model::{CommandEnd, EventBody, HostName, StepId, StepOutcome};

/// The end of a step or of its undo.
struct Ended<'a> {
    step: &'a StepId,
    task: String,
    host: &'a HostName,
    outcome: &'a StepOutcome,
    took: Duration,
    note: Option<String>,
    advisory: bool,
    undo: bool,
}

impl Console {
    pub(super) fn step(&mut self, body: &EventBody, at: Timestamp) -> Vec<Shown> {
        match body {
            EventBody::StepStarted {
                step,
                task,
                host,
                show,
                ..
            } => self.began(step, task.to_string(), (host, show), at),
            EventBody::UndoStarted { step, host, show } => {
                self.began(step, undo_of(step, host), (host, show), at)
            }
            EventBody::StepRetried {
                step,
                host,
                attempt,
            } => self.retried(step, host, *attempt, at),
            EventBody::StepPulse { step, pulse, .. } => {
                self.running.pulse(step, *pulse, at);
                Vec::new()
            }
            body => match Ended::of(body) {
                Some(ended) => self.ended(&ended, at),
                None => self.connection(body, at),
            },
        }
    }

    fn began(
        &mut self,
        step: &StepId,
        task: String,
        (host, show): (&HostName, &str),
        at: Timestamp,
    ) -> Vec<Shown> {
        if self.tells_tasks() {
            self.board.step_began(&task, show, at);
        }
        if self.tells_output() {
            let hosts = match self.mode {
                Mode::Command { hosts } => hosts,
                Mode::Deploy => self.seen.planned.get(&task).map_or(0, Vec::len),
            };
            self.fold.began(
                Speaker {
                    step,
                    host,
                    task: &task,
                    hosts,
                },
                at,
            );
        }
        self.running.began(
            step,
            Running {
                task,
                host: host.clone(),
                show: show.to_owned(),
                began: at,
                tail: tail::Tail::default(),
                beat: None,
            },
        );
        Vec::new()
    }

    fn ended(&mut self, ended: &Ended<'_>, at: Timestamp) -> Vec<Shown> {
        let running = self.running.ended(ended.step);
        let mut shown = self.caught_up(ended, running.as_ref(), at);
        self.fold.ended(ended.step);
        let mark = ended.mark();
        if mark.kind == MarkKind::Bad {
            let said = self.fold.due(self.now, true);
            shown.extend(self.said(said));
        }
        let urgent = board::is_urgent(mark.kind);
        if self.tells_tasks() {
            self.board.step_ended(&ended.task, mark, at);
        } else {
            shown.extend(self.raw_end(ended, at));
        }
        self.remember(ended, running);
        if urgent {
            shown.extend(self.due(true));
        }
        shown
    }

    /// The attempt that failed counts no more.
    fn retried(
        &mut self,
        step: &StepId,
        host: &HostName,
        attempt: u32,
        at: Timestamp,
    ) -> Vec<Shown> {
        let task = task_of(step, host);
        self.seen.failures.retain(|failure| failure.step != *step);
        let text = format!("{task} is tried again (attempt {attempt})");
        let shown = self.about(host, Line::plain(text), at);
        self.board.retried(task);
        shown
    }

    /// What a command did while its host could not be heard.
    fn caught_up(
        &mut self,
        ended: &Ended<'_>,
        running: Option<&Running>,
        at: Timestamp,
    ) -> Vec<Shown> {
        let Some(running) = running else {
            return Vec::new();
        };
        let ending = Ending {
            host: ended.host,
            began: running.began,
            took: ended.took,
            outcome: ended.outcome,
        };
        match self.connections.ended(ending, self.frame()) {
            Some(line) => self.about(ended.host, line, at),
            None => Vec::new(),
        }
    }

    /// `exec` on one host is silent about an exit status, as ssh is; every other end must be told.
    fn raw_end(&mut self, ended: &Ended<'_>, at: Timestamp) -> Vec<Shown> {
        match ended.outcome {
            StepOutcome::Failed {
                end: CommandEnd::Exited(status),
            } if status.signal().is_none() => Vec::new(),
            StepOutcome::Failed { .. } | StepOutcome::Broken { .. } => {
                let how = outcome::sentence(ended.outcome, ended.took);
                self.about(ended.host, Line::plain(format!("the command {how}")), at)
            }
            StepOutcome::Succeeded | StepOutcome::Skipped => Vec::new(),
        }
    }

    /// Keeps what the last screen will need.
    fn remember(&mut self, ended: &Ended<'_>, running: Option<Running>) {
        let fine = ended.outcome.is_fine();
        if ended.undo {
            // An undo may be tried again; its last end counts.
            self.seen
                .undo_failed
                .retain(|(task, host, _)| (task, host) != (&ended.task, ended.host));
            if fine {
                *self.seen.undone.entry(ended.host.clone()).or_default() += 1;
            } else {
                let failed = (
                    ended.task.clone(),
                    ended.host.clone(),
                    ended.outcome.clone(),
                );
                self.seen.undo_failed.push(failed);
            }
        } else if !fine && !ended.advisory {
            let kept = self.seen.failures.len() < failure::KEPT;
            self.seen.failures.push(Failure {
                step: ended.step.clone(),
                task: ended.task.clone(),
                host: ended.host.clone(),
                outcome: ended.outcome.clone(),
                tail: running
                    .filter(|_| kept)
                    .map(|running| running.tail)
                    .unwrap_or_default(),
            });
        }
    }
}

impl<'a> Ended<'a> {
    fn of(body: &'a EventBody) -> Option<Self> {
        match body {
            EventBody::StepEnded {
                step,
                task,
                host,
                outcome,
                duration,
                note,
                advisory,
            } => Some(Self {
                step,
                task: task.to_string(),
                host,
                outcome,
                took: *duration,
                note: note.clone(),
                advisory: *advisory,
                undo: false,
            }),
            EventBody::UndoEnded {
                step,
                host,
                outcome,
                duration,
            } => Some(Self {
                step,
                task: undo_of(step, host),
                host,
                outcome,
                took: *duration,
                note: None,
                advisory: false,
                undo: true,
            }),
            _ => None,
        }
    }

    fn mark(&self) -> Mark {
        let kind = match self.outcome {
            StepOutcome::Succeeded => MarkKind::Good,
            StepOutcome::Skipped
            | StepOutcome::Failed {
                end: CommandEnd::Cancelled,
            } => MarkKind::Skipped,
            StepOutcome::Failed { .. } | StepOutcome::Broken { .. } if self.advisory => {
                MarkKind::Warned
            }
            StepOutcome::Failed { .. } | StepOutcome::Broken { .. } => MarkKind::Bad,
        };
        Mark {
            host: self.host.clone(),
            kind,
            took: self.took,
            how: outcome::brief(self.outcome),
            note: self.note.clone(),
        }
    }
}

/// The task of a step, from the form of its id.
fn task_of<'a>(step: &'a StepId, host: &HostName) -> &'a str {
    step.as_str()
        .strip_suffix(host.as_str())
        .and_then(|rest| rest.strip_suffix('@'))
        .unwrap_or(step.as_str())
}

fn undo_of(step: &StepId, host: &HostName) -> String {
    format!("{UNDO}{}", task_of(step, host))
}
