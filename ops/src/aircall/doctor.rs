//! `wex aircall doctor`: looks at everything that has to fit together before a text can come and an answer can go, and says in
//! words what does not, and what to type. It changes nothing. What it concludes is in `diagnosis`.

use std::time::Instant;

use clap::Args;
use secrecy::ExposeSecret;
use serde_json::json;
use wex_aircall::account::WebhookUrl;
use wex_runtime::clock::Clock;

use super::account::Account;
use super::diagnosis::{Facts, Finding, LineFacts, Probe, Verdict, diagnose, ours};
use super::simulate::Answer;
use crate::operator::CommandError;
use crate::output::{self, harmless, line};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Print one JSON object per check
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(options: &Options) -> Result<(), CommandError> {
    let account = Account::open()?;
    let facts = gather(&account).await;
    let findings = diagnose(&account.settings, &facts);
    for finding in &findings {
        if options.json {
            output::json(finding)?;
        } else {
            print(finding)?;
        }
    }
    let count = |verdict| {
        findings
            .iter()
            .filter(|finding| finding.result == verdict)
            .count()
    };
    let (problems, warnings) = (count(Verdict::Problem), count(Verdict::Warning));
    if problems > 0 {
        return Err(CommandError::Failed(format!(
            "problems: {problems}, warnings: {warnings}"
        )));
    }
    Ok(())
}

/// `problem  mode buyer      line_is_native: …`, and below it what to type.
fn print(finding: &Finding) -> Result<(), CommandError> {
    let about = match &finding.on {
        Some(on) => format!("{} {on}", finding.check),
        None => finding.check.to_owned(),
    };
    let name = finding
        .found
        .map(|found| format!("{found}: "))
        .unwrap_or_default();
    let result = finding.result.as_str();
    line(&format!(
        "{result:<8} {about:<18} {name}{}",
        harmless(&finding.what)
    ))?;
    match &finding.mend {
        Some(mend) => line(&format!("{:27} -> {}", "", harmless(mend))),
        None => Ok(()),
    }
}

/// Asks Aircall, half a dozen requests, and posts to ourselves where Aircall would.
async fn gather(account: &Account) -> Facts {
    let (client, settings) = (&account.client, &account.settings);
    let started = Instant::now();
    let standing = client.ping().await;
    let mut facts = Facts {
        is_local: account.is_local(),
        // Aircall wrote its date in the middle of the exchange, as near as one can tell.
        now_ms: Clock
            .now_ms()
            .saturating_sub(u64::try_from(started.elapsed().as_millis() / 2).unwrap_or(0)),
        standing,
        company: None,
        numbers: None,
        lines: Vec::new(),
        webhooks: None,
        probes: Vec::new(),
    };
    if facts.standing.is_err() {
        return facts;
    }
    facts.company = Some(client.company().await);
    facts.numbers = Some(client.numbers().await);
    for line in settings.lines() {
        let configuration = match line.id {
            Some(id) => Some(client.configuration(id).await),
            None => None,
        };
        facts.lines.push(LineFacts {
            line: line.clone(),
            configuration,
        });
    }
    facts.webhooks = Some(client.webhooks().await);
    facts.probes = probe(account, &facts).await;
    facts
}

/// Posts an event that asks nothing to each URL at which Aircall would deliver to us, with the token that Aircall has for it:
/// who takes that takes what Aircall delivers.
async fn probe(account: &Account, facts: &Facts) -> Vec<Probe> {
    let webhooks = facts
        .webhooks
        .as_ref()
        .and_then(|webhooks| webhooks.as_ref().ok());
    let webhook = webhooks
        .and_then(|webhooks| ours(&account.settings, &webhooks.items))
        .and_then(|webhook| {
            Some((
                "webhook".to_owned(),
                webhook.url.clone(),
                webhook.token.clone()?,
            ))
        });
    let callbacks = facts.lines.iter().filter_map(|line| {
        let configuration = line.configuration.as_ref()?.as_ref().ok()?;
        Some((
            line.line.side.to_string(),
            configuration.callback_url.clone()?,
            configuration.token.clone()?,
        ))
    });
    let mut probes = Vec::new();
    for (on, url, token) in webhook.into_iter().chain(callbacks) {
        // What is no URL, the diagnosis says elsewhere.
        if url.parse::<WebhookUrl>().is_err() {
            continue;
        }
        let event = json!({
            "resource": "message",
            "event": "wex.doctor",
            "timestamp": Clock.now_ms() / 1_000,
            "token": token.expose_secret(),
            "data": {},
        });
        let answer = Answer::of(&url, &event).await;
        probes.push(Probe { on, url, answer });
    }
    probes
}
