// SPDX-License-Identifier: MPL-2.0

//! A model's attributes beside its score.

use crate::common::{Bench, near};
use serde_json::Value;

/// Two pictures in the folder `photos`, with a red of 20 and 40, a green of 60 and a blue of 80.
fn bench(names: [&str; 3]) -> Bench {
    let bench = Bench::with_attributes(names);
    bench.color("photos/a.png", (32, 32), [51, 153, 204]);
    bench.color("photos/b.png", (32, 32), [102, 153, 204]);
    bench
}

#[test]
fn they_are_pooled_as_the_score_is() {
    let bench = bench(["red", "green", "blue"]);
    let report = bench.score(&["photos", "photos/b.png", "--json", "--csv", "scores.csv"]).ended(0).json();
    let [photos, picture] = [0, 1].map(|n| &report["inputs"][n]);
    let statistics = |value: &Value| value.as_object().expect("statistics").keys().cloned().collect::<Vec<_>>();
    for (name, means) in [("red", [30.0, 40.0]), ("green", [60.0; 2]), ("blue", [80.0; 2])] {
        for (input, mean) in [photos, picture].into_iter().zip(means) {
            near(&input["attributes"][name]["mean"], mean, 0.01);
            assert_eq!(statistics(&input["attributes"][name]), statistics(&input["score"]));
        }
    }
    near(&photos["attributes"]["red"]["min"], 20.0, 0.01);
    near(&photos["pictures"][1]["attributes"]["red"], 40.0, 0.01);

    let table = std::fs::read_to_string(bench.path("scores.csv")).expect("a table");
    let rows: Vec<Vec<&str>> = table.lines().map(|row| row.split(',').collect()).collect();
    let title = ["input", "picture", "time", "score", "raw", "attributes.red", "attributes.green", "attributes.blue"];
    assert_eq!(rows[0], title);
    assert_eq!(rows.len(), 4, "{table}");
    for (row, red) in rows[1..].iter().zip([20.0, 40.0, 40.0]) {
        for (cell, expected) in row[5..].iter().zip([red, 60.0, 80.0]) {
            near(&cell.parse::<f64>().expect("a number").into(), expected, 0.01);
        }
    }
}

#[test]
fn the_table_has_their_means() {
    let table = bench(["red", "green", "blue"]).score(&["photos", "photos/b.png"]).ended(0).stdout;
    for row in ["photos", "photos/b.png"].iter().zip(["30.0", "40.0"]) {
        let row = format!("{:<18}  blue 80.0  green 60.0  red {}\n", row.0, row.1);
        assert!(table.contains(&row), "{row}{table}");
    }
    let names = ["red", "green", "blue"].map(|name| name.repeat(5));
    let table = bench(names.each_ref().map(String::as_str)).score(&["photos"]).ended(0).stdout;
    assert!(table.contains("--json has all"), "{table}");
    assert!(table.contains("  blueblueblueblueblue 80.0  and 2 more\n"), "{table}");
    let bench = Bench::new();
    bench.picture("gray.png", (32, 32), 51);
    assert!(!bench.score(&["gray.png"]).ended(0).stdout.contains("attributes"));
}

#[test]
fn they_may_have_thresholds() {
    let bench = bench(["red", "green", "blue"]);
    let run = |expression: &str, code| bench.score(&["photos", "--json", "--threshold", expression]).ended(code);
    run("attributes.red.mean>=29", 0);
    let missed = run("attributes.red.min>=29", 1).json();
    near(&missed["inputs"][0]["thresholds"][0]["value"], 20.0, 0.01);
    let unknown = run("attributes.noise.mean>=29", 2).stderr;
    assert!(unknown.contains("unknown attribute \"noise\"; the model has: red, green, blue"), "{unknown}");
    let without = Bench::new().score(&["photos", "--threshold", "attributes.noise.mean>=29"]).ended(2).stderr;
    assert!(without.contains("the model has no attributes"), "{without}");
}
