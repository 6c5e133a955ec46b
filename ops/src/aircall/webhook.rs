//! `wex aircall webhook`: the account's webhooks. Ours is subscribed to three events, never to "all".

use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use serde_json::json;
use wex_aircall::account::{EVENTS, Webhook, WebhookUrl};

use super::account::{Account, Change, about, known};
use crate::operator::{CommandError, EXIT_CODES};
use crate::output::{self, Table, line, note};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the account's webhooks.
    #[command(after_help = EXIT_CODES)]
    List(List),
    /// Make a webhook for the three events of messages.
    #[command(after_help = EXIT_CODES)]
    Create(Create),
    /// Have a webhook deliver to another URL; its token stays.
    #[command(after_help = EXIT_CODES)]
    UpdateUrl(UpdateUrl),
    /// Switch a webhook on again that Aircall has disabled after too many failures.
    #[command(after_help = EXIT_CODES)]
    Enable(One),
    /// Delete a webhook.
    #[command(after_help = EXIT_CODES)]
    Delete(One),
    /// Print the token that a webhook puts into its deliveries, and nothing else: it is a secret, for `AIRCALL_WEBHOOK_TOKEN`.
    #[command(after_help = EXIT_CODES)]
    Token(Token),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Where it delivers, e.g. `https://wex.example/api/sms/webhook` [default: `AIRCALL_WEBHOOK_URL`]
    #[arg(long)]
    url: Option<WebhookUrl>,
    /// What Aircall's dashboard calls it
    #[arg(long, default_value = "WEx SMS", value_parser = name)]
    name: String,
    #[command(flatten)]
    change: Change,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateUrl {
    /// Its id, see `list`
    id: String,
    /// Where it is to deliver
    url: WebhookUrl,
    #[command(flatten)]
    change: Change,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct One {
    /// Its id, see `list`
    id: String,
    #[command(flatten)]
    change: Change,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Token {
    /// Its id, see `list`
    id: String,
}

fn name(text: &str) -> Result<String, String> {
    const CHARS_MAX: usize = 100;
    let text = text.trim();
    if (1..=CHARS_MAX).contains(&text.chars().count()) {
        Ok(text.to_owned())
    } else {
        Err(format!("expected 1 to {CHARS_MAX} characters"))
    }
}

pub(super) async fn run(command: Command) -> Result<(), CommandError> {
    let account = Account::open()?;
    match command {
        Command::List(options) => list(&account, &options).await,
        Command::Create(options) => create(&account, options).await,
        Command::UpdateUrl(options) => update_url(&account, options).await,
        Command::Enable(options) => enable(&account, &options).await,
        Command::Delete(options) => delete(&account, &options).await,
        Command::Token(options) => token(&account, &options).await,
    }
}

async fn list(account: &Account, options: &List) -> Result<(), CommandError> {
    let webhooks = account.client.webhooks().await;
    let webhooks = webhooks
        .map_err(about("list the account's webhooks"))?
        .items;
    if options.json {
        return webhooks
            .iter()
            .try_for_each(|webhook| print_json(account, webhook));
    }
    if webhooks.is_empty() {
        return line("The account has no webhooks. `wex aircall webhook create` makes one.");
    }
    let mut table = Table::new(&["ID", "STATE", "TOKEN", "URL", "NAME", "EVENTS"]);
    for webhook in &webhooks {
        table.row(&[
            webhook.id.clone(),
            state(webhook).to_owned(),
            known(&account.settings, webhook.token.as_ref()).to_owned(),
            webhook.url.clone(),
            webhook.name.clone(),
            events(webhook),
        ]);
    }
    table.print()
}

async fn create(account: &Account, options: Create) -> Result<(), CommandError> {
    let url = options.url.or_else(|| account.settings.webhook_url.clone());
    let url = url.ok_or_else(|| {
        CommandError::Usage("say where it delivers: --url URL, or AIRCALL_WEBHOOK_URL".to_owned())
    })?;
    account.deliverable(&url)?;
    let webhooks = account.client.webhooks().await;
    let webhooks = webhooks
        .map_err(about("list the account's webhooks"))?
        .items;
    if let Some(there) = webhooks.iter().find(|webhook| url.is_that_of(webhook)) {
        return Err(CommandError::Failed(format!(
            "webhook {} delivers to {url} already, and a second one would deliver everything twice; if it is disabled: \
             wex aircall webhook enable {}",
            there.id, there.id
        )));
    }
    let would = format!(
        "make a webhook {:?} that posts {} of every number of the account to {url}",
        options.name,
        EVENTS.join(", ")
    );
    let change = &options.change;
    change
        .begin("aircall_webhook_create", "aircall:webhook:new", &would)
        .await?;
    let made = account
        .client
        .create_webhook(&options.name, url.as_str())
        .await;
    let made = made.map_err(about("make the webhook"))?;
    print(account, &made, "made", options.json)?;
    if !account.settings.knows(made.token.as_ref()) {
        note(&format!(
            "wex: its token has to be in AIRCALL_WEBHOOK_TOKEN before the ingress takes what it delivers: \
             wex aircall webhook token {}",
            made.id
        ));
    }
    Ok(())
}

async fn update_url(account: &Account, options: UpdateUrl) -> Result<(), CommandError> {
    account.deliverable(&options.url)?;
    let webhook = find(account, &options.id).await?;
    let would = format!(
        "have webhook {} ({:?}) deliver to {} instead of {}{}",
        webhook.id,
        output::harmless(&webhook.name),
        options.url,
        output::harmless(&webhook.url),
        narrowing(&webhook)
    );
    let moved = Webhook {
        url: options.url.as_str().to_owned(),
        ..webhook
    };
    update(
        account,
        &moved,
        "update_url",
        &would,
        &options.change,
        options.json,
    )
    .await
}

async fn enable(account: &Account, options: &One) -> Result<(), CommandError> {
    let webhook = find(account, &options.id).await?;
    if webhook.active && webhook.has_our_events() {
        return print(account, &webhook, "enabled already", options.json);
    }
    let would = format!(
        "have webhook {} ({:?}) deliver to {}{}",
        webhook.id,
        output::harmless(&webhook.name),
        output::harmless(&webhook.url),
        narrowing(&webhook)
    );
    let enabled = Webhook {
        active: true,
        ..webhook
    };
    update(
        account,
        &enabled,
        "enable",
        &would,
        &options.change,
        options.json,
    )
    .await
}

/// Whatever is changed, the events are said: left out, they would become all.
fn narrowing(webhook: &Webhook) -> String {
    if webhook.has_our_events() {
        return String::new();
    }
    format!(
        ", and subscribe it to {} instead of {}",
        EVENTS.join(", "),
        events(webhook)
    )
}

async fn update(
    account: &Account,
    webhook: &Webhook,
    act: &str,
    would: &str,
    change: &Change,
    as_json: bool,
) -> Result<(), CommandError> {
    let what = format!("aircall_webhook_{act}");
    change.begin(&what, &webhook.audit_name(), would).await?;
    let updated = account.client.update_webhook(webhook).await;
    let updated = updated.map_err(about(format_args!("change webhook {}", webhook.id)))?;
    print(account, &updated, "changed", as_json)
}

async fn delete(account: &Account, options: &One) -> Result<(), CommandError> {
    let webhook = find(account, &options.id).await?;
    let would = format!(
        "delete webhook {} ({:?}), which is {} and delivers to {}. Its token goes with it",
        webhook.id,
        output::harmless(&webhook.name),
        state(&webhook),
        output::harmless(&webhook.url)
    );
    let change = &options.change;
    change
        .begin("aircall_webhook_delete", &webhook.audit_name(), &would)
        .await?;
    let gone = account.client.delete_webhook(&webhook.id).await;
    gone.map_err(about(format_args!("delete webhook {}", webhook.id)))?;
    print(account, &webhook, "deleted", options.json)
}

async fn token(account: &Account, options: &Token) -> Result<(), CommandError> {
    let webhook = find(account, &options.id).await?;
    let token = webhook.token.as_ref().ok_or_else(|| {
        CommandError::Failed(format!(
            "Aircall does not tell the token of webhook {}",
            webhook.id
        ))
    })?;
    line(token.expose_secret())
}

async fn find(account: &Account, id: &str) -> Result<Webhook, CommandError> {
    let webhook = account.client.webhook(id).await;
    webhook.map_err(about(format_args!(
        "look at webhook {} (`wex aircall webhook list` has the ids)",
        output::harmless(id)
    )))
}

fn print(
    account: &Account,
    webhook: &Webhook,
    what: &str,
    as_json: bool,
) -> Result<(), CommandError> {
    if as_json {
        return print_json(account, webhook);
    }
    line(&format!(
        "{what}: webhook {}, {}, delivers {} to {}",
        webhook.id,
        state(webhook),
        events(webhook),
        output::harmless(&webhook.url)
    ))
}

fn print_json(account: &Account, webhook: &Webhook) -> Result<(), CommandError> {
    output::json(&json!({
        "id": webhook.id,
        "name": webhook.name,
        "url": webhook.url,
        "active": webhook.active,
        "events": webhook.events,
        "token": known(&account.settings, webhook.token.as_ref()),
    }))
}

fn state(webhook: &Webhook) -> &'static str {
    if webhook.active { "active" } else { "DISABLED" }
}

/// A few by name, many by number.
fn events(webhook: &Webhook) -> String {
    const NAMED_MAX: usize = 4;
    if webhook.events.len() > NAMED_MAX {
        return format!("{} events", webhook.events.len());
    }
    webhook.events.join(",")
}
