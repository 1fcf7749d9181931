// SPDX-License-Identifier: MPL-2.0

//! `iqa farm status` and `iqa farm remove`.

use super::plan::{Plan, Work};
use super::queue::{Connection, Group, Ledger, Present, Queue, count, failures, grouped};
use super::{check_id, say};
use crate::args::Common;
use crate::exit::Exit;
use crate::media::inputs::about;
use anyhow::Result;
use serde_json::json;
use tokio::runtime::Runtime;

/// Maximum number of failed units that are looked at.
const MOST: usize = 1000;

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

/// What is known of a plan but its failures.
struct Standing {
    ledger: Ledger,
    /// Units that neither have ended nor are in the queue.
    lost: u64,
    /// Number of workers of its class that run it.
    workers: usize,
    /// Why nobody runs what waits, with what to do.
    untaken: Option<String>,
}

impl Standing {
    async fn of(queue: &Queue, plan: &Plan, present: &[Present]) -> Result<Self> {
        // First, as the queue only becomes shorter.
        let queued = queue.queued(&plan.id).await?;
        let ledger = count(queue, plan).await?;
        let lost = (ledger.waiting + ledger.running).saturating_sub(queued);
        let own: Vec<_> = present.iter().filter(|worker| worker.class == plan.class).collect();
        let left: Vec<_> = own.iter().filter_map(|worker| worker.left.get(&plan.id)).collect();
        let untaken = untaken(&plan.class, own.len(), &left).filter(|_| ledger.waiting > 0);
        Ok(Self { ledger, lost, workers: own.len() - left.len(), untaken })
    }
}

/// Why nobody takes units of this class. `left`: reasons of workers that leave the plan to others.
fn untaken(class: &str, workers: usize, left: &[&String]) -> Option<String> {
    match left.first() {
        _ if workers == 0 => {
            Some(format!("no worker of class {class} is known: start one with `iqa farm work --class {class}`"))
        }
        Some(reason) if left.len() == workers => Some(format!("all workers of class {class} leave it: {reason}")),
        _ => None,
    }
}

/// A plan, and the units of it that have failed.
async fn one(queue: &Queue, id: &str) -> Result<Shown> {
    let plan = queue.plan(id).await?;
    let Standing { ledger, lost, workers, untaken } = Standing::of(queue, &plan, &queue.present().await?).await?;
    let mut text = format!("{ledger}\nclass {}, workers {workers}\n", plan.class);
    let mut unread = Vec::new();
    if let Work::Compare(ladder) = &plan.work {
        for one in &ladder.renditions {
            let Some(problem) = &one.problem else { continue };
            text += &format!("without units: {}\n", about(&one.media.name, problem));
            unread.push(json!({"name": one.media.name, "error": problem}));
        }
    }
    let mut shown = Vec::new();
    if ledger.failed > 0 {
        let failures = failures(queue, &plan, MOST).await?;
        for Group { units, attempts, error } in grouped(failures.iter().map(|(_, failed)| failed)) {
            let number = if units.len() > 1 { format!(" {}", units.len()) } else { String::new() };
            text += &format!("failed{number}: {}, attempts {attempts}: {error}\n", plan.describe_all(&units));
        }
        let more = ledger.failed.saturating_sub(failures.len() as u64);
        if more > 0 {
            text += &format!("failed: {more} more\n");
        }
        shown.extend(failures.into_iter().map(|(unit, failed)| {
            let what = plan.describe(failed.unit);
            let (attempts, error, worker) = (failed.attempts, failed.error, failed.worker);
            json!({"unit": unit, "what": what, "attempts": attempts, "error": error, "worker": worker})
        }));
    }
    let conflicts = queue.conflicts(id).await?;
    if !conflicts.is_empty() {
        text += &format!("conflicts {}: two workers gave results that differ; the first counts\n", conflicts.len());
    }
    if lost > 0 {
        text += &format!("not in the queue {lost}: submit the plan again\n");
    }
    if let Some(untaken) = &untaken {
        text += &format!("{untaken}\n");
    }
    let value = json!({
        "plan": id, "class": plan.class, "workers": workers, "untaken": untaken, "units": ledger, "failures": shown,
        "conflicts": conflicts, "lost": lost, "without-units": unread,
    });
    Ok((text, value, ledger.failed > 0))
}

/// A line per plan.
async fn all(queue: &Queue) -> Result<Shown> {
    let (mut text, mut values, mut any_failed) = (String::new(), Vec::new(), false);
    let present = queue.present().await?;
    for id in queue.plans().await? {
        let plan = match queue.plan(&id).await {
            Ok(plan) => plan,
            Err(error) => {
                text += &format!("{id} {error:#}\n");
                continue;
            }
        };
        let Standing { ledger, lost, workers, untaken } = Standing::of(queue, &plan, &present).await?;
        any_failed |= ledger.failed > 0;
        text += &format!("{id} {ledger}, class {}, workers {workers}", plan.class);
        if lost > 0 {
            text += &format!("; not in the queue {lost}: submit the plan again");
        }
        text += &untaken.as_ref().map_or_else(|| "\n".to_owned(), |untaken| format!("; {untaken}\n"));
        values.push(json!({
            "plan": id, "class": plan.class, "workers": workers, "untaken": untaken, "units": ledger, "lost": lost,
        }));
    }
    Ok((text, values.into(), any_failed))
}

/// Runs `iqa farm remove`.
///
/// # Errors
/// If there is no such plan, or the server cannot be used.
pub fn remove(common: &Common, connection: &Connection, runtime: &Runtime, id: &str) -> Result<Exit> {
    check_id(id)?;
    runtime.block_on(async {
        let queue = connection.open("iqa farm remove").await?;
        queue.plan(id).await?;
        queue.remove(id).await?;
        queue.close().await;
        Ok::<_, anyhow::Error>(())
    })?;
    if !common.quiet {
        say(&format!("removed {id}"));
    }
    Ok(Exit::Good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_that_nobody_takes_is_said_to_be_so() {
        let reason = "a model file differs".to_owned();
        assert!(untaken("cuda", 0, &[]).unwrap().contains("`iqa farm work --class cuda`"));
        assert_eq!(untaken("cpu", 2, &[]), None);
        assert_eq!(untaken("cpu", 2, &[&reason]), None);
        assert!(untaken("cpu", 2, &[&reason; 2]).unwrap().ends_with("leave it: a model file differs"));
    }
}
