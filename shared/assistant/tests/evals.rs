//! How well turns are heard: purpose, opting out and silence, over the example texts.

use std::collections::BTreeMap;

use serde_json::Value;
use wex_assistant::gate::held_back;
use wex_assistant::hear::hear;
use wex_assistant::supplier;
use wex_domain::consent::{self, Keyword};
use wex_domain::conversation::{Conversation, Party};
use wex_domain::dialogue::Asked;
use wex_domain::intent::Intent;
use wex_domain::listing::Listing;
use wex_domain::understand::{understand, understand_turn};

/// What is expected of one text and what was heard.
struct Heard {
    intent: Intent,
    is_opted_out: bool,
    is_silent: bool,
}

/// The conversation before the turn, and the texts of the turn.
fn before(example: &Value) -> (Conversation, bool, Vec<String>) {
    let mut conversation = Conversation::default();
    let mut is_suppressed = false;
    let mut turn: Vec<String> = Vec::new();
    for entry in example["history"].as_array().expect("a list") {
        let text = entry["text"].as_str().expect("a text");
        if entry["role"] == "user" {
            turn.push(text.to_owned());
            continue;
        }
        for text in turn.drain(..) {
            is_suppressed |= consent::keyword(&text) == Some(Keyword::Stop);
            conversation.requirement.merge(&understand(&text));
            conversation.remember(Party::Contact, &text, 1);
        }
        conversation.remember(Party::Us, text, 1);
        said(&mut conversation, text);
    }
    turn.push(example["text"].as_str().expect("a text").to_owned());
    (conversation, is_suppressed, turn)
}

/// What one of our texts leaves in the dialogue: the options it numbers, and what it asks.
fn said(conversation: &mut Conversation, text: &str) {
    let dialogue = &mut conversation.dialogue;
    let parts: Vec<&str> = text.split(") ").collect();
    if parts.len() > 2 {
        let options = parts.iter().skip(1).enumerate().map(|(at, part)| Listing {
            id: at.to_string(),
            city: understand(part)
                .locations
                .first()
                .map_or("Nowhere".to_owned(), |place| place.name.clone()),
            state: "CA".to_owned(),
            zip: None,
            near: Vec::new(),
            sqft: Some(10_000),
            divisible_to_sqft: None,
            land_acres: None,
            uses: Vec::new(),
            asking: None,
            clear_height_ft: None,
            dock_doors: None,
            drive_in_doors: None,
            power_amps: None,
            office_sqft: None,
            trailer_stalls: None,
            has_yard: None,
            features: Vec::new(),
            available_from: None,
            min_term_months: None,
        });
        dialogue.offer(options.collect());
        dialogue.asked = Some(Asked::Which);
    } else if text.ends_with('?') {
        dialogue.asked = Some(if text.contains("tour") {
            Asked::Tour
        } else {
            Asked::Start
        });
        dialogue.chosen = (!dialogue.options.is_empty()).then_some(2);
    }
}

fn heard(example: &Value) -> Heard {
    let (mut conversation, was_suppressed, texts) = before(example);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let keyword = texts.last().and_then(|text| consent::keyword(text));
    let known = conversation.requirement.clone();
    let understood = understand_turn(&texts);
    conversation.requirement.merge(&understood);
    let today = jiff::civil::date(2026, 11, 23);
    let mut heard = hear(&texts, &conversation, &known, today);
    if example["side"] == "supplier" {
        (heard.intent, heard.news) = supplier::hear(&heard, &understood, &conversation);
    }
    let intent = match keyword {
        Some(Keyword::Stop) => Intent::OptOut,
        Some(Keyword::Start) => Intent::OptIn,
        Some(Keyword::Help) => Intent::Help,
        None => heard.intent,
    };
    let is_opted_out = match intent {
        Intent::OptOut | Intent::WrongNumber => true,
        Intent::OptIn => false,
        _ => was_suppressed,
    };
    Heard {
        intent,
        is_opted_out,
        is_silent: is_opted_out || held_back(&heard).is_some(),
    }
}

#[test]
fn the_example_texts_are_heard() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../domain/tests/data/texts.jsonl"
    );
    let file = std::fs::read_to_string(path).expect("the example texts");
    let (mut right, mut count) = (0, 0);
    let mut wrong: BTreeMap<String, String> = BTreeMap::new();
    for line in file.lines() {
        let example: Value = serde_json::from_str(line).expect("JSON");
        let (heard, expected) = (heard(&example), &example["expect"]);
        let id = example["id"].as_str().expect("an id");
        count += 1;
        right += usize::from(expected["intent"] == heard.intent.as_str());
        if expected["intent"] != heard.intent.as_str() {
            wrong.insert(
                id.to_owned(),
                format!(
                    "{} for {}: {}",
                    heard.intent.as_str(),
                    expected["intent"],
                    example["text"]
                ),
            );
        }
        assert_eq!(
            expected["opt_out"], heard.is_opted_out,
            "{id}: {}",
            example["text"]
        );
        assert_eq!(
            expected["must_not_reply"], heard.is_silent,
            "{id}: {}",
            example["text"]
        );
    }
    assert!(right * 100 >= count * 90, "{right} of {count}: {wrong:#?}");
}
