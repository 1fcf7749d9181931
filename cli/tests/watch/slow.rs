// SPDX-License-Identifier: MPL-2.0

//! Faults that take minutes: `make test-slow`.

use crate::common::{LONG, Server, Watch, h264, resources};
use onnx_iqa_testkit::slow;
use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn ten_restarts_leak_no_threads_and_files() {
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
        // Earlier failures are forgotten after 15 s of pictures.
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
fn lost_packets_lower_the_score_and_raise_the_alarm() {
    if !slow("lost packets of a real film") {
        return;
    }
    let clip =
        std::env::var_os("ONNX_IQA_CLIPS").map(|folder| std::path::PathBuf::from(folder).join("bigbuckbunny.mp4"));
    let Some(clip) = clip.filter(|clip| clip.is_file()) else {
        onnx_iqa_testkit::skipped("lost packets of a real film: ONNX_IQA_CLIPS has no bigbuckbunny.mp4");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let frames = folder.path().join("%05d.jpg").display().to_string();
    let taken_apart = Command::new("gst-launch-1.0")
        .args(["-q", "filesrc", &format!("location={}", clip.display()), "!", "decodebin", "!", "videoconvert"])
        .args(["!", "videoscale", "!", "video/x-raw,width=640,height=360,pixel-aspect-ratio=1/1", "!", "jpegenc"])
        .args(["quality=92", "!", "multifilesink", &format!("location={frames}")])
        .status();
    assert!(taken_apart.expect("gst-launch-1.0 runs").success());
    // The server uses the element pay0 as payloader; here it can be set to drop buffers.
    let film = format!(
        "multifilesrc location={frames} loop=true caps=image/jpeg,framerate=25/1 ! jpegdec ! identity sync=true ! \
         x264enc \
         tune=zerolatency speed-preset=veryfast bitrate=2500 key-int-max=50 ! video/x-h264,profile=baseline ! \
         rtph264pay \
         config-interval=1 mtu=1200 ! identity name=pay0"
    );
    let Some(mut server) = Server::start(&[], &[format!("cam={film}")]) else { return };
    let uri = server.uri("cam");
    let mut watch = Watch::start(&format!(
        "[[camera]]\nname = 'cam'\nuri = '{uri}'\ninterval = '1s'\ntransport = 'udp'\n\
         alarms.low = {{ below = 48, for = '5s' }}"
    ));
    let score = |watch: &Watch| watch.camera("cam")["score"]["score"].as_f64();
    watch.wait_until("it is scored", |watch| watch.camera("cam")["counters"]["scored"].as_u64() > Some(12));
    let good = score(&watch);
    assert!(good > Some(50.0) && !watch.has_alarm("cam", "low"), "{good:?}");
    server.set("cam", "pay0", "drop-probability", "0.05");
    let raised = watch.wait_at_most(2 * LONG, "the alarm is raised", |watch| watch.has_alarm("cam", "low"));
    let camera = watch.camera("cam");
    println!("{good:?} before; alarm after {:.0} s of losses: {}", raised.as_secs_f64(), camera["alarms"][0]["value"]);
    assert!(camera["counters"]["packets-lost"].as_u64() > Some(20), "{camera}");
}

#[test]
fn ten_flapping_cameras_do_not_affect_ten_others() {
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
