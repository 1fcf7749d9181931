// SPDX-License-Identifier: MPL-2.0

//! The frame around a picture while an alarm is raised.

use super::canvas::Canvas;
use super::colors;
use super::layer::aligned;
use crate::picture::Rect;

/// The four strips along the edges of a picture, each with its drawing: slanting stripes, which are visible without
/// color too. `None` for a picture that they would cover.
pub fn strips(size: [u32; 2], thickness: u32, alignment: [u32; 2]) -> Vec<(Rect, Canvas)> {
    let [width, height] = size;
    if width.min(height) < 4 * thickness {
        return Vec::new();
    }
    let grown = |x, y, width, height| aligned(Rect { x, y, width, height }, alignment, size);
    let top = grown(0, 0, width, thickness);
    let bottom = grown(0, height - thickness, width, thickness);
    let middle = bottom.y.saturating_sub(top.bottom());
    let left = grown(0, top.bottom(), thickness, middle);
    let right = grown(width - thickness, top.bottom(), thickness, middle);
    let period = (4 * thickness).max(1);
    let color = |x: u32, y: u32| if ((x + y) / period).is_multiple_of(2) { colors::ALARM } else { colors::ALARM_DARK };
    let draw = |rect: Rect| {
        let rows = rect.y..rect.bottom();
        let pixels = rows.flat_map(|y| (rect.x..rect.right()).map(move |x| color(x, y))).collect();
        Some((rect, Canvas::from_pixels(rect.width, rect.height, pixels)?))
    };
    [top, bottom, left, right].into_iter().filter(|rect| rect.width > 0 && rect.height > 0).filter_map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_touch_and_do_not_overlap() {
        for (size, alignment) in [([23, 17], [2, 2]), ([64, 48], [4, 1]), ([9, 90], [1, 1])] {
            let strips = strips(size, 2, alignment);
            let covers = |x, y| {
                strips.iter().filter(|(r, _)| (r.x..r.right()).contains(&x) && (r.y..r.bottom()).contains(&y)).count()
            };
            for y in 0..size[1] {
                for x in 0..size[0] {
                    let at_edge = x < 2 || y < 2 || x + 2 >= size[0] || y + 2 >= size[1];
                    assert!(covers(x, y) <= 1 && (!at_edge || covers(x, y) == 1), "{x},{y} of {size:?}");
                }
            }
        }
        assert!(strips([7, 90], 2, [1, 1]).is_empty(), "a picture is not covered");
    }
}
