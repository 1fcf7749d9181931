// SPDX-License-Identifier: MPL-2.0

//! What elements say of a whole stream: statistics, windows, alarms, the pool at the end. The sums are the engine's.

mod entry;
mod settings;

pub use entry::{Entry, FrameResult, ModelInfo, Partner, Times};
pub use settings::Settings;

use gst::prelude::*;
use onnx_iqa::stats::{Alarm, FieldPools, FieldRange, Pool, Summary, Window, WindowReport};

/// Counts frames and scores, and makes the messages of it. It posts nothing itself, so that nobody's handler runs under
/// a lock.
#[derive(Debug)]
pub struct Report {
    /// May change at any time.
    pub settings: Settings,
    frames: u64,
    skipped: u64,
    failed: u64,
    last: Option<f64>,
    latency: Pool,
    pools: FieldPools,
    /// What `window` and `alarm` look at.
    field: String,
    window: Window,
    alarm: Alarm,
    /// The latest running time of any frame.
    now: Option<u64>,
}

impl Default for Report {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl Report {
    /// Nothing counted yet.
    pub fn new(settings: Settings) -> Self {
        let field = settings.alarm_field().to_owned();
        let range = FieldRange::of(&field).unwrap_or(FieldRange::SCORE);
        Self {
            frames: 0,
            skipped: 0,
            failed: 0,
            last: None,
            latency: Pool::new(FieldRange::TIME),
            pools: FieldPools::new(),
            window: Window::new(settings.window.nseconds(), range),
            alarm: Alarm::new(range),
            field,
            now: None,
            settings,
        }
    }

    /// Counts from nothing, as the element goes from READY to PAUSED.
    pub fn restart(&mut self) {
        let settings = std::mem::take(&mut self.settings);
        *self = Self::new(settings);
    }

    /// Time starts anew, as after a flush. The pools are over the whole stream and stay.
    pub fn discontinuity(&mut self) {
        self.window.reset();
        self.now = None;
    }

    /// A frame came.
    pub fn arrived(&mut self) {
        self.frames += 1;
    }

    /// A frame goes on that was not to be scored.
    pub fn skipped(&mut self, times: Times) -> Vec<gst::Structure> {
        self.skipped += 1;
        self.count(times, None)
    }

    /// A frame has nothing to be compared with.
    pub fn unmatched(&mut self, times: Times) -> Vec<gst::Structure> {
        self.count(times, None)
    }

    /// A frame could not be scored.
    pub fn failed(&mut self, times: Times) -> Vec<gst::Structure> {
        self.failed += 1;
        self.count(times, None)
    }

    /// A score is finished.
    pub fn scored(&mut self, entry: &Entry, model_info: &ModelInfo) -> Vec<gst::Structure> {
        self.last = entry.value(self.settings.main_field).or(self.last);
        self.latency.push(entry.latency().nseconds() as f64);
        self.pools.count_frame();
        for (field, value) in entry.numbers() {
            self.pools.push(field, *value);
        }
        for (attribute, value) in entry.attributes() {
            self.pools.push_attribute(attribute, *value);
        }
        let mut messages = Vec::new();
        if self.settings.frame_messages {
            let mut message = entry.scored(model_info);
            let times = entry.times();
            for (field, time) in [("running-time", times.running), ("stream-time", times.stream)] {
                if let Some(time) = time {
                    message.set(field, time.nseconds());
                }
            }
            messages.push(message);
        }
        messages.extend(self.count(entry.times(), entry.value(self.settings.alarm_field())));
        messages
    }

    /// The stream ends: the last window, and the pool. `ledger` says what became of the frames of a comparison.
    pub fn finish(&mut self, model_info: &ModelInfo, ledger: &[(&str, u64)]) -> Vec<gst::Structure> {
        let mut messages = match self.window.finish() {
            Some(report) => self.window_ended(&report),
            None => Vec::new(),
        };
        let mut summary = gst::Structure::builder("iqa-summary")
            .field("model", &model_info.model)
            .field("kind", model_info.kind)
            .field("scored", self.pools.scored())
            .field("skipped", self.skipped)
            .field("failed", self.failed)
            .build();
        for &(name, count) in ledger {
            summary.set(name, count);
        }
        for (field, pool) in self.pools.summaries() {
            summary.set(field, pool_structure(&pool));
        }
        let mut attributes = gst::Structure::new_empty("attributes");
        for (attribute, pool) in self.pools.attribute_summaries() {
            attributes.set(attribute, pool_structure(&pool));
        }
        if attributes.n_fields() > 0 {
            summary.set("attributes", attributes);
        }
        messages.push(summary);
        messages
    }

    /// Frames that came.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The property `stats`; `ledger` says what frames came and where they went.
    pub fn stats(&self, ledger: &[(&str, u64)]) -> gst::Structure {
        let mut stats = gst::Structure::new_empty("iqa-stats");
        let counts = [("scored", self.pools.scored()), ("skipped", self.skipped), ("failed", self.failed)];
        for &(name, count) in ledger.iter().chain(&counts) {
            stats.set(name, count);
        }
        let score = self.pools.field(self.settings.main_field);
        let values = [
            ("mean", score.and_then(Pool::mean)),
            ("min", score.and_then(Pool::min)),
            ("p5", score.and_then(|score| score.percentile(5.0))),
            ("last", self.last),
        ];
        for (name, value) in values {
            if let Some(value) = value {
                stats.set(name, value);
            }
        }
        // Times are whole nanoseconds, as everywhere.
        let times = [("latency-mean", self.latency.mean()), ("latency-p99", self.latency.percentile(99.0))];
        for (name, time) in times {
            if let Some(time) = time {
                stats.set(name, time.round() as u64);
            }
        }
        stats
    }

    /// Counts a frame in the window of its running time, and says what follows.
    fn count(&mut self, times: Times, value: Option<f64>) -> Vec<gst::Structure> {
        if self.field != self.settings.alarm_field() {
            self.field = self.settings.alarm_field().to_owned();
            let range = FieldRange::of(&self.field).unwrap_or(FieldRange::SCORE);
            self.window = Window::new(self.settings.window.nseconds(), range);
            self.alarm = Alarm::new(range);
        }
        self.window.set_span(self.settings.window.nseconds());
        // In live mode a score is finished after later frames have passed. It counts when it is finished.
        let running = times.running.map(gst::ClockTime::nseconds);
        self.now = self.now.max(running);
        match self.window.push(running.and(self.now), value) {
            Some(report) => self.window_ended(&report),
            None => Vec::new(),
        }
    }

    fn window_ended(&mut self, report: &WindowReport) -> Vec<gst::Structure> {
        let mut window = gst::Structure::builder("iqa-window")
            .field("scored", report.scored)
            .field("skipped", report.skipped)
            .field("field", &self.field)
            .build();
        for (name, value) in [("mean", report.mean), ("min", report.min), ("p5", report.p5)] {
            if let Some(value) = value {
                window.set(name, value);
            }
        }
        for (name, time) in [("start", report.start), ("end", report.end)] {
            if let Some(time) = time {
                window.set(name, time);
            }
        }
        let mut messages = vec![window];
        let below = self.settings.alarm_below;
        self.alarm.set((below >= 0.0).then_some(below), self.settings.alarm_hysteresis);
        if let Some(change) = self.alarm.update(report.mean) {
            let alarm = gst::Structure::builder("iqa-alarm")
                .field("active", change.active)
                .field("mean", change.mean)
                .field("field", &self.field)
                .build();
            messages.push(alarm);
        }
        messages
    }
}

/// Posts an element's messages. Not under a lock: handlers run at once and may call back.
pub fn post(element: &gst::Element, messages: Vec<gst::Structure>) {
    for structure in messages {
        let _ = element.post_message(gst::message::Element::builder(structure).src(element).build());
    }
}

fn pool_structure(pool: &Summary) -> gst::Structure {
    let mut structure = gst::Structure::new_empty("pool");
    for (statistic, value) in pool.named() {
        structure.set(statistic, value);
    }
    structure
}
