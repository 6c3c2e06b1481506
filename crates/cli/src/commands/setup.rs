//! `setup`: makes the layout of a stage on its hosts and names the linked files that they lack; touches nothing that is
//! there.

use crate::args::{Global, StageArgs};
use crate::context::Context;
use crate::error::Failure;
use crate::fleet::Fleet;
use crate::screen::say;
use crate::world::World;
use std::collections::BTreeMap;
use tokio::sync::mpsc;
use windlass_facts::{Ask, HostFacts, Linked, LinkedFile};
use windlass_model::inventory::Host;
use windlass_model::layout::Layout;
use windlass_model::{ExitCode, HostName};
use windlass_planner::Reason;
use windlass_reporter::visible_text;

/// Makes the directories.
pub(crate) async fn setup(
    world: &World,
    global: &Global,
    args: &StageArgs,
) -> Result<ExitCode, Failure> {
    let context = Context::load(world, global, args.stage.as_deref(), &[])?;
    let (sender, _receiver) = mpsc::unbounded_channel();
    let fleet = Fleet::open(world, &context, &sender).await?;
    let failed = make(&context, &fleet).await;
    let facts = look(&context, &fleet, &failed).await;
    fleet.close().await;
    let facts = facts?;
    let mut cures = Vec::new();
    for host in &context.inventory.hosts {
        let name = &host.target.name;
        if let Some(reason) = failed.get(name) {
            say(&format!("✘ {name}  {reason}"));
            continue;
        }
        say(&format!("✔ {name}  {}", host.settings.deploy_to));
        for (what, cure) in lacks(world, &context, host, facts.get(name)) {
            say(&format!("✘ {name}  {what}"));
            cures.push(cure);
        }
    }
    ending(&context.inventory.stage, failed.is_empty(), cures)
}

/// What the person is left with.
fn ending(stage: &str, all_made: bool, cures: Vec<String>) -> Result<ExitCode, Failure> {
    let check = format!("windlass check {stage}");
    if !all_made {
        let text = "the layout could not be made everywhere";
        let hint = "sudo install -d -o LOGIN DEPLOY_TO on the host, then: windlass setup";
        return Err(Failure::new(ExitCode::Failed, text).hint(hint));
    }
    if cures.is_empty() {
        say(&format!("next: {check}"));
        return Ok(ExitCode::Done);
    }
    let text = "the layout is made; linked files are missing, and without them nothing is deployed";
    let failure = Failure::new(ExitCode::Failed, text);
    Err(cures
        .into_iter()
        .chain([check])
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

/// Looks which linked files there are, where releases are made.
async fn look(
    context: &Context,
    fleet: &Fleet,
    failed: &BTreeMap<HostName, String>,
) -> Result<BTreeMap<HostName, HostFacts>, Failure> {
    let hosts = context.inventory.hosts.iter();
    let hosts = hosts.filter(|host| host.target.release && !failed.contains_key(&host.target.name));
    let asks = hosts.map(|host| {
        let ask = Ask {
            root: host.settings.deploy_to.clone(),
            linked_files: host.settings.linked_files.clone(),
            ..Ask::default()
        };
        (host.target.name.clone(), ask)
    });
    fleet.facts(asks.collect()).await
}

/// The linked files that a host lacks, each with the way to bring it there.
fn lacks(
    world: &World,
    context: &Context,
    host: &Host,
    facts: Option<&HostFacts>,
) -> Vec<(String, String)> {
    let Some(facts) = facts else {
        return Vec::new();
    };
    let shared = Layout::new(&facts.root.path).shared();
    let absent = facts.linked_files.iter();
    let absent = absent.filter(|file| file.state != Linked::Present);
    absent
        .map(|LinkedFile { path: file, state }| {
            let path = format!("{shared}/{file}");
            let here = context.directory.join(file);
            let cure = if *state == Linked::Missing && here.is_file() {
                let here = here.strip_prefix(&world.directory).unwrap_or(&here);
                scp(host, &here.to_string_lossy(), &facts.user, &path)
            } else {
                format!("create {path} on {}", host.target.name)
            };
            let what = Reason::LinkedFile {
                path,
                state: *state,
            };
            (visible_text(&what.to_string()), visible_text(&cure))
        })
        .collect()
}

/// The command that copies a file to the host, by the way that windlass.toml names.
fn scp(host: &Host, file: &str, user: &str, path: &str) -> String {
    let (target, ssh) = (&host.target, &host.settings.ssh);
    let mut words = vec!["scp".to_owned()];
    if let Some(port) = target.port.or(ssh.port) {
        words.extend(["-P".to_owned(), port.to_string()]);
    }
    if !ssh.jump.is_empty() {
        words.extend(["-J".to_owned(), ssh.jump.join(",")]);
    }
    for identity in &ssh.identities {
        words.extend(["-i".to_owned(), identity.clone()]);
    }
    let address = if target.address.contains(':') {
        format!("[{}]", target.address)
    } else {
        target.address.clone()
    };
    words.extend([file.to_owned(), format!("{user}@{address}:{path}")]);
    windlass_model::shell::join(&words)
}
