use proptest::prelude::*;
use wex_domain::consent::{self, Keyword, Signal, keyword, signal};
use wex_domain::sms_text::{Encoding, segments};

/// About something else, though they sound like it: a model or a person may have to say, but no rule may take them for one.
const NEAR: [&str; 35] = [
    "I'd rather not be this far out",
    "rather not get those two, what else do you have",
    "I'd prefer you not contact the owner yet",
    "no longer interested in getting the Carson one",
    "we do not allow contact with tenants",
    "no permission to contact the tenant directly",
    "if you contact us again with a lower price we'll sign",
    "don't text me the listings",
    "why did you stop texting me?",
    "unsubscribe from the Riverside alerts but keep Carson",
    "want out of my lease in Rialto, need 10k in Carson",
    "cut it out of the list, the Carson one",
    "kill the Ontario one, keep Chino",
    "please turn the lights off after the tour",
    "report back after you see it",
    "no need for further messages to the owner, we're good",
    "opt out clause needed in the lease",
    "wants no part of the yard",
    "don't send me anything under 10k",
    "stop sending the small ones and send bigger",
    "no quiero que me manden bodegas chicas",
    "no tiene permiso para alimentos?",
    "no autorizo el deposito todavia",
    "quiero salirme de mi contrato en Vernon",
    "deje de mandarme opciones en Riverside",
    "no vuelva a mandar la de Carson",
    "cancelar el tour",
    "los vamos a bloquear el martes para el tour",
    "olvidese de mi presupuesto anterior, ahora son 8000",
    "dar de baja la de Ontario",
    "I'd like to not get messages before 9",
    "the owner doesn't text me back",
    "remove her from the tour list",
    "no me llegan sus mensajes",
    "owner doesn't want texts on weekends",
];

/// Opt-outs in other words than a keyword.
const OPT_OUTS: [&str; 160] = [
    "pls stop texting me",
    "STOP TEXTING ME!!!",
    "stop please",
    "Please stop.",
    "ok stop",
    "stop it already",
    "can you please stop",
    "I said stop",
    "I told you guys to stop",
    "Stop. I already found a place",
    "not interested, stop",
    "No! Stop!",
    "STOOOOP",
    "stpo",
    "st0p",
    "stopp please",
    "please stop all messages",
    "stop sending me messages",
    "stop sending me stuff",
    "stop sending these",
    "quit texting me",
    "Cease contacting me immediately",
    "stop blowing up my phone",
    "stop the texts",
    "stop messaging this number",
    "stop bothering me",
    "stop spamming me",
    "stop contacting me about warehouses",
    "how do I stop these texts",
    "how do I stop getting these messages?",
    "I want to stop getting texts",
    "don't text me",
    "Don\u{2019}t text me, email me at joe@vernonprop.com",
    "do not text me again",
    "DO NOT CONTACT ME",
    "dont message me anymore",
    "never text me again",
    "never contact this number again",
    "do not text this number",
    "please don't contact us",
    "don't ever text me again",
    "don't keep texting me",
    "I don't want any more texts",
    "i dont want these messages",
    "I do not want to receive texts from you",
    "I don't want to get any more messages",
    "don't want to be contacted",
    "I don't want you texting me",
    "no more texts please",
    "no more messages",
    "I no longer wish to receive messages",
    "we no longer want to be contacted",
    "take me off your list",
    "Take me off this list please",
    "take me off",
    "remove me",
    "remove me from your list",
    "please remove my number",
    "remove us from the database",
    "delete my number",
    "lose my number",
    "forget my number",
    "unsubscribe me",
    "please unsubscribe",
    "how do i unsubscribe?",
    "I want to unsubscribe from this",
    "unsuscribe me pls",
    "I'd like to opt out",
    "opt me out",
    "opt out of these messages please",
    "I am opting out",
    "leave me alone",
    "leave us alone please",
    "I revoke my consent",
    "cancel my subscription to these texts",
    "please cancel",
    "quit it please stop",
    "fuck off",
    "Go away.",
    "I'm reporting you for spam",
    "I'm blocking this number",
    "If you don't stop texting me I'll call a lawyer",
    "why don't you stop texting me",
    "stop textng me",
    "plz stop mesaging me",
    "stop conacting me",
    "please stop, this is the wrong person",
    "stop texting me, just leave me alone",
    "Stop!!! I told you 3 times",
    "thanks but stop",
    "no texts please",
    "do not text",
    "get me off this list",
    "strike me from your list",
    "want to be unsubscribed",
    "stop sms",
    "who is this? take me off whatever this is",
    "stop contacting this number about my building",
    "quit texting me about my warehouse",
    "cease and desist",
    "please discontinue all communications",
    "what part of stop don't you understand",
    "I already replied stop",
    "how do I turn off these messages",
    "turn these texts off",
    "I just want to be left alone",
    "how do I get off this list",
    "add me to your do not call list",
    "put me on your do not contact list",
    "don't send me this crap",
    "don't send me anything else",
    "don't send me any more",
    "you do not have my permission to text me",
    "I do not consent to these messages",
    "I never agreed to be contacted, I'm reporting this to the FCC",
    "if you text me again I'm calling my lawyer",
    "knock it off",
    "quit it",
    "make it stop",
    "no solicitations, do not solicit",
    "stp",
    "take this number off",
    "leave me the hell alone w these texts",
    "take me the fuck off your list",
    "stop fucking texting me",
    "pls dont hit my phone anymore",
    "no need to keep texting",
    "not interested please take me off ur list",
    "kill these alerts",
    "how many times do I have to say stop",
    "do not reply to this or text me ever",
    "I'm reporting you if I get one more of these",
    "don't disturb us again",
    "no longer interested in your texts",
    "I'd appreciate it if you didn't text me anymore",
    "dont ever text this number again",
    "stop w the texts",
    "i don't want to hear from you anymore",
    "don't wanna get these no more",
    "please don't send any more messages",
    "no need for further texts",
    "unsubscribe from all",
    "lose this #",
    "I would like to be removed from this list",
    "I don't want anything more from you",
    "I want off this list",
    "i want to be taken off",
    "quit it with the texts",
    "I'd prefer you not contact me",
    "prefer not to receive messages",
    "rather you didnt contact us",
    "if you text me again I'm calling a lawyer",
    "if you text me again",
    "she'd like to not get these texts anymore",
    "I'd love to not receive your messages",
    "we asked not to be contacted",
    "how can i make these texts stop coming",
    "I'd like not to receive any of these",
    "f off with your texts",
    "please remove her from your list",
];

const SPANISH_OPT_OUTS: [&str; 76] = [
    "no me escriban más",
    "ya no me escriba por favor",
    "Nunca me vuelvan a escribir, no me contacten",
    "no me manden mensajes",
    "ya no me mande mensajes",
    "no me manden más textos",
    "no me mande nada",
    "dejen de escribirme",
    "deje de molestarme",
    "Deja de mandarme mensajes",
    "dejen de mandar tantos mensajes",
    "paren de escribirme",
    "déjenme en paz",
    "deje de enviarme mensajes a este número",
    "no quiero mensajes",
    "no quiero más mensajes",
    "no quiero recibir mensajes",
    "no quiero que me contacten",
    "No deseo recibir más mensajes de ustedes",
    "quítenme de su lista",
    "quíteme de la lista por favor",
    "sáquenme de la lista",
    "bórrenme de su base",
    "borre mi número",
    "eliminen mi teléfono",
    "quiero darme de baja",
    "deme de baja",
    "¿cómo me doy de baja?",
    "cancelen mi suscripción",
    "no más mensajes",
    "ya no más mensajes por favor",
    "basta de mensajes",
    "¡ya basta!",
    "alto por favor",
    "stop por favor",
    "no me molesten",
    "no me vuelvan a escribir",
    "no vuelva a contactarme",
    "ya no me anden mandando mensajes",
    "no sigan molestando",
    "ni me escriban",
    "no escriban más por favor",
    "dejen de estar chingando",
    "quiero salirme de la lista",
    "olvídense de mi número",
    "denme de baja ya",
    "cómo cancelo los mensajes",
    "no tienen permiso de escribirme",
    "los voy a reportar",
    "voy a bloquear este número",
    "favor de no enviarme mas mensajes a este numero",
    "le pido no escribirme más",
    "quítame de ahí por favor",
    "favor de no volver a escribir a este número",
    "dejen de mandar sus anuncios",
    "dejen de mandar sus pinches mensajes",
    "no vuelvan a mandarme mensajes",
    "STOP ya no quiero nada",
    "ya dejen de mandarme cosas",
    "me pueden quitar de la lista?",
    "basta ya de mensajes",
    "no deseo ser contactado",
    "cancélenme",
    "ya no quiero recibir nada de ustedes",
    "no quiero saber nada de ustedes",
    "no quiero nada de ustedes",
    "ya no manden",
    "no doy permiso para mandarme mensajes",
    "no tienen mi permiso para escribirme",
    "no autorizo que me contacten",
    "no quiero que me manden nada",
    "me podrian dar de baja de estos mensajes?",
    "quiero darme de baja de esos mensajes",
    "que ya no me lleguen sus mensajes",
    "ya stop con los mensajes",
    "borrenme d su lista",
];

/// What may be an opt-out, with what limits it.
const UNCLEAR: [&str; 29] = [
    "stop sending me stuff in Riverside, only Carson please",
    "stop texting me after 9pm",
    "don't text me at night",
    "don't text me until January",
    "please don't contact me before 8",
    "stop sending me options",
    "I don't want messages about Riverside",
    "unsubscribe me from Riverside",
    "stop sending me those, only Carson",
    "no me escriba hasta mañana",
    "no me manden mensajes de noche",
    "dejen de mandarme bodegas en Riverside",
    "no quiero mensajes los domingos",
    "I never signed up for this",
    "enough already",
    "Wait, stop, 12k",
    "stop sending me texts about Riverside",
    "I'd rather not get texts after 6",
    "this is harassment",
    "no me manden mensajes sobre Riverside",
    "I'd rather not get these",
    "stop sending me stuff in Riverside",
    "don't text me the listings",
    "stop, that one is too small. show me others",
    "no permission to contact the tenant yet",
    "we don't want to be contacted by brokers",
    "have us removed from that deal's waitlist, we found better dates for #2",
    "blocked",
    "no molestar",
];

/// Nothing of the kind, though some of the words are the same.
const ORDINARY: [&str; 157] = [
    "Wait, stop, make it 12k",
    "stop, I meant 9,000",
    "don't send me anything smaller than 10k",
    "Stop by tomorrow?",
    "can I stop by at 3?",
    "I can stop over Thursday",
    "I'll stop in around noon",
    "can you stop at the Carson one first",
    "is it near a truck stop?",
    "we need a one stop shop",
    "full stop sign out front",
    "don't stop sending me options, keep em coming",
    "never stop texting me lol",
    "please don't stop texting",
    "I don't want you to stop texting me",
    "don't unsubscribe me",
    "what does \"Reply STOP to opt out\" mean?",
    "Reply STOP to opt out, HELP for help?",
    "can we opt out of the lease early?",
    "can we opt out of the renewal",
    "is there an opt out clause",
    "opt out of NNN?",
    "cancel my tour",
    "please cancel the tour for Thursday",
    "cancel the Gardena one",
    "I need to cancel",
    "we quit our current lease in March",
    "our lease will end in May",
    "end of the month works",
    "need it by the end of Q1",
    "remove Riverside",
    "please remove the dock requirement",
    "remove 5k from the size",
    "take Torrance off the list",
    "take me through the options",
    "can you get us off the 405?",
    "get me this list please",
    "text me when you know",
    "no problem, text me when you know",
    "don't forget to text me the options",
    "please text me the details",
    "text me back",
    "no need to text me back",
    "they never text me back",
    "you never contacted me about the tour",
    "I don't need a dock",
    "I don't want Riverside",
    "we don't want to share the yard",
    "don't want anything over 20k",
    "I do not like the second one",
    "not interested in Riverside",
    "not interested",
    "no thanks",
    "no more options, I like #2",
    "no more than 10k sqft",
    "no longer need the yard",
    "I no longer want Torrance",
    "we are not looking anymore",
    "leave the docks in",
    "I'll leave it at that",
    "I contacted the owner already",
    "don't contact the owner yet",
    "do not call me, text me",
    "don't call, text",
    "please call me instead",
    "lose the office requirement",
    "forget about Compton",
    "shop space, about 5k",
    "shop",
    "step 2?",
    "top floor?",
    "sop",
    "messages?",
    "I got your message",
    "thanks for the text",
    "who is this?",
    "is this spam?",
    "why was I unsubscribed?",
    "subscribe",
    "contract it out?",
    "don't contract with them",
    "please stop looking in Compton and try Vernon",
    "start",
    "start date is Feb 1",
    "help",
    "I could use some help",
    "revoke the offer on #1",
    "10k sqft in Carson CA for storage",
    "I need 12,000 sf with 2 docks, nothing in Riverside",
    "is the first one still available",
    "the bus stop is close, good",
    "nonstop trucks, need a big yard",
    "it's a stopgap for 6 months",
    "never mind",
    "no text from the owner yet",
    "no me mande la de Riverside",
    "no me gusta la segunda",
    "no recibí mensajes con opciones",
    "quíteme la de Riverside",
    "quiero la más baja",
    "bodega de baja altura",
    "la renta más baja por favor",
    "¿qué tan alto es?",
    "cancele la visita",
    "cancelar la cita del jueves",
    "no deje de escribirme",
    "no paren de mandar opciones",
    "para almacenar ropa",
    "escríbame mañana",
    "mándeme más opciones",
    "no quiero la de Compton",
    "I'd prefer to get messages in the morning",
    "I want to check it out",
    "can we get out of it early",
    "on the road, don't call, text me instead",
    "don't send the lease yet",
    "don't send me to voicemail",
    "we don't have permission to park there",
    "is text ok or do you prefer a call",
    "send me more",
    "don't lose it for us",
    "who turns off the lights there",
    "I'm not the right contact for the yard, but I am for the building",
    "cut it down to 5k",
    "knock the rent down",
    "we want to stop leasing in Rialto and move to Chino",
    "no me molesta la distancia",
    "el dueño no me escribe",
    "quiero salir de mi bodega en mayo",
    "no siga el camino de tierra",
    "no tienen andenes",
    "vuelvan a mandarme la lista",
    "cancelen la visita",
    "I never got your message",
    "this is not what I asked for, I asked for 10k",
    "the list you sent is good",
    "this is a Do Not Disturb message",
    "hit me up when you find something",
    "call or text me again next week",
    "no me manden a ese lugar",
    "favor de no cerrar la puerta",
    "delete my last message",
    "quit showing me Sumner, it's too far",
    "we'd love to hear from you",
    "if I don't hear from you by Monday I'll call",
    "we removed the racks",
    "no need for a tour",
    "Rx ready. Reply HELP for info or STOP to opt out",
    "unit #2 please",
    "client is opting out of her lease in Tustin",
    "no quiero recibir camiones ahí",
    "I need to get out of my lease by March",
    "don't get me wrong, I like #2",
    "no need to rush, just send more options",
    "delete #2",
    "let it be 10k",
    "not allowed to text at work so call me",
];

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
fn an_opt_out_in_other_words_is_recognised() {
    let texts = OPT_OUTS.iter().chain(&SPANISH_OPT_OUTS);
    let missed: Vec<_> = texts
        .filter(|text| signal(text).asks() != Some(Keyword::Stop))
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Texts by others, a line each: opt-outs in every wording, and business that only sounds like one.
const MANY_OPT_OUTS: &str = include_str!("../data/opt_outs.txt");
const MANY_ORDINARY: &str = include_str!("../data/sound_like_opt_outs.txt");

#[test]
fn of_hundreds_of_opt_outs_in_both_languages_none_is_missed() {
    let missed: Vec<_> = MANY_OPT_OUTS
        .lines()
        .filter(|text| signal(text).asks() != Some(Keyword::Stop))
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn of_hundreds_of_texts_that_sound_like_opt_outs_none_is_taken_for_one() {
    let taken: Vec<_> = MANY_ORDINARY
        .lines()
        .filter(|text| signal(text) != Signal::None)
        .collect();
    assert!(taken.is_empty(), "{taken:#?}");
}

#[test]
fn two_hints_at_an_opt_out_are_one() {
    for text in [
        "this is harassment. I never signed up for this",
        "who gave you permission to text me?? don't you do that again",
        "quien les dio mi numero? no lo vuelvan a hacer",
    ] {
        assert_eq!(signal(text), Signal::OptOut, "{text}");
    }
}

#[test]
fn words_that_stand_alone_are_read_together() {
    assert_eq!(signal("I asked twice. No. More. Texts."), Signal::OptOut);
    assert_eq!(signal("No. More. Docks."), Signal::None);
}

#[test]
fn what_limits_or_only_hints_at_an_opt_out_is_ambiguous() {
    let wrong: Vec<_> = UNCLEAR
        .iter()
        .filter(|text| signal(text) != Signal::Ambiguous)
        .map(|text| (text, signal(text)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_only_sounds_like_an_opt_out_is_never_taken_for_one() {
    let wrong: Vec<_> = NEAR
        .iter()
        .filter(|text| signal(text).asks() == Some(Keyword::Stop))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn ordinary_texts_are_no_opt_outs() {
    let wrong: Vec<_> = ORDINARY
        .iter()
        .filter(|text| {
            !matches!(
                signal(text),
                Signal::None | Signal::Keyword(Keyword::Start | Keyword::Help)
            )
        })
        .map(|text| (text, signal(text)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_reaction_to_our_own_words_says_nothing() {
    for body in [
        "Liked \u{201c}WEx: You're unsubscribed and won't get more texts from this number.\u{201d}",
        "Disliked \"Reply STOP to opt out\"",
        "Le encant\u{f3} \u{201c}Responda STOP para cancelar\u{201d}",
        "Me encant\u{f3} \u{201c}El cliente quiere visitarlo. \u{bf}Aprueba?\u{201d}",
        "Reacted \u{1f602} to \u{201c}Reply STOP to opt out\u{201d}",
        "\u{1f44d} to \u{201c}I found 2 that fit\u{201d}",
    ] {
        assert!(consent::is_reaction(body), "{body}");
        assert_eq!(signal(body), Signal::None, "{body}");
    }
    for body in [
        "I liked \u{201c}the first\u{201d}",
        "liked the one with 24\" clear",
        "to \u{201c}whom\u{201d}",
    ] {
        assert!(!consent::is_reaction(body), "{body}");
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

    /// Case, punctuation, emoji, courtesies and letters held down leave an opt-out what it is.
    #[test]
    fn no_way_of_typing_hides_an_opt_out(
        at in 0..OPT_OUTS.len() + SPANISH_OPT_OUTS.len(), upper: bool, before in "(|hey |hi, |please |ok )", after in "( ?[.!🛑😡]{0,4}| pls| thanks!|\n)"
    ) {
        let text = OPT_OUTS.iter().chain(&SPANISH_OPT_OUTS).nth(at).unwrap();
        let cased = if upper { text.to_uppercase() } else { (*text).to_owned() };
        let typed = format!("{before}{cased}{after}");
        prop_assert_eq!(signal(&typed).asks(), Some(Keyword::Stop), "{}", typed);
    }

    /// Two letters swapped, one doubled or one left out inside a long word.
    #[test]
    fn a_typo_inside_a_long_word_does_not_hide_an_opt_out(
        word in prop::sample::select(vec!["unsubscribe", "stop texting me", "no more messages", "stop contacting me", "no quiero mensajes"]),
        at in 1..8_usize, how in 0..3
    ) {
        let long = word.split(' ').max_by_key(|word| word.len()).unwrap();
        let at = 1 + at % (long.len() - 2);
        let mut letters: Vec<char> = long.chars().collect();
        match how {
            0 => letters.swap(at, at + 1),
            1 => letters.insert(at, letters[at]),
            _ => { letters.remove(at); }
        }
        let typed = word.replace(long, &letters.iter().collect::<String>());
        prop_assert_eq!(signal(&typed).asks(), Some(Keyword::Stop), "{}", typed);
    }

    #[test]
    fn needs_and_choices_are_no_opt_outs(
        size in 1..200_u32, verb in "(need|looking for|busco|necesito|want|can you find)", place in "(Carson|Torrance|Vernon|City of Industry|90745)",
        end in "(| asap| for storage| para almacenar| no yard| not Riverside| by the end of May| with 2 docks|, thanks)"
    ) {
        let typed = format!("{verb} {size}k sqft in {place}{end}");
        prop_assert_eq!(signal(&typed), Signal::None, "{}", typed);
    }

    #[test]
    fn any_text_is_read_without_panic(body in any::<String>(), words in "([a-z']{1,6}[ .,!]){0,40}") {
        let _read = (signal(&body), signal(&words));
    }
}
