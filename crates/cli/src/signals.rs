//! Ctrl-C and TERM become what the person means by them.
//!
//! On a terminal the first Ctrl-C asks (detach, cancel, go on), the second cancels, also while the question stands, the
//! third ends the process at once and says what stays. Without a terminal SIGINT and SIGTERM park the deploy, or cancel it where `on_term` says so; a
//! second one changes nothing: parking is quick and undo must not be cut short.
//!
//! Before the journal knows a deploy there is nothing to park: a signal ends the start, and nothing stays.

use crate::error::{Failure, OrFail as _};
use crate::teller::Voice;
use std::io::BufRead as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use windlass_engine::Control;
use windlass_model::ExitCode;
use windlass_model::settings::OnTerm;

/// SIGINT and SIGTERM of this process. From here on they end nothing by themselves: somebody must listen.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

/// What was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl Signals {
    /// Begins to listen.
    pub(crate) fn listen() -> Result<Self, Failure> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).or_fail(ExitCode::Internal)?,
            terminate: signal(SignalKind::terminate()).or_fail(ExitCode::Internal)?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Heard {
        tokio::select! {
            _ = self.interrupt.recv() => Heard::Interrupt,
            _ = self.terminate.recv() => Heard::Terminate,
        }
    }

    /// Does something before which nothing was begun, unless a signal comes first.
    pub(crate) async fn or_stop<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            done = work => Ok(done),
            _ = self.next() => Err(Self::interrupted()),
        }
    }

    /// The failure of a start that a signal ended.
    pub(crate) fn interrupted() -> Failure {
        Failure::new(ExitCode::Failed, "interrupted before the deploy began").unchanged()
    }
}

/// What the person chose in the end, where it differs from just going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Stop for now; `resume` goes on.
    Park,
    /// Leave the deploy to a background process of this machine.
    Detach,
    /// Stop and undo.
    Cancel,
}

/// What the listener needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Whether a person can be asked.
    pub interactive: bool,
    /// What a signal without a terminal does.
    pub on_term: OnTerm,
    /// What still runs if this process ends at once, in one line.
    pub leaves: String,
}

impl Rules {
    /// What a signal means that nobody is asked about.
    fn unasked(&self) -> Wish {
        match self.on_term {
            OnTerm::Park => Wish::Park,
            OnTerm::Cancel => Wish::Cancel,
        }
    }
}

/// What a signal, or the answer to the question, leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The person is asked.
    Ask,
    /// Nothing changes.
    GoOn,
    /// The engine is told.
    Wish(Wish),
    /// The process ends.
    End,
}

/// How often a person pressed Ctrl-C since they last chose to go on.
#[derive(Debug, Default)]
struct Presses(u32);

impl Presses {
    fn heard(&mut self, heard: Heard, rules: &Rules) -> Next {
        if heard == Heard::Terminate || !rules.interactive {
            return Next::Wish(rules.unasked());
        }
        self.0 += 1;
        match self.0 {
            1 => Next::Ask,
            2 => Next::Wish(Wish::Cancel),
            _ => Next::End,
        }
    }

    fn answered(&mut self, wish: Option<Wish>) -> Next {
        if let Some(wish) = wish {
            return Next::Wish(wish);
        }
        self.0 = 0;
        Next::GoOn
    }
}

/// Where wishes go: to the engine, and to the end of the run.
pub(crate) struct Wishes {
    /// What the engine is to do.
    pub control: watch::Sender<Control>,
    /// What was wished last.
    pub last: watch::Sender<Option<Wish>>,
}

impl Wishes {
    fn send(&self, wish: Wish) {
        let order = if wish == Wish::Cancel {
            Control::Cancel
        } else {
            Control::Park
        };
        self.last.send_replace(Some(wish));
        self.control.send_replace(order);
    }
}

/// Listens until the process ends.
pub(crate) async fn listen(mut signals: Signals, rules: Rules, wishes: Wishes, voice: Voice) {
    let mut presses = Presses::default();
    let mut question = None;
    loop {
        let (next, entered) = tokio::select! {
            heard = signals.next() => (presses.heard(heard, &rules), false),
            answer = answer(&mut question) => (presses.answered(answer.wish), answer.entered),
        };
        if question.take().is_some() {
            voice.answered(entered);
        }
        match next {
            Next::GoOn => {}
            Next::Ask => {
                voice.ask(QUESTION);
                question = Some(tokio::task::spawn_blocking(Answer::read));
            }
            Next::Wish(wish) => {
                if presses.0 > 1 && wish == Wish::Cancel {
                    voice.say("stopping and undoing; Ctrl-C once more ends this process at once");
                }
                wishes.send(wish);
            }
            Next::End => {
                let leaves = &rules.leaves;
                voice.end(&format!("ended at once; {leaves}")).await;
                end_at_once()
            }
        }
    }
}

const QUESTION: &str =
    "\n[d]etach (the deploy goes on), [c]ancel (stop and undo), or [enter] to go on? ";

/// What was typed after the question.
#[derive(Clone, Copy, Debug, Default)]
struct Answer {
    /// None = to go on, also where it was not understood.
    wish: Option<Wish>,
    /// Whether Enter ended the line.
    entered: bool,
}

impl Answer {
    /// Reads it from the terminal.
    fn read() -> Self {
        let mut line = String::new();
        // Where nothing can be read any more there is nobody to answer: the deploy goes on.
        let read = std::io::stdin().lock().read_line(&mut line);
        read.map_or_else(|_| Self::default(), |_| Self::of(&line))
    }

    fn of(line: &str) -> Self {
        let wish = match line.trim().to_ascii_lowercase().as_str() {
            "d" | "detach" => Some(Wish::Detach),
            "c" | "cancel" => Some(Wish::Cancel),
            _ => None,
        };
        Self {
            wish,
            entered: line.ends_with('\n'),
        }
    }
}

/// The answer to the question that stands; where none does, there is none.
async fn answer(question: &mut Option<JoinHandle<Answer>>) -> Answer {
    match question {
        Some(asked) => asked.await.unwrap_or_default(),
        None => std::future::pending().await,
    }
}

#[expect(
    clippy::exit,
    clippy::disallowed_methods,
    reason = "the third Ctrl-C asks for exactly this: no destructor may hold it up"
)]
fn end_at_once() -> ! {
    std::process::exit(i32::from(ExitCode::Parked.number()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(interactive: bool, on_term: OnTerm) -> Rules {
        Rules {
            interactive,
            on_term,
            leaves: String::new(),
        }
    }

    #[test]
    fn a_person_is_asked_then_obeyed_then_left() {
        let rules = rules(true, OnTerm::Park);
        let mut presses = Presses::default();
        let mut press = || presses.heard(Heard::Interrupt, &rules);
        assert_eq!(press(), Next::Ask);
        assert_eq!(press(), Next::Wish(Wish::Cancel));
        assert_eq!(press(), Next::End);
    }

    #[test]
    fn going_on_begins_from_the_first_press_and_a_choice_does_not() {
        let rules = rules(true, OnTerm::Park);
        let mut presses = Presses::default();
        for (line, next, then) in [
            ("\n", Next::GoOn, Next::Ask),
            ("what?\n", Next::GoOn, Next::Ask),
            ("", Next::GoOn, Next::Ask),
            ("D\n", Next::Wish(Wish::Detach), Next::Wish(Wish::Cancel)),
        ] {
            presses.0 = 0;
            assert_eq!(presses.heard(Heard::Interrupt, &rules), Next::Ask);
            assert_eq!(presses.answered(Answer::of(line).wish), next, "{line:?}");
            assert_eq!(presses.heard(Heard::Interrupt, &rules), then, "{line:?}");
        }
    }

    #[test]
    fn term_is_never_asked_about_and_nobody_is_where_there_is_no_terminal() {
        for (on_term, wish) in [(OnTerm::Park, Wish::Park), (OnTerm::Cancel, Wish::Cancel)] {
            let mut presses = Presses::default();
            let at_terminal = rules(true, on_term);
            assert_eq!(presses.heard(Heard::Interrupt, &at_terminal), Next::Ask);
            let term = presses.heard(Heard::Terminate, &at_terminal);
            assert_eq!(term, Next::Wish(wish));
            for heard in [Heard::Interrupt, Heard::Terminate, Heard::Interrupt] {
                let next = presses.heard(heard, &rules(false, on_term));
                assert_eq!(next, Next::Wish(wish));
            }
        }
    }
}
