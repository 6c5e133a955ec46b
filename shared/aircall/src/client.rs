//! Asks Aircall to send a message: one HTTP request, one [`Answer`]. Never asks twice by itself. What else can be
//! asked, about the account, is in [`crate::account`].

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, Response, Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use wex_domain::line::LineId;
use wex_domain::phone_number::PhoneNumber;

use crate::send_outcome::budget;
pub use crate::send_outcome::{
    Answer, Budget, Rejection, RejectionKind, RetryReason, SendOutcome, UnknownReason, classify,
};

/// Our side of Aircall's API. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base_url: Url,
    api_id: String,
    api_token: SecretString,
    send_mode: SendMode,
}

/// How to reach Aircall, and as whom.
#[derive(Clone)]
pub struct ClientConfig {
    /// `https://api.aircall.io`, with or without a slash at its end. A path in it is kept.
    pub base_url: String,
    pub api_id: String,
    pub api_token: SecretString,
    pub send_mode: SendMode,
    /// For name resolution, TCP and TLS together. Shorter than `request_timeout`, or a send that never left could not
    /// be told from one that did.
    pub connect_timeout: Duration,
    /// For the whole exchange. Longer than Aircall ever takes: every time-out costs an operator's look at an unknown
    /// send.
    pub request_timeout: Duration,
}

/// Which of Aircall's two messaging modes the lines are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendMode {
    /// The line belongs to the API; the Aircall app shows nothing of it.
    PublicApi,
    /// Agents see the conversation in the Aircall app and may take part.
    Native,
}

/// The word is none of the modes'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a send mode is public_api or native")]
pub struct NotASendMode;

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error(
        "the base URL is not an absolute http or https URL without credentials, query and fragment"
    )]
    BaseUrl,
    #[error("the connect time-out has to be shorter than the request time-out")]
    Timeouts,
    #[error("the HTTP client could not be set up")]
    Http(#[source] reqwest::Error),
}

impl ClientConfig {
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
    pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

    /// With the usual time-outs.
    #[must_use]
    pub fn new(
        base_url: String,
        api_id: String,
        api_token: SecretString,
        send_mode: SendMode,
    ) -> Self {
        Self {
            base_url,
            api_id,
            api_token,
            send_mode,
            connect_timeout: Self::CONNECT_TIMEOUT,
            request_timeout: Self::REQUEST_TIMEOUT,
        }
    }
}

impl FromStr for SendMode {
    type Err = NotASendMode;

    /// Reads the words of the environment, `public_api` and `native`.
    fn from_str(text: &str) -> Result<Self, NotASendMode> {
        match text {
            "public_api" => Ok(Self::PublicApi),
            "native" => Ok(Self::Native),
            _ => Err(NotASendMode),
        }
    }
}

impl Client {
    pub fn new(config: ClientConfig) -> Result<Self, ClientError> {
        if config.request_timeout <= config.connect_timeout {
            return Err(ClientError::Timeouts);
        }
        let http = reqwest::Client::builder()
            .user_agent("wex-sms")
            .connect_timeout(config.connect_timeout)
            .timeout(config.request_timeout)
            // Shorter than servers keep an idle connection (often a minute): one that Aircall closes just as we write
            // makes an unknown send.
            .pool_idle_timeout(Duration::from_secs(15))
            // A redirect would carry the text, perhaps the credentials, to an address that nobody configured.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(ClientError::Http)?;
        Ok(Self {
            http,
            base_url: read_base_url(&config.base_url)?,
            api_id: config.api_id,
            api_token: config.api_token,
            send_mode: config.send_mode,
        })
    }

    /// The same client, over the same connections, for lines in this mode.
    #[must_use]
    pub fn in_mode(&self, send_mode: SendMode) -> Self {
        Self {
            send_mode,
            ..self.clone()
        }
    }

    /// Sends one message. `body` is at most 1,600 characters long; what Aircall does with more is not documented.
    pub async fn send(&self, line: LineId, to: &PhoneNumber, body: &str) -> Answer {
        #[derive(Serialize)]
        struct Message<'a> {
            to: &'a str,
            body: &'a str,
        }

        /// Aircall's answers to a send have some hundred bytes.
        const ANSWER_BYTES_MAX: usize = 64 * 1024;

        let mode = match self.send_mode {
            SendMode::PublicApi => "send",
            SendMode::Native => "native/send",
        };
        let path = format!("v1/numbers/{line}/messages/{mode}");
        let request = self.request(Method::POST, &path).json(&Message {
            to: to.as_e164(),
            body,
        });
        match exchange(request, ANSWER_BYTES_MAX).await {
            Ok(HttpAnswer {
                status,
                headers,
                body,
            }) => Answer {
                outcome: classify(status, &headers, &body),
                budget: budget(&headers),
            },
            Err(error) => Answer {
                outcome: outcome_of(&error),
                budget: None,
            },
        }
    }

    /// A request with our credentials. `path` is below the base and made of what needs no escape.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = self
            .base_url
            .join(path)
            .expect("a base that ends with a slash and a path of digits and letters make a URL");
        self.http
            .request(method, url)
            .basic_auth(&self.api_id, Some(self.api_token.expose_secret()))
    }

    /// Where Aircall is, for messages.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.base_url.as_str().trim_end_matches('/')
    }
}

/// What came back.
pub(crate) struct HttpAnswer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// As much of it as arrived, up to a bound.
    pub(crate) body: Vec<u8>,
}

/// One request, one answer.
pub(crate) async fn exchange(
    request: RequestBuilder,
    body_bytes_max: usize,
) -> Result<HttpAnswer, reqwest::Error> {
    let mut response = request.send().await?;
    Ok(HttpAnswer {
        body: read_body(&mut response, body_bytes_max).await,
        status: response.status().as_u16(),
        headers: std::mem::take(response.headers_mut()),
    })
}

/// A pooled connection that Aircall closed before it saw the request fails like one closed after: it is not a connect
/// error, so it is unknown. That is rarer than it sounds, because the pool notices a closed connection before it
/// writes.
fn outcome_of(error: &reqwest::Error) -> SendOutcome {
    if error.is_connect() {
        SendOutcome::RetryLater {
            why: RetryReason::Unreachable,
            retry_after: None,
        }
    } else if error.is_timeout() {
        SendOutcome::Unknown {
            why: UnknownReason::TimedOut,
        }
    } else {
        SendOutcome::Unknown {
            why: UnknownReason::Disconnected,
        }
    }
}

/// As much of the body as arrives, up to a bound.
async fn read_body(response: &mut Response, bytes_max: usize) -> Vec<u8> {
    let mut body = Vec::new();
    // The status has arrived and says most; a body that breaks off leaves an answer without a key or an id, which
    // `classify` knows how to judge.
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = bytes_max - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == bytes_max {
            break;
        }
    }
    body
}

/// Ends the base with a slash, without which joining would drop the last part of its path.
fn read_base_url(base_url: &str) -> Result<Url, ClientError> {
    let url = Url::parse(&format!("{}/", base_url.trim().trim_end_matches('/'))).ok();
    url.filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
    .ok_or(ClientError::BaseUrl)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.base_url.as_str())
            .field("send_mode", &self.send_mode)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The base URL is not yet checked for credentials.
        f.debug_struct("ClientConfig")
            .field("send_mode", &self.send_mode)
            .field("connect_timeout", &self.connect_timeout)
            .field("request_timeout", &self.request_timeout)
            .finish_non_exhaustive()
    }
}
