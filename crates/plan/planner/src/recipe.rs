//! What a recipe is to the planner: a name, and tasks with their places and their steps.

use crate::plan::Note;
use crate::scope::{Scope, ScopeHost};
use windlass_facts::HostFacts;
use windlass_model::changes::Watch;
use windlass_model::inventory::Host;
use windlass_model::overview::Removal;
use windlass_model::plan::Phase;
use windlass_model::{Action, Command, Environment, HostName, Settings, TaskName, Undo};

/// The tasks of one technology.
pub trait Recipe: Send + Sync {
    /// The recipe's name, as settings use it.
    fn name(&self) -> &'static str;

    /// Its tasks for this run, in the order in which they stand in their phases.
    ///
    /// A task without steps is given all the same: other tasks may stand before or after it.
    fn tasks(&self, scope: &Scope<'_>) -> Vec<TaskSpec>;

    /// What it puts around the commands of people on a host; the settings' own words come after it and win.
    fn surroundings(&self, _host: &ScopeHost<'_>) -> Surroundings {
        Surroundings::default()
    }

    /// What it needs on a host and does not find there: a deploy does not begin.
    fn lacks(&self, _host: &Host, _facts: &HostFacts) -> Vec<Lack> {
        Vec::new()
    }

    /// What a person should know of this run beside the tasks, such as a task that has no host.
    fn notes(&self, _scope: &Scope<'_>) -> Vec<Note> {
        Vec::new()
    }

    /// Paths of the release that are worth a look before a deploy: what differs there means work.
    fn watches(&self, _settings: &Settings) -> Vec<Watch> {
        Vec::new()
    }

    /// What of older releases the run removes on a host, and what stays.
    fn removes(&self, _scope: &Scope<'_>, _host: &ScopeHost<'_>) -> Option<Removal> {
        None
    }

    /// The command that ends the deploy on a host after everything was undone, from the recipe that keeps the lock; none
    /// where another host does it for the deploy root that they share.
    fn unlock_after_undo(&self, _scope: &Scope<'_>, _host: &ScopeHost<'_>) -> Option<Command> {
        None
    }
}

/// What is around a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Directories that come before the login's PATH, after those of the settings.
    pub path: Vec<String>,
    /// Variables.
    pub env: Environment,
}

/// What a host does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// What it is, as a sentence of its own.
    pub what: String,
    /// How it comes to be there, or how to do without.
    pub hint: String,
}

/// A task with its place and its steps.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskSpec {
    /// Its name.
    pub name: TaskName,
    /// Where it stands.
    pub place: Place,
    /// Whether hosts wait for each other before it.
    pub barrier: Barrier,
    /// Whether no host goes on with tasks of people before it has ended well on every host.
    pub gate: bool,
    /// Whether it runs on one host for all.
    pub once: bool,
    /// What it does, host by host.
    pub drafts: Vec<Draft>,
}

/// Where a task stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a phase, after the tasks given before.
    In(Phase),
    /// Right before a phase or task.
    Before(String),
    /// Right after a phase or task.
    After(String),
    /// Nowhere; only on demand.
    Nowhere,
}

/// Whether the hosts wait for each other before a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barrier {
    /// They do not.
    Never,
    /// They do.
    Always,
    /// They do where the tasks since the last barrier ran on other hosts than this one: then a task may count on what
    /// those did, as it could if all tasks ran one after the other.
    WhereHostsDiffer,
}

/// One task on one host, before it is a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The host.
    pub host: HostName,
    /// What is done.
    pub action: Action,
    /// What reverses it.
    pub undo: Undo,
    /// How often it may be tried again.
    pub retries: u32,
    /// Whether it may be repeated without harm.
    pub repeatable: bool,
    /// Whether its failure is only a warning.
    pub advisory: bool,
    /// The command on one line, for people.
    pub show: String,
}

impl TaskSpec {
    /// A task in a phase that waits for nobody.
    pub fn new(name: &str, phase: Phase) -> Self {
        Self {
            name: TaskName::new(name),
            place: Place::In(phase),
            barrier: Barrier::Never,
            gate: false,
            once: false,
            drafts: Vec::new(),
        }
    }

    /// The same, with all hosts waiting for each other before it.
    #[must_use]
    pub fn after_all(mut self) -> Self {
        self.barrier = Barrier::Always;
        self
    }

    /// The same, run on one host for all.
    #[must_use]
    pub fn for_all(mut self) -> Self {
        self.once = true;
        self
    }

    /// The same with these steps.
    #[must_use]
    pub fn with(mut self, drafts: impl IntoIterator<Item = Draft>) -> Self {
        self.drafts.extend(drafts);
        self
    }
}

impl Draft {
    /// A command of ours on a host. What reverses it must be said.
    pub fn command(host: &HostName, command: Command, undo: Undo, show: impl Into<String>) -> Self {
        Self {
            host: host.clone(),
            action: Action::Command { command },
            undo,
            retries: 0,
            repeatable: false,
            advisory: false,
            show: show.into(),
        }
    }

    /// The same, known to do no harm when repeated.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// The same, its failure being only a warning.
    #[must_use]
    pub fn advisory(mut self) -> Self {
        self.advisory = true;
        self
    }
}
