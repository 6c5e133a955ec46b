//! The supervisor's wish that the process should end: finish what runs, take nothing new.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Returns when the process is asked to end: SIGTERM from a supervisor, SIGINT from a terminal.
///
/// # Errors
/// When the system refuses to tell us about signals.
pub async fn requested() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let reason = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    };
    info!(reason, "drain.requested");
    Ok(())
}

/// Cancels `draining` when the process is asked to end, or when we could not be told.
pub async fn cancel_when_requested(draining: CancellationToken) {
    if let Err(error) = requested().await {
        tracing::error!(%error, "failed to listen for signals: ending");
    }
    draining.cancel();
}

/// Cancels `out_of_time` when `draining` has lasted for `limit`: what runs then has to stop. Never returns.
pub async fn limit(draining: CancellationToken, out_of_time: CancellationToken, limit: Duration) {
    draining.cancelled().await;
    sleep(limit).await;
    warn!(
        limit_s = limit.as_secs(),
        "drain.out_of_time: what still runs is given back"
    );
    out_of_time.cancel();
    std::future::pending::<()>().await;
}
