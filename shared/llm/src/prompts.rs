//! The prompts: files that are built in, or read from a directory each time, so that they can be changed while we run.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};
use tracing::warn;

/// The largest prompt that is read.
const PROMPT_BYTES_MAX: u64 = 32 * 1024;

/// The prompts that are built in: the name of a file, and what is in it.
const UNDERSTAND: (&str, &str) = ("understand.md", include_str!("../prompts/understand.md"));
const WORD: (&str, &str) = ("word.md", include_str!("../prompts/word.md"));

/// Where prompts come from.
#[derive(Debug, Clone, Default)]
pub struct Prompts {
    /// A directory with `understand.md` and `word.md`; without it, or while a file there cannot be read, the prompt that is
    /// built in.
    pub directory: Option<PathBuf>,
}

/// A prompt and what names it in records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    pub text: String,
    /// The first twelve hex digits of its SHA-256.
    pub hash: String,
}

impl Prompts {
    /// The prompt of reading a turn, as it is now.
    #[must_use]
    pub fn understand(&self) -> Prompt {
        self.read(UNDERSTAND)
    }

    /// The prompt of wording an answer, as it is now.
    #[must_use]
    pub fn word(&self) -> Prompt {
        self.read(WORD)
    }

    fn read(&self, (name, built_in): (&str, &str)) -> Prompt {
        let read = self.directory.as_ref().map(|directory| {
            let mut text = String::new();
            let file = File::open(directory.join(name))?;
            file.take(PROMPT_BYTES_MAX + 1).read_to_string(&mut text)?;
            match text.len() {
                0 => Err(std::io::Error::other("it is empty")),
                length if length as u64 > PROMPT_BYTES_MAX => {
                    Err(std::io::Error::other("it is longer than 32 KiB"))
                }
                _ => Ok(text),
            }
        });
        Prompt::new(match read {
            None => built_in.to_owned(),
            Some(Ok(text)) => text,
            Some(Err(error)) => {
                warn!(%error, name, "prompt.unreadable: a file of PROMPTS_DIR; the one built in is used");
                built_in.to_owned()
            }
        })
    }
}

impl Prompt {
    fn new(text: String) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        let hash = digest
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self { text, hash }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_prompt_is_used_at_once_under_another_hash() {
        let directory = tempfile::tempdir().unwrap();
        let built_in = Prompts::default().understand();
        let prompts = Prompts {
            directory: Some(directory.path().to_owned()),
        };
        assert_eq!(prompts.understand(), built_in);

        std::fs::write(directory.path().join("understand.md"), "Read this.").unwrap();
        let changed = prompts.understand();
        assert_eq!(changed.text, "Read this.");
        assert_ne!(changed.hash, built_in.hash);

        std::fs::write(directory.path().join("understand.md"), vec![b'a'; 40_000]).unwrap();
        assert_eq!(prompts.understand(), built_in);
    }
}
