//! One call to one provider: a request in its wire format, an answer or a [`Failure`]. Never asks twice by itself.

use std::fmt;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use reqwest::{RequestBuilder, Response, Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::time::Instant;
use tracing::error;

use crate::breaker::{Breaker, Call};
use crate::failure::{Failure, of_status};
use crate::price::Usage;
use crate::schema::Schema;

/// The largest answer that is read. One has some hundred bytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

const CONNECT_MAX: Duration = Duration::from_secs(5);

/// A wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `POST {base}/chat/completions`, as OpenAI and Azure serve it.
    OpenAi,
    /// The same as others serve it (vLLM, Ollama, llama.cpp): with the older `max_tokens`, and without what only OpenAI knows.
    OpenAiCompatible,
    /// `POST {base}/v1/messages`.
    Anthropic,
}

impl Dialect {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::OpenAiCompatible => "openai_compatible",
            Self::Anthropic => "anthropic",
        }
    }

    /// Where the vendor itself serves it, if there is one.
    #[must_use]
    pub fn base_url(self) -> Option<&'static str> {
        match self {
            Self::OpenAi => Some("https://api.openai.com/v1"),
            Self::OpenAiCompatible => None,
            Self::Anthropic => Some("https://api.anthropic.com"),
        }
    }
}

/// How to reach a provider, and as whom.
#[derive(Clone)]
pub struct ProviderConfig {
    pub dialect: Dialect,
    /// With or without a slash at its end. A path in it is kept.
    pub base_url: String,
    pub api_key: SecretString,
    pub model: String,
    /// The header `anthropic-version`.
    pub anthropic_version: String,
    /// For one exchange, from the connection to the last byte.
    pub timeout: Duration,
    /// How long it is left alone when it fails, see [`crate::breaker`].
    pub rest: Duration,
    /// How often it may be asked in any minute, by all who share [`Provider::take_from`].
    pub rate_per_minute: Option<u32>,
}

/// Takes one call from an allowance of so many a minute: `Some` is how long until there is one, and then none was taken.
pub type Take =
    dyn Fn(String, u32) -> Pin<Box<dyn Future<Output = Option<Duration>> + Send>> + Send + Sync;

/// Why a provider cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    #[error(
        "the base URL is not an absolute http or https URL without credentials, query and fragment"
    )]
    BaseUrl,
    #[error("the HTTP client could not be set up")]
    Http(#[source] reqwest::Error),
}

/// A model somewhere. Clones share their connections and what is known of its health.
#[derive(Clone)]
pub struct Provider {
    breaker: Arc<Mutex<Breaker>>,
    take: Option<Arc<Take>>,
    http: reqwest::Client,
    url: Url,
    config: ProviderConfig,
}

/// What is asked.
#[derive(Clone)]
pub(crate) struct Question<'a> {
    pub(crate) prompt: &'a str,
    pub(crate) context: &'a str,
    pub(crate) newest: &'a str,
    pub(crate) schema: &'static Schema,
    pub(crate) tokens_max: u32,
    /// Questions of one key begin alike, so that a vendor can keep what it computed of the beginning.
    pub(crate) cache_key: &'a str,
    /// Who texts, in a name that tells nobody who that is.
    pub(crate) pseudonym: Option<&'a str>,
    /// An answer that was no good, and a sentence that says why.
    pub(crate) repair: Option<(&'a str, &'a str)>,
}

/// The text of an answer, and what it took.
#[derive(Clone)]
pub(crate) struct Answered {
    pub(crate) text: Result<String, Failure>,
    pub(crate) usage: Usage,
}

impl FromStr for Dialect {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "openai" => Ok(Self::OpenAi),
            "openai_compatible" => Ok(Self::OpenAiCompatible),
            "anthropic" => Ok(Self::Anthropic),
            _ => Err("a provider is offline, openai, openai_compatible or anthropic"),
        }
    }
}

impl Provider {
    /// # Errors
    /// When the address cannot be one.
    pub fn new(config: ProviderConfig) -> Result<Self, ProviderError> {
        let path = match config.dialect {
            Dialect::OpenAi | Dialect::OpenAiCompatible => "chat/completions",
            Dialect::Anthropic => "v1/messages",
        };
        let url = Url::parse(&format!(
            "{}/{path}",
            config.base_url.trim().trim_end_matches('/')
        ))
        .ok();
        let url = url.filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        Ok(Self {
            breaker: Arc::new(Mutex::new(Breaker::new(config.rest))),
            take: None,
            http: reqwest::Client::builder()
                .user_agent("wex-sms")
                .connect_timeout(CONNECT_MAX)
                .timeout(config.timeout)
                // A redirect would carry texts to an address that nobody configured.
                .redirect(redirect::Policy::none())
                .no_proxy()
                .build()
                .map_err(ProviderError::Http)?,
            url: url.ok_or(ProviderError::BaseUrl)?,
            config,
        })
    }

    /// Says who counts the calls of all who keep to the rate together. Nobody does before.
    pub fn take_from(&mut self, take: Arc<Take>) {
        self.take = Some(take);
    }

    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.config.dialect
    }

    #[must_use]
    pub fn model(&self) -> &str {
        &self.config.model
    }

    /// Asks once, unless the provider is left alone for now.
    pub(crate) async fn ask(&self, question: &Question<'_>) -> Result<Answered, Failure> {
        let admitted = self.breaker().admit(Instant::now());
        let asking = Asking {
            provider: self,
            call: admitted.map_err(|wait| Failure::Resting { wait })?,
        };
        self.take_one().await?;
        let asked = self.exchange(question).await;
        let failure = asked.as_ref().err();
        let rest = asking.end(failure);
        if let (Some(failure), Some(rest)) = (failure, rest) {
            let (provider, model) = (self.config.dialect.as_str(), self.model());
            let rest_s = rest.as_secs();
            error!(provider, model, error = %failure, rest_s, "llm.left_alone: it is tried again after its rest");
        }
        asked
    }

    /// Vendors limit what each model is asked, so each has an allowance of its own.
    async fn take_one(&self) -> Result<(), Failure> {
        let (Some(take), Some(rate)) = (&self.take, self.config.rate_per_minute) else {
            return Ok(());
        };
        let allowance = format!("llm:{}:{}", self.config.dialect.as_str(), self.model());
        match take(allowance, rate).await {
            None => Ok(()),
            Some(wait) => Err(Failure::OverRate { wait }),
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().expect("nothing panics under this lock")
    }

    async fn exchange(&self, question: &Question<'_>) -> Result<Answered, Failure> {
        let body = body(self.config.dialect, &self.config.model, question);
        let request = self
            .authorized(self.http.post(self.url.clone()))
            .json(&body);
        let mut response = request.send().await.map_err(|error| unreachable(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_body(&mut response).await?;
        if !status.is_success() {
            return Err(of_status(status.as_u16(), &headers, &body));
        }
        let body: Value =
            serde_json::from_slice(&body).map_err(|_a_page| Failure::Unavailable {
                what: "its answer is not JSON",
                may_retry: true,
                wait: None,
            })?;
        Ok(match self.config.dialect {
            Dialect::OpenAi | Dialect::OpenAiCompatible => openai_answer(&body),
            Dialect::Anthropic => anthropic_answer(&body),
        })
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        let key = self.config.api_key.expose_secret();
        match self.config.dialect {
            Dialect::OpenAi | Dialect::OpenAiCompatible => request.bearer_auth(key),
            Dialect::Anthropic => request
                .header("x-api-key", key)
                .header("anthropic-version", &self.config.anthropic_version),
        }
    }
}

/// A call that the breaker admitted. One that is dropped, for its turn has no time left, counts as given up.
struct Asking<'a> {
    provider: &'a Provider,
    call: Call,
}

impl Asking<'_> {
    /// Tells what came of it. Returns for how long the provider is left alone, if that is new.
    fn end(self, failure: Option<&Failure>) -> Option<Duration> {
        self.provider
            .breaker()
            .tell(self.call, failure, Instant::now())
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.provider.breaker().give_up(self.call);
    }
}

/// The request. No sampling parameter: newer models of both vendors refuse them.
pub(crate) fn body(dialect: Dialect, model: &str, question: &Question<'_>) -> Value {
    let user = |text: &str| json!({ "role": "user", "content": text });
    let mut messages = vec![user(question.context), user(question.newest)];
    if let Some((answer, complaint)) = question.repair {
        messages.push(json!({ "role": "assistant", "content": answer }));
        messages.push(user(&format!("{complaint}. Give the whole answer again.")));
    }
    match dialect {
        Dialect::OpenAi | Dialect::OpenAiCompatible => {
            messages.insert(0, json!({ "role": "system", "content": question.prompt }));
            let mut body = json!({
                "model": model,
                "messages": messages,
                "response_format": {
                    "type": "json_schema",
                    "json_schema": { "name": question.schema.name, "strict": true, "schema": question.schema.value },
                },
            });
            if dialect == Dialect::OpenAiCompatible {
                body["max_tokens"] = json!(question.tokens_max);
                return body;
            }
            body["max_completion_tokens"] = json!(question.tokens_max);
            // Texts are not the vendor's to keep.
            body["store"] = json!(false);
            body["prompt_cache_key"] = json!(question.cache_key);
            if let Some(pseudonym) = question.pseudonym {
                body["safety_identifier"] = json!(pseudonym);
            }
            body
        }
        Dialect::Anthropic => json!({
            "model": model,
            "max_tokens": question.tokens_max,
            "system": [{ "type": "text", "text": question.prompt, "cache_control": { "type": "ephemeral" } }],
            "messages": messages,
            "output_config": { "format": { "type": "json_schema", "schema": question.schema.value } },
        }),
    }
}

fn openai_answer(body: &Value) -> Answered {
    let choice = &body["choices"][0];
    let message = &choice["message"];
    let usage = &body["usage"];
    let text = match choice["finish_reason"].as_str() {
        _ if message["refusal"].is_string() => Err(Failure::Refused),
        Some("content_filter") => Err(Failure::Refused),
        Some("length") => Err(Failure::Truncated),
        _ => text_of(message["content"].as_str()),
    };
    Answered {
        text,
        usage: Usage {
            input: count(&usage["prompt_tokens"]),
            cached: count(&usage["prompt_tokens_details"]["cached_tokens"]),
            output: count(&usage["completion_tokens"]),
        },
    }
}

fn anthropic_answer(body: &Value) -> Answered {
    let mut blocks = body["content"].as_array().into_iter().flatten();
    let text = blocks.find(|block| block["type"] == "text");
    let usage = &body["usage"];
    let cached = count(&usage["cache_read_input_tokens"]);
    Answered {
        text: match body["stop_reason"].as_str() {
            Some("refusal") => Err(Failure::Refused),
            Some("max_tokens") => Err(Failure::Truncated),
            Some("model_context_window_exceeded") => Err(Failure::TooLong),
            _ => text_of(text.and_then(|block| block["text"].as_str())),
        },
        usage: Usage {
            // Anthropic counts what came from the cache, or went into it, apart.
            input: [cached, count(&usage["cache_creation_input_tokens"])]
                .into_iter()
                .fold(count(&usage["input_tokens"]), u64::saturating_add),
            cached,
            output: count(&usage["output_tokens"]),
        },
    }
}

fn text_of(text: Option<&str>) -> Result<String, Failure> {
    let text = text.unwrap_or_default();
    if text.trim().is_empty() {
        return Err(Failure::Unfit {
            answer: "(nothing)".to_owned(),
            problem: "it is empty".to_owned(),
        });
    }
    Ok(text.to_owned())
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

fn unreachable(error: &reqwest::Error) -> Failure {
    let what = if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_connect() {
        "it cannot be reached"
    } else {
        "the connection broke"
    };
    Failure::Unavailable {
        what,
        may_retry: true,
        wait: None,
    }
}

async fn read_body(response: &mut Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| unreachable(&error))?
    {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(Failure::Unavailable {
                what: "its answer has no end",
                may_retry: false,
                wait: None,
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.config, f)
    }
}

impl fmt::Debug for ProviderConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The base URL may not be checked for credentials yet.
        f.debug_struct("Provider")
            .field("dialect", &self.dialect)
            .field("model", &self.model)
            .field("anthropic_version", &self.anthropic_version)
            .field("timeout", &self.timeout)
            .field("rate_per_minute", &self.rate_per_minute)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::UNDERSTANDING;

    /// The request without the schema and the prompt, which are long.
    fn shown(dialect: Dialect) -> String {
        let question = Question {
            prompt: "PROMPT",
            context: "CONTEXT",
            newest: "10k sqft in Carson",
            schema: &UNDERSTANDING,
            tokens_max: 1_200,
            cache_key: "wex-understanding-0123",
            pseudonym: Some("5f1d"),
            repair: Some(("{", "That answer cannot be read: it ends")),
        };
        let mut body = body(dialect, "small", &question);
        for at in [
            "/response_format/json_schema/schema",
            "/output_config/format/schema",
        ] {
            if let Some(schema) = body.pointer_mut(at) {
                *schema = json!("SCHEMA");
            }
        }
        body.to_string()
    }

    #[test]
    fn requests_are_written_as_each_vendor_documents_them() {
        insta::assert_snapshot!(shown(Dialect::OpenAiCompatible), @r#"{"max_tokens":1200,"messages":[{"content":"PROMPT","role":"system"},{"content":"CONTEXT","role":"user"},{"content":"10k sqft in Carson","role":"user"},{"content":"{","role":"assistant"},{"content":"That answer cannot be read: it ends. Give the whole answer again.","role":"user"}],"model":"small","response_format":{"json_schema":{"name":"understanding","schema":"SCHEMA","strict":true},"type":"json_schema"}}"#);
        insta::assert_snapshot!(shown(Dialect::OpenAi), @r#"{"max_completion_tokens":1200,"messages":[{"content":"PROMPT","role":"system"},{"content":"CONTEXT","role":"user"},{"content":"10k sqft in Carson","role":"user"},{"content":"{","role":"assistant"},{"content":"That answer cannot be read: it ends. Give the whole answer again.","role":"user"}],"model":"small","prompt_cache_key":"wex-understanding-0123","response_format":{"json_schema":{"name":"understanding","schema":"SCHEMA","strict":true},"type":"json_schema"},"safety_identifier":"5f1d","store":false}"#);
        insta::assert_snapshot!(shown(Dialect::Anthropic), @r#"{"max_tokens":1200,"messages":[{"content":"CONTEXT","role":"user"},{"content":"10k sqft in Carson","role":"user"},{"content":"{","role":"assistant"},{"content":"That answer cannot be read: it ends. Give the whole answer again.","role":"user"}],"model":"small","output_config":{"format":{"schema":"SCHEMA","type":"json_schema"}},"system":[{"cache_control":{"type":"ephemeral"},"text":"PROMPT","type":"text"}]}"#);
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for base_url in [
            "",
            "llm.example",
            "ftp://llm.example",
            "https://a:b@llm.example",
            "https://llm.example/?a=b",
        ] {
            let config = ProviderConfig {
                dialect: Dialect::OpenAi,
                base_url: base_url.to_owned(),
                api_key: SecretString::from("key"),
                model: "small".to_owned(),
                anthropic_version: String::new(),
                timeout: Duration::from_secs(1),
                rest: Duration::from_secs(30),
                rate_per_minute: None,
            };
            assert!(
                matches!(Provider::new(config), Err(ProviderError::BaseUrl)),
                "{base_url}"
            );
        }
    }
}
