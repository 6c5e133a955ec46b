//! What an operator does to a running system: restarts, upgrades, backups. The runbook names these tests.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::task::JoinSet;
use wex_ops::postgres::Postgres;
use wex_ops::stack::{Process, Redis, Settings, find_in_path};
use wex_queue::{Key, Limits, NewJob, Queue};
use wex_tests::{INBOUND, OUTBOUND, World, delivery_to};

use crate::processes;

const PATH: &str = "/api/sms/buyer/webhook";
const TEXT: &str = "10k sqft in Carson for storage";

/// What docker-compose.yml gives a worker, and an ingress, to end in.
const WORKER_GRACE: Duration = Duration::from_secs(60);
const INGRESS_GRACE: Duration = Duration::from_secs(15);

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../deploy")
        .join(file)
}

fn unlimited() -> Settings {
    Settings {
        rate_per_minute: 0,
        ..Settings::default()
    }
}

/// Asks a process to end, as `docker stop` does, and sees that it ends well within `grace`.
async fn end_within(process: Process, grace: Duration) {
    let started = Instant::now();
    let status = process.end().await;
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
    assert!(started.elapsed() < grace, "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_rolling_restart_of_the_workers_under_load_loses_and_doubles_nothing() {
    let mut world = World::start_without_worker(processes(), unlimited()).await;
    // Sends take long enough that each restart meets some.
    for _ in 0..40 {
        let late = world.sim.answer_late(Duration::from_millis(200)).await;
        late.expect("wex-sim answers");
    }
    let mut workers = vec![world.new_worker().await, world.new_worker().await];
    let contacts: Vec<_> = (0..90)
        .map(|number| format!("+18704575{number:03}"))
        .collect();
    let mut rest = contacts.chunks(30);

    for _round in 0..2 {
        for contact in rest.next().expect("there are three thirds") {
            world.contact_texts(contact, TEXT).await;
        }
        for worker in &mut workers {
            let fresh = world.new_worker().await;
            end_within(std::mem::replace(worker, fresh), WORKER_GRACE).await;
        }
    }
    for contact in rest.next().expect("there are three thirds") {
        world.contact_texts(contact, TEXT).await;
    }
    world.worker = workers.pop();

    let sent = world.sent(contacts.len()).await;
    let answered: BTreeSet<_> = sent.iter().map(|message| message.to.clone()).collect();
    assert_eq!(sent.len(), contacts.len(), "somebody was texted twice");
    assert_eq!(answered, contacts.into_iter().collect());
    assert_eq!(world.letters(OUTBOUND).await.len(), 0);
    assert_eq!(world.letters(INBOUND).await.len(), 0);
    // Nobody had to be rescued: what a worker had begun it finished, the rest it gave back.
    let rescued =
        |recently: &std::collections::BTreeMap<String, u64>| recently.get("rescued").copied();
    for queue in [INBOUND, OUTBOUND] {
        let survey = world.queue.survey(queue).await.unwrap();
        assert_eq!(rescued(&survey.recently), None, "{queue}");
    }
}

#[tokio::test]
async fn a_rolling_restart_of_two_ingresses_under_load_loses_and_doubles_nothing() {
    let mut world = World::start_without_worker(processes(), unlimited()).await;
    let (second, second_url) = world.second_ingress(0).await;
    let addresses = [world.ingress_url.clone(), second_url];
    // As the proxy does: one that cannot be reached, or closes the connection, is passed over.
    let mut posters = JoinSet::new();
    for poster in 0..4 {
        let (addresses, settings) = (addresses.clone(), world.settings.clone());
        posters.spawn(async move {
            let http = reqwest::Client::new();
            let mut taken = Vec::new();
            for number in 0..150 {
                let id = format!("{poster}-{number}");
                let mut delivery = delivery_to(&settings, &id, &id);
                delivery["data"]["external_number"] = format!("+1870457540{poster}").into();
                let mut tries = 0;
                loop {
                    let address = &addresses[(number + tries) % addresses.len()];
                    let url = format!("{address}{PATH}");
                    match http.post(url).body(delivery.to_string()).send().await {
                        Ok(answer) if answer.status() == 200 => break,
                        Ok(answer) => panic!("answered {}", answer.status()),
                        Err(_passed_over) => tries += 1,
                    }
                    assert!(tries < 1_000, "no ingress takes it");
                }
                taken.push(id);
            }
            taken
        });
    }
    world
        .until(INBOUND, "there is some load", |survey| survey.waiting >= 50)
        .await;

    let started = Instant::now();
    world.ingress.signal(Signal::TERM);
    let ended = world.ingress.ended().await;
    assert!(ended.contains("exit status: 0"), "{ended}");
    assert!(started.elapsed() < INGRESS_GRACE, "{:?}", started.elapsed());
    world.restart_ingress().await;
    end_within(second, INGRESS_GRACE).await;
    let port = addresses[1].rsplit(':').next().unwrap().parse().unwrap();
    let (_second, _url) = world.second_ingress(port).await;
    let taken: BTreeSet<String> = posters.join_all().await.into_iter().flatten().collect();

    let bodies = world.waiting_bodies().await;
    assert_eq!(bodies.len(), 600, "a text is there twice, or lost");
    assert_eq!(bodies.into_iter().collect::<BTreeSet<_>>(), taken);
}

/// A job as an older program left it in Redis: fields that came later are missing.
#[tokio::test]
async fn jobs_that_an_older_version_left_are_worked_off_after_an_upgrade() {
    const INBOUND_1: &str = r#"{"v":"1","id":"old-1","side":"buyer","line":476258,"contact":"+18704575426","body":"10k sqft in Carson for storage"}"#;
    const OUTBOUND_1: &str = r#"{"v":"1","side":"buyer","line":476258,"to":"+18704575427","body":"Written before the upgrade.","purpose":"answer","answers":["old-0"]}"#;
    let mut world = World::start_without_worker(processes(), Settings::default()).await;
    for (queue, key, payload) in [
        (INBOUND, "476258:+18704575426", INBOUND_1),
        (OUTBOUND, "476258:+18704575427", OUTBOUND_1),
    ] {
        let job = NewJob::new(queue, Key::new(key).unwrap(), payload.to_owned()).unwrap();
        world.queue.enqueue([&job]).await.unwrap();
    }

    world.start_worker().await;

    let sent = world.sent(2).await;
    let to: BTreeSet<_> = sent.iter().map(|message| message.to.as_str()).collect();
    assert_eq!(to, BTreeSet::from(["+18704575426", "+18704575427"]));
    assert!(
        sent.iter()
            .any(|message| message.body == "Written before the upgrade.")
    );
    assert_eq!(world.letters(INBOUND).await.len(), 0);
    assert_eq!(world.letters(OUTBOUND).await.len(), 0);
}

/// During a rolling upgrade an old worker may get what a new one wrote.
#[tokio::test]
async fn a_job_of_a_newer_version_waits_unchanged_among_the_dead_letters_until_it_is_replayed() {
    const NEWER: &str = r#"{"v":"2","id":"new-1","words":["of a kind that comes later"]}"#;
    let mut world = World::start(processes()).await;
    let key = Key::new("476258:+18704575426").unwrap();
    let job = NewJob::new(INBOUND, key, NEWER.to_owned()).unwrap();
    world.queue.enqueue([&job]).await.unwrap();

    let letters = world.dead_letters(INBOUND, 1).await;
    assert_eq!(letters[0].reason, "unreadable");
    assert_eq!(world.sent(0).await.len(), 0);
    // The old worker ends, and before the new one starts the letters are replayed.
    world.worker.take().unwrap().end().await.expect("it drains");
    world
        .wex(&["dead-letters", "replay", "--reason", "unreadable"])
        .await;

    let claimed = world
        .queue
        .claim(INBOUND, "newer", 1, Limits::default())
        .await;
    let claims = claimed.unwrap().claims;
    assert_eq!(claims[0].jobs[0].id, job.id);
    assert_eq!(claims[0].jobs[0].payload, NEWER);
    assert_eq!(claims[0].attempt, 1, "its attempts begin anew");
    assert_eq!(world.letters(INBOUND).await.len(), 0);
}

/// The rights of our user of Redis, as the container gives them.
fn redis_rights() -> String {
    let start = std::fs::read_to_string(deploy("redis/start")).expect("the script");
    let user = "user wex on #$hash ";
    let line = start.lines().find_map(|line| line.strip_prefix(user));
    line.expect("the script makes the user").to_owned()
}

#[tokio::test]
async fn redis_lets_our_processes_do_all_that_they_do_and_nothing_else() {
    let mut world =
        World::start_with_redis_rights(processes(), Settings::default(), &redis_rights()).await;
    world.start_worker().await;
    world.buyer_texts(TEXT).await;
    world.sent(1).await;
    world.sim.fault("edge_403_html", 1).await.unwrap();
    world.buyer_texts("and in Torrance").await;
    world.sent(2).await;
    world.sim.fault("invalid_payload", 1).await.unwrap();
    world.buyer_texts("20k sqft in Vernon").await;
    world.dead_letters(OUTBOUND, 1).await;
    world.until_recorded().await;
    let (buyer, why) = (wex_tests::BUYER, ["--reason", "a rehearsal"]);
    for command in [
        &["dead-letters", "list"][..],
        &["dead-letters", "replay", "--reason", "rejected"],
        &["queue", "pause", "notify", why[0], why[1]],
        &["queue", "status"],
        &["queue", "peek", "outbound"],
        &["queue", "resume", "notify"],
        &["workers"],
        &["audit"],
        &["conversations", "show", buyer],
        &["conversations", "pause", buyer, why[0], why[1]],
        &["conversations", "resume", buyer, why[0], why[1]],
        &["restore"],
    ] {
        world.wex(command).await;
    }
    world.sent(3).await;
    assert!(world.get("/metrics").await.1.contains("sms_redis_up 1"));
    let refused = world.redis_command(&["ACL", "LOG"]).await;
    assert_eq!(refused.trim(), "", "Redis refused something that we need");

    for command in [
        &["CONFIG", "GET", "*"][..],
        &["KEYS", "*"],
        &["FLUSHALL"],
        &["ACL", "LIST"],
        &["DEBUG", "RELOAD"],
        &["SHUTDOWN"],
        &["REPLICAOF", "127.0.0.1", "1"],
        &["SET", "other", "1"],
        &["GET", "other"],
        &["PUBLISH", "channel", "1"],
    ] {
        let answer = world.redis_command_as_wex(command).await;
        assert!(answer.starts_with("NOPERM"), "{command:?}: {answer}");
    }
}

#[tokio::test]
async fn what_redis_has_taken_is_there_after_it_was_killed_with_the_users_of_the_container() {
    const PASSWORD: &str = "hush";
    let directory = tempfile::TempDir::new().expect("a temporary directory");
    let script = std::fs::read_to_string(deploy("redis/start")).expect("the script");
    let users: String = script
        .lines()
        .filter(|line| line.starts_with("user "))
        .map(|line| line.replace("#$hash", &format!(">{PASSWORD}")) + "\n")
        .collect();
    let file = directory.path().join("users.acl");
    std::fs::write(&file, users).expect("room for it");
    let socket = directory.path().join("redis.sock").display().to_string();
    let words = [
        "--port",
        "0",
        "--unixsocket",
        &socket,
        "--dir",
        &directory.path().display().to_string(),
        "--appendonly",
        "yes",
        "--appendfsync",
        "always",
        "--save",
        "",
        "--aclfile",
        &file.display().to_string(),
    ];
    let words = words.map(str::to_owned);
    let start = async || {
        let program = find_in_path("redis-server");
        let ready = "eady to accept connections";
        let redis = Process::start("redis", &program, &words, &[], directory.path(), ready).await;
        redis.expect("Redis starts")
    };
    let mut redis = start().await;
    let url = format!("redis+unix://{socket}?user=wex&pass={PASSWORD}");
    let connect = || Queue::new(&url, Duration::from_secs(5)).expect("a URL");
    let key = Key::new("a-key").expect("a key");
    let job = NewJob::new(INBOUND, key, "payload".to_owned()).expect("a job");
    connect().enqueue([&job]).await.expect("Redis answers");

    redis.kill().await;
    let _redis = start().await;

    let survey = connect().survey(INBOUND).await.expect("Redis answers");
    assert_eq!(survey.waiting, 1);
}

/// Runs a script of `deploy` with these variables, from a file or into one.
fn run(script: &str, variables: &[(&str, &str)], input: Option<&Path>, output: Option<&Path>) {
    let mut command = Command::new("sh");
    command.arg(deploy(script)).envs(variables.iter().copied());
    if let Some(input) = input {
        command.stdin(File::open(input).expect("the backup"));
    }
    if let Some(output) = output {
        command.stdout(File::create(output).expect("room for the backup"));
    }
    let status = command.status().expect("sh runs");
    assert!(status.success(), "{script}: {status}");
}

#[tokio::test]
async fn a_backup_of_redis_under_load_brings_back_every_text_from_before_it() {
    let mut world = World::start_with_private_redis(processes(), Settings::default()).await;
    for number in 0..100 {
        let delivery = world.delivery(&format!("before-{number}"), &format!("before {number}"));
        assert_eq!(world.post(PATH, delivery.to_string()).await.status, 200);
    }
    let data = world.directory().display().to_string();
    let elsewhere = tempfile::TempDir::new().unwrap();
    let backup = elsewhere.path().join("redis.tar");
    // Texts keep coming, and Redis begins new files, while the backup is made.
    let stop = tokio_util::sync::CancellationToken::new();
    let backing_up = {
        let (backup, stop) = (backup.clone(), stop.clone());
        tokio::task::spawn_blocking(move || {
            run(
                "redis/backup",
                &[("REDIS_DATA", &data)],
                None,
                Some(&backup),
            );
            stop.cancel();
        })
    };
    let mut after = 0;
    while !stop.is_cancelled() {
        let state = world.redis_command(&["INFO", "persistence"]).await;
        if state.contains("aof_rewrite_in_progress:0") && state.contains("aof_rewrite_scheduled:0")
        {
            world.redis_command(&["BGREWRITEAOF"]).await;
        }
        let delivery = world.delivery(&format!("after-{after}"), "after");
        assert_eq!(world.post(PATH, delivery.to_string()).await.status, 200);
        after += 1;
    }
    backing_up.await.unwrap();
    world.redis_process().kill().await;

    let restored = elsewhere.path().join("data");
    std::fs::create_dir(&restored).unwrap();
    let data = restored.display().to_string();
    run(
        "redis/restore",
        &[("REDIS_DATA", &data)],
        Some(&backup),
        None,
    );

    let redis = Redis::start_on_socket(&restored).await.unwrap();
    let queue = Queue::new(&redis.url, Duration::from_secs(1)).unwrap();
    let limits = Limits {
        jobs_max: 100_000,
        ..Limits::default()
    };
    let claimed = queue.claim(INBOUND, "test", 1, limits).await.unwrap();
    let bodies = claimed.claims[0].jobs.iter().filter_map(|job| {
        let payload: serde_json::Value = serde_json::from_str(&job.payload).ok()?;
        Some(payload["body"].as_str()?.to_owned())
    });
    let before: Vec<_> = bodies.filter(|body| body.starts_with("before")).collect();
    assert_eq!(
        before,
        (0..100)
            .map(|number| format!("before {number}"))
            .collect::<Vec<_>>()
    );

    // A second restore would overwrite what is there.
    let again = Command::new("sh")
        .arg(deploy("redis/restore"))
        .env("REDIS_DATA", &data)
        .stdin(File::open(&backup).unwrap())
        .output()
        .unwrap();
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("move it away first"));
}

#[tokio::test]
async fn a_backup_of_the_ledger_brings_back_what_was_in_it() {
    let directory = tempfile::TempDir::new().unwrap();
    // The server's account has to get through to its own directory.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(directory.path(), open).unwrap();
    let postgres = Postgres::start(&directory.path().join("postgres"))
        .await
        .unwrap();
    let mut world = World::start_without_worker(processes(), Settings::default()).await;
    world.settings.worker_variables = vec![("DATABASE_URL", postgres.url.clone())];
    world.start_worker().await;
    world.buyer_texts(TEXT).await;
    world.sent(1).await;
    world.until_recorded().await;
    let everything = ["messages", "export", "--format", "ndjson"];
    let before = world.wex(&everything).await;
    let backup = directory.path().join("ledger.dump");
    let variables = [("DATABASE_URL", postgres.url.as_str())];

    run("postgres/backup", &variables, None, Some(&backup));
    world.buyer_texts("and in Torrance").await;
    world.sent(2).await;
    world.until_recorded().await;
    assert_ne!(world.wex(&everything).await, before);
    world.worker.take().unwrap().end().await.expect("it drains");
    run("postgres/restore", &variables, Some(&backup), None);

    assert_eq!(world.wex(&everything).await, before);
    world.wex(&["consent", "verify"]).await;
}
