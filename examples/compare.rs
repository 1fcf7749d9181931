// SPDX-License-Identifier: MPL-2.0

//! Aligns two sequences of picture files, at 25 frames a second, and measures the pairs.
//!
//! ```sh
//! cargo run --release --example compare -- reference/ distorted/
//! ```

use anyhow::{Context as _, Result, bail};
use onnx_iqa::align::time::Timestamp;
use onnx_iqa::comparer::{Comparer, Settings, TimedFrame};
use onnx_iqa::picture::OwnedFrame;

/// The pictures of a folder in the order of their names, each read when it is asked for.
fn frames(folder: &str) -> Result<impl Iterator<Item = TimedFrame>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.to_owned())?;
    let mut files: Vec<_> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.sort();
    let read = |(number, file)| {
        let pixels = image::open(file)?.into_rgb8();
        let frame = OwnedFrame::rgb(pixels.width(), pixels.height(), pixels.into_raw())?;
        Ok(TimedFrame::new(Timestamp::at_rate(number, 25, 1), frame))
    };
    let warn = |frame: Result<TimedFrame>| frame.inspect_err(|error| eprintln!("left out: {error:#}")).ok();
    Ok((0..).zip(files).map(read).filter_map(warn))
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [reference, distorted] = arguments.as_slice() else { bail!("usage: compare REFERENCE DISTORTED") };
    let comparer = Comparer::new(Settings::default(), None, || {})?;
    for outcome in comparer.run(frames(reference)?, frames(distorted)?) {
        let psnr = outcome.result.transpose()?.and_then(|comparison| comparison.metrics.psnr());
        println!("{}: {:?}, PSNR {psnr:?}", outcome.distorted, outcome.pairing);
    }
    println!("{:?}", comparer.ledger());
    Ok(())
}
