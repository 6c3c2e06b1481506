//! Words of other tools, and what they are called here or why they are not needed.
//!
//! Looked up before any suggestion by spelling: somebody who writes `repo_url` knows what they mean.

mod ruby;

use crate::error::Error;

/// A word of another tool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Foreign {
    pub(crate) word: &'static str,
    pub(crate) tool: &'static str,
    pub(crate) meaning: Meaning,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meaning {
    /// It has a name here; follows "here it is".
    Ours(&'static str),
    /// It has no counterpart; follows a semicolon.
    Reason(&'static str),
}

impl Foreign {
    /// What to say about it.
    pub(crate) fn error(&self) -> Error {
        let word = self.word.to_owned();
        let tool = self.tool;
        match self.meaning {
            Meaning::Ours(ours) => Error::ForeignWord { word, tool, ours },
            Meaning::Reason(reason) => Error::ForeignIdea { word, tool, reason },
        }
    }
}

/// The foreign word, as it would be meant in this table.
pub(crate) fn find(table: &str, word: &str) -> Option<&'static Foreign> {
    let listed = |list: &'static [Foreign]| list.iter().find(|foreign| foreign.word == word);
    let special = if table.rsplit('.').next() == Some("ssh") {
        listed(IN_SSH)
    } else {
        None
    };
    special
        .or_else(|| listed(EVERYWHERE))
        .or_else(|| listed(ruby::RUBY))
}

const fn ours(word: &'static str, tool: &'static str, name: &'static str) -> Foreign {
    Foreign {
        word,
        tool,
        meaning: Meaning::Ours(name),
    }
}

const fn none(word: &'static str, tool: &'static str, reason: &'static str) -> Foreign {
    Foreign {
        word,
        tool,
        meaning: Meaning::Reason(reason),
    }
}

const CAP: &str = "Capistrano's";
const DEP: &str = "Deployer's";
const MINA: &str = "Mina's";
const KAMAL: &str = "Kamal's";
const SSH: &str = "ssh_config's";

const FIXED: &str = "the layout is fixed, so that Capistrano and Windlass can take over from each \
    other";
const SCREEN: &str = "the log file always holds everything, and `--json` gives one event a line";
const NO_WRAPPER: &str = "git on the host is called without a wrapper; nothing lies in /tmp";
const NO_SVN: &str = "git is the only source";
const CREDENTIALS: &str = "with `source = \"push\"` the credentials stay on this machine, in git's own \
    credential helper";

static EVERYWHERE: &[Foreign] = &[
    ours("repo_url", CAP, "`repository`"),
    ours("repo_tree", CAP, "`subtree`"),
    ours("default_env", CAP, "the table `[env]`"),
    ours("default_environment", CAP, "the table `[env]`"),
    ours("ssh_options", CAP, "the table `[ssh]`"),
    ours("connection_timeout", CAP, "`connect_for` in `[ssh]`"),
    ours("git_shallow_clone", CAP, "`depth`"),
    ours("git_enable_submodules", CAP, "`submodules`"),
    ours(
        "pty",
        CAP,
        "`pty = true` in the `[[tasks]]` that needs a terminal",
    ),
    ours(
        "use_sudo",
        CAP,
        "`sudo = true` in the `[[tasks]]` that needs it",
    ),
    ours(
        "sudo",
        CAP,
        "`sudo = true` in the `[[tasks]]` that needs it",
    ),
    ours("servers", "another tool's", "`hosts` in a stage"),
    ours("server", CAP, "`hosts` in a stage"),
    ours("role", CAP, "`roles = [\"app\"]` of a host in a stage"),
    ours("no_release", CAP, "`release = false` of a host"),
    ours("stage", CAP, "a table `[stages.NAME]`"),
    ours(
        "default_stage",
        CAP,
        "the command line: `windlass deploy STAGE`; with one stage it may be left out",
    ),
    ours("gateway", CAP, "`jump` in `[ssh]`"),
    ours("shared_children", CAP, "`linked_dirs`"),
    ours(
        "filter",
        CAP,
        "`--host`, `--role` and `--exclude` on the command line",
    ),
    ours("default_shell", CAP, "`shell`"),
    ours(
        "default_run_options",
        CAP,
        "keys of `[[tasks]]`, such as `pty`",
    ),
    ours("ssh_user", CAP, "`user` in `[ssh]`"),
    ours("nvm_node", CAP, "`path`, with the directory of that Node"),
    none(
        "tmp_dir",
        CAP,
        "nothing is written to /tmp; scratch space lies in the deploy root",
    ),
    none("repo_path", CAP, FIXED),
    none("releases_directory", CAP, FIXED),
    none("shared_directory", CAP, FIXED),
    none("current_directory", CAP, FIXED),
    none("format", CAP, SCREEN),
    none("format_options", CAP, SCREEN),
    none("log_level", CAP, SCREEN),
    none("logger", CAP, SCREEN),
    none(
        "local_user",
        CAP,
        "the name of the person at this machine is taken from the system",
    ),
    none("locale", CAP, "messages are in English"),
    none(
        "revision_log_message",
        CAP,
        "the lines of revisions.log keep Capistrano's form, so that both can read them",
    ),
    none(
        "print_config_variables",
        CAP,
        "`windlass config STAGE` shows every value and where it comes from",
    ),
    none("git_wrapper_path", CAP, NO_WRAPPER),
    none("git_environmental_variables", CAP, NO_WRAPPER),
    none(
        "git_max_concurrent_connections",
        CAP,
        "with `source = \"push\"` no host asks the repository's host at all",
    ),
    none(
        "git_wait_interval",
        CAP,
        "with `source = \"push\"` no host asks the repository's host at all",
    ),
    none("git_http_username", CAP, CREDENTIALS),
    none("git_http_password", CAP, CREDENTIALS),
    none(
        "git_verify_commit",
        CAP,
        "a local task before `starting` can run `git verify-commit`",
    ),
    none("scm", CAP, NO_SVN),
    none("svn_username", CAP, NO_SVN),
    none("svn_password", CAP, NO_SVN),
    none("svn_revision", CAP, NO_SVN),
    none(
        "deploy_via",
        CAP,
        "`source` says how the code comes to the hosts: \"push\" or \"git\"",
    ),
    none(
        "copy_exclude",
        CAP,
        "`export-ignore` in .gitattributes leaves files out of a release",
    ),
    none("max_hosts", CAP, "all hosts are worked on side by side"),
    none(
        "on_error",
        CAP,
        "a failure on one host undoes the deploy on all, so that no mix stays behind",
    ),
    none(
        "password",
        CAP,
        "passwords are not settings; keys and the ssh-agent are used, and a prompt \
         where there is a terminal",
    ),
    none(
        "lock",
        CAP,
        "the version of Windlass is chosen where it is installed",
    ),
    ours("deploy_path", DEP, "`deploy_to`"),
    ours("shared_files", DEP, "`linked_files`"),
    ours("shared_dirs", DEP, "`linked_dirs`"),
    ours("sub_directory", DEP, "`subtree`"),
    ours("target", DEP, "`branch`"),
    ours("hostname", DEP, "`address` of a host"),
    ours("remote_user", DEP, "`user` of a host or in `[ssh]`"),
    ours("identity_file", DEP, "`identities` in `[ssh]`"),
    ours("config_file", DEP, "`config` in `[ssh]`"),
    ours("labels", DEP, "`roles` of a host"),
    ours(
        "become",
        DEP,
        "`sudo = \"USER\"` in the `[[tasks]]` that needs it",
    ),
    ours(
        "default_timeout",
        DEP,
        "`timeout` and `idle_timeout` in `[[tasks]]`",
    ),
    ours("git_recursive", DEP, "`submodules`"),
    ours("ssh_arguments", DEP, "the table `[ssh]`"),
    ours("host", DEP, "`hosts` in a stage"),
    ours(
        "use_relative_symlink",
        DEP,
        "not a choice: links are absolute, as Capistrano's are",
    ),
    none(
        "writable_dirs",
        DEP,
        "releases belong to the login; a task of yours can change modes",
    ),
    none(
        "writable_mode",
        DEP,
        "releases belong to the login; a task of yours can change modes",
    ),
    none(
        "http_user",
        DEP,
        "releases belong to the login; a task of yours can change owners",
    ),
    none(
        "copy_dirs",
        DEP,
        "every release is complete by itself; `linked_dirs` is for what outlives \
         releases",
    ),
    none("git_tty", DEP, "git never asks on a host"),
    none("git_cache", DEP, "the repository mirror is always kept"),
    none("git_ssh_command", DEP, NO_WRAPPER),
    none(
        "ssh_multiplexing",
        DEP,
        "there is one connection a host, and no socket files",
    ),
    none("ssh_type", DEP, "there is one SSH client, built in"),
    none(
        "allow_anonymous_stats",
        DEP,
        "nothing is ever sent anywhere",
    ),
    none(
        "update_code_strategy",
        DEP,
        "`source` says how the code comes to the hosts: \"push\" or \"git\"",
    ),
    none(
        "release_name",
        DEP,
        "releases are named by their time, as Capistrano's are",
    ),
    none("cleanup_use_sudo", DEP, "releases belong to the login"),
    ours("domain", MINA, "`hosts` in a stage"),
    ours("shared_paths", MINA, "`linked_files` and `linked_dirs`"),
    ours("launch", MINA, "the table `[restart]`"),
    none(
        "term_mode",
        MINA,
        "`pty = true` in `[[tasks]]` gives a command a terminal",
    ),
    none(
        "execution_mode",
        MINA,
        "commands are always jobs that outlive their connection",
    ),
    none(
        "version_scheme",
        MINA,
        "releases are named by their time, as Capistrano's are",
    ),
    none("releases_path", MINA, FIXED),
    none("shared_path", MINA, FIXED),
    none("current_path", MINA, FIXED),
    ours("service", KAMAL, "`application`"),
    ours("retain_containers", KAMAL, "`keep_releases`"),
    none("image", KAMAL, "releases are directories, not images"),
    none("registry", KAMAL, "releases are directories, not images"),
    none("builder", KAMAL, "releases are directories, not images"),
];

/// Words in `[ssh]`: net-ssh's, which Capistrano passes on, and those of `ssh_config`.
static IN_SSH: &[Foreign] = &[
    ours("keys", CAP, "`identities`"),
    ours(
        "keepalive",
        CAP,
        "`keepalive_interval`; it is on unless set to \"0s\"",
    ),
    ours("keepalive_maxcount", CAP, "`keepalive_count`"),
    ours(
        "verify_host_key",
        CAP,
        "`host_keys`: \"strict\" or \"accept-new\"",
    ),
    ours("paranoid", CAP, "`host_keys`: \"strict\" or \"accept-new\""),
    ours("user_known_hosts_file", CAP, "`known_hosts`"),
    ours("proxy", CAP, "`jump` or `proxy_command`"),
    ours("timeout", CAP, "`connect_for`"),
    ours("use_agent", CAP, "`agent`"),
    none(
        "auth_methods",
        CAP,
        "what the server allows is tried: agent, keys, then a prompt where there is a \
         terminal",
    ),
    none(
        "passphrase",
        CAP,
        "passphrases are not settings; the ssh-agent keeps them, and a prompt asks \
         where there is a terminal",
    ),
    none(
        "keys_only",
        CAP,
        "set `agent = false` to use no other keys than `identities`",
    ),
    none("compression", CAP, "objects are sent compressed already"),
    none(
        "encryption",
        CAP,
        "safe algorithms are agreed with the server",
    ),
    ours("User", SSH, "`user`"),
    ours("Port", SSH, "`port`"),
    ours("IdentityFile", SSH, "`identities`"),
    ours("IdentityAgent", SSH, "`agent`"),
    ours("CertificateFile", SSH, "`certificates`"),
    ours("UserKnownHostsFile", SSH, "`known_hosts`"),
    ours(
        "StrictHostKeyChecking",
        SSH,
        "`host_keys`: \"strict\" or \"accept-new\"",
    ),
    ours("ServerAliveInterval", SSH, "`keepalive_interval`"),
    ours("ServerAliveCountMax", SSH, "`keepalive_count`"),
    ours("ConnectTimeout", SSH, "`connect_for`"),
    ours("ProxyJump", SSH, "`jump`"),
    ours("ProxyCommand", SSH, "`proxy_command`"),
    ours("ForwardAgent", SSH, "`forward_agent`"),
    none(
        "HostName",
        SSH,
        "a host's `address` is where the connection goes",
    ),
    none(
        "ControlMaster",
        SSH,
        "there is one connection a host, and no socket files",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{ROOT, Scope, find as find_key};
    use std::collections::BTreeSet;

    #[test]
    fn no_word_of_ours_is_foreign_and_none_stands_twice() {
        let mut seen = BTreeSet::new();
        for foreign in EVERYWHERE {
            assert!(seen.insert(foreign.word), "{}", foreign.word);
            assert!(
                find_key(ROOT, Scope::ANY, foreign.word).is_none(),
                "{}",
                foreign.word
            );
        }
        let mut seen = BTreeSet::new();
        assert!(IN_SSH.iter().all(|foreign| seen.insert(foreign.word)));
    }

    #[test]
    fn a_word_means_what_its_table_says() {
        assert!(matches!(
            find("stages.production.ssh", "timeout"),
            Some(Foreign {
                meaning: Meaning::Ours("`connect_for`"),
                ..
            })
        ));
        assert!(find("", "timeout").is_none());
    }
}
