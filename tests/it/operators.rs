//! The operator's commands, through the real `wex`: what they show, what they change, and how they end.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio::time::Instant;
use wex_ops::stack::{Programs, Redis, Settings};
use wex_queue::{
    Counts, Effects, Failed, Key, LetterFilter, Limits, NewJob, Queue, QueueName, QuietWindow,
    Settled, WorkerAbout,
};
use wex_tests::{BUYER, INBOUND, OUTBOUND, PATIENCE, World};

use crate::processes;

const TEXT: &str = "10k sqft in Carson for storage";
const ANN: [&str; 2] = ["--operator", "ann"];

/// The command line of one operator.
struct Wex {
    programs: Programs,
    redis_url: String,
    directory: TempDir,
}

/// How a command ended.
#[derive(Debug)]
struct Ended {
    code: i32,
    said: String,
    error: String,
}

impl Wex {
    fn new(redis_url: &str) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        Self {
            programs: wex_tests::programs(processes(), directory.path()),
            redis_url: redis_url.to_owned(),
            directory,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let lines = Settings::default();
        let mut command = Command::new(self.programs.path("wex"));
        command
            .args(arguments)
            .env_clear()
            .env("REDIS_URL", &self.redis_url)
            .env("AIRCALL_NUMBER_ID", lines.supplier.0.to_string())
            .env("AIRCALL_BUYER_NUMBER_ID", lines.buyer.0.to_string())
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.command(arguments)).await
    }

    /// Runs a command that has to succeed; returns what it printed.
    async fn ok(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments).await;
        assert_eq!(ended.code, 0, "{arguments:?}: {ended:?}");
        ended.said
    }

    /// As [`Wex::ok`], as Ann.
    async fn ann(&self, arguments: &[&str]) -> String {
        self.ok(&[arguments, &ANN].concat()).await
    }

    async fn ann_fails(&self, arguments: &[&str]) -> Ended {
        let ended = self.run(&[arguments, &ANN].concat()).await;
        assert_ne!(ended.code, 0, "{arguments:?}: {ended:?}");
        ended
    }

    /// The objects that a command with `--json` prints.
    async fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let said = self.ok(&[arguments, &["--json"]].concat()).await;
        let object = |line| serde_json::from_str(line).expect("a line is an object");
        said.lines().map(object).collect()
    }
}

async fn ended(mut command: Command) -> Ended {
    let output = command.output().await.expect("wex runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended {
        code: output.status.code().expect("wex ends by itself"),
        said: text(&output.stdout),
        error: text(&output.stderr),
    }
}

/// A Redis without workers, to be filled by hand, and the command line beside it.
struct Desk {
    wex: Wex,
    queue: Queue,
    _redis: Redis,
    _directory: TempDir,
}

const LONG: Limits = Limits {
    jobs_max: 1_000,
    lease: Duration::from_secs(600),
    crashes_max: 5,
    stuck_after: Duration::from_secs(600),
    rate: None,
};

impl Desk {
    async fn open() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let redis = Redis::start_on_socket(directory.path())
            .await
            .expect("redis-server starts");
        Self {
            wex: Wex::new(&redis.url),
            queue: Queue::new(&redis.url, Duration::from_secs(10)).expect("a Redis URL"),
            _redis: redis,
            _directory: directory,
        }
    }

    async fn put(&self, queue: QueueName, key: &str, count: usize) {
        let job = |_| NewJob::new(queue, Key::new(key).expect("a key"), "{}".to_owned());
        let jobs: Vec<_> = (0..count).map(job).collect::<Result<_, _>>().expect("jobs");
        for jobs in jobs.chunks(100) {
            self.queue.enqueue(jobs).await.expect("Redis answers");
        }
    }

    /// Buries `count` jobs of one key.
    async fn bury(&self, queue: QueueName, key: &str, count: usize, reason: &str, error: &str) {
        self.put(queue, key, count).await;
        let mut left = count;
        while left > 0 {
            let claimed = self.queue.claim(queue, "worker", 1, LONG).await;
            let claim = claimed.expect("Redis answers").claims.remove(0);
            let failed = Failed {
                cause: "rejected",
                error: error.to_owned(),
            };
            left -= claim.jobs.len();
            let effects = Effects::default();
            let buried = self.queue.bury(&claim, reason, &failed, &effects).await;
            assert_eq!(buried.expect("Redis answers"), Settled::Done);
        }
    }

    async fn dead(&self, queue: QueueName) -> u64 {
        self.queue.survey(queue).await.expect("Redis answers").dead
    }

    async fn worker(&self, id: &str, queues: &[QueueName], concurrency: usize) {
        let about = WorkerAbout {
            host: "here".to_owned(),
            pid: 7,
            version: "1".to_owned(),
            queues: queues.iter().map(QueueName::to_string).collect(),
            concurrency,
            started_ms: 0,
            spooled: None,
        };
        self.queue.beat(id, &about).await.expect("Redis answers");
    }

    /// The one line in the peek about this key.
    async fn why(&self, queue: &str, key: &str) -> String {
        let keys = self.wex.json(&["queue", "peek", queue, "--key", key]).await;
        assert_eq!(keys.len(), 1, "{keys:?}");
        format!("{}: {}", text(&keys[0], "state"), text(&keys[0], "why"))
    }
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().expect("a text")
}

fn ids(letters: &[Value]) -> Vec<String> {
    letters
        .iter()
        .map(|letter| text(letter, "id").to_owned())
        .collect()
}

fn key_of(contact: &str) -> String {
    format!("buyer:{}:{contact}", Settings::default().buyer.0)
}

/// A world with a dead letter: the first reply was refused as a wrong number.
async fn world_with_dead_letter(fault: &str) -> (World, Wex, String) {
    let world = World::start(processes()).await;
    world.sim.fault(fault, 1).await.expect("a fault");
    world.buyer_texts(TEXT).await;
    let letters = world.dead_letters(OUTBOUND, 1).await;
    let wex = Wex::new(world.redis_url());
    (world, wex, letters[0].job.id.to_string())
}

// Looking.

#[tokio::test]
async fn list_shows_what_failed_by_group_and_then_the_letters() {
    let (_world, wex, id) = world_with_dead_letter("invalid_payload").await;

    let said = wex.ok(&["dead-letters", "list"]).await;

    let (groups, letters) = said.split_once("\n\n").expect("two tables");
    let group = groups.lines().nth(1).expect("a group");
    assert!(
        group.contains(" 1  outbound  rejected") && group.contains("InvalidPayload"),
        "{said}"
    );
    assert!(
        letters.contains(&id) && letters.contains("buyer:476258:+1870***5426"),
        "{said}"
    );
    assert!(letters.ends_with("\n1 dead letter\n"), "{said}");

    let groups = wex.json(&["dead-letters", "list", "--groups"]).await;
    assert_eq!((groups.len(), groups[0]["count"].as_u64()), (1, Some(1)));
    assert_eq!(text(&groups[0], "newest_id"), id);
}

#[tokio::test]
async fn filters_combine() {
    let desk = Desk::open().await;
    desk.bury(
        OUTBOUND,
        &key_of("+18704575401"),
        2,
        "rejected",
        "wrong number",
    )
    .await;
    desk.bury(OUTBOUND, &key_of("+18704575402"), 3, "rejected", "too long")
        .await;
    desk.bury(OUTBOUND, &key_of("+18704575402"), 4, "unknown", "too long")
        .await;
    desk.bury(INBOUND, &key_of("+18704575402"), 5, "rejected", "too long")
        .await;
    let groups = desk.wex.json(&["dead-letters", "list", "--groups"]).await;
    let print = text(groups.last().expect("groups"), "fingerprint").to_owned();
    let too_long = text(&groups[0], "fingerprint").to_owned();
    assert_ne!(print, too_long);

    for (filter, count) in [
        ("", 14),
        ("--queue outbound", 9),
        ("--reason rejected", 10),
        ("--queue outbound --reason rejected", 5),
        ("--contact +18704575402", 12),
        ("--contact 870-457-5402 --reason unknown", 4),
        ("--contact +18704575402 --queue inbound --reason unknown", 0),
        (&format!("--fingerprint {too_long}"), 12),
        (&format!("--fingerprint {too_long} --queue outbound"), 7),
        (
            &format!("--fingerprint {too_long} --queue outbound --reason rejected"),
            3,
        ),
        (
            &format!("--key {} --reason rejected", key_of("+18704575401")),
            2,
        ),
        (
            &format!("--key {} --fingerprint {too_long}", key_of("+18704575401")),
            0,
        ),
        ("--since 1h --until 0", 14),
        ("--since 1h --until 30m", 0),
        ("--since 2020-01-01T00:00:00Z --reason unknown", 4),
        ("--until 2020-01-01T00:00:00+01:00", 0),
    ] {
        let arguments: Vec<_> = ["dead-letters", "list"]
            .into_iter()
            .chain(filter.split_whitespace())
            .collect();
        let letters = desk.wex.json(&arguments).await;
        assert_eq!(letters.len(), count, "{filter}");
        let groups = desk
            .wex
            .json(&[&arguments[..], &["--groups"]].concat())
            .await;
        let counted: u64 = groups
            .iter()
            .filter_map(|group| group["count"].as_u64())
            .sum();
        assert_eq!(usize::try_from(counted).unwrap(), count, "{filter}");
    }
}

#[tokio::test]
async fn an_empty_list_says_so_and_is_no_failure() {
    let desk = Desk::open().await;
    assert_eq!(
        desk.wex.ok(&["dead-letters", "list"]).await,
        "No dead letters.\n"
    );
    assert_eq!(
        desk.wex
            .ok(&["dead-letters", "list", "--reason", "x"])
            .await,
        "No dead letter fits.\n"
    );
    assert!(desk.wex.json(&["dead-letters", "list"]).await.is_empty());
}

#[tokio::test]
async fn show_prints_everything_and_says_that_it_is_personal() {
    let (_world, wex, id) = world_with_dead_letter("invalid_payload").await;

    let shown = wex.run(&["dead-letters", "show", &id]).await;

    assert!(shown.error.contains("personal data"), "{shown:?}");
    for part in [
        "rejected",
        "InvalidPayload",
        BUYER,
        "\"body\": \"Hi, this is WEx",
        "trace",
        "attempts",
    ] {
        assert!(shown.said.contains(part), "{part}: {shown:?}");
    }
    let missing = wex
        .run(&[
            "dead-letters",
            "show",
            "01a20664-b3ce-7131-8c15-03856230f59d",
        ])
        .await;
    assert_eq!(missing.code, 1);
    assert!(
        missing.error.contains("there is no dead letter"),
        "{missing:?}"
    );
}

#[tokio::test]
async fn no_phone_number_and_no_text_is_in_a_list_unless_asked_for() {
    let (world, wex, _id) = world_with_dead_letter("invalid_payload").await;
    wex.ann(&[
        "queue",
        "pause",
        "inbound",
        "--contact",
        BUYER,
        "--reason",
        "a call",
    ])
    .await;
    world.buyer_texts("and the xylophones").await;
    let held = |survey: &wex_queue::Survey| survey.paused == 1;
    world.until(INBOUND, "the text is held", held).await;

    for command in [
        &["dead-letters", "list"][..],
        &["dead-letters", "list", "--json"],
        &["dead-letters", "list", "--groups"],
        &["dead-letters", "replay", "--all", "--dry-run"],
        &["queue", "peek", "inbound"],
        &["queue", "peek", "inbound", "--json"],
        &["queue", "peek", "inbound", "--contact", BUYER],
        &["queue", "status", "--json"],
        &["audit"],
        &["audit", "--json"],
    ] {
        let ended = wex.run(command).await;
        assert_eq!(ended.code, 0, "{command:?}: {ended:?}");
        for private in [&BUYER[2..], "xylophones", "Carson"] {
            let said = format!("{}{}", ended.said, ended.error);
            assert!(!said.contains(private), "{command:?}: {said}");
        }
    }
    for command in [
        &["dead-letters", "list", "--show-contacts"][..],
        &["queue", "peek", "inbound", "--show-contacts"],
        &["audit", "--show-contacts"],
    ] {
        let said = wex.ok(command).await;
        assert!(said.contains(BUYER), "{command:?}: {said}");
    }
}

#[tokio::test]
async fn status_counts_and_says_what_is_paused() {
    let desk = Desk::open().await;
    desk.bury(OUTBOUND, "dead", 2, "rejected", "no").await;
    desk.put(OUTBOUND, "running", 1).await;
    let claimed = desk.queue.claim(OUTBOUND, "worker", 1, LONG).await;
    assert_eq!(claimed.expect("Redis answers").claims.len(), 1);
    desk.put(OUTBOUND, "ready", 3).await;
    let mut quiet = NewJob::new(OUTBOUND, Key::new("quiet").unwrap(), "{}".to_owned()).unwrap();
    quiet.quiet = QuietWindow {
        quiet: LONG.lease,
        max: LONG.lease,
    };
    desk.queue.enqueue(&[quiet]).await.unwrap();
    desk.wex
        .ann(&[
            "queue", "pause", "outbound", "--reason", "too many", "--for", "30m",
        ])
        .await;

    let status = desk.wex.json(&["queue", "status"]).await;
    let outbound = &status[1];
    for (field, count) in [
        ("waiting", 5),
        ("ready", 1),
        ("scheduled", 1),
        ("running", 1),
        ("paused", 0),
        ("dead", 2),
    ] {
        assert_eq!(outbound[field].as_u64(), Some(count), "{field}: {outbound}");
    }
    assert_eq!(
        outbound["recently"]["buried"].as_u64(),
        Some(2),
        "{outbound}"
    );
    assert!(outbound["oldest_ready_ms"].is_u64() && status[0]["oldest_ready_ms"].is_null());

    let said = desk.wex.ok(&["queue", "status"]).await;
    let paused = said.lines().last().expect("a line");
    assert!(
        paused.starts_with("outbound is paused by ann ") && paused.ends_with(": too many"),
        "{said}"
    );
    assert!(
        paused.contains("(in 29m)") || paused.contains("(in 30m)"),
        "{said}"
    );
}

#[tokio::test]
async fn peek_says_of_each_state_why_it_is_not_running() {
    let desk = Desk::open().await;
    let nothing = desk.wex.ok(&["queue", "peek", "outbound"]).await;
    assert_eq!(nothing, "Nothing waits in outbound, and nothing runs.\n");
    assert_eq!(desk.why("outbound", "a").await, "idle: has no jobs");

    desk.put(OUTBOUND, "a", 1).await;
    assert_eq!(
        desk.why("outbound", "a").await,
        "ready: no worker works this queue"
    );
    desk.worker("other", &[INBOUND], 9).await;
    assert_eq!(
        desk.why("outbound", "a").await,
        "ready: no worker works this queue"
    );
    desk.worker("one", &[OUTBOUND], 1).await;
    assert_eq!(
        desk.why("outbound", "a").await,
        "ready: next in line: a worker is about to take it"
    );

    let claim = desk
        .queue
        .claim(OUTBOUND, "one", 1, LONG)
        .await
        .unwrap()
        .claims
        .remove(0);
    let why = desk.why("outbound", "a").await;
    assert!(
        why.starts_with("running: on worker one (here pid 7), lease ends in "),
        "{why}"
    );
    desk.put(OUTBOUND, "b", 1).await;
    assert_eq!(
        desk.why("outbound", "b").await,
        "ready: no free worker: all 1 places are taken (workers: 1)"
    );

    let failed = Failed {
        cause: "rate_limited",
        error: "429 for +18704575426".to_owned(),
    };
    let retried = desk
        .queue
        .retry(
            &claim,
            LONG.lease,
            Counts::Yes,
            &failed,
            &Effects::default(),
        )
        .await;
    assert_eq!(retried.unwrap(), Settled::Done);
    let why = desk.why("outbound", "a").await;
    assert!(why.starts_with("scheduled: retry in "), "{why}");
    assert!(
        why.ends_with("after attempt 1 failed with rate_limited: 429 for +***26"),
        "{why}"
    );

    let mut quiet = NewJob::new(OUTBOUND, Key::new("c").unwrap(), "{}".to_owned()).unwrap();
    quiet.quiet = QuietWindow {
        quiet: LONG.lease,
        max: LONG.lease,
    };
    desk.queue.enqueue(&[quiet]).await.unwrap();
    let why = desk.why("outbound", "c").await;
    assert!(why.starts_with("scheduled: quiet window ends in "), "{why}");

    desk.wex
        .ann(&[
            "queue", "pause", "outbound", "--key", "c", "--reason", "a call",
        ])
        .await;
    let why = desk.why("outbound", "c").await;
    assert!(
        why.starts_with("paused: paused by ann ") && why.ends_with("until it is resumed: a call"),
        "{why}"
    );

    desk.wex
        .ann(&[
            "queue", "pause", "outbound", "--reason", "upkeep", "--for", "1h",
        ])
        .await;
    let why = desk.why("outbound", "b").await;
    assert!(
        why.starts_with("ready: the queue is paused by ann ") && why.ends_with(": upkeep"),
        "{why}"
    );

    let states: Vec<_> = desk.wex.json(&["queue", "peek", "outbound"]).await;
    let states: Vec<_> = states.iter().map(|key| text(key, "state")).collect();
    assert_eq!(states, ["ready", "scheduled", "paused"]);
}

#[tokio::test]
async fn peek_says_when_the_rate_of_sends_is_used_up() {
    let settings = Settings {
        rate_per_minute: 2,
        ..Settings::default()
    };
    let world = World::start_with(processes(), settings).await;
    for contact in ["+18704575401", "+18704575402", "+18704575403"] {
        world.contact_texts(contact, TEXT).await;
    }
    // Before one was sent, two may wait because nobody has taken any yet.
    let limited = |survey: &wex_queue::Survey| {
        let sent = survey.recently.get("completed").copied();
        sent == Some(1) && survey.ready == 2 && survey.running == 0
    };
    world
        .until(OUTBOUND, "two replies wait for the rate", limited)
        .await;

    let said = Wex::new(world.redis_url())
        .ok(&["queue", "peek", "outbound"])
        .await;

    assert_eq!(
        said.matches("rate limited: this minute's sends are used up")
            .count(),
        2,
        "{said}"
    );
}

#[tokio::test]
async fn workers_and_ingresses_are_listed_and_a_killed_one_is_marked() {
    let mut world = World::start(processes()).await;
    let wex = Wex::new(world.redis_url());
    let deadline = Instant::now() + PATIENCE;
    let mut said = String::new();
    while !(said.contains("inbound,outbound") && said.contains("accepting")) {
        assert!(Instant::now() < deadline, "{said}");
        said = wex.ok(&["workers"]).await;
    }
    assert!(!said.contains("MISSING"), "{said}");

    world.kill_worker().await;
    while !said.contains("MISSING") {
        assert!(Instant::now() < deadline, "{said}");
        said = wex.ok(&["workers"]).await;
    }
    world.buyer_texts(TEXT).await;
    let ready = |survey: &wex_queue::Survey| survey.ready == 1;
    world.until(INBOUND, "the text waits", ready).await;
    let peeked = wex.ok(&["queue", "peek", "inbound"]).await;
    assert!(
        peeked.contains("no worker: the last of this queue was heard of "),
        "{peeked}"
    );
}

// Acting.

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let desk = Desk::open().await;
    desk.bury(OUTBOUND, "a", 7, "rejected", "no").await;
    desk.bury(OUTBOUND, "b", 2, "unknown", "who knows").await;
    let all = LetterFilter::default();
    let before = desk
        .queue
        .letters(OUTBOUND, &all, 0, 100)
        .await
        .unwrap()
        .found;

    for act in [
        &["replay", "--all"][..],
        &["discard", "--all", "--reason", "why not"],
    ] {
        let arguments = [&["dead-letters"], act, &["--dry-run"]].concat();
        let said = desk.wex.ok(&arguments).await; // Who looks need not say who they are.
        let lines: Vec<_> = said.lines().map(str::trim).collect();
        assert!(
            lines[0].starts_with(&format!("would {} 9 dead letters", act[0])),
            "{said}"
        );
        assert!(
            lines.contains(&"7  outbound  rejected") && lines.contains(&"2  outbound  unknown"),
            "{said}"
        );
        assert!(
            said.contains("and 4 more") && said.contains("nothing was changed"),
            "{said}"
        );
    }

    let after = desk
        .queue
        .letters(OUTBOUND, &all, 0, 100)
        .await
        .unwrap()
        .found;
    assert_eq!(format!("{before:?}"), format!("{after:?}"));
    assert!(desk.queue.audit(10).await.unwrap().is_empty());
    assert_eq!(desk.queue.survey(OUTBOUND).await.unwrap().waiting, 0);
}

#[tokio::test]
async fn a_replay_leads_to_one_send_and_the_letter_is_gone() {
    let (world, wex, id) = world_with_dead_letter("invalid_payload").await;

    let said = wex.ann(&["dead-letters", "replay", &id]).await;

    assert_eq!(said, "replayed 1, gone meanwhile 0, left 0\n");
    assert_eq!(world.sent(1).await.len(), 1);
    assert!(world.letters(OUTBOUND).await.is_empty());

    let again = wex.ann_fails(&["dead-letters", "replay", &id]).await;
    assert_eq!(again.code, 1);
    assert!(again.error.contains("gone already"), "{again:?}");
    assert_eq!(world.sent(1).await.len(), 1);
}

#[tokio::test]
async fn a_replay_of_everything_has_to_be_meant() {
    let desk = Desk::open().await;
    desk.bury(OUTBOUND, "a", 3, "rejected", "no").await;

    for (arguments, hint) in [
        (&["replay"][..], "--all"),
        (&["discard", "--reason", "because"], "--all"),
        (
            &["replay", "some-id", "--reason", "rejected"],
            "do not go together",
        ),
        (&["replay", "some-id", "--all"], "do not go together"),
        (
            &["discard", "--queue", "outbound", "--reason", "rejected"],
            "--letter-reason rejected",
        ),
        (&["discard", "--all"], "--reason"),
    ] {
        let refused = desk
            .wex
            .ann_fails(&[&["dead-letters"], arguments].concat())
            .await;
        assert_eq!(refused.code, 2, "{arguments:?}: {refused:?}");
        assert!(refused.error.contains(hint), "{arguments:?}: {refused:?}");
    }
    assert_eq!(desk.dead(OUTBOUND).await, 3);

    let nothing = desk
        .wex
        .ann_fails(&["dead-letters", "replay", "--reason", "rejetced"])
        .await;
    assert_eq!(nothing.code, 1);
    assert!(nothing.error.contains("no dead letter fits"), "{nothing:?}");
}

#[tokio::test]
async fn a_send_of_unknown_outcome_is_replayed_only_when_the_risk_is_accepted() {
    let (world, wex, _id) = world_with_dead_letter("drop_before_accept").await;

    let refused = wex.ann_fails(&["dead-letters", "replay", "--all"]).await;
    assert_eq!(refused.code, 2);
    assert!(
        refused.error.contains("may get it twice") && refused.error.contains("--yes"),
        "{refused:?}"
    );
    assert_eq!(world.sent(0).await.len(), 0);

    wex.ann(&["dead-letters", "replay", "--all", "--yes"]).await;
    assert_eq!(world.sent(1).await.len(), 1);
}

#[tokio::test]
async fn a_replay_is_capped_takes_the_oldest_first_and_the_same_command_goes_on() {
    let desk = Desk::open().await;
    desk.bury(OUTBOUND, "a", 5, "rejected", "no").await;
    desk.bury(INBOUND, "a", 3, "rejected", "no").await;
    let oldest = ids(&desk
        .wex
        .json(&["dead-letters", "list", "--queue", "outbound"])
        .await)
    .pop();

    let said = desk
        .wex
        .ann(&[
            "dead-letters",
            "replay",
            "--queue",
            "outbound",
            "--max",
            "1",
        ])
        .await;
    assert_eq!(said, "replayed 1, gone meanwhile 0, left 4\n");
    let left = ids(&desk
        .wex
        .json(&["dead-letters", "list", "--queue", "outbound"])
        .await);
    assert!(!left.contains(&oldest.expect("a letter")));

    let replay = [
        "dead-letters",
        "replay",
        "--all",
        "--max",
        "4",
        "--rate",
        "1000",
    ];
    assert_eq!(
        desk.wex.ann(&replay).await,
        "replayed 4, gone meanwhile 0, left 3\n"
    );
    assert_eq!(
        desk.wex.ann(&replay).await,
        "replayed 3, gone meanwhile 0, left 0\n"
    );
    assert_eq!(desk.wex.ann_fails(&replay).await.code, 1);
}

#[tokio::test]
async fn a_replay_keeps_to_its_rate_and_ends_between_batches_when_interrupted() {
    let desk = Desk::open().await;
    desk.bury(OUTBOUND, "a", 60, "rejected", "no").await;
    let slow = [
        "dead-letters",
        "replay",
        "--all",
        "--rate",
        "1",
        "--operator",
        "ann",
    ];
    let child = desk.wex.command(&slow).spawn().expect("wex starts");
    let pid = Pid::from_raw(i32::try_from(child.id().expect("it runs")).unwrap()).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while desk.dead(OUTBOUND).await == 60 {
        assert!(Instant::now() < deadline, "nothing is replayed");
    }

    kill_process(pid, Signal::INT).expect("it still runs");
    let output = child.wait_with_output().await.expect("wex ends");

    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(
        error.contains("the same command again goes on with the rest"),
        "{error}"
    );
    let left = desk.dead(OUTBOUND).await;
    assert!(left > 0, "it did not keep to its rate");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        said,
        format!("replayed {}, gone meanwhile 0, left {left}\n", 60 - left)
    );

    desk.wex
        .ann(&["dead-letters", "replay", "--all", "--rate", "1000"])
        .await;
    assert_eq!(desk.dead(OUTBOUND).await, 0);
}

#[tokio::test]
async fn what_is_discarded_is_gone_and_never_sent() {
    let (world, wex, id) = world_with_dead_letter("invalid_payload").await;

    let said = wex
        .ann(&["dead-letters", "discard", &id, "--reason", "not a number"])
        .await;

    assert_eq!(said, "discarded 1, gone meanwhile 0, left 0\n");
    assert!(world.sent(0).await.is_empty());
    assert!(world.letters(OUTBOUND).await.is_empty());
}

#[tokio::test]
async fn an_edited_letter_is_sent_as_edited() {
    let (world, wex, id) = world_with_dead_letter("invalid_payload").await;
    let old = wex.ok(&["dead-letters", "show", &id, "--payload"]).await;
    let mut payload: Value = serde_json::from_str(&old).expect("JSON");
    payload["body"] = "Sorry, our mistake: what size do you need?".into();
    let file = wex.directory.path().join("payload.json");
    std::fs::write(&file, payload.to_string()).expect("room for a file");
    let file = file.to_str().expect("a path");

    let edit = [
        "dead-letters",
        "edit",
        &id,
        "--payload",
        file,
        "--reason",
        "shorter",
    ];
    assert!(wex.ann(&edit).await.starts_with("edited"));
    wex.ann(&["dead-letters", "replay", &id]).await;

    let sent = world.sent(1).await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].body, "Sorry, our mistake: what size do you need?");
}

#[tokio::test]
async fn an_edit_that_does_not_decode_is_refused_with_what_is_wrong() {
    let (world, wex, id) = world_with_dead_letter("invalid_payload").await;
    let old = world.letters(OUTBOUND).await[0].job.payload.clone();
    let changed = |field: &str, value: Value| {
        let mut payload: Value = serde_json::from_str(&old).expect("JSON");
        payload[field] = value;
        payload.to_string()
    };

    for (payload, wrong) in [
        ("{".to_owned(), "EOF"),
        (r#"{"v":"1"}"#.to_owned(), "missing field `side`"),
        (changed("v", "2".into()), "unknown variant `2`"),
        (changed("to", "nobody".into()), "name, not a number"),
        (changed("to", "+18704575400".into()), "another conversation"),
        (
            changed("body", "x".repeat(70_000).into()),
            "more than 65536",
        ),
    ] {
        let edit = [
            "dead-letters",
            "edit",
            &id,
            "--payload",
            "-",
            "--reason",
            "try",
            "--operator",
            "ann",
        ];
        let mut child = wex
            .command(&edit)
            .stdin(Stdio::piped())
            .spawn()
            .expect("wex starts");
        let mut stdin = child.stdin.take().expect("piped");
        stdin
            .write_all(payload.as_bytes())
            .await
            .expect("wex reads");
        drop(stdin);
        let output = child.wait_with_output().await.expect("wex ends");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{wrong}: {error}");
        assert!(error.contains(wrong), "{wrong}: {error}");
    }
    let no_reason = wex
        .ann_fails(&["dead-letters", "edit", &id, "--payload", "-"])
        .await;
    assert_eq!(no_reason.code, 2);
    assert_eq!(world.letters(OUTBOUND).await[0].job.payload, old);
}

#[tokio::test]
async fn a_paused_queue_holds_texts_and_a_resumed_one_sends_them() {
    let world = World::start(processes()).await;
    let wex = Wex::new(world.redis_url());
    wex.ann(&["queue", "pause", "outbound", "--reason", "upkeep"])
        .await;

    world.buyer_texts(TEXT).await;
    let held = |survey: &wex_queue::Survey| survey.ready == 1;
    world.until(OUTBOUND, "the reply is held", held).await;
    let status = wex.ok(&["queue", "status"]).await;
    assert!(status.contains("outbound is paused by ann"), "{status}");
    assert!(world.sim.messages().await.unwrap().is_empty());

    assert_eq!(
        wex.ann(&["queue", "resume", "outbound"]).await,
        "resumed outbound\n"
    );
    assert_eq!(world.sent(1).await.len(), 1);
    let again = wex.ann_fails(&["queue", "resume", "outbound"]).await;
    assert_eq!(
        (again.code, again.said.as_str()),
        (1, "outbound was not paused\n")
    );
}

#[tokio::test]
async fn a_paused_contact_waits_and_others_do_not() {
    let world = World::start(processes()).await;
    let wex = Wex::new(world.redis_url());
    wex.ann(&[
        "queue",
        "pause",
        "inbound",
        "--contact",
        "870-457-5426",
        "--reason",
        "a call",
    ])
    .await;

    world.buyer_texts(TEXT).await;
    world.contact_texts("+18704575427", TEXT).await;

    let sent = world.sent(1).await;
    assert_eq!((sent.len(), sent[0].to.as_str()), (1, "+18704575427"));
    wex.ann(&["queue", "resume", "inbound", "--contact", BUYER])
        .await;
    assert_eq!(world.sent(2).await.len(), 2);
}

#[tokio::test]
async fn the_audit_says_who_did_what_to_what_and_why() {
    let desk = Desk::open().await;
    let none = desk.wex.ok(&["audit"]).await;
    assert_eq!(none, "No operator has done anything yet.\n");
    desk.bury(OUTBOUND, "a", 3, "rejected", "no").await;
    desk.bury(OUTBOUND, "b", 250, "poison", "crash").await;

    let mut as_bob = desk.wex.command(&[
        "dead-letters",
        "replay",
        "--reason",
        "rejected",
        "--rate",
        "1000",
    ]);
    as_bob.env("USER", "bob");
    assert_eq!(ended(as_bob).await.code, 0);
    desk.wex
        .ann(&[
            "dead-letters",
            "discard",
            "--letter-reason",
            "poison",
            "--reason",
            "a bad build",
        ])
        .await;
    desk.wex
        .ann(&[
            "queue",
            "pause",
            "inbound",
            "--key",
            &key_of(BUYER),
            "--reason",
            "a call",
        ])
        .await;
    desk.wex
        .ann(&["queue", "resume", "inbound", "--key", &key_of(BUYER)])
        .await;

    let entries = desk.wex.json(&["audit"]).await;
    let facts: Vec<_> = entries
        .iter()
        .map(|entry| {
            let word = |field: &str| entry[field].as_str().unwrap_or("-").to_owned();
            let letters = entry["letters"].as_u64().unwrap_or_default();
            format!(
                "{} {} {} {letters} {} {}",
                word("operator"),
                word("act"),
                word("queue"),
                word("on"),
                word("reason")
            )
        })
        .collect();
    // The three batches of the discard are one act.
    assert_eq!(
        facts,
        [
            "ann resume inbound 0 key=buyer:476258:+1870***5426 -",
            "ann pause inbound 0 key=buyer:476258:+1870***5426 a call",
            "ann discard outbound 250 reason=poison a bad build",
            "bob replay outbound 3 reason=rejected -",
        ]
    );
    assert_eq!(desk.wex.json(&["audit", "--limit", "1"]).await.len(), 1);
}

#[tokio::test]
async fn who_acts_has_to_be_known() {
    let desk = Desk::open().await;
    let ended = desk
        .wex
        .run(&["queue", "pause", "inbound", "--reason", "x"])
        .await;
    assert_eq!(ended.code, 2);
    assert!(ended.error.contains("--operator NAME"), "{ended:?}");
    assert!(desk.queue.survey(INBOUND).await.unwrap().pause.is_none());
}

// How commands end.

#[tokio::test]
async fn a_redis_that_cannot_be_reached_is_named_without_its_password_and_exits_with_1() {
    let wex = Wex::new("redis://ops:hush@127.0.0.1:1");
    for command in [
        &["dead-letters", "list"][..],
        &["queue", "status"],
        &["queue", "peek", "inbound"],
        &["workers"],
        &["audit"],
    ] {
        let ended = wex.run(command).await;
        assert_eq!((ended.code, ended.said.as_str()), (1, ""), "{command:?}");
        assert!(
            ended
                .error
                .contains("cannot use Redis at redis://ops:***@127.0.0.1:1"),
            "{ended:?}"
        );
        assert!(
            ended.error.contains("REDIS_URL") && ended.error.contains("refused"),
            "{ended:?}"
        );
        assert!(!ended.error.contains("hush"), "{ended:?}");
    }
}

#[tokio::test]
async fn settings_and_arguments_that_cannot_be_meant_exit_with_2() {
    let desk = Desk::open().await;
    for (command, hint) in [
        (&["queue", "peek", "invound"][..], "inbound, outbound"),
        (
            &["dead-letters", "list", "--queue", "mail"],
            "inbound, outbound",
        ),
        (&["dead-letters", "list", "--since", "yesterday"], "2h"),
        (
            &["dead-letters", "list", "--contact", "+1870***5426"],
            "--show-contacts",
        ),
        (
            &["queue", "pause", "inbound", "--reason", " "],
            "characters",
        ),
        (
            &[
                "queue", "pause", "inbound", "--reason", "x", "--for", "soon",
            ],
            "30s, 5m",
        ),
        (
            &["queue", "peek", "inbound", "--key", "a b"],
            "visible ASCII",
        ),
    ] {
        let ended = desk.wex.run(command).await;
        assert_eq!(ended.code, 2, "{command:?}: {ended:?}");
        assert!(ended.error.contains(hint), "{command:?}: {ended:?}");
    }
    let not_a_url = Wex::new("http://localhost").run(&["workers"]).await;
    assert_eq!(not_a_url.code, 2);
    assert!(not_a_url.error.contains("REDIS_URL"), "{not_a_url:?}");

    let mut without_lines = desk
        .wex
        .command(&["dead-letters", "list", "--contact", BUYER]);
    without_lines.env_remove("AIRCALL_NUMBER_ID");
    let without_lines = ended(without_lines).await;
    assert_eq!(without_lines.code, 2);
    assert!(
        without_lines.error.contains("AIRCALL_NUMBER_ID"),
        "{without_lines:?}"
    );
}

#[tokio::test]
async fn the_url_of_redis_can_come_from_a_file() {
    let desk = Desk::open().await;
    let file = desk.wex.directory.path().join("url");
    std::fs::write(&file, &desk.wex.redis_url).unwrap();
    let mut command = desk.wex.command(&["workers"]);
    command
        .env_remove("REDIS_URL")
        .env("REDIS_URL_FILE", Path::new(&file));
    assert_eq!(ended(command).await.code, 0);
}

#[tokio::test]
async fn the_help_says_what_the_exit_codes_mean() {
    let wex = Wex::new("redis://127.0.0.1:1");
    for command in [
        &["--help"][..],
        &["dead-letters", "--help"],
        &["queue", "--help"],
        &["dead-letters", "replay", "--help"],
        &["queue", "peek", "--help"],
        &["workers", "--help"],
        &["audit", "--help"],
    ] {
        let help = wex.ok(command).await;
        assert!(help.contains("Exit codes: 0 done"), "{help}");
    }
}

// At size.

/// The quickest of several runs: what is left when nothing else on the machine is in the way.
async fn quickest(mut run: impl AsyncFnMut()) -> Duration {
    let mut quickest = Duration::MAX;
    for _ in 0..5 {
        let started = Instant::now();
        run().await;
        quickest = quickest.min(started.elapsed());
    }
    quickest
}

#[tokio::test]
async fn listing_and_counting_stay_fast_at_100_000_dead_letters_and_a_reader_that_leaves_is_no_failure()
 {
    let (few, many) = (Desk::open().await, Desk::open().await);
    few.bury(OUTBOUND, "a", 100, "rejected", "no").await;
    for number in 0..100 {
        let reason = if number == 50 { "poison" } else { "rejected" };
        many.bury(OUTBOUND, &format!("key-{number}"), 1_000, reason, "no")
            .await;
    }
    assert_eq!(many.dead(OUTBOUND).await, 100_000);

    for command in [
        &["dead-letters", "list", "--limit", "100"][..],
        &[
            "dead-letters",
            "list",
            "--limit",
            "100",
            "--json",
            "--reason",
            "rejected",
        ],
        &["dead-letters", "list", "--groups"],
        &["queue", "status"],
    ] {
        let small = quickest(async || drop(few.wex.ok(command).await)).await;
        let large = quickest(async || drop(many.wex.ok(command).await)).await;
        assert!(
            large < small * 10,
            "{command:?}: {small:?} with 100 letters, {large:?} with 100,000"
        );
    }
    let said = many
        .wex
        .ok(&["dead-letters", "list", "--limit", "100"])
        .await;
    assert!(said.contains("the newest 100 of 100000"), "{said}");
    let said = many
        .wex
        .ok(&["dead-letters", "list", "--reason", "rejected"])
        .await;
    for part in [
        "of 99000, the newest; --groups counts all",
        "the newest 20 of 99000",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let poison = many
        .wex
        .json(&["dead-letters", "list", "--groups", "--reason", "poison"])
        .await;
    assert_eq!(poison[0]["count"].as_u64(), Some(1_000));
    let most = many
        .wex
        .json(&["dead-letters", "list", "--groups", "--reason", "rejected"])
        .await;
    assert_eq!(most[0]["count"].as_u64(), Some(99_000));

    // As `| head -1` does.
    let long = ["dead-letters", "list", "--json", "--limit", "10000"];
    let mut child = many.wex.command(&long).spawn().expect("wex starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    assert!(lines.next_line().await.expect("wex prints").is_some());
    drop(lines);
    let output = child.wait_with_output().await.expect("wex ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
