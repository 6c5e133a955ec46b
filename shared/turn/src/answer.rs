//! What a number alone means: by what we asked, or by what it stands in place of.
//!
//! "24 would do" is a height after a question for one, and "15 not 12" thousands of square feet where 12,000 are known. The
//! number gets its unit, and the text is read like any other.

use wex_domain::places;
use wex_domain::requirement::{Requirement, thousands};

/// The text with the unit that its only number lacks, if our question or what is known tells it.
pub(super) fn with_unit(text: &str, asked: Option<&str>, known: &Requirement) -> Option<String> {
    asked
        .and_then(|asked| answered(text, asked))
        .or_else(|| corrected(text, known))
        .or_else(|| changed(text, asked?, known))
}

/// A number in a text: where it stands, and what it is.
#[derive(Clone, Copy)]
struct Number {
    start: usize,
    end: usize,
    value: f64,
}

/// The only number of a text, in digits or as one word: "5", "dos", "just one"; or two that make a range: "4-6", "3 o 4".
fn only_number(text: &str) -> Option<Number> {
    const WORDS: [(&str, f64); 11] = [
        ("one uno una", 1.0),
        ("two dos", 2.0),
        ("three tres", 3.0),
        ("four cuatro", 4.0),
        ("five cinco", 5.0),
        ("six seis", 6.0),
        ("seven siete", 7.0),
        ("eight ocho", 8.0),
        ("nine nueve", 9.0),
        ("ten diez", 10.0),
        ("twelve doce", 12.0),
    ];
    /// "One" is a pronoun behind other words: "the first one".
    const BEFORE_ONE: &str =
        "just only with about least around maybe like con solo nomas como menos";
    let in_digits = numbers(text);
    match &in_digits[..] {
        [] => {}
        [only] => return Some(*only),
        [low, high] if is_range(text, low, high) => {
            return Some(Number {
                start: low.start,
                ..*high
            });
        }
        // "2, and 24 clear": what stands first is the answer.
        [first, ..] => {
            let is_first = text[..first.start].chars().all(|c| !c.is_alphanumeric());
            let rest = text[first.end..].trim_start();
            let is_end = rest.starts_with([',', ';'])
                || ["and ", "y ", ". "]
                    .iter()
                    .any(|joint| rest.starts_with(joint));
            return (is_first && is_end).then_some(*first);
        }
    }
    let lower = text.to_ascii_lowercase();
    let is_letter = |c: char| c.is_alphanumeric();
    let mut found = WORDS
        .iter()
        .flat_map(|(words, value)| words.split(' ').map(move |word| (word, *value)))
        .flat_map(|(word, value)| {
            lower.match_indices(word).map(move |(start, _)| Number {
                start,
                end: start + word.len(),
                value,
            })
        })
        .filter(|number| {
            !lower[..number.start].ends_with(is_letter)
                && !lower[number.end..].starts_with(is_letter)
        });
    let number = found.next().filter(|_| found.next().is_none())?;
    let before = lower[..number.start].split_whitespace().next_back();
    let is_counted = 1.0 < number.value
        || before.is_none_or(|before| BEFORE_ONE.split(' ').any(|word| word == before));
    is_counted.then_some(number)
}

fn is_range(text: &str, low: &Number, high: &Number) -> bool {
    const JOINTS: [&str; 6] = ["-", "\u{2013}", "to", "a", "or", "o"];
    JOINTS.contains(&text[low.end..high.start].trim()) && low.value < high.value
}

/// An answer to our latest text: "How many dock doors?", "5 should be plenty".
fn answered(text: &str, asked: &str) -> Option<String> {
    /// What a question counts, and what stands behind its number.
    const COUNTED: [(&str, &str); 13] = [
        ("office", " office"),
        ("oficina", " office"),
        ("dock", " docks"),
        ("anden", " docks"),
        ("pallet", " pallets"),
        ("tarima", " pallets"),
        ("trailer", " trailer stalls"),
        ("acre", " acres"),
        ("many amps", " amps"),
        ("many months", " months"),
        ("many years", " years"),
        ("cuantos meses", " meses"),
        ("cuantos anos", " anos"),
    ];
    const HEIGHTS: &str = "height heights ceiling ceilings tall altura";
    const LENGTHS: &str = "' ft feet pies m mts metros metres meters";
    const SIZES: &str = "size big sqft sf feet footage tamano grande pies metros";
    const RENTS: &str = "budget presupuesto rate asking pay spend afford pagar gastar";
    const PARTS: [&str; 5] = ["divid", "divisible", "demise", "split", "partir"];
    /// What may follow a number that is the whole answer.
    const FOLLOWS: &str = "should would wld will could is sounds does works maybe i we if but though tho honestly probably plenty enough ok okay fine good give or and para basta bastan alcanza minimum min max maximum at tops \
        please pls plz thanks thx for more is o y con esta estaria es seria por minimo maximo gracias";
    const COUNT_MAX: f64 = 999.0;
    const RENT_MIN: f64 = 500.0;
    let number = only_number(text)?;
    let (start, end, value) = (number.start, number.end, number.value);
    let is_share = text[end..].starts_with('%');
    let end = end + usize::from(is_share);
    let tail = &text[end..];
    let is_end = |c: char| matches!(c, ',' | '.' | ';' | '!' | '?');
    let next = tail
        .split_whitespace()
        .next()
        .filter(|next| !next.starts_with(is_end))
        .map(|next| next.trim_end_matches(is_end).to_lowercase());
    // Of "20' clear, 2 docks. Want a tour?" the end is the question.
    let asked = asked.trim_end().strip_suffix('?')?;
    let asked = asked.rsplit(['.', '!', '?', '\u{bf}', '\n']).next()?;
    let asked = places::fold(asked);
    let asks = |words: &str| {
        words.split(' ').any(|word| {
            asked
                .split(|c: char| !c.is_alphanumeric())
                .any(|asked| asked == word)
        })
    };
    let follows = |words: &str| {
        next.as_ref()
            .is_some_and(|next| words.split(' ').any(|word| word == next))
    };
    let is_height = asks(HEIGHTS);
    let is_size = asks(SIZES) && !asks(RENTS);
    let is_rent = (asks(RENTS) && !asks(SIZES))
        || asked.contains("monthly rent")
        || asked.contains("renta mensual");
    let is_alone = next.is_none() || follows(FOLLOWS) || (is_height && follows(LENGTHS));
    if !is_alone {
        return None;
    }
    let is_count = ["how many", "how much", "cuant"]
        .iter()
        .any(|how| asked.contains(how));
    let counted = COUNTED.iter().find(|(named, _)| asked.contains(named));
    let (before, behind) = match counted {
        Some((_, behind))
            if is_count && value <= COUNT_MAX && (*behind == " office") == is_share =>
        {
            ("", *behind)
        }
        _ if is_height && value <= COUNT_MAX => ("clear height ", ""),
        _ if PARTS.iter().any(|part| asked.contains(part))
            && RENT_MIN <= value
            && !text.to_lowercase().starts_with("no") =>
        {
            ("divisible to ", "")
        }
        _ if is_rent && RENT_MIN <= value => ("", " a month"),
        _ if is_size && value <= COUNT_MAX => ("", "k sqft"),
        _ if is_size => ("", " sqft"),
        _ => return None,
    };
    Some([&text[..start], before, &text[start..end], behind, tail].concat())
}

/// "15 not 12", "not 3, 5", "7 en vez de 9": the number given up is one that is known, and tells what the other counts.
fn corrected(text: &str, known: &Requirement) -> Option<String> {
    let [first, second] = &numbers(text)[..] else {
        return None;
    };
    let words = |part: &str| -> Vec<String> {
        let words = part.split(|c: char| !c.is_alphanumeric());
        words
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let before = words(&text[..first.start]);
    let between = words(&text[first.end..second.start]);
    let between: Vec<&str> = between.iter().map(String::as_str).collect();
    let (said, given_up) = match (before.last().map(String::as_str), &between[..]) {
        (
            _,
            ["not" | "no"] | ["instead" | "rather", "of" | "than"] | ["en", "vez" | "lugar", "de"],
        ) => (first, second),
        (Some("not" | "no"), [] | ["but" | "sino" | "make" | "its" | "it", ..]) => (second, first),
        _ => return None,
    };
    let follows = text[second.end..]
        .split_whitespace()
        .next()
        .unwrap_or_default();
    if follows.starts_with(|c: char| c.is_alphanumeric())
        && !["please", "pls", "sorry", "my", "porfa", "por", "perdon"].contains(&follows)
    {
        return None;
    }
    let criteria = &known.criteria;
    let sqft = |sqft: Option<u32>| sqft.map(|sqft| f64::from(sqft) / 1_000.0);
    let count = |count: Option<u32>| count.map(f64::from);
    let candidates = [
        (sqft(known.sqft_min.or(known.sqft_max)), "k sqft"),
        (sqft(known.sqft_max), "k sqft"),
        (count(known.sqft_min.or(known.sqft_max)), " sqft"),
        (count(known.sqft_max), " sqft"),
        (count(criteria.dock_doors_min), " docks"),
        (count(criteria.drive_in_doors_min), " drive-in doors"),
        (count(criteria.trailer_stalls_min), " trailer stalls"),
        (count(criteria.pallet_positions), " pallets"),
        (criteria.clear_height_min_ft, "' clear"),
    ];
    let is_known =
        |known: Option<f64>| known.is_some_and(|known| (known - given_up.value).abs() < 0.05);
    let mut units = candidates
        .iter()
        .filter(|(known, _)| is_known(*known))
        .map(|(_, unit)| *unit);
    let unit = units.next()?;
    // 12 that may be docks or thousands of feet tells nothing.
    if units.any(|other| other != unit) {
        return None;
    }
    let mut head = &text[..first.start];
    if said.start != first.start {
        // "Not 3, 5": what is left does not refuse.
        head = head.trim_end();
        head = head.rsplit_once(' ').map_or("", |(head, _)| head);
    }
    let said = &text[said.start..said.end];
    Some([head, " ", said, unit, &text[second.end..]].concat())
}

/// "Make that 20", "más bien 16-17", after we said a size back: thousands of square feet, as far as nothing else is counted.
fn changed(text: &str, asked: &str, known: &Requirement) -> Option<String> {
    const CHANGES: [&str; 12] = [
        "make it",
        "make that",
        "more like",
        "closer to",
        "lets do",
        "lets say",
        "it to",
        "up to",
        "down to",
        "mas bien",
        "que sean",
        "mejor",
    ];
    const DENIALS: &str = "no nope nah close almost nearly casi";
    const BETWEEN: &str = "about around like maybe unos como";
    let sqft = known.sqft_max.or(known.sqft_min)?;
    let is_said_back = asked.contains(&thousands(sqft)) && !asked.contains("1)");
    let counts_else =
        known.criteria.dock_doors_min.is_some() || known.criteria.clear_height_min_ft.is_some();
    let numbers = numbers(text);
    let (first, last) = (numbers.first()?, numbers.last()?);
    let unit = if last.value < 1_000.0 {
        "k sqft"
    } else {
        " sqft"
    };
    let is_near = |number: &Number| {
        let factor = if last.value < 1_000.0 { 1_000.0 } else { 1.0 };
        (0.3..=3.0).contains(&(number.value * factor / f64::from(sqft)))
    };
    let rest = text[last.end..].trim_start();
    let is_alone = rest.is_empty() || rest.starts_with(['.', ',', '!', ';']);
    if !is_said_back
        || counts_else
        || !is_alone
        || numbers.len() > 2
        || !numbers.iter().all(is_near)
    {
        return None;
    }
    let head = places::fold(&text[..first.start]).replace('\'', "");
    let mut words: Vec<&str> = head.split_whitespace().collect();
    while words
        .last()
        .is_some_and(|word| BETWEEN.split(' ').any(|between| between == *word))
        && !words.ends_with(&["more", "like"])
    {
        words.pop();
    }
    let head = words.join(" ");
    // "No, 19", "casi, 9500".
    let is_denied = DENIALS
        .split(' ')
        .any(|word| word == head.trim_end_matches([',', '.']));
    let is_change = is_denied || CHANGES.iter().any(|change| head.ends_with(change));
    is_change.then(|| [&text[..last.end], unit, &text[last.end..]].concat())
}

/// The numbers in digits, with the thousands that follow them: "24", "9,500", "5k", "6 mil".
fn numbers(text: &str) -> Vec<Number> {
    let mut numbers: Vec<Number> = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(|c: char| c.is_ascii_digit()) {
        let start = at + found;
        let length = text[start..]
            .find(|c: char| !c.is_ascii_digit() && c != ',' && c != '.')
            .unwrap_or(text.len() - start);
        let digits = text[start..start + length].trim_end_matches([',', '.']);
        let mut end = start + digits.len();
        let behind = text[end..].trim_start();
        let thousands = ["k", "mil", "thousand", "grand"].into_iter().find(|word| {
            let written = behind.get(..word.len());
            written.is_some_and(|written| written.eq_ignore_ascii_case(word))
                && !behind[word.len()..].starts_with(|c: char| c.is_alphanumeric())
        });
        let value: f64 = digits.replace(',', "").parse().unwrap_or(f64::NAN);
        if let Some(word) = thousands {
            end = text.len() - behind.len() + word.len();
        }
        numbers.push(Number {
            start,
            end,
            value: if thousands.is_some() {
                value * 1_000.0
            } else {
                value
            },
        });
        at = end.max(start + length);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_alone_is_what_our_question_asks_for() {
        let known = Requirement::default();
        for (asked, text, read) in [
            (
                "How many dock doors do you need?",
                "we can live with 5, thanks",
                Some("we can live with 5 docks, thanks"),
            ),
            (
                "How much clear height do you need?",
                "30 is enough and sprinklers",
                Some("clear height 30 is enough and sprinklers"),
            ),
            (
                "¿Qué altura libre necesita?",
                "8 metros",
                Some("clear height 8 metros"),
            ),
            (
                "What is your monthly budget?",
                "around 9k max",
                Some("around 9k a month max"),
            ),
            (
                "¿Cuál es su presupuesto?",
                "no más de 6 mil",
                Some("no más de 6 mil a month"),
            ),
            ("How much office do you need?", "20%", Some("20% office")),
            ("How many years?", "2", Some("2 years")),
            (
                "How many dock doors do you need?",
                "just one",
                Some("just one docks"),
            ),
            (
                "¿Cuántos andenes necesita?",
                "con dos basta",
                Some("con dos docks basta"),
            ),
            ("How many dock doors do you need?", "the first one", None),
            // They say what they count, or count nothing that was asked.
            ("How much clear height do you need?", "24 months", None),
            ("What is your monthly budget?", "actually 9k sf", None),
            ("What is your monthly budget?", "1.40", None),
            ("What size and budget?", "9000", None),
            ("How much office do you need?", "2", None),
            (
                "How many dock doors do you need?",
                "2 or 3",
                Some("2 or 3 docks"),
            ),
            ("What ceiling height?", "20-24", Some("clear height 20-24")),
            (
                "How many sqft?",
                "8500 give or take",
                Some("8500 sqft give or take"),
            ),
            ("¿De qué tamaño?", "no más de 6", Some("no más de 6k sqft")),
            (
                "¿Cuánto puede pagar?",
                "unos 7 mil",
                Some("unos 7 mil a month"),
            ),
            (
                "Can it be divided?",
                "yes, from 5k",
                Some("yes, from divisible to 5k"),
            ),
            ("Can it be divided?", "no, all 20k", None),
            ("How many dock doors do you need?", "2 on 3rd st", None),
            (
                "How many dock doors do you need?",
                "4, and 24 clear",
                Some("4 docks, and 24 clear"),
            ),
            ("How many dock doors do you need?", "1/15, 10am", None),
            ("How many dock doors do you need?", "for 10k sf, 2", None),
            ("We noted the budget.", "9000", None),
            (
                "It has 2 docks and 20' ceilings. Tour at 10?",
                "11 would be fine",
                None,
            ),
            ("What is your monthly budget?", "\u{130}5\u{e9}", None),
        ] {
            assert_eq!(
                with_unit(text, Some(asked), &known).as_deref(),
                read,
                "{text}"
            );
        }
    }

    #[test]
    fn a_changed_size_is_counted_as_the_size_that_we_said_back() {
        let known = Requirement {
            sqft_min: Some(15_000),
            sqft_max: Some(15_000),
            ..Requirement::default()
        };
        let said = "Got it: 15,000 sqft in Anaheim for storage.";
        for (asked, text, read) in [
            (said, "make that 20", Some("make that 20k sqft")),
            (
                said,
                "actually more like 16-17",
                Some("actually more like 16-17k sqft"),
            ),
            (
                said,
                "más bien unos 12, gracias",
                Some("más bien unos 12k sqft, gracias"),
            ),
            (said, "no 19", Some("no 19k sqft")),
            (said, "casi, 9500", Some("casi, 9500 sqft")),
            (said, "no, 2", None),
            (said, "make it 2", None),
            (said, "make it 20 docks", None),
            (said, "we are 20", None),
            ("Tour on Monday at 10?", "make that 11", None),
            (
                "1) 15,000 SF Anaheim, $1.40 2) 14,000 SF Brea",
                "make it 14",
                None,
            ),
        ] {
            assert_eq!(
                with_unit(text, Some(asked), &known).as_deref(),
                read,
                "{text}"
            );
        }
    }

    #[test]
    fn a_number_counts_what_the_one_it_replaces_counted() {
        let mut known = Requirement {
            sqft_min: Some(9_000),
            sqft_max: Some(9_000),
            ..Requirement::default()
        };
        known.criteria.dock_doors_min = Some(3);
        known.criteria.clear_height_min_ft = Some(24.0);
        for (text, read) in [
            ("meant 11 not 9", Some("meant  11k sqft")),
            ("perdón, son 7 no 9", Some("perdón, son  7k sqft")),
            ("not 3, 5 please", Some(" 5 docks please")),
            ("en vez de 24, 30", None),
            ("30 en vez de 24", Some(" 30' clear")),
            ("11 not 8", None),
            ("may 11 not 9 am", None),
            ("9 to 5", None),
        ] {
            assert_eq!(with_unit(text, None, &known).as_deref(), read, "{text}");
        }
        // Nine of what?
        known.criteria.dock_doors_min = Some(9);
        assert_eq!(with_unit("meant 11 not 9", None, &known), None);
    }
}
