//! Answers in the place of a model: a few rules that read sizes, a few cities and set phrases in English and Spanish. It is no
//! model and does not pretend to be a good one; it is enough for a conversation to go on.

use serde_json::{Value, json};

const CITIES: [&str; 10] = [
    "carson",
    "torrance",
    "gardena",
    "compton",
    "vernon",
    "ontario",
    "fontana",
    "long beach",
    "commerce",
    "riverside",
];

/// Phrases and what they are for, the strongest first.
const PHRASES: [(&str, &[&str]); 8] = [
    ("opt_out", &["stop texting", "no me escriba"]),
    ("request_human", &["real person", "call me", "una persona"]),
    (
        "request_tour",
        &["tour", "visit", "see it", "verla", "visitar"],
    ),
    ("reject_options", &["none of", "ninguna"]),
    ("request_more_options", &["more options", "otras opciones"]),
    ("close_requirement", &["found a place", "ya encontr"]),
    ("acknowledge", &["thank", "gracias"]),
    ("greeting", &["hello", "hola"]),
];

const ORDINALS: [(&[&str], u64); 3] = [
    (&["first", "primera", "option 1"], 1),
    (&["second", "segunda", "option 2"], 2),
    (&["third", "tercera", "option 3"], 3),
];

/// Answers a request in the shape that its schema asks for.
pub(super) fn answer(request: &Value) -> Value {
    let said = |message: &Value| message["content"].as_str().map(str::to_owned);
    let messages = request["messages"].as_array();
    let messages: Vec<String> = messages.into_iter().flatten().filter_map(said).collect();
    let schemas = [
        "/response_format/json_schema/schema",
        "/output_config/format/schema",
    ];
    let asks_for_reply = schemas
        .iter()
        .filter_map(|at| request.pointer(at))
        .any(|schema| schema["properties"]["reply"].is_object());
    if asks_for_reply {
        return word(&messages);
    }
    read(messages.last().map_or("", String::as_str))
}

/// Says what is to be said, as it stands in the request.
fn word(messages: &[String]) -> Value {
    const MARK: &str = "To be said: ";
    let line = messages
        .iter()
        .flat_map(|message| message.lines())
        .find_map(|line| line.strip_prefix(MARK));
    json!({ "reply": line.unwrap_or("What can I do for you?") })
}

/// Reads texts into the shape that the request's schema asks of every model.
fn read(texts: &str) -> Value {
    let lower = texts.to_lowercase();
    let mut slots: Vec<Value> = Vec::new();
    let mut add = |slot: &str, op: &str, quote: &str| {
        slots.push(json!({ "slot": slot, "op": op, "value": quote, "quote": quote }));
    };
    let is_question = lower.contains('?');
    if !is_question {
        for city in CITIES.into_iter().filter(|city| lower.contains(city)) {
            add("location", "add", city);
        }
        if let Some(size) = size(&lower) {
            add("size", "set", &size);
        }
        for word in ["storage", "distribution", "almacenar"]
            .into_iter()
            .filter(|word| lower.contains(word))
        {
            add("use", "add", word);
        }
    }
    let selected = ORDINALS
        .iter()
        .find(|(words, _)| words.iter().any(|word| lower.contains(word)))
        .map(|(_, number)| *number);
    let mut intents: Vec<&str> = PHRASES
        .iter()
        .filter(|(_, phrases)| phrases.iter().any(|phrase| lower.contains(phrase)))
        .map(|(intent, _)| *intent)
        .collect();
    if is_question {
        intents.push("ask_listing_question");
    } else if selected.is_some() {
        intents.push("select_option");
    } else if !slots.is_empty() {
        intents.push("new_requirement");
    }
    if intents.is_empty() {
        intents.push("unclear");
    }
    let says = |phrase: &str| intents.contains(&phrase);
    let is_spanish = [
        "necesito", "bodega", "gracias", "hola", "pies", "cuanto", "verla", "segunda", "busco",
    ]
    .into_iter()
    .any(|word| lower.contains(word));
    json!({
        "intents": intents,
        "opt_out_signal": if says("opt_out") { "clear" } else { "none" },
        "slots": slots,
        "selected_options": selected.into_iter().collect::<Vec<_>>(),
        "language": if is_spanish { "es" } else { "en" },
        "injection_suspected": lower.contains("ignore all previous"),
        "needs_human": if says("request_human") { "asked" } else { "none" },
    })
}

/// A number and the unit behind it: `10k sqft`, `8,000 sf`, `10,000 pies`.
fn size(texts: &str) -> Option<String> {
    const UNITS: [&str; 5] = ["sqft", "sq ft", "sf", "square feet", "pies"];
    let is_amount = |c: char| c.is_ascii_digit() || matches!(c, ',' | '.' | 'k' | '-' | ' ');
    UNITS.into_iter().find_map(|unit| {
        let at = texts.find(unit)?;
        let number = texts[..at].trim_end();
        let start = number.rfind(|c: char| !is_amount(c)).map_or(0, |at| {
            at + number[at..].chars().next().map_or(1, char::len_utf8)
        });
        let quote = texts[start..at + unit.len()].trim();
        quote
            .starts_with(|c: char| c.is_ascii_digit())
            .then(|| quote.to_owned())
    })
}
