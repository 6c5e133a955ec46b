//! What the domain promises, tested from outside.

mod consent;
mod criteria;
mod phone_number;
mod requirement;
mod sms_text;
mod understand;
