//! What a seed has in store: the plan, how long its commands take, and which one fails.

use crate::plans::{PlanMaker, host_name};
use crate::script::Script;
use fastrand::Rng;
use std::time::Duration;
use windlass_model::{Action, CommandEnd, ExitStatus, Phase, Plan, Revision, Step, StepId, Undo};

/// A plan of one to four hosts in the shape of a real one, with tasks of all kinds.
pub(super) fn plan(dice: &mut Rng) -> Plan {
    let hosts = dice.usize(1..=4);
    let mut maker = PlanMaker::new(hosts)
        .task("push", Phase::Updating, |step| {
            step.action = Action::Push {
                want: Revision::new("3f2c9ab"),
                have: Vec::new(),
                to: "/srv/shop/repo/pack".to_owned(),
            };
            step.undo = none();
        })
        .task("release", Phase::Updating, |_| {});
    for number in 0..dice.usize(0..4) {
        let (once, barrier) = (dice.bool(), dice.bool());
        let (retries, repeatable) = (dice.u32(0..3), dice.bool());
        let undo_repeats = dice.bool();
        let name = format!("task{number}");
        maker = maker.task_where(
            &name,
            Phase::Updated,
            |host| !once || *host == host_name(1),
            |step| {
                (step.barrier, step.retries, step.repeatable) = (barrier, retries, repeatable);
                if let Undo::Commands { repeatable, .. } = &mut step.undo {
                    *repeatable = undo_repeats;
                }
            },
        );
    }
    maker
        .task("publish", Phase::Publishing, |step| step.barrier = true)
        .task("restart", Phase::Publishing, |step| step.barrier = true)
        .task("cleanup", Phase::Finishing, |step| {
            step.advisory = true;
            step.undo = none();
        })
        .task("unlock", Phase::Finished, |step| {
            (step.barrier, step.repeatable) = (true, true);
            step.undo = none();
        })
        .plan()
}

fn none() -> Undo {
    Undo::None {
        reason: "nothing stays".to_owned(),
    }
}

/// Every command at a speed of its own; in two of three worlds a step that fails, at all attempts or at the first.
pub(super) fn script(plan: &Plan, seed: u64, dice: &mut Rng) -> Script {
    let may_fail = |step: &&Step| !step.advisory && !Plan::is_closing(step);
    let able: Vec<StepId> = plan
        .steps
        .iter()
        .filter(may_fail)
        .map(|step| step.id.clone())
        .collect();
    let failing = dice.choice(able).filter(|_| !seed.is_multiple_of(3));
    let attempts = if dice.bool() { u32::MAX } else { 1 };
    Script::default()
        .ending(move |deed| {
            let is_it = !deed.undo && Some(&deed.step) == failing.as_ref();
            CommandEnd::Exited(ExitStatus(u8::from(is_it && deed.attempt <= attempts)))
        })
        .taking(move |deed| {
            let bytes = deed.step.as_str().bytes();
            let of_step = bytes.fold(seed, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
            Duration::from_millis(Rng::with_seed(of_step).u64(1..60_000))
        })
}
