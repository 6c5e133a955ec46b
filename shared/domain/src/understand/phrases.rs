//! Phrases among tokens, and the numbers that stand beside them.

use std::collections::HashMap;

use super::quantities::{Quantity, quantity};
use super::tokens::{Token, is_among};
use crate::places::is_one_edit_apart;

/// Words of this many letters are recognised with one letter wrong.
const MISSPELT_LETTERS_MIN: usize = 6;

/// The text of one token, empty past the end.
pub(super) fn text(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.text.as_str())
}

/// The texts of the tokens before `at`, nearest first, back to the end of the clause before.
pub(super) fn before(tokens: &[Token], at: usize) -> impl Iterator<Item = &str> {
    tokens[..at]
        .iter()
        .rev()
        .take_while(|token| !token.is_clause_end())
        .map(|token| token.text.as_str())
}

/// The texts of the tokens from `at` to the end of the clause.
pub(super) fn after(tokens: &[Token], at: usize) -> impl Iterator<Item = &str> {
    tokens[at.min(tokens.len())..]
        .iter()
        .take_while(|token| !token.is_clause_end())
        .map(|token| token.text.as_str())
}

/// Phrases that mean one thing. Commas part them, `a|b` is either word.
pub(super) struct Phrases {
    /// What may follow each word that begins one.
    by_first: HashMap<&'static str, Vec<Vec<&'static str>>>,
    /// The words that begin one and are recognised with one letter wrong.
    long: Vec<&'static str>,
}

/// Phrases that are written once, where they are looked for.
macro_rules! phrases {
    ($phrases:expr) => {{
        static PHRASES: std::sync::LazyLock<$crate::understand::phrases::Phrases> =
            std::sync::LazyLock::new(|| $crate::understand::phrases::Phrases::new($phrases));
        &*PHRASES
    }};
}
pub(super) use phrases;

impl Phrases {
    pub(super) fn new(phrases: &'static str) -> Self {
        let mut by_first: HashMap<&'static str, Vec<Vec<&'static str>>> = HashMap::new();
        for phrase in phrases.split(", ") {
            let mut words = phrase.split_whitespace();
            let rest: Vec<&'static str> = words.clone().skip(1).collect();
            for first in words.next().unwrap_or_default().split('|') {
                by_first.entry(first).or_default().push(rest.clone());
            }
        }
        let is_long = |word: &&&str| word.len() >= MISSPELT_LETTERS_MIN;
        let long = by_first.keys().filter(is_long).copied().collect();
        Self { by_first, long }
    }

    /// What may follow a word, if it begins a phrase.
    fn following(&self, word: &str) -> Option<&[Vec<&'static str>]> {
        let exact = self.by_first.get(word);
        let found = exact.or_else(|| {
            let right = self.long.iter().find(|right| is_word(word, right))?;
            self.by_first.get(right)
        });
        found.map(Vec::as_slice)
    }
}

/// The token after the longest of these phrases that stands at `at`. Hyphens and slashes between words are skipped.
pub(super) fn phrase(tokens: &[Token], at: usize, phrases: &Phrases) -> Option<usize> {
    let first = tokens.get(at)?;
    if first.is_taken || first.text.is_empty() {
        return None;
    }
    phrases
        .following(&first.text)?
        .iter()
        .filter_map(|rest| end_of(tokens, at + 1, rest))
        .max()
}

fn end_of(tokens: &[Token], from: usize, words: &[&str]) -> Option<usize> {
    let mut end = from;
    for word in words {
        if matches!(text(tokens, end), "-" | "/") {
            end += 1;
        }
        let token = tokens.get(end).filter(|token| !token.is_taken)?;
        if !word.split('|').any(|word| is_word(&token.text, word)) {
            return None;
        }
        end += 1;
    }
    Some(end)
}

fn is_word(written: &str, word: &str) -> bool {
    written == word
        || (word.len() >= MISSPELT_LETTERS_MIN
            && written.as_bytes().first() == word.as_bytes().first()
            && is_one_edit_apart(written, word))
}

/// Numbers that belong together, or one twice.
#[derive(Clone, Copy)]
pub(super) struct Count {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) start: usize,
    pub(super) is_thousands: bool,
}

/// The number before the thing at `noun`: "4 docks", "2 big dock doors", "dos andenes", "a dock". These words may stand between.
pub(super) fn count_before(tokens: &[Token], noun: usize, between: &str) -> Option<Count> {
    let mut end = noun;
    while end > 0
        && (is_among(text(tokens, end - 1), between) || matches!(text(tokens, end - 1), "-" | "x"))
    {
        end -= 1;
    }
    // "2 oversize 14x16 roll ups".
    let size = end.checked_sub(3).filter(|start| {
        text(tokens, start + 1) == "x"
            && quantity(tokens, *start).is_some()
            && quantity(tokens, start + 2).is_some()
    });
    if let Some(start) = size {
        end = start;
        while end > 0 && is_among(text(tokens, end - 1), between) {
            end -= 1;
        }
    }
    if matches!(text(tokens, end.checked_sub(1)?), "a" | "an") {
        return Some(Count {
            low: 1.0,
            high: 1.0,
            start: end - 1,
            is_thousands: false,
        });
    }
    // "A couple docks", "un par de andenes".
    let pair = end - usize::from(is_among(text(tokens, end - 1), "of de"));
    if is_among(text(tokens, pair.checked_sub(1)?), "couple pair par") {
        return Some(Count {
            low: 2.0,
            high: 2.0,
            start: pair - 1,
            is_thousands: false,
        });
    }
    let last = quantity_until(tokens, end)?;
    let range = last.start.checked_sub(1).filter(|joint| {
        matches!(
            text(tokens, *joint),
            "-" | "to" | "a" | "or" | "o" | "and" | "y"
        )
    });
    let first = range
        .and_then(|joint| quantity_until(tokens, joint))
        .filter(|first| first.value < last.value);
    Some(Count {
        low: first.map_or(last.value, |first| first.value),
        high: last.value,
        start: first.map_or(last.start, |first| first.start),
        is_thousands: last.is_thousands,
    })
}

/// The quantity that ends before the token `end`, with as many words as it has.
pub(super) fn quantity_until(tokens: &[Token], end: usize) -> Option<Quantity> {
    const TOKENS_MAX: usize = 4;
    (end.saturating_sub(TOKENS_MAX)..end)
        .find_map(|start| quantity(tokens, start).filter(|quantity| quantity.end == end))
}

/// The number after the thing that ends at `end`: "docks: 4", "docks x4", "docks (4)".
pub(super) fn count_after(tokens: &[Token], end: usize) -> Option<Quantity> {
    match text(tokens, end) {
        ":" | "=" | "x" => quantity(tokens, end + 1),
        "(" => quantity(tokens, end + 1).filter(|count| text(tokens, count.end) == ")"),
        // "x4" is one word.
        times => times.strip_prefix('x')?.parse().ok().map(|value| Quantity {
            value,
            is_thousands: false,
            is_grouped: false,
            has_unit: false,
            start: end,
            end: end + 1,
        }),
    }
}

/// Whether the text refuses what begins at `at`: "no docks", "don't need a yard", "sin oficina".
pub(super) fn is_refused(tokens: &[Token], at: usize) -> bool {
    const REFUSALS: &str =
        "no not without sin dont doesnt wont never non nor ni isnt skip forget scratch drop remove";
    const BETWEEN: &str = "need any a an the for really want have care about necesito necesitamos ocupo \
        ocupamos quiero queremos hace falta que con or o and y longer mas require needed";
    for word in before(tokens, at).take(6) {
        // "A drop yard" is a kind of yard; "drop the yard" refuses one.
        let is_kind = word == "drop" && text(tokens, at.saturating_sub(1)) == "drop";
        if is_among(word, REFUSALS) && !is_kind {
            // "No less than 4" asks for 4.
            let follows = tokens[..at].iter().rev().take(6).any(|token| {
                matches!(
                    token.text.as_str(),
                    "less" | "fewer" | "menos" | "problem" | "just" | "only"
                )
            });
            return !follows;
        }
        if !is_among(word, BETWEEN) {
            break;
        }
    }
    false
}

/// Whether what ends before `end` is said to be needless: "office not needed", "andenes no hacen falta".
pub(super) fn is_needless(tokens: &[Token], end: usize) -> bool {
    phrase(
        tokens,
        end,
        phrases!("not|isnt|arent needed|required|necessary, is|are not needed|required|necessary, no es|son necesario|necesaria|necesarios|necesarias, no hace|hacen falta"),
    )
    .is_some()
}

/// Whether what begins at `at` stands for what it is not to be: "instead of nnn", "not 2 docks", "en vez de 1.40".
pub(super) fn is_given_up(tokens: &[Token], at: usize) -> bool {
    let mut words = before(tokens, at).skip_while(|word| is_among(word, "$ the a la el"));
    match words.next() {
        Some("not") => true,
        Some("of") => words.next() == Some("instead"),
        Some("than") => words.next() == Some("rather"),
        Some("de") => matches!(words.next(), Some("vez" | "lugar")),
        _ => false,
    }
}

/// The number that takes the place of one from `start` to `end`: "2 docks, there's actually 3", "need not be 32 clear, 28 is fine".
pub(super) fn correction(tokens: &[Token], start: usize, end: usize) -> Option<Quantity> {
    const WORDS_MAX: usize = 6;
    const BETWEEN: &str = ", . - ; ( theres there are is its it only we have got now in fact make i like a en hay son es \
        tiene tenemos ser be so the that say were listed shown posted online wrong";
    const SIGNS: &str = "nomas solo solamente actually really should but sorry meant mean oops wait no pero realmente realidad perdon digo deberian \
        deberia deben debe";
    let is_among_both =
        |at: &usize| is_among(text(tokens, *at), BETWEEN) || is_among(text(tokens, *at), SIGNS);
    let at = (end..tokens.len().min(end + WORDS_MAX + 1)).find(|at| !is_among_both(at))?;
    let number = quantity(tokens, at)?;
    let will_do = phrase(
        tokens,
        number.end,
        phrases!(
            "is|are|its fine|ok|okay|good|enough|plenty, works, will|would|should do|work|be, esta|estan bien, basta, bastan, alcanza"
        ),
    );
    let is_waived = before(tokens, start)
        .take(6)
        .any(|word| is_among(word, "doesnt dont not no isnt"));
    // "2 more, so its 4 total".
    let is_total = is_among(text(tokens, number.end), "total altogether");
    // "You have us at 24 clear, we're 26": what others say is held against what is.
    let is_quoted = before(tokens, start)
        .take(6)
        .any(|word| is_among(word, "u you ur listing site ad anuncio dice dicen"));
    // "3 docks not 2" gives up the second.
    let is_corrected = (is_quoted || (end..at).any(|at| is_among(text(tokens, at), SIGNS)))
        && !is_among(text(tokens, at - 1), "no not")
        || is_total
        || (is_waived && will_do.is_some());
    // What is counted by something else is no correction: "2 docks but 30 employees".
    let is_alone = is_total
        || will_do.is_some()
        || tokens.get(number.end).is_none_or(|next| {
            next.is_clause_end()
                || is_among(&next.text, "plus and with w not instead y mas con no + )")
        });
    (is_corrected && is_alone && !number.is_thousands && !number.is_grouped).then_some(number)
}

/// Marks tokens as read: no later step may take a number from among them.
pub(super) fn take(tokens: &mut [Token], start: usize, end: usize) {
    let end = end.min(tokens.len());
    for token in &mut tokens[start.min(end)..end] {
        token.is_taken = true;
    }
}

/// A number as a count, within these bounds.
pub(super) fn whole(number: f64, min: u32, max: u32) -> Option<u32> {
    let rounded = number.round();
    if !(f64::from(min)..=f64::from(max)).contains(&rounded) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number within bounds"
    )]
    Some(rounded as u32)
}
