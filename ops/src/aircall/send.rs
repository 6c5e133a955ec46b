//! `wex aircall send`: one text by an operator's hand, through Aircall's API, once. Whoever has opted out gets none, and it waits
//! for its turn among all that the company asks of Aircall.

use std::time::Duration;

use clap::Args;
use serde_json::json;
use tokio::time::{Instant, sleep};
use wex_aircall::client::{Answer, SendOutcome};
use wex_aircall::status::Status;
use wex_domain::job::{OUTBOUND, SEND_RATE, segments_allowance, suppression_record};
use wex_domain::line::{LineId, Side};
use wex_domain::phone_number::PhoneNumber;
use wex_domain::sms_text::segments;
use wex_queue::{Correction, QueueName, Rate, WHOLE_QUEUE};
use wex_runtime::error_chain;

use super::account::{Account, Change, LineName};
use crate::ledger::phone_number;
use crate::operator::{CommandError, Session, conversation_key};
use crate::output::{self, line, note};
use crate::time::short;

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
    refuse_where_shut(&session, side, id).await?;
    let limit = account.settings.rate_per_minute.max(2);
    wait_for_turn(&session, Rate::within(SEND_RATE, limit)).await?;
    spend_segments(&session, id, parts, &account.settings.segments).await?;
    refuse_suppressed(&session, to).await?; // It may have come while we waited.
    let key = conversation_key(side, id, to);
    options.change.note(&session, "aircall_send", &key).await?;
    let (mode, _) = account.settings.send_mode(side);
    let client = account.client.in_mode(mode);
    let answer = client.send(id, to, &options.text).await;
    tell_workers(&session, &answer).await;
    report(&answer.outcome, side, options)
}

/// What stands in the way of every send of the line, or of all lines, stands in the way of this one.
async fn refuse_where_shut(session: &Session, side: Side, id: LineId) -> Result<(), CommandError> {
    let line = format!("{side}:{id}");
    let (_now_ms, gates) = session.queue.gates(QueueName(OUTBOUND)).await?;
    let shut = gates.iter().find(|held| {
        let is_in_the_way = held.name == WHOLE_QUEUE || held.name == line;
        is_in_the_way && held.gate.is_shut()
    });
    match shut {
        None => Ok(()),
        Some(held) => Err(CommandError::Failed(format!(
            "not sent, for sending is stopped: {}; `wex queue status` says until when, and `wex queue resume outbound` lets all \
             that waits try again at once",
            held.gate.reason
        ))),
    }
}

/// Takes a token of the bucket that the workers' sends cost one of, as soon as there is one.
async fn wait_for_turn(session: &Session, rate: Rate) -> Result<(), CommandError> {
    /// As long as a window of Aircall's, in which its whole budget comes back.
    const PATIENCE: Duration = Duration::from_secs(60);
    let started = Instant::now();
    while let Some(wait) = session.queue.take_token(rate).await? {
        let in_seconds = short(wait + Duration::from_secs(1));
        if PATIENCE < started.elapsed() + wait {
            return Err(CommandError::Failed(format!(
                "not sent: Aircall's rate limit (AIRCALL_RATE_PER_MINUTE, and what Aircall says is left of its own) is used up; \
                 there may be room in {in_seconds}"
            )));
        }
        note(&format!(
            "Waiting for up to {in_seconds}: Aircall's rate limit is used up."
        ));
        sleep(wait).await;
    }
    Ok(())
}

async fn spend_segments(
    session: &Session,
    id: LineId,
    parts: usize,
    most: &[(Duration, u32); 2],
) -> Result<(), CommandError> {
    let cost = u32::try_from(parts).unwrap_or(u32::MAX);
    let allowance = segments_allowance(id);
    match session.queue.spend(&allowance, cost, most).await? {
        None => Ok(()),
        Some(wait) => Err(CommandError::Failed(format!(
            "not sent: what the line may send in an hour or a day (AIRCALL_SEGMENTS_PER_HOUR, AIRCALL_SEGMENTS_PER_DAY) is used \
             up; there is room in {}",
            short(wait)
        ))),
    }
}

/// What the answer says is left of the company's budget holds for the workers too.
async fn tell_workers(session: &Session, answer: &Answer) {
    let Some(budget) = answer.budget_left() else {
        return;
    };
    let correction = Correction {
        limit: budget.limit,
        left: budget.remaining,
        resets_in: budget.resets_in,
    };
    // The text has left or not all the same, which is what the operator has to hear.
    if let Err(untold) = session.queue.correct_rate(SEND_RATE, correction).await {
        note(&format!(
            "The workers were not told what is left of Aircall's budget: {}",
            error_chain(&untold)
        ));
    }
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
