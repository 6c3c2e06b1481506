//! Hook resolution: which task stands where.
//!
//! Tasks stand in their phase in the order in which they were given; those before or after a phase or another task stand
//! right beside it, again in the order given. A task that stands beside one of the other kind of run has no place in
//! this one and is left out.

use crate::error::Error;
use crate::phases::phases;
use crate::recipe::{Place, TaskSpec};
use std::collections::{BTreeMap, BTreeSet};
use windlass_model::plan::{PAUSE, Phase, UNLOCK};
use windlass_model::{DeployKind, TaskName};

/// The tasks of a run in their order, each with its phase. `unlock` comes last, whatever stands around it.
pub(crate) fn resolve(
    kind: DeployKind,
    specs: Vec<TaskSpec>,
) -> Result<Vec<(Phase, TaskSpec)>, Error> {
    let mut hooks = Hooks::new(specs)?;
    let mut order = Vec::new();
    for phase in phases(kind) {
        hooks.emit_phase(*phase, &mut order);
    }
    let (mut end, mut order): (Vec<_>, Vec<_>) = order
        .into_iter()
        .partition(|(_, spec)| spec.name.as_str() == UNLOCK);
    order.append(&mut end);
    Ok(order)
}

/// The tasks beside each phase or task, by its name.
struct Hooks {
    before: BTreeMap<String, Vec<TaskSpec>>,
    inside: BTreeMap<Phase, Vec<TaskSpec>>,
    after: BTreeMap<String, Vec<TaskSpec>>,
}

impl Hooks {
    fn new(specs: Vec<TaskSpec>) -> Result<Self, Error> {
        let mut names = BTreeSet::new();
        for spec in &specs {
            let is_ours = spec.name.as_str().starts_with(PAUSE);
            if is_ours || !names.insert(spec.name.as_str().to_owned()) {
                return Err(Error::Duplicate {
                    task: spec.name.clone(),
                });
            }
        }
        check_targets(&specs, &names)?;
        check_cycles(&specs)?;
        let mut hooks = Self {
            before: BTreeMap::new(),
            inside: BTreeMap::new(),
            after: BTreeMap::new(),
        };
        for spec in specs {
            match spec.place.clone() {
                Place::In(phase) => hooks.inside.entry(phase).or_default().push(spec),
                Place::Before(target) => {
                    hooks
                        .before
                        .entry(plain(&target).to_owned())
                        .or_default()
                        .push(spec);
                }
                Place::After(target) => {
                    hooks
                        .after
                        .entry(plain(&target).to_owned())
                        .or_default()
                        .push(spec);
                }
                Place::Nowhere => {}
            }
        }
        Ok(hooks)
    }

    fn emit_phase(&mut self, phase: Phase, order: &mut Vec<(Phase, TaskSpec)>) {
        for spec in self.before.remove(phase.as_str()).unwrap_or_default() {
            self.emit(phase, spec, order);
        }
        for spec in self.inside.remove(&phase).unwrap_or_default() {
            self.emit(phase, spec, order);
        }
        for spec in self.after.remove(phase.as_str()).unwrap_or_default() {
            self.emit(phase, spec, order);
        }
    }

    fn emit(&mut self, phase: Phase, spec: TaskSpec, order: &mut Vec<(Phase, TaskSpec)>) {
        let name = spec.name.as_str().to_owned();
        for before in self.before.remove(&name).unwrap_or_default() {
            self.emit(phase, before, order);
        }
        order.push((phase, spec));
        for after in self.after.remove(&name).unwrap_or_default() {
            self.emit(phase, after, order);
        }
    }
}

/// Capistrano writes `deploy:published` for what is `published` here.
fn plain(target: &str) -> &str {
    match target.strip_prefix("deploy:") {
        Some(rest) if is_phase(rest) => rest,
        _ => target,
    }
}

fn is_phase(name: &str) -> bool {
    Phase::ALL.iter().any(|phase| phase.as_str() == name)
}

/// The name beside which a task stands, with the word for it.
fn target(spec: &TaskSpec) -> Option<(&'static str, &str)> {
    match &spec.place {
        Place::Before(target) => Some(("before", plain(target))),
        Place::After(target) => Some(("after", plain(target))),
        Place::In(_) | Place::Nowhere => None,
    }
}

fn check_targets(specs: &[TaskSpec], names: &BTreeSet<String>) -> Result<(), Error> {
    for spec in specs {
        let Some((word, target)) = target(spec) else {
            continue;
        };
        if word == "after" && target == UNLOCK {
            return Err(Error::AfterTheEnd {
                task: spec.name.clone(),
            });
        }
        if !is_phase(target) && !names.contains(target) {
            let known = Phase::ALL.iter().map(|phase| phase.as_str());
            return Err(Error::UnknownTarget {
                task: spec.name.clone(),
                word,
                target: target.to_owned(),
                suggestion: nearest(target, known.chain(names.iter().map(String::as_str))),
            });
        }
    }
    Ok(())
}

fn check_cycles(specs: &[TaskSpec]) -> Result<(), Error> {
    let beside: BTreeMap<&str, &str> = specs
        .iter()
        .filter_map(|spec| Some((spec.name.as_str(), target(spec)?.1)))
        .collect();
    for start in beside.keys() {
        let mut way = vec![*start];
        let mut at = beside.get(start);
        while let Some(next) = at.filter(|next| !is_phase(next)) {
            if let Some(begin) = way.iter().position(|seen| seen == next) {
                let tasks = way
                    .iter()
                    .skip(begin)
                    .map(|name| TaskName::new(*name))
                    .collect();
                return Err(Error::Cycle { tasks });
            }
            way.push(next);
            at = beside.get(next);
        }
    }
    Ok(())
}

/// The name most like `wanted`, where one is like it at all.
pub(crate) fn nearest<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(wanted, name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str, place: Place) -> TaskSpec {
        TaskSpec {
            place,
            ..TaskSpec::new(name, Phase::Started)
        }
    }

    fn order(kind: DeployKind, specs: Vec<TaskSpec>) -> Vec<String> {
        let order = resolve(kind, specs).unwrap();
        order
            .iter()
            .map(|(phase, spec)| format!("{}/{}", phase.as_str(), spec.name))
            .collect()
    }

    #[test]
    fn tasks_stand_beside_what_they_name_in_the_order_given() {
        let specs = vec![
            spec("publish", Place::In(Phase::Publishing)),
            spec("restart", Place::In(Phase::Publishing)),
            spec("unlock", Place::In(Phase::Finished)),
            spec("d", Place::After("c".to_owned())),
            spec("b", Place::Before("restart".to_owned())),
            spec("c", Place::After("deploy:published".to_owned())),
            spec("a", Place::Before("publishing".to_owned())),
            spec("e", Place::After("finished".to_owned())),
            spec("f", Place::Before("reverted".to_owned())),
            spec("g", Place::Nowhere),
        ];
        let wanted = [
            "publishing/a",
            "publishing/publish",
            "publishing/b",
            "publishing/restart",
            "published/c",
            "published/d",
            "finished/e",
            "finished/unlock",
        ];
        assert_eq!(order(DeployKind::Deploy, specs), wanted);
    }

    #[test]
    fn a_name_that_is_nothing_is_an_error_with_a_suggestion() {
        let specs = vec![spec("a", Place::After("publised".to_owned()))];
        let error = resolve(DeployKind::Deploy, specs).unwrap_err();
        assert_eq!(error.hint().as_deref(), Some("did you mean `published`?"));
    }

    #[test]
    fn a_circle_is_an_error_that_names_it() {
        let specs = vec![
            spec("x", Place::After("a".to_owned())),
            spec("a", Place::After("b".to_owned())),
            spec("b", Place::Before("a".to_owned())),
        ];
        let error = resolve(DeployKind::Deploy, specs).unwrap_err();
        assert_eq!(
            error.to_string(),
            "these tasks stand around each other in a circle: `a`, `b`"
        );
    }
}
