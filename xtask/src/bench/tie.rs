//! A session to a laboratory host and its jobs, for what is measured below the command line.

use crate::error::Error;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use windlass_job::{Host, HostOptions, JobCommand, JobSpec, Place};
use windlass_lab::{Proxy, Sshd};
use windlass_model::{Command, DeployId, HostName, JobKey, StepId};
use windlass_transport::{
    AuthOptions, Endpoint, HostKeyOptions, Observer, Session, SessionOptions,
};

const NAME: &str = "web1";

/// A session through a proxy, and the jobs at its end.
pub(super) struct Tie {
    pub(super) session: Session,
    pub(super) host: Host,
    pub(super) proxy: Proxy,
}

impl Tie {
    /// With the defaults of everything.
    pub(super) async fn open(sshd: &Sshd, observer: Observer) -> Result<Self, Error> {
        let proxy = sshd.proxy().map_err(Error::measuring("starting a proxy"))?;
        let options = options(sshd, proxy.port());
        let session = Session::open(options, observer).await;
        let session = session.map_err(Error::measuring("opening a session"))?;
        let host = Host::new(
            session.clone(),
            HostOptions::default(),
            "5eed5eed5eed5eed".to_owned(),
        );
        Ok(Self {
            session,
            host,
            proxy,
        })
    }

    /// As [`Tie::open`], with nobody to be told.
    pub(super) async fn quiet(sshd: &Sshd) -> Result<Self, Error> {
        Self::open(sshd, Arc::new(|_| ())).await
    }
}

/// How a port of the daemon's address is reached.
pub(super) fn options(sshd: &Sshd, port: u16) -> SessionOptions {
    let target = Endpoint {
        address: "127.0.0.1".to_owned(),
        port,
        user: sshd.user().to_owned(),
    };
    let auth = AuthOptions {
        identities: vec![sshd.client_key().path().to_owned()],
        ..AuthOptions::default()
    };
    let trust = HostKeyOptions::strict(vec![sshd.known_hosts()]);
    SessionOptions::new(HostName::new(NAME), target, auth, trust)
}

/// A job of one command, in the login's home.
pub(super) fn job(name: &str, script: &str) -> JobSpec {
    JobSpec {
        key: JobKey {
            deploy: DeployId::new("d-bench"),
            step: name.to_owned(),
            host: HostName::new(NAME),
            attempt: 1,
        },
        spends_reserve: false,
        place: Place::Home,
        commands: vec![JobCommand {
            step: StepId::new(name),
            attempt: 1,
            command: Command::script(script),
            advisory: false,
        }],
    }
}

/// Options for ssh and scp that log in to the daemon without asking anything, with the port's option spelled as given.
pub(super) fn ssh_options(sshd: &Sshd, port_option: &str, port: u16) -> Vec<String> {
    let file = |name: &str, path: PathBuf| format!("{name}={}", path.display());
    let key = sshd.client_key().path().to_owned();
    [
        "-F",
        "none",
        "-o",
        "BatchMode=yes",
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        &file("UserKnownHostsFile", sshd.known_hosts()),
        "-o",
        &file("IdentityFile", key),
        port_option,
        &port.to_string(),
    ]
    .map(str::to_owned)
    .to_vec()
}

/// The daemon that all measurements of jobs use.
pub(super) fn daemon() -> Result<Sshd, Error> {
    Sshd::start_plain().map_err(Error::measuring("starting sshd"))
}

/// Runs a measurement to its end.
pub(super) fn block_on<T>(act: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().build();
    runtime
        .map_err(Error::measuring("starting a runtime"))?
        .block_on(act)
}
