//! What is looked at before a text leaves: whom it may reach, when, and how often. Pure.
//!
//! What the law words (the confirmation of an opt-out, the answer to HELP) may follow an opt-out, come in between while a
//! colleague writes, and reach a contact at any hour.

use std::time::Duration;

use wex_domain::message::{Purpose, Reply};
use wex_domain::phone_number::PhoneNumber;
use wex_domain::quiet_hours::{Daytime, Whereabouts};

/// Within this time a confirmation of an opt-out is presumed to be covered by consent (47 CFR 64.1200(a)(12)).
pub(crate) const OPT_OUT_CONFIRMATION_MAX: Duration = Duration::from_secs(5 * 60);

/// The window of [`Manners::texts_max`].
const SHORT_WINDOW_MS: u64 = 10 * 60 * 1000;

/// The window of [`Manners::texts_a_day_max`].
const DAY_MS: u64 = 24 * 3600 * 1000;

/// How we behave towards contacts. Each field names its variable.
#[derive(Debug, Clone)]
pub(crate) struct Manners {
    /// `RESPONSIVE_WITHIN`: a text that leaves so long after the contact's is an answer; later it waits for daytime.
    pub(crate) responsive_within: Duration,
    /// `SEND_HOURS` (Monday to Saturday), `SEND_HOURS_SUNDAY`: when what is no answer any more may leave, by the contact's clock.
    pub(crate) daytime: Daytime,
    /// `CONTACT_TEXTS_MAX`: texts to one contact in ten minutes.
    pub(crate) texts_max: usize,
    /// `CONTACT_TEXTS_A_DAY_MAX`: texts to one contact in 24 hours.
    pub(crate) texts_a_day_max: usize,
    /// `AIRCALL_NUMBER`, `AIRCALL_BUYER_NUMBER`: never texted.
    pub(crate) our_numbers: Vec<PhoneNumber>,
}

/// What is known when a reply's turn to be sent has come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) reply: &'a Reply,
    /// Another reply was written instead.
    pub(crate) is_taken_back: bool,
    pub(crate) is_suppressed: bool,
    /// A colleague has the conversation.
    pub(crate) is_held: bool,
    /// How long it has waited.
    pub(crate) waited: Duration,
    /// When the contact's newest text was sent, as far as a turn has heard it. In milliseconds since 1970, as what follows.
    pub(crate) heard_ms: u64,
    pub(crate) now_ms: u64,
    /// When the contact was texted in the last 24 hours, oldest first.
    pub(crate) texted_ms: &'a [u64],
}

/// What becomes of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// `is_responsive`: promptly after the contact's own text.
    Send { is_responsive: bool },
    /// Never, for this reason.
    Withhold(&'static str),
    /// Not before the contact's daytime.
    WaitFor { delay: Duration },
}

impl Manners {
    pub(crate) fn judge(&self, seen: Seen<'_>) -> Verdict {
        let Seen { reply, now_ms, .. } = seen;
        if seen.is_taken_back {
            return Verdict::Withhold("newer_text");
        }
        // Short codes and names are no `PhoneNumber`.
        if self.our_numbers.contains(&reply.to) {
            return Verdict::Withhold("own_line");
        }
        let is_late = !seen.is_suppressed || OPT_OUT_CONFIRMATION_MAX < seen.waited;
        if reply.purpose == Purpose::ConfirmOptOut && is_late {
            return Verdict::Withhold("confirmation_too_late");
        }
        let silent_ms = u128::from(now_ms.saturating_sub(seen.heard_ms));
        let is_responsive = silent_ms <= self.responsive_within.as_millis();
        if reply.purpose.is_allowed_after_opt_out() {
            return Verdict::Send { is_responsive };
        }
        if seen.is_suppressed {
            return Verdict::Withhold("suppressed");
        }
        if seen.is_held {
            return Verdict::Withhold("taken_over");
        }
        let since = |window_ms: u64| {
            let began_ms = now_ms.saturating_sub(window_ms);
            seen.texted_ms
                .iter()
                .filter(|at_ms| began_ms < **at_ms)
                .count()
        };
        if self.texts_max <= since(SHORT_WINDOW_MS) || self.texts_a_day_max <= since(DAY_MS) {
            return Verdict::Withhold("too_many_texts");
        }
        if is_responsive {
            return Verdict::Send { is_responsive };
        }
        let delay = Whereabouts::of(&reply.to).until_daytime(&self.daytime, now_ms);
        if delay.is_zero() {
            Verdict::Send { is_responsive }
        } else {
            Verdict::WaitFor { delay }
        }
    }

    /// The times at which a contact was texted, with one more; those that no limit looks at any more are left out.
    pub(crate) fn texted_again(&self, texted_ms: &[u64], now_ms: u64) -> String {
        let kept = self.texts_a_day_max.max(self.texts_max);
        let times: Vec<_> = texted_ms.iter().copied().chain([now_ms]).collect();
        let first = times.len().saturating_sub(kept);
        let words: Vec<_> = times[first..].iter().map(u64::to_string).collect();
        words.join(" ")
    }
}

/// Reads what [`Manners::texted_again`] wrote, without what is older than a day.
pub(crate) fn texted(stored: Option<String>, now_ms: u64) -> Vec<u64> {
    let stored = stored.unwrap_or_default();
    let times = stored.split(' ').filter_map(|time| time.parse().ok());
    times
        .filter(|at_ms| now_ms.saturating_sub(DAY_MS) < *at_ms)
        .collect()
}

/// How long the times are kept.
pub(crate) const TEXTED_KEPT: Duration = Duration::from_millis(DAY_MS);

#[cfg(test)]
mod tests {
    use proptest::prelude::{
        Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
    };
    use wex_domain::line::{LineId, Side};

    use super::*;

    const MINUTE_MS: u64 = 60_000;

    /// Monday 23 November 2026, 10:00 in Los Angeles and noon in Arkansas.
    const NOON_MS: u64 = 1_795_456_800_000;

    const CONTACT: &str = "+18704575426";

    fn manners() -> Manners {
        Manners {
            responsive_within: Duration::from_secs(60 * 60),
            daytime: Daytime::default(),
            texts_max: 8,
            texts_a_day_max: 30,
            our_numbers: vec![PhoneNumber::parse("+14244162288").unwrap()],
        }
    }

    fn reply(purpose: Purpose, to: &str) -> Reply {
        Reply {
            side: Side::Buyer,
            line: LineId(1),
            to: PhoneNumber::parse(to).unwrap(),
            body: "hello".to_owned(),
            purpose,
            answers: vec!["message".to_owned()],
            heard_ms: None,
        }
    }

    /// What lets every reply leave.
    fn seen(reply: &Reply) -> Seen<'_> {
        Seen {
            reply,
            is_taken_back: false,
            is_suppressed: false,
            is_held: false,
            waited: Duration::ZERO,
            heard_ms: NOON_MS,
            now_ms: NOON_MS,
            texted_ms: &[],
        }
    }

    fn purposes() -> impl Strategy<Value = Purpose> {
        prop_oneof![
            Just(Purpose::Answer),
            Just(Purpose::ConfirmOptOut),
            Just(Purpose::Help)
        ]
    }

    #[test]
    fn an_answer_within_the_hour_leaves_at_any_hour_and_a_later_one_waits_for_daytime() {
        let answer = reply(Purpose::Answer, CONTACT);
        let night_ms = NOON_MS + 12 * 60 * MINUTE_MS;
        let at = |heard_ms| Seen {
            heard_ms,
            now_ms: night_ms,
            ..seen(&answer)
        };
        assert_eq!(
            manners().judge(at(night_ms - 60 * MINUTE_MS)),
            Verdict::Send {
                is_responsive: true
            }
        );
        // From midnight to nine.
        let delay = Duration::from_secs(9 * 3600);
        assert_eq!(
            manners().judge(at(night_ms - 61 * MINUTE_MS)),
            Verdict::WaitFor { delay }
        );
        let help = reply(Purpose::Help, CONTACT);
        let late = Seen {
            reply: &help,
            ..at(NOON_MS)
        };
        assert_eq!(
            manners().judge(late),
            Verdict::Send {
                is_responsive: false
            }
        );
    }

    #[test]
    fn the_ninth_text_in_ten_minutes_and_the_thirty_first_in_a_day_are_not_sent() {
        let answer = reply(Purpose::Answer, CONTACT);
        let judge = |texted_ms: &[u64]| {
            manners().judge(Seen {
                texted_ms,
                ..seen(&answer)
            })
        };
        let recently = |count: u64| {
            (1..=count)
                .map(|n| NOON_MS - n * MINUTE_MS)
                .rev()
                .collect::<Vec<_>>()
        };
        assert_eq!(
            judge(&recently(7)),
            Verdict::Send {
                is_responsive: true
            }
        );
        assert_eq!(judge(&recently(8)), Verdict::Withhold("too_many_texts"));
        let spread = |count: u64| {
            (1..=count)
                .map(|n| NOON_MS - n * 30 * MINUTE_MS)
                .rev()
                .collect::<Vec<_>>()
        };
        assert_eq!(
            judge(&spread(29)),
            Verdict::Send {
                is_responsive: true
            }
        );
        assert_eq!(judge(&spread(30)), Verdict::Withhold("too_many_texts"));
    }

    #[test]
    fn our_own_lines_are_never_texted() {
        for purpose in [Purpose::Answer, Purpose::Help, Purpose::ConfirmOptOut] {
            let to_us = reply(purpose, "+14244162288");
            let seen = Seen {
                is_suppressed: true,
                ..seen(&to_us)
            };
            assert_eq!(manners().judge(seen), Verdict::Withhold("own_line"));
        }
    }

    proptest! {
        #[test]
        fn who_opted_out_gets_what_the_law_words_and_nothing_else(
            purpose in purposes(), is_held: bool, waited_s in 0..1_000u64, heard in any::<u32>(), texts in 0..40usize,
        ) {
            let reply = reply(purpose, CONTACT);
            let texted_ms = vec![NOON_MS - 1; texts];
            let verdict = manners().judge(Seen {
                is_suppressed: true,
                is_held,
                waited: Duration::from_secs(waited_s),
                heard_ms: NOON_MS - u64::from(heard),
                texted_ms: &texted_ms,
                ..seen(&reply)
            });
            let is_lawful = match purpose {
                Purpose::Answer => false,
                Purpose::ConfirmOptOut => waited_s <= 5 * 60,
                Purpose::Help => true,
            };
            prop_assert_eq!(matches!(verdict, Verdict::Send { .. }), is_lawful);
        }

        #[test]
        fn an_answer_leaves_only_where_nothing_speaks_against_it(
            is_taken_back: bool, is_suppressed: bool, is_held: bool, texts in 0..40usize,
            later_min in 0..10_000u64, now_min in 0..20_160u64,
        ) {
            let reply = reply(Purpose::Answer, CONTACT);
            let now_ms = NOON_MS + now_min * MINUTE_MS;
            let texted_ms = vec![now_ms - 1; texts];
            let verdict = manners().judge(Seen {
                is_taken_back, is_suppressed, is_held, now_ms,
                heard_ms: now_ms - later_min * MINUTE_MS,
                texted_ms: &texted_ms,
                ..seen(&reply)
            });
            let until = Whereabouts::of(&reply.to).until_daytime(&Daytime::default(), now_ms);
            let waits = 60 < later_min && !until.is_zero();
            let is_barred = is_taken_back || is_suppressed || is_held || 8 <= texts;
            match verdict {
                Verdict::Send { is_responsive } => {
                    prop_assert!(!is_barred && !waits);
                    prop_assert_eq!(is_responsive, later_min <= 60);
                },
                Verdict::Withhold(_) => prop_assert!(is_barred),
                Verdict::WaitFor { delay } => {
                    prop_assert!(!is_barred && waits);
                    prop_assert_eq!(delay, until);
                }
            }
        }

        #[test]
        fn as_many_times_are_remembered_as_a_limit_looks_at(count in 0..100u64) {
            let mut stored = None;
            for n in 0..count {
                let now_ms = NOON_MS + n;
                stored = Some(manners().texted_again(&texted(stored, now_ms), now_ms));
            }
            let kept = texted(stored.clone(), NOON_MS + count);
            prop_assert_eq!(kept.len() as u64, count.min(30));
            prop_assert!(texted(stored, NOON_MS + 25 * 60 * MINUTE_MS).is_empty());
        }
    }
}
