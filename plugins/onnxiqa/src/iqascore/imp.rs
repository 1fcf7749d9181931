// SPDX-License-Identifier: MPL-2.0

//! The GObject implementation.
//!
//! The design follows `queue`: the chain function puts frames into a bounded FIFO, and a task on the source pad removes
//! them once they are scored. The scorer's worker only marks frames as finished and wakes the task. `BaseTransform` is
//! not suitable: it pushes only from its chain function, so a finished frame would wait for the next one, and it has no
//! way to unlock a waiting chain function.
//!
//! Lock order: `settings`, `session` and the locks inside `input`, `scores` and `queue` are never nested: each is taken
//! with none of the others held. The scorer's lock (to submit a frame) and the source pad's lock (to pause the task)
//! may be taken with the lock of `queue` held. No lock is held while pushing, querying, posting or notifying.

use super::category::CAT;
use super::events::Events;
use super::input::Input;
use super::output::Output;
use super::queries::Queries;
use super::queue::Queue;
use super::scorer::Opened;
use super::scores::Scores;
use super::settings::Settings;
use crate::scheduling::activation;
use crate::scoring::{Guarded, open_analytics, report_settings};
use crate::{AUTHOR, lock, video_frame};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::sync::{Arc, LazyLock, Mutex};

#[doc(hidden)]
pub struct IqaScore {
    sink_pad: gst::Pad,
    src_pad: gst::Pad,
    settings: Mutex<Settings>,
    /// Open from READY→PAUSED to PAUSED→READY.
    session: Mutex<Option<Opened>>,
    scores: Arc<Scores>,
    queue: Arc<Queue>,
    input: Arc<Input>,
    output: Arc<Output>,
    events: Events,
    queries: Queries,
}

impl IqaScore {
    /// Creates the element's parts around its pads.
    fn new(sink_pad: gst::Pad, src_pad: gst::Pad) -> Self {
        let (queue, scores) = (Arc::<Queue>::default(), Arc::<Scores>::default());
        let output = Arc::new(Output::new(src_pad.clone(), queue.clone(), scores.clone()));
        let input = Arc::new(Input::new(queue.clone(), output.clone(), scores.clone()));
        let pads = || [sink_pad.clone(), src_pad.clone()];
        let events = Events::new(pads(), queue.clone(), input.clone(), output.clone(), scores.clone());
        let queries = Queries::new(pads(), queue.clone(), input.clone());
        let (settings, session) = (Mutex::default(), Mutex::default());
        Self { sink_pad, src_pad, settings, session, scores, queue, input, output, events, queries }
    }

    fn chain(&self, element: &gst::Element, buffer: gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
        let selection = lock(&self.settings).selection;
        self.input.chain(element, buffer, selection)
    }

    fn activate_sink(&self, mode: gst::PadMode, active: bool) -> Result<(), gst::LoggableError> {
        activation::sink(*CAT, mode, active, || self.queue.set_active(false))
    }

    fn activate_src(&self, element: &gst::Element, mode: gst::PadMode, active: bool) -> Result<(), gst::LoggableError> {
        let set_active = |active| self.queue.set_active(active);
        activation::source(*CAT, &self.src_pad, mode, active, set_active, self.output.task(element))
    }

    /// READY→PAUSED: opens the model.
    fn open(&self) -> Result<(), gst::ErrorMessage> {
        let settings = lock(&self.settings).clone();
        let element = self.obj();
        let session = Opened::new(element.upcast_ref(), &settings)?;
        let scorer = session.scorer(&settings)?;
        self.scores.restart(element.upcast_ref(), session.model_info(), session.fields(), settings.model.on_error);
        self.input.restart();
        let has_model = settings.model.has_model();
        let analytics =
            settings.model.analytics_meta.then(|| open_analytics(element.upcast_ref(), has_model)).flatten();
        self.output.restart(analytics);
        self.queue.open(scorer, settings.mode, settings.batch_size as usize);
        *lock(&self.session) = Some(session);
        element.notify("active-provider");
        Ok(())
    }

    /// PAUSED→READY, after data flow has stopped.
    fn close(&self) {
        self.queue.close();
        let session = lock(&self.session).take();
        drop(session);
    }
}

impl Guarded for IqaScore {
    fn stop_after_panic(&self, element: &gst::Element) {
        self.output.stop(element, gst::FlowError::Error);
    }
}

#[glib::object_subclass]
impl ObjectSubclass for IqaScore {
    const NAME: &'static str = "GstIqaScore";
    type Type = super::IqaScore;
    type ParentType = gst::Element;

    fn with_class(class: &Self::Class) -> Self {
        let flags = gst::PadFlags::PROXY_CAPS | gst::PadFlags::PROXY_ALLOCATION;
        let template = |name| class.pad_template(name).expect("the class has this template");
        let panicked = || gst::loggable_error!(CAT, "panic while activating a pad");
        let sink_pad = gst::Pad::builder_from_template(&template("sink"))
            .activatemode_function(move |_, parent, mode, active| {
                Self::guard_pad(parent, Err(panicked()), |imp, _| imp.activate_sink(mode, active))
            })
            .chain_function(|_, parent, buffer| {
                Self::guard_pad(parent, Err(gst::FlowError::Error), |imp, element| imp.chain(element, buffer))
            })
            .event_full_function(|_, parent, event| {
                Self::guard_pad(parent, Err(gst::FlowError::Error), |imp, element| {
                    let taken = imp.events.sink_event(element, event);
                    // A sticky event that is refused is sent again with the next frame, which gets this error.
                    if taken { Ok(gst::FlowSuccess::Ok) } else { Err(imp.queue.refusal()) }
                })
            })
            .query_function(|_, parent, query| {
                Self::guard_pad(parent, false, |imp, element| imp.queries.sink_query(element, query))
            })
            // Caps without a frame rate are not a subset of the template caps but are accepted.
            .flags(flags | gst::PadFlags::ACCEPT_INTERSECT)
            .build();
        let src_pad = gst::Pad::builder_from_template(&template("src"))
            .activatemode_function(move |_, parent, mode, active| {
                Self::guard_pad(parent, Err(panicked()), |imp, element| imp.activate_src(element, mode, active))
            })
            .event_function(|_, parent, event| {
                Self::guard_pad(parent, false, |imp, element| imp.events.src_event(element, event))
            })
            .query_function(|_, parent, query| {
                Self::guard_pad(parent, false, |imp, element| imp.queries.src_query(element, query))
            })
            .flags(flags)
            .build();
        Self::new(sink_pad, src_pad)
    }
}

impl ObjectImpl for IqaScore {
    fn constructed(&self) {
        self.parent_constructed();
        let element = self.obj();
        for pad in [&self.sink_pad, &self.src_pad] {
            element.add_pad(pad).expect("a new element has no pad of this name");
        }
    }

    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
            let state = [
                glib::ParamSpecString::builder("active-provider")
                    .nick("Active provider")
                    .blurb("Execution provider that runs the model; NULL while no model is open")
                    .read_only()
                    .doc_show_default()
                    .build(),
                glib::ParamSpecBoxed::builder::<gst::Structure>("stats")
                    .nick("Statistics")
                    .blurb(
                        "Statistics since the transition to PAUSED: frames, scored, skipped, failed; mean, min, p5 and \
                         last of the score; latency-mean and latency-p99 in nanoseconds",
                    )
                    .read_only()
                    .doc_show_default()
                    .build(),
            ];
            let fields = "Field evaluated by windows and alarms: score, raw, a model attribute, luma-mean, \
                          luma-deviation, motion or cambi; default: score with a model, the first measured field \
                          without";
            let report = report_settings::Settings::default().properties(fields);
            Settings::properties().into_iter().chain(report).chain(state).collect()
        });
        &PROPERTIES
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        let name = pspec.name();
        if self.scores.set_property(name, value) {
            return;
        }
        let mut settings = lock(&self.settings);
        let (known, main_field) = (settings.set(name, value), settings.main_field());
        drop(settings);
        self.scores.set_main_field(main_field);
        if !known {
            gst::warning!(CAT, imp = self, "Unknown property {name}");
        }
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        match pspec.name() {
            "active-provider" => lock(&self.session).as_ref().and_then(Opened::active_provider).to_value(),
            "stats" => self.scores.stats().to_value(),
            name => {
                let value = self.scores.property(name);
                let value = value.or_else(|| lock(&self.settings).get(name));
                value.unwrap_or_else(|| pspec.default_value().clone())
            }
        }
    }
}

impl GstObjectImpl for IqaScore {}

impl ElementImpl for IqaScore {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "No-reference picture quality",
                "Filter/Analyzer/Video",
                "Scores frames with a no-reference ONNX quality model and attaches the score (0 to 100) as metadata",
                AUTHOR,
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            let pads = [("sink", gst::PadDirection::Sink), ("src", gst::PadDirection::Src)];
            video_frame::pad_templates(&video_frame::template_caps(), pads)
        });
        &TEMPLATES
    }

    fn change_state(&self, transition: gst::StateChange) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
        match transition {
            gst::StateChange::ReadyToPaused => {
                if let Err(error) = self.open() {
                    self.post_error_message(error);
                    return Err(gst::StateChangeError);
                }
            }
            // Before the pads are deactivated, which joins the streaming threads.
            gst::StateChange::PausedToReady => self.queue.set_active(false),
            _ => {}
        }
        let result = self.parent_change_state(transition);
        let opened = transition == gst::StateChange::ReadyToPaused && result.is_err();
        if opened || transition == gst::StateChange::PausedToReady {
            self.close();
        }
        result
    }
}
