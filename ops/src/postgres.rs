//! A private PostgreSQL, for tests and benchmarks.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::stack::{Process, StackError, find_in_path, free_port};

/// The account that runs the server where we are root: PostgreSQL refuses to be. Its package makes this one.
const ACCOUNT: &str = "postgres";

/// A running server with its files in a directory of ours.
#[derive(Debug)]
pub struct Postgres {
    pub process: Process,
    pub url: String,
    directory: PathBuf,
    port: u16,
}

impl Postgres {
    /// Makes a cluster in `directory`, which does not exist yet, and starts it on a loopback port.
    ///
    /// # Errors
    /// When PostgreSQL is not installed (`scripts/need postgres`) or does not start.
    pub async fn start(directory: &Path) -> Result<Self, StackError> {
        std::fs::create_dir(directory).map_err(StackError::Postgres)?;
        if is_root() {
            let mut chown = Command::new("chown");
            run(chown.arg(ACCOUNT).arg(directory))?;
        }
        let arguments = [
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        ];
        let mut initdb = as_account(&program("initdb"));
        run(initdb.args(arguments).arg("--pgdata").arg(directory))?;
        Self::serve(directory, free_port()?).await
    }

    /// Starts it again after it was killed, at the same address.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart(&mut self) -> Result<(), StackError> {
        let mut again = Self::serve(&self.directory, self.port).await;
        // The children of a killed server take a moment to notice, and no other starts before.
        for _ in 0..100 {
            if again.is_ok() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            again = Self::serve(&self.directory, self.port).await;
        }
        self.process = again?.process;
        Ok(())
    }

    async fn serve(directory: &Path, port: u16) -> Result<Self, StackError> {
        let server = as_account(&program("postgres"));
        let settings = [
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            format!("port={port}"),
        ];
        let mut arguments: Vec<_> = server
            .get_args()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect();
        arguments.extend(["-D".to_owned(), directory.display().to_string()]);
        for setting in settings {
            arguments.extend(["-c".to_owned(), setting]);
        }
        let process = Process::start(
            "postgres",
            Path::new(server.get_program()),
            &arguments,
            &[],
            Path::new("/"),
            "database system is ready to accept connections",
        )
        .await?;
        Ok(Self {
            process,
            url: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
            directory: directory.to_owned(),
            port,
        })
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A command that runs as an account that PostgreSQL accepts. The process is the program itself: a signal reaches it.
fn as_account(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new(find_in_path("setpriv"));
    command
        .arg(format!("--reuid={ACCOUNT}"))
        .arg(format!("--regid={ACCOUNT}"))
        .arg("--clear-groups")
        .arg(program);
    command.current_dir("/");
    command
}

fn run(command: &mut Command) -> Result<(), StackError> {
    let status = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(StackError::Postgres)?;
    if status.success() {
        Ok(())
    } else {
        Err(StackError::Postgres(std::io::Error::other(format!(
            "{} ended ({status})",
            command.get_program().to_string_lossy()
        ))))
    }
}

/// Where the package puts the programs of the server, which it does not put on the PATH: the newest version.
fn program(name: &str) -> PathBuf {
    const VERSIONS: &str = "/usr/lib/postgresql";
    let versions = std::fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    versions
        .map(|version| version.path().join("bin").join(name))
        .filter(|program| program.is_file())
        .max()
        .unwrap_or_else(|| find_in_path(name))
}
