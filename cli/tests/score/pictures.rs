// SPDX-License-Identifier: MPL-2.0

//! Pictures and folders of pictures with known scores.

use crate::common::{Bench, near};
use serde_json::json;

fn score(gray: u8) -> f64 {
    f64::from(gray) / 2.55
}

#[test]
fn a_folder_is_one_row_and_each_picture_has_its_score() {
    let bench = Bench::new();
    // Different formats and sizes, in numerical order.
    bench.picture("photos/p10.png", (64, 48), 51);
    bench.picture("photos/p9.jpg", (80, 64), 204);
    bench.picture("photos/p1.png", (33, 17), 102);
    let report = bench.score(&["photos", "--json"]).ended(0).json();
    let input = &report["inputs"][0];
    assert_eq!((&input["input"], &input["frames"], &input["scored"]), (&json!("photos"), &json!(3), &json!(3)));
    let pictures = input["pictures"].as_array().expect("pictures");
    let names: Vec<_> = pictures.iter().map(|picture| &picture["picture"]).collect();
    assert_eq!(names, ["p1.png", "p9.jpg", "p10.png"]);
    for (picture, gray) in pictures.iter().zip([102, 204, 51]) {
        // A JPEG of one gray level may be off by one.
        near(&picture["score"], score(gray), 0.5);
    }
    near(&input["score"]["mean"], (score(102) + score(204) + score(51)) / 3.0, 0.3);
    near(&input["score"]["min"], score(51), 0.01);
    assert_eq!(input["worst"]["picture"], "p10.png");
    assert!(input["score"].get("worst-second").is_none(), "pictures have no time");
}

#[test]
fn a_broken_picture_affects_no_other() {
    let bench = Bench::new();
    bench.picture("photos/a.png", (64, 48), 51);
    std::fs::write(bench.path("photos/b.png"), "this is no picture").expect("a file");
    bench.picture("photos/c.png", (64, 48), 153);
    let report = bench.score(&["photos", "--json"]).ended(2).json();
    let input = &report["inputs"][0];
    near(&input["score"]["mean"], score(102), 0.01);
    assert_eq!(input["scored"], 2);
    assert!(input["failure"].as_str().is_some_and(|text| text.starts_with("b.png: ")), "{input}");
    assert!(input["pictures"][1].get("score").is_none(), "{input}");
}

#[test]
fn thresholds_decide_the_exit_status() {
    let bench = Bench::new();
    bench.picture("dark.png", (32, 32), 51);
    bench.picture("bright.png", (32, 32), 204);
    let run = |expressions: &[&str], code| {
        let thresholds = expressions.iter().flat_map(|expression| ["--threshold", *expression]);
        let arguments: Vec<_> = ["dark.png", "bright.png", "--json"].into_iter().chain(thresholds).collect();
        bench.score(&arguments).ended(code).json()
    };
    run(&["score.mean>=19", "score.min <= 81"], 0);
    let report = run(&["score.p5>=50"], 1);
    let met: Vec<_> = (0..2).map(|n| report["inputs"][n]["thresholds"][0]["met"].clone()).collect();
    assert_eq!(met, [false, true]);
    assert_eq!(report["exit"], 1);
    // A picture has no seconds, so no worst one.
    let report = run(&["score.worst-second>=1"], 3);
    assert!(report["inputs"][0]["thresholds"][0].get("met").is_none(), "{report}");
}

#[test]
fn a_list_comes_from_standard_input() {
    let bench = Bench::new();
    bench.picture("a b.png", (32, 32), 51);
    bench.picture("c.png", (32, 32), 102);
    let ran = bench.score_of_list(&["c.png", "-", "--json"], "a b.png\n\n  c.png\n").ended(0);
    let report = ran.json();
    let inputs: Vec<_> = report["inputs"].as_array().expect("inputs").iter().map(|input| &input["input"]).collect();
    assert_eq!(inputs, ["c.png", "a b.png", "c.png"]);
    let nothing = bench.score_of_list(&["-"], "\n").ended(2);
    assert!(nothing.stderr.contains("standard input contains no file name"), "{}", nothing.stderr);
}

#[test]
fn the_table_of_frames_has_its_final_name_only_when_complete() {
    let bench = Bench::new();
    bench.picture("photos/a, b.png", (32, 32), 51);
    bench.picture("one.png", (32, 32), 102);
    bench.score(&["photos", "one.png", "--csv", "scores.csv"]).ended(0);
    let text = std::fs::read_to_string(bench.path("scores.csv")).expect("a table");
    let rows: Vec<_> = text.lines().collect();
    assert_eq!(rows.len(), 3, "{text}");
    assert_eq!(rows[0], "input,picture,time,score,raw");
    for (row, start, gray) in [(rows[1], "photos,\"a, b.png\",,", 51), (rows[2], "one.png,,0,", 102)] {
        let rest = row.strip_prefix(start).unwrap_or_else(|| panic!("{text}"));
        let (found, raw) = rest.split_once(',').expect("two numbers");
        near(&json!(found.parse::<f64>().expect("a score")), score(gray), 1e-3);
        near(&json!(raw.parse::<f64>().expect("a raw value")), score(gray) / 100.0, 1e-5);
    }
    let ran = bench.score(&["one.png", "--csv", "nowhere/scores.csv"]).ended(2);
    assert!(ran.stderr.contains("nowhere"), "{}", ran.stderr);
}
