//! Redis behind TLS: a real one, with certificates that are made here.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::process::Command;
use wex_ops::stack::free_port;
use wex_queue::QueueError;

use super::failover::Node;
use super::*;
use crate::processes;

/// A certificate authority, and the files of what it has signed.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).expect("no names");
        params
            .distinguished_name
            .push(DnType::CommonName, "an authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let authority = Self {
            issuer: CertifiedIssuer::self_signed(params, key).expect("a certificate"),
            directory: TempDir::new().expect("a temporary directory"),
        };
        authority.write("ca.pem", &authority.issuer.pem());
        authority
    }

    fn file(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, pem: &str) {
        std::fs::write(self.file(name), pem).expect("it is ours");
    }

    /// Signs a certificate of `who` for these names: `<who>.pem` and `<who>.key`.
    fn sign(&self, who: &str, names: &[&str], change: impl FnOnce(&mut CertificateParams)) {
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.distinguished_name.push(DnType::CommonName, who);
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a signature");
        self.write(&format!("{who}.pem"), &certificate.pem());
        self.write(&format!("{who}.key"), &key.serialize_pem());
    }

    /// What has a server show the certificate of `who` at `port`; clients need one too where they `must_show` it.
    fn settings(&self, port: u16, who: &str, must_show: bool) -> String {
        let [cert, key, ca] = [
            format!("{who}.pem"),
            format!("{who}.key"),
            "ca.pem".to_owned(),
        ]
        .map(|name| self.file(&name));
        let must_show = if must_show { "yes" } else { "no" };
        format!(
            "tls-port {port}\ntls-cert-file {cert}\ntls-key-file {key}\ntls-ca-cert-file {ca}\n\
             tls-auth-clients {must_show}\n"
        )
    }

    /// A Redis behind TLS with the certificate of `who`, and its port there.
    async fn redis(&self, who: &str, must_show: bool) -> (Node, u16) {
        let port = free_port().expect("a free port");
        let node = Node::store(&self.settings(port, who, must_show)).await;
        (node, port)
    }
}

fn as_it_is(_: &mut CertificateParams) {}

/// Enqueues a job and works it off, asleep and awake, through a new client of this Redis.
async fn works(url: &str) {
    let queue = Queue::new(url, OPERATION_MAX).expect("a URL");
    let draining = CancellationToken::new();
    let mut fetcher = Fetcher::new(queue.clone(), WORK, WORKER.to_owned(), LONG);
    let mut fetching = JoinSet::new();
    fetching.spawn(async move { fetcher.next(1, &draining).await });
    queue
        .enqueue(&[job("k", "1")])
        .await
        .expect("Redis answers");
    for claim in fetched(&mut fetching).await {
        let completed = queue.complete(&claim, &Effects::default()).await;
        assert_eq!(completed.expect("Redis answers"), Settled::Done);
    }
    assert!(queue.survey(WORK).await.expect("Redis answers").is_idle());
}

/// The error, with its causes, of the first operation on this Redis.
async fn refused(url: &str) -> String {
    let queue = Queue::new(url, OPERATION_MAX).expect("a URL");
    let refused = queue.now_ms().await.expect_err("it is not to be trusted");
    assert!(matches!(refused, QueueError::Tls { .. }), "{refused:?}");
    wex_runtime::error_chain(&refused)
}

#[tokio::test]
async fn a_redis_is_reached_by_tls_and_only_with_the_right_authority_name_and_time() {
    let (ours, another) = (Authority::new(), Authority::new());
    ours.sign("redis", &["127.0.0.1"], as_it_is);
    ours.sign("old", &["127.0.0.1"], |params| {
        params.not_after = date_time_ymd(2020, 1, 1);
    });
    let (_redis, port) = ours.redis("redis", false).await;
    let (_old, old_port) = ours.redis("old", false).await;
    let (ca, wrong_ca) = (ours.file("ca.pem"), another.file("ca.pem"));

    works(&format!("rediss://127.0.0.1:{port}?ca={ca}")).await;

    for (url, advice) in [
        (format!("rediss://127.0.0.1:{port}"), "`?ca=FILE`"),
        (
            format!("rediss://127.0.0.1:{port}?ca={wrong_ca}"),
            "`?ca=FILE`",
        ),
        (format!("rediss://localhost:{port}?ca={ca}"), "another name"),
        (format!("rediss://127.0.0.1:{old_port}?ca={ca}"), "renew it"),
    ] {
        let error = refused(&url).await;
        assert!(
            error.contains(advice) && error.contains("certificate"),
            "{url}: {error}"
        );
    }
}

#[tokio::test]
async fn a_redis_that_asks_who_we_are_is_shown_our_certificate() {
    let ours = Authority::new();
    ours.sign("redis", &["127.0.0.1"], as_it_is);
    ours.sign("wex", &["wex"], as_it_is);
    let (_redis, port) = ours.redis("redis", true).await;
    let [ca, cert, key] = ["ca.pem", "wex.pem", "wex.key"].map(|name| ours.file(name));
    let url = format!("rediss://127.0.0.1:{port}?ca={ca}");

    works(&format!("{url}&cert={cert}&key={key}")).await;

    let error = refused(&url).await;
    assert!(error.contains("`?cert=FILE&key=FILE`"), "{error}");
}

#[tokio::test]
async fn what_does_not_speak_tls_is_told_from_a_redis_that_is_away() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let mut answering = JoinSet::new();
    answering.spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            socket
                .write_all(b"-ERR unknown command\r\n")
                .await
                .expect("a client");
        }
    });
    let error = refused(&format!("rediss://127.0.0.1:{port}")).await;
    assert!(error.contains("TLS port"), "{error}");

    answering.shutdown().await;
    let away = Queue::new(&format!("rediss://127.0.0.1:{port}"), OPERATION_MAX).expect("a URL");
    let away = away.now_ms().await.expect_err("nobody listens");
    assert!(matches!(away, QueueError::Unavailable(_)), "{away:?}");
}

#[tokio::test]
async fn sentinels_and_the_nodes_of_a_cluster_are_asked_and_obeyed_by_tls() {
    let ours = Authority::new();
    ours.sign("redis", &["127.0.0.1"], as_it_is);
    let behind = format!("?replicas=0&ca={}", ours.file("ca.pem"));

    let (_master, port) = ours.redis("redis", false).await;
    let sentinel_port = free_port().expect("a free port");
    let watched = format!(
        "{}tls-replication yes\nsentinel monitor wex 127.0.0.1 {port} 1\n",
        ours.settings(sentinel_port, "redis", false)
    );
    let _sentinel = Node::start(&watched, &["--sentinel"], "+monitor").await;
    works(&format!(
        "rediss+sentinel://127.0.0.1:{sentinel_port}/wex{behind}"
    ))
    .await;

    let mut nodes = Vec::new();
    for _ in 0..2 {
        let (port, bus) = (free_port().expect("a port"), free_port().expect("a port"));
        let settings = format!(
            "{}cluster-enabled yes\ncluster-port {bus}\ntls-cluster yes\ntls-replication yes\n",
            ours.settings(port, "redis", false)
        );
        nodes.push((Node::store(&settings).await, port, bus));
    }
    // The first one has none of our keys, and says who has.
    let ([asked, master], key) = (&nodes[..], "wex:{0}") else {
        unreachable!("two nodes")
    };
    let slot: u32 = asked.0.ask(&["CLUSTER", "KEYSLOT", key]).await;
    let before = (slot - 1).to_string();
    let _ok: String = asked
        .0
        .ask(&["CLUSTER", "ADDSLOTSRANGE", "0", &before])
        .await;
    let slot = slot.to_string();
    let _ok: String = master
        .0
        .ask(&["CLUSTER", "ADDSLOTSRANGE", &slot, "16383"])
        .await;
    let (port, bus) = (master.1.to_string(), master.2.to_string());
    let _ok: String = asked
        .0
        .ask(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus])
        .await;
    for (node, ..) in &nodes {
        until("the cluster is complete", async || {
            let state: String = node.ask(&["CLUSTER", "INFO"]).await;
            state.contains("cluster_state:ok").then_some(())
        })
        .await;
    }
    works(&format!("rediss+cluster://127.0.0.1:{}{behind}", asked.1)).await;
}

#[tokio::test]
async fn wex_works_by_tls_and_says_what_is_wrong_with_it() {
    let (ours, another) = (Authority::new(), Authority::new());
    ours.sign("redis", &["127.0.0.1"], as_it_is);
    let (_redis, port) = ours.redis("redis", false).await;
    let directory = TempDir::new().expect("a temporary directory");
    let programs = wex_tests::programs(processes(), directory.path());
    let wex = async |ca: &str| {
        let output = Command::new(programs.path("wex"))
            .args(["queue", "status"])
            .env_clear()
            .env("REDIS_URL", format!("rediss://127.0.0.1:{port}?ca={ca}"))
            .current_dir(directory.path())
            .output()
            .await
            .expect("wex runs");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), error)
    };

    assert_eq!(wex(&ours.file("ca.pem")).await, (Some(0), String::new()));

    let (code, error) = wex(&another.file("ca.pem")).await;
    assert_eq!(code, Some(1));
    assert!(error.contains("no authority that we trust"), "{error}");

    let missing = another.file("missing.pem");
    let (code, error) = wex(&missing).await;
    assert_eq!(code, Some(2));
    assert!(
        error.contains("REDIS_URL") && error.contains(&missing),
        "{error}"
    );
}
