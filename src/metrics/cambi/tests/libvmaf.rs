// SPDX-License-Identifier: MPL-2.0

//! Clips made with ffmpeg, measured here and by ffmpeg's libvmaf, with its default options and with those of Netflix's
//! models of version 1.

use onnx_iqa_testkit::skipped;
use serde_json::Value;

use super::{cambi, of_models};
use crate::metrics::cambi::CambiOptions;
use crate::metrics::laboratory::Laboratory;
use crate::metrics::workers::Workers;
use crate::picture::OwnedFrame;

/// The clip is its own reference.
const GRAPH: &str = "[0]split[a][b];[a][b]libvmaf=feature='name=cambi\
                     |name=cambi\\:cambi_high_res_speedup=1080\\:cambi_vis_lum_threshold=0.06\\:cambi_max_val=17.0'";
/// libvmaf's names of the two.
const NAMES: [&str; 2] = ["cambi", "cambi_hrs_1080_cmxv_17_vlt_0.06"];

const SLOPE: &str = "gradients=s=640x360:c0=black:c1=gray:n=2:seed=3:speed=0.02";
const DARK: &str = "gradients=s=1920x1080:c0=black:c1=navy:n=2:seed=5:speed=0.02";

/// A name, a file in `ONNX_IQA_CLIPS` or a lavfi source, a filter, a size, the bit depth, and the number of frames.
type Clip = (&'static str, &'static str, &'static str, [u32; 2], u32, usize);

const CLIPS: [Clip; 18] = [
    ("natural", "bikes.mp4", "null", [640, 272], 8, 6),
    ("posterized", "bikes.mp4", "lutyuv=y=trunc(val/6)*6", [640, 272], 8, 6),
    ("cartoon", "bigbuckbunny.mp4", "null", [1280, 720], 8, 4),
    ("screen", "testsrc2=s=854x480", "null", [854, 480], 8, 4),
    ("slope", SLOPE, "null", [640, 360], 8, 4),
    ("slope in steps", SLOPE, "lutyuv=y=trunc(val/4)*4", [640, 360], 8, 4),
    ("slope, dithered", SLOPE, "noise=alls=4:allf=t:all_seed=2", [640, 360], 8, 4),
    ("black", "color=black:s=352x288", "null", [352, 288], 8, 2),
    ("odd", "bikes.mp4", "lutyuv=y=trunc(val/3)*3", [333, 251], 8, 4),
    ("smallest", "bikes.mp4", "null", [216, 22], 8, 4),
    ("upright", "bikes.mp4", "null", [24, 216], 8, 4),
    ("1080p", "bigbuckbunny.mp4", "null", [1920, 1080], 8, 2),
    ("1080p, dark", DARK, "null", [1920, 1080], 8, 2),
    ("2160p", "bigbuckbunny.mp4", "null", [3840, 2160], 8, 1),
    ("10 bits", "bikes.mp4", "null", [640, 272], 10, 4),
    ("10 bits, slope", SLOPE, "null", [640, 360], 10, 4),
    ("10 bits, 1080p, dark", DARK, "null", [1920, 1080], 10, 2),
    ("12 bits, slope", SLOPE, "null", [640, 360], 12, 4),
];

/// A clip's frames, and libvmaf's values for them.
fn measure(laboratory: &Laboratory, &(_, source, filter, size, depth, frames): &Clip) -> (Vec<OwnedFrame>, Vec<Value>) {
    let suffix = if depth > 8 { format!("{depth}le") } else { String::new() };
    let pix_fmt = format!("yuv420p{suffix}");
    // Not all of the filters that do damage support more than 8 bits.
    let graph = format!("{filter},scale={}:{},format={pix_fmt}", size[0], size[1]);
    laboratory.write(source, &graph, frames, "clip");
    let found = laboratory.measure(&["clip"], &pix_fmt, size, GRAPH);
    (laboratory.read("clip", &pix_fmt, size), found)
}

/// Equal to the digits that libvmaf prints.
#[test]
fn agrees_with_libvmaf_on_every_frame() {
    let Some(laboratory) = Laboratory::open() else {
        return skipped("CAMBI against libvmaf: ONNX_IQA_FFMPEG or ONNX_IQA_CLIPS is not set");
    };
    println!("| clip | frames | CAMBI | largest difference | with the models' options |\n|---|--:|--:|--:|--:|");
    let chosen = std::env::var("ONNX_IQA_CLIP").ok();
    let workers = Workers::new(2);
    for clip in CLIPS.iter().filter(|clip| chosen.as_ref().is_none_or(|chosen| clip.0 == chosen)) {
        let (frames, expected) = measure(&laboratory, clip);
        assert_eq!((expected.len(), frames.len()), (clip.5, clip.5), "{}", clip.0);
        let found = [CambiOptions::default(), of_models()].map(|options| cambi(&workers, options, &frames));
        let mut worst = [0.0f64; 2];
        for ((worst, name), found) in worst.iter_mut().zip(NAMES).zip(&found) {
            for (number, (ours, theirs)) in found.iter().zip(&expected).enumerate() {
                let theirs = theirs[name].as_f64().unwrap_or_else(|| panic!("{name} is not in {theirs}"));
                let difference = (ours - theirs).abs();
                assert!(difference <= 1e-6, "{}, frame {number}: {name} is {ours}, not {theirs}", clip.0);
                *worst = worst.max(difference);
            }
        }
        let mean = found[0].iter().sum::<f64>() / clip.5 as f64;
        println!("| {} | {} | {mean:.3} | {:.1e} | {:.1e} |", clip.0, clip.5, worst[0], worst[1]);
    }
}
