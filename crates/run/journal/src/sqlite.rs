//! The journal in one SQLite file.
//!
//! WAL with synchronous FULL: a transaction that was committed survives a power cut. Several processes of this machine
//! may use the file at once; one that must wait does so for at most [`BUSY`].

use crate::error::Error;
use crate::owner::Owner;
use crate::record::Record;
use crate::replay::State;
use crate::schema::{prepare, recognise};
use crate::store::{Store, Stored};
use crate::subject::Subject;
use rusqlite::{
    Connection, OpenFlags, OptionalExtension as _, Transaction, TransactionBehavior, params,
};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use windlass_model::clock::Timestamp;
use windlass_model::event::DeployEnd;
use windlass_model::plan::PLAN_FORMAT;
use windlass_model::{DeployId, DeployKind, PlanDigest};

/// How long a process waits for another one to finish writing.
const BUSY: Duration = Duration::from_secs(30);

/// The journal of this machine.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    connection: Connection,
    /// States of the deploys that were written to by this process, so that each record is checked without reading all.
    known: HashMap<DeployId, Known>,
}

#[derive(Debug)]
struct Known {
    number: i64,
    next: i64,
    subject: Subject,
    state: State,
}

impl Journal {
    /// Opens the journal at `path`, making it and its directory (0700) where they do not exist.
    pub fn open(path: &Path) -> Result<Self, Error> {
        private_dir(path.parent().unwrap_or(Path::new(".")))?;
        // SQLite would make the file with the process's umask.
        std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(|source| path_error(path, source))?;
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        prepare(&mut connection, path)?;
        Ok(Self {
            path: path.to_owned(),
            inner: Mutex::new(Inner {
                connection,
                known: HashMap::new(),
            }),
        })
    }

    /// Opens the journal for a quick look: nothing is made or changed, and nobody is waited for. None where there is none.
    pub fn glance(path: &Path) -> Result<Option<Self>, Error> {
        if !path.is_file() {
            return Ok(None);
        }
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(Duration::ZERO)?;
        recognise(&connection, path)?;
        Ok(Some(Self {
            path: path.to_owned(),
            inner: Mutex::new(Inner {
                connection,
                known: HashMap::new(),
            }),
        }))
    }

    /// Where the full log of a deploy lies: `logs/<deploy>.log` beside the journal. Its directory is made (0700).
    pub fn log_path(&self, deploy: &DeployId) -> Result<PathBuf, Error> {
        let dir = self.dir().join("logs");
        private_dir(&dir)?;
        Ok(dir.join(format!("{deploy}.log")))
    }

    /// Asks the engine that works on the deploy, now or next, to cancel it.
    pub fn request_cancel(&self, deploy: &DeployId, at: Timestamp) -> Result<(), Error> {
        let inner = self.lock();
        let number = number(&inner.connection, deploy)?;
        inner.connection.execute(
            "INSERT OR IGNORE INTO cancel_requests (deploy, at) VALUES (?1, ?2)",
            params![number, millis(at)],
        )?;
        Ok(())
    }

    pub(crate) fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    pub(crate) fn with_connection<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        read(&self.lock().connection)
    }

    /// A panic in another thread leaves at most a transaction that SQLite has rolled back.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Journal {
    fn begin(&self, subject: &Subject, digest: &PlanDigest, at: Timestamp) -> Result<(), Error> {
        let text = serde_json::to_string(subject).map_err(Error::Unwritable)?;
        let (kind, application) = match subject {
            Subject::Deploy { plan } => (kind_word(plan.kind)?, &plan.application),
            Subject::AdHoc { run } => ("ad_hoc".to_owned(), &run.application),
        };
        let inserted = self.lock().connection.execute(
            "INSERT OR IGNORE INTO deploys (id, kind, application, stage, started, changed, standing, digest, written_by, subject)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, 'open', ?6, ?7, ?8)",
            params![
                subject.id().as_str(), kind, application, subject.stage(), millis(at),
                digest.as_str(), env!("CARGO_PKG_VERSION"), text
            ],
        )?;
        match inserted {
            0 => Err(Error::Exists(subject.id().clone())),
            _ => Ok(()),
        }
    }

    fn append(&self, deploy: &DeployId, at: Timestamp, records: &[Record]) -> Result<(), Error> {
        let mut inner = self.lock();
        let Inner { connection, known } = &mut *inner;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut after = match known.remove(deploy) {
            Some(before) => before,
            None => read_known(&transaction, deploy)?,
        };
        // On any error `after` is dropped, and the next call reads what is really there.
        write(&transaction, &mut after, at, records)?;
        transaction.commit()?;
        known.insert(deploy.clone(), after);
        Ok(())
    }

    fn load(&self, deploy: &DeployId) -> Result<Stored, Error> {
        let inner = self.lock();
        read_stored(&inner.connection, deploy).map(|(_, stored)| stored)
    }

    fn own(&self, deploy: &DeployId) -> Result<Owner, Error> {
        let dir = self.dir().join("locks");
        private_dir(&dir)?;
        Owner::take(&dir.join(format!("{deploy}.lock")), deploy)
    }

    fn cancel_requested(&self, deploy: &DeployId) -> Result<bool, Error> {
        let inner = self.lock();
        let number = number(&inner.connection, deploy)?;
        let found = inner
            .connection
            .query_row(
                "SELECT 1 FROM cancel_requests WHERE deploy = ?1",
                [number],
                |_| Ok(()),
            )
            .optional()?;
        Ok(found.is_some())
    }
}

fn write(
    transaction: &Transaction<'_>,
    known: &mut Known,
    at: Timestamp,
    records: &[Record],
) -> Result<(), Error> {
    let mut insert = transaction
        .prepare_cached("INSERT INTO records (deploy, seq, at, body) VALUES (?1, ?2, ?3, ?4)")?;
    for record in records {
        known
            .state
            .apply(&known.subject, record)
            .map_err(|source| Error::Illegal {
                deploy: known.subject.id().clone(),
                source,
            })?;
        let body = serde_json::to_string(record).map_err(Error::Unwritable)?;
        insert.execute(params![known.number, known.next, millis(at), body])?;
        known.next = known.next.saturating_add(1);
    }
    transaction.execute(
        "UPDATE deploys SET changed = ?2, standing = ?3 WHERE number = ?1",
        params![known.number, millis(at), standing(&known.state)],
    )?;
    Ok(())
}

fn standing(state: &State) -> &'static str {
    match (state.end, state.parked) {
        (Some(DeployEnd::Deployed), _) => "deployed",
        (Some(DeployEnd::Undone), _) => "undone",
        (Some(DeployEnd::CancelledUndone), _) => "cancelled",
        (Some(DeployEnd::Stopped), _) => "stopped",
        (Some(DeployEnd::Stuck), _) => "stuck",
        (Some(DeployEnd::Fenced), _) => "fenced",
        (Some(DeployEnd::GivenUp), _) => "given up",
        (Some(DeployEnd::Parked), _) | (None, true) => "parked",
        (None, false) => "open",
    }
}

fn number(connection: &Connection, deploy: &DeployId) -> Result<i64, Error> {
    connection
        .query_row(
            "SELECT number FROM deploys WHERE id = ?1",
            [deploy.as_str()],
            |row| row.get(0),
        )
        .optional()?
        .ok_or_else(|| Error::Unknown(deploy.as_str().to_owned()))
}

fn read_known(connection: &Connection, deploy: &DeployId) -> Result<Known, Error> {
    let (number, stored) = read_stored(connection, deploy)?;
    Ok(Known {
        number,
        next: i64::try_from(stored.records.len()).unwrap_or(i64::MAX),
        subject: stored.subject,
        state: stored.state,
    })
}

fn read_stored(connection: &Connection, deploy: &DeployId) -> Result<(i64, Stored), Error> {
    type Row = (i64, i64, String, String, String);
    let (number, started, digest, writer, text): Row = connection
        .query_row(
            "SELECT number, started, digest, written_by, subject FROM deploys WHERE id = ?1",
            [deploy.as_str()],
            |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                ))
            },
        )
        .optional()?
        .ok_or_else(|| Error::Unknown(deploy.as_str().to_owned()))?;
    let subject = read_subject(deploy, &text, &writer)?;
    let records = read_records(connection, number, deploy)?;
    let mut state = State::default();
    for (_, record) in &records {
        state
            .apply(&subject, record)
            .map_err(|source| Error::Illegal {
                deploy: deploy.clone(),
                source,
            })?;
    }
    let stored = Stored {
        subject,
        digest: PlanDigest::new(digest),
        started: timestamp(started),
        records,
        state,
    };
    Ok((number, stored))
}

/// The format is looked at before the rest, which a newer plan may spell otherwise.
fn read_subject(deploy: &DeployId, text: &str, writer: &str) -> Result<Subject, Error> {
    let value: serde_json::Value = parse(deploy, text)?;
    let format = value
        .pointer("/plan/format")
        .and_then(serde_json::Value::as_u64);
    let format = format.map_or(PLAN_FORMAT, |number| {
        u32::try_from(number).unwrap_or(u32::MAX)
    });
    if format > PLAN_FORMAT {
        return Err(Error::NewerPlan {
            deploy: deploy.clone(),
            found: format,
            needs: writer.to_owned(),
        });
    }
    serde_json::from_value(value).map_err(|source| Error::Damaged {
        deploy: deploy.clone(),
        source,
    })
}

/// The word of the column `kind`.
pub(crate) fn kind_word(kind: DeployKind) -> Result<String, Error> {
    let word = serde_json::to_string(&kind).map_err(Error::Unwritable)?;
    Ok(word.trim_matches('"').to_owned())
}

pub(crate) fn read_records(
    connection: &Connection,
    number: i64,
    deploy: &DeployId,
) -> Result<Vec<(Timestamp, Record)>, Error> {
    let mut select =
        connection.prepare_cached("SELECT at, body FROM records WHERE deploy = ?1 ORDER BY seq")?;
    let rows = select.query_map([number], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    rows.map(|row| {
        let (at, body) = row?;
        Ok((timestamp(at), parse(deploy, &body)?))
    })
    .collect()
}

pub(crate) fn parse<T: DeserializeOwned>(deploy: &DeployId, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|source| Error::Damaged {
        deploy: deploy.clone(),
        source,
    })
}

pub(crate) fn timestamp(millis: i64) -> Timestamp {
    Timestamp(u64::try_from(millis).unwrap_or_default())
}

fn millis(at: Timestamp) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

fn private_dir(dir: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| path_error(dir, source))
}

fn path_error(path: &Path, source: std::io::Error) -> Error {
    Error::Path {
        path: path.to_owned(),
        source,
    }
}
