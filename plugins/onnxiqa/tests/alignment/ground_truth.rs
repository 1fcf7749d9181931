// SPDX-License-Identifier: MPL-2.0

//! Pairs of streams whose partners are known.

use crate::clips::{Clip, Image, encode};
use onnx_iqa::align::time::{Signature, Timestamp};
use std::collections::HashSet;

/// One frame of a stream.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Running time, ns.
    pub time: i64,
    pub image: Image,
    /// The picture before anything was done to it.
    pub source: Image,
    /// The number of the picture that it shows, in the clip; none for what is not in it.
    pub shows: Option<usize>,
    /// The number of the picture that it should show; another one where an encoder has frozen.
    pub due: Option<usize>,
    /// How long it says it lasts, ns, or [`UNKNOWN`]; none: until the next.
    pub duration: Option<u64>,
    /// What it shows cannot be seen in it.
    pub damaged: bool,
    /// It may stay without a partner that it has: that one is beyond the search range.
    pub optional: bool,
}

/// A frame does not say how long it lasts.
pub const UNKNOWN: u64 = u64::MAX;

/// A stream.
pub type Stream = Vec<Entry>;

/// Two streams to be paired.
pub struct Case {
    pub clip: &'static str,
    pub name: String,
    pub reference: Stream,
    pub distorted: Stream,
    /// The one constant offset, where there is one, ns.
    pub offset: Option<i64>,
}

impl Case {
    pub fn new(clip: &Clip, name: impl Into<String>, reference: Stream, distorted: Stream) -> Self {
        Self { clip: clip.name, name: name.into(), reference, distorted, offset: None }
    }

    /// The other way round.
    pub fn swapped(&self) -> Self {
        Self {
            clip: self.clip,
            name: format!("{}, swapped", self.name),
            reference: self.distorted.clone(),
            distorted: self.reference.clone(),
            offset: self.offset.map(|offset| -offset),
        }
    }
}

/// 25 frames a second.
pub const FRAME: i64 = 40_000_000;

/// A clip as a stream.
pub fn stream(clip: &Clip) -> Stream {
    let entry = |(n, image): (usize, &Image)| Entry {
        time: n as i64 * FRAME,
        image: image.clone(),
        source: image.clone(),
        shows: Some(n),
        due: Some(n),
        duration: None,
        damaged: false,
        optional: false,
    };
    clip.images.iter().enumerate().map(entry).collect()
}

/// From the frame `first` on, beginning at time 0.
pub fn cut(stream: &[Entry], first: usize) -> Stream {
    let start = stream[first].time;
    stream[first..].iter().map(|entry| Entry { time: entry.time - start, ..entry.clone() }).collect()
}

/// Time stamps one after the other, as if nothing had happened.
pub fn restamp(mut stream: Stream, interval: f64) -> Stream {
    stream.iter_mut().zip(0..).for_each(|(entry, n)| entry.time = (f64::from(n) * interval) as i64);
    stream
}

/// Splitmix64.
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// True in `percent` of all cases.
    pub fn one_in(&mut self, percent: f64) -> bool {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64 * 100.0 < percent
    }
}

/// Drops and repeats frames, so many percent each. A repeated frame has the time between.
pub fn damage(stream: &[Entry], drops: f64, repeats: f64, seed: u64) -> Stream {
    let mut chance = Chance(seed);
    let mut damaged = Stream::new();
    for (n, entry) in stream.iter().enumerate() {
        // The first frames stay: what is not between two pairs is not dropped but outside.
        let inner = n > 1 && n + 2 < stream.len();
        if inner && chance.one_in(drops) {
            continue;
        }
        damaged.push(entry.clone());
        if inner && chance.one_in(repeats) {
            damaged.push(Entry { time: entry.time + FRAME / 2, ..entry.clone() });
        }
    }
    damaged
}

/// Frames that an encoder has frozen: each shows again what the one before showed, its time stamp stays.
pub fn freeze(stream: &[Entry], percent: f64, seed: u64) -> Stream {
    let mut chance = Chance(seed);
    let mut frozen: Stream = Vec::new();
    for (n, entry) in stream.iter().enumerate() {
        let held = frozen.last().filter(|_| n > 1 && chance.one_in(percent)).cloned();
        let held = held.unwrap_or_else(|| entry.clone());
        frozen.push(Entry { time: entry.time, due: entry.due, ..held });
    }
    frozen
}

/// Holds the frame `at` for `length` frames more; the rest comes so much later.
pub fn pause(stream: &[Entry], at: usize, length: usize) -> Stream {
    let mut paused: Stream = stream[..=at].to_vec();
    for n in 1..=length {
        paused.push(Entry { time: stream[at].time + n as i64 * FRAME, ..stream[at].clone() });
    }
    let later = length as i64 * FRAME;
    paused.extend(stream[at + 1..].iter().map(|entry| Entry { time: entry.time + later, ..entry.clone() }));
    paused
}

/// The picture that is shown at each of the new times, as a player repeats and drops them.
pub fn resample(stream: &[Entry], interval: f64) -> Stream {
    let end = stream.last().map_or(0, |last| last.time) as f64;
    let count = (end / interval) as usize + 1;
    let at = |n: usize| {
        let time = (n as f64 * interval) as i64;
        let shown = stream.partition_point(|entry| entry.time <= time + 1000).max(1) - 1;
        Entry { time, ..stream[shown].clone() }
    };
    (0..count).map(at).collect()
}

/// Other pictures than the clip's between its frames; the rest comes later.
pub fn insert(stream: &[Entry], at: usize, other: &[Entry]) -> Stream {
    let mut longer: Stream = stream[..at].to_vec();
    let foreign = |(n, entry): (usize, &Entry)| Entry {
        time: stream[at].time + n as i64 * FRAME,
        shows: None,
        due: None,
        source: entry.image.clone(),
        image: fit(&entry.image, stream[0].image.width, stream[0].image.height),
        ..entry.clone()
    };
    longer.extend(other.iter().enumerate().map(foreign));
    let later = other.len() as i64 * FRAME;
    longer.extend(stream[at..].iter().map(|entry| Entry { time: entry.time + later, ..entry.clone() }));
    longer
}

/// One picture held for so many frames.
pub fn still(stream: &[Entry], at: usize, length: usize) -> Stream {
    (0..length).map(|n| Entry { time: n as i64 * FRAME, ..stream[at].clone() }).collect()
}

/// One stream behind another.
pub fn then(mut first: Stream, second: &[Entry]) -> Stream {
    let later = first.len() as i64 * FRAME;
    first.extend(second.iter().map(|entry| Entry { time: entry.time + later, ..entry.clone() }));
    first
}

/// White frames here and there, as flashes are: `percent` of all.
pub fn flashes(mut stream: Stream, percent: f64, seed: u64) -> Stream {
    let mut chance = Chance(seed);
    let white = Image::flat(stream[0].image.width, stream[0].image.height, 235);
    for entry in &mut stream {
        if chance.one_in(percent) {
            *entry = Entry { image: white.clone(), source: white.clone(), ..entry.clone() };
        }
    }
    // What is shown is another picture than the clip's now.
    stream.iter_mut().enumerate().for_each(|(n, entry)| (entry.shows, entry.due) = (Some(n), Some(n)));
    stream
}

/// Nothing of it is in the other stream.
pub fn foreign(mut stream: Stream) -> Stream {
    stream.iter_mut().for_each(|entry| (entry.shows, entry.due) = (None, None));
    stream
}

/// Does something to every picture.
pub fn each(mut stream: Stream, change: impl Fn(&Image) -> Image) -> Stream {
    stream.iter_mut().for_each(|entry| entry.image = change(&entry.image));
    stream
}

/// Through an encoder and back.
pub fn coded(mut stream: Stream, encoder: &str) -> Stream {
    let images: Vec<Image> = stream.iter().map(|entry| entry.image.clone()).collect();
    stream.iter_mut().zip(encode(&images, encoder)).for_each(|(entry, image)| entry.image = image);
    stream
}

/// x264 with so many kbit/s.
pub fn x264(bitrate: u32) -> String {
    let encoder = format!("x264enc bitrate={bitrate} speed-preset=veryfast threads=1 key-int-max=100");
    format!("{encoder} ! h264parse ! avdec_h264 max-threads=2")
}

pub fn gain(gain: f64, bias: f64) -> impl Fn(&Image) -> Image {
    move |image| {
        let luma = image.luma().iter().map(|&y| (f64::from(y) * gain + bias).round().clamp(0.0, 255.0) as u8).collect();
        image.with_luma(image.width, image.height, luma)
    }
}

/// Moved right and down by so many pixels, linearly between them; the border repeated.
pub fn shift(x: f64, y: f64) -> impl Fn(&Image) -> Image {
    move |image| sample(image, image.width, image.height, |i, j| (i - x, j - y))
}

/// What is left of a picture when bars of so many rows at top and bottom were laid over a scaled one and cut away
/// again.
pub fn letterboxed(rows: usize) -> impl Fn(&Image) -> Image {
    move |image| fit(image, image.width, image.height - 2 * rows)
}

/// Scaled to a size.
pub fn fit(image: &Image, width: usize, height: usize) -> Image {
    let (sx, sy) = (image.width as f64 / width as f64, image.height as f64 / height as f64);
    sample(image, width, height, |i, j| ((i + 0.5) * sx - 0.5, (j + 0.5) * sy - 0.5))
}

fn sample(image: &Image, width: usize, height: usize, from: impl Fn(f64, f64) -> (f64, f64)) -> Image {
    let luma = image.luma();
    let at = |x: isize, y: isize| {
        let (x, y) = (x.clamp(0, image.width as isize - 1), y.clamp(0, image.height as isize - 1));
        f64::from(luma[y as usize * image.width + x as usize])
    };
    let mut out = Vec::with_capacity(width * height);
    for j in 0..height {
        for i in 0..width {
            let (x, y) = from(i as f64, j as f64);
            let (fx, fy) = (x - x.floor(), y - y.floor());
            let (x, y) = (x.floor() as isize, y.floor() as isize);
            let top = at(x, y) * (1.0 - fx) + at(x + 1, y) * fx;
            let bottom = at(x, y + 1) * (1.0 - fx) + at(x + 1, y + 1) * fx;
            out.push((top * (1.0 - fy) + bottom * fy).round() as u8);
        }
    }
    image.with_luma(width, height, out)
}

/// A frame fed to the engine.
pub struct Fed {
    pub stamp: Timestamp,
    pub signature: Signature,
}

/// What is fed of a stream.
pub fn fed(stream: &[Entry]) -> Vec<Fed> {
    let feed = |n: usize| {
        let next = stream.get(n + 1).and_then(|next| u64::try_from(next.time - stream[n].time).ok());
        let duration = stream[n].duration.or(next).or(Some(FRAME as u64)).filter(|&d| d != UNKNOWN);
        let stamp = Timestamp { running: Some(stream[n].time), duration };
        Fed { stamp, signature: stream[n].image.signature() }
    };
    (0..stream.len()).map(feed).collect()
}

/// RMS difference of two pictures' 64 × 36 means, in 8-bit code values, up to which they are the same picture: less
/// than what rounding to 8 bits does to a sample, and a third of what the two pictures of the slowest motion in the
/// clips that anyone could tell apart differ by.
pub const SAME: f64 = 0.5;

/// The references that show the picture which a distorted frame shows; none for what is from elsewhere.
pub fn partners(entry: &Entry, reference: &[Entry], fed: &[Fed]) -> Option<HashSet<u64>> {
    let shows = entry.shows?;
    let source = entry.source.signature();
    let same = |n: usize| reference[n].shows == Some(shows) || source.difference(&fed[n].signature) <= SAME;
    Some((0..reference.len()).filter(|&n| same(n)).map(|n| n as u64).collect())
}
