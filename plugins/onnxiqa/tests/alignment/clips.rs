// SPDX-License-Identifier: MPL-2.0

//! Real clips as frames in memory, and frames coded by encoders.

use crate::common::{clip, launch};
use gst::prelude::*;
use gst_video::prelude::*;
use onnx_iqa::align::time::Signature;
use onnx_iqa::picture::{ChromaSite, Colorimetry, Matrix, Picture, PixelFormat, Plane, Range};
use std::sync::{Arc, LazyLock, OnceLock};

/// An I420 frame, rows without padding.
#[derive(Debug, Clone)]
pub struct Image {
    pub width: usize,
    pub height: usize,
    data: Arc<(Vec<u8>, OnceLock<Signature>)>,
}

impl Image {
    pub fn new(width: usize, height: usize, data: Vec<u8>) -> Self {
        Self { width, height, data: Arc::new((data, OnceLock::new())) }
    }

    /// A picture of one luma value.
    pub fn flat(width: usize, height: usize, luma: u8) -> Self {
        let mut data = vec![luma; width * height];
        data.resize(width * height + 2 * width.div_ceil(2) * height.div_ceil(2), 128);
        Self::new(width, height, data)
    }

    /// Computed once.
    pub fn signature(&self) -> Signature {
        self.data.1.get_or_init(|| Signature::of(&self.picture())).clone()
    }

    /// The image with its signature but without its samples, which would fill the memory in a long list. Afterwards,
    /// only [`Self::signature`] may be used.
    pub fn without_samples(&self) -> Self {
        let kept = Self::new(self.width, self.height, Vec::new());
        let _ = kept.data.1.set(self.signature());
        kept
    }

    /// The same for all copies of an image, and different for every other image while this one exists.
    pub fn id(&self) -> usize {
        Arc::as_ptr(&self.data) as usize
    }

    pub fn luma(&self) -> &[u8] {
        &self.data.0[..self.width * self.height]
    }

    /// The same chroma with another luma; no chroma if the size differs.
    pub fn with_luma(&self, width: usize, height: usize, luma: Vec<u8>) -> Self {
        let mut data = luma;
        if (width, height) == (self.width, self.height) {
            data.extend_from_slice(&self.data.0[width * height..]);
        } else {
            data.resize(width * height + 2 * width.div_ceil(2) * height.div_ceil(2), 128);
        }
        Self::new(width, height, data)
    }

    pub fn picture(&self) -> Picture<'_> {
        let (half, rows) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let (luma, chroma) = self.data.0.split_at(self.width * self.height);
        let (u, v) = chroma.split_at(half * rows);
        let planes = [
            Plane { data: luma, stride: self.width },
            Plane { data: u, stride: half },
            Plane { data: v, stride: half },
        ];
        let colorimetry = Colorimetry { matrix: Matrix::Bt709, range: Range::Limited, chroma_site: ChromaSite::LEFT };
        Picture::new(PixelFormat::I420, self.width as u32, self.height as u32, &planes, colorimetry).unwrap()
    }
}

/// A clip.
pub struct Clip {
    pub name: &'static str,
    pub images: Vec<Image>,
}

fn decode(name: &'static str, file: &str, caps: &str) -> Clip {
    let path = clip(file);
    let pipeline = launch(&format!(
        "filesrc location={} ! decodebin ! videoconvert ! videoscale ! video/x-raw,format=I420{caps} \
         ! appsink name=out sync=false max-buffers=8",
        path.display()
    ));
    Clip { name, images: pull(&pipeline) }
}

/// Runs a pipeline and collects all frames of its `out`.
fn pull(pipeline: &gst::Pipeline) -> Vec<Image> {
    let sink = pipeline.by_name("out").unwrap().downcast::<gst_app::AppSink>().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let mut images = Vec::new();
    let limit = gst::ClockTime::try_from(crate::common::LIMIT).unwrap();
    while let Some(sample) = sink.try_pull_sample(limit) {
        let info = gst_video::VideoInfo::from_caps(sample.caps().unwrap()).unwrap();
        let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(sample.buffer().unwrap(), &info).unwrap();
        let mut data = Vec::new();
        for plane in 0..3 {
            let stride = frame.plane_stride()[plane as usize] as usize;
            let (width, height) = (frame.comp_width(plane) as usize, frame.comp_height(plane) as usize);
            let rows = frame.plane_data(plane).unwrap().chunks(stride).take(height);
            rows.for_each(|row| data.extend_from_slice(&row[..width]));
        }
        images.push(Image::new(info.width() as usize, info.height() as usize, data));
    }
    assert!(sink.is_eos(), "a pipeline stopped before its end");
    pipeline.set_state(gst::State::Null).unwrap();
    images
}

/// Frames of a source, in gst-launch syntax.
pub fn generate(source: &str, width: usize, height: usize) -> Vec<Image> {
    pull(&launch(&format!(
        "{source} ! video/x-raw,format=I420,width={width},height={height},framerate=25/1 \
         ! appsink name=out sync=false max-buffers=8"
    )))
}

/// Encodes and decodes frames. `codec`: encoder, parser and decoder. Returns as many frames.
pub fn encode(images: &[Image], codec: &str) -> Vec<Image> {
    let (width, height) = (images[0].width, images[0].height);
    let pipeline = launch(&format!(
        "appsrc name=in format=time block=true max-buffers=8 \
         caps=video/x-raw,format=I420,width={width},height={height},framerate=25/1,colorimetry=bt709,\
         pixel-aspect-ratio=1/1 \
         ! {codec} ! videoconvert ! video/x-raw,format=I420 \
         ! appsink name=out sync=false max-buffers=8"
    ));
    let source = pipeline.by_name("in").unwrap().downcast::<gst_app::AppSrc>().unwrap();
    let buffers: Vec<_> = images.iter().zip(0..).map(|(image, n)| buffer(image, n)).collect();
    let feeder = std::thread::spawn(move || {
        // A failure shows as missing frames at the end.
        let pushed = buffers.into_iter().try_for_each(|buffer| source.push_buffer(buffer).map(|_| ()));
        let _ = pushed.and_then(|()| source.end_of_stream().map(|_| ()));
    });
    let coded = pull(&pipeline);
    feeder.join().unwrap();
    assert_eq!(coded.len(), images.len(), "{codec} loses frames");
    coded
}

fn buffer(image: &Image, n: u64) -> gst::Buffer {
    let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::I420, image.width as u32, image.height as u32);
    let info = info.build().unwrap();
    let mut buffer = gst::Buffer::with_size(info.size()).unwrap();
    let fields = buffer.get_mut().unwrap();
    fields.set_pts(n * gst::ClockTime::from_mseconds(40));
    fields.set_duration(gst::ClockTime::from_mseconds(40));
    let mut frame = gst_video::VideoFrameRef::from_buffer_ref_writable(fields, &info).unwrap();
    let mut from = 0;
    for plane in 0..3 {
        let stride = frame.plane_stride()[plane as usize] as usize;
        let (width, height) = (frame.comp_width(plane) as usize, frame.comp_height(plane) as usize);
        for row in frame.plane_data_mut(plane).unwrap().chunks_mut(stride).take(height) {
            row[..width].copy_from_slice(&image.data.0[from..from + width]);
            from += width;
        }
    }
    drop(frame);
    buffer
}

/// 250 frames of motocross, hand-held, with one or two cuts per second.
pub static BIKES: LazyLock<Clip> = LazyLock::new(|| decode("bikes", "bikes.mp4", ""));
/// 132 frames of animation, slow at first. Every 25th frame nearly repeats the previous one, because the original had
/// 24 frames per second.
pub static BUNNY: LazyLock<Clip> =
    LazyLock::new(|| decode("bunny", "bigbuckbunny.mp4", ",width=640,height=360,pixel-aspect-ratio=1/1"));
/// 120 frames of a man talking in a car, with the background moving in the window.
pub static CARPHONE: LazyLock<Clip> = LazyLock::new(|| decode("carphone", "carphone_pristine.mp4", ""));
/// The same from an encoder with too few bits.
pub static CARPHONE_DISTORTED: LazyLock<Clip> = LazyLock::new(|| decode("carphone", "carphone_distorted.mp4", ""));
