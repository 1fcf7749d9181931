// SPDX-License-Identifier: MPL-2.0

//! A ladder of four rungs by `iqa compare`, against four runs of ffmpeg's filters on the same files.
//!
//! `scripts/bench.sh ladder`, or `cargo bench -p iqa-cli --bench ladder` with `ONNX_IQA_FFMPEG` (a path that
//! `scripts/ffmpeg.sh` prints) and `ONNX_IQA_CLIPS`.
//!
//! The source has 1080 lines, 25 frames a second and 8 bits, the rungs 1080, 720, 480 and 360 lines, all H.264; ffmpeg
//! scales each rung to the source's size by its bicubic filter. Both sides decode and use all cores; nothing is kept
//! from one run to the next. Runs alternate, medians are given. libvmaf cannot leave VMAF out: where only its PSNR and
//! MS-SSIM are wanted it computes that, too.

use anyhow::{Context, Result, ensure};
use onnx_iqa_testkit::TempDir;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Lines and columns of the rungs, and the quality that they are coded with.
const RUNGS: [(u32, u32, u32); 4] = [(1080, 1920, 26), (720, 1280, 27), (480, 854, 28), (360, 640, 29)];
const PSNR_SSIM: &str = "[a]split[c][d];[b]split[e][f];[c][e]psnr;[d][f]ssim";

/// What is compared: our measures, ffmpeg's graph from the rung [a] and the source [b], and the goal.
struct Row {
    measures: &'static str,
    graph: String,
    theirs: &'static str,
    goal: f64,
}

fn main() -> Result<()> {
    // `cargo test --benches` runs this too: once, and a little, is enough then.
    let (rounds, frames) = if std::env::args().any(|argument| argument == "--bench") { (3, 132) } else { (1, 6) };
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if !words.is_empty() && !words.iter().any(|word| "ladder".contains(word.as_str())) {
        return Ok(());
    }
    let ffmpeg = std::env::var_os("ONNX_IQA_FFMPEG").map(PathBuf::from).filter(|path| path.is_file());
    let Some(ffmpeg) = ffmpeg else {
        println!("There is no ffmpeg at ONNX_IQA_FFMPEG (scripts/ffmpeg.sh fetches one): no ladder was compared.");
        return Ok(());
    };
    let clips = std::env::var_os("ONNX_IQA_CLIPS").context("ONNX_IQA_CLIPS must name the folder of the clips")?;
    let clip = Path::new(&clips).join("bigbuckbunny.mp4");
    let folder = TempDir::new();
    let source = folder.path().join("source.mp4");
    encode(&ffmpeg, &clip, (1080, 1920, 12), frames, &source)?;
    let mut rungs = Vec::new();
    for rung in RUNGS {
        let path = folder.path().join(format!("{}.mp4", rung.0));
        encode(&ffmpeg, &source, rung, frames, &path)?;
        rungs.push(path);
    }
    let threads = std::thread::available_parallelism()?;
    let vmaf = |features: &str| format!("[a][b]libvmaf=n_threads={threads}{features}");
    let rows = [
        Row { measures: "psnr,ssim", graph: PSNR_SSIM.to_owned(), theirs: "psnr and ssim", goal: 0.60 },
        Row {
            measures: "psnr,ms-ssim",
            graph: vmaf(":feature=name=psnr|name=float_ms_ssim"),
            theirs: "libvmaf with psnr and float_ms_ssim (and VMAF)",
            goal: 0.15,
        },
        Row { measures: "psnr,vmaf", graph: vmaf(":feature=name=psnr"), theirs: "libvmaf with psnr", goal: 0.7 },
        Row {
            measures: "psnr,ms-ssim,vmaf",
            graph: vmaf(":feature=name=psnr|name=float_ms_ssim"),
            theirs: "libvmaf with psnr and float_ms_ssim",
            goal: 0.4,
        },
    ];
    println!(
        "A ladder of four rungs, {frames} frames, from files, {threads} cores, medians of {rounds} runs (one with \
         MS-SSIM)\n"
    );
    println!("| measures | `iqa compare` | its memory | four runs of ffmpeg's | | ratio | goal |");
    println!("|---|---:|---:|---:|---|---:|---:|");
    for Row { measures, graph, theirs, goal } in rows {
        // libvmaf's MS-SSIM takes minutes.
        let rounds = if measures.contains("ms-ssim") { 1 } else { rounds };
        let mut times: [Vec<f64>; 2] = Default::default();
        let mut memory = 0;
        for _ in 0..rounds {
            let (time, held) = compare(&source, &rungs, measures)?;
            times[0].push(time.as_secs_f64());
            memory = memory.max(held);
            times[1].push(filter(&ffmpeg, &source, &rungs, &graph)?.as_secs_f64());
        }
        let [ours, rival] = times.map(median);
        let ratio = ours / rival;
        println!(
            "| {measures} | {ours:.2} s | {} MiB | {rival:.2} s | {theirs} | {ratio:.2} | {goal:.2} |",
            memory >> 10
        );
    }
    Ok(())
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

fn encode(
    ffmpeg: &Path,
    from: &Path,
    (lines, columns, quality): (u32, u32, u32),
    frames: u32,
    to: &Path,
) -> Result<()> {
    let status = Command::new(ffmpeg)
        .args(["-v", "error", "-nostdin", "-y", "-i"])
        .arg(from)
        .args(["-frames:v", &frames.to_string(), "-an", "-vf"])
        .arg(format!("scale={columns}:{lines}:flags=bicubic,setsar=1,format=yuv420p"))
        .args(["-c:v", "libx264", "-preset", "veryfast", "-crf", &quality.to_string()])
        .arg(to)
        .status()?;
    ensure!(status.success(), "ffmpeg cannot encode {}", to.display());
    Ok(())
}

/// How long `iqa compare` takes, and the most memory that it held, in KiB.
fn compare(source: &Path, rungs: &[PathBuf], measures: &str) -> Result<(Duration, u64)> {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_iqa"))
        .args(["compare", "--no-cache", "--quiet", "--progress", "none", "--measures", measures])
        .arg(source)
        .args(rungs)
        .stdout(Stdio::null())
        .spawn()?;
    let mut most = 0;
    let status = loop {
        most = most.max(held(child.id()).unwrap_or(0));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    ensure!(status.success(), "iqa compare --measures {measures} ended with {status}");
    Ok((start.elapsed(), most))
}

/// The most memory that a process has held so far, in KiB.
fn held(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// How long ffmpeg takes for all rungs, one after the other.
fn filter(ffmpeg: &Path, source: &Path, rungs: &[PathBuf], graph: &str) -> Result<Duration> {
    let start = Instant::now();
    for rung in rungs {
        let graph = format!("[0:v]scale=1920:1080:flags=bicubic[a];[1:v]null[b];{graph}");
        let status = Command::new(ffmpeg)
            .args(["-v", "error", "-nostdin", "-i"])
            .arg(rung)
            .arg("-i")
            .arg(source)
            .args(["-lavfi", &graph, "-f", "null", "-"])
            .status()?;
        ensure!(status.success(), "ffmpeg fails on {}", rung.display());
    }
    Ok(start.elapsed())
}
