//! A host that is this machine: the supervisor runs at the other end of a pair of pipes, by a shell of one's choice.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;
use windlass_job::{Error, Host, HostOptions, Line, Link, Tie, Work};
use windlass_model::DisconnectKind;
use windlass_model::plan::JobLimits;
use windlass_transport::{ChannelMessage, ExecOptions};

/// The shells that every host must be able to have.
pub(crate) const SHELLS: [&str; 3] = ["dash", "bash", "busybox"];

/// A home with a `sh` of its own, and whether and how channels are cut.
#[derive(Clone)]
pub(crate) struct LocalTie {
    pub(crate) world: Arc<World>,
}

pub(crate) struct World {
    home: TempDir,
    pub(crate) epoch: AtomicU64,
    /// Bytes after which a channel is cut, drawn anew for each; 0 = never.
    pub(crate) cut_below: AtomicU64,
    pub(crate) channels: AtomicUsize,
    pub(crate) besides: AtomicUsize,
    random: Mutex<fastrand::Rng>,
    env: Vec<(String, String)>,
}

impl LocalTie {
    pub(crate) fn new(shell: &str) -> Self {
        Self::with_env(shell, &[])
    }

    pub(crate) fn with_env(shell: &str, env: &[(&str, &str)]) -> Self {
        let home = tempfile::Builder::new()
            .prefix("windlass-job-")
            .tempdir()
            .expect("a home");
        let bin = home.path().join("bin");
        std::fs::create_dir(&bin).expect("a directory");
        symlink(which(shell), bin.join("sh")).expect("a link");
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            world: Arc::new(World {
                home,
                epoch: AtomicU64::new(1),
                cut_below: AtomicU64::new(0),
                channels: AtomicUsize::new(0),
                besides: AtomicUsize::new(0),
                random: Mutex::new(fastrand::Rng::with_seed(7)),
                env: env.iter().map(own).collect(),
            }),
        }
    }

    /// The same host with nothing on its PATH but one directory.
    pub(crate) fn only(mut self, dir: &Path) -> Self {
        let world = Arc::get_mut(&mut self.world).expect("not shared yet");
        world
            .env
            .push(("PATH".to_owned(), dir.display().to_string()));
        self
    }

    pub(crate) fn home(&self) -> &Path {
        self.world.home.path()
    }

    pub(crate) fn records(&self) -> PathBuf {
        self.home().join(".windlass/jobs")
    }

    pub(crate) fn host(&self) -> Host<Self> {
        self.host_with(quick())
    }

    pub(crate) fn host_with(&self, limits: JobLimits) -> Host<Self> {
        let seed = format!("{:x}", fastrand::u64(..));
        Host::new(
            self.clone(),
            HostOptions {
                limits,
                ..HostOptions::default()
            },
            seed,
        )
    }
}

/// Limits for tests that should not take long.
pub(crate) fn quick() -> JobLimits {
    JobLimits {
        pulse_interval: Duration::from_millis(400),
        kill_after: Duration::from_millis(600),
        ..JobLimits::default()
    }
}

fn which(program: &str) -> PathBuf {
    let places = ["/bin", "/usr/bin"].map(|dir| Path::new(dir).join(program));
    places
        .into_iter()
        .find(|path| path.exists())
        .expect("the shell is installed")
}

impl Tie for LocalTie {
    type Link = LocalLink;

    fn connection(&self) -> Work<'_, Result<LocalLink, Error>> {
        let epoch = self.world.epoch.load(Ordering::SeqCst);
        Box::pin(async move {
            Ok(LocalLink {
                tie: self.clone(),
                epoch,
            })
        })
    }

    fn beside(&self, _silent: Duration) -> Work<'_, Result<LocalLink, Error>> {
        self.world.besides.fetch_add(1, Ordering::SeqCst);
        self.world.epoch.fetch_add(1, Ordering::SeqCst);
        self.connection()
    }

    fn extra(&self) -> Work<'_, Result<LocalLink, Error>> {
        self.connection()
    }

    fn no_progress(&self) {}

    fn progress(&self) {}

    fn probes(&self) -> bool {
        false
    }
}

#[derive(Clone)]
pub(crate) struct LocalLink {
    tie: LocalTie,
    epoch: u64,
}

impl Link for LocalLink {
    type Line = LocalLine;

    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn exec<'a>(
        &'a self,
        command: &'a str,
        _: ExecOptions,
    ) -> Work<'a, Result<LocalLine, DisconnectKind>> {
        Box::pin(async move { Ok(LocalLine::start(&self.tie, command)) })
    }
}

/// A channel: the supervisor's pipes.
pub(crate) struct LocalLine {
    stdin: Option<ChildStdin>,
    messages: mpsc::Receiver<ChannelMessage>,
    _child: Child,
}

impl LocalLine {
    fn start(tie: &LocalTie, command: &str) -> Self {
        let home = tie.home();
        let bin = home.join("bin");
        let mut child = Command::new(bin.join("sh"))
            .args(["-c", command])
            .env_clear()
            .env("HOME", home)
            .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
            .envs(tie.world.env.iter().cloned())
            .current_dir(home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a shell");
        tie.world.channels.fetch_add(1, Ordering::SeqCst);
        let below = tie.world.cut_below.load(Ordering::SeqCst);
        let budget = match below {
            0 => u64::MAX,
            below => tie.world.random.lock().expect("a generator").u64(1..below),
        };
        let (sender, messages) = mpsc::channel(4);
        let (stdout, stderr) = (
            child.stdout.take().expect("piped"),
            child.stderr.take().expect("piped"),
        );
        tokio::spawn(pump(stdout, ChannelMessage::Stdout, sender.clone(), budget));
        tokio::spawn(pump(stderr, ChannelMessage::Stderr, sender, u64::MAX));
        Self {
            stdin: child.stdin.take(),
            messages,
            _child: child,
        }
    }
}

/// Carries bytes until the budget is used up, which ends the channel.
async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    message: fn(Vec<u8>) -> ChannelMessage,
    to: mpsc::Sender<ChannelMessage>,
    mut budget: u64,
) {
    let mut buffer = vec![0; 8192];
    while let Ok(count) = from.read(&mut buffer).await {
        if count == 0 {
            break;
        }
        let count = count.min(usize::try_from(budget).unwrap_or(usize::MAX));
        budget -= count as u64;
        if to.send(message(buffer[..count].to_vec())).await.is_err() {
            return;
        }
        if budget == 0 {
            // Whether anybody still listens makes no difference.
            drop(to.send(ChannelMessage::Closed(DisconnectKind::Reset)).await);
            return;
        }
    }
}

impl Line for LocalLine {
    fn send<'a>(&'a mut self, bytes: &'a [u8]) -> Work<'a, Result<(), DisconnectKind>> {
        Box::pin(async move {
            let stdin = self.stdin.as_mut().ok_or(DisconnectKind::Closed)?;
            stdin
                .write_all(bytes)
                .await
                .map_err(|_| DisconnectKind::Closed)
        })
    }

    fn next(&mut self) -> Work<'_, ChannelMessage> {
        Box::pin(async move {
            let message = self.messages.recv().await;
            message.unwrap_or(ChannelMessage::Closed(DisconnectKind::Closed))
        })
    }
}
