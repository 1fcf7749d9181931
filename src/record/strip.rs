// SPDX-License-Identifier: MPL-2.0

//! Where in time frames found their partners.

use super::PairingState;

/// A rendition's frame in a [`Strip`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StripFrame {
    /// The time of its partner, or where a partner would be. In seconds.
    pub time: f64,
    /// What became of it.
    pub pairing: PairingState,
}

/// What became of the frames of one interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    /// The rendition's frames with a partner of their own.
    pub matched: u32,
    /// Those with the partner of the previous frame.
    pub duplicate: u32,
    /// Those without a partner.
    pub unmatched: u32,
    /// Frames of the source between the first and the last pair that no frame of the rendition shows.
    pub dropped: u32,
    /// Whether the cell lies before the first pair or after the last.
    pub outside: bool,
}

/// The frames of a rendition along the source's time, in equal cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Strip {
    /// Start of the first cell, in seconds.
    pub start: f64,
    /// Length of each cell, in seconds.
    pub length: f64,
    /// The cells in order.
    pub cells: Vec<Cell>,
}

impl Strip {
    /// `count` cells from `start` to `end` (seconds). Frames outside are counted in the first or last one.
    ///
    /// Dropped frames are derived from the step between two partners: `source_interval` is the duration of a source
    /// frame in seconds; without it (the source has no fixed rate) none are counted.
    #[must_use]
    pub fn new(
        frames: impl IntoIterator<Item = StripFrame>,
        source_interval: Option<f64>,
        start: f64,
        end: f64,
        count: usize,
    ) -> Self {
        let length = (end - start) / count.max(1) as f64;
        let mut cells = vec![Cell::default(); count];
        let at = |time: f64| {
            if length > 0.0 { (((time - start) / length).max(0.0) as usize).min(count.max(1) - 1) } else { 0 }
        };
        let (mut first, mut last): (Option<f64>, Option<f64>) = (None, None);
        for frame in frames {
            let Some(cell) = cells.get_mut(at(frame.time)) else { continue };
            match frame.pairing {
                PairingState::Matched => cell.matched += 1,
                PairingState::Duplicate => cell.duplicate += 1,
                PairingState::Unmatched => cell.unmatched += 1,
            }
            if frame.pairing != PairingState::Matched {
                continue;
            }
            if let (Some(before), Some(interval)) = (last, source_interval.filter(|interval| *interval > 0.0)) {
                let missing = ((frame.time - before) / interval).round() as i64 - 1;
                // If a long part is missing, each of its cells has its share.
                for number in 1..=missing {
                    if let Some(cell) = cells.get_mut(at(before + interval * number as f64)) {
                        cell.dropped += 1;
                    }
                }
            }
            first = first.or(Some(frame.time));
            last = Some(last.map_or(frame.time, |last| last.max(frame.time)));
        }
        let reach = source_interval.unwrap_or(0.0);
        for (index, cell) in cells.iter_mut().enumerate() {
            let (from, to) = (start + length * index as f64, start + length * (index + 1) as f64);
            cell.outside = first.is_some_and(|first| to <= first) || last.is_some_and(|last| from >= last + reach);
        }
        Self { start, length, cells }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, PairingState, Strip, StripFrame};

    fn frames(times: impl IntoIterator<Item = u32>) -> Vec<StripFrame> {
        let frame = |number| StripFrame { time: f64::from(number) * 0.04, pairing: PairingState::Matched };
        times.into_iter().map(frame).collect()
    }

    #[test]
    fn every_frame_is_in_its_cell() {
        let mut given = frames((25..60).chain(72..225));
        given[50].pairing = PairingState::Duplicate;
        given[51].pairing = PairingState::Unmatched;
        let strip = Strip::new(given.iter().copied(), Some(0.04), 0.0, 10.0, 10);
        assert_eq!((strip.length, strip.cells.len()), (1.0, 10));
        let sum = |of: fn(&Cell) -> u32| strip.cells.iter().map(of).sum::<u32>();
        assert_eq!(sum(|c| c.matched + c.duplicate + c.unmatched), given.len() as u32);
        assert_eq!((sum(|c| c.duplicate), sum(|c| c.unmatched)), (1, 1));
        // Frames 60 to 71, and the two partners of the frames that are not matched.
        assert_eq!(strip.cells.iter().map(|c| c.dropped).collect::<Vec<_>>(), [0, 0, 12, 2, 0, 0, 0, 0, 0, 0]);
        let outside: Vec<_> = strip.cells.iter().map(|c| c.outside).collect();
        assert_eq!(outside, [true, false, false, false, false, false, false, false, false, true]);
    }

    #[test]
    fn a_long_hole_lies_in_the_cells_that_it_covers() {
        let strip = Strip::new(frames((0..25).chain(100..125)), Some(0.04), 0.0, 5.0, 5);
        assert_eq!(strip.cells.iter().map(|c| c.dropped).collect::<Vec<_>>(), [0, 25, 25, 25, 0]);
        let unknown = Strip::new(frames((0..25).chain(100..125)), None, 0.0, 5.0, 5);
        assert_eq!(unknown.cells.iter().map(|c| c.dropped).sum::<u32>(), 0);
    }

    #[test]
    fn nothing_and_no_time() {
        assert_eq!(Strip::new([], Some(0.04), 0.0, 5.0, 2).cells, [Cell::default(); 2]);
        let cells = Strip::new(frames([0, 1]), Some(0.04), 0.0, 0.0, 1).cells;
        assert_eq!(cells[0].matched, 2);
    }
}
