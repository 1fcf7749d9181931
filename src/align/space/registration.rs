// SPDX-License-Identifier: MPL-2.0

//! Aligning two pictures, frame by frame.

use super::active_area::{Common, Side, common};
use super::letterbox::Letterbox;
use super::part::Part;
use super::phase_correlation::Translation;
use super::placement::Placement;
use super::resample::{Resampler, Target, sampling};
use super::{Aligned, Registration, Scale, SpaceError};
use crate::picture::{Family, Picture, Rect};

/// Aligns the frames of two streams in space, pair by pair: letterbox crop, scale, shift.
///
/// It remembers what it learned about the streams (black bars, translation) and reuses the memory of resampled
/// pictures.
#[derive(Debug)]
pub struct SpatialAligner {
    scale: Scale,
    registration: Registration,
    letterboxes: [Letterbox; 2],
    translation: Translation,
    /// Sizes of the pictures, and the parts used, when the translation was last estimated.
    framing: Option<Framing>,
    reference: Resampler,
    distorted: Resampler,
}

/// Sizes of two pictures, and the part used of each.
type Framing = [([u32; 2], Rect); 2];

impl SpatialAligner {
    /// For a new pair of streams.
    pub fn new(scale: Scale, registration: Registration) -> Self {
        Self {
            scale,
            registration,
            letterboxes: [Letterbox::new(), Letterbox::new()],
            translation: Translation::default(),
            framing: None,
            reference: Resampler::default(),
            distorted: Resampler::default(),
        }
    }

    /// Aligns two pictures: the results have one size and show the same content at the same place.
    ///
    /// If nothing must be resampled, they borrow the pictures' own memory.
    ///
    /// # Errors
    /// When sizes differ and scaling is not allowed.
    pub fn align<'a>(
        &'a mut self,
        reference: &Picture<'a>,
        distorted: &Picture<'a>,
    ) -> Result<Aligned<'a>, SpaceError> {
        let sizes = [reference, distorted].map(|picture| [picture.width(), picture.height()]);
        let ([mut reference, mut distorted], mut size) = self.parts(reference, distorted)?;
        let mut shift = None;
        if self.registration == Registration::Shift {
            let framing = [(sizes[0], reference.crop), (sizes[1], distorted.crop)];
            if let Some(before) = self.framing.replace(framing).filter(|before| *before != framing) {
                if before.map(|(size, _)| size) == sizes {
                    self.translation.check();
                } else {
                    self.translation = Translation::default();
                }
            }
            let quarters = self.translation.update(&reference, &distorted, size);
            let found = quarters.map(|quarters| quarters.map(|q| f64::from(q) / 4.0));
            // In pixels of the common picture.
            let moved = |shift: [f64; 2]| [0, 1].map(|axis| shift[axis] / reference.placement.step[axis]);
            let alignment = |axis: usize| {
                [&reference, &distorted].map(|part| part.picture.format().alignment()[axis]).into_iter().max()
            };
            let alignment = [0, 1].map(|axis| alignment(axis).unwrap_or(1).max(2));
            if let Some((by, window)) = found.map(moved).and_then(|by| Some((by, overlap(size, by, alignment)?))) {
                let place = [window.x, window.y].map(f64::from);
                reference.placement = reference.placement.from(place);
                distorted.placement = distorted.placement.from([place[0] + by[0], place[1] + by[1]]);
                size = [window.width, window.height];
                shift = found;
            }
        }
        self.place(reference, distorted, size).map(|aligned| Aligned { shift, ..aligned })
    }

    /// The common picture in each of the two, and its size.
    fn parts<'a>(
        &mut self,
        reference: &Picture<'a>,
        distorted: &Picture<'a>,
    ) -> Result<([Part<'a>; 2], [u32; 2]), SpaceError> {
        let pictures = [*reference, *distorted];
        let mut sides = pictures.map(|picture| Side {
            size: [picture.width(), picture.height()],
            content: picture.rect(),
            alignment: picture.format().alignment(),
        });
        if self.registration != Registration::None {
            for ((side, letterbox), picture) in sides.iter_mut().zip(&mut self.letterboxes).zip(&pictures) {
                side.content = letterbox.update(picture);
            }
        }
        let to = if self.scale == Scale::ToDistorted { 1 } else { 0 };
        let Common { target, origin, extent, source } = common(sides[to], sides[1 - to]);
        let size = [target.width, target.height];
        if self.scale == Scale::None && extent != size.map(f64::from) {
            let cropped = sides.iter().zip(&pictures).any(|(side, picture)| side.content != picture.rect());
            let source = extent.map(|side| side.round() as u32);
            return Err(SpaceError::Sizes { reference: size, distorted: source, cropped });
        }
        let kept = Part {
            picture: pictures[to],
            placement: Placement::new([target.x, target.y].map(f64::from), size.map(f64::from), size),
            crop: target,
        };
        let scaled = Part {
            picture: pictures[1 - to].crop(source)?,
            placement: Placement::new([origin[0] - f64::from(source.x), origin[1] - f64::from(source.y)], extent, size),
            crop: whole_pixels(origin, extent, &sides[1 - to]),
        };
        Ok((if to == 0 { [kept, scaled] } else { [scaled, kept] }, size))
    }

    /// Both parts as pictures of `size`.
    fn place<'a>(
        &'a mut self,
        reference: Part<'a>,
        distorted: Part<'a>,
        size: [u32; 2],
    ) -> Result<Aligned<'a>, SpaceError> {
        let borrowed = [&reference, &distorted].map(|part| part.placement.part(&part.picture, size));
        let chroma = |picture: &Picture<'_>| (sampling(picture.format()), picture.colorimetry().chroma_site);
        let both_have = [&reference, &distorted].iter().all(|part| part.picture.format().family() == Family::Yuv);
        let (mut of_reference, mut of_distorted) = (chroma(&reference.picture), chroma(&distorted.picture));
        // The picture that is resampled takes on the other's chroma; if both or neither are, it is the distorted one.
        let adapt_reference = borrowed[0].is_none() && borrowed[1].is_some();
        let adapt_distorted = !adapt_reference && (borrowed[1].is_none() || of_distorted.0 != of_reference.0);
        if both_have && adapt_reference {
            of_reference = of_distorted;
        } else if both_have && adapt_distorted {
            of_distorted = of_reference;
        }
        let make = |resampler: &'a mut Resampler, part: &Part<'a>, borrowed: Option<Rect>, chroma: ([u8; 2], _)| {
            match borrowed.filter(|_| chroma.0 == sampling(part.picture.format())) {
                Some(rect) => part.picture.crop(rect),
                None => {
                    let to = Target { placement: part.placement, size, sampling: chroma.0, chroma_site: chroma.1 };
                    resampler.run(&part.picture, to)
                }
            }
        };
        Ok(Aligned {
            reference: make(&mut self.reference, &reference, borrowed[0], of_reference)?,
            distorted: make(&mut self.distorted, &distorted, borrowed[1], of_distorted)?,
            shift: None,
            reference_crop: reference.crop,
            distorted_crop: distorted.crop,
        })
    }
}

/// The area that two pictures of `size` have in common if the second one's content lies `by` further right and below.
/// It begins and ends at multiples of `alignment`, unless at the border.
fn overlap(size: [u32; 2], by: [f64; 2], alignment: [u32; 2]) -> Option<Rect> {
    let along = |axis: usize| {
        let (all, a, by) = (f64::from(size[axis]), f64::from(alignment[axis]), by[axis]);
        // Between pixels the kernel needs one more sample before and two after.
        let (before, after) = if by.fract() == 0.0 { (0.0, 0.0) } else { (1.0, 2.0) };
        let first = ((before - by).max(0.0) / a).ceil() * a;
        let end = all - (by + after).max(0.0);
        let end = if end == all { all } else { (end / a).floor() * a };
        (end - first >= 1.0).then_some((first as u32, (end - first) as u32))
    };
    let ((x, width), (y, height)) = (along(0)?, along(1)?);
    Some(Rect { x, y, width, height })
}

/// An area in whole pixels that begins where a part of the picture can begin.
fn whole_pixels(origin: [f64; 2], extent: [f64; 2], side: &Side) -> Rect {
    let along = |axis: usize| {
        let (all, alignment) = (side.size[axis], side.alignment[axis]);
        let nearest = |place: f64| ((place / f64::from(alignment)).round() as u32).saturating_mul(alignment);
        let first = nearest(origin[axis]).min((all - 1) / alignment * alignment);
        let end = origin[axis] + extent[axis];
        let end = if end + 0.5 >= f64::from(all) { all } else { (end.round() as u32).clamp(first + 1, all) };
        (first, end - first)
    };
    let ((x, width), (y, height)) = (along(0), along(1));
    Rect { x, y, width, height }
}
