//! The bundled model gives what its training's own code gave, on pictures that a formula describes.

use anyhow::{Context, Result, ensure};
use onnx_iqa::model::{Model, Options, Provider, Search};
use onnx_iqa::picture::OwnedFrame;
use onnx_iqa::scorer::Scorer;
use serde_json::Value;
use std::path::Path;

/// A channel's value at column x and row y; whole numbers, `/` rounds down.
type Channel = fn(u32, u32) -> u32;

/// The formulas of `parity.json`, word for word and as code.
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

fn channel(formula: &Value) -> Result<Channel> {
    let text = formula.as_str().context("a formula is a text")?;
    let known = CHANNELS.iter().find(|(known, _)| *known == text);
    known.map(|(_, channel)| *channel).with_context(|| format!("no code for the formula {text}"))
}

#[test]
fn metaiqa_agrees_with_its_training() -> Result<()> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let parity: Value = serde_json::from_slice(&std::fs::read(models.join("metaiqa/parity.json"))?)?;
    let side = |name: &str| parity[name].as_u64().and_then(|side| u32::try_from(side).ok()).context("a side");
    let (width, height) = (side("width")?, side("height")?);

    let path = models.join("metaiqa/model.onnx");
    let options = Options { provider: Provider::Cpu, ..Options::default() };
    let model = Model::open(&path.display().to_string(), &Search::from_env(None), &options)?;
    let scorer = Scorer::new(model, 1, 1);

    let pictures = parity["pictures"].as_array().context("pictures")?;
    ensure!(pictures.len() >= 3, "only {} pictures", pictures.len());
    for picture in pictures {
        let formula = &picture["formula"];
        let channels = [channel(&formula["r"])?, channel(&formula["g"])?, channel(&formula["b"])?];
        let mut pixels = Vec::new();
        for y in 0..height {
            for x in 0..width {
                for channel in channels {
                    pixels.push(u8::try_from(channel(x, y))?);
                }
            }
        }
        let score = scorer.score(Box::new(OwnedFrame::rgb(width, height, pixels)), None)?;
        let expected = picture["raw"].as_f64().context("raw")?;
        assert!((score.raw - expected).abs() < 1e-3, "{}: {} here, {expected} in training", picture["name"], score.raw);
    }
    Ok(())
}
