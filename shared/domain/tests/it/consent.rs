use proptest::prelude::*;
use wex_domain::consent::{self, Keyword, keyword};
use wex_domain::sms_text::{Encoding, segments};

#[test]
fn a_lone_keyword_is_recognised_however_it_is_typed() {
    for body in [
        "STOP",
        "stop",
        "Stop!! 🛑",
        "“STOP”",
        "'stop'",
        " s t o p ",
        "S.T.O.P.",
        "s-t-o-p",
        "st\u{200B}op",
        "ＳＴＯＰ",
        "𝐒𝐓𝐎𝐏",
        "Stop.\n",
        "STOP STOP STOP",
        "stopall",
        "Stop all",
        "opt out",
        "Opt-Out",
        "OPTOUT",
        "unsubscribe",
        "Cancel",
        "END",
        "quit",
        "revoke",
        "Remove!",
        "arrêt",
        "ALTO",
        "parar",
        "detener",
        "cancelar",
        "baja",
        "¡Basta!",
        "(stop)",
    ] {
        assert_eq!(keyword(body), Some(Keyword::Stop), "{body}");
    }
    for body in ["START", "Unstop", "start 🙂"] {
        assert_eq!(keyword(body), Some(Keyword::Start), "{body}");
    }
    for body in ["HELP", "info", "Ayuda?"] {
        assert_eq!(keyword(body), Some(Keyword::Help), "{body}");
    }
}

#[test]
fn a_keyword_inside_a_sentence_is_no_keyword() {
    for body in [
        "stop by the office",
        "Stop by tomorrow?",
        "please help me find space",
        "I need to cancel the tour",
        "cancel my tour",
        "we quit our current lease in March",
        "Start date is Feb 1",
        "the end",
        "more info on #2",
        "yes",
        "YES",
        "go",
        "stop 2",
        "",
        "🛑",
        "10k sqft in Carson",
        "stopwatch",
    ] {
        assert_eq!(keyword(body), None, "{body}");
    }
}

#[test]
fn the_fixed_texts_cost_one_segment_each() {
    let longest_contact = "x".repeat(consent::HELP_CONTACT_CHARS_MAX);
    let texts = [
        (consent::OPT_OUT_CONFIRMATION.to_owned(), 95),
        (consent::OPT_IN_CONFIRMATION.to_owned(), 113),
        (consent::FIRST_MESSAGE_FOOTER.to_owned(), 97),
        (consent::help(None), 102),
        (consent::help(Some(&longest_contact)), 160),
        (
            consent::help(Some("help@wex.example or +1 424-416-2288")),
            145,
        ),
    ];
    for (text, units) in texts {
        let counted = segments(&text);
        assert_eq!(
            (counted.encoding, counted.count),
            (Encoding::Gsm7, 1),
            "{text}"
        );
        assert_eq!(counted.units, units, "{text}");
    }
}

fn disguised(word: &'static str) -> impl Strategy<Value = String> {
    let noise = "[ .,!?*\"“”'’()🛑😀\u{200B}\n-]{0,6}";
    (
        noise,
        proptest::collection::vec(any::<bool>(), word.len()),
        noise,
    )
        .prop_map(move |(before, upper, after)| {
            let cased = word
                .chars()
                .zip(upper)
                .map(|(c, upper)| if upper { c.to_ascii_uppercase() } else { c });
            format!("{before}{}{after}", cased.collect::<String>())
        })
}

proptest! {
    #[test]
    fn case_and_punctuation_do_not_hide_a_keyword(
        stop in disguised("stop"), cancel in disguised("cancel"), start in disguised("start"), help in disguised("help")
    ) {
        prop_assert_eq!(keyword(&stop), Some(Keyword::Stop));
        prop_assert_eq!(keyword(&cancel), Some(Keyword::Stop));
        prop_assert_eq!(keyword(&start), Some(Keyword::Start));
        prop_assert_eq!(keyword(&help), Some(Keyword::Help));
    }

    #[test]
    fn any_text_is_read_without_panic(body in any::<String>()) {
        keyword(&body);
    }
}
