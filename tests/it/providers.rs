//! What the client of language models promises, over HTTP, against a stand-in that enforces the vendors' rules.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use wex_domain::conversation::{Party, RecentText};
use wex_domain::event::ModelCall;
use wex_domain::intent::Intent;
use wex_domain::requirement::Requirement;
use wex_llm::{Assistant, Dialect, Prompts, Provider, ProviderConfig, Reading, TurnInput};
use wex_ops::demo::Script;
use wex_ops::stack::Settings;
use wex_sim::{Options, Sim};
use wex_tests::{BUYER, World};

use crate::processes;

const DIALECTS: [Dialect; 3] = [
    Dialect::OpenAi,
    Dialect::OpenAiCompatible,
    Dialect::Anthropic,
];

/// The spaces of the demo.
const SAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../shared/assistant/data/sample_listings.csv"
);

/// A stand-in of its own for one test.
pub(crate) struct Models {
    url: String,
    http: reqwest::Client,
    _server: JoinSet<std::io::Result<()>>,
}

impl Models {
    pub(crate) fn start() -> Self {
        let sim = Sim::bind(Options {
            listen: ([127, 0, 0, 1], 0).into(),
            api_id: "id".to_owned(),
            api_token: "token".to_owned(),
            lines: Vec::new(),
            webhook_url: "http://127.0.0.1:1/".to_owned(),
            webhook_token: "hook".to_owned(),
            rate_per_minute: 0,
            status_delay: Duration::ZERO,
            disable_after: 0,
            retry_delay: Duration::ZERO,
        })
        .expect("loopback has a free port");
        let url = format!("http://{}", sim.address().expect("it is bound"));
        let mut server = JoinSet::new();
        server.spawn(sim.serve_until(std::future::pending()));
        Self {
            url,
            http: reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("the defaults are good"),
            _server: server,
        }
    }

    pub(crate) fn config(&self, dialect: Dialect) -> ProviderConfig {
        let path = match dialect {
            Dialect::OpenAi => "openai/v1",
            Dialect::OpenAiCompatible => "compatible/v1",
            Dialect::Anthropic => "anthropic/",
        };
        ProviderConfig {
            dialect,
            base_url: format!("{}/{path}", self.url),
            api_key: SecretString::from("sim-key"),
            model: "sim-small".to_owned(),
            anthropic_version: "2026-10-21".to_owned(),
            timeout: Duration::from_secs(10),
            rest: Duration::ZERO,
            rate_per_minute: None,
        }
    }

    fn assistant(&self, dialect: Dialect) -> Assistant {
        assistant([self.config(dialect)])
    }

    /// A world whose worker asks these models, with the sample of spaces.
    async fn world(&self, dialect: Dialect) -> World {
        self.world_with(dialect, &[]).await
    }

    async fn world_with(&self, dialect: Dialect, variables: &[(&'static str, &str)]) -> World {
        let config = self.config(dialect);
        let mut worker_variables = vec![
            ("LISTINGS", SAMPLE.to_owned()),
            ("LLM_PROVIDER", dialect.as_str().to_owned()),
            ("LLM_BASE_URL", config.base_url),
            ("LLM_API_KEY", "sim-key".to_owned()),
            ("LLM_MODEL", config.model),
        ];
        let more = variables
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        worker_variables.extend(more);
        let settings = Settings {
            worker_variables,
            ..Settings::default()
        };
        World::start_with(processes(), settings).await
    }

    /// What the next requests are answered with, word for word.
    pub(crate) async fn will_say(&self, answers: &[Value]) {
        for answer in answers {
            self.order("answers", &json!({ "text": answer.to_string() }))
                .await;
        }
    }

    async fn order(&self, path: &str, order: &Value) {
        let sent = self
            .http
            .post(format!("{}/_sim/llm/{path}", self.url))
            .json(order)
            .send();
        let answer = sent.await.expect("the sim answers");
        assert_eq!(answer.status(), StatusCode::OK, "{order}");
    }

    pub(crate) async fn fail(&self, fault: &str, times: usize) {
        self.order("faults", &json!({ "fault": fault, "times": times }))
            .await;
    }

    /// What each request was answered, oldest first.
    async fn statuses(&self) -> Vec<u64> {
        let requests = self.requests().await;
        let statuses = requests.iter().map(|request| request["status"].as_u64());
        statuses.map(|status| status.expect("a status")).collect()
    }

    /// What came, oldest first.
    pub(crate) async fn requests(&self) -> Vec<Value> {
        self.page("").await
    }

    /// What came, once it is so many.
    async fn until_asked(&self, count: usize) -> Vec<Value> {
        let all = async {
            let mut came = Vec::new();
            while came.len() < count {
                let since = came.last().map_or(0, |last: &Value| {
                    last["seq"].as_u64().expect("each has a number")
                });
                came.extend(self.page(&format!("?since={since}&wait_ms=1000")).await);
            }
            came
        };
        tokio::time::timeout(Duration::from_secs(60), all)
            .await
            .expect("the models are asked")
    }

    async fn page(&self, query: &str) -> Vec<Value> {
        let sent = self
            .http
            .get(format!("{}/_sim/llm/requests{query}", self.url))
            .send();
        let page: Value = sent
            .await
            .expect("the sim answers")
            .json()
            .await
            .expect("JSON");
        page["items"].as_array().expect("a list").clone()
    }
}

fn assistant(configs: impl IntoIterator<Item = ProviderConfig>) -> Assistant {
    let provider = |config| Provider::new(config).expect("an address");
    Assistant {
        providers: configs.into_iter().map(provider).collect(),
        prices: "sim-small=1/0.1/10".parse().expect("prices"),
        ..Assistant::default()
    }
}

async fn read(assistant: &Assistant, texts: &[&str]) -> (Option<Reading>, Vec<ModelCall>) {
    let asked = assistant.understand(turn(texts)).await;
    (asked.answer, asked.calls)
}

fn turn<'a>(texts: &'a [&'a str]) -> TurnInput<'a> {
    static HISTORY: LazyLock<Vec<RecentText>> = LazyLock::new(|| {
        let text = |at_ms| RecentText {
            from: Party::Contact,
            body: "before, from 424-416-2288".to_owned(),
            at_ms,
        };
        (0..20).map(text).collect()
    });
    static NOTHING: LazyLock<Requirement> = LazyLock::new(Requirement::default);
    TurnInput {
        texts,
        today: jiff::civil::date(2026, 11, 23),
        history: &HISTORY,
        requirement: &NOTHING,
        options: &[],
        pseudonym: Some("5f1d"),
    }
}

/// An answer with these slots, as an honest or dishonest model would give it.
fn answer(intent: &str, slots: &Value) -> Value {
    json!({
        "intents": [intent], "opt_out_signal": "none", "slots": slots, "selected_options": [],
        "language": "en", "injection_suspected": false, "needs_human": "none",
    })
}

#[tokio::test]
async fn both_providers_read_a_need_and_each_call_is_recorded_with_what_it_cost() {
    for dialect in DIALECTS {
        let models = Models::start();
        let (reading, calls) = read(
            &models.assistant(dialect),
            &["Hi, need 10k sqft", "in Carson for storage"],
        )
        .await;

        let reading = reading.expect("an answer");
        assert_eq!(reading.intent, Intent::NewRequirement);
        assert_eq!(reading.understood.sqft_min, Some(10_000));
        assert_eq!(reading.understood.locations[0].name, "Carson");
        let [call] = &calls[..] else {
            panic!("{calls:?}");
        };
        assert_eq!(
            (call.provider.as_str(), call.model.as_str()),
            (dialect.as_str(), "sim-small")
        );
        assert_eq!(call.prompt_hash, Prompts::default().understand().hash);
        assert_eq!(call.cost_microusd, call.tokens_in + 10 * call.tokens_out);
        assert!(call.tokens_in > 0 && call.tokens_out > 0, "{call:?}");
    }
}

#[tokio::test]
async fn spanish_is_read_and_said_to_be() {
    let models = Models::start();
    let (reading, _) = read(
        &models.assistant(Dialect::Anthropic),
        &["Necesito 10,000 pies en Torrance"],
    )
    .await;
    let reading = reading.expect("an answer");
    assert_eq!(reading.language, Some(wex_domain::understand::Language::Es));
    assert_eq!(reading.understood.sqft_max, Some(10_000));
}

#[tokio::test]
async fn what_a_buyer_needs_beyond_place_size_and_use_is_quoted_and_read_by_our_parsers() {
    let text = "budget wise we can swing 1.40 nnn, want in the first of march, trucks need 4 docks";
    for dialect in DIALECTS {
        let models = Models::start();
        let slots = json!([
            { "slot": "budget", "op": "set", "value": "1.40 nnn", "quote": "1.40 nnn" },
            { "slot": "start", "op": "set", "value": "first of march", "quote": "first of march" },
            { "slot": "dock_doors", "op": "set", "value": "4", "quote": "4" },
            { "slot": "term", "op": "set", "value": "3 years", "quote": "3 years" },
        ]);
        models
            .will_say(&[answer("update_requirement", &slots)])
            .await;
        let (reading, _) = read(&models.assistant(dialect), &[text]).await;
        let reading = reading.expect("an answer");
        assert_eq!(reading.unsupported, 1, "nobody wrote 3 years");
        let criteria = reading.understood.criteria;
        assert_eq!(criteria.budget_amount, Some(1.4));
        assert_eq!(criteria.start_from, Some(jiff::civil::date(2027, 3, 1)));
        assert_eq!(criteria.dock_doors_min, Some(4));
    }
}

#[tokio::test]
async fn a_model_that_invents_is_not_believed() {
    for dialect in DIALECTS {
        let models = Models::start();
        let slots = json!([
            { "slot": "size", "op": "set", "value": "50k sqft", "quote": "50k sqft" },
            { "slot": "location", "op": "add", "value": "Vernon", "quote": "in Carson" },
        ]);
        let text = answer("new_requirement", &slots).to_string();
        models.order("answers", &json!({ "text": text })).await;
        let (reading, _) = read(&models.assistant(dialect), &["10k sqft in Carson"]).await;
        let reading = reading.expect("an answer");
        assert_eq!(reading.unsupported, 2);
        assert_eq!(
            reading.understood,
            wex_domain::understand::Understood::default()
        );
    }
}

/// The fault, how often it comes, whether the turn is read in the end, and after how many requests.
const FAULTS: [(&str, usize, bool, usize); 36] = [
    ("server_error", 1, true, 2),
    ("server_error", 3, false, 3),
    ("plain_error", 1, true, 2),
    ("timeout", 1, true, 2),
    ("conflict", 1, true, 2),
    ("gateway_timeout", 1, true, 2),
    ("bad_gateway", 1, true, 2),
    ("unavailable", 1, true, 2),
    ("overloaded", 1, true, 2),
    ("ok_html", 1, true, 2),
    ("drop", 1, true, 2),
    ("rate_limited", 2, true, 3),
    ("rate_limited", 3, false, 3),
    ("ramp_limit", 1, true, 2),
    ("do_not_retry", 1, false, 1),
    ("out_of_credit", 1, false, 1),
    ("contract_limit", 1, false, 1),
    ("billing", 1, false, 1),
    ("on_hold", 1, false, 1),
    ("unauthorized", 1, false, 1),
    ("forbidden", 1, false, 1),
    ("not_found", 1, false, 1),
    ("schema_rejected", 1, false, 1),
    ("content_filter", 1, false, 1),
    ("refusal", 1, false, 1),
    ("filtered", 1, false, 1),
    ("context_too_long", 1, true, 2),
    ("context_too_long", 2, false, 2),
    ("too_large", 1, true, 2),
    ("context_full", 1, true, 2),
    ("truncated", 1, true, 2),
    ("truncated", 2, false, 2),
    ("invalid_json", 1, true, 2),
    ("invalid_json", 2, false, 2),
    ("other_shape", 1, true, 2),
    ("empty", 1, true, 2),
];

#[tokio::test]
async fn each_failure_is_retried_repaired_shrunk_or_given_up_as_its_class_demands() {
    let mut cases = JoinSet::new();
    for dialect in DIALECTS {
        for (fault, times, is_read, requests) in FAULTS {
            cases.spawn(async move {
                let models = Models::start();
                models.fail(fault, times).await;
                let (reading, _) = read(&models.assistant(dialect), &["10k sqft in Carson"]).await;
                let came = models.requests().await;
                assert_eq!(reading.is_some(), is_read, "{dialect:?} {fault} × {times}");
                assert_eq!(came.len(), requests, "{dialect:?} {fault} × {times}");
            });
            // Each has a server of its own: a few at a time.
            if cases.len() >= 8
                && let Some(ended) = cases.join_next().await
            {
                ended.expect("the case holds");
            }
        }
    }
    while let Some(ended) = cases.join_next().await {
        ended.expect("the case holds");
    }
}

#[tokio::test]
async fn a_repair_shows_the_answer_and_its_problem_and_a_shrunk_request_less_history() {
    for dialect in DIALECTS {
        let models = Models::start();
        models.fail("other_shape", 1).await;
        read(&models.assistant(dialect), &["10k sqft in Carson"]).await;
        let requests = models.requests().await;
        let messages = requests[1]["body"]["messages"]
            .as_array()
            .expect("messages");
        let [.., shown, problem] = &messages[..] else {
            panic!("{messages:?}");
        };
        assert_eq!(shown["content"], "{\"intent\": \"greeting\"}");
        let problem = problem["content"].as_str().expect("a text");
        assert!(problem.contains("unknown field `intent`"), "{problem}");

        let models = Models::start();
        models.fail("context_too_long", 1).await;
        read(&models.assistant(dialect), &["10k sqft in Carson"]).await;
        let requests = models.requests().await;
        let said_before = |request: &Value| {
            request["body"]["messages"]
                .to_string()
                .matches("contact: before")
                .count()
        };
        assert_eq!(
            (said_before(&requests[0]), said_before(&requests[1])),
            (12, 2)
        );
    }
}

#[tokio::test]
async fn the_fallback_answers_while_the_primary_cannot() {
    let (primary, fallback) = (Models::start(), Models::start());
    let assistant = assistant([
        primary.config(Dialect::OpenAi),
        fallback.config(Dialect::Anthropic),
    ]);
    for fault in ["unauthorized", "out_of_credit", "refusal"] {
        primary.fail(fault, 1).await;
        let (reading, calls) = read(&assistant, &["10k sqft in Carson"]).await;
        assert_eq!(
            reading.expect("an answer").understood.sqft_min,
            Some(10_000),
            "{fault}"
        );
        assert_eq!(
            calls.last().expect("a call").provider,
            "anthropic",
            "{fault}"
        );
    }
    // Without a fault the primary is asked again.
    let (_, calls) = read(&assistant, &["10k sqft in Carson"]).await;
    assert_eq!(calls.last().expect("a call").provider, "openai");
}

#[tokio::test]
async fn a_provider_that_is_too_slow_is_given_up_and_so_is_one_that_asks_to_wait_long() {
    for dialect in DIALECTS {
        for fault in ["slow", "slow_body"] {
            let models = Models::start();
            let order = json!({ "fault": fault, "times": 3, "delay_ms": 20_000 });
            models.order("faults", &order).await;
            let mut config = models.config(dialect);
            config.timeout = Duration::from_millis(200);
            let (reading, _) = read(&assistant([config]), &["10k sqft in Carson"]).await;
            assert!(reading.is_none(), "{fault}");
        }

        let models = Models::start();
        // A moment is waited for.
        for fault in ["rate_limited", "ramp_limit", "unavailable", "overloaded"] {
            let order = json!({ "fault": fault, "retry_after_ms": 300 });
            models.order("faults", &order).await;
            let started = Instant::now();
            let (reading, _) = read(&models.assistant(dialect), &["10k sqft in Carson"]).await;
            assert!(reading.is_some(), "{fault}");
            assert!(started.elapsed() >= Duration::from_millis(300), "{fault}");
        }

        for fault in ["rate_limited", "ramp_limit", "unavailable", "overloaded"] {
            let models = Models::start();
            let assistant = models.assistant(dialect);
            let order = json!({ "fault": fault, "retry_after_ms": 60_000 });
            models.order("faults", &order).await;
            for _ in 0..2 {
                let asked = assistant.understand(turn(&["10k sqft in Carson"])).await;
                assert!(asked.answer.is_none(), "{fault}");
                let again_in = asked.again_in.expect("it was said");
                assert!(
                    (Duration::from_secs(50)..=Duration::from_secs(60)).contains(&again_in),
                    "{fault}: {again_in:?}"
                );
            }
            assert_eq!(models.requests().await.len(), 1, "{fault}: until then");
        }
    }
}

#[tokio::test]
async fn a_call_waits_a_moment_for_its_share_of_the_rate_and_leaves_what_takes_longer_to_the_fallback()
 {
    let (primary, fallback) = (Models::start(), Models::start());
    let assistant_with = |waits: &[u64]| {
        let mut config = primary.config(Dialect::OpenAi);
        config.rate_per_minute = Some(7);
        let mut assistant = assistant([config, fallback.config(Dialect::Anthropic)]);
        let waits = Mutex::new(waits.iter().copied().collect::<VecDeque<_>>());
        assistant.providers[0].take_from(Arc::new(move |allowance, per_minute| {
            assert_eq!(
                (allowance.as_str(), per_minute),
                ("llm:openai:sim-small", 7)
            );
            let wait = waits.lock().expect("nothing panics").pop_front();
            Box::pin(std::future::ready(wait.map(Duration::from_millis)))
        }));
        assistant
    };
    let provider = async |waits: &[u64]| {
        let (reading, calls) = read(&assistant_with(waits), &["10k sqft in Carson"]).await;
        assert!(reading.is_some());
        calls.last().expect("a call").provider.clone()
    };
    assert_eq!(provider(&[]).await, "openai");
    assert_eq!(provider(&[50, 50]).await, "openai");
    assert_eq!(provider(&[9_000]).await, "anthropic");
    assert_eq!(primary.requests().await.len(), 2);
}

#[tokio::test]
async fn all_workers_together_ask_no_more_often_than_the_rate_allows_and_nobody_waits_for_it() {
    const RATE: usize = 5;
    let models = Models::start();
    let variables = [("LLM_RATE_PER_MINUTE", "5"), ("LLM_WORDING", "false")];
    let world = models.world_with(Dialect::OpenAi, &variables).await;
    let mut others = Vec::new();
    for _ in 1..4 {
        others.push(world.new_worker().await);
    }
    let started = Instant::now();
    for contact in 0..20 {
        let contact = format!("+187045754{contact:02}");
        let text = "10k sqft in Carson for storage";
        world.contact_texts(&contact, text).await;
    }
    let sent = world.sent(20).await;
    assert!(sent.iter().all(|sent| sent.body.contains("1) Carson")));
    let asked = models.requests().await.len();
    let minutes = usize::try_from(started.elapsed().as_secs() / 60 + 1).expect("a few");
    assert!((RATE..=RATE * minutes).contains(&asked), "{asked}");
}

#[tokio::test]
async fn what_only_a_model_understands_waits_while_its_provider_asks_us_to_and_the_rest_is_answered()
 {
    let models = Models::start();
    let world = models.world(Dialect::OpenAi).await;
    let order = json!({ "fault": "rate_limited", "retry_after_ms": 9_000 });
    models.order("faults", &order).await;
    models
        .will_say(&[answer("ask_general_question", &json!([]))])
        .await;

    world.buyer_texts("wherefore thou, and whence?").await;
    models.until_asked(1).await;
    let other = "+13105550199";
    world
        .contact_texts(other, "10k sqft in Carson for storage")
        .await;
    let sent = world.sim.messages_since(0).await.expect("wex-sim answers");
    assert_eq!(sent[0].to, other, "the rules understand this one");
    let peek = world.wex(&["queue", "peek", "inbound"]).await;
    assert!(peek.contains("no model can be asked until then"), "{peek}");

    let sent = world.sent(2).await;
    assert_eq!(sent[1].to, BUYER);
    assert!(
        !sent[1].body.contains("didn't get that"),
        "{}",
        sent[1].body
    );
    let statuses = models.statuses().await;
    assert_eq!(statuses[..2], [429, 200]);
}

#[tokio::test]
async fn a_vendor_is_told_to_keep_nothing_and_who_texts_by_a_name_that_shows_no_number() {
    let models = Models::start();
    let world = models.world(Dialect::OpenAi).await;
    for (count, contact) in (1..).zip([BUYER, "+13105550199", BUYER]) {
        world.contact_texts(contact, "10k sqft in Carson").await;
        world.sent(count).await;
    }
    let requests = models.until_asked(3).await;
    let of = |at: usize, name: &str| requests[at]["body"][name].clone();
    assert_eq!(of(0, "store"), json!(false));
    let key = of(0, "prompt_cache_key");
    assert!(
        key.as_str()
            .is_some_and(|key| key.starts_with("wex-understanding-")),
        "{key}"
    );
    let names: Vec<Value> = (0..3).map(|at| of(at, "safety_identifier")).collect();
    let distinct: HashSet<String> = names.iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), 2, "{names:?}");
    for name in names {
        let name = name.as_str().expect("a text");
        assert!(name.len() == 32 && !name.contains("4575426") && !name.contains("5550199"));
    }
}

#[tokio::test]
async fn no_phone_number_and_no_address_reaches_a_provider() {
    for dialect in DIALECTS {
        let models = Models::start();
        read(
            &models.assistant(dialect),
            &["call 310-555-0199 or (310) 555-0199", "jo@acme.example"],
        )
        .await;
        let [request] = &models.requests().await[..] else {
            panic!("one request");
        };
        let sent = request["body"].to_string();
        for private in ["555", "0199", "416-2288", "jo@acme"] {
            assert!(!sent.contains(private), "{private}");
        }
        assert!(sent.contains("[phone]") && sent.contains("[email]"));
    }
}

#[tokio::test]
async fn nothing_that_the_client_sends_breaks_a_rule_and_breaking_any_is_refused() {
    for dialect in DIALECTS {
        let models = Models::start();
        // An ordinary request, a repair, one after a cut, one that is shrunk.
        for fault in ["empty", "truncated", "context_too_long", "invalid_json"] {
            models.fail(fault, 1).await;
            let (reading, _) = read(
                &models.assistant(dialect),
                &["¿Hay 10k sqft en Carson? \u{1f64f} \"\\"],
            )
            .await;
            assert!(reading.is_some(), "{fault}");
        }
        let requests = models.requests().await;
        assert_eq!(requests.len(), 8);
        for request in &requests {
            assert_eq!(request["refused"], Value::Null);
        }

        let good = &requests[0]["body"];
        let (path, schema) = match dialect {
            Dialect::OpenAi => (
                "openai/v1/chat/completions",
                "/response_format/json_schema/schema",
            ),
            Dialect::OpenAiCompatible => (
                "compatible/v1/chat/completions",
                "/response_format/json_schema/schema",
            ),
            Dialect::Anthropic => ("anthropic/v1/messages", "/output_config/format/schema"),
        };
        let ask = |key: &'static str, version: &'static str, body: Value| {
            let post = models
                .http
                .post(format!("{}/{path}", models.url))
                .json(&body);
            let post = match dialect {
                Dialect::OpenAi | Dialect::OpenAiCompatible => post.bearer_auth(key),
                Dialect::Anthropic => post
                    .header("x-api-key", key)
                    .header("anthropic-version", version),
            };
            async {
                post.send()
                    .await
                    .expect("the sim answers")
                    .status()
                    .as_u16()
            }
        };
        assert_eq!(ask("sim-key", "2026-10-21", good.clone()).await, 200);
        assert_eq!(ask("other", "2026-10-21", good.clone()).await, 401);
        if dialect == Dialect::Anthropic {
            assert_eq!(ask("sim-key", "2020-01-01", good.clone()).await, 400);
        }
        let edits: [(&str, Value, u16); 9] = [
            ("/temperature", json!(0.2), 400),
            ("/top_p", json!(1), 400),
            ("/model", json!("gpt-0"), 404),
            ("/messages", json!([]), 400),
            (
                &format!("{schema}/properties/language/type"),
                json!(["string", "null"]),
                400,
            ),
            (
                &format!("{schema}/properties/language/anyOf"),
                json!([]),
                400,
            ),
            (
                &format!("{schema}/properties/extra"),
                json!({ "type": "string" }),
                400,
            ),
            (&format!("{schema}/additionalProperties"), json!(true), 400),
            (
                &format!("{schema}/properties/selected_options/items/minimum"),
                json!(1),
                400,
            ),
        ];
        for (at, value, status) in edits {
            let mut body = good.clone();
            let (parent, name) = at.rsplit_once('/').expect("a path");
            body.pointer_mut(parent).expect("it is there")[name] = value;
            assert_eq!(
                ask("sim-key", "2026-10-21", body).await,
                status,
                "{dialect:?} {at}"
            );
        }
    }
}

/// What is answered to the six texts of the demo; `before` is called before each, with its number from 1.
async fn answers(world: &World, script: Script, before: impl AsyncFn(usize)) -> Vec<String> {
    for (turn, text) in (1..).zip(script.texts()) {
        before(turn).await;
        world.buyer_texts(text).await;
        assert_eq!(world.sent(turn).await.len(), turn, "{text}");
    }
    let sent = world.sent(script.texts().len()).await;
    sent.into_iter().map(|sent| sent.body).collect()
}

/// The models are out during the third and the fourth turn.
#[tokio::test]
async fn a_conversation_goes_on_through_an_outage_of_its_models_and_nobody_texting_sees_it() {
    for (dialect, script) in [
        (Dialect::OpenAi, Script::En),
        (Dialect::Anthropic, Script::Es),
    ] {
        let models = Models::start();
        let fail = async |turn| {
            if turn == 3 {
                models.fail("unavailable", 6).await;
            }
        };
        let answered = answers(&models.world(dialect).await, script, fail).await;

        let statuses = models.statuses().await;
        // After five failures the models are left alone; the rules go on.
        assert_eq!(statuses, [200, 200, 503, 503, 503, 503, 503]);

        let settings = Settings {
            worker_variables: vec![("LISTINGS", SAMPLE.to_owned())],
            ..Settings::default()
        };
        let without_models = World::start_with(processes(), settings).await;
        assert_eq!(
            answered,
            answers(&without_models, script, async |_| {}).await
        );
    }
}

#[tokio::test]
async fn a_provider_that_keeps_failing_is_left_alone_and_asked_again_after_its_rest() {
    for dialect in DIALECTS {
        let models = Models::start();
        let mut config = models.config(dialect);
        config.rest = Duration::from_secs(3);
        let assistant = assistant([config]);
        models.fail("unavailable", 5).await;
        // Three tries of one turn and two of the next; a third turn asks nobody.
        for _ in 0..3 {
            let (reading, _) = read(&assistant, &["10k sqft in Carson"]).await;
            assert!(reading.is_none());
        }
        assert_eq!(models.requests().await.len(), 5);

        let recovered = async {
            let mut tries = tokio::time::interval(Duration::from_millis(100));
            while read(&assistant, &["10k sqft in Carson"]).await.0.is_none() {
                tries.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), recovered)
            .await
            .expect("it is asked again");
        assert_eq!(models.requests().await.len(), 6);
    }
}

/// The replies of our side so far.
async fn bodies(world: &World, count: usize) -> Vec<String> {
    let sent = world.sent(count).await;
    sent.into_iter().map(|sent| sent.body).collect()
}

#[tokio::test]
async fn a_model_words_an_answer_from_the_facts_alone_or_a_template_does() {
    let reply = |text: &str| json!({ "reply": text });
    let mut choice = answer("select_option", &json!([]));
    choice["selected_options"] = json!([1]);
    let question = answer("ask_listing_question", &json!([]));
    for dialect in DIALECTS {
        let models = Models::start();
        let world = models.world(dialect).await;
        world.buyer_texts("10k sqft in Carson for storage").await;
        world.sent(1).await;

        // As it should be.
        let good = "Sure - #1 in Carson is 10,500 sqft at $1.45/sqft/mo NNN. Want to see it?";
        models.will_say(&[choice.clone(), reply(good)]).await;
        world.buyer_texts("the first one").await;
        assert_eq!(bodies(&world, 2).await[1], good);

        // A number that nobody gave, then a promise: a template says it.
        let invented = reply("It has 99 dock doors!");
        let promised = reply("It's reserved for you.");
        models
            .will_say(&[question.clone(), invented.clone(), promised])
            .await;
        world.buyer_texts("how many docks does it have?").await;
        let said = &bodies(&world, 3).await[2];
        assert!(said.starts_with("#1 in Carson: "), "{said}");
        let requests = models.requests().await;
        let redraft = requests.last().expect("a request")["body"]["messages"].to_string();
        assert!(
            redraft.contains("That text may not be sent: the number 99 is not in the facts"),
            "{redraft}"
        );

        // The second wording is good.
        let mended = "#1 in Carson: let me know if you'd like a tour.";
        models
            .will_say(&[question.clone(), invented, reply(mended)])
            .await;
        world.buyer_texts("and what is the clear height?").await;
        assert_eq!(bodies(&world, 4).await[3], mended);
    }
}

#[tokio::test]
async fn what_has_consequences_is_said_in_our_own_words() {
    let models = Models::start();
    let world = models.world(Dialect::OpenAi).await;
    for (count, text) in ["10k sqft in Carson for storage", "can someone call me"]
        .iter()
        .enumerate()
    {
        world.buyer_texts(text).await;
        world.sent(count + 1).await;
    }
    // The list was read by a model and worded by a template; who asks for a person needs no model at all.
    assert_eq!(models.requests().await.len(), 1);
}

#[tokio::test]
async fn what_may_be_an_opt_out_is_answered_once_a_model_has_read_it_and_told_to_people() {
    let models = Models::start();
    let world = models.world(Dialect::Anthropic).await;
    world.buyer_texts("10k sqft in Carson for storage").await;
    world.sent(1).await;
    let mut unclear = answer("update_requirement", &json!([]));
    unclear["opt_out_signal"] = json!("ambiguous");
    models.will_say(&[unclear]).await;
    world
        .buyer_texts("stop sending me stuff in Riverside, only Carson please")
        .await;
    let said = &bodies(&world, 2).await[1];
    assert!(said.ends_with("Reply STOP to opt out."), "{said}");
    world.until_recorded().await;
    let shown = world.wex(&["conversations", "show", BUYER]).await;
    assert!(
        shown.contains("handoff_requested reason=opt_out_unclear"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_budget_that_is_spent_leaves_turns_to_the_rules() {
    // What, and how many requests two contacts with two turns each lead to.
    for (variables, requests) in [
        (&[("LLM_BUDGET_PER_DAY", "1tokens")][..], 1),
        (&[("LLM_BUDGET_PER_CONVERSATION", "1tokens")], 2),
        (
            &[
                ("LLM_BUDGET_PER_DAY", "0.000001usd"),
                ("LLM_PRICES", "sim-small=1/0.1/10"),
            ],
            1,
        ),
        (&[("LLM_BUDGET_PER_DAY", "1000000tokens")], 4),
    ] {
        let models = Models::start();
        let world = models.world_with(Dialect::OpenAi, variables).await;
        let texts = [
            (BUYER, "10k sqft in Carson for storage"),
            (BUYER, "make it 12k sqft"),
            ("+13105550199", "10k sqft in Carson for storage"),
            ("+13105550199", "make it 12k sqft"),
        ];
        for (count, (contact, text)) in texts.into_iter().enumerate() {
            world.contact_texts(contact, text).await;
            let said = &bodies(&world, count + 1).await[count];
            assert!(said.contains("1) Carson"), "{said}");
        }
        assert_eq!(models.requests().await.len(), requests, "{variables:?}");

        let report = world.wex(&["report", "spending", "--json"]).await;
        let today: Value = serde_json::from_str(report.lines().next().expect("today")).unwrap();
        assert!(
            today["tokens"].as_u64().is_some_and(|tokens| tokens > 0),
            "{report}"
        );
    }
}

#[tokio::test]
async fn who_wants_out_in_words_that_only_a_model_understands_is_left_alone() {
    let models = Models::start();
    let world = models.world(Dialect::Anthropic).await;
    let mut clear = answer("opt_out", &json!([]));
    clear["opt_out_signal"] = json!("clear");
    models.will_say(&[clear]).await;

    world.buyer_texts("lose my digits, forever").await;
    world.sent(1).await;
    world.buyer_texts("10k sqft in Carson").await;
    world.until_heard(2).await;

    let bodies: Vec<String> = world
        .sent(1)
        .await
        .into_iter()
        .map(|sent| sent.body)
        .collect();
    assert_eq!(bodies, [wex_domain::consent::OPT_OUT_CONFIRMATION]);
}
