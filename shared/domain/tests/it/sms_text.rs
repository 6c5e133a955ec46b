use proptest::prelude::*;
use serde::Deserialize;
use sms_splitter::SplitSms;
use wex_domain::sms_text::{Encoding, fit, normalize, segments};

#[derive(Deserialize)]
struct Vector {
    name: String,
    body: String,
    encoding: String,
    units: usize,
    segments: usize,
}

#[test]
fn the_segment_vectors_hold() {
    let vectors = include_str!("../data/sms_segments.jsonl");
    assert_eq!(vectors.lines().count(), 50);
    for line in vectors.lines() {
        let vector: Vector = serde_json::from_str(line).unwrap();
        let counted = segments(&vector.body);
        let encoding = match counted.encoding {
            Encoding::Gsm7 => "GSM-7",
            Encoding::Ucs2 => "UCS-2",
        };
        assert_eq!(
            (encoding, counted.units, counted.count),
            (vector.encoding.as_str(), vector.units, vector.segments),
            "{}",
            vector.name
        );
    }
}

#[test]
fn typography_becomes_gsm7() {
    for (typed, plain) in [
        ("“It’s here” — 24′ clear…", "\"It's here\" - 24' clear..."),
        ("• 10\u{A0}000 sf\u{2009}now", "- 10 000 sf now"),
        ("2½ docks, ¾ acre", "2 1/2 docks, 3/4 acre"),
        ("40×100, 900 m², 70°", "40x100, 900 m2, 70deg"),
        ("ＷＥｘ ＄１．４５", "WEx $1.45"),
        ("a\u{200B}b\u{FEFF}c\u{AD}d\u{2060}e", "abcde"),
        ("one\r\ntwo\rthree\u{2028}four", "one\ntwo\nthree\nfour"),
        ("man\u{303}ana", "mañana"),
        ("WEx® Pro™\ttab", "WEx(R) ProTM tab"),
    ] {
        assert_eq!(normalize(typed), plain);
        assert_eq!(segments(plain).encoding, Encoding::Gsm7);
    }
    assert_eq!(
        normalize("día 👨\u{200D}👩"),
        "día 👨\u{200D}👩",
        "letters and emoji stay"
    );
}

#[test]
fn a_long_text_ends_with_a_sentence() {
    let text = format!(
        "{} This one does not fit any more.",
        "This sentence has thirty chars. ".repeat(5).trim()
    );
    assert_eq!(
        fit(&text, 1),
        "This sentence has thirty chars. ".repeat(5).trim()
    );
}

#[test]
fn a_long_sentence_ends_with_a_word() {
    let text = "word ".repeat(40);
    let cut = fit(&text, 1);
    assert_eq!(cut, "word ".repeat(32).trim());
}

#[test]
fn a_number_is_kept_whole_or_not_at_all() {
    let filler = "x".repeat(150);
    for number in [
        "(424) 416-2288",
        "10,000",
        "1 424 416 2288",
        "https://wex.example/listing/12345",
    ] {
        let cut = fit(&format!("{filler} {number}"), 1);
        assert!(cut == filler || cut.ends_with(number), "{cut}");
    }
    assert_eq!(fit(&format!("https://wex.example/{filler}"), 1), "");
    assert_eq!(fit(&"1234567890".repeat(20), 1), "");
    let numbered = format!("{}No. 5 {}", "a ".repeat(60), "b".repeat(60));
    assert!(fit(&numbered, 1).ends_with("No. 5"));
}

#[test]
fn what_makes_a_text_expensive_goes_before_its_words_do() {
    let spanish = format!("¿Qué tamaño? {} aquí", "é".repeat(60));
    assert_eq!(fit(&spanish, 1), spanish.replace('í', "i"));
    let cheerful = format!("{} 👍🏽", "a".repeat(100));
    assert_eq!(fit(&cheerful, 1), "a".repeat(100));
    assert_eq!(fit("👍 ok", 1), "👍 ok");
}

#[test]
fn a_text_without_spaces_is_cut_between_characters() {
    assert_eq!(fit(&"日".repeat(100), 1), "日".repeat(70));
    let families = "日👨\u{200D}👩".repeat(20);
    assert!(!fit(&families, 1).ends_with('\u{200D}'));
    assert_eq!(fit(&"a".repeat(200), 1), "a".repeat(160));
}

/// Text of the kinds that matter here: plain, typographic, extension, astral, with numbers and links.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zA-Z]{1,9}",
        "[0-9,.]{1,7}",
        Just(". ".to_owned()),
        Just(" ".to_owned()),
        Just("’".to_owned()),
        Just("€".to_owned()),
        Just("í".to_owned()),
        Just("👍🏽".to_owned()),
        Just("日本".to_owned()),
        Just("https://wex.example/a1".to_owned()),
        "\\PC{0,3}",
    ];
    proptest::collection::vec(piece, 0..120).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn an_independent_counter_agrees(body in text()) {
        prop_assume!(!body.is_empty());
        let oracle = SplitSms::default().split(body.clone());
        let counted = segments(&body);
        let (character_set, unit_bytes) = match counted.encoding {
            Encoding::Gsm7 => ("GSM", 1),
            Encoding::Ucs2 => ("Unicode", 2),
        };
        prop_assert_eq!(oracle.character_set, character_set);
        prop_assert_eq!((oracle.parts.len(), oracle.bytes), (counted.count, counted.units * unit_bytes));
    }

    #[test]
    fn normalising_twice_changes_nothing(body in any::<String>()) {
        let once = normalize(&body);
        prop_assert_eq!(normalize(&once), once);
    }

    #[test]
    fn a_fitted_text_fits(body in text(), segments_max in 1..4_usize) {
        prop_assert!(segments(&fit(&body, segments_max)).count <= segments_max);
    }

    #[test]
    fn any_text_can_be_fitted(body in "\\PC{0,400}", segments_max in 0..3_usize) {
        prop_assert!(segments(&fit(&body, segments_max)).count <= segments_max.max(1));
    }

    #[test]
    fn a_text_that_fits_is_only_normalised(body in text()) {
        let normalized = normalize(&body);
        let count = segments(&normalized).count;
        prop_assert_eq!(fit(&body, count), normalized);
    }
}
