//! The models that read turns, from the environment: `LLM_*`, `ANTHROPIC_VERSION`, `PROMPTS_DIR`.

use std::time::Duration;

use secrecy::SecretString;
use wex_llm::{Assistant, Budgets, Dialect, Prompts, Provider, ProviderConfig, breaker};
use wex_runtime::env::{Env, Span};

/// The variables of one provider: which, where, its key, its model, how often it may be asked.
type ProviderNames = [&'static str; 5];

const PRIMARY: ProviderNames = [
    "LLM_PROVIDER",
    "LLM_BASE_URL",
    "LLM_API_KEY",
    "LLM_MODEL",
    "LLM_RATE_PER_MINUTE",
];
const FALLBACK: ProviderNames = [
    "LLM_FALLBACK_PROVIDER",
    "LLM_FALLBACK_BASE_URL",
    "LLM_FALLBACK_API_KEY",
    "LLM_FALLBACK_MODEL",
    "LLM_FALLBACK_RATE_PER_MINUTE",
];

/// Reads the settings, and notes in `env` what is wrong with them. Without `LLM_PROVIDER` the rules read alone.
pub fn assistant(env: &mut Env) -> Assistant {
    let timeout = env.or::<Span>("LLM_TIMEOUT", "20s").0;
    if !(Duration::from_millis(100)..=Duration::from_secs(60)).contains(&timeout) {
        env.problem("LLM_TIMEOUT is not between 100ms and 60s".to_owned());
    }
    let version: String = env.or("ANTHROPIC_VERSION", "2026-10-21");
    let primary = provider(env, PRIMARY, timeout, &version);
    let fallback = provider(env, FALLBACK, timeout, &version);
    if primary.is_none() && fallback.is_some() {
        env.problem(
            "LLM_FALLBACK_PROVIDER has nothing to stand in for: set LLM_PROVIDER".to_owned(),
        );
    }
    let assistant = Assistant {
        providers: primary.into_iter().chain(fallback).collect(),
        prompts: Prompts {
            directory: env.optional("PROMPTS_DIR"),
        },
        prices: env.optional("LLM_PRICES").unwrap_or_default(),
        budgets: Budgets {
            per_day: env.optional("LLM_BUDGET_PER_DAY"),
            per_conversation: env.optional("LLM_BUDGET_PER_CONVERSATION"),
        },
        is_wording: env.or("LLM_WORDING", "true"),
    };
    let unpriced = assistant
        .providers
        .iter()
        .find(|provider| !assistant.prices.know(provider.model()));
    if let (true, Some(provider)) = (assistant.budgets.count_dollars(), unpriced) {
        env.problem(format!(
            "LLM_PRICES has no price of {}, which a budget in dollars needs",
            provider.model()
        ));
    }
    assistant
}

fn provider(
    env: &mut Env,
    names: ProviderNames,
    timeout: Duration,
    version: &str,
) -> Option<Provider> {
    let [name, base_url, api_key, model, rate] = names;
    let chosen: String = env.or(name, "offline");
    let base_url_given: Option<String> = env.optional(base_url);
    let key: Option<String> = env.optional(api_key);
    let model_given: Option<String> = env.optional(model);
    let rate_per_minute: Option<u32> = env.optional(rate);
    if rate_per_minute == Some(0) {
        env.problem(format!(
            "{rate} is not above 0: without a value there is no limit"
        ));
    }
    if chosen == "offline" {
        return None;
    }
    let dialect: Dialect = match chosen.parse() {
        Ok(dialect) => dialect,
        Err(expected) => {
            env.problem(format!("{name} is not usable: {expected}"));
            return None;
        }
    };
    let (Some(key), Some(model_given)) = (key, model_given) else {
        env.problem(format!(
            "{name} is set: {api_key} and {model} are needed too"
        ));
        return None;
    };
    let Some(at) = base_url_given.or_else(|| dialect.base_url().map(str::to_owned)) else {
        env.problem(format!(
            "{name} is openai_compatible: {base_url} says where that is, e.g. http://localhost:11434/v1"
        ));
        return None;
    };
    let config = ProviderConfig {
        dialect,
        base_url: at,
        api_key: SecretString::from(key),
        model: model_given,
        anthropic_version: version.to_owned(),
        timeout,
        rest: breaker::REST,
        rate_per_minute,
    };
    match Provider::new(config) {
        Ok(provider) => Some(provider),
        Err(error) => {
            env.problem(format!("{base_url} cannot be used: {error}"));
            None
        }
    }
}
