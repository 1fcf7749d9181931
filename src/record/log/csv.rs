// SPDX-License-Identifier: MPL-2.0

//! One row per frame, with columns `<element>_<field>` and `<element>_attributes_<name>`.
//!
//! A file's columns are fixed by its first row. Values that appear later and have no column are in the last one,
//! `other`, as a JSON object, so that nothing is lost. The pools are in a separate table. Cells are quoted by RFC 4180;
//! rows end with a line feed.

mod pools;

pub use pools::{read_pools, write_pools};

use super::error::{LogError, ReadError};
use super::file::{LogFile, keep_old};
use super::json;
use super::logged::{ElementPools, LoggedFrame};
use super::writer::LogWriter;
use crate::record::{FIELDS, Field, FieldScope, FieldType, FrameRecord, Value};
use serde_json::{Map, Value as Json};
use std::io::{self, BufRead, Write};
use std::path::PathBuf;

const ATTRIBUTES: &str = "attributes";
// Titles of the columns before and after those of the elements.
const PTS: &str = "pts";
const RUNNING_TIME: &str = "running-time";
const OTHER: &str = "other";

/// The place of a value in a frame's records.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    element: String,
    field: String,
    attribute: Option<String>,
}

/// The records of a frame as JSON, from which cells are made.
type Scores = Vec<(String, Map<String, Json>)>;

impl Column {
    fn title(&self) -> String {
        let Self { element, field, attribute } = self;
        attribute.as_ref().map_or_else(|| format!("{element}_{field}"), |name| format!("{element}_{field}_{name}"))
    }

    /// The column with that title. The name of an element may contain `_`, that of a field does not.
    fn of(title: &str) -> Option<Self> {
        if let Some((element, name)) = title.split_once("_attributes_") {
            let (field, attribute) = (ATTRIBUTES.to_owned(), Some(name.to_owned()));
            return Some(Self { element: element.to_owned(), field, attribute });
        }
        let (element, field) = title.rsplit_once('_')?;
        Some(Self { element: element.to_owned(), field: field.to_owned(), attribute: None })
    }

    fn value<'a>(&self, scores: &'a Scores) -> Option<&'a Json> {
        let (_, fields) = scores.iter().find(|(element, _)| *element == self.element)?;
        let value = fields.get(&self.field)?;
        self.attribute.as_ref().map_or(Some(value), |name| value.get(name))
    }

    /// Puts a cell of this column into the element's record.
    fn put(&self, record: &mut FrameRecord, cell: &str) {
        let value = typed(&self.field, cell);
        match (&self.attribute, value) {
            (Some(name), Value::Double(number)) => record.attributes.push((name.clone(), number)),
            (Some(name), Value::Unsigned(number)) => record.attributes.push((name.clone(), number as f64)),
            (_, value) => record.set(&self.field, value),
        }
    }
}

/// Writes the rows of a table of frames.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// The columns of the header.
    columns: Vec<Column>,
    /// All that have appeared: the columns of the next header.
    known: Vec<Column>,
}

impl Table {
    /// Without columns yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes the header of a table that begins with `frame`: a column for everything that has appeared so far.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write_header(&mut self, out: &mut impl Write, frame: &LoggedFrame) -> io::Result<()> {
        self.learn(frame);
        self.columns.clone_from(&self.known);
        let titles = self.columns.iter().map(Column::title);
        let titles = [PTS.to_owned(), RUNNING_TIME.to_owned()].into_iter().chain(titles).chain([OTHER.to_owned()]);
        write_row(out, titles)
    }

    /// Writes the row of a frame.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write_frame(&mut self, out: &mut impl Write, frame: &LoggedFrame) -> io::Result<()> {
        self.learn(frame);
        let scores = frame.scores.iter().map(|(element, record)| (element.clone(), json::object(record))).collect();
        let time = |ns: Option<u64>| ns.map(|ns| ns.to_string()).unwrap_or_default();
        let values = self.columns.iter().map(|column| column.value(&scores).map(cell).unwrap_or_default());
        let other = self.other(&scores);
        let other = if other.is_empty() { String::new() } else { Json::Object(other).to_string() };
        write_row(out, [time(frame.pts), time(frame.running_time)].into_iter().chain(values).chain([other]))
    }

    /// Adds new columns that appear in this frame.
    fn learn(&mut self, frame: &LoggedFrame) {
        for (element, record) in &frame.scores {
            let mut learn = |field: &str, attribute: Option<&String>| {
                let column = Column { element: element.clone(), field: field.into(), attribute: attribute.cloned() };
                if !self.known.contains(&column) {
                    self.known.push(column);
                }
            };
            FIELDS.iter().filter(|field| is_column(field, record)).for_each(|field| learn(field.name, None));
            for (field, value) in record.fields() {
                match value {
                    Value::Values(attributes) if field == ATTRIBUTES => {
                        attributes.iter().for_each(|(name, _)| learn(field, Some(name)));
                    }
                    Value::Map(_) => {}
                    _ => learn(field, None),
                }
            }
        }
    }

    /// Values for which the header has no column.
    fn other(&self, scores: &Scores) -> Map<String, Json> {
        let missing = self.known.iter().filter(|column| !self.columns.contains(column));
        let mut other = Json::Object(Map::new());
        for column in missing {
            let Some(value) = column.value(scores) else { continue };
            // Indexing creates the intermediate objects.
            let place = &mut other[&column.element][&column.field];
            match &column.attribute {
                Some(name) => place[name] = value.clone(),
                None => *place = value.clone(),
            }
        }
        match other {
            Json::Object(other) => other,
            _ => Map::new(),
        }
    }
}

/// Whether an element with such records has a column for the field, whatever this record contains.
fn is_column(field: &Field, record: &FrameRecord) -> bool {
    // An alarm exists only if one is set, and so do measures without a reference; their columns are learned from the
    // first record.
    let has_cell = !matches!(field.value_type, FieldType::Attributes | FieldType::Map | FieldType::Boolean);
    has_cell
        && !field.is_extra(record.kind)
        && match field.scope {
            FieldScope::Every => true,
            FieldScope::Of(kind) => record.kind.is_some_and(|own| own.compares() == kind.compares()),
            FieldScope::Message => false,
        }
}

fn cell(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

fn write_row(out: &mut impl Write, cells: impl Iterator<Item = String>) -> io::Result<()> {
    for (index, cell) in cells.enumerate() {
        let separator = if index == 0 { "" } else { "," };
        if cell.contains([',', '"', '\n', '\r']) {
            write!(out, "{separator}\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            write!(out, "{separator}{cell}")?;
        }
    }
    writeln!(out)
}

/// Reads a table of frames, row by row.
#[derive(Debug)]
pub struct Reader<R> {
    rows: Rows<R>,
    titles: Vec<String>,
}

impl<R: BufRead> Reader<R> {
    /// Reads the header from `input`.
    ///
    /// # Errors
    /// When `input` cannot be read or has another header.
    pub fn new(input: R) -> Result<Self, ReadError> {
        let mut rows = Rows { input, line: 0 };
        let titles = rows.next_row()?.unwrap_or_default();
        // An empty stream leaves an empty file.
        let ours = [PTS, RUNNING_TIME].iter().zip(&titles).all(|(expected, title)| expected == title);
        if !titles.is_empty() && (!ours || titles.last().map(String::as_str) != Some(OTHER)) {
            return Err(ReadError::layout(1, "is not the header of a log"));
        }
        Ok(Self { rows, titles })
    }

    fn frame(&mut self) -> Result<Option<LoggedFrame>, ReadError> {
        let Some(cells) = self.rows.next_row()? else { return Ok(None) };
        let line = self.rows.line;
        if cells.len() != self.titles.len() {
            let problem = format!("has {} cells and not {}", cells.len(), self.titles.len());
            return Err(ReadError::layout(line, problem));
        }
        let mut frame = LoggedFrame::default();
        for (title, cell) in self.titles.iter().zip(&cells).filter(|(_, cell)| !cell.is_empty()) {
            match title.as_str() {
                PTS => frame.pts = Some(time(cell, line)?),
                RUNNING_TIME => frame.running_time = Some(time(cell, line)?),
                OTHER => put_other(&mut frame, cell, line)?,
                title => {
                    let column = Column::of(title);
                    let column = column.ok_or_else(|| ReadError::layout(1, format!("has a column {title}")))?;
                    column.put(record(&mut frame, &column.element), cell);
                }
            }
        }
        Ok(Some(frame))
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<LoggedFrame, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.frame().transpose()
    }
}

fn time(cell: &str, line: usize) -> Result<u64, ReadError> {
    cell.parse().map_err(|_| ReadError::layout(line, format!("has {cell} where a whole number belongs")))
}

/// The record of an element in a frame; created if it does not exist.
fn record<'a>(frame: &'a mut LoggedFrame, element: &str) -> &'a mut FrameRecord {
    let known = frame.scores.iter().position(|(known, _)| known == element);
    let index = known.unwrap_or(frame.scores.len());
    if known.is_none() {
        frame.scores.push((element.to_owned(), FrameRecord::default()));
    }
    &mut frame.scores[index].1
}

fn put_other(frame: &mut LoggedFrame, cell: &str, line: usize) -> Result<(), ReadError> {
    let other: Map<String, Json> = serde_json::from_str(cell).map_err(|source| ReadError::Json { line, source })?;
    for (element, fields) in other {
        let Json::Object(fields) = fields else { continue };
        let record = record(frame, &element);
        for (field, value) in fields {
            match json::value(value) {
                // Some of the attributes may have columns.
                Some(Value::Values(values)) if field == ATTRIBUTES => {
                    let before = record.attributes.iter().map(|(name, value)| (name.clone(), Value::Double(*value)));
                    record.set(&field, Value::Values(before.chain(values).collect()));
                }
                Some(value) => record.set(&field, value),
                None => {}
            }
        }
    }
    Ok(())
}

/// A cell as a value of its field; for an unknown field, by its appearance.
fn typed(field: &str, cell: &str) -> Value {
    if Field::named(field).is_some_and(|field| field.value_type == FieldType::Text) {
        return Value::Text(cell.to_owned());
    }
    let value = serde_json::from_str(cell).ok().and_then(json::value);
    value.unwrap_or_else(|| Value::Text(cell.to_owned()))
}

/// The rows of a table.
#[derive(Debug)]
struct Rows<R> {
    input: R,
    /// Number of the last row read, counted from 1.
    line: usize,
}

impl<R: BufRead> Rows<R> {
    /// The cells of the next row; `None` at the end, and before an unfinished last row, whose writer was stopped.
    fn next_row(&mut self) -> Result<Option<Vec<String>>, ReadError> {
        let (mut text, mut quotes) = (String::new(), 0usize);
        // A quoted cell may contain line feeds.
        while text.is_empty() || !quotes.is_multiple_of(2) {
            let before = text.len();
            if self.input.read_line(&mut text)? == 0 {
                return Ok(None);
            }
            // Only in what is new: the cell may have many lines.
            quotes += text.get(before..).unwrap_or_default().matches('"').count();
            self.line += 1;
        }
        Ok(text.strip_suffix('\n').map(cells))
    }
}

/// The cells of one row.
fn cells(row: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = row.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            other => cell.push(other),
        }
    }
    cells.push(cell);
    cells
}

/// Writes a log in this format to a file, and its pools to another.
pub(super) struct CsvLog {
    file: LogFile,
    pool_path: Option<PathBuf>,
    table: Table,
}

impl CsvLog {
    pub fn open(file: LogFile, location: &str, max_files: u32) -> Result<Self, LogError> {
        let pool_path = (location != "-").then(|| PathBuf::from(format!("{location}.pool.csv")));
        if let Some(path) = &pool_path {
            keep_old(path, max_files)?;
        }
        Ok(Self { file, pool_path, table: Table::new() })
    }
}

impl LogWriter for CsvLog {
    fn frame(&mut self, frame: &LoggedFrame) -> Result<(), LogError> {
        let mut lines = Vec::new();
        self.table.write_frame(&mut lines, frame).map_err(|source| self.file.error(source))?;
        self.file.rotate_before(lines.len())?;
        if self.file.is_fresh() {
            lines.clear();
            let written = self.table.write_header(&mut lines, frame);
            let written = written.and_then(|()| self.table.write_frame(&mut lines, frame));
            written.map_err(|source| self.file.error(source))?;
        }
        self.file.write(&lines)
    }

    fn pools(&mut self, pools: &[ElementPools]) -> Result<(), LogError> {
        let Some(path) = &self.pool_path else { return Ok(()) };
        let mut table = Vec::new();
        let written = write_pools(&mut table, pools).and_then(|()| std::fs::write(path, table));
        written.map_err(|source| LogError::write(path, source))
    }

    fn reopen(&mut self) -> Result<(), LogError> {
        self.file.reopen()
    }
}
