//! What the tests of the journal share: a plan, its records, and a place for a journal.

use std::time::Duration;
use windlass_journal::{Decision, Journal, Record, Store, Subject};
use windlass_model::clock::Timestamp;
use windlass_model::event::DeployEnd;
use windlass_model::host::HostTarget;
use windlass_model::plan::{JobLimits, PLAN_FORMAT, PlanHost};
use windlass_model::rollout::OnFailure;
use windlass_model::{
    Action, Command, DeployId, DeployKind, ExitStatus, HostName, JobKey, Phase, Plan, PlanDigest,
    ReleaseName, Step, StepId, StepOutcome, TaskName, Undo,
};

pub(crate) fn target(name: &str) -> HostTarget {
    HostTarget {
        name: HostName::new(name),
        address: name.to_owned(),
        port: None,
        user: None,
        roles: Vec::new(),
        primary: Vec::new(),
        release: true,
        deploy_to: "/srv/shop".to_owned(),
    }
}

pub(crate) fn step(task: &str) -> Step {
    let (task, host) = (TaskName::new(task), HostName::new("web1"));
    Step {
        id: StepId::of(&task, &host),
        task,
        phase: Phase::Updated,
        host,
        action: Action::Command {
            command: Command::script("true"),
        },
        undo: Undo::None {
            reason: "nothing stays".to_owned(),
        },
        batch: None,
        barrier: false,
        retries: 0,
        repeatable: false,
        advisory: false,
        show: "true".to_owned(),
    }
}

pub(crate) fn subject(id: &str, stage: &str) -> Subject {
    let host = PlanHost {
        target: target("web1"),
        root: "/srv/shop".to_owned(),
        root_id: "id".to_owned(),
        boot_id: "boot".to_owned(),
        user_manager: false,
        fence: 7,
        previous_target: None,
        previous: None,
        previous_revision: None,
        unlock: Some(Command::script("unlock")),
    };
    let plan = Plan {
        format: PLAN_FORMAT,
        deploy: DeployId::new(id),
        kind: DeployKind::Deploy,
        application: "shop".to_owned(),
        stage: stage.to_owned(),
        release: ReleaseName::new("20261124081502"),
        revision: None,
        branch: None,
        subject: None,
        reason: None,
        hosts: vec![host],
        steps: vec![step("build"), step("publish")],
        left_out: Vec::new(),
        max_failures: 0,
        on_failure: OnFailure::UndoAll,
        limits: JobLimits::default(),
    };
    Subject::Deploy { plan }
}

pub(crate) fn id(name: &str) -> DeployId {
    DeployId::new(name)
}

pub(crate) fn job(step: &str, attempt: u32) -> JobKey {
    JobKey {
        deploy: id("d-aaa"),
        step: step.to_owned(),
        host: HostName::new("web1"),
        attempt,
    }
}

pub(crate) fn intent(step: &str, attempt: u32) -> Record {
    Record::Intent {
        step: StepId::new(step),
        attempt,
        job: job(step, attempt),
    }
}

pub(crate) fn outcome(step: &str, attempt: u32) -> Record {
    Record::Outcome {
        step: StepId::new(step),
        attempt,
        outcome: StepOutcome::Failed {
            end: windlass_model::CommandEnd::Exited(ExitStatus(1)),
        },
        duration: Duration::from_millis(1500),
    }
}

pub(crate) fn undo() -> Record {
    Record::Decision(Decision::Undo {
        reason: "build on web1: exit status 1".to_owned(),
        failed: Some(StepId::new("build@web1")),
        cancelled: false,
        kept: Vec::new(),
    })
}

pub(crate) fn undo_intent(step: &str) -> Record {
    Record::UndoIntent {
        step: StepId::new(step),
        attempt: 1,
        job: job(&format!("undo.{step}"), 1),
    }
}

pub(crate) fn undo_outcome(step: &str) -> Record {
    Record::UndoOutcome {
        step: StepId::new(step),
        attempt: 1,
        outcome: StepOutcome::Succeeded,
        duration: Duration::ZERO,
    }
}

/// Every kind of record, as a deploy that parked, went on, failed and was undone leaves them.
pub(crate) fn whole_story() -> Vec<Record> {
    vec![
        intent("build@web1", 1),
        Record::Parked,
        Record::Resumed,
        Record::NotReached {
            step: StepId::new("build@web1"),
            attempt: 1,
        },
        intent("build@web1", 2),
        outcome("build@web1", 2),
        Record::Decision(Decision::Publish),
        Record::CancelRequested,
        undo(),
        undo_intent("build@web1"),
        undo_outcome("build@web1"),
        undo_intent("unlock@web1"),
        undo_outcome("unlock@web1"),
        Record::Ended {
            end: DeployEnd::Undone,
        },
    ]
}

pub(crate) struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("state/windlass/journal.db")
    }

    pub(crate) fn open(&self) -> Journal {
        Journal::open(&self.path()).unwrap()
    }
}

pub(crate) fn begin(journal: &Journal, deploy: &str, stage: &str) {
    let digest = PlanDigest::new("9c1e77");
    journal
        .begin(&subject(deploy, stage), &digest, Timestamp(1000))
        .unwrap();
}

/// The same with a change of controllers in it.
pub(crate) fn taken_over_story() -> Vec<Record> {
    let mut story = whole_story();
    let parked = story.iter().position(|record| *record == Record::Resumed);
    let fences = [(HostName::new("web1"), 8)].into();
    story.insert(
        parked.expect("it goes on") + 1,
        Record::TakenOver { fences },
    );
    story
}
