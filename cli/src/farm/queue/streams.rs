// SPDX-License-Identifier: MPL-2.0

//! The streams, and what is stored in them by subject.

use super::config::{self, done_stream};
use super::connection::Queue;
use super::{CLAIMS, OBJECTS, PLANS, UNITS, code, is_missing, storing};
use crate::farm::plan::{Plan, Unit};
use anyhow::{Context as _, Result, bail, ensure};
use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::stream::{Config, DirectGetErrorKind, Stream};
use async_nats::jetstream::{ErrorCode, consumer, object_store};
use async_nats::{HeaderMap, header};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use std::collections::BTreeSet;

/// Messages that are published at the same time.
const AT_ONCE: usize = super::connection::UNCONFIRMED / 2;

/// In place of a plan's ID, the subject of what workers say of themselves.
const WORKERS: &str = "workers";

/// What became of a message that was to be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// It is stored.
    New,
    /// Its subject had one already.
    Known,
}

/// Least `max_payload` of a server, in bytes, which is the default of NATS.
const LEAST_PAYLOAD: usize = 1 << 20;

/// Checks a stream that exists.
fn check(wanted: &Config, stream: &Stream) -> Result<()> {
    let differ = config::differences(wanted, &stream.cached_info().config);
    let name = &wanted.name;
    ensure!(
        differ.is_empty(),
        "the stream {name} is another than this program makes: {}; correct it with `nats stream edit {name}`, remove it \
         with `nats stream rm {name}`, or use another account",
        differ.join("; ")
    );
    Ok(())
}

impl Queue {
    /// Creates the streams that do not exist, and checks those that do.
    ///
    /// # Errors
    /// If they cannot be created, or are others than expected.
    pub async fn prepare(&self) -> Result<()> {
        let accepted = self.client.max_payload();
        ensure!(
            accepted >= LEAST_PAYLOAD,
            "the NATS server accepts messages of {accepted} bytes at most, too few for results: set max_payload to \
             {LEAST_PAYLOAD} or more in its configuration"
        );
        for wanted in [config::plans(), config::units(), config::claims()] {
            self.stream(wanted).await?;
        }
        let wanted = config::objects_stream();
        match self.jetstream().get_stream(&wanted.name).await {
            Ok(stream) => check(&wanted, &stream),
            Err(error) => {
                let error = anyhow::Error::from(error);
                ensure!(is_missing(&error), error.context("cannot open the store of results"));
                let made = self.jetstream().create_object_store(config::objects()).await;
                made.map(drop).map_err(|error| storing(error, "cannot create the store of results"))
            }
        }
    }

    async fn stream(&self, wanted: Config) -> Result<()> {
        let stream = self.jetstream().get_or_create_stream(wanted.clone()).await;
        let stream = stream.map_err(|error| storing(error, &format!("cannot create the stream {}", wanted.name)))?;
        check(&wanted, &stream)
    }

    async fn get(&self, stream: &str, subject: &str) -> Result<Option<Bytes>> {
        let found = self.jetstream().get_stream_no_info(stream).await?.direct_get_last_for_subject(subject).await;
        match found {
            Ok(message) => Ok(Some(message.payload)),
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
            Err(error) => {
                // A stream that does not exist does not answer.
                let stream = self.jetstream().get_stream(stream).await.map_err(anyhow::Error::from);
                if stream.is_err_and(|error| is_missing(&error)) {
                    return Ok(None);
                }
                Err(error).with_context(|| format!("cannot read {subject}"))
            }
        }
    }

    /// Stores a message if its subject has none.
    async fn create(&self, subject: String, payload: Bytes) -> Result<Created> {
        let mut headers = HeaderMap::new();
        headers.insert(header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, "0");
        let sent = self.jetstream().publish_with_headers(subject.clone(), headers, payload).await;
        let stored = match sent {
            Ok(stored) => stored.await,
            Err(error) => Err(error),
        };
        match stored {
            Ok(_) => Ok(Created::New),
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Ok(Created::Known),
            Err(error) if error.kind() == PublishErrorKind::StreamNotFound => {
                bail!(
                    "the server has no stream for {subject}: it was removed, or the server has lost what it had \
                     stored; submit the plan again"
                )
            }
            Err(error) => Err(storing(error, &format!("cannot store {subject}"))),
        }
    }

    /// Stores a message in place of one that its subject may have.
    async fn put(&self, subject: String, payload: Bytes) -> Result<()> {
        let stored = async { self.jetstream().publish(subject.clone(), payload).await?.await };
        stored.await.map(drop).map_err(|error| storing(error, &format!("cannot store {subject}")))
    }

    async fn purge(&self, stream: &str, subject: &str) -> Result<()> {
        let stream = self.jetstream().get_stream_no_info(stream).await?;
        stream.purge().filter(subject).await.with_context(|| format!("cannot remove {subject}"))?;
        Ok(())
    }

    /// Last parts of the subjects of a stream that match.
    async fn names(&self, stream: &str, filter: &str) -> Result<BTreeSet<String>> {
        let found = match self.jetstream().get_stream(stream).await {
            Ok(found) => found,
            Err(error) => {
                let error = anyhow::Error::from(error);
                return if is_missing(&error) { Ok(BTreeSet::new()) } else { Err(error) };
            }
        };
        let mut subjects = found.info_with_subjects(filter).await.with_context(|| format!("cannot list {filter}"))?;
        let mut names = BTreeSet::new();
        while let Some(subject) = subjects.next().await {
            let (subject, _) = subject.with_context(|| format!("cannot list {filter}"))?;
            names.extend(subject.rsplit('.').next().map(str::to_owned));
        }
        Ok(names)
    }

    /// Stores a plan, and makes the stream of its results and the consumer of its units.
    ///
    /// # Errors
    /// If the server does not store it.
    pub async fn put_plan(&self, plan: &Plan) -> Result<()> {
        let bytes = serde_json::to_vec(plan)?;
        ensure!(
            bytes.len() <= self.largest(),
            "the plan takes {} bytes, the server accepts {}: use longer segments, divide the plan, or increase \
             max_payload of the server",
            bytes.len(),
            self.largest()
        );
        self.put(format!("iqa.plan.{}", plan.id), bytes.into()).await?;
        self.stream(config::done(&plan.id)).await?;
        self.consumer(plan).await.map(drop)
    }

    /// The consumer of a plan's units.
    ///
    /// # Errors
    /// If it cannot be created.
    pub async fn consumer(&self, plan: &Plan) -> Result<consumer::Consumer<pull::Config>> {
        let units = self.jetstream().get_stream_no_info(UNITS).await?;
        let made = units.create_consumer(config::consumer(plan)).await;
        made.map_err(|error| storing(error, &format!("cannot make the consumer of plan {}", plan.id)))
    }

    /// The consumer of a plan's units, as it was made when the plan was submitted.
    ///
    /// # Errors
    /// If it does not exist; inside, if it is another than this program makes.
    pub async fn known_consumer(&self, plan: &Plan) -> Result<Result<consumer::Consumer<pull::Config>, String>> {
        let units = self.jetstream().get_stream_no_info(UNITS).await?;
        let known = units.get_consumer::<pull::Config>(&plan.id).await;
        let known = known.map_err(anyhow::Error::from_boxed);
        let known = known.with_context(|| format!("the consumer of plan {}", plan.id))?;
        let differ = config::consumer_differences(&config::consumer(plan), &known.cached_info().config);
        if differ.is_empty() {
            return Ok(Ok(known));
        }
        Ok(Err(format!("its consumer was changed ({}): submit the plan again", differ.join("; "))))
    }

    /// A stored plan.
    ///
    /// # Errors
    /// If it does not exist, or cannot be read.
    pub async fn plan(&self, id: &str) -> Result<Plan> {
        let bytes = self.get(PLANS, &format!("iqa.plan.{id}")).await?;
        let bytes = bytes.with_context(|| format!("there is no plan {id}: `iqa farm status` lists them"))?;
        Plan::from_bytes(&bytes).with_context(|| format!("plan {id}"))
    }

    /// IDs of all plans.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn plans(&self) -> Result<BTreeSet<String>> {
        self.names(PLANS, "iqa.plan.*").await
    }

    /// Whether a plan is stored.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn has_plan(&self, id: &str) -> Result<bool> {
        Ok(!self.names(PLANS, &format!("iqa.plan.{id}")).await?.is_empty())
    }

    /// Plans with units that wait or run; those with units that wait come first, of these the oldest.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn busy_plans(&self) -> Result<Vec<String>> {
        let stream = self.jetstream().get_stream_no_info(UNITS).await?;
        let mut plans = Vec::new();
        let mut consumers = stream.consumers();
        while let Some(consumer) = consumers.try_next().await.context("cannot list the consumers of units")? {
            if consumer.num_pending > 0 || consumer.num_ack_pending > 0 {
                // Where all units run already, one is only free if its worker dies.
                plans.push((consumer.num_pending == 0, consumer.created, consumer.name));
            }
        }
        plans.sort();
        Ok(plans.into_iter().map(|(_, _, name)| name).collect())
    }

    /// Number of a plan's units that wait or run, as far as the queue knows.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn queued(&self, plan: &str) -> Result<u64> {
        let known = async {
            let stream = self.jetstream().get_stream_no_info(UNITS).await?;
            Ok::<_, anyhow::Error>(stream.consumer_info(plan).await?)
        };
        match known.await {
            Ok(about) => Ok(about.num_pending + about.num_ack_pending as u64),
            Err(error) => {
                if is_missing(&error) {
                    Ok(0)
                } else {
                    Err(error.context("cannot count the units in the queue"))
                }
            }
        }
    }

    /// Publishes units that are not in the queue. Returns how many were published.
    ///
    /// # Errors
    /// If the server does not store one.
    pub async fn publish(&self, plan: &Plan, units: impl Iterator<Item = Unit>, tick: impl Fn()) -> Result<u64> {
        let publish = |unit: Unit| async move {
            let id = plan.unit_id(unit)?;
            let payload = serde_json::to_vec(&unit)?;
            self.create(format!("iqa.unit.{}.{id}", plan.id), payload.into()).await
        };
        let created = futures_util::stream::iter(units).map(publish).buffer_unordered(AT_ONCE);
        let count = |sum: u64, created: Created| {
            tick();
            async move { Ok(sum + u64::from(created == Created::New)) }
        };
        created.try_fold(0, count).await
    }

    /// IDs of units with a result.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn done(&self, plan: &str) -> Result<BTreeSet<String>> {
        self.names(&done_stream(plan), &format!("iqa.done.{plan}.*")).await
    }

    /// Number of units with a result.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn count_done(&self, plan: &str) -> Result<u64> {
        match self.jetstream().get_stream(done_stream(plan)).await {
            Ok(stream) => Ok(stream.cached_info().state.messages),
            Err(error) => {
                let error = anyhow::Error::from(error);
                if is_missing(&error) { Ok(0) } else { Err(error.context("cannot count the results")) }
            }
        }
    }

    /// Whether a unit has a result.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn is_done(&self, plan: &str, unit: &str) -> Result<bool> {
        Ok(!self.names(&done_stream(plan), &format!("iqa.done.{plan}.{unit}")).await?.is_empty())
    }

    /// IDs of units that have failed.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn failed(&self, plan: &str) -> Result<BTreeSet<String>> {
        self.names(PLANS, &format!("iqa.failed.{plan}.*")).await
    }

    /// Units with results that differ.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn conflicts(&self, plan: &str) -> Result<BTreeSet<String>> {
        self.names(PLANS, &format!("iqa.conflict.{plan}.*")).await
    }

    /// Renditions that are cut and must be measured as a whole.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn wholes(&self, plan: &str) -> Result<BTreeSet<usize>> {
        let names = self.names(PLANS, &format!("iqa.whole.{plan}.*")).await?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// Has a cut rendition measured as a whole.
    ///
    /// # Errors
    /// If the server does not store it.
    pub async fn want_whole(&self, plan: &Plan, rendition: usize, reason: &str) -> Result<()> {
        let payload = Bytes::copy_from_slice(reason.as_bytes());
        self.create(format!("iqa.whole.{}.{rendition}", plan.id), payload).await?;
        let unit = Unit::Whole { rendition };
        if !self.is_done(&plan.id, &plan.unit_id(unit)?).await? {
            self.publish(plan, std::iter::once(unit), || {}).await?;
        }
        Ok(())
    }

    /// Stores a message about a unit.
    pub(super) async fn put_about(&self, what: &str, plan: &str, unit: &str, payload: Vec<u8>) -> Result<()> {
        self.put(format!("iqa.{what}.{plan}.{unit}"), payload.into()).await
    }

    /// A message about a unit.
    pub(super) async fn get_about(&self, what: &str, plan: &str, unit: &str) -> Result<Option<Bytes>> {
        self.get(PLANS, &format!("iqa.{what}.{plan}.{unit}")).await
    }

    /// Stores a result if the unit has none.
    pub(super) async fn create_done(&self, plan: &str, unit: &str, payload: Vec<u8>) -> Result<Created> {
        self.create(format!("iqa.done.{plan}.{unit}"), payload.into()).await
    }

    /// A stored result.
    pub(super) async fn get_done(&self, plan: &str, unit: &str) -> Result<Option<Bytes>> {
        self.get(&done_stream(plan), &format!("iqa.done.{plan}.{unit}")).await
    }

    /// Forgets that units have failed.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn forgive(&self, plan: &str, units: &BTreeSet<String>) -> Result<()> {
        for unit in units {
            self.purge(PLANS, &format!("iqa.failed.{plan}.{unit}")).await?;
            self.purge(PLANS, &format!("iqa.attempt.{plan}.{unit}")).await?;
        }
        Ok(())
    }

    /// Says what a slot of a worker runs; nothing, if it has ended. Lost if the connection is.
    pub async fn claim(&self, plan: &str, slot: &str, claim: Vec<u8>) {
        // Only for `status`: the queue has its own record.
        let _ = self.client.publish(format!("iqa.claim.{plan}.{slot}"), claim.into()).await;
    }

    /// Says which worker this is; nothing, if it ends.
    ///
    /// # Errors
    /// If the server does not store it.
    pub async fn announce(&self, name: &str, worker: Vec<u8>) -> Result<()> {
        self.put(format!("iqa.claim.{WORKERS}.{name}"), worker.into()).await
    }

    /// What workers have announced.
    pub(super) async fn announced(&self) -> Result<Vec<Bytes>> {
        self.claims(WORKERS).await
    }

    /// What runs.
    pub(super) async fn claims(&self, plan: &str) -> Result<Vec<Bytes>> {
        let slots = self.names(CLAIMS, &format!("iqa.claim.{plan}.*")).await?;
        let read = |slot: String| async move { self.get(CLAIMS, &format!("iqa.claim.{plan}.{slot}")).await };
        let claims = futures_util::stream::iter(slots).map(read).buffer_unordered(AT_ONCE);
        let claims: Vec<_> = claims.try_collect().await?;
        Ok(claims.into_iter().flatten().filter(|claim| !claim.is_empty()).collect())
    }

    /// Removes a plan with everything that belongs to it.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn remove(&self, plan: &str) -> Result<()> {
        // First its workers lose their consumer, then the units, so that none is delivered meanwhile.
        let units = self.jetstream().get_stream_no_info(UNITS).await?;
        match units.delete_consumer(plan).await {
            Ok(_) => {}
            Err(error) if code(&error) == Some(ErrorCode::CONSUMER_NOT_FOUND) => {}
            Err(error) => return Err(error).context("cannot remove the plan's consumer"),
        }
        self.purge(UNITS, &format!("iqa.unit.{plan}.*")).await?;
        for unit in self.done(plan).await? {
            if let Some(object) = self.stored_object(plan, &unit).await? {
                self.objects().await?.delete(&object).await.with_context(|| format!("cannot remove {object}"))?;
            }
        }
        if let Err(error) = self.jetstream().delete_stream(done_stream(plan)).await {
            let error = anyhow::Error::from(error);
            ensure!(is_missing(&error), error.context("cannot remove the plan's results"));
        }
        for what in ["whole", "attempt", "failed", "conflict"] {
            self.purge(PLANS, &format!("iqa.{what}.{plan}.*")).await?;
        }
        self.purge(PLANS, &format!("iqa.plan.{plan}")).await
    }

    /// The store of large results.
    pub(super) async fn objects(&self) -> Result<object_store::ObjectStore> {
        self.jetstream().get_object_store(OBJECTS).await.context("cannot open the store of results")
    }
}
