use proptest::prelude::*;
use wex_domain::criteria::Criteria;
use wex_domain::requirement::{SQFT_MAX, SQFT_MIN, Use};
use wex_domain::understand::{Doubt, Language, TEXT_CHARS_MAX, understand, understand_turn};

/// The size a text gives, written `10000`, `5000-6000`, `-20000`, `20000-` or empty.
fn size(text: &str) -> String {
    let understood = understand(text, None);
    match (understood.sqft_min, understood.sqft_max) {
        (None, None) => String::new(),
        (Some(min), Some(max)) if min == max => min.to_string(),
        (min, max) => {
            let [min, max] =
                [min, max].map(|bound| bound.map_or(String::new(), |sqft| sqft.to_string()));
            format!("{min}-{max}")
        }
    }
}

/// The places a text wants, written `Carson, CA; Gardena`.
fn places(text: &str) -> String {
    let names: Vec<String> = understand(text, None)
        .locations
        .iter()
        .map(ToString::to_string)
        .collect();
    names.join("; ")
}

fn uses(text: &str) -> Vec<Use> {
    understand(text, None).uses
}

#[track_caller]
fn all<T: PartialEq + std::fmt::Debug>(read: impl Fn(&str) -> T, expectations: Vec<(&str, T)>) {
    let wrong: Vec<String> = expectations
        .into_iter()
        .map(|(text, expected)| (text, read(text), expected))
        .filter(|(_, found, expected)| found != expected)
        .map(|(text, found, expected)| format!("{text:?}: expected {expected:?}, found {found:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn owned(expectations: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    expectations
        .iter()
        .map(|(text, expected)| (*text, (*expected).to_owned()))
        .collect()
}

#[test]
fn a_place_is_told_from_one_that_is_left_served_or_named_like_it() {
    let expectations = [
        ("moving from Gilbert to Chandler, 9,000 sf", "Chandler"),
        ("relocating from Vernon to Nowhereville", "Nowhereville"),
        ("also look in Carson City", "Carson City"),
        ("wait no, Fife. not Tacoma", "Fife"),
        ("no, perdon, Fife, no Tacoma", "Fife"),
        (
            "in Hayward or San Leandro thru 2027",
            "Hayward; San Leandro",
        ),
        ("in Irvine or Santa Quesera by May", "Irvine; Santa Quesera"),
        ("20k sf within 15 miles of O'Hare", "O'Hare"),
        ("do you guys cover Nevada or just california", ""),
        ("¿trabajan en Tijuana?", ""),
        (
            "we leave our unit in Azusa, need a bigger one in the same city",
            "Azusa",
        ),
        ("de ahora en adelante", ""),
        ("a mobile unit, reading glasses and a surprise", ""),
        ("stop leasing in Rialto and move to Chino", "Chino"),
        ("en Tijuana o mejor dicho Otay Mesa", "Otay Mesa"),
        ("in Carson, or rather Gardena", "Gardena"),
        ("in Carson rather than Gardena", "Carson"),
        (
            "client is opting out of her lease in Tustin, wants 5,000 sf in Irvine",
            "Irvine",
        ),
        ("quit showing me Gardena, only Auburn", "Auburn"),
        ("do you have any in all of Texas or just Houston?", ""),
        ("tienen propiedades en todo texas o nomas houston", ""),
        ("my name is Austin, need 5k sqft in Dallas", "Dallas"),
        (
            "this is Madison from Jackson Logistics, 8k in Memphis",
            "Memphis",
        ),
        ("Savannah here, 6k sqft in Charlotte", "Charlotte"),
        ("soy Carson, ocupo 3 mil pies en Compton", "Compton"),
        ("algo chico, mil pies en Lynwood", "Lynwood"),
        ("guardo cerveza corona en Compton", "Compton"),
        ("bodega en el centro de Tijuana", "Tijuana"),
        ("racks en el piso, 4000 pies en Bell", "Bell"),
        (
            "corona ca, el centro ca y en Chico",
            "Corona, CA; El Centro, CA; Chico",
        ),
    ];
    all(places, owned(&expectations));
}

#[test]
fn power_rent_and_land_are_read_in_the_words_of_the_trade() {
    let read = |text: &str| {
        let criteria = understand(text, None).criteria;
        (
            criteria.power_volts.unwrap_or_default(),
            criteria.budget_amount.unwrap_or_default(),
            criteria.trailer_stalls_min.unwrap_or_default(),
            criteria.yard_needed.unwrap_or_default(),
        )
    };
    let expectations = vec![
        ("800A 480/3ph", (480, 0.0, 0, false)),
        ("208 volt 3 phase", (208, 0.0, 0, false)),
        ("3 phase 480, 2 docks", (480, 0.0, 0, false)),
        ("no more than 9 grand/mo gross", (0, 9_000.0, 0, false)),
        ("trailer parking for 10", (0, 0.0, 10, false)),
        ("estacionamiento para 12 trailers", (0, 0.0, 12, false)),
        ("a drop yard in Rialto", (0, 0.0, 0, true)),
        ("una yarda en Rialto", (0, 0.0, 0, true)),
        ("drop the yard", (0, 0.0, 0, false)),
    ];
    all(read, expectations);
}

#[test]
fn a_day_that_something_ends_is_the_latest_start_if_space_is_needed_by_then() {
    let today = jiff::civil::date(2026, 11, 23);
    for text in [
        "goods arrive dec 31, need it by then",
        "our sublease gets cancelled dec 31 so we need 28,000 by then",
        "se acaba el contrato el 31 de diciembre, necesitamos 28 mil pies para entonces",
    ] {
        let criteria = understand(text, Some(today)).criteria;
        assert_eq!(
            criteria.start_latest,
            Some(jiff::civil::date(2026, 12, 31)),
            "{text}"
        );
    }
    let criteria = understand("our lease ends dec 31", Some(today)).criteria;
    assert_eq!(criteria.start_latest, None);
}

#[test]
fn who_writes_is_read_from_how_they_begin() {
    let read = |text: &str| {
        let criteria = understand(text, None).criteria;
        (criteria.contact_name, criteria.company)
    };
    let named = |name: &str, company: &str| {
        let some = |said: &str| (!said.is_empty()).then(|| said.to_owned());
        (some(name), some(company))
    };
    let expectations = vec![
        (
            "Hi, Priya Nair from Sunleaf Teas here. 8k in Edison",
            named("Priya Nair", "Sunleaf Teas"),
        ),
        ("Marcus here, need 5k", named("Marcus", "")),
        (
            "Hola, aquí Rosa de Textiles Luna, busco 5 mil pies",
            named("Rosa", "Textiles Luna"),
        ),
        (
            "soy Lupe Cano d Tortilleria El Sol, 6 mil pies",
            named("Lupe Cano", "Tortilleria El Sol"),
        ),
        (
            "this is Dan with The Pallet Guys",
            named("Dan", "The Pallet Guys"),
        ),
        (
            "my name is Al Roth, Roth Tile LLC",
            named("Al Roth", "Roth Tile LLC"),
        ),
        (
            "le escribe Ida Soto de la empresa Pan Azul",
            named("Ida Soto", "Pan Azul"),
        ),
        (
            "hablas con Beto de Llantas Beto",
            named("Beto", "Llantas Beto"),
        ),
        (
            "our company, Delta Fixtures, needs 14k",
            named("", "Delta Fixtures"),
        ),
        (
            "my name is jo park from elm tile, 5k sf",
            named("Jo Park", "Elm Tile"),
        ),
        ("me llamo lupe y busco 2 mil pies", named("Lupe", "")),
        ("my name is on the lease", named("", "")),
        ("this is great", named("", "")),
        (
            "8k sf in Reno. Best regards, Ole Dahl",
            named("Ole Dahl", ""),
        ),
        ("soy Eva de Casa de la Luz", named("Eva", "Casa de la Luz")),
        ("no soy Marta", named("", "")),
        ("Looking from Monday on", named("", "")),
        ("Thanks for the list", named("", "")),
    ];
    all(read, expectations);
}

#[test]
fn a_size_is_read_in_the_ways_people_write_it() {
    let expectations = [
        ("need 8,500 SF asap", "8500"),
        ("can you bump that up to 25,000", "25000"),
        ("que sea de 3 mil mejor", "3000"),
        ("up to 9 grand a month", ""),
        ("maybe 7 grand square feet", "7000"),
        ("hay 4,500 pies libres", "4500"),
        ("20 pies libres", ""),
        ("looking for 10k ft of warehouse", "10000"),
        ("10-15k sf", "10000-15000"),
        ("5-6000 in torrance", "5000-6000"),
        ("5,000 - 6,000 sq. ft. please", "5000-6000"),
        ("20 to 30 thousand sq feet", "20000-30000"),
        ("anywhere between 40k and 60k sqft", "40000-60000"),
        ("from 12,000 to 14,500 square feet", "12000-14500"),
        ("up to 20k sqft", "-20000"),
        ("no more than 7500sf", "-7500"),
        ("under 3000 sq ft", "-3000"),
        ("at least 25,000 sqft", "25000-"),
        ("50k+ sf", "50000-"),
        ("100,000 SF or more", "100000-"),
        ("min 30k sf, max 45k sf", "30000-45000"),
        ("around 9k square foot", "9000"),
        ("~6500 sqft", "6500"),
        ("half a million square feet", "500000"),
        ("0.5M sf in Fontana", "500000"),
        ("1.2 million sq ft dc in perris", "1200000"),
        ("twenty five thousand square feet", "25000"),
        ("900 m2", "9688"),
        ("1,000 square meters in Carson", "10764"),
        ("40x100", "4000"),
        ("50' x 120' space", "6000"),
        ("40 by 60 feet, 14 ft ceiling", "2400"),
        ("10.000 pies cuadrados", "10000"),
        ("de 5000 a 6000 pies cuadrados en Vernon", "5000-6000"),
        ("20 mil pies en Fontana", "20000"),
        ("veinte mil pies cuadrados", "20000"),
        ("busco bodega de 500 metros cuadrados", "5382"),
        ("hasta 8,000 pies", "-8000"),
        ("mínimo 15 mil pies", "15000-"),
        ("por lo menos 4,000 pies cuadrados", "4000-"),
        ("10k", "10000"),
        ("need 10k in carson", "10000"),
        ("about 12000", "12000"),
        ("12,000", "12000"),
        ("10 000 sqft", "10000"),
        ("2k sqaure feet", "2000"),
        ("15ksf dock high", "15000"),
        ("10k-15k carson", "10000-15000"),
        ("a 10,000-square-foot warehouse", "10000"),
        ("we have 5k now and need 10k sf", "10000"),
        ("not 10k, 12k sf", "12000"),
        ("12 or 15k sf in Gardena", "12000-15000"),
        ("5,000 sf office/warehouse", "5000"),
        ("10k sf with 1,500 sf office", "10000"),
        ("our requirement is 20,000 sf", "20000"),
        ("my client needs 60k in Fontana", "60000"),
        ("looking for 7200 in Carson", "7200"),
        ("size: 12,000", "12000"),
        ("2500/3000 sf", "2500-3000"),
        ("10k min to 15k max", "10000-15000"),
        ("8k-12k sf Vernon, $1.10 max NNN", "8000-12000"),
        ("budget 15k/mo for about 10k sf", "10000"),
        ("Ontario, CA 91761 30k sf", "30000"),
        ("100k sf, 32 clear, 20 docks, Mira Loma", "100000"),
        ("we run 24/7 and need 80k in Fontana", "80000"),
        ("5-6000 sf flex, 20% office, 600a", "5000-6000"),
        ("actually make it 12k", "12000"),
        ("nope, 100k", "100000"),
        ("1/2 acre under roof", "21780"),
        ("5000 minimum", "5000-"),
        (
            "Size: 15k-20k Location: Fontana Use: distribution",
            "15000-20000",
        ),
        ("sqft 12000 city carson use storage", "12000"),
        ("10k ideally but can go to 12k", "10000"),
        ("dos mil quinientos pies", "2500"),
        ("5000sq.ft.", "5000"),
        ("nave de 20x50 metros", "10764"),
        ("entre 3 mil y 4 mil pies", "3000-4000"),
        ("two hundred fifty thousand sq ft", "250000"),
        ("Do you have anything under 5000 sq ft", "-5000"),
        ("~ 22,500 sf +/- in Cerritos", "22500"),
        ("22k +/- sf", "22000"),
        ("+/- 10k sf", "10000"),
        (
            "our current 10k space in Gardena is too small need 25k",
            "25000",
        ),
        (
            "10 trucks, 5k sqft office + 20k warehouse in Carson",
            "20000",
        ),
        ("150k+ cross dock facility in Perris", "150000-"),
        ("60k sprinklered whse, Carson", "60000"),
        ("size is off, supposed to be 6400", "6400"),
        ("el tamaño está mal, debe ser 6400", "6400"),
        ("dont send me anything over 20k", "-20000"),
        ("nothing under 8000 sf pls", "8000-"),
        ("no quiero nada de menos de 5 mil pies", "5000-"),
        ("no quiero naves de más de 5 mil pies", "-5000"),
        ("2 x 5,000 sf", "5000"),
        ("de 5 mil pies pa arriba", "5000-"),
        ("sub 6k sf", "-6000"),
        ("8 to 9k, wait no my client says 11 to 12k", "11000-12000"),
        ("Reno 80k esfr", "80000"),
        ("no son 9 mil pies, son 7 mil", "7000"),
        ("half of it is leased, 9k left", "9000"),
        ("unos 3 mil piesitos", "3000"),
        ("15k-ish sq ft", "15000"),
        ("looking 4 a 6k sf spot", "6000"),
        ("renta de 4 a 6k pies", "4000-6000"),
        ("6 maybe 7 thousand", "6000-7000"),
    ];
    all(size, owned(&expectations));
}

#[test]
fn other_numbers_are_no_size() {
    let texts = [
        "budget is 10k",
        "we can pay 15k a month",
        "$12,000/mo max",
        "$1.45 nnn",
        "rent under 8000",
        "call me at 310-555-0142",
        "my cell is (424) 416-2288",
        "3105550142",
        "in 90745",
        "zip 90220",
        "1800 E Del Amo Blvd in Carson",
        "24' clear min",
        "32 ft clear height, 40 docks",
        "600 amps 480v 3 phase",
        "2000 amps",
        "500 pallets",
        "1,200 pallet positions",
        "10k pallets a month",
        "5000 skus",
        "2 acres in Wilmington",
        "3-5 acres of yard",
        "half an acre of yard",
        "starting 12/1/2026",
        "jan 2027",
        "2027",
        "36 months",
        "need it by 3/15 at 10:30",
        "2",
        "#2",
        "gate code 4417",
        "is the 12,000 sf one still available?",
        "what about the 10k one",
        "Liked “I found 2 that fit: 1) 12,000 SF Carson, $1.45 NNN”",
        "Loved \"10,500 SF Gardena\"",
        "20 employees, 15 trucks",
        "53 ft trailers",
        "10x12 roll up door",
        "40x48 pallets",
        "near the 405 and the 91",
        "ship 10,000 orders a day",
        "presupuesto 8 mil al mes",
        "15 mil dólares",
        "2 andenes y 1 rampa",
        "altura libre de 10 metros",
        "within 10 miles of LAX",
        "10% office",
        "1,500 sf office",
        "20,000 sf yard",
        "10k to 15k pallets",
        "suite 5000",
        "we outgrew our 8,000 sf",
        "listing 45210 looks good",
        "99999999 sqft",
        "20 sqft",
        "https://wex.example/10000sqft",
        "40% off 10k",
        "can they do it for 10k",
        "will they take 10k?",
        "we need to move 200k lbs",
        "they want 5000 for it",
        "I was born in 1985",
        "24x7 access",
        "10k customers",
        "we ship 10k orders from our warehouse",
        "20k skus in a warehouse",
        "10k customers need warehouse space",
        "rent should be 8500",
        "we're in 9k in Upland now",
        "un lote de 20 mil pies",
        "12x14 GL door",
    ];
    all(size, texts.map(|text| (text, String::new())).to_vec());
}

#[test]
fn places_are_known_by_name_abbreviation_and_typing_error() {
    let expectations = [
        ("10k sqft in Carson CA for storage", "Carson, CA"),
        ("10k carson", "Carson"),
        ("Torrance or Gardena", "Torrance; Gardena"),
        (
            "carson, compton and long beach",
            "Carson; Compton; Long Beach",
        ),
        ("20k sf torrence", "Torrance"),
        ("somewhere in Rancho Cucamunga", "Rancho Cucamonga"),
        ("Riversde, CA", "Riverside, CA"),
        ("IE preferably", "Inland Empire"),
        ("anywhere in the ie", "Inland Empire"),
        ("near LAX", "LAX"),
        ("dtla loft", "Downtown Los Angeles"),
        ("close to polb", "Port of Long Beach"),
        ("cerca del puerto de Long Beach", "Port of Long Beach"),
        ("10k in LA", "Los Angeles"),
        ("10k in la for storage", "Los Angeles"),
        ("busco bodega en la ciudad", ""),
        ("la bodega es grande", ""),
        ("5k sf in commerce", "Commerce"),
        ("Commerce, CA", "Commerce, CA"),
        ("e-commerce fulfillment in Vernon", "Vernon"),
        ("we work in the furniture industry", ""),
        ("15k in City of Industry", "City of Industry"),
        ("orange juice storage in Orange", "Orange"),
        ("ring the bell when you get here", ""),
        ("Phoenix AZ 50k", "Phoenix, AZ"),
        ("dallas texas", "Dallas, TX"),
        ("anything in New Jersey?", "New Jersey"),
        ("Ft. Worth or St. Louis", "Fort Worth; St. Louis"),
        ("need space in Kearny, NJ", "Kearny, NJ"),
        ("something around Lake Havasu City", "Lake Havasu City"),
        ("cerca de Tecate", "Tecate"),
        ("in 90745", "90745"),
        ("zip code 92335", "92335"),
        ("starting in January", ""),
        ("not Compton", ""),
        ("anything but Compton", ""),
        ("Carson, not Compton or Lynwood", "Carson"),
        (
            "not in LA city limits, Paramount or Bellflower",
            "Paramount; Bellflower",
        ),
        ("anywhere except Vernon", ""),
        ("Gardena instead of Carson", "Gardena"),
        ("no quiero Compton, mejor Gardena", "Gardena"),
        ("the Gardena one looks good", ""),
        ("moving from Vernon, need 10k in Carson", "Carson"),
        (
            "we are based in Chicago and need a DC in Ontario",
            "Ontario",
        ),
        ("1234 Carson St", ""),
        ("carton storage in Gardena", "Gardena"),
        ("cotton warehouse", ""),
        ("Compton is too far", ""),
        ("email joe@vernonprop.com", ""),
        ("necesito 5,000 pies en el monte", "El Monte"),
        (
            "san bernardino, fontana, rialto",
            "San Bernardino; Fontana; Rialto",
        ),
        ("NEED 10K SF IN CARSON OR GARDENA", "Carson; Gardena"),
        ("Carson-Compton area", "Carson; Compton"),
        ("not just Carson, also Gardena", "Carson; Gardena"),
        ("forget Carson, Gardena works", "Gardena"),
        ("10 minutes away from LAX", "LAX"),
        ("stay away from Compton", ""),
        ("not too far from Long Beach", "Long Beach"),
        ("new in the industry", ""),
        ("Hawthorne CA 90250", "Hawthorne, CA"),
        ("between LAX and Long Beach", "LAX; Long Beach"),
        ("por Vernon o Commerce", "Vernon; Commerce"),
        ("don't need docks in Carson", "Carson"),
        ("San Bernadino", "San Bernardino"),
        ("our current 10k space in Gardena is too small", ""),
        (
            "Moving out of our 15,000 sq ft in Vernon, need Carson",
            "Carson",
        ),
        ("our next warehouse in Gardena", "Gardena"),
        ("Edison, New Jersey, ~80k sf", "Edison, NJ"),
        ("Norwak or Cerritoss", "Norwalk; Cerritos"),
        ("we ship to Texas and Nevada from a DC in Carson", "Carson"),
        ("we sell in California", ""),
        ("no me sirve Compton, mejor Lakewood", "Lakewood"),
        ("cerca del aeropuerto de Ontario", "Ontario Airport"),
        ("my zip is 90502", "90502"),
        ("LA or OC", "Los Angeles; Orange County"),
        (
            "Santa Fe Springs / Whittier area",
            "Santa Fe Springs; Whittier",
        ),
        (
            "algo x Sta Monica, Sn Dimas o N Hollywood",
            "Santa Monica; San Dimas; North Hollywood",
        ),
        (
            "Huntington Bch or Boyle Hts",
            "Huntington Beach; Boyle Heights",
        ),
        ("rumbo a Orange", "Orange"),
        (
            "LB or SFS or Pico",
            "Long Beach; Santa Fe Springs; Pico Rivera",
        ),
        ("5 mil y pico", ""),
        ("200 lb loads", ""),
        (
            "sur de los angeles o san bern",
            "South Los Angeles; San Bernardino",
        ),
        ("arleta or panorama city", "Arleta; Panorama City"),
        ("por favor mándeme opciones", ""),
        ("90247 or 90248, 12k sf", "90247; 90248"),
        ("3,000 pies, 91331", "91331"),
        ("12500, 2 docks", ""),
    ];
    all(places, owned(&expectations));
}

#[test]
fn what_stands_in_for_a_place_is_one_and_what_is_taken_back_is_none() {
    all(
        places,
        owned(&[
            ("5 acres in Fontana or Bloomington.", "Fontana; Bloomington"),
            ("in Carson or Maria calls me", "Carson"),
            ("90221 or 90222", "90221; 90222"),
            ("bodega en Tijuana no, mejor en Otay Mesa", "Otay Mesa"),
            ("scratch Fontana, Pomona is fine", "Pomona"),
            ("no manden naves de Lancaster, mejor Sylmar", "Sylmar"),
            // The search is over, wherever it ended.
            ("we signed a deal in Rialto last week", ""),
            ("I found a place in Chino, thanks anyway", ""),
            ("ya firmamos contrato en Pomona, gracias", ""),
            ("have you found anything in Rialto", "Rialto"),
            ("change Anaheim to Santa Ana", "Santa Ana"),
            ("cambien Vernon por Bell", "Bell"),
            ("switch out Tustin for Orange", "Orange"),
            ("Carson. no wait Compton", "Compton"),
            ("Carson, actually also Compton", "Carson; Compton"),
            ("ya no busquen en Chino, mejor en Corona", "Corona"),
            ("quita Anaheim y pon Fullerton", "Fullerton"),
            ("mejor en Tustin que en Anaheim", "Tustin"),
            ("I'd rather Tustin than Anaheim", "Tustin"),
            ("take Compton off, Lynwood stays", "Lynwood"),
            ("need to have a lease signed in Rialto by May", "Rialto"),
        ]),
    );
}

#[test]
fn how_far_from_a_place_will_do_is_said_before_or_behind_it() {
    let radius = |text: &str| {
        let locations = understand(text, None).locations;
        (locations[0].name.clone(), locations[0].radius_miles)
    };
    let expectations = [
        ("within 10 miles of LAX", "LAX", Some(10)),
        ("15 mi from zip 91761", "91761", Some(15)),
        ("Fontana, 12 miles max, 20k sf", "Fontana", Some(12)),
        ("Torrance and up to 8 mi", "Torrance", Some(8)),
        ("Vernon (15-mile radius)", "Vernon", Some(15)),
        ("cerca de LAX, a no más de 10 millas", "LAX", Some(10)),
        ("Pomona y 16 km a la redonda", "Pomona", Some(10)),
        ("Carson, 5 miles from our shop", "Carson", None),
        ("Carson, within 5 miles of Vernon", "Carson", None),
    ];
    let expectations = expectations.map(|(text, name, miles)| (text, (name.to_owned(), miles)));
    all(radius, expectations.to_vec());
}

#[test]
fn the_smallest_part_of_a_space_is_not_its_size() {
    let read = |text: &str| {
        let understood = understand(text, None);
        (understood.divisible_to_sqft, understood.sqft_max)
    };
    let expectations = vec![
        ("min divisible is 6,000 sf", (Some(6_000), None)),
        (
            "20k sf total, could go as small as 2500",
            (Some(2_500), Some(20_000)),
        ),
        (
            "la parte más chica sería de 3 mil pies",
            (Some(3_000), None),
        ),
        ("can split into two 10k units", (Some(10_000), None)),
        ("30k sf, 10k min div", (Some(10_000), Some(30_000))),
        (
            "se puede fraccionar en módulos de 400 m2",
            (Some(4_306), None),
        ),
        (
            "we'd break it up, smallest chunk is about 7500",
            (Some(7_500), None),
        ),
        (
            "what's the smallest space in Vernon? 2k sf",
            (None, Some(2_000)),
        ),
    ];
    all(read, expectations);
    assert_eq!(size("a partir de 4 mil pies"), "4000-");
}

#[test]
fn holidays_months_and_prices_are_read_as_they_are_meant() {
    let day = Some(jiff::civil::date(2026, 11, 23));
    let criteria = |text| serde_json::to_string(&understand(text, day).criteria).unwrap();
    for (text, meant) in [
        (
            "we need to be in before xmas",
            r#"{"start_latest":"2026-12-25"}"#,
        ),
        ("start after thanksgiving", r#"{"start_from":"2026-11-26"}"#),
        ("month2month", r#"{"term_type":"month_to_month"}"#),
        (
            "we dropped the price to $14.50/sf/yr",
            r#"{"budget_amount":14.5,"budget_unit":"usd_per_sqft_year"}"#,
        ),
        ("se renta algo de 2,500 a 3,000 pies", "{}"),
        ("cross dock, 30 doors", r#"{"dock_doors_min":30}"#),
        ("4+ docks", r#"{"dock_doors_min":4}"#),
        ("2 puertas para trailer", r#"{"dock_doors_min":2}"#),
    ] {
        assert_eq!(criteria(text), meant, "{text}");
    }
}

#[test]
fn a_number_beyond_what_there_is_is_a_doubt_and_no_value() {
    let doubt = |text| understand(text, None).doubt;
    assert_eq!(doubt("90 million sqft"), Some(Doubt::Size));
    assert_eq!(doubt("90 millones de pies"), Some(Doubt::Size));
    assert_eq!(doubt("900,000 m2 en Chino"), Some(Doubt::Size));
    assert_eq!(doubt("not 90 million sqft but 9,000 sqft"), None);
    assert_eq!(doubt("$140 per sqft"), Some(Doubt::Rent));
    assert_eq!(doubt("10k sqft at $1.40 per sqft"), None);
    assert_eq!(doubt("we paid $9,000,000 for it"), None);
    assert_eq!(
        understand("$140 per sqft", None).criteria,
        Criteria::default()
    );
}

#[test]
fn goods_are_kept_in_the_words_of_who_texts() {
    let goods = |text| understand(text, None).criteria.goods.unwrap_or_default();
    for (text, named) in [
        (
            "need 10k sqft in Carson to store restaurant equipment",
            "restaurant equipment",
        ),
        (
            "storage for our Christmas decorations in Vernon",
            "Christmas decorations",
        ),
        (
            "we sell patio furniture and need 5,000 sqft",
            "patio furniture",
        ),
        (
            "necesito bodega para guardar muebles de oficina en Downey",
            "muebles",
        ),
        ("I need 10k sqft in Carson CA for storage", ""),
        ("storage for 500 pallets", ""),
        ("storage for my company in Carson", ""),
        ("I own a grocery store in Vernon", ""),
        ("need to store stuff", ""),
        ("storage for 6 months", ""),
    ] {
        assert_eq!(goods(text), named, "{text}");
    }
}

#[test]
fn only_and_instead_replace_earlier_places() {
    for text in [
        "stop sending me stuff in Riverside, only Carson please",
        "just Carson",
        "Carson only",
        "solo en Carson",
        "make it Carson instead",
        "Carson instead of Gardena",
        "mejor en Carson",
        "en vez de Gardena, Carson",
    ] {
        let understood = understand(text, None);
        assert!(understood.replaces_locations, "{text}");
        assert_eq!(places(text), "Carson", "{text}");
    }
    for text in [
        "Carson or Gardena",
        "also Carson",
        "only 10k sf",
        "not Carson",
    ] {
        assert!(!understand(text, None).replaces_locations, "{text}");
    }
    let unwanted: Vec<String> = understand("not Compton or Vernon", None)
        .unwanted_locations
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(unwanted, ["Compton", "Vernon"]);
}

#[test]
fn uses_are_read_in_both_languages() {
    let expectations = vec![
        ("10k for storage", vec![Use::Storage]),
        ("need to store furniture", vec![Use::Storage]),
        ("for our overflow inventory", vec![Use::Storage]),
        ("space for my tools", vec![Use::Storage]),
        ("para almacenar ropa", vec![Use::Storage]),
        ("a DC in Ontario", vec![Use::Distribution]),
        ("3PL looking for 50k", vec![Use::Distribution]),
        ("last-mile hub", vec![Use::Distribution]),
        ("centro de distribución", vec![Use::Distribution]),
        ("e-com fulfillment", vec![Use::EcommerceFulfillment]),
        ("ecommerce pick and pack", vec![Use::EcommerceFulfillment]),
        (
            "light assembly and storage",
            vec![Use::Manufacturing, Use::Storage],
        ),
        ("mfg w/ heavy power", vec![Use::Manufacturing]),
        ("para manufactura ligera", vec![Use::Manufacturing]),
        ("cold storage for produce", vec![Use::ColdStorage]),
        ("freezer space", vec![Use::ColdStorage]),
        ("cuarto frío", vec![Use::ColdStorage]),
        ("food processing", vec![Use::FoodProcessing]),
        ("food grade storage", vec![Use::Storage]),
        ("panadería", vec![Use::FoodProcessing]),
        ("IOS yard for containers", vec![Use::Ios]),
        ("outdoor storage", vec![Use::Ios]),
        ("park 12 trucks", vec![Use::TruckParking]),
        ("trailer parking in Carson", vec![Use::TruckParking]),
        (
            "10k warehouse with trailer parking for storage",
            vec![Use::Storage],
        ),
        ("estacionar camiones", vec![Use::TruckParking]),
        ("patio para camiones en Compton", vec![Use::TruckParking]),
        ("cross-dock facility", vec![Use::CrossDock]),
        ("transloading", vec![Use::CrossDock]),
        ("flex space", vec![Use::Flex]),
        ("I'm flexible on dates", vec![]),
        ("showroom + warehouse", vec![Use::Showroom]),
        ("auto repair shop", vec![Use::Automotive]),
        ("taller mecánico", vec![Use::Automotive]),
        ("cannabis grow", vec![Use::Cannabis]),
        (
            "storge and distrubution",
            vec![Use::Storage, Use::Distribution],
        ),
        ("not for food, just storage", vec![Use::Storage]),
        ("small warehouse", vec![]),
        ("it's cold today", vec![]),
        ("this is Joe with ABC Logistics", vec![]),
        ("near the grocery store", vec![]),
        ("looking for string lights", vec![]),
        ("no cannabis", vec![]),
        ("donde parar unas 8 trailas", vec![Use::TruckParking]),
        (
            "somewhere to leave 6 trailers overnight",
            vec![Use::TruckParking],
        ),
        ("leave me a message", vec![]),
        ("with evap coolers", vec![]),
        ("yes please", vec![]),
    ];
    all(uses, expectations);
}

#[test]
fn the_language_is_that_of_most_words() {
    let expectations = vec![
        ("I need 10k sqft in Carson CA for storage", Language::En),
        ("hola busco una bodega en Los Angeles", Language::Es),
        ("5,000 pies cuadrados cerca de El Monte", Language::Es),
        ("El Monte or La Puente", Language::En),
        ("sí, correcto", Language::Es),
        ("10k carson", Language::En),
        ("", Language::En),
    ];
    all(|text| understand(text, None).language, expectations);
}

#[test]
fn later_texts_of_a_turn_win_and_a_split_word_is_joined() {
    let turn = understand_turn(
        &["need 15k in Gardena", "sorry 50k"],
        jiff::civil::date(2026, 11, 23),
    );
    assert_eq!((turn.sqft_min, turn.sqft_max), (Some(50_000), Some(50_000)));
    assert_eq!(turn.locations.len(), 1);

    let split = understand_turn(
        &["need 10k sf in car", "son for cold storage"],
        jiff::civil::date(2026, 11, 23),
    );
    assert_eq!(split.locations[0].name, "Carson");
    assert_eq!(split.uses, [Use::ColdStorage]);

    for (texts, name) in [
        (
            ["hi, looking around Redondo", "Beach for 10k sf"],
            "Redondo Beach",
        ),
        (["ocupo bodega en El", "Monte, 5 mil pies"], "El Monte"),
        (
            ["10k sf in Carson", "City people told me about you"],
            "Carson",
        ),
    ] {
        let split = understand_turn(&texts, jiff::civil::date(2026, 11, 23));
        assert_eq!(split.locations[0].name, name, "{texts:?}");
    }

    let changed = understand_turn(
        &["10k in Carson", "not Carson, Gardena"],
        jiff::civil::date(2026, 11, 23),
    );
    assert_eq!(
        changed
            .locations
            .iter()
            .map(|place| place.name.as_str())
            .collect::<Vec<_>>(),
        ["Gardena"]
    );
}

#[test]
fn a_text_is_read_up_to_its_bound() {
    let text = format!("{} 10k sqft in Carson", "word ".repeat(TEXT_CHARS_MAX / 5));
    assert_eq!(understand(&text, None).sqft_min, None);
}

/// Fragments that the rules look for, in any order.
fn fragments() -> impl Strategy<Value = String> {
    let fragment = prop_oneof![
        "[0-9]{1,9}",
        "[0-9]{1,3}[.,][0-9]{1,3}",
        proptest::sample::select(vec![
            "k",
            "mil",
            "thousand",
            "million",
            "sf",
            "m2",
            "acres",
            "-",
            "to",
            "or",
            "x",
            "by",
            "'",
            "+",
            "$",
            "/",
            "half a",
            "up to",
            "at least",
            "between",
            "and",
            "in",
            "Carson",
            "LA",
            ",",
            "not",
            "only",
            "CA",
            "under roof",
            "miles max",
            "not send anything over",
            "smallest piece",
            "pies",
            "\n",
            ".",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,4}",
    ];
    proptest::collection::vec(fragment, 0..60).prop_map(|fragments| fragments.join(" "))
}

proptest! {
    #[test]
    fn any_text_is_understood_without_panic_and_within_bounds(text in prop_oneof![fragments(), "(?s).{0,2000}"]) {
        let understood = understand(&text, None);
        for sqft in [understood.sqft_min, understood.sqft_max].into_iter().flatten() {
            prop_assert!((SQFT_MIN..=SQFT_MAX).contains(&sqft));
        }
        if let (Some(min), Some(max)) = (understood.sqft_min, understood.sqft_max) {
            prop_assert!(min <= max);
        }
        prop_assert!(understood.locations.len() <= 10);
    }

    #[test]
    fn any_turn_is_understood_without_panic(texts in proptest::collection::vec("\\PC{0,40}", 0..5)) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        understand_turn(&texts, jiff::civil::date(2026, 11, 23));
    }
}
