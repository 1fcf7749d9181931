//! Going down from the middle of everything, and up again.

use crate::common::*;
use gst::prelude::*;

#[test]
fn to_ready_with_full_pads() {
    let rig = Compare::started(iqacompare().build().unwrap(), FLAT);
    for target in [gst::State::Ready, gst::State::Null, gst::State::Ready] {
        // The reference lacks, or downstream is stuck.
        for stuck in [false, true] {
            if stuck {
                rig.block();
            }
            let references = if stuck { 20 } else { 3 };
            let pushed = rig.feed((0..references).map(|n| flat(n, 100)), (0..20).map(|n| flat(n, 105)));
            rig.frames(1);
            // As a sink does before its source stops.
            rig.unblock();
            rig.state(target);
            for push in pushed {
                assert!(matches!(push.wait(), Ok(_) | Err(gst::FlowError::Flushing)));
            }
            rig.reference.restart();
            rig.clear();
            rig.state(gst::State::Playing);
            rig.begin(FLAT);
            rig.pairs(10..14, 3);
            let frames = rig.finish_both();
            assert_eq!(frames.len(), 4, "{:?}", rig.order());
            near(entry(&frames[3]).get("psnr-y").unwrap(), psnr(3), 1e-9);
            rig.assert_ledger(&[("distorted", 4), ("matched", 4), ("reference", 4)]);
            rig.state(target);
            rig.assert_ledger(&[("distorted", 4), ("matched", 4)]);
            rig.reference.restart();
            rig.clear();
            rig.state(gst::State::Playing);
            rig.begin(FLAT);
        }
    }
}

#[test]
fn in_the_middle_of_measuring() {
    let caps = "video/x-raw,format=GRAY8,width=640,height=640,framerate=25/1";
    let element = iqacompare().property_from_str("measures", "psnr+ssim+ms-ssim").build().unwrap();
    let rig = Compare::started(element, caps);
    let large = |n: u64| {
        let mut buffer = gst::Buffer::from_mut_slice(vec![n as u8; 640 * 640]);
        buffer.get_mut().unwrap().set_pts(n * FRAME);
        buffer
    };
    let pushed = rig.feed((0..30).map(large), (0..30).map(large));
    rig.frames(1);
    rig.state(gst::State::Null);
    for push in pushed {
        let _ = push.wait();
    }
}

#[test]
fn up_and_down_without_data() {
    let rig = Compare::new(iqacompare().build().unwrap());
    for state in [gst::State::Null, gst::State::Paused, gst::State::Ready, gst::State::Playing] {
        rig.state(state);
    }
}

#[test]
fn it_is_gone_when_it_is_dropped() {
    let rig = Compare::started(iqacompare().build().unwrap(), FLAT);
    rig.pairs(0..3, 1);
    rig.finish_both();
    let weak = rig.element.downgrade();
    // The rig's bus is the element's, and messages hold who has sent them.
    let bus = rig.bus.clone();
    drop(rig);
    bus.set_flushing(true);
    drop(bus);
    let deadline = std::time::Instant::now() + LIMIT;
    while weak.upgrade().is_some() {
        assert!(std::time::Instant::now() < deadline, "somebody still holds the element");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}
