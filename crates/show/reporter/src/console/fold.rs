//! Output of many hosts, line by line with its host; what several hosts wrote alike is shown once.
//!
//! The output of a command that ends soon and wrote little is held until its task ended everywhere, so that equal
//! outputs meet. Everything else is shown as it comes.

use crate::console::board::HOLD;
use crate::style::{Line, Role};
use crate::visible;
use crate::words::plural;
use unicode_width::UnicodeWidthStr as _;
use windlass_model::clock::Timestamp;
use windlass_model::{HostName, StepId, Stream};

/// So many bytes of a command are held.
const MOST: usize = 16 * 1024;

/// So many hosts are named in front of a shared output.
const NAMED: usize = 12;

/// A line of output and where it goes.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) stream: Stream,
    pub(crate) line: Line,
}

#[derive(Debug)]
struct Group {
    task: String,
    began: Timestamp,
    /// On how many hosts the task runs; 0 where that is not known.
    hosts: usize,
    ended: usize,
    held: Vec<Held>,
}

#[derive(Debug)]
struct Held {
    step: StepId,
    host: HostName,
    lines: Vec<(Stream, String)>,
    bytes: usize,
    ended: bool,
    streams: bool,
}

/// A command whose output may come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Speaker<'a> {
    pub(crate) step: &'a StepId,
    pub(crate) host: &'a HostName,
    pub(crate) task: &'a str,
    pub(crate) hosts: usize,
}

/// Output that is held.
#[derive(Debug)]
pub(crate) struct Fold {
    groups: Vec<Group>,
    /// Columns of the longest host name so far.
    column: usize,
    indent: &'static str,
    color: bool,
}

impl Fold {
    pub(crate) fn new(indent: &'static str, color: bool) -> Self {
        Self {
            groups: Vec::new(),
            column: 0,
            indent,
            color,
        }
    }

    pub(crate) fn widen(&mut self, hosts: &[HostName]) {
        let widest = hosts.iter().map(|host| host.as_str().width()).max();
        self.column = self.column.max(widest.unwrap_or(0));
    }

    pub(crate) fn began(&mut self, speaker: Speaker<'_>, at: Timestamp) {
        self.column = self.column.max(speaker.host.as_str().width());
        let held = Held {
            step: speaker.step.clone(),
            host: speaker.host.clone(),
            lines: Vec::new(),
            bytes: 0,
            ended: false,
            streams: false,
        };
        match self
            .groups
            .iter_mut()
            .find(|group| group.task == speaker.task)
        {
            Some(group) => group.held.push(held),
            None => self.groups.push(Group {
                task: speaker.task.to_owned(),
                began: at,
                hosts: speaker.hosts,
                ended: 0,
                held: vec![held],
            }),
        }
    }

    /// A line of output; what is to be shown at once.
    pub(crate) fn line(&mut self, step: &StepId, stream: Stream, bytes: &[u8]) -> Vec<Said> {
        let text = visible::screen(bytes.strip_suffix(b"\r").unwrap_or(bytes), self.color);
        let (column, indent) = (self.column, self.indent);
        let Some(held) = self.find(step) else {
            return Vec::new();
        };
        held.bytes += text.len() + 1;
        held.lines.push((stream, text));
        if held.bytes > MOST {
            held.streams = true;
        }
        if held.streams {
            held.say(column, indent)
        } else {
            Vec::new()
        }
    }

    pub(crate) fn ended(&mut self, step: &StepId) {
        if let Some(group) = self.group_of(step) {
            group.ended += 1;
        }
        if let Some(held) = self.find(step) {
            held.ended = true;
        }
    }

    /// What is due at this moment; with `all` everything that is held.
    pub(crate) fn due(&mut self, now: Timestamp, all: bool) -> Vec<Said> {
        let (column, indent) = (self.column, self.indent);
        let mut said = Vec::new();
        for group in &mut self.groups {
            if all || group.is_complete() || now.since(group.began) >= HOLD {
                said.extend(group.say(column, indent));
            }
        }
        self.groups.retain(|group| !group.held.is_empty());
        said
    }

    fn group_of(&mut self, step: &StepId) -> Option<&mut Group> {
        self.groups
            .iter_mut()
            .find(|group| group.held.iter().any(|held| held.step == *step))
    }

    fn find(&mut self, step: &StepId) -> Option<&mut Held> {
        self.group_of(step)?
            .held
            .iter_mut()
            .find(|held| held.step == *step)
    }
}

impl Group {
    fn is_complete(&self) -> bool {
        self.ended >= self.hosts && self.held.iter().all(|held| held.ended)
    }

    /// Shows what is held: equal outputs of commands that ended once, the others by themselves.
    fn say(&mut self, column: usize, indent: &str) -> Vec<Said> {
        let mut said = Vec::new();
        let (ended, running): (Vec<Held>, Vec<Held>) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|held| held.ended);
        let mut alike: Vec<(Held, Vec<HostName>)> = Vec::new();
        for held in ended {
            let same = |first: &Held| first.lines == held.lines && !held.streams;
            if let Some((_, hosts)) = alike.iter_mut().find(|(first, _)| same(first)) {
                hosts.push(held.host);
            } else {
                let hosts = vec![held.host.clone()];
                alike.push((held, hosts));
            }
        }
        for (mut held, hosts) in alike {
            said.extend(match hosts.as_slice() {
                [_] => held.say(column, indent),
                _ => held.say_once(&hosts, indent),
            });
        }
        self.held = running;
        for held in &mut self.held {
            held.streams = true;
            said.extend(held.say(column, indent));
        }
        said
    }
}

impl Held {
    fn say(&mut self, column: usize, indent: &str) -> Vec<Said> {
        let host = self.host.as_str();
        let pad = " ".repeat(column.saturating_sub(host.width()));
        let prefix = Line::plain(indent).and(Role::Dim, format!("{host}{pad}  | "));
        said(&prefix, std::mem::take(&mut self.lines))
    }

    fn say_once(&mut self, hosts: &[HostName], indent: &str) -> Vec<Said> {
        let Some((stream, _)) = self.lines.first() else {
            return Vec::new();
        };
        let count = plural::count(hosts.len(), "host");
        let head = Said {
            stream: *stream,
            line: Line::plain(indent)
                .text(format!("same on {count}"))
                .and(Role::Dim, format!("  {}", plural::names(hosts, NAMED))),
        };
        let prefix = Line::plain(indent).and(Role::Dim, "  | ");
        let mut lines = vec![head];
        lines.extend(said(&prefix, std::mem::take(&mut self.lines)));
        lines
    }
}

fn said(prefix: &Line, lines: Vec<(Stream, String)>) -> Vec<Said> {
    lines
        .into_iter()
        .map(|(stream, text)| Said {
            stream,
            line: prefix.clone().host(text),
        })
        .collect()
}
