// SPDX-License-Identifier: MPL-2.0

//! Command line arguments.

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{
    ArgAction, ArgMatches, Args as Group, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Measure the picture quality of files, transcodes, bitrate ladders and live cameras.
#[derive(Debug, Parser)]
#[command(name = "iqa", version, propagate_version = true, arg_required_else_help = true, after_help = EXAMPLE)]
pub struct Args {
    /// Options of every subcommand.
    #[command(flatten)]
    pub common: Common,
    /// Print the licenses of bundled software and models.
    #[arg(long, help_heading = "General options")]
    pub licenses: bool,
    /// The subcommand.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options of [`Common`] that only matter where a model runs.
const OF_MODELS: &[&str] = &["model", "provider", "device_id", "threads"];

/// Subcommands, the options of [`Common`] that they have no use for, and what to do instead.
const UNUSED: &[(&[&str], &[&str], &str)] = &[
    (&["models"], OF_MODELS, "leave it out"),
    (&["watch"], &["model"], "set it in the configuration file"),
    (&["farm"], &["model"], "set it in the plan, under [compare]"),
    (&["farm", "status"], OF_MODELS, "leave it out"),
    (&["farm", "collect"], OF_MODELS, "leave it out"),
    (&["farm", "remove"], OF_MODELS, "leave it out"),
];

impl Args {
    /// Parses the command line of this process; ends it if that is invalid.
    pub fn of_process() -> Self {
        let mut matches = command().get_matches();
        let parsed = check_used(&matches).and_then(|()| Self::from_arg_matches_mut(&mut matches));
        parsed.unwrap_or_else(|error| error.format(&mut command()).exit())
    }
}

/// The command line. The help of a subcommand does not list options that it has no use for.
pub fn command() -> clap::Command {
    let command = Args::command();
    let common: Vec<_> = command.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    UNUSED.iter().fold(command, |command, (path, names, _)| hide(command, path, &common, names))
}

fn hide(command: clap::Command, path: &[&str], common: &[clap::Arg], names: &[&str]) -> clap::Command {
    match path.split_first() {
        // This program may have been built without it.
        Some((name, _)) if command.find_subcommand(name).is_none() => command,
        Some((name, rest)) => command.mut_subcommand(name, |inner| hide(inner, rest, common, names)),
        None => {
            let unused = common.iter().filter(|arg| names.contains(&arg.get_id().as_str()));
            command.args(unused.cloned().map(|arg| arg.hide(true)))
        }
    }
}

/// Refuses options that the subcommand has no use for.
fn check_used(matches: &ArgMatches) -> Result<(), clap::Error> {
    let (mut path, mut inner) = (Vec::new(), matches);
    while let Some((name, next)) = inner.subcommand() {
        path.push(name);
        inner = next;
    }
    // The most specific advice.
    for (_, names, advice) in UNUSED.iter().rev().filter(|(of, ..)| path.starts_with(of)) {
        let is_given = |name: &&&str| matches.value_source(name) == Some(ValueSource::CommandLine);
        if let Some(name) = names.iter().find(is_given) {
            let (name, path) = (name.replace('_', "-"), path.join(" "));
            let text = format!("--{name} has no effect on `iqa {path}`: {advice}");
            return Err(clap::Error::raw(ErrorKind::ArgumentConflict, text));
        }
    }
    Ok(())
}

const EXAMPLE: &str = "Examples:
  iqa compare source.mp4 1080p.mp4 720p.mp4 -o report
  iqa score film.mp4 --every 10";

/// Options of every subcommand.
#[derive(Debug, Clone, Group)]
#[command(next_help_heading = "General options")]
pub struct Common {
    /// Name of a bundled model (see `iqa models`) or path of an ONNX file.
    #[arg(long, global = true)]
    pub model: Option<String>,
    /// Execution provider for the model: auto, cpu, cuda, tensorrt or openvino.
    #[arg(long, global = true, default_value = "auto")]
    pub provider: String,
    /// Index of the GPU.
    #[arg(long, global = true, default_value_t = 0)]
    pub device_id: u32,
    /// Number of ONNX Runtime threads; 0 = one per core.
    #[arg(long, global = true, default_value_t = 0)]
    pub threads: u32,
    /// Progress output on standard error.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub progress: Progress,
    /// Print the result as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// Print errors only.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Print GStreamer log messages; repeat for more.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// Progress output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Progress {
    /// A progress bar on a terminal, otherwise plain.
    #[default]
    Auto,
    /// A line every few seconds.
    Plain,
    /// One JSON object per line.
    Json,
    /// No progress.
    None,
}

/// Subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compare renditions with their source: alignment, quality over time, thresholds, report.
    Compare(Box<Compare>),
    /// Score videos and pictures without a reference.
    Score(Score),
    /// Monitor live cameras: scores, alarms, web interface, Prometheus metrics.
    #[cfg(feature = "watch")]
    Watch(Watch),
    /// Compare a ladder on many machines, over NATS JetStream.
    #[cfg(feature = "farm")]
    Farm(Farm),
    /// List the available models, or show one of them.
    Models(Models),
    /// Print shell completions.
    #[command(hide = true)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the man pages to a folder.
    #[command(hide = true)]
    Man {
        /// The folder.
        folder: PathBuf,
    },
}

/// `iqa compare`.
#[derive(Debug, Clone, Group)]
#[command(after_help = COMPARE_EXAMPLES)]
pub struct Compare {
    /// Source: a file, a URI or a folder of pictures.
    pub source: OsString,
    /// Renditions: files, URIs or folders of pictures.
    pub renditions: Vec<OsString>,
    /// Add every variant of an HLS master playlist, or one media playlist.
    #[arg(long, value_name = "PLAYLIST", help_heading = "Inputs")]
    pub hls: Vec<OsString>,
    /// Add every video representation of a DASH manifest.
    #[arg(long, value_name = "MANIFEST", help_heading = "Inputs")]
    pub dash: Vec<OsString>,
    /// Compute the BD-rate of another ladder against this one: files, a playlist or a manifest.
    #[arg(long, value_name = "LADDER", num_args = 1.., help_heading = "Inputs")]
    pub versus: Vec<OsString>,
    /// Write a report to this folder.
    #[arg(short, long, value_name = "DIR", help_heading = "Result")]
    pub output: Option<PathBuf>,
    /// Measures to take of every pair of frames, comma-separated: psnr, ssim, ms-ssim, float-ssim, vmaf, cambi
    /// [default: psnr,ssim,vmaf; none with --alignment still].
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Measures")]
    pub measures: Option<Vec<String>>,
    /// VMAF model: a Netflix model by name (vmaf_v1.0.16_3d0h is VMAF 1 for 1080p) or the path of a JSON file. Scores
    /// of different models are not comparable.
    #[arg(long, value_name = "MODEL", default_value = "vmaf_v0.6.1", help_heading = "Measures")]
    pub vmaf_model: String,
    /// Score every Nth pair with the model; measures are taken of every pair.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..),
        help_heading = "Measures"
    )]
    pub every: u32,
    /// How frames of a rendition are matched with frames of the source.
    #[arg(long, value_enum, default_value_t, help_heading = "Alignment")]
    pub alignment: Alignment,
    /// Maximum offset to search for matching frames, for example 2s or 500ms; at least 100ms.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration, help_heading = "Alignment")]
    pub search_range: Duration,
    /// Spatial registration of the two pictures.
    #[arg(long, value_enum, default_value_t, help_heading = "Alignment")]
    pub registration: Registration,
    /// Picture to scale if sizes differ.
    #[arg(long, value_enum, default_value_t, help_heading = "Alignment")]
    pub scale: Scale,
    /// Whether to deinterlace before comparing.
    #[arg(long, value_enum, default_value_t, help_heading = "Inputs")]
    pub deinterlace: Deinterlace,
    /// Start here, in the time of each file.
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Inputs")]
    pub start: Option<Duration>,
    /// Compare only this much.
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Inputs")]
    pub duration: Option<Duration>,
    /// Frame rate of folders of pictures.
    #[arg(long, value_name = "RATE", default_value = "25", value_parser = rate, help_heading = "Inputs")]
    pub rate: (u32, u32),
    /// Memory for frames, for example 700M or 4G [default: half of the available memory].
    #[arg(long, value_name = "BYTES", value_parser = bytes, help_heading = "Run")]
    pub memory: Option<u64>,
    /// Require this of every rendition, for example 'vmaf.p5>=80', 'unmatched<=2' or 'inversions<=0'; repeatable.
    #[arg(long, value_name = "EXPRESSION", help_heading = "Result")]
    pub threshold: Vec<String>,
    /// Read thresholds from a TOML file, which may contain thresholds per rendition.
    #[arg(long, value_name = "FILE", help_heading = "Result")]
    pub thresholds: Option<PathBuf>,
    /// Neither reuse results of earlier runs nor keep results for later runs.
    #[arg(long, help_heading = "Run")]
    pub no_cache: bool,
}

/// What the exit status of `compare` and `score` says.
macro_rules! exit_status {
    () => {
        "

Exit status:
  0    success
  1    a threshold was missed
  2    usage error, or an input that cannot be read
  3    not measurable
  130  interrupted"
    };
}

const COMPARE_EXAMPLES: &str = concat!(
    "Examples:
  iqa compare source.mp4 1080p.mp4 720p.mp4 -o report --threshold 'vmaf.p5>=80'
  iqa compare source.mp4 --hls master.m3u8 --json",
    exit_status!()
);

/// An enum whose names are also values of a property of `iqacompare`.
macro_rules! names {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
        pub enum $type { $($(#[$variant_doc])* #[value(name = $name)] $variant),+ }

        impl $type {
            /// Name on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

names! {
    /// How frames are matched.
    Alignment {
        /// By timestamps, unless the pictures show otherwise.
        #[default]
        Auto = "auto",
        /// By the pictures alone, including drops, repeats, jumps and drift.
        Track = "track",
        /// By timestamps alone.
        Pts = "pts",
        /// With the most recent source picture, whatever it shows; for reduced-reference models.
        Still = "still",
    }
}

names! {
    /// Spatial registration.
    Registration {
        /// No registration.
        #[default]
        None = "none",
        /// Crop black bars.
        Crop = "crop",
        /// Crop black bars and compensate a translation with quarter pixel precision.
        Shift = "shift",
    }
}

names! {
    /// Picture to scale if sizes differ.
    Scale {
        /// The rendition, to the size of the source.
        #[default]
        ToReference = "to-reference",
        /// The source, to the size of the rendition.
        ToDistorted = "to-distorted",
        /// Neither: different sizes are an error.
        None = "none",
    }
}

/// Whether to deinterlace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Deinterlace {
    /// If the stream is flagged as interlaced.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// Parses a time such as `90`, `1.5s`, `500ms`, `2m`, `1h` or `00:01:30.5`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("invalid time {text:?}; use for example 90, 1.5s, 500ms, 2m, 1h or 00:01:30");
    let units = [("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let in_units = units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, *seconds)));
    let seconds = match in_units {
        Some((number, unit)) => number.trim().parse::<f64>().map_err(|_| wrong())? * unit,
        None => {
            let parts = text.split(':').map(|part| part.parse::<f64>().map_err(|_| wrong()));
            parts.collect::<Result<Vec<_>, _>>()?.into_iter().fold(0.0, |sum, part| sum * 60.0 + part)
        }
    };
    Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero() || seconds == 0.0).ok_or_else(wrong)
}

/// Parses a number of bytes such as `700M`, `1.5G` or `1048576`; K, M and G are powers of 1024.
fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("invalid size {text:?}; use for example 700M or 4G");
    let plain = text.strip_suffix(['B', 'b']).unwrap_or(text);
    let plain = plain.strip_suffix(['i', 'I']).unwrap_or(plain);
    let units = [(['k', 'K'], 1u64 << 10), (['m', 'M'], 1 << 20), (['g', 'G'], 1 << 30), (['t', 'T'], 1 << 40)];
    let in_units = units.iter().find_map(|(names, unit)| Some((plain.strip_suffix(*names)?, *unit)));
    let (number, unit) = in_units.unwrap_or((plain, 1));
    let value = number.trim().parse::<f64>().map_err(|_| wrong())? * unit as f64;
    if value.is_finite() && value >= 1.0 { Ok(value as u64) } else { Err(wrong()) }
}

/// Parses a frame rate such as `25` or `30000/1001`.
fn rate(text: &str) -> Result<(u32, u32), String> {
    let (over, under) = text.split_once('/').unwrap_or((text, "1"));
    match (over.parse::<u32>(), under.parse::<u32>()) {
        (Ok(over), Ok(under)) if over > 0 && under > 0 && over < 100_000_000 => Ok((over, under)),
        _ => Err(format!("invalid frame rate {text:?}; use for example 25 or 30000/1001")),
    }
}

/// Parses a class of workers.
#[cfg(feature = "farm")]
pub fn class(text: &str) -> Result<String, String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_class = !text.is_empty() && text.chars().all(is_name);
    is_class.then(|| text.to_owned()).ok_or_else(|| "use letters, digits, - and _".to_owned())
}

/// `iqa score`.
#[derive(Debug, Clone, Group)]
#[command(after_help = SCORE_EXAMPLES)]
pub struct Score {
    /// Files, URIs or folders of pictures; `-` reads a list from standard input, one per line.
    #[arg(required = true)]
    pub inputs: Vec<OsString>,
    /// Score every Nth frame.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub every: u32,
    /// Score at most this many frames per second of video, for example 2 or 1/5.
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub max_rate: Option<(u32, u32)>,
    /// Require this of every input, for example 'score.p5>=60'; repeatable.
    #[arg(long, value_name = "EXPRESSION")]
    pub threshold: Vec<String>,
    /// Write score and attributes of every scored frame or picture to this CSV file.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
}

const SCORE_EXAMPLES: &str = concat!(
    "Examples:
  iqa score film.mp4 --every 5 --threshold 'score.p5>=60'
  ls photos/*.jpg | iqa score - --json",
    exit_status!()
);

/// `iqa watch`.
#[cfg(feature = "watch")]
#[derive(Debug, Clone, Group)]
#[command(after_help = WATCH_EXAMPLES)]
pub struct Watch {
    /// Configuration file (TOML).
    pub config: PathBuf,
}

#[cfg(feature = "watch")]
const WATCH_EXAMPLES: &str = "Example:
  iqa watch cameras.toml

where cameras.toml is
  [[camera]]
  name = \"yard\"
  uri = \"rtsp://camera.example/stream\"
  alarms.low = { below = 40 }

SIGHUP reloads the configuration.

Exit status:
  0  terminated by a signal
  2  usage or configuration error, or too many cameras hang";

/// `iqa farm`.
#[cfg(feature = "farm")]
#[derive(Debug, Clone, Group)]
#[command(arg_required_else_help = true, after_help = FARM_EXAMPLES)]
pub struct Farm {
    /// Where the NATS server is.
    #[command(flatten)]
    pub server: FarmServer,
    /// The subcommand.
    #[command(subcommand)]
    pub command: FarmCommand,
}

#[cfg(feature = "farm")]
const FARM_EXAMPLES: &str = "Example:
  iqa farm submit plan.toml
  iqa farm work --server nats://queue.example
  iqa farm status
  iqa farm collect 0123456789abcdef -o report

where plan.toml is
  source = \"source.mp4\"
  renditions = [\"1080p.mp4\", \"720p.mp4\"]

Exit status of submit, work, status and remove:
  0    success
  1    status: a unit has failed
  2    usage error, or an input, the plan or the server cannot be used
  130  interrupted; work gives its units back and ends with 0

The exit status of collect is that of `iqa compare`.";

/// Connection to the NATS server.
#[cfg(feature = "farm")]
#[derive(Debug, Clone, Group)]
#[command(next_help_heading = "NATS server")]
pub struct FarmServer {
    /// Servers, comma-separated [default: the variable NATS_URL, or nats://127.0.0.1:4222].
    #[arg(long, global = true, value_name = "URLS")]
    pub server: Option<String>,
    /// File with credentials (.creds) [default: the variable NATS_CREDS].
    #[arg(long, global = true, value_name = "FILE")]
    pub creds: Option<PathBuf>,
    /// Certificates (PEM) of authorities that sign the server's certificate [default: the variable NATS_CA].
    #[arg(long, global = true, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Client certificate (PEM) [default: the variable NATS_CERT].
    #[arg(long, global = true, value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,
    /// Key of the client certificate (PEM) [default: the variable NATS_KEY].
    #[arg(long, global = true, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
}

/// Subcommands of `iqa farm`.
#[cfg(feature = "farm")]
#[derive(Debug, Clone, Subcommand)]
pub enum FarmCommand {
    /// Cut a ladder into units and publish those that have no result; prints the plan's ID.
    Submit {
        /// The plan (TOML).
        plan: PathBuf,
        /// Publish units again that have failed.
        #[arg(long)]
        retry_failed: bool,
    },
    /// Run units until a signal.
    Work {
        /// Take only units of plans of this class.
        #[arg(long, value_name = "NAME", default_value = "cpu", value_parser = class)]
        class: String,
        /// Number of units to run at the same time.
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
        slots: u32,
        /// End once nothing waits or runs.
        #[arg(long)]
        until_idle: bool,
        /// Memory for frames, for example 700M or 4G [default: half of the available memory].
        #[arg(long, value_name = "BYTES", value_parser = bytes)]
        memory: Option<u64>,
    },
    /// Show what became of the units of a plan, or of all plans.
    Status {
        /// ID of the plan.
        plan: Option<String>,
    },
    /// Wait for the results of a plan and write the report of `iqa compare`.
    Collect {
        /// ID of the plan.
        plan: String,
        /// Write a report to this folder.
        #[arg(short, long, value_name = "DIR")]
        output: Option<PathBuf>,
        /// Require this of every rendition, for example 'vmaf.p5>=80'; repeatable.
        #[arg(long, value_name = "EXPRESSION")]
        threshold: Vec<String>,
        /// Read thresholds from a TOML file.
        #[arg(long, value_name = "FILE")]
        thresholds: Option<PathBuf>,
        /// Memory for frames, for example 700M or 4G [default: half of the available memory].
        #[arg(long, value_name = "BYTES", value_parser = bytes)]
        memory: Option<u64>,
    },
    /// Remove a plan with its units and results.
    Remove {
        /// ID of the plan.
        plan: String,
    },
}

/// `iqa models`.
#[derive(Debug, Clone, Group)]
#[command(after_help = MODELS_EXAMPLES)]
pub struct Models {
    /// Show the contract and the card of this model.
    pub name: Option<String>,
}

const MODELS_EXAMPLES: &str = "Examples:
  iqa models
  iqa models metaiqa";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_valid() {
        command().debug_assert();
    }

    #[test]
    fn options_without_an_effect_are_refused_and_not_listed() {
        let parse = |words: &[&str]| {
            let mut matches = command().try_get_matches_from(words).unwrap();
            check_used(&matches)
                .and_then(|()| Args::from_arg_matches_mut(&mut matches))
                .map_err(|error| error.to_string())
        };
        let error = parse(&["iqa", "models", "--provider", "cpu"]).unwrap_err();
        assert!(error.contains("--provider has no effect on `iqa models`: leave it out"), "{error}");
        assert!(parse(&["iqa", "--device-id", "1", "models"]).unwrap_err().contains("--device-id has no effect"));
        assert!(parse(&["iqa", "models", "--json"]).unwrap().common.json);
        let common = parse(&["iqa", "score", "a.mp4", "--model", "x", "--threads", "2"]).unwrap().common;
        assert_eq!((common.model.as_deref(), common.threads), (Some("x"), 2));
        let help = |path: &[&str]| {
            let mut command = command();
            command.build();
            let inner = path.iter().fold(&mut command, |command, name| command.find_subcommand_mut(name).unwrap());
            inner.render_long_help().to_string()
        };
        assert!(help(&["score"]).contains("--model") && !help(&["models"]).contains("--threads"));
        #[cfg(feature = "farm")]
        {
            let error = parse(&["iqa", "farm", "submit", "x.toml", "--model", "y"]).unwrap_err();
            assert!(error.contains("on `iqa farm submit`: set it in the plan, under [compare]"), "{error}");
            let error = parse(&["iqa", "farm", "status", "--model", "y"]).unwrap_err();
            assert!(error.contains("on `iqa farm status`: leave it out"), "{error}");
            assert_eq!(parse(&["iqa", "farm", "work", "--provider", "cpu"]).unwrap().common.provider, "cpu");
            let work = help(&["farm", "work"]);
            assert!(work.contains("--provider") && !work.contains("--model"), "{work}");
            let status = help(&["farm", "status"]);
            assert!(!status.contains("--provider") && status.contains("--json"), "{status}");
        }
    }

    #[cfg(feature = "farm")]
    #[test]
    fn a_class_is_a_word() {
        assert_eq!(class("gpu-2_a"), Ok("gpu-2_a".to_owned()));
        assert!(["", "a b", "a.b", "*", "ä"].iter().all(|text| class(text).is_err()));
    }

    #[test]
    fn times_bytes_and_rates() {
        for (text, seconds) in [("90", 90.0), ("1.5s", 1.5), ("500ms", 0.5), ("2m", 120.0), ("00:01:30.5", 90.5)] {
            assert_eq!(duration(text).map(|time| time.as_secs_f64()), Ok(seconds), "{text}");
        }
        for (text, expected) in [("700M", 700 << 20), ("1.5G", 3 << 29), ("4096", 4096), ("2KiB", 2048)] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        assert_eq!((rate("25"), rate("30000/1001")), (Ok((25, 1)), Ok((30_000, 1001))));
        for wrong in ["", "x", "-1", "1e300h", "nan"] {
            assert!(duration(wrong).is_err() && bytes(wrong).is_err() && rate(wrong).is_err(), "{wrong}");
        }
    }
}
