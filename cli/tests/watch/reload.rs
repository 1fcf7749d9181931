// SPDX-License-Identifier: MPL-2.0

//! A new configuration, a wrong one, and the state after `kill -9`.

use crate::common::{LONG, Watch};
use serde_json::Value;
use std::process::Command;

fn camera(name: &str, more: &str) -> String {
    format!("[[camera]]\nname = '{name}'\nuri = 'videotestsrc://ball'\nmodel = 'none'\n{more}\n")
}

fn names(watch: &Watch) -> Vec<String> {
    let all: Value = serde_json::from_str(&watch.get("api/cameras").expect("an answer")).expect("JSON");
    let names = all["cameras"].as_array().expect("a list").iter();
    names.map(|camera| camera["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn only_changed_cameras_restart() {
    let mut watch = Watch::start(&(camera("one", "") + &camera("two", "") + &camera("three", "")));
    for name in ["one", "two", "three"] {
        watch.wait_for(name, "live");
    }
    let since = watch.camera("one")["since"].clone();
    watch.configure(&(camera("four", "") + &camera("three", "timeout = '7s'") + &camera("one", "")));
    watch.signal("HUP");
    watch.wait_until("the others are there", |watch| names(watch) == ["four", "three", "one"]);
    for name in ["four", "three", "one"] {
        watch.wait_for(name, "live");
    }
    assert_eq!(watch.camera("one")["since"], since, "it kept running");
    assert!(
        watch.get("metrics").is_some_and(|metrics| !metrics.contains("\"two\"")),
        "a removed camera's series are removed"
    );
}

#[test]
fn a_wrong_configuration_is_refused_with_its_line_and_the_old_one_stays() {
    let mut watch = Watch::start(&camera("one", ""));
    watch.wait_for("one", "live");
    watch.configure(&(camera("one", "") + &camera("two", "intervall = '2s'")));
    watch.signal("HUP");
    watch.wait_until("it says so", |watch| watch.log().contains("intervall"));
    let log = watch.log();
    assert!(log.contains("cameras.toml:12:"), "{log}");
    assert_eq!(names(&watch), ["one"]);
    assert_eq!(watch.state("one"), "live");
}

#[test]
fn it_does_not_start_with_a_wrong_configuration_or_model() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("cameras.toml");
    for (text, words) in [
        ("", "no camera"),
        ("[[camera]]\nname = 'a'\nuri = 'videotestsrc://'\nmodel = 'no-such-model'", "no-such-model"),
        ("listen = '0.0.0.0:0'\n[[camera]]\nname = 'a'\nuri = 'videotestsrc://'", "token-file"),
    ] {
        std::fs::write(&config, text).expect("written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_iqa"));
        command.arg("watch").arg(&config).current_dir(folder.path());
        let output = command.output().expect("iqa runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn after_a_kill_it_restarts_with_its_previous_state() {
    let cameras = camera("one", "alarms.frozen = {}");
    let mut watch = Watch::start(&cameras);
    watch.wait_for("one", "live");
    watch.wait_until("frames are counted", |watch| watch.camera("one")["counters"]["frames"].as_u64() > Some(30));
    let folder = watch.kill();
    let mut watch = Watch::start_in(folder, &cameras);
    watch.wait_at_most(LONG, "one is live again", |watch| watch.state("one") == "live");
    let (status, _, log) = watch.end();
    assert_eq!(status, Some(0), "{log}");
}
