//! What may be spent in a day, all together and on one conversation. Pure: who counts what was spent says so.
//!
//! A budget is looked at before a call. Calls that are under way when it is reached are still paid, so it can be passed by what
//! the turns of that moment cost.

use std::str::FromStr;

use wex_domain::conversation::Spent;

/// The most that may be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// Millionths of a dollar.
    Microusd(u64),
    /// Read and written ones together.
    Tokens(u64),
}

/// The text is no budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected dollars or tokens above zero: 20usd, 0.50usd or 2000000tokens")]
pub struct NotABudget;

impl FromStr for Budget {
    type Err = NotABudget;

    fn from_str(text: &str) -> Result<Self, NotABudget> {
        let text = text.trim().to_lowercase();
        let budget = if let Some(dollars) = text.strip_suffix("usd") {
            microusd(dollars.trim()).map(Self::Microusd)
        } else {
            let tokens = text.strip_suffix("tokens").map(str::trim);
            tokens
                .and_then(|tokens| tokens.parse().ok())
                .map(Self::Tokens)
        };
        budget
            .filter(|budget| !matches!(budget, Self::Microusd(0) | Self::Tokens(0)))
            .ok_or(NotABudget)
    }
}

/// `0.50` is 500,000. `None` for what is no amount under a million dollars with at most six decimals.
fn microusd(dollars: &str) -> Option<u64> {
    let (whole, decimals) = dollars.split_once('.').unwrap_or((dollars, "0"));
    let is_number = |digits: &str| {
        (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    (is_number(whole) && is_number(decimals))
        .then(|| format!("{whole}{decimals:0<6}").parse().ok())?
}

impl Budget {
    /// Whether nothing is left of it.
    #[must_use]
    pub fn is_spent(self, spent: Spent) -> bool {
        match self {
            Self::Microusd(most) => most <= spent.microusd,
            Self::Tokens(most) => most <= spent.tokens,
        }
    }
}

/// The budgets of a day; without one there is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budgets {
    /// Of all conversations together.
    pub per_day: Option<Budget>,
    /// Of each conversation.
    pub per_conversation: Option<Budget>,
}

impl Budgets {
    /// Which budget is spent, if one is: in the word of records.
    #[must_use]
    pub fn spent(&self, by_all: Spent, by_conversation: Spent) -> Option<&'static str> {
        let is_spent =
            |budget: Option<Budget>, spent| budget.is_some_and(|budget| budget.is_spent(spent));
        if is_spent(self.per_day, by_all) {
            Some("per_day")
        } else if is_spent(self.per_conversation, by_conversation) {
            Some("per_conversation")
        } else {
            None
        }
    }

    /// Whether dollars count, which need prices.
    #[must_use]
    pub fn count_dollars(&self) -> bool {
        [self.per_day, self.per_conversation]
            .iter()
            .any(|budget| matches!(budget, Some(Budget::Microusd(_))))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn a_budget_is_dollars_or_tokens() {
        for (text, budget) in [
            ("20usd", Ok(Budget::Microusd(20_000_000))),
            ("0.50 USD", Ok(Budget::Microusd(500_000))),
            ("2000000tokens", Ok(Budget::Tokens(2_000_000))),
            ("20", Err(NotABudget)),
            ("-1usd", Err(NotABudget)),
            ("0usd", Err(NotABudget)),
            ("1.0000001usd", Err(NotABudget)),
            ("1e9tokens", Err(NotABudget)),
            ("", Err(NotABudget)),
        ] {
            assert_eq!(text.parse(), budget, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_budget_is_spent_once_as_much_was_spent(most in 1_u64..1_000, microusd in 0_u64..1_000, tokens in 0_u64..1_000) {
            let spent = Spent { day: 0, microusd, tokens };
            prop_assert_eq!(Budget::Microusd(most).is_spent(spent), most <= microusd);
            prop_assert_eq!(Budget::Tokens(most).is_spent(spent), most <= tokens);
            let budgets = Budgets { per_day: Some(Budget::Tokens(most)), per_conversation: None };
            prop_assert_eq!(budgets.spent(spent, Spent::default()).is_some(), most <= tokens);
            prop_assert_eq!(Budgets::default().spent(spent, spent), None);
        }
    }
}
