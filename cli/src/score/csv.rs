// SPDX-License-Identifier: MPL-2.0

//! The file of `--csv`: one row per scored frame or picture.

use crate::report::frames::Frames;
use anyhow::{Context as _, Result};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A CSV file that gets its final name when it is complete.
pub struct Table {
    out: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl Table {
    /// Creates a temporary file for `path`, for frames with these columns.
    ///
    /// # Errors
    /// If no file can be created in that folder.
    pub fn create(path: &Path, columns: &[String]) -> Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = NamedTempFile::new_in(folder)
            .with_context(|| format!("--csv: cannot create a file in {}", folder.display()))?;
        let mut table = Self { out: BufWriter::new(file), path: path.to_owned() };
        table.row(&["input", "picture", "time"], columns)?;
        Ok(table)
    }

    /// Adds the frames of a video with times in seconds of running time.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn frames(&mut self, input: &str, frames: &Frames) -> Result<()> {
        self.add(input, "", frames)
    }

    /// Adds a picture of a folder.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn picture(&mut self, input: &str, picture: &str, frames: &Frames) -> Result<()> {
        self.add(input, picture, frames)
    }

    fn add(&mut self, input: &str, picture: &str, frames: &Frames) -> Result<()> {
        let scores = frames.field("score").unwrap_or_default();
        let (input, picture) = (quoted(input), quoted(picture));
        for (number, (time, score)) in frames.times.iter().zip(scores).enumerate() {
            if score.is_none() {
                continue;
            }
            let time =
                time.filter(|_| picture.is_empty()).map_or_else(String::new, |time| (time as f64 / 1e9).to_string());
            let values = frames.fields.iter().map(|(_, values)| {
                let value = values.get(number).copied().flatten();
                value.map_or_else(String::new, |value| value.to_string())
            });
            self.row(&[&input, &picture, &time], &values.collect::<Vec<_>>())?;
        }
        Ok(())
    }

    fn row(&mut self, first: &[&str], values: &[String]) -> Result<()> {
        let cells = first.iter().copied().chain(values.iter().map(String::as_str));
        let row = cells.collect::<Vec<_>>().join(",");
        writeln!(self.out, "{row}").with_context(|| self.path.display().to_string())
    }

    /// Renames the file to its final name.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(self) -> Result<()> {
        let shown = self.path.display().to_string();
        let file = self.out.into_inner().map_err(|error| error.into_error()).with_context(|| shown.clone())?;
        file.as_file().sync_all().with_context(|| shown.clone())?;
        file.persist(&self.path).map_err(|error| error.error).context(shown)?;
        Ok(())
    }
}

/// Quotes a cell according to RFC 4180.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
