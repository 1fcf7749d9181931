// SPDX-License-Identifier: MPL-2.0

//! Secret parameters of addresses. Cameras use many forms: `?pwd=…`, `;token=…`, and in the path itself
//! `/user=…&password=…` or `/user=…_password=…_channel=1`.

use percent_encoding::percent_decode_str;
use std::ops::Range;

/// Words that indicate a secret in a parameter name.
const WORDS: [&str; 8] = ["pas", "pwd", "psw", "token", "secret", "key", "auth", "sig"];

/// Parameter separators.
const BETWEEN: [char; 6] = ['&', ';', '?', '#', '/', ','];

/// Positions of the values of secret parameters in the part of a URI after its host. None is empty.
pub fn secret_values(text: &str) -> Vec<Range<usize>> {
    let query = text.find('?').unwrap_or(text.len());
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(sign) = text[from..].find('=').map(|at| from + at) {
        let begin = sign + 1;
        let end = begin + value_length(&text[begin..], sign > query);
        if is_secret(&text[from..sign]) && end > begin {
            found.push(begin..end);
        }
        from = end.max(begin);
    }
    found
}

/// Whether a parameter name indicates a secret.
fn is_secret(text: &str) -> bool {
    let name = text.rsplit(|letter| letter == '_' || BETWEEN.contains(&letter)).next().unwrap_or_default();
    let name = percent_decode_str(name).decode_utf8_lossy().to_lowercase();
    name == "pw" || WORDS.iter().any(|word| name.contains(word))
}

/// Length of the value at the start of `text`. Values in a query may contain slashes and commas.
fn value_length(text: &str, in_query: bool) -> usize {
    let ends = |(at, letter): (usize, char)| match letter {
        '/' | ',' | '?' => !in_query,
        '_' => begins_parameter(&text[at + 1..]),
        letter => BETWEEN.contains(&letter) || letter.is_whitespace() || matches!(letter, '"' | '\'' | '<' | '>'),
    };
    text.char_indices().find(|found| ends(*found)).map_or(text.len(), |(at, _)| at)
}

/// Whether the text starts like `channel=1`.
fn begins_parameter(text: &str) -> bool {
    let name = text.find(|letter: char| !letter.is_ascii_alphanumeric());
    name.is_some_and(|end| end > 0 && text[end..].starts_with('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_in_the_forms_that_cameras_have() {
        for text in [
            "/user=admin&password=S3cretWord&channel=1",
            "/user=admin_password=S3cretWord_channel=1_stream=0.sdp",
            "/cam?loginuse=a&loginpas=S3cretWord",
            "/?usr=a&psw=S3cretWord",
            "/?user=me&pw=S3cretWord",
            "/?a=b;password=S3cretWord",
            "/?p%61ssword=S3cretWord",
            "/#access_token=S3cretWord",
            "/cam;token=S3cretWord?x=1",
            "/?api_key=S3cretWord and more",
        ] {
            let found = secret_values(text);
            assert_eq!(found.iter().map(|range| &text[range.clone()]).collect::<Vec<_>>(), ["S3cretWord"], "{text}");
        }
        let query = "/?token=ab/cd,ef&x=1";
        assert_eq!(secret_values(query).first().map(|range| &query[range.clone()]), Some("ab/cd,ef"));
    }

    #[test]
    fn the_rest_is_left_alone() {
        for text in
            ["", "/cam", "/cam?channel=1&subtype=0", "/user=admin_channel=1", "/a?b", "/?password=", "/?x=a=b", "/ä=ö"]
        {
            assert!(secret_values(text).is_empty(), "{text}");
        }
    }
}
