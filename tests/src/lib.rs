//! A world for one test: a private Redis, the stand-in for Aircall and our processes, all real, all ended with the test.
//!
//! The tests are sentences about it, in `it/`. They wait for events, never for time to pass. For the queue alone there is
//! another world, in which far more goes wrong: [`crash_matrix`]; for what is sent, [`crash_send`]. In [`crash_ingress`] this
//! one breaks under load. What these share is [`mod@crash`].

pub mod collector;
pub mod crash;
pub mod crash_ingress;
pub mod crash_matrix;
pub mod crash_send;
pub mod link;
pub mod receiver;

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};
use tempfile::TempDir;
use testcontainers::core::{IntoContainerPort, WaitFor};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use wex_ops::sim::{SentMessage, Sim};
use wex_ops::stack::{self, Process, Programs, Redis, Settings, StackError};
use wex_queue::{DeadLetter, HeldGate, LetterFilter, Limits, Queue, QueueName, Survey};
use wex_runtime::clock::Clock;

/// The contact of most tests: the number in the sample payload of the guide this project started from.
pub const BUYER: &str = "+18704575426";

pub const INBOUND: QueueName = QueueName("inbound");
pub const OUTBOUND: QueueName = QueueName("outbound");

/// An event that has not come by then does not come. Generous: two cores run several worlds at once.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// The image that the compose file uses. Where a Docker engine has it, tests run against it.
const REDIS_IMAGE: (&str, &str) = ("redis", "7-bookworm");

/// Our user of a Redis with rights, and its password.
const REDIS_USER: [&str; 2] = ["wex", "secret"];

/// A running system.
#[derive(Debug)]
pub struct World {
    pub settings: Settings,
    pub sim: Sim,
    pub queue: Queue,
    pub ingress_url: String,
    redis: RedisHost,
    pub ingress: Process,
    /// `None` while a test has none.
    pub worker: Option<Process>,
    pub aircall: Process,
    http: reqwest::Client,
    programs: Programs,
    aircall_url: String,
    directory: TempDir,
}

/// Where a world's Redis runs. Ours or a container's, it loses nothing.
#[derive(Debug)]
pub struct RedisHost {
    url: String,
    /// `None` in a container.
    process: Option<Process>,
    _container: Option<Box<ContainerAsync<GenericImage>>>,
}

impl RedisHost {
    /// A container where a Docker engine has the image, else a `redis-server` of our own.
    pub async fn start(directory: &Path) -> Self {
        if *HAS_REDIS_IMAGE {
            Self::start_container().await
        } else {
            Self::start_private(directory).await
        }
    }

    /// A `redis-server` of our own, for tests that kill or freeze it.
    pub async fn start_private(directory: &Path) -> Self {
        let redis = Redis::start_on_socket(directory)
            .await
            .expect("redis-server starts");
        Self {
            url: redis.url,
            process: Some(redis.process),
            _container: None,
        }
    }

    async fn start_container() -> Self {
        let port = 6379.tcp();
        let container = GenericImage::new(REDIS_IMAGE.0, REDIS_IMAGE.1)
            .with_exposed_port(port)
            .with_wait_for(WaitFor::message_on_stdout("Ready to accept connections"))
            .with_cmd([
                "redis-server",
                "--appendonly",
                "yes",
                "--appendfsync",
                "always",
                "--protected-mode",
                "no",
            ])
            .start()
            .await
            .expect("the container starts");
        let host = container
            .get_host()
            .await
            .expect("the container has a host");
        let port = container
            .get_host_port_ipv4(port)
            .await
            .expect("the port is published");
        Self {
            url: format!("redis://{host}:{port}"),
            process: None,
            _container: Some(Box::new(container)),
        }
    }
}

static HAS_REDIS_IMAGE: LazyLock<bool> = LazyLock::new(|| {
    let image = format!("{}:{}", REDIS_IMAGE.0, REDIS_IMAGE.1);
    let inspect = std::process::Command::new("docker")
        .args(["image", "inspect", &image])
        .output();
    inspect.is_ok_and(|output| output.status.success())
});

impl World {
    /// A world with one worker and no quiet window.
    pub async fn start(processes: &Path) -> Self {
        Self::start_with(processes, Settings::default()).await
    }

    pub async fn start_with(processes: &Path, settings: Settings) -> Self {
        let mut world = Self::start_without_worker(processes, settings).await;
        world.start_worker().await;
        world
    }

    /// A world in which texts are accepted and wait. `processes` is this package's program of all programs.
    pub async fn start_without_worker(processes: &Path, settings: Settings) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let redis = RedisHost::start(directory.path()).await;
        Self::start_around(processes, settings, directory, redis).await
    }

    /// As [`World::start_without_worker`], with a Redis that the test may kill or freeze.
    pub async fn start_with_private_redis(processes: &Path, settings: Settings) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let redis = RedisHost::start_private(directory.path()).await;
        Self::start_around(processes, settings, directory, redis).await
    }

    /// As [`World::start_without_worker`], with a Redis in which our processes are the user `wex`, with these rights.
    pub async fn start_with_redis_rights(
        processes: &Path,
        settings: Settings,
        rights: &str,
    ) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let mut redis = RedisHost::start_private(directory.path()).await;
        let user = ["ACL", "SETUSER", REDIS_USER[0], "on"];
        let password = format!(">{}", REDIS_USER[1]);
        let rights = rights.split(' ').map(str::to_owned);
        let words = user.into_iter().map(str::to_owned).chain([password]);
        let words: Vec<_> = words.chain(rights).collect();
        let answer = redis_cli(directory.path(), &[], &words).await;
        assert_eq!(answer.trim(), "OK");
        redis.url = format!(
            "{}?user={}&pass={}",
            redis.url, REDIS_USER[0], REDIS_USER[1]
        );
        Self::start_around(processes, settings, directory, redis).await
    }

    async fn start_around(
        processes: &Path,
        mut settings: Settings,
        directory: TempDir,
        redis: RedisHost,
    ) -> Self {
        // The same for every ingress of this world, so that one started again finds what the last one left.
        let spool = directory.path().join("spool").display().to_string();
        settings
            .ingress_variables
            .insert(0, ("INGRESS_SPOOL_DIR", spool));
        let programs = programs(processes, directory.path());
        let at = directory.path();
        let (ingress, ingress_url) = stack::start_ingress(&programs, &settings, at, &redis.url, 0)
            .await
            .expect("the ingress starts");
        let (aircall, aircall_url) = stack::start_sim(&programs, &settings, at, &ingress_url, 0)
            .await
            .expect("wex-sim starts");
        Self {
            queue: Queue::new(&redis.url, Duration::from_secs(1)).expect("a Redis URL"),
            sim: Sim::new(aircall_url.clone()),
            http: reqwest::Client::new(),
            worker: None,
            settings,
            ingress_url,
            redis,
            ingress,
            aircall,
            programs,
            aircall_url,
            directory,
        }
    }

    /// Starts another worker, beside or after [`World::worker`].
    pub async fn new_worker(&self) -> Process {
        stack::start_worker(
            &self.programs,
            &self.settings,
            self.directory.path(),
            &self.redis.url,
            &self.aircall_url,
        )
        .await
        .expect("the worker starts")
    }

    pub async fn start_worker(&mut self) {
        self.worker = Some(self.new_worker().await);
    }

    /// Ends the worker as a crash would.
    pub async fn kill_worker(&mut self) {
        if let Some(mut worker) = self.worker.take() {
            worker.kill().await;
        }
    }

    /// Starts another ingress at the address of the first, which has ended, or at a free port.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn new_ingress(&self, port: u16) -> Result<Process, StackError> {
        let (programs, at) = (&self.programs, self.directory.path());
        stack::start_ingress(programs, &self.settings, at, &self.redis.url, port)
            .await
            .map(|(ingress, _url)| ingress)
    }

    /// Starts an ingress beside the first one, with a spool of its own, at a port of its own or a free one; with its URL.
    pub async fn second_ingress(&self, port: u16) -> (Process, String) {
        let mut settings = self.settings.clone();
        let spool = self.directory.path().join("spool-2").display().to_string();
        settings
            .ingress_variables
            .push(("INGRESS_SPOOL_DIR", spool));
        let (programs, at) = (&self.programs, self.directory.path());
        stack::start_ingress(programs, &settings, at, &self.redis.url, port)
            .await
            .expect("the ingress starts")
    }

    /// Starts the ingress again that a test has killed or ended, at the same address and on the same spool.
    pub async fn restart_ingress(&mut self) {
        let port = port_of(&self.ingress_url);
        self.ingress = self.new_ingress(port).await.expect("the ingress starts");
    }

    /// Starts the ingress again as one for which a limit on its files is a full disk: a write beyond it fails. By itself the
    /// system would end the process.
    pub async fn restart_ingress_with_limitable_files(&mut self) {
        let at = self.directory.path();
        let (program, behind) = (at.join("wex-ingress"), at.join("behind"));
        std::fs::create_dir(&behind).expect("room for a directory");
        let real = behind.join("wex-ingress");
        std::fs::rename(&program, &real).expect("the program is there");
        // What is ignored stays so in the program that takes the shell's place.
        let script = format!("#!/bin/sh\ntrap '' XFSZ\nexec '{}'\n", real.display());
        std::fs::write(&program, script).expect("room for a script");
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&program, executable).expect("it is ours");
        self.ingress.kill().await;
        self.restart_ingress().await;
    }

    /// Limits the size of the files of the ingress that runs, after [`World::restart_ingress_with_limitable_files`]; `None`
    /// ends the limit.
    pub fn limit_files(&self, bytes_max: Option<u64>) {
        let pid = self.ingress.id().and_then(|id| i32::try_from(id).ok());
        let pid = pid.and_then(Pid::from_raw).expect("the ingress runs");
        let limit = Rlimit {
            current: bytes_max,
            maximum: None,
        };
        prlimit(Some(pid), Resource::Fsize, limit).expect("a process of ours");
    }

    /// How large the file of the ingress's spool is.
    #[must_use]
    pub fn spool_file_bytes(&self) -> u64 {
        let file = self.directory.path().join("spool/spool.redb");
        std::fs::metadata(file).expect("the spool is there").len()
    }

    /// Sends Redis a command, as its administrator would; returns the answer.
    pub async fn redis_command(&self, words: &[&str]) -> String {
        let answer = redis_cli(self.directory.path(), &[], words).await;
        assert!(!answer.contains("ERR"), "{words:?}: {answer}");
        answer
    }

    /// Sends the Redis of [`World::start_with_redis_rights`] a command as our processes could; returns the answer.
    pub async fn redis_command_as_wex(&self, words: &[&str]) -> String {
        let user = [
            "--no-auth-warning",
            "--user",
            REDIS_USER[0],
            "--pass",
            REDIS_USER[1],
        ];
        redis_cli(self.directory.path(), &user, words).await
    }

    /// Has Redis load its data again for a second or two, during which it refuses commands; runs `meanwhile` in that time.
    pub async fn while_redis_loads(&self, meanwhile: impl AsyncFnOnce(&Self)) {
        self.redis_command(&["DEBUG", "POPULATE", "400", "ballast"])
            .await;
        // Loading takes 5 ms per key, and Redis looks after its clients every 1,024 bytes.
        for (name, value) in [
            ("key-load-delay", "5000"),
            ("loading-process-events-interval-bytes", "1024"),
        ] {
            self.redis_command(&["CONFIG", "SET", name, value]).await;
        }
        let refuses = async {
            while self.queue.survey(INBOUND).await.is_ok() {
                sleep(Duration::from_millis(1)).await;
            }
            meanwhile(self).await;
        };
        tokio::join!(self.redis_command(&["DEBUG", "RELOAD"]), refuses);
    }

    /// The bodies of the texts that wait, conversation by conversation, each in order.
    pub async fn waiting_bodies(&self) -> Vec<String> {
        let limits = Limits {
            jobs_max: 100_000,
            ..Limits::default()
        };
        let claimed = self
            .queue
            .claim(INBOUND, "test", 1_000, limits)
            .await
            .expect("Redis answers");
        let jobs = claimed.claims.iter().flat_map(|claim| &claim.jobs);
        jobs.map(|job| {
            let payload: Value = serde_json::from_str(&job.payload).expect("a payload");
            payload["body"].as_str().unwrap_or_default().to_owned()
        })
        .collect()
    }

    /// Ends the stand-in for Aircall: nobody listens at its address any more.
    pub async fn kill_aircall(&mut self) {
        self.aircall.kill().await;
    }

    /// Starts it again, at the same address, remembering nothing.
    pub async fn restart_aircall(&mut self) {
        let port = port_of(&self.aircall_url);
        let at = self.directory.path();
        let (aircall, _url) =
            stack::start_sim(&self.programs, &self.settings, at, &self.ingress_url, port)
                .await
                .expect("wex-sim starts");
        self.aircall = aircall;
    }

    /// Where the stand-in for Aircall is, and for language models.
    #[must_use]
    pub fn aircall_url(&self) -> &str {
        &self.aircall_url
    }

    /// Where the operator's commands find this world.
    #[must_use]
    pub fn redis_url(&self) -> &str {
        &self.redis.url
    }

    /// The Redis of [`World::start_with_private_redis`], to be killed or frozen.
    pub fn redis_process(&mut self) -> &mut Process {
        self.redis
            .process
            .as_mut()
            .expect("the test asked for a private Redis")
    }

    /// Starts the killed Redis again, on what it had written.
    pub async fn restart_redis(&mut self) {
        self.redis = RedisHost::start_private(self.directory.path()).await;
    }

    /// The buyer texts the buyer line, through Aircall.
    pub async fn buyer_texts(&self, body: &str) {
        self.contact_texts(BUYER, body).await;
    }

    pub async fn contact_texts(&self, from: &str, body: &str) {
        self.sim
            .contact_texts(self.settings.buyer.0, from, body, 1)
            .await
            .expect("the text is sent");
    }

    pub async fn supplier_texts(&self, from: &str, body: &str) {
        self.sim
            .contact_texts(self.settings.supplier.0, from, body, 1)
            .await
            .expect("the text is sent");
    }

    /// Another program of the company asks Aircall's API something, at the cost of the same budget.
    pub async fn another_integration_asks(&self) {
        let (id, token) = (&self.settings.api_id, &self.settings.api_token);
        let request = self.http.get(format!("{}/v1/ping", self.aircall_url));
        let answer = request.basic_auth(id, Some(token)).send().await;
        let answer = answer.expect("wex-sim answers");
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    /// Waits until a gate of outbound is as asked.
    pub async fn until_gate(
        &self,
        name: &str,
        what: &str,
        is_so: impl Fn(&HeldGate) -> bool,
    ) -> HeldGate {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Ok((_now_ms, gates)) = self.queue.gates(OUTBOUND).await
                && let Some(gate) = gates.into_iter().find(|gate| gate.name == name)
                && is_so(&gate)
            {
                return gate;
            }
            assert!(
                Instant::now() < deadline,
                "waited in vain until {what}\n{}",
                self.what_happened()
            );
            sleep(Duration::from_millis(5)).await; // Redis tells no one of a change; asking again is all there is.
        }
    }

    /// Posts a body to one of the webhook's paths, as anyone could.
    pub async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        self.post_with_header(path, body, None).await
    }

    /// As [`World::post`], with the token in the header `x-aircall-token`.
    pub async fn post_with_header(
        &self,
        path: &str,
        body: impl Into<reqwest::Body>,
        token: Option<&str>,
    ) -> Answer {
        let token = token.map(|token| ("x-aircall-token", token));
        self.post_with(path, body, token).await
    }

    /// As [`World::post`], with a header.
    pub async fn post_with(
        &self,
        path: &str,
        body: impl Into<reqwest::Body>,
        header: Option<(&str, &str)>,
    ) -> Answer {
        let body = body.into();
        self.tell_sim(body.as_bytes()).await;
        let mut request = self
            .http
            .post(format!("{}{path}", self.ingress_url))
            .header("content-type", "application/json")
            .body(body);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let response = request.send().await.expect("the ingress answers");
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get("retry-after")
            .map(|value| value.to_str().expect("ASCII").to_owned());
        let json = response.json().await.unwrap_or(Value::Null);
        Answer {
            status,
            retry_after,
            json,
        }
    }

    /// The stand-in for Aircall watches for answers that are sent twice, so it has to know of texts that go past it.
    async fn tell_sim(&self, delivery: Option<&[u8]>) {
        let delivery = delivery.and_then(|body| serde_json::from_slice::<Value>(body).ok());
        let Some(delivery) = delivery else { return };
        let name = delivery["event"]
            .as_str()
            .or(delivery["event_name"].as_str());
        if name != Some("message.received") {
            return;
        }
        let data = &delivery["data"];
        let contact = data["external_number"]
            .as_str()
            .or(data["raw_digits"].as_str());
        if let Some(contact) = contact {
            let line = data["number"]["id"].as_u64();
            let line = line.unwrap_or(self.settings.buyer.0);
            // A line or a stand-in that is not there answers nobody.
            drop(
                self.sim
                    .has_texted(line, contact, data["id"].as_str())
                    .await,
            );
        }
    }

    /// Gets a path of the ingress: the status and the text.
    pub async fn get(&self, path: &str) -> (u16, String) {
        self.get_from(&self.ingress_url, path).await
    }

    /// Gets a path of the worker's health port.
    pub async fn get_from_worker(&self, path: &str) -> (u16, String) {
        let worker = self.worker.as_ref().expect("the test has a worker");
        let url = stack::worker_url(worker).await;
        self.get_from(&url, path).await
    }

    async fn get_from(&self, url: &str, path: &str) -> (u16, String) {
        let url = format!("{url}{path}");
        let response = self
            .http
            .get(url)
            .send()
            .await
            .expect("the process answers");
        let status = response.status().as_u16();
        (status, response.text().await.expect("a text"))
    }

    /// Sends the ingress bytes as they are and returns what it answers until it closes the connection.
    pub async fn raw(&self, request: &str) -> String {
        let address = self.ingress_url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream
            .write_all(request.as_bytes())
            .await
            .expect("it reads");
        let mut answer = Vec::new();
        tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer))
            .await
            .expect("it closes the connection")
            .expect("it answers");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Where this world's files are; the working directory of its processes.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Waits until `count` texts have been sent in all, then until nothing waits and nothing runs; returns the texts.
    ///
    /// Were a text sent too many, it would be among them: nothing is left that could send it. The stand-in for Aircall has
    /// seen nobody answered twice with the same words.
    pub async fn sent(&self, count: usize) -> Vec<SentMessage> {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = 0;
        while seen < u64::try_from(count).expect("a small number") {
            assert!(
                Instant::now() < deadline,
                "{seen} of {count} texts were sent\n{}",
                self.what_happened()
            );
            let news = tokio::time::timeout_at(deadline, self.sim.messages_since(seen)).await;
            if let Ok(news) = news {
                seen = news
                    .expect("wex-sim answers")
                    .last()
                    .map_or(seen, |last| last.seq);
            }
        }
        self.until_idle().await;
        let violations = self.sim.violations().await.expect("wex-sim answers");
        assert!(violations.is_empty(), "{violations:#?}");
        self.sim.messages().await.expect("wex-sim answers")
    }

    /// Waits until `count` texts have had their turn, in all, and nothing waits or runs: for texts that nobody answers.
    pub async fn until_heard(&self, count: u64) {
        self.until(INBOUND, "the texts had their turn", |survey| {
            survey.recently.get("completed") == Some(&count)
        })
        .await;
        self.until_idle().await;
    }

    /// Waits until no job waits and none runs.
    pub async fn until_idle(&self) {
        self.until(INBOUND, "inbound is idle", Survey::is_idle)
            .await;
        self.until(OUTBOUND, "outbound is idle", Survey::is_idle)
            .await;
    }

    /// Waits until the ledger has all that happened.
    pub async fn until_recorded(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.queue.events_waiting().await.ok() != Some(0) {
            assert!(
                Instant::now() < deadline,
                "the ledger does not get everything\n{}",
                self.what_happened()
            );
            sleep(Duration::from_millis(10)).await; // Redis tells no one of what is gone; asking again is all there is.
        }
    }

    /// Takes from Redis all it has, as the loss of its disk would.
    pub async fn empty_redis(&self) {
        let mut connection = self.redis_connection().await;
        let _ok: String = redis::cmd("FLUSHALL")
            .query_async(&mut connection)
            .await
            .expect("Redis answers");
    }

    async fn redis_connection(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.redis.url.as_str()).expect("a Redis URL");
        client
            .get_multiplexed_async_connection()
            .await
            .expect("Redis is there")
    }

    /// Puts so many events where nobody has taken any.
    pub async fn fill_events(&self, count: u32) {
        // Redis serves nobody else while a script runs, and the client waits half a second.
        const AT_ONCE: u32 = 5_000;
        let mut connection = self.redis_connection().await;
        for first in (0..count).step_by(usize::try_from(AT_ONCE).expect("small")) {
            let _none: () = redis::cmd("EVAL")
                .arg("for _ = 1, ARGV[1] do redis.call('XADD', KEYS[1], '*', 'event', '{}') end")
                .arg(1)
                .arg("wex:{0}:events")
                .arg(AT_ONCE.min(count - first))
                .query_async(&mut connection)
                .await
                .expect("Redis answers");
        }
    }

    /// All that Redis holds, as text: the names and the values.
    pub async fn all_of_redis(&self) -> String {
        let mut connection = self.redis_connection().await;
        const EVERYTHING: &str = "local all = {}
            for _, key in ipairs(redis.call('KEYS', '*')) do
                local kind, value = redis.call('TYPE', key).ok, nil
                if kind == 'string' then value = redis.call('GET', key)
                elseif kind == 'list' then value = redis.call('LRANGE', key, 0, -1)
                elseif kind == 'hash' then value = redis.call('HGETALL', key)
                elseif kind == 'zset' then value = redis.call('ZRANGE', key, 0, -1)
                elseif kind == 'set' then value = redis.call('SMEMBERS', key)
                elseif kind == 'stream' then value = redis.call('XRANGE', key, '-', '+')
                else error('what is a ' .. kind .. '?') end
                table.insert(all, key .. ' ' .. cjson.encode(value))
            end
            return table.concat(all, '\\n')";
        redis::cmd("EVAL")
            .arg(EVERYTHING)
            .arg(0)
            .query_async(&mut connection)
            .await
            .expect("Redis answers")
    }

    /// Runs a command of an operator of this world; what it printed, after it ended well.
    pub async fn wex(&self, arguments: &[&str]) -> String {
        let output = self.wex_output(arguments).await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// As [`World::wex`], however it ends.
    pub async fn wex_output(&self, arguments: &[&str]) -> std::process::Output {
        self.wex_command(arguments)
            .output()
            .await
            .expect("wex runs")
    }

    /// A command of an operator of this world, to be run with variables of the test's own.
    #[must_use]
    pub fn wex_command(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(self.programs.path("wex"));
        command
            .args(arguments)
            .env_clear()
            .env("REDIS_URL", &self.redis.url)
            .env("AIRCALL_NUMBER_ID", self.settings.supplier.0.to_string())
            .env("AIRCALL_BUYER_NUMBER_ID", self.settings.buyer.0.to_string())
            .env("USER", "ann")
            .envs(self.settings.worker_variables.iter().cloned())
            .current_dir(self.directory.path());
        command
    }

    /// Starts a worker with these variables besides those of the world.
    pub async fn new_worker_with(&self, variables: &[(&'static str, String)]) -> Process {
        let mut settings = self.settings.clone();
        settings.worker_variables.extend_from_slice(variables);
        stack::start_worker(
            &self.programs,
            &settings,
            self.directory.path(),
            &self.redis.url,
            &self.aircall_url,
        )
        .await
        .expect("the worker starts")
    }

    /// Waits until a queue stands as asked.
    pub async fn until(
        &self,
        queue: QueueName,
        what: &str,
        is_so: impl Fn(&Survey) -> bool,
    ) -> Survey {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Ok(survey) = self.queue.survey(queue).await
                && is_so(&survey)
            {
                return survey;
            }
            assert!(
                Instant::now() < deadline,
                "waited in vain until {what}\n{}",
                self.what_happened()
            );
            sleep(Duration::from_millis(10)).await; // Redis tells no one of a change; asking again is all there is.
        }
    }

    /// Waits until there are `count` dead letters of a queue; returns them, newest first.
    pub async fn dead_letters(&self, queue: QueueName, count: u64) -> Vec<DeadLetter> {
        let enough = |survey: &Survey| survey.dead >= count;
        self.until(queue, "there are dead letters", enough).await;
        self.letters(queue).await
    }

    /// The dead letters of a queue as they are now, newest first.
    pub async fn letters(&self, queue: QueueName) -> Vec<DeadLetter> {
        let all = LetterFilter::default();
        self.queue
            .letters(queue, &all, 0, 1_000)
            .await
            .expect("Redis answers")
            .found
    }

    /// As [`World::dead_letters`], but only why they are dead.
    pub async fn dead_reasons(&self, queue: QueueName, count: u64) -> Vec<String> {
        self.dead_letters(queue, count)
            .await
            .into_iter()
            .map(|letter| letter.reason)
            .collect()
    }

    /// The logs of our processes.
    #[must_use]
    pub fn what_happened(&self) -> String {
        let worker = self
            .worker
            .as_ref()
            .map(Process::output)
            .unwrap_or_default();
        format!("ingress:\n{}worker:\n{worker}", self.ingress.output())
    }

    /// See [`delivery_to`].
    #[must_use]
    pub fn delivery(&self, id: &str, body: &str) -> Value {
        delivery_to(&self.settings, id, body)
    }

    /// Posts a body again, as Aircall does, until it gets a 2xx; returns that.
    pub async fn post_until_accepted(&self, path: &str, body: &str) -> u16 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.post(path, body.to_owned()).await;
            if (200..300).contains(&answer.status) || deadline < Instant::now() {
                return answer.status;
            }
            sleep(Duration::from_millis(50)).await; // Aircall, too, waits between two tries.
        }
    }
}

/// Sends the Redis in `directory` a command.
async fn redis_cli(directory: &Path, options: &[&str], words: &[impl AsRef<OsStr>]) -> String {
    let mut command = tokio::process::Command::new("redis-cli");
    command.arg("-s").arg(directory.join("redis.sock"));
    let output = command.args(options).args(words).output().await;
    let output = output.expect("redis-cli runs");
    assert!(output.status.success(), "redis-cli: {}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A delivery of `message.received` to the buyer line, as a webhook would bring it, to be changed by the test.
#[must_use]
pub fn delivery_to(settings: &Settings, id: &str, body: &str) -> Value {
    json!({
        "resource": "message",
        "event": "message.received",
        "timestamp": Clock.now_ms() / 1_000,
        "token": settings.webhook_token,
        "data": {
            "id": id,
            "direction": "inbound",
            "external_number": BUYER,
            "body": body,
            "status": "received",
            "number": { "id": settings.buyer.0, "digits": settings.buyer.1 },
        },
    })
}

fn port_of(url: &str) -> u16 {
    url.rsplit(':')
        .next()
        .and_then(|port| port.parse().ok())
        .expect("a URL with a port")
}

/// What the ingress answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    /// `null` when the answer is not JSON.
    pub json: Value,
}

impl Answer {
    /// The HTTP status and our word for what became of the delivery.
    #[must_use]
    pub fn outcome(&self) -> (u16, &str) {
        (
            self.status,
            self.json["status"].as_str().unwrap_or_default(),
        )
    }
}

/// Puts the one program that is all programs into `directory`, under each of their names.
#[must_use]
pub fn programs(processes: &Path, directory: &Path) -> Programs {
    for name in [
        "wex",
        "wex-ingress",
        "wex-worker",
        "wex-sim",
        "wex-queue-worker",
    ] {
        let program = directory.join(name);
        // A copy where the temporary directory is on another file system.
        if std::fs::hard_link(processes, &program).is_err() {
            std::fs::copy(processes, &program).expect("room for the programs");
        }
    }
    Programs::in_directory(directory.to_owned())
}
