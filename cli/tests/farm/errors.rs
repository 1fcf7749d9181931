// SPDX-License-Identifier: MPL-2.0

//! What is wrong is named, with what to do, and no secret is shown.

use crate::common::Farm;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

#[test]
fn what_is_wrong_is_named() {
    let Some(mut farm) = Farm::new("errors of iqa farm") else { return };
    let error = |arguments: &[&str]| farm.iqa(&[&["farm"], arguments].concat()).ended(2).stderr;
    assert!(error(&["status", "x"]).contains("\"x\" is not the ID of a plan"));
    assert!(error(&["collect", "0123456789abcdef"]).contains("there is no plan 0123456789abcdef"));
    assert!(error(&["submit", "absent.toml"]).contains("cannot read absent.toml"));
    let text = error(&["work", "--class", "a b"]);
    assert!(text.contains("'a b'") && text.contains("use letters, digits, - and _"), "{text}");
    let text = error(&["status", "--model", "metaiqa"]);
    assert!(text.contains("--model has no effect on `iqa farm status`"), "{text}");
    let text = error(&["status", "--server", "http://queue.example"]);
    assert!(text.contains("--server http://queue.example: http:// is not how a NATS server is reached"), "{text}");
    std::fs::write(farm.path("ca.pem"), "nothing").unwrap();
    let text = error(&["status", "--ca", "ca.pem"]);
    assert!(text.contains("--ca ca.pem: it has no certificate in PEM format"), "{text}");
    std::fs::write(farm.path("plan.toml"), "source = 'a.mp4'\nrenditions = ['b.mp4']\nsegmnet = '5s'\n").unwrap();
    let text = error(&["submit", "plan.toml"]);
    assert!(text.contains("segmnet") && text.contains("plan.toml"), "{text}");
    assert!(error(&["status", "--server", ""]).contains("--server: a URL is empty"));
    std::fs::write(farm.path("plan.toml"), "drill = { units = 1, time = '1s' }\nsegment = '5s'\n").unwrap();
    assert!(error(&["submit", "plan.toml"]).contains("plan.toml: segment has no effect on a drill"));
    // Names do not reach the terminal as they are.
    let text = error(&["submit", "a\u{1b}[2J\nb.toml"]);
    assert!(text.contains("cannot read a\\u{1b}[2J\\nb.toml") && !text.contains('\u{1b}'), "{text}");
    std::fs::write(farm.path("plan.toml"), "source = 'a\\u001b.mp4'\nrenditions = ['b.mp4']\n".replace('\'', "\""))
        .unwrap();
    let text = error(&["submit", "plan.toml"]);
    assert!(text.contains("a\\u{1b}.mp4") && !text.contains('\u{1b}'), "{text}");
    let ladder = "source = 'a.mp4'\nrenditions = ['b.mp4']\n[compare]\nmeasures = 'vmaf'\nvmaf-model = 'missing'\n";
    std::fs::write(farm.path("plan.toml"), ladder).unwrap();
    let text = error(&["submit", "plan.toml"]);
    assert!(text.contains("plan.toml: [compare]") && text.matches("missing").count() == 1, "{text}");
    std::fs::write(farm.path("plan.toml"), "source = 'a.mp4'\nrenditions = ['b.mp4']\n").unwrap();
    let text = error(&["submit", "plan.toml"]);
    assert!(text.contains("no such file") && text.matches("a.mp4").count() == 1, "{text}");
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
    assert!(text.contains("authorization") && text.contains("check user and password"), "{text}");
    let url = |password: &str| format!("nats://me:{password}@127.0.0.1:{}", farm.server.port);
    let text = farm.iqa(&["farm", "status", "--server", &url("wrong-word")]).ended(2).stderr;
    assert!(text.contains("authorization") && !text.contains("wrong-word"), "{text}");
    assert!(text.contains("check user and password") && !text.contains("nats-server -js"), "{text}");
    farm.iqa(&["farm", "status", "--server", &url("hidden-word")]).ended(0);
}

#[test]
fn a_permission_that_is_denied_is_named() {
    let users = "authorization { users = [
        { user: no-api, password: pass-word, permissions: { publish: [\"iqa.>\"], subscribe: [\"_INBOX.>\"] } },
        { user: no-ack, password: pass-word,
          permissions: { publish: [\"iqa.>\", \"$JS.API.>\"], subscribe: [\"_INBOX.>\"] } },
    ] }";
    let Some(farm) = Farm::with("permissions", users) else { return };
    let url = |user: &str| format!("nats://{user}:pass-word@127.0.0.1:{}", farm.server.port);
    let text = farm.iqa(&["farm", "status", "--server", &url("no-api")]).ended(2).stderr;
    assert!(text.contains("denies this user a permission") && text.contains("$JS.API.INFO"), "{text}");
    assert!(!text.contains("-js"), "{text}");
    let server = url("no-ack");
    std::fs::write(farm.path("plan.toml"), "drill = { units = 1, time = '100ms' }").unwrap();
    farm.iqa(&["farm", "submit", "plan.toml", "--server", &server]).ended(0);
    let text = farm.iqa(&["farm", "work", "--until-idle", "--server", &server]).ended(2).stderr;
    assert!(text.contains("denies this user a permission") && text.contains("$JS.ACK."), "{text}");
}

/// It answers as the 2.9.10 of Debian 12 does, which tests cannot fetch on other systems.
#[test]
fn a_server_that_is_too_old_is_refused_by_its_version() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut socket in listener.incoming().map_while(Result::ok) {
            let info = concat!(
                r#"INFO {"server_id":"A","server_name":"A","version":"2.9.10","go":"go1.19.4","host":"127.0.0.1","#,
                r#""port":4222,"headers":true,"max_payload":1048576,"jetstream":true,"proto":1,"client_id":1}"#,
                "\r\n"
            );
            socket.write_all(info.as_bytes()).unwrap();
            let lines = BufReader::new(socket.try_clone().unwrap()).lines().map_while(Result::ok);
            for _ in lines.filter(|line| line.starts_with("PING")) {
                socket.write_all(b"PONG\r\n").unwrap();
            }
        }
    });
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_iqa")).args(["farm", "status", "--server", &url]).output();
    let ran = ran.unwrap();
    let text = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(2), "{text}");
    assert!(text.contains("is of version 2.9.10") && text.contains("2.10 or newer is needed"), "{text}");
}
