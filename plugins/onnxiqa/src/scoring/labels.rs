// SPDX-License-Identifier: MPL-2.0

//! Putting entries on frames, under the element's name, which should be no other element's; if users want it, scores as
//! GStreamer's analytics metadata, too.

use super::warn;
use crate::analytics::{self, Analytics};
use crate::{lock, meta};
use gst::prelude::*;
use onnx_iqa::record::{Cure, Finding};
use std::sync::Mutex;

#[derive(Debug, Default)]
struct Inner {
    /// What was put last, but for the map. A frame that carries it is a copy of one of ours.
    latest: Option<gst::Structure>,
    /// Users have been told that a name is another element's, too.
    told: bool,
    /// What scores are put into beside the entries.
    analytics: Option<&'static Analytics>,
}

/// Puts entries on frames, and tells users if another element of the same name has put one there before.
#[derive(Debug, Default)]
pub struct Labels(Mutex<Inner>);

impl Labels {
    /// As the element goes from READY to PAUSED. `analytics`: where scores are put, too.
    pub fn restart(&self, analytics: Option<&'static Analytics>) {
        *lock(&self.0) = Inner { analytics, ..Inner::default() };
    }

    /// Puts what the element says of the frame on it.
    ///
    /// # Errors
    /// When GStreamer cannot add the meta. The element's error has been posted.
    pub fn put(
        &self,
        element: &gst::Element,
        buffer: &mut gst::BufferRef,
        entry: gst::Structure,
    ) -> Result<(), gst::FlowError> {
        let name = element.name();
        let before = meta::attach(buffer, &name, entry.clone()).map_err(|error| {
            gst::element_error!(element, gst::CoreError::Failed, ("{error}: is `IqaMeta` registered?"));
            gst::FlowError::Error
        })?;
        let analytics = lock(&self.0).analytics;
        if !analytics.is_none_or(|analytics| add_score(analytics, buffer, &entry)) {
            let cause = "a frame takes no analytics metadata (set analytics-meta=false)";
            gst::element_error!(element, gst::CoreError::Failed, ("{cause}"));
            return Err(gst::FlowError::Error);
        }
        if self.is_foreign(before, entry) {
            gst::element_warning!(
                element,
                gst::StreamError::Failed,
                ("another element called {name} has scored these frames, too: its entries on the frames are replaced \
                     and the logs mix both; give each element a name of its own (name=…)")
            );
        }
        Ok(())
    }

    /// Whether the entry that was there is another element's, and that has not been said.
    fn is_foreign(&self, before: Option<gst::Structure>, entry: gst::Structure) -> bool {
        // Two samples are never equal to GStreamer.
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

/// Adds the score in an entry, if it holds one; false if that fails.
fn add_score(analytics: &Analytics, buffer: &mut gst::BufferRef, entry: &gst::StructureRef) -> bool {
    let (Ok(model), Ok(score)) = (entry.get::<&str>("model"), entry.get::<f64>("score")) else { return true };
    analytics.add(buffer, model, score)
}

/// GStreamer's analytics library, for a model's scores; `has_model` says whether there will be any. Where it is not
/// there, users are told, and frames carry the scores as they always do.
pub fn open_analytics(element: &gst::Element, has_model: bool) -> Option<&'static Analytics> {
    if !has_model {
        let cause = "analytics-meta adds nothing: it is for a model's scores, and no model is set";
        warn(element, gst::LibraryError::Settings, &Finding::new("no-analytics", cause, None));
        return None;
    }
    let missing = |error| {
        let cause = format!(
            "analytics-meta adds nothing, and frames carry scores as {} only: GStreamer's analytics library, which is \
             there from GStreamer 1.26 on (this is {}), cannot be opened: {error}",
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
