//! Aircall at our border: what it posts to us and what we ask of it. Past this crate, Aircall's JSON does not exist.
//!
//! In reading order: what arrives ([`delivery`]), who sent it ([`token`]), how we send and what may come of that
//! ([`client`]), what else of the account we look at and change ([`account`]). The private modules sort the answers to a send, read loose JSON and several forms of time, and name
//! events.

pub mod delivery;
pub mod token;

pub mod account;
pub mod client;
pub mod status;

mod event_id;
mod json;
mod send_outcome;
mod timestamp;
