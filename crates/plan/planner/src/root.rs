//! Whether the login may write to the deploy root, and the exact command that lets it, for the person who may.

use crate::refusal::{Reason, Refusal};
use windlass_facts::{Entry, HostFacts};
use windlass_model::HostName;
use windlass_model::shell::quote;

/// What keeps the login from writing to the deploy root, each with what to do about it.
pub fn unwritable(host: &HostName, facts: &HostFacts) -> Vec<Refusal> {
    let root = &facts.root;
    let refused = |reason, hint| Refusal {
        host: host.clone(),
        reason,
        hint,
    };
    let path = root.path.clone();
    if root.entry == Entry::Other {
        return vec![refused(Reason::RootNotADirectory { path }, None)];
    }
    if root.read_only {
        return vec![refused(Reason::ReadOnly { path }, None)];
    }
    let paths = root.not_writable.iter();
    let reason = |path: &String| Reason::NotWritable {
        path: path.clone(),
        user: facts.user.clone(),
    };
    paths
        .map(|path| refused(reason(path), Some(cure(facts, path))))
        .collect()
}

/// The command stands last, so that it can be taken as it is.
fn cure(facts: &HostFacts, path: &str) -> String {
    let (root, user) = (&facts.root, quote(&facts.user));
    let of = format!("{} belongs to {}", root.nearest, root.nearest_owner);
    if root.entry == Entry::Absent {
        let group = quote(&facts.group);
        let path = quote(&root.path);
        format!("{of}; on the host: sudo install -d -o {user} -g {group} -m 0755 {path}")
    } else if path == root.path {
        format!("{of}; on the host: sudo chown {user} {}", quote(path))
    } else {
        format!("on the host: sudo chown -R {user} {}", quote(path))
    }
}
