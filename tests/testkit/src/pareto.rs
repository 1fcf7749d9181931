// SPDX-License-Identifier: MPL-2.0

//! Cost against accuracy: which measures no other one is both cheaper and better than, as a table and as a picture.

use std::fmt::Write as _;

/// A measure: what one picture costs, and how well it agrees with people.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// What it is called.
    pub name: String,
    /// Milliseconds a picture.
    pub cost: f64,
    /// Higher is better, at most 1.
    pub accuracy: f64,
}

/// Points that were measured in one way, which share a front.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Who measured them and how, for the legend.
    pub title: String,
    /// Drawn hollow: they are others' and were not measured here.
    pub published: bool,
    /// In any order.
    pub points: Vec<Point>,
}

/// What one chart shows: all its accuracies are of the same examination.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Above it.
    pub title: String,
    /// Each with its own front.
    pub series: Vec<Series>,
    /// From where to where the accuracy's axis goes.
    pub accuracy: (f64, f64),
}

/// The points that none is better than at its cost or below, the cheapest first; points of equal cost and accuracy stay
/// together.
pub fn front(points: &[Point]) -> Vec<&Point> {
    let beats = |a: &Point, b: &Point| {
        a.cost <= b.cost && a.accuracy >= b.accuracy && (a.cost < b.cost || a.accuracy > b.accuracy)
    };
    let mut kept: Vec<_> = points.iter().filter(|one| !points.iter().any(|other| beats(other, one))).collect();
    kept.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    kept
}

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 40.0;
const LEGEND: f64 = 18.0;
const BOTTOM: f64 = 46.0;
const LETTER: f64 = 6.4;

const STYLE: &str = "\
text{font:11px system-ui,sans-serif;fill:#1f2328}.title{font-size:14px;font-weight:600}.quiet{fill:#59636e}
.grid{stroke:#d1d9e0}.measured{fill:#0969da;stroke:#0969da}.published{fill:none;stroke:#59636e;stroke-width:1.5}
.front{fill:none;stroke:#0969da;stroke-width:1.5}.front.theirs{stroke:#59636e;stroke-dasharray:4 3}.strong{font-weight:600}
.page{fill:#fff}@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.quiet{fill:#9198a1}.grid{stroke:#3d444d}.page{fill:#0d1117}
.measured{fill:#4493f8;stroke:#4493f8}.front{stroke:#4493f8}.published,.front.theirs{stroke:#9198a1}}";

/// An SVG file of the charts, one below the other; light and dark.
///
/// The cost's axis is logarithmic and reaches over whole decades, the same for all series of a chart.
pub fn svg(charts: &[Chart]) -> String {
    let each: Vec<_> = charts.iter().map(|chart| HEIGHT + LEGEND * chart.series.len() as f64).collect();
    let height: f64 = each.iter().sum();
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n<rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\"/>\n",
        escaped(&charts.iter().map(|chart| chart.title.as_str()).collect::<Vec<_>>().join("; "))
    );
    let mut y = 0.0;
    for (chart, height) in charts.iter().zip(each) {
        let _ = writeln!(out, "<g transform=\"translate(0 {y})\">\n{}</g>", drawn(chart));
        y += height;
    }
    out + "</svg>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Where a chart's values stand on the page.
struct Axes {
    decades: (i32, i32),
    accuracy: (f64, f64),
    top: f64,
}

impl Axes {
    fn of(chart: &Chart) -> Self {
        let costs = chart.series.iter().flat_map(|series| &series.points).map(|point| point.cost.log10());
        let (low, high) = costs.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), cost| (a.min(cost), b.max(cost)));
        let (low, high) = if low <= high { (low.floor() as i32, high.ceil() as i32) } else { (0, 1) };
        let top = TOP + LEGEND * chart.series.len() as f64;
        Self { decades: (low, high.max(low + 1)), accuracy: chart.accuracy, top }
    }

    fn x(&self, cost: f64) -> f64 {
        let (low, high) = self.decades;
        LEFT + (cost.log10() - f64::from(low)) / f64::from(high - low) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, accuracy: f64) -> f64 {
        let (low, high) = self.accuracy;
        self.top + (high - accuracy) / (high - low) * (HEIGHT - TOP - BOTTOM)
    }
}

fn drawn(chart: &Chart) -> String {
    let axes = Axes::of(chart);
    let mut out = format!("<text class=\"title\" x=\"{LEFT}\" y=\"24\">{}</text>\n", escaped(&chart.title));
    grid(&mut out, &axes);
    let mut taken = Vec::new();
    for (n, series) in chart.series.iter().enumerate() {
        let y = TOP + 4.0 + LEGEND * n as f64;
        dot(&mut out, series, LEFT + 5.0, y - 4.0);
        let _ = writeln!(out, "<text x=\"{}\" y=\"{y}\">{}</text>", LEFT + 16.0, escaped(&series.title));
        let kept = front(&series.points);
        let corners: Vec<_> = kept.iter().map(|point| (axes.x(point.cost), axes.y(point.accuracy))).collect();
        let _ = writeln!(
            out,
            "<path class=\"front{}\" d=\"{}\"/>",
            if series.published { " theirs" } else { "" },
            steps(&corners)
        );
        taken.extend(corners.windows(2).flat_map(|pair| {
            let ((x, y), (next_x, next_y)) = (pair[0], pair[1]);
            [(x, y - 1.0, next_x, y + 1.0), (next_x - 1.0, next_y, next_x + 1.0, y)]
        }));
        for point in &series.points {
            let (x, y) = (axes.x(point.cost), axes.y(point.accuracy));
            taken.push((x - 5.0, y - 5.0, x + 5.0, y + 5.0));
        }
    }
    for series in &chart.series {
        for point in &series.points {
            let (x, y) = (axes.x(point.cost), axes.y(point.accuracy));
            dot(&mut out, series, x, y);
            label(&mut out, &mut taken, series, point, x, y);
        }
    }
    out
}

fn grid(out: &mut String, axes: &Axes) {
    let (left, right, bottom) = (LEFT, WIDTH - RIGHT, axes.y(axes.accuracy.0));
    for decade in axes.decades.0..=axes.decades.1 {
        let x = axes.x(10f64.powi(decade));
        let said =
            if decade < 3 { format!("{} ms", 10f64.powi(decade)) } else { format!("{} s", 10f64.powi(decade - 3)) };
        let anchor = if x + 20.0 > right { "end" } else { "middle" };
        let _ = writeln!(out, "<path class=\"grid\" d=\"M{x:.1} {:.1}V{bottom:.1}\"/>", axes.top);
        let _ = writeln!(
            out,
            "<text class=\"quiet\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{said}</text>",
            bottom + 16.0
        );
    }
    let (low, high) = ((axes.accuracy.0 * 10.0).ceil() as i32, (axes.accuracy.1 * 10.0 + 1e-9).floor() as i32);
    for tenth in low..=high {
        let value = f64::from(tenth) / 10.0;
        let y = axes.y(value);
        let _ = writeln!(out, "<path class=\"grid\" d=\"M{left} {y:.1}H{right}\"/>");
        let _ = writeln!(
            out,
            "<text class=\"quiet\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value:.1}</text>",
            left - 6.0,
            y + 4.0
        );
    }
    let middle = f64::midpoint(left, right);
    let _ = writeln!(
        out,
        "<text class=\"quiet\" x=\"{middle}\" y=\"{:.1}\" text-anchor=\"middle\">a picture</text>",
        bottom + 32.0
    );
}

fn dot(out: &mut String, series: &Series, x: f64, y: f64) {
    let class = if series.published { "published" } else { "measured" };
    let _ = writeln!(out, "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>");
}

/// A front is what is reached at most a cost: it stays level until the next point.
fn steps(corners: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (n, (x, y)) in corners.iter().enumerate() {
        let _ = if n == 0 { write!(path, "M{x:.1} {y:.1}") } else { write!(path, "H{x:.1}V{y:.1}") };
    }
    path
}

/// Writes a point's name where it covers nothing yet: right, left, above or below, else right all the same.
fn label(out: &mut String, taken: &mut Vec<(f64, f64, f64, f64)>, series: &Series, point: &Point, x: f64, y: f64) {
    let width = LETTER * point.name.chars().count() as f64;
    let places = [
        (x + 8.0, y + 4.0, "start", x + 8.0),
        (x - 8.0, y + 4.0, "end", x - 8.0 - width),
        (x, y - 8.0, "middle", x - width / 2.0),
        (x, y + 16.0, "middle", x - width / 2.0),
        (x + 6.0, y - 8.0, "start", x + 6.0),
        (x + 6.0, y + 16.0, "start", x + 6.0),
        (x - 6.0, y - 8.0, "end", x - 6.0 - width),
        (x - 6.0, y + 16.0, "end", x - 6.0 - width),
    ];
    let area = |&(_, baseline, _, left): &(f64, f64, &str, f64)| (left, baseline - 9.0, left + width, baseline + 3.0);
    let free = |one: &&(f64, f64, &str, f64)| {
        let (left, top, right, bottom) = area(one);
        let clear = taken.iter().all(|&(a, b, c, d)| right < a || left > c || bottom < b || top > d);
        clear && left > LEFT && right < WIDTH - 2.0
    };
    let place = places.iter().find(free).unwrap_or(&places[0]);
    taken.push(area(place));
    let class = if series.published { "quiet" } else { "strong" };
    let (at, baseline, anchor, _) = place;
    let name = escaped(&point.name);
    let _ = writeln!(
        out,
        "<text class=\"{class}\" x=\"{at:.1}\" y=\"{baseline:.1}\" text-anchor=\"{anchor}\">{name}</text>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(name: &str, cost: f64, accuracy: f64) -> Point {
        Point { name: name.into(), cost, accuracy }
    }

    fn names(points: &[Point]) -> Vec<&str> {
        front(points).into_iter().map(|point| point.name.as_str()).collect()
    }

    #[test]
    fn a_front_has_what_nothing_cheaper_is_as_good_as() {
        let all = [
            point("dear", 900.0, 0.8),
            point("cheap", 1.0, 0.2),
            point("dearer and worse", 1000.0, 0.79),
            point("as good, dearer", 20.0, 0.2),
            point("as dear, worse", 900.0, 0.7),
            point("between", 30.0, 0.5),
        ];
        assert_eq!(names(&all), ["cheap", "between", "dear"]);
        assert_eq!(names(&[]), [""; 0]);
        assert_eq!(names(&[point("a", 1.0, 0.5), point("twin", 1.0, 0.5)]), ["a", "twin"]);
    }

    #[test]
    fn a_picture_shows_every_point_where_it_belongs() {
        let ours = Series {
            title: "measured".into(),
            published: false,
            points: vec![point("a<b", 10.0, 0.9), point("c", 100.0, 1.0)],
        };
        let theirs = Series { title: "theirs".into(), published: true, points: vec![point("d", 1000.0, 0.5)] };
        let chart = Chart { title: "cost & accuracy".into(), series: vec![ours, theirs], accuracy: (0.5, 1.0) };
        let axes = Axes::of(&chart);
        assert_eq!(axes.decades, (1, 3));
        assert!((axes.x(10.0) - LEFT).abs() < 1e-9 && (axes.x(1000.0) - (WIDTH - RIGHT)).abs() < 1e-9);
        let text = svg(&[chart]);
        for (class, count) in [("measured", 2 + 1), ("published", 1 + 1)] {
            assert_eq!(
                text.matches(&format!("<circle class=\"{class}\"")).count(),
                count,
                "{class}, with the legend's"
            );
        }
        assert!(text.contains("a&lt;b") && text.contains("cost &amp; accuracy") && !text.contains("a<b"));
        assert!(text.contains(&format!("cx=\"{LEFT:.1}\" cy=\"{:.1}\"", axes.y(0.9))));
    }
}
