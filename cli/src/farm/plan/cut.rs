// SPDX-License-Identifier: MPL-2.0

//! Where renditions are cut into segments.

use std::time::Duration;

/// Cuts in stream times of the source, in nanoseconds: after every `segment`, at the next keyframe if there is one
/// within half a segment. A cut lies half a frame before a frame, so that rounded timestamps do not matter. `pictures`:
/// stream times, in any order, and whether each is a keyframe.
pub fn cuts(pictures: &[(u64, bool)], segment: Duration) -> Vec<u64> {
    let segment = u64::try_from(segment.as_nanos()).unwrap_or(u64::MAX).max(1);
    let mut times: Vec<_> = pictures.iter().map(|(time, _)| *time).collect();
    times.sort_unstable();
    let mut keyframes: Vec<_> = pictures.iter().filter(|(_, is_key)| *is_key).map(|(time, _)| *time).collect();
    keyframes.sort_unstable();
    let (Some(&first), Some(&last)) = (times.first(), times.last()) else { return Vec::new() };
    let mut cuts = Vec::new();
    let mut from = first;
    loop {
        let wanted = from.saturating_add(segment);
        let at = |times: &[u64]| times.get(times.partition_point(|time| *time < wanted)).copied();
        let keyframe = at(&keyframes).filter(|time| time - wanted <= segment / 2);
        let Some(cut) = keyframe.or_else(|| at(&times)) else { return cuts };
        // A rest that is too short joins the last segment.
        if cut <= from || cut.saturating_add(segment / 2) > last {
            return cuts;
        }
        let before = times.partition_point(|time| *time < cut).checked_sub(1).and_then(|index| times.get(index));
        cuts.push(cut - (cut - before.copied().unwrap_or(cut)) / 2);
        from = cut;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: u64 = 40_000_000;

    fn pictures(frames: u64, interval: u64) -> Vec<(u64, bool)> {
        (0..frames).map(|n| (n * FRAME, n % interval == 0)).collect()
    }

    fn of(frames: u64, interval: u64, seconds: u64) -> Vec<f64> {
        let cuts = cuts(&pictures(frames, interval), Duration::from_secs(seconds));
        cuts.into_iter().map(|cut| cut as f64 / 1e9).collect()
    }

    #[test]
    fn segments_end_half_a_frame_before_a_keyframe() {
        assert_eq!(of(1000, 50, 10), [9.98, 19.98, 29.98]);
        assert_eq!(of(1000, 60, 10), [11.98, 23.98]);
        // The next keyframe is too far away.
        assert_eq!(of(500, 1000, 5), [4.98, 9.98, 14.98]);
        assert_eq!(of(100, 25, 10), [0.0; 0]);
        assert_eq!(cuts(&[], Duration::from_secs(1)), [0; 0]);
        assert_eq!(cuts(&[(u64::MAX, true)], Duration::MAX), [0; 0]);
    }

    #[test]
    fn coding_order_does_not_matter() {
        let mut shuffled = pictures(1000, 50);
        shuffled.chunks_mut(4).for_each(|some| some.reverse());
        let second = Duration::from_secs(1);
        assert_eq!(cuts(&shuffled, second), cuts(&pictures(1000, 50), second));
    }
}
