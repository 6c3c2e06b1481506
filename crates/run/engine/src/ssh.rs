//! The backend over SSH: jobs on hosts, objects sent from the repository, commands on this machine.
//!
//! Secret values are held here and handed to the job layer at the moment of sending; the engine knows their names only.

use crate::backend::{Backend, BackendError, JobSink, Toll, Work};
use crate::local::Locals;
use crate::parcels::Parcels;
use crate::short_file;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use windlass_job::{CancelReport, Hold, Host, JobEvent, JobReport, JobSpec, Owned, Place};
use windlass_model::layout::Layout;
use windlass_model::shell::quote;
use windlass_model::{Action, Command, CommandEnd, HostName, JobKey, Secrets, Step};
use windlass_source::Source;
use windlass_transport::{InMemory, Upload, UploadSource};

pub use crate::links::Links;

/// What pushes are made of, and where what belongs to a run lies meanwhile.
#[derive(Clone)]
pub struct Objects {
    /// The repository on this machine; none = nothing is pushed by this run.
    pub source: Option<Source>,
    /// Where packs are made, and notes kept on what runs on this machine; private to this user.
    pub scratch: PathBuf,
}

/// The backend over SSH.
pub struct SshBackend {
    hosts: BTreeMap<HostName, Host>,
    links: Links,
    source: Option<Source>,
    parcels: Parcels,
    secrets: Secrets,
    locals: Locals,
}

impl SshBackend {
    /// Works on these hosts.
    pub fn new(
        hosts: BTreeMap<HostName, Host>,
        links: Links,
        objects: Objects,
        secrets: Secrets,
        project: PathBuf,
    ) -> Self {
        let locals = Locals::new(project, objects.scratch.clone(), secrets.clone());
        Self {
            hosts,
            links,
            source: objects.source,
            parcels: Parcels::new(objects.scratch),
            secrets,
            locals,
        }
    }

    /// Follows a job that must be there, from its beginning; starts nothing.
    pub(crate) async fn followed(
        &self,
        spec: JobSpec,
        mut sink: JobSink,
    ) -> Result<JobReport, BackendError> {
        let host = self.host(&spec.key.host)?;
        let report = host.follow(&spec, &mut sink).await;
        report.map_err(|error| gave_up(&error))
    }

    fn host(&self, name: &HostName) -> Result<&Host, BackendError> {
        self.hosts.get(name).ok_or_else(|| BackendError::NotBegun {
            reason: format!("{name} was not connected"),
        })
    }

    async fn pushed(&self, host: &HostName, step: &Step) -> Result<Option<String>, BackendError> {
        let Action::Push { want, have, to } = &step.action else {
            return Err(broken(&"the step pushes nothing"));
        };
        let source = self
            .source
            .as_ref()
            .ok_or_else(|| broken(&"no repository was opened for this run"))?;
        let parcel = self.parcels.parcel(source, want, have).await;
        let parcel = parcel.map_err(|error| broken(&error))?;
        if parcel.pack.objects == 0 {
            return Ok(Some("nothing to send".to_owned()));
        }
        let host = self.host(host)?;
        match parcel.short().map_err(|error| broken(&error))? {
            Some(bytes) => write_short(host, to, &bytes, "").await?,
            None => upload(host, to, &mut &*parcel).await?,
        }
        Ok(Some(format!(
            "sent {} objects, {}",
            parcel.pack.objects,
            size(parcel.pack.bytes)
        )))
    }
}

/// Lines that end a script where the deploy is another controller's by now.
fn only_owner(place: &Place) -> String {
    let Place::Deploy { root, fence, .. } = place else {
        return String::new();
    };
    format!(
        "read -r number <{} && [ \"$number\" = {fence} ] || {{ echo 'another controller has taken over' >&2; exit 1; }}\n",
        quote(&Layout::new(root).fence())
    )
}

/// Writes a short file by a question, after these lines.
async fn write_short(
    host: &Host,
    to: &str,
    bytes: &[u8],
    before: &str,
) -> Result<(), BackendError> {
    let script = format!("{before}{}", short_file::script(to, bytes));
    let answer = host.ask(&script).await;
    let answer = answer.map_err(|error| gave_up(&error))?;
    if answer.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&answer.stderr);
    Err(broken(&format!("cannot write {to}: {}", said.trim())))
}

/// Sends a file of any length.
async fn upload(host: &Host, to: &str, source: &mut dyn UploadSource) -> Result<(), BackendError> {
    let upload = Upload {
        to,
        mode: 0o600,
        source,
    };
    match host.session().upload(upload).await {
        Ok(()) => Ok(()),
        Err(windlass_transport::UploadError::Session(error)) => Err(BackendError::GaveUp {
            reason: error.to_string(),
        }),
        Err(error) => Err(broken(&error)),
    }
}

fn broken(error: &dyn std::fmt::Display) -> BackendError {
    BackendError::Broken {
        reason: error.to_string(),
    }
}

fn gave_up(error: &windlass_job::Error) -> BackendError {
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        // Writing to a String cannot fail.
        let _ = write!(reason, ": {error}");
        cause = error.source();
    }
    match error {
        windlass_job::Error::Session(_) => BackendError::GaveUp { reason },
        windlass_job::Error::Answer(_) => BackendError::Broken { reason },
    }
}

fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let number = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", number / 1e3),
        _ => format!("{:.1} MB", number / 1e6),
    }
}

impl Backend for SshBackend {
    fn run(&self, spec: JobSpec, mut sink: JobSink) -> Work<'_, Result<JobReport, BackendError>> {
        Box::pin(async move {
            let name = spec.key.host.clone();
            let host = self.host(&name)?;
            let links = self.links.clone();
            let mut tell = |event: JobEvent| {
                if let JobEvent::Running { pid } = &event {
                    links.following(&name, Some(*pid));
                }
                sink(event);
            };
            let report = host.run(&spec, self.secrets.of(&name), &mut tell).await;
            self.links.following(&name, None);
            report.map_err(|error| gave_up(&error))
        })
    }

    fn cancel<'a>(
        &'a self,
        key: &'a JobKey,
        place: &'a Place,
    ) -> Work<'a, Result<CancelReport, BackendError>> {
        Box::pin(async move {
            self.host(&key.host)?
                .cancel(key, place)
                .await
                .map_err(|error| gave_up(&error))
        })
    }

    fn push<'a>(
        &'a self,
        host: &'a HostName,
        step: &'a Step,
    ) -> Work<'a, Result<Option<String>, BackendError>> {
        Box::pin(self.pushed(host, step))
    }

    fn local<'a>(
        &'a self,
        command: &'a Command,
        key: &'a JobKey,
        sink: JobSink,
    ) -> Work<'a, Result<CommandEnd, BackendError>> {
        Box::pin(self.locals.run(command, key, sink))
    }

    fn stop_local<'a>(&'a self, key: &'a JobKey) -> Work<'a, Result<CancelReport, BackendError>> {
        Box::pin(self.locals.stop(key))
    }

    fn boot_id<'a>(&'a self, host: &'a HostName) -> Work<'a, Result<String, BackendError>> {
        Box::pin(async move {
            let answer = self
                .host(host)?
                .ask("cat /proc/sys/kernel/random/boot_id")
                .await;
            let answer = answer.map_err(|error| gave_up(&error))?;
            Ok(String::from_utf8_lossy(&answer.stdout).trim().to_owned())
        })
    }

    fn leave<'a>(
        &'a self,
        (host, place): (&'a HostName, &'a Place),
        path: &'a str,
        bytes: Arc<[u8]>,
    ) -> Work<'a, Result<(), BackendError>> {
        Box::pin(async move {
            let host = self.host(host)?;
            if u64::try_from(bytes.len()).is_ok_and(|length| length <= short_file::SHORT) {
                return write_short(host, path, &bytes, &only_owner(place)).await;
            }
            upload(host, path, &mut &InMemory::new(bytes.to_vec())).await
        })
    }

    fn hold<'a>(
        &'a self,
        host: &'a HostName,
        place: &'a Place,
        hold: Hold,
    ) -> Work<'a, Result<Owned, BackendError>> {
        Box::pin(async move {
            let answer = self.host(host)?.hold(place, hold).await;
            answer.map_err(|error| gave_up(&error))
        })
    }

    fn toll(&self) -> Toll {
        self.links.toll()
    }
}
