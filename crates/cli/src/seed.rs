//! The linked files of a stage: compared with those of the project's directory, brought to the hosts that lack them, and
//! replaced where a person says so twice.
//!
//! A file is asked about once, however many hosts it is for. Nothing is sent that was not agreed to, and what is there
//! is replaced only where it is still what the person was told of. What a file holds is shown on demand alone: it may be a
//! secret. It travels in the session, arrives under another name and with mode 0600, and takes its place whole.

use crate::args::{Global, SetupArgs};
use crate::context::Context;
use crate::error::Failure;
use crate::fleet::Fleet;
use crate::screen::{confirm, data};
use crate::world::World;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use tokio::io::AsyncWriteExt as _;
use windlass_facts::{HostFacts, Linked, LinkedFile};
use windlass_model::HostName;
use windlass_model::layout::Layout;
use windlass_recipes::{Placing, kept};
use windlass_reporter::view::{FileContent, FileRow, FileState};
use windlass_reporter::visible_text;
use windlass_transport::{InMemory, UploadSource as _};

/// More than this is no file of settings.
const MOST: u64 = 16 << 20;

/// More than this is not compared line by line.
const MOST_LINES: u64 = 1 << 20;

/// What seeding works with.
pub(crate) struct Seeding<'a> {
    /// The surroundings.
    pub world: &'a World,
    /// The command line.
    pub global: &'a Global,
    /// What it says of `setup`.
    pub args: &'a SetupArgs,
    /// The stage.
    pub context: &'a Context,
    /// Its hosts.
    pub fleet: &'a Fleet,
    /// What they look like, where releases are made.
    pub facts: &'a BTreeMap<HostName, HostFacts>,
}

/// A file of the project's directory.
struct Local {
    file: Arc<InMemory>,
    content: FileContent,
}

impl Local {
    /// None where there is no file, and the reason where it cannot be taken.
    fn of(path: &Path) -> Result<Option<Self>, String> {
        let mut file = match std::fs::File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("here it cannot be read: {error}")),
        };
        let unreadable = |error: std::io::Error| format!("here it cannot be read: {error}");
        let about = file.metadata().map_err(unreadable)?;
        if !about.is_file() {
            return Err("here it is no file".to_owned());
        }
        if about.len() > MOST {
            return Err("here it is larger than 16 MiB; bring it there by hand".to_owned());
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(unreadable)?;
        let file = Arc::new(InMemory::new(bytes));
        let source = &mut &*file;
        let content = FileContent {
            bytes: source.len(),
            sha256: source.sha256().to_owned(),
        };
        Ok(Some(Self { file, content }))
    }
}

impl Seeding<'_> {
    /// Goes through the linked files one by one.
    pub(crate) async fn seed(&self) -> Result<Vec<FileRow>, Failure> {
        let mut rows = Vec::new();
        for file in &self.context.inventory.settings.linked_files {
            rows.extend(self.file(file).await?);
        }
        Ok(rows)
    }

    async fn file(&self, file: &str) -> Result<Vec<FileRow>, Failure> {
        let local = Local::of(&self.context.directory.join(file));
        let mut rows = self.compared(file, &local);
        if let Ok(Some(local)) = &local {
            self.send(local, &mut rows).await;
            if self.args.diff {
                self.differences(&mut rows).await?;
            }
            if self.args.overwrite {
                self.replace(local, &mut rows).await;
            }
        }
        Ok(rows)
    }

    /// How the file stands on each host.
    fn compared(&self, file: &str, local: &Result<Option<Local>, String>) -> Vec<FileRow> {
        let (here, note) = match local {
            Ok(local) => (local.as_ref().map(|local| &local.content), None),
            Err(why) => (None, Some(why.as_str())),
        };
        let mut rows = Vec::new();
        for host in &self.context.inventory.hosts {
            let host = &host.target.name;
            let Some(facts) = self.facts.get(host) else {
                continue;
            };
            let linked = facts.linked_files.iter().find(|linked| linked.path == file);
            let Some(linked) = linked else { continue };
            let shared = Layout::new(&facts.root.path).shared();
            let there = there(linked);
            rows.push(FileRow {
                file: file.to_owned(),
                host: host.clone(),
                path: format!("{shared}/{file}"),
                state: state(linked.state, there.as_ref(), here),
                there,
                here: here.cloned(),
                note: note.map(str::to_owned),
                diff: None,
            });
        }
        rows
    }

    /// Sends the file to the hosts that lack it, where that is agreed to.
    async fn send(&self, local: &Local, rows: &mut [FileRow]) {
        let question = |file: &str, hosts: &str| {
            let here = local.content.words();
            format!("{file} is missing on {hosts}; send the one that is here ({here})?")
        };
        let agreed = self.agreed(rows, FileState::Missing, question);
        let ends = (FileState::Sent, FileState::Failed);
        self.place(local, rows, ends, &agreed).await;
    }

    /// Replaces the file on the hosts where it differs, where that is agreed to.
    async fn replace(&self, local: &Local, rows: &mut [FileRow]) {
        let question = |file: &str, hosts: &str| {
            let here = local.content.words();
            format!(
                "{file} differs on {hosts}; replace it by the one that is here ({here})? The old one is kept beside it."
            )
        };
        let agreed = self.agreed(rows, FileState::Differs, question);
        let ends = (FileState::Replaced, FileState::NotReplaced);
        self.place(local, rows, ends, &agreed).await;
        for row in rows
            .iter_mut()
            .filter(|row| row.state == FileState::Replaced)
        {
            let old = row
                .there
                .as_ref()
                .map(|there| kept(&row.path, &there.sha256));
            row.note = old.map(|old| format!("the old one is {old}"));
        }
    }

    /// The hosts on which the file stands like this, where something is to be done about it. Nothing is done without a
    /// person or `--yes`, nor with what the login cannot read.
    fn agreed(
        &self,
        rows: &[FileRow],
        state: FileState,
        question: impl Fn(&str, &str) -> String,
    ) -> Vec<HostName> {
        let concerned = rows.iter().filter(|row| {
            let is_known = state == FileState::Missing || row.there.is_some();
            row.state == state && is_known
        });
        let hosts: Vec<HostName> = concerned.map(|row| row.host.clone()).collect();
        let (Some(row), false) = (rows.first(), hosts.is_empty()) else {
            return Vec::new();
        };
        let names: Vec<&str> = hosts.iter().map(HostName::as_str).collect();
        let question = visible_text(&question(&row.file, &names.join(", ")));
        let is_agreed =
            self.global.yes || tokio::task::block_in_place(|| confirm(self.world, &question));
        if is_agreed { hosts } else { Vec::new() }
    }

    /// Sends the file to these hosts and puts it in its place.
    async fn place(
        &self,
        local: &Local,
        rows: &mut [FileRow],
        (done, not_done): (FileState, FileState),
        hosts: &[HostName],
    ) {
        let (mut uploads, mut scripts) = (Vec::new(), Vec::new());
        for row in rows.iter().filter(|row| hosts.contains(&row.host)) {
            let sent = on_its_way(row, &local.content.sha256);
            let placing = Placing {
                target: &row.path,
                sent: &sent,
                sha256: &local.content.sha256,
                replaces: row.there.as_ref().map(|there| there.sha256.as_str()),
            };
            scripts.push((row.host.clone(), placing.script()));
            uploads.push((row.host.clone(), sent));
        }
        let mut failed: BTreeMap<_, _> = self
            .fleet
            .send(&local.file, uploads)
            .await
            .into_iter()
            .collect();
        scripts.retain(|(host, _)| !failed.contains_key(host));
        failed.extend(self.fleet.tell(scripts).await);
        for row in rows.iter_mut().filter(|row| hosts.contains(&row.host)) {
            row.note = failed.remove(&row.host);
            row.state = if row.note.is_some() { not_done } else { done };
        }
    }

    /// Shows what differs, each other file once, whichever hosts have it.
    async fn differences(&self, rows: &mut [FileRow]) -> Result<(), Failure> {
        let mut known: BTreeMap<String, String> = BTreeMap::new();
        for row in rows
            .iter_mut()
            .filter(|row| row.state == FileState::Differs)
        {
            let digest = row.there.as_ref().map(|there| there.sha256.clone());
            if let Some(diff) = digest.as_ref().and_then(|digest| known.get(digest)) {
                row.diff = Some(diff.clone());
                continue;
            }
            match self.difference(row).await {
                Ok(diff) => {
                    if !self.global.json {
                        data(&safe(&diff))?;
                    }
                    row.diff = Some(diff);
                }
                Err(why) => row.note = Some(why),
            }
            known.extend(digest.zip(row.diff.clone()));
        }
        Ok(())
    }

    /// What differs on one host, or why that cannot be told.
    async fn difference(&self, row: &FileRow) -> Result<String, String> {
        let is_long = |content: &Option<FileContent>| {
            let bytes = content.as_ref().map(|content| content.bytes);
            bytes.is_none_or(|bytes| bytes > MOST_LINES)
        };
        if is_long(&row.there) || is_long(&row.here) {
            return Err("it is not compared line by line".to_owned());
        }
        let there = self.fleet.read(&row.host, &row.path).await?;
        unified(row, &there, &self.context.directory.join(&row.file)).await
    }
}

fn there(linked: &LinkedFile) -> Option<FileContent> {
    linked.content.as_ref().map(|content| FileContent {
        bytes: content.bytes,
        sha256: content.sha256.clone(),
    })
}

fn state(linked: Linked, there: Option<&FileContent>, here: Option<&FileContent>) -> FileState {
    match linked {
        Linked::Missing => FileState::Missing,
        Linked::NotAFile => FileState::NotAFile,
        Linked::Present if here.is_none() => FileState::Present,
        Linked::Present if there == here => FileState::Same,
        Linked::Present => FileState::Differs,
    }
}

/// Where a file lies until it takes its place. The host's name is in it for those that share a deploy root.
fn on_its_way(row: &FileRow, sha256: &str) -> String {
    let (dir, name) = row.path.rsplit_once('/').unwrap_or(("", &row.path));
    let digest = sha256.get(..12).unwrap_or(sha256);
    format!("{dir}/.{name}.windlass-{digest}-{}", row.host)
}

/// The difference as `diff -u` shows it. What is there goes to it through a pipe, and into no file.
async fn unified(row: &FileRow, there: &[u8], here: &Path) -> Result<String, String> {
    let mut command = tokio::process::Command::new("diff");
    command
        .args(["-u", "-L"])
        .arg(format!("{} on {}", row.file, row.host))
        .args(["-L"])
        .arg(format!("{} here", row.file))
        .arg("-")
        .arg(here)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let not_run = |error: std::io::Error| format!("diff cannot be run here: {error}");
    let mut child = command.spawn().map_err(not_run)?;
    let stdin = child.stdin.take();
    let feed = async {
        if let Some(mut stdin) = stdin {
            // Where it ended early its status says why.
            stdin.write_all(there).await.ok();
        }
    };
    let ((), output) = tokio::join!(feed, child.wait_with_output());
    let output = output.map_err(not_run)?;
    // One is what it ends with where there are differences.
    if matches!(output.status.code(), Some(0 | 1)) {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("diff could not compare them: {}", said.trim()))
}

/// Lines of a file that must not move the cursor of whoever reads them.
fn safe(text: &str) -> String {
    let lines = text.lines().map(|line| visible_text(line) + "\n");
    lines.collect()
}
