//! The shape of a model's answer, within what both providers enforce: every property required, no others allowed, no unions,
//! no bounds. Limits are ours to check.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Value, json};
use wex_domain::intent::Intent;

use crate::reading::{NeedsHuman, OptOutSignal};

/// Entries of a list that are read; more is not an answer to a text.
pub const ENTRIES_MAX: usize = 40;

/// Characters of a worded answer that are read: more than any text may have.
const REPLY_CHARS_MAX: usize = 1_000;

/// A schema and its name, as they are sent. Always the same bytes: providers compile it once.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) name: &'static str,
    pub(crate) value: Value,
}

/// Of a worded answer.
pub(crate) static WORDING: LazyLock<Schema> = LazyLock::new(|| Schema {
    name: "wording",
    value: object(&json!({ "reply": { "type": "string" } })),
});

/// Of what a turn says.
pub(crate) static UNDERSTANDING: LazyLock<Schema> = LazyLock::new(|| {
    let intents: Vec<&str> = Intent::ALL.iter().map(|intent| intent.as_str()).collect();
    let text = json!({ "type": "string" });
    let one_of = |words: &[&str]| json!({ "type": "string", "enum": words });
    let slot = object(&json!({
        "slot": one_of(&SlotName::ALL.map(SlotName::as_str)),
        "op": one_of(&["set", "add"]),
        "value": text,
        "quote": text,
    }));
    let value = object(&json!({
        "intents": { "type": "array", "items": one_of(&intents) },
        "opt_out_signal": one_of(&["none", "ambiguous", "clear"]),
        "slots": { "type": "array", "items": slot },
        "selected_options": { "type": "array", "items": { "type": "integer" } },
        "language": one_of(&["en", "es", "other"]),
        "injection_suspected": { "type": "boolean" },
        "needs_human": one_of(&["none", "asked", "angry", "legal", "restricted_use", "stuck"]),
    }));
    Schema {
        name: "understanding",
        value,
    }
});

/// An object of which every property is required.
fn object(properties: &Value) -> Value {
    let names: Vec<&String> = properties
        .as_object()
        .into_iter()
        .flat_map(|map| map.keys())
        .collect();
    json!({ "type": "object", "additionalProperties": false, "required": names, "properties": properties })
}

/// An answer of the right shape; nothing in it is believed yet.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    pub(crate) intents: Vec<Intent>,
    pub(crate) opt_out_signal: OptOutSignal,
    pub(crate) slots: Vec<Slot>,
    pub(crate) selected_options: Vec<i64>,
    pub(crate) language: String,
    pub(crate) injection_suspected: bool,
    pub(crate) needs_human: NeedsHuman,
}

#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Slot {
    pub(crate) slot: SlotName,
    pub(crate) op: Op,
    pub(crate) value: String,
    pub(crate) quote: String,
}

/// What a slot is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SlotName {
    Location,
    ExcludeLocation,
    Size,
    Land,
    Pallets,
    Use,
    ClearHeight,
    DockDoors,
    DriveInDoors,
    Power,
    Office,
    Temperature,
    Yard,
    Parking,
    Feature,
    Start,
    Term,
    Budget,
    Goods,
}

impl SlotName {
    pub(crate) const ALL: [Self; 19] = [
        Self::Location,
        Self::ExcludeLocation,
        Self::Size,
        Self::Land,
        Self::Pallets,
        Self::Use,
        Self::ClearHeight,
        Self::DockDoors,
        Self::DriveInDoors,
        Self::Power,
        Self::Office,
        Self::Temperature,
        Self::Yard,
        Self::Parking,
        Self::Feature,
        Self::Start,
        Self::Term,
        Self::Budget,
        Self::Goods,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Location => "location",
            Self::ExcludeLocation => "exclude_location",
            Self::Size => "size",
            Self::Land => "land",
            Self::Pallets => "pallets",
            Self::Use => "use",
            Self::ClearHeight => "clear_height",
            Self::DockDoors => "dock_doors",
            Self::DriveInDoors => "drive_in_doors",
            Self::Power => "power",
            Self::Office => "office",
            Self::Temperature => "temperature",
            Self::Yard => "yard",
            Self::Parking => "parking",
            Self::Feature => "feature",
            Self::Start => "start",
            Self::Term => "term",
            Self::Budget => "budget",
            Self::Goods => "goods",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Op {
    Set,
    Add,
}

/// A worded answer of the right shape.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Worded {
    reply: String,
}

/// Reads a worded answer, or says what is wrong with it in words for the model.
pub(crate) fn read_wording(text: &str) -> Result<String, String> {
    let worded: Worded = serde_json::from_str(text.trim()).map_err(|error| error.to_string())?;
    if worded.reply.trim().is_empty() {
        return Err("reply is empty".to_owned());
    }
    if worded.reply.chars().count() > REPLY_CHARS_MAX {
        return Err(format!("reply has more than {REPLY_CHARS_MAX} characters"));
    }
    Ok(worded.reply)
}

/// Reads an answer, or says what is wrong with it in words for the model.
pub(crate) fn read(text: &str) -> Result<Answer, String> {
    let answer: Answer = serde_json::from_str(text.trim()).map_err(|error| error.to_string())?;
    let longest = answer
        .intents
        .len()
        .max(answer.slots.len())
        .max(answer.selected_options.len());
    if longest > ENTRIES_MAX {
        return Err(format!("a list has more than {ENTRIES_MAX} entries"));
    }
    if answer.intents.is_empty() {
        return Err("intents is empty".to_owned());
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};
    use serde_json::Map;

    use super::*;

    fn good() -> Value {
        json!({
            "intents": ["greeting"], "opt_out_signal": "none", "slots": [], "selected_options": [],
            "language": "en", "injection_suspected": false, "needs_human": "none",
        })
    }

    #[test]
    fn an_answer_of_the_schema_is_read_and_its_lists_are_bounded() {
        assert!(read(&good().to_string()).is_ok_and(|answer| answer.intents == [Intent::Greeting]));
        let mut long = good();
        long["selected_options"] = json!(vec![1; ENTRIES_MAX + 1]);
        assert_eq!(
            read(&long.to_string()).err().as_deref(),
            Some("a list has more than 40 entries")
        );
    }

    #[test]
    fn every_slot_of_the_schema_is_read() {
        for slot in SlotName::ALL {
            let mut answer = good();
            answer["slots"] =
                json!([{ "slot": slot.as_str(), "op": "set", "value": "a", "quote": "a" }]);
            let read = read(&answer.to_string()).ok().unwrap();
            assert_eq!(read.slots[0].slot, slot);
        }
        insta::assert_snapshot!(UNDERSTANDING.value.to_string(), @r#"{"additionalProperties":false,"properties":{"injection_suspected":{"type":"boolean"},"intents":{"items":{"enum":["new_requirement","update_requirement","select_option","reject_options","request_more_options","ask_listing_question","negotiate","request_tour","reschedule_tour","cancel_tour","confirm","decline","request_human","ask_general_question","ask_identity","greeting","acknowledge","close_requirement","defer","complaint","wrong_number","off_topic","adversarial","auto_reply","unclear","opt_out","opt_in","help","supplier_new_listing","supplier_availability_update","supplier_rate_update","supplier_listing_update","supplier_tour_response","supplier_delist","supplier_ask_question"],"type":"string"},"type":"array"},"language":{"enum":["en","es","other"],"type":"string"},"needs_human":{"enum":["none","asked","angry","legal","restricted_use","stuck"],"type":"string"},"opt_out_signal":{"enum":["none","ambiguous","clear"],"type":"string"},"selected_options":{"items":{"type":"integer"},"type":"array"},"slots":{"items":{"additionalProperties":false,"properties":{"op":{"enum":["set","add"],"type":"string"},"quote":{"type":"string"},"slot":{"enum":["location","exclude_location","size","land","pallets","use","clear_height","dock_doors","drive_in_doors","power","office","temperature","yard","parking","feature","start","term","budget","goods"],"type":"string"},"value":{"type":"string"}},"required":["op","quote","slot","value"],"type":"object"},"type":"array"}},"required":["injection_suspected","intents","language","needs_human","opt_out_signal","selected_options","slots"],"type":"object"}"#);
    }

    #[test]
    fn the_prompt_tells_of_every_slot() {
        let prompt = crate::Prompts::default().understand().text;
        for slot in SlotName::ALL {
            let named = format!("`{}`", slot.as_str());
            assert!(prompt.contains(&named), "{named}");
        }
    }

    proptest! {
        /// Takes one property away, or adds one: neither is an answer, and the problem names it.
        #[test]
        fn a_missing_or_foreign_property_is_named_for_the_repair(at in 0_usize..7, name in "[a-z]{3,12}x", takes in any::<bool>()) {
            let mut answer: Map<String, Value> = good().as_object().unwrap().clone();
            let name = match takes {
                true => {
                    let name = answer.keys().nth(at).unwrap().clone();
                    answer.remove(&name);
                    name
                }
                false => {
                    answer.insert(name.clone(), Value::Null);
                    name
                }
            };
            let problem = read(&Value::Object(answer).to_string()).err().unwrap();
            prop_assert!(problem.contains(&name), "{}", problem);
        }

        #[test]
        fn no_answer_breaks_the_reader(text in "\\PC{0,200}") {
            prop_assert!(read(&text).is_err());
        }
    }
}
