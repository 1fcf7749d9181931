// SPDX-License-Identifier: MPL-2.0

//! Panic handling at the FFI boundary.

use gst::glib::object::ObjectSubclassIs;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `f` for C code, into which a panic must not unwind. On a panic, calls `panicked` with the panic message and
/// returns `fallback`.
///
/// Unlike the panic handling of gstreamer-rs, this leaves the element usable and, in particular, stoppable: if the
/// deactivation of a pad fails, its task keeps running and the program does not terminate.
fn guarded<T>(fallback: T, panicked: impl FnOnce(&str), f: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        panicked(&onnx_iqa::panic_text(&*panic));
        fallback
    })
}

/// Runs an element callback. A panic becomes an element error, and `stop` ends the flow.
pub fn guard<T>(element: &gst::Element, fallback: T, stop: impl FnOnce(), f: impl FnOnce() -> T) -> T {
    let panicked = |text: &str| {
        gst::element_error!(element, gst::LibraryError::Failed, ("internal error, please report it: {text}"));
        stop();
    };
    guarded(fallback, panicked, f)
}

/// An element whose pad functions are guarded against panics.
pub trait Guarded: ElementImpl {
    /// Ends the flow after a panic in a callback. The element error has already been posted.
    fn stop_after_panic(&self, element: &gst::Element);

    /// Runs a pad function under [`guard`] with the pad's parent element.
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
        assert_eq!(error.error().message(), "internal error, please report it: out of paper");
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
