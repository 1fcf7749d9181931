// SPDX-License-Identifier: MPL-2.0

//! A farmed comparison gives what `iqa compare` gives, frame by frame.

use crate::common::{Farm, json, ladder, steady};
use crate::http::{answer, server};

const PLAN: &str = "source = 'source.mp4'
renditions = ['low.mp4', 'late.mkv', 'mixed.mp4']
segment = '1s'
[compare]
search-range = '1500ms'
";

#[test]
fn a_ladder_is_measured_in_segments_as_it_is_as_a_whole() {
    let test = "a farmed ladder";
    let Some(farm) = Farm::new(test) else { return };
    let Some(()) = ladder(&farm, test) else { return };
    let compare = ["compare", "source.mp4", "low.mp4", "late.mkv", "mixed.mp4", "--search-range", "1500ms"];
    farm.iqa(&[&compare[..], &["-o", "whole", "--no-cache"]].concat()).ended(0);
    let plan = farm.submit(PLAN);
    let mut workers = [farm.worker(&["--until-idle"]), farm.worker(&["--until-idle", "--slots", "2"])];
    farm.iqa(&["farm", "collect", &plan, "-o", "farmed"]).ended(0);
    assert_eq!(workers.each_mut().map(|worker| worker.ended()), [0, 0]);
    let counts = farm.all_done(&plan);
    // Five segments, four, and one unit for what repeats frames.
    assert_eq!(counts.planned, 10, "{counts:?}");

    let report = |name: &str| steady(json(&farm.path(name).join("report.json")));
    let (whole, farmed) = (report("whole"), report("farmed"));
    for (one, other) in whole["renditions"].as_array().unwrap().iter().zip(farmed["renditions"].as_array().unwrap()) {
        for key in ["name", "verdict", "offset-ms", "counts", "measures", "coverage", "duration", "bit-rate", "reasons"]
        {
            assert_eq!(one[key], other[key], "{} {key}", one["name"]);
        }
        // It says how sure the search was, and a segment's has not seen the whole stream.
        let [one, other] = [one, other].map(|rendition| rendition["confidence"].as_f64().unwrap());
        assert!((one - other).abs() < 0.05, "confidence {one} and {other}");
    }
    assert_eq!(whole["source"], farmed["source"]);
    assert_eq!(farmed["renditions"][1]["offset-ms"], 1000.0);
    let text = |name: &str| std::fs::read_to_string(farm.path(name).join("frames.csv")).unwrap();
    assert!(text("whole") == text("farmed"), "frames.csv differs");
    for file in ["low.vmaf.json", "late.vmaf.json", "mixed.vmaf.json"] {
        let log = |name: &str| {
            let mut log = json(&farm.path(name).join(file));
            let frames = log["frames"].as_array_mut().unwrap().iter_mut();
            let details = frames.map(|frame| &mut frame["details"]).map(|details| details.as_object_mut().unwrap());
            let sure =
                details.map(|details| details.remove("confidence").unwrap().as_f64().unwrap()).collect::<Vec<_>>();
            (
                log["frames"].clone(),
                log["pooled_metrics"].clone(),
                log["aggregate_metrics"].clone(),
                log["fps"].clone(),
                sure,
            )
        };
        let (whole, farmed) = (log("whole"), log("farmed"));
        assert!(whole.0 == farmed.0 && whole.1 == farmed.1 && whole.2 == farmed.2, "{file} differs");
        assert_eq!(farmed.3, 0.0, "the speed of a collection says nothing");
        assert!(whole.4.iter().zip(&farmed.4).all(|(one, other)| (one - other).abs() < 0.05), "confidence of {file}");
    }

    // Everything has a result: nothing is published again.
    let again = farm.iqa(&["farm", "submit", "plan.toml", "--json"]).ended(0).json();
    assert_eq!((again["published"].as_u64(), again["plan"].as_str()), (Some(0), Some(plan.as_str())));
    farm.iqa(&["farm", "remove", &plan]).ended(0);
    let error = farm.iqa(&["farm", "status", &plan]).ended(2).stderr;
    assert!(error.contains("there is no plan"), "{error}");
    let ran = farm.iqa(&["farm", "status"]).ended(0);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("the server has no plan: `iqa farm submit` makes one"), "{}", ran.stderr);
}

#[test]
fn a_unit_whose_input_has_changed_fails_by_name() {
    let test = "a changed input";
    let Some(farm) = Farm::new(test) else { return };
    let Some(()) = ladder(&farm, test) else { return };
    let plan = farm.submit("source = 'source.mp4'\nrenditions = ['low.mp4', 'mixed.mp4']\nsegment = 'none'");
    std::fs::copy(farm.path("mixed.mp4"), farm.path("low.mp4")).unwrap();
    farm.worked(&[]);
    let counts = farm.ledger(&plan);
    assert_eq!((counts.planned, counts.done, counts.failed), (2, 1, 1));
    let status = farm.iqa(&["farm", "status", &plan]).ended(1).stdout;
    assert!(status.contains("low.mp4 has changed since the plan was made"), "{status}");
    let report = farm.iqa(&["farm", "collect", &plan, "--json"]).ended(2).json();
    assert_eq!(report["renditions"][0]["verdict"], "failed");
    assert!(report["renditions"][0]["reasons"][0].as_str().unwrap().contains("has changed"), "{report}");
    assert_eq!(report["renditions"][1]["verdict"], "aligned");

    // Put right, and submitted again as it now is.
    let again = farm.submit("source = 'source.mp4'\nrenditions = ['low.mp4', 'mixed.mp4']\nsegment = 'none'");
    assert_ne!(again, plan);
}

#[test]
fn inputs_of_an_http_server_are_identified_by_its_entity_tag() {
    let test = "inputs of an HTTP server";
    let Some(farm) = Farm::new(test) else { return };
    let Some(()) = ladder(&farm, test) else { return };
    let folder = farm.folder.path().to_owned();
    let address = server(move |connection| answer(connection, &folder, usize::MAX));
    let (word, signature) = ("hidden-word", "0123456789abcdef");
    let remote = address.replace("http://", &format!("http://me:{word}@"));
    let text = |signature: &str| {
        format!(
            "source = '{remote}/source.mp4?X-Amz-Signature={signature}'\nrenditions = ['{address}/low.mp4']\n\
             segment = '2s'\n[compare]\nmeasures = 'psnr'\nsearch-range = '500ms'"
        )
    };
    let plan = farm.submit(&text(signature));
    // The same files, signed anew.
    assert_eq!(farm.submit(&text("fedcba9876543210")), plan);
    let mut worker = farm.worker(&["--until-idle", "-v"]);
    let report = farm.iqa(&["farm", "collect", &plan, "--json"]).ended(0);
    assert_eq!(worker.ended(), 0, "{}", worker.said());
    let whole = ["compare", "source.mp4", "low.mp4", "--measures", "psnr", "--search-range", "500ms", "--json"];
    let whole = farm.iqa(&whole).ended(0).json();
    assert_eq!(report.json()["renditions"][0]["measures"], whole["renditions"][0]["measures"]);
    let said = format!("{} {} {}", report.stdout, report.stderr, worker.said());
    assert!(!said.contains(word) && !said.contains(signature) && !said.contains("fedcba98"), "{said}");

    // Another file under the same address.
    std::fs::copy(farm.path("mixed.mp4"), farm.path("low.mp4")).unwrap();
    assert_ne!(farm.submit(&text(signature)), plan);
}

#[test]
fn renditions_of_the_same_contents_have_units_of_their_own() {
    let test = "two equal renditions";
    let Some(farm) = Farm::new(test) else { return };
    let Some(()) = ladder(&farm, test) else { return };
    let plan = farm.submit(
        "source = 'source.mp4'\nrenditions = ['low.mp4', 'low.mp4']\nsegment = 'none'\n[compare]\nmeasures = 'psnr'",
    );
    assert_eq!(farm.worked_all(&plan).done, 2);
}
