// SPDX-License-Identifier: MPL-2.0

//! Source and rendition swapped.

use crate::common::{Bench, reasons};

const WHAT: &str = "detail that the reference lacks";

/// Whether a swap is reported for `rendition` and `source`.
fn said(bench: &Bench, source: &str, rendition: &str) -> bool {
    let report = bench.iqa(&[source, rendition, "--json", "--measures", "psnr"]).ended(0).json();
    reasons(&report["renditions"][0]).contains(WHAT)
}

#[test]
fn swapped_inputs_are_reported_and_others_are_not() {
    let Some(bench) = Bench::new("swapped_inputs_are_reported_and_others_are_not") else { return };
    let x265: &[&str] = &["-c:v", "libx265", "-x265-params", "log-level=none"];
    for (clip, crf, codec) in
        [("bigbuckbunny.mp4", "30", &[][..]), ("bikes.mp4", "32", x265), ("carphone_pristine.mp4", "34", &[])]
    {
        let source = bench.source(clip, "3");
        let coded = bench.rendition("coded.mp4", crf, codec);
        assert!(!said(&bench, &source, &coded), "{clip}");
        assert!(said(&bench, &coded, &source), "{clip}, swapped");
    }
    let source = bench.source("bigbuckbunny.mp4", "3");
    for (name, filter) in
        [("grain.mp4", "noise=alls=10:allf=t"), ("sharp.mp4", "unsharp=5:5:1"), ("small.mp4", "scale=640:360")]
    {
        let rendition = bench.rendition(name, "18", &["-vf", filter]);
        assert!(!said(&bench, &source, &rendition), "{name}");
    }
}

/// Codecs without a deblocking filter add noise where the detail is.
#[test]
fn what_coders_add_is_no_detail() {
    let Some(bench) = Bench::new("what_coders_add_is_no_detail") else { return };
    for clip in ["bigbuckbunny.mp4", "bikes.mp4", "carphone_pristine.mp4"] {
        let source = bench.source(clip, "3");
        for (codec, quality, name) in
            [("mjpeg", "3", "fine.mkv"), ("mjpeg", "20", "coarse.mkv"), ("mpeg4", "12", "c.mp4")]
        {
            bench.ffmpeg(&["-i", "source.mp4", "-c:v", codec, "-q:v", quality, name]);
            assert!(!said(&bench, &source, &bench.text(name)), "{clip}, {codec} {quality}");
        }
    }
}

/// The bit rate alone does not decide: the rung has a fraction of the source's rate, and more detail.
#[test]
fn a_rung_of_a_much_lower_rate_is_looked_at_too() {
    let Some(bench) = Bench::new("a_rung_of_a_much_lower_rate_is_looked_at_too") else { return };
    bench.source("bigbuckbunny.mp4", "3");
    let rung = bench.rendition("rung.mp4", "24", &[]);
    bench.rendition("coarse.mp4", "36", &[]);
    bench.ffmpeg(&["-i", "coarse.mp4", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "kept.mp4"]);
    let size = |name: &str| std::fs::metadata(bench.path(name)).expect("a file").len();
    assert!(size("rung.mp4") * 2 < size("kept.mp4"), "{} of {}", size("rung.mp4"), size("kept.mp4"));
    assert!(said(&bench, &bench.text("kept.mp4"), &rung));
}

/// A single picture is enough.
#[test]
fn pictures_are_looked_at_too() {
    let Some(bench) = Bench::new("pictures_are_looked_at_too") else { return };
    bench.source("bikes.mp4", "2");
    bench.rendition("coarse.mp4", "36", &[]);
    for (film, picture) in [("source.mp4", "whole.png"), ("coarse.mp4", "coarse.png")] {
        bench.ffmpeg(&["-ss", "1", "-i", film, "-frames:v", "1", picture]);
    }
    bench.ffmpeg(&["-i", "whole.png", "-q:v", "4", "coded.jpg"]);
    let [whole, coarse, coded] = ["whole.png", "coarse.png", "coded.jpg"].map(|name| bench.text(name));
    assert!(!said(&bench, &whole, &coarse) && !said(&bench, &whole, &coded));
    assert!(said(&bench, &coarse, &whole));
}
