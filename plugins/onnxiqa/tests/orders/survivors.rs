// SPDX-License-Identifier: MPL-2.0

//! Objects that remain after all elements are gone. The name makes this the last test on one thread.

use super::common::init;
use gst::prelude::*;
use std::time::{Duration, Instant};

/// The live objects according to GStreamer's tracer `leaks`.
fn alive(tracer: &gst::Tracer) -> Vec<String> {
    let found = tracer.emit_by_name::<gst::Structure>("get-live-objects", &[]);
    let list = found.get::<gst::List>("live-objects-list").expect("the tracer's list");
    list.iter().map(|object| format!("{:?}", object.get::<gst::Structure>())).collect()
}

#[test]
#[ignore = "needs GST_TRACERS=leaks, and the other tests before it on the same thread: scripts/test-slow.sh"]
fn nothing_survives() {
    init();
    // What is registered stays so.
    for name in ["iqascore", "iqacompare", "iqalog", "iqaoverlay"] {
        let factory = gst::ElementFactory::find(name).expect("it is registered");
        factory.set_object_flags(gst::ObjectFlags::MAY_BE_LEAKED);
    }
    let tracers = gst::active_tracers();
    let tracer = tracers.iter().find(|tracer| tracer.type_().name() == "GstLeaksTracer");
    let tracer = tracer.expect("GST_TRACERS=leaks");
    // Threads of the tests end slightly after them.
    let deadline = Instant::now() + Duration::from_secs(10);
    while !alive(tracer).is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    let left = alive(tracer);
    assert!(left.is_empty(), "{} objects remain: {:#?}", left.len(), &left[..left.len().min(20)]);
}
