// SPDX-License-Identifier: MPL-2.0

//! Alarms for the pictures of a real camera stream.

use crate::common::{Server, Watch, h264};
use std::time::Duration;

/// A camera whose alarms are raised quickly.
fn camera(uri: &str, alarms: &str) -> String {
    format!("[[camera]]\nname = 'cam'\nuri = '{uri}'\nmodel = 'MODEL'\ninterval = '500ms'\n{alarms}")
}

#[test]
fn a_dark_picture_raises_black_and_low_and_both_end() {
    let Some(mut server) = Server::start(&[], &[format!("cam={}", h264("smpte75"))]) else { return };
    let alarms = "alarms.black = {}\nalarms.low = { below = 15, window = '2s', for = '1s', clear-after = '1s' }\n\
                  alarms.covered = {}";
    let mut watch = Watch::start(&camera(&server.uri("cam"), alarms));
    watch.wait_until("it is scored", |watch| watch.camera("cam")["score"]["score"].is_number());
    server.set("cam", "src", "pattern", "black");
    watch.wait_until("it is black", |watch| watch.has_alarm("cam", "black"));
    watch.wait_until("it is low", |watch| watch.has_alarm("cam", "low"));
    assert!(!watch.has_alarm("cam", "covered"), "black is not covered");
    let camera = watch.camera("cam");
    let alarm = camera["alarms"].as_array().and_then(|all| all.iter().find(|alarm| alarm["kind"] == "black")).cloned();
    let alarm = alarm.expect("an active alarm");
    assert_eq!((alarm["has-picture"].as_bool(), alarm["limit"].as_f64()), (Some(true), Some(0.98)), "{alarm}");
    server.set("cam", "src", "pattern", "smpte75");
    watch.wait_until("both end", |watch| !watch.has_alarm("cam", "black") && !watch.has_alarm("cam", "low"));
}

#[test]
fn a_flat_picture_raises_covered() {
    let Some(mut server) = Server::start(&[], &[format!("cam={}", h264("smpte"))]) else { return };
    let mut watch = Watch::start(&camera(&server.uri("cam"), "alarms.covered = { for = '2s' }\nalarms.black = {}"));
    watch.wait_for("cam", "live");
    server.set("cam", "src", "pattern", "white");
    watch.wait_until("it is covered", |watch| watch.has_alarm("cam", "covered"));
    assert!(!watch.has_alarm("cam", "black"));
}

#[test]
fn a_repeated_picture_raises_frozen_and_stale() {
    let Some(mut server) = Server::start(&[], &[format!("cam={}", h264("smpte"))]) else { return };
    let mut watch = Watch::start(&camera(&server.uri("cam"), "alarms.frozen = { for = '3s' }"));
    watch.wait_for("cam", "live");
    assert!(!watch.has_alarm("cam", "frozen"));
    server.set("cam", "src", "pattern", "smpte75");
    watch.wait_until("it is frozen", |watch| watch.has_alarm("cam", "frozen"));
    watch.wait_for("cam", "stale");
    assert!(!watch.has_alarm("cam", "offline"), "frames come");
    server.set("cam", "src", "pattern", "smpte");
    watch.wait_for("cam", "live");
    watch.wait_until("it ends", |watch| !watch.has_alarm("cam", "frozen"));
}

#[test]
fn an_acknowledged_alarm_stays_until_its_condition_ends() {
    let mut watch =
        Watch::start("[[camera]]\nname = 'cam'\nuri = 'videotestsrc://black'\nmodel = 'none'\nalarms.black = {}");
    watch.wait_until("it is black", |watch| watch.has_alarm("cam", "black"));
    let id = watch.camera("cam")["alarms"][0]["id"].as_i64().expect("an id");
    assert!(watch.post(&format!("api/alarms/{id}/ack")), "{}", watch.log());
    watch.wait_until("it is acknowledged", |watch| watch.camera("cam")["alarms"][0]["acknowledged"].is_string());
    std::thread::sleep(Duration::from_millis(500));
    assert!(watch.has_alarm("cam", "black"), "it stays active");
}
