//! A text as words, numbers and marks, with what their spelling says: capitals, grouping, gluing.
//!
//! Things that hold digits but are never a quantity (phone numbers, dates, times, links, e-mail addresses) become one
//! opaque token each, so that no later step can take them apart.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::sms_text::normalize;

/// A word, a number, a mark or an opaque thing. Not `Debug`: it holds a contact's words.
pub(super) struct Token {
    pub(super) kind: Kind,
    /// In lower case, without accents and apostrophes: what rules compare. Empty for an opaque token.
    pub(super) text: String,
    /// As written; names of places we do not know are made of it.
    pub(super) written: String,
    /// Whether it begins with a capital, in a text where that means something.
    pub(super) is_capitalised: bool,
    /// Whether it has no small letter, likewise.
    pub(super) is_in_capitals: bool,
    /// Whether nothing separates the token from the one before.
    pub(super) is_glued: bool,
    /// Whether the token is part of a place; set by [`super::wanted::places`].
    pub(super) is_place: bool,
    /// Whether the token names a use; set by [`super::purposes::uses`].
    pub(super) is_use: bool,
    /// Whether a step has read the token as something that is no size; set by [`super::phrases::take`].
    pub(super) is_taken: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Word,
    /// A number in digits. `is_grouped` if its thousands are marked ("10,000", "10.000").
    Number {
        value: f64,
        is_grouped: bool,
    },
    Mark,
    Opaque,
}

impl Token {
    pub(super) fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }

    /// Whether the token starts a new thought: what stands before it says nothing about what stands after.
    pub(super) fn is_clause_end(&self) -> bool {
        self.kind == Kind::Mark && matches!(self.text.as_str(), "," | "." | ";" | "?" | "!" | "\n")
    }
}

/// The tokens of a text, in order.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = normalize(text).chars().collect();
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        if c.is_whitespace() && c != '\n' {
            at += 1;
            continue;
        }
        let is_glued = at > 0 && !chars[at - 1].is_whitespace();
        let (kind, length) = token_at(&chars, at, tokens.last());
        let written: String = chars[at..at + length].iter().collect();
        at += length;

        if let (Kind::Number { value: part, .. }, Some(whole)) = (kind, tokens.last_mut())
            && written.contains('/')
            && !is_glued
            && let Kind::Number {
                value,
                is_grouped: false,
            } = &mut whole.kind
            && *value < 100.0
        {
            *value += part; // "2 1/2" is one number.
            continue;
        }
        let text = match kind {
            Kind::Opaque => String::new(),
            Kind::Word if !is_glued => {
                spelt_out(&written).map_or_else(|| fold(&written), str::to_owned)
            }
            Kind::Word | Kind::Number { .. } | Kind::Mark => fold(&written),
        };
        let is_capitalised = written.starts_with(char::is_uppercase);
        let is_in_capitals = written.chars().all(|c| !c.is_lowercase());
        tokens.push(Token {
            kind,
            text,
            written,
            is_capitalised,
            is_in_capitals,
            is_glued,
            is_place: false,
            is_use: false,
            is_taken: false,
        });
    }
    if is_shouted(&tokens) {
        for token in &mut tokens {
            token.is_capitalised = false;
            token.is_in_capitals = false;
        }
    }
    tokens
}

/// Whether a word is in a list of words parted by spaces.
pub(super) fn is_among(word: &str, words: &str) -> bool {
    words.split(' ').any(|listed| listed == word)
}

/// What Spanish abbreviates to a letter or two. "PA" is a state.
fn spelt_out(written: &str) -> Option<&'static str> {
    match written {
        "d" => Some("de"),
        "q" => Some("que"),
        "pa" => Some("para"),
        _ => None,
    }
}

/// Whether a text is in capitals throughout, so that they mean nothing. Abbreviations do not shout.
fn is_shouted(tokens: &[Token]) -> bool {
    let mut words = tokens
        .iter()
        .filter(|token| token.is_word() && token.written.len() > 3)
        .peekable();
    words.peek().is_some() && words.all(|token| token.is_in_capitals)
}

/// Lower case, accents and apostrophes dropped, so that `Cañón` is `canon` and `don't` is `dont`.
fn fold(written: &str) -> String {
    if written.len() == 1 {
        return written.to_lowercase();
    }
    let folded = written
        .nfd()
        .filter(|&c| !is_combining_mark(c) && c != '\'' && c != '.')
        .flat_map(char::to_lowercase);
    folded.filter(|&c| !is_combining_mark(c)).collect()
}

/// The kind and length in characters of the token that begins at `at`.
fn token_at(chars: &[char], at: usize, before: Option<&Token>) -> (Kind, usize) {
    let c = chars[at];
    let starts_chunk =
        at == 0 || chars[at - 1].is_whitespace() || matches!(chars[at - 1], '(' | '<' | '"');
    if starts_chunk
        && !matches!(c, '(' | '<' | '"')
        && let Some(length) = link(chars, at)
    {
        return (Kind::Opaque, length);
    }
    if let Some(length) = phone(chars, at).or_else(|| date_or_time(chars, at)) {
        return (Kind::Opaque, length);
    }
    if c.is_ascii_digit() || (c == '.' && !follows_word(chars, at) && is_digit(chars, at + 1)) {
        return number(chars, at);
    }
    // "40x100": the x between two numbers is a sign, not a word.
    let follows_number =
        before.is_some_and(|token| matches!(token.kind, Kind::Number { .. }) || token.text == "'");
    if matches!(c, 'x' | 'X')
        && follows_number
        && !chars.get(at + 1).is_some_and(|next| next.is_alphabetic())
    {
        return (Kind::Mark, 1);
    }
    if c.is_alphanumeric() {
        return (Kind::Word, word(chars, at));
    }
    (Kind::Mark, 1)
}

fn is_digit(chars: &[char], at: usize) -> bool {
    chars.get(at).is_some_and(char::is_ascii_digit)
}

fn follows_word(chars: &[char], at: usize) -> bool {
    at > 0 && chars[at - 1].is_alphanumeric()
}

/// Length of a link or an e-mail address. Bounded, so that a text without spaces is not read again and again.
fn link(chars: &[char], at: usize) -> Option<usize> {
    const LINK_CHARS_MAX: usize = 300;
    let mut end = at;
    while end < chars.len() && end - at < LINK_CHARS_MAX && !chars[end].is_whitespace() {
        end += 1;
    }
    while end > at
        && matches!(
            chars[end - 1],
            '.' | ',' | ')' | '!' | '?' | ';' | '"' | '>'
        )
    {
        end -= 1;
    }
    let chunk: String = chars[at..end].iter().collect::<String>().to_lowercase();
    let is_address = chunk
        .find('@')
        .is_some_and(|sign| sign > 0 && chunk[sign..].contains('.'));
    let is_link = chunk.contains("://")
        || chunk.starts_with("www.")
        || [".com", ".net", ".org", ".io"]
            .iter()
            .any(|domain| chunk.ends_with(domain) || chunk.contains(&format!("{domain}/")));
    (is_address || is_link).then_some(end - at)
}

/// Length of a phone number of the North American plan: ten digits, or eleven with a leading 1, together or in groups
/// of three, three and four.
fn phone(chars: &[char], at: usize) -> Option<usize> {
    if !matches!(chars[at], '+' | '(' | '0'..='9')
        || (at > 0 && matches!(chars[at - 1], '0'..='9' | '$'))
    {
        return None;
    }
    let is_separator = |at: usize| chars.get(at).is_some_and(|c| matches!(c, ' ' | '-' | '.'));
    let mut end = at;
    if chars[end] == '+' {
        end += 1;
    }
    if chars.get(end) == Some(&'1')
        && (is_digit(chars, end + 1) || is_separator(end + 1) || chars.get(end + 1) == Some(&'('))
    {
        end += 1;
        if is_separator(end) {
            end += 1;
        }
    }
    if chars.get(end) == Some(&'(') {
        end += 1;
    }
    for (group, length) in [3, 3, 4].into_iter().enumerate() {
        if group > 0 {
            if chars.get(end) == Some(&')') {
                end += 1;
            }
            if is_separator(end) {
                end += 1;
            }
        }
        if !(0..length).all(|i| is_digit(chars, end + i)) {
            return None;
        }
        end += length;
    }
    (!is_digit(chars, end)).then_some(end - at)
}

/// Length of a date or a time in digits: `12/1`, `12/1/26`, `1-15-27`, `2027-01-01`, `10:30`. A plain fraction (`1/2`,
/// `3/4`) is no date.
fn date_or_time(chars: &[char], at: usize) -> Option<usize> {
    if !is_digit(chars, at)
        || (at > 0 && (chars[at - 1].is_ascii_digit() || matches!(chars[at - 1], ',' | '.' | '$')))
    {
        return None;
    }
    let digits_from = |from: usize| {
        chars[from.min(chars.len())..]
            .iter()
            .take(5)
            .take_while(|c| c.is_ascii_digit())
            .count()
    };
    let first = digits_from(at);
    let sign = *chars.get(at + first)?;
    if first > 4 || !matches!(sign, '/' | '-' | ':') {
        return None;
    }
    let second = digits_from(at + first + 1);
    if !(1..=2).contains(&second) {
        return None;
    }
    let end = at + first + 1 + second;
    let third = if chars.get(end) == Some(&sign) {
        digits_from(end + 1)
    } else {
        0
    };
    if (1..=4).contains(&third) {
        return Some(end + 1 + third - at);
    }
    match sign {
        ':' if first <= 2 && second == 2 => Some(end - at),
        '/' if first <= 2
            && fraction(chars, at).is_none()
            && !chars.get(end).is_some_and(|c| c.is_alphabetic()) =>
        {
            Some(end - at)
        }
        _ => None,
    }
}

/// A fraction such as people write of acres and millions.
fn fraction(chars: &[char], at: usize) -> Option<f64> {
    let is_alone = !is_digit(chars, at + 3) && chars.get(at + 3) != Some(&'/');
    if !is_alone || chars.get(at + 1) != Some(&'/') {
        return None;
    }
    match (chars[at], chars.get(at + 2)?) {
        ('1', '2') => Some(0.5),
        ('1', '3') => Some(1.0 / 3.0),
        ('2', '3') => Some(2.0 / 3.0),
        ('1', '4') => Some(0.25),
        ('3', '4') => Some(0.75),
        _ => None,
    }
}

/// A number: `10000`, `10,000`, `10.000`, `1.5`, `.5`, `1/2`.
///
/// A dot before exactly three digits marks thousands, as in Spanish; nobody gives an area to a thousandth.
fn number(chars: &[char], at: usize) -> (Kind, usize) {
    if let Some(value) = fraction(chars, at) {
        return (
            Kind::Number {
                value,
                is_grouped: false,
            },
            3,
        );
    }
    let mut digits = String::new();
    let mut end = at;
    while is_digit(chars, end) {
        digits.push(chars[end]);
        end += 1;
    }
    let is_group = |sign: char, end: usize| {
        chars.get(end) == Some(&sign)
            && (1..=3).all(|i| is_digit(chars, end + i))
            && !is_digit(chars, end + 4)
    };
    let mut is_grouped = false;
    if (1..=3).contains(&digits.len()) && !digits.starts_with('0') {
        for sign in [',', '.'] {
            // "1.250k" is one and a quarter thousand.
            let is_decimal = sign == '.'
                && chars
                    .get(end + 4)
                    .is_some_and(|c| matches!(c, 'k' | 'K' | 'm' | 'M'));
            while !is_decimal && is_group(sign, end) {
                is_grouped = true;
                digits.extend(&chars[end + 1..end + 4]);
                end += 4;
            }
            if is_grouped {
                break;
            }
        }
    }
    if chars.get(end) == Some(&'.') && is_digit(chars, end + 1) {
        digits.push('.');
        end += 1;
        while is_digit(chars, end) {
            digits.push(chars[end]);
            end += 1;
        }
    }
    // Digits and at most one dot: anything they spell is a number, if perhaps an infinite one.
    let value = digits.parse().unwrap_or(f64::INFINITY);
    (Kind::Number { value, is_grouped }, end - at)
}

/// Length of a word: letters, digits after them, apostrophes inside, or single letters with dots (`L.A.`).
fn word(chars: &[char], at: usize) -> usize {
    let is_letter = |at: usize| chars.get(at).is_some_and(|c| c.is_alphabetic());
    let mut end = at;
    while is_letter(end)
        && chars.get(end + 1) == Some(&'.')
        && !chars
            .get(end + 2)
            .is_some_and(|c| c.is_alphanumeric() && is_letter(end + 3))
    {
        end += 2;
    }
    if end - at >= 4 {
        return end - at;
    }
    end = at;
    while let Some(c) = chars.get(end) {
        let is_inner_apostrophe = *c == '\'' && end > at && is_letter(end + 1);
        if !c.is_alphanumeric() && !is_combining_mark(*c) && !is_inner_apostrophe {
            break;
        }
        end += 1;
    }
    end - at
}
