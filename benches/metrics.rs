// SPDX-License-Identifier: MPL-2.0

//! PSNR, SSIM, MS-SSIM, VMAF and CAMBI of 1080p pairs of I420, and PSNR and SSIM of 2160p pairs of 10 bits, against
//! ffmpeg's `psnr`, `ssim` and libvmaf.
//!
//! `scripts/bench.sh` or `cargo bench --bench metrics`; the latter wants `ONNX_IQA_FFMPEG`, a path that
//! `scripts/ffmpeg.sh` prints.
//!
//! What is compared is the time that a pair of decoded frames takes. ffmpeg reads eight pairs once and its `loop` filter
//! hands out references to them, so nothing is decoded, read or copied while it measures; what it takes for starting,
//! reading and passing frames on is measured with the same graph that has `streamselect` (the same synchronization of
//! two inputs, no work) in the place of the measures, and subtracted. libvmaf also computes its default model: what it
//! takes with that alone is subtracted from what it takes with `float_ms_ssim` besides. Both have the same number of
//! threads; runs alternate, medians are given. VMAF is libvmaf's default model with its default features, of which it also
//! computes two that the model does not take; VMAF 1 is by `vmaf_v1.0.16_3d0h`, and of its features libvmaf computes none that
//! the model does not take. CAMBI is what libvmaf takes more with `cambi` than without. ffmpeg's filter takes the best
//! instructions there are; `ONNX_IQA_SIMD=avx2` keeps this crate from AVX-512.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use onnx_iqa::metrics::{Measures, Meter, SharedReference, VmafModel};
use onnx_iqa::picture::{ChromaSite, Colorimetry, Frame, Matrix, OwnedFrame, PixelFormat, Range};
use onnx_iqa::sharing::Lease;
use onnx_iqa_testkit::TempDir;

/// Pairs of frames of one kind that are gone through again and again: more than the nearer caches hold.
struct Clip {
    format: PixelFormat,
    /// As ffmpeg calls it.
    pix_fmt: &'static str,
    width: u32,
    height: u32,
    pairs: usize,
}

const HD: Clip = Clip { format: PixelFormat::I420, pix_fmt: "yuv420p", width: 1920, height: 1080, pairs: 8 };
/// The model of VMAF 1 for such pictures.
const VMAF_1: &str = "vmaf_v1.0.16_3d0h";
const DEEP: Clip = Clip { format: PixelFormat::I420p10, pix_fmt: "yuv420p10le", width: 3840, height: 2160, pairs: 2 };

fn main() -> Result<()> {
    // `cargo test --benches` runs this too: once is enough then.
    let (rounds, loops) = if std::env::args().any(|argument| argument == "--bench") { (7, 50) } else { (1, 1) };
    let pairs = HD.frames();
    let ffmpeg = std::env::var_os("ONNX_IQA_FFMPEG").map(PathBuf::from).filter(|path| path.is_file());
    let rival = ffmpeg.as_deref().map(|ffmpeg| Rival::new(ffmpeg, &HD, &pairs)).transpose()?;
    if rival.is_none() {
        println!("There is no ffmpeg at ONNX_IQA_FFMPEG (scripts/ffmpeg.sh fetches one): only our own times follow.\n");
    }
    println!(
        "Per pair of frames in memory, 1920x1080 I420 where nothing else is said, medians of {rounds} alternated runs\n"
    );
    println!("| measures | threads | this crate | ffmpeg | ratio |");
    println!("|---|---:|---:|---:|---:|");
    let cores = std::thread::available_parallelism()?.get();
    let counts = if cores > 1 { vec![1, cores] } else { vec![1] };
    for threads in counts {
        let simple = Measures::PSNR | Measures::SSIM;
        let graph = "split[c][d];[b]split[e][f];[c][e]psnr[g];[d]nullsink;[g][f]ssim";
        let bare = "split[c][d];[b]split[e][f];[c][e]streamselect=inputs=2:map=0[g];[d]nullsink;[f]nullsink;[g]null";
        row("PSNR, SSIM", simple, threads, &pairs, rival.as_ref().map(|rival| (rival, graph, bare)), rounds, loops)?;
        let pairs = DEEP.frames();
        let rival = ffmpeg.as_deref().map(|ffmpeg| Rival::new(ffmpeg, &DEEP, &pairs)).transpose()?;
        let rival = rival.as_ref().map(|rival| (rival, graph, bare));
        row("PSNR, SSIM, 3840x2160, 10 bits", simple, threads, &pairs, rival, rounds.min(5), loops.div_ceil(2))?;
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
    // Noise has hardly any flat parts, and flat parts are what CAMBI takes time for.
    let slopes: Vec<_> = (0..HD.pairs as u32).map(|seed| [slope(seed), slope(seed + 1)]).collect();
    let of_slopes = ffmpeg.as_deref().map(|ffmpeg| Rival::new(ffmpeg, &HD, &slopes)).transpose()?;
    for (name, pairs, rival) in [("CAMBI, noise", &pairs, &rival), ("CAMBI, slopes", &slopes, &of_slopes)] {
        for threads in [1, cores] {
            let with = format!("null[c];[c][b]libvmaf=n_threads={threads}:feature=name=cambi");
            let without = format!("null[c];[c][b]libvmaf=n_threads={threads}");
            let rival = rival.as_ref().map(|rival| (rival, &*with, &*without));
            row(name, Measures::CAMBI, threads, pairs, rival, rounds.min(5), 3)?;
        }
    }
    println!("\nA ladder: one reference, four distorted frames, in one process; ffmpeg runs four times\n");
    println!("| measures | threads | this crate | ffmpeg | ratio |");
    println!("|---|---:|---:|---:|---:|");
    let with = format!("null[c];[c][b]libvmaf=n_threads={cores}");
    let bare = "null[c];[c][b]streamselect=inputs=2:map=0";
    let vmaf = rival.as_ref().map(|rival| (rival, &*with, bare));
    ladder("VMAF", Measures::VMAF, cores, &pairs, vmaf, rounds.min(5), 3)?;
    ladder("VMAF, each rung alone", Measures::VMAF, cores, &pairs, None, rounds.min(5), 3)?;
    let graph = "split[c][d];[b]split[e][f];[c][e]psnr[g];[d]nullsink;[g][f]ssim";
    let bare = "split[c][d];[b]split[e][f];[c][e]streamselect=inputs=2:map=0[g];[d]nullsink;[f]nullsink;[g]null";
    let simple = rival.as_ref().map(|rival| (rival, graph, bare));
    ladder("PSNR, SSIM", Measures::PSNR | Measures::SSIM, cores, &pairs, simple, rounds, loops)?;
    Ok(())
}

/// How many distorted pictures one reference is compared with.
const RUNGS: usize = 4;

/// One line of the second table. Without a rival, nothing is shared.
fn ladder(
    name: &str,
    measures: Measures,
    threads: usize,
    pairs: &[[OwnedFrame; 2]],
    rival: Option<(&Rival, &str, &str)>,
    rounds: usize,
    loops: usize,
) -> Result<()> {
    let mut meters: Vec<_> = (0..RUNGS).map(|_| Meter::new(measures, threads)).collect();
    let mut times: [Vec<f64>; 2] = Default::default();
    for _ in 0..rounds {
        let start = Instant::now();
        for _ in 0..loops {
            for [reference, distorted] in pairs {
                let place = [reference.planes[0].0.as_ptr() as usize];
                let leases: Vec<_> = meters.iter().map(|_| Lease::new(&place)).collect();
                let (reference, distorted) = (reference.picture()?, distorted.picture()?);
                for (meter, lease) in meters.iter_mut().zip(&leases) {
                    let shared = SharedReference::new(lease, &reference, &reference).filter(|_| rival.is_some());
                    std::hint::black_box(meter.measure_shared(&reference, &distorted, shared)?);
                }
            }
        }
        times[0].push(start.elapsed().as_secs_f64() / (loops * pairs.len()) as f64);
        if let Some((rival, with, without)) = rival {
            let [with, without] = [rival.run(with, threads, loops)?, rival.run(without, threads, loops)?];
            times[1].push((with.as_secs_f64() - without.as_secs_f64()) * RUNGS as f64 / (loops * pairs.len()) as f64);
        }
    }
    print_row(name, threads, times)
}

/// One line of the first table.
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
        times[0].push(start.elapsed().as_secs_f64() / (loops * pairs.len()) as f64);
        if let Some((rival, with, without)) = rival {
            let [with, without] = [rival.run(with, threads, loops)?, rival.run(without, threads, loops)?];
            times[1].push((with.as_secs_f64() - without.as_secs_f64()) / (loops * pairs.len()) as f64);
        }
    }
    print_row(name, threads, times)
}

fn print_row(name: &str, threads: usize, times: [Vec<f64>; 2]) -> Result<()> {
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
    clip: &'static Clip,
    folder: TempDir,
}

impl Rival {
    fn new(program: &Path, clip: &'static Clip, pairs: &[[OwnedFrame; 2]]) -> Result<Self> {
        let folder = TempDir::new();
        for side in 0..2 {
            let mut file = std::io::BufWriter::new(std::fs::File::create(folder.path().join(format!("{side}.yuv")))?);
            for (data, _) in pairs.iter().flat_map(|pair| &pair[side].planes) {
                file.write_all(data)?;
            }
            file.flush()?;
        }
        Ok(Self { program: program.to_owned(), clip, folder })
    }

    /// How long it takes to send all pairs `loops` times through a graph from [a] and [b].
    fn run(&self, graph: &str, threads: usize, loops: usize) -> Result<Duration> {
        let repeat = format!("loop=loop={}:size={}:start=0", loops - 1, self.clip.pairs);
        let mut command = Command::new(&self.program);
        command.args(["-v", "error", "-nostdin", "-filter_threads"]).arg(threads.to_string());
        command.arg("-filter_complex_threads").arg(threads.to_string());
        for side in 0..2 {
            let size = format!("{}x{}", self.clip.width, self.clip.height);
            command.args(["-f", "rawvideo", "-pix_fmt", self.clip.pix_fmt, "-s", &size, "-i"]);
            command.arg(self.folder.path().join(format!("{side}.yuv")));
        }
        command.arg("-lavfi").arg(format!("[0]{repeat}[a];[1]{repeat}[b];[a]{graph}")).args(["-f", "null", "-"]);
        let start = Instant::now();
        let done = command.current_dir(self.folder.path()).output()?;
        ensure!(done.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&done.stderr));
        Ok(start.elapsed())
    }
}

impl Clip {
    fn frames(&self) -> Vec<[OwnedFrame; 2]> {
        (0..self.pairs as u32).map(|seed| [self.frame(seed, 0), self.frame(seed, 12)]).collect()
    }

    /// Something like a picture: gradients and noise, with `more` noise on top.
    fn frame(&self, seed: u32, more: u32) -> OwnedFrame {
        let component = self.format.components()[0];
        let (unit, bytes) = (1u32 << (component.depth - 8), usize::from(component.step));
        let plane = |width: u32, height: u32| {
            let mut state = seed + 1;
            let mut random = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state >> 24
            };
            let sample = |i: u32| {
                let base = 40 + (i % width) * 60 / width + (i / width) * 60 / height;
                (base * unit + random() * 32 * unit / 256 + random() * more * unit / 256) as u16
            };
            let samples = (0..width * height).map(sample);
            let data: Vec<u8> = samples.flat_map(|sample| sample.to_le_bytes().into_iter().take(bytes)).collect();
            (data, width as usize * bytes)
        };
        let (width, height) = (self.width, self.height);
        OwnedFrame {
            format: self.format,
            width,
            height,
            colorimetry: Colorimetry { matrix: Matrix::Bt709, range: Range::Limited, chroma_site: ChromaSite::LEFT },
            planes: vec![plane(width, height), plane(width / 2, height / 2), plane(width / 2, height / 2)],
        }
    }
}

/// Slopes in steps, as in skies: flat everywhere but at the steps.
fn slope(seed: u32) -> OwnedFrame {
    let mut frame = HD.frame(seed, 0);
    for (i, sample) in frame.planes[0].0.iter_mut().enumerate() {
        let (x, y) = (i as u32 % HD.width, i as u32 / HD.width);
        *sample = (40 + (x * 2 + y * 3 + seed * 7) / 64 % 120) as u8;
    }
    frame
}
