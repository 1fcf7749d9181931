// SPDX-License-Identifier: MPL-2.0

//! Damaged or overlaid pictures.

use super::{coded, constant, drawn, frames};
use crate::clips::Image;
use crate::codec::{DRAWN, version};
use crate::contents::Set;
use crate::ground_truth::{Case, Chance, Stream, cut, stream};

/// The position of a run of damaged frames.
#[derive(Debug, Clone, Copy)]
enum Place {
    First,
    Middle,
    Last,
}

pub fn gray(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, length) in [1usize, 5, 20].into_iter().enumerate() {
        for (i, place) in [Place::First, Place::Middle, Place::Last].into_iter().enumerate() {
            for clip in [set.moving[(n + i) % 4], set.moving[(n + i + 1) % 5]] {
                let codec = super::codec(n + i);
                let seen = grayed(coded(clip, codec), length, place);
                let name = format!("{length} gray, {place:?}, {}", codec.name());
                cases.push(constant(Case::new(clip, name.to_lowercase(), stream(clip), seen), 0));
            }
        }
        let clip = set.moving[n];
        let codec = super::codec(n);
        let name = format!("{length} gray in the reference");
        let reference = grayed(stream(clip), length, Place::Middle);
        cases.push(constant(Case::new(clip, name, reference, coded(clip, codec)), 0));
        // Damage together with a different start.
        let name = format!("{length} gray, +7 frames");
        let seen = grayed(cut(&coded(clip, codec), 7), length, Place::Middle);
        cases.push(constant(Case::new(clip, name, stream(clip), seen), frames(7)));
    }
    cases
}

fn grayed(mut stream: Stream, length: usize, place: Place) -> Stream {
    let first = match place {
        Place::First => 0,
        Place::Middle => stream.len() / 2 - length / 2,
        Place::Last => stream.len() - length,
    };
    let gray = Image::flat(64, 36, 126);
    for entry in &mut stream[first..first + length] {
        entry.image = gray.clone();
        entry.damaged = true;
    }
    stream
}

pub fn packets(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, clip) in set.moving.iter().enumerate() {
        for (i, key) in [25, 60].into_iter().enumerate() {
            let seed = set.seed + (10 * n + i) as u64;
            let images = lost(&version(clip, DRAWN), key, seed);
            let mut seen = stream(clip);
            for (entry, (image, damaged)) in seen.iter_mut().zip(images) {
                (entry.image, entry.damaged) = (image.without_samples(), damaged);
            }
            let mut name = format!("5 % of frames hit, a key frame in {key}");
            if i == 1 {
                name += ", one in 50 missing";
                seen = seen.into_iter().enumerate().filter(|(n, _)| n % 50 != 37).map(|(_, entry)| entry).collect();
            }
            cases.push(constant(Case::new(clip, name, stream(clip), seen), 0));
        }
    }
    cases
}

/// Slices are lost in 5 % of the frames. Their content is taken from another position in an older frame, and stays
/// until the next key frame. True if this affects much of the picture.
fn lost(images: &[Image], key: usize, seed: u64) -> Vec<(Image, bool)> {
    let (width, height) = (images[0].width, images[0].height);
    let (columns, rows) = (width.div_ceil(16), height.div_ceil(16));
    let mut chance = Chance(seed);
    // For each macroblock, the frame from which it is taken, and the horizontal offset in samples.
    let mut blocks: Vec<Option<(usize, usize)>> = vec![None; columns * rows];
    let mut out = Vec::new();
    for (n, image) in images.iter().enumerate() {
        if n % key == 0 {
            blocks.fill(None);
        }
        if n > 0 && chance.one_in(5.0) {
            let first = chance.below(columns * rows * 3 / 4);
            let last = (first + columns * (1 + chance.below(rows / 3))).min(columns * rows);
            let from = n.saturating_sub(1 + chance.below(8));
            let aside = 4 * chance.below(8);
            blocks[first..last].fill(Some((from, aside)));
        }
        let share = blocks.iter().flatten().count() as f64 / blocks.len() as f64;
        if share == 0.0 {
            out.push((image.clone(), false));
            continue;
        }
        let mut luma = image.luma().to_vec();
        for y in 0..height {
            for x in 0..width {
                if let Some((from, aside)) = blocks[y / 16 * columns + x / 16] {
                    luma[y * width + x] = images[from].luma()[y * width + (x + aside) % width];
                }
            }
        }
        out.push((image.with_luma(width, height, luma), share > 0.25));
    }
    out
}

pub fn overlays(set: &Set) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, clip) in set.moving.iter().enumerate() {
        let whole = || coded(clip, DRAWN);
        let bar = drawn(whole(), |i, image| {
            if (10..110).contains(&i) {
                over(image, (0.1, 0.82, 0.9, 0.97), set.seed + i as u64 / 50, 0)
            } else {
                image.clone()
            }
        });
        let crawl = drawn(whole(), |i, image| over(image, (0.0, 0.88, 1.0, 1.0), set.seed, 3 * i));
        let logo = drawn(whole(), |_, image| over(image, (0.82, 0.06, 0.95, 0.2), set.seed + 7, 0));
        for (name, seen) in [("subtitle for 4 s", bar), ("crawl", crawl), ("logo", logo)] {
            let case = Case::new(clip, name, stream(clip), seen);
            if n == 1 {
                cases.push(constant(case.swapped(), 0));
            }
            cases.push(constant(case, 0));
        }
    }
    cases
}

/// White letters on black over a part of the picture (left, top, right, bottom as fractions), moved left by `moved`
/// pixels.
fn over(image: &Image, part: (f64, f64, f64, f64), seed: u64, moved: usize) -> Image {
    let (width, height) = (image.width, image.height);
    let at = |share: f64, of: usize| (share * of as f64) as usize;
    let mut luma = image.luma().to_vec();
    let top = at(part.1, height);
    for y in top..at(part.3, height) {
        for x in at(part.0, width)..at(part.2, width) {
            let (column, row) = ((x + moved) / 3, (y - top) / 3);
            let ink = row % 4 != 0 && column % 4 != 0 && Chance(seed + (column * 64 + row) as u64).next() % 5 < 2;
            luma[y * width + x] = if ink { 225 } else { 20 };
        }
    }
    image.with_luma(width, height, luma)
}
