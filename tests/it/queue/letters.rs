//! Dead letters, and what operators do with them.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wex_queue::job::PAYLOAD_BYTES_MAX;
use wex_queue::{
    Act, Acted, Claim, Counts, DeadLetter, EditError, Effects, Failed, LetterFilter, NewJob,
    Settled,
};

use super::{LONG, Store, WORK, at_most, event_job, fetch, fetched, job, payloads};

const MENDED: Act<'_> = Act {
    operator: "olga",
    filter: "reason=refused",
    reason: "the provider is mended",
};

impl Store {
    async fn bury_as(&self, claim: &Claim, reason: &str, error: &str) {
        let failed = Failed {
            cause: "test",
            error: error.to_owned(),
        };
        let buried = self
            .queue
            .bury(claim, reason, &failed, &Effects::default())
            .await;
        assert_eq!(buried.expect("Redis answers"), Settled::Done);
    }

    /// Enqueues a job and makes a dead letter of it at once.
    async fn put_dead(&self, job: NewJob, reason: &str, error: &str) -> String {
        let id = job.id.to_string();
        self.put(&[job]).await;
        let claim = self.claim(LONG).await;
        assert_eq!(claim.jobs[0].id.to_string(), id);
        self.bury_as(&claim, reason, error).await;
        id
    }

    async fn replay(&self, ids: &[&str]) -> Vec<Acted> {
        let ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
        self.queue
            .replay(WORK, &ids, MENDED)
            .await
            .expect("Redis answers")
    }

    async fn discard(&self, ids: &[&str]) -> Vec<Acted> {
        let ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
        self.queue
            .discard(WORK, &ids, MENDED)
            .await
            .expect("Redis answers")
    }

    async fn find(&self, filter: &LetterFilter) -> Vec<DeadLetter> {
        self.queue
            .letters(WORK, filter, 0, 1_000)
            .await
            .expect("Redis answers")
            .found
    }
}

// Replay.

#[tokio::test]
async fn a_replayed_job_returns_to_its_place_before_later_ones_but_never_among_running_ones() {
    let store = Store::start().await;
    let jobs: Vec<_> = (1..=5)
        .map(|number| job("k", &number.to_string()))
        .collect();
    store.put(&jobs).await; // In one batch: they share a time.
    let ids: Vec<_> = jobs.iter().map(|job| job.id.to_string()).collect();
    for _ in 0..2 {
        let claim = store.claim(LONG).await;
        store.bury(&claim, "refused").await;
    }
    let running = store.claim(LONG).await;
    assert_eq!(payloads(&running), ["3"]);

    assert_eq!(store.replay(&[&ids[1], &ids[0]]).await, [Acted::Done; 2]);

    store.complete(&running).await;
    assert_eq!(
        payloads(&store.claim(at_most(9)).await),
        ["1", "2", "4", "5"]
    );
}

#[tokio::test]
async fn a_replayed_job_comes_before_one_that_waits_for_its_retry() {
    let store = Store::start().await;
    let id = store.put_dead(job("k", "1"), "refused", "no").await;
    store.put(&[job("k", "2")]).await;
    let claim = store.claim(LONG).await;
    store
        .retry(&claim, Duration::from_millis(50), Counts::Yes, "later")
        .await;
    store.replay(&[&id]).await;
    let claim = store.claim(LONG).await;
    assert_eq!((payloads(&claim), claim.attempt), (vec!["1"], 1));
}

#[tokio::test]
async fn a_replay_starts_attempts_anew_and_keeps_the_newest_ten_failures_over_later_burials() {
    let store = Store::start().await;
    let id = store.put_dead(job("k", "1"), "refused", "error 0").await;
    for replays in 1..=12 {
        assert_eq!(store.replay(&[&id]).await, [Acted::Done]);
        assert!(store.dead_letters().await.is_empty());
        let claim = store.claim(LONG).await;
        assert_eq!((claim.attempt, claim.crashes), (1, 0));
        store
            .bury_as(&claim, "refused", &format!("error {replays}"))
            .await;
        let letter = store.dead_letters().await.remove(0);
        assert_eq!((letter.replays, letter.attempts), (replays, 1));
        let errors = letter.failures.iter().map(|failure| failure.error.clone());
        let newest_ten = replays.saturating_sub(9)..=replays;
        let expected: Vec<_> = newest_ten.map(|number| format!("error {number}")).collect();
        assert_eq!(errors.collect::<Vec<_>>(), expected);
    }

    // Completed at last, nothing more is known of it.
    store.replay(&[&id]).await;
    store.drain(LONG).await;
    assert_eq!(
        store.ask::<u64>(&["EXISTS", "wex:{0}:work:replayed"]).await,
        0
    );
}

#[tokio::test]
async fn a_replay_makes_an_idle_key_ready_and_wakes_a_worker() {
    let store = Store::start().await;
    let id = store
        .put_dead(event_job("k", "1", "e"), "refused", "no")
        .await;
    let mut fetching = fetch(&store, &CancellationToken::new());
    store.until_blocked(1).await;
    store.replay(&[&id]).await;
    assert_eq!(fetched(&mut fetching).await[0].jobs[0].id.to_string(), id);
}

#[tokio::test]
async fn two_operators_who_act_on_one_letter_act_once() {
    let store = Store::start().await;
    let id = store.put_dead(job("k", "1"), "refused", "no").await;
    let (ids, more) = ([&*id], [&*id, "nobody"]);
    let (one, other) = tokio::join!(store.replay(&ids), store.discard(&more));
    let acts = [one, other].concat();
    assert_eq!(
        acts.iter().filter(|acted| **acted == Acted::Done).count(),
        1
    );
    assert_eq!(store.replay(&[&id, &id]).await, [Acted::Gone; 2]);
    assert_eq!(
        store.queue.audit(9).await.unwrap().len(),
        1,
        "what did nothing is not in the audit"
    );
}

#[tokio::test]
async fn a_hundred_letters_return_among_ten_thousand_waiting_jobs_about_as_fast_as_into_an_idle_key()
 {
    let store = Store::start().await;
    let mut times = Vec::new();
    for waiting in [0, 10_000u64] {
        let key = format!("k{waiting}");
        let letters: Vec<_> = (0..100).map(|_| job(&key, "letter")).collect();
        store.put(&letters).await;
        let claim = store.claim(at_most(100)).await;
        store.bury(&claim, "refused").await;
        for _ in 0..waiting / 100 {
            store
                .put(
                    &(0..100)
                        .map(|_| job(&key, &"x".repeat(500)))
                        .collect::<Vec<_>>(),
                )
                .await;
        }
        let ids: Vec<_> = letters.iter().map(|letter| letter.id.to_string()).collect();
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        let start = Instant::now();
        assert_eq!(store.replay(&ids).await, [Acted::Done; 100]);
        times.push(start.elapsed());
        let first = store.claim(at_most(100)).await;
        assert!(payloads(&first).iter().all(|payload| *payload == "letter"));
        store.complete(&first).await;
        if waiting == 0 {
            assert!(store.finds_nothing().await);
        }
    }
    assert!(
        times[1] < 20 * times[0].max(Duration::from_millis(5)),
        "{times:?}"
    );
}

// Discard and edit.

#[tokio::test]
async fn a_discarded_letter_is_gone_and_leaves_its_audit_and_a_count() {
    let store = Store::start().await;
    let one = store.put_dead(job("k", "1"), "refused", "no").await;
    let other = store.put_dead(job("k", "2"), "refused", "no").await;
    assert_eq!(
        store.discard(&[&one, "nobody", &other]).await,
        [Acted::Done, Acted::Gone, Acted::Done]
    );

    assert!(store.dead_letters().await.is_empty());
    assert_eq!(store.queue.letter_groups(WORK, 9).await.unwrap().total, 0);
    let left = store.key_names().await;
    assert!(!left.iter().any(|name| name.contains(":dead")), "{left:?}");
    assert!(store.finds_nothing().await);
    assert_eq!(
        store.queue.survey(WORK).await.unwrap().recently["discarded"],
        2
    );
    let audit = store.queue.audit(9).await.unwrap();
    let [entry] = audit.as_slice() else {
        unreachable!("{audit:?}")
    };
    assert_eq!(
        (&*entry.operator, &*entry.act, &*entry.queue),
        ("olga", "discard", "work")
    );
    assert_eq!(entry.filter.as_deref(), Some("reason=refused"));
    assert_eq!(entry.reason.as_deref(), Some("the provider is mended"));
    assert_eq!(entry.letters, Some(2));
}

#[tokio::test]
async fn an_edited_letter_stays_where_it_is_and_is_replayed_with_its_new_payload() {
    let store = Store::start().await;
    let id = store
        .put_dead(job("k", "with a tpyo"), "refused", "no")
        .await;
    let before = store.dead_letters().await.remove(0);

    let edited = store
        .queue
        .edit(WORK, &id, "with a \"typo\"\né\u{1f}", MENDED)
        .await
        .unwrap();
    assert_eq!(edited, Acted::Done);
    assert_eq!(
        store.queue.edit(WORK, "nobody", "x", MENDED).await.unwrap(),
        Acted::Gone
    );
    let too_long = "x".repeat(PAYLOAD_BYTES_MAX + 1);
    let refused = store
        .queue
        .edit(WORK, &id, &too_long, MENDED)
        .await
        .unwrap_err();
    assert!(matches!(refused, EditError::Payload(_)), "{refused:?}");

    let after = store.dead_letters().await.remove(0);
    assert_eq!(
        (after.buried_ms, &after.failures),
        (before.buried_ms, &before.failures)
    );
    let audit = store.queue.audit(9).await.unwrap();
    assert_eq!(audit.len(), 1);
    assert_eq!(
        (&*audit[0].act, audit[0].job.as_deref()),
        ("edit", Some(&*id))
    );
    assert_eq!(audit[0].reason.as_deref(), Some("the provider is mended"));
    store.replay(&[&id]).await;
    assert_eq!(
        payloads(&store.claim(LONG).await),
        ["with a \"typo\"\né\u{1f}"]
    );
}

// To find them.

#[tokio::test]
async fn filters_combine_and_pages_cover_what_fits_newest_first() {
    let store = Store::start().await;
    for number in 0..24 {
        let key = ["a", "b"][number % 2];
        let reason = ["refused", "exhausted"][number / 2 % 2];
        let error = [
            "timeout after 12345 ms",
            "no such number",
            "timeout after 99999 ms",
        ][number / 4 % 3];
        store
            .put_dead(job(key, &number.to_string()), reason, error)
            .await;
        store.let_pass(Duration::from_millis(2)).await;
    }
    let all = store.dead_letters().await;
    assert_eq!(all.len(), 24);
    assert!(all.is_sorted_by(|newer, older| older.buried_ms <= newer.buried_ms));

    let one = &all[7];
    let texts = |given: bool, text: &str| given.then(|| text.to_owned());
    for given in 0..64u32 {
        let is_given = |bit: u32| given & 1 << bit != 0;
        for reason in ["refused", "exhausted", "never"] {
            let filter = LetterFilter {
                id: texts(is_given(0), &one.job.id.to_string()),
                reason: texts(is_given(1), reason),
                fingerprint: texts(is_given(2), &one.fingerprint),
                key: texts(is_given(3), one.key.as_str()),
                since_ms: is_given(4).then_some(all[18].buried_ms),
                until_ms: is_given(5).then_some(all[4].buried_ms),
            };
            let fits = |letter: &&DeadLetter| {
                (filter
                    .id
                    .as_ref()
                    .is_none_or(|id| *id == letter.job.id.to_string()))
                    && filter
                        .reason
                        .as_ref()
                        .is_none_or(|reason| *reason == letter.reason)
                    && filter
                        .fingerprint
                        .as_ref()
                        .is_none_or(|print| *print == letter.fingerprint)
                    && filter
                        .key
                        .as_ref()
                        .is_none_or(|key| key == letter.key.as_str())
                    && filter
                        .since_ms
                        .is_none_or(|since| since <= letter.buried_ms)
                    && filter
                        .until_ms
                        .is_none_or(|until| letter.buried_ms <= until)
            };
            let expected: Vec<_> = all
                .iter()
                .filter(fits)
                .map(|letter| letter.job.id)
                .collect();
            let mut found = Vec::new();
            let mut from = Some(0);
            while let Some(offset) = from {
                let page = store.queue.letters(WORK, &filter, offset, 5).await.unwrap();
                assert!(page.found.len() <= 5);
                found.extend(page.found.into_iter().map(|letter| letter.job.id));
                from = page.next;
            }
            assert_eq!(found, expected, "{filter:?}");
        }
    }
}

#[tokio::test]
async fn letters_that_failed_alike_are_one_group_the_most_frequent_first() {
    let store = Store::start().await;
    for (reason, error) in [
        ("exhausted", "timeout after 12345 ms"),
        ("exhausted", "timeout after 99999 ms"),
        (
            "refused",
            "no such number 3f2a9c1b-0000-4000-8000-000000000001",
        ),
        ("refused", "timeout after 55555 ms"),
    ] {
        store.put_dead(job("k", error), reason, error).await;
        store.let_pass(Duration::from_millis(2)).await;
    }
    let groups = store.queue.letter_groups(WORK, 9).await.unwrap();
    assert_eq!(groups.total, 4);
    let reasons: BTreeMap<_, _> = groups.reasons.iter().cloned().collect();
    assert_eq!(
        reasons,
        BTreeMap::from([("exhausted".to_owned(), 2), ("refused".to_owned(), 2)])
    );
    let counts: Vec<_> = groups
        .groups
        .iter()
        .map(|group| (group.count, &*group.newest.job.payload))
        .collect();
    assert_eq!(
        counts,
        [
            (3, "timeout after 55555 ms"),
            (1, "no such number 3f2a9c1b-0000-4000-8000-000000000001")
        ]
    );
    let fewer = store.queue.letter_groups(WORK, 1).await.unwrap();
    assert_eq!(
        (fewer.total, fewer.groups.len(), fewer.groups[0].count),
        (4, 1, 3)
    );
    let filter = LetterFilter {
        fingerprint: Some(fewer.groups[0].fingerprint.clone()),
        ..LetterFilter::default()
    };
    assert_eq!(store.find(&filter).await.len(), 3);
}

#[tokio::test]
async fn a_job_that_a_producer_enqueued_twice_is_one_dead_letter() {
    let store = Store::start().await;
    let twin = job("k", "1"); // Without an event id: to enqueue it again after an error is not safe.
    store.put(&[twin.clone(), twin.clone()]).await;
    for _ in 0..2 {
        let claim = store.claim(LONG).await;
        store.bury(&claim, "refused").await;
    }
    let groups = store.queue.letter_groups(WORK, 9).await.unwrap();
    assert_eq!(
        (groups.total, groups.groups[0].count, groups.reasons[0].1),
        (1, 1, 1)
    );
    assert_eq!(store.discard(&[&twin.id.to_string()]).await, [Acted::Done]);
    let groups = store.queue.letter_groups(WORK, 9).await.unwrap();
    assert_eq!(
        (groups.total, groups.groups.len(), groups.reasons.len()),
        (0, 0, 0)
    );
}

#[tokio::test]
async fn a_hundred_thousand_dead_letters_are_looked_at_and_added_to_about_as_fast_as_a_thousand() {
    let store = Store::start().await;
    // Twenty groups are shown, and there are as many from the beginning.
    let bury = async |keys: usize, letters_each: usize| {
        for key in 0..keys {
            for part in 0..letters_each / 50 {
                let jobs: Vec<_> = (0..50)
                    .map(|job_| job(&format!("k{key}"), &format!("{part}.{job_}")))
                    .collect();
                store.put(&jobs).await;
            }
            let claim = store.claim(at_most(1_000)).await;
            let error = format!("it failed like {}", key % 20);
            store
                .bury_as(&claim, ["refused", "exhausted"][key % 2], &error)
                .await;
        }
    };
    let look = async |what: &str| {
        let narrow = LetterFilter {
            reason: Some("refused".to_owned()),
            key: Some("k0".to_owned()),
            ..LetterFilter::default()
        };
        let mut spent = Duration::ZERO;
        for _ in 0..15 {
            let burial = if what == "bury" {
                store.put(&[job("one-more", "1")]).await;
                Some(store.claim(LONG).await)
            } else {
                None
            };
            let before = store.cpu().await;
            match (what, burial) {
                ("page", _) => {
                    let page = store
                        .queue
                        .letters(WORK, &LetterFilter::default(), 0, 50)
                        .await
                        .unwrap();
                    assert_eq!(page.found.len(), 50);
                }
                ("narrow page", _) => {
                    assert_eq!(
                        store
                            .queue
                            .letters(WORK, &narrow, 0, 50)
                            .await
                            .unwrap()
                            .found
                            .len(),
                        50
                    );
                }
                ("groups", _) => {
                    assert!(1_000 <= store.queue.letter_groups(WORK, 20).await.unwrap().total);
                }
                (_, Some(claim)) => store.bury(&claim, "refused").await,
                _ => unreachable!("{what}"),
            }
            spent += store.cpu().await - before;
        }
        spent
    };
    let kinds = ["page", "narrow page", "groups", "bury"];
    bury(20, 50).await;
    let mut few = Vec::new();
    for what in kinds {
        few.push(look(what).await);
    }
    bury(99, 1_000).await;
    for (what, few) in kinds.into_iter().zip(few) {
        let many = look(what).await;
        assert!(
            many <= 4 * few.max(Duration::from_millis(2)),
            "{what}: {few:?} with 1,000, {many:?} with 100,000"
        );
    }
    let groups = store.queue.letter_groups(WORK, 100).await.unwrap();
    assert!(100_000 <= groups.total, "{}", groups.total);
}
