//! Where Redis is: at an address, or where sentinels or the nodes of a Cluster say that our master is now; and how it is
//! reached: plainly, or by TLS when the URL begins with `rediss`.
//!
//! Behind its `?` a URL may say `replicas=2` (how many replicas must have a change before it counts as done; without it, one
//! where there are sentinels or a Cluster) and, for TLS, files in PEM: `ca=FILE` (the authorities to trust instead of those that
//! everybody trusts), `cert=FILE` and `key=FILE` (who we are, for a Redis that asks). Sentinels are asked by TLS too.

use std::fs;
use std::time::Duration;

use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, ConnectionAddr, ErrorKind, RedisError,
    TlsCertificates,
};
use tokio::time::timeout;

/// `redis+sentinel://user:password@host:26379,host2/name/0`: user, password and database are the master's; the sentinels
/// themselves ask for no password.
const SENTINEL: [&str; 2] = ["redis+sentinel", "rediss+sentinel"];
/// `redis+cluster://user:password@host:6379,host2`: some of its nodes.
const CLUSTER: [&str; 2] = ["redis+cluster", "rediss+cluster"];

/// A Redis, by its URL.
pub(crate) struct Server {
    place: Place,
    /// How many replicas must have a change before it counts as done.
    pub(crate) replicas: u32,
}

enum Place {
    At(Client),
    Told(Guides),
}

/// Those who know where our master is.
struct Guides {
    /// In the order in which they are asked.
    clients: Vec<Client>,
    question: Question,
    scheme: Scheme,
    /// What the URL of the master has before and behind its address.
    credentials: String,
    database: String,
}

enum Question {
    /// Who is the master of this name?
    Name(String),
    /// Whose is this key? One master has all of them, for they share a hash tag.
    Key(String),
}

/// How every server of a URL is reached.
enum Scheme {
    Plain,
    Tls(TlsCertificates),
}

impl Scheme {
    fn word(&self) -> &'static str {
        match self {
            Self::Plain => "redis",
            Self::Tls(_) => "rediss",
        }
    }

    fn client(&self, url: &str) -> Result<Client, RedisError> {
        match self {
            Self::Plain => Client::open(url),
            Self::Tls(certificates) => {
                let client = Client::build_with_tls(url, certificates.clone())?;
                match client.get_connection_info().addr() {
                    ConnectionAddr::TcpTls { insecure: true, .. } => Err(invalid(
                        "`#insecure` in the URL would trust anybody; name who is to be trusted by `?ca=FILE`",
                    )),
                    _ => Ok(client),
                }
            }
        }
    }
}

impl Server {
    /// Reads the files that the URL names. `key` is one of ours.
    pub(crate) fn from_url(url: &str, key: &str) -> Result<Self, RedisError> {
        let (url, asked) = Asked::split(url)?;
        let (word, rest) = url.split_once("://").unwrap_or((&url, ""));
        let scheme = asked.scheme(word.starts_with("rediss") || word == "valkeys")?;
        if (SENTINEL.contains(&word) || CLUSTER.contains(&word)) && rest.contains('?') {
            return Err(invalid(
                "the URL says something else than `replicas`, `ca`, `cert` and `key` behind its `?`",
            ));
        }
        let (place, replicas) = if SENTINEL.contains(&word) {
            (Place::Told(Guides::of_sentinels(rest, scheme)?), 1)
        } else if CLUSTER.contains(&word) {
            (Place::Told(Guides::of_cluster(rest, key, scheme)?), 1)
        } else {
            (Place::At(scheme.client(&url)?), 0)
        };
        Ok(Self {
            place,
            replicas: asked.replicas.unwrap_or(replicas),
        })
    }

    /// A client of the master, as far as anyone knows; asks nobody for longer than `patience` in all.
    pub(crate) async fn client(&self, patience: Duration) -> Result<Client, RedisError> {
        match &self.place {
            Place::At(client) => Ok(client.clone()),
            Place::Told(guides) => guides.master(patience).await,
        }
    }

    /// May the master be elsewhere a moment later?
    pub(crate) fn moves(&self) -> bool {
        matches!(self.place, Place::Told(_))
    }
}

/// What a URL says behind its `?`, but for what only the client library reads.
#[derive(Default)]
struct Asked {
    replicas: Option<u32>,
    ca: Option<Vec<u8>>,
    cert: Option<Vec<u8>>,
    key: Option<Vec<u8>>,
}

impl Asked {
    /// The URL without what is ours, and that.
    fn split(url: &str) -> Result<(String, Self), RedisError> {
        let mut asked = Self::default();
        let (front, query) = url.split_once('?').unwrap_or((url, ""));
        let mut others = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("replicas", number)) => {
                    asked.replicas = Some(number.parse().map_err(|_not_a_number| {
                        invalid("`replicas` in the URL is not a number")
                    })?);
                }
                Some(("ca", file)) => asked.ca = Some(pem(file, "CERTIFICATE-----")?),
                Some(("cert", file)) => asked.cert = Some(pem(file, "CERTIFICATE-----")?),
                Some(("key", file)) => asked.key = Some(pem(file, "PRIVATE KEY-----")?),
                _ => others.push(pair),
            }
        }
        let url = match others.as_slice() {
            [] => front.to_owned(),
            others => format!("{front}?{}", others.join("&")),
        };
        Ok((url, asked))
    }

    fn scheme(&self, is_tls: bool) -> Result<Scheme, RedisError> {
        let client_tls = match (&self.cert, &self.key) {
            (None, None) => None,
            (Some(cert), Some(key)) => Some(ClientTlsConfig {
                client_cert: cert.clone(),
                client_key: key.clone(),
            }),
            _ => return Err(invalid("the URL has only one of `cert` and `key`")),
        };
        match (is_tls, &self.ca, &client_tls) {
            (true, ..) => Ok(Scheme::Tls(TlsCertificates {
                client_tls,
                root_cert: self.ca.clone(),
            })),
            (false, None, None) => Ok(Scheme::Plain),
            (false, ..) => Err(invalid(
                "the URL has `ca`, or `cert` and `key`, and does not begin with `rediss`",
            )),
        }
    }
}

/// What is in a file in PEM that has something of a kind.
fn pem(file: &str, kind: &str) -> Result<Vec<u8>, RedisError> {
    let refused = |why: String| {
        let what = "a file that the URL names cannot be used";
        RedisError::from((ErrorKind::InvalidClientConfig, what, why))
    };
    let text = fs::read_to_string(file).map_err(|error| refused(format!("{file}: {error}")))?;
    if !text.contains(kind) {
        return Err(refused(format!("{file}: has no `{kind}` in PEM")));
    }
    Ok(text.into_bytes())
}

impl Guides {
    fn of_sentinels(rest: &str, scheme: Scheme) -> Result<Self, RedisError> {
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (name, database) = path.split_once('/').unwrap_or((path, "0"));
        if name.is_empty() {
            return Err(invalid(
                "the URL of sentinels does not end in the name of a master",
            ));
        }
        let (credentials, hosts) = parts(authority);
        let guides = Self {
            clients: clients(&scheme, "", hosts, 26379)?,
            question: Question::Name(name.to_owned()),
            scheme,
            credentials: credentials.to_owned(),
            database: database.to_owned(),
        };
        guides.client_at("localhost:6379")?; // A wrong user or database is found now.
        Ok(guides)
    }

    fn of_cluster(rest: &str, key: &str, scheme: Scheme) -> Result<Self, RedisError> {
        let (credentials, hosts) = parts(rest.strip_suffix('/').unwrap_or(rest));
        Ok(Self {
            clients: clients(&scheme, credentials, hosts, 6379)?,
            question: Question::Key(key.to_owned()),
            scheme,
            credentials: credentials.to_owned(),
            database: "0".to_owned(),
        })
    }

    async fn master(&self, patience: Duration) -> Result<Client, RedisError> {
        let each = patience / u32::try_from(self.clients.len()).unwrap_or(u32::MAX);
        let mut why = (ErrorKind::Io, "nobody in the URL answers who the master is").into();
        for guide in &self.clients {
            match timeout(each, self.ask(guide)).await {
                Ok(Ok(master)) => return Ok(master),
                Ok(Err(error)) => why = error,
                Err(_elapsed) => {}
            }
        }
        Err(why)
    }

    async fn ask(&self, guide: &Client) -> Result<Client, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None) // Bounded by the caller, together with the answer.
            .set_response_timeout(None);
        let mut connection = guide
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        match &self.question {
            Question::Name(name) => {
                let mut ask = redis::cmd("SENTINEL");
                ask.arg("GET-MASTER-ADDR-BY-NAME").arg(name);
                let known: Option<(String, u16)> = ask.query_async(&mut connection).await?;
                let (host, port) = known.ok_or_else(|| {
                    RedisError::from((ErrorKind::Io, "a sentinel knows no master of that name"))
                })?;
                let is_v6 = host.contains(':');
                self.client_at(&if is_v6 {
                    format!("[{host}]:{port}")
                } else {
                    format!("{host}:{port}")
                })
            }
            Question::Key(key) => {
                let mut ask = redis::cmd("EXISTS");
                ask.arg(key);
                match ask.query_async::<u8>(&mut connection).await {
                    Ok(_) => Ok(guide.clone()),
                    Err(moved) => match moved.redirect_node() {
                        Some((address, _slot)) => self.client_at(address),
                        None => Err(moved),
                    },
                }
            }
        }
    }

    fn client_at(&self, address: &str) -> Result<Client, RedisError> {
        self.scheme.client(&format!(
            "{}://{}{address}/{}",
            self.scheme.word(),
            self.credentials,
            self.database
        ))
    }
}

/// A client of each of `hosts`, which are separated by commas and may have a port.
fn clients(
    scheme: &Scheme,
    credentials: &str,
    hosts: &str,
    port: u16,
) -> Result<Vec<Client>, RedisError> {
    let client = |host: &str| {
        let port = match host.rsplit_once(':') {
            Some((_, given)) if given.parse::<u16>().is_ok() => String::new(),
            _ => format!(":{port}"),
        };
        scheme.client(&format!("{}://{credentials}{host}{port}", scheme.word()))
    };
    hosts.split(',').map(client).collect()
}

/// Splits `user:password@hosts` before the hosts.
fn parts(authority: &str) -> (&str, &str) {
    authority.split_at(authority.rfind('@').map_or(0, |at| at + 1))
}

fn invalid(why: &'static str) -> RedisError {
    (ErrorKind::InvalidClientConfig, why).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guides(url: &str) -> Guides {
        match Server::from_url(url, "key").unwrap().place {
            Place::Told(guides) => guides,
            Place::At(_) => panic!("{url} was taken for an address"),
        }
    }

    fn addresses(guides: &Guides) -> Vec<String> {
        let address = |client: &Client| client.get_connection_info().addr().to_string();
        guides.clients.iter().map(address).collect()
    }

    #[test]
    fn a_url_of_sentinels_names_them_the_master_and_who_we_are_to_it() {
        let guides = guides("redis+sentinel://wex:p%40ss@one,two:26380/mymaster/3?replicas=2");
        assert_eq!(addresses(&guides), ["one:26379", "two:26380"]);
        assert!(matches!(&guides.question, Question::Name(name) if name == "mymaster"));
        let master = guides.client_at("three:7000").unwrap();
        let info = master.get_connection_info();
        assert_eq!(info.addr().to_string(), "three:7000");
        let settings = info.redis_settings();
        assert_eq!(
            (settings.username(), settings.password(), settings.db()),
            (Some("wex"), Some("p@ss"), 3)
        );
        let sentinel = guides.clients[0].get_connection_info().redis_settings();
        assert_eq!((sentinel.username(), sentinel.password()), (None, None));
    }

    #[test]
    fn a_url_of_a_cluster_names_nodes_and_who_we_are_to_them() {
        let guides = guides("redis+cluster://:secret@one,two:7001/?replicas=0");
        assert_eq!(addresses(&guides), ["one:6379", "two:7001"]);
        let node = guides.clients[1].get_connection_info().redis_settings();
        assert_eq!(node.password(), Some("secret"));
    }

    #[test]
    fn a_url_that_begins_with_rediss_reaches_all_by_tls_and_any_other_none() {
        let at = |url: &str| match Server::from_url(url, "key").unwrap().place {
            Place::At(client) => client.get_connection_info().addr().clone(),
            Place::Told(guides) => {
                let client = guides.client_at("master:7000").unwrap();
                let addr = client.get_connection_info().addr().clone();
                let is_tls = |addr: &ConnectionAddr| matches!(addr, ConnectionAddr::TcpTls { .. });
                for client in &guides.clients {
                    assert_eq!(
                        is_tls(client.get_connection_info().addr()),
                        is_tls(&addr),
                        "{url}"
                    );
                }
                addr
            }
        };
        for rest in [
            "://one:1/2",
            "+sentinel://one,two/mymaster",
            "+cluster://one,two",
        ] {
            let tls = at(&format!("rediss{rest}"));
            assert!(
                matches!(
                    tls,
                    ConnectionAddr::TcpTls {
                        insecure: false,
                        ..
                    }
                ),
                "rediss{rest}"
            );
            let plain = at(&format!("redis{rest}"));
            assert!(matches!(plain, ConnectionAddr::Tcp(..)), "redis{rest}");
        }
    }

    #[test]
    fn a_change_counts_when_one_replica_has_it_unless_the_url_says_otherwise() {
        for (url, replicas) in [
            ("redis://one", 0),
            ("redis://one/0?replicas=1&protocol=resp3", 1),
            ("redis+sentinel://one/mymaster", 1),
            ("redis+cluster://one", 1),
            ("redis+cluster://one?replicas=0", 0),
            ("redis+sentinel://one/mymaster?replicas=2", 2),
        ] {
            assert_eq!(
                Server::from_url(url, "key").unwrap().replicas,
                replicas,
                "{url}"
            );
        }
    }

    #[test]
    fn a_url_with_a_part_missing_or_broken_is_refused() {
        for url in [
            "redis+sentinel://one:26379",
            "redis+sentinel://one:26379/",
            "redis+sentinel:///mymaster",
            "redis+sentinel://one:26379/mymaster/first",
            "redis+sentinel://one,,two/mymaster",
            "redis+sentinel://one/mymaster?replicas=some",
            "redis+cluster://",
            "redis+cluster://one?protocol=resp3",
            "rediss://one/#insecure",
            "rediss+cluster://one/#insecure",
            "rediss://one?ca=/nowhere/ca.pem",
            "redis://one?ca=/dev/null",
            "rediss://one?ca=/dev/null",
            "http://one",
        ] {
            assert!(Server::from_url(url, "key").is_err(), "{url}");
        }
    }
}
