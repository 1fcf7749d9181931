// SPDX-License-Identifier: MPL-2.0

//! The connection to the server.

use super::outage;
use crate::args::FarmServer;
use crate::causes;
use crate::secret::{HIDDEN, Secret, redact};
use anyhow::{Context as _, Result, bail, ensure};
use async_nats::jetstream::context::ContextBuilder;
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, ServerAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Server that is used if none is given.
const DEFAULT: &str = "nats://127.0.0.1:4222";

/// Oldest server that keeps its promises: 2.9 delivers acknowledged units again after a power cut.
const OLDEST: (i64, i64) = (2, 10);

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Maximum number of messages whose storage is not confirmed.
pub const UNCONFIRMED: usize = 256;

/// Longest time between attempts to reconnect.
const RECONNECT: Duration = Duration::from_secs(4);

/// Schemes of URLs.
const SCHEMES: [&str; 2] = ["nats", "tls"];

/// Options with files, and what these contain.
const PEM: [(&str, &str); 3] = [("--ca", "CERTIFICATE"), ("--cert", "CERTIFICATE"), ("--key", "PRIVATE KEY")];

/// What a server's URL says of who connects. The library reads it and does not use it.
#[derive(Debug, PartialEq)]
enum Login {
    Token(Secret),
    User(String, Secret),
}

/// How to connect.
#[derive(Debug)]
pub struct Connection {
    servers: Vec<Secret>,
    login: Option<Login>,
    /// The file and its contents.
    creds: Option<(PathBuf, Secret)>,
    files: [Option<PathBuf>; 3],
}

impl Connection {
    /// Reads the options, and environment variables for those that are not given.
    ///
    /// # Errors
    /// If a file cannot be read, or its certificate has no key.
    pub fn new(options: &FarmServer) -> Result<Self> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let file = |given: &Option<PathBuf>, name: &str| given.clone().or_else(|| variable(name).map(PathBuf::from));
        let given = if options.server.is_some() { "--server" } else { "NATS_URL" };
        let servers = match &options.server {
            Some(server) => server.clone(),
            // Unlike the others, an empty one would mean another server.
            None => match std::env::var_os("NATS_URL") {
                Some(server) => server.into_string().map_err(|_| anyhow::anyhow!("NATS_URL is not valid UTF-8"))?,
                None => DEFAULT.to_owned(),
            },
        };
        let has_login = servers.contains('@');
        let servers: Vec<_> = servers.split(',').map(|server| Secret::unlisted(server.trim())).collect();
        let mut login = None;
        for server in &servers {
            ensure!(
                !server.reveal().is_empty(),
                "{given}: a URL is empty: name a server, such as {DEFAULT}, or leave the option out"
            );
            let url = if server.reveal().contains("://") {
                server.reveal().to_owned()
            } else {
                format!("nats://{}", server.reveal())
            };
            let shown = redact(&url);
            let url = parsed(&url, has_login).with_context(|| given.to_owned())?;
            ensure!(
                SCHEMES.contains(&url.scheme()),
                "{given} {shown}: {}:// is not how a NATS server is reached: use nats:// or tls://",
                url.scheme()
            );
            let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
            let user = decoded(url.username());
            let own = match url.password() {
                Some(password) => Login::User(user, Secret::new(&decoded(password))),
                None if !user.is_empty() => Login::Token(Secret::new(&user)),
                None => continue,
            };
            ensure!(
                login.as_ref().is_none_or(|known| *known == own),
                "{given}: the servers of a cluster need the same user and password"
            );
            login = Some(own);
        }
        let creds = match file(&options.creds, "NATS_CREDS") {
            Some(path) => {
                let text = read("--creds", &path)?;
                Some((path, Secret::unlisted(&text)))
            }
            None => None,
        };
        let files = [file(&options.ca, "NATS_CA"), file(&options.cert, "NATS_CERT"), file(&options.key, "NATS_KEY")];
        for ((name, holds), path) in PEM.into_iter().zip(&files) {
            let Some(path) = path else { continue };
            let text = read(name, path)?;
            // For example `-----BEGIN EC PRIVATE KEY-----`.
            let begins =
                |line: &str| line.starts_with("-----BEGIN ") && line.trim_end().ends_with(&format!("{holds}-----"));
            ensure!(
                text.lines().any(begins),
                "{name} {}: it has no {} in PEM format (a block that begins with -----BEGIN {holds}-----)",
                path.display(),
                holds.to_lowercase()
            );
        }
        let [_, cert, key] = &files;
        ensure!(cert.is_some() == key.is_some(), "a client certificate needs both --cert and --key");
        Ok(Self { servers, login, creds, files })
    }

    /// The servers without secrets.
    fn shown(&self) -> String {
        self.servers.iter().map(|server| redact(server.reveal())).collect::<Vec<_>>().join(", ")
    }

    /// The servers for the library.
    fn addresses(&self) -> Result<Vec<ServerAddr>> {
        let servers = self.servers.iter().map(|server| server.reveal().parse::<ServerAddr>());
        servers.collect::<Result<_, _>>().map_err(|_| anyhow::anyhow!("--server {}", self.shown()))
    }

    fn options(&self, name: &str) -> Result<ConnectOptions> {
        let known: Arc<(String, Vec<ServerAddr>)> = Arc::new((self.shown(), self.addresses()?));
        let mut options = ConnectOptions::new()
            .name(name)
            .connection_timeout(PATIENCE)
            .request_timeout(Some(PATIENCE))
            .ping_interval(Duration::from_secs(10))
            .reconnect_delay_callback(|attempts| {
                Duration::from_millis(100).saturating_mul(1 << attempts.min(10)).min(RECONNECT)
            })
            .event_callback(move |event| {
                let known = known.clone();
                async move { outage::event(event, &known.0, &known.1).await }
            });
        match &self.login {
            Some(Login::User(user, password)) => {
                options = options.user_and_password(user.clone(), password.reveal().to_owned());
            }
            Some(Login::Token(token)) => options = options.token(token.reveal().to_owned()),
            None => {}
        }
        if let Some((path, creds)) = &self.creds {
            // The library's error may quote the file.
            options = options.credentials(creds.reveal()).map_err(|_| {
                anyhow::anyhow!(
                    "--creds {}: the file has no NATS credentials (a JWT and a seed, as `nsc` writes them)",
                    path.display()
                )
            })?;
        }
        let [ca, cert, key] = self.files.clone();
        if let Some(ca) = ca {
            options = options.add_root_certificates(ca).require_tls(true);
        }
        if let (Some(cert), Some(key)) = (cert, key) {
            options = options.add_client_certificate(cert, key).require_tls(true);
        }
        Ok(options)
    }

    /// Connects, and checks that the server is new enough and has JetStream. `name`: shown by the server's tools.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub async fn open(&self, name: &str) -> Result<Queue> {
        let client = self.options(name)?.connect(self.addresses()?).await;
        let client = client.map_err(|error| {
            // The library says it twice.
            let text = redact(&causes::of_any(&error)).replace(": nats: authorization violation", "");
            let advice = advice(error.kind(), &text);
            anyhow::anyhow!("cannot connect to the NATS server {}: {text}; {advice}", self.shown())
        })?;
        let version = client.server_info().version;
        let (major, minor) = OLDEST;
        if !client.is_server_compatible(major, minor, 0) {
            bail!(
                "the NATS server {} is of version {version}, which loses acknowledgments when it is killed: \
                 {major}.{minor} or newer is needed",
                self.shown()
            );
        }
        let builder = ContextBuilder::new().timeout(PATIENCE).ack_timeout(PATIENCE);
        let jetstream = builder.max_ack_inflight(UNCONFIRMED).backpressure_on_inflight(true).build(client.clone());
        if let Err(error) = jetstream.query_account().await {
            let error = anyhow::Error::from(error);
            // Whoever must not ask has no answer either; that is said by the caller.
            ensure!(outage::denied().is_none(), error.context(format!("the NATS server {}", self.shown())));
            return Err(error.context(format!(
                "the NATS server {} has no JetStream for this account: start it with -js",
                self.shown()
            )));
        }
        Ok(Queue { client, jetstream })
    }
}

/// An open connection.
#[derive(Debug, Clone)]
pub struct Queue {
    pub(super) client: Client,
    pub(super) jetstream: Context,
}

impl Queue {
    /// Sends what is buffered and closes the connection.
    pub async fn close(self) {
        outage::closing();
        // It may be lost already.
        let _ = tokio::time::timeout(PATIENCE, self.client.drain()).await;
    }

    /// Largest message that the server accepts, in bytes, less its headers.
    pub(super) fn largest(&self) -> usize {
        self.client.max_payload().saturating_sub(4096)
    }

    pub(super) fn jetstream(&self) -> &jetstream::Context {
        &self.jetstream
    }
}

/// Reads a server's URL. `has_login`: whether one of the servers has a user or a token; what is in front of its host is
/// not shown then, as a password may be in an unexpected place.
fn parsed(text: &str, has_login: bool) -> Result<url::Url> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("nats", text));
    let url = url::Url::parse(text);
    if !has_login {
        let port = if url == Err(url::ParseError::InvalidPort) { ": use 1 to 65535" } else { "" };
        return url.with_context(|| format!("{}{port}", redact(text)));
    }
    let host = rest.rsplit_once('@').map_or("", |(_, host)| host);
    if url::Url::parse(&format!("{scheme}://{host}")) == Err(url::ParseError::InvalidPort) {
        bail!("{scheme}://{HIDDEN}@{host}: the port is wrong: use 1 to 65535");
    }
    // What follows one of these is taken for a path, not for the password that it is.
    let is_cut = |url: &url::Url| !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some();
    match url {
        Ok(url) if !is_cut(&url) => Ok(url),
        _ => bail!(
            "{scheme}://{HIDDEN}@{host}: not a URL; in a user, password or token, write / as %2F, # as %23, ? as %3F, \
             a comma as %2C, @ as %40 and % as %25"
        ),
    }
}

/// The text of a file that an option or its variable names.
fn read(option: &str, path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).with_context(|| format!("{option}: cannot read {}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What to do if the server cannot be reached.
fn advice(kind: ConnectErrorKind, text: &str) -> &'static str {
    match kind {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
            "it refuses this user: check user and password, or the token, in front of the host in the URL (with / as \
             %2F, # as %23, ? as %3F, @ as %40, % as %25), or the file of --creds"
        }
        ConnectErrorKind::Dns => "check the name of the host",
        // What a TLS library makes of plain text.
        _ if text.contains("InvalidContentType") => {
            "it does not answer by TLS: use nats:// without --ca and --cert, or turn TLS on at the server"
        }
        _ if text.contains("certificate") || kind == ConnectErrorKind::Tls => {
            "check that --ca has the authority that signed the server's certificate, that the certificate is for this \
             host, and --cert and --key if the server asks for them"
        }
        _ => "start one with `nats-server -js`, or name another with --server",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(server: &str) -> FarmServer {
        FarmServer { server: Some(server.into()), creds: None, ca: None, cert: None, key: None }
    }

    #[test]
    fn no_secret_is_shown() {
        let connection = Connection::new(&options("nats://me:pass-word-1@a:4222, me:pass-word-1@b")).unwrap();
        let shown = format!("{} {connection:?}", connection.shown());
        assert!(!shown.contains("pass-word-1"), "{shown}");
        assert!(shown.contains("a:4222"), "{shown}");
        let shown = Connection::new(&options("token-abcdef@b")).unwrap().shown();
        assert!(!shown.contains("token-abcdef") && shown.contains('b'), "{shown}");
    }

    #[test]
    fn who_connects_is_read_from_the_url() {
        let login = |server: &str| Connection::new(&options(server)).map(|connection| connection.login);
        let user = Login::User("me".into(), Secret::new("a:b@c word"));
        assert_eq!(login("nats://me:a%3Ab%40c%20word@a").unwrap(), Some(user));
        assert_eq!(login("tls://token-abcdef@a,b").unwrap(), Some(Login::Token(Secret::new("token-abcdef"))));
        assert_eq!(login("a,b:4222").unwrap(), None);
        assert!(login("me:pass-word-2@a,me:pass-word-3@b").unwrap_err().to_string().contains("same user and password"));
    }

    #[test]
    fn an_empty_url_and_a_password_that_is_not_encoded_are_named() {
        let error = |server: &str| causes::of(&Connection::new(&options(server)).unwrap_err());
        for server in ["", " ", "nats://a,", "a,,b"] {
            assert!(error(server).starts_with("--server: a URL is empty: name a server"), "{}", error(server));
        }
        for password in ["se/cret-1", "se#cret-1", "12/cret-1", "12#cret-1", "12?cret-1", "a@b/cret-1"] {
            for server in [format!("nats://me:{password}@a:4222"), format!("me:{password}@a:4222")] {
                let text = error(&server);
                let begin =
                    "--server: nats://***@a:4222: not a URL; in a user, password or token, write / as %2F, # as";
                assert!(text.starts_with(begin) && !text.contains("cret"), "{text}");
            }
        }
        let text = error("nats://me:cret-1@a:99999");
        assert_eq!(text, "--server: nats://***@a:99999: the port is wrong: use 1 to 65535");
        // Part of it is taken for another server.
        let text = error("nats://me:se,cret-1@a");
        assert!(text.starts_with("--server: nats://***@: not a URL") && !text.contains("se,"), "{text}");
        // There is one host, whatever is in front of it.
        let login = Connection::new(&options("nats://me:a@b@host")).unwrap().login;
        assert_eq!(login, Some(Login::User("me".into(), Secret::new("a@b"))));
        assert!(error("nats://a:port").starts_with("--server: nats://a:port: "), "{}", error("nats://a:port"));
    }

    #[test]
    fn another_scheme_and_a_file_without_a_certificate_are_named() {
        let error = |options: &FarmServer| format!("{:#}", Connection::new(options).unwrap_err());
        let text = error(&options("http://me:pass-word-4@a"));
        assert!(
            text.contains("--server http://me:***@a: http:// is not how") && !text.contains("pass-word-4"),
            "{text}"
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let with = FarmServer { ca: Some(path.clone()), ..options("nats://a") };
        assert!(error(&with).contains("--ca: cannot read"), "{}", error(&with));
        std::fs::write(&path, [0x30, 0x82, 0xff]).unwrap();
        assert!(error(&with).contains("ca.pem: it has no certificate in PEM format"), "{}", error(&with));
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\r\nAA==\n").unwrap();
        Connection::new(&with).unwrap();
    }

    #[test]
    fn a_file_of_credentials_is_read_now_and_never_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.creds");
        let with = |creds: &Path| FarmServer { creds: Some(creds.into()), ..options("nats://a") };
        let error = format!("{:#}", Connection::new(&with(&path)).unwrap_err());
        assert!(error.contains("x.creds"), "{error}");
        std::fs::write(&path, "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY").unwrap();
        let error = Connection::new(&with(&path)).unwrap().options("test").map(drop).unwrap_err().to_string();
        assert!(error.contains("--creds") && error.contains("x.creds") && !error.contains("SUACSSL"), "{error}");
    }
}
