use wex_domain::requirement::{
    LOCATIONS_MAX, Location, NOTES_CHARS_MAX, Question, Requirement, Use,
};
use wex_domain::sms_text::{Encoding, segments};
use wex_domain::understand::understand;

/// The requirement after these texts.
fn after(texts: &[&str]) -> Requirement {
    let mut requirement = Requirement::default();
    for text in texts {
        requirement.merge(&understand(text, None));
    }
    requirement
}

#[test]
fn a_requirement_is_said_back_in_a_few_words() {
    for (texts, description) in [
        (
            &["I need 10k sqft in Carson CA for storage"][..],
            "10,000 sqft in Carson, CA for storage",
        ),
        (
            &["5-6000 sf in torrance or gardena"],
            "5,000-6,000 sqft in Torrance or Gardena",
        ),
        (&["up to 20k sf"], "up to 20,000 sqft"),
        (&["at least 20k sf"], "at least 20,000 sqft"),
        (&["1.2 million sf"], "1,200,000 sqft"),
        (
            &["2.5 acres of yard in Carson"],
            "2.5 acres of land in Carson",
        ),
        (
            &["10k sf building in Carson", "plus at least 1 acre yard"],
            "10,000 sqft and at least 1 acre of land in Carson",
        ),
        (
            &["1,200 pallets in Vernon"],
            "space for 1,200 pallets in Vernon",
        ),
        (
            &["storage and light assembly in Vernon"],
            "space in Vernon for storage and manufacturing",
        ),
        (&[], "space"),
    ] {
        assert_eq!(after(texts).describe(), description);
    }
    let far = Requirement {
        locations: vec![place("Bogotá 東京")],
        ..Requirement::default()
    };
    assert_eq!(far.describe(), "space in Bogota");
    assert_eq!(segments(&far.describe()).encoding, Encoding::Gsm7);
}

#[test]
fn the_next_question_is_place_then_size_then_use() {
    assert_eq!(after(&[]).missing(), Some(Question::Location));
    assert_eq!(after(&["10k sf"]).missing(), Some(Question::Location));
    assert_eq!(after(&["in Carson"]).missing(), Some(Question::Size));
    assert!(!after(&["in Carson"]).is_searchable());
    assert_eq!(after(&["10k in Carson"]).missing(), Some(Question::Use));
    assert!(after(&["10k in Carson"]).is_searchable());
    assert_eq!(after(&["10k in Carson", "storage"]).missing(), None);
}

#[test]
fn places_and_uses_add_up_and_sizes_are_replaced() {
    let requirement = after(&[
        "10k sf in Carson for storage",
        "Gardena too",
        "make it 12k",
        "and distribution",
    ]);
    assert_eq!(
        requirement.describe(),
        "12,000 sqft in Carson or Gardena for storage and distribution"
    );
    assert_eq!(
        after(&["10k in Carson", "only Gardena"]).describe(),
        "10,000 sqft in Gardena"
    );
    assert_eq!(
        after(&["Carson or Gardena", "not Carson"]).describe(),
        "space in Gardena"
    );
    assert_eq!(
        after(&["at least 10k sf", "15k sf max"]).describe(),
        "10,000-15,000 sqft"
    );
    assert_eq!(
        after(&["10-15k sf", "up to 20k sf"]).describe(),
        "up to 20,000 sqft"
    );
}

#[test]
fn a_place_is_kept_once_and_learns_its_state() {
    assert_eq!(
        after(&["in Carson", "Carson, CA", "carson"]).locations,
        [carson_ca()]
    );
    let many: Vec<Location> = (0..20).map(|i| place(&format!("Place {i}"))).collect();
    let mut requirement = Requirement::default();
    for location in many {
        let understood = wex_domain::understand::Understood {
            locations: vec![location],
            ..Default::default()
        };
        requirement.merge(&understood);
    }
    assert_eq!(requirement.locations.len(), LOCATIONS_MAX);
}

#[test]
fn notes_are_bounded_and_not_printed() {
    let mut requirement = Requirement::default();
    requirement.add_note("gate code 4417");
    assert!(!format!("{requirement:?}").contains("4417"));
    requirement.add_note(&"é".repeat(600));
    assert_eq!(requirement.notes.chars().count(), NOTES_CHARS_MAX);
}

#[test]
fn stored_json_reads_whatever_its_age() {
    let requirement = after(&["10k sqft in Carson CA for ecommerce"]);
    let json = serde_json::to_string(&requirement).unwrap();
    assert_eq!(
        serde_json::from_str::<Requirement>(&json).unwrap(),
        requirement
    );
    assert!(json.contains("ecommerce_fulfillment"));

    assert_eq!(
        serde_json::from_str::<Requirement>("{}").unwrap(),
        Requirement::default()
    );
    let newer =
        r#"{"locations":[{"name":"Carson","radius_miles":5}],"uses":["ios"],"dock_doors_min":2}"#;
    let read: Requirement = serde_json::from_str(newer).unwrap();
    let carson = Location {
        radius_miles: Some(5),
        ..place("Carson")
    };
    assert_eq!(
        (read.locations, read.uses, read.criteria.dock_doors_min),
        (vec![carson], vec![Use::Ios], Some(2))
    );
}

fn place(name: &str) -> Location {
    Location {
        name: name.to_owned(),
        state: None,
        radius_miles: None,
    }
}

fn carson_ca() -> Location {
    Location {
        name: "Carson".to_owned(),
        state: Some("CA".to_owned()),
        radius_miles: None,
    }
}
