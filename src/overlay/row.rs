// SPDX-License-Identifier: MPL-2.0

//! The rows of the box with the scores: their sizes and how they are drawn.

use super::canvas::{Canvas, Rgba};
use super::colors::{self, BANDS};
use super::curve;
use super::history::{History, SPAN};
use super::settings::Colormap;
use super::text::Text;

/// How a number is rated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Worth {
    /// On the scale of five words.
    Words(f64),
    /// On a scale without words.
    Plain,
    /// Out of date.
    Stale,
}

impl Worth {
    fn color(self) -> Rgba {
        match self {
            Self::Words(value) => colors::band(value).color,
            Self::Plain => colors::INK,
            Self::Stale => colors::FAINT,
        }
    }
}

/// A row of the box.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// An alarm is raised.
    Alarm,
    /// Names the score that follows.
    Title(String),
    /// The number, with its rating and age.
    Number {
        /// As displayed.
        number: String,
        /// Its rating.
        worth: Worth,
        /// Its age, if relevant.
        age: Option<String>,
        /// Why the frame has no number of its own.
        fault: Option<&'static str>,
    },
    /// Its position on the scale from 0 to 100.
    Bar { value: f64, stale: bool },
    /// Its history: the index of the element, the revision, which distinguishes it from others, and the axis.
    Course { track: usize, revision: u64, step: f64, digits: usize, worth: Worth },
    /// Another value.
    Value(String, String),
    /// The meaning of the map's colors.
    Legend(Colormap),
    /// The number alone, if there is no room for more.
    Small(String, Worth),
    /// Space between two elements.
    Gap,
}

/// Sizes in pixels, derived from the size of the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sizes {
    unit: f32,
}

impl Sizes {
    /// For text of this size.
    pub fn new(unit: f32) -> Self {
        Self { unit }
    }

    fn font(self, factor: f32) -> u32 {
        (self.unit * factor).round().max(5.0) as u32
    }

    fn text(self) -> u32 {
        self.font(1.0)
    }

    fn small(self) -> u32 {
        self.font(0.86)
    }

    fn big(self) -> u32 {
        self.font(2.5)
    }

    /// Space around the rows.
    pub fn padding(self) -> f32 {
        (self.unit * 0.55).round().max(1.0)
    }

    /// Least width of rows, so that the box keeps its size.
    const LEAST: f32 = 11.5;
    /// Most width of names.
    const MOST: f32 = 16.0;
}

impl Row {
    /// Its height in pixels.
    pub fn height(&self, sizes: Sizes) -> f32 {
        let factor = match self {
            Self::Alarm => 1.7,
            Self::Title(_) => 1.25,
            Self::Number { .. } => 2.45,
            Self::Bar { .. } => 1.0,
            Self::Course { .. } => 2.9,
            Self::Value(..) => 1.15,
            Self::Legend(_) => 1.4,
            Self::Small(..) => 1.0,
            Self::Gap => 0.6,
        };
        (sizes.unit * factor).round()
    }

    /// The width that it needs, in pixels.
    pub fn width(&self, sizes: Sizes, text: &mut Text) -> f32 {
        let least = sizes.unit * Sizes::LEAST;
        match self {
            Self::Small(number, _) => text.width(number, sizes.text()),
            Self::Value(name, value) => {
                let (name, gap) = (text.width(name, sizes.small()).min(sizes.unit * Sizes::MOST), sizes.unit);
                least.max(name + gap + text.width(value, sizes.small()))
            }
            Self::Title(title) => text.width(title, sizes.small()).clamp(least, sizes.unit * Sizes::MOST),
            _ => least,
        }
    }

    /// Draws it at `x`, `y`, `width` pixels wide.
    pub fn draw(&self, pen: &mut Pen<'_>, [x, y]: [f32; 2], width: f32) {
        let sizes = pen.sizes;
        let (unit, height) = (sizes.unit, self.height(sizes));
        match self {
            Self::Alarm => {
                pen.canvas.fill([x, y, x + width, y + unit * 1.45], colors::ALARM);
                let middle = x + (width - pen.text.width("! ALARM !", sizes.text())) / 2.0;
                pen.write("! ALARM !", [middle, y + unit * 1.09], sizes.text(), colors::INK);
            }
            Self::Title(title) => {
                let title = pen.fitting(title, sizes.small(), width);
                pen.write(&title, [x, y + unit * 0.88], sizes.small(), colors::FAINT);
            }
            Self::Number { number, worth, age, fault } => {
                let color = if *worth == Worth::Stale { colors::FAINT } else { colors::INK };
                pen.write(number, [x, y + unit * 2.0], sizes.big(), color);
                // The width of three digits, a point and one digit.
                let beside =
                    x + pen.text.width("00.0", sizes.big()).max(pen.text.width(number, sizes.big())) + unit * 0.5;
                let stale = *worth == Worth::Stale;
                let upper = [beside, y + unit * 1.0];
                match (fault, stale) {
                    (Some(fault), _) => pen.badge(fault, upper, sizes.small(), [colors::INK, colors::ALARM]),
                    (None, true) => pen.badge("STALE", upper, sizes.small(), [colors::DARK, colors::STALE]),
                    (None, false) => {
                        if let Worth::Words(value) = worth {
                            let band = colors::band(*value);
                            pen.write(band.word, upper, sizes.text(), band.color);
                        }
                    }
                }
                if let Some(age) = age {
                    pen.write(age, [beside, y + unit * 2.0], sizes.small(), colors::FAINT);
                }
            }
            Self::Bar { value, stale } => pen.bar([x, y + unit * 0.3, x + width, y + unit * 0.65], *value, *stale),
            Self::Course { track, step, digits, worth, .. } => {
                if let Some(history) = pen.histories.get(*track).copied() {
                    let bottom = y + height - unit * 0.35;
                    pen.curve([x, y + unit * 0.35, x + width, bottom], history, (*step, *digits), worth.color());
                }
            }
            Self::Value(name, value) => {
                let size = sizes.small();
                let number = pen.text.width(value, size);
                let name = pen.fitting(name, size, width - number - unit * 0.5);
                pen.write(&name, [x, y + unit * 0.88], size, colors::FAINT);
                pen.write(value, [x + width - number, y + unit * 0.88], size, colors::INK);
            }
            Self::Legend(colormap) => pen.legend([x, y + unit * 0.25, x + width, y + unit * 1.2], *colormap),
            Self::Small(number, worth) => {
                pen.write(number, [x, y + unit * 0.86], sizes.text(), worth.color());
            }
            Self::Gap => {
                let middle = (y + height / 2.0).round();
                pen.canvas.fill([x, middle, x + width, middle + (unit / 16.0).max(1.0)], [255, 255, 255, 48]);
            }
        }
    }
}

/// What rows are drawn with.
pub struct Pen<'a> {
    /// The target.
    pub canvas: &'a mut Canvas,
    /// The glyphs.
    pub text: &'a mut Text,
    /// The sizes.
    pub sizes: Sizes,
    /// The curves that rows refer to by index.
    pub histories: &'a [&'a History],
}

impl Pen<'_> {
    fn write(&mut self, text: &str, at: [f32; 2], size: u32, color: Rgba) {
        self.text.draw(self.canvas, text, at, size, color);
    }

    /// Text on its own background.
    fn badge(&mut self, text: &str, [x, y]: [f32; 2], size: u32, [ink, ground]: [Rgba; 2]) {
        let (width, height, edge) = (self.text.width(text, size), size as f32, size as f32 * 0.25);
        self.canvas.fill([x, y - height * 0.95, x + width + 2.0 * edge, y + height * 0.28].map(f32::round), ground);
        self.write(text, [x + edge, y], size, ink);
    }

    /// The text, truncated if it is too wide.
    fn fitting(&mut self, text: &str, size: u32, width: f32) -> String {
        if self.text.width(text, size) <= width {
            return text.to_owned();
        }
        let room = width - self.text.width("…", size);
        let mut used = 0.0;
        let fits = |character: &char| {
            used += self.text.width(character.encode_utf8(&mut [0; 4]), size);
            used <= room
        };
        text.chars().take_while(fits).chain(['…']).collect()
    }

    /// Five fields of which one is highlighted, and a mark at the number's position.
    fn bar(&mut self, [left, top, right, bottom]: [f32; 4], value: f64, stale: bool) {
        let unit = self.sizes.unit;
        let (width, gap) = (right - left, (unit / 12.0).round().max(1.0));
        let own = colors::band(value);
        for (index, band) in BANDS.iter().enumerate() {
            let edge = |index: usize| (left + width * index as f32 / BANDS.len() as f32).round();
            let [r, g, b, _] = if stale { colors::FAINT } else { band.color };
            let alpha = if band == own && !stale { 255 } else { 88 };
            self.canvas.fill([edge(index), top.round(), edge(index + 1) - gap, bottom.round()], [r, g, b, alpha]);
        }
        let (half, over) = ((unit * 0.09).max(1.0), unit * 0.2);
        let place = left + (value / 100.0).clamp(0.0, 1.0) as f32 * (width - gap);
        let mark = |more: f32| [place - half - more, top - over - more, place + half + more, bottom + over + more];
        self.canvas.fill(mark((unit * 0.05).max(0.5)), [0, 0, 0, 200]);
        self.canvas.fill(mark(0.0), if stale { colors::FAINT } else { colors::INK });
    }

    /// The curve, the limits of its axis, and the time it covers.
    fn curve(
        &mut self,
        [left, top, right, bottom]: [f32; 4],
        history: &History,
        (step, digits): (f64, usize),
        color: Rgba,
    ) {
        let unit = self.sizes.unit;
        let size = self.sizes.font(0.7);
        let axis = curve::axis(history, step);
        let digits = if digits > 1 { 2 } else { 0 };
        let labels = axis.map(|end| format!("{end:.digits$}"));
        let room = labels.iter().map(|label| self.text.width(label, size)).fold(0.0, f32::max).max(unit * 1.3);
        let end = (right - room - unit * 0.3).floor();
        let line = (unit / 16.0).max(1.0);
        for y in [top, bottom] {
            self.canvas.fill([left, y.round(), end, y.round() + line], [255, 255, 255, 40]);
        }
        for (label, y) in labels.iter().zip([bottom, top]) {
            let x = right - self.text.width(label, size);
            self.write(label, [x, y + unit * 0.26], size, colors::FAINT);
        }
        curve::draw(self.canvas, [left, top, end, bottom], history, axis, color);
        let span = format!("{} s", SPAN / 1_000_000_000);
        self.write(&span, [left + unit * 0.15, bottom - unit * 0.2], size, colors::FAINT);
    }

    fn legend(&mut self, [left, top, right, bottom]: [f32; 4], colormap: Colormap) {
        let size = self.sizes.small();
        let (unit, baseline) = (self.sizes.unit, bottom - self.sizes.unit * 0.25);
        let widths = ["map: bad", "good"].map(|word| self.text.width(word, size));
        self.write("map: bad", [left, baseline], size, colors::FAINT);
        self.write("good", [right - widths[1], baseline], size, colors::FAINT);
        let (from, to) = (left + widths[0] + unit * 0.4, right - widths[1] - unit * 0.4);
        let columns = (from.ceil() as i32)..(to.floor() as i32);
        let count = columns.len().max(2) as f32 - 1.0;
        for (index, x) in columns.enumerate() {
            let color = colors::of_map(colormap, (index as f32 / count * 255.0) as u8);
            self.canvas.fill_column(x, (top + unit * 0.15).round(), (bottom - unit * 0.15).round(), color);
        }
    }
}
