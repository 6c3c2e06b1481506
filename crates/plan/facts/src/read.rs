//! Reads an answer. A record that a newer script may add is passed over; one that makes no sense is an error.

use crate::error::Error;
use crate::host_facts::{
    Begun, Content, Current, DeployFacts, Entry, HostFacts, Linked, LinkedFile, Logout,
    RemoteFacts, Repository, Rubies, Tool,
};
use crate::lease::Lease;
use crate::lock::Lock;
use crate::mounts::{df, unescape};
use crate::records::records;
use crate::reference::find_reference;
use crate::release_facts::{ReleaseFacts, ReleaseRecord, Said};
use crate::sshd::SshdSettings;
use std::collections::BTreeSet;
use windlass_model::clock::Timestamp;
use windlass_model::release::ReleaseState;
use windlass_model::technology::ManagerKind;
use windlass_model::{DeployId, ReleaseName, Revision};

/// Reads what [`crate::script`] wrote to its standard output.
pub fn read(stdout: &[u8]) -> Result<HostFacts, Error> {
    let mut reading = Reading::default();
    for (name, value) in records(stdout)? {
        if !reading.login(&name, &value)?
            && !reading.ruby(&name, &value)?
            && !reading.root(&name, &value)?
            && !reading.release(&name, &value)?
        {
            reading.record(&name, &value)?;
        }
    }
    Ok(reading.finish())
}

/// The facts so far, with what only makes sense together.
#[derive(Default)]
struct Reading {
    facts: HostFacts,
    read_only: BTreeSet<String>,
    mount: Option<String>,
    refs: Option<String>,
}

fn number<N: std::str::FromStr>(record: &str, value: &str) -> Result<N, Error> {
    value.trim().parse().map_err(|_| senseless(record, value))
}

fn senseless(record: &str, value: &str) -> Error {
    Error::Senseless {
        record: record.to_owned(),
        value: value.to_owned(),
    }
}

/// A tool says its version, after words that only this one says.
fn versioned(tools: &mut [Tool], name: &str, said: &str, words: &str) {
    if let Some(tool) = tools.iter_mut().find(|tool| tool.name == name) {
        tool.version = said.strip_prefix(words).map(str::to_owned);
    }
}

fn whole_repository() -> Repository {
    Repository {
        whole: true,
        ..Repository::default()
    }
}

/// What stands before the first blank, and what after it.
fn word(value: &str) -> (&str, &str) {
    value.split_once(' ').unwrap_or((value, ""))
}

/// A commit id as it stands in a `REVISION`.
fn revision(value: &str) -> Option<Revision> {
    let value = value.trim();
    (!value.is_empty()).then(|| Revision::new(value))
}

impl Reading {
    fn login(&mut self, name: &str, value: &str) -> Result<bool, Error> {
        let facts = &mut self.facts;
        match name {
            "system" => value.clone_into(&mut facts.system),
            "proc" => facts.has_proc = true,
            "boot_id" => value.clone_into(&mut facts.boot_id),
            "user" => value.clone_into(&mut facts.user),
            "uid" => facts.uid = number(name, value)?,
            "group" => value.clone_into(&mut facts.group),
            "home" => value.clone_into(&mut facts.home),
            "shell" => value.clone_into(&mut facts.shell),
            "umask" => value.clone_into(&mut facts.umask),
            "path" => value.clone_into(&mut facts.path),
            "tool" => {
                let (tool, path) = word(value);
                facts.tools.push(Tool {
                    name: tool.to_owned(),
                    path: path.to_owned(),
                    version: None,
                });
            }
            "git_version" => versioned(&mut facts.tools, "git", value, "git version "),
            "wget_version" => versioned(&mut facts.tools, "wget", value, "GNU Wget "),
            "manager" => facts.version_managers.push(value.to_owned()),
            "logout" => {
                facts.logout = match value {
                    "survive" => Logout::Survive,
                    "user_manager" => Logout::UserManager,
                    "die" => Logout::Die,
                    _ => return Err(senseless(name, value)),
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn ruby(&mut self, name: &str, value: &str) -> Result<bool, Error> {
        let rubies = &mut self.facts.rubies;
        match name {
            "ruby" => {
                let (kind, path) = word(value);
                let kind = ManagerKind::parse(kind).ok_or_else(|| senseless(name, value))?;
                rubies.push(Rubies {
                    kind,
                    path: path.to_owned(),
                    versions: Vec::new(),
                });
            }
            "ruby_version" => {
                let manager = rubies.last_mut().ok_or_else(|| senseless(name, value))?;
                manager.versions.push(value.to_owned());
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn root(&mut self, name: &str, value: &str) -> Result<bool, Error> {
        let facts = &mut self.facts;
        match name {
            "root" => value.clone_into(&mut facts.root.path),
            "root_entry" if value == "directory" => facts.root.entry = Entry::Directory,
            "root_entry" => facts.root.entry = Entry::Other,
            "nearest" => value.clone_into(&mut facts.root.nearest),
            "nearest_owner" => value.clone_into(&mut facts.root.nearest_owner),
            "not_writable" => facts.root.not_writable.push(value.to_owned()),
            "read_only_mount" => {
                self.read_only.insert(unescape(value));
            }
            "disk" => {
                let (blocks, mount) = df(value).unzip();
                facts.disk.free = blocks.map(|blocks: u64| blocks.saturating_mul(1024));
                self.mount = mount;
            }
            "inodes" => facts.disk.inodes = df(value).map(|(free, _)| free),
            "current_link" => {
                facts.current = Current::Link {
                    target: value.to_owned(),
                }
            }
            "current_dangles" => facts.current_dangles = true,
            "current" if value == "directory" => facts.current = Current::Directory,
            "current" => facts.current = Current::Other,
            "linked_file" => facts.linked_files.push(linked_file(name, value)?),
            "linked_content" => {
                let file = facts.linked_files.last_mut();
                let file = file.ok_or_else(|| senseless(name, value))?;
                file.content = Some(content(name, value)?);
            }
            "missing_linked_dir" => facts.missing_linked_dirs.push(value.to_owned()),
            "begun" | "begun_failed" => facts.begun = begun(name, value)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn release(&mut self, name: &str, value: &str) -> Result<bool, Error> {
        let facts = &mut self.facts;
        match name {
            "live" => {
                if ReleaseName::is_well_formed(value) {
                    facts.live = Some(ReleaseName::new(value));
                }
            }
            "live_revision" => facts.live_revision = revision(value),
            "stale_link" => facts.stale_link = Some(value.to_owned()),
            "release" => facts.releases.push(ReleaseFacts {
                name: ReleaseName::new(value),
                revision: None,
                revision_time: None,
                record: None,
            }),
            "revision" | "revision_time" | "record" => {
                let (release, value) = word(value);
                let release = facts
                    .releases
                    .iter_mut()
                    .find(|known| known.name.as_str() == release);
                let Some(release) = release else {
                    return Err(senseless(name, value));
                };
                match name {
                    "revision" => release.revision = revision(value),
                    "revision_time" => release.revision_time = value.trim().parse().ok(),
                    _ => release.record = record(value),
                }
            }
            "stray" => facts.strays.push(value.to_owned()),
            "failed" => facts.failed.push(ReleaseName::new(value)),
            "log" => facts.said = value.lines().filter_map(Said::parse).collect(),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn record(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let facts = &mut self.facts;
        match name {
            "repository" => facts.repository = Some(whole_repository()),
            "repository_shallow" | "repository_tips" | "repository_error" => {
                let repository = facts.repository.get_or_insert_default();
                match name {
                    "repository_shallow" => repository.whole = false,
                    "repository_error" => repository.error = Some(value.trim().to_owned()),
                    _ => tips(repository, value),
                }
            }
            "no_mirror" => facts.no_mirror = Some(value.trim().to_owned()),
            "root_id" => facts.root_id = (!value.is_empty()).then(|| value.to_owned()),
            "fence" => facts.fence = number(name, value)?,
            "lock" => {
                facts.lock = Lock::parse(value);
                facts.foreign_lock = facts.lock.is_none().then(|| value.to_owned());
            }
            "lease" => facts.lease = Lease::read(value),
            "deploy" => facts.deploys.push(deploy(name, value)?),
            "remote_refs" => self.refs = Some(value.to_owned()),
            "remote_error" => {
                facts.remote = Some(RemoteFacts::Unreadable {
                    error: value.trim().to_owned(),
                });
            }
            "remote_reference" => {
                if let Some(refs) = &self.refs {
                    facts.remote = Some(find_reference(refs, value));
                }
            }
            "sshd_in_force" => facts.sshd = Some(SshdSettings::parse(true, value)),
            "sshd_files" => facts.sshd = Some(SshdSettings::parse(false, value)),
            // The frame of the answer, or what only a newer script knows.
            _ => {}
        }
        Ok(())
    }

    fn finish(self) -> HostFacts {
        let mut facts = self.facts;
        facts.root.read_only = self
            .mount
            .is_some_and(|mount| self.read_only.contains(&mount));
        facts.releases.sort_by(|a, b| a.name.cmp(&b.name));
        facts.failed.sort();
        facts.deploys.sort_by_key(|deploy| deploy.fence);
        facts
    }
}

fn begun(name: &str, value: &str) -> Result<Begun, Error> {
    Ok(match (name, value) {
        ("begun", "locked") => Begun::Locked,
        ("begun", "refused") => Begun::Refused,
        ("begun", fence) => Begun::Begun {
            fence: number(name, fence)?,
        },
        (_, error) => Begun::Failed {
            error: error.trim().to_owned(),
        },
    })
}

fn content(name: &str, value: &str) -> Result<Content, Error> {
    let (bytes, sha256) = word(value);
    Ok(Content {
        bytes: number(name, bytes)?,
        sha256: sha256.to_owned(),
    })
}

fn linked_file(name: &str, value: &str) -> Result<LinkedFile, Error> {
    let (state, path) = word(value);
    let state = match state {
        "present" => Linked::Present,
        "missing" => Linked::Missing,
        "not_a_file" => Linked::NotAFile,
        _ => return Err(senseless(name, value)),
    };
    Ok(LinkedFile {
        path: path.to_owned(),
        state,
        content: None,
    })
}

/// git warns of a broken ref in between and goes on.
fn tips(repository: &mut Repository, lines: &str) {
    let lines = lines.lines().filter_map(|line| line.split_once(' '));
    for (id, name) in lines.filter(|(id, _)| Revision::is_id(id)) {
        let revision = Revision::new(id);
        if !repository.tips.contains(&revision) {
            repository.tips.push(revision);
        }
        if let Some(release) = name.strip_prefix("refs/windlass/") {
            repository.kept.push(ReleaseName::new(release));
        }
    }
}

fn deploy(name: &str, value: &str) -> Result<DeployFacts, Error> {
    let (id, rest) = word(value);
    let (fence, decision) = word(rest);
    Ok(DeployFacts {
        id: DeployId::new(id),
        fence: number(name, fence)?,
        decision: (!decision.is_empty()).then(|| decision.to_owned()),
    })
}

/// Our record of a release; none where it is in a format that we do not know.
fn record(text: &str) -> Option<ReleaseRecord> {
    let mut lines = text.lines();
    if lines.next()? != "windlass-release 1" {
        return None;
    }
    let mut record = ReleaseRecord {
        state: ReleaseState::Unknown,
        deploy: DeployId::new(""),
        since: Timestamp(0),
    };
    for (name, value) in lines.filter_map(|line| line.split_once(' ')) {
        match name {
            "state" => record.state = ReleaseState::parse(value).unwrap_or(ReleaseState::Unknown),
            "deploy" => record.deploy = DeployId::new(value),
            "since" => {
                record.since = Timestamp(value.parse::<u64>().unwrap_or(0).saturating_mul(1000));
            }
            _ => {}
        }
    }
    Some(record)
}
