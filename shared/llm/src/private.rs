//! What a provider need not know: phone numbers and e-mail addresses are replaced before a text leaves.

/// Digits of a phone number, with its country code (E.164 allows 15).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 10..=15;

/// The text with `[phone]` and `[email]` in place of what looks like one.
///
/// A phone number is a run of digits and ` ().-` that begins with `+`, is unbroken, or is grouped as in North America
/// (3-3-4, with or without a 1 before): sizes and ranges are none of these.
#[must_use]
pub fn redact(text: &str) -> String {
    let words: Vec<String> = text
        .split(' ')
        .map(|word| {
            if is_email(word) {
                "[email]".to_owned()
            } else {
                word.to_owned()
            }
        })
        .collect();
    redact_phones(&words.join(" "))
}

fn is_email(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty()
            && host
                .trim_end_matches(|c: char| !c.is_alphanumeric())
                .contains('.')
    })
}

fn redact_phones(text: &str) -> String {
    let mut redacted = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit() || matches!(c, '+' | '(')) {
        redacted.push_str(&rest[..start]);
        rest = &rest[start..];
        let is_part = |c: char| {
            c.is_ascii_digit() || matches!(c, '+' | '(' | ')' | '-' | '.' | ' ' | '\u{a0}')
        };
        let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        let run = rest[..end].trim_end_matches(|c: char| !c.is_ascii_digit());
        if run.is_empty() {
            redacted.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        if is_phone(run) {
            redacted.push_str("[phone]");
        } else {
            redacted.push_str(run);
        }
        rest = &rest[run.len()..];
    }
    redacted.push_str(rest);
    redacted
}

fn is_phone(run: &str) -> bool {
    let groups: Vec<usize> = run
        .split(|c: char| !c.is_ascii_digit())
        .filter(|group| !group.is_empty())
        .map(str::len)
        .collect();
    PHONE_DIGITS.contains(&groups.iter().sum())
        && (run.starts_with('+')
            || groups.len() == 1
            || groups.ends_with(&[3, 3, 4])
            || groups.ends_with(&[3, 7]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_numbers_and_addresses_do_not_leave_and_sizes_do() {
        for text in [
            "call 870-457-5426 pls",
            "call (870) 457-5426 pls",
            "call +1 870 457 5426 pls",
            "call 18704575426 pls",
            "call +52 55 1234 5678 pls",
            "call 870.457.5426 pls",
        ] {
            assert_eq!(redact(text), "call [phone] pls", "{text}");
        }
        assert_eq!(redact("mail jo@acme.com, ok"), "mail [email] ok");
        for text in [
            "10,000-15,000 sqft in 90745",
            "5000 6000 7000",
            "40x100 (4000 sf)",
            "500-1000 sf + yard",
            "10.000 pies",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_number_in_north_american_form_never_leaves(before in "[a-z ]{0,12}", after in "[a-z ]{0,12}", digits in "[2-9][0-9]{9}", form in 0..4) {
            let (a, b, c) = (&digits[..3], &digits[3..6], &digits[6..]);
            let number = match form {
                0 => format!("{a}-{b}-{c}"),
                1 => format!("({a}) {b}-{c}"),
                2 => format!("+1{a}{b}{c}"),
                _ => format!("{a}{b}{c}"),
            };
            let redacted = redact(&format!("{before} {number} {after}"));
            proptest::prop_assert!(!redacted.contains(c), "{}", redacted);
        }
    }
}
