// SPDX-License-Identifier: MPL-2.0

//! The pools of all fields of one element.

use super::field::Field;
use super::frame::FrameRecord;
use super::summary::PooledField;
use crate::stats::{FieldRange, Pool, Statistics};

/// Summarizes one element's scores: the number of frames scored, and a [`Pool`] per field.
///
/// Fields keep the order in which they were first seen. A field without a fixed range (see [`Field::range`]) has a pool
/// without percentiles; attributes have a score's range and are kept apart, so that one may be named `score`.
#[derive(Debug, Clone, Default)]
pub struct FieldPools {
    scored: u64,
    fields: Vec<(String, Pool)>,
    attributes: Vec<(String, Pool)>,
}

impl FieldPools {
    /// Empty pools.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a scored frame with all its numbers and attributes.
    pub fn count(&mut self, record: &FrameRecord) {
        self.count_cut(record, |_| f64::INFINITY);
    }

    /// The same, limiting each field to what `most` returns for its name.
    pub fn count_cut(&mut self, record: &FrameRecord, most: impl Fn(&str) -> f64) {
        self.count_frame();
        self.count_measures(record, most);
        for (name, value) in &record.attributes {
            self.push_attribute(name, *value);
        }
    }

    /// Adds the numbers of a frame that was measured but not scored, as [`count_cut`](Self::count_cut) does.
    pub fn count_measures(&mut self, record: &FrameRecord, most: impl Fn(&str) -> f64) {
        for (name, value) in record.numbers() {
            find(&mut self.fields, name, || pool_of(name)).push_cut(value, most(name));
        }
    }

    /// Counts a scored frame, whose fields will be pushed.
    pub fn count_frame(&mut self) {
        self.scored += 1;
    }

    /// Adds a value of the field `name`, in its unit.
    pub fn push(&mut self, name: &str, value: f64) {
        find(&mut self.fields, name, || pool_of(name)).push(value);
    }

    /// Adds a value, from 0 to 100, of a model's attribute.
    pub fn push_attribute(&mut self, name: &str, value: f64) {
        find(&mut self.attributes, name, || Pool::new(FieldRange::SCORE)).push(value);
    }

    /// Frames counted.
    #[must_use]
    pub fn scored(&self) -> u64 {
        self.scored
    }

    /// The pool of a field, if it has had a value.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Pool> {
        self.fields.iter().find_map(|(field, pool)| (field == name).then_some(pool))
    }

    /// The name and statistics of each field.
    pub fn fields(&self) -> impl Iterator<Item = (&str, Statistics)> {
        self.fields.iter().filter_map(|(name, pool)| Some((name.as_str(), pool.statistics()?)))
    }

    /// The name and statistics of each attribute.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, Statistics)> {
        self.attributes.iter().filter_map(|(name, pool)| Some((name.as_str(), pool.statistics()?)))
    }
}

impl FieldPools {
    /// The fields as messages and logs present them.
    #[must_use]
    pub fn pooled_fields(&self) -> Vec<(String, PooledField)> {
        self.fields().map(|(name, statistics)| (name.to_owned(), (&statistics).into())).collect()
    }

    /// The attributes as messages and logs present them.
    #[must_use]
    pub fn pooled_attributes(&self) -> Vec<(String, PooledField)> {
        self.attributes().map(|(name, statistics)| (name.to_owned(), (&statistics).into())).collect()
    }
}

/// An empty pool of the field of that name.
fn pool_of(name: &str) -> Pool {
    let field = Field::named(name);
    match field.and_then(|field| field.range) {
        Some(range) if field.is_some_and(|field| field.unit == Some("dB")) => Pool::decibels(range),
        Some(range) => Pool::new(range),
        None => Pool::unranged(),
    }
}

fn find<'a>(pools: &'a mut Vec<(String, Pool)>, name: &str, new: impl FnOnce() -> Pool) -> &'a mut Pool {
    // A handful of names, nearly always in the same order: a linear search is as fast as a map.
    let index = pools.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
        pools.push((name.to_owned(), new()));
        pools.len() - 1
    });
    &mut pools[index].1
}

#[cfg(test)]
mod tests {
    use super::{FieldPools, Pool};

    #[test]
    fn fields_and_attributes_are_kept_apart_and_in_order() {
        let mut pools = FieldPools::new();
        for score in [10.0, 30.0] {
            pools.count_frame();
            pools.push("score", score);
            pools.push("raw", -score);
            pools.push_attribute("score", 90.0);
        }
        assert_eq!(pools.scored(), 2);
        let fields: Vec<_> = pools.fields().map(|(name, s)| (name, s.mean, s.p5)).collect();
        assert_eq!(fields, [("score", 20.0, Some(10.0)), ("raw", -20.0, None)]);
        let attributes: Vec<_> = pools.attributes().map(|(name, s)| (name, s.mean, s.p5)).collect();
        assert_eq!(attributes, [("score", 90.0, Some(90.0))]);
        assert_eq!(pools.field("score").map(Pool::count), Some(2));
        assert!(pools.field("psnr").is_none());
    }
}
