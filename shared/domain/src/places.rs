//! The places buyers name: the industrial cities and markets of Southern California, the large industrial metros of the
//! United States, the states, and how people abbreviate and misspell them.
//!
//! Keys are in lower case, without accents and punctuation. A place that is missing here can still be understood from
//! the words around it; a name that is here is understood even in "10k carson".

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A place by its usual name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// As we write it.
    pub name: &'static str,
    /// Whether the place is a whole state.
    pub is_state: bool,
    /// Whether the name is also an ordinary word, so that it needs a sign that a place is meant.
    pub is_word: bool,
}

/// No name or alias has more words.
pub const WORDS_MAX: usize = 5;

/// Shorter names are not guessed from a misspelling: too many words are one letter away from them.
const MISSPELT_LETTERS_MIN: usize = 6;

const SOUTHERN_CALIFORNIA: &str = "Carson, Compton, El Segundo, Gardena, Harbor City, \
    Harbor Gateway, Hawthorne, Inglewood, Lawndale, Lomita, Long Beach, Lynwood, \
    Rancho Dominguez, Redondo Beach, San Pedro, Signal Hill, Torrance, Wilmington, Artesia, \
    Bellflower, Bell Gardens, Boyle Heights, Buena Park, Cerritos, Cudahy, Downey, \
    Hawaiian Gardens, Huntington Park, La Mirada, Lakewood, Maywood, Montebello, Norwalk, \
    Pico Rivera, Santa Fe Springs, South Gate, Vernon, Whittier, Los Angeles, \
    Downtown Los Angeles, East Los Angeles, South Los Angeles, Burbank, Canoga Park, Chatsworth, \
    Culver City, Glendale, Hollywood, Marina del Rey, North Hollywood, Northridge, Pacoima, \
    Pasadena, San Fernando, Santa Clarita, Santa Monica, Simi Valley, Sun Valley, Sylmar, \
    Thousand Oaks, Van Nuys, Camarillo, Oxnard, Alhambra, Arcadia, Azusa, Baldwin Park, \
    City of Industry, Covina, Diamond Bar, Duarte, El Monte, Glendora, Hacienda Heights, \
    Irwindale, La Puente, La Verne, Monrovia, Monterey Park, Rosemead, Rowland Heights, \
    San Dimas, San Gabriel, South El Monte, West Covina, Adelanto, Apple Valley, Banning, \
    Barstow, Chino Hills, Claremont, Colton, Corona, Eastvale, Fontana, Hemet, Hesperia, \
    Jurupa Valley, Lake Elsinore, Loma Linda, Menifee, Mira Loma, Montclair, Moreno Valley, \
    Murrieta, Norco, Ontario, Palm Springs, Palmdale, Perris, Pomona, Rancho Cucamonga, \
    Redlands, Rialto, Riverside, San Bernardino, Temecula, Upland, Victorville, Anaheim, Brea, \
    Carlsbad, Chula Vista, Costa Mesa, El Cajon, Escondido, Fountain Valley, Fullerton, \
    Garden Grove, Huntington Beach, Irvine, La Habra, Lake Forest, Los Alamitos, Mission Viejo, \
    National City, Newport Beach, Oceanside, Otay Mesa, Placentia, Poway, San Clemente, \
    San Diego, San Marcos, Santa Ana, Seal Beach, Tustin, Westminster, Yorba Linda, \
    Arleta, Panorama City, Reseda, Tarzana, Woodland Hills, Sherman Oaks, Encino, Granada Hills, Mission Hills, Calabasas, \
    Agoura Hills, Moorpark, Newbury Park, Fillmore, Santa Paula, Castaic, Newhall, Saugus, Canyon Country, Rosamond, Mojave, \
    Littlerock, Quartz Hill, Phelan, Oro Grande, Lucerne Valley, Desert Hot Springs, Thousand Palms, La Quinta, San Jacinto, \
    Calimesa, Mentone, Fallbrook, San Juan Capistrano, Laguna Hills, Laguna Niguel, Aliso Viejo, Rancho Santa Margarita, \
    La Palma, Midway City, South Whittier, Eagle Rock, Highland Park, Lincoln Heights, Glassell Park, Echo Park, Terminal Island, \
    Rancho Palos Verdes, Hermosa Beach, Manhattan Beach, Playa Vista, Playa del Rey, West Los Angeles, Koreatown, Arts District, \
    Fashion District, Walnut Park, Willowbrook, Avocado Heights, Kearny Mesa, Sorrento Valley, \
    Antelope Valley, High Desert, Inland Empire, Los Angeles County, Mid-Cities, Orange County, \
    Riverside County, San Bernardino County, San Diego County, San Fernando Valley, \
    San Gabriel Valley, South Bay, Southern California, Ventura County, LAX, Ontario Airport, \
    Port of Long Beach, Port of Los Angeles";

const UNITED_STATES: &str = "Albuquerque, Allentown, Atlanta, Austin, Bakersfield, Baltimore, Baton Rouge, Birmingham, Boise, Boston, Brooklyn, \
    Central Valley, Charleston, Charlotte, Chattanooga, Chicago, Cincinnati, Cleveland, Columbus, Dallas, Fort Worth, \
    Dallas-Fort Worth, Denver, Des Moines, Detroit, El Paso, Fremont, Fresno, Grand Rapids, Greensboro, Greenville, \
    Hayward, Henderson, Houston, Indianapolis, Jacksonville, Jersey City, Joliet, Kansas City, Knoxville, Laredo, Las \
    Vegas, Lehigh Valley, Little Rock, Louisville, McAllen, Memphis, Miami, Milwaukee, Minneapolis, Modesto, Nashville, \
    New Orleans, New York, Newark, Norfolk, North Las Vegas, Northern California, Oakland, Oklahoma City, Omaha, Orlando, \
    Philadelphia, Phoenix, Pittsburgh, Portland, Raleigh, Reno, Richmond, Sacramento, Salinas, Salt Lake City, San \
    Antonio, San Francisco, San Jose, Savannah, Scottsdale, Seattle, Secaucus, St. Louis, Stockton, Tacoma, Tampa, Tempe, \
    Toledo, Tucson, Tulsa, Washington DC, Bay Area, East Bay, Silicon Valley, Central Coast, Santa Barbara, Port of \
    Oakland, Port of Savannah, Port of Houston, Metairie, Tijuana, Mexicali, Tecate, Ensenada, Rosarito, Ciudad Juarez, Nuevo Laredo, Reynosa, Matamoros, Monterrey, \
    American Canyon, Benicia, Burlingame, San Bruno, Morgan Hill, Hollister, Patterson, El Mirage, Litchfield Park, San Leandro, Union City, Livermore, Milpitas, Santa \
    Clara, Sunnyvale, Mountain View, Vallejo, Fairfield, Vacaville, Roseville, Rocklin, West Sacramento, Lathrop, Manteca, \
    Turlock, Merced, Visalia, Tulare, Lodi, Shafter, Delano, Porterville, Gilroy, Watsonville, Santa Maria, Santa Cruz, \
    Santa Rosa, Petaluma, Napa, Redding, Chico, Yuba City, South San Francisco, Redwood City, San Mateo, Emeryville, \
    Berkeley, Pittsburg, Antioch, El Centro, Calexico, Coachella, Palm Desert, Cathedral City, Bloomington, Yucaipa, \
    Wildomar, Grand Terrace, San Ysidro, Santee, La Mesa, Lemon Grove, Port Hueneme, Tolleson, Avondale, Peoria, Casa \
    Grande, Yuma, Nogales, Flagstaff, Carson City, Fernley, West Valley City, West Jordan, Ogden, Provo, Lehi, Commerce \
    City, Colorado Springs, Fort Collins, Thornton, Arvada, Loveland, Longmont, Greeley, Grand Prairie, Carrollton, \
    Arlington, Lewisville, Frisco, McKinney, Denton, Coppell, Farmers Branch, Wilmer, Hutchins, DeSoto, Waxahachie, \
    Mansfield, Haltom City, South Dallas, North Dallas, Sugar Land, Baytown, Conroe, Round Rock, Georgetown, New \
    Braunfels, Pflugerville, Waco, Lubbock, Amarillo, Midland, Odessa, Corpus Christi, Brownsville, Harlingen, Pharr, \
    Edinburg, Eagle Pass, Del Rio, Broken Arrow, Edmond, Las Cruces, Santa Fe, Santa Teresa, Renton, Auburn, Tukwila, Puyallup, \
    Spokane, Vancouver, Bellevue, Redmond, Olympia, Yakima, Gresham, Hillsboro, Salem, Beaverton, Tigard, Tualatin, \
    Wilsonville, Medford, Nampa, Caldwell, Billings, Missoula, Naperville, Elgin, Bolingbrook, Romeoville, Elk Grove \
    Village, Bensenville, Franklin Park, Carol Stream, Melrose Park, Cicero, Schaumburg, Rockford, Springfield, Fort \
    Wayne, Plainfield, Whitestown, Lebanon, South Bend, Evansville, Dayton, Akron, Canton, Youngstown, Groveport, Grove \
    City, Hilliard, Hebron, Erlanger, Lexington, Bowling Green, Shepherdsville, Livonia, Romulus, Sterling Heights, \
    Dearborn, Lansing, Ann Arbor, Kalamazoo, Kenosha, Racine, Green Bay, Waukesha, St. Paul, Brooklyn Park, Shakopee, \
    Eagan, Fargo, Sioux Falls, Wichita, Topeka, Overland Park, Olathe, Lenexa, Edgerton, St. Charles, Cedar Rapids, \
    Davenport, Council Bluffs, Olive Branch, Southaven, Horn Lake, Byhalia, Gulfport, Huntsville, Montgomery, McDonough, \
    Forest Park, Fairburn, Lithia Springs, Kennesaw, Marietta, Duluth, Norcross, Lawrenceville, Braselton, Buford, Macon, \
    Pooler, Garden City, Brunswick, Greer, Spartanburg, Columbia, North Charleston, Summerville, Myrtle Beach, Rock Hill, \
    Gastonia, Mooresville, Winston-Salem, Durham, Fayetteville, High Point, Kannapolis, Murfreesboro, Smyrna, La Vergne, \
    Clarksville, Fort Lauderdale, Pompano Beach, Hialeah, Doral, Miami Gardens, Opa-locka, Miramar, West Palm Beach, Boca \
    Raton, Riviera Beach, Lakeland, Plant City, St. Petersburg, Clearwater, Sarasota, Fort Myers, Naples, Ocala, \
    Kissimmee, Sanford, Daytona Beach, Tallahassee, Pensacola, Gainesville, Port St. Lucie, Shreveport, Lafayette, Kenner, \
    Bentonville, North Little Rock, Piscataway, Carteret, Perth Amboy, Cranbury, South Brunswick, Bayonne, Kearny, \
    Paterson, Clifton, Teterboro, Moonachie, Carlstadt, Robbinsville, Trenton, Swedesboro, Cherry Hill, Vineland, \
    Bethlehem, Easton, Breinigsville, Hazleton, Scranton, Wilkes-Barre, Carlisle, Harrisburg, Mechanicsburg, King of \
    Prussia, Bensalem, New Castle, Aberdeen, Hagerstown, Jessup, Annapolis, Chesapeake, Virginia Beach, Suffolk, Newport \
    News, Roanoke, Winchester, Chantilly, Manassas, Hartford, New Haven, Bridgeport, Stamford, Waterbury, Cranston, \
    Worcester, Lowell, Fall River, New Bedford, Brockton, Taunton, Manchester, Nashua, Albany, Syracuse, Rochester, \
    Yonkers, Bronx, Staten Island, Long Island, Hauppauge, Newburgh, Maspeth, Manhattan, O'Hare, Sky Harbor, Port of \
    Tacoma, Port of Seattle, Port of Charleston, Port of Newark, Port of Virginia, Port of Miami, Port Everglades";

/// Cities whose names are also words, or what people are called: "orange juice", "the furniture industry", "ring the bell".
const WORDS: &str = "Commerce, Orange, Bell, Walnut, Chino, Paramount, Highland, Vista, Cypress, Lancaster, Valencia, Ventura, Beaumont, \
    Kent, Stanton, Buffalo, Sparks, Mesa, Tracy, Elizabeth, Edison, Gilbert, Chandler, Goodyear, Buckeye, Surprise, Sandy, \
    Aurora, Boulder, Centennial, Irving, Garland, Mesquite, Plano, Katy, Humble, Kyle, Stafford, Norman, Fife, Sumner, \
    Everett, Eugene, Bend, Meridian, Gary, Hammond, Dublin, Florence, Warren, Flint, Madison, Rogers, Lincoln, \
    Independence, Jackson, Mobile, Augusta, Duncan, Concord, Cary, Franklin, Medley, Brandon, Monroe, Linden, Camden, \
    York, Reading, Bristol, Erie, Frederick, Hanover, Hampton, Sterling, Providence, Queens, Madera, Indio, Pueblo, Chico, \
    Corona, Amarillo, El Centro, Casa Grande";

const ALIASES: &[(&str, &str)] = &[
    ("Commerce", "city of commerce, ciudad de commerce"),
    ("Orange", "city of orange"),
    ("Bell", "city of bell"),
    (
        "City of Industry",
        "ciudad de industry, ciudad de industria, ciudad de la industria",
    ),
    (
        "Los Angeles",
        "city of los angeles, greater los angeles, greater la, la area, losangeles, los angles",
    ),
    (
        "Downtown Los Angeles",
        "dtla, downtown la, centro de los angeles, centro de la",
    ),
    (
        "East Los Angeles",
        "east la, este de los angeles, este de la",
    ),
    (
        "South Los Angeles",
        "south la, south central, south central la, sur de los angeles, sur centro",
    ),
    ("West Los Angeles", "west la, oeste de los angeles"),
    (
        "Los Angeles County",
        "la county, county of los angeles, condado de los angeles",
    ),
    ("Orange County", "condado de orange"),
    (
        "Inland Empire",
        "inland empire west, inland empire east, iempire",
    ),
    ("San Gabriel Valley", "sgv"),
    ("San Fernando Valley", "sfv, san fernando vly"),
    ("Southern California", "socal, so cal, sur de california"),
    ("Northern California", "norcal, nor cal"),
    ("Mid-Cities", "mid cities"),
    (
        "LAX",
        "la airport, los angeles airport, aeropuerto de los angeles",
    ),
    ("Ontario Airport", "ont airport, aeropuerto de ontario"),
    (
        "Port of Long Beach",
        "polb, long beach port, puerto de long beach, port of lb",
    ),
    (
        "Port of Los Angeles",
        "pola, port of la, la port, puerto de los angeles, puerto de la",
    ),
    ("Rancho Cucamonga", "rancho cuca, cucamonga"),
    (
        "San Bernardino",
        "san berdoo, berdoo, san ber, san bern, san berdino",
    ),
    ("Moreno Valley", "moval"),
    ("North Hollywood", "noho"),
    ("Santa Fe Springs", "sfs"),
    ("Jurupa Valley", "jurupa"),
    ("South Gate", "southgate"),
    ("Long Beach", "longbeach"),
    ("El Segundo", "elsegundo"),
    ("Las Vegas", "vegas"),
    ("New York", "nyc, new york city, nueva york"),
    ("Philadelphia", "philly, filadelfia"),
    ("New Orleans", "nola"),
    ("Salt Lake City", "slc"),
    ("Dallas-Fort Worth", "dfw, dallas fort worth"),
    ("Fort Worth", "ft worth"),
    ("St. Louis", "saint louis, st louis"),
    ("Indianapolis", "indy"),
    ("Washington DC", "washington dc"),
    ("San Diego County", "sd county"),
    ("Lehigh Valley", "lehigh vly"),
    ("O'Hare", "ohare, o hare, ohare airport, chicago ohare"),
    ("St. Paul", "saint paul, st paul"),
    ("St. Petersburg", "saint petersburg, st pete"),
    ("Fort Lauderdale", "ft lauderdale"),
    ("Fort Myers", "ft myers"),
    ("Bronx", "the bronx"),
    ("Port of Newark", "port newark"),
];

/// Abbreviations that are also words in one of our languages; they count only in capitals or after "in" and the like.
const SHORT: &[(&str, &str)] = &[
    ("la", "Los Angeles"),
    ("ie", "Inland Empire"),
    ("oc", "Orange County"),
    ("ont", "Ontario Airport"),
    ("lb", "Long Beach"),
    ("sac", "Sacramento"),
    ("pico", "Pico Rivera"),
];

const STATES: &str = "AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, \
    CO Colorado, CT Connecticut, DE Delaware, FL Florida, GA Georgia, HI Hawaii, ID Idaho, \
    IL Illinois, IN Indiana, IA Iowa, KS Kansas, KY Kentucky, LA Louisiana, ME Maine, \
    MD Maryland, MA Massachusetts, MI Michigan, MN Minnesota, MS Mississippi, MO Missouri, \
    MT Montana, NE Nebraska, NV Nevada, NH New Hampshire, NJ New Jersey, NM New Mexico, \
    NY New York State, NC North Carolina, ND North Dakota, OH Ohio, OK Oklahoma, OR Oregon, \
    PA Pennsylvania, RI Rhode Island, SC South Carolina, SD South Dakota, TN Tennessee, \
    TX Texas, UT Utah, VT Vermont, VA Virginia, WA Washington, WV West Virginia, WI Wisconsin, \
    WY Wyoming";

/// State abbreviations that mean nothing else in lower case, in English or in Spanish.
const CLEAR_STATE_CODES: &str = "az ca fl ga il ky mn nc nj nm nv ny sc tn tx ut va wa wi";

/// Ordinary words one letter away from a name of six letters or more.
const NOT_MISSPELT: &str = "adelante aluminum boasting bolton carbon carton cartons commence corner \
    coronas cotton garden gardens hosting larson oranges parson person stocking vermin \
    summer merged reasons fridge sending boards bolder mobiles piso";

static BY_KEY: LazyLock<HashMap<String, Place>> = LazyLock::new(|| {
    let place = |name: &'static str| Place {
        name,
        is_state: false,
        is_word: false,
    };
    let mut by_key = HashMap::new();
    for name in SOUTHERN_CALIFORNIA
        .split(", ")
        .chain(UNITED_STATES.split(", "))
    {
        by_key.insert(key(name), place(name));
    }
    for (name, aliases) in ALIASES {
        by_key.extend(
            aliases
                .split(", ")
                .map(|alias| (alias.to_owned(), place(name))),
        );
    }
    for (_, name) in states() {
        by_key.insert(
            key(name),
            Place {
                is_state: true,
                ..place(name)
            },
        );
    }
    for name in WORDS.split(", ") {
        by_key.insert(
            key(name),
            Place {
                is_word: true,
                ..place(name)
            },
        );
    }
    by_key.insert(
        "industry".to_owned(),
        Place {
            is_word: true,
            ..place("City of Industry")
        },
    );
    by_key
});

/// Keys long enough to be guessed, by their first letter.
static BY_FIRST_LETTER: LazyLock<HashMap<u8, Vec<&'static str>>> = LazyLock::new(|| {
    let mut by_first_letter: HashMap<u8, Vec<&'static str>> = HashMap::new();
    for key in BY_KEY
        .keys()
        .filter(|key| key.len() >= MISSPELT_LETTERS_MIN)
    {
        by_first_letter
            .entry(key.as_bytes()[0])
            .or_default()
            .push(key.as_str());
    }
    by_first_letter
});

/// The place of this name, in lower case with single spaces.
pub fn named(phrase: &str) -> Option<Place> {
    BY_KEY.get(phrase).copied()
}

/// The place of this abbreviation, which could also be a word.
pub fn abbreviated(word: &str) -> Option<Place> {
    let (_, name) = SHORT.iter().find(|(short, _)| *short == word)?;
    Some(Place {
        name,
        is_state: false,
        is_word: true,
    })
}

/// The only place whose name, of six letters or more and with the same first letter, is one letter away: one wrong, one
/// missing, one too many, or two swapped.
pub fn misspelt(phrase: &str) -> Option<Place> {
    let is_meant = |word| NOT_MISSPELT.split(' ').any(|meant| meant == word);
    if phrase.len() < MISSPELT_LETTERS_MIN || phrase.split(' ').any(is_meant) {
        return None;
    }
    let candidates = BY_FIRST_LETTER.get(phrase.as_bytes().first()?)?;
    let mut places = candidates
        .iter()
        .filter(|key| is_one_edit_apart(phrase, key))
        .filter_map(|key| named(key));
    let place = places.next()?;
    places
        .all(|other| other.name == place.name)
        .then_some(place)
}

/// The postal abbreviation of a state, given as abbreviation or name. An abbreviation that is also a word ("in", "or",
/// "la") must be in capitals.
pub fn state_code(word: &str, is_in_capitals: bool) -> Option<&'static str> {
    let is_abbreviation = |code: &str| {
        code.eq_ignore_ascii_case(word)
            && (is_in_capitals || CLEAR_STATE_CODES.split(' ').any(|code| code == word))
    };
    match word {
        "calif" | "cali" => Some("CA"),
        "mass" => Some("MA"),
        "ariz" => Some("AZ"),
        "tenn" => Some("TN"),
        "mich" => Some("MI"),
        "minn" => Some("MN"),
        "okla" => Some("OK"),
        "fla" => Some("FL"),
        "new york" => Some("NY"),
        _ => states()
            .find(|(code, name)| is_abbreviation(code) || key(name) == word)
            .map(|(code, _)| code),
    }
}

/// The states, abbreviation and name.
fn states() -> impl Iterator<Item = (&'static str, &'static str)> {
    STATES.split(", ").filter_map(|state| state.split_once(' '))
}

/// A name in lower case, without accents, dots and hyphens, as [`named`] wants it.
pub fn fold(name: &str) -> String {
    let plain = name
        .nfd()
        .filter(|&c| !is_combining_mark(c))
        .collect::<String>();
    key(&plain)
}

/// A name as a key.
fn key(name: &str) -> String {
    name.to_lowercase().replace('.', "").replace('-', " ")
}

/// Whether one edit turns one word into the other. Linear: what follows the common beginning must be the common end.
pub(crate) fn is_one_edit_apart(one: &str, other: &str) -> bool {
    if one.len().abs_diff(other.len()) > 1 {
        return false;
    }
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let same_start = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[same_start..], &other[same_start..]);
    let same_end = one
        .iter()
        .rev()
        .zip(other.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    match (
        &one[..one.len() - same_end],
        &other[..other.len() - same_end],
    ) {
        ([_], [_] | []) | ([], [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}
