//! What a buyer's turn is for, read without a model from its words and from where the dialogue stands.
//!
//! Patterns in order of precedence (`purposes.txt`), then wordings that decide by where the dialogue stands (`wordings.rs`). Both
//! languages are read at once, since people mix them.

mod choice;
mod wordings;

use std::sync::LazyLock;

use jiff::civil::Date;
use wex_domain::consent::{self, Signal};
use wex_domain::conversation::Conversation;
use wex_domain::criteria::Criteria;
use wex_domain::dialogue::{Asked, Dialogue};
use wex_domain::intent::Intent;
use wex_domain::phrases::{self, any_of, spelled};
use wex_domain::places;
use wex_domain::requirement::Requirement;
use wex_domain::supplier::SupplierRecord;
use wex_domain::understand::understand;

use crate::heard::Heard;
use crate::question::attributes;
use crate::say::Attribute;
use crate::when::{When, when};
use crate::words::{language, said_words};
use choice::{selected, slot};
use wordings::{
    ADVERSARIAL, ANOTHER, APPROVAL, ASKS, BEFORE_VISIT, BUSY, CALL_PROMISED, CANCEL_WORDS, CANCELS,
    CANCELS_NOT, CANT_COME, CHANGES, COMES_ANYWAY, DECIDERS_WAITED_FOR, DECIDERS_WANT, DROPS,
    ELSEWHERE_TOO, MARKUP, MEANINGS, MORE_OF_IT, NEED_WORDS, NEEDS, NEEDS_NO_MORE, NEEDS_OF_OTHERS,
    NEEDS_PART, NO_VISIT, NOT_BUSY, OFF_TOPIC, OFFERS, OFFERS_ASKED, OTHER_TIME, OTHERS, PICKS,
    PRETENCES, SHORT_YES, STOPS_SHOWING, SUPERLATIVES, TAKES, TELL_ME, TELLS_NEED, THANKS,
    THIS_ONE, WAITS_FOR_OTHERS, WEEKS_LATER, WILL_LOOK, WOULD_DO, WRONG_FIGURE,
};

/// Words read of a turn. The longest text has fewer; what follows them in a burst of such texts is not read.
const WORDS_MAX: usize = 400;

/// Reads the texts of one turn. The conversation has what they say of the requirement merged; `before` is what was known.
#[must_use]
pub fn hear(
    texts: &[&str],
    conversation: &Conversation,
    before: &Requirement,
    today: Date,
) -> Heard {
    let dialogue = &conversation.dialogue;
    let is_requirement_new = conversation.requirement != *before;
    let text = texts.join("\n");
    let mut words = said_words(&spelled(&text));
    words.truncate(WORDS_MAX);
    // "Please don't" and "text me" may come as two texts.
    let signal = consent::signal(&texts.join(" "));
    let asked = attributes(&text);
    let when = when(&text, today);
    let mut selected = selected(&text, &words, dialogue);
    if selected.is_empty() {
        selected.extend(slot(when, conversation, today));
    }
    Heard {
        intent: Turn {
            signal,
            text: &text,
            words: &words,
            last: &said_words(texts.last().copied().unwrap_or_default()),
            dialogue,
            is_requirement_new,
            has_requirement: *before != Requirement::default(),
            has_selected: !selected.is_empty(),
            has_when: when.is_known(),
            names_other_time: dialogue.tour.as_ref().is_some_and(|tour| {
                let known = When {
                    day: tour.day,
                    time: tour.time,
                };
                known.is_known() && when.is_known() && !when.fits(known)
            }),
            is_about_listing: !dialogue.options.is_empty() && asked != [Attribute::Unknown],
        }
        .intent(),
        selected,
        is_requirement_new,
        doubt: None,
        attributes: asked,
        when,
        news: SupplierRecord::default(),
        is_reaction: consent::is_reaction(&text),
        may_opt_out: signal == Signal::Ambiguous,
        is_injection_suspected: any_of(&words, ADVERSARIAL),
        language: language(&text).unwrap_or(conversation.language),
        text,
    }
}

/// Whether the words of a text tell its language.
#[must_use]
pub fn is_language_clear(text: &str) -> bool {
    language(text).is_some()
}

/// Patterns that give a purpose away, in order of precedence: see [`any_of`].
static PURPOSES: LazyLock<Vec<(Intent, String)>> = LazyLock::new(|| {
    let mut purposes: Vec<(Intent, String)> = Vec::new();
    for line in include_str!("hear/purposes.txt").lines() {
        if let Some(purpose) = purpose_of(line) {
            purposes.push((purpose, String::new()));
        } else if !line.is_empty() && !line.starts_with('#') {
            let (_, patterns) = purposes
                .last_mut()
                .expect("the first line of purposes.txt that is no comment is a heading");
            if !patterns.is_empty() {
                patterns.push_str(", ");
            }
            patterns.push_str(line);
        }
    }
    purposes
});

/// The purpose that a heading of purposes.txt names.
fn purpose_of(heading: &str) -> Option<Intent> {
    let name = heading.strip_prefix('[')?.strip_suffix(']')?;
    let known = |intent: &&Intent| intent.as_str() == name;
    Intent::ALL.iter().find(known).copied()
}

/// Whether the words give this purpose away, whatever else they do.
fn gives_away(words: &[String], purpose: Intent) -> bool {
    PURPOSES
        .iter()
        .any(|(known, patterns)| *known == purpose && any_of(words, patterns))
}

/// What a purpose is read from.
struct Turn<'a> {
    /// What its texts together say about being texted.
    signal: Signal,
    text: &'a str,
    words: &'a [String],
    /// The words of its last text.
    last: &'a [String],
    dialogue: &'a Dialogue,
    is_requirement_new: bool,
    /// Something was known before.
    has_requirement: bool,
    has_selected: bool,
    /// It names a day or an hour.
    has_when: bool,
    /// It is none of the tour that is known.
    names_other_time: bool,
    /// It names something that listings tell, and there are options.
    is_about_listing: bool,
}

impl Turn<'_> {
    fn says(&self, phrases: &str) -> bool {
        any_of(self.words, phrases)
    }

    /// What a business's telephone answers: thanks for the message, and that somebody will see to it.
    fn is_answering_machine(&self) -> bool {
        self.says(
            "you've reached, you have reached, thank|thanks * for * contacting|calling|texting|messaging|reaching|writing|inquiry|message|interest|submission|patience, received|got * your message|text|inquiry|request, \
             gracias por comunicarse|comunicarte|interes|llamarnos|contactarnos|contactar|llamar|escribir|escribirnos|su|tu, recibimos|recibido * mensaje",
        ) && self.says(
            "will|shall|someone|team|representative|agent * respond|reply|contact|assist|return|get be|to|with|back|you|your|shortly|soon|as, \
             get back to, as soon as, be with you, shortly, within * hours|hour|minutes|day|days|business, our team|staff, we|we're away|closed|out, business|office hours, our hours|office, \
             en breve, pronto, enseguida, le|te|lo|la|nos contestamos|respondemos|atendemos|contactamos|comunicamos|llamamos, le|te|lo|la|nos atenderemos|responderemos|contactaremos|atendera|respondera|contactara|comunicaremos|comunicara, a la brevedad, \
             horario, lo antes posible",
        )
    }

    /// What a machine tells its customer: "Your bill of $84.10 is due 12/01".
    fn is_notice(&self) -> bool {
        self.says(
            "your order|package|parcel|shipment|prescription|payment|bill|account|card|statement|balance|subscription|refund|ride|pizza|rx|uber|lyft|doordash|driver|dasher|groceries|\
             reservation|technician|delivery, su|tu pedido|paquete|factura|pago|recibo|suscripcion|cuenta|tarjeta|conductor|repartidor",
        ) && self.says(
            "ready|shipped|charged|debited|credited|due|declined|suspended|locked|arriving|arrives|delivered|arrived|overdue|processed|expired|delayed|held|detained|approaching|outside, on the|it's way, \
             enviado|listo|entregado|vence|vencida|vencido|rechazado|bloqueada|camino|llegando",
        )
    }

    /// What a business sends to many: how to be spared its texts, links and praise of its wares.
    fn is_mass_text(&self) -> bool {
        const FOOTER: &str = "reply|text|send|rply|respond|responda|envie|mande|responde stop|end|cancel|quit|alto|baja|stop2end to|2|para * \
            end|stop|cancel|quit|optout|opt-out|out|unsubscribe|unsub|leave|cancelar|terminar|salir|baja";
        const FOOTER_WORDS_MAX: usize = 6;
        const PRAISE: &str = "shop|order|buy|book|click|tap|visit|donate|enroll|apply now|here|today|online|link|below, sale ends|today|now|event, limited time, \
            black friday, cyber monday, flash|clearance|holiday sale, promo|coupon|discount|use code, free shipping|gift|trial, supplies last, off all|your|any|everything|entire, \
            vote for|early|yes|no, donate, donation, take|complete our|this|the survey, deals, oferta|ofertas especial|limitada|exclusiva, compra|compre ahora|ya|hoy, \
            haga|haz clic, descuento en|de, gratis";
        let is_footed = self.text.len() > 40
            && phrases::places(self.words, FOOTER)
                .any(|found| self.words.len() - found.start <= FOOTER_WORDS_MAX);
        let has_link = self.text.split_whitespace().any(|word| {
            word.contains("://")
                || word.starts_with("www.")
                || word.split_once('/').is_some_and(|(host, _)| {
                    host.contains('.') && host.starts_with(char::is_alphabetic)
                })
        });
        let is_footed = is_footed
            || (self.words.len() > 1
                && self.says("stop2end, help|info|or|and stop to|2 opt|opt-out|optout|end|cancel|quit|unsubscribe|unsub"));
        is_footed || (self.says(PRAISE) && (has_link || self.text.contains("% ")))
    }

    /// Who answers is not who was texted, by a name or by the place: "this isn't Derek", "no Maria here", "aquí no es".
    fn denies_a_name(&self) -> bool {
        const ELSEWHERE_WORDS_MAX: usize = 4;
        const NAMED: &str = "wrong @, this isn't @, name is not @, name isn't @, no me llamo @, this is not @, this is not the @, this|it was @ * phone|number|cell|line, one|noone|nobody|anyone * called|named @, i'm|am not @, don't know any|a|no @, know no @, no @ here|at, \
            @ no longer|doesn't|moved|left * number|here|phone, no soy @, no soy su|el|la|ningun|ninguna @, no soy su|el|la senor|senora|sr|sra|ing|lic|dr|arq|don|dona @, i'm|am not mr|mrs|ms|dr @, no se quien|de es|sea @, idea de quien es|sea @, @ at this|my number|line, no conozco a|ningun|ninguna @, aqui no * @, ningun|ninguna @, \
            este no es * de @, ya no es * de @";
        let words: Vec<String> = self
            .text
            .split_whitespace()
            .enumerate()
            .flat_map(|(at, word)| match at > 0 && is_name(word) {
                true => vec!["@".to_owned()],
                false => said_words(word),
            })
            .collect();
        // "Aquí no es, yo vendo tacos", but not "aquí no es donde quiero".
        let is_elsewhere = self.text.split(['.', ',', ';', '!', '\n']).any(|clause| {
            let words = said_words(clause);
            words.len() <= ELSEWHERE_WORDS_MAX
                && any_of(
                    &words,
                    "aqui|aca no es, no es aqui|aca, se|te confundieron|confundio|confundiste|equivoco|equivocaron|equivocaste, yo no soy el|ella",
                )
        });
        is_elsewhere || any_of(&words, NAMED)
    }

    fn intent(&self) -> Intent {
        if consent::is_reaction(self.text) {
            return Intent::Acknowledge;
        }
        if self.signal == Signal::OptOut {
            return Intent::OptOut;
        }
        let is_question = self.text.contains('?') || is_asking(self.words) || self.says(ASKS);
        if self.is_answering_machine()
            || self.is_notice()
            || self.is_mass_text()
            || (self.says(BUSY)
                && !self.says(NOT_BUSY)
                && !is_question
                && !self.is_requirement_new
                && !self.has_selected)
        {
            return Intent::AutoReply;
        }
        if self.denies_a_name()
            && (!self.is_requirement_new || self.says("number|phone|line|name|here"))
        {
            return Intent::WrongNumber;
        }
        // What is to be pretended is no need, though it names a place or a rent.
        let is_marked_up = || MARKUP.iter().any(|mark| self.text.contains(mark));
        let begins_with_mark = || MARKUP.iter().any(|mark| self.text.starts_with(mark));
        if is_marked_up() && self.is_requirement_new && !begins_with_mark() {
            return self.need();
        }
        // "Este no es el teléfono de la señora" asks for none.
        let denies_phone = || self.says("no es el|mi|su telefono|numero|celular|cel");
        if ((self.says(ADVERSARIAL) && !denies_phone() || is_marked_up())
            && !self.is_requirement_new)
            || self.says(PRETENCES)
            || begins_with_mark()
        {
            return Intent::Adversarial;
        }
        // "Which is the cheapest": of those that were offered.
        if is_question && !self.dialogue.options.is_empty() && self.says(SUPERLATIVES) {
            return Intent::AskListingQuestion;
        }
        let is_before_visit = self.says(BEFORE_VISIT);
        let first = PURPOSES.iter().find(|(intent, phrases)| {
            self.says(phrases) && !(is_before_visit && *intent == Intent::RequestTour)
        });
        if self.has_tour()
            && self.says(CANCELS)
            && !self.says(CANCELS_NOT)
            && !self.says(OTHER_TIME)
            && !self.has_selected
        {
            return Intent::CancelTour;
        }
        // "Would they take 1.25 instead of 1.36?" moves no tour.
        let is_offer =
            first.is_some_and(|(intent, _)| *intent == Intent::Negotiate) && has_price(self.text);
        if self.has_tour()
            && !is_offer
            && (self.says(OTHER_TIME)
                || self.says(CANT_COME)
                || self.names_other_time
                || self.has_when && self.says(WOULD_DO))
            && first.is_none_or(|(intent, _)| outranked_by_tour(*intent))
        {
            return Intent::RescheduleTour;
        }
        if self.has_selected
            && !is_question
            && self.says(DROPS)
            && first.is_none_or(|(intent, _)| {
                outranked_by_choice(*intent) || matches!(intent, Intent::Decline | Intent::Defer)
            })
        {
            return Intent::RejectOptions;
        }
        // El Segundo is a city too.
        let is_the_second = self.words.len() <= CHOICE_WORDS_MAX && self.says("el segundo");
        if self.has_selected
            && (self.says(PICKS) || is_the_second)
            && first.is_none_or(|(intent, _)| outranked_by_choice(*intent))
        {
            return Intent::SelectOption;
        }
        match first.map(|(intent, _)| *intent) {
            Some(
                weak @ (Intent::Confirm | Intent::Decline | Intent::Acknowledge | Intent::Greeting),
            ) => self.weak(weak, is_question),
            Some(named) => self.named(named, is_question),
            None => self.unnamed(is_question),
        }
    }

    /// What a phrase gives away, where the rest of the turn or the dialogue does not say otherwise.
    fn named(&self, named: Intent, is_question: bool) -> Intent {
        match named {
            Intent::RequestTour if self.is_requirement_new && self.dialogue.options.is_empty() => {
                self.need()
            }
            // "Olvidé decirle, ocupamos patio. ¿La 2 tiene?"
            Intent::RejectOptions if is_question && self.tells_need_besides() => self.need(),
            // "Quit showing me Sumner, it's too far" is about the search, not about one of the options.
            Intent::RejectOptions if self.is_requirement_new && self.says(STOPS_SHOWING) => {
                self.need()
            }
            // Nothing was offered that could be bargained for, refused or added to.
            Intent::Negotiate | Intent::RejectOptions | Intent::RequestMoreOptions
                if self.is_requirement_new && self.dialogue.options.is_empty() =>
            {
                self.need()
            }
            // "We can move in any time": nothing is there to be moved.
            Intent::RescheduleTour if self.is_requirement_new && !self.has_tour() => self.need(),
            Intent::RequestTour if self.says(NO_VISIT) => match self.has_tour() {
                true => Intent::CancelTour,
                false => Intent::Decline,
            },
            // "No vayan a cancelar la cita".
            Intent::CancelTour if self.says(CANCELS_NOT) => Intent::Confirm,
            // There is none to be cancelled.
            Intent::CancelTour
                if !self.has_tour() && !self.says(CANCEL_WORDS) && self.says(NO_VISIT) =>
            {
                Intent::Decline
            }
            // A machine needs no warehouse, and comes to see none.
            Intent::AutoReply
                if (self.says(NEEDS)
                    || self.is_requirement_new
                        && self.text.contains(|c: char| c.is_ascii_digit())
                        && self.says(NEED_WORDS))
                    && !self.says(NEEDS_OF_OTHERS) =>
            {
                self.need()
            }
            Intent::AutoReply if !self.dialogue.options.is_empty() && self.says(COMES_ANYWAY) => {
                Intent::RequestTour
            }
            // "Send me more info on the second".
            Intent::RequestMoreOptions if self.says(MORE_OF_IT) => match self.has_selected {
                true => Intent::SelectOption,
                false => Intent::AskListingQuestion,
            },
            // "Wanna see a few others", "quiero ver otras".
            Intent::RequestTour if !self.has_when && self.says(OTHERS) => {
                Intent::RequestMoreOptions
            }
            // Who was to be called and was not, asks for no call.
            Intent::RequestHuman if self.says(CALL_PROMISED) => Intent::Complaint,
            // Who may call only in some weeks is to be left alone until then.
            Intent::RequestHuman if self.says(WEEKS_LATER) => Intent::Defer,
            // "Already leased" angers who wanted it, unless it was another.
            Intent::Complaint if self.says("already leased|rented a|an|another|something|somewhere|one|our, we|i|we've already leased|rented") => {
                Intent::CloseRequirement
            }
            // What keeps a buyer waiting is not always us.
            Intent::Complaint if self.says(WAITS_FOR_OTHERS) => Intent::Defer,
            Intent::RejectOptions if self.says("not|bad a * good|great|right|best time") => {
                Intent::Defer
            }
            // "Does it have an option out after year one?"
            Intent::Defer | Intent::CloseRequirement if is_question && self.has_selected => {
                Intent::AskListingQuestion
            }
            // "How much is the deposit on the second?"
            Intent::AskGeneralQuestion
                if is_question
                    && (self.has_selected
                        || !self.dialogue.options.is_empty() && self.says(THIS_ONE))
                    && !self.says(ELSEWHERE_TOO) =>
            {
                Intent::AskListingQuestion
            }
            // The lease that was signed, or that fell through, is why more is needed.
            Intent::CloseRequirement
                if self.is_requirement_new
                    && self.says(NEED_WORDS)
                    && !self.says(NEEDS_NO_MORE) =>
            {
                self.need()
            }
            // "We don't need docks anymore".
            Intent::CloseRequirement if self.says(NEEDS_PART) => self.need(),
            // "Thinking about leasing 8k in Orange": nothing is there yet that could wait.
            Intent::Defer if self.is_requirement_new && !self.has_requirement => self.need(),
            // "Wait no, my partner says 28 thousand".
            Intent::Defer
                if self.is_requirement_new
                    && self.says(DECIDERS_WANT)
                    && !self.says(DECIDERS_WAITED_FOR) =>
            {
                self.need()
            }
            Intent::Defer | Intent::CloseRequirement
                if self.is_requirement_new && self.changes() =>
            {
                self.need()
            }
            // Of docks, or of square feet.
            Intent::WrongNumber if self.says(WRONG_FIGURE) => self.need(),
            // "Not yet" answers a question.
            Intent::Defer
                if self.dialogue.asked.is_some()
                    && self
                        .last
                        .iter()
                        .filter(|word| !THANKS.split(", ").any(|thanks| thanks == word.as_str()))
                        .count()
                        <= NO_WORDS_MAX
                    && any_of(self.last, "not yet|really|now|today|right") =>
            {
                Intent::Decline
            }
            // A need outranks what it asks besides, but what a lease is called is none.
            Intent::AskGeneralQuestion | Intent::AskIdentity
                if self.is_requirement_new && !self.says(MEANINGS) =>
            {
                self.need()
            }
            strong => strong,
        }
    }

    /// What no phrase gives away.
    fn unnamed(&self, is_question: bool) -> Intent {
        match () {
            // A sign without words: yes to what we asked, or thanks.
            () if self.words.is_empty() && self.text.contains(APPROVAL) => {
                match self.dialogue.asked {
                    Some(Asked::Tour | Asked::Start | Asked::Widen) => Intent::Confirm,
                    _ => Intent::Acknowledge,
                }
            }
            () if self.offers(is_question) => Intent::Negotiate,
            () if self.has_when && self.has_tour() => Intent::RescheduleTour,
            () if self.has_when && self.is_asked_for_tour() && !self.says("not, can't, never") => {
                Intent::RequestTour
            }
            () if self.is_off_topic() => Intent::OffTopic,
            () if is_question && self.tells_need_besides() => self.need(),
            () if is_question && self.is_about_shown() => Intent::AskListingQuestion,
            () if is_question && self.is_about_listing => Intent::AskListingQuestion,
            // "What are the NNNs running?": a structure is asked for, not wished.
            () if is_question
                && self.dialogue.chosen.is_some()
                && !self.says(NEEDS)
                && !self.says(CHANGES) =>
            {
                Intent::AskListingQuestion
            }
            () if self.is_requirement_new => self.need(),
            // "Let's go with the Thursday slot": one of what was offered, by something else than its number.
            () if !self.dialogue.options.is_empty() && self.says(TAKES) => Intent::SelectOption,
            () if self.has_selected && self.dialogue.asked != Some(Asked::TourTime) => {
                Intent::SelectOption
            }
            () if self.has_requirement && self.says(CHANGES) => Intent::UpdateRequirement,
            () if self.says(OFF_TOPIC) => Intent::OffTopic,
            () if !self.dialogue.options.is_empty() && self.says(TELL_ME) => {
                Intent::AskListingQuestion
            }
            () if is_question && self.dialogue.chosen.is_some() => Intent::AskListingQuestion,
            // In a longer text these words are no answer: "cuando va a estar lista".
            () if self.words == ["y"]
                || self.words.len() <= NO_WORDS_MAX && self.says(SHORT_YES) =>
            {
                self.weak(Intent::Confirm, is_question)
            }
            () if self.says(NEEDS) => self.need(),
            () => Intent::Unclear,
        }
    }

    /// A yes, a no, thanks or a greeting is weaker than a need, a question or a choice in the same turn.
    fn weak(&self, weak: Intent, is_question: bool) -> Intent {
        // "La renta ya incluye NNN?": "ya" is no yes here.
        if self.last_text_asks()
            && (self.dialogue.chosen.is_some() || self.has_selected)
            && weak != Intent::Decline
            && self.is_requirement_new
            && !self.says(NEEDS)
            && !self.says(CHANGES)
        {
            return Intent::AskListingQuestion;
        }
        if self.is_requirement_new {
            return self.need();
        }
        // "No, que sea a las 12" keeps the tour.
        if weak == Intent::Decline && self.has_when && self.has_tour() {
            return Intent::RescheduleTour;
        }
        // "Sure, Tuesday at 9" says more than yes.
        if weak != Intent::Decline && self.has_when && self.is_asked_for_tour() {
            return Intent::RequestTour;
        }
        if is_question && self.is_about_listing {
            return Intent::AskListingQuestion;
        }
        // "¿Qué tal 1.25 por la segunda?"
        if self.offers(is_question || self.says("que tal")) {
            return Intent::Negotiate;
        }
        if self.has_selected {
            // "The Rialto one is right by the port, how is the parking?"
            let is_asked = self.last_text_asks()
                && self.says("how|what|where|when|does|do|is|are * is|are|the|it|they|there, como|que|cuanto|tiene * es|esta|la|el|hay");
            return match is_asked {
                true => Intent::AskListingQuestion,
                false => Intent::SelectOption,
            };
        }
        if self.has_requirement && self.says(CHANGES) {
            return Intent::UpdateRequirement;
        }
        if weak == Intent::Greeting && self.is_off_topic() {
            return Intent::OffTopic;
        }
        // "Bus stop right outside, right?", "is it ok to have dogs there"
        let is_asked =
            self.last_text_asks() || self.words.len() > NO_WORDS_MAX && is_asking(self.words);
        if weak == Intent::Confirm && is_asked && !self.dialogue.options.is_empty() {
            return Intent::AskListingQuestion;
        }
        if weak != Intent::Decline && self.says(NEEDS) && !self.has_requirement {
            return Intent::NewRequirement;
        }
        if self.words.iter().any(|word| is_mash(word)) {
            return Intent::Unclear;
        }
        match weak {
            // The last word of a burst counts: "yes", then "actually no".
            Intent::Confirm if gives_away(self.last, Intent::Decline) => Intent::Decline,
            // "Yes thanks" answers a question,
            Intent::Confirm
                if matches!(self.dialogue.asked, Some(Asked::Tour | Asked::Widen))
                    && any_of(self.last, "yes, si, sure, claro, please, por favor") =>
            {
                Intent::Confirm
            }
            // and "ok" does; "ok thanks" ends.
            Intent::Confirm
                if self.says(THANKS) || self.says(WILL_LOOK) || self.dialogue.asked.is_none() =>
            {
                Intent::Acknowledge
            }
            other => other,
        }
    }

    /// Whether a turn that sounds like an end or a pause changes the search instead: "ya no necesito andenes", "start in 2 months".
    fn changes(&self) -> bool {
        self.says(
            "no longer need|want|require, don't need|want, ya no necesito|necesitamos|ocupo|ocupamos|quiero, need|needs|want|looking|start|move|lease, \
             necesito|necesitamos|ocupo|ocupamos|busco|buscamos|empezar|entrar|mudar|mudarnos",
        ) && !self.says(
            "found|signed|rented|encontre|encontramos|rentamos|firmamos|conseguimos, hold off, circle|check|get back, think about, not right now, ended|wound up, signing, all set, after all, fell through, ya firme|firmamos|rente|rentamos, \
             not now, pensarlo, no longer need|looking space|a|the|warehouse|anything, ya no necesito|necesitamos|ocupo|busco espacio|bodega|nada|una|la",
        )
    }

    /// Whether a question is about what was offered: "does it have …", "is #2 …", "what's the … there".
    fn is_about_shown(&self) -> bool {
        let is_shown = !self.dialogue.options.is_empty();
        is_shown
            && (self.has_selected
                || self.says(
                    "does|is|has|do|can it|they|that|this|there|these|those, it have|has|come|got, are there, is there, at|in|on|of|for this|that|the|it|there one|place|space|building|unit|property, \
                     there, the space|building|place|unit|landlord|owner, tiene|tienen|hay|es|esta, la bodega|nave",
                ))
            && !self.says("do|did you have|got|find, any|anything in|near|around|closer, got any|anything, looking for, tiene|tienen|hay algo|bodegas|naves|mas")
    }

    /// Whether a sentence beside the question tells a need: "we also need 4 docks. does #2 have that?"
    fn tells_need_besides(&self) -> bool {
        self.is_requirement_new
            && self
                .text
                .split_inclusive(['.', '!', '?', '\n'])
                .any(|sentence| {
                    let words = said_words(sentence);
                    !sentence.ends_with('?')
                        && !is_asking(&words)
                        && any_of(&words, TELLS_NEED)
                        && says_what(sentence)
                })
    }

    /// Whether a wish has nothing to do with space.
    fn is_off_topic(&self) -> bool {
        let has_digit = self.text.contains(|c: char| c.is_ascii_digit());
        (self.says(OFF_TOPIC) && !self.says(NEEDS) && !has_digit)
            || self.says("know|recommend|suggest|sabe|sabes|conoce|conoces|recomienda|recomiendas a|de|an|any|some|un|una|algun|alguna|algo|buen|buenos * restaurant|restaurants|hotel|hotels|bar|place|spot|spots|food|lunch|tacos|gym|doctor|lawyer|mechanic|plumber|movie|restaurante|lugar|taqueria|mecanico|doctor")
            || self.says("donde * comer|cenar|desayunar|almorzar, where * eat|dinner|lunch")
            || (self.says("what time|when * close|closes|open|opens, hora cierra|cierran|abre|abren")
                && !self.says("gate|gates|building|property|warehouse|office|you|they|it|place|space|yard|dock|docks|bodega|nave|porton|patio|oficina|ustedes|lugar"))
    }

    fn has_tour(&self) -> bool {
        self.dialogue.tour.is_some()
    }

    /// Whether a day or an hour answers what we asked.
    fn is_asked_for_tour(&self) -> bool {
        matches!(self.dialogue.asked, Some(Asked::Tour)) && !self.dialogue.options.is_empty()
    }

    /// Whether a rent is offered for what was shown.
    fn offers(&self, is_question: bool) -> bool {
        !self.dialogue.options.is_empty()
            && has_price(self.text)
            && self.says(if is_question { OFFERS_ASKED } else { OFFERS })
    }

    fn last_text_asks(&self) -> bool {
        self.text.trim_end().ends_with('?')
    }

    fn need(&self) -> Intent {
        if self.has_requirement && !self.says(ANOTHER) {
            Intent::UpdateRequirement
        } else {
            Intent::NewRequirement
        }
    }
}

fn outranked_by_tour(intent: Intent) -> bool {
    matches!(
        intent,
        Intent::Negotiate
            | Intent::RejectOptions
            | Intent::RequestTour
            | Intent::Defer
            | Intent::Confirm
            | Intent::Decline
            | Intent::Acknowledge
            | Intent::Greeting
    )
}

fn outranked_by_choice(intent: Intent) -> bool {
    matches!(
        intent,
        Intent::Confirm
            | Intent::Acknowledge
            | Intent::Greeting
            | Intent::RequestMoreOptions
            | Intent::AskGeneralQuestion
    )
}

/// What chooses, and says little else: "el segundo por favor".
const CHOICE_WORDS_MAX: usize = 4;

/// A "no" of more words says more than no.
const NO_WORDS_MAX: usize = 3;

/// Whether a word is written as a person's name is, and is none of a place or a day.
fn is_name(word: &str) -> bool {
    const LETTERS_MIN: usize = 3;
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let word = word
        .strip_suffix("'s")
        .or(word.strip_suffix("\u{2019}s"))
        .unwrap_or(word);
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase)
        && word.chars().count() >= LETTERS_MIN
        && letters.all(char::is_lowercase)
        && !word.ends_with("day")
        && !word.starts_with("Interest")
        && places::named(&places::fold(word)).is_none()
}

/// Whether the first word is one that questions begin with.
pub(crate) fn is_asking(words: &[String]) -> bool {
    const OPENERS: &str = "what what's when which will how how's does is are do can could where where's who who's why que cual cuanto cuanta cuantos cuantas cuando tiene tienen como donde hay desde quien quienes any";
    /// What people begin with before they ask.
    const FILLERS: &str = "hey hi hello hola buenas buenos dias tardes noches good morning afternoon so and also but btw okay great oye oiga y pero disculpe disculpa entonces a de por para en con";
    let is_among = |word: &str, list: &str| list.split(' ').any(|listed| listed == word);
    let skipped = words
        .iter()
        .take_while(|word| is_among(word, FILLERS))
        .count();
    let words = &words[skipped..];
    // "Que sea en Chino" wishes.
    let is_wish = words.first().is_some_and(|word| word == "que")
        && words.get(1).is_some_and(|word| {
            is_among(
                word,
                "sea sean tenga tengan este esten no venga vengan pase pasen vaya vayan",
            )
        });
    !is_wish && words.first().is_some_and(|word| is_among(word, OPENERS))
}

/// Whether a sentence says what the space must be like.
fn says_what(sentence: &str) -> bool {
    let said = understand(sentence, None);
    said.criteria != Criteria::default() || said.sqft_max.or(said.sqft_min).is_some()
}

/// Whether a word is none: "hgfds". No word of either language does without a vowel for so long.
fn is_mash(word: &str) -> bool {
    const LETTERS_MIN: usize = 5;
    let is_consonant = |c: char| c.is_ascii_lowercase() && !"aeiouy".contains(c);
    word.len() >= LETTERS_MIN && word.chars().all(is_consonant)
}

/// Whether a rent is named: "1.25", "$12,000".
fn has_price(text: &str) -> bool {
    let is_rate = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_digit());
        word.split_once('.').is_some_and(|(dollars, cents)| {
            dollars.len() <= 2
                && cents.len() == 2
                && cents.bytes().all(|digit| digit.is_ascii_digit())
        })
    };
    text.contains('$') || text.split_whitespace().any(is_rate)
}

#[cfg(test)]
mod tests;
