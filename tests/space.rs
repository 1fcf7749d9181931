// SPDX-License-Identifier: MPL-2.0

//! Spatial alignment through the public interface: for any input, the resulting pictures are comparable.

use onnx_iqa::align::space::{Registration, Scale, SpaceError, SpatialAligner};
use onnx_iqa::picture::{ChromaSite, Colorimetry, Family, Frame, Matrix, OwnedFrame, PixelFormat, Range, Rect};

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % n as u64) as usize
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// A frame of random bytes; `dark` ones are mostly 0.
fn frame(
    random: &mut Random,
    format: PixelFormat,
    [width, height]: [u32; 2],
    colorimetry: Colorimetry,
    dark: bool,
) -> OwnedFrame {
    let mut planes = vec![(Vec::new(), 0); format.planes()];
    for c in format.components() {
        let stride = c.width(width) as usize * usize::from(c.step) + usize::from(c.step) + 2 * random.below(3);
        let stride = stride.next_multiple_of(2);
        let byte = |_| if dark && random.below(40) > 0 { 0 } else { random.below(256) as u8 };
        planes[usize::from(c.plane)] = ((0..stride * c.height(height) as usize).map(byte).collect(), stride);
    }
    OwnedFrame { format, width, height, colorimetry, planes }
}

#[test]
fn any_two_pictures_are_aligned_to_equal_sizes_or_refused_with_the_cause() {
    let mut random = Random(5);
    let sides = [1, 2, 3, 5, 8, 17, 31, 32, 33, 48, 64, 97, 130];
    let (mut aligned_pairs, mut refused) = (0, 0);
    for _ in 0..60 {
        let scale = random.pick(&[Scale::ToReference, Scale::ToDistorted, Scale::None]);
        let registration = random.pick(&[Registration::None, Registration::Crop, Registration::Shift]);
        let mut register = SpatialAligner::new(scale, registration);
        for _ in 0..4 {
            let [reference, distorted] = [0, 1].map(|_| {
                let range = random.pick(&[Range::Limited, Range::Full]);
                let chroma_site = random.pick(&[ChromaSite::LEFT, ChromaSite::CENTER, ChromaSite::TOP_LEFT]);
                let colorimetry = Colorimetry { matrix: Matrix::Bt709, range, chroma_site };
                let (format, size) = (random.pick(PixelFormat::ALL), [random.pick(&sides), random.pick(&sides)]);
                let dark = random.below(2) == 0;
                frame(&mut random, format, size, colorimetry, dark)
            });
            // A few frames of the same streams.
            for _ in 0..3 {
                let (a, b) = (reference.picture().unwrap(), distorted.picture().unwrap());
                match register.align(&a, &b) {
                    Ok(aligned) => {
                        let size = |picture: &onnx_iqa::Picture<'_>| [picture.width(), picture.height()];
                        assert_eq!(size(&aligned.reference), size(&aligned.distorted));
                        for (picture, before, crop) in [
                            (aligned.reference, a, aligned.reference_crop),
                            (aligned.distorted, b, aligned.distorted_crop),
                        ] {
                            assert_eq!(picture.format().family(), before.format().family());
                            let depth = |f: PixelFormat| f.components()[0].depth;
                            assert_eq!(depth(picture.format()), depth(before.format()));
                            // The crop must also be valid for models that scale by themselves.
                            before.crop(crop).unwrap();
                        }
                        assert!(aligned.shift.is_none() || registration == Registration::Shift);
                        aligned_pairs += 1;
                    }
                    Err(SpaceError::Sizes { reference, distorted, .. }) => {
                        assert!(scale == Scale::None && reference != distorted);
                        refused += 1;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
    assert!(aligned_pairs > 300 && refused > 50, "{aligned_pairs} {refused}");
}

#[test]
fn the_aligner_can_be_sent_to_a_thread() {
    fn check<T: Send + Sync + 'static>() {}
    check::<SpatialAligner>();
    check::<SpaceError>();
}

#[test]
fn matching_pictures_are_unchanged() {
    let mut random = Random(9);
    let colorimetry = Colorimetry { matrix: Matrix::Bt709, range: Range::Limited, chroma_site: ChromaSite::LEFT };
    for &format in PixelFormat::ALL {
        let [a, b] = [0, 1].map(|_| frame(&mut random, format, [65, 33], colorimetry, false));
        let (a, b) = (a.picture().unwrap(), b.picture().unwrap());
        for registration in [Registration::None, Registration::Crop, Registration::Shift] {
            let mut register = SpatialAligner::new(Scale::ToReference, registration);
            let aligned = register.align(&a, &b).unwrap();
            for (before, after) in [(a, aligned.reference), (b, aligned.distorted)] {
                assert_eq!(before.rect(), after.rect());
                for (before, after) in before.planes().iter().zip(after.planes()) {
                    assert_eq!((before.data.as_ptr(), before.stride), (after.data.as_ptr(), after.stride), "{format}");
                }
            }
            assert_eq!((aligned.reference_crop, aligned.distorted_crop), (Rect::whole(65, 33), Rect::whole(65, 33)));
        }
    }
}

#[test]
fn families_are_unchanged() {
    // Whether they can be compared is decided elsewhere.
    let mut random = Random(2);
    let colorimetry = Colorimetry { matrix: Matrix::Bt709, range: Range::Full, chroma_site: ChromaSite::CENTER };
    let rgb = frame(&mut random, PixelFormat::Bgra, [40, 30], colorimetry, false);
    let yuv = frame(&mut random, PixelFormat::I420p10, [80, 60], colorimetry, false);
    let (rgb, yuv) = (rgb.picture().unwrap(), yuv.picture().unwrap());
    let mut register = SpatialAligner::new(Scale::ToReference, Registration::None);
    let aligned = register.align(&rgb, &yuv).unwrap();
    assert_eq!(aligned.distorted.format(), PixelFormat::I420p10);
    let aligned = register.align(&yuv, &rgb).unwrap();
    assert_eq!(aligned.distorted.format().family(), Family::Rgb);
}
