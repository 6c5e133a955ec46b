//! The way to the database: SQLite in a file of its own, or PostgreSQL.

use std::fmt;
use std::fs::{OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use sqlx::error::DatabaseError;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{Any, AnyConnection, AnyPool, Connection, Executor, SqlSafeStr, Transaction};
use tokio::time::{sleep, timeout};

use crate::seal::Keys;

/// In order; a migration that has run anywhere is never changed.
const MIGRATIONS: [(&str, &str); 2] = [
    ("tables", include_str!("../migrations/1_tables.sql")),
    (
        "until when held",
        include_str!("../migrations/2_until_when_held.sql"),
    ),
];

/// How long a statement waits for a connection, and SQLite for another writer.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// What is in the file is what the contacts said: nobody else on the machine reads it.
const FILE_MODE: u32 = 0o600;

/// Where the ledger is: `sqlite://path` or `postgres://…`.
#[derive(Clone)]
pub struct Database {
    url: String,
    file: Option<PathBuf>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "SQLite({})", file.display()),
            None => f.write_str("PostgreSQL(..)"), // The URL may hold a password.
        }
    }
}

impl Database {
    /// For a message: the file, or the host and the database, and no password.
    fn place(&self) -> String {
        match &self.file {
            Some(file) => file.display().to_string(),
            None => {
                let without_query = self.url.split('?').next().unwrap_or_default();
                let after = without_query
                    .rsplit_once('@')
                    .or(without_query.split_once("//"));
                after.map_or_else(String::new, |(_, place)| place.to_owned())
            }
        }
    }
}

/// Not the URL of a database that we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected sqlite://PATH or postgres://USER:PASSWORD@HOST/DATABASE")]
pub struct NotAUrl;

impl FromStr for Database {
    type Err = NotAUrl;

    fn from_str(url: &str) -> Result<Self, NotAUrl> {
        let file = if let Some(path) = url.strip_prefix("sqlite://") {
            let path = path.split('?').next().unwrap_or_default();
            if path.is_empty() || path.contains('%') {
                return Err(NotAUrl);
            }
            Some(PathBuf::from(path))
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            None
        } else {
            return Err(NotAUrl);
        };
        install_default_drivers();
        AnyConnectOptions::from_str(url).map_err(|_quotes_the_url| NotAUrl)?;
        Ok(Self {
            url: url.to_owned(),
            file,
        })
    }
}

impl Default for Database {
    fn default() -> Self {
        "sqlite://data/wex.db".parse().expect("a URL")
    }
}

/// Why the ledger could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("the file {0} (DATABASE_URL) cannot be made or opened")]
    File(PathBuf, #[source] io::Error),
    #[error(
        "the file {0} (DATABASE_URL) was removed or replaced while the ledger was written: what it had is where it was moved to, \
         or lost; the ledger goes on in what is there now"
    )]
    Replaced(PathBuf),
    #[error("there is no ledger at {0} (DATABASE_URL): no worker has written one there yet")]
    Missing(PathBuf),
    #[error(
        "the database {0} (DATABASE_URL) cannot be reached, or is none: is it running, may this user read and write it, and does \
         the URL name it?"
    )]
    Unreachable(String, #[source] sqlx::Error),
    #[error("the database {0} (DATABASE_URL) did not answer within {limit} s", limit = WAIT_MAX.as_secs())]
    Silent(String),
    #[error("the tables of the ledger cannot be made or brought up to date")]
    Migrate(#[from] MigrateError),
    /// Try again: the database is away, busy or full. Whatever was being written was not.
    #[error("the database of the ledger cannot be used")]
    Database(#[from] sqlx::Error),
}

/// The ledger. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Ledger {
    pub(crate) pool: AnyPool,
    pub(crate) keys: Keys,
    pub(crate) is_sqlite: bool,
    /// The file of SQLite, and which one it was when it was opened.
    file: Option<(PathBuf, FileId)>,
}

/// Names a file whatever its path is: the device, and its number there.
type FileId = (u64, u64);

fn file_id(file: &Path) -> io::Result<FileId> {
    std::fs::metadata(file).map(|file| (file.dev(), file.ino()))
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ledger(..)")
    }
}

impl Ledger {
    /// Opens the ledger for a writer: makes the file and the tables where they are missing.
    ///
    /// # Errors
    /// When the file cannot be made, the database cannot be reached, or its tables belong to a newer version.
    pub async fn open(database: &Database, keys: Keys) -> Result<Self, LedgerError> {
        if let Some(file) = &database.file {
            make(file).map_err(|error| LedgerError::File(file.clone(), error))?;
        }
        Self::connect(database, keys).await
    }

    /// Opens a ledger that is there, for a reader.
    ///
    /// # Errors
    /// When it is not there or cannot be reached.
    pub async fn open_existing(database: &Database, keys: Keys) -> Result<Self, LedgerError> {
        if let Some(file) = &database.file
            && !file.exists()
        {
            return Err(LedgerError::Missing(file.clone()));
        }
        Self::connect(database, keys).await
    }

    /// Connects, and makes tables that are not there yet.
    async fn connect(database: &Database, keys: Keys) -> Result<Self, LedgerError> {
        install_default_drivers();
        let is_sqlite = database.file.is_some();
        let options = AnyConnectOptions::from_str(&database.url)?;
        // A pool tries again and then says only that time has passed; this says why.
        let probe = async {
            let mut connection = AnyConnection::connect_with(&options).await?;
            set_up(&mut connection, is_sqlite).await?;
            connection.close().await
        };
        match timeout(WAIT_MAX, probe).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(LedgerError::Unreachable(database.place(), error)),
            Err(_elapsed) => return Err(LedgerError::Silent(database.place())),
        }
        let pool = AnyPoolOptions::new()
            .max_connections(2)
            .acquire_timeout(WAIT_MAX)
            .after_connect(move |connection, _| Box::pin(set_up(connection, is_sqlite)))
            .connect_lazy_with(options);
        migrate(&pool, is_sqlite).await?;
        let opened = |file: &PathBuf| {
            let id = file_id(file).map_err(|error| LedgerError::File(file.clone(), error))?;
            Ok::<_, LedgerError>((file.clone(), id))
        };
        Ok(Self {
            pool,
            keys,
            is_sqlite,
            file: database.file.as_ref().map(opened).transpose()?,
        })
    }

    /// Checks that the file that is written is still the one that others find under its name. It is not when somebody removed
    /// it, or put a backup in its place: what is written then is gone with the process.
    ///
    /// # Errors
    /// [`LedgerError::Replaced`].
    pub fn check_in_place(&self) -> Result<(), LedgerError> {
        match &self.file {
            Some((file, id)) if file_id(file).ok() != Some(*id) => {
                Err(LedgerError::Replaced(file.clone()))
            }
            _ => Ok(()),
        }
    }

    /// Begins to write. SQLite takes its write lock at once: a lock that is taken halfway cannot be waited for.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        if self.is_sqlite {
            self.pool.begin_with("BEGIN IMMEDIATE").await
        } else {
            self.pool.begin().await
        }
    }
}

/// Makes the tables, or brings them up to date. PostgreSQL lets one process at a time do that. SQLite does not: who was too late
/// finds what the other one has just made, and so looks again.
async fn migrate(pool: &AnyPool, is_sqlite: bool) -> Result<(), MigrateError> {
    const TRIES_MAX: u32 = 20;
    const PAUSE: Duration = Duration::from_millis(100);
    let mut tries = 1;
    loop {
        match migrator().run(pool).await {
            Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..))
                if is_sqlite && tries < TRIES_MAX =>
            {
                tries += 1;
                sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}

/// What every connection needs first.
async fn set_up(connection: &mut AnyConnection, is_sqlite: bool) -> Result<(), sqlx::Error> {
    // What is acknowledged leaves Redis, so it has to be on the disk by then: FULL.
    const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON";
    // Two that change a new file to WAL at once are told that it is locked, without the wait of `busy_timeout`.
    const BUSY_MAX: Duration = Duration::from_secs(4);
    const PAUSE: Duration = Duration::from_millis(20);
    if !is_sqlite {
        return Ok(());
    }
    let give_up = Instant::now() + BUSY_MAX;
    loop {
        match connection.execute(PRAGMAS).await {
            Err(error) if is_locked(&error) && Instant::now() < give_up => sleep(PAUSE).await,
            done => return done.map(drop),
        }
    }
}

/// Whether SQLite says `SQLITE_BUSY`, whatever else the extended code tells: <https://www.sqlite.org/rescode.html>.
fn is_locked(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.and_then(|code| code.parse::<u32>().ok())
        .is_some_and(|code| code & 0xff == 5)
}

/// Makes the file where there is none. One that is there is not opened: to close it would end every lock that SQLite holds on it
/// in this process (<https://www.sqlite.org/howtocorrupt.html>, 2.2).
fn make(file: &Path) -> io::Result<()> {
    if let Some(directory) = file.parent().filter(|path| !path.as_os_str().is_empty()) {
        std::fs::create_dir_all(directory)?;
    }
    let mut create = OpenOptions::new();
    match create
        .append(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(file)
    {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => drop(made?),
    }
    // One that was put there, from a backup, may be open to others. SQLite makes the files beside it alike.
    if file.metadata()?.permissions().mode() & 0o777 != FILE_MODE {
        std::fs::set_permissions(file, Permissions::from_mode(FILE_MODE))?;
    }
    Ok(())
}

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.iter().zip(1..).map(|((name, sql), version)| {
        Migration::new(
            version,
            (*name).into(),
            MigrationType::Simple,
            (*sql).into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(migrations.collect())
}
