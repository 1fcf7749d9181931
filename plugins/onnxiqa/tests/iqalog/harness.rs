// SPDX-License-Identifier: MPL-2.0

//! Frames with scores, an element in a harness, temporary files, and their content.

use gst_check::Harness;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

pub use crate::common::init;

/// A directory of the test, removed with this value.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("iqalog-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a temporary directory");
        Self(path)
    }

    pub fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("UTF-8").to_owned()
    }

    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("the directory");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().to_str().expect("UTF-8").to_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn element(location: &str, format: &str) -> gst::Element {
    init();
    gst::ElementFactory::make("iqalog")
        .property("location", location)
        .property_from_str("format", format)
        .build()
        .expect("iqalog")
}

pub fn harness(log: &gst::Element) -> Harness {
    let mut harness = Harness::with_element(log, Some("sink"), Some("src"));
    harness.set_src_caps_str("application/x-anything");
    harness
}

pub fn scored(score: f64) -> gst::Structure {
    gst::Structure::builder("iqa-score")
        .field("model", "metaiqa")
        .field("kind", "nr")
        .field("state", "scored")
        .field("score", score)
        .field("raw", score / 20.0 - 1.0)
        .field("latency", 1_000_000u64)
        .build()
}

/// The entry of a comparison for the frame with that time stamp.
pub fn compared(pts: u64) -> gst::Structure {
    gst::Structure::builder("iqa-score")
        .field("model", "none")
        .field("kind", "fr")
        .field("state", "scored")
        .field("scored-pts", pts)
        .field("latency", 1_000_000u64)
        .field("pairing", "matched")
        .field("confidence", 0.75)
        .build()
}

pub fn skipped() -> gst::Structure {
    gst::Structure::builder("iqa-score").field("model", "metaiqa").field("kind", "nr").field("state", "skipped").build()
}

pub fn frame(pts: Option<u64>, entries: &[(&str, gst::Structure)]) -> gst::Buffer {
    let mut buffer = gst::Buffer::from_slice([1, 2, 3]);
    let writable = buffer.get_mut().expect("new");
    writable.set_pts(pts.map(gst::ClockTime::from_nseconds));
    for (element, entry) in entries {
        gstonnxiqa::meta::attach(writable, element, entry.clone()).expect("the meta is registered");
    }
    buffer
}

pub fn numbered(i: u64) -> gst::Buffer {
    frame(Some(i * 40_000_000), &[("iqascore0", scored(i as f64))])
}

pub fn lines(path: impl AsRef<Path>) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("the log");
    assert!(text.is_empty() || text.ends_with('\n'), "an unfinished line: {text}");
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// A reader for RFC 4180, as far as tests need it.
pub fn table(path: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).expect("the log");
    let (mut rows, mut cell, mut quoted) = (vec![vec![]], String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => cell.push(characters.next().expect("peeked")),
            '"' => quoted = !quoted,
            ',' | '\n' if !quoted => {
                rows.last_mut().expect("a row").push(std::mem::take(&mut cell));
                if character == '\n' {
                    rows.push(vec![]);
                }
            }
            other => cell.push(other),
        }
    }
    assert_eq!(rows.pop(), Some(vec![]), "the last row has no end");
    rows
}

pub fn column<'a>(table: &'a [Vec<String>], title: &str) -> Vec<&'a str> {
    let index = table[0].iter().position(|cell| cell == title).unwrap_or_else(|| panic!("{title} in {:?}", table[0]));
    table[1..].iter().map(|row| row[index].as_str()).collect()
}

/// Entries as with `mode=live`: none at first, then each score on several frames.
pub fn live() -> Vec<gst::Structure> {
    let carried = |pts: u64, score: f64, latency: u64, age: u64| {
        let mut entry = scored(score);
        entry.set("state", "skipped");
        entry.set("scored-pts", pts);
        entry.set("latency", latency);
        entry.set("age", age);
        entry.set("attributes", gst::Structure::builder("attributes").field("noise", score / 2.0).build());
        entry
    };
    vec![
        skipped(),
        skipped(),
        carried(0, 10.0, 70, 80),
        carried(0, 10.0, 70, 120),
        carried(80, 10.0, 70, 80),
        carried(160, 40.0, 71, 40),
        carried(160, 40.0, 71, 80),
    ]
}
