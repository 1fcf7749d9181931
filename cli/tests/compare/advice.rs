// SPDX-License-Identifier: MPL-2.0

//! Messages use this command's options, and each kind appears once.

use crate::common::{Bench, reasons, rendition};

/// Names of elements, pads and properties, which users of the command do not see.
const FOREIGN: [&str; 10] = [
    "registration=",
    "search-range=",
    "alignment=",
    "offset=",
    "videoflip",
    "videoconvert",
    "on the bus",
    "its pad",
    "distorted pad",
    "this element",
];

#[test]
fn remarks_name_options_and_not_properties() {
    let Some(bench) = Bench::new("remarks_name_options_and_not_properties") else { return };
    let source = bench.source("bikes.mp4", "3");
    let wide = bench.rendition("wide.mp4", "28", &["-vf", "pad=640:480:0:104"]);
    let turned = bench.rendition("turned.mp4", "28", &["-vf", "transpose=1"]);
    let late = bench.rendition("late.mp4", "28", &["-vf", "tpad=start=80:start_mode=clone"]);
    let lossy =
        bench.rendition("lossy.mp4", "28", &["-vf", "select=not(eq(mod(n\\,8)\\,3))", "-fps_mode", "passthrough"]);
    let tagged = ["-vf", "setparams=color_trc=smpte2084:color_primaries=bt2020:colorspace=bt2020nc"];
    let tagged = bench.rendition("tagged.mp4", "28", &tagged);
    let files = [source.as_str(), &wide, &turned, &late, &lossy, &tagged];
    let report = bench.iqa(&[&files[..], &["--json", "--measures", "psnr"]].concat()).json();
    let of = |name| reasons(rendition(&report, name));
    for (name, said) in [
        ("wide", "--registration crop"),
        ("turned", "encode it again upright"),
        ("late", "--search-range"),
        ("lossy", "look for frames that were lost"),
        ("tagged", "tone mapping"),
    ] {
        assert!(of(name).contains(said), "{name}: {}", of(name));
        for word in FOREIGN {
            assert!(!of(name).contains(word), "{name}: {word} is in: {}", of(name));
        }
    }
}

#[test]
fn only_the_last_remark_of_a_kind_is_reported() {
    let Some(bench) = Bench::new("only_the_last_remark_of_a_kind_is_reported") else { return };
    let source = bench.source("bigbuckbunny.mp4", "5");
    // Reported after a hundred frames, and again at the end, with other counts.
    let lossy = ["-vf", "scale=320:-2,select=not(eq(mod(n\\,6)\\,3))", "-fps_mode", "passthrough"];
    let lossy = bench.rendition("lossy.mp4", "30", &lossy);
    let report = bench.iqa(&[&source, &lossy, "--json", "--measures", "psnr", "--alignment", "pts"]).json();
    let one = rendition(&report, "lossy");
    let said = reasons(one);
    let partly: Vec<_> = said.lines().filter(|line| line.contains("left out")).collect();
    let [partly] = partly.as_slice() else { panic!("{said}") };
    let dropped = one["counts"]["dropped"].as_u64().expect("a count");
    assert!(dropped > 15 && partly.contains(&format!("but {dropped} reference frames")), "{dropped}: {partly}");
}

#[test]
fn a_search_range_too_short_for_a_result_is_refused() {
    let Some(bench) = Bench::new("a_search_range_too_short_for_a_result_is_refused") else { return };
    let source = bench.source("bikes.mp4", "2");
    // With `--search-range 0`, wrong pairs were accepted for much of the film.
    let late = bench.rendition("late.mp4", "28", &["-vf", "tpad=start=2:start_mode=clone"]);
    let run = |more: &[&str]| bench.iqa(&[&[source.as_str(), &late, "--json", "--measures", "psnr"], more].concat());
    for alignment in ["auto", "track"] {
        let ran = run(&["--search-range", "0", "--alignment", alignment]).ended(2);
        assert!(ran.stderr.contains("--search-range") && ran.stderr.contains("--alignment pts"), "{}", ran.stderr);
    }
    let found = run(&["--search-range", "100ms"]).ended(0).json();
    assert_eq!(rendition(&found, "late")["offset-ms"], -80.0);
    assert_ne!(run(&["--search-range", "0", "--alignment", "pts"]).code, 2);
}
