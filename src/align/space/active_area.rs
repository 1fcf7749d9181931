// SPDX-License-Identifier: MPL-2.0

//! The part that two pictures have in common, given the content area found in each.

use crate::picture::Rect;

/// The largest distance between the edges of two equally framed pictures, in pixels: one may be shifted against the
/// other, with black where it has no picture.
const SHIFTED: f64 = 34.0;
/// The same as a share of the side.
const SHIFTED_SHARE: f64 = 0.05;
/// How far compression and scaling can move an edge, in pixels.
const BLURRED: u32 = 4;
/// Shapes that differ by no more than this share are the same.
const SAME_SHAPE: f64 = 0.02;
/// A common part must cover at least this share of a side.
const LEAST: f64 = 0.2;

/// One of the two pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Side {
    pub size: [u32; 2],
    pub content: Rect,
    /// The grid on which parts of it can begin.
    pub alignment: [u32; 2],
}

impl Side {
    /// Beginning and end of its content.
    fn edges(&self, axis: usize) -> [u32; 2] {
        match axis {
            0 => [self.content.x, self.content.right()],
            _ => [self.content.y, self.content.bottom()],
        }
    }

    fn whole(&self) -> Rect {
        Rect::whole(self.size[0], self.size[1])
    }
}

/// The corresponding areas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Common {
    /// In the picture that is not scaled.
    pub target: Rect,
    /// In the scaled picture: left and top, then width and height.
    pub origin: [f64; 2],
    pub extent: [f64; 2],
    /// The area of the scaled picture that may be read.
    pub source: Rect,
}

/// The common part.
///
/// * **Same framing**, if both pictures have one shape and the edges of their contents lie close together (or the
///   contents have different shapes, so that one was blanked or shifted): the area that is content in both, at the same
///   place in both. Pictures of one size are therefore cut to exactly equal rectangles.
/// * **Content on content** otherwise: bars were added, removed, or result from a conversion, and each content is cut
///   out as found. If the two differ by no more than 4 pixels per side, the larger is cut to the size of the smaller,
///   centered: compression moves edges by that much, which is no reason to scale.
pub(super) fn common(target: Side, source: Side) -> Common {
    let scale = [0, 1].map(|axis| f64::from(target.size[axis]) / f64::from(source.size[axis]));
    if [target, source].iter().all(|side| side.content == side.whole()) {
        return same_framing(target, source);
    }
    let shape = |size: [u32; 2]| f64::from(size[0]) / f64::from(size[1]);
    let like = |a: f64, b: f64| (a / b - 1.0).abs() <= SAME_SHAPE;
    let contents = [target, source].map(|side| shape([side.content.width, side.content.height]));
    // Equal to within a pixel of rounding.
    let one_shape = (scale[0] / scale[1] - 1.0).abs() <= 1.0 / f64::from(target.size[1].min(source.size[1]).max(200));
    let near = |axis: usize| {
        let tolerance = match one_shape {
            true => SHIFTED.min(SHIFTED_SHARE * f64::from(target.size[axis])).max(f64::from(BLURRED)),
            false => f64::from(BLURRED),
        };
        let apart = |i: usize| f64::from(target.edges(axis)[i]) - f64::from(source.edges(axis)[i]) * scale[axis];
        apart(0).abs() <= tolerance && apart(1).abs() <= tolerance
    };
    if (near(0) && near(1)) || (one_shape && !like(contents[0], contents[1])) {
        same_framing(target, source)
    } else {
        content_on_content(target, source)
    }
}

fn same_framing(target: Side, source: Side) -> Common {
    let mut parts = [(0, 0); 2];
    for axis in [0, 1] {
        let (all, other) = (target.size[axis], source.size[axis]);
        let alignment =
            if all == other { target.alignment[axis].max(source.alignment[axis]) } else { target.alignment[axis] };
        let across = |edge: u32| f64::from(edge) * f64::from(all) / f64::from(other);
        let ([first, end], [source_first, source_end]) = (target.edges(axis), source.edges(axis));
        let first = f64::from(first).max(across(source_first)).ceil() as u32;
        let end = f64::from(end).min(across(source_end)).floor() as u32;
        let first = first.next_multiple_of(alignment.max(2));
        let end = if end < all { end / alignment.max(2) * alignment.max(2) } else { all };
        let enough = f64::from(end.saturating_sub(first)) >= LEAST * f64::from(all);
        parts[axis] = if enough && end > first { (first, end - first) } else { (0, all) };
    }
    let [(x, width), (y, height)] = parts;
    let back = |axis: usize, value: u32| f64::from(value) * f64::from(source.size[axis]) / f64::from(target.size[axis]);
    Common {
        target: Rect { x, y, width, height },
        origin: [back(0, x), back(1, y)],
        extent: [back(0, width), back(1, height)],
        source: source.whole(),
    }
}

fn content_on_content(target: Side, source: Side) -> Common {
    let (t, s) = (target.content, source.content);
    let equal = t.width.abs_diff(s.width) <= BLURRED && t.height.abs_diff(s.height) <= BLURRED;
    let (target, source) = if equal {
        let size = [t.width.min(s.width), t.height.min(s.height)];
        (middle(&target, size), middle(&source, size))
    } else {
        (t, s)
    };
    Common {
        target,
        origin: [f64::from(source.x), f64::from(source.y)],
        extent: [f64::from(source.width), f64::from(source.height)],
        source,
    }
}

/// This much of the middle of a content area.
fn middle(side: &Side, [width, height]: [u32; 2]) -> Rect {
    let Rect { x, y, .. } = side.content;
    let half = |room: u32, alignment: u32| room / 2 / alignment * alignment;
    Rect {
        x: x + half(side.content.width - width, side.alignment[0]),
        y: y + half(side.content.height - height, side.alignment[1]),
        width,
        height,
    }
}
