//! What a text takes back: "scratch the budget", "price isn't an issue", "ya no necesito andenes".

use std::sync::LazyLock;

use super::phrases::{Phrases, before, phrase};
use super::tokens::{Token, is_among};
use crate::criteria::Topic;

static TOPICS: LazyLock<[(Topic, Phrases); 11]> = LazyLock::new(|| {
    [
        (
            Topic::Budget,
            "budget, price, prices, pricing, cost, rent, money, presupuesto, precio, renta, dinero",
        ),
        (
            Topic::ClearHeight,
            "clear height, ceiling height, clear, height, ceilings, altura, altura libre",
        ),
        (
            Topic::DockDoors,
            "dock, docks, dock doors, loading docks, andenes, anden",
        ),
        (
            Topic::DriveInDoors,
            "drive in, drive ins, roll up, ramp, grade level, rampa",
        ),
        (
            Topic::Power,
            "power, amps, electrical, electricity, luz, electricidad",
        ),
        (Topic::Office, "office, offices, oficina, oficinas"),
        (Topic::Yard, "yard, patio, outdoor space"),
        (
            Topic::Parking,
            "parking, trailer parking, stalls, estacionamiento",
        ),
        (
            Topic::Start,
            "start date, move in date, date, timing, timeline, fecha",
        ),
        (Topic::Term, "term, lease term, lease length, plazo"),
        (
            Topic::Temperature,
            "climate control, temperature, refrigeration, cooler, freezer, clima, refrigeracion",
        ),
    ]
    .map(|(topic, names)| (topic, Phrases::new(names)))
});

/// The topics that are taken back.
pub(super) fn read(tokens: &[Token]) -> Vec<Topic> {
    const VERBS: &str = "scratch forget drop remove nix ignore skip lose delete olvida olvide quita quite borra elimina disregard cancel";
    const BETWEEN: &str =
        "the about that my our whole el la lo los de requirement part on limit tema max";
    const NEVER: &str = "dont doesnt no never ya not";
    static AFTER: LazyLock<Phrases> = LazyLock::new(|| {
        Phrases::new(
            "isnt|aint|not an|a issue|problem|concern, is not an|a issue|problem|concern, doesnt|dont matter, is flexible|open|negotiable, \
        no importa, no es problema|limite|tema, is no longer needed, not needed anymore, no longer matters|needed, es flexible, is no issue|object|problem, no object, \
        isnt important, flexible, is not important",
        )
    });
    let mut withdrawn = Vec::new();
    for at in 0..tokens.len() {
        for (topic, names) in TOPICS.iter() {
            let Some(end) = phrase(tokens, at, names) else {
                continue;
            };
            let mut words = before(tokens, at).skip_while(|word| is_among(word, BETWEEN));
            let verb = words.next().unwrap_or_default();
            let second = words.next().unwrap_or_default();
            // "A drop yard" is a kind of yard.
            let is_kind = matches!(topic, Topic::Yard) && before(tokens, at).next() == Some("drop");
            let is_verb = !is_kind && is_among(verb, VERBS) && !is_among(second, "dont not never");
            let is_needless = matches!(
                verb,
                "need" | "necesito" | "necesitamos" | "ocupo" | "care" | "want" | "importa"
            ) && is_among(second, NEVER)
                || (verb == "longer" && second == "no");
            let is_unlimited = matches!(topic, Topic::Budget)
                && matches!(verb, "no" | "sin")
                && !matches!(second, "have");
            if is_verb || is_needless || is_unlimited || phrase(tokens, end, &AFTER).is_some() {
                withdrawn.push(*topic);
            }
        }
    }
    withdrawn
}
