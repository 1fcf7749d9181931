// SPDX-License-Identifier: MPL-2.0

//! Thresholds of renditions and their evaluation.

mod expression;
mod file;

pub use expression::WORST_SECOND;

pub use expression::{Expression, Quantity};

use crate::args::Compare;
use crate::report::data::{Rendition, Threshold, Unchecked};
use crate::report::records::ATTRIBUTE;
use anyhow::{Context as _, Result, bail, ensure};
use file::Rung;

/// The thresholds of a comparison.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Thresholds {
    /// Apply to every rendition.
    general: Vec<Expression>,
    /// Apply to some renditions; they override general thresholds with the same quantity and direction.
    rungs: Vec<Rung>,
}

/// Values that concern the ladder as a whole.
#[derive(Debug, Clone, Copy)]
pub struct Ladder {
    /// Number of pairs of rungs of which the higher is worse.
    pub inversions: u64,
}

impl Thresholds {
    /// Reads the thresholds from the command line and from the file it names.
    ///
    /// # Errors
    /// If a threshold is invalid, or its field is not among the `measured` ones.
    pub fn new(args: &Compare, measured: &[&str]) -> Result<Self> {
        let mut thresholds = match &args.thresholds {
            Some(path) => {
                let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
                let (general, rungs) = file::parse(&text).with_context(|| path.display().to_string())?;
                Self { general, rungs }
            }
            None => Self::default(),
        };
        for text in &args.threshold {
            thresholds.general.push(text.parse().with_context(|| format!("--threshold {text}"))?);
        }
        let takes_all = args.start.is_none_or(|start| start.is_zero()) && args.duration.is_none();
        for expression in thresholds.all() {
            ensure!(
                takes_all || *expression.quantity() != Quantity::Coverage,
                "{expression}: coverage is only known for the whole source; leave out --start and --duration"
            );
            if let Quantity::Measure { field, .. } = expression.quantity() {
                let advice = match field.as_str() {
                    "score" => "set --model",
                    field if field.starts_with(ATTRIBUTE) => "thresholds of attributes are those of iqa score",
                    _ => "add it to --measures",
                };
                ensure!(measured.contains(&field.as_str()), "{expression}: {field} is not measured; {advice}");
            }
        }
        Ok(thresholds)
    }

    fn all(&self) -> impl Iterator<Item = &Expression> {
        self.general.iter().chain(self.rungs.iter().flat_map(|rung| &rung.expressions))
    }

    /// Whether there are no thresholds.
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    /// Checks that every rung specified by name exists.
    ///
    /// # Errors
    /// If one does not exist.
    pub fn check_names<'a>(&self, names: impl Iterator<Item = &'a str> + Clone) -> Result<()> {
        for name in self.rungs.iter().filter_map(|rung| rung.name.as_deref()) {
            if !names.clone().any(|known| known == name) {
                let known = names.collect::<Vec<_>>().join(", ");
                bail!("thresholds: unknown rung {name:?}; renditions: {known}");
            }
        }
        Ok(())
    }

    /// Thresholds for heights that no rendition has.
    pub fn unchecked(&self, renditions: &[Rendition]) -> Vec<Unchecked> {
        let rungs = self.rungs.iter().filter_map(|rung| Some((rung.height?, rung)));
        let missing = rungs.filter(|(height, _)| renditions.iter().all(|one| one.media.height != Some(*height)));
        let of = |(height, rung): (u32, &Rung)| Unchecked {
            height,
            thresholds: rung.expressions.iter().map(Expression::to_string).collect(),
        };
        missing.map(of).collect()
    }

    /// Evaluates the thresholds of a rendition. `trusted`: whether its results are valid.
    pub fn check(&self, rendition: &Rendition, ladder: Ladder, trusted: bool) -> Vec<Threshold> {
        let media = &rendition.media;
        let own = self.rungs.iter().filter(|rung| {
            rung.name.as_deref() == Some(media.name.as_str()) || (rung.height.is_some() && rung.height == media.height)
        });
        let own: Vec<_> = own.flat_map(|rung| &rung.expressions).collect();
        let general = self.general.iter().filter(|general| !own.iter().any(|own| own.replaces(general)));
        let check = |expression: &Expression| {
            let value = expression.value(rendition, ladder).filter(|_| trusted);
            let met = value.map(|value| expression.holds(value));
            Threshold { expression: expression.to_string(), value, met }
        };
        general.chain(own.iter().copied()).map(check).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::data::Media;
    use std::collections::BTreeMap;

    fn rendition(name: &str, height: u32, p5: f64) -> Rendition {
        Rendition {
            media: Media { name: name.into(), height: Some(height), ..Media::default() },
            verdict: "aligned".into(),
            offset_ms: Some(-80.0),
            confidence: None,
            evidence: None,
            coverage: None,
            counts: [("unmatched".to_owned(), 3)].into(),
            measures: [("vmaf".to_owned(), BTreeMap::from([("p5".to_owned(), p5)]))].into(),
            thresholds: Vec::new(),
            reasons: Vec::new(),
            worst: Vec::new(),
        }
    }

    fn thresholds(text: &str) -> Thresholds {
        let (general, rungs) = file::parse(text).unwrap();
        Thresholds { general, rungs }
    }

    #[test]
    fn a_rung_has_its_own_values() {
        let thresholds = thresholds(
            r#"thresholds = ["vmaf.p5>=80", "unmatched<=2", "vmaf.mean>=90"]
            [[rung]]
            height = 360
            thresholds = ["vmaf.p5>=40"]
            [[rung]]
            name = "top"
            thresholds = ["vmaf.p5>90"]"#,
        );
        let ladder = Ladder { inversions: 0 };
        let check = |name, height, p5| thresholds.check(&rendition(name, height, p5), ladder, true);
        let shown =
            |checked: Vec<Threshold>| checked.into_iter().map(|one| (one.expression, one.met)).collect::<Vec<_>>();
        let expected = |p5: &str, met| {
            vec![
                ("unmatched<=2".to_owned(), Some(false)),
                ("vmaf.mean>=90".to_owned(), None),
                (p5.to_owned(), Some(met)),
            ]
        };
        assert_eq!(shown(check("low", 360, 50.0)), expected("vmaf.p5>=40", true));
        assert_eq!(shown(check("top", 1080, 90.0)), expected("vmaf.p5>90", false));
        let general = shown(check("mid", 720, 79.0));
        assert_eq!(general.first(), Some(&("vmaf.p5>=80".to_owned(), Some(false))));
        let untrusted = thresholds.check(&rendition("mid", 720, 99.0), ladder, false);
        assert!(untrusted.iter().all(|one| one.met.is_none() && one.value.is_none()));
        let missing = Unchecked { height: 360, thresholds: vec!["vmaf.p5>=40".to_owned()] };
        assert_eq!(thresholds.unchecked(&[rendition("top", 1080, 1.0)]), [missing]);
        assert!(thresholds.unchecked(&[rendition("low", 360, 1.0)]).is_empty());
        assert!(thresholds.check_names(["low"].into_iter()).unwrap_err().to_string().contains("renditions: low"));
    }
}
