//! A delivery that could not be read when it came, replayed: it is read again, and becomes the job that it would have been.

use wex_intake::{Circumstances, Ignored, unreadable};
use wex_queue::{Claim, Counts, Effects, Failed, QuietWindow};

use crate::attempt::{Achieved, Context};
use crate::disposition::Failure;

/// Enqueues what the deliveries of a claim ask of us. Each carries the event that it tells of, so one that was delivered in
/// the meantime, or is replayed twice, is a duplicate.
pub(crate) fn take(claim: &Claim, ctx: &Context) -> Result<Achieved, Box<Failure>> {
    let mut achieved = Achieved {
        what: "ignored",
        effects: Effects::default(),
    };
    for job in &claim.jobs {
        let (event, path) = unreadable::read(&job.payload).map_err(|why| still(claim, why))?;
        let circumstances = Circumstances {
            lines: &ctx.lines,
            path,
            quiet: QuietWindow::NONE,
            now_ms: claim.claimed_ms,
            trace: job.trace.as_deref(),
            is_replay: true,
        };
        match wex_intake::job(event, &circumstances) {
            Ok(job) => {
                achieved.what = "read";
                achieved.effects.jobs.push(job);
            }
            Err(Ignored::NotQueueable(invalid)) => return Err(Box::new(invalid.into())),
            Err(Ignored::AsksNothing(_) | Ignored::NotOurLine(_)) => {}
        }
    }
    Ok(achieved)
}

/// One of several is found by trying each alone, which is what follows a failure that counts.
fn still(claim: &Claim, why: unreadable::Unread) -> Box<Failure> {
    let failed = Failed {
        cause: "unreadable",
        error: why.to_string(),
    };
    Box::new(if claim.jobs.len() > 1 {
        Failure::transient(Counts::Yes, failed)
    } else {
        Failure::permanent(failed.cause, failed.error)
    })
}
