// SPDX-License-Identifier: MPL-2.0

//! Shutdown in the middle of processing, and restart.

use crate::common::*;
use gst::prelude::*;

#[test]
fn to_ready_with_full_pads() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    for target in [gst::State::Ready, gst::State::Null, gst::State::Ready] {
        // The reference is missing, or downstream is stuck.
        for stuck in [false, true] {
            if stuck {
                harness.block();
            }
            let references = if stuck { 20 } else { 3 };
            let pushed = harness.feed((0..references).map(|n| flat(n, 100)), (0..20).map(|n| flat(n, 105)));
            harness.frames(1);
            // Like a sink before its source stops.
            harness.unblock();
            harness.state(target);
            for push in pushed {
                assert!(matches!(push.wait(), Ok(_) | Err(gst::FlowError::Flushing)));
            }
            harness.reference.restart();
            harness.clear();
            harness.state(gst::State::Playing);
            harness.begin(FLAT);
            harness.pairs(10..14, 3);
            let frames = harness.finish_both();
            assert_eq!(frames.len(), 4, "{:?}", harness.order());
            near(entry(&frames[3]).get("psnr-y").unwrap(), psnr(3), 1e-9);
            harness.assert_ledger(&[("distorted", 4), ("matched", 4), ("reference", 4)]);
            harness.state(target);
            harness.assert_ledger(&[("distorted", 4), ("matched", 4)]);
            harness.reference.restart();
            harness.clear();
            harness.state(gst::State::Playing);
            harness.begin(FLAT);
        }
    }
}

#[test]
fn in_the_middle_of_measuring() {
    let caps = "video/x-raw,format=GRAY8,width=640,height=640,framerate=25/1";
    let element = iqacompare().property_from_str("measures", "psnr+ssim+ms-ssim").build().unwrap();
    let harness = Compare::started(element, caps);
    let large = |n: u64| {
        let mut buffer = gst::Buffer::from_mut_slice(vec![n as u8; 640 * 640]);
        buffer.get_mut().unwrap().set_pts(n * FRAME);
        buffer
    };
    let pushed = harness.feed((0..30).map(large), (0..30).map(large));
    harness.frames(1);
    harness.state(gst::State::Null);
    for push in pushed {
        assert!(matches!(push.wait(), Ok(_) | Err(gst::FlowError::Flushing)));
    }
    // Everything that had left was measured.
    let measured = harness.items().into_iter().filter_map(|item| match item {
        Item::Buffer(buffer) => Some(buffer),
        _ => None,
    });
    let states: Vec<_> = measured.map(|buffer| entry(&buffer).get::<String>("state").unwrap()).collect();
    assert!(!states.is_empty() && states.iter().all(|state| state == "scored"), "{states:?}");
}

#[test]
fn up_and_down_without_data() {
    let harness = Compare::new(iqacompare().build().unwrap());
    for state in [gst::State::Null, gst::State::Paused, gst::State::Ready, gst::State::Playing] {
        harness.state(state);
        assert_eq!(harness.element.current_state(), state);
    }
    harness.assert_ledger(&[("distorted", 0), ("reference", 0)]);
}

#[test]
fn it_is_freed_when_dropped() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    harness.pairs(0..3, 1);
    harness.finish_both();
    let weak = harness.element.downgrade();
    // The harness's bus is the element's, and messages hold their source.
    let bus = harness.bus.clone();
    drop(harness);
    bus.set_flushing(true);
    drop(bus);
    let deadline = std::time::Instant::now() + LIMIT;
    while weak.upgrade().is_some() {
        assert!(std::time::Instant::now() < deadline, "the element is still referenced");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}
