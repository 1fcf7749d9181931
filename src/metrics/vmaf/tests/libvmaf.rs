// SPDX-License-Identifier: MPL-2.0

//! Clips made with ffmpeg, measured here and by ffmpeg's libvmaf.

use onnx_iqa_testkit::skipped;
use serde_json::Value;

use crate::metrics::vmaf::window::{Motion, Window};
use crate::metrics::vmaf::{VmafModel, extract::Extractor, model::Features};
use crate::metrics::{laboratory::Laboratory, pair::Pair, workers::Workers};
use crate::picture::{Frame as _, OwnedFrame};

/// The first three are VMAF 0.6.1, the others VMAF 1.
const MODELS: [&str; 11] = [
    "vmaf_v0.6.1",
    "vmaf_v0.6.1neg",
    "vmaf_4k_v0.6.1",
    "vmaf_v1.0.16_3d0h",
    "vmaf_v1.0.16_1d5h_2160",
    "vmaf_v1.0.16_hfr_3d0h",
    "vmaf_v1.0.16_hfr_1d5h_2160",
    "vmaf_v1.0.16_5d0h",
    "vmaf_v1.0.16_hfr_5d0h",
    "vmaf_v1.0.16_3d0h_2160",
    "vmaf_v1.0.16_hfr_3d0h_2160",
];
/// The number of models of VMAF 0.6.1.
const OLD: usize = 3;
/// The number of models for 4:2:0 pictures, by their shorter side. For smaller pictures, libvmaf reads chroma out of
/// bounds, or crashes.
const LEAST: [(u32, usize); 3] = [(318, 11), (266, 9), (160, 7)];

/// libvmaf's name of a feature, and its value here.
type Named = (String, fn(&Features) -> f64);

/// The features of a model.
fn features_of(model: &str) -> Vec<Named> {
    if !model.contains("_v1") {
        let suffix = if model.ends_with("neg") { "_egl_1" } else { "" };
        return vec![
            (format!("integer_adm2{suffix}"), |found| found.adm2),
            ("integer_motion2".to_owned(), |found| found.motion2),
            (format!("integer_vif_scale0{suffix}"), |found| found.vif[0]),
            (format!("integer_vif_scale1{suffix}"), |found| found.vif[1]),
            (format!("integer_vif_scale2{suffix}"), |found| found.vif[2]),
            (format!("integer_vif_scale3{suffix}"), |found| found.vif[3]),
        ];
    }
    let (view, scale) = match model.trim_start_matches("vmaf_v1.0.16_").trim_start_matches("hfr_") {
        "3d0h" => ("", ""),
        "5d0h" => ("_nvd_5", "_ps_0.6_psm_bilinear"),
        "1d5h_2160" => ("_nvd_1.5_rdh_2160", ""),
        "3d0h_2160" => ("_rdh_2160", "_ps_0.5_psm_bilinear"),
        other => panic!("{other}"),
    };
    let motion = if model.contains("hfr") { "_mffw_mmxv_18_mma" } else { "_mmxv_18" };
    vec![
        (format!("integer_adm2_csf_2_dlmw_0.7_egl_1_min_0.5_nw_0.02{view}"), |found| found.adm2),
        (format!("integer_adm3_csf_2_dlmw_0.7_egl_1_min_0.5_nw_0.02{view}"), |found| found.adm3),
        (format!("integer_motion2{motion}"), |found| found.motion2),
        (format!("integer_motion3{motion}"), |found| found.motion3),
        (format!("speed_chroma_uv_mxv_45_nnf_0.1{scale}_snn_0.19_wvm_5"), |found| found.speed_chroma),
        ("cambi_hrs_1080_cmxv_17_vlt_0.06".to_owned(), |found| found.cambi),
    ]
}

/// A clip and its damage.
struct Clip {
    name: &'static str,
    /// A file in `ONNX_IQA_CLIPS`, or a lavfi source.
    source: &'static str,
    size: [u32; 2],
    format: &'static str,
    frames: u32,
    /// A filter for both; one for the distorted clip only.
    both: &'static str,
    damage: &'static str,
}

impl Clip {
    /// The number of models that accept pictures of its size.
    fn models(&self) -> usize {
        let shorter = self.size[0].min(self.size[1]);
        LEAST.iter().find(|(least, _)| shorter >= *least).map_or(OLD, |(_, models)| *models)
    }
}

const fn clip(name: &'static str, source: &'static str, size: [u32; 2], frames: u32, damage: &'static str) -> Clip {
    Clip { name, source, size, format: "yuv420p", frames, both: "null", damage }
}

/// Scaled down and up: soft, without the need for a codec and a file.
const SOFT: &str = "scale=iw/3:ih/3:flags=bilinear,scale=iw*3:ih*3:flags=bicubic";

fn clips() -> Vec<Clip> {
    vec![
        clip("natural", "bikes.mp4", [640, 272], 12, "avgblur=2,noise=alls=6:allf=t:all_seed=1"),
        clip("cartoon", "bigbuckbunny.mp4", [1280, 720], 6, "noise=alls=12:allf=t:all_seed=2"),
        clip("176x144", "carphone_pristine.mp4", [176, 144], 12, "smartblur=2:1"),
        clip("screen", "testsrc2=s=854x480", [854, 480], 8, "avgblur=1"),
        clip("screen, moved", "testsrc2=s=640x360", [640, 360], 8, "crop=iw-4:ih-4:4:4,scale=640:360"),
        clip("noise", "color=gray:s=512x288", [512, 288], 6, "noise=alls=60:allf=t:all_seed=3"),
        Clip {
            both: "noise=alls=100:allf=t:all_seed=4",
            ..clip("noise, soft", "color=gray:s=320x180", [320, 180], 6, "avgblur=1")
        },
        clip("black", "color=black:s=352x288", [352, 288], 4, "null"),
        clip("black, lifted", "color=black:s=352x288", [352, 288], 4, "lutyuv=y=val+9"),
        Clip { both: "trim=end_frame=1,loop=7:1", ..clip("static", "bikes.mp4", [640, 272], 8, "avgblur=1") },
        Clip { both: "scale=333:321", ..clip("odd", "bikes.mp4", [333, 321], 8, "avgblur=2") },
        Clip { both: "scale=33:35", ..clip("smallest", "bikes.mp4", [33, 35], 8, "noise=alls=20:allf=t:all_seed=5") },
        // The ends of the windows of motion.
        clip("1 frame", "bigbuckbunny.mp4", [1280, 720], 1, "avgblur=2"),
        clip("2 frames", "bigbuckbunny.mp4", [1280, 720], 2, "avgblur=2"),
        clip("3 frames", "bigbuckbunny.mp4", [1280, 720], 3, "avgblur=2"),
        clip("banding", "gradients=s=720x480:c0=0x181818:c1=0x585858:nb_colors=2:seed=3", [720, 480], 4, "avgblur=1"),
        clip("banding in color", "gradients=s=720x480:c0=0x181840:c1=0x506858:nb_colors=2:seed=3", [720, 480], 4, SOFT),
        clip("sharpened", "bikes.mp4", [640, 272], 8, "unsharp=5:5:1.5"),
        Clip {
            format: "yuv420p10le",
            ..clip("10 bits", "bikes.mp4", [640, 272], 8, "noise=alls=20:allf=t:all_seed=6")
        },
        Clip { format: "yuv420p12le", ..clip("12 bits", "bikes.mp4", [640, 272], 6, "avgblur=1") },
        Clip {
            format: "yuv444p10le",
            both: "scale=517:389",
            ..clip("10 bits, odd", "bikes.mp4", [517, 389], 6, "avgblur=1")
        },
        Clip { both: "scale=3840:2160", ..clip("2160p", "bigbuckbunny.mp4", [3840, 2160], 3, SOFT) },
    ]
}

/// The reference and distorted frames of a clip, and libvmaf's values for them; it names the scores m0, m1 and so on.
fn measure(laboratory: &Laboratory, clip: &Clip) -> ([Vec<OwnedFrame>; 2], Vec<Value>) {
    let [width, height] = clip.size;
    let files = [("r.yuv", "null"), ("d.yuv", clip.damage)].map(|(name, damage)| {
        // Not all filters support more than 8 bits, so damage is done first.
        let graph = format!("{},{damage},scale={width}:{height},format={}", clip.both, clip.format);
        laboratory.write(clip.source, &graph, clip.frames as usize, name);
        name
    });
    let models = MODELS[..clip.models()].iter().enumerate();
    let models: Vec<_> = models.map(|(number, model)| format!("version={model}\\:name=m{number}")).collect();
    let graph = format!("[1][0]libvmaf=model='{}'", models.join("|"));
    let found = laboratory.measure(&files, clip.format, clip.size, &graph);
    (files.map(|name| laboratory.read(name, clip.format, clip.size)), found)
}

/// Every frame's features as used by a model, including motion.
fn features(model: &VmafModel, reference: &[OwnedFrame], distorted: &[OwnedFrame]) -> Vec<Features> {
    let workers = Workers::new(2);
    let mut extractor = Extractor::new(model.wanted());
    let mut window = Window::new(model.wanted().motion);
    let (mut all, mut motions) = (Vec::new(), Vec::new());
    for (reference, distorted) in reference.iter().zip(distorted) {
        let (reference, distorted) = (reference.picture().unwrap(), distorted.picture().unwrap());
        let pair = Pair::new(&reference, &distorted).unwrap();
        let components: Vec<_> = pair.components().collect();
        let extracted = extractor.extract(&workers, &components, pair.depth(), None);
        motions.extend(window.push(extracted.difference));
        all.push(extracted.features);
    }
    motions.extend(window.finish());
    let complete = |(features, Motion { motion2, motion3 })| Features { motion2, motion3, ..features };
    all.into_iter().zip(motions).map(complete).collect()
}

/// The largest differences between two lists of features and scores.
#[derive(Debug, Default)]
struct Worst {
    feature: f64,
    score: f64,
}

fn compare(clip: &Clip, model: usize, expected: &[Value], reference: &[OwnedFrame], distorted: &[OwnedFrame]) -> Worst {
    let opened = VmafModel::open(MODELS[model], &[super::FOLDER.into()]).unwrap();
    let (most_of_a_feature, most) = if model < OLD { (1e-4, 0.005) } else { (2e-6, 1e-5) };
    let mut worst = Worst::default();
    for (number, (found, expected)) in features(&opened, reference, distorted).iter().zip(expected).enumerate() {
        let value = |name: &str| expected[name].as_f64().unwrap_or_else(|| panic!("{name} is not in {expected}"));
        for (name, ours) in features_of(MODELS[model]) {
            let (ours, theirs) = (ours(found), value(&name));
            let difference = (ours - theirs).abs();
            assert!(difference <= most_of_a_feature, "{}, frame {number}: {name} is {ours}, not {theirs}", clip.name);
            worst.feature = worst.feature.max(difference);
        }
        let (ours, theirs) = (opened.score(found), value(&format!("m{model}")));
        let what = format!("{}, frame {number}, {}", clip.name, MODELS[model]);
        assert!((ours - theirs).abs() <= most, "{what}: {ours}, not {theirs}");
        worst.score = worst.score.max((ours - theirs).abs());
    }
    worst
}

/// Each feature agrees to 1e-4 and each score to 0.005; with VMAF 1, to 2e-6 and 1e-5, as libvmaf prints six digits.
/// The differences found are printed.
#[test]
fn agrees_with_libvmaf_on_every_frame() {
    let Some(laboratory) = Laboratory::open() else {
        return skipped("VMAF against libvmaf: ONNX_IQA_FFMPEG or ONNX_IQA_CLIPS is not set");
    };
    println!("| clip | frames | VMAF | VMAF 1 | feature | score | feature of VMAF 1 | score |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    let chosen = std::env::var("ONNX_IQA_CLIP").ok();
    for clip in clips().iter().filter(|clip| chosen.as_ref().is_none_or(|chosen| clip.name == chosen)) {
        let ([reference, distorted], expected) = measure(&laboratory, clip);
        assert_eq!(
            (expected.len(), reference.len(), distorted.len()),
            (clip.frames as usize, expected.len(), expected.len())
        );
        let mut line = format!("| {} | {} |", clip.name, clip.frames);
        for model in ["m0", "m3"] {
            let scores: Vec<_> = expected.iter().filter_map(|frame| frame[model].as_f64()).collect();
            let mean = scores.iter().sum::<f64>() / scores.len() as f64;
            line.push_str(&if scores.is_empty() { " - |".to_owned() } else { format!(" {mean:.2} |") });
        }
        for models in [0..OLD, OLD..clip.models()] {
            let worst = models.map(|model| compare(clip, model, &expected, &reference, &distorted));
            let worst = worst.fold(Worst::default(), |a, b| Worst {
                feature: a.feature.max(b.feature),
                score: a.score.max(b.score),
            });
            line.push_str(&format!(" {:.1e} | {:.1e} |", worst.feature, worst.score));
        }
        println!("{line}");
    }
}
