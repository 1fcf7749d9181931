// SPDX-License-Identifier: MPL-2.0

//! Pictures of moments: the source's frame, the rendition's, where they differ, how alike they are place by place.
//!
//! They are fetched after all has been measured, by a decoder of their own: it is sought to the last key frame before a
//! moment and decodes from there to the very frame. Conversion and difference are the engine's.

mod reader;

use anyhow::{Context, Result};
use gstonnxiqa::video_frame::Stream;
use image::ImageEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use onnx_iqa::evidence::{Detail, Shown, difference, show, ssim_map};
use onnx_iqa::picture::{Frame, Picture};
use reader::Decoded;
use std::path::Path;

pub use reader::FrameReader;

/// Where pictures of a moment lie, relative to the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pictures {
    /// The source's frame.
    pub source: String,
    /// The rendition's.
    pub rendition: String,
    /// The amplified difference; only of partners.
    pub difference: Option<String>,
    /// The map of SSIM; only of partners, and where the two can be measured against each other.
    pub map: Option<String>,
}

/// Two moments that are to be shown.
#[derive(Debug, Clone, Copy)]
pub struct Moments {
    /// The source's stream time.
    pub source: gst::ClockTime,
    /// The rendition's stream time.
    pub rendition: gst::ClockTime,
    /// Whether the two frames are partners, so that their difference says something.
    pub partners: bool,
}

/// Writes a moment's pictures as PNG into `frames/` of `folder`, under names that begin with `stem`.
///
/// # Errors
/// When a frame cannot be decoded or a file not be written.
pub fn write(
    source: &mut FrameReader,
    rendition: &mut FrameReader,
    moments: Moments,
    folder: &Path,
    stem: &str,
) -> Result<Pictures> {
    with_both(source, rendition, moments, |one, two| {
        let frames = folder.join("frames");
        std::fs::create_dir_all(&frames).with_context(|| frames.display().to_string())?;
        let save = |shown: &Shown, kind: &str| {
            let name = format!("frames/{stem}-{kind}.png");
            png(shown, &folder.join(&name))?;
            anyhow::Ok(name)
        };
        let shown = show(&one.picture, one.size)?;
        let mut pictures = Pictures {
            source: save(&shown, "source")?,
            rendition: save(&show(&two.picture, two.size)?, "rendition")?,
            difference: None,
            map: None,
        };
        if moments.partners {
            let difference = difference(&shown, &show(&two.picture, one.size)?)?;
            pictures.difference = Some(save(&difference, "difference")?);
            // R'G'B' against Y'CbCr, or a picture without room for a tile, has none.
            let map = ssim_map(&one.picture, &two.picture).ok();
            pictures.map = map.map(|shown| save(&shown, "map")).transpose()?;
        }
        Ok(pictures)
    })
}

/// How the detail of the rendition's picture stands to that of the source's; none where they say nothing.
///
/// # Errors
/// When a frame cannot be decoded.
pub fn detail(source: &mut FrameReader, rendition: &mut FrameReader, moments: Moments) -> Result<Option<Detail>> {
    with_both(source, rendition, moments, |one, two| {
        let [source, rendition] = [show(&one.picture, one.size)?, show(&two.picture, one.size)?];
        Ok(Detail::of(&source, &rendition)?)
    })
}

/// A frame, and its size in square pixels.
struct SizedPicture<'a> {
    picture: Picture<'a>,
    size: [u32; 2],
}

/// Does something with the two frames of a moment.
fn with_both<T>(
    source: &mut FrameReader,
    rendition: &mut FrameReader,
    moments: Moments,
    act: impl FnOnce(SizedPicture<'_>, SizedPicture<'_>) -> Result<T>,
) -> Result<T> {
    let one = source.frame(moments.source).context("the source")?;
    let two = rendition.frame(moments.rendition).context("the rendition")?;
    let caps = |frame: &Decoded| frame.sample.caps_owned().context("a frame without caps");
    let [source_caps, rendition_caps] = [caps(&one)?, caps(&two)?];
    let stream = Stream::from_caps(&source_caps).map_err(anyhow::Error::msg)?;
    // As in the comparison, what the rendition's caps leave out is taken from the source's size.
    let other = Stream::sized_as(&rendition_caps, &stream).map_err(anyhow::Error::msg)?;
    let map = |stream: &Stream, frame: &Decoded| {
        let buffer = frame.sample.buffer_owned().context("a sample without a buffer")?;
        stream.map(buffer).context("a frame cannot be read")
    };
    let (one, two) = (map(&stream, &one)?, map(&other, &two)?);
    let (one, two) = (one.picture()?, two.picture()?);
    let sizes = [display_size(&stream, [one.width(), one.height()]), display_size(&other, [two.width(), two.height()])];
    act(SizedPicture { picture: one, size: sizes[0] }, SizedPicture { picture: two, size: sizes[1] })
}

/// The size in square pixels.
fn display_size(stream: &Stream, [width, height]: [u32; 2]) -> [u32; 2] {
    let pixel = stream.info.par();
    let ratio = f64::from(pixel.numer().max(1)) / f64::from(pixel.denom().max(1));
    [(f64::from(width) * ratio).round().clamp(1.0, 65_536.0) as u32, height]
}

fn png(shown: &Shown, path: &Path) -> Result<()> {
    let write = || -> Result<()> {
        let file = std::io::BufWriter::new(std::fs::File::create(path)?);
        let encoder = PngEncoder::new_with_quality(file, CompressionType::Fast, FilterType::Adaptive);
        encoder.write_image(&shown.pixels, shown.width, shown.height, image::ExtendedColorType::Rgb8)?;
        Ok(())
    };
    write().with_context(|| format!("{}: cannot be written", path.display()))
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
                // A second video stream finds it taken.
                let _ = pad.link(&target);
            });
            Ok(())
        }
    }

    fn bytes(sample: &gst::Sample) -> Vec<u8> {
        sample.buffer().expect("a buffer").map_readable().expect("memory").to_vec()
    }

    /// All frames by their stream times, in order.
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
            // Not in order, so that it goes back too.
            for number in [frames.len() - 1, 0, 17, frames.len() / 2, 1, frames.len() / 2 + 1] {
                let time = frames[number].0;
                let found = bytes(&reader.frame(time).expect("a frame").sample);
                // Of MPEG-TS with B-frames GStreamer gives several frames one time.
                let mut there = frames.iter().filter(|frame| frame.0 == time);
                let place = frames.iter().position(|frame| frame.1 == found);
                assert!(there.any(|frame| frame.1 == found), "{file:?}: {number} at {time} is {place:?}");
            }
            let beyond = frames.last().expect("frames").0 + gst::ClockTime::SECOND;
            let error = reader.frame(beyond).expect_err("no frame").to_string();
            assert!(error.starts_with("there is no frame at"), "{error}");
        }
    }

    #[test]
    fn a_moment_has_four_pictures() {
        let Some(clip) = clip() else { return };
        let folder = tempfile::tempdir().expect("a folder");
        let [mut one, mut two] = [0, 1].map(|_| FrameReader::new(decode(&clip)).expect("a reader"));
        let time = |milliseconds| gst::ClockTime::from_mseconds(milliseconds);
        let moments = Moments { source: time(400), rendition: time(400), partners: true };
        let pictures = write(&mut one, &mut two, moments, folder.path(), "copy-1").expect("pictures");
        let open = |name: &String| image::open(folder.path().join(name)).expect("a picture").to_rgb8();
        let source = open(&pictures.source);
        assert_eq!(source, open(&pictures.rendition), "the same frame");
        assert!(open(&pictures.difference.expect("a difference")).as_raw().iter().all(|value| *value == 128));
        assert!(open(&pictures.map.expect("a map")).pixels().all(|pixel| pixel.0 == [0, 34, 78]));
        let (low, high) = source.as_raw().iter().fold((255, 0), |(low, high), v| (low.min(*v), high.max(*v)));
        assert!(low < 40 && high > 200, "a picture, not a plane: {low} to {high}");
        let other = Moments { rendition: time(1200), partners: false, ..moments };
        let pictures = write(&mut one, &mut two, other, folder.path(), "other-1").expect("pictures");
        assert_eq!((pictures.difference, pictures.map), (None, None));
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
