//! One stream of events, served to every output.

use crate::Error;
use crate::console::pens::Pens;
use crate::console::{Console, Shown};
use crate::json;
use crate::log_file::{LogFile, Source};
use crate::mask::{EventMasks, Masks};
use crate::output::{Earlier, Options, Output};
use crate::split::{Piece, Splitter};
use crate::style::{Line, Role};
use std::collections::HashMap;
use std::time::Duration;
use windlass_model::clock::Timestamp;
use windlass_model::{Event, EventBody, HostName, Plan, StepId, Stream};

/// The live area is drawn at most this often.
const FRAME: Duration = Duration::from_millis(100);

/// Turns events into output.
///
/// Give it every event in order with [`handle`](Self::handle), and [`tick`](Self::tick) about every 100 ms on a
/// terminal, every second without one, so that what waits to be shown together does not wait for the next event. An
/// error means that one output has ended; the others go on, and the same error is not given again.
#[derive(Debug)]
pub struct Reporter {
    masks: EventMasks,
    json: bool,
    log: Option<LogFile>,
    splits: HashMap<(StepId, Stream), (HostName, Splitter)>,
    console: Console,
    pens: Pens,
    drawn: Timestamp,
    /// What is to be shown once the question that stands on the terminal is over.
    waiting: Option<Vec<Shown>>,
}

impl Reporter {
    /// Opens the log and takes the outputs. Nothing is written yet.
    pub fn new(output: Output, options: Options) -> Result<Self, Error> {
        let masks = EventMasks::new(Masks::new(&options.secrets));
        let console = Console::new(&output, &options);
        let log = options.log.map(|path| LogFile::open(&path)).transpose()?;
        let mut pens = Pens::new(output.stdout, output.stderr, output.color);
        // Bytes that pass as they are may leave the cursor anywhere: there is no room for a live area below them.
        if output.terminal && (output.json || !console.is_raw()) {
            pens = pens.with_live_area(output.width);
        } else if output.terminal {
            pens = pens.on_one_terminal();
        }
        Ok(Self {
            masks,
            json: output.json,
            log,
            splits: HashMap::new(),
            console,
            pens,
            drawn: Timestamp(0),
            waiting: None,
        })
    }

    /// Tells which tasks will run on which hosts, so that a task is shown as soon as all its hosts have ended it, and with
    /// its number.
    pub fn expect(&mut self, plan: &Plan) {
        self.console.expect(plan);
        if let Some(log) = &mut self.log {
            log.expect(plan);
        }
    }

    /// Tells how long tasks took the last time, for `last time 3m10s`.
    pub fn recall(&mut self, earlier: Earlier) {
        self.console.recall(earlier);
    }

    /// Shows an event.
    pub fn handle(&mut self, event: &Event) -> Result<(), Error> {
        let mut first = First::default();
        if self.masks.is_idle() {
            self.masked(event, &mut first);
        } else {
            for event in self.masks.apply(event) {
                self.masked(&event, &mut first);
            }
        }
        if event.at.since(self.drawn) >= FRAME {
            self.draw(event.at);
        }
        first.into_result()
    }

    /// Lets time go by.
    pub fn tick(&mut self, now: Timestamp) -> Result<(), Error> {
        let mut first = First::default();
        let shown = self.console.tick(now);
        self.show(shown, &mut first);
        self.draw(now);
        first.note(self.log(LogFile::flush));
        first.into_result()
    }

    /// A remark of the caller's own, dimmed, above the live area.
    pub fn remark(&mut self, text: &str) -> Result<(), Error> {
        let text = self.masks.text(text);
        let mut first = First::default();
        let line = Shown::Console(Line::of(Role::Dim, text));
        self.show(vec![line], &mut first);
        first.into_result()
    }

    /// Puts a question below the lines, without the live area. While it stands the console waits, so that nothing is
    /// written over it and over what is typed; the log and JSON lines go on. The caller reads the answer.
    pub fn ask(&mut self, question: &str) -> Result<(), Error> {
        self.pens.draw(&[]);
        self.waiting.get_or_insert_default();
        self.pens.error_bytes(question.as_bytes())
    }

    /// The question is over, and what waited is shown. `entered`: its line was ended by the reader's Enter.
    pub fn answered(&mut self, entered: bool) -> Result<(), Error> {
        let mut first = First::default();
        if let Some(waited) = self.waiting.take() {
            first.note(self.pens.end_line(entered));
            self.show(waited, &mut first);
        }
        first.into_result()
    }

    /// The terminal has another size now.
    pub fn resize(&mut self, width: u16, height: u16) {
        self.console.resize(width);
        self.pens.resize(width, height);
    }

    /// Shows what still waits, removes the live area and completes the log. More events may follow.
    pub fn finish(&mut self) -> Result<(), Error> {
        let mut first = First::default();
        self.pens.draw(&[]);
        first.note(self.answered(false));
        let at = self.drawn;
        self.end_streams(None, at, &mut first);
        let shown = self.console.finish();
        self.show(shown, &mut first);
        first.note(self.log(LogFile::flush));
        first.into_result()
    }

    fn masked(&mut self, event: &Event, first: &mut First) {
        if let EventBody::Output {
            step,
            host,
            stream,
            bytes,
        } = &event.body
        {
            self.write_json(event, first);
            self.output(step, (host, *stream), bytes, (event.at, first));
            return;
        }
        match &event.body {
            EventBody::StepEnded { step, .. }
            | EventBody::StepRetried { step, .. }
            | EventBody::UndoStarted { step, .. }
            | EventBody::UndoEnded { step, .. } => self.end_streams(Some(step), event.at, first),
            EventBody::DeployEnded { .. } => {
                self.end_streams(None, event.at, first);
                self.pens.draw(&[]);
            }
            _ => {}
        }
        self.write_json(event, first);
        first.note(self.log(|log| log.event(event)));
        let shown = self.console.event(event);
        self.show(shown, first);
    }

    fn write_json(&mut self, event: &Event, first: &mut First) {
        if self.json {
            let line = json::line(event).map_err(|error| Error::Stdout(error.into()));
            first.note(line.and_then(|line| self.pens.data(&line)));
        }
    }

    fn output(
        &mut self,
        step: &StepId,
        source: (&HostName, Stream),
        bytes: &[u8],
        (at, first): (Timestamp, &mut First),
    ) {
        let (host, stream) = source;
        let key = (step.clone(), stream);
        let (_, mut splitter) = self
            .splits
            .remove(&key)
            .unwrap_or_else(|| (host.clone(), Splitter::default()));
        splitter.feed(bytes, &mut |piece| {
            self.piece(step, source, piece, (at, first));
        });
        self.splits.insert(key, (host.clone(), splitter));
        if self.console.is_raw() && !self.json {
            self.raw(stream, bytes, first);
        }
    }

    /// The streams of a step, or of all, are over: what is left of them is a line.
    fn end_streams(&mut self, step: Option<&StepId>, at: Timestamp, first: &mut First) {
        let is_meant = |key: &(StepId, Stream)| step.is_none_or(|step| *step == key.0);
        let mut keys: Vec<(StepId, Stream)> = self
            .splits
            .keys()
            .filter(|key| is_meant(key))
            .cloned()
            .collect();
        keys.sort_unstable_by(|a, b| {
            (&a.0, a.1 == Stream::Stderr).cmp(&(&b.0, b.1 == Stream::Stderr))
        });
        for key in keys {
            if let Some((host, mut splitter)) = self.splits.remove(&key) {
                let (step, stream) = &key;
                splitter
                    .finish(&mut |piece| self.piece(step, (&host, *stream), piece, (at, first)));
            }
        }
    }

    fn piece(
        &mut self,
        step: &StepId,
        (host, stream): (&HostName, Stream),
        piece: Piece<'_>,
        (at, first): (Timestamp, &mut First),
    ) {
        let source = Source { at, host, stream };
        first.note(self.log(|log| log.output(source, piece)));
        let shown = self.console.output(step, (host, stream), piece, at);
        self.show(shown, first);
    }

    fn raw(&mut self, stream: Stream, bytes: &[u8], first: &mut First) {
        first.note(match stream {
            Stream::Stdout => self.pens.data(bytes),
            Stream::Stderr => self.pens.error_bytes(bytes),
        });
    }

    fn show(&mut self, shown: Vec<Shown>, first: &mut First) {
        if let Some(waiting) = &mut self.waiting {
            waiting.extend(shown);
            return;
        }
        for shown in shown {
            let done = match shown {
                Shown::Console(line) => self.pens.console(&line),
                // In JSON the output is in the events.
                Shown::Output(_) if self.json && !self.console.is_deploy() => Ok(()),
                Shown::Output(said)
                    if self.console.is_deploy() || said.stream == Stream::Stderr =>
                {
                    self.pens.console(&said.line)
                }
                Shown::Output(said) => self.pens.data((said.line.render(false) + "\n").as_bytes()),
            };
            first.note(done);
        }
    }

    fn draw(&mut self, now: Timestamp) {
        if self.pens.is_live() && self.waiting.is_none() {
            self.pens.draw(&self.console.live());
        }
        self.drawn = now;
    }

    /// Does something with the log, where there is one; after its first error there is none.
    fn log(&mut self, act: impl FnOnce(&mut LogFile) -> Result<(), Error>) -> Result<(), Error> {
        let done = self.log.as_mut().map_or(Ok(()), act);
        if done.is_err() {
            self.log = None;
        }
        done
    }
}

/// The first error of several.
#[derive(Default)]
struct First(Option<Error>);

impl First {
    fn note(&mut self, done: Result<(), Error>) {
        if let Err(error) = done {
            self.0.get_or_insert(error);
        }
    }

    fn into_result(self) -> Result<(), Error> {
        self.0.map_or(Ok(()), Err)
    }
}
