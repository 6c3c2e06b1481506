//! The plan as the planner wrote it: plain text, passed through.

use super::sealed::{Drawing, Drawn};
use super::{Sheet, drawings, numbered};
use crate::style::Line;
use serde::Serialize;

/// The text of a plan. Control characters in it, such as those of a commit's message, become visible.
#[derive(Clone, Debug, Serialize)]
pub struct PlanText {
    /// The text, several lines.
    pub plan: String,
}

impl Drawn for PlanText {
    fn draw(&self, _sheet: &Sheet) -> Vec<Drawing> {
        drawings(self.plan.lines().map(Line::plain).collect())
    }

    fn rows(&self) -> Result<Vec<String>, serde_json::Error> {
        numbered(std::slice::from_ref(self))
    }
}
