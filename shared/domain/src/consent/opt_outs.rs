//! Opt-outs in other words than a keyword, in English and Spanish.
//!
//! A text is read clause by clause, in the words of [`vocabulary`](super::vocabulary). A rule has a pattern, a guard that looks
//! at what stands before it ("don't stop texting me" is the opposite), and a tail that looks at what follows ("stop by", "stop
//! sending me stuff in Riverside"). The direction of error: a false opt-out costs the contact one START, a missed one texts
//! somebody who asked not to be.

use std::sync::LazyLock;

use foldhash::HashMap;

use super::vocabulary::meant;
use super::{Signal, words};
use crate::phrases::{self, any_of, contains, length, marks, places, without_runs};

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
    /// Nothing, as nothing may stand before it; even then it is only a hint.
    Hint,
}

/// The patterns, by what may stand around them.
const RULES: &str = include_str!("opt_outs.txt");

/// One pattern of [`RULES`].
struct Rule {
    guard: Guard,
    tail: Tail,
    pattern: Vec<&'static str>,
}

/// The rules by the words that they may begin with.
static BY_FIRST_WORD: LazyLock<HashMap<&'static str, Vec<Rule>>> = LazyLock::new(|| {
    let mut rules: HashMap<_, Vec<Rule>> = HashMap::default();
    let mut around = None;
    for line in RULES.lines() {
        let pattern: Vec<&'static str> = line.split_whitespace().collect();
        match (pattern.first(), around) {
            (None | Some(&"#"), _) => {}
            (Some(first), _) if first.starts_with('[') => around = around_of(line),
            (Some(first), Some((guard, tail))) => {
                for first in first.split('|') {
                    let pattern = pattern.clone();
                    rules.entry(first).or_default().push(Rule {
                        guard,
                        tail,
                        pattern,
                    });
                }
            }
            (Some(_), None) => debug_assert!(false, "{line}: what may stand around it?"),
        }
    }
    rules
});

/// What may tell something, the rules and words alone, by the words of the rarest group of each: the marks of all its groups.
static BY_RAREST_WORD: LazyLock<HashMap<&'static str, Vec<Vec<u128>>>> = LazyLock::new(|| {
    let rules = RULES.lines().filter(|line| !line.starts_with(['#', '[']));
    let alone = STRONG.split(' ').chain(WEAK.split(' '));
    let mut telling: HashMap<_, Vec<_>> = HashMap::default();
    for pattern in rules.chain(alone) {
        let groups = pattern.split_whitespace().filter(|&group| group != "*");
        let marks: Vec<u128> = groups
            .clone()
            .map(|group| marks(group.split('|')))
            .collect();
        // The longer a word, the fewer other texts have it.
        let rarest = groups.max_by_key(|group| group.split('|').map(str::len).min());
        for word in rarest.into_iter().flat_map(|group| group.split('|')) {
            telling.entry(word).or_default().push(marks.clone());
        }
    }
    telling
});

/// What a heading of [`RULES`] says.
fn around_of(heading: &str) -> Option<(Guard, Tail)> {
    let (guard, tail) = heading
        .strip_prefix('[')?
        .strip_suffix(']')?
        .split_once(' ')?;
    let guard = match guard {
        "denial" => Guard::Denial,
        "subject" => Guard::Subject,
        "nothing" => Guard::Nothing,
        _ => return None,
    };
    let tail = match tail {
        "open" => Tail::Open,
        "closed" => Tail::Closed,
        "bare" => Tail::Bare,
        "hint" => Tail::Hint,
        _ => return None,
    };
    Some((guard, tail))
}

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
    never a este mi otra vez hoy entonces uninterested stay away them one ninguno ninguna les digo somehow ups";

/// What "stop" means with one of these before or behind it.
const OTHER_STOPS_BEFORE: &str =
    "truck one full pit rest bus non door short next last first a the each";
const OTHER_STOPS_AFTER: &str = "by in over at on for to and being sign light gap loss near there here looking searching the my our your";

/// What one does with a contact, and with others: who they may be, within how many words behind it.
const CONTACTS: &str = "contact contacting contacted contactar contacte messages";
const THIRD_PARTIES: &str = "owner owners landlord landlords tenant tenants broker brokers manager managers agent agents seller sellers \
    client clients dueno duenos propietario propietarios inquilino inquilinos arrendador corredor cliente clientes";
const WHOM_WORDS_MAX: usize = 4;

/// What is sent once: "don't text me the address".
const PARTICULARS: &str = "address code pin link lease contract documents docs photo photos number";

/// What is taken off the market: "dar de baja mi anuncio".
const LISTED: &str = "bodega bodegas nave anuncio publicacion propiedad espacio local listado opcion listing building warehouse space unit property";

/// Words of a condition: what follows says when or about what.
const CONDITIONS: &str = "about in on for from of until till before after unless except under above below bigger larger smaller during while when within outside regarding if \
    only hasta antes despues cuando mientras sobre en de solo solamente excepto si durante fuera";

/// Times that are a condition by themselves.
const TIMES: &str = "late early night nights weekend weekends tonight today tomorrow hour hours morning mornings evening noche noches \
    temprano tarde manana monday tuesday wednesday thursday friday saturday sunday sundays lunes martes miercoles jueves viernes \
    sabado domingo domingos";

/// What looks like a condition and is none.
const GENERAL: &str = "from all|everything|these|them, from you|your|this|now|here|wex|anyone, for you, for my|our|this numero|line|account, of our|my employees|staff|people|team|numbers|phones, de su|tu|sus|tus empresa|compania|negocio|parte, de la|las|los bodega|bodegas|espacios|propiedades, from the|all|any|these|ur|whatever|whichever|every|each * list|lists|messages|contacting|service|system|database|base|records|numero, \
    in the|my future|life|numero|inbox, in general, for good|ever|now|real|gods|any|no, for the love, \
    about this|that|it|my|our|your|anything|everything|warehouse|warehouses|space|spaces|real|property|properties|listings|any, \
    on this|my|that|our|her|his|their numero|line, of this|these|those|them|your|it|any, of the messages|contacting, of all|receiving|getting|everything|messages|contacting|further|future|wex, \
    if you|possible|please, si siguen|sigue|sigues|vuelven|vuelve|continuan|continua, de todo|todos|todas|esto|eso|inmediato, if i|we|it|this get|receive|see|hear|happens|continues, de contactar|mandar, de estos|estas|esos|esas messages, de este|esta|aqui|you|una|ahora, de la|su|tu|sus|tus|las * lista|listas|base|sistema|contactos, de lista|messages|contacto|contact|datos, for messages|contact|contacting|that|this|these, \
    en paz|general|adelante, en el|este futuro|numero, si no|es, sobre esto|eso|bodegas|espacios|nada, de bodegas|espacios|sus|tus";

/// What is written with a full stop before a name.
const TITLES: &str = "mr mrs ms dr sr sra srta";

/// How clearly a clause asks for no more texts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sense {
    Nothing,
    /// It sounds like it; two such clauses are clear.
    Hint,
    /// It may, or does so within limits.
    Unclear,
    Clear,
}

/// What a text of these [`clauses`] says in other words than a keyword.
pub(super) fn read<'a>(body: &str, clauses: &[Vec<&'a str>]) -> Signal {
    let shortened = |clause: &Vec<&'a str>| -> Vec<_> {
        let words = clause.iter();
        words.map(|word| without_runs(*word, |_| true)).collect()
    };
    let clauses: Vec<_> = clauses.iter().map(shortened).collect();
    let clauses: Vec<Vec<&str>> = clauses.iter().map(|clause| in_our_words(clause)).collect();
    let spelled_out = spelled_out(&clauses);
    let telling: Vec<_> = clauses.iter().filter(|clause| may_tell(clause)).collect();
    if telling.is_empty() && !may_tell(&spelled_out) {
        return Signal::None;
    }
    // "Stop, I meant 12k" corrects itself; whoever names a need in other words may mean that as well.
    let corrects = || {
        has_quantity(body)
            && clauses
                .iter()
                .any(|clause| any_of(clause, "i meant|mean, make it|that"))
    };
    let names_need = || {
        clauses.len() > 1 && (has_quantity(body) || clauses.iter().any(|clause| wants_more(clause)))
    };
    let sense_of = |clause: &Vec<&str>| {
        let alone = match () {
            () if !says_stop_alone(clause) || corrects() => Sense::Nothing,
            () if names_need() => Sense::Unclear,
            () => Sense::Clear,
        };
        alone.max(of_clause(clause))
    };
    let senses: Vec<Sense> = telling.into_iter().map(sense_of).collect();
    let hints = senses.iter().filter(|&&sense| sense == Sense::Hint).count();
    let mut words = clauses.iter().flatten();
    let is_clear = senses.contains(&Sense::Clear)
        || hints > 1
        || of_clause(&spelled_out) == Sense::Clear
        || (words
            .clone()
            .all(|word| is_among(WEAK, word) || is_among(POLITE, word))
            && words.any(|word| is_among(WEAK, word)));
    match is_clear {
        true if clauses.iter().any(|clause| is_exception(clause)) => Signal::Ambiguous,
        true => Signal::OptOut,
        false if hints > 0 || senses.contains(&Sense::Unclear) => Signal::Ambiguous,
        false => Signal::None,
    }
}

/// Whether a clause may hold a rule, or a word that says something alone: every text passes here, and most clauses hold none.
fn may_tell(clause: &[&str]) -> bool {
    let telling = clause.iter().filter_map(|word| BY_RAREST_WORD.get(word));
    let mut telling = telling.flatten().peekable();
    telling.peek().is_some() && {
        let marks = marks(clause);
        telling.any(|groups| groups.iter().all(|group| marks & group != 0))
    }
}

/// Whether a clause is a strong word among words that say nothing.
fn says_stop_alone(clause: &[&str]) -> bool {
    is_any_of(clause, STRONG)
        && is_all_of(clause, &[STRONG, FILLERS])
        && !contains(clause, "dont|never|not|cant stop|unsubscribe")
        && !is_visit(clause)
}

/// Whether a clause asks for more of what we send.
fn wants_more(clause: &[&str]) -> bool {
    contains(
        clause,
        "show|send|give me|us * other|others|another|more|options|something|places|bigger|smaller|cheaper",
    ) && !is_any_of(clause, "dont never no not stop quit")
}

/// The words that stand alone between marks: "No. More. Texts."
fn spelled_out<'a>(clauses: &[Vec<&'a str>]) -> Vec<&'a str> {
    let alone = clauses.iter().filter(|clause| clause.len() == 1);
    alone.flatten().copied().collect()
}

/// The words of each clause of a text whose clauses are lines.
pub(super) fn clauses(lines: &str) -> Vec<Vec<&str>> {
    let mut clauses: Vec<Vec<&str>> = Vec::new();
    for line in lines.split('\n') {
        let words: Vec<&str> = words(line).collect();
        if words.is_empty() {
            continue;
        }
        match clauses.last_mut() {
            // "Mr. Delgado" is one.
            Some(clause) if clause.last().is_some_and(|last| is_among(TITLES, last)) => {
                clause.extend(words);
            }
            _ => clauses.push(words),
        }
    }
    clauses
}

/// Whether a character parts clauses.
pub(super) fn parts_clauses(c: char) -> bool {
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
}

/// A clause in words of the rules, without our own sentence about opting out.
fn in_our_words(words: &[impl AsRef<str>]) -> Vec<&str> {
    let mut clause: Vec<&str> = Vec::with_capacity(words.len());
    for word in words {
        let word = meant(word.as_ref());
        match (clause.last().copied(), word) {
            (Some("do" | "does"), "not") => {
                clause.pop();
                clause.push("dont");
            }
            (Some("did"), "not") => {
                clause.pop();
                clause.push("didnt");
            }
            (Some("dont"), "t") | (_, "") => {}
            // Else "not interested stop" would deny the stop.
            (Some("not"), "interested") => {
                clause.pop();
                clause.push("uninterested");
            }
            // "Leave me the hell alone".
            (Some("the"), "hell" | "fuck" | "heck") => {
                clause.pop();
            }
            _ => clause.push(word),
        }
    }
    // Our own sentence, quoted back.
    let quotes = clause.contains(&"stop");
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

fn of_clause(clause: &[&str]) -> Sense {
    let mut found = Sense::Nothing;
    for at in 0..clause.len() {
        for rule in BY_FIRST_WORD.get(clause[at]).into_iter().flatten() {
            let Some(length) = length(&clause[at..], &rule.pattern) else {
                continue;
            };
            let (before, rest) = clause.split_at(at);
            found = found.max(judged(rule, before, &rest[..length], &rest[length..]));
            if found == Sense::Clear {
                return found;
            }
        }
    }
    found
}

/// What it means that a rule's pattern was found with this before and behind it.
fn judged(rule: &Rule, before: &[&str], found: &[&str], behind: &[&str]) -> Sense {
    if !passes(rule.guard, before, found) || is_about_else(before, found, behind) {
        return Sense::Nothing;
    }
    // "Don't text me the listings", "no permission to contact the tenant".
    let is_of_some = (ends_with(found, "me us") && starts_with(behind, "the|a|an"))
        || (rule.tail == Tail::Open
            && ends_with(found, CONTACTS)
            && is_any_of(first(behind, WHOM_WORDS_MAX), THIRD_PARTIES));
    if is_of_some {
        return Sense::Unclear;
    }
    let says_nothing = || is_all_of(behind, &[FILLERS, STRONG]) || is_general(behind);
    match rule.tail {
        Tail::Open if is_conditional(behind) => Sense::Unclear,
        Tail::Open => Sense::Clear,
        Tail::Closed | Tail::Bare if says_nothing() => Sense::Clear,
        Tail::Closed => Sense::Unclear,
        Tail::Hint if is_all_of(before, &[POLITE]) && is_all_of(behind, &[POLITE]) => Sense::Hint,
        Tail::Bare | Tail::Hint => Sense::Nothing,
    }
}

/// Whether what was found is about something else than our texts, by what stands around it.
fn is_about_else(before: &[&str], found: &[&str], behind: &[&str]) -> bool {
    // "Unsubscribe is not what I want", "no me escriba en inglés".
    if starts_with(
        behind,
        "is|was not, isnt, wasnt, in|en english|spanish|ingles|espanol",
    ) {
        return true;
    }
    // "Take my building off your list".
    if is_any_of(found, LISTED) && !is_any_of(found, "numero") {
        return true;
    }
    match found {
        [earlier @ .., "stop"] => is_another_stop(earlier.last().or(before.last()), behind),
        // Of a listing, or of the electricity.
        [.., "baja"] => {
            is_any_of(first(behind, WHOM_WORDS_MAX), LISTED)
                || (starts_with(behind, "la|el|las|los|un|una")
                    && !starts_with(behind, "la|el|las|los suscripcion|messages|numero|servicio"))
        }
        // "Drop us a pin", "don't text me the address".
        [verb, .., last] if is_among("me us", last) && starts_with(behind, "the|a|an") => {
            *verb == "remove" || is_any_of(behind, PARTICULARS)
        }
        // Of a lease.
        [out] | [_, out] if is_among("out optout", out) => {
            (starts_with(behind, "of")
                && !starts_with(
                    behind,
                    "of this|these|those|your|all|it|them|any|everything|getting|messages|contacting",
                ))
                || is_any_of(
                    behind,
                    "clause option provision right fee period penalty lease renewal contract",
                )
                || (ends_with(before, "a an any the")
                    && is_any_of(behind, "year years month months term lease"))
        }
        _ => false,
    }
}

/// Whether what stands before a pattern, and in its gaps, leaves it an opt-out.
fn passes(guard: Guard, before: &[&str], found: &[&str]) -> bool {
    /// How far before a word a denial of it may stand.
    const DENIAL_WORDS_MAX: usize = 5;
    const DENIALS: &str = "dont never not no cant didnt wont wouldnt sin";
    /// With one of these before it, a denial is a reproach: "why don't you stop", "if you don't stop".
    const REPROACHES: &str = "you they why if wont";
    const SUBJECTS: &str = "i we they he she it who you donde owner owners landlord tenant broker agent seller people nobody dueno propietario nadie";
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
                let is_answer = (before[at] == "no"
                    && before
                        .get(at + 1)
                        .is_some_and(|next| !is_among("me nos te se le les lo", next)))
                    || is_any_of(&before[at..], "please interested thanks thank");
                !is_reproach && !is_answer
            });
            !is_denied && !is_any_of(found, DENIALS)
        }
    }
}

fn is_another_stop(before: Option<&&str>, behind: &[&str]) -> bool {
    before.is_some_and(|word| is_among(OTHER_STOPS_BEFORE, word))
        || behind
            .first()
            .is_some_and(|word| is_among(OTHER_STOPS_AFTER, word))
}

/// Whether the writer is to come: "can I stop now?"
fn is_visit(clause: &[&str]) -> bool {
    any_of(
        clause,
        "i|we can|could|will|would, can|could|will|would i|we",
    )
}

/// Whether a clause says what may go on: "only Carson please". Another way to be reached is none.
fn is_exception(clause: &[&str]) -> bool {
    const OPENERS: &str = "only just solo solamente nomas";
    const OTHER_WAYS: &str = "email mail call phone correo llame llamen llameme fax numero";
    clause.first().is_some_and(|word| is_among(OPENERS, word))
        && !is_all_of(&clause[1..], &[FILLERS])
        && !is_any_of(clause, OTHER_WAYS)
        && of_clause(clause) != Sense::Clear
}

fn is_conditional(behind: &[&str]) -> bool {
    /// What begins with these says why, and no more how far.
    const REASONS: &str = "because cause since my i im its they he she porque pues";
    let is_reason =
        |&at: &usize| is_among(REASONS, behind[at]) && !ends_with(&behind[..at], CONDITIONS);
    let reason = (0..behind.len()).find(is_reason);
    let behind = first(behind, reason.unwrap_or(behind.len()));
    is_any_of(behind, TIMES)
        || contains(behind, "but keep|send|only|just")
        || (0..behind.len()).any(|at| {
            is_among(CONDITIONS, behind[at])
                // "Whatever list this came from, please".
                && !is_all_of(&behind[at + 1..], &["please thanks thank"])
                && !starts_with(&behind[at..], GENERAL)
        })
}

/// Whether one of these patterns stands at the beginning of the words.
fn starts_with(words: &[&str], patterns: &str) -> bool {
    patterns.split(", ").any(|pattern| {
        let pattern: Vec<&str> = pattern.split_whitespace().collect();
        length(words, &pattern).is_some()
    })
}

/// Whether what follows is a condition that limits nothing: "from your list".
fn is_general(behind: &[&str]) -> bool {
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

/// The first words, at most so many.
fn first<'a>(words: &'a [&'a str], max: usize) -> &'a [&'a str] {
    &words[..words.len().min(max)]
}

fn ends_with(words: &[&str], list: &str) -> bool {
    words.last().is_some_and(|last| is_among(list, last))
}

fn is_among(list: &str, word: &str) -> bool {
    phrases::is_among(word, list, b' ')
}

fn is_any_of(words: &[&str], list: &str) -> bool {
    words.iter().any(|word| is_among(list, word))
}

fn is_all_of(words: &[&str], lists: &[&str]) -> bool {
    words
        .iter()
        .all(|word| lists.iter().any(|list| is_among(list, word)))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert, proptest};
    use proptest::sample::Index;

    use super::*;

    proptest! {
        #[test]
        fn no_clause_that_tells_something_is_passed_over(
            pattern in any::<Index>(), picks in vec(any::<Index>(), 20), before in vec(any::<Index>(), 0..4)
        ) {
            let rules = RULES.lines().filter(|line| !line.starts_with(['#', '[']));
            let alone = STRONG.split(' ').chain(WEAK.split(' '));
            let patterns: Vec<&str> = rules.chain(alone).collect();
            let words: Vec<&str> = patterns.iter().flat_map(|pattern| pattern.split([' ', '|'])).collect();
            // A pattern, with other words before it and in its gaps.
            let mut clause: Vec<&str> = before.iter().map(|pick| *pick.get(&words)).collect();
            for (group, pick) in pattern.get(&patterns).split(' ').zip(picks) {
                let group: Vec<&str> = group.split('|').collect();
                let choice = if group == ["*"] { &words } else { &group };
                clause.push(*pick.get(choice));
            }
            let tells = of_clause(&clause) != Sense::Nothing
                || is_any_of(&clause, STRONG)
                || is_any_of(&clause, WEAK);
            prop_assert!(may_tell(&clause) || !tells, "{clause:?}");
        }
    }

    #[test]
    fn every_rule_is_read_and_has_only_words_that_a_text_can_have() {
        let mut wrong = Vec::new();
        for line in RULES.lines().filter(|line| !line.starts_with('#')) {
            if line.starts_with('[') {
                assert!(around_of(line).is_some(), "{line}");
                continue;
            }
            for word in line
                .split([' ', '|'])
                .filter(|word| !word.is_empty() && *word != "*")
            {
                if in_our_words(&[word]) != [word] {
                    wrong.push(format!("{word} in {line}"));
                }
            }
        }
        assert_eq!(wrong, [""; 0]);
    }
}
