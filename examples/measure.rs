// SPDX-License-Identifier: MPL-2.0

//! Measures a distorted picture file against its reference.
//!
//! ```sh
//! cargo run --release --example measure -- reference.png distorted.png
//! ```

use anyhow::{Context as _, Result, bail};
use onnx_iqa::metrics::{Measures, Meter};
use onnx_iqa::picture::{Frame as _, OwnedFrame};

fn read(file: &str) -> Result<OwnedFrame> {
    let pixels = image::open(file).with_context(|| file.to_owned())?.into_rgb8();
    Ok(OwnedFrame::rgb(pixels.width(), pixels.height(), pixels.into_raw())?)
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [reference, distorted] = arguments.as_slice() else { bail!("usage: measure REFERENCE DISTORTED") };
    let (reference, distorted) = (read(reference)?, read(distorted)?);
    let measurements = Meter::new(Measures::default(), 0).measure(&reference.picture()?, &distorted.picture()?)?;
    // What does not exist for a pair, such as the SSIM of pictures with less than 11 rows, is not there.
    for (field, value) in measurements.iter() {
        println!("{}: {value:.4} {}", field.name, field.unit);
    }
    Ok(())
}
