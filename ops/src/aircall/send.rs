//! `wex aircall send`: one text by an operator's hand, through Aircall's API, once. Whoever has opted out gets none.

use clap::Args;
use serde_json::json;
use wex_aircall::client::SendOutcome;
use wex_aircall::status::Status;
use wex_domain::job::suppression_record;
use wex_domain::line::Side;
use wex_domain::phone_number::PhoneNumber;
use wex_domain::sms_text::segments;

use super::account::{Account, Change, LineName};
use crate::ledger::phone_number;
use crate::operator::{CommandError, Session, conversation_key};
use crate::output::{self, line};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// buyer, supplier, or the id of one of the two
    line: LineName,
    /// A phone number, e.g. +18704575426
    #[arg(value_parser = phone_number)]
    to: PhoneNumber,
    /// The text
    #[arg(value_parser = text)]
    text: String,
    #[command(flatten)]
    change: Change,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Something, and no more than Aircall takes.
fn text(text: &str) -> Result<String, String> {
    const CHARS_MAX: usize = 1_600;
    if text.trim().is_empty() || text.chars().count() > CHARS_MAX {
        return Err(format!("expected 1 to {CHARS_MAX} characters"));
    }
    Ok(text.to_owned())
}

pub(super) async fn run(options: &Options) -> Result<(), CommandError> {
    let account = Account::open()?;
    let id = account.line(options.line)?;
    let side = account.settings.side_of(id).ok_or_else(|| {
        CommandError::Usage(format!(
            "number {id} is none of our lines: nothing is sent from it"
        ))
    })?;
    let to = &options.to;
    let lines = account.settings.lines();
    if lines.iter().any(|ours| ours.digits.as_ref() == Some(to)) {
        return Err(CommandError::Usage(format!("{to} is one of our own lines")));
    }
    let session = Session::open().await?;
    refuse_suppressed(&session, to).await?;
    let parts = segments(&options.text).count;
    if !options.change.is_confirmed() {
        return Err(CommandError::Failed(format!(
            "would text {to} from the {side} line {id}, in {parts} SMS segment(s); --yes does it"
        )));
    }
    let key = conversation_key(side, id, to);
    options.change.note(&session, "aircall_send", &key).await?;
    let (mode, _) = account.settings.send_mode(side);
    let client = account.client.in_mode(mode);
    let answer = client.send(id, to, &options.text).await;
    report(&answer.outcome, side, options)
}

/// Read right before the call, as the worker does.
async fn refuse_suppressed(session: &Session, to: &PhoneNumber) -> Result<(), CommandError> {
    let records = session.queue.records(&[suppression_record(to)]).await?;
    if records.iter().any(Option::is_some) {
        return Err(CommandError::Failed(format!(
            "{to} has opted out: nothing is sent, and no option changes that. `wex consent list` says when; only a new \
             opt-in, by the contact's word, ends it"
        )));
    }
    Ok(())
}

fn report(outcome: &SendOutcome, side: Side, options: &Options) -> Result<(), CommandError> {
    let (word, said) = match outcome {
        SendOutcome::Accepted {
            provider_id,
            status,
        } => {
            let status = status.as_ref().map_or("unsaid", Status::as_str);
            if options.json {
                return output::json(
                    &json!({ "outcome": "accepted", "id": provider_id, "status": status }),
                );
            }
            return line(&format!(
                "Aircall took it: id {provider_id}, status {status}. When Aircall tells of it, it counts as a colleague's \
                 text, and the assistant leaves the {side}'s conversation to people for a while (`wex conversations resume`)."
            ));
        }
        SendOutcome::Rejected(rejection) => ("rejected", format!("not sent, {rejection}")),
        SendOutcome::RetryLater { why, retry_after } => {
            let wait =
                retry_after.map_or_else(String::new, |wait| format!(" in {} s", wait.as_secs()));
            ("not_sent", format!("not sent: {why}; try again{wait}"))
        }
        SendOutcome::Unknown { why } => (
            "unknown",
            format!(
                "nobody can say whether it left: {why}. Look for it at Aircall, or ask the contact, before you send it again"
            ),
        ),
    };
    if options.json {
        output::json(&json!({ "outcome": word, "why": said }))?;
    }
    Err(CommandError::Failed(said))
}
