//! From the settings in force to their typed form.
//!
//! Every value has been read by its kind before and every default is there, so nothing can fail here; what is absent is
//! absent on purpose. A test proves that each key of the table changes the result.

mod health;
mod technology;

pub(crate) use health::{STAYS, WITHIN};

use crate::value::{Data, Table, Value};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;
use windlass_model::plan::{DeployKind, JobLimits};
use windlass_model::rollout::{OnFailure, RolloutSettings};
use windlass_model::settings::{
    AgeSettings, Hook, HostKeyPolicy, OnTerm, SecretReference, Settings, SourceKind, SshAgent,
    SshSettings, Task,
};
use windlass_model::{Environment, TaskName};

/// The typed settings of a merged and filled table.
pub(crate) fn settings(table: &Table, stage: &str) -> Settings {
    let view = View(table);
    Settings {
        application: view.text("application").unwrap_or_default(),
        source: source(view.word("source")),
        repository: view.text("repository"),
        branch: view.text("branch").unwrap_or_default(),
        subtree: view.path("subtree"),
        depth: view.number("depth"),
        submodules: view.truth("submodules"),
        git_lfs: view.truth("git_lfs"),
        repository_host_keys: view.texts("repository_host_keys"),
        deploy_to: trimmed(view.word("deploy_to")),
        shared_deploy_to: view.truth("shared_deploy_to"),
        keep_releases: view.number("keep_releases").unwrap_or_default(),
        linked_files: view.paths("linked_files"),
        linked_dirs: view.paths("linked_dirs"),
        recipes: view.texts("recipes"),
        ruby: technology::ruby(view.table("ruby")),
        bundler: technology::bundler(view.table("bundler")),
        rails: technology::rails(view.table("rails")),
        path: view.texts("path"),
        env: view.variables("env"),
        secrets: view.secrets(),
        age: age(view.table("age")),
        shell: view.words("shell"),
        umask: view.text("umask"),
        restart: view.variables("restart"),
        health: view.of_stage("health", stage).map(health::check).collect(),
        tasks: view.of_stage("tasks", stage).map(task).collect(),
        rollout: rollout(view.table("rollout")),
        limits: view.limits(),
        confirm: view.truth("confirm"),
        on_term: on_term(view.word("on_term")),
        ssh: ssh(view.table("ssh")),
    }
}

fn source(word: &str) -> SourceKind {
    match word {
        "git" => SourceKind::Git,
        _ => SourceKind::Push,
    }
}

fn on_term(word: &str) -> OnTerm {
    match word {
        "cancel" => OnTerm::Cancel,
        _ => OnTerm::Park,
    }
}

fn age(view: View<'_>) -> AgeSettings {
    AgeSettings {
        identities: view.texts("identities"),
    }
}

fn rollout(view: View<'_>) -> RolloutSettings {
    let batches = view.items("batches").iter();
    RolloutSettings {
        batches: batches
            .filter_map(|value| match value.data {
                Data::Reach(reach) => Some(reach),
                _ => None,
            })
            .collect(),
        pause: view.duration("pause").unwrap_or_default(),
        max_failures: view.number("max_failures").unwrap_or_default(),
        on_failure: OnFailure::parse(view.word("on_failure")).unwrap_or_default(),
    }
}

fn ssh(view: View<'_>) -> SshSettings {
    SshSettings {
        user: view.text("user"),
        port: view.number("port"),
        config: view.text("config"),
        identities: view.texts("identities"),
        certificates: view.texts("certificates"),
        agent: match view.data("agent") {
            Some(Data::Boolean(false)) => SshAgent::Off,
            Some(Data::Text(socket)) => SshAgent::Socket(socket.clone()),
            _ => SshAgent::Usual,
        },
        known_hosts: view.texts("known_hosts"),
        host_keys: match view.word("host_keys") {
            "accept-new" => HostKeyPolicy::AcceptNew,
            _ => HostKeyPolicy::Strict,
        },
        // The default is not a choice of anybody's: ssh_config goes before it.
        keepalive_interval: view
            .said("keepalive_interval")
            .then(|| view.duration("keepalive_interval"))
            .flatten(),
        keepalive_count: view
            .said("keepalive_count")
            .then(|| view.number("keepalive_count").and_then(NonZeroU32::new))
            .flatten(),
        connect_for: view.duration("connect_for").unwrap_or_default(),
        reconnect_for: view.duration("reconnect_for").unwrap_or_default(),
        forward_agent: view.truth("forward_agent"),
        jump: view.texts("jump"),
        proxy_command: view.text("proxy_command"),
    }
}

fn task(view: View<'_>) -> Task {
    let after = view.text("after").map(Hook::After);
    Task {
        name: TaskName::new(view.word("name")),
        run: view.text("run").unwrap_or_default(),
        roles: view.texts("roles"),
        hosts: view.texts("hosts"),
        hook: after.or_else(|| view.text("before").map(Hook::Before)),
        undo: view.text("undo"),
        once: view.truth("once"),
        local: view.truth("local"),
        on: view.kinds_of_run(),
        env: view.variables("env"),
        dir: view.text("dir"),
        when: view.text("when"),
        timeout: view.duration("timeout"),
        idle_timeout: view.duration("idle_timeout"),
        retries: view.number("retries").unwrap_or_default(),
        repeatable: view.truth("repeatable"),
        shell: view.words("shell"),
        pty: view.truth("pty"),
        sudo: match view.data("sudo") {
            Some(Data::Boolean(true)) => Some("root".to_owned()),
            Some(Data::Verbatim(user)) => Some(user.clone()),
            _ => None,
        },
    }
}

/// A table whose values are known to have their types.
#[derive(Clone, Copy)]
struct View<'t>(&'t Table);

static EMPTY: Table = Table::new();

impl<'t> View<'t> {
    fn data(self, name: &str) -> Option<&'t Data> {
        self.0.get(name).map(|entry| &entry.value.data)
    }

    /// Whether somebody said it, rather than nobody.
    fn said(self, name: &str) -> bool {
        self.0
            .get(name)
            .is_some_and(|entry| entry.value.place().is_some())
    }

    fn table(self, name: &str) -> Self {
        match self.data(name) {
            Some(Data::Table(table)) => Self(table),
            _ => Self(&EMPTY),
        }
    }

    fn word(self, name: &str) -> &'t str {
        self.data(name).map_or("", text_of)
    }

    fn text(self, name: &str) -> Option<String> {
        self.data(name).map(|data| text_of(data).to_owned())
    }

    fn words(self, name: &str) -> Vec<String> {
        self.word(name)
            .split_whitespace()
            .map(str::to_owned)
            .collect()
    }

    fn items(self, name: &str) -> &'t [Value] {
        match self.data(name) {
            Some(Data::List(values)) => values,
            _ => &[],
        }
    }

    fn texts(self, name: &str) -> Vec<String> {
        let values = self.items(name).iter();
        values
            .map(|value| text_of(&value.data).to_owned())
            .collect()
    }

    fn path(self, name: &str) -> Option<String> {
        self.text(name).map(|path| trimmed(&path))
    }

    fn paths(self, name: &str) -> Vec<String> {
        let mut paths = Vec::new();
        for path in self.texts(name) {
            let path = trimmed(&path);
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        paths
    }

    fn number<N: TryFrom<i64>>(self, name: &str) -> Option<N> {
        match self.data(name) {
            Some(Data::Integer(number)) => N::try_from(*number).ok(),
            _ => None,
        }
    }

    fn truth(self, name: &str) -> bool {
        matches!(self.data(name), Some(Data::Boolean(true)))
    }

    fn duration(self, name: &str) -> Option<Duration> {
        match self.data(name) {
            Some(Data::Duration(duration)) => Some(*duration),
            _ => None,
        }
    }

    fn variables(self, name: &str) -> Environment {
        let entries = self.table(name).0.iter();
        entries
            .map(|(name, entry)| (name.clone(), text_of(&entry.value.data).to_owned()))
            .collect()
    }

    fn secrets(self) -> BTreeMap<String, SecretReference> {
        let entries = self.table("secrets").0.iter();
        entries
            .filter_map(|(name, entry)| match &entry.value.data {
                Data::Secret(reference) => Some((name.clone(), reference.clone())),
                _ => None,
            })
            .collect()
    }

    fn limits(self) -> JobLimits {
        JobLimits {
            pulse_interval: self.duration("pulse_interval").unwrap_or_default(),
            kill_after: self.duration("kill_after").unwrap_or_default(),
            output_limit: match self.data("output_limit") {
                Some(Data::Size(bytes)) => *bytes,
                _ => JobLimits::default().output_limit,
            },
        }
    }

    /// The tables of a list that are for this stage, in the order of the file.
    fn of_stage(self, name: &str, stage: &str) -> impl Iterator<Item = Self> {
        let tables = self
            .items(name)
            .iter()
            .filter_map(|value| match &value.data {
                Data::Table(table) => Some(Self(table)),
                _ => None,
            });
        tables.filter(move |entry| {
            let stages = entry.texts("stages");
            stages.is_empty() || stages.iter().any(|name| name == stage)
        })
    }

    fn kinds_of_run(self) -> Vec<DeployKind> {
        let words = self.texts("on");
        if words.is_empty() {
            return vec![DeployKind::Deploy];
        }
        let kinds = [
            ("deploy", DeployKind::Deploy),
            ("rollback", DeployKind::Rollback),
        ];
        kinds
            .into_iter()
            .filter(|(word, _)| words.iter().any(|other| other == word))
            .map(|(_, kind)| kind)
            .collect()
    }
}

fn text_of(data: &Data) -> &str {
    match data {
        Data::Text(text) | Data::Verbatim(text) => text,
        _ => "",
    }
}

/// A path without slashes at its end.
fn trimmed(path: &str) -> String {
    path.trim_end_matches('/').to_owned()
}
