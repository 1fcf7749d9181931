// SPDX-License-Identifier: MPL-2.0

//! `iqa watch`: live cameras, how good their pictures are, and what is wrong with them.
//!
//! [`config`] is what the file says, [`secret`] what must never be shown. [`program`] runs the [`camera`]s, each with
//! its [`alarms`]. [`wall`] is what is known of all cameras, for all who look: [`status`] of one camera, its
//! [`alarm`]s, and [`event`]s as they happen.

mod alarm;
mod alarms;
mod camera;
pub mod config;
mod control;
mod event;
mod history;
mod http;
mod library_log;
mod metrics;
mod moment;
mod notify;
mod page;
mod parameters;
mod program;
mod secret;
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

/// How often signals are looked for.
const STEP: Duration = Duration::from_millis(100);
/// Cameras have so long to end: with what comes after it less than five seconds.
const ENDING: Duration = Duration::from_millis(2500);

/// Watches until it is told to end.
///
/// # Errors
/// When the configuration is wrong, a model cannot be opened, an address is taken, or too many pipelines hang.
pub fn run(common: &Common, args: &Watch) -> Result<Exit> {
    let config = config::read(&args.config)?;
    // From here on signals say what they mean here, whatever else takes its time to start.
    let interrupted = crate::exit::interruption()?;
    let reload = hangup()?;
    library_log::take_over();
    crate::plugin::init(common.verbose)?;
    for warning in &config.warnings {
        system::warn(format_args!("{warning}"));
    }
    let scoring = Scoring { provider: common.provider.clone(), device_id: common.device_id, threads: common.threads };
    let wall = Arc::new(Wall::default());
    // Before the cameras, so that nothing of theirs is missed.
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
        system::say("a camera hangs; the program ends without it");
        signal_hook::low_level::exit(i32::from(ended.is_err()));
    }
    ended.map(|()| Exit::Good)
}

/// Goes on until somebody wants the end.
fn serve(program: &Arc<Program>, interrupted: &AtomicBool, reload: &AtomicBool) -> Result<()> {
    let mut watchdog = system::Watchdog::new();
    while !interrupted.load(Ordering::Relaxed) {
        if reload.swap(false, Ordering::Relaxed) {
            system::reloading();
            // It says in the log what came of it.
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

/// Set when the configuration is to be read again.
fn hangup() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGHUP, flag.clone()).context("SIGHUP cannot be heeded")?;
    Ok(flag)
}
