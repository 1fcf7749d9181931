// SPDX-License-Identifier: MPL-2.0

//! Properties, compared with the documented list.

use crate::common::*;
use gst::glib;
use gst::prelude::*;

/// Name, type, default, least value, and the state from which on it is fixed (`playing`: never; `-`: read only).
const PROPERTIES: &[(&str, &str, &str, &str, &str)] = &[
    ("model", "gchararray", "metaiqa", "", "ready"),
    ("provider", "GstIqaProvider", "auto", "", "ready"),
    ("device-id", "guint", "0", "0", "ready"),
    ("threads", "guint", "0", "0", "ready"),
    ("mode", "GstIqaScoreMode", "every-frame", "", "ready"),
    ("interval", "guint", "1", "1", "playing"),
    ("max-rate", "GstFraction", "0/1", "0/1", "playing"),
    ("queue-size", "guint", "4", "1", "ready"),
    ("batch-size", "guint", "1", "1", "ready"),
    ("measures", "GstIqaOwnMeasures", "", "", "ready"),
    ("window", "guint64", "1000000000", "1", "playing"),
    ("alarm-below", "gdouble", "-1", "-1", "playing"),
    ("alarm-above", "gdouble", "-1", "-1", "playing"),
    ("alarm-field", "gchararray", "score", "", "playing"),
    ("alarm-hysteresis", "gdouble", "5", "0", "playing"),
    ("on-error", "GstIqaOnError", "stop", "", "ready"),
    ("frame-messages", "gboolean", "false", "", "playing"),
    ("analytics-meta", "gboolean", "false", "", "ready"),
    ("active-provider", "gchararray", "", "", "-"),
    ("stats", "GstStructure", "", "", "-"),
];

fn least(pspec: &glib::ParamSpec) -> String {
    if let Some(pspec) = pspec.downcast_ref::<glib::ParamSpecUInt>() {
        return pspec.minimum().to_string();
    }
    if let Some(pspec) = pspec.downcast_ref::<glib::ParamSpecUInt64>() {
        return pspec.minimum().to_string();
    }
    if let Some(pspec) = pspec.downcast_ref::<glib::ParamSpecDouble>() {
        return pspec.minimum().to_string();
    }
    if let Some(pspec) = pspec.downcast_ref::<gst::ParamSpecFraction>() {
        return format!("{}/{}", pspec.minimum().numer(), pspec.minimum().denom());
    }
    String::new()
}

#[test]
fn names_types_defaults_ranges_and_mutability() {
    init();
    let element = gst::ElementFactory::make("iqascore").build().unwrap();
    for &(name, kind, default, minimum, fixed) in PROPERTIES {
        let pspec = check_property(&element, name, kind, default, fixed);
        assert_eq!(least(&pspec), minimum, "the least value of {name}");
    }
    check_no_others(&element, PROPERTIES.iter().map(|property| property.0));
}

#[test]
fn enumerations_have_the_documented_nicks() {
    init();
    let element = gst::ElementFactory::make("iqascore").build().unwrap();
    for (property, words) in [
        ("provider", ["cpu", "cuda", "tensorrt", "openvino", "auto"].as_slice()),
        ("mode", &["every-frame", "live"]),
        ("on-error", &["stop", "continue"]),
    ] {
        let class = glib::EnumClass::with_type(element.find_property(property).unwrap().value_type()).unwrap();
        let nicks: Vec<_> = class.values().iter().map(|value| value.nick()).collect();
        assert_eq!(nicks, words, "{property}");
    }
}

#[test]
fn set_values_are_read_back() {
    init();
    let element = gst::ElementFactory::make("iqascore").build().unwrap();
    for (name, value) in [
        ("model", "/a/b.onnx"),
        ("provider", "openvino"),
        ("device-id", "3"),
        ("threads", "2"),
        ("mode", "live"),
        ("interval", "4294967295"),
        ("max-rate", "5/2"),
        ("queue-size", "9"),
        ("batch-size", "8"),
        ("measures", "cambi+luma"),
        ("window", "123456789012"),
        ("alarm-below", "42.5"),
        ("alarm-above", "17.25"),
        ("alarm-field", "raw"),
        ("alarm-hysteresis", "0.5"),
        ("on-error", "continue"),
        ("frame-messages", "true"),
        ("analytics-meta", "true"),
    ] {
        element.set_property_from_str(name, value);
        assert_eq!(text(&element.property_value(name)), value, "{name}");
    }
    element.set_property("model", None::<&str>);
    element.set_property("alarm-field", None::<&str>);
    assert_eq!(text(&element.property_value("model")), "metaiqa", "nothing means the default");
    assert_eq!(text(&element.property_value("alarm-field")), "score");
}

#[test]
fn the_plugin_and_its_elements() {
    init();
    let plugin = gst::Registry::get().find_plugin("onnxiqa").expect("the plugin");
    assert_eq!(plugin.plugin_name(), "onnxiqa");
    let factory = gst::ElementFactory::find("iqascore").unwrap();
    assert!(factory.metadata("klass").unwrap().contains("Video"));
    for key in ["long-name", "description", "author"] {
        assert!(factory.metadata(key).is_some_and(|text| text.len() > 5), "{key}");
    }
    assert_eq!(factory.rank(), gst::Rank::NONE, "no autoplugging");
    let pads: Vec<_> = factory.static_pad_templates().iter().map(|pad| pad.name_template().to_string()).collect();
    assert_eq!(pads.len(), 2);
    for feature in gst::Registry::get().features_by_plugin("onnxiqa") {
        let name = feature.name();
        assert!(!["iqa", "vmaf", "onnxinference", "videocompare"].contains(&name.as_str()), "{name} is taken");
        assert!(name.starts_with("iqa"), "{name}");
    }
}
