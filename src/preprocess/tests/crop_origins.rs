// SPDX-License-Identifier: MPL-2.0

//! Sizes and places, and pictures smaller than their crops.

use super::{NONE, crops, input, rgb, tensor};
use crate::model::contract::{Channels, Crops, Geometry, Letterbox, LetterboxAt, Resize, Rounding, Sampling, Small};
use crate::picture::{Colorimetry, OwnedFrame, PixelFormat};
use crate::preprocess::{Plan, PreprocessError};

fn layout(geometry: Geometry, width: u32, height: u32) -> crate::preprocess::TensorLayout {
    try_layout(geometry, width, height).unwrap()
}

fn try_layout(geometry: Geometry, width: u32, height: u32) -> Result<crate::preprocess::TensorLayout, PreprocessError> {
    Plan::new(&rgb(geometry), PixelFormat::I420, width, height, Colorimetry::SRGB).map(|plan| plan.layout().clone())
}

fn short(side: u32, geometry: Geometry) -> Geometry {
    Geometry { scale: Some(Resize::ShortSide(side)), ..geometry }
}

/// A gray picture whose samples count up from 0.
fn counting(width: u32, height: u32) -> OwnedFrame {
    let data = (0..width * height).map(|i| i as u8).collect();
    let planes = vec![(data, width as usize)];
    OwnedFrame { format: PixelFormat::Gray8, width, height, colorimetry: Colorimetry::SRGB, planes }
}

/// The tensor of such a picture, in its own numbers.
fn counted(geometry: Geometry, width: u32, height: u32) -> Vec<u8> {
    let values = tensor(&input(Channels::Luma, geometry), &counting(width, height));
    values.iter().map(|v| (v * 255.0).round() as u8).collect()
}

#[test]
fn no_geometry_is_the_frame_as_it_is() {
    let layout = layout(NONE, 7, 5);
    assert_eq!((layout.crops, layout.channels, layout.width, layout.height), (1, 3, 7, 5));
    assert_eq!((layout.scaled, layout.crop_origins, counted(NONE, 7, 5)), ([7, 5], vec![[0, 0]], (0..35).collect()));
}

#[test]
fn the_short_side_is_met_and_the_long_one_rounded() {
    assert_eq!(layout(short(512, NONE), 1920, 1080).scaled, [910, 512]);
    assert_eq!(layout(short(512, NONE), 1080, 1920).scaled, [512, 910]);
    // 7 · 10 / 3 = 23.3, 8 · 10 / 3 = 26.7
    assert_eq!(layout(short(10, NONE), 7, 3).scaled, [23, 10]);
    assert_eq!(layout(short(10, NONE), 8, 3).scaled, [27, 10]);
    assert_eq!(layout(short(1, NONE), 65536, 3).scaled, [21845, 1]);
}

#[test]
fn the_long_side_is_met_and_the_short_one_rounded() {
    let long = |side| Geometry { scale: Some(Resize::LongSide(side)), ..NONE };
    assert_eq!(layout(long(512), 1920, 1080).scaled, [512, 288]);
    assert_eq!(layout(long(512), 1080, 1920).scaled, [288, 512]);
    // 3 · 10 / 7 = 4.3, 5 · 10 / 7 = 7.1; 1 · 8 / 100 = 0.1, but there is at least one row.
    assert_eq!(layout(long(10), 7, 3).scaled, [10, 4]);
    assert_eq!(layout(long(10), 7, 5).scaled, [10, 7]);
    assert_eq!(layout(long(8), 100, 1).scaled, [8, 1]);
}

#[test]
fn the_other_side_can_be_cut_off() {
    let down = |scale| Geometry { scale: Some(scale), rounding: Rounding::Down, ..NONE };
    let scaled = |scale, width, height| layout(down(scale), width, height).scaled;
    // 8 · 10 / 3 = 26.7, 1920 · 512 / 1080 = 910.2, 5 · 10 / 7 = 7.1, 6 · 10 / 7 = 8.6
    assert_eq!(scaled(Resize::ShortSide(10), 8, 3), [26, 10]);
    assert_eq!(scaled(Resize::ShortSide(512), 1080, 1920), [512, 910]);
    assert_eq!(scaled(Resize::LongSide(10), 7, 6), [10, 8]);
    assert_eq!(scaled(Resize::LongSide(8), 1, 100), [1, 8], "there is at least one column");
}

#[test]
fn a_scale_follows_the_frame() {
    let scaled = |factor, rounding, width, height| {
        layout(Geometry { scale: Some(Resize::Factor(factor)), rounding, ..NONE }, width, height).scaled
    };
    assert_eq!(scaled(0.5, Rounding::Nearest, 1920, 1080), [960, 540]);
    assert_eq!(scaled(0.5, Rounding::Nearest, 333, 481), [167, 241]);
    assert_eq!(scaled(0.5, Rounding::Down, 333, 481), [166, 240]);
    assert_eq!(scaled(0.25, Rounding::Nearest, 1, 9), [1, 2]);
    assert_eq!(scaled(0.001, Rounding::Down, 7, 5), [1, 1]);
    assert_eq!(scaled(3.0, Rounding::Nearest, 7, 5), [21, 15]);
    // Each pixel of the half is the mean of four: of 0, 1, 4, 5 and so on.
    let half = Geometry { scale: Some(Resize::Factor(0.5)), antialias: false, ..NONE };
    let means = tensor(&input(Channels::Luma, half), &counting(4, 4));
    let means: Vec<_> = means.iter().map(|v| (v * 255.0 * 2.0).round() / 2.0).collect();
    assert_eq!(means, [2.5, 4.5, 10.5, 12.5]);
}

#[test]
fn a_letterbox_has_its_size_whatever_the_frame() {
    for (width, height) in [(1920, 1080), (1080, 1920), (640, 640), (65536, 1), (1, 1), (333, 334)] {
        let letterbox = Letterbox { size: [640, 384], color: [0.0; 3], at: LetterboxAt::Center };
        let geometry = Geometry { scale: Some(Resize::Letterbox(letterbox)), ..NONE };
        let layout = layout(geometry, width, height);
        assert_eq!((layout.width, layout.height, layout.crop_origins), (640, 384, vec![[0, 0]]), "{width}x{height}");
    }
    // Mirrored to a multiple, borders and all.
    let letterbox = Letterbox { size: [2, 3], color: [1.0; 3], at: LetterboxAt::TopLeft };
    let geometry = Geometry { scale: Some(Resize::Letterbox(letterbox)), multiple_of: 4, ..NONE };
    let expected = [0, 1, 0, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255];
    assert_eq!(counted(geometry, 2, 1), expected);
}

#[test]
fn rounded_pictures_are_cropped_mirrored_and_padded_as_others() {
    for geometry in [
        crops(3, 2, 5),
        Geometry { small: Small::Mirror, ..crops(12, 9, 1) },
        Geometry { multiple_of: 4, ..NONE },
        Geometry { crops: Crops::All { stride: [2, 2] }, ..crops(3, 3, 1) },
    ] {
        // Nothing is scaled, so that there is nothing to round.
        let rounded = counted(Geometry { round: true, ..geometry.clone() }, 7, 5);
        assert_eq!(rounded, counted(geometry, 7, 5));
    }
}

#[test]
fn five_crops_are_the_center_and_the_corners() {
    let layout = layout(short(512, crops(224, 224, 5)), 1920, 1080);
    assert_eq!(layout.crop_origins, [[343, 144], [0, 0], [686, 0], [0, 288], [686, 288]]);
    assert_eq!(layout.len(), 5 * 3 * 224 * 224);
}

#[test]
fn other_numbers_are_a_grid_row_by_row() {
    assert_eq!(layout(crops(10, 10, 1), 31, 20).crop_origins, [[10, 5]]);
    assert_eq!(layout(crops(10, 10, 2), 31, 20).crop_origins, [[0, 0], [21, 0]]);
    assert_eq!(layout(crops(10, 10, 4), 31, 20).crop_origins, [[0, 0], [21, 0], [0, 10], [21, 10]]);
    let seven = [[0, 0], [11, 0], [21, 0], [0, 5], [11, 5], [21, 5], [0, 10]];
    assert_eq!(layout(crops(10, 10, 7), 31, 20).crop_origins, seven);
}

/// As pyiqa's `uniform_crop`, whose places for 20 and 25 crops were computed apart.
#[test]
fn steps_lead_from_the_top_left() {
    let steps = |count, width, height| {
        layout(Geometry { sampling: Sampling::Steps, ..crops(224, 224, count) }, width, height).crop_origins
    };
    assert_eq!(steps(1, 640, 427), [[0, 0]]);
    assert_eq!(steps(2, 640, 427), [[0, 0], [416, 0]]);
    assert_eq!(steps(3, 640, 427), [[0, 0], [416, 0], [0, 203]]);
    // A grid of 5 a side, ⌊416 / 4⌋ and ⌊203 / 4⌋ apart.
    let places = steps(20, 640, 427);
    let expected: Vec<_> = (0..4).flat_map(|y| (0..5).map(move |x| [x * 104, y * 50])).collect();
    assert_eq!(places, expected);
    // ⌊416 / 5⌋ and ⌊203 / 5⌋: the far border is not reached.
    let places = steps(25, 640, 427);
    assert_eq!((places.len(), places[6], places[24]), (25, [83, 40], [332, 160]));
    assert_eq!(steps(7, 224, 224), [[0, 0]; 7]);
    for count in 1..200 {
        let inside = |[x, y]: &[u32; 2]| x + 224 <= 333 && y + 224 <= 481;
        assert!(steps(count, 333, 481).iter().all(inside), "{count}");
    }
}

#[test]
fn center_and_random_places() {
    let center = Geometry { sampling: Sampling::Center, ..crops(10, 8, 3) };
    assert_eq!(layout(center, 31, 20).crop_origins, [[10, 6]; 3]);
    let random = |seed| Geometry { sampling: Sampling::Random { seed }, ..crops(10, 8, 100) };
    // Seed 42: the published numbers modulo 22 across and 13 down.
    assert_eq!(
        layout(random(42), 31, 20).crop_origins[..3],
        [
            [0xa15c_02b7 % 22, 0x7b47_f409 % 13],
            [0xba1d_3330 % 22, 0x83d2_f293 % 13],
            [0xbfa4_784b % 22, 0xcbed_606e % 13]
        ]
    );
    assert_eq!(layout(random(3), 31, 20).crop_origins, layout(random(3), 31, 20).crop_origins);
    assert_ne!(layout(random(3), 31, 20).crop_origins, layout(random(4), 31, 20).crop_origins);
    assert!(layout(random(9), 31, 20).crop_origins.iter().all(|[x, y]| x + 10 <= 31 && y + 8 <= 20));
}

#[test]
fn tiles_cover_everything_and_end_at_the_border() {
    let tiles = |stride| Geometry { crops: Crops::All { stride }, ..crops(8, 8, 1) };
    assert_eq!(layout(tiles([8, 8]), 20, 8).crop_origins, [[0, 0], [8, 0], [12, 0]]);
    assert_eq!(layout(tiles([6, 6]), 20, 14).crop_origins, [[0, 0], [6, 0], [12, 0], [0, 6], [6, 6], [12, 6]]);
    assert_eq!(layout(tiles([100, 100]), 9, 8).crop_origins, [[0, 0], [1, 0]]);
}

#[test]
fn a_small_picture_is_scaled_up_until_it_covers_the_crop() {
    assert_eq!(layout(crops(224, 224, 5), 320, 180).scaled, [398, 224]);
    assert_eq!(layout(crops(224, 224, 1), 180, 320).scaled, [224, 398]);
    assert_eq!(layout(crops(100, 20, 1), 10, 10).scaled, [100, 100]);
    assert_eq!(layout(short(100, crops(224, 224, 1)), 100, 100).scaled, [224, 224]);
    assert_eq!(layout(crops(224, 224, 5), 1, 1).scaled, [224, 224]);
    assert_eq!(layout(crops(64, 64, 5), 640, 180).scaled, [640, 180]);
}

#[test]
fn a_small_picture_is_mirrored_without_repeating_its_edge() {
    let mirror = |w, h| Geometry { small: Small::Mirror, ..crops(w, h, 1) };
    // Three samples 0 1 2, four more on the left than none, five on the right.
    assert_eq!(counted(mirror(12, 1), 3, 1), [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1]);
    assert_eq!(counted(mirror(2, 6), 2, 2), [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
    assert_eq!(counted(mirror(5, 4), 1, 1), [0; 20]);
    assert_eq!(layout(mirror(12, 9), 3, 20).scaled, [12, 20]);
    assert_eq!(layout(mirror(12, 9), 3, 20).crop_origins, [[0, 5]]);
}

#[test]
fn padding_mirrors_right_and_below() {
    let padded = Geometry { multiple_of: 4, ..NONE };
    assert_eq!(counted(padded.clone(), 3, 2), [0, 1, 2, 1, 3, 4, 5, 4, 0, 1, 2, 1, 3, 4, 5, 4]);
    assert_eq!(counted(Geometry { multiple_of: 7, ..NONE }, 1, 1), [0; 49]);
    let layout = layout(Geometry { multiple_of: 32, ..NONE }, 1920, 1080);
    assert_eq!((layout.width, layout.height, layout.scaled), (1920, 1088, [1920, 1080]));
    assert_eq!(counted(Geometry { multiple_of: 3, ..crops(2, 2, 1) }, 4, 4), [5, 6, 5, 9, 10, 9, 5, 6, 5]);
}

#[test]
fn every_format_of_every_odd_size_works() {
    let geometries = [
        NONE,
        Geometry { multiple_of: 8, ..NONE },
        crops(6, 4, 5),
        Geometry { small: Small::Mirror, ..crops(17, 13, 5) },
        short(4, crops(4, 4, 5)),
        short(9, NONE),
        Geometry { small: Small::Mirror, crops: Crops::All { stride: [3, 2] }, ..short(3, crops(5, 5, 1)) },
    ];
    for &format in PixelFormat::ALL {
        for (width, height) in [(1, 1), (1, 2), (2, 1), (3, 1), (1, 3), (7, 5), (5, 4), (33, 3)] {
            let half = |_: f64, _: f64| [0.5; 3];
            let frame = super::encode::encode(&half, format, width, height, Colorimetry::SRGB);
            for geometry in &geometries {
                for value in tensor(&rgb(geometry.clone()), &frame) {
                    assert!((value - 0.5).abs() < 0.005, "{format} {width}x{height} {geometry:?}: {value}");
                }
            }
        }
    }
}

#[test]
fn impossible_geometries_are_named() {
    let zero = |geometry| match try_layout(geometry, 64, 48) {
        Err(PreprocessError::Zero { key }) => key,
        other => panic!("{other:?}"),
    };
    assert_eq!(zero(crops(0, 4, 1)), "crop");
    assert_eq!(zero(crops(4, 4, 0)), "crops");
    assert_eq!(zero(Geometry { crops: Crops::All { stride: [4, 0] }, ..crops(4, 4, 1) }), "stride");
    assert_eq!(zero(short(0, NONE)), "short-side");
    assert_eq!(zero(super::resize(3, 0)), "resize");
    assert_eq!(zero(Geometry { multiple_of: 0, ..NONE }), "multiple-of");
    for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let result = try_layout(Geometry { scale: Some(Resize::Factor(factor)), ..NONE }, 64, 48);
        assert!(matches!(result, Err(PreprocessError::Factor { .. })), "{factor}: {result:?}");
    }

    assert!(matches!(try_layout(NONE, 0, 5), Err(PreprocessError::Frame { width: 0, height: 5 })));
    let thin = try_layout(crops(224, 224, 5), 1, 65536);
    assert!(
        matches!(
            thin,
            Err(PreprocessError::Scaled { width: 1, height: 65536, scaled_width: 224, scaled_height: 14_680_064 })
        ),
        "{thin:?}"
    );
    assert!(try_layout(Geometry { small: Small::Mirror, ..crops(224, 224, 5) }, 1, 65536).is_ok());
    let huge = [
        crops(224, 224, u32::MAX),
        super::resize(65536, 65536),
        crops(u32::MAX, u32::MAX, 1),
        Geometry { multiple_of: u32::MAX, ..NONE },
        Geometry { crops: Crops::All { stride: [1, 1] }, ..super::resize(60000, 60000) },
        Geometry { small: Small::Mirror, ..crops(u32::MAX, u32::MAX, u32::MAX) },
        Geometry { crops: Crops::All { stride: [1, 1] }, small: Small::Mirror, ..crops(u32::MAX, 1, 1) },
        short(u32::MAX, NONE),
        Geometry { scale: Some(Resize::Factor(16.0)), ..NONE },
        Geometry { scale: Some(Resize::Factor(1e300)), ..NONE },
    ];
    for geometry in huge {
        let result = try_layout(geometry.clone(), 1920, 1080);
        assert!(
            matches!(result, Err(PreprocessError::Elements { .. } | PreprocessError::Scaled { .. })),
            "{geometry:?}: {result:?}"
        );
    }
    let letterbox = Letterbox { size: [4, 4], color: [0.0; 3], at: LetterboxAt::Center };
    let cropped = Geometry { scale: Some(Resize::Letterbox(letterbox)), ..crops(8, 8, 1) };
    assert_eq!(try_layout(cropped, 64, 48), Err(PreprocessError::CroppedLetterbox));
    // The crop is small, but what it is cut from is kept in 8 bits as a whole.
    let scaled = |side| Geometry { round: true, ..super::resize(side, side) };
    let cut = |side| Geometry { crop: Some([1, 1]), ..scaled(side) };
    assert!(matches!(try_layout(cut(65536), 8, 8), Err(PreprocessError::Elements { width: 65536, height: 65536, .. })));
    assert!(try_layout(cut(8192), 8, 8).is_ok());
}
