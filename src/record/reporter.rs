// SPDX-License-Identifier: MPL-2.0

//! From the records of one element's frames to windows, alarms, statistics and the summary.

use super::field::Field;
use super::field_pools::FieldPools;
use super::frame::FrameRecord;
use super::summary::{StreamStats, Summary};
use super::verdict::Verdict;
use super::window::{Alarm, Window};
use crate::align::time::{Evidence, Ledger};
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

/// How many reasons a summary gives.
const MOST_REASONS: usize = 16;

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
    /// Pairs that rest on time stamps.
    by_time: u64,
    /// The pictures show that the pairs are wrong.
    contradicted: bool,
    reasons: Vec<String>,
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
            by_time: 0,
            contradicted: false,
            reasons: Vec::new(),
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

    /// A frame has a partner, and what that rests on; whatever becomes of the frame.
    pub fn paired(&mut self, evidence: Evidence) {
        self.by_time += u64::from(evidence == Evidence::Time);
    }

    /// The pictures show that the pairs are wrong: the verdict is [`Verdict::NotAligned`].
    pub fn contradicted(&mut self) {
        self.contradicted = true;
    }

    /// Adds a reason for the verdict, once; at most so many that the summary stays readable.
    pub fn add_reason(&mut self, reason: impl Into<String>) {
        let reason = reason.into();
        if self.reasons.len() < MOST_REASONS && !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
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
            verdict: ledger.map(|ledger| Verdict::of(ledger, self.by_time, self.contradicted)),
            reasons: self.reasons.clone(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::State;

    const S: u64 = 1_000_000_000;

    fn record(score: f64) -> FrameRecord {
        let mut record = FrameRecord::new("metaiqa", Kind::NoReference, State::Scored);
        (record.score, record.latency) = (Some(score), Some(4));
        record.attributes = vec![("noise".into(), score / 2.0)];
        record
    }

    fn reporter(field: &str) -> Reporter {
        let field = field.to_owned();
        Reporter::new(ReporterSettings { alarm_below: Some(40.0), field, ..ReporterSettings::default() })
    }

    #[test]
    fn windows_alarms_and_the_summary_of_a_stream() {
        let mut reporter = reporter("score");
        let mut messages = Vec::new();
        for (n, score) in [80.0, 60.0, 20.0, 30.0].into_iter().enumerate() {
            reporter.arrived();
            messages.extend(reporter.scored(Some(n as u64 * S / 2), &record(score)));
        }
        messages.extend(reporter.failed(Some(2 * S)));
        messages.extend(reporter.skipped(None));
        messages.extend(reporter.unmatched(None));
        messages.extend(reporter.finish("metaiqa", Kind::NoReference, None));
        let [Message::Window(first), Message::Window(second), Message::Alarm(alarm), Message::Window(last), rest] =
            messages.as_slice()
        else {
            panic!("{messages:?}");
        };
        assert_eq!((first.mean, first.min, first.start, first.end), (Some(70.0), Some(60.0), Some(0), Some(S)));
        assert_eq!((second.mean, second.scored, second.field.as_str()), (Some(25.0), 2, "score"));
        assert_eq!((alarm.active, alarm.mean), (true, 25.0));
        assert_eq!((last.mean, last.scored, last.skipped), (None, 0, 3));
        let Message::Summary(summary) = rest else { panic!("{rest:?}") };
        assert_eq!((summary.scored, summary.skipped, summary.failed), (4, 1, 1));
        let (name, noise) = &summary.attributes[0];
        assert_eq!((name.as_str(), noise.get("mean"), noise.count), ("noise", Some(23.75), Some(4)));
    }

    #[test]
    fn statistics_are_of_the_main_field_and_a_restart_forgets_them() {
        let mut reporter = reporter("noise");
        reporter.arrived();
        reporter.scored(Some(0), &record(80.0));
        let stats = reporter.stats(None);
        assert_eq!(
            (stats.frames, stats.mean, stats.last, stats.latency_mean),
            (Some(1), Some(80.0), Some(80.0), Some(4))
        );
        let ledger = Ledger { distorted: 1, ..Ledger::default() };
        let stats = reporter.stats(Some(ledger));
        assert_eq!((stats.frames, stats.ledger), (None, Some(ledger)));
        reporter.restart();
        assert_eq!(reporter.stats(None), StreamStats { frames: Some(0), ..StreamStats::default() });
        assert_eq!(reporter.settings.field, "noise");
    }

    #[test]
    fn the_verdict_counts_what_pairs_rest_on() {
        let mut reporter = reporter("score");
        let ledger = Ledger { distorted: 3, matched: 3, ..Ledger::default() };
        let summary = |reporter: &mut Reporter| match reporter.finish("none", Kind::FullReference, Some(ledger)).pop() {
            Some(Message::Summary(summary)) => summary,
            other => panic!("{other:?}"),
        };
        for evidence in [Evidence::Time, Evidence::Picture, Evidence::Time] {
            reporter.paired(evidence);
        }
        assert_eq!(summary(&mut reporter).verdict, Some(Verdict::AlignedByTime));
        reporter.contradicted();
        for _ in 0..2 {
            reporter.add_reason("the pictures are turned by 90°");
        }
        let found = summary(&mut reporter);
        assert_eq!((found.verdict, found.reasons.len()), (Some(Verdict::NotAligned), 1));
        let nr = reporter.finish("metaiqa", Kind::NoReference, None).pop();
        assert!(matches!(nr, Some(Message::Summary(Summary { verdict: None, .. }))), "{nr:?}");
    }

    #[test]
    fn another_field_begins_another_window() {
        let mut reporter = reporter("score");
        reporter.scored(Some(0), &record(80.0));
        reporter.settings.field = "noise".to_owned();
        reporter.scored(Some(S / 2), &record(60.0));
        let messages = reporter.finish("metaiqa", Kind::NoReference, None);
        let [Message::Window(window), Message::Alarm(_), Message::Summary(_)] = messages.as_slice() else {
            panic!("{messages:?}");
        };
        assert_eq!((window.field.as_str(), window.mean, window.scored), ("noise", Some(30.0), 1));
    }

    #[test]
    fn a_late_score_counts_now_and_a_discontinuity_sets_time_back() {
        let mut reporter = reporter("score");
        assert!(reporter.skipped(Some(5 * S / 2)).is_empty());
        // Finished after the frame of 2.5 s has passed.
        assert!(reporter.scored(Some(0), &record(80.0)).is_empty());
        reporter.discontinuity();
        reporter.scored(Some(0), &record(70.0));
        let messages = reporter.finish("metaiqa", Kind::NoReference, None);
        let Some(Message::Window(window)) = messages.first() else { panic!("{messages:?}") };
        assert_eq!((window.start, window.scored, window.mean), (Some(0), 1, Some(70.0)));
    }
}
