// SPDX-License-Identifier: MPL-2.0

//! The shape is that of `queue`: chain puts frames into a bounded FIFO, a task on the source pad takes them out once
//! they are scored. The scorer's worker only marks frames and wakes the task. `BaseTransform` would not do: it pushes only
//! from inside chain, so that a finished frame would wait for the next one, and it cannot be woken.

use super::settings::{Mode, Settings};
use super::state::Shared;
use crate::scoring::{ModelInfo, Report, report_settings};
use crate::{describe, lock, model, video_frame};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use onnx_iqa::model::contract::Kind;
use onnx_iqa::scorer::Scorer;
use std::sync::{Arc, LazyLock, Mutex};

pub(super) static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new("iqascore", gst::DebugColorFlags::empty(), Some("No-reference picture quality"))
});

/// What is open from READY to PAUSED and back.
pub(super) struct Session {
    pub(super) scorer: Scorer,
    pub(super) provider: String,
}

#[doc(hidden)]
pub struct IqaScore {
    pub(super) sink_pad: gst::Pad,
    pub(super) src_pad: gst::Pad,
    pub(super) settings: Mutex<Settings>,
    pub(super) shared: Arc<Shared>,
    pub(super) session: Mutex<Option<Arc<Session>>>,
    pub(super) report: Mutex<Report>,
    /// What was said once need not be said again.
    pub(super) cautioned: Mutex<bool>,
}

impl IqaScore {
    /// Both pads live and die with the flow: whoever waits is woken before a pad is deactivated.
    fn activate(&self, active: bool) {
        let mut state = self.shared.lock();
        state.flushing = !active;
        if active {
            state.flow = Ok(gst::FlowSuccess::Ok);
        }
        self.shared.changed.notify_all();
    }

    fn activate_src(&self, mode: gst::PadMode, active: bool) -> Result<(), gst::LoggableError> {
        if mode == gst::PadMode::Pull {
            return Err(gst::loggable_error!(CAT, "frames are pushed, not pulled"));
        }
        self.activate(active);
        if active {
            self.start_task().then_some(()).ok_or_else(|| gst::loggable_error!(CAT, "the task does not start"))
        } else {
            self.src_pad.stop_task().map_err(Into::into)
        }
    }

    fn activate_sink(&self, mode: gst::PadMode, active: bool) -> Result<(), gst::LoggableError> {
        if mode == gst::PadMode::Pull {
            return Err(gst::loggable_error!(CAT, "frames are pushed, not pulled"));
        }
        if !active {
            self.activate(false);
        }
        Ok(())
    }

    /// READY→PAUSED: opens the model.
    fn open(&self) -> Result<(), gst::ErrorMessage> {
        let settings = lock(&self.settings).clone();
        let name = &settings.model.model;
        let model = model::open(self.obj().upcast_ref(), &settings.model)
            .map_err(|error| gst::error_msg!(gst::ResourceError::OpenRead, ("{}", describe(&error))))?;
        if model.contract().kind == Kind::FullReference {
            return Err(gst::error_msg!(
                gst::LibraryError::Settings,
                ("the model {name} compares a picture with its reference; iqascore has none, iqacompare has")
            ));
        }
        let provider = model.active_provider().to_string();
        gst::info!(CAT, imp = self, "{name} runs on {provider}");
        let model_info = ModelInfo { model: model.contract().name.clone(), kind: Kind::NoReference };
        let scorer = Scorer::new(model, settings.model.queue_size as usize, settings.batch_size as usize);

        let mut state = self.shared.lock();
        state.flush();
        state.mode = settings.mode;
        state.capacity = match settings.mode {
            Mode::EveryFrame => scorer.capacity(),
            // One frame that is scored and one that waits keep the scorer busy; more would only make scores older.
            Mode::Live => scorer.capacity().min(2.max(settings.batch_size as usize)),
        };
        state.stream = None;
        state.segment = gst::FormattedSegment::new();
        state.model_info = Arc::new(model_info);
        drop(state);
        lock(&self.report).restart();
        *lock(&self.cautioned) = false;
        *lock(&self.session) = Some(Arc::new(Session { scorer, provider }));
        self.obj().notify("active-provider");
        Ok(())
    }

    /// PAUSED→READY, when nothing flows any more.
    fn close(&self) {
        self.shared.lock().flush();
        // Its end cancels jobs, which report to the shared state: not under this lock.
        let session = lock(&self.session).take();
        drop(session);
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
                Self::guard_pad(parent, Err(panicked()), |imp| imp.activate_sink(mode, active))
            })
            .chain_function(|_, parent, buffer| {
                Self::guard_pad(parent, Err(gst::FlowError::Error), |imp| imp.chain(buffer))
            })
            .event_function(|_, parent, event| Self::guard_pad(parent, false, |imp| imp.sink_event(event)))
            .query_function(|_, parent, query| Self::guard_pad(parent, false, |imp| imp.sink_query(query)))
            // Caps without a frame rate are no subset of the template, and video all the same.
            .flags(flags | gst::PadFlags::ACCEPT_INTERSECT)
            .build();
        let src_pad = gst::Pad::builder_from_template(&template("src"))
            .activatemode_function(move |_, parent, mode, active| {
                Self::guard_pad(parent, Err(panicked()), |imp| imp.activate_src(mode, active))
            })
            .event_function(|_, parent, event| Self::guard_pad(parent, false, |imp| imp.src_event(event)))
            .query_function(|_, parent, query| Self::guard_pad(parent, false, |imp| imp.src_query(query)))
            .flags(flags)
            .build();
        Self {
            sink_pad,
            src_pad,
            settings: Mutex::default(),
            shared: Arc::default(),
            session: Mutex::default(),
            report: Mutex::default(),
            cautioned: Mutex::default(),
        }
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
                    .blurb("The provider that really runs the model; none while no model is open")
                    .read_only()
                    .build(),
                glib::ParamSpecBoxed::builder::<gst::Structure>("stats")
                    .nick("Statistics")
                    .blurb(
                        "frames, scored, skipped, failed; mean, min, p5 and last of the score; latency-mean and latency-p99 in \
                         nanoseconds; since the element went from READY to PAUSED",
                    )
                    .read_only()
                    .build(),
            ];
            let fields = "What windows and alarms look at: score, raw, or the name of an attribute";
            let report = report_settings::Settings::default().properties(fields);
            Settings::properties().into_iter().chain(report).chain(state).collect()
        });
        &PROPERTIES
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        let known =
            lock(&self.report).settings.set(pspec.name(), value) || lock(&self.settings).set(pspec.name(), value);
        if !known {
            gst::warning!(CAT, imp = self, "no property {} to set", pspec.name());
        }
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        match pspec.name() {
            "active-provider" => self.session().map(|session| session.provider.clone()).to_value(),
            "stats" => lock(&self.report).stats(None).to_value(),
            name => {
                let value = lock(&self.report).settings.get(name).or_else(|| lock(&self.settings).get(name));
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
                "Scores frames by an ONNX quality model and passes them on untouched, each with its score (0 to 100) as metadata",
                "The onnx-iqa authors",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            let caps = video_frame::template_caps();
            [("sink", gst::PadDirection::Sink), ("src", gst::PadDirection::Src)]
                .map(|(name, direction)| {
                    gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps)
                        .expect("name, direction and caps are valid")
                })
                .into()
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
            // Before the pads are deactivated, which waits for the streaming threads.
            gst::StateChange::PausedToReady => self.activate(false),
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
