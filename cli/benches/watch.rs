// SPDX-License-Identifier: MPL-2.0

//! Sixteen cameras by `iqa watch`, against sixteen ffmpeg that decode the same and a bare session of ONNX Runtime that
//! computes as many scores.
//!
//! `scripts/bench.sh watch`, or `cargo bench -p iqa-cli --bench watch` with `ONNX_IQA_FFMPEG`, `ONNX_IQA_CLIPS`,
//! `ONNX_IQA_MODEL_PATH` and `ORT_DYLIB_PATH`, on a machine that does nothing else.
//!
//! The cameras are files of 720 lines, 25 frames a second, H.264 of 2 Mbit/s with a key frame every two seconds, played
//! at their own speed; each is scored every two seconds by `metaiqa`. Both sides run for the same time, one after the
//! other; what is compared is the processor time of all threads. Frames that were not decoded in time are reported.

use anyhow::{Context, Result, ensure};
use onnx_iqa_testkit::{TempDir, free_port, processor_time, resident_kib};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const CAMERAS: u32 = 16;
const FRAMES_A_SECOND: u32 = 25;

fn main() -> Result<()> {
    // `cargo test --benches` runs this too: a few seconds of two cameras are enough then.
    let measuring = std::env::args().any(|argument| argument == "--bench");
    let (cameras, seconds) = if measuring { (CAMERAS, 40) } else { (2, 3) };
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if !words.is_empty() && !words.iter().any(|word| "watch".contains(word.as_str())) {
        return Ok(());
    }
    let ffmpeg = std::env::var_os("ONNX_IQA_FFMPEG").map(PathBuf::from).filter(|path| path.is_file());
    let Some(ffmpeg) = ffmpeg else {
        println!("There is no ffmpeg at ONNX_IQA_FFMPEG (scripts/ffmpeg.sh fetches one): no cameras were compared.");
        return Ok(());
    };
    let clips = std::env::var_os("ONNX_IQA_CLIPS").context("ONNX_IQA_CLIPS must name the folder of the clips")?;
    let folder = TempDir::new();
    let film = folder.path().join("camera.mp4");
    encode(&ffmpeg, &Path::new(&clips).join("bigbuckbunny.mp4"), seconds * 2 + 30, &film)?;

    println!("{cameras} cameras of 720p25 for {seconds} s each, processor time a second of all together\n");
    let decoding = decode(&ffmpeg, &film, cameras, seconds)?;
    let score = bare_score()?;
    println!(
        "| decode | `iqa watch` | ffmpeg decodes | bare scores | goal's sum | ratio | goal | frames in time | memory a \
         camera |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    for (decode, share, goal) in [("all", 1.0, 1.15), ("keyframes", 0.15, 1.0)] {
        let ours = watch(&folder, &film, cameras, seconds, decode)?;
        let (decoding, scores) = (decoding * share, ours.scored * score);
        let sum = decoding + scores;
        let whole = f64::from(cameras * FRAMES_A_SECOND);
        let due = if decode == "all" { whole } else { whole / f64::from(2 * FRAMES_A_SECOND) };
        println!(
            "| {decode} | {:.3} s | {decoding:.3} s | {scores:.3} s | {sum:.3} s | {:.2} | {goal} | {:.0} % | {:.1} \
             MiB |",
            ours.processor,
            ours.processor / sum,
            100.0 * ours.frames / due,
            ours.memory / f64::from(cameras),
        );
    }
    println!("\nWith key frames alone 15 % of ffmpeg's decoding count: the goal is to need no more.");
    Ok(())
}

fn encode(ffmpeg: &Path, clip: &Path, seconds: u32, to: &Path) -> Result<()> {
    let status = Command::new(ffmpeg)
        .args(["-v", "error", "-nostdin", "-y", "-stream_loop", "-1", "-i"])
        .arg(clip)
        .args(["-t", &seconds.to_string(), "-an", "-r", "25", "-vf", "scale=1280:720,format=yuv420p"])
        .args(["-c:v", "libx264", "-preset", "veryfast", "-b:v", "2M", "-g", "50", "-sc_threshold", "0"])
        .arg(to)
        .status()?;
    ensure!(status.success(), "ffmpeg cannot encode {}", to.display());
    Ok(())
}

/// Seconds of processor time a second that as many ffmpeg take to decode it, at its own speed.
fn decode(ffmpeg: &Path, film: &Path, cameras: u32, seconds: u32) -> Result<f64> {
    let start = |_| {
        let mut command = Command::new(ffmpeg);
        command.args(["-v", "info", "-benchmark", "-nostdin", "-re", "-threads", "1", "-i"]).arg(film);
        command.args(["-t", &seconds.to_string(), "-f", "null", "-"]);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()
    };
    let children: Vec<Child> = (0..cameras).map(start).collect::<Result<_, _>>()?;
    let mut sum = 0.0;
    for child in children {
        let output = child.wait_with_output()?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let line = text.lines().find(|line| line.contains("utime=")).with_context(|| text.clone())?;
        let values =
            line.split_whitespace().filter_map(|word| word.split_once("time=")).filter(|(kind, _)| *kind != "r");
        for (_, value) in values {
            sum += value.trim_end_matches('s').parse::<f64>()?;
        }
    }
    Ok(sum / f64::from(seconds))
}

/// Seconds of processor time that a bare session takes for a score, with one thread.
fn bare_score() -> Result<f64> {
    let models = std::env::var_os("ONNX_IQA_MODEL_PATH").context("ONNX_IQA_MODEL_PATH must name the models' folder")?;
    let environment = onnx_iqa::model::environment(None)?;
    let mut session = ort::session::Session::builder(&environment)?
        .with_intra_threads(1)
        .map_err(|error| anyhow::anyhow!("{error}"))?
        .commit_from_file(Path::new(&models).join("metaiqa/model.onnx"))?;
    let values: Vec<f32> = (0..5 * 3 * 224 * 224).map(|n| ((n * 7919) % 255) as f32 / 127.0 - 1.0).collect();
    let tensor = ort::value::Tensor::from_array(([5usize, 3, 224, 224], values))?;
    session.run(ort::inputs![tensor.view()])?;
    let (count, begin) = (40, processor_time("self")?);
    for _ in 0..count {
        session.run(ort::inputs![tensor.view()])?;
    }
    Ok((processor_time("self")? - begin) / f64::from(count))
}

/// What `iqa watch` took, in a second.
struct Watched {
    /// Seconds of processor time.
    processor: f64,
    frames: f64,
    scored: f64,
    /// In MiB, at the end.
    memory: f64,
}

fn watch(folder: &TempDir, film: &Path, cameras: u32, seconds: u32, decode: &str) -> Result<Watched> {
    let port = free_port();
    let mut config =
        format!("listen = \"127.0.0.1:{port}\"\ndata-dir = \"{}\"\n", folder.path().join(decode).display());
    for camera in 0..cameras {
        let uri = film.display();
        config += &format!("[[camera]]\nname = \"c{camera}\"\nuri = \"file://{uri}\"\ndecode = \"{decode}\"\n");
    }
    let path = folder.path().join(format!("{decode}.toml"));
    std::fs::write(&path, config)?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_iqa"));
    command.args(["watch", "--provider", "cpu", "--threads", "1"]).arg(&path).stderr(Stdio::null());
    let child = Ended(command.spawn()?);
    let process = child.0.id().to_string();
    let begin = Instant::now();
    while sum(port, "iqa_scored_total").unwrap_or(0.0) < f64::from(2 * cameras) {
        ensure!(begin.elapsed() < Duration::from_secs(60), "the cameras are not scored");
        std::thread::sleep(Duration::from_millis(200));
    }
    let count = || Ok::<_, anyhow::Error>((sum(port, "iqa_frames_total")?, sum(port, "iqa_scored_total")?));
    let (begin, before, (frames, scored)) = (Instant::now(), processor_time(&process)?, count()?);
    std::thread::sleep(Duration::from_secs(seconds.into()));
    let (after, (frames_now, scored_now)) = (processor_time(&process)?, count()?);
    let took = begin.elapsed().as_secs_f64();
    Ok(Watched {
        processor: (after - before) / took,
        frames: (frames_now - frames) / took,
        scored: (scored_now - scored) / took,
        memory: resident_kib(&process)? as f64 / 1024.0,
    })
}

/// Killed when it is dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The sum of a metric over all cameras.
fn sum(port: u16, name: &str) -> Result<f64> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let lines = text.lines().filter(|line| line.starts_with(name));
    let values = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    Ok(values.sum())
}
