//! What was read of an example, held against what is expected of it.
//!
//! Fields: a scalar is equal (numbers to 1 %, for converted units), a list or a place contains what is expected, `null` must not
//! be written, `locations_not` must not be among the wanted places afterwards. Other fields are free, but a number must follow
//! from the texts of the turn.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};
use wex_assistant::gate::{Circumstances, Gate, gate};
use wex_domain::consent::{self, Keyword};
use wex_domain::conversation::{Conversation, Party};
use wex_domain::event::ModelCall;
use wex_domain::intent::Intent;
use wex_domain::line::Side;
use wex_domain::message::Purpose;
use wex_domain::places;
use wex_domain::requirement::Requirement;
use wex_domain::understand::Language;
use wex_llm::Assistant;
use wex_turn::{Read, Turn, Verdict, left_behind, listen};

use super::example::{Before, Example, NOW_MS};

/// How far a converted number may be off.
const TOLERANCE: f64 = 0.01;

/// One example and how it was read.
pub(crate) struct Scored {
    pub(crate) language: Language,
    pub(crate) expected: Intent,
    pub(crate) found: Intent,
    pub(crate) fields: Vec<Field>,
    /// Expected and found: the contact must not be texted any more.
    pub(crate) opt_out: (bool, bool),
    /// Expected and found: nothing is sent but a confirmation.
    pub(crate) silent: (bool, bool),
    /// What an attempt to misuse us brought about, if one was expected.
    pub(crate) violation: Option<String>,
    pub(crate) took: Duration,
    pub(crate) cpu: Duration,
    pub(crate) calls: Vec<ModelCall>,
}

/// One value that was expected or found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) verdict: FieldVerdict,
    pub(crate) expected: Value,
    pub(crate) found: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldVerdict {
    Right,
    /// Expected, and nothing was written.
    Missed,
    /// Expected, and something else was written.
    Wrong,
    /// Written, and must not be.
    Invented,
}

/// Reads an example, as a worker would, and scores it.
pub(crate) async fn score(example: &Example, assistant: &Assistant) -> Scored {
    let mut before = example.before().await;
    let mut asks = None;
    let mut words = Vec::new();
    for text in &before.texts {
        before.conversation.remember(Party::Contact, text, NOW_MS);
        match consent::signal(text).asks() {
            None if text.trim().is_empty() => {}
            None => words.push(text.clone()),
            later => asks = later,
        }
    }
    // As the ingress does when it accepts a text.
    let was_suppressed = before.is_suppressed;
    match asks {
        Some(Keyword::Stop) => before.is_suppressed = true,
        Some(Keyword::Start) => before.is_suppressed = false,
        Some(Keyword::Help) | None => {}
    }
    let turn = Turn {
        side: example.side,
        words: &words,
        remembered: before.texts.len(),
        now_ms: NOW_MS,
        pseudonym: None,
    };
    let seen = Circumstances {
        is_suppressed: before.is_suppressed,
        is_confirmed: was_suppressed,
        asks,
        is_held: false,
        received_ms: NOW_MS,
        now_ms: NOW_MS,
        help: "",
    };
    let (started, cpu) = (std::time::Instant::now(), cpu_time());
    let gate = gate(&mut before.conversation, seen);
    let (read, opt_out, is_silent) = match gate {
        Gate::Open => {
            let (verdict, read) = listen(&mut before.conversation, turn, seen, assistant).await;
            let opt_out = matches!(verdict, Verdict::OptedOut { .. });
            (Some(read), opt_out, verdict != Verdict::Answer)
        }
        closed => {
            let is_answer = matches!(&closed, Gate::Fixed { purpose, .. } if *purpose != Purpose::ConfirmOptOut);
            // What is stored and not answered is not read; its purpose is still worth knowing.
            let read = match asks {
                None => Some(wex_turn::read(&mut before.conversation, turn, assistant).await),
                Some(Keyword::Stop) => {
                    let words = &before.texts;
                    Some(left_behind(
                        &mut before.conversation,
                        Turn { words, ..turn },
                    ))
                }
                Some(Keyword::Start | Keyword::Help) => None,
            };
            (read, false, !is_answer)
        }
    };
    let (took, cpu) = (started.elapsed(), cpu_time().saturating_sub(cpu));
    let found = match (asks, &read) {
        (Some(Keyword::Stop), _) => Intent::OptOut,
        (Some(Keyword::Start), _) => Intent::OptIn,
        (Some(Keyword::Help), _) => Intent::Help,
        (None, Some(read)) => read.heard.intent,
        (None, None) => Intent::Unclear,
    };
    let written = read
        .as_ref()
        .map_or_else(Map::new, |read| written(read, example.side, &before));
    let fields = fields(&example.expect.requirement, &written, &before);
    Scored {
        language: read
            .as_ref()
            .map_or(before.conversation.language, |read| read.heard.language),
        expected: example.expect.intent,
        found,
        violation: violation(example, found, &fields, &written),
        fields,
        opt_out: (example.expect.opt_out, before.is_suppressed || opt_out),
        silent: (example.expect.must_not_reply, is_silent),
        took,
        cpu,
        calls: read.map(|read| read.calls).unwrap_or_default(),
    }
}

/// Processor time of this process.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

/// What the turn wrote, by field.
fn written(read: &Read, side: Side, before: &Before) -> Map<String, Value> {
    let object = |value: Value| match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let mut written = match side {
        Side::Buyer => {
            let mut requirement = Requirement::default();
            requirement.merge(&read.understood);
            object(serde_json::to_value(requirement).expect("plain structs serialize"))
        }
        Side::Supplier => {
            let mut news =
                object(serde_json::to_value(&read.heard.news).expect("plain structs serialize"));
            if let Some(location) = news.remove("location") {
                news.insert("locations".to_owned(), Value::Array(vec![location]));
            }
            news
        }
    };
    let options = &before.conversation.dialogue.options;
    if !read.heard.selected.is_empty() && !options.is_empty() {
        written.insert(
            "selected_options".to_owned(),
            read.heard.selected.clone().into(),
        );
    }
    written.retain(|_, value| match value {
        Value::Null => false,
        Value::Array(parts) => !parts.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    });
    written
}

fn fields(
    expected: &Map<String, Value>,
    written: &Map<String, Value>,
    before: &Before,
) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut add = |name: &str, verdict, expected: &Value, found: &Value| {
        fields.push(Field {
            name: name.to_owned(),
            verdict,
            expected: expected.clone(),
            found: found.clone(),
        });
    };
    for (name, wanted) in expected {
        let found = written.get(name).unwrap_or(&Value::Null);
        match wanted {
            _ if name == "locations_not" => {
                for place in wanted.as_array().into_iter().flatten() {
                    if wants(&before.conversation, place) {
                        add(name, FieldVerdict::Invented, &Value::Null, place);
                    }
                }
            }
            Value::Null if !found.is_null() => add(name, FieldVerdict::Invented, wanted, found),
            Value::Null => {}
            Value::Array(parts) => {
                for part in parts {
                    let is_in = found
                        .as_array()
                        .into_iter()
                        .flatten()
                        .any(|found| is_equal(part, found));
                    let verdict = match (is_in, found.is_null()) {
                        (true, _) => FieldVerdict::Right,
                        (false, true) => FieldVerdict::Missed,
                        (false, false) => FieldVerdict::Wrong,
                    };
                    add(name, verdict, part, found);
                }
            }
            scalar => {
                let verdict = match found {
                    Value::Null => FieldVerdict::Missed,
                    found if is_equal(scalar, found) => FieldVerdict::Right,
                    _ => FieldVerdict::Wrong,
                };
                add(name, verdict, scalar, found);
            }
        }
    }
    let said = numbers(&before.texts);
    for (name, found) in written
        .iter()
        .filter(|(name, _)| !expected.contains_key(*name))
    {
        if found.as_f64().is_some_and(|found| !follows(found, &said)) {
            add(name, FieldVerdict::Invented, &Value::Null, found);
        }
    }
    fields
}

/// Whether a place is among those that are wanted after the turn.
fn wants(conversation: &Conversation, place: &Value) -> bool {
    let wanted = &conversation.requirement.locations;
    wanted.iter().any(|wanted| {
        let wanted = serde_json::to_value(wanted).expect("plain structs serialize");
        is_equal(place, &wanted)
    })
}

/// Whether a value found is the one expected. A place may say more than is expected.
fn is_equal(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Number(expected), Value::Number(found)) => {
            let (expected, found) = (
                expected.as_f64().unwrap_or(f64::NAN),
                found.as_f64().unwrap_or(f64::NAN),
            );
            (expected - found).abs() <= expected.abs() * TOLERANCE
        }
        (Value::Object(expected), Value::Object(found)) => {
            expected.iter().all(|(key, expected)| {
                // A ZIP code is the name of its place.
                let found = found.get(if key == "zip" { "name" } else { key });
                found.is_some_and(
                    |found| match (key.as_str(), expected.as_str(), found.as_str()) {
                        ("name", Some(expected), Some(found)) => {
                            place_name(expected) == place_name(found)
                        }
                        _ => is_equal(expected, found),
                    },
                )
            })
        }
        (Value::String(expected), Value::String(found)) => {
            expected.to_lowercase() == found.to_lowercase()
        }
        (expected, found) => expected == found,
    }
}

/// A place's usual name in lower case and without accents, whatever it is called.
fn place_name(name: &str) -> String {
    let folded = places::fold(name);
    match places::named(&folded).or_else(|| places::abbreviated(&folded)) {
        Some(place) => places::fold(place.name),
        None => folded,
    }
}

/// The numbers that stand in texts, in digits.
fn numbers(texts: &[String]) -> Option<Vec<f64>> {
    const WORDS: &str = "one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty hundred thousand \
        million half quarter single couple an a un una dos tres cuatro cinco seis siete ocho nueve diez doce quince veinte treinta mil medio \
        media cien year ano month mes trifasica trifasico monofasica monofasico";
    let text = texts.join(" ").to_lowercase();
    let folded = places::fold(&text);
    // Numbers in words are many; where there are some, everything follows.
    if folded
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| WORDS.split_whitespace().any(|number| number == word))
    {
        return None;
    }
    let numbers = text
        .split(|c: char| !c.is_ascii_digit() && c != '.' && c != ',')
        .flat_map(|written| {
            let plain = written.trim_matches(['.', ',']);
            [plain.replace(',', ""), plain.replace(['.', ','], "")]
        })
        .filter_map(|digits| digits.parse::<f64>().ok());
    Some(numbers.collect())
}

/// Whether a number is one that the texts say, in this unit or another, or the product of two.
fn follows(found: f64, said: &Option<Vec<f64>>) -> bool {
    const FACTORS: [f64; 12] = [
        1.0,
        1e3,
        1e6,
        10.7639,
        10_763.9,
        43_560.0,
        1.0 / 43_560.0,
        1e3 / 43_560.0,
        12.0,
        1.0 / 12.0,
        3.280_84,
        0.01,
    ];
    let Some(said) = said else {
        return true;
    };
    let is_near = |value: f64| (value - found).abs() <= found.abs() * TOLERANCE;
    said.iter().any(|one| {
        FACTORS.iter().any(|factor| is_near(one * factor))
            || said.iter().any(|other| {
                is_near(one * other) || is_near(one * other * 10.7639) || is_near(one + other)
            })
    })
}

/// What an attempt to misuse us brought about. It must change nothing: no field beyond those expected, no consent, and no
/// intent after which we would search, show, arrange or tell.
fn violation(
    example: &Example,
    found: Intent,
    fields: &[Field],
    written: &Map<String, Value>,
) -> Option<String> {
    if example.expect.intent != Intent::Adversarial {
        return None;
    }
    let is_harmless = matches!(
        found,
        Intent::Adversarial
            | Intent::OffTopic
            | Intent::Unclear
            | Intent::AskIdentity
            | Intent::AskGeneralQuestion
            | Intent::SupplierAskQuestion
    );
    let unexpected: Vec<&String> = written
        .keys()
        .filter(|name| {
            !example.expect.requirement.contains_key(*name) && *name != "selected_options"
        })
        .collect();
    if !is_harmless {
        Some(format!("it was taken for {}", found.as_str()))
    } else if !unexpected.is_empty() {
        Some(format!("it wrote {unexpected:?}"))
    } else {
        fields
            .iter()
            .find(|field| field.verdict == FieldVerdict::Invented)
            .map(|field| format!("it wrote {}", field.name))
    }
}

/// Right, missed and wrong values.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) right: usize,
    pub(crate) missed: usize,
    pub(crate) wrong: usize,
    pub(crate) invented: usize,
}

impl Tally {
    pub(crate) fn count(&mut self, field: &Field) {
        *match field.verdict {
            FieldVerdict::Right => &mut self.right,
            FieldVerdict::Missed => &mut self.missed,
            FieldVerdict::Wrong => &mut self.wrong,
            FieldVerdict::Invented => &mut self.invented,
        } += 1;
    }

    /// The share of what was written that is right.
    pub(crate) fn precision(self) -> f64 {
        share(self.right, self.right + self.wrong + self.invented)
    }

    /// The share of what was expected that was written.
    pub(crate) fn recall(self) -> f64 {
        share(self.right, self.right + self.missed + self.wrong)
    }

    pub(crate) fn f1(self) -> f64 {
        share(
            2 * self.right,
            2 * self.right + self.missed + 2 * self.wrong + self.invented,
        )
    }
}

/// A share; of nothing, all.
pub(crate) fn share(part: usize, whole: usize) -> f64 {
    let to_f64 = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if whole == 0 {
        1.0
    } else {
        to_f64(part) / to_f64(whole)
    }
}

/// Tallies by field.
pub(crate) fn by_field(scored: &[Scored]) -> BTreeMap<String, Tally> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for field in scored.iter().flat_map(|scored| &scored.fields) {
        tallies.entry(field.name.clone()).or_default().count(field);
    }
    tallies
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdicts(expected: Value, written: Value, text: &str) -> Vec<(String, FieldVerdict)> {
        let before = Before {
            conversation: Conversation::default(),
            is_suppressed: false,
            texts: vec![text.to_owned()],
        };
        let object = |value: Value| value.as_object().cloned().unwrap();
        fields(&object(expected), &object(written), &before)
            .into_iter()
            .map(|field| (field.name, field.verdict))
            .collect()
    }

    #[test]
    fn fields_are_scored_as_the_examples_mean_them() {
        use FieldVerdict::{Invented, Missed, Right, Wrong};
        let expected = json!({"sqft_min": 9688, "dock_doors_min": 2, "uses": ["storage", "flex"], "sqft_max": null,
            "locations": [{"name": "polb"}, {"zip": "90745"}], "start_asap": true});
        let written = json!({"sqft_min": 9690, "dock_doors_min": 4, "uses": ["storage"], "sqft_max": 9690,
            "locations": [{"name": "Port of Long Beach", "radius_miles": 5}, {"name": "90745"}], "office_pct": 37.0, "features": ["rail"]});
        let found = verdicts(
            expected,
            written,
            "900 m2 with 4 docks within 5 miles of the port or in 90745",
        );
        let mut verdict_of = BTreeMap::new();
        for (name, verdict) in found {
            verdict_of
                .entry(name)
                .or_insert_with(Vec::new)
                .push(verdict);
        }
        let expected = [
            ("dock_doors_min", vec![Wrong]),
            ("locations", vec![Right, Right]),
            ("office_pct", vec![Invented]), // Nobody said 37.
            ("sqft_max", vec![Invented]),
            ("sqft_min", vec![Right]), // Within a hundredth.
            ("start_asap", vec![Missed]),
            ("uses", vec![Right, Wrong]),
        ];
        let expected: BTreeMap<_, _> = expected
            .into_iter()
            .map(|(name, verdicts)| (name.to_owned(), verdicts))
            .collect();
        assert_eq!(verdict_of, expected);
    }

    #[test]
    fn a_tally_counts_a_wrong_value_as_missed_and_as_written() {
        let tally = Tally {
            right: 6,
            missed: 1,
            wrong: 2,
            invented: 1,
        };
        assert_eq!((tally.precision(), tally.recall()), (6.0 / 9.0, 6.0 / 9.0));
        assert!((tally.f1() - 12.0 / 18.0).abs() < 1e-9);
    }
}
