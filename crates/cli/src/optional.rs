//! Optional hosts: a deploy goes on without those that cannot be reached when it begins.
//!
//! Only that a host is not there counts. One whose key or login is refused is there and not as it should be, and ends the run
//! like any other.

use crate::context::Context;
use crate::error::Failure;
use crate::fleet::Fleet;
use crate::world::World;
use tokio::sync::mpsc::UnboundedSender;
use windlass_model::{Event, ExitCode, HostName};

/// Connects to the hosts of a deploy side by side; the context is left with those that were reached.
pub(crate) async fn open(
    world: &World,
    context: &mut Context,
    events: &UnboundedSender<Event>,
) -> Result<Fleet, Failure> {
    let limits = context.inventory.settings.limits.clone();
    let (fleet, failures) = Fleet::connect_any(world, context.wanted(), &limits, events).await?;
    let (missing, others): (Vec<_>, Vec<_>) = failures
        .into_iter()
        .partition(|(host, failure)| may_be_missing(context, host, failure));
    let fleet = Fleet::whole((fleet, others)).await?;
    for (host, failure) in &missing {
        let reason = failure.line(Some(host));
        context.inventory.leave_out(host, reason);
    }
    if let Some(failure) = nobody_in_place(context) {
        fleet.close().await;
        return Err(failure);
    }
    Ok(fleet)
}

/// Whether a deploy goes on without a host that was not reached.
pub(crate) fn may_be_missing(context: &Context, host: &HostName, failure: &Failure) -> bool {
    let host = context.inventory.host(host);
    host.is_some_and(|host| host.optional) && failure.code == ExitCode::Unreachable
}

/// Once-only work that would silently be done nowhere: a release must not go out without its migrations.
fn nobody_in_place(context: &Context) -> Option<Failure> {
    let once = windlass_recipes::once_roles(&context.inventory.settings);
    let failures = context.inventory.left_out.iter().flat_map(|left| {
        let roles = left.primary_of.iter();
        let alone = roles.filter(|(role, next)| next.is_none() && once.contains(role.as_str()));
        alone.map(|(role, _)| {
            let text = format!(
                "{}: {}; it is optional, but nobody can take its place: what runs once for role `{role}` would run nowhere",
                left.host, left.reason
            );
            Failure::new(ExitCode::Unreachable, text).unchanged()
        })
    });
    failures.reduce(Failure::and)
}
