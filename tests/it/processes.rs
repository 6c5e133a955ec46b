//! The programs as their operators meet them: settings, exit codes, logs.

use std::process::Output;

use tempfile::TempDir;
use wex_tests::{BUYER, World};

use crate::processes;

/// Runs a program to its end, with these variables and no others.
fn run(program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let directory = TempDir::new().expect("a temporary directory");
    let programs = wex_tests::programs(processes(), directory.path());
    std::process::Command::new(programs.path(program))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .current_dir(directory.path())
        .output()
        .expect("the program runs")
}

fn error_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn without_settings_the_ingress_names_all_that_are_missing_and_exits_with_2() {
    let output = run("wex-ingress", &[], &[]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(error_of(&output), @r"
    wex-ingress: the settings cannot be used:
      AIRCALL_WEBHOOK_TOKEN is not set
      AIRCALL_NUMBER_ID is not set
      AIRCALL_BUYER_NUMBER_ID is not set
    ");
}

#[test]
fn without_settings_the_worker_names_all_that_are_missing_and_exits_with_2() {
    let output = run("wex-worker", &[], &[]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(error_of(&output), @r"
    wex-worker: the settings cannot be used:
      AIRCALL_NUMBER_ID is not set
      AIRCALL_BUYER_NUMBER_ID is not set
      AIRCALL_API_ID is not set
      AIRCALL_API_TOKEN is not set
    ");
}

#[test]
fn an_ingress_that_cannot_listen_says_where_and_exits_with_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(
        "wex-ingress",
        &[],
        &[
            ("AIRCALL_WEBHOOK_TOKEN", "t"),
            ("AIRCALL_NUMBER_ID", "1"),
            ("AIRCALL_BUYER_NUMBER_ID", "2"),
            ("INGRESS_ADDR", &address),
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    let log = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        log.contains(&format!("cannot listen on {address} (INGRESS_ADDR)")),
        "{log}"
    );
}

#[test]
fn a_url_that_is_none_is_refused_at_start() {
    let required = [
        ("AIRCALL_API_ID", "id"),
        ("AIRCALL_API_TOKEN", "token"),
        ("AIRCALL_NUMBER_ID", "1"),
        ("AIRCALL_BUYER_NUMBER_ID", "2"),
    ];
    for (variable, value) in [
        ("REDIS_URL", "http://localhost"),
        ("AIRCALL_BASE_URL", "api.aircall.io"),
    ] {
        let variables: Vec<_> = required.into_iter().chain([(variable, value)]).collect();
        let output = run("wex-worker", &[], &variables);
        assert_eq!(output.status.code(), Some(1), "{variable}");
        let log = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(log.contains(variable), "{variable}: {log}");
    }
}

#[test]
fn a_wrong_argument_of_wex_is_explained_and_exits_with_2() {
    let output = run("wex", &["dmeo"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(error_of(&output).contains("demo"), "{}", error_of(&output));
}

#[tokio::test]
async fn no_log_line_holds_a_token_a_phone_number_or_a_text() {
    let world = World::start(processes()).await;
    world
        .buyer_texts("10k sqft in Carson for the xylophones")
        .await;
    world.sent(1).await;
    world.sim.fault("invalid_payload", 1).await.unwrap();
    world.buyer_texts("STOP").await;
    world.dead_letters(wex_tests::OUTBOUND, 1).await;
    world
        .post(
            "/api/sms/buyer/webhook",
            world
                .delivery("message-1", "xylophones")
                .to_string()
                .replace("YOUR_", "MY_"),
        )
        .await;
    world
        .post(
            "/api/sms/buyer/webhook",
            world
                .delivery("message-2", "xylophones")
                .to_string()
                .replace("\"data\"", "\"d\""),
        )
        .await;

    let logs = world.what_happened();
    assert!(
        logs.contains("delivery.received")
            && logs.contains("delivery.refused")
            && logs.contains("job.attempted"),
        "{logs}"
    );
    for secret in [
        world.settings.webhook_token.as_str(),
        "MY_WEBHOOK_TOKEN",
        &world.settings.api_token,
        BUYER.trim_start_matches("+1"),
        "xylophones",
        "Carson",
        "unsubscribed",
    ] {
        assert!(!logs.contains(secret), "{secret} is in the logs:\n{logs}");
    }
}
