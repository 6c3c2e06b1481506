//! From a resolved revision to a plan: ask the hosts, plan. The same road for `plan`, `deploy` and `rollback`; only
//! `deploy` and `rollback` begin the deploy on the hosts while they ask, as [`crate::start`] tells.

use crate::context::Context;
use crate::error::{Failure, OrFail as _};
use crate::fleet::Fleet;
use crate::revision::Resolved;
use crate::world::World;
use std::collections::BTreeMap;
use windlass_facts::{Ask, Begin, HostFacts, Lock};
use windlass_model::clock::{Clock as _, SystemClock};
use windlass_model::inventory::Host;
use windlass_model::{DeployId, ExitCode, HostName};
use windlass_planner::{Planned, Preview, Request, Run};
use windlass_source::Source;

/// What is known before a plan is made.
pub(crate) struct Prepared {
    /// The id of the deploy.
    pub deploy: DeployId,
    /// What to plan.
    pub run: Run,
    /// The repository on this machine, for source `push`.
    pub source: Option<Source>,
    /// What the hosts look like.
    pub facts: BTreeMap<HostName, HostFacts>,
    reason: Option<String>,
    operator: String,
}

/// Who deploys, for the lock and the log line.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    /// The person's login here.
    pub operator: String,
    /// This machine.
    pub machine: String,
    /// The CI run, where this is one.
    pub link: Option<String>,
}

impl Who {
    /// Looks at the surroundings.
    pub(crate) fn of(world: &World) -> Self {
        Self {
            operator: world.user.clone(),
            machine: world.machine.clone(),
            link: world.ci_link(),
        }
    }
}

/// Asks all hosts side by side, leaving no trace.
pub(crate) async fn look(
    world: &World,
    context: &Context,
    fleet: &Fleet,
    resolved: Resolved,
    extra: Look,
) -> Result<Prepared, Failure> {
    let deploy = deploy_id()?;
    let asks = context
        .inventory
        .hosts
        .iter()
        .enumerate()
        .map(|(index, host)| {
            let mut ask = question(host, &resolved, index == 0);
            ask.sshd = extra.sshd;
            (host.target.name.clone(), ask)
        });
    let facts = fleet.facts(asks.collect()).await?;
    let who = Who::of(world);
    let Resolved { run, source, .. } = resolved;
    Ok(Prepared {
        deploy,
        run,
        source,
        facts,
        reason: extra.reason,
        operator: who.operator,
    })
}

/// What `look` is to do beside the usual.
#[derive(Clone, Debug, Default)]
pub(crate) struct Look {
    /// Read the server's own settings too.
    pub sshd: bool,
    /// The reason given with `-m`.
    pub reason: Option<String>,
}

/// How a deploy that begins is entered in the locks.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its id.
    pub deploy: DeployId,
    /// The reason given with `-m`.
    pub reason: Option<String>,
}

/// What begins a deploy on its hosts.
pub(crate) struct Beginning {
    lock: Lock,
    /// 14 random bytes; with the four digits of a host's index they are its root's id, unlike on every host.
    root_id: String,
    resolved: Resolved,
}

impl Beginning {
    /// Of this deploy, to this revision.
    pub(crate) fn of(world: &World, entry: Entry, resolved: Resolved) -> Result<Self, Failure> {
        let who = Who::of(world);
        Ok(Self {
            lock: Lock {
                deploy: entry.deploy,
                owner: who.operator,
                machine: who.machine,
                link: who.link,
                since: SystemClock.now(),
                reason: entry.reason,
            },
            root_id: random_hex(14)?,
            resolved,
        })
    }

    /// What each host is asked to begin it in this turn, in the order of the inventory.
    pub(crate) fn asks(&self, context: &Context, turn: u32) -> Vec<(HostName, Ask)> {
        let hosts = context.inventory.hosts.iter().enumerate();
        let asks = hosts.map(|(index, host)| {
            let mut ask = question(host, &self.resolved, index == 0);
            ask.begin = Some(Begin {
                lock: self.lock.clone(),
                root_id: format!("{}{index:04x}", self.root_id),
                turn,
                release: host.target.release,
            });
            (host.target.name.clone(), ask)
        });
        asks.collect()
    }

    /// What is known now that all hosts have answered.
    pub(crate) fn prepared(self, facts: BTreeMap<HostName, HostFacts>) -> Prepared {
        let Resolved { run, source, .. } = self.resolved;
        Prepared {
            deploy: self.lock.deploy,
            run,
            source,
            facts,
            reason: self.lock.reason,
            operator: self.lock.owner,
        }
    }
}

impl Prepared {
    /// The plan of a deploy that was begun.
    pub(crate) fn plan(&self, context: &Context) -> Result<Planned, Failure> {
        let recipes = windlass_recipes::in_use(&context.inventory.settings);
        windlass_planner::plan(&self.request(context, &recipes))
            .map_err(|error| plan_failure(&error))
    }

    /// The plan for looking at, with what speaks against it.
    pub(crate) fn preview(&self, context: &Context) -> Result<Preview, Failure> {
        let recipes = windlass_recipes::in_use(&context.inventory.settings);
        windlass_planner::preview(&self.request(context, &recipes))
            .map_err(|error| plan_failure(&error))
    }

    /// What speaks against a deploy.
    pub(crate) fn refusals(&self, context: &Context) -> Vec<windlass_planner::Refusal> {
        let recipes = windlass_recipes::in_use(&context.inventory.settings);
        windlass_planner::precheck(&self.request(context, &recipes))
    }

    /// What the planner is asked.
    pub(crate) fn request<'a>(
        &'a self,
        context: &'a Context,
        recipes: &'a [Box<dyn windlass_planner::Recipe>],
    ) -> Request<'a> {
        Request {
            deploy: self.deploy.clone(),
            now: SystemClock.now(),
            run: self.run.clone(),
            inventory: &context.inventory,
            facts: &self.facts,
            recipes,
            operator: self.operator.clone(),
            reason: self.reason.clone(),
        }
    }
}

/// A planner's error as people see it.
pub(crate) fn plan_failure(error: &windlass_planner::Error) -> Failure {
    let mut failure = Failure::from_error(error.exit_code(), error);
    failure.hints.extend(error.hint());
    if let windlass_planner::Error::Refused(refusals) = error {
        for refusal in refusals {
            let hint = refusal
                .hint
                .as_ref()
                .map(|hint| format!("{}: {hint}", refusal.host));
            failure
                .hints
                .extend(hint.filter(|hint| !failure.hints.contains(hint)));
        }
        failure.unchanged = true;
    }
    failure
}

fn question(host: &Host, resolved: &Resolved, first: bool) -> Ask {
    let settings = &host.settings;
    Ask {
        root: settings.deploy_to.clone(),
        path: settings.path.clone(),
        linked_files: settings.linked_files.clone(),
        linked_dirs: settings.linked_dirs.clone(),
        remote: resolved.remote.clone().filter(|_| first),
        ruby: windlass_recipes::ruby_question(settings),
        ..Ask::default()
    }
}

/// A new deploy id, such as `d-7k3fq2`: short enough to type, and 30 bits apart from any other.
pub(crate) fn deploy_id() -> Result<DeployId, Failure> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes).or_fail(ExitCode::Internal)?;
    let letters = bytes
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(byte % 32)));
    let word: String = letters.map(|letter| char::from(*letter)).collect();
    Ok(DeployId::new(format!("d-{word}")))
}

/// Random hexadecimal digits, two a byte.
pub(crate) fn random_hex(bytes: usize) -> Result<String, Failure> {
    use std::fmt::Write as _;
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).or_fail(ExitCode::Internal)?;
    let mut text = String::new();
    for byte in random {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}
