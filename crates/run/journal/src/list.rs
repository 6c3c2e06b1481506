//! What was done: the list for `history`, and which deploy a word of the command line means.

use crate::error::Error;
use crate::record::Record;
use crate::sqlite::{Journal, kind_word, parse, read_records, timestamp};
use crate::subject::Subject;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::BTreeMap;
use std::time::Duration;
use windlass_model::clock::Timestamp;
use windlass_model::{DeployId, Plan, StepId};

/// Which entries are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this stage.
    pub stage: Option<String>,
    /// Only deploys and rollbacks, no ad hoc runs.
    pub deploys_only: bool,
    /// Only entries that are not over: open, parked or stuck.
    pub unfinished_only: bool,
    /// At most so many, the newest first; none = all.
    pub limit: Option<u32>,
}

/// One entry of the list.
#[derive(Clone, Debug)]
pub struct Summary {
    /// What it is about, with its id.
    pub subject: Subject,
    /// When it began.
    pub started: Timestamp,
    /// When its last record was written.
    pub changed: Timestamp,
    /// How it stands.
    pub standing: Standing,
}

/// How an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// An engine works on it, or died.
    Open,
    /// Stopped for now.
    Parked,
    /// Ended well.
    Deployed,
    /// Failed and undone.
    Undone,
    /// Cancelled and undone.
    Cancelled,
    /// Stopped part way: some hosts keep the release, the others are undone.
    Stopped,
    /// A person is needed, or a host.
    Stuck,
    /// Taken over by another controller.
    Fenced,
    /// Stuck, and given up by a person.
    GivenUp,
}

impl Standing {
    /// The word on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Parked => "parked",
            Self::Deployed => "deployed",
            Self::Undone => "undone",
            Self::Cancelled => "cancelled",
            Self::Stopped => "stopped",
            Self::Stuck => "stuck",
            Self::Fenced => "fenced",
            Self::GivenUp => "given up",
        }
    }

    fn parse(word: &str) -> Self {
        [
            Self::Parked,
            Self::Deployed,
            Self::Undone,
            Self::Cancelled,
            Self::Stopped,
            Self::Stuck,
            Self::Fenced,
            Self::GivenUp,
        ]
        .into_iter()
        .find(|standing| standing.as_str() == word)
        .unwrap_or(Self::Open)
    }
}

impl Journal {
    /// The entries that pass the filter, the newest first by when they began.
    pub fn list(&self, filter: &Filter) -> Result<Vec<Summary>, Error> {
        self.with_connection(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT id, started, changed, standing, subject FROM deploys
                 WHERE (?1 IS NULL OR stage = ?1)
                   AND (NOT ?2 OR kind <> 'ad_hoc')
                   AND (NOT ?3 OR standing IN ('open', 'parked', 'stuck'))
                 ORDER BY started DESC, number DESC LIMIT ?4",
            )?;
            let limit = filter.limit.map_or(-1, i64::from);
            let rows = select.query_map(
                params![
                    filter.stage,
                    filter.deploys_only,
                    filter.unfinished_only,
                    limit
                ],
                |row| {
                    Ok((
                        row.get::<_, String>(0)?,
                        row.get(1)?,
                        row.get(2)?,
                        row.get::<_, String>(3)?,
                        row.get::<_, String>(4)?,
                    ))
                },
            )?;
            rows.map(|row| {
                let (id, started, changed, standing, subject) = row?;
                Ok(Summary {
                    subject: parse(&DeployId::new(id), &subject)?,
                    started: timestamp(started),
                    changed: timestamp(changed),
                    standing: Standing::parse(&standing),
                })
            })
            .collect()
        })
    }

    /// How a deploy stands; none where this journal does not know it.
    pub fn standing(&self, deploy: &DeployId) -> Result<Option<Standing>, Error> {
        self.with_connection(|connection| {
            let mut select =
                connection.prepare_cached("SELECT standing FROM deploys WHERE id = ?1")?;
            let word = select.query_row([deploy.as_str()], |row| row.get::<_, String>(0));
            Ok(word.optional()?.map(|word| Standing::parse(&word)))
        })
    }

    /// How long each step took in the newest good deploy of the same application, stage and kind; nothing where there is
    /// none. No plan is read for it.
    pub fn durations(&self, plan: &Plan) -> Result<BTreeMap<StepId, Duration>, Error> {
        let kind = kind_word(plan.kind)?;
        self.with_connection(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT number, id FROM deploys
                 WHERE stage = ?1 AND application = ?2 AND kind = ?3 AND standing = 'deployed'
                 ORDER BY started DESC, number DESC LIMIT 1",
            )?;
            let last = select.query_row(params![plan.stage, plan.application, kind], |row| {
                Ok((row.get(0)?, row.get::<_, String>(1)?))
            });
            let Some((number, id)) = last.optional()? else {
                return Ok(BTreeMap::new());
            };
            let records = read_records(connection, number, &DeployId::new(id))?;
            let ended = records.into_iter().filter_map(|(_, record)| match record {
                Record::Outcome { step, duration, .. } => Some((step, duration)),
                _ => None,
            });
            // Of several attempts the last one counts.
            Ok(ended.collect())
        })
    }

    /// The deploy that a word of the command line means: a whole id, a stage (its newest), or the beginning of an id.
    pub fn find(&self, word: &str) -> Result<DeployId, Error> {
        self.with_connection(|connection| {
            if let Some(id) = exact(connection, word)? {
                return Ok(id);
            }
            let mut starting = starting_with(connection, word)?;
            match (starting.pop(), starting.is_empty()) {
                (Some(id), true) => Ok(id),
                (Some(id), false) => {
                    starting.push(id);
                    Err(Error::Ambiguous {
                        wanted: word.to_owned(),
                        candidates: starting,
                    })
                }
                (None, _) => Err(Error::Unknown(word.to_owned())),
            }
        })
    }
}

fn exact(connection: &Connection, word: &str) -> Result<Option<DeployId>, Error> {
    let found: Option<String> = connection
        .query_row(
            "SELECT id FROM deploys WHERE id = ?1 OR stage = ?1 ORDER BY id = ?1 DESC, started DESC, number DESC LIMIT 1",
            [word],
            |row| row.get(0),
        )
        .optional()?;
    Ok(found.map(DeployId::new))
}

/// Compared as text: a word of the command line is no pattern.
fn starting_with(connection: &Connection, word: &str) -> Result<Vec<DeployId>, Error> {
    if word.is_empty() {
        return Ok(Vec::new());
    }
    let mut select = connection.prepare_cached(
        "SELECT id FROM deploys WHERE substr(id, 1, length(?1)) = ?1 ORDER BY number LIMIT 10",
    )?;
    let rows = select.query_map([word], |row| row.get::<_, String>(0))?;
    rows.map(|row| Ok(DeployId::new(row?))).collect()
}
