// SPDX-License-Identifier: MPL-2.0

//! Known translations, because the scene is defined between pixels too.

use super::scenes::{Random, Scene, frame};
use super::{LIMITED, assert_size, samples};
use crate::align::space::{Registration, Scale, SpatialAligner};
use crate::picture::{ChromaSite, Colorimetry, Family, Frame, OwnedFrame, PixelFormat, Range, Rect};

/// How a picture is distorted.
#[derive(Clone, Copy)]
struct Damage {
    gain: f64,
    bias: f64,
    /// Standard deviation.
    noise: f64,
    /// Blur: the mean over this many pixels around.
    blur: i32,
    /// Coarsest step that values are rounded to.
    steps: f64,
}

const NONE: Damage = Damage { gain: 1.0, bias: 0.0, noise: 0.0, blur: 0, steps: 1.0 };

/// The scene as a frame: luma and chroma at their positions.
fn shot(scene: &Scene, format: PixelFormat, size: [u32; 2], shift: [f64; 2], damage: Damage, seed: u64) -> OwnedFrame {
    let mut random = Random(seed);
    let values = scene.values(size, shift);
    let mut luma = values.clone();
    if damage.blur > 0 {
        let clamped = |i: i32, end: u32| i.clamp(0, end as i32 - 1) as usize;
        for (y, row) in luma.iter_mut().enumerate() {
            for (x, v) in row.iter_mut().enumerate() {
                let reach = || -damage.blur..=damage.blur;
                let near = |dx: i32, dy: i32| values[clamped(y as i32 + dy, size[1])][clamped(x as i32 + dx, size[0])];
                let sum: f64 = reach().flat_map(|dy| reach().map(move |dx| near(dx, dy))).sum();
                *v = sum / f64::from(2 * damage.blur + 1).powi(2);
            }
        }
    }
    let colorimetry = Colorimetry { chroma_site: ChromaSite::LEFT, range: Range::Full, ..LIMITED };
    frame(format, size, colorimetry, |index, x, y| {
        let c = format.components()[index];
        let unit = f64::from(1u32 << (c.depth - 8));
        let value = if format.family() == Family::Yuv && index > 0 {
            let of = |i: u32, sub: u8, cosited: bool| f64::from(i << sub) + if cosited || sub == 0 { 0.0 } else { 0.5 };
            let (x, y) = (of(x, c.sub_x, true) - shift[0], of(y, c.sub_y, false) - shift[1]);
            128.0 + 50.0 * (x / 23.0).sin() * (y / 19.0).cos()
        } else {
            damage.gain * luma[y as usize][x as usize] + damage.bias + damage.noise * random.normal()
        };
        (value / damage.steps).round() * damage.steps * unit
    })
}

/// Largest and mean difference of a component, away from the rim.
fn apart(a: &[Vec<u16>], b: &[Vec<u16>]) -> (u16, f64) {
    assert_eq!((a.len(), a[0].len()), (b.len(), b[0].len()));
    let rim = 2..a.len() - 2;
    let differences = || rim.clone().flat_map(|y| (2..a[0].len() - 2).map(move |x| a[y][x].abs_diff(b[y][x])));
    let mean = differences().map(f64::from).sum::<f64>() / differences().count() as f64;
    (differences().max().unwrap(), mean)
}

#[test]
fn quarter_pixels_are_found_and_undone() {
    let size = [320, 240];
    let mut random = Random(7);
    for step in -65..=65i32 {
        if step % 4 != 1 && step.abs() < 63 {
            continue;
        }
        let scene = Scene::new(step.unsigned_abs().into());
        let truth = [f64::from(step) / 4.0, f64::from((random.next() % 131) as i32 - 65) / 4.0];
        let reference = shot(&scene, PixelFormat::I420, size, [0.0, 0.0], NONE, 1);
        let distorted = shot(&scene, PixelFormat::I420, size, truth, NONE, 2);
        let (reference, distorted) = (reference.picture().unwrap(), distorted.picture().unwrap());
        let mut register = SpatialAligner::new(Scale::None, Registration::Shift);
        let aligned = register.align(&reference, &distorted).unwrap();
        assert_eq!(aligned.shift, Some(truth));
        assert_eq!(aligned.reference.width(), aligned.distorted.width());
        assert!(aligned.reference.width() > 320 - 22 && aligned.reference.height() > 240 - 22);
        assert_eq!((aligned.reference_crop, aligned.distorted_crop), (Rect::whole(320, 240), Rect::whole(320, 240)));
        for component in 0..3 {
            let (a, b) = (samples(&aligned.reference, component), samples(&aligned.distorted, component));
            let (largest, mean) = apart(&a, &b);
            // The cubic kernel is no perfect interpolator of waves as short as two and a half pixels.
            assert!(mean < 1.6 && largest < 24, "{truth:?} component {component}: {mean} {largest}");
            if component > 0 {
                assert!(largest <= 2, "{truth:?} component {component}: {mean} {largest}");
            }
        }
    }
}

#[test]
fn damaged_pictures_are_found_too() {
    let damages = [
        Damage { gain: 0.8, bias: 20.0, ..NONE },
        Damage { noise: 8.0, ..NONE },
        Damage { blur: 1, noise: 3.0, ..NONE },
        Damage { steps: 12.0, blur: 1, ..NONE },
        Damage { gain: 1.2, bias: -30.0, noise: 5.0, blur: 2, steps: 6.0 },
    ];
    let mut random = Random(11);
    for (i, damage) in damages.into_iter().enumerate() {
        for round in 0..4 {
            let scene = Scene::new(random.next());
            let truth = [0, 1].map(|_| f64::from((random.next() % 131) as i32 - 65) / 4.0);
            let mut register = SpatialAligner::new(Scale::None, Registration::Shift);
            let mut found = None;
            for seed in 0..3 {
                let reference = shot(&scene, PixelFormat::Gray8, [320, 240], [0.0, 0.0], NONE, 1);
                let distorted = shot(&scene, PixelFormat::Gray8, [320, 240], truth, damage, seed);
                let (reference, distorted) = (reference.picture().unwrap(), distorted.picture().unwrap());
                found = register.align(&reference, &distorted).unwrap().shift;
            }
            assert_eq!(found, Some(truth), "{i} {round}");
        }
    }
}

#[test]
fn a_positive_shift_lies_to_the_right_and_below() {
    // A bright square in a texture, four pixels further right and two further down.
    let scene = Scene::new(5);
    let mut pictures = [[0, 0], [4, 2]].map(|[x, y]| {
        let mut frame = shot(&scene, PixelFormat::Gray8, [160, 128], [f64::from(x), f64::from(y)], NONE, 1);
        let (data, stride) = &mut frame.planes[0];
        for row in 50 + y..70 + y {
            data[row as usize * *stride + 60 + x as usize..][..20].fill(255);
        }
        frame
    });
    let distorted = pictures[1].clone();
    let (a, b) = (pictures[0].picture().unwrap(), distorted.picture().unwrap());
    let mut register = SpatialAligner::new(Scale::None, Registration::Shift);
    let aligned = register.align(&a, &b).unwrap();
    assert_eq!(aligned.shift, Some([4.0, 2.0]));
    assert_size(&aligned, [156, 126]);
    // Whole pixels: nothing is resampled, and the squares coincide.
    assert_eq!(aligned.reference.planes()[0].data.as_ptr(), a.planes()[0].data.as_ptr());
    assert_eq!(aligned.distorted.row(0, 60)[58..82], aligned.reference.row(0, 60)[58..82]);
    pictures.reverse();
    let (a, b) = (pictures[0].picture().unwrap(), pictures[1].picture().unwrap());
    let mut register = SpatialAligner::new(Scale::None, Registration::Shift);
    assert_eq!(register.align(&a, &b).unwrap().shift, Some([-4.0, -2.0]));
}

#[test]
fn it_works_in_every_format_and_through_scaling() {
    let scene = Scene::new(21);
    let truth = [3.25, -5.5];
    let reference = shot(&scene, PixelFormat::Y444p10, [256, 192], [0.0, 0.0], NONE, 1);
    let reference = reference.picture().unwrap();
    for &format in PixelFormat::ALL.iter().filter(|f| f.family() == Family::Yuv) {
        let distorted = shot(&scene, format, [256, 192], truth, NONE, 2);
        let distorted = distorted.picture().unwrap();
        let mut register = SpatialAligner::new(Scale::None, Registration::Shift);
        let aligned = register.align(&reference, &distorted).unwrap();
        assert_eq!(aligned.shift, Some(truth), "{format}");
        assert!(aligned.distorted.format().components().iter().all(|c| (c.sub_x, c.sub_y) == (0, 0)));
    }
    for format in [PixelFormat::Bgrx, PixelFormat::Gbr10, PixelFormat::Gray16, PixelFormat::P016] {
        let [reference, distorted] = [[0.0, 0.0], truth].map(|shift| shot(&scene, format, [256, 192], shift, NONE, 1));
        let mut register = SpatialAligner::new(Scale::None, Registration::Shift);
        let aligned = register.align(&reference.picture().unwrap(), &distorted.picture().unwrap()).map(|a| a.shift);
        assert_eq!(aligned, Ok(Some(truth)), "{format}");
    }
    // The distorted picture scaled to three quarters on its way.
    for scale in [Scale::ToReference, Scale::ToDistorted] {
        let distorted = {
            let large = shot(&scene, PixelFormat::I420, [256, 192], truth, NONE, 2);
            let large = large.picture().unwrap();
            let target = frame(PixelFormat::I420, [192, 144], large.colorimetry(), |_, _, _| 0.0);
            let mut register = SpatialAligner::new(Scale::ToReference, Registration::None);
            let target = target.picture().unwrap();
            let made = register.align(&target, &large).unwrap().distorted;
            let rows: Vec<_> = (0..3).map(|c| samples(&made, c)).collect();
            frame(PixelFormat::I420, [192, 144], large.colorimetry(), |c, x, y| {
                f64::from(rows[c][y as usize][x as usize])
            })
        };
        let reference = shot(&scene, PixelFormat::I420, [256, 192], [0.0, 0.0], NONE, 1);
        let (reference, distorted) = (reference.picture().unwrap(), distorted.picture().unwrap());
        let mut register = SpatialAligner::new(scale, Registration::Shift);
        let aligned = register.align(&reference, &distorted).unwrap();
        assert_eq!(aligned.shift, Some(truth), "{scale:?}");
        let (largest, mean) = apart(&samples(&aligned.reference, 1), &samples(&aligned.distorted, 1));
        assert!(largest <= 3 && mean < 1.0, "{scale:?}: {largest} {mean}");
    }
}

#[test]
fn what_cannot_be_trusted_is_not_used() {
    let whole = |what: &str, a: &OwnedFrame, b: &OwnedFrame| {
        let (a, b) = (a.picture().unwrap(), b.picture().unwrap());
        let mut register = SpatialAligner::new(Scale::None, Registration::Shift);
        let aligned = register.align(&a, &b).unwrap();
        assert_eq!((aligned.shift, aligned.distorted.width()), (None, b.width()), "{what}");
    };
    let size = [320, 240];
    let flat = frame(PixelFormat::Gray8, size, LIMITED, |_, _, _| 100.0);
    whole("without texture", &flat, &flat);
    let noise = |seed| {
        let mut random = Random(seed);
        frame(PixelFormat::Gray8, size, LIMITED, move |_, _, _| 100.0 + 20.0 * random.normal())
    };
    for seed in 0..20 {
        whole("noise", &noise(2 * seed), &noise(2 * seed + 1));
        let film = |seed| shot(&Scene::new(seed), PixelFormat::Gray8, size, [0.0, 0.0], NONE, 1);
        whole("another film", &film(2 * seed), &film(2 * seed + 1));
    }
    // A translation along them would not be seen.
    for direction in [0.0f64, 0.4, 0.8, 1.57] {
        let stripes = |seed| {
            let mut random = Random(seed);
            frame(PixelFormat::Gray8, size, LIMITED, move |_, x, y| {
                let place = f64::from(x) * direction.cos() + f64::from(y) * direction.sin();
                100.0 + 50.0 * (place * place / 900.0).sin() + random.normal()
            })
        };
        whole(&format!("stripes at {direction}"), &stripes(1), &stripes(2));
    }
    for size in [[1, 1], [3, 200], [31, 31], [200, 2]] {
        let small = shot(&Scene::new(1), PixelFormat::I420, size, [0.0, 0.0], NONE, 1);
        whole("too small", &small, &small);
    }
}

#[test]
fn small_pictures_have_small_translations() {
    for (size, truth) in [([32, 32], [2.0, -3.25]), ([40, 100], [-1.75, 3.5]), ([65, 64], [4.25, 7.0])] {
        let scene = Scene::new(3);
        let a = shot(&scene, PixelFormat::I420, size, [0.0, 0.0], NONE, 1);
        let b = shot(&scene, PixelFormat::I420, size, truth, NONE, 1);
        let (a, b) = (a.picture().unwrap(), b.picture().unwrap());
        let mut register = SpatialAligner::new(Scale::None, Registration::Shift);
        let found = register.align(&a, &b).unwrap().shift;
        assert!(found.is_none() || found == Some(truth), "{size:?}: {found:?}");
    }
}

#[test]
fn it_is_held_and_changes_only_when_that_is_confirmed() {
    let size = [256, 192];
    let scene = Scene::new(17);
    let reference = shot(&scene, PixelFormat::Gray8, size, [0.0, 0.0], NONE, 1);
    let moved = |shift| shot(&scene, PixelFormat::Gray8, size, shift, Damage { noise: 3.0, ..NONE }, 2);
    let (here, there) = (moved([2.25, 1.0]), moved([-6.5, 0.75]));
    let dark = frame(PixelFormat::Gray8, size, LIMITED, |_, _, _| 16.0);
    let mut register = SpatialAligner::new(Scale::None, Registration::Shift);
    let mut estimate = |distorted: &OwnedFrame| {
        register.align(&reference.picture().unwrap(), &distorted.picture().unwrap()).unwrap().shift
    };
    assert_eq!(estimate(&here), Some([2.25, 1.0]));
    for _ in 0..10 {
        assert_eq!(estimate(&here), Some([2.25, 1.0]));
    }
    // One frame of something else, and darkness.
    for _ in 0..60 {
        assert_eq!(estimate(&dark), Some([2.25, 1.0]));
    }
    // Another translation, that stays: noticed within the pause, then confirmed twice.
    let frames = (0..40).take_while(|_| estimate(&there) == Some([2.25, 1.0])).count();
    assert!((2..=27).contains(&frames), "{frames}");
    for _ in 0..60 {
        assert_eq!(estimate(&there), Some([-6.5, 0.75]));
    }
}

/// Black outside of `inside`.
fn blacken(frame: &mut OwnedFrame, inside: Rect) {
    let components = frame.format.components();
    for (c, (data, stride)) in components.iter().zip(&mut frame.planes) {
        for (y, row) in data.chunks_mut(*stride).enumerate() {
            for (x, v) in row.iter_mut().enumerate() {
                let (x, y) = ((x as u32) << c.sub_x, (y as u32) << c.sub_y);
                if !(inside.x..inside.right()).contains(&x) || !(inside.y..inside.bottom()).contains(&y) {
                    *v = if c.sub_x == 0 { 0 } else { 128 };
                }
            }
        }
    }
}

#[test]
fn a_shifted_picture_in_a_letterbox_is_cut_and_moved() {
    let (size, content) = ([320, 240], Rect { x: 0, y: 40, width: 320, height: 160 });
    let scene = Scene::new(31);
    let truth = [2.5, -1.25];
    let [reference, distorted] = [[0.0, 0.0], truth].map(|shift| {
        let mut frame = shot(&scene, PixelFormat::I420, size, shift, NONE, 1);
        blacken(&mut frame, content);
        frame
    });
    let (a, b) = (reference.picture().unwrap(), distorted.picture().unwrap());
    let mut register = SpatialAligner::new(Scale::None, Registration::Shift);
    let aligned = register.align(&a, &b).unwrap();
    assert_eq!((aligned.shift, aligned.reference_crop, aligned.distorted_crop), (Some(truth), content, content));
    // 315.5 columns that the kernel has all samples for; the first such row is the third, the last one the 159th.
    assert_size(&aligned, [314, 154]);
    let (largest, mean) = apart(&samples(&aligned.reference, 0), &samples(&aligned.distorted, 0));
    assert!(largest < 24 && mean < 1.6, "{largest} {mean}");
}

#[test]
fn black_where_a_shifted_picture_has_nothing_is_no_bar_to_scale_away() {
    let scene = Scene::new(32);
    for truth in [[16.25, 9.5], [-15.75, 12.0], [8.0, -16.25]] {
        let size = [480, 360];
        let reference = shot(&scene, PixelFormat::I420, size, [0.0, 0.0], NONE, 1);
        let mut distorted = shot(&scene, PixelFormat::I420, size, truth, NONE, 1);
        let along = |shift: f64, side: u32| {
            let (first, end) = (shift.max(0.0).ceil() as u32, (f64::from(side) + shift.min(0.0)).floor() as u32);
            (first, end - first)
        };
        let ((x, width), (y, height)) = (along(truth[0], size[0]), along(truth[1], size[1]));
        blacken(&mut distorted, Rect { x, y, width, height });
        let (a, b) = (reference.picture().unwrap(), distorted.picture().unwrap());
        let mut register = SpatialAligner::new(Scale::ToReference, Registration::Shift);
        let aligned = register.align(&a, &b).unwrap();
        assert_eq!(aligned.shift, Some(truth));
        assert_eq!(aligned.reference_crop, aligned.distorted_crop);
        let (largest, mean) = apart(&samples(&aligned.reference, 0), &samples(&aligned.distorted, 0));
        assert!(largest < 24 && mean < 1.6, "{truth:?}: {largest} {mean}");
    }
}
