//! The jobs of one host: questions, jobs and their ends, over any number of connections.

use crate::account::{Account, Sink, Verdict};
use crate::answer::{self, Answer, Listening};
use crate::error::Error;
use crate::mute::Mute;
use crate::request::{self, Follow, Level, Start};
use crate::spec::{JobReport, JobSpec};
use crate::talks::{Needs, Talk, Talks};
use crate::tie::{Line as _, Link as _, Tie};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use windlass_model::hex::hex;
use windlass_model::plan::JobLimits;
use windlass_model::{DisconnectKind, Secret};
use windlass_transport::{ChannelMessage, ExecOptions, Session};

/// So many reports in a row may break off without news before it is an error.
const BROKEN_OFF: u32 = 8;
/// A server that lives answers so soon.
const ANSWER: Duration = Duration::from_secs(10);

/// What holds for all jobs of a host.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// Limits and times.
    pub limits: JobLimits,
    /// The program that starts units of the user's manager.
    pub systemd_run: String,
    /// How long nothing may be heard where neither pulse nor keepalive is on, and how long a request may take to be sent.
    pub silence: Duration,
    /// Whether the session may forward an ssh-agent. sshd then offers it to all later channels of the connection, so it is
    /// hidden from every command that may not use it.
    pub forwards_agent: bool,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            limits: JobLimits::default(),
            systemd_run: "systemd-run".to_owned(),
            silence: Duration::from_secs(60),
            forwards_agent: false,
        }
    }
}

/// The jobs of one host. Clones are the same host.
pub struct Host<T: Tie = Session> {
    shared: Arc<Shared<T>>,
}

impl<T: Tie> Clone for Host<T> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

struct Shared<T: Tie> {
    tie: T,
    options: HostOptions,
    through_manager: AtomicBool,
    seed: String,
    count: AtomicU64,
    talks: Talks<T::Link>,
}

/// What came of one attach.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attach {
    /// The last word on the job was said.
    Over,
    /// The channel is gone.
    Cut,
}

impl Host<Session> {
    /// The session that leads to the host.
    pub fn session(&self) -> &Session {
        &self.shared.tie
    }
}

impl<T: Tie> Host<T> {
    /// The jobs of the host that the tie leads to. The seed makes nonces that no command can guess; it is used once.
    pub fn new(tie: T, options: HostOptions, seed: String) -> Self {
        let shared = Shared {
            tie,
            options,
            through_manager: AtomicBool::new(false),
            seed,
            count: AtomicU64::new(0),
            talks: Talks::new(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// From now on jobs are started through the user's lingering manager: on this host processes do not survive the end
    /// of a login otherwise.
    pub fn start_through_user_manager(&self) {
        self.shared.through_manager.store(true, Ordering::Relaxed);
    }

    /// A question that may be repeated: asked again on a new connection where the answer was cut off. It leaves no trace.
    pub async fn ask(&self, script: &str) -> Result<Answer, Error> {
        self.question(script, Needs::default()).await
    }

    /// The same with the forwarded ssh-agent, where the session may forward one.
    pub async fn ask_with_agent(&self, script: &str) -> Result<Answer, Error> {
        // Where none is forwarded the channel that is open already serves as well.
        let needs = Needs {
            agent: self.shared.options.forwards_agent,
            ..Needs::default()
        };
        self.question(script, needs).await
    }

    async fn question(&self, script: &str, needs: Needs) -> Result<Answer, Error> {
        let (mut fruitless, mut mute) = (0, Mute::default());
        loop {
            let nonce = self.nonce();
            let request = request::ask(&nonce, self.limits().pulse_interval, script);
            let sent = self.send(&request, needs, &mut mute).await?;
            if let Some(mut talk) = sent {
                let mut listening = Listening::new(&nonce);
                while let Some(message) = self.next(&mut talk, &mut mute).await? {
                    let heard = listening.take(message);
                    if listening.is_begun() {
                        talk.answers = true;
                        mute = Mute::default();
                    }
                    match heard {
                        answer::Heard::More => {}
                        answer::Heard::Cut => break,
                        answer::Heard::TooLong => {
                            return Err(Error::Answer("host's answer is too long".to_owned()));
                        }
                        answer::Heard::All(answer) => {
                            self.shared.talks.keep(talk);
                            return Ok(answer);
                        }
                    }
                }
            }
            self.pause(&mut fruitless).await;
        }
    }

    /// Starts the job unless its key was started before, and follows it to its end.
    pub async fn run(
        &self,
        spec: &JobSpec,
        secrets: &[(String, Secret)],
        sink: Sink<'_>,
    ) -> Result<JobReport, Error> {
        self.followed(spec, Some(secrets), sink).await
    }

    /// Follows a job that must be there, from its beginning; never starts anything.
    pub async fn follow(&self, spec: &JobSpec, sink: Sink<'_>) -> Result<JobReport, Error> {
        self.followed(spec, None, sink).await
    }

    async fn followed(
        &self,
        spec: &JobSpec,
        start: Option<&[(String, Secret)]>,
        sink: Sink<'_>,
    ) -> Result<JobReport, Error> {
        if spec.commands.is_empty() {
            return Ok(Account::new(spec).report());
        }
        let mut account = Account::new(spec);
        let mut attaches = 0_u32;
        let (mut fruitless, mut mute) = (0, Mute::default());
        loop {
            let before = account.headway();
            attaches = attaches.saturating_add(1);
            // What is known to run needs no start.
            let start = start.filter(|_| !account.is_started());
            if self
                .attach((&mut account, &mut mute), spec, start, sink)
                .await?
                == Attach::Over
            {
                break;
            }
            if account.headway() > before {
                fruitless = 0;
            }
            if account.is_broken_off() && fruitless >= BROKEN_OFF {
                return Err(Error::Answer(format!(
                    "host reports on job {} without telling its end",
                    spec.key
                )));
            }
            self.pause(&mut fruitless).await;
        }
        if attaches == 1 {
            self.shared.tie.progress();
        }
        match account.verdict() {
            Some(Verdict::Absent) => Err(Error::Answer(format!("host has no job {}", spec.key))),
            Some(Verdict::NoDetach) => Err(Error::Answer(
                "host has none of `setsid`, `busybox` and `perl`, so that nothing can outlive its connection".to_owned(),
            )),
            _ => Ok(account.report()),
        }
    }

    /// One request on one channel.
    async fn attach(
        &self,
        (account, mute): (&mut Account<'_>, &mut Mute),
        spec: &JobSpec,
        start: Option<&[(String, Secret)]>,
        sink: Sink<'_>,
    ) -> Result<Attach, Error> {
        let nonce = self.nonce();
        let manager = self.shared.through_manager.load(Ordering::Relaxed);
        let manager = manager.then_some(self.shared.options.systemd_run.as_str());
        let forwards = spec.commands.iter().any(|one| one.command.forward_agent);
        let follow = Follow {
            nonce: &nonce,
            spec,
            limits: self.limits(),
            from: account.restart(&nonce),
            hides_agent: forwards || self.shared.options.forwards_agent,
            start: start.map(|secrets| Start { secrets, manager }),
        };
        let needs = Needs {
            level: Level::of(start.is_some(), manager.is_some()),
            agent: start.is_some() && forwards,
        };
        let Some(mut talk) = self.send(&follow.line(), needs, mute).await? else {
            return Ok(Attach::Cut);
        };
        while let Some(message) = self.next(&mut talk, mute).await? {
            match message {
                ChannelMessage::Stdout(bytes) => account.take(&bytes, sink),
                ChannelMessage::Closed(_) => break,
                _ => {}
            }
            if account.is_heard() {
                talk.answers = true;
                *mute = Mute::default();
            }
            if account.verdict().is_some() {
                self.shared.talks.keep(talk);
                return Ok(Attach::Over);
            }
            if account.is_broken_off() {
                break;
            }
        }
        Ok(Attach::Cut)
    }

    /// Sends a request. `None`: it could not be sent, or the connection was too silent, and it should be sent again.
    async fn send(
        &self,
        request: &str,
        needs: Needs,
        mute: &mut Mute,
    ) -> Result<Option<Talk<T::Link>>, Error> {
        if request.contains('\0') {
            let reason =
                "a command, a value or a secret holds a NUL character, which no shell can carry";
            return Err(Error::Answer(reason.to_owned()));
        }
        // Waiting for a connection is the session's affair and may take long; sending may not.
        self.shared.tie.connection().await?;
        let sent = self.shared.talks.send(&self.shared.tie, request, needs);
        let silence = self.shared.options.silence;
        match tokio::time::timeout(silence, sent).await {
            Ok(sent) => match sent? {
                Ok(talk) => Ok(Some(talk)),
                Err(kind) => mute.closed(kind).map(|()| None),
            },
            Err(_) => self.shared.tie.beside(silence).await.map(|_| None),
        }
    }

    /// What comes next on a talk. `None`: nothing came for too long, and the request should be sent again.
    async fn next(
        &self,
        talk: &mut Talk<T::Link>,
        mute: &mut Mute,
    ) -> Result<Option<ChannelMessage>, Error> {
        if !talk.answers {
            return self.first(talk, mute).await;
        }
        let Some(patience) = self.patience() else {
            return Ok(Some(talk.line.next().await));
        };
        match tokio::time::timeout(patience, talk.line.next()).await {
            Ok(message) => Ok(Some(message)),
            Err(_) => self.beside(talk, patience).await,
        }
    }

    /// What comes next on a talk on which the supervisor has not spoken yet. It owes nothing before its shell has read it,
    /// however long that takes the host; so where a pulse would be late, the server is asked whether the connection lives.
    async fn first(
        &self,
        talk: &mut Talk<T::Link>,
        mute: &mut Mute,
    ) -> Result<Option<ChannelMessage>, Error> {
        let silence = self.shared.options.silence;
        let (patience, look) = (mute.patience(silence), self.patience().unwrap_or(silence));
        loop {
            let left = patience.saturating_sub(talk.opened.elapsed());
            let mut message = tokio::time::timeout(look.min(left), talk.line.next())
                .await
                .ok();
            if message.is_none() && !self.lives(&talk.link).await {
                message = self.beside(talk, talk.opened.elapsed()).await?;
                if message.is_none() {
                    return Ok(None);
                }
            }
            if let Some(message) = message {
                mute.hear(&message)?;
                return Ok(Some(message));
            }
            if talk.opened.elapsed() >= patience {
                mute.silent(patience)?;
                return Ok(None);
            }
        }
    }

    /// Whether a connection lives: its server answers to the opening of a channel, be it with a refusal.
    async fn lives(&self, link: &T::Link) -> bool {
        let opened = link.exec("exit", ExecOptions::default());
        let answer = tokio::time::timeout(ANSWER.min(self.shared.options.silence), opened).await;
        matches!(answer, Ok(Ok(_) | Err(DisconnectKind::ChannelRefused)))
    }

    /// Nothing came for so long. `None`: another connection has taken over.
    async fn beside(
        &self,
        talk: &mut Talk<T::Link>,
        silent: Duration,
    ) -> Result<Option<ChannelMessage>, Error> {
        tokio::select! {
            message = talk.line.next() => Ok(Some(message)),
            taken_over = self.shared.tie.beside(silent) => taken_over.map(|_| None),
        }
    }

    /// How long nothing may be heard: a pulse is owed. Without one the session notices by itself, where it probes.
    fn patience(&self) -> Option<Duration> {
        match self.limits().pulse_interval {
            Duration::ZERO if self.shared.tie.probes() => None,
            Duration::ZERO => Some(self.shared.options.silence),
            interval => Some(interval.max(Duration::from_secs(1)).saturating_mul(2)),
        }
    }

    /// Between attaches: none at first, longer and with smaller packets where no headway is made.
    async fn pause(&self, fruitless: &mut u32) {
        *fruitless = fruitless.saturating_add(1);
        if *fruitless > 2 {
            self.shared.tie.no_progress();
            tokio::time::sleep(Duration::from_millis(100).saturating_mul((*fruitless).min(50)))
                .await;
        }
    }

    pub(crate) fn limits(&self) -> &JobLimits {
        &self.shared.options.limits
    }

    fn nonce(&self) -> String {
        let count = self.shared.count.fetch_add(1, Ordering::Relaxed);
        let digest = Sha256::digest(format!("{} {count}", self.shared.seed).as_bytes());
        let digits: String = hex(&digest).chars().take(32).collect();
        format!(".{digits}.")
    }
}
