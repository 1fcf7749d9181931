// SPDX-License-Identifier: MPL-2.0

//! Which rungs of a ladder are worth their rate.

/// One rung of a ladder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatePoint {
    /// Bits per second (or any unit that all rungs share), greater than 0.
    pub rate: f64,
    /// The value of a measure; higher is better.
    pub quality: f64,
}

impl RatePoint {
    /// Whether it can be plotted on a logarithmic axis of rates.
    pub(super) fn plottable(self) -> bool {
        self.rate > 0.0 && self.rate.is_finite() && self.quality.is_finite()
    }
}

/// The position of a rung.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum HullPlace {
    /// On the hull: no mixture of others gives this quality for less rate.
    On,
    /// Below it, or beyond its best point.
    Off {
        /// The hull's quality at the rung's rate, in the measure's unit.
        reached: f64,
    },
    /// It has no rate or no quality, and is not plotted.
    Missing,
}

/// The upper convex hull of quality over the logarithm of rate, up to the best quality: the position of each rung, in
/// the order given.
///
/// A rung that is no better than one of a lower rate is off the hull. Rungs of equal rate and quality are both on it.
#[must_use]
pub fn hull(points: &[RatePoint]) -> Vec<HullPlace> {
    let mut order: Vec<(usize, f64, f64)> = points
        .iter()
        .enumerate()
        .filter(|(_, point)| point.plottable())
        .map(|(index, point)| (index, point.rate.ln(), point.quality))
        .collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1).then(b.2.total_cmp(&a.2)));
    let mut chain: Vec<(f64, f64)> = Vec::new();
    for &(_, x, y) in &order {
        // Of equal rates the best came first; a quality that was reached for less is not on the hull.
        if chain.last().is_some_and(|last| y <= last.1) {
            continue;
        }
        while let [.., a, b] = chain.as_slice() {
            let above = (b.0 - a.0) * (y - a.1) - (b.1 - a.1) * (x - a.0);
            if above < 0.0 {
                break;
            }
            chain.pop();
        }
        chain.push((x, y));
    }
    let end = chain.last().map_or(f64::INFINITY, |last| last.0);
    let mut places = vec![HullPlace::Missing; points.len()];
    for (index, x, y) in order {
        let reached = at(&chain, x);
        if let (Some(place), Some(reached)) = (places.get_mut(index), reached) {
            *place = if y >= reached && x <= end { HullPlace::On } else { HullPlace::Off { reached } };
        }
    }
    places
}

/// The height of the chain at `x`; beyond its last point, that of the last point.
fn at(chain: &[(f64, f64)], x: f64) -> Option<f64> {
    let next = chain.partition_point(|point| point.0 < x);
    match (next.checked_sub(1).and_then(|before| chain.get(before)), chain.get(next)) {
        (_, Some(point)) if point.0 == x => Some(point.1),
        (Some(a), Some(b)) => Some(a.1 + (b.1 - a.1) * (x - a.0) / (b.0 - a.0)),
        (Some(point), None) | (None, Some(point)) => Some(point.1),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{HullPlace, RatePoint, hull};

    fn places(points: &[(f64, f64)]) -> Vec<HullPlace> {
        hull(&points.iter().map(|&(rate, quality)| RatePoint { rate, quality }).collect::<Vec<_>>())
    }

    #[test]
    fn a_rung_below_the_line_of_its_neighbors_is_off() {
        // On a logarithmic axis 2 lies midway between 1 and 4.
        let found = places(&[(4.0, 90.0), (2.0, 79.0), (1.0, 70.0), (16.0, 95.0)]);
        assert_eq!(found[0], HullPlace::On);
        let HullPlace::Off { reached } = found[1] else { panic!("{found:?}") };
        assert!((reached - 80.0).abs() < 1e-12);
        assert_eq!(found[2..], [HullPlace::On, HullPlace::On]);
        assert!(places(&[(4.0, 90.0), (2.0, 81.0), (1.0, 70.0)]).iter().all(|place| *place == HullPlace::On));
    }

    #[test]
    fn more_rate_without_more_quality_is_off() {
        let found = places(&[(1.0, 70.0), (2.0, 80.0), (3.0, 80.0), (4.0, 78.0), (2.0, 60.0)]);
        assert_eq!(found[..2], [HullPlace::On, HullPlace::On]);
        assert_eq!(found[2..], [HullPlace::Off { reached: 80.0 }; 3]);
    }

    #[test]
    fn what_has_no_place_on_the_plot_has_none_on_the_hull() {
        let found = places(&[(0.0, 70.0), (f64::NAN, 80.0), (3.0, f64::NAN), (4.0, 78.0)]);
        assert_eq!(found, [HullPlace::Missing, HullPlace::Missing, HullPlace::Missing, HullPlace::On]);
        assert_eq!(places(&[]), []);
    }
}
