// SPDX-License-Identifier: MPL-2.0

//! Servers on this machine: silent ones, missing ones, encrypted playlists.

use crate::common::{Bench, reasons, rendition};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

/// A server that handles every connection with `serve` as long as the test runs; returns its address.
fn server(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let serve = std::sync::Arc::new(serve);
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let serve = serve.clone();
            std::thread::spawn(move || serve(connection));
        }
    });
    address
}

/// Reads until the server or its client closes.
fn hold(mut connection: TcpStream) {
    let mut bytes = [0; 4096];
    while connection.read(&mut bytes).is_ok_and(|read| read > 0) {}
}

/// The file that a client requests, and the first byte.
fn asked(connection: &mut TcpStream) -> Option<(String, usize)> {
    let mut request = Vec::new();
    while !request.windows(4).any(|four| four == b"\r\n\r\n") {
        let mut bytes = [0; 1024];
        let read = connection.read(&mut bytes).ok().filter(|&read| read > 0)?;
        request.extend_from_slice(&bytes[..read]);
    }
    let text = String::from_utf8(request).ok()?;
    let range =
        text.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
    let from = range.and_then(|range| range.split('-').next()?.parse().ok());
    Some((text.split_whitespace().nth(1)?.trim_start_matches('/').to_owned(), from.unwrap_or(0)))
}

/// Answers with the file of that name, or its first `most` bytes, and is then silent. Clients whose connection was cut,
/// as happens on a busy machine, resume where they were.
fn answer(mut connection: TcpStream, folder: &Path, most: usize) {
    let Some((name, from)) = asked(&mut connection) else { return };
    let Ok(bytes) = std::fs::read(folder.join(name)) else {
        let _ = connection.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
    };
    let (length, from) = (bytes.len(), from.min(bytes.len()));
    let status = match from {
        0 => "200 OK".to_owned(),
        _ => format!("206 Partial Content\r\nContent-Range: bytes {from}-{}/{length}", length - 1),
    };
    let rest = length - from;
    let head =
        format!("HTTP/1.1 {status}\r\nAccept-Ranges: bytes\r\nContent-Length: {rest}\r\nConnection: close\r\n\r\n");
    let _ = connection.write_all(head.as_bytes());
    let _ = connection.write_all(&bytes[from..most.min(length).max(from)]);
    if most < bytes.len() {
        hold(connection);
    }
}

#[test]
fn silent_servers_are_given_up_and_the_others_continue() {
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
