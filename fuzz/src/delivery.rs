//! Whatever bytes a delivery has: no panic, its token is kept nowhere, and what comes of it fits the queue and the spool.
//! `make fuzz` runs this; libFuzzer prints and keeps an input that breaks it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use secrecy::ExposeSecret;
use wex_aircall::delivery;
use wex_aircall::token::Tokens;
use wex_domain::job::{DELIVERY, INBOUND};
use wex_domain::line::{LineId, Side};
use wex_intake::lines::{Line, Lines};
use wex_intake::{Circumstances, Ignored, unreadable};
use wex_queue::{NewJob, QueueName, QuietWindow};

const TRACE: &str = "00-00000000000000000000000000000001-0000000000000001-01";

fuzz_target!(|body: &[u8]| {
    let delivery = delivery::parse(body);
    let token = delivery.token.as_ref().map(ExposeSecret::expose_secret);
    let job = match delivery.event {
        Ok(event) => {
            let circumstances = Circumstances {
                lines: &lines(),
                path: None,
                quiet: QuietWindow::NONE,
                now_ms: 1,
                trace: Some(TRACE),
                is_replay: false,
            };
            match wex_intake::job(event, &circumstances) {
                Ok(job) => job,
                Err(Ignored::NotQueueable(invalid)) => panic!("{invalid}"),
                Err(Ignored::AsksNothing(_) | Ignored::NotOurLine(_)) => return,
            }
        }
        Err(_) => {
            // Only what came with a good token is kept: let this one be good.
            let Some(token) = token.filter(|token| !token.trim().is_empty()) else {
                return;
            };
            let ours = Tokens::new([token.into()]).expect("it is not empty");
            let authenticated = ours.authenticate(Some(token), None).expect("it is ours");
            let job = unreadable::job(body, Some(Side::Buyer), [token], TRACE, authenticated)
                .expect("what is kept fits");
            let read = unreadable::read(job.payload());
            // Long enough to be no word of ours or of the format.
            if token.len() > 40 {
                assert!(!job.payload().contains(token), "the token is kept");
                assert!(read.is_err(), "what was unreadable is read");
            }
            job
        }
    };
    let stored = job.to_stored();
    let read = NewJob::from_stored(&stored, &[QueueName(INBOUND), QueueName(DELIVERY)]);
    assert_eq!(
        read.map(|job| job.to_stored()),
        Some(stored),
        "the spool changes it"
    );
});

fn lines() -> Lines {
    let line = |side, id| Line {
        side,
        id: LineId(id),
        digits: None,
    };
    Lines {
        buyer: line(Side::Buyer, 1),
        supplier: line(Side::Supplier, 2),
    }
}
