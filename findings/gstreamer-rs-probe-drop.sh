#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# A gstreamer-rs pad probe that answers Drop on a sink pad makes GStreamer print a CRITICAL for every dropped buffer.
#
# Expected: PadProbeReturn::Drop drops the buffer, as GST_PAD_PROBE_DROP does in C, and nothing is printed.
# Actual: this holds on source pads. On sink pads gst_mini_object_unref is given a null pointer, which prints
#   "GStreamer-CRITICAL … assertion 'mini_object != NULL' failed" for each buffer: gstreamer-rs takes the buffer out of
#   the probe's info before it calls the closure, and puts it back for every answer but Drop and Handled. A program
#   that leaves out frames on purpose fills its log, and ends at the first one where G_DEBUG has fatal-criticals.
#   Handled drops them without a message on both.
# Seen with: crate gstreamer 0.25.4 on GStreamer 1.22.0; the same program is quiet on 1.26.2 and 1.28.8. Noticed in a
#   camera's log when only key frames were decoded.
. "$(dirname -- "$0")/common.sh"
command -v cargo >/dev/null || cannot 'cargo with Rust 1.92 or newer is needed'
pkg-config --exists gstreamer-1.0 || cannot 'the development files of GStreamer are needed'

mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "probe"
version = "0.0.0"
edition = "2021"
rust-version = "1.92"
resolver = "3"

[dependencies]
gstreamer = { version = "=0.25.4", features = ["v1_22"] }

[profile.dev]
debug = false

[workspace]
TOML
cat >src/main.rs <<'RUST'
use gstreamer::{self as gst, prelude::*};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

fn main() {
    let answer = match std::env::args().nth(1).as_deref() {
        Some("drop") => gst::PadProbeReturn::Drop,
        _ => gst::PadProbeReturn::Handled,
    };
    gst::init().expect("GStreamer starts");
    let source = gst::Pad::new(gst::PadDirection::Src);
    let arrived = Arc::new(AtomicUsize::new(0));
    let counted = arrived.clone();
    let sink = gst::Pad::builder(gst::PadDirection::Sink).chain_function(move |_, _, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(gst::FlowSuccess::Ok)
    });
    let sink = sink.build();
    source.link(&sink).expect("they link");
    source.set_active(true).expect("active");
    sink.set_active(true).expect("active");
    source.push_event(gst::event::StreamStart::new("stream"));
    source.push_event(gst::event::Segment::new(gst::FormattedSegment::<gst::ClockTime>::new().as_ref()));
    let pad = if std::env::args().nth(2).as_deref() == Some("sink") { &sink } else { &source };
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| answer);
    for _ in 0..5 {
        source.push(gst::Buffer::new()).expect("it goes on");
    }
    println!("{}", arrived.load(Ordering::Relaxed));
}
RUST
CARGO_TARGET_DIR=$work/target cargo build --quiet || cannot 'the program could not be built'
complaints() { grep -c "CRITICAL.*mini_object != NULL" log || true; }
for pad in source sink; do
    for answer in drop handled; do
        arrived=$(target/debug/probe $answer $pad 2>log) || cannot "the program ends with an error: $(tail -n 1 log)"
        still "$answer, $pad pad: buffers that arrive, of 5" "$arrived" 0
        case $answer-$pad in
        drop-sink) still "$answer, $pad pad: complaints" "$(complaints)" 5 ;;
        *) still "$answer, $pad pad: complaints" "$(complaints)" 0 ;;
        esac
    done
done
verdict
