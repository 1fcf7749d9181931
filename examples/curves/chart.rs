// SPDX-License-Identifier: MPL-2.0

//! Curves in braille: each character cell is 2 × 4 dots.

/// Values over seconds.
pub struct Curve<'a> {
    pub name: &'a str,
    /// Seconds and score, 0 to 100.
    pub points: &'a [(f64, f64)],
}

/// Curves on common axes.
pub struct Chart<'a> {
    curves: &'a [Curve<'a>],
    columns: usize,
    rows: usize,
    seconds: (f64, f64),
    scores: (f64, f64),
}

/// What stands left of the first cell: four digits and the axis.
const MARGIN: usize = 6;
const COLORIMETRIES: [u8; 4] = [36, 33, 35, 32];

impl<'a> Chart<'a> {
    /// A chart of `width` characters by `rows` lines of curves, or `None` if there is no point to draw.
    pub fn new(curves: &'a [Curve<'a>], width: usize, rows: usize) -> Option<Self> {
        let points = || curves.iter().flat_map(|curve| curve.points);
        let (first, last) = span(points().map(|point| point.0))?;
        let (low, high) = span(points().map(|point| point.1))?;
        // To tens, and never so narrow that noise fills the picture.
        let (mut low, mut high) = ((low / 10.0).floor() * 10.0, (high / 10.0).ceil() * 10.0);
        while high - low < 30.0 {
            low = (low - 10.0).max(0.0);
            high = (high + 10.0).min(100.0);
        }
        let last = if last > first { last } else { first + 1.0 };
        Some(Self {
            curves,
            columns: width.saturating_sub(MARGIN).max(8),
            rows: rows.max(2),
            seconds: (first, last),
            scores: (low, high),
        })
    }

    /// The chart as lines of text. Without color the curves still differ: every one after the first is dashed.
    pub fn render(&self, colored: bool) -> String {
        let layers: Vec<Vec<u8>> = self.curves.iter().map(|curve| self.dots(curve)).collect();
        let paint = |index: usize, text: &str| match colored {
            true => format!("\x1b[{}m{text}\x1b[0m", COLORIMETRIES[index % COLORIMETRIES.len()]),
            false => text.to_owned(),
        };
        let mut text = self.legend(&paint);
        let ticks = self.score_ticks();
        for row in 0..self.rows {
            match ticks.iter().find(|tick| tick.0 == row) {
                Some((_, value)) => text += &format!("{value:>4} ┤"),
                None => text += "     │",
            }
            let mut line = String::new();
            for column in 0..self.columns {
                let at = row * self.columns + column;
                // Where curves cross, the cell shows all dots in the color of the one with the most.
                let bits = layers.iter().fold(0, |bits, layer| bits | layer[at]);
                let owner = (0..layers.len()).rev().max_by_key(|&index| layers[index][at].count_ones()).unwrap_or(0);
                match char::from_u32(0x2800 + u32::from(bits)) {
                    Some(cell) if bits != 0 => line += &paint(owner, &cell.to_string()),
                    _ => line.push(' '),
                }
            }
            text += line.trim_end();
            text.push('\n');
        }
        text + &self.time_axis()
    }

    fn legend(&self, paint: &dyn Fn(usize, &str) -> String) -> String {
        let mut text = String::from("score ");
        for (index, curve) in self.curves.iter().enumerate() {
            let sample = if index == 0 { "⠒⠒⠒⠒" } else { "⠒⠒ ⠒" };
            text += &format!("  {} {}", paint(index, sample), curve.name);
        }
        text + "\n"
    }

    /// Braille bits of one curve for each cell, row by row. Frames that share a dot column are averaged, so that a long
    /// log draws the course and not its noise.
    fn dots(&self, curve: &Curve<'_>) -> Vec<u8> {
        let (across, down) = (self.columns * 2, self.rows * 4);
        let mut sums = vec![(0.0, 0u32); across];
        for &(seconds, score) in curve.points {
            let sum = &mut sums[place(seconds, self.seconds, across)];
            *sum = (sum.0 + score, sum.1 + 1);
        }
        let filled: Vec<(usize, usize)> = sums
            .iter()
            .enumerate()
            .filter(|(_, sum)| sum.1 > 0)
            .map(|(x, sum)| (x, down - 1 - place(sum.0 / f64::from(sum.1), self.scores, down)))
            .collect();
        let mut cells = vec![0u8; self.columns * self.rows];
        let mut dot = |x: usize, y: usize| cells[(y / 4) * self.columns + x / 2] |= bit(x % 2, y % 4);
        if let [(x, y)] = filled[..] {
            dot(x, y);
        }
        for pair in filled.windows(2) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            let steps = (x1 - x0).max(y1.abs_diff(y0)).max(1);
            for step in 0..=steps {
                let part = step as f64 / steps as f64;
                let between = |a: usize, b: usize| (a as f64 + (b as f64 - a as f64) * part).round() as usize;
                dot(between(x0, x1), between(y0, y1));
            }
        }
        if !std::ptr::eq(curve, &self.curves[0]) && filled.len() > 1 {
            cells.iter_mut().enumerate().filter(|(at, _)| (at % self.columns) % 3 == 2).for_each(|(_, cell)| *cell = 0);
        }
        cells
    }

    /// Rows and values of the marks on the score axis: tens, or twenties where the range is wide.
    fn score_ticks(&self) -> Vec<(usize, u32)> {
        let (low, high) = self.scores;
        let step = if high - low > 50.0 { 20.0 } else { 10.0 };
        let count = ((high - low) / step).floor() as u32;
        let down = self.rows * 4;
        (0..=count)
            .map(|index| high - f64::from(index) * step)
            .map(|value| ((down - 1 - place(value, self.scores, down)) / 4, value.round() as u32))
            .collect()
    }

    fn time_axis(&self) -> String {
        let (first, last) = self.seconds;
        let step = nice_step((last - first) / 8.0);
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        let mut axis: Vec<char> = vec!['─'; self.columns];
        let mut labels = vec![' '; self.columns + MARGIN];
        let mut tick = (first / step).ceil() * step;
        while tick <= last + step * 1e-6 {
            let column = place(tick, self.seconds, self.columns);
            axis[column] = '┬';
            let label: Vec<char> = format!("{tick:.decimals$}").chars().collect();
            let start = (column + MARGIN).saturating_sub(label.len() / 2);
            // The last two columns are the unit's.
            if start + label.len() + 2 <= labels.len() {
                labels[start..start + label.len()].copy_from_slice(&label);
            }
            tick += step;
        }
        let end = labels.len();
        labels[end - 1] = 's';
        let (axis, labels): (String, String) = (axis.into_iter().collect(), labels.into_iter().collect());
        format!("     └{axis}\n{labels}\n")
    }
}

/// The smallest and the largest of finite values.
fn span(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |span, value| match span {
        None => Some((value, value)),
        Some((low, high)) => Some((value.min(low), value.max(high))),
    })
}

/// Where `value` lies among `count` places over `range`, both ends included.
fn place(value: f64, range: (f64, f64), count: usize) -> usize {
    let part = ((value - range.0) / (range.1 - range.0)).clamp(0.0, 1.0);
    (part * (count - 1) as f64).round() as usize
}

/// The dot at `x`, `y` of a cell in Unicode's order.
fn bit(x: usize, y: usize) -> u8 {
    const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
    BITS[x][y]
}

/// 1, 2 or 5 times a power of ten, at least `least`.
fn nice_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= least * 0.999).unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<&str> {
        text.lines().collect()
    }

    #[test]
    fn nothing_to_draw() {
        assert!(Chart::new(&[Curve { name: "a", points: &[] }], 80, 10).is_none());
    }

    #[test]
    fn fits_the_width_and_labels_both_axes() {
        let points: Vec<(f64, f64)> = (0..132).map(|n| (f64::from(n) * 0.04, 60.0 + f64::from(n % 7))).collect();
        let curves = [Curve { name: "a", points: &points }, Curve { name: "b", points: &points[..40] }];
        let text = Chart::new(&curves, 80, 14).unwrap().render(false);
        let lines = lines(&text);
        assert_eq!(lines.len(), 1 + 14 + 2);
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{text}");
        assert!(lines[0].contains("a") && lines[0].contains("b"), "{text}");
        assert!(lines[1].starts_with("  80 ┤"), "{text}");
        assert!(lines[14].starts_with("  50 ┤"), "{text}");
        assert!(lines[16].trim_start().starts_with('0') && lines[16].ends_with('s'), "{text}");
        assert!(!text.contains('\x1b'));
    }

    #[test]
    fn a_rising_line_ends_above_where_it_begins() {
        let curves = [Curve { name: "a", points: &[(0.0, 0.0), (1.0, 100.0)] }];
        let text = Chart::new(&curves, 46, 10).unwrap().render(false);
        let lines = lines(&text);
        // The first cell of the bottom row has its lowest left dot, the last of the top row its highest right one.
        assert_eq!(lines[10].chars().nth(6).map(|cell| cell as u32 & 0x40), Some(0x40), "{text}");
        assert_eq!(lines[1].chars().last().map(|cell| cell as u32 & 0x08), Some(0x08), "{text}");
        assert_eq!(lines[1].chars().count(), 46, "{text}");
    }

    #[test]
    fn one_point_is_a_dot() {
        let curves = [Curve { name: "a", points: &[(3.0, 50.0)] }];
        let text = Chart::new(&curves, 40, 6).unwrap().render(false);
        let dots: u32 =
            text.lines().skip(1).take(6).flat_map(str::chars).filter(|c| ('\u{2800}'..='\u{28ff}').contains(c)).count()
                as u32;
        assert_eq!(dots, 1, "{text}");
    }

    #[test]
    fn color_only_when_asked_for() {
        let curves = [Curve { name: "a", points: &[(0.0, 10.0), (1.0, 10.0)] }];
        assert!(Chart::new(&curves, 40, 6).unwrap().render(true).contains("\x1b[36m"));
    }

    #[test]
    fn steps_are_nice() {
        let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
        assert!(near(nice_step(0.66), 1.0) && near(nice_step(1.3), 2.0) && near(nice_step(0.031), 0.05));
        assert!(near(nice_step(400.0), 500.0) && near(nice_step(1.0), 1.0));
    }
}
