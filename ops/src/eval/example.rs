//! Example texts with what they mean, one JSON object a line, and the conversation that led to each.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};
use wex_domain::consent::{self, Keyword};
use wex_domain::conversation::{Conversation, Party};
use wex_domain::dialogue::{Asked, Phase, Tour};
use wex_domain::intent::Intent;
use wex_domain::line::Side;
use wex_domain::listing::{Asking, Listing};
use wex_domain::requirement::Location;
use wex_domain::understand::understand;
use wex_llm::Assistant;
use wex_turn::{Turn, opt_out, read, today};

use crate::operator::CommandError;

/// 2026-11-23 10:00 in Los Angeles, a Monday: when all examples are read.
pub(crate) const NOW_MS: u64 = 1_795_456_800_000;

/// More examples are refused.
const EXAMPLES_MAX: usize = 100_000;

/// A text, what was said before it, and what is expected of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Example {
    pub(crate) id: String,
    pub(crate) side: Side,
    pub(crate) history: Vec<Said>,
    pub(crate) text: String,
    pub(crate) expect: Expected,
    #[serde(rename = "why")]
    _why: String,
}

/// A text of the conversation before.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Said {
    role: Role,
    text: String,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Role {
    User,
    Assistant,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) intent: Intent,
    /// What the turn writes, by field.
    pub(crate) requirement: Map<String, Value>,
    /// After the turn the contact must not be texted.
    pub(crate) opt_out: bool,
    /// Nothing may be sent but, once, the confirmation of an opt-out.
    pub(crate) must_not_reply: bool,
}

/// The conversation before the turn of an example, and the texts of that turn.
pub(crate) struct Before {
    pub(crate) conversation: Conversation,
    pub(crate) is_suppressed: bool,
    pub(crate) texts: Vec<String>,
}

/// Reads a file of examples.
pub(crate) fn examples(path: &Path) -> Result<Vec<Example>, CommandError> {
    let file = std::fs::read_to_string(path).map_err(|error| {
        CommandError::Failed(format!("{} cannot be read: {error}", path.display()))
    })?;
    let lines = (1..)
        .zip(file.lines())
        .filter(|(_, line)| !line.trim().is_empty());
    let examples: Vec<Example> = lines
        .map(|(number, line)| {
            serde_json::from_str(line).map_err(|error| {
                CommandError::Failed(format!("{}, line {number}: {error}", path.display()))
            })
        })
        .collect::<Result<_, _>>()?;
    if examples.is_empty() || examples.len() > EXAMPLES_MAX {
        return Err(CommandError::Failed(format!(
            "{} has no examples, or more than {EXAMPLES_MAX}",
            path.display()
        )));
    }
    Ok(examples)
}

impl Example {
    /// Plays the history: what the contact wrote is read as in any turn, by the rules alone, and what we wrote is taken for what
    /// we would have remembered of it.
    pub(crate) async fn before(&self) -> Before {
        let mut before = Before {
            conversation: Conversation::default(),
            is_suppressed: false,
            texts: Vec::new(),
        };
        for said in &self.history {
            match said.role {
                Role::User => before.texts.push(said.text.clone()),
                Role::Assistant => {
                    before.take_turn(self.side).await;
                    before.we_say(&said.text);
                }
            }
        }
        before.texts.push(self.text.clone());
        before
    }
}

impl Before {
    /// Reads the texts that were answered.
    async fn take_turn(&mut self, side: Side) {
        let texts = std::mem::take(&mut self.texts);
        let mut words = Vec::new();
        for text in &texts {
            self.conversation.remember(Party::Contact, text, NOW_MS);
            match consent::signal(text).asks() {
                Some(Keyword::Stop) => self.is_suppressed = true,
                Some(Keyword::Start) => self.is_suppressed = false,
                Some(Keyword::Help) => {}
                None => words.push(text.clone()),
            }
        }
        if words.is_empty() {
            return;
        }
        let turn = Turn {
            side,
            words: &words,
            remembered: texts.len(),
            now_ms: NOW_MS,
            pseudonym: None,
        };
        let read = read(&mut self.conversation, turn, &Assistant::default()).await;
        self.is_suppressed |= opt_out(read.heard.intent).is_some();
        let dialogue = &mut self.conversation.dialogue;
        if let [chosen] = read.heard.selected[..] {
            dialogue.chosen = Some(chosen);
        }
    }

    /// Remembers a text of ours: the options it numbers, and what it asks.
    fn we_say(&mut self, text: &str) {
        self.conversation.remember(Party::Us, text, NOW_MS);
        let dialogue = &mut self.conversation.dialogue;
        let lower = text.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let options = numbered(text);
        if options.len() > 1 {
            dialogue.offer(options);
            dialogue.phase = Phase::Presenting;
            dialogue.asked = Some(Asked::Which);
            return;
        }
        // "I found 1: 1) 9,000 SF Carson, $1.20 NNN. Want details?"
        if let [only] = &options[..]
            && only.sqft.is_some()
            && !only.id.is_empty()
        {
            dialogue.offer(options);
            dialogue.phase = Phase::Presenting;
        }
        let is_tour = matches!(dialogue.asked, Some(Asked::Tour | Asked::TourTime))
            || says(&[
                "tour",
                "visit",
                "showing",
                "recorrido",
                "cita",
                "see it",
                "verla",
            ]);
        if is_tour
            && (says(&[
                "set for",
                "confirmed",
                "scheduled",
                "see you",
                "confirmad",
                "programad",
                "agendad",
            ]) || (!text.contains('?')
                && says(&["tour is", "visita en", "visita es", "cita es"])))
        {
            dialogue.tour = dialogue
                .option(dialogue.chosen.unwrap_or(1))
                .cloned()
                .map(|listing| Tour {
                    number: dialogue.chosen.unwrap_or(1),
                    listing,
                    day: None,
                    time: None,
                });
            dialogue.phase = Phase::TourProposed;
        }
        dialogue.asked = match () {
            () if !text.contains('?') => None,
            () if is_tour
                && says(&[
                    "what day",
                    "what time",
                    "when",
                    "qué día",
                    "que dia",
                    "a qué hora",
                    "a que hora",
                    "cuándo",
                ]) =>
            {
                Some(Asked::TourTime)
            }
            () if is_tour => Some(Asked::Tour),
            () if says(&["which", "cuál", "cual", "either"]) => Some(Asked::Which),
            () => Some(Asked::Start),
        };
        if dialogue.chosen.is_none() && dialogue.options.len() == 1 {
            dialogue.chosen = Some(1);
        }
    }
}

/// The options of a text: `1) 12,000 SF Carson 2) …`, `1. …`, `#1: …`.
fn numbered(text: &str) -> Vec<Listing> {
    let mut starts = Vec::new();
    for number in 1..=9_u32 {
        let from = starts.last().map_or(0, |(_, end)| *end);
        let found = [")", ".", ":", " -"].iter().find_map(|mark| {
            let sign = format!("{number}{mark}");
            let at = text.get(from..)?.find(&sign)? + from;
            let is_alone = !text[..at]
                .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | ',' | '$'));
            let follows = text[at + sign.len()..].chars().next();
            (is_alone && !follows.is_some_and(|c| c.is_ascii_digit()))
                .then_some((at, at + sign.len()))
        });
        match found {
            Some(found) => starts.push(found),
            None => break,
        }
    }
    let ends = starts
        .iter()
        .skip(1)
        .map(|(start, _)| *start)
        .chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|((_, start), end)| option(&text[*start..end]))
        .collect()
}

/// An option as far as our words for it tell.
fn option(said: &str) -> Listing {
    // "4,000 SF Algona, $1.20": what stands between the size and the rent is its place, known to the rules or not.
    let named = said.split(',').rev().nth(1).and_then(|head| {
        let (_, name) = head
            .rsplit_once(" SF ")
            .or_else(|| head.rsplit_once(" pies en "))?;
        Some(Location {
            name: name.trim().to_owned(),
            state: None,
            radius_miles: None,
        })
    });
    let said = understand(said, Some(today(NOW_MS)));
    let place = said.locations.first().or(named.as_ref());
    let criteria = &said.criteria;
    let asking = criteria.budget_amount.zip(criteria.budget_unit);
    Listing {
        id: place.map_or_else(String::new, |place| place.name.clone()),
        city: place.map_or_else(|| "-".to_owned(), |place| place.name.clone()),
        state: "CA".to_owned(),
        zip: None,
        near: Vec::new(),
        sqft: said.sqft_max.or(said.sqft_min),
        divisible_to_sqft: None,
        land_acres: None,
        uses: Vec::new(),
        asking: asking.map(|(amount, unit)| Asking {
            amount,
            unit,
            structure: criteria.budget_structure,
        }),
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_stands_at_ten_on_the_monday() {
        let at = jiff::Timestamp::from_millisecond(i64::try_from(NOW_MS).unwrap()).unwrap();
        assert_eq!(at.to_string(), "2026-11-23T18:00:00Z");
        assert_eq!(today(NOW_MS), jiff::civil::date(2026, 11, 23));
    }

    #[test]
    fn options_are_found_however_they_are_numbered() {
        for text in [
            "I found 2: 1) 12,000 SF Carson, $1.45 NNN 2) 10,500 SF Gardena, $1.38 NNN. Which one?",
            "1. 12,000 sqft in Carson at $1.45\n2. 10,500 sqft in Gardena",
            "#1: 12,000 SF Carson #2: 10,500 SF Gardena",
        ] {
            let cities: Vec<_> = numbered(text)
                .into_iter()
                .map(|listing| listing.city)
                .collect();
            assert_eq!(cities, ["Carson", "Gardena"], "{text}");
        }
        assert_eq!(
            numbered("The space is 10,500 SF, 22' clear, 2 dock-high.").len(),
            0
        );
    }
}
