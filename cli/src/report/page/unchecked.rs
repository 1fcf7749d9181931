// SPDX-License-Identifier: MPL-2.0

//! Thresholds for heights that no rendition has.

use super::rich::Rich;
use super::thresholds::pretty;
use crate::report::data::Report;

/// Clause for the verdict sentence.
pub fn clause(report: &Report) -> Option<Rich> {
    let heights: Vec<_> = report.unchecked.iter().map(|one| one.height.to_string()).collect();
    let said = format!("nothing has {} lines, so what was asked of that was not checked", heights.join(" or "));
    (!heights.is_empty()).then(|| Rich::default().text(said))
}

/// One line per height.
pub fn lines(report: &Report) -> Vec<Rich> {
    let line = |one: &crate::report::data::Unchecked| {
        let text = Rich::default().bold(format!("No rendition has {} lines:", one.height)).text(" not checked: ");
        let text = one.thresholds.iter().enumerate().fold(text, |text, (index, expression)| {
            let text = if index > 0 { text.text(", ") } else { text };
            text.code(pretty(expression))
        });
        text.text(". Correct the height, or add the rendition.")
    };
    report.unchecked.iter().map(line).collect()
}
