// SPDX-License-Identifier: MPL-2.0

//! Queries of the history.

use super::pictures::Pictures;
use super::schema;
use super::slice::Slice;
use crate::media::lock;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Maximum number of alarms returned, newest first.
const ALARMS: i64 = 200;

/// An alarm of the history.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PastAlarm {
    /// ID of the alarm.
    pub id: i64,
    /// Kind of alarm.
    pub kind: String,
    /// Start time.
    pub began: Timestamp,
    /// End time; `None` while it is active.
    pub ended: Option<Timestamp>,
    /// When it was acknowledged.
    pub acknowledged: Option<Timestamp>,
    /// Measured value at its start, see [`Alarm::value`](crate::watch::alarm::Alarm::value).
    pub value: Option<f64>,
    /// The exceeded limit, in the same unit.
    pub limit: Option<f64>,
    /// Lowest score of the minutes it spans.
    pub lowest: Option<f64>,
    /// Description in one sentence.
    pub text: String,
    /// Number of the picture at its start.
    pub picture: Option<i64>,
}

/// A moment with a low score.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PastMoment {
    /// Arrival time of the frame.
    pub at: Timestamp,
    /// Score, 0 to 100.
    pub score: f64,
    /// Number of its picture, which was taken within about two seconds.
    pub picture: Option<i64>,
}

/// Reads the history while it is being written.
#[derive(Debug)]
pub struct Reader {
    data: PathBuf,
    pictures: Pictures,
    /// Opened on demand.
    database: Mutex<Option<Connection>>,
}

impl Reader {
    /// Creates a reader for a data folder.
    pub fn new(data: &Path, pictures: Pictures) -> Self {
        Self { data: data.to_owned(), pictures, database: Mutex::default() }
    }

    /// Slices of a camera between two times in seconds since 1970, `length` seconds each: whole minutes, or less within
    /// the last hour. Slices without data are omitted.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn slices(&self, camera: &str, from: i64, to: i64, length: i64) -> rusqlite::Result<Vec<Slice>> {
        let step = if length < 60 { 1 } else { 60 };
        self.with(|database| {
            let mut select = database.prepare_cached(
                "SELECT at - at % ?5 AS start, sum(known), sum(live), sum(scores), sum(total), min(lowest), \
                 max(highest), sum(frames), sum(lost), sum(reconnects) FROM slice JOIN camera ON camera.id = camera \
                 WHERE name = ?1 AND step = ?2 AND at >= ?3 AND at < ?4 GROUP BY start ORDER BY start",
            )?;
            let rows = select.query_map(params![camera, step, from, to, length.max(1)], slice)?;
            rows.collect()
        })
    }

    /// Alarms of a camera that were active between two times in seconds since 1970, newest first.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn alarms(&self, camera: &str, from: i64, to: i64) -> rusqlite::Result<Vec<PastAlarm>> {
        self.with(|database| {
            let mut select = database.prepare_cached(
                "SELECT id, kind, began, ended, acknowledged, value, bound, text, picture, (SELECT min(lowest) FROM \
                 slice WHERE slice.camera = (SELECT id FROM camera WHERE name = ?1) AND step = 60 AND at + 60 > \
                 began / 1000000 AND at <= coalesce(ended, ?3 * 1000000) / 1000000) FROM alarm WHERE camera = ?1 AND \
                 began < ?3 * 1000000 AND coalesce(ended, ?3 * 1000000) >= ?2 * 1000000 ORDER BY began DESC LIMIT ?4",
            )?;
            let rows = select.query_map(params![camera, from, to, ALARMS], alarm)?;
            rows.collect()
        })
    }

    /// Worst moments of a camera since a time in seconds since 1970, lowest score first.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn moments(&self, camera: &str, from: i64) -> rusqlite::Result<Vec<PastMoment>> {
        self.with(|database| {
            let mut select = database.prepare_cached(
                "SELECT at, score, picture FROM moment WHERE camera = ?1 AND at >= ?2 * 1000000 ORDER BY score \
                 LIMIT ?3",
            )?;
            let rows = select.query_map(params![camera, from, super::worst::MOMENTS as i64], |row| {
                Ok(PastMoment { at: time(row.get(0)?), score: row.get(1)?, picture: row.get(2)? })
            })?;
            rows.collect()
        })
    }

    /// A picture as JPEG; `None` if it does not exist any more.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn picture(&self, id: i64) -> anyhow::Result<Option<Vec<u8>>> {
        let known = self.with(|database| {
            database.prepare_cached("SELECT 1 FROM picture WHERE id = ?1")?.query_row([id], |_| Ok(())).optional()
        })?;
        Ok(if known.is_some() { self.pictures.read(id)? } else { None })
    }

    fn with<T>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let mut opened = lock(&self.database);
        let database = match opened.take() {
            Some(database) => database,
            None => schema::reader(&self.data)?,
        };
        // Reopened after an error.
        let answer = ask(&database);
        if answer.is_ok() {
            *opened = Some(database);
        }
        answer
    }
}

fn slice(row: &Row<'_>) -> rusqlite::Result<Slice> {
    let count = |column| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)?.unsigned_abs());
    Ok(Slice {
        at: row.get(0)?,
        known: row.get(1)?,
        live: row.get(2)?,
        scores: row.get(3)?,
        total: row.get(4)?,
        lowest: row.get(5)?,
        highest: row.get(6)?,
        frames: count(7)?,
        lost: count(8)?,
        reconnects: count(9)?,
    })
}

fn alarm(row: &Row<'_>) -> rusqlite::Result<PastAlarm> {
    Ok(PastAlarm {
        id: row.get(0)?,
        kind: row.get(1)?,
        began: time(row.get(2)?),
        ended: row.get::<_, Option<i64>>(3)?.map(time),
        acknowledged: row.get::<_, Option<i64>>(4)?.map(time),
        value: row.get(5)?,
        limit: row.get(6)?,
        text: row.get(7)?,
        picture: row.get(8)?,
        lowest: row.get(9)?,
    })
}

fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or_default()
}
