// SPDX-License-Identifier: MPL-2.0

//! Properties.

use super::*;

#[test]
fn the_properties_are_those_documented() {
    let element = iqaoverlay().build().unwrap();
    let table = [
        ("elements", "gchararray", ""),
        ("position", "GstIqaOverlayPosition", "top-left"),
        ("scale", "gdouble", "1"),
        ("show", "GstIqaOverlayShow", "score+history+map+values+alarm"),
        ("map-opacity", "gdouble", "0.5"),
        ("map-colormap", "GstIqaOverlayColormap", "heat"),
        ("stale-after", "guint64", "2000000000"),
    ];
    for (name, kind, default) in table {
        check_property(&element, name, kind, default, "playing");
    }
    check_no_others(&element, table.iter().map(|row| row.0));
}

#[test]
fn properties_set_while_playing_apply_to_the_next_frame() {
    let harness = ElementHarness::started(iqaoverlay().property("elements", "q").build().unwrap(), LARGE);
    let mut number = 0;
    let mut next = |name: &str, value: &str| {
        harness.element.set_property_from_str(name, value);
        assert_eq!(text(&harness.element.property_value(name)), value);
        harness.push(with(frame(number), &scored(72.4))).unwrap();
        number += 1;
        harness.frames(number as usize).pop().unwrap()
    };
    let upper = |buffer: &gst::Buffer| data(buffer)[..320 * 60].iter().filter(|&&byte| byte != 128).count();
    let first = next("position", "top-left");
    assert!(upper(&first) > 1000);
    assert_eq!(upper(&next("position", "bottom-right")), 0);
    let normal = drawn(&next("show", "score"));
    assert!(drawn(&next("scale", "1.5")) > normal);
    assert_eq!(drawn(&next("elements", "other")), 0);
    assert!(drawn(&next("elements", "other, q")) > 1000);
}
