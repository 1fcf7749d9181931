// SPDX-License-Identifier: MPL-2.0

//! How a comparison is made: what the command line says, checked.

use crate::args::{Alignment, Common, Compare, Deinterlace, Registration, Scale};
use anyhow::{Result, anyhow, bail, ensure};
use gst::prelude::*;
use onnx_iqa::metrics::{Field, MEASURES, Measures};
use std::time::Duration;

/// The shortest search range. Within less than a frame there is nothing to set a wrong partner against, and pairs look
/// good that are not.
const SHORTEST: Duration = Duration::from_millis(100);

/// What is measured unless users say otherwise.
const DEFAULT_MEASURES: [&str; 3] = ["psnr", "ssim", "vmaf"];

fn searches(alignment: Alignment) -> bool {
    matches!(alignment, Alignment::Auto | Alignment::Track)
}

/// What cannot be done where the source need not show what the renditions show.
fn check_still(args: &Compare, measures: Measures, model: Option<&str>) -> Result<()> {
    ensure!(
        !measures.any(),
        "--alignment still takes no measures, as the source may show something else: leave --measures out"
    );
    ensure!(model.is_some(), "--alignment still takes no measures: give a reduced-reference model with --model");
    ensure!(
        args.registration == Registration::None && args.scale == Scale::ToReference,
        "--alignment still scales and registers nothing: leave --registration and --scale out"
    );
    ensure!(
        args.start.is_none() && args.duration.is_none(),
        "--alignment still takes no part of the inputs: leave --start and --duration out"
    );
    Ok(())
}

/// How a comparison is made.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What is measured on every pair.
    pub measures: Measures,
    /// The model's name or path, if one scores.
    pub model: Option<String>,
    /// Where the model runs.
    pub provider: String,
    /// Which GPU.
    pub device_id: u32,
    /// Threads of the model's runtime.
    pub threads: u32,
    /// The name or path of VMAF's model.
    pub vmaf_model: String,
    /// The model scores one pair in so many.
    pub every: u32,
    /// How partners are found.
    pub alignment: Alignment,
    /// How far off they are looked for.
    pub search_range: Duration,
    /// How pictures are laid over each other.
    pub registration: Registration,
    /// Which picture is scaled.
    pub scale: Scale,
    /// Whether pictures are deinterlaced.
    pub deinterlace: Deinterlace,
    /// Where to begin.
    pub start: Duration,
    /// How much is compared, if not all.
    pub duration: Option<Duration>,
    /// Frames a second of pictures in files.
    pub rate: (u32, u32),
}

impl Settings {
    /// What the command line says.
    ///
    /// # Errors
    /// When a name is not known, or nothing is to be measured.
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
            measures |= measure.ok_or_else(|| anyhow!("there is no measure {name:?}; known are: {}", known()))?;
        }
        let model = common.model.clone().filter(|model| model != "none");
        if is_still {
            check_still(args, measures, model.as_deref())?;
        }
        ensure!(measures.any() || model.is_some(), "nothing is to be measured: give --measures or --model");
        let range = args.search_range;
        ensure!(args.every == 1 || model.is_some(), "--every chooses pairs for a model: give one with --model");
        ensure!(args.duration != Some(Duration::ZERO), "--duration 0 leaves nothing to compare");
        ensure!(
            range >= SHORTEST || !searches(args.alignment),
            "--search-range {range:?} is shorter than frames are shown: pictures beside the one that times give have \
             to be looked at to tell whether it is right; give {SHORTEST:?} or more, or --alignment pts to trust time \
             stamps"
        );
        ensure!(range <= Duration::from_secs(600), "--search-range: more than ten minutes are not looked at");
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
        })
    }

    /// The fields, in the order in which reports have them: those of the measures, then the model's score.
    pub fn fields(&self) -> Vec<&'static str> {
        self.fields_that(|_| true)
    }

    /// Those of which higher values are better.
    pub fn fields_of_quality(&self) -> Vec<&'static str> {
        self.fields_that(Field::more_is_better)
    }

    fn fields_that(&self, wanted: impl Fn(&Field) -> bool) -> Vec<&'static str> {
        let fields = self.measures.iter().flat_map(|measure| measure.fields.iter().copied());
        let measured = fields.filter(|field| wanted(field)).map(|field| field.name);
        measured.chain(self.model.is_some().then_some("score")).collect()
    }

    /// Whether streams are compared from their beginning to their end.
    pub fn takes_all(&self) -> bool {
        self.start.is_zero() && self.duration.is_none()
    }

    /// Whether frames are looked for elsewhere than where their times put them.
    pub fn searches(&self) -> bool {
        searches(self.alignment)
    }

    /// Whether the source shows something else, or one picture only.
    pub fn is_still(&self) -> bool {
        self.alignment == Alignment::Still
    }

    /// An `iqacompare` that does so, and holds so many bytes at most.
    ///
    /// # Errors
    /// When the element is not there, or does not know what is asked for.
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
            // A slow rung holds the source up: the others must not fill the memory meanwhile.
            .property("independent-sources", true)
            .build()?;
        set(&element, "measures", &names.join("+"))?;
        set(&element, "provider", &self.provider)?;
        set(&element, "alignment", self.alignment.name())?;
        set(&element, "registration", self.registration.name())?;
        set(&element, "scale", self.scale.name())?;
        if self.every > 1 {
            ensure!(element.has_property("interval"), "--every: this iqacompare has no property `interval`");
            element.set_property("interval", self.every);
        }
        Ok(element)
    }

    /// The models, open: what is wrong with them is said before anything is decoded, and comparisons share them.
    ///
    /// # Errors
    /// When one is not there or cannot be used.
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
            bail!("{}", text.unwrap_or_else(|| "the models cannot be opened".to_owned()));
        }
        Ok(models)
    }
}

/// Keeps models open.
#[derive(Debug)]
pub struct OpenModels(gst::Element);

impl Drop for OpenModels {
    fn drop(&mut self) {
        // Going to NULL does not fail.
        let _ = self.0.set_state(gst::State::Null);
    }
}

/// Sets a property to the value of that name.
fn set(element: &gst::Element, property: &str, value: &str) -> Result<()> {
    let pspec = element.find_property(property).ok_or_else(|| anyhow!("this iqacompare has no {property}"))?;
    let value = gst::glib::Value::deserialize_with_pspec(value, &pspec);
    let value = value.map_err(|_| anyhow!("{property} has no value of that name; see `iqa compare --help`"))?;
    element.set_property_from_value(property, &value);
    Ok(())
}
