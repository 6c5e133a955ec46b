//! Who may deliver: the tokens, replaced while we run, and what is said about those who have none of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use secrecy::SecretString;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use wex_aircall::token::{Authenticated, Refused, Tokens};
use wex_runtime::env::Env;

use crate::config;

/// How often `.env` and the token's file are read again.
const RELOAD_EVERY: Duration = Duration::from_secs(2);

/// Refusals within so long are one line of the log: whoever has no token could fill it.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// The door's lock.
#[derive(Debug)]
pub(crate) struct Door {
    tokens: RwLock<Tokens>,
    /// Tokens that were missing or wrong, since the last warning.
    refusals: AtomicU64,
    /// Bodies that were not read to their end, since then.
    unread: AtomicU64,
    refused: Notify,
}

impl Door {
    pub(crate) fn new(tokens: Tokens) -> Self {
        Self {
            tokens: RwLock::new(tokens),
            refusals: AtomicU64::new(0),
            unread: AtomicU64::new(0),
            refused: Notify::new(),
        }
    }

    pub(crate) fn authenticate(
        &self,
        header: Option<&str>,
        body_token: Option<&SecretString>,
    ) -> Result<Authenticated, Refused> {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        let authenticated = tokens.authenticate(header, body_token);
        if authenticated.is_err() {
            self.refusals.fetch_add(1, Ordering::Relaxed);
            self.refused.notify_one();
        }
        authenticated
    }

    /// Counts a body that was too large, too slow or broken off: by whom, nobody knows.
    pub(crate) fn not_read(&self) {
        self.unread.fetch_add(1, Ordering::Relaxed);
        self.refused.notify_one();
    }

    /// Warns of the first refusal at once and of those that follow once a minute, until `ending` is cancelled.
    pub(crate) async fn warn_of_refusals(&self, ending: CancellationToken) {
        loop {
            tokio::select! {
                () = self.refused.notified() => {}
                () = ending.cancelled() => return,
            }
            let refusals = self.refusals.swap(0, Ordering::Relaxed);
            if refusals > 0 {
                warn!(
                    refusals,
                    "delivery.refused: no token or a wrong one. Compare AIRCALL_WEBHOOK_TOKEN with the webhook's token (GET \
                     /v1/webhooks): Aircall disables a webhook whose deliveries fail"
                );
            }
            let unread = self.unread.swap(0, Ordering::Relaxed);
            if unread > 0 {
                warn!(
                    unread,
                    "delivery.not_read: too large, too slow or broken off; sms_refusals_total counts them by the reason"
                );
            }
            tokio::select! {
                () = tokio::time::sleep(WARN_EVERY) => {}
                () = ending.cancelled() => return,
            }
        }
    }

    /// Takes over changed tokens within seconds, or at once after SIGHUP, until `ending` is cancelled. Tokens that cannot
    /// be read leave the old ones in force.
    pub(crate) async fn reload_tokens(&self, ending: CancellationToken) {
        let mut hang_up = match signal(SignalKind::hangup()) {
            Ok(hang_up) => hang_up,
            Err(error) => {
                error!(%error, "failed to listen for SIGHUP: tokens need a restart");
                return;
            }
        };
        let mut reported = Vec::new();
        loop {
            tokio::select! {
                () = tokio::time::sleep(RELOAD_EVERY) => {}
                _ = hang_up.recv() => {}
                () = ending.cancelled() => return,
            }
            match spawn_blocking(read_tokens).await {
                Ok(Ok(tokens)) => {
                    reported.clear();
                    self.replace(tokens);
                }
                Ok(Err(problems)) => {
                    if reported != problems {
                        error!(problems = %problems.join("; "), "tokens.not_reloaded: the old ones stay in force");
                        reported = problems;
                    }
                }
                Err(error) => error!(%error, "tokens.not_reloaded"),
            }
        }
    }

    fn replace(&self, tokens: Tokens) {
        let mut current = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        if *current != tokens {
            info!(tokens = ?tokens, "tokens.reloaded");
            *current = tokens;
        }
    }
}

fn read_tokens() -> Result<Tokens, Vec<String>> {
    let mut env = Env::from_process();
    let tokens = config::tokens(&mut env);
    env.finish().map_err(|problems| problems.0)?;
    Ok(tokens)
}
