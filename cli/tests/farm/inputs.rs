// SPDX-License-Identifier: MPL-2.0

//! Inputs that cannot be read, and plans that cannot be measured.

use crate::common::{Farm, ladder};
use std::path::Path;

/// Bytes that are no video, and no text either.
fn noise(path: &Path) {
    let mut state = 12_345u32;
    let bytes = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    std::fs::write(path, bytes.take(100_000).collect::<Vec<_>>()).unwrap();
}

#[test]
fn a_rendition_that_cannot_be_read_leaves_the_others_alone() {
    let test = "broken renditions";
    let Some(farm) = Farm::new(test) else { return };
    let Some(()) = ladder(&farm, test) else { return };
    std::fs::write(farm.path("empty.mp4"), "").unwrap();
    noise(&farm.path("noise.mp4"));
    let text = "source = 'source.mp4'\nrenditions = ['absent.mp4', 'low.mp4', 'empty.mp4', 'noise.mp4']\n\
                segment = 'none'\n[compare]\nmeasures = 'psnr'";
    std::fs::write(farm.path("plan.toml"), text).unwrap();
    let ran = farm.iqa(&["farm", "submit", "plan.toml"]).ended(2);
    let plan = ran.stdout.trim().to_owned();
    let again = farm.iqa(&["farm", "submit", "plan.toml", "--json"]).ended(2).json();
    let without = again["without-units"].as_array().unwrap();
    assert_eq!(
        without.iter().map(|one| one["name"].as_str().unwrap()).collect::<Vec<_>>(),
        ["absent", "empty", "noise"]
    );
    assert!(without[0]["error"].as_str().unwrap().contains("no such file"), "{again}");
    for (file, reason) in [("absent.mp4", "no such file"), ("empty.mp4", "is empty"), ("noise.mp4", "it is no video")] {
        let lines = ran.stderr.lines().filter(|line| line.contains(file));
        let line = lines.clone().find(|line| line.contains(reason)).unwrap_or_else(|| panic!("{}", ran.stderr));
        assert_eq!(line.matches(file).count(), 1, "{line}");
    }
    assert_eq!(farm.worked_all(&plan).planned, 1);
    let status = farm.iqa(&["farm", "status", &plan]).ended(0).stdout;
    assert_eq!(status.matches("without units: ").count(), 3, "{status}");
    let farmed = farm.iqa(&["farm", "collect", &plan, "--json"]).ended(2).json();
    let names = ["absent.mp4", "low.mp4", "empty.mp4", "noise.mp4"];
    let whole = [&["compare", "source.mp4"][..], &names, &["--measures", "psnr", "--json"]].concat();
    let whole = farm.iqa(&whole).ended(2).json();
    for (one, other) in whole["renditions"].as_array().unwrap().iter().zip(farmed["renditions"].as_array().unwrap()) {
        for key in ["name", "verdict", "counts", "measures", "reasons"] {
            if one["name"] != "noise" || key != "reasons" {
                let plain = |text: String| text.replace(&format!("{}/", farm.folder.path().display()), "");
                assert_eq!(plain(one[key].to_string()), plain(other[key].to_string()), "{} {key}", one["name"]);
            }
        }
    }

    let text =
        "source = 'source.mp4'\nrenditions = ['http://127.0.0.1:9/gone.mp4?X-Amz-Signature=abcdefgh', 'low.mp4']";
    std::fs::write(farm.path("plan.toml"), text).unwrap();
    let said = farm.iqa(&["farm", "submit", "plan.toml"]).ended(2).stderr;
    let line = said.lines().find(|line| line.contains("gone.mp4")).unwrap_or_else(|| panic!("{said}"));
    assert!(line.matches("gone.mp4").count() == 1 && !said.contains("abcdefgh"), "{said}");

    // What is in a name does not reach the terminal as it is.
    let text = "source = 'source.mp4'\nrenditions = [\"a\\u001b[2J\\nb.mp4\", 'low.mp4']\nsegment = 'none'";
    std::fs::write(farm.path("plan.toml"), text).unwrap();
    let ran = farm.iqa(&["farm", "submit", "plan.toml"]).ended(2);
    let status = farm.iqa(&["farm", "status", ran.stdout.trim()]).ended(0).stdout;
    for text in [&ran.stderr, &status] {
        assert!(text.contains("/a\\u{1b}[2J\\nb.mp4") && !text.contains('\u{1b}'), "{text}");
    }

    // Nothing is left to measure.
    let text = "source = 'source.mp4'\nrenditions = ['absent.mp4']";
    std::fs::write(farm.path("plan.toml"), text).unwrap();
    let ran = farm.iqa(&["farm", "submit", "plan.toml"]).ended(2);
    assert!(ran.stderr.contains("no rendition can be read") && ran.stdout.is_empty(), "{}", ran.stderr);
}

#[test]
fn names_that_are_too_long_for_the_files_of_a_report_are_cut() {
    let test = "a long name";
    let Some(farm) = Farm::new(test) else { return };
    let Some(()) = ladder(&farm, test) else { return };
    let names = ["a", "b"].map(|end| format!("{}{end}.mp4", "x".repeat(249)));
    for name in &names {
        std::fs::copy(farm.path("low.mp4"), farm.path(name)).unwrap();
    }
    let [one, other] = names.each_ref().map(String::as_str);
    let plan = farm.submit(&format!(
        "source = 'source.mp4'\nrenditions = ['{one}', '{other}']\nsegment = 'none'\n[compare]\nmeasures = 'psnr'"
    ));
    // A report is a folder, which is said before anything is waited for.
    let error = farm.iqa(&["farm", "collect", &plan, "-o", "source.mp4"]).ended(2).stderr;
    assert!(error.contains("source.mp4 is a file: name a folder for the report"), "{error}");
    farm.worked_all(&plan);
    farm.iqa(&["farm", "collect", &plan, "-o", "farmed"]).ended(0);
    farm.iqa(&["compare", "source.mp4", one, other, "--measures", "psnr", "-o", "whole"]).ended(0);
    let logs = |folder: &str| {
        let entries = std::fs::read_dir(farm.path(folder)).unwrap().map(|entry| entry.unwrap().file_name());
        let mut logs: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
        logs.retain(|name| name.ends_with(".vmaf.json"));
        logs.sort();
        logs
    };
    assert_eq!((logs("farmed").len(), logs("farmed")), (2, logs("whole")));
    for folder in ["farmed", "whole"] {
        let pictures = std::fs::read_dir(farm.path(folder).join("frames")).unwrap().count();
        assert!(pictures >= 4, "{folder}: {pictures}");
    }
}

#[test]
fn a_source_that_is_no_video_is_refused() {
    let test = "a source of noise";
    let Some(farm) = Farm::new(test) else { return };
    let Some(()) = ladder(&farm, test) else { return };
    noise(&farm.path("noise.mp4"));
    std::fs::write(farm.path("plan.toml"), "source = 'noise.mp4'\nrenditions = ['low.mp4']").unwrap();
    let ran = farm.iqa(&["farm", "submit", "plan.toml"]).ended(2);
    assert!(ran.stderr.contains("the source ") && ran.stderr.contains("it is no video"), "{}", ran.stderr);
    assert_eq!(farm.iqa(&["farm", "status"]).ended(0).stdout, "");
}

#[test]
fn a_model_without_a_reference_is_refused() {
    let test = "a model without a reference";
    let Some(farm) = Farm::new(test) else { return };
    let Some(()) = ladder(&farm, test) else { return };
    let text = "source = 'source.mp4'\nrenditions = ['low.mp4']\n[compare]\nmodel = 'metaiqa'";
    std::fs::write(farm.path("plan.toml"), text).unwrap();
    let text = farm.iqa(&["farm", "submit", "plan.toml"]).ended(2).stderr;
    assert!(text.contains("metaiqa") && text.contains("without a reference"), "{text}");
}

#[test]
fn a_rendition_that_is_longer_than_its_source_is_measured_as_iqa_compare_does() {
    let test = "a longer rendition";
    let Some(farm) = Farm::new(test) else { return };
    let Some(()) = ladder(&farm, test) else { return };
    // Its source lacks its first second.
    let plan = farm.submit(
        "source = 'late.mkv'\nrenditions = ['low.mp4']\nsegment = '1s'\n[compare]\nmeasures = 'psnr'\nsearch-range = \
         '1500ms'",
    );
    let mut worker = farm.worker(&["--until-idle"]);
    let farmed = farm.iqa(&["farm", "collect", &plan, "--json"]);
    assert_eq!(worker.ended(), 0, "{}", worker.said());
    let whole = ["compare", "late.mkv", "low.mp4", "--measures", "psnr", "--search-range", "1500ms", "--json"];
    let whole = farm.iqa(&whole);
    assert_eq!(farmed.code, whole.code);
    let [farmed, whole] = [farmed, whole].map(|ran| ran.json()["renditions"][0].clone());
    assert!(whole["counts"]["unmatched"].as_u64().unwrap() > 0, "{whole}");
    for key in ["verdict", "offset-ms", "counts", "measures", "coverage", "reasons"] {
        assert_eq!(farmed[key], whole[key], "{key}");
    }
}
