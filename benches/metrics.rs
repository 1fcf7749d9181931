// SPDX-License-Identifier: MPL-2.0

//! PSNR, SSIM, MS-SSIM and VMAF of 1080p pairs of I420, against ffmpeg's `psnr`, `ssim` and libvmaf.
//!
//! `scripts/bench.sh` or `cargo bench --bench metrics`; the latter wants `ONNX_IQA_FFMPEG`, a path that
//! `scripts/ffmpeg.sh` prints.
//!
//! What is compared is the time that a pair of decoded frames takes. ffmpeg reads eight pairs once and its `loop`
//! filter hands out references to them, so nothing is decoded, read or copied while it measures; what it takes for
//! starting, reading and passing frames on is measured with the same graph that has `streamselect` (the same
//! synchronization of two inputs, no work) in the place of the measures, and subtracted. libvmaf also computes its
//! default model: what it takes with that alone is subtracted from what it takes with `float_ms_ssim` besides. Both
//! have the same number of threads; runs alternate, medians are given. VMAF is libvmaf's default model with its default
//! features, of which it also computes two that the model does not take. ffmpeg's filter takes the best instructions
//! there are; `ONNX_IQA_SIMD=avx2` keeps this crate from AVX-512. VMAF 1 is by `vmaf_v1.0.16_3d0h`; of its features
//! libvmaf computes none that the model does not take.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use onnx_iqa::metrics::{Measures, Meter, VmafModel};
use onnx_iqa::picture::{ChromaSite, Colorimetry, Frame, Matrix, OwnedFrame, PixelFormat, Range};
use onnx_iqa_testkit::TempDir;

const WIDTH: u32 = 1920;
const HEIGHT: u32 = 1080;
/// The model of VMAF 1 for such pictures.
const VMAF_1: &str = "vmaf_v1.0.16_3d0h";
/// Pairs that are gone through again and again: more than the nearer caches hold.
const PAIRS: usize = 8;

fn main() -> Result<()> {
    // `cargo test --benches` runs this too: once is enough then.
    let (rounds, loops) = if std::env::args().any(|argument| argument == "--bench") { (7, 50) } else { (1, 1) };
    let pairs: Vec<_> = (0..PAIRS as u32).map(|seed| [frame(seed, 0), frame(seed, 12)]).collect();
    let ffmpeg = std::env::var_os("ONNX_IQA_FFMPEG").map(PathBuf::from).filter(|path| path.is_file());
    let rival = ffmpeg.as_deref().map(|ffmpeg| Rival::new(ffmpeg, &pairs)).transpose()?;
    if rival.is_none() {
        println!("There is no ffmpeg at ONNX_IQA_FFMPEG (scripts/ffmpeg.sh fetches one): only our own times follow.\n");
    }
    println!("Per pair of 1920x1080 I420 frames in memory, medians of {rounds} alternated runs\n");
    println!("| measures | threads | this crate | ffmpeg | ratio |");
    println!("|---|---:|---:|---:|---:|");
    let cores = std::thread::available_parallelism()?.get();
    let counts = if cores > 1 { vec![1, cores] } else { vec![1] };
    for threads in counts {
        let simple = Measures::PSNR | Measures::SSIM;
        let graph = "split[c][d];[b]split[e][f];[c][e]psnr[g];[d]nullsink;[g][f]ssim";
        let bare = "split[c][d];[b]split[e][f];[c][e]streamselect=inputs=2:map=0[g];[d]nullsink;[f]nullsink;[g]null";
        row("PSNR, SSIM", simple, threads, &pairs, rival.as_ref().map(|rival| (rival, graph, bare)), rounds, loops)?;
    }
    for threads in [1, cores] {
        let all = Measures::MS_SSIM;
        let with = format!("null[c];[c][b]libvmaf=n_threads={threads}:feature=name=float_ms_ssim");
        let without = format!("null[c];[c][b]libvmaf=n_threads={threads}");
        row("MS-SSIM", all, threads, &pairs, rival.as_ref().map(|rival| (rival, &*with, &*without)), rounds.min(3), 3)?;
    }
    for threads in [1, cores] {
        let with = format!("null[c];[c][b]libvmaf=n_threads={threads}");
        let bare = "null[c];[c][b]streamselect=inputs=2:map=0";
        let rival = rival.as_ref().map(|rival| (rival, &*with, bare));
        row("VMAF", Measures::VMAF, threads, &pairs, rival, rounds.min(5), 3)?;
    }
    for threads in [1, cores] {
        let with = format!("null[c];[c][b]libvmaf=n_threads={threads}:model=version={VMAF_1}");
        let bare = "null[c];[c][b]streamselect=inputs=2:map=0";
        let rival = rival.as_ref().map(|rival| (rival, &*with, bare));
        let model = VmafModel::open(VMAF_1, &[concat!(env!("CARGO_MANIFEST_DIR"), "/models").into()])?;
        let meter = Meter::with_vmaf_model(Measures::VMAF, threads, Arc::new(model));
        row_of("VMAF 1", meter, threads, &pairs, rival, rounds.min(5), 3)?;
    }
    Ok(())
}

/// One line of the table.
fn row(
    name: &str,
    measures: Measures,
    threads: usize,
    pairs: &[[OwnedFrame; 2]],
    rival: Option<(&Rival, &str, &str)>,
    rounds: usize,
    loops: usize,
) -> Result<()> {
    row_of(name, Meter::new(measures, threads), threads, pairs, rival, rounds, loops)
}

/// The same of a meter that is there.
fn row_of(
    name: &str,
    mut meter: Meter,
    threads: usize,
    pairs: &[[OwnedFrame; 2]],
    rival: Option<(&Rival, &str, &str)>,
    rounds: usize,
    loops: usize,
) -> Result<()> {
    let pictures = pairs.iter().map(|[a, b]| Ok([a.picture()?, b.picture()?])).collect::<Result<Vec<_>>>()?;
    let mut times: [Vec<f64>; 2] = Default::default();
    for _ in 0..rounds {
        let start = Instant::now();
        for _ in 0..loops {
            for [a, b] in &pictures {
                std::hint::black_box(meter.measure(a, b)?);
            }
        }
        times[0].push(start.elapsed().as_secs_f64() / (loops * PAIRS) as f64);
        if let Some((rival, with, without)) = rival {
            let [with, without] = [rival.run(with, threads, loops)?, rival.run(without, threads, loops)?];
            times[1].push((with.as_secs_f64() - without.as_secs_f64()) / (loops * PAIRS) as f64);
        }
    }
    let [ours, theirs] = times.map(median);
    let ours = ours.context("no runs")? * 1e3;
    let theirs = theirs.map(|theirs| theirs * 1e3);
    let rest = theirs.map_or("- | -".into(), |theirs| format!("{theirs:.3} ms | {:.2} x", theirs / ours));
    println!("| {name} | {threads} | {ours:.3} ms | {rest} |");
    Ok(())
}

fn median(mut times: Vec<f64>) -> Option<f64> {
    times.sort_unstable_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}

/// ffmpeg and the frames that it reads, in raw files.
struct Rival {
    program: PathBuf,
    folder: TempDir,
}

impl Rival {
    fn new(program: &Path, pairs: &[[OwnedFrame; 2]]) -> Result<Self> {
        let folder = TempDir::new();
        for side in 0..2 {
            let mut file = std::io::BufWriter::new(std::fs::File::create(folder.path().join(format!("{side}.yuv")))?);
            for (data, _) in pairs.iter().flat_map(|pair| &pair[side].planes) {
                file.write_all(data)?;
            }
            file.flush()?;
        }
        Ok(Self { program: program.to_owned(), folder })
    }

    /// How long it takes to send all pairs `loops` times through a graph from [a] and [b].
    fn run(&self, graph: &str, threads: usize, loops: usize) -> Result<Duration> {
        let repeat = format!("loop=loop={}:size={PAIRS}:start=0", loops - 1);
        let mut command = Command::new(&self.program);
        command.args(["-v", "error", "-nostdin", "-filter_threads"]).arg(threads.to_string());
        command.arg("-filter_complex_threads").arg(threads.to_string());
        for side in 0..2 {
            command.args(["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", &format!("{WIDTH}x{HEIGHT}"), "-i"]);
            command.arg(self.folder.path().join(format!("{side}.yuv")));
        }
        command.arg("-lavfi").arg(format!("[0]{repeat}[a];[1]{repeat}[b];[a]{graph}")).args(["-f", "null", "-"]);
        let start = Instant::now();
        let done = command.current_dir(self.folder.path()).output()?;
        ensure!(done.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&done.stderr));
        Ok(start.elapsed())
    }
}

/// Something like a picture: gradients and noise, with `more` noise on top.
fn frame(seed: u32, more: u32) -> OwnedFrame {
    let plane = |width: u32, height: u32| {
        let mut state = seed + 1;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 24
        };
        let sample = |i: u32| {
            let base = 40 + (i % width) * 60 / width + (i / width) * 60 / height + random() * 32 / 256;
            (base + random() * more / 256) as u8
        };
        ((0..width * height).map(sample).collect::<Vec<u8>>(), width as usize)
    };
    OwnedFrame {
        format: PixelFormat::I420,
        width: WIDTH,
        height: HEIGHT,
        colorimetry: Colorimetry { matrix: Matrix::Bt709, range: Range::Limited, chroma_site: ChromaSite::LEFT },
        planes: vec![plane(WIDTH, HEIGHT), plane(WIDTH / 2, HEIGHT / 2), plane(WIDTH / 2, HEIGHT / 2)],
    }
}
