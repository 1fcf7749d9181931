//! What compression and blur make worse scores lower: the bundled model on clips that it was not trained on.

use anyhow::Result;
use onnx_iqa_pipelines::{clip, init, mean_score, run};

const CLIPS: [&str; 3] = ["bigbuckbunny.mp4", "bikes.mp4", "carphone_pristine.mp4"];

/// The mean score of one frame in twelve, after `worse` has been at the clip.
fn score(clip: &str, worse: &str) -> Result<f64> {
    let (pipeline, _) = run(&format!(
        "filesrc location=\"{clip}\" ! decodebin ! videoconvert ! {worse} ! videoconvert ! \
         iqascore name=q model=metaiqa provider=cpu interval=12 ! fakesink sync=false"
    ))?;
    mean_score(&pipeline)
}

fn falls(name: &str, steps: &[String], least: f64) -> Result<()> {
    init();
    for clip_name in CLIPS {
        let clip = clip(clip_name)?;
        let scores = steps.iter().map(|step| score(&clip, step)).collect::<Result<Vec<_>>>()?;
        println!("{clip_name}, {name}: {scores:.1?}");
        assert!(scores.is_sorted_by(|better, worse| better > worse), "{clip_name}, {name}: {scores:.2?} does not fall");
        let fall = scores.first().unwrap_or(&0.0) - scores.last().unwrap_or(&0.0);
        assert!(fall > least, "{clip_name}, {name}: falls by {fall:.2} only");
    }
    Ok(())
}

#[test]
fn more_compression_scores_lower() -> Result<()> {
    let steps = [20, 36, 44, 51].map(|quantizer| {
        format!(
            "x264enc pass=quant quantizer={quantizer} speed-preset=veryfast key-int-max=30 ! h264parse ! avdec_h264"
        )
    });
    falls("compression", &steps, 8.0)
}

#[test]
fn more_blur_scores_lower() -> Result<()> {
    let blurred = [1.5, 3.0, 6.0].map(|sigma| format!("gaussianblur sigma={sigma}"));
    let steps: Vec<String> = std::iter::once("identity".to_owned()).chain(blurred).collect();
    falls("blur", &steps, 8.0)
}
