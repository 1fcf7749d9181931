// SPDX-License-Identifier: MPL-2.0

//! The file that `iqa farm submit` reads.

use super::Invalid;
use crate::args::{Args, Command, Common, Compare, class, duration};
use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser as _;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Length of a segment if the plan says nothing.
const SEGMENT: &str = "60s";

/// Shortest segment and shortest time without progress.
const SHORTEST: Duration = Duration::from_millis(500);

/// Longest `ack-wait` and time of a unit of a drill.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Maximum number of units of a drill.
pub const MOST_UNITS: u64 = 5_000_000;

/// A plan. Either `source` and `renditions`, or `drill`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct File {
    /// The source: a file or URI that every worker can read. Relative paths start at the plan's folder.
    #[serde(default)]
    pub source: Option<String>,
    /// The renditions: files or URIs.
    #[serde(default)]
    pub renditions: Vec<String>,
    /// Length of a unit, for example `60s`; it ends at the next keyframe of the source. `none`: one unit per rendition.
    #[serde(default)]
    pub segment: Option<String>,
    /// Workers of this class (`iqa farm work --class`) run the units.
    #[serde(default = "default_class")]
    pub class: String,
    /// A unit whose worker makes no progress for so long is given to another one.
    #[serde(default = "default_ack_wait")]
    pub ack_wait: String,
    /// Options of `iqa compare`.
    #[serde(default)]
    pub compare: Options,
    /// Units that only wait, to try out a farm.
    #[serde(default)]
    pub drill: Option<Drill>,
    /// Where the plan was read.
    #[serde(skip)]
    pub path: PathBuf,
}

/// Options of `iqa compare`, under the same names and with the same values.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Options {
    /// Measures, comma-separated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measures: Option<String>,
    /// VMAF model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vmaf_model: Option<String>,
    /// Scoring model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Score every Nth pair with the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u32>,
    /// How frames are matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alignment: Option<String>,
    /// Maximum offset searched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_range: Option<String>,
    /// Spatial registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
    /// Picture to scale if sizes differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<String>,
    /// Whether to deinterlace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deinterlace: Option<String>,
    /// Frame rate of folders of pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
}

/// Units that only wait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Drill {
    /// Number of units.
    pub units: u64,
    /// How long each takes, for example `10s`.
    pub time: String,
}

fn default_class() -> String {
    "cpu".to_owned()
}

fn default_ack_wait() -> String {
    "30s".to_owned()
}

impl File {
    /// Reads a plan. Relative paths become absolute.
    ///
    /// # Errors
    /// If it cannot be read, or a key or value is invalid.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let text = String::from_utf8(bytes).map_err(|_| {
            anyhow::anyhow!("{}: it is not text in UTF-8: a plan is a TOML file, not the media", path.display())
        })?;
        let mut file = Self::parse(&text).with_context(|| path.display().to_string())?;
        file.path = path.to_owned();
        let folder = std::path::absolute(path)?.parent().map(Path::to_owned).unwrap_or_default();
        for place in file.source.iter_mut().chain(&mut file.renditions) {
            if !place.contains("://") {
                let absolute = folder.join(&*place).into_os_string().into_string();
                *place = absolute.map_err(|path| anyhow::anyhow!("{} is not valid UTF-8", path.to_string_lossy()))?;
            }
        }
        Ok(file)
    }

    fn parse(text: &str) -> Result<Self> {
        let file: Self = toml::from_str(text).map_err(|error| Invalid::new(&error, text))?;
        match (&file.drill, &file.source) {
            (Some(_), Some(_)) => bail!("a plan has either a drill or a source: remove one"),
            (None, None) => bail!("source is missing: name a file or URI"),
            (Some(drill), None) => {
                let meaningless = [
                    ("renditions", !file.renditions.is_empty()),
                    ("segment", file.segment.is_some()),
                    ("[compare]", file.compare != Options::default()),
                ];
                if let Some((key, _)) = meaningless.into_iter().find(|(_, is_set)| *is_set) {
                    bail!("{key} has no effect on a drill, whose units only wait: remove it");
                }
                ensure!(
                    (1..=MOST_UNITS).contains(&drill.units),
                    "drill.units = {}: use 1 to {MOST_UNITS}",
                    drill.units
                );
                file.drill_time()?;
            }
            (None, Some(source)) => {
                ensure!(!source.is_empty(), "source is empty: name a file or URI");
                ensure!(!file.renditions.is_empty(), "renditions is empty: name files or URIs");
                if let Some(index) = file.renditions.iter().position(String::is_empty) {
                    bail!("renditions: number {} is empty: name a file or URI, or remove it", index + 1);
                }
                file.compare.check()?;
            }
        }
        class(&file.class).map_err(|advice| anyhow::anyhow!("class = {:?}: {advice}", file.class))?;
        file.segment()?;
        file.ack_wait()?;
        Ok(file)
    }

    /// Length of a segment; `None`: renditions are not cut.
    ///
    /// # Errors
    /// If it is no time.
    pub fn segment(&self) -> Result<Option<Duration>> {
        let text = self.segment.as_deref().unwrap_or(SEGMENT);
        if text == "none" {
            return Ok(None);
        }
        at_least_shortest("segment", text).map(Some)
    }

    /// How long a worker may make no progress.
    ///
    /// # Errors
    /// If it is no time.
    pub fn ack_wait(&self) -> Result<Duration> {
        let time = at_least_shortest("ack-wait", &self.ack_wait)?;
        at_most_longest("ack-wait", &self.ack_wait, time)
    }

    /// How long a unit of the drill takes.
    ///
    /// # Errors
    /// If it is no time.
    pub fn drill_time(&self) -> Result<Duration> {
        let time = self.drill.as_ref().map_or("0", |drill| drill.time.as_str());
        let parsed = duration(time).map_err(|error| anyhow::anyhow!("drill.time: {error}"))?;
        at_most_longest("drill.time", time, parsed)
    }
}

fn at_least_shortest(key: &str, text: &str) -> Result<Duration> {
    let time = duration(text).map_err(|error| anyhow::anyhow!("{key}: {error}"))?;
    ensure!(time >= SHORTEST, "{key} = {text:?} is too short: use {SHORTEST:?} or more");
    Ok(time)
}

fn at_most_longest(key: &str, text: &str, time: Duration) -> Result<Duration> {
    ensure!(time <= LONGEST, "{key} = {text:?} is too long: use 24h or less");
    Ok(time)
}

impl Options {
    /// Names and values of those that are set.
    fn set(&self) -> Vec<(&'static str, String)> {
        let options = [
            ("measures", &self.measures),
            ("vmaf-model", &self.vmaf_model),
            ("model", &self.model),
            ("every", &self.every.map(|every| every.to_string())),
            ("alignment", &self.alignment),
            ("search-range", &self.search_range),
            ("registration", &self.registration),
            ("scale", &self.scale),
            ("deinterlace", &self.deinterlace),
            ("rate", &self.rate),
        ];
        options.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect()
    }

    /// Checks each option by itself.
    ///
    /// # Errors
    /// Which key has an invalid value, and which are valid.
    pub fn check(&self) -> Result<()> {
        for (name, value) in self.set() {
            let words = ["iqa".to_owned(), "compare".to_owned(), format!("--{name}={value}"), "--".to_owned()];
            let words = words.into_iter().chain(["source".to_owned(), "rendition".to_owned()]);
            if let Err(error) = Args::try_parse_from(words) {
                bail!("[compare] {name} = {value:?}: {}", without_usage(&error));
            }
        }
        Ok(())
    }

    /// The arguments of `iqa compare` with these options, and its common options with those of `common` for this
    /// machine.
    ///
    /// # Errors
    /// If a value is invalid.
    pub fn arguments(&self, source: &str, renditions: &[String], common: &Common) -> Result<(Common, Compare)> {
        let mut words = vec![OsString::from("iqa"), "compare".into()];
        words.extend(self.set().into_iter().map(|(name, value)| OsString::from(format!("--{name}={value}"))));
        words.push("--".into());
        words.push(source.into());
        words.extend(renditions.iter().map(OsString::from));
        let args = Args::try_parse_from(words);
        let args = args.map_err(|error| anyhow::anyhow!("[compare]: {}", without_usage(&error)))?;
        let Some(Command::Compare(compare)) = args.command else { bail!("[compare]: not a comparison") };
        let common = Common { model: args.common.model, ..common.clone() };
        Ok((common, *compare))
    }
}

/// A text about options, with the keys of a plan in place of those of the command line.
pub fn of_keys(text: &str) -> String {
    text.replace("--measures", "measures").replace("--model", "model").replace("--vmaf-model", "vmaf-model")
}

/// What is wrong with an argument, without the usage, which is that of another command.
fn without_usage(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let lines: Vec<_> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    lines.join(" ").trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        format!("{:#}", File::parse(text).unwrap_err())
    }

    #[test]
    fn a_plan_is_read_and_what_is_wrong_is_named() {
        let file = File::parse("source = 'a.mp4'\nrenditions = ['b.mp4']\n[compare]\nmeasures = 'psnr'").unwrap();
        assert_eq!((file.segment().unwrap(), file.class.as_str()), (Some(Duration::from_secs(60)), "cpu"));
        assert_eq!(file.compare.measures.as_deref(), Some("psnr"));
        assert!(error("source = 'a.mp4'\nrenditions = ['b.mp4']\nsegmnet = '5s'").contains("segmnet"));
        assert!(error("source = 'a.mp4'").contains("renditions is empty"));
        assert!(error("renditions = ['b.mp4']").contains("source is missing"));
        assert!(error("source = 'a'\nrenditions = ['b']\nsegment = '1ms'").contains("too short"));
        assert!(
            error("source = 'a'\nrenditions = ['b']\nack-wait = '1000h'").contains("ack-wait = \"1000h\" is too long")
        );
        assert!(error("drill = { units = 1, time = '1000h' }").contains("drill.time = \"1000h\" is too long"));
        assert!(error("source = 'a'\nrenditions = ['b']\nclass = 'a b'").contains("class"));
        assert!(error("drill = { units = 0, time = '1s' }").contains("drill.units"));
        assert!(error("source = 'a'\ndrill = { units = 1, time = '1s' }").contains("either"));
    }

    #[test]
    fn options_are_those_of_compare() {
        let common = Args::parse_from(["iqa", "models", "--provider=cpu"]).common;
        let options = Options { every: Some(3), model: Some("bpclip-fr".into()), ..Options::default() };
        let (common, compare) = options.arguments("-a.mp4", &["b.mp4".into()], &common).unwrap();
        assert_eq!((compare.every, compare.source.to_str(), common.provider.as_str()), (3, Some("-a.mp4"), "cpu"));
        assert_eq!(common.model.as_deref(), Some("bpclip-fr"));
        let wrong = Options { alignment: Some("sideways".into()), ..Options::default() };
        let error = wrong.arguments("a", &["b".into()], &common).unwrap_err().to_string();
        assert!(error.starts_with("[compare]: invalid value 'sideways'"), "{error}");
    }

    #[test]
    fn the_file_and_the_key_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.toml");
        let error = |text: &str| {
            std::fs::write(&path, text).unwrap();
            crate::causes::of(&File::read(&path).unwrap_err())
        };
        let ladder = |rest: &str| format!("source = 'a.mp4'\nrenditions = ['b.mp4']\n{rest}");
        let begins = |text: &str, rest: &str| {
            let wanted = format!("{}: {rest}", path.display());
            assert!(text.starts_with(&wanted), "{text}");
        };
        let text = error(&ladder("[compare]\nalignment = 'sideways'"));
        begins(&text, "[compare] alignment = \"sideways\": ");
        assert!(text.contains("possible values: auto"), "{text}");
        begins(&error(&ladder("[compare]\nsearch-range = 'far'")), "[compare] search-range = \"far\": ");
        begins(&error(&ladder("[compare]\nevery = 0")), "[compare] every = \"0\": ");
        for text in [error(&ladder("[compare]\nevery = 'x'")), error("\n\n\ndrill = { units = 5, tme = '1s' }")] {
            begins(&text, "TOML parse error at line 4");
        }
        begins(&error("drill = { units = 5, time = 'soon' }"), "drill.time: ");
        std::fs::write(&path, [0xff, 0xfe, 0]).unwrap();
        begins(&crate::causes::of(&File::read(&path).unwrap_err()), "it is not text in UTF-8: a plan is a TOML file");
        for (key, text) in [
            ("segment", "segment = '5s'\n"),
            ("[compare]", "compare = { measures = 'psnr' }\n"),
            ("renditions", "renditions = ['a']\n"),
        ] {
            let text = error(&format!("{text}drill = {{ units = 5, time = '1s' }}"));
            begins(&text, &format!("{key} has no effect on a drill"));
        }
        begins(&error("source = 'a'\nrenditions = ['b', '']"), "renditions: number 2 is empty: name a file or URI");
        begins(&error("source = ''\nrenditions = ['b']"), "source is empty: name a file or URI");
    }
}
