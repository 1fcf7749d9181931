// SPDX-License-Identifier: MPL-2.0

//! What is wrong in the text of a plan, with its line.

use std::fmt;

/// Longest part of a line that is shown, in characters.
const LONGEST: usize = 80;

/// How each key is written.
const FORMS: [(&str, &str); 17] = [
    ("source", "source = \"source.mp4\""),
    ("renditions", "renditions = [\"720p.mp4\", \"360p.mp4\"]"),
    ("segment", "segment = \"60s\""),
    ("class", "class = \"cpu\""),
    ("ack-wait", "ack-wait = \"30s\""),
    ("drill", "drill = { units = 1000, time = \"10s\" }"),
    ("compare", "[compare] on a line of its own, followed by lines such as measures = \"psnr\""),
    ("measures", "measures = \"psnr,ssim\""),
    ("vmaf-model", "vmaf-model = \"vmaf_v0.6.1\""),
    ("model", "model = \"bpclip-fr\""),
    ("every", "every = 2"),
    ("alignment", "alignment = \"auto\""),
    ("search-range", "search-range = \"500ms\""),
    ("registration", "registration = \"none\""),
    ("scale", "scale = \"to-reference\""),
    ("deinterlace", "deinterlace = \"auto\""),
    ("rate", "rate = \"25\""),
];

/// A plan that cannot be read as TOML, or has a key or a type that it must not have.
#[derive(Debug)]
pub struct Invalid(String);

impl Invalid {
    /// Of the text of a plan.
    pub fn new(error: &toml::de::Error, text: &str) -> Self {
        // It has names from the file.
        let message = cut(error.message(), 4 * LONGEST);
        let Some(at) = error.span().map(|span| span.start.min(text.len())) else { return Self(message) };
        let before = text.get(..at).unwrap_or_default();
        let begin = before.rfind('\n').map_or(0, |end| end + 1);
        let line = text.get(begin..).unwrap_or_default().lines().next().unwrap_or_default();
        let column = text.get(begin..at).unwrap_or_default().chars().count();
        let number = before.matches('\n').count() + 1;
        // What is in front of the place is kept in part.
        let skipped = if column < LONGEST { 0 } else { column - LONGEST / 2 };
        let shown = cut(&line.chars().skip(skipped).collect::<String>(), LONGEST);
        let dots = if skipped > 0 { "…" } else { "" };
        let mark = " ".repeat(column - skipped + dots.chars().count());
        let margin = " ".repeat(number.to_string().len());
        let key = line.split('=').next().unwrap_or_default().trim().trim_matches(['"', '\'', '[', ']']);
        let form = FORMS.iter().find(|(known, _)| *known == key).filter(|_| message.starts_with("invalid type"));
        let form = form.map(|(_, form)| format!("; write {form}")).unwrap_or_default();
        Self(format!(
            "TOML parse error at line {number}, column {}\n{margin} |\n{number} | {dots}{shown}\n{margin} | {mark}^\n\
             {message}{form}",
            column + 1
        ))
    }
}

/// The beginning of a text.
fn cut(text: &str, longest: usize) -> String {
    let mut shown: String = text.chars().take(longest).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Invalid {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::farm::plan::file::File;

    fn error(text: &str) -> String {
        Invalid::new(&toml::from_str::<File>(text).unwrap_err(), text).to_string()
    }

    #[test]
    fn the_right_form_of_a_key_is_shown() {
        let text = error("segment = 60\n");
        assert!(text.ends_with("; write segment = \"60s\"") && text.contains("\n1 | segment = 60\n"), "{text}");
        let text = error("source = 'a'\n[compare]\nmeasures = ['psnr']\n");
        assert!(text.starts_with("TOML parse error at line 3, column 12\n"), "{text}");
        assert!(text.ends_with("; write measures = \"psnr,ssim\""), "{text}");
        assert!(!error("segmnet = 60").contains("; write"));
    }

    #[test]
    fn a_long_line_is_cut() {
        for line in [format!("{} = 1", "x".repeat(100_000)), format!("source = '{}' y", "é".repeat(100_000))] {
            let text = error(&line);
            assert!(text.lines().all(|line| line.chars().count() < 500), "{}", text.len());
        }
    }
}
