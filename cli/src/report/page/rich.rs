// SPDX-License-Identifier: MPL-2.0

//! Sentences with names, code and links in them.

use minijinja::{HtmlEscape, Value};
use std::fmt::Write;

/// HTML that is built piece by piece; what comes from outside is escaped.
#[derive(Debug, Clone, Default)]
pub struct Rich(String);

impl Rich {
    /// Plain words.
    pub fn text(mut self, text: impl AsRef<str>) -> Self {
        // Writing to a string does not fail.
        let _ = write!(self.0, "{}", HtmlEscape(text.as_ref()));
        self
    }

    /// As on the command line.
    pub fn code(self, text: impl AsRef<str>) -> Self {
        self.within("<code>", text.as_ref(), "</code>")
    }

    /// What the sentence is about.
    pub fn bold(self, text: impl AsRef<str>) -> Self {
        self.within("<b>", text.as_ref(), "</b>")
    }

    /// To a place on the page; `anchor` is one of the page's own.
    pub fn link(self, anchor: &str, text: impl AsRef<str>) -> Self {
        let open = format!("<a href=\"#{}\">", HtmlEscape(anchor));
        self.within(&open, text.as_ref(), "</a>")
    }

    /// Another sentence's pieces.
    pub fn then(mut self, other: &Self) -> Self {
        self.0.push_str(&other.0);
        self
    }

    /// What the template shows as it is.
    pub fn value(self) -> Value {
        Value::from_safe_string(self.0)
    }

    /// The words alone, for the page's title; what is escaped stays so.
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

/// `a`, `a and b`, `a, b and c`.
pub fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
