// SPDX-License-Identifier: MPL-2.0

//! What is stored about units.

use super::connection::Queue;
use super::storing;
use super::streams::Created;
use crate::farm::plan::{Plan, Unit, VERSION};
use crate::farm::unit::outcome::{Outcome, digest};
use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::AsyncReadExt as _;

/// Larger results are stored as objects, so that a stream of results stays quick to read.
const INLINE: usize = 256 << 10;

/// Makes names of objects unique within a process.
static OBJECTS: AtomicU64 = AtomicU64::new(0);

/// What precedes a result's bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Label {
    version: u32,
    unit: Unit,
    worker: String,
    seconds: f64,
    digest: String,
    /// Name of the object that has the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    object: Option<String>,
}

/// A result and who gave it.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitResult {
    /// The unit.
    pub unit: Unit,
    /// Name of the worker.
    pub worker: String,
    /// How long it took.
    pub seconds: f64,
    /// What was measured; nothing for a drill.
    pub outcome: Option<Outcome>,
}

/// What became of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// It is the first.
    First,
    /// The unit had an equal one.
    Again,
    /// The unit had another one, which counts.
    Conflict,
}

/// Earlier attempts at a unit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Attempt {
    /// Deliveries that do not count, because the worker was told to end, or cannot read what another one may.
    pub returned: i64,
    /// Name of the latest worker.
    pub worker: String,
    /// What it said.
    pub error: String,
}

/// Why a unit has failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Failed {
    /// The unit.
    pub unit: Unit,
    /// Number of attempts.
    pub attempts: i64,
    /// Name of the latest worker.
    pub worker: String,
    /// The reason.
    pub error: String,
}

/// Two results that differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Conflict {
    /// The unit.
    pub unit: Unit,
    /// Names of both workers, that of the result that counts first.
    pub workers: [String; 2],
}

/// What a slot of a worker runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Claim {
    /// ID of the unit.
    pub id: String,
    /// Name of the worker.
    pub worker: String,
}

/// A worker, as it announces itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Present {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Class of the plans whose units it runs.
    pub class: String,
    /// Number of units at the same time.
    pub slots: u32,
    /// Plans of its class that it leaves to others, and why.
    #[serde(default)]
    pub left: BTreeMap<String, String>,
    /// What it cannot read, by plan.
    #[serde(default)]
    pub unread: BTreeMap<String, Unread>,
}

/// Inputs of a plan that a worker cannot read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Unread {
    /// 0: the source; others: the renditions, counted from 1.
    pub files: BTreeSet<usize>,
    /// Why it could not read the latest of them.
    pub reason: String,
}

impl Queue {
    /// The workers that have announced themselves in the last half minute.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn present(&self) -> Result<Vec<Present>> {
        // One of a later version is not shown.
        Ok(self.announced().await?.iter().filter_map(|worker| serde_json::from_slice(worker).ok()).collect())
    }

    /// Stores a result. The first one counts.
    ///
    /// # Errors
    /// If the server does not store it.
    pub async fn give(&self, plan: &str, id: &str, result: &UnitResult) -> Result<Given> {
        let bytes = result.outcome.as_ref().map(Outcome::to_bytes).transpose()?.unwrap_or_default();
        let digest = digest(result.outcome.as_ref())?;
        let mut label = Label {
            version: VERSION,
            unit: result.unit,
            worker: result.worker.clone(),
            seconds: result.seconds,
            digest,
            object: None,
        };
        let is_large = bytes.len() > INLINE.min(self.largest());
        if is_large {
            let number = OBJECTS.fetch_add(1, Ordering::Relaxed);
            let name = format!("{plan}.{id}.{}.{number}", result.worker);
            let stored = self.objects().await?.put(name.as_str(), &mut bytes.as_slice()).await;
            stored.map_err(|error| storing(error, "cannot store the result"))?;
            label.object = Some(name);
        }
        let mut payload = serde_json::to_vec(&label)?;
        payload.push(b'\n');
        if !is_large {
            payload.extend(bytes);
        }
        match self.create_done(plan, id, payload).await {
            Ok(Created::New) => return Ok(Given::First),
            Ok(Created::Known) => {}
            Err(error) => {
                // Each attempt stores one of its own.
                if let Some(name) = &label.object {
                    let _ = self.objects().await?.delete(name).await;
                }
                return Err(error);
            }
        }
        let known = self.label(plan, id).await?.context("a result that was there is gone")?;
        // Stored by this process, whose first message was stored although its confirmation was lost.
        if let Some(name) = label.object.as_ref().filter(|name| known.object.as_ref() != Some(name)) {
            self.objects().await?.delete(name).await.with_context(|| format!("cannot remove {name}"))?;
        }
        if known.digest == label.digest {
            return Ok(Given::Again);
        }
        let conflict = Conflict { unit: result.unit, workers: [known.worker, label.worker] };
        self.put_about("conflict", plan, id, serde_json::to_vec(&conflict)?).await?;
        Ok(Given::Conflict)
    }

    async fn label(&self, plan: &str, id: &str) -> Result<Option<Label>> {
        let Some(payload) = self.get_done(plan, id).await? else { return Ok(None) };
        split(&payload).map(|(label, _)| Some(label))
    }

    /// Name of the object that has a unit's result, if it is stored as one.
    pub(super) async fn stored_object(&self, plan: &str, id: &str) -> Result<Option<String>> {
        Ok(self.label(plan, id).await?.and_then(|label| label.object))
    }

    /// The result of a unit, if it has one.
    ///
    /// # Errors
    /// If the server does not answer, or the result cannot be read.
    pub async fn result(&self, plan: &str, id: &str) -> Result<Option<UnitResult>> {
        let Some(payload) = self.get_done(plan, id).await? else { return Ok(None) };
        let (label, inline) = split(&payload)?;
        let bytes = match &label.object {
            Some(name) => {
                let mut object =
                    self.objects().await?.get(name).await.with_context(|| format!("cannot read {name}"))?;
                let mut bytes = Vec::new();
                object.read_to_end(&mut bytes).await.with_context(|| format!("cannot read {name}"))?;
                bytes
            }
            None => inline.to_vec(),
        };
        let outcome = if bytes.is_empty() { None } else { Some(Outcome::from_bytes(&bytes)?) };
        ensure!(digest(outcome.as_ref())? == label.digest, "the result of unit {id} is damaged");
        let Label { unit, worker, seconds, .. } = label;
        Ok(Some(UnitResult { unit, worker, seconds, outcome }))
    }

    /// Earlier attempts at a unit.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn attempt(&self, plan: &str, id: &str) -> Result<Attempt> {
        let bytes = self.get_about("attempt", plan, id).await?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    /// Stores what an attempt said.
    ///
    /// # Errors
    /// If the server does not store it.
    pub async fn put_attempt(&self, plan: &str, id: &str, attempt: &Attempt) -> Result<()> {
        self.put_about("attempt", plan, id, serde_json::to_vec(attempt)?).await
    }

    /// Stores why a unit has failed.
    ///
    /// # Errors
    /// If the server does not store it.
    pub async fn fail(&self, plan: &str, id: &str, failed: &Failed) -> Result<()> {
        self.put_about("failed", plan, id, serde_json::to_vec(failed)?).await
    }

    /// Why a unit has failed, if it has.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn failure(&self, plan: &Plan, id: &str) -> Result<Option<Failed>> {
        let bytes = self.get_about("failed", &plan.id, id).await?;
        bytes.map(|bytes| serde_json::from_slice(&bytes).context("not a failure")).transpose()
    }
}

fn split(payload: &[u8]) -> Result<(Label, &[u8])> {
    let end = payload.iter().position(|&byte| byte == b'\n').context("a result without a label")?;
    let (label, bytes) = payload.split_at(end);
    let label: Label = serde_json::from_slice(label).context("the label of a result")?;
    ensure!(label.version == VERSION, "a result of version {}, this program is of {VERSION}", label.version);
    Ok((label, bytes.get(1..).unwrap_or_default()))
}
