// SPDX-License-Identifier: MPL-2.0

//! `iqa farm status` and `iqa farm remove`.

use super::plan::Plan;
use super::queue::{Connection, Group, Ledger, Present, Queue, count, failures, grouped};
use super::{check_id, say};
use crate::args::Common;
use crate::causes;
use crate::exit::Exit;
use crate::media::inputs::about;
use crate::terminal;
use anyhow::Result;
use serde_json::json;
use tokio::runtime::Runtime;

/// Maximum number of failed units that are looked at.
const MOST: usize = 1000;

/// What to do about units that have failed.
pub const RETRY: &str = "units that have failed are published again by `iqa farm submit --retry-failed PLAN.toml`, with \
                         the file of the plan";

/// Runs `iqa farm status`.
///
/// # Errors
/// If there is no such plan, or the server cannot be used.
pub fn run(common: &Common, connection: &Connection, runtime: &Runtime, id: Option<&str>) -> Result<Exit> {
    if let Some(id) = id {
        check_id(id)?;
    }
    let Shown { lines, value, any_failed } = runtime.block_on(async {
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
        if lines.is_empty() && !common.quiet {
            say("the server has no plan: `iqa farm submit` makes one");
        }
        // Names and reasons come from whoever submitted the plan, and from workers.
        let lines = lines.iter().map(|line| format!("{}\n", terminal::line(line)));
        crate::out::print(&lines.collect::<String>())?;
    }
    Ok(if any_failed { Exit::Missed } else { Exit::Good })
}

/// What is shown.
struct Shown {
    lines: Vec<String>,
    value: serde_json::Value,
    /// Whether a unit has failed.
    any_failed: bool,
}

/// What is known of a plan but its failures.
struct Standing {
    ledger: Ledger,
    /// Units that neither have ended nor are in the queue.
    lost: u64,
    workers: Workers,
}

impl Standing {
    async fn of(queue: &Queue, plan: &Plan, present: &[Present]) -> Result<Self> {
        // First, as the queue only becomes shorter.
        let queued = queue.queued(&plan.id).await?;
        let ledger = count(queue, plan).await?;
        let lost = (ledger.waiting + ledger.running).saturating_sub(queued);
        let workers = Workers::of(present, plan, ledger.waiting > 0);
        Ok(Self { ledger, lost, workers })
    }
}

/// Workers of a plan's class.
struct Workers {
    /// Number of those that run the plan.
    number: usize,
    /// Why nobody runs what waits, with what to do.
    untaken: Option<String>,
    /// Number of those that cannot read a file of the plan, and what the first of them says.
    unread: Option<(usize, String)>,
}

impl Workers {
    /// `is_waiting`: whether units wait.
    fn of(present: &[Present], plan: &Plan, is_waiting: bool) -> Self {
        let own: Vec<_> = present.iter().filter(|worker| worker.class == plan.class).collect();
        let left: Vec<_> = own.iter().filter_map(|worker| worker.left.get(&plan.id)).collect();
        let untaken = untaken(&plan.class, own.len(), &left).filter(|_| is_waiting);
        let mut reasons = own.iter().filter_map(|worker| worker.unread.get(&plan.id)).map(|unread| &unread.reason);
        let unread = reasons.next().map(|reason| (1 + reasons.count(), reason.clone()));
        Self { number: own.len() - left.len(), untaken, unread }
    }
}

fn unread_line((number, reason): &(usize, String)) -> String {
    format!("workers that cannot read a file {number}: {reason}")
}

/// Why a plan may not go on. `is_waiting`: whether units wait.
///
/// # Errors
/// If the server does not answer.
pub async fn obstacles(queue: &Queue, plan: &Plan, is_waiting: bool) -> Result<Vec<String>> {
    let Workers { untaken, unread, .. } = Workers::of(&queue.present().await?, plan, is_waiting);
    Ok(untaken.into_iter().chain(unread.as_ref().map(unread_line)).collect())
}

/// What to do about units that are not in the queue.
fn missing(lost: u64) -> String {
    format!(
        "not in the queue {lost}: submit the plan again; if the server had no room for them, first remove plans that \
         are no longer needed (`iqa farm remove`), or raise its limits"
    )
}

/// Why nobody takes units of this class. `left`: reasons of workers that leave the plan to others.
fn untaken(class: &str, workers: usize, left: &[&String]) -> Option<String> {
    match left.first() {
        _ if workers == 0 => Some(format!(
            "no worker of class {class} is known: start one with `iqa farm work --class {class}`; for up to 30 s after a \
             start of the server, those that run already are not known yet"
        )),
        Some(reason) if left.len() == workers => Some(format!("all workers of class {class} leave it: {reason}")),
        _ => None,
    }
}

/// A plan, and the units of it that have failed.
async fn one(queue: &Queue, id: &str) -> Result<Shown> {
    let plan = queue.plan(id).await?;
    let Standing { ledger, lost, workers } = Standing::of(queue, &plan, &queue.present().await?).await?;
    let Workers { number: workers, untaken, unread } = workers;
    let mut lines = vec![ledger.to_string(), format!("class {}, workers {workers}", plan.class)];
    lines.extend(unread.as_ref().map(unread_line));
    lines.extend(plan.problems().map(|(name, problem)| format!("without units: {}", about(name, problem))));
    let mut shown = Vec::new();
    if ledger.failed > 0 {
        let failures = failures(queue, &plan, MOST).await?;
        for Group { units, attempts, error } in grouped(failures.iter().map(|(_, failed)| failed)) {
            let number = if units.len() > 1 { format!(" {}", units.len()) } else { String::new() };
            lines.push(format!("failed{number}: {}, attempts {attempts}: {error}", plan.describe_all(&units)));
        }
        let more = ledger.failed.saturating_sub(failures.len() as u64);
        if more > 0 {
            lines.push(format!("failed: {more} more"));
        }
        lines.push(RETRY.to_owned());
        shown.extend(failures.into_iter().map(|(unit, failed)| {
            let what = plan.describe(failed.unit);
            let (attempts, error, worker) = (failed.attempts, failed.error, failed.worker);
            json!({"unit": unit, "what": what, "attempts": attempts, "error": error, "worker": worker})
        }));
    }
    let conflicts = queue.conflicts(id).await?;
    if !conflicts.is_empty() {
        lines.push(format!("conflicts {}: two workers gave results that differ; the first counts", conflicts.len()));
    }
    if lost > 0 {
        lines.push(missing(lost));
    }
    lines.extend(untaken.clone());
    let unread = unread.map(|(workers, error)| json!({"workers": workers, "error": error}));
    let value = json!({
        "plan": id, "class": plan.class, "workers": workers, "untaken": untaken, "units": ledger, "failures": shown,
        "conflicts": conflicts, "lost": lost, "unread": unread, "without-units": without_units(&plan),
    });
    Ok(Shown { lines, value, any_failed: ledger.failed > 0 })
}

/// Renditions that could not be read, for JSON.
pub fn without_units(plan: &Plan) -> Vec<serde_json::Value> {
    plan.problems().map(|(name, problem)| json!({"name": name, "error": problem})).collect()
}

/// A line per plan.
async fn all(queue: &Queue) -> Result<Shown> {
    let (mut lines, mut values, mut any_failed) = (Vec::new(), Vec::new(), false);
    let present = queue.present().await?;
    for id in queue.plans().await? {
        let plan = match queue.plan(&id).await {
            Ok(plan) => plan,
            Err(error) => {
                lines.push(format!("{id} {}", causes::of(&error)));
                continue;
            }
        };
        let Standing { ledger, lost, workers } = Standing::of(queue, &plan, &present).await?;
        let Workers { number: workers, untaken, .. } = workers;
        any_failed |= ledger.failed > 0;
        let line = format!("{id} {ledger}, class {}, workers {workers}", plan.class);
        let more = (lost > 0).then(|| missing(lost)).into_iter().chain(untaken.clone());
        lines.push([line].into_iter().chain(more).collect::<Vec<_>>().join("; "));
        values.push(json!({
            "plan": id, "class": plan.class, "workers": workers, "untaken": untaken, "units": ledger, "lost": lost,
        }));
    }
    Ok(Shown { lines, value: values.into(), any_failed })
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
    if common.json {
        crate::out::print_json(&json!({"plan": id, "removed": true}))?;
    } else if !common.quiet {
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
        let text = untaken("cuda", 0, &[]).unwrap();
        assert!(
            text.contains("`iqa farm work --class cuda`") && text.contains("after a start of the server"),
            "{text}"
        );
        assert_eq!(untaken("cpu", 2, &[]), None);
        assert_eq!(untaken("cpu", 2, &[&reason]), None);
        assert!(untaken("cpu", 2, &[&reason; 2]).unwrap().ends_with("leave it: a model file differs"));
    }
}
