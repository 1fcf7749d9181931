// SPDX-License-Identifier: MPL-2.0

//! `iqa score`: scores videos and pictures without a reference.
//!
//! Inputs are decoded and scored one after the other with the same open model. [`stream`] is the pipeline of a file,
//! [`result`] the result of an input, [`table`] and [`csv`] the output formats.

mod csv;
mod inputs;
mod result;
mod stream;
mod table;

use crate::args::{Common, Score};
use crate::exit::Exit;
use crate::media::decode;
use crate::out;
use crate::progress::Progress;
use crate::report::records::ATTRIBUTE;
use crate::thresholds::{Expression, Quantity};
use anyhow::{Context as _, Result, bail, ensure};
use inputs::{Item, Media};
use onnx_iqa::model::contract::Kind;
use onnx_iqa::model::{Model, Provider, Search};
use result::{InputResult, ModelName, Report};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use stream::{Ended, Settings};

/// Default model.
const MODEL: &str = "metaiqa";

/// Runs `iqa score`.
///
/// # Errors
/// If an argument is invalid, the model cannot be opened, or a file cannot be written.
pub fn run(common: &Common, args: &Score) -> Result<Exit> {
    let thresholds = thresholds(&args.threshold)?;
    crate::plugin::init(common.verbose)?;
    decode::prefer_exact_decoders();
    let (model, settings) = open(common, args)?;
    check_attributes(&thresholds, &settings.columns)?;
    let items = inputs::items(&args.inputs)?;
    let table = args.csv.as_deref().map(|path| csv::Table::create(path, &settings.columns)).transpose()?;
    let interrupted = crate::exit::interruption()?;
    let mut progress = Progress::new(common);

    let mut results = Vec::new();
    let mut scorer = Scorer { settings: &settings, interrupted: &interrupted, table };
    let all = items.len();
    for (number, item) in items.iter().enumerate() {
        if interrupted.load(Ordering::Relaxed) {
            break;
        }
        progress.begin(&format!("scoring {}", item.shown), number, all);
        results.push(scorer.score(item, &mut progress, &thresholds)?);
    }
    progress.end();
    if let Some(table) = scorer.table {
        table.finish()?;
    }
    let report = Report::new(ModelName::of(&model), results, interrupted.load(Ordering::Relaxed));
    if common.json {
        out::print_json(&report)?;
    } else if common.quiet {
        report.failures().for_each(|failure| eprintln!("iqa: {failure}"));
    } else {
        out::print(&table::table(&report))?;
    }
    Ok(report.exit())
}

/// Parses the thresholds.
fn thresholds(texts: &[String]) -> Result<Vec<Expression>> {
    let parse = |text: &String| {
        let expression: Expression = text.parse().with_context(|| format!("--threshold {text}"))?;
        match expression.quantity() {
            Quantity::Measure { field, .. } if field == "score" || field.starts_with(ATTRIBUTE) => Ok(expression),
            _ => bail!(
                "--threshold {text}: only statistics of the score and of attributes are supported, for example \
                 score.p5>=60 or {ATTRIBUTE}NAME.mean>=60"
            ),
        }
    };
    texts.iter().map(parse).collect()
}

/// Checks that the model has the attributes of the thresholds.
fn check_attributes(thresholds: &[Expression], columns: &[String]) -> Result<()> {
    let known: Vec<_> = columns.iter().filter_map(|column| column.strip_prefix(ATTRIBUTE)).collect();
    for expression in thresholds {
        let Quantity::Measure { field, .. } = expression.quantity() else { continue };
        let Some(name) = field.strip_prefix(ATTRIBUTE) else { continue };
        ensure!(!known.is_empty(), "--threshold {expression}: the model has no attributes");
        let unknown = || format!("unknown attribute {name:?}; the model has: {}", known.join(", "));
        ensure!(known.contains(&name), "--threshold {expression}: {}", unknown());
    }
    Ok(())
}

/// Opens the model, which stays open for all inputs, and returns it with the settings for the elements.
fn open(common: &Common, args: &Score) -> Result<(Arc<Model>, Settings)> {
    let name = common.model.clone().unwrap_or_else(|| MODEL.to_owned());
    let provider: Provider = common.provider.parse().context("--provider")?;
    let model = Model::builder(&name)
        .search(Search::for_program())
        .provider(provider)
        .device_id(common.device_id)
        .threads(usize::try_from(common.threads)?)
        .open()
        .context("--model")?;
    let kind = model.contract().kind;
    let still = if kind == Kind::ReducedReference { " --alignment still" } else { "" };
    ensure!(!kind.compares(), "--model {name}: the model needs a reference; use iqa compare --model {name}{still}");
    let attributes = model.contract().output.attribute_names().map(|name| format!("{ATTRIBUTE}{name}"));
    let settings = Settings {
        model: name,
        columns: ["score", "raw"].map(str::to_owned).into_iter().chain(attributes).collect(),
        provider: common.provider.clone(),
        device_id: common.device_id,
        threads: common.threads,
        every: args.every,
        max_rate: args.max_rate,
    };
    Ok((model, settings))
}

/// Scores inputs.
struct Scorer<'a> {
    settings: &'a Settings,
    interrupted: &'a AtomicBool,
    table: Option<csv::Table>,
}

impl Scorer<'_> {
    fn score(&mut self, item: &Item, progress: &mut Progress, thresholds: &[Expression]) -> Result<InputResult> {
        let mut result = InputResult::new(item);
        match &item.media {
            Err(problem) => result.failure = Some(problem.clone()),
            Ok(Media::Stream(input)) => {
                let scored = stream::run(input, self.settings, progress, self.interrupted)?;
                if let Some(table) = &mut self.table {
                    table.frames(&item.shown, &scored.frames)?;
                }
                result.add_stream(scored);
            }
            Ok(Media::Pictures(pictures)) => {
                for (number, picture) in pictures.iter().enumerate() {
                    if self.interrupted.load(Ordering::Relaxed) {
                        result.ended = Ended::Interrupted;
                        break;
                    }
                    progress.position(Some(number as u64), Some(pictures.len() as u64), number as u64);
                    let scored = stream::run(&picture.input, self.settings, progress, self.interrupted)?;
                    if let Some(table) = &mut self.table {
                        table.picture(&item.shown, &picture.name, &scored.frames)?;
                    }
                    result.add_picture(&picture.name, scored);
                }
            }
        }
        result.finish(thresholds);
        Ok(result)
    }
}
