// SPDX-License-Identifier: MPL-2.0

//! Reads the configuration file: defaults, validation, and secrets from their files.

use super::error::Wrong;
use super::file::{CameraText, File, MqttText, WebhookText};
use super::rules::rules;
use super::text::Time;
use super::{Address, Camera, Config, ConfigError, Mqtt, Webhook};
use crate::secret::{Secret, redact};
use serde_spanned::Spanned;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Default port.
const PORT: u16 = 9464;
/// Default model.
const MODEL: &str = "metaiqa";
/// Maximum size of a secret file.
const LONGEST_SECRET: u64 = 64 << 10;

/// Minimum length of a webhook's path that is considered a secret.
const LONG_PATH: usize = 20;

/// Reads a configuration and its secret files.
///
/// # Errors
/// If the file cannot be read or is invalid; contains the position but no secrets.
pub fn read(path: &Path) -> Result<Config, ConfigError> {
    let file = path.display().to_string();
    let wrong = |text: String| ConfigError { file: file.clone(), place: None, text };
    let about = std::fs::metadata(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    if !about.is_file() {
        return Err(wrong("not a regular file: the configuration must be readable again for a reload".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    parse(&text, folder).map_err(|error| ConfigError { file, ..error })
}

/// Parses a configuration. Relative paths in it are resolved against `folder`.
///
/// # Errors
/// As for [`read`]; the error contains no file name.
pub fn parse(text: &str, folder: &Path) -> Result<Config, ConfigError> {
    let file: File = toml::from_str(text).map_err(|error| ConfigError::at(text, error.span(), error.message()))?;
    let mut reader = Reader { folder, warnings: Vec::new() };
    reader.config(file).map_err(|(span, said)| ConfigError::at(text, span, said))
}

/// Builds a configuration.
struct Reader<'a> {
    folder: &'a Path,
    warnings: Vec<String>,
}

impl Reader<'_> {
    fn config(&mut self, file: File) -> Result<Config, Wrong> {
        let token = file.token_file.as_ref().map(|path| self.secret(path)).transpose()?;
        let listen = match &file.listen {
            Some(listen) => *listen.get_ref(),
            None => SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)),
        };
        if !listen.ip().is_loopback() && token.is_none() {
            let text = "this address is reachable from other machines: set `token-file` to a file with a token, \
                        or listen on 127.0.0.1";
            return Err((file.listen.map(|listen| listen.span()), text.to_owned()));
        }
        let webhook = file.webhook.map(|webhook| self.webhook(webhook)).transpose()?;
        let mqtt = file.mqtt.map(|mqtt| self.mqtt(mqtt)).transpose()?;
        if file.camera.is_empty() {
            return Err((None, "no camera configured: add at least one [[camera]] with `name` and `uri`".to_owned()));
        }
        let mut names = BTreeSet::new();
        let mut cameras = Vec::with_capacity(file.camera.len());
        for camera in file.camera {
            if !names.insert(camera.name.get_ref().clone()) {
                let text = format!("another camera has the name {:?}", camera.name.get_ref());
                return Err((Some(camera.name.span()), text));
            }
            cameras.push(self.camera(camera)?);
        }
        let data_dir = file.data_dir.map_or_else(state_folder, |folder| self.folder.join(folder));
        Ok(Config { listen, data_dir, token, webhook, mqtt, cameras, warnings: std::mem::take(&mut self.warnings) })
    }

    fn camera(&mut self, text: CameraText) -> Result<Camera, Wrong> {
        let name = text.name.get_ref();
        let good = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        if name.is_empty() || name.len() > 64 || !name.chars().all(good) || name.chars().all(|letter| letter == '.') {
            let said = format!("invalid camera name {name:?}: use at most 64 letters, digits, -, _ and .");
            return Err((Some(text.name.span()), said));
        }
        let span = text.uri.span();
        let mut address = Address::camera(text.uri.get_ref().reveal()).map_err(|said| (Some(span.clone()), said))?;
        address.user = text.user.or(address.user);
        let file = text.password_file.as_ref().map(|path| self.secret(path)).transpose()?;
        let variable = text.password_env.as_ref().map(environment).transpose()?;
        let given = [address.password.take(), file, variable];
        if given.iter().flatten().count() > 1 {
            let said = "the password is set more than once: use one of the URI, `password-file` and `password-env`";
            return Err((Some(span), said.to_owned()));
        }
        address.password = given.into_iter().flatten().next();
        let interval = at_least(text.interval.as_ref(), Duration::from_secs(2), Duration::from_millis(100))?;
        let model = Some(text.model.unwrap_or_else(|| MODEL.to_owned())).filter(|model| model != "none");
        let alarms = rules(text.alarms, interval)?;
        if model.is_none() && alarms.iter().any(|rule| rule.low.is_some()) {
            self.warnings.push(format!("camera {name:?}: the alarm `low` has no effect without a model"));
        }
        Ok(Camera {
            enabled: text.enabled.unwrap_or(true),
            model,
            interval,
            decode: text.decode,
            timeout: at_least(text.timeout.as_ref(), Duration::from_secs(5), Duration::from_secs(1))?,
            latency: at_least(text.latency.as_ref(), Duration::from_millis(200), Duration::ZERO)?,
            transport: text.transport,
            tags: text.tags,
            alarms,
            name: text.name.into_inner(),
            address,
        })
    }

    fn webhook(&mut self, text: WebhookText) -> Result<Webhook, Wrong> {
        let span = text.url.span();
        let url = text.url.into_inner();
        let address = Address::parse(url.reveal()).map_err(|said| (Some(span.clone()), said))?;
        if !["http", "https"].contains(&address.scheme.as_str()) {
            return Err((Some(span), "the URL of a webhook must start with http:// or https://".to_owned()));
        }
        let token = text.token_file.as_ref().map(|path| self.secret(path)).transpose()?;
        Ok(Webhook { shown: shown_webhook(&url, &address), url, token })
    }

    fn mqtt(&mut self, text: MqttText) -> Result<Mqtt, Wrong> {
        let span = text.url.span();
        let mut address = Address::parse(text.url.get_ref().reveal()).map_err(|said| (Some(span.clone()), said))?;
        if !["mqtt", "mqtts"].contains(&address.scheme.as_str()) {
            return Err((Some(span), "the URL of a broker must start with mqtt:// or mqtts://".to_owned()));
        }
        address.user = text.user.or(address.user);
        if let Some(path) = &text.password_file {
            address.password = Some(self.secret(path)?);
        }
        let topic = match text.topic {
            None => "onnx-iqa".to_owned(),
            Some(topic) => {
                let name: &str = topic.get_ref();
                let odd = |letter: char| matches!(letter, '#' | '+') || letter.is_control();
                if name.is_empty() || name.len() > 256 || name.starts_with(['$', '/']) || name.contains(odd) {
                    let said = format!(
                        "invalid prefix of topics {name:?}: at most 256 bytes, without # and +, not starting with $ or \
                         /"
                    );
                    return Err((Some(topic.span()), said));
                }
                topic.into_inner()
            }
        };
        Ok(Mqtt { address, topic })
    }

    /// Reads a secret from a file, without surrounding white space.
    fn secret(&mut self, path: &Spanned<PathBuf>) -> Result<Secret, Wrong> {
        let file = self.folder.join(path.get_ref());
        let wrong = |said: String| (Some(path.span()), format!("{}: {said}", file.display()));
        let about = std::fs::metadata(&file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        // Opening a FIFO would wait for a writer.
        if !about.is_file() {
            return Err(wrong("not a regular file".to_owned()));
        }
        if about.len() > LONGEST_SECRET {
            return Err(wrong("too long for a secret".to_owned()));
        }
        if about.permissions().mode() & 0o004 != 0 {
            let name = file.display();
            self.warnings.push(format!("{name}: this secret is readable by all users: run chmod o-r {name}"));
        }
        let text = std::fs::read_to_string(&file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        match text.trim() {
            "" => Err(wrong("the file is empty".to_owned())),
            secret => Ok(Secret::new(secret)),
        }
    }
}

/// URL of a webhook for display. Anyone who knows a long path can post to it, so such a path is a secret.
fn shown_webhook(url: &Secret, address: &Address) -> String {
    let path = url.reveal().splitn(4, '/').nth(3).unwrap_or_default();
    // Parameters are hidden when the address is displayed.
    let path = path.split(['?', '#']).next().unwrap_or_default();
    if path.len() < LONG_PATH {
        return address.shown.clone();
    }
    let _ = Secret::new(path);
    redact(&address.shown)
}

/// Reads a secret from an environment variable.
fn environment(name: &Spanned<String>) -> Result<Secret, Wrong> {
    let value = std::env::var(name.get_ref()).ok().filter(|value| !value.is_empty());
    let value =
        value.ok_or_else(|| (Some(name.span()), format!("the environment variable {} is not set", name.get_ref())))?;
    Ok(Secret::new(&value))
}

fn at_least(given: Option<&Spanned<Time>>, default: Duration, least: Duration) -> Result<Duration, Wrong> {
    match given {
        Some(time) if time.get_ref().0 < least => {
            Err((Some(time.span()), format!("too short: use at least {least:?}")))
        }
        time => Ok(time.map_or(default, |time| time.get_ref().0)),
    }
}

/// The state folder set by systemd, or the default.
fn state_folder() -> PathBuf {
    let given = std::env::var_os("STATE_DIRECTORY").filter(|folder| !folder.is_empty());
    given.map_or_else(|| PathBuf::from("onnx-iqa-data"), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::alarm::AlarmKind;
    use crate::watch::config::{Decode, Rule};

    fn config(text: &str) -> Result<Config, ConfigError> {
        parse(text, Path::new("."))
    }

    fn error(text: &str) -> String {
        config(text).expect_err("it is wrong").to_string()
    }

    #[test]
    fn what_is_not_given_has_its_default() {
        let config = config("[[camera]]\nname = 'yard'\nuri = 'rtsp://me:secret-1@host/cam'").unwrap();
        assert_eq!(config.listen, "127.0.0.1:9464".parse().unwrap());
        let camera = &config.cameras[0];
        assert_eq!((camera.model.as_deref(), camera.decode, camera.enabled), (Some("metaiqa"), Decode::All, true));
        assert_eq!((camera.interval, camera.timeout), (Duration::from_secs(2), Duration::from_secs(5)));
        assert_eq!(camera.alarms.iter().map(|rule| rule.kind).collect::<Vec<_>>(), [AlarmKind::Offline]);
        assert!(!format!("{config:?}").contains("secret-1"));
    }

    #[test]
    fn alarms_are_as_the_design_says() {
        let text = "[[camera]]\nname = 'a'\nuri = 'videotestsrc://'\nalarms.low = { below = 40, for = '10s', \
                    clear-after = '30s' }\nalarms.black = {}\nalarms.covered = {}\nalarms.frozen = { for = '5s' }\n\
                    alarms.offline = { enabled = false }";
        let rules = config(text).unwrap().cameras.remove(0).alarms;
        let seconds = |rule: &Rule| (rule.kind, rule.hold.as_secs(), rule.clear_after.as_secs());
        let expected = [
            (AlarmKind::Low, 10, 30),
            (AlarmKind::Black, 2, 0),
            (AlarmKind::Covered, 10, 0),
            (AlarmKind::Frozen, 5, 0),
        ];
        assert_eq!(rules.iter().map(seconds).collect::<Vec<_>>(), expected);
        assert_eq!(rules[0].low.map(|low| low.below), Some(40.0));
    }

    #[test]
    fn errors_name_the_line() {
        let camera = "[[camera]]\nname = 'a'\nuri = 'rtsp://me:hidden-word@host/cam'\n";
        for (more, line, word) in [
            ("intervall = '2s'", 4, "intervall"),
            ("interval = '2 apples'", 4, "2 apples"),
            ("interval = '1ms'", 4, "too short"),
            ("alarms.low = { for = '1s' }", 4, "below"),
            ("\n\nalarms.low = { below = 140 }", 6, "0 to 100"),
            ("password-env = 'ONNX_IQA_NOT_SET'", 4, "ONNX_IQA_NOT_SET"),
            ("password-file = 'not-there'", 4, "not-there"),
            ("[[camera]]\nname = 'a'\nuri = 'videotestsrc://'", 5, "another camera"),
            ("[[camera]]\nname = '../x'\nuri = 'videotestsrc://'", 5, "invalid camera name"),
            ("[[camera]]\nname = 'b'\nuri = 'rtsp://me:hid/den@host/'", 6, "%2F"),
            ("[[camera]]\nname = 'b'", 4, "uri"),
            ("alarms.low = {", 4, ""),
            ("[mqtt]\nurl = 'mqtt://broker'\ntopic = 'cams/#'", 6, "topics"),
            ("[mqtt]\nurl = 'mqtt://broker'\ntopic = ''", 6, "topics"),
        ] {
            let said = error(&format!("{camera}{more}"));
            assert!(said.starts_with(&format!(":{line}:")) && said.contains(word), "{more}: {said}");
            assert!(!said.contains("hidden-word") && !said.contains("hid/den"), "{said}");
        }
        assert!(error("listen = '0.0.0.0:9464'\n").starts_with(":1:"));
        assert!(error("").contains("no camera"));
    }

    #[test]
    fn addresses_without_secrets_are_shown_and_long_paths_of_webhooks_are_not() {
        let text = "[webhook]\nurl = 'https://hooks.example/services/T0/B0/abcdefghijklmno'\n\
                    [[camera]]\nname = 'a'\nuri = 'rtsp://plain.example/stream'";
        let config = config(text).unwrap();
        assert_eq!(redact("cannot open rtsp://plain.example/stream"), "cannot open rtsp://plain.example/stream");
        assert_eq!(config.webhook.map(|webhook| webhook.shown).as_deref(), Some("https://hooks.example/***"));
        assert!(!redact("POST /services/T0/B0/abcdefghijklmno").contains("abcdef"));
        let both = text.replace("klmno'", "klmno?token=t0k'");
        let shown = self::config(&both).unwrap().webhook.map(|webhook| webhook.shown);
        assert_eq!(shown.as_deref(), Some("https://hooks.example/***?token=***"));
    }

    #[test]
    fn a_secret_that_everybody_may_read_is_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let text = "token-file = 'token'\n[[camera]]\nname = 'a'\nuri = 'videotestsrc://'";
        std::fs::write(&file, "a-token\n").unwrap();
        for (mode, warnings) in [(0o600, 0), (0o604, 1)] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            let config = parse(text, folder.path()).unwrap();
            assert_eq!(config.token.as_ref().map(Secret::reveal), Some("a-token"));
            assert_eq!(config.warnings.len(), warnings, "{:?}", config.warnings);
        }
    }
}
