//! Sends over real HTTP to a small server that does what a script tells it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wex_aircall::client::{
    Client, ClientConfig, ClientError, NotASendMode, Rejection, RejectionKind, RetryReason,
    SendMode, SendOutcome, UnknownReason,
};
use wex_aircall::status::Status;
use wex_domain::line::LineId;
use wex_domain::phone_number::PhoneNumber;

const LINE: LineId = LineId(476_258);
const TEXT: &str = "We have 10k sqft in Carson.";

/// What the server does with each request, in order.
enum Act {
    Answer(String),
    /// Reads the request and closes the connection.
    Close,
    /// Reads the request and says nothing until the client is gone.
    Hang,
    /// Begins an answer of 10 MiB, and counts the bytes that the client takes.
    Flood,
}

/// What the server saw.
#[derive(Default)]
struct Seen {
    requests: Vec<String>,
    flood_bytes: usize,
}

fn answer(status: &str, headers: &str, body: &str) -> Act {
    Act::Answer(format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    ))
}

fn config(address: SocketAddr) -> ClientConfig {
    ClientConfig {
        connect_timeout: Duration::from_secs(1),
        request_timeout: Duration::from_secs(2),
        ..config_of(&format!("http://{address}"))
    }
}

fn config_of(base_url: &str) -> ClientConfig {
    let token = SecretString::from("token");
    ClientConfig::new(
        base_url.to_owned(),
        "id".to_owned(),
        token,
        SendMode::PublicApi,
    )
}

async fn send(config: ClientConfig) -> SendOutcome {
    let client = Client::new(config).expect("the configuration is good");
    let contact = PhoneNumber::parse("+18704575426").expect("the number is a phone number");
    client.send(LINE, &contact, TEXT).await.outcome
}

/// One send to a server that acts once.
async fn send_to(act: Act) -> (SendOutcome, Seen) {
    send_to_configured(act, |_| {}).await
}

async fn send_to_configured(
    act: Act,
    configure: impl FnOnce(&mut ClientConfig),
) -> (SendOutcome, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has a free port");
    let mut config = config(listener.local_addr().expect("a listener has an address"));
    configure(&mut config);
    let mut seen = Seen::default();
    let serve = async {
        let (mut connection, _) = listener.accept().await.expect("the client connects");
        seen.requests.push(read_request(&mut connection).await);
        perform(act, &mut connection, &mut seen).await;
    };
    let (outcome, ()) = tokio::join!(send(config), serve);
    // Nobody may have come back for a second try.
    let again = tokio::time::timeout(Duration::from_millis(20), listener.accept()).await;
    assert!(again.is_err(), "the client asked twice");
    (outcome, seen)
}

async fn perform(act: Act, connection: &mut TcpStream, seen: &mut Seen) {
    match act {
        Act::Answer(answer) => connection
            .write_all(answer.as_bytes())
            .await
            .expect("the client reads"),
        Act::Close => {}
        Act::Hang => {
            let read = connection.read(&mut [0; 1]).await;
            assert_eq!(read.expect("the client closes in order"), 0);
        }
        Act::Flood => {
            const FLOOD_BYTES: usize = 10 * 1024 * 1024;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {FLOOD_BYTES}\r\n\r\n");
            connection
                .write_all(head.as_bytes())
                .await
                .expect("the client reads");
            while seen.flood_bytes < FLOOD_BYTES {
                match connection.write(&[b' '; 16 * 1024]).await {
                    Ok(written) => seen.flood_bytes += written,
                    Err(_closed_by_client) => break,
                }
            }
        }
    }
}

async fn read_request(connection: &mut TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = connection
            .read(&mut chunk)
            .await
            .expect("the client writes");
        assert_ne!(read, 0, "the client closed before its request was complete");
        request.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8(request.clone()).expect("the request is text");
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length
                .expect("the request has a length")
                .parse()
                .expect("a length is a number");
            if length <= body.len() {
                return text;
            }
        }
    }
}

#[tokio::test]
async fn an_accepted_send_has_aircalls_id() {
    let (outcome, seen) = send_to(answer(
        "200 OK",
        "",
        r#"{"id":"abcdSM1","status":"pending"}"#,
    ))
    .await;
    let accepted = SendOutcome::Accepted {
        provider_id: "abcdSM1".to_owned(),
        status: Some(Status::Pending),
    };
    assert_eq!(outcome, accepted);
    let request = &seen.requests[0];
    assert!(
        request.starts_with("POST /v1/numbers/476258/messages/send HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains("authorization: Basic aWQ6dG9rZW4=\r\n"),
        "{request}"
    );
    assert!(
        request.contains("content-type: application/json\r\n"),
        "{request}"
    );
    assert!(request.contains("user-agent: wex-sms\r\n"), "{request}");
    assert!(
        request.ends_with(r#"{"to":"+18704575426","body":"We have 10k sqft in Carson."}"#),
        "{request}"
    );
}

#[tokio::test]
async fn a_native_line_has_its_own_path_and_the_base_may_end_with_a_slash() {
    let (_, seen) = send_to_configured(answer("200 OK", "", r#"{"id":"a"}"#), |config| {
        config.send_mode = SendMode::Native;
        config.base_url.push_str("/aircall/");
    })
    .await;
    let request = &seen.requests[0];
    assert!(
        request.starts_with("POST /aircall/v1/numbers/476258/messages/native/send HTTP/1.1\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn each_refusal_is_rejected_by_its_kind() {
    for (status, key, expected) in [
        (
            "400 Bad Request",
            "InvalidPayload",
            RejectionKind::Permanent,
        ),
        ("404 Not Found", "NotFound", RejectionKind::Permanent),
        ("401 Unauthorized", "Unauthorized", RejectionKind::Account),
        (
            "403 Forbidden",
            "LineIsNotNativeException",
            RejectionKind::Line,
        ),
    ] {
        let (outcome, _) = send_to(answer(
            status,
            "",
            &format!(r#"{{"key":"{key}","message":"no"}}"#),
        ))
        .await;
        let SendOutcome::Rejected(Rejection {
            kind,
            key: Some(found),
            ..
        }) = outcome
        else {
            panic!("{status}: {outcome:?}")
        };
        assert_eq!((kind, found.as_str()), (expected, key));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (outcome, _) = send_to(answer(
        "307 Temporary Redirect",
        "location: /elsewhere\r\n",
        "",
    ))
    .await;
    assert!(matches!(
        outcome,
        SendOutcome::Rejected(Rejection {
            kind: RejectionKind::Account,
            status: 307,
            ..
        })
    ));
}

#[tokio::test]
async fn a_rate_limit_says_when_to_come_back() {
    let (outcome, _) = send_to(answer("429 Too Many Requests", "retry-after: 7\r\n", "")).await;
    let expected = SendOutcome::RetryLater {
        why: RetryReason::RateLimited,
        retry_after: Some(Duration::from_secs(7)),
    };
    assert_eq!(outcome, expected);
}

#[tokio::test]
async fn a_block_at_the_edge_is_tried_again() {
    let (outcome, _) = send_to(answer(
        "403 Forbidden",
        "server: CloudFront\r\n",
        "<html>Request blocked.</html>",
    ))
    .await;
    assert_eq!(
        outcome,
        SendOutcome::RetryLater {
            why: RetryReason::BlockedAtEdge,
            retry_after: None
        }
    );
}

#[tokio::test]
async fn a_server_error_is_unknown() {
    let (outcome, _) = send_to(answer("503 Service Unavailable", "", "")).await;
    assert_eq!(
        outcome,
        SendOutcome::Unknown {
            why: UnknownReason::FailedAtAircall { status: 503 }
        }
    );
}

#[tokio::test]
async fn a_success_in_html_is_unknown() {
    let (outcome, _) = send_to(answer(
        "200 OK",
        "content-type: text/html\r\n",
        "<html>Welcome</html>",
    ))
    .await;
    assert_eq!(
        outcome,
        SendOutcome::Unknown {
            why: UnknownReason::NoMessageId { status: 200 }
        }
    );
}

#[tokio::test]
async fn a_success_that_breaks_off_is_unknown() {
    let broken =
        Act::Answer("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"id\":\"a\"".to_owned());
    let (outcome, _) = send_to(broken).await;
    assert_eq!(
        outcome,
        SendOutcome::Unknown {
            why: UnknownReason::NoMessageId { status: 200 }
        }
    );
}

#[tokio::test]
async fn a_connection_closed_after_the_request_is_unknown() {
    let (outcome, _) = send_to(Act::Close).await;
    assert_eq!(
        outcome,
        SendOutcome::Unknown {
            why: UnknownReason::Disconnected
        }
    );
}

#[tokio::test]
async fn no_answer_in_time_is_unknown() {
    let (outcome, _) = send_to_configured(Act::Hang, |config| {
        config.connect_timeout = Duration::from_millis(100);
        config.request_timeout = Duration::from_millis(200);
    })
    .await;
    assert_eq!(
        outcome,
        SendOutcome::Unknown {
            why: UnknownReason::TimedOut
        }
    );
}

#[tokio::test]
async fn a_refused_connection_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let outcome = send(config(address)).await;
    assert_eq!(
        outcome,
        SendOutcome::RetryLater {
            why: RetryReason::Unreachable,
            retry_after: None
        }
    );
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_tried_again() {
    let config = ClientConfig {
        // Reserved by RFC 2606 never to exist.
        base_url: "http://aircall.invalid".to_owned(),
        ..config(([127, 0, 0, 1], 1).into())
    };
    assert_eq!(
        send(config).await,
        SendOutcome::RetryLater {
            why: RetryReason::Unreachable,
            retry_after: None
        }
    );
}

#[tokio::test]
async fn a_time_out_while_connecting_is_tried_again() {
    // TLS counts as connecting: this server accepts, but answers no handshake.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = ClientConfig {
        base_url: format!("https://{address}"),
        connect_timeout: Duration::from_millis(100),
        ..config(address)
    };
    assert_eq!(
        send(config).await,
        SendOutcome::RetryLater {
            why: RetryReason::Unreachable,
            retry_after: None
        }
    );
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let started = Instant::now();
    let (outcome, seen) = send_to(Act::Flood).await;
    assert_eq!(
        outcome,
        SendOutcome::Unknown {
            why: UnknownReason::NoMessageId { status: 200 }
        }
    );
    // The kernel's buffers take some megabytes that the client never reads.
    assert!(
        seen.flood_bytes < 10 * 1024 * 1024,
        "{} bytes were taken",
        seen.flood_bytes
    );
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "it waited for the end"
    );
}

#[tokio::test]
async fn one_connection_serves_many_sends() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(config(listener.local_addr().unwrap())).unwrap();
    let contact = PhoneNumber::parse("+18704575426").unwrap();
    let serve = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        for _ in 0..3 {
            read_request(&mut connection).await;
            let Act::Answer(answer) = answer("200 OK", "", r#"{"id":"a"}"#) else {
                panic!("answer makes an answer")
            };
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    };
    let ask = async {
        for _ in 0..3 {
            assert!(matches!(
                client.send(LINE, &contact, TEXT).await.outcome,
                SendOutcome::Accepted { .. }
            ));
        }
    };
    tokio::join!(serve, ask);
}

#[test]
fn a_contradictory_configuration_is_refused() {
    let refusal = |config| Client::new(config).err();
    assert!(refusal(config_of("https://api.aircall.io")).is_none());
    for base_url in [
        "",
        "api.aircall.io",
        "ftp://a.example",
        "https://id:token@a.example",
        "https://a.example/?x",
        "http://",
    ] {
        assert!(
            matches!(refusal(config_of(base_url)), Some(ClientError::BaseUrl)),
            "{base_url}"
        );
    }
    let mut hasty = config_of("https://api.aircall.io");
    hasty.connect_timeout = hasty.request_timeout;
    assert!(matches!(refusal(hasty), Some(ClientError::Timeouts)));
}

#[test]
fn send_modes_are_read_from_their_words() {
    assert_eq!("public_api".parse(), Ok(SendMode::PublicApi));
    assert_eq!("native".parse(), Ok(SendMode::Native));
    assert_eq!("Public Api".parse::<SendMode>(), Err(NotASendMode));
}

#[test]
fn credentials_do_not_show_themselves() {
    let config = ClientConfig {
        api_id: "hidden-id".to_owned(),
        api_token: SecretString::from("hidden-token"),
        ..config_of("https://api.aircall.io")
    };
    let shown = format!("{config:?} {:?}", Client::new(config.clone()).unwrap());
    assert!(!shown.contains("hidden"), "{shown}");
}
