// SPDX-License-Identifier: MPL-2.0

//! The GObject implementation.
//!
//! A plain element rather than a `BaseTransform`: it finds out who blends the composition as text overlays do, with
//! caps and an ALLOCATION query, and a frame on which nothing is drawn is neither mapped nor copied.
//!
//! Lock order: `settings` and `drawing` are never nested. No lock is held while pushing, querying or posting.

use super::drawing::Drawing;
use super::negotiation;
use super::settings::Settings;
use crate::scheduling::{allocation, passed_on};
use crate::scoring::Guarded;
use crate::{AUTHOR, lock, video_frame};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::sync::{LazyLock, Mutex};

static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new("iqaoverlay", gst::DebugColorFlags::empty(), Some("Quality scores on the picture"))
});

#[doc(hidden)]
pub struct IqaOverlay {
    sink_pad: gst::Pad,
    src_pad: gst::Pad,
    settings: Mutex<Settings>,
    drawing: Mutex<Drawing>,
}

impl IqaOverlay {
    fn chain(&self, mut buffer: gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
        gst::trace!(CAT, imp = self, "Drawing on {buffer:?}");
        if self.src_pad.check_reconfigure()
            && let Some(caps) = self.sink_pad.current_caps()
            && let Err(error) = self.negotiate(&caps)
        {
            self.src_pad.mark_reconfigure();
            return Err(error);
        }
        let settings = lock(&self.settings).engine();
        let warning = lock(&self.drawing).draw(&mut buffer, settings);
        if let Some(warning) = warning {
            gst::element_imp_warning!(self, gst::StreamError::Format, ("{warning}"));
        }
        self.src_pad.push(buffer)
    }

    /// Determines whether downstream or this element blends frames of these caps.
    fn negotiate(&self, caps: &gst::Caps) -> Result<(), gst::FlowError> {
        let composites = negotiation::negotiate(&self.src_pad, caps)?;
        gst::info!(CAT, imp = self, "{} blends {caps}", if composites { "downstream" } else { "this element" });
        lock(&self.drawing).set_composites(composites);
        Ok(())
    }

    fn sink_event(&self, element: &gst::Element, event: gst::Event) -> bool {
        gst::log!(CAT, imp = self, "Handling {event:?}");
        match event.view() {
            gst::EventView::Caps(caps) => {
                let caps = caps.caps_owned();
                if let Err(error) = lock(&self.drawing).set_caps(&caps) {
                    gst::element_error!(element, gst::CoreError::Negotiation, ("{error}"));
                    return false;
                }
                // Replaced by our own caps. A pending reconfigure flag is handled by this negotiation.
                self.src_pad.check_reconfigure();
                return self.negotiate(&caps).is_ok();
            }
            gst::EventView::Segment(segment) => lock(&self.drawing).set_segment(segment.segment()),
            gst::EventView::FlushStop(_) => lock(&self.drawing).flush(),
            gst::EventView::Eos(_) => {
                let warning = lock(&self.drawing).nothing_drawn();
                if let Some(warning) = warning {
                    gst::element_imp_warning!(self, gst::StreamError::Failed, ("{warning}"));
                }
            }
            _ => {}
        }
        gst::Pad::event_default(&self.sink_pad, Some(element), event)
    }

    fn sink_query(&self, element: &gst::Element, query: &mut gst::QueryRef) -> bool {
        match query.view_mut() {
            gst::QueryViewMut::Caps(query) => {
                query.set_result(&negotiation::sink_caps(&self.src_pad, query.filter()));
                true
            }
            gst::QueryViewMut::Allocation(query) => {
                let answered = self.src_pad.peer_query(query.query_mut());
                if answered {
                    allocation::adapt(query, |_| 0.into());
                }
                answered
            }
            _ => gst::Pad::query_default(&self.sink_pad, Some(element), query),
        }
    }

    fn src_query(&self, element: &gst::Element, query: &mut gst::QueryRef) -> bool {
        match query.view_mut() {
            gst::QueryViewMut::Caps(query) => {
                query.set_result(&negotiation::src_caps(&self.sink_pad, query.filter()));
                true
            }
            _ => gst::Pad::query_default(&self.src_pad, Some(element), query),
        }
    }
}

impl Guarded for IqaOverlay {
    /// The flow return of the chain function is sufficient.
    fn stop_after_panic(&self, _element: &gst::Element) {}
}

#[glib::object_subclass]
impl ObjectSubclass for IqaOverlay {
    const NAME: &'static str = "GstIqaOverlay";
    type Type = super::IqaOverlay;
    type ParentType = gst::Element;

    fn with_class(class: &Self::Class) -> Self {
        let template = |name| class.pad_template(name).expect("the class has this template");
        let sink_pad = gst::Pad::builder_from_template(&template("sink"))
            .chain_function(|_, parent, buffer| {
                Self::guard_pad(parent, Err(gst::FlowError::Error), |imp, _| imp.chain(buffer))
            })
            .event_full_function(|_, parent, event| {
                Self::guard_pad(parent, Err(gst::FlowError::Error), |imp, element| {
                    passed_on(imp.sink_event(element, event), &imp.src_pad)
                })
            })
            .query_function(|_, parent, query| {
                Self::guard_pad(parent, false, |imp, element| imp.sink_query(element, query))
            })
            // Caps without a frame rate are not a subset of the template caps but are accepted.
            .flags(gst::PadFlags::ACCEPT_INTERSECT)
            .build();
        let src_pad = gst::Pad::builder_from_template(&template("src"))
            .query_function(|_, parent, query| {
                Self::guard_pad(parent, false, |imp, element| imp.src_query(element, query))
            })
            .build();
        Self { sink_pad, src_pad, settings: Mutex::default(), drawing: Mutex::default() }
    }
}

impl ObjectImpl for IqaOverlay {
    fn constructed(&self) {
        self.parent_constructed();
        let element = self.obj();
        for pad in [&self.sink_pad, &self.src_pad] {
            element.add_pad(pad).expect("a new element has no pad of this name");
        }
    }

    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(Settings::properties);
        &PROPERTIES
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        if !lock(&self.settings).set(pspec.name(), value) {
            gst::warning!(CAT, imp = self, "Unknown property {}", pspec.name());
        }
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        lock(&self.settings).get(pspec.name()).unwrap_or_else(|| pspec.default_value().clone())
    }
}

impl GstObjectImpl for IqaOverlay {}

impl ElementImpl for IqaOverlay {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "Picture quality overlay",
                "Filter/Editor/Video",
                "Draws the quality scores that frames carry on the picture: score, history, values, alarm and quality \
                 map",
                AUTHOR,
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            let pads = [("sink", gst::PadDirection::Sink), ("src", gst::PadDirection::Src)];
            video_frame::pad_templates(&negotiation::template_caps(), pads)
        });
        &TEMPLATES
    }

    fn change_state(&self, transition: gst::StateChange) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
        let result = self.parent_change_state(transition)?;
        if transition == gst::StateChange::PausedToReady {
            // The pads are inactive by now, so no data can follow.
            *lock(&self.drawing) = Drawing::default();
        }
        Ok(result)
    }
}
