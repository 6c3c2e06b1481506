//! `check`: everything a deploy needs, tested without changing anything on any host.

use crate::args::{Global, StageArgs};
use crate::context::Context;
use crate::error::Failure;
use crate::fleet::Fleet;
use crate::prepare::{Intention, Look, look, resolve};
use crate::screen::{data, say};
use crate::world::World;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use windlass_config::show_duration;
use windlass_facts::{HostFacts, Logout, SshdSettings};
use windlass_model::ExitCode;
use windlass_model::settings::SshSettings;

/// Tests all hosts; what is wrong on one does not hide what is wrong on another.
pub(crate) async fn check(
    world: &World,
    global: &Global,
    args: &StageArgs,
) -> Result<ExitCode, Failure> {
    let mut context = Context::load(world, global, args.stage.as_deref(), &[])?;
    let mut errors = 0_usize;
    let reference = context.inventory.settings.branch.clone();
    let resolved = match resolve(world, &context, &Intention::Deploy { reference }).await {
        Ok(resolved) => resolved,
        Err(failure) => {
            errors += 1;
            failure.print();
            resolve(world, &context, &Intention::Rollback { to: None }).await?
        }
    };
    let (sender, _receiver) = mpsc::unbounded_channel();
    let wanted = context
        .inventory
        .hosts
        .iter()
        .map(|host| (host.target.clone(), Arc::clone(&host.settings)));
    let limits = context.inventory.settings.limits.clone();
    let (fleet, failures) = Fleet::try_connect(world, wanted.collect(), &limits, &sender).await?;
    for (_, failure) in &failures {
        errors += 1;
        failure.print();
    }
    context
        .inventory
        .hosts
        .retain(|host| fleet.host(&host.target.name).is_some());
    if let Err(failure) = context.secrets(world) {
        errors += 1;
        failure.print();
    }
    if !context.inventory.hosts.is_empty() {
        let extra = Look {
            sshd: true,
            ..Look::default()
        };
        let prepared = look(world, &context, &fleet, resolved, extra).await?;
        errors += told(global, &context, &prepared)?;
    }
    fleet.close().await;
    Ok(if errors == 0 {
        ExitCode::Done
    } else {
        ExitCode::Findings
    })
}

/// Tells what was found on the hosts that were reached; gives the number of errors.
fn told(
    global: &Global,
    context: &Context,
    prepared: &crate::prepare::Prepared,
) -> Result<usize, Failure> {
    let refusals = prepared.refusals(context);
    for host in &context.inventory.hosts {
        let name = &host.target.name;
        let Some(facts) = prepared.facts.get(name) else {
            continue;
        };
        data(&format!(
            "{name} ({}@{}, {})\n",
            facts.user, host.target.address, facts.system
        ))?;
        let of_host: Vec<_> = refusals
            .iter()
            .filter(|refusal| &refusal.host == name)
            .collect();
        for refusal in &of_host {
            data(&format!("  ✘ {}\n", refusal.reason))?;
            if let Some(hint) = &refusal.hint {
                data(&format!("      cure: {hint}\n"))?;
            }
        }
        if of_host.is_empty() {
            data(&format!(
                "  ✔ ready: {} is writable, {}\n",
                facts.root.path,
                tools(facts)
            ))?;
        }
        for line in keepalive(
            &host.settings.ssh,
            host.settings.limits.pulse_interval,
            facts.sshd.as_ref(),
        ) {
            data(&format!("    {line}\n"))?;
        }
        data(&format!("    {}\n", survival(facts)))?;
    }
    if !global.json {
        say("nothing was changed on any host");
    }
    Ok(refusals.len())
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

/// Both keepalive values with the seconds that they really mean.
fn keepalive(ssh: &SshSettings, pulse: Duration, sshd: Option<&SshdSettings>) -> Vec<String> {
    let interval = ssh
        .keepalive_interval
        .unwrap_or(SshSettings::KEEPALIVE_INTERVAL);
    let count = ssh.keepalive_count.unwrap_or(SshSettings::KEEPALIVE_COUNT);
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
    vec![format!("{ours} · pulse {pulse}"), server(sshd)]
}

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

fn survival(facts: &HostFacts) -> &'static str {
    match facts.logout {
        Logout::Survive => "commands outlive the login here",
        Logout::UserManager => {
            "commands outlive the login here through the user's lingering manager"
        }
        Logout::Die => "this host ends a user's processes at logout",
    }
}
