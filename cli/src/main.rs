// SPDX-License-Identifier: MPL-2.0

//! The command `iqa`: picture quality of files, transcodes, bitrate ladders and live cameras.

mod args;
mod causes;
mod compare;
mod exit;
#[cfg(feature = "farm")]
mod farm;
mod manual;
mod media;
mod models;
mod out;
mod plugin;
mod progress;
mod report;
#[cfg(test)]
mod schemas;
mod score;
#[cfg(any(feature = "farm", feature = "watch"))]
mod secret;
mod terminal;
mod thresholds;
#[cfg(feature = "watch")]
mod watch;

use args::{Args, Command};
use clap::error::ErrorKind;
use exit::Exit;
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = Args::of_process();
    let common = &args.common;
    let outcome = match args.command {
        Some(Command::Compare(compare)) => compare::run(common, &compare),
        Some(Command::Score(score)) => score::run(common, &score),
        #[cfg(feature = "watch")]
        Some(Command::Watch(watch)) => watch::run(common, &watch),
        #[cfg(feature = "farm")]
        Some(Command::Farm(farm)) => farm::run(common, &farm),
        Some(Command::Models(models)) => models::run(common, &models),
        Some(Command::Completions { shell }) => manual::completions(shell),
        Some(Command::Man { folder }) => manual::pages(&folder),
        None if args.licenses => manual::licenses(),
        None => crate::args::command().error(ErrorKind::MissingSubcommand, "a subcommand is required").exit(),
    };
    let exit = outcome.unwrap_or_else(|error| {
        // Standard error may be closed.
        let _ = writeln!(std::io::stderr(), "iqa: {}", terminal::lines(&causes::of(&error)));
        Exit::Usage
    });
    exit.into()
}
