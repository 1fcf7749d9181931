// SPDX-License-Identifier: MPL-2.0

//! `iqa farm submit`: makes a plan and publishes the units that have no result.

use super::plan::file::File;
use super::plan::{Making, Plan, Work, make};
use super::queue::{Connection, Ledger, Queue, count, units};
use super::status::{RETRY, without_units};
use super::{say, signaled};
use crate::args::Common;
use crate::exit::{Exit, interruption};
use crate::progress::Progress;
use anyhow::{Context as _, Result};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::runtime::Runtime;

/// Runs `iqa farm submit`.
///
/// # Errors
/// If the plan is invalid, an input cannot be read, or the server cannot be used.
pub fn run(
    common: &Common,
    connection: &Connection,
    runtime: &Runtime,
    path: &Path,
    retry_failed: bool,
) -> Result<Exit> {
    let file = File::read(path)?;
    let interrupted = interruption()?;
    let mut progress = Progress::new(common);
    // Before an hour of hashing.
    let queue = runtime.block_on(async {
        let queue = connection.open("iqa farm submit").await?;
        queue.prepare().await?;
        Ok::<_, anyhow::Error>(queue)
    })?;
    let memory = crate::compare::memory::budget(None);
    let made = make(&file, &mut Making { common, progress: &mut progress, interrupted: &interrupted, memory });
    if interrupted.load(Ordering::Relaxed) {
        return Ok(Exit::Interrupted);
    }
    let plan = made?;
    if let Work::Compare(ladder) = &plan.work {
        for one in &ladder.renditions {
            match &one.uncut {
                _ if one.problem.is_some() => {}
                Some(reason) => progress.say(&format!("{}: one unit: {reason}", one.media.name)),
                None => progress.say(&format!("{}: units: {}", one.media.name, one.segments())),
            }
        }
    }
    let progress = Mutex::new(progress);
    let published = runtime.block_on(async {
        tokio::select! {
            published = publish(&queue, &plan, retry_failed, &progress) => published.map(Some),
            () = signaled(&interrupted) => Ok(None),
        }
    });
    crate::media::lock(&progress).end();
    let Some((published, ledger)) = published? else {
        say(&format!("interrupted: submit the plan again to publish the rest of {}", plan.id));
        return Ok(Exit::Interrupted);
    };
    runtime.block_on(queue.close());
    if common.json {
        let without = without_units(&plan);
        let value = serde_json::json!({
            "plan": plan.id, "published": published, "units": ledger, "without-units": without,
        });
        crate::out::print_json(&value)?;
    } else {
        if !common.quiet {
            say(&format!("published: {published}; {ledger}"));
            if ledger.failed > 0 {
                say(RETRY);
            }
        }
        crate::out::print(&format!("{}\n", plan.id))?;
    }
    // As `iqa compare` ends: the others are measured.
    let is_broken = plan.problems().next().is_some();
    Ok(if is_broken { Exit::Usage } else { Exit::Good })
}

/// Publishes what is missing. Returns how many units were published, and the ledger.
async fn publish(queue: &Queue, plan: &Plan, retry_failed: bool, progress: &Mutex<Progress>) -> Result<(u64, Ledger)> {
    queue.put_plan(plan).await?;
    let done = queue.done(&plan.id).await?;
    let mut failed = queue.failed(&plan.id).await?;
    if retry_failed {
        queue.forgive(&plan.id, &failed).await?;
        failed.clear();
    }
    let mut missing = Vec::new();
    for unit in units(queue, plan).await? {
        let id = plan.unit_id(unit)?;
        if !done.contains(&id) && !failed.contains(&id) {
            missing.push(unit);
        }
    }
    let all = missing.len() as u64;
    crate::media::lock(progress).begin("publishing units", 0, 1);
    let sent = AtomicU64::new(0);
    let tick = || {
        let sent = sent.fetch_add(1, Ordering::Relaxed) + 1;
        crate::media::lock(progress).position(Some(sent), Some(all), sent);
    };
    let published = queue.publish(plan, missing.into_iter(), tick).await;
    let published = published.with_context(|| {
        let id = &plan.id;
        format!(
            "plan {id} is stored, but not all of its units are in the queue: submit it again once the rest is put right, \
             or remove it with `iqa farm remove {id}`"
        )
    })?;
    Ok((published, count(queue, plan).await?))
}
