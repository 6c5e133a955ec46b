//! Asks a language model what a turn says, and believes only what the texts support.
//!
//! [`Assistant::understand`] is the one entry: [`private`] removes what a provider need not know, [`prompts`] and [`schema`]
//! make the question, [`provider`] asks it in one of two wire formats, [`failure`] sorts what comes back instead of an
//! answer, [`reading`] checks each value against its quote, and [`price`] says what it cost.
//!
//! The wire formats are those of OpenAI's chat completions, which many servers speak, and of Anthropic's Messages.

pub mod assistant;
pub mod failure;
pub mod price;
pub mod private;
pub mod prompts;
pub mod provider;
pub mod reading;
pub mod schema;

pub use assistant::{Assistant, TurnInput};
pub use price::Prices;
pub use prompts::Prompts;
pub use provider::{Dialect, Provider, ProviderConfig};
pub use reading::{NeedsHuman, OptOutSignal, Reading};
