//! Where requests come from, and how many of one address may be refused before we stop reading them.
//!
//! The limit is against guessing and noise. An address from which Aircall has delivered lately is never limited: Aircall
//! publishes no addresses, sends for all its customers from the same ones, and behind a proxy that is not configured all
//! requests share one.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ipnet::IpNet;

/// Refused requests of one address within [`WINDOW`] that are still read.
const REFUSALS_MAX: u32 = 30;

const WINDOW: Duration = Duration::from_secs(60);

/// How long an address counts as Aircall's after a delivery with a good token. Aircall retries for 12 h.
const GOOD_FOR: Duration = Duration::from_secs(24 * 3600);

/// Addresses that are remembered: about half a megabyte. Beyond it new ones are not limited.
const ADDRESSES_MAX: usize = 4_096;

/// The proxies whose `X-Forwarded-For` is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl FromStr for TrustedProxies {
    type Err = &'static str;

    fn from_str(list: &str) -> Result<Self, Self::Err> {
        let network = |word: &str| {
            word.parse::<IpNet>()
                .or_else(|_not_a_network| word.parse::<IpAddr>().map(IpNet::from))
                .map_err(|_neither| "expected addresses or networks such as 10.0.0.5,172.16.0.0/12")
        };
        list.split(',')
            .map(|word| network(word.trim()))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl TrustedProxies {
    /// Who sent a request that came from `peer` with these `X-Forwarded-For` values: the last address that no trusted
    /// proxy wrote. Everything before it is hearsay. Pure.
    pub(crate) fn client<'a>(
        &self,
        peer: IpAddr,
        forwarded_for: impl DoubleEndedIterator<Item = &'a str>,
    ) -> IpAddr {
        let mut client = peer.to_canonical();
        for word in forwarded_for.rev().flat_map(|value| value.rsplit(',')) {
            if !self.contains(client) {
                break;
            }
            let Some(address) = read_address(word.trim()) else {
                break;
            };
            client = address;
        }
        client
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Some proxies add a port, and then put brackets around an IPv6 address.
fn read_address(word: &str) -> Option<IpAddr> {
    let address = word.parse().or_else(|_with_port| {
        word.parse::<std::net::SocketAddr>()
            .map(|address| address.ip())
    });
    address.ok().map(|address| address.to_canonical())
}

/// What is known of addresses.
#[derive(Debug, Default)]
pub(crate) struct Addresses(Mutex<HashMap<IpAddr, Known>>);

#[derive(Debug, Clone, Copy)]
struct Known {
    refusals: u32,
    /// When the first of `refusals` was.
    since: Instant,
    good_until: Option<Instant>,
}

impl Known {
    fn is_old(&self, now: Instant) -> bool {
        now.duration_since(self.since) > WINDOW && self.good_until.is_none_or(|until| until < now)
    }
}

impl Addresses {
    /// Have so many requests of this address been refused that it is not worth reading one more?
    pub(crate) fn is_limited(&self, address: IpAddr, now: Instant) -> bool {
        self.with(|known| {
            known.get(&network(address)).is_some_and(|known| {
                known.refusals >= REFUSALS_MAX
                    && now.duration_since(known.since) <= WINDOW
                    && known.good_until.is_none_or(|until| until < now)
            })
        })
    }

    pub(crate) fn refused(&self, address: IpAddr, now: Instant) {
        self.with(|known| {
            if let Some(known) = entry(known, address, now) {
                if now.duration_since(known.since) > WINDOW {
                    (known.refusals, known.since) = (0, now);
                }
                known.refusals = known.refusals.saturating_add(1);
            }
        });
    }

    pub(crate) fn authenticated(&self, address: IpAddr, now: Instant) {
        self.with(|known| {
            if let Some(known) = entry(known, address, now) {
                known.good_until = Some(now + GOOD_FOR);
            }
        });
    }

    fn with<T>(&self, operation: impl FnOnce(&mut HashMap<IpAddr, Known>) -> T) -> T {
        operation(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The entry of an address; none when there is no room, also not after the old ones have gone.
fn entry(known: &mut HashMap<IpAddr, Known>, address: IpAddr, now: Instant) -> Option<&mut Known> {
    let network = network(address);
    if known.len() >= ADDRESSES_MAX && !known.contains_key(&network) {
        known.retain(|_, known| !known.is_old(now));
        if known.len() >= ADDRESSES_MAX {
            return None;
        }
    }
    Some(known.entry(network).or_insert(Known {
        refusals: 0,
        since: now,
        good_until: None,
    }))
}

/// One household or server has at least a /64 of IPv6 addresses to choose from.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(proxies: &str, peer: &str, forwarded_for: &[&str]) -> String {
        let proxies: TrustedProxies = proxies.parse().unwrap();
        proxies
            .client(peer.parse().unwrap(), forwarded_for.iter().copied())
            .to_string()
    }

    #[test]
    fn only_what_a_trusted_proxy_wrote_is_believed() {
        let of = |peer, forwarded_for: &[&str]| client("10.0.0.0/8,::1", peer, forwarded_for);
        assert_eq!(of("198.51.100.7", &["203.0.113.9"]), "198.51.100.7");
        assert_eq!(of("10.1.2.3", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(of("10.1.2.3", &["1.1.1.1, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(
            of("10.1.2.3", &["1.1.1.1", "203.0.113.9, 10.9.9.9"]),
            "203.0.113.9"
        );
        assert_eq!(of("::1", &["[2001:db8::7]:4711"]), "2001:db8::7");
        assert_eq!(of("10.1.2.3", &["nonsense"]), "10.1.2.3");
        assert_eq!(of("10.1.2.3", &["10.4.4.4"]), "10.4.4.4");
        assert_eq!(of("10.1.2.3", &[]), "10.1.2.3");
    }

    #[test]
    fn what_is_no_list_of_addresses_is_refused() {
        for wrong in [
            "",
            "proxy",
            "10.0.0.0/33",
            "10.0.0.1,,10.0.0.2",
            "10.0.0.1;10.0.0.2",
        ] {
            assert!(wrong.parse::<TrustedProxies>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_refused_address_is_limited_for_a_minute_and_its_neighbours_are_not() {
        let (addresses, start) = (Addresses::default(), Instant::now());
        let [bad, neighbour]: [IpAddr; 2] =
            ["198.51.100.7", "198.51.100.8"].map(|address| address.parse().unwrap());
        for _ in 0..REFUSALS_MAX {
            assert!(!addresses.is_limited(bad, start));
            addresses.refused(bad, start);
        }
        assert!(addresses.is_limited(bad, start + WINDOW));
        assert!(!addresses.is_limited(neighbour, start));
        assert!(!addresses.is_limited(bad, start + WINDOW + Duration::from_secs(1)));
    }

    #[test]
    fn an_address_from_which_aircall_delivers_is_never_limited() {
        let (addresses, now) = (Addresses::default(), Instant::now());
        let address = "2001:db8::7".parse().unwrap();
        addresses.authenticated("2001:db8::8".parse().unwrap(), now);
        for _ in 0..10 * REFUSALS_MAX {
            addresses.refused(address, now);
        }
        assert!(!addresses.is_limited(address, now));
    }

    #[test]
    fn addresses_are_remembered_up_to_a_bound() {
        let (addresses, now) = (Addresses::default(), Instant::now());
        for number in 0..20_000_u32 {
            addresses.refused(IpAddr::from(number.to_be_bytes()), now);
        }
        assert_eq!(addresses.with(|known| known.len()), ADDRESSES_MAX);
        addresses.refused(IpAddr::from([9, 9, 9, 9]), now + 2 * WINDOW);
        assert_eq!(addresses.with(|known| known.len()), 1);
    }
}
