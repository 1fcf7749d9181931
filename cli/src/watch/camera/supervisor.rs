// SPDX-License-Identifier: MPL-2.0

//! Thread of a camera: connects, monitors, disconnects and waits, and reports what it observes.

use super::backoff::Backoff;
use super::connection::{Connection, Said};
use super::deadline::Abandoned;
use super::feed::{Feed, Known};
use super::freshness::{Course, Verdict};
use super::reports::Reports;
use super::{Shared, Signals};
use crate::watch::config::Camera;
use crate::watch::moment::Moment;
use crate::watch::status::{Reason, State};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Polling interval.
const STEP: Duration = Duration::from_millis(200);

/// Maximum number of hanging pipelines per camera, so that one camera cannot take down the program.
const MOST_HANGING: usize = 2;

/// Minimum interval between restarts of a file.
const SHORTEST: Duration = Duration::from_secs(1);

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq)]
enum Ending {
    /// The camera is no longer monitored.
    Stopped,
    /// It must be replaced.
    Lost {
        reason: Reason,
        /// Description.
        text: String,
        /// Another attempt is unlikely to help.
        lasting: bool,
    },
}

impl Ending {
    fn lost(reason: Reason, text: impl Into<String>) -> Self {
        Self::Lost { reason, text: text.into(), lasting: false }
    }
}

/// Context of a camera's thread.
pub struct Supervisor {
    camera: Camera,
    shared: Arc<Shared>,
    feed: Arc<Feed>,
    signals: Arc<Signals>,
    reports: Reports,
    backoff: Backoff,
    /// Hanging pipelines of this camera.
    abandoned: Arc<Abandoned>,
}

impl Supervisor {
    /// Creates the initial state.
    pub fn new(camera: Camera, shared: Arc<Shared>, feed: Arc<Feed>, signals: Arc<Signals>) -> Self {
        let reports = Reports::new(&camera, shared.wall.clone(), feed.clone());
        let abandoned = Arc::new(Abandoned::within_all(shared.abandoned.clone()));
        Self { camera, shared, feed, signals, reports, backoff: Backoff::default(), abandoned }
    }

    /// Monitors the camera until requested to stop.
    pub fn run(mut self) {
        let start = Instant::now();
        while !self.signals.is_stopped() {
            let (ending, pictures) = self.connect();
            let Ending::Lost { reason, text, lasting } = ending else { break };
            if reason == Reason::Ended && self.camera.address.is_file() && !pictures.is_zero() {
                // The end of a file is not an outage; a very short one, such as a picture, must not restart in a tight
                // loop.
                self.reports.reconnects(reason);
                self.wait(SHORTEST.saturating_sub(pictures));
                continue;
            }
            let outage = self.feed.known().newest.map_or(start, |newest| newest.at.steady).elapsed();
            let wait = match lasting {
                true => self.backoff.long_wait(rand::random()),
                false => self.backoff.wait(pictures, outage, rand::random()),
            };
            let state = if lasting { State::Error } else { State::Offline };
            self.reports.lost(state, reason, text, wait);
            self.wait(wait);
        }
        if !self.shared.ends() {
            self.reports.end_alarms();
        }
    }

    /// Runs a connection; returns why it ended and how long it provided pictures.
    fn connect(&mut self) -> (Ending, Duration) {
        let hanging = self.abandoned.count();
        if hanging >= MOST_HANGING {
            let text = format!("{hanging} of its pipelines hang: no new connection until one has returned");
            return (Ending::lost(Reason::Hung, text), Duration::ZERO);
        }
        let started = Connection::start(&self.camera, &self.shared.scoring, &self.feed, &self.abandoned);
        let connection = match started {
            Ok(Some(connection)) => connection,
            Ok(None) => return (Ending::lost(Reason::Hung, "its pipeline does not start"), Duration::ZERO),
            Err(error) => {
                let text = crate::secret::redact(&format!("{error:#}"));
                return (Ending::Lost { reason: Reason::Error, text, lasting: true }, Duration::ZERO);
            }
        };
        let (begun, frames) = (Instant::now(), self.feed.frames());
        let ending = self.watch(&connection, begun);
        let pictures = if self.feed.frames() > frames { begun.elapsed() } else { Duration::ZERO };
        self.reports.end_connection(&connection);
        let hangs = !connection.end(&self.abandoned);
        let ending = match ending {
            Ending::Lost { text, .. } if hangs => {
                Ending::lost(Reason::Hung, format!("{text}; its pipeline does not stop and was abandoned"))
            }
            ending => ending,
        };
        (ending, pictures)
    }

    /// Monitors until the connection has to end.
    fn watch(&mut self, connection: &Connection, begun: Instant) -> Ending {
        let frames = self.feed.frames();
        loop {
            if self.signals.is_stopped() {
                return Ending::Stopped;
            }
            self.signals.beat();
            match connection.listen(STEP) {
                Some(Said::Score(record)) => self.reports.scored(&record),
                Some(Said::Warned(remarks)) => self.reports.warned(&remarks),
                Some(Said::Ended) => {
                    self.step(connection, begun, frames);
                    return Ending::lost(Reason::Ended, "its stream has ended");
                }
                Some(Said::Failed { text, lasting }) => return Ending::Lost { reason: Reason::Error, text, lasting },
                None => {}
            }
            if let Some(silence) = self.step(connection, begun, frames) {
                return Ending::lost(Reason::Timeout, silence);
            }
        }
    }

    /// Evaluates and reports the state of the connection; returns why it must be closed, if so. `frames`: frame count
    /// at its start.
    fn step(&mut self, connection: &Connection, begun: Instant, frames: u64) -> Option<String> {
        let (now, known) = (Moment::now(), self.feed.known());
        let course = Course {
            begun,
            moved: known.moved.map(|moved| moved.steady),
            has_frame: self.feed.frames() > frames,
            frozen: self.reports.is_frozen(),
        };
        let verdict = course.verdict(now.steady, self.camera.timeout);
        if verdict == Verdict::GiveUp {
            return Some(silence(course.has_frame, begun, &known, now));
        }
        self.reports.step(now, &known, verdict, Some(connection));
        None
    }

    /// Waits while alarms are updated.
    fn wait(&mut self, time: Duration) {
        let start = Instant::now();
        while !self.signals.is_stopped() && start.elapsed() < time {
            self.signals.beat();
            std::thread::sleep(STEP.min(time.saturating_sub(start.elapsed())));
            self.reports.step(Moment::now(), &self.feed.known(), Verdict::Waiting, None);
        }
    }
}

/// Describes the lack of pictures.
fn silence(has_frame: bool, begun: Instant, known: &Known, now: Moment) -> String {
    let since = known.moved.filter(|_| has_frame).map_or(begun, |moved| moved.steady);
    let seconds = now.steady.saturating_duration_since(since).as_secs();
    match (&known.problem, has_frame, known.moved) {
        (Some(problem), ..) => format!("cannot read its frames: {problem}"),
        (None, true, _) => format!("no frame for {seconds} s"),
        (None, false, Some(_)) => format!("data arrives, but no picture for {seconds} s"),
        (None, false, None) => format!("no data for {seconds} s: check the address, and that the camera is running"),
    }
}
