// SPDX-License-Identifier: MPL-2.0

//! Whether an execution provider gives the CPU's answers, and how fast it is. `scripts/gpu-check.sh` runs it.
//!
//! ```sh
//! gpu_check --models models --provider cuda [--provider tensorrt] [--model NAME]… [--device N] [--streams N] [--batch N]…
//! ```
//!
//! For each file of each bundled model, in float and in 8-bit integers, and each provider:
//!
//! * `answers`: raw values of made pictures of several sizes, which must be within 1e-3 of the contract's range of what
//!   the CPU gives for the same file;
//! * `first score`: seconds from opening the model to its first score;
//! * `speed`: frames a second of 1080p through the scorer, as a ratio to a bare session of the same provider that is
//!   fed ready tensors, in turns;
//! * `streams`: frames a second of many streams that share the model, as a multiple of 30 a second.
//!
//! Exit status: 0 when every answer is right, 1 when one is not, 2 when something could not be run. Goals of speed are
//! printed and decide nothing.

mod bare;
mod pictures;
mod speed;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use onnx_iqa::model::contract::{Contract, Kind};
use onnx_iqa::model::{Model, ModelError, Provider, Search};
use onnx_iqa::scorer::Scorer;

const USAGE: &str = "usage: gpu_check --models DIR --provider NAME… [--model NAME]… [--device N] [--threads N] \
                     [--streams N] [--batch N]… [--quick]";
/// How far an answer may lie from the CPU's, as a share of the contract's range of raw values.
const BOUND: f64 = 1e-3;

struct Arguments {
    models: PathBuf,
    /// Names of those that are checked; none stands for all.
    only: Vec<String>,
    providers: Vec<Provider>,
    device: u32,
    threads: usize,
    streams: usize,
    batches: Vec<usize>,
    /// Few pictures and short measurements: for trying the program, not for figures.
    quick: bool,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut result = Self {
            models: PathBuf::new(),
            only: Vec::new(),
            providers: Vec::new(),
            device: 0,
            threads: 0,
            streams: 100,
            batches: Vec::new(),
            quick: false,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} needs a value\n{USAGE}"));
            match word.as_str() {
                "--models" => result.models = value()?.into(),
                "--provider" => result.providers.push(value()?.parse()?),
                "--model" => result.only.push(value()?),
                "--device" => result.device = value()?.parse().context("--device")?,
                "--threads" => result.threads = value()?.parse().context("--threads")?,
                "--streams" => result.streams = value()?.parse().context("--streams")?,
                "--batch" => result.batches.push(value()?.parse().context("--batch")?),
                "--quick" => result.quick = true,
                _ => bail!("unknown argument {word}\n{USAGE}"),
            }
        }
        ensure!(!result.models.as_os_str().is_empty() && !result.providers.is_empty(), "{USAGE}");
        ensure!(!result.providers.contains(&Provider::Auto), "--provider auto: name what is to be checked");
        ensure!(result.streams > 0 && !result.batches.contains(&0), "--streams and --batch are at least 1\n{USAGE}");
        if result.batches.is_empty() {
            result.batches = if result.quick { vec![2] } else { vec![1, 8, 32] };
        }
        Ok(result)
    }

    fn open(&self, file: &Path, provider: Provider) -> Result<std::sync::Arc<Model>, ModelError> {
        // By its path: a name would leave the choice between float and integers to the provider.
        Model::builder(file.display().to_string())
            .search(Search::for_program())
            .provider(provider)
            .device_id(self.device)
            .threads(self.threads)
            .open()
    }
}

/// What has been found so far.
#[derive(Default)]
struct Findings {
    wrong: usize,
    failed: usize,
}

fn main() -> ExitCode {
    let findings = Arguments::parse(std::env::args().skip(1)).and_then(|arguments| check(&arguments));
    match findings {
        Ok(Findings { wrong: 0, failed: 0 }) => ExitCode::SUCCESS,
        Ok(Findings { wrong, failed }) => {
            println!("{wrong} answers wrong, {failed} checks could not be run");
            ExitCode::from(if failed > 0 { 2 } else { 1 })
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn check(arguments: &Arguments) -> Result<Findings> {
    let files = files(&arguments.models, &arguments.only)?;
    println!("onnx-iqa {}, {} cores", env!("CARGO_PKG_VERSION"), std::thread::available_parallelism()?);
    let mut findings = Findings::default();
    for &provider in &arguments.providers {
        for file in &files {
            let name = file.strip_prefix(&arguments.models).unwrap_or(file).display().to_string();
            let mut tell = |what: &str, text: &str| println!("{:<10}{name:<29}{what:<13}{text}", provider.name());
            if let Err(error) = check_file(arguments, file, provider, &mut findings, &mut tell) {
                findings.failed += 1;
                tell("not checked", &format!("{error:#}"));
            }
        }
    }
    Ok(findings)
}

/// The model files in `DIR/NAME/`, sorted; with `only`, of these names.
fn files(models: &Path, only: &[String]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in std::fs::read_dir(models).with_context(|| models.display().to_string())? {
        let folder = folder?.path();
        let named = |name: &String| folder.file_name() == Some(name.as_ref());
        if folder.is_dir() && (only.is_empty() || only.iter().any(named)) {
            let inside = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
            let inside: Vec<_> = inside.collect::<Result<_, _>>()?;
            let onnx =
                inside.into_iter().map(|entry| entry.path()).filter(|path| path.extension() == Some("onnx".as_ref()));
            files.extend(onnx);
        }
    }
    files.sort();
    ensure!(!files.is_empty(), "{}: no folder of those asked for holds a .onnx file", models.display());
    Ok(files)
}

fn check_file(
    arguments: &Arguments,
    file: &Path,
    provider: Provider,
    findings: &mut Findings,
    tell: &mut impl FnMut(&str, &str),
) -> Result<()> {
    let begin = Instant::now();
    let model = arguments.open(file, provider)?;
    let opened = begin.elapsed();
    let scorer = Scorer::new(model.clone());
    let pictures = pictures::all(arguments.quick)?;
    let first = pictures.first().context("no pictures")?;
    score(&scorer, first)?;
    let (open, whole) = (opened.as_secs_f64(), begin.elapsed().as_secs_f64());
    tell("first score", &format!("{whole:.2} s after the model is asked for, of which {open:.2} s open it"));

    let reference = Scorer::new(arguments.open(file, Provider::Cpu)?);
    let [low, high] = model.contract().output.curve.raw_range();
    let mut largest = (0.0, String::new());
    for pair in &pictures {
        let distance = (score(&scorer, pair)? - score(&reference, pair)?).abs() / (high - low);
        // A value that is no number is as far away as can be.
        let distance = if distance.is_finite() { distance } else { f64::INFINITY };
        if distance >= largest.0 {
            largest = (distance, pair.name.clone());
        }
    }
    let (distance, name) = largest;
    let right = distance <= BOUND;
    findings.wrong += usize::from(!right);
    let verdict = if right { "right" } else { "WRONG" };
    let count = pictures.len();
    tell("answers", &format!("{verdict}: {count} pictures within {distance:.1e} of the range of the CPU's ({name})"));
    drop((scorer, reference));

    speed::against_a_bare_session(arguments, file, &model, tell)?;
    if model.contract().kind == Kind::NoReference {
        speed::streams(arguments, &model, tell)?;
    }
    Ok(())
}

/// The raw value of a picture, or of it beside its reference.
fn score(scorer: &Scorer, pair: &pictures::Pair) -> Result<f64> {
    let reference = takes_reference(scorer.contract()).then(|| pair.reference.clone());
    let boxed = |frame| Box::new(frame) as Box<dyn onnx_iqa::picture::Frame>;
    Ok(scorer.score_frame(boxed(pair.distorted.clone()), reference.map(boxed))?.raw)
}

fn takes_reference(contract: &Contract) -> bool {
    contract.kind != Kind::NoReference
}
