// SPDX-License-Identifier: MPL-2.0

//! The file of `--thresholds`:
//!
//! ```toml
//! thresholds = ["vmaf.p5>=80", "unmatched<=2"]
//!
//! [[rung]]            # takes the place of general ones of the same quantity
//! height = 360        # or name = "360p"
//! thresholds = ["vmaf.p5>=40"]
//! ```

use super::Expression;
use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    thresholds: Vec<String>,
    #[serde(default)]
    rung: Vec<RungText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RungText {
    name: Option<String>,
    height: Option<u32>,
    thresholds: Vec<String>,
}

/// Thresholds of some renditions.
#[derive(Debug, Clone, PartialEq)]
pub struct Rung {
    /// Applies to the rendition of this name.
    pub name: Option<String>,
    /// Applies to renditions of this height.
    pub height: Option<u32>,
    /// The thresholds.
    pub expressions: Vec<Expression>,
}

/// Parses the general thresholds and those of rungs.
///
/// # Errors
/// If the text is not valid TOML, or contains an unknown key or an invalid threshold.
pub fn parse(text: &str) -> Result<(Vec<Expression>, Vec<Rung>)> {
    let document: Document = toml::from_str(text)?;
    let read = |texts: &[String]| {
        let read = texts.iter().map(|text| text.parse().with_context(|| text.clone()));
        read.collect::<Result<Vec<Expression>>>()
    };
    let rungs = document.rung.iter().map(|rung| {
        let one = rung.name.is_some() != rung.height.is_some();
        ensure!(one, "a [[rung]] needs either `name` or `height`");
        Ok(Rung { name: rung.name.clone(), height: rung.height, expressions: read(&rung.thresholds)? })
    });
    Ok((read(&document.thresholds)?, rungs.collect::<Result<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn what_is_not_known_is_an_error() {
        let error = |text: &str| format!("{:#}", parse(text).unwrap_err());
        assert!(error("treshold = []").contains("treshold"));
        assert!(error("thresholds = [\"vmaf.p55>=1\"]").contains("p55"));
        assert!(error("[[rung]]\nthresholds = []").contains("either"));
        assert!(parse("").unwrap().0.is_empty());
    }
}
