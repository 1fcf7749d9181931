// SPDX-License-Identifier: MPL-2.0

//! Identifies the contents of inputs, so that a unit whose input changed since the plan fails by name.
//!
//! Files are hashed. What an HTTP server sends is identified by its length and its entity tag or time of change: to
//! read a film of which a unit needs ten seconds would take longer than the unit.

use super::{Location, digest};
use crate::media::hash;
use crate::media::inputs::validators;
use anyhow::{Context as _, Result, bail, ensure};
use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Hexadecimal digits of an identity.
const DIGITS: usize = 64;

/// Maximum number of files whose hash is remembered.
const MOST: usize = 100_000;

/// Hashes of files that have not changed since.
#[derive(Debug, Default)]
pub struct Identities {
    files: HashMap<PathBuf, (Stamp, String)>,
}

/// What changes with a file's contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp([i64; 7]);

impl Stamp {
    fn of(about: &Metadata) -> Self {
        let [device, inode, size] = [about.dev(), about.ino(), about.size()].map(u64::cast_signed);
        Self([device, inode, size, about.mtime(), about.mtime_nsec(), about.ctime(), about.ctime_nsec()])
    }
}

impl Identities {
    /// Identity of an input. `tick` is called while files are read.
    ///
    /// # Errors
    /// If it cannot be read, or the server does not say what identifies it.
    pub fn of(&mut self, location: &Location, mut tick: impl FnMut()) -> Result<String> {
        match location {
            Location::Uri(uri) => {
                let url = url::Url::parse(uri).context("not a URI")?;
                match (url.scheme(), url.to_file_path()) {
                    ("file", Ok(path)) => self.file(&path, &mut tick),
                    ("http" | "https", _) => of_http(uri),
                    (scheme, _) => bail!("{scheme}:// cannot be read twice alike: use a file, or http:// or https://"),
                }
            }
            Location::Pictures(files) => {
                let mut texts = Vec::new();
                for file in files {
                    let name = file.file_name().context("a picture has a name")?;
                    texts.push(name.as_encoded_bytes().to_vec());
                    texts.push(self.file(file, &mut tick)?.into_bytes());
                }
                let texts: Vec<_> = texts.iter().map(Vec::as_slice).collect();
                Ok(digest(&texts, DIGITS))
            }
        }
    }

    fn file(&mut self, path: &Path, tick: &mut impl FnMut()) -> Result<String> {
        let stamp = || Ok::<_, std::io::Error>(Stamp::of(&std::fs::metadata(path)?));
        let shown = || format!("cannot read {}", path.display());
        let before = stamp().with_context(shown)?;
        if let Some((known, hash)) = self.files.get(path)
            && *known == before
        {
            return Ok(hash.clone());
        }
        let hash = hash::of_file(path, tick).with_context(shown)?;
        ensure!(stamp().with_context(shown)? == before, "{} changes while it is read", path.display());
        if self.files.len() >= MOST {
            self.files.clear();
        }
        self.files.insert(path.to_owned(), (before, hash.clone()));
        Ok(hash)
    }
}

fn of_http(uri: &str) -> Result<String> {
    let said = validators(uri)?;
    let length = said.length.map(|length| length.to_string());
    // A weak tag allows different bytes.
    let tag = said.tag.filter(|tag| !tag.starts_with("W/"));
    let (Some(length), Some(version)) = (length, tag.or(said.modified)) else {
        bail!(
            "its server says neither how long it is nor which version (Content-Length, and ETag or Last-Modified): use \
             another server, or copy the file"
        );
    };
    Ok(digest(&[b"http", length.as_bytes(), version.as_bytes()], DIGITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_seen_and_an_unchanged_file_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b.mp4");
        let location = Location::Uri(url::Url::from_file_path(&path).unwrap().to_string());
        let mut identities = Identities::default();
        let mut ticks = 0;
        std::fs::write(&path, "first").unwrap();
        let first = identities.of(&location, || ticks += 1).unwrap();
        assert_eq!(identities.of(&location, || ticks += 1).unwrap(), first);
        assert_eq!(ticks, 1);
        // The same size; the time of change may be the same too, but not the inode.
        std::fs::write(folder.path().join("new"), "other").unwrap();
        std::fs::rename(folder.path().join("new"), &path).unwrap();
        assert_ne!(identities.of(&location, || ticks += 1).unwrap(), first);
        std::fs::remove_file(&path).unwrap();
        let error = format!("{:#}", identities.of(&location, || {}).unwrap_err());
        assert!(error.contains("a b.mp4") && error.contains("No such file"), "{error}");
    }

    #[test]
    fn the_order_and_names_of_pictures_count() {
        let folder = tempfile::tempdir().unwrap();
        let files = ["1.png", "2.png", "3.png"].map(|name| folder.path().join(name));
        for (file, text) in files.iter().zip(["a", "b", "a"]) {
            std::fs::write(file, text).unwrap();
        }
        let mut identities = Identities::default();
        let mut of = |order: &[usize]| {
            let files = order.iter().map(|index| files[*index].clone()).collect();
            identities.of(&Location::Pictures(files), || {}).unwrap()
        };
        let all = [of(&[0, 1]), of(&[1, 0]), of(&[2, 1]), of(&[0])];
        assert!(all.iter().enumerate().all(|(index, one)| all[..index].iter().all(|other| other != one)));
    }

    #[test]
    fn what_cannot_be_read_again_is_refused() {
        let error = Identities::default().of(&Location::Uri("rtsp://host/x".into()), || {}).unwrap_err();
        assert!(error.to_string().contains("rtsp://"), "{error}");
    }
}
