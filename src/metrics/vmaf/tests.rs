// SPDX-License-Identifier: MPL-2.0

//! Compared with libvmaf frame by frame and feature by feature, and between levels.

mod libvmaf;

use super::VmafModel;
use super::extract::{Extracted, Extractor};
use super::model::Wanted;
use crate::metrics::{SharedReference, pair::Pair, workers::Workers};
use crate::picture::{Colorimetry, Frame as _, OwnedFrame, PixelFormat};
use crate::sharing::Lease;
use crate::simd::Level;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models");

/// A picture of gradients, edges and noise, with similar chroma.
fn frame(format: PixelFormat, width: u32, height: u32, seed: u32) -> OwnedFrame {
    let depth = format.components()[0].depth;
    let bytes = if depth > 8 { 2 } else { 1 };
    let plane = |(width, height): (u32, u32), seed: u32| {
        let sample = |i: u32| {
            let (x, y) = (i % width, i / width);
            let noise = (i.wrapping_mul(2_654_435_761) ^ seed.wrapping_mul(40_503)).wrapping_mul(2_246_822_519) >> 27;
            let value =
                (40 + x % 64 + y / 3 % 64 + (x / 11 + y / 7 + seed) % 2 * 60 + noise) << (depth - 8) | noise & 3;
            value.to_le_bytes().into_iter().take(bytes).collect::<Vec<_>>()
        };
        ((0..width * height).flat_map(sample).collect(), width as usize * bytes)
    };
    let sizes = format.components().iter().map(|component| (component.width(width), component.height(height)));
    let planes = sizes.zip(seed..).map(|(size, seed)| plane(size, seed)).collect();
    OwnedFrame { format, width, height, colorimetry: Colorimetry::SRGB, planes }
}

/// Three pairs, the second with another reference.
fn extract(
    level: Level,
    threads: usize,
    format: PixelFormat,
    [width, height]: [u32; 2],
    wanted: Wanted,
) -> Vec<Extracted> {
    let mut workers = Workers::new(threads);
    workers.level = level;
    let mut extractor = Extractor::new(wanted);
    let pair = |seed: u32| {
        let [a, b] = [frame(format, width, height, seed), frame(format, width, height, seed + 7)];
        let [a, b] = [a.picture().unwrap(), b.picture().unwrap()];
        let pair = Pair::new(&a, &b).unwrap();
        let components: Vec<_> = pair.components().collect();
        extractor.extract(&workers, &components, pair.depth(), None)
    };
    [1, 2, 1].map(pair).into()
}

/// Features have the same bits at every level, with any number of threads. Sizes have even and odd sides, below and
/// above a vector, a tile and a band, at 8 and more bits.
#[test]
fn levels_and_threads_agree() {
    let wanted = |name: &str| VmafModel::open(name, &[FOLDER.into()]).unwrap().wanted();
    let (default, neg) = (wanted("vmaf_v0.6.1"), wanted("vmaf_v0.6.1neg"));
    let mut other = neg;
    other.vif = Some([1.5; 4]);
    other.adm.as_mut().unwrap().gain_limit = 1.2;
    let (v1, v1_far) = (wanted("vmaf_v1.0.16_3d0h"), wanted("vmaf_v1.0.16_hfr_5d0h"));
    for (format, size, wanted) in [
        (PixelFormat::Gray8, [33, 33], default),
        (PixelFormat::Gray8, [131, 67], neg),
        (PixelFormat::Gray8, [390, 290], default),
        (PixelFormat::Gray8, [517, 161], other),
        (PixelFormat::Gray10, [160, 96], default),
        (PixelFormat::Gray10, [258, 130], neg),
        // Two by two blocks of chroma have enough positions for a covariance.
        (PixelFormat::I420, [341, 321], v1),
        (PixelFormat::I420, [551, 540], v1_far),
        (PixelFormat::Y444p10, [271, 277], v1_far),
        (PixelFormat::I420p12, [321, 323], v1),
    ] {
        let expected = extract(Level::Scalar, 1, format, size, wanted);
        assert!(expected.iter().any(|found| found.difference.is_some()));
        assert!(wanted.motion.five_frames || expected[1].difference.is_some_and(|difference| difference > 0.0));
        assert!(wanted.speed.is_none() || expected.iter().any(|found| found.features.speed_chroma > 0.0));
        for level in Level::all() {
            for threads in [1, 2, 3] {
                let found = extract(level, threads, format, size, wanted);
                assert_eq!(found, expected, "{}, {threads} threads, {format} {size:?}", level.name());
            }
        }
    }
}

/// Data of the reference that others have computed changes no bit, whoever computed it, at whatever level.
#[test]
fn a_shared_reference_changes_nothing() {
    let wanted = |name: &str| VmafModel::open(name, &[FOLDER.into()]).unwrap().wanted();
    for (format, size, model) in [
        (PixelFormat::Gray8, [33, 33], "vmaf_v0.6.1"),
        (PixelFormat::Gray8, [131, 67], "vmaf_v0.6.1"),
        (PixelFormat::Gray8, [390, 290], "vmaf_v0.6.1"),
        (PixelFormat::Gray10, [258, 130], "vmaf_v0.6.1"),
        (PixelFormat::I420, [239, 181], "vmaf_v1.0.16_3d0h"),
        (PixelFormat::Y444p10, [261, 167], "vmaf_v1.0.16_hfr_5d0h"),
    ] {
        let wanted = wanted(model);
        let expected = extract(Level::Scalar, 1, format, size, wanted);
        for (level, other) in Level::all().into_iter().zip(Level::all().into_iter().rev()) {
            let mut rungs = [(level, 1), (other, 2), (level, 3)].map(|(level, threads)| {
                let mut workers = Workers::new(threads);
                workers.level = level;
                (workers, Extractor::new(wanted))
            });
            let [width, height] = size;
            for (index, seed) in [1, 2, 1].into_iter().enumerate() {
                let [a, b] = [frame(format, width, height, seed), frame(format, width, height, seed + 7)];
                let name = [a.planes[0].0.as_ptr() as usize];
                let leases = [(); 3].map(|()| Lease::new(&name));
                let [a, b] = [a.picture().unwrap(), b.picture().unwrap()];
                let pair = Pair::new(&a, &b).unwrap();
                let components: Vec<_> = pair.components().collect();
                for ((workers, extractor), lease) in rungs.iter_mut().zip(&leases) {
                    let shared = SharedReference::new(lease, &a, &a).unwrap();
                    // One of them skips a pair, and then continues.
                    let shared = (workers.count() < 3 || index != 1).then_some(&shared);
                    let found = extractor.extract(workers, &components, pair.depth(), shared);
                    assert_eq!(found, expected[index], "{}, {format} {size:?}, pair {index}", level.name());
                }
            }
        }
    }
}
