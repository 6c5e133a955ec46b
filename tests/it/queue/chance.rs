//! Random walks of several workers.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use tokio::task::{JoinSet, LocalSet};
use wex_queue::{Claim, Counts, Effects, Limits, Settled};

use super::{LONG, Store, failed, payloads, quiet_job};

/// Splitmix64: enough chance for a test, and the seed says it all.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn size(&mut self, max: u64) -> usize {
        usize::try_from(1 + self.below(max)).expect("small")
    }

    fn pick<T>(&mut self, from: &mut Vec<T>) -> Option<T> {
        let sides = u64::try_from(from.len()).expect("small");
        if sides == 0 {
            None
        } else {
            Some(from.swap_remove(self.size(sides) - 1))
        }
    }
}

/// A claim that somebody holds, and whether its lease can have ended.
struct Held {
    claim: Claim,
    is_long: bool,
}

/// What ought to be in the queue.
#[derive(Default)]
struct Model {
    /// Of each key, what is neither completed nor dead, oldest first.
    waiting: BTreeMap<String, VecDeque<String>>,
    dead: BTreeSet<String>,
    completed: Vec<String>,
}

impl Model {
    fn take(&mut self, key: &str, payload: &str) {
        let first = self.waiting.get_mut(key).and_then(VecDeque::pop_front);
        assert_eq!(first.as_deref(), Some(payload), "out of order, or twice");
    }

    /// Jobs that a claim buried as poison.
    async fn learn_of_the_dead(&mut self, store: &Store) {
        let mut letters = store.dead_letters().await;
        letters.retain(|letter| !self.dead.contains(&letter.job.payload));
        letters.sort_by(|a, b| a.job.payload.cmp(&b.job.payload));
        for letter in letters {
            self.take(letter.key.as_str(), &letter.job.payload);
            self.dead.insert(letter.job.payload);
        }
    }

    /// A key with jobs is in exactly one of ready, scheduled, and (leases and running); one without is in none.
    async fn compare(&self, store: &Store) {
        let name = |part: &str| format!("wex:{{0}}:work:{part}");
        let ready: Vec<String> = store.ask(&["LRANGE", &name("ready"), "0", "-1"]).await;
        let scheduled: Vec<String> = store.ask(&["ZRANGE", &name("scheduled"), "0", "-1"]).await;
        let leases: BTreeSet<String> = store.ask(&["ZRANGE", &name("leases"), "0", "-1"]).await;
        let running: BTreeSet<String> = store.ask(&["HKEYS", &name("running")]).await;
        let histories: Vec<String> = store.ask(&["HKEYS", &name("history")]).await;
        assert_eq!(leases, running);
        let mut placed: Vec<_> = ready.into_iter().chain(scheduled).chain(running).collect();
        placed.sort();
        let with_jobs: Vec<_> = self
            .waiting
            .iter()
            .filter(|(_, jobs)| !jobs.is_empty())
            .map(|(key, _)| key.clone())
            .collect();
        assert_eq!(placed, with_jobs);
        assert!(histories.iter().all(|key| with_jobs.contains(key)));
        for (key, jobs) in &self.waiting {
            let length: usize = store.ask(&["LLEN", &name(&format!("jobs:{key}"))]).await;
            assert_eq!(length, jobs.len());
        }
    }
}

/// Three workers do anything in any order; after each step the queue is as it ought to be.
async fn random_walk(seed: u64, steps: usize) {
    let store = Store::start().await;
    let mut dice = Dice(seed);
    let mut model = Model::default();
    let mut workers: [Vec<Held>; 3] = Default::default();
    let mut count = 0;
    for _ in 0..steps {
        let worker = dice.size(3) - 1;
        match dice.below(12) {
            0..3 => {
                let key = format!("k{}", dice.below(4));
                let jobs: Vec<_> = (0..dice.size(3))
                    .map(|_| {
                        count += 1;
                        let payload = format!("{count:05}");
                        model
                            .waiting
                            .entry(key.clone())
                            .or_default()
                            .push_back(payload.clone());
                        let quiet_ms = if dice.below(2) == 0 {
                            0
                        } else {
                            dice.below(20)
                        };
                        quiet_job(&key, &payload, quiet_ms, 2 * quiet_ms)
                    })
                    .collect();
                store.put(&jobs).await;
            }
            3..7 => {
                let is_long = dice.below(3) > 0;
                let lease =
                    Duration::from_millis(if is_long { 600_000 } else { 1 + dice.below(10) });
                let limits = Limits {
                    jobs_max: dice.size(4),
                    lease,
                    crashes_max: 3,
                    ..LONG
                };
                let claims = store.claims(dice.size(3), limits).await;
                model.learn_of_the_dead(&store).await;
                for claim in claims {
                    let oldest: Vec<_> = model.waiting[claim.key.as_str()]
                        .iter()
                        .take(claim.jobs.len())
                        .collect();
                    assert_eq!(payloads(&claim), oldest);
                    workers[worker].push(Held { claim, is_long });
                }
            }
            action => {
                let Some(Held { claim, is_long }) = dice.pick(&mut workers[worker]) else {
                    continue;
                };
                let key = claim.key.as_str();
                let is_superseded = workers
                    .iter()
                    .flatten()
                    .any(|other| other.is_long && other.claim.key == claim.key);
                let (queue, why, none) = (&store.queue, failed("by chance"), Effects::default());
                let settled = match action {
                    7..9 => queue.complete(&claim, &none).await,
                    9 => {
                        queue
                            .retry(
                                &claim,
                                Duration::from_millis(dice.below(20)),
                                Counts::Yes,
                                &why,
                                &none,
                            )
                            .await
                    }
                    10 if dice.below(3) == 0 => queue.bury(&claim, "chance", &why, &none).await,
                    10 => queue.release(&claim).await,
                    _ => queue.renew(&claim, LONG.lease).await,
                }
                .expect("Redis answers");
                // A long lease never ends here, so its holder is never stale, and then nobody else holds the key.
                let expected = if is_long {
                    Settled::Done
                } else if is_superseded {
                    Settled::Stale
                } else {
                    settled
                };
                assert_eq!(settled, expected);
                if settled == Settled::Done && (7..9).contains(&action) {
                    for job in &claim.jobs {
                        model.take(key, &job.payload);
                        model.completed.push(job.payload.clone());
                    }
                } else if settled == Settled::Done && action == 11 {
                    workers[worker].push(Held {
                        claim,
                        is_long: true,
                    });
                }
                model.learn_of_the_dead(&store).await;
            }
        }
        model.compare(&store).await;
    }

    for Held { claim, .. } in workers.into_iter().flatten() {
        // Where it is stale the key is free already.
        let _settled: Settled = store.queue.release(&claim).await.expect("Redis answers");
    }
    let last = store.drain(LONG).await;
    model.learn_of_the_dead(&store).await;
    let mut all: Vec<_> = model
        .completed
        .into_iter()
        .chain(last)
        .chain(model.dead)
        .collect();
    all.sort();
    assert_eq!(
        all,
        (1..=count)
            .map(|number| format!("{number:05}"))
            .collect::<Vec<_>>(),
        "each job once"
    );
}

#[tokio::test]
async fn whatever_workers_do_a_key_is_in_one_place_in_order_and_each_job_is_finished_once() {
    let fresh = RandomState::new().build_hasher().finish();
    // On this thread: async closures and `Send` do not go together yet.
    let local = LocalSet::new();
    let mut walks = JoinSet::new();
    let mut seeds = BTreeMap::new();
    for seed in [1, 2, 3, fresh] {
        seeds.insert(
            walks.spawn_local_on(random_walk(seed, 400), &local).id(),
            seed,
        );
    }
    let walking = async {
        while let Some(walked) = walks.join_next_with_id().await {
            if let Err(error) = walked {
                panic!("seed {}: {error}", seeds[&error.id()]);
            }
        }
    };
    local.run_until(walking).await;
}
