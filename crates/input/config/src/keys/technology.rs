//! The keys of `[ruby]`, `[bundler]` and `[rails]`, the tables of the recipes for Ruby.

use super::{Key, Kind};
use crate::check;

pub(super) static RUBY: &[Key] = &[
    Key::new(
        "manager",
        Kind::Choice(&["auto", "rbenv", "rvm", "asdf", "mise", "chruby", "none"]),
        "The version manager through which Ruby is found. \"auto\" = the first of these that \
         the host has with a Ruby in it, where the recipe `bundler` or `rails` is in use.",
    )
    .or("\"auto\"")
    .like("\"rbenv\""),
    Key::new(
        "version",
        Kind::Text(check::ruby_version),
        "The version of Ruby. Without it the project's own `.ruby-version`, or the manager's \
         default. One that the host lacks is found before anything is changed.",
    )
    .like("\"3.3.1\""),
    Key::new(
        "path",
        Kind::Text(check::search_path),
        "Where the manager is, if not in the usual place; needs `manager`. `~/` is the login's home.",
    )
    .like("\"~/tools/rbenv\""),
];

pub(super) static BUNDLER: &[Key] = &[
    Key::new(
        "gemfile",
        Kind::Text(check::inner_path),
        "The Gemfile, below the release. Without it the one that Bundler finds.",
    )
    .like("\"Gemfile.next\""),
    Key::new(
        "path",
        Kind::Text(check::inner_path),
        "Where gems are installed, below `deploy_to`; \"system\" = where Ruby keeps its own.",
    )
    .or("\"shared/bundle\"")
    .like("\"system\""),
    Key::new(
        "without",
        Kind::List(&Kind::Word(check::group)),
        "The groups of the Gemfile that are left out.",
    )
    .or("[\"development\", \"test\"]")
    .like("[\"development\", \"test\", \"ci\"]"),
    Key::new(
        "deployment",
        Kind::Boolean,
        "Whether Gemfile.lock must be there and fit the Gemfile.",
    )
    .or("true")
    .like("false"),
    Key::new(
        "jobs",
        Kind::Integer(1, 1000),
        "How many gems are installed at a time.",
    )
    .or("4")
    .like("8"),
    Key::new(
        "flags",
        Kind::List(&Kind::Text(check::line)),
        "Further options of `bundle install`.",
    )
    .or("[\"--quiet\"]")
    .like("[\"--local\"]"),
    Key::new(
        "check_first",
        Kind::Boolean,
        "Whether nothing is installed where `bundle check` finds that everything is there.",
    )
    .or("true")
    .like("false"),
    Key::new(
        "binstubs",
        Kind::Text(check::inner_path),
        "The directory of the release that gets binstubs. Without it none are made.",
    )
    .like("\"bin\""),
    Key::new(
        "roles",
        Kind::OneOrMany(&Kind::Word(check::role)),
        "Only on hosts of these roles. Without it wherever releases are made.",
    )
    .or("[]")
    .like("[\"app\"]"),
];

pub(super) static RAILS: &[Key] = &[
    Key::new(
        "env",
        Kind::Text(check::line),
        "`RAILS_ENV` of every command on the hosts, unless `[env]` or `[secrets]` sets it.",
    )
    .or("\"{stage}\"")
    .like("\"production\""),
    Key::new("assets", Kind::Boolean, "Whether assets are compiled.")
        .or("true")
        .like("false"),
    Key::new(
        "assets_prefix",
        Kind::Text(check::inner_path),
        "The directory of compiled assets below `public`. It is added to `linked_dirs`, unless \
         that has `public` already.",
    )
    .or("\"assets\"")
    .like("\"packs\""),
    Key::new(
        "assets_roles",
        Kind::OneOrMany(&Kind::Word(check::role)),
        "Hosts of these roles compile assets.",
    )
    .or("[\"web\"]")
    .like("[\"app\"]"),
    Key::new(
        "assets_groups",
        Kind::List(&Kind::Word(check::group)),
        "`RAILS_GROUPS` while assets are compiled.",
    )
    .or("[]")
    .like("[\"assets\"]"),
    Key::new(
        "keep_assets",
        Kind::Integer(0, 10_000),
        "How many older versions of an asset `assets:clean` leaves. Without it nothing is removed.",
    )
    .like("3"),
    Key::new(
        "manifests",
        Kind::List(&Kind::Text(check::pattern)),
        "What manifests of compiled assets are called, below `public/<assets_prefix>`; `*`, `?` \
         and `[…]` as in a shell.",
    )
    .or("[\".sprockets-manifest*\", \"manifest*.*\", \".manifest.json\"]")
    .like("[\"manifest.json\"]"),
    Key::new(
        "normalize_assets",
        Kind::List(&Kind::Text(check::inner_path)),
        "Directories of the release whose files get the release's time, the same on all hosts.",
    )
    .or("[]")
    .like("[\"public/images\"]"),
    Key::new(
        "migrate",
        Kind::Choice(&["always", "if_changed", "never"]),
        "When migrations run. \"if_changed\" = where `db` differs from that of the live release.",
    )
    .or("\"always\"")
    .like("\"if_changed\""),
    Key::new(
        "migration_role",
        Kind::Word(check::role),
        "The role on whose primary host migrations run, before any host publishes.",
    )
    .or("\"db\"")
    .like("\"app\""),
    Key::new(
        "migration_command",
        Kind::Text(check::rake_task),
        "The rake task that runs migrations.",
    )
    .or("\"db:migrate\"")
    .like("\"db:migrate:with_data\""),
];
