// SPDX-License-Identifier: MPL-2.0

//! Text in the font that is embedded in the binary.

use super::canvas::{Canvas, Rgba};
use ab_glyph::{Font, FontRef, Glyph, Point, PxScale, ScaleFont};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A subset of Roboto Medium: see `font/README.md`.
static FONT: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(include_bytes!("font/Roboto-Medium.ttf")).expect("the font in the binary is a font")
});

/// Most glyphs kept.
const KEPT: usize = 1024;

/// A rendered glyph.
#[derive(Debug, Default)]
struct Drawn {
    /// From the pen to the first column.
    left: i32,
    /// From the baseline to the first row, downwards.
    top: i32,
    width: u32,
    coverage: Vec<u8>,
    /// To the next pen position.
    advance: f32,
}

/// Draws text, and caches glyphs.
#[derive(Debug, Default)]
pub struct Text {
    /// By character and size in pixels.
    glyphs: HashMap<(char, u32), Drawn>,
}

impl Text {
    /// The width of a line in pixels; `size` is the font's, in pixels.
    pub fn width(&mut self, text: &str, size: u32) -> f32 {
        text.chars().map(|character| self.glyph(character, size).advance).sum()
    }

    /// Draws a line from `x` to the right, on the baseline `y`.
    pub fn draw(&mut self, canvas: &mut Canvas, text: &str, [x, y]: [f32; 2], size: u32, color: Rgba) {
        let (mut pen, baseline) = (x, y.round() as i32);
        for character in text.chars() {
            let glyph = self.glyph(character, size);
            let left = pen.round() as i32 + glyph.left;
            let rows = glyph.coverage.chunks(glyph.width.max(1) as usize);
            for (y, row) in (baseline + glyph.top..).zip(rows) {
                for (x, &coverage) in (left..).zip(row) {
                    if coverage > 0 {
                        canvas.blend(x, y, color, coverage);
                    }
                }
            }
            pen += glyph.advance;
        }
    }

    fn glyph(&mut self, character: char, size: u32) -> &Drawn {
        // Names come from outside: they must not fill the cache permanently.
        if self.glyphs.len() >= KEPT {
            self.glyphs.clear();
        }
        self.glyphs.entry((character, size)).or_insert_with(|| draw(character, size))
    }
}

/// A glyph that the font lacks is drawn as U+FFFD.
fn draw(character: char, size: u32) -> Drawn {
    let known = FONT.glyph_id(character);
    let id = if known.0 == 0 { FONT.glyph_id('\u{fffd}') } else { known };
    // `PxScale` is the height from ascent to descent, `size` that of the em.
    let em = FONT.units_per_em().unwrap_or(1.0) / FONT.height_unscaled();
    let scale = PxScale::from(size as f32 / em.max(f32::EPSILON));
    let advance = FONT.as_scaled(scale).h_advance(id);
    let glyph = Glyph { id, scale, position: Point::default() };
    let Some(outline) = FONT.outline_glyph(glyph) else { return Drawn { advance, ..Drawn::default() } };
    let bounds = outline.px_bounds();
    let (width, height) = (bounds.width().ceil() as u32, bounds.height().ceil() as u32);
    let mut coverage = vec![0; width as usize * height as usize];
    outline.draw(|x, y, share| {
        if let Some(place) = coverage.get_mut(y as usize * width as usize + x as usize) {
            *place = (share.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
        }
    });
    Drawn { left: bounds.min.x as i32, top: bounds.min.y as i32, width, coverage, advance }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_is_as_wide_as_the_next_and_drawn_differently() {
        let mut text = Text::default();
        let widths: Vec<_> = ('0'..='9').map(|digit| text.width(&digit.to_string(), 24)).collect();
        assert!(widths.iter().all(|&width| (width - widths[0]).abs() < 1e-3), "numbers do not jump: {widths:?}");
        let drawn: Vec<_> = ('0'..='9').map(|digit| draw(digit, 24).coverage).collect();
        for (index, one) in drawn.iter().enumerate() {
            assert!(one.iter().any(|&coverage| coverage > 200));
            assert!(drawn.iter().skip(index + 1).all(|other| other != one), "{index}");
        }
    }

    /// The font's size is the em's: Roboto's capitals are 1456 of 2048 high.
    #[test]
    fn a_size_is_that_of_the_em() {
        let height = |size| {
            let glyph = draw('H', size);
            glyph.coverage.len() / glyph.width as usize
        };
        assert_eq!([height(100), height(200)], [72, 143]);
    }

    #[test]
    fn what_the_font_lacks_is_replaced() {
        let mut text = Text::default();
        assert!(text.width("語", 20) > 0.0);
        assert_eq!(draw('語', 20).coverage, draw('\u{fffd}', 20).coverage);
        for name in ["", " ", "\u{0}\n", "ä±–…−"] {
            text.draw(&mut Canvas::new(4, 4, [0; 4]), name, [-3.0, 2.0], 20, [255; 4]);
        }
    }
}
