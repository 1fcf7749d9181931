// SPDX-License-Identifier: MPL-2.0

//! Relations between the rungs of a ladder.

use super::judge::is_trusted;
use crate::report::data::{BdRate, Inversion, Rendition, Versus};
use onnx_iqa::stats::{RatePoint, bd_rate};
use std::collections::BTreeSet;

/// Minimum duration of a rung, as a share of the longest one, for rungs to be compared with each other.
const WHOLE: f64 = 0.95;

/// Pairs of rungs, per measure, of which the one with the higher rate has the lower mean. `fields`: measures for which
/// higher is better.
pub fn inversions(renditions: &[Rendition], fields: &[&str]) -> Vec<Inversion> {
    let mut rungs: Vec<_> = renditions.iter().filter(|one| is_trusted(&one.verdict)).collect();
    rungs.retain(|one| one.media.bit_rate.is_some());
    // The mean of a part of the video is not comparable with that of the whole.
    let longest = rungs.iter().filter_map(|one| one.media.duration).fold(0.0, f64::max);
    rungs.retain(|one| one.media.duration.is_none_or(|duration| duration >= WHOLE * longest));
    rungs.sort_by(|one, other| {
        one.media.bit_rate.partial_cmp(&other.media.bit_rate).unwrap_or(std::cmp::Ordering::Equal)
    });
    let mut found = Vec::new();
    for &field in fields {
        let mean = |rung: &Rendition| rung.measures.get(field)?.get("mean").copied();
        for (index, higher) in rungs.iter().enumerate() {
            for lower in rungs.iter().take(index) {
                let Some(difference) = mean(lower).zip(mean(higher)).map(|(lower, higher)| lower - higher) else {
                    continue;
                };
                if difference > 0.0 {
                    let (measure, higher, lower) =
                        (field.to_owned(), higher.media.name.clone(), lower.media.name.clone());
                    found.push(Inversion { measure, higher, lower, difference });
                }
            }
        }
    }
    found
}

/// Rate difference between `other` and `own` at the same quality, per measure.
pub fn versus(own: &[Rendition], other: Vec<Rendition>, fields: &[&str]) -> Versus {
    let points = |ladder: &[Rendition], field: &str| {
        let trusted = ladder.iter().filter(|one| is_trusted(&one.verdict));
        let point = |one: &Rendition| {
            let (rate, quality) = (one.media.bit_rate?, *one.measures.get(field)?.get("mean")?);
            Some(RatePoint { rate, quality })
        };
        trusted.filter_map(point).collect::<Vec<_>>()
    };
    let rates = fields.iter().map(|&field| {
        let rate = match bd_rate(&points(own, field), &points(&other, field)) {
            Ok(percent) => BdRate { percent: Some(percent), reason: None },
            Err(error) => BdRate { percent: None, reason: Some(error.to_string()) },
        };
        (field.to_owned(), rate)
    });
    let bd_rate = rates.collect();
    Versus { renditions: other, bd_rate }
}

/// Number of distinct pairs of rungs, regardless of the measure.
pub fn inverted_pairs(inversions: &[Inversion]) -> u64 {
    inversions.iter().map(|one| (&one.higher, &one.lower)).collect::<BTreeSet<_>>().len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::data::Media;

    #[test]
    fn a_higher_rung_that_is_worse_is_found() {
        let rung = |name: &str, bit_rate, psnr, vmaf, verdict: &str| Rendition {
            media: Media { name: name.into(), bit_rate: Some(bit_rate), ..Media::default() },
            verdict: verdict.into(),
            offset_ms: None,
            confidence: None,
            evidence: None,
            coverage: None,
            counts: [].into(),
            measures: [("psnr-y", psnr), ("vmaf", vmaf)]
                .map(|(name, mean)| (name.to_owned(), [("mean".to_owned(), mean)].into()))
                .into(),
            thresholds: Vec::new(),
            reasons: Vec::new(),
            worst: Vec::new(),
        };
        let ladder = [
            rung("high", 4e6, 39.0, 90.0, "aligned"),
            rung("low", 1e6, 33.0, 70.0, "aligned"),
            rung("mid", 2e6, 40.0, 91.0, "aligned-by-time"),
            rung("odd", 5e6, 10.0, 10.0, "not-aligned"),
        ];
        let found = inversions(&ladder, &["psnr-y", "vmaf"]);
        let shown: Vec<_> =
            found.iter().map(|one| (one.measure.as_str(), one.higher.as_str(), one.lower.as_str())).collect();
        assert_eq!(shown, [("psnr-y", "high", "mid"), ("vmaf", "high", "mid")]);
        assert_eq!((found[0].difference, inverted_pairs(&found)), (1.0, 1));
    }
}
