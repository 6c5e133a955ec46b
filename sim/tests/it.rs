//! What the sim promises, over real HTTP: a sim and a receiver of its webhooks on loopback, in one process.

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use clap::Parser as _;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::future::pending;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use wex_sim::{Options, Sim};

const NATIVE: u64 = 1;
const PUBLIC_API: u64 = 2;
const CONTACT: &str = "+18704575426";

/// A sim with one native and one public-API line, and the account's webhook.
struct World {
    sim: String,
    webhook: Data<Receiver>,
    client: reqwest::Client,
    _servers: JoinSet<std::io::Result<()>>,
}

/// Takes deliveries: answers as told, then with 200, and keeps what came.
#[derive(Default)]
struct Receiver {
    url: String,
    answers: Mutex<VecDeque<StatusCode>>,
    came: Mutex<Vec<Delivery>>,
    /// While a text with the body "wait" is held, until this is notified.
    release: Notify,
}

struct Delivery {
    headers: HeaderMap,
    body: Value,
}

impl World {
    fn start() -> Self {
        Self::with(&[])
    }

    fn with(more: &[&str]) -> Self {
        let mut servers = JoinSet::new();
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let url = format!(
            "http://{}/webhook",
            listener.local_addr().expect("it is bound")
        );
        let webhook = Data::new(Receiver {
            url,
            ..Receiver::default()
        });
        let receiver = webhook.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(receiver.clone())
                .default_service(web::to(receive))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .expect("the listener is good");
        servers.spawn(server.run());

        let mut arguments = vec![
            "wex-sim",
            "--api-id",
            "id",
            "--api-token",
            "secret",
            "--webhook-token",
            "hook",
        ];
        arguments.extend(["--webhook-url", &webhook.url, "--retry-delay-ms", "1"]);
        arguments.extend(["--line", "id=1,digits=+1 424-416-2281,mode=native"]);
        arguments.extend(["--line", "id=2,digits=+1 424-416-2282,mode=public_api"]);
        arguments.extend(more);
        let sim = Sim::bind(Options::parse_from(arguments)).expect("loopback has a free port");
        let address = sim.address().expect("it is bound");
        servers.spawn(sim.serve_until(pending()));
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("the defaults are good");
        Self {
            sim: format!("http://{address}"),
            webhook,
            client,
            _servers: servers,
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.sim))
    }

    /// A request with our credentials.
    fn api(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).basic_auth("id", Some("secret"))
    }

    fn sending(&self, line: u64, body: &Value) -> RequestBuilder {
        self.api(Method::POST, &send_path(line)).json(body)
    }

    /// Sends a good message.
    async fn send(&self, line: u64) -> Response {
        let request = self.sending(line, &json!({ "to": CONTACT, "body": "Hello" }));
        request.send().await.expect("the sim answers")
    }

    async fn control(&self, path: &str, body: Value) -> Response {
        let request = self
            .request(Method::POST, &format!("/_sim/{path}"))
            .json(&body);
        request.send().await.expect("the sim answers")
    }

    async fn order_fault(&self, fault: &str) {
        let response = self.control("faults", json!({ "fault": fault })).await;
        assert_eq!(response.status(), 200, "{fault}");
    }

    /// The items above `since` of a list, as soon as there are `count`.
    async fn items(&self, list: &str, since: u64, count: usize) -> Vec<Value> {
        let mut items: Vec<Value> = Vec::new();
        while items.len() < count {
            let last = items
                .last()
                .and_then(|item| item["seq"].as_u64())
                .unwrap_or(since);
            let page = self
                .look(&format!("{list}?since={last}&wait_ms=10000"))
                .await;
            let new = page["items"].as_array().expect("a list has items");
            assert!(
                !new.is_empty(),
                "{list} has {} of {count} items",
                items.len()
            );
            items.extend(new.iter().cloned());
        }
        assert_eq!(items.len(), count, "{list}: {items:?}");
        items
    }

    async fn look(&self, path: &str) -> Value {
        json(
            self.request(Method::GET, &format!("/_sim/{path}"))
                .send()
                .await
                .expect("the sim answers"),
        )
        .await
    }

    fn came(&self) -> Vec<Value> {
        self.webhook
            .came
            .lock()
            .expect("nothing panics under this lock")
            .iter()
            .map(|delivery| delivery.body.clone())
            .collect()
    }
}

async fn receive(request: HttpRequest, body: Bytes, receiver: Data<Receiver>) -> HttpResponse {
    let body: Value = serde_json::from_slice(&body).expect("a delivery is JSON");
    if body["data"]["body"] == "wait" {
        receiver.release.notified().await;
    }
    let headers = request.headers().clone();
    let mut came = receiver
        .came
        .lock()
        .expect("nothing panics under this lock");
    came.push(Delivery { headers, body });
    drop(came);
    let answer = receiver
        .answers
        .lock()
        .expect("nothing panics under this lock")
        .pop_front();
    HttpResponse::build(answer.unwrap_or(StatusCode::OK)).finish()
}

fn send_path(line: u64) -> String {
    match line {
        NATIVE => format!("/v1/numbers/{line}/messages/native/send"),
        _ => format!("/v1/numbers/{line}/messages/send"),
    }
}

async fn json(response: Response) -> Value {
    response.json().await.expect("the answer is JSON")
}

/// Status and error key.
async fn outcome(response: Response) -> (u16, Value) {
    (
        response.status().as_u16(),
        json(response).await["key"].clone(),
    )
}

fn field<'a>(items: &'a [Value], name: &str) -> Vec<&'a Value> {
    items.iter().map(|item| &item[name]).collect()
}

#[tokio::test]
async fn credentials_are_required_everywhere() {
    let world = World::start();
    for path in [
        "/v1/ping",
        "/v1/company",
        "/v1/numbers",
        "/v1/numbers/1",
        "/v1/nothing",
    ] {
        let missing = world.request(Method::GET, path).send().await.unwrap();
        assert_eq!(
            outcome(missing).await,
            (401, "Unauthorized".into()),
            "{path}"
        );
        let bad = world
            .request(Method::GET, path)
            .bearer_auth("secret")
            .send()
            .await
            .unwrap();
        assert_eq!(outcome(bad).await, (401, "Unauthorized".into()), "{path}");
        let wrong = world
            .request(Method::GET, path)
            .basic_auth("id", Some("guess"))
            .send()
            .await
            .unwrap();
        assert_eq!(outcome(wrong).await, (403, "Forbidden".into()), "{path}");
    }
    let wrong = world
        .request(Method::POST, &send_path(NATIVE))
        .basic_auth("id", Some("guess"))
        .send()
        .await
        .unwrap();
    assert_eq!(outcome(wrong).await, (403, "Forbidden".into()));
    let requests = world.items("requests", 0, 1).await;
    assert_eq!(
        (&requests[0]["status"], &requests[0]["key"]),
        (&json!(403), &json!("Forbidden"))
    );
}

#[tokio::test]
async fn the_small_endpoints_answer() {
    let world = World::start();
    let get = async |path| world.api(Method::GET, path).send().await.unwrap();
    assert_eq!(json(get("/v1/ping").await).await, json!({ "ping": "pong" }));
    assert_eq!(
        json(get("/v1/company").await).await["company"]["numbers_count"],
        2
    );
    assert_eq!(
        json(get("/v1/numbers/2").await).await["number"]["digits"],
        "+1 424-416-2282"
    );
    assert_eq!(get("/v1/numbers/3").await.status(), 404);
    assert_eq!(get("/v1/nothing").await.status(), 404);
    assert_eq!(get("/v1/numbers?per_page=51").await.status(), 400);

    let first = json(get("/v1/numbers?per_page=1").await).await;
    assert_eq!(first["numbers"][0]["id"], 1);
    assert_eq!(
        (&first["meta"]["count"], &first["meta"]["total"]),
        (&json!(1), &json!(2))
    );
    let link = first["meta"]["next_page_link"]
        .as_str()
        .expect("there is a second page");
    assert_eq!(link, format!("{}/v1/numbers?page=2&per_page=1", world.sim));
    let second = json(
        world
            .client
            .get(link)
            .basic_auth("id", Some("secret"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(second["numbers"][0]["id"], 2);
    assert_eq!(second["meta"]["next_page_link"], Value::Null);
}

#[tokio::test]
async fn an_accepted_message_is_the_answer_and_is_listed() {
    let world = World::start();
    // The recipient of the set-up guide's own sample, though no such number can exist.
    let media = "https://example.com/plan.png";
    let body = json!({ "to": "+11234567890", "body": "Hello", "mediaUrl": [media] });
    let answer = json(world.sending(PUBLIC_API, &body).send().await.unwrap()).await;
    assert!(
        answer["id"]
            .as_str()
            .is_some_and(|id| id.starts_with("abcdSM")),
        "{answer}"
    );
    assert_eq!(
        (&answer["status"], &answer["direction"]),
        (&json!("pending"), &json!("outbound"))
    );
    assert_eq!(
        (&answer["raw_digits"], &answer["body"]),
        (&json!("11234567890"), &json!("Hello"))
    );
    assert_eq!(
        (&answer["number"]["id"], &answer["media_url"]),
        (&json!(2), &json!([media]))
    );
    assert!(answer["created_at"].is_u64());

    world.send(NATIVE).await;
    let messages = world.items("messages", 0, 2).await;
    assert_eq!(messages[0]["id"], answer["id"]);
    assert_eq!(field(&messages, "line"), [2, 1]);
    assert_eq!(field(&messages, "to"), ["+11234567890", CONTACT]);
    assert_ne!(messages[0]["id"], messages[1]["id"]);
}

#[tokio::test]
async fn the_same_words_sent_more_often_than_the_contact_has_texted_are_a_violation() {
    let world = World::start();
    let text = json!({ "line": PUBLIC_API, "from": CONTACT, "body": "Hello?", "hold": true });
    world.control("contact-texts", text.clone()).await;
    world.control("contact-texts", text).await;
    world.send(PUBLIC_API).await;
    world.send(PUBLIC_API).await; // The second text may have been answered alike.
    assert_eq!(world.look("violations").await["newest"], 0);

    world.send(PUBLIC_API).await;

    let violations = world.items("violations", 0, 1).await;
    assert_eq!(violations[0]["rule"], "sent_twice");
    assert_eq!(violations[0]["to"], CONTACT);
}

#[tokio::test]
async fn one_text_that_was_delivered_often_may_be_answered_once() {
    let world = World::start();
    let text = json!({ "line": PUBLIC_API, "from": CONTACT, "body": "Hello?", "id": "a" });
    world.control("contact-texts", text.clone()).await;
    world.control("contact-texts", text).await;
    world.send(PUBLIC_API).await;
    world.send(PUBLIC_API).await;

    let violations = world.items("violations", 0, 1).await;
    assert_eq!(violations[0]["rule"], "sent_twice");
}

#[tokio::test]
async fn news_of_a_message_come_as_they_were_ordered_and_before_its_answer_if_so() {
    let world = World::start();
    let news = json!({
        "steps": ["failed", "message.sent", "sent", "sent"], "reason": "landline", "before_answer": true,
    });
    assert_eq!(world.control("news", news).await.status(), 200);
    let sent = json(world.send(NATIVE).await).await;

    let came = world.came(); // All of it, since the answer is there.
    let told: Vec<_> = came
        .iter()
        .map(|body| {
            assert_eq!(body["data"]["id"], sent["id"]);
            let data = &body["data"];
            (&body["event"], &data["status"], &data["status_reason"])
        })
        .collect();
    let (status, event, none) = (
        json!("message.status_updated"),
        json!("message.sent"),
        Value::Null,
    );
    let (failed, sent, reason) = (json!("failed"), json!("sent"), json!("landline"));
    assert_eq!(
        told,
        [
            (&status, &failed, &reason),
            (&event, &sent, &none),
            (&status, &sent, &reason),
            (&status, &sent, &reason),
        ]
    );
    assert_eq!(came[0]["data"]["body"], Value::Null, "it is sparse");

    world.send(NATIVE).await;
    let ordinary = world.items("deliveries", 4, 2).await;
    assert_eq!(
        field(&ordinary, "event"),
        ["message.sent", "message.status_updated"]
    );
}

#[tokio::test]
async fn news_may_repeat_the_message_or_not_come_at_all() {
    let world = World::start();
    let whole = json!({ "steps": ["delivered"], "whole": true, "before_answer": true });
    world.control("news", whole).await;
    world.send(NATIVE).await;
    let came = world.came();
    assert_eq!(came.len(), 1);
    assert_eq!(came[0]["data"]["body"], "Hello");
    assert_eq!(came[0]["data"]["external_number"], "+1 870-457-5426");

    world.control("news", json!({ "steps": [] })).await;
    world.send(NATIVE).await;
    assert_eq!(world.look("state").await["deliveries_waiting"], 0);
    let unknown = json!({ "steps": [], "bogus": 1 });
    assert_eq!(world.control("news", unknown).await.status(), 400);
    let endless = json!({ "steps": vec!["sent"; 21] });
    assert_eq!(world.control("news", endless).await.status(), 400);
}

#[tokio::test]
async fn a_line_answers_on_the_endpoint_of_its_mode_only() {
    let world = World::start();
    for path in [
        "/v1/numbers/1/messages/send",
        "/v1/numbers/2/messages/native/send",
    ] {
        let request = world
            .api(Method::POST, path)
            .json(&json!({ "to": CONTACT, "body": "Hello" }));
        assert_eq!(
            outcome(request.send().await.unwrap()).await,
            (403, "LineIsNotNativeException".into()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_configuration_switches_the_mode_and_its_deletion_reverts_it() {
    let world = World::start();
    let path = "/v1/numbers/1/messages/configuration";
    let call = async |method| {
        let request = world
            .api(method, path)
            .header("content-type", "application/json");
        json(request.send().await.unwrap()).await
    };
    let configured = call(Method::POST).await;
    assert_eq!(
        (&configured["type"], &configured["callbackUrl"]),
        (&json!("Public Api"), &Value::Null)
    );
    assert!(configured["token"].is_string());
    assert_eq!(call(Method::GET).await, configured);
    assert_eq!(world.send(NATIVE).await.status(), 403);

    call(Method::DELETE).await;
    assert_eq!(world.send(NATIVE).await.status(), 200);
    assert_ne!(call(Method::POST).await["token"], configured["token"]);
}

#[tokio::test]
async fn a_request_without_the_content_type_of_json_is_refused() {
    let world = World::start();
    for method in [Method::POST, Method::GET, Method::DELETE] {
        let request = world.api(method, "/v1/numbers/2/messages/configuration");
        assert_eq!(
            outcome(request.send().await.unwrap()).await,
            (400, "InvalidContentType".into())
        );
    }
    let request = world
        .api(Method::POST, &send_path(PUBLIC_API))
        .body(r#"{"to":"+18704575426","body":"Hello"}"#);
    assert_eq!(
        outcome(request.send().await.unwrap()).await,
        (400, "InvalidContentType".into())
    );
}

#[tokio::test]
async fn a_payload_that_breaks_a_rule_is_refused() {
    let world = World::with(&["--rate-per-minute", "0"]);
    let longest = "é".repeat(1_600);
    assert_eq!(
        world
            .sending(PUBLIC_API, &json!({ "to": CONTACT, "body": longest }))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    for payload in [
        json!({ "to": "18704575426", "body": "Hello" }),
        json!({ "to": "+1 870-457-5426", "body": "Hello" }),
        json!({ "to": "+1234567", "body": "Hello" }),
        json!({ "to": "+1234567890123456", "body": "Hello" }),
        json!({ "to": CONTACT, "body": "" }),
        json!({ "to": CONTACT, "body": format!("{longest}!") }),
        json!({ "to": CONTACT }),
        json!({ "to": CONTACT, "body": "Hello", "mediaUrl": "https://example.com" }),
        json!({ "to": CONTACT, "body": "Hello", "mediaUrl": [{ "url": "https://example.com" }] }),
        json!([]),
    ] {
        let response = world.sending(PUBLIC_API, &payload).send().await.unwrap();
        assert_eq!(
            outcome(response).await,
            (400, "InvalidPayload".into()),
            "{payload}"
        );
    }
    for own in ["+14244162281", "+14244162282"] {
        let response = world
            .sending(PUBLIC_API, &json!({ "to": own, "body": "Hello" }))
            .send()
            .await
            .unwrap();
        assert_eq!(
            outcome(response).await,
            (400, "SameDestinationAsSender".into())
        );
    }
    world.items("messages", 0, 1).await;
}

#[tokio::test]
async fn each_fault_that_refuses_answers_as_documented_and_accepts_nothing() {
    let world = World::with(&["--rate-per-minute", "0"]);
    for (fault, status, key) in [
        ("invalid_payload", 400, json!("InvalidPayload")),
        ("same_destination", 400, json!("SameDestinationAsSender")),
        ("invalid_content_type", 400, json!("InvalidContentType")),
        ("unauthorized", 401, json!("Unauthorized")),
        ("forbidden", 403, json!("Forbidden")),
        ("line_is_not_native", 403, json!("LineIsNotNativeException")),
        ("not_found", 404, Value::Null),
        ("unprocessable", 422, Value::Null),
        ("rate_limited", 429, Value::Null),
        ("server_error", 500, Value::Null),
        ("service_unavailable", 503, Value::Null),
    ] {
        world.order_fault(fault).await;
        assert_eq!(
            outcome(world.send(PUBLIC_API).await).await,
            (status, key),
            "{fault}"
        );
    }
    for (fault, status) in [
        ("edge_403_html", 403),
        ("bad_gateway", 502),
        ("ok_html", 200),
    ] {
        world.order_fault(fault).await;
        let response = world.send(PUBLIC_API).await;
        assert_eq!(response.status(), status, "{fault}");
        assert!(response.text().await.unwrap().contains("<html>") || fault == "edge_403_html");
    }
    assert_eq!(world.look("messages").await["newest"], 0);
    assert_eq!(world.send(PUBLIC_API).await.status(), 200);
}

#[tokio::test]
async fn a_fault_may_lose_the_id_of_an_accepted_message() {
    let world = World::start();
    world.order_fault("ok_without_id").await;
    let answer = json(world.send(PUBLIC_API).await).await;
    assert_eq!(
        (&answer["id"], &answer["status"]),
        (&Value::Null, &json!("pending"))
    );
    world.items("messages", 0, 1).await;
}

#[tokio::test]
async fn a_slow_answer_is_late_but_its_message_is_accepted_at_once() {
    let world = World::start();
    let refused = world.control("faults", json!({ "fault": "slow" })).await;
    assert_eq!(refused.status(), 400, "slow by how much?");
    world
        .control("faults", json!({ "fault": "slow", "delay_ms": 60_000 }))
        .await;
    let mut body = json!({ "to": CONTACT, "body": "Hello" });
    let impatient = world
        .sending(PUBLIC_API, &body)
        .timeout(Duration::from_millis(200))
        .send()
        .await;
    assert!(impatient.unwrap_err().is_timeout());
    world.items("messages", 0, 1).await;

    world
        .control("faults", json!({ "fault": "slow", "delay_ms": 100 }))
        .await;
    body["body"] = "again".into();
    let started = Instant::now();
    assert_eq!(
        world
            .sending(PUBLIC_API, &body)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert!(Duration::from_millis(100) <= started.elapsed());
}

#[tokio::test]
async fn a_dropped_connection_ends_without_one_byte_of_an_answer() {
    let world = World::start();
    for (fault, messages) in [("drop_before_accept", 0), ("drop_after_accept", 1)] {
        world.order_fault(fault).await;
        let failure = world
            .sending(PUBLIC_API, &json!({ "to": CONTACT, "body": "Hello" }))
            .send()
            .await
            .unwrap_err();
        assert!(
            !failure.is_connect() && !failure.is_timeout(),
            "{failure:?}"
        );
        assert_eq!(world.look("messages").await["newest"], messages, "{fault}");

        world.order_fault("drop_before_accept").await;
        let mut connection = TcpStream::connect(world.sim.trim_start_matches("http://")).unwrap();
        let head =
            "POST /v1/numbers/2/messages/send HTTP/1.1\r\nHost: sim\r\nContent-Length: 2\r\n\r\n{}";
        connection.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).unwrap();
        assert_eq!(answer, b"");
    }
    // Nobody tried again behind our back.
    let requests = world.items("requests", 0, 4).await;
    assert_eq!(field(&requests, "status"), [&Value::Null; 4]);
    let deliveries = world.items("deliveries", 0, 2).await;
    assert_eq!(
        field(&deliveries, "event"),
        ["message.sent", "message.status_updated"]
    );
}

#[tokio::test]
async fn faults_are_served_in_order_and_can_be_cleared() {
    let world = World::start();
    world
        .control("faults", json!({ "fault": "server_error", "times": 2 }))
        .await;
    world
        .control("faults", json!({ "fault": "unprocessable", "times": 2 }))
        .await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(world.send(PUBLIC_API).await.status().as_u16());
    }
    assert_eq!(statuses, [500, 500, 422]);
    assert_eq!(world.look("state").await["faults_waiting"], 1);
    world
        .request(Method::DELETE, "/_sim/faults")
        .send()
        .await
        .unwrap();
    assert_eq!(world.send(PUBLIC_API).await.status(), 200);
}

#[tokio::test]
async fn a_fault_may_meet_one_contact_alone() {
    let world = World::start();
    let fault = json!({ "fault": "not_found", "to": "+13105550142" });
    world.control("faults", fault).await;

    assert_eq!(world.send(NATIVE).await.status(), 200);
    let body = json!({ "to": "+13105550142", "body": "Hello" });
    for status in [404, 200] {
        let answer = world.sending(NATIVE, &body).send().await.unwrap();
        assert_eq!(answer.status(), status);
    }
}

#[tokio::test]
async fn an_unknown_fault_is_answered_with_the_names_that_exist() {
    let world = World::start();
    let response = world
        .control("faults", json!({ "fault": "earthquake" }))
        .await;
    assert_eq!(response.status(), 400);
    let error = json(response).await["error"].to_string();
    for name in [
        "earthquake",
        "edge_403_html",
        "drop_before_accept",
        "ok_html",
    ] {
        assert!(error.contains(name), "{error}");
    }
}

#[tokio::test]
async fn every_answer_shows_the_rate_and_too_many_requests_are_429() {
    let world = World::with(&["--rate-per-minute", "2"]);
    let header = |response: &Response, name: &str| -> u64 {
        let value = response
            .headers()
            .get(name)
            .unwrap_or_else(|| panic!("{name} is missing"));
        value.to_str().unwrap().parse().unwrap()
    };
    let stranger = world.request(Method::GET, "/v1/ping").send().await.unwrap();
    assert_eq!(header(&stranger, "x-aircallapi-remaining"), 2);

    let first = world.api(Method::GET, "/v1/ping").send().await.unwrap();
    assert_eq!(
        (
            header(&first, "x-aircallapi-limit"),
            header(&first, "x-aircallapi-remaining")
        ),
        (2, 1)
    );
    let second = world.send(PUBLIC_API).await;
    assert_eq!(header(&second, "x-aircallapi-remaining"), 0);

    let third = world.send(PUBLIC_API).await;
    assert_eq!(third.status(), 429);
    assert_eq!(header(&third, "x-aircallapi-remaining"), 0);
    assert!((50..=60).contains(&header(&third, "retry-after")));
    assert!(
        header(&second, "x-aircallapi-reset").abs_diff(header(&third, "x-aircallapi-reset")) <= 1
    );
    world.items("messages", 0, 1).await;
}

#[tokio::test]
async fn a_rate_limit_by_order_says_when_to_come_back() {
    let world = World::start();
    world
        .control(
            "faults",
            json!({ "fault": "rate_limited", "retry_after_s": 7 }),
        )
        .await;
    let response = world.send(PUBLIC_API).await;
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "7");
    assert_eq!(response.headers()["x-aircallapi-remaining"], "0");
}

#[tokio::test]
async fn a_send_on_a_native_line_is_followed_by_sent_and_delivered() {
    let world = World::start();
    let id = json(world.send(NATIVE).await).await["id"].clone();
    let deliveries = world.items("deliveries", 0, 2).await;
    assert_eq!(
        field(&deliveries, "event"),
        ["message.sent", "message.status_updated"]
    );
    assert_eq!(field(&deliveries, "message_id"), [&id, &id]);

    let [sent, updated] = &world.came()[..] else {
        panic!("two events came")
    };
    assert_eq!(
        (&sent["event"], &sent["token"]),
        (&json!("message.sent"), &json!("hook"))
    );
    assert!(
        sent["timestamp"]
            .as_u64()
            .is_some_and(|seconds| seconds < 100_000_000_000)
    );
    assert_eq!(
        (&sent["data"]["id"], &sent["data"]["body"]),
        (&id, &json!("Hello"))
    );
    assert_eq!(sent["data"]["external_number"], "+1 870-457-5426");
    assert_eq!(sent["data"]["number"]["e164_digits"], "+14244162281");
    assert_eq!(sent["data"]["raw_digits"], Value::Null);
    assert_eq!(
        updated["data"],
        json!({ "id": id, "status": "delivered", "channel": null, "number": { "id": 1 } })
    );

    let came = world.webhook.came.lock().unwrap();
    let headers = &came[0].headers;
    assert_eq!(headers.get("content-type").unwrap(), "application/json");
    assert_eq!(headers.get("user-agent").unwrap(), "axios/1.7.0");
    assert_eq!(headers.get("aircall-origin").unwrap(), "webhooks");
}

#[tokio::test]
async fn status_events_wait_for_the_status_delay() {
    let world = World::with(&["--status-delay-ms", "150"]);
    let started = Instant::now();
    world.send(NATIVE).await;
    world.items("deliveries", 0, 2).await;
    assert!(Duration::from_millis(150) <= started.elapsed());
}

#[tokio::test]
async fn a_public_api_line_speaks_as_the_set_up_guide_shows() {
    let world = World::start();
    let text = json!({ "line": PUBLIC_API, "from": CONTACT, "body": "10k sqft in Carson" });
    let shown = json(world.control("contact-texts", text).await).await;
    world.items("deliveries", 0, 1).await;
    let came = &world.came()[0];
    assert_eq!(came, &shown["payload"]);
    let data = json!({
        "id": shown["id"],
        "status": "received",
        "direction": "inbound",
        "body": "10k sqft in Carson",
        "raw_digits": "18704575426",
        "number": { "id": 2, "digits": "+1 424-416-2282" },
    });
    assert_eq!(came["data"], data);
    assert_eq!(
        (&came["resource"], &came["event"]),
        (&json!("message"), &json!("message.received"))
    );
    assert!(
        came["timestamp"]
            .as_u64()
            .is_some_and(|ms| 1_000_000_000_000 < ms)
    );
}

#[tokio::test]
async fn a_configured_callback_takes_the_place_of_the_webhook_and_is_never_retried() {
    let world = World::start();
    world
        .webhook
        .answers
        .lock()
        .unwrap()
        .push_back(StatusCode::INTERNAL_SERVER_ERROR);
    let path = "/v1/numbers/2/messages/configuration";
    let request = world
        .api(Method::POST, path)
        .json(&json!({ "callbackUrl": world.webhook.url }));
    let token = json(request.send().await.unwrap()).await["token"].clone();

    world
        .control(
            "contact-texts",
            json!({ "line": PUBLIC_API, "from": CONTACT, "body": "Hello" }),
        )
        .await;
    let first = world.items("deliveries", 0, 1).await;
    assert_eq!(
        (&first[0]["channel"], &first[0]["status"]),
        (&json!("callback"), &json!(500))
    );
    world.send(PUBLIC_API).await;
    let second = world.items("deliveries", 1, 1).await;
    assert_eq!(
        (&second[0]["event"], &second[0]["attempt"]),
        (&json!("message.updated"), &json!(1))
    );
    assert_eq!(world.look("state").await["deliveries_waiting"], 0);

    let came = world.came();
    assert_eq!(
        (&came[0]["event_name"], &came[0]["event"]),
        (&json!("message.received"), &Value::Null)
    );
    assert_eq!((&came[0]["token"], &came[1]["token"]), (&token, &token));
    assert_eq!(
        world
            .control(
                "agent-texts",
                json!({ "line": 2, "to": CONTACT, "body": "Hi" })
            )
            .await
            .status(),
        400
    );
}

#[tokio::test]
async fn a_delivery_without_an_answer_is_recorded_with_its_cause() {
    let world = World::start();
    let path = "/v1/numbers/2/messages/configuration";
    let request = world
        .api(Method::POST, path)
        .json(&json!({ "callbackUrl": "http://127.0.0.1:1" }));
    request.send().await.unwrap();
    world
        .control(
            "contact-texts",
            json!({ "line": PUBLIC_API, "from": CONTACT, "body": "Hello" }),
        )
        .await;
    let attempt = &world.items("deliveries", 0, 1).await[0];
    assert_eq!(attempt["status"], Value::Null);
    assert!(
        attempt["error"]
            .as_str()
            .is_some_and(|error| error.contains("refused")),
        "{attempt}"
    );
}

#[tokio::test]
async fn a_line_may_tell_nobody() {
    let silent = ["--line", "id=3,digits=+1 424-416-2283,inbound=none"];
    let waiting = ["--line", "id=4,digits=+1 424-416-2284,inbound=callback"];
    let world = World::with(&[silent, waiting].concat());
    for line in [3, 4] {
        world
            .control(
                "contact-texts",
                json!({ "line": line, "from": CONTACT, "body": "Hello" }),
            )
            .await;
    }
    world
        .control(
            "contact-texts",
            json!({ "line": NATIVE, "from": CONTACT, "body": "Hello" }),
        )
        .await;
    let deliveries = world.items("deliveries", 0, 1).await;
    assert_eq!(
        world.came()[0]["data"]["number"]["id"],
        NATIVE,
        "{deliveries:?}"
    );
}

#[tokio::test]
async fn a_refused_delivery_is_tried_again_until_it_is_taken() {
    let world = World::start();
    world
        .webhook
        .answers
        .lock()
        .unwrap()
        .extend([StatusCode::INTERNAL_SERVER_ERROR, StatusCode::UNAUTHORIZED]);
    world
        .control(
            "contact-texts",
            json!({ "line": NATIVE, "from": CONTACT, "body": "Hello" }),
        )
        .await;
    let attempts = world.items("deliveries", 0, 3).await;
    assert_eq!(field(&attempts, "status"), [500, 401, 200]);
    assert_eq!(field(&attempts, "attempt"), [1, 2, 3]);
    let came = world.came();
    assert!(
        came.iter().all(|event| event == &came[0]),
        "a retry repeats the event: {came:?}"
    );
    // Another event's delivery is the next entry: the first event was not tried a fourth time.
    world
        .control(
            "contact-texts",
            json!({ "line": NATIVE, "from": CONTACT, "body": "Again" }),
        )
        .await;
    assert_eq!(
        field(&world.items("deliveries", 3, 1).await, "attempt"),
        [1]
    );
}

#[tokio::test]
async fn a_delivery_that_nobody_takes_is_given_up_after_fifty_retries() {
    let world = World::start();
    let answers = std::iter::repeat_n(StatusCode::SERVICE_UNAVAILABLE, 60);
    world.webhook.answers.lock().unwrap().extend(answers);
    world
        .control(
            "contact-texts",
            json!({ "line": NATIVE, "from": CONTACT, "body": "Hello" }),
        )
        .await;
    world.items("deliveries", 0, 51).await;
    assert_eq!(world.look("state").await["deliveries_waiting"], 0);
}

#[tokio::test]
async fn a_delivery_that_hangs_holds_up_no_other() {
    let world = World::start();
    world
        .control(
            "contact-texts",
            json!({ "line": NATIVE, "from": CONTACT, "body": "wait" }),
        )
        .await;
    let second = json!({ "line": NATIVE, "from": CONTACT, "body": "Hello" });
    let second = json(world.control("contact-texts", second).await).await;
    let deliveries = world.items("deliveries", 0, 1).await;
    assert_eq!(deliveries[0]["message_id"], second["id"]);
    world.webhook.release.notify_one();
    world.items("deliveries", 1, 1).await;
}

#[tokio::test]
async fn one_text_can_be_delivered_many_times_or_only_shown() {
    let world = World::start();
    let mut text =
        json!({ "line": NATIVE, "from": CONTACT, "body": "Hello", "id": "mine", "hold": true });
    assert_eq!(
        json(world.control("contact-texts", text.clone()).await).await["payload"]["data"]["id"],
        "mine"
    );
    text["hold"] = false.into();
    text["deliver"] = 3.into();
    world.control("contact-texts", text).await;
    world.items("deliveries", 0, 3).await;
    assert!(
        world
            .came()
            .iter()
            .all(|event| event["data"]["id"] == "mine")
    );

    let unknown = json!({ "line": 9, "from": CONTACT, "body": "Hello" });
    assert_eq!(world.control("contact-texts", unknown).await.status(), 404);
    let typo = json!({ "line": 1, "from": CONTACT, "text": "Hello" });
    assert_eq!(world.control("contact-texts", typo).await.status(), 400);
}

#[tokio::test]
async fn an_agents_text_is_an_event_but_no_message_of_ours() {
    let world = World::start();
    let text = json!({ "line": NATIVE, "to": CONTACT, "body": "Ann here" });
    let id = json(world.control("agent-texts", text).await).await["id"].clone();
    let deliveries = world.items("deliveries", 0, 2).await;
    assert_eq!(field(&deliveries, "message_id"), [&id, &id]);
    assert_eq!(
        (&world.came()[0]["event"], &world.came()[0]["data"]["body"]),
        (&json!("message.sent"), &json!("Ann here"))
    );
    assert_eq!(world.look("messages").await["newest"], 0);
}

#[tokio::test]
async fn a_long_poll_returns_as_soon_as_there_is_something() {
    let world = World::start();
    let started = Instant::now();
    let nothing = world.look("messages?wait_ms=50").await;
    assert_eq!(nothing, json!({ "newest": 0, "items": [] }));
    assert!(Duration::from_millis(50) <= started.elapsed());

    let (page, _) = tokio::join!(
        world.look("messages?since=0&wait_ms=30000"),
        world.send(PUBLIC_API)
    );
    assert_eq!(page["items"][0]["to"], CONTACT);
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_binary_says_where_it_listens_and_ends_at_sigterm() {
    let mut sim = Command::new(env!("CARGO_BIN_EXE_wex-sim"))
        .args([
            "--api-id",
            "id",
            "--api-token",
            "secret",
            "--webhook-token",
            "hook",
        ])
        .args(["--webhook-url", "http://127.0.0.1:1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(sim.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let address = line
        .trim_end()
        .strip_prefix("wex-sim listening on http://")
        .expect("the one line")
        .to_owned();

    let mut poll = TcpStream::connect(address).unwrap();
    poll.write_all(b"GET /_sim/messages?wait_ms=30000 HTTP/1.1\r\nHost: sim\r\n\r\n")
        .unwrap();
    let started = Instant::now();
    Command::new("kill")
        .arg(sim.id().to_string())
        .status()
        .unwrap();
    assert!(sim.wait().unwrap().success());
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "a waiting client does not hold it up"
    );
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line.lines().count(), 1, "{line}");
}

#[test]
fn wrong_arguments_are_explained() {
    let line = ["--line", "id=1,digits=4244162288,mode=public_api"];
    let good = [
        "--api-id",
        "id",
        "--api-token",
        "secret",
        "--webhook-url",
        "http://localhost",
        "--webhook-token",
        "hook",
    ];
    let error = Options::try_parse_from(["wex-sim"].iter().chain(&good).chain(&line))
        .unwrap_err()
        .to_string();
    assert!(error.contains("digits start with a plus"), "{error}");
    let error = Options::try_parse_from(["wex-sim"])
        .unwrap_err()
        .to_string();
    assert!(error.contains("--webhook-url"), "{error}");
    assert_eq!(
        Options::parse_from(["wex-sim"].iter().chain(&good))
            .lines
            .len(),
        2
    );
}

/// A webhook as the API shows it.
async fn webhook(world: &World, method: Method, path: &str, body: Value) -> (u16, Value) {
    let request = world.api(method, &format!("/v1/webhooks{path}"));
    let response = request.json(&body).send().await.expect("the sim answers");
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or_default())
}

async fn first_webhook(world: &World) -> Value {
    let (_, list) = webhook(world, Method::GET, "", Value::Null).await;
    list["webhooks"][0].clone()
}

#[tokio::test]
async fn the_accounts_webhook_is_listed_with_its_token_and_delivers_while_it_is_active() {
    let world = World::start();
    let first = first_webhook(&world).await;
    assert_eq!(
        (&first["url"], &first["token"], &first["active"]),
        (&json!(world.webhook.url), &json!("hook"), &json!(true))
    );
    let path = format!("/{}", first["webhook_id"].as_str().unwrap());
    let text = json!({ "line": NATIVE, "from": CONTACT, "body": "Hello" });
    for (active, deliveries) in [(false, 0), (true, 1)] {
        let change = json!({ "active": active, "events": first["events"] });
        let (status, changed) = webhook(&world, Method::PUT, &path, change).await;
        assert_eq!(
            (status, &changed["webhook"]["active"]),
            (200, &json!(active))
        );
        world.control("contact-texts", text.clone()).await;
        world.items("deliveries", 0, deliveries).await;
    }
}

#[tokio::test]
async fn a_webhook_without_events_is_subscribed_to_all_of_them() {
    let world = World::start();
    let url = "https://wex.example/api/sms/webhook";
    let (status, made) = webhook(&world, Method::POST, "", json!({ "url": url })).await;
    assert_eq!(status, 201);
    let events = made["webhook"]["events"].as_array().unwrap();
    assert!(events.contains(&json!("call.created")), "{events:?}");

    let path = format!("/{}", made["webhook"]["webhook_id"].as_str().unwrap());
    let three = json!(["message.sent", "message.received", "message.status_updated"]);
    let (_, narrow) = webhook(&world, Method::PUT, &path, json!({ "events": three })).await;
    assert_eq!(narrow["webhook"]["events"], three);
    assert_eq!(narrow["webhook"]["url"], url);
    let add = json!({ "events": ["call.created"] });
    let adding = format!("{path}?events_action=add");
    let (_, added) = webhook(&world, Method::PUT, &adding, add).await;
    assert_eq!(added["webhook"]["events"].as_array().unwrap().len(), 4);
    let (_, wide) = webhook(&world, Method::PUT, &path, json!({ "active": true })).await;
    assert_eq!(&wide["webhook"]["events"], &made["webhook"]["events"]);
}

#[tokio::test]
async fn every_webhook_gets_an_event_with_its_own_token_until_it_is_deleted() {
    let world = World::start();
    let events = ["message.received"];
    let second = json!({ "url": world.webhook.url, "events": events });
    let (_, second) = webhook(&world, Method::POST, "", second).await;
    let text = json!({ "line": NATIVE, "from": CONTACT, "body": "Hello" });
    world.control("contact-texts", text.clone()).await;
    world.items("deliveries", 0, 2).await;
    let came = world.came();
    let tokens = field(&came, "token");
    assert!(
        tokens.contains(&&json!("hook")) && tokens.contains(&&second["webhook"]["token"]),
        "{tokens:?}"
    );

    let path = format!("/{}", second["webhook"]["webhook_id"].as_str().unwrap());
    assert_eq!(
        webhook(&world, Method::DELETE, &path, Value::Null).await.0,
        204
    );
    assert_eq!(
        webhook(&world, Method::DELETE, &path, Value::Null).await.0,
        404
    );
    world.control("contact-texts", text).await;
    world.items("deliveries", 2, 1).await;
}

#[tokio::test]
async fn a_webhook_that_breaks_a_rule_is_refused() {
    let world = World::with(&["--rate-per-minute", "0"]);
    for body in [
        json!({ "custom_name": "No URL" }),
        json!({ "url": "http://wex.example/webhook" }),
        json!({ "url": "https://wex.example", "events": ["message.invented"] }),
        json!([]),
    ] {
        let (status, answer) = webhook(&world, Method::POST, "", body).await;
        assert_eq!((status, &answer["key"]), (400, &json!("InvalidPayload")));
    }
    let good = json!({ "url": "https://wex.example/webhook" });
    for _ in 1..100 {
        assert_eq!(webhook(&world, Method::POST, "", good.clone()).await.0, 201);
    }
    assert_eq!(webhook(&world, Method::POST, "", good).await.0, 400);
    let (_, page) = webhook(&world, Method::GET, "?page=2&per_page=50", Value::Null).await;
    assert_eq!(
        (
            page["webhooks"].as_array().unwrap().len(),
            &page["meta"]["total"]
        ),
        (50, &json!(100))
    );
}

#[tokio::test]
async fn a_plan_without_messaging_is_refused_as_wrong_credentials_are() {
    let world = World::start();
    let account = json!({ "has_messaging": false });
    assert_eq!(world.control("account", account).await.status(), 200);
    let request = world
        .api(Method::GET, "/v1/numbers/2/messages/configuration")
        .header("content-type", "application/json");
    assert_eq!(
        outcome(request.send().await.unwrap()).await,
        (403, "Forbidden".into())
    );
    assert_eq!(
        outcome(world.send(PUBLIC_API).await).await,
        (403, "Forbidden".into())
    );
    let company = world.api(Method::GET, "/v1/company").send().await.unwrap();
    assert_eq!(company.status(), 200);
}

#[tokio::test]
async fn the_date_of_an_answer_is_of_the_clock_that_was_set() {
    let world = World::start();
    let date = async || {
        let request = world.api(Method::GET, "/v1/ping");
        let response = request.send().await.unwrap();
        let dates: Vec<_> = response.headers().get_all("date").iter().collect();
        assert_eq!(dates.len(), 1);
        dates[0].to_str().unwrap().to_owned()
    };
    let ours = date().await;
    world
        .control("account", json!({ "clock_ahead_s": 86_400 }))
        .await;
    assert_ne!(date().await[..16], ours[..16]);
    let answer = world.control("account", json!({ "clock_ahead_s": 86_401 }));
    assert_eq!(answer.await.status(), 400);
}

#[tokio::test]
async fn a_webhook_is_disabled_after_failures_in_a_row_and_one_success_enables_it() {
    let world = World::with(&["--disable-after", "3"]);
    let text = json!({ "line": NATIVE, "from": CONTACT, "body": "Hello" });
    let fail = |times| {
        let mut answers = world.webhook.answers.lock().unwrap();
        answers.extend(std::iter::repeat_n(
            StatusCode::INTERNAL_SERVER_ERROR,
            times,
        ));
    };
    // The third attempt is a success, so there are never three failures in a row.
    fail(2);
    world.control("contact-texts", text.clone()).await;
    world.items("deliveries", 0, 3).await;
    assert_eq!(first_webhook(&world).await["active"], true);

    fail(51);
    world.control("contact-texts", text.clone()).await;
    world.items("deliveries", 3, 51).await;
    assert_eq!(first_webhook(&world).await["active"], false);
    world.control("contact-texts", text.clone()).await;
    assert_eq!(world.look("state").await["deliveries_waiting"], 0);

    // Disabled by the third failure, and enabled by the retry that is taken.
    let path = format!(
        "/{}",
        first_webhook(&world).await["webhook_id"].as_str().unwrap()
    );
    let enabled = json!({ "active": true, "events": ["message.received"] });
    webhook(&world, Method::PUT, &path, enabled).await;
    fail(3);
    world.control("contact-texts", text).await;
    world.items("deliveries", 54, 4).await;
    assert_eq!(first_webhook(&world).await["active"], true);
}
