// SPDX-License-Identifier: MPL-2.0

//! A path or URI, against which relative references are resolved.

use crate::secret::redact;
use anyhow::{Context as _, Result, ensure};
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use url::Url;

/// Maximum size of a playlist or manifest, in bytes.
const LARGEST: u64 = 64 << 20;

/// A location.
#[derive(Debug, Clone, PartialEq)]
pub struct Place(Url);

impl Place {
    /// Parses a relative or absolute path or a URI.
    ///
    /// # Errors
    /// If it is empty or not a valid URI.
    pub fn new(text: impl AsRef<OsStr>) -> Result<Self> {
        let text = text.as_ref();
        ensure!(!text.is_empty(), "empty input: specify a file or a URI");
        // File names need not be valid UTF-8.
        if let Some(uri) = text.to_str().filter(|text| text.contains("://")) {
            return Ok(Self(Url::parse(uri).with_context(|| format!("invalid URI {}", shown(uri)))?));
        }
        let path = std::path::absolute(text).with_context(|| shown(text))?;
        let url = Url::from_file_path(&path);
        Ok(Self(url.map_err(|()| anyhow::anyhow!("cannot convert {} to a URI", path.display()))?))
    }

    /// Resolves a reference in a document at this location.
    ///
    /// # Errors
    /// If the result is not a valid URI.
    pub fn join(&self, relative: &str) -> Result<Self> {
        Ok(Self(self.0.join(relative).with_context(|| format!("invalid URI {relative}"))?))
    }

    /// Checks that GStreamer can read from this location.
    ///
    /// # Errors
    /// If no source element supports the URI scheme.
    pub fn check(&self) -> Result<()> {
        let scheme = self.0.scheme();
        if scheme == "file" {
            return Ok(());
        }
        let sources = gst::ElementFactory::factories_with_type(gst::ElementFactoryType::SRC, gst::Rank::NONE);
        ensure!(
            sources.iter().any(|source| {
                source.uri_type() == gst::URIType::Src && source.uri_protocols().iter().any(|known| known == scheme)
            }),
            "no installed GStreamer element reads {scheme}:// URIs: use a file or another kind of URI, such \
             as https://"
        );
        Ok(())
    }

    /// URI for GStreamer.
    pub fn uri(&self) -> String {
        self.0.to_string()
    }

    /// Location without passwords and signatures, for messages.
    pub fn shown(&self) -> String {
        self.path().map_or_else(|| shown(self.0.as_str()), |path| path.display().to_string())
    }

    /// Path, if this is a local file.
    pub fn path(&self) -> Option<PathBuf> {
        if self.0.scheme() == "file" { self.0.to_file_path().ok() } else { None }
    }

    /// File name without its extension.
    pub fn stem(&self) -> String {
        let path = self.path().unwrap_or_else(|| PathBuf::from(self.0.path()));
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).filter(|stem| !stem.is_empty());
        let name = stem.or_else(|| self.0.host_str().map(str::to_owned)).unwrap_or_else(|| "input".to_owned());
        // Control characters must not reach a terminal.
        name.chars().map(|c| if c.is_control() { '_' } else { c }).collect()
    }

    /// File name extension in lower case.
    pub fn extension(&self) -> Option<String> {
        let path = self.path().unwrap_or_else(|| PathBuf::from(self.0.path()));
        path.extension().map(|extension| extension.to_string_lossy().to_lowercase())
    }

    /// Reads the document at this location.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(&self) -> Result<Vec<u8>> {
        let bytes = match self.path() {
            Some(path) => read_file(&path)?,
            None => super::fetch::fetch(&self.uri(), LARGEST)?,
        };
        ensure!(!bytes.is_empty(), "it is empty");
        Ok(bytes)
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => anyhow::anyhow!("no such file"),
        _ => error.into(),
    })?;
    let mut bytes = Vec::new();
    // Whatever length is stated: a device states none and may not end.
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    ensure!(bytes.len() as u64 <= LARGEST, "it is larger than {} MiB: is it a playlist?", LARGEST >> 20);
    Ok(bytes)
}

/// A path, or a URI without passwords and signatures, for messages; file names that are not valid UTF-8 are converted
/// lossily.
pub fn shown(text: impl AsRef<OsStr>) -> String {
    let text = text.as_ref().to_string_lossy();
    if text.contains("://") { redact(&text) } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_uris() {
        let place = |text: &str| Place::new(text).unwrap();
        assert_eq!(place("/a b/c#1.mp4").uri(), "file:///a%20b/c%231.mp4");
        assert_eq!(place("/a b/c#1.mp4").path(), Some("/a b/c#1.mp4".into()));
        assert_eq!(place("file:///a%20b.mp4").shown(), "/a b.mp4");
        assert_eq!(place("https://host/x/720p.m3u8?token=1").stem(), "720p");
        assert_eq!(place("https://me:secret@host/x").shown(), "https://me:***@host/x");
        let signed = place("https://host/x.mp4?part=2&X-Amz-Signature=abcdefgh").shown();
        assert_eq!(signed, "https://host/x.mp4?part=2&X-Amz-Signature=***");
        assert!(Place::new("relative.mp4").unwrap().path().unwrap().is_absolute());
        let base = place("https://host/a/master.m3u8");
        for (relative, expected) in [
            ("v/1.m3u8", "https://host/a/v/1.m3u8"),
            ("/v.m3u8", "https://host/v.m3u8"),
            ("http://other/v.m3u8", "http://other/v.m3u8"),
        ] {
            assert_eq!(base.join(relative).unwrap().uri(), expected);
        }
        assert!(Place::new("").is_err() && Place::new("http://").is_err());
        let odd = <OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"/films/caf\xe9.mp4");
        let place = Place::new(odd).unwrap();
        assert_eq!((place.path(), place.uri()), (Some(odd.into()), "file:///films/caf%E9.mp4".to_owned()));
        assert_eq!((place.stem(), place.shown()), ("caf\u{fffd}".to_owned(), "/films/caf\u{fffd}.mp4".to_owned()));
    }
}
