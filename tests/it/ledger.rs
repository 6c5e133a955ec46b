//! The record: what is in it, that nothing is lost or doubled, and that it can be trusted. On SQLite and on PostgreSQL.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use sqlx::AnyConnection;
use sqlx::Connection;
use tempfile::TempDir;
use tokio::task::JoinSet;
use wex_domain::conversation::ConversationId;
use wex_domain::event::{
    ConsentChange, ConsentKind, Event, FieldChange, MatchedBy, ModelCall, SendChecks, Turn, What,
};
use wex_domain::job::InboundPayload;
use wex_domain::line::{LineId, Side};
use wex_domain::message::{InboundMessage, Purpose, Reply};
use wex_domain::phone_number::PhoneNumber;
use wex_ledger::{
    ConversationFilter, Database, ErasureKey, Incoming, Keys, Ledger, Message, MessageFilter,
    Retention, Source, Verified, Written,
};
use wex_ops::postgres::Postgres;
use wex_ops::stack::Settings;
use wex_tests::{BUYER, World};

use crate::processes;

const KEY: &str = "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// A database of either kind that ends with the test.
struct Place {
    url: String,
    postgres: Option<Postgres>,
    directory: TempDir,
}

impl Place {
    fn sqlite() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let file = directory.path().join("data/wex.db");
        Self {
            url: format!("sqlite://{}", file.display()),
            postgres: None,
            directory,
        }
    }

    async fn postgres() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        // The server's account has to get through to its own directory.
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(directory.path(), open).expect("ours");
        let cluster = directory.path().join("postgres");
        let postgres = Postgres::start(&cluster).await.expect("PostgreSQL starts");
        Self {
            url: postgres.url.clone(),
            postgres: Some(postgres),
            directory,
        }
    }

    /// A system whose worker writes here.
    async fn world(&self) -> World {
        let settings = Settings {
            worker_variables: vec![("DATABASE_URL", self.url.clone())],
            ..Settings::default()
        };
        World::start_with(processes(), settings).await
    }

    async fn open(&self) -> Ledger {
        self.open_with(Keys::default()).await
    }

    async fn open_with(&self, keys: Keys) -> Ledger {
        let database: Database = self.url.parse().expect("a URL");
        Ledger::open(&database, keys).await.expect("it opens")
    }

    /// Writes as somebody who has got at the database would.
    async fn tamper(&self, sql: &'static str) {
        Self::tamper_at(&self.url, sql).await;
    }

    async fn tamper_at(url: &str, sql: &'static str) {
        let _known: Database = url.parse().expect("a URL"); // Makes the drivers known.
        let mut connection = AnyConnection::connect(url).await.expect("it opens");
        sqlx::query(sql)
            .execute(&mut connection)
            .await
            .expect("it runs");
    }
}

/// The same test on both.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Place::sqlite()).await;
            })+
        }

        mod on_postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Place::postgres().await).await;
            })+
        }
    };
}

on_both!(
    processes_that_open_a_new_ledger_at_once_all_get_it,
    an_event_that_is_written_again_changes_nothing,
    what_cannot_be_understood_is_kept_and_holds_nothing_up,
    what_the_database_refuses_is_kept_and_holds_nothing_up,
    a_chain_of_consent_shows_what_was_changed,
    sealed_texts_are_not_in_the_database_and_are_read_with_their_key,
    a_key_is_replaced_while_texts_of_the_old_one_are_still_read,
    messages_are_found_page_by_page_by_whatever_is_asked,
    what_is_too_old_goes_and_consent_stays,
    a_turn_and_its_send_are_read_back_as_they_happened,
    an_erased_contact_is_blank_and_the_chain_holds,
    a_contacts_texts_are_listed_at_once_among_ten_thousand,
    the_ledger_equals_what_was_said_although_it_and_its_database_are_killed,
);

fn contact(number: usize) -> PhoneNumber {
    PhoneNumber::parse(&format!("+1870457{number:04}")).expect("a number")
}

fn text(number: usize, body: &str) -> InboundMessage {
    InboundMessage {
        id: format!("text-{number}"),
        side: Side::Buyer,
        line: LineId(1),
        contact: contact(number % 7),
        body: body.to_owned(),
        media: 0,
        sent_ms: None,
    }
}

/// An event as the stream has it: when, of which queue, and what.
type Told = (u64, Source<'static>, String);

fn told_text(number: usize, body: &str) -> Told {
    let payload = InboundPayload::V1(text(number, body)).encode();
    let at_ms = 1_000 * u64::try_from(number).expect("few");
    (at_ms, Source::Job("inbound"), payload)
}

fn told_consent(number: usize, kind: ConsentKind) -> Told {
    let message = text(number, "Stop!");
    let at_ms = 1_000 * u64::try_from(number).expect("few");
    let change = ConsentChange {
        contact: message.contact.clone(),
        kind,
        matched_by: MatchedBy::Keyword,
        raw_text: Some(message.body.clone()),
        message: Some(message.id.clone()),
        received_ms: at_ms,
        effective_ms: at_ms,
        rule_version: "1".to_owned(),
        actor: "contact".to_owned(),
        reason: None,
    };
    let conversation = Some(ConversationId::of(&message));
    let event = Event::consent_changed(conversation, &message.id, change);
    (at_ms, Source::Told, event.encode())
}

/// What a turn makes known: a requirement of one field.
fn told_requirement(conversation: &ConversationId, at_ms: u64) -> [Told; 2] {
    let turn = Turn {
        id: format!("turn-{at_ms}"),
        messages: Vec::new(),
        outcome: "replied".to_owned(),
        intent: None,
        calls: Vec::new(),
    };
    let state = json!({ "requirement": { "sqft_min": 10_000 } });
    let field = FieldChange {
        field: "sqft_min".to_owned(),
        value: 10_000.into(),
        message: None,
        quote: None,
        source: "user".to_owned(),
        unit_inferred: false,
    };
    let updated = What::RequirementUpdated {
        fields: vec![field],
        requirement: json!({ "sqft_min": 10_000 }),
    };
    [What::TurnTaken { turn, state }, updated].map(|what| {
        let event = Event::of(conversation.clone(), at_ms, at_ms, what);
        (at_ms, Source::Told, event.encode())
    })
}

async fn write(ledger: &Ledger, told: &[Told]) -> Written {
    let ids: Vec<_> = (0..told.len()).map(|at| format!("{at}-0")).collect();
    let incoming = told
        .iter()
        .zip(&ids)
        .map(|((at_ms, source, text), id)| Incoming {
            id,
            at_ms: *at_ms,
            source: *source,
            text,
        });
    let incoming: Vec<_> = incoming.collect();
    ledger
        .write(&incoming)
        .await
        .expect("the database is there")
}

/// All messages, oldest first, in pages of a size that does not divide their number.
async fn all(ledger: &Ledger, filter: &MessageFilter) -> Vec<Message> {
    let (mut found, mut behind) = (Vec::new(), None);
    loop {
        let (page, next) = ledger
            .messages(filter, false, behind.as_ref(), 7)
            .await
            .expect("the database is there");
        found.extend(page);
        behind = next;
        if behind.is_none() {
            return found;
        }
    }
}

async fn processes_that_open_a_new_ledger_at_once_all_get_it(place: Place) {
    let mut opening = JoinSet::new();
    for _ in 0..8 {
        let database: Database = place.url.parse().expect("a URL");
        opening.spawn(async move { Ledger::open(&database, Keys::default()).await });
    }
    let opened: Result<Vec<_>, _> = opening.join_all().await.into_iter().collect();
    assert_eq!(opened.expect("each of them").len(), 8);
}

async fn an_event_that_is_written_again_changes_nothing(place: Place) {
    let ledger = place.open().await;
    let told = [
        told_text(1, "Hello"),
        told_consent(2, ConsentKind::OptOut),
        told_text(3, "zero \0 and \u{1f600}"),
    ];
    assert_eq!(write(&ledger, &told[..2]).await.new, 2);
    let again = Written {
        new: 1,
        set_aside: 0,
    };
    assert_eq!(write(&ledger, &told).await, again);

    let found = all(&ledger, &MessageFilter::default()).await;
    let bodies: Vec<_> = found
        .iter()
        .map(|message| message.body.as_deref())
        .collect();
    assert_eq!(bodies, [Some("Hello"), Some("zero \u{fffd} and \u{1f600}")]);
    let (conversations, _) = ledger
        .conversations(&ConversationFilter::default(), None, 9)
        .await
        .expect("it answers");
    let received: u64 = conversations.iter().map(|found| found.received).sum();
    assert_eq!(received, 2);
    let consents = ledger.consents(None, 0, 9).await.expect("it answers");
    let kinds: Vec<_> = consents.iter().map(|row| row.kind.as_str()).collect();
    assert_eq!(kinds, ["inbound_started", "opt_out", "inbound_started"]);
}

async fn what_cannot_be_understood_is_kept_and_holds_nothing_up(place: Place) {
    let ledger = place.open().await;
    let told = [
        (1, Source::Told, r#"{"v":"9","of":"tomorrow"}"#.to_owned()),
        (2, Source::Job("inbound"), "not JSON".to_owned()),
        told_text(3, "Hello"),
    ];
    let written = write(&ledger, &told).await;
    assert_eq!((written.new, written.set_aside), (1, 2));
    assert_eq!(all(&ledger, &MessageFilter::default()).await.len(), 1);
    let mut connection = AnyConnection::connect(&place.url)
        .await
        .expect("it answers");
    let kept: Vec<(String,)> =
        sqlx::query_as("SELECT detail FROM events WHERE kind = 'set_aside' ORDER BY id")
            .fetch_all(&mut connection)
            .await
            .expect("it answers");
    assert!(
        kept[0].0.contains("tomorrow") && kept[1].0.contains("not JSON"),
        "{kept:?}"
    );
}

async fn what_the_database_refuses_is_kept_and_holds_nothing_up(place: Place) {
    let ledger = place.open().await;
    place
        .tamper(if place.postgres.is_some() {
            "ALTER TABLE messages ADD CONSTRAINT ours CHECK (body <> 'refused')"
        } else {
            "CREATE TRIGGER ours BEFORE INSERT ON messages WHEN NEW.body = 'refused' BEGIN SELECT RAISE(ABORT, 'no'); END"
        })
        .await;
    let told = [
        told_text(1, "Hello"),
        told_text(2, "refused"),
        told_text(3, "Hello again"),
    ];
    let written = write(&ledger, &told).await;
    assert_eq!((written.new, written.set_aside), (2, 1));
    assert_eq!(all(&ledger, &MessageFilter::default()).await.len(), 2);
}

async fn a_key_is_replaced_while_texts_of_the_old_one_are_still_read(place: Place) {
    const NEW: &str = "2:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    let open = async |keys: String| place.open_with(keys.parse().expect("keys")).await;
    let bodies = async |ledger: &Ledger| {
        let found = all(ledger, &MessageFilter::default()).await;
        let bodies = found.into_iter().map(|message| message.body);
        bodies.collect::<Vec<_>>()
    };
    let old = open(KEY.to_owned()).await;
    write(
        &old,
        &[told_text(1, "old"), told_consent(2, ConsentKind::OptOut)],
    )
    .await;
    let both = open(format!("{NEW},{KEY}")).await;
    let told = [
        told_text(1, "old"),
        told_consent(2, ConsentKind::OptOut),
        told_text(3, "new"),
    ];
    write(&both, &told).await;
    let texts = ["old", "new"].map(|body| Some(body.to_owned()));
    assert_eq!(bodies(&both).await, texts);
    let verified = both.verify_consents(9).await.expect("it answers");
    assert!(matches!(verified, Verified::Whole { rows: 3, .. }));

    // Taken away too early, what it sealed is closed, and the check says so and not that somebody was at it.
    let new = open(NEW.to_owned()).await;
    assert_eq!(bodies(&new).await, [None, Some("new".to_owned())]);
    let verified = new.verify_consents(9).await.expect("it answers");
    let Verified::Broken { number: 2, why } = verified else {
        unreachable!("{verified:?}");
    };
    assert!(why.contains("LEDGER_KEYS"), "{why}");
}

async fn a_chain_of_consent_shows_what_was_changed(place: Place) {
    let ledger = place.open().await;
    let told: Vec<_> = (0..6)
        .map(|number| {
            let kinds = [ConsentKind::OptOut, ConsentKind::OptIn];
            told_consent(number, kinds[number % 2])
        })
        .collect();
    write(&ledger, &told).await;
    let Verified::Whole { rows: 6, last } = ledger.verify_consents(4).await.expect("it answers")
    else {
        unreachable!("it was not touched");
    };
    assert_eq!(last.len(), 64);
    let suppressed = ledger.suppressions("", 9).await.expect("it answers");
    assert_eq!(suppressed.len(), 3);

    for (sql, undo, number) in [
        (
            "UPDATE consent_events SET kind = 'opt_in' WHERE number = 3",
            "UPDATE consent_events SET kind = 'opt_out' WHERE number = 3",
            3,
        ),
        (
            "UPDATE consent_events SET effective_ms = effective_ms + 1 WHERE number = 2",
            "UPDATE consent_events SET effective_ms = effective_ms - 1 WHERE number = 2",
            2,
        ),
        (
            "UPDATE consent_events SET raw_text = 'Start!' WHERE number = 5",
            "UPDATE consent_events SET raw_text = 'Stop!' WHERE number = 5",
            5,
        ),
        (
            "UPDATE consent_events SET contact = contact || '0' WHERE number = 1",
            "UPDATE consent_events SET contact = substr(contact, 1, 12) WHERE number = 1",
            1,
        ),
        ("DELETE FROM consent_events WHERE number = 4", "", 4),
    ] {
        place.tamper(sql).await;
        let verified = ledger.verify_consents(4).await.expect("it answers");
        assert!(
            matches!(verified, Verified::Broken { number: at, .. } if at == number),
            "{sql}: {verified:?}"
        );
        if !undo.is_empty() {
            place.tamper(undo).await;
            let verified = ledger.verify_consents(4).await.expect("it answers");
            assert!(
                matches!(verified, Verified::Whole { rows: 6, .. }),
                "{undo}: {verified:?}"
            );
        }
    }
}

async fn sealed_texts_are_not_in_the_database_and_are_read_with_their_key(place: Place) {
    const WORDS: &str = "a warehouse that nobody else may know of";
    let ledger = place.open_with(KEY.parse().expect("it answers")).await;
    let mut consent = told_consent(2, ConsentKind::OptOut);
    consent.2 = consent.2.replace("Stop!", WORDS);
    write(&ledger, &[told_text(1, WORDS), consent]).await;

    let mut connection = AnyConnection::connect(&place.url)
        .await
        .expect("it answers");
    let stored: Vec<(String,)> = sqlx::query_as(
        "SELECT body FROM messages UNION ALL SELECT COALESCE(raw_text, '') FROM consent_events UNION ALL SELECT detail FROM events",
    )
    .fetch_all(&mut connection)
    .await
    .expect("it answers");
    assert_eq!(stored.len(), 5);
    assert!(
        stored.iter().all(|(text,)| !text.contains("warehouse")),
        "{stored:?}"
    );

    let found = all(&ledger, &MessageFilter::default()).await;
    assert_eq!(found[0].body.as_deref(), Some(WORDS));
    let rows = ledger.consents(None, 0, 9).await.expect("it answers");
    assert_eq!(rows[1].raw_text.as_deref(), Some(WORDS));
    assert!(matches!(
        ledger.verify_consents(4).await.expect("it answers"),
        Verified::Whole { rows: 2, .. }
    ));
    let without = place.open().await;
    assert_eq!(all(&without, &MessageFilter::default()).await[0].body, None);
}

async fn messages_are_found_page_by_page_by_whatever_is_asked(place: Place) {
    let ledger = place.open().await;
    let told: Vec<_> = (0..50)
        .map(|number| {
            told_text(
                number,
                if number % 5 == 0 {
                    "In Carson"
                } else {
                    "In Torrance"
                },
            )
        })
        .collect();
    write(&ledger, &told).await;
    let first = contact(3).as_e164().to_owned();
    for (filter, count) in [
        (MessageFilter::default(), 50),
        (
            MessageFilter {
                contact: Some(first.clone()),
                ..Default::default()
            },
            7,
        ),
        (
            MessageFilter {
                line: Some(2),
                ..Default::default()
            },
            0,
        ),
        (
            MessageFilter {
                status: Some("received".to_owned()),
                ..Default::default()
            },
            50,
        ),
        (
            MessageFilter {
                text: Some("CARSON".to_owned()),
                ..Default::default()
            },
            10,
        ),
        (
            MessageFilter {
                since_ms: Some(10_000),
                until_ms: Some(20_000),
                ..Default::default()
            },
            10,
        ),
        (
            MessageFilter {
                contact: Some(first),
                since_ms: Some(10_000),
                text: Some("torrance".to_owned()),
                ..Default::default()
            },
            4,
        ),
    ] {
        let found = all(&ledger, &filter).await;
        assert_eq!(found.len(), count, "{filter:?}");
        assert!(found.is_sorted_by_key(|message| message.at_ms));
        if filter.text.is_none() {
            let counted = ledger.count_messages(&filter).await.expect("it answers");
            assert_eq!(usize::try_from(counted).expect("it answers"), count);
        }
    }
    let (newest, next) = ledger
        .messages(&MessageFilter::default(), true, None, 2)
        .await
        .expect("it answers");
    assert_eq!(newest[0].id, "text-49");
    let (after, _) = ledger
        .messages(&MessageFilter::default(), true, next.as_ref(), 2)
        .await
        .expect("it answers");
    assert_eq!(after[0].id, "text-47");
}

async fn what_is_too_old_goes_and_consent_stays(place: Place) {
    const DAY_MS: u64 = 24 * 3_600 * 1_000;
    let ledger = place.open().await;
    let mut old = told_text(1, "old");
    let mut new = told_text(2, "new");
    (old.0, new.0) = (DAY_MS, 11 * DAY_MS);
    write(&ledger, &[old, new, told_consent(3, ConsentKind::OptOut)]).await;
    let [known_long, known_lately] = [1, 11].map(|day: u64| {
        let conversation = ConversationId::of(&text(usize::try_from(day).expect("few"), ""));
        told_requirement(&conversation, day * DAY_MS)
    });
    write(&ledger, &[known_long, known_lately].concat()).await;
    let bodies = async || {
        let found = all(&ledger, &MessageFilter::default()).await;
        let bodies = found.into_iter().map(|message| message.body);
        bodies.collect::<Vec<_>>()
    };
    let retain = async |retention: Retention| {
        ledger
            .retain(&retention, 12 * DAY_MS, 100)
            .await
            .expect("it answers")
    };
    assert_eq!(retain(Retention::default()).await, 0);
    assert_eq!(bodies().await.len(), 2);

    let ten_days = Retention {
        bodies_days: Some(10),
        events_days: Some(10),
        requirements_days: Some(10),
    };
    assert_eq!(
        retain(ten_days).await,
        8,
        "a body; the events of it, of the consent, of a turn and of what it said; the requirement, its one field, and the state \
         of its conversation"
    );

    assert_eq!(bodies().await, [None, Some("new".to_owned())]);
    let (requirements, _) = ledger
        .requirements(None, None, 9)
        .await
        .expect("it answers");
    assert_eq!(requirements.len(), 1);
    assert_eq!(requirements[0].updated_ms, 11 * DAY_MS);
    let every = ConversationFilter::default();
    let (conversations, _) = ledger
        .conversations(&every, None, 9)
        .await
        .expect("it answers");
    let with_state = conversations.iter().filter(|found| found.has_state).count();
    assert_eq!((conversations.len(), with_state), (4, 1));
    let verified = ledger.verify_consents(9).await.expect("it answers");
    assert!(
        matches!(verified, Verified::Whole { rows: 3, .. }),
        "{verified:?}"
    );
    assert_eq!(
        ledger.suppressions("", 9).await.expect("it answers").len(),
        1
    );
    assert_eq!(retain(ten_days).await, 0);
}

async fn a_turn_and_its_send_are_read_back_as_they_happened(place: Place) {
    let ledger = place.open().await;
    let message = text(1, "10k sqft in Carson");
    let conversation = ConversationId::of(&message);
    let told = |at_ms: u64, what: What| {
        let event = Event::of(conversation.clone(), at_ms, at_ms, what);
        (at_ms, Source::Told, event.encode())
    };
    let reply = Reply {
        heard_ms: None,
        side: message.side,
        line: message.line,
        to: message.contact.clone(),
        body: "Got it.".to_owned(),
        purpose: Purpose::Answer,
        answers: vec![message.id.clone()],
    };
    let call = ModelCall {
        stage: "draft".to_owned(),
        provider: "openai".to_owned(),
        model: "m".to_owned(),
        prompt_hash: "abc".to_owned(),
        tokens_in: 900,
        tokens_out: 100,
        cost_microusd: 12_345,
        duration_ms: 800,
    };
    let id = || "reply-1".to_owned();
    let field = FieldChange {
        field: "sqft_min".to_owned(),
        value: 10_000.into(),
        message: Some(message.id.clone()),
        quote: Some("10k sqft".to_owned()),
        source: "user".to_owned(),
        unit_inferred: false,
    };
    // The network's news comes before ours that Aircall took the text.
    let told = [
        told_text(1, "10k sqft in Carson"),
        told(
            1_100,
            What::RequirementUpdated {
                fields: vec![field],
                requirement: json!({ "sqft_min": 10_000 }),
            },
        ),
        told(
            1_200,
            What::ReplyQueued {
                message: id(),
                reply,
                turn: Some("t".to_owned()),
                written_by: Some(call.clone()),
            },
        ),
        told(
            1_300,
            What::TurnTaken {
                turn: Turn {
                    id: "t".to_owned(),
                    messages: vec![message.id.clone()],
                    outcome: "replied".to_owned(),
                    intent: Some("new_requirement".to_owned()),
                    calls: vec![call],
                },
                state: json!({ "introduced_ms": 1_300 }),
            },
        ),
        told(
            1_400,
            What::SendIntended {
                message: id(),
                checks: SendChecks::default(),
            },
        ),
        told(
            1_500,
            What::DeliveryReported {
                message: None,
                provider_id: Some("p".to_owned()),
                status: "delivered".to_owned(),
                error: None,
            },
        ),
        told(
            1_600,
            What::SendAccepted {
                message: id(),
                provider_id: Some("p".to_owned()),
            },
        ),
        told(
            1_700,
            What::HandoffRequested {
                reason: "asked".to_owned(),
            },
        ),
        told(
            1_800,
            What::TakenOver {
                by: "an agent".to_owned(),
                reason: "wrote".to_owned(),
                until_ms: None,
            },
        ),
    ];
    assert_eq!(write(&ledger, &told).await.new, 9);

    let sent = ledger
        .find_message("reply-1")
        .await
        .expect("it answers")
        .expect("it is there");
    assert_eq!(
        (sent.status.as_str(), sent.delivery.as_deref()),
        ("accepted", Some("delivered"))
    );
    assert_eq!(
        (sent.sent_ms, sent.delivered_ms),
        (Some(1_600), Some(1_500))
    );
    assert_eq!(
        (sent.model.as_deref(), sent.tokens_in),
        (Some("openai/m"), Some(900))
    );
    for (word, count) in [("delivered", 1), ("failed", 0)] {
        let filter = MessageFilter {
            delivery: Some(word.to_owned()),
            ..MessageFilter::default()
        };
        assert_eq!(all(&ledger, &filter).await.len(), count, "{word}");
    }
    let history = ledger.history("reply-1").await.expect("it answers");
    let kinds: Vec<_> = history.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "reply_queued",
            "send_intended",
            "delivery_reported",
            "send_accepted"
        ]
    );
    let came = ledger
        .find_message(&message.id)
        .await
        .expect("it answers")
        .expect("it is there");
    assert_eq!(
        (came.status.as_str(), came.answered_ms),
        ("answered", Some(1_300))
    );

    let (requirements, _) = ledger
        .requirements(None, None, 9)
        .await
        .expect("it answers");
    let known = &requirements[0].fields["sqft_min"];
    assert_eq!(
        known.content.as_ref().expect("it is kept")["quote"],
        "10k sqft"
    );
    let (conversations, _) = ledger
        .conversations(&ConversationFilter::default(), None, 9)
        .await
        .expect("it answers");
    assert_eq!(conversations[0].held_by.as_deref(), Some("an agent"));
    assert_eq!(
        conversations[0].state,
        Some(json!({ "introduced_ms": 1_300 }))
    );
    let timeline = ledger
        .timeline(&conversation.key(), 99)
        .await
        .expect("it answers");
    assert_eq!(timeline.len(), 7);

    let report = ledger.report(1_000, 2_000).await.expect("it answers");
    assert_eq!(
        (report.texts, report.answered, report.sent, report.segments),
        (1, 1, 1, 1)
    );
    assert_eq!((report.handoffs, report.takeovers), (1, 1));
    assert_eq!(
        (report.median_answer_ms, report.tokens, report.cost_microusd),
        (Some(600), 1_000, 12_345)
    );
    let none = ledger.report(2_000, 3_000).await.expect("it answers");
    assert_eq!((none.texts, none.median_answer_ms), (0, None));
}

async fn an_erased_contact_is_blank_and_the_chain_holds(place: Place) {
    let ledger = place.open().await;
    let told = [
        told_text(1, "a secret"),
        told_consent(1, ConsentKind::OptOut),
        told_text(2, "of another"),
        (
            9,
            Source::Told,
            format!("not ours, about {}", contact(1).as_e164()),
        ),
    ];
    write(&ledger, &told).await;
    let name = ERASURE_KEY
        .parse::<ErasureKey>()
        .expect("a key")
        .name(&contact(1));

    let erased = ledger.erase(&contact(1), &name).await.expect("it answers");

    assert_eq!(
        (erased.messages, erased.conversations, erased.consents),
        (1, 1, 2)
    );
    let found = all(&ledger, &MessageFilter::default()).await;
    let bodies: Vec<_> = found
        .iter()
        .map(|message| (message.contact.as_str(), message.body.as_deref()))
        .collect();
    assert_eq!(
        bodies,
        [
            (name.as_str(), None),
            (contact(2).as_e164(), Some("of another"))
        ]
    );
    let suppressed = ledger.suppressions("", 9).await.expect("it answers");
    assert_eq!(suppressed, [(name.clone(), 1_000)]);
    let verified = ledger.verify_consents(9).await.expect("it answers");
    assert!(
        matches!(verified, Verified::Whole { rows: 3, .. }),
        "{verified:?}"
    );
    let mut connection = AnyConnection::connect(&place.url).await.expect("it opens");
    let details: Vec<(String,)> = sqlx::query_as("SELECT detail FROM events")
        .fetch_all(&mut connection)
        .await
        .expect("it runs");
    assert!(
        details
            .iter()
            .all(|(detail,)| !detail.contains(contact(1).digits())),
        "{details:?}"
    );
    let again = ledger.erase(&contact(1), &name).await.expect("it answers");
    assert_eq!(again, wex_ledger::Erased::default());
}

/// With a million: `make bench-ledger`.
async fn a_contacts_texts_are_listed_at_once_among_ten_thousand(place: Place) {
    let ledger = place.open().await;
    for first in (0..10_000).step_by(1_000) {
        let told: Vec<_> = (first..first + 1_000)
            .map(|number| told_text(number, "Hello"))
            .collect();
        write(&ledger, &told).await;
    }
    let mut took = Vec::new();
    for number in 0..21 {
        let filter = MessageFilter {
            contact: Some(contact(number % 7).as_e164().to_owned()),
            ..MessageFilter::default()
        };
        let started = Instant::now();
        let (found, next) = ledger
            .messages(&filter, true, None, 50)
            .await
            .expect("it answers");
        took.push(started.elapsed());
        assert!(found.len() == 50 && next.is_some());
    }
    took.sort_unstable();
    assert!(took[10] < Duration::from_millis(50), "{took:?}");
}

/// Sixty conversations while the ledger's worker is killed again and again, and its database with it where there is one.
async fn the_ledger_equals_what_was_said_although_it_and_its_database_are_killed(mut place: Place) {
    const ROUNDS: usize = 6;
    const TEXTS: usize = 10;
    let settings = Settings {
        rate_per_minute: 0,
        worker_variables: vec![
            ("WORKER_QUEUES", "inbound,outbound".to_owned()),
            ("DATABASE_URL", place.url.clone()),
        ],
        ..Settings::default()
    };
    let world = World::start_with(processes(), settings).await;
    let keeper = [("WORKER_QUEUES", "ledger".to_owned())];
    let mut dice = StdRng::seed_from_u64(7);
    let mut said = BTreeMap::new();
    let mut ledger_worker = world.new_worker_with(&keeper).await;
    for round in 0..ROUNDS {
        for number in 0..TEXTS {
            let from = contact(round * TEXTS + number).as_e164().to_owned();
            let body = format!("{}k sqft in Carson", 10 + number);
            world.contact_texts(&from, &body).await;
            said.insert((from, body), 1);
            if dice.random_ratio(1, 4) {
                ledger_worker.kill().await;
                if let Some(postgres) = &mut place.postgres
                    && dice.random()
                {
                    postgres.process.kill().await;
                    ledger_worker = world.new_worker_with(&keeper).await;
                    postgres.restart().await.expect("PostgreSQL starts again");
                } else {
                    ledger_worker = world.new_worker_with(&keeper).await;
                }
            }
        }
    }
    let sent = world.sent(ROUNDS * TEXTS).await;
    world.until_recorded().await;

    let ledger = place.open().await;
    let mut received = BTreeMap::new();
    let mut left = BTreeMap::new();
    for message in all(&ledger, &MessageFilter::default()).await {
        let body = message.body.expect("it is kept");
        let kept = match (message.direction.as_str(), message.status.as_str()) {
            ("in", "answered") => &mut received,
            ("out", "accepted") => &mut left,
            other => unreachable!("{other:?}"),
        };
        *kept.entry((message.contact, body)).or_insert(0) += 1;
    }
    assert_eq!(received, said);
    let sent: BTreeMap<_, _> = sent
        .into_iter()
        .map(|text| ((text.to, text.body), 1))
        .collect();
    assert_eq!(left, sent);
    let (conversations, _) = ledger
        .conversations(&ConversationFilter::default(), None, 100)
        .await
        .expect("it answers");
    assert!(
        conversations
            .iter()
            .all(|found| (found.received, found.sent) == (1, 1))
    );
}

#[tokio::test]
async fn nobody_else_on_the_machine_reads_the_ledgers_file() {
    let place = Place::sqlite();
    let directory = place.directory.path().join("data");
    // As one that was fetched from a backup may be.
    std::fs::create_dir(&directory).expect("a directory");
    let file = directory.join("wex.db");
    std::fs::write(&file, "").expect("a file");
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&file, open).expect("ours");
    let ledger = place.open().await;
    write(&ledger, &[told_text(1, "Hello")]).await;
    let mut files = 0;
    for file in std::fs::read_dir(directory).expect("it answers") {
        let file = file.expect("it answers");
        let mode = file.metadata().expect("it answers").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.path().display());
        files += 1;
    }
    assert_eq!(files, 3, "the file, its log and the log's index");
}

#[tokio::test]
async fn what_happened_while_the_database_was_away_is_recorded_when_it_is_back() {
    let place = Place::sqlite();
    let directory = place.directory.path().join("data");
    std::fs::write(&directory, "in the way").expect("it answers");
    let world = place.world().await;
    world.buyer_texts("10k sqft in Carson for storage").await;
    world.sent(1).await;
    world.buyer_texts("STOP").await;
    let sent = world.sent(2).await;
    world
        .worker
        .as_ref()
        .expect("it runs")
        .line_with("ledger.waiting")
        .await;
    assert!(world.queue.events_waiting().await.expect("it answers") > 4);

    std::fs::remove_file(&directory).expect("it answers");
    world.until_recorded().await;

    let ledger = place.open().await;
    let filter = MessageFilter {
        contact: Some(BUYER.to_owned()),
        ..MessageFilter::default()
    };
    let mut bodies: Vec<_> = all(&ledger, &filter)
        .await
        .into_iter()
        .filter_map(|found| found.body)
        .collect();
    bodies.sort();
    let mut expected: Vec<_> = sent.into_iter().map(|text| text.body).collect();
    expected.extend([
        "10k sqft in Carson for storage".to_owned(),
        "STOP".to_owned(),
    ]);
    expected.sort();
    assert_eq!(bodies, expected);
    let consents = ledger
        .consents(Some(BUYER), 0, 9)
        .await
        .expect("it answers");
    assert_eq!((consents.len(), consents[1].kind.as_str()), (2, "opt_out"));
}

#[tokio::test]
async fn what_happened_while_somebody_had_the_database_for_themselves_is_recorded_whole() {
    let place = Place::sqlite();
    let world = place.world().await;
    world.buyer_texts("10k sqft in Carson").await;
    world.sent(1).await;
    world.until_recorded().await;
    let ledger = place.open().await;
    let mut other = AnyConnection::connect(&place.url).await.expect("it opens");
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .expect("it is free");
    world.buyer_texts("for cold storage").await;
    world.sent(2).await;
    let worker = world.worker.as_ref().expect("it runs");
    worker.line_with("ledger.waiting").await;

    sqlx::query("ROLLBACK")
        .execute(&mut other)
        .await
        .expect("it was begun");
    world.until_recorded().await;
    assert_eq!(all(&ledger, &MessageFilter::default()).await.len(), 4);
    let set_aside: (i64,) = sqlx::query_as("SELECT COUNT(*) FROM events WHERE kind = 'set_aside'")
        .fetch_one(&mut other)
        .await
        .expect("it answers");
    assert_eq!(set_aside.0, 0);
}

#[tokio::test]
async fn a_ledger_whose_file_was_taken_away_goes_on_in_a_new_one() {
    let place = Place::sqlite();
    let world = place.world().await;
    world.buyer_texts("10k sqft in Carson").await;
    world.sent(1).await;
    world.until_recorded().await;
    let directory = place.directory.path().join("data");
    let elsewhere = place.directory.path().join("elsewhere");
    std::fs::rename(&directory, &elsewhere).expect("ours");

    world.buyer_texts("for cold storage").await;
    world.sent(2).await;
    let worker = world.worker.as_ref().expect("it runs");
    worker.line_with("was removed or replaced").await;
    world.until_recorded().await;
    let bodies = async |url: String| {
        let database: Database = url.parse().expect("a URL");
        let ledger = Ledger::open(&database, Keys::default()).await;
        let found = all(&ledger.expect("it opens"), &MessageFilter::default()).await;
        let came = found
            .into_iter()
            .filter(|message| message.direction == "in");
        came.filter_map(|message| message.body).collect::<Vec<_>>()
    };
    assert_eq!(bodies(place.url.clone()).await, ["for cold storage"]);
    let moved = format!("sqlite://{}", elsewhere.join("wex.db").display());
    assert_eq!(bodies(moved).await, ["10k sqft in Carson"]);
}

// The commands.

/// A buyer texts twice and opts out; the ledger has it.
async fn world_with_a_conversation() -> World {
    let world = World::start(processes()).await;
    for (count, text) in ["10k sqft in Carson", "for cold storage", "STOP"]
        .iter()
        .enumerate()
    {
        world.buyer_texts(text).await;
        world.sent(count + 1).await;
    }
    world.until_recorded().await;
    world
}

fn objects(lines: &str) -> Vec<Value> {
    lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[tokio::test]
async fn messages_are_listed_shown_and_exported() {
    let world = world_with_a_conversation().await;

    let list = world.wex(&["messages", "list"]).await;
    assert!(
        list.contains("for cold storage") && list.contains("Got it:"),
        "{list}"
    );
    assert!(
        list.contains("+1870***5426") && !list.contains(BUYER),
        "{list}"
    );
    let found = objects(
        &world
            .wex(&["messages", "list", "--json", "--direction", "out"])
            .await,
    );
    assert_eq!(found.len(), 3);
    assert!(
        found.iter().all(|message| message["status"] == "accepted"),
        "{found:?}"
    );
    let found = objects(
        &world
            .wex(&[
                "messages",
                "list",
                "--json",
                "--contact",
                "870 457 5426",
                "--text",
                "COLD",
                "--direction",
                "in",
            ])
            .await,
    );
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["status"], "answered");

    let id = found[0]["id"].as_str().expect("an id");
    let shown = world.wex(&["messages", "show", id]).await;
    assert!(
        shown.contains(BUYER) && shown.contains("message_received"),
        "{shown}"
    );
    let unknown = world.wex_output(&["messages", "show", "nobody"]).await;
    assert_eq!(unknown.status.code(), Some(1));
    for (filter, count) in [
        (["--status", "answered"], 3),
        (["--delivery", "lost"], 0),
        (["--line", "1"], 0),
        (["--since", "2h"], 6),
        (["--until", "2h"], 0),
    ] {
        let list = world
            .wex(&[&["messages", "list", "--json"], &filter[..]].concat())
            .await;
        assert_eq!(objects(&list).len(), count, "{filter:?}");
    }
    for wrong in [
        &["--status", "bogus"][..],
        &["--since", "yesterday"],
        &["--since", "1h", "--until", "2h"],
        &["--contact", "+1870***5426"],
    ] {
        let output = world
            .wex_output(&[&["messages", "list"], wrong].concat())
            .await;
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }

    let csv = world.wex(&["messages", "export"]).await;
    assert_eq!(csv.lines().count(), 7);
    assert!(
        csv.starts_with("id,direction,at_ms,") && csv.contains("for cold storage"),
        "{csv}"
    );
    world
        .wex(&[
            "messages",
            "export",
            "--format",
            "ndjson",
            "--output",
            "messages.ndjson",
        ])
        .await;
    let file = std::fs::read_to_string(world.directory().join("messages.ndjson")).expect("a file");
    let exported = objects(&file);
    assert_eq!(exported.len(), 6);
    assert!(exported.is_sorted_by_key(|message| message["at_ms"].as_u64()));
    let again = world
        .wex_output(&["messages", "export", "--output", "messages.ndjson"])
        .await;
    assert_eq!(again.status.code(), Some(1), "nothing is overwritten");
}

#[tokio::test]
async fn a_conversation_is_shown_in_one_line_of_time() {
    let world = world_with_a_conversation().await;
    let list = objects(&world.wex(&["conversations", "list", "--json"]).await);
    assert_eq!(
        (list.len(), &list[0]["received"], &list[0]["sent"]),
        (1, &3.into(), &3.into())
    );
    assert_eq!(list[0]["contact"], "+1870***5426");

    let shown = world.wex(&["conversations", "show", BUYER]).await;
    let order = [
        "10k sqft in Carson",
        "requirement_updated",
        "send_accepted",
        "for cold storage",
        "STOP",
        "consent_changed",
    ];
    let places: Vec<_> = order.iter().map(|part| shown.find(part)).collect();
    assert!(places.iter().all(Option::is_some), "{shown}");
    let key = format!("buyer:{}:{BUYER}", world.settings.buyer.0);
    assert_eq!(world.wex(&["conversations", "show", &key]).await, shown);
    let unknown = world
        .wex_output(&["conversations", "show", "+14244162299"])
        .await;
    assert_eq!(unknown.status.code(), Some(1));
}

#[tokio::test]
async fn consent_is_listed_changed_by_an_operator_and_proved() {
    let world = world_with_a_conversation().await;
    let verified = world.wex(&["consent", "verify"]).await;
    assert!(verified.contains("2 entries"), "{verified}");

    let why = ["--reason", "asked by phone"];
    let none = world
        .wex_output(&[&["consent", "add", BUYER], &why[..]].concat())
        .await;
    assert_eq!(none.status.code(), Some(1), "opted out already");
    world
        .wex(&[&["consent", "remove", BUYER], &why[..]].concat())
        .await;
    world.buyer_texts("15k sqft now").await;
    assert_eq!(world.sent(4).await.len(), 4);
    world
        .wex(&[&["consent", "add", BUYER], &why[..]].concat())
        .await;
    world.buyer_texts("20k sqft now").await;
    world.until_heard(5).await;
    world.until_recorded().await;

    assert_eq!(world.sent(4).await.len(), 4, "nothing more is sent");
    let rows = objects(
        &world
            .wex(&["consent", "list", "--json", "--contact", BUYER])
            .await,
    );
    let kinds: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["kind"].as_str().unwrap_or_default(),
                row["actor"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(
        kinds,
        [
            ("inbound_started", "contact"),
            ("opt_out", "contact"),
            ("opt_in", "ann"),
            ("human_set", "ann")
        ]
    );
    assert_eq!(rows[3]["reason"], "asked by phone");
    let verified = world.wex(&["consent", "verify"]).await;
    assert!(verified.contains("4 entries"), "{verified}");
    let noted = verified
        .lines()
        .find_map(|line| line.strip_prefix("The last hash is "));
    let verify = ["consent", "verify", "--noted", noted.expect("a hash")];
    let verified = world.wex(&verify).await;
    assert!(verified.contains("that of entry 4"), "{verified}");
    let file = world.directory().join("data/wex.db");
    Place::tamper_at(
        &format!("sqlite://{}", file.display()),
        "DELETE FROM consent_events WHERE number = 4",
    )
    .await;
    let short = world.wex(&["consent", "verify"]).await;
    assert!(short.contains("3 entries"), "{short}");
    let missing = world.wex_output(&verify).await;
    let why = String::from_utf8_lossy(&missing.stderr);
    assert_eq!(missing.status.code(), Some(1));
    assert!(why.contains("taken away"), "{why}");
    // In the ledger it outlives Redis.
    for (loses, source) in [(false, &["audit"][..]), (true, &["audit", "--ledger"])] {
        if loses {
            world.empty_redis().await;
        }
        let audit = world.wex(source).await;
        assert!(
            audit.contains("consent_add") && audit.contains("asked by phone"),
            "{audit}"
        );
        assert!(!audit.contains(BUYER), "{audit}");
    }
}

#[tokio::test]
async fn requirements_and_the_day_are_reported() {
    let world = world_with_a_conversation().await;
    let list = objects(&world.wex(&["requirements", "list", "--json"]).await);
    assert_eq!(list.len(), 1);
    assert_eq!(list[0]["requirement"]["sqft_min"], 10_000);
    let texts = world
        .wex(&["messages", "list", "--json", "--text", "cold"])
        .await;
    let text = objects(&texts)
        .into_iter()
        .find(|text| text["direction"] == "in");
    let uses = &list[0]["fields"]["uses"];
    assert_eq!(uses["source"], "user");
    assert_eq!(uses["message"], text.expect("it came")["id"]);
    assert_eq!(uses["content"]["quote"], "cold storage");
    assert_eq!(
        list[0]["fields"]["sqft_min"]["content"]["quote"],
        "10k sqft"
    );
    let csv = world.wex(&["requirements", "export"]).await;
    assert!(
        csv.starts_with("conversation,field,value,") && csv.contains("sqft_min,10000"),
        "{csv}"
    );
    assert!(csv.contains(",10k sqft\n"), "its words: {csv}");

    let why = ["--reason", "asked by phone"];
    world
        .wex(&[&["consent", "add", "+18704570001"], &why[..]].concat())
        .await;
    world.until_recorded().await;

    let report = &objects(&world.wex(&["report", "daily", "--json"]).await)[0];
    let figure = |name: &str| report[name].as_u64().unwrap_or_default();
    assert_eq!(
        (figure("texts"), figure("answered"), figure("sent")),
        (3, 3, 3)
    );
    assert_eq!(
        (
            figure("opt_outs"),
            figure("failed"),
            figure("conversations")
        ),
        (2, 0, 1),
        "one by the contact, one by an operator"
    );
    assert!(
        (1..10_000).contains(&figure("median_answer_ms")),
        "{report}"
    );
    let day_before = world
        .wex(&["report", "daily", "--day", "2020-01-01", "--json"])
        .await;
    assert_eq!(objects(&day_before)[0]["texts"], 0);
}

#[tokio::test]
async fn commands_say_when_there_is_no_ledger() {
    let settings = Settings {
        worker_variables: vec![("WORKER_QUEUES", "inbound".to_owned())],
        ..Settings::default()
    };
    let world = World::start_with(processes(), settings).await;
    let output = world.wex_output(&["messages", "list"]).await;
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error.contains("DATABASE_URL") && error.contains("data/wex.db"),
        "{error}"
    );
}

#[tokio::test]
async fn commands_say_why_a_ledger_cannot_be_used() {
    let settings = Settings {
        worker_variables: vec![("WORKER_QUEUES", "inbound".to_owned())],
        ..Settings::default()
    };
    let world = World::start_with(processes(), settings).await;
    let no_database = world.directory().join("letter.txt");
    std::fs::write(&no_database, "Dear all, this is no database.".repeat(99)).expect("a file");
    for (url, parts) in [
        (
            "postgres://wex:hush@127.0.0.1:1/wex".to_owned(),
            ["127.0.0.1:1/wex", "refused"],
        ),
        (
            format!("sqlite://{}", no_database.display()),
            ["letter.txt", "not a database"],
        ),
    ] {
        let mut command = world.wex_command(&["messages", "list"]);
        let output = command.env("DATABASE_URL", url).output().await;
        let output = output.expect("wex runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        assert!(!error.contains("hush"), "{error}");
    }
}

#[tokio::test]
async fn after_a_loss_of_redis_suppressions_and_conversations_are_put_back() {
    let world = World::start(processes()).await;
    let stopped = contact(1).as_e164().to_owned();
    world.buyer_texts("10k sqft in Carson").await;
    world.contact_texts(&stopped, "STOP").await;
    world.sent(2).await;
    world.until_recorded().await;
    let key = format!("conversation:buyer:{}:{BUYER}", world.settings.buyer.0);
    let names = [key, format!("suppressed:{stopped}")];
    let before = world.queue.records(&names).await.expect("Redis answers");
    assert!(before.iter().all(Option::is_some));
    world.empty_redis().await;

    let said = world.wex(&["restore", "--dry-run"]).await;
    assert!(
        said.contains("1 suppressions and 2 conversations"),
        "{said}"
    );
    assert_eq!(
        world.queue.records(&names).await.expect("Redis answers"),
        [None, None]
    );
    let said = world.wex(&["restore"]).await;
    assert!(said.contains("3 put back, 0 were"), "{said}");
    let said = world.wex(&["restore"]).await;
    assert!(said.contains("0 put back, 3 were"), "{said}");

    // What was known is known, who opted out is not texted, and what happens now is recorded.
    world.buyer_texts("for cold storage").await;
    world.contact_texts(&stopped, "Hello?").await;
    let sent = world.sent(3).await;
    assert!(
        sent[2]
            .body
            .contains("10,000 sqft in Carson for cold storage"),
        "{sent:?}"
    );
    world.until_recorded().await;
    let texts = objects(
        &world
            .wex(&["messages", "list", "--json", "--direction", "in"])
            .await,
    );
    assert_eq!(texts.len(), 4);
    let silent = objects(
        &world
            .wex(&["messages", "list", "--json", "--status", "unanswered"])
            .await,
    );
    assert_eq!(
        (silent.len(), &silent[0]["error"]),
        (1, &"suppressed".into())
    );
}

const ERASURE_KEY: &str = "a key of at least thirty-two characters";

#[tokio::test]
async fn who_is_erased_is_found_nowhere_and_stays_opted_out() {
    const WORDS: &str = "12,345 sqft of secrets in Carson";
    let settings = Settings {
        worker_variables: vec![("ERASURE_KEY", ERASURE_KEY.to_owned())],
        ..Settings::default()
    };
    let world = World::start_with(processes(), settings).await;
    let other = contact(1).as_e164().to_owned();
    world.buyer_texts(WORDS).await;
    world.contact_texts(&other, "20k sqft in Torrance").await;
    world.sent(2).await;
    world
        .sim
        .fault("invalid_payload", 1)
        .await
        .expect("a fault");
    world.buyer_texts("and 9 docks").await;
    world.dead_letters(wex_tests::OUTBOUND, 1).await;
    world.buyer_texts("STOP").await;
    world.sent(3).await;
    let pause = [
        "queue",
        "pause",
        "inbound",
        "--contact",
        BUYER,
        "--reason",
        "looking",
    ];
    world.wex(&pause).await;
    world.buyer_texts("still there?").await;
    world
        .until(wex_tests::INBOUND, "a text waits", |survey| {
            survey.waiting == 1
        })
        .await;
    let key = format!("buyer:{}:{BUYER}", world.settings.buyer.0);
    for act in ["resume", "pause"] {
        let words = [
            "conversations",
            act,
            &key,
            "--reason",
            "870 457 5426 is on the phone",
        ];
        world.wex(&words).await;
    }
    let took = world
        .sim
        .agent_texts(world.settings.buyer.0, BUYER, "Ann here, with secrets");
    took.await.expect("the text is sent");
    let worker = world.worker.as_ref().expect("it runs");
    worker.line_with("outcome=\"taken_over\"").await;
    world.until_recorded().await;
    assert!(world.all_of_redis().await.contains(BUYER));

    let erase = [
        "conversations",
        "erase",
        BUYER,
        "--reason",
        "asked by e-mail",
    ];
    let asked = world.wex_output(&erase).await;
    assert_eq!(
        asked.status.code(),
        Some(1),
        "without --yes nothing happens"
    );
    let said = world.wex(&[&erase[..], &["--yes"]].concat()).await;
    assert!(
        said.contains("1 jobs, 1 dead letters, 7 messages, 1 conversations, 2 entries"),
        "{said}"
    );

    let digits = BUYER.trim_start_matches('+');
    let redis = world.all_of_redis().await;
    assert!(
        !redis.contains(digits) && !redis.contains("secrets") && !redis.contains("457 5426"),
        "{redis}"
    );
    assert!(
        redis.contains("erased:"),
        "the suppression stays under a hash"
    );
    for file in ["wex.db", "wex.db-wal"] {
        let bytes = std::fs::read(world.directory().join("data").join(file)).expect("a file");
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            !text.contains(digits) && !text.contains("secrets") && !text.contains("457 5426"),
            "{file}"
        );
    }
    let verified = world.wex(&["consent", "verify"]).await;
    assert!(verified.contains("3 entries"), "{verified}");
    let audit = world.wex(&["audit", "--show-contacts"]).await;
    assert!(
        audit.contains("erase") && audit.contains("asked by e-mail"),
        "{audit}"
    );

    // Who opted out stays out, also after a loss of Redis; the other contact is as before.
    world.empty_redis().await;
    world.wex(&["restore"]).await;
    world.buyer_texts("30k sqft in Carson").await;
    world.contact_texts(&other, "for storage").await;
    let sent = world.sent(4).await;
    assert_eq!((sent.len(), &sent[3].to), (4, &other));
    assert!(
        sent[3].body.contains("20,000 sqft in Torrance for storage"),
        "{sent:?}"
    );
    world.buyer_texts("START").await;
    assert_eq!(world.sent(5).await[4].to, BUYER);
}

#[tokio::test]
async fn a_text_of_an_erased_contact_that_waited_in_a_spool_is_erased_too() {
    let settings = Settings {
        worker_variables: vec![("ERASURE_KEY", ERASURE_KEY.to_owned())],
        ..Settings::default()
    };
    let mut world = World::start_with_private_redis(processes(), settings).await;
    world.start_worker().await;
    world.buyer_texts("10k sqft in Carson").await;
    world.sent(1).await;
    let pause = [
        "queue",
        "pause",
        "inbound",
        "--contact",
        BUYER,
        "--reason",
        "looking",
    ];
    world.wex(&pause).await;
    // Redis lives, and takes nothing.
    world
        .redis_command(&["CONFIG", "SET", "maxmemory", "1"])
        .await;
    world.buyer_texts("54,321 sqft of secrets").await;
    world.ingress.line_with("spool.waiting").await;
    world
        .redis_command(&["CONFIG", "SET", "maxmemory", "0"])
        .await;

    let erase = [
        "conversations",
        "erase",
        BUYER,
        "--reason",
        "asked",
        "--yes",
    ];
    let said = world.wex(&erase).await;
    assert!(said.contains("1 jobs"), "the spooled text: {said}");
    world.ingress.line_with("spool.drained").await;
    let redis = world.all_of_redis().await;
    let digits = BUYER.trim_start_matches('+');
    assert!(
        !redis.contains(digits) && !redis.contains("secrets"),
        "{redis}"
    );
}

#[tokio::test]
async fn deliveries_of_an_erased_contact_that_could_not_be_read_are_erased_too() {
    let settings = Settings {
        worker_variables: vec![("ERASURE_KEY", ERASURE_KEY.to_owned())],
        ..Settings::default()
    };
    let world = World::start_with(processes(), settings).await;
    let token = world.settings.webhook_token.clone();
    let mut torn = world.delivery("message-1", "my secrets").to_string();
    torn.pop();
    let odd = |number: &str| json!({ "happened": "a text", "who": number, "words": "my secrets" });
    for body in [
        torn,
        odd("(870) 457-5426").to_string(),
        odd("(870) 457-5427").to_string(),
    ] {
        let path = "/api/sms/buyer/webhook";
        let answer = world.post_with_header(path, body, Some(&token)).await;
        assert_eq!(answer.outcome(), (200, "unreadable"));
    }
    world.dead_letters(wex_tests::INBOUND, 3).await;
    let erase = ["conversations", "erase", BUYER, "--reason", "asked"];
    let asked = world.wex_output(&erase).await;
    let would = String::from_utf8_lossy(&asked.stderr);
    assert!(would.contains("2 deliveries"), "{would}");
    let erase = [&erase[..], &["--yes"]].concat();

    // While they wait to be read again, nobody knows whose they are.
    world
        .wex(&["queue", "pause", "inbound", "--reason", "looking"])
        .await;
    world
        .wex(&["dead-letters", "replay", "--reason", "unreadable"])
        .await;
    let refused = world.wex_output(&erase).await;
    let why = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        why.contains("nothing was erased") && why.contains("unreadable"),
        "{why}"
    );
    world.wex(&["queue", "resume", "inbound"]).await;
    world.dead_letters(wex_tests::INBOUND, 3).await;

    let done = world.wex_output(&erase).await;
    let [said, noted] = [&done.stdout, &done.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(done.status.success(), "{noted}");
    assert!(said.contains("0 jobs, 2 dead letters"), "{said}");
    assert!(
        noted.contains("2 of the dead letters") && noted.contains("1 deliveries"),
        "{noted}"
    );
    let redis = world.all_of_redis().await;
    let digits: String = redis.chars().filter(char::is_ascii_digit).collect();
    assert!(!digits.contains("8704575426"), "{redis}");
    assert_eq!(world.dead_letters(wex_tests::INBOUND, 1).await.len(), 1);
}

#[tokio::test]
async fn who_erases_while_an_ingress_with_spooled_texts_is_away_is_told_to_do_it_again() {
    let settings = Settings {
        worker_variables: vec![("ERASURE_KEY", ERASURE_KEY.to_owned())],
        ..Settings::default()
    };
    let mut world = World::start_with_private_redis(processes(), settings).await;
    world.start_worker().await;
    world
        .redis_command(&["CONFIG", "SET", "maxmemory", "1"])
        .await;
    world.buyer_texts("54,321 sqft of secrets").await;
    world.ingress.line_with("spool.waiting").await;
    world.ingress.kill().await;
    world
        .redis_command(&["CONFIG", "SET", "maxmemory", "0"])
        .await;
    let erase = [
        "conversations",
        "erase",
        BUYER,
        "--reason",
        "asked",
        "--yes",
    ];
    let done = world.wex_output(&erase).await;
    let noted = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{noted}");
    assert!(
        noted.contains("has been silent for") && noted.contains("Erase again"),
        "{noted}"
    );

    world.restart_ingress().await;
    world.sent(1).await;
    let said = world.wex(&erase).await;
    assert!(said.contains("2 messages, 1 conversations"), "{said}");
    let redis = world.all_of_redis().await;
    let digits = BUYER.trim_start_matches('+');
    assert!(
        !redis.contains(digits) && !redis.contains("secrets"),
        "{redis}"
    );
}

#[tokio::test]
async fn nothing_is_erased_without_the_key_for_what_must_be_kept() {
    let world = world_with_a_conversation().await;
    let erase = [
        "conversations",
        "erase",
        BUYER,
        "--reason",
        "asked",
        "--yes",
    ];
    let output = world.wex_output(&erase).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("ERASURE_KEY"));
    assert!(world.all_of_redis().await.contains(BUYER));
}

#[tokio::test]
async fn a_worker_without_the_ledger_tells_when_nobody_writes_it() {
    let settings = Settings {
        worker_variables: vec![("WORKER_QUEUES", "inbound,outbound".to_owned())],
        ..Settings::default()
    };
    let mut world = World::start_without_worker(processes(), settings).await;
    world.fill_events(100_000).await;
    world.start_worker().await;
    let worker = world.worker.as_ref().expect("it runs");
    worker.line_with("ledger.behind").await;
    let said = world.wex(&["queue", "status"]).await;
    assert!(said.contains("100000 events wait for the ledger"), "{said}");
}

#[tokio::test]
async fn a_text_that_was_spooled_is_in_the_ledger_once() {
    let settings = Settings {
        rate_per_minute: 0,
        ..Settings::default()
    };
    let mut world = World::start_with_private_redis(processes(), settings).await;
    world.redis_process().kill().await;
    let delivery = world.delivery("spooled-1", "STOP").to_string();
    for _ in 0..2 {
        let answer = world.post("/api/sms/buyer/webhook", delivery.clone()).await;
        assert_eq!(answer.status, 200);
    }
    world.restart_redis().await;
    world.start_worker().await;
    world.sent(1).await;
    world.until_recorded().await;

    let texts = objects(
        &world
            .wex(&["messages", "list", "--json", "--direction", "in"])
            .await,
    );
    assert_eq!((texts.len(), &texts[0]["body"]), (1, &"STOP".into()));
    let rows = objects(&world.wex(&["consent", "list", "--json"]).await);
    let kinds: Vec<_> = rows.iter().map(|row| row["kind"].as_str()).collect();
    assert_eq!(kinds, ["inbound_started", "opt_out"].map(Some));
}
