//! `check`: everything a deploy needs, tested without changing anything on any host.

use crate::args::{Global, StageArgs};
use crate::context::Context;
use crate::error::Failure;
use crate::error::NOTHING_CHANGED;
use crate::fleet::Fleet;
use crate::optional::may_be_missing;
use crate::prepare::{Look, Prepared, look};
use crate::revision::{Intention, Resolved, resolve};
use crate::screen::{say, show};
use crate::world::World;
use std::time::Duration;
use tokio::sync::mpsc;
use windlass_config::show_duration;
use windlass_facts::{HostFacts, Logout, SshdSettings};
use windlass_model::{ExitCode, HostName};
use windlass_planner::Refusal;
use windlass_reporter::view::{Check, CheckHost, Finding, Severity};
use windlass_transport::Session;

/// Tests all hosts; what is wrong on one does not hide what is wrong on another.
pub(crate) async fn check(
    world: &World,
    global: &Global,
    args: &StageArgs,
) -> Result<ExitCode, Failure> {
    let mut context = Context::load(world, global, args.stage.as_deref(), &[])?;
    let (resolved, mut here) = source(world, &context).await?;
    let is_resolved = here.is_empty();
    here.extend(missing(world, &context).await);
    let (sender, _receiver) = mpsc::unbounded_channel();
    let limits = context.inventory.settings.limits.clone();
    let (fleet, failures) = Fleet::try_connect(world, context.wanted(), &limits, &sender).await?;
    let absent = |(host, failure): &(HostName, Failure)| absent(&context, host, failure);
    let mut hosts: Vec<CheckHost> = failures.iter().map(absent).collect();
    context.keep(&fleet);
    if !context.inventory.hosts.is_empty() {
        let extra = Look {
            sshd: true,
            ..Look::default()
        };
        let prepared = look(world, &context, &fleet, resolved, extra).await;
        fleet.close().await;
        let prepared = prepared?;
        // What is wrong with tasks and their order shows when a plan is made.
        if is_resolved && let Err(failure) = prepared.preview(&context) {
            here.push(finding(None, &failure));
        }
        hosts.extend(on_hosts(&context, &fleet, &prepared));
    }
    hosts.sort_by(|one, other| one.host.cmp(&other.host));
    if !here.is_empty() {
        hosts.insert(0, about(None, None, here));
    }
    let check = typed(global, hosts);
    show(world, global, &check)?;
    if !global.json {
        say(NOTHING_CHANGED);
    }
    Ok(match check.count(Severity::Error) {
        0 => ExitCode::Done,
        _ => ExitCode::Findings,
    })
}

/// What was found, with the commands in it as they are to be typed.
fn typed(global: &Global, mut hosts: Vec<CheckHost>) -> Check {
    let findings = hosts.iter_mut().flat_map(|host| &mut host.findings);
    for cure in findings.filter_map(|finding| finding.cure.as_mut()) {
        *cure = global.typed(cure);
    }
    Check { hosts }
}

/// A host that was not reached.
fn absent(context: &Context, host: &HostName, failure: &Failure) -> CheckHost {
    let mut found = finding(Some(host), failure);
    if may_be_missing(context, host, failure) {
        found.severity = Severity::Warning;
        found.cure = Some("it is optional: a deploy leaves it out".to_owned());
    }
    about(Some(host), None, vec![found])
}

/// Whether the branch can be resolved; where not, the hosts are asked all the same.
async fn source(world: &World, context: &Context) -> Result<(Resolved, Vec<Finding>), Failure> {
    let branch = context.inventory.settings.branch.clone();
    match resolve(world, context, &Intention::Deploy(branch)).await {
        Ok(resolved) => {
            let refused = resolved.can_be_released(context).await.err();
            let found = refused.iter().map(|failure| finding(None, failure));
            Ok((resolved, found.collect()))
        }
        Err(failure) => {
            let resolved = resolve(world, context, &Intention::Rollback { to: None }).await?;
            Ok((resolved, vec![finding(None, &failure)]))
        }
    }
}

/// What this machine lacks: secrets, and a program that health checks want of it.
async fn missing(world: &World, context: &Context) -> Vec<Finding> {
    let mut found = secrets(world, context).await;
    let cannot_ask = context.can_ask(world).err();
    found.extend(cannot_ask.map(|failure| finding(None, &failure)));
    found
}

/// The secrets that are missing.
async fn secrets(world: &World, context: &Context) -> Vec<Finding> {
    let Err(wrong) = context.read_secrets(world).await else {
        return Vec::new();
    };
    let of = |error: &windlass_secrets::Error| {
        let failure = Failure::from_error(ExitCode::Config, error);
        finding(None, &error.hint().into_iter().fold(failure, Failure::hint))
    };
    wrong.iter().map(of).collect()
}

fn about(host: Option<&HostName>, about: Option<String>, findings: Vec<Finding>) -> CheckHost {
    CheckHost {
        host: host.cloned(),
        about,
        findings,
    }
}

fn finding(host: Option<&HostName>, failure: &Failure) -> Finding {
    Finding {
        severity: Severity::Error,
        code: None,
        text: failure.line(host),
        cure: failure.hints.first().cloned(),
    }
}

/// What was found on the hosts that were reached.
fn on_hosts(context: &Context, fleet: &Fleet, prepared: &Prepared) -> Vec<CheckHost> {
    let refusals = prepared.refusals(context);
    let hosts = context.inventory.hosts.iter().filter_map(|host| {
        let name = &host.target.name;
        let facts = prepared.facts.get(name)?;
        let reached = format!("{}@{}, {}", facts.user, host.target.address, facts.system);
        let of_host = refusals.iter().filter(|refusal| &refusal.host == name);
        let mut findings: Vec<Finding> = of_host.map(refused).collect();
        if findings.is_empty() {
            let ready = format!("ready: {} is writable, {}", facts.root.path, tools(facts));
            findings.push(fine(ready));
        }
        let pulse = host.settings.limits.pulse_interval;
        let session = fleet.host(name)?.session();
        findings.push(fine(keepalive(session, pulse)));
        findings.push(fine(server(facts.sshd.as_ref())));
        findings.push(survival(facts));
        Some(about(Some(name), Some(reached), findings))
    });
    hosts.collect()
}

fn refused(refusal: &Refusal) -> Finding {
    Finding {
        severity: Severity::Error,
        code: None,
        text: refusal.reason.to_string(),
        cure: refusal.hint.clone(),
    }
}

fn fine(text: impl Into<String>) -> Finding {
    Finding {
        severity: Severity::Fine,
        code: None,
        text: text.into(),
        cure: None,
    }
}

fn tools(facts: &HostFacts) -> String {
    let names: Vec<String> = facts
        .tools
        .iter()
        .filter(|tool| ["git", "tar"].contains(&tool.name.as_str()))
        .map(|tool| {
            format!("{} {}", tool.name, tool.version.as_deref().unwrap_or(""))
                .trim()
                .to_owned()
        })
        .collect();
    names.join(", ")
}

/// What the session does on a silent connection, with the seconds that it really means.
fn keepalive(session: &Session, pulse: Duration) -> String {
    let (interval, count) = (session.keepalive_interval(), session.keepalive_count());
    let ours = if interval.is_zero() {
        "keepalive here: off".to_owned()
    } else {
        let end = interval.saturating_mul(count.saturating_add(1));
        format!(
            "keepalive here: every {}, {count} may stay unanswered: ends after {} of silence",
            show_duration(interval),
            show_duration(end)
        )
    };
    let pulse = if pulse.is_zero() {
        "off".to_owned()
    } else {
        format!("every {}", show_duration(pulse))
    };
    format!("{ours} · pulse {pulse}")
}

/// The same of the server.
fn server(sshd: Option<&SshdSettings>) -> String {
    let Some(sshd) = sshd else {
        return "keepalive of the server: not known (its configuration cannot be read by this login)".to_owned();
    };
    let number = |name: &str| {
        sshd.get(name)
            .and_then(|value| value.trim_end_matches('s').parse::<u64>().ok())
    };
    let proof = if sshd.in_force {
        ""
    } else {
        " (from its files; not proven)"
    };
    let timeout = match sshd.get("ChannelTimeout") {
        Some(value) if value != "none" => format!(" · ChannelTimeout {value}"),
        _ => String::new(),
    };
    match (
        number("ClientAliveInterval").unwrap_or(0),
        number("ClientAliveCountMax").unwrap_or(3),
    ) {
        (0, _) => format!("keepalive of the server: off{timeout}{proof}"),
        (every, 0) => format!(
            "keepalive of the server: every {every} s, never ends a connection{timeout}{proof}"
        ),
        (every, count) => {
            let end = every.saturating_mul(count.saturating_add(1));
            format!(
                "keepalive of the server: every {every} s, {count} may stay unanswered: ends after {end} s of silence, {} s on OpenSSH 9.2 to 9.4{timeout}{proof}",
                end.saturating_mul(2)
            )
        }
    }
}

fn survival(facts: &HostFacts) -> Finding {
    match facts.logout {
        Logout::Survive => fine("commands outlive the login here"),
        Logout::UserManager => {
            fine("commands outlive the login here through the user's lingering manager")
        }
        Logout::Die => Finding {
            severity: Severity::Warning,
            code: None,
            text: "this host ends a user's processes at logout".to_owned(),
            cure: Some(format!("sudo loginctl enable-linger {}", facts.user)),
        },
    }
}
