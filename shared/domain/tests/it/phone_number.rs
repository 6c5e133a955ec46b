use proptest::prelude::*;
use wex_domain::phone_number::{NotAPhoneNumber, PhoneNumber};

#[test]
fn the_forms_people_and_aircall_write_are_one_number() {
    for raw in [
        "18704575426",
        "+18704575426",
        "8704575426",
        "+1 870-457-5426",
        "1 (870) 457-5426",
        "(+1) 870.457.5426",
        "tel:+1-870-457-5426",
        "001 870 457 5426",
        "011 1 870 457 5426",
        "１８７０４５７５４２６",
        "＋1 870 457 5426",
        "\u{202A}+1 870\u{200B}-457-5426\u{202C}",
    ] {
        let number = PhoneNumber::parse(raw).expect(raw);
        assert_eq!(number.as_e164(), "+18704575426", "{raw}");
        assert_eq!(number.digits(), "18704575426");
    }
}

#[test]
fn numbers_abroad_and_unassignable_ones_are_still_numbers() {
    for (raw, e164) in [
        ("+442071838750", "+442071838750"),
        ("00 44 20 7183 8750", "+442071838750"),
        ("011442071838750", "+442071838750"),
        ("+52 55 1234 5678", "+525512345678"),
        ("+11234567890", "+11234567890"),
        ("+1 424-416-2288", "+14244162288"),
        ("4244162288", "+14244162288"),
    ] {
        assert_eq!(PhoneNumber::parse(raw).expect(raw).as_e164(), e164);
    }
}

#[test]
fn a_sender_without_a_number_says_why() {
    for (raw, why) in [
        ("", NotAPhoneNumber::Empty),
        (" \u{200B} ", NotAPhoneNumber::Empty),
        ("anonymous", NotAPhoneNumber::Named),
        ("MYBANK24", NotAPhoneNumber::Named),
        ("72345", NotAPhoneNumber::ShortCode),
        ("611611", NotAPhoneNumber::ShortCode),
        ("12", NotAPhoneNumber::Malformed),
        ("1234567", NotAPhoneNumber::Malformed),
        ("870-457-5426 ext 12", NotAPhoneNumber::Malformed),
        ("+1 870 457 542", NotAPhoneNumber::Malformed),
        ("+0123456789", NotAPhoneNumber::Malformed),
        ("1+8704575426", NotAPhoneNumber::Malformed),
        ("+1234567890123456", NotAPhoneNumber::Malformed),
        ("٤٢٤٤١٦٢٢٨٨", NotAPhoneNumber::Malformed),
        ("(---)", NotAPhoneNumber::Malformed),
    ] {
        assert_eq!(PhoneNumber::parse(raw), Err(why), "{raw}");
    }
}

#[test]
fn printing_a_number_masks_it() {
    let number = PhoneNumber::parse("18704575426").unwrap();
    assert_eq!(format!("{number} {number:?}"), "+1870***5426 +1870***5426");
    assert_eq!(
        PhoneNumber::parse("+49301234").unwrap().to_string(),
        "+4***1234"
    );
}

#[test]
fn json_holds_e164_and_is_checked_when_read() {
    let number = PhoneNumber::parse("870 457 5426").unwrap();
    let json = serde_json::to_string(&number).unwrap();
    assert_eq!(json, r#""+18704575426""#);
    assert_eq!(serde_json::from_str::<PhoneNumber>(&json).unwrap(), number);
    assert!(serde_json::from_str::<PhoneNumber>(r#""nobody""#).is_err());
}

proptest! {
    #[test]
    fn reading_what_was_written_changes_nothing(raw in "\\+?[0-9 ().-]{7,20}") {
        if let Ok(number) = PhoneNumber::parse(&raw) {
            prop_assert_eq!(PhoneNumber::parse(number.as_e164()), Ok(number));
        }
    }

    #[test]
    fn any_text_is_read_without_panic_and_masked(raw in "\\PC{0,40}") {
        if let Ok(number) = PhoneNumber::parse(&raw) {
            let printed = format!("{number:?} {number}");
            prop_assert!(!printed.contains(number.digits()));
        }
    }
}
