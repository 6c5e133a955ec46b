//! The account at Aircall, as set-up and operators need it: its numbers, the messaging mode of each, its webhooks.
//!
//! Two traps are sprung here, once. The messaging configuration is refused without a JSON content type, even where there
//! is no body. And a webhook that is made or changed without `events` is subscribed to all of them; so they are always
//! sent, and are always [`EVENTS`].

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap};
use reqwest::{Method, RequestBuilder, Url};
use secrecy::SecretString;
use serde_json::json;
use wex_domain::line::LineId;

use crate::client::{Client, HttpAnswer, SendMode, exchange};
use crate::json::{self, Object, Value};
use crate::send_outcome::{error_key, is_from_aircall, number, resets_in, retry_after};
use crate::timestamp;

/// The events that our webhook is for.
pub const EVENTS: [&str; 3] = ["message.sent", "message.received", "message.status_updated"];

/// What Aircall gives at a time, and how many times we ask for one list: a thousand of its items.
const PER_PAGE: usize = 50;
const PAGES_MAX: usize = 20;

/// A page of fifty numbers has some ten kilobytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Why the account could not be looked at or changed, sorted by what to do.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Nothing was asked.
    #[error("no connection to {base_url}: check AIRCALL_BASE_URL and the network")]
    Unreachable {
        base_url: String,
        source: reqwest::Error,
    },
    /// A change may have been made all the same.
    #[error(
        "Aircall did not answer; what was asked may have been done all the same: look before you ask again"
    )]
    Unclear(#[source] reqwest::Error),
    #[error(
        "Aircall does not know us (401): check AIRCALL_API_ID and AIRCALL_API_TOKEN (dashboard, Integrations & API, API Keys)"
    )]
    Unauthorized,
    /// The same answer for two causes; which it is, the other requests show.
    #[error(
        "Aircall refuses us (403): AIRCALL_API_ID or AIRCALL_API_TOKEN is wrong, or the plan has no messaging by API \
         (it needs Professional)"
    )]
    Forbidden,
    #[error("Aircall does not know it (404): check the id")]
    NotFound,
    #[error("Aircall's rate limit is reached: try again in {} s", .retry_after.as_secs())]
    RateLimited { retry_after: Duration },
    #[error(
        "the network in front of Aircall refused (403 without Aircall's words), which comes and goes: try again"
    )]
    BlockedAtEdge,
    #[error("Aircall refuses the request with status {status}{}", words(.key.as_deref(), .message.as_deref()))]
    Refused {
        status: u16,
        key: Option<String>,
        message: Option<String>,
    },
    /// A change may have been made all the same.
    #[error(
        "Aircall failed with status {status}; what was asked may have been done all the same: look before you ask again"
    )]
    Failed { status: u16 },
    #[error("what answers at {base_url} (status {status}) is not Aircall: check AIRCALL_BASE_URL")]
    NotAircall { base_url: String, status: u16 },
}

fn words(key: Option<&str>, message: Option<&str>) -> String {
    [key, message]
        .into_iter()
        .flatten()
        .map(|words| format!(": {words}"))
        .collect()
}

/// How the company stands with Aircall's API, by the headers of one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Aircall's clock, to the second, when it answered.
    pub date_ms: Option<u64>,
    /// `X-AircallApi-Limit`: requests of the whole company in a window.
    pub limit: Option<u64>,
    /// `X-AircallApi-Remaining`: what is left of them.
    pub remaining: Option<u64>,
    /// Time until the next window.
    pub resets_in: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    pub name: String,
    pub numbers: Option<u64>,
}

/// One of the company's numbers: a line, if it is one of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    pub id: LineId,
    pub name: String,
    /// In display format, `+1 424-416-2288`.
    pub digits: String,
    /// Two letters; empty when Aircall does not say.
    pub country: String,
}

/// How a number does messaging.
#[derive(Debug, Clone)]
pub struct Configuration {
    pub mode: Mode,
    /// Where texts to a number in Public API mode are posted. Without one: nowhere.
    pub callback_url: Option<String>,
    /// What those posts carry.
    pub token: Option<SecretString>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    PublicApi,
    Native,
    /// A configuration of somebody else's, in Aircall's words.
    Other(String),
}

/// A webhook of the account. It fires for every number of it.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// A UUID.
    pub id: String,
    pub name: String,
    pub url: String,
    pub active: bool,
    pub events: Vec<String>,
    /// What its posts carry. The dashboard does not show it.
    pub token: Option<SecretString>,
}

/// Where a webhook or a callback delivers: an absolute http or https URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

/// What of a list was read.
#[derive(Debug, Clone)]
pub struct Listing<T> {
    pub items: Vec<T>,
    /// There are more than we ask for.
    pub is_cut: bool,
}

impl Client {
    /// Asks for nothing, to see whether Aircall knows us.
    pub async fn ping(&self) -> Result<Standing, AccountError> {
        let answer = self.ask(self.request(Method::GET, "v1/ping")).await?;
        if json::text(&self.object(&answer)?, "ping") != Some("pong") {
            return Err(self.not_aircall(&answer));
        }
        Ok(standing(&answer.headers))
    }

    pub async fn company(&self) -> Result<Company, AccountError> {
        let answer = self.ask(self.request(Method::GET, "v1/company")).await?;
        let object = self.object(&answer)?;
        let company = json::object(&object, "company").ok_or_else(|| self.not_aircall(&answer))?;
        Ok(Company {
            name: text(company, "name"),
            numbers: json::get(company, "numbers_count").and_then(Value::as_u64),
        })
    }

    pub async fn numbers(&self) -> Result<Listing<Number>, AccountError> {
        self.list("numbers", read_number).await
    }

    pub async fn number(&self, id: LineId) -> Result<Number, AccountError> {
        let path = format!("v1/numbers/{id}");
        let answer = self.ask(self.request(Method::GET, &path)).await?;
        let object = self.object(&answer)?;
        json::object(&object, "number")
            .and_then(read_number)
            .ok_or_else(|| self.not_aircall(&answer))
    }

    /// The messaging mode of a number. One without a configuration is in native mode.
    pub async fn configuration(&self, line: LineId) -> Result<Configuration, AccountError> {
        match self.configured(Method::GET, line, None).await {
            // Aircall does not document its answer for such a number. That the number is there, [`Client::number`] says.
            Err(AccountError::NotFound) => Ok(Configuration::native()),
            other => other,
        }
    }

    /// Puts a number into Public API mode, or gives it another callback. Without a callback nothing that is texted to it
    /// is delivered anywhere.
    pub async fn configure(
        &self,
        line: LineId,
        callback_url: Option<&str>,
    ) -> Result<Configuration, AccountError> {
        let body = callback_url.map(|url| json!({ "callbackUrl": url }));
        self.configured(Method::POST, line, body).await
    }

    /// Puts a number back into native mode.
    pub async fn unconfigure(&self, line: LineId) -> Result<(), AccountError> {
        let request = self.configuration_request(Method::DELETE, line);
        self.ask(request).await.map(drop)
    }

    async fn configured(
        &self,
        method: Method,
        line: LineId,
        body: Option<serde_json::Value>,
    ) -> Result<Configuration, AccountError> {
        let request = self.configuration_request(method, line);
        let request = match body {
            Some(body) => request.body(body.to_string()),
            None => request,
        };
        let answer = self.ask(request).await?;
        Ok(read_configuration(&self.object(&answer)?))
    }

    fn configuration_request(&self, method: Method, line: LineId) -> RequestBuilder {
        let path = format!("v1/numbers/{line}/messages/configuration");
        self.request(method, &path)
            .header(CONTENT_TYPE, "application/json")
    }

    pub async fn webhooks(&self) -> Result<Listing<Webhook>, AccountError> {
        self.list("webhooks", read_webhook).await
    }

    pub async fn webhook(&self, id: &str) -> Result<Webhook, AccountError> {
        let request = self.request(Method::GET, &webhook_path(id)?);
        let answer = self.ask(request).await?;
        self.read_webhook(&answer)
    }

    /// Makes a webhook for [`EVENTS`].
    pub async fn create_webhook(&self, name: &str, url: &str) -> Result<Webhook, AccountError> {
        let body = json!({ "custom_name": name, "url": url, "events": EVENTS });
        let request = self.request(Method::POST, "v1/webhooks").json(&body);
        let answer = self.ask(request).await?;
        self.read_webhook(&answer)
    }

    /// Gives a webhook this name, address and activity, and [`EVENTS`]. Its token stays.
    pub async fn update_webhook(&self, webhook: &Webhook) -> Result<Webhook, AccountError> {
        let body = json!({
            "custom_name": webhook.name,
            "url": webhook.url,
            "active": webhook.active,
            "events": EVENTS,
        });
        let request = self.request(Method::PUT, &webhook_path(&webhook.id)?);
        let answer = self.ask(request.json(&body)).await?;
        self.read_webhook(&answer)
    }

    pub async fn delete_webhook(&self, id: &str) -> Result<(), AccountError> {
        let request = self.request(Method::DELETE, &webhook_path(id)?);
        self.ask(request).await.map(drop)
    }

    fn read_webhook(&self, answer: &HttpAnswer) -> Result<Webhook, AccountError> {
        json::object(&self.object(answer)?, "webhook")
            .and_then(read_webhook)
            .ok_or_else(|| self.not_aircall(answer))
    }

    /// All pages of a list, up to [`PAGES_MAX`]. The links to further pages are not followed: they could lead elsewhere,
    /// and our credentials with them.
    async fn list<T>(
        &self,
        of: &str,
        read: impl Fn(&Object<'_>) -> Option<T>,
    ) -> Result<Listing<T>, AccountError> {
        let mut items = Vec::new();
        for page in 1..=PAGES_MAX {
            let path = format!("v1/{of}?page={page}&per_page={PER_PAGE}");
            let answer = self.ask(self.request(Method::GET, &path)).await?;
            let object = self.object(&answer)?;
            let listed = json::get(&object, of).and_then(Value::as_array);
            let listed = listed.ok_or_else(|| self.not_aircall(&answer))?;
            items.extend(listed.iter().filter_map(Value::as_object).filter_map(&read));
            let has_next = json::object(&object, "meta")
                .is_some_and(|meta| json::text(meta, "next_page_link").is_some());
            if !has_next {
                return Ok(Listing {
                    items,
                    is_cut: false,
                });
            }
        }
        Ok(Listing {
            items,
            is_cut: true,
        })
    }

    /// A 2xx, or why not.
    async fn ask(&self, request: RequestBuilder) -> Result<HttpAnswer, AccountError> {
        let answer = exchange(request, ANSWER_BYTES_MAX).await;
        let answer = answer.map_err(|source| {
            if source.is_connect() {
                AccountError::Unreachable {
                    base_url: self.base_url().to_owned(),
                    source,
                }
            } else {
                AccountError::Unclear(source)
            }
        })?;
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        Err(self.refusal(&answer))
    }

    /// Sorts an answer that is not a success.
    fn refusal(&self, answer: &HttpAnswer) -> AccountError {
        let words = match json::read(&answer.body) {
            Some(Value::Object(words)) => words,
            _ => Object::default(),
        };
        match answer.status {
            401 => AccountError::Unauthorized,
            403 if is_from_aircall(&words) => AccountError::Forbidden,
            403 => AccountError::BlockedAtEdge,
            404 if is_from_aircall(&words) => AccountError::NotFound,
            429 => AccountError::RateLimited {
                retry_after: retry_after(&answer.headers),
            },
            400 | 402..=499 if is_from_aircall(&words) => AccountError::Refused {
                status: answer.status,
                key: error_key(&words).map(str::to_owned),
                message: message(&words),
            },
            408 | 500..=599 => AccountError::Failed {
                status: answer.status,
            },
            _ => self.not_aircall(answer),
        }
    }

    fn object<'a>(&self, answer: &'a HttpAnswer) -> Result<Object<'a>, AccountError> {
        match json::read(&answer.body) {
            Some(Value::Object(object)) => Ok(object),
            _ => Err(self.not_aircall(answer)),
        }
    }

    fn not_aircall(&self, answer: &HttpAnswer) -> AccountError {
        AccountError::NotAircall {
            base_url: self.base_url().to_owned(),
            status: answer.status,
        }
    }
}

/// The path of a webhook, whose id becomes a part of a URL.
fn webhook_path(id: &str) -> Result<String, AccountError> {
    let is_id = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_id
        .then(|| format!("v1/webhooks/{id}"))
        .ok_or(AccountError::NotFound)
}

fn standing(headers: &HeaderMap) -> Standing {
    let date = headers.get(DATE).and_then(|date| date.to_str().ok());
    Standing {
        date_ms: date.and_then(timestamp::of_http_date),
        limit: number(headers, "x-aircallapi-limit"),
        remaining: number(headers, "x-aircallapi-remaining"),
        resets_in: resets_in(headers),
    }
}

fn read_number(number: &Object<'_>) -> Option<Number> {
    Some(Number {
        id: LineId(json::id(number, "id")?.parse().ok()?),
        name: text(number, "name"),
        digits: text(number, "digits"),
        country: text(number, "country"),
    })
}

fn read_configuration(configuration: &Object<'_>) -> Configuration {
    let token = json::text(configuration, "token").map(SecretString::from);
    let words = json::text(configuration, "type");
    let letters = words.map(|words| {
        let letters = words.chars().filter(char::is_ascii_alphabetic);
        letters.collect::<String>().to_ascii_lowercase()
    });
    Configuration {
        mode: match (letters.as_deref(), words) {
            (Some("publicapi"), _) => Mode::PublicApi,
            (Some("native"), _) | (None, _) => Mode::Native,
            (Some(_), words) => Mode::Other(words.unwrap_or_default().to_owned()),
        },
        callback_url: json::text(configuration, "callbackUrl").map(str::to_owned),
        token,
    }
}

fn read_webhook(webhook: &Object<'_>) -> Option<Webhook> {
    let events = json::get(webhook, "events").and_then(Value::as_array);
    let events = events.into_iter().flatten().filter_map(Value::as_str);
    Some(Webhook {
        id: json::id(webhook, "webhook_id")?,
        name: text(webhook, "custom_name"),
        url: text(webhook, "url"),
        active: json::get(webhook, "active").and_then(Value::as_bool)?,
        events: events.map(str::to_owned).collect(),
        token: json::text(webhook, "token").map(SecretString::from),
    })
}

fn text(object: &Object<'_>, key: &str) -> String {
    json::text(object, key).unwrap_or_default().to_owned()
}

/// Aircall's sentence about an error of an account: it quotes no texts, for the request held none.
fn message(words: &Object<'_>) -> Option<String> {
    const CHARS_MAX: usize = 200;
    let names = ["message", "troubleshoot", "error"].into_iter();
    let sentence = names.filter_map(|name| json::text(words, name)).next()?;
    Some(sentence.chars().take(CHARS_MAX).collect())
}

impl Configuration {
    fn native() -> Self {
        Self {
            mode: Mode::Native,
            callback_url: None,
            token: None,
        }
    }
}

impl Mode {
    /// Whether `send_mode` sends on the endpoint that a number in this mode answers on.
    #[must_use]
    pub fn is(&self, send_mode: SendMode) -> bool {
        matches!(
            (self, send_mode),
            (Self::PublicApi, SendMode::PublicApi) | (Self::Native, SendMode::Native)
        )
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PublicApi => f.write_str("public_api"),
            Self::Native => f.write_str("native"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

impl WebhookUrl {
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Without a slash at its end.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.path().trim_end_matches('/')
    }

    /// The same address with another path.
    #[must_use]
    pub fn with_path(&self, path: &str) -> String {
        let mut url = self.0.clone();
        url.set_query(None);
        url.set_path(path);
        url.to_string()
    }

    /// Whether this is where `webhook` delivers, a slash at the end aside.
    #[must_use]
    pub fn is_that_of(&self, webhook: &Webhook) -> bool {
        webhook.url.parse().is_ok_and(|theirs: Self| {
            theirs.is_beside(self)
                && theirs.path() == self.path()
                && theirs.0.query() == self.0.query()
        })
    }

    /// Whether both are of one host.
    #[must_use]
    pub fn is_beside(&self, other: &Self) -> bool {
        self.0.origin() == other.0.origin()
    }

    /// Whether Aircall could deliver there, as far as the URL shows: by https, and not to a machine's own address or a
    /// private network's.
    #[must_use]
    pub fn is_public(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let is_inside = match address {
            Ok(IpAddr::V4(v4)) => {
                v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified()
            }
            Ok(IpAddr::V6(v6)) => v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local(),
            Err(_a_name) => !host.contains('.') || host.ends_with(".localhost"),
        };
        self.0.scheme() == "https" && !is_inside
    }
}

impl FromStr for WebhookUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected a URL such as https://wex.example/api/sms/webhook";
        let url: Url = text.trim().parse().map_err(|_not_a_url| EXPECTED)?;
        let is_plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none();
        is_plain.then_some(Self(url)).ok_or(EXPECTED)
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Webhook {
    /// How the audit names it.
    #[must_use]
    pub fn audit_name(&self) -> String {
        format!("aircall:webhook:{}", self.id)
    }

    /// Whether it is subscribed to all of [`EVENTS`], whatever else it is subscribed to.
    #[must_use]
    pub fn hears_us(&self) -> bool {
        EVENTS
            .iter()
            .all(|event| self.events.iter().any(|subscribed| subscribed == event))
    }

    /// Whether it is subscribed to exactly [`EVENTS`].
    #[must_use]
    pub fn has_our_events(&self) -> bool {
        self.events.len() == EVENTS.len() && self.hears_us()
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;
    use crate::client::ClientConfig;

    fn client() -> Client {
        let token = SecretString::from("token");
        let base_url = "https://api.example/aircall/".to_owned();
        let config = ClientConfig::new(base_url, "id".to_owned(), token, SendMode::Native);
        Client::new(config).expect("the configuration is good")
    }

    #[test]
    fn each_refusal_is_sorted_by_what_to_do() {
        let key = |key: &str| json!({ "key": key, "message": "Because." }).to_string();
        let html = "<html>403 ERROR</html>".to_owned();
        let failure =
            json!({ "success": false, "error": "Not Found", "troubleshoot": "Check it." });
        for (status, body, expected) in [
            (401, key("Unauthorized"), "Aircall does not know us (401)"),
            (403, key("Forbidden"), "Aircall refuses us (403)"),
            (403, html.clone(), "the network in front of Aircall refused"),
            (404, failure.to_string(), "Aircall does not know it (404)"),
            (404, html.clone(), "is not Aircall"),
            (429, String::new(), "try again in 60 s"),
            (
                400,
                key("InvalidContentType"),
                "status 400: InvalidContentType: Because.",
            ),
            (422, failure.to_string(), "status 422: Check it."),
            (500, key("Oops"), "Aircall failed with status 500"),
            (301, String::new(), "is not Aircall"),
        ] {
            let answer = HttpAnswer {
                status,
                headers: HeaderMap::new(),
                body: body.into_bytes(),
            };
            let said = client().refusal(&answer).to_string();
            assert!(said.contains(expected), "{status}: {said}");
        }
    }

    #[test]
    fn the_mode_of_a_line_is_read_in_any_spelling() {
        for (configuration, expected) in [
            (
                json!({ "type": "Public Api", "callbackUrl": null }),
                "public_api",
            ),
            (json!({ "type": "public_api", "token": "a" }), "public_api"),
            (json!({ "type": "Native" }), "native"),
            (json!({}), "native"),
            (json!({ "type": "Third party" }), "Third party"),
        ] {
            let read = read_configuration(Value::from(&configuration).as_object().unwrap());
            assert_eq!(read.mode.to_string(), expected);
            assert_eq!(read.callback_url, None);
        }
    }

    #[test]
    fn only_what_aircall_could_reach_is_public() {
        for (url, is_public) in [
            ("https://wex.example/api/sms/webhook", true),
            ("https://203.0.113.7/hook", true),
            ("http://wex.example/api/sms/webhook", false),
            ("https://localhost/hook", false),
            ("https://wex.localhost/hook", false),
            ("https://ingress:8000/hook", false),
            ("https://127.0.0.1/hook", false),
            ("https://10.0.0.7/hook", false),
            ("https://[::1]/hook", false),
            ("https://[fd00::1]/hook", false),
        ] {
            let url: WebhookUrl = url.parse().unwrap();
            assert_eq!(url.is_public(), is_public, "{url}");
        }
        for wrong in [
            "",
            "wex.example",
            "ftp://wex.example",
            "https://a:b@wex.example",
            "/hook",
        ] {
            assert!(wrong.parse::<WebhookUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_webhook_is_found_by_its_url_a_slash_aside() {
        let ours: WebhookUrl = "https://wex.example/api/sms/webhook".parse().unwrap();
        for (url, is_ours) in [
            ("https://wex.example/api/sms/webhook", true),
            ("https://WEX.example:443/api/sms/webhook/", true),
            ("https://wex.example/api/sms/webhook?a=b", false),
            ("https://wex.example/api/sms/buyer/webhook", false),
            ("https://old.example/api/sms/webhook", false),
            ("nonsense", false),
        ] {
            let webhook = json!({ "webhook_id": "a", "url": url, "active": true });
            let webhook = read_webhook(Value::from(&webhook).as_object().unwrap()).unwrap();
            assert_eq!(ours.is_that_of(&webhook), is_ours, "{url}");
        }
        assert_eq!(
            ours.with_path("/api/sms/buyer/webhook"),
            "https://wex.example/api/sms/buyer/webhook"
        );
    }

    #[test]
    fn what_is_no_id_never_becomes_a_path() {
        for id in ["", "../numbers/1", "a?b", "a/b", "a b"] {
            assert!(
                matches!(webhook_path(id), Err(AccountError::NotFound)),
                "{id}"
            );
        }
        assert_eq!(
            webhook_path("c2501111-8a69").unwrap(),
            "v1/webhooks/c2501111-8a69"
        );
    }
}
