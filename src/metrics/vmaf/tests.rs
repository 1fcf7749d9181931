// SPDX-License-Identifier: MPL-2.0

//! Against libvmaf itself, frame by frame, feature by feature; and every level against the others.

mod libvmaf;

use super::extract::{Extracted, Extractor};
use super::model::Limits;
use crate::metrics::{SharedReference, pair::Pair, workers::Workers};
use crate::picture::{Colorimetry, Frame as _, OwnedFrame, PixelFormat};
use crate::sharing::Lease;
use crate::simd::Level;

/// A picture of gradients, edges and noise.
fn frame(format: PixelFormat, width: u32, height: u32, seed: u32) -> OwnedFrame {
    let depth = format.components()[0].depth;
    let bytes = if depth > 8 { 2 } else { 1 };
    let sample = |i: u32| {
        let (x, y) = (i % width, i / width);
        let noise = (i.wrapping_mul(2_654_435_761) ^ seed.wrapping_mul(40_503)).wrapping_mul(2_246_822_519) >> 27;
        let value = (40 + x % 64 + y / 3 % 64 + (x / 11 + y / 7 + seed) % 2 * 60 + noise) << (depth - 8) | noise & 3;
        value.to_le_bytes().into_iter().take(bytes).collect::<Vec<_>>()
    };
    let planes = vec![((0..width * height).flat_map(sample).collect(), width as usize * bytes)];
    OwnedFrame { format, width, height, colorimetry: Colorimetry::SRGB, planes }
}

/// Three pairs, whose references move.
fn extract(
    level: Level,
    threads: usize,
    format: PixelFormat,
    [width, height]: [u32; 2],
    limits: Limits,
) -> Vec<Extracted> {
    let mut workers = Workers::new(threads);
    workers.level = level;
    let mut extractor = Extractor::default();
    let pair = |seed: u32| {
        let [a, b] = [frame(format, width, height, seed), frame(format, width, height, seed + 7)];
        let [a, b] = [a.picture().unwrap(), b.picture().unwrap()];
        let pair = Pair::new(&a, &b).unwrap();
        let luma = pair.components().next().unwrap();
        extractor.extract(&workers, &luma, pair.depth(), limits, None)
    };
    [1, 2, 1].map(pair).into()
}

/// Features are the same bits at every level, with any number of threads: of even and odd sides, of less than a vector, a
/// tile and a band and more, at 8 and at more bits.
#[test]
fn levels_and_threads_agree() {
    let neg = Limits { adm: 1.0, vif: [1.0; 4] };
    let other = Limits { adm: 1.2, vif: [1.5; 4] };
    for (format, size, limits) in [
        (PixelFormat::Gray8, [33, 33], Limits::default()),
        (PixelFormat::Gray8, [131, 67], neg),
        (PixelFormat::Gray8, [390, 290], Limits::default()),
        (PixelFormat::Gray8, [517, 161], other),
        (PixelFormat::Gray10, [160, 96], Limits::default()),
        (PixelFormat::Gray10, [258, 130], neg),
    ] {
        let expected = extract(Level::Scalar, 1, format, size, limits);
        assert!(expected[1].difference.is_some_and(|difference| difference > 0.0));
        for level in Level::all() {
            for threads in [1, 2, 3] {
                let found = extract(level, threads, format, size, limits);
                assert_eq!(found, expected, "{}, {threads} threads, {format} {size:?}", level.name());
            }
        }
    }
}

/// What others have computed of the reference changes no bit, whoever has computed it, at whatever level.
#[test]
fn a_shared_reference_changes_nothing() {
    for (format, size) in [
        (PixelFormat::Gray8, [33, 33]),
        (PixelFormat::Gray8, [131, 67]),
        (PixelFormat::Gray8, [390, 290]),
        (PixelFormat::Gray10, [258, 130]),
    ] {
        let limits = Limits::default();
        let expected = extract(Level::Scalar, 1, format, size, limits);
        for (level, other) in Level::all().into_iter().zip(Level::all().into_iter().rev()) {
            let mut rungs = [(level, 1), (other, 2), (level, 3)].map(|(level, threads)| {
                let mut workers = Workers::new(threads);
                workers.level = level;
                (workers, Extractor::default())
            });
            let [width, height] = size;
            for (index, seed) in [1, 2, 1].into_iter().enumerate() {
                let [a, b] = [frame(format, width, height, seed), frame(format, width, height, seed + 7)];
                let name = [a.planes[0].0.as_ptr() as usize];
                let leases = [(); 3].map(|()| Lease::new(&name));
                let [a, b] = [a.picture().unwrap(), b.picture().unwrap()];
                let pair = Pair::new(&a, &b).unwrap();
                let luma = pair.components().next().unwrap();
                for ((workers, extractor), lease) in rungs.iter_mut().zip(&leases) {
                    let shared = SharedReference::new(lease, &a, &a).unwrap();
                    // One that takes no part in between, and then goes on.
                    let shared = (workers.count() < 3 || index != 1).then_some(&shared);
                    let found = extractor.extract(workers, &luma, pair.depth(), limits, shared);
                    assert_eq!(found, expected[index], "{}, {format} {size:?}, pair {index}", level.name());
                }
            }
        }
    }
}
