// SPDX-License-Identifier: MPL-2.0

//! Fidelity measures compared with ffmpeg, libvmaf and scikit-image, and between layouts.

mod cambi;
mod formats;
mod pictures;
mod vmaf;

use onnx_iqa::metrics::{Measurements, Measures, Meter};
use onnx_iqa::picture::{Frame as _, OwnedFrame};
use pictures::{COLORIMETRY, cases};

fn measure(reference: &OwnedFrame, distorted: &OwnedFrame) -> Measurements {
    measure_with(&mut Meter::new(Measures::all(), 1), reference, distorted)
}

fn measure_with(meter: &mut Meter, reference: &OwnedFrame, distorted: &OwnedFrame) -> Measurements {
    meter.measure(&reference.picture().unwrap(), &distorted.picture().unwrap()).unwrap()
}

fn close(ours: Option<f64>, theirs: Option<f64>, allowed: f64, what: &str) {
    match (ours, theirs) {
        (None, None) => {}
        (Some(a), Some(b)) if (a - b).abs() <= allowed => {}
        _ => panic!("{what}: {ours:?} instead of {theirs:?}, {allowed} allowed"),
    }
}

/// The documentation guarantees PSNR to 0.01 dB, SSIM to 1e-4 and MS-SSIM to 1e-3. These tolerances are tighter.
#[test]
fn agrees_with_ffmpeg_libvmaf_and_scikit_image() {
    // One meter for all, so that data of a larger picture must not affect a smaller one.
    let mut meter = Meter::new(Measures::all(), 2);
    let mut plain = Meter::new(Measures::default(), 2);
    for case in cases() {
        let [reference, distorted] =
            case.draw().map(|picture| picture.frame(picture.planar().unwrap(), COLORIMETRY, 5));
        let name = |what: &str| format!("{what} of {case:?}");
        let all = measure_with(&mut meter, &reference, &distorted);
        close(all.psnr_y(), Some(case.psnr_y), 1e-5, &name("psnr-y"));
        close(all.psnr_cb(), Some(case.psnr_cb), 1e-5, &name("psnr-cb"));
        close(all.psnr_cr(), Some(case.psnr_cr), 1e-5, &name("psnr-cr"));
        close(all.psnr(), Some(case.psnr), 1e-5, &name("psnr"));
        // libvmaf's window has weights of six digits, which sum to 1.000002 and subtract 4e-6 μ² from its variances.
        // The effect is greatest where there is hardly any contrast.
        let allowed = if case.contrast < 1000 { 5e-4 } else { 2e-4 };
        close(all.ms_ssim(), case.ms_ssim, allowed, &name("ms-ssim"));
        // libvmaf accepts no picture with fewer than 32 pixels a side. There, `float-ssim` equals SSIM.
        let small = case.width.min(case.height) < 32;
        let (expected, allowed) = if small { (all.ssim(), 1e-3) } else { (case.float_ssim, 2e-5) };
        close(all.float_ssim(), expected, allowed, &name("float-ssim"));
        close(all.luma_fit().map(|fit| fit.gain), case.fit.map(|fit| fit[0]), 1e-6, &name("gain"));
        close(all.luma_fit().map(|fit| fit.bias), case.fit.map(|fit| fit[1]), 1e-4, &name("bias"));
        // Large pictures of up to 12 bits use the trapezoidal rule, which has this accuracy.
        let allowed = if case.depth <= 12 && case.width * case.height > 900_000 { 5e-5 } else { 1e-5 };
        close(all.ssim(), case.ssim, allowed, &name("ssim"));
        let some = measure_with(&mut plain, &reference, &distorted);
        assert_eq!(some.ssim(), all.ssim(), "MS-SSIM must not change SSIM: {case:?}");
        assert_eq!((some.psnr_y(), some.psnr(), some.ms_ssim()), (all.psnr_y(), all.psnr(), None), "{case:?}");
        close(some.luma_fit().map(|fit| fit.gain), case.fit.map(|fit| fit[0]), 1e-6, &name("gain"));
        close(some.luma_fit().map(|fit| fit.bias), case.fit.map(|fit| fit[1]), 1e-4, &name("bias"));
    }
}
