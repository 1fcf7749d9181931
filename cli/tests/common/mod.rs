// SPDX-License-Identifier: MPL-2.0

//! Shared by the tests of all subcommands: running the command, and the clips.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Time limit of a run: longer than any timeout in the command.
const LIMIT: Duration = Duration::from_secs(400);

/// The result of a run.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Runs the command to its end.
    #[track_caller]
    pub fn of(command: &mut Command) -> Self {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("iqa runs");
        Self::end_of(child)
    }

    /// Waits for a running command to end. If it hangs, it is killed and the state of its threads reported.
    #[track_caller]
    pub fn end_of(child: Child) -> Self {
        let process = child.id();
        let (ended, end) = mpsc::channel::<()>();
        let watchdog = std::thread::spawn(move || {
            let hangs = end.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout);
            hangs.then(|| {
                let threads = threads(process);
                let _ = Command::new("kill").args(["-KILL", &process.to_string()]).status();
                threads
            })
        });
        let output = child.wait_with_output().expect("an end");
        drop(ended);
        let ran = Self::new(output);
        if let Some(threads) = watchdog.join().expect("no panic") {
            panic!("it hangs after {} s: {ran:?}; its threads:\n{threads}", LIMIT.as_secs());
        }
        ran
    }

    fn new(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code().unwrap_or(-1), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Asserts the exit status.
    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// The result on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Names of a process's threads, and what each waits for in the kernel.
fn threads(process: u32) -> String {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let lines = tasks.map(|task| format!("{}: {}", read(task.path().join("comm")), read(task.path().join("wchan"))));
    lines.collect::<Vec<_>>().join("\n")
}

/// A clip; `None` if `make setup` has not run.
pub fn clip(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = std::env::var_os("ONNX_IQA_CLIPS").map_or_else(|| root.join(".cache/clips"), PathBuf::from);
    Some(folder.join(name)).filter(|path| path.is_file())
}
