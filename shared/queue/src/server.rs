//! Where Redis is: at an address, or where sentinels or the nodes of a Cluster say that our master is now.

use std::time::Duration;

use redis::{AsyncConnectionConfig, Client, ErrorKind, IntoConnectionInfo, RedisError};
use tokio::time::timeout;

/// `redis+sentinel://user:password@host:26379,host2/name/0`: user, password and database are the master's; the sentinels
/// themselves ask for no password.
const SENTINEL: &str = "redis+sentinel://";
/// `redis+cluster://user:password@host:6379,host2`: some of its nodes.
const CLUSTER: &str = "redis+cluster://";
/// Behind either: how many replicas must have a change before it counts as done. Without it, one.
const REPLICAS: &str = "?replicas=";

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

impl Server {
    /// `key` is one of ours.
    pub(crate) fn from_url(url: &str, key: &str) -> Result<Self, RedisError> {
        let guided = |rest: &str, read: fn(&str, &str) -> Result<Guides, RedisError>| {
            let (rest, replicas) = rest.split_once(REPLICAS).unwrap_or((rest, "1"));
            let replicas = replicas
                .parse()
                .map_err(|_not_a_number| invalid("`replicas` in the URL is not a number"))?;
            let place = Place::Told(read(rest, key)?);
            Ok(Self { place, replicas })
        };
        if let Some(rest) = url.strip_prefix(SENTINEL) {
            guided(rest, Guides::of_sentinels)
        } else if let Some(rest) = url.strip_prefix(CLUSTER) {
            guided(rest, Guides::of_cluster)
        } else {
            Ok(Self {
                place: Place::At(Client::open(url.into_connection_info()?)?),
                replicas: 0,
            })
        }
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

impl Guides {
    fn of_sentinels(rest: &str, _key: &str) -> Result<Self, RedisError> {
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (name, database) = path.split_once('/').unwrap_or((path, "0"));
        if name.is_empty() {
            return Err(invalid(
                "the URL of sentinels does not end in the name of a master",
            ));
        }
        let (credentials, hosts) = parts(authority);
        Self::new(
            hosts,
            26379,
            Question::Name(name.to_owned()),
            credentials,
            "",
            database,
        )
    }

    fn of_cluster(rest: &str, key: &str) -> Result<Self, RedisError> {
        let (credentials, hosts) = parts(rest.strip_suffix('/').unwrap_or(rest));
        let question = Question::Key(key.to_owned());
        Self::new(hosts, 6379, question, credentials, credentials, "0")
    }

    fn new(
        hosts: &str,
        port: u16,
        question: Question,
        credentials: &str,
        guides_credentials: &str,
        database: &str,
    ) -> Result<Self, RedisError> {
        let clients = hosts.split(',').map(|host| {
            let port = match host.rsplit_once(':') {
                Some((_, given)) if given.parse::<u16>().is_ok() => String::new(),
                _ => format!(":{port}"),
            };
            Client::open(format!("redis://{guides_credentials}{host}{port}"))
        });
        let guides = Self {
            clients: clients.collect::<Result<_, _>>()?,
            question,
            credentials: credentials.to_owned(),
            database: database.to_owned(),
        };
        guides.client_at("localhost:6379")?; // A wrong user or database is found now.
        Ok(guides)
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
        Client::open(format!(
            "redis://{}{address}/{}",
            self.credentials, self.database
        ))
    }
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
    fn a_change_counts_when_one_replica_has_it_unless_the_url_says_otherwise() {
        for (url, replicas) in [
            ("redis://one", 0),
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
            "http://one",
        ] {
            assert!(Server::from_url(url, "key").is_err(), "{url}");
        }
    }
}
