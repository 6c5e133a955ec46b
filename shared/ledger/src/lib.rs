//! The permanent record: every message, consent and requirement, in SQL.
//!
//! What happened comes as events (`wex_domain::event`), each with an id that says whether it is known already; [`Ledger::write`]
//! takes them in batches, a batch in one transaction, so that nothing is doubled however often it is written. The same
//! statements and migrations run on SQLite and on PostgreSQL; `DATABASE_URL` decides.
//!
//! In reading order: `store` (the way to the database), `write` (events in), `consent` (the chained record of consent),
//! `read` (pages of messages, timelines, the report), `seal` (texts that are encrypted at rest), `erase` and `retention` (what goes).

mod consent;
mod erase;
mod read;
mod retention;
mod seal;
mod store;
mod write;

pub use consent::{ConsentRow, Verified};
pub use erase::{Erased, ErasureKey, is_written_in};
pub use read::{
    ConversationFilter, ConversationRow, DayReport, Message, MessageFilter, Position, Provenance,
    RequirementRow, TimelineEvent,
};
pub use retention::Retention;
pub use seal::{Keys, NotAKey};
pub use store::{Database, Ledger, LedgerError, NotAUrl};
pub use write::{Incoming, Source, Written};
