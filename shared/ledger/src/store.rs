//! The way to the database: SQLite in a file of its own, or PostgreSQL.

use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{Any, AnyPool, Executor, SqlSafeStr, Transaction};

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
    #[error("there is no ledger at {0} (DATABASE_URL): no worker has written one there yet")]
    Missing(PathBuf),
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
        let ledger = Self::connect(database, keys)?;
        migrator().run(&ledger.pool).await?;
        Ok(ledger)
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
        let ledger = Self::connect(database, keys)?;
        // Says now whether the database is there, and makes tables that a worker has not made yet.
        migrator().run(&ledger.pool).await?;
        Ok(ledger)
    }

    fn connect(database: &Database, keys: Keys) -> Result<Self, LedgerError> {
        install_default_drivers();
        let is_sqlite = database.file.is_some();
        let options = AnyConnectOptions::from_str(&database.url)?;
        let pool = AnyPoolOptions::new()
            .max_connections(2)
            .acquire_timeout(WAIT_MAX)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if is_sqlite {
                        // What is acknowledged leaves Redis, so it has to be on the disk by then: FULL.
                        connection
                            .execute(
                                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; \
                                 PRAGMA secure_delete = ON",
                            )
                            .await?;
                    }
                    Ok(())
                })
            })
            .connect_lazy_with(options);
        Ok(Self {
            pool,
            keys,
            is_sqlite,
        })
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

fn make(file: &Path) -> io::Result<()> {
    if let Some(directory) = file.parent().filter(|path| !path.as_os_str().is_empty()) {
        std::fs::create_dir_all(directory)?;
    }
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(FILE_MODE)
        .open(file)
        .map(drop)
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
