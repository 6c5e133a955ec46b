//! Which of the options, or of the tour times that we offered, a text names.

use jiff::civil::Date;

use wex_domain::conversation::{Conversation, Party};
use wex_domain::dialogue::Dialogue;
use wex_domain::listing::Listing;
use wex_domain::phrases::any_of;

use super::WORDS_MAX;
use crate::when::When;

/// The numbers of the options, as people write them.
const ORDINALS: [&str; 3] = [
    "1 first 1st one primera primero uno",
    "2 second 2nd two segunda segundo dos",
    "3 third 3rd three tercera tercero tres",
];

/// The options that a text names: by number, by place in the list, by size, or by a city that only one of them is in.
pub(super) fn selected(text: &str, words: &[String], dialogue: &Dialogue) -> Vec<usize> {
    let count = dialogue.options.len();
    if count == 0 {
        return Vec::new();
    }
    let number_of = |word: &str| {
        let at = ORDINALS
            .iter()
            .position(|names| names.split(' ').any(|name| name == word))?;
        (at < count).then_some(at + 1)
    };
    // "#2".
    let after_sign = text.split('#').skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit());
        let number = rest[..end.unwrap_or(rest.len())].parse().ok()?;
        (1..=count).contains(&number).then_some(number)
    });
    let mut found: Vec<usize> = after_sign.collect();
    let is_alone = words
        .iter()
        .filter(|word| {
            !matches!(
                word.as_str(),
                "por" | "favor" | "please" | "thanks" | "gracias"
            )
        })
        .count()
        <= 2;
    // A number alone, after "option", "number" or "the", or an ordinal: "2", "option 2", "the second one".
    for (at, word) in words.iter().enumerate() {
        let before = at
            .checked_sub(1)
            .map_or("", |before| words[before].as_str());
        let next = words.get(at + 1).map_or("", String::as_str);
        // "Let me think first", "give me a second" and "the third time" choose nothing.
        let is_article = matches!(
            before,
            "the"
                | "that"
                | "this"
                | "la"
                | "el"
                | "las"
                | "los"
                | "both"
                | "and"
                | "or"
                | "y"
                | "o"
                | "with"
                | "on"
                | "for"
                | "option"
                | "opcion"
                | "de"
                | "not"
                | "no"
                | "about"
                | "in"
        );
        let is_thing = matches!(
            next,
            "one"
                | "option"
                | "space"
                | "building"
                | "place"
                | "unit"
                | "warehouse"
                | "listing"
                | "opcion"
                | "bodega"
                | "nave"
                | "and"
                | "y"
                | "or"
                | "o"
                | "is"
                | "please"
                | "por"
        );
        let is_of_time = matches!(
            next,
            "time"
                | "vez"
                | "week"
                | "semana"
                | "month"
                | "mes"
                | "year"
                | "quarter"
                | "of"
                | "half"
        );
        let is_ordinal = (is_article || is_thing || is_alone || at == 0)
            && !is_of_time
            && (word.ends_with("st")
                || word.ends_with("nd")
                || word.ends_with("rd")
                || matches!(
                    word.as_str(),
                    "first"
                        | "second"
                        | "third"
                        | "primera"
                        | "segunda"
                        | "tercera"
                        | "primero"
                        | "segundo"
                        | "tercero"
                ));

        let is_listed = matches!(next, "and" | "y" | "or" | "o" | "n")
            && words
                .get(at + 2)
                .is_some_and(|other| number_of(other).is_some());
        let is_meant = is_ordinal
            || is_listed
            || (at == 0
                && matches!(
                    next,
                    "looks" | "sounds" | "is" | "works" | "seems" | "it" | "please" | "esta" | "me"
                ))
            || is_alone
            || matches!(
                before,
                "both"
                    | "and"
                    | "y"
                    | "n"
                    | "option"
                    | "number"
                    | "no"
                    | "opcion"
                    | "numero"
                    | "on"
                    | "about"
                    | "la"
                    | "space"
                    | "do"
                    | "with"
                    | "take"
                    | "like"
                    | "pick"
                    | "choose"
                    | "prefer"
                    | "for"
                    | "is"
                    | "does"
                    | "see"
                    | "tour"
                    | "visit"
                    | "el"
            ) && (word.len() == 1
                || matches!(before, "number" | "option" | "opcion" | "numero"));
        let is_spelt_out = matches!(before, "la" | "el" | "opcion")
            && matches!(word.as_str(), "uno" | "dos" | "tres");
        if matches!(word.as_str(), "last" | "ultima") && (is_article || is_thing) && !is_of_time {
            found.push(count);
        } else if let (Some(number), true) = (number_of(word), is_meant || is_spelt_out)
            && word != "one"
            && (word != "uno" || is_spelt_out)
            && !found.contains(&number)
        {
            found.push(number);
        }
    }
    if found.is_empty() && count == 2 && any_of(words, "both, ambas, ambos, las|los dos") {
        found.extend([1, 2]);
    }
    if found.is_empty() {
        let said = words.join(" ");
        let in_city: Vec<usize> = (1..)
            .zip(&dialogue.options)
            .filter(|(_, listing)| {
                let city = listing.city.to_lowercase();
                // "Stop leasing in Rialto" does not choose the one there.
                said.contains(&city)
                    && !any_of(
                        words,
                        &format!(
                            "stop|quit|leave|leaving|not|no|from|except|skip|drop|salir * {city}"
                        ),
                    )
            })
            .map(|(number, _)| number)
            .collect();
        if let [only] = in_city[..] {
            found.push(only);
        }
    }
    if found.is_empty() {
        found.extend(named_by_size(text, dialogue));
    }
    if found.is_empty() && !text.contains('?') {
        found.extend(named_by_rank(words, dialogue));
    }
    found.dedup();
    found
}

/// The option that a text calls by its size: "the 18,400 sf one", "la de 12 mil". One in twenty off is near enough.
fn named_by_size(text: &str, dialogue: &Dialogue) -> Option<usize> {
    const UNITS: &str = "k|mil|sf|sqft|sq|ft|square|foot|feet|footer|pies|pies2|cuadrados";
    const NOUNS: &str = "one|space|building|unit|warehouse|place|spot";
    let words: Vec<String> = text
        .split_whitespace()
        .take(WORDS_MAX)
        .map(|word| {
            word.trim_matches(|c: char| !c.is_alphanumeric())
                .to_lowercase()
        })
        .collect();
    let size_at = |at: usize| -> Option<f64> {
        let word = words.get(at)?.replace(',', "");
        let digits = word.trim_end_matches(|c: char| c.is_alphabetic());
        let size: f64 = digits.parse().ok()?;
        let is_thousands = word[digits.len()..].starts_with('k')
            || words
                .get(at + 1)
                .is_some_and(|next| matches!(next.as_str(), "k" | "mil"));
        Some(if is_thousands { size * 1000.0 } else { size })
    };
    let is_name = |at: usize| {
        let is_unit = |word: &&String| UNITS.split('|').any(|unit| unit == word.as_str());
        let units = words[at + 1..].iter().take_while(is_unit).count();
        let behind = words.get(at + 1 + units);
        let before = words[..at].iter().rev().map(String::as_str);
        behind.is_some_and(|noun| NOUNS.split('|').any(|known| known == noun))
            || before.take(2).eq(["de", "la"])
    };
    let is_near = |sqft: u32, size: f64| (f64::from(sqft) - size).abs() * 20.0 <= size;
    (0..words.len()).find_map(|at| {
        let size = size_at(at).filter(|_| is_name(at))?;
        let mut meant = (1..)
            .zip(&dialogue.options)
            .filter(|(_, listing)| listing.sqft.is_some_and(|sqft| is_near(sqft, size)));
        let (number, _) = meant.next()?;
        meant.next().is_none().then_some(number)
    })
}

/// The option that has the lowest rent, or is the smallest or the largest, where a text calls it so: "the cheapest of the bunch",
/// "la más grande". What is looked for is none of the list.
fn named_by_rank(words: &[String], dialogue: &Dialogue) -> Option<usize> {
    const SEARCHES: &str = "looking|find|search|searching|show|send|need|busco|buscamos|busque|mande|mandeme|necesito|necesitamos|hay|tiene|tienen * cheapest|smallest|biggest|largest|mas|lowest, \
        not|no * cheapest|smallest|biggest|largest|mas|lowest";
    let says = |patterns: &str| any_of(words, patterns);
    let options = &dialogue.options;
    let rents = || {
        let unit = options.first()?.asking?.unit;
        let rent =
            |option: &Listing| Some(option.asking.filter(|asking| asking.unit == unit)?.amount);
        options.iter().map(rent).collect::<Option<Vec<f64>>>()
    };
    let sizes = || {
        let size = |option: &Listing| option.sqft.map(f64::from);
        options.iter().map(size).collect::<Option<Vec<f64>>>()
    };
    let ranks = match () {
        () if says(SEARCHES) => None,
        () if says(
            "cheapest, lowest price|rent|rate|priced, la|el mas barata|barato|economica|economico",
        ) =>
        {
            rents()
        }
        () if says("smallest, la|el mas chica|chico|pequena|pequeno") => sizes(),
        () if says("biggest|largest, la|el mas grande") => {
            sizes().map(|sizes| sizes.iter().map(|size| -size).collect())
        }
        () => None,
    }?;
    let least = ranks.iter().copied().min_by(f64::total_cmp)?;
    let mut found = (1..).zip(&ranks).filter(|(_, rank)| **rank <= least);
    let (number, _) = found.next()?;
    found.next().is_none().then_some(number)
}

/// The tour time that a day or an hour chooses, of those that our latest text numbers: "Friday works".
pub(super) fn slot(when: When, conversation: &Conversation, today: Date) -> Option<usize> {
    if !when.is_known() {
        return None;
    }
    let ours = conversation
        .recent
        .iter()
        .rev()
        .find(|text| text.from == Party::Us)?;
    let mut fits = Vec::new();
    let mut rest = ours.body.as_str();
    for number in 1..=ORDINALS.len() {
        let (_, after) = rest.split_once(&format!("{number})"))?;
        let next = format!("{})", number + 1);
        let (one, others) = after.split_once(&next).unwrap_or((after, ""));
        let offered = crate::when::when(one, today);
        if when.fits(offered) {
            fits.push(number);
        }
        if others.is_empty() {
            break;
        }
        rest = &ours.body[ours.body.len() - others.len() - next.len()..];
    }
    match fits[..] {
        [only] => Some(only),
        _ => None,
    }
}
