// SPDX-License-Identifier: MPL-2.0

//! Elements with the same reference share what is computed from it, and have the same values as a single one.

use crate::common::*;
use crate::flush::flush_both;
use crate::queues::{counted, wait_for};
use gst::prelude::*;
use gstonnxiqa::video_frame::lease;
use onnx_iqa::sharing::reused;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const WIDTH: u64 = 96;
const HEIGHT: u64 = 64;
const CAPS: &str = "video/x-raw,format=GRAY8,width=96,height=64,framerate=25/1";

/// Reuse is counted for the whole process, so tests run one at a time.
fn alone() -> MutexGuard<'static, ()> {
    static TESTS: Mutex<()> = Mutex::new(());
    TESTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A moving pattern with `percent` of its contrast.
fn pattern(n: u64, percent: u64) -> Vec<u8> {
    let sample = |i: u64| {
        let (x, y) = (i % WIDTH + n * n, i / WIDTH);
        ((x * 7 % 61 + y * 5 % 47 + (x / 9 + y / 7) % 2 * 60) * percent / 100 + 40) as u8
    };
    (0..WIDTH * HEIGHT).map(sample).collect()
}

fn stamped(mut buffer: gst::Buffer, n: u64) -> gst::Buffer {
    let fields = buffer.make_mut();
    fields.set_pts(n * FRAME);
    fields.set_duration(FRAME);
    buffer
}

fn frame(n: u64, percent: u64) -> gst::Buffer {
    stamped(gst::Buffer::from_mut_slice(pattern(n, percent)), n)
}

fn element() -> gst::element_factory::ElementBuilder<'static> {
    iqacompare().property_from_str("measures", "psnr+ssim+vmaf")
}

/// The contrast of a rung, in percent.
const RUNGS: [u64; 4] = [90, 80, 60, 40];

/// The measures that the frames carry.
fn measured(frames: &[gst::Buffer]) -> Vec<[f64; 3]> {
    let of = |frame: &gst::Buffer| ["psnr-y", "ssim", "vmaf"].map(|field| entry(frame).get(field).unwrap_or(f64::NAN));
    frames.iter().map(of).collect()
}

/// A rung that is compared with its own frames.
fn one_alone(percent: u64, numbers: std::ops::Range<u64>) -> Vec<[f64; 3]> {
    let harness = Compare::started(element().build().unwrap(), CAPS);
    harness.feed(numbers.clone().map(|n| frame(n, 100)), numbers.map(|n| frame(n, percent)));
    measured(&harness.finish_both())
}

fn rungs() -> Vec<Compare> {
    RUNGS.iter().map(|_| Compare::started(element().build().unwrap(), CAPS)).collect()
}

#[test]
fn a_ladder_has_the_values_of_its_single_rungs() {
    let _one = alone();
    let expected = RUNGS.map(|percent| one_alone(percent, 0..8));
    let before = reused();
    let rungs = rungs();
    let references: Vec<_> = (0..8).map(|n| frame(n, 100)).collect();
    // A lease is held throughout, however far apart the rungs are.
    let held: Vec<_> = references.iter().map(|frame| lease(frame)).collect();
    for (harness, percent) in rungs.iter().zip(RUNGS) {
        harness.feed(references.clone(), (0..8).map(|n| frame(n, percent)));
    }
    for (harness, expected) in rungs.iter().zip(&expected) {
        assert_eq!(measured(&harness.finish_both()), *expected);
    }
    // A plane, VIF's maps, detail and, except for the first frame, motion; for three more rungs.
    assert_eq!(reused() - before, 3 * (8 * 3 + 7));
    drop((held, references));
}

/// Every buffer of the pool returns with other content at the same addresses.
#[test]
fn reused_memory_is_another_reference() {
    let _one = alone();
    const FRAMES: u64 = 40;
    let expected = RUNGS.map(|percent| one_alone(percent, 0..FRAMES));
    for most in [0, 2] {
        let pool = gst::BufferPool::new();
        let mut config = pool.config();
        config.set_params(Some(&CAPS.parse().unwrap()), (WIDTH * HEIGHT) as u32, 2, most);
        pool.set_config(config).unwrap();
        pool.set_active(true).unwrap();
        let rungs = rungs();
        let mut addresses = Vec::new();
        for n in 0..FRAMES {
            let mut buffer = pool.acquire_buffer(None).unwrap();
            let mut map = buffer.get_mut().unwrap().map_writable().unwrap();
            map.copy_from_slice(&pattern(n, 100));
            addresses.push(map.as_ptr() as usize);
            drop(map);
            let fields = buffer.get_mut().unwrap();
            fields.set_pts(n * FRAME);
            fields.set_duration(FRAME);
            let pushed: Vec<_> = rungs.iter().map(|harness| harness.reference.push_later(buffer.clone())).collect();
            drop(buffer);
            for (harness, percent) in rungs.iter().zip(RUNGS) {
                harness.push_later(frame(n, percent));
            }
            pushed.into_iter().for_each(|push| assert_eq!(push.wait(), Ok(gst::FlowSuccess::Ok)));
        }
        addresses.sort_unstable();
        addresses.dedup();
        assert!(addresses.len() < FRAMES as usize, "no memory was used again");
        for (harness, expected) in rungs.iter().zip(&expected) {
            assert_eq!(measured(&harness.finish_both()), *expected, "a pool of at most {most}");
        }
        pool.set_active(false).unwrap();
    }
}

#[test]
fn rungs_that_stop_flush_or_lag_do_not_affect_the_others() {
    let _one = alone();
    let expected = RUNGS.map(|percent| one_alone(percent, 0..12));
    let rungs = rungs();
    let references: Vec<_> = (0..12).map(|n| frame(n, 100)).collect();
    // The first three get everything, the fourth its distorted frames only after the others have ended.
    for (index, (harness, percent)) in rungs.iter().zip(RUNGS).enumerate() {
        let distorted = (0..12).map(|n| frame(n, percent)).filter(|_| index != 3);
        drop(harness.feed(references.clone(), distorted));
    }
    // The second one stops in the middle.
    rungs[1].frames(3);
    set_state(&rungs[1].element, gst::State::Null);
    for index in [0, 2] {
        assert_eq!(measured(&rungs[index].finish_both()), expected[index]);
    }
    drop(rungs[3].feed([], (0..12).map(|n| frame(n, RUNGS[3]))));
    assert_eq!(measured(&rungs[3].finish_both()), expected[3]);
}

/// One rung seeks: it continues elsewhere in the same source, and the others where they were.
#[test]
fn a_rung_that_seeks_does_not_affect_the_others() {
    let _one = alone();
    let expected = RUNGS.map(|percent| one_alone(percent, 0..12));
    let after = one_alone(RUNGS[1], 4..9);
    let rungs = rungs();
    let references: Vec<_> = (0..12).map(|n| frame(n, 100)).collect();
    let feed = |index: usize, numbers: std::ops::Range<u64>| {
        let of_source = references[numbers.start as usize..numbers.end as usize].to_vec();
        rungs[index].feed(of_source, numbers.map(|n| frame(n, RUNGS[index])))
    };
    let halves: Vec<_> = (0..RUNGS.len()).map(|index| feed(index, 0..6)).collect();
    rungs[1].frames(3);
    flush_both(&rungs[1]);
    for push in halves.into_iter().flatten() {
        assert!(matches!(push.wait(), Ok(_) | Err(gst::FlowError::Flushing)));
    }
    rungs[1].clear();
    for index in [0, 2, 3] {
        drop(feed(index, 6..12));
    }
    drop(feed(1, 4..9));
    assert_eq!(measured(&rungs[1].finish_both()), after);
    for index in [0, 2, 3] {
        assert_eq!(measured(&rungs[index].finish_both()), expected[index]);
    }
}

/// The window of references of `auto` is held as references to the same memory, not as copies.
#[test]
fn the_window_of_auto_is_held_once_for_all_rungs() {
    let alive = Arc::new(AtomicUsize::new(0));
    // How many frames exist while that many rungs hold everything they receive.
    let held_by = |rungs: usize| {
        let rung = || Compare::started(iqacompare().property_from_str("alignment", "auto").build().unwrap(), FLAT);
        let rungs: Vec<_> = (0..rungs).map(|_| rung()).collect();
        let references: Vec<_> = (0..12).map(|n| counted(n, 100, &alive)).collect();
        for harness in &rungs {
            for push in harness.feed(references.clone(), []) {
                push.wait().unwrap();
            }
        }
        drop(references);
        let held = alive.load(Ordering::SeqCst);
        for harness in &rungs {
            set_state(&harness.element, gst::State::Null);
        }
        drop(rungs);
        wait_for("all frames are let go", || alive.load(Ordering::SeqCst) == 0);
        held
    };
    assert_eq!(held_by(1), 12);
    assert_eq!(held_by(RUNGS.len()), 12);
}

/// The same memory with another part selected by a `GstVideoCropMeta`, as videocrop does for a decoder's frames.
#[test]
fn another_part_of_the_same_memory_is_another_reference() {
    let _one = alone();
    const SMALL: &str = "video/x-raw,format=GRAY8,width=64,height=48,framerate=25/1";
    let cropped = |buffer: &gst::Buffer, x: u32, y: u32| {
        let mut buffer = buffer.clone();
        let fields = buffer.make_mut();
        let (width, height) = (WIDTH as u32, HEIGHT as u32);
        gst_video::VideoMeta::add(
            fields,
            gst_video::VideoFrameFlags::empty(),
            gst_video::VideoFormat::Gray8,
            width,
            height,
        )
        .unwrap();
        gst_video::VideoCropMeta::add(fields, (x, y, 64, 48));
        buffer
    };
    let compare = |parts: &[(u32, u32)]| {
        let references: Vec<_> = (0..6).map(|n| frame(n, 100)).collect();
        let distorted: Vec<_> = (0..6).map(|n| frame(n, 70)).collect();
        let rungs: Vec<_> = parts.iter().map(|_| Compare::started(element().build().unwrap(), SMALL)).collect();
        for (harness, &(x, y)) in rungs.iter().zip(parts) {
            let part = |frames: &[gst::Buffer]| frames.iter().map(|frame| cropped(frame, x, y)).collect::<Vec<_>>();
            harness.feed(part(&references), part(&distorted));
        }
        rungs.iter().map(|harness| measured(&harness.finish_both())).collect::<Vec<_>>()
    };
    let parts = [(0, 0), (32, 16), (0, 0), (8, 4)];
    let together = compare(&parts);
    for (part, found) in parts.iter().zip(&together) {
        assert_eq!(compare(&[*part])[0], *found, "{part:?}");
    }
    assert!(together[0] != together[1] && together[0] == together[2]);
}

/// Rungs of several sizes with one source, as in pipelines.
#[test]
fn a_tee_on_the_reference_side() {
    let _one = alone();
    let rung = |index: usize, (width, height): (u32, u32)| {
        format!(
            " t. ! queue ! c{index}.reference \
             t. ! queue ! videoscale ! video/x-raw,width={width},height={height} ! videobalance contrast=0.8 \
             ! c{index}.distorted iqacompare name=c{index} alignment=pts measures=psnr+ssim+vmaf ! appsink \
             name=s{index} \
             sync=false max-buffers=0"
        )
    };
    let sizes = [(160, 120), (80, 60), (64, 48), (160, 120)];
    let run = |rungs: &[usize]| {
        let source =
            "videotestsrc pattern=ball num-buffers=20 ! video/x-raw,format=I420,width=160,height=120 ! tee name=t";
        let branches: String = rungs.iter().map(|&index| rung(index, sizes[index])).collect();
        let pipeline = launch(&format!("{source}{branches}"));
        set_state(&pipeline, gst::State::Playing);
        let found = rungs.iter().map(|index| {
            let sink = pipeline.by_name(&format!("s{index}")).unwrap().downcast::<gst_app::AppSink>().unwrap();
            let frames = std::iter::from_fn(|| sink.pull_sample().ok());
            let scores = frames.map(|sample| {
                let entry = entry_of(sample.buffer().unwrap(), &format!("c{index}"));
                ["psnr-y", "ssim", "vmaf"].map(|field| entry.get::<f64>(field).unwrap())
            });
            scores.collect::<Vec<_>>()
        });
        let found: Vec<_> = found.collect();
        set_state(&pipeline, gst::State::Null);
        found
    };
    let together = run(&[0, 1, 2, 3]);
    for (index, found) in together.iter().enumerate() {
        assert_eq!(found.len(), 20);
        assert_eq!(run(&[index])[0], *found, "rung {index}");
    }
    assert!(together[0] == together[3] && together[0] != together[1]);
}
