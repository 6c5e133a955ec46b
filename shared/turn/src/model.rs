//! What a model adds to what the rules read of a turn.
//!
//! The rules have read it already. A model decides what they leave open; it can end or hand over a conversation, but it
//! cannot silence us by anything else, and what a supplier tells of a space is the rules' to read.

use wex_assistant::hear::is_language_clear;
use wex_assistant::heard::Heard;
use wex_domain::conversation::Conversation;
use wex_domain::dialogue::Asked;
use wex_domain::event::MatchedBy;
use wex_domain::intent::Intent;
use wex_domain::line::Side;
use wex_domain::requirement::Requirement;
use wex_domain::understand::Understood;
use wex_llm::{Assistant, NeedsHuman, OptOutSignal, Reading, TurnInput};

use super::{Read, Turn, is_wish, kept, today};

/// A text of fewer words may be in either language, and its conversation knows better than a model.
const LANGUAGE_WORDS_MIN: usize = 4;

/// Asks a model, if there is one, and merges what it reads. `known`: what was wanted before the turn.
pub(super) async fn hear_more(
    conversation: &mut Conversation,
    read: &mut Read,
    known: &Requirement,
    turn: Turn<'_>,
    assistant: &Assistant,
) {
    let heard = &mut read.heard;
    if turn.words.is_empty() || heard.is_reaction || is_settled(heard.intent) {
        return;
    }
    let texts: Vec<&str> = turn.words.iter().map(String::as_str).collect();
    let earlier = conversation.recent.len().saturating_sub(turn.remembered);
    let asked_of = TurnInput {
        texts: &texts,
        today: today(turn.now_ms),
        history: &conversation.recent[..earlier],
        requirement: known,
        options: &conversation.dialogue.options,
        pseudonym: turn.pseudonym,
    };
    let asked = assistant.understand(asked_of).await;
    read.calls = asked.calls;
    read.again_in = asked.again_in;
    let Some(reading) = asked.answer else {
        return;
    };
    read.has_reading = true;
    if is_wish(conversation, turn.side) {
        let more = left_open(&reading, &read.understood);
        conversation.requirement.merge(&more);
        read.understood.follow_with(more);
        heard.is_requirement_new = conversation.requirement != *known;
    }
    read.read_by = believe(heard, &reading, turn.side, conversation.dialogue.asked);
}

/// What a model adds to what the rules read: where both read the same part, the rules have seen the words around it.
fn left_open(reading: &Reading, by_rules: &Understood) -> Understood {
    let mut more = kept(reading.understood.clone(), reading.intent);
    for topic in &by_rules.withdrawn {
        more.criteria.clear(*topic);
    }
    more.criteria.merge(&by_rules.criteria);
    more
}

/// What the rules are sure of, and what needs no model's time: who wants to be left alone waits for nothing.
pub(super) fn is_settled(intent: Intent) -> bool {
    matches!(
        intent,
        Intent::OptOut
            | Intent::WrongNumber
            | Intent::AutoReply
            | Intent::RequestHuman
            | Intent::Complaint
            | Intent::Adversarial
    )
}

/// Lets a reading decide what the rules leave open. Returns what read an opt-out, should there be one.
fn believe(heard: &mut Heard, reading: &Reading, side: Side, asked: Option<Asked>) -> MatchedBy {
    heard.is_injection_suspected |= reading.is_injection_suspected;
    heard.may_opt_out |= reading.opt_out == OptOutSignal::Ambiguous;
    if heard.text.split_whitespace().count() >= LANGUAGE_WORDS_MIN
        && !is_language_clear(&heard.text)
        && let Some(language) = reading.language
    {
        heard.language = language;
    }
    if reading.opt_out == OptOutSignal::Clear {
        heard.intent = Intent::OptOut;
        return MatchedBy::Model;
    }
    match reading.needs_human {
        NeedsHuman::Asked => heard.intent = Intent::RequestHuman,
        NeedsHuman::Angry | NeedsHuman::Legal => heard.intent = Intent::Complaint,
        NeedsHuman::None | NeedsHuman::RestrictedUse | NeedsHuman::Stuck => {
            if side == Side::Buyer {
                if !reading.selected.is_empty() {
                    heard.selected.clone_from(&reading.selected);
                }
                if is_borne_out(reading.intent, heard, asked) {
                    heard.intent = reading.intent;
                }
            }
        }
    }
    MatchedBy::Rule
}

/// Whether a model's purpose agrees with what else is known of the turn.
fn is_borne_out(intent: Intent, heard: &Heard, asked: Option<Asked>) -> bool {
    match intent {
        Intent::NewRequirement | Intent::UpdateRequirement => heard.is_requirement_new,
        Intent::SelectOption => !heard.selected.is_empty(),
        Intent::Confirm | Intent::Decline => asked.is_some(),
        Intent::RejectOptions
        | Intent::RequestMoreOptions
        | Intent::AskListingQuestion
        | Intent::Negotiate
        | Intent::RequestTour
        | Intent::RescheduleTour
        | Intent::CancelTour
        | Intent::AskGeneralQuestion
        | Intent::AskIdentity
        | Intent::Greeting
        | Intent::Acknowledge
        | Intent::CloseRequirement
        | Intent::Defer
        | Intent::OffTopic => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use wex_domain::supplier::SupplierRecord;
    use wex_domain::understand::Language;

    use super::*;

    fn heard(intent: Intent) -> Heard {
        Heard {
            text: "what they wrote".to_owned(),
            intent,
            selected: Vec::new(),
            is_requirement_new: false,
            doubt: None,
            attributes: Vec::new(),
            when: Default::default(),
            news: SupplierRecord::default(),
            is_reaction: false,
            may_opt_out: false,
            is_injection_suspected: false,
            language: Language::En,
        }
    }

    fn reading(intent: Intent) -> Reading {
        Reading {
            intent,
            opt_out: OptOutSignal::None,
            understood: Understood::default(),
            selected: Vec::new(),
            language: Some(Language::Es),
            is_injection_suspected: false,
            needs_human: NeedsHuman::None,
            unsupported: 0,
        }
    }

    #[test]
    fn a_model_silences_us_by_a_clear_opt_out_alone() {
        for intent in Intent::ALL.iter().copied() {
            let mut heard = heard(Intent::Unclear);
            let read_by = believe(&mut heard, &reading(intent), Side::Buyer, None);
            assert_eq!(read_by, MatchedBy::Rule);
            assert!(
                wex_assistant::gate::held_back(&heard).is_none(),
                "{intent:?}"
            );
            assert_ne!(heard.intent, Intent::OptOut, "{intent:?}");
        }
        let mut heard = heard(Intent::Greeting);
        let mut clear = reading(Intent::Unclear);
        clear.opt_out = OptOutSignal::Clear;
        assert_eq!(
            believe(&mut heard, &clear, Side::Buyer, None),
            MatchedBy::Model
        );
        assert_eq!(heard.intent, Intent::OptOut);
    }

    #[test]
    fn a_model_tells_the_language_only_where_the_words_do_not() {
        let language_of = |text: &str, said| {
            let mut heard = heard(Intent::AskListingQuestion);
            heard.text = text.to_owned();
            let mut reading = reading(Intent::AskListingQuestion);
            reading.language = Some(said);
            believe(&mut heard, &reading, Side::Buyer, None);
            heard.language
        };
        assert_eq!(
            language_of("Vernon Downey Carson Compton", Language::Es),
            Language::Es
        );
        assert_eq!(
            language_of("what is the power there", Language::Es),
            Language::En
        );
    }

    #[test]
    fn a_model_fills_what_the_rules_left_open_and_neither_replaces_nor_brings_back_what_they_read()
    {
        let day = jiff::civil::date(2026, 11, 23);
        let rules = |text: &str| wex_domain::understand::understand(text, Some(day));
        let mut read = reading(Intent::UpdateRequirement);
        read.understood = rules("term 3 years, 4 docks, budget 1.20 nnn");
        let more = left_open(&read, &rules("up to 3 years, scratch the budget"));
        assert_eq!(more.criteria.dock_doors_min, Some(4));
        assert_eq!(more.criteria.term_months_min, None);
        assert_eq!(more.criteria.term_months_max, Some(36));
        assert_eq!(more.criteria.budget_amount, None);

        read.intent = Intent::AskListingQuestion;
        let more = left_open(&read, &Understood::default());
        assert_eq!(
            more.criteria.dock_doors_min, None,
            "it asks about an option"
        );
    }

    #[test]
    fn a_purpose_without_what_it_is_about_leaves_it_to_the_rules() {
        for intent in [
            Intent::NewRequirement,
            Intent::SelectOption,
            Intent::Confirm,
            Intent::OptIn,
        ] {
            let mut heard = heard(Intent::Acknowledge);
            believe(&mut heard, &reading(intent), Side::Buyer, None);
            assert_eq!(heard.intent, Intent::Acknowledge, "{intent:?}");
        }
    }

    #[test]
    fn the_rules_alone_read_what_a_supplier_tells_and_short_texts_keep_the_language() {
        let mut heard = heard(Intent::SupplierRateUpdate);
        believe(
            &mut heard,
            &reading(Intent::RequestTour),
            Side::Supplier,
            None,
        );
        assert_eq!(
            (heard.intent, heard.language),
            (Intent::SupplierRateUpdate, Language::En)
        );
    }
}
