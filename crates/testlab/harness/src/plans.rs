//! Small plans in the shape of real ones.

use std::time::Duration;
use windlass_model::host::HostTarget;
use windlass_model::plan::{JobLimits, PAUSE, PLAN_FORMAT, PlanHost};
use windlass_model::rollout::OnFailure;
use windlass_model::{
    Action, Command, DeployId, DeployKind, HostName, Phase, Plan, ReleaseName, Step, StepId,
    TaskName, Undo,
};

/// The name of the host with this number.
pub fn host_name(number: usize) -> HostName {
    HostName::new(format!("web{number}"))
}

/// Puts a plan together, task by task.
pub struct PlanMaker {
    plan: Plan,
}

impl PlanMaker {
    /// A plan for so many hosts, without steps.
    pub fn new(hosts: usize) -> Self {
        let plan = Plan {
            format: PLAN_FORMAT,
            deploy: DeployId::new("d-test"),
            kind: DeployKind::Deploy,
            application: "shop".to_owned(),
            stage: "production".to_owned(),
            release: ReleaseName::new("20261124081502"),
            revision: None,
            branch: Some("main".to_owned()),
            subject: None,
            reason: None,
            hosts: (1..=hosts)
                .map(|number| plan_host(&host_name(number)))
                .collect(),
            steps: Vec::new(),
            left_out: Vec::new(),
            max_failures: 0,
            on_failure: OnFailure::UndoAll,
            limits: JobLimits::default(),
        };
        Self { plan }
    }

    /// A deploy as the planner makes it: push, release, build, publish, restart, cleanup, unlock.
    pub fn deploy(hosts: usize) -> Plan {
        Self::new(hosts)
            .task("push", Phase::Updating, |step| {
                step.action = Action::Push {
                    want: windlass_model::Revision::new("3f2c9ab"),
                    have: Vec::new(),
                    to: "/srv/shop/repo/pack".to_owned(),
                };
                step.undo = Undo::None {
                    reason: "the mirror only grows".to_owned(),
                };
            })
            .task("release", Phase::Updating, |_| {})
            .task("build", Phase::Updated, |_| {})
            .task("publish", Phase::Publishing, |step| step.barrier = true)
            .task("restart", Phase::Publishing, |step| step.barrier = true)
            .task("cleanup", Phase::Finishing, |step| {
                step.advisory = true;
                step.undo = Undo::None {
                    reason: "removed releases are gone".to_owned(),
                };
            })
            .task("unlock", Phase::Finished, |step| {
                step.barrier = true;
                step.undo = Undo::None {
                    reason: "the deploy is over".to_owned(),
                };
            })
            .plan()
    }

    /// The same in batches of these sizes, with half a minute between them.
    pub fn rollout(batches: &[usize], on_failure: OnFailure) -> Plan {
        let hosts = batches.iter().sum();
        let whole = Self::deploy(hosts);
        let (before, rest): (Vec<Step>, Vec<Step>) = whole
            .steps
            .into_iter()
            .partition(|step| step.phase < Phase::Publishing);
        let (out, mut after): (Vec<Step>, Vec<Step>) = rest
            .into_iter()
            .partition(|step| step.phase == Phase::Publishing);
        if let Some(first) = after.first().map(|step| step.task.clone()) {
            let first = after.iter_mut().filter(|step| step.task == first);
            first.for_each(|step| step.barrier = true);
        }
        let mut steps = before;
        let mut next = 1..;
        for (batch, size) in (0..).zip(batches) {
            let own: Vec<HostName> = next.by_ref().take(*size).map(host_name).collect();
            steps.extend(
                own.first()
                    .filter(|_| batch > 0)
                    .map(|host| pause(host, batch)),
            );
            let of_batch = out.iter().filter(|step| own.contains(&step.host));
            steps.extend(of_batch.cloned());
            let begun = steps.iter_mut().filter(|step| own.contains(&step.host));
            begun
                .filter(|step| step.phase == Phase::Publishing)
                .for_each(|step| step.batch = Some(batch));
        }
        steps.append(&mut after);
        Plan {
            steps,
            on_failure,
            ..whole
        }
    }

    /// Adds a task on every host; `change` makes of the plain step what is wanted.
    #[must_use]
    pub fn task(self, name: &str, phase: Phase, change: impl Fn(&mut Step)) -> Self {
        self.task_where(name, phase, |_| true, change)
    }

    /// Adds a task on the hosts that `wanted` names.
    #[must_use]
    pub fn task_where(
        mut self,
        name: &str,
        phase: Phase,
        wanted: impl Fn(&HostName) -> bool,
        change: impl Fn(&mut Step),
    ) -> Self {
        let hosts = self.plan.hosts.iter().map(|host| host.target.name.clone());
        let steps: Vec<Step> = hosts
            .filter(|host| wanted(host))
            .map(|host| {
                let mut step = plain_step(name, phase, host);
                change(&mut step);
                step
            })
            .collect();
        self.plan.steps.extend(steps);
        self
    }

    /// The plan.
    pub fn plan(self) -> Plan {
        self.plan
    }
}

fn pause(host: &HostName, batch: u32) -> Step {
    let task = format!("{PAUSE}{}", batch + 1);
    let mut step = plain_step(&task, Phase::Publishing, host.clone());
    step.action = Action::Pause {
        length: Duration::from_secs(30),
    };
    step.undo = Undo::None {
        reason: "nothing is done".to_owned(),
    };
    step.barrier = true;
    step
}

fn plain_step(name: &str, phase: Phase, host: HostName) -> Step {
    let task = TaskName::new(name);
    let id = StepId::of(&task, &host);
    Step {
        action: Action::Command {
            command: Command::script(format!("do {id}")),
        },
        undo: Undo::Commands {
            commands: vec![Command::script(format!("undo {id}"))],
            repeatable: true,
            show: format!("undo {name}"),
        },
        id,
        task,
        phase,
        host,
        batch: None,
        barrier: false,
        retries: 0,
        repeatable: false,
        advisory: false,
        show: format!("do {name}"),
    }
}

fn plan_host(name: &HostName) -> PlanHost {
    PlanHost {
        target: HostTarget {
            name: name.clone(),
            address: name.as_str().to_owned(),
            port: None,
            user: None,
            roles: vec!["app".to_owned()],
            primary: Vec::new(),
            release: true,
            deploy_to: "/srv/shop".to_owned(),
        },
        root: "/srv/shop".to_owned(),
        root_id: format!("id-of-{name}"),
        boot_id: "boot-1".to_owned(),
        user_manager: false,
        fence: 1,
        previous_target: Some("/srv/shop/releases/20261123170244".to_owned()),
        previous: Some(ReleaseName::new("20261123170244")),
        previous_revision: None,
        unlock: Some(Command::script("unlock")),
    }
}
