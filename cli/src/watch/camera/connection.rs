// SPDX-License-Identifier: MPL-2.0

//! A connection to a camera: a pipeline from start to stop.

use super::deadline::Abandoned;
use super::feed::Feed;
use super::source::{self, Network};
use crate::media::errors;
use crate::media::remarks::Remarks;
use crate::secret::redact;
use crate::watch::config::Camera;
use anyhow::{Context as _, Result};
use gst::prelude::*;
use gstonnxiqa::messages::Structured as _;
use onnx_iqa::record::{FrameRecord, StreamStats};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

/// A pipeline that takes longer to change its state is considered hanging.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// Model settings for all cameras.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scoring {
    /// Execution provider.
    pub provider: String,
    /// GPU index.
    pub device_id: u32,
    /// Number of threads; 0 = one per core.
    pub threads: u32,
}

/// Event of a pipeline.
#[derive(Debug, Clone)]
pub enum Said {
    /// A frame was scored.
    Score(Box<FrameRecord>),
    /// A warning.
    Warned(Remarks),
    /// End of stream.
    Ended,
    /// An error, without secrets. `lasting`: another attempt is unlikely to help.
    Failed {
        /// Error text.
        text: String,
        /// Whether it needs human intervention.
        lasting: bool,
    },
}

/// A running pipeline.
#[derive(Debug)]
pub struct Connection {
    pipeline: gst::Pipeline,
    said: Receiver<Said>,
    score: Option<gst::Element>,
    /// Counter of lost packets.
    pub network: Network,
}

impl Connection {
    /// Starts a pipeline whose frames go to `feed`. Returns `None` if it hangs and was abandoned.
    ///
    /// # Errors
    /// If an element is missing or rejects a setting.
    pub fn start(
        camera: &Camera,
        scoring: &Scoring,
        feed: &Arc<Feed>,
        abandoned: &Arc<Abandoned>,
    ) -> Result<Option<Self>> {
        let pipeline = gst::Pipeline::new();
        let sink = gst::ElementFactory::make("fakesink")
            .property("sync", !source::keeps_time(&camera.address))
            .property("enable-last-sample", false)
            .property("qos", false)
            .build()?;
        pipeline.add(&sink)?;
        let mut target = sink.static_pad("sink").context("a sink has a pad")?;
        feed.begin();
        feed.watch(&target);
        let score = camera.model.as_ref().map(|model| score(model, camera.interval, scoring)).transpose()?;
        if let Some(score) = &score {
            pipeline.add(score)?;
            score.link(&sink)?;
            target = score.static_pad("sink").context("a filter has a pad")?;
        }
        let network = source::add(&pipeline, camera, feed, &target)?;
        let said = listen(&pipeline)?;
        let starting = pipeline.clone();
        // Errors are posted as messages.
        let started = abandoned.within(DEADLINE, move || starting.set_state(gst::State::Playing).is_ok());
        Ok(started.map(|_| Self { pipeline, said, score, network }))
    }

    /// Waits for the next event; `None` on timeout.
    pub fn listen(&self, time: Duration) -> Option<Said> {
        match self.said.recv_timeout(time) {
            Ok(said) => Some(said),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                Some(Said::Failed { text: "its pipeline ended without a message".to_owned(), lasting: false })
            }
        }
    }

    /// Number of frames that could not be scored.
    pub fn failed(&self) -> u64 {
        let stats = self.score.as_ref().map(|score| score.property::<gst::Structure>("stats"));
        stats.and_then(|stats| StreamStats::from_structure(&stats).ok()).map_or(0, |stats| stats.failed)
    }

    /// Stops the pipeline; returns false if it hangs and was abandoned.
    pub fn end(self, abandoned: &Arc<Abandoned>) -> bool {
        let Self { pipeline, said, score, .. } = self;
        drop((said, score));
        abandoned.within(DEADLINE, move || pipeline.set_state(gst::State::Null).is_ok()).is_some()
    }
}

/// Creates the scoring element with this interval.
fn score(model: &str, interval: Duration, scoring: &Scoring) -> Result<gst::Element> {
    let milliseconds = i32::try_from(interval.as_millis()).context("the interval is too long")?;
    let element = gst::ElementFactory::make("iqascore")
        .property("model", model)
        .property_from_str("provider", &scoring.provider)
        .property("device-id", scoring.device_id)
        .property("threads", scoring.threads)
        .property_from_str("mode", "live")
        .property("queue-size", 1u32)
        .property("max-rate", gst::Fraction::new(1000, milliseconds))
        .property_from_str("on-error", "continue")
        .property("frame-messages", true);
    Ok(element.build()?)
}

/// Forwards the relevant messages. Scores arrive once per interval, which limits the number of queued messages.
fn listen(pipeline: &gst::Pipeline) -> Result<Receiver<Said>> {
    let (sender, said) = mpsc::channel();
    let bus = pipeline.bus().context("a pipeline has a bus")?;
    bus.set_sync_handler(move |_, message| {
        let words = match message.view() {
            gst::MessageView::Eos(_) => Some(Said::Ended),
            gst::MessageView::Error(error) => Some(failure(error)),
            gst::MessageView::Warning(warning) => {
                let mut remarks = Remarks::default();
                remarks.warning(warning);
                Some(Said::Warned(remarks))
            }
            gst::MessageView::Element(element) => element
                .structure()
                .and_then(|structure| FrameRecord::from_structure(structure).ok())
                .map(|record| Said::Score(Box::new(record))),
            _ => None,
        };
        if let Some(words) = words {
            // The receiver is gone: the pipeline is being stopped.
            let _ = sender.send(words);
        }
        gst::BusSyncReply::Drop
    });
    Ok(said)
}

/// Error text, and whether it is permanent.
fn failure(error: &gst::message::Error) -> Said {
    let said = error.error();
    let debug = error.debug().unwrap_or_default();
    let refused = said.matches(gst::ResourceError::NotAuthorized)
        || [said.message(), debug.as_str()].iter().any(|text| text.contains("Unauthorized") || text.contains("(401)"));
    let lasting = refused
        || said.matches(gst::CoreError::MissingPlugin)
        || [
            gst::StreamError::CodecNotFound,
            gst::StreamError::WrongType,
            gst::StreamError::TypeNotFound,
            gst::StreamError::Format,
            gst::StreamError::Decrypt,
            gst::StreamError::DecryptNokey,
        ]
        .into_iter()
        .any(|kind| said.matches(kind));
    let text = match refused {
        true => "it rejects the user name or password: check both".to_owned(),
        false if said.matches(gst::CoreError::MissingPlugin) => missing(&debug),
        false => errors::text(error),
    };
    Said::Failed { text: redact(&text), lasting }
}

/// Error for a missing decoder: decodebin lists the formats at the end of its debug text.
fn missing(debug: &str) -> String {
    let what = debug.lines().filter_map(|line| line.trim().strip_prefix("Missing decoder: "));
    let what = what.collect::<Vec<_>>().join(", ");
    if what.is_empty() {
        return "it sends no video that can be decoded".to_owned();
    }
    format!("it sends no video that can be decoded, only {what}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    mod imp {
        use super::DEADLINE;
        use gst::glib;
        use gst::subclass::prelude::*;
        use std::time::Duration;

        /// An element that hangs when stopped.
        #[derive(Default)]
        pub struct Hanging;

        #[glib::object_subclass]
        impl ObjectSubclass for Hanging {
            const NAME: &'static str = "IqaTestHanging";
            type Type = super::Hanging;
            type ParentType = gst::Element;
        }

        impl ObjectImpl for Hanging {}
        impl GstObjectImpl for Hanging {}
        impl ElementImpl for Hanging {
            fn change_state(&self, change: gst::StateChange) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
                if change == gst::StateChange::ReadyToNull {
                    std::thread::sleep(DEADLINE + Duration::from_secs(2));
                }
                self.parent_change_state(change)
            }
        }
    }

    gst::glib::wrapper! {
        pub struct Hanging(ObjectSubclass<imp::Hanging>) @extends gst::Element, gst::Object;
    }

    #[test]
    fn what_cannot_be_decoded_is_named() {
        let debug = "../gst/playback/gstdecodebin2.c(4719): gst_decode_bin_expose (): /GstPipeline:p:\n\
                     no suitable plugins found:\nMissing decoder: text/html (text/html)\n";
        assert_eq!(missing(debug), "it sends no video that can be decoded, only text/html (text/html)");
        assert_eq!(missing("elsewhere"), "it sends no video that can be decoded");
    }

    #[test]
    fn a_pipeline_that_does_not_end_is_left_alone_and_counted() {
        gst::init().expect("GStreamer");
        let pipeline = gst::Pipeline::new();
        pipeline.add(&gst::glib::Object::new::<Hanging>()).expect("added");
        let said = listen(&pipeline).expect("a bus");
        pipeline.set_state(gst::State::Playing).expect("it starts");
        let abandoned = Arc::new(Abandoned::default());
        let connection = Connection { pipeline, said, score: None, network: Network::default() };
        let start = Instant::now();
        assert!(!connection.end(&abandoned), "it hangs");
        assert_eq!(abandoned.count(), 1);
        while abandoned.count() > 0 {
            assert!(start.elapsed() < Duration::from_secs(60), "it comes back in the end");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
