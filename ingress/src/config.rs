//! The ingress's settings. Each field names its variable.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use wex_aircall::token::Tokens;
use wex_intake::lines::Lines;
use wex_queue::QuietWindow;
use wex_runtime::env::{Bytes, Env, Span};

use crate::address::TrustedProxies;

/// Aircall gives up after 5 s; this leaves it room for the network and for us to answer that it should try again.
const REDIS_OPERATION_MAX: Duration = Duration::from_secs(1);

/// Less would not hold the texts of a minute; more is a mistake in the unit.
const SPOOL_BYTES: RangeInclusive<u64> = 1 << 20..=1 << 40;

/// The ingress's settings.
#[derive(Debug)]
pub struct Config {
    /// `INGRESS_ADDR`
    pub address: SocketAddr,
    /// `REDIS_URL`
    pub redis_url: String,
    pub redis_operation_max: Duration,
    /// `INGRESS_TRUSTED_PROXIES`: whose `X-Forwarded-For` is believed; addresses or networks, separated by commas.
    pub trusted_proxies: TrustedProxies,
    /// `AIRCALL_WEBHOOK_TOKEN`: one or more, separated by commas. Read again while the process runs.
    pub tokens: Tokens,
    /// `AIRCALL_NUMBER_ID`, `AIRCALL_NUMBER` (supplier), `AIRCALL_BUYER_NUMBER_ID`, `AIRCALL_BUYER_NUMBER` (buyer)
    pub lines: Lines,
    /// `INGRESS_SPOOL_DIR`: where texts wait while Redis is away. One process each.
    pub spool_directory: PathBuf,
    /// `INGRESS_SPOOL_BYTES_MAX`
    pub spool_bytes_max: u64,
    /// `TURN_QUIET`, `TURN_QUIET_MAX`
    pub quiet: QuietWindow,
}

impl Config {
    pub fn from_env(env: &mut Env) -> Self {
        let quiet = QuietWindow {
            quiet: env.or::<Span>("TURN_QUIET", "4s").0,
            max: env.or::<Span>("TURN_QUIET_MAX", "20s").0,
        };
        if quiet.max < quiet.quiet {
            env.problem(
                "TURN_QUIET_MAX is shorter than TURN_QUIET: the window could never be quiet"
                    .to_owned(),
            );
        }
        let spool_bytes_max = env.or::<Bytes>("INGRESS_SPOOL_BYTES_MAX", "256MiB").0;
        if !SPOOL_BYTES.contains(&spool_bytes_max) {
            env.problem(
                "INGRESS_SPOOL_BYTES_MAX is not between 1MiB (a thousand texts) and 1TiB"
                    .to_owned(),
            );
        }
        Self {
            address: env.or("INGRESS_ADDR", "0.0.0.0:8000"),
            redis_url: env.or("REDIS_URL", "redis://127.0.0.1:6379"),
            redis_operation_max: REDIS_OPERATION_MAX,
            spool_directory: env.or("INGRESS_SPOOL_DIR", "data/spool"),
            spool_bytes_max,
            trusted_proxies: env.optional("INGRESS_TRUSTED_PROXIES").unwrap_or_default(),
            tokens: tokens(env),
            lines: Lines::from_env(env),
            quiet,
        }
    }
}

/// The tokens as they are now; read again while the process runs.
pub(crate) fn tokens(env: &mut Env) -> Tokens {
    const NAME: &str = "AIRCALL_WEBHOOK_TOKEN";
    let list = env.required_secret(NAME);
    let tokens = list.expose_secret().split(',').map(SecretString::from);
    Tokens::new(tokens).unwrap_or_else(|_no_tokens| {
        if !list.expose_secret().is_empty() {
            env.problem(format!("{NAME} has an empty token between its commas"));
        }
        // Never used: the process does not start.
        Tokens::new([SecretString::from("unset")]).expect("one token that is not empty")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUIRED: [(&str, &str); 3] = [
        ("AIRCALL_WEBHOOK_TOKEN", "token"),
        ("AIRCALL_NUMBER_ID", "1"),
        ("AIRCALL_BUYER_NUMBER_ID", "2"),
    ];

    fn problems(pairs: impl IntoIterator<Item = (&'static str, &'static str)>) -> Vec<String> {
        let mut env = Env::from_pairs(pairs);
        Config::from_env(&mut env);
        env.finish()
            .err()
            .map_or_else(Vec::new, |problems| problems.0)
    }

    #[test]
    fn without_a_token_the_ingress_does_not_start() {
        assert_eq!(
            problems(REQUIRED[1..].to_vec()),
            ["AIRCALL_WEBHOOK_TOKEN is not set"]
        );
    }

    #[test]
    fn token_and_line_ids_are_all_that_must_be_set() {
        assert_eq!(problems(REQUIRED), [] as [&str; 0]);
    }

    #[test]
    fn settings_that_cannot_work_are_refused_by_name() {
        for (name, value) in [
            ("TURN_QUIET_MAX", "1s"),
            ("INGRESS_ADDR", "8000"),
            ("INGRESS_TRUSTED_PROXIES", "10.0.0.0/33"),
            ("INGRESS_TRUSTED_PROXIES", "proxy"),
            ("INGRESS_SPOOL_BYTES_MAX", "0"),
            ("INGRESS_SPOOL_BYTES_MAX", "512KiB"),
            ("INGRESS_SPOOL_BYTES_MAX", "2GB"),
            ("INGRESS_SPOOL_BYTES_MAX", "1000000GiB"),
            ("AIRCALL_NUMBER", "our number"),
            ("AIRCALL_BUYER_NUMBER_ID", "+1 424-416-2288"),
            ("AIRCALL_WEBHOOK_TOKEN", "a,,b"),
        ] {
            let others = REQUIRED
                .into_iter()
                .filter(|(required, _)| *required != name);
            let problems = problems(others.chain([(name, value)]));
            assert!(
                problems.len() == 1 && problems[0].starts_with(name),
                "{name}={value}: {problems:?}"
            );
        }
    }
}
