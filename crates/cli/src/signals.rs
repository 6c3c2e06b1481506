//! Ctrl-C and TERM become what the person means by them.
//!
//! On a terminal the first Ctrl-C asks (detach, cancel, go on), the second cancels, the third ends the process at once
//! and says what stays. Without a terminal SIGINT and SIGTERM park the deploy, or cancel it where `on_term` says so; a
//! second one changes nothing: parking is quick and undo must not be cut short.
//!
//! Before the journal knows a deploy there is nothing to park: a signal ends the start, and nothing stays.

use crate::error::{Failure, OrFail as _};
use crate::reach::NOTHING_CHANGED;
use std::io::{BufRead as _, Write as _};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
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
        Failure::new(ExitCode::Failed, "interrupted before the deploy began").hint(NOTHING_CHANGED)
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

/// Listens until the process ends; each wish goes to the engine as a control and to `wishes` for the end of the run.
pub(crate) async fn listen(
    mut signals: Signals,
    rules: Rules,
    control: watch::Sender<Control>,
    wishes: watch::Sender<Option<Wish>>,
) {
    let mut count = 0;
    loop {
        let by_person = signals.next().await == Heard::Interrupt && rules.interactive;
        count += 1;
        let wish = if by_person {
            asked(count, &rules, &mut signals).await
        } else {
            Some(unasked(&rules))
        };
        let Some(wish) = wish else {
            count = 0;
            continue;
        };
        let order = if wish == Wish::Cancel {
            Control::Cancel
        } else {
            Control::Park
        };
        wishes.send_replace(Some(wish));
        control.send_replace(order);
    }
}

fn unasked(rules: &Rules) -> Wish {
    match rules.on_term {
        OnTerm::Park => Wish::Park,
        OnTerm::Cancel => Wish::Cancel,
    }
}

/// What a person at the terminal means by their `count`th Ctrl-C.
async fn asked(count: u32, rules: &Rules, signals: &mut Signals) -> Option<Wish> {
    match count {
        1 => {
            let answer = tokio::task::spawn_blocking(question);
            tokio::select! {
                answer = answer => answer.ok().flatten(),
                _ = signals.next() => Some(Wish::Cancel),
            }
        }
        2 => Some(Wish::Cancel),
        _ => {
            write_line(&format!("ended at once; {}", rules.leaves));
            end_at_once()
        }
    }
}

/// Asks on the terminal; an empty or unknown answer means to go on.
fn question() -> Option<Wish> {
    let mut screen = std::io::stderr();
    let asked = write!(
        screen,
        "\n[d]etach (the deploy goes on), [c]ancel (stop and undo), or [enter] to go on? "
    )
    .and_then(|()| screen.flush());
    let mut line = String::new();
    if asked.is_err() || std::io::stdin().lock().read_line(&mut line).is_err() {
        return None;
    }
    match line.trim().to_ascii_lowercase().as_str() {
        "d" | "detach" => Some(Wish::Detach),
        "c" | "cancel" => Some(Wish::Cancel),
        _ => None,
    }
}

fn write_line(line: &str) {
    // A closed terminal must not keep the process from ending.
    drop(writeln!(std::io::stderr(), "{line}"));
}

#[expect(
    clippy::exit,
    clippy::disallowed_methods,
    reason = "the third Ctrl-C asks for exactly this: no destructor may hold it up"
)]
fn end_at_once() -> ! {
    std::process::exit(130)
}
