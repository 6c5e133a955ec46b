//! Asks the first provider that answers.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument, info_span, warn};
use wex_domain::conversation::{Party, RecentText};
use wex_domain::event::ModelCall;
use wex_domain::listing::Listing;
use wex_domain::requirement::Requirement;

use crate::failure::Failure;
use crate::price::{Prices, Usage};
use crate::private::redact;
use crate::prompts::{Prompt, Prompts};
use crate::provider::{Answered, Provider, Question};
use crate::reading::{Reading, verify};
use crate::schema;

/// All calls of a turn together, with their pauses. Whoever texts has waited for the quiet window already.
pub const TURN_MAX: Duration = Duration::from_secs(60);

/// A longer wait is not worth it: the next provider, or none, reads the turn.
const WAIT_MAX: Duration = Duration::from_secs(8);

/// Calls to one provider that is unavailable or limits our rate.
const TRIES_MAX: u32 = 3;

/// The pause before the second try; it doubles, give or take a quarter.
const PAUSE: Duration = Duration::from_millis(500);

/// Bounds of an answer, in tokens. The second is for one that the first cut off.
const TOKENS_MAX: [u32; 2] = [1_200, 4_000];

/// Texts of the conversation that a model is told, and how many it is told when that was too much.
const HISTORY: [usize; 2] = [12, 2];

/// Characters of an answer that is sent back to be repaired.
const REPAIR_CHARS_MAX: usize = 4_000;

/// What a model is told of a turn.
#[derive(Clone, Copy)]
pub struct TurnInput<'a> {
    /// The newest texts, in order.
    pub texts: &'a [&'a str],
    /// What was said before them.
    pub history: &'a [RecentText],
    pub requirement: &'a Requirement,
    /// The options that numbers refer to.
    pub options: &'a [Listing],
}

impl std::fmt::Debug for TurnInput<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TurnInput(..)")
    }
}

/// Models to ask, in order. Without any, the rules alone read turns.
#[derive(Debug, Clone, Default)]
pub struct Assistant {
    /// The primary and, perhaps, its fallback.
    pub providers: Vec<Provider>,
    pub prompts: Prompts,
    pub prices: Prices,
}

impl Assistant {
    /// Reads a turn. `None` when no provider gave an answer that can be used: then the rules alone read it.
    ///
    /// Every call that was answered is among the records, also when the answer was of no use. Takes at most [`TURN_MAX`].
    pub async fn understand(&self, turn: TurnInput<'_>) -> (Option<Reading>, Vec<ModelCall>) {
        if self.providers.is_empty() {
            return (None, Vec::new());
        }
        let until = Instant::now() + TURN_MAX;
        let prompt = self.prompts.understand();
        let mut calls = Vec::new();
        for provider in &self.providers {
            let mut attempt = Attempt {
                assistant: self,
                provider,
                prompt: &prompt,
                until,
                calls: &mut calls,
            };
            match attempt.read(turn).await {
                Ok(reading) => {
                    if reading.unsupported > 0 {
                        warn!(
                            count = reading.unsupported,
                            "llm.unsupported: no quote bears out what the model says"
                        );
                    }
                    return (Some(reading), calls);
                }
                Err(failure) => {
                    let (name, model) = (provider.dialect().as_str(), provider.model());
                    warn!(provider = name, model, error = %failure, cause = failure.word(), "llm.failed");
                }
            }
        }
        (None, calls)
    }
}

/// One turn and one provider.
struct Attempt<'a> {
    assistant: &'a Assistant,
    provider: &'a Provider,
    prompt: &'a Prompt,
    until: Instant,
    calls: &'a mut Vec<ModelCall>,
}

impl Attempt<'_> {
    /// Each remedy is tried once: less history, a larger bound, a repair.
    async fn read(&mut self, turn: TurnInput<'_>) -> Result<Reading, Failure> {
        let mut history = HISTORY[0];
        let mut tokens_max = TOKENS_MAX[0];
        let mut repair: Option<(String, String)> = None;
        let newest = redact(&turn.texts.join("\n"));
        loop {
            let context = context(turn, history);
            let question = Question {
                prompt: &self.prompt.text,
                context: &context,
                newest: &newest,
                tokens_max,
                repair: repair
                    .as_ref()
                    .map(|(answer, problem)| (answer.as_str(), problem.as_str())),
            };
            let is_soft_left = repair.is_none() && tokens_max == TOKENS_MAX[0];
            match self.answer(&question).await {
                Ok(text) => match schema::read(&text) {
                    Ok(answer) => return Ok(verify(&answer, turn.texts, turn.options.len())),
                    Err(problem) if is_soft_left => repair = Some((text, problem)),
                    Err(problem) => {
                        return Err(Failure::Unfit {
                            answer: String::new(),
                            problem,
                        });
                    }
                },
                Err(Failure::Unfit { answer, problem }) if is_soft_left => {
                    repair = Some((answer, problem));
                }
                Err(Failure::Truncated) if is_soft_left => tokens_max = TOKENS_MAX[1],
                Err(Failure::TooLong) if history == HISTORY[0] => history = HISTORY[1],
                Err(failure) => return Err(failure),
            }
            if let Some((answer, _)) = &mut repair
                && let Some((end, _)) = answer.char_indices().nth(REPAIR_CHARS_MAX)
            {
                answer.truncate(end);
            }
        }
    }

    /// Asks until there is an answer, waiting where that can help.
    async fn answer(&mut self, question: &Question<'_>) -> Result<String, Failure> {
        let mut pause = PAUSE;
        for left in (0..TRIES_MAX).rev() {
            let failure = match self.ask(question).await {
                Ok(answered) => return answered.text,
                Err(failure) => failure,
            };
            let wait = match failure {
                Failure::Unavailable {
                    may_retry: true, ..
                }
                | Failure::RateLimited { wait: None } => {
                    pause.mul_f64(rand::random_range(0.75..1.25))
                }
                Failure::RateLimited { wait: Some(wait) } if wait <= WAIT_MAX => wait,
                _ => return Err(failure),
            };
            if left == 0 || Instant::now() + wait >= self.until {
                return Err(failure);
            }
            sleep(wait).await;
            pause *= 2;
        }
        Err(Failure::Unavailable {
            what: "no try is left",
            may_retry: false,
        })
    }

    async fn ask(&mut self, question: &Question<'_>) -> Result<Answered, Failure> {
        let started = Instant::now();
        let (name, model) = (self.provider.dialect().as_str(), self.provider.model());
        let span = info_span!("llm_call", otel.kind = "client", provider = name, model);
        let asking = self.provider.ask(question).instrument(span);
        let asked = timeout_at(self.until, asking).await;
        let answered = asked.map_err(|_elapsed| Failure::Unavailable {
            what: "the turn has no time left",
            may_retry: false,
        })??;
        self.calls
            .push(self.record(answered.usage, started.elapsed()));
        Ok(answered)
    }

    fn record(&self, usage: Usage, took: Duration) -> ModelCall {
        let model = self.provider.model();
        ModelCall {
            stage: "understand".to_owned(),
            provider: self.provider.dialect().as_str().to_owned(),
            model: model.to_owned(),
            prompt_hash: self.prompt.hash.clone(),
            tokens_in: usage.input,
            tokens_out: usage.output,
            cost_microusd: self.assistant.prices.cost_microusd(model, usage),
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// What was said and offered before, without phone numbers and addresses.
fn context(turn: TurnInput<'_>, history: usize) -> String {
    let mut context = String::from("What was said before:\n");
    let from = turn.history.len().saturating_sub(history);
    for text in &turn.history[from..] {
        let who = match text.from {
            Party::Contact => "contact",
            Party::Us => "we",
        };
        context += &format!("{who}: {}\n", redact(&text.body.replace('\n', " ")));
    }
    context += &format!("Wanted so far: {}\n", turn.requirement.describe());
    context += &format!("Options that were offered: {}\n", turn.options.len());
    for (number, listing) in (1..).zip(turn.options) {
        let size = listing
            .sqft
            .map_or_else(String::new, |sqft| format!(", {sqft} sqft"));
        context += &format!("{number}. {}{size}\n", listing.city);
    }
    context
}
