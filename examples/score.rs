// SPDX-License-Identifier: MPL-2.0

//! Scores picture files with a model that needs no reference.
//!
//! ```sh
//! ONNX_IQA_MODEL_PATH=models cargo run --release --example score -- metaiqa a.png b.jpg
//! ```

use anyhow::{Context as _, Result};
use onnx_iqa::picture::{Frame as _, OwnedFrame};
use onnx_iqa::{Model, Scorer};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().context("usage: score MODEL FILE…")?;
    let scorer = Scorer::new(Model::builder(name).open()?);
    for file in arguments {
        let pixels = image::open(&file).with_context(|| file.clone())?.into_rgb8();
        let frame = OwnedFrame::rgb(pixels.width(), pixels.height(), pixels.into_raw())?;
        let score = scorer.score(&frame.picture()?).with_context(|| file.clone())?;
        println!("{file}: {:.2} of 100 (raw {:.5})", score.score, score.raw);
    }
    Ok(())
}
