//! What a text says about being texted: the keywords that must work whatever else is broken, and our fixed answers.
//!
//! A keyword counts only as the whole message. Opt-outs in other words ("pls stop texting me") are just as binding
//! (47 CFR 64.1200(a)(10)) and are not recognised here.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

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

/// Words that are a revocation "definitively" (47 CFR 64.1200(a)(10): stop, quit, end, revoke, opt out, cancel,
/// unsubscribe), those of the large providers, and the usual Spanish ones. A lone "Cancel" is among them even if a
/// tour is pending.
const STOP: [&str; 19] = [
    "stop",
    "stopall",
    "stop all",
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

/// The answer to HELP. `contact` is how to reach a person: an e-mail address or a phone number of ours, or both.
/// Carriers ask for one (CTIA Messaging Principles §5.1).
pub fn help(contact: Option<&str>) -> String {
    let contact = contact.map_or_else(String::new, |contact| format!(" Help: {contact}."));
    format!(
        "WEx: Warehouse space by text.{contact} Msg frequency varies. Msg & data rates may apply. \
         Reply STOP to opt out."
    )
}

/// The keyword that a message is, if it is nothing else.
///
/// Case, accents, punctuation, emoji, invisible characters, letters in other widths or spaced out (`s t o p`), and
/// repetition do not matter: "de minimis variances" leave an opt-out valid (CTIA Messaging Principles §5.1.3).
pub fn keyword(body: &str) -> Option<Keyword> {
    let words = words(body);
    let phrase = if words.iter().all(|word| word.len() == 1) {
        words.concat()
    } else if words.iter().all(|word| *word == words[0]) {
        words[0].clone()
    } else {
        words.join(" ")
    };

    let is_among = |keywords: &[&str]| keywords.contains(&phrase.as_str());
    match () {
        () if is_among(&STOP) => Some(Keyword::Stop),
        () if is_among(&START) => Some(Keyword::Start),
        () if is_among(&HELP) => Some(Keyword::Help),
        () => None,
    }
}

/// The words of a message in lower case, without accents; everything but letters and digits parts them.
fn words(body: &str) -> Vec<String> {
    let folded: String = body
        .nfkd()
        .filter(|&c| !is_combining_mark(c) && !is_invisible(c))
        .flat_map(char::to_lowercase)
        .filter(|&c| !is_combining_mark(c))
        .collect();
    folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
