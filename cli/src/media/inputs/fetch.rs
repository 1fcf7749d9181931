// SPDX-License-Identifier: MPL-2.0

//! Downloads small documents with GStreamer's sources, so that the same URIs are supported as for media.

use crate::media::errors;
use crate::media::stall::PATIENCE;
use crate::media::watch;
use anyhow::{Result, bail, ensure};
use gst::prelude::*;
use std::time::Instant;

/// Interval between error checks.
const STEP: gst::ClockTime = gst::ClockTime::from_mseconds(200);

/// Downloads `uri`, up to a maximum size.
///
/// # Errors
/// If no source supports the URI, it cannot be read, or it is too large.
pub fn fetch(uri: &str, most: u64) -> Result<Vec<u8>> {
    let source = gst::Element::make_from_uri(gst::URIType::Src, uri, None)?;
    let sink = gst_app::AppSink::builder().sync(false).max_buffers(16).build();
    let pipeline = gst::Pipeline::new();
    pipeline.add_many([&source, sink.upcast_ref()])?;
    source.link(&sink)?;
    let bytes = pull(&pipeline, &sink, most);
    watch::stop(&pipeline);
    bytes
}

fn pull(pipeline: &gst::Pipeline, sink: &gst_app::AppSink, most: u64) -> Result<Vec<u8>> {
    let bus = pipeline.bus();
    let error = || {
        let next = || bus.as_ref().and_then(|bus| bus.pop_filtered(&[gst::MessageType::Error]));
        let texts = std::iter::from_fn(next).filter_map(|message| match message.view() {
            gst::MessageView::Error(error) => Some(errors::text(error)),
            _ => None,
        });
        // A server's response is posted together with an unspecific error.
        texts.reduce(|first, second| if first.starts_with("no data from") { second } else { first })
    };
    if pipeline.set_state(gst::State::Playing).is_err() {
        bail!("{}", error().unwrap_or_else(|| "cannot open it".to_owned()));
    }
    let mut bytes = Vec::new();
    let mut last = Instant::now();
    loop {
        match sink.try_pull_sample(STEP) {
            Some(sample) => {
                let Some(buffer) = sample.buffer() else { continue };
                bytes.extend_from_slice(&buffer.map_readable()?);
                ensure!(bytes.len() as u64 <= most, "it is larger than {} MiB: is it a playlist?", most >> 20);
                last = Instant::now();
            }
            None => match error() {
                Some(error) => bail!(error),
                None if sink.is_eos() => return Ok(bytes),
                None => ensure!(
                    last.elapsed() < PATIENCE,
                    "its server was silent for {} s: check the server and the network",
                    PATIENCE.as_secs()
                ),
            },
        }
    }
}
