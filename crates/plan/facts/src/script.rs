//! The script that asks. Its text is fixed and lies in `sh/`; only values are put before it.

use crate::ask::Ask;
use crate::lock::Lock;
use windlass_model::command::home_path;
use windlass_model::plan::LEASE;
use windlass_model::{DeployId, Script};

pub(crate) const TOOLS: &str = include_str!("sh/tools.sh");
const LOGIN: &str = include_str!("sh/login.sh");
const ROOT: &str = include_str!("sh/root.sh");
pub(crate) const OURS: &str = include_str!("sh/ours.sh");
const GIVE_BACK: &str = include_str!("sh/give_back.sh");
const BEGIN: &str = include_str!("sh/begin.sh");
const RUBY: &str = include_str!("sh/ruby.sh");
const RELEASES: &str = include_str!("sh/releases.sh");
const RECORDS: &str = include_str!("sh/records.sh");
const REMOTE: &str = include_str!("sh/remote.sh");
pub(crate) const HISTORY: &str = include_str!("sh/history.sh");
const SSHD: &str = include_str!("sh/sshd.sh");

/// The script that asks a host; its standard output is for [`crate::read`].
pub fn script(ask: &Ask) -> String {
    let mut text = [TOOLS, LOGIN].concat();
    if ask.ruby.is_some() {
        text.push_str(RUBY);
    }
    text.push_str(ROOT);
    if ask.begin.is_some() {
        text.push_str(OURS);
        text.push_str(GIVE_BACK);
        text.push_str(BEGIN);
    }
    text.push_str(RELEASES);
    text.push_str(RECORDS);
    if ask.remote.is_some() {
        text.push_str(REMOTE);
    }
    if ask.sshd {
        text.push_str(SSHD);
    }
    text.push_str("say end 1\n");
    values(ask).with(&format!("{}{text}", path_lines(&ask.path)))
}

/// The script that takes back what beginning a deploy did on a host in this turn, for a deploy that was refused or tries
/// again in a later one. May be repeated.
pub fn give_back(root: &str, deploy: &DeployId, turn: u32) -> String {
    let text = [OURS, GIVE_BACK, "give_back\n"].concat();
    Script::new()
        .path("root", root)
        .var("deploy", deploy.as_str())
        .var("turn", &turn.to_string())
        .with(&text)
}

fn values(ask: &Ask) -> Script {
    let mut script = Script::new()
        .path("root", trimmed(&ask.root))
        .var("system", &ask.system_prefix)
        .var("digests", if ask.digests { "1" } else { "" })
        .each("each_linked_file", &ask.linked_files)
        .each("each_linked_dir", &ask.linked_dirs);
    if let Some(ruby) = &ask.ruby {
        let place = ruby.place.as_ref();
        script = script
            .var("ruby_kind", place.map_or("", |(kind, _)| kind.as_str()))
            .path("ruby_path", place.map_or("", |(_, path)| path));
    }
    if let Some(begin) = &ask.begin {
        script = script
            .var("deploy", begin.lock.deploy.as_str())
            .var("lock", &Lock::render(&begin.lock))
            .var("turn", &begin.turn.to_string())
            .var("lease", &LEASE.as_secs().to_string())
            .var("new_id", &begin.root_id)
            .var("makes_releases", if begin.release { "1" } else { "" });
    }
    if let Some(remote) = &ask.remote {
        script = script
            .var("repository", &remote.repository)
            .var("reference", &remote.reference)
            .var("host_keys", &remote.host_keys.join("\n"));
    }
    script
}

/// Without slashes at its end, so that paths below it read well.
fn trimmed(root: &str) -> &str {
    let trimmed = root.trim_end_matches('/');
    if trimmed.is_empty() { root } else { trimmed }
}

fn path_lines(path: &[String]) -> String {
    let mut lines = String::new();
    for dir in path.iter().rev() {
        lines.extend(["PATH=", &home_path(dir), ":\"$PATH\"\n"]);
    }
    lines
}
