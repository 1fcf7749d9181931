// SPDX-License-Identifier: MPL-2.0

//! Writes to the database and deletes old data.

use super::gather::Pending;
use super::pictures::Pictures;
use super::slice::Slice;
use super::worst::Worst;
use crate::watch::alarm::{Alarm, Jpeg};
use anyhow::ensure;
use rusqlite::{Connection, Transaction, params};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Lengths of slices, and how long they are kept, in seconds.
const STEPS: [(i64, i64); 2] = [(1, 3600), (60, 7 * 24 * 3600)];

/// How long alarms and the worst moments are kept, in seconds.
const ALARMS_KEPT: i64 = 90 * 24 * 3600;

/// Writes to the history.
#[derive(Debug)]
pub struct Writer {
    database: Connection,
    /// File of the database.
    file: PathBuf,
    pictures: Pictures,
    /// Database IDs of the cameras.
    cameras: HashMap<Arc<str>, i64>,
    worst: Worst,
    tidied: Option<i64>,
}

impl Writer {
    /// Continues with an open database. Alarms that were active when the last run ended are closed at the last recorded
    /// second of their camera.
    ///
    /// # Errors
    /// If the database cannot be read or written.
    pub fn new(database: Connection, file: PathBuf, pictures: Pictures, now: i64) -> anyhow::Result<Self> {
        database.execute(
            "UPDATE alarm SET ended = max(began, coalesce((SELECT max(at + 1) FROM slice JOIN camera ON camera.id = \
             slice.camera WHERE name = alarm.camera AND step = 1), 0) * 1000000) WHERE ended IS NULL",
            [],
        )?;
        pictures.sweep(&database)?;
        let worst = Worst::load(&database, now)?;
        Ok(Self { database, file, pictures, cameras: HashMap::new(), worst, tidied: None })
    }

    /// Writes pending data in a single transaction.
    ///
    /// # Errors
    /// On a database error, or if the file has been removed.
    pub fn write(&mut self, pending: &Pending) -> anyhow::Result<()> {
        // Data written to a deleted file is lost with this process, and SQLite does not report it.
        ensure!(
            self.file.try_exists().unwrap_or(true),
            "{} has been removed: restore it, or restart iqa watch to create a new one",
            self.file.display()
        );
        let transaction = self.database.transaction()?;
        for ((second, camera), slice) in &pending.seconds {
            let number = number(&transaction, &mut self.cameras, camera)?;
            for (step, _) in STEPS {
                add(&transaction, number, step, Slice { at: second - second.rem_euclid(step), ..*slice })?;
            }
        }
        for alarm in &pending.alarms {
            put(&transaction, alarm)?;
        }
        let committed = transaction.commit();
        if committed.is_err() {
            // A camera whose ID was rolled back has none.
            self.cameras.clear();
        }
        Ok(committed?)
    }

    /// Stores the pictures of alarms that have just begun.
    ///
    /// # Errors
    /// On a file system or database error.
    pub fn keep_pictures(&mut self, alarms: &[Arc<Alarm>]) -> anyhow::Result<()> {
        let begun = |alarm: &&Arc<Alarm>| alarm.ended.is_none() && alarm.acknowledged.is_none();
        for alarm in alarms.iter().filter(begun) {
            if let Some(picture) = &alarm.picture
                && let Some(id) = self.pictures.keep(&self.database, picture)?
            {
                let mut update = self.database.prepare_cached("UPDATE alarm SET picture = ?1 WHERE id = ?2")?;
                update.execute(params![id, alarm.id.0])?;
            }
        }
        Ok(())
    }

    /// Stores the worst moments of the day; `picture` takes a picture of those that are added.
    ///
    /// # Errors
    /// On a file system or database error.
    pub fn keep_worst(
        &mut self,
        lowest: &HashMap<Arc<str>, (i64, f64)>,
        picture: impl Fn(&str) -> Option<Jpeg>,
    ) -> anyhow::Result<()> {
        for (camera, &(at, score)) in lowest {
            let Some(displaced) = self.worst.consider(camera, at, score) else { continue };
            for at in displaced {
                self.remove_moment(camera, at)?;
            }
            let kept = picture(camera).map(|picture| self.pictures.keep(&self.database, &picture)).transpose()?;
            let mut insert = self
                .database
                .prepare_cached("INSERT OR REPLACE INTO moment (camera, at, score, picture) VALUES (?1, ?2, ?3, ?4)")?;
            insert.execute(params![&**camera, at, score, kept.flatten()])?;
        }
        Ok(())
    }

    fn remove_moment(&self, camera: &str, at: i64) -> anyhow::Result<()> {
        let mut delete =
            self.database.prepare_cached("DELETE FROM moment WHERE camera = ?1 AND at = ?2 RETURNING picture")?;
        let mut rows = delete.query(params![camera, at])?;
        let mut pictures = Vec::new();
        while let Some(row) = rows.next()? {
            pictures.extend(row.get::<_, Option<i64>>(0)?);
        }
        pictures.into_iter().try_for_each(|picture| self.pictures.remove(&self.database, picture))
    }

    /// Deletes expired data once per minute; `now` in seconds since 1970.
    ///
    /// # Errors
    /// On a database error.
    pub fn tidy(&mut self, now: i64) -> rusqlite::Result<()> {
        if self.tidied.replace(now / 60) == Some(now / 60) {
            return Ok(());
        }
        for (step, kept) in STEPS {
            let mut delete = self.database.prepare_cached("DELETE FROM slice WHERE step = ?1 AND at < ?2")?;
            delete.execute(params![step, now - kept])?;
        }
        let before = (now - ALARMS_KEPT) * 1_000_000;
        self.database.prepare_cached("DELETE FROM alarm WHERE ended < ?1")?.execute([before])?;
        self.database.prepare_cached("DELETE FROM moment WHERE at < ?1")?.execute([before])?;
        Ok(())
    }
}

/// Database ID of a camera, created on first use.
fn number(
    transaction: &Transaction<'_>,
    known: &mut HashMap<Arc<str>, i64>,
    camera: &Arc<str>,
) -> rusqlite::Result<i64> {
    if let Some(number) = known.get(camera) {
        return Ok(*number);
    }
    transaction.prepare_cached("INSERT OR IGNORE INTO camera (name) VALUES (?1)")?.execute([&**camera])?;
    let mut select = transaction.prepare_cached("SELECT id FROM camera WHERE name = ?1")?;
    let number = select.query_row([&**camera], |row| row.get(0))?;
    known.insert(camera.clone(), number);
    Ok(number)
}

fn add(transaction: &Transaction<'_>, camera: i64, step: i64, slice: Slice) -> rusqlite::Result<()> {
    let mut upsert = transaction.prepare_cached(
        "INSERT INTO slice VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO UPDATE SET \
         known = known + excluded.known, live = live + excluded.live, scores = scores + excluded.scores, \
         total = total + excluded.total, lowest = min(coalesce(lowest, excluded.lowest), \
         coalesce(excluded.lowest, lowest)), highest = max(coalesce(highest, excluded.highest), \
         coalesce(excluded.highest, highest)), frames = frames + excluded.frames, lost = lost + excluded.lost, \
         reconnects = reconnects + excluded.reconnects",
    )?;
    upsert.execute(params![
        camera,
        step,
        slice.at,
        slice.known,
        slice.live,
        slice.scores,
        slice.total,
        slice.lowest,
        slice.highest,
        slice.frames as i64,
        slice.lost as i64,
        slice.reconnects as i64,
    ])?;
    Ok(())
}

fn put(transaction: &Transaction<'_>, alarm: &Alarm) -> rusqlite::Result<()> {
    let micros = |moment: crate::watch::moment::Moment| moment.wall.as_microsecond();
    let mut upsert = transaction.prepare_cached(
        "INSERT INTO alarm (id, camera, kind, began, ended, acknowledged, value, bound, text) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO UPDATE SET ended = excluded.ended, \
         acknowledged = excluded.acknowledged, value = excluded.value, text = excluded.text",
    )?;
    upsert.execute(params![
        alarm.id.0,
        alarm.camera,
        alarm.kind.name(),
        micros(alarm.began),
        alarm.ended.map(micros),
        alarm.acknowledged.map(micros),
        alarm.value,
        alarm.limit,
        alarm.text,
    ])?;
    Ok(())
}
