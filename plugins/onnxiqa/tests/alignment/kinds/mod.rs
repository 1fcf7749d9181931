// SPDX-License-Identifier: MPL-2.0

//! The truth cases by kind: one function per kind creates its cases from the contents and seeds of a half.

mod damage;
mod films;
mod pictures;
mod still;
mod timing;

use crate::clips::{Clip, Image};
use crate::codec::{CODECS, Codec, version};
use crate::contents::Set;
use crate::ground_truth::{Case, Entry, FRAME, SAME, Stream, stream};

/// A kind: its name, and the function that creates its cases.
pub type Kind = (&'static str, fn(&Set) -> Vec<Case>);

/// All of them.
pub const ALL: &[Kind] = &[
    ("nothing moves", still::nothing_moves),
    ("one picture", still::one_picture),
    ("clips of 1 to 10 frames", still::short),
    ("pictures under 32 pixels", still::tiny),
    ("1 frame a second", still::one_a_second),
    ("loops of 1 s", still::loops),
    ("still, then moving", still::then_moving),
    ("flashes", still::flashing),
    ("fade-in after black", still::fade_in),
    ("equal timing, coded", timing::equal),
    ("constant offset", timing::offsets),
    ("part of a frame, late start", timing::fractions),
    ("dropped, restamped", timing::dropped_restamped),
    ("dropped", timing::dropped),
    ("repeated", timing::repeated),
    ("frozen", timing::frozen),
    ("CFR and VFR", timing::constant_and_variable),
    ("speed", timing::speed),
    ("frame rates", timing::frame_rates),
    ("squeezed stamps", timing::squeezed),
    ("steps and jumps of stamps", timing::steps),
    ("time base as duration", timing::time_base),
    ("gray frames", damage::gray),
    ("lost packets", damage::packets),
    ("bar, crawl, logo", damage::overlays),
    ("another film", films::another),
    ("another part of the film", films::another_part),
    ("inserted advertisement", films::inserted),
    ("replaced by an advertisement", films::replaced),
    ("levels and geometry", pictures::levels_and_geometry),
];

/// A coded content. Where the encoder repeated a picture although the content moves, the repeated picture is what is
/// shown.
fn coded(clip: &Clip, codec: Codec) -> Stream {
    let mut coded = with_images(stream(clip), &version(clip, codec));
    for n in 1..coded.len() {
        let (before, entry) = (&coded[n - 1], &coded[n]);
        let change = |a: &Image, b: &Image| a.signature().difference(&b.signature());
        let held = change(&before.image, &entry.image) <= HELD && change(&before.source, &entry.source) > SAME;
        if held {
            let (shows, source) = (before.shows, before.source.clone());
            coded[n] = Entry { shows, source, ..coded[n].clone() };
        }
    }
    coded
}

/// Up to this RMS difference of means, in 8-bit code values, the second of two coded pictures repeats the first.
const HELD: f64 = 0.05;

/// Replaces the images.
fn with_images(mut stream: Stream, images: &[Image]) -> Stream {
    stream.iter_mut().zip(images).for_each(|(entry, image)| entry.image = image.clone());
    stream
}

/// Cycles through the codecs.
fn codec(number: usize) -> Codec {
    CODECS[number * 3 % CODECS.len()]
}

/// Changes every image; only signatures are kept.
fn drawn(mut stream: Stream, change: impl Fn(usize, &Image) -> Image) -> Stream {
    stream.iter_mut().enumerate().for_each(|(n, entry)| entry.image = change(n, &entry.image).without_samples());
    stream
}

/// Delays all time stamps, in ns.
fn later(mut stream: Stream, by: i64) -> Stream {
    stream.iter_mut().for_each(|entry| entry.time += by);
    stream
}

/// The frames `from` to before `to`, starting at time 0.
fn part(stream: &[Entry], from: usize, to: usize) -> Stream {
    let start = stream[from].time;
    stream[from..to].iter().map(|entry| Entry { time: entry.time - start, ..entry.clone() }).collect()
}

/// Sets the one offset, in ns, that applies to the whole case.
fn constant(case: Case, offset: i64) -> Case {
    Case { offset: Some(offset), ..case }
}

/// Adds a case and the swapped case.
fn both(cases: &mut Vec<Case>, case: Case) {
    let swapped = case.swapped();
    cases.extend([case, swapped]);
}

/// A number of frames of 40 ms, in ns.
fn frames(count: i64) -> i64 {
    count * FRAME
}
