//! `wex aircall show`, `configure` and `unconfigure`: the messaging mode of a line, and where what is texted to it goes.

use clap::Args;
use secrecy::ExposeSecret;
use serde_json::json;
use wex_aircall::account::{Configuration, Mode, Number, WebhookUrl};
use wex_domain::line::LineId;

use super::account::{Account, Change, LineName, about, known, line_key};
use crate::operator::CommandError;
use crate::output::{self, line, note};

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// buyer, supplier, or the numeric id of a number
    line: LineName,
    /// Print the token of its callbacks, and nothing else: it is a secret
    #[arg(long, conflicts_with = "json")]
    token: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Configure {
    /// buyer, supplier, or the numeric id of a number
    line: LineName,
    /// Where what is texted to it is posted, e.g. `https://wex.example/api/sms/buyer/webhook`
    #[arg(long, value_name = "URL")]
    callback_url: Option<WebhookUrl>,
    #[command(flatten)]
    change: Change,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Unconfigure {
    /// buyer, supplier, or the numeric id of a number
    line: LineName,
    #[command(flatten)]
    change: Change,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) async fn show(options: &Show) -> Result<(), CommandError> {
    let account = Account::open()?;
    let found = Found::look(&account, options.line).await?;
    if options.token {
        let token = found.configuration.token.as_ref().ok_or_else(|| {
            CommandError::Failed(format!(
                "{found} has no token: only lines in Public API mode have"
            ))
        })?;
        return line(token.expose_secret());
    }
    found.print(&account, options.json)
}

pub(super) async fn configure(options: &Configure) -> Result<(), CommandError> {
    let account = Account::open()?;
    if let Some(url) = &options.callback_url {
        account.deliverable(url)?;
    }
    let before = Found::look(&account, options.line).await?;
    let url = options.callback_url.as_ref().map(WebhookUrl::as_str);
    let mode = match before.configuration.mode {
        Mode::PublicApi => format!("keep {before} in public_api mode"),
        Mode::Native | Mode::Other(_) => format!(
            "put {before} from {} into public_api mode, in which nobody sees its texts in Aircall's app and its webhooks \
             do not fire",
            before.configuration.mode
        ),
    };
    let to = match url {
        Some(url) => format!("post what is texted to it to {url}"),
        None => {
            "let nothing that is texted to it reach us, for there is no --callback-url".to_owned()
        }
    };
    let instead = before.configuration.callback_url.as_deref();
    let instead = instead.map_or_else(String::new, |url| {
        format!(" instead of {}", output::harmless(url))
    });
    let would = format!(
        "{mode}, and {to}{instead}{}",
        stranger(&account, before.number.id)
    );
    let change = &options.change;
    change
        .begin("aircall_configure", &line_key(before.number.id), &would)
        .await?;
    let configured = account.client.configure(before.number.id, url).await;
    let after = Found {
        configuration: configured.map_err(about(format_args!("configure {before}")))?,
        number: before.number,
    };
    after.print(&account, options.json)?;
    if !account.settings.knows(after.configuration.token.as_ref()) {
        note(&format!(
            "wex: its callbacks carry a token that the ingress does not know yet. Add it to AIRCALL_WEBHOOK_TOKEN, after a \
             comma: wex aircall show {} --token",
            options.line
        ));
    }
    Ok(())
}

pub(super) async fn unconfigure(options: &Unconfigure) -> Result<(), CommandError> {
    let account = Account::open()?;
    let before = Found::look(&account, options.line).await?;
    if before.configuration.mode == Mode::Native {
        return Err(CommandError::Failed(format!(
            "{before} is in native mode already"
        )));
    }
    let would = format!(
        "put {before} back into native mode: what is texted to it goes to Aircall's app and to the account's webhooks, and \
         to no callback any more{}",
        stranger(&account, before.number.id)
    );
    let change = &options.change;
    change
        .begin("aircall_unconfigure", &line_key(before.number.id), &would)
        .await?;
    let done = account.client.unconfigure(before.number.id).await;
    done.map_err(about(format_args!("unconfigure {before}")))?;
    Found::look(&account, options.line)
        .await?
        .print(&account, options.json)
}

/// A line of somebody else's is worth a word.
fn stranger(account: &Account, id: LineId) -> &'static str {
    match account.settings.side_of(id) {
        Some(_) => "",
        None => ". It is none of our lines",
    }
}

/// A line as it is at Aircall.
struct Found {
    number: Number,
    configuration: Configuration,
}

impl Found {
    async fn look(account: &Account, which: LineName) -> Result<Self, CommandError> {
        let id = account.line(which)?;
        let about_line = || about(format!("look at line {id}"));
        let number = account.client.number(id).await.map_err(about_line())?;
        let configuration = account.client.configuration(id).await;
        Ok(Self {
            number,
            configuration: configuration.map_err(about_line())?,
        })
    }

    fn print(&self, account: &Account, as_json: bool) -> Result<(), CommandError> {
        let Configuration {
            mode,
            callback_url,
            token,
        } = &self.configuration;
        let side = account.settings.side_of(self.number.id);
        let token = known(&account.settings, token.as_ref());
        if as_json {
            return output::json(&json!({
                "id": self.number.id,
                "name": self.number.name,
                "digits": self.number.digits,
                "line": side,
                "mode": mode.to_string(),
                "callback_url": callback_url,
                "token": token,
            }));
        }
        line(&format!(
            "{self}, {}",
            side.map_or_else(
                || "none of our lines".to_owned(),
                |side| format!("our {side} line")
            )
        ))?;
        line(&match (mode, callback_url) {
            (Mode::PublicApi, Some(url)) => format!(
                "public_api: what is texted to it is posted to {url}, with a token that is {token} to AIRCALL_WEBHOOK_TOKEN"
            ),
            (Mode::PublicApi, None) => {
                "public_api WITHOUT a callback URL: nothing that is texted to it reaches us"
                    .to_owned()
            }
            (Mode::Native, _) => {
                "native: what is texted to it goes to Aircall's app and to the account's webhooks"
                    .to_owned()
            }
            (Mode::Other(_), _) => format!("{mode}: configured by somebody else, not for us"),
        })
    }
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Number {
            id, name, digits, ..
        } = &self.number;
        write!(
            f,
            "number {id} ({}, {})",
            output::harmless(digits),
            output::harmless(name)
        )
    }
}
