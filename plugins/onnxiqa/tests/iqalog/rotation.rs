// SPDX-License-Identifier: MPL-2.0

//! Rotation by the element and by other programs.

use super::harness::{Folder, column, element, harness, lines, numbered, table};
use gst::prelude::*;
use serde_json::json;
use std::fs;
use std::path::Path;

#[test]
fn rotation_keeps_complete_lines_in_the_given_number_of_files() {
    let folder = Folder::new();
    let path = folder.file("log");
    let size = {
        let log = element(&folder.file("one"), "json-lines");
        let mut harness = harness(&log);
        harness.push(numbered(10)).expect("flow");
        fs::metadata(folder.file("one")).expect("a log").len()
    };
    fs::remove_file(folder.file("one")).expect("a log");
    let log = element(&path, "json-lines");
    log.set_property("max-file-size", 5 * size);
    log.set_property("max-files", 3u32);
    let mut first = harness(&log);
    (10..30).for_each(|i| {
        first.push(numbered(i)).expect("flow");
    });
    first.push_event(gst::event::Eos::new());
    assert_eq!(folder.names(), ["log", "log.1", "log.2"]);
    let scores = |name: &str| -> Vec<_> {
        lines(folder.file(name)).iter().filter_map(|line| line["scores"]["iqascore0"]["score"].as_f64()).collect()
    };
    let (oldest, newest) = (scores("log.2"), scores("log"));
    assert_eq!([oldest, scores("log.1"), newest].concat().last(), Some(&29.0));
    for name in ["log", "log.1", "log.2"] {
        let pool = u64::from(name == "log");
        assert_eq!(lines(folder.file(name)).iter().filter(|line| line.get("pool").is_some()).count() as u64, pool);
    }
    for name in ["log.1", "log.2"] {
        assert!((4..=5).contains(&scores(name).len()), "{:?}", scores(name));
        assert!(fs::metadata(folder.file(name)).expect("a log").len() <= 5 * size);
    }
    let before = fs::read_to_string(&path).expect("the log");
    drop(first);
    // The next run does not overwrite the files of this one.
    log.set_state(gst::State::Null).expect("NULL");
    let mut second = harness(&log);
    second.push(numbered(99)).expect("flow");
    assert_eq!(fs::read_to_string(folder.file("log.1")).expect("the log"), before);
    assert_eq!(folder.names(), ["log", "log.1", "log.2"]);
}

#[test]
fn rotation_without_a_limit_and_with_one_file_and_csv_headers() {
    let folder = Folder::new();
    for (name, files, expected) in [("all", 0u32, 6), ("one", 1, 1)] {
        let log = element(&folder.file(name), "csv");
        log.set_property("max-file-size", 1u64);
        log.set_property("max-files", files);
        let mut harness = harness(&log);
        (0..6).for_each(|i| {
            harness.push(numbered(i)).expect("flow");
        });
        let found: Vec<_> = folder.names().into_iter().filter(|file| file.starts_with(name)).collect();
        assert_eq!(found.len(), expected, "{found:?}");
        for file in found {
            let rows = table(&folder.file(&file));
            assert_eq!((rows.len(), rows[0][0].as_str()), (2, "pts"), "{file}");
        }
        assert_eq!(column(&table(&folder.file(name)), "iqascore0_score"), ["5.0"]);
    }
    assert_eq!(column(&table(&folder.file("all.5")), "iqascore0_score"), ["0.0"]);
}

#[test]
fn only_regular_files_are_rotated() {
    let folder = Folder::new();
    let path = folder.file("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
    let reader = std::thread::spawn({
        let path = path.clone();
        move || fs::read_to_string(path).expect("the pipe")
    });
    let log = element(&path, "json-lines");
    log.set_property("max-file-size", 1u64);
    let mut harness = harness(&log);
    (0..4).for_each(|i| {
        harness.push(numbered(i)).expect("flow");
    });
    drop(harness);
    log.set_state(gst::State::Null).expect("NULL");
    assert_eq!(reader.join().expect("the reader").lines().count(), 5);
    assert_eq!(folder.names(), ["pipe"]);
}

#[test]
fn reopen_follows_a_rotation_from_outside_and_appends_without_one() {
    let folder = Folder::new();
    let path = folder.file("log");
    let log = element(&path, "json-lines");
    log.emit_by_name::<()>("reopen", &[]);
    assert!(!Path::new(&path).exists(), "nothing is open yet");
    let mut harness = harness(&log);
    harness.push(numbered(0)).expect("flow");
    log.emit_by_name::<()>("reopen", &[]);
    harness.push(numbered(1)).expect("flow");
    assert_eq!(lines(&path).len(), 2);
    fs::rename(&path, folder.file("moved")).expect("a log");
    harness.push(numbered(2)).expect("flow");
    assert_eq!(lines(folder.file("moved")).len(), 3, "until reopened, the same file is written");
    log.emit_by_name::<()>("reopen", &[]);
    harness.push(numbered(3)).expect("flow");
    harness.push_event(gst::event::Eos::new());
    assert_eq!(lines(folder.file("moved")).len(), 3);
    let lines = lines(&path);
    assert_eq!((lines.len(), &lines[1]["pool"]["iqascore0"]["scored"]), (2, &json!(4)));
}
