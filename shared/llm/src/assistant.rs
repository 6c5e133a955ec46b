//! Asks the first provider that answers.

use std::time::Duration;

use jiff::civil::Date;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument, info_span, warn};
use wex_domain::conversation::{Party, RecentText};
use wex_domain::event::ModelCall;
use wex_domain::listing::Listing;
use wex_domain::requirement::Requirement;
use wex_domain::understand::Language;

use crate::breaker::WAIT_MAX;
use crate::budget::Budgets;
use crate::failure::Failure;
use crate::price::{Prices, Usage};
use crate::private::redact;
use crate::prompts::{Prompt, Prompts};
use crate::provider::{Answered, Provider, Question};
use crate::reading::{Reading, verify};
use crate::schema::{self, Schema};

/// All calls that read a turn together, with their pauses. Whoever texts has waited for the quiet window already.
pub const READING_MAX: Duration = Duration::from_secs(30);

/// All calls for one wording. There are at most two of a turn, so that with its reading it takes a minute at most.
pub const WORDING_MAX: Duration = Duration::from_secs(15);

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
    /// The day on which they are read.
    pub today: Date,
    /// What was said before them.
    pub history: &'a [RecentText],
    pub requirement: &'a Requirement,
    /// The options that numbers refer to.
    pub options: &'a [Listing],
    /// Who texts, in a name that tells nobody who that is: a vendor that asks who misuses its model is told this.
    pub pseudonym: Option<&'a str>,
}

impl std::fmt::Debug for TurnInput<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TurnInput(..)")
    }
}

/// What a model is to word.
#[derive(Clone, Copy)]
pub struct Wording<'a> {
    /// What is to be said, as a template words it.
    pub say: &'a str,
    /// All that may be stated.
    pub facts: &'a [String],
    /// What was said before, the newest texts too.
    pub history: &'a [RecentText],
    pub language: Language,
    pub chars_max: usize,
    /// A wording that may not be sent, and why.
    pub refused: Option<(&'a str, &'a str)>,
    /// As in [`TurnInput`].
    pub pseudonym: Option<&'a str>,
}

impl std::fmt::Debug for Wording<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wording(..)")
    }
}

/// What came of asking models.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked<T> {
    /// `None` when no provider gave an answer that can be used.
    pub answer: Option<T>,
    /// Every call that was answered, also when the answer was of no use.
    pub calls: Vec<ModelCall>,
    /// Without an answer: how long until asking again can help, if a provider told or our own rate does.
    pub again_in: Option<Duration>,
}

/// Models to ask, in order. Without any, the rules alone read turns.
#[derive(Debug, Clone, Default)]
pub struct Assistant {
    /// The primary and, perhaps, its fallback.
    pub providers: Vec<Provider>,
    pub prompts: Prompts,
    pub prices: Prices,
    /// What a day may cost. Who asks looks at it before.
    pub budgets: Budgets,
    /// Whether answers are worded by models, where that is allowed, or by templates alone.
    pub is_wording: bool,
}

impl Assistant {
    /// Reads a turn. Without an answer the rules alone read it. Takes at most [`READING_MAX`].
    pub async fn understand(&self, turn: TurnInput<'_>) -> Asked<Reading> {
        let prompt = self.prompts.understand();
        let newest = redact(&turn.texts.join("\n"));
        let task = Task {
            stage: "understand",
            prompt: &prompt,
            schema: &schema::UNDERSTANDING,
            newest: &newest,
            refused: None,
            pseudonym: turn.pseudonym,
            within: READING_MAX,
        };
        let asked = self
            .ask(task, |history| context(turn, history), schema::read)
            .await;
        let verified = |answer| verify(&answer, turn.texts, turn.options.len(), turn.today);
        let reading = asked.answer.map(verified);
        if let Some(reading) = &reading
            && reading.unsupported > 0
        {
            warn!(
                count = reading.unsupported,
                "llm.unsupported: no quote bears out what the model says"
            );
        }
        Asked {
            answer: reading,
            calls: asked.calls,
            again_in: asked.again_in,
        }
    }

    /// Words an answer. Without one a template does. What it says is not checked yet. Takes at most [`WORDING_MAX`].
    pub async fn word(&self, wording: Wording<'_>) -> Asked<String> {
        let prompt = self.prompts.word();
        let newest = to_be_worded(wording);
        let refused = wording.refused.map(|(text, why)| {
            let answer = json!({ "reply": text }).to_string();
            (answer, format!("That text may not be sent: {why}"))
        });
        let task = Task {
            stage: "word",
            prompt: &prompt,
            schema: &schema::WORDING,
            newest: &newest,
            refused,
            pseudonym: wording.pseudonym,
            within: WORDING_MAX,
        };
        let context = |history| said_before(wording.history, history);
        self.ask(task, context, schema::read_wording).await
    }

    /// Asks one provider after the other.
    async fn ask<T>(
        &self,
        task: Task<'_>,
        context: impl Fn(usize) -> String,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Asked<T> {
        let until = Instant::now() + task.within;
        let mut calls = Vec::new();
        let mut again_in: Option<Duration> = None;
        for provider in &self.providers {
            let mut attempt = Attempt {
                assistant: self,
                provider,
                task: &task,
                until,
                calls: &mut calls,
            };
            let failure = match attempt.read(&context, &read).await {
                Ok(answer) => {
                    return Asked {
                        answer: Some(answer),
                        calls,
                        again_in: None,
                    };
                }
                Err(failure) => failure,
            };
            again_in = again_in.into_iter().chain(failure.again_in()).min();
            // That it rests was said when it began.
            if !matches!(failure, Failure::Resting { .. }) {
                let (name, model) = (provider.dialect().as_str(), provider.model());
                warn!(provider = name, model, error = %failure, cause = failure.word(), "llm.failed");
            }
        }
        Asked {
            answer: None,
            calls,
            again_in,
        }
    }
}

/// What a model is to do.
struct Task<'a> {
    /// The word for it in records.
    stage: &'static str,
    prompt: &'a Prompt,
    schema: &'static Schema,
    /// The last message.
    newest: &'a str,
    /// An answer that was no good, and a sentence that says why.
    refused: Option<(String, String)>,
    pseudonym: Option<&'a str>,
    /// How long all calls together may take.
    within: Duration,
}

/// One task and one provider.
struct Attempt<'a> {
    assistant: &'a Assistant,
    provider: &'a Provider,
    task: &'a Task<'a>,
    until: Instant,
    calls: &'a mut Vec<ModelCall>,
}

impl Attempt<'_> {
    /// Each remedy is tried once: less history, a larger bound, a repair.
    async fn read<T>(
        &mut self,
        context: impl Fn(usize) -> String,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let mut history = HISTORY[0];
        let mut tokens_max = TOKENS_MAX[0];
        let mut repair = self.task.refused.clone();
        let Task { schema, prompt, .. } = self.task;
        let cache_key = format!("wex-{}-{}", schema.name, prompt.hash);
        loop {
            let context = context(history);
            let question = Question {
                prompt: &prompt.text,
                context: &context,
                newest: self.task.newest,
                schema,
                tokens_max,
                cache_key: &cache_key,
                pseudonym: self.task.pseudonym,
                repair: repair
                    .as_ref()
                    .map(|(answer, complaint)| (answer.as_str(), complaint.as_str())),
            };
            let is_soft_left = repair.is_none() && tokens_max == TOKENS_MAX[0];
            let failure = match self.answer(&question).await {
                Ok(text) => match read(&text) {
                    Ok(answer) => return Ok(answer),
                    Err(problem) => Failure::Unfit {
                        answer: text,
                        problem,
                    },
                },
                Err(failure) => failure,
            };
            match failure {
                Failure::Unfit { answer, problem } if is_soft_left => {
                    let answer = answer.chars().take(REPAIR_CHARS_MAX).collect();
                    repair = Some((answer, format!("That answer cannot be read: {problem}")));
                }
                Failure::Truncated if is_soft_left => tokens_max = TOKENS_MAX[1],
                Failure::TooLong if history == HISTORY[0] => history = HISTORY[1],
                failure => return Err(failure),
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
                    may_retry: false, ..
                }
                | Failure::Resting { .. } => return Err(failure),
                Failure::Unavailable { wait, .. } | Failure::RateLimited { wait } => {
                    wait.unwrap_or_else(|| pause.mul_f64(rand::random_range(0.75..1.25)))
                }
                Failure::OverRate { wait } => wait,
                _ => return Err(failure),
            };
            if WAIT_MAX < wait {
                return Err(failure);
            }
            if left == 0 || Instant::now() + wait >= self.until {
                return Err(failure);
            }
            sleep(wait).await;
            pause *= 2;
        }
        Err(Failure::Unavailable {
            what: "no try is left",
            may_retry: false,
            wait: None,
        })
    }

    async fn ask(&mut self, question: &Question<'_>) -> Result<Answered, Failure> {
        let started = Instant::now();
        let (name, model) = (self.provider.dialect().as_str(), self.provider.model());
        let span = info_span!("llm_call", otel.kind = "client", provider = name, model);
        let asking = self.provider.ask(question).instrument(span);
        let asked = timeout_at(self.until, asking).await;
        let answered = asked.map_err(|_elapsed| Failure::Unavailable {
            what: "no time is left",
            may_retry: false,
            wait: None,
        })??;
        self.calls
            .push(self.record(answered.usage, started.elapsed()));
        Ok(answered)
    }

    fn record(&self, usage: Usage, took: Duration) -> ModelCall {
        let model = self.provider.model();
        ModelCall {
            stage: self.task.stage.to_owned(),
            provider: self.provider.dialect().as_str().to_owned(),
            model: model.to_owned(),
            prompt_hash: self.task.prompt.hash.clone(),
            tokens_in: usage.input,
            tokens_out: usage.output,
            cost_microusd: self.assistant.prices.cost_microusd(model, usage),
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// The latest texts, without phone numbers and addresses.
fn said_before(texts: &[RecentText], count: usize) -> String {
    let mut said = String::from("What was said before:\n");
    for text in &texts[texts.len().saturating_sub(count)..] {
        let who = match text.from {
            Party::Contact => "contact",
            Party::Us => "we",
        };
        said += &format!("{who}: {}\n", redact(&text.body.replace('\n', " ")));
    }
    said
}

/// What was said and offered before, without phone numbers and addresses.
fn context(turn: TurnInput<'_>, history: usize) -> String {
    let mut context = said_before(turn.history, history);
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

fn to_be_worded(wording: Wording<'_>) -> String {
    let language = match wording.language {
        Language::En => "English",
        Language::Es => "Spanish",
    };
    let facts: String = wording
        .facts
        .iter()
        .map(|fact| format!("- {}\n", fact.replace('\n', " ")))
        .collect();
    format!(
        "To be said: {}\nFacts:\n{facts}Language: {language}\nAt most {} characters.",
        wording.say.replace('\n', " "),
        wording.chars_max
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_is_told_of_a_turn_is_what_was_said_wanted_and_offered_without_numbers() {
        let history = [RecentText {
            from: Party::Contact,
            body: "10k sqft in Carson\nor 310-555-0199".to_owned(),
            at_ms: 1,
        }];
        let mut requirement = Requirement::default();
        requirement.merge(&wex_domain::understand::understand(
            "10k sqft in Carson",
            None,
        ));
        let turn = TurnInput {
            texts: &["the second one"],
            today: jiff::civil::date(2026, 11, 23),
            history: &history,
            requirement: &requirement,
            options: &[],
            pseudonym: None,
        };
        insta::assert_snapshot!(context(turn, 12), @r"
        What was said before:
        contact: 10k sqft in Carson or [phone]
        Wanted so far: 10,000 sqft in Carson
        Options that were offered: 0
        ");
    }

    #[test]
    fn what_a_model_is_told_of_a_wording_is_the_template_its_facts_and_what_was_said_without_numbers()
     {
        let history = [
            RecentText {
                from: Party::Contact,
                body: "call me\nat 310-555-0199".to_owned(),
                at_ms: 1,
            },
            RecentText {
                from: Party::Us,
                body: "Which city?".to_owned(),
                at_ms: 2,
            },
        ];
        let facts = ["#2: Gardena, 10,800 sqft".to_owned()];
        let wording = Wording {
            say: "#2 in Gardena: sprinklers. Shall I ask for a tour?",
            facts: &facts,
            history: &history,
            language: Language::Es,
            chars_max: 306,
            refused: None,
            pseudonym: None,
        };
        insta::assert_snapshot!(said_before(&history, 12) + &to_be_worded(wording), @r"
        What was said before:
        contact: call me at [phone]
        we: Which city?
        To be said: #2 in Gardena: sprinklers. Shall I ask for a tour?
        Facts:
        - #2: Gardena, 10,800 sqft
        Language: Spanish
        At most 306 characters.
        ");
    }
}
