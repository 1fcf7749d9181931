// SPDX-License-Identifier: MPL-2.0

//! `iqaoverlay`, by subject.

#[path = "../common/mod.rs"]
mod common;

mod alarm;
mod composition;
mod frames;
mod pipelines;
mod properties;
mod times;

use common::*;
use gst::prelude::*;
use gstonnxiqa::messages::Structured;
use onnx_iqa::model::contract::Kind;
use onnx_iqa::record::{FrameRecord, State};

/// Frames of [`frame`].
const LARGE: &str = "video/x-raw,format=GRAY8,width=320,height=240,framerate=25/1";

/// An `iqaoverlay` called `o`.
fn iqaoverlay() -> gst::element_factory::ElementBuilder<'static> {
    init();
    gst::ElementFactory::make("iqaoverlay").name("o")
}

/// Frame number `n` of [`LARGE`], gray.
fn frame(n: u64) -> gst::Buffer {
    bytes(n, vec![128; 320 * 240])
}

fn bytes(n: u64, bytes: Vec<u8>) -> gst::Buffer {
    let mut buffer = gst::Buffer::from_mut_slice(bytes);
    let fields = buffer.get_mut().unwrap();
    fields.set_pts(n * FRAME);
    fields.set_duration(FRAME);
    buffer
}

/// A score of the frame itself.
fn scored(score: f64) -> FrameRecord {
    let mut record = FrameRecord::new("metaiqa", Kind::NoReference, State::Scored);
    (record.score, record.age) = (Some(score), Some(0));
    record
}

/// The buffer with this entry of the element `q`.
fn with(mut buffer: gst::Buffer, record: &FrameRecord) -> gst::Buffer {
    gstonnxiqa::meta::attach(buffer.make_mut(), "q", record.to_structure()).unwrap();
    buffer
}

/// The buffer's bytes.
fn data(buffer: &gst::BufferRef) -> Vec<u8> {
    buffer.map_readable().unwrap().to_vec()
}

/// The number of bytes that differ from the pushed frame.
fn drawn(buffer: &gst::BufferRef) -> usize {
    data(buffer).iter().filter(|&&byte| byte != 128).count()
}
