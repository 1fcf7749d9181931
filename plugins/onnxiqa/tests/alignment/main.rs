// SPDX-License-Identifier: MPL-2.0

//! Alignment in time on pairs of streams with known truth, made from real clips.
//!
//! `cargo test -p gst-plugin-onnxiqa --test alignment -- --nocapture` prints the results. With `ONNX_IQA_SWEEP=1`,
//! every offset from -50 to +50 frames and more seeds are tried, which takes some minutes.
//!
//! [`truth_cases`] contains the cases of all kinds by which the default alignment is judged.
//!
//! A frame is paired correctly if its partner shows the same picture ([`ground_truth::SAME`] defines the tolerance), or
//! if it has no partner and none exists. "Wrong" are frames with a partner other than their own, "false" are frames
//! with a partner although they have none, "missing" are frames without a partner although they have one.

#[path = "../common/mod.rs"]
mod common;

mod clips;
mod codec;
mod contents;
mod dump;
mod ground_truth;
mod kinds;
mod report;
mod table;
mod truth;
mod truth_cases;

use clips::{BIKES, BUNNY, CARPHONE, Clip};
use ground_truth::*;
use onnx_iqa::align::time::Alignment;
use report::{Row, print, run};

fn case(clip: &Clip, name: impl Into<String>, reference: Stream, distorted: Stream) -> Case {
    Case::new(clip, name, reference, distorted)
}

fn all() -> [&'static Clip; 3] {
    [&BIKES, &BUNNY, &CARPHONE]
}

fn sweep() -> bool {
    std::env::var_os("ONNX_IQA_SWEEP").is_some_and(|value| value != "0")
}

/// The two streams start `frames` apart.
fn offset(clip: &Clip, name: impl Into<String>, frames: i64, change: impl Fn(Stream) -> Stream) -> Case {
    let whole = stream(clip);
    let by = frames.unsigned_abs() as usize;
    let (reference, distorted) =
        if frames >= 0 { (whole.clone(), cut(&whole, by)) } else { (cut(&whole, by), whole.clone()) };
    Case { offset: Some(frames * FRAME), ..case(clip, name, reference, change(distorted)) }
}

/// Runs cases and prints the results; fails if one of them is below its requirement.
fn measure(cases: &[Case], alignments: &[Alignment], must: impl Fn(&Case, &Row) -> Result<(), String>) {
    let runs = || cases.iter().flat_map(|case| alignments.iter().map(move |&alignment| (case, alignment)));
    let rows: Vec<(&Case, Row)> = runs().map(|(case, alignment)| (case, run(case, alignment))).collect();
    let failures: Vec<String> = rows.iter().filter_map(|(case, row)| must(case, row).err()).collect();
    let (_, rows): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    print(&rows);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

const TRACK: &[Alignment] = &[Alignment::Track];
const BOTH: &[Alignment] = &[Alignment::Auto, Alignment::Track];

/// At least that many percent right, and the offset exact if there is one.
fn well(percent: f64) -> impl Fn(&Case, &Row) -> Result<(), String> {
    move |case, row| {
        let exact = case.offset.is_none() || row.offset_error == Some(0.0);
        let what = || format!("{} {} {:?}: {:.2} % right", row.clip, row.case, row.alignment, row.right);
        let more = || format!("{}, {} false, offset error {:?}", what(), row.strangers, row.offset_error);
        if exact && row.right >= percent { Ok(()) } else { Err(more()) }
    }
}

/// The required result of `auto`, in percent of a case's frames: for cases with one offset, everything that the
/// pictures show. `None` for cases with several offsets, for which it is not designed.
fn floor(case: &Case) -> Option<f64> {
    case.offset?;
    Some(match case.name.as_str() {
        // Flashes over a still picture, and a translation by a tenth of the picture's width.
        "static with flashes, +7" => 0.0,
        "shift -16.25, 16.25, +7" if case.clip == "carphone" => 0.0,
        // The last frames of the still part leave before anything moves.
        "static, then moving, +7" => 96.0,
        _ => 99.0,
    })
}

/// `must` for `track`. For `auto` with one offset: no wrong pair, the right offset, and at least its [`floor`].
fn constant(must: impl Fn(&Case, &Row) -> Result<(), String>) -> impl Fn(&Case, &Row) -> Result<(), String> {
    move |case, row| match (row.alignment, floor(case)) {
        (Alignment::Track, _) => must(case, row),
        (_, Some(floor)) if floor > 0.0 => well(floor)(case, row).and_then(|()| none_wrong(row)),
        (_, Some(_)) => none_wrong(row),
        (_, None) => Ok(()),
    }
}

fn none_wrong(row: &Row) -> Result<(), String> {
    match row.wrong + row.strangers {
        0 => Ok(()),
        wrong => Err(format!("{} {} {:?}: {wrong} wrong", row.clip, row.case, row.alignment)),
    }
}

#[test]
fn offsets() {
    let some = [-50, -33, -12, -1, 0, 7, 25, 50];
    let mut cases = Vec::new();
    for clip in all() {
        for frames in -50..=50 {
            if sweep() || some.contains(&frames) {
                cases.push(offset(clip, format!("offset {frames:+}"), frames, |s| s));
            }
        }
    }
    measure(&cases, BOTH, constant(well(99.0)));
}

#[test]
fn drops_and_repeats() {
    let mut cases = Vec::new();
    for clip in all() {
        let whole = stream(clip);
        for seed in 1..=if sweep() { 12 } else { 2 } {
            for percent in [1.0, 5.0] {
                for (what, drops, repeats) in
                    [("dropped", percent, 0.0), ("repeated", 0.0, percent), ("dropped, repeated", percent, percent)]
                {
                    let damaged = damage(&whole, drops, repeats, seed);
                    let name = |how: &str| format!("{percent} % {what}{how} #{seed}");
                    cases.push(case(clip, name(", restamped"), whole.clone(), restamp(damaged.clone(), FRAME as f64)));
                    cases.push(case(clip, name(""), whole.clone(), damaged));
                }
                cases.push(case(
                    clip,
                    format!("{percent} % frozen #{seed}"),
                    whole.clone(),
                    freeze(&whole, percent, seed),
                ));
            }
        }
        cases.push(case(clip, "pause of 20 frames", whole.clone(), pause(&whole, 40, 20)));
    }
    measure(&cases, TRACK, well(99.0));
}

#[test]
fn frame_rates() {
    let mut cases = Vec::new();
    for clip in all() {
        let whole = stream(clip);
        let at = |rate: f64| restamp(whole.clone(), 1e9 / rate);
        let mut from_to = |from: f64, to: f64| {
            cases.push(case(clip, format!("{from} to {to:.2}"), at(from), resample(&at(from), 1e9 / to)));
        };
        for (from, to) in [(25.0, 30.0), (30.0, 30e3 / 1001.0), (50.0, 25.0), (25.0, 50.0), (24.0, 30.0)] {
            from_to(from, to);
        }
        // Drift: the same frames, played faster or slower.
        cases.push(case(clip, "30 played at 29.97", at(30.0), at(30e3 / 1001.0)));
        cases.push(case(clip, "24 played at 25", at(24.0), at(25.0)));
        cases.push(case(clip, "25 played at 24", at(25.0), at(24.0)));
    }
    measure(&cases, TRACK, well(99.0));
}

#[test]
fn geometry_and_levels() {
    let mut cases = Vec::new();
    for clip in all() {
        let rows = clip.images[0].height / 8 / 2 * 2;
        cases.push(offset(clip, "letterbox cut away, +7", 7, |s| each(s, letterboxed(rows))));
        for (x, y) in [(0.25, -0.5), (2.75, 1.25), (7.0, -5.5), (16.25, 0.0), (-16.25, 16.25)] {
            cases.push(offset(clip, format!("shift {x}, {y}, +7"), 7, |s| each(s, shift(x, y))));
        }
        for (g, b) in [(0.7, 20.0), (1.3, -25.0)] {
            cases.push(offset(clip, format!("gain {g}, bias {b:+}, -12"), -12, |s| each(s, gain(g, b))));
        }
        let damaged = restamp(damage(&stream(clip), 5.0, 5.0, 3), FRAME as f64);
        let name = "shift 3.25, -2, 5 % dropped, repeated, restamped";
        cases.push(case(clip, name, stream(clip), each(damaged, shift(3.25, -2.0))));
    }
    // Both at once: a frame is lost before the translation is known.
    let least = |case: &Case| if case.name.contains("dropped") { 98.0 } else { 99.0 };
    measure(&cases, BOTH, constant(|case, row| well(least(case))(case, row)));
}

#[test]
fn compression() {
    // Bits per pixel: 0.004 to 0.4.
    let mut cases = Vec::new();
    for clip in all() {
        for bitrate in [60, 150, 400] {
            cases.push(offset(clip, format!("x264 {bitrate} kbit/s, +7"), 7, |s| coded(s, &x264(bitrate))));
        }
        for seed in 9..=if sweep() { 14 } else { 9 } {
            let damaged = restamp(damage(&stream(clip), 5.0, 5.0, seed), FRAME as f64);
            let name = format!("x264 150 kbit/s, 5 % dropped, repeated, restamped #{seed}");
            cases.push(case(clip, name, stream(clip), coded(damaged, &x264(150))));
        }
    }
    // An encoder with too few bits leaves blocks unchanged, so its frames show something between their own picture and
    // earlier ones.
    let least = |case: &Case| if case.name.contains("dropped") { 85.0 } else { 99.0 };
    measure(&cases, BOTH, constant(|case, row| well(least(case))(case, row)));
}

#[test]
fn scenes_that_stand_still_or_flash() {
    let mut cases = Vec::new();
    for clip in all() {
        let whole = stream(clip);
        let standing = still(&whole, 30, 90);
        cases.push(case(clip, "static", standing.clone(), coded(standing.clone(), &x264(150))));
        let moving = then(still(&whole, 0, 70), &whole);
        cases.push(Case {
            offset: Some(7 * FRAME),
            ..case(clip, "static, then moving, +7", moving.clone(), cut(&moving, 7))
        });
        let flashing = flashes(still(&whole, 30, 110), 20.0, 5);
        let later = cut(&flashing, 7);
        cases.push(Case { offset: Some(7 * FRAME), ..case(clip, "static with flashes, +7", flashing, later) });
        let flashing = flashes(whole, 10.0, 6);
        let later = cut(&flashing, 7);
        cases.push(Case { offset: Some(7 * FRAME), ..case(clip, "moving with flashes, +7", flashing, later) });
    }
    measure(&cases, BOTH, constant(well(99.0)));
}

#[test]
fn strangers() {
    let mut cases = Vec::new();
    for clip in all() {
        let whole = stream(clip);
        for other in all().into_iter().filter(|other| other.name != clip.name) {
            cases.push(case(clip, format!("another film: {}", other.name), whole.clone(), foreign(stream(other))));
        }
        let half = whole.len() / 2;
        let tail = foreign(cut(&whole, half));
        cases.push(case(clip, "another part of the film", whole[..half].to_vec(), tail));
    }
    measure(&cases, BOTH, well(100.0));
}

#[test]
fn inserted_material() {
    let mut cases = Vec::new();
    for clip in all() {
        let other = stream(if clip.name == "bikes" { &BUNNY } else { &BIKES });
        let whole = stream(clip);
        for length in [1, 30] {
            let longer = insert(&whole, whole.len() / 2, &other[..length]);
            cases.push(case(clip, format!("{length} strange frames in the middle"), whole.clone(), longer));
        }
    }
    measure(&cases, TRACK, well(99.0));
}
