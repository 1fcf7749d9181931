// SPDX-License-Identifier: MPL-2.0

//! Complete records of frames, as columns of 64-bit words: a second of video takes a few kilobytes, and every number
//! is kept to its last bit.

use anyhow::{Context as _, Result, ensure};
use onnx_iqa::record::{FIELDS, FrameRecord, Value};
use serde::{Deserialize, Serialize};

/// Prefix of the columns of a model's attributes.
pub const ATTRIBUTE: &str = "attributes.";

/// Maximum number of frames: a week at 60 frames per second.
const MOST: usize = 7 * 24 * 3600 * 60;

/// A frame and its record.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recorded {
    /// Timestamp in nanoseconds.
    pub pts: Option<u64>,
    /// Duration in nanoseconds.
    pub duration: Option<u64>,
    /// Running time in nanoseconds.
    pub running_time: Option<u64>,
    /// Stream time in nanoseconds.
    pub stream_time: Option<u64>,
    /// Everything that was measured.
    pub record: FrameRecord,
}

/// How a column's words are read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    /// Unsigned integers.
    Unsigned,
    /// Signed integers.
    Integer,
    /// The bits of floating-point numbers.
    Double,
    /// 0 or 1.
    Boolean,
    /// Indices into these texts.
    Text(Vec<String>),
}

#[derive(Debug, Clone, PartialEq)]
struct Column {
    name: String,
    kind: Kind,
    /// Shorter than the number of frames if the last ones have no value.
    words: Vec<Option<u64>>,
}

/// Frames in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Records {
    frames: usize,
    columns: Vec<Column>,
}

/// What precedes the words in bytes.
#[derive(Serialize, Deserialize)]
struct Header {
    frames: usize,
    columns: Vec<(String, Kind)>,
}

impl Records {
    /// Number of frames.
    pub fn len(&self) -> usize {
        self.frames
    }

    /// Adds a frame. Maps are omitted, as in logs.
    pub fn push(&mut self, frame: &Recorded) {
        let times = [
            ("#pts", frame.pts),
            ("#duration", frame.duration),
            ("#running-time", frame.running_time),
            ("#stream-time", frame.stream_time),
        ];
        for (name, time) in times {
            if let Some(time) = time {
                self.put(name, Value::Unsigned(time));
            }
        }
        for field in FIELDS.iter() {
            match field.get(&frame.record) {
                Some(Value::Values(attributes)) => {
                    attributes.into_iter().for_each(|(name, value)| self.put(&format!("{ATTRIBUTE}{name}"), value));
                }
                Some(value) => self.put(field.name, value),
                None => {}
            }
        }
        self.frames += 1;
    }

    fn put(&mut self, name: &str, value: Value) {
        let kind = match &value {
            Value::Unsigned(_) => Kind::Unsigned,
            Value::Integer(_) => Kind::Integer,
            Value::Double(_) => Kind::Double,
            Value::Boolean(_) => Kind::Boolean,
            Value::Text(_) => Kind::Text(Vec::new()),
            _ => return,
        };
        let index = self.columns.iter().position(|column| column.name == name).unwrap_or_else(|| {
            self.columns.push(Column { name: name.to_owned(), kind, words: Vec::new() });
            self.columns.len() - 1
        });
        let Some(column) = self.columns.get_mut(index) else { return };
        let word = match (value, &mut column.kind) {
            (Value::Unsigned(value), Kind::Unsigned) => value,
            (Value::Integer(value), Kind::Integer) => value.cast_unsigned(),
            (Value::Double(value), Kind::Double) => value.to_bits(),
            (Value::Boolean(value), Kind::Boolean) => u64::from(value),
            (Value::Text(value), Kind::Text(texts)) => {
                let known = texts.iter().position(|text| *text == value);
                known.unwrap_or_else(|| {
                    texts.push(value);
                    texts.len() - 1
                }) as u64
            }
            // The type of a field does not change.
            _ => return,
        };
        column.words.resize(self.frames, None);
        column.words.push(Some(word));
    }

    /// The frame at this position.
    pub fn get(&self, index: usize) -> Option<Recorded> {
        if index >= self.frames {
            return None;
        }
        let mut frame = Recorded::default();
        let mut attributes = Vec::new();
        for column in &self.columns {
            let Some(word) = column.words.get(index).copied().flatten() else { continue };
            match column.name.as_str() {
                "#pts" => frame.pts = Some(word),
                "#duration" => frame.duration = Some(word),
                "#running-time" => frame.running_time = Some(word),
                "#stream-time" => frame.stream_time = Some(word),
                name => {
                    let value = match &column.kind {
                        Kind::Unsigned => Value::Unsigned(word),
                        Kind::Integer => Value::Integer(word.cast_signed()),
                        Kind::Double => Value::Double(f64::from_bits(word)),
                        Kind::Boolean => Value::Boolean(word != 0),
                        Kind::Text(texts) => Value::Text(texts.get(usize::try_from(word).ok()?)?.clone()),
                    };
                    match name.strip_prefix(ATTRIBUTE) {
                        Some(attribute) => attributes.push((attribute.to_owned(), value)),
                        None => frame.record.set(name, value),
                    }
                }
            }
        }
        if !attributes.is_empty() {
            frame.record.set("attributes", Value::Values(attributes));
        }
        Some(frame)
    }

    /// All frames in order.
    pub fn iter(&self) -> impl Iterator<Item = Recorded> + '_ {
        (0..self.frames).filter_map(|index| self.get(index))
    }

    /// As bytes.
    ///
    /// # Errors
    /// Never, in practice: the header is plain data.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let columns = self.columns.iter().map(|column| (column.name.clone(), column.kind.clone())).collect();
        let mut bytes = serde_json::to_vec(&Header { frames: self.frames, columns })?;
        bytes.push(b'\n');
        for column in &self.columns {
            let word = |index: usize| column.words.get(index).copied().flatten();
            for first in (0..self.frames).step_by(8) {
                let bits = (0..8).map(|bit| u8::from(word(first + bit).is_some()) << bit);
                bytes.push(bits.sum());
            }
            (0..self.frames).for_each(|index| bytes.extend(word(index).unwrap_or(0).to_le_bytes()));
        }
        Ok(bytes)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) gives.
    ///
    /// # Errors
    /// If the bytes are something else, or incomplete.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let end = bytes.iter().position(|&byte| byte == b'\n').context("records without a header")?;
        let (header, mut rest) = bytes.split_at(end);
        rest = rest.get(1..).unwrap_or_default();
        let Header { frames, columns } = serde_json::from_slice(header).context("the header of records")?;
        ensure!(frames <= MOST, "{frames} records are too many");
        ensure!(columns.len() <= FIELDS.len() + 1000, "{} columns are too many", columns.len());
        let mut read = Vec::new();
        for (name, kind) in columns {
            let (bits, after) = rest.split_at_checked(frames.div_ceil(8)).context("records end early")?;
            let (words, after) = after.split_at_checked(frames * 8).context("records end early")?;
            rest = after;
            let is_there = |index: usize| bits.get(index / 8).is_some_and(|byte| byte >> (index % 8) & 1 == 1);
            let words = words.as_chunks::<8>().0.iter().enumerate();
            let words = words.map(|(index, word)| is_there(index).then(|| u64::from_le_bytes(*word))).collect();
            read.push(Column { name, kind, words });
        }
        ensure!(rest.is_empty(), "{} bytes follow the records", rest.len());
        Ok(Self { frames, columns: read })
    }
}

impl FromIterator<Recorded> for Records {
    fn from_iter<T: IntoIterator<Item = Recorded>>(frames: T) -> Self {
        let mut records = Self::default();
        frames.into_iter().for_each(|frame| records.push(&frame));
        records
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onnx_iqa::model::contract::Kind as ModelKind;
    use onnx_iqa::record::{FieldType, PairingState, State};

    fn frames() -> Vec<Recorded> {
        let full = |n: u64| {
            let mut record = FrameRecord::new("metaiqa", ModelKind::FullReference, State::Scored);
            record.measures = vec![("psnr-y", 1.0 / (n as f64 + 3.0)), ("vmaf", f64::MIN_POSITIVE * (n + 1) as f64)];
            (record.offset, record.pairing) = (Some(-40 - n as i64), Some(PairingState::Matched));
            (record.alarm, record.score) = (Some(n.is_multiple_of(2)), Some(0.1 + 0.2));
            record.attributes = vec![("noise".into(), 4.5), ("blur".into(), 0.3)];
            Recorded { pts: Some(n), duration: Some(40), running_time: Some(n), stream_time: None, record }
        };
        let mut frames: Vec<_> = (0..20).map(full).collect();
        let alone = FrameRecord::new("metaiqa", ModelKind::FullReference, State::Unmatched);
        frames.insert(7, Recorded { record: alone.clone(), ..Recorded::default() });
        frames.push(Recorded { record: alone, ..Recorded::default() });
        frames
    }

    #[test]
    fn every_bit_comes_back() {
        let records: Records = frames().into_iter().collect();
        let read = Records::from_bytes(&records.to_bytes().unwrap()).unwrap();
        assert_eq!(read.iter().collect::<Vec<_>>(), frames());
        assert_eq!((read.len(), read.get(22)), (22, None));
    }

    #[test]
    fn every_field_of_the_table_is_kept() {
        for field in FIELDS.iter().filter(|field| field.value_type != FieldType::Map) {
            let value = match (field.name, field.value_type) {
                ("kind", _) => "fr".into(),
                ("state", _) => "failed".into(),
                ("pairing", _) => "duplicate".into(),
                ("evidence", _) => "picture".into(),
                (_, FieldType::Text) => "a model".into(),
                (_, FieldType::Double) => 0.1.into(),
                (_, FieldType::Integer) => (-7i64).into(),
                (_, FieldType::Boolean) => false.into(),
                (_, FieldType::Attributes) => Value::Values(vec![("noise".into(), 4.5.into())]),
                _ => u64::MAX.into(),
            };
            let mut record = FrameRecord::default();
            record.set(field.name, value);
            let frame = Recorded { record, ..Recorded::default() };
            let records: Records = [frame.clone()].into_iter().collect();
            assert_eq!(Records::from_bytes(&records.to_bytes().unwrap()).unwrap().get(0), Some(frame));
        }
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let bytes = frames().into_iter().collect::<Records>().to_bytes().unwrap();
        for length in 0..bytes.len() {
            assert!(Records::from_bytes(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
        }
        assert!(Records::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
        assert!(Records::from_bytes(b"{\"frames\": 99999999999999, \"columns\": []}\n").is_err());
    }
}
