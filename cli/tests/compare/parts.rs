// SPDX-License-Identifier: MPL-2.0

//! `--start` and `--duration`: what is reported of a part.

use crate::common::{Bench, number, reasons, rendition};

#[test]
fn a_part_with_few_decoded_frames_gives_no_numbers() {
    let Some(bench) = Bench::new("a_part_with_few_decoded_frames_gives_no_numbers") else { return };
    let source = bench.source("bigbuckbunny.mp4", "3");
    bench.ffmpeg(&["-i", "source.mp4", "-an", "-c:v", "mpeg2video", "-q:v", "8", "-f", "vob", "program.mpg"]);
    let plain = bench.rendition("plain.mp4", "28", &[]);
    let program = bench.text("program.mpg");
    let arguments = [&source, &plain, &program, "--json", "--measures", "psnr", "--start", "1s", "--duration", "1s"];
    let report = bench.iqa(&arguments).ended(3).json();
    assert_eq!(rendition(&report, "plain")["verdict"], "aligned");
    // After a seek, most of it is discarded because of its clock.
    let program = rendition(&report, "program");
    assert_eq!(program["verdict"], "not-aligned", "{program:#}");
    assert!(reasons(program).contains("of 1.00 s of this part were decoded"), "{program:#}");
    assert!(program["measures"].as_object().is_some_and(|measures| measures.is_empty()), "{program:#}");
}

#[test]
fn rates_of_a_part_are_those_of_the_files() {
    let Some(bench) = Bench::new("rates_of_a_part_are_those_of_the_files") else { return };
    let source = bench.source("bikes.mp4", "3");
    let [high, low] = [("high.mp4", "28"), ("low.mp4", "36")].map(|(name, crf)| bench.rendition(name, crf, &[]));
    let arguments = [&source, &high, &low, "--json", "--measures", "psnr", "--no-cache"];
    let rates = |more: &[&str]| {
        let report = bench.iqa(&[&arguments[..], more].concat()).ended(0).json();
        let of = |name| number(rendition(&report, name), &["bit-rate"]);
        [of("high"), of("low"), number(&report["source"], &["bit-rate"])]
    };
    let whole = rates(&[]);
    for part in [&["--duration", "500ms"][..], &["--start", "1s", "--duration", "40ms"]] {
        for (rate, whole) in rates(part).into_iter().zip(whole) {
            assert!((rate / whole - 1.0).abs() < 0.01, "{part:?}: {rate}, not {whole}");
        }
    }
}
