//! The hosts of a run: one session each, and the jobs on them.

mod questions;

use crate::context::Context;
use crate::error::{Failure, OrFail as _};
use crate::reach::{Contact, Reach, reach_failure};
use crate::world::World;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use windlass_engine::ssh::{Links, Objects, SshBackend};
use windlass_job::{Host, HostOptions};
use windlass_model::plan::JobLimits;
use windlass_model::settings::Settings;
use windlass_model::{Event, ExitCode, HostName, HostTarget, Plan, Secrets};
use windlass_source::Source;
use windlass_transport::{InMemory, Upload};

/// The hosts of a run.
pub(crate) struct Fleet {
    hosts: BTreeMap<HostName, Host>,
    links: Links,
    source: Option<Source>,
    scratch: std::path::PathBuf,
    project: std::path::PathBuf,
}

/// A host that is to be reached, with the settings in force on it.
pub(crate) type Wanted = (HostTarget, Arc<Settings>);

/// Hosts, and those that were not reached, each with the reason.
pub(crate) type Contacted = (Fleet, Vec<(HostName, Failure)>);

impl Fleet {
    /// Connects to all hosts of the stage side by side. One that cannot be reached ends it, before anything is changed
    /// anywhere.
    pub(crate) async fn open(
        world: &World,
        context: &Context,
        events: &UnboundedSender<Event>,
    ) -> Result<Self, Failure> {
        let limits = &context.inventory.settings.limits;
        Self::connect(world, context.wanted(), limits, events).await
    }

    /// Takes up the hosts of a deploy that was begun earlier; none of them needs to be there now.
    pub(crate) async fn take_up(
        world: &World,
        wanted: Vec<Wanted>,
        plan: &Plan,
        events: &UnboundedSender<Event>,
    ) -> Result<Self, Failure> {
        let taken_up = Self::contact(world, wanted, &plan.limits, events, Contact::Again);
        let fleet = Self::whole(taken_up.await?).await?;
        for host in plan.hosts.iter().filter(|host| host.user_manager) {
            if let Some(jobs) = fleet.host(&host.target.name) {
                jobs.start_through_user_manager();
            }
        }
        Ok(fleet)
    }

    fn without_hosts(world: &World, events: &UnboundedSender<Event>) -> Self {
        Self {
            hosts: BTreeMap::new(),
            links: Links::new(events.clone()),
            source: None,
            scratch: world.state_dir().join("scratch"),
            project: world.directory.clone(),
        }
    }

    /// Connects to these hosts; all that cannot be reached are named.
    pub(crate) async fn connect(
        world: &World,
        wanted: Vec<Wanted>,
        limits: &JobLimits,
        events: &UnboundedSender<Event>,
    ) -> Result<Self, Failure> {
        Self::whole(Self::try_connect(world, wanted, limits, events).await?).await
    }

    /// The hosts, or what is wrong with those that were not reached.
    pub(crate) async fn whole((fleet, failures): Contacted) -> Result<Self, Failure> {
        let failures = failures.into_iter().map(|(_, failure)| failure);
        let Some(failure) = failures.reduce(Failure::and) else {
            return Ok(fleet);
        };
        fleet.close().await;
        Err(failure)
    }

    /// Connects to as many as can be reached.
    pub(crate) async fn try_connect(
        world: &World,
        wanted: Vec<Wanted>,
        limits: &JobLimits,
        events: &UnboundedSender<Event>,
    ) -> Result<Contacted, Failure> {
        Self::contact(world, wanted, limits, events, Contact::First).await
    }

    /// Connects to as many as can be reached; that none can be is an error.
    pub(crate) async fn connect_any(
        world: &World,
        wanted: Vec<Wanted>,
        limits: &JobLimits,
        events: &UnboundedSender<Event>,
    ) -> Result<Contacted, Failure> {
        let (fleet, failures) = Self::try_connect(world, wanted, limits, events).await?;
        if !fleet.hosts.is_empty() {
            return Ok((fleet, failures));
        }
        let failures = failures.into_iter().map(|(_, failure)| failure);
        let none = || Failure::new(ExitCode::NoHost, "there is no host to reach");
        Err(failures.reduce(Failure::and).unwrap_or_else(none))
    }

    async fn contact(
        world: &World,
        wanted: Vec<Wanted>,
        limits: &JobLimits,
        events: &UnboundedSender<Event>,
        contact: Contact,
    ) -> Result<Contacted, Failure> {
        let reach = Arc::new(Reach::new(world));
        let mut fleet = Self::without_hosts(world, events);
        let seed = crate::prepare::random_hex(12)?;
        let mut set = JoinSet::new();
        for (target, settings) in wanted {
            let links = &fleet.links;
            let observer = links.observer(&target.name, settings.ssh.reconnect_for);
            let reach = Arc::clone(&reach);
            set.spawn(async move {
                let opened = reach.open(&target, &settings.ssh, observer, contact).await;
                (target, settings.ssh.forward_agent, opened)
            });
        }
        let mut failures = Vec::new();
        while let Some(joined) = set.join_next().await {
            let (target, forwards_agent, opened) = joined.or_fail(ExitCode::Internal)?;
            match opened {
                Ok(session) => {
                    let seed = format!("{seed}{:x}", fleet.hosts.len());
                    let options = HostOptions {
                        limits: limits.clone(),
                        forwards_agent,
                        ..HostOptions::default()
                    };
                    let host = Host::new(session, options, seed);
                    fleet.hosts.insert(target.name, host);
                }
                Err(error) => failures.push((target.name.clone(), reach_failure(&target, &error))),
            }
        }
        failures.sort_by(|one, other| one.0.cmp(&other.0));
        Ok((fleet, failures))
    }

    /// The host of this name, where it was reached.
    pub(crate) fn host(&self, name: &HostName) -> Option<&Host> {
        self.hosts.get(name)
    }

    /// Sends a file to hosts side by side, each at its path; gives the hosts on which it did not arrive, each with the
    /// reason. It has mode 0600 there.
    pub(crate) async fn send(
        &self,
        file: &Arc<InMemory>,
        to: Vec<(HostName, String)>,
    ) -> Vec<(HostName, String)> {
        let mut set = JoinSet::new();
        let mut failed = BTreeMap::new();
        for (name, to) in to {
            // Until it is known to have arrived.
            failed.insert(name.clone(), "it was not sent".to_owned());
            let Some(session) = self.hosts.get(&name).map(|host| host.session().clone()) else {
                continue;
            };
            let file = Arc::clone(file);
            set.spawn(async move {
                let upload = Upload {
                    to: &to,
                    mode: 0o600,
                    source: &mut &*file,
                };
                (name, session.upload(upload).await)
            });
        }
        while let Some(joined) = set.join_next().await {
            match joined {
                Ok((name, Ok(()))) => {
                    failed.remove(&name);
                }
                Ok((name, Err(error))) => {
                    let failure = Failure::from_error(ExitCode::Failed, &error);
                    failed.insert(name, questions::heard(failure.line(None).as_bytes()));
                }
                // A panic in one ends that one only.
                Err(error) => crate::screen::say(&format!("sending a file broke off: {error}")),
            }
        }
        failed.into_iter().collect()
    }

    /// The same fleet, ready to carry out a plan: with the repository that its pushes come from, and the directory in
    /// which local tasks run.
    #[must_use]
    pub(crate) fn carrying(mut self, source: Option<Source>, project: &std::path::Path) -> Self {
        self.source = source;
        project.clone_into(&mut self.project);
        self
    }

    /// What the engine works with.
    pub(crate) fn backend(&self, secrets: &Secrets) -> Arc<SshBackend> {
        let objects = Objects {
            source: self.source.clone(),
            scratch: self.scratch.clone(),
        };
        let (hosts, links) = (self.hosts.clone(), self.links.clone());
        Arc::new(SshBackend::new(
            hosts,
            links,
            objects,
            secrets.clone(),
            self.project.clone(),
        ))
    }

    /// Closes all connections.
    pub(crate) async fn close(&self) {
        let mut set = JoinSet::new();
        for host in self.hosts.values() {
            let session = host.session().clone();
            set.spawn(async move { session.close().await });
        }
        while set.join_next().await.is_some() {}
    }
}
