//! Whole conversations, end to end: a need, a change, a choice, a question, a tour, thanks.

use wex_ops::demo::Script;
use wex_ops::stack::Settings;
use wex_tests::{BUYER, World};

use crate::processes;

/// A world whose worker has the sample of the demo.
async fn world() -> World {
    let directory = tempfile::tempdir().expect("a directory");
    let listings = directory.path().join("listings.csv");
    std::fs::write(&listings, wex_assistant::listings::SAMPLE).expect("it can be written");
    let settings = Settings {
        worker_variables: vec![("LISTINGS", listings.display().to_string())],
        ..Settings::default()
    };
    let world = World::start_with(processes(), settings).await;
    drop(directory); // The worker has read it.
    world
}

/// What is said when a buyer texts these, one turn each.
async fn conversation(world: &World, texts: &[&str]) -> String {
    let mut said = String::new();
    for (count, text) in texts.iter().enumerate() {
        world.buyer_texts(text).await;
        let sent = world.sent(count + 1).await;
        let answer = &sent.last().expect("an answer").body;
        said += &format!(
            "buyer: {text}\nWEx:   {}\n",
            answer.replace('\n', "\n       ")
        );
    }
    said
}

/// The day of the tour depends on the day of the test.
fn without_day(said: &str, from: &str, to: &str) -> String {
    let (before, rest) = said.split_once(from).expect("a tour");
    let (_day, after) = rest.split_once(to).expect("an hour");
    format!("{before}{from}<day>{to}{after}")
}

#[tokio::test]
async fn a_conversation_of_six_turns_reads_well() {
    let said = conversation(&world().await, Script::En.texts()).await;
    insta::assert_snapshot!(without_day(&said, "in Gardena) on ", " at 10am"), @r"
    buyer: I need 10k sqft in Carson CA for storage
    WEx:   Hi, this is WEx's AI assistant. Msg & data rates may apply. Reply STOP to opt out, HELP for help. Got it: 10,000 sqft in Carson, CA for storage. These fit:
           1) Carson, 10,500 sqft, $1.45 NNN
           2) Carson, 9,600 sqft, $1.55 gross
           3) Carson, 12,000 sqft, $1.38 NNN
           Which one interests you?
    buyer: Make it 12k, and Gardena works too
    WEx:   Got it: 12,000 sqft in Carson, CA or Gardena for storage. These fit:
           1) Carson, 12,000 sqft, $1.38/sqft/mo NNN
           2) Gardena, 10,800 sqft, $1.42/sqft/mo MG
           Which one interests you?
    buyer: tell me more about the second one
    WEx:   #2: 10,800 sqft in Gardena, $1.42/sqft/mo MG. 18' clear height, 1 dock door, 2 drive-in doors, available from Dec 1, no yard. Would you like to see it?
    buyer: is it sprinklered? and how much power does it have?
    WEx:   #2 in Gardena: sprinklers, 400 amps. Shall I ask for a tour?
    buyer: Can I see it Thursday at 10am?
    WEx:   I've asked for a tour of #2 (10,800 sqft in Gardena) on <day> at 10am. A teammate will text you as soon as it's confirmed.
    buyer: great, thanks!
    WEx:   You're welcome! A teammate will text you about the tour. I'm here if anything changes.
    ");
}

#[tokio::test]
async fn the_same_conversation_reads_well_in_spanish() {
    let said = conversation(&world().await, Script::Es.texts()).await;
    insta::assert_snapshot!(without_day(&said, "en Gardena) el ", " a las 10:00"), @r"
    buyer: Hola, busco una bodega de 10,000 pies cuadrados en Carson para almacenar ropa
    WEx:   Hola, soy el asistente de IA de WEx. Pueden aplicar tarifas de msj y datos. Responda STOP para cancelar, HELP para ayuda. Encontré estas:
           1) Carson, 10,500 pies2, $1.45 NNN
           2) Carson, 9,600 pies2, $1.55 gross
           3) Carson, 12,000 pies2, $1.38 NNN
           ¿Le interesa alguna?
    buyer: mejor de 12,000 pies, y también me sirve Gardena
    WEx:   Entendido: 12,000 pies cuadrados en Carson o Gardena para almacenaje. Encontré estas:
           1) Carson, 12,000 pies2, $1.38/pie2/mes NNN
           2) Gardena, 10,800 pies2, $1.42/pie2/mes MG
           ¿Le interesa alguna?
    buyer: me interesa la segunda
    WEx:   #2: 10,800 pies2 en Gardena, $1.42/pie2/mes MG. Altura libre de 18 pies, 1 andén, 2 puertas a nivel, disponible desde el 1 de diciembre, sin patio. ¿La quiere visitar?
    buyer: ¿tiene rociadores? ¿y cuántos amperes?
    WEx:   #2 en Gardena: rociadores, 400 amperes. ¿Le pido una visita?
    buyer: ¿puedo verla el jueves a las 10?
    WEx:   Ya solicité una visita a la #2 (10,800 pies2 en Gardena) el <day> a las 10:00. Un compañero le escribe en cuanto se confirme.
    buyer: perfecto, muchas gracias
    WEx:   ¡Con gusto! Un compañero le escribe sobre la visita. Si algo cambia, me dice.
    ");
}

#[tokio::test]
async fn a_tour_and_a_handoff_are_in_the_record_and_the_assistant_falls_silent() {
    let world = world().await;
    conversation(
        &world,
        &[
            "10k sqft in Carson for storage",
            "can I see the first one tomorrow at 2pm?",
            "actually, can someone call me",
        ],
    )
    .await;
    world.buyer_texts("hello??").await;
    world.until_heard(4).await;
    assert_eq!(world.sent(3).await.len(), 3);
    world.until_recorded().await;

    let shown = world.wex(&["conversations", "show", BUYER]).await;
    for fact in [
        "tour_requested",
        "handoff_requested reason=asked",
        "held by a person",
    ] {
        assert!(shown.contains(fact), "{fact}: {shown}");
    }
}

#[tokio::test]
async fn a_search_that_is_down_is_told_to_people_and_not_to_the_buyer() {
    let settings = Settings {
        worker_variables: vec![("LISTINGS", "http://127.0.0.1:9/search".to_owned())],
        ..Settings::default()
    };
    let world = World::start_with(processes(), settings).await;

    let said = conversation(&world, &["10k sqft in Carson for storage"]).await;

    assert!(
        said.contains("10,000 sqft in Carson for storage. A teammate will look for a match"),
        "{said}"
    );
}
