// SPDX-License-Identifier: MPL-2.0

//! Cache of finished renditions for later runs with the same inputs and options: an interrupted run continues where it
//! stopped, and only new renditions are measured.
//!
//! An entry is a folder named after a hash of everything that affects the result. It is created under a temporary name
//! and renamed, so that it is always complete. Inputs that cannot be hashed, such as network streams, are not cached.

use super::models::Hashes;
use super::outcome::Finished;
use super::settings::Settings;
use crate::media::hash::{self, hex};
use crate::media::inputs::Input;
use anyhow::{Context as _, Result};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Maximum number of entries; the oldest are removed.
const ENTRIES: usize = 500;

/// Part of every key: entries with another layout or from another version are ignored.
const LAYOUT: &str = concat!("4 ", env!("CARGO_PKG_VERSION"));

/// Results of earlier runs.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    /// Common prefix of all keys: options and models.
    options: String,
    hashes: HashMap<PathBuf, String>,
}

impl Cache {
    /// Opens the user's cache; `None` if there is no cache folder.
    pub fn new(settings: &Settings, models: &Hashes) -> Option<Self> {
        let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let base = base.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
        let options = format!("{LAYOUT} {models:?} {settings:?}");
        Some(Self { folder: base.join("onnx-iqa").join("compare"), options, hashes: HashMap::new() })
    }

    /// Key of a rendition and its source; `None` if one of them cannot be hashed.
    pub fn key(&mut self, source: &Input, rendition: &Input) -> Option<String> {
        let mut hasher = Sha256::new();
        hasher.update(self.options.as_bytes());
        for input in [source, rendition] {
            for file in input.files.as_ref()? {
                // Names are significant in playlists, contents in all files.
                hasher.update(file.file_name()?.as_encoded_bytes());
                hasher.update(self.hash(file)?.as_bytes());
            }
            hasher.update([0]);
        }
        Some(hex(&hasher.finalize()))
    }

    fn hash(&mut self, file: &Path) -> Option<&str> {
        if !self.hashes.contains_key(file) {
            let hash = hash::of_file(file, || {}).ok()?;
            self.hashes.insert(file.to_owned(), hash);
        }
        self.hashes.get(file).map(String::as_str)
    }

    /// Looks up the result of an earlier run; its log in libvmaf's format is written to `vmaf_json`. Returns `None` if
    /// there is no readable entry, or none with a log where one is to be written.
    pub fn find(&self, key: &str, vmaf_json: Option<&Path>) -> Option<Finished> {
        let folder = self.folder.join(key);
        let entry = serde_json::from_reader(BufReader::new(File::open(folder.join("result.json")).ok()?)).ok()?;
        if let Some(path) = vmaf_json {
            fs::copy(folder.join("vmaf.json"), path).ok()?;
        }
        // Updates the access time, because the oldest entries are removed.
        let now = File::open(folder.join("result.json")).and_then(|file| file.set_modified(SystemTime::now()));
        now.ok();
        Some(entry)
    }

    /// Stores a result.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep(&self, key: &str, entry: &Finished, vmaf_json: Option<&Path>) -> Result<()> {
        fs::create_dir_all(&self.folder).with_context(|| self.folder.display().to_string())?;
        let made = tempfile::Builder::new().prefix(".new-").tempdir_in(&self.folder)?;
        let mut file = BufWriter::new(File::create(made.path().join("result.json"))?);
        serde_json::to_writer(&mut file, entry)?;
        file.into_inner()?.sync_all()?;
        if let Some(path) = vmaf_json {
            fs::copy(path, made.path().join("vmaf.json"))?;
        }
        let to = self.folder.join(key);
        if to.exists() {
            fs::remove_dir_all(&to)?;
        }
        fs::rename(made.path(), &to)?;
        self.prune()
    }

    fn prune(&self) -> Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let used = fs::metadata(path.join("result.json")).and_then(|about| about.modified());
            if let Ok(used) = used {
                entries.push((used, path));
            }
        }
        entries.sort();
        let old = entries.len().saturating_sub(ENTRIES);
        entries.iter().take(old).try_for_each(|(_, path)| Ok(fs::remove_dir_all(path)?))
    }
}
