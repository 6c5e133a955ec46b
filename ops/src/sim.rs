//! Steers and watches `wex-sim`, over the routes that it offers beside Aircall's own.

use std::time::Duration;

use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{Value, json};

/// How long one question about news may stay open.
const WAIT: Duration = Duration::from_secs(25);

/// The stand-in for Aircall did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    #[error("wex-sim cannot be reached")]
    Unreachable(#[from] reqwest::Error),
    #[error("wex-sim answered {status}: {answer}")]
    Refused { status: u16, answer: String },
}

/// A text that Aircall accepted from us.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SentMessage {
    pub seq: u64,
    /// Aircall's name of it.
    pub id: String,
    pub line: u64,
    pub to: String,
    pub body: String,
    pub accepted_at_ms: u64,
}

/// A provider of language models that `wex-sim` stands in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Provider {
    Openai,
    Anthropic,
}

impl Provider {
    /// What `LLM_PROVIDER` calls it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
        }
    }
}

/// Talks to one `wex-sim`.
#[derive(Debug, Clone)]
pub struct Sim {
    http: reqwest::Client,
    url: String,
}

impl Sim {
    #[must_use]
    pub fn new(url: String) -> Self {
        Self {
            http: reqwest::Client::new(),
            url,
        }
    }

    /// The base URL of a stand-in for a provider of language models.
    #[must_use]
    pub fn models_url(&self, provider: Provider) -> String {
        match provider {
            Provider::Openai => format!("{}/openai/v1", self.url),
            Provider::Anthropic => format!("{}/anthropic", self.url),
        }
    }

    /// The next `times` requests to a model fail with 503.
    ///
    /// # Errors
    /// When the simulator does not take it.
    pub async fn fail_models(&self, times: u32) -> Result<(), SimError> {
        let fault = json!({ "fault": "unavailable", "times": times });
        self.ask(
            self.http
                .post(format!("{}/_sim/llm/faults", self.url))
                .json(&fault),
        )
        .await
        .map(drop)
    }

    /// A contact texts a line; the event is delivered `times` times.
    ///
    /// # Errors
    /// When the simulator does not take it.
    pub async fn contact_texts(
        &self,
        line: u64,
        from: &str,
        body: &str,
        times: u32,
    ) -> Result<(), SimError> {
        let text = json!({ "line": line, "from": from, "body": body, "deliver": times });
        self.ask(
            self.http
                .post(format!("{}/_sim/contact-texts", self.url))
                .json(&text),
        )
        .await
        .map(drop)
    }

    /// A colleague texts a contact in Aircall's app.
    ///
    /// # Errors
    /// When the simulator does not take it.
    pub async fn agent_texts(&self, line: u64, to: &str, body: &str) -> Result<(), SimError> {
        let text = json!({ "line": line, "to": to, "body": body });
        let order = self.http.post(format!("{}/_sim/agent-texts", self.url));
        self.ask(order.json(&text)).await.map(drop)
    }

    /// The next `times` sends meet this fault; see the simulator for the names.
    ///
    /// # Errors
    /// When the simulator does not know the fault.
    pub async fn fault(&self, fault: &str, times: u32) -> Result<(), SimError> {
        self.order_fault(&json!({ "fault": fault, "times": times }))
            .await
    }

    /// The next `times` sends to this contact meet this fault; see the simulator for the names.
    ///
    /// # Errors
    /// When the simulator does not know the fault.
    pub async fn fault_of(&self, to: &str, fault: &str, times: u32) -> Result<(), SimError> {
        self.order_fault(&json!({ "fault": fault, "times": times, "to": to }))
            .await
    }

    /// The next send is refused with 429, and told when to come back.
    ///
    /// # Errors
    /// When the simulator cannot be reached.
    pub async fn limit_rate(&self, retry_after: Duration) -> Result<(), SimError> {
        let retry_after_s = retry_after.as_secs();
        self.order_fault(&json!({ "fault": "rate_limited", "retry_after_s": retry_after_s }))
            .await
    }

    /// Sends meet no more faults.
    ///
    /// # Errors
    /// When the simulator cannot be reached.
    pub async fn heal(&self) -> Result<(), SimError> {
        let order = self.http.delete(format!("{}/_sim/faults", self.url));
        self.ask(order).await.map(drop)
    }

    /// The next send is accepted at once and answered only after `delay`.
    ///
    /// # Errors
    /// When the simulator cannot be reached.
    pub async fn answer_late(&self, delay: Duration) -> Result<(), SimError> {
        self.order_fault(&json!({ "fault": "slow", "delay_ms": delay.as_millis() }))
            .await
    }

    /// Changes what the account is like; see the simulator for the fields.
    ///
    /// # Errors
    /// When the simulator does not know a field.
    pub async fn change_account(&self, change: &Value) -> Result<(), SimError> {
        let order = self.http.post(format!("{}/_sim/account", self.url));
        self.ask(order.json(change)).await.map(drop)
    }

    /// What is told of the messages that are accepted next; see the simulator for the fields.
    ///
    /// # Errors
    /// When the simulator does not know a field.
    pub async fn order_news(&self, news: &Value) -> Result<(), SimError> {
        let order = self.http.post(format!("{}/_sim/news", self.url));
        self.ask(order.json(news)).await.map(drop)
    }

    /// A contact has texted a line without the simulator's doing; it then knows that an answer may come. Texts of one `id` are
    /// one; a text without is one more.
    ///
    /// # Errors
    /// When the simulator does not know the line.
    pub async fn has_texted(
        &self,
        line: u64,
        from: &str,
        id: Option<&str>,
    ) -> Result<(), SimError> {
        let text = json!({ "line": line, "from": from, "body": "", "id": id, "hold": true });
        let order = self.http.post(format!("{}/_sim/contact-texts", self.url));
        self.ask(order.json(&text)).await.map(drop)
    }

    async fn order_fault(&self, fault: &Value) -> Result<(), SimError> {
        self.ask(
            self.http
                .post(format!("{}/_sim/faults", self.url))
                .json(fault),
        )
        .await
        .map(drop)
    }

    /// The texts accepted after number `since`, once there is one; none if there is none for a while.
    ///
    /// # Errors
    /// When the simulator cannot be reached.
    pub async fn messages_since(&self, since: u64) -> Result<Vec<SentMessage>, SimError> {
        self.news("messages", since, WAIT).await
    }

    /// All texts accepted so far.
    ///
    /// # Errors
    /// When the simulator cannot be reached.
    pub async fn messages(&self) -> Result<Vec<SentMessage>, SimError> {
        self.news("messages", 0, Duration::ZERO).await
    }

    /// What we did that no sender should, as the simulator describes it.
    ///
    /// # Errors
    /// When the simulator cannot be reached.
    pub async fn violations(&self) -> Result<Vec<Value>, SimError> {
        self.news("violations", 0, Duration::ZERO).await
    }

    /// What we asked the send endpoints, refused requests included, as the simulator describes it.
    ///
    /// # Errors
    /// When the simulator cannot be reached.
    pub async fn requests_since(&self, since: u64) -> Result<Vec<Value>, SimError> {
        self.news("requests", since, WAIT).await
    }

    /// The simulator's own deliveries to us, with what we answered.
    ///
    /// # Errors
    /// When the simulator cannot be reached.
    pub async fn deliveries_since(&self, since: u64) -> Result<Vec<Value>, SimError> {
        self.news("deliveries", since, WAIT).await
    }

    async fn news<T: for<'a> Deserialize<'a>>(
        &self,
        of: &str,
        since: u64,
        wait: Duration,
    ) -> Result<Vec<T>, SimError> {
        let url = format!(
            "{}/_sim/{of}?since={since}&wait_ms={}",
            self.url,
            wait.as_millis()
        );
        let mut answer = self.ask(self.http.get(url)).await?;
        let news = answer.get_mut("items").map(Value::take).unwrap_or_default();
        serde_json::from_value(news).map_err(|error| SimError::Refused {
            status: 200,
            answer: error.to_string(),
        })
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Value, SimError> {
        let answer = request.send().await?;
        let status = answer.status();
        if status.is_success() {
            Ok(answer.json().await?)
        } else {
            Err(SimError::Refused {
                status: status.as_u16(),
                answer: answer.text().await?,
            })
        }
    }
}
