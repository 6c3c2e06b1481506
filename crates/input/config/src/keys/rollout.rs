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
        Kind::Later("hosts that may fail"),
        "Not there yet: how many hosts may fail before the deploy does.",
    ),
    Key::new(
        "confirm_within",
        Kind::Later("confirm timers"),
        "Not there yet: a deploy that puts itself back unless it is confirmed.",
    ),
];
