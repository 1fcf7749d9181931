// SPDX-License-Identifier: MPL-2.0

//! Whether data may flow through an element, and what upstream is told if not.

/// The phases of a flow; they exclude each other.
///
/// ```text
///              start                begin_stop               end_stop
/// Flushing ─────────────▶ Flowing ─────────────▶ Stopping ─────────────▶ Stopped
///     ▲                      ▲                                               │
///     │ flush, from any      └───── relink (NotLinked), begin_stream (Eos) ──┘
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FlowState {
    /// Nothing passes: the pads are not active, are being flushed, or the element is on its way down.
    #[default]
    Flushing,
    /// Everything passes.
    Flowing,
    /// The flow is being stopped. Nothing may enter until what is still queued elsewhere has been cancelled, or that
    /// would be cancelled with it.
    Stopping(gst::FlowError),
    /// Frames are refused with this error. After downstream's EOS events still pass.
    Stopped(gst::FlowError),
}

impl FlowState {
    /// Pads have become active, or a flush has ended.
    pub fn start(&mut self) {
        *self = Self::Flowing;
    }

    /// A flush begins, or pads are deactivated. The waits are to be woken.
    pub fn flush(&mut self) {
        *self = Self::Flushing;
    }

    /// Whether a frame may enter; not yet, while the flow is being stopped.
    ///
    /// # Errors
    /// What upstream is told instead.
    pub fn admits(self) -> Result<bool, gst::FlowError> {
        match self {
            Self::Flushing => Err(gst::FlowError::Flushing),
            Self::Flowing => Ok(true),
            Self::Stopping(_) => Ok(false),
            Self::Stopped(error) => Err(error),
        }
    }

    /// The same for a serialized event: downstream's EOS does not refuse it.
    ///
    /// # Errors
    /// Why the event gets nowhere.
    pub fn admits_events(self) -> Result<bool, gst::FlowError> {
        match self {
            Self::Stopped(gst::FlowError::Eos) => Ok(true),
            _ => self.admits(),
        }
    }

    /// Whether the task has nothing to do until it is started again. After downstream's EOS it still sends events.
    pub fn halts_task(self) -> bool {
        matches!(self, Self::Flushing) || matches!(self, Self::Stopped(error) if error != gst::FlowError::Eos)
    }

    /// Whether what waits may leave now.
    pub fn lets_leave(self) -> bool {
        matches!(self, Self::Flowing | Self::Stopped(gst::FlowError::Eos))
    }

    /// An event of that type enters. A new stream or segment takes downstream's EOS back: what is over is what was
    /// before.
    pub fn begin_stream(&mut self, event: gst::EventType) {
        let begins = matches!(event, gst::EventType::StreamStart | gst::EventType::Segment);
        if begins && *self == Self::Stopped(gst::FlowError::Eos) {
            *self = Self::Flowing;
        }
    }

    /// Downstream asks for a new negotiation: a pad that was not linked may be now. True if data flows again, so that
    /// the task is to be started.
    pub fn relink(&mut self) -> bool {
        let relinked = *self == Self::Stopped(gst::FlowError::NotLinked);
        if relinked {
            *self = Self::Flowing;
        }
        relinked
    }

    /// Downstream has answered a frame that was pushed from chain; gives what upstream is told. If the flow has been
    /// stopped meanwhile, upstream hears of that with its next frame: this one has passed.
    ///
    /// # Errors
    /// Downstream's.
    pub fn answered(
        &mut self,
        answer: Result<gst::FlowSuccess, gst::FlowError>,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        if let (Self::Flowing, Err(error)) = (*self, answer) {
            *self = Self::Stopped(error);
        }
        answer
    }

    /// Begins to stop the flow; false if it is not to be stopped: a flush is on, or another thread is at it.
    pub fn begin_stop(&mut self, error: gst::FlowError) -> bool {
        let begins = matches!(self, Self::Flowing | Self::Stopped(_));
        if begins {
            *self = Self::Stopping(error);
        }
        begins
    }

    /// Everything that was queued elsewhere has been cancelled; false if a flush came in between.
    pub fn end_stop(&mut self) -> bool {
        let Self::Stopping(error) = *self else { return false };
        *self = Self::Stopped(error);
        true
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
