// SPDX-License-Identifier: MPL-2.0

//! What the command line says.

use clap::{ArgAction, Args as Group, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Picture quality of files, transcodes and ladders.
#[derive(Debug, Parser)]
#[command(name = "iqa", version, propagate_version = true, arg_required_else_help = true, after_help = EXAMPLE)]
pub struct Args {
    /// What holds for every job.
    #[command(flatten)]
    pub common: Common,
    /// Print the licences of what is bundled.
    #[arg(long, help_heading = "General options")]
    pub licenses: bool,
    /// The job.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXAMPLE: &str = "Examples:
  iqa compare source.mp4 1080p.mp4 720p.mp4 -o report
  iqa score film.mp4 --every 10";

/// Options of every job.
#[derive(Debug, Clone, Group)]
#[command(next_help_heading = "General options")]
pub struct Common {
    /// A bundled model's name, or the path of an ONNX file.
    #[arg(long, global = true)]
    pub model: Option<String>,
    /// Execution provider: auto, cpu, cuda, tensorrt or openvino.
    #[arg(long, global = true, default_value = "auto")]
    pub provider: String,
    /// Which GPU.
    #[arg(long, global = true, default_value_t = 0)]
    pub device_id: u32,
    /// Threads of ONNX Runtime; 0: one per core.
    #[arg(long, global = true, default_value_t = 0)]
    pub threads: u32,
    /// How progress is shown on standard error.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub progress: Progress,
    /// Print the result as JSON on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// Show errors only.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Show what the elements and GStreamer have to report; twice for more.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Progress {
    /// A bar at a terminal, lines elsewhere.
    #[default]
    Auto,
    /// A line now and then.
    Plain,
    /// A JSON object a line.
    Json,
    /// Nothing.
    None,
}

/// The jobs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compare renditions with their source: quality over time, alignment, thresholds, report.
    Compare(Box<Compare>),
    /// Score pictures and videos without a reference.
    Score(Score),
    /// Watch cameras: states, scores, alarms, a wall in the browser, metrics.
    #[cfg(feature = "watch")]
    Watch(Watch),
    /// Show which models there are.
    Models(Models),
    /// Write a shell's completions to standard output.
    #[command(hide = true)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual's pages into a folder.
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
    /// The source: a file, a URI, or a folder of pictures.
    pub source: OsString,
    /// The renditions: files, URIs, or folders of pictures.
    pub renditions: Vec<OsString>,
    /// Every variant of an HLS master playlist, or one media playlist.
    #[arg(long, value_name = "PLAYLIST", help_heading = "Inputs")]
    pub hls: Vec<OsString>,
    /// Every video representation of a DASH manifest.
    #[arg(long, value_name = "MANIFEST", help_heading = "Inputs")]
    pub dash: Vec<OsString>,
    /// Another ladder, for the rate that each needs for the same quality (BD-rate): files, or a playlist or manifest.
    #[arg(long, value_name = "LADDER", num_args = 1.., help_heading = "Inputs")]
    pub versus: Vec<OsString>,
    /// Write the report into this folder.
    #[arg(short, long, value_name = "DIR", help_heading = "Result")]
    pub output: Option<PathBuf>,
    /// What is measured on every pair of frames, with commas between: psnr, ssim, ms-ssim, float-ssim, vmaf.
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "psnr,ssim,vmaf",
        help_heading = "Measures"
    )]
    pub measures: Vec<String>,
    /// VMAF's model: one of Netflix's names (vmaf_v1.0.16_3d0h is VMAF 1's for 1080p), or the path of its JSON file.
    /// Scores of different models do not compare.
    #[arg(long, value_name = "MODEL", default_value = "vmaf_v0.6.1", help_heading = "Measures")]
    pub vmaf_model: String,
    /// Score one pair in so many with the model; measures are taken of every pair.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Measures")]
    pub every: u32,
    /// How a rendition's frames find their partners: auto, track, or pts, which trusts time stamps.
    #[arg(long, value_enum, default_value_t, help_heading = "Alignment")]
    pub alignment: Alignment,
    /// How far off frames are looked for, such as 2s or 500ms; at least 100ms.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration, help_heading = "Alignment")]
    pub search_range: Duration,
    /// How the two pictures are laid over each other: as they are, without bars, or without bars and moved.
    #[arg(long, value_enum, default_value_t, help_heading = "Alignment")]
    pub registration: Registration,
    /// Which picture is scaled where sizes differ.
    #[arg(long, value_enum, default_value_t, help_heading = "Alignment")]
    pub scale: Scale,
    /// Whether interlaced pictures are deinterlaced first; auto: those whose stream says that it is interlaced.
    #[arg(long, value_enum, default_value_t, help_heading = "Inputs")]
    pub deinterlace: Deinterlace,
    /// Begin here, in each file's own time.
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Inputs")]
    pub start: Option<Duration>,
    /// Compare so much.
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Inputs")]
    pub duration: Option<Duration>,
    /// Frames a second of folders of pictures.
    #[arg(long, value_name = "RATE", default_value = "25", value_parser = rate, help_heading = "Inputs")]
    pub rate: (u32, u32),
    /// Memory for frames, such as 700M or 4G; half of what is free unless it is given.
    #[arg(long, value_name = "BYTES", value_parser = bytes, help_heading = "Run")]
    pub memory: Option<u64>,
    /// What has to hold, such as 'vmaf.p5>=80', 'unmatched<=2' or 'inversions<=0'; may be given often.
    #[arg(long, value_name = "EXPRESSION", help_heading = "Result")]
    pub threshold: Vec<String>,
    /// A TOML file of thresholds, which may differ from rung to rung.
    #[arg(long, value_name = "FILE", help_heading = "Result")]
    pub thresholds: Option<PathBuf>,
    /// Measure again what an earlier run has measured, and keep nothing for a later one.
    #[arg(long, help_heading = "Run")]
    pub no_cache: bool,
}

const COMPARE_EXAMPLES: &str = "Examples:
  iqa compare source.mp4 1080p.mp4 720p.mp4 -o report --threshold 'vmaf.p5>=80'
  iqa compare source.mp4 --hls master.m3u8 --json

Exit status: 0 good, 1 a threshold was missed, 2 wrong usage or an input that gives no frame, 3 not measurable,
130 interrupted.";

/// A name that `iqacompare` knows as well.
macro_rules! names {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
        pub enum $type { $($(#[$variant_doc])* #[value(name = $name)] $variant),+ }

        impl $type {
            /// As it is typed.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

names! {
    /// How a frame's partner is found.
    Alignment {
        /// By time stamps, unless the pictures show otherwise.
        #[default]
        Auto = "auto",
        /// By the pictures alone: drops, repeats, jumps and drift.
        Track = "track",
        /// By time stamps alone.
        Pts = "pts",
    }
}

names! {
    /// How pictures are laid over each other.
    Registration {
        /// As they are.
        #[default]
        None = "none",
        /// Without black bars.
        Crop = "crop",
        /// Without black bars, and moved to a quarter pixel.
        Shift = "shift",
    }
}

names! {
    /// Which picture is scaled.
    Scale {
        /// The rendition's, to the source's size.
        #[default]
        ToReference = "to-reference",
        /// The source's, to the rendition's size.
        ToDistorted = "to-distorted",
        /// None: other sizes are an error.
        None = "none",
    }
}

/// Whether pictures are deinterlaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Deinterlace {
    /// Where the stream says that they are interlaced.
    #[default]
    Auto,
    /// All as if they were interlaced.
    On,
    /// None.
    Off,
}

/// A time such as `90`, `1.5s`, `500ms`, `2m`, `1h` or `00:01:30.5`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time; write it as 90, 1.5s, 500ms, 2m, 1h or 00:01:30");
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

/// A number of bytes such as `700M`, `1.5G` or `1048576`; K, M and G are powers of 1024.
fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no number of bytes; write it as 700M or 4G");
    let plain = text.strip_suffix(['B', 'b']).unwrap_or(text);
    let plain = plain.strip_suffix(['i', 'I']).unwrap_or(plain);
    let units = [(['k', 'K'], 1u64 << 10), (['m', 'M'], 1 << 20), (['g', 'G'], 1 << 30), (['t', 'T'], 1 << 40)];
    let in_units = units.iter().find_map(|(names, unit)| Some((plain.strip_suffix(*names)?, *unit)));
    let (number, unit) = in_units.unwrap_or((plain, 1));
    let value = number.trim().parse::<f64>().map_err(|_| wrong())? * unit as f64;
    if value.is_finite() && value >= 1.0 { Ok(value as u64) } else { Err(wrong()) }
}

/// A frame rate such as `25` or `30000/1001`.
fn rate(text: &str) -> Result<(u32, u32), String> {
    let (over, under) = text.split_once('/').unwrap_or((text, "1"));
    match (over.parse::<u32>(), under.parse::<u32>()) {
        (Ok(over), Ok(under)) if over > 0 && under > 0 && over < 100_000_000 => Ok((over, under)),
        _ => Err(format!("{text:?} is no frame rate; write it as 25 or 30000/1001")),
    }
}

/// `iqa score`.
#[derive(Debug, Clone, Group)]
#[command(after_help = SCORE_EXAMPLES)]
pub struct Score {
    /// Files, URIs, folders of pictures; `-` reads a list from standard input, one a line.
    #[arg(required = true)]
    pub inputs: Vec<OsString>,
    /// Score one frame in so many.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub every: u32,
    /// Score at most so many frames a second of the film, such as 2 or 1/5.
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub max_rate: Option<(u32, u32)>,
    /// What has to hold of every input, such as 'score.p5>=60'; may be given often.
    #[arg(long, value_name = "EXPRESSION")]
    pub threshold: Vec<String>,
    /// Write a row for every scored frame or picture into this file.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
}

const SCORE_EXAMPLES: &str = "Examples:
  iqa score film.mp4 --every 5 --threshold 'score.p5>=60'
  ls photos/*.jpg | iqa score - --json

Exit status: 0 good, 1 a threshold was missed, 2 wrong usage or an input that gives no frame, 3 not measurable,
130 interrupted.";

/// `iqa watch`.
#[cfg(feature = "watch")]
#[derive(Debug, Clone, Group)]
#[command(after_help = WATCH_EXAMPLES)]
pub struct Watch {
    /// The configuration, a TOML file.
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

SIGHUP has the file read again. Exit status: 0 told to end, 2 wrong usage or configuration, or too many cameras hang.";

/// `iqa models`.
#[derive(Debug, Clone, Group)]
#[command(after_help = MODELS_EXAMPLES)]
pub struct Models {
    /// Show this model's contract and card.
    pub name: Option<String>,
}

const MODELS_EXAMPLES: &str = "Examples:
  iqa models
  iqa models metaiqa";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
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
