// SPDX-License-Identifier: MPL-2.0

//! Validated comparison settings.

use crate::args::{Alignment, Common, Compare, Deinterlace, Registration, Scale};
use anyhow::{Result, anyhow, bail, ensure};
use gst::prelude::*;
use onnx_iqa::metrics::{Field, MEASURES, Measures};
use std::time::Duration;

/// Minimum search range. With less than a frame there are no alternatives to compare a match with, and wrong pairs look
/// correct.
const SHORTEST: Duration = Duration::from_millis(100);

/// Measures taken by default.
const DEFAULT_MEASURES: [&str; 3] = ["psnr", "ssim", "vmaf"];

fn searches(alignment: Alignment) -> bool {
    matches!(alignment, Alignment::Auto | Alignment::Track)
}

/// Rejects options that are incompatible with a source that shows something else.
fn check_still(args: &Compare, measures: Measures, model: Option<&str>) -> Result<()> {
    ensure!(
        !measures.any(),
        "--alignment still does not support measures because the source may show something else: leave out --measures"
    );
    ensure!(model.is_some(), "--alignment still requires a reduced-reference model: set --model");
    ensure!(
        args.registration == Registration::None && args.scale == Scale::ToReference,
        "--alignment still does not support registration and scaling: leave out --registration and --scale"
    );
    ensure!(
        args.start.is_none() && args.duration.is_none(),
        "--alignment still compares whole inputs: leave out --start and --duration"
    );
    Ok(())
}

/// Comparison settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Measures taken of every pair.
    pub measures: Measures,
    /// Name or path of the scoring model, if any.
    pub model: Option<String>,
    /// Execution provider.
    pub provider: String,
    /// GPU index.
    pub device_id: u32,
    /// Number of ONNX Runtime threads.
    pub threads: u32,
    /// Name or path of the VMAF model.
    pub vmaf_model: String,
    /// Score every Nth pair with the model.
    pub every: u32,
    /// How frames are matched.
    pub alignment: Alignment,
    /// Maximum offset searched.
    pub search_range: Duration,
    /// Spatial registration.
    pub registration: Registration,
    /// Picture to scale if sizes differ.
    pub scale: Scale,
    /// Whether to deinterlace.
    pub deinterlace: Deinterlace,
    /// Start of the compared part.
    pub start: Duration,
    /// Duration of the compared part, if not all.
    pub duration: Option<Duration>,
    /// Frame rate of picture files.
    pub rate: (u32, u32),
    /// Stream time of the source minus that of the rendition, in nanoseconds, if it is known and this is one segment of
    /// several: the source starts that much later, and bit rates of whole inputs are not determined.
    pub segment_offset: Option<i64>,
}

impl Settings {
    /// Validates the command line arguments.
    ///
    /// # Errors
    /// If an argument is invalid, or there is nothing to measure.
    pub fn new(common: &Common, args: &Compare) -> Result<Self> {
        let is_still = args.alignment == Alignment::Still;
        let names = args.measures.clone().unwrap_or_else(|| match is_still {
            true => Vec::new(),
            false => DEFAULT_MEASURES.map(str::to_owned).to_vec(),
        });
        let mut measures = Measures::NONE;
        for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty() && *name != "none") {
            let known = || MEASURES.iter().map(|measure| measure.name).collect::<Vec<_>>().join(", ");
            let measure = Measures::from_name(name);
            measures |= measure.ok_or_else(|| anyhow!("unknown measure {name:?}; known measures: {}", known()))?;
        }
        let model = common.model.clone().filter(|model| model != "none");
        if is_still {
            check_still(args, measures, model.as_deref())?;
        }
        ensure!(measures.any() || model.is_some(), "nothing to measure: set --measures or --model");
        let range = args.search_range;
        ensure!(args.every == 1 || model.is_some(), "--every only applies to a model: set --model");
        ensure!(args.duration != Some(Duration::ZERO), "--duration 0 leaves nothing to compare");
        ensure!(
            range >= SHORTEST || !searches(args.alignment),
            "--search-range {range:?} is too short: neighboring frames must be compared to verify a match; use \
             {SHORTEST:?} or more, or --alignment pts to trust \
             timestamps"
        );
        ensure!(range <= Duration::from_secs(600), "--search-range: the maximum is 10 minutes");
        Ok(Self {
            measures,
            model,
            provider: common.provider.clone(),
            device_id: common.device_id,
            threads: common.threads,
            vmaf_model: args.vmaf_model.clone(),
            every: args.every,
            alignment: args.alignment,
            search_range: range,
            registration: args.registration,
            scale: args.scale,
            deinterlace: args.deinterlace,
            start: args.start.unwrap_or_default(),
            duration: args.duration,
            rate: args.rate,
            segment_offset: None,
        })
    }

    /// Fields in report order: those of the measures, then the model's score.
    pub fn fields(&self) -> Vec<&'static str> {
        self.fields_that(|_| true)
    }

    /// Fields for which higher is better.
    pub fn fields_of_quality(&self) -> Vec<&'static str> {
        self.fields_that(Field::more_is_better)
    }

    fn fields_that(&self, wanted: impl Fn(&Field) -> bool) -> Vec<&'static str> {
        let fields = self.measures.iter().flat_map(|measure| measure.fields.iter().copied());
        let measured = fields.filter(|field| wanted(field)).map(|field| field.name);
        measured.chain(self.model.is_some().then_some("score")).collect()
    }

    /// Whether streams are compared completely.
    pub fn takes_all(&self) -> bool {
        self.start.is_zero() && self.duration.is_none()
    }

    /// Whether matching frames are searched by their pictures.
    pub fn searches(&self) -> bool {
        searches(self.alignment)
    }

    /// Whether the source may show something else or a single picture.
    pub fn is_still(&self) -> bool {
        self.alignment == Alignment::Still
    }

    /// Creates an `iqacompare` with these settings that holds at most `max_bytes`.
    ///
    /// # Errors
    /// If the element is missing or rejects a setting.
    pub fn element(&self, max_bytes: u64) -> Result<gst::Element> {
        let mut names: Vec<_> = self.measures.names().collect();
        if names.is_empty() {
            names.push("0");
        }
        let nanoseconds = u64::try_from(self.search_range.as_nanos())?;
        let element = gst::ElementFactory::make("iqacompare")
            .property("model", self.model.as_deref().unwrap_or("none"))
            .property("device-id", self.device_id)
            .property("threads", self.threads)
            .property("vmaf-model", &self.vmaf_model)
            .property("search-range", nanoseconds)
            .property("max-bytes", max_bytes)
            // A slow rendition blocks the source: the others must not fill the memory meanwhile.
            .property("independent-sources", true)
            .build()?;
        set(&element, "measures", &names.join("+"))?;
        set(&element, "provider", &self.provider)?;
        set(&element, "alignment", self.alignment.name())?;
        set(&element, "registration", self.registration.name())?;
        set(&element, "scale", self.scale.name())?;
        if self.every > 1 {
            ensure!(element.has_property("interval"), "--every: this version of iqacompare has no property `interval`");
            element.set_property("interval", self.every);
        }
        Ok(element)
    }

    /// Opens the models, so that errors are reported before decoding and comparisons share them.
    ///
    /// # Errors
    /// If a model does not exist or cannot be used.
    pub fn open(&self) -> Result<OpenModels> {
        let element = self.element(1)?;
        let bus = gst::Bus::new();
        element.set_bus(Some(&bus));
        let started = element.set_state(gst::State::Paused);
        let models = OpenModels(element);
        if started.is_err() {
            let message = bus.pop_filtered(&[gst::MessageType::Error]);
            let text = message.map(|message| match message.view() {
                gst::MessageView::Error(error) => error.error().message().to_owned(),
                _ => String::new(),
            });
            bail!("{}", text.unwrap_or_else(|| "cannot open the models".to_owned()));
        }
        Ok(models)
    }
}

/// Keeps the models open.
#[derive(Debug)]
pub struct OpenModels(gst::Element);

impl Drop for OpenModels {
    fn drop(&mut self) {
        // The transition to NULL cannot fail.
        let _ = self.0.set_state(gst::State::Null);
    }
}

/// Sets a property from a string.
fn set(element: &gst::Element, property: &str, value: &str) -> Result<()> {
    let pspec = element
        .find_property(property)
        .ok_or_else(|| anyhow!("this version of iqacompare has no property {property}"))?;
    let value = gst::glib::Value::deserialize_with_pspec(value, &pspec);
    let value = value.map_err(|_| anyhow!("invalid value for {property}; see `iqa compare --help`"))?;
    element.set_property_from_value(property, &value);
    Ok(())
}
