//! What is fixed for a whole run and what recipes may know: the release, the hosts with their paths, the settings.

use crate::environment::deploy_variables;
use crate::error::Error;
use crate::release_name::next_release;
use crate::request::{Request, Run, Wanted};
use crate::rollback::rollback_target;
use std::collections::BTreeMap;
use windlass_facts::{Begun, Current, HostFacts, RemoteFacts};
use windlass_model::inventory::Host;
use windlass_model::layout::Layout;
use windlass_model::settings::{Settings, SourceKind};
use windlass_model::{Command, DeployKind, Environment, HostName, ReleaseName, Revision};

/// What is fixed for a whole run.
pub struct Scope<'a> {
    /// What the plan is made from.
    pub request: &'a Request<'a>,
    /// The release to be published.
    pub release: ReleaseName,
    /// Its revision.
    pub revision: Option<Revision>,
    /// First line of the commit's message.
    pub subject: Option<String>,
    /// The hosts, in the order of the inventory.
    pub hosts: Vec<ScopeHost<'a>>,
    on_demand: bool,
}

/// A host with its settings, facts and paths.
pub struct ScopeHost<'a> {
    /// Where it is, what it is for, its settings.
    pub host: &'a Host,
    /// What it looks like.
    pub facts: &'a HostFacts,
    /// The paths below its deploy root.
    pub layout: Layout,
    /// Whether file steps are done here: releases are made on it, and it stands for its deploy root.
    pub files: bool,
    /// Whether another host of the plan stands for its deploy root.
    pub shares_root: bool,
}

impl<'a> Scope<'a> {
    /// Fixes release and revision, and gives every host its facts and paths.
    pub fn new(request: &'a Request<'a>) -> Result<Self, Error> {
        let hosts = hosts(request)?;
        let (release, revision, subject) = match &request.run {
            Run::Deploy { wanted, .. } => {
                let wanted = wanted.clone().or_else(|| resolved_by_host(request));
                let release = next_release(request.now, request.facts.values());
                let subject = wanted.as_ref().and_then(|wanted| wanted.subject.clone());
                (release, wanted.map(|wanted| wanted.revision), subject)
            }
            Run::Rollback { to } => {
                let target = rollback_target(&hosts, to.as_ref())?;
                (target.release, target.revision, None)
            }
        };
        Ok(Self {
            request,
            release,
            revision,
            subject,
            hosts,
            on_demand: false,
        })
    }

    /// The scope of a task that runs on demand, in whatever is live on each host.
    pub(crate) fn on_demand(request: &'a Request<'a>) -> Result<Self, Error> {
        let hosts = hosts(request)?;
        let revision = hosts
            .iter()
            .find_map(|host| host.facts.live_revision.clone());
        Ok(Self {
            request,
            release: ReleaseName::new("current"),
            revision,
            subject: None,
            hosts,
            on_demand: true,
        })
    }

    /// The directory that commands of the user's are about: the release, or `current` for a task on demand.
    pub fn release_path(&self, host: &ScopeHost<'_>) -> String {
        if self.on_demand {
            return host.layout.current();
        }
        host.layout.release(&self.release)
    }

    /// The hosts that stand for a deploy root: one for each, however many share it.
    pub fn root_keepers(&self) -> impl Iterator<Item = &ScopeHost<'a>> {
        self.hosts.iter().filter(|host| !host.shares_root)
    }

    /// The hosts on which file steps are done.
    pub fn file_hosts(&self) -> impl Iterator<Item = &ScopeHost<'a>> {
        self.hosts.iter().filter(|host| host.files)
    }

    /// The host with this name.
    pub fn host(&self, name: &HostName) -> Option<&ScopeHost<'a>> {
        self.hosts.iter().find(|host| host.name() == name)
    }

    /// What people call the thing that is deployed; none for a rollback.
    pub fn name(&self) -> Option<&'a str> {
        match &self.request.run {
            Run::Deploy { name, .. } => Some(name),
            Run::Rollback { .. } => None,
        }
    }

    /// Deploy or rollback.
    pub fn kind(&self) -> DeployKind {
        self.request.kind()
    }

    /// A command of our own on a host: the settings' variables and PATH, no secret, `sh -e`.
    pub fn own(&self, host: &ScopeHost<'_>, script: impl Into<String>) -> Command {
        let settings = host.settings();
        Command {
            script: script.into(),
            env: settings.env.clone(),
            path: settings.path.clone(),
            umask: settings.umask.clone(),
            ..Command::default()
        }
    }

    /// A command of the user's on a host: all of the settings' surroundings, those of the recipes and the `DEPLOY_`
    /// variables, in the release.
    pub fn users(&self, host: &ScopeHost<'_>, script: impl Into<String>) -> Command {
        let settings = host.settings();
        let (mut path, mut env) = (settings.path.clone(), Environment::new());
        for recipe in self.request.recipes {
            let around = recipe.surroundings(host);
            path.extend(around.path);
            env.extend(around.env);
        }
        env.extend(settings.env.clone());
        env.extend(deploy_variables(self, host, &self.release_path(host)));
        Command {
            script: script.into(),
            shell: settings.shell.clone(),
            dir: host.release().then(|| self.release_path(host)),
            env,
            path,
            secrets: settings.secrets.keys().cloned().collect(),
            umask: settings.umask.clone(),
            ..Command::default()
        }
    }
}

impl<'a> ScopeHost<'a> {
    /// Its name.
    pub fn name(&self) -> &'a HostName {
        &self.host.target.name
    }

    /// The settings in force on it.
    pub fn settings(&self) -> &'a Settings {
        &self.host.settings
    }

    /// Whether it has one of these roles; no roles mean all hosts.
    pub fn has_role(&self, roles: &[String]) -> bool {
        let own = &self.host.target.roles;
        roles.is_empty() || own.iter().any(|role| roles.contains(role))
    }

    /// Whether releases are made on it.
    pub fn release(&self) -> bool {
        self.host.target.release
    }

    /// The number of the deploy at this root; before it is begun, the number that it would get.
    pub fn fence(&self) -> u64 {
        match self.facts.begun {
            Begun::Begun { fence } => fence,
            _ => self.facts.fence.saturating_add(1),
        }
    }

    /// Where `current` points, verbatim.
    pub fn previous_target(&self) -> Option<&'a str> {
        match &self.facts.current {
            Current::Link { target } => Some(target),
            _ => None,
        }
    }
}

fn hosts<'a>(request: &'a Request<'a>) -> Result<Vec<ScopeHost<'a>>, Error> {
    if request.inventory.hosts.is_empty() {
        return Err(Error::NoHost);
    }
    let keepers = keepers(request);
    let mut hosts = Vec::new();
    for host in &request.inventory.hosts {
        let name = &host.target.name;
        let facts = request
            .facts
            .get(name)
            .ok_or_else(|| Error::NoFacts { host: name.clone() })?;
        let keeper = facts.root_id.as_ref().and_then(|id| keepers.get(id));
        let keeps = keeper.is_none_or(|keeper| *keeper == name);
        hosts.push(ScopeHost {
            host,
            facts,
            layout: Layout::new(&facts.root.path),
            files: host.target.release && keeps,
            shares_root: !keeps,
        });
    }
    Ok(hosts)
}

/// The host that stands for each deploy root, by the root's id: the first on which releases are made, else the first.
fn keepers<'a>(request: &'a Request<'a>) -> BTreeMap<&'a String, &'a HostName> {
    let hosts = &request.inventory.hosts;
    let releases = hosts.iter().filter(|host| host.target.release);
    let mut keepers = BTreeMap::new();
    for host in releases.chain(hosts) {
        let name = &host.target.name;
        let facts = request.facts.get(name);
        if let Some(id) = facts.and_then(|facts| facts.root_id.as_ref()) {
            keepers.entry(id).or_insert(name);
        }
    }
    keepers
}

/// Source `git`: the revision that the first host found in the repository.
fn resolved_by_host(request: &Request<'_>) -> Option<Wanted> {
    if request.inventory.settings.source != SourceKind::Git {
        return None;
    }
    request.inventory.hosts.iter().find_map(|host| {
        match request.facts.get(&host.target.name)?.remote.as_ref()? {
            RemoteFacts::Found { revision } => Some(Wanted {
                revision: revision.clone(),
                subject: None,
            }),
            _ => None,
        }
    })
}
