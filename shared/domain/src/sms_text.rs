//! What a text costs on the wire, and how to make it cheaper without changing what it says.
//!
//! An SMS is sent in GSM-7 if every character is in that alphabet, else in UCS-2, which holds less than half as much.
//! One curly apostrophe is enough to triple the price of a reply, so every outbound text passes [`normalize`] or
//! [`fit`]. Alphabet and limits: 3GPP TS 23.038 §6.2.1 and TS 23.040 §9.2.3.24.1.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{
    canonical_combining_class, decompose_canonical, is_combining_mark,
};

/// How a text travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The GSM default alphabet and its extension; units are septets.
    Gsm7,
    /// Everything else; units are UTF-16 code units.
    Ucs2,
}

/// The size of a text as carriers bill it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segments {
    /// The cheapest encoding that can carry the text.
    pub encoding: Encoding,
    /// Length of the text in units of its encoding, without headers.
    pub units: usize,
    /// Number of parts. An empty text is one part.
    pub count: usize,
}

/// Counts the parts of a text, as Twilio's calculator does
/// (<https://github.com/TwilioDevEd/message-segment-calculator>): neither an extension pair nor a surrogate pair is
/// split between two parts.
pub fn segments(text: &str) -> Segments {
    let mut meter = Meter::default();
    for c in text.chars() {
        meter.push(c);
    }
    meter.segments()
}

/// Replaces typographic characters by what they stand for in GSM-7: quotes, dashes, ellipses, spaces, fractions,
/// full-width forms and some signs. Invisible characters go.
///
/// Letters and emoji stay, so the result may still be UCS-2. Applying it twice changes nothing more.
/// After Twilio's Smart Encoding, <https://www.twilio.com/docs/messaging/services/smart-encoding-char-list>.
pub fn normalize(text: &str) -> String {
    let mut normalized = String::with_capacity(text.len());
    let mut chars = text.nfc().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    normalized.push('\n');
                }
            }
            '\u{85}' | '\u{2028}' | '\u{2029}' => normalized.push('\n'),
            '\n' => normalized.push('\n'),
            // Inside an emoji a joiner has a meaning; after a GSM-7 character it only makes the text expensive.
            '\u{200D}' => {
                if normalized
                    .chars()
                    .next_back()
                    .is_some_and(|before| septets(before).is_none())
                {
                    normalized.push(c);
                }
            }
            _ if is_invisible(c) || (c.is_control() && !matches!(c, '\t' | '\u{B}' | '\u{C}')) => {}
            _ => match plain(c) {
                // 2½ is two and a half, and 21/2 is not.
                Some(fraction) if c.is_numeric() && fraction.contains('/') => {
                    if normalized.ends_with(|before: char| before.is_ascii_digit()) {
                        normalized.push(' ');
                    }
                    normalized.push_str(fraction);
                }
                Some(replacement) => normalized.push_str(replacement),
                None => normalized.push(ascii_width(c)),
            },
        }
    }
    normalized.nfc().collect()
}

/// Normalises a text and shortens it to at most `segments_max` parts (at least one).
///
/// A text that fits is returned as [`normalize`] leaves it. Otherwise accents that GSM-7 lacks are dropped, then
/// emoji, each only if the whole then fits; then the text is cut: after a sentence if that keeps at least half of what
/// would fit, else after a word, else, in a text without spaces, between two characters. A number, a URL or an
/// address is kept whole or not at all, so the result is empty when one such thing is longer than the budget.
pub fn fit(text: &str, segments_max: usize) -> String {
    let segments_max = segments_max.max(1);
    let normalized = normalize(text);
    if segments(&normalized).count <= segments_max {
        return normalized;
    }
    let unaccented: String = normalized.chars().map(without_accent).collect();
    if segments(&unaccented).count <= segments_max {
        return unaccented;
    }
    let without_emoji: String = unaccented.chars().filter(|&c| !is_emoji(c)).collect();
    if segments(&without_emoji).count <= segments_max {
        return without_emoji.trim().to_owned();
    }

    // What is now GSM-7 throughout keeps more of the text than the original would.
    let is_cheap = segments(&without_emoji).encoding == Encoding::Gsm7;
    let whole = if is_cheap { without_emoji } else { normalized };
    let end = fitting_prefix(&whole, segments_max);
    let cut = sentence_end(&whole, end)
        .or_else(|| word_end(&whole, end))
        .unwrap_or_else(|| character_end(&whole, end));
    whole[..cut]
        .trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '(' | '-'))
        .to_owned()
}

/// Counts a text character by character in both encodings at once.
struct Meter {
    septets: Packing,
    utf16: Packing,
    is_gsm7: bool,
}

impl Default for Meter {
    fn default() -> Self {
        // A part of several loses six octets, or seven septets, to the header that numbers it.
        Self {
            septets: Packing::new(160, 153),
            utf16: Packing::new(70, 67),
            is_gsm7: true,
        }
    }
}

impl Meter {
    fn push(&mut self, c: char) {
        match septets(c) {
            Some(width) if self.is_gsm7 => self.septets.push(width),
            Some(_) => {}
            None => self.is_gsm7 = false,
        }
        self.utf16.push(c.len_utf16());
    }

    fn segments(&self) -> Segments {
        let (encoding, packing) = if self.is_gsm7 {
            (Encoding::Gsm7, &self.septets)
        } else {
            (Encoding::Ucs2, &self.utf16)
        };
        Segments {
            encoding,
            units: packing.units,
            count: packing.count(),
        }
    }
}

/// Units laid into parts in order, none split.
struct Packing {
    single_max: usize,
    part_max: usize,
    units: usize,
    parts: usize,
    in_last_part: usize,
}

impl Packing {
    fn new(single_max: usize, part_max: usize) -> Self {
        Self {
            single_max,
            part_max,
            units: 0,
            parts: 1,
            in_last_part: 0,
        }
    }

    fn push(&mut self, width: usize) {
        self.units += width;
        self.in_last_part += width;
        if self.in_last_part > self.part_max {
            self.parts += 1;
            self.in_last_part = width;
        }
    }

    fn count(&self) -> usize {
        if self.units <= self.single_max {
            1
        } else {
            self.parts
        }
    }
}

/// How many septets a character takes: one, two with the escape, or `None` outside the alphabet.
fn septets(c: char) -> Option<usize> {
    match c {
        '^' | '{' | '}' | '\\' | '[' | ']' | '~' | '|' | '€' | '\u{C}' => Some(2),
        '`' => None,
        ' '..='~' | '\n' | '\r' => Some(1),
        '£' | '¥' | 'è' | 'é' | 'ù' | 'ì' | 'ò' | 'Ç' | 'Ø' | 'ø' | 'Å' | 'å' | 'Δ' | 'Φ' | 'Γ'
        | 'Λ' | 'Ω' | 'Π' | 'Ψ' | 'Σ' | 'Θ' | 'Ξ' | 'Æ' | 'æ' | 'ß' | 'É' | '¤' | '¡' | 'Ä'
        | 'Ö' | 'Ñ' | 'Ü' | '§' | '¿' | 'ä' | 'ö' | 'ñ' | 'ü' | 'à' => Some(1),
        _ => None,
    }
}

/// The GSM-7 spelling of a typographic character.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' | '〝' | '〞' => "\"",
        '‘' | '’' | '‚' | '‛' | '′' | '´' | 'ˋ' | '`' | 'ʼ' | '‹' | '›' => "'",
        '–' | '—' | '―' | '‐' | '‑' | '‒' | '−' | '•' | '·' | '●' | '▪' | '‣' => {
            "-"
        }
        '…' => "...",
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => {
            " "
        }
        '\t' | '\u{B}' | '\u{C}' => " ",
        '½' => "1/2",
        '¼' => "1/4",
        '¾' => "3/4",
        '⅓' => "1/3",
        '⅔' => "2/3",
        '⅛' => "1/8",
        '⅜' => "3/8",
        '⅝' => "5/8",
        '⅞' => "7/8",
        '×' => "x",
        '÷' => "/",
        '≤' => "<=",
        '≥' => ">=",
        '≈' => "~",
        '®' => "(R)",
        '©' => "(C)",
        '™' => "TM",
        '°' => "deg",
        '¹' => "1",
        '²' => "2",
        '³' => "3",
        _ => return None,
    })
}

/// Full-width ASCII as ASCII, anything else as it is.
fn ascii_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => {
            char::from_u32(u32::from(c) - 0xFEE0).map_or(c, |ascii| match ascii {
                '`' => '\'',
                _ => ascii,
            })
        }
        _ => c,
    }
}

/// Whether a character is a format mark that shows nothing: zero-width, bidi, byte order, soft hyphen. The zero-width
/// joiner is among them.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}'
            | '\u{61C}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}'
    )
}

/// The letter without the accent that GSM-7 lacks: `í` as `i`, but `é` as it is.
fn without_accent(c: char) -> char {
    if septets(c).is_some() {
        return c;
    }
    let mut base = None;
    decompose_canonical(c, |part| {
        base.get_or_insert(part);
    });
    base.filter(char::is_ascii_alphabetic).unwrap_or(c)
}

/// A text in the GSM-7 alphabet: normalised, accents that the alphabet lacks dropped, and anything else it lacks, too.
pub(crate) fn gsm7_letters(text: &str) -> String {
    normalize(text)
        .chars()
        .map(without_accent)
        .filter(|&c| septets(c).is_some())
        .collect()
}

/// Whether a character is a pictograph, an arrow or the like, or a mark that joins or varies them.
fn is_emoji(c: char) -> bool {
    matches!(
        c,
        '\u{200D}'
            | '\u{20E3}'
            | '\u{2190}'..='\u{2BFF}'
            | '\u{FE0E}'
            | '\u{FE0F}'
            | '\u{1F000}'..='\u{1FAFF}'
            | '\u{E0020}'..='\u{E007F}'
    )
}

/// Length in bytes of the longest prefix that fits.
fn fitting_prefix(text: &str, segments_max: usize) -> usize {
    let mut meter = Meter::default();
    for (at, c) in text.char_indices() {
        meter.push(c);
        if meter.segments().count > segments_max {
            return at;
        }
    }
    text.len()
}

/// The end of the last sentence in the second half of `text[..end]`.
fn sentence_end(text: &str, end: usize) -> Option<usize> {
    text[..end]
        .char_indices()
        .rev()
        .take_while(|(at, _)| *at >= end / 2)
        .find_map(|(at, c)| {
            let after = at + c.len_utf8();
            let next = text[after..].chars().next();
            let ends = match c {
                '.' | '!' | '?' => {
                    next.is_none_or(char::is_whitespace) && !is_number_after(text, after)
                }
                '。' | '！' | '？' => true,
                '\n' => true,
                _ => false,
            };
            ends.then_some(after)
        })
}

/// Whether what follows is a space and a digit: `No. 5` is not the end of a sentence.
fn is_number_after(text: &str, at: usize) -> bool {
    text[at..]
        .trim_start()
        .starts_with(|c: char| c.is_ascii_digit())
}

/// The last space in `text[..=end]` that is not inside a number written with spaces, such as `(424) 416-2288`.
fn word_end(text: &str, end: usize) -> Option<usize> {
    let reach = end + text[end..].chars().next().map_or(0, char::len_utf8);
    text[..reach]
        .char_indices()
        .rev()
        .filter(|(_, c)| c.is_whitespace())
        .map(|(at, _)| at)
        .find(|&at| {
            let before = text[..at].chars().next_back();
            let after = text[at..].trim_start().chars().next();
            let is_inside_number = before.is_some_and(|c| c.is_ascii_digit() || c == ')')
                && after.is_some_and(|c| c.is_ascii_digit() || c == '(');
            !is_inside_number && !text[..at].trim().is_empty()
        })
}

/// The last place in `text[..=end]` between two characters that may be parted, or 0.
fn character_end(text: &str, end: usize) -> usize {
    let run_start = |at: usize| {
        text[..at]
            .rfind(|c: char| !c.is_ascii_graphic())
            .map_or(0, |i| next_boundary(text, i))
    };
    let run_end = |at: usize| {
        text[at..]
            .find(|c: char| !c.is_ascii_graphic())
            .map_or(text.len(), |i| at + i)
    };

    let mut at = end;
    while at > 0 {
        let (Some(before), after) = (text[..at].chars().next_back(), text[at..].chars().next())
        else {
            break;
        };
        let is_in_run = before.is_ascii_graphic() && after.is_some_and(|c| c.is_ascii_graphic());
        if is_in_run {
            let start = run_start(at);
            let run = &text[start..run_end(at)];
            if !run.contains(|c: char| c.is_ascii_digit() || matches!(c, '.' | '/' | ':' | '@')) {
                return at;
            }
            at = start;
        } else if after.is_some_and(|after| belong_together(before, after)) {
            at -= before.len_utf8();
        } else {
            return at;
        }
    }
    0
}

fn next_boundary(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().map_or(0, char::len_utf8)
}

/// Whether two characters are seen as one: a letter and its mark, or parts of an emoji.
fn belong_together(before: char, after: char) -> bool {
    let is_flag_half = |c: char| ('\u{1F1E6}'..='\u{1F1FF}').contains(&c);
    canonical_combining_class(after) != 0
        || is_combining_mark(after)
        || matches!(after, '\u{200D}' | '\u{1F3FB}'..='\u{1F3FF}')
        || before == '\u{200D}'
        || (is_flag_half(before) && is_flag_half(after))
}
