// SPDX-License-Identifier: MPL-2.0

//! The command `iqa`: picture quality of files, transcodes and ladders.

mod args;
mod compare;
mod exit;
mod manual;
mod models;
mod out;
mod plugin;
mod report;
mod score;

use clap::Parser;
use exit::Exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = args::Args::parse();
    let outcome = match args.command {
        args::Command::Compare(compare) => compare::run(&args.common, &compare),
        args::Command::Score(score) => score::run(&args.common, &score),
        args::Command::Models(models) => models::run(&args.common, &models),
        args::Command::Completions { shell } => manual::completions(shell),
        args::Command::Man { folder } => manual::pages(&folder),
    };
    let exit = outcome.unwrap_or_else(|error| {
        eprintln!("iqa: {error:#}");
        Exit::Usage
    });
    exit.into()
}
