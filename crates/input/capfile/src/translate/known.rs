//! The table of plugins and libraries that Capistrano projects require.

use super::Sheet;
use super::steps::{self, Install};
use crate::evaluate::Evaluator;
use crate::ledger::Fate;

/// What a plugin becomes.
#[derive(Clone, Copy)]
pub(super) enum Becomes {
    Recipe(&'static str),
    /// The recipe `rails` without one of its halves.
    Assets,
    Migrations,
    Ruby(&'static str),
    /// One of [`super::steps`].
    Step(fn(&mut Evaluator<'_>, &mut Sheet) -> Fate),
    Install(&'static Install),
    Nothing(&'static str),
    /// What a person is to do.
    Asks(&'static str),
    /// What it did, and what does it here until there is a recipe.
    Missing(&'static str),
}

use Becomes::{Asks, Install as Installs, Missing, Nothing, Recipe, Ruby, Step};

const DOTENV: &str = "it read .env on this machine: export what is used before windlass is called; [secrets] takes values from the environment";
const LOOKUP: &str =
    "it looked hosts up when deploying; write their addresses into `hosts` of the stages";

/// What is required, by its name, and what it becomes.
pub(super) static PLUGINS: &[(&str, Becomes)] = &[
    ("capistrano/setup", Nothing("Capistrano itself")),
    ("capistrano/deploy", Nothing("Capistrano itself")),
    (
        "capistrano/console",
        Nothing("windlass exec runs commands on a stage"),
    ),
    ("capistrano/scm/git", Nothing("git is the only source")),
    ("capistrano/git", Nothing("git is the only source")),
    ("Capistrano::SCM::Git", Nothing("git is the only source")),
    ("deploy", Nothing("Capistrano itself")),
    ("config/deploy", Nothing("the file is read")),
    ("airbrussh/capistrano", Nothing("only about the screen")),
    (
        "capistrano-pending",
        Nothing("windlass plan shows what a deploy would do"),
    ),
    (
        "capistrano/rails/console",
        Nothing("windlass exec runs commands on a stage"),
    ),
    (
        "capistrano/dotenv",
        Missing("read .env on the hosts; link it by linked_files, and let the application read it"),
    ),
    ("dotenv", Asks(DOTENV)),
    ("dotenv/load", Asks(DOTENV)),
    ("aws-sdk", Asks(LOOKUP)),
    ("aws-sdk-ec2", Asks(LOOKUP)),
    ("capistrano/ec2", Asks(LOOKUP)),
    ("capistrano/ec2_tagged", Asks(LOOKUP)),
    ("capistrano-ec2_tagged", Asks(LOOKUP)),
    ("capistrano/aws", Asks(LOOKUP)),
    ("capistrano/asg", Asks(LOOKUP)),
    ("elbas/capistrano", Asks(LOOKUP)),
    ("capistrano/bundler", Recipe("bundler")),
    ("bundler/capistrano", Recipe("bundler")),
    ("deploy/assets", Becomes::Assets),
    (
        "capistrano/ext/multistage",
        Nothing("the stages are tables here"),
    ),
    ("rvm/capistrano", Ruby("rvm")),
    ("capistrano-rbenv", Ruby("rbenv")),
    (
        "sidekiq/capistrano",
        Missing("restarted sidekiq; put its command into [restart]"),
    ),
    (
        "delayed/recipes",
        Missing("restarted delayed_job; put its command into [restart]"),
    ),
    (
        "puma/capistrano",
        Missing("restarted puma; put its command into [restart]"),
    ),
    (
        "newrelic/recipes",
        Missing("told New Relic of the deploy; a local task after finished can"),
    ),
    ("capistrano/rails", Recipe("rails")),
    ("capistrano/rails/assets", Becomes::Assets),
    ("capistrano/rails/migrations", Becomes::Migrations),
    ("capistrano/rbenv", Ruby("rbenv")),
    ("capistrano/rvm", Ruby("rvm")),
    ("rvm1/capistrano3", Ruby("rvm")),
    ("capistrano/chruby", Ruby("chruby")),
    ("capistrano/asdf", Ruby("asdf")),
    ("capistrano/passenger", Step(steps::passenger)),
    ("capistrano/puma", Step(steps::puma)),
    (
        "Capistrano::Puma",
        Nothing("comes with the line that requires puma"),
    ),
    (
        "Capistrano::Puma::Systemd",
        Nothing("comes with the line that requires puma"),
    ),
    (
        "Capistrano::Puma::Daemon",
        Nothing("comes with the line that requires puma"),
    ),
    (
        "Capistrano::Puma::Workers",
        Nothing("comes with the line that requires puma"),
    ),
    (
        "Capistrano::Puma::Nginx",
        Missing("wrote an nginx site; do that once by hand"),
    ),
    (
        "Capistrano::Puma::Monit",
        Missing("wrote monit's settings; do that once by hand"),
    ),
    (
        "capistrano/puma/nginx",
        Missing("wrote an nginx site; do that once by hand"),
    ),
    (
        "capistrano3/unicorn",
        Missing("reloaded unicorn after publishing; put its command into [restart]"),
    ),
    (
        "capistrano/unicorn",
        Missing("reloaded unicorn after publishing; put its command into [restart]"),
    ),
    ("capistrano/sidekiq", Step(steps::sidekiq)),
    (
        "Capistrano::Sidekiq",
        Nothing("comes with the line that requires sidekiq"),
    ),
    (
        "Capistrano::Sidekiq::Systemd",
        Nothing("comes with the line that requires sidekiq"),
    ),
    (
        "capistrano/sidekiq/monit",
        Missing("let monit watch sidekiq; do that once by hand"),
    ),
    (
        "capistrano/resque",
        Missing("restarted resque's workers; put its command into [restart]"),
    ),
    (
        "capistrano/delayed_job",
        Missing("restarted delayed_job; put its command into [restart]"),
    ),
    (
        "capistrano/delayed-job",
        Missing("restarted delayed_job; put its command into [restart]"),
    ),
    ("whenever/capistrano", Step(steps::whenever)),
    ("capistrano/npm", Installs(&steps::NPM)),
    ("capistrano/yarn", Installs(&steps::YARN)),
    ("capistrano/nvm", Step(steps::nvm)),
    ("capistrano/bower", Installs(&steps::BOWER)),
    (
        "capistrano/gulp",
        Missing("ran gulp; a task after updating does"),
    ),
    ("capistrano/composer", Installs(&steps::COMPOSER)),
    (
        "capistrano/symfony",
        Missing("cleared and warmed Symfony's cache; tasks after updated do"),
    ),
    (
        "capistrano/laravel",
        Missing("ran artisan's steps; tasks after updated do"),
    ),
    (
        "capistrano/maintenance",
        Missing("put up a maintenance page; a task after started, with its undo, does"),
    ),
    (
        "capistrano/rails/collection",
        Missing("added tasks for a person to call; write those you use as [[tasks]]"),
    ),
    (
        "capistrano-db-tasks",
        Missing("copied databases; it was no part of a deploy"),
    ),
    (
        "capistrano/postgresql",
        Missing("set up a database; do that once by hand"),
    ),
    (
        "capistrano/ssh_doctor",
        Missing("examined SSH; windlass check does"),
    ),
    (
        "capistrano/locally",
        Missing("deployed to this machine; give it as a host"),
    ),
    (
        "capistrano/honeybadger",
        Missing("told Honeybadger of the deploy; a local task after finished can"),
    ),
    (
        "honeybadger/capistrano",
        Missing("told Honeybadger of the deploy; a local task after finished can"),
    ),
    (
        "capistrano/honeybadger",
        Missing("told Honeybadger of the deploy; a local task after finished can"),
    ),
    (
        "new_relic/recipes",
        Missing("told New Relic of the deploy; a local task after finished can"),
    ),
    (
        "capistrano/newrelic",
        Missing("told New Relic of the deploy; a local task after finished can"),
    ),
    (
        "rollbar/capistrano3",
        Missing("told Rollbar of the deploy; a local task after finished can"),
    ),
    (
        "capistrano/sentry",
        Missing("told Sentry of the deploy; a local task after finished can"),
    ),
    (
        "airbrake/capistrano",
        Missing("told Airbrake of the deploy; a local task after finished can"),
    ),
    (
        "appsignal/capistrano",
        Missing("told AppSignal of the deploy; a local task after finished can"),
    ),
    (
        "slackistrano/capistrano",
        Missing("told Slack of the deploy; a local task after finished can"),
    ),
    (
        "capistrano/slackify",
        Missing("told Slack of the deploy; a local task after finished can"),
    ),
    (
        "capistrano/git-with-submodules",
        Missing("fetched submodules; `submodules = true` does"),
    ),
    (
        "Capistrano::SCM::Git::WithSubmodules",
        Missing("fetched submodules; `submodules = true` does"),
    ),
    (
        "capistrano/scm/git-with-submodules",
        Missing("fetched submodules; `submodules = true` does"),
    ),
    (
        "Capistrano::SCM::Svn",
        Missing("fetched from Subversion; git is the only source"),
    ),
    (
        "capistrano/scm/svn",
        Missing("fetched from Subversion; git is the only source"),
    ),
    (
        "Capistrano::SCM::Hg",
        Missing("fetched from Mercurial; git is the only source"),
    ),
    (
        "capistrano/scm/hg",
        Missing("fetched from Mercurial; git is the only source"),
    ),
    ("json", Nothing("a library of Ruby")),
    ("yaml", Nothing("a library of Ruby")),
    ("erb", Nothing("a library of Ruby")),
    ("time", Nothing("a library of Ruby")),
    (
        "net/ssh/proxy/command",
        Nothing("[ssh] proxy_command is built in"),
    ),
    ("net/ssh/proxy/jump", Nothing("[ssh] jump is built in")),
    ("net/ssh", Nothing("SSH is built in")),
    ("pathname", Nothing("a library of Ruby")),
    ("shellwords", Nothing("a library of Ruby")),
    ("bundler/setup", Nothing("only about Ruby")),
    ("rubygems", Nothing("only about Ruby")),
];

/// Settings of plugins, by how their names begin.
pub(super) static SETTINGS: &[(&str, &str)] = &[
    ("puma_", "puma"),
    ("sidekiq_", "sidekiq"),
    ("passenger_", "passenger"),
    ("unicorn_", "unicorn"),
    ("whenever_", "whenever"),
    ("npm_", "npm"),
    ("yarn_", "yarn"),
    ("nvm_", "nvm"),
    ("composer_", "composer"),
    ("symfony_", "symfony"),
    ("laravel_", "laravel"),
    ("maintenance_", "the maintenance page"),
    ("delayed_job_", "delayed_job"),
    ("resque_", "resque"),
    ("slack", "the messages to Slack"),
    ("nginx_", "nginx"),
    ("rvm1_", "rvm1"),
    ("svn_", "Subversion"),
    ("bower_", "bower"),
    ("aws_", "the look-up of hosts"),
    ("ec2_", "the look-up of hosts"),
];
