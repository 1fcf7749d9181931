// SPDX-License-Identifier: MPL-2.0

//! No secret leaves the command, in any spelling, and no more of the machine is exposed than configured.

use crate::common::Watch;
use onnx_iqa_testkit::free_port;
use std::process::{Command, Stdio};

/// A password with characters that have a meaning in URIs.
const PASSWORD: &str = "p@s:s/w%rd-73";

/// Its possible spellings.
const SPELLINGS: [&str; 6] = [
    "p@s:s/w%rd-73",
    "p%40s%3As%2Fw%25rd-73",
    "p%40s%3as%2fw%25rd-73",
    "p@s%3As/w%25rd-73",
    "p%2540s%253As%252Fw%2525rd-73",
    "%70%40%73%3A%73%2F%77%25%72%64%2D%37%33",
];

#[track_caller]
fn is_clean(what: &str, text: &str) {
    for spelling in SPELLINGS {
        assert!(!text.contains(spelling), "{what} contains {spelling}: {text}");
    }
    assert!(!text.contains("rd-73"), "{what} contains a part of it: {text}");
}

#[test]
fn a_password_appears_nowhere() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("password"), PASSWORD).expect("written");
    // Nothing listens there, so GStreamer's errors contain the address.
    let port = free_port();
    let cameras = format!(
        "[webhook]\nurl = 'http://me:{encoded}@127.0.0.1:{port}/hook?token={encoded}'\n\
         [mqtt]\nurl = 'mqtt://me:{encoded}@127.0.0.1:{port}'\n\
         [[camera]]\nname = 'uri'\nuri = 'rtsp://me:{encoded}@127.0.0.1:{port}/cam'\nmodel = 'none'\n\
         alarms.offline = {{ for = '1s' }}\n\
         [[camera]]\nname = 'file'\nuri = 'rtsp://127.0.0.1:{port}/cam'\nuser = 'me'\npassword-file = 'password'\n\
         model = 'none'\n\
         [[camera]]\nname = 'query'\nuri = 'http://127.0.0.1:{port}/cam.m3u8?token={encoded}'\nmodel = 'none'\n",
        encoded = SPELLINGS[1],
    );
    let mut watch = Watch::start_in(folder, &cameras);
    for name in ["uri", "file", "query"] {
        watch.wait_until(&format!("{name} fails, with a reason"), |watch| {
            let camera = watch.camera(name);
            ["offline", "error"].contains(&camera["state"].as_str().unwrap_or("")) && camera["reason"].is_string()
        });
    }
    watch.wait_until("it is an alarm", |watch| watch.has_alarm("uri", "offline"));
    watch.wait_until("messages fail", |watch| {
        let metrics = watch.get("metrics").unwrap_or_default();
        ["webhook", "mqtt"].iter().all(|to| {
            let line = format!("iqa_notification_failures_total{{to=\"{to}\"}} ");
            metrics.lines().any(|of| of.strip_prefix(&line).is_some_and(|count| count != "0"))
        })
    });
    for path in ["", "camera/uri", "camera/file", "api/cameras", "api/history/uri", "metrics", "readyz"] {
        is_clean(path, &watch.get(path).unwrap_or_else(|| panic!("{path}: no answer")));
    }
    let history = std::fs::read(watch.folder.path().join("data/history.sqlite")).expect("a file");
    is_clean("the history", &String::from_utf8_lossy(&history));
    // Another file, with an error next to the password.
    watch.configure(&format!("[[camera]]\nname = 'x'\nuri = 'rtsp://me:{PASSWORD}@host/cam'\n"));
    assert!(!watch.post("api/reload"));
    let (status, _, log) = watch.end();
    assert_eq!(status, Some(0));
    is_clean("the log", &log);
}

#[test]
fn it_does_not_start_without_protection_on_all_addresses() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("cameras.toml");
    let camera = "[[camera]]\nname = 'a'\nuri = 'videotestsrc://'\nmodel = 'none'";
    std::fs::write(folder.path().join("short"), "short-token\n").expect("written");
    for (lines, said) in [
        ("listen = '0.0.0.0:0'", "token-file"),
        ("listen = '[::]:0'", "token-file"),
        ("listen = '0.0.0.0:0'\ntoken-file = 'short'", "at least 16"),
        ("listen = '0.0.0.0:0'\ntoken-file = 'nowhere'", "nowhere"),
    ] {
        std::fs::write(&config, format!("{lines}\ndata-dir = 'data'\n{camera}")).expect("written");
        let output = Command::new(env!("CARGO_BIN_EXE_iqa"))
            .arg("watch")
            .arg(&config)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("iqa runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{lines}: {text}");
        assert!(text.contains(said), "{lines}: {text}");
    }
}
