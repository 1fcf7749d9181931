// SPDX-License-Identifier: MPL-2.0

//! What `-o` writes, and what is kept for later runs.

use crate::common::{Bench, number, rendition};
use serde_json::Value;

#[test]
fn the_folder_holds_whole_files_and_a_second_run_reuses_them() {
    let Some(bench) = Bench::new("the_folder_holds_whole_files_and_a_second_run_reuses_them") else { return };
    let source = bench.source("bikes.mp4", "1");
    let high = bench.rendition("high.mp4", "25", &[]);
    let low = bench.rendition("low.mp4", "38", &[]);
    let run = |more: &[&str]| {
        let mut arguments =
            vec![source.as_str(), &high, "-o", "out", "--measures", "psnr,vmaf", "--threshold", "vmaf.mean>=1"];
        arguments.extend(more);
        bench.iqa(&arguments).ended(0)
    };
    let first = run(&[]);
    let mut names: Vec<_> = std::fs::read_dir(bench.path("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in ["frames.csv", "high.vmaf.json", "junit.xml", "report.json"] {
        assert!(names.iter().any(|known| known == name), "{names:?}");
    }
    assert!(names.iter().all(|name| !name.starts_with('.') && !name.ends_with(".part")), "{names:?}");
    let read = |name: &str| std::fs::read_to_string(bench.path(name)).unwrap();
    assert!(read("out/report.html").contains("high"));
    let report: Value = serde_json::from_str(&read("out/report.json")).unwrap();
    let vmaf: Value = serde_json::from_str(&read("out/high.vmaf.json")).unwrap();
    let worst = &rendition(&report, "high")["worst"][0];
    for picture in ["source-picture", "picture", "difference"] {
        let path = worst[picture].as_str().unwrap_or_else(|| panic!("{worst:#}"));
        assert!(bench.path("out").join(path).is_file(), "{path}");
    }
    let mean = number(rendition(&report, "high"), &["measures", "vmaf", "mean"]);
    assert!((number(&vmaf, &["pooled_metrics", "vmaf", "mean"]) - mean).abs() < 1e-9);
    let frames = vmaf["frames"].as_array().unwrap().len();
    assert_eq!(read("out/frames.csv").lines().count(), frames + 1);
    assert_eq!(report["measures"].as_array().unwrap().last().unwrap()["model"], "vmaf_v0.6.1");
    assert_eq!(report["measures"].as_array().unwrap().last().unwrap()["model-hash"].as_str().unwrap().len(), 12);
    assert!(!first.stderr.contains("earlier run"));

    let second = run(&[&low]);
    assert!(second.stderr.contains("high: reused from an earlier run"), "{}", second.stderr);
    assert!(!second.stderr.contains("low: reused"), "{}", second.stderr);
    let again: Value = serde_json::from_str(&read("out/report.json")).unwrap();
    assert_eq!(rendition(&again, "high"), rendition(&report, "high"));
    assert!(number(rendition(&again, "low"), &["measures", "vmaf", "mean"]) < mean);
    let logs: Value = serde_json::from_str(&read("out/high.vmaf.json")).unwrap();
    assert_eq!(logs, vmaf);
    // A run that writes no files reuses them too.
    let third = bench.iqa(&[&source, &high, "--measures", "psnr,vmaf"]).ended(0);
    assert!(third.stderr.contains("high: reused from an earlier run"), "{}", third.stderr);
    assert!(!run(&["--no-cache"]).stderr.contains("earlier run"));
    // Other content under the same name is another input.
    bench.rendition("high.mp4", "33", &[]);
    assert!(!run(&[]).stderr.contains("earlier run"));
}

#[test]
fn files_of_others_stay() {
    let Some(bench) = Bench::new("files_of_others_stay") else { return };
    let source = bench.source("bikes.mp4", "1");
    let high = bench.rendition("high.mp4", "30", &[]);
    std::fs::create_dir_all(bench.path("theirs/frames")).unwrap();
    std::fs::write(bench.path("theirs/frames/mine.txt"), "mine").unwrap();
    let compare = |folder: &str| bench.iqa(&[&source, &high, "-o", folder, "--measures", "psnr"]);
    let ran = compare("theirs").ended(2);
    assert!(ran.stderr.contains("theirs/frames exists"), "{}", ran.stderr);
    // Also beside one of our reports.
    compare("out").ended(0);
    std::fs::write(bench.path("out/frames/mine.txt"), "mine").unwrap();
    std::fs::rename(bench.path("out/frames/high-1-source.png"), bench.path("out/frames/kept.png")).unwrap();
    compare("out").ended(0);
    for file in ["theirs/frames/mine.txt", "out/frames/mine.txt", "out/frames/kept.png", "out/frames/high-1-source.png"]
    {
        assert!(bench.path(file).is_file(), "{file}");
    }
}

#[test]
fn names_that_are_equal_as_file_names_are_distinguished() {
    let Some(bench) = Bench::new("names_that_are_equal_as_file_names_are_distinguished") else { return };
    let source = bench.source("bikes.mp4", "1");
    let names = ["x#1.mp4", "x&1.mp4"].map(|name| bench.rendition(name, "30", &[]));
    bench.iqa(&[&source, &names[0], &names[1], "-o", "out", "--measures", "psnr"]).ended(0);
    for log in ["x_1.vmaf.json", "x_1-2.vmaf.json"] {
        assert!(bench.path("out").join(log).is_file(), "{log}");
    }
}

#[test]
fn junit_has_a_case_for_the_alignment_and_for_each_threshold() {
    let Some(bench) = Bench::new("junit_has_a_case_for_the_alignment_and_for_each_threshold") else { return };
    let source = bench.source("bikes.mp4", "1");
    let high = bench.rendition("high.mp4", "25", &[]);
    let thresholds = ["--threshold", "psnr-y.min>=20", "--threshold", "psnr-y.min>=90"];
    bench.iqa(&[&[source.as_str(), &high, "-o", "out", "--measures", "psnr"], &thresholds[..]].concat()).ended(1);
    let text = std::fs::read_to_string(bench.path("out/junit.xml")).unwrap();
    let report = quick_junit::Report::deserialize_from_str(&text).unwrap();
    let suite = &report.test_suites[0];
    let shown: Vec<_> = suite.test_cases.iter().map(|case| (case.name.as_str(), is_success(case))).collect();
    assert_eq!(shown, [("alignment", true), ("psnr-y.min>=20", true), ("psnr-y.min>=90", false)]);
    assert_eq!((suite.name.as_str(), report.failures), ("high", 1));
}

fn is_success(case: &quick_junit::TestCase) -> bool {
    matches!(case.status, quick_junit::TestCaseStatus::Success { .. })
}
