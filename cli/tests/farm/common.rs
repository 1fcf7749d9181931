// SPDX-License-Identifier: MPL-2.0

//! A NATS server, workers, and a ladder to compare.

pub use crate::shared::Ran;
use crate::shared::clip;
use onnx_iqa_testkit as kit;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What a test waits for comes far sooner, or not at all.
pub const LONG: Duration = Duration::from_secs(120);

/// A NATS server with a folder of its own.
pub struct Server {
    pub address: String,
    pub port: u16,
    pub folder: PathBuf,
    /// Room of JetStream on its disk, in the server's words.
    pub room: String,
    child: Option<Child>,
    more: String,
}

impl Server {
    /// One at this address, with more lines in its configuration.
    fn start(folder: PathBuf, address: &str, more: &str) -> Self {
        std::fs::create_dir_all(&folder).expect("a folder");
        let (address, more) = (address.to_owned(), more.to_owned());
        let mut server = Self { address, port: kit::free_port(), folder, room: "4G".to_owned(), child: None, more };
        server.begin();
        server
    }

    /// Starts it, again on the same port.
    pub fn begin(&mut self) {
        let Self { address, port, folder, more, room, .. } = self;
        let store = folder.join("store");
        let text = format!(
            "listen: \"{address}:{port}\"\nserver_name: test\njetstream {{ store_dir: {store:?}, sync_interval: \
             always, max_mem: 64M, max_file: {room} }}\n{more}\n"
        );
        std::fs::write(folder.join("nats.conf"), text).expect("a file");
        let log = std::fs::File::create(folder.join("log")).expect("a file");
        let child =
            Command::new(program().expect("a server")).arg("-c").arg(folder.join("nats.conf")).stderr(log).spawn();
        self.child = Some(child.expect("the server starts"));
        let begun = Instant::now();
        while std::net::TcpStream::connect((self.address.as_str(), self.port)).is_err() {
            assert!(begun.elapsed() < LONG, "{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().and_then(|()| child.wait()).expect("it ends");
        }
    }

    pub fn signal(&self, name: &str) {
        signal(self.child.as_ref().expect("it runs").id(), name);
    }

    pub fn url(&self) -> String {
        format!("nats://{}:{}", self.address, self.port)
    }

    /// Removes a stream, as an operator may.
    pub fn delete_stream(&self, name: &str) {
        let answer = self.request(&format!("$JS.API.STREAM.DELETE.{name}"), "");
        assert!(answer.contains("\"success\":true"), "{answer}");
    }

    /// Makes a stream, as an operator may.
    pub fn create_stream(&self, name: &str, config: &str) {
        let answer = self.request(&format!("$JS.API.STREAM.CREATE.{name}"), config);
        assert!(answer.contains("\"config\""), "{answer}");
    }

    /// The answer to a request.
    pub fn request(&self, subject: &str, payload: &str) -> String {
        let mut socket = std::net::TcpStream::connect((self.address.as_str(), self.port)).expect("a connection");
        let length = payload.len();
        let request =
            format!("CONNECT {{\"verbose\":false}}\r\nSUB inbox 1\r\nPUB {subject} inbox {length}\r\n{payload}\r\n");
        socket.write_all(request.as_bytes()).expect("sent");
        let lines = BufReader::new(socket).lines().map_while(Result::ok);
        lines.skip_while(|line| !line.starts_with("MSG")).nth(1).expect("an answer")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn program() -> Option<PathBuf> {
    let path = kit::servers("nats")?.join("usr/bin/nats-server");
    path.is_file().then_some(path)
}

/// Sends a signal, by `kill`.
pub fn signal(process: u32, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status();
    assert!(status.expect("kill runs").success(), "{name} does not reach {process}");
}

/// A server, and a folder for one test.
pub struct Farm {
    pub folder: TempDir,
    pub server: Server,
}

impl Farm {
    /// None, with a line that says so, where there is no server.
    pub fn new(test: &str) -> Option<Self> {
        Self::with(test, "")
    }

    /// One whose server has more lines in its configuration.
    pub fn with(test: &str, more: &str) -> Option<Self> {
        Self::at(test, "127.0.0.1", more)
    }

    /// One whose server is at this address.
    pub fn at(test: &str, address: &str, more: &str) -> Option<Self> {
        if program().is_none() {
            kit::skipped(&format!("{test}: there is no nats-server: scripts/servers.sh nats fetches it"));
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::start(folder.path().join("nats"), address, more);
        Some(Self { folder, server })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_iqa"));
        command.current_dir(&self.folder).env("XDG_CACHE_HOME", self.path("cache"));
        command.env("NATS_URL", self.server.url()).args(arguments);
        command
    }

    /// `iqa` with these arguments.
    #[track_caller]
    pub fn iqa(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// Submits a plan; its ID.
    #[track_caller]
    pub fn submit(&self, text: &str) -> String {
        std::fs::write(self.path("plan.toml"), text).expect("a file");
        self.iqa(&["farm", "submit", "plan.toml"]).ended(0).stdout.trim().to_owned()
    }

    /// Starts a worker.
    pub fn worker(&self, arguments: &[&str]) -> Worker {
        Worker::start(self.command(&["farm", "work"]).args(arguments))
    }

    /// A worker that has run, with more arguments, until nothing waited or ran.
    #[track_caller]
    pub fn worked(&self, arguments: &[&str]) -> Worker {
        let mut worker = self.worker(&[&["--until-idle"], arguments].concat());
        assert_eq!(worker.ended(), 0, "{}", worker.said());
        worker
    }

    /// The counts of a plan after a worker has done all of it.
    #[track_caller]
    pub fn worked_all(&self, plan: &str) -> Counts {
        let worker = self.worked(&[]);
        let counts = self.ledger(plan);
        let Counts { planned, done, failed, conflicts, .. } = counts;
        assert_eq!((done, failed, conflicts), (planned, 0, 0), "{}", worker.said());
        counts
    }

    /// The counts of a plan, which add up.
    #[track_caller]
    pub fn ledger(&self, plan: &str) -> Counts {
        let ran = self.iqa(&["farm", "status", plan, "--json"]);
        let status = ran.json();
        let count = |name: &str| status["units"][name].as_u64().expect("a count");
        let counts = Counts {
            planned: count("planned"),
            done: count("done"),
            failed: count("failed"),
            running: count("running"),
            waiting: count("waiting"),
            lost: status["lost"].as_u64().expect("a count"),
            conflicts: status["conflicts"].as_array().expect("an array").len(),
        };
        let Counts { planned, done, failed, running, waiting, .. } = counts;
        assert_eq!(planned, done + failed + running + waiting, "{status}");
        assert_eq!(ran.code, i32::from(failed > 0), "{status}");
        counts
    }

    /// Waits until the counts are as wanted.
    #[track_caller]
    pub fn wait(&self, plan: &str, wanted: impl Fn(&Counts) -> bool) -> Counts {
        let begun = Instant::now();
        loop {
            let counts = self.ledger(plan);
            if wanted(&counts) {
                return counts;
            }
            assert!(begun.elapsed() < LONG, "it stays at {counts:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until all units have ended, none failed, none twice.
    #[track_caller]
    pub fn all_done(&self, plan: &str) -> Counts {
        let counts = self.wait(plan, |counts| counts.done + counts.failed == counts.planned);
        assert_eq!((counts.failed, counts.conflicts), (0, 0), "{counts:?}");
        counts
    }
}

/// Counts of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub planned: u64,
    pub done: u64,
    pub failed: u64,
    pub running: u64,
    pub waiting: u64,
    pub lost: u64,
    pub conflicts: usize,
}

/// A worker in a process of its own.
pub struct Worker {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Worker {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("a worker starts");
        let said = Arc::new(Mutex::new(String::new()));
        let (pipe, told) = (child.stderr.take().expect("a pipe"), said.clone());
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                *told.lock().expect("no panic") += &format!("{line}\n");
            }
        });
        Self { child, said }
    }

    pub fn said(&self) -> String {
        self.said.lock().expect("no panic").clone()
    }

    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Ends it at once, as a power failure does.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Its exit status, once it ends.
    #[track_caller]
    pub fn ended(&mut self) -> i32 {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status.code().unwrap_or(-1);
            }
            assert!(begun.elapsed() < LONG, "it does not end: {}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        let begun = Instant::now();
        while !self.said().contains(text) {
            assert!(begun.elapsed() < LONG, "no {text:?} in: {}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A source of five seconds with two renditions that are cut, of which `late.mp4` lacks the source's first second, and
/// `mixed.mp4`, which repeats frames and must be measured as a whole. None, with a line that says so, without clips.
pub fn ladder(farm: &Farm, test: &str) -> Option<()> {
    let ffmpeg = std::env::var_os("ONNX_IQA_FFMPEG").map(PathBuf::from).filter(|path| path.is_file());
    let (Some(clip), Some(ffmpeg)) = (clip("bigbuckbunny.mp4"), ffmpeg) else {
        kit::skipped(&format!("{test}: there are no clips, or ONNX_IQA_FFMPEG names no ffmpeg"));
        return None;
    };
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&ffmpeg);
        let command = command.current_dir(&farm.folder).args(["-nostdin", "-y", "-v", "error"]).args(arguments);
        let output = command.output().expect("ffmpeg runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let clip = clip.to_str().expect("text").to_owned();
    let coded = ["-an", "-c:v", "libx264", "-preset", "veryfast", "-g", "25"];
    let small = ["-vf", "scale=480:270"];
    run(&[&["-i", &clip], &small[..], &coded, &["-crf", "8", "source.mp4"]].concat());
    run(&[&["-i", "source.mp4"], &coded[..], &["-crf", "30", "low.mp4"]].concat());
    run(&[&["-ss", "1", "-i", "source.mp4"], &coded[..], &["-crf", "34", "late.mkv"]].concat());
    let half = ["-vf", "fps=12.5,fps=25", "-crf", "24", "mixed.mp4"];
    run(&[&["-i", "source.mp4"], &coded[..], &half].concat());
    Some(())
}

/// A report without what differs between runs.
pub fn steady(mut report: Value) -> Value {
    for key in ["created", "run"] {
        report.as_object_mut().expect("an object").remove(key);
    }
    report
}

pub fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}
