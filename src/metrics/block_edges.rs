// SPDX-License-Identifier: MPL-2.0

//! How visible the edges of a codec's blocks are in a picture.

/// Side of a block, in pixels: that of the discrete cosine transforms of JPEG, MPEG-2 and MPEG-4 part 2.
const SIDE: usize = 8;

/// Sums of absolute differences of neighboring pixels, by column and by row.
pub(super) struct BlockEdges {
    /// Between each column and the next, over all added rows.
    columns: Vec<f64>,
    /// Between each added row and the one above, with the row's number.
    rows: Vec<(usize, f64)>,
}

impl BlockEdges {
    /// Of a picture of that width, without rows.
    pub fn new(width: usize) -> Self {
        Self { columns: vec![0.0; width.saturating_sub(1)], rows: Vec::new() }
    }

    /// Adds the row `y`; rows come from top to bottom.
    pub fn add(&mut self, y: usize, above: &[f32], own: &[f32]) {
        for (sum, two) in self.columns.iter_mut().zip(own.windows(2)) {
            *sum += f64::from((two[1] - two[0]).abs());
        }
        let down: f32 = own.iter().zip(above).map(|(own, above)| (own - above).abs()).sum();
        self.rows.push((y, f64::from(down)));
    }

    /// By how much the differences at every eighth column and row exceed those around them, relative to the mean
    /// difference, horizontally and vertically added up. A few tenths if only the picture's own content causes it.
    pub fn shown(&self) -> f64 {
        let columns: Vec<_> = self.columns.iter().copied().enumerate().collect();
        excess(&columns) + excess(&self.rows)
    }
}

/// By how much the differences at one of the eight phases exceed those around them, compared with the other phases.
fn excess(differences: &[(usize, f64)]) -> f64 {
    let mut phases = [(0.0, 0u32); SIDE];
    for three in differences.windows(3) {
        let [(before, left), (at, own), (after, right)] = [three[0], three[1], three[2]];
        // Rows of blocks in between may have been skipped.
        if after - before == 2 {
            let (sum, count) = &mut phases[at % SIDE];
            *sum += own - (left + right) / 2.0;
            *count += 1;
        }
    }
    let mean = differences.iter().map(|(_, difference)| difference).sum::<f64>() / differences.len().max(1) as f64;
    if mean <= 0.0 || phases.iter().any(|(_, count)| *count == 0) {
        return 0.0;
    }
    let mut means = phases.map(|(sum, count)| sum / f64::from(count) / mean);
    means.sort_by(f64::total_cmp);
    means[SIDE - 1] - (means[SIDE / 2 - 1] + means[SIDE / 2]) / 2.0
}

#[cfg(test)]
mod tests {
    use super::BlockEdges;

    /// Of rows 1 to 63 of a picture 64 pixels wide.
    fn shown(value: impl Fn(usize, usize) -> f32) -> f64 {
        let row = |y: usize| (0..64).map(|x| value(x, y)).collect::<Vec<_>>();
        let mut edges = BlockEdges::new(64);
        (1..64).for_each(|y| edges.add(y, &row(y - 1), &row(y)));
        edges.shown()
    }

    #[test]
    fn steps_every_eight_pixels_are_found_at_any_phase() {
        let texture = |x: usize, y: usize| ((x * 7 + y * 13) % 5) as f32;
        let level = |x: usize, y: usize| ((x / 8 * 31 + y / 8 * 17) % 7) as f32 * 4.0;
        assert!(shown(texture) < 0.3, "{}", shown(texture));
        for begin in [0, 3] {
            let blocks = shown(|x, y| texture(x, y) + level(x + begin, y + begin));
            assert!(blocks > 2.0, "{blocks}");
        }
        // Columns alone.
        let columns = shown(|x, y| texture(x, y) + level(x, 0));
        assert!(columns > 1.0, "{columns}");
        assert_eq!((shown(|_, _| 7.0), BlockEdges::new(0).shown()), (0.0, 0.0));
    }

    #[test]
    fn skipped_rows_are_not_neighbors() {
        let mut edges = BlockEdges::new(4);
        for y in (1..200).filter(|y| y % 48 < 16) {
            // The first row after a gap differs much from the row above, which was not added.
            edges.add(y, &[0.0; 4], &[if y % 48 == 0 { 90.0 } else { 1.0 }; 4]);
        }
        assert!(edges.shown() < 0.1, "{}", edges.shown());
    }
}
