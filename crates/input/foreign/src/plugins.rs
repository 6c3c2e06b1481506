//! What a Capfile requires: recipes of ours, things that need nothing, and plugins whose recipe is not there yet.

use crate::meaning::Meaning::Reason;
use crate::meaning::{Word, words};

/// A plugin, or a library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plugin {
    /// As it is required or installed.
    pub name: &'static str,
    /// What it becomes.
    pub becomes: Becomes,
}

/// What a plugin becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// A recipe of this name.
    Recipe(&'static str),
    /// The recipe `rails`, for its assets only.
    Assets,
    /// The recipe `rails`, for its migrations only.
    Migrations,
    /// A version manager of Ruby.
    Ruby(&'static str),
    /// A command or two, which the import writes down.
    Steps(Steps),
    /// Nothing is needed, for this reason.
    Nothing(&'static str),
    /// What a person is to do.
    Asks(&'static str),
    /// What it did, and what does it here until there is a recipe.
    Missing(&'static str),
}

/// Plugins whose work is a command or two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// Restarts Passenger's application.
    Passenger,
    /// Restarts Puma's unit.
    Puma,
    /// Quiets, stops and starts the units of Sidekiq.
    Sidekiq,
    /// Writes the crontab.
    Whenever,
    /// Chooses a Node.js.
    Nvm,
    /// Installs packages.
    Npm,
    /// Installs packages.
    Yarn,
    /// Installs packages.
    Bower,
    /// Installs packages.
    Composer,
}

/// What a plugin runs that installs packages, where a project says nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Install {
    /// Its program, after which its task and its settings are named.
    pub program: &'static str,
    /// What the program is told to do.
    pub method: &'static str,
    /// With these flags.
    pub flags: &'static str,
}

impl Steps {
    /// The command, where it installs packages.
    pub fn install(self) -> Option<Install> {
        let (program, flags) = match self {
            Self::Npm => ("npm", "--production --silent --no-progress"),
            Self::Yarn => ("yarn", "--production"),
            Self::Bower => ("bower", "--quiet --config.interactive=false"),
            Self::Composer => (
                "composer",
                "--no-dev --no-interaction --quiet --optimize-autoloader",
            ),
            Self::Passenger | Self::Puma | Self::Sidekiq | Self::Whenever | Self::Nvm => {
                return None;
            }
        };
        Some(Install {
            program,
            method: "install",
            flags,
        })
    }

    /// What does it here, for people.
    pub(crate) fn here(self) -> String {
        if let Some(what) = self.install() {
            let Install {
                program,
                method,
                flags,
            } = what;
            return format!("a task before `updated`: `{program} {method} {flags}`");
        }
        let here = match self {
            Self::Passenger => {
                "`[restart]`, with `passenger-config restart-app DEPLOY_TO --ignore-app-not-running`"
            }
            Self::Sidekiq => {
                "`[restart]`, with `systemctl --user restart UNIT`; it is not quieted before"
            }
            Self::Whenever => "a task: `bundle exec whenever --update-crontab NAME`",
            Self::Nvm => "the directory of that Node.js in `path`",
            _ => "`[restart]`, with `systemctl --user restart UNIT`",
        };
        here.to_owned()
    }
}

/// The plugin of this name.
pub fn plugin(name: &str) -> Option<&'static Plugin> {
    PLUGINS.iter().find(|plugin| plugin.name == name)
}

/// A setting of a plugin whose recipe is not there yet, by how its name begins.
pub fn plugin_setting(name: &str) -> Option<&'static Word> {
    SETTINGS
        .iter()
        .find(|word| name.starts_with(word.name.trim_end_matches('*')))
}

/// One plugin a line: `"name" => Becomes;`.
macro_rules! plugins {
    ($($name:literal => $becomes:expr;)+) => {
        &[$(Plugin { name: $name, becomes: $becomes },)+]
    };
}

use Becomes::{Asks, Assets, Migrations, Missing, Nothing, Recipe, Ruby};

const DOTENV: &str = "it read .env on this machine: export what is used before windlass is called; [secrets] takes values from the environment";
const LOOKUP: &str =
    "it looked hosts up when deploying; write their addresses into `hosts` of the stages";

pub(crate) static PLUGINS: &[Plugin] = plugins! {
    "capistrano/setup" => Nothing("Capistrano itself");
    "capistrano/deploy" => Nothing("Capistrano itself");
    "capistrano/console" => Nothing("windlass exec runs commands on a stage");
    "capistrano/scm/git" => Nothing("git is the only source");
    "capistrano/git" => Nothing("git is the only source");
    "Capistrano::SCM::Git" => Nothing("git is the only source");
    "deploy" => Nothing("Capistrano itself");
    "config/deploy" => Nothing("the file is read");
    "airbrussh/capistrano" => Nothing("only about the screen");
    "capistrano-pending" => Nothing("windlass plan shows what a deploy would do");
    "capistrano/rails/console" => Nothing("windlass exec runs commands on a stage");
    "capistrano/dotenv" => Missing("read .env on the hosts; link it by linked_files, and let the application read it");
    "dotenv" => Asks(DOTENV);
    "dotenv/load" => Asks(DOTENV);
    "aws-sdk" => Asks(LOOKUP);
    "aws-sdk-ec2" => Asks(LOOKUP);
    "capistrano/ec2" => Asks(LOOKUP);
    "capistrano/ec2_tagged" => Asks(LOOKUP);
    "capistrano-ec2_tagged" => Asks(LOOKUP);
    "capistrano/aws" => Asks(LOOKUP);
    "capistrano/asg" => Asks(LOOKUP);
    "elbas/capistrano" => Asks(LOOKUP);
    "capistrano/bundler" => Recipe("bundler");
    "bundler/capistrano" => Recipe("bundler");
    "deploy/assets" => Assets;
    "capistrano/ext/multistage" => Nothing("the stages are tables here");
    "rvm/capistrano" => Ruby("rvm");
    "capistrano-rbenv" => Ruby("rbenv");
    "sidekiq/capistrano" => Missing("restarted sidekiq; put its command into [restart]");
    "delayed/recipes" => Missing("restarted delayed_job; put its command into [restart]");
    "puma/capistrano" => Missing("restarted puma; put its command into [restart]");
    "newrelic/recipes" => Missing("told New Relic of the deploy; a local task after finished can");
    "capistrano/rails" => Recipe("rails");
    "capistrano/rails/assets" => Assets;
    "capistrano/rails/migrations" => Migrations;
    "capistrano/rbenv" => Ruby("rbenv");
    "capistrano/rvm" => Ruby("rvm");
    "rvm1/capistrano3" => Ruby("rvm");
    "capistrano/chruby" => Ruby("chruby");
    "capistrano/asdf" => Ruby("asdf");
    "capistrano/passenger" => Becomes::Steps(Steps::Passenger);
    "capistrano/puma" => Becomes::Steps(Steps::Puma);
    "Capistrano::Puma" => Nothing("comes with the line that requires puma");
    "Capistrano::Puma::Systemd" => Nothing("comes with the line that requires puma");
    "Capistrano::Puma::Daemon" => Nothing("comes with the line that requires puma");
    "Capistrano::Puma::Workers" => Nothing("comes with the line that requires puma");
    "Capistrano::Puma::Nginx" => Missing("wrote an nginx site; do that once by hand");
    "Capistrano::Puma::Monit" => Missing("wrote monit's settings; do that once by hand");
    "capistrano/puma/nginx" => Missing("wrote an nginx site; do that once by hand");
    "capistrano3/unicorn" => Missing("reloaded unicorn after publishing; put its command into [restart]");
    "capistrano/unicorn" => Missing("reloaded unicorn after publishing; put its command into [restart]");
    "capistrano/sidekiq" => Becomes::Steps(Steps::Sidekiq);
    "Capistrano::Sidekiq" => Nothing("comes with the line that requires sidekiq");
    "Capistrano::Sidekiq::Systemd" => Nothing("comes with the line that requires sidekiq");
    "capistrano/sidekiq/monit" => Missing("let monit watch sidekiq; do that once by hand");
    "capistrano/resque" => Missing("restarted resque's workers; put its command into [restart]");
    "capistrano/delayed_job" => Missing("restarted delayed_job; put its command into [restart]");
    "capistrano/delayed-job" => Missing("restarted delayed_job; put its command into [restart]");
    "whenever/capistrano" => Becomes::Steps(Steps::Whenever);
    "capistrano/npm" => Becomes::Steps(Steps::Npm);
    "capistrano/yarn" => Becomes::Steps(Steps::Yarn);
    "capistrano/nvm" => Becomes::Steps(Steps::Nvm);
    "capistrano/bower" => Becomes::Steps(Steps::Bower);
    "capistrano/gulp" => Missing("ran gulp; a task after updating does");
    "capistrano/composer" => Becomes::Steps(Steps::Composer);
    "capistrano/symfony" => Missing("cleared and warmed Symfony's cache; tasks after updated do");
    "capistrano/laravel" => Missing("ran artisan's steps; tasks after updated do");
    "capistrano/maintenance" => Missing("put up a maintenance page; a task after started, with its undo, does");
    "capistrano/rails/collection" => Missing("added tasks for a person to call; write those you use as [[tasks]]");
    "capistrano-db-tasks" => Missing("copied databases; it was no part of a deploy");
    "capistrano/postgresql" => Missing("set up a database; do that once by hand");
    "capistrano/ssh_doctor" => Missing("examined SSH; windlass check does");
    "capistrano/locally" => Missing("deployed to this machine; give it as a host");
    "capistrano/honeybadger" => Missing("told Honeybadger of the deploy; a local task after finished can");
    "honeybadger/capistrano" => Missing("told Honeybadger of the deploy; a local task after finished can");
    "new_relic/recipes" => Missing("told New Relic of the deploy; a local task after finished can");
    "capistrano/newrelic" => Missing("told New Relic of the deploy; a local task after finished can");
    "rollbar/capistrano3" => Missing("told Rollbar of the deploy; a local task after finished can");
    "capistrano/sentry" => Missing("told Sentry of the deploy; a local task after finished can");
    "airbrake/capistrano" => Missing("told Airbrake of the deploy; a local task after finished can");
    "appsignal/capistrano" => Missing("told AppSignal of the deploy; a local task after finished can");
    "slackistrano/capistrano" => Missing("told Slack of the deploy; a local task after finished can");
    "capistrano/slackify" => Missing("told Slack of the deploy; a local task after finished can");
    "capistrano/git-with-submodules" => Missing("fetched submodules; `submodules = true` does");
    "Capistrano::SCM::Git::WithSubmodules" => Missing("fetched submodules; `submodules = true` does");
    "capistrano/scm/git-with-submodules" => Missing("fetched submodules; `submodules = true` does");
    "Capistrano::SCM::Svn" => Missing("fetched from Subversion; git is the only source");
    "capistrano/scm/svn" => Missing("fetched from Subversion; git is the only source");
    "Capistrano::SCM::Hg" => Missing("fetched from Mercurial; git is the only source");
    "capistrano/scm/hg" => Missing("fetched from Mercurial; git is the only source");
    "json" => Nothing("a library of Ruby");
    "yaml" => Nothing("a library of Ruby");
    "erb" => Nothing("a library of Ruby");
    "time" => Nothing("a library of Ruby");
    "net/ssh/proxy/command" => Nothing("[ssh] proxy_command is built in");
    "net/ssh/proxy/jump" => Nothing("[ssh] jump is built in");
    "net/ssh" => Nothing("SSH is built in");
    "pathname" => Nothing("a library of Ruby");
    "shellwords" => Nothing("a library of Ruby");
    "bundler/setup" => Nothing("only about Ruby");
    "rubygems" => Nothing("only about Ruby");
};

pub(crate) static SETTINGS: &[Word] = words! {
    @ Capistrano
    "puma_*" => Reason("it is a setting of puma, whose recipe is not there yet");
    "sidekiq_*" => Reason("it is a setting of sidekiq, whose recipe is not there yet");
    "passenger_*" => Reason("it is a setting of passenger, whose recipe is not there yet");
    "unicorn_*" => Reason("it is a setting of unicorn, whose recipe is not there yet");
    "whenever_*" => Reason("it is a setting of whenever, whose recipe is not there yet");
    "npm_*" => Reason("it is a setting of npm, whose recipe is not there yet");
    "yarn_*" => Reason("it is a setting of yarn, whose recipe is not there yet");
    "nvm_*" => Reason("it is a setting of nvm, whose recipe is not there yet");
    "composer_*" => Reason("it is a setting of composer, whose recipe is not there yet");
    "symfony_*" => Reason("it is a setting of symfony, whose recipe is not there yet");
    "laravel_*" => Reason("it is a setting of laravel, whose recipe is not there yet");
    "maintenance_*" => Reason("it is a setting of the maintenance page, whose recipe is not there yet");
    "delayed_job_*" => Reason("it is a setting of delayed_job, whose recipe is not there yet");
    "resque_*" => Reason("it is a setting of resque, whose recipe is not there yet");
    "slack*" => Reason("it is a setting of the messages to Slack, whose recipe is not there yet");
    "nginx_*" => Reason("it is a setting of nginx, whose recipe is not there yet");
    "rvm1_*" => Reason("it is a setting of rvm1, whose recipe is not there yet");
    "bower_*" => Reason("it is a setting of bower, whose recipe is not there yet");
    "aws_*" => Reason("it is a setting of the look-up of hosts, whose recipe is not there yet");
    "ec2_*" => Reason("it is a setting of the look-up of hosts, whose recipe is not there yet");
    "svn_*" => Reason("it is a setting of Subversion, whose recipe is not there yet");
};
