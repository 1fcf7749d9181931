// SPDX-License-Identifier: MPL-2.0

//! Letterbox and pillarbox: black bars between the picture's border and its content.

use std::ops::Range;

use crate::picture::{Component, Family, Picture, PixelFormat, Range as Levels, Rect};
use crate::simd::{Kernel, SimdLevel, dispatch};

/// A sample this far above black, in 8-bit codes, belongs to content. Coding noise and ringing stay below.
const BRIGHT: u32 = 12;
/// The mean of a line in a bar is at most this far above black, in 8-bit codes.
const MEAN: u32 = 4;
/// A line belongs to content if at least one in this many of its samples is bright; fewer are noise.
const FEW: u32 = 256;
/// At an edge between bar and content, at least one in this many samples is bright; otherwise it is the edge of an
/// object in the dark.
const BROAD: u32 = 4;
/// Lines behind an edge that are checked for this, since the first line of content may be blurred.
const BEHIND: u32 = 4;
/// Content covers at least one in this many rows or columns: 2.39:1 inside an upright 9:16 is 1 in 4.3.
const LEAST: u32 = 5;
/// Columns are examined in every fourth row: letters and logos are taller.
const EVERY: u32 = 4;
/// Columns that are processed together.
const COLUMNS: usize = 32;

/// Finds the letterbox and pillarbox of one stream, frame by frame.
///
/// A bar consists of whole rows or columns that are near black: on average at most 4 codes above it (of 8 bits, by the
/// picture's range and depth), with fewer than 1 in 256 samples more than 12 above. What was once seen as content
/// remains content, so a bar can only become smaller, for example because of a subtitle in it. A side's bar counts from
/// the first frame in which a quarter of its edge is bright, so that a title on black is not taken for a small picture,
/// and only if at least a fifth of the picture's width or height is left.
///
/// A frame costs no more than reading the bars themselves. A change of format or size starts again.
#[derive(Debug, Clone, Default)]
pub struct Letterbox {
    of: Option<(PixelFormat, u32, u32, Levels)>,
    seen: Option<Edges>,
    /// Left, top, right, bottom: whether the edge was seen.
    broad: [bool; 4],
}

/// The first and the last line of content, exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edges {
    columns: [u32; 2],
    rows: [u32; 2],
}

impl Letterbox {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Examines the stream's next frame. Returns the content so far as [`Letterbox::content`] does, or the whole
    /// picture while it is unknown.
    pub fn update(&mut self, picture: &Picture<'_>) -> Rect {
        let of = (picture.format(), picture.width(), picture.height(), picture.colorimetry().range);
        if self.of != Some(of) {
            *self = Self { of: Some(of), ..Self::default() };
        }
        let mut seen = self.seen;
        dispatch(Look { dark: &Dark::of(picture), seen: &mut seen, broad: &mut self.broad });
        self.seen = seen;
        self.content().unwrap_or_else(|| picture.rect())
    }

    /// The content so far. It begins and ends at even pixels (or where a part of the picture can begin), unless it
    /// reaches the border. `None` until something other than darkness was seen.
    pub fn content(&self) -> Option<Rect> {
        let ((format, width, height, _), seen) = (self.of?, self.seen?);
        let alignment = format.alignment().map(|a| a.max(2));
        let inside = |[first, end]: [u32; 2], all: u32, a: u32, broad: [bool; 2]| {
            let first = if broad[0] { first.next_multiple_of(a) } else { 0 };
            let end = if broad[1] && end < all { end / a * a } else { all };
            if end.saturating_sub(first) >= all.div_ceil(LEAST) { (first, end - first) } else { (0, all) }
        };
        let [left, top, right, bottom] = self.broad;
        let (x, width) = inside(seen.columns, width, alignment[0], [left, right]);
        let (y, height) = inside(seen.rows, height, alignment[1], [top, bottom]);
        Some(Rect { x, y, width, height })
    }
}

/// Examines one frame for [`Letterbox`].
struct Look<'a, 'p> {
    dark: &'a Dark<'p>,
    seen: &'a mut Option<Edges>,
    broad: &'a mut [bool; 4],
}

impl Kernel for Look<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<L: SimdLevel>(self, _: L) {
        let Self { dark, seen, broad } = self;
        let (width, height) = (dark.picture.width(), dark.picture.height());
        let all = 0..width;
        // Only from the border to where content is known to begin.
        let [top, bottom] = seen.map_or([height, 0], |seen| seen.rows);
        let first = (0..top).find(|&y| dark.row(y, &all).is_content()).unwrap_or(top);
        if first == height {
            return;
        }
        let end = (bottom.max(first)..height).rev().find(|&y| dark.row(y, &all).is_content()).map_or(bottom, |y| y + 1);
        let rows = first..end;
        let [left, right] = seen.map_or([width, 0], |seen| seen.columns);
        let left = dark.first_column(0..left, &rows).unwrap_or(left);
        let right = dark.last_column(right.max(left)..width, &rows).map_or(right, |x| x + 1);
        if left >= right {
            // Enough bright samples for a row, but not for a column anywhere: too little to decide.
            return;
        }
        *seen = Some(Edges { columns: [left, right], rows: [first, end] });
        let columns = left..right;
        let row = |y: u32| dark.row(y, &columns).is_broad();
        let column = |x: u32| dark.column(x, &rows).is_broad();
        broad[0] |= (left..right.min(left + BEHIND)).any(column);
        broad[1] |= (first..end.min(first + BEHIND)).any(row);
        broad[2] |= (left.max(right.saturating_sub(BEHIND))..right).any(column);
        broad[3] |= (first.max(end.saturating_sub(BEHIND))..end).any(row);
    }
}

/// What a row or column contains.
#[derive(Debug, Clone, Copy, Default)]
struct Line {
    samples: u32,
    bright: u32,
    /// Whether its mean is above that of a bar.
    light: bool,
}

impl Line {
    fn is_content(self) -> bool {
        self.light || self.bright * FEW >= self.samples.max(1)
    }

    fn is_broad(self) -> bool {
        self.bright * BROAD >= self.samples.max(1)
    }

    /// Combines two components.
    fn or(self, other: Self) -> Self {
        Self {
            samples: self.samples.max(other.samples),
            bright: self.bright.max(other.bright),
            light: self.light | other.light,
        }
    }
}

/// A picture and its thresholds for darkness.
struct Dark<'p> {
    picture: Picture<'p>,
    /// Y', or R', G', B'.
    components: Range<usize>,
    /// Samples above this are bright.
    bright: u32,
    /// Lines with a mean above this are light.
    mean: u32,
}

impl<'p> Dark<'p> {
    fn of(picture: &Picture<'p>) -> Self {
        let format = picture.format();
        let components = 0..if format.family() == Family::Rgb { 3 } else { 1 };
        let black = if picture.colorimetry().range == Levels::Limited { 16 } else { 0 };
        let step = format.components()[0].depth - 8;
        Self { picture: *picture, components, bright: (black + BRIGHT) << step, mean: (black + MEAN) << step }
    }

    fn component(&self, index: usize) -> Component {
        self.picture.format().components()[index]
    }

    fn line(&self, samples: u32, bright: u32, sum: u64) -> Line {
        Line { samples, bright, light: sum > u64::from(self.mean) * u64::from(samples) }
    }

    #[inline(always)]
    fn row(&self, y: u32, columns: &Range<u32>) -> Line {
        let of = |index| {
            let (bright, sum) = tally(self.samples(index, y, columns), &self.component(index), self.bright);
            self.line(columns.len() as u32, bright, sum)
        };
        self.components.clone().map(of).fold(Line::default(), Line::or)
    }

    /// The bytes of a component in some columns of a row.
    #[inline(always)]
    fn samples(&self, index: usize, y: u32, columns: &Range<u32>) -> &'p [u8] {
        let (row, step) = (self.picture.row(index, y), usize::from(self.component(index).step));
        &row[(columns.start as usize * step).min(row.len())..(columns.end as usize * step).min(row.len())]
    }

    fn column(&self, x: u32, rows: &Range<u32>) -> Line {
        self.columns(x..x + 1, rows)[0]
    }

    /// At most `COLUMNS` of them.
    #[inline(always)]
    fn columns(&self, columns: Range<u32>, rows: &Range<u32>) -> [Line; COLUMNS] {
        let mut lines = [Line::default(); COLUMNS];
        for index in self.components.clone() {
            let component = self.component(index);
            let (mut bright, mut sums) = ([0u32; COLUMNS], [0u32; COLUMNS]);
            let mut samples = 0;
            for y in rows.clone().step_by(EVERY as usize) {
                let row = self.samples(index, y, &columns);
                let mut values = [0u32; COLUMNS];
                unpack(row, &component, &mut values[..columns.len()]);
                for i in 0..COLUMNS {
                    bright[i] += u32::from(values[i] > self.bright);
                    // At most 2¹⁶ / EVERY rows of 16 bits each.
                    sums[i] += values[i];
                }
                samples += 1;
            }
            for (line, (&bright, &sum)) in lines.iter_mut().zip(bright.iter().zip(&sums)) {
                *line = line.or(self.line(samples, bright, u64::from(sum)));
            }
        }
        lines
    }

    #[inline(always)]
    fn first_column(&self, columns: Range<u32>, rows: &Range<u32>) -> Option<u32> {
        columns.clone().step_by(COLUMNS).find_map(|start| {
            let block = start..columns.end.min(start + COLUMNS as u32);
            let lines = self.columns(block.clone(), rows);
            block.zip(lines).find(|(_, line)| line.is_content()).map(|(x, _)| x)
        })
    }

    #[inline(always)]
    fn last_column(&self, columns: Range<u32>, rows: &Range<u32>) -> Option<u32> {
        let mut end = columns.end;
        while end > columns.start {
            let block = columns.start.max(end.saturating_sub(COLUMNS as u32))..end;
            let lines = self.columns(block.clone(), rows);
            let found = block.clone().zip(lines).rfind(|(_, line)| line.is_content());
            if let Some((x, _)) = found {
                return Some(x);
            }
            end = block.start;
        }
        None
    }
}

/// How many samples are above `bright`, and the sum of all samples.
#[inline(always)]
fn tally(row: &[u8], component: &Component, bright: u32) -> (u32, u64) {
    let (mut count, mut sum) = (0, 0);
    if component.bytes() == 1 && component.step == 1 {
        // Short enough for 16-bit counters, of which a vector holds more.
        let level = bright as u8;
        for piece in row.chunks(256) {
            let mut above = 0u16;
            let mut total = 0u16;
            for &v in piece {
                above += u16::from(v > level);
                total += u16::from(v);
            }
            count += u32::from(above);
            sum += u64::from(total);
        }
        return (count, sum);
    }
    let mut values = [0; COLUMNS];
    for piece in row.chunks(COLUMNS * usize::from(component.step)) {
        let values = &mut values[..piece.len().div_ceil(usize::from(component.step))];
        unpack(piece, component, values);
        count += values.iter().map(|&v| u32::from(v > bright)).sum::<u32>();
        sum += u64::from(values.iter().sum::<u32>());
    }
    (count, sum)
}

/// The samples in a row's bytes.
#[inline(always)]
fn unpack(row: &[u8], component: &Component, out: &mut [u32]) {
    let step = usize::from(component.step);
    if component.bytes() == 1 {
        match step {
            1 => out.iter_mut().zip(row).for_each(|(out, &v)| *out = u32::from(v)),
            step => out.iter_mut().zip(row.chunks(step)).for_each(|(out, v)| *out = u32::from(v[0])),
        }
    } else {
        let word = |v: &[u8]| u32::from(u16::from_le_bytes([v[0], v[1]])) >> component.shift;
        match step {
            2 => out.iter_mut().zip(row.as_chunks::<2>().0).for_each(|(out, v)| *out = word(v)),
            step => out.iter_mut().zip(row.chunks(step)).for_each(|(out, v)| *out = word(v)),
        }
    }
}
