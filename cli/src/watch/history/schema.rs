// SPDX-License-Identifier: MPL-2.0

//! Database schema and migration.

use anyhow::{Context as _, Result, bail};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// File name of the database in the data folder.
pub const FILE: &str = "history.sqlite";

/// How long a statement waits for a locked database.
const PATIENCE: Duration = Duration::from_secs(1);

/// Migration steps from version 0, an empty database, to the current version. Steps are only added, never changed, so
/// that every later version of the program can open the database.
const STEPS: &[&str] = &["
    CREATE TABLE camera (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    -- What happened in a second (step 1) or a minute (step 60) that begins `at` seconds after 1970.
    CREATE TABLE slice (
        camera INTEGER NOT NULL REFERENCES camera (id), step INTEGER NOT NULL, at INTEGER NOT NULL,
        -- Seconds of it that are known of, and those in which the camera was live.
        known INTEGER NOT NULL, live INTEGER NOT NULL,
        scores INTEGER NOT NULL, total REAL NOT NULL, lowest REAL, highest REAL,
        frames INTEGER NOT NULL, lost INTEGER NOT NULL, reconnects INTEGER NOT NULL,
        PRIMARY KEY (camera, step, at)
    ) WITHOUT ROWID;
    CREATE INDEX slice_by_time ON slice (step, at);
    -- Times in microseconds after 1970.
    CREATE TABLE alarm (
        id INTEGER PRIMARY KEY, camera TEXT NOT NULL, kind TEXT NOT NULL, began INTEGER NOT NULL, ended INTEGER,
        acknowledged INTEGER, value REAL, bound REAL, text TEXT NOT NULL, picture INTEGER REFERENCES picture (id)
    );
    CREATE INDEX alarm_by_camera ON alarm (camera, began);
    CREATE TABLE moment (camera TEXT NOT NULL, at INTEGER NOT NULL, score REAL NOT NULL, picture INTEGER,
        PRIMARY KEY (camera, at)) WITHOUT ROWID;
    -- Files in the folder of pictures.
    CREATE TABLE picture (id INTEGER PRIMARY KEY AUTOINCREMENT, taken INTEGER NOT NULL, bytes INTEGER NOT NULL);
"];

/// Creates the data folder if it is missing, with access for its owner only.
///
/// # Errors
/// If it cannot be created.
pub fn folder(path: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(|| {
        format!("data-dir {}: cannot be created; choose a folder this user can write to", path.display())
    })
}

/// Locks a data folder for this process while the file is open.
///
/// # Errors
/// If another process has locked it, or the file cannot be created.
pub fn claim(data: &Path) -> Result<File> {
    let path = data.join("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = file.with_context(|| path.display().to_string())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!("data-dir {}: in use by another iqa watch; use a separate folder for each", data.display())
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// Opens the history of a data folder for writing. A damaged database is renamed; its new name is returned as the
/// second value.
///
/// # Errors
/// If it can be neither opened nor created, or is from a later version of this program.
pub fn open(data: &Path) -> Result<(Connection, Option<PathBuf>)> {
    let path = data.join(FILE);
    let mut aside = None;
    let connection = match try_open(&path) {
        Err(error) if is_damaged(&error) => {
            aside = Some(lay_aside(&path)?);
            try_open(&path)
        }
        opened => opened,
    };
    Ok((connection.with_context(|| format!("{}: cannot open the history", path.display()))?, aside))
}

fn try_open(path: &Path) -> Result<Connection> {
    // SQLite creates its other files with the permissions of this one.
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Opens the history for reading.
///
/// # Errors
/// If it cannot be opened.
pub fn reader(data: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(data.join(FILE), flags)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<()> {
    let version: usize = connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?.try_into()?;
    if version > STEPS.len() {
        bail!(
            "written by a later version of iqa (format {version}, supported up to {}): update iqa, or choose \
             another data-dir",
            STEPS.len()
        );
    }
    for (done, step) in STEPS.iter().enumerate().skip(version) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", done as i64 + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

fn is_damaged(error: &anyhow::Error) -> bool {
    let code = error.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    matches!(code, Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
}

fn lay_aside(path: &Path) -> Result<PathBuf> {
    let aside = path.with_extension(format!("damaged-{}", jiff::Timestamp::now().as_second()));
    fs::rename(path, &aside).with_context(|| format!("{}: damaged, and cannot be renamed", path.display()))?;
    for suffix in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        // Files that belong to the damaged database must not be used with the new one.
        let _ = fs::remove_file(PathBuf::from(name));
    }
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_new_one_is_its_owners_alone() {
        let data = tempfile::tempdir().expect("a folder");
        let inner = data.path().join("made/here");
        folder(&inner).expect("made");
        let (connection, aside) = open(&inner).expect("opened");
        assert_eq!(aside, None);
        connection.execute("INSERT INTO camera (name) VALUES ('yard')", []).expect("written");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&inner), 0o700);
        for name in [FILE, "history.sqlite-wal", "history.sqlite-shm"] {
            assert_eq!(mode(&inner.join(name)), 0o600, "{name}");
        }
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a version");
        assert_eq!(version, STEPS.len() as i64);
    }

    #[test]
    fn the_first_version_opens_in_this_one() {
        let data = tempfile::tempdir().expect("a folder");
        let old = Connection::open(data.path().join(FILE)).expect("opened");
        old.execute_batch(STEPS[0]).expect("made");
        old.pragma_update(None, "user_version", 1).expect("set");
        old.execute("INSERT INTO camera (name) VALUES ('yard')", []).expect("written");
        drop(old);
        let (connection, _) = open(data.path()).expect("opened");
        let name: String = connection.query_row("SELECT name FROM camera", [], |row| row.get(0)).expect("a name");
        assert_eq!(name, "yard");
    }

    #[test]
    fn a_later_version_is_left_alone() {
        let data = tempfile::tempdir().expect("a folder");
        let later = Connection::open(data.path().join(FILE)).expect("opened");
        later.pragma_update(None, "user_version", 1000).expect("set");
        drop(later);
        let error = format!("{:#}", open(data.path()).expect_err("refused"));
        assert!(error.contains("later version") && error.contains("format 1000"), "{error}");
    }

    #[test]
    fn a_damaged_one_is_laid_aside() {
        let data = tempfile::tempdir().expect("a folder");
        fs::write(data.path().join(FILE), "no database at all, but long enough to be looked at").expect("written");
        let (connection, aside) = open(data.path()).expect("opened");
        assert!(aside.is_some_and(|path| path.is_file()));
        connection.execute("INSERT INTO camera (name) VALUES ('yard')", []).expect("written");
    }
}
