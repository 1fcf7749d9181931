// SPDX-License-Identifier: MPL-2.0

//! The box with the scores: its rows and its size.

use super::canvas::Canvas;
use super::colors;
use super::row::{Pen, Row, Sizes, Worth};
use super::settings::{Position, Settings};
use super::text::Text;
use super::track::Track;
use crate::picture::Rect;

/// Least size of text, in pixels.
const LEAST: f32 = 8.0;
/// Least size of text at scale 1 if there is room, in pixels.
const READABLE: f32 = 10.0;
/// Most additional values shown per element.
const VALUES: usize = 10;

/// The rows for the elements' records of a frame shown at `time` (running time, ns).
pub fn rows(tracks: &[&Track], time: Option<u64>, settings: &Settings) -> Vec<Row> {
    let show = settings.show;
    let mut rows = Vec::new();
    if show.alarm && tracks.iter().any(|track| track.alarm) {
        rows.push(Row::Alarm);
    }
    for (index, track) in tracks.iter().enumerate() {
        let mut own = Vec::new();
        if show.score {
            number(track, time, settings, &mut own);
        }
        if let Some((headline, value)) = track.headline().filter(|_| show.history && track.history.points().len() > 1) {
            let worth = worth(track, time, settings, headline.in_words, value);
            let (revision, step, digits) = (track.revision, headline.step, headline.digits);
            own.push(Row::Course { track: index, revision, step, digits, worth });
        }
        if show.values {
            // The number shown large is not repeated.
            let large = track.headline().filter(|_| show.score).map(|(headline, _)| headline.field);
            let others = track.values.iter().filter(|(name, _)| large != Some(name.as_str())).take(VALUES);
            own.extend(others.map(|(name, value)| Row::Value(name.clone(), value.clone())));
        }
        if own.is_empty() {
            continue;
        }
        if rows.iter().any(|row| *row != Row::Alarm) {
            rows.push(Row::Gap);
        }
        rows.push(Row::Title(title(track, tracks.len() > 1)));
        rows.append(&mut own);
    }
    if show.map && tracks.iter().any(|track| track.map.is_some()) && settings.map_opacity > 0.0 {
        rows.push(Row::Legend(settings.map_colormap));
    }
    rows
}

/// What the large number is, and which element's, if there are several.
fn title(track: &Track, is_one_of_many: bool) -> String {
    let field = track.headline().map(|(headline, _)| headline.field).filter(|field| *field != "score");
    let what = field.or(track.model.as_deref());
    match what {
        Some(what) if is_one_of_many => format!("{}: {what}", track.name),
        Some(what) => what.to_owned(),
        None => track.name.clone(),
    }
}

fn worth(track: &Track, time: Option<u64>, settings: &Settings, in_words: bool, value: f64) -> Worth {
    match track.age(time) {
        Some(age) if age > settings.stale_after => Worth::Stale,
        _ if in_words => Worth::Words(value),
        _ => Worth::Plain,
    }
}

fn number(track: &Track, time: Option<u64>, settings: &Settings, rows: &mut Vec<Row>) {
    let fault = track.fault;
    let Some((headline, value)) = track.headline() else {
        let age = fault.is_none().then(|| "no score yet".to_owned());
        rows.push(Row::Number { number: "–".into(), worth: Worth::Plain, age, fault });
        return;
    };
    let worth = worth(track, time, settings, headline.in_words, value);
    let age = track.age(time).and_then(|age| written_age(age, worth == Worth::Stale));
    let number = format!("{value:.*}", headline.digits);
    rows.push(Row::Number { number, worth, age, fault });
    if headline.in_words {
        rows.push(Row::Bar { value, stale: worth == Worth::Stale });
    }
}

/// The age of a score; `None` if it is the frame's own, or nearly.
fn written_age(age: u64, stale: bool) -> Option<String> {
    let seconds = age as f64 / 1e9;
    match seconds {
        _ if seconds < 0.1 && !stale => None,
        _ if seconds < 10.0 => Some(format!("{seconds:.1} s ago")),
        _ if seconds < 120.0 => Some(format!("{seconds:.0} s ago")),
        _ if seconds < 7200.0 => Some(format!("{:.0} min ago", seconds / 60.0)),
        _ => Some(format!("{:.0} h ago", seconds / 3600.0)),
    }
}

/// The largest selection of the rows that fits into a picture of this size, with its text size. The text is reduced
/// first, then the additional values are dropped, then the history, then everything but the number. `None`: there is no
/// room even for that.
fn fit(rows: &[Row], size: [u32; 2], scale: f64, text: &mut Text) -> Option<(Vec<Row>, Sizes)> {
    let margin = margin(size);
    let room = size.map(|length| length.saturating_sub(2 * margin) as f32);
    let natural = ((f64::from(size[0]) * f64::from(size[1])).sqrt() / 60.0) as f32;
    let usual = natural.max(READABLE);
    let wanted = (usual * scale.clamp(0.1, 10.0) as f32).max(LEAST);
    // A scale above 1 never shows less than scale 1 would.
    let least = LEAST.max(wanted.min(usual) * 0.55);
    let kept = |keeps: fn(&Row) -> bool| rows.iter().filter(|row| keeps(row)).cloned().collect::<Vec<_>>();
    let small = || {
        let number = rows.iter().find_map(|row| match row {
            Row::Number { number, worth, .. } => {
                let whole = number.split('.').next().filter(|whole| *whole != "0").unwrap_or(number);
                Some(Row::Small(whole.to_owned(), *worth))
            }
            _ => None,
        });
        number.into_iter().collect()
    };
    let stages: [Vec<Row>; 5] = [
        rows.to_vec(),
        kept(|row| !matches!(row, Row::Value(..))),
        kept(|row| !matches!(row, Row::Value(..) | Row::Course { .. } | Row::Legend(_))),
        kept(|row| matches!(row, Row::Number { .. } | Row::Alarm)),
        small(),
    ];
    for stage in stages {
        if stage.is_empty() {
            continue;
        }
        let [width, height] = measure(&stage, Sizes::new(wanted), text);
        // Because of rounding, a smaller box is not exactly proportional.
        let ratio = (room[0] / width).min(room[1] / height);
        for unit in [wanted, wanted * ratio, wanted * ratio * 0.95, wanted * ratio * 0.9] {
            if unit > wanted || unit < least {
                continue;
            }
            let sizes = Sizes::new(unit);
            let [width, height] = measure(&stage, sizes, text);
            if width <= room[0] && height <= room[1] {
                return Some((stage, sizes));
            }
        }
        if let [Row::Small(..)] = stage.as_slice() {
            let sizes = Sizes::new(LEAST);
            let [width, height] = measure(&stage, sizes, text);
            return (width <= size[0] as f32 && height <= size[1] as f32).then_some((stage, sizes));
        }
    }
    None
}

/// Pixels between the box and the edges of the picture.
fn margin([width, height]: [u32; 2]) -> u32 {
    width.min(height) / 40
}

fn measure(rows: &[Row], sizes: Sizes, text: &mut Text) -> [f32; 2] {
    let width = rows.iter().map(|row| row.width(sizes, text)).fold(0.0, f32::max);
    let height: f32 = rows.iter().map(|row| row.height(sizes)).sum();
    [width, height].map(|length| (length + 2.0 * sizes.padding()).ceil())
}

/// Draws the rows for a picture of this size; returns the box's place. `None` if there is no room, or nothing to show.
pub fn draw(
    rows: &[Row],
    tracks: &[&Track],
    size: [u32; 2],
    (position, scale): (Position, f64),
    text: &mut Text,
    place: impl FnOnce(Rect) -> Rect,
) -> Option<(Rect, Canvas)> {
    let (rows, sizes) = fit(rows, size, scale, text)?;
    let [width, height] = measure(&rows, sizes, text);
    let [x, y] = position.place([width as u32, height as u32], size, margin(size));
    let rect = place(Rect { x, y, width: width as u32, height: height as u32 });
    let mut canvas = Canvas::new(rect.width, rect.height, colors::GROUND);
    let histories: Vec<_> = tracks.iter().map(|track| &track.history).collect();
    let mut pen = Pen { canvas: &mut canvas, text, sizes, histories: &histories };
    let padding = sizes.padding();
    let mut top = padding;
    for row in &rows {
        row.draw(&mut pen, [padding, top], rect.width as f32 - 2.0 * padding);
        top += row.height(sizes);
    }
    Some((rect, canvas))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_scale_shows_no_less_and_its_text_is_no_smaller() {
        let mut rows = vec![
            Row::Title("metaiqa".into()),
            Row::Number { number: "72.4".into(), worth: Worth::Words(72.4), age: None, fault: None },
            Row::Bar { value: 72.4, stale: false },
            Row::Course { track: 0, revision: 1, step: 10.0, digits: 1, worth: Worth::Words(72.4) },
        ];
        rows.extend((0..4).map(|n| Row::Value(format!("measure {n}"), "38.2 dB".into())));
        let mut text = Text::default();
        for size in [[320, 240], [640, 360], [1280, 720], [1080, 1920], [3840, 2160]] {
            let (all, usual) = fit(&rows, size, 1.0, &mut text).unwrap();
            for scale in [1.5, 2.0, 3.0, 5.0, 10.0] {
                let (kept, sizes) = fit(&rows, size, scale, &mut text).unwrap();
                assert!(kept.len() >= all.len(), "{size:?} at {scale}: {} rows of {}", kept.len(), all.len());
                let [wide, narrow] = [sizes, usual].map(|sizes| measure(&all, sizes, &mut text)[0]);
                assert!(wide >= narrow * 0.95, "{size:?} at {scale}: {wide} pixels, not {narrow}");
            }
        }
    }
}
