// SPDX-License-Identifier: MPL-2.0

//! Pairs of streams with known partners.

use crate::clips::{Clip, Image, encode};
use onnx_iqa::align::time::{Signature, Timestamp};
use std::collections::HashSet;

/// One frame of a stream.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Running time, ns.
    pub time: i64,
    pub image: Image,
    /// The picture before any change.
    pub source: Image,
    /// The number of the clip's picture that it shows; `None` if it shows something else.
    pub shows: Option<usize>,
    /// The number of the picture that it should show; differs from `shows` where an encoder froze.
    pub due: Option<usize>,
    /// Its stated duration, ns, or [`UNKNOWN`]; `None`: until the next frame.
    pub duration: Option<u64>,
    /// What it shows is not visible in it.
    pub damaged: bool,
    /// It may be left without its partner, which is beyond the search range.
    pub optional: bool,
}

/// The frame has no stated duration.
pub const UNKNOWN: u64 = u64::MAX;

/// A stream.
pub type Stream = Vec<Entry>;

/// Two streams to be paired.
pub struct Case {
    pub clip: &'static str,
    pub name: String,
    pub reference: Stream,
    pub distorted: Stream,
    /// The one constant offset, ns, if there is one.
    pub offset: Option<i64>,
}

impl Case {
    pub fn new(clip: &Clip, name: impl Into<String>, reference: Stream, distorted: Stream) -> Self {
        Self { clip: clip.name, name: name.into(), reference, distorted, offset: None }
    }

    /// The case with reference and distorted stream swapped.
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

/// Duration of a frame at 25 per second, ns.
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

/// The stream from frame `first` on, starting at time 0.
pub fn cut(stream: &[Entry], first: usize) -> Stream {
    let start = stream[first].time;
    stream[first..].iter().map(|entry| Entry { time: entry.time - start, ..entry.clone() }).collect()
}

/// Restamps frames at equal intervals, as if nothing had happened.
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

    /// A number from 0 to below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// True with a probability of `percent`.
    pub fn one_in(&mut self, percent: f64) -> bool {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64 * 100.0 < percent
    }
}

/// Drops and repeats frames, by percentage. A repeated frame has a time in between.
pub fn damage(stream: &[Entry], drops: f64, repeats: f64, seed: u64) -> Stream {
    let mut chance = Chance(seed);
    let mut damaged = Stream::new();
    for (n, entry) in stream.iter().enumerate() {
        // The first frames are kept: frames that are not between two pairs do not count as dropped but as outside.
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

/// Freezes frames like an encoder does: each shows the previous picture again, with its own time stamp.
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

/// Holds frame `at` for `length` more frames; the rest is delayed accordingly.
pub fn pause(stream: &[Entry], at: usize, length: usize) -> Stream {
    let mut paused: Stream = stream[..=at].to_vec();
    for n in 1..=length {
        paused.push(Entry { time: stream[at].time + n as i64 * FRAME, ..stream[at].clone() });
    }
    let later = length as i64 * FRAME;
    paused.extend(stream[at + 1..].iter().map(|entry| Entry { time: entry.time + later, ..entry.clone() }));
    paused
}

/// The picture shown at each of the new times, repeated and dropped like in a player.
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

/// Inserts pictures from elsewhere between the clip's frames; the rest is delayed.
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

/// One picture, held for that many frames.
pub fn still(stream: &[Entry], at: usize, length: usize) -> Stream {
    (0..length).map(|n| Entry { time: n as i64 * FRAME, ..stream[at].clone() }).collect()
}

/// Appends one stream to another.
pub fn then(mut first: Stream, second: &[Entry]) -> Stream {
    let later = first.len() as i64 * FRAME;
    first.extend(second.iter().map(|entry| Entry { time: entry.time + later, ..entry.clone() }));
    first
}

/// Replaces `percent` of the frames by white ones, like flashes.
pub fn flashes(mut stream: Stream, percent: f64, seed: u64) -> Stream {
    let mut chance = Chance(seed);
    let white = Image::flat(stream[0].image.width, stream[0].image.height, 235);
    for entry in &mut stream {
        if chance.one_in(percent) {
            *entry = Entry { image: white.clone(), source: white.clone(), ..entry.clone() };
        }
    }
    // The pictures now differ from the clip's.
    stream.iter_mut().enumerate().for_each(|(n, entry)| (entry.shows, entry.due) = (Some(n), Some(n)));
    stream
}

/// Marks a stream of which nothing is in the other stream.
pub fn foreign(mut stream: Stream) -> Stream {
    stream.iter_mut().for_each(|entry| (entry.shows, entry.due) = (None, None));
    stream
}

/// Changes every picture.
pub fn each(mut stream: Stream, change: impl Fn(&Image) -> Image) -> Stream {
    stream.iter_mut().for_each(|entry| entry.image = change(&entry.image));
    stream
}

/// Encodes and decodes a stream.
pub fn coded(mut stream: Stream, encoder: &str) -> Stream {
    let images: Vec<Image> = stream.iter().map(|entry| entry.image.clone()).collect();
    stream.iter_mut().zip(encode(&images, encoder)).for_each(|(entry, image)| entry.image = image);
    stream
}

/// x264 at that bit rate in kbit/s.
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

/// Moves the picture right and down by a number of pixels, linearly interpolated; the border is repeated.
pub fn shift(x: f64, y: f64) -> impl Fn(&Image) -> Image {
    move |image| sample(image, image.width, image.height, |i, j| (i - x, j - y))
}

/// The rest of a picture that was scaled, covered by bars of that many rows at top and bottom, and cropped to remove
/// them.
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

/// The frames of a stream as they are fed.
pub fn fed(stream: &[Entry]) -> Vec<Fed> {
    let feed = |n: usize| {
        let next = stream.get(n + 1).and_then(|next| u64::try_from(next.time - stream[n].time).ok());
        let duration = stream[n].duration.or(next).or(Some(FRAME as u64)).filter(|&d| d != UNKNOWN);
        let stamp = Timestamp { running: Some(stream[n].time), duration };
        Fed { stamp, signature: stream[n].image.signature() }
    };
    (0..stream.len()).map(feed).collect()
}

/// Two pictures are the same if the RMS difference of their 64 × 36 means is up to this, in 8-bit code values: less
/// than the effect of rounding a sample to 8 bits, and a third of the difference between two pictures of the slowest
/// visible motion in the clips.
pub const SAME: f64 = 0.5;

/// The references that show the picture of a distorted frame; `None` for pictures from elsewhere.
pub fn partners(entry: &Entry, reference: &[Entry], fed: &[Fed]) -> Option<HashSet<u64>> {
    let shows = entry.shows?;
    let source = entry.source.signature();
    let same = |n: usize| reference[n].shows == Some(shows) || source.difference(&fed[n].signature) <= SAME;
    Some((0..reference.len()).filter(|&n| same(n)).map(|n| n as u64).collect())
}
