//! A Redis with replicas whose master is killed under load: found again by sentinels, or by the nodes of a Cluster.

use wex_ops::stack::{Process, free_port};
use wex_queue::EventReader;

use super::*;

/// How long a server may be silent before the others call it down.
const DOWN_AFTER_MS: u64 = 1_000;

/// A claim is lost with the master that gave it out; another worker should not wait long.
const LEASE: Limits = Limits {
    lease: Duration::from_secs(2),
    crashes_max: u32::MAX,
    ..LONG
};

/// A `redis-server` on a loopback port, of whatever kind.
pub(super) struct Node {
    process: Process,
    port: u16,
    _directory: TempDir,
}

impl Node {
    /// Starts one with these settings, a line each; `ready` is what it says then.
    pub(super) async fn start(settings: &str, arguments: &[&str], ready: &'static str) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let port = free_port().expect("a free port");
        let file = directory.path().join("redis.conf");
        std::fs::write(&file, format!("port {port}\nbind 127.0.0.1\n{settings}"))
            .expect("it is ours");
        let mut all = vec![file.display().to_string()];
        all.extend(arguments.iter().map(ToString::to_string));
        let program = std::env::split_paths(&std::env::var_os("PATH").expect("a PATH"))
            .map(|directory| directory.join("redis-server"))
            .find(|program| program.is_file())
            .expect("redis-server is installed");
        let process = Process::start("redis", &program, &all, &[], directory.path(), ready)
            .await
            .expect("redis-server starts");
        Self {
            process,
            port,
            _directory: directory,
        }
    }

    /// One that keeps jobs.
    pub(super) async fn store(settings: &str) -> Self {
        let durable = "appendonly yes\nappendfsync always\nsave \"\"\nrepl-diskless-sync-delay 0\n";
        Self::start(
            &format!("{durable}{settings}"),
            &[],
            "eady to accept connections",
        )
        .await
    }

    pub(super) async fn ask<T: FromRedisValue>(&self, words: &[&str]) -> T {
        let mut connection = connect(&format!("redis://127.0.0.1:{}", self.port)).await;
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command
            .query_async(&mut connection)
            .await
            .expect("Redis answers")
    }

    async fn until_info(&self, section: &str, line: &str) {
        until("the servers know each other", async || {
            self.ask::<String>(&["INFO", section])
                .await
                .contains(line)
                .then_some(())
        })
        .await;
    }
}

const JOBS: usize = 400;
const KEYS: usize = 10;

/// The least time between two tries of what Redis did not do.
const TRY_AGAIN: Duration = Duration::from_millis(20);

/// Enqueues jobs and works them off while `fault` happens in the middle: nothing is lost, done twice or out of order.
async fn outlasts(url: &str, fault: impl AsyncFnOnce()) {
    let queue = Queue::new(url, Duration::from_secs(2)).expect("a URL");
    let draining = CancellationToken::new();
    let mut running = JoinSet::new();
    running.spawn(produce(queue.clone()));
    for worker in ["one", "another"] {
        running.spawn(work(queue.clone(), worker, draining.clone()));
    }
    let done = async |count: usize| {
        until("jobs are done", async || {
            let done = queue.events_waiting().await.ok()?;
            (count <= usize::try_from(done).ok()?).then_some(())
        })
        .await;
    };

    done(JOBS / 4).await;
    fault().await;
    done(JOBS).await;
    until("nothing is left", async || {
        queue.survey(WORK).await.ok()?.is_idle().then_some(())
    })
    .await;

    draining.cancel();
    running.join_all().await;
    let mut reader = EventReader::new(&queue, "test", "reader".to_owned());
    let told = reader
        .next(2 * JOBS, PATIENCE)
        .await
        .expect("Redis answers");
    let told: Vec<usize> = told
        .iter()
        .map(|event| event.text.parse().expect("a number"))
        .collect();
    let mut sorted = told.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..JOBS).collect::<Vec<_>>(), "lost or done twice");
    for key in 0..KEYS {
        let of_key: Vec<_> = told.iter().filter(|number| *number % KEYS == key).collect();
        assert!(of_key.is_sorted(), "out of order: {of_key:?}");
    }
}

/// What was not accepted for certain is offered again: its event tells whether it was.
async fn produce(queue: Queue) {
    for number in 0..JOBS {
        let job = event_job(
            &format!("k{}", number % KEYS),
            &number.to_string(),
            &number.to_string(),
        );
        let mut ticks = interval(TRY_AGAIN);
        while queue.enqueue(std::slice::from_ref(&job)).await.is_err() {
            ticks.tick().await;
        }
    }
}

/// A completion tells an event that is the number of the job.
async fn work(queue: Queue, worker: &str, draining: CancellationToken) {
    let mut fetcher = Fetcher::new(queue.clone(), WORK, worker.to_owned(), LEASE);
    while !draining.is_cancelled() {
        for claim in fetcher.next(2, &draining).await {
            let effects = Effects {
                events: vec![event(&claim.jobs[0].payload)],
                ..Effects::default()
            };
            // Done, or stale: then another worker has it, or it was done before and the answer was lost.
            let mut ticks = interval(TRY_AGAIN);
            while queue.complete(&claim, &effects).await.is_err() {
                ticks.tick().await;
            }
        }
    }
}

#[tokio::test]
async fn a_master_that_sentinels_replace_under_load_loses_nothing_and_doubles_nothing() {
    let mut master = Node::store("").await;
    let follow = format!("replicaof 127.0.0.1 {}\n", master.port);
    let replicas = [Node::store(&follow).await, Node::store(&follow).await];
    master.until_info("replication", "connected_slaves:2").await;
    let watched = format!(
        "sentinel monitor wex 127.0.0.1 {} 2\n\
         sentinel down-after-milliseconds wex {DOWN_AFTER_MS}\n\
         sentinel failover-timeout wex 5000\n",
        master.port
    );
    let mut sentinels = Vec::new();
    for _ in 0..3 {
        sentinels.push(Node::start(&watched, &["--sentinel"], "+monitor").await);
    }
    for sentinel in &sentinels {
        sentinel
            .until_info("sentinel", "slaves=2,sentinels=3")
            .await;
    }
    let ports: Vec<_> = sentinels
        .iter()
        .map(|sentinel| format!("127.0.0.1:{}", sentinel.port))
        .collect();
    // The first one is nobody: what does not answer is passed over.
    let nobody = free_port().expect("a free port");
    let url = format!(
        "redis+sentinel://127.0.0.1:{nobody},{}/wex",
        ports.join(",")
    );

    outlasts(&url, async || master.process.kill().await).await;

    assert_eq!(replicas.len(), 2);
}

/// Three masters, of which one has all our keys, and two replicas of that one.
#[tokio::test]
async fn a_cluster_whose_master_of_our_keys_is_killed_under_load_loses_nothing_and_doubles_nothing()
{
    let mut nodes = Vec::new();
    for _ in 0..5 {
        let bus = free_port().expect("a free port");
        let settings = format!(
            "cluster-enabled yes\ncluster-port {bus}\ncluster-node-timeout {DOWN_AFTER_MS}\n"
        );
        nodes.push((Node::store(&settings).await, bus.to_string()));
    }
    let slot: u32 = nodes[0].0.ask(&["CLUSTER", "KEYSLOT", "wex:{0}"]).await;
    let slots = [(0, 5_460), (5_461, 10_922), (10_923, 16_383)];
    let ours = slots
        .iter()
        .position(|(first, last)| (*first..=*last).contains(&slot))
        .expect("every slot is somebody's");
    for ((node, _), (first, last)) in nodes.iter().zip(slots) {
        let _ok: String = node
            .ask(&[
                "CLUSTER",
                "ADDSLOTSRANGE",
                &first.to_string(),
                &last.to_string(),
            ])
            .await;
    }
    for (node, bus) in &nodes[1..] {
        let port = node.port.to_string();
        let _ok: String = nodes[0]
            .0
            .ask(&["CLUSTER", "MEET", "127.0.0.1", &port, bus])
            .await;
    }
    for (node, _) in &nodes {
        until("all nodes know each other", async || {
            let known: String = node.ask(&["CLUSTER", "NODES"]).await;
            (known.lines().count() == 5 && !known.contains("handshake")).then_some(())
        })
        .await;
    }
    let id: String = nodes[ours].0.ask(&["CLUSTER", "MYID"]).await;
    for (node, _) in &nodes[3..] {
        let _ok: String = node.ask(&["CLUSTER", "REPLICATE", &id]).await;
    }
    nodes[ours]
        .0
        .until_info("replication", "connected_slaves:2")
        .await;
    for (node, _) in &nodes {
        until("the cluster is complete", async || {
            let state: String = node.ask(&["CLUSTER", "INFO"]).await;
            state.contains("cluster_state:ok").then_some(())
        })
        .await;
    }
    let addresses: Vec<_> = nodes
        .iter()
        .map(|(node, _)| format!("127.0.0.1:{}", node.port))
        .collect();
    let url = format!("redis+cluster://{}", addresses.join(","));

    outlasts(&url, async || nodes[ours].0.process.kill().await).await;
}
