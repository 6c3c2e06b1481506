//! The numbers of tasks: what is `03` on the screen is `03` in the log and on the screen of a failure.
//!
//! A task's number is its place in the plan, so it is the same on every screen of a deploy, also after a resume. Where the
//! plan is not known, and where it has one task only, there are no numbers.

use std::collections::HashMap;
use windlass_model::Plan;

/// What an undo is called by, before the name of the task that it undoes.
pub(crate) const UNDO: &str = "undo ";

/// The number of each task.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers(HashMap<String, String>);

impl Numbers {
    pub(crate) fn of(plan: &Plan) -> Self {
        let mut tasks: Vec<&str> = Vec::new();
        for step in &plan.steps {
            // The steps of a task stand together, but for those of different batches.
            let task = step.task.as_str();
            if tasks.last() != Some(&task) && !tasks.contains(&task) {
                tasks.push(task);
            }
        }
        if tasks.len() < 2 {
            return Self::default();
        }
        let numbered = tasks.into_iter().zip(1..);
        Self(
            numbered
                .map(|(task, number)| (task.to_owned(), format!("{number:02} ")))
                .collect(),
        )
    }

    /// The number of a task or of its undo with a blank behind it, to stand before the name.
    pub(crate) fn before(&self, task: &str) -> &str {
        let undone = task.strip_prefix(UNDO).unwrap_or(task);
        self.0.get(undone).map_or("", String::as_str)
    }

    /// How wide they are.
    pub(crate) fn width(&self) -> usize {
        self.0.values().map(String::len).max().unwrap_or(0)
    }
}
