// SPDX-License-Identifier: MPL-2.0

//! Memory must not grow over long runs.

mod common;

use common::{flat, open};
use onnx_iqa::scorer::Scorer;
use onnx_iqa_testkit as kit;

/// Resident memory, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn memory_stays_flat() {
    let dir = kit::TempDir::new();
    let scorer = Scorer::with_queue(open(&kit::mean_model(dir.path(), "mean")), 4, 2);
    let score = |frames: u32| {
        for frame in 0..frames {
            // Sizes change, with more of them than plans are kept.
            let side = 16 + frame % 40;
            scorer.score_frame(flat(side, side, [frame as u8; 3]), None).unwrap();
        }
    };
    score(1_000);
    let before = resident();
    score(20_000);
    let after = resident();
    assert!(after < before + 4 * 1024, "{before} KiB after 1,000 frames, {after} KiB after 21,000");
}
