// SPDX-License-Identifier: MPL-2.0

//! `iqa watch`: monitors live cameras.
//!
//! [`config`] reads the configuration, [`crate::secret`] hides secrets in output. [`program`] runs the [`camera`]s,
//! each with its [`alarms`]. [`wall`] contains the state of all cameras: [`status`] of a camera, its [`alarm`]s, and
//! [`event`]s.

mod alarm;
mod alarms;
mod camera;
pub mod config;
mod control;
mod event;
mod history;
mod http;
mod library_log;
mod memory;
mod metrics;
mod moment;
mod notify;
mod page;
mod program;
mod services;
mod shared;
mod status;
mod system;
#[cfg(test)]
mod testing;
mod wall;

use crate::args::{Common, Watch};
use crate::exit::Exit;
use anyhow::{Context as _, Result, bail};
use camera::Scoring;
use control::Control as _;
use program::Program;
use services::Services;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use wall::Wall;

/// Polling interval for signals.
const STEP: Duration = Duration::from_millis(100);
/// Time limit for stopping the cameras; stopping the program takes less than five seconds in total.
const ENDING: Duration = Duration::from_millis(2500);

/// Monitors cameras until the program is terminated.
///
/// # Errors
/// If the configuration is invalid, a model cannot be opened, an address is in use, or too many pipelines hang.
pub fn run(common: &Common, args: &Watch) -> Result<Exit> {
    let config = config::read(&args.config)?;
    // Signals have their meaning for this command from here on, however long the start takes.
    let interrupted = crate::exit::interruption()?;
    let reload = hangup()?;
    memory::share_arenas();
    library_log::take_over();
    crate::plugin::init(common.verbose)?;
    for warning in &config.warnings {
        system::warn(format_args!("{warning}"));
    }
    let scoring = Scoring { provider: common.provider.clone(), device_id: common.device_id, threads: common.threads };
    let wall = Arc::new(Wall::default());
    // Before the cameras, so that no event is missed.
    let mut services = Services::open(&config, &wall)?;
    let program = Program::start(args.config.clone(), config.clone(), scoring, wall.clone())?;
    let address = services.serve(&config, &wall, program.clone())?;
    system::say(&format!("open http://{address}"));
    system::ready();
    let ended = serve(&program, &interrupted, &reload);
    system::stopping();
    let all_ended = std::thread::scope(|scope| {
        scope.spawn(|| services.close());
        program.end(Instant::now() + ENDING)
    });
    services.stop();
    if !all_ended {
        system::say("a camera hangs and is abandoned");
        signal_hook::low_level::exit(i32::from(ended.is_err()));
    }
    ended.map(|()| Exit::Good)
}

/// Runs until termination is requested.
fn serve(program: &Arc<Program>, interrupted: &AtomicBool, reload: &AtomicBool) -> Result<()> {
    let mut watchdog = system::Watchdog::new();
    while !interrupted.load(Ordering::Relaxed) {
        if reload.swap(false, Ordering::Relaxed) {
            system::reloading();
            // The result is logged.
            let _ = program.reload();
            system::ready();
        }
        if let Some(failure) = program.failure() {
            bail!(failure);
        }
        watchdog.feed(|| program.works());
        std::thread::sleep(STEP);
    }
    Ok(())
}

/// Flag that requests a reload.
fn hangup() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGHUP, flag.clone())
        .context("cannot install the handler for SIGHUP")?;
    Ok(flag)
}
