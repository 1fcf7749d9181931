// SPDX-License-Identifier: MPL-2.0

//! How much of the source a rendition covers, and what is reported about files that were not decoded completely.

use crate::common::{Bench, number, reasons, rendition};

#[test]
fn missing_parts_of_a_rendition_are_in_table_page_and_thresholds() {
    let Some(bench) = Bench::new("missing_parts_of_a_rendition_are_in_table_page_and_thresholds") else { return };
    let source = bench.source("bigbuckbunny.mp4", "5");
    let whole = bench.rendition("whole.mp4", "30", &["-s", "320x180"]);
    let cut = bench.rendition("cut.mp4", "30", &["-s", "320x180", "-t", "3"]);
    let hole = ["-vf", "scale=320:180,select=lt(n\\,50)+gte(n\\,80),setpts=N/25/TB"];
    let hole = bench.rendition("hole.mp4", "30", &hole);
    let files = [source.as_str(), &whole, &cut, &hole];
    let asked = ["-o", "out", "--measures", "psnr", "--threshold", "coverage>=99"];
    let ran = bench.iqa(&[&files[..], &asked].concat()).ended(1);
    assert!(ran.stdout.contains("of source") && ran.stdout.contains("of 5.0"), "{}", ran.stdout);
    assert!(ran.stdout.contains("Thresholds missed by: cut, hole"), "{}", ran.stdout);
    let text = std::fs::read_to_string(bench.path("out/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let of = |name| number(rendition(&report, name), &["coverage"]);
    assert_eq!(of("whole"), 100.0);
    assert!((of("cut") - 60.0).abs() < 2.0, "{}", of("cut"));
    // A few frames after the gap find no partner, so what they show is unknown.
    assert!((71.0..=76.5).contains(&of("hole")), "{}", of("hole"));
    assert!(reasons(rendition(&report, "cut")).contains("ends 2.0") && reasons(rendition(&report, "whole")).is_empty());
    assert!(
        reasons(rendition(&report, "hole")).contains("of the source between its first frame and its last"),
        "{}",
        reasons(rendition(&report, "hole"))
    );
    let page = std::fs::read_to_string(bench.path("out/report.html")).unwrap();
    assert!(page.contains(" s of the source"), "the page does not report it");
    // Without a cut, there is no such column.
    let ran = bench.iqa(&[&source, &whole, "--measures", "psnr"]).ended(0);
    assert!(!ran.stdout.contains("of source"), "{}", ran.stdout);
    let ran = bench.iqa(&[&source, &whole, "--start", "1s", "--threshold", "coverage>=99"]).ended(2);
    assert!(ran.stderr.contains("leave out --start"), "{}", ran.stderr);
}

#[test]
fn the_sources_rate_is_the_same_whatever_it_is_compared_with() {
    let Some(bench) = Bench::new("the_sources_rate_is_the_same_whatever_it_is_compared_with") else { return };
    let source = bench.source("bigbuckbunny.mp4", "5");
    let whole = bench.rendition("whole.mp4", "30", &["-s", "320x180"]);
    let cut = bench.rendition("cut.mp4", "30", &["-s", "320x180", "-t", "1"]);
    let rate = |rendition: &str| {
        let report = bench.iqa(&[&source, rendition, "--json", "--measures", "psnr"]).ended(0).json();
        number(&report["source"], &["bit-rate"])
    };
    let (one, other) = (rate(&whole), rate(&cut));
    assert!((one / other - 1.0).abs() < 1e-3, "{one} beside {other}");
    let bits = std::fs::metadata(&source).unwrap().len() as f64 * 8.0;
    assert!((one * 5.0 / bits - 1.0).abs() < 0.02, "{one} of {bits} bits in 5 s");
}

#[test]
fn only_the_track_that_is_compared_counts_and_a_failed_one_has_no_rate() {
    let Some(bench) = Bench::new("only_the_track_that_is_compared_counts_and_a_failed_one_has_no_rate") else { return };
    let source = bench.source("bikes.mp4", "2");
    bench.rendition("one.mp4", "34", &[]);
    bench.rendition("other.mp4", "18", &[]);
    bench.ffmpeg(&["-i", "one.mp4", "-i", "other.mp4", "-map", "0", "-map", "1", "-c", "copy", "two.mp4"]);
    let whole = std::fs::read(bench.path("other.mp4")).unwrap();
    bench.ffmpeg(&[
        "-i",
        "other.mp4",
        "-c",
        "copy",
        "-f",
        "hls",
        "-hls_time",
        "1",
        "-hls_playlist_type",
        "vod",
        "x.m3u8",
    ]);
    let playlist = std::fs::read_to_string(bench.path("x.m3u8")).unwrap();
    let last = playlist.lines().rfind(|line| line.ends_with(".ts")).expect("a segment");
    // It begins, but contains no further picture.
    std::fs::write(bench.path(last), vec![0x5a; whole.len()]).unwrap();
    let [one, two] = ["one.mp4", "two.mp4"].map(|name| bench.text(name));
    let arguments = [&source, &one, &two, "--hls", "x.m3u8", "--json", "--measures", "psnr"];
    let report = bench.iqa(&arguments).json();
    let rate = |name| number(rendition(&report, name), &["bit-rate"]);
    assert!((rate("one") / rate("two") - 1.0).abs() < 1e-6, "{} beside {}", rate("one"), rate("two"));
    for one in report["renditions"].as_array().unwrap().iter().filter(|one| one["verdict"] == "failed") {
        assert!(one["bit-rate"].is_null(), "{one:#}");
    }
}

#[test]
fn frames_of_the_source_are_counted_exactly_or_not_at_all() {
    let Some(bench) = Bench::new("frames_of_the_source_are_counted_exactly_or_not_at_all") else { return };
    let source = bench.source("bigbuckbunny.mp4", "5");
    let cut = bench.rendition("cut.mp4", "30", &["-s", "320x180", "-t", "3"]);
    let asked = ["--measures", "psnr", "--json", "--no-cache"];
    let compare =
        |source: &str, threshold: &str| bench.iqa(&[&[source, &cut, "--threshold", threshold], &asked[..]].concat());
    // Whether the source's last two seconds have been decoded by the end of the rendition depends on timing.
    for _ in 0..3 {
        let report = compare(&source, "outside==50").ended(0).json();
        let count = |name: &str| number(&report["renditions"][0], &["counts", name]);
        assert_eq!(["reference", "matched", "dropped", "outside"].map(count), [125.0, 75.0, 0.0, 50.0]);
    }
    // A source that goes on for longer is not read to its end.
    let long = bench.text("long.mp4");
    bench.ffmpeg(&["-stream_loop", "3", "-i", &source, "-c", "copy", &long]);
    let ran = compare(&long, "outside<=1000").ended(3);
    let counts = &ran.json()["renditions"][0]["counts"];
    assert!(counts["matched"] == 75 && counts["outside"].is_null() && counts["reference"].is_null(), "{counts}");
}
