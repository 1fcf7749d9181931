// SPDX-License-Identifier: MPL-2.0

//! What takes more than a minute: `scripts/test-slow.sh`.

use crate::common::{Bench, reasons, rendition};
use crate::http::{answer, hold, server};
use onnx_iqa_testkit::slow;

#[test]
fn silent_servers_are_given_up_and_the_others_continue() {
    if !slow("silent servers") {
        return;
    }
    let Some(bench) = Bench::new("silent_servers_are_given_up_and_the_others_continue") else { return };
    let source = bench.source("bikes.mp4", "2");
    let good = bench.rendition("good.mp4", "30", &["-movflags", "+faststart"]);
    let (folder, size) = (bench.folder.path().to_owned(), std::fs::metadata(&good).unwrap().len() as usize);
    let mute = server(hold);
    let half = server(move |connection| answer(connection, &folder, size / 2));
    let [mute, half] = [format!("{mute}/mute.mp4"), format!("{half}/good.mp4")];
    let report = bench.iqa(&[&source, &mute, &good, &half, "--json", "--measures", "psnr"]).ended(2).json();
    assert_eq!(rendition(&report, "good")["verdict"], "aligned");
    for name in ["mute", "good-2"] {
        let one = rendition(&report, name);
        assert_eq!(one["verdict"], "failed", "{one:#}");
        assert!(reasons(one).contains("silent for 30 s"), "{name}: {}", reasons(one));
    }
}
