//! What Capistrano users type: tasks, switches, and variables behind them.

use crate::meaning::Meaning::{Command, Option, Ours, Reason};
use crate::meaning::{Word, find, words};

/// Capistrano's task of this name, or a plugin's.
pub fn task(name: &str) -> std::option::Option<&'static Word> {
    find(TASKS, name).or_else(|| {
        let of = |word: &&Word| {
            let start = word.name.strip_suffix('*');
            start.is_some_and(|start| name.starts_with(start))
        };
        TASKS.iter().find(of)
    })
}

/// Capistrano's switch, without its value.
pub fn switch(name: &str) -> std::option::Option<&'static Word> {
    find(SWITCHES, name)
}

/// The variable that is given to Capistrano as `NAME=value`.
pub fn variable(name: &str) -> std::option::Option<&'static Word> {
    find(VARIABLES, name)
}

/// Everything that is typed, for tests.
pub fn typed() -> impl Iterator<Item = &'static Word> {
    [TASKS, SWITCHES, VARIABLES].into_iter().flatten()
}

const PART: &str = "it is a part of every deploy, and not run by itself";
const PHASE: &str =
    "it is a phase of a deploy; `after = \"published\"` and its like hang `[[tasks]]` there";
const RESTART: &str = "the command in `[restart]` runs after every publish; `windlass exec STAGE -- CMD` runs one now";
const BUNDLER: &str = "the recipe `bundler` does it in every deploy";
const ASSETS: &str =
    "the recipe `rails` does it in every deploy; by hand: `windlass exec STAGE -- CMD`";
const NO_RECIPE: &str = "its recipe is not there yet; `windlass exec STAGE -- CMD` runs a command, and `[[tasks]]` with `after` makes it a part of deploys";
const MANAGER: &str =
    "`windlass check STAGE` finds out whether the Ruby is there, and so does every deploy";
const BY_NAME: &str = "`windlass exec STAGE -- CMD` runs a command on all hosts, with `--host` on some; there is no prompt for one after the other";

/// Tasks, in the order in which people meet them. A name that ends with `*` is a beginning.
pub(crate) static TASKS: &[Word] = words! {
    @ Capistrano
    "deploy" => Command("deploy");
    "deploy:rollback" => Command("rollback");
    "deploy:check" => Command("check");
    "deploy:pending" => Command("plan");
    "deploy:pending:diff" => Command("plan");
    "deploy:setup" => Command("setup");
    "deploy:unlock" => Command("unlock");
    "install" => Command("init");
    "doctor" => Command("check");
    "doctor:variables" => Command("config");
    "doctor:servers" => Command("check");
    "doctor:environment" => Reason("there is one binary and nothing around it; `windlass --version` names it");
    "doctor:gems" => Reason("there is one binary and nothing around it; `windlass --version` names it");
    "console" => Reason(BY_NAME);
    "shell" => Reason(BY_NAME);
    "invoke" => Reason("`windlass exec STAGE -- CMD` runs a command on all hosts, with `--host` on some");
    "deploy:check:directories" => Command("setup");
    "deploy:check:linked_dirs" => Command("setup");
    "deploy:check:make_linked_dirs" => Command("setup");
    "deploy:check:linked_files" => Command("check");
    "deploy:cleanup" => Reason("every deploy does it in the end; `keep_releases` says how many stay");
    "deploy:log_revision" => Reason("every deploy and rollback writes its line itself; `windlass history` tells more");
    "deploy:restart" => Reason(RESTART);
    "deploy:start" => Reason(RESTART);
    "deploy:stop" => Reason("Windlass stops nothing by itself; `windlass exec STAGE -- CMD` runs a command");
    "deploy:starting" => Reason(PHASE);
    "deploy:started" => Reason(PHASE);
    "deploy:updating" => Reason(PHASE);
    "deploy:updated" => Reason(PHASE);
    "deploy:reverting" => Reason(PHASE);
    "deploy:reverted" => Reason(PHASE);
    "deploy:publishing" => Reason(PHASE);
    "deploy:published" => Reason(PHASE);
    "deploy:finishing" => Reason(PHASE);
    "deploy:finishing_rollback" => Reason(PHASE);
    "deploy:finished" => Reason(PHASE);
    "deploy:failed" => Reason("a failed deploy is undone by itself; a task's `undo` is run then");
    "deploy:new_release_path" => Reason(PART);
    "deploy:set_*" => Reason(PART);
    "deploy:symlink:*" => Reason(PART);
    "deploy:revert_release" => Reason(PART);
    "deploy:cleanup_rollback" => Reason("a rollback leaves the release that was live, so that it can be gone back to");
    "deploy:print_config_variables" => Command("config");
    "deploy:update" => Reason("a deploy is done whole, or undone; `windlass plan STAGE` shows it");
    "deploy:update_code" => Reason("a deploy is done whole, or undone; `windlass plan STAGE` shows it");
    "deploy:cold" => Reason("the first deploy is like any other: `windlass setup STAGE`, then `windlass deploy STAGE`");
    "deploy:migrations" => Reason("with the recipe `rails` every deploy migrates: `windlass deploy STAGE`");
    "deploy:upload" => Reason("a deploy brings commits, `linked_files` what is in none");
    "deploy:web:*" => Reason("a task with `after = \"started\"`, and its `undo`, is a maintenance page");
    "git:*" => Reason(PART);
    "svn:*" => Reason("git is the only source");
    "hg:*" => Reason("git is the only source");
    "metrics:collect" => Reason("nothing is ever sent anywhere");
    "bundler:clean" => Reason("`windlass exec STAGE -- CMD` runs `bundle clean` in `current`");
    "bundler:*" => Reason(BUNDLER);
    "deploy:migrate" => Reason(ASSETS);
    "deploy:migrating" => Reason(ASSETS);
    "deploy:compile_assets" => Reason(ASSETS);
    "deploy:assets:*" => Reason(ASSETS);
    "deploy:cleanup_assets" => Reason("`keep_assets` in `[rails]` does it in every deploy");
    "deploy:clobber_assets" => Reason("`windlass exec STAGE -- CMD` runs `rake assets:clobber` in `current`");
    "deploy:normalize_assets" => Reason("`normalize_assets` in `[rails]` does it in every deploy");
    "deploy:rollback_assets" => Reason("every rollback puts the manifest of its release back");
    "deploy:set_rails_env" => Reason(PART);
    "rails:console" => Reason(BY_NAME);
    "rbenv:*" => Reason(MANAGER);
    "rvm:*" => Reason(MANAGER);
    "chruby:*" => Reason(MANAGER);
    "passenger:*" => Reason(RESTART);
    "puma:*" => Reason(RESTART);
    "unicorn:*" => Reason(RESTART);
    "sidekiq:*" => Reason(NO_RECIPE);
    "resque:*" => Reason(NO_RECIPE);
    "delayed_job:*" => Reason(NO_RECIPE);
    "whenever:*" => Reason(NO_RECIPE);
    "npm:*" => Reason(NO_RECIPE);
    "yarn:*" => Reason(NO_RECIPE);
    "nvm:*" => Reason(NO_RECIPE);
    "composer:*" => Reason(NO_RECIPE);
    "symfony:*" => Reason(NO_RECIPE);
    "laravel:*" => Reason(NO_RECIPE);
    "maintenance:*" => Reason(NO_RECIPE);
};

const NO_RAKE: &str =
    "tasks need no other tasks here; `windlass plan STAGE` shows what runs in which order";
const LOGGED: &str =
    "the log holds everything: `windlass show`; `-v` shows the output of commands as it comes";
const ASKED: &str = "`windlass plan STAGE` shows every command beforehand";

/// Switches, Capistrano's and Rake's.
pub(crate) static SWITCHES: &[Word] = words! {
    @ Capistrano
    "-T" => Command("tasks");
    "--tasks" => Command("tasks");
    "-D" => Command("tasks");
    "--describe" => Command("tasks");
    "-n" => Command("--dry-run");
    "--dry-run" => Command("--dry-run");
    "-z" => Option("--host");
    "--hosts" => Option("--host");
    "-r" => Option("--role");
    "--roles" => Option("--role");
    "-V" => Command("--version");
    "--version" => Command("--version");
    "-H" => Command("--help");
    "-h" => Command("--help");
    "-s" => Option("--set");
    "-S" => Option("--set");
    "-p" => Reason("`windlass config STAGE` shows every value and where it comes from");
    "--print-config-variables" => Reason("`windlass config STAGE` shows every value and where it comes from");
    "-t" => Reason(LOGGED);
    "--trace" => Reason(LOGGED);
    "--backtrace" => Reason(LOGGED);
    "-q" => Reason(LOGGED);
    "-f" => Reason("windlass.toml is read; `--config FILE` names another one");
    "-P" => Reason(NO_RAKE);
    "--prereqs" => Reason(NO_RAKE);
    "-A" => Reason("`windlass tasks STAGE` lists all tasks");
    "--all" => Reason("`windlass tasks STAGE` lists all tasks");
    "-W" => Reason("`windlass tasks STAGE` lists all tasks, and windlass.toml has them");
    "--where" => Reason("`windlass tasks STAGE` lists all tasks, and windlass.toml has them");
    "-d" => Reason(ASKED);
    "-e" => Reason("`windlass help COMMAND` tells about a command");
    "-F" => Reason("windlass.toml is the only file that is read");
    "-l" => Reason(LOGGED);
    "-x" => Reason("there are no settings of your own beside windlass.toml");
    "-X" => Reason("there are no settings of your own beside windlass.toml");
};

/// Variables.
pub(crate) static VARIABLES: &[Word] = words! {
    @ Capistrano
    "BRANCH" => Option("--branch");
    "REVISION" => Option("--revision");
    "ROLLBACK_RELEASE" => Option("--to");
    "HOSTS" => Option("--host");
    "ROLES" => Option("--role");
    "HOSTFILTER" => Option("--host");
    "HOSTROLEFILTER" => Option("--role");
    "STAGES" => Reason("`windlass init` writes a first stage; a table `[stages.NAME]` makes another");
    "COMMAND" => Ours("`windlass exec STAGE -- CMD`");
    "FILES" => Reason("a deploy brings commits, `linked_files` what is in none");
    "SSHKIT_COLOR" => Reason("colours are there on a terminal; `NO_COLOR` turns them off");
    "RAKEOPT" => Reason("options stand on the command line");
    "RAILS_ENV" => Ours("`env` in `[rails]`");
    "DRY_RUN" => Ours("`--dry-run`");
};
