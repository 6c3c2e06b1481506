//! The keys that only a host has.

use super::{Key, Kind, Scope};
use crate::check;

pub(super) const ADDRESS: Key = Key::new(
    "address",
    Kind::Text(check::address),
    "`[user@]host[:port]`, IPv6 in brackets. `web[01:20]` and `web[1,3,5]` stand \
     for several hosts.",
)
.within(Scope::HOST)
.like("\"web[01:20].example.com\"");

pub(super) const ROLES: Key = Key::new(
    "roles",
    Kind::OneOrMany(&Kind::Word(check::role)),
    "What the host is for.",
)
.within(Scope::HOST)
.or("[\"app\", \"web\", \"db\"]")
.like("[\"app\"]");

pub(super) const PRIMARY: Key = Key::new(
    "primary",
    Kind::BooleanOr(&Kind::OneOrMany(&Kind::Word(check::role))),
    "The roles whose once-only tasks run here; `true` = all its roles. Without it \
     the first host of a role.",
)
.within(Scope::HOST)
.like("[\"db\"]");

pub(super) const RELEASE: Key = Key::new(
    "release",
    Kind::Boolean,
    "Whether releases are made on this host.",
)
.within(Scope::HOST)
.or("true")
.like("false");

pub(super) const USER: Key = Key::new(
    "user",
    Kind::Text(check::user),
    "The login; the same as `ssh.user`.",
)
.within(Scope::HOST)
.like("\"deploy\"");

pub(super) const PORT: Key = Key::new(
    "port",
    Kind::Integer(1, 65535),
    "The port; the same as `ssh.port`.",
)
.within(Scope::HOST)
.like("2222");

pub(super) const OPTIONAL: Key = Key::new(
    "optional",
    Kind::Boolean,
    "Whether a deploy leaves the host out where it cannot be reached when the deploy begins, instead \
     of failing.",
)
.within(Scope::HOST)
.or("false")
.like("true");
