// SPDX-License-Identifier: MPL-2.0

//! The table of the pools: a row per field of an element, and one without a field for an element without fields.

use super::{ATTRIBUTES, Rows, time, write_row};
use crate::record::log::{ElementPools, ReadError};
use crate::record::{Counts, Named as _, PooledField, Verdict};
use crate::stats::Statistics;
use std::io::{self, BufRead, Write};

/// Titles of the first columns.
const TITLES: [&str; 4] = ["element", "field", "scored", "count"];
// Titles of the last columns, except those of the counts.
const MODEL: &str = "model";
const VERDICT: &str = "verdict";
const REASONS: &str = "reasons";
const VMAF_MODEL: &str = "vmaf-model";
const MODEL_HASH: &str = "model-hash";
const VMAF_MODEL_HASH: &str = "vmaf-model-hash";

/// Writes the table of the pools.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_pools(out: &mut impl Write, pools: &[ElementPools]) -> io::Result<()> {
    let titles =
        TITLES.into_iter().chain(Statistics::NAMES).chain(Counts::NAMES.into_iter().filter(|name| *name != "scored"));
    write_row(
        out,
        titles.chain([MODEL, VERDICT, REASONS, VMAF_MODEL, MODEL_HASH, VMAF_MODEL_HASH]).map(str::to_owned),
    )?;
    for element in pools {
        let attributes = element.attributes.iter().map(|(name, pooled)| (format!("{ATTRIBUTES}_{name}"), pooled));
        let fields = element.fields.iter().map(|(name, pooled)| (name.clone(), pooled));
        let mut rows: Vec<_> = fields.chain(attributes).collect();
        let nothing = PooledField::default();
        if rows.is_empty() {
            rows.push((String::new(), &nothing));
        }
        for (field, pooled) in rows {
            write_row(out, row(element, field, pooled))?;
        }
    }
    Ok(())
}

fn row(element: &ElementPools, field: String, pooled: &PooledField) -> impl Iterator<Item = String> {
    let number = |count: Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
    let counts = element.counts;
    let head = [element.element.clone(), field, number(counts.scored), number(pooled.count)];
    let statistics =
        Statistics::NAMES.map(|name| pooled.get(name).map(|value| serde_json::Value::from(value).to_string()));
    let others = Counts::NAMES.into_iter().filter(|name| *name != "scored").map(move |name| number(counts.get(name)));
    let verdict = element.verdict.map(|verdict| verdict.name().to_owned()).unwrap_or_default();
    let reasons =
        if element.reasons.is_empty() { String::new() } else { serde_json::json!(element.reasons).to_string() };
    let texts = [&element.model, &element.vmaf_model, &element.model_hash, &element.vmaf_model_hash];
    let [model, vmaf_model, hash, vmaf_hash] = texts.map(|text| text.clone().unwrap_or_default());
    let tail = [model, verdict, reasons, vmaf_model, hash, vmaf_hash];
    head.into_iter().chain(statistics.map(Option::unwrap_or_default)).chain(others).chain(tail)
}

/// Reads the table of the pools.
///
/// # Errors
/// When `input` cannot be read or is not such a table.
pub fn read_pools(input: impl BufRead) -> Result<Vec<ElementPools>, ReadError> {
    let mut rows = Rows { input, line: 0 };
    let titles = rows.next_row()?.unwrap_or_default();
    if titles.get(..TITLES.len()).is_none_or(|titles| titles != TITLES) {
        return Err(ReadError::layout(1, "is not the header of a log's pools"));
    }
    let mut pools: Vec<ElementPools> = Vec::new();
    while let Some(cells) = rows.next_row()? {
        let [element, field, _, count, ..] = cells.as_slice() else {
            return Err(ReadError::layout(rows.line, "has too few cells"));
        };
        let named = || titles.iter().map(String::as_str).zip(cells.iter().map(String::as_str));
        if pools.last().is_none_or(|last| last.element != *element) {
            pools.push(head(element, named(), rows.line)?);
        }
        let statistic = |name: &str| Statistics::NAMES.contains(&name);
        let statistics = named().filter(|(title, _)| statistic(title));
        let statistics = statistics.filter_map(|(title, cell)| Some((title.to_owned(), cell.parse().ok()?))).collect();
        let pooled = PooledField { count: count.parse().ok(), statistics };
        let Some(last) = pools.last_mut() else { continue };
        match field.strip_prefix("attributes_") {
            _ if field.is_empty() => {}
            Some(name) => last.attributes.push((name.to_owned(), pooled)),
            None => last.fields.push((field.clone(), pooled)),
        }
    }
    Ok(pools)
}

/// The columns that every row of an element repeats.
fn head<'a>(
    element: &str,
    cells: impl Iterator<Item = (&'a str, &'a str)>,
    line: usize,
) -> Result<ElementPools, ReadError> {
    let mut found = ElementPools { element: element.to_owned(), ..ElementPools::default() };
    for (title, cell) in cells.filter(|(_, cell)| !cell.is_empty()) {
        match title {
            MODEL => found.model = Some(cell.to_owned()),
            VMAF_MODEL => found.vmaf_model = Some(cell.to_owned()),
            MODEL_HASH => found.model_hash = Some(cell.to_owned()),
            VMAF_MODEL_HASH => found.vmaf_model_hash = Some(cell.to_owned()),
            VERDICT => found.verdict = Verdict::from_name(cell),
            REASONS => {
                found.reasons = serde_json::from_str(cell).map_err(|source| ReadError::Json { line, source })?;
            }
            title if Counts::NAMES.contains(&title) => {
                found.counts.set(title, time(cell, line)?);
            }
            _ => {}
        }
    }
    Ok(found)
}
