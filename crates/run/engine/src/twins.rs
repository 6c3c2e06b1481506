//! Hosts that share a deploy root. For the way back they are one: nothing is undone there while one of them still works,
//! undos run in reverse order over all of them, and the lock is freed when all are through.

use crate::dispatcher::Dispatcher;
use crate::flight::Side;
use windlass_journal::Attempt;
use windlass_model::{HostName, Step};

/// What the other hosts at a deploy root do.
pub(crate) enum Twins {
    /// Nothing that goes forward.
    AtRest,
    /// Something, which will be told to end.
    AtWork,
    /// This one cannot be asked what became of a step of its.
    Unknown(HostName),
}

impl Dispatcher {
    /// The other hosts at the deploy root of a host.
    fn twins<'a>(&'a self, host: &HostName) -> impl Iterator<Item = &'a HostName> + use<'a> {
        let own = self.plan.host(host);
        let root = own.map(|own| own.root_id.as_str()).unwrap_or_default();
        let twins = self.plan.hosts.iter().filter(move |other| {
            !root.is_empty()
                && other.root_id == root
                && own.is_some_and(|own| own.target.name != other.target.name)
        });
        twins.map(|twin| &twin.target.name)
    }

    /// What the other hosts at the deploy root of a host do.
    pub(crate) fn twins_of(&self, host: &HostName) -> Twins {
        for twin in self.twins(host) {
            let mut flights = self.flights.values();
            let works = flights.any(|flight| flight.side == Side::Forward && &flight.host == twin)
                || self.stopping.values().any(|busy| busy == twin);
            let is_open = |step: &Step| self.state.step(&step.id).is_some_and(Attempt::is_open);
            let open = self
                .plan
                .steps
                .iter()
                .any(|step| &step.host == twin && is_open(step));
            match (works || open, self.is_well(twin)) {
                (false, _) => {}
                (true, true) => return Twins::AtWork,
                (true, false) => return Twins::Unknown(twin.clone()),
            }
        }
        Twins::AtRest
    }

    /// Where in the plan the last step of another host at the root stands that is still to be undone; what comes before it
    /// has to wait.
    pub(crate) fn undone_before(&self, host: &HostName) -> Option<usize> {
        let twins: Vec<&HostName> = self.twins(host).collect();
        self.plan
            .steps
            .iter()
            .rposition(|step| twins.contains(&&step.host) && self.is_to_be_undone(step))
    }

    /// Whether nothing is under way or unsettled at the root any more, and every undo went well.
    pub(crate) fn is_root_settled(&self, host: &HostName) -> bool {
        let failed_at = |at: &HostName| {
            let mut failed = self.undo_failed.iter().filter_map(|id| self.plan.step(id));
            failed.any(|step| &step.host == at)
        };
        let own = std::iter::once(host);
        own.chain(self.twins(host))
            .all(|at| self.is_well(at) && !self.is_busy(at) && !failed_at(at))
    }
}
