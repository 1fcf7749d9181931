// SPDX-License-Identifier: MPL-2.0

//! Describes renditions that are worse than one of lower rate.

use super::Page;
use super::rich::{Rich, list};
use crate::report::data::Inversion;

/// One line per pair of renditions, with all measures concerned. Differences that are displayed as 0 are ignored.
pub fn lines(page: &Page<'_>) -> Vec<Rich> {
    let trusted = |name: &str| page.trusted().any(|rung| rung.name() == name);
    let all = &page.report.inversions;
    let mut pairs: Vec<[&str; 2]> = Vec::new();
    for inversion in all {
        let pair = [inversion.higher.as_str(), inversion.lower.as_str()];
        if pair.into_iter().all(trusted) && !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    let line = |[higher, lower]: [&str; 2]| {
        let these = all.iter().filter(|inversion| inversion.higher == higher && inversion.lower == lower);
        let by: Vec<_> = these.filter_map(|inversion| by(page, inversion)).collect();
        let by: Vec<_> = by.iter().map(String::as_str).collect();
        (!by.is_empty()).then(|| {
            Rich::default()
                .bold(format!("{higher} is worse than {lower}"))
                .text(format!(" by {}, at a higher rate. ", list(&by)))
                .link("hull", "See the curve")
        })
    };
    pairs.into_iter().filter_map(line).collect()
}

fn by(page: &Page<'_>, inversion: &Inversion) -> Option<String> {
    let measure = page.measures.iter().find(|measure| measure.name == inversion.measure && measure.main)?;
    let number = measure.number(inversion.difference.abs());
    let some = number.chars().any(|letter| ('1'..='9').contains(&letter));
    some.then(|| format!("{number}{} {}", measure.unit, measure.label))
}
