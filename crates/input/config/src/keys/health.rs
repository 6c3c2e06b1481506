//! The keys of `[[health]]`.

use super::{Key, Kind};
use crate::check;
use std::time::Duration;

const ZERO: Duration = Duration::ZERO;
/// Nothing is asked more often, and no try is given less.
const BEAT: Duration = Duration::from_millis(100);

pub(super) static HEALTH: &[Key] = &[
    Key::new(
        "url",
        Kind::Text(check::url),
        "Asked with GET until it answers as it should. A redirect is an answer and is not followed; no proxy is used.",
    )
    .like("\"http://127.0.0.1:3000/up\""),
    Key::new(
        "command",
        Kind::Verbatim(check::script),
        "A script that ends with status 0 when all is well, run in `current` with everything that a task has.",
    )
    .like("\"bin/check\""),
    Key::new(
        "unit",
        Kind::Text(check::unit),
        "A unit of systemd that must be active and stay so.",
    )
    .like("\"{application}.service\""),
    Key::new(
        "name",
        Kind::Word(check::task),
        "Its name, unique in the file; its task is `health:NAME`. Without it, what it checks.",
    )
    .like("\"up\""),
    Key::new(
        "roles",
        Kind::OneOrMany(&Kind::Word(check::role)),
        "Only on hosts of these roles.",
    )
    .or("[]")
    .like("[\"app\"]"),
    Key::new(
        "stages",
        Kind::OneOrMany(&Kind::Word(check::stage)),
        "Only in these stages.",
    )
    .or("[]")
    .like("[\"production\"]"),
    Key::new(
        "from",
        Kind::Choice(&["host", "controller"]),
        "With `url`: who asks. The controller asks by its curl, once; where the URL holds `{host}`, once for the address of \
         each host.",
    )
    .or("\"host\"")
    .like("\"controller\""),
    Key::new(
        "status",
        Kind::OneOrMany(&Kind::Word(check::status)),
        "With `url`: the status codes that are wanted, each a code or a range.",
    )
    .or("[\"200-299\"]")
    .like("[\"200\", \"401\"]"),
    Key::new(
        "body",
        Kind::Text(check::line),
        "With `url`: a text that must be in the first mebibyte of the answer's body.",
    )
    .like("\"ready\""),
    Key::new(
        "headers",
        Kind::Map(check::header, &Kind::Text(check::line)),
        "With `url`: headers of the request. They are no place for secrets: they are part of the plan.",
    )
    .like("{ Host = \"shop.example.com\" }"),
    Key::new(
        "insecure",
        Kind::Boolean,
        "With `url`: whether a certificate that cannot be verified is good enough.",
    )
    .or("false")
    .like("true"),
    Key::new(
        "system",
        Kind::Boolean,
        "With `unit`: whether it is the system's, not of the login's own manager (`systemctl --user`).",
    )
    .or("false")
    .like("true"),
    Key::new(
        "stays",
        Kind::Duration(ZERO),
        "With `unit`: for how long it must have been active without being started anew.",
    )
    .or("\"5s\"")
    .like("\"10s\""),
    Key::new(
        "start_delay",
        Kind::Duration(ZERO),
        "The time before the first try.",
    )
    .or("\"0s\"")
    .like("\"5s\""),
    Key::new(
        "interval",
        Kind::Duration(BEAT),
        "The time between two tries.",
    )
    .or("\"2s\"")
    .like("\"500ms\""),
    Key::new(
        "within",
        Kind::Duration(BEAT),
        "The longest that it may take to be healthy, from the first try; then the deploy is undone.",
    )
    .or("\"60s\"")
    .like("\"2m\""),
    Key::new(
        "timeout",
        Kind::Duration(BEAT),
        "The longest that one try may take.",
    )
    .or("\"5s\"")
    .like("\"10s\""),
];
