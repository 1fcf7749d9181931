// SPDX-License-Identifier: MPL-2.0

//! Faults that take minutes: `make test-slow`.

use crate::common::{LONG, Server, Watch, h264, resources, slow};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

#[test]
fn ten_restarts_leave_threads_and_files_as_they_were() {
    if !slow("ten restarts of a server") {
        return;
    }
    let Some(mut server) = Server::start(&[], &[format!("cam={}", h264("smpte"))]) else { return };
    let uri = server.uri("cam");
    let mut watch = Watch::start(&format!("[[camera]]\nname = 'cam'\nuri = '{uri}'\nmodel = 'MODEL'\ninterval = '1s'"));
    watch.wait_for("cam", "live");
    let mut seen = Vec::new();
    for round in 0..10 {
        server.kill();
        watch.wait_for("cam", "offline");
        std::thread::sleep(Duration::from_millis(500));
        server.begin();
        let back = watch.wait_for("cam", "live");
        println!("round {round}: back {:.2} s after the server", back.as_secs_f64());
        assert!(back < Duration::from_secs(3), "round {round}: back after {back:?}");
        seen.push(resources(watch.id()));
    }
    println!("threads, file descriptors, MiB: {seen:?}");
    let (first, last) = (seen[1], seen[9]);
    for (what, more) in [3, 3, 16].into_iter().enumerate() {
        assert!(last[what] <= first[what] + more, "{seen:?}");
    }
}

#[test]
fn after_a_long_outage_it_is_back_within_the_wait() {
    if !slow("a long outage") {
        return;
    }
    let Some(mut server) = Server::start(&[], &[format!("cam={}", h264("smpte"))]) else { return };
    let uri = server.uri("cam");
    let mut watch = Watch::start(&format!("[[camera]]\nname = 'cam'\nuri = '{uri}'\nmodel = 'none'"));
    for outage in [5, 14, 40] {
        watch.wait_for("cam", "live");
        // What failed before is forgotten after 15 s of pictures.
        std::thread::sleep(Duration::from_secs(17));
        server.kill();
        std::thread::sleep(Duration::from_secs(outage));
        let next = watch.camera("cam")["next-try"].as_str().map(str::to_owned);
        server.begin();
        let back = watch.wait_for("cam", "live");
        println!("{outage} s away: back after {:.2} s; next try was {next:?}", back.as_secs_f64());
        let wait = if outage <= 15 { 8.0 } else { 32.0 };
        assert!(back.as_secs_f64() < wait + 3.0, "{outage} s away: back after {back:?}");
    }
}

#[test]
fn of_twenty_cameras_ten_flap_and_ten_do_not_notice() {
    if !slow("twenty cameras") {
        return;
    }
    let minutes = std::env::var("ONNX_IQA_SLOW_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(2u64);
    let Some(steady) = Server::start(&[], &[format!("cam={}", h264("smpte"))]) else { return };
    let Some(mut flapping) = Server::start(&[], &[format!("cam={}", h264("smpte"))]) else { return };
    let mut cameras = String::new();
    for number in 0..20 {
        let uri = if number % 2 == 0 { steady.uri("cam") } else { flapping.uri("cam") };
        let _ = writeln!(cameras, "[[camera]]\nname = 'c{number}'\nuri = '{uri}'\nmodel = 'none'\ninterval = '5s'");
    }
    let mut watch = Watch::start(&cameras);
    for number in 0..20 {
        watch.wait_for(&format!("c{number}"), "live");
    }
    let (start, mut seen) = (Instant::now(), vec![resources(watch.id())]);
    while start.elapsed() < Duration::from_secs(60 * minutes) {
        flapping.kill();
        std::thread::sleep(Duration::from_secs(3));
        flapping.begin();
        std::thread::sleep(Duration::from_secs(7));
        seen.push(resources(watch.id()));
    }
    for number in 0..20 {
        watch.wait_at_most(LONG, "all are live", |watch| watch.state(&format!("c{number}")) == "live");
    }
    println!("threads, file descriptors, MiB: {seen:?}");
    for number in (0..20).step_by(2) {
        let camera = watch.camera(&format!("c{number}"));
        assert_eq!(camera["counters"]["reconnects"].as_object().map(serde_json::Map::len), Some(0), "{camera}");
    }
}
