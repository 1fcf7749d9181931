// SPDX-License-Identifier: MPL-2.0

//! Servers on this machine: a silent one, missing files, encrypted playlists.

use crate::common::{Bench, reasons, rendition};
use crate::http::{answer, server};
use std::net::TcpListener;

#[test]
fn files_of_a_server_are_compared_and_missing_ones_named() {
    let Some(bench) = Bench::new("files_of_a_server_are_compared_and_missing_ones_named") else { return };
    let source = bench.source("bikes.mp4", "2");
    bench.rendition("good.mp4", "30", &[]);
    let folder = bench.folder.path().to_owned();
    let address = server(move |connection| answer(connection, &folder, usize::MAX));
    // Nothing listens there anymore.
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let [good, absent] = ["good", "absent"].map(|name| format!("{address}/{name}.mp4"));
    let dead = format!("http://{dead}/dead.mp4");
    let arguments = [&source, &good, &absent, &dead, "foo://bar/odd.mp4", "--json", "--measures", "psnr"];
    let report = bench.iqa(&arguments).ended(2).json();
    assert_eq!(rendition(&report, "good")["verdict"], "aligned");
    let of = |name| reasons(rendition(&report, name));
    assert!(of("absent").contains("Not Found") && of("absent").contains(&absent), "{}", of("absent"));
    assert!(of("dead").contains(&dead) && of("dead").contains("check the address"), "{}", of("dead"));
    assert!(of("odd").contains("no installed GStreamer element reads foo:// URIs"), "{}", of("odd"));
    for name in ["absent", "dead", "odd"] {
        assert!(of(name).lines().count() == 1 && !of(name).contains(".c("), "{name}: {}", of(name));
    }
}

#[test]
fn playlists_that_are_encrypted_with_a_key_file_are_compared() {
    let Some(bench) = Bench::new("playlists_that_are_encrypted_with_a_key_file_are_compared") else { return };
    let source = bench.source("bikes.mp4", "2");
    bench.rendition("good.mp4", "30", &["-g", "25"]);
    std::fs::write(bench.path("film.key"), *b"sixteen bytes it").unwrap();
    std::fs::write(bench.path("key.txt"), format!("film.key\n{}\n", bench.text("film.key"))).unwrap();
    let hls = ["-i", "good.mp4", "-c", "copy", "-f", "hls", "-hls_time", "1", "-hls_playlist_type", "vod"];
    bench.ffmpeg(&[&hls[..], &["-hls_key_info_file", "key.txt", "secret.m3u8"]].concat());
    bench.ffmpeg(&[&hls[..], &["clear.m3u8"]].concat());
    let folder = bench.folder.path().to_owned();
    let address = server(move |connection| answer(connection, &folder, usize::MAX));
    let remote = format!("{address}/secret.m3u8");
    let playlists = ["--hls", "clear.m3u8", "--hls", "secret.m3u8", "--hls", &remote];
    let report = bench.iqa(&[&[source.as_str(), "--json", "--measures", "psnr"], &playlists[..]].concat());
    let report = report.ended(0).json();
    let clear = &rendition(&report, "clear")["measures"];
    for name in ["secret", "secret-2"] {
        assert_eq!(&rendition(&report, name)["measures"], clear, "{name}");
    }
    std::fs::remove_file(bench.path("film.key")).unwrap();
    let text = std::fs::read_to_string(bench.path("secret.m3u8")).unwrap();
    std::fs::write(bench.path("sample.m3u8"), text.replace("AES-128", "SAMPLE-AES")).unwrap();
    let report = bench.iqa(&[&source, "--hls", "secret.m3u8", "--hls", "sample.m3u8", "--json"]).ended(2).json();
    assert!(reasons(rendition(&report, "secret")).contains("film.key is missing"), "{report:#}");
    assert!(reasons(rendition(&report, "sample")).contains("SAMPLE-AES"), "{report:#}");
}

#[test]
fn a_silent_source_is_reported_when_its_rendition_fills_the_memory() {
    let Some(bench) = Bench::new("a_silent_source_is_reported_when_its_rendition_fills_the_memory") else { return };
    bench.source("bikes.mp4", "3");
    let good = bench.rendition("good.mp4", "30", &["-g", "25", "-movflags", "+faststart"]);
    let (folder, size) = (bench.folder.path().to_owned(), std::fs::metadata(&good).unwrap().len() as usize);
    let half = server(move |connection| answer(connection, &folder, size / 2));
    let source = format!("{half}/good.mp4");
    let ran = bench.iqa(&[&source, &good, "--measures", "psnr", "--memory", "1M"]).ended(2);
    assert!(ran.stderr.contains("the source") && ran.stderr.contains("its server was silent"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("max-bytes") && !ran.stdout.contains("max-bytes"), "{ran:?}");
}
