// SPDX-License-Identifier: MPL-2.0

//! Error handling for frames that cannot be scored: the `on-error` property.

use gst::glib;

/// Reaction to a frame that cannot be scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaOnError")]
pub enum OnError {
    /// Post an error and stop.
    #[default]
    #[enum_value(name = "Post an error and stop", nick = "stop")]
    Stop,
    /// Mark the frame as failed and continue with the next one.
    #[enum_value(name = "Mark the frame as failed and continue; one warning per run of failures", nick = "continue")]
    Continue,
}

/// Tracks consecutive failures.
#[derive(Debug, Default)]
pub struct Failures {
    policy: OnError,
    /// Whether the previous frame failed as well, so that a warning has been posted.
    in_run: bool,
}

impl Failures {
    /// Creates the state before the first frame.
    pub fn new(policy: OnError) -> Self {
        Self { policy, in_run: false }
    }

    /// A frame was scored: the next failure starts a new run.
    pub fn succeeded(&mut self) {
        self.in_run = false;
    }

    /// Returns the consequence of a failure. Call [`announce`](Consequence::announce) without holding a lock.
    pub fn failed(&mut self) -> Consequence {
        match self.policy {
            OnError::Stop => Consequence::Stop,
            OnError::Continue if std::mem::replace(&mut self.in_run, true) => Consequence::Continue,
            OnError::Continue => Consequence::Warn,
        }
    }
}

/// Consequence of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// Post an element error and end the flow.
    Stop,
    /// Post a warning and continue.
    Warn,
    /// Continue.
    Continue,
}

impl Consequence {
    /// Posts the error or warning.
    ///
    /// # Errors
    /// If the flow has to end.
    pub fn announce(
        self,
        cat: gst::DebugCategory,
        element: &gst::Element,
        error: &dyn std::error::Error,
    ) -> Result<(), gst::FlowError> {
        let text = crate::describe(error);
        gst::debug!(cat, obj = element, "Failed to score a frame: {text}");
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
