// SPDX-License-Identifier: MPL-2.0

//! `iqa compare`: compares renditions with their source.
//!
//! `settings` and `crate::thresholds` contain the validated arguments. A [`pass`] decodes the source once, together
//! with as many renditions as fit into memory: each has its own [`branch`], fed by the [`fan_out`]. `judge` and
//! `ladder` turn the results into report data.

mod branch;
mod cache;
mod coverage;
mod fan_out;
mod judge;
mod ladder;
pub mod memory;
mod models;
mod moments;
mod outcome;
pub mod pass;
mod settings;
mod stills;
mod table;

use crate::args::{Common, Compare};
use crate::exit::{Exit, interruption};
use crate::media::decode;
use crate::media::inputs::{Input, Inputs, about};
use crate::progress::Progress;
use crate::report::data::Media;
use crate::report::files::Folder;
use crate::report::frames::Frames;
use crate::report::page::RenditionCurves;
use crate::thresholds::Thresholds;
use anyhow::Result;

pub use branch::{Job, Measured};
#[cfg(feature = "farm")]
pub use judge::{failed, frame_interval, source as source_media};
pub use models::Hashes;
pub use outcome::Finished;
pub use pass::SourceKnown;
#[cfg(feature = "farm")]
pub use settings::OpenModels;
pub use settings::Settings;

use cache::Cache;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs `iqa compare`.
///
/// # Errors
/// If an argument is invalid, an input is missing, the source cannot be read, or the report cannot be written.
pub fn run(common: &Common, args: &Compare) -> Result<Exit> {
    let settings = Settings::new(common, args)?;
    let thresholds = Thresholds::new(args, &settings.fields())?;
    crate::plugin::init(common.verbose)?;
    decode::prefer_exact_decoders();
    let _models = settings.open()?;
    let inputs = Inputs::new(args)?;
    thresholds.check_names(inputs.renditions.iter().take(inputs.own).map(|input| input.name.as_str()))?;
    for input in &inputs.renditions {
        if let Some(problem) = &input.problem {
            // Reported now rather than after an hour; it is part of the report too.
            eprintln!("iqa: {}", crate::terminal::line(&about(&input.shown, problem)));
        }
    }
    let folder = args.output.as_deref().map(Folder::new).transpose()?;
    let interrupted = interruption()?;
    let mut progress = Progress::new(common);

    let models = Hashes::of(&settings)?;
    let work = Work {
        inputs: &inputs,
        settings: &settings,
        models: &models,
        folder: folder.as_ref(),
        use_cache: !args.no_cache,
        interrupted: &interrupted,
    };
    let budget = memory::budget(args.memory);
    let results = work.measure(budget, &mut progress)?;
    progress.end();

    let conclusion = Conclusion {
        source: &inputs.source,
        renditions: &inputs.renditions,
        own: inputs.own,
        settings: &settings,
        thresholds: &thresholds,
        folder: folder.as_ref(),
        budget,
    };
    conclusion.publish(&results, common, &progress)
}

/// What turns results into a report.
pub struct Conclusion<'a> {
    /// The source.
    pub source: &'a Input,
    /// The renditions, in the order of the results.
    pub renditions: &'a [Input],
    /// Number of renditions of the evaluated ladder.
    pub own: usize,
    /// Comparison settings.
    pub settings: &'a Settings,
    /// Thresholds.
    pub thresholds: &'a Thresholds,
    /// Where the report is written.
    pub folder: Option<&'a Folder>,
    /// Memory for frames, in bytes.
    pub budget: u64,
}

impl Conclusion<'_> {
    /// Writes the report and prints the result.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn publish(&self, results: &Results, common: &Common, progress: &Progress) -> Result<Exit> {
        let Self { source, renditions, own, settings, thresholds, folder, budget } = *self;
        let mut report = outcome::report(results, own, settings, thresholds);
        for (rendition, finished) in report.renditions.iter_mut().zip(&results.renditions) {
            // With a source that shows something else, moments cannot be compared visually.
            if !settings.is_still() {
                rendition.worst = moments::find(finished, results.source.duration);
            }
        }
        for unchecked in &report.unchecked {
            eprintln!("iqa: no rendition has {} lines: its thresholds were not checked", unchecked.height);
        }
        let mut written = None;
        if let Some(folder) = folder {
            if !results.interrupted {
                progress.say("writing the report");
                let (finished, shown) = (&results.renditions, &mut report.renditions);
                for failure in stills::write(folder, source, renditions, finished, shown, (settings, budget)) {
                    progress.say(&format!("iqa: {failure}"));
                }
            }
            let path = folder.write(&report, &results.frames(), &results.curves(own))?;
            if path != folder.path() {
                let (path, folder) = (path.display(), folder.path().display());
                eprintln!(
                    "iqa: interrupted: finished results are in {path}; {folder} keeps the report of the earlier run"
                );
            }
            written = Some(path);
        }
        if common.json {
            crate::out::print_json(&report)?;
        } else if !common.quiet {
            crate::out::print(&table::table(&report, written.as_deref()))?;
        }
        Ok(Exit::from_code(report.exit))
    }
}

/// Work to be done.
struct Work<'a> {
    inputs: &'a Inputs,
    settings: &'a Settings,
    models: &'a Hashes,
    folder: Option<&'a Folder>,
    use_cache: bool,
    interrupted: &'a AtomicBool,
}

/// Results of all renditions.
#[derive(Debug)]
pub struct Results {
    /// Information about the source.
    pub source: Media,
    /// In the order of the renditions.
    pub renditions: Vec<Finished>,
    /// Whether the run was interrupted.
    pub interrupted: bool,
}

impl Results {
    /// Frames of every rendition; `None` if they must not be shown.
    fn frames(&self) -> Vec<Option<&Frames>> {
        let frames = self
            .renditions
            .iter()
            .map(|finished| Some(&finished.frames).filter(|_| judge::is_trusted(&finished.rendition.verdict)));
        frames.collect()
    }

    /// Curves of the first ladder, which has `own` rungs, for the report page.
    fn curves(&self, own: usize) -> Vec<RenditionCurves> {
        let curves = self.renditions.iter().zip(self.frames()).take(own).map(|(finished, frames)| RenditionCurves {
            name: finished.rendition.media.name.clone(),
            ..frames.map(Frames::curves).unwrap_or_default()
        });
        curves.collect()
    }
}

impl Work<'_> {
    /// Measures all renditions that are not cached, in as few passes over the source as memory allows.
    fn measure(&self, budget: u64, progress: &mut Progress) -> Result<Results> {
        let renditions = &self.inputs.renditions;
        let logs: Vec<Option<PathBuf>> =
            renditions.iter().map(|input| self.folder.map(|folder| folder.vmaf_json(&input.name))).collect();
        let log = |index: usize| logs.get(index).and_then(Option::as_deref);
        let mut done: Vec<Option<Finished>> = renditions.iter().map(|input| self.without_measuring(input)).collect();
        let mut source = None;
        let mut cache = self.cache();
        let mut keys = Vec::new();
        for (index, (input, place)) in renditions.iter().zip(&mut done).enumerate() {
            let key =
                cache.as_mut().filter(|_| place.is_none()).and_then(|cache| cache.key(&self.inputs.source, input));
            let found = key.as_ref().zip(cache.as_ref()).and_then(|(key, cache)| cache.find(key, log(index)));
            if let Some(found) = found {
                progress.say(&format!("{}: reused from an earlier run", input.name));
                source = source.or_else(|| Some(found.source.clone()));
                *place = Some(found.renamed(input));
            }
            keys.push(key);
        }
        let left: Vec<usize> =
            (0..renditions.len()).filter(|&index| done.get(index).is_some_and(Option::is_none)).collect();
        let plan = memory::plan(budget, left.len());
        let passes = left.chunks(plan.renditions).count();
        for (number, chunk) in left.chunks(plan.renditions).enumerate() {
            let job = |&index: &usize| {
                Some(Job { input: renditions.get(index)?, vmaf_json: log(index), keeps_records: false })
            };
            let jobs: Vec<_> = chunk.iter().filter_map(job).collect();
            progress.begin(&what(&jobs, number, passes), number, passes);
            let passed =
                pass::run(&self.inputs.source, &jobs, self.settings, plan.max_bytes, progress, self.interrupted)?;
            if let Some(failure) = &passed.source.failure {
                anyhow::bail!("the source {}: {failure}", self.inputs.source.shown);
            }
            let known = passed.source;
            let media = judge::source(&self.inputs.source, &known);
            for ((&index, job), measured) in chunk.iter().zip(&jobs).zip(passed.renditions) {
                let Some(measured) = measured else { continue };
                let finished = Finished::new(job.input, measured, &known, media.clone(), self.settings);
                let key =
                    keys.get(index).and_then(Option::as_ref).filter(|_| finished.rendition.verdict != judge::FAILED);
                if let (Some(key), Some(cache)) = (key, &cache)
                    && let Err(error) = cache.keep(key, &finished, job.vmaf_json)
                {
                    progress.say(&format!("iqa: cannot keep the result for a later run: {error:#}"));
                }
                if let Some(place) = done.get_mut(index) {
                    *place = Some(finished);
                }
            }
            source = Some(media);
            if self.interrupted.load(Ordering::Relaxed) {
                break;
            }
        }
        let interrupted = done.iter().any(Option::is_none);
        let source = source.unwrap_or_else(|| judge::source(&self.inputs.source, &SourceKnown::default()));
        let finished = done.into_iter().zip(renditions).map(|(result, input)| {
            result.unwrap_or_else(|| Finished::without(judge::interrupted(input), source.clone()))
        });
        Ok(Results { renditions: finished.collect(), source: source.clone(), interrupted })
    }

    /// Result of an input that cannot be read, if this is known in advance.
    fn without_measuring(&self, input: &Input) -> Option<Finished> {
        let problem = input.problem.clone()?;
        let source = judge::source(&self.inputs.source, &SourceKnown::default());
        Some(Finished::without(judge::failed(input, problem), source))
    }

    /// Opens the cache.
    fn cache(&self) -> Option<Cache> {
        let cache = Cache::new(self.settings, self.models);
        cache.filter(|_| self.use_cache)
    }
}

/// Describes a pass for progress output.
fn what(jobs: &[Job<'_>], number: usize, passes: usize) -> String {
    let what = match jobs {
        [one] => format!("comparing {}", one.input.name),
        jobs => format!("comparing {} renditions", jobs.len()),
    };
    if passes > 1 { format!("{what} (pass {} of {passes}, limited by memory)", number + 1) } else { what }
}
