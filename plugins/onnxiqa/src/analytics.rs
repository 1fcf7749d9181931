// SPDX-License-Identifier: MPL-2.0

//! Scores as GStreamer analytics metadata: a `GstAnalyticsClsMtd` with one class, whose quark is `iqa/score/<model>`
//! and whose confidence level is score / 100.
//!
//! The analytics library is loaded at run time instead of being linked, so that one build of the plugin works with
//! GStreamer 1.22, which does not have the library, up to 1.28.

use crate::describe;
use gst::glib::ffi::{GFALSE, GQuark, gboolean};
use gst::glib::{Quark, translate::IntoGlib};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::ffi::c_uint;
use std::sync::LazyLock;

/// File name of the library. Its ABI has been stable since 1.24.
pub const FILE: &str = "libgstanalytics-1.0.so.0";

/// Opaque `GstAnalyticsRelationMeta`, the container for all analytics results of a buffer.
#[repr(C)]
struct RelationMeta {
    _private: [u8; 0],
}

/// `GstAnalyticsMtd` (alias `GstAnalyticsClsMtd`): handle of one result in a relation meta.
#[repr(C)]
struct Mtd {
    id: c_uint,
    meta: *mut RelationMeta,
}

/// `gst_buffer_add_analytics_relation_meta`, which returns the existing meta if the buffer already has one.
type AddMeta = unsafe extern "C" fn(*mut gst::ffi::GstBuffer) -> *mut RelationMeta;
/// `gst_analytics_relation_meta_add_one_cls_mtd`.
type AddClass = unsafe extern "C" fn(*mut RelationMeta, f32, GQuark, *mut Mtd) -> gboolean;

/// The loaded library.
#[derive(Debug)]
pub struct Analytics {
    add_meta: AddMeta,
    add_class: AddClass,
    /// Never unloaded, because GStreamer keeps the types it registers for the lifetime of the process.
    _library: Library,
}

impl Analytics {
    /// Returns the library, loading it on first use.
    ///
    /// # Errors
    /// The loader's error text if it cannot be opened.
    pub fn get() -> Result<&'static Self, &'static str> {
        static ANALYTICS: LazyLock<Result<Analytics, String>> = LazyLock::new(|| Analytics::open(FILE));
        ANALYTICS.as_ref().map_err(String::as_str)
    }

    fn open(file: &str) -> Result<Self, String> {
        // SAFETY: opening the library runs its initializers, which are those of GLib and GStreamer. Symbols are
        // resolved immediately: a library from a newer GStreamer is rejected here and not on the first call.
        let library = unsafe { Library::open(Some(file), RTLD_NOW | RTLD_LOCAL) }.map_err(|error| describe(&error))?;
        // SAFETY: the types match the declarations in gst/analytics/gstanalyticsmeta.h and
        // gstanalyticsclassificationmtd.h, and the library outlives the pointers.
        let symbols = unsafe {
            library.get::<AddMeta>("gst_buffer_add_analytics_relation_meta").and_then(|add_meta| {
                let add_class = library.get::<AddClass>("gst_analytics_relation_meta_add_one_cls_mtd")?;
                Ok((*add_meta, *add_class))
            })
        };
        let (add_meta, add_class) = symbols.map_err(|error| describe(&error))?;
        Ok(Self { add_meta, add_class, _library: library })
    }

    /// Adds a model score (0 to 100) to the buffer's analytics metadata; returns false on failure. The buffer's memory
    /// is not touched.
    pub fn add(&self, buffer: &mut gst::BufferRef, model: &str, score: f64) -> bool {
        let class = Quark::from_str(format!("iqa/score/{model}")).into_glib();
        let level = (score / 100.0) as f32;
        let mut added = Mtd { id: 0, meta: std::ptr::null_mut() };
        // SAFETY: the buffer is writable because it is borrowed mutably; the meta stays valid because nothing removes
        // it here; the handle is an out parameter and is not kept.
        unsafe {
            let meta = (self.add_meta)(buffer.as_mut_ptr());
            !meta.is_null() && (self.add_class)(meta, level, class, &mut added) != GFALSE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_opened_is_named() {
        let error = Analytics::open("libgstanalytics-9.9.so.0").expect_err("there is no such library");
        assert!(error.contains("libgstanalytics-9.9.so.0"), "{error}");
        // Another GStreamer library, which is installed.
        let error = Analytics::open("libgstreamer-1.0.so.0").expect_err("it has no such functions");
        assert!(error.contains("gst_buffer_add_analytics_relation_meta"), "{error}");
    }
}
