//! What `setup` found and did: the layout host by host, and the linked files.

use super::sealed::{Drawing, Drawn};
use super::{Sheet, drawings, numbered};
use crate::console::facts;
use crate::style::{Line, Role};
use crate::words::size::size;
use serde::Serialize;
use windlass_model::HostName;

/// The layout of one host.
#[derive(Clone, Debug, Serialize)]
pub struct LayoutRow {
    /// The host.
    pub host: HostName,
    /// Its deploy root.
    pub deploy_to: String,
    /// Why the layout could not be made; none where it is there.
    pub wrong: Option<String>,
}

/// What a file holds, without showing it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileContent {
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of it.
    pub sha256: String,
}

impl FileContent {
    /// `32 B, sha256 3f2c9ab1d0e4`: enough of the digest to compare by eye.
    pub fn words(&self) -> String {
        let sha256 = self.sha256.get(..12).unwrap_or(&self.sha256);
        format!("{}, sha256 {sha256}", size(self.bytes))
    }
}

/// How a linked file stands on a host in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// It was missing and was sent.
    Sent,
    /// It was another one and was replaced.
    Replaced,
    /// It is the one that is here.
    Same,
    /// It is there, and there is none here to compare it with.
    Present,
    /// It differs from the one that is here.
    Differs,
    /// It is not there.
    Missing,
    /// Something is there that is no file.
    NotAFile,
    /// It was missing, was to be sent, and was not.
    Failed,
    /// It was to be replaced, and was not: the other one is still there.
    NotReplaced,
}

/// A linked file on one host.
#[derive(Clone, Debug, Serialize)]
pub struct FileRow {
    /// The linked file, below `shared`.
    pub file: String,
    /// The host.
    pub host: HostName,
    /// Where it is there.
    pub path: String,
    /// How it stands.
    pub state: FileState,
    /// What it held there before; none = nothing, or nobody can tell.
    pub there: Option<FileContent>,
    /// What the one here holds; none = there is none.
    pub here: Option<FileContent>,
    /// What there is to say of it besides.
    pub note: Option<String>,
    /// What differs, where that was asked for.
    pub diff: Option<String>,
}

/// What came of `setup`.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Host by host.
    pub layouts: Vec<LayoutRow>,
    /// File by file, each host by host.
    pub files: Vec<FileRow>,
}

impl Drawn for Setup {
    fn draw(&self, _sheet: &Sheet) -> Vec<Drawing> {
        let mut lines: Vec<Line> = self.layouts.iter().map(LayoutRow::line).collect();
        let mut files: Vec<&str> = self.files.iter().map(|row| row.file.as_str()).collect();
        files.dedup();
        for file in files {
            lines.extend(self.about(file));
        }
        drawings(lines)
    }

    fn rows(&self) -> Result<Vec<String>, serde_json::Error> {
        let layouts = self.layouts.iter().map(|row| Kind {
            kind: "layout",
            row,
        });
        let mut rows = numbered(&layouts.collect::<Vec<_>>())?;
        let kind = "linked_file";
        let files = self.files.iter().map(|row| Kind { kind, row });
        rows.extend(numbered(&files.collect::<Vec<_>>())?);
        Ok(rows)
    }
}

/// A row that says which of the two it is.
#[derive(Serialize)]
struct Kind<'a, T> {
    kind: &'static str,
    #[serde(flatten)]
    row: &'a T,
}

impl Setup {
    /// A line for all hosts of which the same is to be said.
    fn about(&self, file: &str) -> Vec<Line> {
        let rows = || self.files.iter().filter(|row| row.file == file);
        let all = rows().count();
        let groups = facts::grouped(rows().map(|row| (&row.host, row.said())));
        let line = |(said, some): (Said<'_>, Vec<&HostName>)| said.line(&facts::hosts(&some, all));
        groups.into_iter().map(line).collect()
    }
}

impl LayoutRow {
    fn line(&self) -> Line {
        let line = |role, mark| Line::of(role, mark).text(format!(" {}  ", self.host));
        match &self.wrong {
            None => line(Role::Good, "✔").text(&self.deploy_to),
            Some(wrong) => line(Role::Bad, "✘").text(wrong),
        }
    }
}

/// All of a row but its host.
#[derive(PartialEq)]
struct Said<'a> {
    file: &'a str,
    state: FileState,
    there: Option<&'a FileContent>,
    here: Option<&'a FileContent>,
    note: Option<&'a str>,
}

impl FileRow {
    fn said(&self) -> Said<'_> {
        Said {
            file: &self.file,
            state: self.state,
            there: self.there.as_ref(),
            here: self.here.as_ref(),
            note: self.note.as_deref(),
        }
    }
}

impl Said<'_> {
    fn line(&self, hosts: &str) -> Line {
        let held = |content: Option<&FileContent>| {
            content.map_or_else(|| "not readable".to_owned(), FileContent::words)
        };
        let (there, here) = (held(self.there), held(self.here));
        let (role, mark, text) = match self.state {
            FileState::Sent => (
                Role::Good,
                "✔",
                format!("sent to {hosts}: {here}, mode 0600"),
            ),
            FileState::Replaced => (Role::Good, "✔", format!("replaced on {hosts}: {here}")),
            FileState::Same => (Role::Dim, "·", format!("on {hosts} as it is here")),
            FileState::Present => (Role::Dim, "·", format!("on {hosts}; there is none here")),
            FileState::Differs => (
                Role::Warn,
                "▲",
                format!("differs on {hosts}: there {there}; here {here}"),
            ),
            FileState::Missing => (Role::Bad, "✘", format!("is missing on {hosts}")),
            FileState::NotAFile => (Role::Bad, "✘", format!("is no file on {hosts}")),
            FileState::Failed => (Role::Bad, "✘", format!("was not sent to {hosts}")),
            FileState::NotReplaced => (Role::Bad, "✘", format!("was not replaced on {hosts}")),
        };
        let note = self
            .note
            .map(|note| format!("; {note}"))
            .unwrap_or_default();
        let quiet = if role == Role::Dim { role } else { Role::Plain };
        Line::of(role, mark).and(quiet, format!(" {}  {text}{note}", self.file))
    }
}
