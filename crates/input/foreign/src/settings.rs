//! Settings of Capistrano's own, of both its ages.

use crate::meaning::Meaning::{Ours, Reason, Same};
use crate::meaning::{Word, words};

pub(crate) const FIXED: &str =
    "the layout is fixed, so that Capistrano and Windlass can take over from each other";
const SCREEN: &str = "the log file always holds everything, and `--json` gives one event a line";
pub(crate) const NO_WRAPPER: &str =
    "git on the host is called without a wrapper; nothing lies in /tmp";
const NO_SVN: &str = "git is the only source";
const CREDENTIALS: &str =
    "with `source = \"push\"` the credentials stay on this machine, in git's own credential helper";
const NOT_ASKED: &str = "with `source = \"push\"` no host asks the repository's host at all";

pub(crate) static CORE: &[Word] = words! {
    @ Capistrano
    "application" => Same("");
    "repo_url" => Ours("`repository`");
    "repository" => Same("Capistrano 3 called it `repo_url`");
    "branch" => Same("the default is `main`; any branch, tag or commit");
    "repo_tree" => Ours("`subtree`");
    "deploy_to" => Same("");
    "keep_releases" => Same("only releases that were deployed to their end count");
    "linked_files" => Same("");
    "linked_dirs" => Same("");
    "shared_children" => Ours("`linked_dirs`");
    "default_env" => Ours("the table `[env]`");
    "default_environment" => Ours("the table `[env]`");
    "ssh_options" => Ours("the table `[ssh]`");
    "ssh_user" => Ours("`user` in `[ssh]`");
    "gateway" => Ours("`jump` in `[ssh]`");
    "connection_timeout" => Ours("`connect_for` in `[ssh]`");
    "pty" => Ours("`pty = true` in the `[[tasks]]` that needs a terminal");
    "use_sudo" => Ours("`sudo = true` in the `[[tasks]]` that needs it");
    "sudo" => Ours("`sudo = true` in the `[[tasks]]` that needs it");
    "default_shell" => Ours("`shell`");
    "default_run_options" => Ours("keys of `[[tasks]]`, such as `pty`");
    @ Several
    "servers" => Ours("`hosts` in a stage");
    @ Capistrano
    "server" => Ours("`hosts` in a stage");
    "role" => Ours("`roles = [\"app\"]` of a host in a stage");
    "no_release" => Ours("`release = false` of a host");
    "filter" => Ours("`--host`, `--role` and `--exclude` on the command line");
    "max_hosts" => Reason("all hosts are worked on side by side");
    "on_error" => Reason("a failure on one host undoes the deploy on all, so that no mix stays behind");
    "stage" => Ours("a table `[stages.NAME]`");
    "stages" => Same("one table for each: `[stages.NAME]`");
    "default_stage" => Ours("the command line: `windlass deploy STAGE`; with one stage it may be left out");
    "git_shallow_clone" => Ours("`depth`, with `source = \"git\"`; with \"push\" hosts get only what they lack");
    "git_enable_submodules" => Ours("`submodules`");
    "git_strategy" => Reason("`source` says how the code comes to the hosts: \"push\" or \"git\"");
    "git_wrapper_path" => Reason(NO_WRAPPER);
    "git_environmental_variables" => Reason(NO_WRAPPER);
    "git_max_concurrent_connections" => Reason(NOT_ASKED);
    "git_wait_interval" => Reason(NOT_ASKED);
    "git_http_username" => Reason(CREDENTIALS);
    "git_http_password" => Reason(CREDENTIALS);
    "git_verify_commit" => Reason("a local task before `starting` can run `git verify-commit`");
    "scm" => Reason(NO_SVN);
    "svn_username" => Reason(NO_SVN);
    "svn_password" => Reason(NO_SVN);
    "svn_revision" => Reason(NO_SVN);
    "deploy_via" => Reason("`source` says how the code comes to the hosts: \"push\" or \"git\"");
    "copy_exclude" => Reason("`export-ignore` in .gitattributes leaves files out of a release");
    "tmp_dir" => Reason("nothing is written to /tmp; scratch space lies in the deploy root");
    "repo_path" => Reason(FIXED);
    "releases_directory" => Reason(FIXED);
    "shared_directory" => Reason(FIXED);
    "current_directory" => Reason(FIXED);
    "format" => Reason(SCREEN);
    "format_options" => Reason(SCREEN);
    "log_level" => Reason(SCREEN);
    "logger" => Reason(SCREEN);
    "local_user" => Reason("the name of the person at this machine is taken from the system");
    "locale" => Reason("messages are in English");
    "revision_log_message" => Reason("the lines of revisions.log keep Capistrano's form, so that both can read them");
    "print_config_variables" => Reason("`windlass config STAGE` shows every value and where it comes from");
    "password" => Reason("passwords are not settings; keys and the ssh-agent are used, and a prompt where there is a terminal");
    "lock" => Reason("the version of Windlass is chosen where it is installed");
};

/// What a task of Capistrano's asks for while it runs.
pub(crate) static IN_TASKS: &[Word] = words! {
    @ Capistrano
    "fetch(:stage)" => Ours("`$DEPLOY_STAGE`");
    "release_path" => Ours("`$DEPLOY_RELEASE_PATH`; a task runs there anyway");
    "current_path" => Ours("`$DEPLOY_CURRENT_PATH`");
    "shared_path" => Ours("`$DEPLOY_SHARED_PATH`");
    "previous_release" => Ours("`$DEPLOY_PREVIOUS_PATH`");
    "host" => Ours("`$DEPLOY_HOST`, and `$DEPLOY_ROLES`");
    "fetch(:current_revision)" => Ours("`$DEPLOY_REVISION`");
    "fetch(:previous_revision)" => Ours("the file REVISION in `$DEPLOY_PREVIOUS_PATH`");
    "fetch(:release_timestamp)" => Ours("the last part of `$DEPLOY_RELEASE_PATH`");
    "fetch(:rollback_timestamp)" => Ours("the last part of `$DEPLOY_RELEASE_PATH`, in a task with `on = \"rollback\"`");
};
