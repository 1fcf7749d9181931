// SPDX-License-Identifier: MPL-2.0

//! Requests by GStreamer's sources, so that the same URIs are supported as for media.

use crate::media::errors;
use crate::media::lock;
use crate::media::stall::PATIENCE;
use crate::media::watch;
use anyhow::{Result, bail, ensure};
use gst::prelude::*;
use std::sync::{Arc, Mutex};
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

/// What an HTTP server says about the version of a document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Validators {
    /// Its length in bytes.
    pub length: Option<u64>,
    /// Its entity tag.
    pub tag: Option<String>,
    /// When it was changed, as the server writes it.
    pub modified: Option<String>,
}

/// Asks an HTTP server about the version of a document, of which only the beginning is read.
///
/// # Errors
/// If no source supports the URI, or it cannot be read.
pub fn validators(uri: &str) -> Result<Validators> {
    let source = gst::Element::make_from_uri(gst::URIType::Src, uri, None)?;
    let sink = gst_app::AppSink::builder().sync(false).max_buffers(1).build();
    let pipeline = gst::Pipeline::new();
    pipeline.add_many([&source, sink.upcast_ref()])?;
    source.link(&sink)?;
    let found = Arc::new(Mutex::new(Validators::default()));
    let told = found.clone();
    if let Some(pad) = source.static_pad("src") {
        pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, probe| {
            if let Some(gst::PadProbeData::Event(event)) = &probe.data
                && let Some(structure) = event.structure().filter(|structure| structure.name() == "http-headers")
            {
                *lock(&told) = headers(structure);
            }
            gst::PadProbeReturn::Ok
        });
    }
    let begun = first(&pipeline, &sink);
    watch::stop(&pipeline);
    begun.map(|()| lock(&found).clone())
}

/// The validators in souphttpsrc's event.
fn headers(structure: &gst::StructureRef) -> Validators {
    let mut found = Validators::default();
    let Ok(response) = structure.get::<gst::Structure>("response-headers") else { return found };
    for (name, value) in response.iter() {
        let Ok(text) = value.get::<String>() else { continue };
        match name.as_str().to_ascii_lowercase().as_str() {
            "content-length" => found.length = text.parse().ok(),
            "etag" => found.tag = Some(text),
            "last-modified" => found.modified = Some(text),
            _ => {}
        }
    }
    found
}

/// Waits for the first data.
fn first(pipeline: &gst::Pipeline, sink: &gst_app::AppSink) -> Result<()> {
    let bus = pipeline.bus();
    if pipeline.set_state(gst::State::Playing).is_err() {
        bail!("{}", error(bus.as_ref()).unwrap_or_else(|| "cannot open it".to_owned()));
    }
    let begun = Instant::now();
    loop {
        if sink.try_pull_sample(STEP).is_some() {
            return Ok(());
        }
        if let Some(error) = error(bus.as_ref()) {
            bail!(error);
        }
        ensure!(!sink.is_eos(), "it is empty");
        ensure!(
            begun.elapsed() < PATIENCE,
            "its server was silent for {} s: check the server and the network",
            PATIENCE.as_secs()
        );
    }
}

/// The most specific error on the bus: a server's response is posted together with an unspecific one.
fn error(bus: Option<&gst::Bus>) -> Option<String> {
    let next = || bus.and_then(|bus| bus.pop_filtered(&[gst::MessageType::Error]));
    let texts = std::iter::from_fn(next).filter_map(|message| match message.view() {
        gst::MessageView::Error(error) => Some(errors::text(error)),
        _ => None,
    });
    texts.reduce(|first, second| if first.starts_with("no data from") { second } else { first })
}

fn pull(pipeline: &gst::Pipeline, sink: &gst_app::AppSink, most: u64) -> Result<Vec<u8>> {
    let bus = pipeline.bus();
    let error = || error(bus.as_ref());
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
