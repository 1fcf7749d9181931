// SPDX-License-Identifier: MPL-2.0

//! An error with its causes, in one text. Errors of libraries often contain the text of their cause, which is then not
//! repeated.

use std::error::Error;

/// An error with its causes, each said once.
pub fn of(error: &anyhow::Error) -> String {
    joined(error.chain())
}

/// As [`of`], for other errors.
#[cfg(feature = "farm")]
pub fn of_any(error: &(dyn Error + 'static)) -> String {
    joined(std::iter::successors(Some(error), |&error| error.source()))
}

fn joined<'a>(errors: impl Iterator<Item = &'a (dyn Error + 'static)>) -> String {
    let mut text = String::new();
    for error in errors {
        let said = said(error);
        if text.is_empty() {
            text = said;
        } else if !has(&text, &said) {
            text = format!("{text}: {said}");
        }
    }
    text
}

/// What an error says, in which a part may be equal to the one before: the kind of an error, and that of its cause.
fn said(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let text = error.to_string();
    for part in text.split(": ") {
        if part.is_empty() || parts.last() != Some(&part) {
            parts.push(part);
        }
    }
    parts.join(": ")
}

/// Whether a text has another one that does not begin or end within a word.
fn has(text: &str, part: &str) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(part).any(|(at, _)| {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + part.len()..).unwrap_or_default());
        !is_word(before.chars().next_back()) && !is_word(after.chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn each_cause_is_said_once() {
        // As async-nats makes them: each has the text of its cause.
        let error = anyhow!("timed out").context("request failed: timed out");
        let error = error.context("request failed: request failed: timed out").context("cannot count the results");
        assert_eq!(of(&error), "cannot count the results: request failed: timed out");
        let full = "insufficient resources (code 503, error code 10023)";
        let error = anyhow!(full).context(format!("JetStream error: {full}")).context("cannot create the stream X");
        assert_eq!(of(&error), format!("cannot create the stream X: JetStream error: {full}"));
        assert_eq!(of(&anyhow!("lan").context("plan.toml")), "plan.toml: lan");
        #[cfg(feature = "farm")]
        assert_eq!(of_any(&std::io::Error::other("no")), "no");
    }
}
