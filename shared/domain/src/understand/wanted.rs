//! Which places a text names, and which of them it wants.

use super::contact::COMPANY_KINDS;
use super::phrases::{phrase, phrases, quantity_until, text, whole};
use super::quantities::quantity;
use super::tokens::{Kind, Token, is_among};
use crate::places;
use crate::requirement::{Location, add_location};

/// The places of one text.
#[derive(Default)]
pub(super) struct Places {
    pub(super) wanted: Vec<Location>,
    pub(super) unwanted: Vec<Location>,
    /// Where the writer is, or what a listing is called by.
    pub(super) other: Vec<Location>,
    /// Whether the wanted ones stand in place of earlier ones.
    pub(super) replaces: bool,
}

/// A place in the text, with the tokens that name it.
struct Mention {
    location: Location,
    start: usize,
    end: usize,
}

/// What the text says about a place it names.
#[derive(Clone, Copy, PartialEq)]
enum Stance {
    Wanted,
    Unwanted,
    /// Neither: it names a listing, or where the buyer is now.
    Beside,
}

/// Words after which a name is a place.
const PREPOSITIONS: &str = "in near around n nr close toward towards outside downtown en cerca \
    somewhere anywhere north south east west between entre por x rumbo hacia";

/// Words that may stand between a preposition and its name: "in the Bronx", "cerca de Tecate".
const ARTICLES: &str = "the of to de del el la city downtown central area";

const LIST_WORDS: &str = "or and y o e u ni nor to";

/// Finds the places and marks their tokens.
pub(super) fn places(tokens: &mut [Token]) -> Places {
    let mentions = mentions(tokens);
    for mention in &mentions {
        for token in &mut tokens[mention.start..mention.end] {
            token.is_place = true;
        }
    }

    let mut places = Places::default();
    let mut before: Option<(usize, Stance)> = None;
    for mention in &mentions {
        // "Not Compton or Vernon": one "not" for the whole list.
        let inherited = before.filter(|(end, _)| {
            match &tokens[*end..mention.start] {
                [joint] => is_among(&joint.text, LIST_WORDS) || joint.text == "/",
                // "Nevada or just California".
                [joint, only] => {
                    is_among(&joint.text, "or o")
                        && is_among(&only.text, "just only also solo solamente nomas tambien")
                }
                _ => false,
            }
        });
        let stance = match inherited {
            // "From Gilbert to Chandler" and "change Gilbert to Chandler" are no lists.
            Some((end, _)) if tokens[end].text == "to" => Stance::Wanted,
            Some((_, stance)) if stance != Stance::Wanted => stance,
            _ if is_reference(tokens, mention) || is_origin(tokens, mention) => Stance::Beside,
            _ if is_refused(tokens, mention) => Stance::Unwanted,
            _ => Stance::Wanted,
        };
        // "Tijuana, or rather Otay Mesa": the second stands in place of the first.
        if let Some((end, Stance::Wanted)) = before
            && stance == Stance::Wanted
            && corrects(&tokens[end..mention.start])
            && let Some(taken_back) = places.wanted.pop()
            && !taken_back.is_same(&mention.location)
        {
            places.unwanted.push(taken_back);
        }
        before = Some((mention.end, stance));
        let radius = mention.location.radius_miles;
        let location = &Location {
            radius_miles: radius.or_else(|| radius_after(tokens, mention.end)),
            ..mention.location.clone()
        };
        match stance {
            Stance::Wanted => {
                add_location(&mut places.wanted, location);
                places.replaces |= is_replacement(tokens, mention);
            }
            Stance::Unwanted => add_location(&mut places.unwanted, location),
            Stance::Beside => add_location(&mut places.other, location),
        }
    }
    places.wanted.retain(|wanted| {
        !places
            .unwanted
            .iter()
            .any(|unwanted| unwanted.is_same(wanted))
    });
    // "We leave our unit in Azusa, and need more in the same city."
    if places.wanted.is_empty() && says_same(tokens) {
        places.wanted.extend(places.other.first().cloned());
    }
    places.replaces &= !places.wanted.is_empty();
    places
}

/// Whether the words between two places take the first one back.
fn corrects(between: &[Token]) -> bool {
    const WORDS_MAX: usize = 5;
    let has = |words: &str| between.iter().any(|token| is_among(&token.text, words));
    // "Carson, actually Compton", but "Carson, actually also Compton".
    let is_strong = has("rather mean meant dicho digo correction oops") && !has("than");
    let is_weak =
        has("wait sorry actually espera espere perdon") && !has("also too and or plus tambien y o");
    between.len() <= WORDS_MAX && (is_strong || is_weak)
}

fn says_same(tokens: &[Token]) -> bool {
    tokens.windows(2).any(|pair| {
        is_among(&pair[0].text, "same misma mismo")
            && is_among(
                &pair[1].text,
                "city area town zone part neighborhood region market ciudad zona area",
            )
    })
}

fn mentions(tokens: &[Token]) -> Vec<Mention> {
    let mut mentions: Vec<Mention> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let follows_place = mentions
            .last()
            .is_some_and(|last| last.end == at || is_list_gap(&tokens[last.end..at]));
        let found = known(tokens, at, follows_place)
            .or_else(|| zip(tokens, at))
            .or_else(|| unknown(tokens, at, follows_place));
        match found {
            Some(mention) => {
                at = mention.end;
                mentions.push(mention);
            }
            None => at += 1,
        }
    }
    mentions
}

/// Whether what separates two names makes them a list.
fn is_list_gap(gap: &[Token]) -> bool {
    gap.len() <= 2
        && gap.iter().all(|token| {
            matches!(token.text.as_str(), "," | "/" | "&" | "-")
                || is_among(&token.text, LIST_WORDS)
        })
}

/// A place of our table, by the longest name that begins here.
fn known(tokens: &[Token], at: usize, follows_place: bool) -> Option<Mention> {
    let first = &tokens[at];
    if !first.is_word()
        || (first.is_glued && at > 0 && matches!(tokens[at - 1].kind, Kind::Number { .. }))
    {
        return None;
    }
    let names = names(tokens, at);
    let is_introduced = follows_place || is_introduced(tokens, at);
    let exact = names
        .iter()
        .rev()
        .find_map(|(phrase, end)| Some((places::named(phrase)?, *end)));
    let exact = exact.filter(|(_, end)| !is_part_of_another(tokens, *end));
    let (place, end) = match exact {
        Some(found) => found,
        None if places::abbreviated(&first.text).is_some() => {
            let place = places::abbreviated(&first.text)
                .filter(|_| is_abbreviation(tokens, at, follows_place))?;
            (place, at + 1)
        }
        None if is_introduced || first.is_capitalised || follows_size(tokens, at) => {
            let guess = |(phrase, end): &(String, usize)| Some((places::misspelt(phrase)?, *end));
            names.iter().take(3).rev().find_map(guess)?
        }
        None => return None,
    };
    // "e-commerce" is no place, "Carson-Compton" is two.
    let is_compound = at > 0 && first.is_glued && tokens[at - 1].text == "-" && !follows_place;
    if is_street(tokens, end) || is_compound || is_a_name(tokens, at, end) {
        return None;
    }

    let (state, end_with_state) =
        state_after(tokens, end).map_or((None, end), |(state, end)| (Some(state), end));
    // "In the industry" speaks of a trade.
    let has_article = at > 0 && tokens[at - 1].text == "the";
    let is_named = (is_introduced && !has_article)
        || state.is_some()
        || stands_as_name(tokens, at, end)
        || opens_list(tokens, at, end);
    if place.is_word && places::abbreviated(&first.text).is_none() && !is_named {
        return None;
    }
    if place.is_state {
        return Some(Mention {
            location: Location {
                name: place.name.to_owned(),
                state: None,
                radius_miles: radius(tokens, at),
            },
            start: at,
            end,
        });
    }
    let location = Location {
        name: place.name.to_owned(),
        state: state.map(str::to_owned),
        radius_miles: radius(tokens, at),
    };
    Some(Mention {
        location,
        start: at,
        end: end_with_state,
    })
}

/// "My name is Austin", "Savannah here", "Jackson Logistics": what somebody is called. "El centro de Tijuana" is its middle.
fn is_a_name(tokens: &[Token], at: usize, end: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map_or("", |at| text(tokens, at));
    let is_introduced = match (before(2), before(1)) {
        ("name", "is") | ("nombre", "es") | ("me", "llamo") => true,
        (_, "soy" | "names") => true,
        ("this", "is") => is_among(text(tokens, end), "from with"),
        _ => false,
    };
    let is_signed =
        text(tokens, end) == "here" && (at == 0 || is_among(before(1), ", hi hello hey"));
    let is_company = tokens
        .get(end)
        .is_some_and(|next| next.is_capitalised && is_among(&next.text, COMPANY_KINDS));
    let is_middle = text(tokens, at) == "el" && is_among(text(tokens, end), "de del");
    is_introduced || is_signed || is_company || is_middle
}

/// "Carson City", "Ontario Springs": no place of our table, and not the one whose name it begins with.
fn is_part_of_another(tokens: &[Token], end: usize) -> bool {
    const KINDS: &str =
        "city beach springs heights hills falls junction grove rapids bluffs township";
    tokens
        .get(end)
        .is_some_and(|next| next.is_capitalised && is_among(&next.text, KINDS))
}

/// The words from here, one, two, … at a time, with the token after each. Hyphens and dots between words are skipped.
fn names(tokens: &[Token], at: usize) -> Vec<(String, usize)> {
    let mut names: Vec<(String, usize)> = Vec::new();
    let mut name = String::new();
    let mut end = at;
    while names.len() < places::WORDS_MAX && end < tokens.len() {
        let is_joint = |token: &Token| token.is_glued && matches!(token.text.as_str(), "-" | ".");
        if end > at && tokens.get(end).is_some_and(is_joint) {
            end += 1;
        }
        let Some(word) = tokens.get(end).filter(|token| token.is_word()) else {
            break;
        };
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(spelt_out(word));
        end += 1;
        names.push((name.clone(), end));
    }
    names
}

/// The word of a place's name that is meant: "Sta Fe Spgs", "N Hollywood".
fn spelt_out(word: &Token) -> &str {
    match (word.text.as_str(), word.written.as_str()) {
        (_, "N") => "north",
        (_, "S") => "south",
        (_, "E") => "east",
        (_, "W") => "west",
        ("sta", _) => "santa",
        ("sto", _) => "santo",
        ("sn", _) => "san",
        ("ft", _) => "fort",
        ("hts", _) => "heights",
        ("bch", _) => "beach",
        ("vly", _) => "valley",
        ("spgs" | "spngs" | "sprgs", _) => "springs",
        ("pto", _) => "puerto",
        (word, _) => word,
    }
}

/// Whether a preposition stands before the name, perhaps with an article.
fn is_introduced(tokens: &[Token], at: usize) -> bool {
    let mut before = tokens[..at]
        .iter()
        .rev()
        .take(4)
        .skip_while(|token| is_among(&token.text, ARTICLES));
    before
        .next()
        .is_some_and(|token| is_among(&token.text, PREPOSITIONS))
}

/// Whether the word before belongs to a size: "10k sf torrence".
fn follows_size(tokens: &[Token], at: usize) -> bool {
    at > 0
        && matches!(
            tokens[at - 1].text.as_str(),
            "sf" | "sqft" | "ft" | "feet" | "k" | "pies" | "cuadrados"
        )
}

/// Whether an ordinary word is written as a name: capitalised though nothing asks for it, or the whole message.
fn stands_as_name(tokens: &[Token], at: usize, end: usize) -> bool {
    let is_whole_message = at == 0 && tokens[end..].iter().all(|token| token.kind == Kind::Mark);
    let starts_sentence = at == 0 || matches!(tokens[at - 1].text.as_str(), "." | "!" | "?" | "\n");
    is_whole_message || (tokens[at].is_capitalised && !starts_sentence)
}

/// Whether a capitalised word is followed by the name of another place: "Commerce or Montebello".
fn opens_list(tokens: &[Token], at: usize, end: usize) -> bool {
    let is_joint = tokens.get(end).is_some_and(|token| {
        matches!(token.text.as_str(), "," | "/" | "&") || is_among(&token.text, LIST_WORDS)
    });
    is_joint
        && tokens[at].is_capitalised
        && names(tokens, end + 1)
            .iter()
            .any(|(phrase, _)| places::named(phrase).is_some())
}

/// Whether "LA" or "IE" is meant as an abbreviation: in capitals, or in lower case after an English preposition.
fn is_abbreviation(tokens: &[Token], at: usize, follows_place: bool) -> bool {
    let token = &tokens[at];
    let before = at
        .checked_sub(1)
        .map_or("", |before| tokens[before].text.as_str());
    let is_english =
        matches!(before, "in" | "near" | "around" | "downtown" | "of" | "the") || follows_place;
    match token.text.as_str() {
        // "en LA bodega" shouts the article, "en la bodega" writes it.
        "la" => token.is_in_capitals || (is_english && before != "the" && before != "of"),
        _ => token.is_in_capitals || is_english,
    }
}

/// Whether the name is the name of a street: "Carson St".
fn is_street(tokens: &[Token], end: usize) -> bool {
    const STREETS: &str = "st street ave avenue blvd boulevard rd road dr drive hwy highway pkwy \
        parkway ln lane fwy freeway";
    tokens
        .get(end)
        .is_some_and(|token| is_among(&token.text, STREETS))
}

/// A state named right after a place, with or without a comma.
fn state_after(tokens: &[Token], end: usize) -> Option<(&'static str, usize)> {
    let end = if tokens.get(end).is_some_and(|token| token.text == ",") {
        end + 1
    } else {
        end
    };
    let word = tokens.get(end).filter(|token| token.is_word())?;
    if let Some(next) = tokens.get(end + 1).filter(|token| token.is_word()) {
        let two = format!("{} {}", word.text, next.text);
        if places::named(&two).is_some() {
            return places::state_code(&two, false).map(|code| (code, end + 2));
        }
    }
    // "Carson, LA": after a comma Los Angeles is the likelier reading here, Louisiana after none.
    if word.text == "la" {
        return None;
    }
    places::state_code(&word.text, word.is_in_capitals).map(|code| (code, end + 1))
}

/// Five digits that the context makes a ZIP code: after "zip" or "in", or as the whole message.
fn zip(tokens: &[Token], at: usize) -> Option<Mention> {
    const UNITS: &str = "sf sq sqft square ft feet pies m2 metros to -";
    let token = &tokens[at];
    let Kind::Number {
        value,
        is_grouped: false,
    } = token.kind
    else {
        return None;
    };
    if token.written.len() != 5 || !token.written.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let word_before = |distance: usize| {
        at.checked_sub(distance)
            .map_or("", |before| tokens[before].text.as_str())
    };
    let before = word_before(1);
    let is_named = is_among(before, "zip zips zipcode code postal")
        || (matches!(before, ":" | "is" | "es") && word_before(2).starts_with("zip"));
    let is_placed = is_among(before, "in near around en area de of by cerca por x")
        || are_zips(clause_around(tokens, at))
        || tokens.get(at + 1).is_some_and(|next| next.text == "area");
    let has_unit = tokens
        .get(at + 1)
        .is_some_and(|next| (next.is_glued && next.is_word()) || is_among(&next.text, UNITS));
    // "In 12,500" and the like are sizes, and no ZIP code is below 501.
    let is_round = value % 500.0 == 0.0;
    let is_zip = is_named || (is_placed && !has_unit && !is_round && value > 500.0);
    is_zip.then(|| Mention {
        location: Location {
            name: token.written.clone(),
            state: None,
            radius_miles: radius(tokens, at),
        },
        start: at,
        end: at + 1,
    })
}

/// The tokens between the ends of the clauses before and after.
fn clause_around(tokens: &[Token], at: usize) -> &[Token] {
    let start = tokens[..at].iter().rposition(Token::is_clause_end);
    let end = tokens[at..].iter().position(Token::is_clause_end);
    &tokens[start.map_or(0, |start| start + 1)..end.map_or(tokens.len(), |end| at + end)]
}

/// Whether a clause is nothing but one or more numbers of five digits: "90221 or 90222".
fn are_zips(tokens: &[Token]) -> bool {
    tokens.iter().all(|token| {
        let is_code = token.written.len() == 5 && token.written.bytes().all(|b| b.is_ascii_digit());
        is_code || token.kind == Kind::Mark || is_among(&token.text, LIST_WORDS)
    })
}

/// A name we do not know: capitalised words after a preposition or after "or" and another place, or words between a
/// preposition and a state.
fn unknown(tokens: &[Token], at: usize, follows_place: bool) -> Option<Mention> {
    const NAME_WORDS_MAX: usize = 3;
    if !tokens[at].is_word() || at == 0 {
        return None;
    }
    let before = &tokens[at - 1].text;
    // "Fontana or Bloomington": what may stand in for a place is one.
    let is_alternative = follows_place && matches!(before.as_str(), "or" | "o" | "/");
    let is_placed = matches!(before.as_str(), "in" | "near" | "around" | "en")
        || (is_among(before, ARTICLES)
            && at > 1
            && matches!(
                tokens[at - 2].text.as_str(),
                "in" | "near" | "around" | "en" | "cerca"
            ))
        || is_alternative
        || is_moved_to(tokens, at);

    let mut end = at;
    let goes_on =
        |end: usize| is_name_word(&tokens[end]) || (end > at && tokens[end].written == "City");
    let is_contrast = || is_contrast(tokens, at);
    while end < tokens.len() && end - at < NAME_WORDS_MAX && goes_on(end) {
        end += 1;
        if let Some((state, with_state)) = state_after(tokens, end) {
            let in_capitals = tokens[at..end].iter().all(|token| token.is_capitalised);
            if is_placed || in_capitals {
                return Some(mention_of_unknown(tokens, at, end, Some(state), with_state));
            }
        }
    }
    let capitalised = tokens[at..end]
        .iter()
        .take_while(|token| token.is_capitalised)
        .count();
    let end = at + capitalised;
    // "Carson or Maria calls me" names nobody's place; "or San Leandro" does.
    let begins_as_place = is_among(
        &tokens[at].text,
        "san santa santo el los las fort ft port mount saint st new north south east west lake",
    ) && capitalised > 1;
    let ends = || begins_as_place || tokens.get(end).is_none_or(|next| next.kind == Kind::Mark);
    let is_name =
        (is_placed && capitalised > 0 && !is_street(tokens, end) && (!is_alternative || ends()))
            || (capitalised > 0 && ends() && is_contrast());
    is_name.then(|| mention_of_unknown(tokens, at, end, None, end))
}

/// Whether a name is where somebody moves: "moving from Gilbert to Chandler".
fn is_moved_to(tokens: &[Token], at: usize) -> bool {
    const MOVING: &str = "moving move moved relocating relocate expanding expand switch switching mudar mudarnos mudando";
    let before = words_before(tokens, at, 6);
    matches!(before.last(), Some(&("to" | "into" | "a")))
        && before.iter().any(|word| is_among(word, MOVING))
}

/// Whether a name stands alone against a place that is refused: "no, Fife. not Tacoma".
fn is_contrast(tokens: &[Token], at: usize) -> bool {
    let is_opened = at.checked_sub(1).is_none_or(|before| {
        tokens[before].kind == Kind::Mark
            || is_among(
                &tokens[before].text,
                "no actually sorry mean wait perdon digo mejor",
            )
    });
    let mut behind = tokens[at..]
        .iter()
        .skip_while(|token| token.kind != Kind::Mark)
        .skip_while(|token| token.kind == Kind::Mark);
    let is_not = behind
        .next()
        .is_some_and(|word| is_among(&word.text, "not no"));
    is_opened
        && is_not
        && behind
            .next()
            .is_some_and(|place| places::named(&place.text).is_some())
}

fn mention_of_unknown(
    tokens: &[Token],
    start: usize,
    end: usize,
    state: Option<&str>,
    with_state: usize,
) -> Mention {
    let name: Vec<String> = tokens[start..end]
        .iter()
        .map(|token| title_case(&token.written))
        .collect();
    Mention {
        location: Location {
            name: name.join(" "),
            state: state.map(str::to_owned),
            radius_miles: radius(tokens, start),
        },
        start,
        end: with_state,
    }
}

fn title_case(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// Whether a word may be part of a place's name: Latin letters only, and no word that means something else here.
fn is_name_word(token: &Token) -> bool {
    const NEVER: &str = "january february march april may june july august september october \
        november december jan feb mar apr jun jul aug sept sep oct nov dec monday tuesday \
        wednesday thursday friday saturday sunday mon tue wed thu fri sat sun enero febrero \
        marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre lunes martes \
        miercoles jueves viernes english spanish ingles espanol i asap usa us the for and or \
        with json csv pdf excel todo toda all across throughout a an to of my our your thanks please christmas thanksgiving need looking want space \
        warehouse storage sqft sf sq para y o con de el los las un una between excess general \
        good case time town this that it is at on as me by from any all city area bodega about \
        we person spring summer fall winter phase suite unit building bldg lot dock docks near \
        in around en cerca freeway downtown only not no nnn do hoy manana today tomorrow next \
        stock";
    token.is_word()
        && token.text.len() > 1
        && token.text.bytes().all(|b| b.is_ascii_lowercase())
        && !is_among(&token.text, NEVER)
}

/// Whether the place only says which listing is meant: "the Gardena one".
fn is_reference(tokens: &[Token], mention: &Mention) -> bool {
    const THINGS: &str =
        "one place space building bldg unit warehouse option listing property address";
    let has_article = mention.start > 0
        && matches!(
            tokens[mention.start - 1].text.as_str(),
            "the" | "that" | "this" | "your"
        );
    let has_thing = tokens
        .get(mention.end)
        .is_some_and(|token| is_among(&token.text, THINGS));
    let is_spanish = mention.start > 1
        && matches!(tokens[mention.start - 1].text.as_str(), "de" | "en")
        && matches!(
            tokens[mention.start - 2].text.as_str(),
            "la" | "el" | "lo" | "esa" | "ese"
        );
    (has_article && has_thing) || is_spanish
}

/// Whether the place is where the buyer is, comes from or trades with: "moving from Vernon", "we are based in Chicago",
/// "we ship to Texas".
fn is_origin(tokens: &[Token], mention: &Mention) -> bool {
    let before = words_before(tokens, mention.start, 8);
    const LEAVING: &str = "moving move relocating relocate coming leaving mudando mudarnos \
        dejando im are were";
    let is_left = matches!(
        before.as_slice(),
        [.., "from" | "leaving" | "dejando" | "desde"] | [.., "out", "of"]
    );
    let is_leaving = before.iter().any(|word| is_among(word, LEAVING));
    let is_based = matches!(
        before.as_slice(),
        [
            ..,
            "based" | "located" | "currently" | "headquartered" | "now" | "today",
            "in"
        ] | [.., "ubicados" | "estamos" | "actualmente", "en"]
    );
    // "Our current 10k space in Gardena", but "our next warehouse in Gardena".
    const SPACES: &str = "warehouse facility place building location space unit lease sublease contract contrato bodega nave hq sf sqft ft feet pies";
    let is_space_there =
        matches!(before.as_slice(), [.., space, "in" | "en"] if is_among(space, SPACES));
    let has = |words: &str| before.iter().any(|word| is_among(word, words));
    let is_ours = is_space_there
        && has("our my his her their current existing nuestra actual")
        && !has("need needs wants next new second another looking nueva otra");
    const SENDING: &str = "ship shipping deliver delivering sell selling export exporting";
    const RECEIVING: &str = "import imports importing ship shipping";
    // "Do you guys cover Nevada?"
    const SERVING: &str =
        "cover covers covering serve serves serving cubren cubre atienden atiende";
    let is_trade = match before.as_slice() {
        [.., who, "work" | "operate", "in"] => is_among(who, "you u guys yall"),
        [.., "trabajan" | "operan", "en"] => true,
        [.., verb] | [.., verb, "in" | "en" | "all" | "the"] if is_among(verb, SERVING) => true,
        [.., verb, "to" | "in"] => is_among(verb, SENDING),
        [.., verb, "from"] => is_among(verb, RECEIVING),
        _ => false,
    };
    // "We ended up signing a lease in Ontario", "ya rentamos en Ontario": the search ended there.
    const SETTLED: &str = "signed signing leased rented closed firmamos firme rentamos rente compramos compre encontramos encontre \
        conseguimos consegui agarramos agarre";
    const SETTLED_BY_US: &str = "found took got went landed ended settled";
    let is_settled = matches!(before.as_slice(), [.., "in" | "en"])
        && (has(SETTLED) || (has(SETTLED_BY_US) && has("we i weve ive already")))
        && !has("need needs want wants looking trying hoping busco necesito ocupo queremos quiero");
    // "Do you have any in all of Texas or just Houston?"
    let is_everywhere = has("all todo toda throughout across over")
        && matches!((tokens.get(mention.end), tokens.get(mention.end + 1)), (Some(or), Some(only)) if is_among(&or.text, "or o") && is_among(&only.text, "just only nomas solo solamente"));
    is_everywhere || (is_left && is_leaving) || is_based || is_ours || is_trade || is_settled
}

/// Whether the text refuses the place: "not Compton", "anything but Compton", "Compton is too far".
fn is_refused(tokens: &[Token], mention: &Mention) -> bool {
    const BETWEEN: &str = "on in near around the a want sirve gusta interested sending send showing \
        show me us stuff anything something spaces listings options city of area en por el la \
        cerca at to be go do looking for like places from quiero queremos nada more than leasing renting rentar de que \
        sea cosas opciones mande manden mandes ensene ensenen ensenes busque busquen busques buscar downtown bodega bodegas nave naves local locales \
        warehouse warehouses buildings property properties propiedades lugares info informacion out";
    const REFUSALS: &str = "not no quit forget except excluding exclude besides avoid dont without \
        scratch outside nothing never stop cant wont isnt skip nor drop remove lose nix excepto salvo sin evitar \
        ni quita quite quiten saca saque borra elimina olvida olvide olviden";
    let before = words_before(tokens, mention.start, 7);
    for (at, word) in before.iter().enumerate().rev() {
        let previous = at.checked_sub(1).map_or("", |previous| before[previous]);
        match *word {
            "not"
                if matches!(before.get(at + 1), Some(&("just" | "only")))
                    || matches!(previous, "why" | "if") =>
            {
                return false;
            }
            word if is_among(word, REFUSALS) => return true,
            "than" if matches!(previous, "other" | "rather") => return true,
            "of" if previous == "instead" => return true,
            "de" if matches!(previous, "vez" | "lugar" | "fuera" | "aparte") => return true,
            "menos" => return previous != "por" && previous != "al",
            // "Change Anaheim to Tustin".
            verb if is_among(
                verb,
                "change swap switch replace trade cambia cambie cambien cambiar",
            ) =>
            {
                return tokens
                    .get(mention.end)
                    .is_some_and(|next| is_among(&next.text, "to for with por a"));
            }
            // "Rather Tustin than Anaheim", "mejor en Tustin que en Anaheim".
            "than" | "over" | "que"
                if before[..at].iter().any(|word| {
                    is_among(
                        word,
                        "rather prefer prefiero preferimos preferiria mejor better",
                    )
                }) && tokens[..mention.start]
                    .iter()
                    .rev()
                    .take(3)
                    .any(|token| token.is_place) =>
            {
                return true;
            }
            "from" if previous == "away" => {
                return before[..at]
                    .iter()
                    .any(|word| matches!(*word, "stay" | "keep"));
            }
            "but" => {
                return matches!(
                    previous,
                    "anything" | "anywhere" | "everywhere" | "all" | "nothing" | "any"
                );
            }
            word if is_among(word, BETWEEN) => {}
            _ => break,
        }
    }
    let after: Vec<&str> = tokens[mention.end..]
        .iter()
        .take(3)
        .map(|token| token.text.as_str())
        .collect();
    matches!(
        after.as_slice(),
        ["is" | "are", "not" | "out" | "no", ..]
            | ["wont" | "doesnt" | "isnt" | "dont", ..]
            | ["no"]
            | ["no", "me" | "sirve" | "nos" | "," | "." | "!", ..]
            | ["is" | "are", "too", "far", ..]
            | ["too", "far", ..]
            | ["off", ..]
            | ["queda" | "esta", "muy" | "lejos", ..]
    )
}

/// Whether the text puts this place in place of earlier ones: "only", "instead", "make it".
fn is_replacement(tokens: &[Token], mention: &Mention) -> bool {
    const ONLY: &str = "only just solo solamente unicamente strictly exclusively nomas";
    const BETWEEN: &str =
        "in near around the want need looking for interested send show me do en cerca de at";
    let before = words_before(tokens, mention.start, 4);
    let nearest = before
        .iter()
        .rev()
        .position(|word| !is_among(word, BETWEEN))
        .map(|nearest| before.len() - 1 - nearest);
    let is_only_before = nearest
        .is_some_and(|at| is_among(before[at], ONLY) && (at == 0 || before[at - 1] != "not"));
    let mut after = tokens[mention.end..]
        .iter()
        .take_while(|token| !token.is_clause_end())
        .take(3);
    let is_only_after = after.any(|token| {
        matches!(
            token.text.as_str(),
            "only" | "instead" | "nomas" | "solamente" | "unicamente" | "rather"
        )
    });
    let is_change = before.windows(2).any(|pair| {
        matches!(
            pair,
            ["make", "it"]
                | ["switch" | "change" | "changed", "to"]
                | ["lets", "do"]
                | ["mejor", "en"]
        )
    }) || tokens.iter().any(|token| token.text == "instead")
        || tokens
            .windows(2)
            .any(|pair| pair[0].text == "en" && matches!(pair[1].text.as_str(), "vez" | "lugar"));
    is_only_before || is_only_after || is_change
}

/// How far from the place at `at` will do: "within 10 miles of LAX", "15 mi radius of", "a 20 millas de".
fn radius(tokens: &[Token], at: usize) -> Option<u32> {
    const BETWEEN: &str = "of from radius the around de del desde la el a mile miles zip code";
    let mut unit = at;
    while unit > 0
        && is_among(&tokens[unit - 1].text, BETWEEN)
        && !matches!(tokens[unit - 1].text.as_str(), "mile" | "miles")
    {
        unit -= 1;
    }
    let unit = unit.checked_sub(1)?;
    let factor = miles(tokens.get(unit)?)?;
    let end = if unit > 0 && tokens[unit - 1].text == "-" {
        unit - 1
    } else {
        unit
    };
    whole_miles(quantity_until(tokens, end)?.value * factor)
}

/// The same, said behind the place: "the port, 5 miles max", "Fontana and 10 mi around", "LAX, a no más de 8 millas". Something
/// must say that it is a limit: "Carson, 5 miles from us" says where Carson is.
fn radius_after(tokens: &[Token], end: usize) -> Option<u32> {
    const BETWEEN: &str =
        ", ( - + / area or and a an about around like maybe give take o y unas de en el un radio";
    const LIMITS: &str =
        "within max maximum maximo up upto to under than no more most hasta mas dentro";
    let is_other =
        |at: &usize| !is_among(text(tokens, *at), BETWEEN) && !is_among(text(tokens, *at), LIMITS);
    let next = (end..tokens.len()).find(is_other)?;
    let number = quantity(tokens, next)?;
    let unit = number.end + usize::from(text(tokens, number.end) == "-");
    let factor = miles(tokens.get(unit)?)?;
    let is_limit_before = || {
        let is_beside = is_among(text(tokens, unit + 1), "from away of de");
        let mut before = tokens[end..next].iter();
        !is_beside && before.any(|token| is_among(&token.text, LIMITS))
    };
    let is_limit_after = phrase(
        tokens,
        unit + 1,
        phrases!(
            "max, maximum, maximo, tops, radius, around, or less|so|closer, at most, a la redonda, de radio, a lo mucho|mas, cuando mucho, o menos, como maximo"
        ),
    );
    if is_limit_after.is_none() && !is_limit_before() {
        return None;
    }
    whole_miles(number.value * factor)
}

/// How many miles a unit of distance is.
fn miles(unit: &Token) -> Option<f64> {
    match unit.text.as_str() {
        "mile" | "miles" | "mi" | "milla" | "millas" => Some(1.0),
        "km" | "kms" | "kilometers" | "kilometros" => Some(0.621_371),
        _ => None,
    }
}

fn whole_miles(miles: f64) -> Option<u32> {
    const MILES_MAX: u32 = 500;
    whole(miles, 1, MILES_MAX)
}

/// The words before a token, back to the last clause end, at most `max`.
fn words_before(tokens: &[Token], at: usize, max: usize) -> Vec<&str> {
    let mut words: Vec<&str> = tokens[..at]
        .iter()
        .rev()
        .take_while(|token| !token.is_clause_end())
        .take(max)
        .map(|token| token.text.as_str())
        .collect();
    words.reverse();
    words
}
