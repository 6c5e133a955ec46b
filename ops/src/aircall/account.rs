//! What the commands about Aircall share: their settings, which line is meant, and how a change is announced and noted.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use wex_aircall::account::{AccountError, WebhookUrl};
use wex_aircall::client::{Client, ClientConfig, SendMode};
use wex_aircall::token::Tokens;
use wex_domain::line::{LineId, Side};
use wex_domain::phone_number::PhoneNumber;
use wex_queue::{Act, Effects, Key};
use wex_runtime::env::Env;

use crate::operator::{CommandError, Operator, Session, reason_parser};

const HOUR: Duration = Duration::from_secs(3_600);

/// The settings of these commands. Each field names its variable.
#[derive(Debug)]
pub(super) struct Settings {
    /// `AIRCALL_SEND_MODE`
    supplier_send_mode: SendMode,
    /// `AIRCALL_BUYER_SEND_MODE`, else as the supplier line
    buyer_send_mode: SendMode,
    /// `AIRCALL_BUYER_NUMBER_ID`, `AIRCALL_BUYER_NUMBER`
    pub(super) buyer: OurLine,
    /// `AIRCALL_NUMBER_ID`, `AIRCALL_NUMBER`
    pub(super) supplier: OurLine,
    /// `AIRCALL_WEBHOOK_TOKEN`: those that the ingress accepts.
    pub(super) tokens: Vec<SecretString>,
    /// `AIRCALL_WEBHOOK_URL`: which of the account's webhooks is ours.
    pub(super) webhook_url: Option<WebhookUrl>,
    /// `AIRCALL_RATE_PER_MINUTE`
    pub(super) rate_per_minute: u32,
    /// `AIRCALL_SEGMENTS_PER_HOUR`, `AIRCALL_SEGMENTS_PER_DAY`: what a line may send, and within which time.
    pub(super) segments: [(Duration, u32); 2],
    /// `INGRESS_ADDR`
    pub(super) ingress: SocketAddr,
}

/// A line as the settings describe it, which may be not at all.
#[derive(Debug, Clone)]
pub(super) struct OurLine {
    pub(super) side: Side,
    pub(super) id: Option<LineId>,
    pub(super) digits: Option<PhoneNumber>,
}

impl Settings {
    /// The mode that we send in on the line of one side, and the variable that says so.
    pub(super) fn send_mode(&self, side: Side) -> (SendMode, &'static str) {
        match side {
            Side::Buyer if self.buyer_send_mode != self.supplier_send_mode => {
                (self.buyer_send_mode, "AIRCALL_BUYER_SEND_MODE")
            }
            Side::Buyer | Side::Supplier => (self.supplier_send_mode, "AIRCALL_SEND_MODE"),
        }
    }

    pub(super) fn from_env(env: &mut Env) -> Self {
        let tokens: Option<String> = env.optional("AIRCALL_WEBHOOK_TOKEN");
        let supplier_send_mode = env.or("AIRCALL_SEND_MODE", "public_api");
        let mut line = |side, id, digits| OurLine {
            side,
            id: env.optional(id).map(LineId),
            digits: env.optional::<String>(digits).and_then(|number| {
                let parsed = PhoneNumber::parse(&number).ok();
                if parsed.is_none() {
                    env.problem(format!("{digits} is not a phone number"));
                }
                parsed
            }),
        };
        Self {
            buyer: line(
                Side::Buyer,
                "AIRCALL_BUYER_NUMBER_ID",
                "AIRCALL_BUYER_NUMBER",
            ),
            supplier: line(Side::Supplier, "AIRCALL_NUMBER_ID", "AIRCALL_NUMBER"),
            supplier_send_mode,
            buyer_send_mode: env
                .optional("AIRCALL_BUYER_SEND_MODE")
                .unwrap_or(supplier_send_mode),
            tokens: tokens
                .iter()
                .flat_map(|tokens| tokens.split(','))
                .map(|token| SecretString::from(token.trim()))
                .filter(|token| !token.expose_secret().is_empty())
                .collect(),
            webhook_url: env.optional("AIRCALL_WEBHOOK_URL"),
            rate_per_minute: env.or("AIRCALL_RATE_PER_MINUTE", "60"),
            segments: [
                (HOUR, env.or("AIRCALL_SEGMENTS_PER_HOUR", "1000")),
                (24 * HOUR, env.or("AIRCALL_SEGMENTS_PER_DAY", "10000")),
            ],
            ingress: env.or("INGRESS_ADDR", "0.0.0.0:8000"),
        }
    }

    pub(super) fn lines(&self) -> [&OurLine; 2] {
        [&self.buyer, &self.supplier]
    }

    pub(super) fn line(&self, side: Side) -> &OurLine {
        match side {
            Side::Buyer => &self.buyer,
            Side::Supplier => &self.supplier,
        }
    }

    /// Whose line this is; both sides may share one, and then it is called the buyer's.
    pub(super) fn side_of(&self, id: LineId) -> Option<Side> {
        let ours = self.lines().into_iter().find(|line| line.id == Some(id));
        ours.map(|line| line.side)
    }

    /// Whether the ingress accepts this token, as far as these settings are its own.
    pub(super) fn knows(&self, token: Option<&SecretString>) -> bool {
        let ours = Tokens::new(self.tokens.iter().cloned());
        ours.is_ok_and(|ours| ours.authenticate(None, token).is_ok())
    }

    /// The ingress, from beside it.
    pub(super) fn ingress_url(&self) -> String {
        let mut address = self.ingress;
        if address.ip().is_unspecified() {
            address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        format!("http://{address}")
    }
}

impl OurLine {
    /// The variable that holds its id.
    pub(super) fn id_name(&self) -> &'static str {
        match self.side {
            Side::Buyer => "AIRCALL_BUYER_NUMBER_ID",
            Side::Supplier => "AIRCALL_NUMBER_ID",
        }
    }

    /// The variable that holds its phone number.
    pub(super) fn digits_name(&self) -> &'static str {
        match self.side {
            Side::Buyer => "AIRCALL_BUYER_NUMBER",
            Side::Supplier => "AIRCALL_NUMBER",
        }
    }

    /// Where the ingress takes what is texted to it.
    pub(super) fn path(&self) -> String {
        format!("/api/sms/{}/webhook", self.side)
    }
}

/// The account, and what our settings say of it.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) client: Client,
    pub(super) settings: Settings,
}

impl Account {
    pub(super) fn open() -> Result<Self, CommandError> {
        let mut env = Env::from_process();
        let settings = Settings::from_env(&mut env);
        let config = ClientConfig::new(
            env.or("AIRCALL_BASE_URL", "https://api.aircall.io"),
            env.required("AIRCALL_API_ID"),
            env.required_secret("AIRCALL_API_TOKEN"),
            settings.supplier_send_mode,
        );
        env.finish()?;
        let client = Client::new(config)
            .map_err(|error| CommandError::Usage(format!("AIRCALL_BASE_URL: {error}")))?;
        Ok(Self { client, settings })
    }

    /// A stand-in for Aircall on this machine, which reaches what Aircall does not.
    pub(super) fn is_local(&self) -> bool {
        WebhookUrl::from_str(self.client.base_url()).is_ok_and(|base| !base.is_public())
    }

    /// The id of the line that is meant.
    pub(super) fn line(&self, which: LineName) -> Result<LineId, CommandError> {
        let side = match which {
            LineName::Id(id) => return Ok(id),
            LineName::Side(side) => side,
        };
        let ours = self.settings.line(side);
        ours.id.ok_or_else(|| {
            CommandError::Usage(format!(
                "{} is not set: `wex aircall numbers` lists the ids of the account's numbers",
                ours.id_name()
            ))
        })
    }

    /// Refuses a URL that Aircall could not deliver to.
    pub(super) fn deliverable(&self, url: &WebhookUrl) -> Result<(), CommandError> {
        if url.is_public() || self.is_local() {
            return Ok(());
        }
        Err(CommandError::Usage(format!(
            "Aircall delivers to public https URLs only, and {url} is none; a tunnel gives you one \
             (cloudflared tunnel --url {})",
            self.settings.ingress_url()
        )))
    }
}

/// The settings of a command that does not ask Aircall.
pub(super) fn settings() -> Result<Settings, CommandError> {
    let mut env = Env::from_process();
    let settings = Settings::from_env(&mut env);
    env.finish()?;
    Ok(settings)
}

/// A line, as it is named on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineName {
    Side(Side),
    Id(LineId),
}

impl FromStr for LineName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "buyer" => Ok(Self::Side(Side::Buyer)),
            "supplier" => Ok(Self::Side(Side::Supplier)),
            _ => text.parse().map(|id| Self::Id(LineId(id))).map_err(|_neither| {
                "expected buyer, supplier, or the numeric id of a number (`wex aircall numbers`)"
            }),
        }
    }
}

impl fmt::Display for LineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Side(side) => side.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

/// What every command has that changes something.
#[derive(Debug, Args)]
pub(super) struct Change {
    /// Do it; otherwise it is only said what would be done
    #[arg(long)]
    yes: bool,
    /// Why, for the audit
    #[arg(long, value_parser = reason_parser)]
    reason: Option<String>,
    #[command(flatten)]
    operator: Operator,
}

impl Change {
    /// Says what would be done and fails, or, with `--yes`, notes in the audit that it is about to be done.
    pub(super) async fn begin(
        &self,
        what: &str,
        on: &str,
        would: &str,
    ) -> Result<(), CommandError> {
        if !self.yes {
            return Err(CommandError::Failed(format!(
                "would {would}; --yes does it"
            )));
        }
        let session = Session::open().await?;
        self.note(&session, what, on).await
    }

    /// Notes in the audit that something is about to be done.
    pub(super) async fn note(
        &self,
        session: &Session,
        what: &str,
        on: &str,
    ) -> Result<(), CommandError> {
        let operator = session.operator(&self.operator)?;
        let act = Act {
            operator: &operator,
            filter: "",
            reason: self.reason.as_deref().unwrap_or_default(),
        };
        let key = Key::new(on).map_err(|invalid| CommandError::Usage(invalid.to_string()))?;
        session
            .queue
            .apply(what, &key, act, &Effects::default())
            .await?;
        Ok(())
    }

    pub(super) fn is_confirmed(&self) -> bool {
        self.yes
    }
}

/// How the audit names a line.
pub(super) fn line_key(id: LineId) -> String {
    format!("aircall:line:{id}")
}

/// `known` or `unknown`: all that is shown of a token.
pub(super) fn known(settings: &Settings, token: Option<&SecretString>) -> &'static str {
    match token {
        None => "none",
        Some(_) if settings.knows(token) => "known",
        Some(_) => "unknown",
    }
}

/// What is wrong with a webhook or line of this name.
pub(super) fn about(what: impl fmt::Display) -> impl FnOnce(AccountError) -> CommandError {
    move |source| CommandError::Aircall {
        what: what.to_string(),
        source,
    }
}
