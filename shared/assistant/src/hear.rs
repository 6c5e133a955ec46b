//! What a buyer's turn is for, read without a model from its words and from where the dialogue stands.
//!
//! Phrases in order of precedence: who asks for a person and names a size wants a person. Both languages are read at once,
//! since people mix them.

use jiff::civil::Date;
use wex_domain::conversation::Conversation;
use wex_domain::dialogue::{Asked, Dialogue};
use wex_domain::intent::Intent;
use wex_domain::supplier::SupplierRecord;

use crate::heard::Heard;
use crate::question::attributes;
use crate::say::Attribute;
use crate::when::when;
use crate::words::{language, plain_words};

/// Reads the texts of one turn. `is_requirement_new`: they changed what the buyer looks for.
#[must_use]
pub fn hear(
    texts: &[&str],
    conversation: &Conversation,
    is_requirement_new: bool,
    today: Date,
) -> Heard {
    let dialogue = &conversation.dialogue;
    let text = texts.join("\n");
    let words = plain_words(&text);
    let asked = attributes(&text);
    let says = |phrases: &str| {
        phrases
            .split(", ")
            .any(|phrase| contains(&words, phrase.trim()))
    };
    let selected = selected(&words, dialogue);
    Heard {
        intent: intent(
            &text,
            &words,
            dialogue,
            is_requirement_new,
            &selected,
            &asked,
        ),
        selected,
        is_requirement_new,
        attributes: asked,
        when: when(&text, today),
        news: SupplierRecord::default(),
        may_opt_out: may_opt_out(&words),
        is_injection_suspected: says(ADVERSARIAL),
        language: language(&text).unwrap_or(conversation.language),
        text,
    }
}

/// Phrases that give a purpose away, in order of precedence. Without accents and punctuation.
const PHRASES: [(Intent, &str); 19] = [
    (
        Intent::OptOut,
        "stop texting me, stop messaging me, stop contacting me, stop sending me texts, don't text me, do not text me, \
         take me off, remove me, unsubscribe me, leave me alone, no more texts, no me escriba, no me escriban, \
         no me manden, no me mande, dejen de escribirme, deje de escribirme, quiteme de su lista",
    ),
    (
        Intent::AutoReply,
        "do not disturb, i'm driving, out of office, out of the office, no longer monitored, automatic reply, \
         auto reply, auto-reply, automated message, respuesta automatica, estoy conduciendo, estoy manejando",
    ),
    (
        Intent::WrongNumber,
        "wrong number, wrong person, numero equivocado, numero incorrecto",
    ),
    (
        Intent::RequestHuman,
        "call me, someone call, talk to a person, talk to someone, talk to a human, speak to someone, \
         speak with someone, speak to a person, a real person, an agent, human please, speak to a human, \
         llameme, llamame, hablar con una persona, hablar con alguien, hablar con un agente, un humano",
    ),
    (
        Intent::Complaint,
        "waste of my time, terrible, unacceptable, ridiculous, file a complaint, already leased, fed up, \
         perdida de tiempo, una queja, pesimo, inaceptable",
    ),
    (
        Intent::CancelTour,
        "cancel my tour, cancel the tour, cancel the visit, can't make the tour, cancel the showing, \
         cancelar la visita, cancelar mi visita, cancele la visita, cancelar la cita",
    ),
    (
        Intent::RescheduleTour,
        "reschedule, another time, another day, different time, different day, move the tour, move my tour, \
         otro dia, otra hora, cambiar la visita, cambiar la cita, mover la visita, reagendar",
    ),
    (
        Intent::RequestTour,
        "tour, see it, can i see, could i see, like to see, want to see, puedo ver, quiero ver, quisiera ver, visit it, visit, come by, stop by, swing by, walk it, walk through, walkthrough, showing, \
         see the space, check it out in person, see them, verla, verlo, visitarla, visitar, visita, conocerla, una cita",
    ),
    (
        Intent::Negotiate,
        "would they take, would the owner take, negotiate, negotiable, best price, lower the rent, discount, \
         come down, free rent, counter offer, negociar, negociable, descuento, bajar la renta, mejor precio",
    ),
    (
        Intent::RejectOptions,
        "none of those, none of these, none of them, don't like, too expensive, too far, not what i, don't work, \
         ninguna, ninguno, no me gusta, no me gustan, muy caro, muy cara, muy lejos, no me sirve",
    ),
    (
        Intent::RequestMoreOptions,
        "more options, other options, anything else, what else, show me more, any others, more spaces, keep em coming, \
         mas opciones, otras opciones, algo mas, que mas tiene, que mas hay, otras bodegas, mas bodegas",
    ),
    (
        Intent::AskIdentity,
        "are you a bot, are you a robot, are you human, are you real, are you a person, are you an ai, is this a bot, \
         am i talking to, who is this, who are you, eres un bot, eres un robot, es un bot, es un robot, quien es, \
         eres humano, es una persona, es usted una persona",
    ),
    (
        Intent::AskGeneralQuestion,
        "charge, fee, fees, how does this work, how does it work, commission, como funciona, cobran, comision, costo del servicio",
    ),
    (
        Intent::Defer,
        "hold off, not now, circle back, not right now, in a few months, mas adelante, por ahora no, despues le aviso",
    ),
    (
        Intent::CloseRequirement,
        "found a place, found something, no longer need, don't need it anymore, not looking anymore, \
         ya encontre, ya no necesito, ya no busco",
    ),
    (
        Intent::Confirm,
        "yes, yeah, yep, yup, sure, correct, right, ok, okay, sounds good, please do, si, claro, correcto, de acuerdo, \
         por favor, esta bien",
    ),
    (Intent::Decline, "no, nope, nah, not yet, no gracias"),
    (
        Intent::Acknowledge,
        "thanks, thank you, thx, ty, great, perfect, awesome, cool, got it, appreciate it, gracias, perfecto, muy bien, \
         excelente, de nada",
    ),
    (
        Intent::Greeting,
        "hi, hello, hey, good morning, good afternoon, hola, buenos dias, buenas tardes, buenas",
    ),
];

/// Attempts to make us forget what we are for, and requests for what is not ours to tell.
const ADVERSARIAL: &str = "ignore all previous, ignore previous, ignore your, previous instructions, system prompt, \
     your instructions, owner's cell, owner's phone, owner's personal, owner's number, owner's name, who owns, \
     ignora las instrucciones, ignore las instrucciones, telefono del dueno, nombre del dueno, numero del dueno";

fn intent(
    text: &str,
    words: &[String],
    dialogue: &Dialogue,
    is_requirement_new: bool,
    selected: &[usize],
    asked: &[Attribute],
) -> Intent {
    let says = |phrases: &str| {
        phrases
            .split(", ")
            .any(|phrase| contains(words, phrase.trim()))
    };
    if says(ADVERSARIAL) && !is_requirement_new {
        return Intent::Adversarial;
    }
    if is_reaction(text, words) {
        return Intent::AutoReply;
    }
    let is_question = text.contains('?') || is_asking(words);
    let is_about_listing = !dialogue.options.is_empty() && asked != [Attribute::Unknown];
    let first = PHRASES.iter().find(|(_, phrases)| says(phrases));
    match first.map(|(intent, _)| *intent) {
        // What follows is weaker than a need, a choice or a question in the same text.
        Some(
            weak @ (Intent::Confirm | Intent::Decline | Intent::Acknowledge | Intent::Greeting),
        ) => {
            if is_requirement_new {
                return changed(dialogue);
            }
            if is_question && is_about_listing {
                return Intent::AskListingQuestion;
            }
            if !selected.is_empty() {
                return Intent::SelectOption;
            }
            // "Great, thanks" ends; "ok" to a question answers it.
            let is_thanks = says("thanks, thank you, thx, ty, gracias, appreciate it");
            match weak {
                Intent::Confirm if is_thanks => Intent::Acknowledge,
                Intent::Confirm if dialogue.asked.is_none() => Intent::Acknowledge,
                other => other,
            }
        }
        Some(Intent::RequestTour) if is_requirement_new && dialogue.options.is_empty() => {
            changed(dialogue)
        }
        Some(strong) => strong,
        None if is_question && is_about_listing => Intent::AskListingQuestion,
        None if is_requirement_new => changed(dialogue),
        None if !selected.is_empty() && dialogue.asked != Some(Asked::TourTime) => {
            Intent::SelectOption
        }
        None if is_question && dialogue.chosen.is_some() => Intent::AskListingQuestion,
        None => Intent::Unclear,
    }
}

/// Whether a text speaks of stopping and may mean us: not "stop by", "a truck stop" or "don't stop".
fn may_opt_out(words: &[String]) -> bool {
    const AFTER: &str = "by in over at";
    const BEFORE: &str = "truck one full pit rest bus don't dont never";
    const SIGNS: &str = "stop unsubscribe spam harassing harass parar pare dejen deje";
    let is_among = |list: &str, word: Option<&String>| {
        word.is_some_and(|word| list.split(' ').any(|listed| listed == word))
    };
    (0..words.len()).any(|at| {
        is_among(SIGNS, words.get(at))
            && !is_among(AFTER, words.get(at + 1))
            && !is_among(
                BEFORE,
                at.checked_sub(1).and_then(|before| words.get(before)),
            )
    })
}

/// Whether a text is what a phone sends when someone reacts to one of ours: a verb and our words in quotes.
fn is_reaction(text: &str, words: &[String]) -> bool {
    const VERBS: &str = "liked, loved, disliked, laughed at, emphasized, questioned, reacted, removed, \
        le gusto, le encanto, te gusto, reacciono";
    let has_quote = text.contains(['\u{201c}', '"', '\u{ab}']);
    let begins = |verb: &str| {
        let verb: Vec<&str> = verb.trim().split(' ').collect();
        words
            .get(..verb.len())
            .is_some_and(|opening| opening == verb)
    };
    has_quote && VERBS.split(',').any(begins)
}

fn changed(dialogue: &Dialogue) -> Intent {
    if dialogue.options.is_empty() {
        Intent::NewRequirement
    } else {
        Intent::UpdateRequirement
    }
}

fn is_asking(words: &[String]) -> bool {
    const OPENERS: &str = "what what's whats how does is are do can where que cuanto cuanta cuantos tiene como donde hay";
    words
        .first()
        .is_some_and(|word| OPENERS.split(' ').any(|opener| opener == word))
}

/// Whether the words of a phrase follow each other.
pub(crate) fn contains(words: &[String], phrase: &str) -> bool {
    let phrase: Vec<&str> = phrase.split(' ').collect();
    words.windows(phrase.len()).any(|window| window == phrase)
}

/// The options that a text names: by number, by place in the list, or by a city that only one of them is in.
fn selected(words: &[String], dialogue: &Dialogue) -> Vec<usize> {
    const ORDINALS: [&str; 3] = [
        "1 #1 first 1st one primera primero uno",
        "2 #2 second 2nd two segunda segundo dos",
        "3 #3 third 3rd three tercera tercero tres",
    ];
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
    // A number alone, after "option", "number" or "the", or an ordinal: "2", "option 2", "the second one".
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let before = at
            .checked_sub(1)
            .map_or("", |before| words[before].as_str());
        let is_ordinal = word.ends_with("st")
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
            );
        let is_meant = is_ordinal
            || words.len() <= 2
            || matches!(
                before,
                "option" | "number" | "no" | "opcion" | "numero" | "on" | "about" | "la" | "space"
            ) && word.len() == 1;
        if word == "last" || word == "ultima" {
            found.push(count);
        } else if let (Some(number), true) = (number_of(word), is_meant)
            && word != "one"
            && word != "uno"
        {
            found.push(number);
        }
    }
    if found.is_empty() {
        let said = words.join(" ");
        let in_city: Vec<usize> = (1..)
            .zip(&dialogue.options)
            .filter(|(_, listing)| said.contains(&listing.city.to_lowercase()))
            .map(|(number, _)| number)
            .collect();
        if let [only] = in_city[..] {
            found.push(only);
        }
    }
    found.dedup();
    found
}
