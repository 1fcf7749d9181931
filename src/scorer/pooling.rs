// SPDX-License-Identifier: MPL-2.0

//! From the numbers of a frame's crops to one.

use super::error::ScoreError;
use crate::model::contract::Pooling;

/// How the crops of one frame are pooled.
#[derive(Debug, PartialEq)]
pub(super) enum Pooled {
    /// Their mean.
    Mean,
    /// Their median.
    Median,
    /// The number of the crop that has the smallest or largest raw value.
    Crop {
        /// Which one, from 0.
        crop: usize,
        /// How many there are.
        crops: usize,
    },
    /// Their weighted mean: each number's share, whose sum is 1. A crop may have several.
    Shares(Vec<f64>),
}

impl Pooled {
    /// How crops with these raw values are pooled; weights come with the name of their output.
    pub(super) fn new(pooling: &Pooling, raws: &[f64], weights: Option<(&[f64], &str)>) -> Result<Self, ScoreError> {
        let crop = |at: Option<(usize, &f64)>| Self::Crop { crop: at.map_or(0, |(crop, _)| crop), crops: raws.len() };
        let order = |(_, a): &(usize, &f64), (_, b): &(usize, &f64)| a.total_cmp(b);
        Ok(match (pooling, weights) {
            (_, Some((weights, tensor))) => Self::Shares(shares(weights, raws.len(), tensor)?),
            (Pooling::Median, None) => Self::Median,
            (Pooling::Min, None) => crop(raws.iter().enumerate().min_by(order)),
            (Pooling::Max, None) => crop(raws.iter().enumerate().max_by(order)),
            _ => Self::Mean,
        })
    }

    /// The frame's number from those of its crops, in order; `tensor` names the output in the error.
    pub(super) fn pool(&self, numbers: &[f64], tensor: &str) -> Result<f64, ScoreError> {
        let fault = |expected: usize| {
            let problem = format!("has {} numbers a frame, not one for each of {expected} crops", numbers.len());
            ScoreError::Output { tensor: tensor.to_owned(), problem }
        };
        match self {
            Self::Mean => Ok(mean(numbers)),
            Self::Median => Ok(median(numbers)),
            Self::Crop { crop, crops } => {
                numbers.get(*crop).filter(|_| numbers.len() == *crops).copied().ok_or_else(|| fault(*crops))
            }
            // Of several shares, a crop's other numbers get the sum.
            Self::Shares(shares) if numbers.is_empty() || !shares.len().is_multiple_of(numbers.len()) => {
                Err(fault(shares.len()))
            }
            Self::Shares(shares) => {
                let each = shares.chunks_exact(shares.len() / numbers.len());
                Ok(each.zip(numbers).map(|(shares, number)| shares.iter().sum::<f64>() * number).sum())
            }
        }
    }
}

fn mean(numbers: &[f64]) -> f64 {
    let count = numbers.len() as f64;
    numbers.iter().fold(0.0, |mean, number| mean + number / count)
}

/// Of an even number, the mean of the two in the middle.
fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.get(sorted.len().saturating_sub(1) / 2..=sorted.len() / 2) {
        Some(middle) => mean(middle),
        None => 0.0,
    }
}

/// The weights divided by their sum.
fn shares(weights: &[f64], count: usize, tensor: &str) -> Result<Vec<f64>, ScoreError> {
    let fault = |problem: String| ScoreError::Output { tensor: tensor.to_owned(), problem };
    if weights.len() != count {
        return Err(fault(format!("has {} weights a frame for {count} numbers", weights.len())));
    }
    if let Some(&value) = weights.iter().find(|weight| !weight.is_finite()) {
        return Err(ScoreError::NotFinite { tensor: tensor.to_owned(), value });
    }
    if let Some((index, weight)) = weights.iter().enumerate().find(|(_, weight)| **weight < 0.0) {
        return Err(fault(format!("has the negative weight {weight} (number {index} of the frame, counted from 0)")));
    }
    // By the largest first, so that no sum is too large for a number.
    let largest = weights.iter().copied().fold(0.0, f64::max);
    if largest == 0.0 {
        return Err(fault(format!("has weights whose sum is 0 (all {count} of the frame)")));
    }
    let sum: f64 = weights.iter().map(|weight| weight / largest).sum();
    Ok(weights.iter().map(|weight| weight / largest / sum).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pooled(pooling: &Pooling, raws: &[f64], other: &[f64]) -> f64 {
        Pooled::new(pooling, raws, None).unwrap().pool(other, "y").unwrap()
    }

    #[test]
    fn a_median_of_an_even_number_lies_between_the_middle_two() {
        let median = |numbers: &[f64]| pooled(&Pooling::Median, numbers, numbers);
        assert_eq!(median(&[3.0]), 3.0);
        assert_eq!(median(&[3.0, 1.0]), 2.0);
        assert_eq!(median(&[3.0, 1.0, 9.0]), 3.0);
        assert_eq!(median(&[3.0, -1.0, 9.0, 5.0]), 4.0);
    }

    #[test]
    fn the_crop_of_the_smallest_score_gives_the_attributes_too() {
        let (raws, other) = ([3.0, 1.0, 9.0], [10.0, 20.0, 30.0]);
        assert_eq!(pooled(&Pooling::Min, &raws, &raws), 1.0);
        assert_eq!(pooled(&Pooling::Min, &raws, &other), 20.0);
        assert_eq!(pooled(&Pooling::Max, &raws, &other), 30.0);
        assert_eq!(pooled(&Pooling::Median, &raws, &other), 20.0);
        assert_eq!(pooled(&Pooling::Mean, &raws, &other), 20.0);
    }

    #[test]
    fn weights_are_shared_among_the_numbers_of_a_crop() {
        let by = |weights: &[f64], count: usize| {
            Pooled::new(&Pooling::Weights("w".into()), &vec![0.0; count], Some((weights, "w")))
        };
        let shares = by(&[1.0, 3.0, 0.0, 4.0], 4).unwrap();
        assert_eq!(shares.pool(&[8.0, 16.0, 1e9, 2.0], "y").unwrap(), 8.0);
        // Two patches a crop: crops weigh 4 and 4.
        assert_eq!(shares.pool(&[2.0, 4.0], "a").unwrap(), 3.0);
        assert!(matches!(shares.pool(&[1.0; 3], "a"), Err(ScoreError::Output { tensor, .. }) if tensor == "a"));
        assert_eq!(by(&[f64::MAX, f64::MAX], 2).unwrap().pool(&[1.0, 3.0], "y").unwrap(), 2.0);
        for (weights, words) in [
            (&[1.0, f64::NAN][..], "not finite"),
            (&[f64::INFINITY, 1.0], "not finite"),
            (&[1.0, -0.5], "negative weight -0.5 (number 1"),
            (&[0.0, 0.0], "sum is 0"),
            (&[1.0], "1 weights a frame for 2 numbers"),
        ] {
            let error = by(weights, 2).unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("\"w\""), "{error}");
        }
    }
}
