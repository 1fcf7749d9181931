// SPDX-License-Identifier: MPL-2.0

//! What is wrong is named, with what to do, and no secret is shown.

use crate::common::Farm;

#[test]
fn what_is_wrong_is_named() {
    let Some(mut farm) = Farm::new("errors of iqa farm") else { return };
    let error = |arguments: &[&str]| farm.iqa(&[&["farm"], arguments].concat()).ended(2).stderr;
    assert!(error(&["status", "x"]).contains("\"x\" is not the ID of a plan"));
    assert!(error(&["collect", "0123456789abcdef"]).contains("there is no plan 0123456789abcdef"));
    assert!(error(&["submit", "absent.toml"]).contains("cannot read absent.toml"));
    std::fs::write(farm.path("plan.toml"), "source = 'a.mp4'\nrenditions = ['b.mp4']\nsegmnet = '5s'\n").unwrap();
    let text = error(&["submit", "plan.toml"]);
    assert!(text.contains("segmnet") && text.contains("plan.toml"), "{text}");
    std::fs::write(farm.path("plan.toml"), "source = 'a.mp4'\nrenditions = ['b.mp4']\n").unwrap();
    let text = error(&["submit", "plan.toml"]);
    assert!(text.contains("no such file") && text.contains("a.mp4"), "{text}");
    std::fs::write(
        farm.path("plan.toml"),
        "source = 'https://me:hidden-word@127.0.0.1:9/a.m3u8?token=abcdefgh'\nrenditions = ['b.mp4']\n",
    )
    .unwrap();
    let text = error(&["submit", "plan.toml"]);
    assert!(text.contains("playlist") && !text.contains("hidden-word") && !text.contains("abcdefgh"), "{text}");
    // No server.
    farm.server.kill();
    let url = format!("nats://me:hidden-word@127.0.0.1:{}", farm.server.port);
    let text = farm.iqa(&["farm", "status", "--server", &url]).ended(2).stderr;
    assert!(text.contains("cannot connect to the NATS server nats://me:***@"), "{text}");
    assert!(text.contains("nats-server -js") && !text.contains("hidden-word"), "{text}");
}

#[test]
fn a_server_without_jetstream_or_with_a_password_is_named() {
    let Some(farm) = Farm::with("a server with a password", "authorization { user: me, password: hidden-word }") else {
        return;
    };
    let text = farm.iqa(&["farm", "status"]).ended(2).stderr;
    assert!(text.contains("authorization"), "{text}");
    let url = |password: &str| format!("nats://me:{password}@127.0.0.1:{}", farm.server.port);
    let text = farm.iqa(&["farm", "status", "--server", &url("wrong-word")]).ended(2).stderr;
    assert!(text.contains("authorization") && !text.contains("wrong-word"), "{text}");
    farm.iqa(&["farm", "status", "--server", &url("hidden-word")]).ended(0);
}
