// SPDX-License-Identifier: MPL-2.0

//! Properties, compared with the documented list.

use crate::common::*;
use gst::glib;
use gst::prelude::*;

/// Name, type, default, and the state from which on it is fixed (`playing`: never; `-`: read only).
const PROPERTIES: &[(&str, &str, &str, &str)] = &[
    ("model", "gchararray", "none", "ready"),
    ("provider", "GstIqaProvider", "auto", "ready"),
    ("device-id", "guint", "0", "ready"),
    ("threads", "guint", "0", "ready"),
    ("queue-size", "guint", "4", "ready"),
    ("on-error", "GstIqaOnError", "stop", "ready"),
    ("analytics-meta", "gboolean", "false", "ready"),
    ("interval", "guint", "1", "playing"),
    ("max-rate", "GstFraction", "0/1", "playing"),
    ("measures", "GstIqaMeasures", "psnr+ssim", "ready"),
    ("vmaf-model", "gchararray", "vmaf_v0.6.1", "ready"),
    ("alignment", "GstIqaAlignment", "auto", "ready"),
    ("offset", "gint64", "0", "playing"),
    ("search-range", "guint64", "2000000000", "ready"),
    ("max-bytes", "guint64", "536870912", "ready"),
    ("independent-sources", "gboolean", "false", "ready"),
    ("latency", "guint64", "2000000000", "playing"),
    ("scale", "GstIqaScale", "to-reference", "ready"),
    ("registration", "GstIqaRegistration", "none", "ready"),
    ("on-unmatched", "GstIqaOnUnmatched", "flag", "ready"),
    ("window", "guint64", "1000000000", "playing"),
    ("alarm-below", "gdouble", "-1", "playing"),
    ("alarm-above", "gdouble", "-1", "playing"),
    ("alarm-field", "gchararray", "psnr-y", "playing"),
    ("alarm-hysteresis", "gdouble", "5", "playing"),
    ("frame-messages", "gboolean", "false", "playing"),
    ("active-provider", "gchararray", "", "-"),
    ("stats", "GstStructure", "", "-"),
];

#[test]
fn names_types_defaults_and_mutability() {
    init();
    let element = gst::ElementFactory::make("iqacompare").build().unwrap();
    for &(name, kind, default, fixed) in PROPERTIES {
        check_property(&element, name, kind, default, fixed);
    }
    check_no_others(&element, PROPERTIES.iter().map(|property| property.0));
    let listed = element.list_properties();
    assert_eq!(listed.iter().filter(|pspec| pspec.name() == "latency").count(), 1);
}

#[test]
fn enumerations_have_the_documented_nicks() {
    init();
    let element = gst::ElementFactory::make("iqacompare").build().unwrap();
    for (property, words) in [
        ("alignment", ["pts", "offset", "auto", "track", "still"].as_slice()),
        ("scale", &["to-reference", "to-distorted", "none"]),
        ("registration", &["none", "crop", "shift"]),
        ("on-unmatched", &["flag", "skip", "error"]),
    ] {
        let class = glib::EnumClass::with_type(element.find_property(property).unwrap().value_type()).unwrap();
        let nicks: Vec<_> = class.values().iter().map(|value| value.nick()).collect();
        assert_eq!(nicks, words, "{property}");
    }
}

#[test]
fn set_values_are_read_back() {
    init();
    let element = gst::ElementFactory::make("iqacompare").build().unwrap();
    for (name, value) in [
        ("model", "/a/b.onnx"),
        ("provider", "openvino"),
        ("device-id", "3"),
        ("threads", "2"),
        ("queue-size", "9"),
        ("on-error", "continue"),
        ("analytics-meta", "true"),
        ("interval", "7"),
        ("max-rate", "25/2"),
        ("measures", "psnr+ms-ssim"),
        ("vmaf-model", "/a/b.json"),
        ("alignment", "track"),
        ("offset", "-40000000"),
        ("search-range", "0"),
        ("max-bytes", "1"),
        ("independent-sources", "true"),
        ("latency", "123"),
        ("scale", "none"),
        ("registration", "shift"),
        ("on-unmatched", "error"),
        ("window", "123456789012"),
        ("alarm-below", "42.5"),
        ("alarm-above", "17.25"),
        ("alarm-field", "ssim"),
        ("alarm-hysteresis", "0.5"),
        ("frame-messages", "true"),
    ] {
        element.set_property_from_str(name, value);
        assert_eq!(text(&element.property_value(name)), value, "{name}");
    }
    element.set_property_from_str("measures", "0");
    assert_eq!(text(&element.property_value("measures")), "");
    element.set_property("vmaf-model", None::<&str>);
    assert_eq!(text(&element.property_value("vmaf-model")), "vmaf_v0.6.1", "nothing means the default");
    element.set_property("model", None::<&str>);
    assert_eq!(text(&element.property_value("model")), "none", "nothing means the default");
}

#[test]
fn the_alarm_field_follows_the_model_until_it_is_set() {
    init();
    let element = gst::ElementFactory::make("iqacompare").build().unwrap();
    let field = || element.property::<String>("alarm-field");
    assert_eq!(field(), "psnr-y");
    element.set_property("model", "bpclip-fr");
    assert_eq!(field(), "score");
    element.set_property("alarm-field", "ssim");
    element.set_property("model", "none");
    assert_eq!(field(), "ssim");
    element.set_property("alarm-field", None::<&str>);
    assert_eq!(field(), "psnr-y");
}

#[test]
fn linking_without_a_pad_name_links_the_distorted_stream() {
    init();
    let element = gst::ElementFactory::make("iqacompare").build().unwrap();
    let source = gst::ElementFactory::make("fakesrc").build().unwrap();
    let bin = gst::Bin::new();
    bin.add_many([&source, &element]).unwrap();
    source.link(&element).unwrap();
    assert!(element.static_pad("distorted").unwrap().is_linked());
    let factory = gst::ElementFactory::find("iqacompare").unwrap();
    let mut pads: Vec<_> = factory.static_pad_templates().iter().map(|pad| pad.name_template().to_string()).collect();
    pads.sort();
    assert_eq!(pads, ["distorted", "reference", "src"]);
    assert_eq!(factory.rank(), gst::Rank::NONE, "no autoplugging");
}
