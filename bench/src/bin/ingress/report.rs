//! The tables and the targets.

use std::time::Duration;

use crate::{CONNECTIONS, ROUND_S, ROUNDS, Run, Spooled};

const NAMES: [&str; 3] = ["parse and answer", "one RPUSH each", "wex-ingress"];

pub(crate) fn introduction() {
    say(&format!(
        "wrk, {CONNECTIONS} connections, {ROUNDS} runs of {ROUND_S} s each, taking turns; Redis at fsync always; every \
         text new, of another contact; medians\n"
    ));
}

/// Of each server its runs: parse, push, ours.
pub(crate) fn rounds(rounds: &[[Run; 3]]) {
    say(
        "                       req/s  p50 ms  p99 ms  max ms  CPU ms per 1,000: server  Redis   RSS MiB",
    );
    for (at, name) in NAMES.into_iter().enumerate() {
        let of = |figure: fn(&Run) -> f64| median(rounds.iter().map(|round| figure(&round[at])));
        say(&format!(
            "{name:<18} {:>9.0} {:>7.2} {:>7.2} {:>7.1} {:>25.1} {:>6.1} {:>9.1}",
            of(per_second),
            of(|run| ms(run.p50)),
            of(|run| ms(run.p99)),
            of(|run| ms(run.max)),
            of(|run| per_thousand(run.cpu_server, run)),
            of(|run| per_thousand(run.cpu_redis, run)),
            of(mib),
        ));
    }
}

pub(crate) fn spooled(spooled: &Spooled) {
    let run = &spooled.run;
    say(&format!(
        "\nRedis stopped: {:.0} req/s into the spool, p99 {:.2} ms, max {:.1} ms; with Redis back, its {} texts were there \
         after {:.1} s",
        per_second(run),
        ms(run.p99),
        ms(run.max),
        spooled.in_redis,
        spooled.unspooled_in.as_secs_f64(),
    ));
}

pub(crate) fn targets(rounds: &[[Run; 3]], spooled: &Spooled) {
    let ratio = |of: fn(&[Run; 3]) -> f64| median(rounds.iter().map(of));
    let ours = |of: fn(&Run) -> f64| median(rounds.iter().map(|round| of(&round[2])));
    let accepted = count(spooled.run.requests);
    let targets = [
        (
            "req/s, times parse and answer",
            ratio(|[parse, _, ours]| per_second(ours) / per_second(parse)),
            Bound::AtLeast(0.45),
        ),
        (
            "CPU with Redis's, times parse and answer",
            ratio(|[parse, _, ours]| all_cpu(ours) / all_cpu(parse)),
            Bound::AtMost(3.1),
        ),
        (
            "req/s, times one RPUSH each",
            ratio(|[_, push, ours]| per_second(ours) / per_second(push)),
            Bound::AtLeast(1.0),
        ),
        ("p99, ms", ours(|run| ms(run.p99)), Bound::AtMost(10.0)),
        ("RSS, MiB", ours(mib), Bound::AtMost(40.0)),
        (
            "req/s into the spool",
            per_second(&spooled.run),
            Bound::AtLeast(5_000.0),
        ),
        (
            // wrk does not wait for the last answers, so the ingress may have taken a few more than wrk counted.
            "accepted by the spool, and not in Redis after it",
            (accepted - count(spooled.in_redis)).max(0.0),
            Bound::AtMost(0.0),
        ),
    ];
    say("\ntargets                                             measured    target   reached");
    for (name, measured, bound) in targets {
        let (target, is_reached) = match bound {
            Bound::AtLeast(target) => (target, target <= measured),
            Bound::AtMost(target) => (target, measured <= target),
        };
        let word = if is_reached { "yes" } else { "NO" };
        say(&format!(
            "{name:<50} {measured:>9.2} {target:>9.2}   {word}"
        ));
    }
}

enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

fn per_second(run: &Run) -> f64 {
    count(run.requests) / run.took.as_secs_f64()
}

fn per_thousand(cpu: Duration, run: &Run) -> f64 {
    ms(cpu) * 1_000.0 / count(run.requests)
}

fn all_cpu(run: &Run) -> f64 {
    per_thousand(run.cpu_server + run.cpu_redis, run)
}

fn mib(run: &Run) -> f64 {
    count(run.rss_bytes) / f64::from(1 << 20)
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn count(number: u64) -> f64 {
    number as f64
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<_> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::print_stdout, reason = "a benchmark speaks on standard output")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
