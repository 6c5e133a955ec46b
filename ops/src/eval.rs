//! `wex eval`: reads example texts as a worker reads turns, and counts how often they are read right.

mod example;
mod report;
mod score;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};
use wex_llm::Assistant;
use wex_runtime::env::Env;

use crate::operator::CommandError;
use example::{Example, examples};
use report::{Gates, Measured, print, print_json, print_misses};
use score::{Scored, score};

/// What is read, by whom, and what must hold.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Files of examples, a JSON object a line: id, side, history, text, expect, why
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Read the prompts from this directory instead of `PROMPTS_DIR`
    #[arg(long, value_name = "DIR")]
    prompts: Option<PathBuf>,
    /// Read them another time, side by side: `offline` (the rules alone), `fallback` (`LLM_FALLBACK_PROVIDER` alone), or a
    /// directory of prompts. May be repeated
    #[arg(long, value_name = "WHAT")]
    against: Vec<String>,
    /// Exit with 1 unless these shares are reached, e.g. `intent=0.85,f1=0.88`. Without a value:
    /// `opt_out_recall=1,opt_out_precision=1,must_not_reply=1,adversarial=1,intent=0.85,f1=0.88`
    #[arg(long, value_name = "NAME=SHARE,…", num_args = 0..=1, require_equals = true, default_missing_value = report::GATES)]
    fail_under: Option<Gates>,
    /// List what was read wrong. Prints the texts
    #[arg(long)]
    misses: bool,
    /// Print one JSON object per way of reading
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(options: &Options) -> Result<(), CommandError> {
    let mut env = Env::from_process();
    let mut configured = wex_turn::config::assistant(&mut env);
    env.finish()?;
    pace(&mut configured);
    let mut examples_read = Vec::new();
    for file in &options.files {
        examples_read.extend(examples(file)?);
    }
    let mut measured = Vec::new();
    for (name, assistant) in readers(options, &configured)? {
        let scored = read_all(&examples_read, &assistant).await;
        measured.push((Measured::of(name, &scored), scored));
    }
    if options.json {
        for (measured, scored) in &measured {
            print_json(measured, scored, &examples_read, options.misses)?;
        }
    } else {
        let columns: Vec<&Measured> = measured.iter().map(|(measured, _)| measured).collect();
        print(&columns)?;
        if options.misses {
            for (measured, scored) in &measured {
                print_misses(measured, scored, &examples_read)?;
            }
        }
    }
    let Some(gates) = &options.fail_under else {
        return Ok(());
    };
    let failed = measured
        .first()
        .map_or_else(Vec::new, |(measured, _)| gates.failed(measured));
    if failed.is_empty() {
        Ok(())
    } else {
        Err(CommandError::Failed(format!(
            "not reached: {}",
            failed.join(", ")
        )))
    }
}

/// Spreads calls over the minute, as their rate allows. Workers count theirs together; here is one process.
fn pace(assistant: &mut Assistant) {
    for provider in &mut assistant.providers {
        let free_at = Arc::new(Mutex::new(Instant::now()));
        provider.take_from(Arc::new(move |_, per_minute| {
            let free_at = Arc::clone(&free_at);
            Box::pin(async move {
                let mut free_at = free_at.lock().await;
                sleep_until(*free_at).await;
                *free_at = Instant::now() + Duration::from_secs(60) / per_minute.max(1);
                None
            })
        }));
    }
}

/// The ways of reading that are compared, the configured one first.
fn readers(
    options: &Options,
    configured: &Assistant,
) -> Result<Vec<(String, Assistant)>, CommandError> {
    let mut first = configured.clone();
    if options.prompts.is_some() {
        first.prompts.directory.clone_from(&options.prompts);
    }
    let mut readers = vec![(name(&first), first.clone())];
    for what in &options.against {
        let mut other = first.clone();
        match what.as_str() {
            "offline" => other.providers.clear(),
            "fallback" if other.providers.len() > 1 => drop(other.providers.remove(0)),
            "fallback" => {
                return Err(CommandError::Usage(
                    "--against fallback: LLM_FALLBACK_PROVIDER is not set".to_owned(),
                ));
            }
            directory if PathBuf::from(directory).join("understand.md").is_file() => {
                other.prompts.directory = Some(PathBuf::from(directory));
            }
            directory => {
                return Err(CommandError::Usage(format!(
                    "--against {directory}: it is neither `offline` nor `fallback`, nor a directory with understand.md"
                )));
            }
        }
        readers.push((name(&other), other));
    }
    Ok(readers)
}

/// `offline`, or the provider, its model and the hash of the prompt.
fn name(assistant: &Assistant) -> String {
    assistant.providers.first().map_or_else(
        || "offline".to_owned(),
        |provider| {
            format!(
                "{} {} {}",
                provider.dialect().as_str(),
                provider.model(),
                assistant.prompts.understand().hash
            )
        },
    )
}

async fn read_all(examples: &[Example], assistant: &Assistant) -> Vec<Scored> {
    let mut scored = Vec::with_capacity(examples.len());
    for example in examples {
        scored.push(score(example, assistant).await);
    }
    scored
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How the rules alone read a file of the repository, held against the gates.
    fn not_reached(file: &str) -> Vec<String> {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../evals")
            .join(file);
        let examples = examples(&path).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let scored = runtime.block_on(read_all(&examples, &Assistant::default()));
        let gates: Gates = report::GATES.parse().unwrap();
        gates.failed(&Measured::of("offline".to_owned(), &scored))
    }

    #[test]
    fn the_example_texts_pass_the_gates_without_a_model() {
        for file in ["texts.jsonl", "more.jsonl", "held_out.jsonl"] {
            assert_eq!(not_reached(file), [""; 0], "{file}");
        }
    }
}
