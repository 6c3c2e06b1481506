//! Events as lines for people. Pure: what is to be written comes back as [`Shown`], the pens write it.

mod board;
mod connection;
mod end;
pub(crate) mod facts;
mod failure;
mod fold;
mod live;
mod marks;
pub(crate) mod outcome;
pub(crate) mod pens;
mod running;
mod screen;
mod start;
mod tail;

use crate::output::{Earlier, Mode, Options, Output};
use crate::split::Piece;
use crate::style::{Line, Role};
use board::{Board, Frame, clock};
use connection::{Connections, Ending, Outage};
use end::{Moment, Seen};
use failure::Failure;
use fold::{Fold, Said, Speaker};
use live::Scene;
use marks::{Mark, MarkKind};
use running::{Running, RunningSteps};
use std::time::Duration;
use windlass_model::clock::Timestamp;
use windlass_model::event::{DeployEnd, EndSummary};
use windlass_model::{CommandEnd, Event, EventBody, HostName, Plan, StepId, StepOutcome, Stream};

/// Something to be written.
#[derive(Clone, Debug)]
pub(crate) enum Shown {
    /// A line of the console, on standard error.
    Console(Line),
    /// A line of a command's output in a deploy or on several hosts.
    Output(Said),
}

/// The state of the console.
#[derive(Debug)]
pub(crate) struct Console {
    mode: Mode,
    verbose: bool,
    interactive: bool,
    color: bool,
    width: usize,
    earlier: Earlier,
    start: Option<Timestamp>,
    now: Timestamp,
    board: Board,
    running: RunningSteps,
    connections: Connections,
    fold: Fold,
    seen: Seen,
}

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
    pub(crate) fn new(output: &Output, options: &Options) -> Self {
        let indent = if options.mode == Mode::Deploy {
            "  "
        } else {
            ""
        };
        let color = output.color && options.mode == Mode::Deploy;
        Self {
            mode: options.mode,
            verbose: options.verbose,
            interactive: options.interactive,
            color: output.color,
            width: usize::from(output.width),
            earlier: options.earlier.clone(),
            start: None,
            now: Timestamp(0),
            board: Board::default(),
            running: RunningSteps::default(),
            connections: Connections::default(),
            fold: Fold::new(indent, color),
            seen: Seen::default(),
        }
    }

    /// Tells which tasks run where, so that lines are complete when they are shown.
    pub(crate) fn expect(&mut self, plan: &Plan) {
        let hosts: Vec<HostName> = plan
            .hosts
            .iter()
            .map(|host| host.target.name.clone())
            .collect();
        self.meet(&hosts);
        self.board.expect(plan);
        for step in &plan.steps {
            let planned = self.seen.planned.entry(step.task.to_string()).or_default();
            planned.push(step.host.clone());
        }
    }

    pub(crate) fn resize(&mut self, width: u16) {
        self.width = usize::from(width);
    }

    /// Whether output goes through byte for byte.
    pub(crate) fn is_raw(&self) -> bool {
        self.mode == Mode::Command { hosts: 1 }
    }

    /// Whether a deploy is shown: its commands' output is no data.
    pub(crate) fn is_deploy(&self) -> bool {
        self.mode == Mode::Deploy
    }

    /// An event other than output.
    pub(crate) fn event(&mut self, event: &Event) -> Vec<Shown> {
        self.advance(event.at);
        if event.deploy.is_some() && self.seen.deploy.is_none() {
            self.seen.deploy.clone_from(&event.deploy);
        }
        let mut shown = self.due(false);
        shown.extend(self.body(event));
        shown.extend(self.due(false));
        shown
    }

    /// A line of output.
    pub(crate) fn output(
        &mut self,
        step: &StepId,
        source: (&HostName, Stream),
        piece: Piece<'_>,
        at: Timestamp,
    ) -> Vec<Shown> {
        self.advance(at);
        let (host, stream) = source;
        self.running.wrote(step, piece.bytes, piece.ends);
        self.connections.wrote(host);
        if !self.tells_output() {
            return Vec::new();
        }
        let said = self.fold.line(step, stream, piece.bytes);
        self.said(said)
    }

    /// What is due as time goes by.
    pub(crate) fn tick(&mut self, now: Timestamp) -> Vec<Shown> {
        self.advance(now);
        self.due(false)
    }

    /// Everything that still waits.
    pub(crate) fn finish(&mut self) -> Vec<Shown> {
        self.due(true)
    }

    /// The live area at this moment.
    pub(crate) fn live(&self) -> Vec<Line> {
        live::lines(Scene {
            steps: &self.running,
            gone: &self.connections.since(),
            earlier: &self.earlier,
            now: self.now,
            width: self.width,
        })
    }

    fn advance(&mut self, at: Timestamp) {
        self.now = self.now.max(at);
        self.start.get_or_insert(at);
    }

    fn body(&mut self, event: &Event) -> Vec<Shown> {
        match &event.body {
            EventBody::DeployStarted { summary, resumed } => {
                self.start = Some(event.at);
                self.meet(&summary.hosts);
                self.seen.summary = Some(summary.clone());
                match self.mode {
                    Mode::Deploy => self.aside(start::lines(summary, *resumed, self.width)),
                    Mode::Command { .. } => Vec::new(),
                }
            }
            EventBody::TaskStarted { task, show } => {
                if self.tells_tasks() {
                    self.board.began(task.as_str(), show, event.at);
                }
                Vec::new()
            }
            EventBody::UnwindStarted { reason } => self.unwind(reason, event.at),
            EventBody::Warning {
                host,
                message,
                hint,
            } => self.warning(host.as_ref(), message, hint.as_deref(), event.at),
            EventBody::DeployEnded { summary } => self.end(summary, event.at),
            body => self.step(body, event.at),
        }
    }

    fn step(&mut self, body: &EventBody, at: Timestamp) -> Vec<Shown> {
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
            EventBody::StepPulse { step, pulse, .. } => {
                self.running.pulse(step, *pulse, at);
                Vec::new()
            }
            EventBody::StepRetried {
                step,
                host,
                attempt,
            } => self.retried(step, host, *attempt, at),
            EventBody::StepEnded {
                step,
                task,
                host,
                outcome,
                duration,
                note,
                advisory,
            } => self.ended(
                &Ended {
                    step,
                    task: task.to_string(),
                    host,
                    outcome,
                    took: *duration,
                    note: note.clone(),
                    advisory: *advisory,
                    undo: false,
                },
                at,
            ),
            EventBody::UndoEnded {
                step,
                host,
                outcome,
                duration,
            } => {
                let task = undo_of(step, host);
                self.ended(
                    &Ended {
                        step,
                        task,
                        host,
                        outcome,
                        took: *duration,
                        note: None,
                        advisory: false,
                        undo: true,
                    },
                    at,
                )
            }
            body => self.connection(body, at),
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

    fn connection(&mut self, body: &EventBody, at: Timestamp) -> Vec<Shown> {
        if let EventBody::StillReconnecting {
            host,
            gone,
            kind,
            give_up_after,
        } = body
        {
            let outage = Outage {
                host,
                at,
                gone: *gone,
                kind: *kind,
                give_up_after: *give_up_after,
                interactive: self.interactive,
            };
            let line = self.connections.still(outage, self.frame());
            return line.map_or_else(Vec::new, |line| self.about(host, line, at));
        }
        let told = self
            .connections
            .event(body, at, &|host| self.running.runs_on(host));
        told.map_or_else(Vec::new, |(host, line)| self.about(&host, line, at))
    }

    fn unwind(&mut self, reason: &str, at: Timestamp) -> Vec<Shown> {
        let line = clock(at, self.frame().start)
            .and(Role::Bad, "undoing")
            .text(format!(" what was done, in reverse order: {reason}"));
        let shown = self.aside(vec![line]);
        self.board.clear();
        shown
    }

    fn warning(
        &mut self,
        host: Option<&HostName>,
        message: &str,
        hint: Option<&str>,
        at: Timestamp,
    ) -> Vec<Shown> {
        let mut line = clock(at, self.frame().start);
        if let Some(host) = host {
            line = line.text(host.as_str()).text("  ");
        }
        let mut lines = vec![
            line.append(MarkKind::Warned.sign())
                .text(format!(" {message}")),
        ];
        lines.extend(hint.map(|hint| Line::plain(" ".repeat(6)).text(hint)));
        self.aside(lines)
    }

    fn end(&mut self, summary: &EndSummary, at: Timestamp) -> Vec<Shown> {
        let mut shown = self.due(true);
        self.running.clear();
        let plain_end = matches!(summary.end, DeployEnd::Deployed | DeployEnd::Undone);
        if self.mode != Mode::Deploy && plain_end {
            return shown;
        }
        let moment = Moment {
            at,
            frame: self.frame(),
            color: self.color,
        };
        shown.extend(self.aside(end::lines(summary, &self.seen, moment)));
        shown
    }

    /// A line about one host, with its time.
    fn about(&mut self, host: &HostName, line: Line, at: Timestamp) -> Vec<Shown> {
        let head = clock(at, self.frame().start).text(host.as_str()).text("  ");
        self.aside(vec![head.append(line)])
    }

    /// Lines that belong to no task, after everything that waits.
    fn aside(&mut self, lines: Vec<Line>) -> Vec<Shown> {
        let mut shown = consoles(self.board.due(self.now, true, self.frame()));
        self.board.interrupted();
        shown.extend(consoles(lines));
        shown
    }

    fn due(&mut self, all: bool) -> Vec<Shown> {
        let frame = self.frame();
        let said = self.fold.due(self.now, all);
        let mut shown = self.said(said);
        let counted = self.connections.due(self.now, all, frame);
        if !counted.is_empty() {
            shown.extend(self.aside(counted));
        }
        shown.extend(consoles(self.board.due(self.now, all, frame)));
        shown
    }

    fn said(&mut self, said: Vec<Said>) -> Vec<Shown> {
        if said.is_empty() {
            return Vec::new();
        }
        let mut shown = match self.mode {
            Mode::Deploy => consoles(self.board.open(self.frame())),
            Mode::Command { .. } => Vec::new(),
        };
        shown.extend(said.into_iter().map(Shown::Output));
        shown
    }

    fn meet(&mut self, hosts: &[HostName]) {
        self.board.hosts(hosts);
        self.fold.widen(hosts);
    }

    fn tells_tasks(&self) -> bool {
        !self.is_raw()
    }

    fn tells_output(&self) -> bool {
        match self.mode {
            Mode::Deploy => self.verbose,
            Mode::Command { .. } => !self.is_raw(),
        }
    }

    fn frame(&self) -> Frame {
        Frame {
            start: self.start.unwrap_or(self.now),
            width: self.width,
        }
    }
}

impl Ended<'_> {
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

fn consoles(lines: Vec<Line>) -> Vec<Shown> {
    lines.into_iter().map(Shown::Console).collect()
}

/// The task of a step, from the form of its id.
fn task_of<'a>(step: &'a StepId, host: &HostName) -> &'a str {
    step.as_str()
        .strip_suffix(host.as_str())
        .and_then(|rest| rest.strip_suffix('@'))
        .unwrap_or(step.as_str())
}

fn undo_of(step: &StepId, host: &HostName) -> String {
    format!("undo {}", task_of(step, host))
}
