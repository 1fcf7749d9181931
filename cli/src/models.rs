// SPDX-License-Identifier: MPL-2.0

//! `iqa models`: lists the available models and shows their contracts and cards.

use crate::args::{Common, Models};
use crate::exit::Exit;
use crate::out;
use anyhow::{Result, bail};
use onnx_iqa::metrics::VmafModel;
use onnx_iqa::model::{Description, Search};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// A model as shown in the table and by `--json`. Unknown values are absent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Row {
    name: String,
    /// `no-reference`, `full-reference` or `vmaf`.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    licence: Option<String>,
    /// Size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_hash: Option<String>,
    /// Absent for a built-in model.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<PathBuf>,
    /// Why the model cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contract: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<String>,
}

/// Lists the models or shows one of them.
///
/// # Errors
/// If the requested model does not exist.
pub fn run(common: &Common, args: &Models) -> Result<Exit> {
    let search = Search::for_program();
    match &args.name {
        Some(name) => show(common, name, &search)?,
        None => list(common, &search)?,
    }
    Ok(Exit::Good)
}

fn list(common: &Common, search: &Search) -> Result<()> {
    let mut rows: Vec<_> = search.bundled().iter().map(|name| onnx(name, search)).collect();
    rows.extend(VmafModel::bundled(&search.models).iter().map(|(name, path)| vmaf(name, path.as_deref(), search)));
    if common.json {
        return out::print_json(&rows);
    }
    let cell = |text: Option<&str>| text.unwrap_or("-").to_owned();
    let mut table = vec![["name", "kind", "licence", "size", "model-hash", "path"].map(str::to_owned)];
    table.extend(rows.iter().map(|row| {
        let place = match (&row.problem, &row.path) {
            (Some(_), _) => format!("cannot be used: see `iqa models {}`", row.name),
            (None, Some(path)) => path.display().to_string(),
            (None, None) => "built in".to_owned(),
        };
        let size = row.size.map(|size| match size {
            0..1_000_000 => format!("{:.0} kB", size as f64 / 1e3),
            _ => format!("{:.1} MB", size as f64 / 1e6),
        });
        let texts = [row.kind.as_deref(), row.licence.as_deref(), size.as_deref(), row.model_hash.as_deref()].map(cell);
        let [kind, licence, size, hash] = texts;
        [row.name.clone(), kind, licence, size, hash, place]
    }));
    let widths: [usize; 5] =
        std::array::from_fn(|column| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for row in &table {
        text.extend(row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}  ")));
        text += &format!("{}\n", row[5]);
    }
    out::print(&text)?;
    if search.bundled().is_empty() {
        let folders: Vec<_> = search.models.iter().map(|folder| folder.display().to_string()).collect();
        let places = match folders.is_empty() {
            true => "any known folder, and the folder of this program is unknown (is /proc mounted?)".to_owned(),
            false => folders.join(", "),
        };
        eprintln!("iqa: no ONNX model in {places}; set ONNX_IQA_MODEL_PATH to a folder with models");
    }
    Ok(())
}

fn show(common: &Common, name: &str, search: &Search) -> Result<()> {
    let vmafs = VmafModel::bundled(&search.models);
    let row = match vmafs.iter().find(|(known, _)| known == name) {
        Some((name, path)) => vmaf(name, path.as_deref(), search),
        None if name.ends_with(".json") => vmaf(name, Some(Path::new(name)), search),
        None => {
            let row = onnx(name, search);
            if let (None, Some(problem)) = (&row.path, &row.problem) {
                let vmafs: Vec<_> = vmafs.iter().map(|(name, _)| name.as_str()).collect();
                bail!("{problem}; VMAF models: {}", vmafs.join(", "));
            }
            row
        }
    };
    if common.json {
        return out::print_json(&row);
    }
    let size = row.size.map(|size| format!("{size} bytes"));
    let path = row.path.as_ref().map_or_else(|| "built in".to_owned(), |path| path.display().to_string());
    let lines = [
        ("name", Some(row.name.clone())),
        ("kind", row.kind.clone()),
        ("licence", row.licence.clone()),
        ("size", size),
        ("model-hash", row.model_hash.clone()),
        ("path", Some(path)),
        ("cannot be used", row.problem.clone()),
    ];
    let lines = lines.into_iter().filter_map(|(title, text)| Some(format!("{title}: {}\n", text?)));
    let parts = [("contract", &row.contract), ("card", &row.card)].into_iter();
    let parts = parts.filter_map(|(title, text)| Some(format!("\n--- {title} ---\n{}\n", text.as_deref()?.trim_end())));
    out::print(&lines.chain(parts).collect::<String>())
}

/// A model in an ONNX file.
fn onnx(name: &str, search: &Search) -> Row {
    let mut row = Row {
        name: name.to_owned(),
        kind: None,
        licence: None,
        size: None,
        model_hash: None,
        path: None,
        problem: None,
        contract: None,
        card: None,
    };
    match Description::read(name, search) {
        Ok(model) => {
            match model.parsed() {
                Some(Ok(contract)) => {
                    row.kind = Some(contract.kind.to_string());
                    // The name as typed, unless it is a path.
                    if name.contains('/') || name.ends_with(".onnx") {
                        row.name = contract.name;
                    }
                    row.licence = contract.license;
                }
                Some(Err(error)) => row.problem = Some(format!("invalid contract: {:#}", anyhow::Error::from(error))),
                None => row.problem = Some("no contract in the file or beside it".to_owned()),
            }
            row.card = model.card().and_then(|path| std::fs::read_to_string(path).ok());
            (row.size, row.model_hash, row.contract) = (Some(model.size), Some(model.hash), model.contract);
            row.path = Some(model.path);
        }
        Err(error) => row.problem = Some(format!("{:#}", anyhow::Error::from(error))),
    }
    row
}

/// A VMAF model.
fn vmaf(name: &str, path: Option<&Path>, search: &Search) -> Row {
    let opened = VmafModel::open(name, &search.models);
    let (model_hash, problem) = match opened {
        Ok(model) => (Some(model.hash().to_owned()), None),
        Err(error) => (None, Some(format!("{:#}", anyhow::Error::from(error)))),
    };
    Row {
        name: path
            .and_then(Path::file_stem)
            .map_or_else(|| name.to_owned(), |stem| stem.to_string_lossy().into_owned()),
        kind: Some("vmaf".to_owned()),
        licence: path.map_or(Some(NETFLIX.to_owned()), licence_beside),
        size: path.and_then(|path| std::fs::metadata(path).ok()).map(|about| about.len()),
        model_hash,
        path: path.map(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned())),
        problem,
        contract: None,
        card: None,
    }
}

/// License of the built-in Netflix model.
const NETFLIX: &str = "BSD-2-Clause-Patent";

/// Reads the SPDX identifier from the file LICENSE beside a model.
fn licence_beside(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path.with_file_name("LICENSE")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("SPDX short identifier:")).map(|name| name.trim().to_owned())
}
