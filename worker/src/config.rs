//! The worker's settings. Each field names its variable.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use secrecy::SecretString;
use wex_aircall::account::WebhookUrl;
use wex_aircall::client::{ClientConfig, SendMode};
use wex_domain::consent;
use wex_domain::job::{DELIVERY, INBOUND, NOTIFY, OUTBOUND, SEND_RATE};
use wex_domain::quiet_hours::Daytime;
use wex_domain::sms_text::segments;
use wex_intake::lines::Lines;
use wex_ledger::{Database, ErasureKey, Keys, Retention};
use wex_llm::Assistant;
use wex_queue::{GatePolicy, Late, Limits, QueueName, Rate};
use wex_runtime::env::{Env, Span};

use crate::governor::Governor;
use crate::listings::ListingsConfig;
use crate::manners::Manners;
use crate::notify::NotifyConfig;
use crate::webhook::WebhookWatch;

/// Much longer than any script takes while Redis is well.
const REDIS_OPERATION_MAX: Duration = Duration::from_secs(1);

/// Some claims and their pauses: an idle worker asks Redis once a second, and one without Redis tries every two.
const WATCHDOG_PATIENCE_MIN: Duration = Duration::from_secs(5);

/// Messages of one conversation that are answered together. More than a person types in a quiet window.
const TURN_MESSAGES_MAX: usize = 20;

/// 1,600 characters of which each takes two units of the 67 that fit a segment.
const SEGMENTS_OF_A_TEXT_MAX: u32 = 50;

/// Of the limits of texts to one contact: the times of so many fit a record with room to spare.
const TEXTS_MAX_BOUND: usize = 1_000;

/// The word in `WORKER_QUEUES` for writing the ledger.
const LEDGER: &str = "ledger";

/// The queues of this product that a worker can work.
const QUEUES: [QueueName; 4] = [
    QueueName(INBOUND),
    QueueName(OUTBOUND),
    QueueName(DELIVERY),
    QueueName(NOTIFY),
];

/// More often would take requests from sends; more seldom, and Aircall stops to retry what it could not deliver (12 h).
const WEBHOOK_CHECK: RangeInclusive<Duration> =
    Duration::from_secs(10)..=Duration::from_secs(12 * 3600);

/// The worker's settings.
#[derive(Debug)]
pub struct Config {
    /// `REDIS_URL`
    pub redis_url: String,
    pub redis_operation_max: Duration,
    /// `WORKER_QUEUES`: `all`, or names separated by commas.
    pub queues: Vec<QueueName>,
    /// `WORKER_QUEUES` names `ledger`: this process may write the ledger.
    pub keeps_ledger: bool,
    /// `WORKER_ADDR`: where supervisors and Prometheus ask.
    pub address: SocketAddr,
    /// `DATABASE_URL`: where the ledger is.
    pub database: Database,
    /// `LEDGER_KEYS`: what seals texts in the ledger; none leaves them readable.
    pub ledger_keys: Keys,
    /// `WORKER_CONCURRENCY`: conversations of one queue worked on at the same time.
    pub concurrency: usize,
    /// `WORKER_LEASE`: how long the jobs of a worker that vanished wait for another one.
    pub lease: Duration,
    /// `WORKER_DRAIN`: how long what runs may go on when the process is asked to end.
    pub drain_max: Duration,
    /// `WORKER_WATCHDOG`: how long a queue may stand still before the process ends, to be started anew.
    pub watchdog_patience: Duration,
    /// `LEDGER_BODIES_DAYS`, `LEDGER_EVENTS_DAYS`, `LEDGER_REQUIREMENTS_DAYS`: how long they are kept; for ever if unset.
    pub retention: Retention,
    /// `ERASURE_KEY`: names contacts that were erased.
    pub erasure_key: Option<ErasureKey>,
    /// Where notices go; nowhere without `NOTIFY_URL`.
    pub notify: Option<NotifyConfig>,
    /// `AIRCALL_BUYER_SEND_MODE`: of the buyer line, if it is another than that of the supplier line.
    pub buyer_send_mode: Option<SendMode>,
    /// `AIRCALL_API_ID`, `AIRCALL_API_TOKEN`, `AIRCALL_BASE_URL`, `AIRCALL_SEND_MODE`
    pub aircall: ClientConfig,
    /// Which webhook to look after; none without `AIRCALL_WEBHOOK_URL`, or with an `AIRCALL_WEBHOOK_CHECK` of 0.
    pub webhook: Option<WebhookWatch>,
    /// `AIRCALL_NUMBER_ID`, `AIRCALL_NUMBER` (supplier), `AIRCALL_BUYER_NUMBER_ID`, `AIRCALL_BUYER_NUMBER` (buyer): for a
    /// replayed delivery, which has to be read again.
    pub lines: Lines,
    /// `AIRCALL_RATE_PER_MINUTE`: what the whole company may ask of Aircall's API.
    pub rate_per_minute: u32,
    /// `AIRCALL_FAILURES_MAX`, `AIRCALL_PAUSE`, `AIRCALL_PAUSE_MAX`, `AIRCALL_RAMP`: when sending stops, and how it begins
    /// again. `AIRCALL_SEGMENTS_PER_HOUR`, `AIRCALL_SEGMENTS_PER_DAY`: what a line may send.
    pub(crate) governor: Governor,
    /// `UNKNOWN_WAIT`: how long a send of unclear outcome waits for Aircall's news of it before it waits for a person.
    pub unknown_wait: Duration,
    /// `TAKEOVER_PAUSE`: how long the assistant is silent after a colleague has texted a contact.
    pub takeover_pause: Duration,
    /// What is looked at before a text leaves.
    pub(crate) manners: Manners,
    /// `LISTINGS`: a CSV or JSON file, or an http or https URL to search at. `LISTINGS_TOKEN`: sent to that URL as a
    /// bearer token.
    pub listings: ListingsConfig,
    /// `LLM_*`, `PROMPTS_DIR`: the models that read turns, beside the rules.
    pub assistant: Assistant,
    /// `HELP_CONTACT`: the e-mail address or phone number that the answer to HELP names.
    pub help_contact: Option<String>,
}

impl Config {
    pub fn from_env(env: &mut Env) -> Self {
        let lines = Lines::from_env(env);
        let lease = env.or::<Span>("WORKER_LEASE", "15s").0;
        if lease < 2 * REDIS_OPERATION_MAX {
            let least_s = (2 * REDIS_OPERATION_MAX).as_secs();
            env.problem(format!(
                "WORKER_LEASE is under {least_s}s: one slow answer of Redis would end a lease"
            ));
        }
        let watchdog_patience = env.or::<Span>("WORKER_WATCHDOG", "60s").0;
        if watchdog_patience < WATCHDOG_PATIENCE_MIN {
            let least_s = WATCHDOG_PATIENCE_MIN.as_secs();
            env.problem(format!(
                "WORKER_WATCHDOG is under {least_s}s: a hiccup of Redis would end the worker"
            ));
        }
        let concurrency = env.or("WORKER_CONCURRENCY", "16");
        if !(1..=1_000).contains(&concurrency) {
            env.problem("WORKER_CONCURRENCY is not between 1 and 1000".to_owned());
        }
        let rate_per_minute = env.or("AIRCALL_RATE_PER_MINUTE", "60");
        if rate_per_minute < 2 {
            env.problem("AIRCALL_RATE_PER_MINUTE is under 2: nothing could be sent".to_owned());
        }
        let help_contact: Option<String> = env.optional("HELP_CONTACT");
        if segments(&consent::help(help_contact.as_deref())).count > 1 {
            env.problem(
                "HELP_CONTACT is too long: the answer to HELP does not fit one SMS segment"
                    .to_owned(),
            );
        }
        let (queues, keeps_ledger) = queues(env);
        Self {
            redis_url: env.or("REDIS_URL", "redis://127.0.0.1:6379"),
            redis_operation_max: REDIS_OPERATION_MAX,
            queues,
            keeps_ledger,
            address: env.or("WORKER_ADDR", "0.0.0.0:9100"),
            database: env.or("DATABASE_URL", "sqlite://data/wex.db"),
            ledger_keys: env.optional("LEDGER_KEYS").unwrap_or_default(),
            concurrency,
            lease,
            drain_max: env.or::<Span>("WORKER_DRAIN", "40s").0,
            watchdog_patience,
            retention: Retention {
                bodies_days: env.optional("LEDGER_BODIES_DAYS"),
                events_days: env.optional("LEDGER_EVENTS_DAYS"),
                requirements_days: env.optional("LEDGER_REQUIREMENTS_DAYS"),
            },
            erasure_key: env.optional("ERASURE_KEY"),
            notify: notify(env),
            buyer_send_mode: env.optional("AIRCALL_BUYER_SEND_MODE"),
            aircall: ClientConfig::new(
                env.or("AIRCALL_BASE_URL", "https://api.aircall.io"),
                env.required("AIRCALL_API_ID"),
                env.required_secret("AIRCALL_API_TOKEN"),
                env.or::<SendMode>("AIRCALL_SEND_MODE", "public_api"),
            ),
            webhook: webhook(env),
            rate_per_minute,
            governor: governor(env),
            unknown_wait: env.or::<Span>("UNKNOWN_WAIT", "2m").0,
            takeover_pause: env.or::<Span>("TAKEOVER_PAUSE", "12h").0,
            manners: manners(env, &lines),
            lines,
            listings: listings(env),
            assistant: wex_turn::config::assistant(env),
            help_contact,
        }
    }

    /// What this process works, for people.
    pub(crate) fn queue_names(&self) -> Vec<String> {
        let ledger = self.keeps_ledger.then(|| LEDGER.to_owned());
        let queues = self.queues.iter().map(QueueName::to_string);
        queues.chain(ledger).collect()
    }

    /// The bounds of a claim on `queue`. The messages of a conversation are answered together, its replies sent singly.
    pub(crate) fn limits(&self, queue: QueueName) -> Limits {
        let limits = Limits {
            lease: self.lease,
            ..Limits::default()
        };
        if queue.0 == INBOUND {
            return Limits {
                jobs_max: TURN_MESSAGES_MAX,
                ..limits
            };
        }
        if queue.0 != OUTBOUND {
            return limits;
        }
        let rate = Rate::within(SEND_RATE, self.rate_per_minute);
        let rate = Rate {
            // A contact who texted just now is waiting; one who texted an hour ago is not.
            late: Some(Late {
                after: self.manners.responsive_within,
                reserve: rate.burst / 2,
            }),
            ..rate
        };
        Limits {
            rate: Some(rate),
            ..limits
        }
    }
}

fn governor(env: &mut Env) -> Governor {
    let failures_max = env.or("AIRCALL_FAILURES_MAX", "5");
    if !(1..=1_000).contains(&failures_max) {
        env.problem("AIRCALL_FAILURES_MAX is not between 1 and 1000".to_owned());
    }
    let [wait_min, wait_max, ramp] = [
        ("AIRCALL_PAUSE", "10s"),
        ("AIRCALL_PAUSE_MAX", "5m"),
        ("AIRCALL_RAMP", "30s"),
    ]
    .map(|(name, default)| {
        let span = env.or::<Span>(name, default).0;
        if !(Duration::from_millis(10)..=Duration::from_secs(3_600)).contains(&span) {
            env.problem(format!("{name} is not between 10ms and 1h"));
        }
        span
    });
    if wait_max < wait_min {
        env.problem("AIRCALL_PAUSE_MAX is shorter than AIRCALL_PAUSE".to_owned());
    }
    let [segments_per_hour, segments_per_day] = [
        ("AIRCALL_SEGMENTS_PER_HOUR", "1000"),
        ("AIRCALL_SEGMENTS_PER_DAY", "10000"),
    ]
    .map(|(name, default)| {
        let most = env.or(name, default);
        if most < SEGMENTS_OF_A_TEXT_MAX {
            env.problem(format!(
                "{name} is under {SEGMENTS_OF_A_TEXT_MAX}: the longest text would never be sent"
            ));
        }
        most
    });
    Governor {
        gates: GatePolicy {
            failures_max,
            wait_min,
            wait_max,
            // Whoever tries has its answer, or has been rescued, by then.
            probe: ClientConfig::REQUEST_TIMEOUT + Duration::from_secs(10),
            ramp,
        },
        segments_per_hour,
        segments_per_day,
    }
}

fn webhook(env: &mut Env) -> Option<WebhookWatch> {
    let url: Option<WebhookUrl> = env.optional("AIRCALL_WEBHOOK_URL");
    let every = env.or::<Span>("AIRCALL_WEBHOOK_CHECK", "6h").0;
    if !every.is_zero() && !WEBHOOK_CHECK.contains(&every) {
        env.problem("AIRCALL_WEBHOOK_CHECK is neither 0 nor between 10s and 12h".to_owned());
    }
    url.filter(|_| !every.is_zero())
        .map(|url| WebhookWatch { url, every })
}

fn manners(env: &mut Env, lines: &Lines) -> Manners {
    let defaults = Daytime::default();
    let daytime = Daytime {
        weekdays: env.or("SEND_HOURS", &defaults.weekdays.to_string()),
        sundays: env.or("SEND_HOURS_SUNDAY", &defaults.sundays.to_string()),
    };
    let texts_max = env.or("CONTACT_TEXTS_MAX", "8");
    let texts_a_day_max = env.or("CONTACT_TEXTS_A_DAY_MAX", "30");
    for (name, max) in [
        ("CONTACT_TEXTS_MAX", texts_max),
        ("CONTACT_TEXTS_A_DAY_MAX", texts_a_day_max),
    ] {
        if !(1..=TEXTS_MAX_BOUND).contains(&max) {
            env.problem(format!("{name} is not between 1 and {TEXTS_MAX_BOUND}"));
        }
    }
    Manners {
        responsive_within: env.or::<Span>("RESPONSIVE_WITHIN", "60m").0,
        daytime,
        texts_max,
        texts_a_day_max,
        our_numbers: [&lines.supplier, &lines.buyer]
            .into_iter()
            .filter_map(|line| line.digits.clone())
            .collect(),
    }
}

fn notify(env: &mut Env) -> Option<NotifyConfig> {
    let secret: Option<String> = env.optional("NOTIFY_SECRET");
    let allows_private = env.or("NOTIFY_ALLOW_PRIVATE", "false");
    let config = NotifyConfig {
        url: env.optional("NOTIFY_URL")?,
        secret: SecretString::from(secret.unwrap_or_default()),
        allows_private,
    };
    if let Some(problem) = config.problem() {
        env.problem(problem);
    }
    Some(config)
}

fn listings(env: &mut Env) -> ListingsConfig {
    let place: Option<String> = env.optional("LISTINGS");
    let token = env
        .optional::<String>("LISTINGS_TOKEN")
        .map(SecretString::from);
    match place {
        None => ListingsConfig::None,
        Some(place) if place.contains("://") => match place.parse::<reqwest::Url>() {
            Ok(url) if matches!(url.scheme(), "http" | "https") => {
                ListingsConfig::Http { url, token }
            }
            _ => {
                env.problem("LISTINGS is neither a path nor an http or https URL".to_owned());
                ListingsConfig::None
            }
        },
        Some(path) => ListingsConfig::File(path.into()),
    }
}

/// The keyed queues to work, and whether to keep the ledger, whose queue is a stream.
fn queues(env: &mut Env) -> (Vec<QueueName>, bool) {
    let names: String = env.or("WORKER_QUEUES", "all");
    if names == "all" {
        return (QUEUES.to_vec(), true);
    }
    let (mut queues, mut keeps_ledger) = (Vec::new(), false);
    for name in names.split(',').map(str::trim) {
        if name == LEDGER {
            keeps_ledger = true;
            continue;
        }
        match QUEUES.iter().find(|queue| queue.0 == name) {
            Some(queue) if !queues.contains(queue) => queues.push(*queue),
            Some(_) => {}
            None => env.problem(format!(
                "WORKER_QUEUES: there is no queue {name:?}; there are {INBOUND}, {OUTBOUND}, {DELIVERY}, {NOTIFY} and {LEDGER}"
            )),
        }
    }
    (queues, keeps_ledger)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUIRED: [(&str, &str); 4] = [
        ("AIRCALL_API_ID", "id"),
        ("AIRCALL_API_TOKEN", "token"),
        ("AIRCALL_NUMBER_ID", "1"),
        ("AIRCALL_BUYER_NUMBER_ID", "2"),
    ];

    fn problems(name: &'static str, value: &'static str) -> Vec<String> {
        let mut env = Env::from_pairs(REQUIRED.into_iter().chain([(name, value)]));
        Config::from_env(&mut env);
        env.finish()
            .err()
            .map_or_else(Vec::new, |problems| problems.0)
    }

    #[test]
    fn credentials_and_line_ids_are_all_that_must_be_set() {
        let mut env = Env::from_pairs(REQUIRED);
        let config = Config::from_env(&mut env);
        env.finish().unwrap();
        assert_eq!(config.queues, QUEUES);
    }

    #[test]
    fn settings_that_cannot_work_are_refused_by_name() {
        for (name, value) in [
            ("WORKER_LEASE", "1s"),
            ("WORKER_ADDR", "9100"),
            ("WORKER_CONCURRENCY", "0"),
            ("AIRCALL_RATE_PER_MINUTE", "1"),
            ("AIRCALL_FAILURES_MAX", "0"),
            ("AIRCALL_PAUSE", "1ms"),
            ("AIRCALL_PAUSE_MAX", "5s"),
            ("AIRCALL_RAMP", "1ms"),
            ("AIRCALL_SEGMENTS_PER_HOUR", "49"),
            ("AIRCALL_SEGMENTS_PER_DAY", "0"),
            ("WORKER_QUEUES", "inbound,nonsense"),
            ("AIRCALL_SEND_MODE", "carrier_pigeon"),
            ("AIRCALL_BUYER_SEND_MODE", "carrier_pigeon"),
            ("DATABASE_URL", "mysql://localhost/wex"),
            ("LEDGER_KEYS", "1:short"),
            ("NOTIFY_URL", "ftp://example.com"),
            ("AIRCALL_WEBHOOK_URL", "wex.example/api/sms/webhook"),
            ("AIRCALL_WEBHOOK_CHECK", "1s"),
            ("AIRCALL_WEBHOOK_CHECK", "13h"),
            ("LISTINGS", "ftp://listings.example"),
            ("SEND_HOURS", "20:00-09:00"),
            ("CONTACT_TEXTS_MAX", "0"),
            ("AIRCALL_NUMBER", "our number"),
            ("LLM_PROVIDER", "parrot"),
            ("LLM_PROVIDER", "openai"),
            ("LLM_PRICES", "cheap"),
            ("LLM_TIMEOUT", "2m"),
            ("LLM_BUDGET_PER_DAY", "a lot"),
            ("LLM_BUDGET_PER_CONVERSATION", "0usd"),
            ("LLM_WORDING", "sometimes"),
            (
                "HELP_CONTACT",
                "a very long way of saying where help can be found, namely here",
            ),
        ] {
            let problems = problems(name, value);
            assert!(
                problems.len() == 1 && problems[0].starts_with(name),
                "{name}={value}: {problems:?}"
            );
        }
    }
}
