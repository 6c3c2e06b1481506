//! `exec` and `run`: a command outside of any deploy, as a job on each host that outlives its connection.

use crate::args::{ExecArgs, Global, RunArgs};
use crate::carry_out::journal;
use crate::context::{Context, Project, pairs, set_arguments};
use crate::error::{Failure, OrFail as _, diagnostic};
use crate::fleet::{Fleet, Wanted};
use crate::prepare::{Intention, Look, deploy_id, look, resolve};
use crate::screen::say;
use crate::telling::{Telling, record_path, tell};
use crate::world::World;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use windlass_config::{Address, Config, Given};
use windlass_job::{CommandResult, Host, JobCommand, JobEvent, JobSpec, Offsets, Place};
use windlass_journal::{AdHoc, AdHocHost, Record, Store as _, Subject};
use windlass_model::clock::{Clock as _, SystemClock};
use windlass_model::event::DeployEnd;
use windlass_model::settings::Settings;
use windlass_model::{
    Action, Command, CommandEnd, Event, EventBody, ExitCode, HostName, HostTarget, PlanDigest,
    Secret, StepOutcome, TaskName,
};
use windlass_reporter::Mode;

/// `exec`.
pub(crate) async fn exec(
    world: &World,
    global: &Global,
    args: &ExecArgs,
) -> Result<ExitCode, Failure> {
    let script = script(&args.command);
    let (wanted, stage, secrets) = targets(world, global, &args.target)?;
    let command = |settings: &Settings| Command {
        script: script.clone(),
        env: settings.env.clone(),
        path: settings.path.clone(),
        umask: settings.umask.clone(),
        secrets: settings.secrets.keys().cloned().collect(),
        ..Command::default()
    };
    let hosts = wanted.iter().map(|(target, settings)| AdHocHost {
        target: target.clone(),
        command: command(settings),
    });
    let run = AdHoc {
        id: deploy_id()?,
        application: String::new(),
        stage,
        task: TaskName::new("exec"),
        show: args.command.join(" "),
        hosts: hosts.collect(),
        limits: wanted
            .first()
            .map(|(_, settings)| settings.limits.clone())
            .unwrap_or_default(),
    };
    begin(world, global, run, wanted, secrets, args.detach).await
}

/// One word is a script of its own; several are a command line, each word arriving as it is.
fn script(words: &[String]) -> String {
    match words {
        [script] => script.clone(),
        words => windlass_model::shell::join(words),
    }
}

type Targets = (Vec<Wanted>, String, Vec<(String, Secret)>);

/// The hosts of a stage, or the one at a bare address, which needs no file.
fn targets(world: &World, global: &Global, target: &str) -> Result<Targets, Failure> {
    let has_file = global.config.is_some() || windlass_config::find(&world.directory).is_some();
    if has_file && !target.contains('@') {
        let project = Project::load(world, global, &[])?;
        if project.config.stages().contains(&target) {
            let context = project.context(world, global, Some(target))?;
            let secrets = context.secrets(world)?;
            let hosts = context
                .inventory
                .hosts
                .iter()
                .map(|host| (host.target.clone(), Arc::clone(&host.settings)));
            return Ok((hosts.collect(), target.to_owned(), secrets));
        }
    }
    let address = Address::parse(target).map_err(|reason| {
        Failure::usage(format!(
            "`{target}` is neither a stage nor an address: {reason}"
        ))
    })?;
    let environment = pairs(world);
    let arguments = set_arguments(global)?;
    let given = Given {
        environment: &environment,
        arguments: &arguments,
        recipes: &[],
    };
    let settings = Config::without_file(given)
        .and_then(|config| config.no_stage())
        .map_err(|mistakes| diagnostic(world, mistakes.exit_code(), &mistakes))?;
    let wanted = address.names.iter().map(|name| {
        let target = HostTarget {
            name: HostName::new(name.clone()),
            address: name.clone(),
            port: address.port,
            user: address.user.clone(),
            roles: Vec::new(),
            primary: Vec::new(),
            release: false,
            deploy_to: String::new(),
        };
        (target, Arc::clone(settings.settings()))
    });
    Ok((wanted.collect(), String::new(), Vec::new()))
}

/// `run`.
pub(crate) async fn run(
    world: &World,
    global: &Global,
    args: &RunArgs,
) -> Result<ExitCode, Failure> {
    let (stage, task) = match args.words.as_slice() {
        [stage, task] => (Some(stage.as_str()), task.as_str()),
        [task] => (None, task.as_str()),
        _ => return Err(Failure::usage("which task? windlass tasks lists them")),
    };
    let context = Context::load(world, global, stage, &[])?;
    let secrets = context.secrets(world)?;
    let (sender, _receiver) = mpsc::unbounded_channel();
    let fleet = Fleet::open(world, &context, &sender).await?;
    let resolved = resolve(world, &context, &Intention::Rollback { to: None }).await?;
    let prepared = look(world, &context, &fleet, resolved, Look::default()).await?;
    fleet.close().await;
    let recipes = windlass_recipes::standard();
    let steps = windlass_planner::task(&prepared.request(&context, &recipes), task)
        .map_err(|error| crate::prepare::plan_failure(&error))?;
    let mut hosts = Vec::new();
    let mut wanted = Vec::new();
    for step in steps {
        let Some(host) = context.inventory.host(&step.host) else {
            continue;
        };
        match step.action {
            Action::Command { command } => hosts.push(AdHocHost {
                target: host.target.clone(),
                command,
            }),
            Action::Local { .. } | Action::Push { .. } => {
                return Err(Failure::new(
                    ExitCode::Failed,
                    format!("task `{task}` runs on this machine, as part of a deploy only"),
                ));
            }
        }
        wanted.push((host.target.clone(), Arc::clone(&host.settings)));
    }
    if hosts.is_empty() {
        return Err(Failure::new(
            ExitCode::NoHost,
            format!("task `{task}` has no host here"),
        ));
    }
    let run = AdHoc {
        id: deploy_id()?,
        application: context.inventory.settings.application.clone(),
        stage: context.inventory.stage.clone(),
        task: TaskName::new(task),
        show: task.to_owned(),
        hosts,
        limits: context.inventory.settings.limits.clone(),
    };
    begin(world, global, run, wanted, secrets, args.detach).await
}

async fn begin(
    world: &World,
    global: &Global,
    run: AdHoc,
    wanted: Vec<Wanted>,
    secrets: Vec<(String, Secret)>,
    detach: bool,
) -> Result<ExitCode, Failure> {
    let journal = journal(world)?;
    let subject = Subject::AdHoc { run: run.clone() };
    let (sender, receiver) = mpsc::unbounded_channel();
    let fleet = Fleet::connect(world, wanted, &run.limits, &sender).await?;
    journal
        .begin(&subject, &PlanDigest::new("-"), SystemClock.now())
        .or_fail(ExitCode::Internal)?;
    let records: Vec<Record> = run
        .hosts
        .iter()
        .map(|host| Record::Intent {
            step: run.step(&host.target.name),
            attempt: 1,
            job: run.key(&host.target.name),
        })
        .collect();
    journal
        .append(&run.id, SystemClock.now(), &records)
        .or_fail(ExitCode::Internal)?;
    follow(
        world,
        global,
        &run,
        &fleet,
        &secrets,
        (sender, receiver),
        Follow {
            start: true,
            detach,
        },
    )
    .await
}

/// `attach` to a run that was detached or cut off: asks for the same keys, starts nothing that was started.
pub(crate) async fn attach(
    world: &World,
    global: &Global,
    run: AdHoc,
) -> Result<ExitCode, Failure> {
    let wanted: Vec<Wanted> = if run.stage.is_empty() {
        let mut wanted = Vec::new();
        for host in &run.hosts {
            let (mut found, _, _) = targets(world, global, &address(&host.target))?;
            wanted.append(&mut found);
        }
        wanted
    } else {
        let everything = Global {
            host: Vec::new(),
            role: Vec::new(),
            exclude: Vec::new(),
            ..global.clone()
        };
        let context = Context::load(world, &everything, Some(&run.stage), &[])?;
        run.hosts
            .iter()
            .map(|host| {
                let today = context
                    .inventory
                    .host(&host.target.name)
                    .map(|host| &host.settings);
                (
                    host.target.clone(),
                    Arc::clone(today.unwrap_or(&context.inventory.settings)),
                )
            })
            .collect()
    };
    let (sender, receiver) = mpsc::unbounded_channel();
    let fleet = Fleet::connect(world, wanted, &run.limits, &sender).await?;
    follow(
        world,
        global,
        &run,
        &fleet,
        &[],
        (sender, receiver),
        Follow {
            start: false,
            detach: false,
        },
    )
    .await
}

fn address(target: &HostTarget) -> String {
    let user = target
        .user
        .as_ref()
        .map(|user| format!("{user}@"))
        .unwrap_or_default();
    let port = target
        .port
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let host = if target.address.contains(':') {
        format!("[{}]", target.address)
    } else {
        target.address.clone()
    };
    format!("{user}{host}{port}")
}

/// How jobs are followed.
#[derive(Clone, Copy)]
struct Follow {
    start: bool,
    detach: bool,
}

type Events = (mpsc::UnboundedSender<Event>, mpsc::UnboundedReceiver<Event>);

async fn follow(
    world: &World,
    global: &Global,
    run: &AdHoc,
    fleet: &Fleet,
    secrets: &[(String, Secret)],
    events: Events,
    how: Follow,
) -> Result<ExitCode, Failure> {
    let journal = journal(world)?;
    let (sender, receiver) = events;
    let telling = Telling {
        mode: Mode::Command {
            hosts: run.hosts.len(),
        },
        log: Some(journal.log_path(&run.id).or_fail(ExitCode::Internal)?),
        record: Some(record_path(world, &run.id)),
        secrets: secrets.iter().map(|(_, secret)| secret.clone()).collect(),
        quiet: false,
    };
    let teller = tell(world, global, &telling, None, receiver)?;
    let mut set = JoinSet::new();
    for host in &run.hosts {
        let Some(jobs) = fleet.host(&host.target.name).cloned() else {
            continue;
        };
        let one = One {
            spec: spec(run, host),
            step: run.step(&host.target.name),
            task: run.task.clone(),
            show: run.show.clone(),
        };
        set.spawn(one.followed(jobs, secrets.to_vec(), sender.clone(), how));
    }
    drop(sender);
    let mut ends = BTreeMap::new();
    let interrupted = interrupt();
    tokio::pin!(interrupted);
    loop {
        tokio::select! {
            joined = set.join_next() => match joined {
                Some(joined) => {
                    let (host, end) = joined.or_fail(ExitCode::Internal)?;
                    ends.insert(host, end?);
                }
                None => break,
            },
            () = &mut interrupted => {
                say(&format!("detached; the command goes on on the hosts. windlass attach {}", run.id));
                return Ok(ExitCode::Parked);
            }
        }
    }
    fleet.close().await;
    teller.finish().await?;
    if how.detach {
        say(&format!("started; windlass attach {} shows it", run.id));
        return Ok(ExitCode::Parked);
    }
    finish(&journal, run, &ends)?;
    Ok(code(&ends))
}

/// Waits for SIGINT or SIGTERM.
async fn interrupt() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut one), Ok(mut other)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

fn spec(run: &AdHoc, host: &AdHocHost) -> JobSpec {
    JobSpec {
        key: run.key(&host.target.name),
        place: Place::Home,
        commands: vec![JobCommand {
            step: run.step(&host.target.name),
            command: host.command.clone(),
            advisory: false,
        }],
    }
}

/// The job on one host.
struct One {
    spec: JobSpec,
    step: windlass_model::StepId,
    task: TaskName,
    show: String,
}

type Ended = (HostName, Result<Option<CommandEnd>, Failure>);

impl One {
    async fn followed(
        self,
        jobs: Host,
        secrets: Vec<(String, Secret)>,
        events: mpsc::UnboundedSender<Event>,
        how: Follow,
    ) -> Ended {
        let host = self.spec.key.host.clone();
        let deploy = self.spec.key.deploy.clone();
        let tell = move |body| {
            let event = Event {
                at: SystemClock.now(),
                deploy: Some(deploy.clone()),
                body,
            };
            // Where nobody listens any more, the run is over.
            drop(events.send(event));
        };
        tell(EventBody::StepStarted {
            step: self.step.clone(),
            task: self.task.clone(),
            host: host.clone(),
            attempt: 1,
            show: self.show.clone(),
        });
        let (running, mut is_running) = mpsc::unbounded_channel();
        let mut sink = |event| match event {
            JobEvent::Output { stream, bytes, .. } => {
                tell(EventBody::Output {
                    step: self.step.clone(),
                    host: host.clone(),
                    stream,
                    bytes,
                });
            }
            JobEvent::Pulse { pulse, .. } => {
                tell(EventBody::StepPulse {
                    step: self.step.clone(),
                    host: host.clone(),
                    pulse,
                });
            }
            JobEvent::Running { .. } => drop(running.send(())),
            _ => {}
        };
        let followed = async {
            if how.start {
                jobs.run(&self.spec, &secrets, &mut sink).await
            } else {
                jobs.follow(&self.spec, Offsets::default(), &mut sink).await
            }
        };
        let report = tokio::select! {
            report = followed => report,
            _ = is_running.recv(), if how.detach => return (host, Ok(None)),
        };
        let report = match report {
            Ok(report) => report,
            Err(error) => {
                return (
                    host,
                    Err(Failure::from_error(ExitCode::Unreachable, &error)),
                );
            }
        };
        let duration = match report.commands.first().map(|command| &command.result) {
            Some(CommandResult::Ended { duration, .. }) => *duration,
            _ => Duration::ZERO,
        };
        let outcome = StepOutcome::from(report.end);
        tell(EventBody::StepEnded {
            step: self.step.clone(),
            task: self.task.clone(),
            host: host.clone(),
            outcome,
            duration,
            note: None,
            advisory: false,
        });
        if let Err(error) = jobs.sweep(&self.spec.place, Some(&self.spec.key)).await {
            tracing::debug!(%error, "the record of an ad hoc job was not removed");
        }
        (host, Ok(Some(report.end)))
    }
}

fn finish(
    journal: &windlass_journal::Journal,
    run: &AdHoc,
    ends: &BTreeMap<HostName, Option<CommandEnd>>,
) -> Result<(), Failure> {
    let mut records = Vec::new();
    for (host, end) in ends {
        let Some(end) = end else { continue };
        records.push(Record::Outcome {
            step: run.step(host),
            attempt: 1,
            outcome: StepOutcome::from(*end),
            duration: Duration::ZERO,
        });
    }
    let fine = ends
        .values()
        .all(|end| end.is_some_and(CommandEnd::success));
    records.push(Record::Ended {
        end: if fine {
            DeployEnd::Deployed
        } else {
            DeployEnd::Undone
        },
    });
    journal
        .append(&run.id, SystemClock.now(), &records)
        .or_fail(ExitCode::Internal)
}

/// On one host the command's own status, on several 1 if any failed.
fn code(ends: &BTreeMap<HostName, Option<CommandEnd>>) -> ExitCode {
    let fine = ends
        .values()
        .all(|end| end.is_some_and(CommandEnd::success));
    let only = ends.values().next().copied().flatten();
    match only {
        _ if fine => ExitCode::Done,
        Some(CommandEnd::Exited(status)) if ends.len() == 1 => ExitCode::Command(status.0),
        _ => ExitCode::Failed,
    }
}
