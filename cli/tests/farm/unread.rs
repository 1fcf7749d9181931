// SPDX-License-Identifier: MPL-2.0

//! Workers that cannot read the inputs: paths through `/proc/self/cwd` are files of the folder in which a worker runs,
//! as those of a share are on machines that have mounted it.

use crate::common::{Farm, Worker, ladder};

const PLAN: &str = "source = '/proc/self/cwd/source.mp4'
renditions = ['/proc/self/cwd/low.mp4']
segment = '1s'
[compare]
measures = 'psnr'
search-range = '500ms'
";

/// A worker in a folder that has no files.
fn elsewhere(farm: &Farm, arguments: &[&str]) -> Worker {
    let folder = farm.path("elsewhere");
    std::fs::create_dir_all(&folder).expect("a folder");
    Worker::start(farm.command(&["farm", "work"]).args(arguments).current_dir(folder))
}

#[test]
fn a_worker_that_cannot_read_the_files_leaves_them_to_one_that_can() {
    let test = "a worker without the files";
    let Some(farm) = Farm::new(test) else { return };
    let Some(()) = ladder(&farm, test) else { return };
    // So that the other one has all attempts to itself for a while.
    let drill = farm.submit("drill = { units = 1, time = '12s' }");
    let able = farm.worker(&[]);
    farm.wait(&drill, |counts| counts.running == 1);
    let plan = farm.submit(PLAN);
    let unable = elsewhere(&farm, &["--slots", "2"]);
    unable.wait_for("cannot read /proc/self/cwd/source.mp4: No such file");
    unable.wait_for("is left to others; this worker takes no unit of the plan for 2 s");
    let status = farm.iqa(&["farm", "status", &plan]).ended(0).stdout;
    assert!(status.contains("workers that cannot read a file 1: ") && status.contains("source.mp4"), "{status}");
    farm.all_done(&drill);
    let counts = farm.all_done(&plan);
    assert_eq!(counts.planned, 5, "{counts:?}");
    assert!(!unable.said().contains("attempt"), "{}", unable.said());
    // However many units it hands back.
    assert!(unable.said().matches("is left to others").count() <= 2, "{}", unable.said());
    assert!(!able.said().contains("attempt"), "{}", able.said());
}

#[test]
fn what_no_worker_can_read_fails_by_name() {
    let test = "workers without the files";
    let Some(farm) = Farm::new(test) else { return };
    let Some(()) = ladder(&farm, test) else { return };
    let plan = farm.submit(&PLAN.replace("'1s'", "'none'"));
    let mut workers = [elsewhere(&farm, &["--until-idle"]), elsewhere(&farm, &["--until-idle"])];
    let codes = workers.each_mut().map(|worker| worker.ended());
    let said = workers.each_ref().map(|worker| worker.said()).concat();
    assert_eq!(codes, [0, 0], "{said}");
    let counts = farm.ledger(&plan);
    assert_eq!((counts.planned, counts.failed), (1, 1), "{said}");
    let status = farm.iqa(&["farm", "status", &plan]).ended(1).stdout;
    assert!(status.contains("attempts 5: cannot read /proc/self/cwd/source.mp4: No such file"), "{status}");
    // Each worker says what it does once, not at every attempt.
    assert!(said.contains("No such file or directory (os error 2); it is tried again in "), "{said}");
    assert!(said.matches("cannot read").count() <= 6, "{said}");
}
