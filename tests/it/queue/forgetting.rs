//! What operators do beside looking and deciding about dead letters: effects of their own, records put back, keys forgotten.

use wex_queue::{Act, Effects, Erased, Forgotten, Key, Settled};

use super::{LONG, NEXT, Store, WORK, event, failed, job, record, to_next};

const ACT: Act<'_> = Act {
    operator: "ann",
    filter: "",
    reason: "told +15550001",
};

fn forgotten(keys: &[&str]) -> Forgotten {
    Forgotten {
        words: vec!["+15550001".to_owned()],
        name: "nobody%1".to_owned(),
        keys: keys.iter().map(|name| key(name)).collect(),
        deleted: vec!["state".to_owned()],
        renamed: vec![
            ("stopped".to_owned(), "stopped:nobody".to_owned()),
            ("never".to_owned(), "there".to_owned()),
        ],
        ..Forgotten::default()
    }
}

#[tokio::test]
async fn an_operators_effects_come_with_an_entry_in_the_audit() {
    let store = Store::start().await;
    let effects = Effects {
        jobs: vec![job("k", "1")],
        records: vec![record("state", "set by hand")],
        events: vec![event("told")],
    };
    store
        .queue
        .apply("set", &key("k"), ACT, &effects)
        .await
        .unwrap();

    assert_eq!(store.record("state").await.as_deref(), Some("set by hand"));
    assert_eq!(store.events().await, ["act set", "told"]);
    assert_eq!(store.drain(LONG).await, ["1"]);
    let audit = store.queue.audit(9).await.unwrap();
    assert_eq!(
        (audit[0].act.as_str(), audit[0].operator.as_str()),
        ("set", "ann")
    );
    assert_eq!(audit[0].key.as_deref(), Some("k"));
}

#[tokio::test]
async fn what_is_put_back_never_replaces_what_is_there() {
    let store = Store::start().await;
    let effects = Effects::from(vec![record("a", "new")]);
    store
        .queue
        .apply("set", &key("k"), ACT, &effects)
        .await
        .unwrap();
    let records = ["a", "b"].map(|name| (name.to_owned(), "old".to_owned()));
    assert_eq!(store.queue.restore(&records).await.unwrap(), 1);
    assert_eq!(store.record("a").await.as_deref(), Some("new"));
    assert_eq!(store.record("b").await.as_deref(), Some("old"));
}

#[tokio::test]
async fn a_forgotten_key_leaves_nothing_and_the_others_everything() {
    let store = Store::start().await;
    let jobs = [
        job("k", "1"),
        job("k", "2"),
        job("other", "3"),
        to_next(job("k", "4")),
    ];
    store.put(&jobs).await;
    let effects = Effects::from(vec![record("state", "s"), record("stopped", "now")]);
    store
        .queue
        .apply("stop", &key("k"), ACT, &effects)
        .await
        .unwrap();
    let claim = store.claim(LONG).await;
    assert_eq!(claim.key, key("k"));
    let before = store.contents().await;
    let refused = store
        .queue
        .erase(&[WORK, NEXT], &forgotten(&["k"]), ACT)
        .await
        .unwrap();
    assert_eq!(refused, Erased::Running);
    assert_eq!(store.contents().await, before);

    let buried = store
        .queue
        .bury(&claim, "refused", &failed("no"), &Effects::default())
        .await
        .unwrap();
    assert_eq!(buried, Settled::Done);
    let erased = store
        .queue
        .erase(&[WORK, NEXT], &forgotten(&["k", "unknown"]), ACT)
        .await
        .unwrap();
    assert_eq!(
        erased,
        Erased::Done {
            jobs: 2,
            letters: 1
        }
    );

    let names = store.key_names().await;
    assert!(names.iter().all(|name| !name.contains(":k")), "{names:?}");
    assert_eq!(store.record("state").await, None);
    assert_eq!(store.record("stopped").await, None);
    assert_eq!(store.record("stopped:nobody").await.as_deref(), Some("now"));
    assert_eq!(store.queue.survey(WORK).await.unwrap().dead, 0);
    assert_eq!(store.queue.survey(NEXT).await.unwrap().waiting, 0);
    let audit = store.queue.audit(9).await.unwrap();
    let reasons: Vec<_> = audit.iter().map(|entry| entry.reason.as_deref()).collect();
    // The reason of the erasure itself is the operator's to choose.
    assert_eq!(reasons, [Some("told +15550001"), Some("told nobody%1")]);
    assert_eq!(store.drain(LONG).await, ["3"]);
}

#[tokio::test]
async fn letters_of_a_key_that_many_share_are_forgotten_by_name_and_only_while_it_has_no_jobs() {
    let store = Store::start().await;
    let mut ids = Vec::new();
    for payload in ["about +15550001", "about another"] {
        store.put(&[job("unread", payload)]).await;
        let claim = store.claim(LONG).await;
        ids.push(claim.jobs[0].id.to_string());
        let buried = store
            .queue
            .bury(&claim, "unread", &failed("no"), &Effects::default())
            .await
            .unwrap();
        assert_eq!(buried, Settled::Done);
    }
    let forgotten = Forgotten {
        letters: vec![
            (WORK, ids[0].clone()),
            (WORK, ids[0].clone()),
            (NEXT, ids[1].clone()),
        ],
        without_jobs: vec![key("unread")],
        ..forgotten(&[])
    };
    store.put(&[job("unread", "once more")]).await;
    let before = store.contents().await;
    let erase = async || {
        let erased = store.queue.erase(&[WORK, NEXT], &forgotten, ACT).await;
        erased.unwrap()
    };
    assert_eq!(erase().await, Erased::Waiting);
    assert_eq!(store.contents().await, before);

    assert_eq!(store.drain(LONG).await, ["once more"]);
    let done = Erased::Done {
        jobs: 0,
        letters: 1,
    };
    assert_eq!(erase().await, done);
    assert_eq!(store.queue.survey(WORK).await.unwrap().dead, 1);
    let left = store.queue.letters(WORK, &Default::default(), 0, 9).await;
    assert_eq!(left.unwrap().found[0].job.payload, "about another");
}

#[tokio::test]
async fn words_are_found_in_the_audit_as_they_stand_there() {
    const REASON: &str = "told \"(555) 0001\" by 50% of them";
    let store = Store::start().await;
    let act = Act {
        reason: REASON,
        ..ACT
    };
    store
        .queue
        .apply("set", &key("k"), act, &Effects::default())
        .await
        .unwrap();
    let forgotten = Forgotten {
        words: vec![REASON.to_owned()],
        ..forgotten(&[])
    };
    let erased = store.queue.erase(&[WORK], &forgotten, ACT).await.unwrap();
    assert!(matches!(erased, Erased::Done { .. }));
    let audit = store.queue.audit(9).await.unwrap();
    assert_eq!(audit[1].reason.as_deref(), Some("nobody%1"));
}

fn key(name: &str) -> Key {
    Key::new(name).expect("a short name")
}
