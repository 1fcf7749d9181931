// SPDX-License-Identifier: MPL-2.0

//! The element.

use super::format::Format;
use crate::{describe, lock, messages, meta};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use onnx_iqa::record::log::{Log, LogError, LogOptions, LoggedFrame, Rotation};
use std::sync::{LazyLock, Mutex, MutexGuard};

static CAT: LazyLock<gst::DebugCategory> =
    LazyLock::new(|| gst::DebugCategory::new("iqalog", gst::DebugColorFlags::empty(), Some("Log of quality scores")));

/// How many buffers may pass without any score before a user is told.
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
    /// From READY→PAUSED on, until an error.
    log: Option<Log>,
    /// In another format than time, nothing has a running time.
    segment: Option<gst::FormattedSegment<gst::ClockTime>>,
    buffers: u64,
    logged: u64,
    warned: bool,
}

impl State {
    /// What to warn of, if a user should know by now that nothing is logged.
    fn no_scores(&mut self, patience: u64) -> Option<String> {
        if self.warned || self.logged > 0 || self.buffers < patience {
            return None;
        }
        self.warned = true;
        Some(format!("none of {} buffers carries an {} and nothing was logged", self.buffers, meta::NAME))
    }
}

/// The element's instance.
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
            // When the end of the stream is seen downstream, or on the bus, the log is complete.
            gst::EventView::Eos(_) => {
                self.note_summaries(&event);
                self.finish();
            }
            _ => {}
        }
        gst::Pad::event_default(pad, Some(&*self.obj()), event)
    }

    /// Writes what the buffer carries.
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
            // The error is on the bus already.
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

    /// Takes note of what elements upstream say of their whole streams.
    fn note_summaries(&self, eos: &gst::EventRef) {
        let summaries = messages::summaries(eos);
        if let Some(log) = &mut lock(&self.state).log {
            for (element, summary) in &summaries {
                log.summary(element, summary);
            }
        }
    }

    /// Writes the pool, if anything came since the last one.
    fn finish(&self) {
        let mut state = lock(&self.state);
        let warning = state.no_scores(1);
        let Some(log) = &mut state.log else { return };
        let written = log.finish();
        // Reported on the bus; the end of the stream goes on to the others all the same.
        let _ = self.check(state, written);
        self.warn(warning);
    }

    /// For the action signal.
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

    /// On an error, gives the log up and posts a message, without the lock: the application may call back.
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
                ("{warning}. Is there an iqascore or iqacompare upstream, and does every element between keep metas? \
                     mpegtsmux, compositor and deinterlacers do not")
            );
        }
    }

    fn start(&self) -> Result<(), gst::ErrorMessage> {
        let Settings { location, format, rotation, append } = lock(&self.settings).clone();
        let Some(location) = location.filter(|location| !location.is_empty()) else {
            return Err(gst::error_msg!(
                gst::ResourceError::NotFound,
                ("No file to log to: set location to a path, or to - for standard output")
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
                IqaLog::catch_panic_pad_function(
                    parent,
                    || Err(gst::FlowError::Error),
                    |log| log.sink_chain(pad, buffer),
                )
            })
            .chain_list_function(|pad, parent, list| {
                IqaLog::catch_panic_pad_function(
                    parent,
                    || Err(gst::FlowError::Error),
                    |log| log.sink_chain_list(pad, list),
                )
            })
            .event_function(|pad, parent, event| {
                IqaLog::catch_panic_pad_function(parent, || false, |log| log.sink_event(pad, event))
            })
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
                        "File to write, - for standard output (keep gst-launch-1.0 quiet with -q); a file that is there \
                         is moved to <location>.1, and two elements cannot write one file",
                    )
                    .mutable_ready()
                    .build(),
                glib::ParamSpecEnum::builder_with_default("format", Format::default())
                    .nick("Format")
                    .blurb("How it is written")
                    .mutable_ready()
                    .build(),
                glib::ParamSpecUInt64::builder("max-file-size")
                    .nick("Maximum file size")
                    .blurb("Bytes after which the file is renamed to <location>.1 and a new one begun (0 = never)")
                    .mutable_ready()
                    .build(),
                glib::ParamSpecUInt::builder("max-files")
                    .nick("Maximum files")
                    .blurb("How many files rotation keeps, the one being written among them (0 = all)")
                    .mutable_ready()
                    .build(),
                glib::ParamSpecBoolean::builder("append")
                    .nick("Append")
                    .blurb("Add lines to a file that is there instead of moving it to <location>.1 (json-lines only)")
                    .mutable_ready()
                    .build(),
            ]
        });
        &PROPERTIES
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        if self.obj().current_state() > gst::State::Ready {
            gst::warning!(CAT, imp = self, "{} takes effect at the next start, from READY", pspec.name());
        }
        let mut settings = lock(&self.settings);
        match pspec.name() {
            "location" => settings.location = value.get().expect("type checked upstream"),
            "format" => settings.format = value.get().expect("type checked upstream"),
            "max-file-size" => settings.rotation.max_file_size = value.get().expect("type checked upstream"),
            "append" => settings.append = value.get().expect("type checked upstream"),
            "max-files" => settings.rotation.max_files = value.get().expect("type checked upstream"),
            name => gst::error!(CAT, imp = self, "There is no property {name}"),
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
                // Closes the file and opens the location again, appending: after a rotation from outside.
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
                "Writes the quality scores that frames carry to a file, and what they come to; passes anything on",
                "onnx-iqa developers",
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
            // The pads are shut by now: nothing can follow. After an EOS there is nothing left to write.
            self.finish();
            *lock(&self.state) = State::default();
        }
        result
    }
}
