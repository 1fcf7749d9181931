// SPDX-License-Identifier: MPL-2.0

//! Resolves command line inputs to streams that can be decoded.

mod dash;
mod fetch;
mod hls;
mod pictures;
mod place;

#[cfg(feature = "farm")]
pub use fetch::validators;
pub use pictures::{is_picture, media_type};
pub use place::shown;

use crate::args::Compare;
use anyhow::{Context as _, Result, bail, ensure};
use place::Place;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A video stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Short name, unique among the renditions.
    pub name: String,
    /// Location without a password, for messages.
    pub shown: String,
    /// Source to decode.
    pub source: Source,
    /// Bit rate declared by the playlist.
    pub declared_bandwidth: Option<f64>,
    /// Why it cannot be decoded, if already known.
    pub problem: Option<String>,
    /// Local files of which it consists, for caching; `None` if it has other sources.
    pub files: Option<Vec<PathBuf>>,
}

/// Source to decode.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A file or stream.
    Uri(String),
    /// Picture files in display order.
    Pictures(Vec<PathBuf>),
}

/// All inputs of a comparison.
#[derive(Debug)]
pub struct Inputs {
    /// The source of the renditions.
    pub source: Input,
    /// Files, then HLS, then DASH, in command line order; then those of the other ladder.
    pub renditions: Vec<Input>,
    /// Number of renditions of the first ladder.
    pub own: usize,
    /// Contains generated manifests; removed on drop.
    _folder: TempDir,
}

impl Inputs {
    /// Resolves the command line arguments.
    ///
    /// # Errors
    /// If the source does not exist or cannot be read, or there is no rendition. Unreadable renditions are returned
    /// with their error.
    pub fn new(args: &Compare) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("iqa-").tempdir().context("cannot create a temporary folder")?;
        let source = source(&args.source, folder.path());
        let source = source.map_err(|error| anyhow::anyhow!(of_source(&shown(&args.source), &format!("{error:#}"))))?;
        if let Some(problem) = &source.problem {
            bail!(of_source(&source.shown, problem));
        }
        let mut renditions = Vec::new();
        for text in &args.renditions {
            let found = expand(text, folder.path(), renditions.len());
            renditions.extend(or_problem(text, found));
        }
        for playlist in &args.hls {
            let found = Place::new(playlist).and_then(|place| hls::variants(&place));
            renditions.extend(or_problem(playlist, found));
        }
        for manifest in &args.dash {
            let number = renditions.len();
            let found = Place::new(manifest).and_then(|place| dash::representations(&place, folder.path(), number));
            renditions.extend(or_problem(manifest, found));
        }
        ensure!(!renditions.is_empty(), "no rendition given: specify files, or a playlist with --hls or --dash");
        let own = renditions.len();
        for text in &args.versus {
            let found = expand(text, folder.path(), renditions.len());
            renditions.extend(or_problem(text, found));
        }
        unique(&mut renditions);
        Ok(Self { source, renditions, own, _folder: folder })
    }
}

/// What is wrong with a source, which is named once.
pub fn of_source(shown: &str, problem: &str) -> String {
    if problem.contains(shown) { format!("the source: {problem}") } else { format!("the source {shown}: {problem}") }
}

/// What is wrong with an input, which is named once.
pub fn about(shown: &str, problem: &str) -> String {
    if problem.contains(shown) { problem.to_owned() } else { format!("{shown}: {problem}") }
}

/// Returns the inputs found, or one input with the error.
fn or_problem(text: &OsStr, found: Result<Vec<Input>>) -> Vec<Input> {
    found.unwrap_or_else(|error| {
        let name = Path::new(text).file_stem().map_or_else(|| "input".into(), OsStr::to_string_lossy);
        vec![Input {
            name: Place::new(text).map_or_else(|_| name.into_owned(), |place| place.stem()),
            shown: shown(text),
            source: Source::Uri(String::new()),
            declared_bandwidth: None,
            problem: Some(format!("{error:#}")),
            files: None,
        }]
    })
}

/// Resolves a file, folder or URI; playlists and manifests are expanded to their variants. `number`: number of
/// preceding inputs.
fn expand(text: &OsStr, folder: &Path, number: usize) -> Result<Vec<Input>> {
    let place = Place::new(text)?;
    match place.extension().as_deref() {
        Some("m3u8") => hls::variants(&place),
        Some("mpd") => dash::representations(&place, folder, number),
        _ => Ok(vec![input(text)?]),
    }
}

/// Resolves the source, which must be a single stream.
fn source(text: &OsStr, folder: &Path) -> Result<Input> {
    let mut found = expand(text, folder, 0)?;
    let one = found.pop().context("it contains no stream")?;
    let others = found.len();
    ensure!(others == 0, "it has {} variants: specify the playlist of a single variant as source", others + 1);
    Ok(one)
}

/// Resolves a file, a folder of pictures or a URI.
///
/// # Errors
/// If the file does not exist or cannot be read.
pub fn input(text: &OsStr) -> Result<Input> {
    let place = Place::new(text)?;
    place.check()?;
    let mut input = Input {
        name: place.stem(),
        shown: place.shown(),
        source: Source::Uri(place.uri()),
        declared_bandwidth: None,
        problem: None,
        files: None,
    };
    if let Some(path) = place.path() {
        let about = std::fs::metadata(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => anyhow::anyhow!("no such file: {}", path.display()),
            _ => anyhow::anyhow!("{}: {error}", path.display()),
        })?;
        if about.is_dir() {
            let files = pictures::of_folder(&path)?;
            input.files = Some(files.clone());
            input.source = Source::Pictures(files);
            return Ok(input);
        }
        ensure!(about.is_file(), "{} is not a regular file", path.display());
        // Opened now to report permission errors early.
        std::fs::File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if about.len() == 0 {
            bail!("{} is empty", path.display());
        }
        if pictures::is_picture(&path) {
            input.source = Source::Pictures(vec![path.clone()]);
        } else if is_playlist(&path) {
            return Ok(input);
        }
        input.files = Some(vec![path]);
    }
    Ok(input)
}

/// Whether the file refers to other files.
fn is_playlist(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| ["m3u8", "m3u", "mpd"].iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

/// Numbers duplicate names, including those that are only equal as file names.
fn unique(renditions: &mut [Input]) {
    let mut taken = BTreeSet::new();
    for rendition in renditions {
        let plain = rendition.name.clone();
        let mut number = 1;
        while !taken.insert(crate::report::files::plain(&rendition.name)) {
            number += 1;
            rendition.name = format!("{plain}-{number}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut inputs =
            ["/a/x.mp4", "/b/x.mp4", "/c/x-2.mp4", "/d/x.mkv", "/e/x#.mp4", "/f/x&.mp4"].map(|text| Input {
                name: Place::new(text).unwrap().stem(),
                shown: String::new(),
                source: Source::Uri(String::new()),
                declared_bandwidth: None,
                problem: None,
                files: None,
            });
        unique(&mut inputs);
        assert_eq!(inputs.map(|input| input.name), ["x", "x-2", "x-2-2", "x-3", "x#", "x&-2"]);
    }

    #[test]
    fn what_is_not_there_is_said_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let error = |name: &str| input(folder.path().join(name).as_os_str()).unwrap_err().to_string();
        assert!(error("absent.mp4").starts_with("no such file: "));
        std::fs::write(folder.path().join("empty.mp4"), "").unwrap();
        assert!(error("empty.mp4").ends_with("empty.mp4 is empty"));
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        assert!(error("folder").contains("no picture"), "{}", error("folder"));
    }
}
