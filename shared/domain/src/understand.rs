//! What a text says about a space that is wanted or offered, read without a model.
//!
//! Rules, not examples: a text becomes [`tokens`], places are found among them ([`wanted`]), then uses ([`purposes`]),
//! what the building is like ([`building`]), rent ([`money`]), dates ([`dates`]), who writes ([`contact`]), what is kept ([`goods`]), what is taken back
//! ([`withdrawn`]), and last sizes ([`sizes`]), each step knowing what the earlier ones took. English and Spanish, with the usual typing
//! errors. It prefers silence to a guess: a number is a size only if something says so, since a wrong size is worse
//! than one more question.

mod building;
mod contact;
mod dates;
mod goods;
mod money;
mod phrases;
mod purposes;
mod quantities;
mod sizes;
mod tokens;
mod wanted;
mod withdrawn;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::consent;
use crate::criteria::{Criteria, Topic};
use crate::places;
use crate::requirement::{Location, Use, add_location, later_size};
use tokens::{Token, is_among};

/// What one text, or one turn, said. `Debug` prints places as named, and no more of the text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Understood {
    /// Places that will do, in the order named.
    pub locations: Vec<Location>,
    /// Places that will not.
    pub unwanted_locations: Vec<Location>,
    /// Places that are named beside that: where the writer is now, or what an option is called by.
    pub other_locations: Vec<Location>,
    /// Whether `locations` stand in place of earlier ones: "only Carson", "make it Gardena instead", "solo en Vernon".
    pub replaces_locations: bool,
    /// Building area in square feet, within [`SQFT_MIN`](crate::requirement::SQFT_MIN) and
    /// [`SQFT_MAX`](crate::requirement::SQFT_MAX). One size is both bounds.
    pub sqft_min: Option<u32>,
    /// Like `sqft_min`, and never below it.
    pub sqft_max: Option<u32>,
    /// Whether the size was told in square metres.
    pub in_metres: bool,
    /// The smallest part of an offered space that can be rented alone, in square feet.
    pub divisible_to_sqft: Option<u32>,
    /// What the space is for, none twice.
    pub uses: Vec<Use>,
    /// What else it says of the space, of the rent and of who writes.
    pub criteria: Criteria,
    /// What it takes back; what `criteria` says comes after.
    pub withdrawn: Vec<Topic>,
    /// What it says that can hardly be meant, and is not stored.
    pub doubt: Option<Doubt>,
    /// The language to answer in.
    pub language: Language,
}

/// A number beyond what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    Size,
    Rent,
}

/// The languages we answer in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English, and whatever is not Spanish.
    #[default]
    En,
    /// Spanish.
    Es,
}

/// Characters read of one text. Ten concatenated SMS parts hold fewer, and what follows is not read.
pub const TEXT_CHARS_MAX: usize = 1_600;

/// Reads one text. Dates are read from `today` on; without it, none is.
///
/// The echo of a reaction (`Liked "…"`) says nothing: its words are ours.
pub fn understand(text: &str, today: Option<Date>) -> Understood {
    let end = text
        .char_indices()
        .nth(TEXT_CHARS_MAX)
        .map_or(text.len(), |(end, _)| end);
    if consent::is_reaction(text) {
        return Understood::default();
    }
    let mut tokens = tokens::tokens(&text[..end]);
    let places = wanted::places(&mut tokens);
    let uses = purposes::uses(&mut tokens);
    let mut withdrawn = withdrawn::read(&tokens);
    let (mut criteria, refused) = building::read(&mut tokens);
    withdrawn.extend(refused);
    dates::read(&mut tokens, today, &mut criteria);
    let doubts_rent = money::read(&mut tokens, &mut criteria);
    contact::read(&tokens, &mut criteria);
    goods::read(&tokens, &mut criteria);
    for topic in &withdrawn {
        forget_unless_new(&mut criteria, *topic);
    }
    let divisible_to_sqft = sizes::divisible(&mut tokens);
    let ((sqft_min, sqft_max), in_metres) = sizes::size(&tokens);
    let doubt = if sqft_min.or(sqft_max).is_none() && sizes::is_beyond(&tokens) {
        Some(Doubt::Size)
    } else {
        (doubts_rent && criteria.budget_amount.is_none()).then_some(Doubt::Rent)
    };
    Understood {
        locations: places.wanted,
        unwanted_locations: places.unwanted,
        other_locations: places.other,
        replaces_locations: places.replaces,
        sqft_min,
        sqft_max,
        in_metres,
        divisible_to_sqft,
        uses,
        criteria,
        withdrawn,
        doubt,
        language: language(&tokens),
    }
}

/// Reads the texts of one turn in order; later ones win as in
/// [`Requirement::merge`](crate::requirement::Requirement::merge).
///
/// A phone may split a long text anywhere. Where the end of one text and the beginning of the next make a place that
/// neither is, in the middle of a word or between two, they are read as one.
pub fn understand_turn(texts: &[&str], today: Date) -> Understood {
    let mut whole: Vec<String> = Vec::new();
    for text in texts {
        let joint = whole.last().and_then(|before| split_place(before, text));
        match (whole.last_mut(), joint) {
            (Some(before), Some(joint)) => before.extend([joint, text]),
            _ => whole.push((*text).to_owned()),
        }
    }
    let mut turn = Understood::default();
    for text in &whole {
        turn.follow_with(understand(text, Some(today)));
    }
    turn
}

impl Understood {
    /// Adds what the next text of the same turn said.
    pub fn follow_with(&mut self, next: Self) {
        if next.replaces_locations {
            self.locations.clear();
            self.replaces_locations = true;
        }
        self.locations.retain(|known| {
            !next
                .unwanted_locations
                .iter()
                .any(|unwanted| unwanted.is_same(known))
        });
        self.unwanted_locations
            .retain(|known| !next.locations.iter().any(|wanted| wanted.is_same(known)));
        for location in &next.locations {
            add_location(&mut self.locations, location);
        }
        for location in &next.unwanted_locations {
            add_location(&mut self.unwanted_locations, location);
        }
        for location in &next.other_locations {
            add_location(&mut self.other_locations, location);
        }
        (self.sqft_min, self.sqft_max) = later_size(
            (self.sqft_min, self.sqft_max),
            (next.sqft_min, next.sqft_max),
        );
        if next.sqft_min.or(next.sqft_max).is_some() {
            self.in_metres = next.in_metres;
        }
        self.divisible_to_sqft = next.divisible_to_sqft.or(self.divisible_to_sqft);
        for r#use in next.uses {
            if !self.uses.contains(&r#use) {
                self.uses.push(r#use);
            }
        }
        for topic in next.withdrawn {
            self.criteria.clear(topic);
            if !self.withdrawn.contains(&topic) {
                self.withdrawn.push(topic);
            }
        }
        self.criteria.merge(&next.criteria);
        self.doubt = next.doubt;
        self.language = next.language;
    }
}

/// "Scratch the budget, no office": what one text takes back it does not ask for, except in other words of the same text that
/// say "no" themselves.
fn forget_unless_new(criteria: &mut Criteria, topic: Topic) {
    let office_needed = criteria.office_needed.filter(|needed| !needed);
    let yard_needed = criteria.yard_needed.filter(|needed| !needed);
    match topic {
        Topic::Office => {
            criteria.clear(topic);
            criteria.office_needed = office_needed;
        }
        Topic::Yard => criteria.yard_needed = yard_needed,
        // "No, make it 4 docks" and "scratch the $1.20, 1.40 is ok" name the new value.
        Topic::Budget
        | Topic::ClearHeight
        | Topic::DockDoors
        | Topic::DriveInDoors
        | Topic::Power
        | Topic::Parking
        | Topic::Start
        | Topic::Term
        | Topic::Temperature
        | Topic::Feature(_) => {}
    }
}

/// What stood between two texts that meet inside the name of a place: nothing in `… in car` + `son for …`, a space in
/// `… en Santa` + `Ana para …`.
fn split_place(before: &str, after: &str) -> Option<&'static str> {
    let is_letter = |c: char| c.is_alphabetic();
    let last = |words: &str| {
        words
            .rsplit(|c: char| !is_letter(c))
            .next()
            .map(places::fold)
    };
    let first = |words: &str| {
        words
            .split(|c: char| !is_letter(c))
            .next()
            .map(places::fold)
    };
    let (head, tail) = (last(before.trim_end())?, first(after.trim_start())?);
    let is_place = |words: &str| places::named(words).is_some_and(|place| !place.is_word);
    if head.is_empty() || tail.is_empty() || is_place(&head) || is_place(&tail) {
        return None;
    }
    let is_split_word = before.ends_with(is_letter) && after.starts_with(is_letter);
    match () {
        () if is_split_word && is_place(&format!("{head}{tail}")) => Some(""),
        () if is_place(&format!("{head} {tail}")) => Some(" "),
        () => None,
    }
}

/// Spanish if more of the words that we can tell are Spanish than English. Names of places do not count.
fn language(tokens: &[Token]) -> Language {
    const SPANISH: &str = "hola ocupo sirve mejor tengo tenemos cuanto sale busco buscando \
        necesito necesitamos quiero queremos bodega bodegas nave almacen pies cuadrados metros \
        para en de del con y o el la los las un una unos por que si cerca solo mil hasta menos \
        mas gracias renta mes tiene tienen hay buenas buenos dias tardes es mi su esta como \
        correcto cuanto cuando donde favor espacio almacenar patio camiones andenes";
    const ENGLISH: &str = "need looking for in the and to with sqft sf square feet warehouse i \
        we my our of near please pls hi hello thanks or is it around space storage want have you \
        this that yes ok not at on by actually make";
    let free = || tokens.iter().filter(|token| !token.is_place);
    let spanish = free()
        .filter(|token| is_among(&token.text, SPANISH))
        .count();
    let english = free()
        .filter(|token| is_among(&token.text, ENGLISH))
        .count();
    if spanish > english {
        Language::Es
    } else {
        Language::En
    }
}
