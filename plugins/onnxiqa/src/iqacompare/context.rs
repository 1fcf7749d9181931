// SPDX-License-Identifier: MPL-2.0

//! What the parts of the element work with.

use super::deadline::Deadline;
use super::queues::Queues;
use super::session::Session;
use super::settings::Settings;
use crate::lock;
use crate::scoring::{Notice, Report, report};
use gst::prelude::*;
use onnx_iqa::comparer::Side;
use std::sync::Mutex;

/// The three pads, and the task on the last.
pub(super) struct Pads {
    pub(super) reference: gst::Pad,
    pub(super) distorted: gst::Pad,
    pub(super) src: gst::Pad,
    /// One round of the task.
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

    /// The task. It holds the element weakly.
    pub(super) fn task(&self, element: &gst::Element) -> impl FnMut() + Send + 'static {
        let (weak, round) = (element.downgrade(), self.round);
        move || {
            if let Some(element) = weak.upgrade() {
                round(&element);
            }
        }
    }
}

/// The parts of the element that all of its threads use. Each has a lock of its own.
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
    /// Something of the settings.
    pub(super) fn setting<T>(&self, get: impl FnOnce(&Settings) -> T) -> T {
        get(&lock(self.settings))
    }

    /// Counts, and posts what follows.
    pub(super) fn report(&self, count: impl FnOnce(&mut Report) -> Vec<Notice>) {
        let notices = count(&mut lock(self.report));
        self.post(notices);
    }

    /// Posts messages and warnings.
    pub(super) fn post(&self, notices: Vec<Notice>) {
        report::post(self.element, notices);
    }
}
