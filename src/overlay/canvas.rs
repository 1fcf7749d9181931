// SPDX-License-Identifier: MPL-2.0

//! A small picture with alpha to draw on.

/// A color: full-range R', G', B', then opacity.
pub type Rgba = [u8; 4];

/// A picture of full-range R'G'B' with alpha, 8 bits each. Colors are not premultiplied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Canvas {
    width: u32,
    height: u32,
    pixels: Vec<Rgba>,
}

impl Canvas {
    /// `width` × `height` pixels of one color.
    #[must_use]
    pub fn new(width: u32, height: u32, color: Rgba) -> Self {
        Self { width, height, pixels: vec![color; width as usize * height as usize] }
    }

    /// `width` × `height` pixels, row by row; `None` if the number of pixels differs.
    #[must_use]
    pub fn from_pixels(width: u32, height: u32, pixels: Vec<Rgba>) -> Option<Self> {
        (width as usize * height as usize == pixels.len()).then_some(Self { width, height, pixels })
    }

    /// In pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// In pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// All pixels, row by row.
    #[must_use]
    pub fn pixels(&self) -> &[Rgba] {
        &self.pixels
    }

    /// The pixels of a row; `None` beyond the last.
    #[must_use]
    pub fn row(&self, y: u32) -> &[Rgba] {
        let start = y as usize * self.width as usize;
        self.pixels.get(start..start + self.width as usize).unwrap_or_default()
    }

    /// Draws the color over a pixel, weighted by `coverage` (0 to 255). Pixels outside are ignored.
    pub(super) fn blend(&mut self, x: i32, y: i32, color: Rgba, coverage: u8) {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
        if x >= self.width {
            return;
        }
        if let Some(pixel) = self.pixels.get_mut(y as usize * self.width as usize + x as usize) {
            *pixel = over(*pixel, color, coverage);
        }
    }

    /// Draws the color over a rectangle with fractional borders, in pixels. Pixels outside are ignored.
    pub(super) fn fill(&mut self, [left, top, right, bottom]: [f32; 4], color: Rgba) {
        let columns = clip(left, right, self.width);
        for y in clip(top, bottom, self.height) {
            let share = overlap(top, bottom, y);
            for x in columns.clone() {
                let coverage = share * overlap(left, right, x) * 255.0;
                self.blend(x, y, color, (coverage + 0.5) as u8);
            }
        }
    }

    /// Draws the color over the part of a column between two heights.
    pub(super) fn fill_column(&mut self, x: i32, top: f32, bottom: f32, color: Rgba) {
        for y in clip(top, bottom, self.height) {
            self.blend(x, y, color, (overlap(top, bottom, y) * 255.0 + 0.5) as u8);
        }
    }
}

/// The pixels that lie at least partly between two borders.
fn clip(low: f32, high: f32, length: u32) -> std::ops::Range<i32> {
    let most = length as f32;
    // Saturating casts: borders far outside are clipped, and NaN becomes 0.
    (low.clamp(0.0, most).floor() as i32)..(high.clamp(0.0, most).ceil() as i32)
}

/// How much of a pixel lies between two borders, 0 to 1.
fn overlap(low: f32, high: f32, pixel: i32) -> f32 {
    let pixel = pixel as f32;
    (high.min(pixel + 1.0) - low.max(pixel)).clamp(0.0, 1.0)
}

/// One color over another (Porter and Duff, 1984), each with its alpha.
fn over(below: Rgba, above: Rgba, coverage: u8) -> Rgba {
    let alpha = scaled(u32::from(above[3]), u32::from(coverage));
    if alpha == 0 {
        return below;
    }
    let under = scaled(u32::from(below[3]), 255 - alpha);
    let total = alpha + under;
    let mix = |index: usize| {
        let sum = u32::from(above[index]) * alpha + u32::from(below[index]) * under;
        ((sum + total / 2) / total) as u8
    };
    [mix(0), mix(1), mix(2), total as u8]
}

/// The product of two fractions of 255.
fn scaled(one: u32, two: u32) -> u32 {
    (one * two + 127) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opaque_colors_replace_and_translucent_ones_mix() {
        let (red, blue) = ([200, 0, 0, 255], [0, 0, 100, 255]);
        assert_eq!(over(blue, red, 255), red);
        assert_eq!(over(blue, red, 0), blue);
        // 128/255 of red and 127/255 of blue.
        assert_eq!(over(blue, [200, 0, 0, 128], 255), [100, 0, 50, 255]);
        // On nothing, the color is kept and only its alpha is less.
        assert_eq!(over([0; 4], red, 51), [200, 0, 0, 51]);
    }

    #[test]
    fn borders_may_be_fractions_and_far_outside() {
        let mut canvas = Canvas::new(3, 2, [0, 0, 0, 255]);
        canvas.fill([0.5, -9.0, 1.5, 1.0], [255; 4]);
        let row = |y| canvas.row(y).iter().map(|pixel| pixel[0]).collect::<Vec<_>>();
        assert_eq!([row(0), row(1)], [vec![128, 128, 0], vec![0, 0, 0]]);
        canvas.fill([f32::NEG_INFINITY, 1.0, f32::INFINITY, 1e20], [9, 9, 9, 255]);
        assert_eq!(canvas.row(1), [[9, 9, 9, 255]; 3]);
        canvas.fill([f32::NAN, f32::NAN, 2.0, 2.0], [1; 4]);
        canvas.blend(-1, 0, [1; 4], 255);
        canvas.blend(3, 0, [1; 4], 255);
        assert_eq!(canvas.row(1), [[9, 9, 9, 255]; 3], "what is outside of a row is not in the next");
        assert!(canvas.row(2).is_empty());
    }
}
