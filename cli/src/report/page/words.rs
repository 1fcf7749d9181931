// SPDX-License-Identifier: MPL-2.0

//! Formatting of numbers, times and names on the page.

use super::Page;
use crate::report::data::{Measure, Media, Report};
use serde::Serialize;
use std::collections::BTreeSet;

/// Labels of a measure.
#[derive(Debug, Clone)]
pub struct MeasureWords {
    /// Name on the command line.
    pub name: String,
    /// Label in charts and tables.
    pub label: String,
    /// Unit with a leading space, or empty.
    pub unit: String,
    /// Decimal places.
    digits: usize,
    /// Explanation for non-experts.
    meaning: String,
    /// Whether it is a column in the table of renditions.
    pub main: bool,
    /// Whether higher is better.
    pub more_is_better: bool,
}

/// Data of a measure for the template.
#[derive(Debug, Serialize)]
pub struct MeasureView {
    name: String,
    label: String,
    heading: String,
    main: bool,
}

impl MeasureWords {
    fn of(measure: &Measure, main: bool) -> Self {
        let name = measure.name.as_str();
        let known = |label: &str, digits, meaning: &str| (label.to_owned(), digits, meaning.to_owned());
        let (label, digits, meaning) = match name {
            "vmaf" => known(
                "VMAF",
                1,
                "How close a viewer finds the picture to the source, from 0 to 100. Above 93 few notice a difference; \
                 below 70 most do.",
            ),
            "psnr-y" => known(
                "PSNR-Y",
                1,
                "How far brightness differs, sample by sample. More is better, 100 dB is identical; it does not know \
                 what the eye sees.",
            ),
            "psnr-cb" => known("PSNR-Cb", 1, "How far the color difference blue − luma differs, sample by sample."),
            "psnr-cr" => known("PSNR-Cr", 1, "How far the color difference red − luma differs, sample by sample."),
            "psnr" => known("PSNR", 1, "How far all samples differ, brightness and color together."),
            "ssim" => {
                known("SSIM", 3, "Whether edges and texture are still there. 1 is identical; small steps near 1 count.")
            }
            "ms-ssim" => known(
                "MS-SSIM",
                3,
                "SSIM at five sizes of the picture, from detail to outline. 1 is identical; small steps near 1 count.",
            ),
            "float-ssim" => {
                known("SSIM (libvmaf)", 3, "SSIM of the shrunk picture, as libvmaf has it. 1 is identical.")
            }
            "cambi" => {
                known("CAMBI", 2, "How much banding there is in smooth areas. 0 is none; from about 5 it is seen.")
            }
            "score" => (
                measure.model.clone().unwrap_or_else(|| "Score".to_owned()),
                1,
                "What the model gives, from 0 to 100. More is better; 100 is as good as the source.".to_owned(),
            ),
            other => (other.to_owned(), 2, measure.description.clone()),
        };
        let unit = measure.unit.as_ref().map_or(String::new(), |unit| format!(" {unit}"));
        Self { name: name.to_owned(), label, unit, digits, meaning, main, more_is_better: name != "cambi" }
    }

    /// Formats a value without the unit.
    pub fn number(&self, value: f64) -> String {
        signed(value, self.digits)
    }

    /// Decimal places in chart axes: one more.
    pub fn digits(&self) -> usize {
        self.digits
    }

    /// Label with unit, such as `PSNR-Y, dB`.
    pub fn heading(&self) -> String {
        if self.unit.is_empty() { self.label.clone() } else { format!("{},{}", self.label, self.unit) }
    }

    pub fn view(&self) -> MeasureView {
        MeasureView { name: self.name.clone(), label: self.label.clone(), heading: self.heading(), main: self.main }
    }
}

/// Measures of the report, most important first.
pub fn measures(report: &Report) -> Vec<MeasureWords> {
    const ORDER: [&str; 9] = ["vmaf", "score", "ms-ssim", "ssim", "psnr-y", "psnr", "float-ssim", "cambi", "psnr-cb"];
    let place = |measure: &&Measure| ORDER.iter().position(|name| *name == measure.name).unwrap_or(ORDER.len());
    let has_luma = report.measures.iter().any(|measure| measure.name == "psnr-y");
    let minor = |name: &str| matches!(name, "psnr-cb" | "psnr-cr") || has_luma && name == "psnr";
    let mut ordered: Vec<_> = report.measures.iter().collect();
    ordered.sort_by_key(place);
    ordered.into_iter().map(|measure| MeasureWords::of(measure, !minor(&measure.name))).collect()
}

/// A term and its explanation.
#[derive(Debug, Serialize)]
pub struct Meaning {
    word: String,
    meaning: String,
}

/// Explanations of the measures and of the terms in the table.
pub fn legend(page: &Page<'_>, hull: bool) -> Vec<Meaning> {
    let measures = page.measures.iter().map(|measure| {
        let model = page.report.measures.iter().find(|given| given.name == measure.name);
        let model = model.and_then(|given| {
            Some(format!(
                " Model: {}{}.",
                given.model.as_ref()?,
                given.model_hash.as_ref().map_or(String::new(), |hash| format!(", hash {hash}"))
            ))
        });
        Meaning { word: measure.heading(), meaning: measure.meaning.clone() + &model.unwrap_or_default() }
    });
    let words = [
        (
            "mean, p5, min",
            "The mean hides short faults. At p5, 5 % of the frames are as bad or worse; min is the single worst frame.",
        ),
        (
            "Offset, how sure",
            "How much later a source frame stands than its partner. By picture: the pictures themselves agree. By \
             time: only the timestamps do.",
        ),
        (
            "Matched, duplicate, dropped, unmatched, outside",
            "Found its partner; shows its predecessor’s partner again; source frame that is missing; rendition frame \
             without a partner (not scored); source frame before the first or after the last pair.",
        ),
        (
            "On the hull, off the hull",
            "No mixture of the other renditions gives this quality for less rate; off the hull, one does.",
        ),
    ];
    // Without a plot there is no hull.
    let words = words.into_iter().take(if hull { 4 } else { 3 });
    measures
        .chain(words.map(|(word, meaning)| Meaning { word: word.to_owned(), meaning: meaning.to_owned() }))
        .collect()
}

/// Formats a message as a sentence.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.is_empty() || text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// Formats with a minus sign (U+2212), without a negative zero.
pub fn signed(value: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", value.abs());
    let zero = text.chars().all(|letter| matches!(letter, '0' | '.'));
    if value < 0.0 && !zero { format!("−{text}") } else { text }
}

/// Formats a count with thousands separators.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats integers as counts, other numbers with two decimal places.
pub fn count_or_number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        let text = count(value.abs() as u64);
        if value < 0.0 { format!("−{text}") } else { text }
    } else {
        signed(value, 2)
    }
}

/// Formats a time in seconds as `00:41.5`, or `1:02:14.5` if `longest` is an hour or more.
pub fn clock(seconds: f64, longest: f64) -> String {
    let tenths = (seconds.abs() * 10.0).round() as u64;
    let (minutes, rest) = (tenths / 600, tenths % 600);
    let sign = if seconds < 0.0 && tenths > 0 { "−" } else { "" };
    let rest = format!("{:02}.{}", rest / 10, rest % 10);
    if longest >= 3600.0 {
        format!("{sign}{}:{:02}:{rest}", minutes / 60, minutes % 60)
    } else {
        format!("{sign}{minutes:02}:{rest}")
    }
}

/// Formats a duration as `1 min 12 s`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) => format!("{} s", signed(seconds, if seconds < 10.0 { 1 } else { 0 })),
        (0, minutes) => format!("{minutes} min {rest} s"),
        (hours, minutes) => format!("{hours} h {minutes} min {rest} s"),
    }
}

/// Formats a bit rate.
pub fn rate(bits: f64) -> String {
    if bits < 100e3 { format!("{} kb/s", signed(bits / 1e3, 1)) } else { format!("{} Mb/s", signed(bits / 1e6, 2)) }
}

/// Formats `+40 ms`.
pub fn offset(milliseconds: f64) -> String {
    let digits = usize::from((milliseconds - milliseconds.round()).abs() >= 0.05);
    let text = signed(milliseconds, digits);
    if milliseconds > 0.0 && text.chars().any(|letter| ('1'..='9').contains(&letter)) {
        format!("+{text} ms")
    } else {
        format!("{text} ms")
    }
}

/// Describes a confidence.
pub fn sure(confidence: f64) -> &'static str {
    match confidence {
        c if c >= 0.95 => "sure",
        c if c >= 0.80 => "fairly sure",
        _ => "not sure",
    }
}

/// Formats `1920 × 1080`.
pub fn size(media: &Media) -> Option<String> {
    Some(format!("{}\u{a0}×\u{a0}{}", media.width?, media.height?))
}

/// Summarizes a file in one line.
pub fn media_facts(media: &Media, with_duration: bool) -> String {
    let rate = media.frame_rate.map(|rate| {
        let text = format!("{rate:.3}");
        format!("{}\u{a0}frames/s", text.trim_end_matches('0').trim_end_matches('.'))
    });
    let duration = media.duration.filter(|_| with_duration).map(duration);
    let facts = [size(media), rate, duration, media.codec.clone()];
    facts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Formats an RFC 3339 time; other texts are returned unchanged.
pub fn instant(time: &str) -> String {
    let parts = time
        .split_once('T')
        .and_then(|(date, clock)| Some((date, clock.get(..5)?, clock.ends_with('Z') || clock.ends_with("+00:00"))));
    match parts {
        Some((date, clock, true)) => format!("{date}, {clock} UTC"),
        Some((date, clock, false)) => {
            let zone = time.get(time.len().saturating_sub(6)..).unwrap_or_default();
            format!("{date}, {clock} (UTC{zone})")
        }
        None => time.to_owned(),
    }
}

/// Describes an exit status.
pub fn exit_words(exit: u8) -> String {
    let words = match exit {
        0 => "good",
        1 => "a threshold was missed",
        2 => "an input could not be read",
        3 => "not everything could be measured",
        130 => "interrupted",
        _ => return exit.to_string(),
    };
    format!("{exit} ({words})")
}

/// Unique HTML anchors: letters, digits and single hyphens.
pub fn anchors<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut anchor = |name: &str| {
        let plain: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
        let mut anchor = format!("r-{plain}");
        while !taken.insert(anchor.clone()) {
            anchor.push('x');
        }
        anchor
    };
    names.map(&mut anchor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_people_write_them() {
        assert_eq!([-0.04, -1.25, 3.0].map(|value| signed(value, 1)), ["0.0", "−1.2", "3.0"]);
        assert_eq!([0, 999, 1800, 1_234_567].map(count), ["0", "999", "1,800", "1,234,567"]);
        assert_eq!([12.0, 0.5, -3.0].map(count_or_number), ["12", "0.50", "−3"]);
        assert_eq!([40.0, 0.0, -80.0, 41.7, 0.01].map(offset), ["+40 ms", "0 ms", "−80 ms", "+41.7 ms", "0 ms"]);
        assert_eq!([4.81e6, 99_900.0].map(rate), ["4.81 Mb/s", "99.9 kb/s"]);
        assert_eq!([0.95, 0.949, 0.79].map(sure), ["sure", "fairly sure", "not sure"]);
    }

    #[test]
    fn times_have_as_many_parts_as_the_longest() {
        assert_eq!([41.46, 59.96, 3599.99].map(|time| clock(time, 72.0)), ["00:41.5", "01:00.0", "60:00.0"]);
        assert_eq!([41.46, 3734.5].map(|time| clock(time, 7200.0)), ["0:00:41.5", "1:02:14.5"]);
        assert_eq!(clock(-0.04, 10.0), "00:00.0");
        assert_eq!([5.24, 72.0, 7322.0].map(duration), ["5.2 s", "1 min 12 s", "2 h 2 min 2 s"]);
        assert_eq!(instant("2026-03-14T09:26:53Z"), "2026-03-14, 09:26 UTC");
        assert_eq!(instant("2026-03-14T09:26:53+01:00"), "2026-03-14, 09:26 (UTC+01:00)");
        assert_eq!(instant("soon"), "soon");
    }

    #[test]
    fn anchors_differ() {
        assert_eq!(anchors(["a b.mp4", "a-b.mp4", "ü"].into_iter()), ["r-a-b-mp4", "r-a-b-mp4x", "r--"]);
    }
}
