// SPDX-License-Identifier: MPL-2.0

//! Flags type of the engine's fidelity measures.
#![allow(unsafe_code, reason = "a flags type with values known only at run time must be registered through C")]

use gst::glib;
use gst::glib::translate::{FromGlib, IntoGlib, ToGlibPtr, ToGlibPtrMut, from_glib};
use gst::prelude::*;
use onnx_iqa::metrics;
use std::ffi::CString;
use std::sync::LazyLock;

/// Fidelity measures as a GObject value: flags type `GstIqaMeasures`, with one flag per row of the engine's registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measures(pub metrics::Measures);

impl From<Measures> for metrics::Measures {
    fn from(measures: Measures) -> Self {
        measures.0
    }
}

/// Registers the type. GObject keeps pointers to the values for the lifetime of the process.
fn register() -> glib::Type {
    let text = |text: &str| {
        let text = CString::new(text).unwrap_or_default();
        text.into_raw().cast_const()
    };
    let rows = metrics::Measures::all().iter().map(|row| glib::gobject_ffi::GFlagsValue {
        value: metrics::Measures::from_name(row.name).unwrap_or(metrics::Measures::NONE).bits(),
        value_name: text(row.description),
        value_nick: text(row.name),
    });
    // An all-zero value terminates the list.
    let end = glib::gobject_ffi::GFlagsValue { value: 0, value_name: std::ptr::null(), value_nick: std::ptr::null() };
    let values: &'static [_] = Vec::leak(rows.chain([end]).collect());
    // SAFETY: the name is NUL-terminated, and the values and the strings they point to are never freed.
    unsafe { from_glib(glib::gobject_ffi::g_flags_register_static(c"GstIqaMeasures".as_ptr(), values.as_ptr())) }
}

impl StaticType for Measures {
    fn static_type() -> glib::Type {
        static TYPE: LazyLock<glib::Type> = LazyLock::new(register);
        *TYPE
    }
}

impl IntoGlib for Measures {
    type GlibType = u32;

    fn into_glib(self) -> u32 {
        self.0.bits()
    }
}

impl FromGlib<u32> for Measures {
    unsafe fn from_glib(bits: u32) -> Self {
        Self(metrics::Measures::from_bits_truncate(bits))
    }
}

impl glib::value::ValueType for Measures {
    type Type = Self;
}

// SAFETY: the checker verifies the type of the value.
unsafe impl<'a> glib::value::FromValue<'a> for Measures {
    type Checker = glib::value::GenericValueTypeChecker<Self>;

    unsafe fn from_value(value: &'a glib::Value) -> Self {
        // SAFETY: the value holds flags of this type.
        unsafe { from_glib(glib::gobject_ffi::g_value_get_flags(value.to_glib_none().0)) }
    }
}

impl ToValue for Measures {
    fn to_value(&self) -> glib::Value {
        let mut value = glib::Value::for_value_type::<Self>();
        // SAFETY: the value was initialized to hold flags of this type.
        unsafe { glib::gobject_ffi::g_value_set_flags(value.to_glib_none_mut().0, self.into_glib()) }
        value
    }

    fn value_type(&self) -> glib::Type {
        Self::static_type()
    }
}

impl From<Measures> for glib::Value {
    fn from(measures: Measures) -> Self {
        measures.to_value()
    }
}

/// Builder for a property of this type with default psnr+ssim; the caller sets its mutability.
pub fn property(name: &str) -> glib::ParamSpecFlagsBuilder<'_, Measures> {
    glib::ParamSpecFlags::builder::<Measures>(name).default_value(Measures::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_the_registry() {
        let class = glib::FlagsClass::with_type(Measures::static_type()).unwrap();
        assert_eq!(class.type_().name(), "GstIqaMeasures");
        let found: Vec<_> = class.values().iter().map(|value| (value.value(), value.nick(), value.name())).collect();
        let rows = metrics::registry::MEASURES.iter().enumerate();
        let expected: Vec<_> = rows.map(|(row, measure)| (1 << row, measure.name, measure.description)).collect();
        assert_eq!(found, expected);
        // Scripts rely on these.
        assert_eq!(found[..3].iter().map(|value| value.1).collect::<Vec<_>>(), ["psnr", "ssim", "ms-ssim"]);
    }

    #[test]
    fn a_value_holds_what_was_put_into_it() {
        for bits in 0..=metrics::Measures::all().bits() {
            let measures = Measures(metrics::Measures::from_bits_truncate(bits));
            assert_eq!(measures.to_value().get::<Measures>().unwrap(), measures);
        }
        assert!(1u32.to_value().get::<Measures>().is_err());
    }
}
