//! Patterns of words, in which rules about texts are written.
//!
//! Words of a pattern follow each other; `a|b` is either word, and `*` stands for up to [`GAP_MAX`] words, or none. Commas part
//! patterns of a list.

use std::borrow::Cow;
use std::ops::Range;

/// Words that a `*` may stand for.
pub const GAP_MAX: usize = 3;

/// "The wrong #" with its word; "#2" stays.
#[must_use]
pub fn spelled(text: &str) -> Cow<'_, str> {
    if !text.contains('#') {
        return Cow::Borrowed(text);
    }
    let mut spelled = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '#' && !chars.peek().is_some_and(|next| next.is_alphanumeric()) {
            spelled.push_str(" number");
        } else {
            spelled.push(c);
        }
    }
    Cow::Owned(spelled)
}

/// `stoooop` as `stop`: three or more of a character in a row are one, where `shortens` says so. No word has three of one letter.
pub fn without_runs<'a>(
    word: impl Into<Cow<'a, str>>,
    shortens: impl Fn(char) -> bool,
) -> Cow<'a, str> {
    let word = word.into();
    let has_run = |bytes: &[u8]| {
        bytes
            .windows(3)
            .any(|three| three[0] == three[1] && three[0] == three[2])
    };
    if word.is_ascii() && !has_run(word.as_bytes()) {
        return word; // As nearly all are.
    }
    let chars: Vec<char> = word.chars().collect();
    let is_run =
        |at: usize| chars.get(at) == chars.get(at + 1) && chars.get(at) == chars.get(at + 2);
    let mut kept = String::with_capacity(word.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let length = chars[at..].iter().take_while(|&&next| next == c).count();
        let keeps = if is_run(at) && shortens(c) { 1 } else { length };
        kept.extend(std::iter::repeat_n(c, keeps));
        at += length;
    }
    Cow::Owned(kept)
}

/// Whether the words hold one of these patterns.
#[must_use]
pub fn any_of(words: &[impl AsRef<str>], patterns: &str) -> bool {
    let marks = marks(words);
    patterns
        .split(", ")
        .any(|pattern| may_hold(marks, pattern) && contains(words, pattern))
}

/// Bits of a text's words, by which most patterns are known not to be in it before they are looked for: they are thousands,
/// and a text has ten words.
pub(crate) fn marks(words: impl IntoIterator<Item: AsRef<str>>) -> u128 {
    words
        .into_iter()
        .fold(0, |marks, word| marks | mark(word.as_ref()))
}

fn mark(word: &str) -> u128 {
    let bytes = word.as_bytes();
    let (first, last) = (bytes.first(), bytes.last());
    let (first, last) = (first.copied().unwrap_or(0), last.copied().unwrap_or(0));
    1 << ((usize::from(first) * 7 + usize::from(last) * 13 + bytes.len() * 29) % 128)
}

/// Whether words with these marks can hold the pattern.
fn may_hold(marks: u128, pattern: &str) -> bool {
    pattern.split(' ').all(|group| {
        matches!(group, "" | "*") || group.split('|').any(|word| marks & mark(word) != 0)
    })
}

/// Whether the words hold this pattern.
#[must_use]
pub fn contains(words: &[impl AsRef<str>], pattern: &str) -> bool {
    places(words, pattern).next().is_some()
}

/// Where the words hold this pattern, one place for each beginning.
pub fn places(words: &[impl AsRef<str>], pattern: &str) -> impl Iterator<Item = Range<usize>> {
    let pattern: Vec<&str> = pattern.split_whitespace().collect();
    (0..words.len()).filter_map(move |at| Some(at..at + length(&words[at..], &pattern)?))
}

/// How many words the pattern takes at the beginning of `words`, if it stands there.
pub(crate) fn length(words: &[impl AsRef<str>], pattern: &[&str]) -> Option<usize> {
    match pattern {
        [] => Some(0),
        ["*", rest @ ..] => {
            (0..=GAP_MAX.min(words.len())).find_map(|gap| Some(gap + length(&words[gap..], rest)?))
        }
        [first, rest @ ..] => {
            let (word, words) = words.split_first()?;
            is_among(word.as_ref(), first, b'|')
                .then(|| length(words, rest))?
                .map(|length| length + 1)
        }
    }
}

/// Whether a word is in a list whose words are parted by `separator`, which is not one of a word.
pub(crate) fn is_among(word: &str, list: &str, separator: u8) -> bool {
    // Byte by byte: to search for the ends of words so near to each other takes several times as long.
    let mut listed = list.as_bytes().split(|&byte| byte == separator);
    listed.any(|listed| listed == word.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_found_where_its_words_follow_each_other() {
        let words = ["please", "stop", "sending", "me", "more", "texts", "now"].map(str::to_owned);
        let place = |pattern| places(&words, pattern).next();
        assert_eq!(place("stop|quit sending * texts|messages"), Some(1..6));
        assert_eq!(place("please * stop"), Some(0..2));
        assert_eq!(place("please * texts"), None); // Four words between.
        assert_eq!(place("stop texts"), None);
        assert!(any_of(&words, "no way, me more"));
    }
}
