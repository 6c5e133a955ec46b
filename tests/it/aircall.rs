//! `wex aircall`: the set-up at Aircall as commands, what the doctor finds, and the worker that looks after the webhook.

use std::process::Output;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use wex_ops::stack::{SendMode, Settings};
use wex_queue::{HeldGate, WHOLE_QUEUE};
use wex_tests::{BUYER, PATIENCE, World};

use crate::processes;

type Variables = [(&'static str, &'static str)];

/// A world, and the settings of its operator.
struct Desk {
    world: World,
    variables: Vec<(&'static str, String)>,
    http: reqwest::Client,
    /// Where the ingress and the operator read the webhook's tokens.
    tokens: TempDir,
}

/// How a command ended.
#[derive(Debug)]
struct Ended {
    code: i32,
    said: String,
    error: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code().expect("wex ends by itself"),
            said: text(&output.stdout),
            error: text(&output.stderr),
        }
    }
}

impl Desk {
    async fn open(send_mode: SendMode, rate_per_minute: u32) -> Self {
        Self::open_with(Settings {
            send_mode,
            rate_per_minute,
            ..Settings::default()
        })
        .await
    }

    async fn open_with(mut settings: Settings) -> Self {
        let send_mode = settings.send_mode;
        let tokens = TempDir::new().expect("a temporary directory");
        let file = tokens.path().join("tokens").display().to_string();
        std::fs::write(&file, &settings.webhook_token).expect("room for a token");
        settings.ingress_variables = vec![
            ("AIRCALL_WEBHOOK_TOKEN", String::new()),
            ("AIRCALL_WEBHOOK_TOKEN_FILE", file.clone()),
        ];
        let world = World::start_without_worker(processes(), settings).await;
        let mode = match send_mode {
            SendMode::Native => "native",
            SendMode::PublicApi => "public_api",
        };
        let variables = vec![
            ("AIRCALL_API_ID", world.settings.api_id.clone()),
            ("AIRCALL_API_TOKEN", world.settings.api_token.clone()),
            ("AIRCALL_BASE_URL", world.aircall_url().to_owned()),
            ("AIRCALL_SEND_MODE", mode.to_owned()),
            ("AIRCALL_NUMBER", world.settings.supplier.1.clone()),
            ("AIRCALL_BUYER_NUMBER", world.settings.buyer.1.clone()),
            ("AIRCALL_WEBHOOK_TOKEN_FILE", file),
            (
                "AIRCALL_WEBHOOK_URL",
                format!("{}/api/sms/buyer/webhook", world.ingress_url),
            ),
            ("INGRESS_ADDR", world.ingress_url.replace("http://", "")),
        ];
        Self {
            world,
            variables,
            http: reqwest::Client::new(),
            tokens,
        }
    }

    /// Lines in native mode; the account's one webhook is ours and well.
    async fn native() -> Self {
        Self::open(SendMode::Native, 0).await
    }

    /// Lines in Public API mode with callbacks to us, set up by the commands; no webhook.
    async fn public_api() -> Self {
        let desk = Self::open(SendMode::PublicApi, 0).await;
        // An address from which something good came is not limited, however often the doctor meets a wrong token.
        let token = &desk.world.settings.webhook_token;
        let nothing = json!({ "event": "call.created", "token": token, "data": {} });
        desk.world
            .post("/api/sms/webhook", nothing.to_string())
            .await;
        for side in ["buyer", "supplier"] {
            let url = format!("{}/api/sms/{side}/webhook", desk.world.ingress_url);
            desk.ok(&["configure", side, "--callback-url", &url, "--yes"])
                .await;
        }
        let webhook = desk.webhook().await;
        let id = webhook["webhook_id"].as_str().expect("an id");
        desk.ok(&["webhook", "delete", id, "--yes"]).await;
        desk.learn_tokens().await;
        desk
    }

    /// Gives the ingress the tokens of both lines' callbacks, and waits until it has them.
    async fn learn_tokens(&self) {
        let mut tokens = Vec::new();
        for side in ["buyer", "supplier"] {
            tokens.push(self.ok(&["show", side, "--token"]).await.trim().to_owned());
        }
        self.write_tokens(&tokens.join(","));
        self.until_well().await;
    }

    /// Waits until every process shows this metric; the ingress is asked.
    async fn until_shown(&self, line: &str) {
        let shown = async { while !self.world.get("/metrics").await.1.contains(line) {} };
        let waited = tokio::time::timeout(PATIENCE, shown).await;
        assert!(waited.is_ok(), "{line}\n{}", self.world.what_happened());
    }

    fn write_tokens(&self, tokens: &str) {
        std::fs::write(self.tokens.path().join("tokens"), tokens).expect("room for tokens");
    }

    /// The ingress reads its tokens again every two seconds, and says so to nobody but its log.
    async fn until_well(&self) {
        let well = async {
            while !self
                .doctor(&[])
                .await
                .iter()
                .all(|found| found["result"] == "ok")
            {}
        };
        let waited = tokio::time::timeout(PATIENCE, well).await;
        assert!(waited.is_ok(), "{:#?}", self.doctor(&[]).await);
    }

    async fn run_with(&self, arguments: &[&str], variables: &Variables) -> Ended {
        let mut command = self.world.wex_command(&[&["aircall"], arguments].concat());
        command.envs(self.variables.iter().cloned());
        for (name, value) in variables {
            command.env(name, value);
            // A token that is set here takes the place of the one in the file.
            if *name == "AIRCALL_WEBHOOK_TOKEN" {
                command.env_remove("AIRCALL_WEBHOOK_TOKEN_FILE");
            }
        }
        Ended::of(&command.output().await.expect("wex runs"))
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, &[]).await
    }

    /// Runs a command that has to succeed; returns what it printed.
    async fn ok(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments).await;
        assert_eq!(ended.code, 0, "{arguments:?}: {ended:?}");
        ended.said
    }

    /// The object that a command with `--json` prints.
    async fn json(&self, arguments: &[&str]) -> Value {
        let said = self.ok(&[arguments, &["--json"]].concat()).await;
        serde_json::from_str(&said).expect("an object")
    }

    /// What the doctor finds. It never prints a secret.
    async fn doctor(&self, variables: &Variables) -> Vec<Value> {
        let ended = self.run_with(&["doctor", "--json"], variables).await;
        let secrets = [
            &self.world.settings.api_token,
            &self.world.settings.webhook_token,
        ];
        for secret in secrets {
            assert!(!ended.said.contains(secret.as_str()), "{}", ended.said);
            assert!(!ended.error.contains(secret.as_str()), "{}", ended.error);
        }
        let read = |line| serde_json::from_str(line).expect("a line is an object");
        let findings: Vec<Value> = ended.said.lines().map(read).collect();
        let has_problem = findings.iter().any(|found| found["result"] == "problem");
        assert_eq!(ended.code, i32::from(has_problem), "{ended:?}");
        findings
    }

    /// As somebody with the API or the dashboard.
    async fn somebody(&self, method: Method, path: &str, body: &Value) -> Value {
        let settings = &self.world.settings;
        let request = self
            .http
            .request(method, format!("{}/v1/{path}", self.world.aircall_url()))
            .basic_auth(&settings.api_id, Some(&settings.api_token))
            .json(body);
        let answer = request.send().await.expect("the account answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap_or_default()
    }

    /// The account's first webhook.
    async fn webhook(&self) -> Value {
        let list = self.somebody(Method::GET, "webhooks", &Value::Null).await;
        list["webhooks"][0].clone()
    }

    async fn change_webhook(&self, change: &Value) {
        let webhook = self.webhook().await;
        let id = webhook["webhook_id"].as_str().expect("an id");
        self.somebody(Method::PUT, &format!("webhooks/{id}"), change)
            .await;
    }

    async fn change_account(&self, change: Value) {
        let changed = self.world.sim.change_account(&change).await;
        changed.expect("wex-sim knows the field");
    }

    /// Asserts that the doctor finds it, says what to type, and what it says in words says so too.
    async fn finds(&self, found: &str, variables: &Variables) -> Value {
        let findings = self.doctor(variables).await;
        let finding = findings.iter().find(|finding| finding["found"] == found);
        assert!(finding.is_some(), "{found} is not among {findings:#?}");
        let finding = finding.expect("it was found a line above").clone();
        assert_ne!(finding["result"], "ok");
        let said = self.run_with(&["doctor"], variables).await.said;
        assert!(said.contains(&format!("{found}: ")), "{said}");
        finding
    }

    /// Types what the finding says, after which the doctor does not find it any more.
    async fn mends(&self, found: &str) {
        let finding = self.finds(found, &[]).await;
        let mend = finding["mend"].as_str().expect("what to type");
        let mend = mend.split("wex aircall ").nth(1).expect("a command");
        let mend = mend.split(", or ").next().expect("the command alone");
        self.ok(&mend.split(' ').collect::<Vec<_>>()).await;
        let after = self.doctor(&[]).await;
        assert!(
            after.iter().all(|finding| finding["found"] != found),
            "{after:#?}"
        );
    }
}

#[tokio::test]
async fn a_set_up_that_is_well_is_all_ok() {
    for desk in [Desk::native().await, Desk::public_api().await] {
        let findings = desk.doctor(&[]).await;
        assert!(
            findings.iter().all(|found| found["result"] == "ok"),
            "{findings:#?}"
        );
        let checks: Vec<_> = findings.iter().map(|found| &found["check"]).collect();
        for check in [
            "credentials",
            "plan",
            "clock",
            "rate",
            "line",
            "mode",
            "webhook",
            "token",
            "reach",
        ] {
            assert!(
                checks.contains(&&json!(check)),
                "{check} is not among {checks:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_doctor_names_each_misconfiguration_of_our_settings() {
    let desk = Desk::native().await;
    let table: [(&str, &Variables); 14] = [
        ("wrong_credentials", &[("AIRCALL_API_TOKEN", "wrong")]),
        ("unreachable", &[("AIRCALL_BASE_URL", "http://127.0.0.1:1")]),
        ("line_not_set", &[("AIRCALL_BUYER_NUMBER_ID", "")]),
        ("line_unknown", &[("AIRCALL_NUMBER_ID", "1")]),
        ("digits_differ", &[("AIRCALL_BUYER_NUMBER", "+14244162299")]),
        (
            "same_line",
            &[("AIRCALL_NUMBER_ID", "476258"), ("AIRCALL_NUMBER", "")],
        ),
        ("line_is_native", &[("AIRCALL_SEND_MODE", "public_api")]),
        (
            "webhook_url_differs",
            &[("AIRCALL_WEBHOOK_URL", "http://127.0.0.1:1/api/sms/webhook")],
        ),
        ("webhook_unwatched", &[("AIRCALL_WEBHOOK_URL", "")]),
        (
            "webhook_token_unknown",
            &[("AIRCALL_WEBHOOK_TOKEN", "another,token")],
        ),
        ("tokens_not_set", &[("AIRCALL_WEBHOOK_TOKEN", "")]),
        // Nothing is asked, for it would be asked of somebody else.
        ("not_aircall", &[("AIRCALL_BASE_URL", "INGRESS")]),
        (
            "unreachable",
            &[("AIRCALL_BASE_URL", "http://name.invalid")],
        ),
        ("line_unknown", &[("AIRCALL_NUMBER_ID", "14244162288")]),
    ];
    let ingress: &'static str = desk.world.ingress_url.clone().leak();
    for (found, variables) in table {
        let variables: Vec<_> = variables
            .iter()
            .map(|&(name, value)| (name, if value == "INGRESS" { ingress } else { value }))
            .collect();
        desk.finds(found, &variables).await;
    }
}

#[tokio::test]
async fn the_doctor_names_each_misconfiguration_of_the_account_and_what_it_says_mends_it() {
    let desk = Desk::native().await;

    desk.change_account(json!({ "has_messaging": false })).await;
    desk.finds("no_messaging", &[]).await;
    desk.change_account(json!({ "has_messaging": true, "clock_ahead_s": 20 }))
        .await;
    assert_eq!(desk.finds("clock_off", &[]).await["result"], "warning");
    desk.change_account(json!({ "clock_ahead_s": -3_600 }))
        .await;
    assert_eq!(desk.finds("clock_off", &[]).await["result"], "problem");
    desk.change_account(json!({ "clock_ahead_s": 0 })).await;

    let events = desk.webhook().await["events"].clone();
    let changes = [
        (
            "webhook_disabled",
            json!({ "active": false, "events": events }),
        ),
        ("events_missing", json!({ "events": ["message.sent"] })),
        // What Aircall does with a change that says no events.
        ("events_too_many", json!({ "custom_name": "Renamed" })),
        (
            "webhook_url_differs",
            json!({ "url": "https://old.trycloudflare.com/api/sms/webhook", "events": events }),
        ),
    ];
    for (found, change) in changes {
        desk.change_webhook(&change).await;
        desk.mends(found).await;
    }

    let twin = json!({ "url": format!("{}/api/sms/webhook", desk.world.ingress_url) });
    desk.somebody(Method::POST, "webhooks", &twin).await;
    desk.mends("webhook_twice").await;

    // A line that somebody has put into the other mode.
    let url = format!("{}/api/sms/buyer/webhook", desk.world.ingress_url);
    desk.ok(&["configure", "buyer", "--callback-url", &url, "--yes"])
        .await;
    desk.finds("webhook_misses_line", &[]).await;
    desk.mends("line_is_public_api").await;

    desk.change_webhook(&json!({ "url": "https://crm.example/hook", "events": events }))
        .await;
    desk.mends("webhook_missing").await;
    desk.finds("webhook_token_unknown", &[]).await;
    desk.finds("token_refused", &[]).await;
}

#[tokio::test]
async fn the_doctor_names_each_way_in_which_a_callback_reaches_nobody() {
    let desk = Desk::public_api().await;
    let buyer =
        |url: String| ["configure", "buyer", "--callback-url", &url, "--yes"].map(str::to_owned);
    let supplier_url = format!("{}/api/sms/supplier/webhook", desk.world.ingress_url);

    desk.ok(&["configure", "buyer", "--yes"]).await;
    desk.mends("no_callback_url").await;
    for (found, url) in [
        ("callback_of_other_line", supplier_url),
        (
            "callback_elsewhere",
            "https://old.trycloudflare.com/api/sms/buyer/webhook".to_owned(),
        ),
    ] {
        let configure = buyer(url);
        desk.ok(&configure.each_ref().map(String::as_str)).await;
        desk.mends(found).await;
    }
    desk.finds(
        "callback_token_unknown",
        &[("AIRCALL_WEBHOOK_TOKEN", "another")],
    )
    .await;
    desk.finds("line_is_public_api", &[("AIRCALL_SEND_MODE", "native")])
        .await;

    // A configuration that was deleted and made again has another token.
    desk.ok(&["unconfigure", "buyer", "--yes"]).await;
    desk.mends("line_is_native").await;
    desk.finds("callback_token_unknown", &[]).await;
    desk.finds("token_refused", &[]).await;
    desk.learn_tokens().await;

    desk.somebody(
        Method::POST,
        "webhooks",
        &json!({ "url": format!("{}/api/sms/webhook", desk.world.ingress_url) }),
    )
    .await;
    desk.mends("webhook_idle").await;
}

#[tokio::test]
async fn the_doctor_names_what_answers_in_the_place_of_our_ingress() {
    let mut desk = Desk::native().await;
    // The system takes connections, and nobody answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = listener.local_addr().expect("it is bound");
    let elsewhere = [
        ("not_our_ingress", desk.world.aircall_url().to_owned()),
        ("unreachable", "http://127.0.0.1:1".to_owned()),
        ("too_slow", format!("http://{silent}")),
    ];
    for (found, place) in elsewhere {
        let url = format!("{place}/api/sms/webhook");
        desk.change_webhook(&json!({ "url": url, "events": ["message.received"] }))
            .await;
        for (name, value) in &mut desk.variables {
            if *name == "AIRCALL_WEBHOOK_URL" {
                value.clone_from(&url);
            }
        }
        let finding = desk.finds(found, &[]).await;
        assert_eq!(
            (&finding["check"], &finding["on"]),
            (&json!("reach"), &json!("webhook"))
        );
    }
    drop(listener);
}

#[tokio::test]
async fn the_doctor_compares_our_rate_with_aircalls_and_says_when_it_is_used_up() {
    let desk = Desk::open(SendMode::Native, 30).await;
    let finding = desk
        .finds("rate_too_high", &[("AIRCALL_RATE_PER_MINUTE", "60")])
        .await;
    assert!(
        finding["mend"]
            .as_str()
            .is_some_and(|mend| mend.starts_with("AIRCALL_RATE_PER_MINUTE=30"))
    );
    while desk.run(&["numbers"]).await.code == 0 {}
    let ended = desk.run_with(&["numbers"], &[]).await;
    assert!(
        ended.error.contains("rate limit is reached: try again in "),
        "{}",
        ended.error
    );
    desk.finds("rate_limited", &[]).await;
}

#[tokio::test]
async fn nothing_is_changed_without_yes_and_every_change_is_in_the_audit() {
    let desk = Desk::native().await;
    let url = format!("{}/api/sms/webhook", desk.world.ingress_url);
    let id = desk.webhook().await["webhook_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let before = desk.webhook().await;
    let other = format!("{}/api/sms/supplier/webhook", desk.world.ingress_url);
    let acts: [(&str, &[&str]); 7] = [
        (
            "aircall_configure",
            &["configure", "buyer", "--callback-url", &url],
        ),
        ("aircall_unconfigure", &["unconfigure", "buyer"]),
        (
            "aircall_webhook_create",
            &["webhook", "create", "--url", &other],
        ),
        (
            "aircall_webhook_update_url",
            &["webhook", "update-url", &id, &url],
        ),
        ("aircall_send", &["send", "buyer", BUYER, "Hello"]),
        ("aircall_simulate", &["simulate", "--from", BUYER]),
        ("aircall_webhook_delete", &["webhook", "delete", &id]),
    ];
    for (act, arguments) in acts {
        // There is nothing to unconfigure before it is configured.
        if act != "aircall_unconfigure" {
            let asked = desk.run(arguments).await;
            assert_eq!(asked.code, 1, "{arguments:?}: {asked:?}");
            assert!(
                asked.error.contains("would ") && asked.error.contains("--yes does it"),
                "{}",
                asked.error
            );
        }
        let reason = format!("because of {act}");
        desk.ok(&[arguments, &["--yes", "--reason", &reason]].concat())
            .await;
        let audit = desk.world.wex(&["audit", "--json", "--limit", "1"]).await;
        let entry: Value = serde_json::from_str(&audit).expect("an entry");
        assert_eq!(
            (&entry["act"], &entry["operator"], &entry["reason"]),
            (&json!(act), &json!("ann"), &json!(reason))
        );
    }
    let after = desk.webhook().await;
    assert_ne!(after["webhook_id"], before["webhook_id"]);
}

#[tokio::test]
async fn the_set_up_guides_steps_are_commands() {
    let desk = Desk::open(SendMode::PublicApi, 0).await;
    let numbers = desk.ok(&["numbers"]).await;
    assert!(
        numbers.contains("476258") && numbers.contains("+1 424-416-2288"),
        "{numbers}"
    );

    let shown = desk.json(&["show", "buyer"]).await;
    assert_eq!(
        (&shown["mode"], &shown["callback_url"], &shown["token"]),
        (&json!("public_api"), &Value::Null, &json!("unknown"))
    );
    let url = format!("{}/api/sms/buyer/webhook", desk.world.ingress_url);
    let configured = desk
        .json(&["configure", "476258", "--callback-url", &url, "--yes"])
        .await;
    assert_eq!(configured["callback_url"], json!(url));
    let token = desk.ok(&["show", "buyer", "--token"]).await;
    assert_eq!(
        desk.world
            .sim
            .messages()
            .await
            .expect("wex-sim answers")
            .len(),
        0
    );
    assert_eq!(token.trim().len(), 32, "the token alone: {token}");
    assert_eq!(
        desk.json(&["unconfigure", "buyer", "--yes"]).await["mode"],
        "native"
    );
    let again = desk.run(&["unconfigure", "buyer", "--yes"]).await;
    assert_eq!(again.code, 1);
    assert!(
        again.error.contains("native mode already"),
        "{}",
        again.error
    );

    let list = desk.json(&["webhook", "list"]).await;
    assert_eq!(
        (&list["url"], &list["active"], &list["token"]),
        (&json!(url), &json!(true), &json!("known"))
    );
    let twice = desk.run(&["webhook", "create", "--yes"]).await;
    assert!(twice.error.contains("delivers to"), "{}", twice.error);
    let made = desk
        .json(&[
            "webhook",
            "create",
            "--url",
            &format!("{url}?second"),
            "--yes",
        ])
        .await;
    assert_eq!(
        made["events"],
        json!(["message.sent", "message.received", "message.status_updated"])
    );
    let secret = desk
        .run(&["webhook", "token", list["id"].as_str().expect("an id")])
        .await;
    assert_eq!(
        (secret.said.as_str(), secret.error.as_str()),
        ("YOUR_WEBHOOK_TOKEN\n", "")
    );
}

#[tokio::test]
async fn a_list_of_several_pages_is_listed_whole() {
    let desk = Desk::native().await;
    for _ in 0..60 {
        let other = json!({ "url": "https://crm.example/hook", "events": ["call.created"] });
        desk.somebody(Method::POST, "webhooks", &other).await;
    }
    let list = desk.ok(&["webhook", "list", "--json"]).await;
    assert_eq!(list.lines().count(), 61);
    // Ours is found among them.
    assert!(
        desk.doctor(&[])
            .await
            .iter()
            .all(|found| found["result"] == "ok")
    );
}

#[tokio::test]
async fn a_text_by_hand_is_sent_once_and_never_to_who_has_opted_out() {
    let desk = Desk::native().await;
    let sent = desk
        .json(&["send", "buyer", BUYER, "See you at ten.", "--yes"])
        .await;
    assert_eq!(sent["outcome"], "accepted");

    desk.world
        .sim
        .fault("drop_after_accept", 1)
        .await
        .expect("a fault");
    let unclear = desk
        .run(&["send", "buyer", BUYER, "Or at eleven?", "--yes"])
        .await;
    assert_eq!(unclear.code, 1);
    assert!(
        unclear.error.contains("nobody can say whether it left"),
        "{}",
        unclear.error
    );
    desk.world
        .sim
        .fault("invalid_payload", 1)
        .await
        .expect("a fault");
    let rejected = desk
        .run(&["send", "buyer", BUYER, "Or at noon?", "--yes"])
        .await;
    assert!(
        rejected.error.contains("InvalidPayload"),
        "{}",
        rejected.error
    );

    let own = desk
        .run(&["send", "buyer", "+14244162287", "Hello", "--yes"])
        .await;
    assert_eq!(own.code, 2, "{own:?}");
    let short_code = desk
        .run(&["send", "buyer", "72975", "Hello", "--yes"])
        .await;
    assert_eq!(short_code.code, 2, "{short_code:?}");
    let not_ours = desk.run(&["send", "17", BUYER, "Hello", "--yes"]).await;
    assert!(
        not_ours.error.contains("none of our lines"),
        "{}",
        not_ours.error
    );

    let stop = desk.world.delivery("stop-1", "STOP").to_string();
    desk.world.post("/api/sms/buyer/webhook", stop).await;
    let refused = desk
        .run(&["send", "buyer", BUYER, "One more thing", "--yes"])
        .await;
    assert_eq!(refused.code, 1);
    assert!(refused.error.contains("opted out"), "{}", refused.error);

    let bodies: Vec<_> = desk.world.sim.messages().await.expect("wex-sim answers");
    let bodies: Vec<_> = bodies.iter().map(|sent| sent.body.as_str()).collect();
    assert_eq!(bodies, ["See you at ten.", "Or at eleven?"]);
}

/// When Aircall was asked to send, in milliseconds.
async fn asked_ms(desk: &Desk) -> Vec<u64> {
    let asked = desk.world.sim.requests_since(0).await;
    let asked = asked.expect("wex-sim answers");
    let at_ms = |request: &Value| request["at_ms"].as_u64().expect("a time");
    asked.iter().map(at_ms).collect()
}

#[tokio::test]
async fn a_text_by_hand_waits_for_its_turn_in_the_rate_that_the_workers_share() {
    // Two at once, and then one in a little over six seconds.
    let mut desk = Desk::open(SendMode::Native, 12).await;
    desk.variables
        .push(("AIRCALL_RATE_PER_MINUTE", "12".to_owned()));
    desk.world.start_worker().await;
    desk.world.buyer_texts("10k sqft in Carson").await;
    desk.world.sent(1).await;
    let second = ["send", "buyer", BUYER, "See you at ten.", "--yes"];
    let second = desk.run(&second).await;
    assert_eq!((second.code, second.error.as_str()), (0, ""));

    let third = ["send", "buyer", BUYER, "Or at eleven?", "--yes"];
    let third = desk.run(&third).await;

    assert_eq!(third.code, 0, "{third:?}");
    assert!(third.error.contains("Waiting for up to"), "{third:?}");
    let asked = asked_ms(&desk).await;
    assert!(asked.len() == 3 && 5_000 < asked[2] - asked[0], "{asked:?}");
}

#[tokio::test]
async fn a_text_by_hand_that_aircall_would_refuse_for_its_rate_is_not_sent_and_says_when() {
    let desk = Desk::native().await;
    let limited = desk.world.sim.limit_rate(Duration::from_secs(300)).await;
    limited.expect("a fault");
    let words = ["send", "buyer", BUYER, "See you at ten.", "--yes"];
    let refused = desk.run(&words).await;
    assert!(refused.error.contains("try again in 300 s"), "{refused:?}");

    // Nobody asks now: neither the operator again, nor a worker.
    let again = desk.run(&words).await;

    assert_eq!(again.code, 1);
    assert!(
        again.error.contains("rate limit") && again.error.contains("there may be room in"),
        "{again:?}"
    );
    assert_eq!(asked_ms(&desk).await.len(), 1);
    let status = desk.world.wex(&["queue", "status"]).await;
    assert!(status.contains("outbound is rate limited"), "{status}");
}

#[tokio::test]
async fn a_text_by_hand_spends_the_lines_segments_and_stops_where_sending_is_stopped() {
    let mut desk = Desk::native().await;
    desk.variables
        .push(("AIRCALL_SEGMENTS_PER_HOUR", "20".to_owned()));
    let long = "x".repeat(1_500); // Ten segments.
    for code in [0, 0, 1] {
        let sent = desk.run(&["send", "buyer", BUYER, &long, "--yes"]).await;
        assert_eq!(sent.code, code, "{sent:?}");
        let is_used_up = sent.error.contains("AIRCALL_SEGMENTS_PER_HOUR");
        assert_eq!(is_used_up, code == 1, "{sent:?}");
    }
    let supplier = ["send", "supplier", BUYER, "Hello", "--yes"];
    assert_eq!(
        desk.run(&supplier).await.code,
        0,
        "another line has its own"
    );

    desk.world.start_worker().await;
    desk.world.sim.fault("unauthorized", 1).await.unwrap();
    // Whom we texted by hand is a colleague's for a while.
    let owner = "+13105550142";
    desk.world.supplier_texts(owner, "I have a warehouse").await;
    let shut = |gate: &HeldGate| gate.gate.is_shut();
    desk.world
        .until_gate(WHOLE_QUEUE, "all is shut", shut)
        .await;
    let asked = asked_ms(&desk).await.len();

    let stopped = desk.run(&supplier).await;

    assert_eq!(stopped.code, 1);
    assert!(
        stopped.error.contains("sending is stopped") && stopped.error.contains("Unauthorized"),
        "{stopped:?}"
    );
    assert_eq!(asked_ms(&desk).await.len(), asked);
}

#[tokio::test]
async fn a_simulated_text_is_answered_and_a_wrong_token_is_told() {
    for mode in [SendMode::Native, SendMode::PublicApi] {
        let mut desk = Desk::open(mode, 0).await;
        let refused = desk
            .run_with(
                &["simulate", "--from", BUYER, "--yes"],
                &[("AIRCALL_WEBHOOK_TOKEN", "wrong")],
            )
            .await;
        assert_eq!(refused.code, 1);
        assert!(
            refused.error.contains("refuses the token"),
            "{}",
            refused.error
        );
        let nobody = desk
            .run_with(
                &["simulate", "--from", BUYER, "--yes"],
                &[("INGRESS_ADDR", "127.0.0.1:1")],
            )
            .await;
        assert!(
            nobody.error.contains("is the ingress running?"),
            "{}",
            nobody.error
        );
        let stranger = desk
            .run_with(
                &["simulate", "--from", BUYER, "--yes"],
                &[("AIRCALL_BUYER_NUMBER_ID", "17")],
            )
            .await;
        assert!(stranger.error.contains("200 ignored"), "{}", stranger.error);

        let told = desk.json(&["simulate", "--from", BUYER, "--yes"]).await;
        assert_eq!(
            (&told["status"], &told["answer"]),
            (&json!(200), &json!("accepted"))
        );
        desk.world.start_worker().await;
        assert_eq!(desk.world.sent(1).await[0].to, BUYER);
    }
}

#[tokio::test]
async fn what_went_wrong_is_said_with_what_to_do_about_it() {
    let desk = Desk::native().await;
    let table: [(&[&str], &Variables, i32, &str); 9] = [
        (
            &["numbers"],
            &[("AIRCALL_API_ID", "")],
            2,
            "AIRCALL_API_ID is not set",
        ),
        (
            &["numbers"],
            &[("AIRCALL_API_TOKEN", "wrong")],
            1,
            "AIRCALL_API_ID or AIRCALL_API_TOKEN is wrong",
        ),
        (
            &["webhook", "list"],
            &[("AIRCALL_BASE_URL", "http://127.0.0.1:1")],
            1,
            "no connection to http://127.0.0.1:1",
        ),
        (&["show", "17"], &[], 1, "does not know it (404)"),
        (
            &["show", "seller"],
            &[],
            2,
            "expected buyer, supplier, or the numeric id",
        ),
        (
            &["show", "buyer"],
            &[("AIRCALL_BUYER_NUMBER_ID", "")],
            2,
            "AIRCALL_BUYER_NUMBER_ID is not set",
        ),
        (
            &["webhook", "enable", "../numbers", "--yes"],
            &[],
            1,
            "wex aircall webhook list",
        ),
        (
            &["configure", "buyer", "--callback-url", "wex.example"],
            &[],
            2,
            "expected a URL such as",
        ),
        (
            &[
                "configure",
                "buyer",
                "--callback-url",
                "http://localhost:8000/x",
            ],
            &[("AIRCALL_BASE_URL", "https://api.aircall.example")],
            2,
            "public https URLs only",
        ),
    ];
    for (arguments, variables, code, says) in table {
        let ended = desk.run_with(arguments, variables).await;
        assert_eq!(ended.code, code, "{arguments:?}: {ended:?}");
        assert!(ended.error.contains(says), "{arguments:?}: {}", ended.error);
    }
}

#[tokio::test]
async fn a_webhook_that_aircall_disabled_is_enabled_again_by_one_of_two_workers() {
    let mut desk = Desk::open_with(Settings {
        send_mode: SendMode::Native,
        rate_per_minute: 0,
        sim_arguments: ["--disable-after", "5", "--retry-delay-ms", "1"]
            .map(str::to_owned)
            .into(),
        ..Settings::default()
    })
    .await;
    let url = format!("{}/api/sms/buyer/webhook/", desk.world.ingress_url);
    desk.world.settings.worker_variables.extend([
        ("AIRCALL_WEBHOOK_URL", url),
        ("AIRCALL_WEBHOOK_CHECK", "10s".to_owned()),
    ]);
    desk.world.start_worker().await;
    let (first, second) = (
        desk.world.worker.take().expect("it was started"),
        desk.world.new_worker().await,
    );
    let says = async |what: &'static str| {
        tokio::select! {
            line = first.line_with(what) => line,
            line = second.line_with(what) => line,
        }
    };
    says("webhook.seen").await;

    // The ingress forgets the webhook's token: a text is refused until Aircall gives it up and has disabled the webhook.
    desk.write_tokens("another");
    let refused = async {
        while desk
            .doctor(&[])
            .await
            .iter()
            .all(|found| found["found"] != "token_refused")
        {}
    };
    tokio::time::timeout(PATIENCE, refused)
        .await
        .expect("it reads its tokens again");
    desk.world
        .buyer_texts("10k sqft in Carson for storage")
        .await;
    let disabled = async { while desk.webhook().await["active"] == json!(true) {} };
    tokio::time::timeout(PATIENCE, disabled)
        .await
        .expect("Aircall disables it");
    desk.write_tokens(&desk.world.settings.webhook_token);
    desk.until_shown(r#"sms_aircall_webhook{state="disabled"} 1"#)
        .await;
    let status = desk.world.wex(&["queue", "status"]).await;
    assert!(
        status.contains("Aircall had disabled our webhook"),
        "{status}"
    );

    let alarm = tokio::time::timeout(PATIENCE, says("webhook.disabled")).await;
    let alarm = alarm.expect("a worker looks again");
    assert!(alarm.contains("ERROR"), "{alarm}");
    desk.until_well().await;

    let output = first.output() + &second.output();
    let alarms = output.matches("webhook.disabled").count();
    let audit = desk.world.wex(&["audit", "--json"]).await;
    let read = |line| serde_json::from_str(line).expect("a line is an object");
    let acts: Vec<Value> = audit.lines().map(read).collect();
    assert_eq!(acts.len(), alarms, "{acts:?}");
    for act in acts {
        assert_eq!(
            (&act["act"], &act["operator"]),
            (&json!("aircall_webhook_enable"), &json!("worker"))
        );
    }
    desk.world
        .buyer_texts("10k sqft in Gardena for storage")
        .await;
    assert_eq!(desk.world.sent(1).await[0].to, BUYER);
    // The next look is good, and ends the alarm.
    desk.until_shown(r#"sms_aircall_webhook{state="well"} 1"#)
        .await;
    let status = desk.world.wex(&["queue", "status"]).await;
    assert!(!status.contains("webhook"), "{status}");
}

#[tokio::test]
async fn a_webhook_that_is_missing_is_shown_until_it_is_there() {
    let mut desk = Desk::native().await;
    let url = format!("{}/api/sms/webhook", desk.world.ingress_url);
    desk.world.settings.worker_variables.extend([
        ("AIRCALL_WEBHOOK_URL", url.clone()),
        ("AIRCALL_WEBHOOK_CHECK", "10s".to_owned()),
    ]);
    let old = desk.webhook().await;
    let old = old["webhook_id"].as_str().expect("an id");
    desk.ok(&["webhook", "delete", old, "--yes"]).await;
    desk.world.start_worker().await;

    desk.until_shown(r#"sms_aircall_webhook{state="missing"} 1"#)
        .await;
    let status = desk.world.wex(&["queue", "status"]).await;
    assert!(
        status.contains("texts may not come in: none of the account's webhooks delivers")
            && status.contains("wex aircall doctor"),
        "{status}"
    );

    desk.ok(&["webhook", "create", "--url", &url, "--yes"])
        .await;
    desk.until_shown(r#"sms_aircall_webhook{state="well"} 1"#)
        .await;
    let status = desk.world.wex(&["queue", "status"]).await;
    assert!(!status.contains("texts may not come in"), "{status}");
}
