// SPDX-License-Identifier: MPL-2.0

//! The other stream shows something else, always or for a while.

use super::{both, codec, coded, part};
use crate::clips::Clip;
use crate::codec::Codec;
use crate::contents::Set;
use crate::ground_truth::{Case, Entry, Stream, cut, fit, foreign, insert, stream};

pub fn another(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, clip) in set.moving.iter().enumerate() {
        for by in [1, 2] {
            let other = set.moving[(n + by) % 5];
            let name = format!("{}, {}", other.name, codec(n + by).name());
            cases.push(Case::new(clip, name, stream(clip), foreign(coded(other, codec(n + by)))));
        }
    }
    let (still, moving) = (set.still[0], set.moving[0]);
    cases.push(Case::new(still, moving.name, stream(still), foreign(coded(moving, codec(1)))));
    cases.push(Case::new(moving, still.name, stream(moving), foreign(coded(still, codec(1)))));
    cases
}

pub fn another_part(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    // Neighboring parts of a pan or of credits have too much in common.
    for (n, clip) in [set.moving[0], set.moving[1], set.moving[4]].into_iter().enumerate() {
        let middle = clip.images.len() / 2;
        let seen = coded(clip, codec(n));
        let name = codec(n).name();
        cases.push(Case::new(clip, name, stream(clip)[..middle].to_vec(), foreign(cut(&seen, middle))));
    }
    let seen = coded(set.minute, Codec::X264(50));
    for from in [0, 300, 600, 800] {
        let reference = part(&stream(set.minute), from, from + 150);
        let name = format!("frames {from} against {}", from + 400);
        cases.push(Case::new(set.minute, name, reference, foreign(part(&seen, from + 400, from + 550))));
    }
    cases
}

/// A clip long enough to have something before and after, and what is inserted into it.
fn hosts(set: &Set) -> [(&'static Clip, &'static Clip); 4] {
    let [a, b, c, d, _] = set.moving[..] else { unreachable!("five contents") };
    [(a, b), (b, a), (c, d), (d, a)]
}

pub fn inserted(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, (clip, other)) in hosts(set).into_iter().enumerate() {
        for length in [12, 25 + 2 * n, 45] {
            let codec = codec(n);
            let middle = clip.images.len() / 2;
            let longer = insert(&coded(clip, codec), middle, &stand_ins(clip, other)[..length]);
            let name = format!("{length} frames, {}", codec.name());
            both(&mut cases, Case::new(clip, name, stream(clip), longer));
        }
    }
    // Longer than the search range, so what follows cannot be found.
    let host = set.minute;
    let mut whole = part(&stream(host), 200, 400);
    let mut seen = part(&coded(host, Codec::X264(50)), 200, 400);
    for entry in whole[100..].iter_mut().chain(&mut seen[100..]) {
        entry.optional = true;
    }
    let longer = insert(&seen, 100, &stream(set.moving[2])[..75]);
    both(&mut cases, Case::new(host, "75 frames", whole, longer));
    cases
}

/// Frames of another clip, of this one's size.
fn stand_ins(clip: &Clip, other: &Clip) -> Stream {
    let (width, height) = (clip.images[0].width, clip.images[0].height);
    let scaled = |entry: &Entry| Entry { image: fit(&entry.image, width, height), ..entry.clone() };
    stream(other)[..60.min(other.images.len())].iter().map(scaled).collect()
}

pub fn replaced(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, (clip, other)) in hosts(set).into_iter().enumerate() {
        for length in [30 + n, 50] {
            let middle = clip.images.len() / 2 - length / 2;
            let others = stand_ins(clip, other);
            let mut seen = coded(clip, codec(n));
            for (entry, other) in seen[middle..middle + length].iter_mut().zip(&others) {
                let time = entry.time;
                *entry = Entry { time, shows: None, due: None, ..other.clone() };
                entry.source = entry.image.clone();
            }
            let name = format!("{length} frames, {}", codec(n).name());
            both(&mut cases, Case::new(clip, name, stream(clip), seen));
        }
    }
    cases
}
