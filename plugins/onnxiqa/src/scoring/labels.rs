// SPDX-License-Identifier: MPL-2.0

//! Attaches entries to frames under the element's name, and scores as GStreamer analytics metadata if enabled.

use super::warn;
use crate::analytics::{self, Analytics};
use crate::{lock, meta};
use gst::prelude::*;
use onnx_iqa::record::{Cure, Finding};
use std::sync::Mutex;

#[derive(Debug, Default)]
struct Inner {
    /// Last attached entry without its map. A frame that already carries it is a copy of one of ours.
    latest: Option<gst::Structure>,
    /// Whether the warning about a duplicate element name has been posted.
    told: bool,
    /// Analytics library, if scores are attached as analytics metadata too.
    analytics: Option<&'static Analytics>,
}

/// Attaches entries to frames, and warns if another element of the same name has attached one.
#[derive(Debug, Default)]
pub struct Labels(Mutex<Inner>);

impl Labels {
    /// Resets the state at READY→PAUSED. `analytics`: library for analytics metadata, if enabled.
    pub fn restart(&self, analytics: Option<&'static Analytics>) {
        *lock(&self.0) = Inner { analytics, ..Inner::default() };
    }

    /// Attaches the element's entry to the frame.
    ///
    /// # Errors
    /// If GStreamer cannot add the meta. The element error has been posted.
    pub fn put(
        &self,
        element: &gst::Element,
        buffer: &mut gst::BufferRef,
        entry: gst::Structure,
    ) -> Result<(), gst::FlowError> {
        let name = element.name();
        let before = meta::attach(buffer, &name, entry.clone()).map_err(|error| {
            gst::element_error!(element, gst::CoreError::Failed, ("cannot attach IqaMeta to a frame: {error}"));
            gst::FlowError::Error
        })?;
        let analytics = lock(&self.0).analytics;
        if !analytics.is_none_or(|analytics| add_score(analytics, buffer, &entry)) {
            let cause = "cannot attach analytics metadata to a frame; set analytics-meta=false";
            gst::element_error!(element, gst::CoreError::Failed, ("{cause}"));
            return Err(gst::FlowError::Error);
        }
        if self.is_foreign(before, entry) {
            gst::element_warning!(
                element,
                gst::StreamError::Failed,
                ("another element called {name} has scored these frames too: its entries are replaced and logs mix \
                     both; give each element a unique name (name=…)")
            );
        }
        Ok(())
    }

    /// Whether the previous entry was attached by another element and no warning has been posted yet.
    fn is_foreign(&self, before: Option<gst::Structure>, entry: gst::Structure) -> bool {
        // GStreamer never considers two samples equal.
        let [before, entry] = [before, Some(entry)].map(|entry| {
            entry.map(|mut entry| {
                entry.remove_field("map");
                entry
            })
        });
        let mut inner = lock(&self.0);
        let ours = std::mem::replace(&mut inner.latest, entry);
        let foreign = before.is_some_and(|before| ours.is_none_or(|ours| before != ours));
        foreign && !std::mem::replace(&mut inner.told, true)
    }
}

/// Attaches the score of an entry, if it has one; returns false on failure.
fn add_score(analytics: &Analytics, buffer: &mut gst::BufferRef, entry: &gst::StructureRef) -> bool {
    let (Ok(model), Ok(score)) = (entry.get::<&str>("model"), entry.get::<f64>("score")) else { return true };
    analytics.add(buffer, model, score)
}

/// Opens the GStreamer analytics library for model scores; `has_model` tells whether there will be any. Posts a warning
/// if it is not available; frames still carry `IqaMeta`.
pub fn open_analytics(element: &gst::Element, has_model: bool) -> Option<&'static Analytics> {
    if !has_model {
        let cause = "analytics-meta has no effect: it applies to model scores and no model is set";
        warn(element, gst::LibraryError::Settings, &Finding::new("no-analytics", cause, None));
        return None;
    }
    let missing = |error| {
        let cause = format!(
            "analytics-meta has no effect and frames carry scores as {} only: cannot load GStreamer's analytics \
             library, available since 1.26 (this is {}): {error}",
            meta::NAME,
            gst::version_string()
        );
        let advice = format!(
            "install it ({}; Debian: libgstreamer-plugins-bad1.0-0), or set analytics-meta=false",
            analytics::FILE
        );
        warn(element, gst::LibraryError::Init, &Finding::new("no-analytics", cause, Cure::Advice(advice)));
    };
    Analytics::get().map_err(missing).ok()
}
