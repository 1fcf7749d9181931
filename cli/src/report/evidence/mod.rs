// SPDX-License-Identifier: MPL-2.0

//! Pictures of moments: source frame, rendition frame, their difference and their SSIM map.
//!
//! They are decoded after everything has been measured, by separate decoders that seek from moment to moment. The
//! engine does conversion and difference.

mod reader;

use crate::media::display_size;
use crate::media::labelled::labelled;
use anyhow::{Context, Result};
use gstonnxiqa::video_frame::Stream;
use image::ImageEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use onnx_iqa::evidence::{Shown, difference, show, ssim_map};
use onnx_iqa::picture::Frame;
use onnx_iqa::record::FrameRecord;
use std::path::Path;

pub use reader::{FrameReader, Still};

/// Paths of a moment's pictures, relative to the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pictures {
    /// Source frame.
    pub source: String,
    /// Rendition frame.
    pub rendition: String,
    /// Rendition frame with its values drawn on it; only if matched, because other values are not trusted.
    pub labelled: Option<String>,
    /// Amplified difference; only if matched.
    pub difference: Option<String>,
    /// SSIM map; only if matched and the two can be measured against each other.
    pub map: Option<String>,
}

/// Writes a moment's pictures as PNG to `frames/` in `folder`, with names that start with `stem`. `partners`: measured
/// values and title, if the frames are matched so that their difference is meaningful.
///
/// # Errors
/// If a frame cannot be read or a file cannot be written.
pub fn write(
    source: &Still,
    rendition: &Still,
    partners: Option<(&str, &FrameRecord)>,
    folder: &Path,
    stem: &str,
) -> Result<Pictures> {
    let caps = |still: &Still| still.sample().caps_owned().context("a frame without caps");
    let [source_caps, rendition_caps] = [caps(source)?, caps(rendition)?];
    let stream = Stream::from_caps(&source_caps).map_err(anyhow::Error::msg)?;
    // As in the comparison, missing colorimetry takes the default for the size of the source.
    let other = Stream::sized_as(&rendition_caps, &stream).map_err(anyhow::Error::msg)?;
    let map = |stream: &Stream, still: &Still| {
        let buffer = still.sample().buffer_owned().context("a sample without a buffer")?;
        stream.map(buffer).context("cannot read a frame")
    };
    let (one, two) = (map(&stream, source)?, map(&other, rendition)?);
    let (one, two) = (one.picture()?, two.picture()?);
    let sizes = [display_size(&stream, [one.width(), one.height()]), display_size(&other, [two.width(), two.height()])];

    let frames = folder.join("frames");
    std::fs::create_dir_all(&frames).with_context(|| frames.display().to_string())?;
    let save = |shown: &Shown, kind: &str| {
        let name = format!("frames/{stem}-{kind}.png");
        png(shown, &folder.join(&name))?;
        anyhow::Ok(name)
    };
    let shown = show(&one, sizes[0])?;
    let own = show(&two, sizes[1])?;
    let mut pictures = Pictures {
        source: save(&shown, "source")?,
        rendition: save(&own, "rendition")?,
        labelled: None,
        difference: None,
        map: None,
    };
    if let Some((title, record)) = partners {
        pictures.labelled = Some(save(&labelled(own, title, record)?, "values")?);
        let difference = difference(&shown, &show(&two, sizes[0])?)?;
        pictures.difference = Some(save(&difference, "difference")?);
        // R'G'B' against Y'CbCr, and pictures smaller than a tile, have no map.
        let map = ssim_map(&one, &two).ok();
        pictures.map = map.map(|shown| save(&shown, "map")).transpose()?;
    }
    Ok(pictures)
}

fn png(shown: &Shown, path: &Path) -> Result<()> {
    let write = || -> Result<()> {
        let file = std::io::BufWriter::new(std::fs::File::create(path)?);
        let encoder = PngEncoder::new_with_quality(file, CompressionType::Fast, FilterType::Adaptive);
        encoder.write_image(&shown.pixels, shown.width, shown.height, image::ExtendedColorType::Rgb8)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::reader::PATIENCE;
    use super::*;
    use gst::prelude::*;
    use onnx_iqa_testkit::skipped;
    use std::path::PathBuf;
    use std::sync::Once;

    fn clip() -> Option<PathBuf> {
        static INIT: Once = Once::new();
        INIT.call_once(|| gst::init().expect("GStreamer"));
        let clip = std::env::var_os("ONNX_IQA_CLIPS").map(|folder| PathBuf::from(folder).join("bigbuckbunny.mp4"));
        let clip = clip.filter(|clip| clip.is_file());
        if clip.is_none() {
            skipped("evidence pictures: ONNX_IQA_CLIPS has no bigbuckbunny.mp4");
        }
        clip
    }

    fn decode(path: &Path) -> impl Fn(&gst::Pipeline, &gst::Pad) -> Result<()> + 'static {
        let uri = gst::glib::filename_to_uri(path, None).expect("a URI").to_string();
        move |pipeline, target| {
            let decoder = gst::ElementFactory::make("uridecodebin").property("uri", &uri).build()?;
            decoder.set_property("caps", gst::Caps::builder("video/x-raw").any_features().build());
            decoder.set_property("expose-all-streams", false);
            pipeline.add(&decoder)?;
            let target = target.clone();
            decoder.connect_pad_added(move |_, pad| {
                // A second video stream finds the target linked.
                let _ = pad.link(&target);
            });
            Ok(())
        }
    }

    fn bytes(sample: &gst::Sample) -> Vec<u8> {
        sample.buffer().expect("a buffer").map_readable().expect("memory").to_vec()
    }

    /// All frames with their stream times, in order.
    fn all(path: &Path) -> Vec<(gst::ClockTime, Vec<u8>)> {
        let reader = FrameReader::new(decode(path)).expect("a reader");
        let mut frames = Vec::new();
        while let Some(sample) = reader.player.sink.try_pull_sample(PATIENCE) {
            let segment = sample.segment().expect("a segment").downcast_ref::<gst::ClockTime>().expect("time").clone();
            let time = segment.to_stream_time(sample.buffer().expect("a buffer").pts()).expect("a time");
            frames.push((time, bytes(&sample)));
        }
        frames
    }

    /// The clip's pictures in another container.
    fn remuxed(clip: &Path, folder: &Path, muxer: &str) -> PathBuf {
        let path = folder.join(format!("clip.{muxer}"));
        let text = format!(
            "filesrc location={} ! qtdemux ! h264parse ! {muxer} ! filesink location={}",
            clip.display(),
            path.display()
        );
        let pipeline = gst::parse::launch(&text).expect("a pipeline");
        pipeline.set_state(gst::State::Playing).expect("it plays");
        let bus = pipeline.bus().expect("a bus");
        let end = bus.timed_pop_filtered(PATIENCE, &[gst::MessageType::Eos, gst::MessageType::Error]).expect("an end");
        assert!(matches!(end.view(), gst::MessageView::Eos(_)), "{end:?}");
        pipeline.set_state(gst::State::Null).expect("it stops");
        path
    }

    #[test]
    fn a_frame_that_is_sought_is_the_one_that_is_played() {
        let Some(clip) = clip() else { return };
        let folder = tempfile::tempdir().expect("a folder");
        let files =
            [clip.clone(), remuxed(&clip, folder.path(), "matroskamux"), remuxed(&clip, folder.path(), "mpegtsmux")];
        for file in files {
            let frames = all(&file);
            assert!(frames.len() > 40, "{}: {} frames", file.display(), frames.len());
            let mut reader = FrameReader::new(decode(&file)).expect("a reader");
            // Out of order, to test backward seeks, and in order.
            let half = frames.len() / 2;
            for number in [frames.len() - 1, 0, 17, half, 1, half + 1, half + 1, half + 2, half + 9, frames.len() - 2] {
                let time = frames[number].0;
                let found = bytes(&reader.frame(time).expect("a frame").sample);
                // GStreamer assigns the same timestamp to several frames of MPEG-TS with B-frames.
                let mut there = frames.iter().filter(|frame| frame.0 == time);
                let place = frames.iter().position(|frame| frame.1 == found);
                assert!(there.any(|frame| frame.1 == found), "{file:?}: {number} at {time} is {place:?}");
            }
            let beyond = frames.last().expect("frames").0 + gst::ClockTime::SECOND;
            let error = reader.frame(beyond).expect_err("no frame").to_string();
            assert!(error.starts_with("no frame at"), "{error}");
        }
    }

    /// The clip has one key frame: every seek goes to the beginning.
    #[test]
    fn moments_in_order_are_decoded_in_one_walk() {
        let Some(clip) = clip() else { return };
        let mut reader = FrameReader::new(decode(&clip)).expect("a reader");
        let seeks = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        let count = seeks.clone();
        let pad = reader.player.sink.static_pad("sink").expect("a pad");
        pad.add_probe(gst::PadProbeType::EVENT_FLUSH, move |_, probe| {
            let is_end = |event: &gst::Event| event.type_() == gst::EventType::FlushStop;
            if matches!(&probe.data, Some(gst::PadProbeData::Event(event)) if is_end(event)) {
                count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
            gst::PadProbeReturn::Ok
        });
        for milliseconds in [1000, 1400, 1400, 2600, 4000] {
            reader.frame(gst::ClockTime::from_mseconds(milliseconds)).expect("a frame");
        }
        assert_eq!(seeks.load(std::sync::atomic::Ordering::SeqCst), 1);
        reader.frame(gst::ClockTime::from_mseconds(400)).expect("a frame");
        assert_eq!(seeks.load(std::sync::atomic::Ordering::SeqCst), 2, "there is no way back but a seek");
    }

    #[test]
    fn a_moment_has_its_pictures() {
        let Some(clip) = clip() else { return };
        let folder = tempfile::tempdir().expect("a folder");
        let [mut one, mut two] = [0, 1].map(|_| FrameReader::new(decode(&clip)).expect("a reader"));
        let time = |milliseconds| gst::ClockTime::from_mseconds(milliseconds);
        let mut record = FrameRecord::default();
        record.measures.push(("psnr-y", 31.4));
        let mut shown = |times: [u64; 2], partners: bool, stem: &str| {
            let partners = partners.then_some(("copy", &record));
            let stills = [one.frame(time(times[0])), two.frame(time(times[1]))].map(|still| still.expect("a frame"));
            // The source's frame outlives its decoder.
            let source = stills[0].copied().expect("a copy");
            write(&source, &stills[1], partners, folder.path(), stem).expect("pictures")
        };
        let pictures = shown([400, 400], true, "copy-1");
        let open = |name: &String| image::open(folder.path().join(name)).expect("a picture").to_rgb8();
        let source = open(&pictures.source);
        assert_eq!(source, open(&pictures.rendition), "the same frame");
        let labelled = open(&pictures.labelled.expect("one with its values"));
        assert_eq!(labelled.dimensions(), source.dimensions());
        let changed = labelled.pixels().zip(source.pixels()).filter(|(one, other)| one != other).count();
        assert!(changed > 1000 && changed < source.pixels().len() / 4, "{changed} pixels have text");
        assert!(open(&pictures.difference.expect("a difference")).as_raw().iter().all(|value| *value == 128));
        assert!(open(&pictures.map.expect("a map")).pixels().all(|pixel| pixel.0 == [0, 34, 78]));
        let (low, high) = source.as_raw().iter().fold((255, 0), |(low, high), v| (low.min(*v), high.max(*v)));
        assert!(low < 40 && high > 200, "a picture, not a plane: {low} to {high}");
        let pictures = shown([400, 1200], false, "other-1");
        assert_eq!((pictures.difference, pictures.map, pictures.labelled), (None, None, None));
        assert_ne!(open(&pictures.source), open(&pictures.rendition));
    }

    #[test]
    fn what_cannot_be_decoded_says_so() {
        if clip().is_none() {
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let text = folder.path().join("text.mp4");
        std::fs::write(&text, "no film").expect("written");
        assert!(FrameReader::new(decode(&text)).is_err());
        assert!(FrameReader::new(decode(&folder.path().join("missing.mp4"))).is_err());
    }
}
