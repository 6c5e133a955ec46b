//! Whose message is it? Aircall's message webhooks fire for every line of the account, most of which belong to people.
//! A line that is not configured here is never touched.

use wex_aircall::delivery::LineRef;
use wex_domain::line::{LineId, Side};
use wex_domain::phone_number::PhoneNumber;
use wex_runtime::env::Env;

/// One line of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub side: Side,
    pub id: LineId,
    pub digits: Option<PhoneNumber>,
}

/// The two lines of the marketplace. They may share one number; then the path tells the sides apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    pub buyer: Line,
    pub supplier: Line,
}

impl Lines {
    /// `AIRCALL_NUMBER_ID`, `AIRCALL_NUMBER` (supplier), `AIRCALL_BUYER_NUMBER_ID`, `AIRCALL_BUYER_NUMBER` (buyer)
    pub fn from_env(env: &mut Env) -> Self {
        Self {
            supplier: line(env, Side::Supplier, "AIRCALL_NUMBER_ID", "AIRCALL_NUMBER"),
            buyer: line(
                env,
                Side::Buyer,
                "AIRCALL_BUYER_NUMBER_ID",
                "AIRCALL_BUYER_NUMBER",
            ),
        }
    }

    /// The line that a delivery is about; `None`: not ours. `path` is the side that the path names.
    ///
    /// The id decides; without one the digits; without known digits the path, but only for a line whose digits are not
    /// configured (the guide this project started from configures none, and its sample has no id).
    #[must_use]
    pub fn find(&self, told: &LineRef, path: Option<Side>) -> Option<&Line> {
        let digits = told.digits.as_ref();
        let is_it = |line: &&Line| match (told.id, digits, &line.digits) {
            (Some(id), _, _) => id == line.id,
            (None, Some(told), Some(ours)) => told == ours,
            (None, Some(_), None) => path == Some(line.side),
            (None, None, _) => false,
        };
        let mut found = [&self.buyer, &self.supplier].into_iter().filter(is_it);
        match (found.next(), found.next()) {
            (Some(first), Some(second)) => [first, second]
                .into_iter()
                .find(|line| path == Some(line.side)),
            (only, _) => only,
        }
    }

    /// Is this one of our own numbers? A text from one would be us talking to ourselves.
    #[must_use]
    pub fn is_own(&self, number: &PhoneNumber) -> bool {
        [&self.buyer, &self.supplier]
            .into_iter()
            .any(|line| line.digits.as_ref() == Some(number))
    }
}

fn line(env: &mut Env, side: Side, id: &'static str, number: &'static str) -> Line {
    let digits = env.optional::<String>(number).and_then(|digits| {
        let parsed = PhoneNumber::parse(&digits).ok();
        if parsed.is_none() {
            env.problem(format!("{number} is not a phone number"));
        }
        parsed
    });
    Line {
        side,
        id: LineId(env.required(id)),
        digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATHS: [Option<Side>; 3] = [Some(Side::Buyer), Some(Side::Supplier), None];

    fn number(digits: &str) -> PhoneNumber {
        PhoneNumber::parse(digits).unwrap()
    }

    fn lines(buyer: (u64, Option<&str>), supplier: (u64, Option<&str>)) -> Lines {
        let line = |side, (id, digits): (u64, Option<&str>)| Line {
            side,
            id: LineId(id),
            digits: digits.map(number),
        };
        Lines {
            buyer: line(Side::Buyer, buyer),
            supplier: line(Side::Supplier, supplier),
        }
    }

    fn told(id: Option<u64>, digits: Option<&str>) -> LineRef {
        LineRef {
            id: id.map(LineId),
            digits: digits.map(number),
        }
    }

    #[test]
    fn the_id_decides_whatever_the_path_says() {
        let lines = lines((1, None), (2, None));
        for path in PATHS {
            assert_eq!(
                lines.find(&told(Some(1), Some("+14244162288")), path),
                Some(&lines.buyer)
            );
            assert_eq!(
                lines.find(&told(Some(2), None), path),
                Some(&lines.supplier)
            );
        }
    }

    #[test]
    fn a_line_that_is_not_configured_is_not_ours_on_any_path() {
        for path in PATHS {
            assert_eq!(
                lines((1, None), (2, None)).find(&told(Some(3), Some("+14244162288")), path),
                None
            );
            assert_eq!(
                lines((1, None), (2, None)).find(&told(None, None), path),
                None
            );
            let with_digits = lines((1, Some("+14244162288")), (2, Some("+14244162289")));
            assert_eq!(
                with_digits.find(&told(None, Some("+14244162200")), path),
                None
            );
        }
    }

    #[test]
    fn digits_decide_without_an_id() {
        let lines = lines((1, Some("+1 424-416-2288")), (2, Some("+1 424-416-2289")));
        for path in PATHS {
            assert_eq!(
                lines.find(&told(None, Some("+14244162289")), path),
                Some(&lines.supplier)
            );
        }
    }

    #[test]
    fn the_path_decides_when_no_digits_are_configured() {
        let lines = lines((1, None), (2, None));
        assert_eq!(
            lines.find(&told(None, Some("+14244162288")), Some(Side::Buyer)),
            Some(&lines.buyer)
        );
        assert_eq!(
            lines.find(&told(None, Some("+14244162288")), Some(Side::Supplier)),
            Some(&lines.supplier)
        );
        assert_eq!(lines.find(&told(None, Some("+14244162288")), None), None);
    }

    #[test]
    fn the_path_decides_when_both_sides_share_one_number() {
        let lines = lines((1, None), (1, None));
        assert_eq!(
            lines.find(&told(Some(1), None), Some(Side::Buyer)),
            Some(&lines.buyer)
        );
        assert_eq!(
            lines.find(&told(Some(1), None), Some(Side::Supplier)),
            Some(&lines.supplier)
        );
        assert_eq!(lines.find(&told(Some(1), None), None), None);
    }
}
