//! Alignment in time on pairs of streams with known truth, made from real clips.

#[path = "../common/mod.rs"]
mod common;

mod clips;
mod report;
mod truth;

use clips::{BIKES, BUNNY, CARPHONE, Clip};
use onnx_iqa::align::time::Alignment;
use report::{Row, print, run};
use truth::*;

fn case(clip: &Clip, name: impl Into<String>, reference: Stream, distorted: Stream) -> Case {
    Case { clip: clip.name, name: name.into(), reference, distorted, offset: None, told: true }
}

fn all() -> [&'static Clip; 3] {
    [&BIKES, &BUNNY, &CARPHONE]
}

/// The two streams begin `frames` apart.
fn offset(clip: &Clip, frames: i64, change: impl Fn(Stream) -> Stream) -> Case {
    let whole = stream(clip);
    let by = frames.unsigned_abs() as usize;
    let (reference, distorted) =
        if frames >= 0 { (whole.clone(), cut(&whole, by)) } else { (cut(&whole, by), whole.clone()) };
    let case = case(clip, format!("offset {frames:+}"), reference, change(distorted));
    Case { offset: Some(frames * FRAME), ..case }
}

fn track(cases: Vec<Case>) -> Vec<Row> {
    let rows: Vec<Row> = cases.iter().map(|case| run(case, Alignment::Track)).collect();
    print(&rows);
    rows
}

#[test]
fn offsets() {
    let mut cases = Vec::new();
    for clip in all() {
        for frames in [-50, -33, -12, -1, 0, 1, 7, 25, 50] {
            cases.push(offset(clip, frames, |s| s));
        }
    }
    track(cases);
}

#[test]
fn damages() {
    let mut cases = Vec::new();
    for clip in all() {
        for (percent, seed) in [(1.0, 1), (3.0, 2), (5.0, 3), (5.0, 4)] {
            let whole = stream(clip);
            for (what, drops, repeats) in
                [("drops", percent, 0.0), ("repeats", 0.0, percent), ("both", percent, percent)]
            {
                let damaged = damage(&whole, drops, repeats, seed);
                cases.push(case(clip, format!("{what} {percent} % #{seed}"), whole.clone(), damaged.clone()));
                cases.push(case(
                    clip,
                    format!("{what} {percent} % restamped #{seed}"),
                    whole.clone(),
                    restamp(damaged, FRAME as f64),
                ));
            }
            cases.push(case(clip, format!("frozen {percent} % #{seed}"), whole.clone(), freeze(&whole, percent, seed)));
        }
        let whole = stream(clip);
        cases.push(case(clip, "pause 20 frames", whole.clone(), pause(&whole, 40, 20)));
    }
    track(cases);
}

#[test]
fn rates() {
    let mut cases = Vec::new();
    for clip in all() {
        let whole = stream(clip);
        cases.push(case(clip, "25 to 30", whole.clone(), resample(&whole, 1e9 / 30.0)));
        let thirty = restamp(whole.clone(), 1e9 / 30.0);
        cases.push(case(clip, "30 to 29.97", thirty.clone(), resample(&thirty, 1001e6 / 30.0)));
        cases.push(case(clip, "30 at 29.97", thirty.clone(), restamp(whole.clone(), 1001e6 / 30.0)));
        let fifty = restamp(whole.clone(), 2e7);
        cases.push(case(clip, "50 to 25", fifty.clone(), resample(&fifty, 4e7)));
        cases.push(case(clip, "25 to 50", whole.clone(), resample(&whole, 2e7)));
        let film = restamp(whole.clone(), 1e9 / 24.0);
        cases.push(case(clip, "24 at 25", film.clone(), whole.clone()));
        cases.push(case(clip, "24 to 30", film.clone(), resample(&film, 1e9 / 30.0)));
    }
    track(cases);
}

#[test]
fn pictures() {
    let mut cases = Vec::new();
    for clip in all() {
        let rows = clip.images[0].height / 8 / 2 * 2;
        cases.push(Case { name: "letterbox, +7".into(), ..offset(clip, 7, |s| each(s, letterboxed(rows))) });
        for (x, y) in [(0.25, -0.5), (2.75, 1.25), (7.0, -5.5), (16.25, 0.0), (-16.25, 16.25)] {
            cases.push(Case { name: format!("shift {x} {y}, +7"), ..offset(clip, 7, |s| each(s, shift(x, y))) });
        }
        for (g, b) in [(0.7, 20.0), (1.3, -25.0)] {
            cases.push(Case { name: format!("gain {g} {b:+}, -12"), ..offset(clip, -12, |s| each(s, gain(g, b))) });
        }
        for bitrate in [400, 150, 100, 60] {
            cases.push(Case {
                name: format!("x264 {bitrate} kbit/s, +7"),
                ..offset(clip, 7, |s| coded(s, &x264(bitrate)))
            });
        }
        let damaged = restamp(damage(&stream(clip), 5.0, 5.0, 9), FRAME as f64);
        cases.push(case(clip, "x264 150 kbit/s, both 5 % restamped", stream(clip), coded(damaged, &x264(150))));
    }
    track(cases);
}

#[test]
fn strangers() {
    let mut cases = Vec::new();
    for clip in all() {
        for other in all() {
            if clip.name != other.name {
                let name = format!("another film: {}", other.name);
                cases.push(case(clip, name, stream(clip), foreign(stream(other))));
            }
        }
        let whole = stream(clip);
        let half = whole.len() / 2;
        let tail = foreign(cut(&whole, half));
        cases.push(case(clip, "another part of the film", whole[..half].to_vec(), tail));
        let other = if clip.name == "bikes" { &*BUNNY } else { &*BIKES };
        cases.push(case(
            clip,
            "30 strange frames in the middle",
            whole.clone(),
            insert(&whole, half, &stream(other)[..30]),
        ));
        cases.push(case(
            clip,
            "1 strange frame in the middle",
            whole.clone(),
            insert(&whole, half, &stream(other)[..1]),
        ));
    }
    track(cases);
}
