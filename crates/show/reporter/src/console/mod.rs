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
mod steps;
mod tail;

use crate::numbers::Numbers;
use crate::output::{Earlier, Mode, Options, Output};
use crate::split::Piece;
use crate::style::{Line, Role};
use board::{Board, Frame, clock};
use connection::{Connections, Outage};
use end::{Moment, Seen};
use fold::{Fold, Said};
use live::Scene;
use marks::MarkKind;
use running::RunningSteps;
use std::time::Duration;
use windlass_model::clock::Timestamp;
use windlass_model::event::{DeployEnd, EndSummary};
use windlass_model::{Event, EventBody, HostName, Plan, StepId, Stream};

/// While output comes it is looked this often what is due.
const LOOK: Duration = Duration::from_millis(100);

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
    /// When it was last looked what is due.
    looked: Timestamp,
    board: Board,
    running: RunningSteps,
    connections: Connections,
    fold: Fold,
    seen: Seen,
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
            earlier: Earlier::new(),
            start: None,
            now: Timestamp(0),
            looked: Timestamp(0),
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
        self.seen.numbers = Numbers::of(plan);
        for step in &plan.steps {
            let planned = self.seen.planned.entry(step.task.to_string()).or_default();
            planned.push(step.host.clone());
        }
    }

    pub(crate) fn recall(&mut self, earlier: Earlier) {
        self.earlier = earlier;
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
        let mut shown = self.said(said);
        // Looking after everything that waits costs more than a line: now and then is enough.
        if at.since(self.looked) >= LOOK {
            shown.extend(self.due(false));
        }
        shown
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
        self.looked = self.now;
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

fn consoles(lines: Vec<Line>) -> Vec<Shown> {
    lines.into_iter().map(Shown::Console).collect()
}
