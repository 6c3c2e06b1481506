//! The keys of `[ssh]`.

use super::{Key, Kind};
use crate::check;
use std::time::Duration;

const ZERO: Duration = Duration::ZERO;
const SECOND: Duration = Duration::from_secs(1);

pub(super) static SSH: &[Key] = &[
    Key::new("user", Kind::Text(check::user), "The login.").like("\"deploy\""),
    Key::new("port", Kind::Integer(1, 65535), "The port.").like("2222"),
    Key::new(
        "config",
        Kind::Text(check::file),
        "The ssh_config file to honour instead of the usual ones; \"none\" = no file \
         at all.",
    )
    .like("\"~/.ssh/deploy_config\""),
    Key::new(
        "identities",
        Kind::OneOrMany(&Kind::Text(check::file)),
        "Files of private keys.",
    )
    .or("[]")
    .like("[\"~/.ssh/deploy\"]"),
    Key::new(
        "certificates",
        Kind::OneOrMany(&Kind::Text(check::file)),
        "Files of certificates, beside those next to the keys.",
    )
    .or("[]")
    .like("[\"~/.ssh/deploy-cert.pub\"]"),
    Key::new(
        "agent",
        Kind::BooleanOr(&Kind::Text(check::file)),
        "Whether the ssh-agent is asked; or the socket of the one to ask.",
    )
    .or("true")
    .like("\"~/.ssh/agent.sock\""),
    Key::new(
        "known_hosts",
        Kind::OneOrMany(&Kind::Text(check::file)),
        "Files of known hosts instead of the usual ones. New keys are written to the \
         first.",
    )
    .or("[]")
    .like("\"~/.ssh/known_hosts\""),
    Key::new(
        "host_keys",
        Kind::Choice(&["strict", "accept-new"]),
        "What an unknown host key means: refused, or accepted and written down.",
    )
    .or("\"strict\"")
    .like("\"accept-new\""),
    Key::new(
        "keepalive_interval",
        Kind::Duration(ZERO),
        "How often a silent connection is probed; \"0s\" = never.",
    )
    .or("\"15s\"")
    .like("\"20s\""),
    Key::new(
        "keepalive_count",
        Kind::Integer(1, 1000),
        "How many probes may stay unanswered; the connection ends at the next one.",
    )
    .or("3")
    .like("5"),
    Key::new(
        "connect_for",
        Kind::Duration(SECOND),
        "How long the first connection of a deploy is tried.",
    )
    .or("\"30s\"")
    .like("\"10s\""),
    Key::new(
        "reconnect_for",
        Kind::Duration(ZERO),
        "How long a lost connection is dialled again.",
    )
    .or("\"1h\"")
    .like("\"30m\""),
    Key::new(
        "forward_agent",
        Kind::Boolean,
        "Whether the ssh-agent may be forwarded, and then only to steps that may be \
         repeated.",
    )
    .or("false")
    .like("true"),
    Key::new(
        "jump",
        Kind::OneOrMany(&Kind::Text(check::jump)),
        "Jump hosts, the one nearest to this machine first, each `[user@]host[:port]`.",
    )
    .or("[]")
    .like("\"bastion.example.com\""),
    Key::new(
        "proxy_command",
        Kind::Text(check::script),
        "The command whose input and output are the connection. `%h`, `%p` and `%r` \
         stand for host, port and login.",
    )
    .like("\"nc %h %p\""),
];
