//! What calls cost. Providers publish dollars per million tokens, which is millionths of a dollar per token.

use std::collections::BTreeMap;
use std::str::FromStr;

/// Tokens of one call, as the provider counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// All that was read, from a cache or not.
    pub input: u64,
    /// Of `input`, what came from a cache.
    pub cached: u64,
    /// All that was written, thoughts too.
    pub output: u64,
}

/// Thousandths of a dollar per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Price {
    input: u64,
    cached: u64,
    output: u64,
}

/// The price of each model. A model without a price costs nothing in the records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices(BTreeMap<String, Price>);

/// The text is no list of prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected MODEL=INPUT/CACHED/OUTPUT in dollars per million tokens, separated by commas")]
pub struct NotPrices;

impl FromStr for Prices {
    type Err = NotPrices;

    /// Reads `small=0.25/0.025/2,large=1.25/0.125/10`: dollars per million tokens, at most three decimals, of input, of
    /// input from a cache, of output.
    fn from_str(text: &str) -> Result<Self, NotPrices> {
        let entries = text
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty());
        entries
            .map(|entry| {
                let (model, prices) = entry.split_once('=').ok_or(NotPrices)?;
                let prices = prices
                    .split('/')
                    .map(thousandths)
                    .collect::<Option<Vec<_>>>();
                match prices.as_deref() {
                    Some(&[input, cached, output]) if !model.trim().is_empty() => Ok((
                        model.trim().to_owned(),
                        Price {
                            input,
                            cached,
                            output,
                        },
                    )),
                    _ => Err(NotPrices),
                }
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// `1.25` is 1250. `None` for what is no amount under a million dollars with at most three decimals.
fn thousandths(amount: &str) -> Option<u64> {
    let (whole, decimals) = amount
        .trim()
        .split_once('.')
        .unwrap_or((amount.trim(), "0"));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole)
        || !is_number(decimals)
        || !(1..=6).contains(&whole.len())
        || !(1..=3).contains(&decimals.len())
    {
        return None;
    }
    format!("{whole}{decimals:0<3}").parse().ok()
}

impl Prices {
    /// Whether the model has a price.
    #[must_use]
    pub fn know(&self, model: &str) -> bool {
        self.0.contains_key(model)
    }

    /// Millionths of a dollar, rounded up.
    #[must_use]
    pub fn cost_microusd(&self, model: &str, usage: Usage) -> u64 {
        let Some(price) = self.0.get(model) else {
            return 0;
        };
        let cached = usage.cached.min(usage.input);
        let parts = [
            (usage.input - cached, price.input),
            (cached, price.cached),
            (usage.output, price.output),
        ];
        parts
            .into_iter()
            .fold(0_u64, |sum, (tokens, price)| {
                sum.saturating_add(tokens.saturating_mul(price))
            })
            .div_ceil(1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_costs_its_tokens_at_their_prices() {
        let prices: Prices = "small=0.25/0.025/2, large=1.25/0.125/10".parse().unwrap();
        let usage = Usage {
            input: 1_000,
            cached: 600,
            output: 100,
        };
        assert_eq!(prices.cost_microusd("small", usage), 100 + 15 + 200);
        assert_eq!(prices.cost_microusd("large", usage), 500 + 75 + 1_000);
        assert_eq!(prices.cost_microusd("unknown", usage), 0);
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for text in [
            "small",
            "small=1",
            "small=1/2",
            "small=1/2/3/4",
            "=1/2/3",
            "small=1/-2/3",
            "small=1/2/0.0001",
            "small=1//3",
        ] {
            assert_eq!(text.parse::<Prices>(), Err(NotPrices), "{text}");
        }
    }
}
