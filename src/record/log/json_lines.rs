// SPDX-License-Identifier: MPL-2.0

//! One JSON object per line: `{"pts": ns, "running-time": ns, "scores": {"iqascore0": {…}}}` with the fields of
//! [`FIELDS`](crate::record::FIELDS) except `map`. The last line is `{"pool": {"iqascore0": {"model": …, "scored": n,
//! "skipped": n, "failed": n, "score": {"count": n, "mean": …}, …}}}`; for a comparison it also has the counts of its
//! ledger, `verdict` and `reasons`, and with VMAF its `vmaf-model`. `model-hash` and `vmaf-model-hash` identify the
//! models' files. A missing time is `null`; any other missing value is an absent field.

use super::error::{LogError, ReadError};
use super::file::LogFile;
use super::json;
use super::logged::{ElementPools, LoggedFrame};
use super::writer::LogWriter;
use crate::record::{Named as _, PooledField, Verdict};
use serde_json::{Map, Value, json};
use std::io::{self, BufRead, Write};

const ATTRIBUTES: &str = "attributes";
const MODEL: &str = "model";
const MODEL_HASH: &str = "model-hash";
const VMAF_MODEL: &str = "vmaf-model";
const VMAF_MODEL_HASH: &str = "vmaf-model-hash";
const VERDICT: &str = "verdict";
const REASONS: &str = "reasons";

/// Writes the line of a frame.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_frame(out: &mut impl Write, frame: &LoggedFrame) -> io::Result<()> {
    let records = frame.scores.iter().map(|(element, record)| (element.clone(), json::object(record).into()));
    let scores: Map<String, Value> = records.collect();
    writeln!(out, "{}", json!({"pts": frame.pts, "running-time": frame.running_time, "scores": scores}))
}

/// Writes the line of the pools.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_pools(out: &mut impl Write, pools: &[ElementPools]) -> io::Result<()> {
    let elements: Map<String, Value> =
        pools.iter().map(|pools| (pools.element.clone(), Value::Object(element_object(pools)))).collect();
    writeln!(out, "{}", json!({"pool": elements}))
}

fn element_object(pools: &ElementPools) -> Map<String, Value> {
    let each = |pools: &[(String, PooledField)]| -> Map<String, Value> {
        pools.iter().map(|(name, pooled)| (name.clone(), json::pool(pooled).into())).collect()
    };
    let mut object = Map::new();
    let texts = [
        (MODEL, &pools.model),
        (MODEL_HASH, &pools.model_hash),
        (VMAF_MODEL, &pools.vmaf_model),
        (VMAF_MODEL_HASH, &pools.vmaf_model_hash),
    ];
    let texts = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text.as_deref()?.into())));
    object.extend(texts);
    object.extend(pools.counts.named().map(|(name, count)| (name.to_owned(), count.into())));
    object.extend(pools.verdict.map(|verdict| (VERDICT.to_owned(), verdict.name().into())));
    if pools.verdict.is_some() {
        object.insert(REASONS.into(), pools.reasons.clone().into());
    }
    object.extend(each(&pools.fields));
    if !pools.attributes.is_empty() {
        object.insert(ATTRIBUTES.into(), each(&pools.attributes).into());
    }
    object
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Line {
    /// A frame.
    Frame(LoggedFrame),
    /// The pools of the frames so far, by element.
    Pools(Vec<ElementPools>),
}

/// Reads a log line by line.
///
/// ```
/// use onnx_iqa::record::log::json_lines::{Line, Reader};
/// # let log = r#"{"pts":0,"running-time":0,"scores":{"iqascore0":{"state":"scored","score":60.0}}}"#.as_bytes();
/// for line in Reader::new(log) {
///     if let Line::Frame(frame) = line? {
///         for (element, record) in &frame.scores {
///             println!("{:?} {element} {:?}", frame.running_time, record.score);
///         }
///     }
/// }
/// # Ok::<_, onnx_iqa::record::log::ReadError>(())
/// ```
///
/// Empty lines are skipped, and so is an unfinished last line, whose writer was stopped.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    number: usize,
}

impl<R: BufRead> Reader<R> {
    /// Reads from `input`.
    pub fn new(input: R) -> Self {
        Self { input, number: 0 }
    }

    /// The next line; `None` at the end.
    fn line(&mut self) -> Result<Option<Line>, ReadError> {
        let mut text = Vec::new();
        loop {
            text.clear();
            if self.input.read_until(b'\n', &mut text)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if !text.trim_ascii().is_empty() {
                break;
            }
        }
        match serde_json::from_slice(&text) {
            Ok(value) => parse(value, self.number).map(Some),
            // Only the last line of a file can be unterminated.
            Err(error) if error.is_eof() && !text.ends_with(b"\n") => Ok(None),
            Err(source) => Err(ReadError::Json { line: self.number, source }),
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Line, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.line().transpose()
    }
}

fn parse(mut value: Value, number: usize) -> Result<Line, ReadError> {
    if let Some(Value::Object(pools)) = value.get("pool") {
        return Ok(Line::Pools(pools.iter().map(|(element, pools)| element_pools(element, pools)).collect()));
    }
    let time = |name: &str| value.get(name).and_then(Value::as_u64);
    let (pts, running_time) = (time("pts"), time("running-time"));
    let Some(Value::Object(scores)) = value.get_mut("scores").map(Value::take) else {
        return Err(ReadError::layout(number, "has neither \"scores\" nor \"pool\""));
    };
    let records = scores.into_iter().filter_map(|(element, record)| match record {
        Value::Object(fields) => Some((element, json::record(fields))),
        _ => None,
    });
    Ok(Line::Frame(LoggedFrame { pts, running_time, scores: records.collect() }))
}

fn element_pools(element: &str, pools: &Value) -> ElementPools {
    let mut found = ElementPools { element: element.to_owned(), ..ElementPools::default() };
    for (name, value) in pools.as_object().into_iter().flatten() {
        if let Some(count) = value.as_u64() {
            found.counts.set(name, count);
        }
    }
    let text = |name: &str| pools.get(name).and_then(Value::as_str);
    for (name, place) in [
        (MODEL, &mut found.model),
        (MODEL_HASH, &mut found.model_hash),
        (VMAF_MODEL, &mut found.vmaf_model),
        (VMAF_MODEL_HASH, &mut found.vmaf_model_hash),
    ] {
        *place = text(name).map(str::to_owned);
    }
    found.verdict = text(VERDICT).and_then(Verdict::from_name);
    let reasons = pools.get(REASONS).and_then(Value::as_array).into_iter().flatten();
    found.reasons = reasons.filter_map(|reason| Some(reason.as_str()?.to_owned())).collect();
    let attributes = pools.get(ATTRIBUTES).map(fields).unwrap_or_default();
    let mut fields = fields(pools);
    fields.retain(|(name, _)| name != ATTRIBUTES);
    ElementPools { fields, attributes, ..found }
}

/// The pool of each field that is an object.
fn fields(pools: &Value) -> Vec<(String, PooledField)> {
    let objects = pools.as_object().into_iter().flatten();
    objects.filter_map(|(name, pool)| Some((name.clone(), json::pooled(pool.as_object()?)))).collect()
}

/// Writes a log in this format to a file.
pub(super) struct JsonLinesLog {
    file: LogFile,
}

impl JsonLinesLog {
    pub fn new(file: LogFile) -> Self {
        Self { file }
    }
}

impl LogWriter for JsonLinesLog {
    fn frame(&mut self, frame: &LoggedFrame) -> Result<(), LogError> {
        let mut line = Vec::new();
        write_frame(&mut line, frame).map_err(|source| self.file.error(source))?;
        self.file.rotate_before(line.len())?;
        self.file.write(&line)
    }

    fn pools(&mut self, pools: &[ElementPools]) -> Result<(), LogError> {
        // Never in a new file: the last lines and their pools belong together.
        let mut line = Vec::new();
        write_pools(&mut line, pools).map_err(|source| self.file.error(source))?;
        self.file.write(&line)
    }

    fn reopen(&mut self) -> Result<(), LogError> {
        self.file.reopen()
    }
}
