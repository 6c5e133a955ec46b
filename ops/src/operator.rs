//! What all commands of an operator share: the settings, the way to Redis, who acts, which conversations are meant, and
//! how failures become exit codes.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use wex_aircall::account::AccountError;
use wex_domain::conversation::ConversationId;
use wex_domain::job::{DELIVERY, INBOUND, NOTIFY, OUTBOUND};
use wex_domain::line::{LineId, Side};
use wex_domain::message::InboundMessage;
use wex_domain::phone_number::PhoneNumber;
use wex_ledger::{Database, ErasureKey, Keys, LedgerError};
use wex_queue::{Key, Queue, QueueError, QueueName};
use wex_runtime::env::{Env, Problems};
use wex_runtime::error_chain;

use crate::demo::DemoError;
use crate::ledger::{phone_number, shown_contact};

/// The queues of this product, in the order in which a text passes through them.
pub(crate) const QUEUES: [QueueName; 4] = [
    QueueName(INBOUND),
    QueueName(OUTBOUND),
    QueueName(DELIVERY),
    QueueName(NOTIFY),
];

/// A person waits, and nothing is lost if an answer takes a while.
const REDIS_OPERATION_MAX: Duration = Duration::from_secs(5);

/// Shown below the help of every command.
pub(crate) const EXIT_CODES: &str = "Exit codes: 0 done (what looks and finds nothing is done too); \
1 failed, interrupted, or there was nothing to act on; 2 wrong arguments or settings. \
Standard error says why.";

/// Why a command did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The arguments do not say what to do, or not clearly enough.
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Settings(#[from] Problems),
    #[error("REDIS_URL cannot be used")]
    RedisUrl(#[source] QueueError),
    #[error(
        "cannot use Redis at {url}\n\
         Is it running, and is it the one that the ingress and the workers use? REDIS_URL says which, in the environment \
         or in .env; REDIS_URL_FILE may name a file that holds it.\nThe cause: {cause}"
    )]
    Redis { url: String, cause: String },
    /// Redis was there a moment ago.
    #[error("lost the connection in the middle; to try again is safe")]
    Queue(#[from] QueueError),
    #[error("cannot use the ledger")]
    Ledger(#[source] LedgerError),
    #[error("cannot {what}")]
    Aircall { what: String, source: AccountError },
    #[error("{0}")]
    Failed(String),
    #[error("cannot print")]
    Output(#[from] io::Error),
    #[error(transparent)]
    Demo(#[from] DemoError),
}

impl CommandError {
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) | Self::Settings(_) | Self::RedisUrl(_) => ExitCode::from(2),
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Self::Redis { .. }
            | Self::Queue(_)
            | Self::Ledger(_)
            | Self::Aircall { .. }
            | Self::Failed(_)
            | Self::Output(_)
            | Self::Demo(_) => ExitCode::FAILURE,
        }
    }

    /// The reader has gone, as `head` does when it has seen enough: nobody failed, and nobody listens.
    pub(crate) fn is_nobody_reading(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// The settings of the operator's commands. Each field names its variable.
#[derive(Debug)]
pub struct Config {
    /// `REDIS_URL`
    pub redis_url: String,
    /// `AIRCALL_NUMBER_ID`: the supplier line; needed to find a contact by phone number.
    pub supplier_line: Option<u64>,
    /// `AIRCALL_BUYER_NUMBER_ID`: the buyer line, likewise.
    pub buyer_line: Option<u64>,
    /// `DATABASE_URL`: where the ledger is.
    pub database: Database,
    /// `LEDGER_KEYS`: what seals texts in it.
    pub ledger_keys: Keys,
    /// `ERASURE_KEY`: names contacts that were erased.
    pub erasure_key: Option<ErasureKey>,
}

impl Config {
    pub fn from_env(env: &mut Env) -> Self {
        Self {
            redis_url: env.or("REDIS_URL", "redis://127.0.0.1:6379"),
            supplier_line: env.optional("AIRCALL_NUMBER_ID"),
            buyer_line: env.optional("AIRCALL_BUYER_NUMBER_ID"),
            database: env.or("DATABASE_URL", "sqlite://data/wex.db"),
            ledger_keys: env.optional("LEDGER_KEYS").unwrap_or_default(),
            erasure_key: env.optional("ERASURE_KEY"),
        }
    }
}

/// A connection to the running system, and the moment at which the command started.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) queue: Queue,
    /// On Redis's clock.
    pub(crate) now_ms: u64,
    pub(crate) config: Config,
    user: Option<String>,
}

impl Session {
    pub(crate) async fn open() -> Result<Self, CommandError> {
        let mut env = Env::from_process();
        let config = Config::from_env(&mut env);
        // Not a setting of ours: the system says who is logged in.
        let user = env.optional("USER");
        env.finish()?;
        let queue =
            Queue::new(&config.redis_url, REDIS_OPERATION_MAX).map_err(CommandError::RedisUrl)?;
        let now_ms = queue.now_ms().await.map_err(|source| CommandError::Redis {
            url: without_secrets(&config.redis_url),
            cause: cause(&source),
        })?;
        Ok(Self {
            queue,
            now_ms,
            config,
            user,
        })
    }

    /// The keys of the conversations with these contacts, on all lines, and those that are given by name.
    pub(crate) fn keys(&self, which: &Conversations) -> Result<Vec<Key>, CommandError> {
        let mut keys = which.key.clone();
        if which.contact.is_empty() {
            return Ok(keys);
        }
        let (Some(buyer), Some(supplier)) = (self.config.buyer_line, self.config.supplier_line)
        else {
            return Err(CommandError::Usage(
                "to find the conversations of a phone number, wex has to know the lines: set AIRCALL_NUMBER_ID and \
                 AIRCALL_BUYER_NUMBER_ID, as for the ingress, or name the conversation with --key"
                    .to_owned(),
            ));
        };
        for contact in &which.contact {
            for (side, line) in [(Side::Buyer, buyer), (Side::Supplier, supplier)] {
                let key = conversation_key(side, LineId(line), contact);
                keys.push(Key::new(key).expect("a conversation's key is a valid one"));
            }
        }
        Ok(keys)
    }

    /// The conversations with a contact on the lines that are set. They need not have begun.
    pub(crate) fn conversations(&self, contact: &PhoneNumber) -> Vec<ConversationId> {
        let lines = [
            (Side::Buyer, self.config.buyer_line),
            (Side::Supplier, self.config.supplier_line),
        ];
        lines
            .into_iter()
            .filter_map(|(side, line)| {
                Some(ConversationId {
                    side,
                    line: LineId(line?),
                    contact: contact.clone(),
                })
            })
            .collect()
    }

    /// Who acts, for the audit.
    pub(crate) fn operator(&self, given: &Operator) -> Result<String, CommandError> {
        const NAME_CHARS_MAX: usize = 64;
        let name = given.operator.as_ref().or(self.user.as_ref());
        let name = name.map(|name| name.trim()).unwrap_or_default();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            return Err(CommandError::Usage(format!(
                "the audit notes who acts: say who you are with --operator NAME (1 to {NAME_CHARS_MAX} characters)"
            )));
        }
        Ok(name.to_owned())
    }
}

/// The chain of causes; the Redis client repeats what the system said.
fn cause(error: &QueueError) -> String {
    let chain = error_chain(error);
    let mut parts: Vec<_> = chain.split(": ").collect();
    parts.dedup();
    parts.join(": ")
}

/// Who acts.
#[derive(Debug, Args)]
pub(crate) struct Operator {
    /// Your name, for the audit [default: $USER]
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
}

/// Which conversations.
#[derive(Debug, Default, Args)]
pub(crate) struct Conversations {
    /// A conversation, e.g. buyer:476258:+18704575426
    #[arg(long, value_parser = key)]
    pub(crate) key: Vec<Key>,
    /// All conversations with this phone number
    #[arg(long, value_name = "PHONE", value_parser = phone_number)]
    pub(crate) contact: Vec<PhoneNumber>,
}

impl Conversations {
    pub(crate) fn is_empty(&self) -> bool {
        self.key.is_empty() && self.contact.is_empty()
    }
}

fn key(name: &str) -> Result<Key, String> {
    Key::new(name).map_err(|invalid| invalid.to_string())
}

/// Reads the name of a queue; the message of a wrong one lists those there are.
pub(crate) fn queue_parser() -> impl TypedValueParser<Value = QueueName> {
    let names = QUEUES.map(|queue| queue.0);
    PossibleValuesParser::new(names).map(|name| {
        *QUEUES
            .iter()
            .find(|queue| queue.0 == name)
            .expect("clap checked that it is one of them")
    })
}

/// Reads a reason: something, and not a novel.
pub(crate) fn reason_parser(reason: &str) -> Result<String, String> {
    const CHARS_MAX: usize = 300;
    let reason = reason.trim();
    if (1..=CHARS_MAX).contains(&reason.chars().count()) {
        Ok(reason.to_owned())
    } else {
        Err(format!("expected 1 to {CHARS_MAX} characters"))
    }
}

/// The key of a conversation, as the ingress makes it.
pub(crate) fn conversation_key(side: Side, line: LineId, contact: &PhoneNumber) -> String {
    ConversationId::of(&InboundMessage {
        id: String::new(),
        side,
        line,
        contact: contact.clone(),
        body: String::new(),
        media: 0,
        sent_ms: None,
    })
    .key()
}

/// A key for the eyes of an operator: the phone number in it whole or masked.
pub(crate) fn shown_key(key: &str, with_contacts: bool) -> String {
    if with_contacts || key.starts_with("erased:") {
        return shown_contact(key, with_contacts);
    }
    let masked = key.rsplit_once(':').and_then(|(conversation, contact)| {
        let contact = PhoneNumber::parse(contact).ok()?;
        Some(format!("{conversation}:{contact}"))
    });
    masked.unwrap_or_else(|| without_numbers(key))
}

/// A text in which whatever may be a phone number is masked.
pub(crate) fn without_numbers(text: &str) -> String {
    /// The shortest international number.
    const DIGITS_MIN: usize = 8;
    const SHOWN: usize = 2;

    let mut shown = String::with_capacity(text.len());
    let mut digits = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if digits.len() < DIGITS_MIN {
            shown.push_str(&digits);
        } else {
            shown.push_str("***");
            shown.push_str(&digits[digits.len() - SHOWN..]);
        }
        digits.clear();
        shown.push(c);
    }
    shown.pop();
    shown
}

/// A Redis URL for a message: no password, neither before the host nor in the query.
fn without_secrets(url: &str) -> String {
    let url = url.split_once('?').map_or(url, |(url, _query)| url);
    let Some((scheme, rest)) = url.split_once("://") else {
        return "(not a URL)".to_owned();
    };
    match rest.rsplit_once('@') {
        Some((user, host)) => {
            let name = user.split_once(':').map_or(user, |(name, _password)| name);
            format!("{scheme}://{name}:***@{host}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_in_a_url_that_is_shown() {
        for (url, shown) in [
            ("redis://127.0.0.1:6379", "redis://127.0.0.1:6379"),
            ("rediss://wex:hush@redis/0", "rediss://wex:***@redis/0"),
            ("redis://:hu@sh@redis:6379", "redis://:***@redis:6379"),
            ("redis+unix:///tmp/s?pass=hush", "redis+unix:///tmp/s"),
            ("hush", "(not a URL)"),
        ] {
            assert_eq!(without_secrets(url), shown);
        }
    }

    #[test]
    fn a_key_is_shown_with_its_contact_masked() {
        let key = "buyer:476258:+18704575426";
        assert_eq!(shown_key(key, false), "buyer:476258:+1870***5426");
        assert_eq!(shown_key(key, true), key);
        let erased = format!("erased:{}", "0123456789abcdef".repeat(4));
        assert_eq!(shown_key(&erased, false), "erased:01234567");
        assert_eq!(shown_key(&erased, true), erased);
        assert_eq!(
            shown_key("of-another-form-18704575426", false),
            "of-another-form-***26"
        );
    }

    #[test]
    fn what_may_be_a_phone_number_in_an_error_is_masked() {
        assert_eq!(
            without_numbers("429: +18704575426 got 3 of 476258"),
            "429: +***26 got 3 of 476258"
        );
    }
}
