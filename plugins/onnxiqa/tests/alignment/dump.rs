// SPDX-License-Identifier: MPL-2.0

//! Writes all truth cases to one file, for programs that read them without GStreamer: `ONNX_IQA_DUMP=/path`.
//!
//! Little-endian throughout; a `text` is a u32 with its length in bytes, then UTF-8.
//!
//! ```text
//! 8 bytes   "IQACASE1"
//! u32       signatures
//! u32       cases
//! signatures times:
//!   2304 × f32   luma of each cell, 0 black to 1 white, row by row, the mean included: the input of
//!                `Signature::from_cells`
//! cases times:
//!   text   kind
//!   text   clip and name
//!   u8     half: 0 tuning, 1 held-out
//!   u8     1: one constant offset is right
//!   i64    that offset, ns, reference minus distorted running time, 0 where there is none
//!   u64    search range, ns
//!   twice, the reference and the distorted side:
//!     u32    frames
//!     frames times:
//!       i64   running time, ns
//!       u64   duration, ns; 2^64 - 1: not known
//!       u32   number of the signature, from 0
//!   for each distorted frame:
//!     u8     flags: 1 unmatched is right too, 2 moving, 4 no repetition
//!     u32    right partners
//!     times  u32   reference number, the true one first
//! ```
//!
//! A frame whose partners are none and whose flag 1 is set has no partner; a pair that it is given is false.

use crate::clips::Image;
use crate::contents::Half;
use crate::ground_truth::{Case, Entry, fed};
use crate::truth::Truth;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Writes to a temporary file, which is renamed at the end.
pub struct Dump {
    path: PathBuf,
    file: BufWriter<File>,
    /// Numbers by image. Images are kept, because otherwise another could have the same address.
    numbers: HashMap<usize, (u32, Image)>,
    cases: Vec<u8>,
    count: u32,
}

impl Dump {
    pub fn wanted() -> Option<Self> {
        let path = PathBuf::from(std::env::var_os("ONNX_IQA_DUMP")?);
        let mut file = BufWriter::new(File::create(partial(&path)).expect("a file that can be written"));
        file.write_all(b"IQACASE1\0\0\0\0\0\0\0\0").expect("space for the dump");
        Some(Self { path, file, numbers: HashMap::new(), cases: Vec::new(), count: 0 })
    }

    pub fn add(&mut self, kind: &str, half: Half, case: &Case, truths: &[Truth], search_range: u64) {
        self.text(kind);
        self.text(&format!("{}: {}", case.clip, case.name));
        self.cases.push(u8::from(half == Half::HeldOut));
        self.cases.push(u8::from(case.offset.is_some()));
        self.cases.extend(case.offset.unwrap_or(0).to_le_bytes());
        self.cases.extend(search_range.to_le_bytes());
        self.side(&case.reference);
        self.side(&case.distorted);
        for truth in truths {
            let flags = u8::from(truth.none) | u8::from(truth.moving) << 1 | u8::from(truth.fresh) << 2;
            self.cases.push(flags);
            self.cases.extend((truth.right.len() as u32).to_le_bytes());
            truth.right.iter().for_each(|&number| self.cases.extend((number as u32).to_le_bytes()));
        }
        self.count += 1;
    }

    fn text(&mut self, text: &str) {
        self.cases.extend((text.len() as u32).to_le_bytes());
        self.cases.extend(text.as_bytes());
    }

    fn side(&mut self, stream: &[Entry]) {
        self.cases.extend((stream.len() as u32).to_le_bytes());
        for (entry, fed) in stream.iter().zip(fed(stream)) {
            self.cases.extend(entry.time.to_le_bytes());
            self.cases.extend(fed.stamp.duration.unwrap_or(u64::MAX).to_le_bytes());
            let number = self.number(&entry.image);
            self.cases.extend(number.to_le_bytes());
        }
    }

    fn number(&mut self, image: &Image) -> u32 {
        if let Some((number, _)) = self.numbers.get(&image.id()) {
            return *number;
        }
        let number = self.numbers.len() as u32;
        let signature = image.signature();
        let cells: Vec<u8> =
            signature.cells().iter().flat_map(|cell| (cell + signature.mean() as f32).to_le_bytes()).collect();
        self.file.write_all(&cells).expect("space for the dump");
        self.numbers.insert(image.id(), (number, image.clone()));
        number
    }

    pub fn finish(mut self) {
        let written = self.file.write_all(&self.cases).and_then(|()| self.file.seek(SeekFrom::Start(8)));
        written.expect("space for the dump");
        let signatures = self.numbers.len() as u32;
        let counts = [signatures.to_le_bytes(), self.count.to_le_bytes()].concat();
        self.file.write_all(&counts).and_then(|()| self.file.flush()).expect("space for the dump");
        std::fs::rename(partial(&self.path), &self.path).expect("the dump is renamed");
        println!("{}: {} cases, {signatures} signatures", self.path.display(), self.count);
    }
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}
