// SPDX-License-Identifier: MPL-2.0

//! Element properties.

use crate::bundled;
use crate::scoring::measures::{self, Measures};
use crate::scoring::{Fields, ModelSettings, NO_MODEL, SelectionSettings};
use gst::glib;
use gst::prelude::*;
use onnx_iqa::align::{space, time};
use onnx_iqa::comparer;
use onnx_iqa::metrics::{self, VmafModel};
use onnx_iqa::scorer::Selection;

/// How the reference frame of a distorted frame is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaAlignment")]
pub enum Alignment {
    /// Equal running times.
    #[enum_value(name = "By running time, within half a reference frame", nick = "pts")]
    Pts,
    /// Equal running times after the offset has been added.
    #[enum_value(name = "By running time, after adding offset to that of the distorted frame", nick = "offset")]
    Offset,
    /// Running times, corrected by the pictures.
    #[default]
    #[enum_value(name = "By running time, unless the pictures show otherwise", nick = "auto")]
    Auto,
    /// Pictures only.
    #[enum_value(name = "By the pictures alone, including drops, duplicates and drift", nick = "track")]
    Track,
    /// The most recent reference, whatever it shows.
    ///
    /// Since: plugins-onnxiqa-0.2.0
    #[enum_value(
        name = "Most recent reference picture, whatever it shows; for reduced-reference models",
        nick = "still"
    )]
    Still,
}

impl Alignment {
    /// Whether the pictures are searched, so that frames must wait for those within the search range.
    pub fn searches(self) -> bool {
        matches!(self, Self::Auto | Self::Track)
    }
}

impl From<Alignment> for time::Alignment {
    fn from(alignment: Alignment) -> Self {
        match alignment {
            Alignment::Pts => Self::Pts,
            Alignment::Offset => Self::Offset,
            Alignment::Auto => Self::Auto,
            Alignment::Track => Self::Track,
            Alignment::Still => Self::Still,
        }
    }
}

/// Scaling if frame sizes differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaScale")]
pub enum Scale {
    /// The distorted frame is scaled.
    #[default]
    #[enum_value(name = "Scale the distorted frame to the reference's size", nick = "to-reference")]
    ToReference,
    /// The reference is scaled.
    #[enum_value(name = "Scale the reference to the distorted frame's size", nick = "to-distorted")]
    ToDistorted,
    /// Nothing is scaled.
    #[enum_value(name = "Do not scale; different sizes are an error unless only the model compares", nick = "none")]
    None,
}

impl From<Scale> for space::Scale {
    fn from(scale: Scale) -> Self {
        match scale {
            Scale::ToReference => Self::ToReference,
            Scale::ToDistorted => Self::ToDistorted,
            Scale::None => Self::None,
        }
    }
}

/// Spatial registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaRegistration")]
pub enum Registration {
    /// No registration.
    #[default]
    #[enum_value(name = "No registration", nick = "none")]
    None,
    /// Crop bars.
    #[enum_value(name = "Crop letterbox and pillarbox bars", nick = "crop")]
    Crop,
    /// Crop bars and compensate a translation.
    #[enum_value(name = "Crop bars and compensate a translation with quarter pixel precision", nick = "shift")]
    Shift,
}

impl Registration {
    /// Whether bars are cropped.
    pub fn crops(self) -> bool {
        self != Self::None
    }
}

impl From<Registration> for space::Registration {
    fn from(registration: Registration) -> Self {
        match registration {
            Registration::None => Self::None,
            Registration::Crop => Self::Crop,
            Registration::Shift => Self::Shift,
        }
    }
}

/// Handling of unmatched frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaOnUnmatched")]
pub enum OnUnmatched {
    /// Mark the frame.
    #[default]
    #[enum_value(name = "Attach an entry with the state unmatched", nick = "flag")]
    Flag,
    /// Pass the frame without an entry.
    #[enum_value(name = "Attach no entry", nick = "skip")]
    Skip,
    /// Post an error.
    #[enum_value(name = "Post an error and stop", nick = "error")]
    Error,
}

/// Element properties and their values.
#[derive(Debug, Clone)]
pub struct Settings {
    pub model: ModelSettings,
    pub selection: SelectionSettings,
    /// `None` until it is set.
    pub measures: Option<Measures>,
    pub vmaf_model: String,
    pub alignment: Alignment,
    pub offset: i64,
    pub search_range: gst::ClockTime,
    pub max_bytes: u64,
    pub independent_sources: bool,
    pub scale: Scale,
    pub registration: Registration,
    pub on_unmatched: OnUnmatched,
    /// `None` until it is set: depends on the alignment.
    pub latency: Option<gst::ClockTime>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            model: ModelSettings::new(NO_MODEL),
            selection: SelectionSettings::default(),
            measures: None,
            vmaf_model: VmafModel::DEFAULT_NAME.into(),
            alignment: Alignment::default(),
            offset: 0,
            search_range: gst::ClockTime::from_seconds(2),
            max_bytes: 512 << 20,
            independent_sources: false,
            scale: Scale::default(),
            registration: Registration::default(),
            on_unmatched: OnUnmatched::default(),
            latency: None,
        }
    }
}

impl Settings {
    /// Whether a model is set.
    pub fn has_model(&self) -> bool {
        self.model.has_model()
    }

    /// Whether `alignment=still` is set.
    pub fn is_still(&self) -> bool {
        self.alignment == Alignment::Still
    }

    /// Effective measures.
    fn measures(&self) -> metrics::Measures {
        if self.is_still() { metrics::Measures::NONE } else { self.measures.unwrap_or_default().into() }
    }

    /// Whether VMAF is measured.
    pub fn has_vmaf(&self) -> bool {
        self.measures().contains(metrics::Measures::VMAF)
    }

    /// Field evaluated by windows by default: the score, PSNR of luma, or without both the first measured field.
    pub fn main_field(&self) -> &'static str {
        let measures = self.measures();
        let measured = || measures.iter().flat_map(|measure| measure.fields.iter().map(|field| field.name)).next();
        match measured() {
            _ if self.has_model() => "score",
            Some(first) if !measures.contains(metrics::Measures::PSNR) => first,
            _ => "psnr-y",
        }
    }

    /// Fields that frames carry; `model`: fields provided by the model.
    pub fn fields(&self, model: Option<Fields>) -> Fields {
        let mut fields = model.unwrap_or_default();
        let measures = self.measures();
        let mut known = vec!["confidence"];
        if measures != metrics::Measures::NONE {
            let fit = [&metrics::LUMA_FIT];
            known.extend(measures.iter().chain(fit).flat_map(|measure| measure.fields.iter().map(|field| field.name)));
        }
        if self.registration == Registration::Shift && !self.is_still() {
            known.extend(["shift-x", "shift-y"]);
        }
        fields.known.extend(known.into_iter().map(str::to_owned));
        fields.is_still = self.is_still();
        fields
    }

    /// Settings that can change while playing: the offset and the frame selection.
    pub fn changeable(&self) -> (i64, Selection) {
        (self.offset, self.selection.selection())
    }

    /// Maximum waiting time of a frame in a live pipeline.
    pub fn latency(&self) -> gst::ClockTime {
        let searched = if self.alignment.searches() { self.search_range } else { gst::ClockTime::ZERO };
        self.latency.unwrap_or(searched)
    }

    /// Settings for the engine's comparer.
    pub fn comparer(&self) -> comparer::Settings {
        let mut settings = comparer::Settings::default();
        settings.time.alignment = self.alignment.into();
        settings.time.offset = self.offset;
        settings.time.search_range = self.search_range.nseconds();
        settings.scale = self.scale.into();
        settings.registration = self.registration.into();
        settings.selection = self.selection.selection();
        settings.measures = self.measures();
        settings.max_bytes = self.max_bytes;
        settings.threads = self.model.threads as usize;
        settings.queue_size = self.model.queue_size as usize;
        settings
    }

    /// Property specifications handled by [`set`](Self::set) and [`get`](Self::get).
    pub fn properties() -> Vec<glib::ParamSpec> {
        let default = Self::default();
        let mut properties = default.model.properties(
            &format!(
                "Full-reference model, or with alignment=still reduced-reference model: path of an ONNX file (contains \
                 / or ends in .onnx) with an embedded contract or a TOML contract beside it, or name of a bundled \
                 model, searched for in ONNX_IQA_MODEL_PATH and in onnxiqa-models/ beside the plugin; none = measures \
                 only{}",
                bundled::list(true)
            ),
            "Number of ONNX Runtime intra-op threads, and of threads for the measures; 0 = one per core",
            "Maximum number of pairs queued for measures and inference",
        );
        properties.extend(SelectionSettings::properties(
            "Score every Nth pair with the model; the others have the state skipped and only measures",
            "Maximum number of pairs scored by the model per second of stream time; 0/1 = unlimited",
        ));
        properties.extend([
            measures::property("measures")
                .nick("Measures")
                .blurb("Measures taken of each pair; no effect with alignment=still")
                .mutable_ready()
                .build(),
            /**
             * GstIqaCompare:vmaf-model:
             *
             * Since: plugins-onnxiqa-0.2.0
             */
            glib::ParamSpecString::builder("vmaf-model")
                .nick("VMAF model")
                .blurb(
                    "Model of the measure vmaf: path of a JSON file in libvmaf's format (contains / or ends in .json), \
                     or name of a Netflix model, searched for in the vmaf folder of the model path: vmaf_v0.6.1, \
                     vmaf_v0.6.1neg, vmaf_4k_v0.6.1; VMAF 1 by viewing distance in picture heights: vmaf_v1.0.16_3d0h \
                     and _5d0h (1080p), _1d5h_2160 and _3d0h_2160 (2160p), with hfr_ after the version for high frame \
                     rates (vmaf_v1.0.16_hfr_3d0h). Scores of different models are not comparable",
                )
                .default_value(Some(VmafModel::DEFAULT_NAME))
                .mutable_ready()
                .build(),
            glib::ParamSpecEnum::builder_with_default("alignment", default.alignment)
                .nick("Alignment")
                .blurb("How the reference frame of a distorted frame is found")
                .mutable_ready()
                .build(),
            glib::ParamSpecInt64::builder("offset")
                .nick("Offset")
                .blurb(
                    "Offset added to the running time of distorted frames before pairing, in nanoseconds; positive if \
                     the distorted stream is early",
                )
                .default_value(default.offset)
                .mutable_playing()
                .build(),
            glib::ParamSpecUInt64::builder("search-range")
                .nick("Search range")
                .blurb("Maximum distance from offset searched by alignment=auto and track, in nanoseconds")
                .maximum(i64::MAX as u64)
                .default_value(default.search_range.nseconds())
                .mutable_ready()
                .build(),
            glib::ParamSpecUInt64::builder("max-bytes")
                .nick("Maximum bytes")
                .blurb(
                    "Maximum memory of the frames held from both pads, in bytes; when reached, the search window \
                     shrinks and iqa-alignment is posted",
                )
                .minimum(1)
                .default_value(default.max_bytes)
                .mutable_ready()
                .build(),
            /**
             * GstIqaCompare:independent-sources:
             *
             * Since: plugins-onnxiqa-0.2.0
             */
            glib::ParamSpecBoolean::builder("independent-sources")
                .nick("Independent sources")
                .blurb(
                    "The streams do not originate from a common source such as a tee: do not queue more frames of one \
                     while the other is silent",
                )
                .default_value(default.independent_sources)
                .mutable_ready()
                .build(),
            glib::ParamSpecEnum::builder_with_default("scale", default.scale)
                .nick("Scale")
                .blurb("Frame to scale (bicubic, antialiased) if sizes differ; models resize their input themselves")
                .mutable_ready()
                .build(),
            glib::ParamSpecEnum::builder_with_default("registration", default.registration)
                .nick("Registration")
                .blurb("Spatial registration of the two pictures; the result is reported as shift-x and shift-y")
                .mutable_ready()
                .build(),
            glib::ParamSpecEnum::builder_with_default("on-unmatched", default.on_unmatched)
                .nick("On unmatched")
                .blurb("What to do with a frame without a trustworthy match in the reference")
                .mutable_ready()
                .build(),
            /**
             * GstIqaCompare:latency:
             *
             * Since: plugins-onnxiqa-0.2.0
             */
            glib::ParamSpecUInt64::builder("latency")
                .nick("Latency")
                .blurb(
                    "Maximum time to wait for frames of the other pad in a live pipeline, in nanoseconds; set it to at \
                     least the delay between the branches. Default: search-range with alignment=auto and track, \
                     otherwise 0",
                )
                .default_value(default.latency().nseconds())
                .mutable_playing()
                .build(),
        ]);
        properties
    }

    /// Sets a property; returns false for unknown names.
    pub fn set(&mut self, name: &str, value: &glib::Value) -> bool {
        // GObject has validated the value.
        match name {
            "measures" => self.measures = value.get().ok().or(self.measures),
            "vmaf-model" => {
                let name = value.get::<Option<String>>().ok().flatten();
                self.vmaf_model = name.unwrap_or_else(|| VmafModel::DEFAULT_NAME.into());
            }
            "alignment" => self.alignment = value.get().unwrap_or(self.alignment),
            "offset" => self.offset = value.get().unwrap_or(self.offset),
            "search-range" => {
                let range = value.get().unwrap_or(self.search_range.nseconds());
                self.search_range = gst::ClockTime::from_nseconds(range);
            }
            "max-bytes" => self.max_bytes = value.get().unwrap_or(self.max_bytes),
            "independent-sources" => self.independent_sources = value.get().unwrap_or(self.independent_sources),
            "scale" => self.scale = value.get().unwrap_or(self.scale),
            "registration" => self.registration = value.get().unwrap_or(self.registration),
            "on-unmatched" => self.on_unmatched = value.get().unwrap_or(self.on_unmatched),
            // GST_CLOCK_TIME_NONE resets to the default.
            "latency" => {
                self.latency =
                    value.get::<u64>().ok().filter(|&latency| latency != u64::MAX).map(gst::ClockTime::from_nseconds);
            }
            name => return self.selection.set(name, value) || self.model.set(name, value),
        }
        true
    }

    /// Returns a property value; `None` for unknown names.
    pub fn get(&self, name: &str) -> Option<glib::Value> {
        Some(match name {
            "measures" => self.measures.unwrap_or_default().to_value(),
            "vmaf-model" => self.vmaf_model.to_value(),
            "alignment" => self.alignment.to_value(),
            "offset" => self.offset.to_value(),
            "search-range" => self.search_range.nseconds().to_value(),
            "max-bytes" => self.max_bytes.to_value(),
            "independent-sources" => self.independent_sources.to_value(),
            "scale" => self.scale.to_value(),
            "registration" => self.registration.to_value(),
            "on-unmatched" => self.on_unmatched.to_value(),
            "latency" => self.latency().nseconds().to_value(),
            name => return self.selection.get(name).or_else(|| self.model.get(name)),
        })
    }
}
