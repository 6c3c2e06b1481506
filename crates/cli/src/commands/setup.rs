//! `setup`: makes the layout of a stage on its hosts; touches nothing that is there.

use crate::args::{Global, StageArgs};
use crate::context::Context;
use crate::error::Failure;
use crate::fleet::Fleet;
use crate::screen::say;
use crate::world::World;
use tokio::sync::mpsc;
use windlass_model::ExitCode;

/// Makes the directories.
pub(crate) async fn setup(
    world: &World,
    global: &Global,
    args: &StageArgs,
) -> Result<ExitCode, Failure> {
    let context = Context::load(world, global, args.stage.as_deref(), &[])?;
    let (sender, _receiver) = mpsc::unbounded_channel();
    let fleet = Fleet::open(world, &context, &sender).await?;
    let scripts = context.inventory.hosts.iter().map(|host| {
        let settings = &host.settings;
        let script = windlass_recipes::setup_script(
            &settings.deploy_to,
            &settings.linked_files,
            &settings.linked_dirs,
        );
        (host.target.name.clone(), format!("set -e\n{script}"))
    });
    let failed = fleet.tell(scripts.collect()).await;
    fleet.close().await;
    for host in &context.inventory.hosts {
        match failed.iter().find(|(name, _)| name == &host.target.name) {
            None => say(&format!(
                "✔ {}  {}",
                host.target.name, host.settings.deploy_to
            )),
            Some((name, reason)) => say(&format!("✘ {name}  {reason}")),
        }
    }
    if failed.is_empty() {
        say(&format!("next: windlass check {}", context.inventory.stage));
        return Ok(ExitCode::Done);
    }
    Err(
        Failure::new(ExitCode::Failed, "the layout could not be made everywhere")
            .hint("sudo install -d -o LOGIN DEPLOY_TO on the host, then: windlass setup"),
    )
}
