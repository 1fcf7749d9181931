// SPDX-License-Identifier: MPL-2.0

//! Texts for a terminal: names and texts from elsewhere must not move its cursor, clear it, or look like other lines.

use std::borrow::Cow;

/// A line, with control characters and line breaks as escapes such as `\u{1b}` and `\n`.
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// Lines, with control characters other than line breaks and tabulators as escapes.
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c == '\n' || c == '\t')
}

fn escaped(text: &str, is_kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    let is_harmless = |c: char| is_kept(c) || !is_harmful(c);
    if text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_harmless(c) { plain.push(c) } else { plain.extend(c.escape_default()) }
    }
    Cow::Owned(plain)
}

/// Whether a character controls a terminal, breaks a line, or changes the direction of what follows.
fn is_harmful(c: char) -> bool {
    let is_direction =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || is_direction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_controls_a_terminal_is_escaped() {
        assert_eq!(line("a\u{1b}[2Jb\r\nc\u{9b}1m\u{202e}d\u{7f}"), r"a\u{1b}[2Jb\r\nc\u{9b}1m\u{202e}d\u{7f}");
        assert_eq!(lines("a\n\tb\u{1b}[0m\u{2028}c"), "a\n\tb\\u{1b}[0m\\u{2028}c");
        assert!(matches!(line("Größe 😀 – 50 %"), Cow::Borrowed("Größe 😀 – 50 %")));
    }
}
