// SPDX-License-Identifier: MPL-2.0

//! Tests of the HTML text. `tests/shell/page.sh` tests it in a browser; [`pages`] writes pages for it to the folder
//! ONNX_IQA_PAGES.

mod sample;

use super::{RenditionCurves, render, write};
use crate::report::data::{BdRate, Inversion, Report, Versus};
use sample::{FORBIDDEN, Sample, ladder, with_stranger};
use std::path::{Path, PathBuf};

/// Size of pictures whose content does not matter.
const SMALL: [u32; 2] = [64, 36];

fn page(folder: &Path, sample: &Sample) -> String {
    render(folder, &sample.report, &sample.curves).expect("a page")
}

/// Text of the page title.
fn sentence(report: &Report, curves: &[RenditionCurves]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let html = render(folder.path(), report, curves).expect("a page");
    let (_, rest) = html.split_once("<title>").expect("a title");
    let (title, _) = rest.split_once(" · ").expect("its parts");
    title.replace("&gt;", ">").to_owned()
}

/// A ladder without pictures.
fn small() -> Sample {
    let folder = tempfile::tempdir().expect("a folder");
    ladder(folder.path(), 72.0, SMALL)
}

#[test]
fn pages() {
    let temporary = tempfile::tempdir().expect("a folder");
    let asked = std::env::var_os("ONNX_IQA_PAGES");
    // Realistic pictures take time to generate.
    let size = if asked.is_some() { [1280, 720] } else { SMALL };
    let folder = asked.map_or(temporary.path().to_owned(), PathBuf::from);
    let written = |name: &str, sample: &dyn Fn(&Path) -> Sample| {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let sample = sample(&folder);
        let path = write(&folder, &sample.report, &sample.curves).expect("written");
        assert_eq!(path, folder.join("report.html"));
        std::fs::metadata(&path).expect("a file").len()
    };
    let bytes = written("ladder", &|folder| with_stranger(folder, size));
    assert!(bytes < 20_000_000, "{bytes}");
    // Two hours; the test of pictures uses incompressible ones.
    let bytes = written("film", &|folder| ladder(folder, 7200.0, size));
    assert!(bytes < 20_000_000, "{bytes}");
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let html = page(folder.path(), &with_stranger(folder.path(), SMALL));
    let (markup, _) = html.split_once("<script>").expect("scripts");
    for attribute in ["src=\"", "href=\"", "url("] {
        for (at, _) in markup.match_indices(attribute) {
            let value = &markup[at + attribute.len()..];
            assert!(value.starts_with("data:") || value.starts_with('#'), "{}", &value[..40]);
        }
    }
    assert!(markup.matches("<img").count() > 60);
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn a_rendition_that_is_not_trusted_has_no_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let html = page(folder.path(), &with_stranger(folder.path(), SMALL));
    for digits in 1..4 {
        let number = format!("{FORBIDDEN:.digits$}");
        assert!(!html.contains(&number), "{number} is in the page");
    }
    assert!(html.contains("240p has no numbers"));
    assert!(html.contains("alt=\"Source at 00:20.0\"") && html.contains("alt=\"240p at 00:20.0\""));
    assert!(html.contains("not checked: <code>vmaf.p5 ≥ 80</code></span>"));
    // If trusted, the same values are shown.
    let mut sample = with_stranger(folder.path(), SMALL);
    sample.report.renditions[4].verdict = "aligned".to_owned();
    assert!(page(folder.path(), &sample).contains(&format!("{FORBIDDEN:.1}")));
}

#[test]
fn names_from_outside_are_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut sample = ladder(folder.path(), 72.0, SMALL);
    let evil = "</script><img src=x onerror=alert(1)>\"'&";
    sample.report.source.name = evil.to_owned();
    sample.report.renditions[0].media.name = evil.to_owned();
    sample.report.renditions[0].reasons = vec![evil.to_owned()];
    sample.curves[0].name = evil.to_owned();
    let html = page(folder.path(), &sample);
    assert!(!html.contains("<img src=x"));
    assert_eq!(html.matches("</script>").count(), 3, "the page's own");
}

#[test]
fn the_verdict_names_who_what_and_when() {
    let folder = tempfile::tempdir().expect("a folder");
    let sample = with_stranger(folder.path(), SMALL);
    assert_eq!(
        sentence(&sample.report, &sample.curves),
        "3 of 5 renditions pass; 360p falls below vmaf.p5 ≥ 80 between 00:41 and 00:46, and 240p could not be measured"
    );
    let Sample { mut report, curves } = small();
    report.renditions[3].thresholds[1].met = Some(true);
    report.renditions[3].thresholds[1].value = Some(5.0);
    report.renditions[3].thresholds[0].value = Some(81.26);
    report.renditions[3].thresholds[0].met = Some(true);
    assert_eq!(
        sentence(&report, &curves),
        "All 4 renditions pass; the closest is 360p with dropped = 5 where 5 is allowed"
    );
    report.renditions.iter_mut().for_each(|rendition| {
        rendition.thresholds.pop();
    });
    assert_eq!(
        sentence(&report, &curves),
        "All 4 renditions pass; the closest is 360p with vmaf.p5 = 81.3 where 80.0 is asked"
    );
    for rung in [1, 2] {
        report.renditions[rung].thresholds[0].met = Some(false);
    }
    assert_eq!(sentence(&report, &curves), "2 of 4 renditions pass; 720p and 540p miss vmaf.p5 ≥ 80");
    for rung in [1, 2] {
        report.renditions[rung].thresholds[0].met = Some(true);
    }
    report.renditions[1].verdict = "partly".to_owned();
    assert_eq!(sentence(&report, &curves), "3 of 4 renditions pass; 720p was measured only in part");
    report.renditions[1].verdict = "failed".to_owned();
    report.renditions[2].verdict = "failed".to_owned();
    assert_eq!(sentence(&report, &curves), "2 of 4 renditions pass; 720p and 540p could not be read");
    report.interrupted = true;
    report.renditions[2].verdict = "interrupted".to_owned();
    assert_eq!(sentence(&report, &curves), "Interrupted after 3 of 4 renditions, at 2026-03-14, 09:26 UTC");
}

#[test]
fn what_was_not_asked_is_no_pass() {
    let Sample { mut report, curves } = small();
    report.renditions.iter_mut().for_each(|rendition| rendition.thresholds.clear());
    let said = sentence(&report, &curves);
    assert!(said.starts_with("4 renditions measured, no threshold given. 1080p is best with a mean VMAF of 9"));
    let folder = tempfile::tempdir().expect("a folder");
    let html = render(folder.path(), &report, &curves).expect("a page");
    assert!(!html.contains("</svg>Pass</span>"));
    report.renditions.truncate(1);
    report.renditions[0].thresholds = vec![sample_threshold()];
    assert_eq!(sentence(&report, &curves), "1080p was measured, but not for all that was asked");
}

fn sample_threshold() -> crate::report::data::Threshold {
    crate::report::data::Threshold { expression: "cambi.mean<=5".to_owned(), value: None, met: None }
}

#[test]
fn two_ladders_and_inversions_are_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let Sample { mut report, curves } = small();
    let inversion = |measure: &str, difference| Inversion {
        measure: measure.to_owned(),
        higher: "720p".to_owned(),
        lower: "540p".to_owned(),
        difference,
    };
    report.inversions = vec![inversion("vmaf", 1.25), inversion("psnr-y", 0.03), inversion("ssim", -0.004)];
    let refused = "the other ladder has 3 measured rungs with a rate, and 4 are needed: add rungs";
    report.versus = Some(Versus {
        renditions: report.renditions.clone(),
        bd_rate: [
            ("vmaf".to_owned(), BdRate { percent: Some(-12.34), reason: None }),
            ("ssim".to_owned(), BdRate { percent: None, reason: Some(refused.to_owned()) }),
        ]
        .into(),
    });
    let html = render(folder.path(), &report, &curves).expect("a page");
    assert!(html.contains("The other ladder needs 12.3 % less rate for the same VMAF."));
    assert!(html.contains("−12.3 %") && html.contains(refused));
    assert!(html.contains("<b>720p is worse than 540p</b> by 1.2 VMAF and 0.004 SSIM, at a higher rate."));
}

#[test]
fn pictures_that_are_missing_are_said() {
    let Sample { report, curves } = small();
    let folder = tempfile::tempdir().expect("a folder");
    let html = render(folder.path(), &report, &curves).expect("a page");
    assert!(html.contains("Not found beside this page: <code>frames&#x2f;1080p-0-source.png</code>"));
}

#[test]
fn an_empty_report_is_a_page() {
    let Sample { mut report, .. } = small();
    report.renditions.clear();
    report.measures.clear();
    let folder = tempfile::tempdir().expect("a folder");
    assert!(render(folder.path(), &report, &[]).expect("a page").contains("</html>"));
}
