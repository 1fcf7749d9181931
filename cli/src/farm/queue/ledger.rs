// SPDX-License-Identifier: MPL-2.0

//! What became of the units of a plan: computed from the plan and the results, never from the queue.

use super::connection::Queue;
use super::stored::{Claim, Failed};
use crate::farm::plan::{Plan, Unit};
use anyhow::Result;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;

/// Counts that add up: `planned = done + failed + running + waiting`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Ledger {
    /// All units.
    pub planned: u64,
    /// Units with a result.
    pub done: u64,
    /// Units that cannot succeed.
    pub failed: u64,
    /// Units that a worker runs now.
    pub running: u64,
    /// All others.
    pub waiting: u64,
}

impl Ledger {
    /// Divides the planned units. What is done counts first, then what has failed, then what runs.
    pub fn new(planned: u64, done: u64, failed: u64, running: u64) -> Self {
        let done = done.min(planned);
        let failed = failed.min(planned - done);
        let running = running.min(planned - done - failed);
        Self { planned, done, failed, running, waiting: planned - done - failed - running }
    }

    /// Whether nothing is left to do.
    pub fn is_complete(self) -> bool {
        self.running == 0 && self.waiting == 0
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { planned, done, failed, running, waiting } = self;
        write!(f, "planned {planned} = done {done} + failed {failed} + running {running} + waiting {waiting}")
    }
}

/// Counts the units of a plan.
///
/// # Errors
/// If the server does not answer.
pub async fn count(queue: &Queue, plan: &Plan) -> Result<Ledger> {
    let wholes = queue.wholes(&plan.id).await?;
    let extra = wholes.iter().filter(|&&rendition| plan.is_cut(rendition)).count() as u64;
    let mut running = BTreeSet::new();
    for claim in queue.claims(&plan.id).await? {
        // A claim of a later version is not counted.
        running.extend(serde_json::from_slice::<Claim>(&claim).map(|claim| claim.id).ok());
    }
    let mut failed = queue.failed(&plan.id).await?;
    let done = queue.count_done(&plan.id).await?;
    // A unit may have failed once and then succeeded, and a claim outlives its unit for a moment.
    let mut ended = BTreeSet::new();
    for unit in failed.iter().chain(&running) {
        if queue.is_done(&plan.id, unit).await? {
            ended.insert(unit.clone());
        }
    }
    failed.retain(|unit| !ended.contains(unit));
    running.retain(|unit| !ended.contains(unit) && !failed.contains(unit));
    Ok(Ledger::new(plan.planned() + extra, done, failed.len() as u64, running.len() as u64))
}

/// Units of a plan with those that were added for renditions as a whole.
///
/// # Errors
/// If the server does not answer.
pub async fn units(queue: &Queue, plan: &Plan) -> Result<Vec<Unit>> {
    let wholes = queue.wholes(&plan.id).await?;
    let extra = wholes.into_iter().filter(|&rendition| plan.is_cut(rendition));
    Ok(plan.units().chain(extra.map(|rendition| Unit::Whole { rendition })).collect())
}

/// Units of a plan that have failed, in its order, with their IDs; at most so many.
///
/// # Errors
/// If the server does not answer.
pub async fn failures(queue: &Queue, plan: &Plan, most: usize) -> Result<Vec<(String, Failed)>> {
    let mut left = queue.failed(&plan.id).await?;
    let mut found = Vec::new();
    for unit in units(queue, plan).await? {
        if left.is_empty() || found.len() >= most {
            break;
        }
        let id = plan.unit_id(unit)?;
        // A unit may have failed once and then succeeded.
        if left.remove(&id)
            && !queue.is_done(&plan.id, &id).await?
            && let Some(failed) = queue.failure(plan, &id).await?
        {
            found.push((id, failed));
        }
    }
    Ok(found)
}

/// Units that have failed for the same reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The units, in the plan's order.
    pub units: Vec<Unit>,
    /// Most attempts at one of them.
    pub attempts: i64,
    /// The reason.
    pub error: String,
}

/// Groups failures, which are in the plan's order, by their reason.
pub fn grouped<'a>(failures: impl IntoIterator<Item = &'a Failed>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for Failed { unit, attempts, error, .. } in failures {
        match groups.iter_mut().find(|group| group.error == *error) {
            Some(group) => {
                group.units.push(*unit);
                group.attempts = group.attempts.max(*attempts);
            }
            None => groups.push(Group { units: vec![*unit], attempts: *attempts, error: error.clone() }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_reasons_are_one_group() {
        let failed = |segment, attempts, error: &str| Failed {
            unit: Unit::Segment { rendition: 0, segment },
            attempts,
            worker: format!("worker-{segment}"),
            error: error.to_owned(),
        };
        let groups = grouped(&[failed(0, 5, "gone"), failed(1, 1, "changed"), failed(2, 6, "gone")]);
        let units = |segments: &[usize]| {
            segments.iter().map(|&segment| Unit::Segment { rendition: 0, segment }).collect::<Vec<_>>()
        };
        let group = |segments: &[usize], attempts, error: &str| {
            let (units, error) = (units(segments), error.to_owned());
            Group { units, attempts, error }
        };
        assert_eq!(groups, [group(&[0, 2], 6, "gone"), group(&[1], 1, "changed")]);
    }

    #[test]
    fn the_ledger_adds_up_whatever_is_counted() {
        for planned in 0..6 {
            for done in 0..7 {
                for failed in 0..7 {
                    for running in 0..7 {
                        let ledger = Ledger::new(planned, done, failed, running);
                        let Ledger { planned, done, failed, running, waiting } = ledger;
                        assert_eq!(planned, done + failed + running + waiting);
                        assert_eq!(ledger.is_complete(), done + failed == planned);
                    }
                }
            }
        }
        let text = Ledger::new(15, 9, 0, 2).to_string();
        assert_eq!(text, "planned 15 = done 9 + failed 0 + running 2 + waiting 4");
    }
}
