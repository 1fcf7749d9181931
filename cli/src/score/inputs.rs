// SPDX-License-Identifier: MPL-2.0

//! Resolves the command line inputs of `iqa score`.

use crate::media::inputs::{self, Input, Source};
use anyhow::{Context as _, Result, ensure};
use std::ffi::{OsStr, OsString};
use std::io::BufRead as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// An input, which becomes one row of the result.
#[derive(Debug)]
pub struct Item {
    /// As typed, without a password.
    pub shown: String,
    /// The input, or why it cannot be read.
    pub media: Result<Media, String>,
}

/// Kind of input.
#[derive(Debug)]
pub enum Media {
    /// A video, a stream or a single picture.
    Stream(Input),
    /// The pictures of a folder, ordered by name.
    Pictures(Vec<Picture>),
}

/// A picture of a folder.
#[derive(Debug)]
pub struct Picture {
    /// File name.
    pub name: String,
    /// Input to decode.
    pub input: Input,
}

/// Resolves the command line arguments; `-` reads lines from standard input. Unreadable inputs are returned with their
/// error and do not affect the others.
///
/// # Errors
/// If standard input cannot be read, or there is no input.
pub fn items(texts: &[OsString]) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for text in texts {
        if text != "-" {
            items.push(item(text));
            continue;
        }
        for line in std::io::stdin().lock().split(b'\n') {
            let line = line.context("cannot read standard input")?;
            let name = line.trim_ascii();
            if !name.is_empty() {
                items.push(item(OsStr::from_bytes(name)));
            }
        }
    }
    ensure!(!items.is_empty(), "standard input contains no file name");
    Ok(items)
}

fn item(text: &OsStr) -> Item {
    let media = if Path::new(text).is_dir() { folder(Path::new(text)).map(Media::Pictures) } else { input(text) };
    Item { shown: inputs::shown(text), media: media.map_err(|error| format!("{error:#}")) }
}

fn input(text: &OsStr) -> Result<Media> {
    inputs::input(text).map(Media::Stream)
}

/// The pictures may have different formats: each is decoded separately, so a damaged one does not affect the others.
fn folder(folder: &Path) -> Result<Vec<Picture>> {
    let entries = std::fs::read_dir(folder)?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    files.retain(|file| inputs::is_picture(file) && !name(file).starts_with('.'));
    ensure!(!files.is_empty(), "it contains no picture");
    files.sort_by(|one, other| natord::compare(&name(one), &name(other)));
    Ok(files.into_iter().map(picture).collect())
}

fn picture(file: PathBuf) -> Picture {
    let name = name(&file);
    let input = Input {
        name: name.clone(),
        shown: file.display().to_string(),
        source: Source::Pictures(vec![file.clone()]),
        declared_bandwidth: None,
        problem: None,
        files: Some(vec![file]),
    };
    Picture { name, input }
}

fn name(file: &Path) -> String {
    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_that_is_not_there_says_so_beside_the_others() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b10.png", "b9.jpg", "notes.txt", ".b1.png"] {
            std::fs::write(folder.path().join(name), "x").expect("a file");
        }
        let text = |path: &Path| path.as_os_str().to_owned();
        let items = items(&[text(&folder.path().join("absent.mp4")), text(folder.path())]).expect("items");
        let [absent, pictures] = items.as_slice() else { panic!("{items:?}") };
        assert!(absent.media.as_ref().is_err_and(|problem| problem.contains("no such file")), "{absent:?}");
        let Ok(Media::Pictures(pictures)) = &pictures.media else { panic!("{pictures:?}") };
        assert_eq!(pictures.iter().map(|picture| picture.name.as_str()).collect::<Vec<_>>(), ["b9.jpg", "b10.png"]);
    }
}
