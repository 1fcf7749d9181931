// SPDX-License-Identifier: MPL-2.0

//! `iqa farm`: compares a ladder on many machines, over NATS JetStream.
//!
//! A [`plan`] divides a ladder into units, the [`queue`] distributes them and keeps their results, and a [`mod@unit`]
//! is measured by a worker. [`submit`], [`work`], [`status`] and [`collect`] are the subcommands. A unit is delivered
//! at least once; its result is stored before it is acknowledged, and the first result counts.

mod collect;
mod plan;
mod queue;
mod repeats;
mod status;
mod submit;
mod unit;
mod work;

use crate::args::{Common, Farm, FarmCommand};
use crate::causes;
use crate::exit::Exit;
use crate::secret::redact;
use crate::terminal;
use anyhow::{Context as _, Result, ensure};
use queue::Connection;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often signals are looked at.
const STEP: Duration = Duration::from_millis(100);

/// Runs `iqa farm`.
///
/// # Errors
/// If an argument is invalid, or an input or the server cannot be used.
pub fn run(common: &Common, args: &Farm) -> Result<Exit> {
    let connection = Connection::new(&args.server)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.context("cannot start threads")?;
    let exit = match &args.command {
        FarmCommand::Submit { plan, retry_failed } => submit::run(common, &connection, &runtime, plan, *retry_failed),
        FarmCommand::Work { class, slots, until_idle, memory } => {
            let options = work::Options { class, slots: *slots, until_idle: *until_idle, memory: *memory };
            work::run(common, &connection, &runtime, &options)
        }
        FarmCommand::Status { plan } => status::run(common, &connection, &runtime, plan.as_deref()),
        FarmCommand::Collect { plan, output, threshold, thresholds, memory } => {
            let options = collect::Options {
                plan,
                output: output.as_deref(),
                threshold,
                thresholds: thresholds.as_deref(),
                memory: *memory,
            };
            collect::run(common, &connection, &runtime, &options)
        }
        FarmCommand::Remove { plan } => status::remove(common, &connection, &runtime, plan),
    };
    // A thread that hangs in a driver does not keep the program.
    runtime.shutdown_timeout(Duration::from_secs(1));
    exit.map_err(|error| {
        // What was denied is only known from the server's messages: the request itself has timed out.
        let error = match queue::denied() {
            Some(denied) => error.context(denied),
            None => error,
        };
        // Errors of inputs contain URIs.
        let text = redact(&causes::of(&error));
        // What is wrong in a file is shown with its line; all else is one line, whatever names are in it.
        let is_of_file = error.chain().any(|cause| cause.is::<plan::Invalid>());
        anyhow::anyhow!(if is_of_file { text } else { terminal::line(&text).into_owned() })
    })
}

/// Writes a line to standard error, without secrets.
pub fn say(text: &str) {
    crate::progress::beside(&format!("iqa farm: {}", redact(text)));
}

/// Waits until the flag is set.
async fn signaled(flag: &AtomicBool) {
    while !flag.load(Ordering::Relaxed) {
        tokio::time::sleep(STEP).await;
    }
}

/// Checks the ID of a plan.
fn check_id(id: &str) -> Result<()> {
    ensure!(plan::is_plan_id(id), "{id:?} is not the ID of a plan: `iqa farm submit` prints it");
    Ok(())
}
