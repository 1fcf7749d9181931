// SPDX-License-Identifier: MPL-2.0

//! Formatting of thresholds on the page.

use super::words::MeasureWords;

/// Parts of an expression such as `vmaf.p5>=80`.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression<'a> {
    /// Measure and statistic, or a count.
    pub name: &'a str,
    /// Operator as displayed: `≥`, `≤`, `>`, `<` or `=`.
    pub relation: &'static str,
    /// Limit.
    pub limit: f64,
}

impl<'a> Expression<'a> {
    /// Splits an expression; `None` if it has another form.
    pub fn of(text: &'a str) -> Option<Self> {
        let relations = [(">=", "≥"), ("<=", "≤"), ("==", "="), (">", ">"), ("<", "<"), ("=", "=")];
        let (name, relation, limit) = relations.into_iter().find_map(|(written, read)| {
            let (name, limit) = text.split_once(written)?;
            Some((name.trim(), read, limit.trim()))
        })?;
        Some(Self { name, relation, limit: limit.parse().ok()? })
    }

    /// Name of the measure and the statistic, if it is about a measure.
    pub fn measure(&self) -> Option<(&'a str, &'a str)> {
        self.name.split_once('.')
    }

    /// Whether higher values are better.
    pub fn wants_more(&self) -> bool {
        matches!(self.relation, "≥" | ">")
    }

    /// Distance of a value from the limit, as a share of the limit; negative if missed.
    pub fn margin(&self, value: f64) -> f64 {
        let by = if self.wants_more() { value - self.limit } else { self.limit - value };
        by / self.limit.abs().max(1e-9)
    }
}

/// Formats as `vmaf.p5 ≥ 80`.
pub fn pretty(expression: &str) -> String {
    match Expression::of(expression) {
        Some(parts) => format!("{} {} {}", parts.name, parts.relation, limit(expression)),
        None => expression.to_owned(),
    }
}

/// The limit as specified.
fn limit(expression: &str) -> &str {
    expression.rsplit(['<', '>', '=']).next().unwrap_or_default().trim()
}

/// Formats a value with the digits of its measure, counts as integers.
pub fn value(expression: &str, value: f64, measures: &[MeasureWords]) -> String {
    let measure = Expression::of(expression).and_then(|parts| parts.measure());
    match measure.and_then(|(name, _)| measures.iter().find(|measure| measure.name == name)) {
        Some(measure) => measure.number(value),
        None => super::words::count_or_number(value),
    }
}

#[cfg(test)]
mod tests {
    use super::{Expression, pretty};

    #[test]
    fn expressions_are_read_and_written() {
        let parts = Expression::of("vmaf.p5>=80").expect("an expression");
        assert_eq!((parts.measure(), parts.relation, parts.limit), (Some(("vmaf", "p5")), "≥", 80.0));
        assert!((parts.margin(84.0) - 0.05).abs() < 1e-12 && parts.margin(76.0) < 0.0);
        let count = Expression::of("dropped <= 5").expect("an expression");
        assert!(count.measure().is_none() && count.margin(12.0) < 0.0 && count.margin(5.0) == 0.0);
        assert_eq!(
            ["vmaf.p5>=80", "dropped <= 05", "inversions"].map(pretty),
            ["vmaf.p5 ≥ 80", "dropped ≤ 05", "inversions"]
        );
    }
}
