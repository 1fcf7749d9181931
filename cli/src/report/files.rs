// SPDX-License-Identifier: MPL-2.0

//! The folder of a report. What belongs to it is made in a hidden folder there and moved to its name when it is whole, so
//! that nothing half-written ever has a final name, whatever ends the run.

use super::data::Report;
use super::frames::Frames;
use super::page::{self, RenditionCurves};
use super::{csv, junit};
use anyhow::{Context as _, Result, bail};
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Component, Path, PathBuf};
use tempfile::TempDir;

/// What a log in libvmaf's format is called behind the rendition's name.
const VMAF_JSON: &str = "vmaf.json";
/// How the names of folders begin in which reports are made.
const MADE: &str = ".iqa-";
/// What a report consists of, beside the logs.
const OURS: [&str; 5] = ["report.json", "report.html", "frames.csv", "junit.xml", "frames"];
/// The keys of a moment's pictures in `report.json`.
const PICTURES: [&str; 5] = ["source-picture", "picture", "labelled", "difference", "map"];
/// In such a folder: what its run has locked.
const LOCK: &str = ".lock";
/// The folder of what an interrupted run has, where there is a whole report already.
const INTERRUPTED: &str = "interrupted";

/// A folder that a report is written into.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    made: TempDir,
    /// Files of an earlier report there, which this one replaces.
    earlier: Earlier,
    /// Locked as long as this run lives.
    _lock: File,
}

impl Folder {
    /// Makes the folder, and makes sure that it can be written into: now, rather than after an hour.
    ///
    /// # Errors
    /// When that is not so.
    pub fn new(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("the folder {} cannot be made", path.display()))?;
        let earlier = earlier(path)?;
        let begin = || {
            let made = tempfile::Builder::new().prefix(MADE).tempdir_in(path)?;
            fs::write(made.path().join(LOCK), [b'\n'; 4096])?;
            let lock = File::open(made.path().join(LOCK))?;
            lock.lock()?;
            Ok::<_, std::io::Error>((made, lock))
        };
        let begun = begin().with_context(|| format!("the folder {} cannot be written into", path.display()));
        let (made, lock) = begun?;
        remove_abandoned(path)?;
        Ok(Self { path: path.to_owned(), made, earlier, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where its files are made until they are whole.
    pub fn made(&self) -> &Path {
        self.made.path()
    }

    /// Where the log in libvmaf's format of the rendition of that name is made.
    pub fn vmaf_json(&self, rendition: &str) -> PathBuf {
        self.made.path().join(vmaf_json(rendition))
    }

    /// Writes all files of a report, with the frames of its renditions and their curves, and gives them their names. A
    /// rendition without frames to show has no log either. Gives the folder in which they are: a report that was
    /// interrupted does not take the place of a whole one, but has a folder of its own in it.
    ///
    /// # Errors
    /// When something cannot be written; then the files of an earlier run are still there.
    pub fn write(&self, report: &Report, frames: &[Option<&Frames>], curves: &[RenditionCurves]) -> Result<PathBuf> {
        for (rendition, frames) in report.all_renditions().zip(frames) {
            let log = self.vmaf_json(&rendition.media.name);
            // What a comparison that did not come to its end has written, or one whose numbers are not to be trusted.
            for path in [log.with_extension("json.part"), log] {
                if frames.is_none() || path.extension().is_some_and(|extension| extension == "part") {
                    remove(&path)?;
                }
            }
        }
        self.make("report.json", |file| Ok(serde_json::to_writer_pretty(file, report)?))?;
        self.make("frames.csv", |file| csv::write(file, report, frames))?;
        self.make("junit.xml", |file| junit::write(file, report))?;
        page::write(self.made.path(), report, curves)?;
        self.publish(report)
    }

    fn make(&self, name: &str, write: impl FnOnce(&mut BufWriter<File>) -> Result<()>) -> Result<()> {
        let path = self.made.path().join(name);
        let written = (|| {
            let mut file = BufWriter::new(File::create(&path)?);
            write(&mut file)?;
            file.into_inner()?.sync_all()?;
            Ok::<_, anyhow::Error>(())
        })();
        written.with_context(|| format!("{} cannot be written", self.path.join(name).display()))
    }

    /// Moves what was made to its names, `report.json` last.
    fn publish(&self, report: &Report) -> Result<PathBuf> {
        let apart = self.path.join(INTERRUPTED);
        if report.interrupted && self.earlier.is_whole {
            fs::create_dir_all(&apart).with_context(|| format!("the folder {} cannot be made", apart.display()))?;
            self.publish_into(&apart, &earlier(&apart)?, report)?;
            return Ok(apart);
        }
        self.publish_into(&self.path, &self.earlier, report)?;
        // What an interrupted run had is in this one, too.
        if let Ok(Earlier { files, is_there: true, .. }) = earlier(&apart) {
            let own = OURS.iter().map(|name| apart.join(name)).filter(|file| file.is_file());
            files.into_iter().chain(own).try_for_each(|file| remove(&file))?;
            // Something else is in it: that stays.
            let _ = fs::remove_dir(&apart);
        }
        Ok(self.path.clone())
    }

    fn publish_into(&self, path: &Path, earlier: &Earlier, report: &Report) -> Result<()> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.made.path())? {
            names.push(entry?.file_name());
        }
        names.retain(|name| *name != LOCK);
        names.sort_by_key(|name| name == "report.json");
        earlier.files.iter().try_for_each(|file| remove(file))?;
        for rendition in report.all_renditions() {
            let name = vmaf_json(&rendition.media.name);
            if !names.iter().any(|made| *made == *name) {
                remove(&path.join(name))?;
            }
        }
        for name in names {
            rename(&self.made.path().join(&name), &path.join(&name))?;
        }
        Ok(())
    }
}

/// Moves a file, or the files of a folder, which may be there with others in it.
fn rename(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() && to.is_dir() {
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            rename(&from.join(&name), &to.join(&name))?;
        }
        return Ok(());
    }
    if to.is_dir() {
        bail!("{} is a folder: it cannot be replaced by a file", to.display());
    }
    fs::rename(from, to).with_context(|| format!("{} cannot be written", to.display()))
}

/// The report that is in a folder already.
#[derive(Debug, Default)]
struct Earlier {
    /// Its logs and pictures.
    files: Vec<PathBuf>,
    /// Whether there is one.
    is_there: bool,
    /// Whether its run came to its end.
    is_whole: bool,
}

/// The report that is in the folder.
///
/// # Errors
/// When something else is there under a name of ours: that is not ours to replace.
fn earlier(path: &Path) -> Result<Earlier> {
    let read = fs::read(path.join("report.json")).ok();
    let report = read.and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok());
    let is_ours =
        |report: &serde_json::Value| report["generator"].as_str().is_some_and(|name| name.starts_with("iqa "));
    let Some(report) = report.filter(is_ours) else {
        let taken = OURS.iter().map(|name| path.join(name)).find(|file| file.exists());
        return match taken {
            Some(file) => bail!(
                "{} is there, and no report of iqa's beside it: give another folder, or move it away",
                file.display()
            ),
            None => Ok(Earlier::default()),
        };
    };
    let ladders = [&report["renditions"], &report["versus"]["renditions"]];
    let renditions: Vec<_> = ladders.iter().filter_map(|ladder| ladder.as_array()).flatten().collect();
    let logs = renditions.iter().filter_map(|rendition| rendition["name"].as_str()).map(vmaf_json);
    let moments = renditions.iter().filter_map(|rendition| rendition["worst"].as_array()).flatten();
    let pictures = moments.flat_map(|moment| PICTURES.iter().filter_map(|kind| moment[kind].as_str()));
    let inside = |name: &&str| Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    let pictures = pictures.filter(inside).map(str::to_owned);
    let files = logs.chain(pictures).map(|name| path.join(name)).collect();
    Ok(Earlier { files, is_there: true, is_whole: report["interrupted"] != true })
}

/// Removes what runs have left that were killed.
fn remove_abandoned(path: &Path) -> Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let is_made = entry.file_name().to_string_lossy().starts_with(MADE);
        let Ok(lock) = File::open(entry.path().join(LOCK)) else { continue };
        if is_made && lock.try_lock().is_ok() {
            let removed = fs::remove_dir_all(entry.path());
            removed.with_context(|| format!("{} cannot be removed", entry.path().display()))?;
        }
    }
    Ok(())
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", path.display()))
        }
        _ => Ok(()),
    }
}

fn vmaf_json(rendition: &str) -> String {
    format!("{}.{VMAF_JSON}", plain(rendition))
}

/// A name as part of a file's.
pub fn plain(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
    name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect()
}
