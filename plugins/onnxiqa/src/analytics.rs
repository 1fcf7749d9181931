// SPDX-License-Identifier: MPL-2.0

//! Scores in the metadata of GStreamer's own analytics library: a `GstAnalyticsClsMtd` of one class, the quark
//! `iqa/score/<model>`, with score / 100 as its level.
//!
//! The library is opened at run time and never linked, so that one plugin serves GStreamer 1.22, which has none, to 1.28.

use crate::describe;
use gst::glib::ffi::{GFALSE, GQuark, gboolean};
use gst::glib::{Quark, translate::IntoGlib};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::ffi::c_uint;
use std::sync::LazyLock;

/// The library's file, for the loader. Its interface is the same since 1.24.
pub const FILE: &str = "libgstanalytics-1.0.so.0";

/// `GstAnalyticsRelationMeta`: what holds all that is said of a buffer. Its inside is the library's own.
#[repr(C)]
struct RelationMeta {
    _private: [u8; 0],
}

/// `GstAnalyticsMtd`, alias `GstAnalyticsClsMtd`: which of the things in a meta.
#[repr(C)]
struct Mtd {
    id: c_uint,
    meta: *mut RelationMeta,
}

/// `gst_buffer_add_analytics_relation_meta`, which gives the one that is there if there is one.
type AddMeta = unsafe extern "C" fn(*mut gst::ffi::GstBuffer) -> *mut RelationMeta;
/// `gst_analytics_relation_meta_add_one_cls_mtd`
type AddClass = unsafe extern "C" fn(*mut RelationMeta, f32, GQuark, *mut Mtd) -> gboolean;

/// The library, open.
#[derive(Debug)]
pub struct Analytics {
    add_meta: AddMeta,
    add_class: AddClass,
    /// GStreamer knows types of it: it stays for as long as the process.
    _library: Library,
}

impl Analytics {
    /// The library, which is opened at the first call.
    ///
    /// # Errors
    /// Why it cannot be opened, in the loader's words.
    pub fn get() -> Result<&'static Self, &'static str> {
        static ANALYTICS: LazyLock<Result<Analytics, String>> = LazyLock::new(|| Analytics::open(FILE));
        ANALYTICS.as_ref().map_err(String::as_str)
    }

    fn open(file: &str) -> Result<Self, String> {
        // SAFETY: opening it runs its initializers, which are GLib's and GStreamer's own. All that it needs is looked for
        // at once: of a GStreamer newer than this process's, it is refused here and not at the first call.
        let library = unsafe { Library::open(Some(file), RTLD_NOW | RTLD_LOCAL) }.map_err(|error| describe(&error))?;
        // SAFETY: the types are those of the functions' declarations in gst/analytics/gstanalyticsmeta.h and
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

    /// Adds a model's score (0 to 100) to what analytics elements say of the buffer; false if it cannot be added. No
    /// memory of the buffer's is touched.
    pub fn add(&self, buffer: &mut gst::BufferRef, model: &str, score: f64) -> bool {
        let class = Quark::from_str(format!("iqa/score/{model}")).into_glib();
        let level = (score / 100.0) as f32;
        let mut added = Mtd { id: 0, meta: std::ptr::null_mut() };
        // SAFETY: the buffer is writable, for it is borrowed mutably; a meta is valid as long as the buffer has it, and
        // nothing takes it away here; the handle is written to and nothing of it is kept.
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
        // Another library of GStreamer, which is there.
        let error = Analytics::open("libgstreamer-1.0.so.0").expect_err("it has no such functions");
        assert!(error.contains("gst_buffer_add_analytics_relation_meta"), "{error}");
    }
}
