// SPDX-License-Identifier: MPL-2.0

//! A runtime that is missing, not an ONNX Runtime, or found at the second attempt.
//!
//! ONNX Runtime is loaded only once per process, so each case runs in its own process: this file's test `child`,
//! controlled by `ONNX_IQA_TEST_CASE`.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use onnx_iqa::model::{Model, ModelError, Search};
use onnx_iqa_testkit as kit;

const CASE: &str = "ONNX_IQA_TEST_CASE";

fn run(case: &str, set: &[(&str, &Path)], unset: &[&str]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture"]).env(CASE, case).envs(set.iter().copied());
    for name in unset {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{case}: {text}");
    assert!(text.contains(&format!("did {case}")), "{case} did not run: {text}");
}

/// The library that this process's tests use.
fn library() -> PathBuf {
    if let Some(path) = std::env::var_os("ORT_DYLIB_PATH") {
        return std::path::absolute(path).unwrap();
    }
    let dir = kit::TempDir::new();
    common::open(&kit::mean_model(dir.path(), "mean"));
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let path = maps.lines().filter_map(|line| line.split_whitespace().nth(5)).find(|p| p.contains("libonnxruntime.so"));
    PathBuf::from(path.expect("a loaded library is mapped"))
}

fn open(beside: Option<&Path>) -> Result<(), ModelError> {
    let dir = kit::TempDir::new();
    let path = kit::mean_model(dir.path(), "mean");
    Model::builder(path.to_string_lossy()).search(Search::from_env(beside)).threads(1).open().map(drop)
}

#[track_caller]
fn fails(beside: Option<&Path>, words: &[&str]) {
    let error = open(beside).expect_err("opened without a runtime");
    assert!(matches!(error, ModelError::Runtime(_)), "{error:?}");
    let text = kit::chain(&error);
    for word in words {
        assert!(text.contains(word), "no {word:?} in {text:?}");
    }
}

#[test]
fn child() {
    let Ok(case) = std::env::var(CASE) else { return };
    let dir = kit::TempDir::new();
    match case.as_str() {
        "missing" => {
            fails(None, &["cannot be loaded", "/nonexistent/libonnxruntime.so", "no such file", "ORT_DYLIB_PATH"]);
        }
        "wrong" => fails(None, &["libc.so.6", "not ONNX Runtime"]),
        "old" => fails(None, &["libold.so", "1.16.3 is too old", "1.17 or newer"]),
        "null" => fails(None, &["libnull.so", "not a usable ONNX Runtime"]),
        "text" => fails(None, &["text.so", "tried"]),
        "nowhere" => fails(
            Some(dir.path()),
            &[&dir.path().join("libonnxruntime.so.1").to_string_lossy(), "no such file", "1.17", "onnxruntime"],
        ),
        "later" => {
            fails(Some(dir.path()), &["no such file"]);
            let library = std::env::var_os("LIBRARY").unwrap();
            std::os::unix::fs::symlink(library, dir.path().join("libonnxruntime.so.1")).unwrap();
            open(Some(dir.path())).unwrap_or_else(|error| panic!("{error}"));
            open(None).unwrap_or_else(|error| panic!("{error}"));
        }
        "relative" => open(None).unwrap_or_else(|error| panic!("{error}")),
        other => panic!("{other}"),
    }
    println!("did {case}");
}

#[test]
fn a_missing_library() {
    run("missing", &[("ORT_DYLIB_PATH", Path::new("/nonexistent/libonnxruntime.so"))], &[]);
}

#[test]
fn a_library_other_than_onnx_runtime() {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let libc = maps.lines().filter_map(|line| line.split_whitespace().nth(5)).find(|path| path.ends_with("libc.so.6"));
    run("wrong", &[("ORT_DYLIB_PATH", Path::new(libc.expect("glibc is mapped")))], &[]);
    let dir = kit::TempDir::new();
    let path = dir.path().join("text.so");
    std::fs::write(&path, "this is no library").unwrap();
    run("text", &[("ORT_DYLIB_PATH", &path)], &[]);
}

/// A library that answers like an ONNX Runtime of that version, or returns nothing.
fn fake(dir: &Path, name: &str, version: Option<&str>) -> PathBuf {
    let source = dir.join(format!("{name}.rs"));
    let base = match version {
        Some(version) => format!(
            "pub struct Base {{ get: extern \"C\" fn(u32) -> *const u8, version: extern \"C\" fn() -> *const u8 }}
             extern \"C\" fn get(_: u32) -> *const u8 {{ core::ptr::null() }}
             extern \"C\" fn version() -> *const u8 {{ b\"{version}\\0\".as_ptr() }}
             static BASE: Base = Base {{ get, version }};
             #[unsafe(no_mangle)] pub extern \"C\" fn OrtGetApiBase() -> *const Base {{ &BASE }}"
        ),
        None => {
            "#[unsafe(no_mangle)] pub extern \"C\" fn OrtGetApiBase() -> *const u8 { core::ptr::null() }".to_owned()
        }
    };
    std::fs::write(&source, base).unwrap();
    let library = dir.join(format!("lib{name}.so"));
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--edition=2024", "--crate-type=cdylib", "-Cprefer-dynamic=no", "-o"])
        .arg(&library)
        .arg(&source)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    library
}

#[test]
fn a_runtime_that_is_too_old_or_broken() {
    let dir = kit::TempDir::new();
    run("old", &[("ORT_DYLIB_PATH", &fake(dir.path(), "old", Some("1.16.3")))], &[]);
    run("null", &[("ORT_DYLIB_PATH", &fake(dir.path(), "null", None))], &[]);
}

/// Only on machines that have no ONNX Runtime in the loader's folders, which a path variable cannot hide.
#[test]
fn no_runtime_anywhere() {
    let listed =
        Command::new("ldconfig").arg("-p").output().or_else(|_| Command::new("/sbin/ldconfig").arg("-p").output());
    if listed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("libonnxruntime.so")) {
        kit::skipped("a machine without ONNX Runtime: it is installed system-wide here");
        return;
    }
    run("nowhere", &[], &["ORT_DYLIB_PATH", "LD_LIBRARY_PATH"]);
    run("later", &[("LIBRARY", &library())], &["ORT_DYLIB_PATH", "LD_LIBRARY_PATH"]);
}

#[test]
fn a_relative_path_is_relative_to_the_working_folder() {
    let library = library();
    let here = std::env::current_dir().unwrap();
    let up = "../".repeat(here.components().count());
    let relative = PathBuf::from(up + &library.to_string_lossy()[1..]);
    run("relative", &[("ORT_DYLIB_PATH", &relative)], &[]);
}
