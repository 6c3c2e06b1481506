//! The tables of the journal's file, and which files are taken for one.

use crate::error::Error;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::Path;

/// The format number of the file; a file with a greater one is refused.
///
/// 2 has the record that a deploy was taken over, and is else what 1 is: a file of format 1 becomes one of 2 when it is
/// opened, and an older Windlass refuses it from then on.
pub const FORMAT: u32 = 2;

/// "WDLS": tells a journal from any other database.
const APPLICATION: u32 = 0x5744_4c53;

const SCHEMA: &str = "
CREATE TABLE deploys (
  number      INTEGER PRIMARY KEY AUTOINCREMENT,
  id          TEXT NOT NULL UNIQUE,
  kind        TEXT NOT NULL,
  application TEXT NOT NULL,
  stage       TEXT NOT NULL,
  started     INTEGER NOT NULL,
  changed     INTEGER NOT NULL,
  standing    TEXT NOT NULL,
  digest      TEXT NOT NULL,
  written_by  TEXT NOT NULL,
  subject     TEXT NOT NULL
);
CREATE INDEX deploys_by_stage ON deploys (stage, number);
CREATE TABLE records (
  deploy INTEGER NOT NULL REFERENCES deploys (number),
  seq    INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  body   TEXT NOT NULL,
  PRIMARY KEY (deploy, seq)
) WITHOUT ROWID;
CREATE TABLE cancel_requests (
  deploy INTEGER PRIMARY KEY REFERENCES deploys (number),
  at     INTEGER NOT NULL
);
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
";

/// Sets the connection up and makes or checks the tables.
pub(crate) fn prepare(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Immediate, so that of two first runs at once only one makes the tables.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let tables: u32 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match marks(&transaction)? {
        (0, 0) if tables == 0 => create(&transaction)?,
        _ => {
            recognise(&transaction, path)?;
            raise(&transaction)?;
        }
    }
    transaction.commit()?;
    Ok(())
}

/// Whether it is a journal of the format that is known here.
pub(crate) fn recognise(connection: &Connection, path: &Path) -> Result<(), Error> {
    match marks(connection)? {
        (APPLICATION, 1..=FORMAT) => Ok(()),
        (APPLICATION, found) => Err(Error::NewerFormat {
            found,
            known: FORMAT,
            needs: needs(connection),
        }),
        _ => Err(Error::NotAJournal {
            path: path.to_owned(),
        }),
    }
}

/// By which number the file is told, and its format.
fn marks(connection: &Connection) -> Result<(u32, u32), Error> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((number("application_id")?, number("user_version")?))
}

fn create(transaction: &Transaction<'_>) -> Result<(), Error> {
    transaction.execute_batch(SCHEMA)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    sign(transaction)
}

/// Makes a file of an older format one of this.
fn raise(transaction: &Transaction<'_>) -> Result<(), Error> {
    match marks(transaction)? {
        (_, FORMAT) => Ok(()),
        _ => sign(transaction),
    }
}

fn sign(transaction: &Transaction<'_>) -> Result<(), Error> {
    transaction.execute(
        "INSERT OR REPLACE INTO meta (name, value) VALUES ('written_by', ?1)",
        [env!("CARGO_PKG_VERSION")],
    )?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    Ok(())
}

/// The version that a newer file asks for. Its tables are unknown to us except for this one, which stays for ever.
fn needs(connection: &Connection) -> String {
    connection
        .query_row(
            "SELECT value FROM meta WHERE name = 'written_by'",
            [],
            |row| row.get(0),
        )
        .unwrap_or_else(|_| "of a later date".to_owned())
}
