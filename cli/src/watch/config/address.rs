// SPDX-License-Identifier: MPL-2.0

//! Addresses with credentials separated.

use crate::secret::secret_values;
use crate::secret::{HIDDEN, Secret, password};
use percent_encoding::percent_decode_str;
use std::path::PathBuf;
use url::{Position, Url};

/// Supported URI schemes of cameras.
const CAMERA_SCHEMES: [&str; 15] = [
    "rtsp",
    "rtsps",
    "rtspt",
    "rtspu",
    "rtspst",
    "rtsph",
    "http",
    "https",
    "rtmp",
    "rtmps",
    "srt",
    "udp",
    "rtp",
    "file",
    "videotestsrc",
];

/// Schemes without a host.
const HOSTLESS: [&str; 2] = ["file", "videotestsrc"];

/// Source of pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// URI for GStreamer, without user and password but with secret parameters.
    Uri(Secret),
    /// A camera device of this machine.
    Device(PathBuf),
    /// A test picture: a pattern of `videotestsrc`.
    Pattern(String),
}

/// An address, user and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Address without user and password.
    pub source: Source,
    /// URI scheme.
    pub scheme: String,
    /// User name.
    pub user: Option<String>,
    /// Password.
    pub password: Option<Secret>,
    /// Address without secrets, for display.
    pub shown: String,
}

impl Address {
    /// Parses the address of a camera.
    ///
    /// # Errors
    /// If it is not a URI or its scheme is not supported. The text contains no secret.
    pub fn camera(text: &str) -> Result<Self, String> {
        let known = || CAMERA_SCHEMES.map(|scheme| format!("{scheme}://")).join(", ");
        if let Some(path) = text.strip_prefix("v4l2://") {
            return match path {
                "" => Err("v4l2:// requires a device, for example v4l2:///dev/video0".to_owned()),
                path => Ok(Self::plain(Source::Device(PathBuf::from(path)), "v4l2", text)),
            };
        }
        let address = Self::parse(text)?;
        if !CAMERA_SCHEMES.contains(&address.scheme.as_str()) {
            return Err(format!("unsupported scheme {}://; supported: v4l2://, {}", address.scheme, known()));
        }
        if address.scheme == "videotestsrc" {
            let pattern = text.trim_start_matches("videotestsrc://").trim_matches('/');
            let pattern = if pattern.is_empty() { "smpte" } else { pattern };
            return Ok(Self::plain(Source::Pattern(pattern.to_owned()), "videotestsrc", text));
        }
        Ok(address)
    }

    /// Whether it is a local file.
    pub fn is_file(&self) -> bool {
        self.scheme == "file"
    }

    fn plain(source: Source, scheme: &str, shown: &str) -> Self {
        Self { source, scheme: scheme.to_owned(), user: None, password: None, shown: shown.to_owned() }
    }

    /// Parses any address.
    ///
    /// # Errors
    /// If it is not a URI. The text contains no secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some((_, rest)) = text.split_once("://") else {
            return Err("not a URI; use for example rtsp://host/path or file:///path".to_owned());
        };
        let found = password(rest).map(|range| &rest[range]);
        // Registered before any message can contain it.
        found.into_iter().for_each(|password| {
            let _ = (Secret::new(password), decoded(password));
        });
        let mut url = Url::parse(text).map_err(|error| match found {
            Some(_) => encode_it(),
            None => format!("invalid URI: {error}"),
        })?;
        // For the parser, text after the first / is not part of the password, whatever was intended.
        if url.path().contains('@') || (found.is_some() && url.password().is_none()) {
            return Err(encode_it());
        }
        if url.host_str().is_none_or(str::is_empty) && !HOSTLESS.contains(&url.scheme()) {
            return Err(if found.is_some() { encode_it() } else { "the URI contains no host".to_owned() });
        }
        let user = percent_decode_str(url.username()).decode_utf8_lossy().into_owned();
        let user = Some(user).filter(|user| !user.is_empty());
        let password = url.password().map(decoded);
        // Other URIs cannot have credentials.
        let _ = (url.set_username(""), url.set_password(None));
        let shown = without_secrets(&url);
        let (source, scheme) = (Source::Uri(Secret::unlisted(url.as_str())), url.scheme().to_owned());
        Ok(Self { source, scheme, user, password, shown })
    }
}

fn encode_it() -> String {
    "it has letters that stand for something else in a URI, in its password or behind its host: write @ as %40, : as \
     %3A, / as %2F and % as %25, or give `user` with `password-file` or `password-env`"
        .to_owned()
}

fn decoded(password: &str) -> Secret {
    Secret::new(&percent_decode_str(password).decode_utf8_lossy())
}

/// Returns the URI with secret parameters hidden, and registers them.
fn without_secrets(url: &Url) -> String {
    let (mut shown, rest) = (url[..Position::BeforePath].to_owned(), &url[Position::BeforePath..]);
    let mut from = 0;
    for value in secret_values(rest) {
        let _ = decoded(&rest[value.clone()]);
        shown.push_str(&rest[from..value.start]);
        shown.push_str(HIDDEN);
        from = value.end;
    }
    shown + &rest[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_stand_apart() {
        let address = Address::camera("rtsp://me:p%40ss%2Fw@host:8554/cam?x=1&token=abcdef").unwrap();
        assert_eq!(
            (address.user.as_deref(), address.password.as_ref().map(Secret::reveal)),
            (Some("me"), Some("p@ss/w"))
        );
        assert_eq!(address.shown, "rtsp://host:8554/cam?x=1&token=***");
        let Source::Uri(uri) = &address.source else { panic!("a URI") };
        assert_eq!(uri.reveal(), "rtsp://host:8554/cam?x=1&token=abcdef");
        assert!(!format!("{address:?}").contains("abcdef") && !format!("{address:?}").contains("p@ss"));
    }

    #[test]
    fn a_password_that_cannot_be_told_from_the_rest_is_refused_without_being_shown() {
        for text in [
            "rtsp://me:se/cr@host/cam",
            "rtsp://me:se@cr/et@host/cam",
            "rtsp://me:p@:/%secret@host/cam",
            "rtsp://me:12/se@host/cam",
        ] {
            let said = Address::camera(text).unwrap_err();
            assert!(said.contains("%40") && !said.contains("se/") && !said.contains("secret"), "{text}: {said}");
        }
    }

    #[test]
    fn devices_patterns_and_what_is_not_known() {
        let source = |text: &str| Address::camera(text).map(|address| address.source);
        assert_eq!(source("v4l2:///dev/video0"), Ok(Source::Device("/dev/video0".into())));
        assert_eq!(source("videotestsrc://"), Ok(Source::Pattern("smpte".into())));
        assert_eq!(source("videotestsrc://ball"), Ok(Source::Pattern("ball".into())));
        for wrong in ["v4l2://", "yard.mp4", "gopher://host/", "rtsp://", ""] {
            assert!(source(wrong).is_err(), "{wrong}");
        }
    }
}
