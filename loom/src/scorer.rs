// SPDX-License-Identifier: MPL-2.0

#[path = "../../src/scorer/error.rs"]
mod error;
#[path = "../../src/scorer/job.rs"]
mod job;
#[path = "../../src/scorer/queue.rs"]
mod queue;
#[path = "../../src/scorer/score.rs"]
mod score;

mod queue_tests;
