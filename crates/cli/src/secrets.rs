//! The secrets of a run: which host's commands may see which, and the values, asked for once.
//!
//! They are asked for before any host is, and only those that a chosen host may need: whoever deploys to `web` alone needs
//! none of `worker`. The engine of a detached deploy is given them through its standard input, so that nobody is asked
//! a second time in a process that has no terminal.

use crate::context::Context;
use crate::error::Failure;
use crate::fleet::Wanted;
use crate::screen::{has_terminal, say};
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::Duration;
use windlass_model::settings::SecretReference;
use windlass_model::{
    Action, Command, ExitCode, HostName, HostTarget, Plan, Secret, Secrets, Step, StepId, Undo,
};
use windlass_secrets::{Around, Error};

/// How long a command that gives a secret may take, the person who unlocks something included.
const LIMIT: Duration = Duration::from_secs(120);

/// The names of the secrets that commands on each host were given.
pub(crate) type Named = BTreeMap<HostName, BTreeSet<String>>;

impl Context {
    /// The values of all secrets of the chosen hosts.
    pub(crate) async fn secrets(&self, world: &World) -> Result<Secrets, Failure> {
        let found = self.read_secrets(world).await;
        found.map_err(|errors| failure(&errors))
    }

    /// The same, with what is missing one by one.
    pub(crate) async fn read_secrets(&self, world: &World) -> Result<Secrets, Vec<Error>> {
        self.resolved(world, self.wanted_secrets(|_| true)).await
    }

    /// The values of the secrets that one task may need. A recipe's task may be for any host.
    pub(crate) async fn secrets_of(&self, world: &World, task: &str) -> Result<Secrets, Failure> {
        let mut tasks = self.inventory.settings.tasks.iter();
        let task = tasks.find(|other| other.name.as_str() == task);
        let is_for = |host: &HostTarget| task.is_none_or(|task| task.is_for(host));
        let found = self.resolved(world, self.wanted_secrets(is_for)).await;
        found.map_err(|errors| failure(&errors))
    }

    fn wanted_secrets(
        &self,
        may_see: impl Fn(&HostTarget) -> bool,
    ) -> Vec<windlass_secrets::Wanted> {
        let hosts = self.inventory.hosts.iter();
        hosts
            .filter(|host| may_see(&host.target))
            .map(|host| (host.target.name.clone(), host.settings.secrets.clone()))
            .collect()
    }

    /// The values of the secrets that commands were given earlier, on hosts with the settings of today. Without those that
    /// are `needed` a command could not go on; the `others` are only masked, and only where nothing has to be asked for them.
    pub(crate) async fn secrets_named(
        &self,
        world: &World,
        hosts: &[Wanted],
        needed: &Named,
        others: &Named,
    ) -> Result<Secrets, Failure> {
        let mut wanted = Vec::new();
        for (target, settings) in hosts {
            let mut references = BTreeMap::new();
            for name in others.get(&target.name).into_iter().flatten() {
                let today = settings.secrets.get(name);
                let at_hand = today.filter(|reference| is_at_hand(world, reference));
                references.extend(at_hand.map(|reference| (name.clone(), reference.clone())));
            }
            for name in needed.get(&target.name).into_iter().flatten() {
                let today = settings.secrets.get(name);
                let reference = today.ok_or_else(|| gone(&target.name, name))?;
                references.insert(name.clone(), reference.clone());
            }
            wanted.push((target.name.clone(), references));
        }
        let found = self.resolved(world, wanted).await;
        found.map_err(|errors| failure(&errors))
    }

    async fn resolved(
        &self,
        world: &World,
        wanted: Vec<windlass_secrets::Wanted>,
    ) -> Result<Secrets, Vec<Error>> {
        let around = Around {
            environment: &world.env,
            directory: &self.directory,
            home: &world.home(),
            identities: &self.inventory.settings.age.identities,
            interactive: world.interactive,
            terminal: has_terminal(),
            limit: LIMIT,
            tell: &|line| say(&windlass_reporter::visible_text(line)),
        };
        windlass_secrets::resolve(&wanted, &around).await
    }
}

/// Whether a value is there without a question to anybody.
fn is_at_hand(world: &World, reference: &SecretReference) -> bool {
    matches!(reference, SecretReference::FromEnv(name) if world.var(name).is_some())
}

fn gone(host: &HostName, name: &str) -> Failure {
    let text = format!(
        "commands on {host} were given the secret `{name}`, which windlass.toml does not have for it any more; without \
         its value they cannot go on, and their output cannot be masked"
    );
    Failure::new(ExitCode::Config, text).hint(format!(
        "put `{name}` back into [secrets] until this is over"
    ))
}

fn failure(errors: &[Error]) -> Failure {
    let failures = errors.iter().map(|error| {
        let failure = Failure::from_error(ExitCode::Config, error);
        error.hint().into_iter().fold(failure, Failure::hint)
    });
    let none = || Failure::new(ExitCode::Internal, "the secrets cannot be had");
    failures.reduce(Failure::and).unwrap_or_else(none)
}

/// The secrets that the commands of a plan were given.
pub(crate) fn named_in(plan: &Plan) -> Named {
    named(plan, done)
}

/// The secrets that the commands need which undo a plan.
pub(crate) fn named_in_undo(plan: &Plan) -> Named {
    named(plan, undone)
}

/// The steps whose commands were given a secret of which the value is not there, so that it cannot be masked.
pub(crate) fn not_masked(plan: &Plan, secrets: &Secrets) -> BTreeSet<StepId> {
    let steps = plan.steps.iter().filter(|step| {
        let there = secrets.of(&step.host);
        let is_there = |name: &String| there.iter().any(|(known, _)| known == name);
        let mut names = done(step).iter().flat_map(|command| &command.secrets);
        !names.all(is_there)
    });
    steps.map(|step| step.id.clone()).collect()
}

fn named(plan: &Plan, commands: impl Fn(&Step) -> &[Command]) -> Named {
    let mut named = Named::new();
    for step in &plan.steps {
        let of_host = named.entry(step.host.clone()).or_default();
        for command in commands(step) {
            of_host.extend(command.secrets.iter().cloned());
        }
    }
    named
}

fn done(step: &Step) -> &[Command] {
    match &step.action {
        Action::Command { command } | Action::Local { command } => std::slice::from_ref(command),
        Action::Push { .. } | Action::Pause { .. } => &[],
    }
}

fn undone(step: &Step) -> &[Command] {
    match &step.undo {
        Undo::Commands { commands, .. } | Undo::Local { commands, .. } => commands,
        Undo::None { .. } => &[],
    }
}

/// Hands the secrets to the process that goes on in the background.
pub(crate) fn hand_over(secrets: &Secrets, mut to: impl Write) -> std::io::Result<()> {
    let rows = secrets.iter();
    let rows: Vec<_> = rows
        .map(|(host, name, value)| (host.as_str(), name, value.reveal()))
        .collect();
    serde_json::to_writer(&mut to, &rows)?;
    to.flush()
}

/// Takes what [`hand_over`] gave; none where nobody gave anything.
pub(crate) fn take_over(mut from: impl std::io::Read) -> Result<Option<Secrets>, Failure> {
    let unreadable = |why: String| {
        let text = format!("the secrets did not come over from the process before: {why}");
        Failure::new(ExitCode::Internal, text)
    };
    let mut text = String::new();
    let read = from.read_to_string(&mut text);
    read.map_err(|error| unreadable(error.to_string()))?;
    if text.is_empty() {
        return Ok(None);
    }
    // What serde says of a wrong form may quote it.
    let rows: Vec<(String, String, String)> =
        serde_json::from_str(&text).map_err(|_| unreadable("they are cut short".to_owned()))?;
    let mut secrets = Secrets::default();
    for (host, name, value) in rows {
        secrets.give(HostName::new(host), name, Secret::new(value));
    }
    Ok(Some(secrets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_over_is_taken_over() {
        let mut secrets = Secrets::default();
        secrets.give(HostName::new("web1"), "A", Secret::new("it's\n\"\u{7}"));
        secrets.give(HostName::new("web2"), "A", Secret::new("other"));
        let mut bytes = Vec::new();
        hand_over(&secrets, &mut bytes).expect("written");
        assert_eq!(take_over(bytes.as_slice()).expect("whole"), Some(secrets));
        assert_eq!(take_over([].as_slice()).expect("nothing"), None);
        let cut = bytes.get(..bytes.len() - 3).expect("shorter");
        let failure = take_over(cut).expect_err("cut short");
        assert!(!failure.text.contains("other"), "{}", failure.text);
    }
}
