// SPDX-License-Identifier: MPL-2.0

//! What users set.

use crate::bundled;
use crate::scoring::measures::{self, Measures};
use crate::scoring::{Fields, ModelSettings, NO_MODEL, SelectionSettings};
use gst::glib;
use gst::prelude::*;
use onnx_iqa::align::{space, time};
use onnx_iqa::comparer;
use onnx_iqa::metrics::{self, VmafModel};
use onnx_iqa::scorer::Selection;

/// How a distorted frame's partner is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaAlignment")]
pub enum Alignment {
    /// Running times match.
    #[enum_value(name = "Running times match, to within half a reference frame", nick = "pts")]
    Pts,
    /// Running times match after an offset has been added.
    #[enum_value(name = "Running times match after `offset` has been added to the distorted one", nick = "offset")]
    Offset,
    /// One offset, found from the pictures.
    #[default]
    #[enum_value(name = "By running times, unless the pictures show otherwise", nick = "auto")]
    Auto,
    /// A path, found from the pictures.
    #[enum_value(
        name = "By a path found from the pictures, which also finds drops, duplicates and drift",
        nick = "track"
    )]
    Track,
    /// A reference stands for whatever comes.
    #[enum_value(
        name = "The last reference picture that is not later stands for the frame, whatever it shows: for reduced-reference models",
        nick = "still"
    )]
    Still,
}

impl Alignment {
    /// Whether it looks at the pictures, and has to wait for what comes within the search range.
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

/// What follows when sizes differ.
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
    #[enum_value(name = "Scale nothing: a difference in size is an error where pixels are compared", nick = "none")]
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

/// How the two pictures are laid over each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaRegistration")]
pub enum Registration {
    /// As they are.
    #[default]
    #[enum_value(name = "As they are", nick = "none")]
    None,
    /// Without bars.
    #[enum_value(name = "Cut letterbox and pillarbox off", nick = "crop")]
    Crop,
    /// Without bars, and moved.
    #[enum_value(name = "Cut bars off and undo a translation, to a quarter pixel", nick = "shift")]
    Shift,
}

impl Registration {
    /// Whether bars are cut off.
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

/// What becomes of a frame without a trustworthy partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaOnUnmatched")]
pub enum OnUnmatched {
    /// It says so.
    #[default]
    #[enum_value(name = "It carries the state `unmatched`", nick = "flag")]
    Flag,
    /// It says nothing.
    #[enum_value(name = "It carries nothing", nick = "skip")]
    Skip,
    /// The pipeline stops.
    #[enum_value(name = "Post an error and stop", nick = "error")]
    Error,
}

/// The properties of `iqacompare`, with their defaults.
#[derive(Debug, Clone)]
pub struct Settings {
    pub model: ModelSettings,
    pub selection: SelectionSettings,
    /// As users set it; none: the default.
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
    /// As users set it; none: it follows from the alignment.
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
    /// Whether a model scores, beside the measures.
    pub fn has_model(&self) -> bool {
        self.model.has_model()
    }

    /// Whether references stand for frames whatever they show.
    pub fn is_still(&self) -> bool {
        self.alignment == Alignment::Still
    }

    /// What is measured.
    fn measures(&self) -> metrics::Measures {
        if self.is_still() { metrics::Measures::NONE } else { self.measures.unwrap_or_default().into() }
    }

    /// Whether VMAF is measured.
    pub fn has_vmaf(&self) -> bool {
        self.measures().contains(metrics::Measures::VMAF)
    }

    /// What windows look at if nobody says: the model's score, else the measure that everybody knows.
    pub fn main_field(&self) -> &'static str {
        if self.has_model() { "score" } else { "psnr-y" }
    }

    /// What frames carry; `model` is what the model says of them.
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

    /// What the engine is told again when it changes while playing: the offset, and which pairs are scored.
    pub fn changeable(&self) -> (i64, Selection) {
        (self.offset, self.selection.selection())
    }

    /// How long frames may be waited for in a live pipeline.
    pub fn latency(&self) -> gst::ClockTime {
        let searched = if self.alignment.searches() { self.search_range } else { gst::ClockTime::ZERO };
        self.latency.unwrap_or(searched)
    }

    /// What the engine is to do.
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

    /// The specifications of the properties that [`set`](Self::set) and [`get`](Self::get) know.
    pub fn properties() -> Vec<glib::ParamSpec> {
        let default = Self::default();
        let mut properties = default.model.properties(
            &format!(
                "A full-reference model beside the measures, or with alignment=still a reduced-reference one: an ONNX file (contains / or ends in .onnx), with its contract inside \
                 or beside it, or the name of a bundled model, looked for in ONNX_IQA_MODEL_PATH and in onnxiqa-models/ beside the \
                 plugin; none = measures only{}",
                bundled::list(true)
            ),
            "Threads of ONNX Runtime within an operator, and threads that measure; 0 = one per core",
            "Pairs on their way through measures and model, at most",
        );
        properties.extend(SelectionSettings::properties(
            "The model scores one pair in so many; the others have the state `skipped`, and their measures",
            "The model scores at most so many pairs a second of stream time; 0/1 = no limit. Measures are taken of every pair",
        ));
        properties.extend([
            measures::property("measures")
                .nick("Measures")
                .blurb("What is measured on the aligned pair; 0 = nothing. alignment=still takes no measures")
                .mutable_ready()
                .build(),
            glib::ParamSpecString::builder("vmaf-model")
                .nick("VMAF model")
                .blurb(
                    "The model of the measure vmaf: a JSON file of libvmaf's format (contains / or ends in .json), or the \
                     name of one of Netflix's, looked for where models are, in the folder vmaf: vmaf_v0.6.1, \
                     vmaf_v0.6.1neg, vmaf_4k_v0.6.1; of VMAF 1, by the viewing distance in heights of the picture: \
                     vmaf_v1.0.16_3d0h and _5d0h (1080p), _1d5h_2160 and _3d0h_2160 (2160p), with hfr_ after the \
                     version for high frame rates (vmaf_v1.0.16_hfr_3d0h). Scores of different models do not compare",
                )
                .default_value(Some(VmafModel::DEFAULT_NAME))
                .mutable_ready()
                .build(),
            glib::ParamSpecEnum::builder_with_default("alignment", default.alignment)
                .nick("Alignment")
                .blurb("How a distorted frame's partner in the reference is found")
                .mutable_ready()
                .build(),
            glib::ParamSpecInt64::builder("offset")
                .nick("Offset")
                .blurb("Added to the distorted frames' running time before pairing, in nanoseconds: positive if the distorted stream is early")
                .default_value(default.offset)
                .mutable_playing()
                .build(),
            glib::ParamSpecUInt64::builder("search-range")
                .nick("Search range")
                .blurb("How far alignment=auto and track look to either side of `offset`, in nanoseconds, inclusive")
                .maximum(i64::MAX as u64)
                .default_value(default.search_range.nseconds())
                .mutable_ready()
                .build(),
            glib::ParamSpecUInt64::builder("max-bytes")
                .nick("Maximum bytes")
                .blurb("What the frames of both sides together may hold, waiting ones included; when it is reached, the search window shrinks \
                     and a message says so")
                .minimum(1)
                .default_value(default.max_bytes)
                .mutable_ready()
                .build(),
            glib::ParamSpecBoolean::builder("independent-sources")
                .nick("Independent sources")
                .blurb("Neither side's frames come of the other's, as they do behind a tee: while one side is silent, the other does not \
                     hold more frames than usual")
                .default_value(default.independent_sources)
                .mutable_ready()
                .build(),
            glib::ParamSpecEnum::builder_with_default("scale", default.scale)
                .nick("Scale")
                .blurb("Which frame is scaled (bicubic, antialiased) when sizes differ; a model that resizes does so by itself, once")
                .mutable_ready()
                .build(),
            glib::ParamSpecEnum::builder_with_default("registration", default.registration)
                .nick("Registration")
                .blurb("How the two pictures are laid over each other; what is found is reported as shift-x, shift-y, gain and bias")
                .mutable_ready()
                .build(),
            glib::ParamSpecEnum::builder_with_default("on-unmatched", default.on_unmatched)
                .nick("On unmatched")
                .blurb("What becomes of a frame without a trustworthy partner")
                .mutable_ready()
                .build(),
            glib::ParamSpecUInt64::builder("latency")
                .nick("Latency")
                .blurb(
                    "How long the other side's frames may be waited for in a live pipeline; in nanoseconds, all the latency that this \
                     element adds but for a frame's duration with the measure vmaf, which needs the next pair (two with \
                     an hfr model). Until it is set it follows from the alignment: search-range for auto and track, 0 for \
                     pts and offset. \
                     Set it to at least what one live branch comes later than the other",
                )
                .default_value(default.latency().nseconds())
                .mutable_playing()
                .build(),
        ]);
        properties
    }

    /// Sets a property; false if it is none of these.
    pub fn set(&mut self, name: &str, value: &glib::Value) -> bool {
        // GObject has checked the value against its specification.
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
            // GST_CLOCK_TIME_NONE is no latency.
            "latency" => {
                self.latency =
                    value.get::<u64>().ok().filter(|&latency| latency != u64::MAX).map(gst::ClockTime::from_nseconds);
            }
            name => return self.selection.set(name, value) || self.model.set(name, value),
        }
        true
    }

    /// A property's value; none if it is none of these.
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
