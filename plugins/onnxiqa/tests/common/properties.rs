// SPDX-License-Identifier: MPL-2.0

//! Checks of properties.

use gst::glib;
use gst::prelude::*;

/// A property's value as users write it.
pub fn text(value: &glib::Value) -> String {
    if let Some((_, value)) = glib::EnumValue::from_value(value) {
        return value.nick().to_owned();
    }
    if let Some((_, flags)) = glib::FlagsValue::from_value(value) {
        return flags.iter().map(|flag| flag.nick()).collect::<Vec<_>>().join("+");
    }
    if let Ok(text) = value.get::<Option<String>>() {
        return text.unwrap_or_default();
    }
    if let Ok(number) = value.get::<f64>() {
        return number.to_string();
    }
    value.serialize().unwrap().to_string()
}

/// Checks that the element has a property of that type and default, which is fixed from that state on (`playing`:
/// never; `-`: read only), and has a description.
#[track_caller]
pub fn check_property(element: &gst::Element, name: &str, kind: &str, default: &str, fixed: &str) -> glib::ParamSpec {
    let pspec = element.find_property(name).unwrap_or_else(|| panic!("no property {name}"));
    assert_eq!(pspec.value_type().name(), kind, "{name}");
    let flags = pspec.flags();
    assert!(flags.contains(glib::ParamFlags::READABLE), "{name}");
    assert_eq!(flags.contains(glib::ParamFlags::WRITABLE), fixed != "-", "{name}");
    assert_eq!(flags.contains(gst::PARAM_FLAG_MUTABLE_PLAYING), fixed == "playing", "{name}");
    assert_eq!(flags.contains(gst::PARAM_FLAG_MUTABLE_READY), fixed == "ready", "{name}");
    assert!(pspec.blurb().is_some_and(|blurb| blurb.len() > 8), "{name} is not described");
    if fixed != "-" {
        assert_eq!(text(pspec.default_value()), default, "the default of {name}");
        assert_eq!(text(&element.property_value(name)), default, "the first value of {name}");
    }
    pspec
}

/// Checks that all of the element's own properties, without those of its ancestors, are in `known`.
#[track_caller]
pub fn check_no_others<'a>(element: &gst::Element, known: impl Iterator<Item = &'a str> + Clone) {
    let listed = element.list_properties();
    for pspec in listed.iter().filter(|pspec| pspec.owner_type() == element.type_()) {
        let name = pspec.name();
        assert!(known.clone().any(|known| known == name), "{name} is not in the contract");
    }
}
