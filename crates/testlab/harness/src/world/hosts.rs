//! What happens to the hosts of a world and to the way there.

use super::World;
use tokio::sync::watch;
use windlass_model::{CommandEnd, HostName, JobKey};

impl World {
    /// Cuts a host off, or brings it back.
    pub fn reach(&self, host: &HostName, reachable: bool) {
        if let Some(link) = self.lock().links.get(host) {
            link.send_replace(reachable);
        }
    }

    /// Starts a host anew: what ran there is cut short.
    pub fn reboot(&self, host: &HostName) {
        let mut inner = self.lock();
        inner.boots.insert(host.clone(), "boot-2".to_owned());
        let cut: Vec<JobKey> = inner
            .jobs
            .iter()
            .filter(|(key, job)| &key.host == host && job.end.is_none())
            .map(|(key, _)| key.clone())
            .collect();
        for key in cut {
            inner.cut_short(&key, CommandEnd::Rebooted);
        }
    }

    /// Leaves the question for a host's boot without an answer, or answers it again.
    pub fn hide_boot(&self, host: &HostName, hidden: bool) {
        let mut inner = self.lock();
        if hidden {
            inner.hidden_boots.insert(host.clone());
        } else {
            inner.hidden_boots.remove(host);
        }
    }

    /// Lets nobody follow what runs on a host, although it can be reached; or lets them again.
    pub fn veil(&self, host: &HostName, veiled: bool) {
        let mut inner = self.lock();
        if veiled {
            inner.veiled.insert(host.clone());
        } else {
            inner.veiled.remove(host);
        }
    }

    pub(crate) fn is_veiled(&self, host: &HostName) -> bool {
        self.lock().veiled.contains(host)
    }

    pub(crate) fn hides_boot(&self, host: &HostName) -> bool {
        self.lock().hidden_boots.contains(host)
    }

    pub(crate) fn boot(&self, host: &HostName) -> String {
        self.lock().boots.get(host).cloned().unwrap_or_default()
    }

    pub(crate) fn link(&self, host: &HostName) -> Option<watch::Receiver<bool>> {
        self.lock().links.get(host).map(watch::Sender::subscribe)
    }
}
