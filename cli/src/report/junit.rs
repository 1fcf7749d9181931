// SPDX-License-Identifier: MPL-2.0

//! `junit.xml`: one suite per rendition, with a test case `alignment` and one per threshold.

use super::data::{Rendition, Report};
use anyhow::Result;
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use std::io::Write;

/// Writes the test cases.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(out: &mut impl Write, report: &Report) -> Result<()> {
    let mut document = quick_junit::Report::new("iqa compare");
    for rendition in report.all_renditions() {
        let mut suite = TestSuite::new(rendition.media.name.as_str());
        suite.add_test_case(alignment(rendition));
        suite.add_test_cases(thresholds(rendition));
        document.add_test_suite(suite);
    }
    for unchecked in &report.unchecked {
        let name = format!("renditions of {} lines", unchecked.height);
        let mut suite = TestSuite::new(name.as_str());
        suite.add_test_cases(unchecked.thresholds.iter().map(|expression| {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(format!("it could not be checked: no rendition has {} lines", unchecked.height));
            let mut case = TestCase::new(expression.as_str(), status);
            case.set_classname(name.as_str());
            case
        }));
        document.add_test_suite(suite);
    }
    document.serialize(&mut *out)?;
    Ok(())
}

fn case(rendition: &Rendition, name: &str, problem: Option<(NonSuccessKind, String)>) -> TestCase {
    let status = match problem {
        None => TestCaseStatus::success(),
        Some((kind, text)) => {
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(text);
            if !rendition.reasons.is_empty() {
                status.set_description(rendition.reasons.join("\n"));
            }
            status
        }
    };
    let mut case = TestCase::new(name, status);
    case.set_classname(rendition.media.name.as_str());
    case
}

/// Fails if the results are not trusted or cover only a part.
fn alignment(rendition: &Rendition) -> TestCase {
    let problem = match rendition.verdict.as_str() {
        "aligned" | "aligned-by-time" => None,
        "not-aligned" | "partly" => Some(NonSuccessKind::Failure),
        _ => Some(NonSuccessKind::Error),
    };
    case(rendition, "alignment", problem.map(|kind| (kind, format!("the verdict is {}", rendition.verdict))))
}

fn thresholds(rendition: &Rendition) -> impl Iterator<Item = TestCase> + '_ {
    rendition.thresholds.iter().map(|threshold| {
        let problem = match (threshold.met, threshold.value) {
            (Some(true), _) => None,
            (Some(false), value) => {
                let value = value.map_or_else(|| "unknown".to_owned(), |value| value.to_string());
                Some((NonSuccessKind::Failure, format!("the value is {value}")))
            }
            (None, _) => Some((NonSuccessKind::Error, "it could not be checked".to_owned())),
        };
        case(rendition, &threshold.expression, problem)
    })
}
