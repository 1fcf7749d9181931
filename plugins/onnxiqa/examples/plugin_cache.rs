// SPDX-License-Identifier: MPL-2.0

//! Prints what the registry and the classes of the plugin say, in the format of GStreamer's documentation cache
//! (`gst_plugins_cache.json`).
//!
//! The plugin is found on `GST_PLUGIN_PATH`. `scripts/plugin-cache.sh` uses this program to write or check
//! `docs/plugins/gst_plugins_cache.json`. Keys are sorted, and nothing that depends on the commit or on the version of
//! GStreamer is included.

use anyhow::{Context as _, Result};
use gst::glib;
use gst::glib::translate::{FromGlib as _, IntoGlib as _};
use gst::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Name of the plugin.
const NAME: &str = "onnxiqa";

/// Formats that GStreamer 1.22 does not know. They are left out, so that the result is the same with every version.
const NEWER_FORMATS: [&str; 1] = ["GRAY10_LE16"];

/// An object with sorted keys.
type Object = BTreeMap<String, Value>;

fn main() -> Result<()> {
    gst::init()?;
    let registry = gst::Registry::get();
    let plugin = registry.find_plugin(NAME).context("no plugin onnxiqa: run scripts/plugin-cache.sh")?;
    let mut types = Object::new();
    let mut elements = Object::new();
    for feature in registry.features_by_plugin(NAME) {
        let factory = feature.load()?.downcast::<gst::ElementFactory>().ok().context("a feature is not an element")?;
        elements.insert(factory.name().to_string(), element(&factory, &mut types)?);
    }
    let plugin = json!({
        "description": plugin.description().as_str(),
        "elements": elements,
        "filename": format!("gst{NAME}"),
        "license": plugin.license().as_str(),
        "other-types": types,
        "package": plugin.package().as_str(),
        "source": plugin.source().as_str(),
        "tracers": {},
        "url": plugin.origin().as_str(),
    });
    // Indented by four spaces, as GStreamer's own caches are.
    for line in serde_json::to_string_pretty(&json!({ NAME: plugin }))?.lines() {
        let indent = line.len() - line.trim_start().len();
        println!("{:indent$}{line}", "");
    }
    Ok(())
}

fn element(factory: &gst::ElementFactory, types: &mut Object) -> Result<Value> {
    let type_ = factory.element_type();
    let class = glib::Class::<glib::Object>::from_type(type_).context("an element is not an object")?;
    let hierarchy = std::iter::successors(Some(type_), |type_| type_.parent()).map(glib::Type::name);
    let mut properties = Object::new();
    for pspec in class.list_properties().iter().filter(|pspec| pspec.owner_type() == type_) {
        properties.insert(pspec.name().to_owned(), property(pspec));
        add_type(pspec.value_type(), types);
    }
    let templates = factory.static_pad_templates();
    let pads = templates.iter().map(|pad| (pad.name_template().to_owned(), pad_template(pad)));
    let mut element = Object::from([
        ("author".to_owned(), json!(factory.metadata("author"))),
        ("description".to_owned(), json!(factory.metadata("description"))),
        ("hierarchy".to_owned(), json!(hierarchy.collect::<Vec<_>>())),
        ("klass".to_owned(), json!(factory.metadata("klass"))),
        ("long-name".to_owned(), json!(factory.metadata("long-name"))),
        ("pad-templates".to_owned(), json!(pads.collect::<Object>())),
        ("properties".to_owned(), json!(properties)),
        ("rank".to_owned(), json!(rank(factory.rank()))),
    ]);
    let signals = signals(type_);
    if !signals.is_empty() {
        element.insert("signals".to_owned(), json!(signals));
    }
    Ok(json!(element))
}

fn rank(rank: gst::Rank) -> String {
    match rank {
        gst::Rank::NONE => "none".to_owned(),
        gst::Rank::MARGINAL => "marginal".to_owned(),
        gst::Rank::SECONDARY => "secondary".to_owned(),
        gst::Rank::PRIMARY => "primary".to_owned(),
        other => i32::from(other).to_string(),
    }
}

fn property(pspec: &glib::ParamSpec) -> Value {
    let flags = pspec.flags();
    let has = |flag| flags.contains(flag);
    let states = [
        (gst::PARAM_FLAG_MUTABLE_PLAYING, "playing"),
        (gst::PARAM_FLAG_MUTABLE_PAUSED, "paused"),
        (gst::PARAM_FLAG_MUTABLE_READY, "ready"),
    ];
    let mutable = states.iter().find(|(flag, _)| has(*flag)).map_or("null", |(_, state)| state);
    let mut property = Object::from([
        ("blurb".to_owned(), json!(pspec.blurb())),
        ("conditionally-available".to_owned(), json!(has(gst::PARAM_FLAG_CONDITIONALLY_AVAILABLE))),
        ("construct".to_owned(), json!(has(glib::ParamFlags::CONSTRUCT))),
        ("construct-only".to_owned(), json!(has(glib::ParamFlags::CONSTRUCT_ONLY))),
        ("controllable".to_owned(), json!(has(gst::PARAM_FLAG_CONTROLLABLE))),
        ("mutable".to_owned(), json!(mutable)),
        ("readable".to_owned(), json!(has(glib::ParamFlags::READABLE))),
        ("type".to_owned(), json!(pspec.value_type().name())),
        ("writable".to_owned(), json!(has(glib::ParamFlags::WRITABLE))),
    ]);
    for (key, text) in ["default", "min", "max"].into_iter().zip(limits(pspec)) {
        if let Some(text) = text {
            property.insert(key.to_owned(), json!(text));
        }
    }
    json!(property)
}

/// Default, minimum and maximum, where there are any.
fn limits(pspec: &glib::ParamSpec) -> [Option<String>; 3] {
    macro_rules! numbers {
        ($($type:ty),+) => {
            $(if let Some(pspec) = pspec.downcast_ref::<$type>() {
                return [pspec.default_value().to_string(), pspec.minimum().to_string(), pspec.maximum().to_string()]
                    .map(Some);
            })+
        };
    }
    numbers!(glib::ParamSpecInt, glib::ParamSpecUInt, glib::ParamSpecInt64, glib::ParamSpecUInt64);
    if let Some(pspec) = pspec.downcast_ref::<glib::ParamSpecDouble>() {
        let number = |value: f64| if value.abs() < 1e15 { value.to_string() } else { format!("{value:e}") };
        return [pspec.default_value(), pspec.minimum(), pspec.maximum()].map(|value| Some(number(value)));
    }
    if let Some(pspec) = pspec.downcast_ref::<gst::ParamSpecFraction>() {
        let text = |value: gst::Fraction| Some(format!("{}/{}", value.numer(), value.denom()));
        return [pspec.default_value(), pspec.minimum(), pspec.maximum()].map(text);
    }
    let value = pspec.default_value();
    let text = match value.type_() {
        t if t.is_a(glib::Type::STRING) => {
            Some(value.get::<Option<String>>().ok().flatten().unwrap_or("NULL".to_owned()))
        }
        t if t.is_a(glib::Type::BOOL) => value.get::<bool>().ok().map(|value| value.to_string()),
        t if t.is_a(glib::Type::ENUM) => {
            glib::EnumValue::from_value(value).map(|(_, value)| format!("{} ({})", value.nick(), value.value()))
        }
        t if t.is_a(glib::Type::FLAGS) => {
            let set = glib::FlagsValue::from_value(value).map_or_else(Vec::new, |(_, set)| set);
            let set: Vec<_> = set.iter().map(|value| value.nick()).collect();
            Some(if set.is_empty() { "(none)".to_owned() } else { set.join("+") })
        }
        _ => None,
    };
    [text, None, None]
}

/// Adds an enum or flags type, with its values.
fn add_type(type_: glib::Type, types: &mut Object) {
    let value = |name: &str, nick: &str, value: String| json!({ "desc": name, "name": nick, "value": value });
    let (kind, values): (_, Vec<_>) = if let Some(class) = glib::EnumClass::with_type(type_) {
        let values = class.values().iter();
        ("enum", values.map(|one| value(one.name(), one.nick(), one.value().to_string())).collect())
    } else if let Some(class) = glib::FlagsClass::with_type(type_) {
        let values = class.values().iter();
        ("flags", values.map(|one| value(one.name(), one.nick(), format!("{:#010x}", one.value()))).collect())
    } else {
        return;
    };
    types.insert(type_.name().to_owned(), json!({ "kind": kind, "values": values }));
}

fn pad_template(pad: &gst::StaticPadTemplate) -> Value {
    let direction = if pad.direction() == gst::PadDirection::Src { "src" } else { "sink" };
    let presence = match pad.presence() {
        gst::PadPresence::Always => "always",
        gst::PadPresence::Sometimes => "sometimes",
        _ => "request",
    };
    json!({ "caps": caps(&pad.caps()), "direction": direction, "presence": presence })
}

/// Caps with one field per line, as `gst-inspect-1.0` shows them.
fn caps(caps: &gst::Caps) -> String {
    if caps.is_any() {
        return "ANY".to_owned();
    }
    let mut text = String::new();
    for (structure, features) in caps.iter_with_features() {
        text.push_str(structure.name());
        let features = features.to_string();
        if features != "memory:SystemMemory" {
            text.push_str(&format!("({features})"));
        }
        text.push_str(":\n");
        for (field, value) in structure.iter() {
            let value = value.serialize().map_or_else(|_| "?".to_owned(), |value| value.to_string());
            let value = ["(string)", "(int)", "(fraction)"].iter().fold(value, |value, type_| value.replace(type_, ""));
            let value = NEWER_FORMATS.iter().fold(value, |value, name| value.replace(&format!(", {name}"), ""));
            text.push_str(&format!("{:>15}: {value}\n", field.as_str()));
        }
    }
    text
}

fn signals(type_: glib::Type) -> Object {
    let mut count = 0;
    // SAFETY: the returned array has `count` elements and is freed after they have been copied.
    let ids = unsafe {
        let ids = glib::gobject_ffi::g_signal_list_ids(type_.into_glib(), &mut count);
        let copied: Vec<_> = (0..count as usize).map(|index| *ids.add(index)).collect();
        glib::ffi::g_free(ids.cast());
        copied
    };
    let signal = |id: u32| {
        // SAFETY: the ID was returned by g_signal_list_ids.
        let query = unsafe { glib::subclass::SignalId::from_glib(id) }.query();
        let when = match query.flags() {
            flags if flags.contains(glib::SignalFlags::RUN_FIRST) => "first",
            flags if flags.contains(glib::SignalFlags::RUN_LAST) => "last",
            _ => "cleanup",
        };
        let args: Vec<_> = query.param_types().iter().map(|type_| type_.type_().name()).collect();
        let signal = json!({
            "action": query.flags().contains(glib::SignalFlags::ACTION),
            "args": args,
            "return-type": query.return_type().type_().name(),
            "when": when,
        });
        (query.signal_name().to_owned(), signal)
    };
    ids.into_iter().map(signal).collect()
}
