//! `attach` to a deploy that another machine carries out: told from the beginning by its records on the hosts, and followed.
//! Nothing is changed anywhere.

use crate::adopt::Abroad;
use crate::args::Global;
use crate::carry_out::{Events, exit_code, report_failure};
use crate::context::Context;
use crate::error::{Failure, OrFail as _};
use crate::fleet::Fleet;
use crate::screen::say;
use crate::secrets::{Named, named_in, not_masked};
use crate::telling::{Telling, reporter};
use crate::world::World;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use windlass_engine::deposit::{self, Deposit};
use windlass_engine::{Control, JobInfo, JobState, Onlooker, Run, Shown, Sight};
use windlass_facts::{Lease, Stand, read_stand};
use windlass_journal::Subject;
use windlass_model::clock::SystemClock;
use windlass_model::event::DeployEnd;
use windlass_model::plan::PlanHost;
use windlass_model::{Event, EventBody, ExitCode, HostName, Plan, StepId};
use windlass_reporter::Reporter;

/// How often the hosts are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Tells the deploy and follows it to its end, or until nobody goes on with it.
pub(crate) async fn look_on(
    world: &World,
    global: &Global,
    context: &Context,
    found: Abroad,
) -> Result<ExitCode, Failure> {
    let plan = &found.deposit.plan;
    let (events, told) = mpsc::unbounded_channel();
    let wanted = context.wanted_for(world, plan.hosts.iter().map(|host| &host.target))?;
    // Whoever looks on may not have them, and nothing is asked for them.
    let (given, needed) = (named_in(plan), Named::new());
    let secrets = context
        .secrets_named(world, &wanted, &needed, &given)
        .await?;
    let withheld = not_masked(plan, &secrets);
    if !withheld.is_empty() {
        say(
            "what commands say that were given a secret is not shown where its value is not at hand here",
        );
    }
    let (fleet, failures) = Fleet::connect_any(world, wanted, &plan.limits, &events).await?;
    for (host, failure) in failures {
        say(&format!(
            "{host} is not looked at: {}",
            failure.line(Some(&host))
        ));
    }
    let telling = Telling {
        secrets: secrets.values(),
        ..Telling::default()
    };
    let looking = Looking {
        reporter: reporter(world, global, &telling)?,
        backend: Onlooker::new(fleet.backend(&secrets)),
        events: (events, told),
        fleet,
        deposit: found.deposit,
        withheld,
    };
    looking.until_the_end().await
}

/// Somebody who looks on.
struct Looking {
    reporter: Reporter,
    backend: Arc<Onlooker>,
    events: Events,
    fleet: Fleet,
    deposit: Deposit,
    /// The steps whose output is not told, since a secret that they were given cannot be masked in it.
    withheld: BTreeSet<StepId>,
}

impl Looking {
    async fn until_the_end(self) -> Result<ExitCode, Failure> {
        let Self {
            reporter,
            withheld,
            fleet,
            deposit,
            events: (events, mut told),
            ..
        } = self;
        let (_control, control) = watch::channel(Control::Go);
        let run = Run {
            journal: Arc::clone(&self.backend) as _,
            backend: self.backend,
            events,
            control,
            clock: Arc::new(SystemClock),
            log: None,
        };
        let mut voice = Voice { reporter, withheld };
        let (sights, seen) = mpsc::unbounded_channel();
        let plan = deposit.plan.clone();
        let subject = Subject::Deploy { plan: deposit.plan };
        let stamp = (deposit.digest, deposit.started);
        let following = windlass_engine::look_on(subject, stamp, run, seen);
        tokio::pin!(following);
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let end = loop {
            tokio::select! {
                biased;
                Some(event) = told.recv() => voice.tell(&event)?,
                end = &mut following => break end,
                _ = look.tick() => drop(sights.send(sight(&fleet, &plan).await?)),
            }
        };
        fleet.close().await;
        voice.finish(&mut told)?;
        let end = end.or_fail(ExitCode::Internal)?;
        Ok(end.map_or(ExitCode::Parked, |end| exit_code(&end)))
    }
}

/// What is told.
struct Voice {
    reporter: Reporter,
    withheld: BTreeSet<StepId>,
}

impl Voice {
    fn tell(&mut self, event: &Event) -> Result<(), Failure> {
        if matches!(&event.body, EventBody::Output { step, .. } if self.withheld.contains(step)) {
            return Ok(());
        }
        let told = self.reporter.handle(event);
        told.map_err(|error| report_failure(&error))
    }

    /// Tells what is left to be told.
    fn finish(mut self, told: &mut mpsc::UnboundedReceiver<Event>) -> Result<(), Failure> {
        while let Ok(event) = told.try_recv() {
            self.tell(&event)?;
        }
        let finished = self.reporter.finish();
        finished.map_err(|error| report_failure(&error))
    }
}

/// What the hosts show now.
async fn sight(fleet: &Fleet, plan: &Plan) -> Result<Sight, Failure> {
    let jobs = fleet.jobs_of(plan).await?;
    let there = |host: &&PlanHost| fleet.host(&host.target.name).is_some();
    let asks = plan.root_keepers().filter(there).map(|host| {
        let script = windlass_facts::stand(&host.root, &plan.deploy);
        (host.target.name.clone(), script)
    });
    let mut stands = Vec::new();
    for (host, answer) in fleet.answers(asks.collect()).await {
        stands.push(stand(&host, answer)?);
    }
    let is_whole = stands.len() == plan.root_keepers().count();
    let end = end(&stands, &jobs, is_whole);
    let left = stands.iter().filter_map(|stand| stand.decided.as_ref());
    let left = left.map(|text| deposit::read_decisions(text.as_bytes()));
    let left = left
        .collect::<Result<Vec<_>, _>>()
        .or_fail(ExitCode::Failed)?;
    let decided = deposit::last_decisions(left);
    let shown = Shown { jobs, decided };
    Ok(Sight { shown, end })
}

fn stand(host: &HostName, answer: Result<Vec<u8>, String>) -> Result<Stand, Failure> {
    let failed = |reason: String| Failure::new(ExitCode::Failed, format!("{host}: {reason}"));
    let answer = answer.map_err(failed)?;
    read_stand(&answer).map_err(|error| failed(error.to_string()))
}

/// How the deploy stands, where nobody goes on with it. Of hosts that are not asked nobody here knows how it ended there.
fn end(stands: &[Stand], jobs: &[JobInfo], is_whole: bool) -> Option<DeployEnd> {
    let is_running = |job: &JobInfo| matches!(job.state, JobState::Running { .. });
    let rests = !jobs.iter().any(is_running);
    let decided = |words: &[&str]| {
        let is_one = |stand: &Stand| {
            let word = stand.decision.as_deref();
            word.is_some_and(|word| words.contains(&word))
        };
        stands.iter().all(is_one)
    };
    if decided(&["done", "undone", "unlocked"]) {
        return match (is_whole, rests) {
            (true, _) if decided(&["done"]) => Some(DeployEnd::Deployed),
            (true, _) if decided(&["done", "undone"]) => Some(DeployEnd::Undone),
            (true, _) => Some(DeployEnd::GivenUp),
            (false, true) => Some(DeployEnd::Stuck),
            (false, false) => None,
        };
    }
    let mut open = stands.iter().filter(|stand| stand.decision.is_none());
    let is_left = open.all(|stand| stand.lease.is_none_or(Lease::is_free));
    (is_left && rests).then_some(DeployEnd::Parked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use windlass_model::{DeployId, JobKey};

    fn stand(decision: Option<&str>, lease: Option<Lease>) -> Stand {
        Stand {
            decision: decision.map(str::to_owned),
            lease,
            ..Stand::default()
        }
    }

    fn job(state: JobState) -> JobInfo {
        JobInfo {
            key: JobKey {
                deploy: DeployId::new("d-1"),
                step: "build@web1".to_owned(),
                host: HostName::new("web1"),
                attempt: 1,
            },
            state,
            commands: Vec::new(),
        }
    }

    #[test]
    fn an_end_is_one_only_where_every_host_was_asked() {
        let (done, undone) = (stand(Some("done"), None), stand(Some("undone"), None));
        let running = [job(JobState::Running { pid: 7 })];
        let both = [done.clone(), undone];
        assert_eq!(end(&both[..1], &[], true), Some(DeployEnd::Deployed));
        assert_eq!(end(&both, &[], true), Some(DeployEnd::Undone));
        let unlocked = [done, stand(Some("unlocked"), None)];
        assert_eq!(end(&unlocked, &[], true), Some(DeployEnd::GivenUp));
        assert_eq!(end(&both[..1], &[], false), Some(DeployEnd::Stuck));
        assert_eq!(end(&both[..1], &running, false), None);
        assert_eq!(end(&[], &running, false), None);
    }

    #[test]
    fn a_deploy_that_nobody_carries_on_is_parked_when_its_jobs_are_over() {
        let held = Lease::Held {
            silent: Duration::from_secs(9),
        };
        let running = [job(JobState::Running { pid: 7 })];
        assert_eq!(end(&[stand(None, Some(held))], &[], true), None);
        let rests = [stand(None, Some(Lease::Rests))];
        assert_eq!(end(&rests, &running, true), None);
        assert_eq!(end(&rests, &[], true), Some(DeployEnd::Parked));
    }
}
