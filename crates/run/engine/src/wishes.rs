//! What a person wants of a running engine, and what is answered where they do not get it at once.

use crate::Control;
use crate::batch::blocking;
use crate::dispatcher::Dispatcher;
use crate::error::Error;
use crate::flight::{Flight, Side};
use std::sync::Arc;
use windlass_journal::Record;
use windlass_model::EventBody;

/// Why a person does not get at once what they want.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Answer {
    /// The deploy is done, so that it cannot be cancelled.
    TooLate,
    /// A command on this machine is waited for before the deploy rests.
    Waits,
}

impl Dispatcher {
    /// What a person wants. A request in the journal comes from another process of this machine.
    pub(crate) fn wanted(&self) -> Control {
        match *self.run.control.borrow() {
            Control::Go if self.state.cancel_requested => Control::Cancel,
            control => control,
        }
    }

    pub(crate) async fn look_for_cancel(&mut self) -> Result<(), Error> {
        if self.state.cancel_requested {
            return Ok(());
        }
        let (journal, deploy) = (Arc::clone(&self.run.journal), self.plan.deploy.clone());
        if blocking(move || journal.cancel_requested(&deploy)).await? {
            self.record(Record::CancelRequested)?;
        }
        Ok(())
    }

    /// Whether to rest now: a command on this machine would not go on without us, so that it is waited for, unless it may
    /// as well be begun again.
    pub(crate) fn may_park(&mut self) -> bool {
        let mut flights = self.flights.iter();
        let local = flights.find(|(_, flight)| flight.is_local && !self.may_repeat(flight));
        let Some((key, _)) = local else {
            return true;
        };
        if self.answers.insert(Answer::Waits) {
            let message = format!(
                "`{}` runs on this machine and ends with this process; it is waited for",
                key.step
            );
            self.batch.tell(EventBody::Warning {
                host: None,
                message,
                hint: Some(format!("windlass cancel {}", self.plan.deploy)),
            });
        }
        false
    }

    /// Whether all of this may be broken off and done again.
    fn may_repeat(&self, flight: &Flight) -> bool {
        let steps = flight.parts.iter().map(|part| self.plan.step(&part.step));
        let mut repeatable = steps.map(|step| step.is_some_and(|step| step.repeatable));
        flight.side == Side::Forward && repeatable.all(|is| is)
    }

    /// Says, once, that it is too late to cancel.
    pub(crate) fn say_too_late(&mut self) {
        if self.answers.insert(Answer::TooLate) {
            self.batch.tell(EventBody::Warning {
                host: None,
                message: "too late to cancel: the release is live and only the locks are left to be freed"
                    .to_owned(),
                hint: Some(format!("windlass rollback {}", self.plan.stage)),
            });
        }
    }
}
