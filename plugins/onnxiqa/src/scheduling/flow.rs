// SPDX-License-Identifier: MPL-2.0

//! Whether data may flow through an element, and the flow return for upstream if not.

use gst::prelude::*;

/// Mutually exclusive phases of the data flow.
///
/// ```text
///              start                begin_stop               end_stop
/// Flushing ─────────────▶ Flowing ─────────────▶ Stopping ─────────────▶ Stopped
///     ▲                      ▲                                               │
///     │ flush, from any      └───── relink (NotLinked), begin_stream (Eos) ──┘
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FlowState {
    /// The pads are inactive or flushing, or the element is shutting down.
    #[default]
    Flushing,
    /// Data flows.
    Flowing,
    /// The flow is being stopped. Nothing may enter until everything queued elsewhere has been cancelled; otherwise new
    /// frames would be cancelled too.
    Stopping(gst::FlowError),
    /// Frames are refused with this error. After EOS from downstream, events still pass.
    Stopped(gst::FlowError),
}

impl FlowState {
    /// The pads have become active, or a flush has ended.
    pub fn start(&mut self) {
        *self = Self::Flowing;
    }

    /// A flush begins, or the pads are deactivated. The caller must wake all waits.
    pub fn flush(&mut self) {
        *self = Self::Flushing;
    }

    /// Whether a frame may enter; false while the flow is being stopped.
    ///
    /// # Errors
    /// The flow return for upstream.
    pub fn admits(self) -> Result<bool, gst::FlowError> {
        match self {
            Self::Flushing => Err(gst::FlowError::Flushing),
            Self::Flowing => Ok(true),
            Self::Stopping(_) => Ok(false),
            Self::Stopped(error) => Err(error),
        }
    }

    /// Whether a serialized event may enter; EOS from downstream does not refuse it.
    ///
    /// # Errors
    /// The reason why the event is refused.
    pub fn admits_events(self) -> Result<bool, gst::FlowError> {
        match self {
            Self::Stopped(gst::FlowError::Eos) => Ok(true),
            _ => self.admits(),
        }
    }

    /// The error of a refused event. Of a sticky one upstream's pad keeps it for the next frame, ahead of which the
    /// event is sent again; after NOT_LINKED it would not be.
    pub fn refusal(self) -> gst::FlowError {
        if self == Self::Flushing { gst::FlowError::Flushing } else { gst::FlowError::Error }
    }

    /// Whether the task is idle until it is restarted. After EOS from downstream it still forwards events.
    pub fn halts_task(self) -> bool {
        matches!(self, Self::Flushing) || matches!(self, Self::Stopped(error) if error != gst::FlowError::Eos)
    }

    /// Whether queued items may leave.
    pub fn lets_leave(self) -> bool {
        matches!(self, Self::Flowing | Self::Stopped(gst::FlowError::Eos))
    }

    /// An event of this type enters. STREAM_START and SEGMENT reset EOS from downstream, which applied to the previous
    /// stream.
    pub fn begin_stream(&mut self, event: gst::EventType) {
        let begins = matches!(event, gst::EventType::StreamStart | gst::EventType::Segment);
        if begins && *self == Self::Stopped(gst::FlowError::Eos) {
            *self = Self::Flowing;
        }
    }

    /// Handles a reconfigure request: a pad that was not linked may be linked now. Returns true if data flows again and
    /// the task must be started.
    pub fn relink(&mut self) -> bool {
        let relinked = *self == Self::Stopped(gst::FlowError::NotLinked);
        if relinked {
            *self = Self::Flowing;
        }
        relinked
    }

    /// Handles the flow return of a frame pushed from the chain function and returns the one for upstream. If the flow
    /// was stopped in the meantime, upstream gets the error with its next frame.
    ///
    /// # Errors
    /// The error from downstream.
    pub fn answered(
        &mut self,
        answer: Result<gst::FlowSuccess, gst::FlowError>,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        if let (Self::Flowing, Err(error)) = (*self, answer) {
            *self = Self::Stopped(error);
        }
        answer
    }

    /// Begins to stop the flow; returns false if a flush or another stop is in progress.
    pub fn begin_stop(&mut self, error: gst::FlowError) -> bool {
        let begins = matches!(self, Self::Flowing | Self::Stopped(_));
        if begins {
            *self = Self::Stopping(error);
        }
        begins
    }

    /// Everything queued elsewhere has been cancelled; returns false if a flush has intervened.
    pub fn end_stop(&mut self) -> bool {
        let Self::Stopping(error) = *self else { return false };
        *self = Self::Stopped(error);
        true
    }
}

/// The flow return of an event function that passes its event on through `src_pad`. A refused sticky event is sent
/// again ahead of the next frame, which gets this error: that of a pad that is being shut down is no failure.
pub fn passed_on(taken: bool, src_pad: &gst::Pad) -> Result<gst::FlowSuccess, gst::FlowError> {
    match taken {
        true => Ok(gst::FlowSuccess::Ok),
        false if src_pad.pad_flags().contains(gst::PadFlags::FLUSHING) => Err(gst::FlowError::Flushing),
        false => Err(gst::FlowError::Error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gst::{EventType, FlowError, FlowSuccess};

    fn stopped(error: FlowError) -> FlowState {
        let mut flow = FlowState::Flowing;
        assert!(flow.begin_stop(error));
        assert_eq!(flow.admits(), Ok(false), "nothing enters, nothing is refused yet");
        assert!(flow.end_stop());
        flow
    }

    #[test]
    fn a_stop_tells_upstream_why() {
        for error in [FlowError::Error, FlowError::NotLinked, FlowError::Eos] {
            let flow = stopped(error);
            assert_eq!(flow.admits(), Err(error));
            assert_eq!(flow.admits_events().is_ok(), error == FlowError::Eos);
            assert_eq!(flow.halts_task(), error != FlowError::Eos);
            assert_eq!(flow.lets_leave(), error == FlowError::Eos);
        }
    }

    #[test]
    fn a_flush_ends_a_stop_under_way() {
        let mut flow = FlowState::Flowing;
        assert!(flow.begin_stop(FlowError::Error));
        assert!(!flow.begin_stop(FlowError::Eos), "one at a time");
        flow.flush();
        assert!(!flow.begin_stop(FlowError::Error), "there is nothing to stop");
        flow.start();
        assert!(!flow.end_stop());
        assert_eq!(flow, FlowState::Flowing);
    }

    #[test]
    fn only_a_new_stream_takes_downstreams_eos_back() {
        for (event, taken_back) in [
            (EventType::StreamStart, true),
            (EventType::Segment, true),
            (EventType::Caps, false),
            (EventType::Eos, false),
        ] {
            let mut flow = stopped(FlowError::Eos);
            flow.begin_stream(event);
            assert_eq!(flow == FlowState::Flowing, taken_back, "{event:?}");
            let mut flow = stopped(FlowError::Error);
            flow.begin_stream(event);
            assert_eq!(flow.admits(), Err(FlowError::Error), "{event:?}");
        }
    }

    #[test]
    fn only_a_missing_link_is_mended_by_a_reconfigure() {
        assert!(stopped(FlowError::NotLinked).relink());
        assert!(!stopped(FlowError::NotNegotiated).relink());
        assert!(!FlowState::Flushing.relink());
    }

    #[test]
    fn answers_to_chain() {
        let (mut flow, ok) = (FlowState::Flowing, Ok(FlowSuccess::Ok));
        assert_eq!(flow.answered(ok), ok);
        assert_eq!(flow.answered(Err(FlowError::NotLinked)), Err(FlowError::NotLinked));
        assert_eq!(flow.answered(ok), ok, "a frame that was on its way has passed");
        assert_eq!(flow.admits(), Err(FlowError::NotLinked), "it stays so");
        flow.flush();
        assert_eq!(flow.answered(Err(FlowError::Eos)), Err(FlowError::Eos));
        assert_eq!(flow, FlowState::Flushing);
    }
}
