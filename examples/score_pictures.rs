// SPDX-License-Identifier: MPL-2.0

//! Scores picture files with a no-reference model, and compares the scores with people's opinions where there are any.
//!
//! ```sh
//! cargo run --release --example score_pictures -- --model metaiqa --models models a.png b.jpg
//! cargo run --release --example score_pictures -- --model metaiqa --models models \
//!     --csv "Test (Images and MOS).csv" --root BIQ2021/Images
//! ```
//!
//! Prints one line a picture: path, raw value, score, and the mean opinion if there is one. With opinions it ends with
//! SROCC (Spearman's rank correlation) and PLCC (Pearson's, without a fitted curve) of the raw value: over pictures
//! whose file names begin alike (letters and the digits after them, such as `ss03`), and over all.
//!
//! The CSV file has a heading; the column of names is the first whose heading has "image", "file" or "name" in it, that
//! of opinions the first with "mos". Names are looked for in `--root`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use anyhow::{Context as _, Result, anyhow, bail};
use onnx_iqa::model::{Model, Options, Provider, Search};
use onnx_iqa::picture::OwnedFrame;
use onnx_iqa::scorer::{Job, Score, ScoreError, Scorer};

const USAGE: &str = "usage: score_pictures --model NAME_OR_PATH [--models DIR] [--provider NAME] [--threads N] \
                     [--batch N] [--csv FILE [--root DIR]] [FILE…]";

struct Arguments {
    model: String,
    search: Search,
    options: Options,
    batch: usize,
    csv: Option<PathBuf>,
    root: PathBuf,
    files: Vec<PathBuf>,
}

fn arguments() -> Result<Arguments> {
    // ONNX Runtime is also looked for beside this program.
    let beside = std::env::current_exe().ok().and_then(|path| path.parent().map(Path::to_owned));
    let mut result = Arguments {
        model: String::new(),
        search: Search::from_env(beside.as_deref()),
        options: Options::default(),
        batch: 1,
        csv: None,
        root: PathBuf::from("."),
        files: Vec::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value\n{USAGE}"));
        match argument.as_str() {
            "--model" => result.model = value()?,
            "--models" => result.search.models.insert(0, value()?.into()),
            "--provider" => result.options.provider = value()?.parse::<Provider>()?,
            "--threads" => result.options.threads = value()?.parse().context("--threads")?,
            "--batch" => result.batch = value()?.parse().context("--batch")?,
            "--csv" => result.csv = Some(value()?.into()),
            "--root" => result.root = value()?.into(),
            "--help" | "-h" => bail!("{USAGE}"),
            option if option.starts_with("--") => bail!("unknown option {option}\n{USAGE}"),
            file => result.files.push(file.into()),
        }
    }
    if result.model.is_empty() || (result.files.is_empty() && result.csv.is_none()) {
        bail!("{USAGE}");
    }
    Ok(result)
}

/// The fields of a line; quotes may hold commas.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in line.trim_end().chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields.iter_mut().last().into_iter().for_each(|field| field.push(c)),
        }
    }
    fields
}

/// Names and mean opinions.
fn read_csv(path: &Path) -> Result<Vec<(String, f64)>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let heading: Vec<String> = fields(lines.next().unwrap_or_default()).iter().map(|f| f.to_lowercase()).collect();
    let column = |words: &[&str]| heading.iter().position(|field| words.iter().any(|word| field.contains(word)));
    let name = column(&["image", "file", "name"]).with_context(|| format!("{heading:?}: no column of names"))?;
    let mos = column(&["mos"]).with_context(|| format!("{heading:?}: no column of mean opinions"))?;
    let mut rows = Vec::new();
    for (index, line) in lines.enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let fields = fields(line);
        let row = (|| Some((fields.get(name)?.trim().to_owned(), fields.get(mos)?.trim().parse().ok()?)))();
        rows.push(row.with_context(|| format!("{}: line {}: {line}", path.display(), index + 2))?);
    }
    Ok(rows)
}

fn load(path: &Path) -> Result<Box<OwnedFrame>> {
    let picture = image::open(path).with_context(|| path.display().to_string())?.into_rgb8();
    Ok(Box::new(OwnedFrame::rgb(picture.width(), picture.height(), picture.into_raw())?))
}

/// Ranks from 1, ties sharing their mean.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    for group in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let first = order.partition_point(|&i| values[i] < values[group[0]]);
        let mean = first as f64 + (group.len() + 1) as f64 / 2.0;
        group.iter().for_each(|&i| ranks[i] = mean);
    }
    ranks
}

fn pearson(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(a, b)| f(a - mean_a, b - mean_b)).sum::<f64>();
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}

fn correlations(title: &str, pairs: &[(f64, f64)]) {
    let (raw, mos): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let srocc = pearson(&ranks(&raw), &ranks(&mos));
    println!("{title}: {} pictures, SROCC {srocc:.4}, PLCC {:.4}", pairs.len(), pearson(&raw, &mos));
}

/// What a file name begins with: letters and the digits after them.
fn prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let letters = name.find(|c: char| !c.is_alphabetic()).unwrap_or(name.len());
    let digits = name[letters..].find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len() - letters);
    name[..letters + digits].to_owned()
}

fn main() -> Result<()> {
    let arguments = arguments()?;
    let mut pictures: Vec<(PathBuf, Option<f64>)> = arguments.files.iter().map(|file| (file.clone(), None)).collect();
    if let Some(csv) = &arguments.csv {
        let rows = read_csv(csv)?;
        pictures.extend(rows.into_iter().map(|(name, mos)| (arguments.root.join(name), Some(mos))));
    }
    let model = Model::open(&arguments.model, &arguments.search, &arguments.options)?;
    eprintln!("{} on {}: {} pictures", model.contract().name, model.active_provider(), pictures.len());
    let scorer = Scorer::with_queue(model, 4, arguments.batch);

    let mut rated: Vec<(PathBuf, f64, f64)> = Vec::new();
    std::thread::scope(|scope| {
        let (sender, results) = mpsc::channel::<(usize, Result<Score, ScoreError>)>();
        let (scorer, paths) = (&scorer, &pictures);
        let reader = scope.spawn(move || -> Result<()> {
            for (index, (path, _)) in paths.iter().enumerate() {
                let sender = sender.clone();
                let done = Box::new(move |result| drop(sender.send((index, result))));
                scorer.submit(Job { distorted: load(path)?, reference: None, done });
            }
            Ok(())
        });
        let mut out = std::io::stdout().lock();
        for (index, result) in results {
            let (path, mos) = &pictures[index];
            let score = result.with_context(|| path.display().to_string())?;
            write!(out, "{}\t{:.5}\t{:.2}", path.display(), score.raw, score.score)?;
            match mos {
                Some(mos) => writeln!(out, "\t{mos}")?,
                None => writeln!(out)?,
            }
            rated.extend(mos.map(|mos| (path.clone(), score.raw, mos)));
        }
        reader.join().map_err(|_| anyhow!("reading the pictures panicked"))?
    })?;

    if rated.len() > 2 {
        let mut groups: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
        for (path, raw, mos) in &rated {
            groups.entry(prefix(path)).or_default().push((*raw, *mos));
        }
        if groups.len() > 1 && groups.len() < rated.len() {
            for (name, pairs) in groups.iter().filter(|(_, pairs)| pairs.len() > 2) {
                correlations(name, pairs);
            }
        }
        correlations("all", &rated.iter().map(|(_, raw, mos)| (*raw, *mos)).collect::<Vec<_>>());
    }
    Ok(())
}
