//! Numbers, dates, places and spaces in words, in both languages.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::civil::{Date, Time, Weekday};
use wex_domain::listing::{Asking, Listing, RentStructure, RentUnit};
use wex_domain::phrases::without_runs;
use wex_domain::requirement::{Location, Requirement, Use, thousands};
use wex_domain::understand::Language;

/// A number without a needless fraction: `0.5`, `12`.
pub(crate) fn decimal(number: f64) -> String {
    let written = format!("{number:.2}");
    written
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

/// `a`, `a or b`, `a, b or c`.
pub(crate) fn enumerate(items: &[String], conjunction: &str) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} {conjunction} {last}", first.join(", ")),
    }
}

/// A month and a day: `Jan 4`, `4 de enero`.
pub(crate) fn date(date: Date, language: Language) -> String {
    const EN: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    const ES: [&str; 12] = [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ];
    let month = usize::from(date.month().unsigned_abs()) - 1;
    match language {
        Language::En => format!("{} {}", EN[month], date.day()),
        Language::Es => format!("{} de {}", date.day(), ES[month]),
    }
}

/// A day with its weekday: `Thu, Dec 3`, `jueves 3 de diciembre`.
pub(crate) fn day(day: Date, language: Language) -> String {
    let weekday = match (language, day.weekday()) {
        (Language::En, Weekday::Monday) => "Mon",
        (Language::En, Weekday::Tuesday) => "Tue",
        (Language::En, Weekday::Wednesday) => "Wed",
        (Language::En, Weekday::Thursday) => "Thu",
        (Language::En, Weekday::Friday) => "Fri",
        (Language::En, Weekday::Saturday) => "Sat",
        (Language::En, Weekday::Sunday) => "Sun",
        (Language::Es, Weekday::Monday) => "lunes",
        (Language::Es, Weekday::Tuesday) => "martes",
        (Language::Es, Weekday::Wednesday) => "miércoles",
        (Language::Es, Weekday::Thursday) => "jueves",
        (Language::Es, Weekday::Friday) => "viernes",
        (Language::Es, Weekday::Saturday) => "sábado",
        (Language::Es, Weekday::Sunday) => "domingo",
    };
    match language {
        Language::En => format!("{weekday}, {}", date(day, language)),
        Language::Es => format!("{weekday} {}", date(day, language)),
    }
}

/// An hour of the day: `10am`, `2:30pm`; `10:00`, `14:30`.
pub(crate) fn time(time: Time, language: Language) -> String {
    let (hour, minute) = (time.hour(), time.minute());
    if language == Language::Es {
        return format!("{hour}:{minute:02}");
    }
    let half = if hour < 12 { "am" } else { "pm" };
    let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
    if minute == 0 {
        format!("{hour}{half}")
    } else {
        format!("{hour}:{minute:02}{half}")
    }
}

/// What a buyer wants, said back: `10,000 sqft in Carson, CA for storage`.
pub(crate) fn requirement(wanted: &Requirement, language: Language) -> String {
    let (r#in, r#for, or, and) = match language {
        Language::En => ("in", "for", "or", "and"),
        Language::Es => ("en", "para", "o", "y"),
    };
    let mut said = enumerate(&sizes_wanted(wanted, language), and);
    let places: Vec<_> = wanted.locations.iter().map(Location::to_string).collect();
    if !places.is_empty() {
        said += &format!(" {in} {}", enumerate(&places, or), in = r#in);
    }
    // A use that carriers filter is not said back.
    let uses = wanted.uses.iter().filter_map(|one| use_of(*one, language));
    let uses: Vec<_> = uses.map(str::to_owned).collect();
    if !uses.is_empty() {
        said += &format!(" {for} {}", enumerate(&uses, and), for = r#for);
    }
    said
}

/// How much is wanted, in what it was counted by; `space` if that was not said.
fn sizes_wanted(wanted: &Requirement, language: Language) -> Vec<String> {
    let (sqft, land, space, up_to, at_least) = match language {
        Language::En => ("sqft", "of land", "space", "up to", "at least"),
        Language::Es => ("pies cuadrados", "de terreno", "espacio", "hasta", "desde"),
    };
    let criteria = &wanted.criteria;
    let mut sizes = Vec::new();
    match (wanted.sqft_min, wanted.sqft_max) {
        (Some(min), Some(max)) if min == max => sizes.push(format!("{} {sqft}", thousands(min))),
        (Some(min), Some(max)) => {
            sizes.push(format!("{}-{} {sqft}", thousands(min), thousands(max)));
        }
        (None, Some(max)) => sizes.push(format!("{up_to} {} {sqft}", thousands(max))),
        (Some(min), None) => sizes.push(format!("{at_least} {} {sqft}", thousands(min))),
        (None, None) => {}
    }
    // "12,917 sqft (1,200 m2)": the number that the buyer gave.
    if wanted.in_metres
        && let Some(size) = sizes.last_mut()
    {
        let metres = |sqft: Option<u32>| sqft.map(|sqft| thousands(square_metres(sqft)));
        let bounds = match (metres(wanted.sqft_min), metres(wanted.sqft_max)) {
            (Some(min), Some(max)) if min != max => format!("{min}-{max}"),
            (min, max) => max.or(min).unwrap_or_default(),
        };
        *size += &format!(" ({bounds} m2)");
    }
    let of_land = |most: f64| format!("{} {land}", acres(most, language));
    match (criteria.land_acres_min, criteria.land_acres_max) {
        (Some(min), Some(max)) if min < max => {
            sizes.push(format!("{}-{}", decimal(min), of_land(max)));
        }
        (_, Some(max)) if criteria.land_acres_min.is_none() => {
            sizes.push(format!("{up_to} {}", of_land(max)));
        }
        (Some(min), None) => sizes.push(format!("{at_least} {}", of_land(min))),
        (_, Some(max)) => sizes.push(of_land(max)),
        (None, None) => {}
    }
    if let Some(pallets) = criteria.pallet_positions {
        sizes.push(match language {
            Language::En => format!("space for {} pallets", thousands(pallets)),
            Language::Es => format!("espacio para {} tarimas", thousands(pallets)),
        });
    }
    if sizes.is_empty() {
        sizes.push(space.to_owned());
    }
    sizes
}

fn square_metres(sqft: u32) -> u32 {
    const SQFT_PER_SQUARE_METRE: f64 = 10.763_9;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a tenth of a number that fits"
    )]
    let metres = (f64::from(sqft) / SQFT_PER_SQUARE_METRE).round() as u32;
    metres
}

/// A use in words. `None` for what says nothing, and for the one that carriers block in any text.
pub(crate) fn use_of(one: Use, language: Language) -> Option<&'static str> {
    let (en, es) = match one {
        Use::Storage => ("storage", "almacenaje"),
        Use::Distribution => ("distribution", "distribución"),
        Use::EcommerceFulfillment => ("e-commerce fulfillment", "e-commerce"),
        Use::Manufacturing => ("manufacturing", "manufactura"),
        Use::ColdStorage => ("cold storage", "almacenaje refrigerado"),
        Use::FoodProcessing => ("food processing", "procesamiento de alimentos"),
        Use::Ios => ("outdoor storage", "patio"),
        Use::TruckParking => ("truck parking", "estacionamiento de camiones"),
        Use::CrossDock => ("cross-docking", "transbordo"),
        Use::Flex => ("flex space", "uso flexible"),
        Use::Showroom => ("a showroom", "showroom"),
        Use::Automotive => ("automotive use", "uso automotriz"),
        Use::Cannabis | Use::Other => return None,
    };
    Some(match language {
        Language::En => en,
        Language::Es => es,
    })
}

/// How large a space is: `12,000 sqft`, `8,000-24,000 sqft` for one that is let in parts, `0.5 acres`.
pub(crate) fn size(listing: &Listing, language: Language) -> String {
    let unit = match language {
        Language::En => "sqft",
        Language::Es => "pies2",
    };
    match (listing.sqft, listing.divisible_to_sqft) {
        (Some(whole), Some(part)) if part < whole => {
            format!("{}-{} {unit}", thousands(part), thousands(whole))
        }
        (Some(whole), _) => format!("{} {unit}", thousands(whole)),
        (None, _) => acres(listing.land_acres.unwrap_or_default(), language),
    }
}

pub(crate) fn acres(acres: f64, language: Language) -> String {
    let is_one = (acres - 1.0).abs() < f64::EPSILON;
    let word = match (language, is_one) {
        (Language::En | Language::Es, true) => "acre",
        (Language::En, false) => "acres",
        (Language::Es, false) => "acres",
    };
    format!("{} {word}", decimal(acres))
}

/// An asking rent: `$1.45/sqft/mo NNN`, `$8,500/mo`.
pub(crate) fn rent(asking: &Asking, language: Language) -> String {
    let per = match (asking.unit, language) {
        (RentUnit::SqftMonth, Language::En) => "/sqft/mo",
        (RentUnit::SqftMonth, Language::Es) => "/pie2/mes",
        (RentUnit::SqftYear, Language::En) => "/sqft/yr",
        (RentUnit::SqftYear, Language::Es) => "/pie2/año",
        (RentUnit::Month, Language::En) => "/mo",
        (RentUnit::Month, Language::Es) => "/mes",
    };
    let structure = match asking.structure {
        Some(RentStructure::Nnn) => " NNN",
        Some(RentStructure::Gross) => " gross",
        Some(RentStructure::ModifiedGross) => " MG",
        None => "",
    };
    format!("{}{per}{structure}", money(asking.amount))
}

/// `$1.45`, `$12,000`.
pub(crate) fn money(amount: f64) -> String {
    if amount >= 100.0 {
        // Rents are bounded far below what a u32 holds; "as" saturates.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "bounded by the parser"
        )]
        let whole = amount.round() as u32;
        format!("${}", thousands(whole))
    } else {
        format!("${amount:.2}")
    }
}

/// The words of a text in lower case and without accents; `24/7`, `12:30` and `drive-in` are words.
pub(crate) fn plain_words(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '/' | ':' | '-' | '\'' | '\u{2019}')))
        .map(|word| word.trim_matches(['/', ':', '-', '\'', '\u{2019}']))
        .filter(|word| !word.is_empty())
        .map(plain)
        .collect()
}

/// The words of a text as they are written in full: the rules need not list how thumbs shorten them.
pub(crate) fn said_words(text: &str) -> Vec<String> {
    let mut said = Vec::new();
    for word in plain_words(text) {
        // "Sold/leased" is two words, "24/7" is one.
        let is_one = word.contains(|c: char| c.is_ascii_digit());
        for part in word.split('/').take(if is_one { 1 } else { usize::MAX }) {
            let part = if is_one { &word } else { part };
            // `nooo` is `no`; numbers and what is of one letter alone (`ooo`) stay.
            let is_of_one = part.chars().all(|c| part.starts_with(c));
            let part = without_runs(part, |c| c.is_alphabetic() && !is_of_one);
            match WRITTEN_OUT.get(part.as_ref()) {
                Some(words) => said.extend(words.split(' ').map(str::to_owned)),
                None => said.push(part.into_owned()),
            }
        }
    }
    said
}

/// What is meant, and how it is written in texts. Only what can hardly mean anything else: "were" and "well" stay.
const SHORTHAND: &[(&str, &str)] = &[
    ("you", "u yu"),
    ("your", "ur"),
    ("you're", "youre"),
    ("you've", "youve"),
    ("you'll", "youll"),
    ("you'd", "youd"),
    ("are", "r"),
    ("i'm", "im"),
    ("i'll", "ill"),
    ("i've", "ive"),
    ("i'd", "id"),
    ("it's", "its"),
    ("we've", "weve"),
    ("they're", "theyre"),
    ("they've", "theyve"),
    ("they'll", "theyll"),
    ("they'd", "theyd"),
    ("he's", "hes"),
    ("he'd", "hed"),
    ("it'll", "itll"),
    ("that'd", "thatd"),
    ("them", "em"),
    ("she's", "shes"),
    ("that's", "thats"),
    ("there's", "theres"),
    ("what's", "whats wats"),
    ("who's", "whos"),
    ("where's", "wheres"),
    ("how's", "hows"),
    ("let's", "lets"),
    ("don't", "dont dnt"),
    ("doesn't", "doesnt"),
    ("didn't", "didnt"),
    ("isn't", "isnt ain't aint"),
    ("aren't", "arent"),
    ("wasn't", "wasnt"),
    ("weren't", "werent"),
    ("can't", "cant cannot"),
    ("couldn't", "couldnt"),
    ("won't", "wont"),
    ("wouldn't", "wouldnt"),
    ("shouldn't", "shouldnt"),
    ("haven't", "havent"),
    ("hasn't", "hasnt"),
    ("want to", "wanna"),
    ("going to", "gonna"),
    ("got to", "gotta"),
    ("give me", "gimme"),
    ("let me", "lemme"),
    ("don't know", "dunno"),
    ("would", "wld wud"),
    ("could", "cld cud"),
    ("should", "shld shud"),
    ("looking", "lookin"),
    ("going", "goin"),
    ("coming", "comin"),
    ("thinking", "thinkin"),
    ("texting", "textin txting"),
    ("texted", "txted"),
    ("text", "txt"),
    ("texts", "txts"),
    ("message", "msg"),
    ("messages", "msgs"),
    ("something", "smth sumthin somethin"),
    ("nothing", "nothin"),
    ("people", "ppl"),
    ("about", "abt"),
    ("with", "w"),
    ("through", "thru"),
    ("until", "til till"),
    ("please", "pls plz"),
    ("thanks", "thx tks thnx thnks tnx ty"),
    ("yes", "yea yeah yep yup yeh yessir"),
    ("no", "nope nah naw"),
    ("okay", "ok okey k kk"),
    ("right now", "rn"),
    ("today", "2day"),
    ("tomorrow", "tmrw tmr tmw tomorow tommorow tomorrw"),
    ("tonight", "tonite"),
    ("monday", "mon"),
    ("tuesday", "tue tues"),
    ("wednesday", "wed weds"),
    ("thursday", "thu thur thurs"),
    ("friday", "fri"),
    ("saturday", "sat"),
    ("sunday", "sun"),
    ("january", "jan"),
    ("february", "feb"),
    ("april", "apr"),
    ("june", "jun"),
    ("july", "jul"),
    ("august", "aug"),
    ("september", "sep sept"),
    ("october", "oct"),
    ("november", "nov"),
    ("december", "dec"),
    ("minutes", "mins"),
    ("hours", "hrs"),
    ("week", "wk"),
    ("weeks", "wks"),
    ("month", "mo"),
    ("months", "mos"),
    ("year", "yr"),
    ("years", "yrs"),
    ("walkthrough", "walkthru walk-thru walk-through"),
    ("building", "bldg"),
    ("buildings", "bldgs"),
    ("warehouse", "whse"),
    ("appointment", "appt apptmt"),
    ("que", "q qe ke"),
    ("porque", "xq pq porq"),
    ("por", "x"),
    ("por favor", "porfa porfavor porfis xfa xfavor"),
    ("de", "d"),
    ("para", "pa"),
    ("para el", "pal"),
    ("esta", "ta"),
    ("estoy", "toy"),
    ("quiero", "kiero"),
    ("aqui", "aki"),
    ("ahora", "ahorita orita ahoritita"),
    ("gracias", "grax grasias"),
    ("nadie", "nadien"),
    ("tambien", "tmb tb"),
    ("sabado", "sab"),
];

/// Each short form and the words that are meant.
static WRITTEN_OUT: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let forms = |(meant, written): &(&'static str, &'static str)| {
        let meant = *meant;
        written.split(' ').map(move |form| (form, meant))
    };
    SHORTHAND.iter().flat_map(forms).collect()
});

/// In lower case, without the accents of Spanish.
pub(crate) fn plain(word: &str) -> String {
    let fold = |c: char| match c {
        'á' => 'a',
        'é' => 'e',
        'í' => 'i',
        'ó' => 'o',
        'ú' | 'ü' => 'u',
        'ñ' => 'n',
        '\u{2019}' => '\'',
        _ => c,
    };
    word.chars()
        .flat_map(char::to_lowercase)
        .map(fold)
        .collect()
}

/// The language of a text by the words that carry a sentence; `None` when they do not tell.
pub(crate) fn language(text: &str) -> Option<Language> {
    const ENGLISH: &str = "the and you your is are what what's which would like for with this that i i'm i'd it do have \
        please of need looking to we my in at on can when how any there show me want thanks hi hello yes not";
    const SPANISH: &str = "el la los las y que de en un una para con su le por se es esta o al del lo si quiere busco \
        necesito tiene tienen hay cuanto cual cuando donde mas me interesa gracias hola puedo quisiera bodega pies";
    let count = |known: &str| {
        plain_words(text)
            .iter()
            .filter(|word| known.split_whitespace().any(|known| known == word.as_str()))
            .count()
    };
    match count(ENGLISH).cmp(&count(SPANISH)) {
        std::cmp::Ordering::Greater => Some(Language::En),
        std::cmp::Ordering::Less => Some(Language::Es),
        std::cmp::Ordering::Equal => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_are_written_out() {
        for (text, words) in [
            (
                "r u gonna b there tmrw",
                "are you going to b there tomorrow",
            ),
            ("Nooo dont", "no don't"),
            ("sold/leased, 24/7", "sold leased 24/7"),
            ("q me dice pa el lun x fa", "que me dice para el lun por fa"),
            ("OOO until 12000", "ooo until 12000"),
            ("well we were there", "well we were there"),
        ] {
            assert_eq!(said_words(text).join(" "), words);
        }
    }

    #[test]
    fn a_short_form_means_one_thing() {
        let forms: Vec<&str> = SHORTHAND
            .iter()
            .flat_map(|(_, written)| written.split(' '))
            .collect();
        assert_eq!(forms.len(), WRITTEN_OUT.len());
        for words in WRITTEN_OUT.values() {
            assert_eq!(said_words(words).join(" "), *words, "written out twice");
        }
    }
}
