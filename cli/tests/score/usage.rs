// SPDX-License-Identifier: MPL-2.0

//! Inputs that cannot be scored, usage errors, and the help.

use crate::common::{Bench, Ran, clip, iqa, near};
use onnx_iqa_testkit as kit;
use std::os::unix::fs::symlink;
use std::process::Command;

#[test]
fn an_unreadable_input_is_named_and_the_others_are_scored() {
    let bench = Bench::new();
    bench.picture("good.png", (32, 32), 51);
    std::fs::write(bench.path("text.mp4"), "this is no film").expect("a file");
    std::fs::create_dir(bench.path("nothing")).expect("a folder");
    let report = bench.score(&["absent.mp4", "text.mp4", "nothing", "good.png", "--json"]).ended(2).json();
    let failure = |n: usize| report["inputs"][n]["failure"].as_str().unwrap_or_else(|| panic!("{report:#}")).to_owned();
    assert!(failure(0).contains("no such file"), "{}", failure(0));
    assert!(!failure(1).is_empty());
    assert!(failure(2).contains("no picture"), "{}", failure(2));
    near(&report["inputs"][3]["score"]["mean"], 20.0, 0.01);
    let quiet = bench.score(&["absent.mp4", "good.png", "--quiet"]).ended(2);
    assert!(quiet.stdout.is_empty() && quiet.stderr.contains("absent.mp4: no such file"), "{quiet:?}");
    let table = bench.score(&["absent.mp4", "good.png"]).ended(2);
    assert!(table.stdout.contains("ERROR") && table.stdout.contains("20.0"), "{}", table.stdout);
}

#[test]
fn usage_errors_name_the_correct_usage() {
    let bench = Bench::new();
    bench.picture("good.png", (32, 32), 51);
    let says = |arguments: &[&str], words: &[&str]| {
        let ran = bench.score(arguments).ended(2);
        words.iter().for_each(|word| assert!(ran.stderr.contains(word), "{arguments:?}: {}", ran.stderr));
    };
    says(&["good.png", "--threshold", "vmaf.p5>=60"], &["score.p5>=60"]);
    says(&["good.png", "--threshold", "score.p6>=60"], &["p6", "worst-second"]);
    says(&["good.png", "--every", "0"], &["--every"]);
    says(&[], &["INPUTS"]);
    let with_model =
        |model: &str| Ran::of(&mut iqa(bench.folder.path(), &["score", "good.png", "--model", model])).ended(2);
    let unknown = with_model("nosuch").stderr;
    assert!(unknown.contains("nosuch") && unknown.contains("metaiqa"), "{unknown}");
    let compares = kit::difference_model(bench.folder.path(), "difference");
    let refused = with_model(compares.to_str().expect("UTF-8")).stderr;
    assert!(refused.contains("iqa compare"), "{refused}");
}

#[test]
fn the_licences_of_bundled_files_are_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = Ran::of(&mut iqa(folder.path(), &["--licenses"])).ended(0).stdout;
    for word in ["ONNX Runtime", "BSD-2-Clause-Patent", "| clap |", "| gstreamer |", "| ort |", "Permission is hereby"]
    {
        assert!(text.contains(word), "{word}");
    }
    for wrong in [&[][..], &["--json"]] {
        Ran::of(&mut iqa(folder.path(), wrong)).ended(2);
    }
}

/// The lines of a help text that start with the command's name.
fn examples(command: &[&str]) -> Vec<String> {
    let bench = Bench::new();
    let help = Ran::of(&mut iqa(bench.folder.path(), &[command, &["--help"]].concat())).ended(0).stdout;
    let is_example = |line: &&str| line.starts_with("iqa ") || line.contains("| iqa ");
    help.lines().map(str::trim).filter(is_example).map(str::to_owned).collect()
}

#[test]
fn the_examples_of_the_help_run() {
    let Some(clip) = clip("carphone_distorted.mp4") else {
        kit::skipped("the examples of the help: there are no clips");
        return;
    };
    let bench = Bench::new();
    for name in ["film.mp4", "source.mp4", "1080p.mp4", "720p.mp4"] {
        symlink(&clip, bench.path(name)).expect("a link");
    }
    bench.picture("photos/a.jpg", (320, 240), 90);
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_iqa")).parent().expect("a folder");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("PATH"));
    for command in [&[][..], &["score"], &["models"]] {
        let examples = examples(command);
        assert!(!examples.is_empty(), "{command:?} has none");
        for example in examples {
            let mut shell = Command::new("sh");
            let shell = shell.arg("-c").arg(&example).current_dir(bench.folder.path()).env("PATH", &path);
            let ran = Ran::of(shell);
            assert!([0, 1].contains(&ran.code), "{example}: {ran:?}");
            assert!(!ran.stdout.is_empty(), "{example}");
        }
    }
}
