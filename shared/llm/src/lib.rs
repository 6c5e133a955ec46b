//! Asks a language model what a turn says, believing only what the texts support, and how to word an answer.
//!
//! [`Assistant::understand`] reads a turn, and [`Assistant::word`] words what is to be said, from facts that others check it
//! against. [`private`] removes what a provider need not know, [`prompts`] and [`schema`] make the question, [`provider`] asks it
//! in one of two wire formats, [`failure`] sorts what comes back instead of an answer, [`breaker`] leaves a provider alone that
//! fails, [`reading`] checks each value against its quote, [`price`] says what it cost, and [`budget`] what it may cost.
//!
//! The wire formats are those of OpenAI's chat completions, which many servers speak, and of Anthropic's Messages.

pub mod assistant;
pub mod breaker;
pub mod budget;
pub mod failure;
pub mod price;
pub mod private;
pub mod prompts;
pub mod provider;
pub mod reading;
pub mod schema;

pub use assistant::{Asked, Assistant, TurnInput, Wording};
pub use budget::{Budget, Budgets};
pub use price::Prices;
pub use prompts::Prompts;
pub use provider::{Dialect, Provider, ProviderConfig, Take};
pub use reading::{NeedsHuman, OptOutSignal, Reading};
