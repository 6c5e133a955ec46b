//! What we answer and why. Pure: no clock, no network, no Redis.
//!
//! A turn runs through these in order: what was asked about ([`question`], [`when`]), which spaces fit ([`listings`]), what to
//! say ([`say`]), how ([`draft`]), and whether it may be said ([`guard`]).

pub mod decide;
pub mod draft;
pub mod gate;
pub mod guard;
pub mod hear;
pub mod heard;
pub mod listings;
pub mod phase;
pub mod question;
pub mod say;
pub mod supplier;
pub mod when;
mod words;
