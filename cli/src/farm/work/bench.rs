// SPDX-License-Identifier: MPL-2.0

//! Plans that this worker can run, and what it has opened for them.

use super::unread::Unreads;
use crate::args::Common;
use crate::causes;
use crate::farm::plan::Plan;
use crate::farm::plan::identity::Identities;
use crate::farm::queue::Queue;
use crate::farm::say;
use crate::farm::unit::run::Bench;
use crate::media::lock;
use anyhow::{Context as _, Result};
use async_nats::jetstream::consumer::PullConsumer;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a list of plans is used.
const FRESH: Duration = Duration::from_secs(2);

/// Maximum number of plans that stay open.
const OPEN: usize = 8;

/// Pause before a plan that this worker cannot run is looked at again: a model may be installed meanwhile.
const AGAIN: Duration = Duration::from_secs(60);

/// A plan and what its units need.
#[derive(Clone)]
pub struct Opened {
    /// The plan.
    pub plan: Arc<Plan>,
    /// What runs its units.
    pub bench: Arc<Bench>,
    /// What delivers them.
    pub consumer: PullConsumer,
}

/// Plans of the worker's class.
pub struct Benches {
    common: Common,
    class: String,
    memory: u64,
    identities: Arc<Mutex<Identities>>,
    /// Plans with work, and when they were listed.
    busy: tokio::sync::Mutex<(Option<Instant>, Vec<String>)>,
    open: tokio::sync::Mutex<VecDeque<(String, Opened)>>,
    /// Plans that this worker does not run.
    others: Mutex<BTreeMap<String, Other>>,
    /// What this worker cannot read.
    pub unreads: Unreads,
}

/// Plans with work.
pub struct Busy {
    /// Those whose units this worker takes now, the oldest first.
    pub plans: Vec<Opened>,
    /// Whether there are others, of which it takes none for a while.
    pub any_paused: bool,
}

/// A plan that a worker does not run.
struct Other {
    /// When that was found.
    found: Instant,
    /// Why, if it is of the worker's class.
    reason: Option<String>,
}

impl Benches {
    /// Nothing is open yet. `memory`: for the frames of one unit, in bytes.
    pub fn new(common: Common, class: String, memory: u64) -> Self {
        Self {
            common,
            class,
            memory,
            identities: Arc::default(),
            busy: tokio::sync::Mutex::default(),
            open: tokio::sync::Mutex::default(),
            others: Mutex::default(),
            unreads: Unreads::default(),
        }
    }

    /// Plans with work that this worker can run.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn with_work(&self, queue: &Queue) -> Result<Busy> {
        let mut busy = self.busy.lock().await;
        if busy.0.is_none_or(|listed| listed.elapsed() > FRESH) {
            busy.1 = queue.busy_plans().await?;
            busy.0 = Some(Instant::now());
        }
        let names = busy.1.clone();
        drop(busy);
        lock(&self.others).retain(|name, _| names.contains(name));
        self.unreads.retain(&names);
        let (mut plans, mut any_paused) = (Vec::new(), false);
        for name in names {
            if self.unreads.is_paused(&name) {
                any_paused = true;
            } else if !self.is_other(&name) {
                plans.extend(self.open(queue, &name).await?);
            }
        }
        Ok(Busy { plans, any_paused })
    }

    /// Class of the plans.
    pub fn class(&self) -> &str {
        &self.class
    }

    /// Plans of the class that this worker leaves to others, and why.
    pub fn left(&self) -> BTreeMap<String, String> {
        let others = lock(&self.others);
        others.iter().filter_map(|(name, other)| Some((name.clone(), other.reason.clone()?))).collect()
    }

    fn is_other(&self, name: &str) -> bool {
        lock(&self.others).get(name).is_some_and(|other| other.found.elapsed() < AGAIN)
    }

    async fn open(&self, queue: &Queue, name: &str) -> Result<Option<Opened>> {
        let mut open = self.open.lock().await;
        if let Some((_, found)) = open.iter().find(|(known, _)| known == name) {
            return Ok(Some(found.clone()));
        }
        // Another slot has just looked at it.
        if self.is_other(name) {
            return Ok(None);
        }
        let plan = match queue.plan(name).await {
            Ok(plan) => Arc::new(plan),
            Err(error) => return Ok(self.other(name, Some(&causes::of(&error)))),
        };
        if plan.class != self.class {
            return Ok(self.other(name, None));
        }
        let (common, identities, memory) = (self.common.clone(), self.identities.clone(), self.memory);
        let made = {
            let plan = plan.clone();
            tokio::task::spawn_blocking(move || Bench::new(&plan, &common, &identities, memory)).await
        };
        match made.context("opening a plan")? {
            Ok(bench) => {
                let consumer = match queue.known_consumer(&plan).await? {
                    Ok(consumer) => consumer,
                    Err(reason) => return Ok(self.other(name, Some(&reason))),
                };
                lock(&self.others).remove(name);
                let opened = Opened { plan, bench: Arc::new(bench), consumer };
                open.push_back((name.to_owned(), opened.clone()));
                if open.len() > OPEN {
                    open.pop_front();
                }
                Ok(Some(opened))
            }
            Err(error) => Ok(self.other(name, Some(&causes::of(&error)))),
        }
    }

    /// Closes a plan whose units are no longer delivered, and lists the plans anew.
    pub async fn close(&self, name: &str) {
        self.open.lock().await.retain(|(known, _)| known != name);
        self.busy.lock().await.0 = None;
    }

    /// Notes that this worker does not run a plan, and why if that is not its class.
    fn other(&self, name: &str, reason: Option<&str>) -> Option<Opened> {
        let reason = reason.map(crate::secret::redact);
        let other = Other { found: Instant::now(), reason: reason.clone() };
        let before = lock(&self.others).insert(name.to_owned(), other);
        // It is looked at again and again, and said once.
        if let Some(reason) = reason.filter(|reason| before.and_then(|other| other.reason).as_ref() != Some(reason)) {
            say(&format!("plan {name} is left to other workers: {reason}"));
        }
        None
    }
}
