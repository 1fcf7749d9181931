// SPDX-License-Identifier: MPL-2.0

//! Putting entries on frames, under the element's name, which should be no other element's.

use crate::{lock, meta};
use gst::prelude::*;
use std::sync::Mutex;

#[derive(Debug, Default)]
struct Inner {
    /// What was put last, but for the map. A frame that carries it is a copy of one of ours.
    latest: Option<gst::Structure>,
    /// Users have been told that a name is another element's, too.
    told: bool,
}

/// Puts entries on frames, and tells users if another element of the same name has put one there before.
#[derive(Debug, Default)]
pub struct Labels(Mutex<Inner>);

impl Labels {
    /// As the element goes from READY to PAUSED.
    pub fn restart(&self) {
        *lock(&self.0) = Inner::default();
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
