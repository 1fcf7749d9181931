// SPDX-License-Identifier: MPL-2.0

//! Contracts: any text, and what a valid one makes of small frames.

use onnx_iqa::model::contract::{Contract, Input, Resize};
use onnx_iqa::picture::{ChromaSite, Colorimetry, Frame as _, Matrix, OwnedFrame, PixelFormat, Range};
use onnx_iqa::preprocess::Plan;

/// Larger tensors, and larger pictures on the way to them, are only planned: filling them would take most of the time.
const SMALL: u64 = 1 << 16;

/// Reads the bytes as a contract.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Contract::parse(text) {
        Ok(contract) => contract.inputs.iter().for_each(prepare),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Prepares frames of several formats and shapes as the input wants them. What is vast is seldom even planned: tables
/// for 65536 pixels take milliseconds.
pub fn prepare(input: &Input) {
    let sides = match input.geometry.scale {
        Some(Resize::ShortSide(side) | Resize::LongSide(side)) => [side; 2],
        Some(Resize::Size(size)) => size,
        Some(Resize::Letterbox(letterbox)) => letterbox.size,
        _ => [0; 2],
    };
    let vast = sides.iter().chain(input.geometry.crop.iter().flatten()).any(|&side| side > 1024);
    // With an empty name, which no graph has.
    if vast && !input.tensor.is_empty() {
        return;
    }
    let limited = Colorimetry { matrix: Matrix::Bt709, range: Range::Limited, chroma_site: ChromaSite::LEFT };
    for (format, width, height, planes) in [
        (PixelFormat::Rgb, 24, 17, vec![(vec![100; 24 * 17 * 3], 24 * 3)]),
        (PixelFormat::I420, 5, 9, vec![(vec![90; 45], 5), (vec![120; 15], 3), (vec![130; 15], 3)]),
        (PixelFormat::Gray8, 1, 1, vec![(vec![255], 1)]),
    ] {
        let colorimetry = if format == PixelFormat::Rgb { Colorimetry::SRGB } else { limited };
        let Ok(mut plan) = Plan::new(input, format, width, height, colorimetry) else { continue };
        let layout = plan.layout();
        let scaled = layout.scaled.iter().map(|&side| u64::from(side)).product::<u64>();
        if layout.len() as u64 > SMALL || scaled > SMALL {
            continue;
        }
        let mut tensor = vec![0.0; layout.len()];
        let frame = OwnedFrame::new(format, width, height, planes, colorimetry).expect("the planes hold the frame");
        plan.run(&frame.picture().expect("a picture"), &mut tensor).expect("the plan fits");
    }
}
