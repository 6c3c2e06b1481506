//! The command line as clap structs; their doc comments are the help.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use windlass_model::rollout::OnFailure;

/// Deploys releases to hosts over SSH; a lost connection does not lose the deploy.
#[derive(Debug, Parser)]
#[command(
    name = "windlass",
    version,
    propagate_version = false,
    disable_help_subcommand = true
)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Verb,
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
}

/// Options of every command.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line, on or off by itself"
)]
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Global {
    /// Work as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub directory: Option<PathBuf>,
    /// Read this file instead of searching upward for windlass.toml
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Set a setting for this run, e.g. `--set keep_releases=3`
    #[arg(long = "set", value_name = "KEY=VALUE", global = true)]
    pub set: Vec<String>,
    /// Only these hosts (names or patterns, comma separated)
    #[arg(long, value_name = "HOSTS", global = true)]
    pub host: Vec<String>,
    /// Only hosts with these roles
    #[arg(long, value_name = "ROLES", global = true)]
    pub role: Vec<String>,
    /// Not these hosts
    #[arg(long, value_name = "HOSTS", global = true)]
    pub exclude: Vec<String>,
    /// One JSON event or row a line on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// Ask nothing
    #[arg(short = 'y', long, global = true)]
    pub yes: bool,
    /// Show the output of commands as it comes
    #[arg(short = 'v', long, global = true)]
    pub verbose: bool,
    /// Never use colour (as with `NO_COLOR`)
    #[arg(long, global = true)]
    pub no_color: bool,
}

impl Global {
    /// The same without filters: what was begun is about the hosts of its plan, whatever filters say today.
    pub(crate) fn everywhere(&self) -> Self {
        Self {
            host: Vec::new(),
            role: Vec::new(),
            exclude: Vec::new(),
            ..self.clone()
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Look at the project and write a windlass.toml
    Init(InitArgs),
    /// Show what `deploy` would do; changes nothing on any host
    Plan(DeployArgs),
    /// Bring a release onto a stage
    Deploy(DeployArgs),
    /// Publish an older good release
    Rollback(RollbackArgs),
    /// Go on with a parked or interrupted deploy
    Resume(ResumeArgs),
    /// Watch a deploy or a detached command
    Attach(TargetArgs),
    /// Stop a deploy and undo it, or stop a command of `exec` or `run`
    Cancel(TargetArgs),
    /// What is live where
    Status(StageArgs),
    /// Which releases the hosts have
    Releases(StageArgs),
    /// What was done
    History(HistoryArgs),
    /// A past deploy's whole output
    Show(ShowArgs),
    /// Run a command on hosts, as a job that outlives its connection
    Exec(ExecArgs),
    /// Run one task of windlass.toml
    Run(RunArgs),
    /// List the tasks of a stage
    Tasks(StageArgs),
    /// Make the directories of a stage on its hosts, and bring linked files into them
    Setup(SetupArgs),
    /// Test everything a deploy needs; changes nothing on any host
    Check(StageArgs),
    /// Show settings and where each comes from
    Config(ConfigArgs),
    /// Print the JSON Schema of windlass.toml
    Schema,
    /// Who holds the deploy lock
    Lock(StageArgs),
    /// Free the deploy lock of a deploy whose controller is gone
    Unlock(StageArgs),
    /// Print the script that completes words in a shell
    ///
    /// In ~/.bashrc: source <(windlass completions bash).
    /// In ~/.zshrc, after compinit: source <(windlass completions zsh).
    /// In ~/.config/fish/config.fish: windlass completions fish | source.
    /// Stages, tasks and hosts come from windlass.toml, releases from what this machine has deployed; no host is asked.
    Completions(CompletionsArgs),
    /// A whole deploy on this machine, with a connection that is cut twice
    Demo(DemoArgs),
    /// The engine of a detached deploy; started by Windlass itself
    #[command(name = "engine", hide = true)]
    Engine(EngineArgs),
}

impl Verb {
    /// Why no hosts can be chosen, where that is so.
    pub(crate) fn whole(&self) -> Option<&'static str> {
        match self {
            Self::Init(_) | Self::Schema | Self::Completions(_) => Some("this is about no host"),
            Self::Demo(_) => Some("the demo brings its own host"),
            Self::Tasks(_) => Some("the tasks of the whole stage are listed"),
            Self::Resume(_) | Self::Attach(_) | Self::Cancel(_) | Self::Engine(_) => {
                Some("what was begun is about all of its hosts")
            }
            Self::Plan(_)
            | Self::Deploy(_)
            | Self::Rollback(_)
            | Self::Status(_)
            | Self::Releases(_)
            | Self::History(_)
            | Self::Show(_)
            | Self::Exec(_)
            | Self::Run(_)
            | Self::Setup(_)
            | Self::Check(_)
            | Self::Config(_)
            | Self::Lock(_)
            | Self::Unlock(_) => None,
        }
    }
}

/// A stage.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct StageArgs {
    /// The stage; may be left out where there is only one
    pub stage: Option<String>,
}

/// Options of `setup`.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SetupArgs {
    /// The stage; may be left out where there is only one
    pub stage: Option<String>,
    /// Show how linked files on the hosts differ from the ones here; what they hold may be secret
    #[arg(long)]
    pub diff: bool,
    /// Replace linked files that differ, after a question; the old ones are kept beside them
    #[arg(long)]
    pub overwrite: bool,
}

/// Options of `deploy` and `plan`.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct DeployArgs {
    /// The stage; may be left out where there is only one
    pub stage: Option<String>,
    /// The branch or tag to deploy
    #[arg(long, value_name = "REF", conflicts_with_all = ["revision", "here"])]
    pub branch: Option<String>,
    /// The commit to deploy
    #[arg(long, value_name = "ID", conflicts_with = "here")]
    pub revision: Option<String>,
    /// Deploy what is checked out here
    #[arg(long)]
    pub here: bool,
    /// Why; kept in the history
    #[arg(short = 'm', value_name = "REASON")]
    pub reason: Option<String>,
    /// Wait for a lock that somebody else holds, an hour at most where no time is given
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "1h")]
    pub wait: Option<String>,
    /// Go on with a deploy whose controller was lost or parked it, as a CI run that was cancelled leaves it; else begin
    #[arg(long, conflicts_with = "dry_run")]
    pub resume_or_start: bool,
    /// What a failure does, whatever `[rollout]` says: `undo_all`, `stop` or `pause`
    #[arg(long, value_name = "WHAT", hide_possible_values = true,
        value_parser = clap::builder::PossibleValuesParser::new(OnFailure::WORDS))]
    pub on_failure: Option<String>,
    /// Show the plan and stop
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// Options of `rollback`.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct RollbackArgs {
    /// The stage; may be left out where there is only one
    pub stage: Option<String>,
    /// The release to go back to
    #[arg(long, value_name = "RELEASE")]
    pub to: Option<String>,
    /// Why; kept in the history
    #[arg(short = 'm', value_name = "REASON")]
    pub reason: Option<String>,
    /// Wait for a lock that somebody else holds, an hour at most where no time is given
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "1h")]
    pub wait: Option<String>,
    /// What a failure does, whatever `[rollout]` says: `undo_all`, `stop` or `pause`
    #[arg(long, value_name = "WHAT", hide_possible_values = true,
        value_parser = clap::builder::PossibleValuesParser::new(OnFailure::WORDS))]
    pub on_failure: Option<String>,
    /// Show the plan and stop
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// A deploy, by its stage or id.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct TargetArgs {
    /// The stage or the deploy's id; may be left out where only one comes into question
    pub target: Option<String>,
}

/// Options of `resume`.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ResumeArgs {
    /// Which deploy.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Try again the step at whose failure the deploy was paused
    #[arg(long)]
    pub retry: bool,
}

/// Options of `history`.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct HistoryArgs {
    /// Only this stage
    pub stage: Option<String>,
    /// How many, newest first
    #[arg(long, default_value_t = 20)]
    pub last: usize,
}

/// Options of `show`.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ShowArgs {
    /// The deploy's id or stage; the newest where it is left out
    pub target: Option<String>,
}

/// Options of `exec`.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ExecArgs {
    /// A stage, or an address: [user@]host[:port], which needs no windlass.toml
    pub target: String,
    /// Return at once; `windlass attach` follows, `windlass cancel` stops it
    #[arg(long)]
    pub detach: bool,
    /// The command
    #[arg(last = true, required = true)]
    pub command: Vec<String>,
}

/// Options of `run`.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct RunArgs {
    /// The stage, then the task; the stage may be left out where there is only one
    #[arg(required = true, num_args = 1..=2, value_names = ["STAGE", "TASK"])]
    pub words: Vec<String>,
    /// Return at once; `windlass attach` follows, `windlass cancel` stops it
    #[arg(long)]
    pub detach: bool,
}

/// Options of `config`.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ConfigArgs {
    /// The stage; may be left out where there is only one
    pub stage: Option<String>,
    /// Only this setting
    pub key: Option<String>,
}

/// Options of `init`.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct InitArgs {
    /// Write over an existing windlass.toml
    #[arg(long)]
    pub force: bool,
}

/// Options of `completions`.
#[derive(Args, Clone, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell: bash, zsh or fish
    #[arg(hide_possible_values = true)]
    pub shell: Shell,
    /// The words so far, the last of which is to be completed; for bash the line as one word
    #[arg(last = true, hide = true)]
    pub words: Vec<String>,
}

/// Shells whose words can be completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Options of `demo`.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct DemoArgs {}

/// Options of the detached engine.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct EngineArgs {
    /// The deploy to go on with
    pub deploy: String,
}
