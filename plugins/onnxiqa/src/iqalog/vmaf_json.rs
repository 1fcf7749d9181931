// SPDX-License-Identifier: MPL-2.0

//! One document in the layout of libvmaf's JSON log, so that tools for that can read it.

use super::log::{Element, LogError, Writer, measurements};
use super::record::Record;
use onnx_iqa::stats::Statistics;
use serde_json::{Map, Value, json};
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, Write};
use std::path::PathBuf;

/// Writes the format `vmaf-json`: to a file beside, frame by frame, which takes its name when the document is whole.
pub struct VmafJson {
    path: PathBuf,
    part: PathBuf,
    /// `None` while there is a whole document under the final name.
    file: Option<File>,
    /// Where the list of frames ends.
    frames_end: u64,
    next_frame: u64,
    is_first: bool,
}

impl VmafJson {
    pub fn create(location: &str) -> Result<Self, LogError> {
        let (path, part) = (PathBuf::from(location), PathBuf::from(format!("{location}.part")));
        // Found out now rather than when there is a whole film to be named so.
        if path.is_dir() {
            return Err(LogError::open(&path, std::io::ErrorKind::IsADirectory.into()));
        }
        let file = File::create(&part).map_err(|source| LogError::open(&part, source))?;
        let mut log = Self { path, part, file: Some(file), frames_end: 0, next_frame: 0, is_first: true };
        let version = Value::from(concat!("onnxiqa ", env!("CARGO_PKG_VERSION")));
        log.append(&format!("{{\n  \"version\": {version},\n  \"frames\": ["))?;
        Ok(log)
    }

    fn append(&mut self, text: &str) -> Result<(), LogError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(text.as_bytes()).map_err(|source| LogError::write(&self.part, source))?;
        self.frames_end += text.len() as u64;
        Ok(())
    }

    /// Takes a document that was complete, but is not any more, back to where its frames end.
    fn resume(&mut self) -> Result<(), LogError> {
        if self.file.is_some() {
            return Ok(());
        }
        let (from, to) = (self.path.clone(), self.part.clone());
        fs::rename(&from, &to).map_err(|source| LogError::Rename { from, to, source })?;
        let open = OpenOptions::new().write(true).open(&self.part);
        let mut file = open.map_err(|source| LogError::open(&self.part, source))?;
        let cut = file.set_len(self.frames_end).and_then(|()| file.seek(std::io::SeekFrom::End(0)));
        cut.map_err(|source| LogError::write(&self.part, source))?;
        self.file = Some(file);
        Ok(())
    }
}

impl Writer for VmafJson {
    fn frame(&mut self, record: &Record) -> Result<(), LogError> {
        self.resume()?;
        let mut metrics = Map::new();
        for (element, fields) in &record.scores {
            let Value::Object(fields) = fields else { continue };
            measurements(fields, |name, value, is_attribute| {
                metrics.insert(metric(element, name, is_attribute), value.into());
            });
        }
        let number = self.next_frame;
        self.next_frame += 1;
        if metrics.is_empty() {
            return Ok(());
        }
        let separator = if std::mem::take(&mut self.is_first) { "\n    " } else { ",\n    " };
        self.append(&format!("{separator}{}", json!({"frameNum": number, "metrics": metrics})))
    }

    fn pool(&mut self, elements: &[Element]) -> Result<(), LogError> {
        let mut pooled = Map::new();
        for element in elements {
            let fields = element.pools.fields().map(|(name, summary)| (name, summary, false));
            let attributes = element.pools.attributes().map(|(name, summary)| (name, summary, true));
            for (name, summary, is_attribute) in fields.chain(attributes) {
                pooled.insert(metric(&element.name, name, is_attribute), statistics(&summary));
            }
        }
        let pooled = Value::Object(pooled);
        let Some(mut file) = self.file.take() else { return Ok(()) };
        let end = format!("\n  ],\n  \"pooled_metrics\": {pooled},\n  \"aggregate_metrics\": {{}}\n}}\n");
        // On the disk before it gets its name: a power cut must not leave a name on half a document.
        let written = file.write_all(end.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(|source| LogError::write(&self.part, source))?;
        let (from, to) = (self.part.clone(), self.path.clone());
        fs::rename(&from, &to).map_err(|source| LogError::Rename { from, to, source })
    }

    fn reopen(&mut self) -> Result<(), LogError> {
        // One document has one file.
        Ok(())
    }
}

fn metric(element: &str, name: &str, is_attribute: bool) -> String {
    if is_attribute { format!("{element}_attributes_{name}") } else { format!("{element}_{name}") }
}

/// libvmaf's names and order, then what it does not have.
fn statistics(summary: &Statistics) -> Value {
    let named: Map<_, _> = summary.named().map(|(name, value)| (name.replace('-', "_"), Value::from(value))).collect();
    let first = ["min", "max", "mean", "harmonic_mean"];
    let mut ordered: Map<_, _> =
        first.iter().filter_map(|&name| Some((name.to_owned(), named.get(name)?.clone()))).collect();
    ordered.extend(named.into_iter().filter(|(name, _)| !first.contains(&name.as_str())));
    Value::Object(ordered)
}
