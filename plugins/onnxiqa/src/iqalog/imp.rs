// SPDX-License-Identifier: MPL-2.0

//! The GObject implementation.

use super::format::Format;
use crate::scoring::Guarded;
use crate::{AUTHOR, describe, lock, messages, meta};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use onnx_iqa::record::log::{Log, LogError, LogOptions, LoggedFrame, Rotation};
use std::sync::{LazyLock, Mutex, MutexGuard};

static CAT: LazyLock<gst::DebugCategory> =
    LazyLock::new(|| gst::DebugCategory::new("iqalog", gst::DebugColorFlags::empty(), Some("Log of quality scores")));

/// Number of buffers without a score after which a warning is posted.
const PATIENCE: u64 = 100;

#[derive(Debug, Clone, Default)]
struct Settings {
    location: Option<String>,
    format: Format,
    rotation: Rotation,
    append: bool,
}

#[derive(Default)]
struct State {
    /// Open from READY→PAUSED until an error.
    log: Option<Log>,
    /// Segments in formats other than time have no running time.
    segment: Option<gst::FormattedSegment<gst::ClockTime>>,
    buffers: u64,
    logged: u64,
    warned: bool,
}

impl State {
    /// Returns the warning that nothing is logged, once, after `patience` buffers.
    fn no_scores(&mut self, patience: u64) -> Option<String> {
        if self.warned || self.logged > 0 || self.buffers < patience {
            return None;
        }
        self.warned = true;
        Some(format!("nothing was logged: none of {} buffers carries an {}", self.buffers, meta::NAME))
    }
}

/// Instance of `iqalog`.
pub struct IqaLog {
    sinkpad: gst::Pad,
    srcpad: gst::Pad,
    settings: Mutex<Settings>,
    state: Mutex<State>,
}

impl IqaLog {
    fn sink_chain(&self, pad: &gst::Pad, buffer: gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
        gst::trace!(CAT, obj = pad, "Handling {buffer:?}");
        self.log(&buffer)?;
        self.srcpad.push(buffer)
    }

    fn sink_chain_list(&self, pad: &gst::Pad, list: gst::BufferList) -> Result<gst::FlowSuccess, gst::FlowError> {
        gst::trace!(CAT, obj = pad, "Handling {list:?}");
        list.iter().try_for_each(|buffer| self.log(buffer))?;
        self.srcpad.push_list(list)
    }

    fn sink_event(&self, pad: &gst::Pad, event: gst::Event) -> bool {
        gst::log!(CAT, obj = pad, "Handling {event:?}");
        match event.view() {
            gst::EventView::Segment(segment) => {
                lock(&self.state).segment = segment.segment().downcast_ref::<gst::ClockTime>().cloned();
            }
            gst::EventView::FlushStop(_) => lock(&self.state).segment = None,
            // The log must be complete before EOS is seen downstream or on the bus.
            gst::EventView::Eos(_) => {
                self.note_summaries(&event);
                self.finish();
            }
            _ => {}
        }
        gst::Pad::event_default(pad, Some(&*self.obj()), event)
    }

    /// Logs the buffer's entries.
    fn log(&self, buffer: &gst::BufferRef) -> Result<(), gst::FlowError> {
        let scores = meta::records(buffer);
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        state.buffers += 1;
        if scores.is_empty() {
            let warning = state.no_scores(PATIENCE);
            drop(guard);
            self.warn(warning);
            return Ok(());
        }
        let Some(log) = &mut state.log else {
            // The error has already been posted.
            return Err(gst::FlowError::Error);
        };
        let running_time = state.segment.as_ref().and_then(|segment| segment.to_running_time(buffer.pts()));
        let written = log.frame(&LoggedFrame {
            pts: buffer.pts().map(gst::ClockTime::nseconds),
            running_time: running_time.map(gst::ClockTime::nseconds),
            scores,
        });
        state.logged += 1;
        self.check(guard, written).map_err(|()| gst::FlowError::Error)
    }

    /// Reads the summaries of upstream elements from the EOS event.
    fn note_summaries(&self, eos: &gst::EventRef) {
        let summaries = messages::summaries(eos);
        if let Some(log) = &mut lock(&self.state).log {
            for (element, summary) in &summaries {
                log.summary(element, summary);
            }
        }
    }

    /// Writes the pooled statistics, if anything was logged since the last ones.
    fn finish(&self) {
        let mut state = lock(&self.state);
        let warning = state.no_scores(1);
        let Some(log) = &mut state.log else { return };
        let written = log.finish();
        // An error is posted on the bus; EOS is forwarded regardless.
        let _ = self.check(state, written);
        self.warn(warning);
    }

    /// Handles the action signal `reopen`.
    fn reopen(&self) {
        let mut state = lock(&self.state);
        let Some(log) = &mut state.log else {
            gst::debug!(CAT, imp = self, "Nothing to reopen: no log is open");
            return;
        };
        gst::info!(CAT, imp = self, "Reopening");
        let reopened = log.reopen();
        let _ = self.check(state, reopened);
    }

    /// On an error, closes the log and posts the error, without the lock because sync handlers may call back.
    fn check(&self, mut state: MutexGuard<'_, State>, result: Result<(), LogError>) -> Result<(), ()> {
        let Err(error) = result else { return Ok(()) };
        state.log = None;
        drop(state);
        self.post_error_message(error_message(&error));
        Err(())
    }

    fn warn(&self, warning: Option<String>) {
        if let Some(warning) = warning {
            gst::element_imp_warning!(
                self,
                gst::StreamError::Failed,
                ("{warning}; put iqascore or iqacompare upstream, with no element in between that drops metas, as \
                     mpegtsmux, compositor and deinterlacers do")
            );
        }
    }

    fn start(&self) -> Result<(), gst::ErrorMessage> {
        let Settings { location, format, rotation, append } = lock(&self.settings).clone();
        let Some(location) = location.filter(|location| !location.is_empty()) else {
            return Err(gst::error_msg!(
                gst::ResourceError::NotFound,
                ("no location is set: set location to a file path, or to - for standard output")
            ));
        };
        let mut options = LogOptions::default();
        (options.rotation, options.append) = (rotation, append);
        options.owner = self.obj().path_string().into();
        let log = Log::open_with(&location, format.into(), &options).map_err(|error| error_message(&error))?;
        gst::info!(CAT, imp = self, "Logging to {location} as {format:?} with {rotation:?}");
        *lock(&self.state) = State { log: Some(log), ..State::default() };
        Ok(())
    }
}

fn error_message(error: &LogError) -> gst::ErrorMessage {
    let code = match error {
        error if error.is_full() => gst::ResourceError::NoSpaceLeft,
        LogError::Shared { .. } | LogError::InUse { .. } => gst::ResourceError::Busy,
        LogError::Open { .. } => gst::ResourceError::OpenWrite,
        LogError::Write { .. } | LogError::Rename { .. } => gst::ResourceError::Write,
        _ => gst::ResourceError::Settings,
    };
    gst::error_msg!(code, ("{}", describe(error)))
}

impl Guarded for IqaLog {
    /// The flow return of the chain function is sufficient.
    fn stop_after_panic(&self, _element: &gst::Element) {}
}

#[glib::object_subclass]
impl ObjectSubclass for IqaLog {
    const NAME: &'static str = "GstIqaLog";
    type Type = super::IqaLog;
    type ParentType = gst::Element;

    fn with_class(klass: &Self::Class) -> Self {
        let pad = |name| klass.pad_template(name).expect("the class has this template");
        let flags = gst::PadFlags::PROXY_CAPS | gst::PadFlags::PROXY_ALLOCATION;
        let sinkpad = gst::Pad::builder_from_template(&pad("sink"))
            .chain_function(|pad, parent, buffer| {
                Self::guard_pad(parent, Err(gst::FlowError::Error), |log, _| log.sink_chain(pad, buffer))
            })
            .chain_list_function(|pad, parent, list| {
                Self::guard_pad(parent, Err(gst::FlowError::Error), |log, _| log.sink_chain_list(pad, list))
            })
            .event_function(|pad, parent, event| Self::guard_pad(parent, false, |log, _| log.sink_event(pad, event)))
            .flags(flags)
            .build();
        let srcpad = gst::Pad::builder_from_template(&pad("src")).flags(flags).build();
        Self { sinkpad, srcpad, settings: Mutex::default(), state: Mutex::default() }
    }
}

impl ObjectImpl for IqaLog {
    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
            vec![
                glib::ParamSpecString::builder("location")
                    .nick("Location")
                    .blurb(
                        "File to write, - = standard output (use gst-launch-1.0 -q); an existing file is renamed to \
                         <location>.1",
                    )
                    .mutable_ready()
                    .build(),
                glib::ParamSpecEnum::builder_with_default("format", Format::default())
                    .nick("Format")
                    .blurb("File format")
                    .mutable_ready()
                    .build(),
                glib::ParamSpecUInt64::builder("max-file-size")
                    .nick("Maximum file size")
                    .blurb("Rotate the file before it exceeds this size in bytes; 0 = unlimited")
                    .mutable_ready()
                    .build(),
                glib::ParamSpecUInt::builder("max-files")
                    .nick("Maximum files")
                    .blurb("Maximum number of files kept, including the current one; 0 = unlimited")
                    .mutable_ready()
                    .build(),
                /**
                 * GstIqaLog:append:
                 *
                 * Since: plugins-onnxiqa-0.2.0
                 */
                glib::ParamSpecBoolean::builder("append")
                    .nick("Append")
                    .blurb("Append to an existing file instead of renaming it to <location>.1; json-lines only")
                    .mutable_ready()
                    .build(),
            ]
        });
        &PROPERTIES
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        if self.obj().current_state() > gst::State::Ready {
            gst::warning!(CAT, imp = self, "{} takes effect at the next READY→PAUSED", pspec.name());
        }
        let mut settings = lock(&self.settings);
        match pspec.name() {
            "location" => settings.location = value.get().expect("type checked upstream"),
            "format" => settings.format = value.get().expect("type checked upstream"),
            "max-file-size" => settings.rotation.max_file_size = value.get().expect("type checked upstream"),
            "append" => settings.append = value.get().expect("type checked upstream"),
            "max-files" => settings.rotation.max_files = value.get().expect("type checked upstream"),
            name => gst::error!(CAT, imp = self, "Unknown property {name}"),
        }
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        let settings = lock(&self.settings);
        match pspec.name() {
            "location" => settings.location.to_value(),
            "format" => settings.format.to_value(),
            "max-file-size" => settings.rotation.max_file_size.to_value(),
            "append" => settings.append.to_value(),
            "max-files" => settings.rotation.max_files.to_value(),
            _ => pspec.default_value().clone(),
        }
    }

    fn signals() -> &'static [glib::subclass::Signal] {
        static SIGNALS: LazyLock<Vec<glib::subclass::Signal>> = LazyLock::new(|| {
            vec![
                /**
                 * GstIqaLog::reopen:
                 *
                 * Closes the file and opens `location` again in append mode, for use after an external rotation.
                 *
                 * Since: plugins-onnxiqa-0.1.0
                 */
                glib::subclass::Signal::builder("reopen")
                    .action()
                    .class_handler(|args| {
                        if let Some(Ok(log)) = args.first().map(|arg| arg.get::<super::IqaLog>()) {
                            log.imp().reopen();
                        }
                        None
                    })
                    .build(),
            ]
        });
        &SIGNALS
    }

    fn constructed(&self) {
        self.parent_constructed();
        let obj = self.obj();
        for pad in [&self.sinkpad, &self.srcpad] {
            obj.add_pad(pad).expect("a new element has no pads");
        }
    }
}

impl GstObjectImpl for IqaLog {}

impl ElementImpl for IqaLog {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "Picture quality log",
                "Filter/Analyzer/Video",
                "Writes the quality scores that buffers carry, and their pooled statistics, to a file",
                AUTHOR,
            )
        });
        Some(&*METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            [("src", gst::PadDirection::Src), ("sink", gst::PadDirection::Sink)]
                .into_iter()
                .filter_map(|(name, direction)| {
                    gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &gst::Caps::new_any()).ok()
                })
                .collect()
        });
        &TEMPLATES
    }

    fn change_state(&self, transition: gst::StateChange) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
        gst::debug!(CAT, imp = self, "Changing state {transition:?}");
        if transition == gst::StateChange::ReadyToPaused {
            self.start().map_err(|message| {
                self.post_error_message(message);
                gst::StateChangeError
            })?;
        }
        let result = self.parent_change_state(transition);
        if transition == gst::StateChange::ReadyToPaused && result.is_err() {
            lock(&self.state).log = None;
        }
        if transition == gst::StateChange::PausedToReady {
            // The pads are inactive by now, so no data can follow. After EOS there is nothing left to write.
            self.finish();
            *lock(&self.state) = State::default();
        }
        result
    }
}
