// SPDX-License-Identifier: MPL-2.0

//! The shape is an `Aggregator`'s: its thread takes frames from both pads in the order that the comparer asks for,
//! keeps those of `distorted` in a FIFO, and lets them go as their outcomes come. `VideoAggregator` would not do: it
//! picks frames by overlap, repeats and drops them in silence and converts without asking.

use super::session::{Session, cancel};
use super::settings::Settings;
use super::signal::Signal;
use super::state::State;
use crate::scoring::{Report, report_settings};
use crate::{lock, scoring, video_frame};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::subclass::prelude::*;
use onnx_iqa::comparer::Side;
use std::sync::atomic::AtomicBool;
use std::sync::{LazyLock, Mutex, MutexGuard};

pub(super) static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new("iqacompare", gst::DebugColorFlags::empty(), Some("Full-reference picture quality"))
});

#[doc(hidden)]
pub struct IqaCompare {
    pub(super) reference: gst_base::AggregatorPad,
    pub(super) distorted: gst_base::AggregatorPad,
    pub(super) settings: Mutex<Settings>,
    state: Mutex<State>,
    pub(super) session: Mutex<Option<Session>>,
    pub(super) report: Mutex<Report>,
    pub(super) signal: Signal,
    /// An event by which the comparer wakes is on its way through that pad.
    pub(super) woken: [AtomicBool; 2],
    pub(super) flushing: [AtomicBool; 2],
    /// Of the EOS of `distorted`.
    pub(super) eos_seqnum: Mutex<Option<gst::Seqnum>>,
}

impl IqaCompare {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn pad(&self, side: Side) -> &gst_base::AggregatorPad {
        match side {
            Side::Reference => &self.reference,
            Side::Distorted => &self.distorted,
        }
    }

    fn side(&self, pad: &gst_base::AggregatorPad) -> Side {
        if *pad == self.reference { Side::Reference } else { Side::Distorted }
    }

    /// Runs `f` for the base class; a panic becomes an element error and ends the flow.
    fn guard<T>(&self, fallback: T, f: impl FnOnce() -> T) -> T {
        let failed = |text: &str| {
            gst::element_imp_error!(self, gst::LibraryError::Failed, ("a bug in the element: {text}"));
            self.state().flow = Err(gst::FlowError::Error);
        };
        scoring::guarded(fallback, failed, f)
    }
}

#[glib::object_subclass]
impl ObjectSubclass for IqaCompare {
    const NAME: &'static str = "GstIqaCompare";
    type Type = super::IqaCompare;
    type ParentType = gst_base::Aggregator;

    fn with_class(class: &Self::Class) -> Self {
        let pad = |name| {
            let template = class.pad_template(name).expect("the class has this template");
            // Caps without a frame rate are no subset of the template, and video all the same.
            gst::PadBuilder::<gst_base::AggregatorPad>::from_template(&template)
                .flags(gst::PadFlags::ACCEPT_INTERSECT)
                .build()
        };
        let settings = Settings::default();
        let report = Report::new(report_settings::Settings::new(settings.main_field()));
        Self {
            reference: pad("reference"),
            distorted: pad("distorted"),
            settings: Mutex::new(settings),
            state: Mutex::default(),
            session: Mutex::default(),
            report: Mutex::new(report),
            signal: Signal::default(),
            woken: Default::default(),
            flushing: Default::default(),
            eos_seqnum: Mutex::default(),
        }
    }
}

impl ObjectImpl for IqaCompare {
    fn constructed(&self) {
        self.parent_constructed();
        let element = self.obj();
        // In this order: what is linked without naming a pad is the stream that goes through.
        for pad in [&self.distorted, &self.reference] {
            element.add_pad(pad).expect("a new element has no pad of this name");
        }
        self.apply_latency();
        // The base class ends the stream, too, once it aggregates, and would send a segment before if it has sent no
        // frame.
        let weak = element.downgrade();
        self.src_pad().add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
            let ended = || weak.upgrade().is_some_and(|element| element.imp().state().announced.end);
            let again = info
                .event()
                .is_some_and(|event| matches!(event.type_(), gst::EventType::Segment | gst::EventType::Eos));
            if again && ended() {
                // Dropped here; gst_pad_push_event() of GStreamer 1.22 does not expect that together with `Drop`.
                info.data = None;
                return gst::PadProbeReturn::Handled;
            }
            gst::PadProbeReturn::Ok
        });
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
                        "distorted = matched + duplicate + unmatched, reference = matched + dropped + outside; scored, skipped, failed; mean, \
                         min, p5 and last of the score, or of psnr-y without a model; latency-mean and latency-p99 in nanoseconds; since the \
                         element went from READY to PAUSED",
                    )
                    .read_only()
                    .build(),
            ];
            let fields = "What windows and alarms look at: psnr-y, psnr, ssim, ms-ssim, score, raw, or the name of an attribute; by default score \
                          with a model, psnr-y without";
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
        let (latency, offset, main_field) = (settings.latency(), settings.offset, settings.main_field());
        drop(settings);
        lock(&self.report).settings.main_field = main_field;
        match name {
            _ if !known => gst::warning!(CAT, imp = self, "no property {name} to set"),
            "offset" => {
                let comparer = self.state().comparer.clone();
                if let Some(comparer) = comparer {
                    comparer.set_offset(offset);
                }
            }
            _ => {}
        }
        if latency != before {
            self.apply_latency();
            if name != "latency" {
                self.obj().notify("latency");
            }
        }
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        match pspec.name() {
            "active-provider" => {
                let session = lock(&self.session);
                let model = session.as_ref().and_then(|session| session.model.as_ref());
                model.map(scoring::Session::active_provider).to_value()
            }
            "stats" => {
                let ledger = self.state().ledger();
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
                "Compares frames with those of a reference, aligned in time and space, and passes them on untouched, each with its PSNR, SSIM or \
                 score by an ONNX quality model as metadata",
                "The onnx-iqa authors",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            let caps = video_frame::template_caps();
            [
                ("reference", gst::PadDirection::Sink),
                ("distorted", gst::PadDirection::Sink),
                ("src", gst::PadDirection::Src),
            ]
            .map(|(name, direction)| {
                let pad = gst_base::AggregatorPad::static_type();
                gst::PadTemplate::with_gtype(name, direction, gst::PadPresence::Always, &caps, pad)
                    .expect("name, direction and caps are valid")
            })
            .into()
        });
        &TEMPLATES
    }

    fn change_state(&self, transition: gst::StateChange) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
        if transition == gst::StateChange::PausedToReady {
            // Before the pads are deactivated, which waits for the aggregating thread.
            self.signal.halt(true);
            let comparer = self.state().comparer.clone();
            cancel(comparer);
        }
        let result = self.parent_change_state(transition);
        if transition == gst::StateChange::ReadyToPaused && result.is_err() {
            self.close();
        }
        result
    }
}

impl AggregatorImpl for IqaCompare {
    fn start(&self) -> Result<(), gst::ErrorMessage> {
        let bug = gst::error_msg!(gst::LibraryError::Init, ("a bug in the element"));
        self.guard(Err(bug), || self.open())
    }

    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        self.guard(Ok(()), || {
            self.close();
            Ok(())
        })
    }

    fn flush(&self) -> Result<gst::FlowSuccess, gst::FlowError> {
        self.guard(Err(gst::FlowError::Error), || Self::flush(self))
    }

    fn aggregate(&self, timeout: bool) -> Result<gst::FlowSuccess, gst::FlowError> {
        self.guard(Err(gst::FlowError::Error), || Self::aggregate(self, timeout))
    }

    fn next_time(&self) -> Option<gst::ClockTime> {
        self.guard(None, || Self::next_time(self))
    }

    fn negotiate(&self) -> bool {
        // The caps are those of `distorted`, which come with their event.
        true
    }

    fn sink_event(&self, pad: &gst_base::AggregatorPad, event: gst::Event) -> bool {
        self.guard(false, || Self::sink_event(self, self.side(pad), event))
    }

    fn sink_query(&self, pad: &gst_base::AggregatorPad, query: &mut gst::QueryRef) -> bool {
        self.guard(false, || Self::sink_query(self, self.side(pad), query))
    }

    fn src_event(&self, event: gst::Event) -> bool {
        self.guard(false, || Self::src_event(self, event))
    }

    fn src_query(&self, query: &mut gst::QueryRef) -> bool {
        self.guard(false, || Self::src_query(self, query))
    }
}
