//! What becomes of a claim: effects, leases, dead letters, records.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::task::JoinSet;
use wex_queue::{
    Claimant, Counts, Effects, Failed, LetterFilter, Limits, Noted, Record, Settled, Unless,
};

use super::{
    LONG, NEXT, SHORT, Store, WORK, WORKER, at_most, event, event_job, failed, job, payloads,
    record, to_next, until, with_records,
};

// Claims that nobody heard the answer to.

#[tokio::test]
async fn a_worker_takes_back_what_its_unanswered_claims_took_and_nothing_else() {
    let store = Store::start().await;
    let keys = ["a", "b", "c", "d"];
    store.put(&keys.map(|key| job(key, key))).await;
    let claim = async |worker, number, unanswered: &[u64]| {
        let claimant = Claimant {
            worker,
            number,
            unanswered,
        };
        let claimed = store.queue.claim(WORK, claimant, 1, LONG).await;
        claimed.expect("Redis answers").claims.pop()
    };
    let heard = claim("one", 1, &[]).await.unwrap();
    let unheard = claim("one", 2, &[]).await.unwrap();
    let of_another = claim("another", 2, &[]).await.unwrap();

    let again = claim("one", 4, &[2, 3]).await.unwrap();
    assert_eq!((again.key.clone(), again.crashes), (unheard.key.clone(), 0));
    store.refuses_as_stale(&unheard).await;
    // One that Redis executed behind the claim that named it.
    let late = claim("one", 3, &[]).await.unwrap();
    let again_late = claim("one", 5, &[2, 3]).await.unwrap();
    assert_eq!(again_late.key, late.key);
    store.refuses_as_stale(&late).await;

    for claim in [heard, of_another, again, again_late] {
        store.complete(&claim).await;
    }
    assert!(store.queue.survey(WORK).await.unwrap().is_idle());
}

// Effects.

#[tokio::test]
async fn jobs_records_and_events_of_a_completion_appear_together_with_it() {
    let store = Store::start().await;
    let known = with_records(
        to_next(event_job("n", "known", "seen")),
        vec![record("known", "first")],
    );
    store.put(&[known, job("k", "1"), job("k", "2")]).await;
    let claim = store.claim(LONG).await;
    let effects = Effects {
        jobs: vec![
            with_records(
                to_next(event_job("n", "doubled", "seen")),
                vec![record("known", "second")],
            ),
            to_next(event_job("m", "effect", "new")),
            job("k", "3"),
        ],
        records: vec![record("state", "answered")],
        events: vec![event("answered")],
    };

    store.complete_with(&claim, &effects).await;

    assert_eq!(store.record("state").await.as_deref(), Some("answered"));
    assert_eq!(store.events().await, ["answered"]);
    assert_eq!(
        store.record("known").await.as_deref(),
        Some("first"),
        "a duplicate among the effects writes nothing"
    );
    let next = store
        .queue
        .claim(NEXT, WORKER, 9, at_most(9))
        .await
        .unwrap()
        .claims;
    assert_eq!(
        next.iter().map(payloads).collect::<Vec<_>>(),
        [["known"], ["effect"]]
    );

    // A second completion of the same claim is stale and enqueues nothing, also not what has no event.
    assert_eq!(
        store.queue.complete(&claim, &effects).await.unwrap(),
        Settled::Stale
    );
    store.refuses_as_stale(&claim).await;
    assert_eq!(store.drain(LONG).await, ["2", "3"]);
}

#[tokio::test]
async fn effects_for_the_key_itself_go_behind_what_waits_and_do_not_move_a_retry() {
    let store = Store::start().await;
    store.put(&[job("k", "1"), job("k", "2")]).await;
    let claim = store.claim(LONG).await;
    let effects = |payload: &str| Effects {
        jobs: vec![job("k", payload)],
        records: vec![record("last", payload)],
        events: vec![event(payload)],
    };
    let delay = Duration::from_millis(150);

    let retried = store
        .queue
        .retry(&claim, delay, Counts::Yes, &failed("later"), &effects("3"))
        .await
        .unwrap();

    assert_eq!(
        (retried, store.record("last").await.as_deref()),
        (Settled::Done, Some("3"))
    );
    let again = store.claim(LONG).await;
    assert_eq!((payloads(&again), again.attempt), (vec!["1"], 2));
    assert!(again.claimed_ms >= claim.claimed_ms + 150);
    let buried = store
        .queue
        .bury(&again, "no", &failed("no"), &effects("4"))
        .await
        .unwrap();
    assert_eq!(
        (buried, store.record("last").await.as_deref()),
        (Settled::Done, Some("4"))
    );
    assert_eq!(store.events().await, ["3", "4"]);
    assert_eq!(store.drain(LONG).await, ["2", "3", "4"]);
}

#[tokio::test]
async fn completions_that_share_a_call_are_each_done_or_refused_alone() {
    let store = Store::start().await;
    store.put(&[job("lost", "lost")]).await;
    let lost = store.claim(SHORT).await;
    let rescued = store.claim(LONG).await;
    for number in 0..20 {
        store
            .put(&[job(&format!("k{number}"), &number.to_string())])
            .await;
    }
    let mut claims = store.claims(20, LONG).await;
    claims.push(lost);
    claims.push(claims[0].clone());

    let mut completing = JoinSet::new();
    for claim in claims {
        let queue = store.queue.clone();
        completing.spawn(async move {
            let effects = Effects {
                events: vec![event(&claim.jobs[0].payload)],
                ..Effects::default()
            };
            queue.complete(&claim, &effects).await.unwrap()
        });
    }
    let settled = completing.join_all().await;

    let refused = settled.iter().filter(|settled| **settled == Settled::Stale);
    assert_eq!(refused.count(), 2, "the lost one, and one that came twice");
    let mut told: Vec<usize> = store
        .events()
        .await
        .iter()
        .map(|text| text.parse().expect("not the lost one"))
        .collect();
    told.sort_unstable();
    assert_eq!(told, (0..20).collect::<Vec<_>>());
    store.complete(&rescued).await;
}

// Leases.

#[tokio::test]
async fn a_lease_that_ends_is_rescued_by_the_next_claim_and_the_old_worker_is_refused() {
    let store = Store::start().await;
    store.put(&[job("k", "1"), job("k", "2")]).await;
    let lost = store.claim(SHORT).await;

    let rescued = store.claim(LONG).await;

    assert_eq!(
        (payloads(&rescued), rescued.attempt, rescued.crashes),
        (vec!["1"], 1, 1)
    );
    assert!(rescued.claimed_ms >= lost.claimed_ms + 50);
    store.refuses_as_stale(&lost).await;
    store.bury(&rescued, "seen").await;
    let letter = store.dead_letters().await.remove(0);
    let causes: Vec<_> = letter
        .failures
        .iter()
        .map(|failure| (failure.cause.as_str(), failure.attempt))
        .collect();
    assert_eq!(
        (causes, letter.attempts, letter.crashes),
        (vec![("crash", 1), ("test", 1)], 1, 1)
    );
    assert_eq!(store.drain(LONG).await, ["2"]);
}

#[tokio::test]
async fn a_worker_that_is_late_but_not_yet_missed_may_still_finish() {
    let store = Store::start().await;
    store.put(&[job("k", "1")]).await;
    let claim = store.claim(SHORT).await;
    store.let_pass(SHORT.lease * 2).await;
    store.complete(&claim).await;
    assert!(store.finds_nothing().await);
}

#[tokio::test]
async fn a_renewal_keeps_the_claim() {
    let store = Store::start().await;
    store.put(&[job("k", "1")]).await;
    let claim = store.claim(SHORT).await;
    assert_eq!(
        store.queue.renew(&claim, LONG.lease).await.unwrap(),
        Settled::Done
    );
    store.let_pass(SHORT.lease * 3).await;
    assert!(store.finds_nothing().await);
    store.complete(&claim).await;

    // A renewal counts from now: it can also shorten.
    store.put(&[job("k", "2")]).await;
    let claim = store.claim(LONG).await;
    assert_eq!(
        store.queue.renew(&claim, SHORT.lease).await.unwrap(),
        Settled::Done
    );
    assert_eq!(store.claim(LONG).await.crashes, 1);
}

#[tokio::test]
async fn a_job_that_kills_its_workers_takes_none_of_those_it_was_claimed_with_along() {
    let store = Store::start().await;
    store
        .put(&[job("k", "before"), job("k", "poison"), job("k", "after")])
        .await;
    let limits = Limits {
        jobs_max: 10,
        crashes_max: 3,
        ..SHORT
    };
    let mut completed = Vec::new();
    while completed.len() < 2 {
        let claim = store.claim(limits).await;
        if payloads(&claim).contains(&"poison") {
            continue; // Its worker vanishes.
        }
        completed.extend(payloads(&claim).into_iter().map(str::to_owned));
        store.complete(&claim).await;
    }

    assert_eq!(completed, ["before", "after"]);
    let letters = store.dead_letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].job.payload, "poison");
    assert!(store.finds_nothing().await);
}

#[tokio::test]
async fn a_job_that_fails_by_its_own_fault_is_tried_again_without_those_it_was_claimed_with() {
    let store = Store::start().await;
    store.put(&[job("k", "1"), job("k", "2")]).await;
    let limits = Limits {
        jobs_max: 10,
        ..LONG
    };
    for (counts, together) in [(Counts::No, 2), (Counts::Yes, 1)] {
        let claim = store.claim(limits).await;
        let failed = Failed {
            cause: "bug",
            error: "the attempt panicked".to_owned(),
        };
        let retried = store
            .queue
            .retry(&claim, Duration::ZERO, counts, &failed, &Effects::default())
            .await
            .unwrap();
        assert_eq!(retried, Settled::Done);
        let again = store.claim(limits).await;
        assert_eq!(again.jobs.len(), together, "{counts:?}");
        assert_eq!(store.queue.release(&again).await.unwrap(), Settled::Done);
    }
}

#[tokio::test]
async fn a_job_that_kills_its_workers_becomes_a_dead_letter_and_the_next_job_goes_on() {
    let store = Store::start().await;
    store.put(&[job("k", "poison"), job("k", "next")]).await;
    let limits = Limits {
        crashes_max: 3,
        ..SHORT
    };
    let mut lost = Vec::new();
    for crashes in 0..3 {
        let claim = store.claim(limits).await;
        assert_eq!(
            (payloads(&claim), claim.crashes, claim.attempt),
            (vec!["poison"], crashes, 1)
        );
        lost.push(claim);
    }
    let next = store
        .claim(Limits {
            lease: LONG.lease,
            ..limits
        })
        .await;

    assert_eq!(
        (payloads(&next), next.crashes, next.attempt),
        (vec!["next"], 0, 1)
    );
    let letters = store.dead_letters().await;
    assert_eq!(
        (
            letters.len(),
            letters[0].reason.as_str(),
            letters[0].job.payload.as_str()
        ),
        (1, "poison", "poison")
    );
    assert_eq!(
        (
            letters[0].crashes,
            letters[0].attempts,
            letters[0].failures.len()
        ),
        (3, 0, 3)
    );
    for claim in &lost {
        store.refuses_as_stale(claim).await;
    }
    store.complete(&next).await;
}

#[tokio::test]
async fn many_workers_that_vanish_at_once_lose_nothing() {
    let store = Store::start().await;
    let jobs: Vec<_> = (0..100)
        .map(|key| job(&format!("k{key}"), &format!("{key:03}")))
        .collect();
    store.put(&jobs).await;
    assert_eq!(store.claims(100, SHORT).await.len(), 100);
    store.let_pass(SHORT.lease).await;

    let done = store.drain(LONG).await;

    assert_eq!(done.len(), 100);
    assert_eq!(done.iter().collect::<BTreeSet<_>>().len(), 100);
}

// Dead letters.

#[tokio::test]
async fn a_dead_letter_keeps_payload_reason_failures_and_trace_and_its_key_goes_on() {
    let store = Store::start().await;
    let payload = "{\"text\":\"ünïcödé \u{1F600} \u{0} \u{7f} / \\ \n second line\"}";
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let mut sick = event_job("k", payload, "e");
    sick.trace = Some(trace.to_owned());
    store.put(&[sick.clone(), job("k", "next")]).await;
    let claim = store.claim(LONG).await;
    store
        .retry(&claim, Duration::ZERO, Counts::Yes, "first")
        .await;
    let claim = store.claim(LONG).await;

    store.bury(&claim, "permanent").await;

    store.refuses_as_stale(&claim).await;
    let survey = store.queue.survey(WORK).await.unwrap();
    assert_eq!((survey.dead, survey.ready, survey.running), (1, 1, 0));
    let letter = &store.dead_letters().await[0];
    assert_eq!(letter.job, claim.jobs[0]);
    assert_eq!(
        (
            letter.job.id,
            letter.job.payload.as_str(),
            letter.job.trace.as_deref()
        ),
        (sick.id, payload, Some(trace))
    );
    assert_eq!(
        (
            letter.key.as_str(),
            letter.reason.as_str(),
            letter.attempts,
            letter.crashes
        ),
        ("k", "permanent", 2, 0)
    );
    let errors: Vec<_> = letter
        .failures
        .iter()
        .map(|failure| failure.error.as_str())
        .collect();
    assert_eq!(errors, ["first", "beyond help"]);
    assert!(letter.buried_ms >= claim.claimed_ms);
    let next = store.claim(LONG).await;
    assert_eq!((payloads(&next), next.attempt), (vec!["next"], 1));
}

#[tokio::test]
async fn the_newest_dead_letters_come_first_and_no_more_than_asked() {
    let store = Store::start().await;
    for number in ["1", "2", "3"] {
        store.put(&[job("k", number)]).await;
        let claim = store.claim(LONG).await;
        store.bury(&claim, "no").await;
        store.let_pass(Duration::from_millis(2)).await;
    }
    let all = LetterFilter::default();
    let letters = store.queue.letters(WORK, &all, 0, 2).await.unwrap();
    let newest: Vec<_> = letters
        .found
        .iter()
        .map(|letter| letter.job.payload.as_str())
        .collect();
    assert_eq!(newest, ["3", "2"]);
    let rest = store
        .queue
        .letters(WORK, &all, letters.next.unwrap(), 2)
        .await
        .unwrap();
    assert_eq!(
        (
            rest.found[0].job.payload.as_str(),
            rest.found.len(),
            rest.next
        ),
        ("1", 1, None)
    );
}

// Records.

#[tokio::test]
async fn a_note_is_written_only_while_the_claim_is_current() {
    let store = Store::start().await;
    store.put(&[job("k", "1")]).await;
    let claim = store.claim(LONG).await;
    assert_eq!(
        store
            .queue
            .note(&claim, &vec![record("intent", "sending")].into())
            .await
            .unwrap(),
        Settled::Done
    );
    assert_eq!(store.record("intent").await.as_deref(), Some("sending"));
    store.complete(&claim).await;
    assert_eq!(
        store
            .queue
            .note(&claim, &vec![record("intent", "late")].into())
            .await
            .unwrap(),
        Settled::Stale
    );
    assert_eq!(store.record("intent").await.as_deref(), Some("sending"));
}

#[tokio::test]
async fn a_note_may_depend_on_another_queue_and_on_a_record() {
    let store = Store::start().await;
    let mut newer = job("k", "newer");
    newer.queue = NEXT;
    store.put(&[job("k", "1"), newer]).await;
    let claim = store.claim(LONG).await;
    let write = async |only_running, value: &str| {
        let unless = Unless {
            record: "instead",
            queue: NEXT,
            only_running,
        };
        let effects = vec![record("intent", value)].into();
        let noted = store.queue.note_unless(&claim, unless, &effects).await;
        noted.expect("Redis answers")
    };

    assert_eq!(write(false, "1").await, Noted::Busy);
    assert_eq!(store.record("intent").await, None);
    assert_eq!(write(true, "2").await, Noted::Done);
    let running = store.queue.claim(NEXT, "worker", 1, LONG).await.unwrap();
    assert_eq!(write(true, "3").await, Noted::Busy);
    let other = vec![record("instead", "another")].into();
    store.complete_with(&running.claims[0], &other).await;
    assert_eq!(write(false, "4").await, Noted::Refused);
    let gone = vec![Record::delete("instead").unwrap()].into();
    assert_eq!(
        store.queue.note(&claim, &gone).await.unwrap(),
        Settled::Done
    );
    assert_eq!(write(false, "5").await, Noted::Done);
    store.complete(&claim).await;
    assert_eq!(write(false, "6").await, Noted::Stale);
    assert_eq!(store.record("intent").await.as_deref(), Some("5"));
}

#[tokio::test]
async fn a_postponed_job_waits_and_is_looked_at_again_when_its_key_gets_another() {
    let store = Store::start().await;
    store.put(&[job("k", "1")]).await;
    let claim = store.claim(LONG).await;
    let hour = Duration::from_secs(3600);
    let settled = store
        .queue
        .postpone(&claim, hour, "the morning", &Effects::default())
        .await;
    assert_eq!(settled.unwrap(), Settled::Done);
    assert!(store.claims(1, LONG).await.is_empty());
    let peeked = store.queue.peek(WORK, None, 1).await.unwrap();
    let waits = &peeked.keys[0];
    assert_eq!(waits.waits_for.as_deref(), Some("the morning"));
    assert_eq!((waits.attempt, waits.failures.len()), (1, 0));

    store.put(&[job("k", "2")]).await;

    let again = store.claim(LONG).await;
    assert_eq!(payloads(&again), ["1"]);
    assert_eq!((again.attempt, again.failures.len()), (1, 0));
    // A retry keeps its time, whatever comes.
    store.retry(&again, hour, Counts::No, "not yet").await;
    store.put(&[job("k", "3")]).await;
    assert!(store.claims(1, LONG).await.is_empty());
}

#[tokio::test]
async fn records_are_read_in_the_order_of_their_names_and_an_empty_value_deletes() {
    let store = Store::start().await;
    store.put(&[job("k", "1")]).await;
    let claim = store.claim(LONG).await;
    let written = vec![
        record("a", "1"),
        record("b", "2 \u{0}\n ü"),
        record("c", "3"),
        record("d", "4"),
    ];
    assert_eq!(
        store.queue.note(&claim, &written.into()).await.unwrap(),
        Settled::Done
    );
    let deleted = vec![
        Record::delete("a").unwrap(),
        record("d", ""),
        Record::delete("never").unwrap(),
    ];
    assert_eq!(
        store.queue.note(&claim, &deleted.into()).await.unwrap(),
        Settled::Done
    );

    let names = ["c", "none", "a", "b", "c", "d"].map(str::to_owned);
    let values = store.queue.records(&names).await.unwrap();

    let three = Some("3".to_owned());
    assert_eq!(
        values,
        [
            three.clone(),
            None,
            None,
            Some("2 \u{0}\n ü".to_owned()),
            three,
            None
        ]
    );
    assert!(store.queue.records(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_record_with_an_end_expires_and_one_written_again_without_stays() {
    let store = Store::start().await;
    let kept =
        |name: &str| Record::set(name, "v".to_owned(), Some(Duration::from_millis(50))).unwrap();
    store
        .put(&[with_records(
            job("k", "1"),
            vec![kept("short"), kept("renewed"), record("renewed", "v")],
        )])
        .await;
    until("the record expires", async || {
        store.record("short").await.is_none().then_some(())
    })
    .await;
    store.let_pass(Duration::from_millis(60)).await;
    assert_eq!(store.record("renewed").await.as_deref(), Some("v"));
}

#[tokio::test]
async fn an_absurdly_long_time_does_not_tear_a_completion_apart() {
    let store = Store::start().await;
    store.put(&[job("k", "1"), job("k", "2")]).await;
    let claim = store.claim(LONG).await;
    let effects = Effects {
        jobs: vec![to_next(job("n", "effect"))],
        records: vec![
            Record::set("r", "v".to_owned(), Some(Duration::MAX)).unwrap(),
            record("s", "v"),
        ],
        events: vec![event("e")],
    };

    store.complete_with(&claim, &effects).await;

    assert_eq!(
        (
            store.record("r").await.as_deref(),
            store.record("s").await.as_deref()
        ),
        (Some("v"), Some("v"))
    );
    assert_eq!(
        store
            .queue
            .claim(NEXT, WORKER, 1, LONG)
            .await
            .unwrap()
            .claims
            .len(),
        1
    );
    let claim = store.claim(LONG).await;
    store
        .retry(&claim, Duration::MAX, Counts::Yes, "never")
        .await;
    assert!(store.finds_nothing().await);
}
