//! How fast the ledger is written and read with a million messages in it, on SQLite and on PostgreSQL, both of which put
//! what they commit on the disk first.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use wex_domain::conversation::ConversationId;
use wex_domain::event::{Event, SendChecks, Turn, What};
use wex_domain::job::{INBOUND, InboundPayload};
use wex_domain::line::{LineId, Side};
use wex_domain::message::{InboundMessage, Purpose, Reply};
use wex_domain::phone_number::PhoneNumber;
use wex_ledger::{Database, Incoming, Keys, Ledger, MessageFilter, Source};
use wex_ops::postgres::Postgres;
use wex_runtime::error_chain;

type Error = Box<dyn std::error::Error>;

/// Turns that are written in full: a text, what was understood, an answer and its send.
const TURNS: usize = 20_000;

/// Messages there are in the end; those beyond the turns are texts alone.
const MESSAGES: usize = 1_000_000;

const CONTACTS: usize = 50_000;

/// As the worker reads them.
const BATCH: usize = 1_000;

const LISTS: usize = 500;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("bench-ledger: {}", error_chain(&*error)));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Error> {
    let directory = tempfile::tempdir()?;
    say(&format!(
        "{TURNS} turns of 5 events, then texts alone up to {MESSAGES} messages of {CONTACTS} contacts; batches of {BATCH}\n"
    ));
    let file = directory.path().join("wex.db");
    let sqlite = measure(
        &format!("sqlite://{}", file.display()),
        directory.path(),
        None,
    )
    .await?;
    // The server's account has to get through to its own directory.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(directory.path(), open)?;
    let cluster = directory.path().join("postgres");
    let server = Postgres::start(&cluster).await?;
    let pid = server.process.id().ok_or("PostgreSQL has ended")?;
    let postgres = measure(&server.url, &cluster.join("base"), Some(pid)).await?;
    server.process.end().await;
    say(&format!("{:<30} {:>10} {:>11}", "", "SQLite", "PostgreSQL"));
    for ((name, sqlite), (_, postgres)) in sqlite.iter().zip(&postgres) {
        say(&format!("{name:<30} {sqlite:>10.1} {postgres:>11.1}"));
    }
    Ok(())
}

/// The figures, each with its name, in the same order for both.
async fn measure(
    url: &str,
    files: &Path,
    server: Option<u32>,
) -> Result<Vec<(&'static str, f64)>, Error> {
    let database: Database = url.parse()?;
    let ledger = Ledger::open(&database, Keys::default()).await?;
    let size_before = bytes(files)?;

    let turns = written(&ledger, server, TURNS, 5, turn).await?;
    let size_turns = bytes(files)? - size_before;
    let texts = written(&ledger, server, MESSAGES - 2 * TURNS, 1, |number| {
        vec![text(number)]
    })
    .await?;
    let size = bytes(files)? - size_before;

    let by_contact = lists(&ledger, |number| MessageFilter {
        contact: Some(contact(number).as_e164().to_owned()),
        ..MessageFilter::default()
    })
    .await?;
    let by_status = lists(&ledger, |_| MessageFilter {
        status: Some("accepted".to_owned()),
        ..MessageFilter::default()
    })
    .await?;
    let memory_before = memory_max()?;
    let started = Instant::now();
    let exported = export(&ledger).await?;
    let export_s = started.elapsed().as_secs_f64();
    let grown = memory_max()?.saturating_sub(memory_before);
    if exported != MESSAGES {
        return Err(format!("{exported} messages were exported").into());
    }
    Ok(vec![
        ("events per s, turns", turns.per_s),
        ("CPU ms per 1,000, ours", turns.cpu_ms),
        ("CPU ms per 1,000, server's", turns.server_ms),
        ("bytes per turn", as_f64(size_turns) / as_f64(TURNS)),
        ("events per s, texts alone", texts.per_s),
        ("MB in the end", as_f64(size) / 1e6),
        ("list by contact, ms p50", by_contact.0),
        ("list by contact, ms p99", by_contact.1),
        ("list by status, ms p50", by_status.0),
        ("list by status, ms p99", by_status.1),
        ("export, messages per s", as_f64(exported) / export_s),
        ("memory grown by export, MB", as_f64(grown) / 1e3),
    ])
}

struct Rate {
    per_s: f64,
    cpu_ms: f64,
    server_ms: f64,
}

/// Writes the events of so many things, each of so many events.
async fn written(
    ledger: &Ledger,
    server: Option<u32>,
    things: usize,
    events_each: usize,
    events: impl Fn(usize) -> Vec<Told>,
) -> Result<Rate, Error> {
    // Made before, so that only the writing is measured.
    let (mut took, mut cpu_took) = (Duration::ZERO, Duration::ZERO);
    let server_before = server_cpu_ms(server)?;
    for first in (0..things).step_by(BATCH / events_each) {
        let last = (first + BATCH / events_each).min(things);
        let batch: Vec<_> = (first..last).flat_map(&events).collect();
        let ids: Vec<_> = (0..batch.len()).map(|at| format!("{first}-{at}")).collect();
        let incoming: Vec<_> = batch
            .iter()
            .zip(&ids)
            .map(|(told, id)| Incoming {
                id,
                at_ms: told.at_ms,
                source: told.source,
                text: &told.text,
            })
            .collect();
        let (started, cpu_before) = (Instant::now(), cpu());
        let written = ledger.write(&incoming).await?;
        took += started.elapsed();
        cpu_took += cpu() - cpu_before;
        if written.new != u64::try_from(batch.len())? {
            return Err(format!("of {} events {written:?} were written", batch.len()).into());
        }
    }
    let count = as_f64(things * events_each);
    Ok(Rate {
        per_s: count / took.as_secs_f64(),
        cpu_ms: cpu_took.as_secs_f64() * 1e6 / count,
        server_ms: (server_cpu_ms(server)? - server_before) * 1e3 / count,
    })
}

struct Told {
    at_ms: u64,
    source: Source<'static>,
    text: String,
}

fn contact(number: usize) -> PhoneNumber {
    PhoneNumber::parse(&format!("+1870{:07}", number % CONTACTS)).expect("a number")
}

fn message(id: String, number: usize) -> InboundMessage {
    InboundMessage {
        id,
        side: Side::Buyer,
        line: LineId(476_258),
        contact: contact(number),
        body: "I need about 10,000 sqft in Carson or Torrance for storage, from March on"
            .to_owned(),
        media: 0,
        sent_ms: None,
    }
}

fn at_ms(number: usize) -> u64 {
    1_700_000_000_000 + 1_000 * u64::try_from(number).expect("few")
}

fn text(number: usize) -> Told {
    let message = message(format!("text-{number}"), number);
    Told {
        at_ms: at_ms(TURNS + number),
        source: Source::Job(INBOUND),
        text: InboundPayload::V1(message).encode(),
    }
}

/// What a text, its answer and the send of it tell.
fn turn(number: usize) -> Vec<Told> {
    let message = message(format!("turn-{number}"), number);
    let conversation = ConversationId::of(&message);
    let (id, at_ms) = (format!("reply-{number}"), at_ms(number));
    let reply = Reply {
        heard_ms: None,
        side: message.side,
        line: message.line,
        to: message.contact.clone(),
        body: "Got it: 10,000 sqft in Carson or Torrance for storage. When do you need it?"
            .to_owned(),
        purpose: Purpose::Answer,
        answers: vec![message.id.clone()],
    };
    let told = |what: What| Told {
        at_ms,
        source: Source::Told,
        text: Event::of(conversation.clone(), &id, at_ms, what).encode(),
    };
    let queued = What::ReplyQueued {
        message: id.clone(),
        reply,
        turn: Some(format!("turn-of-{number}")),
        written_by: None,
    };
    let taken = What::TurnTaken {
        turn: Turn {
            id: format!("turn-of-{number}"),
            messages: vec![message.id.clone()],
            outcome: "replied".to_owned(),
            intent: None,
            calls: Vec::new(),
        },
        state: json!({ "requirement": { "sqft_min": 10_000, "sqft_max": 10_000, "uses": ["storage"] } }),
    };
    let intended = What::SendIntended {
        message: id.clone(),
        checks: SendChecks::default(),
    };
    let accepted = What::SendAccepted {
        message: id.clone(),
        provider_id: Some(format!("aircall-{number}")),
    };
    vec![
        Told {
            at_ms,
            source: Source::Job(INBOUND),
            text: InboundPayload::V1(message).encode(),
        },
        told(queued),
        told(taken),
        told(intended),
        told(accepted),
    ]
}

/// The median and the 99th percentile of a list's first page, in ms.
async fn lists(
    ledger: &Ledger,
    filter: impl Fn(usize) -> MessageFilter,
) -> Result<(f64, f64), Error> {
    const PAGE: u32 = 50;
    /// Spreads the contacts that are asked for.
    const STEP: usize = 7_919;
    let mut took = Vec::with_capacity(LISTS);
    for number in 0..LISTS {
        let filter = filter(number * STEP);
        let started = Instant::now();
        let (found, _) = ledger.messages(&filter, true, None, PAGE).await?;
        took.push(started.elapsed().as_secs_f64() * 1e3);
        if found.is_empty() {
            return Err("a list found nothing".into());
        }
    }
    took.sort_by(f64::total_cmp);
    Ok((took[LISTS / 2], took[LISTS * 99 / 100]))
}

/// As `wex messages export --format ndjson` does, into nowhere.
async fn export(ledger: &Ledger) -> Result<usize, Error> {
    let (mut count, mut behind) = (0, None);
    loop {
        let (page, next) = ledger
            .messages(&MessageFilter::default(), false, behind.as_ref(), 1_000)
            .await?;
        for message in &page {
            serde_json::to_writer(std::io::sink(), message)?;
        }
        count += page.len();
        behind = next;
        if behind.is_none() {
            return Ok(count);
        }
    }
}

fn bytes(directory: &Path) -> Result<u64, Error> {
    let (mut sum, mut directories) = (0, vec![PathBuf::from(directory)]);
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            // A server removes files while we look.
            match entry.metadata() {
                Ok(about) if about.is_dir() => directories.push(entry.path()),
                Ok(about) => sum += about.len(),
                Err(_gone) => {}
            }
        }
    }
    Ok(sum)
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

/// What a server and its children have used so far.
fn server_cpu_ms(server: Option<u32>) -> Result<f64, Error> {
    const MS_PER_TICK: u64 = 10; // Of /proc, on every Linux that we know.
    let Some(server) = server else {
        return Ok(0.0);
    };
    let mut ticks = 0;
    for entry in fs::read_dir("/proc")? {
        let Ok(stat) = fs::read_to_string(entry?.path().join("stat")) else {
            continue; // Not a process, or one that has ended.
        };
        let Some((start, rest)) = stat.rsplit_once(") ") else {
            continue;
        };
        let fields: Vec<_> = rest.split(' ').collect();
        let number = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
        let is_it = start.split(' ').next() == Some(&server.to_string());
        if is_it || number(1) == Some(u64::from(server)) {
            let own = number(11).unwrap_or_default() + number(12).unwrap_or_default();
            // Of the server itself also what its ended children used.
            let ended = if is_it {
                number(13).unwrap_or_default() + number(14).unwrap_or_default()
            } else {
                0
            };
            ticks += own + ended;
        }
    }
    Ok(as_f64(ticks * MS_PER_TICK))
}

/// The most memory that this process ever had, in kB.
fn memory_max() -> Result<u64, Error> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    Ok(kb.ok_or("/proc/self/status says nothing about memory")?)
}

fn as_f64<T: TryInto<u32>>(count: T) -> f64 {
    count.try_into().map_or(f64::NAN, f64::from)
}

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn say(line: &str) {
    println!("{line}");
}
