//! What each script costs Redis when there is much of everything, beside what it costs when there is little.
//!
//! Computing time and not the time that passes: it does not depend on what else the machine does.

use std::path::Path;

use redis::Script;
use wex_queue::{
    Act, Correction, Erased, EventReader, Forgotten, GatePolicy, Heard, LetterFilter,
    PAYLOAD_BYTES_MAX, Rate, Unless, WorkerAbout,
};

use super::*;

/// How often each script runs before it is judged.
const ROUNDS: usize = 15;

/// What [`ROUNDS`] of a script may cost in any case: below it, only the machine's moods are measured.
const CHEAP: Duration = Duration::from_millis(2);

/// Every script, in an order in which none takes away what a later one is to meet.
const SCRIPTS: [&str; 40] = [
    // While keys are due: each claim makes some of them ready.
    "claim",
    "enqueue",
    "survey",
    "oldest",
    "peek",
    "load",
    "gates",
    "set_gate",
    "complete",
    "retry",
    "postpone",
    "bury",
    "renew",
    "release",
    "note",
    "pause",
    "resume",
    "bury_new",
    "letters",
    "groups",
    "tally",
    "count",
    "replay",
    "discard",
    "edit",
    "settle_letter",
    "now",
    "lease",
    "add_up",
    "remember",
    "correct_rate",
    "take_token",
    "spend",
    "apply",
    "restore",
    "audit",
    "beat",
    "read_events",
    "take_events",
    "leave_events",
];

const ANN: Act<'_> = Act {
    operator: "ann",
    filter: "",
    reason: "test",
};

/// Runs a script [`ROUNDS`] times with what it needs, and says what these runs cost Redis. What is new is named after `phase`.
async fn cost(store: &Store, phase: &str, script: &'static str) -> Duration {
    let queue = &store.queue;
    let answers = "Redis answers";
    let letters = LetterFilter {
        reason: Some("refused".to_owned()),
        ..LetterFilter::default()
    };
    let policy = GatePolicy {
        failures_max: 1_000,
        wait_min: PATIENCE,
        wait_max: PATIENCE,
        probe: PATIENCE,
        ramp: PATIENCE,
    };
    let mut spent = Duration::ZERO;
    let mut reader = EventReader::new(queue, "test", "reader".to_owned());
    for round in 0..ROUNDS {
        let name = format!("{script}{round}{phase}");
        let new = event_job(&name, "1", &name);
        let id = new.id.to_string();
        let mut claim = None;
        let mut told = Vec::new();
        match script {
            "complete" | "retry" | "postpone" | "bury" | "renew" | "release" | "note"
            | "set_gate" => claim = Some(store.claim(at_most(20)).await),
            "replay" | "discard" | "edit" | "settle_letter" => {
                bury_new(store, &new).await;
            }
            "erase" => store.put(std::slice::from_ref(&new)).await,
            "resume" => {
                let paused = queue.pause(WORK, Some(&new.key), None, ANN).await;
                paused.expect(answers);
            }
            "take_events" => told = reader.next(100, Duration::ZERO).await.expect(answers),
            _ => {}
        }
        let effects = Effects {
            jobs: vec![to_next(job("effect", "1"))],
            records: vec![record("state", "1")],
            events: vec![event("1")],
        };
        let before = store.cpu().await;
        match (script, &claim) {
            ("claim", _) => assert_eq!(store.claims(50, at_most(20)).await.len(), 50),
            ("enqueue", _) => store.put(&[new]).await,
            ("survey", _) => assert!(0 < queue.survey(WORK).await.expect(answers).waiting),
            ("oldest", _) => {
                assert!(
                    queue
                        .oldest(WORK, 100)
                        .await
                        .expect(answers)
                        .ready
                        .is_some()
                );
            }
            ("peek", _) => {
                assert!(20 <= queue.peek(WORK, None, 20).await.expect(answers).keys.len());
            }
            ("load", _) => assert!(!queue.load(WORK, None).await.expect(answers).keys.is_empty()),
            ("gates", _) => assert!(queue.gates(WORK).await.expect(answers).1.len() < 2),
            ("set_gate", Some(claim)) => {
                let ill = Heard::Ill {
                    cause: "test",
                    reason: "once".to_owned(),
                };
                let reported = queue.report(claim, &[("another", ill)], &policy).await;
                let reported = reported.expect(answers).remove(0);
                assert_ne!(reported.before, reported.after);
            }
            ("complete", Some(claim)) => store.complete_with(claim, &effects).await,
            ("retry", Some(claim)) => store.retry(claim, LONG.lease, Counts::Yes, "later").await,
            ("postpone", Some(claim)) => {
                let postponed = queue.postpone(claim, LONG.lease, "it", &effects).await;
                assert_eq!(postponed.expect(answers), Settled::Done);
            }
            ("bury", Some(claim)) => store.bury(claim, "refused").await,
            ("renew", Some(claim)) => {
                let renewed = queue.renew(claim, LONG.lease).await;
                assert_eq!(renewed.expect(answers), Settled::Done);
            }
            ("release", Some(claim)) => {
                assert_eq!(queue.release(claim).await.expect(answers), Settled::Done);
            }
            ("note", Some(claim)) => {
                let unless = Unless {
                    record: "none",
                    queue: QueueName("another"),
                    only_running: false,
                };
                let noted = queue.note_unless(claim, unless, &effects).await;
                assert_eq!(noted.expect(answers), wex_queue::Noted::Done);
            }
            ("pause", _) => {
                let paused = queue.pause(WORK, Some(&new.key), None, ANN).await;
                paused.expect(answers);
            }
            ("resume", _) => {
                assert!(
                    queue
                        .resume(WORK, Some(&new.key), ANN)
                        .await
                        .expect(answers)
                );
            }
            ("bury_new", _) => bury_new(store, &new).await,
            ("letters", _) => {
                let found = queue.letters(WORK, &letters, 0, 50).await;
                assert_eq!(found.expect(answers).found.len(), 50);
            }
            ("groups", _) => {
                assert!(0 < queue.letter_groups(WORK, 20).await.expect(answers).total);
            }
            // The first thousand: more come by more calls.
            ("tally", _) => {
                let tally = queue.tally(WORK, &letters, 1).await;
                assert!(1_000 <= tally.expect(answers).total);
            }
            ("count", _) => {
                assert!(1_000 <= queue.count_letters(WORK, &letters).await.expect(answers));
            }
            ("replay", _) => {
                let acted = queue.replay(WORK, &[id], ANN).await;
                assert_eq!(acted.expect(answers), [wex_queue::Acted::Done]);
            }
            ("discard", _) => {
                let acted = queue.discard(WORK, &[id], ANN).await;
                assert_eq!(acted.expect(answers), [wex_queue::Acted::Done]);
            }
            ("edit", _) => {
                let payload = "x".repeat(PAYLOAD_BYTES_MAX);
                let acted = queue.edit(WORK, &id, &payload, ANN).await;
                assert_eq!(acted.expect(answers), wex_queue::Acted::Done);
            }
            ("settle_letter", _) => {
                let acted = queue.settle_letter(WORK, &id, "sent", ANN, &effects).await;
                assert_eq!(acted.expect(answers), wex_queue::Acted::Done);
            }
            ("now", _) => assert!(0 < queue.now_ms().await.expect(answers)),
            ("lease", _) => {
                assert!(queue.lease(&id, "holder", PATIENCE).await.expect(answers));
            }
            ("add_up", _) => {
                let sums = queue.add_up([("sum", 1)], PATIENCE).await.expect(answers);
                assert!(0 < sums[0]);
            }
            ("correct_rate", _) => {
                let correction = Correction {
                    limit: Some(60),
                    left: 1,
                    resets_in: PATIENCE,
                };
                queue.correct_rate("rate", correction).await.expect(answers);
            }
            ("remember", _) => {
                let kept = queue.remember(vec![record("state", "1")]).await;
                kept.expect(answers);
            }
            ("take_token", _) => {
                let rate = Rate::within("tokens", u32::MAX);
                assert_eq!(queue.take_token(rate).await.expect(answers), None);
            }
            // Each round in another slot of the shorter span, and all slots are looked at.
            ("spend", _) => {
                let most = [(Duration::from_millis(60), u32::MAX), (PATIENCE, u32::MAX)];
                assert_eq!(
                    queue.spend("allowance", 1, &most).await.expect(answers),
                    None
                );
            }
            ("apply", _) => {
                let applied = queue.apply("set", &new.key, ANN, &effects).await;
                applied.expect(answers);
            }
            ("restore", _) => {
                let records = [(format!("restored{id}"), "1".to_owned())];
                assert_eq!(queue.restore(&records).await.expect(answers), 1);
            }
            ("erase", _) => {
                let forgotten = Forgotten {
                    words: vec![id.clone()],
                    name: "nobody".to_owned(),
                    keys: vec![new.key.clone()],
                    deleted: vec!["state".to_owned()],
                    ..Forgotten::default()
                };
                let erased = queue.erase(&[WORK, NEXT], &forgotten, ANN).await;
                let done = Erased::Done {
                    jobs: 1,
                    letters: 0,
                };
                assert_eq!(erased.expect(answers), done);
            }
            ("audit", _) => assert!(!queue.audit(50).await.expect(answers).is_empty()),
            ("beat", _) => {
                let about = WorkerAbout {
                    host: "here".to_owned(),
                    pid: 1,
                    version: "1".to_owned(),
                    queues: Vec::new(),
                    concurrency: 1,
                    started_ms: 1,
                    spooled: None,
                };
                queue.beat(WORKER, &about).await.expect(answers);
            }
            ("read_events", _) => {
                let told = reader.next(100, Duration::ZERO).await.expect(answers);
                assert_eq!(told.len(), 100);
            }
            ("take_events", _) => reader.take(&told).await.expect(answers),
            ("leave_events", _) => reader.leave().await.expect(answers),
            _ => unreachable!("{script}"),
        }
        spent += store.cpu().await - before;
    }
    spent
}

async fn bury_new(store: &Store, job: &NewJob) {
    let why = failed("beyond help");
    let buried = store.queue.bury_new(job, "refused", &why, usize::MAX).await;
    assert_eq!(buried.expect("Redis answers"), wex_queue::Buried::Done);
}

/// Did Redis get to know this script since it was last told to forget all?
async fn has_run(store: &Store, script: &str) -> bool {
    let file = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/queue/src/scripts");
        std::fs::read_to_string(path.join(name)).expect("a script")
    };
    // As `scripts.rs` puts it together. If it comes to do so otherwise, no script will have run.
    let text = format!(
        "{}local function run()\n{}end\nlocal reply = run()\nwrite_gathered()\nreturn reply\n",
        file("keys.lua"),
        file(&format!("{script}.lua"))
    );
    let known: Vec<bool> = store
        .ask(&["SCRIPT", "EXISTS", Script::new(&text).get_hash()])
        .await;
    known == [true]
}

/// Adds what waits: `ready` keys with a job each, `due` keys whose quiet window is over in a moment, `deep` more jobs of a key
/// that is first in line, as many events, and `letters` dead letters.
async fn fill(store: &Store, from: usize, ready: usize, due: usize, deep: usize, letters: usize) {
    let told = |mut job: NewJob| {
        job.is_event = true;
        job
    };
    let put = async |jobs: Vec<NewJob>| {
        for jobs in jobs.chunks(100) {
            store.put(jobs).await;
        }
    };
    put((0..deep)
        .map(|job_| job("deep", &job_.to_string()))
        .collect())
    .await;
    put((from..from + ready)
        .map(|key| told(job(&format!("ready{key}"), "1")))
        .collect())
    .await;
    put((from..from + due)
        .map(|key| quiet_job(&format!("due{key}"), "1", 1, 1))
        .collect())
    .await;
    for letter in from..from + letters {
        bury_new(store, &job(&format!("dead{letter}"), "1")).await;
    }
}

#[tokio::test]
async fn no_script_costs_more_with_10_000_due_100_000_waiting_and_100_000_keys_than_with_few() {
    let store = Store::start().await;
    fill(&store, 0, 2_000, 2_000, 100, 1_000).await;
    let few = costs(&store, "few").await;
    fill(&store, 2_000, 98_000, 10_000, 9_000, 3_000).await;
    let many = costs(&store, "many").await;
    let dearer: Vec<_> = SCRIPTS
        .into_iter()
        .zip(few.into_iter().zip(many))
        .filter(|(_, (few, many))| 4 * (*few).max(CHEAP) < *many)
        .collect();
    assert!(dearer.is_empty(), "with few and with many: {dearer:?}");
}

/// What each script costs, in the order of [`SCRIPTS`].
async fn costs(store: &Store, phase: &str) -> Vec<Duration> {
    let mut costs = Vec::new();
    for script in SCRIPTS {
        store.ask::<()>(&["SCRIPT", "FLUSH"]).await;
        costs.push(cost(store, phase, script).await);
        assert!(has_run(store, script).await, "{script} was not what ran");
    }
    costs
}

/// Whose jobs are to be forgotten may wait anywhere in the line, and no structure says where.
#[tokio::test]
async fn an_erasure_looks_through_a_line_of_100_000_keys_in_milliseconds() {
    let store = Store::start().await;
    fill(&store, 0, 100_000, 10_000, 0, 0).await;
    let spent = cost(&store, "many", "erase").await;
    assert!(has_run(&store, "erase").await);
    let each = spent / u32::try_from(ROUNDS).expect("few");
    assert!(each < Duration::from_millis(10), "{each:?}");
}

#[test]
fn the_cost_of_every_script_is_bounded_by_a_test() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/queue/src/scripts");
    let scripts: BTreeSet<_> = std::fs::read_dir(path)
        .expect("the scripts")
        .map(|file| file.expect("a file").file_name().display().to_string())
        .filter_map(|name| Some(name.strip_suffix(".lua")?.to_owned()))
        .filter(|name| name != "keys")
        .collect();
    let measured = SCRIPTS.into_iter().chain(["erase"]).map(str::to_owned);
    assert_eq!(scripts, measured.collect());
}
