//! What a text says about being texted, and our fixed answers. Nothing here needs a network: it must work whatever else is
//! broken.
//!
//! [`signal`] reads a text: the keywords, as the whole message, then opt-outs in other words, which are just as binding if "a
//! reasonable person would understand" them (47 CFR 64.1200(a)(10)). What may be one and is not said clearly is
//! [`Signal::Ambiguous`].

mod opt_outs;
mod vocabulary;

use std::borrow::Cow;

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use crate::phrases::{length, spelled};
use crate::sms_text::is_invisible;

/// What a keyword asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyword {
    /// No more texts.
    Stop,
    /// Texts again, after a stop.
    Start,
    /// Who is this, and how does one stop it?
    Help,
}

/// What a text says about being texted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// It is a keyword and nothing else.
    Keyword(Keyword),
    /// It asks in other words for no more texts.
    OptOut,
    /// It may ask for that; a person or a model must say.
    Ambiguous,
    None,
}

impl Signal {
    /// What it asks for, if that is clear.
    #[must_use]
    pub fn asks(self) -> Option<Keyword> {
        match self {
            Self::Keyword(keyword) => Some(keyword),
            Self::OptOut => Some(Keyword::Stop),
            Self::Ambiguous | Self::None => None,
        }
    }
}

/// Words that are a revocation "definitively" (47 CFR 64.1200(a)(10): stop, quit, end, revoke, opt out, cancel,
/// unsubscribe), those of the large providers, and the usual Spanish ones. A lone "Cancel" is among them even if a
/// tour is pending.
const STOP: [&str; 20] = [
    "stop",
    "stopall",
    "stop all",
    "stop2end",
    "unsubscribe",
    "unsub",
    "cancel",
    "end",
    "quit",
    "revoke",
    "optout",
    "opt out",
    "remove",
    "arret",
    "alto",
    "parar",
    "detener",
    "cancelar",
    "baja",
    "basta",
];

/// "Yes" is not among them: it is an ordinary answer to our questions, and must not subscribe anyone.
const START: [&str; 2] = ["start", "unstop"];

const HELP: [&str; 3] = ["help", "info", "ayuda"];

/// The one confirmation of an opt-out (47 CFR 64.1200(a)(12)): it confirms and markets nothing.
pub const OPT_OUT_CONFIRMATION: &str = "WEx: You're unsubscribed and won't get more texts from this number. Reply START to resubscribe.";

/// The answer to an opt-in.
pub const OPT_IN_CONFIRMATION: &str = "WEx: You're resubscribed. Msg frequency varies. Msg & data rates may apply. \
     Reply HELP for help, STOP to opt out.";

/// What the first message of a conversation says about us and about opting out (CTIA Messaging Principles and Best
/// Practices, May 2023, §5.1).
pub const FIRST_MESSAGE_FOOTER: &str = "Hi, this is WEx's AI assistant. Msg & data rates may apply. Reply STOP to opt out, HELP for help.";

/// Contacts up to this length, in GSM-7 without its extension characters, keep [`help`] in one segment.
pub const HELP_CONTACT_CHARS_MAX: usize = 50;

/// Words that are read of a clause. The longest text has fewer; the bound keeps the time that a text can take.
const WORDS_MAX: usize = 400;

/// Letters of the longest keyword.
const KEYWORD_BYTES_MAX: usize = "unsubscribe".len();

/// The answer to HELP. `contact` is how to reach a person: an e-mail address or a phone number of ours, or both.
/// Carriers ask for one (CTIA Messaging Principles §5.1).
pub fn help(contact: Option<&str>) -> String {
    let contact = contact.map_or_else(String::new, |contact| format!(" Help: {contact}."));
    format!(
        "WEx: Warehouse space by text.{contact} Msg frequency varies. Msg & data rates may apply. \
         Reply STOP to opt out."
    )
}

/// What a text says about being texted.
#[must_use]
pub fn signal(body: &str) -> Signal {
    let lines = lines(body);
    let clauses = opt_outs::clauses(&lines);
    if let Some(keyword) = keyword_of(clauses.iter().flatten().copied()) {
        return Signal::Keyword(keyword);
    }
    match opt_outs::read(body, &clauses) {
        Signal::None => Signal::None,
        _ if is_reaction(body) => Signal::None, // Its words are ours.
        said => said,
    }
}

/// The keyword that a message is, if it is nothing else.
///
/// Case, accents, punctuation, emoji, invisible characters, letters in other widths or spaced out (`s t o p`), and
/// repetition do not matter: "de minimis variances" leave an opt-out valid (CTIA Messaging Principles §5.1.3).
#[must_use]
pub fn keyword(body: &str) -> Option<Keyword> {
    keyword_of(words(&folded(body, |_| false)))
}

/// The keyword that these words are.
fn keyword_of<'a>(words: impl Iterator<Item = &'a str>) -> Option<Keyword> {
    let mut words: Vec<&str> = words.collect();
    let is_spaced_out = words.iter().all(|word| word.len() == 1);
    if !is_spaced_out {
        words.dedup();
    }
    let bytes: usize = words.iter().map(|word| word.len()).sum();
    if bytes > KEYWORD_BYTES_MAX {
        return None;
    }
    let phrase = words.join(if is_spaced_out { "" } else { " " });

    let is_among = |keywords: &[&str]| keywords.contains(&phrase.as_str());
    match () {
        () if is_among(&STOP) => Some(Keyword::Stop),
        () if is_among(&START) => Some(Keyword::Start),
        () if is_among(&HELP) => Some(Keyword::Help),
        () => None,
    }
}

/// Whether a text is what a phone sends when someone reacts to one of ours: a verb, or a sign, and our words in quotes.
#[must_use]
pub fn is_reaction(body: &str) -> bool {
    const VERBS: &str = "liked, loved, disliked, laughed at, emphasized, questioned, reacted, removed, \
        le|te|me|les gusto|encanto|divirtio|agrado, se rio de, le|te|me dio|hizo risa|gracia, no le|te|me gusto, marco, enfatizo, destaco, resalto, \
        cuestiono, pregunto, reacciono, elimino|quito un|una|su reaccion|corazon|me|signo";
    const OPENING_WORDS_MAX: usize = 8;
    const QUOTES: [char; 4] = ['\u{201c}', '"', '\u{ab}', '\u{201e}'];
    let Some(quote) = body.find(QUOTES) else {
        return false;
    };
    // An inch sign opens no quotation: 'liked the 12" door'.
    if body[..quote].ends_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let opening = folded(&body[..quote], |_| false);
    let opening: Vec<&str> = words(&opening).collect();
    let is_sign = matches!(opening[..], ["to" | "a"])
        && !body.trim_start().starts_with(char::is_alphanumeric);
    let has_verb = || {
        VERBS.split(", ").any(|verb| {
            let verb: Vec<&str> = verb.split_whitespace().collect();
            length(&opening, &verb).is_some()
        })
    };
    opening.len() <= OPENING_WORDS_MAX && (is_sign || has_verb())
}

/// A text as it is [`folded`], with each clause in a line.
fn lines(body: &str) -> String {
    let mut body = spelled(body);
    if body.contains('-') {
        // Few have one, and to look for three characters takes longer.
        body = Cow::Owned(body.replace(" - ", "\n"));
    }
    folded(&body, opt_outs::parts_clauses)
}

/// A text in lower case, without accents and apostrophes; every other character than a letter or a digit is a space, or ends
/// the line.
fn folded(body: &str, ends_line: impl Fn(char) -> bool) -> String {
    let mut folded = String::with_capacity(body.len());
    for c in body.chars() {
        match c {
            _ if ends_line(c) => folded.push('\n'),
            // As below, and most are: without the tables of Unicode it takes a tenth of the time.
            ' ' | 'a'..='z' | 'A'..='Z' | '0'..='9' => folded.push(c.to_ascii_lowercase()),
            _ => decompose_compatible(c, |c| {
                if !is_combining_mark(c) && !is_invisible(c) && !is_apostrophe(c) {
                    let lower = c.to_lowercase().filter(|&c| !is_combining_mark(c));
                    folded.extend(lower.map(|c| if c.is_alphanumeric() { c } else { ' ' }));
                }
            }),
        }
    }
    folded
}

/// The words of a [`folded`] text.
fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split_ascii_whitespace().take(WORDS_MAX)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '\u{b4}' | '`')
}
