// SPDX-License-Identifier: MPL-2.0

//! A full disk. Needs root, to mount a small file system.

use crate::common::Watch;
use onnx_iqa_testkit::{self as kit, slow};
use std::path::PathBuf;
use std::process::Command;

/// A file system in memory of a few megabytes.
struct Small(tempfile::TempDir);

impl Small {
    fn mount() -> Option<Self> {
        let at = tempfile::tempdir().expect("a folder");
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs"]).arg(at.path()).status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(at))
    }

    fn fill(&self) -> PathBuf {
        let file = self.0.path().join("filling");
        let written = std::fs::write(&file, vec![0; 16 << 20]);
        assert!(written.is_err(), "it accepts more than its size");
        file
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

fn metric(watch: &Watch, name: &str) -> f64 {
    let metrics = watch.get("metrics").unwrap_or_default();
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    value.unwrap_or_else(|| panic!("{name} is not in\n{metrics}"))
}

mod slow {
    use super::*;

    #[test]
    fn a_full_disk_is_reported_and_cameras_continue() {
        if !super::slow("a full disk") {
            return;
        }
        let Some(disk) = Small::mount() else {
            return kit::skipped("a full disk: only root may mount a small one");
        };
        let folder = tempfile::tempdir().expect("a folder");
        std::os::unix::fs::symlink(disk.0.path(), folder.path().join("data")).expect("linked");
        let mut watch = Watch::start_in(
            folder,
            "[[camera]]\nname = 'cam'\nuri = 'videotestsrc://ball'\nmodel = 'MODEL'\ninterval = '100ms'\n\
             alarms.black = {}",
        );
        watch.wait_for("cam", "live");
        watch.wait_until("it is written", |watch| metric(watch, "iqa_history_up ") == 1.0);
        let filling = disk.fill();
        watch.wait_until("the history is down", |watch| metric(watch, "iqa_history_up ") == 0.0);
        assert!(metric(&watch, "iqa_history_errors_total ") > 0.0);
        assert_eq!(watch.state("cam"), "live");
        std::fs::remove_file(filling).expect("removed");
        watch.wait_until("it is written again", |watch| metric(watch, "iqa_history_up ") == 1.0);
        assert_eq!(metric(&watch, "iqa_history_lost_seconds_total "), 0.0);
        let (status, _, log) = watch.end();
        assert_eq!(status, Some(0));
        assert!(log.contains("cannot write the history") && log.contains("is being written again"), "{log}");
    }
}
