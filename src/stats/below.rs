// SPDX-License-Identifier: MPL-2.0

//! When a curve is below a limit.

/// The intervals, in seconds, in which values are below `limit`: each from the first such frame to the last; those less
/// than `join` seconds apart are merged.
///
/// `times` must not decrease; values that are not finite are ignored.
#[must_use]
pub fn below(times: &[f64], values: &[f32], limit: f64, join: f64) -> Vec<[f64; 2]> {
    let mut spans: Vec<[f64; 2]> = Vec::new();
    for (&time, _) in times.iter().zip(values).filter(|(_, value)| f64::from(**value) < limit) {
        match spans.last_mut() {
            Some([_, end]) if time - *end < join => *end = time,
            _ => spans.push([time, time]),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn spans_that_are_near_are_one() {
        let times: Vec<_> = (0..10).map(f64::from).collect();
        let values = [90.0, 70.0, 79.9, 80.0, f32::NAN, 60.0, 90.0, 90.0, f32::NAN, 10.0];
        assert_eq!(below(&times, &values, 80.0, 1.5), [[1.0, 2.0], [5.0, 5.0], [9.0, 9.0]]);
        assert_eq!(below(&times, &values, 80.0, 3.5), [[1.0, 5.0], [9.0, 9.0]]);
        assert_eq!(below(&times, &values, 5.0, 3.5), [[0.0; 2]; 0]);
    }
}
