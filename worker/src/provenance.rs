//! How we know what changed in a requirement: which text of the turn said it, in which of its words.
//!
//! Reading keeps no places: the rules read a turn as a whole, and what a model quotes is read by the same rules. So the texts
//! are read once more, in ever shorter parts, until no shorter one says the same: clauses first, for the time that it takes to
//! read grows with the words.

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::Value;
use wex_domain::event::FieldChange;
use wex_domain::listing::RentUnit;
use wex_domain::message::InboundMessage;
use wex_domain::requirement::Requirement;
use wex_domain::understand::understand;

/// The longest quote, in characters: more than a text has of words about one thing.
const QUOTE_CHARS_MAX: usize = 160;

/// Words that are tried together where a text as a whole says nothing of a field that a model read in it.
const WINDOW_WORDS_MAX: usize = 4;

/// Of a longer text only the beginning is looked through in this way.
const WINDOWED_WORDS_MAX: usize = 40;

/// What may follow a number and is not what it counts.
const BESIDE_NUMBERS: [&str; 10] = [
    "a", "and", "at", "for", "in", "near", "or", "per", "please", "to",
];

/// The field that may be a guess of ours, and amounts that are guessed to have different units, the last of them none.
const RENT_UNIT: &str = "budget_unit";
const RENTS: [&str; 3] = ["3", "20", "200"];

/// The fields in which two requirements differ, each with the text that said so. `messages` are those of the turn, which are
/// read from `today` on.
pub(crate) fn changes(
    before: &Requirement,
    after: &Requirement,
    messages: &[InboundMessage],
    today: Date,
) -> Vec<FieldChange> {
    let (was, now) = (fields(before), fields(after));
    let known = |field: &str| was.get(field).unwrap_or(&Value::Null);
    let changed = now
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(field, value)| known(field) != *value)
        .map(|(field, value)| (field.as_str(), value));
    let forgotten = was
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(field, _)| now.get(field.as_str()).is_none())
        .map(|(field, _)| (field.as_str(), &Value::Null));
    let readings = Readings {
        before,
        today,
        read: RefCell::default(),
    };
    changed
        .chain(forgotten)
        .map(|(field, value)| {
            let reader = Reader {
                readings: &readings,
                field,
                known: known(field),
                value,
            };
            reader.change(messages)
        })
        .collect()
}

/// A field of which we know no more than the turn that it is of, by its last text.
pub(crate) fn of_turn(field: &str, value: &Value, last: &InboundMessage) -> FieldChange {
    FieldChange {
        field: field.to_owned(),
        value: value.clone(),
        message: Some(last.id.clone()),
        quote: None,
        source: "user".to_owned(),
        unit_inferred: false,
    }
}

fn fields(requirement: &Requirement) -> Value {
    serde_json::to_value(requirement).expect("plain structs serialize")
}

/// What the requirement would be if a text were all that was said. Fields that were said together are looked for in the same
/// parts of a text, so each is read once.
struct Readings<'a> {
    before: &'a Requirement,
    today: Date,
    read: RefCell<BTreeMap<String, Value>>,
}

impl Readings<'_> {
    fn field(&self, text: &str, field: &str) -> Value {
        let mut read = self.read.borrow_mut();
        let fields = read.entry(text.to_owned()).or_insert_with(|| {
            let mut requirement = self.before.clone();
            requirement.merge(&understand(text, Some(self.today)));
            fields(&requirement)
        });
        fields[field].clone()
    }
}

/// Looks for who said that a field became what it is.
struct Reader<'a> {
    readings: &'a Readings<'a>,
    field: &'a str,
    known: &'a Value,
    value: &'a Value,
}

impl Reader<'_> {
    fn change(&self, messages: &[InboundMessage]) -> FieldChange {
        let said = self.said(messages);
        let is_inferred = said.is_some_and(|(message, _)| self.is_unit_inferred(&message.body));
        FieldChange {
            field: self.field.to_owned(),
            value: self.value.clone(),
            message: said.map(|(message, _)| message.id.clone()),
            quote: said.and_then(|(_, quote)| quote).map(shortened),
            source: if is_inferred { "inferred" } else { "user" }.to_owned(),
            unit_inferred: is_inferred,
        }
    }

    /// The text, and the words of it. Of several that say something of the field the last counts, as in the requirement.
    fn said<'m>(
        &self,
        messages: &'m [InboundMessage],
    ) -> Option<(&'m InboundMessage, Option<&'m str>)> {
        let last = |is_it: &dyn Fn(&Value) -> bool| {
            let mut messages = messages.iter().rev();
            messages.find(|message| is_it(&self.read(&message.body)))
        };
        if let Some(message) =
            last(&|read| read == self.value).or_else(|| last(&|read| read != self.known))
        {
            return Some((message, Some(self.narrowed(&message.body))));
        }
        let quoted = messages.iter().rev().find_map(|message| {
            let quote = self.windows(&message.body)?;
            Some((message, Some(quote)))
        });
        // What follows from several texts together ("Car", "son") is of the turn, which ends with the last of them.
        quoted.or_else(|| {
            let (message, others) = messages.split_last()?;
            Some((message, others.is_empty().then_some(message.body.trim())))
        })
    }

    /// What the field would be if this were all that was said.
    fn read(&self, text: &str) -> Value {
        self.readings.field(text, self.field)
    }

    /// The fewest words of a text, in a row, that say the same of the field as the whole.
    fn narrowed<'t>(&self, text: &'t str) -> &'t str {
        let (whole, is_inferred) = (self.read(text), self.is_unit_inferred(text));
        let clause = clauses(text).find(|clause| self.read(clause) == whole);
        let text = clause.unwrap_or(text);
        let words = words(text);
        let Some(count) = words.len().checked_sub(1) else {
            return text.trim();
        };
        let part = |from: usize, to: usize| &text[words[from].0..words[to].1];
        let says_it = |from, to| {
            let part = part(from, to);
            self.read(part) == whole && self.is_unit_inferred(part) == is_inferred
        };
        let to = halved(0, count, |to| says_it(0, to));
        let kept = halved(0, to, |kept| says_it(to - kept, to));
        let word = |at: usize| part(at, at);
        // A number goes with what it counts.
        let is_counted = word(to).contains(|c: char| c.is_ascii_digit())
            && to < count
            && !BESIDE_NUMBERS.contains(&word(to + 1));
        let quote = part(to - kept, to + usize::from(is_counted));
        quote.trim_end_matches([',', ';', ':', '.', '!', '?'])
    }

    /// Words in a row that make the field what it became, though the whole text does not.
    fn windows<'t>(&self, text: &'t str) -> Option<&'t str> {
        let words = words(text);
        let words = &words[..words.len().min(WINDOWED_WORDS_MAX)];
        (1..=WINDOW_WORDS_MAX).find_map(|size| {
            words
                .windows(size)
                .map(|window| &text[window[0].0..window[size - 1].1])
                .find(|part| self.read(part) == *self.value)
        })
    }

    /// Whether the unit of a rent is what its amount tells, for the text names none: then another amount has another unit.
    fn is_unit_inferred(&self, text: &str) -> bool {
        let unit = |text: &str| -> Option<RentUnit> {
            let criteria = understand(text, Some(self.readings.today)).criteria;
            criteria.budget_unit
        };
        self.field == RENT_UNIT
            && RENTS
                .iter()
                .all(|amount| unit(&with_amount(text, amount)) == unit(&format!("${amount}")))
    }
}

/// The smallest number up to `most` for which it holds, if it holds from some number on; one for which it holds in any case,
/// for it does for `most`.
fn halved(mut least: usize, mut most: usize, holds: impl Fn(usize) -> bool) -> usize {
    while least < most {
        let middle = least.midpoint(most);
        if holds(middle) {
            most = middle;
        } else {
            least = middle + 1;
        }
    }
    most
}

/// The parts of a text between its marks.
fn clauses(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.char_indices().find_map(|(at, c)| {
            let end = at + c.len_utf8();
            // One before a digit is part of a number.
            let is_mark = matches!(c, '.' | ',' | ';' | '!' | '?' | '\n')
                && !rest[end..].starts_with(|c: char| c.is_ascii_digit());
            is_mark.then_some(end)
        });
        let (clause, others) = rest.split_at(end.unwrap_or(rest.len()));
        rest = others;
        Some(clause)
    })
}

/// Where the words of a text begin and end.
fn words(text: &str) -> Vec<(usize, usize)> {
    let start = |word: &str| word.as_ptr().addr() - text.as_ptr().addr();
    text.split_whitespace()
        .map(|word| (start(word), start(word) + word.len()))
        .collect()
}

/// A text with another amount in the place of each number.
fn with_amount(text: &str, amount: &str) -> String {
    let mut changed = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let begins_number =
            c.is_ascii_digit() || (c == '.' && chars.peek().is_some_and(char::is_ascii_digit));
        if !begins_number {
            changed.push(c);
            continue;
        }
        while chars
            .next_if(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
            .is_some()
        {}
        changed.push_str(amount);
    }
    changed
}

fn shortened(quote: &str) -> String {
    quote.chars().take(QUOTE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wex_domain::line::{LineId, Side};
    use wex_domain::phone_number::PhoneNumber;
    use wex_domain::understand::understand_turn;

    use super::*;

    fn today() -> Date {
        jiff::civil::date(2026, 11, 24)
    }

    fn messages(texts: &[&str]) -> Vec<InboundMessage> {
        let message = |(number, text): (usize, &&str)| InboundMessage {
            id: format!("m{number}"),
            side: Side::Buyer,
            line: LineId(1),
            contact: PhoneNumber::parse("+18704575426").unwrap(),
            body: (*text).to_owned(),
            media: 0,
            sent_ms: None,
        };
        texts.iter().enumerate().map(message).collect()
    }

    fn after(before: &Requirement, texts: &[&str]) -> Requirement {
        let mut after = before.clone();
        after.merge(&understand_turn(texts, today()));
        after
    }

    /// `field <- message: quote`, sorted.
    fn told(before: &Requirement, texts: &[&str]) -> Vec<String> {
        let after = after(before, texts);
        let changes = changes(before, &after, &messages(texts), today());
        let line = |change: &FieldChange| {
            let [message, quote] = [&change.message, &change.quote]
                .map(|part| part.as_deref().unwrap_or("-").to_owned());
            let mark = if change.unit_inferred {
                " (inferred)"
            } else {
                ""
            };
            format!("{} <- {message}: {quote}{mark}", change.field)
        };
        let mut lines: Vec<_> = changes.iter().map(line).collect();
        lines.sort();
        lines
    }

    #[test]
    fn each_field_names_the_text_that_said_it_and_the_words() {
        let texts = [
            "Hi there, hope you are well",
            "we need 10k sqft, in Carson CA, for storage!",
            "and Gardena works too",
        ];
        insta::assert_snapshot!(told(&Requirement::default(), &texts).join("\n"), @r"
        locations <- m2: Gardena
        sqft_max <- m1: 10k sqft
        sqft_min <- m1: 10k sqft
        uses <- m1: storage
        ");
    }

    #[test]
    fn a_unit_that_nobody_named_is_inferred() {
        let lines = |text| told(&Requirement::default(), &[text]).join("\n");
        insta::assert_snapshot!(lines("I can pay $1.40 nnn"), @r"
        budget_amount <- m0: $1.40 nnn
        budget_structure <- m0: nnn
        budget_unit <- m0: $1.40 nnn (inferred)
        ");
        insta::assert_snapshot!(lines("I can pay $1.40 per sqft per month nnn"), @r"
        budget_amount <- m0: $1.40
        budget_structure <- m0: nnn
        budget_unit <- m0: $1.40 per sqft per month
        ");
        insta::assert_snapshot!(lines("$1.40 per foot"), @r"
        budget_amount <- m0: $1.40
        budget_unit <- m0: $1.40 (inferred)
        ");
        insta::assert_snapshot!(lines("budget is $6000 monthly"), @r"
        budget_amount <- m0: $6000 monthly
        budget_unit <- m0: $6000 monthly
        ");
    }

    #[test]
    fn what_is_taken_back_names_the_text_too() {
        let before = after(
            &Requirement::default(),
            &["10k sqft in Carson, 2 docks, $1.40 nnn"],
        );
        insta::assert_snapshot!(told(&before, &["scratch the budget"]).join("\n"), @r"
        budget_amount <- m0: scratch the budget
        budget_structure <- m0: scratch the budget
        budget_unit <- m0: scratch the budget
        ");
    }

    #[test]
    fn a_place_that_is_split_over_two_texts_is_of_the_first() {
        let texts = ["10k sqft in Long", "Beach"];
        insta::assert_snapshot!(told(&Requirement::default(), &texts).join("\n"), @r"
        locations <- m0: in Long
        sqft_max <- m0: 10k sqft
        sqft_min <- m0: 10k sqft
        ");
    }

    #[test]
    fn words_that_only_a_model_found_are_quoted() {
        let text = "no way I said 10k sqft, I'd rather not Carson";
        let mut after = Requirement::default();
        after.merge(&understand("Carson", Some(today())));
        let changes = changes(&Requirement::default(), &after, &messages(&[text]), today());
        assert_eq!(changes.len(), 1);
        assert_eq!(
            (changes[0].message.as_deref(), changes[0].quote.as_deref()),
            (Some("m0"), Some("Carson"))
        );
    }

    proptest! {
        #[test]
        fn every_change_names_a_text_of_the_turn_and_words_that_stand_in_it(
            texts in prop::collection::vec(
                prop_oneof!["\\PC{0,60}", "(10k|20 000|5,5) (sqft|acres)? ?(in|near) (Carson|Vernon|LA) (for storage|\\$1\\.2 nnn)?"],
                1..4,
            ),
        ) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let (before, messages) = (Requirement::default(), messages(&texts));
            let after = after(&before, &texts);
            for change in changes(&before, &after, &messages, today()) {
                let message = messages.iter().find(|message| Some(&message.id) == change.message.as_ref());
                let message = message.expect("of the turn");
                prop_assert!(change.quote.as_deref().is_none_or(|quote| message.body.contains(quote)));
            }
        }
    }
}
