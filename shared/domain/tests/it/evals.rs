//! How much of the example texts is understood: precision and recall by field, over the buyers' texts.

use std::collections::BTreeMap;

use serde_json::Value;
use wex_domain::requirement::Use;
use wex_domain::understand::{Understood, understand_turn};

/// What was expected, found and right, for one field.
#[derive(Debug, Default, Clone, Copy)]
struct Score {
    expected: usize,
    found: usize,
    right: usize,
}

impl Score {
    fn f1(self) -> f64 {
        if self.expected + self.found == 0 {
            1.0
        } else {
            2.0 * to_f64(self.right) / to_f64(self.expected + self.found)
        }
    }
}

fn to_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("a file of texts is short"))
}

/// The texts since our last reply, and this one.
fn turn(example: &Value) -> Vec<&str> {
    let history = example["history"].as_array().expect("history is a list");
    let mut texts: Vec<&str> = history
        .iter()
        .rev()
        .take_while(|entry| entry["role"] == "user")
        .filter_map(|entry| entry["text"].as_str())
        .collect();
    texts.reverse();
    texts.push(example["text"].as_str().expect("text is a string"));
    texts
}

/// Scores one example and reports what is wrong with it.
fn score(
    example: &Value,
    understood: &Understood,
    scores: &mut BTreeMap<&'static str, Score>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let expected = &example["expect"]["requirement"];

    for (field, found) in [
        ("sqft_min", understood.sqft_min),
        ("sqft_max", understood.sqft_max),
    ] {
        let score = scores.entry(field).or_default();
        let wanted = expected[field].as_f64();
        let is_right = wanted
            .zip(found)
            .is_some_and(|(wanted, found)| (f64::from(found) / wanted - 1.0).abs() <= 0.01);
        score.expected += usize::from(wanted.is_some());
        score.found += usize::from(found.is_some());
        score.right += usize::from(is_right);
        if (wanted.is_some() || found.is_some()) && !is_right {
            wrong.push(format!("{field}: expected {wanted:?}, found {found:?}"));
        }
        assert!(
            wanted.is_some() || found.is_none(),
            "{}: invented {field} {found:?}",
            example["id"]
        );
    }

    let places: Vec<&Value> = expected["locations"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    let is_place = |place: &Value, found: &wex_domain::requirement::Location| {
        let name = place["name"]
            .as_str()
            .or(place["zip"].as_str())
            .expect("a place has a name or a ZIP code");
        let state_is_right = place["state"]
            .as_str()
            .is_none_or(|state| found.state.as_deref() == Some(state));
        name.to_lowercase() == found.name.to_lowercase() && state_is_right
    };
    let right = places
        .iter()
        .filter(|place| {
            understood
                .locations
                .iter()
                .any(|found| is_place(place, found))
        })
        .count();
    let score = scores.entry("locations").or_default();
    score.expected += places.len();
    score.found += understood.locations.len();
    score.right += right;
    if right < places.len().max(understood.locations.len()) {
        wrong.push(format!(
            "locations: expected {places:?}, found {:?}",
            understood.locations
        ));
    }
    for place in expected["locations_not"].as_array().into_iter().flatten() {
        assert!(
            !understood
                .locations
                .iter()
                .any(|found| is_place(place, found)),
            "{}: wants {place}",
            example["id"]
        );
    }

    let uses: Vec<Use> = expected.get("uses").map_or_else(Vec::new, |uses| {
        serde_json::from_value(uses.clone()).expect("every use is one of ours")
    });
    let right = uses
        .iter()
        .filter(|r#use| understood.uses.contains(r#use))
        .count();
    let score = scores.entry("uses").or_default();
    score.expected += uses.len();
    score.found += understood.uses.len();
    score.right += right;
    if right < uses.len().max(understood.uses.len()) {
        wrong.push(format!(
            "uses: expected {uses:?}, found {:?}",
            understood.uses
        ));
    }
    wrong
}

#[test]
fn the_example_texts_are_understood_and_no_size_is_invented() {
    let mut scores: BTreeMap<&'static str, Score> = BTreeMap::new();
    let mut wrong: Vec<String> = Vec::new();
    for line in include_str!("../data/texts.jsonl").lines() {
        let example: Value = serde_json::from_str(line).unwrap();
        if example["side"] == "buyer" {
            let understood = understand_turn(&turn(&example));
            let mistakes = score(&example, &understood, &mut scores);
            wrong.extend(
                mistakes
                    .iter()
                    .map(|mistake| format!("{}: {mistake}", example["id"])),
            );
        }
    }
    for (field, score) in &scores {
        assert!(
            score.f1() >= 0.95,
            "{field}: {score:?}, F1 {:.3}\n{}",
            score.f1(),
            wrong.join("\n")
        );
    }
}
