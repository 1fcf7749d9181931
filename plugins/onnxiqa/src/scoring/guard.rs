// SPDX-License-Identifier: MPL-2.0

//! Panics end at the border to C.

use gst::glib::object::ObjectSubclassIs;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `f` for C code, which a panic must not unwind into: it gives `fallback`, and `panicked` hears what the panic
/// says.
///
/// Unlike gstreamer-rs's own guards this leaves the element usable, above all stoppable: a pad whose deactivation is
/// refused keeps its task, and the program never ends.
fn guarded<T>(fallback: T, panicked: impl FnOnce(&str), f: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        panicked(&onnx_iqa::panic_text(&*panic));
        fallback
    })
}

/// Runs an element's `f` for GStreamer. A panic becomes an element error, and `stop` ends the flow.
pub fn guard<T>(element: &gst::Element, fallback: T, stop: impl FnOnce(), f: impl FnOnce() -> T) -> T {
    let panicked = |text: &str| {
        gst::element_error!(element, gst::LibraryError::Failed, ("a bug in the element: {text}"));
        stop();
    };
    guarded(fallback, panicked, f)
}

/// An element whose pads' functions may panic without harm to anything but its stream.
pub trait Guarded: ElementImpl {
    /// Ends the flow with an error: a callback has panicked. The element error is already posted.
    fn stop_after_panic(&self, element: &gst::Element);

    /// Runs a pad's function, which is given the pad's parent, under [`guard`].
    fn guard_pad<T>(parent: Option<&gst::Object>, fallback: T, f: impl FnOnce(&Self, &gst::Element) -> T) -> T
    where
        Self::Type: IsA<gst::Element> + ObjectSubclassIs<Subclass = Self>,
    {
        let Some(object) = parent.and_then(|parent| parent.downcast_ref::<Self::Type>()) else { return fallback };
        let (imp, element) = (object.imp(), object.upcast_ref::<gst::Element>());
        guard(element, fallback, || imp.stop_after_panic(element), || f(imp, element))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_element_error_and_stops_the_flow() {
        gst::init().expect("GStreamer");
        let (element, bus) = (gst::Bin::new().upcast::<gst::Element>(), gst::Bus::new());
        element.set_bus(Some(&bus));
        let mut stopped = false;
        let returned = guard(&element, 1, || stopped = true, || panic!("out of paper"));
        assert_eq!((returned, stopped), (1, true));
        let message = bus.pop_filtered(&[gst::MessageType::Error]).expect("an error message");
        let gst::MessageView::Error(error) = message.view() else { panic!("{message:?}") };
        assert_eq!(error.error().message(), "a bug in the element: out of paper");
    }

    #[test]
    fn without_a_panic_nothing_is_posted() {
        gst::init().expect("GStreamer");
        let (element, bus) = (gst::Bin::new().upcast::<gst::Element>(), gst::Bus::new());
        element.set_bus(Some(&bus));
        assert_eq!(guard(&element, 1, || panic!("not to be stopped"), || 2), 2);
        assert!(bus.pop().is_none());
    }
}
