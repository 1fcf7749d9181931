// SPDX-License-Identifier: MPL-2.0

//! The alarm that scoring elements put on frames.

use super::*;
use onnx_iqa_testkit as kit;

#[test]
fn frames_carry_the_alarm_where_one_is_set() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    for (below, expected) in [(-1.0, None), (0.0, Some(false)), (50.0, Some(true))] {
        let element = iqascore(&model).property("alarm-below", below).property("window", FRAME.nseconds()).build();
        let harness = ElementHarness::started(element.unwrap(), CAPS);
        for n in 0..4 {
            harness.push(gray(n, 51)).unwrap();
        }
        // The first window has ended by the third frame.
        let last = harness.frames(4).pop().unwrap();
        assert_eq!(entry(&last).get::<bool>("alarm").ok(), expected, "alarm-below={below}");
    }
}

#[test]
fn a_raised_alarm_frames_the_picture() {
    let harness = ElementHarness::started(iqaoverlay().build().unwrap(), LARGE);
    let mut record = scored(12.0);
    for (n, alarm) in [(0, false), (1, true), (2, false)] {
        record.alarm = Some(alarm);
        harness.push(with(frame(n), &record)).unwrap();
    }
    let corner = |buffer: &gst::Buffer| data(buffer)[320 * 240 - 1];
    let out = harness.frames(3);
    assert!(corner(&out[0]) == 128 && corner(&out[1]) != 128 && corner(&out[2]) == 128);
    harness.element.set_property_from_str("show", "score");
    record.alarm = Some(true);
    harness.push(with(frame(3), &record)).unwrap();
    assert_eq!(corner(&harness.frames(4)[3]), 128, "unless it is not to be shown");
}
