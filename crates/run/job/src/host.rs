//! The jobs of one host: questions, jobs and their ends, over any number of connections.

use crate::error::Error;
use crate::follow;
use crate::follow::Account;
use crate::frames::{Frames, Piece};
use crate::request::{self, BOOT, Follow, From};
use crate::types::{CancelEnd, CancelReport, JobEvent, JobInfo, JobReport, JobSpec, Place};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use windlass_model::plan::JobLimits;
use windlass_model::shell::quote;
use windlass_model::{DeployId, DisconnectKind, ExitStatus, JobKey, Secret, Stream};
use windlass_transport::{Channel, ChannelMessage, Connection, ExecOptions, Session};

/// How long nothing may be heard of a running job where neither pulse nor keepalive is on.
const SILENCE: Duration = Duration::from_secs(60);

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
    /// How it ended.
    pub status: ExitStatus,
}

/// What holds for all jobs of a host.
#[derive(Clone, Debug, Default)]
pub struct HostOptions {
    /// Limits and times.
    pub limits: JobLimits,
}

/// The jobs of one host. Clones are the same host.
#[derive(Clone)]
pub struct Host {
    shared: Arc<Shared>,
}

struct Shared {
    session: Session,
    limits: JobLimits,
    seed: String,
    count: AtomicU64,
    /// A channel with a supervisor that waits for a request.
    idle: Mutex<Option<Talk>>,
}

/// A channel with a supervisor at its other end.
struct Talk {
    connection: Connection,
    channel: Channel,
}

type Sink<'a> = &'a mut (dyn FnMut(JobEvent) + Send);

impl Host {
    /// The jobs of the host that the session leads to. The seed makes nonces that no command can guess.
    pub fn new(session: Session, options: HostOptions, seed: String) -> Self {
        let shared = Shared {
            session,
            limits: options.limits,
            seed,
            count: AtomicU64::new(0),
            idle: Mutex::new(None),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.shared.session
    }

    /// A question that may be repeated: asked again on a new connection where the answer was cut off.
    pub async fn ask(&self, script: &str) -> Result<Answer, Error> {
        loop {
            let connection = self.shared.session.connection().await?;
            let nonce = self.nonce();
            let Ok(mut talk) = self.talk(&connection, &request::ask(&nonce, script)).await else {
                continue;
            };
            if let Some(answer) = answer(&mut talk.channel, &nonce).await {
                *self.shared.idle.lock().await = Some(talk);
                return Ok(answer);
            }
        }
    }

    /// Starts the job unless its key was started before, and follows it to its end.
    pub async fn run(
        &self,
        spec: &JobSpec,
        secrets: &[(String, Secret)],
        sink: Sink<'_>,
    ) -> Result<JobReport, Error> {
        self.follow_from(spec, Some(secrets), From::default(), sink)
            .await
    }

    /// Follows a job that must be there; never starts anything.
    pub async fn follow(&self, spec: &JobSpec, sink: Sink<'_>) -> Result<JobReport, Error> {
        self.follow_from(spec, None, From::default(), sink).await
    }

    async fn follow_from(
        &self,
        spec: &JobSpec,
        start: Option<&[(String, Secret)]>,
        from: From,
        sink: Sink<'_>,
    ) -> Result<JobReport, Error> {
        let mut account = Account::new(spec, from);
        let mut fruitless = 0_u32;
        loop {
            let connection = self.shared.session.connection().await?;
            let before = account.headway();
            let over = self
                .attach(&connection, &mut account, spec, start, sink)
                .await?;
            if over {
                return Ok(account.report());
            }
            fruitless = if account.headway() > before {
                0
            } else {
                fruitless.saturating_add(1)
            };
            if fruitless > 2 {
                self.shared.session.no_progress();
                tokio::time::sleep(Duration::from_millis(100) * fruitless.min(50)).await;
            }
        }
    }

    /// One request on one channel; true = the job is over.
    async fn attach(
        &self,
        connection: &Connection,
        account: &mut Account<'_>,
        spec: &JobSpec,
        start: Option<&[(String, Secret)]>,
        sink: Sink<'_>,
    ) -> Result<bool, Error> {
        let nonce = self.nonce();
        let from = account.restart(&nonce);
        let follow = Follow {
            nonce: &nonce,
            spec,
            limits: &self.shared.limits,
            from,
            start,
        };
        let Ok(mut talk) = self.talk(connection, &follow.line()).await else {
            return Ok(false);
        };
        let patience = self.patience();
        let mut heard = Instant::now();
        loop {
            let message = tokio::select! {
                message = talk.channel.next() => message,
                () = tokio::time::sleep_until(heard + patience) => {
                    if self.someone_answers(&mut talk, heard).await? { return Ok(false); }
                    heard = Instant::now();
                    continue;
                }
            };
            heard = Instant::now();
            match message {
                ChannelMessage::Stdout(bytes) => account.take(Stream::Stdout, &bytes, sink),
                ChannelMessage::Stderr(bytes) => account.take(Stream::Stderr, &bytes, sink),
                ChannelMessage::Closed(_) => return Ok(account.is_over()),
                _ => {}
            }
            if account.is_over() {
                *self.shared.idle.lock().await = Some(talk);
                return Ok(true);
            }
        }
    }

    /// Nothing was heard for too long: dials beside; true = the new connection is the one to go on with.
    async fn someone_answers(&self, talk: &mut Talk, heard: Instant) -> Result<bool, Error> {
        let _ = &talk.connection;
        let connection = self.shared.session.beside(heard.elapsed()).await?;
        drop(connection);
        Ok(true)
    }

    fn patience(&self) -> Duration {
        match self.shared.limits.pulse_interval {
            Duration::ZERO => SILENCE,
            interval => interval * 2,
        }
    }

    /// Sends a request on the idle supervisor of this connection, or on a new one; nothing is waited for.
    async fn talk(&self, connection: &Connection, line: &str) -> Result<Talk, DisconnectKind> {
        let idle = self.shared.idle.lock().await.take();
        if let Some(mut talk) = idle.filter(|talk| talk.connection.epoch() == connection.epoch())
            && talk.channel.send(line.as_bytes()).await.is_ok()
        {
            return Ok(talk);
        }
        self.fresh(connection, line).await
    }

    fn nonce(&self) -> String {
        let count = self.shared.count.fetch_add(1, Ordering::Relaxed);
        format!("{}.{count:x}.", self.shared.seed)
    }
}

/// Reads an answer to its end; none = it was cut off. What comes before the answer's first line is noise of profiles.
async fn answer(channel: &mut Channel, nonce: &str) -> Option<Answer> {
    let (mut stdout, mut stderr) = (Half::new(nonce), Half::new(nonce));
    while stdout.end.is_none() || stderr.end.is_none() {
        match channel.next().await {
            ChannelMessage::Stdout(bytes) => stdout.take(&bytes),
            ChannelMessage::Stderr(bytes) => stderr.take(&bytes),
            ChannelMessage::Closed(_) => return None,
            _ => {}
        }
    }
    let status = stdout.end?.strip_prefix("A ")?.parse().ok()?;
    Some(Answer {
        stdout: stdout.bytes,
        stderr: stderr.bytes,
        status: ExitStatus(status),
    })
}

/// One stream of an answer.
struct Half {
    frames: Frames,
    open: bool,
    bytes: Vec<u8>,
    end: Option<String>,
}

impl Half {
    fn new(nonce: &str) -> Self {
        Self {
            frames: Frames::new(nonce),
            open: false,
            bytes: Vec::new(),
            end: None,
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        for piece in self.frames.push(bytes) {
            match piece {
                Piece::Bytes(more) if self.open => self.bytes.extend(more),
                Piece::Bytes(_) => {}
                Piece::Line(_) if !self.open => self.open = true,
                Piece::Line(line) => self.end = Some(line),
            }
        }
    }
}

const CANCEL: &str = include_str!("cancel.sh");
const LIST: &str = include_str!("list.sh");

impl Host {
    /// Stops a job and sees its processes gone; claims the key of one that was not started, so that it never will be.
    ///
    /// It speaks over a channel of its own, since the supervisor reads no requests while it follows a job, and over a
    /// connection of its own where the server allows no second channel.
    pub async fn cancel(&self, key: &JobKey, place: &Place) -> Result<CancelReport, Error> {
        self.cancel_record(&request::base(key), &key.to_string(), place)
            .await
    }

    /// The same for a job that is only known by its record.
    pub async fn cancel_named(
        &self,
        job: &JobInfo,
        deploy: &DeployId,
        place: &Place,
    ) -> Result<CancelReport, Error> {
        let key = format!("{deploy}/{}", request::unbase(&job.name));
        self.cancel_record(&job.name, &key, place).await
    }

    async fn cancel_record(
        &self,
        base: &str,
        key: &str,
        place: &Place,
    ) -> Result<CancelReport, Error> {
        let script = format!(
            "{home}dir={directory}; base={base}; key={name}; grace={grace}; won=\n{CANCEL}",
            home = request::home(place),
            directory = request::directory(place),
            base = quote(base),
            name = quote(key),
            grace = self.shared.limits.kill_after.as_secs(),
        );
        let answer = self.ask_apart(&script).await?;
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        let words: Vec<&str> = text.split_whitespace().collect();
        let end = match words.as_slice() {
            ["cancelled" | "absent"] => CancelEnd::Cancelled,
            ["ended", status] => CancelEnd::AlreadyEnded(follow::ended(status)),
            ["stuck", pids @ ..] => {
                CancelEnd::Stuck(pids.iter().filter_map(|pid| pid.parse().ok()).collect())
            }
            _ => return Err(Error::Answer(text)),
        };
        Ok(CancelReport { end })
    }

    /// The jobs of a place, with how they stand.
    pub async fn jobs(&self, place: &Place) -> Result<Vec<JobInfo>, Error> {
        let script = format!(
            "{}dir={}\n{LIST}",
            request::home(place),
            request::directory(place)
        );
        let answer = self.ask(&script).await?;
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        Ok(text.lines().filter_map(JobInfo::parse).collect())
    }

    /// Removes the records of a job, or of all jobs of a place, that have ended.
    pub async fn sweep(&self, place: &Place, key: &JobKey) -> Result<(), Error> {
        let script = format!(
            "{}cd {} 2>/dev/null && rm -f {}.*",
            request::home(place),
            request::directory(place),
            quote(&request::base(key))
        );
        self.ask(&script).await.map(drop)
    }

    /// A question on a channel of its own.
    async fn ask_apart(&self, script: &str) -> Result<Answer, Error> {
        loop {
            let connection = self.shared.session.connection().await?;
            let nonce = self.nonce();
            let line = request::ask(&nonce, script);
            let mut talk = match self.fresh(&connection, &line).await {
                Ok(talk) => talk,
                Err(DisconnectKind::ChannelRefused) => {
                    let extra = self.shared.session.extra().await?;
                    let Ok(talk) = self.fresh(&extra, &line).await else {
                        continue;
                    };
                    talk
                }
                Err(_) => continue,
            };
            if let Some(answer) = answer(&mut talk.channel, &nonce).await {
                return Ok(answer);
            }
        }
    }

    /// A supervisor on a new channel.
    async fn fresh(&self, connection: &Connection, line: &str) -> Result<Talk, DisconnectKind> {
        let mut channel = connection
            .exec(BOOT.as_bytes(), ExecOptions::default())
            .await?;
        let boot = request::supervisor(&self.nonce());
        channel
            .send(&[boot.as_bytes(), line.as_bytes()].concat())
            .await?;
        Ok(Talk {
            connection: connection.clone(),
            channel,
        })
    }
}
