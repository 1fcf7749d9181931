// SPDX-License-Identifier: MPL-2.0

//! Contents with little motion or little to see.

use super::{codec, coded, constant, drawn, frames, part, with_images};
use crate::clips::Image;
use crate::codec::{Codec, version};
use crate::contents::{Set, noisy};
use crate::ground_truth::{Case, Entry, FRAME, Stream, UNKNOWN, cut, fit, flashes, gain, restamp, still, stream, then};

pub fn nothing_moves(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, clip) in set.still.iter().enumerate() {
        for codec in [Codec::X264(50), codec(n), codec(n + 3)] {
            cases.push(Case::new(clip, codec.name(), stream(clip), coded(clip, codec)));
        }
        cases.push(Case::new(clip, "the copy is the reference", coded(clip, Codec::X264(50)), stream(clip)));
    }
    cases
}

pub fn one_picture(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, clip) in [set.moving[0], set.moving[4], set.still[4], set.photos].into_iter().enumerate() {
        let codec = codec(n);
        // Stamped like by `pngdec` and `jpegdec`.
        let one = |stream: Stream| vec![Entry { time: 0, duration: Some(UNKNOWN), ..stream[1].clone() }];
        cases.push(Case::new(clip, codec.name(), one(stream(clip)), one(coded(clip, codec))));
    }
    cases
}

pub fn short(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, length) in [1, 2, 3, 4, 5, 7, 8, 10].into_iter().enumerate() {
        let clip = set.moving[n % 4];
        let from = 5 + 3 * n;
        let one = |stream: Stream| part(&stream, from, from + length);
        let name = format!("{length} frames, {}", codec(n).name());
        cases.push(Case::new(clip, name, one(stream(clip)), one(coded(clip, codec(n)))));
    }
    cases
}

pub fn tiny(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, (width, height)) in [(8, 8), (16, 16), (24, 18), (31, 31), (1, 1), (30, 20)].into_iter().enumerate() {
        let clip = if n == 3 { set.still[0] } else { set.moving[n % 2] };
        let small = drawn_small(stream(clip), width, height);
        let noise = |i: usize, image: &Image| noisy(&gain(0.9, 5.0)(image), 4.0, set.seed + (n * 1000 + i) as u64);
        let name = format!("{width} × {height}, noise");
        cases.push(Case::new(clip, name, small.clone(), drawn(small, noise)));
    }
    cases
}

/// Scaled with all samples kept.
fn drawn_small(mut stream: Stream, width: usize, height: usize) -> Stream {
    for entry in &mut stream {
        entry.image = fit(&entry.image, width, height);
        entry.source = entry.image.clone();
    }
    stream
}

pub fn one_a_second(set: &Set) -> Vec<Case> {
    let clip = set.photos;
    let slow = |stream: Stream| restamp(stream, 1e9);
    let mut cases: Vec<Case> = [Codec::X264(300), Codec::Mpeg4(100), Codec::X264(50)]
        .into_iter()
        .map(|codec| Case::new(clip, codec.name(), slow(stream(clip)), slow(coded(clip, codec))))
        .collect();
    let moving = set.moving[0];
    let few = |stream: Stream| slow(stream.into_iter().step_by(12).collect());
    let name = "frames of a film, x264";
    cases.push(Case::new(moving, name, few(stream(moving)), few(coded(moving, Codec::X264(50)))));
    cases
}

/// Frames of a loop.
const LOOP: usize = 25;

pub fn loops(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, clip) in [set.moving[0], set.moving[1], set.moving[2]].into_iter().enumerate() {
        let looped = |whole: Stream, from: usize| {
            let at = |n: usize| Entry { time: frames(n as i64), ..whole[20 + (n + from) % LOOP].clone() };
            (0..150).map(at).collect::<Stream>()
        };
        let codec = codec(n);
        let case = |offset: i64| {
            let name = format!("{offset:+} frames, {}", codec.name());
            let mut distorted = looped(coded(clip, codec), offset as usize);
            // The reference ends before these, unless the offset is one whole loop more.
            distorted[150 - offset as usize..].iter_mut().for_each(|entry| entry.optional = true);
            // Or a whole loop less, where that is closer to the times: then it starts after these.
            if 2 * offset > LOOP as i64 {
                distorted[..LOOP - offset as usize].iter_mut().for_each(|entry| entry.optional = true);
            }
            Case::new(clip, name, looped(stream(clip), 0), distorted)
        };
        cases.extend([constant(case(0), 0), case(7), case(13)]);
    }
    cases
}

pub fn then_moving(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, clip) in set.moving.iter().take(4).enumerate() {
        let whole = stream(clip);
        let both = then(still(&whole, 0, 70), &whole);
        let images = version(clip, codec(n));
        let seen: Vec<Image> = vec![images[0].clone(); 70].into_iter().chain(images).collect();
        let seen = with_images(both.clone(), &seen);
        let later = 7 + 3 * n;
        let name = format!("70 frames, {later:+}, {}", codec(n).name());
        cases.push(constant(Case::new(clip, name, both.clone(), cut(&seen, later)), frames(later as i64)));
        let name = format!("70 frames, {}", codec(n).name());
        cases.push(constant(Case::new(clip, name, both, seen), 0));
    }
    // The change from one slide to the next shows the offset.
    let slides = set.still[0];
    for (n, by) in [7, 20].into_iter().enumerate() {
        let name = format!("slides, {by:+}, {}", codec(n).name());
        let case = Case::new(slides, name, stream(slides), cut(&coded(slides, codec(n)), by));
        cases.push(constant(case, frames(by as i64)));
    }
    cases
}

pub fn flashing(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, clip) in set.moving.iter().take(3).enumerate() {
        let seed = set.seed + n as u64;
        let moving = flashes(stream(clip), 10.0, seed);
        let coded = codec(n).coded(moving.clone());
        for by in [0, 7] {
            let name = format!("moving, {by:+}, {}", codec(n).name());
            let case = Case::new(clip, name, moving.clone(), cut(&coded, by));
            cases.push(constant(case, frames(by as i64)));
        }
        let standing = flashes(still(&stream(clip), 30, 110), 20.0, seed);
        let coded = codec(n + 1).coded(standing.clone());
        let name = format!("still, {}", codec(n + 1).name());
        cases.push(constant(Case::new(clip, name, standing, coded), 0));
    }
    cases
}

pub fn fade_in(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, clip) in [set.moving[0], set.moving[1], set.moving[4]].into_iter().enumerate() {
        let whole = faded(&stream(clip));
        let images: Vec<Image> = whole.iter().map(|entry| entry.image.clone()).collect();
        let seen = with_images(whole.clone(), &codec(n).code(&images));
        let seen = drawn(seen, |_, image| image.clone());
        let name = format!("10 black frames, 20 of fade, {}", codec(n).name());
        cases.push(constant(Case::new(clip, name.clone(), whole.clone(), seen.clone()), 0));
        cases.push(constant(Case::new(clip, format!("{name}, swapped"), seen.clone(), whole.clone()), 0));
        let case = Case::new(clip, format!("{name}, +5 frames"), whole.clone(), cut(&seen, 5));
        cases.push(constant(case, frames(5)));
    }
    cases
}

/// 10 black frames, then the clip fades in within 20 frames.
fn faded(stream: &[Entry]) -> Stream {
    let size = (stream[0].image.width, stream[0].image.height);
    let black = Image::flat(size.0, size.1, 16);
    let lead = Entry { image: black.clone(), source: black, ..stream[0].clone() };
    let mut faded: Stream = (0..10).map(|n| Entry { time: frames(n), ..lead.clone() }).collect();
    for (n, entry) in stream.iter().enumerate() {
        let level = (n as f64 / 20.0).min(1.0);
        let image = gain(level, 16.0 * (1.0 - level))(&entry.image);
        let image = if level < 1.0 { image } else { entry.image.clone() };
        faded.push(Entry { time: entry.time + 10 * FRAME, image: image.clone(), source: image, ..entry.clone() });
    }
    faded.iter_mut().enumerate().for_each(|(n, entry)| (entry.shows, entry.due) = (Some(n), Some(n)));
    faded
}
