// SPDX-License-Identifier: MPL-2.0

//! From the records of one element's frames to windows, alarms, warnings, statistics and the summary.

use super::doubts::Doubts;
use super::field::Field;
use super::field_pools::FieldPools;
use super::finding::Finding;
use super::frame::FrameRecord;
use super::pair_doubts::PairDoubts;
use super::place::{Place, Timeline};
use super::summary::{StreamStats, Summary};
use super::verdict::Verdict;
use super::warning::Warning;
use super::window::{Alarm, Window};
use crate::align::Suspicions;
use crate::align::time::{Evidence, Ledger};
use crate::metrics::{Missing, SwapDetector};
use crate::model::contract::Kind;
use crate::stats::{AlarmMonitor, FieldRange, Pool, WindowPools, WindowStatistics};

/// The settings of a [`Reporter`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ReporterSettings {
    /// Length of a window, in nanoseconds of running time; 0 counts as 1.
    pub window: u64,
    /// The field or attribute that statistics are about: the element's main number.
    pub main_field: String,
    /// The field or attribute that windows and alarms watch.
    pub field: String,
    /// The alarm is raised when a window's mean falls below this; `None` is off.
    pub alarm_below: Option<f64>,
    /// The alarm is raised when a window's mean rises above this; `None` is off.
    pub alarm_above: Option<f64>,
    /// How far beyond the limit, on its good side, the alarm clears.
    pub alarm_hysteresis: f64,
    /// The fields and attributes that records can have; empty: unknown.
    pub known_fields: Vec<String>,
    /// The raw values that a model's contract shows as 0 and as 100, the smaller one first; `None`: there is no model.
    pub raw_range: Option<[f64; 2]>,
    /// The name of VMAF's model; `None`: VMAF is not measured.
    pub vmaf_model: Option<String>,
    /// The first 12 hexadecimal digits of the SHA-256 of the model's file; `None`: there is no model.
    pub model_hash: Option<String>,
    /// The same for VMAF's model.
    pub vmaf_model_hash: Option<String>,
    /// References apply to frames whatever they show ([`Alignment::Still`](crate::align::time::Alignment::Still)), so
    /// pairs cause no warnings.
    pub is_still: bool,
}

/// The most reasons in a summary.
const MOST_REASONS: usize = 16;

/// One second, the score, no alarm.
impl Default for ReporterSettings {
    fn default() -> Self {
        Self {
            window: 1_000_000_000,
            main_field: "score".to_owned(),
            field: "score".to_owned(),
            alarm_below: None,
            alarm_above: None,
            alarm_hysteresis: 5.0,
            known_fields: Vec::new(),
            raw_range: None,
            vmaf_model: None,
            model_hash: None,
            vmaf_model_hash: None,
            is_still: false,
        }
    }
}

/// An output of a [`Reporter`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Message {
    /// A window has ended.
    Window(Window),
    /// The alarm was raised or has cleared.
    Alarm(Alarm),
    /// The stream has ended.
    Summary(Summary),
    /// A reason to doubt the numbers; each kind once.
    Warning(Warning),
}

/// Counts the frames and scores of one element and derives statistics, windows, alarms and warnings.
///
/// Its size is fixed however long the stream is. Every frame is counted once, by one of [`skipped`](Self::skipped),
/// [`unmatched`](Self::unmatched), [`failed`](Self::failed) and [`scored`](Self::scored), when its outcome is known.
#[derive(Debug)]
pub struct Reporter {
    /// May be changed at any time.
    pub settings: ReporterSettings,
    frames: u64,
    skipped: u64,
    failed: u64,
    pairs: PairDoubts,
    findings: Vec<Finding>,
    last: Option<f64>,
    latency: Pool,
    pools: FieldPools,
    /// The field that `windows` and `alarm` watch.
    field: String,
    windows: WindowPools,
    alarm: AlarmMonitor,
    timeline: Timeline,
    /// Whether a frame in the open window had a time stamp.
    timed: bool,
    doubts: Doubts,
}

impl Reporter {
    /// Starts with nothing counted.
    #[must_use]
    pub fn new(settings: ReporterSettings) -> Self {
        let field = settings.field.clone();
        let range = range_of(&field);
        Self {
            frames: 0,
            skipped: 0,
            failed: 0,
            pairs: PairDoubts::default(),
            findings: Vec::new(),
            last: None,
            latency: Pool::new(FieldRange::TIME),
            pools: FieldPools::new(),
            windows: WindowPools::new(settings.window, range),
            alarm: AlarmMonitor::new(range),
            field,
            timeline: Timeline::default(),
            timed: false,
            doubts: Doubts::default(),
            settings,
        }
    }

    /// Clears all counts, for another stream.
    pub fn restart(&mut self) {
        *self = Self::new(std::mem::take(&mut self.settings));
    }

    /// Time starts again, as after a flush. Pools cover the whole stream and are kept.
    pub fn discontinuity(&mut self) {
        self.windows.reset();
        self.timeline = Timeline::default();
        self.timed = false;
    }

    /// Checks the settings, once the available fields are known. Later changes are checked with the next frame.
    pub fn check_settings(&mut self) -> Vec<Message> {
        self.doubts.settings(&self.settings).into_iter().map(Message::Warning).collect()
    }

    /// A frame has arrived.
    pub fn arrived(&mut self) {
        self.frames += 1;
    }

    /// A frame has a partner: what the pairing rests on, and how far it can be trusted. Whatever becomes of the frame.
    pub fn paired(&mut self, evidence: Evidence, confidence: f64) {
        if !self.settings.is_still {
            self.pairs.paired(evidence, confidence);
        }
    }

    /// The evidence of the pairs so far about which stream of a comparison is the source.
    pub fn set_swap_detector(&mut self, detector: SwapDetector) {
        self.pairs.set_swap_detector(detector);
    }

    /// New warnings about a comparison's pairs. `ledger` counts its frames so far; `suspicions`, what probably keeps
    /// the streams apart, apply until they are replaced.
    pub fn check_pairs(&mut self, ledger: Ledger, suspicions: Suspicions) -> Vec<Message> {
        if self.settings.is_still {
            return Vec::new();
        }
        self.suspect(suspicions);
        self.pairs.first(ledger).into_iter().map(Message::Warning).collect()
    }

    /// What probably keeps the streams of a comparison apart.
    pub fn suspect(&mut self, suspicions: Suspicions) {
        self.pairs.suspect(suspicions);
    }

    /// Adds a reason for the verdict, replacing one of the same kind; limited so that the summary stays readable.
    fn add_reason(&mut self, finding: Finding) {
        if let Some(known) = self.findings.iter_mut().find(|known| known.kind == finding.kind) {
            *known = finding;
        } else if self.findings.len() < MOST_REASONS {
            self.findings.push(finding);
        }
    }

    /// Frames that have arrived.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// A frame leaves that was not selected for scoring. `place` is its position, here and below; a running time in
    /// nanoseconds is sufficient.
    pub fn skipped(&mut self, place: impl Into<Place>) -> Vec<Message> {
        self.skipped += 1;
        self.count(place.into(), None)
    }

    /// A frame leaves that was measured but not selected for scoring: its numbers count, and it counts as skipped.
    pub fn measured(&mut self, place: impl Into<Place>, record: &FrameRecord) -> Vec<Message> {
        self.skipped += 1;
        self.last = record.value(&self.settings.main_field).or(self.last);
        self.pools.count_measures(record, |_| f64::INFINITY);
        self.count(place.into(), record.value(&self.settings.field))
    }

    /// A frame has no partner.
    pub fn unmatched(&mut self, place: impl Into<Place>) -> Vec<Message> {
        self.pairs.unmatched();
        self.count(place.into(), None)
    }

    /// A frame could not be scored.
    pub fn failed(&mut self, place: impl Into<Place>) -> Vec<Message> {
        self.failed += 1;
        self.count(place.into(), None)
    }

    /// A frame leaves that will be counted when its result arrives, as [`Place::Passed`].
    pub fn passed(&mut self, place: impl Into<Place>) -> Vec<Message> {
        let mut messages = self.follow_settings();
        let place = place.into();
        if let Some(window) = self.timeline.place(place).and_then(|now| self.windows.advance(now)) {
            messages.extend(self.window_ended(&window));
        }
        self.timed |= is_timed(place);
        messages
    }

    /// A score is complete.
    pub fn scored(&mut self, place: impl Into<Place>, record: &FrameRecord) -> Vec<Message> {
        self.last = record.value(&self.settings.main_field).or(self.last);
        if let Some(latency) = record.latency {
            self.latency.push(latency as f64);
        }
        self.pools.count(record);
        let mut messages = self.count(place.into(), record.value(&self.settings.field));
        messages.extend(self.doubts.scored(&self.settings, record).into_iter().map(Message::Warning));
        messages
    }

    /// A frame lacks a measure's value.
    pub fn lacks(&mut self, missing: &Missing) -> Vec<Message> {
        self.doubts.lacks(missing).into_iter().map(Message::Warning).collect()
    }

    /// The stream ends: the last window, and the summary. `ledger` has the counts of a comparison.
    pub fn finish(&mut self, model: &str, kind: Kind, ledger: Option<Ledger>) -> Vec<Message> {
        let mut messages = match self.windows.finish() {
            Some(window) => self.window_ended(&window),
            None => Vec::new(),
        };
        let doubted = ledger.filter(|_| !self.settings.is_still);
        let of_pairs = doubted.map_or_else(Vec::new, |ledger| self.pairs.last(ledger));
        for (warning, said) in self.nothing(ledger).map(|warning| (warning, true)).into_iter().chain(of_pairs) {
            if ledger.is_some() {
                self.add_reason(warning.finding());
            }
            if said {
                messages.push(Message::Warning(warning));
            }
        }
        let pairs = &self.pairs;
        let verdict = ledger.map(|ledger| Verdict::of(ledger, pairs.by_time(), pairs.is_contradicted()));
        if verdict == Some(Verdict::AlignedByTime) {
            let cause = "most pairs rest on time stamps: the pictures do not tell them from their neighbors";
            self.add_reason(Finding::new("by-time", cause, None));
        }
        messages.push(Message::Summary(Summary {
            model: Some(model.to_owned()),
            model_hash: self.settings.model_hash.clone(),
            vmaf_model: self.settings.vmaf_model.clone(),
            vmaf_model_hash: self.settings.vmaf_model_hash.clone(),
            kind: Some(kind),
            scored: self.pools.scored(),
            skipped: self.skipped,
            failed: self.failed,
            ledger,
            verdict,
            reasons: self.findings.iter().map(Finding::to_string).collect(),
            findings: self.findings.clone(),
            fields: self.pools.pooled_fields(),
            attributes: self.pools.pooled_attributes(),
        }));
        messages
    }

    /// The present statistics; `ledger` has the counts of a comparison.
    #[must_use]
    pub fn stats(&self, ledger: Option<Ledger>) -> StreamStats {
        let main = self.pools.field(&self.settings.main_field);
        // Times are integers in nanoseconds.
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

    /// Whether the alarm is raised; `None`: no alarm is set.
    #[must_use]
    pub fn alarm(&self) -> Option<bool> {
        let is_set = self.settings.alarm_below.is_some() || self.settings.alarm_above.is_some();
        is_set.then(|| self.alarm.active())
    }

    /// The warning about a stream without a score.
    fn nothing(&self, ledger: Option<Ledger>) -> Option<Warning> {
        if self.pools.scored() > 0 {
            return None;
        }
        let frames = match ledger {
            None if self.frames == 0 => return Some(Warning::NoFrames { side: None }),
            None => self.frames,
            Some(Ledger { distorted: 0, .. }) => return Some(Warning::NoFrames { side: Some("distorted") }),
            Some(Ledger { reference: 0, .. }) => return Some(Warning::NoFrames { side: Some("reference") }),
            // This is reported for the pairs.
            Some(Ledger { matched: 0, duplicate: 0, .. }) => return None,
            Some(ledger) => ledger.distorted,
        };
        (self.failed == 0).then_some(Warning::NothingScored { frames })
    }

    /// Counts a frame in the window at its position.
    fn count(&mut self, place: Place, value: Option<f64>) -> Vec<Message> {
        let mut messages = self.follow_settings();
        let now = self.timeline.place(place);
        if let Some(window) = self.windows.push(now, value) {
            messages.extend(self.window_ended(&window));
        }
        self.timed |= is_timed(place);
        messages
    }

    /// Applies the present settings.
    fn follow_settings(&mut self) -> Vec<Message> {
        if self.field != self.settings.field {
            self.field.clone_from(&self.settings.field);
            let range = range_of(&self.field);
            self.windows = WindowPools::new(self.settings.window, range);
            self.alarm = AlarmMonitor::new(range);
        }
        self.windows.set_span(self.settings.window);
        self.check_settings()
    }

    fn window_ended(&mut self, window: &WindowStatistics) -> Vec<Message> {
        let mut ended = Window::new(&self.field, window);
        if !std::mem::take(&mut self.timed) {
            // Its position in the stream is known only by counting.
            (ended.start, ended.end) = (None, None);
        }
        let mut messages = vec![Message::Window(ended)];
        self.alarm.set(self.settings.alarm_below, self.settings.alarm_hysteresis);
        self.alarm.set_above(self.settings.alarm_above);
        if let Some(change) = self.alarm.update(window.mean) {
            messages.push(Message::Alarm(Alarm::new(&self.field, change)));
        }
        messages
    }
}

fn is_timed(place: Place) -> bool {
    matches!(place, Place::Next { running_time: Some(_), .. })
}

/// The range of a field; a field that is not in the table is an attribute of the model, with a score's range.
pub(super) fn range_of(field: &str) -> FieldRange {
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
        for (evidence, confidence) in [(Evidence::Time, 0.4), (Evidence::Picture, 0.9), (Evidence::Time, 0.05)] {
            reporter.paired(evidence, confidence);
        }
        assert_eq!(summary(&mut reporter).verdict, Some(Verdict::AlignedByTime));
        reporter.paired(Evidence::Time, 0.05);
        assert_eq!(summary(&mut reporter).verdict, Some(Verdict::AlignedByTime), "two of four");
        reporter.paired(Evidence::Time, 0.05);
        let contradicted = summary(&mut reporter);
        assert_eq!(contradicted.verdict, Some(Verdict::NotAligned));
        assert!(contradicted.reasons.iter().any(|reason| reason.contains("contradict 3 of 5 pairs")));
        let orientation = Some(crate::align::space::Orientation::Turned90);
        let suspicions = Suspicions { orientation, offset: None };
        for _ in 0..2 {
            reporter.check_pairs(ledger, suspicions);
        }
        let found = summary(&mut reporter);
        let turned = found.reasons.iter().filter(|reason| reason.contains("90°")).count();
        assert_eq!((found.verdict, turned), (Some(Verdict::NotAligned), 1), "{:?}", found.reasons);
        assert!(found.reasons.iter().any(|reason| reason.contains("rest on time stamps")), "{:?}", found.reasons);
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
        assert!(reporter.scored(Place::Passed, &record(80.0)).is_empty());
        reporter.discontinuity();
        reporter.scored(Some(0), &record(70.0));
        let messages = reporter.finish("metaiqa", Kind::NoReference, None);
        let Some(Message::Window(window)) = messages.first() else { panic!("{messages:?}") };
        assert_eq!((window.start, window.scored, window.mean), (Some(0), 1, Some(70.0)));
    }

    fn windows(messages: &[Message]) -> Vec<(Option<u64>, Option<u64>, u64)> {
        let window = |message: &Message| match message {
            Message::Window(window) => Some((window.start, window.end, window.scored)),
            _ => None,
        };
        messages.iter().filter_map(window).collect()
    }

    /// A camera that has run for ten hours begins at 0 again.
    #[test]
    fn windows_and_alarms_go_on_when_time_jumps_back() {
        let mut reporter = reporter("score");
        let mut messages = Vec::new();
        for n in 0..3 {
            messages.extend(reporter.scored(Some(36_000 * S + n * S / 2), &record(80.0)));
        }
        for n in 0..5 {
            messages.extend(reporter.scored(Some(n * S / 2), &record(20.0)));
        }
        let hours = 36_000 * S;
        assert_eq!(
            windows(&messages),
            [
                (Some(hours), Some(hours + S), 2),
                // Cut short by the jump.
                (Some(hours + S), Some(hours + S), 1),
                (Some(0), Some(S), 2),
                (Some(S), Some(2 * S), 2)
            ]
        );
        let alarms = messages.iter().filter(|message| matches!(message, Message::Alarm(alarm) if alarm.active));
        assert_eq!(alarms.count(), 1, "{messages:?}");
    }

    #[test]
    fn frames_without_a_time_fill_windows_by_their_durations() {
        let mut reporter = reporter("score");
        let mut messages = Vec::new();
        for _ in 0..11 {
            let place = Place::Next { running_time: None, duration: Some(S / 5) };
            messages.extend(reporter.scored(place, &record(20.0)));
        }
        // Five of a fifth of a second each; nothing is known of when that was.
        assert_eq!(windows(&messages), [(None, None, 5), (None, None, 5)]);
        assert!(messages.iter().any(|message| matches!(message, Message::Alarm(alarm) if alarm.active)));
    }

    #[test]
    fn frames_that_pass_before_their_results_move_windows_on() {
        let mut reporter = reporter("score");
        let mut messages = reporter.passed(Some(0));
        messages.extend(reporter.scored(Place::Passed, &record(80.0)));
        messages.extend(reporter.passed(Some(3 * S)));
        messages.extend(reporter.scored(Place::Passed, &record(60.0)));
        messages.extend(reporter.passed(Some(4 * S)));
        assert_eq!(windows(&messages), [(Some(0), Some(S), 1), (Some(3 * S), Some(4 * S), 1)]);
    }

    #[test]
    fn an_alarm_may_be_on_what_rises() {
        let mut reporter = reporter("score");
        (reporter.settings.alarm_below, reporter.settings.alarm_above) = (None, Some(90.0));
        let mut messages = Vec::new();
        for (n, score) in [95.0, 88.0, 84.0, 84.0].into_iter().enumerate() {
            messages.extend(reporter.scored(Some(n as u64 * S), &record(score)));
        }
        let alarm = |message: &Message| match message {
            Message::Alarm(alarm) => Some((alarm.active, alarm.mean)),
            _ => None,
        };
        assert_eq!(messages.iter().filter_map(alarm).collect::<Vec<_>>(), [(true, 95.0), (false, 84.0)]);
    }

    fn nothing(reporter: &mut Reporter, ledger: Option<Ledger>) -> Option<Warning> {
        let messages = reporter.finish("metaiqa", Kind::NoReference, ledger);
        messages.into_iter().find_map(|message| match message {
            Message::Warning(warning) => Some(warning),
            _ => None,
        })
    }

    #[test]
    fn a_stream_without_a_score_says_so() {
        let mut reporter = reporter("score");
        assert_eq!(nothing(&mut reporter, None), Some(Warning::NoFrames { side: None }));
        reporter.arrived();
        reporter.skipped(Some(0));
        assert_eq!(nothing(&mut reporter, None), Some(Warning::NothingScored { frames: 1 }));
        let ledger = |distorted, reference, matched| Ledger { distorted, reference, matched, ..Ledger::default() };
        for (ledger, expected) in [
            (ledger(0, 5, 0), Warning::NoFrames { side: Some("distorted") }),
            (ledger(5, 0, 0), Warning::NoFrames { side: Some("reference") }),
            (ledger(5, 6, 0), Warning::NothingMatched { distorted: 5, reference: 6 }),
            (ledger(5, 6, 5), Warning::NothingScored { frames: 5 }),
        ] {
            assert_eq!(nothing(&mut reporter, Some(ledger)), Some(expected));
        }
        let partly = Ledger { unmatched: 3, dropped: 2, ..ledger(100, 99, 97) };
        let expected = Warning::PartlyMatched { distorted: 100, unmatched: 3, dropped: 2 };
        assert!(reporter.finish("none", Kind::FullReference, Some(partly)).contains(&Message::Warning(expected)));
        reporter.failed(Some(0));
        assert_eq!(nothing(&mut reporter, None), None, "a failure is warned of when it comes");
        reporter.scored(Some(0), &record(50.0));
        assert_eq!(nothing(&mut reporter, Some(ledger(5, 6, 5))), None);
        assert_eq!(nothing(&mut reporter, None), None);
    }
}
