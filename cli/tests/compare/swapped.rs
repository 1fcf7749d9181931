// SPDX-License-Identifier: MPL-2.0

//! Source and rendition the wrong way round.

use crate::common::{Bench, reasons};

const WHAT: &str = "detail that the source lacks";

/// What is said of `rendition` against `source`.
fn said(bench: &Bench, source: &str, rendition: &str) -> bool {
    let report = bench.iqa(&[source, rendition, "--json", "--measures", "psnr"]).ended(0).json();
    reasons(&report["renditions"][0]).contains(WHAT)
}

#[test]
fn exchanged_inputs_are_said_and_others_are_not() {
    let Some(bench) = Bench::new("exchanged_inputs_are_said_and_others_are_not") else { return };
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
