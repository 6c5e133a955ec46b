//! A durable queue on Redis that runs the jobs of one key one at a time, in order.
//!
//! A [`NewJob`] is enqueued under a [`Key`]. A worker claims a key under a lease and gets its oldest jobs as a
//! [`Claim`]; until the claim is settled no other worker gets that key. Settling is one atomic change: the jobs go, and
//! what they bring about (the [`Effects`]: jobs for other queues, records, events) comes, together or not at all. A worker that
//! vanishes loses its lease, another worker gets the key, and whatever the first one still tries is refused as stale.
//!
//! In reading order: [`job`] (what is queued), [`queue`] (the operations of producers and workers),
//! [`operate`] (those of operators), [`fetch`] (claim or sleep until there is
//! something to claim), [`gate`] (what holds many keys back), [`events`] (what happened, for whoever keeps it),
//! `connection` (Redis, with a bound on every wait), `server` (where it is). All key names are in `scripts/keys.lua`, and
//! every change is one script beside it; nothing else touches Redis. All times are Redis's own.

mod completer;
mod connection;
pub mod events;
pub mod fetch;
pub mod gate;
pub mod job;
pub mod operate;
pub mod queue;
mod scripts;
mod server;

pub use events::{EVENTS_READ_MAX, EventReader, EventSource, ToldEvent};
pub use fetch::Fetcher;
pub use gate::{Gate, GatePolicy, GateState, Heard, LATE, WHOLE_QUEUE};
pub use job::{
    Claim, Effects, Event, EventId, Failure, Invalid, Job, Key, NewJob, PAYLOAD_BYTES_MAX,
    QueueName, QuietWindow, Record,
};
pub use operate::{
    Act, Acted, AuditEntry, DeadLetter, EditError, Erased, Forgotten, HeldGate, KeyState,
    LetterFilter, LetterGroup, LetterGroups, Letters, Load, Oldest, Pause, Peek, PeekedKey,
    RESTORE_MAX, Survey, Worker, WorkerAbout,
};
pub use queue::{
    Bounds, Buried, Claimant, Claimed, Correction, Counts, ENQUEUE_MAX, Enqueued, Failed, Late,
    Limits, Noted, Queue, QueueError, Rate, Reported, Settled, Unless,
};
