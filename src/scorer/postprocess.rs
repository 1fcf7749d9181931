// SPDX-License-Identifier: MPL-2.0

//! From an output's numbers to a score, attributes and a map.

use super::batch::Cropping;
use super::error::ScoreError;
use super::pooling::Pooled;
use super::rows::{FrameRows, Rows};
use super::score::{Map, Score};
use crate::model::contract::{MapOutput, Output, Pooling};

/// How far the sum of a distribution may be from 1: half precision over a hundred bins stays well within.
const SUM_TOLERANCE: f64 = 0.02;

/// Most pixels of a map: as many as a picture of 16384×16384 has.
const LARGEST_MAP: usize = 1 << 28;

/// The score of one frame, from the outputs `names` in `rows`.
pub(super) fn score(
    output: &Output,
    names: &[String],
    rows: &[Rows],
    frame: &FrameRows,
    cropping: Option<&Cropping>,
) -> Result<Score, ScoreError> {
    let find = |tensor: &str| {
        let index = names.iter().position(|name| name == tensor);
        index
            .and_then(|index| rows.get(index))
            .ok_or_else(|| ScoreError::Output { tensor: tensor.to_owned(), problem: "is missing".to_owned() })
    };
    let rows_of_raw = find(&output.tensor)?;
    let values = frame.of(rows_of_raw, &output.tensor)?;
    let mut deviations = Vec::new();
    let raws = match (&output.distribution, output.index) {
        (Some(bins), _) => expectations(output, values, bins, &mut deviations)?,
        (None, Some(index)) => chosen(values, frame.per_picture(rows_of_raw), index, &output.tensor)?,
        (None, None) => column(values, 1, 0, &output.tensor)?,
    };
    let weights = match &output.pooling {
        Pooling::Weights(tensor) => Some((frame.of(find(tensor)?, tensor)?, tensor.as_str())),
        _ => None,
    };
    if matches!(output.pooling, Pooling::Median | Pooling::Min | Pooling::Max) && raws.len() != frame.per_frame {
        let problem = format!("has {} numbers a frame, not one for each of {} crops", raws.len(), frame.per_frame);
        return Err(ScoreError::Output { tensor: output.tensor.clone(), problem });
    }
    let pooled = Pooled::new(&output.pooling, &raws, weights)?;
    // Values and bins are finite; what is made of them need not be.
    let raw = finite(pooled.pool(&raws, &output.tensor)?, &output.tensor)?;
    let mut attributes = Vec::new();
    for table in output.attribute_tables() {
        let values = frame.of(find(&table.tensor)?, &table.tensor)?;
        let probabilities = table.softmax.then(|| softmaxes(values, table.names.len(), &table.tensor)).transpose()?;
        let values = probabilities.as_deref().unwrap_or(values);
        for (index, name) in table.names.iter().enumerate() {
            let numbers = column(values, table.names.len(), index, &table.tensor)?;
            attributes.push((name.clone(), table.score(pooled.pool(&numbers, &table.tensor)?)));
        }
    }
    if let Some(spread) = &output.spread {
        let deviation = finite(pooled.pool(&deviations, &output.tensor)?, &output.tensor)?;
        attributes.push((spread.name.clone(), spread.score(deviation)));
    }
    let map = match (&output.map, cropping) {
        (Some(wanted), Some(cropping)) => {
            let rows = find(&wanted.tensor)?;
            Some(map(wanted, frame.of(rows, &wanted.tensor)?, &rows.shape, cropping)?)
        }
        _ => None,
    };
    Ok(Score { raw, score: output.curve.score(raw), attributes, map })
}

fn finite(value: f64, tensor: &str) -> Result<f64, ScoreError> {
    if value.is_finite() { Ok(value) } else { Err(ScoreError::NotFinite { tensor: tensor.to_owned(), value }) }
}

fn groups<'a>(values: &'a [f64], count: usize, tensor: &str) -> Result<std::slice::ChunksExact<'a, f64>, ScoreError> {
    if values.is_empty() || !values.len().is_multiple_of(count) {
        let problem = format!("has {} numbers a frame, which cannot be groups of {count}", values.len());
        return Err(ScoreError::Output { tensor: tensor.to_owned(), problem });
    }
    Ok(values.chunks_exact(count))
}

/// Number `index` of each group of `count`.
fn column(values: &[f64], count: usize, index: usize, tensor: &str) -> Result<Vec<f64>, ScoreError> {
    groups(values, count, tensor)?.filter_map(|group| group.get(index)).map(|value| finite(*value, tensor)).collect()
}

/// Number `index` of `count` of each crop.
fn chosen(values: &[f64], count: usize, index: usize, tensor: &str) -> Result<Vec<f64>, ScoreError> {
    if index >= count.max(1) {
        let problem = format!("has {count} numbers a picture, none at `index = {index}`, counted from 0");
        return Err(ScoreError::Output { tensor: tensor.to_owned(), problem });
    }
    column(values, count.max(1), index, tensor)
}

/// The softmax of each group of `count` numbers.
fn softmaxes(values: &[f64], count: usize, tensor: &str) -> Result<Vec<f64>, ScoreError> {
    let mut all = Vec::with_capacity(values.len());
    for group in groups(values, count, tensor)? {
        all.extend(softmax(group, tensor)?);
    }
    Ok(all)
}

fn softmax(logits: &[f64], tensor: &str) -> Result<Vec<f64>, ScoreError> {
    logits.iter().try_for_each(|logit| finite(*logit, tensor).map(drop))?;
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut weights: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    Ok(weights)
}

/// Of each crop, the expectation over `bins`; and the standard deviation, if the contract asks for it.
fn expectations(
    output: &Output,
    values: &[f64],
    bins: &[f64],
    deviations: &mut Vec<f64>,
) -> Result<Vec<f64>, ScoreError> {
    let tensor = &output.tensor;
    let mut expectations = Vec::new();
    for group in groups(values, bins.len(), tensor)? {
        let made = output.softmax.then(|| softmax(group, tensor)).transpose()?;
        let histogram = made.as_deref().unwrap_or(group);
        histogram.iter().try_for_each(|share| finite(*share, tensor).map(drop))?;
        let sum: f64 = histogram.iter().sum();
        if (sum - 1.0).abs() > SUM_TOLERANCE {
            let problem = format!("is a distribution whose sum is {sum}, not 1 (`softmax = true` for logits)");
            return Err(ScoreError::Output { tensor: tensor.clone(), problem });
        }
        let expectation: f64 = histogram.iter().zip(bins).map(|(share, bin)| share * bin).sum();
        expectations.push(expectation);
        if output.spread.is_some() {
            // Of the histogram as a whole: its sum is not quite 1.
            let mean = expectation / sum;
            let variance: f64 = histogram.iter().zip(bins).map(|(share, bin)| share / sum * (bin - mean).powi(2)).sum();
            deviations.push(variance.max(0.0).sqrt());
        }
    }
    Ok(expectations)
}

/// Assembles one map from those of the crops.
fn map(wanted: &MapOutput, values: &[f64], shape: &[usize], cropping: &Cropping) -> Result<Map, ScoreError> {
    let fault = |problem: String| ScoreError::Output { tensor: wanted.tensor.clone(), problem };
    let [.., height, width] = *shape else { return Err(fault(format!("has the shape {shape:?}, no picture"))) };
    let crops = cropping.origins.len();
    if values.len() != crops * width * height {
        let text = format!("has {} numbers a frame, not {crops} pictures of {width}×{height}", values.len());
        return Err(fault(text));
    }
    // From pixels of the picture to pixels of the map.
    let [x_scale, y_scale] = [width as f64 / f64::from(cropping.crop[0]), height as f64 / f64::from(cropping.crop[1])];
    let side = |pixels: u32, scale: f64| ((f64::from(pixels) * scale).round() as usize).max(1);
    let (total_width, total_height) = (side(cropping.scaled[0], x_scale), side(cropping.scaled[1], y_scale));
    // A small crop with a large map makes a vast one of the whole picture.
    let total = total_width.checked_mul(total_height).filter(|&total| total <= LARGEST_MAP);
    let total =
        total.ok_or_else(|| fault(format!("makes a map of {total_width}×{total_height}, which is too large")))?;
    let mut sums = vec![0.0; total];
    let mut counts = vec![0_u32; sums.len()];
    for (crop, &[x, y]) in values.chunks_exact(width * height).zip(&cropping.origins) {
        let left = (f64::from(x) * x_scale).round() as usize;
        let top = (f64::from(y) * y_scale).round() as usize;
        for (row, line) in crop.chunks_exact(width).enumerate().take(total_height.saturating_sub(top)) {
            for (column, value) in line.iter().enumerate().take(total_width.saturating_sub(left)) {
                let at = (top + row) * total_width + left + column;
                sums[at] += wanted.score(finite(*value, &wanted.tensor)?);
                counts[at] += 1;
            }
        }
    }
    let covered = counts.iter().filter(|&&count| count > 0).count().max(1);
    let means = sums.iter().zip(&counts).filter(|(_, count)| **count > 0).map(|(sum, count)| sum / f64::from(*count));
    let rest = means.sum::<f64>() / covered as f64;
    let data = sums.iter().zip(&counts).map(|(sum, &count)| {
        let quality = if count > 0 { sum / f64::from(count) } else { rest };
        (quality * 2.55).round() as u8
    });
    Ok(Map { width: total_width as u32, height: total_height as u32, data: data.collect() })
}
