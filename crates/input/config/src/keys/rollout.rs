//! The keys of `[rollout]`.

use super::{Key, Kind};
use std::time::Duration;
use windlass_model::rollout::OnFailure;

pub(super) static ROLLOUT: &[Key] = &[
    Key::new(
        "batches",
        Kind::List(&Kind::Reach),
        "How many hosts have the release when a batch is through: `[1, \"10%\", \"100%\"]` is one host first, then a \
         tenth of all (at least one more), then all. Where the last one does not reach all hosts, a batch with the \
         rest follows. Without it all hosts publish together.",
    )
    .or("[]")
    .like("[1, \"10%\", \"100%\"]"),
    Key::new(
        "pause",
        Kind::Duration(Duration::ZERO),
        "How long is waited between two batches.",
    )
    .or("\"0s\"")
    .like("\"30s\""),
    Key::new(
        "on_failure",
        Kind::Choice(OnFailure::WORDS),
        "What a failure does: undo everything everywhere; \"stop\" = leave the release on the hosts of finished \
         batches and undo the others; \"pause\" = undo nothing and wait for `windlass resume --retry` or \
         `windlass cancel`. `--on-failure` takes the same values.",
    )
    .or("\"undo_all\"")
    .like("\"stop\""),
    Key::new(
        "max_failures",
        Kind::Integer(0, 1_000_000),
        "How many hosts may fail from publishing on (flip, restart, tasks) before the deploy does. Such a host is put \
         back when the others are through, and named as behind. The primary of a role, and hosts that share a deploy \
         root, may not fail.",
    )
    .or("0")
    .like("2"),
    Key::new(
        "confirm_within",
        Kind::Later("confirm timers"),
        "Not there yet: a deploy that puts itself back unless it is confirmed.",
    ),
];
