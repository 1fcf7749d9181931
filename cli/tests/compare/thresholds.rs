// SPDX-License-Identifier: MPL-2.0

//! Thresholds by option and by file, and the status that follows.

use crate::common::{Bench, rendition};

#[test]
fn a_file_has_values_for_each_rung() {
    let Some(bench) = Bench::new("a_file_has_values_for_each_rung") else { return };
    let source = bench.source("bikes.mp4", "1");
    let high = bench.rendition("high.mp4", "25", &[]);
    let low = bench.rendition("low.mp4", "40", &["-vf", "scale=320:-2"]);
    let file = r#"
thresholds = ["psnr-y.mean>=33", "unmatched<=0", "inversions<=0", "psnr-y.worst-second>=10"]
[[rung]]
name = "low"
thresholds = ["psnr-y.mean>=15"]
"#;
    std::fs::write(bench.path("t.toml"), file).unwrap();
    let arguments = [&source, &high, &low, "--json", "--measures", "psnr,ssim", "--thresholds", "t.toml"];
    let report = bench.iqa(&arguments).ended(0).json();
    let met = |name| {
        let thresholds = rendition(&report, name)["thresholds"].as_array().unwrap().clone();
        thresholds
            .iter()
            .map(|one| (one["expression"].as_str().unwrap().to_owned(), one["met"].clone()))
            .collect::<Vec<_>>()
    };
    let all = |names: [&str; 4]| names.map(|name| (name.to_owned(), true.into())).to_vec();
    assert_eq!(met("high"), all(["psnr-y.mean>=33", "unmatched<=0", "inversions<=0", "psnr-y.worst-second>=10"]));
    assert_eq!(met("low"), all(["unmatched<=0", "inversions<=0", "psnr-y.worst-second>=10", "psnr-y.mean>=15"]));
    let ran = bench.iqa(&[&source, &high, "--measures", "psnr", "--threshold", "psnr-y.p5>=99"]).ended(1);
    assert!(ran.stdout.contains("MISSED") && ran.stdout.contains("Thresholds missed by: high."), "{}", ran.stdout);
}

#[test]
fn thresholds_of_a_height_that_nothing_has_are_never_a_pass() {
    let Some(bench) = Bench::new("thresholds_of_a_height_that_nothing_has_are_never_a_pass") else { return };
    let source = bench.source("bikes.mp4", "1");
    let high = bench.rendition("high.mp4", "25", &[]);
    let file = "thresholds = [\"psnr-y.mean>=20\"]\n[[rung]]\nheight = 480\nthresholds = [\"psnr-y.p5>=30\"]\n";
    std::fs::write(bench.path("t.toml"), file).unwrap();
    let ran = bench.iqa(&[&source, &high, "-o", "out", "--measures", "psnr", "--thresholds", "t.toml"]).ended(3);
    assert!(ran.stdout.contains("No rendition has 480 lines"), "{}", ran.stdout);
    let read = |name: &str| std::fs::read_to_string(bench.path("out").join(name)).unwrap();
    let report: serde_json::Value = serde_json::from_str(&read("report.json")).unwrap();
    let expected = serde_json::json!([{"height": 480, "thresholds": ["psnr-y.p5>=30"]}]);
    assert_eq!(report["unchecked"], expected);
    let (page, junit) = (read("report.html"), read("junit.xml"));
    let title = page.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).expect("a title");
    assert!(title.contains("nothing has 480 lines") && title.contains("not checked"), "{title}");
    assert!(
        page.contains("No rendition has 480 lines:") && page.contains("psnr-y.p5 ≥ 30"),
        "the page does not report it"
    );
    assert!(junit.contains("renditions of 480 lines") && junit.contains("psnr-y.p5&gt;=30"), "{junit}");
    assert!(junit.contains("errors=\"1\"") && junit.contains("no rendition has 480 lines"), "{junit}");
}
