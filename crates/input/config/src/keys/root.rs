//! The keys at the top of the file, and of stages, roles and hosts, which are layers of the same keys.

use super::health::HEALTH;
use super::host::{ADDRESS, OPTIONAL, PORT, PRIMARY, RELEASE, ROLES, USER};
use super::rollout::ROLLOUT;
use super::ssh::SSH;
use super::task::TASK;
use super::technology::{BUNDLER, RAILS, RUBY};
use super::{Key, Kind, Scope};
use crate::check;
use std::time::Duration;

const ZERO: Duration = Duration::ZERO;

static AGE: &[Key] = &[Key::new(
    "identities",
    Kind::OneOrMany(&Kind::Text(check::file)),
    "Files of identities (keys), on the controller. `~/` is your home; others are looked for below windlass.toml.",
)
.or("[]")
.like("[\"~/.config/age/keys.txt\"]")];

/// Every key that can stand at the top, in a stage, a role or a host.
pub(crate) static ROOT: &[Key] = &[
    Key::new(
        "application",
        Kind::Text(check::application),
        "The application's name: letters, digits, `.`, `-` and `_`.",
    )
    .within(Scope::WIDE)
    .like("\"shop\""),
    Key::new(
        "repository",
        Kind::Repository,
        "Where the repository is, as git understands it, without a password or token. Without it the working \
         copy's own is used.",
    )
    .within(Scope::WIDE)
    .like("\"git@git.example.com:acme/shop.git\""),
    Key::new(
        "branch",
        Kind::Text(check::branch),
        "The branch, tag or commit to deploy.",
    )
    .within(Scope::WIDE)
    .or("\"main\"")
    .like("\"release\""),
    Key::new(
        "source",
        Kind::Choice(&["push", "git"]),
        "How the code comes to the hosts: sent over the SSH connection, or fetched by \
         the host itself.",
    )
    .within(Scope::WIDE)
    .or("\"push\"")
    .like("\"git\""),
    Key::new(
        "subtree",
        Kind::Text(check::inner_path),
        "The sub-directory of the repository that becomes the release.",
    )
    .within(Scope::WIDE)
    .like("\"services/shop\""),
    Key::new(
        "depth",
        Kind::Integer(1, 1_000_000),
        "How many commits a host fetches with `source = \"git\"`. Without it, all.",
    )
    .within(Scope::WIDE)
    .like("50"),
    Key::new(
        "submodules",
        Kind::Boolean,
        "Whether submodules are part of the release.",
    )
    .within(Scope::WIDE)
    .or("false")
    .like("true"),
    Key::new(
        "git_lfs",
        Kind::Boolean,
        "Whether Git LFS files are fetched. Without it a pointer in the tree is an \
         error.",
    )
    .within(Scope::WIDE)
    .or("false")
    .like("true"),
    Key::new(
        "repository_host_keys",
        Kind::List(&Kind::Word(check::line)),
        "Host keys of the repository's host, as lines of a known_hosts file. Without \
         it the controller's known hosts are used.",
    )
    .within(Scope::WIDE)
    .or("[]")
    .like("[\"git.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGvG\"]"),
    Key::new(
        "deploy_to",
        Kind::Text(check::root),
        "The deploy root on the host. `~/` is the login's home.",
    )
    .or("\"/var/www/{application}\"")
    .like("\"~/apps/{application}\""),
    Key::new(
        "shared_deploy_to",
        Kind::Boolean,
        "Whether hosts may share one deploy root: file steps are then done once, \
         restarts on each host.",
    )
    .within(Scope::WIDE)
    .or("false")
    .like("true"),
    Key::new(
        "keep_releases",
        Kind::Integer(1, 10_000),
        "How many completed releases are kept.",
    )
    .within(Scope::WIDE)
    .or("5")
    .like("10"),
    Key::new(
        "linked_files",
        Kind::List(&Kind::Text(check::linked)),
        "Files of the release that are links into `shared`.",
    )
    .within(Scope::WIDE)
    .or("[]")
    .like("[\"config/master.key\"]"),
    Key::new(
        "linked_dirs",
        Kind::List(&Kind::Text(check::linked)),
        "Directories of the release that are links into `shared`.",
    )
    .within(Scope::WIDE)
    .or("[]")
    .like("[\"log\", \"tmp/pids\"]"),
    Key::new("recipes", Kind::Recipes, "The recipes in use, in order.")
        .within(Scope::WIDE)
        .or("[]")
        .like("[\"rails\"]"),
    Key::new(
        "path",
        Kind::List(&Kind::Text(check::search_path)),
        "Directories put before PATH. `~/` is the login's home.",
    )
    .or("[]")
    .like("[\"~/.rbenv/shims\"]"),
    Key::new(
        "env",
        Kind::Variables,
        "Variables for every command on the hosts. Values are literal.",
    )
    .like("{ RUBY_YJIT_ENABLE = \"1\" }"),
    Key::new(
        "secrets",
        Kind::Map(check::variable, &Kind::Secret),
        "Like `env`, but the values come from elsewhere and are never written down.",
    )
    .like("{ RAILS_MASTER_KEY = { from_env = \"RAILS_MASTER_KEY\" } }"),
    Key::new(
        "age",
        Kind::Table(AGE),
        "How encrypted files of secrets are read, by the program `age` or `rage` of the controller.",
    )
    .within(Scope::WIDE),
    Key::new(
        "shell",
        Kind::Text(check::shell),
        "The shell that scripts are given to, with its options. Words are separated \
         by spaces; there is no quoting.",
    )
    .or("\"sh -e\"")
    .like("\"bash -eo pipefail\""),
    Key::new(
        "umask",
        Kind::Word(check::mask),
        "The file mode mask of commands, in octal. Without it the login's own.",
    )
    .like("\"0027\""),
    Key::new(
        "restart",
        Kind::Map(check::role, &Kind::Verbatim(check::script)),
        "Per role, the command that makes the application take up a changed `current`.",
    )
    .within(Scope::WIDE)
    .like("{ app = \"systemctl --user restart shop\" }"),
    Key::new(
        "pulse_interval",
        Kind::Duration(ZERO),
        "How often a silent command says that it works; \"0s\" = never.",
    )
    .within(Scope::WIDE)
    .or("\"10s\"")
    .like("\"5s\""),
    Key::new(
        "kill_after",
        Kind::Duration(ZERO),
        "When a command is stopped: the time from TERM to KILL.",
    )
    .within(Scope::WIDE)
    .or("\"10s\"")
    .like("\"30s\""),
    Key::new(
        "output_limit",
        Kind::Size(64 << 10),
        "How much of each output stream of a command is kept on the host; beyond it, only its end.",
    )
    .within(Scope::WIDE)
    .or("\"256MiB\"")
    .like("\"64MiB\""),
    Key::new(
        "confirm",
        Kind::Boolean,
        "Whether a terminal is asked after the plan's summary.",
    )
    .within(Scope::WIDE)
    .or("false")
    .like("true"),
    Key::new(
        "on_term",
        Kind::Choice(&["park", "cancel"]),
        "What SIGINT and SIGTERM do without a terminal: stop for now, or undo.",
    )
    .within(Scope::WIDE)
    .or("\"park\"")
    .like("\"cancel\""),
    Key::new(
        "ssh",
        Kind::Table(SSH),
        "How hosts are reached. What is not set is left to ssh_config and the agent.",
    ),
    Key::new(
        "ruby",
        Kind::Table(RUBY),
        "How `ruby`, `gem`, `bundle`, `rake` and `rails` are found.",
    ),
    Key::new(
        "bundler",
        Kind::Table(BUNDLER),
        "How the recipe `bundler` installs gems.",
    )
    .within(Scope::WIDE),
    Key::new(
        "rails",
        Kind::Table(RAILS),
        "What the recipe `rails` does.",
    )
    .within(Scope::WIDE),
    Key::new(
        "tasks",
        Kind::List(&Kind::Table(TASK)),
        "Tasks of your own.",
    )
    .within(Scope::FILE),
    Key::new(
        "health",
        Kind::List(&Kind::Table(HEALTH)),
        "What must be true of a published release before its deploy, or rollback, counts.",
    )
    .within(Scope::FILE),
    Key::new(
        "roles",
        Kind::Map(check::role, &Kind::Layer(Scope::ROLE)),
        "Settings for the hosts of a role. Where a host has several, the one later in \
         its list wins.",
    )
    .within(Scope::FILE),
    Key::new(
        "stages",
        Kind::Map(check::stage, &Kind::Layer(Scope::STAGE)),
        "The stages: hosts, and settings that replace those at the top.",
    )
    .within(Scope::FILE),
    Key::new(
        "hosts",
        Kind::List(&Kind::Host),
        "The hosts of the stage, each `\"[user@]host[:port]\"` or a table with \
         `address`.",
    )
    .within(Scope::STAGE)
    .like("[\"deploy@web[01:04].example.com\"]"),
    Key::new(
        "add",
        Kind::Add,
        "Lists whose values are appended instead of replacing.",
    )
    .within(Scope::NARROW)
    .like("{ path = [\"/opt/bin\"] }"),
    ADDRESS,
    ROLES,
    PRIMARY,
    RELEASE,
    USER,
    PORT,
    OPTIONAL,
    Key::new(
        "rollout",
        Kind::Table(ROLLOUT),
        "How a release goes out: in batches, with pauses, and what a failure does.",
    )
    .within(Scope::WIDE),
    Key::new(
        "notify",
        Kind::Later("notifications"),
        "Not there yet: who is told about deploys.",
    )
    .within(Scope::WIDE),
];
