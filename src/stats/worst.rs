// SPDX-License-Identifier: MPL-2.0

//! The worst moments of a curve.

/// The lowest frame of each dip, the lowest dip first, at most `count` of them.
///
/// A frame is in a separate dip if it is at least `apart` seconds from every lower one that was found, and the curve
/// recovers in between by at least half of the distance from the frame to the median. Apart from the lowest frame of
/// all, only frames below the median form a dip. `times` are in seconds and must not decrease; values that are not
/// finite are ignored. The results are indices into `values`.
#[must_use]
pub fn worst(times: &[f64], values: &[f32], count: usize, apart: f64) -> Vec<usize> {
    let mut order: Vec<(usize, f32)> =
        values.iter().copied().enumerate().take(times.len()).filter(|(_, value)| value.is_finite()).collect();
    // Of equal values, the first.
    order.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let Some(&(_, median)) = order.get(order.len() / 2) else { return Vec::new() };
    let mut frames: Vec<Frame> =
        times.iter().zip(values).map(|(&time, &value)| Frame { time, value, taken: !value.is_finite() }).collect();
    let mut found = Vec::new();
    for (lowest, value) in order {
        if found.len() == count || (!found.is_empty() && value >= median) {
            break;
        }
        if frames.get(lowest).is_none_or(|frame| frame.taken) {
            continue;
        }
        found.push(lowest);
        let Some((before, from)) = frames.split_at_mut_checked(lowest) else { continue };
        let at = from.first().map_or(0.0, |frame| frame.time);
        take(before.iter_mut().rev(), at, median, apart);
        take(from.iter_mut(), at, median, apart);
    }
    found
}

struct Frame {
    time: f64,
    value: f32,
    /// Whether it has no value, or is in a dip that was found.
    taken: bool,
}

/// Marks the frames of the dip at the time `at`, moving away from it.
fn take<'a>(frames: impl Iterator<Item = &'a mut Frame>, at: f64, median: f32, apart: f64) {
    // How far the curve has recovered up to here.
    let mut back = f32::NEG_INFINITY;
    for frame in frames {
        let near = (frame.time - at).abs() < apart;
        if !near && back >= median {
            break;
        }
        frame.taken |= near || back < frame.value.midpoint(median);
        // A frame without a value does not change it.
        back = back.max(frame.value);
    }
}

#[cfg(test)]
mod tests {
    use super::worst;

    /// 100 s at 25 frames a second, with dips: (second, depth, length in seconds).
    fn curve(dips: &[(f64, f32, f64)]) -> (Vec<f64>, Vec<f32>) {
        let times: Vec<_> = (0..2500).map(|frame| f64::from(frame) * 0.04).collect();
        let value = |time: &f64| {
            let depth = |&(at, depth, length): &(f64, f32, f64)| {
                if (time - at).abs() < length / 2.0 {
                    depth * (1.0 - ((time - at).abs() / length * 2.0) as f32)
                } else {
                    0.0
                }
            };
            90.0 + (*time as f32 * 50.0).sin() - dips.iter().map(depth).sum::<f32>()
        };
        let values = times.iter().map(value).collect();
        (times, values)
    }

    fn seconds(count: usize, dips: &[(f64, f32, f64)]) -> Vec<f64> {
        let (times, values) = curve(dips);
        worst(&times, &values, count, 1.0).into_iter().map(|index| times[index].round()).collect()
    }

    #[test]
    fn one_frame_a_dip_the_lowest_first() {
        assert_eq!(seconds(3, &[(20.0, 30.0, 4.0), (50.0, 40.0, 20.0), (80.0, 10.0, 1.0)]), [50.0, 20.0, 80.0]);
        assert_eq!(seconds(2, &[(20.0, 30.0, 4.0), (50.0, 40.0, 20.0), (80.0, 10.0, 1.0)]), [50.0, 20.0]);
    }

    #[test]
    fn moments_are_apart() {
        let (times, mut values) = curve(&[]);
        // Each comes back at once, within a second of each other.
        for frame in [1000, 1010, 1020, 1030] {
            values[frame] = 10.0 + frame as f32 / 1000.0;
        }
        let found = worst(&times, &values, 2, 1.0);
        assert_eq!(found, [1000, 1030], "24 frames and fewer from the first are less than a second");
    }

    #[test]
    fn a_calm_curve_has_its_lowest_frame() {
        assert_eq!(worst(&[0.0, 0.04, 0.08], &[100.0; 3], 5, 1.0), [0]);
        assert_eq!(worst(&[0.0, 0.04, 0.08], &[f32::NAN; 3], 5, 1.0), [0usize; 0]);
        assert_eq!(worst(&[0.0], &[f32::NAN, 3.0], 5, 1.0), [0usize; 0]);
    }

    #[test]
    fn a_gap_does_not_make_two_dips_of_one() {
        let (times, mut values) = curve(&[(50.0, 40.0, 20.0)]);
        values[1240..1260].fill(f32::NAN);
        let found = worst(&times, &values, 5, 1.0);
        let in_dip = found.iter().filter(|index| (1050..1450).contains(*index)).count();
        assert_eq!(in_dip, 1, "{found:?}");
    }
}
