// SPDX-License-Identifier: MPL-2.0

//! How much more rate one ladder needs than another for the same quality.

use super::RatePoint;

/// Least number of rungs.
const LEAST: usize = 4;

/// Which of the two ladders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ladder {
    /// The reference ladder.
    Anchor,
    /// The ladder that is compared with it.
    Test,
}

impl std::fmt::Display for Ladder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Anchor => "this ladder",
            Self::Test => "the other ladder",
        })
    }
}

/// Why two ladders have no BD-rate.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BdRateError {
    /// Too few rungs for a cubic.
    #[error("{ladder} has {points} measured rungs with a rate, and {LEAST} are needed: add rungs")]
    TooFew {
        /// The ladder.
        ladder: Ladder,
        /// Rungs with a rate and a quality.
        points: usize,
    },
    /// More rate does not give more quality, so that a quality has no definite rate.
    #[error(
        "the curve of {ladder} is not monotone: at {rate} bit/s the quality is {quality}, no more than at a lower \
         rate: leave that rung out"
    )]
    NotMonotone {
        /// The ladder.
        ladder: Ladder,
        /// The rate of the rung that is no better than the previous one.
        rate: f64,
        /// Its quality.
        quality: f64,
    },
    /// No quality is reached by both.
    #[error(
        "the curves do not overlap: this ladder reaches qualities from {} to {}, the other from {} to {}",
        anchor[0], anchor[1], test[0], test[1]
    )]
    NoOverlap {
        /// The lowest and the highest quality of the anchor.
        anchor: [f64; 2],
        /// The same for the other ladder.
        test: [f64; 2],
    },
}

/// Bjøntegaard's delta rate: by how many percent the rate of `test` exceeds that of `anchor` at equal quality, averaged
/// over the qualities that both reach. Negative: `test` needs less.
///
/// The logarithm of the rate is interpolated over quality by a piecewise cubic that remains monotone (PCHIP: Fritsch
/// and Butland, SIAM J. Sci. Stat. Comput. 5(2), 1984, with end slopes as in SciPy), and integrated exactly. The order
/// of the rungs does not matter; those without a rate or quality are ignored.
///
/// # Errors
/// When a ladder has fewer than four rungs or is not monotone, or the two have no quality in common.
pub fn bd_rate(anchor: &[RatePoint], test: &[RatePoint]) -> Result<f64, BdRateError> {
    let (one, two) = (Pchip::new(anchor, Ladder::Anchor)?, Pchip::new(test, Ladder::Test)?);
    let [low, high] = [one.ends[0].max(two.ends[0]), one.ends[1].min(two.ends[1])];
    if low >= high {
        return Err(BdRateError::NoOverlap { anchor: one.ends, test: two.ends });
    }
    let difference = (two.integral(low, high) - one.integral(low, high)) / (high - low);
    Ok((10f64.powf(difference) - 1.0) * 100.0)
}

/// A monotone cubic between two qualities.
struct Piece {
    from: f64,
    to: f64,
    /// log₁₀ of the rate is a polynomial in (quality − from), the constant first.
    coefficients: [f64; 4],
}

/// log₁₀ of the rate over quality.
struct Pchip {
    pieces: Vec<Piece>,
    /// The lowest and the highest quality.
    ends: [f64; 2],
}

impl Pchip {
    fn new(points: &[RatePoint], ladder: Ladder) -> Result<Self, BdRateError> {
        let mut points: Vec<_> = points.iter().copied().filter(|point| point.plottable()).collect();
        if points.len() < LEAST {
            return Err(BdRateError::TooFew { ladder, points: points.len() });
        }
        points.sort_by(|a, b| a.rate.total_cmp(&b.rate).then(a.quality.total_cmp(&b.quality)));
        if let Some((_, b)) = pairs(&points).find(|(a, b)| b.quality <= a.quality || b.rate <= a.rate) {
            return Err(BdRateError::NotMonotone { ladder, rate: b.rate, quality: b.quality });
        }
        let nodes: Vec<_> = points.iter().map(|point| (point.quality, point.rate.log10())).collect();
        let steps: Vec<_> =
            pairs(&nodes).map(|(a, b)| Step { h: b.0 - a.0, slope: (b.1 - a.1) / (b.0 - a.0) }).collect();
        let inner = pairs(&steps).map(|(a, b)| {
            // Slopes are positive, because rate and quality rise together.
            let (w1, w2) = (2.0 * b.h + a.h, b.h + 2.0 * a.h);
            (w1 + w2) / (w1 / a.slope + w2 / b.slope)
        });
        let (first, last) = (end(steps.iter()), end(steps.iter().rev()));
        let slopes: Vec<_> = std::iter::once(first).chain(inner).chain(std::iter::once(last)).collect();
        let pieces = pairs(&nodes).zip(&steps).zip(pairs(&slopes));
        let pieces = pieces.map(|(((a, b), step), (d0, d1))| {
            let square = (3.0 * step.slope - 2.0 * d0 - d1) / step.h;
            let cube = (d0 + d1 - 2.0 * step.slope) / (step.h * step.h);
            Piece { from: a.0, to: b.0, coefficients: [a.1, *d0, square, cube] }
        });
        let pieces: Vec<_> = pieces.collect();
        let ends = [pieces.first().map_or(0.0, |piece| piece.from), pieces.last().map_or(0.0, |piece| piece.to)];
        Ok(Self { pieces, ends })
    }

    /// Integrates between two qualities, both within the ends.
    fn integral(&self, low: f64, high: f64) -> f64 {
        let area = |piece: &Piece| {
            let [from, to] = [piece.from.max(low), piece.to.min(high)].map(|quality| quality - piece.from);
            let primitive = |t: f64| {
                piece.coefficients.iter().rev().zip([4.0, 3.0, 2.0, 1.0]).fold(0.0, |sum, (c, n)| (sum + c / n) * t)
            };
            if to > from { primitive(to) - primitive(from) } else { 0.0 }
        };
        self.pieces.iter().map(area).sum()
    }
}

/// Each element with the next one.
fn pairs<T>(all: &[T]) -> impl Iterator<Item = (&T, &T)> {
    all.iter().zip(all.iter().skip(1))
}

/// Between two rungs.
#[derive(Debug, Clone, Copy)]
struct Step {
    h: f64,
    slope: f64,
}

/// The slope at an end, from the two nearest steps.
fn end<'a>(mut steps: impl Iterator<Item = &'a Step>) -> f64 {
    let (Some(a), Some(b)) = (steps.next(), steps.next()) else { return 0.0 };
    let slope = ((2.0 * a.h + b.h) * a.slope - a.h * b.slope) / (a.h + b.h);
    // The slopes have one sign, so the third case of SciPy does not occur.
    slope.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::{BdRateError, Ladder, RatePoint, bd_rate};

    fn ladder(points: &[[f64; 2]]) -> Vec<RatePoint> {
        points.iter().map(|&[rate, quality]| RatePoint { rate, quality }).collect()
    }

    const LADDER: [[f64; 2]; 4] = [[0.5e6, 30.0], [1e6, 34.0], [2e6, 37.0], [4e6, 39.5]];

    /// PyPI `bjontegaard`; `reference/bd_rate.py` makes the cases.
    #[test]
    fn agrees_with_bjontegaard() {
        #[derive(serde::Deserialize)]
        struct Case {
            anchor: Vec<[f64; 2]>,
            test: Vec<[f64; 2]>,
            percent: f64,
        }
        let cases: Vec<Case> = serde_json::from_str(include_str!("../../tests/reference/bd_rate.json")).expect("cases");
        assert!(cases.len() >= 40);
        for case in cases {
            let found = bd_rate(&ladder(&case.anchor), &ladder(&case.test)).expect("a BD-rate");
            let tolerance = 1e-6 * case.percent.abs().max(1.0);
            assert!((found - case.percent).abs() < tolerance, "{found} instead of {}", case.percent);
        }
    }

    #[test]
    fn the_same_quality_for_a_tenth_more_rate() {
        let test = ladder(&LADDER.map(|[rate, quality]| [rate * 1.1, quality]));
        let found = bd_rate(&ladder(&LADDER), &test).expect("a BD-rate");
        assert!((found - 10.0).abs() < 1e-9, "{found}");
        let mut turned = test;
        turned.reverse();
        assert_eq!(bd_rate(&ladder(&LADDER), &turned), Ok(found), "the order of the rungs does not matter");
    }

    #[test]
    fn what_says_nothing_is_refused_by_name() {
        let whole = ladder(&LADDER);
        let mut unplottable = LADDER;
        unplottable[2][0] = f64::NAN;
        let error = bd_rate(&whole, &ladder(&unplottable)).unwrap_err();
        assert_eq!(error, BdRateError::TooFew { ladder: Ladder::Test, points: 3 });
        assert_eq!(error.to_string(), "the other ladder has 3 measured rungs with a rate, and 4 are needed: add rungs");
        let mut bent = LADDER;
        bent[2][1] = 33.0;
        assert_eq!(
            bd_rate(&ladder(&bent), &whole),
            Err(BdRateError::NotMonotone { ladder: Ladder::Anchor, rate: 2e6, quality: 33.0 })
        );
        let above = ladder(&LADDER.map(|[rate, quality]| [rate, quality + 9.5]));
        assert_eq!(bd_rate(&whole, &above), Err(BdRateError::NoOverlap { anchor: [30.0, 39.5], test: [39.5, 49.0] }));
    }
}
