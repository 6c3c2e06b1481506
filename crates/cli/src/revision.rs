//! From what the command line asks for to a revision, as far as this machine can tell; no host is asked here.

use crate::context::Context;
use crate::error::Failure;
use crate::world::World;
use windlass_facts::Remote;
use windlass_model::settings::{Settings, SourceKind};
use windlass_model::{ExitCode, ReleaseName};
use windlass_planner::{Run, Wanted};
use windlass_source::Source;

/// What is wanted of a run.
#[derive(Clone, Debug)]
pub(crate) enum Intention {
    /// A new release of this branch, tag or commit.
    Deploy(String),
    /// A new release of what is checked out beside windlass.toml.
    DeployHere,
    /// An older one.
    Rollback {
        /// Which; none = the newest good one before the live one.
        to: Option<ReleaseName>,
    },
}

/// The revision, and where its objects come from.
pub(crate) struct Resolved {
    /// What to plan.
    pub run: Run,
    /// The repository on this machine, for source `push`.
    pub source: Option<Source>,
    /// What the first host is to resolve, for source `git`.
    pub remote: Option<Remote>,
}

impl Resolved {
    /// Refuses a revision of which no release can be made, as far as this machine knows its tree; no host is asked.
    pub(crate) async fn can_be_released(&self, context: &Context) -> Result<(), Failure> {
        let settings = &context.inventory.settings;
        let wanted = match &self.run {
            Run::Deploy { wanted, .. } => wanted.as_ref(),
            Run::Rollback { .. } => None,
        };
        let (Some(source), Some(wanted)) = (&self.source, wanted) else {
            return Ok(());
        };
        let files = &settings.linked_files;
        let tree = source.in_tree(&wanted.revision, settings.subtree.as_deref(), files);
        let tree = tree.await.map_err(|error| source_failure(&error))?;
        let failures = windlass_planner::in_the_way(files.iter(), &tree).map(|remark| {
            let failure = Failure::new(ExitCode::Failed, remark.message).unchanged();
            remark.hint.into_iter().fold(failure, Failure::hint)
        });
        failures.reduce(Failure::and).map_or(Ok(()), Err)
    }
}

/// What the repository is asked for.
struct Asked {
    /// The branch, tag or commit.
    reference: String,
    /// What people call it.
    name: String,
}

/// What is checked out in the project's directory: its id, so that no other repository can mean something else by it.
async fn checked_out(world: &World, context: &Context) -> Result<Asked, Failure> {
    let opened = Source::open(None, &context.directory, &world.cache_dir()).await;
    let source = opened.map_err(|error| match error {
        windlass_source::Error::NoRepository { workdir } => Failure::new(
            ExitCode::Failed,
            format!(
                "nothing is checked out here: {} is in no git repository",
                workdir.display()
            ),
        )
        .hint("leave --here out, or name the commit with --revision"),
        error => source_failure(&error),
    })?;
    let asked = async {
        let reference = source.resolve("HEAD").await?.revision.to_string();
        let branch = source.checked_out_branch().await?;
        Ok(Asked {
            name: branch.unwrap_or_else(|| reference.clone()),
            reference,
        })
    };
    asked.await.map_err(|error| source_failure(&error))
}

/// Resolves what is wanted on this machine, before any host is asked.
pub(crate) async fn resolve(
    world: &World,
    context: &Context,
    intention: &Intention,
) -> Result<Resolved, Failure> {
    let settings = &context.inventory.settings;
    let asked = match intention {
        Intention::Rollback { to } => {
            return Ok(Resolved {
                run: Run::Rollback { to: to.clone() },
                source: None,
                remote: None,
            });
        }
        Intention::Deploy(reference) => Asked {
            name: reference.clone(),
            reference: reference.clone(),
        },
        Intention::DeployHere => checked_out(world, context).await?,
    };
    match settings.source {
        SourceKind::Git => on_a_host(settings, asked),
        SourceKind::Push => here(world, context, asked).await,
    }
}

/// The reference is resolved on this machine, as the objects are pushed from it.
async fn here(world: &World, context: &Context, asked: Asked) -> Result<Resolved, Failure> {
    let repository = context.inventory.settings.repository.as_deref();
    let source = Source::open(repository, &context.directory, &world.cache_dir())
        .await
        .map_err(|error| source_failure(&error))?;
    let resolved = source
        .resolve(&asked.reference)
        .await
        .map_err(|error| source_failure(&error))?;
    let wanted = Wanted {
        revision: resolved.revision,
        subject: Some(resolved.subject),
    };
    Ok(Resolved {
        run: Run::Deploy {
            name: asked.name,
            wanted: Some(wanted),
        },
        source: Some(source),
        remote: None,
    })
}

/// The reference is resolved by the first host, as the hosts fetch from the repository themselves.
fn on_a_host(settings: &Settings, asked: Asked) -> Result<Resolved, Failure> {
    let repository = settings.repository.clone().ok_or_else(|| {
        Failure::new(
            ExitCode::Config,
            "source = \"git\" needs the setting `repository`",
        )
    })?;
    let remote = Remote {
        repository,
        reference: asked.reference,
        host_keys: settings.repository_host_keys.clone(),
    };
    Ok(Resolved {
        run: Run::Deploy {
            name: asked.name,
            wanted: None,
        },
        source: None,
        remote: Some(remote),
    })
}

fn source_failure(error: &windlass_source::Error) -> Failure {
    let failure = Failure::from_error(ExitCode::Failed, error);
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
