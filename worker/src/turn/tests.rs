use proptest::prelude::{prop_assert, prop_oneof, proptest};
use proptest::strategy::{Just, Strategy};
use wex_domain::line::LineId;
use wex_domain::phone_number::PhoneNumber;
use wex_domain::sms_text::{Encoding, segments};

use super::*;

fn message(side: Side, body: &str) -> InboundMessage {
    InboundMessage {
        id: "message".to_owned(),
        side,
        line: LineId(1),
        contact: PhoneNumber::parse("+18704575426").unwrap(),
        body: body.to_owned(),
        media: 0,
        sent_ms: None,
    }
}

/// What a buyer is answered, turn by turn; `-` for silence.
fn answers(turns: &[&[&str]]) -> Vec<String> {
    let mut conversation = Conversation::default();
    let mut is_suppressed = false;
    let mut answers = Vec::new();
    for (turn, texts) in turns.iter().enumerate() {
        // As the ingress does when it accepts them.
        for text in *texts {
            match consent::keyword(text) {
                Some(Keyword::Stop) => is_suppressed = true,
                Some(Keyword::Start) => is_suppressed = false,
                Some(Keyword::Help) | None => {}
            }
        }
        let messages: Vec<_> = texts
            .iter()
            .map(|text| message(Side::Buyer, text))
            .collect();
        let now_ms = u64::try_from(turn).unwrap() * 60_000;
        let (decision, later) = decide(conversation, &messages, is_suppressed, now_ms, "WEx help");
        conversation = later;
        answers.push(match decision {
            Decision::Reply { body, .. } => body,
            Decision::StaySilent(_) => "-".to_owned(),
        });
    }
    answers
}

#[test]
fn a_stop_is_confirmed_once_and_then_nothing_is_said() {
    let said = answers(&[
        &["STOP"],
        &["stop"],
        &["10k sqft in Carson"],
        &["Unsubscribe!"],
    ]);
    assert_eq!(said, [consent::OPT_OUT_CONFIRMATION, "-", "-", "-"]);
}

#[test]
fn only_start_brings_the_assistant_back_and_the_next_stop_is_confirmed_again() {
    let said = answers(&[&["stop"], &["yes"], &["START"], &["stop"]]);
    assert_eq!(
        said,
        [
            consent::OPT_OUT_CONFIRMATION,
            "-",
            consent::OPT_IN_CONFIRMATION,
            consent::OPT_OUT_CONFIRMATION
        ]
    );
}

#[test]
fn the_last_word_of_a_turn_counts() {
    assert_eq!(
        answers(&[&["stop", "start"]]),
        [consent::OPT_IN_CONFIRMATION]
    );
    assert_eq!(
        answers(&[&["start", "stop"]]),
        [consent::OPT_OUT_CONFIRMATION]
    );
}

#[test]
fn help_is_answered_even_after_a_stop() {
    assert_eq!(answers(&[&["stop"], &["HELP"]])[1], "WEx help");
}

#[test]
fn we_introduce_ourselves_once_a_month() {
    let month_ms = 30 * 24 * 3600 * 1000;
    let mut conversation = Conversation::default();
    assert!(
        introduced(&mut conversation, "Hello.", 1_000).starts_with(consent::FIRST_MESSAGE_FOOTER)
    );
    assert_eq!(introduced(&mut conversation, "Hello.", month_ms), "Hello.");
    assert!(
        introduced(&mut conversation, "Hello.", 1_000 + month_ms)
            .starts_with(consent::FIRST_MESSAGE_FOOTER)
    );
}

#[test]
fn what_is_known_is_not_asked_again() {
    let said = answers(&[&["10k sqft"], &["Carson CA"], &["storage"]]);
    assert!(
        said[0].ends_with("Got it: 10,000 sqft. Which city or area?"),
        "{}",
        said[0]
    );
    assert_eq!(
        said[1],
        "Got it: 10,000 sqft in Carson, CA. What will you use it for?"
    );
    assert!(
        said[2].starts_with("Got it: 10,000 sqft in Carson, CA for storage. When do you need it"),
        "{}",
        said[2]
    );
}

#[test]
fn a_picture_alone_is_answered_with_a_request_for_words() {
    assert!(answers(&[&[""]])[0].ends_with(&draft::ask_for_words()));
}

fn any_text() -> impl Strategy<Value = String> {
    let keyword = prop_oneof![
        Just("stop"),
        Just("START"),
        Just("help"),
        Just("10k sqft in Carson")
    ];
    prop_oneof![keyword.prop_map(str::to_owned), ".{0,200}"]
}

proptest! {
    #[test]
    fn whoever_opted_out_is_sent_nothing_but_a_confirmation_or_help(texts in proptest::collection::vec(any_text(), 1..5)) {
        let messages: Vec<_> = texts.iter().map(|text| message(Side::Buyer, text)).collect();
        let (decision, _) = decide(Conversation::default(), &messages, true, 0, "WEx help");
        if let Decision::Reply { purpose, .. } = decision {
            prop_assert!(purpose.is_allowed_after_opt_out());
        }
    }

    #[test]
    fn a_reply_fits_two_segments_of_the_cheap_alphabet(texts in proptest::collection::vec(any_text(), 1..5), is_buyer: bool) {
        let side = if is_buyer { Side::Buyer } else { Side::Supplier };
        let messages: Vec<_> = texts.iter().map(|text| message(side, text)).collect();
        let (decision, conversation) = decide(Conversation::default(), &messages, false, 0, "WEx help");
        if let Decision::Reply { body, .. } = decision {
            let segments = segments(&body);
            prop_assert!(segments.count <= SEGMENTS_MAX && segments.encoding == Encoding::Gsm7, "{segments:?}: {body}");
        }
        prop_assert!(conversation.recent.len() <= texts.len() + 1);
    }
}
