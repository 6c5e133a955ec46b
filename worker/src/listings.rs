//! Where spaces come from: a file, or somebody's search over HTTP.
//!
//! A search is one request. We send `POST` to `LISTINGS` with
//! `{"requirement": {…}, "shown": ["CAR-101"], "limit": 50}`: what the buyer wants, as the ledger records it but without
//! notes, the ids of what was offered before, and how many listings we read. The answer is status 200 and a JSON array of
//! listings, written as in a file. What does not fit the requirement is left out, whoever found it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::{Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tracing::{info, warn};
use wex_assistant::decide::Searched;
use wex_assistant::listings::{Unreadable, parse, parse_json, search};
use wex_domain::listing::Listing;
use wex_domain::requirement::Requirement;
use wex_runtime::error_chain;

/// A search that takes longer has failed: the buyer waits, and people can look.
const SEARCH_MAX: Duration = Duration::from_secs(3);

/// The largest answer of a search that is read.
const ANSWER_BYTES_MAX: usize = 512 * 1024;

/// How many listings a search is asked for. Three are offered; the others are for our own ranking.
const LISTINGS_ASKED: usize = 50;

/// Where `LISTINGS` points to.
#[derive(Debug, Clone)]
pub enum ListingsConfig {
    None,
    File(PathBuf),
    Http {
        url: Url,
        token: Option<SecretString>,
    },
}

/// The spaces that can be offered.
#[derive(Debug)]
pub(crate) enum Listings {
    None,
    File {
        path: PathBuf,
        read: Mutex<FileRead>,
    },
    Http {
        http: reqwest::Client,
        url: Url,
        token: Option<SecretString>,
    },
}

/// A file as it was when it was read.
#[derive(Debug)]
pub(crate) struct FileRead {
    changed: Option<SystemTime>,
    listings: Arc<Vec<Listing>>,
}

/// Why there are no listings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListingsError {
    #[error("the file cannot be read")]
    File(#[source] std::io::Error),
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("the HTTP client could not be set up")]
    Client(#[source] reqwest::Error),
    #[error("the search did not answer")]
    Http(#[source] reqwest::Error),
    #[error("the search answered {0}")]
    Status(u16),
    #[error("the search answered with more than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
    #[error("the search answered with something that is not UTF-8")]
    NotText,
}

impl Listings {
    /// Reads the file, if there is one: a worker does not start with listings that it cannot read.
    pub(crate) fn new(config: &ListingsConfig) -> Result<Self, ListingsError> {
        Ok(match config {
            ListingsConfig::None => Self::None,
            ListingsConfig::File(path) => Self::File {
                path: path.clone(),
                read: Mutex::new(read(path)?),
            },
            ListingsConfig::Http { url, token } => Self::Http {
                http: reqwest::Client::builder()
                    .timeout(SEARCH_MAX)
                    .redirect(redirect::Policy::none())
                    .build()
                    .map_err(ListingsError::Client)?,
                url: url.clone(),
                token: token.clone(),
            },
        })
    }

    /// Looks for what fits. A failure is logged here and is an answer, too: people look then.
    pub(crate) async fn search(&self, wanted: &Requirement, shown: &[String]) -> Searched {
        let found = match self {
            Self::None => return Searched::NoListings,
            Self::File { path, read } => Ok(current(path, read).await),
            Self::Http { http, url, token } => {
                ask(http, url.clone(), token.as_ref(), wanted, shown)
                    .await
                    .map(Arc::new)
            }
        };
        match found {
            Ok(listings) => Searched::Found(search(listings.iter(), wanted, shown)),
            Err(error) => {
                warn!(error = %error_chain(&error), "listings.failed: a person is asked to look");
                Searched::Unavailable
            }
        }
    }
}

/// The listings of the file, read again when it has changed. One that cannot be read leaves the earlier ones in force.
async fn current(path: &Path, known: &Mutex<FileRead>) -> Arc<Vec<Listing>> {
    let changed = changed(path);
    {
        let known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if changed.is_none() || changed == known.changed {
            return Arc::clone(&known.listings);
        }
    }
    let owned = path.to_owned();
    let again = tokio::task::spawn_blocking(move || read(&owned)).await;
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    match again {
        Ok(Ok(again)) => {
            info!(listings = again.listings.len(), "listings.read");
            *known = again;
        }
        Ok(Err(error)) => {
            warn!(error = %error_chain(&error), "listings.unreadable: the earlier ones stay in force");
            known.changed = changed;
        }
        Err(_cancelled_or_panicked) => known.changed = changed,
    }
    Arc::clone(&known.listings)
}

fn read(path: &Path) -> Result<FileRead, ListingsError> {
    // Before the content, or a change in between would go unseen.
    let changed = changed(path);
    let text = std::fs::read_to_string(path).map_err(ListingsError::File)?;
    Ok(FileRead {
        changed,
        listings: Arc::new(parse(&text)?),
    })
}

fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).ok()?.modified().ok()
}

async fn ask(
    http: &reqwest::Client,
    url: Url,
    token: Option<&SecretString>,
    wanted: &Requirement,
    shown: &[String],
) -> Result<Vec<Listing>, ListingsError> {
    let requirement = Requirement {
        // A contact's own words, and who they are, are not for others.
        notes: String::new(),
        criteria: wanted.criteria.without_people(),
        ..wanted.clone()
    };
    let body = json!({ "requirement": requirement, "shown": shown, "limit": LISTINGS_ASKED });
    let mut request = http.post(url).json(&body);
    if let Some(token) = token {
        request = request.bearer_auth(token.expose_secret());
    }
    let without_url = |error: reqwest::Error| ListingsError::Http(error.without_url());
    let mut response = request.send().await.map_err(without_url)?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(ListingsError::Status(response.status().as_u16()));
    }
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(without_url)? {
        if answer.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(ListingsError::TooLong);
        }
        answer.extend_from_slice(&chunk);
    }
    let text = String::from_utf8(answer).map_err(|_quotes_content| ListingsError::NotText)?;
    let mut listings = parse_json(&text)?;
    listings.truncate(LISTINGS_ASKED);
    Ok(listings)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use wex_domain::requirement::Location;

    use super::*;

    fn wanted() -> Requirement {
        Requirement {
            locations: vec![Location {
                name: "Carson".to_owned(),
                state: None,
                radius_miles: None,
            }],
            sqft_min: Some(10_000),
            notes: "call Ana".to_owned(),
            ..Requirement::default()
        }
    }

    fn ids(searched: &Searched) -> Vec<&str> {
        match searched {
            Searched::Found(found) => found
                .options
                .iter()
                .map(|listing| listing.id.as_str())
                .collect(),
            Searched::NoListings | Searched::Unavailable => Vec::new(),
        }
    }

    /// A search that answers one request; returns what it was asked.
    async fn searcher(answer: &'static str) -> (Url, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/search", listener.local_addr().unwrap());
        let asked = async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = Vec::new();
            while !String::from_utf8_lossy(&asked).contains("limit") {
                let mut chunk = [0; 4096];
                let read = stream.read(&mut chunk).await.unwrap();
                asked.extend_from_slice(&chunk[..read]);
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8(asked).unwrap()
        };
        #[expect(clippy::disallowed_methods, reason = "the test waits for it")]
        let asked = tokio::task::spawn(asked);
        (url.parse().unwrap(), asked)
    }

    fn http(url: Url) -> Listings {
        let token = Some(SecretString::from("secret"));
        Listings::new(&ListingsConfig::Http { url, token }).unwrap()
    }

    #[tokio::test]
    async fn a_search_is_asked_without_the_contacts_own_words_and_its_answer_is_checked() {
        let (url, asked) = searcher(
            "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\
             [{\"id\":\"A\",\"city\":\"Carson\",\"state\":\"CA\",\"sqft\":11000,\"owner_phone\":\"+13105550142\"},\
             {\"id\":\"B\",\"city\":\"Fresno\",\"state\":\"CA\",\"sqft\":11000}]",
        )
        .await;
        let searched = http(url).search(&wanted(), &["OLD".to_owned()]).await;
        assert_eq!(ids(&searched), ["A"]);
        let asked = asked.await.unwrap();
        assert!(asked.contains("authorization: Bearer secret"), "{asked}");
        assert!(asked.contains(r#""shown":["OLD"]"#), "{asked}");
        assert!(!asked.contains("Ana"), "{asked}");
    }

    #[tokio::test]
    async fn a_search_that_fails_leaves_the_looking_to_people() {
        for answer in [
            "HTTP/1.1 500 Oh\r\nconnection: close\r\n\r\n",
            "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n<html>",
            "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[",
        ] {
            let (url, _asked) = searcher(answer).await;
            assert_eq!(
                http(url).search(&wanted(), &[]).await,
                Searched::Unavailable
            );
        }
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", closed.local_addr().unwrap());
        drop(closed);
        let url = url.parse().unwrap();
        assert_eq!(
            http(url).search(&wanted(), &[]).await,
            Searched::Unavailable
        );
    }

    #[tokio::test]
    async fn a_file_that_changes_is_read_again_and_a_broken_one_is_not() {
        const NAMES: &str = "id,city,state,sqft\n";
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("listings.csv");
        let write = |text: &str, age_s: u64| {
            let mut file = std::fs::File::create(&path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
            let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + age_s);
            file.set_modified(long_ago).unwrap();
        };
        write(&format!("{NAMES}A,Carson,CA,10000\n"), 0);
        let listings = Listings::new(&ListingsConfig::File(path.clone())).unwrap();
        assert_eq!(ids(&listings.search(&wanted(), &[]).await), ["A"]);

        write(&format!("{NAMES}B,Carson,CA,10000\n"), 1);
        assert_eq!(ids(&listings.search(&wanted(), &[]).await), ["B"]);

        write("id\n\"", 2);
        assert_eq!(ids(&listings.search(&wanted(), &[]).await), ["B"]);
        assert!(Listings::new(&ListingsConfig::File(path)).is_err());
    }
}
