//! Judges a run by its history: what was accepted, and what came of it. Pure.

use std::collections::{BTreeMap, BTreeSet};

/// All that is known when a run is over. Jobs are numbered from 1 for each key, in the order of their enqueue.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// How many jobs of each key were accepted: their enqueue got an answer.
    pub accepted: BTreeMap<String, u64>,
    /// Those of them that end their worker.
    pub poison: BTreeSet<(String, u64)>,
    /// The outcomes of each key, in the order in which they were enqueued.
    pub outcomes: BTreeMap<String, Vec<u64>>,
    /// Dead letters, with their reasons.
    pub dead: Vec<(String, u64, String)>,
    /// Of each key, the number that its record holds.
    pub last: BTreeMap<String, u64>,
    /// What is left in Redis that a finished queue does not leave, and queues that are not idle.
    pub leftovers: Vec<String>,
}

/// What is wrong with a history; nothing, hopefully.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Accepted, and neither an outcome nor, for a poison job, a dead letter.
    pub lost: u64,
    /// Outcomes of a job beyond its first.
    pub doubled: u64,
    /// Outcomes that came after one of a later job of their key.
    pub out_of_order: u64,
    /// In words, with what has no column: leftovers, wrong dead letters, records that disagree.
    pub findings: Vec<String>,
}

impl Verdict {
    /// The findings that have no column.
    #[must_use]
    pub fn others(&self) -> u64 {
        let found = u64::try_from(self.findings.len()).unwrap_or(u64::MAX);
        found.saturating_sub(self.lost + self.doubled + self.out_of_order)
    }
}

/// Enough to see what happened.
const FINDINGS_MAX: usize = 50;

impl History {
    #[must_use]
    pub fn judge(&self) -> Verdict {
        let mut verdict = Verdict {
            findings: self.leftovers.clone(),
            ..Verdict::default()
        };
        let mut buried = BTreeMap::new();
        for (key, number, reason) in &self.dead {
            let job = (key.clone(), *number);
            if reason != "poison" || !self.poison.contains(&job) {
                let finding = format!("job {number} of {key} is dead: {reason}");
                verdict.findings.push(finding);
            }
            *buried.entry(job).or_insert(0_u64) += 1;
        }
        let keys: BTreeSet<_> = self.accepted.keys().chain(self.outcomes.keys()).collect();
        for key in keys {
            self.judge_key(key, &buried, &mut verdict);
        }
        verdict.findings.truncate(FINDINGS_MAX);
        verdict
    }

    fn judge_key(&self, key: &str, buried: &BTreeMap<(String, u64), u64>, verdict: &mut Verdict) {
        let none = Vec::new();
        let outcomes = self.outcomes.get(key).unwrap_or(&none);
        let accepted = self.accepted.get(key).copied().unwrap_or(0);
        let mut counts = BTreeMap::new();
        let mut highest = 0;
        for number in outcomes {
            let count = counts.entry(*number).or_insert(0_u64);
            *count += 1;
            if *count == 1 && *number < highest {
                verdict.out_of_order += 1;
                let finding = format!("job {number} of {key} came after {highest}");
                verdict.findings.push(finding);
            }
            highest = highest.max(*number);
        }
        for number in counts.keys() {
            let is_poison = self.poison.contains(&(key.to_owned(), *number));
            if *number > accepted || is_poison {
                let finding = format!("job {number} of {key} has an outcome and cannot have one");
                verdict.findings.push(finding);
            }
        }
        for number in 1..=accepted {
            let ends = counts.get(&number).copied().unwrap_or(0)
                + buried.get(&(key.to_owned(), number)).copied().unwrap_or(0);
            let what = match ends {
                0 => {
                    verdict.lost += 1;
                    "was lost"
                }
                1 => continue,
                _ => {
                    verdict.doubled += ends - 1;
                    "was done more than once"
                }
            };
            let finding = format!("job {number} of {key} {what}");
            verdict.findings.push(finding);
        }
        let (last, record) = (outcomes.last(), self.last.get(key));
        if last != record {
            let finding = format!("the record of {key} says {record:?}, its last outcome {last:?}");
            verdict.findings.push(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three jobs of one key, the second of them poison, and all went well.
    fn history() -> History {
        History {
            accepted: BTreeMap::from([("k".to_owned(), 3)]),
            poison: BTreeSet::from([("k".to_owned(), 2)]),
            outcomes: BTreeMap::from([("k".to_owned(), vec![1, 3])]),
            dead: vec![("k".to_owned(), 2, "poison".to_owned())],
            last: BTreeMap::from([("k".to_owned(), 3)]),
            leftovers: Vec::new(),
        }
    }

    fn with_outcomes(outcomes: &[u64], last: u64) -> Verdict {
        let mut history = history();
        history.outcomes.insert("k".to_owned(), outcomes.to_vec());
        history.last.insert("k".to_owned(), last);
        history.judge()
    }

    #[test]
    fn a_history_in_which_all_went_well_is_clean() {
        assert_eq!(history().judge(), Verdict::default());
    }

    #[test]
    fn a_lost_job_is_found() {
        assert_eq!(with_outcomes(&[3], 3).lost, 1);
        assert_eq!(with_outcomes(&[1], 1).lost, 1);
        let mut unburied = history();
        unburied.dead.clear();
        assert_eq!(unburied.judge().lost, 1);
    }

    #[test]
    fn a_job_done_twice_is_found() {
        assert_eq!(with_outcomes(&[1, 1, 3], 3).doubled, 1);
        assert_eq!(with_outcomes(&[1, 2, 3], 3).doubled, 1); // Dead and done.
        assert_eq!(with_outcomes(&[1, 3, 1, 1], 1).doubled, 2);
    }

    #[test]
    fn a_job_that_overtook_another_is_found() {
        let verdict = with_outcomes(&[3, 1], 1);
        assert_eq!((verdict.out_of_order, verdict.lost), (1, 0));
    }

    #[test]
    fn what_has_no_column_is_found_too() {
        let is_found = |change: fn(&mut History)| {
            let mut history = history();
            change(&mut history);
            !history.judge().findings.is_empty()
        };
        assert!(is_found(|history| history.leftovers.push("key".to_owned())));
        assert!(is_found(|history| {
            history.last.insert("k".to_owned(), 1);
        }));
        assert!(is_found(|history| history.last.clear()));
        assert!(is_found(|history| history.dead[0].2 = "stuck".to_owned()));
        assert!(is_found(|history| history.poison.clear()));
        assert!(is_found(|history| {
            history.outcomes.insert("l".to_owned(), vec![1]);
        }));
    }
}
