// SPDX-License-Identifier: MPL-2.0

//! A slot of a worker: takes a unit, runs it, stores its result.

use super::bench::{Busy, Opened};
use super::unread::counts;
use super::{PAUSE, Worker};
use crate::causes;
use crate::farm::plan::Unit;
use crate::farm::queue::{Attempt, Claim, Failed, Given, Refusal, UnitResult, gone, is_missing, refusal, too_large};
use crate::farm::say;
use crate::farm::unit::outcome::Outcome;
use crate::farm::unit::run::{Failure, Signals};
use anyhow::{Context as _, Result};
use async_nats::jetstream::{AckKind, Message};
use futures_util::StreamExt as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Deliveries of a unit without a result after which it counts as failed.
const MOST: i64 = 5;

/// How long the server may hold back an answer if the queue is empty.
const POLL: Duration = Duration::from_secs(1);

/// Longest time between signs of life.
const BEAT: Duration = Duration::from_secs(10);

/// Pause before a unit is delivered again that this worker cannot read: its other slots no longer ask for one then.
const ELSEWHERE: Duration = Duration::from_secs(2);

/// Longest pause before a unit is delivered again.
const LONGEST: Duration = Duration::from_secs(30);

/// A slot.
pub struct Slot {
    worker: Arc<Worker>,
    name: String,
}

/// A unit that was delivered.
#[derive(Clone)]
struct Taken {
    message: Message,
    opened: Opened,
    unit: Unit,
    id: String,
    delivered: i64,
}

impl Slot {
    /// A slot of a worker.
    pub fn new(worker: Arc<Worker>, number: u32) -> Self {
        let name = format!("{}-{number}", worker.name);
        Self { worker, name }
    }

    /// Runs units until the worker ends.
    pub async fn run(self) {
        let mut attempts = 0;
        while !self.worker.is_ending() {
            match self.step().await {
                Ok(true) => attempts = 0,
                Ok(false) if self.worker.until_idle => break,
                Ok(false) => {
                    attempts = 0;
                    self.worker.pause(PAUSE).await;
                }
                Err(error) if self.worker.is_ending() => say(&causes::of(&error)),
                Err(error) => {
                    attempts += 1;
                    let pause = self.worker.trouble(&error, attempts);
                    self.worker.pause(pause).await;
                    // Someone may have removed the streams.
                    if is_missing(&error)
                        && let Err(error) = self.worker.queue.prepare().await
                    {
                        let text = causes::of(&error);
                        self.worker.say_again(&text, &text);
                    }
                }
            }
        }
    }

    /// Runs one unit. Returns whether any unit waits or runs.
    async fn step(&self) -> Result<bool> {
        let Busy { plans, any_paused } = self.worker.benches.with_work(&self.worker.queue).await?;
        for opened in &plans {
            if self.worker.is_ending() {
                return Ok(true);
            }
            if let Some(message) = self.take(opened).await? {
                self.handle(message, opened).await?;
                return Ok(true);
            }
        }
        if plans.is_empty() && any_paused {
            self.worker.pause(PAUSE).await;
        }
        Ok(!plans.is_empty() || any_paused)
    }

    async fn take(&self, opened: &Opened) -> Result<Option<Message>> {
        let taken = async {
            let batch = opened.consumer.fetch().max_messages(1).expires(POLL).messages().await;
            batch?.next().await.transpose().map_err(anyhow::Error::from_boxed)
        };
        let taken = taken.await;
        if taken.is_err() {
            self.worker.benches.close(&opened.plan.id).await;
        }
        taken.context("cannot take a unit")
    }

    async fn handle(&self, message: Message, opened: &Opened) -> Result<()> {
        let delivered =
            message.info().map_err(|error| anyhow::anyhow!("a unit without its number: {error}"))?.delivered;
        let plan = &opened.plan;
        let unit = serde_json::from_slice::<Unit>(&message.payload).context("not a unit");
        let id = unit.as_ref().ok().and_then(|unit| plan.unit_id(*unit).ok());
        let (Ok(unit), Some(id)) = (unit, id) else {
            say(&format!("plan {}: a message that is no unit is removed", plan.id));
            return acknowledge(&message, AckKind::Term).await;
        };
        let taken = Taken { message, opened: opened.clone(), unit, id, delivered };
        if delivered > 1 {
            let queue = &self.worker.queue;
            if queue.is_done(&plan.id, &taken.id).await? {
                return acknowledge(&taken.message, AckKind::Ack).await;
            }
            let attempt = queue.attempt(&plan.id, &taken.id).await?;
            if delivered - attempt.returned > MOST {
                return self.bury(&taken, &attempt).await;
            }
            // What cannot be read was said with its first unit.
            if delivered - attempt.returned > 1 && !self.worker.benches.unreads.is_known(&plan.id) {
                say(&format!("{}: attempt {}", plan.describe(unit), delivered - attempt.returned));
            }
        }
        self.work(&taken).await
    }

    /// Records that a unit has failed.
    async fn bury(&self, taken: &Taken, attempt: &Attempt) -> Result<()> {
        let (worker, error) = if attempt.error.is_empty() {
            (self.worker.name.clone(), "its workers died or lost the connection".to_owned())
        } else {
            (attempt.worker.clone(), attempt.error.clone())
        };
        let attempts = taken.delivered - attempt.returned - 1;
        self.fail(taken, attempts, worker, error).await
    }

    /// Records that a unit has failed which cannot succeed anywhere.
    async fn fail_now(&self, taken: &Taken, error: String) -> Result<()> {
        let returned = self.worker.queue.attempt(&taken.opened.plan.id, &taken.id).await?.returned;
        self.fail(taken, taken.delivered - returned, self.worker.name.clone(), error).await
    }

    async fn fail(&self, taken: &Taken, attempts: i64, worker: String, error: String) -> Result<()> {
        let plan = &taken.opened.plan;
        let times = if attempts == 1 { "attempt" } else { "attempts" };
        let text = format!("{}: failed after {attempts} {times}: {error}", plan.describe(taken.unit));
        self.worker.say_again(&format!("failed {} {error}", plan.id), &text);
        let failed = Failed { unit: taken.unit, attempts, worker, error: crate::secret::redact(&error) };
        self.worker.queue.fail(&plan.id, &taken.id, &failed).await?;
        self.worker.room.stored();
        acknowledge(&taken.message, AckKind::Ack).await
    }

    /// Runs a unit and stores its result.
    async fn work(&self, taken: &Taken) -> Result<()> {
        let (plan, queue) = (&taken.opened.plan, &self.worker.queue);
        let signals = self.worker.signals();
        let begun = Instant::now();
        let running = {
            let (bench, signals, unit) = (taken.opened.bench.clone(), signals.clone(), taken.unit);
            tokio::task::spawn_blocking(move || bench.run(unit, &signals))
        };
        let ended = tokio::select! {
            ended = running => ended,
            never = self.beat(taken, &signals) => match never {},
        };
        let ended = ended.unwrap_or_else(|error| Err(Failure::Passing(format!("the program has a bug: {error}"))));
        let seconds = begun.elapsed().as_secs_f64();
        if !matches!(ended, Err(Failure::Unread(..) | Failure::Interrupted)) {
            self.was_read(taken).await;
        }
        let given = match ended {
            Ok(outcome) => self.give(taken, outcome, seconds).await,
            Err(Failure::Lasting(error)) => self.fail_now(taken, error).await,
            Err(Failure::Passing(error)) => self.give_back(taken, &error).await,
            Err(Failure::Unread(file, error)) => self.hand_on(taken, file, &error).await,
            Err(Failure::Interrupted) => self.hand_back(taken).await,
        };
        queue.claim(&plan.id, &self.name, Vec::new()).await;
        given
    }

    /// Signs of life while there is progress.
    async fn beat(&self, taken: &Taken, signals: &Signals) -> std::convert::Infallible {
        let plan = &taken.opened.plan;
        let claim = Claim { id: taken.id.clone(), worker: self.worker.name.clone() };
        let claim = serde_json::to_vec(&claim).unwrap_or_default();
        let interval = beat_interval(taken);
        let mut last = signals.ticks.load(Ordering::Relaxed);
        self.worker.queue.claim(&plan.id, &self.name, claim.clone()).await;
        loop {
            tokio::time::sleep(interval).await;
            let now = signals.ticks.load(Ordering::Relaxed);
            if now != std::mem::replace(&mut last, now) {
                // If it is lost, another worker may run the unit as well: the first result counts.
                let _ = taken.message.ack_with(AckKind::Progress).await;
                self.worker.queue.claim(&plan.id, &self.name, claim.clone()).await;
            }
        }
    }

    /// Stores a result, however long the server is away. One that can never be stored is a failed unit.
    async fn give(&self, taken: &Taken, outcome: Option<Outcome>, seconds: f64) -> Result<()> {
        let (plan, queue) = (&taken.opened.plan, &self.worker.queue);
        let misfit = outcome.as_ref().and_then(|outcome| outcome.head.misfit.clone());
        let result = UnitResult { unit: taken.unit, worker: self.worker.name.clone(), seconds, outcome };
        let mut attempts = 0;
        loop {
            let given = async {
                if let (Unit::Segment { rendition, .. }, Some(reason)) = (taken.unit, &misfit) {
                    // Before the result: once that is stored, the unit does not run again.
                    queue.want_whole(plan, rendition, reason).await?;
                }
                queue.give(&plan.id, &taken.id, &result).await
            };
            match given.await {
                Ok(given) => {
                    self.worker.room.stored();
                    if given == Given::Conflict {
                        say(&format!("{}: another worker gave another result", plan.describe(taken.unit)));
                    }
                    return acknowledge(&taken.message, AckKind::Ack).await;
                }
                Err(error) if self.worker.is_ending() => return Err(error),
                Err(error) if refusal(&error) == Some(Refusal::TooLarge) => {
                    return self.fail_now(taken, too_large(&error)).await;
                }
                Err(error) => {
                    let is_stored = queue.has_plan(&plan.id).await.ok();
                    if is_stored == Some(false) {
                        say(&format!("a result is dropped: {}", gone(&plan.id)));
                        self.worker.benches.close(&plan.id).await;
                        return Ok(());
                    }
                    attempts += 1;
                    let is_full = refusal(&error) == Some(Refusal::Full);
                    let pause = self.worker.trouble(&error.context("cannot store a result"), attempts);
                    // Someone may have removed the stream of results. If the server is away, the next attempt says so.
                    if is_stored == Some(true) && !is_full {
                        let _ = queue.put_plan(plan).await;
                    }
                    if is_full {
                        self.hold(taken, pause).await;
                    } else {
                        self.worker.pause(pause).await;
                    }
                }
            }
        }
    }

    /// Waits with a result, so that no other worker measures the unit meanwhile.
    async fn hold(&self, taken: &Taken, pause: Duration) {
        let step = beat_interval(taken);
        let mut left = pause;
        while !left.is_zero() && !self.worker.is_ending() {
            // If it is lost, another worker may run the unit as well: the first result counts.
            let _ = taken.message.ack_with(AckKind::Progress).await;
            let now = left.min(step);
            self.worker.pause(now).await;
            left -= now;
        }
    }

    /// Gives a unit back that may succeed later.
    async fn give_back(&self, taken: &Taken, error: &str) -> Result<()> {
        let (plan, queue) = (&taken.opened.plan, &self.worker.queue);
        let known = queue.attempt(&plan.id, &taken.id).await?;
        let (worker, said) = (self.worker.name.clone(), crate::secret::redact(error));
        let attempt = Attempt { worker, error: said, ..known };
        queue.put_attempt(&plan.id, &taken.id, &attempt).await?;
        let attempts = taken.delivered - attempt.returned;
        if attempts >= MOST {
            return self.bury(&Taken { delivered: taken.delivered + 1, ..taken.clone() }, &attempt).await;
        }
        let exponent = u32::try_from(attempts).unwrap_or(0).min(5);
        let pause = Duration::from_secs(1).saturating_mul(1 << exponent).min(LONGEST);
        let text = format!("{}: {error}; it is tried again in {} s", plan.describe(taken.unit), pause.as_secs());
        self.worker.say_again(&format!("again {} {error}", plan.id), &text);
        acknowledge(&taken.message, AckKind::Nak(Some(pause))).await
    }

    /// Gives a unit to others because this worker cannot read a file of it.
    async fn hand_on(&self, taken: &Taken, file: usize, error: &str) -> Result<()> {
        let (plan, worker) = (&taken.opened.plan, &self.worker);
        // Before this worker announces itself again: a server that was just started does not know the others.
        let present = worker.queue.present().await?;
        worker.benches.unreads.note(&plan.id, file, error);
        worker.announce_now().await;
        let known = worker.queue.attempt(&plan.id, &taken.id).await?;
        if counts(&present, &worker.name, &plan.class, (&plan.id, file), known.returned) {
            return self.give_back(taken, error).await;
        }
        let pause = worker.benches.unreads.pause(&plan.id);
        let what = plan.describe(taken.unit);
        let seconds = pause.as_secs_f64().ceil();
        let text =
            format!("{what}: {error}: it is left to others; this worker takes no unit of the plan for {seconds} s");
        worker.say_again(&format!("left {} {file} {error}", plan.id), &text);
        let (returned, name) = (known.returned + 1, worker.name.clone());
        let attempt = Attempt { returned, worker: name, error: crate::secret::redact(error) };
        worker.queue.put_attempt(&plan.id, &taken.id, &attempt).await?;
        acknowledge(&taken.message, AckKind::Nak(Some(ELSEWHERE))).await
    }

    /// Notes that this worker can read the files of a unit.
    async fn was_read(&self, taken: &Taken) {
        if let Unit::Segment { rendition, .. } | Unit::Whole { rendition } = taken.unit
            && self.worker.benches.unreads.read(&taken.opened.plan.id, &[0, rendition + 1])
        {
            self.worker.announce_now().await;
        }
    }

    /// Gives a unit back because the program was told to end.
    async fn hand_back(&self, taken: &Taken) -> Result<()> {
        let (plan, queue) = (&taken.opened.plan, &self.worker.queue);
        let known = queue.attempt(&plan.id, &taken.id).await?;
        let attempt = Attempt { returned: known.returned + 1, ..known };
        queue.put_attempt(&plan.id, &taken.id, &attempt).await?;
        acknowledge(&taken.message, AckKind::Nak(None)).await
    }
}

/// Time between signs of life of a unit.
fn beat_interval(taken: &Taken) -> Duration {
    (Duration::from_nanos(taken.opened.plan.ack_wait) / 3).min(BEAT)
}

/// Answers for a unit and waits until the server has stored that.
async fn acknowledge(message: &Message, kind: AckKind) -> Result<()> {
    message.double_ack_with(kind).await.map_err(|error| anyhow::anyhow!("cannot acknowledge a unit: {error}"))
}
