//! What a text is and what it means. Pure: no clock, no network, no Redis, and nothing else of ours.
//!
//! In reading order: who texts ([`phone_number`], [`mod@line`]) and what ([`message`], [`sms_text`]), what we may do about it
//! ([`consent`], [`quiet_hours`]), what it means ([`understand`] with [`places`], [`requirement`], [`criteria`]), what we
//! remember ([`conversation`]), what is kept ([`event`]), whom else we tell ([`notice`]) and what the processes leave for
//! each other ([`job`], [`webhook`]).

mod area_codes;
pub mod consent;
pub mod conversation;
pub mod criteria;
pub mod dialogue;
pub mod event;
pub mod intent;
pub mod job;
pub mod line;
pub mod listing;
pub mod message;
pub mod notice;
pub mod phone_number;
pub mod phrases;
pub mod places;
pub mod quiet_hours;
pub mod requirement;
pub mod sms_text;
pub mod supplier;
pub mod understand;
pub mod webhook;
