// SPDX-License-Identifier: MPL-2.0

//! Differences between the caps of the two streams that limit the significance of the measures, and how to fix them.

use crate::video_frame::Stream;
use onnx_iqa::record::{Cure, Finding};

/// Maximum relative difference of display aspect ratios.
const ASPECTS: f64 = 0.01;

/// Kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Difference {
    /// Colorimetry of the stored samples.
    Colorimetry,
    /// Display aspect ratio.
    Aspect,
    /// Transfer function: one is high dynamic range, the other is different.
    Transfer,
    /// Bit depth: one is 8 bits, the other is higher.
    Depth,
}

/// Returns the differences between two streams as findings. `crops`: bars are cropped before pictures are compared.
pub(super) fn differences(reference: &Stream, distorted: &Stream, crops: bool) -> Vec<(Difference, Finding)> {
    let found = [
        (Difference::Colorimetry, colorimetry(reference, distorted)),
        (Difference::Aspect, aspect(reference, distorted).filter(|_| !crops)),
        (Difference::Transfer, transfer(reference, distorted)),
        (Difference::Depth, depth(reference, distorted)),
    ];
    found.into_iter().filter_map(|(kind, finding)| Some((kind, finding?))).collect()
}

fn colorimetry(reference: &Stream, distorted: &Stream) -> Option<Finding> {
    let contradiction = reference.contradiction(distorted)?;
    let cause = format!(
        "the colorimetry in the caps differs: {contradiction}: ranges are converted, but samples of different matrices \
         are compared as stored"
    );
    Some(Finding::new("colorimetry", cause, Cure::OneMatrix))
}

fn aspect(reference: &Stream, distorted: &Stream) -> Option<Finding> {
    let [one, other] = [reference, distorted].map(Stream::display_aspect);
    if (one / other).max(other / one) <= 1.0 + ASPECTS {
        return None;
    }
    let exchanged = (one * other).max(1.0 / (one * other)) <= 1.0 + ASPECTS;
    let [one, other] = [reference, distorted].map(|stream| {
        let (info, aspect) = (&stream.info, stream.display_aspect());
        let pixels = info.par();
        let shape = if pixels.numer() == pixels.denom() { String::new() } else { format!(" pixels of {pixels}") };
        format!("{}x{}{shape}, {aspect:.3}:1", info.width(), info.height())
    });
    let cause = format!(
        "the display aspect ratios differ: reference {one}, distorted {other}: the distorted picture is stretched to \
         the size of the reference"
    );
    Some(Finding::new("aspect", cause, Cure::OneShape { turned: exchanged }))
}

fn transfer(reference: &Stream, distorted: &Stream) -> Option<Finding> {
    let [one, other] = [reference, distorted].map(Stream::high_dynamic_range);
    if one == other {
        return None;
    }
    let [one, other] = [one, other].map(|transfer| transfer.unwrap_or("standard dynamic range"));
    let cause = format!(
        "the transfer functions differ: reference {one}, distorted {other}: the same light has different sample \
         values, so the results do not reflect coding quality"
    );
    Some(Finding::new("transfer", cause, Cure::OneTransfer))
}

fn depth(reference: &Stream, distorted: &Stream) -> Option<Finding> {
    let [one, other] = [reference, distorted].map(Stream::depth);
    if (one > 8) == (other > 8) {
        return None;
    }
    let cause = format!(
        "the bit depths differ: reference {one} bits, distorted {other}: rounding to 8 bits counts as distortion and \
         limits PSNR to about 59 dB"
    );
    let cure = "to measure coding alone, use a reference with the bit depth of the distorted stream";
    Some(Finding::new("depth", cause, Cure::Advice(cure.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(caps: &str) -> Stream {
        gst::init().expect("GStreamer");
        let caps = format!("video/x-raw,framerate=25/1,{caps}").parse::<gst::Caps>().expect("caps");
        Stream::from_caps(&caps).expect("a stream")
    }

    fn kinds(reference: &str, distorted: &str) -> Vec<Difference> {
        let [one, other] = [reference, distorted].map(stream);
        let kinds = |one, other| differences(one, other, false).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
        let found = kinds(&one, &other);
        assert_eq!(kinds(&other, &one), found, "both ways");
        found
    }

    #[test]
    fn aspects_are_those_of_the_display() {
        let plain = "format=I420,width=640,height=272";
        // 2.353 and 2.222 differ by 5.9 %.
        assert_eq!(kinds(plain, "format=I420,width=640,height=288"), [Difference::Aspect]);
        // 640×272 equals 320×136 and 480×204; 480×206 (2.330) differs by 1.0 %.
        for same in ["width=320,height=136", "width=480,height=204", "width=480,height=206"] {
            assert_eq!(kinds(plain, &format!("format=I420,{same}")), []);
        }
        // 720×576 with 64:45 pixels is 16:9.
        let pal = "format=I420,width=720,height=576,pixel-aspect-ratio=64/45";
        assert_eq!(kinds("format=I420,width=1280,height=720", pal), []);
        assert_eq!(kinds("format=I420,width=720,height=576", pal), [Difference::Aspect]);
        let text = |one: &str, other: &str| differences(&stream(one), &stream(other), false).remove(0).1.to_string();
        let turned = "format=I420,width=272,height=640";
        assert!(text(plain, turned).contains("videoflip") && text(turned, plain).contains("videoflip"));
        assert!(!text(plain, pal).contains("videoflip"));
        let [reference, distorted] = [plain, "format=I420,width=640,height=288"].map(stream);
        assert!(differences(&reference, &distorted, true).is_empty(), "bars are cut off");
        let text = differences(&reference, &distorted, false)[0].1.to_string();
        for part in ["640x272", "2.353", "640x288", "2.222", "registration=crop"] {
            assert!(text.contains(part), "{part} is not in: {text}");
        }
    }

    #[test]
    fn depths_and_transfers() {
        let of = |format: &str, colorimetry: &str| {
            let colorimetry =
                if colorimetry.is_empty() { String::new() } else { format!(",colorimetry={colorimetry}") };
            format!("format={format},width=64,height=64{colorimetry}")
        };
        assert_eq!(kinds(&of("I420", ""), &of("I420_10LE", "")), [Difference::Depth]);
        assert_eq!(kinds(&of("I420_12LE", ""), &of("I420_10LE", "")), []);
        assert_eq!(kinds(&of("RGB", ""), &of("I420", "")), []);
        let [pq, hlg, sdr] = ["bt2100-pq", "bt2100-hlg", "bt2020-10"].map(|name| of("I420_10LE", name));
        assert_eq!(kinds(&pq, &sdr), [Difference::Transfer]);
        assert_eq!(kinds(&pq, &hlg), [Difference::Transfer]);
        assert_eq!(kinds(&pq, &pq), []);
        let [bt709, bt601] = ["2:3:5:1", "2:3:16:4"].map(|name| of("I420", name));
        assert_eq!(kinds(&bt709, &bt601), [], "these two differ in name only");
    }
}
