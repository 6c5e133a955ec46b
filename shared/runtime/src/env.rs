//! The environment, read once at start. Everything that is wrong with it is reported together.
//!
//! A variable `NAME` can also be given as `NAME_FILE`, the path of a file that holds its value (as Docker and Kubernetes
//! mount secrets). In development a file `.env` in the working directory is read; the process's own variables win.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;

/// A `NAME_FILE` larger than this is not a setting.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// The settings as found, what was asked of them, and what was wrong with the answers.
pub struct Env {
    variables: BTreeMap<String, String>,
    asked: BTreeSet<&'static str>,
    problems: Vec<String>,
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env")
            .field("asked", &self.asked)
            .finish_non_exhaustive() // The values hold secrets.
    }
}

/// Everything that is wrong with the settings, for the person who starts the process.
#[derive(Debug, thiserror::Error)]
#[error("the settings cannot be used:{}", .0.iter().map(|problem| format!("\n  {problem}")).collect::<String>())]
pub struct Problems(pub Vec<String>);

impl Env {
    /// The variables of this process, and those of `.env` where the process has none.
    #[must_use]
    pub fn from_process() -> Self {
        let mut problems = Vec::new();
        let mut variables = BTreeMap::new();
        match dotenvy::from_path_iter(Path::new(".env")) {
            Ok(lines) => {
                for line in lines {
                    match line {
                        Ok((name, value)) => drop(variables.insert(name, value)),
                        // The library's error quotes the line, which may hold a secret.
                        Err(_quotes) => problems.push(".env: a line is not NAME=value".to_owned()),
                    }
                }
            }
            Err(error) if error.not_found() => {}
            Err(_quotes) => problems.push(".env: cannot be read".to_owned()),
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that reads the environment"
        )]
        let own = std::env::vars();
        variables.extend(own);
        Self {
            variables,
            asked: BTreeSet::new(),
            problems,
        }
    }

    /// Only these variables.
    #[must_use]
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let variables = pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self {
            variables,
            asked: BTreeSet::new(),
            problems: Vec::new(),
        }
    }

    /// A setting without which the process cannot run.
    pub fn required<T: FromStr<Err: fmt::Display> + Default>(&mut self, name: &'static str) -> T {
        if let Some(value) = self.optional(name) {
            return value;
        }
        if !self
            .problems
            .iter()
            .any(|problem| problem.starts_with(name))
        {
            self.problems.push(format!("{name} is not set"));
        }
        T::default() // Never used: `finish` reports the problem.
    }

    /// A secret without which the process cannot run.
    pub fn required_secret(&mut self, name: &'static str) -> SecretString {
        SecretString::from(self.required::<String>(name))
    }

    /// A setting that may be absent. An empty value is an absent one, as compose files pass unset variables.
    pub fn optional<T: FromStr<Err: fmt::Display>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.text(name)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problems.push(format!("{name} is not usable: {error}")); // The value may be a secret.
                None
            }
        }
    }

    /// A setting with a default.
    ///
    /// # Panics
    /// When the default itself does not parse; a test that reads the config from an empty environment finds that.
    pub fn or<T: FromStr<Err: fmt::Display>>(&mut self, name: &'static str, default: &str) -> T {
        self.optional(name)
            .unwrap_or_else(|| match default.parse() {
                Ok(value) => value,
                Err(error) => unreachable!("the default of {name} does not parse: {error}"),
            })
    }

    /// Says that the settings, fine alone, are wrong together.
    pub fn problem(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// The names that were asked for, for the test that keeps `.env.example` true.
    #[must_use]
    pub fn asked(&self) -> &BTreeSet<&'static str> {
        &self.asked
    }

    /// # Errors
    /// When anything was wrong: all of it.
    pub fn finish(self) -> Result<(), Problems> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(Problems(self.problems))
        }
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        self.asked.insert(name);
        let direct = self
            .variables
            .get(name)
            .filter(|value| !value.trim().is_empty())
            .cloned();
        let file = self
            .variables
            .get(&format!("{name}_FILE"))
            .filter(|path| !path.trim().is_empty());
        let value = match (direct, file) {
            (Some(_), Some(_)) => {
                self.problems
                    .push(format!("{name} and {name}_FILE are both set: keep one"));
                return None;
            }
            (None, Some(path)) => match read_bounded(path.trim()) {
                Ok(content) => content,
                Err(error) => {
                    self.problems
                        .push(format!("{name}_FILE cannot be read: {error}"));
                    return None;
                }
            },
            (direct, None) => direct?,
        };
        let value = value.trim();
        if value.is_empty() {
            None
        } else {
            Some(value.to_owned())
        }
    }
}

fn read_bounded(path: &str) -> std::io::Result<String> {
    use std::io::Read;
    let mut content = String::new();
    std::fs::File::open(path)?
        .take(FILE_BYTES_MAX)
        .read_to_string(&mut content)?;
    Ok(content)
}

/// A duration as people write it: `300ms`, `4s`, `5m`, `12h`, or `0`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected a duration such as 300ms, 4s, 5m or 12h";
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_not_a_number| EXPECTED)?;
        let ms_per_unit = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "" if number == 0 => 0,
            _ => return Err(EXPECTED),
        };
        let ms = number
            .checked_mul(ms_per_unit)
            .ok_or("is longer than a computer can count")?;
        Ok(Self(Duration::from_millis(ms)))
    }
}

/// An amount of memory or disk as people write it: `64KiB`, `256MiB`, `2GiB`, or a number of bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl FromStr for Bytes {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected an amount such as 64KiB, 256MiB or 2GiB";
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_not_a_number| EXPECTED)?;
        let bytes_per_unit = match unit {
            "" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err(EXPECTED),
        };
        number
            .checked_mul(bytes_per_unit)
            .map(Self)
            .ok_or("is more than a computer can count")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn all_problems_are_reported_together_and_no_value_is_quoted() {
        let mut env =
            Env::from_pairs([("QUIET", "four seconds"), ("PORT", "hush"), ("EMPTY", " ")]);
        let _: Span = env.required("QUIET");
        let _: u16 = env.required("PORT");
        let _: String = env.required("EMPTY");
        let _: String = env.required("ABSENT");
        let problems = env.finish().unwrap_err().to_string();
        for name in [
            "QUIET is not usable",
            "PORT is not usable",
            "EMPTY is not set",
            "ABSENT is not set",
        ] {
            assert!(problems.contains(name), "{problems}");
        }
        assert!(!problems.contains("hush"), "{problems}");
    }

    #[test]
    fn a_variable_can_come_from_a_file() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, b"s3cret\n").unwrap();
        let mut env = Env::from_pairs([("TOKEN_FILE", file.path().to_str().unwrap())]);
        assert_eq!(env.required_secret("TOKEN").expose_secret(), "s3cret");
        env.finish().unwrap();
    }

    #[test]
    fn a_variable_given_twice_is_refused() {
        let mut env = Env::from_pairs([("TOKEN", "a"), ("TOKEN_FILE", "/nowhere")]);
        let _: Option<String> = env.optional("TOKEN");
        assert_eq!(
            env.finish().unwrap_err().0,
            ["TOKEN and TOKEN_FILE are both set: keep one"]
        );
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        let read = |text: &str| text.parse::<Span>().map(|span| span.0.as_millis());
        assert_eq!(read("300ms"), Ok(300));
        assert_eq!(read("4s"), Ok(4_000));
        assert_eq!(read("12h"), Ok(43_200_000));
        assert_eq!(read("0"), Ok(0));
        for wrong in [
            "",
            "4",
            "s",
            "-4s",
            "4 s",
            "4d",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
    #[test]
    fn amounts_are_read_as_people_write_them() {
        let read = |text: &str| text.parse::<Bytes>().map(|bytes| bytes.0);
        assert_eq!(read("512"), Ok(512));
        assert_eq!(read("64KiB"), Ok(65_536));
        assert_eq!(read("256MiB"), Ok(268_435_456));
        assert_eq!(read("2GiB"), Ok(2_147_483_648));
        for wrong in [
            "",
            "MiB",
            "-1MiB",
            "1 MiB",
            "1MB",
            "18446744073709551615GiB",
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
