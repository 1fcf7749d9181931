// SPDX-License-Identifier: MPL-2.0

//! Errors: the exit status, and a message that names the input and the remedy.

use crate::common::{Bench, reasons, rendition};

#[test]
fn missing_inputs_are_named() {
    let Some(bench) = Bench::new("missing_inputs_are_named") else { return };
    let source = bench.source("bikes.mp4", "1");
    let ran = bench.iqa(&[&source, "absent.mp4"]).ended(2);
    assert!(ran.stderr.contains("no such file") && ran.stderr.contains("absent.mp4"), "{}", ran.stderr);
    let ran = bench.iqa(&["absent.mp4", &source]).ended(2);
    assert!(ran.stderr.contains("the source: no such file: "), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("absent.mp4").count(), 1, "{}", ran.stderr);
    assert!(bench.iqa(&[&source]).ended(2).stderr.contains("no rendition given"));
    let ran = bench.iqa(&[&source, &source, "--measures", "psnr,vmef"]).ended(2);
    assert!(ran.stderr.contains("vmef") && ran.stderr.contains("ms-ssim"), "{}", ran.stderr);
    let ran = bench.iqa(&[&source, &source, "--measures", "psnr", "--threshold", "vmaf.mean>=1"]).ended(2);
    assert!(ran.stderr.contains("vmaf is not measured"), "{}", ran.stderr);
    let ran = bench.iqa(&[&source, &source, "--threshold", "attributes.noise.mean>=1"]).ended(2);
    assert!(ran.stderr.contains("attributes are those of iqa score"), "{}", ran.stderr);
    let ran = bench.iqa(&[&source, &source, "--vmaf-model", "nonsense"]).ended(2);
    assert!(ran.stderr.contains("nonsense") || ran.stdout.contains("nonsense"), "{ran:?}");
}

#[test]
fn an_unreadable_rung_fails_by_name_and_the_others_continue() {
    let Some(bench) = Bench::new("an_unreadable_rung_fails_by_name_and_the_others_continue") else { return };
    let source = bench.source("bikes.mp4", "1");
    let good = bench.rendition("good.mp4", "30", &[]);
    std::fs::write(bench.path("noise.mp4"), [0x5a; 4000]).unwrap();
    bench.ffmpeg(&["-f", "lavfi", "-i", "sine=d=1", "sound.m4a"]);
    bench.ffmpeg(&["-i", "source.mp4", "-c", "copy", "-t", "1", "-movflags", "+faststart", "start.mp4"]);
    let whole = std::fs::read(bench.path("start.mp4")).unwrap();
    let head = whole.windows(4).position(|four| four == b"mdat").expect("mdat") + 8;
    std::fs::write(bench.path("headless.mp4"), &whole[..head]).unwrap();
    let files = ["noise.mp4", "sound.m4a", "headless.mp4"].map(|name| bench.text(name));
    let [noise, sound, headless] = &files;
    let arguments = [&source, noise, &good, sound, headless, "--json", "--measures", "psnr"];
    let report = bench.iqa(&arguments).ended(2).json();
    assert_eq!(rendition(&report, "good")["verdict"], "aligned");
    for name in ["noise", "sound", "headless"] {
        let one = rendition(&report, name);
        assert_eq!(one["verdict"], "failed", "{one:#}");
        assert!(!reasons(one).is_empty());
    }
    assert!(reasons(rendition(&report, "sound")).contains("no video"), "{report:#}");
    let ran = bench.iqa(&[noise, &good]).ended(2);
    assert!(ran.stderr.contains("the source") && ran.stderr.contains("noise.mp4"), "{}", ran.stderr);
}

#[test]
fn an_mp4_without_shown_frames_is_an_error() {
    let Some(bench) = Bench::new("an_mp4_without_shown_frames_is_an_error") else { return };
    let source = bench.source("bikes.mp4", "2");
    // Cut by stream copy between key frames: qtdemux of GStreamer 1.22 shows none of its frames.
    bench.rendition("long.mp4", "30", &["-g", "250"]);
    bench.ffmpeg(&["-ss", "1.2", "-i", "long.mp4", "-t", "0.4", "-c", "copy", "trimmed.mp4"]);
    let trimmed = bench.text("trimmed.mp4");
    let ran = bench.iqa(&[&source, &trimmed, "--json", "--measures", "psnr"]);
    let report = ran.json();
    let one = rendition(&report, "trimmed");
    // Later versions of GStreamer show its frames, and then the count is not 0.
    let frames = one["counts"]["distorted"].as_u64().unwrap_or(0);
    assert_eq!((ran.code == 2, one["verdict"] == "failed"), (frames == 0, frames == 0), "{one:#}");
    assert!(frames > 0 || reasons(one).contains("trimmed MP4"), "{one:#}");
}

#[test]
fn an_unwritable_folder_is_reported_first() {
    let Some(bench) = Bench::new("an_unwritable_folder_is_reported_first") else { return };
    let source = bench.source("bikes.mp4", "1");
    std::fs::write(bench.path("file"), "").unwrap();
    let ran = bench.iqa(&[&source, &source, "-o", "file/report"]).ended(2);
    assert!(ran.stderr.contains("file/report") && ran.stdout.is_empty(), "{ran:?}");
    // A full device: no file remains under its final name.
    let ran = bench.iqa(&[&source, &source, "-o", "/proc/report"]).ended(2);
    assert!(ran.stderr.contains("/proc/report"), "{ran:?}");
}

#[test]
fn a_closed_reader_is_not_an_error_and_a_pipe_is_not_an_input() {
    let Some(bench) = Bench::new("a_closed_reader_is_not_an_error_and_a_pipe_is_not_an_input") else { return };
    let source = bench.source("bikes.mp4", "1");
    let mut command = bench.command(&[&source, &source, "--json", "--measures", "psnr", "--progress", "none"]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let made = std::process::Command::new("mkfifo").arg(bench.path("pipe")).status().unwrap();
    assert!(made.success());
    let ran = bench.iqa(&[&source, "pipe"]).ended(2);
    assert!(ran.stderr.contains("pipe is not a regular file"), "{}", ran.stderr);
}

#[test]
fn a_missing_rung_fails_alone() {
    let Some(bench) = Bench::new("a_missing_rung_fails_alone") else { return };
    let source = bench.source("bikes.mp4", "1");
    let good = bench.rendition("good.mp4", "30", &[]);
    std::fs::write(bench.path("empty.mp4"), "").unwrap();
    let more = ["--hls", "absent.m3u8", "--dash", "absent.mpd", "--json", "--measures", "psnr", "-o", "out"];
    let ran = bench.iqa(&[&[&source, "absent.mp4", &good, "empty.mp4"], &more[..]].concat()).ended(2);
    for said in ["/absent.mp4", "empty.mp4 is empty", "absent.m3u8: ", "absent.mpd: "] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    let named = ran.stderr.lines().find(|line| line.contains("/absent.mp4")).unwrap();
    assert!(named.contains("no such file") && named.matches("absent.mp4").count() == 1, "{named}");
    let report = ran.json();
    let names: Vec<_> = report["renditions"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["absent", "good", "empty", "absent-2", "absent-3"]);
    for one in report["renditions"].as_array().unwrap() {
        assert_eq!(one["verdict"], if one["name"] == "good" { "aligned" } else { "failed" }, "{one:#}");
    }
    assert!(bench.path("out/good.vmaf.json").is_file() && bench.path("out/report.html").is_file());
}

#[test]
fn errors_name_problem_place_and_remedy_in_one_line() {
    let Some(bench) = Bench::new("errors_name_problem_place_and_remedy_in_one_line") else { return };
    let source = bench.source("bikes.mp4", "2");
    let good = bench.rendition("good.mp4", "30", &["-g", "25"]);
    std::fs::write(bench.path("note.mp4"), "not a film\n").unwrap();
    std::fs::write(bench.path("notes.mp4"), "a line of a text that is long enough\n".repeat(500)).unwrap();
    bench.ffmpeg(&["-i", "good.mp4", "-c", "copy", "-f", "dash", "-seg_duration", "1", "manifest.mpd"]);
    std::fs::remove_file(bench.path("chunk-stream0-00002.m4s")).unwrap();
    let arguments = [&source, "note.mp4", "notes.mp4", "--dash", "manifest.mpd", "--json", "--measures", "psnr"];
    let report = bench.iqa(&arguments).ended(2).json();
    let all: Vec<_> = report["renditions"].as_array().unwrap().iter().map(reasons).collect();
    let [note, notes, dash] = all.as_slice() else { panic!("{report:#}") };
    assert!(note.contains("of a kind that GStreamer knows") && note.contains("check that"), "{note}");
    assert!(notes.contains("it is a text file"), "{notes}");
    assert!(dash.contains("chunk-stream0-00002.m4s") && dash.contains("check that it exists"), "{dash}");
    for text in &all {
        assert!(text.lines().count() == 1 && !text.contains(".c("), "{text}");
    }
    let ran = bench.iqa(&[&source, &good, "--start", "100s"]).ended(2);
    // The error may come from source or rendition: the first one ends the run.
    let said = ran.stdout + &ran.stderr;
    assert!(said.contains("--start is beyond its end: it is 2.00 s long") && !said.contains("edit list"), "{said}");
}

#[test]
fn names_of_files_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt as _;
    let Some(bench) = Bench::new("names_of_files_need_not_be_text") else { return };
    bench.source("bikes.mp4", "1");
    bench.rendition("good.mp4", "30", &[]);
    let [source, rendition] = [&b"quelle-\xfc.mp4"[..], b"caf\xe9.mp4"].map(std::ffi::OsStr::from_bytes);
    std::fs::rename(bench.path("source.mp4"), bench.folder.path().join(source)).unwrap();
    std::fs::rename(bench.path("good.mp4"), bench.folder.path().join(rendition)).unwrap();
    let mut command = bench.command(&[]);
    command.args([source, rendition]).args(["--json", "--measures", "psnr", "-o", "out"]);
    let report = crate::common::Ran::of(&mut command).ended(0).json();
    assert_eq!(report["renditions"][0]["name"], "caf\u{fffd}");
    assert_eq!(report["renditions"][0]["verdict"], "aligned");
    assert!(bench.path("out/caf_.vmaf.json").is_file());
}
