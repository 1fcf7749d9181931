// SPDX-License-Identifier: MPL-2.0

//! An interrupted run keeps its results.

use crate::common::{Bench, Ran, rendition};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

#[test]
fn ctrl_c_leaves_a_report_marked_as_interrupted() {
    let Some(bench) = Bench::new("ctrl_c_leaves_a_report_marked_as_interrupted") else { return };
    let source = bench.source("bigbuckbunny.mp4", "5");
    let high = bench.rendition("high.mp4", "25", &[]);
    let arguments = [source.as_str(), &high, "-o", "out", "--progress", "json", "--measures", "ms-ssim,vmaf"];
    let mut child = bench.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("iqa runs");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let first = lines.next().expect("a line").expect("text");
    assert!(first.contains("\"event\":\"begin\""), "{first}");
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(killed.success());
    let ran = Ran::end_of(child);
    let ran = ran.ended(130);
    assert!(ran.stdout.contains("interrupted"), "{}", ran.stdout);
    let text = std::fs::read_to_string(bench.path("out/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&report["interrupted"], &report["exit"]), (&true.into(), &130.into()));
    assert_eq!(rendition(&report, "high")["verdict"], "interrupted");
    assert!(!bench.path("out/high.vmaf.json").exists());
}

#[test]
fn files_of_a_killed_run_have_temporary_names_and_are_removed_later() {
    let Some(bench) = Bench::new("files_of_a_killed_run_have_temporary_names_and_are_removed_later") else { return };
    let source = bench.source("bikes.mp4", "2");
    let high = bench.rendition("high.mp4", "25", &[]);
    let arguments = [source.as_str(), &high, "-o", "out", "--progress", "json", "--measures", "ms-ssim,vmaf"];
    let mut child = bench.command(&arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("iqa runs");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    assert!(lines.next().expect("a line").expect("text").contains("begin"));
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    let names = || {
        let entries = std::fs::read_dir(bench.path("out")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    assert!(names().iter().all(|name| name.starts_with(".iqa-")), "{:?}", names());
    bench.iqa(&[&source, &high, "-o", "out", "--measures", "psnr"]).ended(0);
    assert!(names().iter().all(|name| !name.starts_with('.')), "{:?}", names());
}

#[test]
fn an_interrupted_run_keeps_an_existing_complete_report() {
    let Some(bench) = Bench::new("an_interrupted_run_keeps_an_existing_complete_report") else { return };
    let source = bench.source("bigbuckbunny.mp4", "5");
    let high = bench.rendition("high.mp4", "25", &[]);
    let read = |name: &str| std::fs::read(bench.path(name)).ok();
    bench.iqa(&[&source, &high, "-o", "out", "--measures", "psnr"]).ended(0);
    let files = ["report.json", "report.html", "frames.csv", "junit.xml", "high.vmaf.json"];
    let before = files.map(|name| read(&format!("out/{name}")));
    assert!(before.iter().all(Option::is_some));
    let arguments = [source.as_str(), &high, "-o", "out", "--progress", "json", "--measures", "ms-ssim,vmaf"];
    let mut child = bench.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("iqa runs");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    assert!(lines.next().expect("a line").expect("text").contains("begin"));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(killed.success());
    let said: Vec<_> = lines.map_while(Result::ok).collect();
    let ran = Ran::end_of(child).ended(130);
    assert!(ran.stdout.contains("The report is in out/interrupted"), "{}", ran.stdout);
    let kept = |line: &String| line.contains("out/interrupted") && line.contains("keeps the report of the earlier run");
    assert!(said.iter().any(kept), "{said:?}");
    assert_eq!(files.map(|name| read(&format!("out/{name}"))), before);
    let report: serde_json::Value = serde_json::from_slice(&read("out/interrupted/report.json").unwrap()).unwrap();
    assert_eq!(report["interrupted"], true);
    // A completed run replaces both.
    bench.iqa(&[&source, &high, "-o", "out", "--measures", "psnr", "--no-cache"]).ended(0);
    assert!(!bench.path("out/interrupted").exists());
}
