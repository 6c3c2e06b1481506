//! A deploy to three hosts whose build fails on one of them.

use super::*;

pub(crate) const ALL: [&str; 3] = ["web1", "web2", "db1"];

pub(crate) fn live_before(end: &mut EndSummary) {
    end.live = hosts(&ALL)
        .into_iter()
        .map(|host| (host, Some("20261123170244".to_owned())))
        .collect();
}

pub(crate) fn moved_aside(end: &mut EndSummary) {
    let path = "/var/www/shop/.windlass/failed/20261124081502";
    end.moved_aside = hosts(&ALL)
        .into_iter()
        .map(|host| (host, path.to_owned()))
        .collect();
}

/// A build that fails on web2 after 340 lines.
pub(crate) fn failing_build(events: &mut Events, outcome: StepOutcome) {
    first_half(events);
    for number in 1..=336 {
        events.at(2_000).out(
            "rails:assets",
            "web2",
            format!("compiling {number}\n").as_bytes(),
        );
    }
    events.at(108_900).write(
        "rails:assets",
        "web2",
        Stream::Stderr,
        b"\x1b[31mSassC::SyntaxError\x1b[0m: Error: Undefined variable: \"$brand\".\n",
    );
    events.write(
        "rails:assets",
        "web2",
        Stream::Stderr,
        b"\ton line 14:12 of app/assets/stylesheets/header.scss\r\n\n>> @import",
    );
    events.at(100_000).good("rails:assets", "web1", 98_000);
    events
        .at(109_400)
        .end("rails:assets", "web2", 108_000, outcome, None);
    events.at(109_500).push(EventBody::UnwindStarted {
        reason: "rails:assets on web2: exit status 1".to_owned(),
    });
    for name in ALL {
        events
            .at(109_900)
            .undo("release", name, "move aside", 120, StepOutcome::Succeeded);
    }
}

pub(crate) fn failed_deploy() -> Events {
    let mut events = Events::new();
    failing_build(&mut events, exit(1));
    let mut end = ending(DeployEnd::Undone, 110);
    end.failed = Some(failed(
        "rails:assets",
        "web2",
        "rake assets:precompile",
        exit(1),
        108,
    ));
    if let Some(failed) = &mut end.failed {
        failed.succeeded_on = hosts(&["web1"]);
    }
    live_before(&mut end);
    moved_aside(&mut end);
    end.next = vec!["windlass deploy production".to_owned()];
    events.at(110_000).over(end);
    events
}
