//! What a question about a space asks for.

use wex_domain::listing::FEATURES;

use crate::say::Attribute;
use crate::words::plain_words;

/// Attributes answered in one text.
const ATTRIBUTES_MAX: usize = 3;

/// What a text asks of a space, in the order asked; [`Attribute::Unknown`] alone when it is nothing that listings hold.
#[must_use]
pub fn attributes(text: &str) -> Vec<Attribute> {
    const SIGNS: [(&str, Attribute); 45] = [
        ("clear", Attribute::ClearHeight),
        ("clearance", Attribute::ClearHeight),
        ("ceiling", Attribute::ClearHeight),
        ("ceilings", Attribute::ClearHeight),
        ("height", Attribute::ClearHeight),
        ("tall", Attribute::ClearHeight),
        ("altura", Attribute::ClearHeight),
        ("alto", Attribute::ClearHeight),
        ("techo", Attribute::ClearHeight),
        ("dock", Attribute::Docks),
        ("docks", Attribute::Docks),
        ("anden", Attribute::Docks),
        ("andenes", Attribute::Docks),
        ("muelles", Attribute::Docks),
        ("drive-in", Attribute::DriveIns),
        ("drive-ins", Attribute::DriveIns),
        ("grade", Attribute::DriveIns),
        ("ramp", Attribute::DriveIns),
        ("rampa", Attribute::DriveIns),
        ("rollup", Attribute::DriveIns),
        ("roll-up", Attribute::DriveIns),
        ("power", Attribute::Power),
        ("amps", Attribute::Power),
        ("voltage", Attribute::Power),
        ("electrical", Attribute::Power),
        ("luz", Attribute::Power),
        ("amperes", Attribute::Power),
        ("trifasica", Attribute::Power),
        ("office", Attribute::Office),
        ("offices", Attribute::Office),
        ("oficina", Attribute::Office),
        ("oficinas", Attribute::Office),
        ("trailer", Attribute::TrailerStalls),
        ("trailers", Attribute::TrailerStalls),
        ("remolques", Attribute::TrailerStalls),
        ("yard", Attribute::Yard),
        ("patio", Attribute::Yard),
        ("available", Attribute::Availability),
        ("ready", Attribute::Availability),
        ("vacant", Attribute::Availability),
        ("disponible", Attribute::Availability),
        ("address", Attribute::Address),
        ("direccion", Attribute::Address),
        ("term", Attribute::Term),
        ("plazo", Attribute::Term),
    ];
    const MORE_SIGNS: [(&str, Attribute); 16] = [
        ("rent", Attribute::Rent),
        ("price", Attribute::Rent),
        ("rate", Attribute::Rent),
        ("cost", Attribute::Rent),
        ("much", Attribute::Rent),
        ("asking", Attribute::Rent),
        ("renta", Attribute::Rent),
        ("precio", Attribute::Rent),
        ("cuesta", Attribute::Rent),
        ("cuanto", Attribute::Rent),
        ("big", Attribute::Size),
        ("size", Attribute::Size),
        ("grande", Attribute::Size),
        ("mide", Attribute::Size),
        ("lease", Attribute::Term),
        ("contrato", Attribute::Term),
    ];
    const FEATURE_SIGNS: [(&str, &str); 22] = [
        ("esfr", "esfr"),
        ("sprinklers", "sprinklers"),
        ("sprinkler", "sprinklers"),
        ("sprinklered", "sprinklers"),
        ("rociadores", "sprinklers"),
        ("fenced", "fenced"),
        ("fence", "fenced"),
        ("cerca", "fenced"),
        ("cercado", "fenced"),
        ("24/7", "24_7_access"),
        ("24-7", "24_7_access"),
        ("rail", "rail"),
        ("hazmat", "hazmat"),
        ("hvac", "hvac"),
        ("ac", "hvac"),
        ("crane", "crane"),
        ("grua", "crane"),
        ("mezzanine", "mezzanine"),
        ("racking", "racking"),
        ("racks", "racking"),
        ("security", "secured"),
        ("seguridad", "secured"),
    ];
    let mut asked = Vec::new();
    for word in plain_words(text) {
        let sign = SIGNS
            .iter()
            .chain(&MORE_SIGNS)
            .find(|(sign, _)| *sign == word)
            .map(|(_, attribute)| *attribute);
        let feature = || {
            let (_, feature) = FEATURE_SIGNS.iter().find(|(sign, _)| *sign == word)?;
            let at = FEATURES.iter().position(|known| known == feature)?;
            Some(Attribute::Feature(at))
        };
        if let Some(attribute) = sign.or_else(feature)
            && !asked.contains(&attribute)
            && asked.len() < ATTRIBUTES_MAX
        {
            asked.push(attribute);
        }
    }
    // "How much power": what is counted was asked, not the rent.
    if asked.len() > 1 && !plain_words(text).iter().any(|word| is_rent(word)) {
        asked.retain(|attribute| *attribute != Attribute::Rent);
    }
    if asked.is_empty() {
        asked.push(Attribute::Unknown);
    }
    asked
}

/// Words that ask for the rent and for nothing else.
fn is_rent(word: &str) -> bool {
    const RENT: &str = "rent price rate cost asking renta precio cuesta";
    RENT.split(' ').any(|rent| rent == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_question_asks_is_found_in_both_languages() {
        let sprinklers = Attribute::Feature(1);
        for (text, asked) in [
            ("whats the clear height on #1", vec![Attribute::ClearHeight]),
            (
                "how many docks and is it sprinklered?",
                vec![Attribute::Docks, sprinklers],
            ),
            (
                "¿qué altura tiene y cuánto cuesta?",
                vec![Attribute::ClearHeight, Attribute::Rent],
            ),
            (
                "how much power, and is it fenced",
                vec![Attribute::Power, Attribute::Feature(2)],
            ),
            ("how much is it", vec![Attribute::Rent]),
            ("¿tiene rociadores?", vec![sprinklers]),
            ("what's the address", vec![Attribute::Address]),
            ("is there a school nearby", vec![Attribute::Unknown]),
        ] {
            assert_eq!(attributes(text), asked, "{text}");
        }
    }
}
