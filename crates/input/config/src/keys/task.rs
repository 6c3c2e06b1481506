//! The keys of `[[tasks]]`.

use super::{Key, Kind};
use crate::check;
use std::time::Duration;

const INSTANT: Duration = Duration::from_millis(1);

pub(super) static TASK: &[Key] = &[
    Key::new(
        "name",
        Kind::Word(check::task),
        "Its name, unique in the file.",
    )
    .like("\"cache:warm\""),
    Key::new(
        "run",
        Kind::Verbatim(check::script),
        "The script, run in the release directory; before the release is made, in `deploy_to`.",
    )
    .like("\"bin/rails runner Cache.warm\""),
    Key::new(
        "roles",
        Kind::OneOrMany(&Kind::Word(check::role)),
        "Only on hosts of these roles.",
    )
    .or("[]")
    .like("[\"app\"]"),
    Key::new(
        "hosts",
        Kind::OneOrMany(&Kind::Text(check::line)),
        "Only on these hosts, by name.",
    )
    .or("[]")
    .like("[\"web01.example.com\"]"),
    Key::new(
        "after",
        Kind::Word(check::task),
        "The phase or task after which it runs.",
    )
    .like("\"published\""),
    Key::new(
        "before",
        Kind::Word(check::task),
        "The phase or task before which it runs.",
    )
    .like("\"publishing\""),
    Key::new(
        "undo",
        Kind::Verbatim(check::script),
        "The script that reverses it.",
    )
    .like("\"bin/rails runner Cache.drop\""),
    Key::new(
        "once",
        Kind::Boolean,
        "Only on the primary host of its roles.",
    )
    .or("false")
    .like("true"),
    Key::new(
        "local",
        Kind::Boolean,
        "On this machine instead of the hosts.",
    )
    .or("false")
    .like("true"),
    Key::new(
        "stages",
        Kind::OneOrMany(&Kind::Word(check::stage)),
        "Only in these stages.",
    )
    .or("[]")
    .like("[\"production\"]"),
    Key::new(
        "on",
        Kind::OneOrMany(&Kind::Choice(&["deploy", "rollback"])),
        "The kinds of run it belongs to.",
    )
    .or("[\"deploy\"]")
    .like("[\"deploy\", \"rollback\"]"),
    Key::new(
        "env",
        Kind::Variables,
        "Variables of its own. Values are literal.",
    )
    .like("{ VERBOSE = \"1\" }"),
    Key::new(
        "dir",
        Kind::Text(check::task_dir),
        "The directory to be in; relative = below the release, or below `deploy_to` before the release is made.",
    )
    .like("\"frontend\""),
    Key::new(
        "when",
        Kind::Verbatim(check::script),
        "A script that decides whether there is anything to do: status 0 = yes.",
    )
    .like("\"test -d node_modules\""),
    Key::new(
        "timeout",
        Kind::Duration(INSTANT),
        "The longest it may run.",
    )
    .like("\"30m\""),
    Key::new(
        "idle_timeout",
        Kind::Duration(INSTANT),
        "The longest it may be silent.",
    )
    .like("\"5m\""),
    Key::new(
        "retries",
        Kind::Integer(0, 100),
        "How often it may be tried again after its end is known.",
    )
    .or("0")
    .like("2"),
    Key::new(
        "repeatable",
        Kind::Boolean,
        "Whether it may be repeated without harm when its fate is not known.",
    )
    .or("false")
    .like("true"),
    Key::new(
        "shell",
        Kind::Text(check::shell),
        "The shell for its scripts instead of the setting `shell`.",
    )
    .like("\"bash -eo pipefail\""),
    Key::new("pty", Kind::Boolean, "Whether it wants a terminal.")
        .or("false")
        .like("true"),
    Key::new(
        "sudo",
        Kind::BooleanOr(&Kind::Word(check::user)),
        "Run it as root, or as this user, through `sudo -n`.",
    )
    .or("false")
    .like("\"postgres\""),
];
