// SPDX-License-Identifier: MPL-2.0

//! What is left over when all elements are gone. The name makes this test the last one on one thread.

use super::common::init;
use gst::prelude::*;
use std::time::{Duration, Instant};

/// What GStreamer's tracer `leaks` says is alive.
fn alive(tracer: &gst::Tracer) -> Vec<String> {
    let found = tracer.emit_by_name::<gst::Structure>("get-live-objects", &[]);
    let list = found.get::<gst::List>("live-objects-list").expect("the tracer's list");
    list.iter().map(|object| format!("{:?}", object.get::<gst::Structure>())).collect()
}

#[test]
#[ignore = "needs GST_TRACERS=leaks, and the other tests before it on the same thread: scripts/test-slow.sh"]
fn nothing_survives() {
    init();
    let tracers = gst::active_tracers();
    let tracer = tracers.iter().find(|tracer| tracer.type_().name() == "GstLeaksTracer");
    let tracer = tracer.expect("GST_TRACERS=leaks");
    // Threads of the tests end a little after them.
    let deadline = Instant::now() + Duration::from_secs(10);
    while !alive(tracer).is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    let left = alive(tracer);
    assert!(left.is_empty(), "{} objects are left over: {:#?}", left.len(), &left[..left.len().min(20)]);
}
