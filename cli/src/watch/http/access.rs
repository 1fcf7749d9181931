// SPDX-License-Identifier: MPL-2.0

//! Access control: a token, or a cookie after a login; and whether a request was intended for this server.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use subtle::ConstantTimeEq as _;

/// Lifetime of a login.
pub const LOGIN_HOLDS: Duration = Duration::from_secs(7 * 24 * 3600);

/// Name of the cookie.
pub const COOKIE: &str = "iqa-watch";

/// Minimum length of a token in bytes.
pub const SHORTEST_TOKEN: usize = 16;

/// Access policy.
#[derive(Clone)]
pub enum Access {
    /// No token: the address is only reachable from this machine.
    Loopback,
    /// Digest of a token; the token itself is not stored.
    Token([u8; 32]),
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Loopback => "Loopback",
            Self::Token(_) => "Token",
        })
    }
}

/// The server cannot be started safely.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AccessError {
    /// It would be open to the network.
    #[error(
        "listen = {0} is reachable from other machines: set token-file to a file with a secret of at least \
         {SHORTEST_TOKEN} characters (such as `openssl rand -hex 32` makes), or listen on 127.0.0.1"
    )]
    Open(IpAddr),
    /// The token could be guessed.
    #[error(
        "the secret in token-file has {0} characters: at least {SHORTEST_TOKEN} are needed, such as \
         `openssl rand -hex 32` makes"
    )]
    Short(usize),
}

impl Access {
    /// Creates the policy for a server on `address`.
    ///
    /// # Errors
    /// If a token is missing on an address that is not loopback, or is too short.
    pub fn new(address: IpAddr, token: Option<&str>) -> Result<Self, AccessError> {
        match token.map(str::trim) {
            Some(token) if token.len() < SHORTEST_TOKEN => Err(AccessError::Short(token.len())),
            Some(token) => Ok(Self::Token(Sha256::digest(token).into())),
            None if address.to_canonical().is_loopback() => Ok(Self::Loopback),
            None => Err(AccessError::Open(address)),
        }
    }

    /// Whether `token` is valid. Runs in constant time.
    pub fn is_token(&self, token: &str) -> bool {
        let Self::Token(digest) = self else { return false };
        let given: [u8; 32] = Sha256::digest(token.trim()).into();
        given.ct_eq(digest).into()
    }

    /// Creates a signed cookie with an expiry time for a login at `now`.
    pub fn login(&self, now: SystemTime) -> Option<String> {
        let Self::Token(digest) = self else { return None };
        let until = (seconds(now) + LOGIN_HOLDS.as_secs()).to_string();
        let seal = URL_SAFE_NO_PAD.encode(seal(digest, &until)?.finalize().into_bytes());
        Some(format!("{until}.{seal}"))
    }

    /// Whether `cookie` was created by [`login`](Self::login) and is valid at `now`.
    pub fn is_login(&self, cookie: &str, now: SystemTime) -> bool {
        let Self::Token(digest) = self else { return false };
        let holds = || {
            let (until, sealed) = cookie.split_once('.')?;
            let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
            seal(digest, until)?.verify_slice(&sealed).ok()?;
            Some(seconds(now) < until.parse::<u64>().ok()?)
        };
        holds().unwrap_or(false)
    }
}

/// Signed with a key derived from the token, so that a new token invalidates all logins.
fn seal(digest: &[u8; 32], until: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(digest).ok()?;
    mac.update(b"iqa watch login ");
    mac.update(until.as_bytes());
    Some(mac)
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Whether `host`, the `Host` header of a request, is this machine itself: a page of another site whose name resolves
/// to 127.0.0.1 sends its own name.
pub fn names_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(name, _)| name),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// Whether a browser states that the request comes from a page of this server. `origin` and `site` are the headers
/// `Origin` and `Sec-Fetch-Site`; programs send neither.
pub fn is_own_page(host: &str, origin: Option<&str>, site: Option<&str>) -> bool {
    let own_origin = |origin: &str| origin.split_once("://").is_some_and(|(_, of)| of.eq_ignore_ascii_case(host));
    origin.is_none_or(own_origin) && site.is_none_or(|site| site == "same-origin" || site == "none")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef";

    fn with_token() -> Access {
        Access::new("0.0.0.0".parse().expect("an address"), Some(TOKEN)).expect("a token")
    }

    #[test]
    fn other_machines_need_a_token() {
        for (address, loopback) in [("127.0.0.1", true), ("127.8.0.1", true), ("::1", true), ("::ffff:127.0.0.1", true)]
            .into_iter()
            .chain([("0.0.0.0", false), ("::", false), ("192.168.1.7", false), ("::ffff:10.0.0.1", false)])
        {
            let address: IpAddr = address.parse().expect("an address");
            let access = Access::new(address, None);
            assert_eq!(access.is_ok(), loopback, "{address}");
            if let Err(error) = access {
                assert!(error.to_string().contains("token-file"), "{error}");
            }
            assert!(Access::new(address, Some(TOKEN)).is_ok());
            assert_eq!(Access::new(address, Some("short\n")).err(), Some(AccessError::Short(5)));
        }
    }

    #[test]
    fn only_the_token_is_the_token() {
        let access = with_token();
        assert!(access.is_token(TOKEN) && access.is_token("0123456789abcdef\n"));
        for wrong in ["", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF"] {
            assert!(!access.is_token(wrong), "{wrong:?}");
        }
        assert!(!Access::Loopback.is_token(""));
    }

    #[test]
    fn a_login_holds_for_its_time_and_for_its_token() {
        let access = with_token();
        let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let cookie = access.login(now).expect("a login");
        assert!(!cookie.contains(TOKEN));
        assert!(access.is_login(&cookie, now));
        assert!(access.is_login(&cookie, now + LOGIN_HOLDS - Duration::from_secs(1)));
        assert!(!access.is_login(&cookie, now + LOGIN_HOLDS));
        let later = cookie.replacen("18", "19", 1);
        assert!(later != cookie && !access.is_login(&later, now), "the time is signed");
        let other = Access::new(IpAddr::from([0, 0, 0, 0]), Some("another-token-0123")).expect("a token");
        assert!(!other.is_login(&cookie, now));
        for nonsense in ["", ".", "9999999999.", "9999999999.00", &cookie[..cookie.len() - 1]] {
            assert!(!access.is_login(nonsense, now), "{nonsense:?}");
        }
        assert_eq!(Access::Loopback.login(now), None);
    }

    #[test]
    fn hosts_that_are_this_machine() {
        for host in ["localhost", "LocalHost:9464", "127.0.0.1:9464", "127.0.0.1", "[::1]:9464", "localhost.:80"] {
            assert!(names_loopback(host), "{host}");
        }
        for host in ["", "evil.example", "127.0.0.1.evil.example:9464", "10.0.0.1", "[::2]", "localhost.evil", "[::1"] {
            assert!(!names_loopback(host), "{host}");
        }
    }

    #[test]
    fn only_pages_of_this_server_may_change_something() {
        let host = "cams.example:8443";
        assert!(is_own_page(host, None, None));
        assert!(is_own_page(host, Some("https://cams.example:8443"), Some("same-origin")));
        assert!(!is_own_page(host, Some("https://evil.example"), None));
        assert!(!is_own_page(host, Some("null"), None));
        assert!(!is_own_page(host, Some("https://cams.example"), None));
        assert!(!is_own_page(host, Some("https://cams.example:8443"), Some("cross-site")));
        assert!(!is_own_page(host, None, Some("same-site")));
    }
}
