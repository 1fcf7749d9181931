// SPDX-License-Identifier: MPL-2.0

//! Passwords and tokens: never displayed, and removed from every text that leaves the process.
//!
//! Texts of other components contain secrets in different encodings: GStreamer's errors contain whole URIs. Every
//! secret is therefore registered with [`redact`] when it is created.

mod parameters;

pub use parameters::secret_values;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// Replacement for secrets.
pub const HIDDEN: &str = "***";

/// Shorter secrets are only removed from URIs, because they may be part of any text.
const SHORTEST: usize = 6;

/// All registered secrets. They remain registered after a reload, because messages about the old configuration may
/// follow.
static KNOWN: RwLock<BTreeSet<Arc<str>>> = RwLock::new(BTreeSet::new());

/// A secret.
#[derive(Clone, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub struct Secret(Arc<str>);

impl Secret {
    /// Creates a secret and registers it with [`redact`].
    pub fn new(text: &str) -> Self {
        let secret: Arc<str> = text.into();
        if secret.len() >= SHORTEST {
            KNOWN.write().unwrap_or_else(PoisonError::into_inner).insert(secret.clone());
        }
        Self(secret)
    }

    /// Creates a secret that is not registered: a text of which only parts are secret, which are registered separately.
    pub fn unlisted(text: &str) -> Self {
        Self(text.into())
    }

    /// Returns the secret for its actual use: a source or a comparison.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(HIDDEN)
    }
}

/// Deserializes a configuration value of which only parts are secret, if any: the caller registers these.
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::unlisted(&Cow::<str>::deserialize(deserializer)?))
    }
}

/// Removes all secrets from a text: registered ones in any encoding, and passwords in URIs.
pub fn redact(text: &str) -> String {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let mut hidden = vec![false; text.len()];
    for secret in known.iter() {
        hide(text.as_bytes(), secret.as_bytes(), &mut hidden);
    }
    hide_passwords(text, &mut hidden);
    hide_parameters(text, &mut hidden);
    let mut redacted = String::with_capacity(text.len());
    for (place, letter) in text.char_indices() {
        match (hidden[place], place > 0 && hidden[place - 1]) {
            (false, _) => redacted.push(letter),
            (true, false) => redacted.push_str(HIDDEN),
            (true, true) => {}
        }
    }
    redacted
}

/// Marks all occurrences of a secret.
fn hide(text: &[u8], secret: &[u8], hidden: &mut [bool]) {
    let mut start = 0;
    while start < text.len() {
        match spelled(&text[start..], secret) {
            Some(length) => {
                hidden[start..start + length].fill(true);
                start += length;
            }
            None => start += 1,
        }
    }
}

/// Length of the text at the start that encodes the secret, with each byte plain, percent-encoded (possibly twice, for
/// a URI within a URI) or escaped with a backslash; the longest, if there are several.
fn spelled(text: &[u8], secret: &[u8]) -> Option<usize> {
    let first = text.first()?;
    if secret.first() != Some(first) && !b"%\\".contains(first) {
        return None;
    }
    // All lengths that encode the secret so far. One reading after the other would take time that doubles with each
    // backslash of a secret.
    let mut lengths = vec![0];
    for &wanted in secret {
        let readings = |length: usize| {
            let rest = text.get(length..).unwrap_or_default();
            let readings = [encoded(rest, wanted), escaped(rest, wanted), (rest.first() == Some(&wanted)).then_some(1)];
            readings.into_iter().flatten().map(move |more| length + more)
        };
        lengths = lengths.into_iter().flat_map(readings).collect();
        lengths.sort_unstable();
        lengths.dedup();
    }
    lengths.last().copied()
}

/// `%40`, `%2540` and so on.
fn encoded(text: &[u8], wanted: u8) -> Option<usize> {
    let mut digits = text.strip_prefix(b"%")?;
    while let Some(inner) = digits.strip_prefix(b"25").filter(|inner| hexadecimal(inner).is_some()) {
        digits = inner;
    }
    // An encoded percent sign is not consumed by the loop.
    let length = text.len() - digits.len() + 2;
    (hexadecimal(digits)? == wanted).then_some(length)
}

/// Decodes two hexadecimal digits.
fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let digits = digits.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn escaped(text: &[u8], wanted: u8) -> Option<usize> {
    (text.starts_with(b"\\") && text.get(1) == Some(&wanted)).then_some(2)
}

/// Marks the values of secret parameters in URIs.
fn hide_parameters(text: &str, hidden: &mut [bool]) {
    for (start, _) in text.match_indices("://") {
        let start = start + 3;
        let uri = text[start..].split(|letter: char| letter.is_whitespace() || "\"'<>".contains(letter)).next();
        // Of the text around it, as in "URI: reason".
        let uri = uri.map(|uri| uri.trim_end_matches(':'));
        for value in uri.map(secret_values).unwrap_or_default() {
            hidden[start + value.start..start + value.end].fill(true);
        }
    }
}

/// Marks the credentials in URIs.
fn hide_passwords(text: &str, hidden: &mut [bool]) {
    for (start, _) in text.match_indices("://") {
        let start = start + 3;
        if let Some(password) = password(&text[start..]) {
            hidden[start + password.start..start + password.end].fill(true);
        }
    }
}

/// Position of the password in the text after `://`: from the first colon to the last `@` before the next URI or white
/// space, so that an unencoded password with `/` or `@` is removed completely. This may remove more than the password.
pub fn password(rest: &str) -> Option<std::ops::Range<usize>> {
    let end = rest.find(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '<' | '>'));
    let rest = &rest[..end.unwrap_or(rest.len())];
    let rest = &rest[..rest.find("://").unwrap_or(rest.len())];
    let (colon, at) = (rest.find(':')?, rest.rfind('@')?);
    // `host:554/a@b`: a port and a path.
    let port = rest[colon + 1..].split('/').next().is_some_and(|port| {
        !port.is_empty()
            && port.bytes().all(|digit| digit.is_ascii_digit())
            && colon + 1 + port.len() < at
            && rest.as_bytes().get(colon + 1 + port.len()) == Some(&b'/')
    });
    (colon < at && !port && !rest[..colon].contains('/')).then_some(colon + 1..at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shows_a_secret() {
        let secret = Secret::new("nobody-knows");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"***\"");
        assert_eq!(secret.reveal(), "nobody-knows");
    }

    #[test]
    fn six_spellings() {
        let _known = Secret::new("p@s:s/w%rd");
        for spelling in [
            "p@s:s/w%rd",
            "p%40s%3As%2Fw%25rd",
            "p%40s%3as%2fw%25rd",
            "p@s%3As/w%25rd",
            "p%2540s%253As%252Fw%2525rd",
            "%70%40%73%3A%73%2F%77%25%72%64",
        ] {
            for text in [format!("could not open rtsp://me:{spelling}@host/cam?x=1"), format!("{spelling} is wrong")] {
                let shown = redact(&text);
                assert!(!shown.contains(spelling) && shown.contains(HIDDEN), "{shown}");
                assert!(!shown.contains("rd"), "{shown}");
            }
        }
        assert_eq!(redact("nothing here: 50 % at http://host:80/a@b"), "nothing here: 50 % at http://host:80/a@b");
    }

    #[test]
    fn a_password_in_a_uri_goes_even_if_nobody_knows_it() {
        for (text, expected) in [
            ("rtsp://me:x@host/cam and more", "rtsp://me:***@host/cam and more"),
            ("(rtsp://me:a/b@c@host:554/cam)", "(rtsp://me:***@host:554/cam)"),
            ("http://a/ then http://me:1@b/", "http://a/ then http://me:***@b/"),
            ("rtsp://me@host/cam", "rtsp://me@host/cam"),
            ("no http://host/cam?usr=me&pwd=123: end", "no http://host/cam?usr=me&pwd=***: end"),
        ] {
            assert_eq!(redact(text), expected);
        }
    }

    /// A text can be read in as many ways as there are to take backslashes for escapes: none is tried by itself.
    #[test]
    fn a_secret_of_backslashes_takes_no_time() {
        let secret = "\\".repeat(80) + "end";
        let _known = Secret::new(&secret);
        let other = "\\".repeat(120) + "other";
        assert_eq!(redact(&other), other);
        assert_eq!(redact(&format!("a {secret} b")), "a *** b");
    }

    #[test]
    fn letters_beyond_ascii_stay_whole() {
        let _known = Secret::new("geheimß");
        assert_eq!(redact("ä geheimß ö geheim%C3%9F ü"), "ä *** ö *** ü");
    }
}
