// SPDX-License-Identifier: MPL-2.0

//! A threshold: `vmaf.p5>=80`, `attributes.noise.mean>=60`, `unmatched<=2`, `offset-ms<=100`.

use super::Ladder;
use crate::report::data::Rendition;
use crate::report::records::ATTRIBUTE;
use anyhow::{Context as _, Result, bail};
use onnx_iqa::metrics::MEASURES;
use onnx_iqa::stats::Statistics;
use std::fmt;
use std::str::FromStr;

/// The only statistic that is not part of a pool: the lowest mean over one second.
pub const WORST_SECOND: &str = "worst-second";

/// Frame counts, including derived ones.
const COUNTS: [&str; 8] =
    ["distorted", "matched", "duplicate", "unmatched", "reference", "dropped", "outside", "failed"];

/// Quantity to which a threshold applies.
#[derive(Debug, Clone, PartialEq)]
pub enum Quantity {
    /// Statistic of a measure or of a model's attribute.
    Measure {
        /// Name of the field, or `attributes.` and that of the attribute.
        field: String,
        /// Name of the statistic.
        statistic: String,
    },
    /// A frame count.
    Count(&'static str),
    /// Share of the source that has a counterpart, in percent.
    Coverage,
    /// Absolute offset of the rendition in milliseconds.
    OffsetMs,
    /// Number of pairs of rungs of which the higher is worse.
    Inversions,
    /// Deviation of the measured from the declared bit rate, in percent of the latter.
    BandwidthError,
}

/// Comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    AtLeast,
    AtMost,
    Above,
    Below,
    Equal,
}

const RELATIONS: [(&str, Relation); 5] = [
    (">=", Relation::AtLeast),
    ("<=", Relation::AtMost),
    ("==", Relation::Equal),
    (">", Relation::Above),
    ("<", Relation::Below),
];

/// A threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// Source text without spaces.
    text: String,
    quantity: Quantity,
    relation: Relation,
    limit: f64,
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Expression {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let found = RELATIONS.iter().find_map(|(sign, relation)| Some((text.split_once(sign)?, *relation)));
        let ((name, limit), relation) = found.context("no comparison operator: use for example vmaf.p5>=80")?;
        let limit: f64 = limit.parse().ok().with_context(|| format!("invalid number {limit:?}"))?;
        if !limit.is_finite() {
            bail!("invalid limit {limit}");
        }
        let quantity = quantity(name)?;
        Ok(Self { text: text.clone(), quantity, relation, limit })
    }
}

/// Names of the fields of all measures.
fn known_fields() -> impl Iterator<Item = &'static str> {
    MEASURES.iter().flat_map(|measure| measure.fields.iter().map(|field| field.name)).chain(["score"])
}

fn quantity(name: &str) -> Result<Quantity> {
    if let Some((field, statistic)) = name.rsplit_once('.') {
        let statistics = || Statistics::NAMES.into_iter().chain([WORST_SECOND]);
        if name.starts_with(ATTRIBUTE) && !field.starts_with(ATTRIBUTE) {
            bail!("{name} has no statistic; use for example {name}.mean");
        }
        // Which attributes there are depends on the model.
        if !known_fields().any(|known| known == field) && !field.starts_with(ATTRIBUTE) {
            let known = known_fields().collect::<Vec<_>>().join(", ");
            bail!("unknown measure {field:?}; known measures: {known}");
        }
        if !statistics().any(|known| known == statistic) {
            bail!("unknown statistic {statistic:?}; known statistics: {}", statistics().collect::<Vec<_>>().join(", "));
        }
        return Ok(Quantity::Measure { field: field.to_owned(), statistic: statistic.to_owned() });
    }
    let others = [
        ("coverage", Quantity::Coverage),
        ("offset-ms", Quantity::OffsetMs),
        ("inversions", Quantity::Inversions),
        ("bandwidth-error", Quantity::BandwidthError),
    ];
    if let Some((_, quantity)) = others.iter().find(|(known, _)| *known == name) {
        return Ok(quantity.clone());
    }
    let count = COUNTS.iter().find(|known| **known == name);
    count.map(|&count| Quantity::Count(count)).with_context(|| {
        let known = COUNTS.into_iter().chain(others.iter().map(|(known, _)| *known)).collect::<Vec<_>>().join(", ");
        format!("unknown name {name:?}; use a measure with a statistic, as in vmaf.mean, or one of: {known}")
    })
}

impl Expression {
    /// Quantity to which the threshold applies.
    pub fn quantity(&self) -> &Quantity {
        &self.quantity
    }

    /// Whether this threshold overrides `general`.
    pub fn replaces(&self, general: &Self) -> bool {
        let lower = |relation| matches!(relation, Relation::AtLeast | Relation::Above);
        let upper = |relation| matches!(relation, Relation::AtMost | Relation::Below);
        let same_way = (lower(self.relation) && lower(general.relation))
            || (upper(self.relation) && upper(general.relation))
            || self.relation == general.relation;
        self.quantity == general.quantity && same_way
    }

    /// Whether a value meets the threshold.
    pub fn holds(&self, value: f64) -> bool {
        match self.relation {
            Relation::AtLeast => value >= self.limit,
            Relation::AtMost => value <= self.limit,
            Relation::Above => value > self.limit,
            Relation::Below => value < self.limit,
            Relation::Equal => value == self.limit,
        }
    }

    /// Value of a rendition; `None` if it has no such value.
    pub fn value(&self, rendition: &Rendition, ladder: Ladder) -> Option<f64> {
        match &self.quantity {
            Quantity::Measure { field, statistic } => rendition.measures.get(field)?.get(statistic).copied(),
            Quantity::Count(name) => rendition.counts.get(*name).map(|&count| count as f64),
            Quantity::Coverage => rendition.coverage,
            Quantity::OffsetMs => rendition.offset_ms.map(f64::abs),
            Quantity::Inversions => Some(ladder.inversions as f64),
            Quantity::BandwidthError => {
                let (declared, measured) = (rendition.media.declared_bandwidth?, rendition.media.bit_rate?);
                (declared > 0.0).then(|| (measured / declared - 1.0).abs() * 100.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read() {
        let read = |text: &str| text.parse::<Expression>().unwrap();
        let expression = read(" vmaf.p5 >= 80 ");
        assert_eq!(expression.to_string(), "vmaf.p5>=80");
        assert!(expression.holds(80.0) && !expression.holds(79.99));
        assert!(read("unmatched<3").holds(2.0) && !read("unmatched<3").holds(3.0));
        assert_eq!(read("dropped==0").quantity(), &Quantity::Count("dropped"));
        assert_eq!(read("offset-ms<=40").quantity(), &Quantity::OffsetMs);
        assert_eq!(read("coverage>=99").quantity(), &Quantity::Coverage);
        let noise = Quantity::Measure { field: "attributes.noise".into(), statistic: "p5".into() };
        assert_eq!(read("attributes.noise.p5>=20").quantity(), &noise);
        assert!(read("vmaf.p5>90").replaces(&expression) && !read("vmaf.p5<90").replaces(&expression));
        assert!(!read("vmaf.p1>90").replaces(&expression));
    }

    #[test]
    fn unknown_names_list_the_known_ones() {
        let error = |text: &str| format!("{:#}", text.parse::<Expression>().unwrap_err());
        assert!(error("vmef.p5>=80").contains("known measures: psnr-y"), "{}", error("vmef.p5>=80"));
        assert!(error("vmaf.p6>=80").contains("worst-second"));
        assert!(error("attributes.noise.p6>=80").contains("unknown statistic \"p6\""));
        assert!(error("attributes.noise>=80").contains("attributes.noise.mean"));
        assert!(error("unmached<=2").contains("unmatched"));
        assert!(error("vmaf>=80").contains("vmaf.mean"));
        assert!(error("vmaf.p5=80").contains("no comparison operator"));
        assert!(error("vmaf.p5>=x").contains("invalid number"));
        assert!(error("vmaf.p5>=nan").contains("invalid limit"));
    }
}
