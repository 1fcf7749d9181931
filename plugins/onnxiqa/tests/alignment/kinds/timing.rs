// SPDX-License-Identifier: MPL-2.0

//! Frames that are dropped, repeated or stamped differently.

use super::{both, codec, coded, constant, drawn, frames, later};
use crate::codec::{CODECS, Codec};
use crate::contents::Set;
use crate::ground_truth::{Case, Entry, FRAME, Stream, cut, damage, fit, freeze, pause, resample, restamp, stream};

const MS: i64 = 1_000_000;

pub fn equal(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, clip) in set.moving.iter().enumerate() {
        let codecs = CODECS.iter().enumerate().filter(|(i, _)| n < 2 || (i + n) % 2 == 0);
        for (_, codec) in codecs {
            cases.push(constant(Case::new(clip, codec.name(), stream(clip), coded(clip, *codec)), 0));
        }
    }
    let (source, copy) = set.pair;
    cases.push(constant(Case::new(source, "as it came", stream(source), stream(copy)), 0));
    cases
}

pub fn offsets(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, by) in [-50i64, -25, -7, -1, 1, 7, 25, 50].into_iter().enumerate() {
        for (i, clip) in [set.moving[0], set.moving[1], set.moving[2 + n % 3]].into_iter().enumerate() {
            // The rest must be long enough to be recognized.
            if by.unsigned_abs() as usize + 40 > clip.images.len() {
                continue;
            }
            let codec = codec(n + i);
            let name = format!("{by:+} frames, {}", codec.name());
            let by_frames = by.unsigned_abs() as usize;
            let (mut reference, mut distorted) = (stream(clip), coded(clip, codec));
            if by >= 0 {
                distorted = cut(&distorted, by_frames);
            } else {
                reference = cut(&reference, by_frames);
            }
            cases.push(constant(Case::new(clip, name, reference, distorted), frames(by)));
        }
    }
    cases
}

pub fn fractions(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, by) in [13 * MS, 20 * MS, 27 * MS, 80 * MS, 780 * MS, 40 * MS].into_iter().enumerate() {
        for i in 0..2 {
            let clip = set.moving[(n + 2 * i) % 5];
            let codec = codec(n + i);
            let name = format!("{} ms later, {}", by / MS, codec.name());
            let case = constant(Case::new(clip, name, stream(clip), later(coded(clip, codec), by)), -by);
            cases.push(if i == 0 { case } else { case.swapped() });
        }
    }
    cases
}

pub fn dropped_restamped(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, clip) in set.moving.iter().enumerate() {
        let seen = coded(clip, codec(n));
        let regular: Stream = seen.iter().enumerate().filter(|(n, _)| n % 60 != 59).map(|(_, e)| e.clone()).collect();
        let name = format!("one in 60, {}", codec(n).name());
        both(&mut cases, Case::new(clip, name, stream(clip), restamp(regular, FRAME as f64)));
        let percent = if n % 2 == 0 { 1.5 } else { 5.0 };
        let some = damage(&coded(clip, codec(n + 2)), percent, 0.0, set.seed + n as u64);
        let name = format!("{percent} %, {}", codec(n + 2).name());
        both(&mut cases, Case::new(clip, name, stream(clip), restamp(some, FRAME as f64)));
    }
    // Frames are dropped before the encoder.
    for (n, codec) in [Codec::X264(50), Codec::Vp8(50), Codec::X265(30)].into_iter().enumerate() {
        let clip = set.moving[n];
        let some = restamp(damage(&stream(clip), 2.0, 0.0, set.seed + 100 + n as u64), FRAME as f64);
        let name = format!("2 % before {}", codec.name());
        cases.push(Case::new(clip, name, stream(clip), codec.coded(some)));
    }
    cases
}

pub fn dropped(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, clip) in set.moving.iter().enumerate() {
        for (i, percent) in [2.0, 10.0].into_iter().enumerate() {
            let codec = codec(n + i);
            let some = damage(&coded(clip, codec), percent, 0.0, set.seed + (10 * n + i) as u64);
            let case = Case::new(clip, format!("{percent} %, {}", codec.name()), stream(clip), some);
            cases.push(if (n + i) % 3 == 2 { case.swapped() } else { case });
        }
    }
    cases
}

pub fn repeated(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, clip) in set.moving.iter().enumerate() {
        let codec = codec(n + 1);
        let some = damage(&coded(clip, codec), 0.0, 3.0, set.seed + n as u64);
        let name = format!("3 %, {}", codec.name());
        both(&mut cases, Case::new(clip, name.clone(), stream(clip), some.clone()));
        let case = Case::new(clip, format!("{name}, restamped"), stream(clip), restamp(some, FRAME as f64));
        cases.push(case);
    }
    cases
}

pub fn frozen(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, clip) in set.moving.iter().enumerate() {
        let codec = codec(n);
        let some = codec.coded(freeze(&stream(clip), 5.0, set.seed + n as u64));
        both(&mut cases, Case::new(clip, format!("5 %, {}", codec.name()), stream(clip), some));
        // One picture for up to half a second, then the rest in time again.
        let at = 30 + set.chance(n).below(10);
        let held = coded(clip, codec);
        let run = |(i, entry): (usize, &Entry)| match i {
            i if i > at && i <= at + 11 => Entry { time: entry.time, due: entry.due, ..held[at].clone() },
            _ => entry.clone(),
        };
        let held: Stream = held.iter().enumerate().map(run).collect();
        cases.push(Case::new(clip, format!("11 in a row, {}", codec.name()), stream(clip), held));
    }
    let clip = set.moving[0];
    both(&mut cases, Case::new(clip, "pause of 20 frames", stream(clip), pause(&coded(clip, codec(5)), 40, 20)));
    cases
}

/// Seven of ten frames, like a screen recorder leaves them.
fn variable(stream: Stream) -> Stream {
    stream.into_iter().enumerate().filter(|(n, _)| n * 7 % 10 < 7).map(|(_, entry)| entry).collect()
}

pub fn constant_and_variable(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, clip) in set.moving.iter().enumerate() {
        let codec = codec(n + 2);
        let shown = resample(&variable(coded(clip, codec)), FRAME as f64);
        let case = Case::new(clip, format!("25 a second, {}", codec.name()), variable(stream(clip)), shown);
        both(&mut cases, case);
        // The copy has another frame rate, and each frame is shown at the nearest time.
        let nearest = resample(&later(variable(coded(clip, codec)), -16_683_333), 33_366_666.6);
        let name = format!("29.97 a second, nearest, {}", codec.name());
        cases.push(Case::new(clip, name, variable(stream(clip)), nearest));
    }
    cases
}

pub fn speed(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    let rates = [(24.0, 25.0), (25.0, 24e3 / 1001.0), (24.0, 24e3 / 1001.0)];
    let minute = set.minute;
    for (n, (from, to)) in rates.into_iter().enumerate() {
        let at = |stream: Stream, rate: f64| restamp(stream, 1e9 / rate);
        let codec = if n == 1 { Codec::Mpeg4(100) } else { Codec::X264(50) };
        let (source, copy) = (at(stream(minute), from), at(coded(minute, codec), to));
        let name = format!("{from:.3} to {to:.3}, {}", codec.name());
        let case = Case::new(minute, name, source, copy);
        if n == 2 {
            cases.push(case);
        } else {
            both(&mut cases, case);
        }
        for clip in [set.moving[n], set.moving[n + 1]] {
            let name = format!("{from:.3} to {to:.3}, {}", Codec::X264(100).name());
            let copy = at(coded(clip, Codec::X264(100)), to);
            cases.push(Case::new(clip, name, at(stream(clip), from), copy));
        }
    }
    cases
}

pub fn frame_rates(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    let rates = [(25.0, 30.0), (30.0, 30e3 / 1001.0), (50.0, 25.0), (24.0, 30.0), (25.0, 50.0)];
    for (n, (from, to)) in rates.into_iter().enumerate() {
        for i in 0..2 {
            let clip = set.moving[(n + 3 * i) % 5];
            let codec = codec(n + i);
            let at = |stream: Stream| restamp(stream, 1e9 / from);
            let name = format!("{from:.2} to {to:.2}, {}", codec.name());
            let copy = resample(&at(coded(clip, codec)), 1e9 / to);
            let case = Case::new(clip, name, at(stream(clip)), copy);
            if i == 0 {
                both(&mut cases, case);
            } else {
                cases.push(case);
            }
        }
    }
    cases
}

pub fn squeezed(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, length) in [6usize, 20, 45, 69].into_iter().enumerate() {
        for clip in [set.moving[n % 2], set.moving[2 + n % 2]] {
            let codec = codec(n + 1);
            let squeeze = |honest: bool| {
                let mut stream = coded(clip, codec);
                let at = 20 + n;
                for (i, entry) in stream.iter_mut().enumerate() {
                    entry.time = match i {
                        i if i < at => frames(i as i64),
                        i if i < at + length => frames(at as i64),
                        i if honest => frames(i as i64),
                        // What follows comes immediately.
                        i => frames((i - length + 1) as i64),
                    };
                    entry.duration = Some(FRAME as u64);
                }
                stream
            };
            let name = |how: &str| format!("{length} at one time, {how}, {}", codec.name());
            cases.push(Case::new(clip, name("then in time"), stream(clip), squeeze(true)));
            if length < 50 {
                cases.push(Case::new(clip, name("then at once"), stream(clip), squeeze(false)));
            }
        }
    }
    cases
}

pub fn steps(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, by) in [40 * MS, 80 * MS, 120 * MS, 500 * MS, 780 * MS, 1500 * MS].into_iter().enumerate() {
        let clip = set.moving[n % 4];
        let codec = codec(n);
        let at = clip.images.len() / 2 - 5 + set.chance(n).below(10);
        let step = |mut stream: Stream| {
            stream[at..].iter_mut().for_each(|entry| entry.time += by);
            stream[at - 1].duration = Some(FRAME as u64);
            stream
        };
        let case = Case::new(clip, format!("{} ms, {}", by / MS, codec.name()), stream(clip), step(coded(clip, codec)));
        both(&mut cases, case);
        // The next rendition has another size.
        let clip = set.moving[(n + 1) % 4];
        let smaller = |i: usize, image: &crate::clips::Image| match i {
            i if i < at => image.clone(),
            _ => fit(image, image.width / 2 / 2 * 2, image.height / 2 / 2 * 2),
        };
        let at = clip.images.len() / 2;
        let mut seen = drawn(coded(clip, crate::codec::DRAWN), smaller);
        seen[at..].iter_mut().for_each(|entry| entry.time += by);
        seen[at - 1].duration = Some(FRAME as u64);
        cases.push(Case::new(clip, format!("{} ms at a change of size", by / MS), stream(clip), seen));
    }
    cases
}

pub fn time_base(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, clip) in set.moving.iter().enumerate() {
        let interval = 1001e9 / 24e3;
        let mut reference = variable(restamp(stream(clip), interval));
        reference.iter_mut().for_each(|entry| entry.duration = Some(41_667));
        // Matroska has a resolution of milliseconds.
        let codec = codec(n + 1);
        let mut copy = variable(restamp(coded(clip, codec), interval));
        copy.iter_mut().for_each(|entry| entry.time = (entry.time + MS / 2) / MS * MS);
        both(&mut cases, Case::new(clip, format!("VFR, 1/24000 s, {}", codec.name()), reference, copy));
    }
    cases
}
