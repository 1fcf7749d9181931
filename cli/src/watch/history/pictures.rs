// SPDX-License-Identifier: MPL-2.0

//! Pictures on disk: a private folder of JPEG files with a size limit.

use crate::watch::alarm::Jpeg;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Folder name in the data folder.
const FOLDER: &str = "pictures";

/// A folder of pictures.
#[derive(Debug, Clone)]
pub struct Pictures {
    folder: PathBuf,
    /// Maximum size of all files in bytes.
    room: u64,
}

impl Pictures {
    /// Opens the folder in a data folder.
    ///
    /// # Errors
    /// If the folder cannot be created.
    pub fn new(data: &Path, room: u64) -> anyhow::Result<Self> {
        let folder = data.join(FOLDER);
        super::schema::folder(&folder)?;
        Ok(Self { folder, room })
    }

    fn path(&self, id: i64) -> PathBuf {
        self.folder.join(format!("{id}.jpg"))
    }

    /// Stores a picture, removing the oldest ones if necessary, and returns its number. A picture larger than the limit
    /// is not stored.
    ///
    /// # Errors
    /// On a file system or database error.
    pub fn keep(&self, database: &Connection, picture: &Jpeg) -> anyhow::Result<Option<i64>> {
        let bytes = picture.bytes.len() as u64;
        if bytes > self.room {
            return Ok(None);
        }
        self.make_room(database, self.room - bytes)?;
        let taken = picture.taken.wall.as_microsecond();
        let mut insert = database.prepare_cached("INSERT INTO picture (taken, bytes) VALUES (?1, ?2)")?;
        let id = insert.insert(params![taken, bytes as i64])?;
        if let Err(error) = write(&self.path(id), &picture.bytes) {
            self.remove(database, id)?;
            return Err(error.into());
        }
        Ok(Some(id))
    }

    /// Removes the oldest pictures until all take at most `room` bytes.
    fn make_room(&self, database: &Connection, room: u64) -> anyhow::Result<()> {
        let mut sum = database.prepare_cached("SELECT coalesce(sum(bytes), 0) FROM picture")?;
        let mut oldest = database.prepare_cached("SELECT id, bytes FROM picture ORDER BY taken, id LIMIT 1")?;
        let mut used = sum.query_row([], |row| row.get::<_, i64>(0))?.unsigned_abs();
        while used > room {
            let found = oldest.query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).optional()?;
            let Some((id, bytes)) = found else { break };
            self.remove(database, id)?;
            used = used.saturating_sub(bytes.unsigned_abs());
        }
        Ok(())
    }

    /// Removes a picture.
    ///
    /// # Errors
    /// On a file system or database error.
    pub fn remove(&self, database: &Connection, id: i64) -> anyhow::Result<()> {
        match fs::remove_file(self.path(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        database.prepare_cached("UPDATE alarm SET picture = NULL WHERE picture = ?1")?.execute([id])?;
        database.prepare_cached("UPDATE moment SET picture = NULL WHERE picture = ?1")?.execute([id])?;
        database.prepare_cached("DELETE FROM picture WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    /// A picture's bytes; none where it is gone.
    /// Reads a picture; `None` if it has been removed.
    /// # Errors
    /// If it cannot be read.
    pub fn read(&self, id: i64) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path(id)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes files without a database entry, which remain if the process ends between the two steps.
    ///
    /// # Errors
    /// If the folder or the database cannot be read.
    pub fn sweep(&self, database: &Connection) -> anyhow::Result<()> {
        let mut known = database.prepare_cached("SELECT 1 FROM picture WHERE id = ?1")?;
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".jpg"));
            let Some(id) = name.and_then(|name| name.parse::<i64>().ok()) else { continue };
            if !known.exists([id])? {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)?.write_all(bytes)
}
