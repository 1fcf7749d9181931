// SPDX-License-Identifier: MPL-2.0

//! From the records of one element's frames to windows, alarms, statistics and the summary.

use super::field::Field;
use super::field_pools::FieldPools;
use super::frame::FrameRecord;
use super::summary::{StreamStats, Summary};
use super::window::{Alarm, Window};
use crate::align::time::Ledger;
use crate::model::contract::Kind;
use crate::stats::{AlarmMonitor, FieldRange, Pool, WindowPools, WindowStatistics};

/// What a [`Reporter`] looks at.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ReporterSettings {
    /// Span of a window, in nanoseconds of running time; 0 is taken as 1.
    pub window: u64,
    /// The field or attribute that statistics are about: the main figure of the element.
    pub main_field: String,
    /// The field or attribute that windows and alarms look at.
    pub field: String,
    /// The alarm is raised when a window's mean falls below; `None` is off.
    pub alarm_below: Option<f64>,
    /// How far above it the alarm clears.
    pub alarm_hysteresis: f64,
}

/// One second, the score, no alarm.
impl Default for ReporterSettings {
    fn default() -> Self {
        Self {
            window: 1_000_000_000,
            main_field: "score".to_owned(),
            field: "score".to_owned(),
            alarm_below: None,
            alarm_hysteresis: 5.0,
        }
    }
}

/// What a [`Reporter`] has to say.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Message {
    /// A window has ended.
    Window(Window),
    /// The alarm was raised or has cleared.
    Alarm(Alarm),
    /// The stream has ended.
    Summary(Summary),
}

/// Counts frames and scores of one element, and says what they come to.
///
/// Its size is fixed however long the stream is. Every frame is counted once, by one of [`skipped`](Self::skipped),
/// [`unmatched`](Self::unmatched), [`failed`](Self::failed) and [`scored`](Self::scored), when that is known.
#[derive(Debug)]
pub struct Reporter {
    /// May change at any time.
    pub settings: ReporterSettings,
    frames: u64,
    skipped: u64,
    failed: u64,
    last: Option<f64>,
    latency: Pool,
    pools: FieldPools,
    /// What `windows` and `alarm` look at.
    field: String,
    windows: WindowPools,
    alarm: AlarmMonitor,
    /// The latest running time of any frame.
    now: Option<u64>,
}

impl Reporter {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(settings: ReporterSettings) -> Self {
        let field = settings.field.clone();
        let range = range_of(&field);
        Self {
            frames: 0,
            skipped: 0,
            failed: 0,
            last: None,
            latency: Pool::new(FieldRange::TIME),
            pools: FieldPools::new(),
            windows: WindowPools::new(settings.window, range),
            alarm: AlarmMonitor::new(range),
            field,
            now: None,
            settings,
        }
    }

    /// Forgets all counts, as for another stream.
    pub fn restart(&mut self) {
        *self = Self::new(std::mem::take(&mut self.settings));
    }

    /// Time starts anew, as after a flush. The pools are over the whole stream and stay.
    pub fn discontinuity(&mut self) {
        self.windows.reset();
        self.now = None;
    }

    /// A frame came.
    pub fn arrived(&mut self) {
        self.frames += 1;
    }

    /// Frames that came.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// A frame goes on that was not to be scored; `running_time` in nanoseconds, here and below.
    pub fn skipped(&mut self, running_time: Option<u64>) -> Vec<Message> {
        self.skipped += 1;
        self.count(running_time, None)
    }

    /// A frame has nothing to be compared with.
    pub fn unmatched(&mut self, running_time: Option<u64>) -> Vec<Message> {
        self.count(running_time, None)
    }

    /// A frame could not be scored.
    pub fn failed(&mut self, running_time: Option<u64>) -> Vec<Message> {
        self.failed += 1;
        self.count(running_time, None)
    }

    /// A score is finished.
    pub fn scored(&mut self, running_time: Option<u64>, record: &FrameRecord) -> Vec<Message> {
        self.last = record.value(&self.settings.main_field).or(self.last);
        if let Some(latency) = record.latency {
            self.latency.push(latency as f64);
        }
        self.pools.count(record);
        self.count(running_time, record.value(&self.settings.field))
    }

    /// The stream ends: the last window, and the summary. `ledger` says what became of the frames of a comparison.
    pub fn finish(&mut self, model: &str, kind: Kind, ledger: Option<Ledger>) -> Vec<Message> {
        let mut messages = match self.windows.finish() {
            Some(window) => self.window_ended(&window),
            None => Vec::new(),
        };
        messages.push(Message::Summary(Summary {
            model: Some(model.to_owned()),
            kind: Some(kind),
            scored: self.pools.scored(),
            skipped: self.skipped,
            failed: self.failed,
            ledger,
            fields: self.pools.pooled_fields(),
            attributes: self.pools.pooled_attributes(),
        }));
        messages
    }

    /// How the stream stands; `ledger` says what frames of a comparison came and where they went.
    #[must_use]
    pub fn stats(&self, ledger: Option<Ledger>) -> StreamStats {
        let main = self.pools.field(&self.settings.main_field);
        // Times are whole nanoseconds, as everywhere.
        let time = |time: Option<f64>| time.map(|time| time.round() as u64);
        StreamStats {
            frames: ledger.is_none().then_some(self.frames),
            ledger,
            scored: self.pools.scored(),
            skipped: self.skipped,
            failed: self.failed,
            mean: main.and_then(Pool::mean),
            min: main.and_then(Pool::min),
            p5: main.and_then(|main| main.percentile(5.0)),
            last: self.last,
            latency_mean: time(self.latency.mean()),
            latency_p99: time(self.latency.percentile(99.0)),
        }
    }

    /// Counts a frame in the window of its running time, and says what follows.
    fn count(&mut self, running_time: Option<u64>, value: Option<f64>) -> Vec<Message> {
        if self.field != self.settings.field {
            self.field.clone_from(&self.settings.field);
            let range = range_of(&self.field);
            self.windows = WindowPools::new(self.settings.window, range);
            self.alarm = AlarmMonitor::new(range);
        }
        self.windows.set_span(self.settings.window);
        // In live mode a score is finished after later frames have passed. It counts when it is finished.
        self.now = self.now.max(running_time);
        match self.windows.push(running_time.and(self.now), value) {
            Some(window) => self.window_ended(&window),
            None => Vec::new(),
        }
    }

    fn window_ended(&mut self, window: &WindowStatistics) -> Vec<Message> {
        let mut messages = vec![Message::Window(Window::new(&self.field, window))];
        self.alarm.set(self.settings.alarm_below, self.settings.alarm_hysteresis);
        if let Some(change) = self.alarm.update(window.mean) {
            messages.push(Message::Alarm(Alarm::new(&self.field, change)));
        }
        messages
    }
}

/// The range of a field; what the table does not have is an attribute of the model, which is scaled as a score is.
fn range_of(field: &str) -> FieldRange {
    Field::named(field).and_then(|field| field.range).unwrap_or(FieldRange::SCORE)
}
