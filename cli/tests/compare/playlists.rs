// SPDX-License-Identifier: MPL-2.0

//! HLS and DASH ladders made with ffmpeg.

use crate::common::{Bench, number, reasons, rendition};

/// A ladder of two rungs from one of ffmpeg's muxers.
fn ladder(bench: &Bench, muxer: &[&str]) {
    let video =
        ["-i", "source.mp4", "-map", "0:v", "-map", "0:v", "-c:v", "libx264", "-preset", "veryfast", "-g", "25"];
    let rungs = ["-s:v:0", "640x360", "-b:v:0", "500k", "-s:v:1", "320x180", "-b:v:1", "150k"];
    bench.ffmpeg(&[&video[..], &rungs, muxer].concat());
}

#[test]
fn every_variant_of_an_hls_ladder_is_found_and_aligned() {
    let Some(bench) = Bench::new("every_variant_of_an_hls_ladder_is_found_and_aligned") else { return };
    let source = bench.source("bigbuckbunny.mp4", "3");
    let hls = ["-f", "hls", "-hls_time", "1", "-hls_playlist_type", "vod", "-var_stream_map", "v:0 v:1"];
    ladder(&bench, &[&hls[..], &["-master_pl_name", "master.m3u8", "v%v.m3u8"]].concat());
    let run = || bench.iqa(&[&source, "--hls", "master.m3u8", "--json", "--measures", "psnr", "--no-cache"]);
    let report = run().ended(0).json();
    for (name, height) in [("360p", 360.0), ("180p", 180.0)] {
        let one = rendition(&report, name);
        assert!(["aligned", "aligned-by-time"].iter().any(|verdict| one["verdict"] == *verdict), "{one:#}");
        assert_eq!((number(one, &["height"]), number(one, &["counts", "unmatched"])), (height, 0.0), "{one:#}");
        assert!(number(one, &["counts", "distorted"]) > 60.0 && number(one, &["declared-bandwidth"]) > 0.0, "{one:#}");
    }
    // A playlist is never played adaptively as a whole, wherever it is given.
    let report = bench.iqa(&[&source, "master.m3u8", "--json", "--measures", "psnr"]).ended(0).json();
    assert_eq!(report["renditions"].as_array().unwrap().len(), 2, "{report:#}");
    let ran = bench.iqa(&["master.m3u8", &source, "--measures", "psnr"]).ended(2);
    assert!(ran.stderr.contains("it has 2 variants"), "{}", ran.stderr);
    std::fs::remove_file(bench.path("v11.ts")).unwrap();
    let report = run().ended(2).json();
    assert_eq!(rendition(&report, "180p")["verdict"], "failed");
    assert!(reasons(rendition(&report, "180p")).contains("v11.ts is missing"), "{report:#}");
    assert_ne!(rendition(&report, "360p")["verdict"], "failed");
}

#[test]
fn every_representation_of_a_dash_ladder_is_found_and_aligned() {
    let Some(bench) = Bench::new("every_representation_of_a_dash_ladder_is_found_and_aligned") else { return };
    let source = bench.source("bigbuckbunny.mp4", "3");
    ladder(&bench, &["-f", "dash", "-seg_duration", "1", "manifest.mpd"]);
    let report = bench.iqa(&[&source, "--dash", "manifest.mpd", "--json", "--measures", "psnr"]).ended(0).json();
    for (name, height) in [("360p", 360.0), ("180p", 180.0)] {
        let one = rendition(&report, name);
        assert!(["aligned", "aligned-by-time"].iter().any(|verdict| one["verdict"] == *verdict), "{one:#}");
        assert_eq!(number(one, &["height"]), height, "{one:#}");
        assert!(number(one, &["counts", "distorted"]) > 60.0, "{one:#}");
    }
    let text = std::fs::read_to_string(bench.path("manifest.mpd")).unwrap();
    let encrypted = text.replacen("<Representation ", "<ContentProtection schemeIdUri=\"urn:x\"/><Representation ", 1);
    std::fs::write(bench.path("drm.mpd"), encrypted).unwrap();
    let report = bench.iqa(&[&source, "--dash", "drm.mpd", "--json", "--measures", "psnr"]).ended(2).json();
    assert!(reasons(rendition(&report, "360p")).contains("encrypted"), "{report:#}");
}
