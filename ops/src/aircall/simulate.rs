//! `wex aircall simulate`: posts a text to our ingress as Aircall would, with our token, and says what the ingress answered.
//! What follows is real: the text is answered, and the answer is sent.

use std::time::Duration;

use clap::{Args, ValueEnum};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use uuid::Uuid;
use wex_aircall::account::WebhookUrl;
use wex_aircall::client::SendMode;
use wex_domain::line::Side;
use wex_domain::phone_number::PhoneNumber;
use wex_runtime::clock::Clock;
use wex_runtime::error_chain;

use super::account::{self, Change, OurLine, Settings, line_key};
use crate::ledger::phone_number;
use crate::operator::{CommandError, Session};
use crate::output::{self, harmless, line};

/// Aircall's patience.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// The sample of the set-up guide.
const SAMPLE: &str = "I need 10k sqft in Carson CA for storage";

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Which line is texted
    #[arg(long, value_enum, default_value = "buyer")]
    line: Who,
    /// Who texts. The answer is really sent there
    #[arg(long, value_name = "PHONE", value_parser = phone_number)]
    from: PhoneNumber,
    /// What they text
    #[arg(long, default_value = SAMPLE)]
    text: String,
    /// The webhook of the ingress [default: on this machine, as `INGRESS_ADDR` says]
    #[arg(long)]
    url: Option<WebhookUrl>,
    #[command(flatten)]
    change: Change,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Who {
    Buyer,
    Supplier,
}

pub(super) async fn run(options: &Options) -> Result<(), CommandError> {
    let settings = account::settings()?;
    let ours = settings.line(match options.line {
        Who::Buyer => Side::Buyer,
        Who::Supplier => Side::Supplier,
    });
    let Some(id) = ours.id else {
        return Err(CommandError::Usage(format!(
            "{} is not set",
            ours.id_name()
        )));
    };
    let Some(token) = settings.tokens.first() else {
        return Err(CommandError::Usage(
            "AIRCALL_WEBHOOK_TOKEN is not set: the ingress takes nothing without one of its tokens"
                .to_owned(),
        ));
    };
    let url = match &options.url {
        Some(url) => url.as_str().to_owned(),
        None => format!("{}{}", settings.ingress_url(), ours.path()),
    };
    if !options.change.is_confirmed() {
        return Err(CommandError::Failed(format!(
            "would post a text from {} to the {} line to {url}; what comes of it is real, an answer is sent to {}; --yes \
             does it",
            options.from, ours.side, options.from
        )));
    }
    let session = Session::open().await?;
    let key = line_key(id);
    options
        .change
        .note(&session, "aircall_simulate", &key)
        .await?;
    let sample = sample(&settings, ours, options, token.expose_secret());
    let answer = Answer::of(&url, &sample).await;
    let (is_taken, says) = answer.explain(&url);
    if options.json {
        output::json(&json!({
            "url": url,
            "status": answer.status(),
            "answer": answer.word(),
            "says": says,
        }))?;
    }
    if !is_taken {
        return Err(CommandError::Failed(says));
    }
    if options.json {
        return Ok(());
    }
    line(&says)
}

/// A text as the line's mode has it delivered: as a webhook, or as a callback.
fn sample(settings: &Settings, ours: &OurLine, options: &Options, token: &str) -> Value {
    let now_ms = Clock.now_ms();
    let mut data = json!({
        "id": format!("simulated-{}", Uuid::now_v7().simple()),
        "direction": "inbound",
        "status": "received",
        "body": options.text,
        "number": { "id": ours.id, "digits": ours.digits.as_ref().map(PhoneNumber::as_e164) },
    });
    match settings.send_mode(ours.side).0 {
        SendMode::PublicApi => {
            data["raw_digits"] = options.from.digits().into();
            data["created_at"] = now_ms.into();
            json!({ "event_name": "message.received", "timestamp": now_ms, "token": token, "data": data })
        }
        SendMode::Native => {
            data["external_number"] = options.from.as_e164().into();
            json!({
                "resource": "message",
                "event": "message.received",
                "timestamp": now_ms / 1000,
                "token": token,
                "data": data,
            })
        }
    }
}

/// What a URL answers to a delivery.
#[derive(Debug)]
pub(super) enum Answer {
    /// An ingress of ours, with its word.
    Ours {
        status: u16,
        word: String,
    },
    /// Something else.
    Stranger {
        status: u16,
    },
    TooSlow,
    None(String),
}

impl Answer {
    /// Posts a delivery, with Aircall's patience.
    pub(super) async fn of(url: &str, delivery: &Value) -> Self {
        match Self::ask(url, delivery).await {
            Ok(answer) => answer,
            Err(error) if error.is_timeout() => Self::TooSlow,
            Err(error) => Self::None(error_chain(&error)),
        }
    }

    async fn ask(url: &str, delivery: &Value) -> Result<Self, reqwest::Error> {
        /// Ours has some twenty.
        const ANSWER_BYTES_MAX: usize = 4_096;

        let http = reqwest::Client::builder()
            .timeout(ANSWER_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        let mut answer = http.post(url).json(delivery).send().await?;
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while body.len() < ANSWER_BYTES_MAX
            && let Some(chunk) = answer.chunk().await?
        {
            body.extend_from_slice(&chunk);
        }
        let word = serde_json::from_slice::<Value>(&body).ok();
        let word = word.and_then(|answer| answer["status"].as_str().map(harmless));
        Ok(word.map_or(Self::Stranger { status }, |word| Self::Ours {
            status,
            word,
        }))
    }

    fn status(&self) -> Option<u16> {
        match self {
            Self::Ours { status, .. } | Self::Stranger { status } => Some(*status),
            Self::TooSlow | Self::None(_) => None,
        }
    }

    fn word(&self) -> Option<&str> {
        match self {
            Self::Ours { word, .. } => Some(word),
            Self::Stranger { .. } | Self::TooSlow | Self::None(_) => None,
        }
    }

    /// Whether the text was taken, and what the answer means.
    fn explain(&self, url: &str) -> (bool, String) {
        match self {
            Self::Ours { status: 200, word } if word == "accepted" => (
                true,
                "The ingress accepted it (200): it is stored, and will be answered after the quiet window. `wex conversations \
                 show PHONE` says what became of it."
                    .to_owned(),
            ),
            Self::Ours { status: 200, word } => (
                false,
                format!(
                    "the ingress answered 200 {word}: it knows the token and left the text alone. Are its AIRCALL_NUMBER_ID \
                     and AIRCALL_BUYER_NUMBER_ID those that are set here?"
                ),
            ),
            Self::Ours { status: 401, .. } => (
                false,
                "the ingress refuses the token (401): the AIRCALL_WEBHOOK_TOKEN that it runs with has not the one that is \
                 set here"
                    .to_owned(),
            ),
            Self::Ours { status, word } => (
                false,
                format!("the ingress answered {status} {word}: the text was not taken"),
            ),
            Self::Stranger { status } => (
                false,
                format!("what answers at {url} (status {status}) is not our ingress"),
            ),
            Self::TooSlow => (
                false,
                format!("{url} did not answer within {} s, Aircall's patience", ANSWER_MAX.as_secs()),
            ),
            Self::None(cause) => (
                false,
                format!("nobody answers at {url}: is the ingress running? INGRESS_ADDR or --url says where: {cause}"),
            ),
        }
    }
}
