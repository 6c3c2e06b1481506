//! Capistrano's tasks as places for hooks: what stands there in a deploy of ours.

/// A place in a deploy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Capistrano's name.
    pub name: &'static str,
    /// The phase or task here.
    pub ours: &'static str,
    /// In which runs it is.
    pub runs: Runs,
}

/// Kinds of run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// Deploys.
    Deploy,
    /// Rollbacks.
    Rollback,
    /// Both.
    Both,
}

/// The place of a hook's target; a phase may be named with and without `deploy:`.
pub fn hook(target: &str) -> Option<&'static Hook> {
    HOOKS.iter().find(|hook| {
        let short = hook.name.strip_prefix("deploy:").unwrap_or(hook.name);
        hook.name == target || short == target
    })
}

const fn place(name: &'static str, ours: &'static str, runs: Runs) -> Hook {
    Hook { name, ours, runs }
}

use Runs::{Both, Deploy, Rollback};

/// The name that stands first for a place is the usual one.
pub(crate) static HOOKS: &[Hook] = &[
    place("deploy:starting", "starting", Both),
    place("deploy:started", "started", Both),
    place("deploy:updating", "updating", Deploy),
    place("deploy:update_code", "updating", Deploy),
    place("deploy:updated", "updated", Deploy),
    place("deploy:reverting", "reverting", Rollback),
    place("deploy:reverted", "reverted", Rollback),
    place("deploy:publishing", "publishing", Both),
    place("deploy:symlink:release", "publish", Both),
    place("deploy:create_symlink", "publish", Both),
    place("deploy:symlink", "publish", Both),
    place("deploy:restart", "restart", Both),
    place("deploy:published", "published", Both),
    place("deploy:finishing", "finishing", Deploy),
    place("deploy:cleanup", "cleanup", Deploy),
    place("deploy:finishing_rollback", "finishing_rollback", Rollback),
    place("deploy:finished", "finished", Both),
    place("bundler:install", "bundler:install", Deploy),
    place("deploy:compile_assets", "rails:assets", Deploy),
    place("deploy:assets:precompile", "rails:assets", Deploy),
    place("deploy:normalize_assets", "rails:normalize_assets", Deploy),
    place("deploy:migrate", "rails:migrate", Deploy),
    place("deploy:migrating", "rails:migrate", Deploy),
];
