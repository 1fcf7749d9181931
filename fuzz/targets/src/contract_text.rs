// SPDX-License-Identifier: MPL-2.0

//! Contracts made of decisions: most are valid, or nearly so.

use crate::bytes::Bytes;
use std::fmt::Write as _;

/// Names of tensors, those of the graphs first.
pub const NAMES: [&str; 10] = ["x", "y", "ref", "dist", "map", "channels", "logits", "c", "", "x y\u{1F4F7}"];

const SIDES: [&str; 12] = ["8", "16", "[8, 16]", "1", "[1, 1]", "32", "0", "65536", "65537", "4294967296", "-1", "'8'"];
const NUMBERS: [&str; 14] =
    ["0", "1", "0.5", "-1", "100", "0.00392157", "1e308", "-1e308", "1e-308", "inf", "nan", "16", "0.0", "-0.0"];

/// A contract as its publisher would write it, with mistakes.
pub fn contract(bytes: &mut Bytes<'_>) -> String {
    let mut text = String::from("contract = 1\nname = \"fuzzed\"\n");
    let kind = bytes.one(&["no-reference", "full-reference", "reduced-reference"]);
    let _ = writeln!(text, "kind = \"{kind}\"");
    if bytes.rare(8) {
        let _ = writeln!(text, "geometry = {{ {} }}", geometry(bytes));
    }
    if kind == "no-reference" {
        input(&mut text, bytes, "x", None);
    } else {
        input(&mut text, bytes, "ref", Some("reference"));
        input(&mut text, bytes, "dist", Some("distorted"));
    }
    if bytes.rare(8) {
        let (name, role) = (bytes.one(&NAMES), bytes.flag().then_some("distorted"));
        input(&mut text, bytes, name, role);
    }
    output(&mut text, bytes);
    for _ in 0..bytes.below(8).saturating_sub(5) {
        let values: Vec<_> = (0..bytes.below(5)).map(|_| bytes.one(&NUMBERS)).collect();
        let _ = writeln!(text, "[[constant]]\ntensor = {:?}", bytes.one(&NAMES));
        match bytes.one(&["", "['width']", "['height', 'width']", "[]"]) {
            "" => drop(writeln!(text, "value = [{}]", values.join(", "))),
            sides => drop(writeln!(text, "frame = {sides}")),
        }
    }
    text
}

fn input(text: &mut String, bytes: &mut Bytes<'_>, usual: &str, role: Option<&str>) {
    let tensor = if bytes.rare(16) { bytes.one(&NAMES) } else { usual };
    let _ = writeln!(text, "[[input]]\ntensor = {tensor:?}");
    if let Some(role) = role {
        let _ = writeln!(text, "role = \"{role}\"");
    }
    if bytes.rare(4) {
        let _ = writeln!(text, "layout = \"{}\"", bytes.one(&["nchw", "nhwc"]));
    }
    if bytes.rare(4) {
        let _ = writeln!(text, "channels = \"{}\"", bytes.one(&["rgb", "bgr", "luma", "gray601", "y"]));
    }
    for key in ["mean", "std"] {
        match bytes.byte() % 8 {
            6 => drop(writeln!(text, "{key} = {}", bytes.one(&NUMBERS))),
            7 => {
                let numbers: Vec<_> = (0..bytes.below(5)).map(|_| bytes.one(&NUMBERS)).collect();
                let _ = writeln!(text, "{key} = [{}]", numbers.join(", "));
            }
            _ => {}
        }
    }
    if bytes.flag() {
        let _ = writeln!(text, "geometry = {{ {} }}", geometry(bytes));
    }
}

fn geometry(bytes: &mut Bytes<'_>) -> String {
    let mut keys = Vec::new();
    match bytes.byte() % 7 {
        0 => keys.push(format!("short-side = {}", bytes.one(&SIDES))),
        1 => keys.push(format!("long-side = {}", bytes.one(&SIDES))),
        2 => keys.push(format!("resize = {}", bytes.one(&SIDES))),
        3 => {
            let at = bytes.one(&["centre", "top-left"]);
            keys.push(format!("letterbox = {{ size = {}, colour = [0.5, 0, 1], at = \"{at}\" }}", bytes.one(&SIDES)));
        }
        4 => keys.push(format!("scale = {}", bytes.one(&NUMBERS))),
        _ => {}
    }
    if bytes.rare(3) {
        keys.push(format!("crop = {}", bytes.one(&SIDES)));
    }
    for (key, values) in [
        ("filter", &["'bilinear'", "'bicubic'", "'bicubic-opencv'", "'lanczos'", "'nearest'", "'area'"][..]),
        ("antialias", &["true", "false"]),
        ("round", &["true", "false"]),
        ("crops", &["1", "5", "3", "'all'", "0", "4096", "4097"]),
        ("stride", &SIDES),
        ("rounding", &["'nearest'", "'down'"]),
        ("sampling", &["'grid'", "'steps'", "'centre'", "'random'"]),
        ("seed", &["0", "1", "9223372036854775807", "-1"]),
        ("small", &["'upscale'", "'mirror'"]),
        ("multiple-of", &["1", "32", "7", "0", "4096", "4097"]),
        ("crops-axis", &["0", "1", "2"]),
    ] {
        if bytes.rare(5) {
            keys.push(format!("{key} = {}", bytes.one(values)));
        }
    }
    keys.join(", ")
}

fn output(text: &mut String, bytes: &mut Bytes<'_>) {
    let tensor = if bytes.rare(4) { bytes.one(&NAMES) } else { "y" };
    let _ = writeln!(text, "[output]\ntensor = {tensor:?}");
    match bytes.byte() % 6 {
        0 => text.push_str("curve = [[0, 100], [0.5, 50], [1, 0]]\n"),
        1 => drop(writeln!(text, "worst = {}\nbest = {}", bytes.one(&NUMBERS), bytes.one(&NUMBERS))),
        _ => text.push_str("worst = 0\nbest = 1\n"),
    }
    if bytes.rare(5) {
        let _ = writeln!(text, "index = {}", bytes.one(&["0", "1", "2", "4294967295"]));
    }
    if bytes.rare(5) {
        let numbers: Vec<_> = (0..bytes.below(6)).map(|_| bytes.one(&NUMBERS)).collect();
        let _ = writeln!(text, "distribution = [{}]\nsoftmax = {}", numbers.join(", "), bytes.flag());
        if bytes.flag() {
            let _ = writeln!(text, "spread = {}", bytes.one(&["'spread'", "'a'", "''"]));
        }
    }
    if bytes.rare(4) {
        let pool = bytes.one(&["'mean'", "'median'", "'min'", "'max'", "''"]);
        let weights = bytes.one(&NAMES);
        let pool = if bytes.flag() { format!("{{ weights = {weights:?} }}") } else { pool.to_owned() };
        let _ = writeln!(text, "pool = {pool}");
    }
    if bytes.rare(5) {
        let _ = writeln!(text, "map = {{ tensor = {:?}, worst = 0, best = 1 }}", bytes.one(&NAMES));
    }
    if bytes.rare(5) {
        let listed = bytes.flag();
        let tables: Vec<_> = (0..if listed { bytes.below(4) } else { 1 }).map(|_| attributes(bytes)).collect();
        let tables = tables.join(", ");
        let _ =
            if listed { writeln!(text, "attributes = [{tables}]") } else { writeln!(text, "attributes = {tables}") };
    }
}

fn attributes(bytes: &mut Bytes<'_>) -> String {
    let names = bytes.one(&["'a'", "'a', 'b', 'c'", "'r', 'g'", "'d'", "'1'", ""]);
    let (tensor, softmax) = (bytes.one(&NAMES), bytes.flag());
    format!("{{ tensor = {tensor:?}, names = [{names}], worst = 0, best = 1, softmax = {softmax} }}")
}
