// SPDX-License-Identifier: MPL-2.0

//! `iqa farm status` and `iqa farm remove`.

use super::queue::{Connection, Queue, count};
use super::{check_id, say};
use crate::args::Common;
use crate::exit::Exit;
use anyhow::Result;
use serde_json::json;
use tokio::runtime::Runtime;

/// Maximum number of failed units that are listed.
const MOST: usize = 20;

/// Runs `iqa farm status`.
///
/// # Errors
/// If there is no such plan, or the server cannot be used.
pub fn run(common: &Common, connection: &Connection, runtime: &Runtime, id: Option<&str>) -> Result<Exit> {
    if let Some(id) = id {
        check_id(id)?;
    }
    let (text, value, any_failed) = runtime.block_on(async {
        let queue = connection.open("iqa farm status").await?;
        let shown = match id {
            Some(id) => one(&queue, id).await,
            None => all(&queue).await,
        };
        queue.close().await;
        shown
    })?;
    if common.json {
        crate::out::print_json(&value)?;
    } else {
        crate::out::print(text.as_bytes())?;
    }
    Ok(if any_failed { Exit::Missed } else { Exit::Good })
}

type Shown = (String, serde_json::Value, bool);

/// A plan, and the units of it that have failed.
async fn one(queue: &Queue, id: &str) -> Result<Shown> {
    let plan = queue.plan(id).await?;
    // First, as the queue only becomes shorter.
    let queued = queue.queued(id).await?;
    let ledger = count(queue, &plan).await?;
    let mut text = format!("{ledger}\n");
    let mut failures = Vec::new();
    if ledger.failed > 0 {
        for unit in queue.failed(id).await? {
            if failures.len() < MOST
                && !queue.is_done(id, &unit).await?
                && let Some(failed) = queue.failure(&plan, &unit).await?
            {
                let what = plan.describe(failed.unit);
                text += &format!("failed: {what}, attempts {}: {}\n", failed.attempts, failed.error);
                failures.push(json!({"unit": unit, "what": what, "attempts": failed.attempts, "error": failed.error}));
            }
        }
        let more = ledger.failed.saturating_sub(failures.len() as u64);
        if more > 0 {
            text += &format!("failed: {more} more\n");
        }
    }
    let conflicts = queue.conflicts(id).await?;
    if !conflicts.is_empty() {
        text += &format!("conflicts {}: two workers gave results that differ; the first counts\n", conflicts.len());
    }
    let lost = (ledger.waiting + ledger.running).saturating_sub(queued);
    if lost > 0 {
        text += &format!("not in the queue {lost}: submit the plan again\n");
    }
    let value = json!({
        "plan": id, "class": plan.class, "units": ledger, "failures": failures, "conflicts": conflicts, "lost": lost,
    });
    Ok((text, value, ledger.failed > 0))
}

/// A line per plan.
async fn all(queue: &Queue) -> Result<Shown> {
    let (mut text, mut values, mut any_failed) = (String::new(), Vec::new(), false);
    for id in queue.plans().await? {
        let plan = match queue.plan(&id).await {
            Ok(plan) => plan,
            Err(error) => {
                text += &format!("{id} {error:#}\n");
                continue;
            }
        };
        let ledger = count(queue, &plan).await?;
        any_failed |= ledger.failed > 0;
        text += &format!("{id} {ledger}\n");
        values.push(json!({"plan": id, "class": plan.class, "units": ledger}));
    }
    Ok((text, values.into(), any_failed))
}

/// Runs `iqa farm remove`.
///
/// # Errors
/// If there is no such plan, or the server cannot be used.
pub fn remove(connection: &Connection, runtime: &Runtime, id: &str) -> Result<Exit> {
    check_id(id)?;
    runtime.block_on(async {
        let queue = connection.open("iqa farm remove").await?;
        queue.plan(id).await?;
        queue.remove(id).await?;
        queue.close().await;
        Ok::<_, anyhow::Error>(())
    })?;
    say(&format!("removed {id}"));
    Ok(Exit::Good)
}
