// SPDX-License-Identifier: MPL-2.0

//! The contents of the truth cases: parts of the clips, and generated pictures for what clips do not have.
//!
//! Two halves that share neither contents nor seeds: `tuning` is used to develop the aligner, `held-out` is only
//! evaluated afterwards. Clips that are too short to be divided are cropped, mirrored or played backwards for the
//! second half.

use crate::clips::{BIKES, BUNNY, CARPHONE, CARPHONE_DISTORTED, Clip, Image, generate};
use crate::ground_truth::{Chance, fit};
use std::sync::LazyLock;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    Tuning,
    HeldOut,
}

impl Half {
    pub const BOTH: [Self; 2] = [Self::Tuning, Self::HeldOut];

    pub fn name(self) -> &'static str {
        match self {
            Self::Tuning => "tuning",
            Self::HeldOut => "held-out",
        }
    }
}

/// The material of one half of the cases.
pub struct Set {
    /// The first seed; others follow it.
    pub seed: u64,
    /// Contents in which something moves always or nearly always.
    pub moving: Vec<&'static Clip>,
    /// Contents in which nothing or hardly anything moves.
    pub still: Vec<&'static Clip>,
    /// A minute, 1500 frames, in which no two seconds are alike.
    pub minute: &'static Clip,
    /// Unrelated pictures.
    pub photos: &'static Clip,
    /// A man in a car, original and from an encoder with too few bits.
    pub pair: (&'static Clip, &'static Clip),
}

impl Set {
    pub fn of(half: Half) -> Self {
        match half {
            Half::Tuning => Self {
                seed: 1000,
                moving: vec![&A_BIKES, &A_BUNNY, &A_PAN, &A_CREDITS, &A_HEAD],
                still: vec![&A_SLIDES, &A_TYPED, &A_GRAIN, &A_BARS, &A_BLACK, &A_BALL],
                minute: &A_MINUTE,
                photos: &A_PHOTOS,
                pair: (&A_SOURCE, &A_COPY),
            },
            Half::HeldOut => Self {
                seed: 9_000_000,
                moving: vec![&B_BIKES, &B_BUNNY, &B_PAN, &B_CREDITS, &B_HEAD],
                still: vec![&B_SLIDES, &B_TYPED, &B_GRAIN, &B_BARS, &B_BLACK, &B_BALL],
                minute: &B_MINUTE,
                photos: &B_PHOTOS,
                pair: (&B_SOURCE, &B_COPY),
            },
        }
    }

    pub fn chance(&self, number: usize) -> Chance {
        Chance(self.seed + number as u64)
    }
}

const WIDE: (usize, usize) = (320, 180);

macro_rules! clip {
    ($constant:ident, $name:literal, $images:expr) => {
        static $constant: LazyLock<Clip> = LazyLock::new(|| Clip { name: $name, images: $images });
    };
}

clip!(A_BIKES, "bikes", each(&BIKES.images[..130], |image| fit(image, 480, 204)));
clip!(A_BUNNY, "bunny", each(&BUNNY.images, |image| fit(image, 480, 270)));
clip!(A_PAN, "pan", pan(&BIKES.images[190], (2, 0), 140));
clip!(A_CREDITS, "credits", credits(31, 150));
clip!(A_HEAD, "head", each(&CARPHONE.images[..60], |image| crop(image, 0, 0, 144, 112)));
clip!(A_SLIDES, "slides", slides(&BIKES.images[160..], 32, 200));
clip!(A_TYPED, "typed text", typed(33, 2, 200));
clip!(A_GRAIN, "still with grain", grain(&BIKES.images[200], 34, 100));
clip!(A_BARS, "bars", generate("videotestsrc pattern=smpte-rp-219 num-buffers=75", 320, 180));
clip!(A_BLACK, "black", vec![Image::flat(320, 180, 16); 75]);
clip!(A_BALL, "ball", generate("videotestsrc pattern=ball num-buffers=100", 320, 180));
clip!(A_PHOTOS, "photos", photos(&BUNNY.images, 5));
clip!(A_MINUTE, "minute", minute(false));

clip!(
    B_BIKES,
    "bikes, other part, mirrored",
    each(&BIKES.images[120..], |image| mirror(&crop(image, 64, 16, 512, 240)))
);
clip!(B_BUNNY, "bunny backwards, brighter", backwards(&BUNNY.images));
clip!(B_PAN, "diagonal pan", pan(&BIKES.images[20], (2, 1), 120));
clip!(B_CREDITS, "slow credits", credits(41, 110));
clip!(B_HEAD, "carphone", CARPHONE.images[60..].to_vec());
clip!(B_SLIDES, "other slides", slides(&BUNNY.images, 42, 200));
clip!(B_TYPED, "other typed text", typed(43, 5, 200));
clip!(B_GRAIN, "other still with grain", grain(&BUNNY.images[100], 44, 100));
clip!(B_BARS, "smpte bars", generate("videotestsrc pattern=smpte100 num-buffers=75", 320, 180));
clip!(B_BLACK, "gray", vec![Image::flat(320, 180, 90); 75]);
clip!(B_BALL, "a still of one clip", vec![CARPHONE.images[7].clone(); 75]);
clip!(B_PHOTOS, "other photos", photos(&BIKES.images, 11));
clip!(B_MINUTE, "another minute", minute(true));

clip!(A_SOURCE, "carphone, first part", CARPHONE.images[..60].to_vec());
clip!(A_COPY, "carphone distorted, first part", CARPHONE_DISTORTED.images[..60].to_vec());
clip!(B_SOURCE, "carphone, second part", CARPHONE.images[60..].to_vec());
clip!(B_COPY, "carphone distorted, second part", CARPHONE_DISTORTED.images[60..].to_vec());

fn each(images: &[Image], change: impl Fn(&Image) -> Image) -> Vec<Image> {
    images.iter().map(change).collect()
}

/// A picture of this size whose luma at (x, y) is `at`.
fn paint(width: usize, height: usize, at: impl Fn(usize, usize) -> u8) -> Image {
    let mut luma = Vec::with_capacity(width * height);
    for y in 0..height {
        luma.extend((0..width).map(|x| at(x, y)));
    }
    Image::flat(width, height, 0).with_luma(width, height, luma)
}

pub fn crop(image: &Image, left: usize, top: usize, width: usize, height: usize) -> Image {
    let luma = image.luma();
    paint(width, height, |x, y| luma[(y + top) * image.width + x + left])
}

pub fn mirror(image: &Image) -> Image {
    let luma = image.luma();
    paint(image.width, image.height, |x, y| luma[y * image.width + image.width - 1 - x])
}

fn backwards(images: &[Image]) -> Vec<Image> {
    let brighter = |&y: &u8| (16.0 + 219.0 * ((f64::from(y.max(16)) - 16.0) / 219.0).min(1.0).powf(0.8)) as u8;
    let change = |image: &Image| {
        let image = mirror(&crop(image, 80, 30, 480, 270));
        let luma = image.luma().iter().map(brighter).collect();
        image.with_luma(image.width, image.height, luma)
    };
    images.iter().rev().map(change).collect()
}

/// A window that moves over a still by `step` pixels per frame.
fn pan(still: &Image, step: (usize, usize), count: usize) -> Vec<Image> {
    let (width, height) = WIDE;
    let wide = fit(still, width + step.0 * count, (height + step.1 * count).max(height * 2));
    (0..count).map(|n| crop(&wide, step.0 * n, step.1 * n, width, height)).collect()
}

/// Letters of 5 × 7 dots, each 2 × 2 pixels; none of them is a real letter.
fn letter(letter: usize, x: usize, y: usize) -> bool {
    let (x, y) = (x / 2, y / 2);
    x < 5 && y < 7 && Chance((letter * 64 + y * 8 + x) as u64).next() % 5 < 2
}

/// Lines of text that move up by one or two pixels per frame.
fn credits(seed: u64, count: usize) -> Vec<Image> {
    let (width, height) = WIDE;
    let step = if seed % 2 == 1 && count > 120 { 2 } else { 1 };
    let mut chance = Chance(seed);
    let lines: Vec<Vec<usize>> = (0..40)
        .map(|_| {
            let letters = if chance.one_in(25.0) { 0 } else { 5 + chance.below(20) };
            (0..letters).map(|_| if chance.one_in(15.0) { 99 } else { chance.below(26) }).collect()
        })
        .collect();
    let page = |x: usize, y: usize| {
        let line = &lines[y / 18 % lines.len()];
        let left = (width - line.len() * 12) / 2;
        let column = x.checked_sub(left).map(|x| (x / 12, x % 12));
        let ink = column.and_then(|(n, x)| line.get(n).map(|&l| l != 99 && letter(l, x, y % 18)));
        if ink == Some(true) { 220 } else { 16 }
    };
    (0..count).map(|n| paint(width, height, |x, y| page(x, y + n * step))).collect()
}

/// A page on which a letter appears every `every` frames.
fn typed(seed: u64, every: usize, count: usize) -> Vec<Image> {
    let (width, height) = WIDE;
    let mut chance = Chance(seed);
    let text: Vec<usize> = (0..count / every + 1).map(|_| chance.below(30)).collect();
    let page = |letters: usize| {
        paint(width, height, |x, y| {
            let place = (x < 312).then(|| y / 18 * 26 + x / 12).filter(|&place| place < letters);
            let ink = place.is_some_and(|place| text[place] < 26 && letter(text[place], x % 12, y % 18));
            if ink { 40 } else { 220 }
        })
    };
    let pages: Vec<Image> = (0..=count / every).map(page).collect();
    (0..count).map(|n| pages[n / every].clone()).collect()
}

/// Frames of a clip, each shown for 2 to 4 s.
fn slides(images: &[Image], seed: u64, count: usize) -> Vec<Image> {
    let mut chance = Chance(seed);
    let mut shown = Vec::new();
    while shown.len() < count {
        let slide = fit(&images[chance.below(images.len())], WIDE.0, WIDE.1);
        shown.extend(vec![slide; 50 + chance.below(50)]);
    }
    shown.truncate(count);
    shown
}

/// A still with noise of a standard deviation of 1.4 on each sample, another in each frame: less than
/// [`SAME`](crate::ground_truth::SAME) in the means of 25 samples.
fn grain(still: &Image, seed: u64, count: usize) -> Vec<Image> {
    let still = fit(still, WIDE.0, WIDE.1);
    (0..count).map(|n| noisy(&still, 1.4, seed + 1000 * n as u64)).collect()
}

/// Noise of this standard deviation on each sample: the sum of four uniform numbers is nearly normal.
pub fn noisy(image: &Image, deviation: f64, seed: u64) -> Image {
    let mut chance = Chance(seed);
    // Four uniform numbers of 0 to 65535 have a variance of 4 × 65536² / 12.
    let scale = deviation / (65536.0 * (4.0f64 / 12.0).sqrt());
    let noise = |&y: &u8, bits: u64| {
        let sum: u64 = (0..4).map(|n| bits >> (16 * n) & 0xFFFF).sum();
        (f64::from(y) + (sum as f64 - 2.0 * 65535.0) * scale).round().clamp(0.0, 255.0) as u8
    };
    let luma = image.luma().iter().map(|y| noise(y, chance.next())).collect();
    image.with_luma(image.width, image.height, luma)
}

/// A dozen pictures of a clip, far apart, every second one mirrored.
fn photos(images: &[Image], first: usize) -> Vec<Image> {
    let step = (images.len() - first) / 12;
    let photo = |n: usize| {
        let image = fit(&images[first + n * step], WIDE.0, WIDE.1);
        if n.is_multiple_of(2) { image } else { mirror(&image) }
    };
    (0..12).map(photo).collect()
}

/// A minute from all clips: unchanged, mirrored, and cropped; or cropped differently and backwards.
fn minute(other: bool) -> Vec<Image> {
    let all: Vec<Image> = [&BIKES.images, &BUNNY.images, &CARPHONE.images].into_iter().flatten().cloned().collect();
    let cropped = |image: &Image, left: usize, top: usize, part: usize| {
        let (width, height) = (image.width * part / 10, image.height * part / 10);
        let room = (image.width - width, image.height - height);
        fit(&crop(image, room.0 * left / 2, room.1 * top / 2, width, height), WIDE.0, WIDE.1)
    };
    let variant = |variant: usize, image: &Image| match (variant, other) {
        (0, false) => cropped(image, 0, 0, 10),
        (1, false) => mirror(&cropped(image, 0, 1, 7)),
        (_, false) => cropped(image, 2, 2, 6),
        (0, true) => mirror(&cropped(image, 1, 1, 9)),
        (1, true) => cropped(image, 2, 0, 7),
        (_, true) => mirror(&cropped(image, 0, 2, 6)),
    };
    let mut frames: Vec<Image> =
        (0..3).flat_map(|n| all.iter().map(move |image| (n, image))).map(|(n, image)| variant(n, image)).collect();
    if other {
        frames.reverse();
    }
    frames.truncate(1500);
    frames
}
