// SPDX-License-Identifier: MPL-2.0

//! Sentences with markup.

use minijinja::{HtmlEscape, Value};
use std::fmt::Write;

/// HTML under construction; text is escaped.
#[derive(Debug, Clone, Default)]
pub struct Rich(String);

impl Rich {
    /// Appends plain text.
    pub fn text(mut self, text: impl AsRef<str>) -> Self {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{}", HtmlEscape(text.as_ref()));
        self
    }

    /// Appends text in code style.
    pub fn code(self, text: impl AsRef<str>) -> Self {
        self.within("<code>", text.as_ref(), "</code>")
    }

    /// Appends bold text.
    pub fn bold(self, text: impl AsRef<str>) -> Self {
        self.within("<b>", text.as_ref(), "</b>")
    }

    /// Appends a link to an anchor on the page.
    pub fn link(self, anchor: &str, text: impl AsRef<str>) -> Self {
        let open = format!("<a href=\"#{}\">", HtmlEscape(anchor));
        self.within(&open, text.as_ref(), "</a>")
    }

    /// Appends another sentence.
    pub fn then(mut self, other: &Self) -> Self {
        self.0.push_str(&other.0);
        self
    }

    /// Value for the template, marked as safe.
    pub fn value(self) -> Value {
        Value::from_safe_string(self.0)
    }

    /// Text without markup, for the page title; entities are kept.
    pub fn plain(&self) -> Value {
        let mut plain = String::new();
        let mut inside = false;
        for letter in self.0.chars() {
            match letter {
                '<' => inside = true,
                '>' if inside => inside = false,
                _ if !inside => plain.push(letter),
                _ => {}
            }
        }
        Value::from_safe_string(plain)
    }

    fn within(mut self, open: &str, text: &str, close: &str) -> Self {
        self.0.push_str(open);
        self = self.text(text);
        self.0.push_str(close);
        self
    }
}

/// Formats `a`, `a and b`, `a, b and c`.
pub fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
