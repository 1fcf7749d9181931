//! What elements say of a whole stream: statistics, windows, alarms, the pool at the end. The sums are the engine's.

mod entry;
mod settings;

pub use entry::{Entry, Subject, Times};
pub use settings::Settings;

use onnx_iqa::pool::{Alarm, FieldPools, FieldRange, Pool, Summary, Window, WindowReport};

/// Counts frames and scores, and makes the messages of it. It posts nothing itself, so that nobody's handler runs under a lock.
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
        let settings = Settings::default();
        let range = FieldRange::of(&settings.alarm_field).unwrap_or(FieldRange::SCORE);
        Self {
            frames: 0,
            skipped: 0,
            failed: 0,
            last: None,
            latency: Pool::new(FieldRange::TIME),
            pools: FieldPools::new(),
            field: settings.alarm_field.clone(),
            window: Window::new(settings.window.nseconds(), range),
            alarm: Alarm::new(range),
            now: None,
            settings,
        }
    }
}

impl Report {
    /// Counts from nothing, as the element goes from READY to PAUSED.
    pub fn restart(&mut self) {
        let settings = std::mem::take(&mut self.settings);
        *self = Self { settings, ..Self::default() };
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

    /// A frame could not be scored.
    pub fn failed(&mut self, times: Times) -> Vec<gst::Structure> {
        self.failed += 1;
        self.count(times, None)
    }

    /// A score is finished.
    pub fn scored(&mut self, entry: &Entry, subject: &Subject) -> Vec<gst::Structure> {
        self.last = Some(entry.score());
        self.latency.push(entry.latency().nseconds() as f64);
        self.pools.count_frame();
        for (field, value) in entry.fields() {
            self.pools.push(field, value);
        }
        for (attribute, value) in entry.attributes() {
            self.pools.push_attribute(attribute, *value);
        }
        let mut messages = Vec::new();
        if self.settings.frame_messages {
            let mut message = entry.scored(subject);
            let times = entry.times();
            for (field, time) in [("running-time", times.running), ("stream-time", times.stream)] {
                if let Some(time) = time {
                    message.set(field, time.nseconds());
                }
            }
            messages.push(message);
        }
        messages.extend(self.count(entry.times(), entry.value(&self.settings.alarm_field)));
        messages
    }

    /// The stream ends: the last window, and the pool.
    pub fn finish(&mut self, subject: &Subject) -> Vec<gst::Structure> {
        let mut messages = match self.window.finish() {
            Some(report) => self.window_ended(&report),
            None => Vec::new(),
        };
        let mut summary = gst::Structure::builder("iqa-summary")
            .field("model", &subject.model)
            .field("kind", subject.kind)
            .field("scored", self.pools.scored())
            .field("skipped", self.skipped)
            .field("failed", self.failed)
            .build();
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

    /// The property `stats`.
    pub fn stats(&self) -> gst::Structure {
        let mut stats = gst::Structure::builder("iqa-stats")
            .field("frames", self.frames)
            .field("scored", self.pools.scored())
            .field("skipped", self.skipped)
            .field("failed", self.failed)
            .build();
        let score = self.pools.field("score");
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
        if self.field != self.settings.alarm_field {
            self.field = self.settings.alarm_field.clone();
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

fn pool_structure(pool: &Summary) -> gst::Structure {
    let mut structure = gst::Structure::new_empty("pool");
    for (statistic, value) in pool.named() {
        structure.set(statistic, value);
    }
    structure
}
