//! `wex eval` as a process: what it prints and how it ends, with and without a language model.

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use wex_llm::{Dialect, Prompts};
use wex_ops::stack::Programs;

use crate::processes;
use crate::providers::Models;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../evals/texts.jsonl");

/// A directory with the programs and with examples.
struct Eval {
    programs: Programs,
    directory: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Eval {
    fn new() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        Self {
            programs: wex_tests::programs(processes(), directory.path()),
            directory,
            variables: Vec::new(),
        }
    }

    /// Read by these models.
    fn by(models: &Models, dialect: Dialect) -> Self {
        let config = models.config(dialect);
        let mut eval = Self::new();
        eval.variables = vec![
            ("LLM_PROVIDER", dialect.as_str().to_owned()),
            ("LLM_BASE_URL", config.base_url),
            ("LLM_API_KEY", "sim-key".to_owned()),
            ("LLM_MODEL", config.model),
            ("LLM_PRICES", "sim-small=1/0.1/10".to_owned()),
        ];
        eval
    }

    /// A file of examples: text, intent, and the size that is expected.
    fn file(&self, examples: &[(&str, &str, Option<u32>)]) -> String {
        let lines: Vec<String> = examples
            .iter()
            .enumerate()
            .map(|(at, (text, intent, sqft))| {
                let requirement = match sqft {
                    Some(sqft) => json!({ "sqft_min": sqft, "sqft_max": sqft }),
                    None => json!({}),
                };
                json!({
                    "id": format!("b{at}"), "side": "buyer", "history": [], "text": text,
                    "expect": { "intent": intent, "requirement": requirement, "opt_out": *intent == "opt_out",
                        "must_not_reply": *intent == "opt_out" },
                    "why": "",
                })
                .to_string()
            })
            .collect();
        let path = self.directory.path().join("examples.jsonl");
        std::fs::write(&path, lines.join("\n")).expect("room for a file");
        path.display().to_string()
    }

    /// Prompts that ask for the same in other words.
    fn prompts(&self) -> PathBuf {
        let directory = self.directory.path().join("prompts");
        std::fs::create_dir_all(&directory).expect("room for a directory");
        let built_in = Prompts::default();
        for (name, text) in [
            ("understand.md", built_in.understand().text),
            ("word.md", built_in.word().text),
        ] {
            let text = format!("{text}\nBe brief.");
            std::fs::write(directory.join(name), text).expect("room for a file");
        }
        directory
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        Command::new(self.programs.path("wex"))
            .arg("eval")
            .args(arguments)
            .env_clear()
            .envs(self.variables.iter().cloned())
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .output()
            .await
            .expect("wex runs")
    }

    /// What it prints, when it ends well.
    async fn prints(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).expect("text")
    }
}

fn said(output: &Output) -> (Option<i32>, String) {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), error)
}

fn objects(printed: &str) -> Vec<Value> {
    printed
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect()
}

/// What stands behind a name in the table.
fn figure<'a>(table: &'a str, name: &str) -> &'a str {
    let line = table.lines().find_map(|line| line.strip_prefix(name));
    assert!(line.is_some(), "{name} is not in\n{table}");
    line.unwrap_or_default().trim()
}

#[tokio::test]
async fn every_figure_is_printed_without_a_model_for_all_by_intent_by_language_and_by_field() {
    let table = Eval::new().prints(&[EXAMPLES]).await;
    assert_eq!(figure(&table, "examples"), "64");
    assert_eq!(figure(&table, "opt-outs found"), "100.0 % (0 missed)");
    assert_eq!(figure(&table, "false opt-outs"), "0");
    assert_eq!(
        figure(&table, "not answered where it must not be"),
        "100.0 %"
    );
    assert_eq!(figure(&table, "adversarial violations"), "0");
    assert_eq!(figure(&table, "model calls"), "0");
    assert_eq!(figure(&table, "tokens in and out"), "0 and 0");
    assert_eq!(figure(&table, "cost, by LLM_PRICES"), "$0.000000");
    for share in ["intent right", "fields: precision", "fields: recall"] {
        assert!(figure(&table, share).ends_with(" %"), "{share}");
    }
    for number in [
        "fields: F1",
        "ms a turn, p50 and p99",
        "CPU ms a turn, mean and p99",
    ] {
        let shown = figure(&table, number);
        let first = shown.split(' ').next().expect("a number");
        assert!(
            first.parse::<f64>().is_ok_and(|number| number > 0.0),
            "{number}: {shown}"
        );
    }
    let heads = ["LANGUAGE  EXAMPLES", "INTENT ", "FIELD "];
    for head in heads {
        assert!(
            table.lines().any(|line| line.starts_with(head)),
            "{head} is not in\n{table}"
        );
    }
    for row in [
        "es  ",
        "new_requirement  ",
        "supplier_delist  ",
        "locations  ",
        "sqft_min  ",
    ] {
        assert!(
            table.lines().any(|line| line.starts_with(row)),
            "{row} is not in\n{table}"
        );
    }
}

#[tokio::test]
async fn a_model_is_measured_by_what_it_reads_costs_and_takes_and_the_rules_beside_it() {
    for dialect in [
        Dialect::OpenAi,
        Dialect::OpenAiCompatible,
        Dialect::Anthropic,
    ] {
        let models = Models::start();
        let eval = Eval::by(&models, dialect);
        // The rules make nothing of the second, and the first needs no model.
        let file = eval.file(&[
            ("stop texting me", "opt_out", None),
            ("wherefore thou, and whence?", "ask_general_question", None),
            ("10k sqft in Carson", "new_requirement", Some(10_000)),
        ]);
        let answer = json!({
            "intents": ["ask_general_question"], "opt_out_signal": "none", "slots": [], "selected_options": [],
            "language": "en", "injection_suspected": false, "needs_human": "none",
        });
        models.will_say(&[answer]).await;

        let printed = eval
            .prints(&[&file, "--json", "--misses", "--against", "offline"])
            .await;
        let [by_model, by_rules] = &objects(&printed)[..] else {
            panic!("{printed}");
        };
        let prompt = Prompts::default().understand().hash;
        let reader = format!("{} sim-small {prompt}", dialect.as_str());
        assert_eq!(by_model["reader"], json!(reader));
        assert_eq!(by_model["intent"], json!(1.0));
        assert_eq!(by_model["misses"], json!([]));
        assert_eq!(by_model["calls"], json!(2));
        assert!(
            by_model["latency_ms_p50"]
                .as_f64()
                .is_some_and(|ms| ms > 0.0)
        );
        let count = |name: &str| by_model[name].as_u64().expect("a number");
        assert!(count("tokens_in") > 0 && count("tokens_out") > 0);
        assert_eq!(
            count("cost_microusd"),
            count("tokens_in") + 10 * count("tokens_out")
        );

        assert_eq!(by_rules["reader"], "offline");
        assert_eq!(by_rules["calls"], json!(0));
        assert_eq!(by_rules["by_intent"]["unclear"]["taken_for"], json!(1));
        let misses = by_rules["misses"].as_array().expect("a list");
        assert_eq!(misses.len(), 1, "{misses:?}");
        assert_eq!(
            misses[0]["wrong"],
            json!(["unclear, not ask_general_question"])
        );
        assert_eq!(models.requests().await.len(), 2);

        // Side by side, a column each.
        let table = eval.prints(&[&file, "--against", "offline"]).await;
        let columns: Vec<&str> = figure(&table, "model calls").split_whitespace().collect();
        assert_eq!(columns, ["2", "0"]);
    }
}

#[tokio::test]
async fn two_prompts_are_compared_by_their_hashes_and_each_is_what_the_model_is_told() {
    let models = Models::start();
    let eval = Eval::by(&models, Dialect::Anthropic);
    let file = eval.file(&[("10k sqft in Carson", "new_requirement", Some(10_000))]);
    let other = eval.prompts().display().to_string();
    let built_in = Prompts::default().understand().hash;

    let printed = eval.prints(&[&file, "--json", "--against", &other]).await;
    let readers: Vec<String> = objects(&printed)
        .iter()
        .map(|measured| measured["reader"].as_str().expect("a name").to_owned())
        .collect();
    assert!(
        readers[0].ends_with(&built_in) && !readers[1].ends_with(&built_in),
        "{readers:?}"
    );
    let told: Vec<bool> = models
        .requests()
        .await
        .iter()
        .map(|request| {
            let prompt = request["body"]["system"][0]["text"].as_str();
            prompt.is_some_and(|prompt| prompt.contains("Be brief."))
        })
        .collect();
    assert_eq!(told, [false, true]);

    // In place of the built-in ones.
    let printed = eval.prints(&[&file, "--json", "--prompts", &other]).await;
    assert_eq!(objects(&printed)[0]["reader"], json!(readers[1]));
}

#[tokio::test]
async fn the_fallback_alone_can_be_compared_with_the_primary() {
    let (primary, fallback) = (Models::start(), Models::start());
    let mut eval = Eval::by(&primary, Dialect::OpenAi);
    let config = fallback.config(Dialect::Anthropic);
    eval.variables.extend([
        ("LLM_FALLBACK_PROVIDER", "anthropic".to_owned()),
        ("LLM_FALLBACK_BASE_URL", config.base_url),
        ("LLM_FALLBACK_API_KEY", "sim-key".to_owned()),
        ("LLM_FALLBACK_MODEL", config.model),
    ]);
    let file = eval.file(&[("10k sqft in Carson", "new_requirement", Some(10_000))]);
    let printed = eval
        .prints(&[&file, "--json", "--against", "fallback"])
        .await;
    let readers = objects(&printed);
    assert!(
        readers[0]["reader"]
            .as_str()
            .is_some_and(|name| name.starts_with("openai "))
    );
    assert!(
        readers[1]["reader"]
            .as_str()
            .is_some_and(|name| name.starts_with("anthropic "))
    );
    let asked = (
        primary.requests().await.len(),
        fallback.requests().await.len(),
    );
    assert_eq!(asked, (1, 1));
}

#[tokio::test]
async fn a_gate_that_is_not_reached_ends_with_1_and_names_it_and_wrong_arguments_end_with_2() {
    let eval = Eval::new();
    let good = eval.file(&[("10k sqft in Carson", "new_requirement", Some(10_000))]);
    assert_eq!(said(&eval.run(&[&good, "--fail-under"]).await).0, Some(0));

    let bad = eval.file(&[
        ("10k sqft in Carson", "new_requirement", Some(12_000)),
        ("stop texting me", "greeting", None),
    ]);
    let output = eval.run(&[&bad, "--fail-under"]).await;
    let (code, error) = said(&output);
    assert_eq!(code, Some(1), "{error}");
    for named in [
        "intent is 0.500, not 0.85",
        "f1 is",
        "opt_out_precision is 0.000, not 1",
    ] {
        assert!(error.contains(named), "{named} is not in {error}");
    }
    assert!(
        !output.stdout.is_empty(),
        "the table is printed all the same"
    );
    assert_eq!(
        said(&eval.run(&[&bad, "--fail-under=intent=0.5"]).await).0,
        Some(0)
    );

    for (arguments, code, says) in [
        (
            &[bad.as_str(), "--fail-under=luck=1"][..],
            2,
            "luck is none of",
        ),
        (
            &[bad.as_str(), "--against", "nowhere"],
            2,
            "nor a directory with understand.md",
        ),
        (
            &[bad.as_str(), "--against", "fallback"],
            2,
            "LLM_FALLBACK_PROVIDER is not set",
        ),
        (&["missing.jsonl"], 1, "missing.jsonl cannot be read"),
        (&[], 2, "FILES"),
    ] {
        let (found, error) = said(&eval.run(arguments).await);
        assert_eq!(found, Some(code), "{arguments:?}: {error}");
        assert!(error.contains(says), "{arguments:?}: {error}");
    }
    std::fs::write(eval.directory.path().join("broken.jsonl"), "{}\n").expect("room for a file");
    let (code, error) = said(&eval.run(&["broken.jsonl"]).await);
    assert_eq!(code, Some(1));
    assert!(
        error.contains("broken.jsonl, line 1: missing field `id`"),
        "{error}"
    );
}

#[tokio::test]
async fn calls_are_spread_over_the_minute_as_the_rate_allows() {
    let models = Models::start();
    let mut eval = Eval::by(&models, Dialect::OpenAi);
    // Two a second.
    eval.variables
        .push(("LLM_RATE_PER_MINUTE", "120".to_owned()));
    let need = ("10k sqft in Carson", "new_requirement", Some(10_000));
    let file = eval.file(&[need; 4]);
    let started = Instant::now();
    let printed = eval.prints(&[&file, "--json"]).await;
    assert!(started.elapsed() >= Duration::from_millis(1_500));
    assert_eq!(objects(&printed)[0]["calls"], json!(4));
}
