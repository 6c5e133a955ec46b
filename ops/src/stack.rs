//! The system as real processes on this machine: a private Redis, the stand-in for Aircall, ingress and worker.
//!
//! A process that is dropped is killed, and all are in their owner's process group: Ctrl-C in a terminal, or a test runner
//! that ends a stuck test, ends them too.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long a process may take to say that it is ready.
const READY_MAX: Duration = Duration::from_secs(30);

/// How long a process may take to end after it was asked to.
const END_MAX: Duration = Duration::from_secs(15);

/// The lines of output that are kept of each process, for the report when it fails.
const LINES_MAX: usize = 1_000;

/// Why a part of the system is not running.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    #[error("{program} is not there: {hint}")]
    Missing { program: String, hint: &'static str },
    #[error("cannot start {program}")]
    Start { program: String, source: io::Error },
    #[error("{name} ended before it was ready{}", last_words(.output))]
    Ended { name: &'static str, output: String },
    #[error("{name} was not ready after {} s{}", READY_MAX.as_secs(), last_words(.output))]
    NotReady { name: &'static str, output: String },
    #[error("no free port on the loopback interface")]
    Port(#[source] io::Error),
    #[error("cannot make a PostgreSQL cluster; is it installed? `scripts/need postgres` does it")]
    Postgres(#[source] io::Error),
}

fn last_words(output: &str) -> String {
    if output.is_empty() {
        String::new()
    } else {
        format!("; its last words:\n{output}")
    }
}

/// One running process, and what it printed.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    child: Child,
    output: Output,
    /// Reads the output; ends with the process.
    _readers: JoinSet<()>,
}

impl Process {
    /// Starts a program with exactly these variables and waits until it prints a line that contains `ready`.
    ///
    /// # Errors
    /// When it cannot be started, ends early, or does not get ready in time.
    pub async fn start(
        name: &'static str,
        program: &Path,
        arguments: &[String],
        variables: &[(&str, String)],
        directory: &Path,
        ready: &'static str,
    ) -> Result<Self, StackError> {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let program = || program.display().to_string();
        let mut child = command.spawn().map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => StackError::Missing {
                program: program(),
                hint: hint(name),
            },
            _ => StackError::Start {
                program: program(),
                source,
            },
        })?;
        let output = Output::default();
        let mut readers = JoinSet::new();
        readers.spawn(output.clone().read(child.stdout.take()));
        readers.spawn(output.clone().read(child.stderr.take()));
        let mut process = Self {
            name,
            child,
            output,
            _readers: readers,
        };
        process.until_ready(ready).await?;
        Ok(process)
    }

    async fn until_ready(&mut self, ready: &str) -> Result<(), StackError> {
        let name = self.name;
        let said = tokio::select! {
            said = timeout(READY_MAX, self.output.line_with(ready)) => said,
            _ended = self.child.wait() => {
                // What it said last may still be on its way through the pipes.
                while self._readers.join_next().await.is_some() {}
                return Err(StackError::Ended { name, output: self.output.tail() });
            }
        };
        said.map(drop).map_err(|_elapsed| StackError::NotReady {
            name,
            output: self.output.tail(),
        })
    }

    /// Waits for a line of output, past or future, that contains `part`.
    pub async fn line_with(&self, part: &str) -> String {
        self.output.line_with(part).await
    }

    /// All output that is kept, for a look into what happened.
    #[must_use]
    pub fn output(&self) -> String {
        self.output.tail()
    }

    /// What the system calls it; `None` once it has ended.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Sends a signal. A process that has already ended is left alone.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = self
            .child
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?))
        {
            // It may have ended in between; then there is nobody to tell.
            let _gone: Result<(), rustix::io::Errno> = kill_process(pid, signal);
        }
    }

    /// Asks the process to end and waits until it has; kills it when it takes too long. `None`: it was killed.
    pub async fn end(mut self) -> Option<ExitStatus> {
        self.signal(Signal::TERM);
        match timeout(END_MAX, self.child.wait()).await {
            Ok(status) => status.ok(),
            Err(_elapsed) => {
                self.kill().await;
                None
            }
        }
    }

    /// Ends the process at once, as a crash would.
    pub async fn kill(&mut self) {
        self.signal(Signal::KILL);
        drop(self.child.wait().await);
    }

    /// Returns when the process has ended by itself.
    pub async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => format!(
                "{} ended ({status}){}",
                self.name,
                last_words(&self.output.tail())
            ),
            Err(error) => format!("{} cannot be watched: {error}", self.name),
        }
    }
}

fn hint(name: &str) -> &'static str {
    match name {
        "redis" => {
            "install the package redis-server (Debian, Ubuntu) or redis (Fedora, Homebrew), or type `make demo`"
        }
        _ => "build it with `cargo build`, or type `make demo`",
    }
}

/// What a process prints, line by line, as it comes.
#[derive(Debug, Clone)]
struct Output(Arc<OutputState>);

#[derive(Debug)]
struct OutputState {
    lines: Mutex<VecDeque<String>>,
    /// How many lines there have been.
    count: watch::Sender<u64>,
}

impl Default for Output {
    fn default() -> Self {
        Self(Arc::new(OutputState {
            lines: Mutex::default(),
            count: watch::Sender::new(0),
        }))
    }
}

impl Output {
    async fn read(self, pipe: Option<impl AsyncRead + Unpin>) {
        let Some(pipe) = pipe else { return };
        let mut lines = BufReader::new(pipe).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let mut kept = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() == LINES_MAX {
                kept.pop_front();
            }
            kept.push_back(line);
            drop(kept);
            self.0.count.send_modify(|count| *count += 1);
        }
    }

    async fn line_with(&self, part: &str) -> String {
        let mut count = self.0.count.subscribe();
        loop {
            count.borrow_and_update();
            let found = self.lines(|lines| lines.iter().find(|line| line.contains(part)).cloned());
            if let Some(line) = found {
                return line;
            }
            // The sender lives as long as `self`.
            if count.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    fn tail(&self) -> String {
        self.lines(|lines| lines.iter().map(|line| format!("  {line}\n")).collect())
    }

    fn lines<T>(&self, read: impl FnOnce(&VecDeque<String>) -> T) -> T {
        read(&self.0.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Where the programs of this product are.
#[derive(Debug, Clone)]
pub struct Programs {
    directory: PathBuf,
}

impl Programs {
    /// Beside the program that asks: `cargo build` and the image put them together.
    ///
    /// # Errors
    /// When the system does not say where this program is.
    pub fn beside_this_one() -> io::Result<Self> {
        let mut directory = std::env::current_exe()?;
        directory.pop();
        Ok(Self { directory })
    }

    #[must_use]
    pub fn in_directory(directory: PathBuf) -> Self {
        Self { directory }
    }

    #[must_use]
    pub fn path(&self, program: &str) -> PathBuf {
        self.directory.join(program)
    }
}

/// A private Redis that loses nothing: append-only file, fsync before every answer.
#[derive(Debug)]
pub struct Redis {
    pub process: Process,
    pub url: String,
}

impl Redis {
    /// Starts on a loopback port, with its files in `directory`; what is there from before is loaded.
    ///
    /// # Errors
    /// When `redis-server` is not installed or does not start.
    pub async fn start_on_port(directory: &Path, port: u16) -> Result<Self, StackError> {
        let listen = [
            ("--port", port.to_string()),
            ("--bind", "127.0.0.1".to_owned()),
        ];
        Self::start(directory, listen, format!("redis://127.0.0.1:{port}")).await
    }

    /// Starts on a Unix socket in `directory`, which cannot be taken by anyone else, and allows `DEBUG`; otherwise as
    /// [`Redis::start_on_port`].
    ///
    /// # Errors
    /// When `redis-server` is not installed or does not start.
    pub async fn start_on_socket(directory: &Path) -> Result<Self, StackError> {
        let socket = directory.join("redis.sock").display().to_string();
        let url = format!("redis+unix://{socket}");
        Self::start(
            directory,
            [
                ("--port", "0".to_owned()),
                ("--unixsocket", socket),
                ("--enable-debug-command", "local".to_owned()),
            ],
            url,
        )
        .await
    }

    async fn start(
        directory: &Path,
        listen: impl IntoIterator<Item = (&'static str, String)>,
        url: String,
    ) -> Result<Self, StackError> {
        // What `deploy/redis/redis.conf` says of the same.
        let arguments = [
            ("--dir", directory.display().to_string()),
            ("--appendonly", "yes".to_owned()),
            ("--appendfsync", "always".to_owned()),
            ("--auto-aof-rewrite-min-size", "512mb".to_owned()),
            ("--save", String::new()),
            ("--maxmemory-policy", "noeviction".to_owned()),
        ];
        let arguments: Vec<_> = listen
            .into_iter()
            .chain(arguments)
            .flat_map(|(name, value)| [name.to_owned(), value])
            .collect();
        // Redis writes "Ready" for a port and "ready" for a socket.
        const READY: &str = "eady to accept connections";
        let program = find_in_path("redis-server");
        let process = Process::start("redis", &program, &arguments, &[], directory, READY).await?;
        Ok(Self { process, url })
    }
}

/// A child's environment is cleared, so its program has to be found before.
#[must_use]
pub fn find_in_path(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| PathBuf::from(program))
}

/// A port that was free a moment ago.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16, StackError> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(StackError::Port)?;
    Ok(listener.local_addr().map_err(StackError::Port)?.port())
}

/// What one world has in common: credentials and lines, known to the stand-in for Aircall and to our processes.
#[derive(Debug, Clone)]
pub struct Settings {
    pub api_id: String,
    pub api_token: String,
    pub webhook_token: String,
    pub supplier: (u64, String),
    pub buyer: (u64, String),
    pub send_mode: SendMode,
    /// Of Aircall's API, in requests per minute; 0 for no limit.
    pub rate_per_minute: u32,
    pub quiet: Duration,
    pub lease: Duration,
    /// How long a send of unclear outcome waits for news of it.
    pub unknown_wait: Duration,
    /// Variables for the ingress besides those that the rest of these settings make; they win.
    pub ingress_variables: Vec<(&'static str, String)>,
    /// More arguments for `wex-sim`.
    pub sim_arguments: Vec<String>,
    /// The worker's, over those that follow from the other settings.
    pub worker_variables: Vec<(&'static str, String)>,
}

/// Which of Aircall's two messaging modes the lines are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendMode {
    PublicApi,
    Native,
}

impl SendMode {
    fn as_str(self) -> &'static str {
        match self {
            Self::PublicApi => "public_api",
            Self::Native => "native",
        }
    }
}

impl Default for Settings {
    /// The numbers of the guide this project started from; no quiet window.
    fn default() -> Self {
        Self {
            api_id: "api-id".to_owned(),
            api_token: "api-token".to_owned(),
            webhook_token: "YOUR_WEBHOOK_TOKEN".to_owned(),
            supplier: (476_257, "+1 424-416-2287".to_owned()),
            buyer: (476_258, "+1 424-416-2288".to_owned()),
            send_mode: SendMode::PublicApi,
            rate_per_minute: 60,
            quiet: Duration::ZERO,
            lease: Duration::from_secs(15),
            unknown_wait: Duration::from_secs(2),
            ingress_variables: Vec::new(),
            sim_arguments: Vec::new(),
            worker_variables: Vec::new(),
        }
    }
}

/// Starts `wex-sim` on a loopback port, 0 for a free one; it delivers to the ingress at `ingress_url`. Returns its own
/// URL too.
///
/// # Errors
/// When it does not start.
pub async fn start_sim(
    programs: &Programs,
    settings: &Settings,
    directory: &Path,
    ingress_url: &str,
    port: u16,
) -> Result<(Process, String), StackError> {
    const READY: &str = "wex-sim listening on ";
    let line = |(id, digits): &(u64, String)| {
        format!(
            "id={id},digits={digits},mode={}",
            settings.send_mode.as_str()
        )
    };
    let arguments = [
        ("--listen", format!("127.0.0.1:{port}")),
        ("--api-id", settings.api_id.clone()),
        ("--api-token", settings.api_token.clone()),
        ("--line", line(&settings.supplier)),
        ("--line", line(&settings.buyer)),
        (
            "--webhook-url",
            format!("{ingress_url}/api/sms/buyer/webhook"),
        ),
        ("--webhook-token", settings.webhook_token.clone()),
        ("--rate-per-minute", settings.rate_per_minute.to_string()),
    ];
    let arguments: Vec<_> = arguments
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value])
        .chain(settings.sim_arguments.iter().cloned())
        .collect();
    let process = Process::start(
        "wex-sim",
        &programs.path("wex-sim"),
        &arguments,
        &[],
        directory,
        READY,
    )
    .await?;
    let url = after(&process.line_with(READY).await, READY);
    Ok((process, url))
}

fn after(line: &str, part: &str) -> String {
    line.split_once(part)
        .map_or("", |(_, rest)| rest)
        .trim()
        .to_owned()
}

/// Starts an ingress on a loopback port; 0 takes a free one. Returns its URL too. Its spool is a directory of its own,
/// new unless [`Settings::ingress_variables`] names one.
///
/// # Errors
/// When it does not start, for instance because the port is taken.
pub async fn start_ingress(
    programs: &Programs,
    settings: &Settings,
    directory: &Path,
    redis_url: &str,
    port: u16,
) -> Result<(Process, String), StackError> {
    const READY: &str = "ingress.started address=";
    static STARTED: AtomicU32 = AtomicU32::new(0);
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    let spool = directory.join(format!("spool-{}-{number}", std::process::id()));
    let quiet_ms = settings.quiet.as_millis();
    let mut variables = vec![
        ("INGRESS_SPOOL_DIR", spool.display().to_string()),
        ("INGRESS_ADDR", format!("127.0.0.1:{port}")),
        ("REDIS_URL", redis_url.to_owned()),
        ("AIRCALL_WEBHOOK_TOKEN", settings.webhook_token.clone()),
        ("TURN_QUIET", format!("{quiet_ms}ms")),
        ("TURN_QUIET_MAX", format!("{}ms", 5 * quiet_ms)),
    ];
    variables.extend(lines(settings));
    // The last one of a name wins, and an empty one is as good as none.
    variables.extend(settings.ingress_variables.iter().cloned());
    let variables: BTreeMap<_, _> = variables.into_iter().collect();
    let variables: Vec<_> = variables
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let program = programs.path("wex-ingress");
    let process =
        Process::start("wex-ingress", &program, &[], &variables, directory, READY).await?;
    let url = format!("http://{}", after(&process.line_with(READY).await, READY));
    Ok((process, url))
}

/// Which lines are ours: for whoever reads deliveries.
fn lines(settings: &Settings) -> [(&'static str, String); 4] {
    [
        ("AIRCALL_NUMBER_ID", settings.supplier.0.to_string()),
        ("AIRCALL_NUMBER", settings.supplier.1.clone()),
        ("AIRCALL_BUYER_NUMBER_ID", settings.buyer.0.to_string()),
        ("AIRCALL_BUYER_NUMBER", settings.buyer.1.clone()),
    ]
}

fn worker_rate_per_minute(settings: &Settings) -> u32 {
    const UNLIMITED: u32 = 1_000_000;
    if settings.rate_per_minute == 0 {
        UNLIMITED
    } else {
        settings.rate_per_minute
    }
}

/// Starts a worker of all queues.
///
/// # Errors
/// When it does not start.
pub async fn start_worker(
    programs: &Programs,
    settings: &Settings,
    directory: &Path,
    redis_url: &str,
    aircall_url: &str,
) -> Result<Process, StackError> {
    let variables = [
        ("REDIS_URL", redis_url.to_owned()),
        ("AIRCALL_BASE_URL", aircall_url.to_owned()),
        ("AIRCALL_API_ID", settings.api_id.clone()),
        ("AIRCALL_API_TOKEN", settings.api_token.clone()),
        ("AIRCALL_SEND_MODE", settings.send_mode.as_str().to_owned()),
        // Any free port: several run beside each other.
        ("WORKER_ADDR", "127.0.0.1:0".to_owned()),
        ("AIRCALL_NUMBER", settings.supplier.1.clone()),
        ("AIRCALL_BUYER_NUMBER", settings.buyer.1.clone()),
        ("WORKER_LEASE", format!("{}ms", settings.lease.as_millis())),
        (
            "UNKNOWN_WAIT",
            format!("{}ms", settings.unknown_wait.as_millis()),
        ),
        (
            "AIRCALL_RATE_PER_MINUTE",
            worker_rate_per_minute(settings).to_string(),
        ),
        ("HELP_CONTACT", "help@wex.example".to_owned()),
    ];
    let variables = variables
        .into_iter()
        .chain(lines(settings))
        .chain(settings.worker_variables.iter().cloned());
    let variables: Vec<_> = variables.collect::<BTreeMap<_, _>>().into_iter().collect();
    let program = programs.path("wex-worker");
    Process::start(
        "wex-worker",
        &program,
        &[],
        &variables,
        directory,
        "worker.started",
    )
    .await
}

/// Where a worker tells how it is.
pub async fn worker_url(worker: &Process) -> String {
    const ADDRESS: &str = "address=";
    let line = worker.line_with("worker.started").await;
    let address = after(&line, ADDRESS);
    let end = address.find(' ').unwrap_or(address.len());
    format!("http://{}", &address[..end])
}
