//! `setup`: makes the layout of a stage on its hosts and brings linked files into it; touches nothing that is there without
//! a word.

use crate::args::{Global, SetupArgs};
use crate::context::Context;
use crate::error::Failure;
use crate::fleet::Fleet;
use crate::screen::{say, show};
use crate::seed::Seeding;
use crate::world::World;
use std::collections::BTreeMap;
use tokio::sync::mpsc;
use windlass_facts::{Ask, HostFacts};
use windlass_model::inventory::Host;
use windlass_model::{ExitCode, HostName};
use windlass_reporter::view::{FileRow, FileState, LayoutRow, Setup};
use windlass_reporter::visible_text;

/// Makes the directories, and brings the files.
pub(crate) async fn setup(
    world: &World,
    global: &Global,
    args: &SetupArgs,
) -> Result<ExitCode, Failure> {
    let context = Context::load(world, global, args.stage.as_deref(), &[])?;
    let (sender, _receiver) = mpsc::unbounded_channel();
    let fleet = Fleet::open(world, &context, &sender).await?;
    let failed = make(&context, &fleet).await;
    let done = filled(world, global, args, (&context, &fleet, &failed)).await;
    fleet.close().await;
    let (setup, mut cures) = done?;
    show(world, global, &setup)?;
    let again = again(global, &context);
    let files = cures_of(world, args, &context, &setup.files, &again);
    cures.extend(files);
    ending((global, &context), &setup, cures, &again)
}

/// Looks what there is and brings what is missing; with it the cures for what could not be made.
async fn filled(
    world: &World,
    global: &Global,
    args: &SetupArgs,
    (context, fleet, failed): (&Context, &Fleet, &BTreeMap<HostName, String>),
) -> Result<(Setup, Vec<String>), Failure> {
    let mut facts = look(context, fleet).await?;
    let (mut layouts, mut cures) = (Vec::new(), Vec::new());
    for host in &context.inventory.hosts {
        let name = &host.target.name;
        let mut wrong = failed.get(name).cloned();
        if let (Some(wrong), Some(facts)) = (&mut wrong, facts.get(name)) {
            for refusal in windlass_planner::unwritable(name, facts) {
                *wrong = refusal.reason.to_string();
                cures.extend(
                    refusal
                        .hint
                        .map(|hint| visible_text(&refusal_hint(name, &hint))),
                );
            }
        }
        layouts.push(LayoutRow {
            host: name.clone(),
            deploy_to: host.settings.deploy_to.clone(),
            wrong,
        });
    }
    facts.retain(|name, _| {
        let releases = context
            .inventory
            .host(name)
            .is_some_and(|host| host.target.release);
        releases && !failed.contains_key(name)
    });
    let seeding = Seeding {
        world,
        global,
        args,
        context,
        fleet,
        facts: &facts,
    };
    let files = seeding.seed().await?;
    Ok((Setup { layouts, files }, cures))
}

fn refusal_hint(host: &HostName, hint: &str) -> String {
    format!("{host}: {hint}")
}

/// What the person is left with.
fn ending(
    (global, context): (&Global, &Context),
    setup: &Setup,
    cures: Vec<String>,
    again: &str,
) -> Result<ExitCode, Failure> {
    let check = format!("windlass check {}", context.inventory.stage);
    let is_wanting = |row: &FileRow| {
        let wanting = [FileState::Missing, FileState::NotAFile, FileState::Failed];
        wanting.contains(&row.state)
    };
    let is_kept = |row: &FileRow| row.state == FileState::NotReplaced;
    let text = if setup.layouts.iter().any(|row| row.wrong.is_some()) {
        "the layout could not be made everywhere"
    } else if setup.files.iter().any(is_wanting) {
        "the layout is made; linked files are missing, and without them nothing is deployed"
    } else if setup.files.iter().any(is_kept) {
        "linked files were not replaced everywhere; where not, the one that was there is still there"
    } else {
        for next in cures.into_iter().chain([check]) {
            say(&global.typed(&format!("next: {next}")));
        }
        return Ok(ExitCode::Done);
    };
    let failure = Failure::new(ExitCode::Failed, text);
    Err(cures
        .into_iter()
        .chain([format!("{again}, when that is done")])
        .fold(failure, Failure::hint))
}

/// Makes the layout everywhere; gives the hosts where it could not be made, each with the reason.
async fn make(context: &Context, fleet: &Fleet) -> BTreeMap<HostName, String> {
    let scripts = context.inventory.hosts.iter().map(|host| {
        let settings = &host.settings;
        let script = windlass_recipes::setup_script(
            &settings.deploy_to,
            &settings.linked_files,
            &settings.linked_dirs,
        );
        (host.target.name.clone(), format!("set -e\n{script}"))
    });
    fleet.tell(scripts.collect()).await.into_iter().collect()
}

/// Looks which linked files there are and what they hold, and where the login may not write.
async fn look(context: &Context, fleet: &Fleet) -> Result<BTreeMap<HostName, HostFacts>, Failure> {
    let asks = context.inventory.hosts.iter().map(|host| {
        let ask = Ask {
            root: host.settings.deploy_to.clone(),
            linked_files: host.settings.linked_files.clone(),
            digests: true,
            ..Ask::default()
        };
        (host.target.name.clone(), ask)
    });
    fleet.facts(asks.collect()).await
}

/// The command that does the same again on the same hosts.
fn again(global: &Global, context: &Context) -> String {
    let mut words = vec!["windlass".to_owned(), "setup".to_owned()];
    words.push(context.inventory.stage.clone());
    for (option, values) in [
        ("--host", &global.host),
        ("--role", &global.role),
        ("--exclude", &global.exclude),
    ] {
        for value in values {
            words.extend([option.to_owned(), value.clone()]);
        }
    }
    windlass_model::shell::join(&words)
}

/// What to do about files that are not there, or are others than here.
fn cures_of(
    world: &World,
    args: &SetupArgs,
    context: &Context,
    files: &[FileRow],
    again: &str,
) -> Vec<String> {
    let mut cures = Vec::new();
    for row in files {
        let found = match row.state {
            FileState::Missing if row.here.is_some() => {
                vec![format!("{again} --yes  sends {}", row.file)]
            }
            FileState::Missing => by_hand(world, context, row),
            FileState::NotAFile => {
                let (path, host) = (&row.path, &row.host);
                vec![format!("look at {path} on {host}, and move it away")]
            }
            FileState::Differs => compared(args, row, again),
            _ => Vec::new(),
        };
        for cure in found.iter().map(|cure| visible_text(cure)) {
            if !cures.contains(&cure) {
                cures.push(cure);
            }
        }
    }
    cures
}

/// What to type next about a file that differs.
fn compared(args: &SetupArgs, row: &FileRow, again: &str) -> Vec<String> {
    let file = &row.file;
    // Nobody was there to be asked, or the answer was no.
    let overwrite = if args.overwrite {
        "--overwrite --yes"
    } else {
        "--overwrite"
    };
    let shows = (!args.diff).then(|| format!("{again} --diff  shows how {file} differs"));
    let replaces = format!("{again} {overwrite}  replaces {file} by the one that is here");
    shows.into_iter().chain([replaces]).collect()
}

/// The ways to a file that is nowhere yet.
fn by_hand(world: &World, context: &Context, row: &FileRow) -> Vec<String> {
    let here = context.directory.join(&row.file);
    let here = here.strip_prefix(&world.directory).unwrap_or(&here);
    let here = windlass_model::shell::quote(&here.to_string_lossy());
    // Where there is one that cannot be taken, the row says why.
    let mut ways = match row.note {
        None => vec![format!("put it here as {here}, and it is offered")],
        Some(_) => Vec::new(),
    };
    if let Some(host) = context.inventory.host(&row.host) {
        ways.push(format!("{} <FILE  makes it there", ssh(host, &row.path)));
    }
    ways
}

/// The command that makes a file on the host from its input, by the way that windlass.toml names.
fn ssh(host: &Host, path: &str) -> String {
    let (target, ssh) = (&host.target, &host.settings.ssh);
    let mut words = vec!["ssh".to_owned()];
    if let Some(port) = target.port.or(ssh.port) {
        words.extend(["-p".to_owned(), port.to_string()]);
    }
    if !ssh.jump.is_empty() {
        words.extend(["-J".to_owned(), ssh.jump.join(",")]);
    }
    for identity in &ssh.identities {
        words.extend(["-i".to_owned(), identity.clone()]);
    }
    let user = target.user.as_ref().or(ssh.user.as_ref());
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    words.push(format!("{user}{}", target.address));
    let path = windlass_model::shell::quote(path);
    words.push(format!("umask 077; cat >{path}"));
    windlass_model::shell::join(&words)
}
