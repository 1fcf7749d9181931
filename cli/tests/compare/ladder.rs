// SPDX-License-Identifier: MPL-2.0

//! A ladder of files: the result of each rung, and agreement with ffmpeg.

use crate::common::{Bench, number, reasons, rendition};

/// From ffmpeg's `psnr` filter: the mean over frames is not printed, so it is computed from the statistics file.
fn psnr_of_ffmpeg(bench: &Bench, distorted: &str) -> f64 {
    let filter = "[0][1]psnr=stats_file=psnr.txt";
    bench.ffmpeg(&["-i", distorted, "-i", "source.mp4", "-lavfi", filter, "-f", "null", "-"]);
    let text = std::fs::read_to_string(bench.path("psnr.txt")).unwrap();
    let values = text.lines().filter_map(|line| line.split("psnr_y:").nth(1)?.split_whitespace().next()?.parse().ok());
    let values: Vec<f64> = values.collect();
    assert!(!values.is_empty(), "{text}");
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn every_rung_is_aligned_measured_and_described() {
    let Some(bench) = Bench::new("every_rung_is_aligned_measured_and_described") else { return };
    let source = bench.source("bigbuckbunny.mp4", "3");
    let full = bench.rendition("full.mp4", "28", &[]);
    let small = bench.rendition("small.mp4", "28", &["-vf", "scale=640:360"]);
    let half_rate = bench.rendition("half.mp4", "28", &["-vf", "scale=640:360,fps=12.5"]);
    let late = bench.rendition("late.mp4", "28", &["-vf", "tpad=start=2:start_mode=clone,scale=640:360"]);
    let cut = bench.rendition("cut.mp4", "28", &["-t", "2"]);
    let arguments = [&source, &full, &small, &half_rate, &late, &cut];
    let mut arguments: Vec<_> = arguments.iter().map(|text| text.as_str()).collect();
    arguments.extend(["--json", "--measures", "psnr,ssim"]);
    let report = bench.iqa(&arguments).ended(0).json();
    assert_eq!((&report["version"], &report["exit"], &report["interrupted"]), (&1.into(), &0.into(), &false.into()));
    let names: Vec<_> = report["renditions"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["full", "small", "half", "late", "cut"]);
    for name in ["full", "small", "half", "late", "cut"] {
        let one = rendition(&report, name);
        assert!(["aligned", "aligned-by-time"].iter().any(|verdict| one["verdict"] == *verdict), "{one:#}");
    }

    let ffmpegs = psnr_of_ffmpeg(&bench, "full.mp4");
    let ours = number(rendition(&report, "full"), &["measures", "psnr-y", "mean"]);
    assert!((ours - ffmpegs).abs() < 0.006, "{ours} and {ffmpegs}: ffmpeg prints two digits");

    let of = |name, path: &[&str]| number(rendition(&report, name), path);
    assert_eq!((of("small", &["width"]), of("small", &["height"])), (640.0, 360.0));
    assert_eq!(of("small", &["offset-ms"]).round(), 0.0);
    assert_eq!(of("half", &["frame-rate"]), 12.5);
    // Every second source frame has no partner, and every frame of the rung has one.
    let (dropped, all) = (of("half", &["counts", "dropped"]), of("half", &["counts", "distorted"]));
    assert!((dropped - all).abs() <= 2.0, "{dropped} of {all}");
    assert_eq!(of("half", &["counts", "unmatched"]), 0.0);
    assert_eq!(of("late", &["offset-ms"]).round(), -80.0);
    let text = reasons(rendition(&report, "cut"));
    assert!(text.contains("ends 1.0") && text.contains("cut off"), "{text}");
    assert!(!reasons(rendition(&report, "full")).contains("cut off"));
    for name in ["full", "small"] {
        let bits = std::fs::metadata(bench.path(&format!("{name}.mp4"))).unwrap().len() as f64 * 8.0;
        let rate = of(name, &["bit-rate"]);
        assert!((rate * 3.0 / bits - 1.0).abs() < 0.15, "{name}: {rate} of a file of {bits} bits");
    }
}

#[test]
fn another_film_gives_no_numbers() {
    let Some(bench) = Bench::new("another_film_gives_no_numbers") else { return };
    let source = bench.source("bigbuckbunny.mp4", "3");
    let other = bench.clips.join("bikes.mp4");
    let good = bench.rendition("good.mp4", "30", &["-vf", "scale=640:360"]);
    let arguments = [&source, other.to_str().unwrap(), &good, "-o", "out", "--measures", "psnr,vmaf"];
    let ran = bench.iqa(&arguments).ended(3);
    assert!(ran.stdout.contains("Not aligned") && ran.stdout.contains("bikes"), "{}", ran.stdout);
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
    let text = std::fs::read_to_string(bench.path("out/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let one = rendition(&report, "bikes");
    assert_eq!((&one["verdict"], &one["measures"]), (&"not-aligned".into(), &serde_json::json!({})));
    assert!(one["offset-ms"].is_null() && !reasons(one).is_empty(), "{one:#}");
    let shown = &one["worst"][0];
    assert!(shown["value"].is_null() && shown["values"] == serde_json::json!({}), "{shown:#}");
    for picture in ["source-picture", "picture"] {
        let path = shown[picture].as_str().unwrap_or_else(|| panic!("{shown:#}"));
        assert!(bench.path("out").join(path).is_file(), "{path}");
    }
    assert!(!bench.path("out/bikes.vmaf.json").exists() && bench.path("out/good.vmaf.json").exists());
    let csv = std::fs::read_to_string(bench.path("out/frames.csv")).unwrap();
    assert!(csv.lines().skip(1).all(|line| line.starts_with("good,")) && csv.lines().count() > 50);
    let good = rendition(&report, "good");
    assert!(number(good, &["measures", "vmaf", "mean"]) > 20.0, "{good:#}");
}

#[test]
fn another_transfer_function_is_found_by_its_tag_or_by_the_pictures() {
    let Some(bench) = Bench::new("another_transfer_function_is_found_by_its_tag_or_by_the_pictures") else { return };
    let source = bench.source("bigbuckbunny.mp4", "2");
    let pq = "zscale=tin=709:min=709:pin=709:rin=limited:t=smpte2084:m=709:p=709:npl=200,format=yuv420p";
    let tagged = |transfer: &str| format!("{pq},setparams=color_trc={transfer}:color_primaries=bt709:colorspace=bt709");
    let hidden = bench.rendition("hidden.mp4", "22", &["-vf", &tagged("bt709")]);
    let plain = bench.rendition("plain.mp4", "22", &["-vf", &tagged("smpte2084")]);
    let good = bench.rendition("good.mp4", "30", &[]);
    let report = bench.iqa(&[&source, &hidden, &plain, &good, "--json", "--measures", "psnr"]).json();
    let of = |name| reasons(rendition(&report, name));
    assert!(of("hidden").contains("its luma differs") && !of("hidden").contains("transfer functions differ"));
    assert!(of("plain").contains("the transfer functions differ") && of("plain").contains("PQ"), "{}", of("plain"));
    assert_eq!(of("good"), "");
}

#[test]
fn interlaced_pictures_are_deinterlaced_and_that_is_reported() {
    let Some(bench) = Bench::new("interlaced_pictures_are_deinterlaced_and_that_is_reported") else { return };
    let source = bench.source("bikes.mp4", "2");
    let interlaced = ["-vf", "interlace=lowpass=0", "-flags", "+ildct+ilme", "-x264opts", "tff=1"];
    let interlaced = bench.rendition("interlaced.mp4", "22", &interlaced);
    let run = |how: &str| {
        let arguments = [&source, &interlaced, "--json", "--measures", "psnr", "--deinterlace", how, "--no-cache"];
        rendition(&bench.iqa(&arguments).json(), "interlaced").clone()
    };
    let (auto, off) = (run("auto"), run("off"));
    assert!(reasons(&auto).contains("it was deinterlaced"), "{auto:#}");
    assert!(!reasons(&off).contains("it was deinterlaced"), "{off:#}");
    assert!(number(&auto, &["counts", "distorted"]) >= number(&off, &["counts", "distorted"]), "{auto:#} {off:#}");
}

#[test]
fn a_part_covers_the_same_time_of_both() {
    let Some(bench) = Bench::new("a_part_covers_the_same_time_of_both") else { return };
    let source = bench.source("bigbuckbunny.mp4", "4");
    let late = bench.rendition("late.mp4", "28", &["-vf", "tpad=start=2:start_mode=clone"]);
    let whole = bench.iqa(&[&source, &late, "-o", "whole", "--measures", "psnr"]).ended(0);
    let part = ["-o", "part", "--measures", "psnr", "--start", "1s", "--duration", "1s"];
    let part = bench.iqa(&[&[source.as_str(), &late], &part[..]].concat()).ended(0);
    let rows = |folder: &str| {
        let text = std::fs::read_to_string(bench.path(&format!("{folder}/frames.csv"))).unwrap();
        let row = |line: &str| {
            let cells: Vec<_> = line.split(',').map(str::to_owned).collect();
            let number = |index: usize| cells[index].parse::<f64>().unwrap_or(f64::NAN);
            (number(2), number(3), number(6))
        };
        text.lines().skip(1).map(row).collect::<Vec<_>>()
    };
    let (all, some) = (rows("whole"), rows("part"));
    assert_eq!(some.len(), 25, "{whole:?} {part:?}");
    for (time, source, psnr) in some {
        // Times start at the start of the part; the source of a part that starts at 1 s is decoded from 0 s on.
        let same = all.iter().find(|(whole, ..)| (whole - time).abs() < 1e-3);
        let (_, whole_source, whole_psnr) = same.unwrap_or_else(|| panic!("{time} is not in {all:?}"));
        assert!((whole_source - source).abs() < 1e-3 && (whole_psnr - psnr).abs() < 1e-9, "{time}: {psnr} {same:?}");
    }
}

#[test]
fn with_little_memory_more_passes_give_the_same_numbers() {
    let Some(bench) = Bench::new("with_little_memory_more_passes_give_the_same_numbers") else { return };
    let source = bench.source("bikes.mp4", "1");
    let renditions = ["26", "30", "34"].map(|crf| bench.rendition(&format!("{crf}.mp4"), crf, &[]));
    let run = |memory: &str| {
        let mut arguments = vec![source.as_str()];
        arguments.extend(renditions.iter().map(String::as_str));
        arguments.extend(["--json", "--no-cache", "--measures", "psnr", "--memory", memory]);
        let ran = bench.iqa(&arguments).ended(0);
        let passes = ran.stderr.lines().filter(|line| line.contains("pass ")).count();
        (ran.json()["renditions"].clone(), passes)
    };
    let (once, (in_three, passes)) = (run("2G").0, run("100M"));
    assert_eq!((&once, passes), (&in_three, 3));
}

#[test]
fn two_ladders_are_compared_with_each_other() {
    let Some(bench) = Bench::new("two_ladders_are_compared_with_each_other") else { return };
    let source = bench.source("bikes.mp4", "1");
    let crf = ["24", "28", "32", "36"];
    let ladder =
        |preset: &str| crf.map(|crf| bench.rendition(&format!("{preset}-{crf}.mp4"), crf, &["-preset", preset]));
    let (own, other) = (ladder("medium"), ladder("ultrafast"));
    let mut arguments = vec![source.as_str()];
    arguments.extend(own.iter().map(String::as_str));
    arguments.extend(["--json", "--measures", "psnr", "--versus"]);
    let short = arguments.len();
    arguments.extend(other.iter().map(String::as_str));
    let report = bench.iqa(&arguments).ended(0).json();
    assert_eq!(report["renditions"].as_array().unwrap().len(), 4);
    assert_eq!(report["versus"]["renditions"].as_array().unwrap().len(), 4);
    let percent = number(&report["versus"], &["bd-rate", "psnr-y", "percent"]);
    assert!(percent > 5.0, "x264's ultrafast needs more rate than its medium, not {percent} %");
    let report = bench.iqa(&arguments[..short + 3]).ended(0).json();
    let rate = &report["versus"]["bd-rate"]["psnr-y"];
    assert!(rate["percent"].is_null() && rate["reason"].as_str().unwrap().contains("has 3 measured rungs"), "{rate:#}");
}

#[test]
fn a_rotation_tag_is_applied_and_the_shape_is_not_reported() {
    let Some(bench) = Bench::new("a_rotation_tag_is_applied_and_the_shape_is_not_reported") else { return };
    let source = bench.source("bikes.mp4", "1");
    bench.rendition("lying.mp4", "28", &["-vf", "transpose=2"]);
    bench.ffmpeg(&["-display_rotation:v:0", "-90", "-i", "lying.mp4", "-c", "copy", "tagged.mp4"]);
    let tagged = bench.text("tagged.mp4");
    let report = bench.iqa(&[&source, &tagged, "--json", "--measures", "psnr"]).ended(0).json();
    let one = rendition(&report, "tagged");
    assert!(number(one, &["measures", "psnr-y", "mean"]) > 30.0, "{one:#}");
    assert_eq!(reasons(one), "it was rotated upright according to its orientation tag (rotate-90)");
    // Without the tag, its shape differs, and the remark mentions the rotation.
    let report = bench.iqa(&[&source, "lying.mp4", "--json", "--measures", "psnr"]).ended(3).json();
    assert!(reasons(rendition(&report, "lying")).contains("turned"), "{report:#}");
}
