//! Hosts on which no supervisor answers, and those that only take their time.

use crate::local::{LocalTie, quick};
use crate::support::{EXIT, job, run};
use std::collections::VecDeque;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use windlass_job::{Error, Host, HostOptions, Line, Link, Tie, Work};
use windlass_model::DisconnectKind;
use windlass_model::plan::JobLimits;
use windlass_transport::{ChannelMessage, ExecOptions};

/// A host on whose channels always the same is heard, and then nothing.
#[derive(Clone)]
struct Scripted {
    /// What is heard; an error is the answer to the opening.
    heard: Result<Vec<ChannelMessage>, DisconnectKind>,
    channels: Arc<AtomicU32>,
    /// Connections that were dialled beside the first.
    besides: Arc<AtomicU32>,
}

impl Scripted {
    fn new(heard: Result<Vec<ChannelMessage>, DisconnectKind>) -> Self {
        Self {
            heard,
            channels: Arc::default(),
            besides: Arc::default(),
        }
    }
}

struct ScriptedLine(VecDeque<ChannelMessage>);

impl Tie for Scripted {
    type Link = Self;

    fn connection(&self) -> Work<'_, Result<Self, Error>> {
        Box::pin(async { Ok(self.clone()) })
    }

    fn beside(&self, _: Duration) -> Work<'_, Result<Self, Error>> {
        self.besides.fetch_add(1, Ordering::SeqCst);
        self.connection()
    }

    fn extra(&self) -> Work<'_, Result<Self, Error>> {
        self.connection()
    }

    fn no_progress(&self) {}

    fn progress(&self) {}

    fn probes(&self) -> bool {
        true
    }
}

impl Link for Scripted {
    type Line = ScriptedLine;

    fn epoch(&self) -> u64 {
        1
    }

    fn exec<'a>(
        &'a self,
        _: &'a str,
        _: ExecOptions,
    ) -> Work<'a, Result<ScriptedLine, DisconnectKind>> {
        self.channels.fetch_add(1, Ordering::SeqCst);
        let heard = self.heard.clone();
        Box::pin(async move { Ok(ScriptedLine(heard?.into())) })
    }
}

impl Line for ScriptedLine {
    fn send<'a>(&'a mut self, _: &'a [u8]) -> Work<'a, Result<(), DisconnectKind>> {
        Box::pin(async { Ok(()) })
    }

    fn next(&mut self) -> Work<'_, ChannelMessage> {
        Box::pin(async {
            match self.0.pop_front() {
                Some(message) => message,
                None => std::future::pending().await,
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_on_which_nobody_answers_is_named() {
    use ChannelMessage::{Closed, ExitSignal, ExitStatus, Stdout};
    let closed = Closed(DisconnectKind::ChannelClosed);
    let noise = Stdout(b"no shell here\n".to_vec());
    for (heard, tells) in [
        (
            Ok(vec![noise.clone(), ExitStatus(1), closed.clone()]),
            "status 1 and said `no shell here`",
        ),
        (
            Ok(vec![ExitSignal("KILL".into()), closed.clone()]),
            "SIGKILL",
        ),
        (Ok(vec![closed]), "closed its channel"),
        (
            Ok(vec![Closed(DisconnectKind::ChannelRefused)]),
            "refused to start it",
        ),
        (Err(DisconnectKind::ChannelRefused), "refused to start it"),
        (Ok(vec![]), "did not answer for 180 s"),
        (
            Ok(vec![noise]),
            "did not answer for 180 s and said `no shell here`",
        ),
    ] {
        for pulse_interval in [Duration::ZERO, Duration::from_secs(10)] {
            let limits = JobLimits {
                pulse_interval,
                ..quick()
            };
            let options = HostOptions {
                limits,
                ..HostOptions::default()
            };
            let tie = Scripted::new(heard.clone());
            let host = Host::new(tie.clone(), options, "seed".into());
            let day = Duration::from_secs(86_400);
            let asked = tokio::time::timeout(day, host.ask("true")).await;
            let error = asked.expect("an end").expect_err(tells).to_string();
            assert!(
                error.contains("no POSIX shell") && error.contains(tells),
                "{error}"
            );
            let spec = job("mute", &["true"]);
            let mut sink = |_| {};
            let following = host.follow(&spec, &mut sink);
            let followed = tokio::time::timeout(day, following).await;
            let error = followed.expect("an end").expect_err(tells).to_string();
            assert!(error.contains(tells), "{error}");
            assert_eq!(
                tie.besides.load(Ordering::SeqCst),
                0,
                "its connection lives"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn lost_connections_say_nothing_about_the_host() {
    let tie = Scripted::new(Ok(vec![ChannelMessage::Closed(DisconnectKind::Reset)]));
    let host = Host::new(tie.clone(), HostOptions::default(), "seed".into());
    let asked = tokio::time::timeout(Duration::from_secs(600), host.ask("true")).await;
    assert!(asked.is_err(), "asked again and again");
    assert!(tie.channels.load(Ordering::SeqCst) > 100);
}

#[tokio::test]
async fn a_shell_that_starts_slowly_is_waited_for() {
    let tie = LocalTie::new("dash");
    let sh = tie.home().join("bin/sh");
    std::fs::remove_file(&sh).expect("removed");
    let text = "#!/bin/dash\nsleep 2\nexec /bin/dash \"$@\"\n";
    std::fs::write(&sh, text).expect("written");
    std::fs::set_permissions(&sh, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let limits = JobLimits {
        pulse_interval: Duration::from_secs(1),
        ..quick()
    };
    let (report, heard) = run(&tie.host_with(limits), &job("slow", &["echo done"])).await;
    assert_eq!((report.end, heard.out().as_str()), (EXIT(0), "done\n"));
}
