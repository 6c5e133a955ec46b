//! The command line.

use clap::Parser;
use serde::Serialize;
use std::net::SocketAddr;
use std::num::ParseIntError;
use std::str::FromStr;
use std::time::Duration;

/// Stands in for Aircall over HTTP: its public API under `/v1`, its webhooks, and `/_sim` to steer and look.
#[derive(Clone, Debug, Parser)]
#[command(name = "wex-sim")]
pub struct Options {
    /// Where to listen. Port 0 takes a free port; the line on stdout says which.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,

    /// The user name of Basic authentication: Aircall's "API ID".
    #[arg(long)]
    pub api_id: String,

    /// The password of Basic authentication: Aircall's "API token".
    #[arg(long)]
    pub api_token: String,

    /// A line of the account, for example `id=476258,digits=+1 424-416-2288,mode=public_api`. May be repeated.
    ///
    /// `digits` are in display format; `mode` is `public_api` (default) or `native`; `inbound` is `webhook` (default),
    /// `callback` or `none`; `name` is free. Without any `--line` there are two: supplier 476257 and buyer 476258.
    #[arg(
        long = "line",
        default_values = [
            "id=476257,digits=+1 424-416-2287,name=Supplier line",
            "id=476258,digits=+1 424-416-2288,name=Buyer line",
        ]
    )]
    pub lines: Vec<LineOptions>,

    /// Where the account's webhook delivers. The API shows it as `WEx`, and can change it and make others.
    #[arg(long)]
    pub webhook_url: String,

    /// The token that the account's webhook puts into each body.
    #[arg(long)]
    pub webhook_token: String,

    /// How many requests the whole company may make in 60 s; 0 means any number.
    ///
    /// Aircall's reference says 120 today and said 60 before; the default is the stricter.
    #[arg(long, default_value_t = 60)]
    pub rate_per_minute: u64,

    /// How long after an accepted send its events are delivered, in milliseconds.
    #[arg(long = "status-delay-ms", value_name = "MS", default_value = "0", value_parser = milliseconds)]
    pub status_delay: Duration,

    /// After how many failed deliveries in a row a webhook is disabled; 0 means never.
    ///
    /// Aircall's documents say 50 in one place and 10 in another.
    #[arg(long, default_value_t = 0)]
    pub disable_after: u32,

    /// How long after a failed webhook delivery it is tried again, in milliseconds. Aircall publishes no figure.
    #[arg(long = "retry-delay-ms", value_name = "MS", default_value = "1000", value_parser = milliseconds)]
    pub retry_delay: Duration,
}

fn milliseconds(text: &str) -> Result<Duration, ParseIntError> {
    text.parse().map(Duration::from_millis)
}

/// One line of the account, as it is when the sim starts.
#[derive(Clone, Debug)]
pub struct LineOptions {
    /// Aircall's id of the number.
    pub id: u64,
    /// What the dashboard calls it.
    pub name: String,
    /// Its phone number in display format: `+1 424-416-2288`.
    pub digits: String,
    /// Which of the two send endpoints it answers on.
    pub mode: Mode,
    /// Where the events of its messages go.
    pub inbound: Inbound,
}

/// A line answers on exactly one send endpoint; the other refuses with `LineIsNotNativeException`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// `/messages/native/send`: conversations are visible in Aircall's app.
    Native,
    /// `/messages/send`: conversations are invisible in Aircall's app.
    PublicApi,
}

/// Where the events of a line's messages go.
///
/// Aircall's support article 20698710100381 says that messages of a line in public-API mode never appear in webhooks:
/// they go to the line's `callbackUrl`, and without one nowhere. The set-up guide that we follow relies on webhooks all
/// the same, so that is the default here, and the documented behaviour is one word away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Inbound {
    /// To the account's webhook.
    Webhook,
    /// To the line's `callbackUrl`; nowhere until one is configured. Configuring one switches a line to this.
    Callback,
    /// Nowhere.
    None,
}

impl FromStr for LineOptions {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (mut id, mut digits, mut name) = (None, None, None);
        let (mut mode, mut inbound) = (Mode::PublicApi, Inbound::Webhook);
        for part in text.split(',') {
            let (key, value) = part
                .split_once('=')
                .ok_or_else(|| format!("`{part}` is not of the form key=value"))?;
            match (key.trim(), value.trim()) {
                ("id", value) => {
                    id = Some(
                        value
                            .parse()
                            .map_err(|error| format!("`{value}` is not a line id: {error}"))?,
                    );
                }
                ("digits", value) if value.starts_with('+') => digits = Some(value.to_owned()),
                ("digits", _) => {
                    return Err("digits start with a plus: digits=+1 424-416-2288".to_owned());
                }
                ("name", value) => name = Some(value.to_owned()),
                ("mode", "native") => mode = Mode::Native,
                ("mode", "public_api") => mode = Mode::PublicApi,
                ("mode", _) => return Err("mode is native or public_api".to_owned()),
                ("inbound", "webhook") => inbound = Inbound::Webhook,
                ("inbound", "callback") => inbound = Inbound::Callback,
                ("inbound", "none") => inbound = Inbound::None,
                ("inbound", _) => return Err("inbound is webhook, callback or none".to_owned()),
                (key, _) => {
                    return Err(format!(
                        "`{key}` is none of id, digits, name, mode, inbound"
                    ));
                }
            }
        }
        let id = id.ok_or("id is missing: id=476258")?;
        let digits = digits.ok_or("digits are missing: digits=+1 424-416-2288")?;
        let name = name.unwrap_or_else(|| format!("Line {id}"));
        if mode == Mode::Native && inbound == Inbound::Callback {
            return Err("a native line has no callback".to_owned());
        }
        Ok(Self {
            id,
            name,
            digits,
            mode,
            inbound,
        })
    }
}
