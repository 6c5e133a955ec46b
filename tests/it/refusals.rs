//! Whom the ingress does not let in.

use serde_json::json;
use wex_ops::stack::Settings;
use wex_tests::World;

use crate::processes;

const PATH: &str = "/api/sms/buyer/webhook";

fn with(variables: &[(&'static str, &str)]) -> Settings {
    let variables = variables
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    Settings {
        ingress_variables: variables.collect(),
        ..Settings::default()
    }
}

async fn status_with_token(world: &World, id: &str, token: &str) -> u16 {
    let mut delivery = world.delivery(id, "hello");
    delivery["token"] = json!(token);
    world.post(PATH, delivery.to_string()).await.status
}

#[tokio::test]
async fn a_token_that_changes_in_its_file_opens_without_a_restart() {
    let secrets = tempfile::tempdir().unwrap();
    let file = secrets.path().join("token");
    std::fs::write(&file, "first").unwrap();
    let settings = with(&[
        ("AIRCALL_WEBHOOK_TOKEN", ""),
        ("AIRCALL_WEBHOOK_TOKEN_FILE", file.to_str().unwrap()),
    ]);
    let world = World::start_without_worker(processes(), settings).await;
    assert_eq!(status_with_token(&world, "1", "first").await, 200);
    assert_eq!(status_with_token(&world, "2", "second").await, 401);

    std::fs::write(&file, "second").unwrap();
    world.ingress.signal(rustix::process::Signal::HUP);
    world.ingress.line_with("tokens.reloaded").await;
    assert_eq!(status_with_token(&world, "3", "second").await, 200);
    assert_eq!(status_with_token(&world, "4", "first").await, 401);

    std::fs::write(&file, " , ").unwrap();
    world.ingress.line_with("tokens.not_reloaded").await;
    assert_eq!(status_with_token(&world, "5", "second").await, 200);
}

#[tokio::test]
async fn a_token_that_changes_in_the_env_file_opens_without_a_restart() {
    let mut world = World::start_without_worker(processes(), Settings::default()).await;
    let file = world.directory().join(".env");
    std::fs::write(&file, "AIRCALL_WEBHOOK_TOKEN=first\n").unwrap();
    world.settings.ingress_variables.extend([
        ("AIRCALL_WEBHOOK_TOKEN", String::new()),
        (
            "INGRESS_SPOOL_DIR",
            world.directory().join("own").display().to_string(),
        ),
    ]);
    world.ingress.kill().await;
    world.restart_ingress().await;
    assert_eq!(status_with_token(&world, "1", "first").await, 200);

    std::fs::write(&file, "AIRCALL_WEBHOOK_TOKEN=first,second\n").unwrap();
    world.ingress.line_with("tokens.reloaded").await;
    assert_eq!(status_with_token(&world, "2", "second").await, 200);
}

#[tokio::test]
async fn wrong_tokens_are_warned_about_once_and_not_once_each() {
    let world = World::start_without_worker(processes(), Settings::default()).await;
    for number in 0..10 {
        assert_eq!(
            status_with_token(&world, &number.to_string(), "wrong").await,
            401
        );
    }
    let warning = world.ingress.line_with("delivery.refused").await;
    assert!(
        warning.contains("refusals=") && warning.contains("AIRCALL_WEBHOOK_TOKEN"),
        "{warning}"
    );
    let log = world.ingress.output();
    assert_eq!(log.matches("delivery.refused").count(), 1, "{log}");
    assert!(!log.contains("wrong\""), "{log}");
}

#[tokio::test]
async fn an_address_that_is_refused_too_often_is_not_read_any_more_and_others_are() {
    let world = World::start_without_worker(
        processes(),
        with(&[("INGRESS_TRUSTED_PROXIES", "127.0.0.0/8")]),
    )
    .await;
    let good = world.delivery("message-1", "hello").to_string();
    let from = async |address, body: &str| {
        world
            .post_with(PATH, body.to_owned(), Some(("x-forwarded-for", address)))
            .await
    };
    for _ in 0..30 {
        assert_eq!(from("203.0.113.9", "{}").await.status, 401);
    }
    let limited = from("203.0.113.9", &good).await;
    assert_eq!(
        (limited.status, limited.retry_after.as_deref()),
        (429, Some("60"))
    );
    assert_eq!(
        from("203.0.113.10", &good).await.outcome(),
        (200, "accepted")
    );
    // Whoever writes another address in front of the proxy's is still who he is.
    assert_eq!(from("203.0.113.77, 203.0.113.9", &good).await.status, 429);

    // The answer does not wait for a body.
    let answer = world
        .raw("POST /api/sms/webhook HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 203.0.113.9\r\ncontent-length: 60000\r\n\r\n{")
        .await;
    assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
}

#[tokio::test]
async fn an_address_is_believed_from_a_configured_proxy_only() {
    let world = World::start_without_worker(processes(), Settings::default()).await;
    for number in 0..30 {
        let claimed = format!("203.0.113.{number}");
        let answer = world
            .post_with(PATH, "{}", Some(("x-forwarded-for", &claimed)))
            .await;
        assert_eq!(answer.status, 401);
    }
    let answer = world
        .post_with(PATH, "{}", Some(("x-forwarded-for", "203.0.113.99")))
        .await;
    assert_eq!(answer.status, 429);
}

#[tokio::test]
async fn an_address_from_which_aircall_delivers_is_not_limited_by_strangers_behind_the_same_proxy()
{
    let world = World::start_without_worker(processes(), Settings::default()).await;
    world
        .post(PATH, world.delivery("message-1", "hello").to_string())
        .await;
    for _ in 0..40 {
        assert_eq!(world.post(PATH, "{}").await.status, 401);
    }
    let answer = world
        .post(PATH, world.delivery("message-2", "hello").to_string())
        .await;
    assert_eq!(answer.outcome(), (200, "accepted"));
}

#[tokio::test]
async fn what_is_no_delivery_is_refused_without_a_word_about_the_server() {
    let world = World::start_without_worker(processes(), Settings::default()).await;
    let long = "x".repeat(3_000);
    let headers: String = (0..17)
        .map(|number| format!("x-{number}: {}\r\n", &long[..1_000]))
        .collect();
    for (status, request) in [
        (
            "405",
            "GET /api/sms/webhook HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_owned(),
        ),
        (
            "405",
            "POST /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
                .to_owned(),
        ),
        (
            "404",
            "GET /.env HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_owned(),
        ),
        ("414", format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n")),
        (
            "431",
            format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{headers}\r\n"),
        ),
        ("400", "nonsense\r\n\r\n".to_owned()),
    ] {
        let answer = world.raw(&request).await.to_lowercase();
        assert!(
            answer.starts_with(&format!("http/1.1 {status} ")),
            "{status}: {answer}"
        );
        assert!(
            !answer.contains("\r\nserver:") && !answer.contains("actix"),
            "{answer}"
        );
        if status == "405" {
            assert!(answer.contains("\r\nallow: "), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_sender_that_never_finishes_its_headers_is_sent_away_in_time() {
    let world = World::start_without_worker(processes(), Settings::default()).await;
    let started = std::time::Instant::now();
    let answer = world
        .raw("POST /api/sms/webhook HTTP/1.1\r\nhost: x\r\nx-never-ends: ")
        .await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(started.elapsed().as_secs() < 8, "{:?}", started.elapsed());
}

#[tokio::test]
async fn bodies_that_cannot_be_read_count_as_refusals_and_are_warned_about_once() {
    let world = World::start_without_worker(processes(), Settings::default()).await;
    let large = "x".repeat(65 * 1024);
    for _ in 0..30 {
        assert_eq!(world.post(PATH, large.clone()).await.status, 413);
    }
    assert_eq!(world.post(PATH, large).await.status, 429);
    let warning = world.ingress.line_with("delivery.not_read").await;
    assert!(warning.contains("unread="), "{warning}");
    let log = world.ingress.output();
    assert_eq!(log.matches("delivery.not_read").count(), 1, "{log}");
}

#[tokio::test]
async fn a_sender_that_never_finishes_its_body_is_sent_away_in_time() {
    let world = World::start_without_worker(processes(), Settings::default()).await;
    let started = std::time::Instant::now();
    let answer = world
        .raw("POST /api/sms/webhook HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 60000\r\n\r\n{")
        .await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(started.elapsed().as_secs() < 4, "{:?}", started.elapsed());
}
