//! Opt-outs in other words than a keyword, in English and Spanish.
//!
//! A text is read clause by clause, in the words of [`vocabulary`](super::vocabulary). A rule has a pattern, a guard that looks
//! at what stands before it ("don't stop texting me" is the opposite), and a tail that looks at what follows ("stop by", "stop
//! sending me stuff in Riverside"). The direction of error: a false opt-out costs the contact one START, a missed one texts
//! somebody who asked not to be.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::vocabulary::meant;
use super::{Signal, words};
use crate::phrases::{self, any_of, contains, length, places, spelled};

/// What may stand before a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// No denial of it.
    Denial,
    /// No subject that makes a statement of it: "they never text me".
    Subject,
    Nothing,
}

/// What may stand behind a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tail {
    /// Anything; with a condition it is ambiguous.
    Open,
    /// Nothing that matters, or it is ambiguous.
    Closed,
    /// Nothing that matters, or it is no opt-out at all.
    Bare,
    /// Nothing, as nothing may stand before it; even then it is ambiguous.
    Hint,
}

const RULES: &[(Guard, Tail, &str)] = &[
    (
        Guard::Denial,
        Tail::Open,
        "stop|quit contacting|contact|messages, stop|quit|end the|all|these|those|your|any|my * messages|contact|contacting, \
         stop|quit|enough sending|with|w|getting|receiving * messages|contact|contacting|these|those|this|that|stuff|crap|shit|junk|things|anything, \
         stop|quit blowing, stop|quit it|con * messages, get|make * messages * stop|quit, messages to stop|quit, fuck|f|piss|bugger|back off * messages, \
         remove mr|mrs|ms|miss|him|her * from|off your|ur|the contacts|list|lists|system|database, want|wish off * list|lists, be|get taken off|from * list|lists, told|asked|said|tell|beg|begging you|u|yall|guys|them * stop, contacted|replied|wrote|said|say|saying|repeat|typed|sent stop, \
         kill|mute|silence|ditch|disable|deactivate these|those|the|all|your|any|my * messages, stop|quit disturbing me|us, \
         what|which part of stop, make|making these|this|messages stop, how * stop getting|receiving|messages|contacting, \
         unsubscribe, want|wish|like|please|get|be|me unsubscribed, opt me|us|my|this out, turn|shut|switch off * messages|contacting, \
         turn|shut|switch * messages off, want|wish|like|prefer|rather to|be * left alone, \
         remove me|us, remove * and|y my|our numero|info|name, remove|lose|forget|trash my|our|this * numero|info|information|name|data, \
         take|get|pull|strike|scratch|cross me|us|my|this * off|from|out * list|lists|system|database|thread|messages, \
         take|get|pull * numero off|from|out, leave me|us alone|be, leave me|us * alone, get|getting off|from this|the|your|ur * list|lists, put|add|on * dnc, \
         revoke|withdraw|cancel|end * consent|permission|subscription|messages, \
         deje de * contactar, deje de * messages, deje con * messages, deje en paz, dejarme|dejarnos en paz, deje|dejar de recibir, \
         quiteme de * lista|listas|sistema|contactos|base, borre mi|este|nuestro|me * numero|nombre|contacto|contactos|lista, \
         dar|darme|deme|denme|dame|darnos|doy|darse|dense * de baja, \
         cancelar|cancele|cancelen|cancela|cancelo|anular|anule|anulen|suspenda|suspendan|suspender * suscripcion|messages, \
         salir|salirme|salgo|salirnos de * lista|listas|suscripcion|messages, olvidese|olvidense|olvidate de mi|mis|este * numero, \
         basta|alto * de|a|con * messages, me|nos * borre de * lista|listas|sistema|base, retiro|revoco|cancelo * consentimiento|permiso|autorizacion",
    ),
    (
        Guard::Subject,
        Tail::Open,
        "dont|never contact|contacting me|us|back|again|anymore|further, dont|never contact|contacting this|my|our numero|line, \
         dont|never ever|be|keep|even|again|please|dare contact|contacting me|us|this|my|our|again, dont you dare|ever * contact|contacting, \
         never hear from you, no|ni me|nos llegue|lleguen * messages|nada, \
         dont|never use this numero, dont|never send|sending|forward|forwarding me|us|this * messages|these|those|stuff|crap|shit|junk, \
         dont|never send|sending * messages, dont|never solicit|soliciting, no|ni|never me|nos contacte|contactar, no|ni|never me|nos mande * messages|nada, no|ni|never mandar * messages|nada, no|ni|never vuelva|vuelvan|vuelvas|siga|sigan|sigas|volver|seguir * mandar * messages|nada, \
         no|ni|never * vuelva|vuelvan|vuelvas|siga|sigan|sigas|ande|anden|este|esten|volver|seguir * contactar, \
         dont|never disturb me|us, \
         no|ni|never me|nos vuelva|vuelvan|vuelvas|siga|sigan|sigas|ande|anden|este|esten|volver|seguir * mandar",
    ),
    (
        Guard::Nothing,
        Tail::Open,
        "dont call|contact|solicit list|registry, dont|not want|wish|like|need|care|appreciate * messages|contacted, dont|not want|wish|like|need|care|appreciate to * messages|contacted, \
         dont|not want|wish|like|need|appreciate * contact|contacting me|us, no longer want|wish|need|care * messages|contacted, \
         favor|pido|ruego|suplico|agradezco|agradeceria * no contactar|contacte, not|longer|never interested in * messages|contacted|hearing, \
         dont|not|never want|wish|like|need|care * hear from you|yall|them|anyone, \
         want|wish|like|love|hope|ask|asks|asked * not * get|receive|be * messages|contacted, \
         dont|not want|wish|like|need|care * get|receive|getting|receiving these|those|them, \
         appreciate|like|love|prefer|nice|great * if you didnt|stopped|stop|quit|wouldnt|dont * contact|contacting|messages|sending, rather|prefer not get|receive|be * messages|contacted, prefer not to get|receive|be * messages|contacted, prefer|like|want not to get|receive * of these|those|this, \
         rather|prefer|wish you|they * dont|not|didnt|wouldnt contact|contacting, \
         want|wish|need no more|further messages|contact, no more|further messages|contact|contacting, \
         dont|never|not|didnt consent|authorize|allow|permit|agree * contact|contacted|contacting|messages, \
         no|not|never|dont|without * permission|consent|authorization * contact|contacted|contacting|messages, \
         blocking|block|blocked|reporting|report|reported you, blocking|block|reporting|report this|your numero, \
         reporting|report|reported * as|for contact, report|reporting|reported * fcc|ftc|carrier|authorities, \
         if you contact|contacting me|us again * lawyer|attorney|sue|report|reporting|block|blocking|police, \
         no need for|of * messages|contacting, no need for|of further|more contact, want|wants no part|parts, no|dont need|have * keep|continue contacting|sending, or|nor contact|contacting me|us ever|anymore, one more contact|messages and|or * lawyer|sue|report|reporting|block|blocking|police|attorney|fcc, \
         bloquear|bloqueare|bloqueo|reportar|reportare|reporto este|su|sus|a|los|al * numero|you, \
         los|lo|les voy|vamos a bloquear|reportar|denunciar, no quiero * messages|contacted, no quiero nada de|con you, no quiero recibir|saber * nada|mas, \
         dont|not want|wish|like|need|care * anything|nothing|more from you|yall|them|wex, no quiero que me|nos contacte, no quiero que me|nos mande * messages|nada|esto, \
         no|ya mas|no messages, no autorizo|consiento * messages|contacte|contactar|mande|mandar, \
         no doy|di|tienen|tiene * permiso|autorizacion|consentimiento deje|de * messages|contacte|contactar|mande|mandar",
    ),
    (
        Guard::Denial,
        Tail::Closed,
        "quiteme de ahi|aqui|esto|eso|alli|todo, stop|quit sending me|us|it, please|just|can|could|will|would * stop, opt|opting out, optout, how * stop this|these|it, \
         remove|take from|off * list|lists|system|database, deje de mandar",
    ),
    (
        Guard::Subject,
        Tail::Closed,
        "no contacting|messages, no autorizo|consiento, no doy|di|tienen|tiene * permiso|autorizacion|consentimiento, \
         no quiero que me|nos mande, if you contact|contacting me|us again, \
         no|ni mandar mas, no|ni|never vuelva|vuelvan|vuelvas|siga|sigan|sigas|volver|seguir * mandar, no|ni me mande mas|nada, dont|never send me|us more|any|another",
    ),
    (
        Guard::Subject,
        Tail::Bare,
        "dont|never contact|contacting, no|ni contacte, no quiero recibir, ya no mande, dont|never send me|us anything|nothing",
    ),
    (
        Guard::Denial,
        Tail::Bare,
        "take|get|pull me|us|this off, turn|shut|switch these|this|it off, go away, fuck|f|piss|buzz|bugger off, get lost, quiteme, \
         quit|knock|cut it|this|that * off|out, quit it, be|get taken off, want|wish out, make it|them stop, quiero salirme",
    ),
    (
        Guard::Nothing,
        Tail::Hint,
        "enough, enough already, id|i|we * rather not get|receive these|those|this, this|its is|a contact, never|didnt * signed|sign|subscribed|subscribe|asked|agreed * for|to this|messages|these, \
         i|we never|didnt * signed|sign|subscribed|subscribe|asked|agreed * for|to this|messages|these, \
         this|its is harassment|harassing|stalking, its harassment, esto es acoso, fuck|screw you",
    ),
];

/// One pattern of [`RULES`].
struct Rule {
    guard: Guard,
    tail: Tail,
    pattern: Vec<&'static str>,
}

/// The rules by the words that they may begin with, for every text passes here.
static BY_FIRST_WORD: LazyLock<HashMap<&'static str, Vec<Rule>>> = LazyLock::new(|| {
    let mut rules: HashMap<_, Vec<Rule>> = HashMap::new();
    for &(guard, tail, patterns) in RULES {
        for pattern in patterns.split(", ") {
            let pattern: Vec<&'static str> = pattern.split_whitespace().collect();
            for first in pattern[0].split('|') {
                let pattern = pattern.clone();
                rules.entry(first).or_default().push(Rule {
                    guard,
                    tail,
                    pattern,
                });
            }
        }
    }
    rules
});

/// Words that alone in a clause ask for it, among words that say nothing.
const STRONG: &str = "stop unsubscribe stopall optout basta";

/// Words that do so as the whole text, among polite ones.
const WEAK: &str = "deje cancel end quit revoke remove alto parar detener cancelar baja";

const POLITE: &str = "please hey hi hola now thanks thank you por favor gracias ya ok okay";

/// Words that say nothing about what is to stop.
const FILLERS: &str = "please now thanks thank you ok okay me us it this that these whatever is thing things stuff list all just already immediately asap right no yes hey \
    hi hello sorry man bro dude guys sir maam folks nah nope lol yo bruh lady amigo amiga fuck can could will would want need i make said say told asked to \
    and so everything anything anymore more else any again ever forever good for real but at the my our numero further both here back \
    contact contacting messages seriously really god wtf stop por favor gracias ya si oye quiero cosas senor senora esto eso todo mas nada nunca \
    never a este mi otra vez hoy entonces";

/// Words that only say how it is meant.
const EXPLETIVES: &str = "fucking fuckin fkn damn damned goddamn freaking frickin bloody pinche pinches malditos malditas chingados";

/// What "stop" means with one of these before or behind it.
const OTHER_STOPS_BEFORE: &str =
    "truck one full pit rest bus non door short next last first a the each";
const OTHER_STOPS_AFTER: &str = "by in over at on for to and sign light gap loss near there here looking searching the my our your";

/// What one does with a contact, and with others: who they may be, within how many words behind it.
const CONTACTS: &str = "contact contacting contactar contacte messages";
const THIRD_PARTIES: &str = "owner owners landlord landlords tenant tenants broker brokers manager managers agent agents seller sellers \
    client clients dueno duenos propietario propietarios inquilino inquilinos arrendador corredor cliente clientes";
const WHOM_WORDS_MAX: usize = 4;

/// Words of a condition: what follows says when or about what.
const CONDITIONS: &str = "about in on for from of until till before after unless except under above below bigger larger smaller during while when within outside regarding if \
    only hasta antes despues cuando mientras sobre en de solo solamente excepto si durante fuera";

/// Times that are a condition by themselves.
const TIMES: &str = "late early night nights weekend weekends tonight today tomorrow hour hours morning mornings evening noche noches \
    temprano tarde manana monday tuesday wednesday thursday friday saturday sunday sundays lunes martes miercoles jueves viernes \
    sabado domingo domingos";

/// What looks like a condition and is none.
const GENERAL: &str = "from all|everything|these|them, from you|your|this|now|here|wex|anyone, from the|all|any|these|ur * list|lists|messages|contacting|service|system|database|base|records|numero, \
    in the|my future|life|numero|inbox, in general, for good|ever|now|real|gods|any|no, for the love, \
    about this|that|it|my|our|your|anything|everything|warehouse|warehouses|space|spaces|real|property|properties|listings|any, \
    on this|my|that|our numero|line, of this|these|those|them|your|it|any, of the messages|contacting, of all|receiving|getting|everything|messages|contacting|further|future|wex, \
    if you|possible|please, if i|we|it|this get|receive|see|hear|happens|continues, de contactar|mandar, de estos|estas|esos|esas messages, de este|esta|aqui|you|una|ahora, de la|su|tu|sus|tus|las * lista|listas|base|sistema|contactos, de lista|messages|contacto, \
    en paz|general|adelante, en el|este futuro|numero, si no|es, sobre esto|eso|bodegas|espacios|nada, de bodegas|espacios|sus|tus";

/// What a text of these [`clauses`] says in other words than a keyword.
pub(super) fn read(body: &str, clauses: Vec<Vec<String>>) -> Signal {
    let clauses: Vec<_> = clauses.into_iter().map(in_our_words).collect();
    let (mut is_clear, mut is_unclear) = (false, false);
    for clause in &clauses {
        match of_clause(clause) {
            Signal::OptOut => is_clear = true,
            Signal::Ambiguous => is_unclear = true,
            Signal::Keyword(_) | Signal::None => {}
        }
        let is_denied = contains(clause, "dont|never|not|cant stop|unsubscribe");
        if !is_denied
            && is_any_of(clause, STRONG)
            && is_all_of(clause, &[STRONG, FILLERS])
            && !is_visit(clause)
        {
            // "Wait, stop, 12k" corrects itself; whoever also names a need may mean that.
            let names_need = clauses.len() > 1 && has_quantity(body);
            is_clear |= !names_need;
            is_unclear |= names_need;
        }
    }
    is_clear |= of_clause(&spelled_out(&clauses)) == Signal::OptOut;
    let mut words = clauses.iter().flatten();
    is_clear |= words.clone().any(|word| is_among(WEAK, word))
        && words.all(|word| is_among(WEAK, word) || is_among(POLITE, word));
    match (is_clear, is_unclear) {
        (true, _) if clauses.iter().any(|clause| is_exception(clause)) => Signal::Ambiguous,
        (true, _) => Signal::OptOut,
        (false, true) => Signal::Ambiguous,
        (false, false) => Signal::None,
    }
}

/// The words that stand alone between marks: "No. More. Texts."
fn spelled_out(clauses: &[Vec<String>]) -> Vec<String> {
    let alone = |clause: &Vec<String>| <[String; 1]>::try_from(clause.clone()).ok();
    clauses.iter().filter_map(alone).flatten().collect()
}

/// The words of each clause of a text.
pub(super) fn clauses(body: &str) -> Vec<Vec<String>> {
    let parts = |c: char| {
        matches!(
            c,
            '.' | '!'
                | '?'
                | ';'
                | ','
                | '\n'
                | ':'
                | '('
                | ')'
                | '"'
                | '\u{2026}'
                | '\u{2013}'
                | '\u{2014}'
                | '\u{201c}'
                | '\u{201d}'
                | '\u{a1}'
                | '\u{bf}'
        )
    };
    let body = spelled(body);
    let clauses = body.split(" - ").flat_map(|part| part.split(parts));
    clauses
        .map(words)
        .filter(|words| !words.is_empty())
        .collect()
}

/// A clause in words of the rules, without our own sentence about opting out.
fn in_our_words(words: Vec<String>) -> Vec<String> {
    let mut clause: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        let word = meant(word);
        match (clause.last().map(String::as_str), word.as_str()) {
            (Some("do" | "does"), "not") => {
                clause.pop();
                clause.push("dont".to_owned());
            }
            (Some("did"), "not") => {
                clause.pop();
                clause.push("didnt".to_owned());
            }
            (Some("dont"), "t") => {}
            // "Leave me the hell alone".
            (Some("the"), "hell" | "fuck" | "heck") => {
                clause.pop();
            }
            _ if is_among(EXPLETIVES, &word) => {}
            _ => clause.push(word),
        }
    }
    // Our own sentence, quoted back.
    let quotes = is_any_of(&clause, "stop");
    const FOOTERS: [&str; 2] = [
        "reply|responda|contact stop to|para",
        "help|info|or|and stop to|2 opt|optout|end|cancel|quit|unsubscribe|unsub",
    ];
    let quoted = quotes.then(|| {
        FOOTERS
            .iter()
            .find_map(|footer| places(&clause, footer).next())
    });
    clause.truncate(quoted.flatten().map_or(clause.len(), |quoted| quoted.start));
    clause
}

fn of_clause(clause: &[String]) -> Signal {
    let mut found = Signal::None;
    for at in 0..clause.len() {
        for rule in BY_FIRST_WORD.get(clause[at].as_str()).into_iter().flatten() {
            let Some(length) = length(&clause[at..], &rule.pattern) else {
                continue;
            };
            let (before, rest) = clause.split_at(at);
            match judged(rule, before, &rest[..length], &rest[length..]) {
                Signal::OptOut => return Signal::OptOut,
                Signal::Ambiguous => found = Signal::Ambiguous,
                Signal::Keyword(_) | Signal::None => {}
            }
        }
    }
    found
}

/// What it means that a rule's pattern was found with this before and behind it.
fn judged(rule: &Rule, before: &[String], found: &[String], behind: &[String]) -> Signal {
    if !passes(rule.guard, before, found) {
        return Signal::None;
    }
    let is_stop = found.last().is_some_and(|last| last == "stop");
    if is_stop && is_another_stop(before, behind) {
        return Signal::None;
    }
    let is_out = found.len() == 2 && found[1] == "out";
    if is_out && contains(behind, "clause|option|provision|right|fee|period|penalty") {
        return Signal::None; // Of a lease.
    }
    // "Don't text me the address".
    let is_me = found.last().is_some_and(|last| is_among("me us", last));
    if is_me
        && behind
            .first()
            .is_some_and(|word| is_among("the a an", word))
    {
        return Signal::Ambiguous;
    }
    let is_contact = found.last().is_some_and(|last| is_among(CONTACTS, last));
    if rule.tail == Tail::Open
        && is_contact
        && is_any_of(&behind[..behind.len().min(WHOM_WORDS_MAX)], THIRD_PARTIES)
    {
        return Signal::Ambiguous; // "No permission to contact the tenant".
    }
    let says_nothing = || is_all_of(behind, &[FILLERS, STRONG]) || is_general(behind);
    match rule.tail {
        Tail::Open if is_conditional(behind) => Signal::Ambiguous,
        Tail::Open => Signal::OptOut,
        Tail::Closed | Tail::Bare if says_nothing() => Signal::OptOut,
        // "Opt out of the renewal" is about something else.
        Tail::Closed if is_out && behind.first().is_some_and(|word| word == "of") => Signal::None,
        Tail::Closed => Signal::Ambiguous,
        Tail::Hint if before.is_empty() && behind.is_empty() => Signal::Ambiguous,
        Tail::Bare | Tail::Hint => Signal::None,
    }
}

/// Whether what stands before a pattern, and in its gaps, leaves it an opt-out.
fn passes(guard: Guard, before: &[String], found: &[String]) -> bool {
    /// How far before a word a denial of it may stand.
    const DENIAL_WORDS_MAX: usize = 5;
    const DENIALS: &str = "dont never not no cant didnt sin";
    /// With one of these before it, a denial is a reproach: "why don't you stop", "if you don't stop".
    const REPROACHES: &str = "you they why if wont";
    const SUBJECTS: &str = "i we they he she it who you owner owners landlord tenant broker agent seller people nobody dueno propietario nadie";
    match guard {
        // "I don't want you to stop texting me".
        Guard::Nothing => !is_any_of(found, "stop"),
        Guard::Subject => !before.last().is_some_and(|word| is_among(SUBJECTS, word)),
        Guard::Denial => {
            // "Why did you stop texting me?"
            if let [.., did, you] = before
                && is_among("did have", did)
                && is_among("you yall guys", you)
            {
                return false;
            }
            let from = before.len().saturating_sub(DENIAL_WORDS_MAX);
            let denial = before[from..]
                .iter()
                .rposition(|word| is_among(DENIALS, word));
            let is_denied = denial.is_some_and(|at| {
                let at = from + at;
                let is_reproach = before[..at]
                    .last()
                    .is_some_and(|word| is_among(REPROACHES, word));
                // "No, please stop" denies something else, and so does "not interested please stop".
                let is_answer = (before[at] == "no" && at + 1 < before.len())
                    || is_any_of(&before[at..], "please interested thanks thank");
                !is_reproach && !is_answer
            });
            !is_denied && !is_any_of(found, DENIALS)
        }
    }
}

fn is_another_stop(before: &[String], behind: &[String]) -> bool {
    before
        .last()
        .is_some_and(|word| is_among(OTHER_STOPS_BEFORE, word))
        || behind
            .first()
            .is_some_and(|word| is_among(OTHER_STOPS_AFTER, word))
}

/// Whether the writer is to come: "can I stop now?"
fn is_visit(clause: &[String]) -> bool {
    any_of(
        clause,
        "i|we can|could|will|would, can|could|will|would i|we",
    )
}

/// Whether a clause says what may go on: "only Carson please". Another way to be reached is none.
fn is_exception(clause: &[String]) -> bool {
    const OPENERS: &str = "only just solo solamente nomas";
    const OTHER_WAYS: &str = "email mail call phone correo llame llamen llameme fax numero";
    clause.first().is_some_and(|word| is_among(OPENERS, word))
        && !is_all_of(&clause[1..], &[FILLERS])
        && !is_any_of(clause, OTHER_WAYS)
        && of_clause(clause) != Signal::OptOut
}

fn is_conditional(behind: &[String]) -> bool {
    is_any_of(behind, TIMES)
        || contains(behind, "but keep|send|only|just")
        || (0..behind.len()).any(|at| {
            is_among(CONDITIONS, &behind[at])
                && !GENERAL.split(", ").any(|general| {
                    places(&behind[at..], general.trim()).any(|place| place.start == 0)
                })
        })
}

/// Whether what follows is a condition that limits nothing: "from your list".
fn is_general(behind: &[String]) -> bool {
    behind
        .first()
        .is_some_and(|word| is_among(CONDITIONS, word))
        && !is_conditional(behind)
}

/// A size or another figure of a need, not an hour or a count.
fn has_quantity(body: &str) -> bool {
    body.split_whitespace().any(|word| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        digits >= 3
            || (digits > 0
                && word
                    .trim_end_matches(|c: char| !c.is_alphanumeric())
                    .ends_with(['k', 'K']))
    })
}

fn is_among(list: &str, word: &str) -> bool {
    phrases::is_among(word, list, b' ')
}

fn is_any_of(words: &[String], list: &str) -> bool {
    words.iter().any(|word| is_among(list, word))
}

fn is_all_of(words: &[String], lists: &[&str]) -> bool {
    words
        .iter()
        .all(|word| lists.iter().any(|list| is_among(list, word)))
}
