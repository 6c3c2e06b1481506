//! Lists of events, and the screens they become.

pub(crate) mod failure;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use windlass_model::clock::Timestamp;
use windlass_model::event::{DeployEnd, DeploySummary, EndSummary, FailedStep};
use windlass_model::plan::{JobLimits, PLAN_FORMAT, PlanHost};
use windlass_model::rollout::OnFailure;
use windlass_model::{
    Action, Command, CommandEnd, DeployId, DeployKind, Event, EventBody, ExitStatus, HostName,
    HostTarget, Phase, Plan, PlanDigest, Pulse, ReleaseName, Revision, Step, StepId, StepOutcome,
    Stream, TaskName, Undo,
};
use windlass_reporter::{Mode, Options, Output, Reporter};

/// 2026-11-24T08:15:02Z.
pub(crate) const START: u64 = 1_795_508_102_000;

/// A writer whose bytes can be looked at.
#[derive(Clone, Default)]
pub(crate) struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What came out.
pub(crate) struct Screens {
    pub(crate) stdout: Paper,
    pub(crate) stderr: Paper,
}

/// A reporter without a terminal.
pub(crate) fn reporter(width: u16, color: bool, options: Options) -> (Reporter, Screens) {
    let screens = Screens {
        stdout: Paper::default(),
        stderr: Paper::default(),
    };
    let output = Output {
        stdout: Box::new(screens.stdout.clone()),
        stderr: Box::new(screens.stderr.clone()),
        terminal: false,
        width,
        color,
        json: false,
    };
    (Reporter::new(output, options).unwrap(), screens)
}

/// What a deploy's events look like on standard error.
pub(crate) fn screen(width: u16, color: bool, events: &[Event]) -> String {
    screen_with(width, color, Options::default(), events)
}

pub(crate) fn screen_with(width: u16, color: bool, options: Options, events: &[Event]) -> String {
    let (mut reporter, screens) = reporter(width, color, options);
    for event in events {
        reporter.handle(event).unwrap();
    }
    reporter.finish().unwrap();
    assert_eq!(screens.stdout.text(), "", "a deploy writes no data");
    screens.stderr.text().replace('\u{1b}', "^")
}

pub(crate) fn command_mode(hosts: usize) -> Options {
    Options {
        mode: Mode::Command { hosts },
        ..Options::default()
    }
}

/// Events one after another, each with its time.
#[derive(Default)]
pub(crate) struct Events {
    at: u64,
    pub(crate) list: Vec<Event>,
}

pub(crate) fn host(name: &str) -> HostName {
    HostName::new(name)
}

pub(crate) fn hosts(names: &[&str]) -> Vec<HostName> {
    names.iter().map(|name| host(name)).collect()
}

fn step_of(task: &str, name: &str) -> StepId {
    StepId::of(&TaskName::new(task), &host(name))
}

pub(crate) fn exit(status: u8) -> StepOutcome {
    StepOutcome::from(CommandEnd::Exited(ExitStatus(status)))
}

impl Events {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// From here on it is this many milliseconds after the start.
    pub(crate) fn at(&mut self, millis: u64) -> &mut Self {
        self.at = millis;
        self
    }

    pub(crate) fn push(&mut self, body: EventBody) -> &mut Self {
        self.list.push(Event {
            at: Timestamp(START + self.at),
            deploy: Some(DeployId::new("d-7k3f")),
            body,
        });
        self
    }

    pub(crate) fn deploy(&mut self, names: &[&str]) -> &mut Self {
        let summary = summary(DeployKind::Deploy, names);
        self.push(EventBody::DeployStarted {
            summary,
            resumed: false,
        })
    }

    pub(crate) fn task(&mut self, task: &str, show: &str) -> &mut Self {
        self.push(EventBody::TaskStarted {
            task: TaskName::new(task),
            show: show.to_owned(),
        })
    }

    pub(crate) fn begin(&mut self, task: &str, name: &str, show: &str) -> &mut Self {
        self.push(EventBody::StepStarted {
            step: step_of(task, name),
            task: TaskName::new(task),
            host: host(name),
            attempt: 1,
            show: show.to_owned(),
        })
    }

    #[expect(clippy::too_many_arguments, reason = "a row of a table of events")]
    pub(crate) fn end(
        &mut self,
        task: &str,
        name: &str,
        millis: u64,
        outcome: StepOutcome,
        note: Option<&str>,
    ) -> &mut Self {
        self.push(EventBody::StepEnded {
            step: step_of(task, name),
            task: TaskName::new(task),
            host: host(name),
            outcome,
            duration: Duration::from_millis(millis),
            note: note.map(str::to_owned),
            advisory: false,
        })
    }

    pub(crate) fn good(&mut self, task: &str, name: &str, millis: u64) -> &mut Self {
        self.end(task, name, millis, StepOutcome::Succeeded, None)
    }

    pub(crate) fn out(&mut self, task: &str, name: &str, bytes: &[u8]) -> &mut Self {
        self.write(task, name, Stream::Stdout, bytes)
    }

    pub(crate) fn write(
        &mut self,
        task: &str,
        name: &str,
        stream: Stream,
        bytes: &[u8],
    ) -> &mut Self {
        self.push(EventBody::Output {
            step: step_of(task, name),
            host: host(name),
            stream,
            bytes: bytes.to_vec(),
        })
    }

    /// A pulse: age, CPU time and silence in seconds, memory in megabytes.
    pub(crate) fn pulse(
        &mut self,
        task: &str,
        name: &str,
        seconds: (u64, u64, u64),
        megabytes: u64,
    ) -> &mut Self {
        let (age, cpu, silent) = seconds;
        self.push(EventBody::StepPulse {
            step: step_of(task, name),
            host: host(name),
            pulse: Pulse {
                age: Duration::from_secs(age),
                cpu: Duration::from_secs(cpu),
                memory: megabytes * 1_000_000,
                silent: Duration::from_secs(silent),
                pid: 4121,
            },
        })
    }

    #[expect(clippy::too_many_arguments, reason = "a row of a table of events")]
    pub(crate) fn undo(
        &mut self,
        task: &str,
        name: &str,
        show: &str,
        millis: u64,
        outcome: StepOutcome,
    ) -> &mut Self {
        let step = step_of(task, name);
        self.push(EventBody::UndoStarted {
            step: step.clone(),
            host: host(name),
            show: show.to_owned(),
        });
        self.push(EventBody::UndoEnded {
            step,
            host: host(name),
            outcome,
            duration: Duration::from_millis(millis),
        })
    }

    pub(crate) fn over(&mut self, summary: EndSummary) -> &mut Self {
        self.push(EventBody::DeployEnded { summary })
    }
}

pub(crate) fn summary(kind: DeployKind, names: &[&str]) -> DeploySummary {
    DeploySummary {
        kind,
        application: "shop".to_owned(),
        stage: "production".to_owned(),
        release: ReleaseName::new("20261124081502"),
        revision: Some(Revision::new("3f2c9ab51f0c2d6f8e9b7a4c3d2e1f0a9b8c7d6e")),
        branch: Some("main".to_owned()),
        subject: Some("Faster checkout".to_owned()),
        hosts: hosts(names),
        tasks: 7,
        steps: 26,
        digest: PlanDigest::new("9c1e77aabbccdd"),
    }
}

/// An end of which nothing more is known.
pub(crate) fn ending(end: DeployEnd, seconds: u64) -> EndSummary {
    EndSummary {
        end,
        duration: Duration::from_secs(seconds),
        failed: None,
        live: Vec::new(),
        in_doubt: Vec::new(),
        behind: Vec::new(),
        moved_aside: Vec::new(),
        still_runs: Vec::new(),
        connections_lost: 0,
        connections_cost: Duration::ZERO,
        slowest: None,
        next: Vec::new(),
        log: Some("~/.local/state/windlass/logs/d-7k3f.log".to_owned()),
    }
}

pub(crate) fn failed(
    task: &str,
    name: &str,
    show: &str,
    outcome: StepOutcome,
    seconds: u64,
) -> FailedStep {
    FailedStep {
        step: step_of(task, name),
        task: TaskName::new(task),
        host: host(name),
        show: show.to_owned(),
        outcome,
        duration: Duration::from_secs(seconds),
        succeeded_on: Vec::new(),
    }
}

/// A plan with these tasks on these hosts.
pub(crate) fn plan(names: &[&str], tasks: &[(&str, &[&str])]) -> Plan {
    let step = |task: &str, name: &&str| Step {
        id: step_of(task, name),
        task: TaskName::new(task),
        phase: Phase::Updated,
        host: host(name),
        action: Action::Command {
            command: Command::script("true"),
        },
        undo: Undo::None {
            reason: "nothing to undo".to_owned(),
        },
        batch: None,
        barrier: false,
        retries: 0,
        repeatable: false,
        advisory: false,
        show: "true".to_owned(),
    };
    Plan {
        format: PLAN_FORMAT,
        deploy: DeployId::new("d-7k3f"),
        kind: DeployKind::Deploy,
        application: "shop".to_owned(),
        stage: "production".to_owned(),
        release: ReleaseName::new("20261124081502"),
        revision: None,
        branch: None,
        subject: None,
        reason: None,
        hosts: names.iter().map(|name| plan_host(name)).collect(),
        steps: tasks
            .iter()
            .flat_map(|(task, names)| names.iter().map(|name| step(task, name)))
            .collect(),
        left_out: Vec::new(),
        max_failures: 0,
        on_failure: OnFailure::UndoAll,
        limits: JobLimits::default(),
    }
}

fn plan_host(name: &str) -> PlanHost {
    PlanHost {
        target: HostTarget {
            name: host(name),
            address: name.to_owned(),
            port: None,
            user: None,
            roles: Vec::new(),
            primary: Vec::new(),
            release: true,
            deploy_to: "/var/www/shop".to_owned(),
        },
        root: "/var/www/shop".to_owned(),
        root_id: String::new(),
        boot_id: String::new(),
        user_manager: false,
        fence: 1,
        previous_target: None,
        previous: None,
        previous_revision: None,
        unlock: Some(Command::script("true")),
    }
}

/// The deploy of the sketches, up to the long build.
pub(crate) fn first_half(events: &mut Events) {
    let names = ["web1", "web2", "db1"];
    events
        .at(0)
        .deploy(&names)
        .task("push", "git objects of 3f2c9ab");
    for name in names {
        events.begin("push", name, "git objects of 3f2c9ab");
    }
    for (name, millis) in [("web1", 900), ("db1", 1_000), ("web2", 940)] {
        events.at(millis).end(
            "push",
            name,
            millis,
            StepOutcome::Succeeded,
            Some("sent 214 objects, 1.1 MB"),
        );
    }
    events
        .at(1_010)
        .task("release", "git archive 3f2c9ab; link 2 files, 3 dirs");
    for name in names {
        events.begin("release", name, "git archive 3f2c9ab; link 2 files, 3 dirs");
    }
    for name in names {
        events.at(1_400).good("release", name, 380);
        if name != "db1" {
            events.task("rails:assets", "rake assets:precompile");
            events
                .at(1_405)
                .begin("rails:assets", name, "rake assets:precompile");
        }
    }
}
