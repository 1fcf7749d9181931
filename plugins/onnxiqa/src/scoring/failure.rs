// SPDX-License-Identifier: MPL-2.0

//! What follows when a frame cannot be scored: the property `on-error`.

use gst::glib;

/// What follows when a frame cannot be scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaOnError")]
pub enum OnError {
    /// The element posts an error and the pipeline stops.
    #[default]
    #[enum_value(name = "Post an error and stop", nick = "stop")]
    Stop,
    /// The frame is marked and the next one is tried.
    #[enum_value(name = "Mark the frame as failed and go on; one warning per run of failures", nick = "continue")]
    Continue,
}

/// Failures in a row, and what follows from each.
#[derive(Debug, Default)]
pub struct Failures {
    policy: OnError,
    /// The last frame failed, too: that was said.
    in_run: bool,
}

impl Failures {
    /// No failure yet.
    pub fn new(policy: OnError) -> Self {
        Self { policy, in_run: false }
    }

    /// A frame was scored: the next failure is the first of a run.
    pub fn succeeded(&mut self) {
        self.in_run = false;
    }

    /// What follows from a failure. To be [announced](Consequence::announce) without any lock.
    pub fn failed(&mut self) -> Consequence {
        match self.policy {
            OnError::Stop => Consequence::Stop,
            OnError::Continue if std::mem::replace(&mut self.in_run, true) => Consequence::Continue,
            OnError::Continue => Consequence::Warn,
        }
    }
}

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// An element error, and the end of the flow.
    Stop,
    /// A warning, and the next frame.
    Warn,
    /// The next frame.
    Continue,
}

impl Consequence {
    /// Tells users.
    ///
    /// # Errors
    /// When the flow is to end.
    pub fn announce(
        self,
        cat: gst::DebugCategory,
        element: &gst::Element,
        error: &dyn std::error::Error,
    ) -> Result<(), gst::FlowError> {
        let text = crate::describe(error);
        gst::debug!(cat, obj = element, "a frame failed: {text}");
        match self {
            Self::Stop => {
                gst::element_error!(element, gst::StreamError::Failed, ("{text}"));
                return Err(gst::FlowError::Error);
            }
            Self::Warn => gst::element_warning!(element, gst::StreamError::Failed, ("{text}")),
            Self::Continue => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_warning_per_run_of_failures() {
        let mut failures = Failures::new(OnError::Continue);
        assert_eq!(failures.failed(), Consequence::Warn);
        assert_eq!(failures.failed(), Consequence::Continue);
        failures.succeeded();
        assert_eq!(failures.failed(), Consequence::Warn);
        assert_eq!(Failures::new(OnError::Stop).failed(), Consequence::Stop);
    }
}
