// SPDX-License-Identifier: MPL-2.0

//! VMAF's models in libvmaf's JSON format, and what a valid one says of small pictures.

use onnx_iqa::metrics::{Measures, Meter, VmafModel};
use onnx_iqa::picture::{Colorimetry, Frame as _, OwnedFrame, PixelFormat};
use std::sync::{Arc, LazyLock};

/// Two pictures that differ.
static PICTURES: LazyLock<[OwnedFrame; 2]> = LazyLock::new(|| {
    [7, 11].map(|factor| {
        let plane = |side: usize| ((0..side * side).map(|i| (i * factor % 201) as u8).collect(), side);
        let planes = vec![plane(48), plane(24), plane(24)];
        OwnedFrame::new(PixelFormat::I420, 48, 48, planes, Colorimetry::SRGB).expect("the planes hold the picture")
    })
});

/// Reads the bytes as a model.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let model = match VmafModel::from_json("fuzzed", text) {
        Ok(model) => model,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let mut meter = Meter::with_vmaf_model(Measures::VMAF, 1, Arc::new(model));
    let [reference, distorted] = PICTURES.each_ref().map(|frame| frame.picture().expect("a picture"));
    meter.measure(&reference, &distorted).expect("of one size");
    let _ = meter.finish();
}
