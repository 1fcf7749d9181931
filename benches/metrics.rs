// SPDX-License-Identifier: MPL-2.0

//! PSNR, SSIM, MS-SSIM, VMAF and CAMBI of 1080p pairs of I420, and PSNR and SSIM of 2160p pairs of 10 bits, against
//! ffmpeg's `psnr`, `ssim` and libvmaf.
//!
//! `scripts/bench.sh` or `cargo bench --bench metrics [-- WORD…]`, which measures the rows whose names hold a word and
//! wants `ONNX_IQA_FFMPEG`, a path that `scripts/ffmpeg.sh` prints.
//!
//! What is compared is the time that a pair of decoded frames takes. ffmpeg reads eight pairs once and its `loop`
//! filter hands out references to them, so nothing is decoded, read or copied while it measures; what it takes for
//! starting, reading and passing frames on is measured with the same graph that has `streamselect` (the same
//! synchronization of two inputs, no work) in the place of the measures, and subtracted. libvmaf also computes its
//! default model: what it takes with that alone is subtracted from what it takes with `float_ms_ssim` besides. Both
//! have the same number of threads; runs alternate, medians are given. VMAF is libvmaf's default model with its default
//! features, of which it also computes two that the model does not take; VMAF 1 is by `vmaf_v1.0.16_3d0h`, and of its
//! features libvmaf computes none that the model does not take. CAMBI is what libvmaf takes more with `cambi` than
//! without. ffmpeg's filter takes the best instructions there are; `ONNX_IQA_SIMD=avx2` keeps this crate from AVX-512.

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

/// How many distorted pictures one reference of a ladder is compared with.
const RUNGS: usize = 4;

/// What ffmpeg does for a row: the graph that measures, and the same without the measures, which is subtracted.
type Graphs<'a> = Option<(&'a Rival, &'a str, &'a str)>;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    // `cargo test --benches` runs this too: once is enough then.
    let measured = std::env::args().any(|argument| argument == "--bench");
    let bench = Bench { rounds: if measured { 7 } else { 1 }, words };
    let loops = if measured { 50 } else { 1 };
    let pairs = HD.frames();
    let ffmpeg = std::env::var_os("ONNX_IQA_FFMPEG").map(PathBuf::from).filter(|path| path.is_file());
    let rival = ffmpeg.as_deref().map(|ffmpeg| Rival::new(ffmpeg, &HD, &pairs)).transpose()?;
    if rival.is_none() {
        println!("There is no ffmpeg at ONNX_IQA_FFMPEG (scripts/ffmpeg.sh fetches one): only our own times follow.\n");
    }
    println!(
        "Per pair of frames in memory, 1920x1080 I420 where nothing else is said, medians of {} alternated runs, {}\n",
        bench.rounds,
        std::env::var("ONNX_IQA_SIMD")
            .map_or("the processor's best instructions".into(), |level| level + " instructions"),
    );
    println!("| measures | threads | this crate | ffmpeg | ratio |");
    println!("|---|---:|---:|---:|---:|");
    let cores = std::thread::available_parallelism()?.get();
    let counts = if cores > 1 { vec![1, cores] } else { vec![1] };
    let simple = Measures::PSNR | Measures::SSIM;
    let filters = "split[c][d];[b]split[e][f];[c][e]psnr[g];[d]nullsink;[g][f]ssim";
    let passing = "split[c][d];[b]split[e][f];[c][e]streamselect=inputs=2:map=0[g];[d]nullsink;[f]nullsink;[g]null";
    let synchronized = "null[c];[c][b]streamselect=inputs=2:map=0";
    let libvmaf = |threads: usize, options: &str| format!("null[c];[c][b]libvmaf=n_threads={threads}{options}");
    for &threads in &counts {
        let rival = rival.as_ref().map(|rival| (rival, filters, passing));
        bench.row("PSNR, SSIM", vec![Meter::new(simple, threads)], false, threads, &pairs, rival, loops)?;
    }
    let deep = DEEP.frames();
    let of_deep = ffmpeg.as_deref().map(|ffmpeg| Rival::new(ffmpeg, &DEEP, &deep)).transpose()?;
    for &threads in &counts {
        let rival = of_deep.as_ref().map(|rival| (rival, filters, passing));
        let meter = vec![Meter::new(simple, threads)];
        bench.row("PSNR, SSIM, 3840x2160, 10 bits", meter, false, threads, &deep, rival, loops.div_ceil(2))?;
    }
    for &threads in &counts {
        let (with, without) = (libvmaf(threads, ":feature=name=float_ms_ssim"), libvmaf(threads, ""));
        let rival = rival.as_ref().map(|rival| (rival, &*with, &*without));
        bench.row("MS-SSIM", vec![Meter::new(Measures::MS_SSIM, threads)], false, threads, &pairs, rival, 3)?;
    }
    for &threads in &counts {
        let with = libvmaf(threads, "");
        let rival = rival.as_ref().map(|rival| (rival, &*with, synchronized));
        bench.row("VMAF", vec![Meter::new(Measures::VMAF, threads)], false, threads, &pairs, rival, 3)?;
    }
    for &threads in &counts {
        let with = libvmaf(threads, &format!(":model=version={VMAF_1}"));
        let rival = rival.as_ref().map(|rival| (rival, &*with, synchronized));
        let model = VmafModel::open(VMAF_1, &[concat!(env!("CARGO_MANIFEST_DIR"), "/../models").into()])?;
        let meter = Meter::with_vmaf_model(Measures::VMAF, threads, Arc::new(model));
        bench.row("VMAF 1", vec![meter], false, threads, &pairs, rival, 3)?;
    }
    // Noise has hardly any flat parts, and flat parts are what CAMBI takes time for.
    let slopes: Vec<_> = (0..HD.pairs as u32).map(|seed| [slope(seed), slope(seed + 1)]).collect();
    let of_slopes = ffmpeg.as_deref().map(|ffmpeg| Rival::new(ffmpeg, &HD, &slopes)).transpose()?;
    for (name, pairs, rival) in [("CAMBI, noise", &pairs, &rival), ("CAMBI, slopes", &slopes, &of_slopes)] {
        for &threads in &counts {
            let (with, without) = (libvmaf(threads, ":feature=name=cambi"), libvmaf(threads, ""));
            let rival = rival.as_ref().map(|rival| (rival, &*with, &*without));
            bench.row(name, vec![Meter::new(Measures::CAMBI, threads)], false, threads, pairs, rival, 3)?;
        }
    }
    println!("\nA ladder: one reference, {RUNGS} distorted frames, in one process; ffmpeg runs {RUNGS} times\n");
    println!("| measures | threads | this crate | ffmpeg | ratio |");
    println!("|---|---:|---:|---:|---:|");
    let rungs = |measures| (0..RUNGS).map(|_| Meter::new(measures, cores)).collect();
    let with = libvmaf(cores, "");
    let by_libvmaf = rival.as_ref().map(|rival| (rival, &*with, synchronized));
    let by_filters = rival.as_ref().map(|rival| (rival, filters, passing));
    bench.row("ladder, VMAF", rungs(Measures::VMAF), true, cores, &pairs, by_libvmaf, 3)?;
    bench.row("ladder, VMAF, each rung alone", rungs(Measures::VMAF), false, cores, &pairs, by_libvmaf, 3)?;
    bench.row("ladder, PSNR, SSIM", rungs(simple), true, cores, &pairs, by_filters, loops)?;
    Ok(())
}

/// How rows are measured.
struct Bench {
    rounds: usize,
    /// Only rows whose names hold one of them; all if there is none.
    words: Vec<String>,
}

impl Bench {
    /// One row: the pairs `loops` times through each of the meters, which are a ladder's rungs if there are several.
    /// With `sharing`, they compute once what they need of the reference alone.
    #[expect(clippy::too_many_arguments, reason = "a row's columns")]
    fn row(
        &self,
        name: &str,
        mut meters: Vec<Meter>,
        sharing: bool,
        threads: usize,
        pairs: &[[OwnedFrame; 2]],
        rival: Graphs<'_>,
        loops: usize,
    ) -> Result<()> {
        if !self.words.is_empty() && !self.words.iter().any(|word| name.contains(&**word)) {
            return Ok(());
        }
        let frames = (loops * pairs.len()) as f64;
        let mut times: [Vec<f64>; 2] = Default::default();
        for _ in 0..self.rounds {
            let start = Instant::now();
            for [reference, distorted] in std::iter::repeat_n(pairs, loops).flatten() {
                let place = [reference.planes[0].0.as_ptr() as usize];
                let leases: Vec<_> = meters.iter().filter(|_| sharing).map(|_| Lease::new(&place)).collect();
                let (reference, distorted) = (reference.picture()?, distorted.picture()?);
                for (index, meter) in meters.iter_mut().enumerate() {
                    let shared =
                        leases.get(index).and_then(|lease| SharedReference::new(lease, &reference, &reference));
                    std::hint::black_box(meter.measure_shared(&reference, &distorted, shared)?);
                }
            }
            times[0].push(start.elapsed().as_secs_f64() / frames);
            if let Some((rival, with, without)) = rival {
                let [with, without] = [rival.run(with, threads, loops)?, rival.run(without, threads, loops)?];
                times[1].push((with.as_secs_f64() - without.as_secs_f64()) * meters.len() as f64 / frames);
            }
        }
        let [ours, theirs] = times.map(median);
        let ours = ours.context("no runs")? * 1e3;
        let theirs = theirs.map(|theirs| theirs * 1e3);
        let rest = theirs.map_or("- | -".into(), |theirs| format!("{theirs:.3} ms | {:.2} x", theirs / ours));
        println!("| {name} | {threads} | {ours:.3} ms | {rest} |");
        Ok(())
    }
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
