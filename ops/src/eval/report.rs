//! What `wex eval` prints, and what it holds against the gates.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use wex_domain::intent::Intent;
use wex_domain::understand::Language;

use super::example::Example;
use super::score::{FieldVerdict, Scored, Tally, by_field, share};
use crate::operator::CommandError;
use crate::output::{Table, json, line};

/// What must hold of a product that texts people.
pub(crate) const GATES: &str =
    "opt_out_recall=1,opt_out_precision=1,must_not_reply=1,adversarial=1,intent=0.85,f1=0.88";

/// The figures of one way of reading. Shares are from 0 to 1.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) reader: String,
    examples: usize,
    intent: f64,
    precision: f64,
    recall: f64,
    f1: f64,
    /// Of those that opted out, those that were suppressed; of the suppressed, those that opted out.
    opt_out_recall: f64,
    opt_out_precision: f64,
    opt_outs_missed: usize,
    opt_outs_false: usize,
    /// Of the turns that must not be answered, those that were not.
    must_not_reply: f64,
    /// Turns that were not answered and should have been.
    silent_wrongly: usize,
    /// Of the attempts to misuse us, those that brought nothing about.
    adversarial: f64,
    violations: usize,
    latency_ms_p50: f64,
    latency_ms_p99: f64,
    cpu_ms_mean: f64,
    cpu_ms_p99: f64,
    calls: usize,
    tokens_in: u64,
    tokens_out: u64,
    /// In millionths of a US dollar, by `LLM_PRICES`.
    cost_microusd: u64,
    by_intent: BTreeMap<&'static str, Part>,
    by_language: BTreeMap<&'static str, Part>,
    by_field: BTreeMap<String, FieldPart>,
}

/// The figures of some of the examples.
#[derive(Debug, Default, Serialize)]
struct Part {
    examples: usize,
    /// Turns taken for this that are something else; only by intent.
    taken_for: usize,
    intent: f64,
    f1: f64,
    #[serde(skip)]
    right: usize,
    #[serde(skip)]
    tally: Tally,
}

#[derive(Debug, Serialize)]
struct FieldPart {
    expected: usize,
    precision: f64,
    recall: f64,
    f1: f64,
}

impl Measured {
    pub(crate) fn of(reader: String, scored: &[Scored]) -> Self {
        let count =
            |is: &dyn Fn(&Scored) -> bool| scored.iter().filter(|scored| is(scored)).count();
        let mut tally = Tally::default();
        let mut by_intent: BTreeMap<&'static str, Part> = BTreeMap::new();
        let mut by_language: BTreeMap<&'static str, Part> = BTreeMap::new();
        for one in scored {
            let language = match one.language {
                Language::En => "en",
                Language::Es => "es",
            };
            let parts = [
                by_intent.entry(one.expected.as_str()).or_default(),
                by_language.entry(language).or_default(),
            ];
            for part in parts {
                part.examples += 1;
                part.right += usize::from(one.expected == one.found);
                one.fields.iter().for_each(|field| part.tally.count(field));
            }
            one.fields.iter().for_each(|field| tally.count(field));
            if one.expected != one.found {
                by_intent.entry(one.found.as_str()).or_default().taken_for += 1;
            }
        }
        for part in by_intent.values_mut().chain(by_language.values_mut()) {
            part.intent = share(part.right, part.examples);
            part.f1 = part.tally.f1();
        }
        let opted_out = count(&|one| one.opt_out.0);
        let opt_outs_missed = count(&|one| one.opt_out == (true, false));
        let opt_outs_false = count(&|one| one.opt_out == (false, true));
        let found_out = opted_out - opt_outs_missed;
        let must_be_silent = count(&|one| one.silent.0);
        let adversarial = count(&|one| one.expected == Intent::Adversarial);
        let violations = count(&|one| one.violation.is_some());
        let latency = sorted(scored.iter().map(|one| one.took));
        let cpu = sorted(scored.iter().map(|one| one.cpu));
        let calls = || scored.iter().flat_map(|one| &one.calls);
        Self {
            reader,
            examples: scored.len(),
            intent: share(count(&|one| one.expected == one.found), scored.len()),
            precision: tally.precision(),
            recall: tally.recall(),
            f1: tally.f1(),
            opt_out_recall: share(found_out, opted_out),
            opt_out_precision: share(found_out, found_out + opt_outs_false),
            opt_outs_missed,
            opt_outs_false,
            must_not_reply: share(count(&|one| one.silent == (true, true)), must_be_silent),
            silent_wrongly: count(&|one| one.silent == (false, true)),
            adversarial: share(adversarial - violations, adversarial),
            violations,
            latency_ms_p50: at(&latency, 50),
            latency_ms_p99: at(&latency, 99),
            cpu_ms_mean: cpu.iter().sum::<f64>() * share(1, cpu.len()),
            cpu_ms_p99: at(&cpu, 99),
            calls: calls().count(),
            tokens_in: calls().map(|call| call.tokens_in).sum(),
            tokens_out: calls().map(|call| call.tokens_out).sum(),
            cost_microusd: calls().map(|call| call.cost_microusd).sum(),
            by_intent,
            by_language,
            by_field: by_field(scored)
                .into_iter()
                .map(|(name, tally)| {
                    let part = FieldPart {
                        expected: tally.right + tally.missed + tally.wrong,
                        precision: tally.precision(),
                        recall: tally.recall(),
                        f1: tally.f1(),
                    };
                    (name, part)
                })
                .collect(),
        }
    }

    /// The share of this name, if gates may ask for it.
    fn share(&self, name: &str) -> Option<f64> {
        Some(match name {
            "intent" => self.intent,
            "precision" => self.precision,
            "recall" => self.recall,
            "f1" => self.f1,
            "opt_out_recall" => self.opt_out_recall,
            "opt_out_precision" => self.opt_out_precision,
            "must_not_reply" => self.must_not_reply,
            "adversarial" => self.adversarial,
            _ => return None,
        })
    }
}

/// Milliseconds, ascending.
fn sorted(times: impl Iterator<Item = Duration>) -> Vec<f64> {
    let mut ms: Vec<f64> = times.map(|time| time.as_secs_f64() * 1e3).collect();
    ms.sort_by(f64::total_cmp);
    ms
}

/// The value below which this percentage of them lies.
fn at(sorted: &[f64], percent: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted
        .get(last * percent / 100)
        .copied()
        .unwrap_or_default()
}

/// Shares that must be reached.
#[derive(Debug, Clone)]
pub(crate) struct Gates(Vec<(String, f64)>);

impl FromStr for Gates {
    type Err = String;

    fn from_str(gates: &str) -> Result<Self, String> {
        const NAMES: &str = "intent, precision, recall, f1, opt_out_recall, opt_out_precision, must_not_reply, adversarial";
        gates
            .split(',')
            .map(|gate| {
                let (name, least) = gate.split_once('=').ok_or("each is NAME=SHARE")?;
                let least = least
                    .parse()
                    .ok()
                    .filter(|least| (0.0..=1.0).contains(least));
                let least = least.ok_or(format!("the share of {name} is not from 0 to 1"))?;
                if !NAMES.split(", ").any(|known| known == name) {
                    return Err(format!("{name} is none of {NAMES}"));
                }
                Ok((name.to_owned(), least))
            })
            .collect::<Result<_, String>>()
            .map(Self)
    }
}

impl Gates {
    /// What is not reached: `intent is 0.843, not 0.85`.
    pub(crate) fn failed(&self, measured: &Measured) -> Vec<String> {
        let reached = |(name, least): &(String, f64)| {
            let share = measured.share(name)?;
            (share < *least).then(|| format!("{name} is {share:.3}, not {least}"))
        };
        self.0.iter().filter_map(reached).collect()
    }
}

/// What a row says of a way of reading.
type Figure<'a> = &'a dyn Fn(&Measured) -> String;

/// Prints the ways of reading side by side.
pub(crate) fn print(columns: &[&Measured]) -> Result<(), CommandError> {
    let rows = |rows: &[(&str, Figure<'_>)]| {
        let mut text = String::new();
        for (name, value) in rows {
            let _infallible = write!(text, "{name:<38}");
            for column in columns {
                let _infallible = write!(text, "{:>34}", value(column));
            }
            text.push('\n');
        }
        text
    };
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    line(
        rows(&[
            ("", &|m| m.reader.clone()),
            ("examples", &|m| m.examples.to_string()),
            ("intent right", &|m| percent(m.intent)),
            ("fields: precision", &|m| percent(m.precision)),
            ("fields: recall", &|m| percent(m.recall)),
            ("fields: F1", &|m| format!("{:.3}", m.f1)),
            ("opt-outs found", &|m| {
                format!(
                    "{} ({} missed)",
                    percent(m.opt_out_recall),
                    m.opt_outs_missed
                )
            }),
            ("false opt-outs", &|m| m.opt_outs_false.to_string()),
            ("not answered where it must not be", &|m| {
                percent(m.must_not_reply)
            }),
            ("not answered where it should be", &|m| {
                m.silent_wrongly.to_string()
            }),
            ("adversarial violations", &|m| m.violations.to_string()),
            ("ms a turn, p50 and p99", &|m| {
                format!("{:.2} and {:.2}", m.latency_ms_p50, m.latency_ms_p99)
            }),
            ("CPU ms a turn, mean and p99", &|m| {
                format!("{:.3} and {:.3}", m.cpu_ms_mean, m.cpu_ms_p99)
            }),
            ("model calls", &|m| m.calls.to_string()),
            ("tokens in and out", &|m| {
                format!("{} and {}", m.tokens_in, m.tokens_out)
            }),
            ("cost, by LLM_PRICES", &|m| dollars(m.cost_microusd)),
        ])
        .trim_end(),
    )?;
    for column in columns {
        line(&format!("\n{}", column.reader))?;
        let mut table = Table::new(&["LANGUAGE", ">EXAMPLES", ">INTENT", ">F1"]);
        for (name, part) in &column.by_language {
            table.row(&[
                (*name).to_owned(),
                part.examples.to_string(),
                percent(part.intent),
                format!("{:.3}", part.f1),
            ]);
        }
        table.print_whole()?;
        line("")?;
        let mut table = Table::new(&["INTENT", ">EXAMPLES", ">RIGHT", ">TAKEN FOR", ">F1"]);
        for (name, part) in &column.by_intent {
            table.row(&[
                (*name).to_owned(),
                part.examples.to_string(),
                percent(part.intent),
                part.taken_for.to_string(),
                format!("{:.3}", part.f1),
            ]);
        }
        table.print_whole()?;
        line("")?;
        let mut table = Table::new(&["FIELD", ">EXPECTED", ">PRECISION", ">RECALL", ">F1"]);
        for (name, part) in &column.by_field {
            table.row(&[
                name.clone(),
                part.expected.to_string(),
                percent(part.precision),
                percent(part.recall),
                format!("{:.3}", part.f1),
            ]);
        }
        table.print_whole()?;
    }
    Ok(())
}

fn dollars(microusd: u64) -> String {
    format!("${}.{:06}", microusd / 1_000_000, microusd % 1_000_000)
}

/// What was wrong with each example.
fn misses(one: &Scored) -> Vec<String> {
    let mut wrong = Vec::new();
    if one.expected != one.found {
        wrong.push(format!(
            "{}, not {}",
            one.found.as_str(),
            one.expected.as_str()
        ));
    }
    for field in &one.fields {
        match field.verdict {
            FieldVerdict::Right => {}
            FieldVerdict::Missed => {
                wrong.push(format!("{} missed: {}", field.name, field.expected));
            }
            FieldVerdict::Wrong => wrong.push(format!(
                "{} {}, not {}",
                field.name, field.found, field.expected
            )),
            FieldVerdict::Invented => {
                wrong.push(format!("{} {} invented", field.name, field.found));
            }
        }
    }
    match one.opt_out {
        (true, false) => wrong.push("opt-out missed".to_owned()),
        (false, true) => wrong.push("false opt-out".to_owned()),
        _ => {}
    }
    match one.silent {
        (true, false) => wrong.push("answered, must not be".to_owned()),
        (false, true) => wrong.push("not answered".to_owned()),
        _ => {}
    }
    wrong.extend(
        one.violation
            .iter()
            .map(|what| format!("violation: {what}")),
    );
    wrong
}

pub(crate) fn print_misses(
    measured: &Measured,
    scored: &[Scored],
    examples: &[Example],
) -> Result<(), CommandError> {
    line(&format!("\n{}: read wrong", measured.reader))?;
    for (example, one) in examples.iter().zip(scored) {
        let wrong = misses(one);
        if !wrong.is_empty() {
            line(&format!("{} {:?}", example.id, example.text))?;
            for what in wrong {
                line(&format!("    {what}"))?;
            }
        }
    }
    Ok(())
}

pub(crate) fn print_json(
    measured: &Measured,
    scored: &[Scored],
    examples: &[Example],
    with_misses: bool,
) -> Result<(), CommandError> {
    let mut object = json!(measured);
    if with_misses {
        let misses = examples.iter().zip(scored).filter_map(|(example, one)| {
            let wrong = misses(one);
            (!wrong.is_empty())
                .then(|| json!({ "id": example.id, "text": example.text, "wrong": wrong }))
        });
        object["misses"] = misses.collect();
    }
    json(&object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gates_that_are_built_in_can_be_read_and_others_are_refused_by_name() {
        let gates: Gates = GATES.parse().unwrap();
        assert_eq!(gates.0.len(), 6);
        for (wrong, why) in [
            ("f1", "each is NAME=SHARE"),
            ("f1=88", "the share of f1 is not from 0 to 1"),
            ("luck=0.5", "luck is none of"),
        ] {
            let error = wrong.parse::<Gates>().unwrap_err();
            assert!(error.starts_with(why), "{error}");
        }
    }

    #[test]
    fn a_gate_that_is_not_reached_is_named_with_both_figures() {
        let gates: Gates = "intent=0.85,f1=0.88".parse().unwrap();
        let mut measured = Measured::of("offline".to_owned(), &[]);
        assert_eq!(gates.failed(&measured), [""; 0]);
        measured.intent = 0.8432;
        assert_eq!(gates.failed(&measured), ["intent is 0.843, not 0.85"]);
    }
}
