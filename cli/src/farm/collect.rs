// SPDX-License-Identifier: MPL-2.0

//! `iqa farm collect`: waits for the results of a plan and writes the report of `iqa compare`.

use super::plan::{Ladder, Plan, Unit, Work};
use super::queue::{Connection, Group, Queue, count, denied, gone, grouped, is_away, is_missing};
use super::repeats::Repeats;
use super::status::{RETRY, obstacles};
use super::unit::merge::{self, Merged};
use super::unit::run::settings;
use super::{check_id, say, signaled};
use crate::args::{Common, Compare};
use crate::causes;
use crate::compare::{Conclusion, Finished, Results, Settings, SourceKnown, failed, memory, source_media};
use crate::exit::{Exit, also_hangup, interruption};
use crate::progress::Progress;
use crate::report::data::Rendition;
use crate::report::files::Folder;
use crate::thresholds::Thresholds;
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Interval between counts.
const STEP: Duration = Duration::from_secs(1);

/// Interval between looks at who does the work; workers that have just started have announced themselves by then.
const LOOK: Duration = Duration::from_secs(10);

/// Options of `iqa farm collect`.
pub struct Options<'a> {
    /// ID of the plan.
    pub plan: &'a str,
    /// Where the report is written.
    pub output: Option<&'a Path>,
    /// Thresholds.
    pub threshold: &'a [String],
    /// File with thresholds.
    pub thresholds: Option<&'a Path>,
    /// Memory for frames, in bytes.
    pub memory: Option<u64>,
}

/// Runs `iqa farm collect`.
///
/// # Errors
/// If there is no such plan, the server cannot be used, or the report cannot be written.
pub fn run(common: &Common, connection: &Connection, runtime: &Runtime, options: &Options<'_>) -> Result<Exit> {
    check_id(options.plan)?;
    let interrupted = interruption()?;
    also_hangup(&interrupted)?;
    let mut progress = Progress::new(common);
    let (queue, plan) = runtime.block_on(async {
        let queue = connection.open("iqa farm collect").await?;
        let plan = queue.plan(options.plan).await?;
        Ok::<_, anyhow::Error>((queue, plan))
    })?;
    let Work::Compare(ladder) = &plan.work else { bail!("plan {} is a drill: it has no report", plan.id) };
    crate::plugin::init(common.verbose)?;
    crate::media::decode::prefer_exact_decoders();
    let settings = settings(ladder, common)?;
    let thresholds = thresholds(ladder, &settings, options, common)?;
    let folder = options.output.map(Folder::new).transpose()?;

    let logs: Vec<Option<PathBuf>> =
        ladder.renditions.iter().map(|one| folder.as_ref().map(|folder| folder.vmaf_json(&one.media.name))).collect();
    let collected = runtime.block_on(async {
        tokio::select! {
            collected = collect(&queue, &plan, ladder, &settings, &logs, &mut progress) => collected.map(Some),
            () = signaled(&interrupted) => Ok(None),
        }
    });
    progress.end();
    let Some(results) = collected? else {
        say(&format!("interrupted: nothing is lost; collect {} again", plan.id));
        return Ok(Exit::Interrupted);
    };
    runtime.block_on(queue.close());
    let source = ladder.source.input();
    let renditions: Vec<_> = ladder.renditions.iter().map(|one| one.media.input()).collect();
    let conclusion = Conclusion {
        source: &source,
        renditions: &renditions,
        own: renditions.len(),
        settings: &settings,
        thresholds: &thresholds,
        folder: folder.as_ref(),
        budget: memory::budget(options.memory),
    };
    conclusion.publish(&results, common, &progress)
}

/// Validated thresholds.
fn thresholds(ladder: &Ladder, settings: &Settings, options: &Options<'_>, common: &Common) -> Result<Thresholds> {
    let names: Vec<_> = ladder.renditions.iter().map(|one| one.media.name.clone()).collect();
    let (_, args) = ladder.options.arguments("source", &names, common)?;
    let (threshold, thresholds) = (options.threshold.to_vec(), options.thresholds.map(Path::to_owned));
    let thresholds = Thresholds::new(&Compare { threshold, thresholds, ..args }, &settings.fields())?;
    thresholds.check_names(names.iter().map(String::as_str))?;
    Ok(thresholds)
}

/// Waits for all results and joins them.
async fn collect(
    queue: &Queue,
    plan: &Plan,
    ladder: &Ladder,
    settings: &Settings,
    logs: &[Option<PathBuf>],
    progress: &mut Progress,
) -> Result<Results> {
    progress.begin("waiting for results", 0, 1);
    let mut finished: Vec<Option<Finished>> = vec![None; ladder.renditions.len()];
    loop {
        let ledger = wait(queue, plan, progress).await?;
        let mut is_whole = true;
        for (rendition, place) in finished.iter_mut().enumerate().filter(|(_, place)| place.is_none()) {
            let log = logs.get(rendition).and_then(Option::as_deref);
            *place = self::rendition(queue, plan, ladder, rendition, settings, log).await?;
            // Its segments do not join: it is now measured as a whole.
            is_whole &= place.is_some();
        }
        if is_whole {
            progress.say(&ledger.to_string());
            if ledger.failed > 0 {
                progress.say(&format!("iqa farm: {RETRY}"));
            }
            break;
        }
        tokio::time::sleep(STEP).await;
    }
    let renditions: Vec<_> = finished.into_iter().flatten().collect();
    let measured = renditions.iter().find(|one| one.source.codec.is_some() || one.source.width.is_some());
    let unknown = || source_media(&ladder.source.input(), &SourceKnown::default());
    let source = measured.map_or_else(unknown, |one| one.source.clone());
    Ok(Results { source, renditions, interrupted: false })
}

/// Waits until no unit is left.
async fn wait(queue: &Queue, plan: &Plan, progress: &mut Progress) -> Result<super::queue::Ledger> {
    let (mut is_lost, mut looked) = (false, Instant::now());
    let (repeats, mut known) = (Repeats::default(), BTreeSet::new());
    loop {
        let counted = async {
            // First, as the queue only becomes shorter.
            let queued = queue.queued(&plan.id).await?;
            Ok::<_, anyhow::Error>((queued, count(queue, plan).await?))
        };
        match counted.await {
            Ok((_, ledger)) if ledger.is_complete() => return Ok(ledger),
            Ok((queued, ledger)) => {
                let ended = ledger.done + ledger.failed;
                progress.position(Some(ended), Some(ledger.planned), ended);
                if looked.elapsed() >= LOOK {
                    looked = Instant::now();
                    // If the server is away, the next count says so.
                    for text in obstacles(queue, plan, ledger.waiting > 0).await.unwrap_or_default() {
                        if known.insert(text.clone()) {
                            progress.say(&format!("iqa farm: {text}"));
                        }
                    }
                }
                // A lost queue: the plan and the results are still there.
                let lost = queued < ledger.running + ledger.waiting;
                if lost && !queue.has_plan(&plan.id).await? {
                    bail!(gone(&plan.id));
                }
                if lost && !std::mem::replace(&mut is_lost, lost) {
                    progress.say("iqa: units are missing in the queue: submit the plan again to publish them");
                }
                is_lost = lost;
            }
            // The connection is restored by itself.
            Err(error) if denied().is_some() => return Err(error),
            Err(error) if !is_missing(&error) => {
                let text = format!("{}; trying again", causes::of(&error));
                // A server that is away was said to be so.
                if let Some(line) = repeats.line(&text, &text).filter(|_| !is_away()) {
                    say(&line);
                }
            }
            Err(_) if !queue.has_plan(&plan.id).await? => bail!(gone(&plan.id)),
            Err(error) => return Err(error),
        }
        tokio::time::sleep(STEP).await;
    }
}

/// Result of a rendition; `None` if it must be measured as a whole first.
async fn rendition(
    queue: &Queue,
    plan: &Plan,
    ladder: &Ladder,
    rendition: usize,
    settings: &Settings,
    log: Option<&Path>,
) -> Result<Option<Finished>> {
    let one = ladder.renditions.get(rendition).context("no such rendition")?;
    let input = one.media.input();
    let without = |reasons: Vec<String>| {
        let source = source_media(&ladder.source.input(), &SourceKnown::default());
        Finished::without(Rendition { reasons, ..failed(&input, String::new()) }, source)
    };
    if let Some(problem) = &one.problem {
        return Ok(Some(without(vec![problem.clone()])));
    }
    let wants_whole = one.cuts.is_empty() || queue.wholes(&plan.id).await?.contains(&rendition);
    let units: Vec<Unit> = match wants_whole {
        true => vec![Unit::Whole { rendition }],
        false => (0..one.segments()).map(|segment| Unit::Segment { rendition, segment }).collect(),
    };
    let (mut outcomes, mut failures) = (Vec::new(), Vec::new());
    for unit in units {
        let id = plan.unit_id(unit)?;
        if let Some(result) = queue.result(&plan.id, &id).await? {
            outcomes.extend(result.outcome);
        } else if let Some(failure) = queue.failure(plan, &id).await? {
            failures.push(failure);
        } else {
            // Removed or forgiven since it was counted.
            return Ok(None);
        }
    }
    if !failures.is_empty() {
        let reasons = grouped(&failures).into_iter().map(|Group { units, error, .. }| match units.as_slice() {
            [Unit::Whole { .. }] => error,
            units => format!("{error} ({})", plan.describe_all(units)),
        });
        return Ok(Some(without(reasons.collect())));
    }
    let fields = settings.fields();
    let merged = match wants_whole {
        true => merge::whole(outcomes.pop().context("a result is empty")?, &fields),
        false => match merge::segments(ladder, one, outcomes, &fields) {
            Ok(merged) => merged,
            Err(reason) => {
                say(&format!("{}: {reason}: it is measured as a whole", one.media.name));
                queue.want_whole(plan, rendition, &reason).await?;
                return Ok(None);
            }
        },
    };
    if let Some(log) = log.filter(|_| merged.measured.summary.is_some()) {
        merge::write_log(&merged, log)?;
    }
    let Merged { measured, source, .. } = merged;
    let media = source_media(&ladder.source.input(), &source);
    Ok(Some(Finished::new(&input, measured, &source, media, settings)))
}
