//! Tells the events of a run while it goes on: one task hands them to the reporter and to the record.

use crate::args::Global;
use crate::carry_out::report_failure;
use crate::error::Failure;
use crate::screen::say;
use crate::telling::Outputs;
use crate::world::terminal_size;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use windlass_facts::HostFacts;
use windlass_model::clock::{Clock as _, SystemClock};
use windlass_model::{
    CommandEnd, Event, EventBody, ExitCode, ExitStatus, HostName, Inventory, Plan, StepId,
    StepOutcome,
};
use windlass_reporter::{Earlier, Error, Reporter};

/// Where a host looks for commands.
#[derive(Clone, Debug)]
pub(crate) struct Searched {
    /// Its PATH.
    pub path: String,
    /// What its Ruby puts before that.
    pub ruby: Vec<String>,
    /// The version managers it has.
    pub version_managers: Vec<String>,
}

impl Searched {
    /// What the facts of hosts say about it.
    pub(crate) fn of(
        inventory: &Inventory,
        facts: &BTreeMap<HostName, HostFacts>,
    ) -> BTreeMap<HostName, Self> {
        let searched = inventory.hosts.iter().filter_map(|host| {
            let name = &host.target.name;
            let facts = facts.get(name)?;
            let ruby = windlass_recipes::Ruby::of(&host.settings, facts);
            let searched = Self {
                path: facts.path.clone(),
                ruby: ruby.map(|ruby| ruby.search_path()).unwrap_or_default(),
                version_managers: facts.version_managers.clone(),
            };
            Some((name.clone(), searched))
        });
        searched.collect()
    }

    fn warning(&self, host: &HostName) -> EventBody {
        let managers = match self.version_managers.as_slice() {
            [] => "no version manager was seen there".to_owned(),
            seen => format!("version managers seen there: {}", seen.join(", ")),
        };
        let ruby = match self.ruby.as_slice() {
            [] => String::new(),
            dirs => format!(" and, in the release, {}", dirs.join(", ")),
        };
        EventBody::Warning {
            host: Some(host.clone()),
            message: format!(
                "status 127 means that a command was not found; searched was {}{ruby}; {managers}",
                self.path
            ),
            hint: Some("the setting `path` adds directories in front".to_owned()),
        }
    }
}

/// What is worth saying right after an event: where a command that was not found was searched.
fn remark(searched: &BTreeMap<HostName, Searched>, event: &Event) -> Option<Event> {
    let EventBody::StepEnded { host, outcome, .. } = &event.body else {
        return None;
    };
    let not_found = StepOutcome::Failed {
        end: CommandEnd::Exited(ExitStatus(127)),
    };
    let searched = searched.get(host).filter(|_| *outcome == not_found)?;
    Some(Event {
        at: event.at,
        deploy: event.deploy.clone(),
        body: searched.warning(host),
    })
}

/// How often the screen is brought up to date without an event.
const TICK: Duration = Duration::from_millis(100);

/// Tells events while a run goes on.
pub(crate) struct Teller {
    task: JoinHandle<Told>,
    voice: Voice,
    stop: oneshot::Sender<()>,
}

impl Teller {
    /// Begins to tell. The plan, where there is one, lets the screen know which hosts a task is waited for on; beside it
    /// is how long its tasks took the last time.
    pub(crate) fn begin(
        outputs: Outputs,
        plan: Option<(&Plan, Earlier)>,
        searched: BTreeMap<HostName, Searched>,
        events: mpsc::UnboundedReceiver<Event>,
    ) -> Self {
        let (withheld, global) = (outputs.withheld.clone(), outputs.global.clone());
        let (mut reporter, record) = outputs.kept();
        if let Some((plan, earlier)) = plan {
            reporter.expect(plan);
            reporter.recall(earlier);
        }
        let desk = Desk {
            reporter,
            record,
            withheld,
            global,
            searched,
            told: Told::default(),
        };
        let (stop, stopped) = oneshot::channel();
        let (voice, words) = mpsc::unbounded_channel();
        Self {
            task: tokio::spawn(desk.tell(events, words, stopped)),
            voice: Voice(voice),
            stop,
        }
    }

    /// For those who have something to say beside the events.
    pub(crate) fn voice(&self) -> Voice {
        self.voice.clone()
    }

    /// Tells what was sent so far and ends.
    pub(crate) async fn finish(self) -> Told {
        // Where the task has ended already there is nothing to stop.
        let _ended_already = self.stop.send(()).is_err();
        self.task.await.unwrap_or_else(|error| {
            say(&format!("what was told is incomplete: {error}"));
            Told::default()
        })
    }
}

/// Says something beside the events, at a moment when nothing is drawn over it.
#[derive(Clone, Debug)]
pub(crate) struct Voice(mpsc::UnboundedSender<Word>);

#[derive(Debug)]
enum Word {
    Ask(String),
    Answered { entered: bool },
    Say(String),
    End(String, oneshot::Sender<()>),
}

/// So long the last line of a process that is to end at once may take to be shown.
const LAST_LINE: Duration = Duration::from_millis(500);

impl Voice {
    /// Puts a question; until it is over nothing else is shown.
    pub(crate) fn ask(&self, question: &str) {
        self.send(Word::Ask(question.to_owned()));
    }

    /// The question is over.
    pub(crate) fn answered(&self, entered: bool) {
        self.send(Word::Answered { entered });
    }

    /// Says a line.
    pub(crate) fn say(&self, line: &str) {
        self.send(Word::Say(line.to_owned()));
    }

    /// Says the last line before the process ends, with the log complete up to here.
    pub(crate) async fn end(&self, line: &str) {
        let (said, is_said) = oneshot::channel();
        self.send(Word::End(line.to_owned(), said));
        // A terminal that takes nothing must not keep the process from ending.
        drop(tokio::time::timeout(LAST_LINE, is_said).await);
    }

    fn send(&self, word: Word) {
        // After the end of the telling the process is about to end as well.
        drop(self.0.send(word));
    }
}

/// How the telling went. It never changes how a run ended.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Why standard output was given up.
    stdout: Option<windlass_reporter::Error>,
}

impl Told {
    /// The exit code of a run that ended with `code`. That its data did not reach their reader counts only where all else
    /// was a success.
    pub(crate) fn ends(self, code: ExitCode) -> Result<ExitCode, Failure> {
        match self.stdout.map(|error| report_failure(&error)) {
            None => Ok(code),
            Some(failure) if code == ExitCode::Done => Err(failure),
            Some(failure) => {
                say(&failure.text);
                Ok(code)
            }
        }
    }
}

/// Waits until the terminal has another size; where that cannot be heard, for ever.
async fn changed(sizes: &mut Option<Signal>) {
    match sizes {
        Some(sizes) => drop(sizes.recv().await),
        None => std::future::pending().await,
    }
}

/// Where it is told.
struct Desk {
    reporter: Reporter,
    record: Option<Reporter>,
    withheld: BTreeSet<StepId>,
    global: Global,
    searched: BTreeMap<HostName, Searched>,
    told: Told,
}

impl Desk {
    async fn tell(
        mut self,
        mut events: mpsc::UnboundedReceiver<Event>,
        mut words: mpsc::UnboundedReceiver<Word>,
        mut stopped: oneshot::Receiver<()>,
    ) -> Told {
        let mut ticks = tokio::time::interval(TICK);
        let mut sizes = signal(SignalKind::window_change()).ok();
        self.resize();
        loop {
            tokio::select! {
                biased;
                Some(word) = words.recv() => self.word(word),
                () = changed(&mut sizes) => self.resize(),
                event = events.recv() => match event {
                    Some(event) => self.event(event),
                    None => break,
                },
                // Dropping the sender stops it as well. What was sent before has been told.
                _ = &mut stopped => break,
                _ = ticks.tick() => {
                    let done = self.reporter.tick(SystemClock.now());
                    self.note(done);
                }
            }
        }
        let done = self.reporter.finish();
        self.note(done);
        self.told
    }

    fn event(&mut self, mut event: Event) {
        // It holds what could not be masked.
        if matches!(&event.body, EventBody::Output { step, .. } if self.withheld.contains(step)) {
            return;
        }
        self.global.typed_in(&mut event.body);
        let after = remark(&self.searched, &event);
        for event in std::iter::once(event).chain(after) {
            let kept = self.record.as_mut().map(|record| record.handle(&event));
            if let Some(Err(error)) = kept {
                self.record = None;
                self.incomplete("the record for `windlass show`", &error);
            }
            let done = self.reporter.handle(&event);
            self.note(done);
        }
    }

    fn word(&mut self, word: Word) {
        let done = match word {
            Word::Ask(question) => self.reporter.ask(&question),
            Word::Answered { entered } => self.reporter.answered(entered),
            Word::Say(line) => self.reporter.remark(&line),
            Word::End(line, said) => {
                let done = self.reporter.finish();
                self.note(done);
                let done = self.reporter.remark(&line);
                // Who asked for it may have stopped waiting.
                let _stopped_waiting = said.send(()).is_err();
                done
            }
        };
        self.note(done);
    }

    fn resize(&mut self) {
        if let Some((width, height)) = terminal_size() {
            self.reporter.resize(width, height);
        }
    }

    /// An output that fails is told, and never fails the run.
    fn note(&mut self, done: Result<(), Error>) {
        match done {
            Ok(()) => {}
            Err(error @ (Error::BrokenPipe | Error::Stdout(_))) => self.told.stdout = Some(error),
            // There is nowhere left to say it.
            Err(error @ Error::Stderr(_)) => tracing::debug!(%error, "nothing is shown any more"),
            Err(error) => self.incomplete("the full log", &error),
        }
    }

    fn incomplete(&mut self, what: &str, error: &Error) {
        let failure = report_failure(error).line(None);
        let said = self
            .reporter
            .remark(&format!("{what} is incomplete: {failure}"));
        if let Err(error) = said {
            tracing::debug!(%error, "nothing is shown any more");
        }
    }
}
