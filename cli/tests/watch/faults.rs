// SPDX-License-Identifier: MPL-2.0

//! Faults of cameras, and how they are reported.

use crate::common::{Server, Watch, h264};
use std::time::Duration;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_camera_is_live_and_scored_and_stops_in_time() {
    let mut watch =
        Watch::start("[[camera]]\nname = 'test'\nuri = 'videotestsrc://ball'\nmodel = 'MODEL'\ninterval = '200ms'");
    watch.wait_for("test", "live");
    watch.wait_until("it is scored", |watch| watch.camera("test")["score"]["score"].is_number());
    watch.wait_until("frames are counted", |watch| watch.camera("test")["counters"]["frames"].as_u64() > Some(20));
    let camera = watch.camera("test");
    assert_eq!(camera["size"], serde_json::json!([640, 360]));
    let picture = watch.bytes("snapshot/test.jpg").expect("a picture");
    let size = image::load_from_memory(&picture).map(|picture| (picture.width(), picture.height()));
    assert_eq!(size.ok(), Some((640, 360)));
    let (status, took, log) = watch.end();
    assert_eq!(status, Some(0), "{log}");
    assert!(took < seconds(5), "{took:?}");
}

#[test]
fn a_killed_server_is_reconnected_as_soon_as_it_is_back() {
    let Some(mut server) = Server::start(&[], &[format!("cam={}", h264("smpte"))]) else { return };
    let uri = server.uri("cam");
    let mut watch = Watch::start(&format!("[[camera]]\nname = 'cam'\nuri = '{uri}'\nmodel = 'none'\ninterval = '1s'"));
    watch.wait_for("cam", "live");
    server.kill();
    watch.wait_for("cam", "offline");
    server.begin();
    let back = watch.wait_for("cam", "live");
    assert!(back < seconds(10), "pictures are back after {back:?}");
    let camera = watch.camera("cam");
    assert!(camera["counters"]["reconnects"].as_object().is_some_and(|reasons| !reasons.is_empty()), "{camera}");
    assert_eq!(camera["codec"].as_str().map(|codec| codec.contains("H.264")), Some(true), "{camera}");
}

#[test]
fn a_stopped_server_makes_its_camera_stale_and_then_offline() {
    let Some(server) = Server::start(&[], &[format!("cam={}", h264("smpte"))]) else { return };
    let uri = server.uri("cam");
    let mut watch = Watch::start(&format!(
        "[[camera]]\nname = 'cam'\nuri = '{uri}'\nmodel = 'none'\ntimeout = '2s'\nalarms.offline = {{ for = '0s' }}"
    ));
    watch.wait_for("cam", "live");
    server.signal("STOP");
    watch.wait_for("cam", "stale");
    watch.wait_for("cam", "offline");
    watch.wait_until("an alarm says so", |watch| watch.has_alarm("cam", "offline"));
    server.signal("CONT");
    watch.wait_for("cam", "live");
    watch.wait_until("the alarm ends", |watch| !watch.has_alarm("cam", "offline"));
}

#[test]
fn a_wrong_password_is_an_error_that_does_not_show_it() {
    let mount = format!("cam={}", h264("smpte"));
    let Some(server) = Server::start(&["--login", "me:p@ss:w/rd%"], &[mount]) else { return };
    let address = format!("127.0.0.1:{}/cam", server.port);
    let cameras = format!(
        "[[camera]]\nname = 'right'\nuri = 'rtsp://me:p%40ss%3Aw%2Frd%25@{address}'\nmodel = 'none'\n\
         [[camera]]\nname = 'wrong'\nuri = 'rtsp://me:wr%40ng%2Fword@{address}'\nmodel = 'none'\n"
    );
    let mut watch = Watch::start(&cameras);
    watch.wait_for("right", "live");
    watch.wait_for("wrong", "error");
    let camera = watch.camera("wrong");
    assert!(camera["reason"].as_str().is_some_and(|reason| reason.contains("password")), "{camera}");
    assert!(watch.log().contains("wrong is error: it rejects"), "{}", watch.log());
    let pages = ["", "camera/wrong", "api/cameras", "metrics"].map(|path| watch.get(path).unwrap_or_default());
    let (_, _, log) = watch.end();
    for text in pages.iter().chain([&log]) {
        for spelling in ["wr@ng", "wr%40ng", "ng/word", "ng%2Fword", "p@ss", "p%40ss", "w/rd", "w%2Frd"] {
            assert!(!text.contains(spelling), "{spelling}: {text}");
        }
    }
}

#[test]
fn a_camera_without_new_frames_is_stale() {
    let Some(mut server) = Server::start(&[], &[format!("cam={}", h264("smpte"))]) else { return };
    let uri = server.uri("cam");
    let mut watch = Watch::start(&format!("[[camera]]\nname = 'cam'\nuri = '{uri}'\nmodel = 'none'\ntimeout = '2s'"));
    watch.wait_for("cam", "live");
    server.set("cam", "valve", "drop", "true");
    watch.wait_for("cam", "stale");
    server.set("cam", "valve", "drop", "false");
    watch.wait_for("cam", "live");
}

#[test]
fn another_codec_and_another_size_are_accepted() {
    let mount = format!("cam={}", h264("smpte"));
    let Some(mut server) = Server::start(&[], &[mount]) else { return };
    let uri = server.uri("cam");
    let mut watch =
        Watch::start(&format!("[[camera]]\nname = 'cam'\nuri = '{uri}'\nmodel = 'MODEL'\ninterval = '500ms'"));
    watch.wait_for("cam", "live");
    watch.wait_until("its size is known", |watch| watch.camera("cam")["size"] == serde_json::json!([320, 240]));
    server.kill();
    let other = "cam=videotestsrc is-live=true ! video/x-raw,width=176,height=144,framerate=15/1 \
                 ! x265enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! rtph265pay name=pay0 \
                 config-interval=1";
    server.replace(&[other]);
    watch.wait_until("the other size", |watch| watch.camera("cam")["size"] == serde_json::json!([176, 144]));
    let before = watch.camera("cam")["counters"]["scored"].as_u64();
    watch.wait_until("it is scored again", |watch| watch.camera("cam")["counters"]["scored"].as_u64() > before);
    let codec = watch.camera("cam")["codec"].as_str().map(str::to_owned);
    assert!(codec.as_deref().is_some_and(|codec| codec.contains("265")), "{codec:?}");
}

#[test]
fn only_key_frames_are_decoded() {
    let Some(server) = Server::start(&[], &[format!("cam={}", h264("smpte"))]) else { return };
    let uri = server.uri("cam");
    let camera = |name: &str, decode: &str| {
        format!("[[camera]]\nname = '{name}'\nuri = '{uri}'\nmodel = 'none'\ndecode = '{decode}'\n")
    };
    let mut watch = Watch::start(&(camera("all", "all") + &camera("key", "keyframes")));
    let frames = |watch: &Watch, name: &str| watch.camera(name)["counters"]["frames"].as_u64().unwrap_or(0);
    watch.wait_until("both give frames", |watch| frames(watch, "all") > 60 && frames(watch, "key") > 2);
    let (all, key) = (frames(&watch, "all"), frames(&watch, "key"));
    // One in fifteen is a key frame.
    assert!(key * 6 < all, "{key} of {all}");
    assert_eq!(watch.state("key"), "live");
}

#[test]
fn a_dead_camera_affects_no_other() {
    let mut watch = Watch::start(
        "[[camera]]\nname = 'dead'\nuri = 'rtsp://127.0.0.1:1/none'\nmodel = 'none'\n\
         [[camera]]\nname = 'odd'\nuri = 'file:///dev/null'\nmodel = 'none'\n\
         [[camera]]\nname = 'off'\nuri = 'rtsp://127.0.0.1:1/none'\nenabled = false\n\
         [[camera]]\nname = 'good'\nuri = 'videotestsrc://'\nmodel = 'none'\n",
    );
    watch.wait_for("good", "live");
    watch.wait_for("dead", "offline");
    watch.wait_until("what cannot be decoded", |watch| ["error", "offline"].contains(&watch.state("odd").as_str()));
    assert_eq!(watch.state("off"), "disabled");
    let reason = watch.camera("dead")["reason"].as_str().map(str::to_owned);
    assert!(reason.is_some_and(|reason| reason.len() > 10));
}

#[test]
fn a_file_restarts_at_its_end_without_going_offline() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("short.mkv");
    let made = std::process::Command::new("gst-launch-1.0")
        .args(["-q", "videotestsrc", "num-buffers=30", "!", "video/x-raw,width=160,height=120,framerate=15/1", "!"])
        .args(["x264enc", "!", "h264parse", "!", "matroskamux", "!", "filesink"])
        .arg(format!("location={}", file.display()))
        .status();
    assert!(made.expect("gst-launch-1.0 runs").success());
    let mut watch =
        Watch::start(&format!("[[camera]]\nname = 'film'\nuri = 'file://{}'\nmodel = 'none'", file.display()));
    watch.wait_for("film", "live");
    let since = watch.camera("film")["since"].clone();
    watch.wait_until("it has begun again, twice", |watch| {
        watch.camera("film")["counters"]["reconnects"]["ended"].as_u64() >= Some(2)
    });
    let camera = watch.camera("film");
    assert_eq!((&camera["state"], &camera["since"]), (&"live".into(), &since), "{camera}");
    // It plays at its own rate: two seconds of 15 frames each.
    assert!(camera["counters"]["frames"].as_u64().is_some_and(|frames| (55..120).contains(&frames)), "{camera}");
}

#[test]
fn lost_packets_are_counted() {
    // The server uses the element named pay0 as payloader.
    let lossy = h264("smpte").replace(" name=pay0", "") + " ! identity name=pay0 drop-probability=0.05";
    let Some(server) = Server::start(&[], &[format!("cam={lossy}")]) else { return };
    let uri = server.uri("cam");
    let mut watch =
        Watch::start(&format!("[[camera]]\nname = 'cam'\nuri = '{uri}'\nmodel = 'none'\ntransport = 'udp'"));
    watch.wait_for("cam", "live");
    watch.wait_until("packets are lost", |watch| watch.camera("cam")["counters"]["packets-lost"].as_u64() > Some(3));
}
