// SPDX-License-Identifier: MPL-2.0

//! Transforms of a score.

use serde::Deserialize;

use super::super::error::ModelErrorKind;

#[derive(Deserialize)]
pub struct TransformDict {
    /// libvmaf skips a transform that is not enabled.
    #[serde(default)]
    enabled: bool,
    p0: Option<f64>,
    p1: Option<f64>,
    p2: Option<f64>,
    knots: Option<Vec<[f64; 2]>>,
    out_lte_in: Option<String>,
    out_gte_in: Option<String>,
}

impl TransformDict {
    pub fn transform(self) -> Result<Option<Transform>, ModelErrorKind> {
        if !self.enabled {
            return Ok(None);
        }
        let polynomial = [self.p0, self.p1, self.p2];
        let polynomial = polynomial.iter().any(Option::is_some).then(|| polynomial.map(|factor| factor.unwrap_or(0.0)));
        let knots = self.knots.unwrap_or_default();
        let rising = knots.windows(2).all(|two| two[0][0] < two[1][0] && two[0][1] <= two[1][1]);
        if knots.len() == 1 || !rising {
            return Err(ModelErrorKind::Inconsistent("the knots of score_transform do not rise".to_owned()));
        }
        let set = |flag: Option<String>| flag.as_deref() == Some("true");
        Ok(Some(Transform { polynomial, knots, at_most: set(self.out_lte_in), at_least: set(self.out_gte_in) }))
    }
}

/// The transform of a score before it is clipped.
#[derive(Debug, Clone, PartialEq)]
pub struct Transform {
    polynomial: Option<[f64; 3]>,
    knots: Vec<[f64; 2]>,
    /// The result is at most, or at least, the original score.
    at_most: bool,
    at_least: bool,
}

impl Transform {
    pub fn apply(&self, score: f64) -> f64 {
        let curved = self.polynomial.map_or(score, |[p0, p1, p2]| p0 + p1 * score + p2 * score * score);
        let mapped = if self.knots.is_empty() { curved } else { between(&self.knots, curved) };
        let mapped = if self.at_most { mapped.min(score) } else { mapped };
        if self.at_least { mapped.max(score) } else { mapped }
    }
}

/// Interpolates between knots; beyond the first and the last, extrapolates the nearest segment.
fn between(knots: &[[f64; 2]], x: f64) -> f64 {
    let last = knots.len().saturating_sub(2);
    let index = knots.iter().skip(1).take(last).take_while(|knot| knot[0] < x).count();
    match knots.get(index..) {
        Some([a, b, ..]) => a[1] + (x - a[0]) * (b[1] - a[1]) / (b[0] - a[0]),
        _ => x,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transforms_are_applied_in_libvmafs_order() {
        let json =
            r#"{"enabled": true, "p0": 1, "p1": 2, "out_gte_in": "true", "knots": [[0, 0], [10, 20], [20, 20]]}"#;
        let dict: TransformDict = serde_json::from_str(json).unwrap();
        let transform = dict.transform().unwrap().unwrap();
        // 1 + 2 · 3 = 7, which is 14 between the first two knots; 1 + 2 · 8 = 17, which is 20 on the flat segment; 30
        // and −1 would become 20 and, by extrapolation, −2, but must not decrease.
        assert_eq!([3.0, 8.0, 30.0, -1.0].map(|x| transform.apply(x)), [14.0, 20.0, 30.0, -1.0]);
        let off: TransformDict = serde_json::from_str(r#"{"p1": 2}"#).unwrap();
        assert_eq!(off.transform().unwrap(), None);
    }
}
