// SPDX-License-Identifier: MPL-2.0

//! Reports that are made up, with pictures that are drawn.

use super::super::RenditionCurves;
use crate::report::data::*;
use onnx_iqa::record::PairingState;
use std::collections::BTreeMap;
use std::path::Path;

/// Values that stand in the untrusted rendition, and must not stand in its page.
pub const FORBIDDEN: f64 = 43.218_765;

pub struct Sample {
    pub report: Report,
    pub curves: Vec<RenditionCurves>,
}

fn measure(name: &str, unit: Option<&str>) -> Measure {
    Measure {
        name: name.to_owned(),
        unit: unit.map(str::to_owned),
        description: format!("What {name} says"),
        model: (name == "vmaf").then(|| "vmaf_v0.6.1".to_owned()),
        model_hash: (name == "vmaf").then(|| "3f1c88a09be4".to_owned()),
    }
}

fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A picture with edges, texture and a ramp; `harm` blurs it into blocks, 0 to 1.
fn scene(width: u32, height: u32, time: f64, harm: f64, night: bool) -> image::RgbImage {
    let block = 1 + (harm * 24.0) as u32;
    image::RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x / block * block, y / block * block);
        let (u, v) = (f64::from(x) / f64::from(width), f64::from(y) / f64::from(height));
        let hills = 0.55 + 0.08 * (u * 9.0 + time * 0.02).sin() + 0.03 * (u * 31.0).sin();
        let grain = f64::from((x.wrapping_mul(7919) ^ y.wrapping_mul(104_729)) % 29) - 14.0;
        let [r, g, b] = if night {
            let window = (u * 40.0).fract() > 0.4 && (v * 24.0).fract() > 0.5 && v > 0.4;
            if window { [240.0, 210.0, 120.0] } else { [14.0 + v * 40.0, 18.0 + v * 30.0, 48.0 + v * 30.0] }
        } else if v < hills {
            [110.0 + v * 160.0, 140.0 + v * 90.0, 190.0 - v * 60.0]
        } else {
            [40.0 + grain, 84.0 + grain * 1.5, 96.0 + grain]
        };
        image::Rgb([r, g, b].map(|value: f64| value.clamp(0.0, 255.0) as u8))
    })
}

/// One rung of the ladder: its name, lines, Mb/s, mean VMAF, depth of the hole at 41 s.
struct Rung(&'static str, u32, f64, f64, f64);

const LADDER: [Rung; 4] = [
    Rung("1080p", 1080, 4.81, 95.6, 2.2),
    Rung("720p", 720, 2.42, 92.6, 4.2),
    Rung("540p", 540, 1.94, 86.3, 5.4),
    Rung("360p", 360, 0.82, 84.4, 14.5),
];

fn curve(rung: &Rung, seed: u64, seconds: f64) -> RenditionCurves {
    let Rung(name, _, _, base, depth) = rung;
    let mut random = noise(seed);
    let (mut times, mut vmaf, mut psnr, mut ssim, mut pairing) = (vec![], vec![], vec![], vec![], vec![]);
    for frame in 0..(seconds * 25.0) as u32 {
        let time = f64::from(frame) * 0.04;
        // 12 frames are dropped, 3 repeated, and 4 have no partner.
        let within = time % 72.0;
        if *name == "360p" && (41.2..41.68).contains(&within) {
            continue;
        }
        let state = match frame % 1800 {
            455 | 825 | 1385 if *name == "720p" => PairingState::Duplicate,
            1300..1304 if *name == "540p" => PairingState::Unmatched,
            _ => PairingState::Matched,
        };
        let hole = depth / (1.0 + (-(within - 41.4) * 4.0).exp()) / (1.0 + ((within - 46.6) * 4.0).exp());
        let dip = 3.0 * (-(within - 12.5).powi(2) / 9.0).exp() + 2.5 * (-(within - 27.0).powi(2) / 14.0).exp();
        let value = (base - hole - dip + (random() - 0.5) * 1.5 + (time / 5.0).sin() * 0.6).min(100.0);
        let known = state != PairingState::Unmatched;
        let or_nan = |value: f64| if known { value as f32 } else { f32::NAN };
        times.push(time);
        pairing.push(state);
        vmaf.push(or_nan(value));
        psnr.push(or_nan(24.6 + (value - 60.0) * 0.475));
        ssim.push(or_nan(1.0 - ((100.0 - value) / 100.0).powf(1.25) * 0.42));
    }
    let fields = vec![("vmaf".to_owned(), vmaf), ("psnr-y".to_owned(), psnr), ("ssim".to_owned(), ssim)];
    RenditionCurves { name: (*name).to_owned(), times, pairing, fields }
}

fn pool(values: &[f32]) -> Pooled {
    let mut sorted: Vec<f64> = values.iter().filter(|value| value.is_finite()).map(|value| f64::from(*value)).collect();
    sorted.sort_by(f64::total_cmp);
    let rank = |percent: usize| sorted[(percent * sorted.len()).div_ceil(100).max(1) - 1];
    let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
    [("mean", mean), ("min", sorted[0]), ("p1", rank(1)), ("p5", rank(5)), ("p10", rank(10)), ("median", rank(50))]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
}

fn counts(curves: &RenditionCurves, dropped: u64, outside: u64) -> BTreeMap<String, u64> {
    let count = |state| curves.pairing.iter().filter(|pairing| **pairing == state).count() as u64;
    let counts = [
        ("matched", count(PairingState::Matched)),
        ("duplicate", count(PairingState::Duplicate)),
        ("unmatched", count(PairingState::Unmatched)),
        ("dropped", dropped),
        ("outside", outside),
    ];
    counts.map(|(name, value)| (name.to_owned(), value)).into()
}

/// The pictures of a moment, written beside the report.
fn pictures(folder: &Path, stem: &str, height: u32, time: f64, harm: f64, size: [u32; 2]) -> [Option<String>; 4] {
    std::fs::create_dir_all(folder.join("frames")).expect("a folder");
    let [width, lines] = size;
    let source = scene(width, lines, time, 0.0, false);
    let own = scene(height * width / lines, height, time, harm, false);
    let scaled = image::imageops::resize(&own, width, lines, image::imageops::FilterType::Triangle);
    let difference = image::RgbImage::from_fn(width, lines, |x, y| {
        let (one, two) = (source.get_pixel(x, y).0, scaled.get_pixel(x, y).0);
        image::Rgb(std::array::from_fn(|c| ((i16::from(two[c]) - i16::from(one[c])) * 4 + 128).clamp(0, 255) as u8))
    });
    let map = image::imageops::resize(&difference, 64, 36, image::imageops::FilterType::Triangle);
    let save = |picture: &image::RgbImage, kind: &str| {
        let name = format!("frames/{stem}-{kind}.png");
        picture.save(folder.join(&name)).expect("written");
        Some(name)
    };
    [save(&source, "source"), save(&own, "rendition"), save(&difference, "difference"), save(&map, "map")]
}

fn threshold(expression: &str, value: Option<f64>, met: Option<bool>) -> Threshold {
    Threshold { expression: expression.to_owned(), value, met }
}

fn rendition(folder: &Path, rung: &Rung, curves: &RenditionCurves, size: [u32; 2]) -> Rendition {
    let Rung(name, height, rate, ..) = *rung;
    let measures: BTreeMap<_, _> = curves.fields.iter().map(|(name, values)| (name.clone(), pool(values))).collect();
    let vmaf = &curves.fields[0].1;
    let worst = onnx_iqa::stats::worst(&curves.times, vmaf, 5, 1.0).into_iter().enumerate().map(|(number, index)| {
        let (time, value) = (curves.times[index], f64::from(vmaf[index]));
        let harm = ((90.0 - value) / 40.0).clamp(0.05, 0.8);
        let [source_picture, picture, difference, map] =
            pictures(folder, &format!("{name}-{number}"), height * size[1] / 1080, time, harm, size);
        let values = curves.fields.iter().map(|(name, values)| (name.clone(), f64::from(values[index]))).collect();
        Moment {
            time: time - 0.04,
            source_time: Some(time),
            measure: Some("vmaf".to_owned()),
            value: Some(value),
            values,
            source_picture,
            labelled: None,
            picture,
            difference,
            map,
        }
    });
    let worst = worst.collect();
    let p5 = measures["vmaf"]["p5"];
    let dropped = match name {
        "360p" => 12,
        "720p" => 3,
        "540p" => 4,
        _ => 0,
    };
    Rendition {
        media: Media {
            name: name.to_owned(),
            uri: format!("file:///films/harbour-{name}.mp4"),
            codec: Some("H.264".to_owned()),
            width: Some(height * 16 / 9),
            height: Some(height),
            frame_rate: Some(25.0),
            bit_rate: Some(rate * 1e6),
            declared_bandwidth: Some(rate * 0.99e6),
            ..Media::default()
        },
        verdict: "aligned".to_owned(),
        offset_ms: Some(40.0),
        confidence: Some(if name == "540p" { 0.94 } else { 0.99 }),
        evidence: Some("picture".to_owned()),
        coverage: Some(100.0),
        counts: counts(curves, dropped, 1),
        measures,
        thresholds: vec![
            threshold("vmaf.p5>=80", Some(p5), Some(p5 >= 80.0)),
            threshold("dropped<=5", Some(dropped as f64), Some(dropped <= 5)),
        ],
        reasons: vec![],
        worst,
    }
}

/// A ladder of four rungs, as long as that.
pub fn ladder(folder: &Path, seconds: f64, size: [u32; 2]) -> Sample {
    let curves: Vec<_> = LADDER.iter().enumerate().map(|(seed, rung)| curve(rung, seed as u64 + 3, seconds)).collect();
    let renditions = LADDER.iter().zip(&curves).map(|(rung, curves)| rendition(folder, rung, curves, size)).collect();
    let report = Report {
        version: VERSION,
        generator: "iqa 0.2.0".to_owned(),
        created: "2026-03-14T09:26:53Z".to_owned(),
        source: Media {
            name: "harbour-master.mov".to_owned(),
            uri: "file:///films/harbour-master.mov".to_owned(),
            width: Some(1920),
            height: Some(1080),
            frame_rate: Some(25.0),
            duration: Some(seconds),
            ..Media::default()
        },
        measures: vec![measure("psnr-y", Some("dB")), measure("ssim", None), measure("vmaf", None)],
        renditions,
        run: vec![
            Fact { name: "Command".to_owned(), value: "iqa compare harbour-master.mov harbour-*.mp4".to_owned() },
            Fact { name: "Scaling".to_owned(), value: "to the source’s size, bicubic".to_owned() },
        ],
        unchecked: vec![],
        inversions: vec![],
        versus: None,
        interrupted: false,
        exit: 1,
    };
    Sample { report, curves }
}

/// The ladder of 72 s, and a fifth rendition of another film.
pub fn with_stranger(folder: &Path, size: [u32; 2]) -> Sample {
    let mut sample = ladder(folder, 72.0, size);
    std::fs::create_dir_all(folder.join("frames")).expect("a folder");
    scene(size[0], size[1], 20.0, 0.0, false).save(folder.join("frames/240p-0-source.png")).expect("written");
    scene(size[0] / 3, size[1] / 3, 20.0, 0.1, true).save(folder.join("frames/240p-0-rendition.png")).expect("written");
    let mut curves = curve(&Rung("240p", 240, 0.31, FORBIDDEN, 0.0), 9, 72.0);
    let mut random = noise(5);
    for (pairing, index) in curves.pairing.iter_mut().zip(0..) {
        *pairing = if random() < 0.12 { PairingState::Matched } else { PairingState::Unmatched };
        curves.fields.iter_mut().for_each(|(_, values)| values[index] = FORBIDDEN as f32);
    }
    let values: BTreeMap<_, _> = [("vmaf".to_owned(), FORBIDDEN)].into();
    sample.report.renditions.push(Rendition {
        media: Media {
            name: "240p".to_owned(),
            uri: "file:///films/harbour-240p.mp4".to_owned(),
            width: Some(426),
            height: Some(240),
            frame_rate: Some(25.0),
            bit_rate: Some(0.31e6),
            ..Media::default()
        },
        verdict: "not-aligned".to_owned(),
        offset_ms: Some(FORBIDDEN),
        confidence: Some(FORBIDDEN / 100.0),
        evidence: None,
        coverage: None,
        counts: counts(&curves, 1391, 197),
        measures: [("vmaf".to_owned(), [("mean".to_owned(), FORBIDDEN), ("p5".to_owned(), FORBIDDEN)].into())].into(),
        thresholds: vec![threshold("vmaf.p5>=80", Some(FORBIDDEN), Some(false))],
        reasons: vec![
            "The pictures contradict the times.".to_owned(),
            "Check that harbour-240p.mp4 was made from this source; if it only starts late, try --search-range 30s."
                .to_owned(),
        ],
        worst: vec![Moment {
            time: 20.0,
            source_time: Some(20.0),
            measure: Some("vmaf".to_owned()),
            value: Some(FORBIDDEN),
            values,
            source_picture: Some("frames/240p-0-source.png".to_owned()),
            labelled: None,
            picture: Some("frames/240p-0-rendition.png".to_owned()),
            difference: None,
            map: None,
        }],
    });
    sample.curves.push(curves);
    sample.report.exit = 3;
    sample
}
