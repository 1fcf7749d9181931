// SPDX-License-Identifier: MPL-2.0

//! Source of a camera's pipeline, up to decoded frames, according to the configuration.

use super::feed::Feed;
use crate::media::{lock, tracks};
use crate::watch::config::{Address, Camera, Decode, Source, Transport};
use anyhow::{Context as _, Result};
use gst::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Sources for files and HLS do not run in real time.
const NOT_LIVE: [&str; 3] = ["file", "http", "https"];

/// Format of test pictures.
const PATTERN_CAPS: &str = "video/x-raw,format=I420,width=640,height=360,framerate=25/1";

/// A jitter buffer, held weakly, and the number of lost packets already reported.
type JitterBuffer = (gst::glib::WeakRef<gst::Element>, u64);

/// Elements of a pipeline that are polled.
#[derive(Debug, Clone, Default)]
pub struct Network {
    buffers: Arc<Mutex<Vec<JitterBuffer>>>,
}

impl Network {
    /// Number of RTP packets lost since the last call.
    pub fn lost(&self) -> u64 {
        let mut more = 0;
        lock(&self.buffers).retain_mut(|(buffer, told)| {
            let Some(buffer) = buffer.upgrade() else { return false };
            let stats = buffer.property::<Option<gst::Structure>>("stats");
            let lost = stats.and_then(|stats| stats.get::<u64>("num-lost").ok()).unwrap_or(*told);
            more += lost.saturating_sub(*told);
            *told = lost.max(*told);
            true
        });
        more
    }
}

/// Whether frames must be synchronized to the clock.
pub fn keeps_time(address: &Address) -> bool {
    !NOT_LIVE.contains(&address.scheme.as_str())
}

/// Adds elements to `pipeline` that provide decoded frames to `target`, the sink pad of an element.
///
/// # Errors
/// If an element is missing.
pub fn add(pipeline: &gst::Pipeline, camera: &Camera, feed: &Arc<Feed>, target: &gst::Pad) -> Result<Network> {
    let network = Network::default();
    look_into(pipeline, camera, feed, &network);
    match &camera.address.source {
        Source::Uri(uri) => {
            let decoder = gst::ElementFactory::make("uridecodebin").property("uri", uri.reveal()).build()?;
            pipeline.add(&decoder)?;
            link_video(&decoder, target);
        }
        Source::Device(path) => {
            let path = path.to_str().context("the device path is not valid UTF-8")?;
            let source = gst::ElementFactory::make("v4l2src").property("device", path).build()?;
            let decoder = gst::ElementFactory::make("decodebin").build()?;
            pipeline.add_many([&source, &decoder])?;
            source.link(&decoder)?;
            link_video(&decoder, target);
        }
        Source::Pattern(name) => {
            let source = gst::ElementFactory::make("videotestsrc").property("is-live", true).build()?;
            set_pattern(&source, name)?;
            let caps: gst::Caps = PATTERN_CAPS.parse()?;
            let filter = gst::ElementFactory::make("capsfilter").property("caps", caps).build()?;
            pipeline.add_many([&source, &filter])?;
            source.link(&filter)?;
            filter.static_pad("src").context("a filter has a pad")?.link(target)?;
        }
    }
    Ok(network)
}

/// # Errors
/// If the pattern does not exist.
fn set_pattern(source: &gst::Element, name: &str) -> Result<()> {
    let class =
        source.find_property("pattern").and_then(|property| gst::glib::EnumClass::with_type(property.value_type()));
    let class = class.context("videotestsrc has no patterns")?;
    let value = class.to_value_by_nick(name);
    let value = value
        .with_context(|| format!("videotestsrc has no pattern {name:?}: gst-inspect-1.0 videotestsrc lists them"))?;
    source.set_property_from_value("pattern", &value);
    Ok(())
}

/// Links the first pad with video. Audio is not decoded.
fn link_video(decoder: &gst::Element, target: &gst::Pad) {
    // Without `ANY`, decodebin 1.22 selects no decoder.
    decoder.set_property("caps", gst::Caps::builder("video/x-raw").any_features().build());
    decoder.set_property("expose-all-streams", false);
    let target = target.downgrade();
    decoder.connect_pad_added(move |decoder, pad| {
        let Some(target) = target.upgrade().filter(|target| !target.is_linked()) else { return };
        if let Err(error) = pad.link(&target) {
            let caps = pad.current_caps().map_or_else(String::new, |caps| caps.to_string());
            gst::element_error!(
                decoder,
                gst::StreamError::Format,
                ("cannot score frames with the caps {caps}: {error}")
            );
        }
    });
    decoder.connect_no_more_pads(|decoder| {
        if decoder.src_pads().is_empty() {
            gst::element_error!(decoder, gst::StreamError::WrongType, ("it has no video that can be decoded"));
        }
    });
}

/// Configures elements when they are added to the pipeline.
fn look_into(pipeline: &gst::Pipeline, camera: &Camera, feed: &Arc<Feed>, network: &Network) {
    let (camera, feed, network) = (camera.clone(), feed.clone(), network.clone());
    pipeline.connect_deep_element_added(move |_, _, element| {
        let factory = element.factory().map(|factory| factory.name().to_string()).unwrap_or_default();
        match factory.as_str() {
            "rtspsrc" => set_up_rtsp(element, &camera),
            "souphttpsrc" => log_in(element, &camera.address, "user-id", "user-pw"),
            "rtmp2src" => log_in(element, &camera.address, "username", "password"),
            "rtpjitterbuffer" => lock(&network.buffers).push((element.downgrade(), 0)),
            _ if tracks::is_video_decoder(element) => set_up_decoder(element, &camera, &feed),
            _ => {}
        }
    });
}

fn set_up_rtsp(element: &gst::Element, camera: &Camera) {
    let milliseconds = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    element.set_property("latency", milliseconds(camera.latency));
    // A missing host must be detected before the pipeline is considered hanging. In microseconds.
    element.set_property("tcp-timeout", 4_000_000u64);
    match camera.transport {
        Transport::Auto => {}
        Transport::Tcp => element.set_property_from_str("protocols", "tcp"),
        Transport::Udp => element.set_property_from_str("protocols", "udp"),
    }
    log_in(element, &camera.address, "user-id", "user-pw");
    // Audio is not even requested.
    element.connect("select-stream", false, |values| {
        let caps = values.get(2).and_then(|caps| caps.get::<gst::Caps>().ok());
        let media = caps.and_then(|caps| caps.structure(0).and_then(|caps| caps.get::<String>("media").ok()));
        Some((media.as_deref() != Some("audio")).to_value())
    });
}

fn log_in(element: &gst::Element, address: &Address, user: &str, password: &str) {
    if let Some(name) = address.user.as_deref().filter(|_| element.has_property(user)) {
        element.set_property(user, name);
    }
    if let Some(secret) = address.password.as_ref().filter(|_| element.has_property(password)) {
        element.set_property(password, secret.reveal());
    }
}

/// Reports the codec and encoded data; drops frames that are not key frames if only key frames are wanted.
fn set_up_decoder(element: &gst::Element, camera: &Camera, feed: &Arc<Feed>) {
    let Some(pad) = element.static_pad("sink") else { return };
    let keyframes = camera.decode == Decode::Keyframes;
    if keyframes && element.has_property("max-threads") {
        // A multi-threaded decoder outputs a frame only when every thread has one.
        element.set_property_from_str("max-threads", "1");
    }
    let (feed, waits) = (feed.clone(), AtomicBool::new(false));
    let mask = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
    pad.add_probe(mask, move |pad, probe| {
        match &probe.data {
            Some(gst::PadProbeData::Buffer(buffer)) => {
                feed.moved();
                if keyframes && buffer.flags().contains(gst::BufferFlags::DELTA_UNIT) {
                    if waits.swap(false, Ordering::Relaxed) {
                        give_out(pad, buffer);
                    }
                    // With `Drop`, gstreamer-rs 0.25.4 on GStreamer 1.22 logs a critical warning for each buffer.
                    return gst::PadProbeReturn::Handled;
                }
                waits.store(true, Ordering::Relaxed);
            }
            Some(gst::PadProbeData::Event(event)) => match event.view() {
                gst::EventView::Caps(caps) => feed.set_codec(tracks::codec(caps.caps())),
                gst::EventView::Segment(segment) if keyframes => {
                    let segment = of_key_frames(segment);
                    probe.data = Some(gst::PadProbeData::Event(segment));
                }
                _ => {}
            },
            _ => {}
        }
        gst::PadProbeReturn::Ok
    });
}

/// Returns the segment with flags that tell the decoder that only key frames follow.
fn of_key_frames(event: &gst::event::Segment) -> gst::Event {
    let mut segment = event.segment().clone();
    segment.set_flags(segment.flags() | gst::SegmentFlags::TRICKMODE | gst::SegmentFlags::TRICKMODE_KEY_UNITS);
    gst::event::Segment::builder(&segment).seqnum(event.seqnum()).build()
}

/// Makes the decoder output frames it holds back: according to the stream, frames may follow that are displayed before
/// a key frame, so it would wait for two more key frames. A gap event from the first dropped frame on tells that none
/// follow.
fn give_out(pad: &gst::Pad, left_out: &gst::BufferRef) {
    if let Some(time) = left_out.pts() {
        pad.send_event(gst::event::Gap::builder(time).build());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::config;
    use std::path::Path;

    #[test]
    fn a_key_frame_is_given_out_before_the_next_one_comes() {
        gst::init().expect("GStreamer");
        let text = "[[camera]]\nname = 'a'\nuri = 'videotestsrc://'\ndecode = 'keyframes'";
        let camera = config::parse(text, Path::new("")).expect("a configuration").cameras.remove(0);
        let pipeline = "videotestsrc num-buffers=120 ! video/x-raw,width=64,height=64 \
                        ! x264enc bframes=3 key-int-max=25 ! h264parse name=parse ! avdec_h264 name=decode \
                        ! fakesink name=sink sync=false";
        let pipeline = gst::parse::launch(pipeline).expect("elements").downcast::<gst::Pipeline>().expect("a pipeline");
        let element = |name: &str| pipeline.by_name(name).expect("it is there");
        let seen = Arc::new(Mutex::new(String::new()));
        for (name, pad, letter) in [("parse", "src", 'k'), ("sink", "sink", 'f')] {
            let (seen, pad) = (seen.clone(), element(name).static_pad(pad).expect("a pad"));
            pad.add_probe(gst::PadProbeType::BUFFER, move |_, probe| {
                let is_delta =
                    probe.buffer().is_some_and(|buffer| buffer.flags().contains(gst::BufferFlags::DELTA_UNIT));
                if !is_delta {
                    lock(&seen).push(letter);
                }
                gst::PadProbeReturn::Ok
            });
        }
        set_up_decoder(&element("decode"), &camera, &Arc::new(Feed::default()));
        pipeline.set_state(gst::State::Playing).expect("it starts");
        let kinds = [gst::MessageType::Eos, gst::MessageType::Error];
        let message = pipeline.bus().expect("a bus").timed_pop_filtered(gst::ClockTime::from_seconds(60), &kinds);
        pipeline.set_state(gst::State::Null).expect("it ends");
        assert_eq!(message.expect("an end").type_(), gst::MessageType::Eos);
        assert_eq!(*lock(&seen), "kfkfkfkfkf");
    }
}
