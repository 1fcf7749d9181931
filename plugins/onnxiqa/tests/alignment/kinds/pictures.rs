// SPDX-License-Identifier: MPL-2.0

//! Pictures that are brighter, moved, cropped, soft or noisy.

use super::{codec, coded, constant, drawn, frames};
use crate::clips::Image;
use crate::codec::DRAWN;
use crate::contents::{Set, noisy};
use crate::ground_truth::{Case, cut, fit, gain, letterboxed, shift, stream};

type Change = Box<dyn Fn(usize, &Image) -> Image>;

pub fn levels_and_geometry(set: &Set) -> Vec<Case> {
    let seed = set.seed;
    let changes: Vec<(&str, Change)> = vec![
        ("gain 0.7, bias +20", Box::new(|_, image| gain(0.7, 20.0)(image))),
        ("gain 1.3, bias -25", Box::new(|_, image| gain(1.3, -25.0)(image))),
        ("cut at top and bottom", Box::new(|_, image| letterboxed(image.height / 16 / 2 * 2)(image))),
        ("moved by 2.75, 1.25", Box::new(|_, image| shift(2.75, 1.25)(image))),
        ("moved by -7, 5.5", Box::new(|_, image| shift(-7.0, 5.5)(image))),
        ("blurred", Box::new(|_, image| blurred(image))),
        ("noise", Box::new(move |n, image| noisy(image, 12.0, seed + n as u64))),
    ];
    let mut cases = Vec::new();
    for (n, (name, change)) in changes.iter().enumerate() {
        for i in 0..2 {
            // A pan that is moved equals the pan at another time.
            let clip =
                if name.starts_with("moved") { set.moving[[0, 1, 4][(n + i) % 3]] } else { set.moving[(n + i) % 5] };
            let seen = drawn(coded(clip, DRAWN), change);
            let by = if (n + i) % 2 == 0 { 0 } else { 7 };
            let case = Case::new(clip, format!("{name}, {by:+} frames"), stream(clip), cut(&seen, by));
            cases.push(constant(case, frames(by as i64)));
        }
    }
    for (n, clip) in [set.moving[0], set.moving[3]].into_iter().enumerate() {
        let seen = drawn(coded(clip, DRAWN), |_, image| gain(0.8, 10.0)(&blurred(image)));
        cases.push(constant(Case::new(clip, "blurred and darker is the reference", seen, coded(clip, codec(n))), 0));
    }
    cases
}

/// Scales to a quarter of its size, halving each time so that every sample counts, and back.
fn blurred(image: &Image) -> Image {
    let half = fit(image, image.width / 2, image.height / 2);
    fit(&fit(&half, half.width / 2, half.height / 2), image.width, image.height)
}
