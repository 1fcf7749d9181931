// SPDX-License-Identifier: MPL-2.0

//! The GObject implementation. The design follows `queue` with a second sink pad: the sink pads' threads put frames and
//! events into [`Queues`]; the [`Task`] on the source pad submits them to the comparer, keeps the frames of `distorted`
//! in order and pushes them when their results are finished. An `Aggregator` is not suitable: it decides how much its
//! pads hold and sends its own segment, caps and EOS.
//!
//! Lock order: a pad's stream lock, then `task`, then one of `settings`, `report` and the locks inside `queues`,
//! `deadline` and `session`, of which a thread holds only one at a time. With the lock of `queues` held, the comparer
//! is asked what it needs and the task is paused; wake-ups and the budget have their own locks and counters, under
//! which nothing is called. `task` is locked by the task during its iteration, in which it calls upstream, downstream
//! and the application, and by state changes while the task is not running. Pad functions do not lock it, because they
//! may be called from within the iteration.

use super::category::CAT;
use super::context::{Context, Pads};
use super::deadline::Deadline;
use super::output::Output;
use super::queues::Queues;
use super::session::Session;
use super::settings::Settings;
use super::task::Task;
use super::{events, queries};
use crate::scheduling::activation;
use crate::scoring::{self, Guarded, Report, open_analytics, report, report_settings};
use crate::{AUTHOR, describe, lock, video_frame};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use onnx_iqa::comparer::Side;
use std::sync::{LazyLock, Mutex};

#[doc(hidden)]
pub struct IqaCompare {
    pads: Pads,
    settings: Mutex<Settings>,
    report: Mutex<Report>,
    queues: Queues,
    deadline: Deadline,
    session: Session,
    /// Open from READY→PAUSED to PAUSED→READY.
    task: Mutex<Option<Task>>,
}

impl IqaCompare {
    /// Runs `f` with the element's parts.
    fn with<T>(&self, f: impl FnOnce(&Context<'_>) -> T) -> T {
        f(&Context {
            element: self.obj().upcast_ref(),
            pads: &self.pads,
            settings: &self.settings,
            report: &self.report,
            queues: &self.queues,
            deadline: &self.deadline,
            session: &self.session,
        })
    }

    /// One iteration of the source pad task.
    fn round(element: &gst::Element) {
        Self::guarded(Some(element.upcast_ref()), (), |context| {
            let Some(element) = context.element.downcast_ref::<super::IqaCompare>() else { return };
            if let Some(task) = &mut *lock(&element.imp().task) {
                task.round(context);
            }
        });
    }

    /// READY→PAUSED: opens the model and creates a comparer.
    fn open(&self) -> Result<(), gst::ErrorMessage> {
        let settings = lock(&self.settings).clone();
        let (max_bytes, independent) = (settings.max_bytes, settings.independent_sources);
        let (changeable, on_error) = (settings.changeable(), settings.model.on_error);
        let (analytics, has_model) = (settings.model.analytics_meta, settings.has_model());
        self.with(|context| self.session.open(context.element, settings))?;
        let notices = lock(&self.report).restart(self.session.fields());
        report::post(self.obj().upcast_ref(), notices);
        for doubt in self.session.doubts() {
            scoring::warn(self.obj().upcast_ref(), gst::LibraryError::Settings, &doubt);
        }
        self.queues.open(max_bytes, independent);
        self.deadline.reset();
        let comparer = self
            .session
            .renew(changeable, self.queues.work().clone())
            .map_err(|error| gst::error_msg!(gst::LibraryError::Init, ("{}", describe(&error))))?;
        let analytics = analytics.then(|| open_analytics(self.obj().upcast_ref(), has_model)).flatten();
        *lock(&self.task) = comparer.map(|comparer| Task::new(comparer, max_bytes, Output::new(on_error, analytics)));
        self.obj().notify("active-provider");
        Ok(())
    }

    /// PAUSED→READY, after data flow has stopped.
    fn close(&self) {
        let task = lock(&self.task).take();
        drop(task);
        self.queues.open(0, false);
        self.deadline.reset();
        self.session.close();
    }

    fn activate_src(context: &Context<'_>, mode: gst::PadMode, active: bool) -> Result<(), gst::LoggableError> {
        let set_active = |active| if active { context.queues.activate() } else { context.queues.deactivate() };
        let task = context.pads.task(context.element);
        activation::source(*CAT, &context.pads.src, mode, active, set_active, task)
    }

    fn activate_sink(context: &Context<'_>, mode: gst::PadMode, active: bool) -> Result<(), gst::LoggableError> {
        activation::sink(*CAT, mode, active, || context.queues.deactivate())
    }

    /// Runs a pad function with the pad's parent; a panic becomes an element error and ends the flow.
    fn guarded<T>(parent: Option<&gst::Object>, fallback: T, f: impl FnOnce(&Context<'_>) -> T) -> T {
        Self::guard_pad(parent, fallback, |imp, _| imp.with(f))
    }

    fn sink_pad(class: &<Self as ObjectSubclass>::Class, side: Side) -> gst::Pad {
        let template = class.pad_template(super::streams::name(side)).expect("the class has this template");
        let panicked = || gst::loggable_error!(CAT, "panic while activating a pad");
        gst::Pad::builder_from_template(&template)
            .activatemode_function(move |_, parent, mode, active| {
                Self::guarded(parent, Err(panicked()), |context| Self::activate_sink(context, mode, active))
            })
            .chain_function(move |_, parent, buffer| {
                Self::guarded(parent, Err(gst::FlowError::Error), |context| events::chain(context, side, buffer))
            })
            .event_full_function(move |_, parent, event| {
                Self::guarded(parent, Err(gst::FlowError::Error), |context| {
                    let taken = events::sink_event(context, side, event);
                    // A sticky event that is refused is sent again with the next frame, which gets this error.
                    if taken { Ok(gst::FlowSuccess::Ok) } else { Err(context.queues.refusal(side)) }
                })
            })
            .query_function(move |_, parent, query| {
                Self::guarded(parent, false, |context| queries::sink_query(context, side, query))
            })
            // Caps without a frame rate are not a subset of the template caps but are accepted.
            .flags(gst::PadFlags::ACCEPT_INTERSECT)
            .build()
    }

    fn src_pad(class: &<Self as ObjectSubclass>::Class) -> gst::Pad {
        let template = class.pad_template("src").expect("the class has this template");
        let panicked = || gst::loggable_error!(CAT, "panic while activating a pad");
        gst::Pad::builder_from_template(&template)
            .activatemode_function(move |_, parent, mode, active| {
                Self::guarded(parent, Err(panicked()), |context| Self::activate_src(context, mode, active))
            })
            .event_function(|_, parent, event| {
                Self::guarded(parent, false, |context| events::src_event(context, event))
            })
            .query_function(|_, parent, query| {
                Self::guarded(parent, false, |context| queries::src_query(context, query))
            })
            .build()
    }

    /// The maximum waiting time has changed, directly or through another property.
    fn latency_changed(&self, latency: gst::ClockTime) {
        self.deadline.set_latency(latency);
        let element = self.obj();
        let _ = element.post_message(gst::message::Latency::builder().src(&*element).build());
    }
}

impl Guarded for IqaCompare {
    fn stop_after_panic(&self, _element: &gst::Element) {
        // Upstream that has sent EOS cannot be told; downstream must not wait for what will not come.
        if self.queues.stop(gst::FlowError::Error, self.queues.links()) == Some(true) {
            self.pads.src.push_event(gst::event::Eos::new());
        }
    }
}

#[glib::object_subclass]
impl ObjectSubclass for IqaCompare {
    const NAME: &'static str = "GstIqaCompare";
    type Type = super::IqaCompare;
    type ParentType = gst::Element;

    fn with_class(class: &Self::Class) -> Self {
        let settings = Settings::default();
        let report = Report::new(report_settings::Settings::new(settings.main_field()));
        let queues = Queues::default();
        Self {
            pads: Pads {
                reference: Self::sink_pad(class, Side::Reference),
                distorted: Self::sink_pad(class, Side::Distorted),
                src: Self::src_pad(class),
                round: Self::round,
            },
            deadline: Deadline::new(queues.work().clone(), settings.latency()),
            settings: Mutex::new(settings),
            report: Mutex::new(report),
            queues,
            session: Session::default(),
            task: Mutex::default(),
        }
    }
}

impl ObjectImpl for IqaCompare {
    fn constructed(&self) {
        self.parent_constructed();
        let element = self.obj();
        // In this order, so that links without a pad name use `distorted`.
        for pad in [&self.pads.distorted, &self.pads.reference, &self.pads.src] {
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
                        "Statistics since the transition to PAUSED: distorted = matched + duplicate + unmatched, \
                         reference = matched + dropped + outside; scored, skipped, failed; mean, min, p5 and last of \
                         the score, without a model of psnr-y, or of the first measure if that is not measured; \
                         latency-mean and latency-p99 in nanoseconds",
                    )
                    .read_only()
                    .doc_show_default()
                    .build(),
            ];
            let fields = "Field evaluated by windows and alarms: psnr-y, psnr-cb, psnr-cr, psnr, ssim, ms-ssim, \
                          float-ssim, vmaf, cambi, score, raw or a model attribute; default: score, without a model \
                          psnr-y, or the first measure if that is not measured";
            let report = report_settings::Settings::new(Settings::default().main_field()).properties(fields);
            Settings::properties().into_iter().chain(report).chain(state).collect()
        });
        &PROPERTIES
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        let name = pspec.name();
        if lock(&self.report).settings.set(name, value) {
            return;
        }
        let mut settings = lock(&self.settings);
        let before = settings.latency();
        let known = settings.set(name, value);
        let (latency, (offset, selection), main_field) =
            (settings.latency(), settings.changeable(), settings.main_field());
        drop(settings);
        lock(&self.report).settings.main_field = main_field;
        match name {
            _ if !known => gst::warning!(CAT, imp = self, "Unknown property {name}"),
            "offset" => self.session.set_offset(offset),
            "interval" | "max-rate" => self.session.set_selection(selection),
            _ => {}
        }
        if latency != before {
            self.latency_changed(latency);
            if name != "latency" {
                self.obj().notify("latency");
            }
        }
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        match pspec.name() {
            "active-provider" => self.session.provider().to_value(),
            "stats" => {
                let ledger = self.session.ledger();
                lock(&self.report).stats(Some(ledger)).to_value()
            }
            name => {
                let value = lock(&self.report).settings.get(name).or_else(|| lock(&self.settings).get(name));
                value.unwrap_or_else(|| pspec.default_value().clone())
            }
        }
    }
}

impl GstObjectImpl for IqaCompare {}

impl ElementImpl for IqaCompare {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "Full-reference picture quality",
                "Filter/Analyzer/Video",
                "Compares frames with those of a reference, aligned in time and space, and attaches PSNR, SSIM, VMAF \
                 or the score of an ONNX quality model as metadata",
                AUTHOR,
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            let pads = [
                ("reference", gst::PadDirection::Sink),
                ("distorted", gst::PadDirection::Sink),
                ("src", gst::PadDirection::Src),
            ];
            video_frame::pad_templates(&video_frame::template_caps(), pads)
        });
        &TEMPLATES
    }

    fn change_state(&self, transition: gst::StateChange) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
        match transition {
            gst::StateChange::ReadyToPaused => {
                let bug = gst::error_msg!(gst::LibraryError::Init, ("internal error, please report it"));
                let element = self.obj();
                if let Err(error) = scoring::guard(element.upcast_ref(), Err(bug), || (), || self.open()) {
                    self.post_error_message(error);
                    self.close();
                    return Err(gst::StateChangeError);
                }
            }
            gst::StateChange::PlayingToPaused => self.deadline.set_playing(false),
            // Before the pads are deactivated, which joins their threads.
            gst::StateChange::PausedToReady => self.queues.deactivate(),
            _ => {}
        }
        let result = self.parent_change_state(transition);
        match transition {
            gst::StateChange::PausedToPlaying => self.deadline.set_playing(result.is_ok()),
            gst::StateChange::ReadyToPaused if result.is_ok() => {}
            gst::StateChange::ReadyToPaused | gst::StateChange::PausedToReady => self.close(),
            _ => {}
        }
        result
    }
}
