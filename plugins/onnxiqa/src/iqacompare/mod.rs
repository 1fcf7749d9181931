//! SECTION:element-iqacompare

use gst::glib;
use gst::prelude::*;

mod deliver;
mod events;
mod fifo;
mod flow;
mod imp;
mod latency;
mod notices;
mod queries;
mod settings;
mod signal;
mod state;
mod streams;

use settings::{Alignment, Measures, OnUnmatched, Registration, Scale};

glib::wrapper! {
    /// The element `iqacompare`.
    pub struct IqaCompare(ObjectSubclass<imp::IqaCompare>) @extends gst_base::Aggregator, gst::Element, gst::Object;
}

/// Registers the element.
///
/// # Errors
/// When the name is taken.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    let types = [
        Alignment::static_type(),
        Measures::static_type(),
        OnUnmatched::static_type(),
        Registration::static_type(),
        Scale::static_type(),
    ];
    for own in types {
        own.mark_as_plugin_api(gst::PluginAPIFlags::empty());
    }
    gst::Element::register(Some(plugin), "iqacompare", gst::Rank::NONE, IqaCompare::static_type())
}
