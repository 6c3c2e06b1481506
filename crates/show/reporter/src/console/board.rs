//! The tasks under way, gathered into as few lines as they need.
//!
//! A task is shown when all its hosts have ended it, as one line and one line of marks; one that lasts longer than
//! [`HOLD`] is shown at once, its marks as they come. Tasks appear in the order in which they began. Which lines come
//! when depends on the times in the events alone.

use crate::console::marks::{self, Mark, MarkKind};
use crate::numbers::Numbers;
use crate::style::{Line, Role};
use crate::words::duration;
use std::collections::HashMap;
use std::time::Duration;
use windlass_model::clock::Timestamp;
use windlass_model::{HostName, Plan};

/// How long something may wait to be shown together with what belongs to it.
pub(crate) const HOLD: Duration = Duration::from_secs(3);

/// Where the text behind a task's name begins, without the numbers.
const TEXT_COLUMN: usize = 27;

/// Columns before a line of marks.
const INDENT: usize = 6;

#[derive(Debug)]
struct Entry {
    task: String,
    began: Timestamp,
    show: String,
    running: usize,
    ended: usize,
    waiting: Vec<Mark>,
    waiting_since: Option<Timestamp>,
    shown: bool,
}

impl Entry {
    fn new(task: &str, show: &str, at: Timestamp) -> Self {
        Self {
            task: task.to_owned(),
            began: at,
            show: show.to_owned(),
            running: 0,
            ended: 0,
            waiting: Vec::new(),
            waiting_since: None,
            shown: false,
        }
    }
}

/// The tasks that are not wholly shown yet.
#[derive(Debug, Default)]
pub(crate) struct Board {
    entries: Vec<Entry>,
    /// On how many hosts each task runs, where the plan is known.
    expected: HashMap<String, usize>,
    /// Each host's place among the others.
    places: HashMap<HostName, usize>,
    /// The task whose line was the last one shown.
    last: Option<String>,
    numbers: Numbers,
}

impl Board {
    pub(crate) fn expect(&mut self, plan: &Plan) {
        self.numbers = Numbers::of(plan);
        for step in &plan.steps {
            *self.expected.entry(step.task.to_string()).or_default() += 1;
        }
    }

    pub(crate) fn hosts(&mut self, hosts: &[HostName]) {
        self.places = hosts.iter().cloned().zip(0..).collect();
    }

    pub(crate) fn began(&mut self, task: &str, show: &str, at: Timestamp) -> &mut Self {
        if !self.entries.iter().any(|entry| entry.task == task) {
            self.entries.push(Entry::new(task, show, at));
        }
        self
    }

    pub(crate) fn step_began(&mut self, task: &str, show: &str, at: Timestamp) {
        self.began(task, show, at);
        if let Some(entry) = self.entry(task) {
            entry.running += 1;
        }
    }

    pub(crate) fn step_ended(&mut self, task: &str, mark: Mark, at: Timestamp) {
        self.began(task, "", at);
        if let Some(entry) = self.entry(task) {
            entry.running = entry.running.saturating_sub(1);
            entry.ended += 1;
            entry.waiting_since.get_or_insert(at);
            entry.waiting.push(mark);
        }
    }

    /// A step that ended is not over yet after all.
    pub(crate) fn retried(&mut self, task: &str) {
        if let Some(entry) = self.entry(task) {
            entry.ended = entry.ended.saturating_sub(1);
        }
    }

    /// Something else was written: the next marks name their task again.
    pub(crate) fn interrupted(&mut self) {
        self.last = None;
    }

    /// Forgets what will not be completed any more.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.expected.clear();
    }

    /// What is due at this moment; with `all` everything that is there.
    pub(crate) fn due(&mut self, now: Timestamp, all: bool, frame: Frame) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut entries = std::mem::take(&mut self.entries);
        for entry in &mut entries {
            let complete = self.is_complete(entry);
            let late = |since: Timestamp| now.since(since) >= HOLD;
            if !(entry.shown || all || complete || late(entry.began)) {
                break;
            }
            let complete = complete || (entry.shown && entry.running == 0);
            if !entry.shown
                || (!entry.waiting.is_empty()
                    && (all || complete || entry.waiting_since.is_some_and(late)))
            {
                lines.extend(self.show(entry, now, frame));
            }
        }
        entries
            .retain(|entry| !(entry.shown && entry.waiting.is_empty() && self.is_complete(entry)));
        self.entries = entries;
        lines
    }

    fn is_complete(&self, entry: &Entry) -> bool {
        let all = self.expected.get(&entry.task).copied();
        let all = all.unwrap_or(self.places.len());
        entry.running == 0 && all > 0 && entry.ended >= all
    }

    /// Shows the lines of tasks that have none yet, without their marks: output of theirs will follow.
    pub(crate) fn open(&mut self, frame: Frame) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut entries = std::mem::take(&mut self.entries);
        for entry in entries.iter_mut().filter(|entry| !entry.shown) {
            let text = entry.show.clone();
            lines.push(self.head(entry, &text, entry.began, frame));
        }
        self.entries = entries;
        lines
    }

    fn show(&mut self, entry: &mut Entry, now: Timestamp, frame: Frame) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut waiting = std::mem::take(&mut entry.waiting);
        entry.waiting_since = None;
        waiting.sort_by_key(|mark| self.places.get(&mark.host).copied().unwrap_or(usize::MAX));
        if !entry.shown {
            let note = marks::take_common_note(&mut waiting);
            let text = note.unwrap_or_else(|| entry.show.clone());
            lines.push(self.head(entry, &text, entry.began, frame));
        } else if self.last.as_ref() != Some(&entry.task) {
            let column = self.text_column();
            let head = self.head(entry, "", now, frame).pad_to(column);
            lines.extend(marks::lines(head, column, &waiting, frame.width));
            return lines;
        }
        let indent = Line::plain(" ".repeat(INDENT));
        lines.extend(marks::lines(indent, INDENT, &waiting, frame.width));
        lines
    }

    fn head(&mut self, entry: &mut Entry, text: &str, at: Timestamp, frame: Frame) -> Line {
        self.last = Some(entry.task.clone());
        entry.shown = true;
        clock(at, frame.start)
            .and(Role::Dim, self.numbers.before(&entry.task))
            .and(Role::Task, &entry.task)
            .pad_to(self.text_column() - 1)
            .text(" ")
            .text(text)
            .cut(frame.width)
    }

    /// Where the text behind a task's name begins.
    fn text_column(&self) -> usize {
        TEXT_COLUMN + self.numbers.width()
    }

    fn entry(&mut self, task: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.task == task)
    }
}

/// What lines are measured by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) start: Timestamp,
    pub(crate) width: usize,
}

/// `02:14 `: the beginning of every line with a time.
pub(crate) fn clock(at: Timestamp, start: Timestamp) -> Line {
    Line::of(Role::Dim, duration::clock(at.since(start))).text(" ")
}

/// Whether a mark must be seen at once.
pub(crate) fn is_urgent(kind: MarkKind) -> bool {
    kind == MarkKind::Bad
}
