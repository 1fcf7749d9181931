// SPDX-License-Identifier: MPL-2.0

//! The report folder. Files are created in a hidden subfolder and renamed when complete, so that a file with a final
//! name is always complete, however the run ends.

use super::data::Report;
use super::frames::Frames;
use super::page::{self, RenditionCurves};
use super::{csv, junit};
use crate::media::hash::hex;
use anyhow::{Context as _, Result, bail, ensure};
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Component, Path, PathBuf};
use tempfile::TempDir;

/// Suffix of the logs in libvmaf's format, after the rendition's name.
const VMAF_JSON: &str = "vmaf.json";
/// Prefix of the hidden folders.
const MADE: &str = ".iqa-";
/// Files of a report, except the logs.
const OURS: [&str; 5] = ["report.json", "report.html", "frames.csv", "junit.xml", "frames"];
/// Keys of a moment's pictures in `report.json`.
const PICTURES: [&str; 5] = ["source-picture", "picture", "labelled", "difference", "map"];
/// Lock file in a hidden folder.
const LOCK: &str = ".lock";
/// Longest part of a file name that is made of a rendition's name, in bytes: file systems allow 255.
const LONGEST: usize = 255 - "-10-difference.png".len();
/// Hexadecimal digits of the hash at the end of one that is cut.
const DIGITS: usize = 8;
/// Folder for the results of an interrupted run if there already is a complete report.
const INTERRUPTED: &str = "interrupted";

/// A report folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    made: TempDir,
    /// Files of an earlier report that will be replaced.
    earlier: Earlier,
    /// Locked for the lifetime of this run.
    _lock: File,
}

impl Folder {
    /// Creates the folder and checks that it is writable: now, rather than after an hour.
    ///
    /// # Errors
    /// If the folder cannot be created or is not writable.
    pub fn new(path: &Path) -> Result<Self> {
        ensure!(!path.is_file(), "{} is a file: name a folder for the report", path.display());
        fs::create_dir_all(path).with_context(|| format!("cannot create the folder {}", path.display()))?;
        let earlier = earlier(path)?;
        let begin = || {
            let made = tempfile::Builder::new().prefix(MADE).tempdir_in(path)?;
            fs::write(made.path().join(LOCK), [b'\n'; 4096])?;
            let lock = File::open(made.path().join(LOCK))?;
            lock.lock()?;
            Ok::<_, std::io::Error>((made, lock))
        };
        let begun = begin().with_context(|| format!("cannot write to the folder {}", path.display()));
        let (made, lock) = begun?;
        remove_abandoned(path)?;
        Ok(Self { path: path.to_owned(), made, earlier, _lock: lock })
    }

    /// Path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Folder in which files are created.
    pub fn made(&self) -> &Path {
        self.made.path()
    }

    /// Temporary path of the log in libvmaf's format of a rendition.
    pub fn vmaf_json(&self, rendition: &str) -> PathBuf {
        self.made.path().join(vmaf_json(rendition))
    }

    /// Writes all files of a report, with the frames and curves of its renditions, and renames them. Renditions without
    /// frames have no log. Returns the folder that contains the files: an interrupted report does not replace a
    /// complete one but gets its own subfolder.
    ///
    /// # Errors
    /// If a file cannot be written; the files of an earlier run are then unchanged.
    pub fn write(&self, report: &Report, frames: &[Option<&Frames>], curves: &[RenditionCurves]) -> Result<PathBuf> {
        for (rendition, frames) in report.all_renditions().zip(frames) {
            let log = self.vmaf_json(&rendition.media.name);
            // Files of a comparison that did not finish or whose results are not trusted.
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
        written.with_context(|| format!("cannot write {}", self.path.join(name).display()))
    }

    /// Renames the files to their final names, `report.json` last.
    fn publish(&self, report: &Report) -> Result<PathBuf> {
        let apart = self.path.join(INTERRUPTED);
        if report.interrupted && self.earlier.is_whole {
            fs::create_dir_all(&apart).with_context(|| format!("cannot create the folder {}", apart.display()))?;
            self.publish_into(&apart, &earlier(&apart)?, report)?;
            return Ok(apart);
        }
        self.publish_into(&self.path, &self.earlier, report)?;
        // The results of an interrupted run are also part of this one.
        if let Ok(Earlier { files, is_there: true, .. }) = earlier(&apart) {
            let own = OURS.iter().map(|name| apart.join(name)).filter(|file| file.is_file());
            files.into_iter().chain(own).try_for_each(|file| remove(&file))?;
            // The folder contains other files and is kept.
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

/// Renames a file, or the files of a folder, which may already exist and contain other files.
fn rename(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() && to.is_dir() {
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            rename(&from.join(&name), &to.join(&name))?;
        }
        return Ok(());
    }
    if to.is_dir() {
        bail!("{} is a folder and cannot be replaced by a file", to.display());
    }
    fs::rename(from, to).with_context(|| format!("cannot write {}", to.display()))
}

/// An earlier report in the folder.
#[derive(Debug, Default)]
struct Earlier {
    /// Its logs and pictures.
    files: Vec<PathBuf>,
    /// Whether there is one.
    is_there: bool,
    /// Whether its run finished.
    is_whole: bool,
}

/// Reads the earlier report in the folder.
///
/// # Errors
/// If there are other files with the names of report files: they must not be replaced.
fn earlier(path: &Path) -> Result<Earlier> {
    let read = fs::read(path.join("report.json")).ok();
    let report = read.and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok());
    let is_ours =
        |report: &serde_json::Value| report["generator"].as_str().is_some_and(|name| name.starts_with("iqa "));
    let Some(report) = report.filter(is_ours) else {
        let taken = OURS.iter().map(|name| path.join(name)).find(|file| file.exists());
        return match taken {
            Some(file) => bail!(
                "{} exists but does not belong to a report: choose another folder, or move it away",
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

/// Removes hidden folders of killed runs.
fn remove_abandoned(path: &Path) -> Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let is_made = entry.file_name().to_string_lossy().starts_with(MADE);
        let Ok(lock) = File::open(entry.path().join(LOCK)) else { continue };
        if is_made && lock.try_lock().is_ok() {
            let removed = fs::remove_dir_all(entry.path());
            removed.with_context(|| format!("cannot remove {}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// Removes a file if it exists.
fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn vmaf_json(rendition: &str) -> String {
    format!("{}.{VMAF_JSON}", plain(rendition))
}

/// Converts a name to a part of a file name. One that is too long for that ends in a hash of the whole.
pub fn plain(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    if plain.len() <= LONGEST {
        return plain;
    }
    let hash = hex(&Sha256::digest(name.as_bytes()));
    let end = format!("-{}", hash.get(..DIGITS).unwrap_or(&hash));
    let cut = plain.floor_char_boundary(LONGEST - end.len());
    format!("{}{end}", plain.get(..cut).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_too_long_are_cut_and_stay_apart() {
        for name in ["film", "a b_c.d-e", &"x".repeat(LONGEST), &"é".repeat(LONGEST / 2)] {
            assert_eq!(plain(name), name);
        }
        assert_eq!(plain("a/b\u{1b}c"), "a_b_c");
        for letter in ["x", "é", "日", "😀"] {
            let long = letter.repeat(255);
            let [one, other] = ["a", "b"].map(|end| plain(&format!("{long}{end}")));
            assert!(one != other && one.len() <= LONGEST && one.len() > LONGEST - 4, "{one}");
            assert_eq!(one, plain(&format!("{long}a")));
        }
        // Plain parts that are equal come from names that are not.
        let long = "x".repeat(250);
        assert_ne!(plain(&format!("{long}#")), plain(&format!("{long}&")));
        let folder = tempfile::tempdir().unwrap();
        for end in [".vmaf.json.part", "-10-difference.png"] {
            fs::write(folder.path().join(plain(&"é".repeat(200)) + end), "").unwrap();
        }
    }
}
