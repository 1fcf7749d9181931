// SPDX-License-Identifier: MPL-2.0

//! Runs `iqa watch`, and the server that it watches.

use onnx_iqa_testkit as kit;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Limit for waiting: what tests wait for comes far sooner, or never.
pub const LONG: Duration = Duration::from_secs(60);

/// H.264 of a test picture, with a key frame per second.
pub fn h264(pattern: &str) -> String {
    format!(
        "videotestsrc name=src is-live=true pattern={pattern} ! video/x-raw,width=320,height=240,framerate=15/1 \
         ! valve name=valve ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! rtph264pay name=pay0 \
         config-interval=1"
    )
}

/// Sends a signal with `kill`.
pub fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(status.expect("kill runs").success(), "{name} cannot be sent");
}

/// An RTSP server.
pub struct Server {
    pub port: u16,
    child: Option<Child>,
    arguments: Vec<String>,
}

impl Server {
    /// Starts one with these mounts, each `PATH=PIPELINE`. If it cannot run, `None`, and a line reports it.
    pub fn start(options: &[&str], mounts: &[String]) -> Option<Self> {
        let arguments = options.iter().map(|&option| option.to_owned()).chain(mounts.iter().cloned()).collect();
        let mut server = Self { port: kit::free_port(), child: None, arguments };
        if libraries().is_none() {
            kit::skipped("there is no RTSP server: scripts/servers.sh rtsp fetches it");
            return None;
        }
        server.begin();
        Some(server)
    }

    /// Starts it again on the same port.
    pub fn begin(&mut self) {
        let libraries = libraries().expect("it ran before");
        let mut command = Command::new("/usr/bin/python3");
        command.arg(root().join("scripts/rtsp-server.py")).arg(self.port.to_string()).args(&self.arguments);
        command.env("GI_TYPELIB_PATH", libraries.join("girepository-1.0")).env("LD_LIBRARY_PATH", &libraries);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
        self.child = Some(child);
    }

    /// Kills it, like a power failure, except that its system still closes the connections.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().and_then(|()| child.wait()).expect("it ends");
        }
    }

    /// Restarts it with other mounts on the same port.
    pub fn replace(&mut self, mounts: &[&str]) {
        self.kill();
        self.arguments = mounts.iter().map(|&mount| mount.to_owned()).collect();
        self.begin();
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        signal(self.child.as_ref().expect("it runs"), name);
    }

    /// Sets a property of an element behind a path.
    pub fn set(&mut self, path: &str, element: &str, property: &str, value: &str) {
        let pipe = self.child.as_mut().and_then(|child| child.stdin.as_mut()).expect("it runs");
        writeln!(pipe, "{path} {element} {property} {value}").and_then(|()| pipe.flush()).expect("it reads");
    }

    pub fn uri(&self, path: &str) -> String {
        format!("rtsp://127.0.0.1:{}/{path}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn libraries() -> Option<PathBuf> {
    let folder = kit::servers("rtsp")?.join("usr/lib/x86_64-linux-gnu");
    Some(folder).filter(|folder| folder.is_dir())
}

/// A running `iqa watch`.
pub struct Watch {
    pub folder: TempDir,
    child: Child,
    pub port: u16,
}

impl Watch {
    /// Starts it with these cameras, in TOML. `MODEL` is replaced by a model whose score is the mean of R', G' and B'.
    pub fn start(cameras: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::start_in(folder, cameras)
    }

    /// The same, in an existing folder.
    pub fn start_in(folder: TempDir, cameras: &str) -> Self {
        Self::start_with(folder, cameras, &[])
    }

    /// The same, with additional environment variables.
    pub fn start_with(folder: TempDir, cameras: &str, environment: &[(&str, &str)]) -> Self {
        let port = kit::free_port();
        let log = std::fs::File::create(folder.path().join("log")).expect("a log");
        let config = write_config(folder.path(), port, cameras);
        let child = Command::new(env!("CARGO_BIN_EXE_iqa"))
            .args(["watch", "--provider", "cpu", "--threads", "1"])
            .arg(config)
            .current_dir(folder.path())
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("iqa runs");
        let mut watch = Self { folder, child, port };
        watch.wait_until("it answers", |watch| watch.get("readyz").is_some());
        watch
    }

    /// Writes another configuration.
    pub fn configure(&self, cameras: &str) {
        write_config(self.folder.path(), self.port, cameras);
    }

    pub fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Its process ID.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its output on standard error.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("a log")
    }

    /// Its answer; `None` for no answer or an error.
    pub fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        let address = format!("http://127.0.0.1:{}/{path}", self.port);
        ureq::get(&address).call().ok()?.body_mut().read_to_vec().ok()
    }

    /// The same as text.
    pub fn get(&self, path: &str) -> Option<String> {
        String::from_utf8(self.bytes(path)?).ok()
    }

    /// Sends a POST request; returns whether it succeeded.
    pub fn post(&self, path: &str) -> bool {
        let origin = format!("http://127.0.0.1:{}", self.port);
        ureq::post(format!("{origin}/{path}")).header("Origin", &origin).send_empty().is_ok()
    }

    /// What it reports about a camera.
    #[track_caller]
    pub fn camera(&self, name: &str) -> Value {
        let all = self.get("api/cameras").unwrap_or_else(|| panic!("it does not answer: {}", self.log()));
        let all: Value = serde_json::from_str(&all).expect("JSON");
        let cameras = all["cameras"].as_array().expect("a list");
        cameras.iter().find(|camera| camera["name"] == name).unwrap_or(&Value::Null).clone()
    }

    /// The camera's state.
    #[track_caller]
    pub fn state(&self, name: &str) -> String {
        self.camera(name)["state"].as_str().unwrap_or("gone").to_owned()
    }

    /// Whether an alarm is active.
    #[track_caller]
    pub fn has_alarm(&self, name: &str, kind: &str) -> bool {
        let camera = self.camera(name);
        camera["alarms"].as_array().expect("a list").iter().any(|alarm| alarm["kind"] == kind)
    }

    /// Waits for a condition; returns how long that took.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, holds: impl FnMut(&Self) -> bool) -> Duration {
        self.wait_at_most(LONG, what, holds)
    }

    #[track_caller]
    pub fn wait_at_most(&mut self, limit: Duration, what: &str, mut holds: impl FnMut(&Self) -> bool) -> Duration {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                panic!("{what}: it ended, {status}: {}", self.log());
            }
            if holds(self) {
                return start.elapsed();
            }
            let said = self.get("api/cameras");
            assert!(start.elapsed() < limit, "{what}: not in {limit:?}\n{}\n{said:?}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until the camera is in that state.
    #[track_caller]
    pub fn wait_for(&mut self, name: &str, state: &str) -> Duration {
        self.wait_until(&format!("{name} is {state}"), |watch| watch.state(name) == state)
    }

    /// Terminates it; returns its status, how long that took, and its log.
    pub fn end(self) -> (Option<i32>, Duration, String) {
        self.signal("TERM");
        self.end_of()
    }

    /// The same for one that was already told to terminate.
    pub fn end_of(mut self) -> (Option<i32>, Duration, String) {
        let start = Instant::now();
        let status = loop {
            match self.child.try_wait().expect("a child") {
                Some(status) => break status.code(),
                None => assert!(start.elapsed() < LONG, "it does not end: {}", self.log()),
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        (status, start.elapsed(), self.log())
    }

    /// Ends it with SIGKILL; returns its folder.
    pub fn kill(mut self) -> TempDir {
        self.child.kill().and_then(|()| self.child.wait()).expect("it ends");
        std::mem::replace(&mut self.folder, tempfile::tempdir().expect("a folder"))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may already have ended.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn write_config(folder: &Path, port: u16, cameras: &str) -> PathBuf {
    let model = kit::mean_model(folder, "mean");
    let cameras = cameras.replace("MODEL", model.to_str().expect("UTF-8"));
    let config = folder.join("cameras.toml");
    let text = format!("listen = \"127.0.0.1:{port}\"\ndata-dir = \"data\"\n{cameras}");
    std::fs::write(&config, text).expect("written");
    config
}

/// Threads, file descriptors and MiB of a process.
pub fn resources(process: u32) -> [usize; 3] {
    let [threads, files] =
        ["task", "fd"].map(|what| std::fs::read_dir(format!("/proc/{process}/{what}")).map_or(0, Iterator::count));
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().split(' ').next()?.parse().ok());
    [threads, files, memory.map_or(0, |kib: usize| kib / 1024)]
}
