// SPDX-License-Identifier: MPL-2.0

//! What a farm costs beside its work: `iqa farm` with units that only wait, against the time that they wait.
//!
//! `scripts/bench.sh farm [overhead|plan|workers]`, after `scripts/servers.sh nats`, on a machine that does nothing
//! else. Server and workers are processes of this machine; the server writes to the disk before it answers.

use anyhow::{Context, Result, ensure};
use onnx_iqa_testkit::{TempDir, free_port, processor_time, resident_kib, servers};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What is measured takes far less, or does not end.
const LONG: Duration = Duration::from_secs(1200);

fn main() -> Result<()> {
    // `cargo test --benches` runs this too: few units are enough then.
    let measuring = std::env::args().any(|argument| argument == "--bench");
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |part: &str| words.is_empty() || words.iter().any(|word| part.contains(word.as_str()));
    let Some(server) = servers("nats").map(|folder| folder.join("usr/bin/nats-server")) else {
        println!("There is no nats-server (scripts/servers.sh nats fetches one): no farm was measured.");
        return Ok(());
    };
    if is_wanted("overhead") {
        overhead(&server, if measuring { [5000, 48] } else { [50, 4] }, if measuring { 10 } else { 1 })?;
    }
    if is_wanted("plan") {
        plan(&server, if measuring { 100_000 } else { 200 })?;
    }
    if is_wanted("workers") {
        workers(&server, if measuring { [50, 3000] } else { [3, 12] })?;
    }
    Ok(())
}

/// Units that do nothing, and units of ten seconds.
fn overhead(server: &Path, [empty, long]: [u64; 2], seconds: u64) -> Result<()> {
    const SLOTS: u64 = 8;
    let farm = Farm::start(server)?;
    let idle = format!("--slots={SLOTS}");
    farm.submit(empty, "0s")?;
    let mut worker = farm.worker(&[&idle, "--until-idle"])?;
    let (wall, processor) = worker.end(&farm)?;
    println!("\nempty units, one worker with {SLOTS} slots: {:.0} units a second", empty as f64 / wall);
    println!(
        "processor time for a unit: worker {:.2} ms, server {:.2} ms",
        processor[0] * 1e3 / empty as f64,
        processor[1] * 1e3 / empty as f64
    );

    farm.submit(long, &format!("{seconds}s"))?;
    let mut worker = farm.worker(&[&idle, "--until-idle"])?;
    let (wall, _) = worker.end(&farm)?;
    let ideal = (long.div_ceil(SLOTS) * seconds) as f64;
    println!(
        "units of {seconds} s: {wall:.1} s where {ideal} s are needed, with start and end of the worker: {:.1} % more (goal: at most 5)",
        100.0 * (wall / ideal - 1.0)
    );
    Ok(())
}

/// A plan of very many units.
fn plan(server: &Path, units: u64) -> Result<()> {
    let farm = Farm::start(server)?;
    let begun = Instant::now();
    let (plan, peak) = farm.submit(units, "0s")?;
    let submitted = begun.elapsed().as_secs_f64();
    println!("\na plan of {units} units: submitted in {submitted:.1} s, with at most {:.0} MiB", peak as f64 / 1024.0);
    println!("| done | status | worker's memory | server's memory |\n|---:|---:|---:|---:|");
    let worker = farm.worker(&["--slots=8"])?;
    let (mut shown, begun) = (0, Instant::now());
    loop {
        let asked = Instant::now();
        let done = farm.done(&plan)?;
        let status = asked.elapsed().as_secs_f64();
        if done >= shown {
            let memory = [worker.0.id(), farm.server.0.id()].map(|process| resident_kib(&process.to_string()));
            let [worker, server] = memory;
            println!(
                "| {done} | {status:.2} s | {:.1} MiB | {:.1} MiB |",
                worker? as f64 / 1024.0,
                server? as f64 / 1024.0
            );
            shown += units / 8;
        }
        if done >= units {
            break;
        }
        ensure!(begun.elapsed() < LONG, "it stays at {done}");
        std::thread::sleep(Duration::from_millis(500));
    }
    println!(
        "all done after {:.0} s: {:.0} units a second",
        begun.elapsed().as_secs_f64(),
        units as f64 / begun.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Very many workers.
fn workers(server: &Path, [workers, units]: [u64; 2]) -> Result<()> {
    let farm = Farm::start(server)?;
    let all = (0..workers).map(|_| farm.worker(&[])).collect::<Result<Vec<_>>>()?;
    std::thread::sleep(Duration::from_secs(5));
    let before = processor_time(&farm.server.0.id().to_string())?;
    let begun = Instant::now();
    let (plan, _) = farm.submit(units, "1s")?;
    while farm.done(&plan)? < units {
        ensure!(begun.elapsed() < LONG, "they do not end");
        std::thread::sleep(Duration::from_millis(200));
    }
    let wall = begun.elapsed().as_secs_f64();
    let ideal = units.div_ceil(workers) as f64;
    let used = processor_time(&farm.server.0.id().to_string())? - before;
    let memory: u64 =
        all.iter().map(|worker| resident_kib(&worker.0.id().to_string())).sum::<std::io::Result<u64>>()?;
    println!(
        "\n{workers} workers, {units} units of one second: {wall:.1} s where {ideal} s are needed, with submission; server: {:.1} % of a \
         core, {:.0} MiB; a worker: {:.1} MiB",
        100.0 * used / wall,
        resident_kib(&farm.server.0.id().to_string())? as f64 / 1024.0,
        memory as f64 / 1024.0 / workers as f64
    );
    Ok(())
}

/// A process that ends with this.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// Waits for its end: how long it took, and the processor time of it and of the server.
    fn end(&mut self, farm: &Farm) -> Result<(f64, [f64; 2])> {
        let [own, server] = [self.0.id(), farm.server.0.id()].map(|process| process.to_string());
        let (begun, before) = (Instant::now(), processor_time(&server)?);
        let mut used = 0.0;
        loop {
            if let Some(status) = self.0.try_wait()? {
                ensure!(status.success(), "a worker ended with {status}");
                return Ok((begun.elapsed().as_secs_f64(), [used, processor_time(&server)? - before]));
            }
            used = processor_time(&own).unwrap_or(used);
            ensure!(begun.elapsed() < LONG, "a worker does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

struct Farm {
    folder: TempDir,
    url: String,
    server: Process,
}

impl Farm {
    fn start(program: &Path) -> Result<Self> {
        let (folder, port) = (TempDir::new(), free_port());
        let conf = folder.path().join("nats.conf");
        let store = folder.path().join("store");
        std::fs::write(
            &conf,
            format!("listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: {store:?}, sync_interval: always }}\n"),
        )?;
        let server = Command::new(program).arg("-c").arg(&conf).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(begun.elapsed() < Duration::from_secs(20), "the server does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Self { folder, url: format!("nats://127.0.0.1:{port}"), server: Process(server) })
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_iqa")));
        command.arg("farm").args(words).env("NATS_URL", &self.url).current_dir(self.folder.path());
        command.stderr(Stdio::null());
        command
    }

    /// Submits units that wait so long: the plan's ID, and the most memory that this took, in KiB.
    fn submit(&self, units: u64, time: &str) -> Result<(String, u64)> {
        let file = self.folder.path().join("plan.toml");
        std::fs::write(&file, format!("drill = {{ units = {units}, time = '{time}' }}"))?;
        let mut child = self.command(&["submit", "plan.toml"]).stdout(Stdio::piped()).spawn()?;
        let (process, mut peak) = (child.id().to_string(), 0);
        while child.try_wait()?.is_none() {
            peak = peak.max(resident_kib(&process).unwrap_or(0));
            std::thread::sleep(Duration::from_millis(10));
        }
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "submitting a plan ended with {}", output.status);
        Ok((String::from_utf8(output.stdout)?.trim().to_owned(), peak))
    }

    fn worker(&self, words: &[&str]) -> Result<Process> {
        Ok(Process(self.command(&[&["work"], words].concat()).stdout(Stdio::null()).spawn()?))
    }

    /// Number of units with a result, as `iqa farm status` says.
    fn done(&self, plan: &str) -> Result<u64> {
        let text = String::from_utf8(self.command(&["status", plan]).output()?.stdout)?;
        let done = text.split("= done ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
        done.with_context(|| format!("no ledger: {text}"))
    }
}
