//! What the doctor thinks of what it found. Pure: facts in, findings out.

use std::time::Duration;

use serde::Serialize;
use wex_aircall::account::{
    AccountError, Company, Configuration, EVENTS, Listing, Mode, Number, Standing, Webhook,
    WebhookUrl,
};
use wex_aircall::client::SendMode;
use wex_domain::line::{LineId, Side};
use wex_domain::phone_number::PhoneNumber;

use super::account::{OurLine, Settings};
use super::simulate::Answer;

/// Beyond the first a clock is worth a word, beyond the second it confuses: times in the ledger, and who is texted by night.
const CLOCK_OFF: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

/// Where an ingress of ours takes deliveries.
const PATHS: [&str; 3] = [
    "/api/sms/buyer/webhook",
    "/api/sms/supplier/webhook",
    "/api/sms/webhook",
];

/// All that was looked at. What is `None` was not looked at, because something before it failed.
#[derive(Debug)]
pub(super) struct Facts {
    /// It is a stand-in for Aircall, which delivers to this machine too.
    pub(super) is_local: bool,
    /// Our clock, when Aircall said what it was by its own.
    pub(super) now_ms: u64,
    pub(super) standing: Result<Standing, AccountError>,
    pub(super) company: Option<Result<Company, AccountError>>,
    pub(super) numbers: Option<Result<Listing<Number>, AccountError>>,
    pub(super) lines: Vec<LineFacts>,
    pub(super) webhooks: Option<Result<Listing<Webhook>, AccountError>>,
    pub(super) probes: Vec<Probe>,
}

#[derive(Debug)]
pub(super) struct LineFacts {
    pub(super) line: OurLine,
    pub(super) configuration: Option<Result<Configuration, AccountError>>,
}

/// What came of a post to where Aircall would deliver to us.
#[derive(Debug)]
pub(super) struct Probe {
    /// `webhook`, or the side of a line.
    pub(super) on: String,
    pub(super) url: String,
    pub(super) answer: Answer,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) result: Verdict,
    /// `credentials`, `plan`, `clock`, `rate`, `line`, `mode`, `callback`, `token`, `webhook`, `events` or `reach`.
    pub(super) check: &'static str,
    /// Which line, or the webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) on: Option<String>,
    /// The name of what is wrong; absent when nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) found: Option<&'static str>,
    pub(super) what: String,
    /// What to type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mend: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Ok,
    /// It works, but somebody should know.
    Warning,
    /// Texts or answers are lost, refused or sent wrongly.
    Problem,
}

impl Verdict {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// Which of the account's webhooks is ours: the one at `AIRCALL_WEBHOOK_URL`, else the first whose path is the ingress's.
pub(super) fn ours<'a>(settings: &Settings, webhooks: &'a [Webhook]) -> Option<&'a Webhook> {
    let named = settings.webhook_url.as_ref();
    let named = named.and_then(|url| webhooks.iter().find(|webhook| url.is_that_of(webhook)));
    named.or_else(|| webhooks.iter().find(|webhook| has_our_path(&webhook.url)))
}

fn has_our_path(url: &str) -> bool {
    let url = url.parse::<WebhookUrl>();
    url.is_ok_and(|url| PATHS.contains(&url.path()))
}

pub(super) fn diagnose(settings: &Settings, facts: &Facts) -> Vec<Finding> {
    let mut found = Findings::default();
    let standing = match &facts.standing {
        Ok(standing) => standing,
        Err(error) => {
            found.refused("credentials", error);
            return found.0;
        }
    };
    credentials(facts, &mut found);
    plan(facts, &mut found);
    clock(standing, facts.now_ms, &mut found);
    rate(standing, settings, &mut found);
    for line in &facts.lines {
        number(line, settings, facts, &mut found);
        if let Some(Ok(configuration)) = &line.configuration {
            mode(&line.line, configuration, settings, &mut found);
            callback(&line.line, configuration, settings, facts, &mut found);
        }
    }
    same_line(settings, &mut found);
    if let Some(webhooks) = &facts.webhooks {
        match webhooks {
            Ok(webhooks) => webhook(&webhooks.items, settings, facts, &mut found),
            Err(error) => found.refused("webhook", error),
        }
    }
    for probe in &facts.probes {
        reach(probe, &mut found);
    }
    found.0
}

#[derive(Default)]
struct Findings(Vec<Finding>);

/// Which check, and on what.
#[derive(Clone)]
struct Check(&'static str, Option<String>);

impl Check {
    fn of(check: &'static str, on: &str) -> Self {
        Self(check, Some(on.to_owned()))
    }
}

impl Findings {
    fn ok(&mut self, Check(check, on): Check, what: String) {
        self.0.push(Finding {
            result: Verdict::Ok,
            check,
            on,
            found: None,
            what,
            mend: None,
        });
    }

    fn warning(&mut self, check: Check, found: &'static str, what: String, mend: String) {
        self.push(Verdict::Warning, check, found, what, mend);
    }

    fn problem(&mut self, check: Check, found: &'static str, what: String, mend: String) {
        self.push(Verdict::Problem, check, found, what, mend);
    }

    fn push(
        &mut self,
        result: Verdict,
        Check(check, on): Check,
        found: &'static str,
        what: String,
        mend: String,
    ) {
        self.0.push(Finding {
            result,
            check,
            on,
            found: Some(found),
            what,
            mend: Some(mend).filter(|mend| !mend.is_empty()),
        });
    }

    /// Aircall did not let us look.
    fn refused(&mut self, check: &'static str, error: &AccountError) {
        let found = match error {
            AccountError::Unreachable { .. } => "unreachable",
            AccountError::Unauthorized | AccountError::Forbidden => "wrong_credentials",
            AccountError::RateLimited { .. } => "rate_limited",
            AccountError::NotAircall { .. } => "not_aircall",
            AccountError::Unclear(_)
            | AccountError::NotFound
            | AccountError::BlockedAtEdge
            | AccountError::Refused { .. }
            | AccountError::Failed { .. } => "refused",
        };
        let what = wex_runtime::error_chain(error);
        self.problem(Check(check, None), found, what, String::new());
    }
}

fn credentials(facts: &Facts, found: &mut Findings) {
    let check = Check("credentials", None);
    match &facts.company {
        Some(Ok(company)) => {
            let numbers = company
                .numbers
                .map_or_else(String::new, |count| format!(", {count} numbers"));
            found.ok(
                check,
                format!("Aircall knows us: company {}{numbers}", company.name),
            );
        }
        Some(Err(error)) => found.refused("credentials", error),
        None => {}
    }
}

/// Aircall says nothing of plans; but where it knows us and refuses to show how a line does messaging, the plan has none.
fn plan(facts: &Facts, found: &mut Findings) {
    let answers = facts
        .lines
        .iter()
        .filter_map(|line| line.configuration.as_ref());
    let mut was_asked = false;
    for answer in answers {
        was_asked = true;
        if matches!(answer, Err(AccountError::Forbidden)) {
            return found.problem(
                Check("plan", None),
                "no_messaging",
                "Aircall knows us, but refuses its messaging API (403 Forbidden)".to_owned(),
                "the plan has to be Professional, and the API key of an admin: ask Aircall"
                    .to_owned(),
            );
        }
    }
    if was_asked {
        found.ok(
            Check("plan", None),
            "messaging by API is included".to_owned(),
        );
    }
}

fn clock(standing: &Standing, now_ms: u64, found: &mut Findings) {
    let check = Check("clock", None);
    let Some(theirs_ms) = standing.date_ms else {
        return; // Then there is nothing to compare.
    };
    // A date has no fraction of a second.
    let theirs_ms = theirs_ms + 500;
    let off = Duration::from_millis(theirs_ms.abs_diff(now_ms));
    let direction = if now_ms > theirs_ms {
        "ahead of"
    } else {
        "behind"
    };
    let what = format!("ours is {} s {direction} Aircall's", off.as_secs());
    let mend = "set this machine's clock: timedatectl set-ntp true".to_owned();
    if off > CLOCK_OFF.1 {
        found.problem(check, "clock_off", what, mend);
    } else if off > CLOCK_OFF.0 {
        found.warning(check, "clock_off", what, mend);
    } else {
        found.ok(check, "ours agrees with Aircall's".to_owned());
    }
}

fn rate(standing: &Standing, settings: &Settings, found: &mut Findings) {
    let check = || Check("rate", None);
    let ours = u64::from(settings.rate_per_minute);
    let Some(limit) = standing.limit else {
        return found.ok(
            check(),
            format!("Aircall shows no limit; we keep to {ours} a minute"),
        );
    };
    if ours > limit {
        found.problem(
            check(),
            "rate_too_high",
            format!("we would ask {ours} times a minute, and Aircall allows {limit} to the whole company"),
            format!("AIRCALL_RATE_PER_MINUTE={limit}, or less where other integrations need some"),
        );
    } else if let Some(remaining) = standing.remaining.filter(|remaining| remaining * 5 < limit) {
        let resets = standing
            .resets_in
            .map_or_else(String::new, |left| format!(" for {} s", left.as_secs()));
        found.warning(
            check(),
            "rate_nearly_used",
            format!(
                "{remaining} of {limit} requests are left{resets}: who else uses the account's API?"
            ),
            format!("lower AIRCALL_RATE_PER_MINUTE ({ours}) by what the others use"),
        );
    } else {
        found.ok(
            check(),
            format!("Aircall allows {limit} a minute; we keep to {ours}"),
        );
    }
}

fn number(facts_of: &LineFacts, settings: &Settings, facts: &Facts, found: &mut Findings) {
    let line = &facts_of.line;
    let check = || Check::of("line", line.side.as_str());
    let Some(id) = line.id else {
        return found.problem(
            check(),
            "line_not_set",
            format!(
                "{} is not set: nothing that is texted to the {} line is taken",
                line.id_name(),
                line.side
            ),
            format!(
                "{}={}, see: wex aircall numbers",
                line.id_name(),
                candidate(settings, facts)
            ),
        );
    };
    let numbers = match &facts.numbers {
        Some(Ok(numbers)) => numbers,
        Some(Err(error)) => return found.refused("line", error),
        None => return,
    };
    let Some(number) = numbers.items.iter().find(|number| number.id == id) else {
        if numbers.is_cut {
            return found.ok(
                check(),
                format!("number {id} is not among the first {}", numbers.items.len()),
            );
        }
        return found.problem(
            check(),
            "line_unknown",
            format!("the account has no number {id}: is it a phone number, or of another account?"),
            format!(
                "{}={}, see: wex aircall numbers",
                line.id_name(),
                candidate(settings, facts)
            ),
        );
    };
    let theirs = PhoneNumber::parse(&number.digits).ok();
    if let (Some(ours), Some(theirs)) = (&line.digits, &theirs)
        && ours != theirs
    {
        return found.problem(
            check(),
            "digits_differ",
            format!(
                "number {id} is {}, and {} says otherwise",
                number.digits,
                line.digits_name()
            ),
            format!("{}={}", line.digits_name(), theirs.as_e164()),
        );
    }
    match number.country.as_str() {
        "FR" => found.problem(
            check(),
            "automation_prohibited",
            format!("number {id} ({}) is French: Aircall prohibits automated texts from it", number.digits),
            format!("use a number of the US or Canada for {}", line.id_name()),
        ),
        "US" | "CA" | "" => found.ok(check(), format!("number {id} is {} ({})", number.digits, number.name)),
        country => found.warning(
            check(),
            "country",
            format!("number {id} ({}) is of {country}: Aircall allows automated texts in the US and Canada", number.digits),
            "ask Aircall whether this number may".to_owned(),
        ),
    }
}

/// The id of a number that could be meant: the only one that is not the other line's.
fn candidate(settings: &Settings, facts: &Facts) -> String {
    let numbers = facts
        .numbers
        .as_ref()
        .and_then(|numbers| numbers.as_ref().ok());
    let mut free = numbers
        .iter()
        .flat_map(|numbers| &numbers.items)
        .filter(|number| settings.side_of(number.id).is_none());
    match (free.next(), free.next()) {
        (Some(only), None) => only.id.to_string(),
        _ => "ID".to_owned(),
    }
}

fn mode(line: &OurLine, configuration: &Configuration, settings: &Settings, found: &mut Findings) {
    let Some(id) = line.id else { return };
    let check = Check::of("mode", line.side.as_str());
    let side = line.side;
    let refused = "every text that we send from it is refused (403 LineIsNotNativeException)";
    let (send_mode, variable) = settings.send_mode(side);
    match (&configuration.mode, send_mode) {
        (mode, send_mode) if mode.is(send_mode) => {
            found.ok(check, format!("{mode}, as {variable} says"));
        }
        (Mode::Native, _) => found.problem(
            check,
            "line_is_native",
            format!("line {id} is native, and {variable} is public_api: {refused}"),
            format!(
                "wex aircall configure {side} --callback-url {} --yes, or {variable}=native",
                callback_of(line, settings)
            ),
        ),
        (Mode::PublicApi, _) => found.problem(
            check,
            "line_is_public_api",
            format!("line {id} is in Public API mode, and {variable} is native: {refused}"),
            format!("wex aircall unconfigure {side} --yes, or {variable}=public_api"),
        ),
        (Mode::Other(words), _) => found.problem(
            check,
            "line_is_foreign",
            format!("line {id} has a messaging configuration of somebody else's: {words}"),
            format!("find out whose; then: wex aircall unconfigure {side} --yes"),
        ),
    }
}

/// Where a line's callback should be, as far as we can say.
fn callback_of(line: &OurLine, settings: &Settings) -> String {
    let ours = settings.webhook_url.as_ref();
    ours.map_or_else(
        || format!("https://YOUR-DOMAIN{}", line.path()),
        |url| url.with_path(&line.path()),
    )
}

fn callback(
    line: &OurLine,
    configuration: &Configuration,
    settings: &Settings,
    facts: &Facts,
    found: &mut Findings,
) {
    if configuration.mode != Mode::PublicApi {
        return; // Its texts come by the webhook.
    }
    let side = line.side;
    let check = || Check::of("callback", side.as_str());
    let mend = format!(
        "wex aircall configure {side} --callback-url {} --yes",
        callback_of(line, settings)
    );
    let Some(callback) = &configuration.callback_url else {
        return found.problem(
            check(),
            "no_callback_url",
            "a line in Public API mode without a callback URL receives nothing: its texts go to the callback, never to the \
             account's webhooks"
                .to_owned(),
            mend,
        );
    };
    let url = match callback.parse::<WebhookUrl>() {
        Ok(url) if url.is_public() || facts.is_local => url,
        _ => {
            return found.problem(
                check(),
                "callback_not_public",
                format!("{callback} is no public https URL: Aircall cannot deliver there, and tries only once"),
                mend,
            );
        }
    };
    let other = match side {
        Side::Buyer => &settings.supplier,
        Side::Supplier => &settings.buyer,
    };
    if let Some(ours) = &settings.webhook_url
        && !ours.is_beside(&url)
    {
        found.problem(
            check(),
            "callback_elsewhere",
            format!("its texts go to {url}, which is not where AIRCALL_WEBHOOK_URL is: did a tunnel change?"),
            mend,
        );
    } else if url.path() == other.path() {
        found.warning(
            check(),
            "callback_of_other_line",
            format!(
                "{url} is the address of the {} line; a text is told apart by the line's id alone",
                other.side
            ),
            mend,
        );
    } else {
        found.ok(check(), format!("its texts go to {url}"));
    }
    let check = Check::of("token", side.as_str());
    if settings.tokens.is_empty() {
        found.problem(
            check,
            "tokens_not_set",
            NO_TOKENS.to_owned(),
            token_of_line(side),
        );
    } else if settings.knows(configuration.token.as_ref()) {
        found.ok(
            check,
            "AIRCALL_WEBHOOK_TOKEN has the token of its callbacks".to_owned(),
        );
    } else {
        found.problem(
            check,
            "callback_token_unknown",
            "AIRCALL_WEBHOOK_TOKEN has not the token of its callbacks: each text is refused with 401 and lost, for Aircall \
             does not repeat a callback"
                .to_owned(),
            token_of_line(side),
        );
    }
}

const NO_TOKENS: &str =
    "AIRCALL_WEBHOOK_TOKEN is not set here: the ingress does not start without it";

fn token_of_line(side: Side) -> String {
    format!(
        "add to AIRCALL_WEBHOOK_TOKEN, after a comma, what this prints: wex aircall show {side} --token"
    )
}

fn same_line(settings: &Settings, found: &mut Findings) {
    let (buyer, supplier) = (settings.buyer.id, settings.supplier.id);
    if buyer.is_some() && buyer == supplier {
        found.warning(
            Check("line", None),
            "same_line",
            "both sides share one line: only the path that a text comes by tells them apart"
                .to_owned(),
            "give buyers and suppliers a number each (AIRCALL_BUYER_NUMBER_ID, AIRCALL_NUMBER_ID)"
                .to_owned(),
        );
    }
}

fn webhook(webhooks: &[Webhook], settings: &Settings, facts: &Facts, found: &mut Findings) {
    let check = || Check("webhook", None);
    let native: Vec<_> = facts
        .lines
        .iter()
        .filter(|line| matches!(&line.configuration, Some(Ok(configuration)) if configuration.mode == Mode::Native))
        .filter_map(|line| line.line.id)
        .collect();
    // Where no line could be looked at, the mode that we send in says what they should be.
    let is_needed = !native.is_empty()
        || [Side::Buyer, Side::Supplier]
            .iter()
            .any(|side| settings.send_mode(*side).0 == SendMode::Native);
    let url = settings.webhook_url.as_ref();
    let Some(webhook) = ours(settings, webhooks) else {
        if !is_needed {
            return found.ok(
                check(),
                "none of ours, and none is needed: our lines have callbacks".to_owned(),
            );
        }
        let url = url.map_or("https://YOUR-DOMAIN/api/sms/webhook", WebhookUrl::as_str);
        return found.problem(
            check(),
            "webhook_missing",
            "none of the account's webhooks is ours: nothing that is texted to a native line reaches us".to_owned(),
            format!("wex aircall webhook create --url {url} --yes"),
        );
    };
    let id = &webhook.id;
    if !is_needed {
        return found.warning(
            check(),
            "webhook_idle",
            format!("webhook {id} delivers to us, but does not fire for lines in Public API mode, as ours are"),
            format!("nothing, if the callbacks are well; else: wex aircall webhook delete {id} --yes"),
        );
    }
    if !webhook.active {
        found.problem(
            check(),
            "webhook_disabled",
            format!("Aircall has disabled webhook {id} after too many failed deliveries: no text is delivered"),
            format!("see why it failed (`reach` below), then: wex aircall webhook enable {id} --yes"),
        );
    }
    address(webhook, settings, facts, found);
    events(webhook, found);
    token(webhook, settings, found);
    let twins = webhooks
        .iter()
        .filter(|other| other.active && has_our_path(&other.url) && other.id != *id);
    for twin in twins {
        found.warning(
            check(),
            "webhook_twice",
            format!(
                "webhook {} delivers to an ingress too ({}): what comes twice is answered once",
                twin.id, twin.url
            ),
            format!(
                "if it is a leftover: wex aircall webhook delete {} --yes",
                twin.id
            ),
        );
    }
    watched(settings, found);
    let all = facts
        .numbers
        .as_ref()
        .and_then(|numbers| numbers.as_ref().ok());
    let others = all.map_or(0, |all| {
        all.items
            .iter()
            .filter(|number| settings.side_of(number.id).is_none())
            .count()
    });
    if webhook.active {
        let others = match others {
            0 => String::new(),
            others => format!(", which ignores those of the {others} numbers that are not ours"),
        };
        found.ok(
            check(),
            format!(
                "{id} delivers what is texted to any number of the account to the ingress{others}"
            ),
        );
    }
    for line in public_api(facts) {
        found.warning(
            check(),
            "webhook_misses_line",
            format!("it does not fire for line {line}, which is in Public API mode: that line's texts go to its callback"),
            String::new(),
        );
    }
}

fn public_api(facts: &Facts) -> impl Iterator<Item = LineId> {
    facts
        .lines
        .iter()
        .filter(|line| matches!(&line.configuration, Some(Ok(configuration)) if configuration.mode == Mode::PublicApi))
        .filter_map(|line| line.line.id)
}

fn address(webhook: &Webhook, settings: &Settings, facts: &Facts, found: &mut Findings) {
    let check = Check::of("url", "webhook");
    let id = &webhook.id;
    let parsed = webhook.url.parse::<WebhookUrl>().ok();
    let is_reachable = parsed.is_some_and(|url| url.is_public() || facts.is_local);
    match &settings.webhook_url {
        Some(url) if !url.is_that_of(webhook) => found.problem(
            check,
            "webhook_url_differs",
            format!(
                "it delivers to {}, and AIRCALL_WEBHOOK_URL is {url}: did a tunnel change?",
                webhook.url
            ),
            format!("wex aircall webhook update-url {id} {url} --yes"),
        ),
        _ if !is_reachable => found.problem(
            check,
            "webhook_not_public",
            format!(
                "{} is no public https URL: Aircall cannot deliver there",
                webhook.url
            ),
            format!(
                "wex aircall webhook update-url {id} https://YOUR-DOMAIN/api/sms/webhook --yes"
            ),
        ),
        _ => found.ok(check, webhook.url.clone()),
    }
}

fn events(webhook: &Webhook, found: &mut Findings) {
    let check = Check::of("events", "webhook");
    let mend = format!("wex aircall webhook enable {} --yes", webhook.id);
    let missing: Vec<_> = EVENTS
        .into_iter()
        .filter(|event| !webhook.events.iter().any(|subscribed| subscribed == event))
        .collect();
    if !missing.is_empty() {
        found.problem(
            check,
            "events_missing",
            format!("it is not subscribed to {}", missing.join(", ")),
            mend,
        );
    } else if webhook.has_our_events() {
        found.ok(check, EVENTS.join(", "));
    } else {
        found.warning(
            check,
            "events_too_many",
            format!(
                "it is subscribed to {} events, of which we use {}: made or changed without saying which, a webhook gets all",
                webhook.events.len(),
                EVENTS.len()
            ),
            mend,
        );
    }
}

fn token(webhook: &Webhook, settings: &Settings, found: &mut Findings) {
    let check = Check::of("token", "webhook");
    let mend = format!(
        "add to AIRCALL_WEBHOOK_TOKEN, after a comma, what this prints: wex aircall webhook token {}",
        webhook.id
    );
    if settings.tokens.is_empty() {
        found.problem(check, "tokens_not_set", NO_TOKENS.to_owned(), mend);
    } else if settings.knows(webhook.token.as_ref()) {
        found.ok(check, "AIRCALL_WEBHOOK_TOKEN has its token".to_owned());
    } else {
        found.problem(
            check,
            "webhook_token_unknown",
            "AIRCALL_WEBHOOK_TOKEN has not its token: each delivery is refused with 401, and Aircall will disable the webhook"
                .to_owned(),
            mend,
        );
    }
}

fn watched(settings: &Settings, found: &mut Findings) {
    if settings.webhook_url.is_none() {
        found.warning(
            Check("webhook", None),
            "webhook_unwatched",
            "AIRCALL_WEBHOOK_URL is not set: no worker sees when Aircall disables the webhook"
                .to_owned(),
            "AIRCALL_WEBHOOK_URL= where it delivers, for the workers and here".to_owned(),
        );
    }
}

fn reach(probe: &Probe, found: &mut Findings) {
    let check = Check::of("reach", &probe.on);
    let url = &probe.url;
    match &probe.answer {
        Answer::Ours { status: 200, .. } => {
            found.ok(check, format!("{url} takes what comes with its token"));
        }
        Answer::Ours { status: 401, .. } => found.problem(
            check,
            "token_refused",
            format!("the ingress at {url} refuses the token that Aircall delivers with"),
            "the AIRCALL_WEBHOOK_TOKEN that the ingress runs with has to have it; a changed file it reads by itself, a changed \
             variable needs a restart"
                .to_owned(),
        ),
        Answer::Ours { status, word } => found.warning(
            check,
            "delivery_refused",
            format!("the ingress at {url} answered {status} {word}"),
            "its log and /readyz say why".to_owned(),
        ),
        Answer::Stranger { status } => found.problem(
            check,
            "not_our_ingress",
            format!("what answers at {url} (status {status}) is not our ingress"),
            "correct the URL, or what the proxy or tunnel leads to".to_owned(),
        ),
        Answer::TooSlow => found.problem(
            check,
            "too_slow",
            format!("{url} did not answer within 5 s, which Aircall counts as a failed delivery"),
            "is the ingress, and the proxy or tunnel before it, running?".to_owned(),
        ),
        Answer::None(cause) => found.problem(
            check,
            "unreachable",
            format!("{url} cannot be reached from here: {cause}"),
            "start what should answer there, or correct the URL; if others do reach it (not every network leads back to itself), \
             all is well"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use wex_runtime::env::Env;

    use super::*;

    fn settings(send_mode: &'static str) -> Settings {
        let mut env = Env::from_pairs([
            ("AIRCALL_SEND_MODE", send_mode),
            ("AIRCALL_BUYER_NUMBER_ID", "1"),
            ("AIRCALL_NUMBER_ID", "2"),
            ("AIRCALL_WEBHOOK_TOKEN", "token"),
            ("AIRCALL_WEBHOOK_URL", "https://wex.example/api/sms/webhook"),
        ]);
        Settings::from_env(&mut env)
    }

    fn configuration(mode: &Mode, callback_url: Option<&str>) -> Configuration {
        Configuration {
            mode: mode.clone(),
            callback_url: callback_url.map(str::to_owned),
            token: Some("token".into()),
        }
    }

    /// Two lines of the US in this mode, and a webhook.
    fn facts(
        settings: &Settings,
        mode: &Mode,
        callback_url: Option<&str>,
        webhook_url: &str,
    ) -> Facts {
        let line = |line: &OurLine| LineFacts {
            line: line.clone(),
            configuration: Some(Ok(configuration(mode, callback_url))),
        };
        let number = |id| Number {
            id: LineId(id),
            name: "A line".to_owned(),
            digits: format!("+1 424-416-228{id}"),
            country: "US".to_owned(),
        };
        let webhook = Webhook {
            id: "id".to_owned(),
            name: "WEx".to_owned(),
            url: webhook_url.to_owned(),
            active: true,
            events: EVENTS.map(str::to_owned).to_vec(),
            token: Some("token".into()),
        };
        Facts {
            is_local: false,
            now_ms: 1_000,
            standing: Ok(Standing {
                date_ms: Some(1_000),
                limit: Some(120),
                remaining: Some(119),
                resets_in: None,
            }),
            company: None,
            numbers: Some(Ok(Listing {
                items: vec![number(1), number(2), number(3)],
                is_cut: false,
            })),
            lines: settings.lines().map(line).into(),
            webhooks: Some(Ok(Listing {
                items: vec![webhook],
                is_cut: false,
            })),
            probes: Vec::new(),
        }
    }

    fn names(settings: &Settings, facts: &Facts) -> Vec<&'static str> {
        let findings = diagnose(settings, facts);
        findings
            .iter()
            .filter_map(|finding| finding.found)
            .collect()
    }

    const URL: &str = "https://wex.example/api/sms/webhook";

    #[test]
    fn an_address_that_aircall_cannot_reach_is_named() {
        let mut native = settings("native");
        native.webhook_url = None;
        for url in [
            "http://wex.example/api/sms/webhook",
            "https://10.0.0.7/api/sms/webhook",
        ] {
            let facts = facts(&native, &Mode::Native, None, url);
            assert_eq!(
                names(&native, &facts),
                ["webhook_not_public", "webhook_unwatched"]
            );
        }
        let public_api = settings("public_api");
        for callback in [
            "http://wex.example/api/sms/webhook",
            "https://localhost/api/sms/webhook",
            "nonsense",
        ] {
            let mut facts = facts(&public_api, &Mode::PublicApi, Some(callback), URL);
            facts.webhooks = None;
            assert_eq!(names(&public_api, &facts), ["callback_not_public"; 2]);
        }
    }

    #[test]
    fn a_line_that_may_not_be_automated_is_named() {
        let settings = settings("native");
        for (country, expected) in [("FR", "automation_prohibited"), ("DE", "country")] {
            let mut facts = facts(&settings, &Mode::Native, None, URL);
            if let Some(Ok(numbers)) = &mut facts.numbers {
                numbers.items[0].country = country.to_owned();
            }
            assert_eq!(names(&settings, &facts), [expected]);
        }
    }

    #[test]
    fn a_line_of_another_system_is_named() {
        let settings = settings("native");
        let foreign = Mode::Other("Third party".to_owned());
        let facts = facts(&settings, &foreign, None, URL);
        assert_eq!(names(&settings, &facts), ["line_is_foreign"; 2]);
    }

    #[test]
    fn an_ingress_that_cannot_take_deliveries_is_named() {
        let settings = settings("native");
        let mut facts = facts(&settings, &Mode::Native, None, URL);
        facts.probes.push(Probe {
            on: "webhook".to_owned(),
            url: URL.to_owned(),
            answer: Answer::Ours {
                status: 503,
                word: "rejected".to_owned(),
            },
        });
        assert_eq!(names(&settings, &facts), ["delivery_refused"]);
    }

    #[test]
    fn the_one_number_that_is_left_is_proposed() {
        let mut settings = settings("native");
        settings.supplier.id = Some(LineId(17));
        let facts = facts(&settings, &Mode::Native, None, URL);
        let findings = diagnose(&settings, &facts);
        let unknown = findings
            .iter()
            .find(|finding| finding.found == Some("line_unknown"));
        // Two are left: it could be either.
        assert!(
            unknown
                .and_then(|finding| finding.mend.as_deref())
                .is_some_and(|mend| mend.starts_with("AIRCALL_NUMBER_ID=ID"))
        );
        settings.supplier.id = Some(LineId(3));
        assert_eq!(candidate(&settings, &facts), "2");
    }
}
