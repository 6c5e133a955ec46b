//! A turn: all messages of a conversation since our last reply, answered together.
//!
//! [`take`] is the spine: gate, understand, decide, draft, guard, commit. Everything but looking for spaces is pure and
//! lives in `wex_assistant`. What a turn brings about is committed in one script with its completion, or not at all.

use std::time::Duration;

use serde_json::{Value, json};
use tracing::{Span, error, warn};
use wex_assistant::decide::{Happened, Next, buyer, offer};
use wex_assistant::draft::{OPENING_ES, draft, facts, opt_out_hint};
use wex_assistant::gate::{self, Circumstances, Gate};
use wex_assistant::guard;
use wex_assistant::heard::Heard;
use wex_assistant::say::{Handoff, Say};
use wex_assistant::supplier::supplier;
use wex_domain::consent::{self, Keyword};
use wex_domain::conversation::{Control, Conversation, ConversationId, Party, Spent};
use wex_domain::event::{
    ConsentChange, ConsentKind, Event, MatchedBy, ModelCall, Turn as TurnRecord, What,
};
use wex_domain::intent::Intent;
use wex_domain::job::{
    InboundPayload, OUTBOUND, OutboundPayload, confirmation_record, conversation_record,
    held_record, resumed_record, spent_records, suppression_record, unsaid_record,
};
use wex_domain::line::Side;
use wex_domain::message::{InboundMessage, Purpose, Reply};
use wex_domain::notice::NoticeKind;
use wex_domain::phone_number::PhoneNumber;
use wex_domain::requirement::Requirement;
use wex_domain::sms_text;
use wex_domain::understand::Language;
use wex_llm::{Assistant, Wording};
use wex_queue::{Claim, Counts, Effects, Failed, Invalid, NewJob, QueueName, Record};
use wex_runtime::trace;
use wex_turn::{Turn, Verdict, left_behind, listen};

use crate::attempt::{Achieved, Context, unreadable};
use crate::disposition::{Failure, FailureKind};
use crate::listings::Listings;
use crate::provenance;
use crate::tell;
use crate::unsaid::{self, Before, Unsaid};

/// A reply is at most this long. One segment is cheaper and reads better; the introduction needs a second one.
const SEGMENTS_MAX: usize = 2;

/// Who we are and how to opt out is said again after this time (CTIA Messaging Principles §5.1: at least monthly).
const INTRODUCTION_LASTS_MS: u64 = 30 * 24 * 3600 * 1000;

/// What a turn starts from and changes.
struct Taken {
    messages: Vec<InboundMessage>,
    /// The last of them.
    last: InboundMessage,
    conversation: Conversation,
    is_suppressed: bool,
    /// The current opt-out was confirmed, or could not be in time.
    is_confirmed: bool,
    /// A colleague has texted the contact a while ago.
    is_held: bool,
    /// When the last message was sent, in milliseconds since 1970.
    received_ms: u64,
    /// When the turn was claimed.
    now_ms: u64,
    /// The latest reply, if it has not left yet.
    unsaid: Option<Unsaid>,
    /// As the conversation was before the turn: where a later turn would begin that takes its reply back.
    before: Conversation,
    /// The reply that this turn takes back.
    taken_back: Option<TakenBack>,
    /// What read an opt-out in other words than a keyword.
    read_by: MatchedBy,
    /// A model has read the turn.
    has_reading: bool,
    /// Nobody understands it now; a model may, so much later.
    understood_in: Option<Duration>,
    /// The contact, as a model's vendor may know them.
    pseudonym: String,
    /// What models were asked.
    calls: Vec<ModelCall>,
    /// What models cost on this day before the turn, in all conversations together.
    spent: Spent,
}

/// A reply that was taken back, and how many were before it.
struct TakenBack {
    job: String,
    put_off: u32,
}

/// What the pipeline concludes.
#[derive(Debug, Default, PartialEq)]
struct Conclusion {
    reply: Option<(Purpose, String)>,
    /// `replied`, or why not.
    outcome: &'static str,
    intent: Option<Intent>,
    happened: Vec<Happened>,
    /// The contact must not be texted any more.
    opt_out: Option<ConsentKind>,
}

impl Conclusion {
    fn silent(reason: &'static str) -> Self {
        Self {
            outcome: reason,
            ..Self::default()
        }
    }

    /// Silent, and a person must look at it.
    fn held(reason: &'static str) -> Self {
        Self {
            happened: vec![Happened::Held { reason }],
            ..Self::silent(reason)
        }
    }

    fn reply(purpose: Purpose, body: String) -> Self {
        Self {
            reply: Some((purpose, body)),
            outcome: "replied",
            ..Self::default()
        }
    }

    /// Whether the current opt-out has its confirmation now, or is too old for one.
    fn settles_confirmation(&self) -> bool {
        self.outcome == gate::CONFIRMATION_TOO_LATE
            || matches!(self.reply, Some((Purpose::ConfirmOptOut, _)))
    }

    /// Why a person must go on, if so.
    fn handoff(&self) -> Option<&'static str> {
        self.happened.iter().find_map(|happened| match happened {
            Happened::Handoff { reason } => Some(*reason),
            Happened::Help { .. }
            | Happened::Held { .. }
            | Happened::SupplierTold { .. }
            | Happened::Tour { .. } => None,
        })
    }
}

pub(crate) async fn take(claim: &Claim, ctx: &Context) -> Result<Achieved, Failure> {
    let mut taken = Taken::read(claim, ctx).await?;
    let known = taken.conversation.requirement.clone();
    let help = consent::help(ctx.help_contact.as_deref());
    let mut conclusion = conclude(&mut taken, &ctx.listings, &ctx.assistant, &help).await;
    if matches!(conclusion.reply, Some((Purpose::ConfirmOptOut, _)))
        && !may_confirm(&taken.last.contact, &claim.jobs[0].id.to_string(), ctx).await?
    {
        taken.conversation.recent.pop();
        conclusion.reply = None;
        conclusion.outcome = "opt_out_confirmed_before";
    }
    pay(&mut taken, ctx).await?;
    ctx.metrics.asked(&taken.calls);
    if let Some(delay) = taken.understood_in {
        return Err(not_understood_yet(delay));
    }
    Ok(commit(claim, taken, &known, conclusion)?)
}

/// Whether this turn is the one that confirms the opt-out. The turns of both lines may take place at the same moment: the first
/// marks the record of the confirmation as its own until it commits, and the other looks again later. A START in between
/// deletes the mark.
async fn may_confirm(contact: &PhoneNumber, turn: &str, ctx: &Context) -> Result<bool, Failure> {
    /// Longer than a turn that only confirms takes, with a rescue of its worker.
    const MARKED: Duration = Duration::from_secs(30);
    let confirmation = confirmation_record(contact);
    if ctx.queue.lease(&confirmation, turn, MARKED).await? {
        return Ok(true);
    }
    let marked = ctx
        .queue
        .records(std::slice::from_ref(&confirmation))
        .await?;
    match marked.into_iter().next().flatten() {
        Some(mark) if mark == turn => Ok(true),
        Some(mark) if is_confirmation(&mark) => Ok(false),
        Some(_) | None => Err(Failure::transient(
            Counts::No,
            Failed {
                cause: "confirmed_elsewhere",
                error: "a turn on the other line is about to confirm the opt-out".to_owned(),
            },
        )),
    }
}

/// Whether the record of a confirmation says when there was one, and not which turn is about to give it.
fn is_confirmation(record: &str) -> bool {
    record.parse::<u64>().is_ok()
}

/// A new text has it looked at again before.
fn not_understood_yet(delay: Duration) -> Failure {
    Failure {
        kind: FailureKind::Postponed { delay },
        failed: Failed {
            cause: "not_understood_yet",
            error: "the rules do not understand it, and no model can be asked until then"
                .to_owned(),
        },
        effects: Effects::default(),
    }
}

/// Counts what the turn cost, before it is committed: it is spent also if the turn has to be taken again.
async fn pay(taken: &mut Taken, ctx: &Context) -> Result<(), Failure> {
    /// Long enough for an operator to look back on a week.
    const KEPT: Duration = Duration::from_secs(8 * 24 * 3600);
    if taken.calls.is_empty() {
        return Ok(());
    }
    let cost = Spent::nothing_on_day_of(taken.now_ms).with(&taken.calls);
    let spent = taken.conversation.spent.on_day_of(taken.now_ms);
    taken.conversation.spent = spent.with(&taken.calls);
    let [microusd, tokens] = spent_records(cost.day);
    let amounts = [
        (microusd.as_str(), cost.microusd),
        (tokens.as_str(), cost.tokens),
    ];
    let [microusd, tokens] = ctx.queue.add_up(amounts, KEPT).await?;
    let after = Spent {
        microusd,
        tokens,
        ..cost
    };
    let before = Spent {
        microusd: microusd.saturating_sub(cost.microusd),
        tokens: tokens.saturating_sub(cost.tokens),
        ..cost
    };
    let budget = ctx.assistant.budgets.per_day;
    if budget.is_some_and(|budget| !budget.is_spent(before) && budget.is_spent(after)) {
        error!(
            microusd,
            tokens,
            "llm.budget_spent: until midnight UTC the rules read alone; LLM_BUDGET_PER_DAY is the limit"
        );
    }
    Ok(())
}

/// From the messages to what is said and done about them.
async fn conclude(
    taken: &mut Taken,
    listings: &Listings,
    assistant: &Assistant,
    help: &str,
) -> Conclusion {
    let (asks, words) = taken.remember();
    let seen = taken.circumstances(asks, help);
    let gate = gate::gate(&mut taken.conversation, seen);
    let left = match asks {
        Some(Keyword::Stop) => taken.left_behind(),
        Some(Keyword::Start | Keyword::Help) | None => Vec::new(),
    };
    let conclusion = match gate {
        Gate::Silent(reason) => {
            return Conclusion {
                happened: left,
                ..Conclusion::silent(reason)
            };
        }
        Gate::Flagged(reason) => return Conclusion::held(reason),
        Gate::Fixed { purpose, body } => Conclusion {
            happened: left,
            ..Conclusion::reply(purpose, body)
        },
        Gate::Open => {
            let (words, alone) = taken.take_back(words);
            let pseudonym = taken.pseudonym.clone();
            let turn = Turn {
                side: taken.last.side,
                words: &words,
                remembered: taken.messages.len(),
                now_ms: taken.now_ms,
                pseudonym: Some(&pseudonym),
            };
            let nobody = Assistant::default();
            let reader = if taken.may_ask(assistant) {
                assistant
            } else {
                &nobody
            };
            let (verdict, read) = listen(&mut taken.conversation, turn, seen, reader).await;
            taken.read_by = read.read_by;
            taken.has_reading = read.has_reading;
            taken.understood_in = taken.may_wait(read.understood_in());
            taken.calls = read.calls;
            let mut conclusion = match verdict {
                Verdict::Silent(reason) => Conclusion::silent(reason),
                Verdict::Flagged(reason) => Conclusion::held(reason),
                Verdict::OptedOut { kind, confirmation } => {
                    let news = &read.heard.news;
                    taken.conversation.supplier.merge(news);
                    Conclusion {
                        happened: Happened::told(news).into_iter().collect(),
                        ..opted_out(confirmation, kind)
                    }
                }
                Verdict::Answer if taken.understood_in.is_some() => {
                    Conclusion::silent("not_understood_yet")
                }
                Verdict::Answer => answer(taken, &read.heard, &words, listings, assistant).await,
            };
            conclusion.intent = Some(read.heard.intent);
            if conclusion.reply.is_none() && conclusion.opt_out.is_none() {
                // Nothing is said instead of the reply that waits, so it stays as it is.
                taken.leave(alone);
            }
            conclusion
        }
    };
    if let Some((_, body)) = &conclusion.reply {
        taken.conversation.remember(Party::Us, body, taken.now_ms);
    }
    if let Some(reason) = conclusion.handoff() {
        taken.conversation.control = Control::Human {
            since_ms: taken.now_ms,
            reason: reason.to_owned(),
        };
    }
    conclusion
}

impl Taken {
    async fn read(claim: &Claim, ctx: &Context) -> Result<Self, Failure> {
        let messages = claim
            .jobs
            .iter()
            .map(|job| {
                InboundPayload::decode(&job.payload).map(|InboundPayload::V1(message)| message)
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_quotes_content| unreadable("payload"))?;
        let (Some(last), Some(job)) = (messages.last(), claim.jobs.last()) else {
            return Err(unreadable("claim: it has no jobs"));
        };
        let today = Spent::nothing_on_day_of(claim.claimed_ms);
        let [microusd, tokens] = spent_records(today.day);
        let names = [
            conversation_record(&ConversationId::of(last)),
            suppression_record(&last.contact),
            held_record(&ConversationId::of(last)),
            resumed_record(&ConversationId::of(last)),
            confirmation_record(&last.contact),
            unsaid_record(&ConversationId::of(last)),
            microusd,
            tokens,
        ];
        let records = ctx.queue.records(&names).await?;
        let sum = |at: usize| {
            let stored = records.get(at).and_then(Option::as_ref);
            stored.and_then(|sum| sum.parse().ok()).unwrap_or(0)
        };
        let mut conversation = match records.first() {
            Some(Some(stored)) => serde_json::from_str(stored)
                .map_err(|_quotes_content| unreadable("conversation"))?,
            _ => Conversation::default(),
        };
        let pseudonym = ctx.pseudonyms.of(&last.contact);
        let resumed_ms = records.get(3).cloned().flatten();
        let resumed_ms = resumed_ms.and_then(|at_ms| at_ms.parse().ok()).unwrap_or(0);
        give_back(&mut conversation, resumed_ms);
        Ok(Self {
            is_suppressed: matches!(records.get(1), Some(Some(_))),
            is_confirmed: matches!(records.get(4), Some(Some(record)) if is_confirmation(record)),
            is_held: matches!(records.get(2), Some(Some(_))),
            unsaid: Unsaid::read(records.get(5).cloned().flatten()),
            before: conversation.clone(),
            taken_back: None,
            last: last.clone(),
            received_ms: last.sent_ms.unwrap_or(job.enqueued_ms),
            messages,
            conversation,
            now_ms: claim.claimed_ms,
            read_by: MatchedBy::Rule,
            has_reading: false,
            understood_in: None,
            pseudonym,
            calls: Vec::new(),
            spent: Spent {
                microusd: sum(6),
                tokens: sum(7),
                ..today
            },
        })
    }

    /// Remembers the texts. Returns what the last of them that asks for something asks for, and the texts that ask for nothing
    /// and are not empty.
    fn remember(&mut self) -> (Option<Keyword>, Vec<String>) {
        let mut asks = None;
        let mut words = Vec::new();
        for message in &self.messages {
            let at_ms = message.sent_ms.unwrap_or(self.now_ms);
            self.conversation
                .remember(Party::Contact, &message.body, at_ms);
            match consent::signal(&message.body).asks() {
                None if message.body.trim().is_empty() => {}
                None => words.push(message.body.clone()),
                later => asks = later,
            }
        }
        (asks, words)
    }

    /// What is left by somebody who opts out, kept and to be told.
    fn left_behind(&mut self) -> Vec<Happened> {
        let texts: Vec<String> = self
            .messages
            .iter()
            .map(|message| message.body.clone())
            .collect();
        let turn = Turn {
            side: self.last.side,
            words: &texts,
            remembered: texts.len(),
            now_ms: self.now_ms,
            pseudonym: None,
        };
        let read = left_behind(&mut self.conversation, turn);
        Happened::told(&read.heard.news).into_iter().collect()
    }

    /// What the last text that asks for it changed about consent, when it was accepted. `None` also when that holds no more, or
    /// never did: a START that was read again lifts nothing.
    fn asked_for(&self) -> Option<ConsentKind> {
        let kind = |message: &InboundMessage| match consent::signal(&message.body).asks()? {
            Keyword::Stop => Some(ConsentKind::OptOut),
            Keyword::Start => Some(ConsentKind::OptIn),
            Keyword::Help => None,
        };
        let last = self.messages.iter().rev().find_map(kind);
        last.filter(|kind| kind.suppresses() == Some(self.is_suppressed))
    }

    /// Goes back to before the latest reply, if it has not left and can be taken back: its texts are answered together with
    /// these. Returns the words of all, and what to [`Self::leave`] it with.
    fn take_back(
        &mut self,
        words: Vec<String>,
    ) -> (Vec<String>, Option<(Conversation, Vec<InboundMessage>)>) {
        let Some(Unsaid {
            job,
            put_off,
            before: Some(before),
            ..
        }) = self.unsaid.take()
        else {
            return (words, None);
        };
        let alone = (self.conversation.clone(), self.messages.clone());
        // What was spent stays spent.
        let spent = self.conversation.spent;
        self.conversation = Conversation {
            spent,
            ..before.conversation
        };
        self.before = self.conversation.clone();
        self.messages.splice(0..0, before.messages);
        self.taken_back = Some(TakenBack { job, put_off });
        let (_asks, words) = self.remember();
        (words, Some(alone))
    }

    /// Undoes [`Self::take_back`].
    fn leave(&mut self, alone: Option<(Conversation, Vec<InboundMessage>)>) {
        if let Some((conversation, messages)) = alone {
            (self.conversation, self.messages, self.taken_back) = (conversation, messages, None);
        }
    }

    /// When the newest text was sent. What says more than a month ago comes of a sample or a wrong clock, for nothing waits
    /// so long on its way: then the text counts as sent when it was enqueued.
    fn heard_ms(&self, enqueued_ms: u64) -> u64 {
        const CREDIBLE_MS: u64 = 30 * 24 * 3600 * 1000;
        let sent_ms = self.last.sent_ms.unwrap_or(enqueued_ms).min(enqueued_ms);
        if enqueued_ms - sent_ms < CREDIBLE_MS {
            sent_ms
        } else {
            enqueued_ms
        }
    }

    /// Whether the turn waits for a model, and how long: a buyer's text, neither for long nor again and again.
    fn may_wait(&self, understood_in: Option<Duration>) -> Option<Duration> {
        /// As OpenAI's own client does.
        const WAIT_MAX: Duration = Duration::from_secs(120);
        /// An older text is answered without a model.
        const PATIENCE_MS: u64 = 3 * 60 * 1000;
        let is_new = self.now_ms.saturating_sub(self.received_ms) < PATIENCE_MS;
        understood_in.filter(|wait| self.last.side == Side::Buyer && is_new && (*wait <= WAIT_MAX))
    }

    /// Whether a model may be asked: there is one, and no budget is spent.
    fn may_ask(&self, assistant: &Assistant) -> bool {
        let by_all = self.spent.with(&self.calls);
        let here = self.conversation.spent.on_day_of(self.now_ms);
        !assistant.providers.is_empty()
            && assistant
                .budgets
                .spent(by_all, here.with(&self.calls))
                .is_none()
    }

    fn circumstances<'a>(&self, asks: Option<Keyword>, help: &'a str) -> Circumstances<'a> {
        Circumstances {
            is_suppressed: self.is_suppressed,
            is_confirmed: self.is_confirmed,
            asks,
            is_held: self.is_held || self.conversation.control != Control::Bot,
            received_ms: self.received_ms,
            now_ms: self.now_ms,
            help,
        }
    }
}

/// The assistant goes on where a person has said so since a person was asked for.
fn give_back(conversation: &mut Conversation, resumed_ms: u64) {
    if let Control::Human { since_ms, .. } = conversation.control
        && since_ms < resumed_ms
    {
        conversation.control = Control::Bot;
    }
}

fn opted_out(confirmation: Gate, kind: ConsentKind) -> Conclusion {
    let mut conclusion = match confirmation {
        Gate::Fixed { purpose, body } => Conclusion::reply(purpose, body),
        Gate::Silent(reason) | Gate::Flagged(reason) => Conclusion::silent(reason),
        Gate::Open => Conclusion::silent("opted_out"),
    };
    conclusion.opt_out = Some(kind);
    conclusion
}

/// Decides, looks for spaces where that helps, and words the answer.
async fn answer(
    taken: &mut Taken,
    heard: &Heard,
    words: &[String],
    listings: &Listings,
    assistant: &Assistant,
) -> Conclusion {
    let conversation = &mut taken.conversation;
    let phase = conversation.dialogue.phase;
    let mut happened = Vec::new();
    let next = match taken.last.side {
        _ if words.is_empty() => Next::Say(Say::AskForWords),
        Side::Buyer => buyer(conversation, heard, &mut happened),
        Side::Supplier => supplier(conversation, heard, &mut happened),
    };
    let say = match next {
        Next::Say(say) => say,
        Next::StaySilent(reason) => return Conclusion::silent(reason),
        Next::Search { is_new } => {
            let shown: &[String] = match is_new {
                true => &[],
                false => &conversation.dialogue.shown,
            };
            let searched = listings.search(&conversation.requirement, shown).await;
            offer(conversation, searched, is_new, &mut happened)
        }
    };
    let is_progress =
        heard.is_requirement_new || !happened.is_empty() || conversation.dialogue.phase != phase;
    gate::count_reply(conversation, is_progress, taken.now_ms);
    let mut closing = "";
    if heard.may_opt_out {
        closing = opt_out_hint(heard.language);
        happened.push(Happened::Help {
            reason: "opt_out_unclear",
        });
    }
    let body = word(taken, &say, closing, &mut happened, assistant).await;
    Conclusion {
        happened,
        ..Conclusion::reply(Purpose::Answer, body)
    }
}

/// Words what is to be said and checks it: a model's wording, where there may be one, else a template's. What cannot be said as
/// it is goes to a person.
async fn word(
    taken: &mut Taken,
    say: &Say,
    closing: &str,
    happened: &mut Vec<Happened>,
    assistant: &Assistant,
) -> String {
    let now_ms = taken.now_ms;
    let conversation = &mut taken.conversation;
    let language = conversation.language;
    let is_introduced = conversation
        .introduced_ms
        .is_some_and(|introduced| now_ms.saturating_sub(introduced) < INTRODUCTION_LASTS_MS);
    let opening = match language {
        _ if is_introduced => "",
        Language::En => consent::FIRST_MESSAGE_FOOTER,
        Language::Es => OPENING_ES,
    };
    // An opening tells how to opt out already.
    let closing = if is_introduced { closing } else { "" };
    if !is_introduced {
        conversation.introduced_ms = Some(now_ms);
    }
    let rules = guard::Rules {
        facts: &facts(say, language),
        ours: &[],
        language,
        segments_max: SEGMENTS_MAX,
        opening,
        closing,
    };
    let beside = format!("{opening} {closing}");
    let template = draft(say, language, beside.trim(), SEGMENTS_MAX);
    // Where no model could read, none is waited for again.
    if say.is_free_text() && taken.has_reading && assistant.is_wording {
        let worded = word_freely(taken, &template, &rules, assistant).await;
        if let Some(body) = worded {
            return body;
        }
    }
    match guard::check(&template, &rules) {
        Ok(body) => body,
        Err(fault) => {
            warn!(fault = fault.word(), "draft.refused: a person goes on");
            happened.push(Happened::Handoff { reason: "guard" });
            let handoff = draft(
                &Say::HandedOff(Handoff::Restricted),
                language,
                "",
                SEGMENTS_MAX,
            );
            sms_text::fit(format!("{opening} {handoff}").trim(), SEGMENTS_MAX)
        }
    }
}

/// Lets a model word it, and once more with the reason when that may not be said.
async fn word_freely(
    taken: &mut Taken,
    template: &str,
    rules: &guard::Rules<'_>,
    assistant: &Assistant,
) -> Option<String> {
    const WORDINGS_MAX: usize = 2;
    /// Of two segments in GSM-7, which a checked text is in.
    const CHARS_MAX: usize = 306;
    let beside = rules.opening.len() + rules.closing.len() + 2;
    let mut refused: Option<(String, String)> = None;
    for _ in 0..WORDINGS_MAX {
        if !taken.may_ask(assistant) {
            return None;
        }
        let wording = Wording {
            say: template,
            facts: rules.facts,
            history: &taken.conversation.recent,
            language: rules.language,
            chars_max: CHARS_MAX.saturating_sub(beside),
            refused: refused
                .as_ref()
                .map(|(text, why)| (text.as_str(), why.as_str())),
            pseudonym: Some(&taken.pseudonym),
        };
        let asked = assistant.word(wording).await;
        taken.calls.extend(asked.calls);
        let text = asked.answer?;
        match guard::check(&text, rules) {
            Ok(body) => return Some(body),
            Err(fault) => {
                warn!(fault = fault.word(), "wording.refused: it may not be said");
                refused = Some((text, fault.to_string()));
            }
        }
    }
    None
}

fn commit(
    claim: &Claim,
    taken: Taken,
    known: &Requirement,
    conclusion: Conclusion,
) -> Result<Achieved, Invalid> {
    let id = ConversationId::of(&taken.last);
    let (turn_id, at_ms) = (claim.jobs[0].id, taken.now_ms);
    let stored = serde_json::to_string(&taken.conversation).expect("plain structs serialize");
    let record = Record::set(conversation_record(&id), stored, None)?;
    let mut effects = Effects {
        records: vec![record],
        ..Effects::default()
    };
    let mut events = Vec::new();
    if let Some(kind) = conclusion.opt_out {
        let suppression = suppression_record(&taken.last.contact);
        effects
            .records
            .push(Record::set(suppression, at_ms.to_string(), None)?);
        let change = consent_change(&taken, kind);
        let event = Event::consent_changed(Some(id.clone()), &taken.last.id, change);
        effects.events.push(tell::event(event)?);
        let data = json!({ "change": kind.as_str() });
        let notice = tell::notice(NoticeKind::ConsentChanged, &id, at_ms, data)?;
        effects.jobs.push(notice);
    }
    if let Some(kind) = taken.asked_for() {
        let data = json!({ "change": kind.as_str() });
        let notice = tell::notice(NoticeKind::ConsentChanged, &id, at_ms, data)?;
        effects.jobs.push(notice);
    }
    if conclusion.settles_confirmation() {
        let confirmation = confirmation_record(&taken.last.contact);
        effects
            .records
            .push(Record::set(confirmation, at_ms.to_string(), None)?);
    }
    if taken.conversation.requirement != *known {
        let now = &taken.conversation.requirement;
        let today = wex_turn::today(at_ms);
        events.push(What::RequirementUpdated {
            fields: provenance::changes(known, now, &taken.messages, today),
            requirement: serde_json::to_value(now).expect("plain structs serialize"),
        });
        let data = json!({ "requirement": taken.conversation.requirement });
        let notice = tell::notice(NoticeKind::RequirementUpdated, &id, at_ms, data)?;
        effects.jobs.push(notice);
    }
    if let Some(reason) = conclusion.handoff() {
        events.push(What::TakenOver {
            by: "a person, asked for".to_owned(),
            reason: reason.to_owned(),
            until_ms: None,
        });
    }
    for happened in &conclusion.happened {
        let (what, kind, data) = told(happened, &taken.last);
        events.push(what);
        effects.jobs.push(tell::notice(kind, &id, at_ms, data)?);
    }
    // What others were told of is said, and so is what the law words (it has no intent): the gate answered it alone.
    let may_be_taken_back = conclusion.happened.is_empty()
        && conclusion.opt_out.is_none()
        && conclusion.intent.is_some()
        && taken
            .taken_back
            .as_ref()
            .is_none_or(|earlier| earlier.put_off + 1 < unsaid::PUT_OFF_MAX);
    if let Some((purpose, body)) = conclusion.reply {
        let enqueued_ms = claim.jobs.last().map_or(at_ms, |job| job.enqueued_ms);
        let heard_ms = taken.heard_ms(enqueued_ms);
        let reply = reply(&taken.messages, &taken.last, purpose, body, heard_ms);
        let job = reply_job(claim, &reply);
        let put_off = match &taken.taken_back {
            Some(earlier) => {
                effects.records.push(unsaid::instead(&earlier.job, job.id)?);
                earlier.put_off + 1
            }
            None => 0,
        };
        let unsaid = Unsaid {
            job: job.id.to_string(),
            heard_ms,
            put_off,
            before: may_be_taken_back.then(|| Before {
                conversation: taken.before,
                messages: taken.messages.clone(),
            }),
        };
        effects.records.push(unsaid.record(&id)?);
        events.push(What::ReplyQueued {
            message: job.id.to_string(),
            reply,
            turn: Some(turn_id.to_string()),
            written_by: None,
        });
        effects.jobs.push(job);
    }
    events.push(What::TurnTaken {
        turn: TurnRecord {
            id: turn_id.to_string(),
            messages: taken
                .messages
                .into_iter()
                .map(|message| message.id)
                .collect(),
            outcome: conclusion.outcome.to_owned(),
            intent: conclusion.intent.map(|intent| intent.as_str().to_owned()),
            calls: taken.calls,
        },
        state: without_texts(taken.conversation),
    });
    for what in events {
        let event = Event::of(id.clone(), turn_id, at_ms, what);
        effects.events.push(tell::event(event)?);
    }
    Ok(Achieved {
        what: conclusion.outcome,
        effects,
    })
}

/// What others are told of something that happened: for the ledger, and for other systems. `last`: the turn's last text.
fn told(happened: &Happened, last: &InboundMessage) -> (What, NoticeKind, Value) {
    match happened {
        Happened::Handoff { reason } => (
            What::HandoffRequested {
                reason: (*reason).to_owned(),
            },
            NoticeKind::HandoffRequested,
            json!({ "reason": reason, "assistant": "silent" }),
        ),
        Happened::Help { reason } => (
            What::HandoffRequested {
                reason: (*reason).to_owned(),
            },
            NoticeKind::HandoffRequested,
            json!({ "reason": reason, "assistant": "goes_on" }),
        ),
        Happened::Held { reason } => (
            What::HandoffRequested {
                reason: (*reason).to_owned(),
            },
            NoticeKind::HandoffRequested,
            json!({ "reason": reason, "assistant": "did_not_answer" }),
        ),
        Happened::SupplierTold { news } => {
            let json = serde_json::to_value(news).expect("plain structs serialize");
            let fields = json.as_object().into_iter().flatten();
            let what = What::RequirementUpdated {
                fields: fields
                    .map(|(field, value)| provenance::of_turn(field, value, last))
                    .collect(),
                requirement: json.clone(),
            };
            let data = json!({ "supplier": json });
            (what, NoticeKind::RequirementUpdated, data)
        }
        Happened::Tour {
            listing,
            day,
            time,
            state,
        } => {
            let tour =
                json!({ "listing": listing, "day": day, "time": time, "state": state.as_str() });
            let data = json!({ "tour": tour });
            (
                What::TourRequested { tour },
                NoticeKind::TourRequested,
                data,
            )
        }
    }
}

fn consent_change(taken: &Taken, kind: ConsentKind) -> ConsentChange {
    ConsentChange {
        contact: taken.last.contact.clone(),
        kind,
        matched_by: taken.read_by,
        raw_text: Some(taken.last.body.clone()),
        message: Some(taken.last.id.clone()),
        received_ms: taken.received_ms,
        effective_ms: taken.now_ms,
        rule_version: env!("CARGO_PKG_VERSION").to_owned(),
        actor: "contact".to_owned(),
        reason: None,
    }
}

/// What is known of a conversation beside its texts, which the ledger has already.
fn without_texts(mut conversation: Conversation) -> Value {
    conversation.recent.clear();
    serde_json::to_value(conversation).expect("plain structs serialize")
}

fn reply(
    messages: &[InboundMessage],
    last: &InboundMessage,
    purpose: Purpose,
    body: String,
    heard_ms: u64,
) -> Reply {
    Reply {
        side: last.side,
        line: last.line,
        to: last.contact.clone(),
        body,
        purpose,
        answers: messages.iter().map(|message| message.id.clone()).collect(),
        heard_ms: Some(heard_ms),
    }
}

fn reply_job(claim: &Claim, reply: &Reply) -> NewJob {
    let payload = OutboundPayload::V1(reply.clone()).encode();
    let mut job = NewJob::new(QueueName(OUTBOUND), claim.key.clone(), payload)
        .expect("two segments fit a payload");
    job.trace = trace::traceparent(&Span::current())
        .or_else(|| claim.jobs.last().and_then(|job| job.trace.clone()));
    job
}

#[cfg(test)]
mod tests;
