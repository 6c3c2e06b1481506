//! What the Capfile requires: recipes of ours, things that need nothing, and plugins whose recipe is not there yet.

use super::{Sheet, neutral, note, todo};
use crate::evaluate::Evaluator;
use crate::ledger::Fate;
use crate::toml::Item;
use crate::value::Value;
use windlass_model::shell;

/// What a plugin becomes.
#[derive(Clone, Copy)]
enum Becomes {
    Recipe(&'static str),
    /// The recipe `rails` without one of its halves.
    Assets,
    Migrations,
    Ruby(&'static str),
    Passenger,
    Puma,
    Nothing(&'static str),
    /// What it did, and what does it here until there is a recipe.
    Missing(&'static str),
}

use Becomes::{Missing, Nothing, Recipe, Ruby};

static PLUGINS: &[(&str, Becomes)] = &[
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
    (
        "dotenv",
        Missing("read .env on this machine; [secrets] takes values from the environment"),
    ),
    (
        "dotenv/load",
        Missing("read .env on this machine; [secrets] takes values from the environment"),
    ),
    ("capistrano/bundler", Recipe("bundler")),
    ("capistrano/rails", Recipe("rails")),
    ("capistrano/rails/assets", Becomes::Assets),
    ("capistrano/rails/migrations", Becomes::Migrations),
    ("capistrano/rbenv", Ruby("rbenv")),
    ("capistrano/rvm", Ruby("rvm")),
    ("rvm1/capistrano3", Ruby("rvm")),
    ("capistrano/chruby", Ruby("chruby")),
    ("capistrano/asdf", Ruby("asdf")),
    ("capistrano/passenger", Becomes::Passenger),
    ("capistrano/puma", Becomes::Puma),
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
    (
        "capistrano/sidekiq",
        Missing(
            "quieted sidekiq at the start, stopped it before publishing and started it afterwards; `systemctl --user restart sidekiq` in [restart] comes close",
        ),
    ),
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
    (
        "whenever/capistrano",
        Missing(
            "rewrote the crontab after `updated`; a task after published: `bundle exec whenever --update-crontab NAME`",
        ),
    ),
    (
        "capistrano/npm",
        Missing("ran `npm install --production` before `updated`; a task after updating does"),
    ),
    (
        "capistrano/yarn",
        Missing("ran `yarn install --production` before `updated`; a task after updating does"),
    ),
    (
        "capistrano/nvm",
        Missing("chose a Node.js; put its bin directory into `path`"),
    ),
    (
        "capistrano/bower",
        Missing("ran `bower install`; a task after updating does"),
    ),
    (
        "capistrano/gulp",
        Missing("ran gulp; a task after updating does"),
    ),
    (
        "capistrano/composer",
        Missing(
            "ran `composer install --no-dev --optimize-autoloader` before `updated`; a task after updating does",
        ),
    ),
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
];

/// Settings of plugins, by how their names begin.
static SETTINGS: &[(&str, &str)] = &[
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
];

/// Why a plugin's setting is not carried over; none where the name is no plugin's.
pub(super) fn setting(name: &str) -> Option<String> {
    let (_, plugin) = SETTINGS.iter().find(|(start, _)| name.starts_with(start))?;
    Some(format!(
        "it is a setting of {plugin}, whose recipe is not there yet"
    ))
}

pub(super) fn translate(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet) {
    for (name, statement) in evaluator.project.plugins.clone() {
        let known = PLUGINS.iter().find(|(known, _)| *known == name);
        let fate = match known {
            Some((_, becomes)) => became(evaluator, sheet, *becomes),
            None if name.contains("deploy/") || name.contains("tasks/") => todo(format!(
                "the file {name} is read only where it lies in lib/capistrano/tasks"
            )),
            None => todo(format!(
                "what `{name}` did is not known here; write what is needed as [[tasks]]"
            )),
        };
        note(evaluator, &[statement], &fate);
    }
    // The order of phases is that of Capistrano: gems before what is made with them.
    sheet.recipes.sort_unstable();
}

fn became(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet, becomes: Becomes) -> Fate {
    match becomes {
        Becomes::Nothing(reason) => return neutral(reason),
        Becomes::Missing(what) => return todo(format!("it {what}; its recipe is not there yet")),
        Becomes::Recipe(recipe) => sheet.recipe(recipe),
        Becomes::Assets => halved(
            sheet,
            "migrate",
            Item::text("never"),
            "capistrano/rails/migrations",
            evaluator,
        ),
        Becomes::Migrations => halved(
            sheet,
            "assets",
            Item::Bool(false),
            "capistrano/rails/assets",
            evaluator,
        ),
        Becomes::Ruby(manager) => sheet.put("ruby", "manager", Item::text(manager)),
        Becomes::Passenger => return passenger(evaluator, sheet),
        Becomes::Puma => return puma(evaluator, sheet),
    }
    Fate::Carried
}

/// The recipe `rails` with one half only, unless the other one is required too.
fn halved(sheet: &mut Sheet, key: &'static str, off: Item, other: &str, evaluator: &Evaluator<'_>) {
    sheet.recipe("rails");
    let both = |name: &str| name == other || name == "capistrano/rails";
    if !evaluator.project.plugins.iter().any(|(name, _)| both(name)) {
        sheet.put("rails", key, off);
    }
}

fn passenger(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet) -> Fate {
    match evaluator.root() {
        Ok(root) => {
            let root = shell::quote(&root);
            let command = format!("passenger-config restart-app {root} --ignore-app-not-running");
            sheet.put("restart", "app", Item::text(command));
            todo(
                "it restarted passenger host by host; [restart] does it on all at once, see that its command is right",
            )
        }
        Err(unknown) => todo(unknown.why),
    }
}

fn puma(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet) -> Fate {
    let unit = evaluator.setting("puma_service_unit_name");
    let name = evaluator.setting("application").unwrap_or(Value::Nil);
    let unit = match (unit, name.to_text()) {
        (Some(unit), _) => unit.to_text(),
        (None, Ok(name)) => Ok(format!("{name}_puma_{}", evaluator.stage)),
        (None, Err(unknown)) => Err(unknown),
    };
    match unit {
        Ok(unit) => {
            let command = format!("systemctl --user restart {}", shell::quote(&unit));
            sheet.put("restart", "app", Item::text(command));
            todo("it restarted puma's unit; see that the one in [restart] is yours")
        }
        Err(unknown) => todo(unknown.why),
    }
}
