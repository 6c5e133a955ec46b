use super::*;

fn rules(facts: &[String], language: Language) -> Rules<'_> {
    Rules {
        facts,
        ours: &[],
        language,
        segments_max: 2,
        opening: "",
        closing: "",
    }
}

fn facts() -> Vec<String> {
    [
        "1) Carson, 10,500 sqft, $1.45/sqft/mo NNN",
        "2) Gardena, 12,000 sqft, $1.38/sqft/mo NNN. 24' clear height, 2 dock doors, available from Jan 4",
        "Tour on Thu, Dec 3 at 10am",
    ]
    .map(str::to_owned)
    .to_vec()
}

#[track_caller]
fn fault(draft: &str) -> Option<Fault> {
    check(draft, &rules(&facts(), Language::En)).err()
}

#[test]
fn what_the_facts_say_may_be_said_in_other_words() {
    for draft in [
        "The Gardena space has 12,000 sqft with 2 docks and is $1.38 NNN.",
        "Option two has two dock doors and 24' clear. Want to see it Thursday?",
        "It's free from January 4. Thu at 10 am works?",
        "I'm WEx's AI assistant, happy to help!",
    ] {
        assert_eq!(fault(draft), None, "{draft}");
    }
}

#[test]
fn what_the_facts_do_not_say_may_not_be_said() {
    for (draft, expected) in [
        ("It has 13,000 sqft.", Fault::Number("13,000".to_owned())),
        ("It rents for $1.30.", Fault::Number("1.30".to_owned())),
        ("It rents for $10.", Fault::Number("10".to_owned())),
        ("There are seven docks.", Fault::Number("seven".to_owned())),
        ("See you at 10pm.", Fault::Number("10".to_owned())),
        ("See you on Friday.", Fault::Date("Friday".to_owned())),
        ("It is free from March.", Fault::Date("March".to_owned())),
        ("Come tomorrow.", Fault::Date("tomorrow".to_owned())),
        (
            "There is a better one in Torrance.",
            Fault::Place("Torrance".to_owned()),
        ),
        ("The owner is Bob.", Fault::Name("Bob".to_owned())),
        ("It is at 2 Main Street.", Fault::Address),
        ("Call 310-555-0142.", Fault::Contact),
        ("Mail joe@vernonprop.com.", Fault::Contact),
        ("See bit.ly/x.", Fault::Link),
        ("See https://wex.example.org/a", Fault::Link),
        ("See 10.0.0.1 now", Fault::Link),
        ("It's reserved now.", Fault::Promise("reserved")),
        ("I guarantee it.", Fault::Promise("guarantee")),
        ("I'm a real person.", Fault::DeniesAi("i'm a real person")),
        ("No, I am not a bot.", Fault::DeniesAi("not a bot")),
        ("You can deduct the rent.", Fault::Advice("deduct")),
        ("Great for cannabis.", Fault::Blocked),
        (
            "ACT NOW LIMITED OFFER TODAY",
            Fault::Date("TODAY".to_owned()),
        ),
        ("GREAT SPACE HERE", Fault::Shouts),
        ("Great!!", Fault::Shouts),
        ("¿Quiere ver la bodega de Carson?", Fault::Language),
        ("   ", Fault::Empty),
    ] {
        assert_eq!(fault(draft), Some(expected), "{draft}");
    }
    assert_eq!(fault(&"very ".repeat(100)), Some(Fault::TooLong(2)));
    let spanish = check(
        "What day would you like to see it?",
        &rules(&[], Language::Es),
    );
    assert_eq!(spanish, Err(Fault::Language));
}

#[test]
fn links_and_contacts_are_given_when_they_are_ours_as_a_whole() {
    let ours = [
        "https://wex.example/a",
        "help@wex.example",
        "+1 310-555-0100",
    ]
    .map(str::to_owned);
    let rules = Rules {
        ours: &ours,
        ..rules(&[], Language::En)
    };
    for draft in [
        "Look at https://wex.example/a.",
        "Write to help@wex.example.",
    ] {
        assert!(check(draft, &rules).is_ok(), "{draft}");
    }
    for link in [
        "https://wex.example/b",
        "https://wex.example.evil.com/a",
        "wex.example.io",
    ] {
        assert_eq!(
            check(&format!("Look at {link}"), &rules),
            Err(Fault::Link),
            "{link}"
        );
    }
    assert_eq!(
        check("Write to us@wex.example.", &rules),
        Err(Fault::Contact)
    );
}

#[test]
fn a_draft_is_sent_in_the_cheap_alphabet() {
    let sent = check(
        "It\u{2019}s free \u{2014} want to see it\u{2026}",
        &rules(&[], Language::En),
    )
    .unwrap();
    assert_eq!(sent, "It's free - want to see it...");
}
