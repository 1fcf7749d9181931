// SPDX-License-Identifier: MPL-2.0

//! No file is overwritten, and a file has only one writer.

use super::errors::start_error;
use super::harness::{Folder, element, harness, lines, numbered};
use gst::prelude::*;
use std::fs;

/// A run with one frame of that score.
fn run(path: &str, format: &str, score: u64, set: impl Fn(&gst::Element)) {
    let log = element(path, format);
    set(&log);
    let mut harness = harness(&log);
    harness.push(numbered(score)).expect("flow");
    harness.push_event(gst::event::Eos::new());
    drop(harness);
    log.set_state(gst::State::Null).expect("NULL");
}

#[test]
fn an_existing_file_is_moved_and_never_overwritten() {
    for format in ["json-lines", "csv", "vmaf-json"] {
        let folder = Folder::new();
        let path = folder.file("log");
        (1..=3).for_each(|score| run(&path, format, score, |_| {}));
        let text = |name: &str| fs::read_to_string(folder.file(name)).expect(name);
        for (name, score) in [("log", "3.0"), ("log.1", "2.0"), ("log.2", "1.0")] {
            assert!(text(name).contains(score), "{format}: {name}");
        }
        let expected: &[_] = match format {
            "csv" => &["log", "log.1", "log.2", "log.pool.csv", "log.pool.csv.1", "log.pool.csv.2"],
            _ => &["log", "log.1", "log.2"],
        };
        assert_eq!(folder.names(), expected, "{format}");
    }
}

#[test]
fn max_files_bounds_what_is_kept() {
    for (max_files, expected) in [(2u32, &["log", "log.1"][..]), (1, &["log", "log.1"])] {
        let folder = Folder::new();
        let path = folder.file("log");
        (1..=4).for_each(|score| run(&path, "json-lines", score, |log| log.set_property("max-files", max_files)));
        assert_eq!(folder.names(), expected);
        assert_eq!(lines(folder.file("log.1"))[0]["scores"]["iqascore0"]["score"], 3.0);
    }
}

#[test]
fn append_continues_the_file_and_rotates_it_when_full() {
    let folder = Folder::new();
    let path = folder.file("log");
    let append = |log: &gst::Element| log.set_property("append", true);
    (1..=2).for_each(|score| run(&path, "json-lines", score, append));
    assert_eq!(folder.names(), ["log"]);
    let found = lines(&path);
    assert_eq!((found.len(), &found[2]["scores"]["iqascore0"]["score"]), (4, &2.0.into()));
    // After a run that was killed within a line, the next one starts a new line.
    fs::write(folder.file("killed"), "{\"pts\":").expect("a file");
    run(&folder.file("killed"), "json-lines", 5, append);
    let text = fs::read_to_string(folder.file("killed")).expect("a log");
    assert!(text.lines().nth(1).is_some_and(|line| line.contains("5.0")), "{text}");
    fs::remove_file(folder.file("killed")).expect("a log");
    let size = fs::metadata(&path).expect("a log").len();
    run(&path, "json-lines", 3, |log| {
        append(log);
        log.set_property("max-file-size", size + 1);
    });
    assert_eq!((folder.names(), lines(folder.file("log.1"))), (vec!["log".to_owned(), "log.1".to_owned()], found));
    for format in ["csv", "vmaf-json"] {
        let log = element(&folder.file("other"), format);
        append(&log);
        let (error, text) = start_error(&log);
        assert!(error.matches(gst::ResourceError::Settings) && text.contains("json-lines"), "{text}");
    }
}

#[test]
fn two_elements_cannot_write_one_file() {
    for format in ["json-lines", "csv", "vmaf-json"] {
        let folder = Folder::new();
        let path = folder.file("log");
        let first = element(&path, format);
        first.set_property("name", "first");
        first.set_state(gst::State::Paused).expect("PAUSED");
        // The same file by another path.
        let second = element(&folder.file("./log"), format);
        second.set_property("name", "second");
        let (error, text) = start_error(&second);
        assert!(error.matches(gst::ResourceError::Busy), "{error:?}");
        assert!(text.contains("first") && text.contains("second") && text.contains("location"), "{text}");
        first.set_state(gst::State::Null).expect("NULL");
        second.set_state(gst::State::Paused).expect("the file is free");
        second.set_state(gst::State::Null).expect("NULL");
    }
    // Anything other than a regular file may have several writers.
    let both = [element("/dev/null", "json-lines"), element("/dev/null", "json-lines")];
    for log in &both {
        log.set_state(gst::State::Paused).expect("PAUSED");
    }
    both.iter().for_each(|log| assert!(log.set_state(gst::State::Null).is_ok()));
}

#[test]
fn a_file_locked_by_another_process_is_not_changed() {
    let folder = Folder::new();
    let path = folder.file("log");
    fs::write(&path, "theirs").expect("a file");
    // Locks belong to open files, so for the element this equals another process.
    let theirs = fs::File::options().append(true).open(&path).expect("a file");
    theirs.lock().expect("a lock");
    for append in [false, true] {
        let log = element(&path, "json-lines");
        log.set_property("append", append);
        let (error, text) = start_error(&log);
        assert!(error.matches(gst::ResourceError::Busy) && text.contains(&path), "{text}");
    }
    assert_eq!(
        (folder.names(), fs::read_to_string(&path).expect("a file")),
        (vec!["log".to_owned()], "theirs".to_owned())
    );
    // The element also locks its own file.
    drop(theirs);
    let log = element(&path, "json-lines");
    let mut harness = harness(&log);
    harness.push(numbered(0)).expect("flow");
    let ours = fs::File::open(&path).expect("a file");
    assert!(matches!(ours.try_lock(), Err(fs::TryLockError::WouldBlock)));
    log.emit_by_name::<()>("reopen", &[]);
    harness.push(numbered(1)).expect("flow");
    assert!(matches!(ours.try_lock(), Err(fs::TryLockError::WouldBlock)));
}
