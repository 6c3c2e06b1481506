//! What a message means: the only place where the account of a deploy changes because of something that happened.

use crate::backend::BackendError;
use crate::dispatcher::Dispatcher;
use crate::error::Error;
use crate::flight::{End, Finish, Message, Part, Position, Side};
use crate::schedule::is_settled;
use std::time::Duration;
use windlass_job::JobEvent;
use windlass_journal::Record;
use windlass_model::{CommandEnd, EventBody, HostName, JobKey, Step, StepId, StepOutcome};

impl Dispatcher {
    /// Takes one message in.
    pub(crate) fn handle(&mut self, message: Message) -> Result<(), Error> {
        match message {
            Message::Said { key, event } => self.said(&key, event),
            Message::Finished {
                key,
                result: Ok(finish),
            } => self.finished(&key, finish),
            Message::Finished {
                key,
                result: Err(error),
            } => self.unfollowed(&key, &error),
            Message::Stopped { key, host, result } => {
                self.stopped(key, &host, result);
                Ok(())
            }
            Message::Left { host, what, result } => {
                self.left(&host, what, result);
                Ok(())
            }
            Message::Held { host, result } => {
                self.held(&host, result);
                Ok(())
            }
            Message::Owner { host, result } => self.owner(host, result),
            Message::Boot { host, result } => {
                self.asking.remove(&host);
                match result {
                    Ok(boot) => drop(self.boots.insert(host, boot)),
                    Err(error) => self.out_of_reach(host, error.reason())?,
                }
                Ok(())
            }
        }
    }

    fn said(&mut self, key: &JobKey, event: JobEvent) -> Result<(), Error> {
        match event {
            JobEvent::Running { pid } => {
                if let Some(flight) = self.flights.get_mut(key) {
                    flight.pid = Some(pid);
                }
            }
            JobEvent::CommandStarted { index } => self.command_started(key, index),
            JobEvent::Output {
                index,
                stream,
                bytes,
                ..
            } => {
                if let Some((host, step)) = self.speaker(key, index) {
                    self.batch.tell(EventBody::Output {
                        step,
                        host,
                        stream,
                        bytes,
                    });
                }
            }
            JobEvent::Pulse { index, pulse } => {
                if let Some((host, step)) = self.speaker(key, index) {
                    self.batch.tell(EventBody::StepPulse { step, host, pulse });
                }
            }
            JobEvent::Skipped { index } => self.command_ended(key, index, End::Skipped, None)?,
            JobEvent::CommandEnded {
                index,
                end,
                duration,
            } => {
                self.command_ended(key, index, End::Ended(end, duration), None)?;
            }
        }
        Ok(())
    }

    /// The step that a command of a job belongs to, unless its end was told before: a job that is followed again tells
    /// everything again.
    fn speaker(&self, key: &JobKey, index: usize) -> Option<(HostName, StepId)> {
        let flight = self.flights.get(key)?;
        let part = flight.part_of(index)?.part;
        self.is_open(flight.side, &part)
            .then(|| (flight.host.clone(), part.step))
    }

    fn is_open(&self, side: Side, part: &Part) -> bool {
        let attempts = match side {
            Side::Forward => &self.state.steps,
            Side::Undo => &self.state.undos,
        };
        attempts
            .get(&part.step)
            .is_some_and(|attempt| attempt.number == part.attempt && attempt.is_open())
    }

    fn command_started(&mut self, key: &JobKey, index: usize) {
        let Some(flight) = self.flights.get(key) else {
            return;
        };
        let Some(Position {
            part,
            is_first: true,
            ..
        }) = flight.part_of(index)
        else {
            return;
        };
        if !self.is_open(flight.side, &part) {
            return;
        }
        let (side, host) = (flight.side, flight.host.clone());
        let Some(step) = self.plan.step(&part.step).cloned() else {
            return;
        };
        match side {
            // Told as the end of the deploy on its host, not as the undo of a step.
            Side::Undo if self.lock_owner(&step.id).is_some() => {}
            Side::Undo => self.batch.tell(EventBody::UndoStarted {
                show: crate::unwind::undo_shown(&step),
                step: step.id,
                host,
            }),
            Side::Forward => self.tell_step_started(step, part.attempt),
        }
    }

    fn tell_step_started(&mut self, step: Step, attempt: u32) {
        if self.told.insert(step.task.clone()) {
            self.batch.tell(EventBody::TaskStarted {
                task: step.task.clone(),
                show: step.show.clone(),
            });
        }
        self.batch.tell(EventBody::StepStarted {
            step: step.id,
            task: step.task,
            host: step.host,
            attempt,
            show: step.show,
        });
    }

    /// Accounts for the end of one command; told twice, it counts once.
    fn command_ended(
        &mut self,
        key: &JobKey,
        index: usize,
        end: End,
        note: Option<String>,
    ) -> Result<(), Error> {
        let Some(flight) = self.flights.get_mut(key) else {
            return Ok(());
        };
        if index != flight.accounted {
            return Ok(());
        }
        flight.accounted = index.saturating_add(1);
        if let End::Ended(end, duration) = end {
            flight.tally.add(end, duration);
        }
        let Some(Position {
            part,
            is_last: true,
            ..
        }) = flight.part_of(index)
        else {
            return Ok(());
        };
        let tally = std::mem::take(&mut flight.tally);
        let side = flight.side;
        if !self.is_open(side, &part) {
            return Ok(());
        }
        match (side, end) {
            (Side::Forward, End::NotReached) => self.record(Record::NotReached {
                step: part.step,
                attempt: part.attempt,
            }),
            (Side::Forward, End::Skipped) => self.step_ended(
                Some(key),
                &part,
                &StepOutcome::Skipped,
                (tally.duration, note),
            ),
            (Side::Forward, End::Ended(..)) => {
                self.step_ended(Some(key), &part, &tally.outcome, (tally.duration, note))
            }
            (Side::Undo, _) => self.undo_ended(part, tally.outcome, tally.duration),
        }
    }

    fn finished(&mut self, key: &JobKey, finish: Finish) -> Result<(), Error> {
        let whole = finish.end;
        let mut note = finish.note;
        let Some(flight) = self.flights.get(key) else {
            return Ok(());
        };
        let (side, mut blamed) = (flight.side, flight.failed);
        for (index, end) in finish.commands.into_iter().enumerate() {
            // A job that could not begin, or was cut short between two commands, has no command to blame: its own end
            // is that of the first one it did not come to.
            let unreached = match whole {
                CommandEnd::Cancelled => CommandEnd::NotStarted,
                whole if whole.success() => CommandEnd::NotStarted,
                whole => whole,
            };
            let end = match end {
                End::NotReached if side == Side::Undo || !(whole.success() || blamed) => {
                    End::Ended(unreached, Duration::ZERO)
                }
                end => end,
            };
            self.command_ended(key, index, end, note.take())?;
            blamed = blamed
                || matches!(end, End::Ended(end, _) if !end.success())
                    && !self.is_advisory(key, index);
        }
        self.flights.remove(key);
        Ok(())
    }

    fn is_advisory(&self, key: &JobKey, index: usize) -> bool {
        let part = self
            .flights
            .get(key)
            .and_then(|flight| flight.part_of(index));
        part.and_then(|position| self.plan.step(&position.part.step))
            .is_some_and(|step| step.advisory)
    }

    /// Work that ended without a report.
    fn unfollowed(&mut self, key: &JobKey, error: &BackendError) -> Result<(), Error> {
        let Some(flight) = self.flights.remove(key) else {
            return Ok(());
        };
        let open: Vec<Part> = flight
            .parts
            .iter()
            .filter(|part| self.is_open(flight.side, part))
            .cloned()
            .collect();
        let reason = error.reason().to_owned();
        match (flight.side, error) {
            (_, BackendError::GaveUp { .. }) => self.out_of_reach(flight.host, &reason)?,
            // What became of it is not known, and nothing must run beside it: `resume` asks again.
            (side, BackendError::Broken { .. })
                if flight.is_local || (flight.is_job && side == Side::Undo) =>
            {
                self.stuck.insert(flight.host, reason);
            }
            // Its fate is learned when it is stopped; until then its steps stay open.
            (Side::Forward, BackendError::Broken { .. })
                if flight.is_job && !self.gone.contains(key) =>
            {
                let step = open.first().and_then(|part| self.plan.step(&part.step));
                if let Some(step) = step.cloned() {
                    self.fail_all(&step, &reason);
                }
            }
            (Side::Undo, _) => {
                let outcome = StepOutcome::Broken { reason };
                for part in open {
                    self.undo_ended(part, outcome.clone(), Duration::ZERO)?;
                }
            }
            (Side::Forward, _) if self.gone.contains(key) => self.close_parts(&open)?,
            (Side::Forward, _) => self.not_begun(open, &reason)?,
        }
        Ok(())
    }

    fn not_begun(&mut self, open: Vec<Part>, reason: &str) -> Result<(), Error> {
        for (index, part) in open.into_iter().enumerate() {
            if index == 0 {
                let outcome = StepOutcome::Broken {
                    reason: reason.to_owned(),
                };
                self.step_ended(None, &part, &outcome, (Duration::ZERO, None))?;
            } else {
                self.record(Record::NotReached {
                    step: part.step,
                    attempt: part.attempt,
                })?;
            }
        }
        Ok(())
    }

    /// A host that cannot be reached ends the way forward, unless nobody is left to hear of the decision, or the deploy
    /// counts as done.
    pub(crate) fn out_of_reach(&mut self, host: HostName, reason: &str) -> Result<(), Error> {
        let next = self
            .plan
            .steps
            .iter()
            .find(|step| step.host == host && !is_settled(step, &self.state))
            .cloned();
        self.doubt.insert(host, reason.to_owned());
        let heard = self
            .plan
            .hosts
            .iter()
            .any(|host| self.is_well(&host.target.name));
        if let Some(step) = next.filter(|_| heard && self.state.undo.is_none() && !self.state.done)
        {
            self.fail(&step, reason)?;
        }
        Ok(())
    }
}
