//! What a failure comes to: everything is undone, or finished batches keep the release, or a person is waited for. And the
//! pauses between batches, which exist for the sake of failures.

use crate::Control;
use crate::dispatcher::{Dispatcher, Turn};
use crate::error::Error;
use crate::flight::Part;
use crate::schedule::is_settled;
use std::collections::BTreeMap;
use std::time::Duration;
use windlass_journal::{Attempt, Decision, Record};
use windlass_model::clock::Timestamp;
use windlass_model::plan::PlanHost;
use windlass_model::rollout::OnFailure;
use windlass_model::{Action, EventBody, HostName, Plan, Step, StepId};

/// When each pause began, by the last record that says so.
pub(crate) fn pauses(plan: &Plan, records: &[(Timestamp, Record)]) -> BTreeMap<StepId, Timestamp> {
    let begun = records.iter().filter_map(|(at, record)| match record {
        Record::Intent { step, .. } => Some((step, *at)),
        _ => None,
    });
    let is_pause = |step: &Step| matches!(step.action, Action::Pause { .. });
    begun
        .filter(|(step, _)| plan.step(step).is_some_and(is_pause))
        .map(|(step, at)| (step.clone(), at))
        .collect()
}

/// What a person wants who cancels.
fn undo_everything() -> Decision {
    Decision::Undo {
        reason: "cancelled".to_owned(),
        failed: None,
        cancelled: true,
        kept: Vec::new(),
    }
}

impl Dispatcher {
    /// How long is still to be waited: nobody waits twice because an engine was stopped in between.
    pub(crate) fn left_of(&self, step: &Step, length: Duration) -> Duration {
        let is_open = self.state.step(&step.id).is_some_and(Attempt::is_open);
        let since = self.waiting_since.get(&step.id).filter(|_| is_open);
        since.map_or(length, |since| {
            length.saturating_sub(self.run.clock.now().since(*since))
        })
    }

    /// The decision that answers a failure or a cancel. What a person wants goes before what settings say of failures.
    pub(crate) fn answer(
        &self,
        reason: String,
        failed: Option<StepId>,
        cancelled: bool,
    ) -> Decision {
        let wanted = self.plan.on_failure;
        if wanted != OnFailure::UndoAll && (cancelled || self.wanted() == Control::Cancel) {
            return undo_everything();
        }
        match wanted {
            OnFailure::Pause => Decision::Pause { reason, failed },
            OnFailure::UndoAll | OnFailure::Stop => Decision::Undo {
                reason,
                failed,
                cancelled,
                kept: self.finished_hosts(),
            },
        }
    }

    /// The hosts that keep the release when a failure stops the deploy: those of finished batches, and with them the hosts
    /// on which nothing is published, since what was done there is needed by the others.
    fn finished_hosts(&self) -> Vec<HostName> {
        if self.plan.on_failure != OnFailure::Stop {
            return Vec::new();
        }
        let unfinished = |step: &&Step| step.batch.is_some() && !is_settled(step, &self.state);
        let steps = self.plan.steps.iter();
        let first = steps.filter(unfinished).filter_map(|step| step.batch).min();
        let finished = first.unwrap_or_else(|| self.plan.batches());
        let batches = self.plan.hosts_in_batches();
        let is_finished =
            |host: &HostName| batches.get(host).copied().unwrap_or_default() < finished;
        self.others().filter(|host| is_finished(host)).collect()
    }

    /// The hosts that did not fail by themselves.
    fn others(&self) -> impl Iterator<Item = HostName> {
        let hosts = self.plan.hosts.iter().map(|host| &host.target.name);
        hosts
            .filter(|host| !self.state.spared.contains_key(*host))
            .cloned()
    }

    /// Whether the deploy may go on without the host of a step that failed. Not without the primary of a role, or what runs
    /// once would run nowhere; not without one of several hosts that have one `current`.
    pub(crate) fn may_be_spared(&self, step: &Step) -> bool {
        let spared = &self.state.spared;
        if spared.contains_key(&step.host) {
            return true;
        }
        let room = spared.len() < usize::try_from(self.plan.max_failures).unwrap_or(usize::MAX);
        let alone = |own: &PlanHost| {
            let mut hosts = self.plan.hosts.iter();
            let twin = hosts
                .any(|host| host.target.name != own.target.name && host.root_id == own.root_id);
            own.target.primary.is_empty() && (own.root_id.is_empty() || !twin)
        };
        let open = self.state.undo.is_none() && !self.state.done && !self.draining;
        let local = matches!(step.action, Action::Local { .. });
        let out = step.batch.is_some() && !local;
        room && open && out && self.plan.host(&step.host).is_some_and(alone)
    }

    /// Goes on without a host.
    pub(crate) fn spare(&mut self, step: &Step, how: &str) -> Result<(), Error> {
        let (host, reason) = (step.host.clone(), format!("{}: {how}", step.task));
        self.batch.tell(EventBody::Warning {
            host: Some(host.clone()),
            message: format!(
                "{reason}; the others go on, and it is put back when they are through"
            ),
            hint: None,
        });
        self.record(Record::Decision(Decision::Spare { host, reason }))
    }

    /// The decision at the end of a deploy that went on without hosts.
    pub(crate) fn put_back(&self) -> Decision {
        if self.wanted() == Control::Cancel {
            return undo_everything();
        }
        let failed = self.state.spared.iter();
        let failed: Vec<String> = failed
            .map(|(host, reason)| format!("{reason} on {host}"))
            .collect();
        Decision::Undo {
            reason: format!("{}; the others keep the release", failed.join("; ")),
            failed: None,
            cancelled: false,
            kept: self.others().collect(),
        }
    }

    /// Whether all that were gone on with keep the release, as it should be.
    pub(crate) fn all_others_keep(&self) -> bool {
        self.others().all(|host| self.keeps(&host))
    }

    /// Whether a person must say how to go on before anything is done.
    pub(crate) fn is_paused(&self) -> bool {
        self.state.paused.is_some() && self.wanted() != Control::Cancel
    }

    /// Whether a failure is to be left to a person, and something still runs: it comes to its end first, so that the person
    /// sees how everything stands.
    pub(crate) fn comes_to_rest(&mut self) -> Result<bool, Error> {
        let failed = matches!(
            self.turn,
            Some(Turn::Undo {
                cancelled: false,
                ..
            })
        );
        if !failed || self.plan.on_failure != OnFailure::Pause || self.wanted() != Control::Go {
            return Ok(false);
        }
        // Once: what cannot be followed is no reason to try for ever.
        if !std::mem::replace(&mut self.resting, true) {
            self.take_up_orphans()?;
        }
        Ok(!self.is_quiet())
    }

    /// Whether a host keeps the release although others are undone.
    pub(crate) fn keeps(&self, host: &HostName) -> bool {
        self.state.kept().contains(host)
    }

    /// Whether these are the last steps of a host that keeps the release: they go on beside the undo of others.
    pub(crate) fn is_last_word(&self, host: &HostName, parts: &[Part]) -> bool {
        let is_last = |part: &Part| self.plan.step(&part.step).is_some_and(Plan::is_last_word);
        self.keeps(host) && parts.iter().all(is_last)
    }

    /// Starts what a host that keeps the release still has to do.
    pub(crate) fn finish_next(&mut self, host: &HostName) -> Result<(), Error> {
        if !self.is_well(host) || self.is_busy(host) {
            return Ok(());
        }
        let plan = self.plan.clone();
        let own = plan.steps.iter().filter(|step| &step.host == host);
        let left: Vec<&Step> = own
            .filter(|step| Plan::is_last_word(step) && !is_settled(step, &self.state))
            .take_while(|step| matches!(step.action, Action::Command { .. }))
            .collect();
        let is_open = |step: &&Step| self.state.step(&step.id).is_some_and(Attempt::is_open);
        if left.iter().any(is_open) {
            return Ok(());
        }
        self.next_unit(&left)
            .map_or(Ok(()), |unit| self.intend(unit))
    }
}
