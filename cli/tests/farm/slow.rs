// SPDX-License-Identifier: MPL-2.0

//! Faults that take minutes, or root, to make: `scripts/test-slow.sh`.

use crate::common::{Farm, Worker, ladder};
use std::process::Command;
use std::time::Duration;

const DRILL: &str = "ack-wait = '2s'\ndrill = { units = 60, time = '400ms' }";

/// Whether slow tests run, as root where `root` says so.
fn wanted(test: &str, root: bool) -> bool {
    if !onnx_iqa_testkit::slow(test) {
        return false;
    }
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|about| std::os::unix::fs::MetadataExt::uid(&about) == 0);
    if root && !is_root {
        onnx_iqa_testkit::skipped(&format!("{test}: not root"));
    }
    !root || is_root
}

#[track_caller]
fn run(words: &str) {
    let mut words = words.split_whitespace();
    let status = Command::new(words.next().expect("a program")).args(words).status().expect("it runs");
    assert!(status.success());
}

/// A network namespace that reaches this one; removed on drop.
struct Namespace(String);

impl Namespace {
    fn new() -> Self {
        let name = format!("iqa{}", std::process::id());
        run(&format!("ip netns add {name}"));
        let namespace = Self(name);
        let name = &namespace.0;
        run(&format!("ip link add {name} type veth peer name {name}p"));
        run(&format!("ip link set {name}p netns {name}"));
        run(&format!("ip address add 10.213.77.1/30 dev {name}"));
        run(&format!("ip link set {name} up"));
        run(&format!("ip netns exec {name} ip address add 10.213.77.2/30 dev {name}p"));
        run(&format!("ip netns exec {name} ip link set {name}p up"));
        namespace
    }

    fn connected(&self, is: bool) {
        run(&format!("ip link set {} {}", self.0, if is { "up" } else { "down" }));
    }

    fn worker(&self, farm: &Farm, arguments: &[&str]) -> Worker {
        let iqa = farm.command(&[]);
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0]).arg(iqa.get_program()).args(["farm", "work"]).args(arguments);
        command.current_dir(&farm.folder).env("NATS_URL", farm.server.url());
        Worker::start(&mut command)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "delete", &self.0]).status();
    }
}

#[test]
fn a_worker_beyond_a_partition_gives_nothing_twice() {
    let test = "a partition";
    if !wanted(test, true) {
        return;
    }
    let namespace = Namespace::new();
    let Some(farm) = Farm::at(test, "10.213.77.1", "") else { return };
    let plan = farm.submit(DRILL);
    let far = namespace.worker(&farm, &["--slots", "3"]);
    let near = farm.worker(&["--slots", "1"]);
    farm.wait(&plan, |counts| counts.done >= 6);
    namespace.connected(false);
    std::thread::sleep(Duration::from_secs(6));
    let during = farm.ledger(&plan);
    assert!(during.done < during.planned, "{during:?}");
    namespace.connected(true);
    farm.all_done(&plan);
    // What it did meanwhile comes in late.
    std::thread::sleep(Duration::from_secs(5));
    let counts = farm.all_done(&plan);
    assert_eq!((counts.planned, counts.done), (60, 60), "{}", far.said());
    drop((near, far));
}

#[test]
fn a_server_beyond_a_partition_is_waited_for() {
    let test = "a partitioned server";
    if !wanted(test, true) {
        return;
    }
    let namespace = Namespace::new();
    let Some(farm) = Farm::at(test, "10.213.77.1", "") else { return };
    let plan = farm.submit(DRILL);
    let workers = [namespace.worker(&farm, &["--slots", "2"]), namespace.worker(&farm, &["--slots", "2"])];
    farm.wait(&plan, |counts| counts.done >= 6);
    namespace.connected(false);
    // Longer than it takes to notice.
    std::thread::sleep(Duration::from_secs(45));
    namespace.connected(true);
    farm.all_done(&plan);
    drop(workers);
}

#[test]
fn a_server_that_is_stopped_is_waited_for() {
    if !wanted("a stopped server", false) {
        return;
    }
    let Some(farm) = Farm::new("a stopped server") else { return };
    let plan = farm.submit(DRILL);
    let worker = farm.worker(&["--slots", "4"]);
    farm.wait(&plan, |counts| counts.done >= 6);
    farm.server.signal("STOP");
    std::thread::sleep(Duration::from_secs(30));
    farm.server.signal("CONT");
    farm.all_done(&plan);
    drop(worker);
}

/// A small file system; unmounted on drop.
struct Disk(std::path::PathBuf);

impl Disk {
    fn new(folder: &std::path::Path, size: &str) -> Self {
        std::fs::create_dir_all(folder).expect("a folder");
        run(&format!("mount -t tmpfs -o size={size} tmpfs {}", folder.display()));
        Self(folder.to_owned())
    }

    /// Takes all its room, with a file.
    fn fill(&self) -> std::path::PathBuf {
        let filler = self.0.join("filler");
        let mut file = std::fs::File::create(&filler).expect("a file");
        while std::io::Write::write_all(&mut file, &[1; 1 << 12]).is_ok() {}
        filler
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_server_whose_disk_is_full_goes_on_once_there_is_room() {
    let test = "a full disk of the server";
    if !wanted(test, true) {
        return;
    }
    let Some(mut farm) = Farm::new(test) else { return };
    farm.server.kill();
    let disk = Disk::new(&farm.server.folder.join("store"), "64m");
    farm.server.begin();
    let plan = farm.submit(DRILL);
    let worker = farm.worker(&["--slots", "4"]);
    farm.wait(&plan, |counts| counts.done >= 6);
    let filler = disk.fill();
    std::thread::sleep(Duration::from_secs(8));
    std::fs::remove_file(&filler).expect("removed");
    // A server that could not write turns JetStream off until it is started again.
    farm.server.kill();
    farm.server.begin();
    farm.all_done(&plan);
    drop(worker);
    farm.server.kill();
}

#[test]
fn a_worker_whose_disk_is_full_measures_and_a_report_that_finds_no_room_is_collected_again() {
    let test = "a full disk of a worker";
    if !wanted(test, true) {
        return;
    }
    let Some(farm) = Farm::new(test) else { return };
    let Some(()) = ladder(&farm, test) else { return };
    let plan = farm.submit(
        "source = 'source.mp4'\nrenditions = ['low.mp4', 'mixed.mp4']\nsegment = '2s'\n[compare]\nsearch-range = '500ms'",
    );
    let disk = Disk::new(&farm.path("full"), "64k");
    disk.fill();
    let mut command = farm.command(&["farm", "work", "--until-idle"]);
    for name in ["XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "TMPDIR", "HOME"] {
        command.env(name, &disk.0);
    }
    let mut worker = Worker::start(command.env("GST_REGISTRY", disk.0.join("registry.bin")).current_dir(&disk.0));
    assert_eq!(worker.ended(), 0, "{}", worker.said());
    farm.all_done(&plan);
    let error = farm.iqa(&["farm", "collect", &plan, "-o", "full/report"]).ended(2).stderr;
    assert!(error.contains("full/report") && error.contains("No space left"), "{error}");
    farm.iqa(&["farm", "collect", &plan, "-o", "report"]).ended(0);
    assert!(farm.path("report/report.html").is_file());
}

/// By libfaketime, which stands between the program and the clock.
#[test]
fn a_worker_whose_clock_is_wrong_by_an_hour_works_as_the_others_do() {
    let test = "a wrong clock";
    if !wanted(test, false) {
        return;
    }
    let library = onnx_iqa_testkit::servers("faketime").and_then(|folder| {
        let found = std::fs::read_dir(folder.join("usr/lib")).ok()?.flatten();
        let mut found = found.map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"));
        found.find(|library| library.is_file())
    });
    let Some(library) = library else {
        onnx_iqa_testkit::skipped("a wrong clock: there is no libfaketime: scripts/servers.sh faketime fetches it");
        return;
    };
    for offset in ["+1h", "-1h"] {
        let Some(farm) = Farm::new(test) else { return };
        let plan = farm.submit(DRILL);
        let mut command = farm.command(&["farm", "work", "--slots", "3"]);
        let mut wrong = Worker::start(command.env("LD_PRELOAD", &library).env("FAKETIME", offset));
        // So far it is alone.
        farm.wait(&plan, |counts| counts.done >= 6);
        let right = farm.worker(&["--slots", "1"]);
        farm.wait(&plan, |counts| counts.done >= 24);
        wrong.kill();
        let counts = farm.all_done(&plan);
        assert_eq!((counts.planned, counts.done), (60, 60), "{offset}");
        drop(right);
    }
}
