//! What may not be said: checks on a draft, whoever wrote it. Deterministic; a draft that fails names its fault, so that it
//! can be written again.
//!
//! A draft may state only what the facts state: every amount of money, hour, number, date, place and name in it must be in
//! them. What the contact wrote is no fact: a text that asks us to say something cannot make it true.

use std::collections::BTreeSet;

use wex_domain::sms_text::{self, segments};
use wex_domain::understand::{Language, understand};

use crate::words::{language, plain, plain_words};

/// What a draft is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// All that may be stated.
    pub facts: &'a [String],
    /// Links, e-mail addresses and phone numbers of ours: the only ones that may be given. A listing has none to give.
    pub ours: &'a [String],
    pub language: Language,
    /// The longest text, in SMS segments.
    pub segments_max: usize,
    /// What stands before the draft in the same text, or nothing.
    pub opening: &'a str,
    /// What stands behind it, or nothing.
    pub closing: &'a str,
}

/// Why a draft may not be sent. Its text tells a writer what to mend; it holds nothing of the draft but the one word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("it says nothing")]
    Empty,
    #[error("the number {0} is not in the facts")]
    Number(String),
    #[error("the date or day {0} is not in the facts")]
    Date(String),
    #[error("the place {0} is not in the facts")]
    Place(String),
    #[error("the name {0} is not in the facts")]
    Name(String),
    #[error("it gives a street address")]
    Address,
    #[error("it gives a phone number or an e-mail address that is not ours")]
    Contact,
    #[error("it has a link that is not allowed")]
    Link,
    #[error("it promises something: {0}")]
    Promise(&'static str),
    #[error("it denies being an AI: {0}")]
    DeniesAi(&'static str),
    #[error("it gives legal, tax or financing advice: {0}")]
    Advice(&'static str),
    #[error("it has a word that carriers block")]
    Blocked,
    #[error("it shouts")]
    Shouts,
    #[error("it is not in the language of the contact")]
    Language,
    #[error("it is longer than {0} SMS segments")]
    TooLong(usize),
}

impl Fault {
    /// For a log, which must not hold what was drafted.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Number(_) => "number",
            Self::Date(_) => "date",
            Self::Place(_) => "place",
            Self::Name(_) => "name",
            Self::Address => "address",
            Self::Contact => "contact",
            Self::Link => "link",
            Self::Promise(_) => "promise",
            Self::DeniesAi(_) => "denies_ai",
            Self::Advice(_) => "advice",
            Self::Blocked => "blocked",
            Self::Shouts => "shouts",
            Self::Language => "language",
            Self::TooLong(_) => "too_long",
        }
    }
}

/// Checks a draft. Returns it as it may be sent: normalised for SMS.
///
/// # Errors
/// The first fault found.
pub fn check(draft: &str, rules: &Rules<'_>) -> Result<String, Fault> {
    let draft = sms_text::normalize(draft.trim());
    if draft.is_empty() {
        return Err(Fault::Empty);
    }
    let facts = Facts::of(rules.facts);
    let spoken = Words::of(&draft);
    contacts(&draft, rules)?;
    links(&draft, rules)?;
    address(&draft)?;
    numbers(&draft, &facts)?;
    dates(&draft, &facts)?;
    places(&draft, &facts)?;
    shouting(&draft)?;
    phrases(&spoken)?;
    names(&draft, &facts)?;
    if language(&draft).is_some_and(|language| language != rules.language) {
        return Err(Fault::Language);
    }
    let whole = join(rules.opening, &join(&draft, rules.closing));
    let fitted = sms_text::fit(&whole, rules.segments_max);
    // What was cut would have been said.
    if fitted.split_whitespace().count() < whole.split_whitespace().count() {
        return Err(Fault::TooLong(rules.segments_max));
    }
    debug_assert!(
        segments(&fitted).count <= rules.segments_max,
        "fit keeps its bound"
    );
    Ok(fitted)
}

/// Two texts with a space between them, either may be empty.
pub(crate) fn join(first: &str, second: &str) -> String {
    if first.is_empty() || second.is_empty() {
        format!("{first}{second}")
    } else {
        format!("{first} {second}")
    }
}

/// What may be stated, taken apart.
struct Facts {
    /// All of them in lower case, for places and names.
    text: String,
    words: BTreeSet<String>,
    quantities: BTreeSet<Quantity>,
    days: BTreeSet<Day>,
}

impl Facts {
    fn of(facts: &[String]) -> Self {
        let text = sms_text::normalize(&facts.join("\n"));
        Self {
            quantities: quantities(&text)
                .into_iter()
                .map(|(found, _)| found)
                .collect(),
            days: days(&text).into_iter().map(|(found, _)| found).collect(),
            words: Words::of(&text).0.into_iter().collect(),
            text: text.to_lowercase(),
        }
    }
}

/// The words of a text in lower case without accents.
struct Words(Vec<String>);

impl Words {
    fn of(text: &str) -> Self {
        Self(plain_words(text))
    }

    /// The first of these phrases that occurs, whole words only.
    fn find(&self, phrases: &'static [&'static str]) -> Option<&'static str> {
        phrases.iter().copied().find(|phrase| {
            let phrase: Vec<&str> = phrase.split(' ').collect();
            self.0.windows(phrase.len()).any(|window| window == phrase)
        })
    }
}

/// A number with what it counts, as far as its writing tells: prices, hours and all others are not each other's proof.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Quantity {
    Money(String),
    Hour(String),
    Count(String),
}

/// The numbers of a text, each with its writing.
fn quantities(text: &str) -> Vec<(Quantity, String)> {
    let mut found = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        if !chars[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while at < chars.len()
            && (chars[at].is_ascii_digit()
                || (matches!(chars[at], ',' | '.' | ':')
                    && chars.get(at + 1).is_some_and(char::is_ascii_digit)))
        {
            at += 1;
        }
        let written: String = chars[start..at].iter().collect();
        let rest: String = chars[at..]
            .iter()
            .take(6)
            .collect::<String>()
            .to_lowercase();
        let rest_trimmed = rest.trim_start();
        let is_hour = written.contains(':')
            || ["am", "pm", "a.m", "p.m"]
                .iter()
                .any(|half| rest_trimmed.starts_with(half));
        let is_money = start > 0 && chars[start - 1] == '$' || rest_trimmed.starts_with("usd");
        let kilo = rest.starts_with('k') && !rest[1..].starts_with(char::is_alphabetic);
        let value = value(&written, kilo);
        found.push((
            match (is_money, is_hour) {
                (true, _) => Quantity::Money(value),
                (_, true) => Quantity::Hour(hour(&written, rest_trimmed.starts_with('p'))),
                _ => Quantity::Count(value),
            },
            written,
        ));
    }
    for word in Words::of(text).0 {
        if let Some(value) = number_word(&word) {
            found.push((Quantity::Count(value.to_owned()), word));
        }
    }
    found
}

/// `10,000`, `10.000` and `10k` are 10000; `1.50` is 1.5.
fn value(written: &str, kilo: bool) -> String {
    let grouped = |separator: char| {
        let mut groups = written.split(separator);
        groups
            .next()
            .is_some_and(|first| (1..=3).contains(&first.len()))
            && groups.clone().count() > 0
            && groups.all(|group| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit()))
    };
    let digits = if grouped('.') {
        written.replace('.', "")
    } else {
        written.replace(',', "")
    };
    match digits.parse::<f64>() {
        Ok(number) if kilo => (number * 1_000.0).to_string(),
        Ok(number) => number.to_string(),
        Err(_more_than_one_point) => digits,
    }
}

/// Hours of both halves of the day are told apart, `10`, `10:00` and `10am` are not.
fn hour(written: &str, is_afternoon: bool) -> String {
    let (hour, minute) = written.split_once([':', '.']).unwrap_or((written, "00"));
    let hour: u32 = hour.parse().unwrap_or(99);
    let hour = if is_afternoon && hour < 12 {
        hour + 12
    } else {
        hour
    };
    format!("{hour}:{minute}")
}

/// `None` for what is also an article or a pronoun: "one of them", "uno".
fn number_word(word: &str) -> Option<&'static str> {
    const WORDS: [(&str, &str); 26] = [
        ("two", "2"),
        ("three", "3"),
        ("four", "4"),
        ("five", "5"),
        ("six", "6"),
        ("seven", "7"),
        ("eight", "8"),
        ("nine", "9"),
        ("ten", "10"),
        ("eleven", "11"),
        ("twelve", "12"),
        ("hundred", "100"),
        ("thousand", "1000"),
        ("million", "1000000"),
        ("dos", "2"),
        ("tres", "3"),
        ("cuatro", "4"),
        ("cinco", "5"),
        ("seis", "6"),
        ("siete", "7"),
        ("ocho", "8"),
        ("nueve", "9"),
        ("diez", "10"),
        ("doce", "12"),
        ("mil", "1000"),
        ("cien", "100"),
    ];
    WORDS
        .iter()
        .find(|(written, _)| *written == word)
        .map(|(_, value)| *value)
}

fn numbers(draft: &str, facts: &Facts) -> Result<(), Fault> {
    match quantities(draft)
        .into_iter()
        .find(|(quantity, _)| !facts.quantities.contains(quantity))
    {
        Some((_, written)) => Err(Fault::Number(written)),
        None => Ok(()),
    }
}

/// A day or a month, whatever the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Day {
    Weekday(usize),
    Month(usize),
    Relative(usize),
}

/// The days and months of a text, each with its writing. English short forms, and `may`, are words as well: they count
/// when they begin with a capital.
fn days(text: &str) -> Vec<(Day, String)> {
    const WEEKDAYS: [(&str, &str, &str); 7] = [
        ("monday", "mon", "lunes"),
        ("tuesday", "tue", "martes"),
        ("wednesday", "wed", "miercoles"),
        ("thursday", "thu", "jueves"),
        ("friday", "fri", "viernes"),
        ("saturday", "sat", "sabado"),
        ("sunday", "sun", "domingo"),
    ];
    const MONTHS: [(&str, &str, &str); 12] = [
        ("january", "jan", "enero"),
        ("february", "feb", "febrero"),
        ("march", "mar", "marzo"),
        ("april", "apr", "abril"),
        ("may", "may", "mayo"),
        ("june", "jun", "junio"),
        ("july", "jul", "julio"),
        ("august", "aug", "agosto"),
        ("september", "sep", "septiembre"),
        ("october", "oct", "octubre"),
        ("november", "nov", "noviembre"),
        ("december", "dec", "diciembre"),
    ];
    const RELATIVE: [(&str, &str); 3] = [
        ("today", "hoy"),
        ("tomorrow", "manana"),
        ("tonight", "esta noche"),
    ];
    let mut found = Vec::new();
    for word in text.split(|c: char| !c.is_alphabetic()) {
        let key = plain(word);
        let is_capital = word.starts_with(char::is_uppercase);
        let is_named = |(long, short, spanish): &(&str, &str, &str)| {
            key == *spanish
                || (key == *long && (is_capital || !matches!(key.as_str(), "may" | "march")))
                || (is_capital && (key == *short || key.strip_suffix('s') == Some(*short)))
        };
        if let Some(at) = WEEKDAYS.iter().position(is_named) {
            found.push((Day::Weekday(at), word.to_owned()));
        } else if let Some(at) = MONTHS.iter().position(is_named) {
            found.push((Day::Month(at), word.to_owned()));
        } else if let Some(at) = RELATIVE
            .iter()
            .position(|(en, es)| key == *en || key == *es)
        {
            found.push((Day::Relative(at), word.to_owned()));
        }
    }
    found
}

fn dates(draft: &str, facts: &Facts) -> Result<(), Fault> {
    match days(draft)
        .into_iter()
        .find(|(day, _)| !facts.days.contains(day))
    {
        Some((_, written)) => Err(Fault::Date(written)),
        None => Ok(()),
    }
}

fn places(draft: &str, facts: &Facts) -> Result<(), Fault> {
    let understood = understand(draft, None);
    let named = understood
        .locations
        .iter()
        .chain(&understood.unwanted_locations);
    for place in named {
        if !facts.text.contains(&place.name.to_lowercase()) {
            return Err(Fault::Place(place.name.clone()));
        }
    }
    Ok(())
}

/// Words with a capital inside a sentence are names; names must be facts. Days are looked at as such.
fn names(draft: &str, facts: &Facts) -> Result<(), Fault> {
    const OURS: &str = "i i'm i'll i'd i've wex wex's ai stop help start msg nnn mg sms ok us usa";
    let mut begins = true;
    for word in draft.split_whitespace() {
        let core = word.trim_matches(|c: char| !c.is_alphanumeric());
        let key = plain(core);
        if !begins
            && core.starts_with(char::is_uppercase)
            && !OURS.split(' ').any(|ours| ours == key)
            && !facts.words.contains(&key)
            && days(core).is_empty()
        {
            return Err(Fault::Name(core.to_owned()));
        }
        // After the number of an option, too: "1) Carson".
        begins = word.ends_with(['.', '!', '?', ':', ')', '"', '-'])
            || word.starts_with(['¿', '¡', '"']);
    }
    Ok(())
}

fn address(draft: &str) -> Result<(), Fault> {
    const STREETS: &str = "st street ave avenue blvd boulevard rd road dr drive ln lane hwy highway pkwy parkway \
        calle avenida way ct court pl";
    const WORDS_BETWEEN_MAX: usize = 3;
    let words: Vec<&str> = draft
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .collect();
    for (at, word) in words.iter().enumerate() {
        let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number {
            continue;
        }
        for next in words.iter().skip(at + 1).take(WORDS_BETWEEN_MAX + 1) {
            if STREETS
                .split_whitespace()
                .any(|street| street == next.to_lowercase())
            {
                return Err(Fault::Address);
            }
            if !next.starts_with(char::is_uppercase) {
                break;
            }
        }
    }
    Ok(())
}

fn contacts(draft: &str, rules: &Rules<'_>) -> Result<(), Fault> {
    const PHONE_DIGITS_MIN: usize = 7;
    let is_ours = |written: &str| rules.ours.iter().any(|ours| ours.contains(written));
    let is_foreign_mail = draft
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .any(|word| word.contains('@') && !is_ours(word));
    // Digits with no more between them than people write inside a phone number.
    let mut run = String::new();
    let mut is_foreign_phone = false;
    for c in draft.chars().chain(['\n']) {
        if c.is_ascii_digit() || matches!(c, '-' | '.' | '(' | ')' | ' ' | '+') {
            run.push(c);
            continue;
        }
        let is_phone =
            |part: &str| part.chars().filter(char::is_ascii_digit).count() >= PHONE_DIGITS_MIN;
        if is_phone(&run) && !is_ours(run.trim_matches([' ', '.', '-', '('])) {
            is_foreign_phone = true;
        }
        run.clear();
    }
    if is_foreign_mail || is_foreign_phone {
        return Err(Fault::Contact);
    }
    Ok(())
}

fn links(draft: &str, rules: &Rules<'_>) -> Result<(), Fault> {
    const ENDINGS: &str =
        "com net org io co ly me app info biz us gl gd gy link site online xyz ai dev mx es";
    for word in draft.split_whitespace() {
        let word = word
            .trim_matches(|c: char| !(c.is_alphanumeric() || c == '/'))
            .to_lowercase();
        if word.contains('@') {
            continue; // An e-mail address, looked at as such.
        }
        let has_scheme = word.contains("://");
        let host = word.rsplit("://").next().unwrap_or_default();
        let host = host.split(['/', '?', '#', ':']).next().unwrap_or_default();
        let ending = host.rsplit('.').next().unwrap_or_default();
        let is_named = host.contains('.') && ENDINGS.split(' ').any(|known| known == ending);
        let is_address =
            host.split('.').count() == 4 && host.split('.').all(|part| part.parse::<u8>().is_ok());
        let is_ours = || rules.ours.iter().any(|ours| ours.to_lowercase() == word);
        if (has_scheme || is_named || is_address) && !is_ours() {
            return Err(Fault::Link);
        }
    }
    Ok(())
}

fn phrases(spoken: &Words) -> Result<(), Fault> {
    const PROMISES: &[&str] = &[
        "guarantee",
        "guaranteed",
        "guarantees",
        "i promise",
        "we promise",
        "approved",
        "reserved",
        "reserve it",
        "hold it for you",
        "locked in",
        "it's yours",
        "is yours",
        "confirmed for you",
        "you're set",
        "you are set",
        "all set for",
        "garantizo",
        "garantizamos",
        "garantizado",
        "garantia",
        "prometo",
        "prometemos",
        "aprobado",
        "aprobada",
        "reservado",
        "reservada",
        "es suya",
        "es suyo",
    ];
    const DENIALS: &[&str] = &[
        "not a bot",
        "not a robot",
        "not an ai",
        "not ai",
        "not a machine",
        "not automated",
        "i'm human",
        "i am human",
        "i'm a human",
        "i am a human",
        "i'm a person",
        "i am a person",
        "i'm a real person",
        "i am a real person",
        "real human",
        "no soy un bot",
        "no soy bot",
        "no soy un robot",
        "no soy una maquina",
        "no soy una ia",
        "soy humano",
        "soy humana",
        "soy una persona",
    ];
    const ADVICE: &[&str] = &[
        "legal advice",
        "tax advice",
        "legally",
        "tax deductible",
        "tax-deductible",
        "deduct",
        "write off",
        "write-off",
        "sue",
        "lawsuit",
        "your lawyer",
        "interest rate",
        "mortgage",
        "sba loan",
        "you should finance",
        "demandar",
        "deducible",
        "hipoteca",
        "asesoria legal",
        "prestamo",
    ];
    const BLOCKED: &[&str] = &[
        "cannabis",
        "marijuana",
        "marihuana",
        "weed",
        "thc",
        "cbd",
        "hemp",
        "vape",
        "tobacco",
        "firearm",
        "firearms",
        "gun",
        "guns",
        "casino",
        "gambling",
        "porn",
        "sex",
        "fuck",
        "shit",
        "bitch",
        "asshole",
        "puta",
        "mierda",
    ];
    if let Some(phrase) = spoken.find(PROMISES) {
        return Err(Fault::Promise(phrase));
    }
    if let Some(phrase) = spoken.find(DENIALS) {
        return Err(Fault::DeniesAi(phrase));
    }
    if let Some(phrase) = spoken.find(ADVICE) {
        return Err(Fault::Advice(phrase));
    }
    if spoken.find(BLOCKED).is_some() {
        return Err(Fault::Blocked);
    }
    Ok(())
}

fn shouting(draft: &str) -> Result<(), Fault> {
    const WORDS_MAX: usize = 2;
    let mut run = 0;
    for word in draft.split_whitespace() {
        let letters: Vec<char> = word.chars().filter(|c| c.is_alphabetic()).collect();
        let is_loud = letters.len() > 3 && letters.iter().all(|c| c.is_uppercase());
        run = if is_loud { run + 1 } else { 0 };
        if run > WORDS_MAX || word.contains("!!") {
            return Err(Fault::Shouts);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
