// SPDX-License-Identifier: MPL-2.0

//! A model in addition to the measures.

use crate::common::{Bench, number, reasons, rendition};

#[test]
fn a_model_scores_every_nth_pair_and_measures_every_pair() {
    let Some(bench) = Bench::new("a_model_scores_every_nth_pair_and_measures_every_pair") else { return };
    let source = bench.source("bikes.mp4", "1");
    let low = bench.rendition("low.mp4", "35", &[]);
    let model = onnx_iqa_testkit::difference_model(bench.folder.path(), "difference");
    let model = model.to_str().unwrap();
    let arguments = [&source, &low, "-o", "out", "--measures", "psnr", "--model", model, "--every", "5"];
    bench.iqa(&arguments).ended(0);
    let text = std::fs::read_to_string(bench.path("out/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let score = report["measures"].as_array().unwrap().iter().find(|one| one["name"] == "score").unwrap();
    assert_eq!(score["model-hash"].as_str().unwrap().len(), 12, "{score:#}");
    let one = rendition(&report, "low");
    assert!(number(one, &["measures", "score", "mean"]) > 0.0, "{one:#}");
    let frames = number(one, &["counts", "distorted"]);
    let csv = std::fs::read_to_string(bench.path("out/frames.csv")).unwrap();
    let mut lines = csv.lines();
    let column = |name: &str, header: &str| header.split(',').position(|cell| cell == name).unwrap();
    let header = lines.next().unwrap();
    let (psnr, score) = (column("psnr-y", header), column("score", header));
    let filled = |column: usize| {
        csv.lines().skip(1).filter(|line| line.split(',').nth(column).is_some_and(|cell| !cell.is_empty())).count()
    };
    assert_eq!((filled(psnr) as f64, filled(score) as f64), (frames, (frames / 5.0).ceil()));
}

#[test]
fn a_missing_model_or_one_of_another_kind_is_a_usage_error() {
    let Some(bench) = Bench::new("a_missing_model_or_one_of_another_kind_is_a_usage_error") else { return };
    let source = bench.source("bikes.mp4", "1");
    let ran = bench.iqa(&[&source, &source, "--model", "nonsense"]).ended(2);
    assert!(ran.stderr.contains("nonsense") && ran.stderr.contains("bundled models"), "{}", ran.stderr);
    let ran = bench.iqa(&[&source, &source, "--model", "metaiqa"]).ended(2);
    assert!(ran.stderr.contains("without a reference"), "{}", ran.stderr);
}

#[test]
fn one_picture_can_be_the_source_of_a_film_for_a_reduced_reference_model() {
    let Some(bench) = Bench::new("one_picture_can_be_the_source_of_a_film_for_a_reduced_reference_model") else {
        return;
    };
    bench.source("bikes.mp4", "1");
    bench.ffmpeg(&["-i", "source.mp4", "-frames:v", "1", "-vf", "scale=100:70,format=rgb24", "picture.png"]);
    let low = bench.rendition("low.mp4", "35", &[]);
    let model = onnx_iqa_testkit::reduced_model(bench.folder.path(), "reduced");
    let still = ["picture.png", &low, "--json", "--alignment", "still", "--model", model.to_str().unwrap()];
    let report = bench.iqa(&still).ended(0).json();
    let one = rendition(&report, "low");
    assert_eq!(one["verdict"], "aligned", "{one:#}");
    let count = |name: &str| number(one, &["counts", name]);
    let frames = count("distorted");
    assert!(frames >= 24.0, "{one:#}");
    assert_eq!((count("matched"), count("duplicate"), count("unmatched")), (1.0, frames - 1.0, 0.0), "{one:#}");
    // Both show the same scene, so the means are similar.
    assert!(number(one, &["measures", "score", "mean"]) > 80.0, "{one:#}");
    let measured: Vec<_> = one["measures"].as_object().unwrap().keys().collect();
    assert_eq!(measured, ["score"], "{one:#}");
    assert!(one["offset-ms"].is_null() && reasons(one).is_empty(), "{one:#}");
    for (more, word) in [(["--measures", "psnr"], "--measures"), (["--start", "0.2"], "--start")] {
        let ran = bench.iqa(&[&still[..], &more].concat()).ended(2);
        assert!(ran.stderr.contains(word), "{}", ran.stderr);
    }
    let ran = bench.iqa(&[&still[..3], &still[5..]].concat()).ended(2);
    assert!(ran.stderr.contains("reduced-reference") && ran.stderr.contains("still"), "{}", ran.stderr);
    let ran = bench.iqa(&still[..5]).ended(2);
    assert!(ran.stderr.contains("--model"), "{}", ran.stderr);
}
