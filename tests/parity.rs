// SPDX-License-Identifier: MPL-2.0

//! The bundled models reproduce the outputs of their training code, on pictures described by formulas.

use anyhow::{Context, Result, ensure};
use onnx_iqa::model::{Model, Provider};
use onnx_iqa::picture::OwnedFrame;
use onnx_iqa::scorer::Scorer;
use serde_json::Value;
use std::path::Path;

/// A channel's value at column x and row y; integers, `/` rounds down.
type Channel = fn(u32, u32) -> u32;

/// The formulas of `parity.json`, verbatim and as code.
const CHANNELS: [(&str, Channel); 9] = [
    ("x * 255 / 511", |x, _| x * 255 / 511),
    ("y * 255 / 383", |_, y| y * 255 / 383),
    ("(x + y) * 255 / 894", |x, y| (x + y) * 255 / 894),
    ("40 + 150 * ((x / 16 + y / 16) % 2) + x % 16", |x, y| 40 + 150 * ((x / 16 + y / 16) % 2) + x % 16),
    ("60 + 120 * ((x / 32 + y / 32) % 2) + y % 16", |x, y| 60 + 120 * ((x / 32 + y / 32) % 2) + y % 16),
    ("80 + 90 * ((x / 64 + y / 64) % 2)", |x, y| 80 + 90 * ((x / 64 + y / 64) % 2)),
    ("(x * x + y * 7) / 11 % 256", |x, y| (x * x + y * 7) / 11 % 256),
    ("(y * y + x * 5) / 13 % 256", |x, y| (y * y + x * 5) / 13 % 256),
    ("(x * y) / 17 % 256", |x, y| (x * y) / 17 % 256),
];

/// The suffix that turns a reference's formula into that of the distorted picture.
const COARSER: &str = " / 24 * 24";

/// The value of a channel's formula at a column and row.
fn channel(formula: &Value) -> Result<Box<dyn Fn(u32, u32) -> u32>> {
    let text = formula.as_str().context("a formula is a text")?;
    let inner =
        text.strip_suffix(COARSER).and_then(|text| text.strip_prefix('(')).and_then(|text| text.strip_suffix(')'));
    let (_, known) = CHANNELS
        .iter()
        .find(|(known, _)| *known == inner.unwrap_or(text))
        .with_context(|| format!("no code for the formula {text}"))?;
    Ok(if inner.is_some() { Box::new(move |x, y| known(x, y) / 24 * 24) } else { Box::new(known) })
}

fn picture(formulas: &Value, width: u32, height: u32) -> Result<Box<OwnedFrame>> {
    let channels = [channel(&formulas["r"])?, channel(&formulas["g"])?, channel(&formulas["b"])?];
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            for channel in &channels {
                pixels.push(u8::try_from(channel(x, y))?);
            }
        }
    }
    Ok(Box::new(OwnedFrame::rgb(width, height, pixels)?))
}

/// Compares the scores of the bundled model `name` with those of its training code, picture by picture.
fn agrees_with_its_training(name: &str) -> Result<()> {
    file_agrees(name, "model.onnx", "parity.json")
}

/// Compares the scores of a file in the folder of the model `name` with those that its training stored in `parity`.
fn file_agrees(name: &str, file: &str, parity: &str) -> Result<()> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let parity: Value = serde_json::from_slice(&std::fs::read(models.join(name).join(parity))?)?;
    let side = |name: &str| parity[name].as_u64().and_then(|side| u32::try_from(side).ok()).context("a side");
    let (width, height) = (side("width")?, side("height")?);

    let path = models.join(name).join(file);
    let model = Model::builder(path.display().to_string()).provider(Provider::Cpu).open()?;
    let scorer = Scorer::with_queue(model, 1, 1);

    let pictures = parity["pictures"].as_array().context("pictures")?;
    ensure!(pictures.len() >= 3, "only {} pictures", pictures.len());
    for described in pictures {
        // With a reference, `formula` is the reference's.
        let (frame, reference) = match &described["distorted"] {
            Value::Null => (picture(&described["formula"], width, height)?, None),
            distorted => {
                (picture(distorted, width, height)?, Some(picture(&described["formula"], width, height)? as _))
            }
        };
        let score = scorer.score_frame(frame, reference)?;
        let expected = described["raw"].as_f64().context("raw")?;
        let picture = &described["name"];
        assert!((score.raw - expected).abs() < 1e-3, "{name}, {picture}: {} here, {expected} in training", score.raw);
    }
    Ok(())
}

#[test]
fn metaiqa_agrees_with_its_training() -> Result<()> {
    agrees_with_its_training("metaiqa")
}

#[test]
fn metaiqa_in_float_agrees_with_its_training() -> Result<()> {
    file_agrees("metaiqa", "model.float.onnx", "parity.float.json")
}

#[test]
fn mt_irn_agrees_with_its_training() -> Result<()> {
    agrees_with_its_training("mt-irn")
}

#[test]
fn bpclip_nr_agrees_with_its_training() -> Result<()> {
    agrees_with_its_training("bpclip-nr")
}

#[test]
fn bpclip_fr_agrees_with_its_training() -> Result<()> {
    agrees_with_its_training("bpclip-fr")
}
