//! The preconditions of a deploy, all of them at once, before anything is changed.

use crate::refusal::{Reason, Refusal};
use crate::request::{Request, Run};
use std::collections::BTreeMap;
use windlass_facts::{Begun, Current, HostFacts, Linked, Logout, RemoteFacts};
use windlass_model::inventory::Host;
use windlass_model::layout::Layout;
use windlass_model::settings::SourceKind;
use windlass_model::{DeployKind, HostName};

/// Below this a deploy cannot even write its own records.
const LEAST_BYTES: u64 = 1 << 20;
/// Below this many files likewise.
const LEAST_INODES: u64 = 100;

/// Everything that speaks against beginning, in the order of the hosts. A host that was not asked is passed over.
pub fn precheck(request: &Request<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for host in &request.inventory.hosts {
        if let Some(facts) = request.facts.get(&host.target.name) {
            let mut check = Check {
                request,
                host,
                facts,
                refusals: &mut refusals,
            };
            check.lock();
            check.login();
            check.root();
            check.current();
            check.linked_files();
            check.mirror();
            check.recipes();
            check.remote();
        }
    }
    shared_roots(request, &mut refusals);
    not_begun(request, &mut refusals);
    refusals
}

/// One host under examination.
struct Check<'a> {
    request: &'a Request<'a>,
    host: &'a Host,
    facts: &'a HostFacts,
    refusals: &'a mut Vec<Refusal>,
}

impl Check<'_> {
    fn refuse(&mut self, reason: Reason, hint: Option<String>) {
        self.refusals.push(Refusal {
            host: self.host.target.name.clone(),
            reason,
            hint,
        });
    }

    fn stage(&self) -> &str {
        &self.request.inventory.stage
    }

    fn lock(&mut self) {
        let layout = Layout::new(&self.facts.root.path);
        if self.facts.foreign_lock.is_some() {
            let hint = format!("look at it, then remove it: rm {}", layout.lock());
            self.refuse(
                Reason::ForeignLock {
                    path: layout.lock(),
                },
                Some(hint),
            );
            return;
        }
        if let Some(lock) = self
            .facts
            .lock
            .clone()
            .filter(|lock| lock.deploy != self.request.deploy)
        {
            let stage = self.stage();
            let hint = format!(
                "windlass attach {stage} watches it; where its controller is gone, windlass resume or cancel there, or windlass unlock {stage}"
            );
            self.refuse(Reason::Locked(lock), Some(hint));
        }
    }

    fn login(&mut self) {
        let facts = self.facts;
        if facts.system != "Linux" || !facts.has_proc {
            let system = match facts.system.as_str() {
                "Linux" => "Linux without a readable /proc".to_owned(),
                other => other.to_owned(),
            };
            self.refuse(Reason::System { system }, None);
            return;
        }
        if facts.logout == Logout::Die {
            let user = facts.user.clone();
            let hint = format!("as an administrator: loginctl enable-linger {user}");
            self.refuse(Reason::Logout { user }, Some(hint));
        }
        self.tools();
    }

    fn tools(&mut self) {
        let mut wanted = vec![vec!["tar"], vec!["sha256sum", "openssl"]];
        if self.host.target.release && self.request.kind() == DeployKind::Deploy {
            wanted.push(vec!["git"]);
            if self.host.settings.git_lfs {
                wanted.push(vec!["git-lfs"]);
            }
        }
        for names in wanted {
            if names.iter().all(|name| self.facts.tool(name).is_none()) {
                let name = names.join(" or ");
                let hint = format!(
                    "install it, or name its directory in `path` (now {})",
                    self.facts.path
                );
                self.refuse(Reason::Tool { name }, Some(hint));
            }
        }
    }

    fn root(&mut self) {
        let unwritable = crate::root::unwritable(&self.host.target.name, self.facts);
        let ends_here = |refusal: &Refusal| !matches!(refusal.reason, Reason::NotWritable { .. });
        let is_hopeless = unwritable.iter().any(ends_here);
        self.refusals.extend(unwritable);
        if !is_hopeless {
            self.space();
        }
    }

    fn space(&mut self) {
        let disk = self.facts.disk;
        for (left, least, what) in [
            (disk.free, LEAST_BYTES, "space"),
            (disk.inodes, LEAST_INODES, "inodes"),
        ] {
            if left.is_some_and(|left| left < least) {
                let path = self.facts.root.path.clone();
                self.refuse(Reason::NoSpace { path, what }, None);
            }
        }
    }

    fn current(&mut self) {
        let what = match self.facts.current {
            Current::Directory => "a directory",
            Current::Other => "a file",
            Current::Absent | Current::Link { .. } => return,
        };
        let path = Layout::new(&self.facts.root.path).current();
        let hint = format!("move it away: mv {path} {path}.before-windlass");
        self.refuse(Reason::CurrentNotALink { path, what }, Some(hint));
    }

    fn linked_files(&mut self) {
        if !self.host.target.release {
            return;
        }
        let layout = Layout::new(&self.facts.root.path);
        for file in self
            .facts
            .linked_files
            .iter()
            .filter(|file| file.state != Linked::Present)
        {
            let path = format!("{}/{}", layout.shared(), file.path);
            let stage = self.stage();
            let hint = format!(
                "create {path}; windlass setup {stage} --host {} brings the one that is here, or tells how",
                self.host.target.name
            );
            self.refuse(
                Reason::LinkedFile {
                    path,
                    state: file.state,
                },
                Some(hint),
            );
        }
    }

    /// A mirror of ours takes no other's place: what is there may be all that a person has of it.
    fn mirror(&mut self) {
        let makes = self.host.target.release && self.request.kind() == DeployKind::Deploy;
        let Some(what) = self.facts.no_mirror.as_deref().filter(|_| makes) else {
            return;
        };
        let path = Layout::new(&self.facts.root.path).repo();
        let whose = match what {
            "svn" => Some("Subversion"),
            "hg" => Some("Mercurial"),
            _ => None,
        };
        let hint = format!("move it away, and a git mirror is made: mv {path} {path}.before");
        self.refuse(Reason::NoMirror { path, whose }, Some(hint));
    }

    fn recipes(&mut self) {
        for recipe in self.request.recipes {
            for lack in recipe.lacks(self.host, self.facts) {
                self.refuse(Reason::Lacks { what: lack.what }, Some(lack.hint));
            }
        }
    }

    fn remote(&mut self) {
        let settings = &self.request.inventory.settings;
        let git = settings.source == SourceKind::Git;
        if !git || !matches!(self.request.run, Run::Deploy { .. }) {
            return;
        }
        let repository = settings.repository.clone().unwrap_or_default();
        match &self.facts.remote {
            Some(RemoteFacts::NotFound {
                reference,
                branches,
            }) => {
                let hint = reference_hint(reference, branches);
                let reference = reference.clone();
                self.refuse(
                    Reason::NoSuchReference {
                        reference,
                        repository,
                    },
                    hint,
                );
            }
            Some(RemoteFacts::Unreadable { error }) => {
                let hint = repository_hint(error);
                self.refuse(
                    Reason::Repository {
                        repository,
                        error: error.clone(),
                    },
                    hint,
                );
            }
            Some(RemoteFacts::Found { .. }) | None => {}
        }
    }
}

/// What to do where the repository has nothing of this name.
fn reference_hint(reference: &str, branches: &[String]) -> Option<String> {
    let nearest = crate::hooks::nearest(reference, branches.iter().map(String::as_str));
    if let Some(name) = nearest {
        return Some(format!("did you mean `{name}`?"));
    }
    let is_id = reference.len() >= 4 && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
    if windlass_model::Revision::is_id(reference) {
        Some("push the commit to the repository".to_owned())
    } else {
        is_id.then(|| "name the commit by its whole id: git rev-parse shows it".to_owned())
    }
}

fn repository_hint(error: &str) -> Option<String> {
    let says = |text: &str| error.contains(text);
    if says("Host key verification failed") || says("host key is known") {
        Some(
            "name the forge's key in `repository_host_keys` (from: ssh-keyscan HOST, compared with what the forge publishes)"
                .to_owned(),
        )
    } else if says("Permission denied") || says("could not read Username") {
        Some(
            "give the host a deploy key, or use source = \"push\", which needs no credentials on the host"
                .to_owned(),
        )
    } else {
        None
    }
}

/// Two names for one directory would do every file step twice.
fn shared_roots(request: &Request<'_>, refusals: &mut Vec<Refusal>) {
    if request.inventory.settings.shared_deploy_to {
        return;
    }
    let mut by_id: BTreeMap<&str, Vec<&HostName>> = BTreeMap::new();
    for host in &request.inventory.hosts {
        let facts = request.facts.get(&host.target.name);
        if let Some(id) = facts.and_then(|facts| facts.root_id.as_deref()) {
            by_id.entry(id).or_default().push(&host.target.name);
        }
    }
    for names in by_id.into_values().filter(|names| names.len() > 1) {
        let Some((first, others)) = names.split_first() else {
            continue;
        };
        let facts = request.facts.get(*first);
        refusals.push(Refusal {
            host: (*first).clone(),
            reason: Reason::SharedRoot {
                path: facts.map(|facts| facts.root.path.clone()).unwrap_or_default(),
                others: others.iter().map(|name| (*name).clone()).collect(),
            },
            hint: Some(
                "leave one of them out, or set shared_deploy_to = true; where one is a copy of the other, remove .windlass/id from the copy"
                    .to_owned(),
            ),
        });
    }
}

/// What kept a deploy from beginning where the facts themselves show nothing.
fn not_begun(request: &Request<'_>, refusals: &mut Vec<Refusal>) {
    for host in &request.inventory.hosts {
        let name = &host.target.name;
        let Some(facts) = request.facts.get(name) else {
            continue;
        };
        let error = match &facts.begun {
            Begun::Failed { error } => error.clone(),
            Begun::Refused if !refusals.iter().any(|refusal| &refusal.host == name) => {
                "the host did not say why".to_owned()
            }
            Begun::Locked if !refusals.iter().any(|refusal| &refusal.host == name) => {
                "another deploy held the lock a moment ago".to_owned()
            }
            _ => continue,
        };
        refusals.push(Refusal {
            host: name.clone(),
            reason: Reason::NotBegun { error },
            hint: None,
        });
    }
}
