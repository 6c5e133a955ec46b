use wex_domain::requirement::Location;
use wex_domain::understand::understand_turn;

use super::*;

fn wanted(text: &str) -> Requirement {
    let mut wanted = Requirement::default();
    wanted.merge(&understand_turn(&[text], jiff::civil::date(2026, 11, 23)));
    wanted
}

fn ids(found: &Found) -> Vec<&str> {
    found
        .options
        .iter()
        .map(|listing| listing.id.as_str())
        .collect()
}

#[test]
fn csv_and_json_mean_the_same() {
    let csv = "id,city,state,zip,near,sqft,uses,rate,rate_unit,features,available_from\n\
               A,Carson,CA,02145,South Bay;LAX,10500,storage,1.45,usd_per_sqft_month,fenced;esfr,2026-12-01\n";
    let json = r#"[{"id":"A","city":"Carson","state":"CA","zip":"02145","near":["South Bay","LAX"],"sqft":10500,
        "uses":["storage"],"rate":1.45,"rate_unit":"usd_per_sqft_month","features":["fenced","esfr"],
        "available_from":"2026-12-01"}]"#;
    let parsed = parse(csv).unwrap();
    assert_eq!(parsed, parse(json).unwrap());
    assert_eq!(parsed[0].zip.as_deref(), Some("02145"));
    assert_eq!(parsed[0].near, ["South Bay", "LAX"]);
}

#[test]
fn what_a_buyer_may_not_read_is_not_read() {
    let csv = "id,city,state,sqft,street,owner_name,owner_phone,owner_rate\n\
               A,Carson,CA,10500,1800 E Del Amo Blvd,Ana Ruiz,+13105550142,1.10\n";
    let kept = serde_json::to_string(&parse(csv).unwrap()).unwrap();
    for secret in ["Del Amo", "1800", "Ana", "0142", "1.1"] {
        assert!(!kept.contains(secret), "{kept}");
    }
}

#[test]
fn a_listing_that_contradicts_itself_is_named() {
    for (line, what) in [
        ("A,Carson,CA,0,,,", "a size is 1 to 5,000,000 square feet"),
        ("A,Carson,California,100,,,", "state is two capital letters"),
        ("A,Carson,CA,,,,", "it has neither sqft nor land_acres"),
        (
            "A,Carson,CA,100,200,,",
            "divisible_to_sqft is more than sqft",
        ),
        (
            "A,Carson,CA,100,,1.45,",
            "rate is an amount above 0 with a rate_unit",
        ),
        (
            "A,Carson,CA,100,,-1,usd_per_month",
            "rate is an amount above 0 with a rate_unit",
        ),
        (" ,Carson,CA,100,,,", "id and city have 1 to 60 characters"),
    ] {
        let csv = format!(
            "id,city,state,sqft,divisible_to_sqft,rate,rate_unit\nB,Vernon,CA,1000,,,\n{line}\n"
        );
        let error = parse(&csv).unwrap_err().to_string();
        assert!(
            error.starts_with("listing 2") && error.ends_with(what),
            "{error}"
        );
    }
    assert!(matches!(parse("nonsense"), Err(Unreadable::NoColumns)));
    assert!(matches!(parse("[{}]"), Err(Unreadable::Json(_))));
    assert!(matches!(
        parse("id,city,state,sqft\nA,Carson,CA,many\n"),
        Err(Unreadable::Csv(_))
    ));
}

#[test]
fn the_sample_can_be_read_and_answers_the_guides_text() {
    let listings = parse(SAMPLE).unwrap();
    let found = search(
        &listings,
        &wanted("I need 10k sqft in Carson CA for storage"),
        &[],
    );
    assert_eq!(ids(&found), ["CAR-101", "CAR-103", "CAR-102"]);
    assert!(!found.is_nearby);
}

#[test]
fn the_place_comes_first_then_the_size_and_nothing_is_shown_twice() {
    let listings = parse(SAMPLE).unwrap();
    let need = wanted("10k sqft in Carson for storage");
    let first = search(&listings, &need, &[]);
    let shown: Vec<_> = ids(&first).into_iter().map(str::to_owned).collect();
    let next = search(&listings, &need, &shown);
    assert!(next.is_nearby && !next.options.is_empty(), "{next:?}");
    for listing in &next.options {
        assert!(
            listing.city != "Carson" && !shown.contains(&listing.id),
            "{}",
            listing.id
        );
    }
}

#[test]
fn a_part_of_a_divisible_building_fits_and_too_small_or_too_large_does_not() {
    let listings = parse(SAMPLE).unwrap();
    let found = |text: &str| ids(&search(&listings, &wanted(text), &[])).join(" ");
    assert_eq!(found("30k sqft in Carson"), "CAR-104");
    assert_eq!(found("60k sqft in Ontario"), "ONT-901");
    assert_eq!(found("500 sqft in Ontario"), "");
    assert_eq!(found("10k sqft in Phoenix AZ"), "");
    assert_eq!(found("10k sqft in Boise"), "");
}

#[test]
fn a_market_a_zip_code_and_a_landmark_find_what_lies_there() {
    let listings = parse(SAMPLE).unwrap();
    for (place, city) in [
        ("90058", "Vernon"),
        ("LAX", "Gardena"),
        ("Inland Empire", "Fontana"),
    ] {
        let need = Requirement {
            locations: vec![Location {
                name: place.to_owned(),
                state: None,
                radius_miles: None,
            }],
            ..Requirement::default()
        };
        assert_eq!(
            search(&listings, &need, &[]).options[0].city,
            city,
            "{place}"
        );
    }
}

/// Spaces in Carson: each lacks one thing that `all` has, and `silent` says nothing of any.
fn with_criteria() -> Vec<Listing> {
    let header = "id,city,state,sqft,clear_height_ft,dock_doors,drive_in_doors,power_amps,trailer_stalls,yard,features,rate,rate_unit";
    let lines = [
        "all,Carson,CA,10000,30,4,2,800,6,true,esfr,1.30,usd_per_sqft_month",
        "low,Carson,CA,10000,20,4,2,800,6,true,esfr,1.30,usd_per_sqft_month",
        "few-docks,Carson,CA,10000,30,1,2,800,6,true,esfr,1.30,usd_per_sqft_month",
        "no-ramp,Carson,CA,10000,30,4,0,800,6,true,esfr,1.30,usd_per_sqft_month",
        "weak,Carson,CA,10000,30,4,2,100,6,true,esfr,1.30,usd_per_sqft_month",
        "few-stalls,Carson,CA,10000,30,4,2,800,1,true,esfr,1.30,usd_per_sqft_month",
        "no-yard,Carson,CA,10000,30,4,2,800,6,false,esfr,1.30,usd_per_sqft_month",
        "dear,Carson,CA,10000,30,4,2,800,6,true,esfr,1.60,usd_per_sqft_month",
        "silent,Carson,CA,10000,,,,,,,,,",
    ];
    parse(&format!("{header}\n{}\n", lines.join("\n"))).unwrap()
}

#[test]
fn what_is_known_to_fall_short_of_a_demand_is_not_offered_and_what_is_silent_comes_last() {
    let listings = with_criteria();
    let cases = [
        ("28 ft clear", "low"),
        ("3 docks", "few-docks"),
        ("1 drive-in door", "no-ramp"),
        ("400 amps", "weak"),
        ("4 trailer stalls", "few-stalls"),
        ("with a yard", "no-yard"),
        ("budget $1.35 per sqft a month", "dear"),
    ];
    for (demand, short) in cases {
        let need = wanted(&format!("10k sqft in Carson, {demand}"));
        let ranked: Vec<&str> = listings
            .iter()
            .filter(|listing| unmet(listing, &need.criteria).is_some())
            .map(|listing| listing.id.as_str())
            .collect();
        assert!(!ranked.contains(&short), "{demand}: {ranked:?}");
        assert_eq!(ranked.len(), listings.len() - 1, "{demand}: {ranked:?}");
        let all = search(&listings, &need, &[]);
        assert!(
            !ids(&all).contains(&"silent"),
            "{demand}: three say that they have it"
        );
    }
    let untold = |id: &str, text: &str| {
        let listing = listings.iter().find(|listing| listing.id == id).unwrap();
        unmet(listing, &wanted(text).criteria)
    };
    let all = "28 ft clear, 3 docks, 400 amps, esfr, fenced";
    assert_eq!(untold("silent", all), Some(5));
    assert_eq!(untold("all", all), Some(1), "fenced is not said");
    // A tenth above the budget may be talked about; a rent counted otherwise says nothing.
    assert_eq!(untold("dear", "budget $1.46 per sqft a month"), Some(0));
    assert_eq!(untold("dear", "budget $9,000 a month"), Some(1));
}

#[test]
fn land_fits_within_its_bounds_and_a_building_without_land_is_no_land() {
    let csv = "id,city,state,sqft,land_acres\nhalf,Carson,CA,,0.5\ntwo,Carson,CA,,2\nfive,Carson,CA,,5\nroof,Carson,CA,10000,\n";
    let listings = parse(csv).unwrap();
    let found = |text: &str| ids(&search(&listings, &wanted(text), &[])).join(" ");
    assert_eq!(found("2 acres in Carson"), "two");
    assert_eq!(found("at least 1.9 acres in Carson"), "five two");
    assert_eq!(found("up to half an acre in Carson"), "half");
    assert_eq!(
        found("2.2 acres in Carson"),
        "two",
        "a tenth less is near enough"
    );
    assert_eq!(found("1.5 acres in Carson"), "", "a third more is not");
    let two = listings.iter().find(|listing| listing.id == "two").unwrap();
    assert_eq!(land_off(two, &wanted("2 acres").criteria), Some(0));
    assert_eq!(land_off(two, &wanted("2.2 acres").criteria), Some(100));
    assert_eq!(
        land_off(two, &wanted("10k sqft").criteria),
        Some(0),
        "no land is wanted"
    );
}
