//! The variables that tell a task where it is.

use crate::scope::{Scope, ScopeHost};
use windlass_model::Environment;

/// The `DEPLOY_` variables of a command on `host`, for the release at `release_path`.
pub fn deploy_variables(
    scope: &Scope<'_>,
    host: &ScopeHost<'_>,
    release_path: &str,
) -> Environment {
    let target = &host.host.target;
    let previous = match &host.facts.live {
        Some(live) => host.layout.release(live),
        None => host.previous_target().unwrap_or_default().to_owned(),
    };
    let revision = scope
        .revision
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    [
        ("DEPLOY_STAGE", scope.request.inventory.stage.clone()),
        ("DEPLOY_HOST", target.name.to_string()),
        ("DEPLOY_ROLES", target.roles.join(",")),
        ("DEPLOY_RELEASE_PATH", release_path.to_owned()),
        ("DEPLOY_SHARED_PATH", host.layout.shared()),
        ("DEPLOY_CURRENT_PATH", host.layout.current()),
        ("DEPLOY_PREVIOUS_PATH", previous),
        ("DEPLOY_REVISION", revision),
        ("DEPLOY_ID", scope.request.deploy.to_string()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}
