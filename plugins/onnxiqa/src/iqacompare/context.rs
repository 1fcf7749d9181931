// SPDX-License-Identifier: MPL-2.0

//! Context passed to the parts of the element.

use super::deadline::Deadline;
use super::queues::Queues;
use super::session::Session;
use super::settings::Settings;
use crate::lock;
use crate::scoring::{Notice, Report, report};
use gst::prelude::*;
use onnx_iqa::comparer::Side;
use std::sync::Mutex;

/// The three pads and the source pad's task.
pub(super) struct Pads {
    pub(super) reference: gst::Pad,
    pub(super) distorted: gst::Pad,
    pub(super) src: gst::Pad,
    /// One iteration of the task.
    pub(super) round: fn(&gst::Element),
}

impl Pads {
    pub(super) fn sink(&self, side: Side) -> &gst::Pad {
        match side {
            Side::Reference => &self.reference,
            Side::Distorted => &self.distorted,
        }
    }

    pub(super) fn sinks(&self) -> [&gst::Pad; 2] {
        [&self.reference, &self.distorted]
    }

    /// Returns the task function, which holds the element weakly.
    pub(super) fn task(&self, element: &gst::Element) -> impl FnMut() + Send + 'static {
        let (weak, round) = (element.downgrade(), self.round);
        move || {
            if let Some(element) = weak.upgrade() {
                round(&element);
            }
        }
    }
}

/// Parts of the element shared by all its threads. Each has its own lock.
pub(super) struct Context<'a> {
    pub(super) element: &'a gst::Element,
    pub(super) pads: &'a Pads,
    pub(super) settings: &'a Mutex<Settings>,
    pub(super) report: &'a Mutex<Report>,
    pub(super) queues: &'a Queues,
    pub(super) deadline: &'a Deadline,
    pub(super) session: &'a Session,
}

impl Context<'_> {
    /// Reads a setting.
    pub(super) fn setting<T>(&self, get: impl FnOnce(&Settings) -> T) -> T {
        get(&lock(self.settings))
    }

    /// Updates the report and posts the resulting messages.
    pub(super) fn report(&self, count: impl FnOnce(&mut Report) -> Vec<Notice>) {
        let notices = count(&mut lock(self.report));
        self.post(notices);
    }

    /// Posts messages and warnings.
    pub(super) fn post(&self, notices: Vec<Notice>) {
        report::post(self.element, notices);
    }
}
