//! A notice: posts what happened to a system of the company's own, signed as Standard Webhooks say
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
//!
//! The receiver knows a notice by its id, which stays the same when it is posted again. Notices of one conversation are
//! posted in order; what is not answered 2xx is tried again, and is a dead letter in the end, as everything else.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use wex_domain::job::NotifyPayload;
use wex_domain::notice::Notice;
use wex_queue::{Claim, Counts, Effects, Failed};
use wex_runtime::clock::Clock;
use wex_runtime::error_chain;

use crate::attempt::{Achieved, unreadable};
use crate::disposition::{Failure, FailureKind};

/// The specification advises 15 to 30 s.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// The specification: 24 to 64 bytes.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Where notices go, and how they are signed.
#[derive(Debug, Clone)]
pub struct NotifyConfig {
    /// `NOTIFY_URL`
    pub url: NotifyUrl,
    /// `NOTIFY_SECRET`: `whsec_` and base64.
    pub secret: SecretString,
    /// `NOTIFY_ALLOW_PRIVATE`: addresses of private networks may be posted to.
    pub allows_private: bool,
}

/// An `http` or `https` URL. Shows no more than its host.
#[derive(Clone)]
pub struct NotifyUrl(Url);

impl fmt::Debug for NotifyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.host_str().unwrap_or_default())
    }
}

impl FromStr for NotifyUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected an http or https URL with a host";
        let url: Url = text.parse().map_err(|_quotes_the_url| EXPECTED)?;
        let is_http = matches!(url.scheme(), "http" | "https");
        if is_http && url.host_str().is_some() {
            Ok(Self(url))
        } else {
            Err(EXPECTED)
        }
    }
}

impl NotifyConfig {
    /// What is wrong with these settings; a sentence that begins with the name of the variable.
    pub(crate) fn problem(&self) -> Option<String> {
        if key(&self.secret).is_none() {
            return Some(
                "NOTIFY_SECRET is not usable: expected whsec_ and 24 to 64 bytes as base64; \
                 `printf whsec_; openssl rand -base64 32` makes one"
                    .to_owned(),
            );
        }
        // The resolver is not asked about an address.
        let host = self.url.0.host_str().unwrap_or_default();
        let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        if address.is_some_and(is_private) && !self.allows_private {
            return Some(
                "NOTIFY_URL names a private address; NOTIFY_ALLOW_PRIVATE=true allows it"
                    .to_owned(),
            );
        }
        None
    }
}

fn key(secret: &SecretString) -> Option<hmac::Key> {
    let encoded = secret.expose_secret().strip_prefix("whsec_")?;
    let bytes = STANDARD.decode(encoded).ok()?;
    SECRET_BYTES
        .contains(&bytes.len())
        .then(|| hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

/// Posts notices.
#[derive(Debug)]
pub(crate) struct Notifier {
    http: Client,
    url: NotifyUrl,
    key: hmac::Key,
}

impl Notifier {
    pub(crate) fn new(config: &NotifyConfig) -> Result<Self, Box<dyn Error>> {
        let resolver = Resolver {
            allows_private: config.allows_private,
        };
        let http = Client::builder()
            .timeout(ANSWER_MAX)
            .dns_resolver(Arc::new(resolver))
            // Where a redirect leads was not configured, and a proxy would look names up itself.
            .redirect(Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self {
            http,
            url: config.url.clone(),
            key: key(&config.secret).ok_or("NOTIFY_SECRET is not usable")?,
        })
    }
}

/// Looks names up and drops private addresses. The client connects to what it gets from here and asks nobody else, so a
/// name cannot lead elsewhere between the look and the connection.
#[derive(Debug)]
struct Resolver {
    allows_private: bool,
}

#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("NOTIFY_URL leads to private addresses only; NOTIFY_ALLOW_PRIVATE=true allows them")]
struct PrivateOnly;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allows_private = self.allows_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found
                .filter(|address| allows_private || !is_private(address.ip()))
                .collect();
            if allowed.is_empty() {
                return Err(PrivateOnly.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Is it an address that is not of the public internet? After the special-purpose registries of IANA
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>, and the same for IPv6).
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            matches!(a, 0 | 10 | 127 | 224..)
                || matches!(
                    (a, b),
                    (100, 64..128) | (169, 254) | (172, 16..32) | (192, 168) | (198, 18..20)
                )
                || matches!(
                    (a, b, c),
                    (192, 0, 0 | 2) | (192, 88, 99) | (198, 51, 100) | (203, 0, 113)
                )
        }
        IpAddr::V6(address) => match embedded(address) {
            Some(inside) => is_private(inside),
            // Only 2000::/3 is given out; 2001::/23 and 2001:db8::/32 in it are not for hosts.
            None => {
                let [first, second, ..] = address.segments();
                first & 0xe000 != 0x2000 || (first == 0x2001 && (second < 0x200 || second == 0xdb8))
            }
        },
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, translated (`64:ff9b::/96`) or tunnelled
/// (`2002::/16`).
fn embedded(address: Ipv6Addr) -> Option<IpAddr> {
    let segments = address.segments();
    let v4 =
        |high: u16, low: u16| IpAddr::from((u32::from(high) << 16 | u32::from(low)).to_be_bytes());
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(v4(high, low))
        }
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

pub(crate) async fn post(claim: &Claim, notifier: Option<&Notifier>) -> Result<Achieved, Failure> {
    let job = &claim.jobs[0];
    let NotifyPayload::V1(notice) =
        NotifyPayload::decode(&job.payload).map_err(|_quotes_content| unreadable("notice"))?;
    let Some(notifier) = notifier else {
        return Ok(achieved("nobody_to_notify"));
    };
    let (id, body) = (job.id.to_string(), body(&notice));
    let timestamp = Clock.now_ms() / 1_000;
    let request = notifier
        .http
        .post(notifier.url.0.clone())
        .header("content-type", "application/json")
        .header("user-agent", concat!("wex-sms/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", &id)
        .header("webhook-timestamp", timestamp.to_string())
        .header(
            "webhook-signature",
            sign(&notifier.key, &id, timestamp, &body),
        )
        .body(body);
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return Err(unsent(&error.without_url())),
    };
    let status = response.status();
    if status.is_success() {
        return Ok(achieved("notified"));
    }
    // The receiver wants no more of them, says the specification.
    if status.as_u16() == 410 {
        let error = "the receiver answered 410: it wants no more notices; unset NOTIFY_URL, or mend it and replay";
        return Err(Failure::permanent("gone", error.to_owned()));
    }
    Err(Failure {
        kind: FailureKind::Transient {
            counts: Counts::Yes,
            retry_after: retry_after(&response),
        },
        failed: Failed {
            cause: "refused",
            error: format!("the receiver answered {}", status.as_u16()),
        },
        effects: Effects::default(),
    })
}

fn achieved(what: &'static str) -> Achieved {
    Achieved {
        what,
        effects: Effects::default(),
    }
}

fn unsent(error: &reqwest::Error) -> Failure {
    let mut source: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = source {
        if cause.is::<PrivateOnly>() {
            return Failure::permanent("private_address", PrivateOnly.to_string());
        }
        source = cause.source();
    }
    Failure::transient(
        Counts::Yes,
        Failed {
            cause: if error.is_timeout() {
                "timed_out"
            } else {
                "unreachable"
            },
            error: error_chain(error),
        },
    )
}

fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let header = response.headers().get("retry-after")?;
    header
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
        .map(Duration::from_secs)
}

/// What the receiver reads: the type, when it happened, and what.
fn body(notice: &Notice) -> String {
    let at = i64::try_from(notice.at_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .unwrap_or_default();
    let conversation = &notice.conversation;
    let mut data = notice.data.as_object().cloned().unwrap_or_default();
    data.insert(
        "conversation".to_owned(),
        json!({
            "id": conversation.key(),
            "side": conversation.side,
            "line": conversation.line,
            "contact": conversation.contact,
        }),
    );
    json!({ "type": notice.kind, "timestamp": at.to_string(), "data": data }).to_string()
}

fn sign(key: &hmac::Key, id: &str, timestamp: u64, body: &str) -> String {
    let signed = hmac::sign(key, format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(signed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries: <https://github.com/standard-webhooks/standard-webhooks>.
    #[test]
    fn a_notice_is_signed_as_the_specification_says() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let signature = sign(
            &key(&secret).unwrap(),
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn addresses_that_are_not_of_the_public_internet_are_private() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "198.18.0.1",
            "192.0.0.8",
            "224.0.0.1",
            "255.255.255.255",
            "203.0.113.9",
            "::1",
            "::",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "fec0::1",
            "100::1",
        ] {
            assert!(is_private(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "192.1.0.1",
            "9.9.9.9",
            "223.255.255.254",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert!(!is_private(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn settings_that_cannot_work_are_named() {
        let config = |url: &str, secret: &str, allows_private| NotifyConfig {
            url: url.parse().unwrap(),
            secret: SecretString::from(secret.to_owned()),
            allows_private,
        };
        let good = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert_eq!(
            config("https://example.com/hook", good, false).problem(),
            None
        );
        assert_eq!(config("http://127.0.0.1:9/", good, true).problem(), None);
        for (url, secret) in [
            ("http://127.0.0.1:9/", good),
            ("http://[::ffff:10.0.0.1]/", good),
            ("http://2130706433/", good),
            ("http://0x7f.1/", good),
            ("https://example.com/", "secret"),
            ("https://example.com/", "whsec_c2hvcnQ="),
        ] {
            assert!(config(url, secret, false).problem().is_some(), "{url}");
        }
        assert!("ftp://example.com".parse::<NotifyUrl>().is_err());
    }
}
